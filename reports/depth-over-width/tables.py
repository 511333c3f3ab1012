#!/usr/bin/env python3
"""tables.py - results of the study as files, figures and tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads the archives of run.sh in OUT (breakdown.py, fixed.py); what is missing is left out. Writes
STUDY/breakdown.csv, STUDY/mnist.csv, STUDY/figures/*.svg and what stands between the markers of
RESULTS.md. Standard library only. Called by run.sh.
"""
import csv
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import breakdown  # noqa: E402
import fixed  # noqa: E402
from common import paste, short  # noqa: E402
from svg import COLORS, INK, Panel, write  # noqa: E402

ACTIVATIONS = ["tanh", "sin", "gelu", "swish", "relu", "linear"]
COLOR = dict(zip(ACTIVATIONS, COLORS))
MARKERS = {8: "circle", 16: "square", 32: "triangle", 64: "down"}
QUANTITIES = {"V": "V, four-point vertex", "K": "K, mean kernel", "Theta": "Theta, mean NTK",
              "z": "mean output after 20 steps"}


def read_breakdown(out):
    """{(activation, quantity): points}, without empty ones."""
    found = {}
    for activation in ACTIVATIONS:
        for quantity in QUANTITIES:
            if quantity == "z":
                points = breakdown.trained(out, activation)
            elif (out / f"init-{activation}.npz").exists():
                points = breakdown.initial(out, activation, quantity)
            else:
                points = []
            if points:
                found[activation, quantity] = points
    return found


def write_breakdown(path, found):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "quantity", "depth", "width", "L_over_n", "miss", "miss_se",
                         "correction", "relative_error", "unstable"])
        for (activation, quantity), points in found.items():
            for p in points:
                size = "" if p.correction is None else f"{p.correction:.4g}"
                writer.writerow([activation, quantity, p.depth, p.width, f"{p.ratio:.4g}",
                                 f"{p.miss:.4g}", f"{p.error:.2g}", size, f"{p.noise:.2g}",
                                 f"{p.unstable:.2g}"])


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def cell_measured(points, width, level):
    found = breakdown.measured(points, width, level)
    if found is None:
        return ""
    sign, value, error = found
    return f"{sign}{ratio(value)}" + (f" +- {error:.2f}" if error is not None else "")


def cell_predicted(points, widths):
    """Range over widths of the L/n where the correction is as large as what it corrects."""
    found = [breakdown.predicted(points, w) for w in widths]
    found = [f for f in found if f]
    exact = sorted(value for sign, value in found if not sign)
    if exact:
        low, high = ratio(exact[0]), ratio(exact[-1])
        return low if low == high else f"{low} .. {high}"
    larger = [value for sign, value in found if sign == "> "]
    return f"> {ratio(max(larger))}" if larger else f"< {ratio(min(v for _, v in found))}"


def table_of_breakdown(out, found):
    columns = [(0.5, 16)] + [(1.0, n) for n in sorted(MARKERS)]
    heads = [f"{'half' if level < 1 else 'all'} of its size, n = {n}" for level, n in columns]
    yield ("| activation | nu | r* | quantity | correction reaches its leading order | " +
           " | ".join(heads) + " |")
    yield "|---" * (5 + len(columns)) + "|"
    for (activation, quantity), points in found.items():
        nu = breakdown.growth(out, activation)
        cells = [activation, short(nu), f"{breakdown.optimal(nu):.3f}", quantity,
                 cell_predicted(points, sorted(MARKERS))]
        cells += [cell_measured(points, n, level) for level, n in columns]
        yield "| " + " | ".join(cells) + " |"


def draw_breakdown(out, path, found):
    panels = []
    for quantity, title in QUANTITIES.items():
        panel = Panel(title, "L/n", "missed by order 1/n, in units of its correction")
        for activation in ACTIVATIONS:
            points = [p for p in found.get((activation, quantity), [])
                      if p.known(0.0) and 0.01 < p.miss < 100]
            for width, marker in MARKERS.items():
                own = [(p.ratio, p.miss, p.error) for p in points if p.width == width]
                hollow = {p.ratio for p in points
                          if p.width == width and p.unstable > breakdown.STABLE}
                panel.add("", COLOR[activation], own, marker, hollow=hollow)
            if points:
                panel.vertical(breakdown.optimal(breakdown.growth(out, activation)),
                               COLOR[activation])
        panel.horizontal(1.0)
        panels.append(panel)
    for activation in ACTIVATIONS:
        panels[0].add(activation, COLOR[activation], [], None)
    for width, marker in MARKERS.items():
        panels[0].add(f"n = {width}", INK, [], marker)
    write(path, panels)


