#!/usr/bin/env python3
"""tables.py - results of the study as files, figures and tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads the archives of run.sh in OUT; a part without archives is left out. Writes STUDY/steep.csv,
STUDY/theory.csv, STUDY/figures/*.svg and what stands between the markers of RESULTS.md. Standard
library only. Called by run.sh.
"""
import csv
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import (paste, probability, read_array, read_experiment, rms, short,  # noqa: E402
                    tests_of, with_error)
from svg import COLORS, INK, PALE, Panel, write  # noqa: E402

BETAS = [1, 2, 4, 8, 16, 32, 64]
COLOR = dict(zip(BETAS, COLORS + [PALE]))
STEEPEST = (16, 24)  # the two steepest with a prediction: z_nlo beyond is their straight line
DEPTHS = [2, 3, 4, 5, 6]
SLOPES = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75]
CHECKS = {"check-depth-4": ("depth", 4), "check-slope--1": ("slope", -1),
          "check-slope-0.5": ("slope", 0.5)}


def test_output(path, name):
    """Last number of an array: the test sample at the last time."""
    return read_array(path, name)[1][-1]


class Steep:
    """softplus(beta u)/beta, or relu (beta None): the test sample at the end."""

    def __init__(self, out, beta):
        self.beta, scale = beta, beta or 1
        stem = f"steep-{beta or 'relu'}"
        theory, measured = out / f"{stem}.theory.npz", out / f"{stem}.npz"
        lo = test_output(theory, "z_lo") / scale
        self.rows = []
        for n in read_experiment(measured)["network"]["widths"]:
            z = test_output(measured, f"n{n}/z") / scale
            self.rows.append((n, z - lo, test_output(measured, f"n{n}/z_se") / scale))

    def exponents(self):
        """(n, exponent, error) between neighbouring widths, at their geometric mean, while the
        error is below 0.2."""
        for (n, x, dx), (m, y, dy) in zip(self.rows, self.rows[1:]):
            if x > 0 < y:
                error = math.hypot(dx / x, dy / y) / math.log(m / n)
                if error < 0.2:
                    yield math.sqrt(n * m), math.log(x / y) / math.log(m / n), error


def nlo_of(out, beta):
    return test_output(out / f"steep-{beta}.theory.npz", "z_nlo") / beta


def line_of(out):
    """(a, b): z_nlo/beta = a + b beta through the two steepest."""
    low, high = STEEPEST
    slope = (nlo_of(out, high) - nlo_of(out, low)) / (high - low)
    return nlo_of(out, high) - slope * high, slope


def coefficient(out, beta):
    """(z_nlo/beta, whether theory gives it)."""
    if beta <= STEEPEST[1]:
        return nlo_of(out, beta), True
    a, b = line_of(out)
    return a + b * beta, False


def write_steep(path, cases):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["beta", "width", "distance", "se"])
        for case in cases:
            for n, x, dx in case.rows:
                writer.writerow([case.beta or "relu", n, f"{x:.5g}", f"{dx:.2g}"])


def seen(rows, sigma=3):
    """Points more than sigma errors above 0."""
    return [row for row in rows if row[1] > sigma * row[2]]


def draw_distance(out, cases, half):
    panel = Panel("distance from infinite width, test sample", "n", "mean output/beta, less infinite width")
    for case in cases:
        color = COLOR.get(case.beta, INK)
        label = f"beta = {case.beta}" if case.beta else "ReLU"
        panel.add(label, color, seen(case.rows))
        widths = [n for n, _, _ in case.rows]
        if not case.beta:
            panel.add("", color, [(n, half / math.sqrt(n), None) for n in widths], None, line=True)
            continue
        nlo, known = coefficient(out, case.beta)
        points = [(n, nlo / n, None) for n in widths if 1e-4 < nlo / n < 0.3]
        panel.add("", color, points, None, line=True, dash="" if known else "4,3")
    return panel


def draw_exponent(cases):
    panel = Panel("its local exponent", "n", "- d log distance/d log n", log_y=False)
    for case in cases:
        panel.add("", COLOR.get(case.beta, INK), list(case.exponents()), line=True)
    panel.horizontal(0.5)
    panel.horizontal(1.0)
    return panel


