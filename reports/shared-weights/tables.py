#!/usr/bin/env python3
"""tables.py - results of the study as a file, a figure and a table of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads the archives and comparisons of run.sh in OUT. Writes STUDY/result.csv,
STUDY/figures/shared-weights.svg and what stands between the markers of RESULTS.md. Standard library
only. Called by run.sh.
"""
import csv
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import (paste, probability, read_array, read_experiment, short, tests_by_name,  # noqa: E402
                    with_error)
from svg import COLORS, Panel, write  # noqa: E402

NETWORKS = ("convolution", "dense")
LABEL = {"convolution": "convolutions", "dense": "fully connected"}
TESTS = (("z", "c0"), ("z", "c1"), ("cov", "c1"), ("Theta_t", "c1"), ("loss_train", "c1"),
         ("loss_test", "c1"))


def mean_and_error(values, weights):
    """Mean of the blocks' values with its standard error."""
    total = sum(weights)
    mean = sum(v * w for v, w in zip(values, weights)) / total
    square = sum(w * (v - mean) ** 2 for v, w in zip(values, weights)) / total
    return mean, math.sqrt(square / (len(values) - 1))


def rows(shape, values):
    """The rows (all but the first axis flat) of an array."""
    size = len(values) // shape[0]
    return [values[i * size:(i + 1) * size] for i in range(shape[0])]


def trace(matrix):
    """Of a flat square matrix."""
    size = math.isqrt(len(matrix))
    return sum(matrix[i * size + i] for i in range(size))


class Network:
    """Shares of the output and of the NTK (README.md), predicted and measured, at every time."""

    def __init__(self, out, name):
        self.name = name
        theory, self.measured = out / f"{name}.theory.npz", out / f"{name}.npz"
        self.tests = tests_by_name(out / name)
        self.times = list(read_array(theory, "times")[1])
        experiment = read_experiment(self.measured)
        self.widths = experiment["network"]["widths"]
        self.lo = rows(*read_array(theory, "z_lo"))
        nlo, ntk = rows(*read_array(theory, "z_nlo")), rows(*read_array(theory, "Theta_t_nlo"))
        self.theta = trace(read_array(theory, "Theta")[1])
        asked = experiment["training"]["record"]
        self.steps = [self.times.index(t) for t in asked if t > 0]
        self.output = [self.share(t, nlo[t]) for t in range(len(self.times))]
        self.ntk = [(trace(ntk[t]) - trace(ntk[0])) / self.theta for t in range(len(self.times))]

    def share(self, t, z):
        """Of z in z_lo; before training there is no output, and no share."""
        if self.times[t] == 0:
            return 0.0
        return sum(a * b for a, b in zip(z, self.lo[t])) / sum(a * a for a in self.lo[t])

    def points(self, n):
        """(time, n share of the output, error, n share of the NTK, error) at a width."""
        weights = read_array(self.measured, f"n{n}/blocks/members")[1]
        z = [rows((len(self.times),), block)
             for block in rows(*read_array(self.measured, f"n{n}/blocks/z"))]
        ntk = [rows((len(self.times),), block)
               for block in rows(*read_array(self.measured, f"n{n}/blocks/Theta_t"))]
        for t in self.steps:
            output = [n * (self.share(t, block[t]) - 1) for block in z]
            moved = [n * (trace(block[t]) - trace(block[0])) / self.theta for block in ntk]
            yield (self.times[t], *mean_and_error(output, weights), *mean_and_error(moved, weights))


def write_csv(path, networks):
    with open(path, "w", newline="") as file:
        sheet = csv.writer(file, lineterminator="\n")
        sheet.writerow(["network", "width", "step", "output", "output_se", "output_theory", "ntk", "ntk_se",
                        "ntk_theory"])
        for network in networks:
            for n in network.widths:
                for time, *numbers in network.points(n):
                    at = network.times.index(time)
                    a, b, c, d = (f"{x:.4g}" for x in numbers)
                    sheet.writerow([network.name, n, int(time), a, b, f"{network.output[at]:.4g}", c, d,
                                    f"{network.ntk[at]:.4g}"])


def draw(path, networks):
    """Both shares, theory as lines, the widest networks as points."""
    panels = []
    for column, (title, y_label) in enumerate((("mean output", "n (z - z_lo), share of z_lo"),
                                               ("NTK", "n (Theta_t - Theta_0), share of Theta"))):
        panel = Panel(title, "step", y_label, log_x=False, log_y=False)
        for network, color in zip(networks, COLORS):
            line = (network.output, network.ntk)[column]
            panel.add(f"{LABEL[network.name]}, order 1/n", color,
                      [(t, y, 0) for t, y in zip(network.times, line)], marker=None, line=True)
            n = network.widths[-1]
            panel.add(f"measured, n = {n}", color,
                      [(p[0], p[1 + 2 * column], p[2 + 2 * column]) for p in network.points(n)])
        panel.horizontal(0)
        panels.append(panel)
    write(path, panels, columns=2)


def weights_of(network, n):
    """Number of weights of the networks of this study."""
    return 18 * n * n + 58 * n if network == "convolution" else 2 * n * n + 50 * n


def as_wide(n):
    """Neurons of a fully connected network with as many weights as a convolution of n channels."""
    weights = weights_of("convolution", n)
    return (math.sqrt(2500 + 8 * weights) - 50) / 4


def summary(networks):
    convolution, dense = networks
    lines = ["| test | " + " | ".join(LABEL[n.name] for n in networks) + " |", "|---|---|---|"]
    for key in TESTS:
        cells = []
        for network in networks:
            test = network.tests[key]
            p = probability(test["p"])
            cells.append(test["verdict"] + (f", p = {p}" if p else ""))
        lines.append(f"| {' '.join(key)} | " + " | ".join(cells) + " |")
    for label, column in (("n share of the output, step {}", 0), ("n share of the NTK, step {}", 1)):
        last = int(convolution.times[-1])
        cells = []
        for network in networks:
            point = list(network.points(network.widths[-1]))[-1]
            value, error = with_error(point[1 + 2 * column], point[2 + 2 * column])
            theory = (network.output, network.ntk)[column][-1]
            cells.append(f"{theory:.3g}; {value} +- {error} at n = {network.widths[-1]}")
        lines.append(f"| {label.format(last)} | " + " | ".join(cells) + " |")
    n = convolution.widths[-1]
    m = as_wide(n)
    at_equal = [convolution.output[-1] / n, dense.output[-1] / m, convolution.ntk[-1] / n, dense.ntk[-1] / m]
    percent = [f"{100 * x:.2g} %" for x in at_equal]
    lines += ["", f"With {weights_of('convolution', n)} weights each, {n} channels and {m:.0f} neurons, order 1/n "
              f"changes the output by {percent[0]} and {percent[1]}, and the NTK moves by {percent[2]} and "
              f"{percent[3]}, convolutions first."]
    return lines


def main():
    out, study, results = (Path(a) for a in sys.argv[1:4])
    networks = [Network(out, name) for name in NETWORKS]
    write_csv(study / "result.csv", networks)
    (study / "figures").mkdir(exist_ok=True)
    draw(study / "figures" / "shared-weights.svg", networks)
    paste(results, "shared weights", summary(networks))


if __name__ == "__main__":
    main()
