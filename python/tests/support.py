"""What the tests share: a small experiment, samples, a temporary working folder."""

import os
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]

X = np.array([[1, 0.5], [0.25, -1], [1.5, 0.125]])
Y = np.array([[1.0], [-1.0], [0.5]])


def experiment(**data):
    """Two linear layers (theory without integrals), four widths, a moment of work; data: its section, none
    without."""
    return {
        "network": {"activation": "linear", "depth": 2, "widths": [6, 8, 12, 16], "C_b": 0.1, "C_W": 1.2},
        "training": {"eta": {"relative": 0.3}, "steps": 4},
        "ensemble": {"members": 640, "seed": 3},
        **({"data": data} if data else {}),
    }


class InFolder(unittest.TestCase):
    """Works in a temporary folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def same(self, one, other):
        """Two archives hold the same arrays, bit by bit."""
        self.assertEqual(list(one), list(other))
        self.assertGreater(len(one), 5)
        for name in one:
            self.assertEqual(one[name].shape, other[name].shape, name)
            self.assertEqual(one[name].tobytes(), other[name].tobytes(), name)
