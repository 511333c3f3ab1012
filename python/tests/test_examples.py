"""The examples run, are short, and say what theory says."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

import numpy as np
from support import ROOT, InFolder

EXAMPLES = ROOT / "python" / "examples"

# Stands for matplotlib: keeps what is drawn, and writes it where the figure would go.
PYPLOT = '''
drawn = []
def loglog(x, y, style, label): drawn.append(f"{label}: {len(x)} {len(y)}")
def gca(): return Axes
def legend(): pass
def savefig(path):
    with open(path, "w") as file: file.write("\\n".join(drawn))
class Axes:
    @staticmethod
    def set(xlabel, ylabel): drawn.append(f"{xlabel}; {ylabel}")
'''


def relu_process(points, line):
    """Posterior mean and two standard deviations of sin(2x) by the closed kernel of ReLU (arc cosines)."""
    x = np.concatenate([points, line])
    kernel = 1 + 2 * np.outer(x, x)
    for bias in (0.2, 0.1):
        size = np.sqrt(np.outer(np.diag(kernel), np.diag(kernel)))
        angle = np.arccos(np.clip(kernel / size, -1, 1))
        kernel = bias + size * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    known, n = kernel[: len(points), : len(points)] + 0.01 * np.eye(len(points)), len(points)
    gain = kernel[n:, :n] @ np.linalg.inv(known)
    variance = np.diag(kernel[n:, n:] - gain @ kernel[:n, n:])
    return gain @ np.sin(2 * points), 2 * np.sqrt(variance)


class Examples(InFolder):
    def run_example(self, name, *arguments, first_path=""):
        path = os.pathsep.join(filter(None, [first_path, os.environ.get("PYTHONPATH", "")]))
        got = subprocess.run([sys.executable, "-B", "-W", "error", str(EXAMPLES / name), *arguments],
                             env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
                             check=False)
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        return got.stdout

    def test_are_short(self):
        examples = list(EXAMPLES.glob("*.py"))
        self.assertEqual(len(examples), 8)
        for example in examples:
            most = 60 if example.name == "my_pytorch_network.py" else 40  # it trains in two ways
            self.assertLess(len(example.read_text().splitlines()), most, example.name)

    def test_kernels_of_my_data(self):
        printed = self.run_example("kernels_of_my_data.py")
        self.assertRegex(printed, r"NTK: eigenvalues \d.* largest learning rate \d")
        self.assertRegex(printed, r"\nK: alignment with the labels 0\.[5-9]\d, mean at .* by 0\.\d+/n\n")
        np.savez("mine.npz", x=np.eye(4), y=np.array([1, 1, -1, -1]))
        printed = self.run_example("kernels_of_my_data.py", "mine.npz")
        kernel = np.array([row.strip(" []").split() for row in printed.splitlines()[1:5]], dtype=float)
        self.assertEqual(kernel.shape, (4, 4))
        np.testing.assert_array_equal(kernel, np.diag(np.diag(kernel)))  # odd activation, orthogonal inputs

    def test_kernels_of_my_images(self):
        printed = self.run_example("kernels_of_my_images.py")
        rows = re.findall(r"(.+): correlation with the first image \[(.+)\]", printed)
        self.assertEqual([row[0] for row in rows],
                         ["fully connected", "convolution, flatten", "convolution, average"])
        near = [[float(word) for word in row[1].split()] for row in rows]
        self.assertLess(near[0][1], near[1][1])  # positions that share weights see the bar move
        self.assertEqual(near[2][:2], [1, 1])  # a circular convolution and a mean do not see it at all
        self.assertLess(near[2][2], 1)
        np.save("mine.npy", np.eye(4).reshape(1, 4, 4))
        self.assertIn("first image [1.]", self.run_example("kernels_of_my_images.py", "mine.npy"))

    def test_ensemble_against_theory(self):
        printed = self.run_example("ensemble_against_theory.py", "out")
        rows = re.findall(r"n = +(\d+): measured (\S+) \+- (\S+), order 1/n (\S+)", printed)
        self.assertEqual([row[0] for row in rows], ["16", "24", "32", "64"])
        width, measured, error, predicted = (float(word) for word in rows[-1])
        self.assertLess(abs(measured - predicted), 5 * error + 5 / width**2)
        self.assertRegex(printed, r"\nverdict: (agree|undecided)\. ")
        self.assertTrue(Path("out/report.html").exists())

    def test_regression_with_features(self):
        printed = self.run_example("regression_with_features.py")
        rows = {name: [float(word) for word in numbers] for name, *numbers in re.findall(
            r"^(\w+) +mean +(\S+) \+- (\S+), theory +(\S+), of one network (\S+)$", printed, re.MULTILINE)}
        self.assertEqual(list(rows), ["k", "k_E", "k_sharp", "secant"])
        for mean, error, predicted, rms in rows.values():
            self.assertLess(abs(mean - predicted), 5 * error + 0.15 * abs(predicted))
            self.assertLess(abs(mean), rms)
        self.assertLess(rows["secant"][3], 0.3 * rows["k"][3])  # the features of the way, network by network
        self.assertNotIn("disagree", printed)

    def test_posterior(self):
        printed = self.run_example("posterior.py")
        rows = re.findall(r"^ +(\S+)" + r" +(\S+) \+- (\S+)" * 3 + "$", printed, re.MULTILINE)
        self.assertEqual(len(rows), 7)
        x, wide, wide_band, middle, _, narrow, narrow_band = np.array(rows, dtype=float).T
        mean, band = relu_process(np.array([-1.5, -0.5, 0.3, 1.2]), x)
        np.testing.assert_allclose(wide, mean, atol=0.02)  # x has two decimals
        np.testing.assert_allclose(wide_band, band, atol=0.02)
        np.testing.assert_allclose(middle - wide, (narrow - wide) / 4, atol=1e-3)
        self.assertGreater(narrow_band[3], wide_band[3] + 0.05)  # between the points
        self.assertIn("the points prefer infinite networks", printed)
        np.savez("mine.npz", x=np.array([-1.0, 1.0]), y=np.array([0.5, 0.5]))
        printed = self.run_example("posterior.py", "mine.npz")
        self.assertEqual(len(re.findall(r"^ +-?\d", printed, re.MULTILINE)), 7)

    def test_residual_networks(self):
        printed = self.run_example("residual_networks.py", "4")
        rows = re.findall(r"^(\w+) +gamma (\S+): (\S+), carried (\S+)$", printed, re.MULTILINE)
        self.assertEqual([row[:2] for row in rows], [(a, g) for a in ("sin", "relu") for g in ("0.5", "0.7", "0.9")])
        for activation, gamma, full, pairs in rows:
            self.assertLess(float(pairs), float(full))
            self.assertLess(float(pairs), 1)
            if activation == "sin":
                self.assertLess(float(full), 1)  # odd: calmer
        self.assertGreater(float(rows[3][2]), 1)  # ReLU, gamma = 0.5: not calmer at first

    def test_my_pytorch_network(self):
        Path("none/torch").mkdir(parents=True)
        Path("none/torch/__init__.py").write_text("raise ImportError")
        printed = self.run_example("my_pytorch_network.py", "200", first_path=str(Path("none").resolve()))
        self.assertIn("  init: uniform\n", printed)
        rows = dict(re.findall(r"^(my 200 networks|pdlt, \w+): (-?\S+ \+- \S+)$", printed, re.MULTILINE))
        mean, error = {}, {}
        for name, row in rows.items():
            mean[name], error[name] = (float(word) for word in row.split(" +- "))
        self.assertLess(abs(mean["my 200 networks"] - mean["pdlt, uniform"]), 4 * error["my 200 networks"])
        self.assertLess(error["my 200 networks"], 0.01)
        words = re.search(r"infinite width (\S+), order 1/n at n = 64 (\S+)\n", printed).groups()
        infinite, order_one = (float(word) for word in words)
        self.assertLess(abs(mean["pdlt, normal"] - order_one), 0.1 * abs(infinite - order_one))
        self.assertGreater(abs(mean["pdlt, uniform"] - mean["pdlt, normal"]), 8 * error["pdlt, uniform"])

    def test_width_scaling_writes_numbers_without_matplotlib(self):
        Path("none/matplotlib").mkdir(parents=True)
        Path("none/matplotlib/__init__.py").write_text("raise ImportError")
        self.run_example("width_scaling.py", "mine", first_path=str(Path("none").resolve()))
        header, *rows = Path("mine.csv").read_text().splitlines()
        self.assertEqual(header, "n,from infinite width,from order 1/n,predicted,error of measurement")
        n, infinite, order_one, predicted, error = np.loadtxt(rows, delimiter=",").T
        np.testing.assert_array_equal(n, [16, 24, 32, 48, 64])
        np.testing.assert_allclose(n * predicted, n[0] * predicted[0], rtol=1e-4)
        self.assertTrue(np.all(order_one < infinite))
        np.testing.assert_allclose(infinite[-1], predicted[-1], rtol=0.25)
        self.assertFalse(Path("mine.png").exists())

    def test_width_scaling_draws_with_matplotlib(self):
        Path("stand-in/matplotlib").mkdir(parents=True)
        Path("stand-in/matplotlib/__init__.py").write_text("")
        Path("stand-in/matplotlib/pyplot.py").write_text(PYPLOT)
        self.run_example("width_scaling.py", first_path=str(Path("stand-in").resolve()))
        drawn = Path("width_scaling.png").read_text().splitlines()
        self.assertEqual(drawn[0], "from infinite width: 5 5")
        self.assertEqual(len(drawn), 5)
        self.assertFalse(Path("width_scaling.csv").exists())


if __name__ == "__main__":
    unittest.main()
