/* writers_test.cpp - several processes with one output: one works, the others say who it is and
 * touch nothing; what a killed one leaves stops nobody; descriptors that are closed at the start. */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <thread>

#include "base/file/lock.h"
#include "tests/cli/support.h"

namespace {

/* The program in a folder, in the background; closed: without descriptors 0 to 2. */
pid_t start(const std::string &arguments, const std::filesystem::path &folder,
            bool closed = false) {
  const std::string line = "exec '" + std::string(PDLT_PROGRAM) + "' " + arguments +
                           (closed ? " <&- >&- 2>&-" : " >/dev/null 2>&1");
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (chdir(folder.c_str()) == 0) execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
  _exit(99);
}

int end_of(pid_t pid) {
  int raw = 0;
  EXPECT_EQ(waitpid(pid, &raw, 0), pid);
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

/* Waits for a file while the process lives. */
bool wait_for(const std::filesystem::path &path, pid_t pid) {
  siginfo_t info = {};
  std::error_code gone;
  while (!std::filesystem::exists(path, gone)) {
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::set<std::string> names_in(const std::filesystem::path &folder) {
  std::set<std::string> names;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
    names.insert(entry.path().lexically_relative(folder).string());
  return names;
}

std::string refusal(const std::string &output, long pid) {
  return output + ": process " + std::to_string(pid) +
         " works on it; wait for it, or choose another path\n";
}

const char *const many = "--quiet --set ensemble.members=10000000 --checkpoint 0";

TEST(Writers, TheSecondSaysWhoWorksAndTouchesNothing) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  ASSERT_EQ(run_pdlt("train e.yaml --quiet -o whole.npz", folder.path()).status, 0);
  const pid_t first = start(std::string("train e.yaml -o x.npz ") + many, folder.path());
  ASSERT_TRUE(wait_for(folder / "x.npz.partial/00000002.blocks", first));
  for (const char *other : {"train", "theory", "train --force"}) {
    const Outcome second = run_pdlt(std::string(other) + " e.yaml --quiet -o x.npz", folder.path());
    EXPECT_EQ(second.status, 2) << other;
    EXPECT_EQ(second.err, refusal("x.npz", first)) << other;
    EXPECT_FALSE(std::filesystem::exists(folder / "x.npz"));
    EXPECT_TRUE(std::filesystem::exists(folder / "x.npz.partial/00000002.blocks"));
  }
  kill(first, SIGKILL);
  EXPECT_EQ(end_of(first), 128 + SIGKILL);
  EXPECT_TRUE(std::filesystem::exists(folder / "x.npz.lock"));
  const Outcome third = run_pdlt("train e.yaml --quiet --force -o x.npz", folder.path());
  EXPECT_EQ(third.status, 0) << third.err;
  EXPECT_TRUE(read_text(folder / "x.npz") == read_text(folder / "whole.npz"));
  EXPECT_EQ(names_in(folder.path()), (std::set<std::string>{"e.yaml", "whole.npz", "x.npz"}));
}

TEST(Writers, SeveralAtOnceLeaveOneWholeFile) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const std::string theory = "theory e.yaml --quiet --threads 1 -o ";
  ASSERT_EQ(run_pdlt(theory + "whole.npz", folder.path()).status, 0);
  for (int round = 0; round < 5; round++) {
    std::filesystem::remove(folder / "r.npz");
    pid_t pids[4];
    for (pid_t &pid : pids) pid = start(theory + "r.npz", folder.path());
    int done = 0;
    for (const pid_t pid : pids) {
      const int status = end_of(pid);
      EXPECT_TRUE(status == 0 || status == 2) << status;
      done += status == 0;
    }
    EXPECT_GE(done, 1);
    EXPECT_TRUE(read_text(folder / "r.npz") == read_text(folder / "whole.npz"));
  }
  EXPECT_EQ(names_in(folder.path()), (std::set<std::string>{"e.yaml", "r.npz", "whole.npz"}));
}

/* Every command that writes, while this process holds its output. */
TEST(Writers, EveryCommandHeedsTheLock) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  write_text(folder / "s.yaml",
             std::string(small_experiment) + "sweep: {training.eta: [0.1, 0.2]}\n");
  ASSERT_EQ(run_pdlt("theory e.yaml --quiet -o t.npz", folder.path()).status, 0);
  ASSERT_EQ(run_pdlt("train e.yaml --quiet -o m.npz", folder.path()).status, 0);
  ASSERT_EQ(run_pdlt("train e.yaml --quiet --shard 1/1 -o s.npz", folder.path()).status, 0);
  std::filesystem::create_directory(folder / "out");
  std::filesystem::create_directory(folder / "claims");
  std::filesystem::create_directory(folder / "claims/5-t");
  write_text(folder / "claims/5-t/experiment.yaml", small_experiment);
  write_text(folder / "claims/5-t/expect.yaml",
             "claim: c\nequation: e\ntext: t\nexpect:\n  - test: theory\n    value: \"1\"\n"
             "    predicted: \"1\"\n    tolerance: 0.02\n    sabotage: [{value: \"2\"}]\n");
  pdlt_lock file = {}, out = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_lock_file(&file, (folder / "x.npz").c_str(), &err), PDLT_OK) << err.message;
  ASSERT_EQ(pdlt_lock_folder(&out, (folder / "out").c_str(), &err), PDLT_OK) << err.message;
  const auto before = names_in(folder.path());
  for (const auto &[command, output] : {std::pair{"theory e.yaml -o x.npz", "x.npz"},
                                        {"train e.yaml -o x.npz", "x.npz"},
                                        {"train e.yaml --shard 1/1 -o x.npz", "x.npz"},
                                        {"merge s.npz -o x.npz", "x.npz"},
                                        {"run e.yaml -o out", "out"},
                                        {"run s.yaml -o out", "out"},
                                        {"compare t.npz m.npz -o out", "out"},
                                        {"verify --claims claims -o out", "out"}}) {
    const Outcome got = run_pdlt(std::string(command) + " --quiet", folder.path());
    EXPECT_EQ(got.status, 2) << command;
    EXPECT_NE(got.err.find(refusal(output, getpid())), got.err.npos) << command << ": " << got.err;
    EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
    EXPECT_EQ(names_in(folder.path()), before) << command;
  }
  pdlt_lock_release(&file);
  pdlt_lock_release(&out);
  EXPECT_EQ(run_pdlt("verify --claims claims -o out --quiet", folder.path()).status, 0);
  EXPECT_EQ(run_pdlt("merge s.npz -o x.npz --quiet", folder.path()).status, 0);
  for (const std::string &name : names_in(folder.path())) {
    EXPECT_EQ(name.find(".lock"), name.npos) << name;
    EXPECT_EQ(name.find(".tmp"), name.npos) << name;
  }
}

/* Temporary files of a process that was killed while it wrote are gone after the next one. */
TEST(Writers, TemporaryFilesDoNotPileUp) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  write_text(folder / "x.npz.99999.tmp", "half");
  write_text(folder / "x.npz.99999-7.tmp", "half");
  write_text(folder / "x.npz.partial.note", "of the user");
  ASSERT_EQ(run_pdlt("theory e.yaml --quiet -o x.npz", folder.path()).status, 0);
  EXPECT_EQ(names_in(folder.path()),
            (std::set<std::string>{"e.yaml", "x.npz", "x.npz.partial.note"}));
}

/* A daemon may start programs without descriptors 0 to 2; no file of ours may get their numbers. */
TEST(Writers, ClosedDescriptorsAreOpened) {
  TempFolder folder;
  write_text(folder / "e.yaml", small_experiment);
  const pid_t pid = start("train e.yaml -o x.npz --set ensemble.members=10000000 --checkpoint 0",
                          folder.path(), true);
  ASSERT_TRUE(wait_for(folder / "x.npz.partial/00000002.blocks", pid));
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    const auto link = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(descriptor);
    EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null") << descriptor;
  }
  kill(pid, SIGKILL);
  end_of(pid);
}

}  // namespace
