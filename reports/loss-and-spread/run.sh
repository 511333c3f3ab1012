#!/usr/bin/env bash
# Runs the study: every case of cases.txt, every part left out, then result.csv, the figures and
# the tables in docs/results.md. Go on after an interruption with the same command.
#   run.sh [CASE...]   only these cases, and no tables
#   PDLT               the program                     (default: build/cli/pdlt)
#   OUT                where archives go               (default: out-loss, not under version control)
#   THREADS            threads                         (default: 2)
#   PDLT_TEST_DATA     folder that holds mnist/t10k-*  (unset: the case mnist-3 is skipped)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-loss}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() { "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] || { cat "$OUT/last.log" >&2; exit 3; }; }

# Whole theory and, for trained cases, theory without each line of omissions.txt.
run_case() {
  local case=$1 file=$2
  shift 2
  pdlt run "$file" -o "$OUT/$case" "$@"
  if [[ $case == init-* ]]; then return; fi
  while read -r part terms; do
    if [[ $OUT/$case/without-$part/verdict.json -nt $OUT/$case/measured.npz ]]; then continue; fi
    pdlt theory "$file" -o "$OUT/$case/without-$part.npz" --set "theory.omit=[$terms]" "$@"
    pdlt compare "$OUT/$case/without-$part.npz" "$OUT/$case/measured.npz" -o "$OUT/$case/without-$part"
  done < <(grep -v '^#' "$here/omissions.txt")
}

while read -r case file members seed keys; do
  if [[ $# -gt 0 && " $* " != *" $case "* ]]; then continue; fi
  settings=(--set "ensemble.members=$members" --set "ensemble.seed=$seed")
  for key in $keys; do settings+=(--set "$key"); done
  if [[ $case == mnist-* ]]; then
    if [[ -z ${PDLT_TEST_DATA:-} ]]; then
      echo "$case: skipped, PDLT_TEST_DATA is not set"
      continue
    fi
    mnist=$PDLT_TEST_DATA/mnist/t10k
    settings+=(--set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz")
  fi
  echo "$case"
  run_case "$case" "$here/$file" "${settings[@]}"
done < <(grep -v '^#' "$here/cases.txt")

if [[ $# == 0 ]]; then python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"; fi
