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
    return fs::exists(path) ? (size_t)std::distance(fs::directory_iterator(path), {}) : 0;
  }
  fs::path path;
};

struct Checkpoint {
  explicit Checkpoint(const Folder &folder, const char *identity = "run", int discard = 0) {
    status = pdlt_checkpoint_open(&c, folder.path.c_str(), identity, discard, &err);
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
  if (cp.status == PDLT_OK) cp.status = pdlt_checkpoint_read(&cp.c, &out->c, 0, &cp.err);
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

TEST(TrainerCheckpoint, RefusesDamageAndOtherRuns) {
  Folder folder;
  save(folder, {3});
  save(folder, {4});
  const std::string bytes = slurp(folder.segment(1));
  std::mt19937 gen(1);
  Blocks got;
  for (int k = 0; k < 20; k++) {
    std::string damaged = bytes;
    damaged[8 + gen() % (bytes.size() - 8)] ^= (char)(1 + gen() % 255);
    write(folder.segment(1), damaged);
    EXPECT_NE(load(folder, &got).find("00000001.blocks: unfinished work, but damaged"),
              std::string::npos);
    EXPECT_EQ(std::count(got.c.done, got.c.done + 21, 1), 0);
  }
  write(folder.segment(1), bytes.substr(0, bytes.size() - 9));
  EXPECT_NE(load(folder, &got).find("damaged"), std::string::npos);
  write(folder.segment(1), "hello");
  EXPECT_NE(load(folder, &got).find("not unfinished work of this program"), std::string::npos);
  write(folder.segment(1), bytes);
  EXPECT_EQ(load(folder, &got), "");
  {
    Checkpoint other(folder, "another");
    EXPECT_EQ(other.status, PDLT_ERR_INPUT);
    EXPECT_NE(std::string(other.err.message).find("another experiment"), std::string::npos);
  }
  EXPECT_EQ(folder.files(), 2u);
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
    EXPECT_NE(std::string(second.err.message).find("another process"), std::string::npos);
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
