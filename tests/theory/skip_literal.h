// skip_literal.h - the recursion of docs/skips.md transcribed literally: one number at a time, slots and legs as
// they are named there, sums over slots and taps as loops, brackets across layers by Wick's theorem. The second
// road to theory/skip, for polynomials of third degree at most.
#ifndef PDLT_TESTS_THEORY_SKIP_LITERAL_H
#define PDLT_TESTS_THEORY_SKIP_LITERAL_H

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "tests/theory/literal_recursion.h"

namespace skip_literal {

using literal::List;

// E[s_x^(a) s_y^(b) at layer q | z]; at the readout z in place of s.
struct Label {
  int q;
  size_t x, y;
  int a, b;
  bool readout = false;
};
struct Part {
  double c;
  bool weights;
  Label f;
  std::vector<size_t> legs;
};
using Parts = std::vector<Part>;
struct Pair {
  double weight;
  size_t a, b;
};
using Legs = std::vector<size_t>;

class Literal {
 public:
  // pairs(l, a, b): what Mm of layer l reads for its pair of slots. mixed: factor of terms of two pairs of which
  // one is carried by weights and one by the skip.
  Literal(const List &sigma, std::vector<pdlt_layer> layers, const pdlt_kernel_layers &kernels,
          std::function<std::vector<Pair>(int, size_t, size_t)> pairs, double mixed = 1)
      : layer_(std::move(layers)), k_(kernels), pairs_(std::move(pairs)), mixed_(mixed) {
    for (int l = 1, first = 1; l < k_.depth; l++) {
      if (l == 1 || Gamma(l) == 0) first = l;
      first_.push_back(first);
      int last = l;
      while (last + 1 < k_.depth && Gamma(last + 1) != 0) last++;
      if (first == l) Joint(sigma, first, last);
      wick_.push_back(first == l ? newest_ : wick_.back());
    }
  }

  double V(size_t i1, size_t i2, size_t i3, size_t i4) { return VV(L(), Z(i1, i2), Z(i3, i4)); }
  double D(size_t i1, size_t i2, size_t i3, size_t i4) {
    return DD(L(), Z(i1, i2), One(i3, i4), {i3, i4});
  }
  double A(size_t i1, size_t i2, size_t i3, size_t i4) {
    return AA(L(), One(i1, i2), {i1, i2}, One(i3, i4), {i3, i4});
  }
  double F(size_t i1, size_t i3, size_t i2, size_t i4) {
    return FF(L(), Z1(i1, i3), i3, Z1(i2, i4), i4);
  }
  double B(size_t i1, size_t i3, size_t i2, size_t i4) {
    return BB(L(), One(i1, i3), {i1, i3}, One(i2, i4), {i2, i4});
  }
  double P(size_t i0, size_t i1, size_t i2, size_t i3) {
    return PP(L(), Z1(i3, i0), i0, One(i1, i2), {i1, i2});
  }
  double Q(size_t i0, size_t i1, size_t i2, size_t i3) {
    return QQ(L(), One(i0, i1), {i0, i1}, Z1(i3, i2), i2);
  }
  double R(size_t i0, size_t i1, size_t i2, size_t i3) {
    return RR(L(), One(i0, i1), {i0, i1}, One(i2, i3), {i2, i3});
  }
  double S(size_t i1, size_t i2, size_t i3, size_t i4) {
    return SS(L(), One(i1, i2), {i1, i2}, One(i3, i4), {i3, i4});
  }
  double T(size_t i1, size_t i3, size_t i2, size_t i4) {
    return TT(L(), One(i1, i3), {i1, i3}, One(i2, i4), {i2, i4});
  }
  double U(size_t i1, size_t i4, size_t i2, size_t i3) {
    return UU(L(), One(i1, i4), {i1, i4}, One(i2, i3), {i2, i3});
  }
  double G1(size_t i1, size_t i2) { return G1(L(), i1, i2); }
  // Of any layer: E z z less K, what weights and what the skip carries.
  double G1(int l, size_t i1, size_t i2) {
    if (l == 1) return 0;
    double sum = Gamma(l) == 0 ? 0 : Gamma(l) * Gamma(l) * G1(l - 1, i1, i2);
    for (const Pair &m : pairs_(l, i1, i2)) sum += C(l) * m.weight * EP(l - 1, S0(l - 1, m.a, m.b));
    return r(l - 1) * sum;
  }
  double Theta1(size_t i1, size_t i2) { return TA(L(), One(i1, i2), {i1, i2}); }

