// checkpoint: segments written and read back, damage, other runs, crashes, a full disk.
#include "trainer/run/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"

namespace fs = std::filesystem;

namespace {

// Blocks of 3 widths, 7 blocks of 4 draws each, samples of the first 10 draws.
struct Blocks {
  Blocks() {
    c.widths = 3;
    c.per_width = 7;
    c.units = 21;
    c.record = 5;
    c.sample = 2;
    c.block_members = 4;
    c.keep = 10;
    EXPECT_EQ(pdlt_alloc(&c.done, c.units, 1, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_alloc(&c.records, c.units * c.record, sizeof(double), nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_alloc(&c.samples, c.widths * c.keep * c.sample, sizeof(double), nullptr),
              PDLT_OK);
  }
  ~Blocks() { pdlt_records_free(&c); }
  Blocks(const Blocks &) = delete;
  // Numbers that only unit u has.
  void fill(size_t u) {
    size_t count;
    double *samples = pdlt_records_kept(&c, u, &count);
    for (size_t i = 0; i < c.record; i++) c.records[u * c.record + i] = (double)(100 * u + i) / 3;
    for (size_t i = 0; i < count; i++) samples[i] = (double)(1000 * u + i) / 7;
    c.done[u] = 1;
  }
  pdlt_records c = {};
};

struct Folder {
  Folder() : path(testing::TempDir() + "pdlt_checkpoint_" + std::to_string(getpid())) {
    fs::remove_all(path);
  }
  ~Folder() { fs::remove_all(path); }
  fs::path segment(unsigned number) const {
    char name[32];
    std::snprintf(name, sizeof name, "%08u.blocks", number);
    return path / name;
  }
  size_t files() const {
    size_t count = 0;
    if (!fs::exists(path)) return 0;
    for (const auto &entry : fs::directory_iterator(path))
      count += entry.path().filename() != "pdlt.lock";
    return count;
  }
  fs::path path;
};

struct Checkpoint {
  explicit Checkpoint(const Folder &folder, const char *identity = "run", int discard = 0,
                      pdlt_progress *progress = nullptr) {
    status = pdlt_checkpoint_open(&c, folder.path.c_str(), identity, discard, progress, &err);
  }
  ~Checkpoint() { pdlt_checkpoint_close(&c); }
  Checkpoint(const Checkpoint &) = delete;
  pdlt_checkpoint c = {};
  pdlt_error err = {};
  pdlt_status status;
};

std::string slurp(const fs::path &path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

void write(const fs::path &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// A segment with the given units.
void save(const Folder &folder, const std::vector<size_t> &units, const char *identity = "run") {
  Blocks blocks;
  for (size_t u : units) blocks.fill(u);
  Checkpoint cp(folder, identity);
  ASSERT_EQ(cp.status, PDLT_OK) << cp.err.message;
  ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &blocks.c, blocks.c.done, nullptr, &cp.err), PDLT_OK);
}

// What a new process finds; the error when it refuses.
std::string load(const Folder &folder, Blocks *out) {
  Checkpoint cp(folder);
  if (cp.status == PDLT_OK) cp.status = pdlt_checkpoint_read(&cp.c, nullptr, &out->c, 0, &cp.err);
  return cp.status == PDLT_OK ? "" : cp.err.message;
}

void expect_units(const Blocks &got, const std::vector<size_t> &units) {
  Blocks expected;
  for (size_t u : units) expected.fill(u);
  for (size_t u = 0; u < got.c.units; u++) {
    EXPECT_EQ(got.c.done[u], expected.c.done[u]) << u;
    if (!expected.c.done[u]) continue;
    size_t count;
    const double *a = pdlt_records_kept(&got.c, u, &count);
    const double *b = pdlt_records_kept(&expected.c, u, &count);
    EXPECT_EQ(std::memcmp(a, b, count * sizeof *a), 0) << u;
    EXPECT_EQ(std::memcmp(got.c.records + u * 5, expected.c.records + u * 5, 5 * sizeof *a), 0);
  }
}

}  // namespace

TEST(TrainerCheckpoint, SegmentsAddUpAndTheNoteStays) {
  Folder folder;
  {
    Blocks blocks;
    Checkpoint cp(folder);
    ASSERT_EQ(cp.status, PDLT_OK) << cp.err.message;
    EXPECT_EQ(cp.c.note_size, 0u);
    cp.c.note_size = 3;
    std::memcpy(cp.c.note, "abc", 3);
    ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &blocks.c, blocks.c.done, nullptr, nullptr), PDLT_OK);
  }
  save(folder, {0, 2, 20});
  save(folder, {});
  save(folder, {7, 8});
  EXPECT_EQ(folder.files(), 4u);
  Blocks blocks;
  EXPECT_EQ(load(folder, &blocks), "");
  expect_units(blocks, {0, 2, 7, 8, 20});
  Checkpoint cp(folder);
  EXPECT_EQ(std::string(cp.c.note, cp.c.note_size), "abc");
}

