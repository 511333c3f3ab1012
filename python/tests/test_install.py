"""The package finds its library and its program, and its sources are whole."""

import ast
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from pdlt import _library
from support import ROOT, InFolder


class Install(InFolder):
    def setUp(self):
        super().setUp()
        self.library = _library.library()._name

    def found(self, path, **more):
        """Where the package in path finds the library."""
        keep = {name: value for name, value in os.environ.items() if name != "PDLT_LIBRARY"}
        got = subprocess.run([sys.executable, "-B", "-c", "import pdlt; print(pdlt.__file__, pdlt.about())"],
                             env={**keep, "PYTHONPATH": str(path), **more}, capture_output=True, text=True,
                             check=False)
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        self.assertTrue(got.stdout.startswith(f"{Path(path).resolve()}/pdlt/__init__.py pdlt "), got.stdout)
        return got.stdout.splitlines()[-1].removeprefix("library: ")

    def copy(self, to):
        shutil.copytree(ROOT / "python/pdlt", to, ignore=shutil.ignore_patterns("__pycache__"))
        return Path(to).resolve()

    def link(self, to):
        Path(to).parent.mkdir(parents=True, exist_ok=True)
        Path(to).symlink_to(self.library)
        return str(Path(to).absolute())

    def test_order_of_places(self):
        package = self.copy("checkout/python/pdlt")
        system = self.link("system/libpdlt.so.0")
        loader = {"LD_LIBRARY_PATH": str(Path(system).parent)}
        self.assertEqual(self.found(package.parent, **loader), "libpdlt.so.0")
        build = self.link("checkout/build/libpdlt.so.0")
        self.assertEqual(self.found(package.parent, **loader), "libpdlt.so.0")  # no checkout of pdlt
        Path("checkout/cli/study").mkdir(parents=True)
        Path("checkout/cli/study/pdlt.h").write_text("")
        self.assertEqual(self.found(package.parent, **loader), build)
        beside = self.link(package / "libpdlt.so.0")
        self.assertEqual(self.found(package.parent, **loader), beside)
        given = self.link("given.so")
        self.assertEqual(self.found(package.parent, PDLT_LIBRARY=given, **loader), given)

    def test_the_command_of_a_wheel_becomes_its_program(self):
        package = self.copy("site/pdlt")
        (package / "bin").mkdir()
        (package / "bin/pdlt").symlink_to(os.environ["PDLT_PROGRAM"])
        call = [sys.executable, "-B", "-c", "import sys; sys.argv[1:] = ['--version'];"
                "from pdlt._program import main; main()"]
        options = {"env": {**os.environ, "PYTHONPATH": "site"}, "capture_output": True, "text": True,
                   "check": False}
        got = subprocess.run(call, **options)
        self.assertEqual((got.returncode, got.stdout.split(" (")[0]), (0, f"pdlt {_library.__version__}"))
        (package / "bin/pdlt").unlink()
        got = subprocess.run(call, **options)
        self.assertEqual(got.returncode, 1)
        self.assertIn("No such file or directory; this package was installed without the program", got.stderr)

    def test_sources_of_a_distribution(self):
        """What a source distribution takes from the checkout is there, and is all that CMakeLists.txt reads."""
        listed = re.search(r"PARTS = (\[.*?\])", (ROOT / "python/build_backend.py").read_text(), re.DOTALL)[1]
        parts = ast.literal_eval(listed)
        self.assertTrue(all((ROOT / part).exists() for part in parts))
        read = re.findall(r"(?:add_subdirectory|include)\((\w+)", (ROOT / "CMakeLists.txt").read_text())
        wanted = {name for name in read if (ROOT / name).is_dir()} - {"tests", "bench"}
        self.assertLessEqual(wanted, set(parts))


if __name__ == "__main__":
    unittest.main()
