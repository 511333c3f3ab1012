// The figure of a function of one input given its targets: when it exists, what its caption says, what
// is drawn where; on a made-up posterior with known answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/file/file.h"
#include "compare/figure/internal.h"
#include "tests/compare/csv.h"
#include "tests/compare/fake.h"

namespace {

// Samples on a line, not in order; finite width adds what theory says and `beyond_h` h^2.
struct Bayes : Fake {
  size_t outputs = 1;
  double beyond_h = 0;
  bool first_order = true;

  Bayes() {
    kept = 0;
    noise = 1e-4;
    times = 1;
  }
  size_t P() const { return outputs * samples; }
  double X(size_t a) const { return a % 2 ? (double)a : -(double)a; }
  double Mean(size_t i, size_t a) const { return std::sin(X(a)) + 10 * (double)i; }
  double MeanSlope(size_t a) const { return 1 + 0.1 * X(a); }
  double Variance(size_t a) const { return 0.1 + 0.01 * (double)a; }
  double VarianceSlope(size_t a) const { return 0.3 * (1 + (double)a); }

  void MakeAll() {
    Make();
    double *x = New(&theory, "x", {samples, 1}), *y = New(&theory, "y", {samples, outputs});
    double *z = New(&theory, "post_z_lo", {outputs, samples}),
           *cov = New(&theory, "post_cov_lo", {outputs, samples, outputs, samples});
    double *z1 = first_order ? New(&theory, "post_z_nlo", {outputs, samples}) : nullptr;
    double *cov1 =
        first_order ? New(&theory, "post_cov_nlo", {outputs, samples, outputs, samples}) : nullptr;
    for (size_t a = 0; a < samples; a++) x[a] = X(a);
    for (size_t k = 0; k < P(); k++) {
      const size_t a = k % samples;
      y[a * outputs + k / samples] = 7 + (double)k;
      z[k] = Mean(k / samples, a);
      cov[k * (P() + 1)] = Variance(a);
      if (first_order) z1[k] = MeanSlope(a), cov1[k * (P() + 1)] = VarianceSlope(a);
    }
    for (const double n : widths) {
      std::vector<double> mean(P()), spread(P() * P());
      for (size_t k = 0; k < P(); k++) {
        const size_t a = k % samples;
        mean[k] = Mean(k / samples, a) + MeanSlope(a) / n + beyond_h / n / n;
        spread[k * (P() + 1)] = Variance(a) + VarianceSlope(a) / n + beyond_h / n / n;
      }
      AddMeasured(n, "post_z", {outputs, samples}, mean, noise);
      AddMeasured(n, "post_cov", {outputs, samples, outputs, samples}, spread, noise);
    }
    json_t *experiment = json_object_get(measured.meta, "experiment");
    json_object_set_new(experiment, "posterior", json_pack("{s:f}", "noise", 0.25));
  }
  // Caption, and the numbers of the drawing; "" where there is none.
  std::string Draw(std::vector<CsvRow> *drawn = nullptr) const {
    pdlt_figure_list list{};
    pdlt_error err;
    const pdlt_figure_input in = Input();
    char name[] = "/tmp/pdlt_posterior_XXXXXX";
    const std::string folder = mkdtemp(name);
    pdlt_figure_job job{&in, folder.c_str(), {}, &list, nullptr};
    EXPECT_EQ(pdlt_figure_posterior(&job, &err), PDLT_OK) << err.message;
    const std::string caption = list.count ? list.items[0].caption : "";
    pdlt_figure_list_free(&list);
    if (drawn) *drawn = ReadCsv(folder + "/posterior.csv");
    std::filesystem::remove_all(folder);
    return caption;
  }
};

TEST(FigurePosterior, DistancesOfTheNarrowestAndTheWidest) {
  Bayes fake;
  fake.beyond_h = 8;
  fake.MakeAll();
  const std::string caption = fake.Draw();
  double square = 0, spread = 0;
  for (size_t a = 0; a < fake.samples; a++) {
    const double first = fake.Variance(a) + fake.VarianceSlope(a) / 16;
    square += std::pow(fake.MeanSlope(a) / 16 + 8.0 / 256, 2) / (double)fake.samples;
    spread += std::pow(std::sqrt(first + 8.0 / 256) - std::sqrt(first), 2) / (double)fake.samples;
  }
  const std::string narrow = caption.substr(caption.find("At <i>n</i> = 16"));
  EXPECT_NEAR(NumberAfter(narrow, "means are off infinite width by ") / std::sqrt(square), 1, 0.05)
      << narrow;
  EXPECT_NEAR(NumberAfter(narrow, "and order 1/<i>n</i> by "), 8.0 / 256, 2e-3) << narrow;
  EXPECT_NEAR(NumberAfter(narrow.substr(narrow.find("deviations")), "order 1/<i>n</i> by ") /
                  std::sqrt(spread),
              1, 0.05)
      << narrow;
  EXPECT_TRUE(Has(narrow, "At <i>n</i> = 128 means")) << narrow;
  EXPECT_TRUE(Has(caption, "given 4 training targets with noise of variance 0.25")) << caption;
  EXPECT_TRUE(Has(caption, "at 6 of 6 samples")) << caption;
}

// Three widths, sorted inputs; band, edges, marks and targets where the arrays have them.
TEST(FigurePosterior, DrawsWhatTheArraysHold) {
  Bayes fake;
  fake.outputs = 2;
  fake.MakeAll();
  std::vector<CsvRow> rows;
  const std::string caption = fake.Draw(&rows);
  EXPECT_TRUE(Has(caption, "The function (first output) given")) << caption;
  const double widths[] = {16, 32, 128};
  for (int panel = 1; panel <= 3; panel++) {
    const double h = 1 / widths[panel - 1];
    const auto wide = CurveOf(rows, panel, "band, infinite width"),
               mean = CurveOf(rows, panel, "mean, order 1/n"),
               low = CurveOf(rows, panel, "lower edge, order 1/n"),
               high = CurveOf(rows, panel, "upper edge, order 1/n"),
               marks = CurveOf(rows, panel, "measured mean"),
               top = CurveOf(rows, panel, "measured, upper edge"),
               targets = CurveOf(rows, panel, "training target");
    for (const auto *curve : {&wide, &mean, &low, &high, &marks, &top})
      ASSERT_EQ(curve->size(), fake.samples) << panel;
    ASSERT_EQ(targets.size(), 4u);
    EXPECT_EQ(wide[0].title, "n = " + std::to_string((int)widths[panel - 1]));
    for (size_t k = 0; k < fake.samples; k++) {
      size_t a = 0;
      while (fake.X(a) != wide[k].x) a++;
      EXPECT_TRUE(k == 0 || wide[k].x > wide[k - 1].x);
      const double sd = std::sqrt(fake.Variance(a)),
                   first = fake.Mean(0, a) + h * fake.MeanSlope(a),
                   first_sd = std::sqrt(fake.Variance(a) + h * fake.VarianceSlope(a));
      EXPECT_NEAR(wide[k].low, fake.Mean(0, a) - 2 * sd, 1e-12);
      EXPECT_NEAR(wide[k].high, fake.Mean(0, a) + 2 * sd, 1e-12);
      EXPECT_NEAR(mean[k].y, first, 1e-12);
      EXPECT_NEAR(low[k].y, first - 2 * first_sd, 1e-12);
      EXPECT_NEAR(high[k].y, first + 2 * first_sd, 1e-12);
      EXPECT_NEAR(marks[k].y, first, 1e-3);
      EXPECT_NEAR(top[k].y, first + 2 * first_sd, 1e-3);
      const double mean_se = marks[k].high - marks[k].y;
      EXPECT_NEAR(std::pow(top[k].high - top[k].y, 2),
                  mean_se * mean_se * (1 + 1 / (first_sd * first_sd)),
                  mean_se * mean_se / (first_sd * first_sd));
    }
    for (const CsvRow &target : targets) {
      size_t a = 0;
      while (fake.X(a) != target.x) a++;
      EXPECT_EQ(target.y, 7 + (double)a);
    }
  }
  const auto slope = CurveOf(rows, 5, "theory, coefficient of h"),
             level = CurveOf(rows, 5, "measured change, n = 16");
  ASSERT_EQ(slope.size(), fake.samples);
  ASSERT_EQ(level.size(), fake.samples);
  for (size_t k = 0; k < fake.samples; k++) EXPECT_NEAR(level[k].y, slope[k].y, 0.02);
}

TEST(FigurePosterior, WithoutOrderOneAndOfFewerSamples) {
  Bayes fake;
  pdlt_figure_keys keys{};
  keys.samples[0] = 1, keys.samples[1] = 6, keys.num_samples = 2;
  fake.first_order = false;
  fake.widths = {16};
  fake.keys = &keys;
  fake.MakeAll();
  std::vector<CsvRow> rows;
  const std::string caption = fake.Draw(&rows);
  EXPECT_TRUE(Has(caption, "at 2 of 6 samples")) << caption;
  EXPECT_FALSE(Has(caption, "order")) << caption;
  EXPECT_EQ(CurveOf(rows, 1, "measured mean").size(), 2u);
  EXPECT_EQ(CurveOf(rows, 1, "training target").size(), 1u);
  EXPECT_TRUE(CurveOf(rows, 4, "measured change, n = 16").empty());
  EXPECT_EQ(rows.back().panel, 3);
}

TEST(FigurePosterior, NothingWithoutData) {
  Bayes without;
  without.Make();
  EXPECT_EQ(without.Draw(), "");
  for (const char *name : {"n64/post_z", "n16/post_cov_se"}) {
    Bayes fake;
    fake.MakeAll();
    for (size_t i = 0; i < fake.measured.count; i++)
      if (std::string(fake.measured.entries[i].name) == name)
        fake.measured.entries[i].name[0] = 'x';
    EXPECT_EQ(fake.Draw(), "") << name;
  }
  Bayes plane;  // two inputs: no line
  plane.MakeAll();
  for (size_t i = 0; i < plane.theory.count; i++)
    if (std::string(plane.theory.entries[i].name) == "x") plane.theory.entries[i].array.dim[1] = 2;
  EXPECT_EQ(plane.Draw(), "");
}

}  // namespace
