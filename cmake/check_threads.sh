#!/usr/bin/env bash
# check_threads.sh - every part of the program that uses threads, small, under ThreadSanitizer.
#
#   cmake/check_threads.sh PROGRAM      exit status 0 when there is no report, otherwise 1
#
# PROGRAM is built by clang with PDLT_THREADS. Archer, a part of LLVM's OpenMP, tells the sanitizer of the
# locks, barriers and loops of OpenMP, so nothing is suppressed. Libraries that are not built so (OpenMP
# itself, OpenBLAS, jansson, cairo) are left out: of what happens inside them nothing is known.
set -euo pipefail
program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

archer=$(find -L /usr/lib/llvm-*/lib -maxdepth 1 -name libarcher.so 2>/dev/null | sort -V | tail -n 1)
[[ -n $archer ]] || {
  echo "check_threads: no libarcher.so; install libomp-dev" >&2
  exit 2
}
export OMP_TOOL_LIBRARIES=$archer ARCHER_OPTIONS=verbose=1 OPENBLAS_NUM_THREADS=1
export TSAN_OPTIONS=ignore_noninstrumented_modules=1:second_deadlock_stack=1:exitcode=66

network() { # activation, depth, ensemble, measure
  cat <<YAML
title: "$1, $2 layers, $4"
network: {activation: $1, depth: $2, widths: [4, 6, 8, 12], C_b: 0.1, C_W: 1.2, lambda_b: 0.5}
data: {source: gaussian, inputs: 3, seed: 3, train: 2, test: 1}
training: {eta: {relative: 0.3}, steps: 3, record: [0, 1, 3]}
ensemble: {members: 1024, seed: 5, $3}
measure: [$4]
compare: {degree: 1}
YAML
}
network tanh 3 "estimator: plain, keep: [cov]" "output, kernel, ntk, vertex, ntk_fluctuations" >plain.yaml
network tanh 3 "estimator: antithetic, arithmetic: single" output >single.yaml
network tanh 3 "estimator: two_level" "output, ntk" >two_level.yaml
network sin 3 "estimator: control, keep: [cov]" "output, kernel, ntk" >control.yaml
network tanh 3 "estimator: plain" "output, dntk, ddntk" >dntk.yaml
network relu 2 "estimator: control" "output, crossings" |
  sed 's/C_b: 0.1, C_W: 1.2/C_b: 0, C_W: 2/' >relu.yaml
network tanh 2 "estimator: plain" output >features.yaml
echo "features: {truth: inputs, members: 5, directions: 3, starts: 4}" >>features.yaml
mkdir -p claims/4-vertex
network tanh 2 "estimator: plain" "kernel, vertex" >claims/4-vertex/experiment.yaml
cat >claims/4-vertex/expect.yaml <<'YAML'
claim: "vertex"
equation: "vertex"
text: "vertex"
expect:
  - {quantity: V, test: exact, sabotage: [{omit: V.fresh}, {factor: 1.3}]}
YAML

failed=0
check() { # what is run
  local rc=0
  "$program" "$@" --threads 4 >log 2>&1 || rc=$?
  # 0, 1, 4: the verdict of a small ensemble is of no interest.
  if [[ $rc != [014] ]] || grep -q 'WARNING: ThreadSanitizer' log; then
    cat log
    failed=1
  elif ! grep -q 'Archer detected OpenMP application with TSan' log; then
    echo "check_threads: the sanitizer does not know OpenMP here: $*" >&2
    failed=1
  fi
}
for name in plain single two_level control dntk relu; do
  check train "$name.yaml" -o "$name.npz" --checkpoint 0
done
check theory plain.yaml -o theory.npz
check theory control.yaml -o theory-sin.npz
check theory dntk.yaml -o theory-dntk.npz
check run relu.yaml -o relu
check features features.yaml -o features
check verify --claims claims -o verify
((failed == 0)) && echo "threads: no reports"
exit "$failed"
