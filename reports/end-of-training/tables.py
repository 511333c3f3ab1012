#!/usr/bin/env python3
"""tables.py - results of the study as a file and as tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads OUT/CASE/{theory.npz,verdict.json} and OUT/CASE/without-PART/verdict.json; a
case without results is left out with a message. Writes STUDY/result.csv and what stands between
the markers of RESULTS.md, and copies the figures of FIGURES to STUDY/figures/. Standard library
only. Called by run.sh.
"""
import csv
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import (paste, probability, read_array, rms, short, tests_by_name,  # noqa: E402
                    verdict_of, with_error)

PARTS = ["mean_ntk", "ntk_fluctuations", "dntk", "ddntk_linear", "ddntk_cubic"]
FIELDS = ["quantity", "coefficient", "verdict", "p", "worst_z", "null_z", "numbers", "directions"]
FIGURES = ["gelu-3", "softplus-2", "swish-3"]


def tests_of(folder):
    """Tests of the mean output, by coefficient."""
    return {c: t for (quantity, c), t in tests_by_name(folder).items() if quantity == "z"}


def cases_of(out, study):
    names = sorted((f.stem for f in study.glob("*.yaml")),
                   key=lambda case: (case.startswith("mnist"), case.split("-")[-1], case))
    for name in names:
        if not (out / name / "verdict.json").exists():
            print(f"{name}: no results, left out of the tables")
    return [name for name in names if (out / name / "verdict.json").exists()]


def share(out, case, part):
    """Size of a part over the size of z_nlo, root mean squares over times, outputs, samples."""
    theory = out / case / "theory.npz"
    return rms(read_array(theory, f"z_nlo/{part}")[1]) / rms(read_array(theory, "z_nlo")[1])


def slope_of(out, case, order):
    """Slope of the distance of z against width, from infinite width (0) or from order 1/n (1)."""
    for s in verdict_of(out / case)["slopes"]:
        if s["quantity"] == "z" and s["order"] == order and s["slope"] is not None:
            return " ± ".join(with_error(s["slope"], s["se"]))
    return "no slope"


def write_result(out, study, cases):
    with open(study / "result.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "omitted", "share"] + FIELDS)
        for case in cases:
            for part in [""] + PARTS:
                folder = out / case / (f"without-{part}" if part else "")
                size = f"{share(out, case, part):.3g}" if part else ""
                for test in tests_of(folder).values():
                    row = [test[f] for f in FIELDS]
                    row = [f"{x:.3g}" if isinstance(x, float) else x for x in row]
                    writer.writerow([case, part, size] + row)


def cell(test):
    mark = "" if test["verdict"] == "agree" else f" **{test['verdict']}**"
    return f"{probability(test['p'])} ({short(test['null_z'])}){mark}"


def omission(out, case, part):
    size = share(out, case, part)
    if size == 0:
        return "0"
    test = tests_of(out / case / f"without-{part}")["c1"]
    word = "" if test["verdict"] == "disagree" else f" **{test['verdict']}**"
    return f"{100 * size:.0f} %: {probability(test['p'])}{word}"


def table_of_cases(out, cases):
    yield "| case | c0 | c1 | " + " | ".join(f"without {p}" for p in PARTS) + " |"
    yield "|---" * (len(PARTS) + 3) + "|"
    for case in cases:
        tests = tests_of(out / case)
        cells = [cell(tests["c0"]), cell(tests["c1"])]
        cells += [omission(out, case, part) for part in PARTS]
        yield f"| {case} | " + " | ".join(cells) + " |"


def table_of_slopes(out, cases):
    yield "| case | from infinite width | from order 1/n |"
    yield "|---|---|---|"
    for case in cases:
        yield f"| {case} | " + " | ".join(slope_of(out, case, order) for order in (0, 1)) + " |"


def summary(out, cases):
    c1 = [tests_of(out / case)["c1"]["verdict"] for case in cases]
    c0 = [tests_of(out / case)["c0"]["verdict"] for case in cases]
    parts = [(case, part) for case in cases for part in PARTS if share(out, case, part) > 0]
    refuted = sum(tests_of(out / case / f"without-{part}")["c1"]["verdict"] == "disagree"
                  for case, part in parts)
    for name, words in (("c0", c0), ("c1", c1)):
        yield (f"{name}, {len(words)} cases: {words.count('agree')} agree, "
               f"{words.count('disagree')} disagree, {words.count('undecided')} undecided.")
    yield (f"Parts that do not vanish: {len(parts)}; left out, c1 disagrees in {refuted}.")


def copy_figures(out, study, cases):
    (study / "figures").mkdir(exist_ok=True)
    for case in FIGURES:
        if case in cases:
            shutil.copyfile(out / case / "figures" / "width_scaling.png",
                            study / "figures" / f"{case}.png")


def main(out, study, results):
    cases = cases_of(out, study)
    write_result(out, study, cases)
    copy_figures(out, study, cases)
    paste(results, "end summary", summary(out, cases))
    paste(results, "end cases", table_of_cases(out, cases))
    paste(results, "end slopes", table_of_slopes(out, cases))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
