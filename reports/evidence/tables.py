#!/usr/bin/env python3
"""tables.py - results of the study as a file, a figure and a table of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads OUT/ACTIVATION-DEPTH-CW.npz (theory) and, where they are, OUT/measured-ACTIVATION/*/ (runs). Writes
STUDY/result.csv, STUDY/figures/evidence.svg and what stands between the markers of RESULTS.md. Standard
library only. Called by run.sh.
"""
import csv
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import paste, read_array, read_experiment, tests_by_name  # noqa: E402
from svg import Heat, write  # noqa: E402

CRITICAL = {"tanh": 1.0, "relu": 2.0}
RANGE = 15.0   # colours end so far below the largest log evidence
SLOPES = 30.0  # and at -, + so much of its coefficient of h
SEEDS = (2, 3, 4)  # of the other data sets
WIDTH = 32     # at which order 1/n is looked at


class Point:
    """log Z = lo + h nlo at one depth and C_W; ess: the coefficient of h in log(draws/effective draws)."""

    def __init__(self, path):
        network = read_experiment(path)["network"]
        self.activation, self.depth = network["activation"], network["depth"]
        c_w = network["C_W"]
        self.c_w = c_w[0] if isinstance(c_w, list) else c_w
        self.lo = read_array(path, "log_evidence_lo")[1][0]
        self.nlo, self.ess = (None, None) if ".seed" in path.name else (
            read_array(path, name)[1][0] for name in ("log_evidence_nlo", "post_ess_exponent"))

    def at(self, h):
        return self.lo + h * self.nlo


def peak(points, value):
    """(C_W, log Z) at the top of the parabola through the highest point and its neighbours, in log C_W;
    the point itself at the edge."""
    k = max(range(len(points)), key=lambda i: value(points[i]))
    if k in (0, len(points) - 1):
        return points[k].c_w, value(points[k])
    x = [math.log(p.c_w) for p in points[k - 1:k + 2]]
    y = [value(p) for p in points[k - 1:k + 2]]
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    bend = (right - left) / (x[2] - x[0])
    top = (x[0] + x[1]) / 2 - left / (2 * bend)
    return math.exp(top), y[1] + (top - x[1]) * (left + bend * (top - x[0]))


def half_width(points):
    """Ratio of the ends of the C_W within 1 of the largest log Z, straight between points; None: it
    reaches the edge."""
    _, top = peak(points, lambda p: p.lo)
    ends = []
    for order in (points, points[::-1]):
        k = next(i for i, p in enumerate(order) if p.lo > top - 1.0)
        if k == 0:
            return None
        a, b = order[k - 1], order[k]
        share = (top - 1.0 - a.lo) / (b.lo - a.lo)
        ends.append(math.log(a.c_w) + share * math.log(b.c_w / a.c_w))
    return math.exp(ends[1] - ends[0])


def read_map(out, seed=None):
    """{activation: {depth: [points in order of C_W]}}; with a seed that of the data, infinite width alone."""
    found = {}
    for activation in CRITICAL:
        for path in out.glob(f"{activation}-*.npz"):
            if path.name.endswith(f".seed{seed}.npz") if seed else ".seed" not in path.name:
                point = Point(path)
            else:
                continue
            found.setdefault(activation, {}).setdefault(point.depth, []).append(point)
    return {a: {d: sorted(rows[d], key=lambda p: p.c_w) for d in sorted(rows)} for a, rows in found.items()}


def measured(out, activation):
    """{(depth, C_W): (c1, error, verdict)} of log Z in the runs of the sweep."""
    found = {}
    for folder in (out / f"measured-{activation}").glob("*/"):
        if not (folder / "comparison.csv").exists():
            continue
        with open(folder / "comparison.csv") as file:
            row = next(r for r in csv.DictReader(file) if r["quantity"] == "log_evidence" and not r["width"])
        point = Point(folder / "theory.npz")
        test = tests_by_name(folder)["log_evidence", "c1"]
        found[point.depth, point.c_w] = float(row["c1_fit"]), float(row["c1_fit_se"]), test["verdict"]
    return found


