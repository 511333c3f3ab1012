// array: shapes, copies, limits.
#include "base/file/array.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/core/memory.h"

namespace {

TEST(Array, CountsOfShapes) {
  const struct {
    int ndim;
    size_t dim[8], count;
  } cases[] = {{0, {}, 1},         {1, {5}, 5},    {1, {0}, 0},
               {3, {2, 3, 4}, 24}, {2, {0, 7}, 0}, {8, {1, 2, 1, 2, 1, 2, 1, 2}, 16}};
  for (const auto &c : cases) {
    pdlt_array t = {};
    ASSERT_EQ(pdlt_array_new(&t, c.ndim, c.dim, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_array_count(&t), c.count);
    EXPECT_NE(t.data, nullptr);
    for (size_t i = 0; i < c.count; i++) EXPECT_EQ(t.data[i], 0.0);
    pdlt_array_free(&t);
    EXPECT_EQ(t.data, nullptr);
    pdlt_array_free(&t);
  }
  pdlt_array_free(nullptr);
}

TEST(Array, TheCornerHasTheFirstOfEachIndex) {
  pdlt_array t = {};
  const size_t dim[3] = {2, 3, 4};
  ASSERT_EQ(pdlt_array_new(&t, 3, dim, nullptr), PDLT_OK);
  t.single = 1;
  for (size_t i = 0; i < 24; i++) t.data[i] = double(i);
  ASSERT_EQ(pdlt_array_corner(&t, 5, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_array_count(&t), 24u);
  ASSERT_EQ(pdlt_array_corner(&t, 2, nullptr), PDLT_OK);
  const double corner[] = {0, 1, 4, 5, 12, 13, 16, 17};
  ASSERT_EQ(pdlt_array_count(&t), 8u);
  for (size_t i = 0; i < 8; i++) EXPECT_EQ(t.data[i], corner[i]);
  EXPECT_EQ(t.single, 1);
  EXPECT_EQ(t.dim[0] * t.dim[1] * t.dim[2], 8u);
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_array_corner(&t, 1, nullptr), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(pdlt_array_count(&t), 8u);
  ASSERT_EQ(pdlt_array_corner(&t, 0, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_array_count(&t), 0u);
  pdlt_array_free(&t);
}

TEST(Array, ImpossibleShapesLeaveTheOutput) {
  double mark = 3;
  pdlt_array t = {};
  t.data = &mark;
  const size_t huge[3] = {SIZE_MAX / 2, 3, 1}, squares[2] = {(size_t)1 << 32, (size_t)1 << 32};
  const size_t nine[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_array_new(&t, 3, huge, &err), PDLT_ERR_MEMORY);
  EXPECT_EQ(pdlt_array_new(&t, 2, squares, &err), PDLT_ERR_MEMORY);
  EXPECT_EQ(pdlt_array_new(&t, 9, nine, &err), PDLT_ERR_INTERNAL);
  EXPECT_EQ(pdlt_array_new(&t, -1, nine, &err), PDLT_ERR_INTERNAL);
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_array_new(&t, 1, nine, &err), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(t.data, &mark);
}

TEST(Array, AnEmptyShapeIsEmptyWhateverElseIsLarge) {
  const size_t dim[3] = {(size_t)1 << 40, (size_t)1 << 40, 0};
  pdlt_array t = {};
  ASSERT_EQ(pdlt_array_new(&t, 3, dim, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_array_count(&t), 0u);
  pdlt_array_free(&t);
}

TEST(Array, CopiesAreDeep) {
  const size_t dim[2] = {2, 3};
  pdlt_array a = {}, b = {};
  ASSERT_EQ(pdlt_array_new(&a, 2, dim, nullptr), PDLT_OK);
  for (size_t i = 0; i < 6; i++) a.data[i] = (double)i;
  ASSERT_EQ(pdlt_array_copy(&b, &a, nullptr), PDLT_OK);
  a.data[5] = -1;
  EXPECT_TRUE(pdlt_array_same_shape(&a, &b));
  for (size_t i = 0; i < 6; i++) EXPECT_EQ(b.data[i], (double)i);
  pdlt_array_free(&a);
  pdlt_array_free(&b);
}

TEST(Array, ShapesDiffer) {
  pdlt_array a = {}, b = {};
  a.ndim = b.ndim = 2;
  a.dim[0] = b.dim[0] = 2;
  a.dim[1] = 3;
  b.dim[1] = 4;
  EXPECT_FALSE(pdlt_array_same_shape(&a, &b));
  b.dim[1] = 3;
  EXPECT_TRUE(pdlt_array_same_shape(&a, &b));
  b.ndim = 1;
  EXPECT_FALSE(pdlt_array_same_shape(&a, &b));
}

}  // namespace
