// A plain Monte Carlo of what docs/kinks.md says, as literal as possible: draw everything, follow one neuron in
// time, add up. No intervals of starts, no mirror images, no modes.
#ifndef PDLT_TESTS_THEORY_KINK_LITERAL_H
#define PDLT_TESTS_THEORY_KINK_LITERAL_H

#include <random>
#include <thread>

#include "tests/theory/kink_support.h"

namespace kink_support {

// <s'_a s'_a s'_b s'_c> from the chances that three, two or one of h are positive.
inline double FourSlopes(const Net &net, const double *K, size_t a, size_t b, size_t c) {
  const size_t D = net.D, index[3] = {a, b, c};
  const auto angle = [&](size_t i, size_t j) {
    const double r = K[i * D + j] / std::sqrt(K[i * D + i] * K[j * D + j]);
    return i == j ? M_PI / 2 : std::asin(std::fmin(std::fmax(r, -1), 1));
  };
  double sum = 0;
  for (int bits = 0; bits < 8; bits++) {
    const int sign[3] = {bits & 1 ? 1 : -1, bits & 2 ? 1 : -1, bits & 4 ? 1 : -1};
    double chance = 0.125;
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < i; j++)
        chance += sign[i] * sign[j] * angle(index[i], index[j]) / (4 * M_PI);
    sum += chance * std::pow(net.Slope(sign[0]), 2) * net.Slope(sign[1]) * net.Slope(sign[2]);
  }
  return sum;
}

inline double TwoSlopes(const Net &net, const double *K, size_t b, size_t c) {
  const double r = K[b * net.D + c] / std::sqrt(K[b * net.D + b] * K[c * net.D + c]);
  const double both = 0.25 + std::asin(std::fmin(std::fmax(r, -1), 1)) / (2 * M_PI);
  return both * (net.plus * net.plus + net.minus * net.minus) +
         (1 - 2 * both) * net.plus * net.minus;
}

// Gamma (L-1, D, D).
inline Array Gamma(const Net &net) {
  const size_t D = net.D, hidden = net.L() - 1;
  Array out(hidden * D * D, net.layer[hidden].C_W);
  for (size_t l = hidden - 1; l-- > 0;)
    for (size_t b = 0; b < D; b++)
      for (size_t c = 0; c < D; c++)
        out[(l * D + b) * D + c] = net.layer[l + 1].C_W * TwoSlopes(net, net.KAt(l + 1), b, c) *
                                   out[((l + 1) * D + b) * D + c];
  return out;
}

// Cov(Y_ab, Y_ac) (L-1, D, D, D).
inline Array Lower(const Net &net) {
  const size_t D = net.D, hidden = net.L() - 1;
  const Array gamma = Gamma(net);
  Array out(hidden * D * D * D);
  for (size_t l = 0; l + 1 < hidden; l++)
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        for (size_t c = 0; c < D; c++) {
          const double *theta = net.ThetaAt(l), *K = net.KAt(l);
          const double own = theta[a * D + b] * theta[a * D + c] * gamma[(l * D + b) * D + c];
          out[(((l + 1) * D + a) * D + b) * D + c] =
              (double)net.layer[l + 1].out / (double)net.layer[l].out * net.layer[l + 1].C_W *
              (own * FourSlopes(net, K, a, b, c) +
               TwoSlopes(net, K, a, a) * out[((l * D + a) * D + b) * D + c]);
        }
  return out;
}

// Lower triangle g with cov = g g^T; directions of no variance are left out.
inline Array Root(const double *cov, size_t D) {
  Array g(D * D);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = cov[i * D + j];
      for (size_t k = 0; k < j; k++) sum -= g[i * D + k] * g[j * D + k];
      if (i == j) g[i * D + i] = sum > 1e-9 * cov[i * D + i] ? std::sqrt(sum) : 0;
      if (i != j) g[i * D + j] = g[j * D + j] > 0 ? sum / g[j * D + j] : 0;
    }
  return g;
}

// Samples that are multiples of the first of them, which has ratio 1: h_b = ratio h_a.
struct Group {
  std::vector<size_t> sample;
  Array ratio;
};

// Sums of means and squares over draws, in the order z, cov, theta, crossings.
struct Literal {
  size_t draws = 0;
  Array mean, square;
  double Error(size_t i) const {
    const double n = (double)draws;
    return std::sqrt(std::fmax(square[i] / n - std::pow(mean[i] / n, 2), 0) / n);
  }
  double Mean(size_t i) const { return mean[i] / (double)draws; }
};

