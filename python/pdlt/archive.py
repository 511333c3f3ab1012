"""Named arrays in a file: theory.npz, measured.npz."""

from __future__ import annotations

import difflib
import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any, Iterator, Mapping, Union

import numpy as np

from ._errors import Error

_META = "meta"


class Archive(Mapping[str, np.ndarray]):
    """A mapping from names to arrays, of which each is read at its first use and then kept.

    Names, shapes and meaning stand in NOTATION.md: `theory["K"]` is the (D, D) kernel at infinite width,
    `measured["n16/z"]` the (T, n_L, D) mean output of networks of width 16 and `measured["n16/z_se"]`
    its standard error. Arrays are read-only; `.copy()` is not.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"], *, keep: object = None):
        """keep: what has to live as long as the file, for instance its temporary folder."""
        self.path = Path(path).absolute()
        self._keep = keep
        self._arrays: dict[str, np.ndarray] = {}

    def _read(self, name: str) -> np.ndarray:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                array: np.ndarray = file[name]
                return array
        except (OSError, ValueError) as error:
            raise Error(f"{self.path}: cannot be read: {error}") from None

    @cached_property
    def _names(self) -> tuple[str, ...]:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                return tuple(name for name in file.files if name != _META)
        except (OSError, ValueError) as error:
            raise Error(f"{self.path}: cannot be read: {error}") from None

    @cached_property
    def meta(self) -> dict[str, Any]:
        """How the arrays came about: the experiment as it was resolved, seeds, versions, ...

        meta["absent"] tells, for arrays that are not there, why.
        """
        meta: dict[str, Any] = json.loads(self._read(_META).tobytes())
        return meta

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._arrays:
            if name not in self._names:
                raise KeyError(self._why(name))
            array = self._read(name)
            array.setflags(write=False)
            self._arrays[name] = array
        return self._arrays[name]

    def _why(self, name: str) -> str:
        reason = self.meta.get("absent", {}).get(name)
        if reason is not None:
            return f"{name}: {reason}"
        near = difflib.get_close_matches(str(name), self._names, 3)
        return f"{name}: no such array in {self.path.name}" + (f"; near: {', '.join(near)}" if near else "")

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<pdlt.Archive of {len(self)} arrays in {self.path}>"

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Hidden widths n that were measured, increasing; () of theory."""
        found = {int(match[1]) for name in self if (match := re.match(r"n(\d+)/", name))}
        return tuple(sorted(found))

    def of_widths(self, name: str) -> np.ndarray:
        """`n<n>/NAME` of all widths: (widths, ...), the shape of NAME behind. Raises KeyError."""
        return np.stack([self[f"n{n}/{name}"] for n in self.widths])
