/* faults_test.cpp - every command of the program with one operation that fails, or all from one on:
 * memory, large pieces of it, open, write, fsync, rename, close (faults.c). What must hold after each:
 *
 *   the program ended by itself, by no signal; its exit status is not 0, or what it wrote and printed is
 *   what it writes and prints without a fault; memory is exit status 3, and the line says so; an error is
 *   one line on stderr; no file under its final name has other bytes than without a fault; no temporary
 *   file and no lock is left; the same command again ends well, with the same bytes.
 *
 * PDLT_FAULTS=all: every operation of small runs, hundreds of the longer ones (./bootstrap faults);
 * PDLT_FAULTS=N: at most N of each kind. */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/cli/support.h"

namespace {

const char *const kinds[] = {"memory", "large", "open", "write", "fsync", "rename", "close"};
const long no_end = 1000000000;

const char *const experiment =
    "title: faults\n"
    "network: {activation: tanh, depth: 2, widths: [4, 6, 8], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: csv, file: in.csv, train: 2, test: 1}\n"
    "training: {eta: 0.1, steps: 2, record: [0, 2]}\n"
    "ensemble: {members: 128, seed: 1, estimator: antithetic}\n"
    "measure: [output, kernel, ntk]\n"
    "compare: {degree: 1}\n";

const char *const claim =
    "claim: c\nequation: e\ntext: t\nexpect:\n  - test: theory\n    value: \"K[0,0]\"\n"
    "    predicted: \"K[0,0]\"\n    tolerance: 0.02\n    sabotage: [{value: \"2\"}]\n";

const char *const network =
    "framework: mup\nsizes: [2, 8, 8, 1]\nbase_sizes: [2, 4, 4, 1]\nactivation: tanh\n"
    "loss: mse_mean\noptimizer: {sgd: {lr: 0.1}}\nsteps: 2\n"
    "data: {source: csv, file: in.csv, train: 2, test: 1}\n";

using Files = std::map<std::string, std::string>; /* bytes by name */

struct Result {
  int status; /* 128 + signal when killed */
  std::string out, err;
  Files files;
};

/* What the command works on, in every folder. */
void put_inputs(const std::filesystem::path &folder, const Files &inputs) {
  for (const auto &[name, bytes] : inputs) {
    std::filesystem::create_directories((folder / name).parent_path());
    write_text(folder / name, bytes);
  }
}

Files read_files(const std::filesystem::path &folder, const Files &inputs) {
  Files files;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    if (!entry.is_regular_file() || inputs.count(name)) continue;
    files[name] = read_text(entry.path());
  }
  return files;
}

/* Without what depends on the time of day. */
std::string timeless(const std::string &text) {
  return std::regex_replace(text, std::regex("\"seconds\": [^\n]*"), "\"seconds\"");
}

