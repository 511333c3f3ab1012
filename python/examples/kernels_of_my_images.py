"""Kernels of my images: what sharing weights over positions changes, before any training.

    python3 kernels_of_my_images.py [IMAGES.npy]     array (D, rows, columns)
"""

import sys

import numpy as np
import pdlt

if len(sys.argv) > 1:
    images = np.load(sys.argv[1])
else:  # a bar, the same bar one pixel further, and another one
    images = np.zeros((3, 4, 4))
    images[0, :, 0] = images[1, :, 1] = images[2, 0, :] = 1
D, rows, columns = images.shape
x = images.reshape(D, rows * columns)
y = np.zeros(D)  # nothing is trained


def infinite_width(layers):
    experiment = {
        "network": {"activation": "tanh", "depth": 3, "widths": [64], "C_b": 0.1, "C_W": 1.5,
                    "input": {"shape": [rows, columns], "channels": 1}, "layers": layers},
        "data": {"scale": 1},
        "training": {"eta": 1, "steps": 0},
        "theory": {"order": 0},
    }
    return pdlt.theory(experiment, x, y)


conv = {"conv": 3, "padding": "circular"}
for name, layers in (("fully connected", ["dense"] * 3), ("convolution, flatten", [conv, conv, "dense"]),
                     ("convolution, average", [conv, conv, "average"])):
    result = infinite_width(layers)
    size = np.sqrt(np.diag(result["K"]))
    K = result["K"] / np.outer(size, size)
    print(f"{name}: correlation with the first image {K[0].round(3)}")
