#!/usr/bin/env bash
# Runs the study: every case, every omission, then result.csv, published-result.csv and the
# tables in docs/results.md. Go on after an interruption with the same command.
#   PDLT     the program              (default: build/cli/pdlt)
#   OUT      where archives go        (default: out-tensors, not under version control)
#   THREADS  threads                  (default: 2)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-tensors}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() { "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] || { cat "$OUT/last.log" >&2; exit 3; }; }

for file in "$here"/*.yaml; do
  case=$(basename "$file" .yaml)
  echo "$case"
  pdlt run "$file" -o "$OUT/$case"
done

grep -v '^#' "$here/omissions.txt" | while read -r case term; do
  echo "$case without $term"
  theory=$OUT/$case/without-$term.npz
  pdlt theory "$here/$case.yaml" -o "$theory" --set "theory.omit=[$term]"
  pdlt compare "$theory" "$OUT/$case/measured.npz" -o "$OUT/$case/without-$term"
done

python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
