#!/usr/bin/env python3
"""compare_builds.py - do two builds give the same numbers, to the last bit?

Is: experiments run by both programs and every array of every archive (theory.npz, measured.npz, shards)
compared bit by bit, with comparison.csv, verdict.json, verdicts.json and the output of `pdlt critical`.
Is not: part of the tests, or a judgement which of two different results is right. The experiments are those
of build_cases.py. Both files stand on the command line of pdlt and on the folder reports/ alone.

    bench/compare_builds.py OLD NEW [-o out/builds]        two programs (paths of pdlt), everything
    bench/compare_builds.py OLD NEW --fast                 the same with about a tenth of the work
    bench/compare_builds.py NEW                            NEW against the results of an earlier OLD
    bench/compare_builds.py OLD --old-only                 the results of OLD, to be compared with later
    bench/compare_builds.py                                compares what lies in the folder, runs nothing

What it runs, each a case with a folder of its own (--list; --only PATTERN selects):
    claim-NAME       `verify NAME --quick` for every claim
    study-*          theory, training and comparison for every experiment of the studies, few members
    variant-*        the demo with other settings: estimators, single precision, activations, numbers of
                     samples, data sets, all tensors, terms left out, gradient flow, `until`, a sweep
    shards           three shards and their merger; the merged archive must equal that of one run
    threads          the same experiment with 1 and with 3 threads; both archives must be equal
    critical         `critical --json` of activations
Cases with handwritten digits need --data FOLDER, which holds mnist/t10k-* (default: $PDLT_TEST_DATA).

Results lie in OUT/old and OUT/new, a folder per case. Those of OLD are kept and used again as long as program
and commands are the same, in full as in --fast mode; those of NEW are always made anew. --threads N runs N
cases at a time (default: all cores), each with one thread, since results do not depend on it.

Arrays must have the same names, types, shapes and bytes, NaN bits included; their order in an archive is
free. Metadata may differ: keys that do, besides commit, compiler and version, are named at the end. CSV and
JSON must have the same bytes, unless --arrays-only. Exit status: 0 all equal and something compared; 1
something differs; 2 bad usage, nothing to compare, or a program failed."""
import argparse
import array
import ast
import collections
import concurrent.futures
import fnmatch
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True  # no folder beside the sources
from build_cases import all_cases

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
META_FREE = {"commit", "compiler", "program"}
NOTE = "case.json"  # of each case: what made it
UNDECIDED = 4  # exit status of verify; beside 0 and 1 no failure


# ---- running

def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class Failure(Exception):
    pass


def read_note(folder):
    try:
        with open(os.path.join(folder, NOTE)) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_note(folder, note):
    with open(os.path.join(folder, NOTE), "w") as file:
        json.dump(note, file, indent=1)


def run_step(program, step, folder, options):
    """Exit status and processor seconds of one command, which runs in the case's folder."""
    arguments = list(step)
    for word, value in (("out", folder), ("reports", options.reports), ("digits", options.digits or "")):
        arguments = [argument.replace("{%s}" % word, value) for argument in arguments]
    kept = os.path.join(folder, arguments.pop()[1:] if step[-1].startswith(">") else "stdout")
    if "--threads" not in arguments:
        arguments += ["--threads", "1"]
    errors = os.path.join(folder, "stderr")
    with open(kept, "wb") as out, open(errors, "wb") as err:
        process = subprocess.Popen([program, *arguments, "--quiet"], stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=err, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, UNDECIDED):
        with open(errors, errors="replace") as file:
            said = file.read().strip()[-300:]
        raise Failure(f"{' '.join(arguments)}: exit status {process.returncode}: {said}")
    return process.returncode, usage.ru_utime + usage.ru_stime


def run_case(program, one, folder, options, goes_on):
    """Seconds of the case. What OLD, the same program, has begun with the same commands goes on."""
    note = {"program": digest(program), "steps": one.steps}
    if not goes_on or read_note(folder) != note:
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)
    write_note(folder, note)
    done = [run_step(program, step, folder, options) for step in one.steps]
    seconds = sum(step[1] for step in done)
    write_note(folder, dict(note, finished=True, status=[step[0] for step in done], seconds=seconds))
    return seconds


def needs_run(one, folder, program):
    """Whether OLD has to run; it refuses what another program has made."""
    note = read_note(folder)
    if not note.get("finished") or note.get("steps") != one.steps:
        return True
    if program and note["program"] != digest(program):
        raise Failure(f"{folder} was made by another program; give -o another folder, or remove this one")
    return False


