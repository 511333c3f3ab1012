// Controls with frozen kernels: their known means, means of the controlled values, what is left
// of the variance, and ensembles with and without weights.
#include "trainer/control/weightless.h"

#include <gtest/gtest.h>

#include "base/file/json.h"
#include "tests/trainer/agree.h"
#include "tests/trainer/weightless_support.h"
#include "trainer/record/accumulate.h"

using namespace trainer_test;

// Controlled values have the mean of the values as they are, and the variance that the pilot
// says. Kinks, biases, several outputs, a sample that repeats another.
TEST(TrainerWeightless, ControlsChangeTheVarianceOnly) {
  const struct {
    const char *activation, *C_b;
    int depth, train, outputs, width;
    double least;
  } cases[] = {{"sin", "0", 4, 2, 1, 16, 8},
               {"relu", "0.2", 3, 2, 2, 8, 2},
               {"tanh", "0.1", 5, 1, 1, 12, 3},
               {"linear", "0", 3, 2, 1, 6, 2}};
  for (const auto &x : cases) {
    Settings s;
    s.activation = x.activation;
    s.depth = x.depth;
    s.train = x.train;
    s.test = 1;
    s.outputs = x.outputs;
    s.C_b = x.C_b;
    s.estimator = "two_level";
    s.widths = "[" + std::to_string(x.width) + "]";
    Data data = data_of(s);
    if (x.activation == std::string("tanh"))
      for (size_t i = 0; i < 3; i++) data.x[3 + i] = data.x[i];
    Weightless f(s, data, x.width, 1, true);
    ASSERT_EQ(f.plan.control.weightless, 1);
    EXPECT_EQ(f.fit.spread, 2 * (size_t)x.depth * f.weightless.pre.pairs + f.plan.times * f.plan.p);
    EXPECT_EQ(f.fit.values, f.fit.spread + f.plan.times * f.plan.p * (f.plan.p + 1) / 2);
    EXPECT_GT(f.fit.controls, 0u);
    Moments raw, less, control;
    for (uint64_t draw = 0; draw < 6000; draw++) {
      ASSERT_EQ(pdlt_weightless_raw(&f.weightless, draw), PDLT_OK);
      raw.add(f.weightless.value, f.fit.values);
      control.add(f.weightless.x, f.fit.controls);
      pdlt_weightless_begin(&f.weightless);
      ASSERT_EQ(pdlt_weightless_add(&f.weightless, draw), PDLT_OK);
      pdlt_weightless_mean(&f.weightless, 1);
      less.add(f.weightless.value, f.fit.values);
    }
    double total[2] = {0, 0}, spread[2] = {0, 0};
    for (size_t i = 0; i < f.fit.values; i++) {
      // B (x - mu) is the difference; its mean is 0.
      double known = f.fit.known[i], variance = 0;
      for (size_t j = 0; j < f.fit.controls; j++)
        known -= f.fit.coefficient[j * f.fit.values + i] * control.mean[j];
      EXPECT_NEAR(less.mean[i] - raw.mean[i], known, 1e-9 * (1 + std::fabs(raw.mean[i])));
      variance = (raw.variance(i) + less.variance(i)) / raw.count;
      EXPECT_LE(std::fabs(known), 5 * std::sqrt(variance) + 1e-12) << x.activation << " " << i;
      // Variances of products have heavy tails: the pilot's thousand draws know them to a factor.
      const double share = i < f.fit.spread ? 0.5 : 2;
      EXPECT_NEAR(raw.variance(i), f.fit.variance[i], share * f.fit.variance[i] + 1e-20);
      if (i < f.fit.linear) continue;
      double *of = i < f.fit.spread ? total : spread;
      of[0] += raw.variance(i);
      of[1] += less.variance(i);
      EXPECT_NEAR(less.variance(i), f.fit.left[i], (0.1 + share) * f.fit.left[i] + 1e-15);
    }
    EXPECT_LT(x.least * total[1], total[0]) << x.activation;
    EXPECT_LT(1.2 * spread[1], spread[0]) << x.activation;
  }
}

