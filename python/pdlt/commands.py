"""The commands of the program as functions: run, theory, train, compare, explain, translate."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any, Optional, Union

from numpy.typing import ArrayLike

from ._errors import InputError
from ._experiment import Experiment, Settings, Source, sets_of
from ._study import Progress, Study
from ._translate import translate as _translate
from .archive import Archive
from .result import Result

_Path = Union[str, "os.PathLike[str]"]


class _Temporary:
    """A folder that goes with the last who keeps this."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix="pdlt-")
        weakref.finalize(self, shutil.rmtree, self.name, ignore_errors=True)


def _place(out: Optional[_Path], name: str = "") -> tuple[Path, Optional[_Temporary]]:
    """Where the result goes, and the temporary folder that holds it where nothing was said."""
    if out is not None:
        return Path(out), None
    folder = _Temporary()
    return Path(folder.name, name), folder


def run(experiment: Experiment, x: Optional[ArrayLike] = None, y: Optional[ArrayLike] = None,
        out: Optional[_Path] = None, threads: Optional[int] = None, progress: Optional[Progress] = None, *,
        layers: bool = False, force: bool = False, settings: Optional[Settings] = None,
        **keys: Any) -> Result:
    """Theory, training and comparison, in this order; with a `sweep` those of each point.

    experiment
        A path, YAML text (a str with several lines, or with `key: value`), or the same as a dict;
        docs/experiment.md explains the keys. Data files that a text or dict names are relative to the
        working folder.
    x, y
        Samples in place of the experiment's `data`: inputs x (D, n_0), training samples first, and targets y.
        y (D, n_L): of all samples, of which `data.train` train, all where it is not given. y (N_A, n_L) with
        N_A < D: of the training samples; the others are test samples, with target 0 in the test loss.
        (D,) is (D, 1); x (D, ...) is flattened. `data.center` and `data.scale` apply to them.
    out
        Where the result goes, a folder (run, compare) or a .npz file (theory, train). A result of the same
        experiment that lies there is read, not computed again, and interrupted training goes on. None: a
        temporary folder, which lives as long as the result.
    threads
        None: all cores. Results do not depend on it.
    progress
        Is called with each `Event`, in the calling thread; `print` will do. An exception in it ends the work.
    layers
        True: kernels and tensors of every layer too, `layer<l>/NAME`.
    force
        True: an `out` that holds another result is overwritten.
    settings, keys
        Keys of the experiment: network__depth=3 as a keyword, or settings={"network.depth": 3}.

    Errors are `Error`; Ctrl-C ends the work and raises `Interrupted`, which is a KeyboardInterrupt too.
    """
    study = Study(Source(experiment, x, y, settings, keys), threads=threads, layers=layers, force=force,
                  progress=progress)
    folder, keep = _place(out)
    study.run(str(folder))
    return Result(folder, keep=keep)


def theory(experiment: Experiment, x: Optional[ArrayLike] = None, y: Optional[ArrayLike] = None,
           out: Optional[_Path] = None, threads: Optional[int] = None, progress: Optional[Progress] = None, *,
           layers: bool = False, force: bool = False, settings: Optional[Settings] = None,
           **keys: Any) -> Archive:
    """What theory predicts, at infinite width and at order 1/n: `K`, `Theta`, `z_lo`, `z_nlo`, ...

    No network is trained. Arguments: as of `run`. y may be left out where only kernels are asked for.
    """
    study = Study(Source(experiment, x, y, settings, keys), threads=threads, layers=layers, force=force,
                  progress=progress)
    path, keep = _place(out, "theory.npz")
    study.predict(str(path))
    return Archive(path, keep=keep)


def train(experiment: Experiment, x: Optional[ArrayLike] = None, y: Optional[ArrayLike] = None,
          out: Optional[_Path] = None, threads: Optional[int] = None, progress: Optional[Progress] = None, *,
          layers: bool = False, force: bool = False, settings: Optional[Settings] = None,
          **keys: Any) -> Archive:
    """What an ensemble of networks of each width does: `n<n>/z`, `n<n>/z_se`, ... Arguments: as of `run`."""
    study = Study(Source(experiment, x, y, settings, keys), threads=threads, layers=layers, force=force,
                  progress=progress)
    path, keep = _place(out, "measured.npz")
    study.train(str(path))
    return Archive(path, keep=keep)


def _archive(given: Union[Archive, _Path]) -> Archive:
    return given if isinstance(given, Archive) else Archive(given)


def compare(theory: Union[Archive, _Path], measured: Union[Archive, _Path], out: Optional[_Path] = None,
            threads: Optional[int] = None, progress: Optional[Progress] = None, *, force: bool = False,
            settings: Optional[Settings] = None, **keys: Any) -> Result:
    """The verdict on results that are there, archives or their files; nothing is trained.

    Of the keys those of `compare` apply: compare__degree=3, compare__level=1e-3.
    """
    archives = _archive(theory), _archive(measured)
    study = Study(None, sets=tuple(sets_of(settings, keys)), threads=threads, force=force, progress=progress,
                  results=(str(archives[0].path), str(archives[1].path)))
    folder, keep = _place(out)
    study.compare(str(folder))
    return Result(folder, theory=archives[0], measured=archives[1], keep=keep)


def explain(experiment: Experiment, x: Optional[ArrayLike] = None, y: Optional[ArrayLike] = None,
            threads: Optional[int] = None, progress: Optional[Progress] = None, *,
            settings: Optional[Settings] = None, **keys: Any) -> dict[str, Any]:
    """What will come of an experiment, before any training: corrections, reach, time, space.

    The dict has the keys of `pdlt explain --json` (NOTATION.md, docs/explain.md); None: not known. Needs
    theory, and one or two seconds for each width.
    Arguments: as of `run`.
    """
    study = Study(Source(experiment, x, y, settings, keys), threads=threads, progress=progress)
    explained: dict[str, Any] = json.loads(study.explain())
    return explained


def translate(description: Experiment, out: Optional[_Path] = None, threads: Optional[int] = None, *,
              back: bool = False, force: bool = False, settings: Optional[Settings] = None,
              **keys: Any) -> str:
    """A PyTorch or JAX network as the text of an experiment, which `run` and the others take; or back.

    description
        A path, YAML text or a dict: framework, sizes, activation, init, loss, optimizer, steps, data
        (docs/my-network.md). With data {"source": "arrays", "train": N_A, "test": N_B} the samples are given
        to `run`. With `back` an experiment of one width, whose network is described.
    out
        A file for the text, too; relative paths of data files are made to fit its folder.
    force
        True: a file that holds something else is overwritten.
    settings, keys
        With `back`: keys of the experiment, network__widths=[64].
    """
    source = Source(description, None, None, settings, keys)
    if source.sets and not back:
        key = source.sets[0].split("=")[0]
        raise InputError(f"{key}: a description has no keys of an experiment; change them when the "
                         "experiment is run, or translate with back=True")
    return _translate(source, back, None if out is None else os.fspath(out), threads, force)