def run_all(what, program, cases, options):
    """Runs the cases, the expensive ones (as OLD has found) first; the failures."""
    old, own = os.path.join(options.out, "old"), os.path.join(options.out, what)
    cost = {one.name: read_note(os.path.join(old, one.name)).get("seconds", 60) for one in cases}
    failures, total = {}, 0.0
    with concurrent.futures.ThreadPoolExecutor(options.threads) as pool:
        jobs = {pool.submit(run_case, program, one, os.path.join(own, one.name), options, what == "old"): one
                for one in sorted(cases, key=lambda one: -cost[one.name])}
        for count, job in enumerate(concurrent.futures.as_completed(jobs)):
            name = jobs[job].name
            try:
                total += job.result()
            except (Failure, OSError) as failure:
                failures[name] = str(failure)
                print(f"{name}: {what}: {failure}", flush=True)
            if not options.quiet:
                print(f"{what} {count + 1} of {len(jobs)}: {name}", file=sys.stderr)
    if cases:
        print(f"{what}: {len(cases)} cases, {total:.0f} s of processor time", flush=True)
    return failures


# ---- comparing

def read_npz(path):
    """{name: (type, order, shape, bytes)}."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            start = 10 if data[6] == 1 else 12
            length = int.from_bytes(data[8:start], "little")
            header = ast.literal_eval(data[start:start + length].decode("latin-1"))
            arrays[name[:-4]] = (header["descr"], header["fortran_order"], tuple(header["shape"]),
                                 data[start + length:])
    return arrays


def numbers(data, code):
    values = array.array(code, data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def relative(a, b):
    if not (math.isfinite(a) and math.isfinite(b)):
        return 0.0 if a == b else math.inf
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))


def difference(a, b):
    """What is different in two arrays, in words; None: nothing."""
    if a == b:
        return None
    if a[:3] != b[:3]:
        return f"type or shape: {a[0]} {a[2]}, {b[0]} {b[2]}"
    if a[0] != "<f8" or len(a[3]) != len(b[3]):
        return f"bytes of {a[0]} differ"
    bits = zip(numbers(a[3], "Q"), numbers(b[3], "Q"))
    where = [k for k, (x, y) in enumerate(bits) if x != y]
    x, y = numbers(a[3], "d"), numbers(b[3], "d")
    worst = max(where, key=lambda k: relative(x[k], y[k]))
    return (f"{len(where)} of {len(x)} numbers differ, largest relative difference "
            f"{relative(x[worst], y[worst]):.2g} at {worst}: {x[worst]!r}, {y[worst]!r}")


def meta_differences(a, b, path=""):
    """Dotted names of the keys that differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            if path or key not in META_FREE:
                yield from meta_differences(a.get(key), b.get(key), f"{path}.{key}" if path else key)
    elif json.dumps(a) != json.dumps(b):
        yield path


class Comparison:
    def __init__(self):
        self.cases = self.archives = self.arrays = self.numbers = self.texts = 0
        self.differences = self.text_differences = 0
        self.reordered = []
        self.meta, self.seen = collections.defaultdict(list), collections.Counter()

    def differ(self, where, what):
        self.differences += 1
        print(f"{where}: {what}", flush=True)

    def look_at_meta(self, name, old, new):
        """Keys that differ, and what the cases reach: estimators, precision."""
        metas = [json.loads(arrays["meta"][3]) if "meta" in arrays else {} for arrays in (old, new)]
        for key in meta_differences(*metas):
            self.meta[key].append(name)
        if metas[1].get("kind") == "measured":
            estimator = metas[1].get("estimator", {})
            chosen = "auto: " if estimator.get("requested") == "auto" else ""
            self.seen[chosen + str(estimator.get("used"))] += 1
            self.seen["with levels"] += bool(estimator.get("levels"))
            self.seen["without weights"] += bool(estimator.get("weightless"))
            ensemble = metas[1].get("experiment", {}).get("ensemble", {})
            self.seen["single"] += ensemble.get("arithmetic") == "single"

    def archive(self, name, old_path, new_path):
        try:
            old, new = read_npz(old_path), read_npz(new_path)
            self.look_at_meta(name, old, new)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            return self.differ(name, f"cannot be read: {error}")
        self.archives += 1
        for key in list(old) + [key for key in new if key not in old]:
            if key == "meta":
                continue
            if key not in old or key not in new:
                self.differ(name, f"{key}: only in {'OLD' if key in old else 'NEW'}")
                continue
            self.arrays += 1
            self.numbers += math.prod(old[key][2])
            what = difference(old[key], new[key])
            if what:
                self.differ(name, f"{key}: {what}")
        if sorted(old) == sorted(new) and list(old) != list(new):
            self.reordered.append(name)

    def text(self, name, old_path, new_path):
        self.texts += 1
        with open(old_path, "rb") as old, open(new_path, "rb") as new:
            if old.read() != new.read():
                self.text_differences += 1
                print(f"{name}: the text differs", flush=True)

    def folder(self, one, old, new):
        self.cases += 1
        old_files, new_files = files_of(old), files_of(new)
        for file in sorted(old_files | new_files):
            name = f"{one.name}/{file}"
            if file not in old_files or file not in new_files:
                self.differ(name, f"only in {'OLD' if file in old_files else 'NEW'}")
            elif file.endswith(".npz"):
                self.archive(name, os.path.join(old, file), os.path.join(new, file))
            else:
                self.text(name, os.path.join(old, file), os.path.join(new, file))
        status = [read_note(folder).get("status") for folder in (old, new)]
        if status[0] != status[1]:
            self.differ(one.name, f"exit statuses {status[0]}, {status[1]}")
        for a, b in one.same:
            self.archive(f"{one.name}: NEW {a}, {b}", os.path.join(new, a), os.path.join(new, b))


