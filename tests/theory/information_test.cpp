/* information_test.cpp - distribution of G, mutual information by two roads. */
#include "theory/information/information.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace {

struct Distribution {
  pdlt_kernel_distribution d = {};
  Distribution(int n, int layers) {
    EXPECT_EQ(pdlt_kernel_distribution_relu(&d, n, layers, nullptr), PDLT_OK);
  }
  ~Distribution() { pdlt_kernel_distribution_free(&d); }
  double Moment(double power) const {
    double sum = 0;
    for (size_t i = 0; i < d.count; i++) sum += d.weight[i] * std::exp(power * d.log_g[i]);
    return sum;
  }
  double Exact(int outputs) const {
    double value = NAN;
    EXPECT_EQ(pdlt_information_exact(&value, &d, outputs, nullptr), PDLT_OK);
    return value;
  }
};

/* Mean 1 and second moment (1 + 5/n)^layers: the four-point vertex of ReLU is exact. */
TEST(Information, MomentsOfTheKernel) {
  const int cases[][2] = {{30, 1}, {100, 1}, {100, 7}, {200, 40}, {60, 20}};
  for (const auto &c : cases) {
    const Distribution d(c[0], c[1]);
    EXPECT_NEAR(d.Moment(1), 1, 1e-7) << c[0];
    EXPECT_NEAR(d.Moment(2) / std::pow(1 + 5.0 / c[0], c[1]), 1, 1e-6) << c[0];
  }
}

/* I = int p log(p_12/(p_1 p_2)) on a plane grid, G on the same support. */
TEST(Information, PlaneIntegral) {
  const Distribution d(200, 10);
  const double reach = 14, step = 0.05, pi = std::acos(-1.0);
  const int half = (int)(reach / step);
  std::vector<double> single(half + 1);
  const auto p = [&](double square, int m) {
    double sum = 0;
    for (size_t j = 0; j < d.d.count; j += 1) {
      if (d.d.weight[j] < 1e-14) continue;
      const double g = std::exp(d.d.log_g[j]);
      sum += d.d.weight[j] * std::pow(2 * pi * g, -0.5 * m) * std::exp(-0.5 * square / g);
    }
    return sum;
  };
  for (int i = 0; i <= half; i++) single[i] = p(step * step * i * i, 1);
  double total = 0;
  for (int i = 0; i <= half; i++)
    for (int k = 0; k <= i; k++) {
      const double both = p(step * step * (i * i + k * k), 2);
      const double times = (i > 0 ? 2 : 1) * (k > 0 ? 2 : 1) * (i != k ? 2 : 1);
      if (both > 0 && single[i] > 0)
        total += times * both * std::log(both / (single[i] * single[k]));
    }
  EXPECT_NEAR(d.Exact(2), total * step * step, 2e-4 * d.Exact(2));
}

/* exact - truncated falls as eps^4. */
TEST(Information, TruncationIsTheLeadingPart) {
  for (int outputs : {2, 4, 8}) {
    double left[2];
    const int widths[2] = {400, 800};
    for (int i = 0; i < 2; i++) {
      const double eps = 5.0 / widths[i];
      left[i] =
          Distribution(widths[i], 1).Exact(outputs) - pdlt_information_truncated(eps, outputs);
      EXPECT_LT(std::fabs(left[i]), 2 * eps * pdlt_information_truncated(eps, outputs));
    }
    EXPECT_NEAR(std::log2(left[0] / left[1]), 4, 0.4) << outputs;
  }
}

TEST(Information, LargestAtRStar) {
  for (int outputs : {2, 4, 10}) {
    const double best = 4.0 / (20 + 3 * outputs);
    EXPECT_GT(pdlt_information_truncated(best, outputs),
              pdlt_information_truncated(0.99 * best, outputs));
    EXPECT_GT(pdlt_information_truncated(best, outputs),
              pdlt_information_truncated(1.01 * best, outputs));
  }
  EXPECT_EQ(pdlt_information_truncated(0, 2), 0);
}

TEST(Information, Refusals) {
  pdlt_kernel_distribution d = {};
  EXPECT_EQ(pdlt_kernel_distribution_relu(&d, 2, 1, nullptr), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_kernel_distribution_relu(&d, 100, 0, nullptr), PDLT_ERR_INPUT);
  pdlt_error err = {};
  EXPECT_EQ(pdlt_kernel_distribution_relu(&d, 50, 100000, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(err.message).rfind("width 50 and 100000 layers would take 3.6e+13", 0), 0u)
      << err.message;
  EXPECT_LT(pdlt_information_flops(1000, 50), 0.03 * PDLT_INFORMATION_FLOPS);
  const Distribution good(50, 1);
  double value = 0;
  EXPECT_EQ(pdlt_information_exact(&value, &good.d, 3, nullptr), PDLT_ERR_INPUT);
}

}  // namespace
