#!/usr/bin/env python3
"""The work of bench_train in PyTorch, as well as it can be done there: one process per thread,
networks in chunks that fit the cache, own backward by batched products, no autograd, every array
allocated once, layer 1 moved by samples (docs/trainer/step.md) where that is cheaper.

Prints one JSON object with the names of bench_train. Run by bench/compare_torch.sh."""
import argparse
import json
import multiprocessing
import time

import torch


class Chunk:
    """`count` networks trained side by side."""

    def __init__(self, a, count, seed):
        real = torch.float64 if a.precision == "double" else torch.float32
        g = torch.Generator().manual_seed(seed)
        self.depth, n, D = a.hidden + 1, a.width, a.samples
        shapes = [(n, a.inputs)] + [(n, n)] * (a.hidden - 1) + [(1, n)]
        self.W = [torch.randn(count, o, i, generator=g, dtype=real) / i ** 0.5 for o, i in shapes]
        self.rate = [-0.1 / D / i for _, i in shapes]
        x = torch.randn(a.inputs, D, generator=torch.Generator().manual_seed(1), dtype=real)
        y = torch.tensor([1.0 if k % 2 == 0 else -1.0 for k in range(D)], dtype=real)
        self.y = y.view(1, 1, D).expand(count, 1, D)
        self.x = x.expand(count, a.inputs, D).contiguous()
        self.by_samples = D < 2 * a.inputs
        self.h = (x.t() @ x / a.inputs).expand(count, D, D).contiguous()
        self.z1 = torch.bmm(self.W[0], self.x)
        self.s = [torch.empty(count, n, D, dtype=real) for _ in range(a.hidden)]
        self.delta = [torch.empty(count, n, D, dtype=real) for _ in range(a.hidden)]
        self.eps = torch.empty(count, 1, D, dtype=real)

    def step(self):
        W, s, delta = self.W, self.s, self.delta
        if self.by_samples:
            torch.tanh(self.z1, out=s[0])
        else:
            torch.bmm(W[0], self.x, out=s[0]).tanh_()
        for k in range(1, self.depth - 1):
            torch.bmm(W[k], s[k - 1], out=s[k]).tanh_()
        torch.bmm(W[-1], s[-1], out=self.eps).sub_(self.y)
        above = self.eps
        for k in range(self.depth - 1, 0, -1):
            below = delta[k - 1]
            torch.bmm(W[k].transpose(1, 2), above, out=below)
            W[k].baddbmm_(above, s[k - 1].transpose(1, 2), alpha=self.rate[k])
            # delta (1 - s^2) in two passes
            below.addcmul_(below * s[k - 1], s[k - 1], value=-1)
            above = below
        if self.by_samples:
            self.z1.baddbmm_(above, self.h, alpha=-0.1 / self.y.shape[2])
        else:
            W[0].baddbmm_(above, self.x.transpose(1, 2), alpha=self.rate[0])


def rate(a, count, seconds):
    """Network-steps per second of one process with chunks of `count`."""
    chunk = Chunk(a, count, 7)
    for _ in range(3):
        chunk.step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        chunk.step()
        steps += 1
    return steps * count / (time.perf_counter() - start)


def tune(a):
    torch.set_num_threads(1)
    return max((rate(a, count, 0.15), count) for count in (1, 2, 4, 8, 16, 32, 64, 128, 256))[1]


def work(a, count, networks, barrier, out):
    torch.set_num_threads(1)
    Chunk(a, count, 3).step()
    barrier.wait()
    seconds = 0.0
    for first in range(0, networks, count):
        chunk = Chunk(a, min(count, networks - first), first)
        start = time.perf_counter()  # drawing is left out, as in bench_train
        for _ in range(a.steps):
            chunk.step()
        seconds += time.perf_counter() - start
    out.put(seconds)


def flops(a):
    n = a.width
    return 2.0 * a.samples * (2 * n * a.inputs + 3 * ((a.hidden - 1) * n * n + n))


def main():
    p = argparse.ArgumentParser()
    for name, value in (("width", 64), ("hidden", 3), ("inputs", 16), ("samples", 16),
                        ("threads", 2), ("steps", 100), ("networks", 1000)):
        p.add_argument("--" + name, type=int, default=value)
    p.add_argument("--precision", choices=("double", "single"), default="double")
    a = p.parse_args()
    multiprocessing.set_start_method("spawn")
    with multiprocessing.Pool(1) as pool:
        count = pool.apply(tune, (a,))
    barrier, out = multiprocessing.Barrier(a.threads), multiprocessing.Queue()
    share = [a.networks // a.threads + (k < a.networks % a.threads) for k in range(a.threads)]
    jobs = [multiprocessing.Process(target=work, args=(a, count, m, barrier, out)) for m in share]
    for job in jobs:
        job.start()
    seconds = max(out.get() for _ in jobs)
    for job in jobs:
        job.join()
    speed = a.networks * a.steps / seconds
    print(json.dumps({"networks": a.networks, "steps": a.steps, "chunk": count,
                      "network_steps_per_second": round(speed, 1),
                      "gflops": round(speed * flops(a) * 1e-9, 2)}))


if __name__ == "__main__":
    main()
