#!/usr/bin/env python3
"""tables.py - results of the study as files and as tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads OUT/CASE/verdict.json, OUT/CASE/without-TERM/verdict.json and OUT/published-*/measured.npz;
writes STUDY/result.csv, STUDY/published-result.csv and what stands between the markers of
RESULTS.md. Standard library only. Called by run.sh.
"""
import csv
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import paste, probability, read_array, short, tests_by_name, tests_of  # noqa: E402

COLUMNS = [("K", "c0"), ("K", "c1"), ("Theta", "c0"), ("Theta", "c1"),
           ("V", "c0"), ("D", "c0"), ("F", "c0"), ("A", "c0"), ("B", "c0")]
FIELDS = ["quantity", "coefficient", "verdict", "p", "worst_z", "null_z", "numbers", "directions"]


def tested_by(term):
    """The test that must notice: (quantity, coefficient) of the term's own tensor."""
    tensor = term.split(".")[0]
    return {"G1": ("K", "c1"), "Theta1": ("Theta", "c1")}.get(tensor, (tensor, "c0"))


def prediction_is_zero(test):
    """Theory and null hypothesis coincide: "undecided" whatever the number of members."""
    return test["null_z"] == 0


def cases_of(study):
    return sorted((f.stem for f in study.glob("*.yaml") if not f.stem.startswith("published-")),
                  key=lambda case: (case.split("-")[1], case))


def omissions_of(study):
    lines = (study / "omissions.txt").read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def write_result(out, study):
    with open(study / "result.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "omitted"] + FIELDS)
        for case in cases_of(study):
            runs = [("", out / case)]
            runs += [(term, out / case / f"without-{term}")
                     for name, term in omissions_of(study) if name == case]
            for term, folder in runs:
                for test in tests_of(folder):
                    row = [test[f] for f in FIELDS]
                    row = [f"{x:.3g}" if isinstance(x, float) else x for x in row]
                    writer.writerow([case, term] + row)


def table_of_cases(out, study):
    yield "| case | " + " | ".join(f"{q} {c}" for q, c in COLUMNS) + " |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for case in cases_of(study):
        tests = tests_by_name(out / case)
        cells = []
        for key in COLUMNS:
            test = tests.get(key)
            if test is None:
                cells.append("")
            elif prediction_is_zero(test):
                cells.append(f"{short(test['p'])} (0)")
            else:
                mark = "" if test["verdict"] == "agree" else f" **{test['verdict']}**"
                cells.append(f"{short(test['p'])} ({short(test['null_z'])}){mark}")
        yield f"| {case} | " + " | ".join(cells) + " |"


def table_of_omissions(out, study):
    yield "| case | without | test | verdict | p | worst z | other tests that disagree |"
    yield "|---|---|---|---|---|---|---|"
    for case, term in omissions_of(study):
        tests = tests_of(out / case / f"without-{term}")
        key = tested_by(term)
        own = next(t for t in tests if (t["quantity"], t["coefficient"]) == key)
        others = [f"{t['quantity']} {t['coefficient']}" for t in tests
                  if t is not own and t["verdict"] == "disagree"]
        yield (f"| {case} | {term} | {key[0]} {key[1]} | {own['verdict']} | {probability(own['p'])} | "
               f"{short(own['worst_z'])} | {', '.join(others)} |")


def published_rows(out, study):
    with open(study / "published.csv") as file:
        for row in csv.DictReader(file):
            archive = out / row["case"] / "measured.npz"
            key = f"n{row['width']}/Theta"
            shape, ours = read_array(archive, key)
            _, ours_se = read_array(archive, key + "_se")
            _, members = read_array(archive, f"n{row['width']}/members")
            i, j = map(int, row["index"].split())
            at = i * shape[1] + j
            mean, se = float(row["mean"]), float(row["se"])
            z = (ours[at] - mean) / math.hypot(se, ours_se[at])
            yield [row["case"], row["width"], row["index"], mean, se, ours[at], ours_se[at],
                   int(members[0]), z]


def write_published(out, study):
    with open(study / "published-result.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "width", "index", "published", "published_se", "ours", "ours_se",
                         "members", "z"])
        for row in published_rows(out, study):
            writer.writerow([f"{x:.6g}" if isinstance(x, float) else x for x in row])


def table_of_published(out, study):
    yield "| case | n | Theta at | published | ours | draws | z |"
    yield "|---|---|---|---|---|---|---|"
    for case, width, index, mean, se, ours, ours_se, members, z in published_rows(out, study):
        yield (f"| {case} | {width} | {index} | {mean:.6f} +- {se:.6f} | {ours:.6f} +- {ours_se:.6f} "
               f"| {members} | {z:+.2f} |")


def summary(out, study):
    tests = [t for case in cases_of(study) for t in tests_of(out / case)]
    p = sorted(t["p"] for t in tests)
    words = {w: sum(t["verdict"] == w for t in tests) for w in ("agree", "undecided", "disagree")}
    zero = sum(prediction_is_zero(t) for t in tests)
    below = sum(x < 0.1 for x in p)
    omitted = [(case, term) for case, term in omissions_of(study)]
    refuted = sum(
        t["verdict"] == "disagree" for case, term in omitted
        for t in tests_of(out / case / f"without-{term}")
        if (t["quantity"], t["coefficient"]) == tested_by(term))
    yield (f"{len(tests)} tests: {words['agree']} agree, {words['disagree']} disagree, "
           f"{words['undecided']} undecided, of which {zero} because the prediction is 0. "
           f"Smallest p: {short(p[0])}; {below} of {len(p)} below 0.1. "
           f"Omissions: {refuted} of {len(omitted)} refuted.")


def main(out, study, results):
    write_result(out, study)
    write_published(out, study)
    paste(results, "tensors summary", summary(out, study))
    paste(results, "tensors cases", table_of_cases(out, study))
    paste(results, "tensors omissions", table_of_omissions(out, study))
    paste(results, "tensors published", table_of_published(out, study))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