def write_mnist(path, cases):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "depth", "width", "parameters", "L_over_n", "unstable",
                         "diverged", "steps", "loss_train", "loss_train_se", "loss_test",
                         "loss_test_se", "error_percent", "error_percent_se",
                         "infinite_width_loss_train", "infinite_width_loss_test"])
        for activation, rows in cases.items():
            for c in rows:
                for t, steps in enumerate(c.times):
                    numbers = [*c.loss_train[t], *c.loss_test[t], *c.error[t],
                               c.infinite_train[t], c.infinite[t]]
                    writer.writerow([activation, c.depth, c.width, c.parameters,
                                     f"{c.ratio:.4g}", f"{c.unstable:.3g}", c.diverged, int(steps)]
                                    + [f"{x:.4g}" for x in numbers])


def plus_minus(pair, digits):
    return f"{pair[0]:.{digits}f} +- {pair[1]:.{digits}f}"


def table_of_mnist(cases):
    yield ("| activation | L | n | parameters | L/n | unstable | training loss | test loss | "
           "test error, % | infinite width: training | test |")
    yield "|---" * 11 + "|"
    for activation, rows in cases.items():
        for c in rows:
            share = f"{100 * c.unstable:.0f} %" + (f", {c.diverged} diverged" if c.diverged else "")
            cells = [activation, c.depth, c.width, c.parameters, f"{c.ratio:.3f}", share,
                     plus_minus(c.loss_train[-1], 4), plus_minus(c.loss_test[-1], 4),
                     plus_minus(c.error[-1], 2), f"{c.infinite_train[-1]:.4f}",
                     f"{c.infinite[-1]:.4f}"]
            yield "| " + " | ".join(map(str, cells)) + " |"


def not_excluded(rows, values):
    """L/n of the smallest value and of all within 3 standard errors of it."""
    best = min(range(len(rows)), key=lambda k: values[k][0])
    near = [c.ratio for c, v in zip(rows, values)
            if v[0] - values[best][0] <= 3 * math.hypot(v[1], values[best][1])]
    return rows[best].ratio, near


def summary_of_mnist(out, cases):
    for activation, rows in cases.items():
        star = breakdown.optimal(breakdown.growth(out, activation))
        for words, values in (("test loss", [c.loss_test[-1] for c in rows]),
                              ("test error", [c.error[-1] for c in rows])):
            best, near = not_excluded(rows, values)
            yield (f"- {activation}, {words}: smallest at L/n = {best:.3f}; within 3 standard errors "
                   f"of it: {', '.join(f'{r:.3f}' for r in near)}; r* = {star:.3f}.")


def draw_mnist(out, path, cases):
    kinds = [("test loss", lambda c: c.loss_test[-1], lambda c: c.infinite[-1]),
             ("test error, %", lambda c: c.error[-1], None),
             ("training loss", lambda c: c.loss_train[-1], lambda c: c.infinite_train[-1]),
             ("test loss over that of infinite width",
              lambda c: tuple(x / c.infinite[-1] for x in c.loss_test[-1]), None)]
    panels = []
    for title, value, infinite in kinds:
        panel = Panel(title, "L/n at about 5000 parameters", title)
        for activation, rows in cases.items():
            panel.add(activation, COLOR[activation], [(c.ratio, *value(c)) for c in rows],
                      line=True, hollow={c.ratio for c in rows if c.unstable > 0.05})
            if infinite:
                panel.add("", COLOR[activation], [(c.ratio, infinite(c), None) for c in rows],
                          None, True, "2,3")
            panel.vertical(breakdown.optimal(breakdown.growth(out, activation)),
                           COLOR[activation])
        panels.append(panel)
    panels[0].add("infinite width, same depth", INK, [], None, dash="2,3")
    write(path, panels)


def main(out, study, results):
    (study / "figures").mkdir(exist_ok=True)
    found = read_breakdown(out)
    write_breakdown(study / "breakdown.csv", found)
    paste(results, "depth breakdown", table_of_breakdown(out, found))
    draw_breakdown(out, study / "figures" / "breakdown.svg", found)
    cases = {a: rows for a in ACTIVATIONS for rows in [fixed.read(out, a)] if rows}
    if not cases:
        print("mnist: no results, left out of the tables")
        return
    write_mnist(study / "mnist.csv", cases)
    paste(results, "depth mnist", table_of_mnist(cases))
    paste(results, "depth excluded", summary_of_mnist(out, cases))
    draw_mnist(out, study / "figures" / "mnist.svg", cases)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
