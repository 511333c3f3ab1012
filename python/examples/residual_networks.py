"""Do skips calm a deep network? Fluctuations of its kernel at the start, and why pairs are not enough.

    python3 residual_networks.py [DEPTH]     layers of the network, default 6
"""

import sys

import numpy as np
import pdlt

depth = int((sys.argv + ["6"])[1])
x, y = np.ones((1, 4)), np.zeros(1)  # one sample; nothing is trained


def fluctuation(activation, gamma, variant="full"):
    """V/K^2 of the readout, on the critical line of skip connections of strength gamma."""
    critical = {"relu": 2, "sin": 1}[activation]
    weights = [critical] + [critical * (1 - gamma**2)] * (depth - 2) + [critical]  # readout: no skip
    theory = pdlt.theory({
        "network": {"activation": activation, "depth": depth, "widths": [64], "skip": gamma, "C_b": 0,
                    "C_W": weights},
        "training": {"eta": 0.1, "steps": 0}, "measure": ["kernel", "vertex"], "theory": {"variant": variant},
    }, x, y)
    return theory["V"][0, 0, 0, 0] / theory["K"][0, 0] ** 2


print(f"V/K^2 of {depth} layers, over that without skips; carried: each pair by weights or by the skip alone")
for activation in ("sin", "relu"):
    plain = fluctuation(activation, 0)
    for gamma in (0.5, 0.7, 0.9):
        full, pairs = (fluctuation(activation, gamma, variant) for variant in ("full", "pair_only"))
        print(f"{activation:4} gamma {gamma}: {full / plain:.3f}, carried {pairs / plain:.3f}")
