// Networks whose activation has a kink: trained quantities go in powers of h^(1/2), and the first
// coefficient is that of NAME_half.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "compare/join/join.h"
#include "compare/reach/reach.h"
#include "tests/compare/comparison.h"

namespace {

using support::Pair;
using support::Result;
using support::Setting;
using support::Truth;

// Mean outputs (T, 1, D) of ReLU networks.
struct Kink {
  explicit Kink(int degree = 2) {
    s.degree = degree;
    s.activation = "relu";
    s.widths = {32, 64, 96, 128, 192, 256, 384, 576};
    std::mt19937_64 rng(11);
    z = support::random_truth("z", {2, 1, 3}, 0.004, rng);
    z.power = 0.5;
    for (double &c : z.c2) c *= 0.5;
    support::start_measured(&pair.measured, s);
    support::add_measured(&pair.measured, s, z, rng);
    support::put_meta(&pair.theory, "theory", s);
    for (pdlt_archive *archive : {&pair.theory, &pair.measured})
      support::add_values(archive, "times", {2}, {1, 5});
    support::add_values(&pair.theory, "z_lo", z.dims, z.c0);
  }
  void half(const char *name, double factor) {
    std::vector<double> c1 = z.c1;
    for (double &c : c1) c *= factor;
    support::add_values(&pair.theory, name, z.dims, c1);
  }
  Setting s;
  Truth z;
  Pair pair;
};

TEST(Kink, AgreesWithTheRightCoefficient) {
  Kink k;
  k.half("z_half", 1);
  Result r;
  r.compare(k.pair);
  EXPECT_EQ(r.c.verdict, PDLT_AGREE) << r.test("z", "c0").reason << "\n"
                                     << r.test("z", "c1").reason;
  EXPECT_GT(r.test("z", "c1").null_z, 10);
  for (size_t i = 0; i < r.c.num_rows; i++) {
    const pdlt_compare_row &row = r.c.rows[i];
    EXPECT_EQ(row.power, 0.5);
    EXPECT_EQ(row.nlo, k.z.c1[i]);
    EXPECT_EQ(row.c1.theory, k.z.c1[i]);
    EXPECT_NEAR(row.c1.value, k.z.c1[i], 5 * row.c1.se);
  }
}

TEST(Kink, RefusesAnotherCoefficient) {
  for (const double factor : {-1.0, 0.0, 0.8}) {
    Kink k;
    k.half("z_half", factor);
    Result r;
    r.compare(k.pair);
    EXPECT_EQ(r.test("z", "c1").verdict, PDLT_DISAGREE) << factor;
    EXPECT_NE(r.test("z", "c0").verdict, PDLT_DISAGREE) << factor;
    EXPECT_EQ(r.c.verdict, PDLT_DISAGREE);
  }
}

// A fit of h^(1/2) alone cannot tell a wrong coefficient from the coefficient of h, and refutes nothing.
TEST(Kink, DegreeOneRefutesNothing) {
  for (const double factor : {1.0, -1.0}) {
    Kink k(1);
    k.half("z_half", factor);
    Result r;
    r.compare(k.pair);
    EXPECT_NE(r.test("z", "c1").verdict, PDLT_DISAGREE) << factor;
    EXPECT_NE(r.test("z", "c0").verdict, PDLT_DISAGREE) << factor;
    const std::string reason = r.test("z", "c1").reason;
    EXPECT_EQ(factor < 0, reason.find("use compare.degree 2 or more") != std::string::npos)
        << reason;
  }
}

// Networks whose slope in h is the number that z_half holds are not those of z_half.
TEST(Kink, RefusesASlopeInWholePowers) {
  Kink k;
  k.half("z_half", 1);
  std::mt19937_64 rng(12);
  Pair whole;
  Truth z = k.z;
  z.power = 1;
  z.c2.clear();
  support::start_measured(&whole.measured, k.s);
  support::add_measured(&whole.measured, k.s, z, rng);
  support::add_values(&whole.measured, "times", {2}, {1, 5});
  std::swap(k.pair.measured, whole.measured);
  Result r;
  r.compare(k.pair);
  EXPECT_EQ(r.test("z", "c1").verdict, PDLT_DISAGREE) << r.test("z", "c1").reason;
}

// z_nlo says nothing of a kink, and z_half nothing of a smooth activation.
TEST(Kink, NothingIsPredictedByTheOtherArray) {
  for (const bool kink : {true, false}) {
    Kink k;
    k.half(kink ? "z_nlo" : "z_half", 1);
    if (!kink)
      for (pdlt_archive *archive : {&k.pair.theory, &k.pair.measured})
        json_object_set_new(
            json_object_get(json_object_get(archive->meta, "experiment"), "network"), "activation",
            json_string("tanh"));
    Result r;
    r.compare(k.pair);
    EXPECT_EQ(r.c.num_tests, 1u);
    for (size_t i = 0; i < r.c.num_rows; i++) EXPECT_TRUE(std::isnan(r.c.rows[i].nlo));
  }
}

// The numerical error of theory is that of the array that is compared.
TEST(Kink, NumericalErrorIsThatOfHalf) {
  Kink k;
  k.half("z_half", 1);
  support::add_values(&k.pair.theory, "err/z_half", {}, {0.125});
  support::add_values(&k.pair.theory, "err/z_nlo", {}, {7});
  Result r;
  r.compare(k.pair);
  for (size_t i = 0; i < r.c.num_rows; i++) EXPECT_NEAR(r.c.rows[i].c1.numerical, 0.125, 1e-6);
}

// K is taken before training: its coefficient is that of h.
TEST(Kink, TheStartGoesInWholePowers) {
  Setting s;
  s.activation = "leaky_relu(0.2)";
  Pair pair;
  support::fill(pair, s, support::some_truth(0.004), 1);
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.c.verdict, PDLT_AGREE);
  EXPECT_EQ(r.c.rows[0].power, 1);
}

