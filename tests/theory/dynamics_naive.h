// The second road of the dynamics at order 1/width: tensors expanded over combined indices
// with their Kronecker deltas, sums over all times written out, plain matrices. With a pull K_s what is
// called e below is K_s (z - y).
#ifndef PDLT_TESTS_THEORY_DYNAMICS_NAIVE_H
#define PDLT_TESTS_THEORY_DYNAMICS_NAIVE_H

#include <cmath>
#include <vector>

#include "tests/theory/dynamics_support.h"

namespace dynamics_support {

// The expanded problem: I = (i, sample) = i D + sample, M = n_L D; ebar, X, C of every step.
class Naive {
 public:
  Naive(const Problem &x, int steps, const pdlt_dynamics_factors &factors)
      : x_(x), M_(x.n * x.D), steps_(steps), factors_(factors) {
    Expand();
    Propagate();
  }

  // z1 (n_L D) of a part at step t.
  Array Z(int t, int part) const {
    Array z(M_);
    for (int s = 0; s < t; s++) {
      const Array j = Source(s, part);
      Array next(M_);
      for (size_t I = 0; I < M_; I++) {
        next[I] = j[I];
        for (size_t J = 0; J < M_; J++) next[I] += Step(I, J, s) * z[J];
      }
      z = next;
    }
    return z;
  }