def draw_collapse(out, cases, half):
    panel = Panel("all steepnesses as one", "n/beta^2", "distance n^(1/2)/z_half")
    for case in cases:
        if case.beta and case.beta >= 4:
            panel.add("", COLOR[case.beta], [(n / case.beta**2, x * math.sqrt(n) / half,
                      dx * math.sqrt(n) / half) for n, x, dx in seen(case.rows)])
    a, b = line_of(out)
    panel.add("", PALE, [(x, b / half / math.sqrt(x), None) for x in (b * b / half / half, 10)],
              None, line=True, dash="4,3")
    panel.horizontal(1.0)
    return panel


def draw_coefficient(out):
    panel = Panel("coefficient of 1/n, theory", "beta", "z_nlo/beta, test sample")
    known = [(b, nlo_of(out, b), None) for b in BETAS + [24] if b <= STEEPEST[1]]
    panel.add("", INK, known)
    a, b = line_of(out)
    panel.add("", INK, [(x, a + b * x, None) for x in (1, 2, 4, 8, 16, 32, 64)], None, line=True,
              dash="4,3")
    return panel


def table_of_steep(out, cases, half):
    steps = [(16, 32), (64, 128), (512, 1024)]
    yield ("| beta | z_nlo/beta | n\\* | " +
           " | ".join(f"exponent, n = {n} to {m}" for n, m in steps) + " |")
    yield "|---" * (3 + len(steps)) + "|"
    for case in cases:
        cells = [str(case.beta or "ReLU"), "", ""]
        if case.beta:
            nlo, known = coefficient(out, case.beta)
            sign = "" if known else "~ "
            cells[1:] = [f"{sign}{nlo:.2f}", f"{sign}{short((nlo / half) ** 2)}"]
        found = {round(x): " +- ".join(with_error(y, e)) for x, y, e in case.exponents()}
        cells += [found.get(round(math.sqrt(n * m)), "") for n, m in steps]
        yield "| " + " | ".join(cells) + " |"


def samples_of(path, name="z_half"):
    """Numbers of each sample, one output, at the last time."""
    shape, values = read_array(path, name)
    return values[-shape[-1]:]


def checked(out, case):
    """(fit, error, theory) of c1 of each sample at the last time."""
    with open(out / case / "comparison.csv") as file:
        rows = [row for row in csv.DictReader(file)
                if row["quantity"] == "z" and row["width"] == "" and row["c1_fit"]]
    return [tuple(float(row[k]) for k in ("c1_fit", "c1_fit_se", "c1_theory")) for row in rows]


def draw_samples(out, kind, values, title, x_label):
    """z_half of each sample; measured points hollow."""
    panel = Panel(title, x_label, "z_half", log_x=False, log_y=False)
    theory = [samples_of(out / f"{kind}-{value}.theory.npz") for value in values]
    for a in range(len(theory[0])):
        label = f"sample {a}" if a < 3 else "test sample"
        panel.add(label, COLORS[a], [(v, z[a], None) for v, z in zip(values, theory)], None, line=True)
        for case, (of, value) in CHECKS.items():
            if of == kind and (out / case / "comparison.csv").exists():
                fit, error, _ = checked(out, case)[a]
                panel.add("", COLORS[a], [(value, fit, error)], hollow={value})
    panel.horizontal(0)
    return panel


def draw_layers(out):
    panel = Panel("its layers, rms over samples", "hidden layer", "z_half/layer", log_x=False, log_y=False)
    for depth, color in zip(DEPTHS, COLORS):
        path = out / f"depth-{depth}.theory.npz"
        panel.add(f"depth {depth}", color, [(l, rms(samples_of(path, f"z_half/layer{l}")), None)
                  for l in range(1, depth)], line=True)
    return panel


