"""fixed.py - MNIST at a fixed number of parameters: losses of single networks, from the archives.

Is: training loss, test loss and test error of each network of an ensemble, their means and errors
over the ensemble, and the loss at infinite width. Is not: tables or figures (tables.py).
Standard library only; imported, not run."""
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from common import read_array, read_experiment  # noqa: E402


def mean_of(values):
    """(mean, standard error)."""
    mean = sum(values) / len(values)
    spread = sum((x - mean) ** 2 for x in values) / (len(values) - 1)
    return mean, math.sqrt(spread / len(values))


def half_square(z, target):
    return 0.5 * sum((a - b) ** 2 for a, b in zip(z, target))


def targets_of(outputs, loss_sample):
    """One-hot targets of two classes: those that give the program's own loss of each sample.
    outputs[member][sample] = (z_1, z_2)."""
    targets = []
    for k, loss in enumerate(loss_sample):
        means = {t: sum(half_square(z[k], t) for z in outputs) / len(outputs)
                 for t in ((1.0, 0.0), (0.0, 1.0))}
        best = min(means, key=lambda t: abs(means[t] - loss))
        assert abs(means[best] - loss) < 1e-4 * loss + 1e-9
        targets.append(best)
    return targets


class Fixed:
    """One depth at its width; losses are means over samples of |z - y|^2/2, times the recorded steps."""

    def __init__(self, measured, theory):
        experiment = read_experiment(measured)
        network, data = experiment["network"], experiment["data"]
        self.depth, self.width = network["depth"], network["widths"][0]
        self.ratio, self.train = self.depth / self.width, data["train"]
        inputs, outputs = 49, network["outputs"]
        self.parameters = (self.width * (inputs + 1) + outputs * (self.width + 1) +
                           (self.depth - 2) * self.width * (self.width + 1))
        own = f"n{self.width}"
        self.unstable = read_array(measured, f"{own}/unstable")[1][0]
        self.diverged = int(read_array(measured, f"{own}/diverged")[1][0])
        self.times = read_array(measured, "times")[1]
        self.read_members(measured, own)
        test = data["test"]
        self.infinite = [x / test for x in read_array(theory, "loss_test_lo")[1]]
        self.infinite_train = [x / self.train for x in read_array(theory, "loss_train_lo")[1]]

    def read_members(self, measured, own):
        (members, times, outputs, samples), z = read_array(measured, f"{own}/samples/z")
        (_, _), loss = read_array(measured, f"{own}/loss_sample")
        self.loss_train, self.loss_test, self.error = [], [], []
        targets = None
        for t in reversed(range(times)):
            start = [((m * times + t) * outputs) * samples for m in range(members)]
            all_z = [list(zip(z[s:s + samples], z[s + samples:s + 2 * samples])) for s in start]
            all_z = [own_z for own_z in all_z if all(abs(a) < 1e6 and abs(b) < 1e6
                                                     for a, b in own_z)]
            if targets is None:
                targets = targets_of(all_z, loss[t * samples:(t + 1) * samples])
            self.add(all_z, targets)
        for values in (self.loss_train, self.loss_test, self.error):
            values.reverse()

    def add(self, all_z, targets):
        losses = [[half_square(z, y) for z, y in zip(own_z, targets)] for own_z in all_z]
        wrong = [sum((z[0] > z[1]) != (y[0] > y[1])
                     for z, y in list(zip(own_z, targets))[self.train:]) for own_z in all_z]
        test = len(targets) - self.train
        self.loss_train.append(mean_of([sum(x[:self.train]) / self.train for x in losses]))
        self.loss_test.append(mean_of([sum(x[self.train:]) / test for x in losses]))
        self.error.append(mean_of([100 * x / test for x in wrong]))


def read(out, activation):
    """All depths of one activation, in order of L/n."""
    cases = [Fixed(out / path.name.replace(".theory", ""), path)
             for path in out.glob(f"mnist-{activation}-*.theory.npz")
             if (out / path.name.replace(".theory", "")).exists()]
    return sorted(cases, key=lambda c: c.ratio)
