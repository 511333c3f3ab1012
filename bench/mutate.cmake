# mutate.cmake - for bench/mutate.py: tests and program use libpdlt.so, which shows all names of ours,
# so that one changed object is compiled and linked once, whatever the number of tests.
#
# Read by -DCMAKE_PROJECT_pdlt_INCLUDE=bench/mutate.cmake; acts when all targets are there.
function(pdlt_tests_use_shared_library)
  foreach(part base datasets theory trainer plot compare study)
    set_target_properties(pdlt_${part} PROPERTIES C_VISIBILITY_PRESET default)
  endforeach()
  get_directory_property(targets DIRECTORY ${CMAKE_SOURCE_DIR}/tests BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(links ${target} LINK_LIBRARIES)
    if(links)
      list(TRANSFORM links REPLACE "^pdlt_(base|datasets|theory|trainer|compare|study)$" pdlt_shared)
      set_target_properties(${target} PROPERTIES LINK_LIBRARIES "${links}" LINK_DEPENDS_NO_SHARED ON)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL pdlt_tests_use_shared_library)
