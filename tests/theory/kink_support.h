// Networks with a kink for the tests of theory/kink: kernels in closed form, the prediction, and the second road:
// a plain Monte Carlo of one neuron near its kink, as literal as possible.
#ifndef PDLT_TESTS_THEORY_KINK_SUPPORT_H
#define PDLT_TESTS_THEORY_KINK_SUPPORT_H

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/random/rng.h"
#include "theory/kink/kink.h"

namespace kink_support {

using Array = std::vector<double>;

struct Net {
  double plus = 1, minus = 0;
  std::vector<pdlt_layer> layer;
  size_t D = 0, A = 0, n = 1;
  Array x, y, K, theta;  // x (D, inputs), y (A, n), K and theta (L, D, D)
  double eta = 0.1;
  int flow = 0;
  size_t L() const { return layer.size(); }
  double Sigma(double u) const { return u > 0 ? plus * u : minus * u; }
  double Slope(double u) const { return u > 0 ? plus : minus; }
  const double *KAt(size_t l) const { return &K[l * D * D]; }
  const double *ThetaAt(size_t l) const { return &theta[l * D * D]; }
};

inline Array Normals(uint64_t seed, size_t count) {
  const pdlt_rng rng = {seed, 0, 0, PDLT_STREAM_DATA};
  Array out(count);
  pdlt_rng_normal(&rng, count, out.data());
  return out;
}

inline pdlt_layer Layer(size_t in, size_t out, double C_b, double C_W, double lambda_b,
                        double lambda_W) {
  pdlt_layer layer = {};
  layer.in = in, layer.out = out;
  layer.C_b = C_b, layer.C_W = C_W, layer.lambda_b = lambda_b, layer.lambda_W = lambda_W;
  return layer;
}

// Kernel and NTK in closed form: sigma = m u + h |u|.
inline void FillKernels(Net &net) {
  const size_t D = net.D, inputs = net.x.size() / D;
  const double m = (net.plus + net.minus) / 2, h = (net.plus - net.minus) / 2;
  net.K.assign(net.L() * D * D, 0);
  net.theta = net.K;
  for (size_t l = 0; l < net.L(); l++)
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++) {
        const pdlt_layer &w = net.layer[l];
        double mean = 0, slopes = 0, below = 0;
        if (l == 0) {
          for (size_t i = 0; i < inputs; i++)
            mean += net.x[a * inputs + i] * net.x[b * inputs + i] / (double)inputs;
        } else {
          const double *K = net.KAt(l - 1);
          const double size = std::sqrt(K[a * D + a] * K[b * D + b]);
          const double r = size > 0 ? std::fmin(std::fmax(K[a * D + b] / size, -1), 1) : 0;
          const double angle = a == b ? M_PI / 2 : std::asin(r);
          mean = m * m * K[a * D + b] +
                 h * h * size * 2 / M_PI * (std::sqrt(std::fmax(1 - r * r, 0)) + r * angle);
          slopes = m * m + h * h * 2 / M_PI * angle;
          below = net.ThetaAt(l - 1)[a * D + b];
        }
        net.K[(l * D + a) * D + b] = w.C_b + w.C_W * mean;
        net.theta[(l * D + a) * D + b] = w.lambda_b + w.lambda_W * mean + w.C_W * slopes * below;
      }
}

// D samples of Gaussian inputs, A of them train; targets are Gaussian.
inline Net Random(uint64_t seed, std::vector<pdlt_layer> layers, size_t D, size_t A, size_t n) {
  Net net;
  net.layer = std::move(layers);
  net.D = D, net.A = A, net.n = n;
  net.x = Normals(seed, D * net.layer[0].in);
  net.y = Normals(seed + 1000, A * n);
  FillKernels(net);
  return net;
}

struct Prediction {
  pdlt_status status = PDLT_OK;
  std::string message;
  Array z, part, layer, cov, theta, crossings;
  double err_z = 0, err_part = 0, err_cov = 0, err_theta = 0, err_crossings = 0, points = 0;
};

struct Options {
  const pdlt_kink_factors *factors = nullptr;
  size_t max_points = 1024;
  int threads = 2;
  double tolerance = 0;
};

/* What the library is asked, with all that it borrows. */
class Question {
 public:
  Question(const Net &net, const Array &times, const Options &options)
      : K_(net.K), theta_(net.theta), y_(net.D * net.n), layer_(net.layer), times_(times) {
    pdlt_error err = {};
    std::copy(net.y.begin(), net.y.end(), y_.begin());
    pdlt_training_input lo = {};
    lo.D = net.D, lo.A = net.A, lo.outputs = net.n;
    lo.K = net.KAt(net.L() - 1), lo.theta = net.ThetaAt(net.L() - 1), lo.y = y_.data();
    lo.eta = net.eta, lo.flow = net.flow;
    EXPECT_EQ(pdlt_training_new(&training_, &lo, &err), PDLT_OK) << err.message;
    kernel_.depth = (int)net.L(), kernel_.D = net.D;
    kernel_.K = K_.data(), kernel_.theta = theta_.data();
    in.a_plus = net.plus, in.a_minus = net.minus;
    in.layer = layer_.data(), in.kernel = &kernel_, in.training = &training_;
    in.num_times = times_.size(), in.times = times_.data(), in.factors = options.factors;
    in.tolerance = options.tolerance, in.max_points = options.max_points;
    in.threads = options.threads;
  }
  ~Question() { pdlt_training_free(&training_); }
  Question(const Question &) = delete;

  pdlt_kink_input in = {};

 private:
  Array K_, theta_, y_;
  std::vector<pdlt_layer> layer_;
  Array times_;
  pdlt_training training_ = {};
  pdlt_kernel_layers kernel_ = {};
};

inline Prediction Predict(const Net &net, const Array &times, const Options &options = {}) {
  const Question question(net, times, options);
  Prediction out;
  pdlt_error err = {};
  pdlt_kink kink = {};
  out.status = pdlt_kink_new(&kink, &question.in, &err);
  out.message = err.message;
  if (out.status == PDLT_OK) {
    const size_t T = times.size(), row = net.n * net.D, hidden = net.L() - 1;
    out.z.assign(kink.z, kink.z + T * row);
    out.part.assign(kink.part, kink.part + PDLT_KINK_PART_COUNT * T * row);
    out.layer.assign(kink.layer, kink.layer + hidden * T * row);
    out.cov.assign(kink.cov, kink.cov + T * row * row);
    out.theta.assign(kink.theta, kink.theta + T * row * row);
    out.crossings.assign(kink.crossings, kink.crossings + T * hidden * net.D);
    out.err_z = kink.err_z, out.err_part = kink.err_part, out.err_cov = kink.err_cov,
    out.err_theta = kink.err_theta;
    out.err_crossings = kink.err_crossings, out.points = kink.points;
    pdlt_kink_free(&kink);
  }
  return out;
}

// A number that is not finite is the largest.
inline double Larger(double most, double v) { return std::fabs(v) <= most ? most : std::fabs(v); }

inline double Largest(const Array &x) {
  double most = 0;
  for (const double v : x) most = Larger(most, v);
  return most;
}

inline double Distance(const Array &a, const Array &b) {
  double most = 0;
  EXPECT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size() && i < b.size(); i++) most = Larger(most, a[i] - b[i]);
  return most;
}

}  // namespace kink_support

#endif
