// Theory that follows the width: the shapes that fits take, and by how much of itself theory changes.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "compare/join/join.h"

namespace {

// Two numbers at three widths; the second is 0 at infinite width.
struct Numbers {
  std::vector<double> lo = {2, 0}, nlo = {-4, 0.5}, lo_at = {1, 1.5, 2, 0, 0, 0},
                      nlo_at = {-4, -2, -1, 0.1, 0.5, 0.2};
  std::vector<size_t> all = {0, 1, 2}, ends = {0, 2};
  pdlt_join join = {};
  Numbers() {
    join.count = 2;
    join.num_widths = 3;
    join.second = 1;
    join.lo = lo.data();
    join.nlo = nlo.data();
    join.lo_at = lo_at.data();
    join.nlo_at = nlo_at.data();
  }
};

TEST(JoinWidth, ShapesAreInUnitsOfTheLargest) {
  Numbers n;
  std::vector<double> shape(6);
  ASSERT_EQ(pdlt_join_shape(&n.join, 0, 3, n.all.data(), shape.data()), shape.data());
  EXPECT_EQ(shape, (std::vector<double>{0.5, 0.75, 1, 1, 0.5, 0.25}));
  ASSERT_EQ(pdlt_join_shape(&n.join, 1, 2, n.ends.data(), shape.data()), shape.data());
  EXPECT_EQ(shape[0], 1); /* of 0 */
  EXPECT_EQ(shape[1], 1);
  EXPECT_DOUBLE_EQ(shape[2], 0.2);
  EXPECT_DOUBLE_EQ(shape[3], 0.4);
  EXPECT_EQ(pdlt_join_lo(&n.join, 0, 1), 1.5);
  EXPECT_EQ(pdlt_join_nlo(&n.join, 1, 2), 0.2);
}

TEST(JoinWidth, ShapesOfALinearFunction) {
  Numbers n;
  const double weight[] = {2, 10};
  double unit[2];
  std::vector<double> shape(6);
  ASSERT_NE(pdlt_join_shape_along(&n.join, weight, 3, n.all.data(), shape.data(), unit), nullptr);
  EXPECT_EQ(unit[0], 4);
  EXPECT_EQ(unit[1], -7); /* -8 + 1, -4 + 5, -2 + 2 */
  EXPECT_DOUBLE_EQ(shape[0], 0.5);
  EXPECT_DOUBLE_EQ(shape[4], -1. / 7);
  EXPECT_NEAR(shape[5], 0, 1e-15);
}

TEST(JoinWidth, GrowthIsTheLargerRelativeRange) {
  Numbers n;
  const double h[] = {0.1, 0.05, 0.02}, ends[] = {0.1, 0.02};
  const double nlo = std::sqrt((9 + 0.16) / (16 + 0.25)), few = std::sqrt((9 + 0.01) / (16 + 0.04));
  EXPECT_NEAR(pdlt_join_growth(&n.join, 3, n.all.data(), h), nlo / 0.08, 1e-12);
  EXPECT_NEAR(pdlt_join_growth(&n.join, 2, n.ends.data(), ends), few / 0.08, 1e-12);
  n.join.second = 0; /* lo alone: (2 - 1)/2 */
  EXPECT_NEAR(pdlt_join_growth(&n.join, 3, n.all.data(), h), 0.5 / 0.08, 1e-12);
}

TEST(JoinWidth, TheoryOfAllWidthsHasNone) {
  Numbers n;
  double shape[6], unit[2];
  const double h[] = {0.1, 0.05, 0.02}, weight[] = {1, 1};
  n.join.lo_at = n.join.nlo_at = nullptr;
  EXPECT_EQ(pdlt_join_shape(&n.join, 0, 3, n.all.data(), shape), nullptr);
  EXPECT_EQ(pdlt_join_shape_along(&n.join, weight, 3, n.all.data(), shape, unit), nullptr);
  EXPECT_EQ(pdlt_join_growth(&n.join, 3, n.all.data(), h), 0);
  EXPECT_EQ(pdlt_join_lo(&n.join, 0, 1), 2);
}

}  // namespace
