# Headers, libraries, program, pdlt.pc and a CMake package.
include(CMakePackageConfigHelpers)

set(libraries pdlt_base pdlt_datasets pdlt_theory pdlt_trainer pdlt_plot pdlt_compare)
install(TARGETS ${libraries} EXPORT pdlt-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS pdlt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(folder base datasets theory trainer compare)
  install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pdlt/${folder}
          FILES_MATCHING PATTERN "*.h" PATTERN "*internal.h" EXCLUDE)
endforeach()

# The claims, for pdlt verify (cli/study/claims.c looks here, relative to the program).
install(DIRECTORY reports/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pdlt/reports
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv" PATTERN "gallery" EXCLUDE)

install(EXPORT pdlt-targets NAMESPACE pdlt:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/pdlt)
configure_package_config_file(cmake/pdlt-config.cmake.in pdlt-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/pdlt)
write_basic_package_version_file(pdlt-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pdlt-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/pdlt-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/pdlt)

configure_file(cmake/pdlt.pc.in pdlt.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pdlt.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
