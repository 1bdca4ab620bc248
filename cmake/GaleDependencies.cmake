# gale_build_dependency(<package> <debian package>) finds what only tests and benchmarks use.
macro(gale_build_dependency package debian_package)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} is missing: apt-get install ${debian_package}, or scripts/setup")
  endif()
endmacro()

# gale_dependency(<package> <debian package>) finds what the libraries are linked with. The installed package looks
# for it again, because who links a static library links its dependencies too.
macro(gale_dependency package debian_package)
  gale_build_dependency(${package} ${debian_package})
  set_property(GLOBAL APPEND PROPERTY GALE_FIND_DEPENDENCIES "find_dependency(${package})")
endmacro()
