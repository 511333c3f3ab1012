// Random problems of the dynamics at order 1/width, and the second road: the equations
// over combined indices (output, sample), expanded with Kronecker deltas and summed naively.
#ifndef PDLT_TESTS_THEORY_DYNAMICS_SUPPORT_H
#define PDLT_TESTS_THEORY_DYNAMICS_SUPPORT_H

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "theory/order_one/end.h"
#include "theory/order_one/mean.h"

namespace dynamics_support {

using Array = std::vector<double>;

struct Problem {
  size_t D = 0, A = 0, n = 0;
  Array K, theta, theta1, a, b, p, q, r, s, t, u, y;
  double eta = 0.1;
  int flow = 0, threads = 1, centered = 0;
  std::function<double(int, size_t, size_t)> pull;  // K_s between training samples; empty: 1
  double Four(const Array &x, size_t i, size_t j, size_t k, size_t l) const {
    return x[((i * D + j) * D + k) * D + l];
  }
};

// A random tensor, averaged over the group that the generators (permutations) make.
inline Array Tensor(std::mt19937_64 &gen, size_t D,
                    const std::vector<std::array<int, 4>> &generators) {
  std::normal_distribution<double> normal;
  std::vector<std::array<int, 4>> group = {{0, 1, 2, 3}};
  for (size_t g = 0; g < group.size(); g++)
    for (const auto &h : generators) {
      const auto &x = group[g];
      const std::array<int, 4> product = {x[h[0]], x[h[1]], x[h[2]], x[h[3]]};
      if (std::find(group.begin(), group.end(), product) == group.end()) group.push_back(product);
    }
  Array raw(D * D * D * D), out(raw.size());
  for (double &v : raw) v = normal(gen);
  size_t index[4];
  for (size_t at = 0; at < out.size(); at++) {
    size_t rest = at;
    for (int i = 3; i >= 0; i--, rest /= D) index[i] = rest % D;
    for (const auto &g : group)
      out[at] += raw[((index[g[0]] * D + index[g[1]]) * D + index[g[2]]) * D + index[g[3]]] /
                 (double)group.size();
  }
  return out;
}

inline Array Gram(std::mt19937_64 &gen, size_t D) {
  std::normal_distribution<double> normal;
  const size_t rank = D + 3;
  Array f(D * rank), gram(D * D);
  for (double &v : f) v = normal(gen);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      for (size_t k = 0; k < rank; k++)
        gram[i * D + j] += f[i * rank + k] * f[j * rank + k] / (double)rank;
      if (i == j) gram[i * D + j] += 0.3;
    }
  return gram;
}

inline Problem Random(std::mt19937_64 &gen, size_t D, size_t A, size_t n) {
  std::normal_distribution<double> normal;
  Problem x = {};
  x.D = D;
  x.A = A;
  x.n = n;
  x.K = Gram(gen, D);
  x.theta = Gram(gen, D);
  x.theta1 = Gram(gen, D);
  x.a = Tensor(gen, D, {{1, 0, 2, 3}, {0, 1, 3, 2}, {2, 3, 0, 1}});
  x.b = Tensor(gen, D, {{1, 0, 3, 2}, {2, 3, 0, 1}});
  x.p = Tensor(gen, D, {{0, 2, 1, 3}});
  x.q = Tensor(gen, D, {});
  x.r = Tensor(gen, D, {{0, 1, 3, 2}});
  x.s = Tensor(gen, D, {{1, 0, 3, 2}});
  x.t = Tensor(gen, D, {{2, 3, 0, 1}});
  x.u = Tensor(gen, D, {{2, 3, 0, 1}});
  x.y.resize(A * n);
  for (double &v : x.y) v = normal(gen);
  return x;
}

// 2 / (largest row sum of Theta_AA): below the largest usable eta.
inline double SafeEta(const Problem &x) {
  double most = 1e-3;
  for (size_t i = 0; i < x.A; i++) {
    double sum = 0;
    for (size_t j = 0; j < x.A; j++) sum += std::fabs(x.theta[i * x.D + j]);
    most = std::max(most, sum);
  }
  return 2 / most;
}

