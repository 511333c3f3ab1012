#!/usr/bin/env bash
# Runs the study, then result.csv, the figure and the tables in docs/results.md. Go on after an
# interruption with the same command.
#   run.sh [known|mnist|tables]...   only these parts, default all
#   PDLT            the program                     (default: build/cli/pdlt)
#   OUT             where results go                (default: out-features, not under version control)
#   THREADS         threads                         (default: 2)
#   PDLT_TEST_DATA  folder that holds mnist/t10k-*; mnist alone needs it
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-features}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

pdlt() { "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || { cat "$OUT/last.log" >&2; exit 3; }; }

# NAME STUDY BUDGET: ten draws of the data
known() {
  for draw in 1 2 3 4 5 6 7 8 9 10; do
    pdlt features "$here/$2.yaml" -o "$OUT/$1-$draw" --set data.seed=$((500 + draw)) \
      --set ensemble.seed=$((600 + draw)) --set features.budget="$3"
  done
}

if [[ $# == 0 ]]; then set -- known mnist tables; fi
for part in "$@"; do
  case $part in
    known)
      known parity parity 4
      known waves modular-addition 24
      known sums modular-addition 48
      known superposition superposition 8
      ;;
    mnist)
      mnist=${PDLT_TEST_DATA:?the folder that holds mnist/ is needed}/mnist/t10k
      images=(--set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz")
      pdlt train "$here/mnist.yaml" -o "$OUT/mnist.npz" "${images[@]}"
      pdlt features "$here/mnist.yaml" -o "$OUT/mnist" "${images[@]}" --set network.widths=[256]
      ;;
    tables) python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md" ;;
  esac
done