class Walker {
 public:
  Walker(const Net &net_in, std::vector<std::vector<Group>> groups_in, Array times_in)
      : net(net_in),
        groups(std::move(groups_in)),
        times(std::move(times_in)),
        row(net.n * net.D),
        steps((size_t)times.back()) {
    const size_t D = net.D;
    output = Root(net.KAt(net.L() - 1), D);
    const Array gamma = Gamma(net), all = Lower(net);
    for (size_t l = 0; l + 1 < net.L(); l++) {
      omega_root.push_back(Root(&gamma[l * D * D], D));
      for (const Group &g : groups[l]) {
        const size_t a = g.sample[0];
        const double *K = net.KAt(l);
        Array given(D * D);
        for (size_t b = 0; b < D; b++)
          for (size_t c = 0; c < D; c++)
            given[b * D + c] = K[b * D + c] - K[a * D + b] * K[a * D + c] / K[a * D + a];
        for (const size_t b : g.sample)
          for (size_t c = 0; c < D; c++) given[b * D + c] = given[c * D + b] = 0;
        given_root.push_back(Root(given.data(), D));
        lower_root.push_back(Root(&all[(l * D + a) * D * D], D));
      }
    }
  }

  Literal Run(uint64_t seed, size_t draws) {
    gen.seed(seed);
    const size_t T = times.size(), size = T * (row + 2 * row * row + (net.L() - 1) * net.D);
    Literal out = {draws, Array(size), Array(size)};
    for (size_t i = 0; i < draws; i++) {
      one.assign(size, 0);
      Draw();
      for (size_t k = 0; k < size; k++) {
        out.mean[k] += one[k];
        out.square[k] += one[k] * one[k];
      }
    }
    return out;
  }

 private:
  Array Multi(const Array &root, size_t count) {
    const size_t D = net.D;
    Array out(count * D), e(D);
    for (size_t k = 0; k < count; k++) {
      for (double &v : e) v = normal(gen);
      for (size_t b = 0; b < D; b++)
        for (size_t j = 0; j <= b; j++) out[k * D + b] += root[b * D + j] * e[j];
    }
    return out;
  }

  // z(t) of the linear dynamics that starts at `begin`, with targets or without.
  Array Linear(const Array &begin, bool with_target) const {
    const size_t D = net.D;
    const double *theta = net.ThetaAt(net.L() - 1);
    Array out((steps + 1) * row);
    std::copy(begin.begin(), begin.end(), out.begin());
    for (size_t t = 0; t < steps; t++)
      for (size_t k = 0; k < net.n; k++)
        for (size_t d = 0; d < D; d++) {
          double move = 0;
          for (size_t a = 0; a < net.A; a++)
            move += theta[d * D + a] *
                    (out[t * row + k * D + a] - (with_target ? net.y[a * net.n + k] : 0));
          out[(t + 1) * row + k * D + d] = out[t * row + k * D + d] - net.eta * move;
        }
    return out;
  }

  void Draw() {
    z0 = Multi(output, net.n);
    error = Linear(z0, true);
    for (size_t t = 0; t <= steps; t++)
      for (size_t k = 0; k < net.n; k++)
        for (size_t a = 0; a < net.A; a++) error[t * row + k * net.D + a] -= net.y[a * net.n + k];
    source.assign((steps + 1) * row, 0);
    size_t at = 0;
    for (size_t l = 0; l + 1 < net.L(); l++) {
      omega = Multi(omega_root[l], net.n);
      for (const Group &g : groups[l]) {
        Neuron(l, g, at);
        at++;
      }
    }
    Answer();
  }

  // Whole way of s at most: with either slope at every step.
  void Neuron(size_t l, const Group &g, size_t at) {
    const size_t D = net.D, n = net.n, a = g.sample[0];
    const double *theta = net.ThetaAt(l);
    const Array h = Multi(given_root[at], 1);
    Array lower = Multi(lower_root[at], n);
    ratio.assign(D, 0);
    for (size_t i = 0; i < g.sample.size(); i++) ratio[g.sample[i]] = g.ratio[i];
    p.assign(D, 0);
    for (size_t b = 0; b < D; b++)
      if (ratio[b] == 0) p[b] = net.Slope(h[b]);
    const auto drift = [&](size_t t, double side) {
      double sum = 0;
      for (size_t k = 0; k < n; k++)
        for (size_t b = 0; b < net.A; b++) {
          const double slope = ratio[b] == 0 ? p[b] : net.Slope(ratio[b] * side);
          sum += error[t * row + k * D + b] *
                 (omega[k * D + b] * slope * theta[a * D + b] + lower[k * D + b]);
        }
      return -net.eta * sum;
    };
    double way = 0;
    drifts.assign(2 * steps, 0);
    for (size_t t = 0; t < steps; t++) {
      drifts[2 * t] = drift(t, -1);
      drifts[2 * t + 1] = drift(t, 1);
      way += std::fmax(std::fabs(drifts[2 * t]), std::fabs(drifts[2 * t + 1]));
    }
    const double weight = 2 * way *
                          std::sqrt((double)net.layer[net.L() - 2].out / (double)net.layer[l].out) /
                          std::sqrt(2 * M_PI * net.KAt(l)[a * D + a]);
    const double s0 = way * (2 * std::uniform_real_distribution<double>()(gen) - 1);
    Follow(l, theta, lower, s0, weight);
  }

