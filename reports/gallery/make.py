#!/usr/bin/env python3
"""make.py - the gallery from a finished `pdlt verify -o DIR`: page, verdicts, figures, table.

    reports/gallery/make.py DIR"""
import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    source = sys.argv[1]
    for name in ("index.html", "verdicts.json"):
        shutil.copy(os.path.join(source, name), HERE)
    with open(os.path.join(HERE, "verdicts.json")) as file:
        verdicts = json.load(file)
    figures = os.path.join(HERE, "figures")
    shutil.rmtree(figures, ignore_errors=True)
    os.makedirs(figures)
    with open(os.path.join(HERE, "README.md"), "w") as out:
        out.write("# Gallery\n\n"
                  "Made by `reports/gallery/make.py DIR` from a run of `pdlt verify -o DIR`. `index.html` is "
                  "the page of that\nrun (open it in a browser; it says whether the run was quick or full), "
                  "`verdicts.json` its numbers.\n\n"
                  "| claim | verdict | sabotages refuted |\n|---|---|---|\n")
        for claim in verdicts:
            shutil.copy(os.path.join(source, claim["claim"], "figure.svg"),
                        os.path.join(figures, claim["claim"] + ".svg"))
            refuted = sum(s["verdict"] == "disagree" for s in claim["sabotage_verdicts"])
            title = claim["title"].replace("|", "\\|")
            out.write(f"| [{title}](../{claim['claim']}/expect.yaml) ([figure](figures/"
                      f"{claim['claim']}.svg)) | {claim['verdict']} | {refuted} of "
                      f"{len(claim['sabotage_verdicts'])} |\n")


if __name__ == "__main__":
    main()
