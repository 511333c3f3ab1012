/* posterior_support.h - experiments that measure a posterior, and their posterior by plain integration. */
#ifndef PDLT_TESTS_TRAINER_POSTERIOR_SUPPORT_H
#define PDLT_TESTS_TRAINER_POSTERIOR_SUPPORT_H

#include "tests/trainer/support.h"

namespace trainer_test {

inline Settings posterior_settings(double noise) {
  Settings s;
  s.measure = "[posterior]";
  s.estimator = "auto";
  s.steps = "0";
  s.record = "";
  s.depth = 2;
  s.widths = "[2]";
  s.train = 1;
  s.test = 1;
  s.C_b = "0.6";  // keeps the kernel's zeros far from the real axis, where integrate() sums
  s.more_ensemble = "posterior:\n  noise: " + std::to_string(noise) + "\n";
  return s;
}

// Posterior of one width as arrays of measured.npz name them.
struct Numbers {
  double log_evidence = 0;
  std::vector<double> post_z, post_cov, post_kernel, post_q, post_mean, last_layer_z,
      last_layer_cov;
};

// Two layers of two neurons, two samples, the first of them with targets y: the integral over the four numbers
// that make the preactivations, by the trapezoidal rule, which is exact up to exp(-2 pi d/step), d the distance
// of the nearest zero of the kernel from the real axis. Nothing but the definition of the network and of the
// posterior is used.
inline Numbers integrate(const pdlt_experiment &ex, const Data &data, double step = 0.35) {
  const double s2 = ex.posterior.noise;
  const int last = (int)(7 / step), outputs = ex.network.outputs;
  const pdlt_layer below = pdlt_experiment_layer(&ex, 1, 2, data.c.inputs);
  const pdlt_layer top = pdlt_experiment_layer(&ex, 2, 2, data.c.inputs);
  double k[2][2] = {};
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      for (size_t j = 0; j < data.c.inputs; j++)
        k[a][b] += data.x[(size_t)a * data.c.inputs + j] * data.x[(size_t)b * data.c.inputs + j];
      k[a][b] = below.C_b + below.C_W / (double)data.c.inputs * k[a][b];
    }
  struct Neuron {
    double weight, z[2], s[2];
  };
  std::vector<Neuron> neurons;
  const double root = std::sqrt(k[0][0]), off = k[0][1] / root,
               rest = std::sqrt(k[1][1] - off * off);
  for (int i = -last; i <= last; i++)
    for (int j = -last; j <= last; j++) {
      const double t = step * i, u = step * j;
      Neuron n = {std::exp(-0.5 * (t * t + u * u)) * step * step / (2 * M_PI),
                  {root * t, off * t + rest * u},
                  {}};
      if (n.weight < 1e-11) continue;
      for (int a = 0; a < 2; a++) n.s[a] = pdlt_activation_eval(&ex.network.activation, 0, n.z[a]);
      neurons.push_back(n);
    }
  const size_t p = 2 * (size_t)outputs;
  double Z = 0, one = 0;
  Numbers x;
  x.post_z.resize(p), x.last_layer_z.resize(p);
  x.post_cov.resize(p * p), x.last_layer_cov.resize(p * p);
  x.post_kernel.resize(4), x.post_q.resize(4), x.post_mean.resize(2);
  std::vector<double> m(p);
  for (size_t first = 0; first < neurons.size(); first++)
    for (size_t second = first; second < neurons.size(); second++) {
      const Neuron &f = neurons[first], &g = neurons[second];
      double kernel[2][2], c[2][2];
      for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++)
          kernel[a][b] = top.C_b + top.C_W / 2 * (f.s[a] * f.s[b] + g.s[a] * g.s[b]);
      const double var = kernel[0][0] + s2, prior = (first == second ? 1 : 2) * f.weight * g.weight;
      double squares = 0;
      for (int i = 0; i < outputs; i++) {
        const double y = data.y[(size_t)i];
        squares += y * y;
        for (int a = 0; a < 2; a++) m[(size_t)(2 * i + a)] = kernel[a][0] / var * y;
      }
      for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) c[a][b] = kernel[a][b] - kernel[a][0] * kernel[0][b] / var;
      const double w =
          prior * std::exp(-0.5 * squares / var) * std::pow(2 * M_PI * var, -0.5 * outputs);
      Z += w;
      one += prior;
      for (size_t i = 0; i < p; i++) {
        x.post_z[i] += w * m[i];
        x.last_layer_z[i] += prior * m[i];
        for (size_t j = 0; j < p; j++) {
          const double z2 = m[i] * m[j] + (i / 2 == j / 2 ? c[i % 2][j % 2] : 0);
          x.post_cov[i * p + j] += w * z2;
          x.last_layer_cov[i * p + j] += prior * z2;
        }
      }
      for (int a = 0; a < 2; a++) {
        x.post_mean[(size_t)a] += w * (f.z[a] + g.z[a]) / 2;
        for (int b = 0; b < 2; b++) {
          x.post_kernel[(size_t)(2 * a + b)] += w * kernel[a][b];
          x.post_q[(size_t)(2 * a + b)] += w * (f.z[a] * f.z[b] + g.z[a] * g.z[b]) / 2;
        }
      }
    }
  EXPECT_NEAR(one, 1, 1e-8);
  x.log_evidence = std::log(Z);
  for (auto *v : {&x.post_z, &x.post_cov, &x.post_kernel, &x.post_q, &x.post_mean})
    for (double &value : *v) value /= Z;
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < p; j++) {
      x.post_cov[i * p + j] -= x.post_z[i] * x.post_z[j];
      x.last_layer_cov[i * p + j] -= x.last_layer_z[i] * x.last_layer_z[j];
    }
  return x;
}

// (measured - right)/error of every number of an array; numbers without noise must be right to rounding.
inline std::vector<double> deviations(const Archive &measured, const std::string &name,
                                      const std::vector<double> &right) {
  std::vector<double> out;
  EXPECT_EQ(measured.count(name), right.size()) << name;
  for (size_t i = 0; i < right.size(); i++) {
    const double d = measured.at(name, i) - right[i], se = measured.at(name + "_se", i);
    if (se > 1e-12)
      out.push_back(d / se);
    else
      EXPECT_NEAR(d, 0, 1e-8) << name << " " << i;
  }
  return out;
}

}  // namespace trainer_test

#endif
