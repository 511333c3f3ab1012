/* durable_test.cpp - long work: killed and continued, shared out and merged, without
 * room on the disk. The final file is that of one run without interruption, byte by byte. */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/cli/support.h"

namespace {

const char *const experiment =
    "title: durable\n"
    "network: {activation: tanh, depth: 3, widths: [6, 8, 12, 16], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, inputs: 2, train: 3, test: 2}\n"
    "training: {eta: 0.05, steps: 10}\n"
    "ensemble: {members: 2560, seed: 3, keep_members: 100}\n"
    "measure: [output, kernel, ntk]\n";

using Clock = std::chrono::steady_clock;

/* The program in a folder, without a shell between. */
pid_t start(const std::vector<std::string> &arguments, const std::filesystem::path &folder) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  std::vector<char *> argv = {const_cast<char *>(PDLT_PROGRAM)};
  for (const auto &argument : arguments) argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  const int null = open("/dev/null", O_WRONLY);
  if (chdir(folder.c_str()) != 0 || dup2(null, 2) < 0) _exit(98);
  execv(PDLT_PROGRAM, argv.data());
  _exit(99);
}

bool is_running(pid_t pid) {
  siginfo_t info = {};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/* Whether there is something to go on from. */
bool has_work(const std::filesystem::path &partial) {
  std::error_code gone;
  if (!std::filesystem::exists(partial, gone)) return false;
  for (const auto &entry : std::filesystem::directory_iterator(partial, gone))
    if (entry.path().extension() == ".blocks") return true;
  return false;
}

/* Kills are spread over the time of one run, so that the work is cut into about twenty
 * pieces on any machine; a piece that comes to the end starts anew. Before the first kill
 * the pilot has ended, whose result is kept, too. */
TEST(Durable, TwentyKillsAtRandomMomentsChangeNoByte) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  const std::vector<std::string> command = {"train",   "e.yaml",       "-o",
                                            "cut.npz", "--checkpoint", "0.01"};
  const auto begin = Clock::now();
  const Outcome whole = run_pdlt("train e.yaml -o whole.npz", folder.path());
  ASSERT_EQ(whole.status, 0) << whole.err;
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::mt19937 random(20);
  std::uniform_real_distribution<double> delay(0, 0.06 * seconds);
  const int signals[] = {SIGKILL, SIGKILL, SIGINT, SIGTERM};
  int kills = 0, went_on = 0;
  for (int round = 0; kills < 20 && round < 400; round++) {
    const pid_t pid = start(command, folder.path());
    while (!has_work(folder / "cut.npz.partial") && is_running(pid)) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::duration<double>(delay(random)));
    const int signal = signals[random() % 4];
    kill(pid, signal);
    int raw = 0;
    ASSERT_EQ(waitpid(pid, &raw, 0), pid);
    if (WIFEXITED(raw) && WEXITSTATUS(raw) == 0) {
      EXPECT_TRUE(read_text(folder / "cut.npz") == read_text(folder / "whole.npz"));
      std::filesystem::remove(folder / "cut.npz");
      continue;
    }
    /* A signal before the program listens to it ends it at once. */
    EXPECT_TRUE(WIFSIGNALED(raw) ? WTERMSIG(raw) == signal : WEXITSTATUS(raw) == 130);
    EXPECT_FALSE(std::filesystem::exists(folder / "cut.npz"));
    went_on += has_work(folder / "cut.npz.partial");
    kills++;
  }
  EXPECT_EQ(kills, 20);
  EXPECT_GE(went_on, 10);  // kills that left work to go on from
  const Outcome last = run_pdlt("train e.yaml -o cut.npz", folder.path());
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_TRUE(read_text(folder / "cut.npz") == read_text(folder / "whole.npz"));
  EXPECT_FALSE(std::filesystem::exists(folder / "cut.npz.partial"));
}

