/* kink_test.cpp - the first correction of networks with a kink against a plain Monte Carlo of its equations,
 * against one step in closed form, and what follows without a number: sums, factors, threads, order of samples. */
#include "theory/kink/kink.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/theory/kink_literal.h"
#include "tests/theory/kink_support.h"

namespace {

using namespace kink_support;

/* The numbers of one kind, of all the plain Monte Carlo has. */
struct Pulls {
  double rms = 0, worst = 0, signal = 0; /* signal: the largest number in units of its error */
};

/* three: three errors of the prediction's worst number, which are added in square. */
Pulls Compare(const Array &x, double three, const Literal &plain, size_t first) {
  Pulls out;
  size_t count = 0;
  for (size_t i = 0; i < x.size(); i++) {
    const double error = plain.Error(first + i), mean = plain.Mean(first + i);
    if (error == 0) {
      EXPECT_EQ(x[i], 0);
      continue;
    }
    const double pull = (x[i] - mean) / std::sqrt(error * error + three * three / 9);
    out.rms += pull * pull;
    out.worst = Larger(out.worst, pull);
    out.signal = std::fmax(out.signal, std::fabs(mean) / error);
    count++;
  }
  out.rms = std::sqrt(out.rms / (double)count);
  return out;
}

void ExpectAgree(const Prediction &p, const Literal &plain, const double signal[4]) {
  const Array *numbers[4] = {&p.z, &p.cov, &p.theta, &p.crossings};
  const double three[4] = {p.err_z, p.err_cov, p.err_theta, p.err_crossings};
  size_t first = 0;
  for (int k = 0; k < 4; k++) {
    const Pulls pulls = Compare(*numbers[k], three[k], plain, first);
    EXPECT_LT(pulls.worst, 4) << k;
    EXPECT_LT(pulls.rms, 2) << k; /* few of them are independent */
    EXPECT_GT(pulls.signal, signal[k]) << k;
    first += numbers[k]->size();
  }
}

/* Three layers, all learning rates and biases, widths 2 : 1. */
Net ThreeLayers(double plus, double minus, size_t outputs) {
  Net net = Random(1,
                   {Layer(4, 2, 0.2, 1.1, 0.3, 1.2), Layer(2, 1, 0.1, 1.6, 0.2, 0.8),
                    Layer(1, outputs, 0.15, 0.9, 0.4, 1.1)},
                   3, 2, outputs);
  net.plus = plus, net.minus = minus;
  FillKernels(net);
  net.eta = 0.15;
  return net;
}

TEST(Kink, AgreesWithPlainMonteCarloReLU) {
  const Net net = ThreeLayers(1, 0, 2);
  const Array times = {1, 2, 4};
  const double signal[4] = {10, 5, 10, 50};
  ExpectAgree(Predict(net, times), Simulate(net, Singles(net), times, 60000), signal);
}

TEST(Kink, AgreesWithPlainMonteCarloLeaky) {
  const Net net = ThreeLayers(1.2, 0.3, 1);
  const Array times = {1, 2, 4};
  const double signal[4] = {10, 5, 10, 50};
  ExpectAgree(Predict(net, times), Simulate(net, Singles(net), times, 60000), signal);
}

TEST(Kink, AgreesWithPlainMonteCarloNegativeSlope) {
  const Net net = ThreeLayers(1, -0.6, 2);
  const Array times = {1, 2, 4};
  const double signal[4] = {10, 5, 10, 50};
  ExpectAgree(Predict(net, times), Simulate(net, Singles(net), times, 60000), signal);
}

/* Two layers, one output, one step: S_a(1) = (a_+ - a_-) eta^2 E|omega|^3/(4 sqrt(2 pi K_aa)) E[e+|e+| - e-|e-|]
 * with e+- = sum_{b != a} eps_b p_b Th_ab + a_+- eps_a Th_aa: given the slopes of the two other samples, whose four
 * chances are known, e is Gaussian. */
double OneStep(const Net &net, size_t a) {
  const size_t D = net.D, b = (a + 1) % 3, c = (a + 2) % 3;
  const double *K = net.KAt(0), *theta = net.ThetaAt(0), *output = net.KAt(1);
  const auto given = [&](size_t i, size_t j) {
    return K[i * D + j] - K[a * D + i] * K[a * D + j] / K[a * D + a];
  };
  const double angle = std::asin(given(b, c) / std::sqrt(given(b, b) * given(c, c)));
  double sum = 0;
  for (int bits = 0; bits < 8; bits++) {
    const int up[3] = {bits & 1, bits >> 1 & 1, bits >> 2 & 1};
    const size_t sample[3] = {a, b, c};
    const double chance = 0.25 + (up[1] == up[2] ? 1 : -1) * angle / (2 * M_PI);
    double mean = 0, variance = 0, weight[3];
    for (int i = 0; i < 3; i++) {
      weight[i] = (up[i] ? net.plus : net.minus) * theta[a * D + sample[i]];
      mean -= weight[i] * net.y[sample[i]];
    }
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++)
        variance += weight[i] * weight[j] * output[sample[i] * D + sample[j]];
    if (variance == 0) continue; /* all slopes are 0 */
    /* E[e|e|] of N(mean, variance) */
    const double r = mean / std::sqrt(variance);
    const double square = (mean * mean + variance) * std::erf(r / std::sqrt(2)) +
                          mean * std::sqrt(2 * variance / M_PI) * std::exp(-r * r / 2);
    sum += (up[0] ? 1 : -1) * chance * square;
  }
  const double third = 2 * std::sqrt(2 / M_PI) * std::pow(net.layer[1].C_W, 1.5);
  return (net.plus - net.minus) * net.eta * net.eta * third /
         (4 * std::sqrt(2 * M_PI * K[a * D + a])) * sum;
}

