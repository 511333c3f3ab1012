#!/usr/bin/env bash
# cost_skips.sh - processor time of networks with skip connections over that of the same network without: theory at
# order 1/n and training.
#
#   bench/cost_skips.sh [PROGRAM] [REPEATS]     one thread; some minutes; a table on standard output
#
# Is: user seconds of whole commands (getrusage, bash's time), with and without skips in turns, the median of
# REPEATS (default 3) of each and of the ratios of pairs. Other work on the machine changes ratios little.
# Is not: a test, or a wall clock.
set -euo pipefail
program=$(realpath "${1:-build/cli/pdlt}")
repeats=${2:-3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OPENBLAS_NUM_THREADS=1
cat >theory.yaml <<'YAML'
network: {activation: gelu, depth: 4, widths: [64], C_b: 0.1, C_W: 0.8, skip: 0}
data: {source: gaussian, inputs: 16, train: 3, test: 1, seed: 1}
training: {eta: {relative: 0.3}, steps: 20, record: [20]}
YAML
cat >train.yaml <<'YAML'
network: {activation: tanh, depth: 4, widths: [64], C_b: 0.1, C_W: 0.8, skip: 0}
data: {source: gaussian, inputs: 16, train: 12, test: 4, seed: 1}
training: {eta: {relative: 0.3}, steps: 100, record: [100]}
ensemble: {members: 1024, estimator: plain}
YAML

# User seconds of one run.
seconds() { # command, settings...
  local command=$1 TIMEFORMAT=%U
  shift
  { time "$program" "$command" "$command.yaml" -o out.npz --force --quiet --threads 1 "$@" 1>&2; } 2>&1
}

median() { sort -g | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }

# A row: medians without and with skips, and of their ratios.
row() { # name, command, settings...
  local name=$1 command=$2 k
  shift 2
  rm -f plain skip ratio
  for ((k = 0; k < repeats; k++)); do
    seconds "$command" "$@" >>plain
    seconds "$command" "$@" --set network.skip=0.7 >>skip
  done
  paste plain skip | awk '{ print $2 / $1 }' >ratio
  awk -v n="$name" -v a="$(median <plain)" -v b="$(median <skip)" -v r="$(median <ratio)" \
    'BEGIN { printf "| %s | %.2f | %.2f | %.2g |\n", n, a, b, r }'
}

echo "| user seconds | without | gamma = 0.7 | ratio |"
echo "|---|---|---|---|"
for depth in 4 6 10; do
  row "theory, GELU, L = $depth, D = 4" theory --set "network.depth=$depth"
done
row "theory, GELU, L = 4, D = 8" theory --set data.train=6 --set data.test=2
row "theory, tanh, L = 4, D = 4" theory --set network.activation=tanh
row "theory, ReLU, L = 10, D = 4, initialization" theory --set network.activation=relu --set network.depth=10 \
  --set training.steps=0 --set 'training.record=[0]'
for depth in 4 10; do
  row "training, tanh, L = $depth, n = 64, 1024 networks, 100 steps" train --set "network.depth=$depth"
done
row "training, tanh, L = 4, n = 16, 8192 networks, 100 steps" train --set 'network.widths=[16]' \
  --set ensemble.members=8192
row "training, single, L = 4, n = 64, 1024 networks, 100 steps" train --set ensemble.arithmetic=single