def files_of(folder):
    """Archives and texts that are compared, below folder."""
    return {os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder)
            for name in names if name.endswith((".npz", ".csv", ".json")) and name != NOTE}


def compare_all(cases, options):
    """The comparison of every case that both programs have done with the same commands; what is missing."""
    result, missing, programs = Comparison(), [], (set(), set())
    for one in cases:
        folders = [os.path.join(options.out, what, one.name) for what in ("old", "new")]
        notes = [read_note(folder) for folder in folders]
        if all(note.get("finished") and note.get("steps") == one.steps for note in notes):
            result.folder(one, *folders)
            for program, note in zip(programs, notes):
                program.add(note["program"])
        else:
            missing.append(one.name)
    missing += [f"{what}: results of several programs" for what, program in zip(("old", "new"), programs)
                if len(program) > 1]
    for key, where in sorted(result.meta.items()):
        print(f"meta {key}: differs in {len(where)} archives, first {where[0]}")
    if result.reordered:
        print(f"another order of arrays in {len(result.reordered)} archives, first {result.reordered[0]}")
    reached = ", ".join(f"{name} {count}" for name, count in sorted(result.seen.items()) if count)
    print(f"ensembles: {reached or 'none'}")
    print(f"{result.cases} cases, {result.archives} archives, {result.arrays} arrays, "
          f"{result.numbers} numbers, {result.texts} texts compared; {result.differences} differences, "
          f"{result.text_differences} texts differ")
    return result, missing


# ---- the command line

def read_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("programs", nargs="*", metavar="PROGRAM", help="OLD and NEW, or NEW alone, or none")
    add("-o", "--out", default=os.path.join(ROOT, "out", "builds"), help="results (default: out/builds)")
    add("--reports", default=os.path.join(ROOT, "reports"), help="experiments and claims")
    add("--data", default=os.environ.get("PDLT_TEST_DATA"), help="folder that holds mnist/t10k-*")
    add("--fast", action="store_true", help="a part of the cases, for daily use")
    add("--only", action="append", metavar="PATTERN", help="cases of this name, * allowed")
    add("--list", action="store_true", help="print the cases and run nothing")
    add("--old-only", action="store_true", help="one program, whose results are OLD's")
    add("--arrays-only", action="store_true", help="texts that differ do not count")
    add("--threads", type=int, default=os.cpu_count(), help="cases at a time")
    add("--quiet", action="store_true", help="no progress")
    options = parser.parse_args()
    options.programs = [os.path.abspath(program) for program in options.programs]
    if len(options.programs) > 2 or (options.old_only and len(options.programs) != 1) or options.threads < 1:
        parser.error("one or two programs (--old-only: one), and at least one thread")
    options.out, options.reports = os.path.abspath(options.out), os.path.abspath(options.reports)
    options.digits = os.path.join(os.path.abspath(options.data), "mnist", "t10k") if options.data else None
    return options


def choose(options):
    """The cases to do; says which ones lack their data."""
    cases = [one for one in all_cases(options.reports) if one.fast or not options.fast]
    if options.only:
        cases = [one for one in cases if any(fnmatch.fnmatchcase(one.name, p) for p in options.only)]
    lacking = [one.name for one in cases if one.digits and not options.digits]
    if lacking:
        print(f"left out, no --data: {', '.join(lacking)}")
    return [one for one in cases if options.digits or not one.digits]


def main():
    options = read_options()
    cases = choose(options)
    if options.list:
        for one in cases:
            print(one.name + (" (fast)" if one.fast else ""))
        return 0
    old = options.programs[0] if options.old_only or len(options.programs) == 2 else None
    new = options.programs[-1] if options.programs and not options.old_only else None
    at = os.path.join(options.out, "old")
    try:
        todo = [one for one in cases if needs_run(one, os.path.join(at, one.name), old)] if old else []
        failures = run_all("old", old, todo, options) if old else {}
        failures.update(run_all("new", new, cases, options) if new else {})
    except (Failure, OSError) as failure:
        print(failure, file=sys.stderr)
        return 2
    if options.old_only:
        return 2 if failures else 0
    result, missing = compare_all(cases, options)
    if missing:
        print(f"not compared, results are missing: {', '.join(missing)}")
    different = result.differences or (result.text_differences and not options.arrays_only)
    if different:
        print("DIFFERENT")
    if failures or missing or not result.arrays:
        print("INCOMPLETE")
    elif not different:
        print("EQUAL")
    return 1 if different else 2 if failures or missing or not result.arrays else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
