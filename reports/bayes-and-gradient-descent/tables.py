#!/usr/bin/env python3
"""tables.py - results of the study as a file, a figure and tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads OUT/CASE.npz and OUT/CASE-slow-FACTOR.npz (theory), OUT/trained-CASE/ and OUT/posterior-CASE/ (runs).
Writes STUDY/result.csv, STUDY/figures/bayes.svg and what stands between the markers of RESULTS.md. Standard
library only. Called by run.sh.
"""
import csv
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import paste, read_array, read_experiment, rms, tests_by_name  # noqa: E402
from svg import COLORS, INK, Panel, write  # noqa: E402

FACTORS = ("0", "0.01", "0.03", "0.1", "0.3", "1", "3", "10")  # of the hidden layers' learning rates
QUANTITIES = {"trained": "z", "posterior": "post_z"}


def difference(a, b):
    return [x - y for x, y in zip(a, b)]


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / (len(a) * rms(a) * rms(b))


class Theory:
    """Means on test samples, at infinite width (lo) and their coefficients of h (nlo)."""

    def __init__(self, path):
        self.train = read_experiment(path)["data"]["train"]
        self.trained_lo, self.trained = self.read(path, "z_end_lo"), self.read(path, "z_end_nlo")
        self.bayes_lo, self.bayes = self.read(path, "post_z_lo"), self.read(path, "post_z_nlo")
        self.last = self.read(path, "last_layer_z_nlo")
        self.ess = read_array(path, "post_ess_exponent")[1][0]

    def read(self, path, name):
        shape, values = read_array(path, name)
        samples = shape[-1]
        return [x for k, x in enumerate(values) if k % samples >= self.train]

    def infinite(self):
        """Distance of the two at infinite width over the size of the posterior mean."""
        return rms(difference(self.trained_lo, self.bayes_lo)) / rms(self.bayes_lo)

    def first_order(self):
        """The same of the coefficients of h, over that of the posterior mean."""
        return rms(difference(self.trained, self.bayes)) / rms(self.bayes)

    def learning(self):
        """Size of representation learning in the posterior mean, over the whole coefficient."""
        return rms(difference(self.bayes, self.last)) / rms(self.bayes)

    def width(self):
        """n at which the difference of order 1/n is as large as that at infinite width."""
        return (rms(difference(self.trained, self.bayes)) /
                rms(difference(self.trained_lo, self.bayes_lo)))


def cases_of(study):
    lines = (line.split() for line in (study / "cases.txt").read_text().splitlines())
    return [fields[0] for fields in lines if fields and not fields[0].startswith("#")]


def read_theory(out, study):
    found = {case: Theory(out / f"{case}.npz") for case in cases_of(study) if (out / f"{case}.npz").exists()}
    for case in cases_of(study):
        if case not in found:
            print(f"{case}: no results, left out of the tables")
    return found


def read_slow(out, found):
    """{case: {factor: theory}} of the cases that have them all."""
    slow = {}
    for case, whole in found.items():
        paths = {f: out / f"{case}-slow-{f}.npz" for f in FACTORS if f != "1"}
        if all(path.exists() for path in paths.values()):
            slow[case] = {f: whole if f == "1" else Theory(paths[f]) for f in FACTORS}
    return slow


def write_csv(path, found, slow):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "hidden_rates", "infinite_width", "first_order", "bayes_lo", "bayes_nlo",
                         "trained_nlo", "last_layer_nlo", "cosine", "learning", "equal_at_n",
                         "post_ess_exponent"])
        for case, whole in found.items():
            for factor, t in (slow.get(case) or {"1": whole}).items():
                equal = t.width() if t.infinite() > 1e-6 else math.inf
                numbers = [t.infinite(), t.first_order(), rms(t.bayes_lo), rms(t.bayes), rms(t.trained),
                           rms(t.last), cosine(t.trained, t.bayes), t.learning(), equal, t.ess]
                writer.writerow([case, factor] + [f"{x:.4g}" for x in numbers])


def table(found):
    yield ("| case | infinite width: distance, % | coefficient of h: Bayes | gradient descent | "
           "last layer alone | distance, of that of Bayes | cosine | representation learning, of that of "
           "Bayes | n where both distances are equal |")
    yield "|---" * 9 + "|"
    for case, t in found.items():
        cells = [case, f"{100 * t.infinite():.2f}", f"{rms(t.bayes):.3g}", f"{rms(t.trained):.3g}",
                 f"{rms(t.last):.3g}", f"{t.first_order():.2f}", f"{cosine(t.trained, t.bayes):+.2f}",
                 f"{t.learning():.2f}", f"{t.width():.0f}"]
        yield "| " + " | ".join(cells) + " |"


