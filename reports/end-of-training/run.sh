#!/usr/bin/env bash
# Runs the study: every case, every part left out, then result.csv, the figures and the tables
# in docs/results.md. Go on after an interruption with the same command.
#   PDLT            the program                     (default: build/cli/pdlt)
#   OUT             where archives go               (default: out-end, not under version control)
#   THREADS         threads                         (default: 2)
#   PDLT_TEST_DATA  folder that holds mnist/t10k-*  (unset: the case mnist-3 is skipped)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-end}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() { "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] || { cat "$OUT/last.log" >&2; exit 3; }; }

for file in "$here"/*.yaml; do
  case=$(basename "$file" .yaml)
  images=()
  if [[ $case == mnist-* ]]; then
    if [[ -z ${PDLT_TEST_DATA:-} ]]; then
      echo "$case: skipped, PDLT_TEST_DATA is not set"
      continue
    fi
    mnist=$PDLT_TEST_DATA/mnist/t10k
    images=(--set "data.images=$mnist-images-idx3-ubyte.gz" --set "data.labels=$mnist-labels-idx1-ubyte.gz")
  fi
  echo "$case"
  pdlt run "$file" -o "$OUT/$case" ${images[@]+"${images[@]}"}
  for part in mean_ntk ntk_fluctuations dntk ddntk_linear ddntk_cubic; do
    if [[ $OUT/$case/without-$part/verdict.json -nt $OUT/$case/measured.npz ]]; then continue; fi
    theory=$OUT/$case/without-$part.npz
    pdlt theory "$file" -o "$theory" --set "theory.omit=[$part]" ${images[@]+"${images[@]}"}
    pdlt compare "$theory" "$OUT/$case/measured.npz" -o "$OUT/$case/without-$part"
  done
done

python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
