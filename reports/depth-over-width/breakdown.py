"""breakdown.py - where the expansion in 1/n fails, from the archives of the study.

Is: by how much order 1/n misses, at every depth and width, in units of its own correction; the L/n
where that, or the correction itself, reaches 1; nu and r*. Is not: tables or figures (tables.py).
Standard library only; imported, not run."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import read_array, rms  # noqa: E402

NLO = {"K": "G1", "Theta": "Theta1", "V": "V", "z": "z_nlo"}
OUTPUTS = 2          # r* is that of two outputs
# Kernels are about lognormal, with log variance up to V/(n K^2) of theory. Beyond these values the
# draws that carry the mean, and its error bar, are too rare for 2 10^4 draws.
TAILS = {"V": 3.0, "K": 5.0, "Theta": 5.0}
NOISE = 0.25         # relative error of the measurement beyond which a point is left out
STABLE = 1e-3        # share of draws beyond eta theta_max = 2 above which a point is drawn hollow


class Point:
    """One network: miss = |measured - lo - h nlo|/|h nlo| with its error, correction = |h nlo|/|lo|
    (of V: V/(n K^2), entry 0000). All root mean squares over the entries."""

    def __init__(self, depth, width, measured, se, lo, nlo, unstable=0.0):
        self.depth, self.width, self.ratio = depth, width, depth / width
        self.unstable, self.tails = unstable, False
        step = [x / width for x in nlo]
        size = sum(x * x for x in step)
        deviation = [m - a - b for m, a, b in zip(measured, lo, step)]
        self.correction = math.sqrt(size / sum(x * x for x in lo)) if any(lo) else None
        self.noise = rms(se) * math.sqrt(len(se)) / math.sqrt(sum(x * x for x in measured))
        square = (sum(d * d for d in deviation) - sum(s * s for s in se)) / size
        # Entries share draws: the error for full correlation, which is the largest possible.
        error = sum(2 * abs(d) * s + math.sqrt(2) * s * s for d, s in zip(deviation, se)) / size
        self.miss = math.sqrt(square) if square > 0 else 0.0
        self.error = error / (2 * self.miss) if square > 0 else math.sqrt(error)

    def known(self, level):
        """Whether the miss can be told from level, and from what is much smaller."""
        return not self.tails and self.noise < NOISE and self.error < 0.35 * max(self.miss, level)


def widths_of(path):
    return [int(n) for n in read_array(path, "widths")[1]]


def initial(out, activation, quantity):
    """Points of one quantity at initialization, all depths from 3 on and widths; none where order
    1/n vanishes."""
    theory, measured = (out / f"init-{activation}{end}.npz" for end in (".theory", ""))
    points = []
    for width in widths_of(measured):
        for depth in range(3, 200):
            try:
                nlo = read_array(theory, f"layer{depth}/{NLO[quantity]}")[1]
            except KeyError:
                break
            kernel = read_array(theory, f"layer{depth}/K")[1]
            vertex = read_array(theory, f"layer{depth}/V")[1][0] / width / kernel[0] ** 2
            lo = [0.0] * len(nlo) if quantity == "V" else (
                read_array(theory, f"layer{depth}/{quantity}")[1])
            if rms(nlo) <= 1e-9 * max(rms(lo), rms(kernel)):
                continue
            x = read_array(measured, f"n{width}/layer{depth}/{quantity}")[1]
            se = read_array(measured, f"n{width}/layer{depth}/{quantity}_se")[1]
            if quantity == "V":     # stored as coefficient of h
                x, se = [v / width for v in x], [v / width for v in se]
            point = Point(depth, width, x, se, lo, nlo)
            point.tails = vertex > TAILS[quantity]
            if quantity == "V":
                point.correction = vertex
            points.append(point)
    return points


def trained(out, activation):
    """Points of the mean output at the last recorded step."""
    points = []
    for path in out.glob(f"trained-{activation}-*.theory.npz"):
        depth = int(path.name.split("-")[-1].split(".")[0])
        measured = out / f"trained-{activation}-{depth}.npz"
        lo, nlo = (read_array(path, name)[1] for name in ("z_lo", "z_nlo"))
        for width in widths_of(measured):
            x, se = (read_array(measured, f"n{width}/z{end}")[1] for end in ("", "_se"))
            unstable = read_array(measured, f"n{width}/unstable")[1][0]
            points.append(Point(depth, width, x, se, lo, nlo, unstable))
    return sorted(points, key=lambda p: (p.width, p.depth))


def crossing(pairs, level):
    """First L/n at which y reaches the level, pairs (L/n, y) in order, straight in logarithms; None
    when it never does."""
    for (r0, y0), (r1, y1) in zip(pairs, pairs[1:]):
        if 0 < y0 < level <= y1:
            share = math.log(level / y0) / math.log(y1 / y0)
            return math.exp(math.log(r0) + share * (math.log(r1) - math.log(r0)))
    return None


def predicted(points, width):
    """L/n where the correction is as large as what it corrects; or a bound (sign, L/n)."""
    return bounded([(p.ratio, p.correction) for p in points if p.width == width], 1.0)


def bounded(pairs, level):
    """("", crossing), or a bound when the level lies outside; None without pairs."""
    if not pairs:
        return None
    found = crossing(pairs, level)
    if found is not None:
        return "", found
    return ("< ", pairs[0][0]) if pairs[0][1] >= level else ("> ", pairs[-1][0])


def measured(points, width, level):
    """(sign, L/n, error) where order 1/n misses by level times its own size, error None for a bound;
    None without points. Error: that of the miss around the crossing over its slope; depths share
    draws, so it does not fall with their number."""
    own = [p for p in points if p.width == width and p.known(level)]
    found = bounded([(p.ratio, p.miss) for p in own], level)
    if found is None or found[0]:
        return found and (*found, None)
    near = sorted(own, key=lambda p: abs(math.log(p.ratio / found[1])))[:4]
    x, y = [math.log(p.ratio) for p in near], [math.log(p.miss) for p in near]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    slope = (sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) /
             sum((a - mean_x) ** 2 for a in x))
    error = sum(p.error / p.miss for p in near) / len(near) / abs(slope)
    return "", found[1], found[1] * error


def growth(out, activation):
    """nu: growth of V/K^2 per layer over the deeper half of the network, entry 0000."""
    theory = out / f"init-{activation}.theory.npz"
    last = read_depth(theory)
    value = [read_array(theory, f"layer{depth}/V")[1][0] /
             read_array(theory, f"layer{depth}/K")[1][0] ** 2 for depth in (last // 2, last)]
    return (value[1] - value[0]) / (last - last // 2)


def read_depth(theory):
    depth = 2
    while True:
        try:
            read_array(theory, f"layer{depth + 1}/K")
        except KeyError:
            return depth
        depth += 1


def optimal(nu):
    """r* of the truncated information between two outputs (docs/information.md)."""
    return 4 / ((20 + 3 * OUTPUTS) * nu)