// With more samples than D^3 = 4 n^2 allows, for plain and antithetic, and where neither K nor Theta nor V is
// measured, nothing changes.
TEST(TrainerWeightless, WhoMeasuresWithoutWeights) {
  const struct {
    const char *estimator;
    int width, train, weightless;
    const char *measure = "[output, kernel, ntk]";
  } cases[] = {{"plain", 64, 2, 0},
               {"antithetic", 64, 2, 0},
               {"auto", 64, 2, 1},
               {"two_level", 4, 3, 1},
               {"control", 4, 4, 0},
               {"auto", 2, 1, 1},
               {"auto", 2, 2, 0},
               {"auto", 64, 2, 1, "[kernel]"},
               {"auto", 64, 2, 1, "[ntk]"},
               {"auto", 64, 2, 1, "[vertex]"},
               {"auto", 64, 2, 0, "[output]"}};
  for (const auto &x : cases) {
    Settings s;
    s.estimator = x.estimator;
    s.train = x.train;
    s.test = 1;
    s.measure = x.measure;
    s.widths = "[" + std::to_string(x.width) + ", 99]";
    Data data = data_of(s);
    Experiment ex(yaml(s));
    pdlt_samples problem = {};
    pdlt_plan plan = {};
    ASSERT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, nullptr), PDLT_OK);
    pdlt_plan_estimator(&plan, 0);
    EXPECT_EQ(plan.control.weightless, x.weightless)
        << x.estimator << x.width << x.train << x.measure;
    EXPECT_EQ(plan.control.samples, (size_t)x.weightless);
    pdlt_samples_free(&problem);
  }
}

TEST(TrainerWeightless, EnsemblesAgreeWithPlainNetworks) {
  const struct {
    const char *activation, *measure;
    int depth;
  } cases[] = {{"tanh", "[kernel, ntk, vertex]", 4},
               {"relu", "[kernel, ntk, vertex, ntk_fluctuations]", 3},
               {"sin", "[output, kernel, ntk, vertex]", 3}};
  for (const auto &x : cases) {
    Settings s;
    s.activation = x.activation;
    s.depth = x.depth;
    s.measure = x.measure;
    s.train = 2;
    s.test = 1;
    s.members = 12800;
    Data data = data_of(s);
    Archive plain, out;
    run(s, data, 2, 1, &plain);
    s.seed = 8;
    s.estimator = "auto";
    run(s, data, 2, 1, &out);
    const json_t *used = json_object_get(pdlt_archive_meta(&out.c), "estimator");
    EXPECT_TRUE(json_is_true(json_object_get(used, "weightless")));
    for (int l = 1; l <= x.depth; l++)
      for (const char *name : {"K", "Theta", "V"})
        expect_same(out, plain, "n8/layer" + std::to_string(l) + "/" + name);
    for (const char *name : {"n8/K", "n8/Theta"}) {
      expect_same(out, plain, name);
      EXPECT_LT(3 * square_error(out, name), square_error(plain, name)) << x.activation << name;
      EXPECT_GT(square_error(out, name), 0);
    }
    EXPECT_LT(square_error(out, "n8/V"), 1.5 * square_error(plain, "n8/V"));
  }
}

// V of given kernels is that of the same numbers through the accumulator, by hand.
TEST(TrainerWeightless, VertexFromKernels) {
  Settings s;
  s.train = 3;
  s.test = 2;
  s.measure = "[vertex]";
  s.measure_samples = 2;
  s.estimator = "auto";
  Data data = data_of(s);
  Weightless f(s, data, 8, 0, false);
  pdlt_accumulator acc = {};
  ASSERT_EQ(pdlt_accumulator_new(&acc, &f.plan, &f.net, nullptr), PDLT_OK);
  std::vector<double> record(f.plan.at.size), first(3);
  Moments moments;
  double cross = 0;
  std::vector<std::vector<double>> rows;
  for (int draw = 0; draw < 100; draw++) {
    std::vector<double> kernel(15);
    for (size_t i = 0; i < 15; i++) kernel[i] = std::sin(7.0 * draw + (double)i * i);
    pdlt_accumulator_kernel(&acc, kernel.data(), record.data());
    rows.push_back({kernel[0], kernel[1], kernel[5]});  // pairs 00, 01, 11 of five samples
    moments.add(rows.back().data(), 3);
  }
  pdlt_accumulator_flush(&acc, record.data());
  for (const auto &row : rows) cross += (row[0] - moments.mean[0]) * (row[2] - moments.mean[2]);
  EXPECT_EQ(record[f.plan.at.u_count], 100);
  EXPECT_NEAR(record[f.plan.at.u_mean + 2], moments.mean[2], 1e-14);
  EXPECT_NEAR(record[f.plan.at.u_scatter + 2], cross, 1e-12);
  pdlt_accumulator_free(&acc);
}

TEST(TrainerWeightless, ThreadsDoNotChangeABit) {
  Settings s;
  s.estimator = "auto";
  s.measure = "[kernel, ntk, vertex]";
  s.members = 2100;
  s.widths = "[4, 8]";
  s.train = 2;
  s.test = 0;
  Data data = data_of(s);
  Archive one, two;
  run(s, data, 1, 1, &one);
  run(s, data, 3, 1, &two);
  for (const char *name : {"n4/K", "n8/Theta", "n8/Theta_se", "n8/V", "n4/layer2/K"})
    for (size_t i = 0; i < one.count(name); i++) EXPECT_EQ(one.at(name, i), two.at(name, i));
}