TEST(Kink, OneStepInClosedForm) {
  for (const double minus : {0.0, 0.4, -0.5}) {
    Net net = Random(2, {Layer(3, 1, 0.1, 1.5, 0.2, 1), Layer(1, 1, 0.3, 1.3, 0.1, 0.9)}, 3, 3, 1);
    net.minus = minus;
    FillKernels(net);
    const Prediction p = Predict(net, {1}, {nullptr, 2048, 2, 0});
    Array exact;
    for (size_t a = 0; a < 3; a++) exact.push_back(OneStep(net, a));
    EXPECT_LT(Distance(p.z, exact), 4.0 / 3 * p.err_z) << minus;
    EXPECT_LT(p.err_z, 2e-3 * Largest(exact)) << minus;
  }
}

/* Without a kink nothing crosses on balance: exactly 0 but for who is on which side. */
TEST(Kink, LinearNetworkHasNone) {
  const Prediction p = Predict(ThreeLayers(0.8, 0.8, 2), {0, 1, 5}, {nullptr, 64, 2, 0});
  EXPECT_EQ(Largest(p.theta), 0);
  EXPECT_LT(Largest(p.z), 1e-16);
  EXPECT_LT(Largest(p.cov), 1e-16);
  EXPECT_GT(Largest(p.crossings), 0.1);
}

/* Nothing at the start; a test sample moves with the training samples from the second step on. */
TEST(Kink, FirstSteps) {
  const Net net = ThreeLayers(1, 0, 2);
  const Prediction p = Predict(net, {0, 1, 2}, {nullptr, 256, 2, 0});
  const size_t row = 6;
  for (size_t x = 0; x < row; x++) {
    EXPECT_EQ(p.z[x], 0);
    EXPECT_EQ(x % 3 < 2, std::fabs(p.z[row + x]) > 1e-4);
    if (x % 3 == 2) {
      EXPECT_EQ(p.z[row + x], 0);
    }
    EXPECT_GT(std::fabs(p.z[2 * row + x]), 1e-5);
  }
  for (size_t t = 0; t < 3; t++)
    for (size_t x = 0; x < row; x++)
      for (size_t y = 0; y < row; y++) {
        const size_t at = (t * row + x) * row + y, back = (t * row + y) * row + x;
        EXPECT_EQ(p.cov[at], p.cov[back]);
        EXPECT_EQ(p.theta[at], p.theta[back]);
        EXPECT_EQ(t == 0 || (x % 3 == 2 && y % 3 == 2), p.theta[at] == 0); /* two test samples */
      }
}

TEST(Kink, PartsAndLayersAddUp) {
  const Prediction p = Predict(ThreeLayers(1, -0.3, 2), {1, 3}, {nullptr, 64, 2, 0});
  const size_t size = p.z.size();
  for (size_t x = 0; x < size; x++) {
    const double parts = p.part[x] + p.part[size + x] + p.part[2 * size + x];
    EXPECT_NEAR(p.z[x], parts, 1e-14);
    EXPECT_NEAR(p.z[x], p.layer[x] + p.layer[size + x], 1e-14);
    EXPECT_NE(p.layer[x] == 0, x % 3 < 2 || x >= 6);
  }
}

/* A part or layer left out or with the other sign: z and cov are linear in the factors, theta and crossings in those
 * of layers and of Y. */
