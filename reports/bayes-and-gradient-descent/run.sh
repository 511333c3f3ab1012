#!/usr/bin/env bash
# Runs the study: theory of every case, of two with hidden layers that learn at other rates, the measured
# cases, then result.csv, the figure and the tables in docs/results.md. Go on after an interruption with the
# same command.
#   run.sh [theory|slow|measured|tables]...   only these parts, default all
#   PDLT      the program          (default: build/cli/pdlt)
#   OUT       where archives go    (default: out-bayes, not under version control)
#   THREADS   threads              (default: 2)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PDLT=${PDLT:-$root/build/cli/pdlt}
OUT=${OUT:-$root/out-bayes}
THREADS=${THREADS:-2}
mkdir -p "$OUT"

# A verdict "disagree" (exit 1) is a result; anything above is a failure.
pdlt() {
  "$PDLT" "$@" --quiet --threads "$THREADS" >"$OUT/last.log" 2>&1 || [[ $? == 1 ]] || {
    cat "$OUT/last.log" >&2
    exit 3
  }
}

# rates DEPTH C FACTOR: [FACTOR C, ..., FACTOR C, C], learning rates of the layers.
rates() {
  local slow list=
  slow=$(python3 -c "print($2 * $3)")
  for ((layer = 1; layer < $1; layer++)); do list+="$slow, "; done
  echo "[$list$2]"
}

# settings ACTIVATION DEPTH C_B C_W FACTOR
settings() {
  printf -- '--set\n%s\n' "network.activation=$1" "network.depth=$2" "network.C_b=$3" "network.C_W=$4" \
    "network.lambda_b=$(rates "$2" "$3" "$5")" "network.lambda_W=$(rates "$2" "$4" "$5")"
}

theory() {
  local file=$OUT/$1.npz
  shift
  if [[ $file -nt $here/experiment.yaml ]]; then return; fi
  mapfile -t own < <(settings "$@")
  pdlt theory "$here/experiment.yaml" -o "$file" "${own[@]}"
}

run_theory() {
  while read -r case activation depth c_b c_w _; do
    theory "$case" "$activation" "$depth" "$c_b" "$c_w" 1
  done < <(grep -v '^#' "$here/cases.txt")
}

run_slow() {
  while read -r case activation depth c_b c_w measured; do
    if [[ $measured != *s* ]]; then continue; fi
    for factor in 0 0.01 0.03 0.1 0.3 3 10; do
      theory "$case-slow-$factor" "$activation" "$depth" "$c_b" "$c_w" "$factor"
    done
  done < <(grep -v '^#' "$here/cases.txt")
}

run_measured() {
  while read -r case activation depth c_b c_w measured; do
    mapfile -t own < <(settings "$activation" "$depth" "$c_b" "$c_w" 1)
    if [[ $measured == *t* ]]; then pdlt run "$here/experiment.yaml" -o "$OUT/trained-$case" "${own[@]}"; fi
    if [[ $measured == *p* ]]; then
      pdlt run "$here/experiment.yaml" -o "$OUT/posterior-$case" "${own[@]}" \
        --set "measure=[posterior]" --set ensemble.members=16384
    fi
  done < <(grep -v '^#' "$here/cases.txt")
}

if [[ $# == 0 ]]; then set -- theory slow measured tables; fi
for part in "$@"; do
  if [[ $part == tables ]]; then
    python3 "$here/tables.py" "$OUT" "$here" "$root/docs/results.md"
  else
    "run_$part"
  fi
done
