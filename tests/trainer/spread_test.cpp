// Products of what pairs differ by, without weights: against plain loops of gradient descent, and
// their mean against that of the products themselves.
#include "trainer/control/spread.h"

#include <gtest/gtest.h>

#include "tests/trainer/weightless_support.h"
#include "trainer/network/draws.h"

using namespace trainer_test;

namespace {

Settings settings(int outputs) {
  Settings s;
  s.depth = 3;
  s.outputs = outputs;
  s.train = 2;
  s.test = 1;
  s.C_b = "0.1";
  s.eta = "0.04";
  s.steps = "9";
  s.record = "[0, 2, 9]";
  s.estimator = "two_level";
  s.measure = "[output]";
  return s;
}

// z after t steps of the linear network with NTK ntk (q, q) and targets 0, or with centered ones its own z.
std::vector<double> descend(const pdlt_samples &p, double eta, const std::vector<double> &ntk,
                            std::vector<double> z, long steps) {
  const size_t D = p.samples, A = p.train, q = p.outputs * D;
  for (long step = 0; step < steps && !p.centered; step++) {
    const std::vector<double> before = z;
    for (size_t i = 0; i < q; i++)
      for (size_t j = 0; j < q; j++)
        for (size_t b = 0; b < A && j % D < A; b++) {
          const double back = p.newton ? p.kappa[j % D * A + b] : j % D == b ? 1 : 0;
          z[i] -= eta * ntk[i * q + j] * back * before[j - j % D + b];
        }
  }
  return z;
}

// d(Th) of the NTK drawn, step by step; and with the NTK delta_ij Theta the first two terms cancel:
// what is left is the covariance of a linear network whose outputs begin with covariance K.
void expect_linear_network(const Settings &s, const Data &data) {
  Weightless f(s, data, 8, 0, true);
  const size_t D = 3, q = 6, P = 6, T = f.plan.times;
  pdlt_weightless &w = f.weightless;
  ASSERT_EQ(pdlt_weightless_raw(&w, 77), PDLT_OK);
  const double eta = f.ex.c.training.eta;
  const std::vector<double> z(w.z, w.z + q), ntk(w.ntk, w.ntk + q * q);
  for (size_t t = 0; t < T; t++) {
    const auto moved = descend(f.problem, eta, ntk, z, (long)f.plan.schedule.times[t]);
    for (size_t i = 0; i < q; i++) EXPECT_NEAR(w.odd[t * q + i], moved[i], 1e-12) << t << " " << i;
  }
  std::vector<double> mean(q * q);
  for (size_t i = 0; i < q; i++)
    for (size_t j = 0; j < q; j++)
      if (i / D == j / D) mean[i * q + j] = w.theta[pdlt_pair(D, i % D, j % D)];
  std::vector<double> odd(T * q), out(T * q * (q + 1) / 2);
  ASSERT_EQ(pdlt_linearization_decompose(&w.linearization, mean.data(), D, nullptr), PDLT_OK);
  pdlt_linearization_odd(&w.linearization, z.data(), odd.data());
  ASSERT_EQ(pdlt_spread_fill(&w.spread, w.theta, w.kernel, z.data(), odd.data(), out.data()),
            PDLT_OK);
  EXPECT_EQ(w.pre.pairs, P);
  for (size_t t = 0, at = 0; t < T; t++) {
    std::vector<double> column(q * q); /* N_t, column by column */
    for (size_t j = 0; j < q; j++) {
      std::vector<double> unit(q);
      unit[j] = 1;
      const auto moved = descend(f.problem, eta, mean, unit, (long)f.plan.schedule.times[t]);
      for (size_t i = 0; i < q; i++) column[i * q + j] = moved[i];
    }
    for (size_t i = 0; i < q; i++)
      for (size_t j = i; j < q; j++, at++) {
        double expect = 0;
        for (size_t k = 0; k < q; k++)
          for (size_t l = 0; l < q; l++)
            if (k / D == l / D)
              expect +=
                  column[i * q + k] * column[j * q + l] * w.kernel[pdlt_pair(D, k % D, l % D)];
        EXPECT_NEAR(out[at], expect, 1e-12) << t << " " << i << " " << j;
      }
  }
}

}  // namespace

TEST(TrainerSpread, IsTrainingOfTheLinearNetwork) {
  for (const char *training : {"", "  method: newton\n", "  targets: centered\n"}) {
    Settings s = settings(2);
    s.more_training = training;
    Data data = data_of(s, 3, 8);
    std::vector<double> kappa = {0.6, 0.1, 0.1, 0.4};
    if (std::string(training).find("newton") != std::string::npos) data.c.kappa = kappa.data();
    expect_linear_network(s, data);
  }
}

// The same mean as d d^T + (c - r)(c - r)^T, with far less noise; squares alone are the diagonals.
TEST(TrainerSpread, HasTheMeanOfTheProducts) {
  for (int outputs : {1, 2}) {
    const Settings s = settings(outputs);
    Weightless f(s, data_of(s, 3, 8), 12, 0, true);
    const size_t q = f.plan.p, T = f.plan.times, pairs = q * (q + 1) / 2, draws = 4000;
    std::vector<double> mean(T * pairs), square(T * pairs);
    double own = 0, difference = 0;
    for (uint64_t draw = 0; draw < draws; draw++) {
      ASSERT_EQ(pdlt_weightless_raw(&f.weightless, draw), PDLT_OK);
      const double *value = f.weightless.value + f.fit.spread, *odd = f.weightless.odd;
      const double *c = f.weightless.value + f.fit.linear, *r = f.fit.middle;
      for (size_t t = 0, at = 0; t < T; t++)
        for (size_t i = 0; i < q; i++)
          for (size_t j = i; j < q; j++, at++) {
            const size_t a = t * q + i, b = t * q + j;
            const double x = odd[a] * odd[b] + (c[a] - r[a]) * (c[b] - r[b]), d = value[at] - x;
            mean[at] += d / (double)draws;
            square[at] += d * d / (double)draws;
            own += x * x;
          }
    }
    for (size_t at = 0; at < T * pairs; at++) {
      EXPECT_LT(std::fabs(mean[at]), 4.5 * std::sqrt(square[at] / (double)draws)) << at;
      difference += f.fit.left[f.fit.spread + at];
    }
    EXPECT_GT(own / (double)draws, 20 * difference) << outputs;
  }
}

// Products lie as weightless numbers do: rows i <= j, or squares alone.
TEST(TrainerSpread, PlacesOfProducts) {
  for (size_t columns : {(size_t)1, (size_t)4}) {
    pdlt_plan plan = {};
    plan.times = 2;
    plan.p = 4;
    plan.columns = columns;
    const double odd[8] = {1, 2, 3, 5, 7, 11, 13, 17};
    std::vector<double> packed;
    for (size_t t = 0; t < 2; t++)
      for (size_t i = 0; i < 4; i++)
        for (size_t j = i; j < (columns == 1 ? i + 1 : 4); j++)
          packed.push_back(2 * odd[t * 4 + i] * odd[t * 4 + j]);
    ASSERT_EQ(pdlt_spread_values(&plan), packed.size());
    std::vector<double> sums(packed.size());
    pdlt_spread_add_odd(&plan, 2, odd, sums.data());
    EXPECT_EQ(sums, packed);
    EXPECT_EQ(sums.back(), 2 * 17 * 17);
  }
}