def write_csv(path, found, runs):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["activation", "depth", "C_W", "log_evidence_lo", "log_evidence_nlo",
                         "post_ess_exponent", "measured_c1", "measured_c1_se", "verdict"])
        for activation, rows in found.items():
            for depth, points in rows.items():
                for p in points:
                    run = runs[activation].get((depth, p.c_w))
                    cells = [f"{run[0]:.4g}", f"{run[1]:.2g}", run[2]] if run else ["", "", ""]
                    writer.writerow([activation, depth, f"{p.c_w:g}", f"{p.lo:.6g}", f"{p.nlo:.5g}",
                                     f"{p.ess:.4g}"] + cells)


def moved_peak(points):
    """C_W of the peak at order 1/n and n = WIDTH, among points where most draws count; None: they do not at
    the peak of infinite width."""
    if nearest(points, peak(points, lambda p: p.lo)[0]).ess > WIDTH / 2:
        return None
    return peak([p for p in points if p.ess < WIDTH], lambda p: p.at(1 / WIDTH))[0]


def nearest(points, c_w):
    return min(points, key=lambda p: abs(math.log(p.c_w / c_w)))


def table(found, others):
    yield ("| activation | L | C_W of the peak, infinite width | of three other data sets | within 1 of it: C_W varies by a factor | "
           f"C_W of the peak, n = {WIDTH} | log Z at the peak | at the critical C_W | "
           "coefficient of h at the peak | at the critical C_W |")
    yield "|---" * 10 + "|"
    for activation, rows in found.items():
        for depth, points in rows.items():
            more = ", ".join(f"{peak(o[activation][depth], lambda p: p.lo)[0]:.2f}" for o in others)
            c_w, top = peak(points, lambda p: p.lo)
            moved = moved_peak(points)
            factor = half_width(points)
            critical, best = nearest(points, CRITICAL[activation]), nearest(points, c_w)
            cells = [activation, depth, f"{c_w:.2f}", more,
                     f"{factor:.2f}" if factor else "beyond the map",
                     f"{moved:.2f}" if moved else "out of reach", f"{top:.2f}", f"{critical.lo:.2f}", f"{best.nlo:.2f}",
                     f"{critical.nlo:.2f}"]
            yield "| " + " | ".join(map(str, cells)) + " |"


def table_of_runs(found, runs):
    yield ("| activation | L | C_W | coefficient of h: theory | measured | log of draws over effective "
           "draws, coefficient of h | verdict |")
    yield "|---" * 7 + "|"
    for activation, rows in runs.items():
        for (depth, c_w), (value, error, verdict) in sorted(rows.items()):
            p = nearest(found[activation][depth], c_w)
            yield (f"| {activation} | {depth} | {c_w:g} | {p.nlo:.4g} | {value:.4g} +- {error:.2g} | "
                   f"{p.ess:.3g} | {verdict} |")


def draw(path, found):
    panels = []
    for activation, rows in found.items():
        columns = [p.c_w for p in next(iter(rows.values()))]
        top = max(p.lo for points in rows.values() for p in points)
        ends = {"log Z at infinite width": (lambda p: p.lo, top - RANGE, top, False),
                "coefficient of h = 1/n of log Z": (lambda p: p.nlo, -SLOPES, SLOPES, True)}
        for title, (value, low, high, diverging) in ends.items():
            values = [[value(p) for p in points] for points in rows.values()]
            heat = Heat(f"{activation}: {title}", "C_W", "depth L", columns, rows, values, round(low),
                        round(high), diverging)
            heat.vertical(CRITICAL[activation])
            for depth, points in rows.items():
                heat.point(peak(points, lambda p: p.lo)[0], depth)
            panels.append(heat)
    panels[0].legend("largest log Z", "critical C_W")
    write(path, panels)


def main(out, study, results):
    (study / "figures").mkdir(exist_ok=True)
    found = read_map(out)
    runs = {activation: measured(out, activation) for activation in found}
    write_csv(study / "result.csv", found, runs)
    draw(study / "figures" / "evidence.svg", found)
    paste(results, "evidence", table(found, [read_map(out, seed) for seed in SEEDS]))
    paste(results, "evidence measured", table_of_runs(found, runs))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