  Array Theta(int t) const {
    Array out(M_ * M_);
    const double eta = x_.eta;
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++) {
        double sum = f(PDLT_DYNAMICS_NTK_MEAN) * Two(x_.theta1, I, J);
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++)
            for (int u = 0; u < t; u++) {
              sum -= f(PDLT_DYNAMICS_NTK_DNTK) * eta * (At(T1_, I, J, K, L) + At(T1_, J, I, K, L)) *
                     X_[u][K * M_ + L];
              for (int v = 0; v < u; v++)
                sum += f(PDLT_DYNAMICS_NTK_DDNTK_UV) * eta * eta * (W(I, J, K, L) + W(J, I, K, L)) *
                       Moment2(K, u, L, v);
              sum += f(PDLT_DYNAMICS_NTK_DDNTK_UU) * eta * eta / 2 *
                     (At(dd1_, I, J, K, L) + At(dd1_, J, I, K, L) + 2 * At(dd2_, I, J, K, L)) *
                     Moment2(K, u, L, u);
            }
        out[I * M_ + J] = sum;
      }
    return out;
  }

 protected:
  const Problem &x_;
  size_t M_;
  int steps_;
  pdlt_dynamics_factors factors_;
  Array AA_, T1_, dd1_, dd2_;
  std::vector<Array> ebar_, X_;  // X_[s] = K_s E N_{s-1} .. N_0, or 0 with centered targets
  std::vector<std::vector<Array>> answer_;
  std::vector<Array> whole_;               // [t] N_{t-1} .. N_0
  std::vector<std::vector<Array>> since_;  // [t][s] N_{t-1} .. N_{s+1}
  std::vector<std::vector<Array>> C_;      // C_[s][u] = X_s K X_u^T

  double f(pdlt_dynamics_term term) const { return factors_.factor[term]; }
  bool Train(size_t I) const { return I % x_.D < x_.A; }
  double Two(const Array &m, size_t I, size_t J) const {
    return I / x_.D == J / x_.D ? m[(I % x_.D) * x_.D + J % x_.D] : 0;
  }
  double At(const Array &m, size_t I, size_t J, size_t K, size_t L) const {
    return m[((I * M_ + J) * M_ + K) * M_ + L];
  }
  double W(size_t I, size_t J, size_t K, size_t L) const {
    return At(dd1_, I, J, K, L) + At(dd2_, I, J, K, L) + At(dd2_, I, K, J, L);
  }
  double Pull(size_t I, size_t J, int s) const {
    if (I / x_.D != J / x_.D || !Train(I) || !Train(J)) return 0;
    return x_.pull ? x_.pull(s, I % x_.D, J % x_.D) : I == J;
  }
  // Of N_s; s does not matter where K_s does not move.
  double Step(size_t I, size_t J, int s = 0) const {
    double back = 0;
    for (size_t K = 0; K < M_; K++) back += Two(x_.theta, I, K) * Pull(K, J, s);
    return (I == J) - x_.eta * back;
  }
  // K_s E x
  Array Pulled(const Array &x, int s) const {
    const size_t columns = M_ == 0 ? 0 : x.size() / M_;
    Array out(x.size());
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t c = 0; c < columns; c++)
          out[I * columns + c] += Pull(I, J, s) * x[J * columns + c];
    return out;
  }
  // K_s E N_{s-1} .. N_{u+1}
  const Array &Answer(int s, int u) const { return answer_[s][u]; }

  void Expand() {
    const size_t D = x_.D;
    for (Array *m : {&AA_, &T1_, &dd1_, &dd2_}) m->assign(M_ * M_ * M_ * M_, 0);
    size_t at = 0;
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++, at++) {
            const size_t i = I / D, j = J / D, k = K / D, l = L / D;
            const size_t a = I % D, b = J % D, c = K % D, d = L % D;
            const int ijkl = i == j && k == l, ikjl = i == k && j == l, iljk = i == l && j == k;
            AA_[at] = ijkl * x_.Four(x_.a, a, b, c, d) + ikjl * x_.Four(x_.b, a, c, b, d) +
                      iljk * x_.Four(x_.b, a, d, b, c);
            T1_[at] = iljk * x_.Four(x_.p, a, b, c, d) + ijkl * x_.Four(x_.q, a, b, c, d) +
                      ikjl * x_.Four(x_.q, a, c, b, d);
            dd1_[at] = ijkl * x_.Four(x_.r, a, b, c, d) + ikjl * x_.Four(x_.r, a, c, d, b) +
                       iljk * x_.Four(x_.r, a, d, b, c);
            dd2_[at] = ijkl * x_.Four(x_.s, a, b, c, d) + ikjl * x_.Four(x_.t, a, c, b, d) +
                       iljk * x_.Four(x_.u, a, d, b, c);
          }
  }

  void Propagate() {
    Array N(M_ * M_), z(M_);
    std::vector<Array> since;  // N_{s-1} .. N_{u+1}
    for (size_t I = 0; I < M_; I++) N[I * M_ + I] = 1;
    const Array unit = N;
    whole_.push_back(unit);
    since_.emplace_back();
    for (int s = 0; s < steps_; s++) {
      Array e(M_);
      for (size_t I = 0; I < M_; I++)
        if (Train(I)) e[I] = z[I] - x_.y[(I % x_.D) * x_.n + I / x_.D];
      ebar_.push_back(Pulled(e, s));
      X_.push_back(x_.centered ? Array(M_ * M_) : Pulled(N, s));
      answer_.emplace_back();
      for (const Array &product : since) answer_[s].push_back(Pulled(product, s));
      for (size_t I = 0; I < M_; I++)
        for (size_t J = 0; J < M_; J++) z[I] -= x_.eta * Two(x_.theta, I, J) * ebar_[s][J];
      N = Stepped(N, s);
      for (Array &product : since) product = Stepped(product, s);
      since.push_back(unit);
      whole_.push_back(N);
      since_.push_back(since);
    }
    C_.resize(steps_);
    for (int s = 0; s < steps_; s++)
      for (int u = 0; u < steps_; u++) C_[s].push_back(Sandwich(X_[s], X_[u]));
  }

  Array Stepped(const Array &x, int s) const {
    Array next(M_ * M_), row(M_);
    for (size_t I = 0; I < M_; I++) {
      for (size_t K = 0; K < M_; K++) row[K] = Step(I, K, s);
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++) next[I * M_ + J] += row[K] * x[K * M_ + J];
    }
    return next;
  }

  Array Sandwich(const Array &left, const Array &right) const {
    Array half(M_ * M_), out(M_ * M_);
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++) half[I * M_ + J] += left[I * M_ + K] * Two(x_.K, K, J);
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++)
        for (size_t K = 0; K < M_; K++) out[I * M_ + J] += half[I * M_ + K] * right[J * M_ + K];
    return out;
  }

  double Moment2(size_t K, int u, size_t L, int v) const {
    return ebar_[u][K] * ebar_[v][L] + C_[u][v][K * M_ + L];
  }
  double Cubic(size_t J, int s, size_t K, int u, size_t L, int v) const {
    return ebar_[s][J] * ebar_[u][K] * ebar_[v][L];
  }
  double Paired(size_t J, int s, size_t K, int u, size_t L, int v) const {
    return C_[s][u][J * M_ + K] * ebar_[v][L] + C_[s][v][J * M_ + L] * ebar_[u][K] +
           C_[u][v][K * M_ + L] * ebar_[s][J];
  }
  // E[dTh_IJK e_J(s) e_K(u)]/h before the sum
  double Dntk(size_t I, size_t J, size_t K, size_t L, size_t j, size_t k, int s, int u) const {
    return At(T1_, I, J, K, L) *
           (X_[s][j * M_ + L] * ebar_[u][k] + X_[u][k * M_ + L] * ebar_[s][j]);
  }

  double DdntkTerms(size_t I, size_t J, size_t K, size_t L, int s, bool cubic) const {
    const double c = std::pow(x_.eta, 3);
    const auto moment = [&](int p, int q, int r) {
      return cubic ? Cubic(J, p, K, q, L, r) : Paired(J, p, K, q, L, r);
    };
    double sum = -f(PDLT_DYNAMICS_DDNTK_SSS) * c / 6 * At(dd1_, I, J, K, L) * moment(s, s, s);
    for (int u = 0; u < s; u++) {
      for (int v = 0; v < u; v++)
        sum -= f(PDLT_DYNAMICS_DDNTK_USV) * c * (W(I, J, K, L) + W(J, I, K, L)) * moment(s, u, v);
      sum -= f(PDLT_DYNAMICS_DDNTK_SUU) * c / 2 *
             (At(dd1_, I, J, K, L) + At(dd1_, J, I, K, L) + 2 * At(dd2_, I, J, K, L)) *
             moment(s, u, u);
      sum -= f(PDLT_DYNAMICS_DDNTK_SSV) * c / 2 * W(I, J, K, L) * moment(s, s, u);
    }
    return sum;
  }

  double PartTerms(size_t I, size_t J, size_t K, size_t L, int s, int part) const {
    const double eta2 = x_.eta * x_.eta;
    double sum = 0;
    switch (part) {
      case PDLT_DYNAMICS_PART_FLUCTUATIONS:
        for (int u = 0; u < s && Train(K); u++)
          sum += f(PDLT_DYNAMICS_FLUCTUATIONS) * eta2 * At(AA_, I, J, K, L) *
                 Answer(s, u)[J * M_ + K] * ebar_[u][L];
        return sum;
      case PDLT_DYNAMICS_PART_DNTK:
        for (int u = 0; u < s; u++)
          sum += f(PDLT_DYNAMICS_DNTK_US) * eta2 *
                 (Dntk(I, J, K, L, J, K, s, u) + Dntk(J, I, K, L, J, K, s, u));
        return sum + f(PDLT_DYNAMICS_DNTK_SS) * eta2 / 2 * Dntk(I, J, K, L, J, K, s, s);
      default:
        return DdntkTerms(I, J, K, L, s, part == PDLT_DYNAMICS_PART_DDNTK_CUBIC);
    }
  }

  Array Source(int s, int part) const {
    Array out(M_);
    for (size_t I = 0; I < M_; I++)
      for (size_t J = 0; J < M_; J++) {
        if (part == PDLT_DYNAMICS_PART_MEAN) {
          out[I] -= f(PDLT_DYNAMICS_MEAN) * x_.eta * Two(x_.theta1, I, J) * ebar_[s][J];
          continue;
        }
        for (size_t K = 0; K < M_; K++)
          for (size_t L = 0; L < M_; L++) out[I] += PartTerms(I, J, K, L, s, part);
      }
    return out;
  }
};

inline pdlt_dynamics_factors RandomFactors(std::mt19937_64 &gen) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  pdlt_dynamics_factors out;
  for (double &f : out.factor) f = uniform(gen);
  return out;
}

inline pdlt_dynamics_factors Ones() {
  pdlt_dynamics_factors out;
  for (double &f : out.factor) f = 1;
  return out;
}

}  // namespace dynamics_support

#endif
