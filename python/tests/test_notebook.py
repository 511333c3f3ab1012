"""docs/notebook.py runs, and prints what its comments show."""

import contextlib
import io
import re
import unittest

from support import ROOT, InFolder

PAGE = ROOT / "docs" / "notebook.py"
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def cells():
    """(code, what it shows) of each cell."""
    for cell in PAGE.read_text().split("\n# %%")[1:]:
        lines = cell.splitlines()
        yield ("\n".join(["#" + lines[0], *(line for line in lines[1:] if not line.startswith("#>"))]),
               [line[3:] for line in lines if line.startswith("#>")])


def same(shown, printed):
    """The same words; numbers to two units of the last digit that is shown, or 2 %: machines round otherwise."""
    if NUMBER.sub("0", shown).split() != NUMBER.sub("0", printed).split():
        return False
    for a, b in zip(NUMBER.findall(shown), NUMBER.findall(printed)):
        unit = 0 if "e" in a else 10.0 ** -len(a.partition(".")[2]) if "." in a else 0
        if abs(float(a) - float(b)) > max(2.01 * unit, 0.02 * abs(float(a))):
            return False
    return True


class Notebook(InFolder):
    def test_prints_what_it_shows(self):
        names = {"__name__": "notebook"}
        shown_in_all = 0
        for code, shown in cells():
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, str(PAGE), "exec"), names)
            lines = printed.getvalue().splitlines()
            self.assertEqual(len(shown), len(lines), printed.getvalue())
            for a, b in zip(shown, lines):
                self.assertTrue(same(a, b), f"shown: {a}\nprinted: {b}")
            shown_in_all += len(shown)
        self.assertGreater(shown_in_all, 20)

    def test_the_comparison_can_fail(self):
        self.assertTrue(same("n = 16: -0.0589 +- 0.0001", "n = 16: -0.0590 +- 0.0002"))
        self.assertFalse(same("n = 16: -0.0589", "n = 16: -0.0689"))
        self.assertFalse(same("z c1 agree", "z c1 undecided"))


if __name__ == "__main__":
    unittest.main()