/* Errors of the whole, of what is left, and of the part by itself. */
TEST(Kink, Factors) {
  const Net net = ThreeLayers(1, 0, 1);
  const Array times = {1, 3};
  pdlt_kink_factors factors = pdlt_kink_factors_all();
  const auto with = [&](const char *name, double value) {
    *pdlt_kink_factor(&factors, name) = value;
    const Prediction p = Predict(net, times, {&factors, 2048, 2, 0});
    *pdlt_kink_factor(&factors, name) = 1;
    return p;
  };
  const Prediction whole = Predict(net, times, {nullptr, 2048, 2, 0});
  const char *const names[] = {"half.crossing", "half.pushed", "half.others", "half.layer1",
                               "half.layer2"};
  for (int k = 0; k < 5; k++) {
    const Prediction omit = with(names[k], 0), flip = with(names[k], -1);
    const Array &own = k < 3 ? whole.part : whole.layer;
    const size_t size = whole.z.size(), first = (size_t)(k < 3 ? k : k - 3) * size;
    for (size_t x = 0; x < size; x++) {
      EXPECT_NEAR(omit.z[x], whole.z[x] - own[first + x], omit.err_z + whole.err_z + whole.err_part)
          << names[k];
      EXPECT_NEAR(flip.z[x], 2 * omit.z[x] - whole.z[x], omit.err_z + whole.err_z) << names[k];
    }
    EXPECT_GT(Distance(omit.z, whole.z), 2 * (omit.err_z + whole.err_z)) << names[k];
    EXPECT_GT(Distance(omit.cov, whole.cov), 0) << names[k];
    for (size_t x = 0; x < whole.cov.size(); x++)
      EXPECT_NEAR(flip.cov[x], 2 * omit.cov[x] - whole.cov[x], omit.err_cov + whole.err_cov);
    for (size_t x = 0; x < whole.theta.size(); x++)
      EXPECT_NEAR(flip.theta[x], 2 * omit.theta[x] - whole.theta[x],
                  omit.err_theta + whole.err_theta);
    EXPECT_EQ(k >= 2, Distance(omit.theta, whole.theta) > 0) << names[k];
    EXPECT_EQ(k >= 2, Distance(omit.crossings, whole.crossings) > 0) << names[k];
  }
  /* The share of neurons that cross in one layer is 0 when that layer is left out. */
  const Prediction omit = with("half.layer2", 0);
  for (size_t t = 0; t < 2; t++)
    for (size_t a = 0; a < 3; a++) {
      EXPECT_EQ(omit.crossings[(t * 2 + 1) * 3 + a], 0);
      EXPECT_EQ(omit.crossings[t * 2 * 3 + a], whole.crossings[t * 2 * 3 + a]);
    }
}

bool SameBits(const Array &a, const Array &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST(Kink, ThreadsDoNotMatter) {
  const Net net = ThreeLayers(1, 0, 2);
  const Prediction one = Predict(net, {1, 2}, {nullptr, 32, 1, 0});
  for (const int threads : {2, 3}) {
    const Prediction p = Predict(net, {1, 2}, {nullptr, 32, threads, 0});
    EXPECT_TRUE(SameBits(p.z, one.z) && SameBits(p.part, one.part) && SameBits(p.cov, one.cov) &&
                SameBits(p.layer, one.layer) && SameBits(p.theta, one.theta) &&
                SameBits(p.crossings, one.crossings));
    EXPECT_EQ(p.err_z, one.err_z);
    EXPECT_EQ(p.err_cov, one.err_cov);
  }
}

/* The points are doubled until the mean is known, or until there are no more. */
TEST(Kink, PointsUntilKnown) {
  const Net net = ThreeLayers(1, 0, 1);
  const Prediction some = Predict(net, {2}, {nullptr, 4096, 2, 0.05});
  EXPECT_LE(some.err_z, 0.05 * Largest(some.z));
  EXPECT_LT(some.points, PDLT_KINK_REPLICAS * 4096);
  EXPECT_EQ(Predict(net, {2}, {nullptr, 512, 2, 0}).points, PDLT_KINK_REPLICAS * 512);
}

/* The other order of samples is another point set: equal within the errors. */
TEST(Kink, OrderOfSamples) {
  const Net net = ThreeLayers(1, 0.1, 1);
  Net other = net;
  for (size_t i = 0; i < 4; i++) std::swap(other.x[i], other.x[4 + i]);
  std::swap(other.y[0], other.y[1]);
  FillKernels(other);
  const Prediction p = Predict(net, {1, 4}), q = Predict(other, {1, 4});
  const size_t order[3] = {1, 0, 2};
  for (size_t t = 0; t < 2; t++)
    for (size_t a = 0; a < 3; a++) {
      EXPECT_NEAR(p.z[t * 3 + a], q.z[t * 3 + order[a]], 4.0 / 3 * (p.err_z + q.err_z));
      for (size_t b = 0; b < 3; b++)
        EXPECT_NEAR(p.theta[(t * 3 + a) * 3 + b], q.theta[(t * 3 + order[a]) * 3 + order[b]],
                    4.0 / 3 * (p.err_theta + q.err_theta));
    }
  EXPECT_LT(p.err_z, 0.05 * Largest(p.z));
}

}  // namespace
