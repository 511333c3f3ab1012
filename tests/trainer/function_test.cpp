// Functions of feature space against sums over parameters and differences; ascent to their largest values.
#include "trainer/features/function.h"

#include "tests/trainer/network_support.h"
#include "trainer/features/ascent.h"

using namespace trainer_test;

namespace {

std::vector<double> coefficients(std::mt19937_64 &gen, size_t count) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<double> c(count);
  for (double &v : c) v = uniform(gen);
  return c;
}

// Two parts, the second of the same network with other parameters.
struct Sum {
  Sum(std::mt19937_64 &gen, const Network &network, size_t batch) : n(network), other(n.theta) {
    pdlt_error err = {};
    for (double &v : other) v *= 0.7;
    c = coefficients(gen, n.problem.samples);
    EXPECT_EQ(pdlt_gradient_new(&g, &n.net, &n.problem, &err), PDLT_OK);
    EXPECT_EQ(pdlt_function_new(&f, &n.net, batch, &err), PDLT_OK);
    f.offset = 0.25;
    pdlt_gradient_forward(&g, n.theta.data());
    pdlt_function_add(&f, &g, 1.5, c.data());
    pdlt_gradient_forward(&g, other.data());
    pdlt_function_add(&f, &g, -0.5, c.data());
  }
  ~Sum() {
    pdlt_function_free(&f);
    pdlt_gradient_free(&g);
  }
  // dz_i/dtheta with parameters theta.
  std::vector<double> phi(const std::vector<double> &theta, size_t i, const double *x) const {
    std::vector<double> out(theta.size());
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_gradient(&n.net, theta.data(), x, n.net.depth, i, out.data(), &err),
              PDLT_OK);
    return out;
  }
  // The same by sums over parameters and samples.
  double literal(const std::vector<double> &x) const {
    double sum = 0.25;
    for (const auto &[theta, factor] : {std::pair(&n.theta, 1.5), std::pair(&other, -0.5)})
      for (size_t i = 0; i < n.problem.outputs; i++) {
        const auto here = phi(*theta, i, x.data());
        for (size_t a = 0; a < n.problem.samples; a++) {
          const auto there = phi(*theta, i, n.data.x.data() + a * x.size());
          for (size_t mu = 0; mu < here.size(); mu++)
            sum += factor * c[a] * n.lambda[mu] * here[mu] * there[mu];
        }
      }
    return sum;
  }
  const Network &n;
  std::vector<double> other, c;
  pdlt_gradient g = {};
  pdlt_function f = {};
};

TEST(Function, IsTheSumOverParametersAndItsGradient) {
  std::mt19937_64 gen(21);
  for (int trial = 0; trial < 12; trial++) {
    const Network n(gen, trial);
    Sum sum(gen, n, 1 + gen() % 3); /* several batches */
    const size_t n_0 = n.data.c.inputs, count = 4;
    std::vector<double> x = coefficients(gen, n_0 * count), u(count), du(n_0 * count), again(count);
    pdlt_function_evaluate(&sum.f, count, x.data(), u.data(), du.data());
    pdlt_function_evaluate(&sum.f, count, x.data(), again.data(), nullptr);
    for (size_t b = 0; b < count; b++) {
      std::vector<double> one(n_0);
      for (size_t k = 0; k < n_0; k++) one[k] = x[k * count + b];
      const double expected = sum.literal(one);
      ASSERT_NEAR(u[b], expected, 1e-11 * (1 + std::fabs(expected)));
      ASSERT_EQ(u[b], again[b]);
      for (size_t k = 0; k < n_0; k++) {
        const double h = 1e-5, at = one[k];
        one[k] = at + h;
        const double up = sum.literal(one);
        one[k] = at - h;
        const double down = sum.literal(one);
        one[k] = at;
        const double slope = (up - down) / (2 * h);
        ASSERT_NEAR(du[k * count + b], slope, 2e-7 * (1 + std::fabs(slope)));
      }
    }
  }
}

TEST(Function, OnTheSamplesIsTheKernelTimesCoefficients) {
  std::mt19937_64 gen(22);
  const Network n(gen, 1);
  const size_t D = n.problem.samples;
  Sum sum(gen, n, 7);
  pdlt_function_clear(&sum.f);
  pdlt_gradient_forward(&sum.g, n.theta.data());
  pdlt_function_add(&sum.f, &sum.g, 1, sum.c.data());
  std::vector<double> u(D), kernel((size_t)n.net.depth * D * D);
  pdlt_function_evaluate(&sum.f, D, n.problem.x_all, u.data(), nullptr);
  pdlt_gradient_kernel(&sum.g, kernel.data());
  for (size_t a = 0; a < D; a++) {
    double expected = 0;
    for (size_t i = 0; i < kernel.size(); i++)
      if (i / D % D == a) expected += kernel[i] * sum.c[i % D];
    EXPECT_NEAR(u[a], expected, 1e-12 * (1 + std::fabs(expected)));
  }
}

