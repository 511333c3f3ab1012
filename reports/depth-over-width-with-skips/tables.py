#!/usr/bin/env python3
"""tables.py - results of the study as files, figures and tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads the archives of run.sh in OUT; what is missing is left out. Writes STUDY/breakdown.csv, STUDY/crossings.csv,
STUDY/mnist.csv, STUDY/figures/*.svg and what stands between the markers of RESULTS.md. Points, misses, crossings
and losses are those of reports/depth-over-width (breakdown.py, fixed.py). Standard library only. Called by run.sh.
"""
import csv
import math
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "depth-over-width")]
import breakdown  # noqa: E402
import fixed  # noqa: E402
from common import paste, read_array, short  # noqa: E402
from svg import COLORS, INK, Panel, write  # noqa: E402

GAMMAS = ["0", "0.7", "0.9"]
COLOR = dict(zip(GAMMAS, COLORS))
WIDTHS = {8: "circle", 16: "square", 32: "triangle"}
KINDS = [("tanh", "V"), ("relu", "V"), ("tanh", "z")]
TITLE = {"V": "V, four-point vertex", "z": "mean output after 20 steps"}
LEVEL = 0.5   # of its own size, missed by order 1/n
LEVELS = {("tanh", "V"): [0.25, LEVEL]}


def initial(out, name):
    """Points of V of one input, a network for each depth."""
    points = []
    for path in out.glob(f"init-{name}-*.theory.npz"):
        depth = int(path.name.split("-")[-1].split(".")[0])
        measured = out / path.name.replace(".theory", "")
        if not measured.exists():
            continue
        kernel, nlo = (read_array(path, key)[1] for key in ("K", "V"))
        for width in breakdown.widths_of(measured):
            x, se = ([v / width for v in read_array(measured, f"n{width}/V{end}")[1]]
                     for end in ("", "_se"))
            point = breakdown.Point(depth, width, x, se, [0.0] * len(nlo), nlo)
            point.correction = nlo[0] / width / kernel[0] ** 2
            point.tails = point.correction > breakdown.TAILS["V"]
            points.append(point)
    return sorted(points, key=lambda p: (p.width, p.depth))


def read_points(out):
    """{(activation, quantity, gamma): points}, without empty ones."""
    found = {}
    for activation, quantity in KINDS:
        for gamma in GAMMAS:
            name = f"{activation}-{gamma}"
            points = initial(out, name) if quantity == "V" else breakdown.trained(out, name)
            if points:
                found[activation, quantity, gamma] = points
    return found


def growth(out, activation, gamma):
    """nu between the two deepest networks: growth of V/K^2 per layer."""
    found = []
    for path in out.glob(f"init-{activation}-{gamma}-*.theory.npz"):
        kernel, vertex = (read_array(path, key)[1][0] for key in ("K", "V"))
        found.append((int(path.name.split("-")[-1].split(".")[0]), vertex / kernel ** 2))
    (l0, v0), (l1, v1) = sorted(found)[-2:]
    return (v1 - v0) / (l1 - l0)


def value_at(pairs, x):
    """y at x, straight in logarithms; None outside."""
    for (x0, y0), (x1, y1) in zip(pairs, pairs[1:]):
        if x0 <= x <= x1:
            share = math.log(x / x0) / math.log(x1 / x0)
            return math.exp(math.log(y0) + share * math.log(y1 / y0))
    return None


def corrections(points, width):
    return [(p.ratio, p.correction) for p in points if p.width == width]


class Crossing:
    """One activation, quantity, level, gamma, n: L/n where order 1/n misses by this part of its size, measured and
    predicted from the correction at the crossing without skips. Each (sign, L/n, error) or None."""

    def __init__(self, found, kind, level, gamma, width):
        self.kind, self.level, self.gamma, self.width = kind, level, gamma, width
        self.own = breakdown.measured(found[(*kind, gamma)], width, level)
        plain_points = found.get((*kind, "0"), [])
        plain = breakdown.measured(plain_points, width, level)
        self.predicted = None
        if gamma == "0" or not plain or plain[0]:
            return
        reach = corrections(found[(*kind, gamma)], width)
        steps = []
        for x in (plain[1], plain[1] - plain[2], plain[1] + plain[2]):
            size = value_at(corrections(plain_points, width), x)
            steps.append(size and breakdown.bounded(reach, size))
        if steps[0] is None:
            return
        sign, at = steps[0]
        known = not sign and all(s and not s[0] for s in steps)
        self.predicted = (sign, at, abs(steps[2][1] - steps[1][1]) / 2 if known else None)

    def ratio(self):
        """measured/predicted with its error, where both are known; their errors share that without skips."""
        if not self.own or not self.predicted or self.own[2] is None or self.predicted[2] is None:
            return None
        value = self.own[1] / self.predicted[1]
        return value, value * math.hypot(self.own[2] / self.own[1],
                                         self.predicted[2] / self.predicted[1])


