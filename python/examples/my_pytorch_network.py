"""My PyTorch network against theory: its mean test output after training, and what pdlt makes of it.

    python3 my_pytorch_network.py [NETWORKS]     in PyTorch where that is, else by the same loop in NumPy
"""

import sys

import numpy as np
import pdlt

try:
    import torch
except ImportError:
    torch = None

SIZES, LR, STEPS, TRAIN = (2, 64, 64, 1), 0.1, 10, 3
x = np.column_stack([np.cos(1.5 * np.arange(4)), np.sin(1.5 * np.arange(4))])  # the fourth is a test sample
y = (x[:, 0] * x[:, 1])[:, None]
random = np.random.default_rng(1)


def in_torch():
    layers = [part for n, m in zip(SIZES, SIZES[1:]) for part in (torch.nn.Linear(n, m), torch.nn.Tanh())]
    net = torch.nn.Sequential(*layers[:-1]).double()
    optimizer = torch.optim.SGD(net.parameters(), lr=LR)
    for _ in range(STEPS):
        optimizer.zero_grad()
        torch.nn.MSELoss()(net(torch.tensor(x[:TRAIN])), torch.tensor(y[:TRAIN])).backward()
        optimizer.step()
    return net(torch.tensor(x)).detach().numpy()[-1, 0]


def in_numpy():
    weights = [random.uniform(-1, 1, (n + 1, m)) / np.sqrt(n) for n, m in zip(SIZES, SIZES[1:])]  # bias last
    for _ in range(STEPS + 1):
        s = [x]
        for w in weights:
            s.append((np.tanh if w is not weights[-1] else np.positive)(s[-1] @ w[:-1] + w[-1]))
        delta = 2 / y[:TRAIN].size * (s[-1] - y) * (np.arange(4) < TRAIN)[:, None]  # MSELoss
        for l in (2, 1, 0):
            step = np.vstack([s[l].T @ delta, delta.sum(axis=0)])
            delta = delta @ weights[l][:-1].T * (1 - s[l] ** 2)
            weights[l] -= LR * step
    return s[-1][-1, 0]


experiment = pdlt.translate({
    "framework": "pytorch", "sizes": SIZES, "activation": "tanh", "loss": "mse_mean",
    "optimizer": {"sgd": {"lr": LR}}, "steps": STEPS, "data": {"source": "arrays", "train": TRAIN, "test": 1},
})
mine = np.array([(in_torch if torch else in_numpy)() for _ in range(int((sys.argv + ["400"])[1]))])
theory = pdlt.theory(experiment, x, y)
error = mine.std() / np.sqrt(len(mine))
print(f"{experiment}my {len(mine)} networks: {mine.mean():.4f} +- {error:.4f}")
for init in ("uniform", "normal"):  # as the framework draws them; as theory does
    ensemble = pdlt.train(experiment, x, y, network__widths=[64], network__init=init, ensemble__members=2048)
    print(f"pdlt, {init}: {ensemble['n64/z'][-1, 0, -1]:.4f} +- {ensemble['n64/z_se'][-1, 0, -1]:.4f}")
lo, nlo = theory["z_lo"][-1, 0, -1], theory["z_nlo"][-1, 0, -1]
print(f"theory: infinite width {lo:.4f}, order 1/n at n = 64 {lo + nlo / 64:.4f}")
