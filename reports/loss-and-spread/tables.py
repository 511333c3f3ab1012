#!/usr/bin/env python3
"""tables.py - results of the study as a file and as tables of docs/results.md.

usage: tables.py OUT STUDY RESULTS.md

Reads OUT/CASE/{theory.npz,verdict.json,comparison.csv} and
OUT/CASE/without-GROUP/{verdict.json,../without-GROUP.npz}; a case without results is left out with
a message. Writes STUDY/result.csv and what stands between the markers of RESULTS.md, and copies
the figures of FIGURES to STUDY/figures/. Standard library only. Called by run.sh.
"""
import csv
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import (paste, probability, read_array, read_experiment, rms, short,  # noqa: E402
                    tests_by_name, verdict_of, with_error)

QUANTITIES = ["cov", "loss_train", "loss_train_bias", "loss_train_variance",
              "loss_test", "loss_test_bias", "loss_test_variance"]
FIELDS = ["quantity", "coefficient", "verdict", "p", "worst_z", "null_z", "numbers", "directions"]
FIGURES = {"tanh-3": "loss_width", "mnist-3": "benefit", "init-gelu-3": "initial_density"}


def lines_of(path):
    return [line.split(None, 1) for line in path.read_text().splitlines()
            if line and not line.startswith("#")]


def cases_of(out, study):
    names = [fields[0] for fields in lines_of(study / "cases.txt")]
    for name in names:
        if not (out / name / "verdict.json").exists():
            print(f"{name}: no results, left out of the tables")
    return [name for name in names if (out / name / "verdict.json").exists()]


def trained_of(cases):
    return [case for case in cases if not case.startswith("init-")]


def groups_of(study):
    return [name for name, _ in lines_of(study / "omissions.txt")]


def share(out, case, group):
    """Size of what a group of terms adds to cov_nlo, root mean squares, over that of cov_nlo."""
    whole = read_array(out / case / "theory.npz", "cov_nlo")[1]
    without = read_array(out / case / f"without-{group}.npz", "cov_nlo")[1]
    return rms([a - b for a, b in zip(whole, without)]) / rms(whole)


