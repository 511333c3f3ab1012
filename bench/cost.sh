#!/usr/bin/env bash
# cost.sh - processor time of pdlt train per network against n, L - 2, D and t, the
# precision of the coefficient of 1/n against members, and exponents fitted to each.
#
#   bench/cost.sh [PROGRAM]        one thread; a few minutes; CSV on standard output; needs python3
#
# Is: measured processor seconds (user) of whole runs, less those of a run with fewer members.
# Is not: a test, or a wall clock: other work on the machine changes little.
set -euo pipefail
program=$(realpath "${1:-build/cli/pdlt}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OPENBLAS_NUM_THREADS=1
cat >e.yaml <<'YAML'
network: {activation: tanh, depth: 4, widths: [64], C_b: 0.1, C_W: 1.2}
data: {source: gaussian, inputs: 16, train: 12, test: 4}
training: {eta: {relative: 0.5}, steps: 100, record: [100]}
ensemble: {members: 64, estimator: plain}
YAML

# Processor seconds of a run with so many members and settings.
seconds() { # members, settings...
  local members=$1 TIMEFORMAT=%U
  shift
  rm -f out.npz
  { time "$program" train e.yaml -o out.npz --quiet --threads 1 \
    --set ensemble.members="$members" "$@" 1>&2; } 2>&1
}

# One point: seconds per network at x, by the difference of two runs.
point() { # name, x, members, settings...
  local name=$1 x=$2 members=$3 few many
  shift 3
  few=$(seconds "$((members / 4))" "$@")
  many=$(seconds "$members" "$@")
  awk -v n="$name" -v x="$x" -v m="$members" -v a="$few" -v b="$many" \
    'BEGIN { printf "%s,%s,%.3e\n", n, x, (b - a) / (0.75 * m) }'
}

# To how many percent c1 is known, from the metadata of a run with `until`.
percent() { # file
  python3 - "$1" <<'END'
import json, sys, zipfile
raw = zipfile.ZipFile(sys.argv[1]).read("meta.npy")
meta = json.loads(raw[10 + int.from_bytes(raw[8:10], "little"):])
print("%.2g" % (100 * meta["until"]["relative"]))
END
}

{
  echo "quantity,x,value"
  for n in 16 32 64 128 256; do
    point seconds_n "$n" "$((2097152 / (n * n + 1024)))" --set "network.widths=[$n]"
  done
  for depth in 3 4 6 10; do
    point seconds_L-2 "$((depth - 2))" "$((3072 / depth))" --set "network.depth=$depth"
  done
  for train in 8 16 32 64; do
    point seconds_D "$train" "$((8192 / train))" --set "data.train=$train" --set data.test=0
  done
  for steps in 50 100 200 400; do
    point seconds_t "$steps" "$((81920 / steps))" --set "training.steps=$steps" \
      --set "training.record=[$steps]"
  done
  for members in 2048 2880 4096 5760 8192 11520 16384; do
    "$program" train e.yaml -o until.npz --quiet --force --threads 1 \
      --set 'network.widths=[6, 8, 12, 16]' --set network.depth=3 --set training.steps=10 \
      --set 'training.record=[10]' --set ensemble.estimator=antithetic --set \
      "ensemble.members={until: {quantity: z, relative: 1e-5, scale: 1, max_members: $members}}"
    echo "error_members,$members,$(percent until.npz)"
  done
} | tee table.csv

# Exponents: least squares on logarithms; for n also of the two widest alone.
awk -F, 'NR > 1 { lx = log($2); ly = log($3); c[$1]++; sx[$1] += lx; sy[$1] += ly
           sxx[$1] += lx * lx; sxy[$1] += lx * ly
           last[$1] = (ly - py[$1]) / (lx - px[$1] + 1e-300); px[$1] = lx; py[$1] = ly }
         END { for (k in c) printf "exponent %s: %.2f, of the last two points %.2f\n", k,
               (c[k] * sxy[k] - sx[k] * sy[k]) / (c[k] * sxx[k] - sx[k] * sx[k]), last[k] }' \
  table.csv | sort
