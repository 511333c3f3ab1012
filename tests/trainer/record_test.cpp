// record: the merged record of two blocks is the record of the block of both; blocks that
// grow keep what was finished.
#include "trainer/record/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/trainer/support.h"
#include "trainer/draw/block.h"
#include "trainer/record/records.h"

using namespace trainer_test;

namespace {

const char *const kAll = "[output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk]";

// A plan with everything in its records, and blocks of it.
struct Case {
  explicit Case(const std::string &estimator, int cov = 1, bool centered = false,
                const std::string &measure = kAll, int measure_samples = 2)
      : data(3, 2, 3, 2, 4) {
    Settings s;
    s.widths = "[6]";
    s.outputs = 2;
    s.depth = 4;
    s.estimator = estimator;
    s.measure = measure;
    s.measure_samples = measure_samples;
    s.keep = 100;
    s.members = 256;
    if (centered) s.more_training = "  targets: centered\n";
    ex = std::make_unique<Experiment>(yaml(s));
    EXPECT_EQ(pdlt_samples_new(&problem, &ex->c, &data.c, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex->c, 6, 3, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_plan_make(&plan, &ex->c, &problem, 1, nullptr), PDLT_OK);
    if (!cov) {
      plan.has[PDLT_QUANTITY_COV] = plan.has[PDLT_QUANTITY_THETA_T] = 0;
      plan.columns = 1;
    }
    pdlt_plan_estimator(&plan, estimator != "plain");
    const pdlt_levels none = {};
    if (estimator == "two_level") pdlt_plan_linearize(&plan, 2, 0, &none);
  }
  ~Case() {
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  void cut(size_t block_members) {
    plan.block_members = block_members;
    plan.blocks = (plan.members + block_members - 1) / block_members;
  }
  std::vector<double> record(size_t block) {
    std::vector<double> out(plan.at.size), samples(plan.keep * plan.times * plan.p);
    pdlt_worker worker = {};
    pdlt_control_width *width = nullptr;
    EXPECT_EQ(pdlt_control_width_new(&width, &plan, &net, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_worker_new(&worker, &plan, &net, width, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_block_run(&worker, block, nullptr, out.data(), samples.data()), 1);
    pdlt_worker_free(&worker);
    pdlt_control_width_free(width);
    return out;
  }
  Data data;
  std::unique_ptr<Experiment> ex;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_plan plan = {};
};

// Two blocks of 64 draws are one of 128; nothing added is nothing changed.
void expect_merged(Case &&run, const char *what) {
  run.cut(64);
  std::vector<double> merged = run.record(0);
  pdlt_record_merge(&run.plan, merged.data(), run.record(1).data());
  run.cut(128);
  const std::vector<double> both = run.record(0);
  for (size_t i = 0; i < both.size(); i++)
    EXPECT_NEAR(merged[i], both[i], 1e-11 * (1 + std::fabs(both[i]))) << what << " " << i;
  EXPECT_EQ(merged[run.plan.at.members], 128);
  const std::vector<double> nothing(both.size());
  merged = both;
  pdlt_record_merge(&run.plan, merged.data(), nothing.data());
  EXPECT_EQ(merged, both);
}

}  // namespace

// Parts follow each other without gaps, and each quantity that is a sum has one of its size.
TEST(TrainerRecord, PartsCoverTheRecord) {
  for (const char *estimator : {"plain", "two_level"}) {
    const Case run(estimator);
    const pdlt_record_layout &at = run.plan.at;
    size_t end = 0;
    for (size_t k = 0; k < at.parts; k++) {
      EXPECT_EQ(at.part[k].at, end);
      end += at.part[k].size;
    }
    EXPECT_EQ(end, at.size);
    const auto size_at = [&](size_t begin, size_t size) {
      for (size_t k = 0; k < at.parts; k++)
        if (at.part[k].at == begin && at.part[k].size == size) return true;
      return false;
    };
    EXPECT_TRUE(size_at(at.scatter, run.plan.times * run.plan.p * run.plan.p));
    EXPECT_TRUE(size_at(at.top, pdlt_top_size(&run.plan.top)));
    for (int k = 0; k < PDLT_QUANTITIES; k++)
      EXPECT_TRUE(size_at(at.sum[k], pdlt_plan_sum_size(&run.plan, k)) ||
                  pdlt_plan_sum_size(&run.plan, k) == 0)
          << pdlt_quantities[k].name;
    // 4 layers, (S, S, S, S) with S = 2; (T, (n_L S)^3).
    EXPECT_EQ(pdlt_plan_sum_size(&run.plan, PDLT_QUANTITY_F), 4u * 16u);
    EXPECT_EQ(pdlt_plan_sum_size(&run.plan, PDLT_QUANTITY_DTHETA_T), run.plan.times * 64);
    EXPECT_EQ(pdlt_plan_sum_size(&run.plan, PDLT_QUANTITY_V), 0u);
  }
}

// 2^64 numbers of a tensor are 0 in a size_t.
TEST(TrainerRecord, TensorsOnTooManySamplesAreRefused) {
  Case run("plain");
  pdlt_error err = {};
  for (int samples : {33, 1 << 16}) {
    run.ex->c.measure_samples = samples;
    EXPECT_EQ(pdlt_plan_make(&run.plan, &run.ex->c, &run.problem, 1, &err), PDLT_ERR_INPUT);
    EXPECT_NE(std::string(err.message).find("measured on at most 32"), std::string::npos);
  }
}

TEST(TrainerRecord, MergingIsTheRecordOfBothBlocks) {
  for (const char *estimator : {"plain", "antithetic", "two_level"})
    for (int cov : {0, 1})
      for (bool centered : {false, true}) expect_merged(Case(estimator, cov, centered), estimator);
}

// Without outputs, or without what is seen of kernels, there is a count without a mean; the vertex of one
// sample has a mean of one number.
TEST(TrainerRecord, MergingWhereLittleIsMeasured) {
  for (const char *measure : {"[output]", "[kernel, ntk]", "[vertex]"})
    expect_merged(Case("plain", 1, false, measure, 1), measure);
}

TEST(TrainerRecord, BlocksThatGrowKeepWhatWasFinished) {
  Case run("plain");
  run.cut(64);
  pdlt_records blocks = {};
  ASSERT_EQ(pdlt_records_new(&blocks, &run.plan, nullptr), PDLT_OK);
  std::vector<std::vector<double>> records;
  for (size_t b = 0; b < 4; b++) {
    records.push_back(run.record(b));
    std::copy(records[b].begin(), records[b].end(), blocks.records + b * blocks.record);
    blocks.done[b] = b != 2;
  }
  for (size_t i = 0; i < blocks.keep * blocks.sample; i++) blocks.samples[i] = (double)i;
  // More members, the same blocks.
  run.plan.members = 400;
  run.cut(64);
  ASSERT_EQ(pdlt_records_grow(&blocks, &run.plan, nullptr), PDLT_OK);
  ASSERT_EQ(blocks.units, 7u);
  EXPECT_EQ(std::vector<int>(blocks.done, blocks.done + 7),
            (std::vector<int>{1, 1, 0, 1, 0, 0, 0}));
  for (size_t b : {0, 1, 3}) {
    EXPECT_TRUE(
        std::equal(records[b].begin(), records[b].end(), blocks.records + b * blocks.record));
  }
  EXPECT_EQ(blocks.samples[17], 17);
  // Larger blocks: the second lacks a part, the last two were never begun.
  run.cut(128);
  ASSERT_EQ(pdlt_records_grow(&blocks, &run.plan, nullptr), PDLT_OK);
  ASSERT_EQ(blocks.units, 4u);
  EXPECT_EQ(std::vector<int>(blocks.done, blocks.done + 4), (std::vector<int>{1, 0, 0, 0}));
  pdlt_record_merge(&run.plan, records[0].data(), records[1].data());
  EXPECT_TRUE(std::equal(records[0].begin(), records[0].end(), blocks.records));
  EXPECT_EQ(blocks.samples[17], 17);
  pdlt_records_free(&blocks);
}

TEST(TrainerRecord, RecordsFromFilesAreThoseOfTheirDraws) {
  for (const char *estimator : {"plain", "antithetic", "two_level"})
    for (int kind = 0; kind < 4; kind++) {
      const bool cov = kind % 2 == 1, centered = kind >= 2;
      Case run(estimator, cov, centered);
      run.cut(64);
      const pdlt_record_layout &at = run.plan.at;
      const std::vector<double> sound = run.record(1);
      const auto wrong = [&](size_t i, double value, size_t block = 1) {
        std::vector<double> record = sound;
        record[i] = value;
        const char *what = pdlt_record_wrong(&run.plan, block, record.data());
        return std::string(what == nullptr ? "" : what);
      };
      EXPECT_EQ(wrong(0, sound[0]), "") << estimator;
      EXPECT_NE(wrong(0, sound[0], 4), ""); /* there are four blocks */
      for (size_t i : {at.members, at.survivors, at.u_count, at.top})
        for (double value : {-1.0, 0.5, (double)NAN}) EXPECT_NE(wrong(i, value), "") << i;
      for (size_t i : {at.diverged, at.unconverged})
        for (double value : {-1.0, 65.0, 0.5}) EXPECT_NE(wrong(i, value), "") << i;
      for (size_t i = 0; i < sound.size(); i += 97) EXPECT_NE(wrong(i, INFINITY), "") << i;
      EXPECT_EQ(wrong(at.scatter, -1), "it holds a negative sum of squares");
      EXPECT_EQ(wrong(at.u_scatter, -1), "it holds a negative sum of squares");
      const std::string negative = "it holds a negative sum of squares";
      EXPECT_EQ(run.plan.antithetic ? wrong(at.odd, -1) : negative, negative);
      EXPECT_EQ(wrong(at.scatter + 1, -1), cov ? "" : negative); /* 1: not of the diagonal */
      if (centered) {
        EXPECT_NE(wrong(at.change_count, sound[at.change_count] - 1), "");
        EXPECT_EQ(wrong(at.change_scatter + 9, -1), negative);
        EXPECT_EQ(run.plan.antithetic ? wrong(at.change_odd + 9, -1) : negative, negative);
      }
      std::vector<double> diverged = sound;
      diverged[at.diverged] = 2;
      diverged[at.survivors] -= 2;
      if (centered) diverged[at.change_count] -= 2;
      diverged[at.top] -= 2;
      diverged[at.shift + 1] = NAN;
      EXPECT_EQ(pdlt_record_wrong(&run.plan, 1, diverged.data()), nullptr);
    }
}
