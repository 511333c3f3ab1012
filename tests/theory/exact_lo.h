// Kernel, NTK and training at infinite width with mantissas of 64 bits, for activations whose averages have a
// closed form: recursions and steps as they stand in the book, no modes, no errors.
#ifndef PDLT_TESTS_THEORY_EXACT_LO_H
#define PDLT_TESTS_THEORY_EXACT_LO_H

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "base/experiment/layer.h"

namespace exact_lo {

using Real = long double;
using Reals = std::vector<Real>;

// <s1 s2> and <s1' s2'> over N(0, ((k11, k12), (k12, k22))).
using Averages = std::function<std::pair<Real, Real>(Real k11, Real k12, Real k22)>;

inline const Real kPi = 3.14159265358979323846264338327950288L;

inline Averages Kink(Real plus, Real minus) {
  const Real m = (plus + minus) / 2, d = (plus - minus) / 2;
  return [m, d](Real k11, Real k12, Real k22) {
    const Real root = sqrtl(fmaxl(k11 * k22 - k12 * k12, 0)), angle = atan2l(k12, root) * 2 / kPi;
    return std::make_pair(m * m * k12 + d * d * (2 / kPi * root + k12 * angle),
                          m * m + d * d * angle);
  };
}

inline std::pair<Real, Real> Erf(Real k11, Real k12, Real k22) {
  const Real det = (1 + 2 * k11) * (1 + 2 * k22) - 4 * k12 * k12;
  return {2 / kPi * atan2l(2 * k12, sqrtl(det)), 4 / kPi / sqrtl(det)};
}

inline std::pair<Real, Real> Sine(Real k11, Real k12, Real k22) {
  const Real scale = expl(-(k11 + k22) / 2);
  return {scale * sinhl(k12), scale * coshl(k12)};
}

// z + c z^2
inline Averages Quadratic(Real c) {
  return [c](Real k11, Real k12, Real k22) {
    return std::make_pair(k12 + c * c * (k11 * k22 + 2 * k12 * k12), 1 + 4 * c * c * k12);
  };
}

struct Network {
  size_t D = 0, A = 0, n = 0;
  Reals K, theta, y;  // (D, D), (D, D), (A, n)
};

inline Network Kernels(const Averages &of, const std::vector<pdlt_layer> &layers, size_t D,
                       size_t A, size_t n, const double *x, const double *y) {
  Network net = {D, A, n, Reals(D * D), Reals(D * D), Reals(y, y + A * n)};
  const size_t inputs = layers[0].in;
  for (size_t l = 0; l < layers.size(); l++) {
    const Reals K = net.K, theta = net.theta;
    const Real C_b = layers[l].C_b, C_W = layers[l].C_W;
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) {
        std::pair<Real, Real> mean = {0, 0};
        for (size_t k = 0; l == 0 && k < inputs; k++)
          mean.first += (Real)x[a * inputs + k] * (Real)x[b * inputs + k] / (Real)inputs;
        if (l > 0) mean = of(K[a * D + a], K[a * D + b], K[b * D + b]);
        net.K[a * D + b] = C_b + C_W * mean.first;
        net.theta[a * D + b] = (Real)layers[l].lambda_b + (Real)layers[l].lambda_W * mean.first +
                               C_W * mean.second * theta[a * D + b];
      }
  }
  return net;
}

// N with z(t) = N z(0) + (what comes from the targets), and the mean (n, D), after `steps` steps.
struct Trained {
  Reals N, mean;
};

inline Trained Steps(const Network &net, Real eta, long steps) {
  const size_t D = net.D, A = net.A, n = net.n;
  Trained out = {Reals(D * D), Reals(n * D)};
  for (size_t d = 0; d < D; d++) out.N[d * D + d] = 1;
  for (long s = 0; s < steps; s++) {
    const Trained now = out;
    for (size_t d = 0; d < D; d++)
      for (size_t a = 0; a < A; a++) {
        const Real move = eta * net.theta[d * D + a];
        for (size_t e = 0; e < D; e++) out.N[d * D + e] -= move * now.N[a * D + e];
        for (size_t i = 0; i < n; i++)
          out.mean[i * D + d] -= move * (now.mean[i * D + a] - net.y[a * n + i]);
      }
  }
  return out;
}

// The end: rows of Theta_DA Theta_AA^-1 by elimination with the largest pivot of each column; training
// samples reach their targets.
inline Trained End(const Network &net) {
  const size_t D = net.D, A = net.A, n = net.n;
  Trained out = {Reals(D * D), Reals(n * D)};
  for (size_t a = 0; a < A; a++)
    for (size_t i = 0; i < n; i++) out.mean[i * D + a] = net.y[a * n + i];
  for (size_t d = A; d < D; d++) {
    Reals m(A * (A + 1));  // Theta_AA w = Theta_Ad
    for (size_t a = 0; a < A; a++) {
      for (size_t b = 0; b < A; b++) m[a * (A + 1) + b] = net.theta[a * D + b];
      m[a * (A + 1) + A] = net.theta[a * D + d];
    }
    for (size_t c = 0; c < A; c++) {
      size_t top = c;
      for (size_t r = c; r < A; r++)
        if (fabsl(m[r * (A + 1) + c]) > fabsl(m[top * (A + 1) + c])) top = r;
      for (size_t k = 0; k <= A; k++) std::swap(m[c * (A + 1) + k], m[top * (A + 1) + k]);
      for (size_t r = 0; r < A; r++) {
        if (r == c) continue;
        const Real f = m[r * (A + 1) + c] / m[c * (A + 1) + c];
        for (size_t k = c; k <= A; k++) m[r * (A + 1) + k] -= f * m[c * (A + 1) + k];
      }
    }
    out.N[d * D + d] = 1;
    for (size_t a = 0; a < A; a++) {
      const Real w = m[a * (A + 1) + A] / m[a * (A + 1) + a];
      out.N[d * D + a] -= w;
      for (size_t i = 0; i < n; i++) out.mean[i * D + d] += w * net.y[a * n + i];
    }
  }
  return out;
}

// cov (D, D) = N K N^T of one output.
inline Reals Covariance(const Network &net, const Reals &N) {
  const size_t D = net.D;
  Reals left(D * D), cov(D * D);
  for (size_t d = 0; d < D; d++)
    for (size_t e = 0; e < D; e++)
      for (size_t k = 0; k < D; k++) left[d * D + e] += N[d * D + k] * net.K[k * D + e];
  for (size_t d = 0; d < D; d++)
    for (size_t e = 0; e < D; e++)
      for (size_t k = 0; k < D; k++) cov[d * D + e] += left[d * D + k] * N[e * D + k];
  return cov;
}

}  // namespace exact_lo

#endif
