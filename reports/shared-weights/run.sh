#!/usr/bin/env bash
# Runs the study, then result.csv, the figure and the table in docs/results.md. Go on after an
# interruption with the same command.
#   run.sh [theory|train|compare|tables]...   only these parts, default all
#   PDLT            the program                     (default: build/cli/pdlt)
#   OUT             where archives go               (default: out-shared, not under version control)
#   THREADS         threads                         (default: 2)
#   PDLT_TEST_DATA  folder that holds mnist/t10k-*
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-shared}
THREADS=${THREADS:-2}
mnist=${PDLT_TEST_DATA:?the folder that holds mnist/ is needed}/mnist/t10k
images=(--set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz")
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() {
  "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] ||
    { cat "$OUT/last.log" >&2; exit 3; }
}

if [[ $# == 0 ]]; then set -- theory train compare tables; fi
for part in "$@"; do
  for network in convolution dense; do
    case $part in
      theory) pdlt theory "$here/$network.yaml" -o "$OUT/$network.theory.npz" "${images[@]}" ;;
      train) pdlt train "$here/$network.yaml" -o "$OUT/$network.npz" "${images[@]}" ;;
      compare) pdlt compare "$OUT/$network.theory.npz" "$OUT/$network.npz" -o "$OUT/$network" --force ;;
    esac
  done
  if [[ $part == tables ]]; then python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"; fi
done
