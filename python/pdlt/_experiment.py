"""What to work on: an experiment in any of its forms, arrays, settings - as the library takes them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Mapping, Optional, Union

import numpy as np
from numpy.typing import ArrayLike

from ._errors import InputError

# A path, YAML text, or the same as a dict.
Experiment = Union[str, "os.PathLike[str]", Mapping[str, Any]]
# {"network.depth": 3}: keys and values as `--set` has them.
Settings = Mapping[str, Any]


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays, and paths, as what JSON knows."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} is no value of an experiment")


def yaml_of(value: Any, key: str) -> str:
    """A value as YAML (JSON, which is YAML). key: what an error message is about."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except TypeError as error:
        raise InputError(f"{key}: {error}") from None
    except ValueError:
        raise InputError(f"{key}: holds a number that is not finite") from None


def sets_of(settings: Optional[Settings], keys: Settings) -> list[str]:
    """`KEY=VALUE`, ...: network__depth=3 is network.depth=3."""
    both = {**(settings or {}), **{key.replace("__", "."): value for key, value in keys.items()}}
    return [f"{key}={yaml_of(value, key)}" for key, value in both.items()]


def is_text(experiment: str) -> bool:
    """Whether a string is YAML itself: several lines, or one with a key and a value."""
    return "\n" in experiment or ": " in experiment or "{" in experiment


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no UTF-8 text") from None


class Source:
    """An experiment, with its arrays where there are some.

    path or text: one of them is None. arrays: x (D, n_0) and y (D, n_L), to a text. name: what the text is
    called in messages.
    """

    def __init__(self, experiment: Experiment, x: Optional[ArrayLike], y: Optional[ArrayLike],
                 settings: Optional[Settings], keys: Settings):
        self.path: Optional[str] = None
        self.text: Optional[str] = None
        self.name = "experiment"
        self.sets = sets_of(settings, keys)
        self.arrays: Optional[tuple[np.ndarray, np.ndarray]] = None
        if isinstance(experiment, Mapping):
            self.text = yaml_of(experiment, self.name)
        elif isinstance(experiment, str) and is_text(experiment):
            self.text = experiment
        elif isinstance(experiment, (str, os.PathLike)):
            self.path = os.fspath(experiment)
        else:
            raise InputError(f"experiment: {type(experiment).__name__}; expected a path, YAML text or a dict")
        if x is not None:
            self._take(x, y)
        elif y is not None:
            raise InputError("y: given without x")

    def _take(self, x: ArrayLike, y: Optional[ArrayLike]) -> None:
        """The samples; targets that are missing are 0, and those samples are test samples."""
        inputs = matrix(x, "x")
        samples = len(inputs)
        targets = np.zeros((samples, 1)) if y is None else matrix(y, "y")
        train, outputs = targets.shape
        if train > samples:
            raise InputError(f"y: {train} samples, but x has {samples}")
        if train < samples:
            targets = np.concatenate([targets, np.zeros((samples - train, outputs))])
            self.sets = [f"data.train={train}", f"data.test={samples - train}", *self.sets]
        self.arrays = inputs, targets
        if self.path is not None:
            self.text, self.name, self.path = _read(self.path), self.path, None


def matrix(values: ArrayLike, name: str) -> np.ndarray:
    """(D, ...) as float64 (D, numbers per sample), C order; (D,): one number per sample."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise InputError(f"{name}: of type {array.dtype}; expected real numbers")
    if array.ndim == 0 or array.size == 0:
        raise InputError(f"{name}: of shape {array.shape}; expected (samples, numbers of a sample), none 0")
    return np.ascontiguousarray(array.reshape(len(array), -1), dtype=np.float64)
