// posterior_support.h - random problems of Bayesian inference at order 1/n, for its tests.
#ifndef PDLT_TESTS_THEORY_POSTERIOR_SUPPORT_H
#define PDLT_TESTS_THEORY_POSTERIOR_SUPPORT_H

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "theory/posterior/inference.h"

namespace posterior {

using List = std::vector<double>;

// Random targets, kernel, G1, and V = sum_k sign_k v_k v_k with symmetric v_k: every symmetry of V, none more.
struct Problem {
  size_t D, A, n;
  double noise;
  List y, K, G1, V;
  std::vector<List> v;
  List sign;
  pdlt_inference_layer layer = {};
  pdlt_inference_input in = {};
  pdlt_inference out = {};

  Problem(size_t samples, size_t train, size_t outputs, double s2, unsigned seed)
      : D(samples), A(train), n(outputs), noise(s2) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    const auto draw = [&](size_t count) {
      List x(count);
      for (double &e : x) e = normal(random);
      return x;
    };
    const List root = draw(D * (D + 2));
    K.assign(D * D, 0);
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        for (size_t k = 0; k < D + 2; k++)
          K[a * D + b] += root[a * (D + 2) + k] * root[b * (D + 2) + k] / double(D + 2);
    y = draw(D * n);
    G1 = Symmetric(draw(D * D));
    V.assign(D * D * D * D, 0);
    sign = {0.7, 0.4, -0.3};
    for (double s : sign) {
      v.push_back(Symmetric(draw(D * D)));
      for (size_t i = 0; i < D * D; i++)
        for (size_t j = 0; j < D * D; j++) V[i * D * D + j] += s * v.back()[i] * v.back()[j];
    }
    Solve();
  }
  Problem(const Problem &) = delete;
  Problem &operator=(const Problem &) = delete;
  ~Problem() { pdlt_inference_free(&out); }

  List Symmetric(const List &x) const {
    List s(D * D);
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) s[a * D + b] = 0.5 * (x[a * D + b] + x[b * D + a]);
    return s;
  }
  void Solve() {
    layer = {};
    layer.K = K.data();
    layer.G1 = G1.data();
    layer.V = V.data();
    layer.below = 1;
    in = {};
    in.D = D;
    in.A = A;
    in.outputs = n;
    in.noise = noise;
    in.y = y.data();
    in.order = in.covariance = 1;
    in.layer = &layer;
    pdlt_inference_free(&out);
    pdlt_error err = {};
    ASSERT_EQ(pdlt_inference_new(&out, &in, 0, &err), PDLT_OK) << err.message;
  }
  double Vertex(size_t a, size_t b, size_t c, size_t d) const {
    return V[((a * D + b) * D + c) * D + d];
  }
  size_t Count() const { return n * D; }
  double Cov(const double *cov, size_t i, size_t beta, size_t j, size_t gamma) const {
    return cov[((i * D + beta) * n + j) * D + gamma];
  }
};

// Inverse of K_AA + s2, by elimination.
inline List Inverse(const List &S, size_t A) {
  List m = S, inverse(A * A, 0);
  for (size_t a = 0; a < A; a++) inverse[a * A + a] = 1;
  for (size_t a = 0; a < A; a++) {
    const double pivot = m[a * A + a];
    for (size_t c = 0; c < A; c++) m[a * A + c] /= pivot, inverse[a * A + c] /= pivot;
    for (size_t b = 0; b < A; b++) {
      const double factor = m[b * A + a];
      for (size_t c = 0; b != a && c < A; c++) {
        m[b * A + c] -= factor * m[a * A + c];
        inverse[b * A + c] -= factor * inverse[a * A + c];
      }
    }
  }
  return inverse;
}

}  // namespace posterior

#endif
