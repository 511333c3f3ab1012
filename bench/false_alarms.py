#!/usr/bin/env python3
"""false_alarms.py - how often does verify refute what is true?

Is: a small suite of true claims run with many seeds; how often p falls below given levels
and how often a claim disagrees, against what is stated. Is not: part of the tests.

    bench/false_alarms.py [--runs 200] [--members 2048] [--pdlt build/cli/pdlt]"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

NETWORK = """network: {activation: %s, depth: %d, widths: %s, C_b: 0.1, C_W: 1.4, lambda_b: 0.3}
data: {source: gaussian, inputs: 3, seed: 3, train: 2}
training: {eta: {relative: 0.3}, steps: %d}
measure: [%s]
compare: {degree: %d}
"""
SUITE = {
    "4-exact": (NETWORK % ("tanh", 2, "[3, 5, 8, 12]", 1, "kernel, vertex", 1), """
  - {quantity: K, test: exact, sabotage: [{factor: 2}]}
  - {quantity: V, test: exact, sabotage: [{factor: 2}]}
  - {quantity: V, test: limit, sabotage: [{factor: 2}]}"""),
    "8-ntk": (NETWORK % ("erf", 2, "[3, 5, 8, 12]", 1, "ntk", 1), """
  - {quantity: Theta, test: exact, sabotage: [{factor: 2}]}
  - {quantity: Theta, test: limit, sabotage: [{factor: 2}]}"""),
    "10-outputs": (NETWORK % ("linear", 2, "[24, 32, 48, 96]", 3, "output", 2), """
  - {quantity: z, test: limit, time: last, sabotage: [{factor: 2}]}
  - {quantity: z, test: slope, time: last, sabotage: [{infinite_width: true}]}"""),
}


def write_suite(folder):
    for name, (experiment, expect) in SUITE.items():
        own = os.path.join(folder, name)
        os.makedirs(own)
        with open(os.path.join(own, "experiment.yaml"), "w") as file:
            file.write(experiment)
        with open(os.path.join(own, "expect.yaml"), "w") as file:
            file.write(f"claim: true\nequation: none\ntext: calibration\nexpect:{expect}\n")


def run_once(pdlt, claims, out, seed, members):
    done = subprocess.run([pdlt, "verify", "--claims", claims, "-o", out, "--quiet", "--json",
                           "--threads", "2", "--set", f"ensemble.seed={seed}", "--set",
                           f"ensemble.members={members}"], capture_output=True, text=True)
    if done.returncode not in (0, 1, 4):
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--members", type=int, default=2048)
    parser.add_argument("--pdlt", default=os.path.join(ROOT, "build/cli/pdlt"))
    options = parser.parse_args()
    p, disagree, undecided, claims_run = {}, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        claims = os.path.join(folder, "claims")
        write_suite(claims)
        for seed in range(1, options.runs + 1):
            for claim in run_once(options.pdlt, claims, os.path.join(folder, str(seed)), seed,
                                  options.members):
                claims_run += 1
                disagree += claim["verdict"] == "disagree"
                undecided += claim["verdict"] == "undecided"
                for number in claim["numbers"]:
                    if number["p"] is not None:
                        p.setdefault((claim["claim"], number["expectation"]), []).append(number["p"])
    print(f"{claims_run} claims in {options.runs} runs, {options.members} members per width: "
          f"{disagree} disagree, {undecided} undecided\n")
    levels = [0.1, 0.01, 0.001]
    print("| test | " + " | ".join(f"p < {x}" for x in levels) + " |\n|---|" + "---|" * len(levels))
    rows = list(p.items()) + [(("all", ""), [x for values in p.values() for x in values])]
    for (claim, test), values in rows:
        shares = [sum(v < x for v in values) / len(values) for x in levels]
        print(f"| {claim} {test} | " + " | ".join(
            f"{s:.3f} +- {math.sqrt(x * (1 - x) / len(values)):.3f}" for s, x in zip(shares, levels))
            + " |")


if __name__ == "__main__":
    main()