 private:
  int L() const { return k_.depth; }
  double Gamma(int l) const { return layer_[l - 1].skip; }
  double C(int l) const { return layer_[l - 1].C_W; }
  double Lambda(int l) const { return layer_[l - 1].lambda_W; }
  double r(int l) const {
    return l == 1 ? 1 : double(layer_[l - 1].out) / double(layer_[l - 1].in);
  }
  double Gain(int q, int l) const {
    double gain = 1;
    for (int k = l + 1; k <= q; k++) gain *= Gamma(k);
    return gain;
  }
  double Theta(int l, size_t a, size_t b) const {
    return k_.slot_theta[l - 1][a * k_.slots[l - 1] + b];
  }
  Label Z(size_t x, size_t y) const { return {L(), x, y, 0, 0, true}; }
  Label Z1(size_t x, size_t leg) const { return {L(), x, leg, 0, 1, true}; }
  Label One(size_t x, size_t y) const { return {L(), x, y, 1, 1, true}; }
  static Label S0(int l, size_t x, size_t y) { return {l, x, y, 0, 0}; }

  void Joint(const List &sigma, int first, int last) {
    const size_t E = k_.slots[first - 1], N = E * size_t(last - first + 1);
    List K(N * N);
    for (int q = first; q <= last; q++)
      for (int p = first; p <= last; p++)
        for (size_t ab = 0; ab < E * E; ab++)
          K[(size_t(q - first) * E + ab / E) * N + size_t(p - first) * E + ab % E] =
              Gain(std::max(q, p), std::min(q, p)) * k_.slot_K[std::min(q, p) - 1][ab];
    newest_ = std::make_shared<literal::Wick>(sigma, N, K.data());
  }
  size_t At(int l, size_t slot) const { return size_t(l - first_[l - 1]) * k_.slots[l - 1] + slot; }
  double Bracket(const Label &f, const Label *g) {
    literal::Function product;
    for (const Label *one : {&f, g}) {
      if (one == nullptr) continue;
      product.f[product.count++] = {At(one->q, one->x), one->a};
      product.f[product.count++] = {At(one->q, one->y), one->b};
    }
    return (*wick_[f.q - 1])({{1.0, product}});
  }
  // <d_x^p d_y^r f> over z of layer l.
  double Mean(int l, Label f, int p = 0, int s = 0) {
    double factor = 1;
    for (int k = 0; k < p + s; k++) factor *= Gain(f.q, l);
    f.a += p;
    f.b += s;
    if (f.readout) return f.a == 1 && f.b == 1 ? 1 : 0;
    return factor * Bracket(f, nullptr);
  }
  // <d_a f> and <d_a d_b f>, a and b 0 (x) or 1 (y).
  double Mean1(int l, const Label &f, int a) { return Mean(l, f, a == 0, a == 1); }
  double Mean2(int l, const Label &f, int a, int b) {
    return Mean(l, f, (a == 0) + (b == 0), (a == 1) + (b == 1));
  }
  static size_t Slot(const Label &f, int a) { return a == 0 ? f.x : f.y; }
  // P d_a f, P d_a d_b f of functions that layer l reads.
  Part P1(int l, Label f, int a, double c, const Legs &legs) {
    (a == 0 ? f.a : f.b)++;
    return {c * Gain(f.q, l), false, f, legs};
  }
  Part P2(int l, Label f, int a, int b, double c, const Legs &legs) {
    (a == 0 ? f.a : f.b)++;
    (b == 0 ? f.a : f.b)++;
    return {c * Gain(f.q, l) * Gain(f.q, l), false, f, legs};
  }

  // --- operators of layer l, at layer l - 1 ---
  Parts MM(int l, size_t a, size_t b, double c, int oa, int ob, const std::vector<int> &legs,
           bool theta = false) {
    Parts out;
    for (const Pair &m : pairs_(l, a, b)) {
      Part part = {
          c * m.weight * (theta ? Theta(l - 1, m.a, m.b) : 1), true, {l - 1, m.a, m.b, oa, ob}, {}};
      for (int leg : legs) part.legs.push_back(leg == 0 ? m.a : m.b);
      out.push_back(part);
    }
    return out;
  }
  static void Add(Parts &to, const Parts &from) { to.insert(to.end(), from.begin(), from.end()); }

