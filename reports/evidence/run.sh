#!/usr/bin/env bash
# Runs the study: theory at every depth and C_W, the measured points, then result.csv, the figure and the
# tables in docs/results.md. Go on after an interruption with the same command.
#   run.sh [map|measured|tables]...   only these parts, default all
#   PDLT      the program          (default: build/cli/pdlt)
#   OUT       where archives go    (default: out-evidence, not under version control)
#   THREADS   threads              (default: 2)
#   ONLY      one activation       (default: both)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-evidence}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() {
  "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] || {
    cat "$OUT/last.log" >&2
    exit 3
  }
}

# Theory to order 1/n of one draw of the data, at infinite width of three more.
run_map() {
  while read -r activation values; do
    if [[ $activation != "${ONLY:-$activation}" ]]; then continue; fi
    for depth in 2 3 4 6 8 12 16; do
      for c_w in $values; do
        local file=$OUT/$activation-$depth-$c_w.npz
        if [[ $file -nt $here/$activation.yaml ]]; then continue; fi
        pdlt theory "$here/$activation.yaml" -o "$file" --set "sweep={}" \
          --set "network.depth=$depth" --set "network.C_W=$c_w"
        for seed in 2 3 4; do # infinite width alone
          pdlt theory "$here/$activation.yaml" -o "$OUT/$activation-$depth-$c_w.seed$seed.npz" --set "sweep={}" \
            --set "network.depth=$depth" --set "network.C_W=$c_w" --set "data.seed=$seed" --set theory.order=0
        done
      done
    done
  done <"$here/map.txt"
}

run_measured() {
  for activation in tanh relu; do pdlt run "$here/$activation.yaml" -o "$OUT/measured-$activation"; done
}

if [[ $# == 0 ]]; then set -- map measured tables; fi
for part in "$@"; do
  if [[ $part == tables ]]; then
    python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
  else
    "run_$part"
  fi
done
