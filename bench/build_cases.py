"""build_cases.py - the experiments of compare_builds.py.

Is: every claim, every experiment of the studies and variants of the demo, each with the commands that make
its archives. Is not: a program, or the full studies: members are few.
"""
import collections
import os

FAST_CLAIMS = {"5-finite-angle", "9-learning-rate-equivalence", "3-deep-linear-sixth-moment", "inf-ddntk",
               "10-kernel-prediction"}
FAST_STUDIES = {"study-demo", "study-mnist-3-8", "study-tensors-at-initialization-quadratic-3",
                "study-end-of-training-tanh-2", "study-loss-and-spread-swish-5-start",
                "study-dntk-in-training", "study-mnist-64", "study-depth-over-width-trained-gelu-4"}
Case = collections.namedtuple("Case", "name fast steps same digits")
E = "{reports}/"


def case(name, *steps, fast=False, same=(), digits=False):
    """steps: lists of arguments, {out} the case's folder; `>FILE` as the last keeps standard output. same:
    pairs of archives of the case that must be equal."""
    files = sets(["data.images={digits}-images-idx3-ubyte.gz", "data.labels={digits}-labels-idx1-ubyte.gz"])
    steps = [list(step) + (files if digits and step[0] in ("theory", "train") else []) for step in steps]
    return Case(name, fast, steps, list(same), digits)


def sets(settings):
    return [part for setting in settings for part in ("--set", setting)]


def theory(file, *settings, layers=False, name="theory"):
    more = ["--layers"] if layers else []
    return ["theory", E + file, "-o", "{out}/%s.npz" % name, *more, *sets(settings)]


def train(file, *settings, name="measured", more=()):
    return ["train", E + file, "-o", "{out}/%s.npz" % name, *more, *sets(settings)]


COMPARE = ["compare", "{out}/theory.npz", "{out}/measured.npz", "-o", "{out}/compare"]


def members(number):
    return f"ensemble.members={number}"


def claims(reports):
    names = [name for name in sorted(os.listdir(reports))
             if os.path.exists(os.path.join(reports, name, "expect.yaml"))]
    return [case("claim-" + name, ["verify", name, "--quick", "--claims", "{reports}", "-o", "{out}"],
                 fast=name in FAST_CLAIMS) for name in names]


def end_of_training(reports):
    """The pilots choose the estimators (auto), but loss-and-spread trains pairs of the same networks."""
    folder = os.path.join(reports, "end-of-training")
    for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        name, kind = os.path.splitext(file)
        if kind != ".yaml":
            continue
        with open(os.path.join(folder, file)) as text:
            to_the_end = "steps: end" in text.read()
        file, few = "end-of-training/" + file, members(70 if to_the_end else 200)
        digits = name.startswith("mnist")
        yield case("study-end-of-training-" + name, theory(file), train(file, few), digits=digits)
        if not to_the_end:
            pairs = train(file, members(640), "ensemble.estimator=antithetic")
            yield case("study-loss-and-spread-" + name, pairs, digits=digits)


def studies(reports):
    file = "demo/experiment.yaml"
    yield case("study-demo", theory(file, layers=True), train(file, members(640)), COMPARE)
    yield from end_of_training(reports)
    for name in ("init-tanh-4", "init-gelu-3", "erf-2-steps", "swish-5-start"):
        file, number = f"loss-and-spread/{name}.yaml", 200 if name == "erf-2-steps" else 2112
        kept = ["ensemble.keep_members=1000"] if name.startswith("init") else []
        ensemble = train(file, members(number), *kept)
        yield case("study-loss-and-spread-" + name, theory(file), ensemble, COMPARE)
    file = "dntk-in-training/experiment.yaml"
    yield case("study-dntk-in-training", theory(file), train(file, members(200)), COMPARE)
    folder = os.path.join(reports, "tensors-at-initialization")
    for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if file.endswith(".yaml"):
            own = "tensors-at-initialization/" + file
            yield case("study-tensors-at-initialization-" + file[:-5], theory(own, layers=True),
                       train(own, members(2112)), COMPARE)
    yield from depth_over_width()
    file = "mnist-3-8/experiment.yaml"
    yield case("study-mnist-3-8", theory(file), train(file, members(200)), digits=True)
    file = "mnist-64/experiment.yaml"
    yield case("study-mnist-64", theory(file, "data.train=13", "data.test=4"),
               train(file, members(64), "network.widths=[32]", "training.steps=8"), digits=True)


def depth_over_width():
    """Activations, scales and lambda_b as in cases.txt there."""
    networks = (("tanh", 1, -1), ("sin", 1, -1), ("gelu", "critical", 0), ("swish", "critical", 0),
                ("relu", 1, 0), ("linear", 1, 0))
    for activation, scale, power in networks:
        own = [f"network.activation={activation}", f"data.scale={scale}",
               f"network.lambda_b={{scale: 1, power: {power}}}"]
        file = "depth-over-width/init.yaml"
        yield case("study-depth-over-width-init-" + activation, theory(file, *own, layers=True),
                   train(file, members(2112), *own))
        file = "depth-over-width/trained.yaml"
        for depth in (2, 4, 12) if activation != "relu" else ():
            deep = own + [f"network.depth={depth}"]
            yield case(f"study-depth-over-width-trained-{activation}-{depth}", theory(file, *deep),
                       train(file, members(200), *deep))
        file = "depth-over-width/mnist.yaml"
        if activation == "tanh":
            yield case("study-depth-over-width-mnist-" + activation,
                       theory(file, *own, "data.test=200"),
                       train(file, members(8), *own, "ensemble.keep_members=8", "training.steps=40",
                             "training.record=[0, 40]"), digits=True)


