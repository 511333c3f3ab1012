"""An ensemble of trained networks against theory: a test output, width by width, and the verdict.

    python3 ensemble_against_theory.py [DIR]     DIR: where results go; without it they are temporary
"""

import sys

import numpy as np
import pdlt

angle = 1.5 * np.arange(4)
x = np.column_stack([np.cos(angle), np.sin(angle)])  # (D, n_0)
y = x[:3, 0] * x[:3, 1]  # (N_A): the fourth sample is a test sample

experiment = {
    "network": {"activation": "tanh", "depth": 3, "widths": [16, 24, 32, 64], "C_b": 0.1, "C_W": 1.2},
    "training": {"eta": {"relative": 0.5}, "steps": 10},
    "ensemble": {"members": 2560, "seed": 1},
}
result = pdlt.run(experiment, x, y, out=sys.argv[1] if len(sys.argv) > 1 else None)
theory, measured = result.theory, result.measured

lo = theory["z_lo"][-1, 0, 3]  # last time, first output, test sample; theory["z_lo"] is (T, n_L, D)
nlo = theory["z_nlo"][-1, 0, 3]
print(f"mean test output after 10 steps; infinite width {lo:.6f}, coefficient of 1/n {nlo:.4f}")
for n in measured.widths:
    z, error = measured[f"n{n}/z"][-1, 0, 3], measured[f"n{n}/z_se"][-1, 0, 3]
    print(f"n = {n:3d}: measured {z:.6f} +- {error:.6f}, order 1/n {lo + nlo / n:.6f}")

for test in result.tests:
    if test["quantity"] in ("z", "cov"):
        print(f"{test['quantity']:4} {test['coefficient']}: {test['verdict']}: {test['reason']}")
print(f"verdict: {result.verdict}. {result.answer}")
if len(sys.argv) > 1:
    print(f"page: {result.report()}")
