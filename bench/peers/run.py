#!/usr/bin/env python3
"""pdlt beside PyTorch, JAX and neural-tangents: the same work on the same machine, one table.

    python3 bench/peers/run.py --quick              about ten minutes on two idle cores, without the installation
    python3 bench/peers/run.py --only train --widths 64 --clock cpu

Makes a virtual environment for each peer in --envs (once), and runs, each beside pdlt's own programs in --build:

    train         network-steps per second, 3 hidden layers of tanh, 16 inputs, 16 samples (bench_train), and whole
                  runs: draws, steps and the end (`pdlt train`)
    convolution   16 channels, 3 x 3, 8 x 8 positions (bench_train --side)
    kernels       kernel and NTK at infinite width (bench_kernels)

Every peer's ways are tried and its best is what counts: PyTorch in chunks of networks, own backward without
autograd; JAX one network after the other or under vmap, one process pinned to each core, or vmap over all cores.
One work at a time; all its processes at once. --clock cpu counts processor time and multiplies by the cores: for
machines with other work, and less sure. Writes the table as Markdown and CSV to --out. Needs ./bootstrap build and PyPI.
Not part of the tests; figures belong to the machine and the moment."""
import argparse
import csv
import ctypes.util
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# What is installed: without dependencies (PyTorch's bring several GB for other processors), then the rest.
PEERS = {
    "torch": ("torch_train.py", ["torch==2.13.*"],
              ["numpy", "filelock", "typing-extensions", "sympy", "networkx", "jinja2", "fsspec", "setuptools>=77"]),
    "jax": ("jax_train.py", [], ["jax==0.10.*"]),
    "tangents": ("tangents_kernels.py", [], ["neural-tangents==0.6.5", "jax==0.4.30", "jaxlib==0.4.30",
                                             "tf2jax==0.3.6", "numpy<2"]),
}
TITLES = {"torch": "PyTorch", "jax": "JAX", "tangents": "neural-tangents"}


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--quick", action="store_true", help="shorter clocks, fewer ways, tanh kernels at 500 samples")
    p.add_argument("--only", default="train,convolution,kernels", help="of these works")
    p.add_argument("--widths", default="16,32,64,128,256")
    p.add_argument("--precisions", default="double,single")
    p.add_argument("--training-samples", type=int, default=16)
    p.add_argument("--samples", default="500,2000", help="of the kernels")
    p.add_argument("--threads", type=int, default=min(2, os.cpu_count()))
    p.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    p.add_argument("--seconds", type=float, help="of each clock (1; --quick: 0.5)")
    p.add_argument("--envs", type=Path, default=ROOT / "build/peers")
    p.add_argument("--torch-index", help="where pip finds PyTorch for processors, unless PyPI's will do")
    p.add_argument("--build", type=Path, default=ROOT / "build")
    p.add_argument("--out", type=Path, default=ROOT / "build/peers")
    a = p.parse_args()
    a.seconds = a.seconds or (0.5 if a.quick else 1.0)
    a.only = a.only.split(",")
    a.widths, a.samples = ([int(n) for n in text.split(",")] for text in (a.widths, a.samples))
    a.precisions = a.precisions.split(",")
    unknown = set(a.only) - {"train", "convolution", "kernels"}
    if unknown:
        p.error(f"--only: {', '.join(sorted(unknown))}: known are train, convolution, kernels")
    return a


# --- environments ---