def generated(train_samples, test, inputs=3, outputs=1, source="gaussian"):
    return [f"data={{source: {source}, inputs: {inputs}, seed: 4, train: {train_samples}, test: {test}}}",
            f"network.outputs={outputs}"]


def variants():
    """The demo's experiment with other settings: small networks, what the experiments above do not reach."""
    demo = "demo/experiment.yaml"
    small = ["network.widths=[8, 12, 16, 24]", "training.steps=12", "ensemble.keep_members=3"]
    everything = "measure=[output, kernel, ntk, vertex]"
    for estimator in ("plain", "antithetic", "two_level", "control", "auto"):
        own = small + [f"ensemble.estimator={estimator}", members(2100)]
        yield case("variant-estimator-" + estimator, train(demo, *own, everything, *generated(3, 1)),
                   fast=estimator != "auto")
        own = small[:1] + [f"ensemble.estimator={estimator}", members(200), "training.steps=end"]
        yield case("variant-end-" + estimator, train(demo, *own, *generated(2, 1, outputs=2)))
    for activation in ("linear", "relu", "leaky_relu(0.1)", "tanh", "sin", "erf", "gelu", "swish", "softplus",
                       "sigmoid", "polynomial(0.1,1,0.1,-0.05)"):
        own = [f"network.activation={activation}", "network.widths=[17, 32]", "network.depth=4",
               "ensemble.keep_members=3", members(200), *generated(5, 2, inputs=6, outputs=2)]
        yield case("variant-activation-" + activation.split("(")[0],
                   theory(demo, *own, "theory.tolerance=1e-7"), train(demo, *own),
                   train(demo, *own, "ensemble.arithmetic=single", name="single"),
                   fast=activation in ("relu", "gelu"))
    for count in (1, 2, 7, 9, 12, 17, 20, 33):
        for inputs in (2, 40):  # the first layer moves as weights or as preactivations
            own = small + generated(count, 1, inputs=inputs) + [members(64), "network.widths=[8, 33, 100]"]
            yield case(f"variant-samples-{count}-{inputs}", train(demo, *own),
                       train(demo, *own, "ensemble.arithmetic=single", name="single"), fast=count == 9)
    for source in ("circle", "teacher", "parity", "modular_addition"):
        size = {"modular_addition": ", modulus: 5", "circle": ""}.get(source, ", inputs: 4")
        own = small + [members(64), "data={source: %s, seed: 4, train: 4, test: 2%s}" % (source, size)]
        yield case("variant-data-" + source, theory(demo, *own, "theory.order=0"), train(demo, *own))
    yield from more_variants(demo, small)


def more_variants(demo, small):
    tensors = "measure=[output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk]"
    for activation in ("tanh", "relu"):
        own = small + [tensors, members(2100), "measure_samples=2", "training.steps=2",
                       f"network.activation={activation}", *generated(2, 1, outputs=2)]
        yield case("variant-tensors-" + activation, theory(demo, *own, layers=True), train(demo, *own),
                   COMPARE, fast=activation == "tanh")
    plain = ["ensemble.estimator=plain", members(2100), *generated(3, 1)]
    large = ["training.eta={relative: 1.9}", "network.C_W=2"]
    yield case("variant-large-eta", train(demo, *small, *plain, *large), fast=True)
    yield case("variant-flow", theory(demo, "training.eta=flow"))
    yield case("variant-order-0", theory(demo, *generated(150, 50), "theory.order=0"))
    yield case("variant-many-samples", theory(demo, *generated(12, 5), "network.activation=gelu",
                                              "theory.tolerance=1e-6"))
    terms = ["theory.omit=[V.inherited, ddntk_cubic]", "theory.flip=[dntk, F]"]
    yield case("variant-omit-flip", theory(demo, *terms), fast=True)
    for quantity in ("z", "Theta"):
        until = "ensemble={until: {quantity: %s, relative: 0.3, max_members: 8192}, seed: 3}" % quantity
        yield case("variant-until-" + quantity, train(demo, *small[:2], until, "measure=[output, ntk]",
                                                      *generated(2, 1)))
    yield case("variant-sweep", ["run", E + demo, "-o", "{out}/run", *sets(
        small + [members(2112), "sweep={network.depth: [2, 3]}"])])


def divided():
    """One result by several roads, which must agree."""
    demo = "demo/experiment.yaml"
    own = ["network.widths=[8, 12, 16, 24]", "training.steps=12", "ensemble.estimator=auto", members(1000),
           *generated(3, 1)]
    shards = [train(demo, *own, name=f"shard-{k}", more=["--shard", f"{k}/3"]) for k in (1, 2, 3)]
    merge = ["merge", *("{out}/shard-%d.npz" % k for k in (1, 2, 3)), "-o", "{out}/merged.npz"]
    yield case("shards", *shards, merge, train(demo, *own), same=[("merged.npz", "measured.npz")], fast=True)
    threads = [step for n in ("1", "3") for step in (
        train(demo, *own, name="measured-" + n, more=["--threads", n]),
        theory(demo, *generated(9, 1), "theory.tolerance=1e-7", name="theory-" + n) + ["--threads", n])]
    pairs = [("measured-1.npz", "measured-3.npz"), ("theory-1.npz", "theory-3.npz")]
    yield case("threads", *threads, same=pairs, fast=True)
    yield case("critical", *(["critical", name, "--json", f">{name}.json"] for name in (
        "linear", "relu", "leaky_relu(0.1)", "tanh", "sin", "erf", "gelu", "swish")), fast=True)


def all_cases(reports):
    cases = [*divided(), *studies(reports), *variants(), *claims(reports)]
    return [one._replace(fast=one.fast or one.name in FAST_STUDIES) for one in cases]
