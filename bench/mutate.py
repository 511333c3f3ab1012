#!/usr/bin/env python3
"""mutate.py - would the tests notice a mistake? Mutation testing.

Is: one random change at a time in the C code of theory, trainer, compare and base (mutate_lines.py says
which), followed by the tests of that folder, then those of tests/cli and tests/study, until one fails.
Is not: a check of the code itself, or of memory: leaks are left to the tests under sanitizers, and nothing
that only frees memory is deleted.

    bench/mutate.py                            200 mutants of seed 1, over all four folders
    bench/mutate.py --seed 2 --count 50 --folder theory
    bench/mutate.py --again                    the survivors in the table, against tests written since
    bench/mutate.py --fast, then --again       tests of more than 1 s on those alone that others let pass
    bench/mutate.py --report                   prints what the table says, runs nothing

Works on a copy of the files that git does not ignore, in OUT (default: build-mutate): the checkout is never
touched. There the release build links tests and program to one shared library (mutate.cmake), so that a
mutant costs the compilation of its file and one link. First the times of all tests are taken, on the sound
library; those that fail are named and left out. Then, for each mutant: tests of at most 1 s before longer
ones, those of its folder before cli and study, those whose name or includes fit the file first, then those
of its room. A test that takes ten times as long as before, and 10 s, has noticed, too, if the sound library
then passes in that time and the mutant runs out of it once more: beside other work a slow machine is not a
mistake. Who notices must pass on the sound library in the same run. MALLOC_PERTURB_ is set, so that memory
read before it is written holds no zeros.

Draw number k of a seed is always the same mutant of the same sources. A draw that does not compile (warnings
are errors) is drawn again, and so is one whose object code is the same as before: it is no change.

The table OUT/SEED-FOLDERS.tsv has a line per draw, written when it is done: draw, file, line, kind, before,
after, verdict (noticed, survived, not compiled, equal), the test that noticed, seconds. The same command goes
on where it was interrupted; a table of other sources is refused (--again takes it). At the end: the share
noticed, by folder, and the survivors. Exit status: 0 done, 1 bad usage or the build failed."""
import argparse
import fcntl
import hashlib
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # no folder beside the sources
import mutate_lines

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ["theory", "trainer", "compare", "base"]
LATER = ["cli", "study"]
COLUMNS = ["draw", "file", "line", "kind", "before", "after", "verdict", "by", "seconds"]
SHORT = 0.3        # seconds; tests that take longer run by themselves, others together
LONG = 1.0         # seconds; longer ones run last, with --fast not at all
MOST_OBJECTS = 12  # a header or .inc that more objects include is left alone
MEMORY = 16 << 30  # of a test, bytes of address space


def fail(text):
    sys.exit(f"mutate.py: {text}")


