"""The work of bench_train in JAX: all steps in one compiled loop, gradients by jax.grad. Fully connected networks
one after the other or side by side under vmap, layer 1 moved by samples (docs/trainer/step.md) where that is
cheaper; convolutions by gathered patches and matrix products, or by the library's convolution. bench/peers/run.py
starts one process per core, or one for all of them."""
import jax
import jax.numpy as jnp

from worker import flops, serve, time_of


def inputs_of(case, shape):
    x = jax.random.normal(jax.random.PRNGKey(1), (case["samples"],) + shape)
    return x, jnp.where(jnp.arange(case["samples"]) % 2 == 0, 1.0, -1.0)[:, None]


def dense(case):
    """(draw, train) of one network: weights of a key; those after the steps."""
    n, D, inputs, hidden = (case[key] for key in ("width", "samples", "inputs", "hidden"))
    x, y = inputs_of(case, (inputs,))
    shapes = [(inputs, n)] + [(n, n)] * (hidden - 1) + [(n, 1)]
    eta, by_samples = 0.1 / D, D < 2 * inputs
    h = x @ x.T / inputs

    def draw(key):
        keys = jax.random.split(key, len(shapes))
        W = [jax.random.normal(k, s) / s[0] ** 0.5 for k, s in zip(keys, shapes)]
        return [x @ W[0]] + W[1:] if by_samples else W

    def loss(W):
        s = jnp.tanh(W[0] if by_samples else x @ W[0])
        for w in W[1:-1]:
            s = jnp.tanh(s @ w)
        return 0.5 * jnp.sum((s @ W[-1] - y) ** 2)

    def step(_, W):
        g = jax.grad(loss)(W)
        first = h @ g[0] if by_samples else g[0] / inputs
        return [W[0] - eta * first] + [w - eta / w.shape[0] * d for w, d in zip(W[1:], g[1:])]

    return draw, lambda W: jax.lax.fori_loop(0, case["steps"], step, W)


def by_patches(case, W, s):
    """z (D, side, side, out) of s (D, side, side, in): taps gathered, then one product."""
    k, shift = case["kernel"], (case["kernel"] - 1) // 2
    taps = [jnp.roll(s, (shift - r, shift - c), (1, 2)) for r in range(k) for c in range(k)]
    return jnp.concatenate(taps, -1) @ W.reshape(-1, W.shape[-1])


def by_library(case, W, s):
    k, shift = case["kernel"], (case["kernel"] - 1) // 2
    pad = ((0, 0), (shift, k - 1 - shift), (shift, k - 1 - shift), (0, 0))
    return jax.lax.conv_general_dilated(jnp.pad(s, pad, mode="wrap"), W, (1, 1), "VALID",
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))


def convolution(case, convolve):
    """The same of circular convolutions on side x side positions under a flatten."""
    k, n, P = case["kernel"], case["width"], case["side"] ** 2
    shapes = [(k, k, case["inputs"], n)] + [(k, k, n, n)] * (case["hidden"] - 1) + [(n * P, 1)]
    fans = [s[0] if len(s) == 2 else k * k * s[2] for s in shapes]
    x, y = inputs_of(case, (case["side"], case["side"], case["inputs"]))
    eta = 0.1 / (case["samples"] * P)

    def draw(key):
        keys = jax.random.split(key, len(shapes))
        return [jax.random.normal(q, s) / fan**0.5 for q, s, fan in zip(keys, shapes, fans)]

    def loss(W):
        s = x
        for w in W[:-1]:
            s = jnp.tanh(convolve(case, w, s))
        return 0.5 * jnp.sum((s.reshape(case["samples"], -1) @ W[-1] - y) ** 2)

    def step(_, W):
        return [w - eta / fan * g for w, g, fan in zip(W, jax.grad(loss)(W), fans)]

    return draw, lambda W: jax.lax.fori_loop(0, case["steps"], step, W)


def way(case, networks, draw, train):
    """Seconds of a step and of a draw of one network, `networks` side by side, and what training reached."""
    if networks > 1:
        draw, train = jax.vmap(draw), jax.vmap(train)
    draw, train = jax.jit(draw), jax.jit(train)
    key = jax.random.PRNGKey(2)
    keys = jax.random.split(key, networks) if networks > 1 else key
    W = draw(keys)
    per = networks * case["steps"]
    step = [t / per for t in time_of(lambda: jax.block_until_ready(train(W)), case["seconds"])]
    drawn = [t / networks
             for t in time_of(lambda: jax.block_until_ready(draw(keys)), case["seconds"] / 10)]
    return {"step": step, "draw": drawn}, train(W)


def answer(case):
    if case["kind"] == "versions":
        return {"versions": "JAX " + jax.__version__, "blas": "XLA's own, jaxlib " + jax.lib.__version__}
    jax.config.update("jax_enable_x64", case["precision"] == "double")
    if case["kind"] == "train":
        ways = {("one by one" if networks == 1 else f"vmap of {networks}"): (networks,) + dense(case)
                for networks in case["networks"]}
    else:
        ways = {name: (1,) + convolution(case, f)
                for name, f in (("patches", by_patches), ("its convolution", by_library))}
    found, reached = {}, []
    for name, (networks, draw, train) in ways.items():
        found[name], end = way(case, networks, draw, train)
        reached.append(end)
    if case["kind"] == "convolution":  # two ways, one network
        worst = max(float(jnp.max(jnp.abs(p - q))) for p, q in zip(*reached))
        assert worst < (1e-8 if case["precision"] == "double" else 1e-3), f"the two ways differ by {worst}"
    return {"ways": found, "flops": flops(case)}


if __name__ == "__main__":
    serve(answer)
