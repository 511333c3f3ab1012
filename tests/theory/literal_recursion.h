// literal_recursion.h - the recursions of docs/tensors.md transcribed literally, over any number of slots, for
// polynomial activations with brackets from Wick's theorem: sums over slots are loops over slots, derivatives
// raise the order of a slot, nothing is merged or reused.
#ifndef PDLT_TESTS_THEORY_LITERAL_RECURSION_H
#define PDLT_TESTS_THEORY_LITERAL_RECURSION_H

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "theory/tensors/tensors.h"

namespace literal {

using List = std::vector<double>;

// What a bracket averages: the product of sigma^(order)(z_slot), two or four of them.
struct Slot {
  size_t slot;
  int order;
};
struct Function {
  size_t count = 0;
  std::array<Slot, 4> f = {};
};
struct Piece {
  double weight;
  Function f;
};
using Sum = std::vector<Piece>;

inline Sum operator*(const Sum &a, const Sum &b) {  // product over disjoint slots
  Sum out;
  for (const Piece &p : a) {
    for (const Piece &q : b) {
      Function f = p.f;
      for (size_t i = 0; i < q.f.count; i++) f.f[f.count++] = q.f.f[i];
      out.push_back({p.weight * q.weight, f});
    }
  }
  return out;
}

inline Sum operator*(double c, Sum a) {
  for (Piece &p : a) p.weight *= c;
  return a;
}

inline Sum operator+(Sum a, const Sum &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Brackets of sigma(z) = sum_m c_m z^m, at most of third degree, z ~ N(0, K) over N slots. A moment E[z_a^p
// z_b^q z_c^r z_d^s] follows from Stein's lemma; the four may coincide: they are four Gaussian variables,
// whose covariance is then singular.
class Wick {
 public:
  Wick(const List &c, size_t N, const double *K)
      : N_(N), K_(K, K + N * N), known_(2 * N * N * N * N * kOrders, kUnknown) {
    for (size_t m = 0; m < c.size(); m++) c_[0][m] = c[m];
    for (size_t o = 1; o < kSize; o++) {
      for (size_t m = 0; m + 1 < kSize; m++) c_[o][m] = c_[o - 1][m + 1] * double(m + 1);
    }
  }
  double operator()(const Sum &sum) {
    double total = 0.0;
    for (const Piece &piece : sum) total += piece.weight * Bracket(piece.f);
    return total;
  }

 private:
  static constexpr size_t kSize = 4, kOrders = kSize * kSize * kSize * kSize;
  static constexpr double kUnknown = std::numeric_limits<double>::infinity();

  // Each is kept: there are many more readings than brackets. Those of two slots are kept as if slots 0, 0
  // of order 0 followed, beside those of four.
  double Bracket(const Function &f) {
    size_t at = f.count == 2 ? 1 : 0;
    for (const Slot &slot : f.f) {
      if (slot.order >= int(kSize)) return 0.0;
      at = at * N_ + slot.slot;
    }
    for (const Slot &slot : f.f) at = at * kSize + size_t(slot.order);
    double &known = known_[at];
    if (known == kUnknown) known = Average(f);
    return known;
  }
  double Average(const Function &f) const {
    std::array<double, kOrders> moment;
    double total = 0.0;
    for (size_t at = 0; at < kOrders; at++) {
      const size_t power[4] = {at / 64, at / 16 % 4, at / 4 % 4, at % 4};
      moment[at] = Moment(f, power, moment.data());
      double weight = 1.0;
      for (size_t i = 0; i < 4; i++) {
        const double none = power[i] == 0 ? 1.0 : 0.0;
        weight *= i < f.count ? c_[size_t(f.f[i].order)][power[i]] : none;
      }
      total += weight * moment[at];
    }
    return total;
  }
  // E[z_i g] = sum_j K_ij E[d_j g], i the first with a power; all lower moments are there.
  double Moment(const Function &f, const size_t power[4], const double *moment) const {
    static constexpr size_t stride[4] = {64, 16, 4, 1};
    size_t i = 0, at = 0;
    double sum = 0.0;
    while (i < 4 && power[i] == 0) i++;
    if (i == 4) return 1.0;
    for (size_t j = 0; j < 4; j++) at += power[j] * stride[j];
    for (size_t j = 0; j < f.count; j++) {
      const size_t left = power[j] - (i == j ? 1 : 0);
      if (left == 0) continue;
      sum += K_[f.f[i].slot * N_ + f.f[j].slot] * double(left) * moment[at - stride[i] - stride[j]];
    }
    return i < f.count ? sum : 0.0;
  }
  size_t N_;
  double c_[kSize][kSize] = {};
  List K_, known_;
};

// d_slot of every piece.
inline Sum Raise(Sum sum, size_t slot) {
  for (Piece &piece : sum) piece.f.f[slot].order++;
  return sum;
}

inline pdlt_tensor_name Name(int n) { return static_cast<pdlt_tensor_name>(n); }

// All tensors over N slots, P_0123 too in the order of its name.
struct Reference {
  size_t N;
  List t[PDLT_TENSOR_COUNT];
  explicit Reference(size_t slots) : N(slots) {
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      t[n].assign(pdlt_tensor_rank(Name(n)) == 2 ? N * N : N * N * N * N, 0.0);
    }
  }
  double operator()(int n, size_t a, size_t b) const { return t[n][a * N + b]; }
  double operator()(int n, size_t a, size_t b, size_t c, size_t d) const {
    return t[n][((a * N + b) * N + c) * N + d];
  }
};

using Tensor2 = std::function<double(size_t, size_t)>;
using Tensor1 = std::function<double(size_t)>;

// One step; the members carry the names of docs/tensors.md.
struct Step {
  double C, lambda, r;
  const double *Th_;  // (N, N)
  Wick bracket;
  const Reference &old;

  double Th(size_t a, size_t b) const { return Th_[old.N * a + b]; }
  static Sum S(size_t a, int i, size_t b, int j) { return {{1.0, {2, {{{a, i}, {b, j}}}}}}; }
  Sum O(size_t a, size_t b) const { return lambda * S(a, 0, b, 0) + C * Th(a, b) * S(a, 1, b, 1); }
  // The slot that factor a of f stands on.
  static size_t At(const Sum &f, size_t a) { return f[0].f.f[a].slot; }

  // sum_a T_a <d_a f>
  double D1(const Tensor1 &T, const Sum &f) {
    double sum = 0.0;
    for (size_t a = 0; a < 2; ++a) sum += T(At(f, a)) * bracket(Raise(f, a));
    return sum;
  }
  // sum_ab T_ab <d_a d_b f>
  double D2(const Tensor2 &T, const Sum &f) {
    double sum = 0.0;
    for (size_t a = 0; a < 2; ++a) {
      for (size_t b = 0; b < 2; ++b) {
        sum += T(At(f, a), At(f, b)) * bracket(Raise(Raise(f, a), b));
      }
    }
    return sum;
  }
  // sum_ab T_ab <d_a f> <d_b g>
  double D1D1(const Tensor2 &T, const Sum &f, const Sum &g) {
    return D1([&](size_t a) { return D1([&](size_t b) { return T(a, b); }, g); }, f);
  }
  // sum_abcd V_(ab)(cd) <d_a d_b f> <d_c d_d g>
  double Vertex(const Sum &f, const Sum &g) {
    return D2(
        [&](size_t a, size_t b) {
          return D2([&](size_t c, size_t d) { return old(PDLT_TENSOR_V, a, b, c, d); }, g);
        },
        f);
  }
  double E12(const Sum &f) {
    double fourth = D2Nested(f);
    return 0.5 * D2([&](size_t a, size_t b) { return old(PDLT_TENSOR_G1, a, b); }, f) + fourth / 8;
  }
  double D2Nested(const Sum &f) {
    double sum = 0.0;
    for (size_t a = 0; a < 2; ++a) {
      for (size_t b = 0; b < 2; ++b) {
        size_t sa = At(f, a), sb = At(f, b);
        sum += D2([&](size_t c, size_t d) { return old(PDLT_TENSOR_V, sa, sb, c, d); },
                  Raise(Raise(f, a), b));
      }
    }
    return sum;
  }
  Tensor2 F(size_t i, size_t j) {  // F_{a i b j}
    return [=](size_t a, size_t b) { return old(PDLT_TENSOR_F, a, i, b, j); };
  }
  Tensor2 Dab(size_t i, size_t j) {  // D_{a b i j}
    return [=](size_t a, size_t b) { return old(PDLT_TENSOR_D, a, b, i, j); };
  }
  Tensor1 P(size_t i, size_t j, size_t k) {
    return [=](size_t a) { return old(PDLT_TENSOR_P, i, j, k, a); };
  }
  Tensor1 Q(size_t i, size_t j, size_t k) {
    return [=](size_t a) { return old(PDLT_TENSOR_Q, i, j, k, a); };
  }

  void Means(Reference &out, size_t a, size_t b) {
    Sum ss = S(a, 0, b, 0), dd = S(a, 1, b, 1);
    out.t[PDLT_TENSOR_G1][old.N * a + b] = C * r * E12(ss);
    double moving = D2(
        [&](size_t i, size_t j) {
          return old(PDLT_TENSOR_D, i, j, a, b) + old(PDLT_TENSOR_F, i, a, j, b) +
                 old(PDLT_TENSOR_F, i, b, j, a);
        },
        dd);
    out.t[PDLT_TENSOR_THETA1][old.N * a + b] =
        r * (lambda * E12(ss) + C * Th(a, b) * E12(dd) +
             C * bracket(dd) * old(PDLT_TENSOR_THETA1, a, b) + 0.5 * C * moving);
  }
  void Fluctuations(Reference &out, size_t at, size_t i1, size_t i2, size_t i3, size_t i4) {
    Sum s12 = S(i1, 0, i2, 0), s34 = S(i3, 0, i4, 0), O12 = O(i1, i2), O34 = O(i3, i4);
    Sum d12 = S(i1, 1, i2, 1), d34 = S(i3, 1, i4, 1);
    out.t[PDLT_TENSOR_V][at] =
        C * C * (bracket(s12 * s34) - bracket(s12) * bracket(s34) + r / 4 * Vertex(s12, s34));
    out.t[PDLT_TENSOR_D][at] =
        C * (bracket(s12 * O34) - bracket(s12) * bracket(O34) +
             r * (Vertex(s12, O34) / 4 + C / 2 * D2(Dab(i3, i4), s12) * bracket(d34)));
    out.t[PDLT_TENSOR_A][at] =
        bracket(O12 * O34) - bracket(O12) * bracket(O34) +
        r * (Vertex(O12, O34) / 4 + C / 2 * D2(Dab(i3, i4), O12) * bracket(d34) +
             C / 2 * D2(Dab(i1, i2), O34) * bracket(d12) +
             C * C * bracket(d12) * bracket(d34) * old(PDLT_TENSOR_A, i1, i2, i3, i4));
  }
  // Stored order (1, 3, 2, 4).
  void Crossed(Reference &out, size_t at, size_t i1, size_t i3, size_t i2, size_t i4) {
    out.t[PDLT_TENSOR_F][at] = C * C *
                               (bracket(S(i1, 0, i2, 0) * S(i3, 1, i4, 1)) * Th(i3, i4) +
                                r * D1D1(F(i3, i4), S(i1, 0, i3, 1), S(i2, 0, i4, 1)));
    out.t[PDLT_TENSOR_B][at] =
        C * C *
        (bracket(S(i1, 1, i2, 1) * S(i3, 1, i4, 1)) * Th(i1, i2) * Th(i3, i4) +
         r * bracket(S(i1, 1, i3, 1)) * bracket(S(i2, 1, i4, 1)) *
             old(PDLT_TENSOR_B, i1, i3, i2, i4));
  }
  void First(Reference &out, size_t at, size_t i0, size_t i1, size_t i2, size_t i3) {
    double th = Th(i0, i1) * Th(i0, i2), d12 = bracket(S(i1, 1, i2, 1));
    out.t[PDLT_TENSOR_P][at] =
        C * C *
        (bracket(S(i0, 2, i1, 1) * S(i2, 1, i3, 0)) * th +
         r * (bracket(S(i0, 2, i3, 0)) * d12 * old(PDLT_TENSOR_B, i0, i0, i1, i2) +
              d12 * D1(P(i0, i1, i2), S(i0, 1, i3, 0))));
    out.t[PDLT_TENSOR_Q][at] =
        lambda * C *
            (bracket(S(i0, 1, i1, 0) * S(i2, 1, i3, 0)) * Th(i0, i2) +
             r * D1D1(F(i0, i2), S(i0, 1, i1, 0), S(i2, 1, i3, 0))) +
        C * C *
            (bracket(S(i0, 2, i1, 1) * S(i2, 1, i3, 0)) * th +
             r * (Th(i0, i1) * D1D1(F(i0, i2), S(i0, 2, i1, 1), S(i2, 1, i3, 0)) +
                  bracket(S(i0, 1, i1, 1)) * D1(Q(i0, i1, i2), S(i2, 1, i3, 0))));
    double d23 = bracket(S(i2, 1, i3, 1)), b = old(PDLT_TENSOR_B, i0, i0, i2, i3);
    out.t[PDLT_TENSOR_R][at] =
        lambda * C *
            (bracket(S(i0, 2, i1, 0) * S(i2, 1, i3, 1)) * Th(i0, i2) * Th(i0, i3) +
             r * (bracket(S(i0, 2, i1, 0)) * d23 * b + d23 * D1(P(i0, i2, i3), S(i0, 1, i1, 0)))) +
        C * C *
            (bracket(S(i0, 3, i1, 1) * S(i2, 1, i3, 1)) * th * Th(i0, i3) +
             r * (Th(i0, i1) * bracket(S(i0, 3, i1, 1)) * d23 * b +
                  Th(i0, i1) * d23 * D1(P(i0, i2, i3), S(i0, 2, i1, 1)) +
                  bracket(S(i0, 1, i1, 1)) * d23 * old(PDLT_TENSOR_R, i0, i1, i2, i3)));
  }
  double Fresh2(size_t i1, size_t i2, size_t i3, size_t i4) {
    return bracket(S(i1, 2, i2, 2) * S(i3, 1, i4, 1)) * Th(i1, i2) * Th(i1, i3) * Th(i2, i4);
  }
  void Second(Reference &out, size_t at, size_t i1, size_t i2, size_t i3, size_t i4) {
    double d12 = bracket(S(i1, 1, i2, 1)), d34 = bracket(S(i3, 1, i4, 1));
    double b = old(PDLT_TENSOR_B, i1, i2, i3, i4);
    out.t[PDLT_TENSOR_S][at] =
        lambda * C *
            (bracket(S(i1, 1, i2, 1) * S(i3, 1, i4, 1)) * Th(i1, i3) * Th(i2, i4) +
             r * d12 * d34 * b) +
        C * C *
            (Fresh2(i1, i2, i3, i4) + r * (Th(i1, i2) * bracket(S(i1, 2, i2, 2)) * d34 * b +
                                           d12 * d34 * old(PDLT_TENSOR_S, i1, i2, i3, i4)));
  }
  // T stored as (1, 3, 2, 4).
  void Third(Reference &out, size_t at, size_t i1, size_t i3, size_t i2, size_t i4) {
    double th12 = Th(i1, i2), th13 = Th(i1, i3), th24 = Th(i2, i4);
    double d13 = bracket(S(i1, 1, i3, 1)), d24 = bracket(S(i2, 1, i4, 1));
    Tensor2 f = F(i1, i2);
    double two = bracket(S(i1, 1, i3, 0) * S(i2, 1, i4, 0)) * th12 +
                 r * D1D1([&](size_t a, size_t b) { return old(PDLT_TENSOR_F, a, i1, b, i2); },
                          S(i1, 1, i3, 0), S(i2, 1, i4, 0));
    double one = bracket(S(i1, 1, i3, 0) * S(i2, 2, i4, 1)) * th24 * th12 +
                 r * th24 * D1D1(f, S(i1, 1, i3, 0), S(i2, 2, i4, 1)) +
                 r * d24 * D1(Q(i2, i4, i1), S(i1, 1, i3, 0)) +
                 bracket(S(i1, 2, i3, 1) * S(i2, 1, i4, 0)) * th13 * th12 +
                 r * th13 * D1D1(f, S(i1, 2, i3, 1), S(i2, 1, i4, 0)) +
                 r * d13 * D1(Q(i1, i3, i2), S(i2, 1, i4, 0));
    double none =
        Fresh2(i1, i2, i3, i4) + r * (th13 * th24 * D1D1(f, S(i1, 2, i3, 1), S(i2, 2, i4, 1)) +
                                      th13 * d24 * D1(Q(i2, i4, i1), S(i1, 2, i3, 1)) +
                                      th24 * d13 * D1(Q(i1, i3, i2), S(i2, 2, i4, 1)) +
                                      d13 * d24 * old(PDLT_TENSOR_T, i1, i3, i2, i4));
    out.t[PDLT_TENSOR_T][at] = lambda * lambda * two + lambda * C * one + C * C * none;
  }
  // U stored as (1, 4, 2, 3).
  void Fourth(Reference &out, size_t at, size_t i1, size_t i4, size_t i2, size_t i3) {
    out.t[PDLT_TENSOR_U][at] =
        C * C *
        (Fresh2(i1, i2, i3, i4) + r * bracket(S(i1, 1, i4, 1)) * bracket(S(i2, 1, i3, 1)) *
                                      old(PDLT_TENSOR_U, i1, i4, i2, i3));
  }
  Reference All() {
    const size_t N = old.N;
    Reference out(N);
    for (size_t at = 0; at < N * N; at++) Means(out, at / N, at % N);
    for (size_t at = 0; at < N * N * N * N; at++) {
      const size_t a = at / (N * N * N), b = at / (N * N) % N, c = at / N % N, d = at % N;
      Fluctuations(out, at, a, b, c, d);
      Crossed(out, at, a, b, c, d);
      First(out, at, a, b, c, d);
      Second(out, at, a, b, c, d);
      Third(out, at, a, b, c, d);
      Fourth(out, at, a, b, c, d);
    }
    return out;
  }
};

}  // namespace literal

#endif
