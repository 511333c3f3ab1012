"""What can go wrong: one line each, as the program prints it."""

from __future__ import annotations


class Error(Exception):
    """The library failed: files that cannot be written, results of another experiment, ...

    `str(error)` is one line that says where, what and, as far as possible, what would be right.
    """


class InputError(Error, ValueError):
    """An experiment, a setting or an array is wrong: `FILE:LINE: key: what, and what would be right`."""


class NumericError(Error, ArithmeticError):
    """A numerical method did not converge, or its result is not finite."""


class OutOfMemory(Error, MemoryError):
    """Memory ran out; the line says for what, and what would need less."""


class Interrupted(Error, KeyboardInterrupt):
    """Ctrl-C: work has ended, files are whole. The same call with the same `out` goes on from there."""


# pdlt_status (base/core/status.h), in its order.
OK, INPUT, UNSUPPORTED, NUMERIC, MEMORY, IO, INTERNAL, INTERRUPTED = range(8)

_classes = {
    INPUT: InputError, UNSUPPORTED: InputError, NUMERIC: NumericError, MEMORY: OutOfMemory,
    INTERRUPTED: Interrupted,
}


def error_of(status: int, message: str) -> Error:
    """The exception of a status. Settings are no options of a program here: `--set: ` goes."""
    return _classes.get(status, Error)(message.removeprefix("--set: "))
