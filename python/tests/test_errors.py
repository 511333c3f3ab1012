"""Errors are one line that says where, what and what would be right; Ctrl-C leaves nothing half done."""

import os
import signal
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import numpy as np
import pdlt
from support import X, Y, InFolder, experiment


class Errors(InFolder):
    def expect(self, message, *arguments, kind=pdlt.InputError, **settings):
        with self.assertRaises(kind) as raised:
            pdlt.theory(*arguments, **settings)
        self.assertIsInstance(raised.exception, pdlt.Error)
        self.assertNotIn("\n", str(raised.exception))
        self.assertRegex(str(raised.exception), message)

    def test_of_experiments(self):
        Path("e.yaml").write_text("network: {depth: 2}\n")
        self.expect("^e.yaml:1: network.activation: missing", "e.yaml")
        self.expect("^e.yaml:1: network.activation: missing", "e.yaml", X, Y)
        self.expect("^experiment:1: network.activation: missing", "network: {depth: 2}")
        self.expect("^none.yaml: No such file", "none.yaml")
        self.expect("^none.yaml: No such file", Path("none.yaml"), X, Y)
        self.expect("^experiment: int; expected a path, YAML text or a dict", 3)
        self.expect("^experiment: object is no value", {"network": object()})
        self.expect("data.source: missing", experiment())
        self.expect("data.source: arrays are given by a program", experiment(source="arrays", train=2))

    def test_of_settings(self):
        self.expect(r"^network.dpth: unknown key; did you mean network.depth\?", experiment(), X, Y,
                    network__dpth=3)
        self.expect("^network.depth: .*expected a whole number", experiment(), X, Y, network__depth="deep")
        self.expect("^network.C_b: holds a number that is not finite", experiment(), X, Y,
                    settings={"network.C_b": float("nan")})
        self.expect("threads", experiment(), X, Y, threads=-3)

    def test_of_arrays(self):
        self.expect("^y: given without x", experiment(), None, Y)
        self.expect("^y: 3 samples, but x has 2", experiment(), X[:2], Y)
        self.expect(r"^x: of shape \(0, 2\)", experiment(), X[:0], Y[:0])
        self.expect("^x: of type complex128; expected real numbers", experiment(), X + 0j, Y)
        self.expect("^x: of type <U1", experiment(), [["a"]], Y)
        self.expect("network.outputs: 1, but y has 2 outputs", experiment(), X, np.ones((3, 2)))
        self.expect("train . test = 9, but the arrays have 3 samples", experiment(train=9), X, Y)
        self.expect(r"x\[1, 0\] is not finite", experiment(), np.where(X == 0.25, np.nan, X), Y)

    def test_of_files(self):
        Path("full").write_text("")
        self.expect("full/t.npz", experiment(), X, Y, kind=pdlt.Error, out="full/t.npz")

    def test_of_the_library(self):
        script = "import pdlt\ntry: pdlt.about()\nexcept pdlt.Error as error: print(error)"
        for library, message in (("/none/libpdlt.so.0", "/none/libpdlt.so.0: not there"),
                                 (__file__, "invalid ELF header"), ("libm.so.6", "libm.so.6 has no pdlt_")):
            got = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True,
                                 env={**os.environ, "PDLT_LIBRARY": library})
            self.assertIn(message, got.stdout)
            self.assertEqual(got.stdout.count("\n"), 1)

    def test_of_progress_end_the_work(self):
        def stop(event):
            if event.text == "training, n = 6":
                raise ZeroDivisionError("mine")
        with self.assertRaisesRegex(ZeroDivisionError, "mine"):
            pdlt.run(experiment(), X, Y, progress=stop, ensemble__members=10**8)


class Progress(InFolder):
    def test_tells_of_stages(self):
        events = []
        pdlt.run(experiment(), X, Y, data__train=2, progress=events.append)
        stages = [(event.kind, event.text) for event in events if event.kind in ("begin", "end")]
        self.assertEqual(stages, [(kind, text) for text in ("theory", "training", "comparison")
                                  for kind in ("begin", "end")])
        parts = [event.done / event.total for event in events if event.kind == "progress"]
        self.assertEqual((min(parts), max(parts)), (0, 1))
        self.assertEqual(str(pdlt.Event("progress", "training, n = 8", 2, 8)), "training, n = 8: 25 %")

    def test_is_called_in_the_calling_thread(self):
        threads = set()
        pdlt.theory(experiment(), X, Y, progress=lambda event: threads.add(threading.get_ident()))
        self.assertEqual(threads, {threading.get_ident()})


class ControlC(InFolder):
    def interrupt_after(self, seconds):
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        self.addCleanup(timer.join)

    def test_ends_training_that_goes_on_later(self):
        def interrupt(event):
            if event.text == "training, n = 8" and event.done < event.total:
                os.kill(os.getpid(), signal.SIGINT)
        settings = {"ensemble.members": 16384}
        for kind in (pdlt.Error, KeyboardInterrupt):
            with self.assertRaisesRegex(kind, "^interrupted "):
                pdlt.train(experiment(), X, Y, out="cut.npz", progress=interrupt, settings=settings)
            self.assertFalse(Path("cut.npz").exists())
            self.assertTrue(Path("cut.npz.partial").exists())
        cut = pdlt.train(experiment(), X, Y, out="cut.npz", settings=settings)
        self.same(cut, pdlt.train(experiment(), X, Y, settings=settings))
        self.assertFalse(Path("cut.npz.partial").exists())

    def test_is_heard_without_progress(self):
        long = {"training": {"ensemble.members": 10**9},
                "theory": {"network.activation": "relu", "network.depth": 6, "training.steps": 10000}}
        for work, settings in long.items():
            self.interrupt_after(1)
            with self.assertRaisesRegex(pdlt.Interrupted, "^interrupted"):
                pdlt.run(experiment(), X, Y, settings=settings)

    def test_ends_a_script(self):
        script = ("import pdlt, os, signal\nfrom support import *\n"
                  "stop = lambda event: os.kill(os.getpid(), signal.SIGINT)\n"
                  "pdlt.run(experiment(), X, Y, progress=stop)")
        got = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True,
                             text=True, check=False)
        self.assertNotEqual(got.returncode, 0)
        self.assertIn("Interrupted: interrupted", got.stderr.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
