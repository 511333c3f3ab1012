"""The structs of the package are those of the library's headers."""

import ctypes
import os
import re
import subprocess
import unittest
from pathlib import Path

from pdlt import _errors, _library, _study
from support import ROOT, InFolder

HEADER = "cli/study/pdlt.h"


class Library(InFolder):
    def test_version_is_that_of_the_project(self):
        project = re.search(r"project\(pdlt VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(_library.__version__, project)
        self.assertIn(f"pdlt {project}", _library.about())
        pyproject = (ROOT / "python/pyproject.toml").read_text()
        self.assertIn('dynamic = ["version"]', pyproject)
        self.assertIn('input = "pdlt/_library.py"', pyproject)

    def test_words_are_those_of_the_headers(self):
        status = (ROOT / "base/core/status.h").read_text()
        codes = re.findall(r"X\(PDLT_(?:ERR_)?(\w+), \d+, ", status)
        self.assertEqual([getattr(_errors, code) for code in codes], list(range(len(codes))))
        self.assertEqual(len(codes), 8)
        events = re.findall(r"^  PDLT_EVENT_(\w+)", (ROOT / "base/core/event.h").read_text(), re.MULTILINE)
        self.assertEqual(tuple(word.lower() for word in events), _study.KINDS)
        length = re.search(r"PDLT_ERROR_LENGTH = (\d+)", status)[1]
        self.assertEqual(int(length), _library.ERROR_LENGTH)

    def test_layout_is_that_of_the_compiler(self):
        structs = {"pdlt_settings": _library.SettingsStruct, "pdlt_error": _library.ErrorStruct}
        lines = ["#include <stdio.h>", f'#include "{HEADER}"', "int main(void) {"]
        expected = []
        for name, struct in structs.items():
            lines.append(f'printf("%zu ", sizeof({name}));')
            expected.append(ctypes.sizeof(struct))
            for field, _ in struct._fields_:
                lines.append(f'printf("%zu ", offsetof({name}, {field}));')
                expected.append(getattr(struct, field).offset)
        lines.append('printf("%zu", sizeof(sig_atomic_t));')
        expected.append(ctypes.sizeof(ctypes.c_int))
        Path("layout.c").write_text("\n".join(lines) + "\nreturn 0; }\n")
        subprocess.run([os.environ.get("CC", "cc"), "layout.c", "-I", str(ROOT), "-o", "layout"], check=True)
        printed = subprocess.run(["./layout"], check=True, capture_output=True, text=True).stdout
        self.assertEqual([int(word) for word in printed.split()], expected)

    def test_functions_are_declared_as_in_the_header(self):
        text = (ROOT / HEADER).read_text() + (ROOT / "cli/study/pdlt_tools.h").read_text()
        for name, (_, arguments) in _library._functions.items():
            declared = re.search(rf"\b{name}\(([^;]*)\);", text)
            self.assertIsNotNone(declared, name)
            count = 0 if declared[1] == "void" else declared[1].count(",") + 1
            self.assertEqual(len(arguments), count, name)


if __name__ == "__main__":
    unittest.main()
