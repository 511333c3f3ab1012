// theory/gauss/expectation.h and theory/gauss/hermite.h: three roads to the same number.
#include "theory/gauss/expectation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "theory/gauss/correlation.h"
#include "theory/gauss/hermite.h"
#include "theory/gauss/quadrature.h"

namespace {

pdlt_activation Parse(const char *text) {
  pdlt_activation act;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_activation_parse(&act, text, &err), PDLT_OK) << err.message;
  return act;
}

const char *const kSmooth[] = {"linear",   "tanh",    "sin",
                               "erf",      "gelu",    "swish",
                               "softplus", "sigmoid", "polynomial(0.2,1,-0.3,0.1)"};
const int kOrders[][2] = {{0, 0}, {1, 1}, {0, 2}, {2, 2}, {1, 3}, {0, 4},
                          {1, 5}, {2, 4}, {3, 3}, {0, 1}, {1, 2}};

double Size(const pdlt_activation &act, int p, double k) {
  pdlt_value v = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_expectation_single(&v, &act, p, p, k, 1e-10, &err), PDLT_OK) << err.message;
  return std::sqrt(v.value);
}

struct Pair {
  double k11, k12, k22;
};

// Random kernels, biased to corners: equal or opposite samples, a zero sample, scales.
Pair Draw(std::mt19937_64 &gen) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  const double rhos[] = {1, -1, 0, 0.9999, uniform(gen), uniform(gen), uniform(gen)};
  const double rho = rhos[gen() % 7];
  const double k11 = gen() % 8 == 0 ? 0 : std::exp(2 * uniform(gen));
  const double k22 = gen() % 3 == 0 ? k11 : std::exp(2 * uniform(gen));
  return {k11, rho * std::sqrt(k11) * std::sqrt(k22), k22};
}

TEST(Expectation, RoadsAgree) {
  std::mt19937_64 gen(17);
  pdlt_error err = {};
  for (const char *name : kSmooth) {
    const pdlt_activation act = Parse(name);
    for (int draw = 0; draw < 22; draw++) {
      const Pair k = Draw(gen);
      const int p = kOrders[draw % 11][0], q = kOrders[draw % 11][1];
      const double size = Size(act, p, k.k11) * Size(act, q, k.k22);
      pdlt_value grid, pair;
      ASSERT_EQ(pdlt_expectation_pair_grid(&grid, &act, p, q, k.k11, k.k12, k.k22, 1e-9, &err),
                PDLT_OK)
          << name << err.message;
      ASSERT_EQ(pdlt_expectation_pair(&pair, &act, p, q, k.k11, k.k12, k.k22, 1e-12, &err), PDLT_OK)
          << name << err.message;
      const std::string where = std::string(name) + " " + std::to_string(p) + std::to_string(q) +
                                " K = " + std::to_string(k.k11) + " " + std::to_string(k.k12) +
                                " " + std::to_string(k.k22);
      EXPECT_NEAR(pair.value, grid.value, pair.error + grid.error + 1e-15 * size) << where;
      EXPECT_LE(pair.error, 2e-12 * size + 1e-300) << where;

      pdlt_hermite_series f = {}, g = {};
      ASSERT_EQ(pdlt_hermite_series_new(&f, &act, p, k.k11, 1e-12, &err), PDLT_OK) << err.message;
      ASSERT_EQ(pdlt_hermite_series_new(&g, &act, q, k.k22, 1e-12, &err), PDLT_OK) << err.message;
      const double rho = pdlt_correlation(k.k11, k.k12, k.k22);
      EXPECT_NEAR(pdlt_hermite_pair(&f, &g, rho), grid.value,
                  pdlt_hermite_pair_error(&f, &g, rho) + grid.error + 1e-15 * size)
          << where;
      EXPECT_EQ(pdlt_hermite_pair(&f, &g, rho), pdlt_hermite_pair(&g, &f, rho));
      pdlt_hermite_series_free(&f);
      pdlt_hermite_series_free(&g);
    }
  }
}

TEST(Expectation, SingleIsPairOfEqualSamples) {
  pdlt_error err = {};
  for (const char *name : kSmooth)
    for (const double k : {0.0, 1e-6, 0.7, 14.32017362, 20.0}) {
      const pdlt_activation act = Parse(name);
      for (const auto &order : kOrders) {
        const int p = order[0], q = order[1];
        pdlt_value single, pair;
        ASSERT_EQ(pdlt_expectation_single(&single, &act, p, q, k, 1e-12, &err), PDLT_OK);
        ASSERT_EQ(pdlt_expectation_pair(&pair, &act, p, q, k, k, k, 1e-12, &err), PDLT_OK)
            << name << err.message;
        const double size = Size(act, p, k) * Size(act, q, k);
        EXPECT_NEAR(single.value, pair.value, single.error + pair.error + 4e-15 * size)
            << name << p << q << " " << k;
        EXPECT_LE(single.error, 1e-11 * size + 1e-300);
      }
    }
}

