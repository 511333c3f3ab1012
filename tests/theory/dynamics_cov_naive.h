// The second road of the covariance at order 1/width: sums over combined indices and times
// written out.
#ifndef PDLT_TESTS_THEORY_DYNAMICS_COV_NAIVE_H
#define PDLT_TESTS_THEORY_DYNAMICS_COV_NAIVE_H

#include "tests/theory/dynamics_naive.h"
#include "theory/order_one/cov.h"

namespace dynamics_support {

struct CovProblem : Problem {
  Array g1, d, f;
};

inline CovProblem RandomCov(std::mt19937_64 &gen, size_t D, size_t A, size_t n) {
  CovProblem x;
  static_cast<Problem &>(x) = Random(gen, D, A, n);
  x.g1 = Gram(gen, D);
  x.d = Tensor(gen, D, {{1, 0, 2, 3}, {0, 1, 3, 2}});
  x.f = Tensor(gen, D, {{2, 3, 0, 1}});
  x.eta = 0.5 * SafeEta(x);
  return x;
}

// The end when times is empty. parts: with centered targets the variance of z(t) - z(0).
inline Result Covariance(const CovProblem &x, const Array &times,
                         const pdlt_dynamics_factors *factors = nullptr) {
  Result out;
  const size_t T = std::max<size_t>(1, times.size()), row = x.n * x.D;
  const pdlt_dynamics_input in = Input(x, factors);
  pdlt_dynamics dynamics = {};
  pdlt_covariance cov = {};
  pdlt_error err = {};
  out.z.assign(T * row * row, 7.5);
  out.parts.assign(T * row, 7.5);
  out.status = pdlt_dynamics_new(&dynamics, &in, &err);
  if (out.status == PDLT_OK)
    out.status =
        pdlt_covariance_new(&cov, &dynamics, &in, x.g1.data(), x.d.data(), x.f.data(), &err);
  double *change = x.centered ? out.parts.data() : nullptr;
  if (out.status == PDLT_OK)
    out.status = times.empty() ? pdlt_covariance_end(&cov, out.z.data(), change, &err)
                               : pdlt_covariance_run(&cov, times.size(), times.data(), out.z.data(),
                                                     change, &err);
  out.message = err.message;
  pdlt_covariance_free(&cov);
  pdlt_dynamics_free(&dynamics);
  return out;
}

class NaiveCov : public Naive {
 public:
  NaiveCov(const CovProblem &x, int steps, const pdlt_dynamics_factors &factors)
      : Naive(x, steps, factors), cov_(x) {
    const size_t D = x.D;
    ZT_.resize(M_ * M_ * M_ * M_);
    size_t at = 0;
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++, at++) {
            const size_t i = I / D, j = J / D, k = K / D, l = L / D;
            const size_t a = I % D, b = J % D, c = K % D, d = L % D;
            ZT_[at] = (i == j && k == l) * x.Four(x.d, a, b, c, d) +
                      (i == k && j == l) * x.Four(x.f, a, c, b, d) +
                      (i == l && j == k) * x.Four(x.f, a, d, b, c);
          }
    for (int s = 0; s < steps; s++) E_x_J_.push_back(Cross(s));
  }

  Array Covariance(int t) const {
    Array g1(M_ * M_), w(M_ * M_), out(M_ * M_);
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        g1[I * M_ + J] = f(PDLT_DYNAMICS_COV_KERNEL) * Two(cov_.g1, I, J);
    for (int s = 0; s < t; s++) Add(w, Times(E_x_J_[s], Transposed(since_[t][s])));
    const Array &kept = x_.centered ? whole_[0] : whole_[t];  // what is left of z(0)
    Add(out, Times(Times(kept, g1), Transposed(kept)));
    const Array side = Times(kept, w);
    Add(out, side);
    Add(out, Transposed(side));
    Add(out, Change(t));
    return out;
  }

  // What the fluctuations of the NTK do; with centered targets the covariance of z(t) - z(0).
  Array Change(int t) const {
    Array out(M_ * M_);
    for (int s = 0; s < t; s++)
      for (int u = 0; u < t; u++)
        Add(out, Times(Times(since_[t][s], Noise(s, u)), Transposed(since_[t][u])));
    return out;
  }

 private:
  const CovProblem &cov_;
  Array ZT_;
  std::vector<Array> E_x_J_;

