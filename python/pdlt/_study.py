"""A study of the library: opened, worked on in a thread of its own, stopped by Ctrl-C, freed."""

from __future__ import annotations

import ctypes
import os
import queue
import threading
import weakref
from ctypes import c_char_p, c_double, c_int, c_void_p
from typing import Any, Callable, NamedTuple, Optional

from ._errors import OK, Error, Interrupted, error_of
from ._experiment import Source
from ._library import ErrorStruct, EventCall, SettingsStruct, library, take_text

KINDS = ("begin", "progress", "note", "reused", "end")  # pdlt_event (base/core/event.h)


class Event(NamedTuple):
    """What long work tells: `progress=print` prints it.

    kind: "begin" and "end" of text = "theory", "training" or "comparison"; "progress": `done` of `total`
    units of text = "training, n = 16", ...; "note": a line worth reading; "reused": a file that held the
    result already.
    """

    kind: str
    text: str
    done: float = 0.0
    total: float = 0.0

    def __str__(self) -> str:
        if self.kind == "progress":
            return f"{self.text}: {100 * self.done / self.total if self.total > 0 else 100:.0f} %"
        return self.text if self.kind == "note" else f"{self.text}: {self.kind}"


Progress = Callable[[Event], Any]


def _hear(events: "queue.SimpleQueue[Optional[Event]]") -> Callable[..., None]:
    """The pdlt_event_call that keeps events for whoever waits. Is called in threads of the library."""

    def hear(context: object, kind: int, text: bytes, done: float, total: float) -> None:
        events.put(Event(KINDS[kind], text.decode(errors="replace"), done, total))

    return hear


class Study:
    """One experiment (source), or the results of one in two files (theory, measured)."""

    def __init__(self, source: Optional[Source], *, sets: tuple[str, ...] = (), threads: Optional[int] = None,
                 layers: bool = False, force: bool = False, progress: Optional[Progress] = None,
                 results: Optional[tuple[str, str]] = None):
        self._lib = library()
        self._stop = c_int(0)
        self._events: "queue.SimpleQueue[Optional[Event]]" = queue.SimpleQueue()
        self._progress = progress
        self._call = EventCall(_hear(self._events)) if progress is not None else EventCall()
        self._name = source.name if source is not None else "experiment"
        all_sets = [text.encode() for text in (source.sets if source is not None else sets)]
        self._handle = c_void_p()
        settings = SettingsStruct()
        self._lib.pdlt_settings_default(ctypes.byref(settings))
        settings.threads = 0 if threads is None else threads
        settings.layers, settings.force = int(layers), int(force)
        settings.sets = (c_char_p * (len(all_sets) + 1))(*all_sets, None)
        settings.call = self._call
        settings.stop = ctypes.pointer(self._stop)
        self._open(source, results, settings)
        self._finalizer = weakref.finalize(self, self._lib.pdlt_study_free, self._handle)

    def _open(self, source: Optional[Source], results: Optional[tuple[str, str]],
              settings: SettingsStruct) -> None:
        lib, err = self._lib, ErrorStruct()
        handle, to, error = ctypes.byref(self._handle), ctypes.byref(settings), ctypes.byref(err)
        if source is None:
            assert results is not None
            status = lib.pdlt_study_open_results(handle, *map(os.fsencode, results), to, error)
        elif source.text is not None and source.arrays is not None:
            x, y = (array.ctypes.data_as(ctypes.POINTER(c_double)) for array in source.arrays)
            (samples, inputs), (_, outputs) = (array.shape for array in source.arrays)
            status = lib.pdlt_study_open_arrays(handle, source.text.encode(), samples, inputs, x, outputs, y,
                                                to, error)
        elif source.text is not None:
            status = lib.pdlt_study_open_text(handle, source.text.encode(), to, error)
        else:
            assert source.path is not None
            status = lib.pdlt_study_open(handle, os.fsencode(source.path), to, error)
        self._check(status, err)

    def _check(self, status: int, err: ErrorStruct) -> None:
        if status != OK:
            raise self._error(status, err)

    def _error(self, status: int, err: ErrorStruct) -> Error:
        message = err.message.decode(errors="replace")
        if message.startswith("experiment:"):
            message = self._name + message.removeprefix("experiment")
        return error_of(status, message)

    # --- work ---

    def _work(self, function: Callable[..., int], *arguments: Any) -> None:
        """Calls function(handle, *arguments, err) in a thread, so that Ctrl-C and progress are heard here."""
        err, outcome = ErrorStruct(), [OK]

        def work() -> None:
            try:
                outcome[0] = function(self._handle, *arguments, ctypes.byref(err))
            finally:
                self._events.put(None)

        thread = threading.Thread(target=work, name="pdlt")
        thread.start()
        try:
            self._listen(self._progress)
        except BaseException as error:
            self._stop.value = 1
            self._listen(None)  # until it has ended; a second Ctrl-C leaves it to end alone
            thread.join()
            self._stop.value = 0
            if type(error) is not KeyboardInterrupt:
                raise
            raise (self._error(outcome[0], err) if outcome[0] != OK else Interrupted("interrupted")) from None
        thread.join()
        self._check(outcome[0], err)

    def _listen(self, progress: Optional[Progress]) -> None:
        """Hands events on until the work has ended."""
        while (event := self._events.get()) is not None:
            if progress is not None:
                progress(event)

    def predict(self, path: str) -> None:
        self._work(self._lib.pdlt_study_predict, os.fsencode(path))

    def train(self, path: str) -> None:
        self._work(self._lib.pdlt_study_train, os.fsencode(path))

    def compare(self, folder: str) -> None:
        self._work(self._lib.pdlt_study_compare, os.fsencode(folder))

    def run(self, folder: str) -> None:
        self._work(self._lib.pdlt_study_run, os.fsencode(folder))

    def explain(self) -> str:
        """JSON (NOTATION.md, "explain --json")."""
        text = c_void_p()
        self._work(self._lib.pdlt_study_explain, 1, ctypes.byref(text))
        return take_text(self._lib, text)