// The ReLU family has no quadrature road here; sampling on a polar grid is one: for
// homogeneous functions the radius integrates to 1 and the angle remains.
TEST(Expectation, ReluFamilyAgainstAngularIntegral) {
  std::mt19937_64 gen(4);
  pdlt_error err = {};
  for (const char *name : {"relu", "leaky_relu(0.1)", "leaky_relu(-0.5)", "linear"}) {
    const pdlt_activation act = Parse(name);
    for (int draw = 0; draw < 40; draw++) {
      const Pair k = Draw(gen);
      const double rho = pdlt_correlation(k.k11, k.k12, k.k22), cross = std::sqrt(1 - rho * rho);
      const int n = 200000;
      double ss = 0, dd = 0, ds = 0;
      for (int i = 0; i < n; i++) {
        const double phi = 2 * M_PI * (i + 0.37) / n, u = std::cos(phi), v = std::sin(phi);
        const double z1 = std::sqrt(k.k11) * u, z2 = std::sqrt(k.k22) * (rho * u + cross * v);
        const double s1 = pdlt_activation_eval(&act, 0, z1), s2 = pdlt_activation_eval(&act, 0, z2);
        const double d1 = pdlt_activation_eval(&act, 1, z1), d2 = pdlt_activation_eval(&act, 1, z2);
        ss += 2 * s1 * s2 / n;  // <r^2> = 2
        dd += d1 * d2 / n;
        ds += std::sqrt(M_PI / 2) * d1 * s2 / n;  // <r> = sqrt(pi/2)
      }
      pdlt_value value;
      const double size = std::sqrt(k.k11 * k.k22);
      ASSERT_EQ(pdlt_expectation_pair(&value, &act, 0, 0, k.k11, k.k12, k.k22, 1e-10, &err),
                PDLT_OK);
      EXPECT_NEAR(value.value, ss, 1e-8 * size) << name << rho;
      ASSERT_EQ(pdlt_expectation_pair(&value, &act, 1, 1, k.k11, k.k12, k.k22, 1e-10, &err),
                PDLT_OK);
      EXPECT_NEAR(value.value, dd, 3e-5) << name << rho;
      ASSERT_EQ(pdlt_expectation_pair(&value, &act, 1, 0, k.k11, k.k12, k.k22, 1e-10, &err),
                PDLT_OK);
      EXPECT_NEAR(value.value, ds, 3e-5 * std::sqrt(k.k22)) << name << rho;
      pdlt_value swapped;
      ASSERT_EQ(pdlt_expectation_pair(&swapped, &act, 0, 1, k.k22, k.k12, k.k11, 1e-10, &err),
                PDLT_OK);
      EXPECT_EQ(value.value, swapped.value);
    }
  }
}

TEST(Expectation, SteinsLemma) {
  // d<f g>/dK_12 = <f' g'> by central difference.
  pdlt_error err = {};
  for (const char *name : kSmooth) {
    const pdlt_activation act = Parse(name);
    const double k11 = 1.3, k12 = 0.4, k22 = 0.8, h = 1e-4;
    pdlt_value up, down, slope;
    ASSERT_EQ(pdlt_expectation_pair(&up, &act, 0, 0, k11, k12 + h, k22, 1e-13, &err), PDLT_OK);
    ASSERT_EQ(pdlt_expectation_pair(&down, &act, 0, 0, k11, k12 - h, k22, 1e-13, &err), PDLT_OK);
    ASSERT_EQ(pdlt_expectation_pair(&slope, &act, 1, 1, k11, k12, k22, 1e-13, &err), PDLT_OK);
    EXPECT_NEAR((up.value - down.value) / (2 * h), slope.value, 1e-7) << name;
  }
}

