"""svg.py - small figures of studies as SVG: panels with logarithmic or linear axes, points with
error bars, lines. Standard library only; imported, not run. What the program draws by itself
(pdlt run, pdlt verify) is not drawn again here.

    panel = Panel("title", "x", "y", log_x=True, log_y=True)
    panel.add("label", color, [(x, y, error), ...], marker="circle", line=True, hollow=set())
    panel.vertical(x, color); panel.horizontal(y)
    heat = Heat("title", "x", "y", columns, rows, values, low, high, diverging=False)
    heat.point(x, y); heat.vertical(x)
    write("figure.svg", [panel, heat, ...], columns=2)
"""
import math
from xml.sax.saxutils import escape

COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]
INK, PALE = "#222222", "#999999"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 300, 62, 14, 30, 46
LEGEND_LINE = 17


def text(x, y, words, size=12, anchor="middle", color=INK, extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{color}"{extra}>{escape(words)}</text>')


def stroke(x1, y1, x2, y2, color=INK, width=1.0, dash=""):
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" '
            f'stroke-width="{width}"{dashed}/>')


class Axis:
    """Maps values to pixels first..last, with a margin, and knows its ticks."""

    def __init__(self, values, log, first, last):
        self.log, self.first, self.last = log, first, last
        low, high = min(values), max(values)
        if log:
            low, high = math.log10(low), math.log10(high)
        margin = 0.04 * (high - low) or 0.5
        self.low, self.high = low - margin, high + margin

    def at(self, value):
        place = math.log10(value) if self.log else value
        return self.first + (self.last - self.first) * (place - self.low) / (self.high - self.low)

    def ticks(self):
        if not self.log:
            step = 10 ** math.floor(math.log10((self.high - self.low) / 2))
            step *= 2 if (self.high - self.low) / step > 8 else 1
            start = math.ceil(self.low / step)
            return [k * step for k in range(start, math.floor(self.high / step) + 1)]
        decades = self.high - self.low
        steps = (1,) if decades > 2 else (1, 2, 5) if decades > 0.7 else (1, 1.5, 2, 3, 4, 5, 6, 8)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        return [s * 10.0 ** d for d in powers for s in steps
                if self.low <= math.log10(s * 10.0 ** d) <= self.high]


class Panel:
    def __init__(self, title, x_label, y_label, log_x=True, log_y=True):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.log_x, self.log_y = log_x, log_y
        self.series, self.verticals, self.horizontals = [], [], []

    def add(self, label, color, points, marker="circle", line=False, dash="", hollow=()):
        """points: (x, y, error); error None: no bar. hollow: x of points drawn hollow. marker None:
        a line alone."""
        self.series.append((label, color, sorted(points), marker, line, dash, set(hollow)))

    def vertical(self, x, color=PALE, dash="5,3"):
        self.verticals.append((x, color, dash))

    def horizontal(self, y, color=PALE, dash="2,3"):
        self.horizontals.append((y, color, dash))


