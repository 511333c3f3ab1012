#!/usr/bin/env python3
"""false_alarms.py - how often does a comparison refute what is true, with real networks?

Is: small experiments trained with many seeds and compared; how often p falls below given levels,
how often a comparison of several tests disagrees, against what is stated, and whether p is
uniform (Kolmogorov-Smirnov). Is not: part of the tests; the bootstrap (bench_false_alarms.c).

    bench/false_alarms.py OUT [--first 1] [--runs 200] [--threads 2] [--pdlt build/cli/pdlt]

Seeds first .. runs. OUT keeps one small file per seed: the same command goes on where it stopped, and
several may work on different seeds."""
import argparse
import json
import math
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUITE = {
    "tanh-3": """title: "false alarms: tanh, depth 3, pairs"
network: {activation: tanh, depth: 3, widths: [16, 24, 32, 48, 64], C_b: 0.1, C_W: 1.2, lambda_b: 0.5}
data: {source: gaussian, inputs: 3, seed: 3, train: 2, test: 1}
training: {eta: {relative: 0.3}, steps: 4, record: [4]}
ensemble: {members: 4096, estimator: antithetic}
measure: [output, kernel, ntk, vertex]
measure_samples: 2
compare: {degree: 3}
""",
    "sin-2": """title: "false alarms: sin, depth 2, single networks, fluctuations of the NTK"
network: {activation: sin, depth: 2, widths: [12, 16, 20, 28, 40], C_b: 0.2, C_W: 1.2, lambda_b: 0.5}
data: {source: gaussian, inputs: 3, seed: 5, train: 2, test: 1}
training: {eta: {relative: 0.3}, steps: 4, record: [2, 4]}
ensemble: {members: 4096, estimator: plain}
measure: [output, ntk_fluctuations, vertex]
measure_samples: 2
compare: {degree: 3}
""",
}
LEVELS = [0.1, 0.01, 0.001]
FAMILY = [0.1, 0.01, 1e-3, 1e-4]


def call(options, *arguments):
    done = subprocess.run([options.pdlt, *arguments, "--quiet"], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)


def run_once(options, name, seed):
    """[[quantity, coefficient, p, bad fit], ...] of one comparison, from OUT when it is there."""
    kept = os.path.join(options.out, f"{name}-{seed}.json")
    if os.path.exists(kept):
        with open(kept) as file:
            return json.load(file)
    folder, text = os.path.join(options.out, f"run-{seed}"), os.path.join(options.out, f"{name}.yaml")
    theory, measured = text[:-5] + ".npz", os.path.join(folder, "measured.npz")
    if not os.path.exists(theory):  # the same for all seeds
        with open(text, "w") as file:
            file.write(SUITE[name])
        call(options, "theory", text, "-o", theory)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    call(options, "train", text, "-o", measured, "--threads", str(options.threads),
         "--set", f"ensemble.seed={seed}")
    call(options, "compare", theory, measured, "-o", folder)
    with open(os.path.join(folder, "verdict.json")) as file:
        tests = [[t["quantity"], t["coefficient"], t["p"], t["fit_p"] is not None and t["fit_p"] < 0.001]
                 for t in json.load(file)["tests"] if t["p"] is not None]
    with open(kept + ".partial", "w") as file:
        json.dump(tests, file)
    os.rename(kept + ".partial", kept)
    shutil.rmtree(folder)
    return tests


def uniformity(values):
    """Kolmogorov-Smirnov distance from uniform, and its probability."""
    values, count = sorted(values), len(values)
    distance = max(max((i + 1) / count - v, v - i / count) for i, v in enumerate(values))
    x = (math.sqrt(count) + 0.12 + 0.11 / math.sqrt(count)) * distance
    tail = 1.0 if x < 0.3 else 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x)
                                       for k in range(1, 101))
    return distance, min(max(tail, 0.0), 1.0)


def rows(p):
    for (name, quantity, coefficient), values in p.items():
        shares = [sum(v < x for v in values) / len(values) for x in LEVELS]
        distance, tail = uniformity(values)
        yield (f"| {name} {quantity} {coefficient} | " +
               " | ".join(f"{s:.3f} +- {math.sqrt(x * (1 - x) / len(values)):.3f}"
                          for s, x in zip(shares, LEVELS)) + f" | {distance:.3f} ({tail:.2g}) |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pdlt", default=os.path.join(ROOT, "build/cli/pdlt"))
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    p, refuted, comparisons, bad, tests_done = {}, [0] * len(FAMILY), 0, 0, 0
    for seed in range(options.first, options.runs + 1):
        for name in SUITE:
            tests = run_once(options, name, seed)
            smallest = min([t[2] for t in tests if not t[3]], default=1) * len(tests)
            refuted = [r + (smallest < level) for r, level in zip(refuted, FAMILY)]
            comparisons += 1
            tests_done += len(tests)
            bad += sum(t[3] for t in tests)
            for quantity, coefficient, value, _ in tests:
                p.setdefault((name, quantity, coefficient), []).append(value)
    print(f"{options.runs - options.first + 1} runs, {comparisons} comparisons, {tests_done} tests. Comparisons that "
          "disagree at a family-wise level, and at most expected: " +
          ", ".join(f"{level:g}: {r} ({level * comparisons:g})"
                    for level, r in zip(FAMILY, refuted)) +
          f". Bad fits (p < 0.001): {bad} ({0.001 * tests_done:.1f} expected).\n")
    print("| test | " + " | ".join(f"p < {x}" for x in LEVELS) +
          " | distance from uniform (its p) |\n|---|" + "---|" * (len(LEVELS) + 1))
    p[("all", "", "")] = [v for values in p.values() for v in values]
    print("\n".join(rows(p)))


if __name__ == "__main__":
    main()
