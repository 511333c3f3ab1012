#!/usr/bin/env python3
"""power.py - leaves out every term of the recursions and of the dynamics, one at a time.

Is: for each term (pdlt list terms) the claims whose quantities depend on it, tested once
more with theory without that term, on the ensembles that `pdlt verify` left behind; a table
of which claim refutes the omission by how many standard errors, and by how much the term
shifts its own tensor. Is not: part of the tests; it takes minutes.

    bench/power.py VERIFY_DIR [--quick] [--pdlt build/cli/pdlt] [--write docs/power.md]

VERIFY_DIR: the -o of a finished `pdlt verify` (--quick when that was quick)."""
import argparse
import array
import io
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Which comparisons of the suite see which tensors: claim, quantity, test, tensors.
SEES = [
    ("4-vertex-accumulates", "V", "limit", ["V"]),
    ("4-running-kernel", "K", "slope", ["V", "G1"]),
    ("8-ntk-mean", "Theta", "slope", ["V", "G1", "D", "F", "Theta1"]),
    ("8-ntk-fluctuations", "V", "limit", ["V"]),
    ("8-ntk-fluctuations", "K", "slope", ["V", "G1"]),
    ("8-ntk-fluctuations", "Theta", "slope", ["V", "G1", "D", "F", "Theta1"]),
    ("8-ntk-fluctuations", "D", "limit", ["V", "D"]),
    ("8-ntk-fluctuations", "F", "limit", ["F"]),
    ("8-ntk-fluctuations", "A", "limit", ["V", "D", "A"]),
    ("8-ntk-fluctuations", "B", "limit", ["B"]),
    ("11-dntk", "P", "limit", ["B", "P"]),
    ("11-dntk", "Q", "limit", ["F", "Q"]),
    ("inf-ddntk", "R", "limit", ["B", "P", "R"]),
    ("inf-ddntk", "S", "limit", ["B", "S"]),
    ("inf-ddntk", "T", "limit", ["F", "Q", "T"]),
    ("inf-ddntk", "U", "limit", ["U"]),
    ("inf-training-course", "z", "slope",
     ["V", "G1", "Theta1", "D", "F", "A", "B", "P", "Q", "R", "S", "T", "U", "z"]),
    ("11-moving-ntk", "Theta_t", "slope",
     ["V", "G1", "Theta1", "D", "F", "B", "P", "Q", "R", "S", "T", "U", "Theta_t"]),
    ("inf-covariance", "cov", "slope", ["V", "G1", "A", "B", "D", "F", "cov"]),
]
# The array in which a term's own shift is measured, and the claim whose network it is.
OWN = {"V": "8-ntk-fluctuations", "G1": "8-ntk-fluctuations", "Theta1": "8-ntk-fluctuations",
       "D": "8-ntk-fluctuations", "F": "8-ntk-fluctuations", "A": "8-ntk-fluctuations",
       "B": "8-ntk-fluctuations", "P": "11-dntk", "Q": "11-dntk", "R": "inf-ddntk",
       "S": "inf-ddntk", "T": "inf-ddntk", "U": "inf-ddntk", "z": "inf-training-course",
       "Theta_t": "11-moving-ntk", "cov": "inf-covariance"}
ARRAY = {"z": "z_nlo", "cov": "cov_nlo", "Theta_t": "Theta_t_nlo"}


