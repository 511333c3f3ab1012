// convolution_linear_test.cpp - deep linear networks with positions, exactly at finite n.
//
// z'_{i;a} = b_i + sum_tj W_itj (M^t z_j)_a. With q_ab = (1/n) sum_j z_ja z_jb, given the layer below, z'_i are
// independent, normal, of covariance Q_ab = C_b + C Mm[q]_ab, and by Wick's theorem
//
//   E[q'_ab q'_cd] = T_ab,cd + (1/n') (T_ac,bd + T_ad,bc),    T = E[Q_ab Q_cd].
//
// The NTK: Theta'_ik;cd = delta_ik (lambda_b + lambda Mm[q]_cd) + sum W_itj W_kuj' (M^t M^u Theta_jj')_cd. With
// theta = (1/n) sum_j Theta_jj and G_ac,bd = (1/n^2) sum_jj' z_ja z_j'b Theta_jj';cd,
//
//   X_ab,cd  = E[Q_ab (lambda_b + lambda Mm[q]_cd + C Mm[theta]_cd)],    Y = C^2 Mm (x) Mm [E G],
//   E[q'_ab theta'_cd] = X_ab,cd + (1/n') (Y_ac,bd + Y_ad,bc),
//   E[G'_ac,bd]        = (1 - 1/n') Y_ac,bd + (1/n') (X_ab,cd + Y_ac,bd + Y_ad,bc):
//
// the two weights of Theta'_kk meet each other or those of z'_ka, z'_kb; with k != k' each meets that of its own
// neuron. E[qq], E[q theta] and E[G] close. At the readout h V = T - K K, h D = X - K Theta and h F = Y, all
// polynomials in 1/n, and E[q], E[Theta] obey the recursion of infinite width: G1 = Theta1 = 0. The coefficient of
// h of a polynomial follows from its values at as many n as it has terms.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/theory/positions_support.h"

using naive_wiring::Line;
using naive_wiring::Plane;
using positions_support::Kernels;
using positions_support::Map;
using positions_support::Network;
using positions_support::Tensors;