// A linear network has affine features: the best x is along the gradient, from every start.
TEST(Ascent, OfALinearNetworkIsAlongTheGradient) {
  std::mt19937_64 gen(23);
  Settings s;
  s.activation = "linear";
  const Network n(gen, 0, s, 5);
  Sum sum(gen, n, 16);
  const size_t n_0 = 5;
  std::vector<double> zero(n_0), du(n_0), x(n_0);
  double u = 0, length = 0;
  pdlt_function_evaluate(&sum.f, 1, zero.data(), &u, du.data());
  for (const double g : du) length += g * g;
  length = std::sqrt(length);
  const pdlt_ascent_settings settings = {16, 1.7, {1, 8, 0, 6000}};
  for (const double sign : {1.0, -1.0}) {
    pdlt_ascent_result best = {};
    pdlt_error err = {};
    ASSERT_EQ(pdlt_ascent(&sum.f, &settings, sign, x.data(), &best, &err), PDLT_OK);
    EXPECT_NEAR(best.value, u + sign * 1.7 * length, 1e-10 * (1 + length));
    EXPECT_EQ(best.agree, 1);
    for (size_t k = 0; k < n_0; k++) EXPECT_NEAR(x[k], sign * 1.7 * du[k] / length, 1e-5);
  }
}

// On a circle the best angle can be found by trying all.
TEST(Ascent, FindsTheLargestValueOnACircle) {
  std::mt19937_64 gen(24);
  Settings s;
  s.activation = "sin";
  s.widths = "[6]";
  for (int trial = 0; trial < 5; trial++) {
    const Network n(gen, trial, s, 2);
    Sum sum(gen, n, 32);
    const pdlt_ascent_settings settings = {16, 2.0, {1, 8, (uint64_t)trial, 6000}};
    for (const double sign : {1.0, -1.0}) {
      double most = -INFINITY, x[2];
      for (int k = 0; k < 3600; k++) {
        const double angle = 2 * 3.14159265358979 * k / 3600;
        const double at[2] = {2 * std::cos(angle), 2 * std::sin(angle)};
        double u = 0;
        pdlt_function_evaluate(&sum.f, 1, at, &u, nullptr);
        most = std::max(most, sign * u);
      }
      pdlt_ascent_result best = {};
      pdlt_error err = {};
      ASSERT_EQ(pdlt_ascent(&sum.f, &settings, sign, x, &best, &err), PDLT_OK);
      EXPECT_NEAR(sign * best.value, most, 1e-5 * (1 + std::fabs(most)));
      EXPECT_GE(sign * best.value, most - 1e-12);
      EXPECT_NEAR(std::hypot(x[0], x[1]), 2, 1e-12);
      EXPECT_GE(best.agree, 1 / 16.0);
      double u = 0;
      pdlt_function_evaluate(&sum.f, 1, x, &u, nullptr);
      EXPECT_NEAR(u, best.value, 1e-12 * (1 + std::fabs(u)));
    }
  }
}

TEST(Ascent, OfOneInputChoosesTheSign) {
  std::mt19937_64 gen(25);
  Settings s;
  const Network n(gen, 0, s, 1);
  Sum sum(gen, n, 4);
  const pdlt_ascent_settings settings = {16, 1.5, {1, 8, 0, 6000}};
  double x = 0, u[2];
  const double both[2] = {1.5, -1.5};
  pdlt_ascent_result best = {};
  pdlt_error err = {};
  pdlt_function_evaluate(&sum.f, 2, both, u, nullptr);
  ASSERT_EQ(pdlt_ascent(&sum.f, &settings, 1, &x, &best, &err), PDLT_OK);
  EXPECT_NEAR(x, u[0] > u[1] ? 1.5 : -1.5, 1e-14);
  EXPECT_NEAR(best.value, std::max(u[0], u[1]), 1e-13 * (1 + std::fabs(u[0])));
  EXPECT_LT(best.agree, 1);
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_ascent(&sum.f, &settings, 1, &x, &best, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
}

}  // namespace
