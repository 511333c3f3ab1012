#!/usr/bin/env bash
# tidy.sh - clang-tidy and cppcheck over the C sources of a build folder; every finding is an error.
#
#   cmake/tidy.sh BUILD      exit status 0 when nothing is found, otherwise 1
#
# BUILD is configured with clang and without tests and benchmarks; what is checked is what it would
# compile. Checks: .clang-tidy, cmake/cppcheck.txt (what cppcheck does not report) and cppcheck.cfg (macros).
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."

mapfile -t sources < <(sed -n 's/^ *"file": "\(.*\)".*/\1/p' "$build/compile_commands.json" |
  grep -vF "$build/" | sort -u)
((${#sources[@]} > 0)) || {
  echo "tidy: no sources in $build/compile_commands.json" >&2
  exit 2
}

rc=0
# Findings are printed; what goes to stderr is how many there were with those of system headers.
printf '%s\0' "${sources[@]}" |
  xargs -0 -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>"$build/tidy.log" || rc=1
((rc == 0)) || grep -v '^[0-9]* warnings\? generated' "$build/tidy.log" >&2 || true

cppcheck --project="$build/compile_commands.json" -i "$build" --library=posix \
  --library=cmake/cppcheck.cfg --enable=warning,performance,portability --inline-suppr \
  --suppressions-list=cmake/cppcheck.txt --error-exitcode=1 --quiet -j "$(nproc)" || rc=1
((rc > 0)) || echo "tidy: ${#sources[@]} sources, nothing found"
exit "$rc"