/* What a power cut leaves: any of the files of unfinished work emptied or with other bytes. */
TEST(Durable, DamagedWorkIsDoneAnewAndChangesNoByte) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  ASSERT_EQ(run_pdlt("train e.yaml -o whole.npz", folder.path()).status, 0);
  const std::string program = std::string("'") + PDLT_PROGRAM + "' ";
  const Outcome cut = run_shell(program +
                                    "train e.yaml --quiet --checkpoint 0 -o cut.npz & pid=$!; "
                                    "until test -e cut.npz.partial/00000004.blocks; do "
                                    "kill -0 $pid || exit 99; done; kill -KILL $pid; wait $pid",
                                folder.path());
  ASSERT_EQ(cut.status, 137) << cut.err;
  std::vector<std::filesystem::path> segments;
  for (const auto &entry : std::filesystem::directory_iterator(folder / "cut.npz.partial"))
    if (entry.path().extension() == ".blocks") segments.push_back(entry.path());
  std::sort(segments.begin(), segments.end());
  ASSERT_GE(segments.size(), 4u);
  write_text(segments.back(), "");
  write_text(segments[1], read_text(segments[1]) + "x");
  const Outcome last = run_pdlt("train e.yaml -o cut.npz", folder.path());
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_NE(last.err.find("warning: cut.npz.partial/" + segments.back().filename().string() +
                          ": is empty; it is set aside as *.blocks.damaged"),
            last.err.npos)
      << last.err;
  EXPECT_NE(last.err.find("warning: cut.npz.partial/00000002.blocks: is damaged; "), last.err.npos);
  EXPECT_NE(last.err.find(" % done before"), last.err.npos) << last.err;
  EXPECT_TRUE(read_text(folder / "cut.npz") == read_text(folder / "whole.npz"));
  EXPECT_FALSE(std::filesystem::exists(folder / "cut.npz.partial"));
}

TEST(Durable, ShardsMergeToTheBytesOfOneRun) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  const std::string train = "train e.yaml --quiet --set ensemble.members=640 ";
  ASSERT_EQ(run_pdlt(train + "-o whole.npz", folder.path()).status, 0);
  for (const char *k : {"1", "2", "3"}) {
    const std::string shard = train + "--shard " + k + "/3 -o s" + k + ".npz";
    const Outcome got = run_pdlt(shard, folder.path());
    ASSERT_EQ(got.status, 0) << got.err;
    const Outcome again = run_pdlt(shard, folder.path());
    EXPECT_EQ(again.status, 0);
    EXPECT_NE(again.err.find("complete"), again.err.npos) << again.err;
  }
  EXPECT_EQ(run_pdlt(train + "--shard 2/3 -o s1.npz", folder.path()).status, 2);
  const Outcome missing = run_pdlt("merge s3.npz s1.npz -o m.npz", folder.path());
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.err,
            "shard 2 of 3 is missing; make it with pdlt train EXPERIMENT.yaml --shard 2/3 -o "
            "FILE.npz, and give all 3 files\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "m.npz"));
  const Outcome merged = run_pdlt("merge s3.npz s1.npz s2.npz -o m.npz", folder.path());
  EXPECT_EQ(merged.status, 0) << merged.err;
  EXPECT_EQ(merged.err, "");
  EXPECT_TRUE(read_text(folder / "m.npz") == read_text(folder / "whole.npz"));
  /* The merged file is the result of the experiment for everything else. */
  const Outcome known = run_pdlt(train + "-o m.npz", folder.path());
  EXPECT_EQ(known.status, 0);
  EXPECT_NE(known.err.find("complete"), known.err.npos) << known.err;
  EXPECT_EQ(run_pdlt("merge s3.npz s1.npz s2.npz -o m.npz", folder.path()).status, 0);
  EXPECT_EQ(run_pdlt("merge s3.npz s1.npz s2.npz -o s1.npz", folder.path()).status, 2);
  EXPECT_EQ(run_pdlt("compare s1.npz s2.npz -o out", folder.path()).status, 2);
}