def call(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def same_bytes(a, b):
    with open(a, "rb") as one, open(b, "rb") as two:
        return one.read() == two.read()


# ---- the copy and its build

def copy_sources(source):
    """Makes `source` the files of the checkout that git does not ignore, as they stand; touches what
    differs."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = call(command).stdout.split("\0")
    wanted = {name for name in listed if name and os.path.isfile(os.path.join(ROOT, name))}
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, source) not in wanted:
                os.remove(path)
    for name in wanted:
        here, there = os.path.join(ROOT, name), os.path.join(source, name)
        if not os.path.exists(there) or not same_bytes(here, there):
            os.makedirs(os.path.dirname(there), exist_ok=True)
            shutil.copy(here, there)


def build(out, tests):
    source, target = os.path.join(out, "source"), os.path.join(out, "build")
    copy_sources(source)
    os.makedirs(target, exist_ok=True)
    setup = ["cmake", "-S", source, "-B", target, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DPDLT_BENCH=OFF", f"-DCMAKE_PROJECT_pdlt_INCLUDE={source}/bench/mutate.cmake"]
    for command in (setup, ["cmake", "--build", target, "-j", str(os.cpu_count()), "--target",
                            "libpdlt.so", "cli/pdlt"] + ["tests/" + name for name in tests]):
        done = call(command)
        if done.returncode != 0:
            fail("the build of the copy fails:\n" + done.stdout[-4000:])


class Build:
    """What the build of the copy knows: how to compile each file, who includes what, how to link."""

    def __init__(self, out):
        self.out, self.source, self.path = out, os.path.join(out, "source"), os.path.join(out, "build")
        self.compile = {}  # relative .c -> command
        self.object = {}   # relative .c -> object, relative to the build
        for entry in json.loads(read(os.path.join(self.path, "compile_commands.json"))):
            name = os.path.relpath(entry["file"], self.source)
            if name.endswith(".c"):
                words = shlex.split(entry["command"])
                self.compile[name] = words[1:] if os.path.basename(words[0]) == "ccache" else words
                self.object[name] = words[words.index("-o") + 1]
        lines = call(["ninja", "-C", self.path, "-t", "commands", "libpdlt.so"]).stdout.splitlines()
        link = [line for line in lines if " -shared " in line][-1]
        self.link = shlex.split(next(part for part in link.split(" && ") if " -shared " in part))
        self.users = {}  # relative .h or .inc -> [.c that read it]
        owner = {value: key for key, value in self.object.items()}
        user = None
        for line in call(["ninja", "-C", self.path, "-t", "deps"]).stdout.splitlines():
            if line and not line[0].isspace():
                user = owner.get(line.split(":")[0])
            elif line and user:
                path = os.path.normpath(os.path.join(self.path, line.strip()))
                self.users.setdefault(os.path.relpath(path, self.source), []).append(user)

    def parts(self, name):
        """The .c files that must be compiled when this file changes."""
        return [name] if name in self.compile else self.users.get(name, [])

    def make(self, job, name, text):
        """Library with `text` in place of the file; "not compiled", "equal", or "" when it is there."""
        overlay = os.path.join(job, "overlay")
        shutil.rmtree(overlay, ignore_errors=True)
        changed = os.path.join(overlay, name)
        os.makedirs(os.path.dirname(changed))
        with open(changed, "w", encoding="utf-8") as file:
            file.write(text)
        new = {}
        for part in self.parts(name):
            words = list(self.compile[part])
            made = os.path.join(overlay, part.replace("/", "_") + ".o")
            words[words.index("-o") + 1] = made
            words[words.index("-c") + 1] = changed if part == name else os.path.join(self.source, part)
            words[1:1] = ["-I" + overlay]
            if call(words, cwd=self.path).returncode != 0:
                return "not compiled"
            new[self.object[part]] = made
        if all(same_bytes(made, os.path.join(self.path, old)) for old, made in new.items()):
            return "equal"
        words = [new.get(word, word) for word in self.link]
        library = os.path.join(job, "lib", "libpdlt.so.0")
        os.makedirs(os.path.dirname(library), exist_ok=True)
        words[words.index("-o") + 1] = library
        return "not compiled" if call(words, cwd=self.path).returncode != 0 else ""


# ---- tests

def test_sources(source, folders):
    names = []
    for folder in folders:
        where = os.path.join(source, "tests", folder)
        names += [f"{folder}/{name[:-4]}" for name in sorted(os.listdir(where)) if name.endswith("_test.cpp")]
    return names


def run_test(program, arguments, job, limit, library):
    """Exit status of a test program, or "timeout"; none of its processes is left."""
    scratch = os.path.join(job, "scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    env = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="2",
               OMP_WAIT_POLICY="passive", MALLOC_PERTURB_="85", TMPDIR=scratch, LD_LIBRARY_PATH=library)

    def limits():
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen([program] + arguments, cwd=scratch, env=env, preexec_fn=limits,
                               start_new_session=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


class Tests:
    """Units of tests: short ones of a program together, long ones by themselves."""

    def __init__(self, build_of_copy, names, fast):
        self.build, self.units, self.shared, self.fast = build_of_copy, [], threading.Lock(), fast
        self.sound = {}
        self.includes = {}
        for name in names:
            text = read(os.path.join(self.build.source, "tests", name + ".cpp"))
            self.includes[name] = set(re.findall(r'#include "([^"]+)"', text)), "PDLT_BINARY_DIR" in text

    def program(self, name):
        return os.path.join(self.build.path, "tests", name.replace("/", "_"))

    def measure(self):
        """Times of all tests on the sound library, kept until the program changes."""
        job, known_at = os.path.join(self.build.out, "sound"), os.path.join(self.build.out, "times.json")
        known = json.loads(read(known_at)) if os.path.exists(known_at) else {}
        for name in self.includes:
            key = digest(self.program(name))
            if known.get(name, {}).get("key") != key:
                print(f"times of {name}", flush=True)
                known[name] = {"key": key, "tests": self.measure_one(name, job)}
                with open(known_at + ".new", "w", encoding="utf-8") as file:
                    json.dump(known, file)
                os.replace(known_at + ".new", known_at)
            tests = known[name]["tests"]
            broken = [test for test, (_, ok) in tests.items() if not ok]
            if broken or not tests:
                print(f"left out, they fail on the sound library: {name} {' '.join(broken)}")
            for test, (seconds, ok) in tests.items():
                last = self.units[-1] if self.units else ("", [], 0)
                if ok and seconds < SHORT and last[0] == name and last[2] + seconds < 2 * SHORT:
                    self.units[-1] = (name, last[1] + [test], last[2] + seconds)
                elif ok:
                    self.units.append((name, [test], seconds))

    def measure_one(self, name, job):
        result = os.path.join(self.build.out, "tests.json")
        if os.path.exists(result):
            os.remove(result)
        run_test(self.program(name), [f"--gtest_output=json:{result}"], job, 900, self.build.path)
        if not os.path.exists(result):
            return {}
        found = json.loads(read(result))["testsuites"]
        return {f"{suite['name']}.{test['name']}": (float(test["time"].rstrip("s")), "failures" not in test)
                for suite in found for test in suite["testsuite"]}

    def order(self, file):
        """Units for a mutant of this file, the likeliest first."""
        folder, room = file.split("/")[0], os.path.dirname(file)
        stem = os.path.splitext(os.path.basename(file))[0]
        own = {f"{folder}/{stem}_test", f"{folder}/{os.path.basename(room)}_{stem}_test"}

        def rank(unit):
            name, tests, seconds = unit
            includes = self.includes[name][0]
            near = (0 if name in own else 1 if os.path.splitext(file)[0] + ".h" in includes else
                    2 if stem in name else 3 if any(os.path.dirname(i) == room for i in includes) else 4)
            return (seconds > LONG, not name.startswith(folder + "/"), near, seconds)

        fitting = [unit for unit in self.units if unit[0].split("/")[0] in [folder] + LATER
                   and not (self.fast and unit[2] > LONG)]
        return sorted(fitting, key=rank)

    def run(self, unit, job, library):
        name, tests, seconds = unit
        arguments = ["--gtest_fail_fast", "--gtest_filter=" + ":".join(tests)]
        with self.shared if self.includes[name][1] else threading.Lock():
            return run_test(self.program(name), arguments, job, 10 * seconds + 10, library)

    def is_sound(self, unit, job):
        """Does the unit pass on the sound library? Asked once, of those that noticed something."""
        key = (unit[0], unit[1][0])
        if key not in self.sound:
            self.sound[key] = self.run(unit, job, self.build.path) == 0
            if not self.sound[key]:
                print(f"not counted, it fails on the sound library: {' '.join(key)}", flush=True)
        return self.sound[key]

    def try_unit(self, unit, job):
        """Status of the unit with the library in the job's folder; it has run out of time only if it did so
        twice, and the sound library between the two did not."""
        library = os.path.join(job, "lib")
        status = self.run(unit, job, library)
        while status == "timeout" and self.run(unit, job, self.build.path) == "timeout":
            status = self.run(unit, job, library)
        return self.run(unit, job, library) if status == "timeout" else status

    def first_to_notice(self, file, job):
        """What noticed the library in the job's folder: test, or test with (timeout); "" for none."""
        for unit in self.order(file):
            status = self.try_unit(unit, job)
            if status != 0 and self.is_sound(unit, job):
                what = unit[0] if len(unit[1]) > 1 else f"{unit[0]} {unit[1][0]}"
                return what + (" (timeout)" if status == "timeout" else " (crash)" if status < 0 else "")
        return ""


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


# ---- the table

class Table:
    def __init__(self, path, sources):
        self.path, self.rows, self.lock = path, [], threading.Lock()
        self.sources = sources
        if os.path.exists(path):
            lines = read(path).splitlines()
            self.sources = lines[0].split()[-1]
            self.rows = [dict(zip(COLUMNS, line.split("\t"))) for line in lines[2:]
                         if line.count("\t") == len(COLUMNS) - 1]

    def add(self, row):
        with self.lock:
            self.rows.append(row)
            self.write()

    def write(self):
        rows = sorted(self.rows, key=lambda row: int(row["draw"]))
        text = f"# sources {self.sources}\n" + "\t".join(COLUMNS) + "\n"
        text += "".join("\t".join(str(row[name]) for name in COLUMNS) + "\n" for row in rows)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.path + ".new", self.path)

    def judged(self, count):
        """The first `count` mutants in order of their draws."""
        rows = [row for row in self.rows if row["verdict"] in ("noticed", "survived")]
        return sorted(rows, key=lambda row: int(row["draw"]))[:count]

    def report(self, count):
        rows = self.judged(count)
        for folder in FOLDERS + [""]:
            some = [row for row in rows if row["file"].startswith(folder)]
            seen = sum(row["verdict"] == "noticed" for row in some)
            if some:
                print(f"{folder or 'all':8} {seen} of {len(some)} noticed, {100 * seen / len(some):.1f} %")
        for verdict in ("not compiled", "equal"):
            print(f"{verdict}: {sum(row['verdict'] == verdict for row in self.rows)}")
        for row in rows:
            if row["verdict"] == "survived":
                print(f"survived: draw {row['draw']}, {row['file']}:{row['line']} ({row['kind']})\n"
                      f"    {row['before']}\n    {row['after']}")


