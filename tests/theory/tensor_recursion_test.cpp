// The recursions of docs/tensors.md transcribed literally, for polynomial activations with
// brackets from Wick's theorem: sums over slots are loops over slots, derivatives raise the
// order of a slot, nothing is merged or reused. Second road to every tensor of tensors.h.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/theory/layers.h"
#include "theory/infinite/kernel.h"
#include "theory/tensors/tensors.h"

namespace {

using List = std::vector<double>;

struct Slot {
  size_t sample;
  int order;
};
using Function = std::vector<Slot>;  // product of sigma^(order)(z_sample)
struct Piece {
  double weight;
  Function f;
};
using Sum = std::vector<Piece>;

Sum operator*(const Sum &a, const Sum &b) {  // product over disjoint slots
  Sum out;
  for (const Piece &p : a) {
    for (const Piece &q : b) {
      Function f = p.f;
      f.insert(f.end(), q.f.begin(), q.f.end());
      out.push_back({p.weight * q.weight, f});
    }
  }
  return out;
}

Sum operator*(double c, Sum a) {
  for (Piece &p : a) p.weight *= c;
  return a;
}

Sum operator+(Sum a, const Sum &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Brackets over two samples by Wick's theorem: E[z0^p z1^q] from Stein's lemma.
class Wick {
 public:
  Wick(const List &c, const double *K) : c_(c), moment_(kSize * kSize, 0.0) {
    moment_[0] = 1.0;
    for (size_t p = 0; p < kSize; ++p) {
      for (size_t q = 0; q < kSize; ++q) {
        if (p > 0) {
          At(p, q) = (p > 1 ? K[0] * double(p - 1) * At(p - 2, q) : 0.0) +
                     (q > 0 ? K[1] * double(q) * At(p - 1, q - 1) : 0.0);
        } else if (q > 0) {
          At(p, q) = q > 1 ? K[3] * double(q - 1) * At(p, q - 2) : 0.0;
        }
      }
    }
  }
  double operator()(const Sum &sum) {
    double total = 0.0;
    for (const Piece &piece : sum) total += piece.weight * Bracket(piece.f);
    return total;
  }

 private:
  static constexpr size_t kSize = 14;
  double &At(size_t p, size_t q) { return moment_[p * kSize + q]; }
  double Bracket(const Function &f) {
    List side[2] = {{1.0}, {1.0}};
    for (const Slot &slot : f) {
      List d = c_;
      for (int k = 0; k < slot.order; ++k) {
        for (size_t m = 0; m + 1 < d.size(); ++m) d[m] = d[m + 1] * double(m + 1);
        d.back() = 0.0;
      }
      List &s = side[slot.sample], product(s.size() + d.size() - 1, 0.0);
      for (size_t i = 0; i < s.size(); ++i) {
        for (size_t j = 0; j < d.size(); ++j) product[i + j] += s[i] * d[j];
      }
      s = product;
    }
    double total = 0.0;
    for (size_t p = 0; p < side[0].size(); ++p) {
      for (size_t q = 0; q < side[1].size(); ++q) {
        if (side[0][p] * side[1][q] != 0.0) total += side[0][p] * side[1][q] * At(p, q);
      }
    }
    return total;
  }
  List c_, moment_;
};

// d_slot of every piece.
Sum Raise(Sum sum, size_t slot) {
  for (Piece &piece : sum) ++piece.f[slot].order;
  return sum;
}

struct Reference {
  List t[PDLT_TENSOR_COUNT];
  Reference() {
    for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
      t[n].assign(pdlt_tensor_rank(static_cast<pdlt_tensor_name>(n)) == 2 ? 4 : 16, 0.0);
    }
  }
  double operator()(int n, size_t a, size_t b) const { return t[n][a * 2 + b]; }
  double operator()(int n, size_t a, size_t b, size_t c, size_t d) const {
    return t[n][((a * 2 + b) * 2 + c) * 2 + d];
  }
};

using Tensor2 = std::function<double(size_t, size_t)>;
using Tensor1 = std::function<double(size_t)>;

// One step; the members carry the names of docs/tensors.md.
struct Step {
  double C, lambda, r;
  const double *Th_;  // (2, 2)
  Wick bracket;
  const Reference &old;

  double Th(size_t a, size_t b) const { return Th_[2 * a + b]; }
  static Sum S(size_t a, int i, size_t b, int j) { return {{1.0, {{a, i}, {b, j}}}}; }
  Sum O(size_t a, size_t b) const { return lambda * S(a, 0, b, 0) + C * Th(a, b) * S(a, 1, b, 1); }
  static size_t Sample(const Sum &f, size_t slot) { return f[0].f[slot].sample; }

