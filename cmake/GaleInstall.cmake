# The installed package: find_package(gale) gives gale::runtime, gale::net, gale::http and gale::gale.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(GALE_COMPONENTS GLOBAL PROPERTY GALE_COMPONENTS)
get_property(gale_find_dependencies GLOBAL PROPERTY GALE_FIND_DEPENDENCIES)
list(JOIN gale_find_dependencies "\n" GALE_FIND_DEPENDENCIES)
set(gale_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gale)

set(gale_installed_targets gale_options gale_llhttp gale_all)
foreach(component ${GALE_COMPONENTS})
  list(APPEND gale_installed_targets gale_${component})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${component}/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gale/${component}
    FILES_MATCHING PATTERN "*.h")
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/runtime/gale_gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/gale)
install(FILES ${PROJECT_SOURCE_DIR}/gale.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gale)

set_target_properties(gale_options PROPERTIES EXPORT_NAME options)
set_target_properties(gale_all PROPERTIES EXPORT_NAME gale)
install(TARGETS ${gale_installed_targets} EXPORT galeTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT galeTargets NAMESPACE gale:: DESTINATION ${gale_package_dir})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/galeConfig.cmake.in ${PROJECT_BINARY_DIR}/galeConfig.cmake
  INSTALL_DESTINATION ${gale_package_dir})
# Before 1.0 a minor version may break users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/galeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/galeConfig.cmake ${PROJECT_BINARY_DIR}/galeConfigVersion.cmake
  DESTINATION ${gale_package_dir})
