#!/usr/bin/env python3
"""The work of bench_train --side in JAX, in two ways: gathered patches with matrix products, and the
library's convolution. Networks side by side under vmap, all steps in one compiled loop, gradients by
jax.grad.

    python3 -m venv V && V/bin/pip install jax
    V/bin/python bench/compare_conv.py --side 8 --kernel 3 --width 16 --hidden 3 --inputs 16 --samples 16

Prints one JSON object for each way, with the names of bench_train; give bench_train the same options.
Is not part of the tests; figures belong to the machine and the moment."""
import argparse
import json
import time

import jax
import jax.numpy as jnp


def arguments():
    p = argparse.ArgumentParser()
    for name, value in (("side", 8), ("kernel", 3), ("width", 16), ("hidden", 3), ("inputs", 16),
                        ("samples", 16), ("networks", 8), ("steps", 50)):
        p.add_argument("--" + name, type=int, default=value)
    p.add_argument("--precision", choices=("double", "single"), default="double")
    return p.parse_args()


def by_patches(a, W, s):
    """z (D, side, side, out) of s (D, side, side, in): taps gathered, then one product."""
    k, shift = a.kernel, (a.kernel - 1) // 2
    taps = [jnp.roll(s, (shift - r, shift - c), (1, 2)) for r in range(k) for c in range(k)]
    return jnp.concatenate(taps, -1) @ W.reshape(-1, W.shape[-1])


def by_library(a, W, s):
    k, shift = a.kernel, (a.kernel - 1) // 2
    pad = ((0, 0), (shift, k - 1 - shift), (shift, k - 1 - shift), (0, 0))
    return jax.lax.conv_general_dilated(jnp.pad(s, pad, mode="wrap"), W, (1, 1), "VALID",
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))


def trainer(a, convolution, x, y):
    """A function of the weights of all networks: those after the steps."""
    channels = [a.inputs] + [a.width] * a.hidden
    fans = [a.kernel ** 2 * n for n in channels[:-1]] + [a.width * a.side ** 2]

    def loss(W):
        s = x
        for k in range(a.hidden):
            s = jnp.tanh(convolution(a, W[k], s))
        return 0.5 * jnp.sum((s.reshape(a.samples, -1) @ W[-1] - y) ** 2)

    def train(W):
        eta = 0.1 / (a.samples * a.side ** 2)
        step = lambda _, W: [w - eta / fan * g for w, g, fan in zip(W, jax.grad(loss)(W), fans)]
        return jax.lax.fori_loop(0, a.steps, step, W)

    return jax.jit(jax.vmap(train))


def weights(a, key):
    k, n, real = a.kernel, a.width, jnp.zeros(0).dtype
    shapes = [(k, k, a.inputs, n)] + [(k, k, n, n)] * (a.hidden - 1) + [(n * a.side ** 2, 1)]
    keys = jax.random.split(key, len(shapes))
    fan = lambda s: s[0] if len(s) == 2 else k * k * s[2]
    return [jax.random.normal(q, (a.networks,) + s, real) / fan(s) ** 0.5 for q, s in zip(keys, shapes)]


def flops(a):
    """As pdlt_flops_step counts them."""
    P, taps, n = a.side ** 2, a.kernel ** 2, a.width
    first = P * taps * n * a.inputs
    return 2.0 * a.samples * (2 * first + 3 * ((a.hidden - 1) * P * taps * n * n + P * n))


def main():
    a = arguments()
    jax.config.update("jax_enable_x64", a.precision == "double")
    key = jax.random.PRNGKey(1)
    x = jax.random.normal(key, (a.samples, a.side, a.side, a.inputs))
    y = jnp.where(jnp.arange(a.samples) % 2 == 0, 1.0, -1.0)[:, None]
    reached = []
    for name, convolution in (("patches", by_patches), ("library", by_library)):
        train, W = trainer(a, convolution, x, y), weights(a, key)
        reached.append(jax.block_until_ready(train(W)))  # compiles
        start, cpu = time.perf_counter(), time.process_time()
        jax.block_until_ready(train(W))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        rate = a.networks * a.steps / seconds
        print(json.dumps({"way": name, "networks": a.networks, "steps": a.steps,
                          "network_steps_per_second": round(rate, 1),
                          "gflops": round(rate * flops(a) * 1e-9, 2),
                          "gflops_per_processor_second":
                              round(a.networks * a.steps * flops(a) / cpu * 1e-9, 2)}))
    worst = max(float(jnp.max(jnp.abs(p - q))) for p, q in zip(*reached))
    assert worst < (1e-8 if a.precision == "double" else 1e-3), worst


if __name__ == "__main__":
    main()