  // sum_a T_a <d_a f>
  double D1(const Tensor1 &T, const Sum &f) {
    double sum = 0.0;
    for (size_t a = 0; a < 2; ++a) sum += T(Sample(f, a)) * bracket(Raise(f, a));
    return sum;
  }
  // sum_ab T_ab <d_a d_b f>
  double D2(const Tensor2 &T, const Sum &f) {
    double sum = 0.0;
    for (size_t a = 0; a < 2; ++a) {
      for (size_t b = 0; b < 2; ++b) {
        sum += T(Sample(f, a), Sample(f, b)) * bracket(Raise(Raise(f, a), b));
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
        size_t sa = Sample(f, a), sb = Sample(f, b);
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
    out.t[PDLT_TENSOR_G1][2 * a + b] = C * r * E12(ss);
    double moving = D2(
        [&](size_t i, size_t j) {
          return old(PDLT_TENSOR_D, i, j, a, b) + old(PDLT_TENSOR_F, i, a, j, b) +
                 old(PDLT_TENSOR_F, i, b, j, a);
        },
        dd);
    out.t[PDLT_TENSOR_THETA1][2 * a + b] =
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
    Reference out;
    for (size_t at = 0; at < 16; ++at) {
      size_t a = at / 8, b = at / 4 % 2, c = at / 2 % 2, d = at % 2;
      if (at < 4) Means(out, c, d);
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

}  // namespace

TEST(TensorRecursion, PolynomialsByWick) {
  const std::vector<std::pair<std::string, List>> cases = {
      {"polynomial(0.1,0.9,0.3,-0.05)", {0.1, 0.9, 0.3, -0.05}},
      {"quadratic(0.3)", {0.0, 1.0, 0.3}},
      {"linear", {0.0, 1.0}},
      {"polynomial(0.7)", {0.7}}};
  const List C_b = {0.1, 0.2, 0.05, 0.3}, C_W = {0.9, 0.8, 1.2, 0.7};
  const List lambda_b = {0.3, 0.2, 0.6, 0.1}, lambda_W = {0.8, 1.2, 0.7, 1.4};
  const std::vector<int> ratios = {1, 3, 2};
  const auto layers = theory_test::Layers(C_b, C_W, lambda_b, lambda_W, 2, ratios);
  const List inputs[] = {{1.0, -0.4, 0.3, 0.9}, {0.5, 0.2, 0.5, 0.2}, {0.8, 0.1, 0.0, 0.0}};
  for (const auto &[name, coefficients] : cases) {
    for (const List &x : inputs) {
      pdlt_tensor_settings s = {};
      pdlt_kernel_layers kernels = {};
      pdlt_tensor_set set = {};
      ASSERT_EQ(pdlt_activation_parse(&s.activation, name.c_str(), nullptr), PDLT_OK);
      const pdlt_kernel_settings k = {s.activation, 4, layers.data(), 1e-13, 1, nullptr};
      ASSERT_EQ(pdlt_kernel_layers_new(&kernels, &k, 2, x.data(), nullptr), PDLT_OK);
      s.layer = layers.data();
      s.tolerance = 1e-10;
      s.threads = 1;
      s.dntk = 1;
      ASSERT_EQ(pdlt_tensors_new(&set, &kernels, &s, nullptr), PDLT_OK);
      Reference now;
      for (int l = 1; l < 4; ++l) {
        const size_t at = static_cast<size_t>(l);
        double r = l == 1 ? 1.0 : double(ratios[at - 1]) / double(ratios[at - 2]);
        Step step{C_W[at],
                  lambda_W[at],
                  r,
                  kernels.theta + 4 * (l - 1),
                  Wick(coefficients, kernels.K + 4 * (l - 1)),
                  now};
        Reference next = step.All();
        now = next;
        for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
          const double *data = pdlt_tensors_get(&set, l + 1, static_cast<pdlt_tensor_name>(n));
          double largest = 1e-3;
          for (double v : now.t[n]) largest = std::fmax(largest, std::fabs(v));
          for (size_t i = 0; i < now.t[n].size(); ++i) {
            EXPECT_NEAR(data[i], now.t[n][i], 1e-11 * largest)
                << name << " layer " << l + 1 << " "
                << pdlt_tensor_text(static_cast<pdlt_tensor_name>(n)) << " " << i;
          }
        }
      }
      pdlt_tensors_free(&set);
      pdlt_kernel_layers_free(&kernels);
    }
  }
}