// Theta_AA becomes value times the unit matrix.
inline void MakeUnit(Problem &x, double value) {
  for (size_t i = 0; i < x.A; i++)
    for (size_t j = 0; j < x.A; j++) x.theta[i * x.D + j] = i == j ? value : 0;
}

// Sample `copy` becomes the same input as `from`, in every tensor.
inline void Duplicate(Problem &x, size_t from, size_t copy) {
  const auto same = [&](size_t i) { return i == copy ? from : i; };
  const size_t D = x.D;
  for (Array *m : {&x.K, &x.theta, &x.theta1}) {
    const Array old = *m;
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < D; j++) (*m)[i * D + j] = old[same(i) * D + same(j)];
  }
  for (Array *m : {&x.a, &x.b, &x.p, &x.q, &x.r, &x.s, &x.t, &x.u}) {
    const Array old = *m;
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < D; j++)
        for (size_t k = 0; k < D; k++)
          for (size_t l = 0; l < D; l++)
            (*m)[((i * D + j) * D + k) * D + l] = x.Four(old, same(i), same(j), same(k), same(l));
  }
}

struct Result {
  pdlt_status status = PDLT_OK;
  std::string message;
  Array z, parts, theta_t;
};

inline pdlt_dynamics_input Input(const Problem &x, const pdlt_dynamics_factors *factors) {
  pdlt_dynamics_input in = {};
  in.lo.D = x.D;
  in.lo.A = x.A;
  in.lo.outputs = x.n;
  in.lo.K = x.K.data();
  in.lo.theta = x.theta.data();
  in.lo.y = x.y.data();
  in.lo.eta = x.eta;
  in.lo.flow = x.flow;
  in.lo.centered = x.centered;
  in.theta1 = x.theta1.data();
  in.a = x.a.data();
  in.b = x.b.data();
  in.p = x.p.data();
  in.q = x.q.data();
  in.r = x.r.data();
  in.s = x.s.data();
  in.t = x.t.data();
  in.u = x.u.data();
  in.threads = x.threads;
  in.factors = factors;
  return in;
}

// The end when times is empty.
inline Result Predict(const Problem &x, const Array &times,
                      const pdlt_dynamics_factors *factors = nullptr) {
  Result out;
  const size_t T = std::max<size_t>(1, times.size()), block = x.n * x.D;
  const pdlt_dynamics_input in = Input(x, factors);
  pdlt_dynamics dynamics = {};
  pdlt_error err = {};
  out.z.assign(T * block, 7.5);
  out.parts.assign(PDLT_DYNAMICS_PART_COUNT * T * block, 7.5);
  out.theta_t.assign(T * block * block, 7.5);
  out.status = pdlt_dynamics_new(&dynamics, &in, &err);
  if (out.status == PDLT_OK && times.empty())
    out.status = pdlt_end_ntk(&dynamics, out.theta_t.data(), &err);
  if (out.status == PDLT_OK)
    out.status = times.empty()
                     ? pdlt_end(&dynamics, out.z.data(), out.parts.data(), &err)
                     : pdlt_dynamics_run(&dynamics, times.size(), times.data(), out.z.data(),
                                         out.parts.data(), out.theta_t.data(), &err);
  out.message = err.message;
  pdlt_dynamics_free(&dynamics);
  return out;
}

inline double Largest(const Array &x) {
  double most = 0;
  for (const double v : x) most = std::max(most, std::fabs(v));
  return most;
}

// Largest difference relative to the largest number of b (at least 1e-3 of it absolute).
inline double Distance(const Array &a, const Array &b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (size_t i = 0; i < a.size(); i++) most = std::max(most, std::fabs(a[i] - b[i]));
  return most / std::max(1e-300, Largest(b));
}

}  // namespace dynamics_support

#endif
