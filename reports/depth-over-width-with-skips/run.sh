#!/usr/bin/env bash
# Runs the study, then the tables, figures and numbers. Go on after an interruption with the same command.
#   run.sh [init|trained|mnist|tables]...   only these parts, default all
#   PDLT            the program                     (default: build/cli/pdlt)
#   OUT             where archives go               (default: out-depth-skips, not under version control)
#   THREADS         threads                         (default: 2)
#   PDLT_TEST_DATA  folder that holds mnist/t10k-*  (unset: the part mnist is skipped)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-depth-skips}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

pdlt() { "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || { cat "$OUT/last.log" >&2; exit 3; }; }

# all PART FILE DEPTH WIDTH [OPTIONS]: theory and ensemble of every activation of the part and every gamma; WIDTH
# 0: those of the file.
all() {
  local part=$1 file=$2 depth=$3 width=$4 activation power parts gamma
  local own=()
  shift 4
  while read -r activation power parts; do
    if [[ $parts != *${part:0:1}* ]]; then continue; fi
    for gamma in 0 0.7 0.9; do
      own=(--set "network.activation=$activation" --set "network.lambda_b={scale: 1, power: $power}"
        --set "network.depth=$depth" --set "network.skip=$gamma" "$@")
      if [[ $width != 0 ]]; then own+=(--set "network.widths=[$width]"); fi
      echo "$part $activation, gamma $gamma, depth $depth"
      pdlt theory "$file" -o "$OUT/$part-$activation-$gamma-$depth.theory.npz" "${own[@]}"
      pdlt train "$file" -o "$OUT/$part-$activation-$gamma-$depth.npz" "${own[@]}"
    done
  done < <(grep -v '^#' "$here/cases.txt")
}

run_init() {
  for depth in 3 4 5 6 8 10 12 16 20 24 32; do all init "$here/init.yaml" "$depth" 0; done
}

run_trained() {
  for depth in 3 4 6 8 12 16 24; do all trained "$here/trained.yaml" "$depth" 0; done
}

run_mnist() {
  if [[ -z ${PDLT_TEST_DATA:-} ]]; then
    echo "mnist: skipped, PDLT_TEST_DATA is not set"
    return
  fi
  local mnist=$PDLT_TEST_DATA/mnist/t10k
  while read -r depth width; do
    if [[ ! $depth =~ ^(3|6|12|24)$ ]]; then continue; fi
    all mnist "$here/../depth-over-width/mnist.yaml" "$depth" "$width" --set ensemble.seed=8431 \
      --set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz"
  done < <(grep -v '^#' "$here/../depth-over-width/mnist.txt")
}

if [[ $# == 0 ]]; then set -- init trained mnist tables; fi
for part in "$@"; do
  if [[ $part == tables ]]; then
    python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
  else
    "run_$part"
  fi
done
