#!/usr/bin/env python3
"""tables.py - results of the study as a file, a figure and tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads the results of run.sh in OUT. Writes STUDY/result.csv, STUDY/figures/effective-features.svg and what
stands between the markers of RESULTS.md. Standard library only. Called by run.sh.
"""
import csv
import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import paste, read_array, with_error  # noqa: E402
from svg import COLORS, Panel, write  # noqa: E402

# Folder, structure in features.npz, title.
STUDIES = (("parity", "first", "parity"), ("waves", "first", "waves of a and of b"),
           ("sums", "sum", "waves of a + b"), ("superposition", "first", "superposition"))
CANDIDATES = (("k_E", "NTK at the end"), ("k", "NTK at the start"), ("k_E_rotated", "the same, rotated"),
              ("change", "change of the NTK"), ("random_features", "random feature directions"),
              ("weights", "single weights"), ("neurons", "single neurons"),
              ("preactivations", "preactivations"), ("pca", "components of activations"),
              ("directions", "directions of activations"), ("inputs", "components of inputs"),
              ("outputs", "components of outputs"))
SCORES = "ABP"
DRAWS, ENOUGH = 10, 4
KERNELS = ("k", "k_E", "k_sharp", "midpoint", "secant")


def mean_and_error(values):
    mean = sum(values) / len(values)
    square = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
    return mean, math.sqrt(square / len(values))


def scores_of(folder, structure):
    """{candidate: (A, B, P)} of one draw of the data, means over its networks."""
    told = json.loads((folder / "features.json").read_text())
    candidates = {s["name"]: s["candidates"] for s in told["structures"]}[structure]
    return {c["name"]: [c[score]["mean"] for score in SCORES] for c in candidates}


class Study:
    def __init__(self, out, name, structure, title):
        self.name, self.title = name, title
        self.draws = [scores_of(out / f"{name}-{draw}", structure) for draw in range(1, DRAWS + 1)]

    def names(self, kind):
        """Those of a kind, one for each layer where it has them."""
        return [n for n in self.draws[0] if n.split("/")[0] == kind]

    def score(self, name, k):
        return mean_and_error([draw[name][k] for draw in self.draws])

    def difference(self, name, k):
        """Of the NTK at the end and this one, draw by draw."""
        return mean_and_error([draw["k_E"][k] - draw[name][k] for draw in self.draws])


def said(value, error):
    """A difference with its verdict."""
    a, b = with_error(value, max(error, 1e-4))
    return f"{a} +- {b}" + ("" if abs(value) > ENOUGH * error else ", no answer")


def label_of(name):
    kind, _, layer = name.partition("/layer")
    return dict(CANDIDATES)[kind] + (f", layer {layer}" if layer else "")


def write_csv(path, studies, mnist):
    with open(path, "w", newline="") as file:
        sheet = csv.writer(file, lineterminator="\n")
        sheet.writerow(["study", "functions", "score", "value", "se", "k_E_less", "k_E_less_se"])
        for study in studies:
            for name in study.draws[0]:
                for k, score in enumerate(SCORES):
                    numbers = (*study.score(name, k), *study.difference(name, k))
                    sheet.writerow([study.name, name, score, *(f"{x:.4g}" for x in numbers)])
        for n, kernel, value, error in mnist:
            sheet.writerow(["mnist", kernel, f"n rms deviation, n = {n}", f"{value:.4g}", f"{error:.4g}", "", ""])


def score_table(studies, k):
    lines = ["| functions | " + " | ".join(s.title for s in studies) + " |", "|---" * (1 + len(studies)) + "|"]
    for kind, label in CANDIDATES:
        cells = []
        for study in studies:
            found = [study.score(name, k) for name in study.names(kind)]
            cells.append("; ".join("{}({})".format(*digits(*x)) for x in found))
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return lines


def digits(value, error):
    """0.973 and the error in units of its last digit."""
    return f"{value:.3f}", f"{max(error, 0.0):.3f}".replace("0.", "").lstrip("0") or "0"


def difference_table(studies, k):
    lines = ["| NTK at the end less | " + " | ".join(s.title for s in studies) + " |",
             "|---" * (1 + len(studies)) + "|"]
    for kind in ("k", "k_E_rotated", "neurons", "preactivations", "pca"):
        if kind == "k_E_rotated" and SCORES[k] == "B":
            continue  # the same span
        cells = ["; ".join(said(*study.difference(name, k)) for name in study.names(kind)) for study in studies]
        lines.append(f"| {dict(CANDIDATES)[kind]} | " + " | ".join(cells) + " |")
    return lines


