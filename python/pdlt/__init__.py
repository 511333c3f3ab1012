"""Finite-width neural networks against *The Principles of Deep Learning Theory*.

    result = pdlt.run("experiment.yaml", network__depth=3)
    result.verdict                    # "agree", "undecided" or "disagree"
    result.theory["z_nlo"]            # (T, n_L, D): coefficient of 1/n of the mean output
    result.measured["n16/z"]          # (T, n_L, D): mean output of networks of width 16

Arrays have the names, shapes and meaning that NOTATION.md gives them; docs/python.md tells the rest.
"""

from ._errors import Error, InputError, Interrupted, NumericError, OutOfMemory
from ._experiment import Experiment, Settings
from ._library import __version__, about
from ._study import Event, Progress
from .archive import Archive
from .commands import compare, explain, run, theory, train, translate
from .result import Result

__all__ = [
    "Archive", "Error", "Event", "Experiment", "InputError", "Interrupted", "NumericError", "OutOfMemory",
    "Progress", "Result", "Settings", "__version__", "about", "compare", "explain", "run", "theory", "train",
    "translate",
]
