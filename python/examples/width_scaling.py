"""How trained networks approach infinite width: a figure, or (without matplotlib) its numbers.

    python3 width_scaling.py [NAME]     writes NAME.png or NAME.csv; default: width_scaling
"""

import sys

import numpy as np
import pdlt

try:
    from matplotlib import pyplot
except ImportError:
    pyplot = None

result = pdlt.run({
    "network": {"activation": "tanh", "depth": 3, "widths": [16, 24, 32, 48, 64], "C_b": 0.1, "C_W": 1.2},
    "data": {"source": "circle", "train": 3, "test": 1},
    "training": {"eta": {"relative": 0.5}, "steps": 8},
    "ensemble": {"members": 2560, "seed": 2},
})
n = np.array(result.measured.widths)
z, error = result.measured.of_widths("z")[:, -1], result.measured.of_widths("z_se")[:, -1]  # (n, n_L, D)
lo, nlo = result.theory["z_lo"][-1], result.theory["z_nlo"][-1]  # (n_L, D), at the last time
order_one = lo + nlo / n[:, None, None]
distances = {"from infinite width": z - lo, "from order 1/n": z - order_one, "predicted": order_one - lo,
             "error of measurement": error}
rms = {what: np.sqrt(np.mean(all**2, axis=(1, 2))) for what, all in distances.items()}

name = sys.argv[1] if len(sys.argv) > 1 else "width_scaling"
if pyplot is None:
    table = np.column_stack([n, *rms.values()])
    np.savetxt(f"{name}.csv", table, fmt="%.6g", delimiter=",", header="n," + ",".join(rms), comments="")
else:
    for what, distance in rms.items():
        pyplot.loglog(n, distance, "o-", label=what)
    pyplot.gca().set(xlabel="width n", ylabel="distance of the mean output, rms")
    pyplot.legend()
    pyplot.savefig(f"{name}.png")
