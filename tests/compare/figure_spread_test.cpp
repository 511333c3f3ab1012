// Figures of spread and losses on a made-up comparison with known answers: when they exist, what
// their captions say.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file/file.h"
#include "compare/figure/internal.h"
#include "tests/compare/fake.h"

namespace {

// The made-up comparison with covariances, parts of the losses and losses of single samples; the
// effect of finite width on the variance is `spread` times what theory says.
struct Trained : Fake {
  double spread = 1;

  Trained() {
    nlo = order1 = true;
    times = 12;
    noise = 1e-4;
  }
  double Variance(size_t t, size_t a) const {
    return Decay(t, a) * Decay(t, a) * Matrix(a, a, 0.3) + 0.01;
  }
  double VarianceSlope(size_t t, size_t a) const { return 0.5 * (1 + (double)a) * Decay(t, 0); }
  double SampleSlope(size_t t, size_t a) const { return (a % 2 ? -1 : 1) * (1 + Decay(t, 0)); }

  void MakeAll() {
    Make();
    const size_t D = samples;
    double *nlo_cov = New(&theory, First("cov_nlo"), {times, 1, D, 1, D});
    double *lo = New(&theory, "loss_sample_lo", {times, D}),
           *slope = New(&theory, First("loss_sample_nlo"), {times, D});
    for (size_t t = 0; t < times; t++)
      for (size_t a = 0; a < D; a++) {
        nlo_cov[(t * D + a) * D + a] = VarianceSlope(t, a);
        lo[t * D + a] = 1;
        slope[t * D + a] = SampleSlope(t, a);
      }
    for (const char *part : {"_bias", "_variance"})
      for (const bool train : {true, false})
        for (const char *order : {"_lo", "_nlo"}) {
          const std::string name = (train ? "loss_train" : "loss_test") + std::string(order) + part;
          double *x = New(&theory, order[1] == 'l' ? name : First(name), {times});
          for (size_t t = 0; t < times; t++)
            x[t] = (order[1] == 'l' ? Loss(t, train) : LossSlope(t, train)) / 2;
        }
    for (const double n : widths) {
      std::vector<double> cov(times * D * D), sample;
      for (size_t t = 0; t < times; t++)
        for (size_t a = 0; a < D; a++) {
          cov[(t * D + a) * D + a] = Variance(t, a) + spread * VarianceSlope(t, a) * Unit(n);
          sample.push_back(1 + SampleSlope(t, a) * Unit(n));
        }
      AddMeasured(n, "cov", {times, 1, D, 1, D}, cov, noise);
      AddMeasured(n, "loss_sample", {times, D}, sample, noise);
    }
  }
  std::string Caption(pdlt_status (*figure)(pdlt_figure_job *, pdlt_error *)) const {
    pdlt_figure_list list{};
    pdlt_error err;
    const pdlt_figure_input in = Input();
    char name[] = "/tmp/pdlt_spread_XXXXXX";
    const std::string folder = mkdtemp(name), path = folder + "/figures";
    EXPECT_EQ(pdlt_folder_make(path.c_str(), &err), PDLT_OK);
    pdlt_figure_job job{&in, path.c_str(), {}, &list, nullptr};
    EXPECT_EQ(figure(&job, &err), PDLT_OK) << err.message;
    const std::string caption = list.count ? list.items[0].caption : "";
    pdlt_figure_list_free(&list);
    std::filesystem::remove_all(folder);
    return caption;
  }
};

// Both at order 1/n and at order n^(-1/2).
TEST(FigureSpread, ShareOfVariancesThatAgree) {
  Trained half;
  half.power = 0.5;
  half.MakeAll();
  const std::string kink = half.Caption(pdlt_figure_spread);
  EXPECT_GT(NumberAfter(kink, "infinite width, "), 85) << kink;
  EXPECT_TRUE(Has(kink, "divided by <i>h</i><sup>1/2</sup>")) << kink;
  EXPECT_FALSE(Has(kink, "1/<i>n</i>")) << kink;
  Trained right;
  right.MakeAll();
  const std::string caption = right.Caption(pdlt_figure_spread);
  EXPECT_LT(NumberAfter(caption, "At <i>n</i> = 16, "), 20) << caption;
  EXPECT_GT(NumberAfter(caption, "infinite width, "), 85) << caption;
  Trained wrong;
  wrong.spread = -1;
  wrong.MakeAll();
  EXPECT_LT(NumberAfter(wrong.Caption(pdlt_figure_spread), "infinite width, "), 20);
}

const char *const kHalf =
    "<i>n</i><sup>\xe2\x88\x92"
    "1/2</sup>";

TEST(FigureLossWidth, NumbersOfTheSmallestWidth) {
  for (const double power : {1.0, 0.5}) {
    Trained fake;
    fake.power = power;
    fake.MakeAll();
    const std::string caption = fake.Caption(pdlt_figure_loss_width);
    const size_t last = fake.times - 1;
    const double lo = fake.Loss(last, false), slope = fake.LossSlope(last, false);
    const std::string test = caption.substr(caption.find("Test loss at"));
    const std::string order = power < 1 ? kHalf : "1/<i>n</i>";
    EXPECT_NEAR(NumberAfter(test, "<i>n</i> = 16: "), lo + slope * fake.Unit(16), 1e-3) << caption;
    EXPECT_NEAR(NumberAfter(test, "infinite width "), lo, 1e-3);
    EXPECT_NEAR(NumberAfter(test, "order " + order + " "), lo + slope * fake.Unit(16), 1e-3);
  }
}

TEST(FigureBenefit, CountsSamplesThatGain) {
  for (const double power : {1.0, 0.5}) {
    Trained fake;  // 4 training, 2 test samples: one slope up, one down
    fake.power = power;
    fake.MakeAll();
    const std::string caption = fake.Caption(pdlt_figure_benefit);
    EXPECT_TRUE(Has(caption, "helps on 1 of 2 test samples")) << caption;
    EXPECT_TRUE(Has(caption, "hurts on all together: by ")) << caption;
    EXPECT_EQ(Has(caption, "<sup>1/2</sup>"), power < 1) << caption;
    const size_t last = fake.times - 1;
    EXPECT_NEAR(NumberAfter(caption, "hurts on all together: by "),
                100 * fake.LossSlope(last, false) * fake.Unit(16) / fake.Loss(last, false), 0.5);
  }
}

// Members at initialization with the variance and fourth cumulant of theory: a normal number times
// one of two scales; `factor` times the cumulant.
std::string DensityCaption(double factor, size_t members) {
  Trained fake;
  fake.times = 2;
  fake.kept = 0;
  fake.MakeAll();
  const size_t far = 3;  // the sample with the largest V_1111/K^2 in theory, which is shown
  const double K = fake.Matrix(far, far, 0.6), V = fake.Tensor("V", far * (1 + 4 + 16 + 64));
  for (const double n : fake.widths) {
    char name[64];
    std::snprintf(name, sizeof name, "n%.0f/samples/z", n);
    double *z = fake.New(&fake.measured, name, {members, 2, 1, fake.samples});
    const double scale = std::sqrt(factor * V / (K * K) / n);
    for (size_t m = 0; m < members; m++)
      for (size_t a = 0; a < fake.samples; a++)
        z[m * 2 * fake.samples + a] =
            std::sqrt(fake.Matrix(a, a, 0.6) * (1 + (m % 2 ? scale : -scale))) * fake.Normal();
  }
  return fake.Caption(pdlt_figure_density);
}

TEST(FigureDensity, VerdictOnTheFourthCumulant) {
  const std::string right = DensityCaption(1, 60000), wrong = DensityCaption(4, 60000);
  EXPECT_TRUE(Has(right, "Verdict: agree.")) << right;
  EXPECT_TRUE(Has(wrong, "Verdict: disagree.")) << wrong;
  EXPECT_TRUE(Has(DensityCaption(1, 1000), "Verdict: undecided."));
  EXPECT_EQ(DensityCaption(1, 999), "");  // too few for a histogram
}

TEST(FigureSpread, NothingWithoutData) {
  Fake plain;
  plain.Make();
  pdlt_figure_list list{};
  pdlt_error err;
  const pdlt_figure_input in = plain.Input();
  pdlt_figure_job job{&in, "/nowhere", {}, &list, nullptr};
  for (auto *figure : {pdlt_figure_spread, pdlt_figure_loss_width, pdlt_figure_benefit,
                       pdlt_figure_density, pdlt_figure_posterior})
    EXPECT_EQ(figure(&job, &err), PDLT_OK) << err.message;
  EXPECT_EQ(list.count, 0u);
}

}  // namespace