def ratios_of_misses(found, kind, gamma):
    """Miss over that without skips where the correction of theory is the same, points of all n of both; straight
    in logarithms between points without skips."""
    ratios = []
    for width in WIDTHS:
        known = [sorted((p.correction, p.miss) for p in found.get((*kind, g), [])
                        if p.width == width and p.known(0.0) and p.miss > 0) for g in ("0", gamma)]
        for correction, miss in known[1]:
            plain = value_at(known[0], correction)
            if plain:
                ratios.append(miss / plain)
    return sorted(ratios)


def lognormal(x):
    """Miss of V = e^x - 1, whose order 1/n is x: many independent layers of a scale-invariant activation."""
    return (math.exp(x) - 1 - x) / x


def summary_of_layers(found):
    """Misses of ReLU over those of many layers, by depth."""
    for gamma in GAMMAS:
        parts = []
        for low, high in ((3, 4), (5, 8), (10, 32)):
            ratios = sorted(p.miss / lognormal(p.correction) for p in found.get(("relu", "V", gamma), [])
                            if low <= p.depth <= high and p.known(0.0) and p.miss > 0)
            if ratios:
                parts.append(f"L = {low} to {high}: {ratios[len(ratios) // 2]:.2f} ({len(ratios)} points)")
        if parts:
            yield f"- relu, V, gamma = {gamma}: {'; '.join(parts)}."


def crossings(found):
    return [Crossing(found, kind, level, gamma, width) for kind in KINDS for level in LEVELS.get(kind, [LEVEL])
            for gamma in GAMMAS for width in WIDTHS if (*kind, gamma) in found]


def written(cell):
    if cell is None:
        return ""
    sign, value, error = cell
    return f"{sign}{value:.2f}" + (f" +- {error:.2f}" if error is not None else "")


def table_of_crossings(out, found, cases):
    yield ("| activation | quantity | missed | gamma | nu | r* | " +
           " | ".join(f"n = {n}: measured | predicted" for n in WIDTHS) + " |")
    yield "|---" * (6 + 2 * len(WIDTHS)) + "|"
    for first in (c for c in cases if c.width == min(WIDTHS)):
        own = [c for c in cases if (c.kind, c.level, c.gamma) == (first.kind, first.level, first.gamma)]
        nu = growth(out, first.kind[0], first.gamma)
        cells = [*first.kind, f"{first.level:g}", first.gamma, short(nu), f"{breakdown.optimal(nu):.3f}"]
        for c in own:
            cells += [written(c.own), written(c.predicted)]
        yield "| " + " | ".join(cells) + " |"


def summary_of_crossings(found, cases):
    for kind in KINDS:
        for gamma in GAMMAS[1:]:
            parts = []
            level = LEVELS.get(kind, [LEVEL])[0]
            for c in cases:
                if (c.kind, c.gamma, c.level) != (kind, gamma, level):
                    continue
                ratio = c.ratio()
                plain = next(p for p in cases
                             if (p.kind, p.gamma, p.width, p.level) == (kind, "0", c.width, level))
                if c.own and plain.own and c.own[2] and plain.own[2]:
                    moved = c.own[1] / plain.own[1]
                    error = moved * math.hypot(c.own[2] / c.own[1], plain.own[2] / plain.own[1])
                    parts.append(f"n = {c.width}: moved by {moved:.2f} +- {error:.2f}" + (
                        f", measured over predicted {ratio[0]:.2f} +- {ratio[1]:.2f}" if ratio else ""))
            if parts:
                yield f"- {kind[0]}, {kind[1]}, gamma = {gamma}, missed by {level:g}: {'; '.join(parts)}."
            ratios = ratios_of_misses(found, kind, gamma)
            if ratios:
                yield (f"- {kind[0]}, {kind[1]}, gamma = {gamma}: where the correction is as large as without skips, "
                       f"order 1/n misses {ratios[len(ratios) // 2]:.2f} times as much (median of {len(ratios)} "
                       f"points, {ratios[0]:.2f} to {ratios[-1]:.2f}).")


def write_points(path, found):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "quantity", "gamma", "depth", "width", "L_over_n", "miss", "miss_se",
                         "correction", "relative_error", "unstable"])
        for key, points in found.items():
            for p in points:
                writer.writerow([*key, p.depth, p.width, f"{p.ratio:.4g}", f"{p.miss:.4g}",
                                 f"{p.error:.2g}", f"{p.correction:.4g}", f"{p.noise:.2g}",
                                 f"{p.unstable:.2g}"])


def write_crossings(path, cases):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "quantity", "level", "gamma", "width", "measured", "measured_se",
                         "predicted", "predicted_se"])
        for c in cases:
            cells = []
            for cell in (c.own, c.predicted):
                sign, value, error = cell or ("", None, None)
                cells += ["" if value is None else f"{sign.strip()}{value:.4g}",
                          "" if error is None else f"{error:.2g}"]
            writer.writerow([*c.kind, c.level, c.gamma, c.width, *cells])