TEST(Durable, UntilGoesOnAfterAKillAndSaysWhereItIs) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  const std::string train =
      "train e.yaml --set 'ensemble.members={until: {quantity: K, relative: 0.1, scale: 0.13}}' "
      "--set measure=[kernel] ";
  const Outcome whole = run_pdlt(train + "-o whole.npz", folder.path());
  ASSERT_EQ(whole.status, 0) << whole.err;
  EXPECT_NE(whole.err.find("K: c1 known to "), whole.err.npos) << whole.err;
  EXPECT_NE(whole.err.find(" % after 2048 members, wanted 10 %: about "), whole.err.npos);
  const std::string program = std::string("'") + PDLT_PROGRAM + "' ";
  const Outcome cut = run_shell(program + train +
                                    "--checkpoint 0 -o cut.npz 2>log & pid=$!; "
                                    "until grep -q '2048 members' log; do kill -0 $pid || exit 99; "
                                    "done; kill -KILL $pid; wait $pid",
                                folder.path());
  EXPECT_EQ(cut.status, 137) << read_text(folder / "log");
  const Outcome last = run_pdlt(train + "--quiet -o cut.npz", folder.path());
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(last.err, "");
  EXPECT_TRUE(read_text(folder / "cut.npz") == read_text(folder / "whole.npz"));
}

TEST(Durable, WrongOptionsAreOneLine) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  for (const auto &[arguments, expected] :
       {std::pair{"train e.yaml -o x.npz --shard 3/2", "--shard: \"3/2\" is not k/K"},
        {"train e.yaml -o x.npz --shard 0/2", "--shard: \"0/2\" is not k/K"},
        {"train e.yaml -o x.npz --shard 1", "--shard: \"1\" is not k/K"},
        {"train e.yaml -o x.npz --shard 1/2x", "--shard: \"1/2x\" is not k/K"},
        {"train e.yaml -o x.npz --shard 1/101", "at most 40 shards"},
        {"run e.yaml -o x.npz --shard 1/2", "only pdlt train makes shards"},
        {"train e.yaml -o x.npz --checkpoint 31", "--checkpoint: \"31\" is not a number from 0 to"},
        {"merge e.yaml -o x.npz", "e.yaml: "},
        {"merge -o x.npz", "usage: pdlt merge SHARD.npz..."}}) {
    const Outcome got = run_pdlt(std::string(arguments) + " --quiet", folder.path());
    EXPECT_EQ(got.status, 2) << arguments;
    EXPECT_NE(got.err.find(expected), got.err.npos) << arguments << ": " << got.err;
    EXPECT_EQ(std::count(got.err.begin(), got.err.end(), '\n'), 1) << got.err;
    for (const char *name : {"x.npz", "x.npz.partial"})
      EXPECT_FALSE(std::filesystem::exists(folder / name)) << arguments;
  }
}

/* A limit on the size of files stands for a full disk. */
TEST(Durable, AFullDiskEndsTheRunAndLosesNothing) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment);
  const std::string train =
      std::string("'") + PDLT_PROGRAM + "' train e.yaml --quiet --set ensemble.members=640";
  ASSERT_EQ(run_shell(train + " -o whole.npz", folder.path()).status, 0);
  const Outcome full = run_shell("ulimit -f 40; " + train + " -o x.npz", folder.path());
  EXPECT_EQ(full.status, 3) << full.err;
  EXPECT_NE(full.err.find("x.npz"), full.err.npos) << full.err;
  EXPECT_EQ(std::count(full.err.begin(), full.err.end(), '\n'), 1) << full.err;
  EXPECT_FALSE(std::filesystem::exists(folder / "x.npz"));
  for (const auto &file : std::filesystem::recursive_directory_iterator(folder.path()))
    EXPECT_EQ(file.path().string().find(".tmp"), std::string::npos) << file.path();
  const Outcome roomy = run_shell(train + " -o x.npz", folder.path());
  EXPECT_EQ(roomy.status, 0) << roomy.err;
  EXPECT_TRUE(read_text(folder / "x.npz") == read_text(folder / "whole.npz"));
}

}  // namespace
