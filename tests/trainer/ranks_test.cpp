// ranks: several ranks as threads of one process, with a transport of queues in place of MPI; the
// result is that of one process to the last byte, whatever happens on the way.
#include "trainer/run/ranks.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/file/npz.h"
#include "tests/trainer/support.h"

namespace fs = std::filesystem;
using namespace trainer_test;

namespace {

// Mailboxes of ranks in one process. `sent` hears of every message before it is delivered.
class Post {
 public:
  explicit Post(int size) : boxes_(size), members_(size) {
    for (int rank = 0; rank < size; rank++) {
      members_[rank].post = this;
      members_[rank].team = {rank, size, &members_[rank], Send, Poll, Receive};
    }
  }
  const pdlt_team *Team(int rank) const { return &members_[rank].team; }

  std::function<void(int from, const std::string &message)> sent = [](int, const std::string &) {};

 private:
  struct Message {
    int from;
    std::string bytes;
  };
  struct Box {
    std::mutex mutex;
    std::deque<Message> messages;
  };
  struct Member {
    Post *post;
    pdlt_team team;
  };

  static void Send(void *self, int rank, const void *bytes, size_t size) {
    const Member *member = static_cast<Member *>(self);
    const std::string message(static_cast<const char *>(bytes), size);
    member->post->sent(member->team.rank, message);
    Box &box = member->post->boxes_[rank];
    const std::lock_guard<std::mutex> lock(box.mutex);
    box.messages.push_back({member->team.rank, message});
  }
  static size_t Poll(void *self, int *from) {
    const Member *member = static_cast<Member *>(self);
    Box &box = member->post->boxes_[member->team.rank];
    const std::lock_guard<std::mutex> lock(box.mutex);
    if (box.messages.empty()) return 0;
    *from = box.messages.front().from;
    return box.messages.front().bytes.size();
  }
  static void Receive(void *self, int from, void *bytes, size_t size) {
    const Member *member = static_cast<Member *>(self);
    Box &box = member->post->boxes_[member->team.rank];
    const std::lock_guard<std::mutex> lock(box.mutex);
    ASSERT_EQ(box.messages.front().from, from);
    ASSERT_EQ(box.messages.front().bytes.size(), size);
    box.messages.front().bytes.copy(static_cast<char *>(bytes), size);
    box.messages.pop_front();
  }