std::vector<std::string> words_of(const std::string &line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/* One operation that fails, or several in a row. */
struct Fault {
  std::string kind; /* "": none */
  long first, last;
};

/* The program with the library before it. A minute of the processor ends it (SIGXCPU), and half an hour
 * (SIGALRM): beside other work it may have to wait. */
Result run_with(const Fault &fault, const std::string &arguments,
                const std::filesystem::path &folder, const Files &inputs,
                const std::string &count = "") {
  TempFolder capture;
  const std::string out = capture / "out", err = capture / "err";
  const std::vector<std::string> words = words_of(arguments);
  std::vector<std::string> environment = {"LD_PRELOAD=" PDLT_FAULTS_LIBRARY,
                                          "OPENBLAS_NUM_THREADS=1",
                                          "FAULT_KIND=" + fault.kind,
                                          "FAULT_FIRST=" + std::to_string(fault.first),
                                          "FAULT_LAST=" + std::to_string(fault.last),
                                          "HOME=" + capture.path().string()};
  if (!count.empty()) environment.push_back("FAULT_COUNT=" + count);
  std::vector<char *> argv = {const_cast<char *>(PDLT_PROGRAM)}, envp;
  for (const auto &word : words) argv.push_back(const_cast<char *>(word.c_str()));
  for (const auto &setting : environment) envp.push_back(const_cast<char *>(setting.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const struct rlimit minute = {60, 61};
  const pid_t pid = fork();
  if (pid == 0) {
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    alarm(1800);
    setrlimit(RLIMIT_CPU, &minute);
    if (dup2(open(out.c_str(), flags, 0666), 1) == 1 &&
        dup2(open(err.c_str(), flags, 0666), 2) == 2 && chdir(folder.c_str()) == 0)
      execve(PDLT_PROGRAM, argv.data(), envp.data());
    _exit(97);
  }
  int raw = 0;
  waitpid(pid, &raw, 0);
  const int status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return {status, timeless(read_text(out)), read_text(err), read_files(folder, inputs)};
}

bool is_left(const std::string &name) {
  return name.find(".tmp") != name.npos || name.find(".lock") != name.npos;
}

/* A library that does not look has ended the program, which is as if it was killed, but in words:
 * temporary files and locks stay until the next run. */
bool ended_by_library(const Result &got) {
  return got.status == 3 && (got.err.find("libgomp: Out of memory") != got.err.npos ||
                             got.err.find("memory ran out in a library") != got.err.npos);
}

/* Those with anything in them; without those of fontconfig, which says itself that it has no memory. */
long count_lines(const std::string &text) {
  std::istringstream in(text);
  long count = 0;
  for (std::string line; std::getline(in, line);)
    count += !line.empty() && line.find("Fontconfig ") != 0 && line.find(": fc") == line.npos;
  return count;
}

/* Work that the same command goes on from. */
bool is_partial(const std::string &name) { return name.find(".partial/") != name.npos; }

/* The rules at the top of this file; "" or what is broken. */
std::string broken_rule(const std::string &kind, const Result &got, const Result &whole) {
  if (got.status >= 128) return "ended by signal " + std::to_string(got.status - 128);
  size_t final = 0;
  for (const auto &[name, bytes] : got.files) {
    if (ended_by_library(got) && is_left(name)) continue;
    if (is_left(name)) return name + " is left";
    if (is_partial(name)) continue;
    final++;
    const auto expected = whole.files.find(name);
    if (expected == whole.files.end()) return name + " is there, but not without a fault";
    if (expected->second != bytes) return name + " has other bytes";
  }
  if (got.status == whole.status) {
    if (final != whole.files.size()) return "a file is missing, and status as without";
    return got.out == whole.out ? "" : "prints something else, and status as without: " + got.out;
  }
  if (got.status != 2 && got.status != 3) return "status " + std::to_string(got.status);
  if (count_lines(got.err) != 1) return "not one line";
  const bool is_memory = kind == "memory" || kind == "large";
  if (is_memory && got.status != 3) return "memory is status 3";
  if (is_memory && got.err.find("memory") == got.err.npos) return "the line lacks memory";
  return "";
}

/* Some of 1 .. count: all, or the first, the last and others between. */
std::vector<long> some_of(long count, long most) {
  std::set<long> chosen;
  if (count <= most) most = count;
  for (long k = 0; k < most; k++) chosen.insert(1 + k * (count - 1) / std::max(most - 1, 1L));
  return {chosen.begin(), chosen.end()};
}

struct Tally {
  long runs = 0, refused = 0, again = 0;
};

/* One fault: the rules, and (again) that the same command goes on. */
void test_fault(const std::string &arguments, const Files &inputs, const Fault &fault,
                const Result &whole, bool again, Tally *tally) {
  TempFolder folder;
  put_inputs(folder.path(), inputs);
  const Result got = run_with(fault, arguments, folder.path(), inputs);
  const std::string rule = broken_rule(fault.kind, got, whole);
  const std::string name = "pdlt " + arguments + ": " + fault.kind + " " +
                           std::to_string(fault.first) +
                           (fault.last == fault.first ? "" : " and all after it");
  tally->runs++;
  tally->refused += got.status != whole.status;
  if (!rule.empty()) ADD_FAILURE() << name << ": " << rule << "\n" << got.status << ": " << got.err;
  if (!again) return;
  tally->again++;
  const Result next = run_with({"", 0, 0}, arguments, folder.path(), inputs);
  if (next.status != whole.status || next.files != whole.files)
    ADD_FAILURE() << name << ": it does not go on: " << next.status << ": " << next.err;
}

/* How many faults of each kind: the short form, or what PDLT_FAULTS says. */
struct Amount {
  long few, many;
  bool is_long; /* a command of a second or so: in the short form memory, write and rename only */
};

const long every = 1000000; /* for `many` */

bool takes_kind(const std::string &kind, const Amount &amount) {
  if (std::getenv("PDLT_FAULTS") != nullptr) return true;
  if (kind == "large") return amount.many == every;
  return !amount.is_long || kind == "memory" || kind == "write" || kind == "rename";
}

/* Everything of one command. Every eighth time, and the last, it is given again. */
void test_command(const std::string &arguments, const Files &inputs, const Amount &amount) {
  const char *wanted = std::getenv("PDLT_FAULTS");
  const long most = wanted == nullptr              ? amount.few
                    : std::string(wanted) == "all" ? amount.many
                                                   : std::min(amount.many, std::atol(wanted));
  for (const std::string kind : kinds) {
    TempFolder first, counts;
    Tally tally;
    if (!takes_kind(kind, amount)) continue;
    put_inputs(first.path(), inputs);
    const Result whole = run_with({kind, 0, 0}, arguments, first.path(), inputs, counts / "n");
    ASSERT_TRUE(whole.status == 0 || whole.status == 1 || whole.status == 4)
        << arguments << ": " << whole.status << " " << whole.err;
    const long count = std::atol(read_text(counts / "n").c_str());
    const std::vector<long> chosen = some_of(count, most);
    for (size_t k = 0; k < chosen.size(); k++) {
      const bool again = k % 8 == 7 || k + 1 == chosen.size();
      if (wanted != nullptr || k % 2 == 0)
        test_fault(arguments, inputs, {kind, chosen[k], chosen[k]}, whole, again, &tally);
      if (wanted != nullptr || k % 2 == 1)
        test_fault(arguments, inputs, {kind, chosen[k], no_end}, whole, again, &tally);
    }
    printf(
        "%-7s %7ld operations, %6ld faults: %6ld refused, %5ld without effect; %5ld times given "
        "again: %s\n",
        kind.c_str(), count, tally.runs, tally.refused, tally.runs - tally.refused, tally.again,
        arguments.c_str());
    fflush(stdout);
  }
}

/* The experiment, its data, and the results that later commands begin with. */
Files make_inputs(const std::vector<std::string> &commands = {}) {
  TempFolder folder;
  put_inputs(folder.path(),
             {{"e.yaml", experiment},
              {"net.yaml", network},
              {"in.csv", "x1,x2,y1\n1,0.5,1\n-0.3,1,-1\n0.2,-0.7,0.5\n"},
              {"claims/5-t/expect.yaml", claim},
              {"claims/5-t/experiment.yaml", experiment},
              {"claims/5-t/in.csv", "x1,x2,y1\n1,0.5,1\n-0.3,1,-1\n0.2,-0.7,0.5\n"}});
  for (const std::string &command : commands) {
    const Outcome got = run_pdlt(command + " --quiet", folder.path());
    EXPECT_EQ(got.status, 0) << command << ": " << got.err;
  }
  return read_files(folder.path(), {});
}

/* A thread that the program has not started itself. */
TEST(Faults, ThreadThatUsesUpItsStack) {
  TempFolder folder;
  const Files inputs = make_inputs();
  put_inputs(folder.path(), inputs);
  const Result got = run_with({"stack", 100, 100}, "list", folder.path(), inputs);
  EXPECT_EQ(got.status, 3) << got.err;
  EXPECT_EQ(count_lines(got.err), 1) << got.err;
  EXPECT_NE(got.err.find("stopped by signal 11: memory ran out in a library"), std::string::npos)
      << got.err;
}

TEST(Faults, List) {
  test_command("list --json --claims claims", make_inputs(), {10, every, false});
}

TEST(Faults, Critical) { test_command("critical gelu", make_inputs(), {10, every, false}); }

/* Integrals of tanh take nearly all the time of `explain` and `theory`: of their operations some, in the
 * short form few; all of linear networks, which are the others. */
const Amount of_tanh = {2, 400, true};

TEST(Faults, Explain) {
  const std::string command = "explain e.yaml --json --quiet --threads 1";
  test_command(command, make_inputs(), of_tanh);
  test_command(command + " --set network.activation=linear", make_inputs(), {10, every, false});
}

TEST(Faults, Translate) {
  test_command("translate net.yaml -o x.yaml --json", make_inputs(), {12, every, false});
}

TEST(Faults, TranslateBack) {
  test_command("translate --back e.yaml -o x.yaml --set network.widths=[8] --quiet --threads 1",
               make_inputs(), {12, every, false});
}

TEST(Faults, Theory) {
  const std::string command = "theory e.yaml -o x.npz --json --quiet --threads 1";
  test_command(command, make_inputs(), of_tanh);
  test_command(command + " --set network.activation=linear", make_inputs(), {12, every, false});
}

TEST(Faults, Train) {
  test_command("train e.yaml -o x.npz --quiet --threads 1 --checkpoint 0", make_inputs(),
               {14, every, false});
}

TEST(Faults, Merge) {
  const Files inputs =
      make_inputs({"train e.yaml --shard 1/2 -o s1.npz", "train e.yaml --shard 2/2 -o s2.npz"});
  test_command("merge s1.npz s2.npz -o x.npz --quiet", inputs, {8, every, false});
}

TEST(Faults, Compare) {
  const Files inputs = make_inputs({"theory e.yaml -o t.npz", "train e.yaml -o m.npz"});
  test_command("compare t.npz m.npz -o out --quiet --threads 1", inputs, {2, 200, true});
}

TEST(Faults, Run) {
  const std::string command =
      "run e.yaml -o out --quiet --threads 1 --set network.activation=linear";
  test_command(command, make_inputs(), {2, 200, true});
}

TEST(Faults, Verify) {
  test_command("verify --claims claims -o out --quiet --threads 1", make_inputs(), {3, 400, true});
}

}  // namespace
