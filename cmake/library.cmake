# libpdlt, all folders in one: shared (libpdlt.so.0, of which only PDLT_API can be seen) and static.
set(parts base datasets theory trainer plot compare study)
set(objects "")
foreach(part ${parts})
  list(APPEND objects $<TARGET_OBJECTS:pdlt_${part}>)
endforeach()
set(needs PkgConfig::JANSSON PkgConfig::OPENBLAS PkgConfig::YAML PkgConfig::PANGOCAIRO PkgConfig::PANGOFC
  ZLIB::ZLIB PNG::PNG OpenMP::OpenMP_C ${CMAKE_DL_LIBS} m)
if(PDLT_MPI)
  list(APPEND needs MPI::MPI_C)
endif()

add_library(pdlt_shared SHARED ${objects})
add_library(pdlt_static STATIC ${objects})
foreach(library pdlt_shared pdlt_static)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME pdlt LINKER_LANGUAGE C)
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/cli/study> $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/pdlt>)
endforeach()
set_target_properties(pdlt_shared PROPERTIES EXPORT_NAME pdlt SOVERSION 0)
if(NOT SKBUILD) # a wheel knows no links: one file, libpdlt.so.0
  set_target_properties(pdlt_shared PROPERTIES VERSION ${PROJECT_VERSION})
endif()
target_link_libraries(pdlt_shared PRIVATE ${needs} $<BUILD_INTERFACE:pdlt_flags>)
target_link_options(pdlt_shared PRIVATE
  "LINKER:--version-script=${CMAKE_SOURCE_DIR}/cmake/libpdlt.map")
set_target_properties(pdlt_shared PROPERTIES LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/libpdlt.map)
target_link_libraries(pdlt_static INTERFACE ${needs})
