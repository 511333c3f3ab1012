"""What wide networks know of a function after a few points: mean and band of the posterior, and the evidence.

    python3 posterior.py [DATA.npz]     arrays x (N) and y (N): the points
"""

import sys

import numpy as np
import pdlt

if len(sys.argv) > 1:
    data = np.load(sys.argv[1])
    points, y = data["x"], data["y"]
else:
    points = np.array([-1.5, -0.5, 0.3, 1.2])
    y = np.sin(2 * points)
line = np.linspace(points.min() - 0.5, points.max() + 0.5, 7)
noise = 0.01  # variance

theory = pdlt.theory({
    "network": {"activation": "relu", "depth": 3, "widths": [32], "C_b": [1, 0.2, 0.1], "C_W": 2},
    "posterior": {"noise": noise},
    "measure": ["posterior"],
}, np.concatenate([points, line])[:, None], y)  # (D, 1); targets of the first samples alone
lo, nlo = (theory[f"post_z_{order}"][0] for order in ("lo", "nlo"))  # (D): mean, coefficient of 1/n
spread = [np.diag(theory[f"post_cov_{order}"][0, :, 0]) for order in ("lo", "nlo")]  # (D) each: variance

print("posterior mean and two standard deviations of the function, without noise")
print("      x  infinite width    n = 128           n = 32")
for a in range(len(points), len(lo)):
    row = f"{line[a - len(points)]:7.2f}"
    for h in (0, 1 / 128, 1 / 32):
        row += f"  {lo[a] + h * nlo[a]:6.3f} +- {2 * np.sqrt(max(spread[0][a] + h * spread[1][a], 0)):5.3f}"
    print(row)
residual = y - lo[: len(points)]
print(f"training targets are missed by {np.sqrt(np.mean(residual**2)):.3f}, noise {np.sqrt(noise):.3f}")
evidence, slope = float(theory["log_evidence_lo"]), float(theory["log_evidence_nlo"])
print(f"log evidence {evidence:.3f} {slope:+.2f}/n: the points prefer {'narrow' if slope > 0 else 'infinite'} networks")
