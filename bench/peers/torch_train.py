"""The work of bench_train in PyTorch, as well as it can be done there: networks in chunks that fit the cache, own
backward by batched products, no autograd, every array allocated once, layer 1 moved by samples
(docs/trainer/step.md) where that is cheaper. One process on one core; bench/peers/run.py starts as many as there
are and adds what they reach."""
import torch

from worker import flops, serve, time_of

CHUNKS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Chunk:
    """`count` networks trained side by side."""

    def __init__(self, case, count, seed):
        real = torch.float64 if case["precision"] == "double" else torch.float32
        n, D, inputs, hidden = (case[key] for key in ("width", "samples", "inputs", "hidden"))
        self.random, self.real = torch.Generator().manual_seed(seed), real
        self.shapes = [(count, n, inputs)] + [(count, n, n)] * (hidden - 1) + [(count, 1, n)]
        self.eta, self.depth = 0.1 / D, hidden + 1
        self.rate = [-self.eta / shape[2] for shape in self.shapes]
        x = torch.randn(inputs, D, generator=torch.Generator().manual_seed(1), dtype=real)
        y = torch.tensor([1.0 if k % 2 == 0 else -1.0 for k in range(D)], dtype=real)
        self.y = y.view(1, 1, D).expand(count, 1, D)
        self.x = x.expand(count, inputs, D).contiguous()
        self.by_samples = D < 2 * inputs
        self.h = (x.t() @ x / inputs).expand(count, D, D).contiguous()
        self.s = [torch.empty(count, n, D, dtype=real) for _ in range(hidden)]
        self.delta = [torch.empty(count, n, D, dtype=real) for _ in range(hidden)]
        self.eps = torch.empty(count, 1, D, dtype=real)
        self.draw()

    def draw(self):
        self.W = [torch.randn(*shape, generator=self.random, dtype=self.real) / shape[2] ** 0.5
                  for shape in self.shapes]
        self.z1 = torch.bmm(self.W[0], self.x)

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
            below.addcmul_(below * s[k - 1], s[k - 1], value=-1)  # delta (1 - s^2) in two passes
            above = below
        if self.by_samples:
            self.z1.baddbmm_(above, self.h, alpha=-self.eta)
        else:
            W[0].baddbmm_(above, self.x.transpose(1, 2), alpha=self.rate[0])


def check():
    """The step above against autograd; both forms of the first layer."""
    for samples in (3, 9):
        case = {"precision": "double", "width": 5, "hidden": 3, "inputs": 3, "samples": samples}
        chunk = Chunk(case, 2, 1)
        W = [w.clone().requires_grad_() for w in chunk.W]
        s = chunk.x
        for w in W[:-1]:
            s = torch.tanh(torch.bmm(w, s))
        (0.5 * (torch.bmm(W[-1], s) - chunk.y).square().sum()).backward()
        moved = [w + rate * w.grad for w, rate in zip(W, chunk.rate)]
        chunk.step()
        got = [torch.bmm(moved[0], chunk.x)] + moved[1:]
        is_ = [chunk.z1 if chunk.by_samples else torch.bmm(chunk.W[0], chunk.x)] + chunk.W[1:]
        assert max(float((a - b).detach().abs().max()) for a, b in zip(got, is_)) < 1e-12


def answer(case):
    if case["kind"] == "versions":
        check()
        blas = [line.strip(" -") for line in torch.__config__.show().splitlines()
                if "Math Kernel" in line or "oneAPI" in line or "BLAS_INFO" in line]
        return {"versions": "PyTorch " + torch.__version__, "blas": blas[0][:60] if blas else "unknown"}
    def rate(count, seconds):
        chunk = Chunk(case, count, 7)
        return count / time_of(chunk.step, seconds)[0]
    count = max((rate(count, case["seconds"] / 10), count) for count in CHUNKS)[1]
    chunk = Chunk(case, count, 3)
    # new networks now and then, as in a run: the clock of the steps and that of the draws are two
    step = [t / count for t in time_of(chunk.step, case["seconds"])]
    draw = [t / count for t in time_of(chunk.draw, case["seconds"] / 10)]
    return {"ways": {f"chunks of {count}": {"step": step, "draw": draw}}, "flops": flops(case)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(answer)