def table_of_slow(slow):
    yield ("| case | hidden rates times | infinite width: distance, % | coefficients of h: distance, of that "
           "of Bayes | from that of the last layer alone |")
    yield "|---" * 5 + "|"
    for case, factors in slow.items():
        for factor, t in factors.items():
            last = rms(difference(t.trained, t.last)) / rms(t.bayes)
            yield f"| {case} | {factor} | {100 * t.infinite():.2g} | {t.first_order():.3f} | {last:.2g} |"


class Run:
    """Measured means on test samples with errors, {width: ([mean], [error])}."""

    def __init__(self, folder, quantity):
        path = folder / "measured.npz"
        train = read_experiment(path)["data"]["train"]
        self.tests = tests_by_name(folder)
        self.at = {}
        for width in (int(n) for n in read_array(path, "widths")[1]):
            shape, mean = read_array(path, f"n{width}/{quantity}")
            _, error = read_array(path, f"n{width}/{quantity}_se")
            kept = [k for k in range(len(mean) - math.prod(shape[-2:]), len(mean))
                    if k % shape[-1] >= train]
            self.at[width] = [mean[k] for k in kept], [error[k] for k in kept]


def read_runs(out, found):
    runs = {}
    for case in found:
        folders = {kind: out / f"{kind}-{case}" for kind in QUANTITIES}
        if all((folder / "verdict.json").exists() for folder in folders.values()):
            runs[case] = {kind: Run(folder, QUANTITIES[kind]) for kind, folder in folders.items()}
    return runs


def table_of_runs(found, runs):
    yield ("| case | n | gradient descent less Bayes, first test sample: measured | theory, order 1/n | "
           "infinite width | all test samples: rms measured less theory | statistical |")
    yield "|---" * 7 + "|"
    for case, kinds in runs.items():
        t = found[case]
        lo, nlo = difference(t.trained_lo, t.bayes_lo), difference(t.trained, t.bayes)
        for width in kinds["trained"].at:
            (a, a_se), (b, b_se) = kinds["trained"].at[width], kinds["posterior"].at[width]
            errors = [math.hypot(x, y) for x, y in zip(a_se, b_se)]
            theory = [x + y / width for x, y in zip(lo, nlo)]
            miss = difference(difference(a, b), theory)
            cells = [case, width, f"{a[0] - b[0]:.4f} +- {errors[0]:.4f}"]
            cells += [f"{x:.4f}" for x in (theory[0], lo[0], rms(miss), rms(errors))]
            yield "| " + " | ".join(map(str, cells)) + " |"


def verdicts(runs):
    for case, kinds in runs.items():
        for kind, run in kinds.items():
            quantity = QUANTITIES[kind]
            words = [f"{c} {run.tests[quantity, c]['verdict']}" for c in ("c0", "c1")
                     if (quantity, c) in run.tests]
            yield f"- {case}, {quantity}: {', '.join(words)}."


def draw(path, found, slow, runs):
    panels = []
    infinite = Panel("infinite width", "hidden learning rates times", "distance over size of mean")
    order = Panel("coefficients of h", "hidden learning rates times", "distance over that of Bayes",
                  log_y=False)
    for k, (case, factors) in enumerate(slow.items()):
        positive = [(float(f), t) for f, t in factors.items() if float(f) > 0]
        infinite.add(case, COLORS[k], [(f, t.infinite(), None) for f, t in positive], line=True)
        order.add(case, COLORS[k], [(f, t.first_order(), None) for f, t in positive], line=True)
        order.horizontal(factors["0"].first_order(), COLORS[k])
    panels += [infinite, order] if slow else []
    for case, kinds in runs.items():
        t = found[case]
        panel = Panel(f"{case}, first test sample", "1/n", "mean output", log_x=False, log_y=False)
        for kind, color, lo, nlo in (("trained", COLORS[1], t.trained_lo[0], t.trained[0]),
                                     ("posterior", COLORS[0], t.bayes_lo[0], t.bayes[0])):
            words = {"trained": "gradient descent", "posterior": "Bayes"}[kind]
            widest = 1 / min(kinds[kind].at)
            panel.add(words, color, [(1 / n, m[0], e[0]) for n, (m, e) in kinds[kind].at.items()])
            panel.add(f"{words}, order 1/n", color,
                      [(0, lo, None), (widest, lo + widest * nlo, None)], None, True)
        last = 1 / min(kinds["posterior"].at)
        panel.add("last layer alone, order 1/n", INK,
                  [(0, t.bayes_lo[0], None), (last, t.bayes_lo[0] + last * t.last[0], None)], None, True, "2,3")
        panels.append(panel)
    write(path, panels)


def main(out, study, results):
    (study / "figures").mkdir(exist_ok=True)
    found = read_theory(out, study)
    slow = read_slow(out, found)
    runs = read_runs(out, found)
    write_csv(study / "result.csv", found, slow)
    paste(results, "bayes cases", table(found))
    paste(results, "bayes slow", table_of_slow(slow))
    paste(results, "bayes measured", list(table_of_runs(found, runs)) + [""] + list(verdicts(runs)))
    draw(study / "figures" / "bayes.svg", found, slow, runs)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