  static void Add(Array &to, const Array &x) {
    for (size_t i = 0; i < to.size(); i++) to[i] += x[i];
  }
  Array Transposed(const Array &x) const {
    Array out(M_ * M_);
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++) out[I * M_ + J] = x[J * M_ + I];
    return out;
  }
  Array Times(const Array &x, const Array &y) const {
    Array out(M_ * M_);
    for (size_t I = 0; I < M_; I++)
      for (size_t K = 0; K < M_; K++)
        for (size_t J = 0; J < M_; J++) out[I * M_ + J] += x[I * M_ + K] * y[K * M_ + J];
    return out;
  }
  // m(s, u)
  Array Noise(int s, int u) const {
    Array out(M_ * M_);
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++)
            out[I * M_ + K] += f(PDLT_DYNAMICS_COV_NTK_NTK) * x_.eta * x_.eta *
                               At(AA_, I, J, K, L) * Moment2(J, s, L, u);
    return out;
  }
  double Answered(int s, int u, size_t J, size_t K) const {
    return x_.centered ? 0 : Answer(s, u)[J * M_ + K];
  }
  // E[e_K(s) x_M]
  double Y(int s, size_t K, size_t M) const {
    double sum = 0;
    for (size_t Q = 0; Q < M_; Q++) sum += X_[s][K * M_ + Q] * Two(x_.K, Q, M);
    return sum;
  }
  // E[x_M e_J e_K e_L], Wick with one e for x_M and the moment of the other two
  double Moment3(size_t M, size_t J, int s, size_t K, int u, size_t L, int v) const {
    return Y(s, J, M) * Moment2(K, u, L, v) + Y(u, K, M) * Moment2(J, s, L, v) +
           Y(v, L, M) * Moment2(J, s, K, u);
  }
  // E[x_M dTh_IJK e_j(s) e_k(u)]/h: I, J, K are the slots of T1
  double CrossDntk(size_t M, size_t I, size_t J, size_t K, size_t j, size_t k, int s, int u) const {
    double sum = At(T1_, I, J, K, M) * Moment2(j, s, k, u);
    for (size_t L = 0; L < M_; L++)
      sum +=
          At(T1_, I, J, K, L) * (X_[s][j * M_ + L] * Y(u, k, M) + X_[u][k * M_ + L] * Y(s, j, M));
    return sum;
  }
  double CrossDdntk(size_t M, size_t I, size_t J, size_t K, size_t L, int s) const {
    const double c = std::pow(x_.eta, 3);
    const double dd1 = At(dd1_, I, J, K, L);
    double sum = -f(PDLT_DYNAMICS_DDNTK_SSS) * c / 6 * dd1 * Moment3(M, J, s, K, s, L, s);
    for (int u = 0; u < s; u++) {
      for (int v = 0; v < u; v++)
        sum -= f(PDLT_DYNAMICS_DDNTK_USV) * c * (W(I, J, K, L) + W(J, I, K, L)) *
               Moment3(M, J, s, K, u, L, v);
      sum -= f(PDLT_DYNAMICS_DDNTK_SUU) * c / 2 *
             (dd1 + At(dd1_, J, I, K, L) + 2 * At(dd2_, I, J, K, L)) * Moment3(M, J, s, K, u, L, u);
      sum -= f(PDLT_DYNAMICS_DDNTK_SSV) * c / 2 * W(I, J, K, L) * Moment3(M, J, s, K, s, L, u);
    }
    return sum;
  }
  // E[x_M J_I(s)]
  Array Cross(int s) const {
    const double eta = x_.eta;
    Array out(M_ * M_);
    for (size_t M = 0; M < M_; M++)
      for (size_t I = 0; I < M_; I++) {
        double sum = 0;
        for (size_t J = 0; J < M_; J++) {
          if (!Train(J)) continue;
          sum -= f(PDLT_DYNAMICS_MEAN) * eta * Two(x_.theta1, I, J) * Y(s, J, M);
          for (size_t K = 0; K < M_; K++) {
            sum -= f(PDLT_DYNAMICS_COV_NTK_OUTPUT) * eta * At(ZT_, M, K, I, J) * X_[s][J * M_ + K];
            if (!Train(K)) continue;
            for (int u = 0; u < s; u++)
              sum += f(PDLT_DYNAMICS_DNTK_US) * eta * eta *
                     (CrossDntk(M, I, J, K, J, K, s, u) + CrossDntk(M, J, I, K, J, K, s, u));
            sum += f(PDLT_DYNAMICS_DNTK_SS) * eta * eta / 2 * CrossDntk(M, I, J, K, J, K, s, s);
            for (size_t L = 0; L < M_; L++) {
              if (!Train(L)) continue;
              for (int u = 0; u < s; u++)
                sum += f(PDLT_DYNAMICS_FLUCTUATIONS) * eta * eta * At(AA_, I, J, K, L) *
                       Answered(s, u, J, K) * Y(u, L, M);
              sum += CrossDdntk(M, I, J, K, L, s);
            }
          }
        }
        out[M * M_ + I] = sum;
      }
    return out;
  }
};

}  // namespace dynamics_support

#endif