# ---- work

def try_mutant(row, text, build_of_copy, tests, job):
    """Fills verdict, by and seconds of a row."""
    begin = time.monotonic()
    row["verdict"] = build_of_copy.make(job, row["file"], text)
    row["by"] = ""
    if not row["verdict"]:
        row["by"] = tests.first_to_notice(row["file"], job)
        row["verdict"] = "noticed" if row["by"] else "survived"
    row["seconds"] = f"{time.monotonic() - begin:.1f}"


def work_in_jobs(jobs, out, next_task):
    """next_task(folder of the job) works once and returns whether there may be more."""
    errors = []

    def loop(number):
        job = os.path.join(out, f"job{number}")
        os.makedirs(job, exist_ok=True)
        try:
            while not errors and next_task(job):
                pass
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=loop, args=(number,), daemon=True) for number in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def draw_new(args, table, files, build_of_copy, tests):
    lock, done = threading.Lock(), {int(row["draw"]) for row in table.rows}
    open_draws, state = set(), {"next": 0}

    def next_task(job):
        with lock:
            judged = table.judged(args.count)
            if len(judged) >= args.count and all(k > int(judged[-1]["draw"]) for k in open_draws):
                return False
            if len(judged) + len(open_draws) >= args.count:
                if not open_draws:
                    return False
                k = None
            else:
                while state["next"] in done:
                    state["next"] += 1
                k = state["next"]
                state["next"] += 1
                open_draws.add(k)
        if k is None:
            time.sleep(1)
            return True
        row, text = mutate_lines.draw(f"{args.seed} {k}", files)
        row["draw"] = k
        known = [r for r in table.rows if all(r[c] == str(row[c]) for c in COLUMNS[1:6])]
        if known:
            row.update(verdict="equal", by=f"draw {known[0]['draw']}", seconds="0")
        else:
            try_mutant(row, text, build_of_copy, tests, job)
        row = {name: str(row[name]) for name in COLUMNS}
        with lock:
            table.add(row)
            open_draws.discard(k)
        print(f"draw {k}: {row['file']}:{row['line']} {row['verdict']} {row['by']}", flush=True)
        return True

    work_in_jobs(args.jobs, args.out, next_task)


