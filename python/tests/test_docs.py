"""The Python code of docs/python.md, README.md and python/README.md works, as it is printed."""

import contextlib
import io
import re
import textwrap
import unittest
from pathlib import Path

from support import ROOT, InFolder


def blocks(page):
    """The ```python blocks of a page."""
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


def indented(page):
    """The indented block of a page that imports pdlt."""
    found = [block for block in re.findall(r"(?:^ {4}.*\n)+", (ROOT / page).read_text(), re.MULTILINE)
             if block.startswith("    import pdlt")]
    return textwrap.dedent("".join(found))


class Docs(InFolder):
    def setUp(self):
        super().setUp()
        for folder in ("reports", "datasets"):
            Path(folder).symlink_to(ROOT / folder)

    def run_code(self, name, code):
        """What it prints."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), {"__name__": name})
        return printed.getvalue()

    def test_page(self):
        code = blocks("docs/python.md")
        self.assertGreaterEqual(len(code), 6)
        printed = self.run_code("docs/python.md", "\n".join(code))
        self.assertIn("(16, 24, 32, 64)\n", printed)
        self.assertIn("network.dpth: unknown key; did you mean network.depth?\n", printed)
        self.assertRegex(printed, r"depth=2 \w+ 0\.\d+\ndepth=3 \w+ 0\.\d+\n")
        self.assertTrue(Path("page.html").exists())

    def test_readmes(self):
        first, second = indented("README.md"), indented("python/README.md")
        begin, after = second[:second.index("print(")], second[second.index("print("):]
        self.assertIn("pdlt.run(", begin)
        self.assertTrue(first.startswith(begin), "both begin with the same run, which is done once")
        printed = self.run_code("README.md and python/README.md", first + after)
        self.assertEqual(len(re.findall(r"\b(?:agree|undecided) ", printed)), 2, printed)

    def test_page_names_every_example_and_error(self):
        page = (ROOT / "docs/python.md").read_text()
        for example in (ROOT / "python/examples").glob("*.py"):
            self.assertIn(f"`{example.name}`", page)
        for error in ("Error", "InputError", "NumericError", "OutOfMemory", "Interrupted"):
            self.assertRegex(page, rf"`(pdlt\.)?{error}`")


if __name__ == "__main__":
    unittest.main()
