# gale_llhttp::llhttp: the HTTP/1 parser, from the first of these that is there:
#
#   1. an installed llhttp 9 or newer (Debian 13: libllhttp-dev)
#   2. the C sources that Debian 12's node-llhttp (8.1) installs, compiled here
#   3. upstream's release, downloaded, if GALE_FETCH_DEPENDENCIES is on
#
# In 8.1 strictness is a compile-time choice and the default is loose, which lets requests be smuggled. So an
# installed library older than 9 is not trusted, and the sources are always compiled strict (9 ignores the macro).

set(GALE_LLHTTP_RELEASE release/v9.2.1)  # the version of Debian 13

# gale_find_installed_llhttp(<variable>) sets it to the target of an installed llhttp 9 or newer, or to "".
function(gale_find_installed_llhttp result)
  set(${result} "" PARENT_SCOPE)
  find_package(llhttp QUIET GLOBAL)
  foreach(target llhttp::llhttp llhttp::llhttp_shared llhttp::llhttp_static)
    if(TARGET ${target})
      get_target_property(include_dirs ${target} INTERFACE_INCLUDE_DIRECTORIES)
      find_file(header llhttp.h PATHS ${include_dirs} /usr/include NO_CACHE NO_DEFAULT_PATH)
      if(header)
        file(STRINGS ${header} version_line REGEX "define LLHTTP_VERSION_MAJOR")
        string(REGEX REPLACE "[^0-9]" "" version_major "${version_line}")
        if(version_major GREATER_EQUAL 9)
          set(${result} ${target} PARENT_SCOPE)
          return()
        endif()
      endif()
    endif()
  endforeach()
endfunction()

# gale_find_llhttp_sources(<variable for the sources> <variable for the include directory>)
function(gale_find_llhttp_sources sources_result include_dir_result)
  find_path(GALE_LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
  find_path(GALE_LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
  mark_as_advanced(GALE_LLHTTP_SOURCE_DIR GALE_LLHTTP_INCLUDE_DIR)
  if(GALE_LLHTTP_SOURCE_DIR AND GALE_LLHTTP_INCLUDE_DIR)
    set(source_dir ${GALE_LLHTTP_SOURCE_DIR})
    set(include_dir ${GALE_LLHTTP_INCLUDE_DIR})
  elseif(GALE_FETCH_DEPENDENCIES)
    include(FetchContent)
    # SOURCE_SUBDIR names a folder without CMakeLists.txt: only the files are wanted, not upstream's build.
    FetchContent_Declare(llhttp
      GIT_REPOSITORY https://github.com/nodejs/llhttp.git
      GIT_TAG ${GALE_LLHTTP_RELEASE}
      GIT_SHALLOW ON
      SOURCE_SUBDIR src)
    FetchContent_MakeAvailable(llhttp)
    set(source_dir ${llhttp_SOURCE_DIR}/src)
    set(include_dir ${llhttp_SOURCE_DIR}/include)
  else()
    message(FATAL_ERROR "llhttp is missing: apt-get install node-llhttp (Debian 13: libllhttp-dev)")
  endif()
  set(${sources_result} ${source_dir}/api.c ${source_dir}/http.c ${source_dir}/llhttp.c PARENT_SCOPE)
  set(${include_dir_result} ${include_dir} PARENT_SCOPE)
endfunction()

gale_find_installed_llhttp(gale_installed_llhttp)
if(gale_installed_llhttp)
  add_library(gale_llhttp INTERFACE)
  target_link_libraries(gale_llhttp INTERFACE ${gale_installed_llhttp})
  set_property(GLOBAL APPEND PROPERTY GALE_FIND_DEPENDENCIES "find_dependency(llhttp)")
else()
  gale_find_llhttp_sources(gale_llhttp_sources gale_llhttp_include_dir)
  add_library(gale_llhttp STATIC ${gale_llhttp_sources})
  target_include_directories(gale_llhttp SYSTEM PUBLIC $<BUILD_INTERFACE:${gale_llhttp_include_dir}>)
  target_compile_definitions(gale_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  # The parser is one large state machine: -O3, as upstream builds it, whatever the build type.
  target_compile_options(gale_llhttp PRIVATE -w -O3 ${GALE_SANITIZE_FLAGS})
  set_target_properties(gale_llhttp PROPERTIES
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON)
endif()
set_target_properties(gale_llhttp PROPERTIES EXPORT_NAME llhttp)
add_library(gale_llhttp::llhttp ALIAS gale_llhttp)
