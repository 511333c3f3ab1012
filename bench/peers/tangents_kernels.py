"""Kernel and NTK at infinite width by neural-tangents, the work of bench_kernels: four layers, C_b = 0.1, C_W = 1.5,
double precision, all samples with all. bench/peers/run.py starts it."""
import jax
import neural_tangents
from neural_tangents import stax

from worker import serve, time_of

ACTIVATIONS = {"relu": stax.Relu, "erf": stax.Erf,
               "tanh": lambda: stax.ElementwiseNumerical(jax.numpy.tanh, deg=25)}


def answer(case):
    if case["kind"] == "versions":
        return {"versions": f"neural-tangents {neural_tangents.__version__}, JAX {jax.__version__}",
                "blas": "XLA's own, jaxlib " + jax.lib.__version__}
    layers = []
    for _ in range(case["layers"] - 1):
        layers += [stax.Dense(1, 1.5**0.5, 0.1**0.5), ACTIVATIONS[case["activation"]]()]
    kernel = stax.serial(*layers, stax.Dense(1, 1.5**0.5, 0.1**0.5))[2]
    x = jax.random.normal(jax.random.PRNGKey(1), (case["samples"], case["inputs"]))
    both = jax.jit(lambda x: kernel(x, None, ("nngp", "ntk")))
    wall, cpu = time_of(lambda: jax.block_until_ready(both(x)), case["seconds"])
    return {"ways": {"jit": {"step": [wall, cpu], "draw": [0, 0]}}}


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    serve(answer)
