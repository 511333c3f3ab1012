# Debian's packages of an installation under /usr (./bootstrap package; cpack -G DEB in its build folder):
# libpdlt0 (the library), pdlt (program, manual, claims), libpdlt-dev, python3-pdlt. Made of the components of
# cmake/install.cmake; what they depend on is read from the files by dpkg-shlibdeps.
set_target_properties(pdlt PROPERTIES INSTALL_RPATH "") # the loader knows the folder

install(FILES python/pdlt/py.typed DESTINATION lib/python3/dist-packages/pdlt COMPONENT python3-pdlt)
install(DIRECTORY python/pdlt/ DESTINATION lib/python3/dist-packages/pdlt COMPONENT python3-pdlt
        FILES_MATCHING PATTERN "*.py" PATTERN "_program.py" EXCLUDE PATTERN "__pycache__" EXCLUDE)
set(packages libpdlt0 pdlt libpdlt-dev python3-pdlt)
foreach(name ${packages})
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${name} RENAME copyright COMPONENT ${name})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pdlt)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "the pdlt developers")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${packages})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR})
set(same "(= ${PROJECT_VERSION})")

function(pdlt_package name section depends summary text)
  string(TOUPPER ${name} key)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "${depends}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${key}_DESCRIPTION "${summary}\n${text}" PARENT_SCOPE)
endfunction()

pdlt_package(libpdlt0 libs "fonts-dejavu-core"
  "finite-width neural networks against theory (library)"
  "Ensembles of networks of finite width, what the expansion in 1/width says of them, and their comparison.")
pdlt_package(pdlt science "libpdlt0 ${same}"
  "finite-width neural networks against theory (program)"
  "Trains ensembles, predicts their outputs and tensors order by order in 1/width, compares with error bars.")
pdlt_package(libpdlt-dev libdevel "libpdlt0 ${same}, libjansson-dev, libopenblas-dev, libyaml-dev, \
libpango1.0-dev, libpng-dev, zlib1g-dev"
  "finite-width neural networks against theory (headers)"
  "Headers, the static library, pkg-config and CMake files of libpdlt.")
pdlt_package(python3-pdlt python "libpdlt0 ${same}, python3, python3-numpy"
  "finite-width neural networks against theory (Python)"
  "NumPy arrays in, NumPy arrays out; the work is done by libpdlt.")
set(CPACK_DEBIAN_LIBPDLT0_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PDLT_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PYTHON3-PDLT_PACKAGE_ARCHITECTURE all)
include(CPack)