  void Follow(size_t l, const double *theta, const Array &lower, double s0, double weight) {
    const size_t D = net.D, n = net.n, T = times.size();
    double s = s0, linear = s0;
    Array c(D);
    bool trains = false;
    for (size_t b = 0; b < net.A; b++) trains |= ratio[b] != 0;
    for (size_t t = 0;; t++) {
      const auto now = [&](size_t b) { return ratio[b] == 0 ? p[b] : net.Slope(ratio[b] * s); };
      const auto then = [&](size_t b) { return ratio[b] == 0 ? p[b] : net.Slope(ratio[b] * s0); };
      for (size_t k = 0; trains && k < n; k++)
        for (size_t b = 0; b < D; b++) {
          double sum = 0;
          if (ratio[b] != 0)
            sum += omega[k * D + b] * (net.Sigma(ratio[b] * s) - then(b) * ratio[b] * linear);
          for (size_t e = 0; e < net.A; e++)
            sum += c[e] * ((ratio[b] == 0 ? omega[k * D + b] * p[b] * theta[e * D + b] : 0) +
                           ratio[e] * lower[k * D + b]);
          source[t * row + k * D + b] += weight * sum;
        }
      for (size_t r = 0; r < T; r++) {
        if ((size_t)times[r] != t) continue;
        double *ntk = &one[T * (row + row * row) + r * row * row];
        double *crossings = &one[T * (row + 2 * row * row) + (r * (net.L() - 1) + l) * D];
        for (size_t b = 0; b < D; b++)
          if (ratio[b] != 0) crossings[b] += (s > 0) != (s0 > 0) ? weight : 0;
        for (size_t x = 0; trains && x < row; x++)
          for (size_t y = 0; y < row; y++) {
            const size_t b = x % D, e = y % D;
            ntk[x * row + y] += weight * ((now(b) * now(e) - then(b) * then(e)) * omega[x] *
                                              omega[y] * theta[b * D + e] +
                                          (now(b) - then(b)) * omega[x] * ratio[b] * lower[y] +
                                          (now(e) - then(e)) * omega[y] * ratio[e] * lower[x]);
          }
      }
      if (t == steps) return;
      for (size_t b = 0; b < net.A; b++)
        for (size_t k = 0; k < n && ratio[b] != 0; k++)
          c[b] -= net.eta * error[t * row + k * D + b] * omega[k * D + b] * (now(b) - then(b));
      const double before = s;
      s += drifts[2 * t + (before > 0)];
      linear += drifts[2 * t + (s0 > 0)];
    }
  }

  // z_half of this draw from its source, and its covariance with the outputs at infinite width.
  void Answer() {
    const size_t D = net.D, T = times.size();
    const double *theta = net.ThetaAt(net.L() - 1);
    const Array deviation = Linear(z0, false);
    Array z((steps + 1) * row);
    for (size_t t = 0; t < steps; t++)
      for (size_t x = 0; x < row; x++) {
        double move = 0;
        for (size_t a = 0; a < net.A; a++)
          move += theta[x % D * D + a] * z[t * row + x / D * D + a];
        z[(t + 1) * row + x] =
            z[t * row + x] - net.eta * move + source[(t + 1) * row + x] - source[t * row + x];
      }
    for (size_t r = 0; r < T; r++) {
      const size_t t = (size_t)times[r];
      for (size_t x = 0; x < row; x++) {
        one[r * row + x] = z[t * row + x];
        for (size_t y = 0; y < row; y++)
          one[T * row + (r * row + x) * row + y] =
              deviation[t * row + x] * z[t * row + y] + deviation[t * row + y] * z[t * row + x];
      }
    }
  }

  const Net &net;
  std::vector<std::vector<Group>> groups;
  Array times;
  size_t row, steps;
  Array output, z0, error, source, omega, ratio, p, drifts, one;
  std::vector<Array> omega_root, given_root, lower_root;
  std::mt19937_64 gen;
  std::normal_distribution<double> normal;
};

// Each sample by itself in every layer.
inline std::vector<std::vector<Group>> Singles(const Net &net) {
  std::vector<Group> one;
  for (size_t a = 0; a < net.D; a++) one.push_back({{a}, {1}});
  return std::vector<std::vector<Group>>(net.L() - 1, one);
}

// Two streams of draws, each on its thread.
inline Literal Simulate(const Net &net, const std::vector<std::vector<Group>> &groups,
                        const Array &times, size_t draws) {
  Literal half[2];
  std::vector<std::thread> team;
  for (int i = 0; i < 2; i++)
    team.emplace_back([&, i] { half[i] = Walker(net, groups, times).Run(1 + i, draws / 2); });
  for (std::thread &t : team) t.join();
  half[0].draws += half[1].draws;
  for (size_t k = 0; k < half[0].mean.size(); k++) {
    half[0].mean[k] += half[1].mean[k];
    half[0].square[k] += half[1].square[k];
  }
  return half[0];
}

}  // namespace kink_support

#endif
