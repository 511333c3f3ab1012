// saver: finished blocks reach the disk, at once or at the end, from several threads.
#include "trainer/run/saver.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/core/memory.h"

namespace fs = std::filesystem;

namespace {

enum { UNITS = 300 };

struct Blocks {
  Blocks() {
    c.widths = 3;
    c.per_width = UNITS / 3;
    c.units = UNITS;
    c.record = 4;
    c.block_members = 64;
    EXPECT_EQ(pdlt_alloc(&c.done, c.units, 1, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_alloc(&c.records, c.units * c.record, sizeof(double), nullptr), PDLT_OK);
  }
  ~Blocks() { pdlt_records_free(&c); }
  Blocks(const Blocks &) = delete;
  pdlt_records c = {};
};

struct Folder {
  Folder() : path(testing::TempDir() + "pdlt_saver_" + std::to_string(getpid())) {
    fs::remove_all(path);
    EXPECT_EQ(pdlt_checkpoint_open(&c, path.c_str(), "run", 0, nullptr, nullptr), PDLT_OK);
  }
  ~Folder() {
    pdlt_checkpoint_close(&c);
    fs::remove_all(path);
  }
  std::string path;
  pdlt_checkpoint c = {};
};

// Finishes all blocks from `threads` threads.
void finish_all(pdlt_saver *saver, Blocks *blocks, unsigned threads) {
  std::vector<std::thread> team;
  for (unsigned t = 0; t < threads; t++)
    team.emplace_back([=] {
      for (size_t u = t; u < UNITS; u += threads) {
        for (size_t i = 0; i < 4; i++) blocks->c.records[4 * u + i] = (double)(u * i);
        EXPECT_EQ(pdlt_saver_has(saver, u), 0);
        EXPECT_EQ(pdlt_saver_add(saver, u), 1);
        EXPECT_EQ(pdlt_saver_has(saver, u), 1);
      }
    });
  for (auto &thread : team) thread.join();
}

}  // namespace

static bool has_segments(const fs::path &folder) {
  for (const auto &entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".blocks") return true;
  return false;
}

TEST(TrainerKeeper, EverythingIsOnDiskAfterStop) {
  for (double seconds : {0.0, 1e-3, 1e9}) {
    Folder folder;
    Blocks blocks, got;
    pdlt_saver saver = {};
    ASSERT_EQ(pdlt_saver_start(&saver, &folder.c, &blocks.c, seconds, nullptr), PDLT_OK);
    finish_all(&saver, &blocks, 3);
    if (seconds == 1e9) {
      EXPECT_FALSE(has_segments(folder.path));
    }
    pdlt_error err = {};
    ASSERT_EQ(pdlt_saver_stop(&saver, &err), PDLT_OK) << err.message;
    ASSERT_EQ(pdlt_checkpoint_read(&folder.c, &got.c, 0, &err), PDLT_OK) << err.message;
    for (size_t u = 0; u < UNITS; u++) {
      EXPECT_EQ(got.c.done[u], 1);
      for (size_t i = 0; i < 4; i++) EXPECT_EQ(got.c.records[4 * u + i], (double)(u * i));
    }
  }
}

// Nothing new: nothing is written.
TEST(TrainerKeeper, WhatWasOnDiskIsNotWrittenAgain) {
  Folder folder;
  Blocks blocks;
  for (size_t u = 0; u < UNITS; u += 2) blocks.c.done[u] = 1;
  pdlt_saver saver = {};
  ASSERT_EQ(pdlt_saver_start(&saver, &folder.c, &blocks.c, 0, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_saver_stop(&saver, nullptr), PDLT_OK);
  EXPECT_FALSE(has_segments(folder.path));
  ASSERT_EQ(pdlt_saver_start(&saver, &folder.c, &blocks.c, 1e9, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_saver_add(&saver, 1), 1);
  ASSERT_EQ(pdlt_saver_stop(&saver, nullptr), PDLT_OK);
  Blocks got;
  ASSERT_EQ(pdlt_checkpoint_read(&folder.c, &got.c, 0, nullptr), PDLT_OK);
  EXPECT_EQ(std::count(got.c.done, got.c.done + UNITS, 1), 1);
  EXPECT_EQ(got.c.done[1], 1);
}

TEST(TrainerKeeper, ADiskThatFailsIsReported) {
  Folder folder;
  Blocks blocks;
  pdlt_saver saver = {};
  ASSERT_EQ(pdlt_saver_start(&saver, &folder.c, &blocks.c, 1e9, nullptr), PDLT_OK);
  fs::remove_all(folder.path);
  EXPECT_EQ(pdlt_saver_add(&saver, 0), 1);
  pdlt_error err = {};
  EXPECT_EQ(pdlt_saver_stop(&saver, &err), PDLT_ERR_IO);
  EXPECT_NE(std::string(err.message).find("00000001.blocks"), std::string::npos) << err.message;
  // With threads at work, they are told.
  ASSERT_EQ(pdlt_saver_start(&saver, &folder.c, &blocks.c, 0, nullptr), PDLT_OK);
  while (pdlt_saver_add(&saver, 1)) std::this_thread::yield();
  EXPECT_EQ(pdlt_saver_stop(&saver, &err), PDLT_ERR_IO);
}

TEST(TrainerKeeper, WithoutAFolderItOnlyCounts) {
  Blocks blocks;
  pdlt_saver saver = {};
  ASSERT_EQ(pdlt_saver_start(&saver, nullptr, &blocks.c, 0, nullptr), PDLT_OK);
  finish_all(&saver, &blocks, 2);
  EXPECT_EQ(pdlt_saver_stop(&saver, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_saver_stop(&saver, nullptr), PDLT_OK);
  const pdlt_share all = {0, 1};
  EXPECT_EQ(pdlt_records_done(&blocks.c, &all), (size_t)UNITS);
}

TEST(TrainerKeeper, EveryFailedAllocationIsReported) {
  Folder folder;
  Blocks blocks;
  int failures = 0;
  for (long calls = 0;; calls++) {
    pdlt_saver saver = {};
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    pdlt_status status = pdlt_saver_start(&saver, &folder.c, &blocks.c, 1e9, &err);
    if (status == PDLT_OK) {
      EXPECT_EQ(pdlt_saver_add(&saver, 2), 1);
      status = pdlt_saver_stop(&saver, &err);
    }
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY) << err.message;
    failures++;
    blocks.c.done[2] = 0;
  }
  EXPECT_GE(failures, 3);
}
