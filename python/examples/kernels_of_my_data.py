"""Kernels of my data: what wide networks make of a set of labelled vectors, before any training.

    python3 kernels_of_my_data.py [DATA.npz]     arrays x (D, n_0) and y (D) of labels -1 and 1
"""

import sys

import numpy as np
import pdlt

if len(sys.argv) > 1:
    data = np.load(sys.argv[1])
    x, y = data["x"], data["y"]
else:  # two clouds in ten dimensions
    random = np.random.default_rng(1)
    y = np.repeat([-1.0, 1.0], 5)
    x = random.normal(size=(10, 10)) + 0.7 * y[:, None]

experiment = {
    "network": {"activation": "tanh", "depth": 4, "widths": [128], "C_b": 0, "C_W": 1},  # critical
    "data": {"scale": 1},  # |x|^2/n_0 = 1 for each sample
    "training": {"eta": {"relative": 0.5}, "steps": 0},
}
theory = pdlt.theory(experiment, x, y)
K, Theta = theory["K"], theory["Theta"]  # (D, D), infinite width
G1, Theta1 = theory["G1"], theory["Theta1"]  # (D, D), coefficients of 1/n
V = np.einsum("aaaa->a", theory["V"])  # (D, D, D, D): fluctuations of the kernel, on the diagonal

print("K, infinite width:", K.round(3), sep="\n")
rates = np.linalg.eigvalsh(Theta)
print(f"NTK: eigenvalues {rates[0]:.3g} .. {rates[-1]:.3g}, largest learning rate {2 / rates[-1]:.3g}")
for name, kernel, slope in (("K", K, G1), ("NTK", Theta, Theta1)):
    norm = np.linalg.norm(kernel)
    print(f"{name}: alignment with the labels {y @ kernel @ y / (y @ y * norm):.2f}, mean at width n off by "
          f"{np.linalg.norm(slope) / norm:.2f}/n")
print(f"K of one network of width 128: {100 * np.sqrt(np.mean(V / np.diag(K) ** 2) / 128):.0f} % spread")
