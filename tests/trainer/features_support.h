/* features_support.h - one network at two times, and its features with all their parameters. */
#ifndef PDLT_TESTS_TRAINER_FEATURES_SUPPORT_H
#define PDLT_TESTS_TRAINER_FEATURES_SUPPORT_H

#include <algorithm>

#include "base/core/legendre.h"
#include "tests/trainer/support.h"
#include "trainer/measure/segment.h"

namespace trainer_test {

using Vector = std::vector<double>;
using Rows = std::vector<Vector>;

inline double dot(const Vector &x, const Vector &y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); i++) sum += x[i] * y[i];
  return sum;
}

// Products of all rows of x with all of y, restricted to parameters first..last - 1.
inline Vector products(const Rows &x, const Rows &y, size_t first = 0, size_t last = SIZE_MAX) {
  Vector out;
  for (const Vector &v : x)
    for (const Vector &w : y) {
      double sum = 0;
      for (size_t mu = first; mu < std::min(last, v.size()); mu++) sum += v[mu] * w[mu];
      out.push_back(sum);
    }
  return out;
}

inline double largest(const Vector &x) {
  double most = 0;
  for (double v : x) most = std::max(most, std::fabs(v));
  return most;
}

inline void expect_near(const Vector &x, const Vector &y, double tolerance,
                        const std::string &what) {
  ASSERT_EQ(x.size(), y.size()) << what;
  for (size_t i = 0; i < x.size(); i++)
    ASSERT_NEAR(x[i], y[i], tolerance * (1 + largest(y))) << what << " " << i;
}

// theta(0), and theta(t) after some steps in plain loops; features as vectors over parameters.
struct Moved {
  Moved(const Settings &settings, size_t inputs, unsigned seed, long steps)
      : s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_segment_new(&segment, &net, &samples, &err), PDLT_OK) << err.message;
    p = samples.outputs * samples.samples;
    start.resize(net.num_params);
    lambda.resize(net.num_params);
    pdlt_reference_lambda(&net, lambda.data());
    pdlt_network_draw(&net, 1, seed, start.data());
    end = start;
    for (long t = 0; t < steps; t++)
      EXPECT_EQ(pdlt_reference_step(&net, &samples, ex.c.training.eta, end.data(), &err), PDLT_OK);
  }
  ~Moved() {
    pdlt_segment_free(&segment);
    pdlt_network_free(&net);
    pdlt_samples_free(&samples);
  }
  Moved(const Moved &) = delete;

  void reach() {
    pdlt_segment_begin_at(&segment, start.data());
    pdlt_segment_reach_at(&segment, end.data());
  }
  // theta(0) + x d.
  Vector at(double x) const {
    Vector theta = start;
    for (size_t i = 0; i < theta.size(); i++) theta[i] += x * (end[i] - start[i]);
    return theta;
  }
  // dz/dtheta~ at theta(0) + x d: (p) of (num_params).
  Rows phi(double x) const {
    const Vector theta = at(x);
    Rows out;
    pdlt_error err = {};
    for (size_t i = 0; i < samples.outputs; i++)
      for (size_t a = 0; a < samples.samples; a++) {
        Vector g(net.num_params);
        EXPECT_EQ(pdlt_reference_gradient(&net, theta.data(), data.x.data() + a * data.c.inputs,
                                          net.depth, i, g.data(), &err),
                  PDLT_OK);
        for (size_t mu = 0; mu < g.size(); mu++) g[mu] *= std::sqrt(lambda[mu]);
        out.push_back(g);
      }
    return out;
  }
  // sum_q w_q phi(x_q).
  Rows mixed(const Vector &x, const Vector &w) const {
    Rows out(p, Vector(net.num_params));
    for (size_t q = 0; q < x.size(); q++) {
      const Rows one = phi(x[q]);
      for (size_t ia = 0; ia < p; ia++)
        for (size_t mu = 0; mu < net.num_params; mu++) out[ia][mu] += w[q] * one[ia][mu];
    }
    return out;
  }
  // The features of a kernel: k_sharp by differences of sixth order of phi along d, good to 1e-12, the
  // secant by 40 nodes.
  Rows features(pdlt_feature feature) const {
    double most = 1;
    for (size_t mu = 0; mu < start.size(); mu++)
      most = std::max(most, std::fabs(end[mu] - start[mu]));
    const double e = 4e-3 / most;
    Vector x(40), w(40);
    if (feature == PDLT_FEATURE_K) return phi(0);
    if (feature == PDLT_FEATURE_K_E) return phi(1);
    if (feature == PDLT_FEATURE_MIDPOINT) return phi(0.5);
    if (feature == PDLT_FEATURE_K_SHARP)
      return mixed({0, e, -e, 2 * e, -2 * e, 3 * e, -3 * e},
                   {1, 45 / (120 * e), -45 / (120 * e), -9 / (120 * e), 9 / (120 * e),
                    1 / (120 * e), -1 / (120 * e)});
    pdlt_legendre_rule(40, x.data(), w.data());
    return mixed(x, w);
  }
  // d = theta~(t) - theta~(0).
  Vector d() const {
    Vector out(net.num_params);
    for (size_t mu = 0; mu < out.size(); mu++)
      out[mu] = lambda[mu] > 0 ? (end[mu] - start[mu]) / std::sqrt(lambda[mu]) : 0;
    return out;
  }
  // z (n_L, D) at theta.
  Vector outputs(const Vector &theta) const {
    Vector z(p);
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_output(&net, &samples, theta.data(), z.data(), &err), PDLT_OK);
    return z;
  }
  // z(t) - z(0).
  Vector change() const {
    Vector z = outputs(end), before = outputs(start);
    for (size_t i = 0; i < p; i++) z[i] -= before[i];
    return z;
  }
  Vector kernel(pdlt_feature feature) {
    Vector out(p * p);
    pdlt_segment_features(&segment, feature);
    pdlt_segment_kernel(&segment, out.data());
    return out;
  }

  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples samples = {};
  pdlt_network net = {};
  pdlt_segment segment = {};
  Vector start, end, lambda;
  size_t p;
};

// Depth 2 to 4, one or two outputs, biases with and without, that moves by some tenths.
inline Settings moving_network(std::mt19937_64 &gen) {
  Settings s = random_network(gen, {"tanh", "sin", "gelu", "polynomial(0,1,0.2)"});
  s.depth = 2 + (int)(gen() % 3);
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.ratios = s.depth == 2 ? "[1]" : s.depth == 3 ? "[1, 2]" : "[1, 2, 1]";
  s.widths = "[" + std::to_string(2 + gen() % 4) + "]";
  s.eta = "0.02";
  return s;
}

}  // namespace trainer_test

#endif