  std::vector<Box> boxes_;
  std::vector<Member> members_;
};

constexpr int kBlocks = 40;

// Two widths of 20 blocks each, outputs of 70 networks kept: they cross the border of a block.
Settings Small() {
  Settings s;
  s.depth = 2;
  s.widths = "[8, 12]";
  s.steps = "3";
  s.record = "[0, 3]";
  s.members = 1280;
  s.estimator = "antithetic";
  s.keep = 70;
  s.measure = "[output, ntk]";
  return s;
}

struct Result {
  pdlt_status status = PDLT_OK;
  std::string message, bytes;  // of the error; of the archive's file
};

std::string Bytes(const pdlt_archive &archive) {
  const fs::path path = testing::TempDir() + "pdlt_ranks_" + std::to_string(getpid()) + ".npz";
  pdlt_error err{};
  EXPECT_EQ(pdlt_npz_write(&archive, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  fs::remove(path);
  return bytes;
}

// A run of this experiment, each rank with its own reading of it; data[r]: of rank r.
struct Study {
  explicit Study(const Settings &settings, int ranks = 1) : post(ranks) {
    for (int r = 0; r < ranks; r++) {
      experiments.push_back(std::make_unique<Experiment>(yaml(settings)));
      data.push_back(std::make_unique<Data>(settings.train, settings.test, 2, settings.outputs, 5));
    }
  }
  pdlt_ensemble_options Options(int rank) const {
    pdlt_ensemble_options o = options(1);
    o.team = post.Team(rank);
    o.stop = &stop;
    if (rank == 0 && !checkpoint.empty()) {
      o.checkpoint = checkpoint.c_str();
      o.checkpoint_seconds = 0;
    }
    return o;
  }
  Result Lead() {
    const pdlt_ensemble_options o = Options(0);
    Archive archive;
    pdlt_error err{};
    Result run;
    run.status = pdlt_ensemble_run(&archive.c, &experiments[0]->c, &data[0]->c, &o, &err);
    if (run.status == PDLT_OK)
      run.bytes = Bytes(archive.c);
    else
      run.message = err.message;
    pdlt_ranks_dismiss(o.team);
    return run;
  }
  // All ranks, the leader in this thread; readable[r]: how rank r could read the experiment.
  Result All(pdlt_status readable = PDLT_OK) {
    std::vector<std::thread> helpers;
    for (int r = 1; r < (int)experiments.size(); r++)
      helpers.emplace_back([this, r, readable] {
        const pdlt_ensemble_options o = Options(r);
        pdlt_ranks_help(&experiments[r]->c, &data[r]->c, &o, readable);
      });
    const Result run = Lead();
    for (std::thread &helper : helpers) helper.join();
    return run;
  }

  Post post;
  std::vector<std::unique_ptr<Experiment>> experiments;
  std::vector<std::unique_ptr<Data>> data;
  std::string checkpoint;
  volatile sig_atomic_t stop = 0;
};

// The folder of unfinished work.
struct Folder {
  explicit Folder(const std::string &name) : path(PDLT_BINARY_DIR "/ranks_" + name) {
    fs::remove_all(path);
  }
  ~Folder() { fs::remove_all(path); }
  const std::string path;
};

Result One(const Settings &settings) { return Study(settings).All(); }

TEST(Ranks, AnyNumberGivesTheBytesOfOneProcess) {
  const Result one = One(Small());
  ASSERT_EQ(one.status, PDLT_OK) << one.message;
  ASSERT_GT(one.bytes.size(), 10000u);
  for (const int ranks : {2, 3, 7}) {
    Study study(Small(), ranks);
    std::vector<std::atomic<int>> blocks(ranks);
    study.post.sent = [&](int from, const std::string &) { blocks[from]++; };
    const Result run = study.All();
    EXPECT_EQ(run.status, PDLT_OK) << run.message;
    EXPECT_TRUE(run.bytes == one.bytes) << ranks << " ranks";
    // an equal share each, and the last message
    for (int r = 1; r < ranks; r++) EXPECT_NEAR(blocks[r] - 1, (double)kBlocks / ranks, 2) << r;
  }
}

TEST(Ranks, MoreRanksThanBlocks) {
  Settings settings = Small();
  settings.widths = "[8]";
  settings.members = 128;
  Study study(settings, 4);
  const Result run = study.All();
  EXPECT_EQ(run.status, PDLT_OK) << run.message;
  EXPECT_TRUE(run.bytes == One(settings).bytes);
}

// Rank 2 has no part in the archive that would come of it.
TEST(Ranks, AHelperThatReadsOtherDataIsNamed) {
  Study study(Small(), 3);
  study.data[2] = std::make_unique<Data>(3, 2, 2, 1, 6);
  const Result run = study.All();
  EXPECT_EQ(run.status, PDLT_ERR_INPUT);
  EXPECT_EQ(run.message, "rank 2 reads another experiment or other data than rank 0");
}

TEST(Ranks, AHelperThatReadsAnotherExperimentIsNamed) {
  Settings other = Small();
  other.eta = "0.06";
  Study study(Small(), 2);
  study.experiments[1] = std::make_unique<Experiment>(yaml(other));
  const Result run = study.All();
  EXPECT_EQ(run.status, PDLT_ERR_INPUT);
  EXPECT_EQ(run.message, "rank 1 reads another experiment or other data than rank 0");
}

TEST(Ranks, AHelperThatCannotReadTheExperimentEndsTheRun) {
  Study study(Small(), 2);
  const Result run = study.All(PDLT_ERR_IO);
  EXPECT_EQ(run.status, PDLT_ERR_IO);
  EXPECT_EQ(run.message, "the experiment cannot be read");
}

// The same with blocks that take long enough to be stopped between.
Settings Slow() {
  Settings s = Small();
  s.widths = "[64, 96]";
  s.steps = "40";
  s.record = "[0, 40]";
  return s;
}

// Blocks that the leader calls finished in its first message to a helper, whose end they are.
int Finished(const std::string &start) {
  return (int)std::count(start.end() - kBlocks, start.end(), '\1');
}

// What helpers have sent before the stop is not computed again.
TEST(Ranks, InterruptedRunGoesOnWithOtherRanks) {
  const Folder folder("stopped");
  Study first(Slow(), 3);
  first.checkpoint = folder.path;
  std::atomic<int> sent{0};
  first.post.sent = [&](int from, const std::string &) {
    if (from > 0 && ++sent == 4) first.stop = 1;
  };
  const Result stopped = first.All();
  ASSERT_EQ(stopped.status, PDLT_ERR_INTERRUPTED) << stopped.message;
  ASSERT_EQ(stopped.message.rfind("interrupted after ", 0), 0u) << stopped.message;
  const int done = std::stoi(stopped.message.substr(18));
  EXPECT_GE(done, 4);
  EXPECT_LT(done, kBlocks);
  Study second(Slow(), 2);
  second.checkpoint = folder.path;
  int finished = -1;
  second.post.sent = [&](int from, const std::string &message) {
    if (from == 0 && finished < 0) finished = Finished(message);
  };
  const Result whole = second.All();
  EXPECT_EQ(whole.status, PDLT_OK) << whole.message;
  EXPECT_TRUE(whole.bytes == One(Slow()).bytes);
  EXPECT_EQ(finished, done);
}

// mpirun ends all ranks when one is killed: the process, which all ranks are threads of, ends when
// rank 2 sends its fourth block and the leader has some on disk.
TEST(RanksDeathTest, AfterARankDiesTheRunGoesOn) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const Folder folder("killed");
  EXPECT_EXIT(
      {
        Study study(Slow(), 3);
        study.checkpoint = folder.path;
        int blocks = 0;
        study.post.sent = [&](int from, const std::string &) {
          if (from != 2 || ++blocks < 4) return;
          while (!fs::exists(folder.path + "/00000002.blocks"))
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          _exit(9);
        };
        study.All();
      },
      testing::ExitedWithCode(9), "");
  Study study(Slow(), 2);
  study.checkpoint = folder.path;
  int finished = -1;
  study.post.sent = [&](int from, const std::string &message) {
    if (from == 0 && finished < 0) finished = Finished(message);
  };
  const Result run = study.All();
  EXPECT_EQ(run.status, PDLT_OK) << run.message;
  EXPECT_TRUE(run.bytes == One(Slow()).bytes);
  EXPECT_GT(finished, 0);
  EXPECT_LT(finished, kBlocks);
}

}  // namespace
