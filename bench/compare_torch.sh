#!/usr/bin/env bash
# compare_torch.sh - bench_train and the same work in PyTorch, one after the other.
#
#   bench/compare_torch.sh [--width N] [--hidden N] [--inputs N] [--samples N] [--steps S]
#                          [--networks M] [--threads T] [--precision double|single]
#
# Installs Debian's python3-torch when it is missing. PyTorch runs with the best of OpenBLAS's
# cores that this processor can run. Needs build/bench/bench_train (./bootstrap build).
set -euo pipefail
cd "$(dirname "$0")/.."

python=/usr/bin/python3
if ! "$python" -c 'import torch' 2>/dev/null; then
  as_root=()
  ((EUID == 0)) || as_root=(sudo)
  echo "== installing python3-torch" >&2
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends python3-torch libopenblas0-pthread >/dev/null
fi

"$python" - <<'END'
import os, torch
with open("/proc/self/maps") as maps:  # what is loaded
    files = {line.split()[-1] for line in maps if "blas" in os.path.basename(line.split()[-1])}
print("torch %s, BLAS %s" % (torch.__version__, ", ".join(sorted(map(os.path.basename, files)))))
END

rate_of() { "$python" -c 'import json, sys; print(json.load(sys.stdin)["network_steps_per_second"])'; }

cores=(Haswell)
grep -qw avx512dq /proc/cpuinfo && cores+=(SkylakeX)
best=''
for core in "${cores[@]}"; do
  line=$(OPENBLAS_CORETYPE=$core OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 \
    "$python" bench/compare_torch.py "$@")
  echo "torch ($core): $line"
  rate=$(rate_of <<<"$line")
  best=$(printf '%s\n%s\n' "$best" "$rate" | sort -g | tail -n 1)
done
line=$(build/bench/bench_train --json --threads 2 "$@")
echo "bench_train: $line"
ours=$(rate_of <<<"$line")
awk -v a="$ours" -v b="$best" 'BEGIN { printf "ratio %.2f\n", a / b }'
