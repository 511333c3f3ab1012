# Headers, libraries, program, pdlt.pc and a CMake package.
include(CMakePackageConfigHelpers)