TEST(Expectation, SeriesNormIsParseval) {
  pdlt_error err = {};
  for (const char *name : kSmooth)
    for (const double k : {0.01, 1.0, 14.3, 60.0}) {
      const pdlt_activation act = Parse(name);
      pdlt_hermite_series f = {};
      pdlt_value norm;
      ASSERT_EQ(pdlt_hermite_series_new(&f, &act, 0, k, 1e-10, &err), PDLT_OK) << err.message;
      ASSERT_EQ(pdlt_expectation_single(&norm, &act, 0, 0, k, 1e-13, &err), PDLT_OK);
      EXPECT_NEAR(f.norm, norm.value, f.error + norm.error) << name;
      EXPECT_NEAR(pdlt_hermite_pair(&f, &f, 1), norm.value, 2 * f.tail + f.error + norm.error);
      EXPECT_LE(f.tail, 1.1e-12 * f.norm) << name;
      pdlt_hermite_series_free(&f);
    }
}

// What docs/kernels.md says about the reach of the series.
TEST(Expectation, ReachOfTheSeries) {
  pdlt_error err = {};
  const struct {
    const char *name;
    double k;
    size_t low, high;  // terms
  } cases[] = {{"tanh", 1, 300, 400},  {"tanh", 9, 2600, 3000},  {"gelu", 1, 70, 130},
               {"swish", 1, 70, 130},  {"softplus", 1, 70, 130}, {"tanh", 60, 0, 8192},
               {"gelu", 300, 0, 8192}, {"swish", 300, 0, 8192},  {"softplus", 300, 0, 8192}};
  for (const auto &c : cases) {
    const pdlt_activation act = Parse(c.name);
    pdlt_hermite_series s = {}, ds = {};
    ASSERT_EQ(pdlt_hermite_series_new(&s, &act, 0, c.k, 1e-10, &err), PDLT_OK) << err.message;
    ASSERT_EQ(pdlt_hermite_series_new(&ds, &act, 1, c.k, 1e-10, &err), PDLT_OK) << err.message;
    EXPECT_GE(s.count, c.low) << c.name;
    EXPECT_LE(s.count, c.high) << c.name;
    pdlt_hermite_series_free(&s);
    pdlt_hermite_series_free(&ds);
  }
  const pdlt_activation tanh = Parse("tanh");
  pdlt_hermite_series s = {};
  EXPECT_EQ(pdlt_hermite_series_new(&s, &tanh, 1, 1000, 1e-10, &err), PDLT_ERR_NUMERIC);
  EXPECT_NE(std::string(err.message).find("8192 Hermite terms"), std::string::npos);
}

TEST(Expectation, RefusesWhatDoesNotExist) {
  pdlt_error err = {};
  pdlt_value v;
  pdlt_hermite_series f;
  const pdlt_activation relu = Parse("relu"), tanh = Parse("tanh");
  EXPECT_EQ(pdlt_expectation_pair(&v, &relu, 2, 0, 1, 0.5, 1, 1e-10, &err), PDLT_ERR_UNSUPPORTED);
  EXPECT_EQ(pdlt_expectation_single(&v, &relu, 1, 3, 1, 1e-10, &err), PDLT_ERR_UNSUPPORTED);
  EXPECT_EQ(pdlt_expectation_pair_grid(&v, &relu, 0, 0, 1, 0.5, 1, 1e-10, &err),
            PDLT_ERR_UNSUPPORTED);
  EXPECT_EQ(pdlt_hermite_series_new(&f, &relu, 0, 1, 1e-10, &err), PDLT_ERR_UNSUPPORTED);
  EXPECT_EQ(pdlt_expectation_pair(&v, &tanh, 0, 0, 1, 1.5, 1, 1e-10, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_expectation_single(&v, &tanh, 0, 0, -1, 1e-10, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_expectation_single(&v, &tanh, 0, 6, 1, 1e-10, &err), PDLT_ERR_INTERNAL);
  EXPECT_EQ(pdlt_expectation_single(&v, &tanh, 0, 0, 1e14, 1e-10, &err), PDLT_ERR_NUMERIC);
}

TEST(Quadrature, GaussLineIntegratesMoments) {
  pdlt_gauss_line line = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_gauss_line_new(&line, 0.31, &err), PDLT_OK);
  double one = 0, two = 0, six = 0;
  for (size_t i = 0; i < line.count; i++) {
    const double t = line.t[i];
    one += line.w[i];
    two += line.w[i] * t * t;
    six += line.w[i] * t * t * t * t * t * t;
  }
  EXPECT_EQ(line.t[line.count / 2], 0);
  EXPECT_NEAR(one, 1, 1e-15);
  EXPECT_NEAR(two, 1, 2e-15);
  EXPECT_NEAR(six, 15, 3e-14);
  pdlt_gauss_line_free(&line);
  EXPECT_EQ(pdlt_gauss_line_new(&line, 1e-9, &err), PDLT_ERR_NUMERIC);
}

}  // namespace
