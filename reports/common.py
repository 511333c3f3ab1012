"""common.py - what the tables.py of the studies share: reading results, writing into
docs/results.md. Standard library only; imported, not run."""
import ast
import json
import math
import struct
import textwrap
import zipfile

COLUMNS = 110  # of a line of text in docs/


def read_array(path, name):
    """One float64 array of an .npz file: (shape, flat values); KeyError when it is not there."""
    with zipfile.ZipFile(path) as archive:
        raw = archive.read(name + ".npy")
    size = struct.unpack("<H", raw[8:10])[0]
    header = ast.literal_eval(raw[10:10 + size].decode())
    assert header["descr"] == "<f8"
    values = raw[10 + size:]
    return header["shape"], struct.unpack(f"<{len(values) // 8}d", values)


def read_experiment(path):
    """The resolved experiment in the metadata of an .npz file."""
    with zipfile.ZipFile(path) as archive:
        raw = archive.read("meta.npy")
    size = struct.unpack("<H", raw[8:10])[0]
    return json.loads(raw[10 + size:])["experiment"]


def rms(values):
    return math.sqrt(sum(x * x for x in values) / len(values))


def verdict_of(folder):
    """What a comparison found: verdict.json (NOTATION.md)."""
    return json.loads((folder / "verdict.json").read_text())


def tests_of(folder):
    """Tests of a comparison, in its order."""
    return verdict_of(folder)["tests"]


def tests_by_name(folder):
    """{(quantity, coefficient): test} of a comparison."""
    return {(t["quantity"], t["coefficient"]): t for t in tests_of(folder)}


def with_error(value, se):
    """value and se to the second digit of se; fixed point."""
    decimals = max(0, 1 - math.floor(math.log10(se) + 1e-12))
    return f"{value:.{decimals}f}", f"{se:.{decimals}f}"


def short(x):
    return "" if x is None else f"{x:.2g}" if abs(x) < 10 else f"{x:.0f}"


def probability(p):
    return "" if p is None else "< 1e-300" if p < 1e-300 else short(p)


def wrapped(lines):
    """The lines, text broken to COLUMNS; rows of tables and figures stay."""
    out = []
    for line in lines:
        whole = len(line) <= COLUMNS or line.startswith(("|", "!"))
        out += [line] if whole else textwrap.wrap(
            line, COLUMNS, subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False, break_on_hyphens=False)
    return out


def paste(path, name, lines):
    """Replaces what stands between the markers of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    text = path.read_text()
    head, rest = text.split(begin, 1)
    tail = rest.split(end, 1)[1]
    path.write_text(head + begin + "\n" + "\n".join(wrapped(lines)) + "\n" + end + tail)
