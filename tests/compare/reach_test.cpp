/* reach_test.cpp - what is reported of each width. */
#include "compare/reach/reach.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compare/reach/stored.h"
#include "compare/statistics/distribution.h"

namespace {

void put(pdlt_archive *archive, const char *name, std::initializer_list<size_t> dim,
         std::initializer_list<double> values) {
  pdlt_array *array = nullptr;
  ASSERT_EQ(pdlt_archive_new(archive, name, int(dim.size()), dim.begin(), &array, nullptr),
            PDLT_OK);
  std::copy(values.begin(), values.end(), array->data);
}

struct Reach {
  explicit Reach(const pdlt_archive &theory) {
    EXPECT_EQ(pdlt_reach_theory_new(&of_theory, &theory, nullptr, nullptr), PDLT_OK);
  }
  ~Reach() { pdlt_reach_theory_free(of_theory); }
  pdlt_reach At(double h, double unstable = NAN) const {
    pdlt_reach out = {};
    EXPECT_EQ(pdlt_reach_at(&out, of_theory, h, unstable, nullptr), PDLT_OK);
    return out;
  }
  double Largest() const {
    double h = 0;
    EXPECT_EQ(pdlt_reach_largest_h(of_theory, &h, nullptr), PDLT_OK);
    return h;
  }
  pdlt_reach_theory *of_theory = nullptr;
};

// What an archive holds of g is found again, at the nearest h.
TEST(Reach, StoredNumbersComeBack) {
  pdlt_archive archive = {};
  EXPECT_EQ(pdlt_reach_stored_get(&archive).num, 0u);
  put(&archive, "reach/h", {3}, {0.1, 0.02, 0.005});
  put(&archive, "reach/g", {3}, {0.6, 0.11, 0.02});
  EXPECT_EQ(pdlt_reach_stored_get(&archive).num, 0u);  // its limit is missing
  put(&archive, "reach/largest_h", {}, {0.083});
  const pdlt_reach_stored stored = pdlt_reach_stored_get(&archive);
  ASSERT_EQ(stored.num, 3u);
  EXPECT_EQ(stored.h[1], 0.02);
  EXPECT_EQ(stored.g[2], 0.02);
  EXPECT_EQ(stored.largest_h, 0.083);
  EXPECT_EQ(pdlt_reach_stored_g(&stored, 0.02), 0.11);
  pdlt_archive_free(&archive);
}

TEST(Reach, WithoutCorrectionsEverythingIsWithin) {
  pdlt_archive theory = {};
  const Reach reach(theory);
  const pdlt_reach at = reach.At(0.1);
  EXPECT_TRUE(at.in_reach);
  EXPECT_TRUE(std::isnan(at.correction) && std::isnan(at.g) && std::isnan(at.ntk_spread));
  EXPECT_EQ(reach.Largest(), INFINITY);
  pdlt_archive_free(&theory);
}

/* Tensors that were cut to their first samples say nothing of all. */
TEST(Reach, CutTensorsAreNotReadBeyondTheirEnd) {
  pdlt_archive theory = {};
  std::vector<double> theta(60 * 60, 1.0);
  pdlt_array *array = nullptr;
  const size_t dim[2] = {60, 60};
  ASSERT_EQ(pdlt_archive_new(&theory, "Theta", 2, dim, &array, nullptr), PDLT_OK);
  std::copy(theta.begin(), theta.end(), array->data);
  put(&theory, "A", {1, 1, 1, 1}, {2});
  put(&theory, "B", {1, 1, 1, 1}, {3});
  EXPECT_TRUE(std::isnan(Reach(theory).At(0.1).ntk_spread));
  pdlt_archive_free(&theory);
}

// Two times, one output, one train and one test sample.
void put_theory(pdlt_archive *theory) {
  put(theory, "z_lo", {2, 1, 2}, {0, 0, 3, 4});
  put(theory, "z_nlo", {2, 1, 2}, {0, 0, -6, 8});
  put(theory, "cov_lo", {2, 1, 2, 1, 2}, {4, 1, 1, 5, 1, 0, 0, 1});
  put(theory, "cov_nlo", {2, 1, 2, 1, 2}, {0, 0, 0, 0, -2, 0, 0, 2});
  put(theory, "loss_test_lo", {2}, {3, 4});
  put(theory, "loss_test_nlo", {2}, {0, 10});
  put(theory, "Theta", {1, 1}, {4});
  put(theory, "Theta1", {1, 1}, {2});
  put(theory, "A", {1, 1, 1, 1}, {2});
  put(theory, "B", {1, 1, 1, 1}, {3});
}

TEST(Reach, SizesOfTheCorrections) {
  pdlt_archive theory = {};
  put_theory(&theory);
  const Reach reach(theory);
  const pdlt_reach at = reach.At(0.2, 3e-6);
  EXPECT_NEAR(at.correction, 0.2 * std::sqrt(100.0 / (25 + 4 + 5 + 1 + 1)), 1e-14);
  EXPECT_NEAR(at.correction_cov, 0.2 * std::sqrt(8.0 / 45), 1e-14);
  EXPECT_NEAR(at.correction_loss, 0.2 * 2, 1e-14);
  EXPECT_NEAR(at.correction_ntk, 0.2 * 0.5, 1e-14);
  EXPECT_NEAR(at.ntk_spread, std::sqrt(0.2 * 8) / 4, 1e-15);
  EXPECT_EQ(at.negative, 0);
  EXPECT_TRUE(at.in_reach) << at.reason;
  EXPECT_TRUE(std::isnan(at.g));  // no y
  // the loss first: 2 h = 0.5; then the variance, 1 - 2 h = -0.01 of the 4 it begins with
  EXPECT_NEAR(reach.Largest(), 0.25, 1e-14);
  EXPECT_FALSE(reach.At(0.2501).in_reach);
  EXPECT_NE(std::string(reach.At(0.26).reason).find("the expected loss by 52 %"),
            std::string::npos);
  EXPECT_NEAR(reach.At(1).negative, -1.0 / 4, 1e-14);
  EXPECT_NE(std::string(reach.At(0.1, 2e-5).reason).find("unstable"), std::string::npos);
  pdlt_archive_free(&theory);
}

// With a kink the arrays of h^(1/2) take the place of those of h, which are not read.
TEST(Reach, SizesOfHalfPowers) {
  pdlt_archive theory = {};
  put_theory(&theory);
  json_object_set_new(pdlt_archive_meta(&theory), "experiment",
                      json_pack("{s:{s:s}}", "network", "activation", "leaky_relu(0.1)"));
  {
    const Reach reach(theory);
    const pdlt_reach at = reach.At(0.25);
    EXPECT_TRUE(std::isnan(at.correction) && std::isnan(at.correction_cov));
    EXPECT_TRUE(std::isnan(at.correction_loss));
    EXPECT_EQ(at.negative, 0);
    EXPECT_NEAR(at.correction_ntk, 0.25 * 0.5, 1e-14);  // at the start, in powers of h
    EXPECT_EQ(reach.Largest(), INFINITY);
    EXPECT_TRUE(std::isnan(pdlt_reach_correction_h(reach.of_theory, 0.1)));
  }
  put(&theory, "z_half", {2, 1, 2}, {0, 0, -3, 4});
  put(&theory, "cov_half", {2, 1, 2, 1, 2}, {0, 0, 0, 0, -1, 0, 0, 1});
  put(&theory, "loss_test_half", {2}, {0, 5});
  put(&theory, "Theta_t_half", {2, 1, 1, 1, 1}, {0, 4});
  const Reach reach(theory);
  const double h = 0.04, unit = 0.2;
  const pdlt_reach at = reach.At(h);
  EXPECT_EQ(at.power, 0.5);
  EXPECT_NEAR(at.correction, unit * std::sqrt(25.0 / (25 + 4 + 5 + 1 + 1)), 1e-14);
  EXPECT_NEAR(at.correction_cov, unit * std::sqrt(2.0 / 45), 1e-14);
  EXPECT_NEAR(at.correction_loss, unit, 1e-14);
  EXPECT_NEAR(at.correction_ntk, unit * std::sqrt(0.5), 1e-14);
  EXPECT_NEAR(at.ntk_spread, std::sqrt(h * 8) / 4, 1e-15);
  // the loss first: h^(1/2) = 0.5; its correction is the largest, 10 % at h^(1/2) = 0.1
  EXPECT_NEAR(reach.Largest(), 0.25, 1e-14);
  EXPECT_NEAR(pdlt_reach_correction_h(reach.of_theory, 0.1), 0.01, 1e-15);
  EXPECT_NE(std::string(reach.At(0.26).reason).find("order 1/sqrt(n) corrects the expected loss"),
            std::string::npos);
  EXPECT_NEAR(reach.At(4).negative, -1.0 / 4, 1e-14);  // 1 - 2 of the 4 it begins with
  pdlt_archive_free(&theory);
}

// The largest of three corrections; that of the NTK before training goes in powers of h.
TEST(Reach, WidthOfACorrection) {
  pdlt_archive theory = {};
  put_theory(&theory);
  const Reach reach(theory);
  EXPECT_NEAR(pdlt_reach_correction_h(reach.of_theory, 0.1), 0.05, 1e-15);  // the loss, 2 h
  pdlt_archive_free(&theory);
  json_object_set_new(pdlt_archive_meta(&theory), "experiment",
                      json_pack("{s:{s:s}}", "network", "activation", "relu"));
  put(&theory, "z_lo", {1, 1, 1}, {1});
  put(&theory, "z_half", {1, 1, 1}, {0.1});
  put(&theory, "cov_lo", {1, 1, 1, 1, 1}, {0});
  put(&theory, "Theta", {1, 1}, {1});
  put(&theory, "Theta1", {1, 1}, {4});
  const Reach kink(theory);
  EXPECT_NEAR(pdlt_reach_correction_h(kink.of_theory, 0.2), 0.05, 1e-15);   // 4 h
  EXPECT_NEAR(pdlt_reach_correction_h(kink.of_theory, 1e-4), 1e-6, 1e-18);  // 0.1 h^(1/2)
  pdlt_archive_free(&theory);
}

// Networks that are not trained are within reach whatever training would do to them.
TEST(Reach, TheStartAlone) {
  for (const double last : {0.0, 1.0}) {
    pdlt_archive theory = {};
    put_theory(&theory);
    put(&theory, "times", {2}, {0, last});
    const Reach reach(theory);
    EXPECT_EQ(reach.At(1, 0.5).in_reach, last == 0);
    EXPECT_EQ(std::isinf(reach.Largest()), last == 0);
    pdlt_archive_free(&theory);
  }
}

TEST(Reach, NegativePredictionsAreOut) {
  pdlt_archive theory = {};
  put(&theory, "loss_train_lo", {3}, {10, 1, 0.5});
  put(&theory, "loss_train_nlo", {3}, {5, -2, 0.1});
  const Reach reach(theory);
  EXPECT_NEAR(reach.Largest(), 1.1 / 2, 1e-14);  // 1 - 2 h = -0.01 * 10
  EXPECT_TRUE(reach.At(0.549).in_reach);
  const pdlt_reach at = reach.At(0.56);
  EXPECT_FALSE(at.in_reach);
  EXPECT_NE(std::string(at.reason).find("negative loss or variance"), std::string::npos);
  pdlt_archive_free(&theory);
}

// One train sample: the rule is what gaussian_ntk.h says of it.
TEST(Reach, GaussianNtk) {
  pdlt_archive theory = {};
  put(&theory, "Theta", {1, 1}, {1});
  put(&theory, "A", {1, 1, 1, 1}, {1});
  put(&theory, "B", {1, 1, 1, 1}, {1});
  put(&theory, "y", {1, 1}, {1});
  put(&theory, "times", {2}, {0, 20});
  json_object_set_new(pdlt_archive_meta(&theory), "experiment",
                      json_pack("{s:{s:i}, s:{s:f}}", "data", "train", 1, "training", "eta", 0.2));
  const Reach reach(theory);
  const double h = reach.Largest();
  EXPECT_TRUE(h > 1e-4 && h < 0.1) << h;
  EXPECT_TRUE(reach.At(h).in_reach);
  EXPECT_LE(reach.At(h).g, PDLT_REACH_G);
  EXPECT_GT(reach.At(1.1 * h).g, PDLT_REACH_G);
  EXPECT_FALSE(reach.At(1.1 * h).in_reach);
  EXPECT_NE(std::string(reach.At(2 * h).reason).find("NTK fluctuates"), std::string::npos);
  pdlt_archive_free(&theory);
}

// The larger of the run's count and the pilot's estimate; the pilot names the width.
TEST(Reach, RunAndPilot) {
  const struct {
    double counted, estimated, stable_width, expected, width;
  } cases[] = {{0, 3e-4, 40, 3e-4, 40},
               {2e-3, 3e-4, 40, 2e-3, 40},
               {2e-3, 1e-7, 8, 2e-3, pdlt_reach_stable_width(8, 2e-3)},
               {0, 0.6, INFINITY, 0.6, INFINITY},
               {0, 1e-7, 8, 1e-7, NAN}};
  for (const auto &c : cases) {
    pdlt_archive theory = {}, measured = {};
    put(&measured, "n8/unstable", {}, {c.counted});
    put(&measured, "n8/top_share", {}, {0.125});
    json_t *entry = json_pack("{s:i, s:f}", "width", 8, "share", c.estimated);
    json_object_set_new(entry, "stable_width",
                        std::isinf(c.stable_width) ? json_null() : json_real(c.stable_width));
    json_object_set_new(pdlt_archive_meta(&measured), "stability",
                        json_pack("[{s:i, s:f}, o]", "width", 4, "share", 0.9, entry));
    const Reach of_theory(theory);
    pdlt_reach reach = {};
    ASSERT_EQ(pdlt_reach_of_width(&reach, of_theory.of_theory, &measured, 8, 0.5, nullptr),
              PDLT_OK);
    EXPECT_EQ(reach.unstable, c.expected);
    EXPECT_EQ(reach.top_share, 0.125);
    EXPECT_EQ(reach.in_reach, std::isnan(c.width));
    if (std::isnan(c.width))
      EXPECT_TRUE(std::isnan(reach.stable_width));
    else
      EXPECT_EQ(reach.stable_width, c.width);
    pdlt_archive_free(&theory);
    pdlt_archive_free(&measured);
  }
}

/* At the width named, a normal eigenvalue has just the allowed share. */
TEST(Reach, StableWidth) {
  for (double share : {0.3, 1e-2, 1e-4}) {
    const double n = pdlt_reach_stable_width(16, share);
    EXPECT_GT(n, 16);
    const double distance = pdlt_normal_upper_quantile(share) * std::sqrt(n / 16);
    EXPECT_NEAR(0.5 * std::erfc(distance / std::sqrt(2.0)), PDLT_UNSTABLE_SHARE, 1e-10);
  }
  EXPECT_TRUE(std::isinf(pdlt_reach_stable_width(16, 0.5)));
}

}  // namespace