def draw_parts(out):
    panel = Panel("its parts, rms over samples", "depth", "part of z_half", log_x=False, log_y=False)
    for part, marker in zip(("crossing", "pushed", "others"), ("square", "triangle", "down")):
        panel.add(part, INK, [(d, rms(samples_of(out / f"depth-{d}.theory.npz", f"z_half/{part}")), None)
                  for d in DEPTHS], marker, line=True)
    return panel


def write_theory(out, path):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "array", "sample0", "sample1", "sample2", "test", "error"])
        cases = [f"depth-{d}" for d in DEPTHS] + [f"slope-{a}" for a in SLOPES]
        for case in cases:
            theory = out / f"{case}.theory.npz"
            error = read_array(theory, "err/z_half")[1][0]
            layers = range(1, read_experiment(theory)["network"]["depth"])
            for name in ["z_half"] + [f"z_half/layer{l}" for l in layers]:
                writer.writerow([case, name] + [f"{z:.5g}" for z in samples_of(theory, name)] +
                                ([f"{error:.2g}"] if name == "z_half" else [""]))


def table_of_checks(out):
    yield "| case | sample | theory | measured | z |"
    yield "|---|---|---|---|---|"
    for case in CHECKS:
        for a, (fit, error, theory) in enumerate(checked(out, case)):
            yield (f"| {case[6:].replace('-', ' ', 1)} | {a if a < 3 else 'test'} | {theory:.4f} | "
                   f"{' +- '.join(with_error(fit, error))} | {(fit - theory) / error:+.1f} |")


def table_of_mnist(out):
    yield "| test | verdict | p | null hypothesis, errors away | agrees within |"
    yield "|---|---|---|---|---|"
    for test in tests_of(out / "mnist"):
        if "bias" in test["quantity"] or "variance" in test["quantity"]:
            continue
        bound = test.get("bound")
        within = f"{100 * bound:.2g} %" if bound is not None and bound < 10 else ""
        yield (f"| {test['quantity']} {test['coefficient']} | {test['verdict']} | "
               f"{probability(test['p'])} | {short(test['null_z'])} | {within} |")


def table_of_explain(out):
    yield "| n | z, h^(1/2) z_half, % | NTK | test loss | measured: z of the test samples, % |"
    yield "|---|---|---|---|---|"
    theory, measured = out / "mnist/theory.npz", out / "mnist/measured.npz"
    train = read_experiment(measured)["data"]["train"]
    lo = samples_of(theory, "z_lo")[train:]
    for width in json.loads((out / "mnist.json").read_text())["widths"]:
        z = samples_of(measured, f"n{width['width']}/z")[train:]
        cells = [width["width"]] + [f"{100 * width[k]:.2f}" for k in
                                    ("correction_z", "correction_ntk", "correction_loss_test")]
        cells.append(f"{100 * rms([a - b for a, b in zip(z, lo)]) / rms(lo):.2f}")
        yield "| " + " | ".join(map(str, cells)) + " |"


def main(out, study, results):
    (study / "figures").mkdir(exist_ok=True)
    if (out / f"steep-{BETAS[-1]}.npz").exists():
        cases = [Steep(out, beta) for beta in BETAS + [None]]
        half = test_output(out / "steep-relu.theory.npz", "z_half")
        write_steep(study / "steep.csv", cases)
        write(study / "figures/steep.svg", [draw_distance(out, cases, half), draw_exponent(cases),
              draw_collapse(out, cases, half), draw_coefficient(out)])
        paste(results, "kinks steep", table_of_steep(out, cases, half))
    if all((out / f"depth-{d}.theory.npz").exists() for d in DEPTHS):
        write_theory(out, study / "theory.csv")
        write(study / "figures/depth.svg", [
            draw_samples(out, "depth", DEPTHS, "ReLU against depth", "depth"), draw_layers(out),
            draw_samples(out, "slope", SLOPES, "leaky ReLU, depth 2", "slope a of the negative side"),
            draw_parts(out)])
    if all((out / case / "comparison.csv").exists() for case in CHECKS):
        paste(results, "kinks checks", table_of_checks(out))
    if (out / "mnist/verdict.json").exists():
        paste(results, "kinks mnist", table_of_mnist(out))
        paste(results, "kinks explain", table_of_explain(out))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