  Parts Tf(int l, const Label &f) {
    Parts out;
    if (Gamma(l) != 0) out.push_back({1, false, f, {}});
    for (int a : {0, 1})
      for (int b : {0, 1})
        Add(out, MM(l, Slot(f, a), Slot(f, b), C(l) / 2 * Mean2(l, f, a, b), 0, 0, {}));
    return out;
  }
  Parts T3(int l, const Label &f, size_t leg) {
    Parts out;
    if (Gamma(l) != 0) out.push_back({Gamma(l), false, f, {leg}});
    for (int a : {0, 1}) Add(out, MM(l, Slot(f, a), leg, C(l) * Mean1(l, f, a), 0, 1, {1}));
    return out;
  }
  Parts W(int l, const Label &f, const Legs &legs) {
    Parts out;
    if (Gamma(l) != 0) out.push_back({Gamma(l) * Gamma(l), false, f, legs});
    Add(out, MM(l, legs[0], legs[1], C(l) * Mean(l, f), 1, 1, {0, 1}));
    return out;
  }
  Parts Both(int l, size_t a, size_t b, double mean, int oa, int ob, const std::vector<int> &legs) {
    Parts out = MM(l, a, b, Lambda(l) * mean, oa, ob, legs);
    Add(out, MM(l, a, b, C(l) * mean, oa + 1, ob + 1, legs, true));
    return out;
  }
  Parts O(int l, const Legs &i) { return Both(l, i[0], i[1], 1, 0, 0, {}); }
  Parts Uf(int l, const Label &f, const Legs &i) {
    return Both(l, i[0], i[1], Mean(l, f), 1, 0, {0});
  }
  Parts X(int l, const Label &f, const Legs &i) {
    return Both(l, i[0], i[1], Mean(l, f), 2, 0, {0, 0});
  }
  Parts Vf(int l, const Label &f, const Legs &i) {
    return Both(l, i[0], i[1], Mean(l, f), 1, 1, {0, 1});
  }
  Parts Y(int l, const Label &f, size_t leg) {
    Parts out;
    for (int a : {0, 1}) Add(out, MM(l, Slot(f, a), leg, C(l) * Mean1(l, f, a), 0, 2, {1, 1}));
    return out;
  }

  template <typename Value>
  double Sum(const Parts &f, const Parts &g, Value value) const {
    double sum = 0;
    for (const Part &p : f)
      for (const Part &q : g)
        sum += (p.weights == q.weights ? 1 : mixed_) * p.c * q.c * value(p, q);
    return sum;
  }

  // --- old functionals with their coincidence ---
  double VVh(int l, const Part &p, const Part &q) {
    double value = r(l) * VV(l, p.f, q.f);
    if (p.weights || q.weights)
      value += Bracket(p.f, &q.f) - Bracket(p.f, nullptr) * Bracket(q.f, nullptr);
    return value;
  }
  double FFh(int l, const Part &p, const Part &q) {
    double value = r(l) * FF(l, p.f, p.legs[0], q.f, q.legs[0]);
    if (p.weights || q.weights) value += Theta(l, p.legs[0], q.legs[0]) * Bracket(p.f, &q.f);
    return value;
  }
  double BBh(int l, const Part &p, const Part &q) {
    double value = r(l) * BB(l, p.f, p.legs, q.f, q.legs);
    if (p.weights || q.weights)
      value += Theta(l, p.legs[0], q.legs[0]) * Theta(l, p.legs[1], q.legs[1]) * Bracket(p.f, &q.f);
    return value;
  }