// crossings (T, L - 1, D) begin at 0 and fall as n^(-1/2).
TEST(Kink, CrossingsVanishAtInfiniteWidth) {
  for (const double factor : {1.0, 0.7}) {
    std::mt19937_64 rng(3);
    Setting s;
    s.activation = "relu";
    s.widths = {32, 64, 96, 128, 192, 256, 384, 576};
    Truth t = support::random_truth("crossings", {2, 2, 3}, 0.002, rng);
    t.power = 0.5;
    for (double &c : t.c0) c = 0;
    std::vector<double> half = t.c1;
    for (double &c : half) c *= factor;
    Pair pair;
    support::put_meta(&pair.theory, "theory", s);
    support::start_measured(&pair.measured, s);
    support::add_measured(&pair.measured, s, t, rng);
    support::add_values(&pair.measured, "times", {2}, {1, 5});
    support::add_values(&pair.theory, "crossings_half", t.dims, half);
    Result r;
    r.compare(pair);
    ASSERT_EQ(r.c.num_rows, 12u);
    EXPECT_EQ(r.c.rows[0].lo, 0);
    EXPECT_EQ(r.c.rows[0].ndim, 2);
    EXPECT_EQ(r.c.verdict, factor == 1 ? PDLT_AGREE : PDLT_DISAGREE)
        << r.test("crossings", "c0").reason << "\n"
        << r.test("crossings", "c1").reason;
    EXPECT_EQ(r.test("crossings", "c0").verdict, PDLT_AGREE);
  }
}

// Four numbers as the variance of the outputs of three ReLU layers at steps 0, 1, 2, 4 has them: the
// powers beyond the fit move c1 along a combination that is known well when c0 is, and that a fit
// with c0 free cannot see. The truth is not refuted for it.
TEST(Kink, PowersBeyondTheFitAreSizedWithC0Known) {
  for (unsigned seed = 0; seed < 20; seed++) {
    std::mt19937_64 rng(seed);
    Setting s;
    s.activation = "relu";
    s.widths = {48, 64, 96, 128, 192, 288};
    s.blocks = 128;
    Truth t;
    t.name = "z";
    t.dims = {4, 1, 1};
    t.power = 0.5;
    t.c0 = {2.70, 1.50, 0.89, 0.39};
    t.c1 = {0, 0.13, 0.24, 0.21};
    t.c2 = {-12, -15, -10, -4};
    t.c3 = {43, 44, 28, 6};
    t.mixing = {{0.4538, 0, 0, 0},
                {0.1982, 0.05654, 0, 0},
                {0.103, 0.05317, 0.0134, 0},
                {0.03811, 0.03307, 0.02216, 0.005985}};
    Pair pair;
    support::start_measured(&pair.measured, s);
    support::add_measured(&pair.measured, s, t, rng);
    support::put_meta(&pair.theory, "theory", s);
    for (pdlt_archive *archive : {&pair.theory, &pair.measured})
      support::add_values(archive, "times", {4}, {0, 1, 2, 4});
    support::add_values(&pair.theory, "z_lo", t.dims, t.c0);
    support::add_values(&pair.theory, "z_half", t.dims, t.c1);
    Result r;
    r.compare(pair);
    EXPECT_NE(r.test("z", "c1").verdict, PDLT_DISAGREE) << seed << ": " << r.test("z", "c1").reason;
  }
}