namespace {

using List = std::vector<double>;
const size_t kSamples = 2;
const naive_wiring::Layer kDense = {naive_wiring::kDense}, kAverage = {naive_wiring::kAverage};

// Means of a layer; its two-slot functions in the order of their indices above.
struct Moments {
  List K, theta, qq, qt, G;
};

struct Readout {
  List V, D, F;  // over h
};

// Means of q, theta and of their products: T, X, Y of the layer.
Moments Mean(const Moments &below, const Map &map, size_t l) {
  const double C_b = positions_support::kC_b[l], C = positions_support::kC_W[l];
  const double lambda_b = positions_support::kLambda_b[l], lambda = positions_support::kLambda_W[l];
  const size_t pairs = map.N * map.N;
  const List q = map.Pair(below.K), t = map.Pair(below.theta);
  const List qq = map.Both(below.qq), qt = map.Both(below.qt), G = map.Both(below.G);
  Moments out = {List(pairs), List(pairs), List(pairs * pairs), List(pairs * pairs),
                 List(pairs * pairs)};
  for (size_t ab = 0; ab < pairs; ab++) {
    out.K[ab] = C_b + C * q[ab];
    out.theta[ab] = lambda_b + lambda * q[ab] + C * t[ab];
  }
  for (size_t at = 0; at < pairs * pairs; at++) {
    const size_t ab = at / pairs, cd = at % pairs;
    out.qq[at] = C_b * C_b + C_b * C * (q[ab] + q[cd]) + C * C * qq[at];
    out.qt[at] = C_b * out.theta[cd] + C * (lambda_b * q[ab] + lambda * qq[at] + C * qt[at]);
    out.G[at] = C * C * G[at];
  }
  return out;
}

// The same of n neurons of the layer, from T, X, Y.
Moments Neurons(const Moments &mean, size_t N, double n) {
  const auto at = [N](size_t a, size_t b, size_t c, size_t d) {
    return ((a * N + b) * N + c) * N + d;
  };
  Moments out = mean;
  for (size_t i = 0; i < mean.qq.size(); i++) {
    const size_t a = i / (N * N * N), b = i / (N * N) % N, c = i / N % N, d = i % N;
    out.qq[i] += (mean.qq[at(a, c, b, d)] + mean.qq[at(a, d, b, c)]) / n;
    const double crossed = mean.G[at(a, c, b, d)] + mean.G[at(a, d, b, c)];
    out.qt[i] += crossed / n;
    out.G[at(a, c, b, d)] += (mean.qt[i] - mean.G[at(a, c, b, d)] + crossed) / n;
  }
  return out;
}

// At hidden widths of `n` times the ratios. The inputs are layer 0, whose NTK is 0.
Readout Exact(const Network &net, const List &x, double n) {
  const size_t L = net.layers.size(), n_0 = positions_support::kChannels;
  naive_wiring::Shape below = net.shape;
  const size_t P = (size_t)below.Size(), M = P * kSamples;
  Moments now = {List(M * M), List(M * M), List(M * M * M * M), List(M * M * M * M),
                 List(M * M * M * M)};
  for (size_t p = 0; p < M; p++)
    for (size_t q = 0; q < M; q++)
      for (size_t j = 0; j < n_0; j++)
        now.K[p * M + q] += x[(p % kSamples * n_0 + j) * P + p / kSamples] *
                            x[(q % kSamples * n_0 + j) * P + q / kSamples] / double(n_0);
  for (size_t at = 0; at < now.qq.size(); at++)
    now.qq[at] = now.K[at / (M * M)] * now.K[at % (M * M)];
  for (size_t l = 0; l < L; l++) {
    const Map map(naive_wiring::Taps(net.layers[l], below), kSamples);
    now = Mean(now, map, l);
    if (l + 1 < L) now = Neurons(now, map.N, n * positions_support::kRatios[l]);
    below = naive_wiring::Above(net.layers[l], below);
  }
  const size_t pairs = kSamples * kSamples;
  const double h = 1.0 / (n * positions_support::kRatios[L - 2]);
  Readout out;
  for (size_t at = 0; at < pairs * pairs; at++) {
    const size_t ab = at / pairs, cd = at % pairs;
    out.V.push_back((now.qq[at] - now.K[ab] * now.K[cd]) / h);
    out.D.push_back((now.qt[at] - now.K[ab] * now.theta[cd]) / h);
    out.F.push_back(now.G[at] / h);
  }
  return out;
}

// Value at 1/n = 0 of the polynomial through the values at n = 1, 2, ...
double AtZero(const List &values) {
  double sum = 0;
  for (size_t i = 0; i < values.size(); i++) {
    double weight = 1;
    for (size_t j = 0; j < values.size(); j++) {
      const double x = 1.0 / double(i + 1), y = 1.0 / double(j + 1);
      if (j != i) weight *= y / (y - x);
    }
    sum += weight * values[i];
  }
  return sum;
}

const std::vector<Network> kNetworks = {
    {"dense", "linear", false, {1, 1}, {kDense, kDense, kDense, kDense}},
    {"circular", "linear", false, {1, 3}, {Line(3, true), Line(2, true), kDense}},
    {"zero", "linear", false, {1, 4}, {Line(3, false), Line(3, false, 2), Line(2, true), kDense}},
    {"pool", "linear", false, {1, 4}, {Line(3, false), Line(1, true, 1, 2), kAverage, kDense}},
    {"plane", "linear", true, {2, 2}, {Plane(2, 1, false), Plane(2, 2, true), kAverage}},
};

class ConvolutionLinear : public testing::TestWithParam<Network> {};

TEST_P(ConvolutionLinear, ExactAtFiniteWidth) {
  const Network &net = GetParam();
  const int L = (int)net.layers.size();
  const Kernels kernels(net, kSamples);
  const Tensors tensors(kernels, false);
  std::vector<Readout> exact;  // of degree L - 2 in 1/n, after the division by h
  for (int n = 1; n < L; n++) exact.push_back(Exact(net, kernels.x, n));
  for (size_t at = 0; at < exact[0].V.size(); at++) {
    List V, D, F;
    for (const Readout &r : exact) {
      V.push_back(r.V[at]);
      D.push_back(r.D[at]);
      F.push_back(r.F[at]);
    }
    EXPECT_NEAR(pdlt_tensors_get(&tensors.set, L, PDLT_TENSOR_V)[at], AtZero(V), 1e-11) << at;
    EXPECT_NEAR(pdlt_tensors_get(&tensors.set, L, PDLT_TENSOR_D)[at], AtZero(D), 1e-11) << at;
    EXPECT_NEAR(pdlt_tensors_get(&tensors.set, L, PDLT_TENSOR_F)[at], AtZero(F), 1e-11) << at;
  }
  for (size_t at = 0; at < kSamples * kSamples; at++) {
    EXPECT_EQ(pdlt_tensors_get(&tensors.set, L, PDLT_TENSOR_G1)[at], 0.0) << at;
    EXPECT_EQ(pdlt_tensors_get(&tensors.set, L, PDLT_TENSOR_THETA1)[at], 0.0) << at;
  }
}

std::string NameOf(const testing::TestParamInfo<Network> &info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Networks, ConvolutionLinear, testing::ValuesIn(kNetworks), NameOf);

}  // namespace