  template <typename Value>
  double Known(int id, int l, const Label &f, const Legs &i, const Label *g, const Legs &k,
               Value value) {
    if (l == 1) return 0;
    std::vector<int> key = {id, l};
    for (const Label *one : {&f, g}) {
      if (one == nullptr) continue;
      for (int v : {one->q, int(one->x), int(one->y), one->a, one->b, int(one->readout)})
        key.push_back(v);
    }
    for (size_t v : i) key.push_back(int(v));
    for (size_t v : k) key.push_back(int(v));
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    const double result = value();
    known_[key] = result;
    return result;
  }

#define PDLT_HAT(name) [&](const Part &p, const Part &q) { return name(l - 1, p, q); }
  double VV(int l, const Label &f, const Label &g) {
    return Known(0, l, f, {}, &g, {}, [&] { return Sum(Tf(l, f), Tf(l, g), PDLT_HAT(VVh)); });
  }
  double DD(int l, const Label &f, const Label &g, const Legs &i) {
    return Known(1, l, f, {}, &g, i, [&] {
      const double old = Sum(Tf(l, f), W(l, g, i), [&](const Part &p, const Part &q) {
        return DD(l - 1, p.f, q.f, q.legs);
      });
      return Mean(l, g) * Sum(Tf(l, f), O(l, i), PDLT_HAT(VVh)) + r(l - 1) * old;
    });
  }
  double AA(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(2, l, f, i, &g, k, [&] {
      const auto dd = [&](const Part &p, const Part &q) { return DD(l - 1, p.f, q.f, q.legs); };
      const auto aa = [&](const Part &p, const Part &q) {
        return AA(l - 1, p.f, p.legs, q.f, q.legs);
      };
      const double mf = Mean(l, f), mg = Mean(l, g), rr = r(l - 1);
      return mf * mg * Sum(O(l, i), O(l, k), PDLT_HAT(VVh)) +
             mf * rr * Sum(O(l, i), W(l, g, k), dd) + mg * rr * Sum(O(l, k), W(l, f, i), dd) +
             rr * Sum(W(l, f, i), W(l, g, k), aa);
    });
  }
  double FF(int l, const Label &f, size_t i3, const Label &g, size_t i4) {
    return Known(3, l, f, {i3}, &g, {i4},
                 [&] { return Sum(T3(l, f, i3), T3(l, g, i4), PDLT_HAT(FFh)); });
  }
  double BB(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(4, l, f, i, &g, k, [&] { return Sum(W(l, f, i), W(l, g, k), PDLT_HAT(BBh)); });
  }
  double PP(int l, const Label &f, size_t i0, const Label &g, const Legs &i) {
    return Known(5, l, f, {i0}, &g, i, [&] {
      return r(l - 1) * Sum(T3(l, f, i0), W(l, g, i),
                            [&](const Part &p, const Part &q) {
                              return PP(l - 1, p.f, p.legs[0], q.f, q.legs);
                            }) +
             Sum(Y(l, f, i0), W(l, g, i), PDLT_HAT(BBh));
    });
  }
  double QQ(int l, const Label &f, const Legs &i, const Label &g, size_t i2) {
    return Known(6, l, f, i, &g, {i2}, [&] {
      return Sum(Uf(l, f, i), T3(l, g, i2), PDLT_HAT(FFh)) +
             r(l - 1) * Sum(W(l, f, i), T3(l, g, i2), [&](const Part &p, const Part &q) {
               return QQ(l - 1, p.f, p.legs, q.f, q.legs[0]);
             });
    });
  }
  double RR(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(7, l, f, i, &g, k, [&] {
      return Sum(X(l, f, i), W(l, g, k), PDLT_HAT(BBh)) +
             r(l - 1) * Sum(Uf(l, f, i), W(l, g, k),
                            [&](const Part &p, const Part &q) {
                              return PP(l - 1, p.f, p.legs[0], q.f, q.legs);
                            }) +
             r(l - 1) * Sum(W(l, f, i), W(l, g, k), [&](const Part &p, const Part &q) {
               return RR(l - 1, p.f, p.legs, q.f, q.legs);
             });
    });
  }
  double SS(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(8, l, f, i, &g, k, [&] {
      return Sum(Vf(l, f, i), W(l, g, k), PDLT_HAT(BBh)) +
             r(l - 1) * Sum(W(l, f, i), W(l, g, k), [&](const Part &p, const Part &q) {
               return SS(l - 1, p.f, p.legs, q.f, q.legs);
             });
    });
  }
  double TT(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(9, l, f, i, &g, k, [&] {
      const auto qq = [&](const Part &p, const Part &q) {
        return QQ(l - 1, p.f, p.legs, q.f, q.legs[0]);
      };
      return Sum(Uf(l, f, i), Uf(l, g, k), PDLT_HAT(FFh)) +
             r(l - 1) * Sum(W(l, f, i), Uf(l, g, k), qq) +
             r(l - 1) * Sum(W(l, g, k), Uf(l, f, i), qq) +
             r(l - 1) * Sum(W(l, f, i), W(l, g, k), [&](const Part &p, const Part &q) {
               return TT(l - 1, p.f, p.legs, q.f, q.legs);
             });
    });
  }
  // C <f> MM_ab s_a'' s_b', with legs a and b.
  Parts N(int l, const Label &f, const Legs &i) {
    return MM(l, i[0], i[1], C(l) * Mean(l, f), 2, 1, {0, 1});
  }
  // <f s_2'' s_3'> Th_12 Th_13 Th_24, f with legs 1, 4.
  double Three(int l, const Part &p, const Part &q) {
    const size_t i1 = p.legs[0], i4 = p.legs[1], i2 = q.legs[0], i3 = q.legs[1];
    return Theta(l, i1, i2) * Theta(l, i1, i3) * Theta(l, i2, i4) * Bracket(p.f, &q.f);
  }
  double UU(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(10, l, f, i, &g, k, [&] {
      const auto nn = [&](const Part &p, const Part &q) {
        return NN(l - 1, p.f, p.legs, q.f, q.legs);
      };
      return Sum(N(l, f, i), N(l, g, k), PDLT_HAT(Three)) +
             r(l - 1) * Sum(W(l, f, i), W(l, g, k),
                            [&](const Part &p, const Part &q) {
                              return UU(l - 1, p.f, p.legs, q.f, q.legs);
                            }) +
             r(l - 1) * Sum(N(l, f, i), W(l, g, k), nn) +
             r(l - 1) * Sum(N(l, g, k), W(l, f, i), nn);
    });
  }
  double NN(int l, const Label &f, const Legs &i, const Label &g, const Legs &k) {
    return Known(11, l, f, i, &g, k, [&] {
      const double gamma = Gamma(l);
      const Parts same = {{gamma * gamma * gamma, false, f, i}};
      if (gamma == 0) return 0.0;
      return r(l - 1) * Sum(same, W(l, g, k),
                            [&](const Part &p, const Part &q) {
                              return NN(l - 1, p.f, p.legs, q.f, q.legs);
                            }) +
             Sum(same, N(l, g, k), PDLT_HAT(Three));
    });
  }
  double EP(int l, const Label &f) {
    return Known(12, l, f, {}, nullptr, {}, [&] {
      double sum = 0;
      for (const Part &p : Tf(l, f)) sum += r(l - 1) * p.c * EP(l - 1, p.f);
      for (int a : {0, 1})
        for (int b : {0, 1}) {
          const Parts ab = MM(l, Slot(f, a), Slot(f, b), 1, 0, 0, {});
          if (Gamma(l) != 0) sum += C(l) / 2 * Sum(ab, {P2(l, f, a, b, 1, {})}, PDLT_HAT(VVh));
          for (int c : {0, 1})
            for (int d : {0, 1})
              sum += C(l) * C(l) / 8 *
                     Mean(l, f, (a == 0) + (b == 0) + (c == 0) + (d == 0), a + b + c + d) *
                     Sum(ab, MM(l, Slot(f, c), Slot(f, d), 1, 0, 0, {}), PDLT_HAT(VVh));
        }
      return sum;
    });
  }
  double TA(int l, const Label &g, const Legs &i) {
    return Known(13, l, g, i, nullptr, {}, [&] {
      const double rr = r(l - 1), gamma = Gamma(l), c = C(l);
      const auto dd = [&](const Part &p, const Part &q) { return DD(l - 1, p.f, q.f, q.legs); };
      double sum = 0;
      for (const Part &p : O(l, i)) sum += Mean(l, g) * rr * p.c * EP(l - 1, p.f);
      const Parts slopes = MM(l, i[0], i[1], c, 1, 1, {0, 1});
      for (const Part &p : slopes) sum += Mean(l, g) * rr * p.c * TA(l - 1, p.f, p.legs);
      sum += Sum(Tf(l, g), O(l, i), PDLT_HAT(VVh)) + rr * Sum(Tf(l, g), slopes, dd);
      for (int a : {0, 1})
        for (int b : {0, 1}) {
          sum += c * c * Mean2(l, g, a, b) *
                 Sum(MM(l, Slot(g, a), i[0], 1, 0, 1, {1}), MM(l, Slot(g, b), i[1], 1, 0, 1, {1}),
                     PDLT_HAT(FFh));
          if (gamma != 0)
            sum += gamma * gamma * c / 2 * rr *
                   Sum(MM(l, Slot(g, a), Slot(g, b), 1, 0, 0, {}), {P2(l, g, a, b, 1, i)}, dd);
        }
      if (gamma == 0) return sum;
      sum += gamma * gamma * rr * TA(l - 1, g, i);
      for (int a : {0, 1})
        sum +=
            gamma * c *
            (Sum(MM(l, Slot(g, a), i[0], 1, 0, 1, {1}), {P1(l, g, a, 1, {i[1]})}, PDLT_HAT(FFh)) +
             Sum({P1(l, g, a, 1, {i[0]})}, MM(l, Slot(g, a), i[1], 1, 0, 1, {1}), PDLT_HAT(FFh)));
      return sum;
    });
  }
#undef PDLT_HAT

  std::vector<pdlt_layer> layer_;
  const pdlt_kernel_layers &k_;
  std::function<std::vector<Pair>(int, size_t, size_t)> pairs_;
  double mixed_;
  std::vector<int> first_;
  std::shared_ptr<literal::Wick> newest_;
  std::vector<std::shared_ptr<literal::Wick>> wick_;
  std::map<std::vector<int>, double> known_;
};

}  // namespace skip_literal

#endif
