#!/usr/bin/env bash
# run_tests.sh - runs the tests of a build folder; the last line is "N passed, M failed".
#
#   cmake/run_tests.sh BUILD      exit status 0 when all passed, otherwise 1
#
# The numbers come from the JUnit file of CTest, never from its messages: their words differ between
# versions. A test that did not run (skipped, disabled, its program missing) has not passed and
# counts as failed. Without numbers the last line is "0 passed, 1 failed", after what happened.
set -euo pipefail
build=$1 log=/dev/null

broken() { # what happened
  cat "$log"
  printf 'run_tests: %s\n0 passed, 1 failed\n' "$*"
  exit 1
}

[[ -d $build ]] || broken "$build is not a folder"
build=$(cd "$build" && pwd)
log=$build/tests.log junit=$build/tests.xml
rm -f "$junit"
# Read by programs built with sanitizers only, whoever starts them.
leaks=$(cd "$(dirname "$0")/.." && pwd)/tests/leaks.supp
export LSAN_OPTIONS=suppressions=$leaks:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}
rc=0
ctest --test-dir "$build" -j "$(nproc)" --output-on-failure --no-tests=error \
  --output-junit "$junit" >"$log" 2>&1 || rc=$?

[[ -s $junit ]] || broken "ctest (exit status $rc) wrote no $junit"
[[ $(<"$junit") =~ \<testsuite[[:space:]][^\>]*\> ]] || broken "$junit holds no <testsuite ...>"
suite=${BASH_REMATCH[0]} # its attributes stand on lines of their own
declare -A count
for name in tests failures skipped disabled; do
  [[ $suite =~ [[:space:]]$name=\"([0-9]+)\" ]] || broken "$junit does not say how many $name"
  count[$name]=${BASH_REMATCH[1]}
done
passed=$((count[tests] - count[failures] - count[skipped] - count[disabled]))
failed=$((count[tests] - passed))

((count[tests] > 0)) || broken "no tests were found"
((rc == 0 || failed > 0)) || broken "no test failed, but ctest has exit status $rc"
((failed == 0)) || cat "$log"
echo "$passed passed, $failed failed"
((failed == 0))