// However often it is written, the folder stays small and nothing is lost.
TEST(TrainerCheckpoint, TheHundredthSegmentReplacesTheOthers) {
  Folder folder;
  Blocks blocks;
  std::vector<unsigned char> fresh(21), saved(21);
  std::vector<size_t> units;
  size_t most = 0;
  {
    Checkpoint cp(folder);
    ASSERT_EQ(cp.status, PDLT_OK) << cp.err.message;
    for (size_t k = 0; k < 115; k++) {
      std::fill(fresh.begin(), fresh.end(), 0);
      if (k % 6 == 0) {
        blocks.fill(k / 6);
        fresh[k / 6] = 1;
        units.push_back(k / 6);
      }
      ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &blocks.c, fresh.data(), saved.data(), nullptr),
                PDLT_OK);
      for (size_t u = 0; u < 21; u++) saved[u] |= fresh[u];
      most = std::max(most, folder.files());
    }
  }
  EXPECT_LE(most, (size_t)PDLT_CHECKPOINT_FILES);
  EXPECT_LT(folder.files(), 30u);
  Blocks got;
  EXPECT_EQ(load(folder, &got), "");
  expect_units(got, units);
}

// A process that died between the segment that replaces others and their removal, or in
// the middle of writing.
TEST(TrainerCheckpoint, CleansUpAfterACrash) {
  Folder folder;
  save(folder, {1});
  const std::string old = slurp(folder.segment(1));
  {
    Blocks blocks;
    blocks.fill(1);
    blocks.fill(5);
    Checkpoint cp(folder);
    while (cp.c.files + 1 < PDLT_CHECKPOINT_FILES) {
      ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &blocks.c, blocks.c.done, nullptr, nullptr), PDLT_OK);
    }
    ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &blocks.c, blocks.c.done, blocks.c.done, nullptr),
              PDLT_OK);
  }
  EXPECT_EQ(folder.files(), 1u);
  write(folder.segment(1), old);
  write(folder.path / "00000101.blocks.tmp", "half");
  Blocks got;
  EXPECT_EQ(load(folder, &got), "");
  expect_units(got, {1, 5});
  EXPECT_EQ(folder.files(), 1u);
}

// Any of the segments, damaged in any way: the others are kept, and one line says which it was.
TEST(TrainerCheckpoint, SetsDamagedSegmentsAside) {
  std::mt19937 gen(1);
  for (int trial = 0; trial < 60; trial++) {
    Folder folder;
    const std::vector<size_t> units = {3, 4, 20};
    for (const size_t u : units) save(folder, {u});
    const unsigned number = 1 + (unsigned)trial % 3;
    std::string damaged = slurp(folder.segment(number));
    switch (trial % 5) {
      case 0:
        damaged.clear();
        break;
      case 1:
        damaged.resize(gen() % damaged.size());
        break;
      case 2:
        damaged = "hello";
        break;
      case 3:
        damaged[gen() % 200] ^= (char)(1 + gen() % 255);
        break; /* header, identity too */
      default:
        damaged[gen() % damaged.size()] ^= (char)(1 + gen() % 255);
    }
    write(folder.segment(number), damaged);
    std::vector<std::string> lines;
    pdlt_progress progress = {};
    progress.call = [](void *context, int event, const char *text, double, double) {
      if (event == PDLT_EVENT_NOTE)
        static_cast<std::vector<std::string> *>(context)->push_back(text);
    };
    progress.context = &lines;
    Blocks got;
    {
      Checkpoint cp(folder, "run", 0, &progress);
      ASSERT_EQ(cp.status, PDLT_OK) << cp.err.message;
      ASSERT_EQ(pdlt_checkpoint_read(&cp.c, nullptr, &got.c, 0, &cp.err), PDLT_OK)
          << cp.err.message;
      std::vector<size_t> left;
      for (size_t k = 0; k < 3; k++)
        if (k + 1 != number) left.push_back(units[k]);
      expect_units(got, left);
      ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &got.c, got.c.done, nullptr, nullptr), PDLT_OK);
    }
    ASSERT_EQ(lines.size(), 1u) << trial;
    // What is shorter than a header is empty or cut off; a longer rest of a file is damaged.
    const char *const what[] = {"empty; ", "", "cut off; ", "damaged; ", "damaged; "};
    EXPECT_NE(lines[0].find("warning: " + folder.segment(number).string() + ": is " +
                            what[damaged.empty() ? 0 : trial % 5]),
              std::string::npos)
        << lines[0];
    EXPECT_EQ(slurp(folder.segment(number).string() + ".damaged"), damaged);
    lines.clear();
    Blocks again;
    EXPECT_EQ(load(folder, &again), "");
    EXPECT_TRUE(lines.empty());
    pdlt_checkpoint_remove(folder.path.c_str());
    EXPECT_FALSE(fs::exists(folder.path));
  }
}

