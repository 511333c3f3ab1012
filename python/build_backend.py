"""scikit-build-core, told where the C sources lie: in the checkout around this folder, or in a source distribution
beside this file (source/), where build_sdist puts them."""

import os
import shutil
import subprocess
from pathlib import Path

from scikit_build_core import build as _build
from scikit_build_core.build import get_requires_for_build_sdist  # noqa: F401

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "source"
# What the library, the program and the claims are made of.
PARTS = ["CMakeLists.txt", "LICENSE", "base", "cli", "cmake", "compare", "datasets", "python/fonts.conf",
         "reports", "theory", "trainer"]


def _settings(given):
    where = SOURCE if SOURCE.is_dir() else HERE.parent
    return {"cmake.source-dir": str(where), **(given or {})}


def get_requires_for_build_wheel(config_settings=None):
    return _build.get_requires_for_build_wheel(_settings(config_settings))


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _build.build_wheel(wheel_directory, _settings(config_settings), metadata_directory)


def _git(*arguments):
    return os.fsdecode(subprocess.run(["git", *arguments], cwd=HERE.parent, check=True,
                                      capture_output=True).stdout)


def _commit():
    """As cmake/commit.cmake has it, which reads it from source/COMMIT."""
    changed = _git("status", "--porcelain", "--untracked-files=no").strip()
    return _git("rev-parse", "--short=12", "HEAD").strip() + ("+" if changed else "") + "\n"


def build_sdist(sdist_directory, config_settings=None):
    """The tracked files of PARTS, as they stand, copied to source/ while the archive is made."""
    if SOURCE.is_dir():  # out of a source distribution: the same again
        return _build.build_sdist(sdist_directory, config_settings)
    listed = _git("ls-files", "-z", "--", *PARTS, ":!reports/gallery")
    try:
        for name in listed.split("\0"):
            if not name or name.startswith("reports/") and not name.endswith((".yaml", ".csv")):
                continue
            to = SOURCE / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HERE.parent / name, to)
        (SOURCE / "COMMIT").write_text(_commit())
        return _build.build_sdist(sdist_directory, config_settings)
    finally:
        shutil.rmtree(SOURCE, ignore_errors=True)
