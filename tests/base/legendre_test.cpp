// The Gauss-Legendre rule: powers of x are integrated exactly up to degree 2 n - 1, and no further.
#include "base/core/legendre.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

TEST(Legendre, IsExactForPolynomialsOfItsDegree) {
  for (int n = 1; n <= 32; n++) {
    std::vector<double> node(n), weight(n);
    pdlt_legendre_rule(n, node.data(), weight.data());
    for (int power = 0; power <= 2 * n; power++) {
      double sum = 0;
      for (int i = 0; i < n; i++) sum += weight[i] * std::pow(node[i], power);
      const double miss = std::fabs(sum - 1.0 / (power + 1));
      if (power < 2 * n) {
        EXPECT_LT(miss, 1e-14) << n << " " << power;
      } else if (n < 8) {
        EXPECT_GT(miss, 1e-12) << n;
      }
    }
    for (int i = 0; i < n; i++) {
      EXPECT_GT(node[i], i == 0 ? 0 : node[i - 1]);
      EXPECT_LT(node[i], 1);
    }
  }
}

TEST(Legendre, OfOnePointIsTheMiddleToTheLastBit) {
  double node = 0, weight = 0;
  pdlt_legendre_rule(1, &node, &weight);
  EXPECT_EQ(node, 0.5);
  EXPECT_EQ(weight, 1.0);
}