class Heat:
    """Cells of values[row][column], one for each of rows and columns, row 0 at the bottom; None: no
    value. Colours from low to high, values beyond them in the colours of the ends."""

    SEQUENTIAL = ["#352a6e", "#2c6d9c", "#2fa08c", "#8cc05c", "#f5e34e"]
    DIVERGING = ["#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b"]
    BAR = 12  # width of the colour bar, in the margin on the right

    def __init__(self, title, x_label, y_label, columns, rows, values, low, high, diverging=False):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.columns, self.rows, self.values = list(columns), list(rows), values
        self.low, self.high = low, high
        self.colors = self.DIVERGING if diverging else self.SEQUENTIAL
        self.series, self.points, self.verticals = [], [], []

    def point(self, x, y):
        """A ring at x, between columns too, in the row of y."""
        self.points.append((x, y))

    def vertical(self, x):
        self.verticals.append(x)

    def legend(self, ring, line):
        """What rings and the dashed line are."""
        self.series += [(f"ring: {ring}", INK, [], "circle", False, "", set()),
                        (line, INK, [], None, True, "5,3", set())]

    def color(self, value):
        if value is None:
            return PALE
        place = min(max((value - self.low) / (self.high - self.low), 0), 1) * (len(self.colors) - 1)
        k = min(int(place), len(self.colors) - 2)
        ends = [[int(c[i:i + 2], 16) for i in (1, 3, 5)] for c in self.colors[k:k + 2]]
        return "#" + "".join(f"{round(a + (b - a) * (place - k)):02x}" for a, b in zip(*ends))

    def column_at(self, x):
        """Place of x in units of columns, straight between their values."""
        for k, (a, b) in enumerate(zip(self.columns, self.columns[1:])):
            if a <= x <= b:
                return k + 0.5 + (x - a) / (b - a)
        return 0.5 if x < self.columns[0] else len(self.columns) - 0.5

    def draw(self, out):
        right, bottom = WIDTH - RIGHT - 52, HEIGHT - BOTTOM
        wide, high = (right - LEFT) / len(self.columns), (bottom - TOP) / len(self.rows)
        for row, values in enumerate(self.values):
            for column, value in enumerate(values):
                out.append(f'<rect x="{LEFT + column * wide:.1f}" y="{bottom - (row + 1) * high:.1f}" '
                           f'width="{wide + 0.3:.1f}" height="{high + 0.3:.1f}" fill="{self.color(value)}"/>')
        for x in self.verticals:
            place = LEFT + self.column_at(x) * wide
            out += [stroke(place, TOP, place, bottom, "#ffffff", 3),
                    stroke(place, TOP, place, bottom, INK, 1.4, "5,3")]
        for x, y in self.points:
            out.append(f'<circle cx="{LEFT + self.column_at(x) * wide:.1f}" '
                       f'cy="{bottom - (self.rows.index(y) + 0.5) * high:.1f}" r="4" fill="#ffffff" '
                       f'stroke="{INK}" stroke-width="1.6"/>')
        for k, value in enumerate(self.columns):
            out.append(text(LEFT + (k + 0.5) * wide, bottom + 16, short(value), 10))
        for k, value in enumerate(self.rows):
            out.append(text(LEFT - 7, bottom - (k + 0.5) * high + 4, short(value), 11, "end"))
        self.draw_bar(right + 12, bottom, out)
        out.append(text((LEFT + right) / 2, 19, self.title, 13))
        out.append(text((LEFT + right) / 2, HEIGHT - 8, self.x_label))
        out.append(text(14, (TOP + bottom) / 2, self.y_label,
                        extra=f' transform="rotate(-90 14 {(TOP + bottom) / 2:.1f})"'))

    def draw_bar(self, left, bottom, out, steps=40):
        high = (bottom - TOP) / steps
        for k in range(steps):
            value = self.low + (self.high - self.low) * (k + 0.5) / steps
            out.append(f'<rect x="{left:.1f}" y="{bottom - (k + 1) * high:.1f}" width="{self.BAR}" '
                       f'height="{high + 0.3:.1f}" fill="{self.color(value)}"/>')
        for value in (self.low, (self.low + self.high) / 2, self.high):
            place = bottom - (bottom - TOP) * (value - self.low) / (self.high - self.low)
            out.append(text(left + self.BAR + 4, place + 4, short(value), 10, "start"))


def mark(kind, x, y, color, hollow):
    fill = "#ffffff" if hollow else color
    style = f'fill="{fill}" stroke="{color}" stroke-width="1.3"'
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" {style}/>'
    if kind == "square":
        return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" {style}/>'
    half = 4.0 if kind == "triangle" else -4.0
    corners = f"{x - 4:.1f},{y + half * 0.8:.1f} {x + 4:.1f},{y + half * 0.8:.1f} {x:.1f},{y - half:.1f}"
    return f'<polygon points="{corners}" {style}/>'


def bar(panel, x_axis, y_axis, x, y, error, color):
    low = y - error
    if panel.log_y and low <= 0:
        low = y / 100
    top, bottom = y_axis.at(y + error), min(y_axis.at(low), HEIGHT - BOTTOM)
    return stroke(x_axis.at(x), max(top, TOP), x_axis.at(x), bottom, color, 1.2)


