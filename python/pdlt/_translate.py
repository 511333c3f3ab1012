"""pdlt_translate: descriptions of frameworks and experiments as texts."""

from __future__ import annotations

import ctypes
import os
from ctypes import c_char_p, c_void_p
from typing import Optional

from ._errors import OK, error_of
from ._experiment import Source
from ._library import ErrorStruct, SettingsStruct, library, take_text


def translate(source: Source, back: bool, file: Optional[str], threads: Optional[int], force: bool) -> str:
    """The text, which is written into `file` too unless that is None."""
    lib, err, text, settings = library(), ErrorStruct(), c_void_p(), SettingsStruct()
    sets = [one.encode() for one in source.sets]
    lib.pdlt_settings_default(ctypes.byref(settings))
    settings.threads, settings.force = 0 if threads is None else threads, int(force)
    settings.sets = (c_char_p * (len(sets) + 1))(*sets, None)
    function = lib.pdlt_translate if source.path is not None else lib.pdlt_translate_text
    given = os.fsencode(source.path) if source.path is not None else (source.text or "").encode()
    status = function(given, int(back), None if file is None else os.fsencode(file), ctypes.byref(settings),
                      ctypes.byref(text), ctypes.byref(err))
    if status != OK:
        raise error_of(status, err.message.decode(errors="replace"))
    return take_text(lib, text)
