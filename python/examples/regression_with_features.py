"""Is a trained network kernel regression, and with which of its kernels? Networks of my data against theory.

    python3 regression_with_features.py [DATA.npz]     x (D, n_0) and y (D); the last sample is predicted
"""

import sys

import numpy as np
import pdlt

if len(sys.argv) > 1:
    data = np.load(sys.argv[1])
    x, y = data["x"], data["y"]
else:  # five points on a circle
    angle = 1.3 * np.arange(5)
    x, y = np.column_stack([np.cos(angle), np.sin(angle)]), 1.5 * np.sin(2 * angle)

result = pdlt.run({
    "network": {"activation": "tanh", "depth": 3, "widths": [32, 48, 64, 96], "C_b": 0.1, "C_W": 1.3},
    "data": {"scale": 1},
    "training": {"eta": {"relative": 0.3}, "steps": 12, "record": [12], "targets": "centered"},
    "ensemble": {"members": 2048, "seed": 3},
    "measure": ["output", "features"],
}, x, y[:-1])
theory, measured = result.theory, result.measured
n = measured.widths[-1]

print(f"n times what regression misses of the last sample, {n} neurons; k: NTK at the start, k_E: at the end")
for kernel in ("k", "k_E", "k_sharp", "secant"):
    name = f"deviation_{kernel}"
    mean, error, rms = (n * measured[f"n{n}/{name}{part}"][-1, 0, -1] for part in ("", "_se", "_rms"))
    print(f"{kernel:8} mean {mean:7.3f} +- {error:.3f}, theory {theory[name + '_nlo'][-1, 0, -1]:7.3f}, "
          f"of one network {rms:.3f}")
moved = n * measured[f"n{n}/alignment"][-1]
print(f"alignment of the NTK with the targets {theory['alignment_lo']:.3f}, its change: {moved:.3f}/n, "
      f"theory {theory['alignment_nlo'][-1]:.3f}/n")
for test in result.tests:
    if test["quantity"].startswith("deviation") and test["coefficient"] == "c1":
        print(f"{test['quantity']:19} {test['verdict']}")
