// Which entry of one archive answers to which of the other.
#include "compare/join/join.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "tests/compare/support.h"

namespace {

using support::Pair;
using support::Setting;
using support::Truth;

size_t kind_of(const char *name) {
  for (size_t k = 0; k < pdlt_join_kinds(); k++)
    if (!strcmp(pdlt_join_name(k), name)) return k;
  throw std::runtime_error("no such quantity");
}

class Join : public testing::Test {
 protected:
  void measure(const std::string &name, std::vector<size_t> dims, std::vector<double> times) {
    std::mt19937_64 rng(1);
    s.blocks = 32;
    Truth t = support::random_truth(name, std::move(dims), 0.1, rng);
    support::put_meta(&pair.theory, "theory", s);
    support::start_measured(&pair.measured, s);
    support::add_measured(&pair.measured, s, t, rng);
    if (!times.empty()) support::add_values(&pair.measured, "times", {times.size()}, times);
  }
  pdlt_status read(const char *name) {
    pdlt_join_setup setup{};
    pdlt_status status = pdlt_join_setup_read(&setup, &pair.theory, &pair.measured, nullptr, &err);
    EXPECT_EQ(status, PDLT_OK) << err.message;
    status = pdlt_join_read(&join, kind_of(name), &setup, &pair.theory, &pair.measured, &err);
    pdlt_join_setup_free(&setup);
    return status;
  }
  void TearDown() override { pdlt_join_free(&join); }
  std::vector<double> counting(size_t count) {
    std::vector<double> values;
    for (size_t i = 0; i < count; i++) values.push_back(double(i + 1));
    return values;
  }
  Setting s;
  Pair pair;
  pdlt_join join{};
  pdlt_error err{};
};

TEST_F(Join, MeanNtkAtTimesIsThetaBetweenEqualOutputs) {
  measure("Theta_t", {2, 2, 3, 2, 3}, {0, 5});
  support::add_values(&pair.theory, "Theta", {3, 3}, counting(9));
  support::add_values(&pair.theory, "Theta_t_nlo", {2, 2, 3, 2, 3}, counting(72));
  ASSERT_EQ(read("Theta_t"), PDLT_OK) << err.message;
  ASSERT_EQ(join.count, 72u);
  for (size_t k = 0; k < 72; k++) {
    const size_t *i = join.index + 4 * k;
    EXPECT_EQ(join.lo[k], i[0] == i[2] ? double(3 * i[1] + i[3] + 1) : 0);
    EXPECT_EQ(join.nlo[k], double(k + 1));
    EXPECT_EQ(join.time[k], k < 36 ? 0 : 5);
  }
}

TEST_F(Join, MeanDntkVanishesAtInfiniteWidth) {
  measure("dTheta_t", {2, 1, 2, 1, 2, 1, 2}, {0, 5});
  support::add_values(&pair.theory, "dTheta_t_nlo", {2, 1, 3, 1, 3, 1, 3}, counting(54));
  ASSERT_EQ(read("dTheta_t"), PDLT_OK) << err.message;
  ASSERT_EQ(join.count, 16u);
  EXPECT_EQ(join.vanishes, 1);
  EXPECT_EQ(join.second, 1);
  for (size_t k = 0; k < 16; k++) {
    const size_t *i = join.index + 6 * k;
    EXPECT_EQ(join.lo[k], 0);
    EXPECT_EQ(join.nlo[k], double(27 * (k / 8) + 9 * i[1] + 3 * i[3] + i[5] + 1));
  }
}

TEST_F(Join, TakesTheLeadingCorner) {
  measure("V", {2, 2, 2, 2}, {});
  support::add_values(&pair.theory, "V", {3, 3, 3, 3}, counting(81));
  ASSERT_EQ(read("V"), PDLT_OK) << err.message;
  ASSERT_EQ(join.count, 16u);
  for (size_t k = 0; k < 16; k++) {
    const size_t *i = join.index + 4 * k;
    EXPECT_EQ(join.lo[k], double(27 * i[0] + 9 * i[1] + 3 * i[2] + i[3] + 1));
  }
  EXPECT_EQ(join.second, 0);
}

TEST_F(Join, TheEndIsNotReadTwice) {
  measure("z_end", {1, 2}, {0, INFINITY});
  support::add_values(&pair.theory, "z_end_lo", {1, 2}, {1, 2});
  ASSERT_EQ(read("z_end"), PDLT_OK);
  EXPECT_EQ(join.count, 0u);
  pdlt_archive_get(&pair.measured, "times")->data[1] = 100;
  ASSERT_EQ(read("z_end"), PDLT_OK);
  EXPECT_EQ(join.count, 2u);
  EXPECT_TRUE(std::isinf(join.time[0]));
  EXPECT_GE(join.floor[0], 1e-9);
}

TEST_F(Join, ShapesThatDoNotFitAreRefused) {
  measure("K", {2, 3}, {});
  support::add_values(&pair.theory, "K", {2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(read("K"), PDLT_ERR_INPUT);
  EXPECT_NE(strstr(err.message, "K: index 1 has length 2 in theory, 3 measured"), nullptr)
      << err.message;
  EXPECT_EQ(join.count, 0u);
}

TEST_F(Join, TheoryMustBeFinite) {
  measure("K", {1, 1}, {});
  support::add_values(&pair.theory, "K", {1, 1}, {NAN});
  EXPECT_EQ(read("K"), PDLT_ERR_INPUT);
}

TEST_F(Join, EqualMeasurementsOfDifferentPredictionsStayApart) {
  measure("K", {1, 2}, {});
  for (double n : s.widths)
    for (const char *name : {"K", "K_se"}) {
      double *x = pdlt_archive_get(&pair.measured, support::at_width(n, name).c_str())->data;
      x[1] = x[0];
    }
  support::add_values(&pair.theory, "K", {1, 2}, {1, 1});
  ASSERT_EQ(read("K"), PDLT_OK);
  EXPECT_EQ(join.distinct[0], 1);
  EXPECT_EQ(join.distinct[1], 0);
  pdlt_join_free(&join);
  pdlt_archive_get(&pair.theory, "K")->data[1] = 1.1;
  ASSERT_EQ(read("K"), PDLT_OK);
  EXPECT_EQ(join.distinct[1], 1);
}

// Parts of a loss are quantities of their own; where the coefficient of h is 0 at all times to
// within its error only infinite width is tested.
TEST_F(Join, LossPartsAndVanishingCoefficients) {
  for (const double slope : {0.0, 2e-9, 0.5}) {
    pdlt_archive_free(&pair.theory);
    pdlt_archive_free(&pair.measured);
    measure("loss_train_bias", {2}, {0, INFINITY});
    support::add_values(&pair.theory, "loss_train_lo_bias", {2}, {1, 0});
    support::add_values(&pair.theory, "loss_train_nlo_bias", {2}, {0, slope});
    support::add_values(&pair.theory, "err/loss_train_nlo_bias", {}, {1e-9});
    ASSERT_EQ(read("loss_train_bias"), PDLT_OK) << err.message;
    ASSERT_EQ(join.count, 2u);
    EXPECT_EQ(join.ndim, 0);
    EXPECT_EQ(join.lo[0], 1);
    EXPECT_EQ(join.second, slope > 1e-9);
    pdlt_join_free(&join);
  }
}

}  // namespace
