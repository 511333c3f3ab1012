"""Archives and results: read when they are asked for, gone with what was temporary."""

import gc
import unittest
from pathlib import Path

import numpy as np
import pdlt
from support import X, Y, InFolder, experiment


class Results(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.result = pdlt.run(experiment(), X, Y, data__train=2)

    def test_verdict_and_tests(self):
        result = self.result
        self.assertIn(result.verdict, ("agree", "undecided", "disagree"))
        self.assertEqual({test["coefficient"] for test in result.tests}, {"c0", "c1"})
        self.assertIn("z", {test["quantity"] for test in result.tests})
        self.assertTrue(result.answer)
        self.assertIsInstance(result.warnings, list)
        self.assertIn(result.verdict, repr(result))

    def test_archives_are_mappings_of_arrays(self):
        theory, measured = self.result.theory, self.result.measured
        self.assertIs(theory, self.result.theory)
        with np.load(theory.path) as file:
            self.assertEqual(set(theory), set(file.files) - {"meta"})
            for name, array in theory.items():
                np.testing.assert_array_equal(array, file[name])
        self.assertEqual(theory["z_nlo"].shape, (len(theory["times"]), 1, 3))
        self.assertIs(theory["K"], theory["K"])
        self.assertEqual(theory["err/K"].shape, ())
        with self.assertRaises(ValueError):
            theory["K"][0, 0] = 1
        self.assertEqual(theory.widths, ())
        stacked = measured.of_widths("z")
        self.assertEqual(stacked.shape, (4, *measured["n6/z"].shape))
        np.testing.assert_array_equal(stacked[1], measured["n8/z"])

    def test_arrays_are_read_lazily(self):
        archive = pdlt.Archive("later.npz")
        np.savez("later.npz", a=np.arange(3.0), b=np.eye(2))
        self.assertEqual(list(archive), ["a", "b"])
        np.savez("later.npz", a=np.arange(4.0), b=np.eye(2))
        self.assertEqual(archive["a"].shape, (4,))
        Path("later.npz").unlink()
        self.assertEqual(archive["a"].shape, (4,))
        with self.assertRaisesRegex(pdlt.Error, "later.npz: cannot be read"):
            archive["b"]

    def test_what_is_not_there_says_why(self):
        for name, why in (("z_nl", "near: z_nlo"), ("qqqq", "qqqq: no such array in theory.npz")):
            with self.assertRaisesRegex(KeyError, why):
                self.result.theory[name]
        meta = np.frombuffer(b'{"absent": {"z_nlo": "order 1/n of a kink"}}', dtype=np.uint8)
        np.savez("relu.npz", meta=meta, K=np.eye(2))
        relu = pdlt.Archive("relu.npz")
        self.assertEqual(list(relu), ["K"])
        with self.assertRaisesRegex(KeyError, "^'z_nlo: order 1/n of a kink'$"):
            relu["z_nlo"]
        self.assertIsNone(relu.get("z_nlo"))

    def test_report_is_copied(self):
        page = self.result.folder / "report.html"
        self.assertEqual(self.result.report(), page)
        Path("pages").mkdir()
        for to in ("mine.html", "pages", Path("pages/other.html")):
            copy = self.result.report(to)
            self.assertEqual(copy.read_bytes(), page.read_bytes())
        self.assertTrue(Path("pages/report.html").exists())
        with self.assertRaisesRegex(pdlt.Error, "none/mine.html"):
            self.result.report("none/mine.html")

    def test_a_temporary_folder_lives_as_long_as_its_results(self):
        result = pdlt.run(experiment(), X, Y, theory__order=0)
        folder, theory = result.folder, result.theory
        del result
        gc.collect()
        self.assertEqual(theory["K"].shape, (3, 3))
        del theory
        gc.collect()
        self.assertFalse(folder.exists())

    def test_an_earlier_result_is_opened_by_its_folder(self):
        again = pdlt.Result(self.result.folder)
        self.assertEqual(again.tests, self.result.tests)
        self.same(again.measured, self.result.measured)
        with self.assertRaisesRegex(pdlt.Error, "verdict.json: cannot be read"):
            pdlt.Result("nowhere").verdict


if __name__ == "__main__":
    unittest.main()
