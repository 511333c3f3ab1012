# Library (shared and static), its public headers, program, pdlt.pc and a CMake package. The components are
# Debian's packages (cmake/package.cmake); a wheel (python/pyproject.toml) takes libpdlt0, pdlt and wheel.
include(CMakePackageConfigHelpers)
include(cmake/headers.cmake)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/pdlt)

# Two exports: who links the shared library needs none of the libraries behind it.
install(TARGETS pdlt_shared EXPORT pdlt-shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT libpdlt0 NAMELINK_COMPONENT libpdlt-dev)
install(TARGETS pdlt_static EXPORT pdlt-static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT libpdlt-dev)
install(TARGETS pdlt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT pdlt)
install(EXPORT pdlt-shared NAMESPACE pdlt:: DESTINATION ${package} COMPONENT libpdlt-dev)
install(EXPORT pdlt-static NAMESPACE pdlt:: DESTINATION ${package} COMPONENT libpdlt-dev)

# The front door, and for users of the static library theory, trainer and files.
set(door cli/study/pdlt.h cli/study/pdlt_tools.h)
pdlt_public_headers(headers ${door} theory/predict/predict.h trainer/run/ensemble.h
  base/file/npz.h)
foreach(header ${headers})
  set(folder "")
  if(NOT header IN_LIST door)
    get_filename_component(folder ${header} DIRECTORY)
  endif()
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pdlt/${folder}
          COMPONENT libpdlt-dev)
endforeach()

# The claims, for pdlt verify (cli/study/claims.c looks here, relative to program and library).
install(DIRECTORY reports/ DESTINATION ${CMAKE_INSTALL_DATADIR}/pdlt/reports COMPONENT pdlt
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv" PATTERN "gallery" EXCLUDE)
# What reports/demo reads.
install(FILES datasets/demo.csv DESTINATION ${CMAKE_INSTALL_DATADIR}/pdlt/datasets COMPONENT pdlt)

# Manual and completion, written by the program itself (cmake/manual.cmake).
set(manual ${CMAKE_BINARY_DIR}/generated/manual)
install(DIRECTORY ${manual}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT pdlt)
install(FILES ${manual}/pdlt.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME pdlt COMPONENT pdlt)
install(FILES ${manual}/_pdlt DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT pdlt)

configure_package_config_file(cmake/pdlt-config.cmake.in pdlt-config.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(pdlt-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pdlt-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/pdlt-config-version.cmake
        DESTINATION ${package} COMPONENT libpdlt-dev)

# pdlt.pc finds its prefix from where it lies.
file(RELATIVE_PATH to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
list(JOIN OpenMP_C_FLAGS " " openmp)
set(mpi "")
if(PDLT_MPI)
  list(JOIN MPI_C_LIBRARIES " " mpi)
endif()
configure_file(cmake/pdlt.pc.in pdlt.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/pdlt.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT libpdlt-dev)

# What else a wheel holds: the fonts of the figures, for systems that have none.
if(SKBUILD)
  find_path(dejavu DejaVuSans.ttf PATHS /usr/share/fonts/truetype/dejavu NO_DEFAULT_PATH)
  if(dejavu)
    install(FILES python/fonts.conf ${dejavu}/DejaVuSans.ttf ${dejavu}/DejaVuSans-Bold.ttf
            DESTINATION ${CMAKE_INSTALL_DATADIR}/pdlt/fonts COMPONENT wheel)
  endif()
endif()
