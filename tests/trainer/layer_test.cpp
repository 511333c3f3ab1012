// layer_test.cpp - forward, pull back and Gram of a layer against plain loops over its numbers.
#include "trainer/network/layer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace {

using Array = std::vector<double>;

// Vectors (count, n), read in either order.
struct Vectors {
  size_t count, n;
  pdlt_order order;
  Array data;
  double &at(size_t a, size_t i) {
    return data[order == PDLT_BY_SAMPLE ? a * n + i : i * count + a];
  }
};

struct Case {
  Case(size_t in, size_t out, unsigned seed) : gen(seed) {
    layer.in = in;
    layer.out = out;
    layer.C_b = 0.3;
    layer.C_W = 1.4;
    layer.lambda_b = 0.7;
    layer.lambda_W = 2.1;
    layer.weight = 3; /* parameters of other layers lie before */
    layer.bias = 3 + in * out;
    theta = normals(layer.bias + out);
  }
  Array normals(size_t count) {
    std::normal_distribution<double> normal;
    Array x(count);
    for (double &v : x) v = normal(gen);
    return x;
  }
  Vectors random(size_t count, size_t n, pdlt_order order) {
    return {count, n, order, normals(count * n)};
  }
  double W(size_t i, size_t j) const { return theta[layer.weight + i * layer.in + j]; }
  std::mt19937_64 gen;
  pdlt_layer layer = {};
  Array theta;
};

void check(size_t in, size_t out, size_t count, pdlt_order order) {
  Case c(in, out, (unsigned)(in + 10 * out + 100 * count));
  Vectors s = c.random(count, in, order), delta = c.random(count, out, order);
  Vectors z = c.random(count, out, order), dz = z, g = c.random(count, in, order);
  Array gram(count * count, 7.5), kernel = gram, h = gram, h_of = gram;
  const double *theta = c.theta.data();
  pdlt_layer_forward(&c.layer, theta, order, count, s.data.data(), z.data.data());
  pdlt_layer_forward_tangent(&c.layer, theta, order, count, s.data.data(), dz.data.data());
  pdlt_layer_pull_back(&c.layer, theta, order, count, delta.data.data(), g.data.data());
  pdlt_layer_gram(&c.layer, order, count, s.data.data(), gram.data());
  pdlt_layer_kernel(&c.layer, count * count, gram.data(), kernel.data());
  pdlt_layer_ntk(&c.layer, count * count, gram.data(), h.data());
  pdlt_layer_ntk_of(&c.layer, order, count, s.data.data(), h_of.data());
  for (size_t a = 0; a < count; a++) {
    for (size_t i = 0; i < out; i++) {
      double sum = 0;
      for (size_t j = 0; j < in; j++) sum += c.W(i, j) * s.at(a, j);
      EXPECT_NEAR(dz.at(a, i), sum, 1e-13);
      EXPECT_NEAR(z.at(a, i), sum + c.theta[c.layer.bias + i], 1e-13);
    }
    for (size_t j = 0; j < in; j++) {
      double sum = 0;
      for (size_t i = 0; i < out; i++) sum += delta.at(a, i) * c.W(i, j);
      EXPECT_NEAR(g.at(a, j), sum, 1e-13);
    }
    for (size_t b = 0; b < count; b++) {
      double sum = 0;
      for (size_t j = 0; j < in; j++) sum += s.at(a, j) * s.at(b, j);
      const size_t ab = a * count + b;
      EXPECT_NEAR(gram[ab], sum, 1e-13);
      EXPECT_NEAR(kernel[ab], 0.3 + 1.4 / (double)in * sum, 1e-13);
      EXPECT_NEAR(h[ab], 0.7 + 2.1 / (double)in * sum, 1e-13);
      EXPECT_NEAR(h_of[ab], h[ab], 1e-13);
    }
  }
}

TEST(TrainerLayer, AgainstPlainLoops) {
  for (pdlt_order order : {PDLT_BY_SAMPLE, PDLT_BY_NEURON})
    for (size_t in : {1, 4, 17})
      for (size_t out : {1, 5, 16})
        for (size_t count : {0, 1, 3, 9}) check(in, out, count, order);
}

TEST(TrainerLayer, UnitVectorsArePulledBackToRowsOfWeights) {
  Case c(6, 4, 1);
  for (size_t i = 0; i < 4; i++) {
    Array unit(4), g(6);
    unit[i] = 1;
    pdlt_layer_pull_back(&c.layer, c.theta.data(), PDLT_BY_SAMPLE, 1, unit.data(), g.data());
    const double *row = pdlt_layer_pull_back_unit(&c.layer, c.theta.data(), i);
    for (size_t j = 0; j < 6; j++) EXPECT_EQ(row[j], g[j]);
  }
}

}  // namespace
