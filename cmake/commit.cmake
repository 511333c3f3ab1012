cmake_minimum_required(VERSION 3.25)
# Writes OUT (commit.h) with the commit of SOURCE, or what the file COMMIT of a source distribution says
# (python/build_backend.py); touches it only when it changed.
set(failed 0)
if(EXISTS ${SOURCE}/COMMIT)
  file(STRINGS ${SOURCE}/COMMIT commit LIMIT_COUNT 1)
else()
  execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
endif()
if(failed)
  set(commit "none")
elseif(NOT EXISTS ${SOURCE}/COMMIT)
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
                  OUTPUT_VARIABLE changes OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(changes)
    string(APPEND commit "+")
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT "#define PDLT_COMMIT \"@commit@\"\n" @ONLY)