def ascent(out):
    """Shares of |x*|^2 on the relevant bits of parity: mean and error for the first three functions, both signs
    averaged."""
    shares = {}
    for kernel in ("k", "k_E", "change"):
        rows = []
        for draw in range(1, DRAWS + 1):
            shape, x = read_array(out / f"parity-{draw}" / "features.npz", f"ascent/{kernel}/x")
            size = shape[1] * shape[2]
            per = []
            for f in range(3):
                halves = [x[f * size + s * shape[2]:f * size + (s + 1) * shape[2]] for s in range(2)]
                per.append(sum(sum(v * v for v in h[:3]) / sum(v * v for v in h) for h in halves) / 2)
            rows.append(sum(per) / 3)
        shares[kernel] = mean_and_error(rows)
    return shares


def mnist_rows(out):
    """(n, kernel, n times the rms over networks and test images of what regression misses, its error)."""
    path = out / "mnist.npz"
    if not path.exists():
        return []
    rows = []
    for n in (int(w) for w in read_array(path, "widths")[1]):
        for kernel in KERNELS:
            _, value = read_array(path, f"n{n}/deviation_{kernel}_rms")
            _, error = read_array(path, f"n{n}/deviation_{kernel}_rms_se")
            test = [(v, e) for v, e in zip(value, error) if v > 0]
            square = sum(v * v for v, _ in test) / len(test)
            rms = math.sqrt(square)
            # as if test images were as one: an upper bound of the error
            rows.append((n, kernel, n * rms, n * sum(v * e for v, e in test) / len(test) / rms))
    return rows


def mnist_table(rows):
    widths = sorted({n for n, *_ in rows})
    lines = ["| n rms deviation of test images | " + " | ".join(f"n = {n}" for n in widths) + " |",
             "|---" * (1 + len(widths)) + "|"]
    for kernel in KERNELS:
        cells = [with_error(v, e) if math.isfinite(e) and e > 0 else (f"{v:.3g}", "")
                 for n, name, v, e in rows if name == kernel]
        lines.append(f"| {kernel} | " + " | ".join(a + (f" +- {b}" if b else "") for a, b in cells) + " |")
    return lines


def draw(path, studies):
    """A against B of each candidate."""
    panels = []
    shown = (("k_E", "NTK at the end"), ("k_E_rotated", "rotated"), ("k", "NTK at the start"),
             ("neurons", "neurons"), ("preactivations", "preactivations"), ("pca", "components of activations"))
    for study in studies:
        panel = Panel(study.title, "B, subspace", "A, one by one", log_x=False, log_y=False)
        for (kind, label), color in zip(shown, COLORS):
            points = [(study.score(name, 1)[0], *study.score(name, 0)) for name in study.names(kind)]
            panel.add(label, color, points, hollow={x for x, *_ in points} if kind == "k_E_rotated" else ())
        panels.append(panel)
    write(path, panels, columns=2)


def main():
    out, study, results = (Path(a) for a in sys.argv[1:4])
    studies = [Study(out, *s) for s in STUDIES]
    mnist = mnist_rows(out)
    write_csv(study / "result.csv", studies, mnist)
    (study / "figures").mkdir(exist_ok=True)
    draw(study / "figures" / "effective-features.svg", studies)
    lines = ["B, the share of the structure in the span:", "", *score_table(studies, 1), "",
             "A, one by one:", "", *score_table(studies, 0), "",
             "Differences in B, then in A:", "", *difference_table(studies, 1), "", *difference_table(studies, 0)]
    shares = {k: "{} +- {}".format(*with_error(*v)) for k, v in ascent(out).items()}
    lines += ["", "Share of |x*|^2 on the three relevant bits of parity, inputs that activate the first three functions "
              f"most (by chance 3/7 = 0.43): NTK at the end {shares['k_E']}, its change {shares['change']}, "
              f"NTK at the start {shares['k']}."]
    paste(results, "effective features", lines)
    if mnist:
        paste(results, "mnist features", mnist_table(mnist))


if __name__ == "__main__":
    main()
