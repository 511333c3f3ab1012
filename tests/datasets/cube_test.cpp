// cube_test.cpp - corners found in any order, and gradients against finite differences and characters.
#include "datasets/cube.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "base/core/memory.h"
#include "tests/datasets/support.h"

namespace {

struct Cube {
  Cube(size_t D, size_t inputs, const double *x) {
    EXPECT_EQ(pdlt_cube_find(&c, D, inputs, x, nullptr), PDLT_OK);
  }
  ~Cube() { pdlt_cube_free(&c); }
  Cube(const Cube &) = delete;
  Cube &operator=(const Cube &) = delete;
  pdlt_cube c{};
};

TEST(Cube, CornersAreFoundInAnyOrder) {
  for (const char *more : {"", ", scale: 2.5", ", center: true"}) {
    Loaded l(std::string("{source: parity, inputs: 4, cube: true, train: 9") + more + "}");
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    Cube cube(16, 4, l.d.x);
    ASSERT_EQ(cube.c.inputs, 4u) << more;
    for (size_t corner = 0; corner < 16; corner++)
      for (size_t i = 0; i < 4; i++)
        EXPECT_EQ(l.d.x[cube.c.place[corner] * 4 + i] > 0, (corner >> i & 1) == 1);
  }
}

TEST(Cube, OtherSamplesAreNone) {
  const double twice[] = {0, 1, 0, 1, 1, 0, 1, 1}, three[] = {0, 0, 0, 1, 1, 0, 2, 1};
  const double square[] = {0, 5, 0, 7, 1, 5, 1, 7}, flat[] = {3, 3};
  EXPECT_EQ(Cube(4, 2, twice).c.place, nullptr);
  EXPECT_EQ(Cube(4, 2, three).c.place, nullptr);
  EXPECT_EQ(Cube(3, 2, square).c.inputs, 0u);
  EXPECT_EQ(Cube(2, 1, flat).c.inputs, 0u);
  EXPECT_EQ(Cube(0, 0, square).c.inputs, 0u);
  EXPECT_EQ(Cube(4, 2, square).c.inputs, 2u);
}

// z = sum over sets S of f_S chi_S: D_i leaves the sets that hold i, without it; characters are orthogonal.
TEST(Cube, GradientsOfCharacters) {
  Loaded l("{source: parity, inputs: 3, cube: true, train: 5}");
  Cube cube(8, 3, l.d.x);
  const size_t outputs = 2;
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  double f[2][8];
  std::vector<double> z(outputs * 8), m(9);
  for (size_t o = 0; o < outputs; o++)
    for (size_t S = 0; S < 8; S++) {
      f[o][S] = normal(random);
      for (size_t a = 0; a < 8; a++) {
        double chi = 1;
        for (size_t i = 0; i < 3; i++)
          if (S >> i & 1) chi *= l.d.x[a * 3 + i];
        z[o * 8 + a] += f[o][S] * chi;
      }
    }
  pdlt_cube_agop(&cube.c, outputs, z.data(), m.data());
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 3; j++) {
      double sum = 0;
      for (size_t o = 0; o < outputs; o++)
        for (size_t S = 0; S < 8; S++) {
          const size_t other = (S ^ size_t(1) << i) | size_t(1) << j;
          if ((S >> i & 1) && (i == j || !(S >> j & 1))) sum += f[o][S] * f[o][i == j ? S : other];
        }
      EXPECT_NEAR(m[i * 3 + j], sum, 1e-13) << i << j;
    }
}

// A linear function has its own gradient, products have that of their moments, and both are linear.
TEST(Cube, LinearFunctionsAndMoments) {
  Loaded l("{source: parity, inputs: 4, cube: true, train: 16}");
  Cube cube(16, 4, l.d.x);
  const double w[] = {1, -2, 0.5, 3};
  std::vector<double> z(16, 0.7), m(16), moment(16 * 20), sum(16, 1.0);
  for (size_t a = 0; a < 16; a++)
    for (size_t i = 0; i < 4; i++) z[a] += w[i] * l.d.x[a * 4 + i];
  pdlt_cube_agop(&cube.c, 1, z.data(), m.data());
  for (size_t a = 0; a < 16; a++)
    for (size_t b = 0; b < 16; b++) moment[a * 20 + b] = z[a] * z[b];
  pdlt_cube_add_moment(&cube.c, moment.data(), 20, sum.data());
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++) {
      EXPECT_NEAR(m[i * 4 + j], w[i] * w[j], 1e-13);
      EXPECT_NEAR(sum[i * 4 + j], 1 + w[i] * w[j], 1e-13);
    }
}

TEST(Cube, OutOfMemoryLeavesNothing) {
  const double x[] = {1, -1};
  for (long call = 0; call < 3; call++) {
    pdlt_cube cube = {};
    pdlt_memory_fail_after(call);
    const pdlt_status status = pdlt_cube_find(&cube, 2, 1, x, nullptr);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(status, call < 2 ? PDLT_ERR_MEMORY : PDLT_OK);
    EXPECT_EQ(cube.inputs, call < 2 ? 0u : 1u);
    pdlt_cube_free(&cube);
  }
}

}  // namespace
