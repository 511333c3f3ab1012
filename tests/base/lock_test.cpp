// lock: one writer at a time, who it is, and what a killed one leaves.
#include "base/file/lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

std::string path_of(const char *name) {
  return ::testing::TempDir() + "pdlt_lock_" + std::to_string(getpid()) + "_" + name;
}

bool is_there(const std::string &path) { return access(path.c_str(), F_OK) == 0; }

void spill(const std::string &path, const std::string &text) { std::ofstream(path) << text; }

/* A process that holds the lock until it is killed. */
pid_t start_holder(const std::string &path) {
  int ready[2];
  char byte = 0;
  if (pipe(ready) != 0) return -1;
  const pid_t pid = fork();
  if (pid == 0) {
    pdlt_lock lock = {};
    byte = pdlt_lock_file(&lock, path.c_str(), nullptr) == PDLT_OK ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    for (;;) pause();
  }
  EXPECT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  close(ready[0]);
  close(ready[1]);
  return pid;
}

void end(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(Lock, TheSecondIsToldWhoHoldsIt) {
  const std::string path = path_of("who");
  pdlt_lock lock = {};
  pdlt_error err = {};
  const pid_t holder = start_holder(path);
  EXPECT_EQ(pdlt_lock_file(&lock, path.c_str(), &err), PDLT_ERR_INPUT);
  EXPECT_EQ(err.message, path + ": process " + std::to_string(holder) +
                             " works on it; wait for it, or choose another path");
  EXPECT_EQ(lock.path, nullptr);
  EXPECT_FALSE(is_there(path));
  end(holder);
  EXPECT_TRUE(is_there(path + ".lock"));  // it was killed
  ASSERT_EQ(pdlt_lock_file(&lock, path.c_str(), &err), PDLT_OK) << err.message;
  pdlt_lock_release(&lock);
  EXPECT_FALSE(is_there(path + ".lock"));
}

TEST(Lock, WithinOneProcessToo) {
  const std::string path = path_of("own");
  pdlt_lock one = {}, two = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_lock_file(&one, path.c_str(), nullptr), PDLT_OK);
  EXPECT_TRUE(pdlt_lock_is_of(&one, path.c_str()));
  EXPECT_FALSE(pdlt_lock_is_of(&one, (path + "x").c_str()));
  EXPECT_FALSE(pdlt_lock_is_of(&two, path.c_str()));
  EXPECT_EQ(pdlt_lock_file(&two, path.c_str(), &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find(": process " + std::to_string(getpid()) + " works"),
            std::string::npos)
      << err.message;
  pdlt_lock_release(&two);
  pdlt_lock_release(&one);
  pdlt_lock_release(&one);
  ASSERT_EQ(pdlt_lock_file(&two, path.c_str(), &err), PDLT_OK);
  pdlt_lock_release(&two);
}

TEST(Lock, AHolderOfAnotherMachineIsNamedWithIt) {
  const std::string path = path_of("host");
  pdlt_lock one = {}, two = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_lock_file(&one, path.c_str(), nullptr), PDLT_OK);
  spill(path + ".lock", "17 node7.x\n");
  EXPECT_EQ(pdlt_lock_file(&two, path.c_str(), &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find(": process 17 on node7.x works on it"), std::string::npos)
      << err.message;
  spill(path + ".lock", "nonsense");
  EXPECT_EQ(pdlt_lock_file(&two, path.c_str(), &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find(": another process works on it"), std::string::npos);
  pdlt_lock_release(&one);
}

TEST(Lock, OfAFolder) {
  const std::string folder = path_of("folder");
  pdlt_lock one = {}, two = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_lock_folder(&one, folder.c_str(), &err), PDLT_ERR_IO);
  EXPECT_EQ(err.message, folder + "/pdlt.lock: No such file or directory");
  ASSERT_EQ(mkdir(folder.c_str(), 0777), 0);
  ASSERT_EQ(pdlt_lock_folder(&one, folder.c_str(), nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_lock_folder(&two, folder.c_str(), nullptr), PDLT_ERR_INPUT);
  pdlt_lock_release(&one);
  EXPECT_EQ(rmdir(folder.c_str()), 0);
}

/* Nothing that somebody else put under the lock's name is written to. */
TEST(Lock, OnlyAFileOfItsOwn) {
  const std::string path = path_of("victim"), lock_file = path + ".lock", victim = path + ".txt";
  pdlt_lock lock = {};
  pdlt_error err = {};
  spill(victim, "mine");
  ASSERT_EQ(symlink(victim.c_str(), lock_file.c_str()), 0);
  EXPECT_EQ(pdlt_lock_file(&lock, path.c_str(), &err), PDLT_ERR_IO);
  unlink(lock_file.c_str());
  ASSERT_EQ(link(victim.c_str(), lock_file.c_str()), 0);
  EXPECT_EQ(pdlt_lock_file(&lock, path.c_str(), &err), PDLT_ERR_IO);
  EXPECT_EQ(err.message, lock_file + ": is not a lock of this program; remove it");
  unlink(lock_file.c_str());
  ASSERT_EQ(mkfifo(lock_file.c_str(), 0666), 0);
  EXPECT_EQ(pdlt_lock_file(&lock, path.c_str(), &err), PDLT_ERR_IO);
  unlink(lock_file.c_str());
  std::string text;
  std::ifstream(victim) >> text;
  EXPECT_EQ(text, "mine");
  unlink(victim.c_str());
}

/* Many processes, each of which has it alone while it has it. */
TEST(Lock, OneAtATime) {
  enum { PROCESSES = 4, ROUNDS = 200 };
  const std::string path = path_of("race"), inside = path + ".inside";
  pid_t pids[PROCESSES];
  for (pid_t &pid : pids) {
    pid = fork();
    if (pid != 0) continue;
    int met = 0;
    for (int taken = 0; taken < ROUNDS;) {
      pdlt_lock lock = {};
      if (pdlt_lock_file(&lock, path.c_str(), nullptr) != PDLT_OK) continue;
      taken++;
      met += mkdir(inside.c_str(), 0777) != 0;
      met += rmdir(inside.c_str()) != 0;
      pdlt_lock_release(&lock);
    }
    _exit(met == 0 ? 0 : 1);
  }
  for (const pid_t pid : pids) {
    int raw = 0;
    ASSERT_EQ(waitpid(pid, &raw, 0), pid);
    EXPECT_EQ(raw, 0);
  }
  EXPECT_FALSE(is_there(path + ".lock"));
}

}  // namespace
