"""libpdlt.so.0: where it is, its structs and functions (cli/study/pdlt.h)."""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import POINTER, c_char, c_char_p, c_double, c_int, c_size_t, c_void_p
from pathlib import Path
from typing import Iterator

from ._errors import Error

__version__ = "0.1.0"

NAME = "libpdlt.so.0"
ERROR_LENGTH = 1024

EventCall = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_double, c_double)


class ErrorStruct(ctypes.Structure):
    """pdlt_error"""

    _fields_ = [("status", c_int), ("message", c_char * ERROR_LENGTH)]


class SettingsStruct(ctypes.Structure):
    """pdlt_settings"""

    _fields_ = [
        ("threads", c_int), ("layers", c_int), ("force", c_int), ("verbose", c_int),
        ("sets", POINTER(c_char_p)), ("call", EventCall), ("context", c_void_p),
        ("stop", POINTER(c_int)), ("checkpoint_seconds", c_double), ("shard", c_int), ("shards", c_int),
        ("team", c_int),
    ]


_handle, _settings, _error = c_void_p, POINTER(SettingsStruct), POINTER(ErrorStruct)
_numbers = POINTER(c_double)

# name: (result, arguments)
_functions = {
    "pdlt_library_version": (c_char_p, []),
    "pdlt_about": (c_int, [POINTER(c_void_p), _error]),
    "pdlt_settings_default": (None, [_settings]),
    "pdlt_study_open": (c_int, [POINTER(_handle), c_char_p, _settings, _error]),
    "pdlt_study_open_text": (c_int, [POINTER(_handle), c_char_p, _settings, _error]),
    "pdlt_study_open_arrays": (c_int, [POINTER(_handle), c_char_p, c_size_t, c_size_t, _numbers, c_size_t,
                                       _numbers, _settings, _error]),
    "pdlt_study_open_results": (c_int, [POINTER(_handle), c_char_p, c_char_p, _settings, _error]),
    "pdlt_study_free": (None, [_handle]),
    "pdlt_study_predict": (c_int, [_handle, c_char_p, _error]),
    "pdlt_study_train": (c_int, [_handle, c_char_p, _error]),
    "pdlt_study_compare": (c_int, [_handle, c_char_p, _error]),
    "pdlt_study_run": (c_int, [_handle, c_char_p, _error]),
    "pdlt_study_explain": (c_int, [_handle, c_int, POINTER(c_void_p), _error]),
    "pdlt_translate": (c_int, [c_char_p, c_int, c_char_p, _settings, POINTER(c_void_p), _error]),
    "pdlt_translate_text": (c_int, [c_char_p, c_int, c_char_p, _settings, POINTER(c_void_p), _error]),
    "pdlt_text_free": (None, [c_void_p]),
}


def places() -> Iterator[str]:
    """Where the library is looked for, in this order; PDLT_LIBRARY alone where it is set."""
    given = os.environ.get("PDLT_LIBRARY")
    if given:
        yield given
        return
    package = Path(__file__).resolve().parent
    checkout = package.parents[1]
    yield str(package / NAME)
    if (checkout / "cli" / "study" / "pdlt.h").exists():
        yield str(checkout / "build" / NAME)
    yield NAME  # where the system's loader looks


def _load() -> ctypes.CDLL:
    reasons = []
    for place in places():
        if "/" in place and not os.path.exists(place):
            reasons.append(f"{place}: not there")
            continue
        try:
            return ctypes.CDLL(place)
        except OSError as error:
            reasons.append(str(error))
    raise Error(f"{NAME} is not found ({'; '.join(reasons)}); build it with ./bootstrap build or set "
                "PDLT_LIBRARY to its path")


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """The library, loaded at the first call. Raises Error where it is not found or does not fit."""
    lib = _load()
    for name, (result, arguments) in _functions.items():
        try:
            function = getattr(lib, name)
        except AttributeError:
            raise Error(f"{lib._name} has no {name}; this package needs pdlt {__version__}") from None
        function.restype, function.argtypes = result, arguments
    version = lib.pdlt_library_version().decode()
    if version.split(".")[:2] != __version__.split(".")[:2]:
        raise Error(f"{lib._name} is pdlt {version}; this package needs {__version__}")
    return lib


def take_text(lib: ctypes.CDLL, text: c_void_p) -> str:
    """A text that the library made, which is freed."""
    try:
        return ctypes.string_at(text).decode()
    finally:
        lib.pdlt_text_free(text)


def about() -> str:
    """Version, commit, compiler and BLAS of the library, a line each, and where it was found."""
    lib = library()
    text, err = c_void_p(), ErrorStruct()
    if lib.pdlt_about(ctypes.byref(text), ctypes.byref(err)) != 0:
        raise Error(err.message.decode(errors="replace"))
    return f"{take_text(lib, text)}\nlibrary: {lib._name}"
