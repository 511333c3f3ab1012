#!/usr/bin/env python3
"""power.py - leaves out, then flips, every term of the recursions and of the dynamics.

Is: for each term (pdlt list terms) the claims whose quantities depend on it, tested once
more with theory without that term and with its sign flipped, on the ensembles that `pdlt
verify` left behind; a table of which claim refutes it by how many standard errors, and by how
much the term shifts its own tensor. A comparison that refutes the theory itself is an error.
Is not: part of the tests; it takes minutes.

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
import textwrap
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Which comparisons of the suite see which tensors: claim, quantity, test, its other keys, tensors.
SEES = [
    ("4-vertex-accumulates", "V", "limit", "", ["V"]),
    ("4-running-kernel", "K", "slope", "", ["V", "G1"]),
    ("8-ntk-mean", "Theta", "slope", "", ["V", "G1", "D", "F", "Theta1"]),
    ("8-ntk-fluctuations", "D", "limit", "", ["V", "D"]),
    ("8-ntk-fluctuations", "F", "limit", "", ["F"]),
    ("8-ntk-fluctuations", "A", "limit", "", ["V", "D", "A"]),
    ("8-ntk-fluctuations", "B", "limit", "", ["B"]),
    ("11-dntk", "P", "limit", "", ["B", "P"]),
    ("11-dntk", "Q", "limit", "", ["F", "Q"]),
    ("11-dntk-in-training", "dTheta_t", "slope", "",
     ["F", "B", "P", "Q", "R", "S", "T", "U", "dTheta_t"]),
    ("11-moving-ntk", "Theta_t", "slope", "time: last",
     ["V", "G1", "Theta1", "D", "F", "B", "P", "Q", "R", "S", "T", "U", "Theta_t"]),
    ("inf-ddntk", "R", "limit", "", ["B", "P", "R"]),
    ("inf-ddntk", "S", "limit", "", ["B", "S"]),
    ("inf-ddntk", "T", "limit", "", ["F", "Q", "T"]),
    ("inf-ddntk", "U", "limit", "", ["U"]),
    ("inf-training-course", "z", "slope", "",
     ["V", "G1", "Theta1", "D", "F", "A", "B", "P", "Q", "R", "S", "T", "U", "z"]),
    ("inf-large-steps", "z", "slope", "",
     ["V", "D", "F", "A", "B", "P", "Q", "R", "S", "T", "U", "z"]),
    ("inf-covariance", "cov", "slope", "", ["V", "G1", "A", "B", "D", "F", "cov"]),
    ("inf-shift-at-start", "cov", "slope", "", ["V", "G1", "A", "B", "D", "F", "cov"]),
    ("inf-shift-at-start", "Theta_t", "slope", "",
     ["V", "G1", "Theta1", "D", "F", "B", "P", "Q", "R", "S", "T", "U", "Theta_t"]),
]
# The networks in which a term's shift of its own tensor is measured; the largest counts.
_8, _KERNEL, _MEAN = "8-ntk-fluctuations", "4-running-kernel", "8-ntk-mean"
OWN = {"V": [_8], "G1": [_KERNEL], "Theta1": [_8, _MEAN], "D": [_8], "F": [_8], "A": [_8],
       "B": [_8], "P": ["11-dntk"], "Q": ["11-dntk"], "R": ["inf-ddntk", "11-dntk-in-training"],
       "S": ["inf-ddntk"], "T": ["inf-ddntk"], "U": ["inf-ddntk"],
       "z": ["inf-training-course", "inf-large-steps"], "Theta_t": ["11-moving-ntk", "inf-shift-at-start"],
       "dTheta_t": ["11-dntk-in-training"], "cov": ["inf-covariance", "inf-shift-at-start"]}
DEEPEST = {_MEAN: ["--set", "network.depth=4"]}  # of a sweep, where all terms act
ARRAY = {"z": "z_nlo", "cov": "cov_nlo", "Theta_t": "Theta_t_nlo",
         "dTheta_t": "dTheta_t_nlo"}


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
            for _, quantity, test, more, tensors in [s for s in SEES if s[0] == claim]:
                out.write(f"  - quantity: {quantity}\n    test: {test}\n")
                out.write(f"    {more}\n    sabotage:\n" if more else "    sabotage:\n")
                for term in [t for t in terms if t.split(".")[0] in tensors]:
                    out.write(f"      - omit: {term}\n      - flip: {term}\n")


def link_measured(source, target):
    """The same folders with links to the ensembles; theory is computed anew."""
    for claim in sorted({s[0] for s in SEES}):
        for folder, _, files in os.walk(os.path.join(source, claim)):
            if "measured.npz" in files:
                copy = os.path.join(target, os.path.relpath(folder, source))
                os.makedirs(copy, exist_ok=True)
                os.symlink(os.path.abspath(os.path.join(folder, "measured.npz")),
                           os.path.join(copy, "measured.npz"))


def shift(pdlt, term, claim, folder, whole):
    """By how much the term moves its own tensor there, relative, root mean square."""
    tensor = term.split(".")[0]
    name = ARRAY.get(tensor, tensor)
    path = os.path.join(folder, "shift.npz")
    command = [pdlt, "theory", os.path.join(ROOT, "reports", claim, "experiment.yaml"), "-o", path,
               "--force", "--quiet", "--set", "sweep={}"] + DEEPEST.get(claim, [])
    if (claim, name) not in whole:
        run(command)
        whole[claim, name] = read_array(path, name)
    run(command + ["--set", f"theory.omit=[{term}]"])
    full, less = whole[claim, name], read_array(path, name)
    return norm([a - b for a, b in zip(full, less)]) / norm(full)


def shifts(pdlt, terms, folder):
    """term -> the largest of its shifts."""
    whole = {}
    return {term: max(shift(pdlt, term, claim, folder, whole) for claim in OWN[term.split(".")[0]])
            for term in terms}


def collect(verdicts):
    """(term, "omit" or "flip") -> [(sigma, claim, comparison)], best first."""
    found = {}
    for claim in verdicts:
        for number in claim["numbers"]:
            if number["verdict"] != "agree":
                sys.exit(f"{claim['claim']}: {number['expectation']}: {number['reason']}; where theory "
                         "itself does not agree a refuted term means nothing")
        for entry in claim["sabotage_verdicts"]:
            kind, term = entry["settings"][0].removeprefix("theory.").removesuffix("]").split("=[")
            found.setdefault((term, kind), []).append(
                (entry["sigma"], claim["claim"], entry["expectation"]))
    return {key: sorted(rows, reverse=True) for key, rows in found.items()}


def sigma_text(sigma, small):
    if sigma >= 37:
        return "> 37"
    return f"{sigma:.1f}" + ("" if sigma >= 5 else " (below 1 %)" if small else " **not caught**")


def table(terms, found, moved):
    lines = ["| term | shifts its tensor by | left out: refuted best by | sigma | flipped: sigma | "
             "left out: also refuted by |",
             "|---|---|---|---|---|---|"]
    caught = {"omit": 0, "flip": 0}
    small = 0
    for term in terms:
        best = {kind: found[term, kind][0] for kind in caught}
        for kind in caught:
            caught[kind] += best[kind][0] >= 5
        is_small = moved[term] < 0.01
        small += is_small and best["omit"][0] < 5
        others = sum(row[0] >= 5 for row in found[term, "omit"][1:])
        lines.append(f"| {term} | {100 * moved[term]:.2g} % | {best['omit'][1]} ({best['omit'][2]}) | "
                     f"{sigma_text(best['omit'][0], is_small)} | "
                     f"{sigma_text(best['flip'][0], is_small)} | {others} |")
    head = (f"{len(terms)} terms. Left out: {caught['omit']} caught at 5 standard errors or more, "
            f"{small} of the others shift their tensor by less than 1 %, "
            f"{len(terms) - caught['omit'] - small} not caught. Sign flipped: {caught['flip']} caught.")
    return textwrap.fill(head, 110, break_on_hyphens=False) + "\n\n" + "\n".join(lines) + "\n"


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
    terms = [t["name"] for t in json.loads(run([options.pdlt, "list", "terms", "--json"]))["terms"]]
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
