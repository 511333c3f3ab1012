#!/usr/bin/env bash
# Runs the study, then result-*.csv, figures and the tables in docs/results.md. Go on after an
# interruption with the same command.
#   run.sh [init|trained|mnist|tables]...   only these parts, default all
#   ONLY            one activation                  (default: all of cases.txt)
#   PDLT            the program                     (default: build/cli/pdlt)
#   OUT             where archives go               (default: out-depth, not under version control)
#   THREADS         threads                         (default: 2)
#   PDLT_TEST_DATA  folder that holds mnist/t10k-*  (unset: the part mnist is skipped)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-depth}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

pdlt() { "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || { cat "$OUT/last.log" >&2; exit 3; }; }

lines() { grep -v '^#' "$here/$1" | grep "^${2:-}"; }

# both NAME FILE [OPTIONS]: theory and ensemble of one network.
both() {
  local name=$1 file=$2
  shift 2
  echo "$name"
  pdlt theory "$here/$file" -o "$OUT/$name.theory.npz" "$@"
  pdlt train "$here/$file" -o "$OUT/$name.npz" "$@"
}

# settings ACTIVATION SCALE POWER
settings() { printf -- '--set\nnetwork.activation=%s\n--set\ndata.scale=%s\n--set\nnetwork.lambda_b={scale: 1, power: %s}\n' "$@"; }

run_init() {
  while read -r activation scale power parts; do
    if [[ $parts != *i* ]]; then continue; fi
    mapfile -t own < <(settings "$activation" "$scale" "$power")
    both "init-$activation" init.yaml --layers "${own[@]}"
  done < <(lines cases.txt "${ONLY:-}")
}

run_trained() {
  while read -r activation scale power parts; do
    if [[ $parts != *t* ]]; then continue; fi
    mapfile -t own < <(settings "$activation" "$scale" "$power")
    for depth in 2 3 4 6 8 12 16 24; do
      both "trained-$activation-$depth" trained.yaml --set "network.depth=$depth" "${own[@]}"
    done
  done < <(lines cases.txt "${ONLY:-}")
}

run_mnist() {
  if [[ -z ${PDLT_TEST_DATA:-} ]]; then
    echo "mnist: skipped, PDLT_TEST_DATA is not set"
    return
  fi
  local mnist=$PDLT_TEST_DATA/mnist/t10k
  local images=(--set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz")
  while read -r activation scale power parts; do
    if [[ $parts != *m* ]]; then continue; fi
    mapfile -t own < <(settings "$activation" "$scale" "$power")
    while read -r depth width; do
      both "mnist-$activation-$depth" mnist.yaml "${own[@]}" "${images[@]}" \
        --set "network.depth=$depth" --set "network.widths=[$width]"
    done < <(lines mnist.txt)
  done < <(lines cases.txt "${ONLY:-}")
}

if [[ $# == 0 ]]; then set -- init trained mnist tables; fi
for part in "$@"; do
  if [[ $part == tables ]]; then
    python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
  else
    "run_$part"
  fi
done
