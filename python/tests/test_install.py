"""The package finds its library wherever that is, and pip installs it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from pdlt import _library
from support import ROOT, InFolder

has_pip = all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel"))


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

    @unittest.skipUnless(has_pip, "pip, setuptools or wheel is missing")
    def test_pip_installs_it(self):
        shutil.copytree(ROOT / "python", "python", ignore=shutil.ignore_patterns("__pycache__"))
        options = ("--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
        subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", "site", "./python"],
                       check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"})
        self.assertTrue(Path("site/pdlt/py.typed").exists())
        self.assertEqual({path.name for path in Path("site/pdlt").glob("*.py")},
                         {path.name for path in (ROOT / "python/pdlt").glob("*.py")})
        self.assertEqual(self.found("site", PDLT_LIBRARY=self.library), self.library)


if __name__ == "__main__":
    unittest.main()
