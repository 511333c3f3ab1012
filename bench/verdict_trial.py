#!/usr/bin/env python3
"""verdict_trial.py - is a true theory refuted, within the reach of the expansion and at its edge?

Is: the experiments bench/verdict_trial/NN-name.yaml, whose theory is right, through `pdlt compare`: a table
of verdicts and of what they rest on. Is not: part of the tests; the false alarms of one small experiment with
many seeds (false_alarms.py).

    bench/verdict_trial.py ARCHIVES [--make] [--only 03,07] [--brief] [--keep DIR] [--threads 2]
                           [--pdlt build/cli/pdlt] [--experiments bench/verdict_trial] [-- ARGUMENT...]

ARCHIVES holds a folder NN-name with theory.npz and measured.npz for each experiment. --make makes those that
are missing, which takes an hour or two of two cores; training that was interrupted goes on where it stopped.
--only: experiments whose names begin so. --brief: of the tests only those that disagree. --keep: what
`pdlt compare` writes stays in DIR/NN-name. All after -- goes to `pdlt compare`, such as --set
compare.degree=3.

A line per test: quantity, coefficient, verdict, p, worst_z, null_z, and for each key of EXTRA that
verdict.json has its value; a line per width of `reach`. At the end how many comparisons agree, are undecided
and disagree, and their tests. Exit status: 0, 1 when one disagrees, 2 when a program failed or an archive is
missing."""
import argparse
import collections
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLAIN = ["p", "worst_z", "null_z", "fit_p"]
EXTRA = ["statistical", "numerical", "truncation", "bound"]
WORDS = ["agree", "undecided", "disagree"]


def arguments(argv):
    """Options, and what goes to `pdlt compare`."""
    cut = argv.index("--") if "--" in argv else len(argv)
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archives")
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--keep")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pdlt", default=os.path.join(ROOT, "build/cli/pdlt"))
    parser.add_argument("--experiments", default=os.path.join(ROOT, "bench/verdict_trial"))
    return parser.parse_args(argv[:cut]), argv[cut + 1:]


def chosen(options):
    """Paths of the experiments, by number."""
    starts = tuple(s for s in options.only.split(",") if s) or ("",)
    files = sorted(glob.glob(os.path.join(options.experiments, "[0-9][0-9]-*.yaml")))
    return [f for f in files if os.path.basename(f).startswith(starts)]


def make(options, experiment, folder):
    """Theory and training of one experiment, where they are missing."""
    os.makedirs(folder, exist_ok=True)
    for command, file in (("theory", "theory.npz"), ("train", "measured.npz")):
        path = os.path.join(folder, file)
        if os.path.exists(path):
            continue
        start = time.time()
        done = subprocess.run([options.pdlt, command, experiment, "-o", path, "--quiet", "--threads",
                               str(options.threads)], capture_output=True, text=True)
        if done.returncode:
            sys.stderr.write(done.stderr)
            sys.exit(2)
        print(f"made {path}: {time.time() - start:.1f} s", flush=True)


def compare(options, extra, folder, target):
    """verdict.json of one pair of archives, None when there is none."""
    pair = [os.path.join(folder, file) for file in ("theory.npz", "measured.npz")]
    done = subprocess.run([options.pdlt, "compare", *pair, "-o", target, "--quiet", *extra],
                          capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.stderr.write(done.stderr)
        return None
    with open(os.path.join(target, "verdict.json")) as file:
        return json.load(file)


def shown(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f"{value:.3g}"
    return "-" if value is None else str(value)


def test_lines(verdict, brief):
    """One line per test; with brief only those that disagree."""
    tests = verdict["tests"]
    names = PLAIN + [key for key in EXTRA if any(key in t for t in tests)]
    lines = [f"  {'test':26}{'verdict':11}" + "".join(f"{n:>12}" for n in names)]
    for t in tests:
        if not brief or t["verdict"] == "disagree":
            lines.append(f"  {t['quantity'] + ' ' + t['coefficient']:26}{t['verdict']:11}" +
                         "".join(f"{shown(t.get(n)):>12}" for n in names))
            if t["verdict"] == "disagree":
                lines.append(f"      {t['reason']}")
    return lines if len(lines) > 1 else []


def reach_lines(verdict):
    """One line per width: all keys that verdict.json has."""
    return ["  reach " + ", ".join(f"{key} {shown(value)}" for key, value in row.items())
            for row in verdict.get("reach") or []]


def report(options, extra):
    """The table; counts of verdicts of comparisons and of tests, number of failures."""
    comparisons, tests, failed = collections.Counter(), collections.Counter(), 0
    for experiment in chosen(options):
        name = os.path.basename(experiment)[:-len(".yaml")]
        folder = os.path.join(options.archives, name)
        if options.make:
            make(options, experiment, folder)
        with tempfile.TemporaryDirectory() as scratch:
            target = os.path.join(options.keep, name) if options.keep else os.path.join(scratch, name)
            os.makedirs(target, exist_ok=True)
            verdict = compare(options, extra, folder, target)
        if verdict is None:
            failed += 1
            print(f"{name}: no comparison", flush=True)
            continue
        comparisons[verdict["verdict"]] += 1
        for t in verdict["tests"]:
            tests[t["verdict"]] += 1
        lines = [f"{name}: {verdict['verdict']}", *test_lines(verdict, options.brief)]
        print("\n".join(lines + ([] if options.brief else reach_lines(verdict))), flush=True)
    return comparisons, tests, failed


def main():
    options, extra = arguments(sys.argv[1:])
    comparisons, tests, failed = report(options, extra)
    for what, counts in (("comparisons", comparisons), ("tests", tests)):
        print(f"{what}: " + ", ".join(f"{counts[word]} {word}" for word in WORDS))
    if failed:
        print(f"without a comparison: {failed}")
    return 2 if failed else int(comparisons["disagree"] > 0)


if __name__ == "__main__":
    sys.exit(main())
