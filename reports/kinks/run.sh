#!/usr/bin/env bash
# Runs the study, then the files, figures and tables of tables.py. Go on after an interruption with the
# same command.
#   run.sh [steep|depth|slopes|check|mnist|tables]...   only these parts, default all
#   PDLT            the program                     (default: build/cli/pdlt)
#   OUT             where archives go               (default: out-kinks, not under version control)
#   THREADS         threads                         (default: 2)
#   PDLT_TEST_DATA  folder that holds mnist/t10k-*  (unset: the part mnist is skipped)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-kinks}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() {
  "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] ||
    { cat "$OUT/last.log" >&2; exit 3; }
}

# samples BETA: two.csv times BETA.
samples() { awk -F, -v OFS=, -v b="$1" 'NR > 1 { for (k = 1; k <= NF; k++) $k *= b } 1' "$here/two.csv"; }

# Beyond 24 the averages over four samples are out of reach, and there is no z_nlo.
run_steep() {
  echo relu
  pdlt theory "$here/steep.yaml" -o "$OUT/steep-relu.theory.npz" --set network.activation=relu
  pdlt train "$here/steep.yaml" -o "$OUT/steep-relu.npz" --set network.activation=relu
  for beta in 1 2 4 8 16 24 32 64; do
    echo "beta $beta"
    samples "$beta" >"$OUT/$beta.csv"
    pdlt theory "$here/steep.yaml" -o "$OUT/steep-$beta.theory.npz" --set "data.file=$OUT/$beta.csv"
    case $beta in
      24) ;;
      *) pdlt train "$here/steep.yaml" -o "$OUT/steep-$beta.npz" --set "data.file=$OUT/$beta.csv" ;;
    esac
  done
}

run_depth() {
  for depth in 2 3 4 5 6; do
    echo "depth $depth"
    pdlt theory "$here/depth.yaml" -o "$OUT/depth-$depth.theory.npz" --set "network.depth=$depth"
  done
}

# slope A: options for leaky_relu(A) at criticality, two layers.
slope() {
  printf -- '--set\nnetwork.activation=leaky_relu(%s)\n--set\nnetwork.C_W=%s\n--set\nnetwork.depth=2\n' \
    "$1" "$(awk -v a="$1" 'BEGIN { printf "%.17g", 2 / (1 + a * a) }')"
}

run_slopes() {
  for a in -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75; do
    echo "slope $a"
    mapfile -t own < <(slope "$a")
    pdlt theory "$here/depth.yaml" -o "$OUT/slope-$a.theory.npz" "${own[@]}"
  done
}

run_check() {
  echo "check depth 4"
  pdlt run "$here/depth.yaml" -o "$OUT/check-depth-4" --set network.depth=4
  for a in -1 0.5; do
    echo "check slope $a"
    mapfile -t own < <(slope "$a")
    pdlt run "$here/depth.yaml" -o "$OUT/check-slope-$a" "${own[@]}"
  done
}

run_mnist() {
  if [[ -z ${PDLT_TEST_DATA:-} ]]; then
    echo "mnist: skipped, PDLT_TEST_DATA is not set"
    return
  fi
  local mnist=$PDLT_TEST_DATA/mnist/t10k
  local images=(--set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz")
  echo mnist
  "$PDLT" explain "$here/mnist.yaml" --json --quiet "${images[@]}" >"$OUT/mnist.json"
  pdlt run "$here/mnist.yaml" -o "$OUT/mnist" "${images[@]}"
}

if [[ $# == 0 ]]; then set -- steep depth slopes check mnist tables; fi
for part in "$@"; do
  if [[ $part == tables ]]; then
    python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
  else
    "run_$part"
  fi
done