def run(args, **kwargs):
    done = subprocess.run(args, capture_output=True, text=True, **kwargs)
    if done.returncode not in (0, 1, 4):
        sys.exit(f"{' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def read_array(path, name):
    """Values of one float64 array of an .npz."""
    with zipfile.ZipFile(path) as archive:
        raw = io.BytesIO(archive.read(name + ".npy"))
    raw.read(8)
    raw.read(struct.unpack("<H", raw.read(2))[0])
    values = array.array("d")
    values.frombytes(raw.read())
    return values


def norm(values):
    return math.sqrt(sum(v * v for v in values))


def make_claims(folder, terms):
    """A claims folder with one expectation per comparison and one sabotage per term."""
    reports = os.path.join(ROOT, "reports")
    for name in os.listdir(reports):
        if os.path.isdir(os.path.join(reports, name)) and not os.path.exists(
                os.path.join(reports, name, "expect.yaml")):
            os.symlink(os.path.join(reports, name), os.path.join(folder, name))
    for claim in sorted({s[0] for s in SEES}):
        own = os.path.join(folder, claim)
        os.mkdir(own)
        shutil.copy(os.path.join(reports, claim, "experiment.yaml"), own)
        quick = [line for line in open(os.path.join(reports, claim, "expect.yaml"))
                 if line.startswith("quick:")]
        with open(os.path.join(own, "expect.yaml"), "w") as out:
            out.write(f"claim: power\nequation: all\ntext: power\n{''.join(quick)}expect:\n")
            for _, quantity, test, tensors in [s for s in SEES if s[0] == claim]:
                out.write(f"  - quantity: {quantity}\n    test: {test}\n    sabotage:\n")
                for term in terms:
                    if term.split(".")[0] in tensors:
                        out.write(f"      - omit: {term}\n")


def link_measured(source, target):
    """The same folders with links to the ensembles; theory is computed anew."""
    for claim in sorted({s[0] for s in SEES}):
        for folder, _, files in os.walk(os.path.join(source, claim)):
            if "measured.npz" in files:
                copy = os.path.join(target, os.path.relpath(folder, source))
                os.makedirs(copy, exist_ok=True)
                os.symlink(os.path.abspath(os.path.join(folder, "measured.npz")),
                           os.path.join(copy, "measured.npz"))


def shifts(pdlt, terms, folder):
    """By how much each term moves its own tensor, relative, root mean square."""
    out, whole = {}, {}
    for term in terms:
        tensor = term.split(".")[0]
        claim, name = OWN[tensor], ARRAY.get(tensor, tensor)
        experiment = os.path.join(ROOT, "reports", claim, "experiment.yaml")
        path = os.path.join(folder, "shift.npz")
        command = [pdlt, "theory", experiment, "-o", path, "--force", "--quiet", "--set", "sweep={}"]
        if (claim, name) not in whole:
            run(command)
            whole[claim, name] = read_array(path, name)
        run(command + ["--set", f"theory.omit=[{term}]"])
        full = whole[claim, name]
        less = read_array(path, name)
        out[term] = norm([a - b for a, b in zip(full, less)]) / norm(full)
    return out


def collect(verdicts):
    """term -> [(sigma, refuted, claim, comparison)], best first."""
    found = {}
    for claim in verdicts:
        for entry in claim["sabotage_verdicts"]:
            comparison, term = entry["sabotage"].split(": without ")
            found.setdefault(term, []).append((entry["sigma"], entry["verdict"] == "disagree",
                                               claim["claim"], comparison))
    return {term: sorted(rows, reverse=True) for term, rows in found.items()}


def table(terms, found, shift):
    lines = ["| term | shifts its tensor by | refuted best by | sigma | also refuted by |",
             "|---|---|---|---|---|"]
    caught = small = 0
    for term in terms:
        rows = found.get(term, [])
        best = rows[0] if rows else (0.0, False, "-", "-")
        others = [f"{r[2]} ({r[3]})" for r in rows[1:] if r[0] >= 5]
        at_five = best[0] >= 5
        caught += at_five
        small += (not at_five) and shift[term] < 0.01
        sigma = "> 37" if best[0] >= 37 else f"{best[0]:.1f}"
        mark = "" if at_five else (" (below 1 %)" if shift[term] < 0.01 else " **not caught**")
        lines.append(f"| {term} | {100 * shift[term]:.2g} % | {best[2]} ({best[3]}) | {sigma}{mark} | "
                     f"{len(others)} |")
    head = (f"{len(terms)} terms: {caught} caught at 5 standard errors or more, {small} of the others "
            f"shift their tensor by less than 1 %, {len(terms) - caught - small} not caught.")
    return head + "\n\n" + "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verify")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pdlt", default=os.path.join(ROOT, "build/cli/pdlt"))
    parser.add_argument("--write", help="replace the table between the markers of this file")
    options = parser.parse_args()
    missing = {s[0] for s in SEES if not os.path.isdir(os.path.join(options.verify, s[0]))}
    if missing:
        sys.exit(f"{options.verify}: has no {', '.join(sorted(missing))}; run pdlt verify first")
    terms = [t["name"] for t in json.loads(run([options.pdlt, "list", "terms", "--json"]))["terms"]
             if t["name"].split(".")[0] in OWN]  # no claim measures dTheta_t
    with tempfile.TemporaryDirectory() as folder:
        claims, out = os.path.join(folder, "claims"), os.path.join(folder, "out")
        os.mkdir(claims)
        make_claims(claims, terms)
        link_measured(options.verify, out)
        run([options.pdlt, "verify", "--claims", claims, "-o", out, "--quiet", "--threads", "2"] +
            (["--quick"] if options.quick else []))
        with open(os.path.join(out, "verdicts.json")) as file:
            found = collect(json.load(file))
        text = table(terms, found, shifts(options.pdlt, terms, folder))
    if not options.write:
        print(text)
        return
    with open(options.write) as file:
        page = file.read()
    start, stop = "<!-- power -->\n", "<!-- end power -->\n"
    head, rest = page.split(start)
    with open(options.write, "w") as file:
        file.write(head + start + text + stop + rest.split(stop)[1])


if __name__ == "__main__":
    main()
