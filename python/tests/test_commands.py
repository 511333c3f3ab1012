"""run, theory, train, compare, explain: the same as the program, from paths, texts, dicts and arrays."""

import json
import os
import subprocess
import unittest
from pathlib import Path

import numpy as np
import pdlt
from support import X, Y, InFolder, experiment

CSV = "x1,x2,y1\n1,0.5,1\n0.25,-1,-1\n1.5,0.125,0.5\n"
FILE = experiment(source="csv", file="e.csv", train=2, test=1)


def program(*arguments):
    """What the program prints; None where it is not at hand."""
    path = os.environ.get("PDLT_PROGRAM")
    return path and subprocess.run([path, *arguments], check=False, capture_output=True, text=True)


class Commands(InFolder):
    def setUp(self):
        super().setUp()
        Path("e.csv").write_text(CSV)
        Path("e.yaml").write_text(json.dumps(FILE))

    def test_run_gives_what_the_program_gives(self):
        Path("e.yaml").write_text(json.dumps({**FILE, "network": {**FILE["network"], "activation": "tanh"}}))
        result = pdlt.run("e.yaml", out="here")
        self.assertIn(result.verdict, ("agree", "undecided", "disagree"))
        self.assertEqual(result.theory["K"].shape, (3, 3))
        self.assertEqual(result.measured["n8/z"].shape[1:], (1, 3))
        self.assertEqual(result.measured.widths, (6, 8, 12, 16))
        self.assertEqual(result.theory.meta["kind"], "theory")
        if program("run", "e.yaml", "-o", "there") is not None:
            for name in ("theory.npz", "measured.npz", "verdict.json"):
                self.assertEqual(Path("here", name).read_bytes(), Path("there", name).read_bytes(), name)

    def test_path_text_and_dict_are_one_experiment(self):
        first = pdlt.theory(Path("e.yaml"))
        self.same(first, pdlt.theory(json.dumps(FILE)))
        self.same(first, pdlt.theory(FILE))
        data = {**FILE["data"], "file": Path("e.csv"), "train": np.int64(2)}
        self.same(first, pdlt.theory({**FILE, "data": data}))

    def test_arrays_take_the_place_of_data(self):
        first = pdlt.theory(FILE)
        np.testing.assert_array_equal(first["x"], X)
        self.same(first, pdlt.theory(FILE, X, Y, data__train=2, data__test=1))
        self.same(first, pdlt.theory("e.yaml", X, Y))
        self.same(first, pdlt.theory(experiment(), X, Y, data__train=2))
        self.same(first, pdlt.theory(experiment(train=2), X.tolist(), Y[:, 0]))
        self.same(first, pdlt.theory(experiment(), np.asfortranarray(X), np.repeat(Y, 2, axis=1)[:, ::2],
                                     data__train=2))

    def test_how_many_samples_train(self):
        def counts(x, y, data=None):
            data = pdlt.theory(experiment(**(data or {})), x, y).meta["experiment"]["data"]
            return data["train"], data["test"]
        self.assertEqual(counts(X, Y), (3, 0))
        self.assertEqual(counts(X, Y[:2]), (2, 1))
        self.assertEqual(counts(X, Y, {"train": 1}), (1, 2))
        self.assertEqual(counts(X, Y[:2], {"train": 1}), (2, 1))
        self.assertEqual(counts(X, None), (3, 0))

    def test_targets_that_are_missing_are_zero(self):
        shorter = pdlt.theory(experiment(), X, Y[:2])
        np.testing.assert_array_equal(shorter["y"], [[1], [-1], [0]])
        longer = pdlt.theory(experiment(), X, [1, -1, 7], data__train=2)
        np.testing.assert_array_equal(shorter["z_nlo"], longer["z_nlo"])
        np.testing.assert_array_equal(pdlt.theory(experiment(), X)["y"], np.zeros((3, 1)))

    def test_samples_may_be_images(self):
        images = np.arange(24).reshape(3, 2, 4)
        archive = pdlt.theory(experiment(), images.astype(np.uint8), Y, data__scale=1)
        self.assertEqual(archive["x"].shape, (3, 8))

    def test_settings_are_keys_of_the_experiment(self):
        theory = pdlt.theory(FILE, network__depth=3, theory__order=0, settings={"training.steps": 7})
        self.assertNotIn("z_nlo", theory)
        meta = theory.meta["experiment"]
        self.assertEqual((meta["network"]["depth"], meta["training"]["steps"]), (3, 7))
        title = "a: [b] # \"c\" \u00e9"
        theory = pdlt.theory(FILE, training__eta={"relative": np.float64(0.25)}, title=title,
                             network__C_W=np.array([1.5, 2.0]), measure=("output", "kernel"))
        self.assertEqual(theory.meta["experiment"]["title"], title)
        self.assertEqual(theory.meta["experiment"]["network"]["C_W"], [1.5, 2.0])

    def test_layers_and_threads(self):
        one = pdlt.theory(FILE, layers=True, threads=1)
        self.assertIn("layer1/K", one)
        self.assertNotIn("layer1/K", pdlt.theory(FILE))
        self.same(pdlt.train(FILE, threads=1), pdlt.train(FILE, threads=2))

    def test_results_are_found_again_and_others_left_alone(self):
        events = []
        first = pdlt.theory(FILE, out="t.npz")
        self.same(first, pdlt.theory(FILE, out="t.npz", progress=events.append))
        self.assertEqual([event.kind for event in events], ["reused"])
        with self.assertRaisesRegex(pdlt.InputError, "^t.npz: exists and does not hold"):
            pdlt.theory(FILE, out="t.npz", training__steps=5)
        again = pdlt.theory(FILE, out="t.npz", training__steps=5, force=True)
        self.assertEqual(again["times"][-1], 5)

    def test_compare_refits_without_training(self):
        whole = pdlt.run(FILE, out="whole")
        theory, measured = pdlt.theory(FILE), pdlt.train(FILE)
        again = pdlt.compare(theory, measured)
        self.assertEqual(again.json, whole.json)
        self.assertIs(again.theory, theory)
        other = pdlt.compare("whole/theory.npz", Path("whole/measured.npz"), out="other", compare__degree=1)
        self.assertEqual((whole.json["degree"], other.json["degree"]), (2, 1))
        self.same(other.measured, measured)
        with self.assertRaisesRegex(pdlt.InputError, "network.depth: belongs to the run"):
            pdlt.compare(theory, measured, network__depth=3)
        with self.assertRaisesRegex(pdlt.Error, "not a theory archive"):
            pdlt.compare(measured, theory)

    def test_explain_is_that_of_the_program(self):
        explained = pdlt.explain(FILE)
        self.assertEqual([row["width"] for row in explained["widths"]], [6, 8, 12, 16])
        self.assertIsInstance(explained["verdict_possible"], bool)
        printed = program("explain", "e.yaml", "--json")
        if printed is not None:
            expected = json.loads(printed.stdout)
            expected["seconds"] = explained["seconds"]
            self.assertEqual(explained, expected)

    def test_sweep(self):
        result = pdlt.run(experiment(), X, Y, out="s", data__train=2, theory__order=0,
                          sweep={"network.depth": [2, 3]})
        self.assertEqual(list(result.points), ["depth=2", "depth=3"])
        depth = [point.theory.meta["experiment"]["network"]["depth"] for point in result.points.values()]
        self.assertEqual(depth, [2, 3])
        self.assertEqual({test["point"] for test in result.tests}, {"depth=2", "depth=3"})
        self.assertIn(result.verdict, ("agree", "undecided", "disagree"))
        self.assertTrue(result.report().exists())
        for name in ("theory", "measured", "answer", "warnings"):
            with self.assertRaisesRegex(pdlt.Error, "result.points"):
                getattr(result, name)

    def test_translate(self):
        network = {"framework": "pytorch", "sizes": (2, np.int64(8), 8, 1), "activation": "tanh",
                   "loss": "mse_mean", "optimizer": {"sgd": {"lr": 0.1}}, "steps": 4,
                   "data": {"source": "arrays", "train": 2, "test": 1}}
        text = pdlt.translate(network)
        self.assertIn("\n  init: uniform\n", text)
        self.assertEqual(pdlt.theory(text, X, Y, theory__order=0)["K"].shape, (3, 3))
        Path("net.yaml").write_text(json.dumps({**network, "sizes": [2, 8, 8, 1], "data": FILE["data"]}))
        self.assertEqual(pdlt.translate("net.yaml", out="made.yaml"), Path("made.yaml").read_text())
        if program("translate", "net.yaml") is not None:
            self.assertEqual(program("translate", "net.yaml").stdout, pdlt.translate("net.yaml"))
        with self.assertRaisesRegex(pdlt.InputError, "^e.yaml: exists and holds something else"):
            pdlt.translate("net.yaml", out="e.yaml")
        description = pdlt.translate("made.yaml", back=True, network__widths=[8])
        self.assertIn("sizes: [2, 8, 8, 1]\n", description)
        again = pdlt.theory(pdlt.translate(description), theory__order=0)
        first = pdlt.theory("made.yaml", theory__order=0)
        np.testing.assert_allclose(again["Theta"], first["Theta"], rtol=1e-13)
        with self.assertRaisesRegex(pdlt.InputError, "^network:1: optimizer: adam has no counterpart"):
            pdlt.translate({**network, "sizes": [2, 8, 1], "optimizer": "adam"})
        with self.assertRaisesRegex(pdlt.InputError, "^network.depth: a description has no keys"):
            pdlt.translate(network, network__depth=3)
        with self.assertRaisesRegex(pdlt.InputError, "^made.yaml:.* network.widths: 5 widths"):
            pdlt.translate("made.yaml", back=True)


if __name__ == "__main__":
    unittest.main()