// Measured crossings that theory does not predict are named with its reason.
TEST(Kink, CrossingsWithoutAPredictionAreNamed) {
  std::mt19937_64 rng(3);
  Setting s;
  s.activation = "relu";
  const Truth t = support::random_truth("crossings", {1, 2, 3}, 0.002, rng);
  Pair pair;
  support::put_meta(&pair.theory, "theory", s);
  support::start_measured(&pair.measured, s);
  support::add_measured(&pair.measured, s, t, rng);
  support::add_values(&pair.measured, "times", {1}, {5});
  json_object_set_new(pair.theory.meta, "absent",
                      json_pack("{s:s}", "crossings_half", "samples on one ray"));
  Result r;
  r.compare(pair);
  EXPECT_EQ(r.c.num_rows, 0u);
  ASSERT_GT(r.c.num_warnings, 0u);
  EXPECT_STREQ(r.c.warnings[0], "crossings was measured but theory has none: samples on one ray");
}

// A correction of more than half the size of lo takes the narrow widths out.
TEST(Kink, WidthsOutOfReachOfHalf) {
  Kink k;
  support::add_values(&k.pair.theory, "cov_lo", {2, 1, 3, 1, 3}, std::vector<double>(18, 1e-6));
  k.half("z_half", 4);
  double lo = 0, half = 0;
  for (size_t i = 0; i < k.z.c0.size(); i++) {
    lo += k.z.c0[i] * k.z.c0[i] + 1e-6;
    half += 16 * k.z.c1[i] * k.z.c1[i];
  }
  const double limit = half / lo / 0.25;  // n with sqrt(half/(lo n)) = 1/2
  Result r;
  r.compare(k.pair);
  size_t out = 0;
  for (size_t w = 0; w < r.c.num_widths; w++) {
    EXPECT_NEAR(r.c.reach[w].correction, std::sqrt(half / lo / k.s.widths[w]), 1e-12);
    EXPECT_EQ(r.c.reach[w].in_reach, k.s.widths[w] > limit);
    out += !r.c.reach[w].in_reach;
  }
  ASSERT_GT(out, 0u);
  ASSERT_LT(out, r.c.num_widths);
  EXPECT_EQ(
      std::string(r.c.reach[0].reason).rfind("order 1/sqrt(n) corrects the mean output by", 0), 0u)
      << r.c.reach[0].reason;
  const std::string width = std::to_string((long)std::ceil(limit));
  EXPECT_NE(std::string(r.c.warnings[0]).find("n = " + width + " would do"), std::string::npos)
      << r.c.warnings[0];
}

// The rows of a width in comparison.csv hold lo + h^(1/2) half.
TEST(Kink, TableHoldsTheSameCorrection) {
  Kink k;
  k.half("z_half", 1);
  Result r;
  r.compare(k.pair);
  const std::string path = testing::TempDir() + "pdlt_kink_comparison.csv";
  pdlt_error err{};
  ASSERT_EQ(pdlt_comparison_write_csv(&r.c, 0, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(path);
  std::string line;
  for (int i = 0; i < 3; i++) std::getline(in, line);  // header, the number, its first width
  std::vector<std::string> cell(1);
  for (char c : line)
    if (c == ',')
      cell.emplace_back();
    else
      cell.back() += c;
  ASSERT_GT(cell.size(), 9u);
  EXPECT_EQ(std::stod(cell[3]), 32);
  EXPECT_EQ(std::stod(cell[9]), k.z.c0[0] + std::pow(1.0 / 32, 0.5) * k.z.c1[0]);
  std::remove(path.c_str());
}

// Distances from lo + h^(1/2) half fall as 1/n where the next power is h.
TEST(Kink, DistancesFallWithTheirPower) {
  Kink k;
  k.half("z_half", 1);
  Result r;
  r.compare(k.pair);
  ASSERT_EQ(r.c.num_slopes, 2u);
  EXPECT_NEAR(r.c.slopes[0].value, -0.5, 0.1);
  EXPECT_NEAR(r.c.slopes[1].value, -1, 0.2);
}

}  // namespace
