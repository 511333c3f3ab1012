#!/usr/bin/env python3
"""Networks of PyTorch itself against the ensemble that `pdlt translate` makes of their description.

    python3 bench/peers/torch_network.py [--networks 1000] [--width 64] [--hidden 2] [--activation tanh]
                                         [--init default] [--lr 0.1] [--steps 20] [--threads N]

Trains nn.Linear layers by torch.optim.SGD on nn.MSELoss over all training samples, in double precision, with
torch's own initialization, and prints z scores of their mean outputs at six times: (torch - pdlt)/error, root
mean square over times and samples, which is about 1 where the two are the same networks. Exit status 1 where
chance would not give as much in 10^4 trials. Needs PyTorch, NumPy, and the library (docs/python.md).
tests/trainer/framework_test.cpp does the same with loops of its own.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
import pdlt  # noqa: E402

ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "swish": torch.nn.SiLU}
TRAIN, TEST, INPUTS = 4, 2, 2


def new_network(sizes, activation, init):
    parts = []
    for n, m in zip(sizes, sizes[1:]):
        layer = torch.nn.Linear(n, m, dtype=torch.float64)
        if init != "default":
            getattr(torch.nn.init, init + "_")(layer.weight)
            torch.nn.init.zeros_(layer.bias)
        parts += [layer, ACTIVATIONS[activation]()]
    return torch.nn.Sequential(*parts[:-1])


def outputs_of(net, x, y, lr, times):
    """(T, D): outputs of one network in training."""
    optimizer, rows = torch.optim.SGD(net.parameters(), lr=lr), []
    for step in range(times[-1] + 1):
        if step in times:
            rows.append(net(x).detach().numpy()[:, 0].copy())
        optimizer.zero_grad()
        torch.nn.MSELoss()(net(x[:TRAIN]), y[:TRAIN]).backward()
        optimizer.step()
    return np.array(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=1000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=2)
    parser.add_argument("--activation", choices=ACTIVATIONS, default="tanh")
    parser.add_argument("--init", default="default",
                        choices=["default", "kaiming_normal", "kaiming_uniform", "xavier_normal",
                                 "xavier_uniform"])
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int)
    a = parser.parse_args()

    sizes = [INPUTS] + [a.width] * a.hidden + [1]
    times = sorted({round(a.steps * part) for part in (0, 0.05, 0.15, 0.35, 0.7, 1)})
    random = np.random.default_rng(1)
    x, y = random.normal(size=(TRAIN + TEST, INPUTS)), 0.5 * random.normal(size=(TRAIN + TEST, 1))
    torch.manual_seed(1)
    torch.set_num_threads(1)
    given = torch.tensor(x), torch.tensor(y)
    mine = np.array([outputs_of(new_network(sizes, a.activation, a.init), *given, a.lr, times)
                     for _ in range(a.networks)]).reshape(a.networks, -1)

    experiment = pdlt.translate({
        "framework": "pytorch", "sizes": sizes, "activation": a.activation, "init": a.init,
        "loss": "mse_mean", "optimizer": {"sgd": {"lr": a.lr}}, "steps": a.steps,
        "data": {"source": "arrays", "train": TRAIN, "test": TEST}})
    ensemble = pdlt.train(experiment, x, y, threads=a.threads, network__widths=[a.width],
                          training__record=times, ensemble__members=10 * a.networks)
    mean, error = (ensemble[f"n{a.width}/z{end}"].ravel() for end in ("", "_se"))

    spread = np.cov(mine.T)
    total = np.sqrt(np.diag(spread) / a.networks + error**2)
    z = (mine.mean(axis=0) - mean) / total
    rms, independent = np.sqrt(np.mean(z**2)), z.size**2 / np.sum(np.corrcoef(mine.T) ** 2)
    most = (1 - 2 / (9 * independent) + 3.72 * np.sqrt(2 / (9 * independent))) ** 1.5
    print(f"torch {torch.__version__}: {a.networks} networks {sizes}, {a.activation}, {a.init}; "
          f"lr {a.lr}, {a.steps} steps")
    for k, time in enumerate(times):
        row = z.reshape(len(times), -1)[k]
        print(f"step {time:4d}: z of {row.size} samples " + " ".join(f"{value:+.2f}" for value in row))
    print(f"rms {rms:.2f} of {z.size} numbers, as many as {independent:.1f} independent ones; "
          f"chance: up to {most:.2f}")
    return int(not rms < most)


if __name__ == "__main__":
    sys.exit(main())