def draw_points(path, found):
    panels = []
    for activation, quantity in KINDS:
        size = "V/(n K^2)" if quantity == "V" else "|h z_nlo|/|z_lo|"
        for label, x_of in (("L/n", lambda p: p.ratio), (size + " of theory", lambda p: p.correction)):
            panel = Panel(f"{activation}: {TITLE[quantity]}", label, "missed, in units of the correction")
            for gamma in GAMMAS:
                points = [p for p in found.get((activation, quantity, gamma), [])
                          if p.known(0.0) and 0.01 < p.miss < 100]
                for width, marker in WIDTHS.items():
                    own = [(x_of(p), p.miss, p.error) for p in points if p.width == width]
                    hollow = {x_of(p) for p in points
                              if p.width == width and p.unstable > breakdown.STABLE}
                    panel.add("", COLOR[gamma], own, marker, line=True, hollow=hollow)
            panel.horizontal(LEVEL)
            panels.append(panel)
    for gamma in GAMMAS:
        panels[0].add(f"gamma = {gamma}", COLOR[gamma], [], None)
    for width, marker in WIDTHS.items():
        panels[0].add(f"n = {width}", INK, [], marker)
    write(path, panels)


def read_mnist(out):
    names = [(a, g) for a in ("tanh", "relu") for g in GAMMAS]
    return {name: rows for name in names for rows in [fixed.read(out, "-".join(name))] if rows}


def plus_minus(pair, digits):
    return f"{pair[0]:.{digits}f} +- {pair[1]:.{digits}f}"


def table_of_mnist(cases):
    yield ("| activation | gamma | L | n | L/n | unstable | training loss | test loss | test error, % | "
           "infinite width: training | test |")
    yield "|---" * 11 + "|"
    for (activation, gamma), rows in cases.items():
        for c in rows:
            share = f"{100 * c.unstable:.0f} %" + (f", {c.diverged} diverged" if c.diverged else "")
            cells = [activation, gamma, c.depth, c.width, f"{c.ratio:.3f}", share,
                     plus_minus(c.loss_train[-1], 4), plus_minus(c.loss_test[-1], 4),
                     plus_minus(c.error[-1], 2), f"{c.infinite_train[-1]:.4f}", f"{c.infinite[-1]:.4f}"]
            yield "| " + " | ".join(map(str, cells)) + " |"


def write_mnist(path, cases):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "gamma", "depth", "width", "parameters", "L_over_n", "unstable",
                         "diverged", "steps", "loss_train", "loss_train_se", "loss_test", "loss_test_se",
                         "error_percent", "error_percent_se", "infinite_width_loss_train",
                         "infinite_width_loss_test"])
        for name, rows in cases.items():
            for c in rows:
                for t, steps in enumerate(c.times):
                    numbers = [*c.loss_train[t], *c.loss_test[t], *c.error[t], c.infinite_train[t],
                               c.infinite[t]]
                    writer.writerow([*name, c.depth, c.width, c.parameters, f"{c.ratio:.4g}",
                                     f"{c.unstable:.3g}", c.diverged, int(steps)]
                                    + [f"{x:.4g}" for x in numbers])


def draw_mnist(path, cases):
    panels = []
    for activation in ("tanh", "relu"):
        for title, value in (("test loss", lambda c: c.loss_test[-1]),
                             ("test error, %", lambda c: c.error[-1])):
            panel = Panel(f"{activation}: {title}", "L/n at about 5000 parameters", title)
            for gamma in GAMMAS:
                rows = cases.get((activation, gamma), [])
                panel.add(f"gamma = {gamma}", COLOR[gamma], [(c.ratio, *value(c)) for c in rows], line=True,
                          hollow={c.ratio for c in rows if c.unstable > 0.05})
                if title == "test loss":
                    panel.add("", COLOR[gamma], [(c.ratio, c.infinite[-1], None) for c in rows], None, True,
                              "2,3")
            panels.append(panel)
    panels[0].add("infinite width, same depth", INK, [], None, dash="2,3")
    write(path, panels)


def main(out, study, results):
    (study / "figures").mkdir(exist_ok=True)
    found = read_points(out)
    cases = crossings(found)
    write_points(study / "breakdown.csv", found)
    write_crossings(study / "crossings.csv", cases)
    paste(results, "skips breakdown", table_of_crossings(out, found, cases))
    paste(results, "skips moved", summary_of_crossings(found, cases))
    paste(results, "skips layers", summary_of_layers(found))
    draw_points(study / "figures" / "breakdown.svg", found)
    networks = read_mnist(out)
    if not networks:
        print("mnist: no results, left out of the tables")
        return
    write_mnist(study / "mnist.csv", networks)
    paste(results, "skips mnist", table_of_mnist(networks))
    draw_mnist(study / "figures" / "mnist.svg", networks)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
