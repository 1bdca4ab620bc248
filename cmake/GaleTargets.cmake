# What every target of Gale shares: the include prefix "gale/", the language, the warnings and the sanitizers.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12.2)
  message(FATAL_ERROR "Gale needs GCC 12.2 or newer, this is ${CMAKE_CXX_COMPILER_VERSION}: apt-get install g++-12")
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Gale needs Clang 19 or newer, this is ${CMAKE_CXX_COMPILER_VERSION}: apt-get install clang-19")
endif()

if(PROJECT_IS_TOP_LEVEL)
  find_program(GALE_CCACHE ccache)
  mark_as_advanced(GALE_CCACHE)
  foreach(language C CXX)
    if(GALE_CCACHE AND NOT DEFINED CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER ${GALE_CCACHE})
    endif()
  endforeach()
endif()

# Everything is included as "gale/<folder>/<file>.h": one link makes the prefix.
set(GALE_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(MAKE_DIRECTORY ${GALE_INCLUDE_DIR})
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${GALE_INCLUDE_DIR}/gale SYMBOLIC)

if(GALE_SANITIZE STREQUAL "address")
  set(GALE_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(GALE_SANITIZE STREQUAL "thread")
  set(GALE_SANITIZE_FLAGS -fsanitize=thread)
elseif(GALE_SANITIZE)
  message(FATAL_ERROR "GALE_SANITIZE is '${GALE_SANITIZE}'; it must be 'address', 'thread' or empty")
endif()

if(GALE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # GCC's way of telling the code, which Clang has not.
  string(TOUPPER ${GALE_SANITIZE} sanitizer)
  list(APPEND GALE_SANITIZE_FLAGS -D__SANITIZE_${sanitizer}__=1)
endif()
if(GALE_FUZZ)
  list(APPEND GALE_SANITIZE_FLAGS -fsanitize=fuzzer-no-link)
endif()

set(gale_check_thread_locks OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT GALE_SANITIZE STREQUAL "thread")
  set(gale_check_thread_locks ON)
endif()
option(GALE_CHECK_THREAD_LOCKS "End the process when a goroutine parks with a lock of its thread held"
  ${gale_check_thread_locks})

# gale_options is what the users of Gale inherit. A sanitizer belongs to the whole program, hence also to them.
add_library(gale_options INTERFACE)
target_compile_features(gale_options INTERFACE cxx_std_23)
target_link_libraries(gale_options INTERFACE Threads::Threads)
target_include_directories(gale_options INTERFACE $<BUILD_INTERFACE:${GALE_INCLUDE_DIR}>)
target_compile_options(gale_options INTERFACE "$<BUILD_INTERFACE:${GALE_SANITIZE_FLAGS}>")
target_link_options(gale_options INTERFACE "$<BUILD_INTERFACE:${GALE_SANITIZE_FLAGS}>")

# gale_own_options(<target>) gives a target of Gale's own what users do not inherit.
function(gale_own_options target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_definitions(${target} PRIVATE $<$<BOOL:${GALE_CHECK_THREAD_LOCKS}>:GALE_CHECK_THREAD_LOCKS>)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    $<$<BOOL:${GALE_WERROR}>:-Werror>
    # Traces of goroutines, gdb and perf walk the frame pointers.
    -fno-omit-frame-pointer)
  if(GALE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns at every atomic_thread_fence that TSan does not model it.
    target_compile_options(${target} PRIVATE -Wno-tsan)
  endif()
endfunction()

# gale_library(<name> SOURCES ... DEPENDS ... PRIVATE ...) makes libgale_<name> with the alias gale::<name>, a
# component of the installed package. DEPENDS are the floors below, PRIVATE the libraries that users never see.
function(gale_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(gale_${name} ${ARG_SOURCES})
  add_library(gale::${name} ALIAS gale_${name})
  target_link_libraries(gale_${name} PUBLIC gale_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE})
  gale_own_options(gale_${name})
  set_target_properties(gale_${name} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  set_property(GLOBAL APPEND PROPERTY GALE_COMPONENTS ${name})
endfunction()

# gale_program(<target> SOURCES ... DEPENDS ...) makes an executable that is not installed.
function(gale_program target)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE gale_options ${ARG_DEPENDS})
  gale_own_options(${target})
endfunction()