def install(a, name):
    """The Python of a peer's environment; made where it is not there."""
    home, (_, bare, packages) = a.envs / name, PEERS[name]
    python, done = home / "bin/python", home / "installed"
    if done.exists():
        return python
    print(f"== installing {TITLES[name]} in {home}", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    index = ["--index-url", a.torch_index] if name == "torch" and a.torch_index else []
    if bare:
        subprocess.run([*pip, *index, "--no-deps", *bare], check=True)
    subprocess.run([*pip, *packages], check=True)
    done.touch()
    return python


class Team:
    """A peer's processes, one per core, or one for all; all answer a case at the same time."""

    def __init__(self, a, name, processes):
        python, self.name, self.cores = install(a, name), name, a.threads
        per = a.threads // processes
        env = {**os.environ, "OMP_NUM_THREADS": str(per), "MKL_NUM_THREADS": str(per),
               "OPENBLAS_NUM_THREADS": str(per), "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
        if per == 1:
            env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        usable = sorted(os.sched_getaffinity(0))[: a.threads]
        self.log = tempfile.TemporaryFile("w+")
        self.workers = []
        for k in range(processes):
            mine = set(usable[k * per:(k + 1) * per])
            self.workers.append(subprocess.Popen(
                [python, HERE / PEERS[name][0]], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=self.log, text=True, preexec_fn=lambda mine=mine: os.sched_setaffinity(0, mine)))

    def ask(self, **case):
        for worker in self.workers:
            worker.stdin.write(json.dumps(case) + "\n")
            worker.stdin.flush()
        answers = []
        for worker in self.workers:
            line = worker.stdout.readline()
            if not line:
                self.log.seek(0)
                last = self.log.read().strip().splitlines()[-1:] or ["it ended without a word"]
                raise RuntimeError(f"{TITLES[self.name]}: {last[0]}")
            answers.append(json.loads(line))
        for answer in answers:
            if "error" in answer:
                raise RuntimeError(f"{TITLES[self.name]}: {answer['error']}")
        return answers

    def close(self):
        for worker in self.workers:
            worker.stdin.close()
            worker.wait()


def best(a, answers, steps):
    """{way: (rate of steps, rate of whole runs)}: sums over processes, of all cores together."""
    clock, found = (0 if a.clock == "wall" else 1), {}
    scale = a.threads / len(answers) if a.clock == "cpu" else 1
    for same in zip(*(answer["ways"].items() for answer in answers)):  # processes may have tuned different chunks
        times = [(way["step"][clock], way["draw"][clock]) for _, way in same]
        found[same[0][0]] = (scale * sum(1 / step for step, _ in times),
                             scale * sum(steps / (steps * step + draw) for step, draw in times))
    return found


# --- pdlt ---


def program(a, name):
    path = a.build / name
    if not path.exists():
        sys.exit(f"{path} is missing: ./bootstrap build, or --build")
    return path


def run(command):
    """What it prints. Threads that wait do not spin: that would be processor time, of nothing."""
    env = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=env)
    return done.stdout


def own_rate(a, case, seconds):
    """Network-steps per second of bench_train, all threads together."""
    options = [f"--{key}={case[key]}" for key in ("width", "hidden", "inputs", "samples", "steps", "precision")]
    options += [f"--{key}={case[key]}" for key in ("side", "kernel") if key in case]
    command = [program(a, "bench/bench_train"), "--json", f"--threads={a.threads}", *options]
    first = json.loads(run([*command, f"--networks={8 * a.threads}"]))["network_steps_per_second"]
    networks = max(8 * a.threads, round(first * seconds / case["steps"]))
    result = json.loads(run([*command, f"--networks={networks}"]))
    return (result["network_steps_per_second"] if a.clock == "wall"
            else result["network_steps_per_processor_second"] * a.threads)


RUN = """network: {{activation: tanh, depth: {depth}, outputs: 1, widths: [{width}], C_b: 0, C_W: 1, lambda_b: 0}}
data: {{source: gaussian, inputs: {inputs}, train: {samples}, test: 0}}
training: {{eta: {eta}, steps: {steps}}}
ensemble: {{members: {members}, seed: 1, estimator: plain, arithmetic: {precision}}}
measure: [output]
"""


def own_run(a, case, rate, seconds):
    """Network-steps per second of a whole `pdlt train` of so many seconds at this rate, and 1000 networks at least."""
    block = 64 * a.threads
    members = block * max(-(-1000 // block), round(rate * seconds / case["steps"] / block))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.yaml"
        file.write_text(RUN.format(depth=case["hidden"] + 1, eta=0.1 / case["samples"], members=members, **case))
        command = [program(a, "cli/pdlt"), "train", file, "-o", Path(folder) / "out.npz", "--threads", a.threads]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        run(command)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return members * case["steps"] / (wall if a.clock == "wall" else cpu / a.threads)


def own_kernels(a, case):
    """Seconds of bench_kernels, two threads."""
    command = [program(a, "bench/bench_kernels"), case["samples"], case["layers"], case["inputs"], case["activation"]]
    line = [line for line in run(command).splitlines() if line.split()[:1] == [case["activation"]]][-1]
    word = "threads?" if a.clock == "wall" else "processor"
    seconds = float(re.search(word + r" +([0-9.]+) s", line).group(1))
    return seconds if a.clock == "wall" else seconds / 2


# --- works ---


def row(work, what, precision, ours, peers, unit):
    """peers: {"PyTorch": {way: value}}; the largest rate, or the shortest time, is a peer's own."""
    more = unit != "s"
    chosen = {name: (max if more else min)(ways.items(), key=lambda item: item[1]) for name, ways in peers.items()}
    out = {"work": work, "what": what, "precision": precision, "unit": unit, "pdlt": ours}
    for name, (way, value) in chosen.items():
        out[name], out[name + ": way"] = value, way
    values = [value for _, value in chosen.values()]
    if values:
        out["ratio to the best"] = ours / max(values) if more else min(values) / ours
    print(f"{work:12s} {what:24s} {precision:7s} pdlt {ours:.4g} {unit}; "
          + ", ".join(f"{name} {value:.4g} ({way})" for name, (way, value) in chosen.items())
          + f"; ratio {out.get('ratio to the best', float('nan')):.2f}", file=sys.stderr, flush=True)
    return out


def train_rows(a, teams, precision, width):
    case = {"kind": "train", "width": width, "hidden": 3, "inputs": 16, "samples": a.training_samples,
            "steps": 100, "precision": precision, "seconds": a.seconds}
    steps, whole = {}, {}
    for team, networks in teams:
        if networks:
            case["networks"] = networks
        found = best(a, team.ask(**case), case["steps"])
        suffix = ", all cores" if len(team.workers) < a.threads else ""
        for way, (one, run_of_it) in found.items():
            steps.setdefault(TITLES[team.name], {})[way + suffix] = one
            whole.setdefault(TITLES[team.name], {})[way + suffix] = run_of_it
    ours = own_rate(a, case, 2 * a.seconds)
    all_of_it = own_run(a, case, ours, 4 * a.seconds)
    return [row("steps", f"n = {width}", precision, ours, steps, "network-steps/s"),
            row("whole runs", f"n = {width}", precision, all_of_it, whole, "network-steps/s")]


def work_train(a, team_of):
    together = a.threads > 1 and a.clock == "wall"  # processor time does not tell who waits for whom
    teams = [(team_of("torch"), None), (team_of("jax"), [1, 16] if a.quick else [1, 4, 16, 64]),
             (team_of("jax", 1) if together else None, [16] if a.quick else [4, 16, 64])]
    teams = [(team, networks) for team, networks in teams if team]
    for width in a.widths:
        for precision in a.precisions:
            yield from train_rows(a, teams, precision, width)


def work_convolution(a, team_of):
    for precision in a.precisions:
        case = {"kind": "convolution", "width": 16, "hidden": 3, "inputs": 16, "samples": 16, "side": 8, "kernel": 3,
                "steps": 20, "precision": precision, "seconds": a.seconds}
        team = team_of("jax")
        found = best(a, team.ask(**case), case["steps"]) if team else {}
        ways = {way: one for way, (one, _) in found.items()}
        yield row("convolution", "16 channels, 8 x 8", precision, own_rate(a, case, 2 * a.seconds),
                  {"JAX": ways} if ways else {}, "network-steps/s")


def work_kernels(a, team_of):
    for activation in ("relu", "erf", "tanh"):
        for samples in a.samples[:1] if a.quick and activation == "tanh" else a.samples:
            case = {"kind": "kernels", "activation": activation, "samples": samples, "layers": 4, "inputs": 16,
                    "seconds": a.seconds}
            team = team_of("tangents", 1)
            ways = {}
            if team:
                clock, share = (0, 1) if a.clock == "wall" else (1, a.threads)
                found = team.ask(**case)[0]["ways"]
                ways = {way: one["step"][clock] / share for way, one in found.items()}
            nodes = ", 25 nodes" if activation == "tanh" else ""
            yield row("kernels", f"{activation}, D = {samples}{nodes}", "double", own_kernels(a, case),
                      {TITLES["tangents"]: ways} if ways else {}, "s")


# --- what it was done with ---


def own_blas():
    name = ctypes.util.find_library("openblas")
    if name is None:
        return "unknown"
    library = ctypes.CDLL(name)
    library.openblas_get_config.restype = ctypes.c_char_p
    return library.openblas_get_config().decode()


def header(a, teams):
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    version = run([program(a, "cli/pdlt"), "--version"]).strip()
    lines = [f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, {platform.platform()}",
             f"threads: {a.threads}; clock: {a.clock}; load before: {os.getloadavg()[0]:.1f}",
             f"pdlt: {version.splitlines()[0] if version else '?'}; BLAS: {own_blas()}"]
    for name, team in teams.items():
        found = team.ask(kind="versions")[0]
        lines.append(f"{TITLES[name]}: {found['versions']}; BLAS: {found['blas']}")
    if os.getloadavg()[0] > 0.5:
        lines.append("other work was running: times are worth little, ratios not much more")
    return lines


def write(a, lines, rows):
    a.out.mkdir(parents=True, exist_ok=True)
    columns = ["work", "what", "precision", "unit", "pdlt"]
    columns += [c for title in TITLES.values() for c in (title, title + ": way")] + ["ratio to the best"]
    columns = [c for c in columns if any(c in r for r in rows)]
    show = lambda value: f"{value:.4g}" if isinstance(value, float) else str(value)
    with open(a.out / "peers.csv", "w", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({c: show(r.get(c, "")) for c in columns} for r in rows)
    text = "".join(f"- {line}\n" for line in lines) + "\n| " + " | ".join(columns) + " |\n"
    text += "|" + "---|" * len(columns) + "\n"
    for r in rows:
        text += "| " + " | ".join(show(r.get(c, "")) for c in columns) + " |\n"
    (a.out / "peers.md").write_text(text)
    print(text, end="")


def main():
    a = arguments()
    teams, lost, rows = {}, {}, []

    def team_of(name, processes=a.threads):
        """None where the peer cannot be had; said once."""
        if name in lost:
            return None
        try:
            if (name, processes) not in teams:
                teams[name, processes] = Team(a, name, processes)
                teams[name, processes].ask(kind="versions")
            return teams[name, processes]
        except (RuntimeError, subprocess.CalledProcessError) as error:
            lost[name] = str(error)
            print(f"== without {TITLES[name]}: {error}", file=sys.stderr, flush=True)
            return None

    needed = {"train": ("torch", "jax"), "convolution": ("jax",), "kernels": ("tangents",)}
    names = [name for name in PEERS if any(name in needed[work] for work in a.only)]
    here = {name: team for name in names if (team := team_of(name, 1 if name == "tangents" else a.threads))}
    lines = header(a, here) + [f"without {TITLES[name]}: {why}" for name, why in lost.items()]
    works = {"train": work_train, "convolution": work_convolution, "kernels": work_kernels}
    for work in a.only:
        rows += works[work](a, team_of)
    for team in teams.values():
        team.close()
    write(a, lines, rows)


if __name__ == "__main__":
    main()