TEST(TrainerCheckpoint, WhenAllIsDamagedThereIsNothing) {
  Folder folder;
  save(folder, {3});
  write(folder.segment(1), "");
  Blocks got;
  EXPECT_EQ(load(folder, &got), "");
  expect_units(got, {});
  EXPECT_TRUE(fs::exists(folder.segment(1).string() + ".damaged"));
}

// Nothing of another run is touched, also where a part of it is damaged.
TEST(TrainerCheckpoint, RefusesOtherRuns) {
  Folder folder;
  save(folder, {3});
  save(folder, {4});
  write(folder.segment(2), "");
  {
    Checkpoint other(folder, "another");
    EXPECT_EQ(other.status, PDLT_ERR_INPUT);
    EXPECT_NE(std::string(other.err.message).find("another experiment"), std::string::npos);
  }
  EXPECT_EQ(folder.files(), 2u);
  EXPECT_TRUE(fs::exists(folder.segment(2)));
  Checkpoint discarded(folder, "another", 1);
  EXPECT_EQ(discarded.status, PDLT_OK) << discarded.err.message;
  EXPECT_EQ(folder.files(), 0u);
}

TEST(TrainerCheckpoint, RefusesAFileInItsPlaceAndTheFolderOfALivingProcess) {
  Folder folder;
  write(folder.path, "something of the user's");
  {
    Checkpoint cp(folder);
    EXPECT_EQ(cp.status, PDLT_ERR_INPUT);
    EXPECT_EQ(slurp(folder.path), "something of the user's");
  }
  Checkpoint first(folder, "run", 1);
  EXPECT_EQ(first.status, PDLT_OK) << first.err.message;
  {
    Checkpoint second(folder);
    EXPECT_EQ(second.status, PDLT_ERR_INPUT);
    EXPECT_NE(std::string(second.err.message).find("process " + std::to_string(getpid())),
              std::string::npos);
  }
  EXPECT_TRUE(fs::exists(folder.path));  // the second has not removed it
  pdlt_checkpoint_close(&first.c);
  EXPECT_FALSE(fs::exists(folder.path));  // nothing in it
}

// The limit on the size of a file stands for a full disk: a write that fails half way.
TEST(TrainerCheckpoint, AFullDiskLosesNothing) {
  Folder folder;
  save(folder, {3});
  Blocks blocks;
  blocks.fill(9);
  Checkpoint cp(folder);
  ASSERT_EQ(cp.status, PDLT_OK) << cp.err.message;
  rlimit old = {}, small = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  small = old;
  small.rlim_cur = 100;
  auto *handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  pdlt_error err = {};
  const pdlt_status status = pdlt_checkpoint_write(&cp.c, &blocks.c, blocks.c.done, nullptr, &err);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status, PDLT_ERR_IO);
  EXPECT_NE(std::string(err.message).find("00000002.blocks: "), std::string::npos) << err.message;
  EXPECT_EQ(folder.files(), 1u);
  ASSERT_EQ(pdlt_checkpoint_write(&cp.c, &blocks.c, blocks.c.done, nullptr, &err), PDLT_OK);
  pdlt_checkpoint_close(&cp.c);
  Blocks got;
  EXPECT_EQ(load(folder, &got), "");
  expect_units(got, {3, 9});
}