def try_again(args, table, build_of_copy, tests):
    todo = [row for row in table.judged(args.count) if row["verdict"] == "survived"]
    lock = threading.Lock()

    def next_task(job):
        with lock:
            if not todo:
                return False
            row = todo.pop(0)
        text = mutate_lines.replay(read(os.path.join(build_of_copy.source, row["file"])), row)
        if text is None:
            print(f"draw {row['draw']}: {row['file']} no longer has this line", flush=True)
            return True
        again = dict(row)
        try_mutant(again, text, build_of_copy, tests, job)
        with table.lock:
            row.update(again)
            table.write()
        print(f"draw {row['draw']}: {row['file']}:{row['line']} {row['verdict']} {row['by']}", flush=True)
        return True

    work_in_jobs(args.jobs, args.out, next_task)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200, help="mutants that are judged (200)")
    parser.add_argument("--folder", action="append", choices=FOLDERS, help="may be given several times")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time")
    parser.add_argument("--fast", action="store_true", help=f"no tests of more than {LONG} s")
    parser.add_argument("--again", action="store_true", help="only the survivors in the table")
    parser.add_argument("--report", action="store_true", help="only print what the table says")
    parser.add_argument("-o", "--out", default=os.path.join(ROOT, "build-mutate"))
    args = parser.parse_args()
    args.out = os.path.abspath(args.out)
    folders = [folder for folder in FOLDERS if folder in (args.folder or FOLDERS)]
    os.makedirs(args.out, exist_ok=True)
    table_at = os.path.join(args.out, f"{args.seed}-{'all' if folders == FOLDERS else '-'.join(folders)}.tsv")
    if args.report:
        if not os.path.exists(table_at):
            fail(f"{table_at}: there is no such table yet")
        Table(table_at, "").report(args.count)
        return
    alone = open(os.path.join(args.out, "lock"), "w", encoding="utf-8")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        fail(f"{args.out}: another run works there; take another folder with -o")
    names = test_sources(ROOT, folders + LATER)
    build(args.out, [name.replace("/", "_") for name in names])
    build_of_copy = Build(args.out)
    files = mutate_lines.Files(build_of_copy.source, [
        name for name in sorted(set(build_of_copy.compile) | set(build_of_copy.users))
        if name.split("/")[0] in folders and 0 < len(build_of_copy.parts(name)) <= MOST_OBJECTS])
    table = Table(table_at, files.digest)
    if table.sources != files.digest and not args.again:
        fail(f"{table_at}: made from other sources; --again tries its survivors, remove it to draw anew")
    tests = Tests(build_of_copy, names, args.fast)
    tests.measure()
    if args.again:
        try_again(args, table, build_of_copy, tests)
    else:
        draw_new(args, table, files, build_of_copy, tests)
    table.report(args.count)


if __name__ == "__main__":
    main()
