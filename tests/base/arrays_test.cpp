/* arrays_test.cpp - what stays of an experiment's data when its samples are given in memory. */
#include <gtest/gtest.h>

#include "base/core/memory.h"
#include "base/experiment/experiment.h"

namespace {

/* `data` of an experiment with so many samples in memory, as "train test center scale source"; or the
 * message. data: a line of YAML, or nothing. */
std::string Read(const std::string &data, size_t samples, std::vector<const char *> sets = {}) {
  const std::string text = "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n" +
                           data + "\ntraining: {eta: 0.1, steps: 1}\n";
  pdlt_experiment ex = {};
  pdlt_error err = {};
  if (pdlt_experiment_parse_arrays(&ex, text.c_str(), "e.yaml", samples, sets.size(), sets.data(),
                                   &err) != PDLT_OK)
    return err.message;
  EXPECT_EQ(ex.data.source, PDLT_SOURCE_ARRAYS);
  EXPECT_EQ(ex.data.file, nullptr);
  EXPECT_EQ(ex.data.skip, 0);
  const std::string out = std::to_string(ex.data.train) + " " + std::to_string(ex.data.test) + " " +
                          std::to_string(ex.data.center) + " " + std::to_string(ex.data.inputs) +
                          " " + std::to_string(ex.data.scale);
  pdlt_experiment_free(&ex);
  return out;
}

TEST(Arrays, AllSamplesTrainWhereNothingIsSaid) {
  EXPECT_EQ(Read("", 5).substr(0, 3), "5 0");
  EXPECT_EQ(Read("data: {source: arrays}", 5).substr(0, 3), "5 0");
  EXPECT_EQ(Read("data: {}", 1).substr(0, 3), "1 0");
  EXPECT_EQ(Read("data:", 2).substr(0, 3), "2 0");
}

TEST(Arrays, TheRestAreTestSamples) {
  EXPECT_EQ(Read("data: {source: arrays, train: 3}", 5).substr(0, 3), "3 2");
  EXPECT_EQ(Read("data: {source: arrays, test: 4}", 5).substr(0, 3), "1 4");
  EXPECT_EQ(Read("", 5, {"data.train=2"}).substr(0, 3), "2 3");
  EXPECT_EQ(Read("data: {source: csv, file: a.csv, train: 8, test: 4}", 5).substr(0, 3), "8 4");
  EXPECT_EQ(Read("data: {train: 8}", 5).substr(0, 3), "8 0"); /* found out with the samples */
}

TEST(Arrays, WhatNeedsTheOtherSourceGoes) {
  EXPECT_EQ(
      Read("data: {source: csv, file: a.csv, skip: 2, train: 3, center: true, scale: 2.5}", 5),
      "3 2 1 0 2.500000");
  EXPECT_EQ(Read("data: {source: circle, inputs: 2, seed: 4, train: 3, test: 2}", 5).substr(0, 7),
            "3 2 0 0");
  EXPECT_EQ(Read("data: {source: arrays, inputs: 2, train: 3}", 5).substr(0, 7), "3 2 0 2");
}

TEST(Arrays, WhatIsWrongIsStillSaid) {
  EXPECT_EQ(Read("data: {sorce: csv}", 5),
            "e.yaml:2: data.sorce: unknown key; did you mean data.source?");
  EXPECT_EQ(Read("data: [1]", 5).rfind("e.yaml:2: data: ", 0), 0u);
  EXPECT_EQ(Read("data: {train: many}", 5).rfind("e.yaml:2: data.train: many", 0), 0u);
  EXPECT_EQ(Read("", 5, {"data.test=5"}),
            "--set: data.train: 0; expected a whole number from 1 to 1000000");
  EXPECT_EQ(Read("", 5, {"data.file=a.csv"}).rfind("--set: data.file: ", 0), 0u);
}

/* Every allocation fails once; nothing is left behind (sanitizers). */
TEST(Arrays, MemoryMayRunOut) {
  int failures = 0;
  for (long n = 0;; n++) {
    pdlt_memory_fail_after(n);
    const std::string got = Read("data: {source: csv, file: a.csv, train: 3}", 5);
    pdlt_memory_fail_after(-1);
    if (got.rfind("3 2", 0) == 0) break;
    ASSERT_NE(got.find("out of memory"), got.npos) << got;
    failures++;
  }
  EXPECT_GT(failures, 20);
}

}  // namespace
