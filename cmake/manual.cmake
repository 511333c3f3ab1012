cmake_minimum_required(VERSION 3.25)
# Writes the pages of the manual into OUT/man1, and OUT/pdlt.bash and OUT/_pdlt for the shells, with PROGRAM
# itself. Which pages there are, the first one says.
function(ask file)
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${OUT}/${file} "${text}")
  set(text "${text}" PARENT_SCOPE)
endfunction()

set(ENV{ASAN_OPTIONS} detect_leaks=0) # of libraries, under sanitizers; the tests look for them
file(REMOVE_RECURSE ${OUT})
ask(man1/pdlt.1 --manual)
string(REGEX MATCHALL "BR pdlt\\\\-[a-z]+" pages "${text}")
foreach(page ${pages})
  string(REGEX REPLACE ".*-" "" command "${page}")
  ask(man1/pdlt-${command}.1 --manual ${command})
endforeach()
ask(pdlt.bash --completion bash)
ask(_pdlt --completion zsh)