def draw_series(panel, x_axis, y_axis, out):
    for label, color, points, marker, line, dash, hollow in panel.series:
        if line and len(points) > 1:
            path = " ".join(f"{x_axis.at(x):.1f},{y_axis.at(y):.1f}" for x, y, _ in points)
            dashed = f' stroke-dasharray="{dash}"' if dash else ""
            out.append(f'<polyline points="{path}" fill="none" stroke="{color}" '
                       f'stroke-width="1.4"{dashed}/>')
        for x, y, error in points:
            if error is not None:
                out.append(bar(panel, x_axis, y_axis, x, y, error, color))
            if marker:
                out.append(mark(marker, x_axis.at(x), y_axis.at(y), color, x in hollow))


def short(value):
    return f"{value:g}".replace("-", "\u2212")


def draw_frame(panel, x_axis, y_axis, out):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for value in x_axis.ticks():
        x = x_axis.at(value)
        out += [stroke(x, bottom, x, bottom + 4), text(x, bottom + 17, short(value), 11)]
    for value in y_axis.ticks():
        y = y_axis.at(value)
        out += [stroke(LEFT - 4, y, LEFT, y), text(LEFT - 7, y + 4, short(value), 11, "end")]
    out.append(f'<rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}" '
               f'fill="none" stroke="{INK}"/>')
    out.append(text((LEFT + right) / 2, 19, panel.title, 13))
    out.append(text((LEFT + right) / 2, HEIGHT - 8, panel.x_label))
    middle = (TOP + bottom) / 2
    out.append(text(14, middle, panel.y_label, extra=f' transform="rotate(-90 14 {middle:.1f})"'))


def draw_panel(panel, out):
    if isinstance(panel, Heat):
        panel.draw(out)
        return
    points = [point for series in panel.series for point in series[2]]
    if not points:
        return
    x_axis = Axis([p[0] for p in points] + [v[0] for v in panel.verticals], panel.log_x,
                  LEFT, WIDTH - RIGHT)
    y_axis = Axis([p[1] for p in points] + [h[0] for h in panel.horizontals], panel.log_y,
                  HEIGHT - BOTTOM, TOP)
    for x, color, dash in panel.verticals:
        out.append(stroke(x_axis.at(x), TOP, x_axis.at(x), HEIGHT - BOTTOM, color, 1.2, dash))
    for y, color, dash in panel.horizontals:
        out.append(stroke(LEFT, y_axis.at(y), WIDTH - RIGHT, y_axis.at(y), color, 1.2, dash))
    draw_series(panel, x_axis, y_axis, out)
    draw_frame(panel, x_axis, y_axis, out)


def legend(panels):
    """(label, color, marker, dash) of all series that have a label, without repeats."""
    rows = []
    for panel in panels:
        for label, color, _, marker, _, dash, _ in panel.series:
            if label and (label, color, marker, dash) not in rows:
                rows.append((label, color, marker, dash))
    return rows


def draw_legend(rows, top, columns, out):
    for k, (label, color, marker, dash) in enumerate(rows):
        x, y = 30 + (k % columns) * 190, top + (k // columns) * LEGEND_LINE
        if marker:
            out.append(mark(marker, x, y - 4, color, False))
        else:
            out.append(stroke(x - 10, y - 4, x + 10, y - 4, color, 1.4, dash))
        out.append(text(x + 16, y, label, 12, "start"))


def write(path, panels, columns=2):
    """Writes the panels, row by row, and one legend below."""
    columns = min(columns, len(panels))
    rows, entries, width = -(-len(panels) // columns), legend(panels), WIDTH * columns
    per_line = max(1, width // 190)
    height = rows * HEIGHT + 14 + LEGEND_LINE * -(-len(entries) // per_line)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, sans-serif">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for k, panel in enumerate(panels):
        out.append(f'<g transform="translate({k % columns * WIDTH} {k // columns * HEIGHT})">')
        draw_panel(panel, out)
        out.append("</g>")
    draw_legend(entries, rows * HEIGHT + 14, per_line, out)
    path.write_text("\n".join(out + ["</svg>", ""]))
