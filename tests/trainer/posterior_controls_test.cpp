// Controls of known mean: in plain loops over multi-indices, their means, and how many there are.
#include "trainer/posterior/prior_controls.h"

#include "base/random/rng.h"
#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

double hermite(int k, double t) {
  switch (k) {
    case 0:
      return 1;
    case 1:
      return t;
    case 2:
      return (t * t - 1) / std::sqrt(2.0);
    case 3:
      return (t * t * t - 3 * t) / std::sqrt(6.0);
    default:
      return (t * t * t * t - 6 * t * t + 3) / std::sqrt(24.0);
  }
}

// All multi-indices 0 < |k| <= degree, the last sample fastest.
std::vector<std::vector<int>> indices(size_t D, int degree) {
  std::vector<std::vector<int>> all = {{}};
  for (size_t a = 0; a < D; a++) {
    std::vector<std::vector<int>> longer;
    for (const auto &k : all)
      for (int x = 0; x <= degree; x++) {
        longer.push_back(k);
        longer.back().push_back(x);
      }
    all = longer;
  }
  std::vector<std::vector<int>> out;
  for (const auto &k : all) {
    int sum = 0;
    for (int x : k) sum += x;
    if (sum > 0 && sum <= degree) out.push_back(k);
  }
  return out;
}

int total(const std::vector<int> &k) {
  int sum = 0;
  for (int x : k) sum += x;
  return sum;
}

Experiment experiment(const char *activation, int depth) {
  Settings s;
  s.activation = activation;
  s.depth = depth;
  return Experiment(yaml(s));
}

// The controls of t, one layer after the other, in plain loops.
std::vector<double> plain(const pdlt_prior_controls_shape &shape, const std::vector<size_t> &width,
                          const std::vector<double> &t) {
  const size_t D = shape.samples;
  const auto all = indices(D, shape.degree);
  std::vector<double> out, factor, expected;
  size_t start = 0;
  for (size_t n : width) {
    for (const auto &k : all) {
      double sum = 0;
      for (size_t j = 0; j < n; j++) {
        double x = 1;
        for (size_t a = 0; a < D; a++) x *= hermite(k[a], t[start + a * n + j]);
        sum += x / (double)n;
      }
      out.push_back(sum);
      if (shape.factors > 0 && (total(k) == 2 || (total(k) == 1 && !shape.odd))) {
        factor.push_back(sum);
        expected.push_back(1 / (double)n);
      }
    }
    start += D * n;
  }
  for (size_t i = 0; i < factor.size(); i++)
    for (size_t j = i; j < factor.size(); j++)
      out.push_back(factor[i] * factor[j] - (i == j ? expected[i] : 0));
  return out;
}

TEST(PosteriorControls, AreThoseOfPlainLoops) {
  for (const char *activation : {"tanh", "gelu"})
    for (size_t D = 1; D <= 4; D++) {
      const Experiment ex = experiment(activation, 3);
      const pdlt_prior_controls_shape shape = pdlt_prior_controls_shape_make(&ex.c, D);
      const std::vector<size_t> width = {5, 7};
      std::vector<double> t(D * 12);
      pdlt_rng rng = {3, 0, D, 1};
      pdlt_rng_normal(&rng, t.size(), t.data());
      pdlt_prior_controls c = {};
      ASSERT_EQ(pdlt_prior_controls_new(&c, &shape, 7, nullptr), PDLT_OK);
      pdlt_prior_controls_layer(&c, 0, 5, t.data());
      pdlt_prior_controls_layer(&c, 1, 7, t.data() + 5 * D);
      std::vector<double> sum(shape.count);
      pdlt_prior_controls_add(&c, width.data(), sum.data());
      pdlt_prior_controls_free(&c);
      const std::vector<double> right = plain(shape, width, t);
      ASSERT_EQ(right.size(), shape.count) << activation << " " << D;
      for (size_t i = 0; i < shape.count; i++) EXPECT_NEAR(sum[i], right[i], 1e-12) << i;
    }
}

TEST(PosteriorControls, RanksFollowTheDegrees) {
  const Experiment ex = experiment("gelu", 3);
  const pdlt_prior_controls_shape shape = pdlt_prior_controls_shape_make(&ex.c, 2);
  std::vector<unsigned char> rank(shape.count);
  pdlt_prior_controls_rank(&shape, rank.data());
  const auto all = indices(2, 4);
  ASSERT_EQ(shape.each, all.size());
  std::vector<int> factors;
  for (size_t layer = 0; layer < 2; layer++)
    for (size_t k = 0; k < all.size(); k++) {
      EXPECT_EQ(rank[layer * all.size() + k],
                total(all[k]) == 2 ? PDLT_PRIOR_CONTROL_SQUARES : PDLT_PRIOR_CONTROL_HIGHER);
      if (total(all[k]) <= 2) factors.push_back(total(all[k]));
    }
  size_t next = 2 * all.size();
  for (size_t i = 0; i < factors.size(); i++)
    for (size_t j = i; j < factors.size(); j++)
      EXPECT_EQ(rank[next++], factors[i] + factors[j] == 4 ? PDLT_PRIOR_CONTROL_PRODUCTS
                                                           : PDLT_PRIOR_CONTROL_OTHERS);
  EXPECT_EQ(next, shape.count);
}

TEST(PosteriorControls, HaveMeanZero) {
  const Experiment ex = experiment("gelu", 3);
  const pdlt_prior_controls_shape shape = pdlt_prior_controls_shape_make(&ex.c, 2);
  const size_t width[] = {3, 2}, draws = 40000;
  pdlt_prior_controls c = {};
  ASSERT_EQ(pdlt_prior_controls_new(&c, &shape, 3, nullptr), PDLT_OK);
  std::vector<double> t(10), one(shape.count), sum(shape.count), square(shape.count);
  for (size_t k = 0; k < draws; k++) {
    pdlt_rng rng = {5, 0, k, 1};
    pdlt_rng_normal(&rng, t.size(), t.data());
    pdlt_prior_controls_layer(&c, 0, 3, t.data());
    pdlt_prior_controls_layer(&c, 1, 2, t.data() + 6);
    std::fill(one.begin(), one.end(), 0);
    pdlt_prior_controls_add(&c, width, one.data());
    for (size_t i = 0; i < one.size(); i++) {
      sum[i] += one[i];
      square[i] += one[i] * one[i];
    }
  }
  pdlt_prior_controls_free(&c);
  double z2 = 0;
  for (size_t i = 0; i < sum.size(); i++) z2 += sum[i] * sum[i] / square[i];
  EXPECT_NEAR(z2 / (double)sum.size(), 1, 0.5);  // of sum.size() numbers, some alike
}

TEST(PosteriorControls, AreFewerWhereThereWouldBeTooMany) {
  const Experiment tanh = experiment("tanh", 3), gelu = experiment("gelu", 3);
  for (size_t D = 1; D <= 70; D++)
    for (const Experiment *ex : {&tanh, &gelu}) {
      const pdlt_prior_controls_shape shape = pdlt_prior_controls_shape_make(&ex->c, D);
      EXPECT_LE(shape.count, PDLT_MAX_PRIOR_CONTROLS);
      EXPECT_EQ(shape.count > 0, D <= 21);
      EXPECT_EQ(shape.degree == 4, D <= 6) << D;
      EXPECT_EQ(shape.factors > 0, D <= 4) << D;
    }
}

}  // namespace
