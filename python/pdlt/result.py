"""What a comparison found: verdict, tests, arrays, page."""

from __future__ import annotations

import json
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any, Mapping, Optional, Union

from ._errors import Error
from .archive import Archive

_Path = Union[str, "os.PathLike[str]"]


class Result:
    """A folder that `run` or `compare` has written; `Result(folder)` opens an earlier one.

    Without `out` the folder is temporary: it goes with the result and its archives.
    """

    def __init__(self, folder: _Path, *, theory: Optional[Archive] = None, measured: Optional[Archive] = None,
                 keep: object = None):
        self.folder = Path(folder).absolute()
        self._theory, self._measured, self._keep = theory, measured, keep

    @cached_property
    def json(self) -> dict[str, Any]:
        """All of verdict.json (NOTATION.md)."""
        path = self.folder / "verdict.json"
        try:
            verdict: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return verdict
        except (OSError, ValueError) as error:
            raise Error(f"{path}: cannot be read: {error}") from None

    @property
    def verdict(self) -> str:
        """"agree", "undecided" or "disagree"; of a sweep the worst."""
        return str(self.json["verdict"])

    @property
    def answer(self) -> str:
        """Two sentences: what agrees within how much, and by how much each order misses the outputs."""
        self._one_experiment("answer")
        return " ".join(self.json["answer"])

    @property
    def tests(self) -> list[dict[str, Any]]:
        """The tests behind the verdict, as in verdict.json.

        Of each `quantity` ("z", "cov", ...) the `coefficient` of order n^0 ("c0") and that of 1/n ("c1"),
        fitted to the measured widths, against theory: `verdict`, `reason`, the joint `p`, `worst_z`
        (largest deviation of a single number, in errors), `bound`, ... Of a sweep also `point`.
        """
        if not self.points:
            return list(self.json["tests"])
        return [{"point": point["name"], **test} for point in self.json["points"] for test in point["tests"]]

    @property
    def warnings(self) -> list[str]:
        self._one_experiment("warnings")
        return list(self.json["warnings"])

    @cached_property
    def points(self) -> Mapping[str, Result]:
        """The experiments of a sweep by name ("depth=4"), each a result of its own; {} without a sweep."""
        return {point["name"]: Result(self.folder / point["name"], keep=self._keep)
                for point in self.json.get("points", [])}

    def _one_experiment(self, what: str) -> None:
        if self.points:
            raise Error(f"{what}: this is a sweep; each of result.points has its own: "
                        + ", ".join(self.points))

    def _archive(self, given: Optional[Archive], name: str) -> Archive:
        self._one_experiment(name)
        return given if given is not None else Archive(self.folder / f"{name}.npz", keep=self._keep)

    @cached_property
    def theory(self) -> Archive:
        """What theory predicts: `K`, `Theta`, `z_lo`, `z_nlo`, `cov_lo`, ... (NOTATION.md)."""
        return self._archive(self._theory, "theory")

    @cached_property
    def measured(self) -> Archive:
        """What networks of each width n do: `n<n>/z`, `n<n>/z_se`, ... (NOTATION.md)."""
        return self._archive(self._measured, "measured")

    def report(self, path: Optional[_Path] = None) -> Path:
        """Copies the page, one self-contained file, to path (a file or a folder); returns where it is."""
        page = self.folder / "report.html"
        if path is None:
            return page
        try:
            return Path(shutil.copyfile(page, Path(path) / page.name if os.path.isdir(path) else path))
        except OSError as error:
            raise Error(f"{error.filename}: {error.strerror}") from None

    def __repr__(self) -> str:
        return f"<pdlt.Result {self.verdict!r} in {self.folder}>"