def write_result(out, study, cases):
    with open(study / "result.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "omitted", "share"] + FIELDS)
        for case in cases:
            for group in [""] + (groups_of(study) if case in trained_of(cases) else []):
                folder = out / case / (f"without-{group}" if group else "")
                size = f"{share(out, case, group):.3g}" if group else ""
                for (quantity, _), test in tests_by_name(folder).items():
                    if quantity not in QUANTITIES + ["z"]:
                        continue
                    row = [test[f] for f in FIELDS]
                    row = [f"{x:.3g}" if isinstance(x, float) else x for x in row]
                    writer.writerow([case, group, size] + row)


def cell(test):
    if test is None:
        return ""
    mark = "" if test["verdict"] == "agree" else f" **{test['verdict']}**"
    return f"{probability(test['p'])} ({short(test['null_z'])}){mark}"


def table_of_cases(out, cases):
    yield "| case | " + " | ".join(QUANTITIES) + " |"
    yield "|---" * (len(QUANTITIES) + 1) + "|"
    for case in trained_of(cases):
        tests = tests_by_name(out / case)
        cells = [cell(tests.get((quantity, "c1"))) for quantity in QUANTITIES]
        yield f"| {case} | " + " | ".join(cells) + " |"


def omission(out, case, group):
    """Smallest p of c1 among the tests that disagree, else of all."""
    size = share(out, case, group)
    if size == 0:
        return "0"
    tests = [t for (quantity, c), t in tests_by_name(out / case / f"without-{group}").items()
             if quantity in QUANTITIES and c == "c1" and t["p"] is not None]
    refuting = [t for t in tests if t["verdict"] == "disagree"]
    best = min(refuting or tests, key=lambda t: t["p"])
    word = "" if refuting else " **not refuted**"
    return f"{100 * size:.0f} %: {probability(best['p'])} ({best['quantity']}){word}"


def table_of_omissions(out, study, cases):
    groups = groups_of(study)
    yield "| case | " + " | ".join(f"without {group}" for group in groups) + " |"
    yield "|---" * (len(groups) + 1) + "|"
    for case in trained_of(cases):
        yield f"| {case} | " + " | ".join(omission(out, case, group) for group in groups) + " |"


def last(out, case, name):
    return read_array(out / case / "theory.npz", name)[1][-1]


def fitted(out, case, quantity):
    """c1 and its error at the last time, from comparison.csv."""
    with open(out / case / "comparison.csv") as file:
        rows = [row for row in csv.DictReader(file)
                if row["quantity"] == quantity and row["width"] == "" and row["c1_fit"]]
    return (float(rows[-1]["c1_fit"]), float(rows[-1]["c1_fit_se"])) if rows else None


def samples_helped(out, case):
    theory = out / case / "theory.npz"
    shape, nlo = read_array(theory, "loss_sample_nlo")
    row = nlo[-shape[1]:][read_experiment(theory)["data"]["train"]:]
    return f"{sum(x < 0 for x in row)} of {len(row)}"


def table_of_benefit(out, cases):
    yield ("| case | infinite width | coefficient of h: theory | measured | bias | variance | "
           "samples helped | test loss at the narrowest width |")
    yield "|---|---|---|---|---|---|---|---|"
    for case in trained_of(cases):
        lo, nlo = last(out, case, "loss_test_lo"), last(out, case, "loss_test_nlo")
        bias, variance = (last(out, case, f"loss_test_nlo_{part}") for part in ("bias", "variance"))
        fit = fitted(out, case, "loss_test")
        measured = f"{fit[0]:.3g} +- {fit[1]:.2g}" if fit else ""
        with open(out / case / "comparison.csv") as file:
            width = next(row for row in csv.DictReader(file)
                         if row["quantity"] == "loss_test" and row["width"])
        change = 100 * float(width["h"]) * nlo / lo
        yield (f"| {case} | {lo:.4g} | {nlo:.3g} | {measured} | {bias:.3g} | {variance:.3g} | "
               f"{samples_helped(out, case)} | {change:+.1f} % |")


def table_of_kurtosis(out, cases):
    yield "| case | coefficient of h: measured | theory | Gaussian | verdict |"
    yield "|---|---|---|---|---|"
    for case in cases:
        if case in trained_of(cases):
            continue
        k = verdict_of(out / case)["kurtosis"]
        measured = " +- ".join(with_error(k["coefficient"], k["se"]))
        yield f"| {case} | {measured} | {k['theory']:.4g} | 0 | {k['verdict']} |"


def summary(out, study, cases):
    trained = trained_of(cases)
    for quantity in ["cov", "loss_train", "loss_test"]:
        tests = [tests_by_name(out / case).get((quantity, "c1")) for case in trained]
        words = [t["verdict"] for t in tests if t]
        yield (f"c1 of {quantity}, {len(words)} cases: {words.count('agree')} agree, "
               f"{words.count('disagree')} disagree, {words.count('undecided')} undecided.")
    pairs = [(case, group) for case in trained for group in groups_of(study)]
    sizes = [pair for pair in pairs if share(out, *pair) > 0]
    refuted = sum("not refuted" not in omission(out, *pair) for pair in sizes)
    yield f"Groups of terms that do not vanish: {len(sizes)}; left out, {refuted} are refuted."


def copy_figures(out, study, cases):
    (study / "figures").mkdir(exist_ok=True)
    for case, stem in FIGURES.items():
        if case in cases:
            shutil.copyfile(out / case / "figures" / f"{stem}.png",
                            study / "figures" / f"{case}-{stem.replace('_', '-')}.png")


def main(out, study, results):
    cases = cases_of(out, study)
    write_result(out, study, cases)
    copy_figures(out, study, cases)
    paste(results, "loss summary", summary(out, study, cases))
    paste(results, "loss cases", table_of_cases(out, cases))
    paste(results, "loss omissions", table_of_omissions(out, study, cases))
    paste(results, "loss benefit", table_of_benefit(out, cases))
    paste(results, "loss kurtosis", table_of_kurtosis(out, cases))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
