// posterior_exact_test.cpp - Bayesian inference of experiments: against exact posteriors of finite networks with
// one training sample, without Monte Carlo, and against the end of training of the last layer alone.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/theory/predict_case.h"

namespace {

using List = std::vector<double>;
using Complex = std::complex<double>;
using Numbers = std::map<std::string, double>;

// The coefficient of h of numbers x_n = lo + c1 h + c2 h^2 + .., by a polynomial through all of them.
double Coefficient(const List &h, const List &x, double lo) {
  double sum = 0;
  for (size_t k = 0; k < h.size(); k++) {
    double term = (x[k] - lo) / h[k];
    for (size_t j = 0; j < h.size(); j++)
      if (j != k) term *= h[j] / (h[j] - h[k]);
    sum += term;
  }
  return sum;
}

// --- Two layers, one training and one test sample ---
//
// T = sum_j s_1j^2 is a sum of n independent numbers, whose density is the Fourier transform of phi^n; the mean of
// sum_j b(z_j) at given T comes from phi_b phi^(n-1), phi_b(k) = <b e^{iks^2}>. All weights are functions of T.

struct TwoLayers {
  double K11, K12, K22, C_b, C_W, noise;
  List y;  // of the training sample, (n_L)
  std::function<double(double)> sigma;

  enum { kS12, kS22, kS1122, kQ11, kQ12, kQ22, kZ1, kZ2, kKinds };

  // E[f(m + r t)], t normal, f smooth but for a kink at 0: nodes dense on both sides of it.
  static double Normal(const std::function<double(double)> &f, double m, double r) {
    double sum = 0;
    for (double side : {-1.0, 1.0})
      for (double v = -4; v < 3.2; v += 0.08) {
        const double u = std::exp(v - std::exp(-v)), z = side * u;
        const double t = (z - m) / r;
        sum += 0.08 * u * (1 + std::exp(-v)) / r * std::exp(-0.5 * t * t) * f(z);
      }
    return sum / std::sqrt(2 * M_PI);
  }

  // Means given z_1 of what is summed over neurons.
  List Given(double z1) const {
    const double slope = K12 / K11, root = std::sqrt(K22 - slope * K12), z2 = slope * z1;
    const double s1 = sigma(z1), s2 = Normal(sigma, z2, root);
    const double s22 = Normal([&](double z) { return sigma(z) * sigma(z); }, z2, root);
    return {s1 * s2, s22, s1 * s1 * s22, z1 * z1, z1 * z2, z2 * z2 + root * root, z1, z2};
  }

  // Nodes z_1 with their weights, likewise.
  struct Node {
    double square, weight;  // s_1^2
    List given;
  };
  std::vector<Node> Nodes() const {
    std::vector<Node> nodes;
    for (double side : {-1.0, 1.0})
      for (double v = -4; v < 3.2; v += 0.04) {
        const double u = std::exp(v - std::exp(-v)), z = side * u, s = sigma(z);
        const double weight = 0.04 * u * (1 + std::exp(-v)) * std::exp(-0.5 * z * z / K11);
        if (weight > 1e-22) nodes.push_back({s * s, weight / std::sqrt(2 * M_PI * K11), Given(z)});
      }
    return nodes;
  }

  // phi and phi_b at k.
  static void Characteristic(const std::vector<Node> &nodes, double k, Complex *phi,
                             Complex *phi_b) {
    *phi = 0;
    for (int b = 0; b < kKinds; b++) phi_b[b] = 0;
    for (const Node &node : nodes) {
      const Complex e = node.weight * std::exp(Complex(0, k * node.square));
      *phi += e;
      for (int b = 0; b < kKinds; b++) phi_b[b] += e * node.given[(size_t)b];
    }
  }

  Numbers At(int n, const std::vector<Node> &nodes) const {
    double mean = 0, square = 0;
    for (const Node &node : nodes) {
      mean += node.weight * node.square;
      square += node.weight * node.square * node.square;
    }
    const double spread = std::sqrt(n * (square - mean * mean)), period = 40 * spread;
    std::vector<Complex> density;
    std::vector<std::vector<Complex>> sums(kKinds + 1);
    for (double k = 0;; k += 2 * M_PI / period) {
      Complex phi, phi_b[kKinds];
      Characteristic(nodes, k, &phi, phi_b);
      if (std::abs(std::pow(phi, n - 2)) < 1e-13) break;
      density.push_back(std::pow(phi, n));
      for (int b = 0; b < kKinds; b++)
        sums[(size_t)b].push_back(double(n) * phi_b[b] * std::pow(phi, n - 1));
      sums[kKinds].push_back(double(n) * (n - 1.0) * phi_b[kS12] * phi_b[kS12] *
                             std::pow(phi, n - 2));
    }
    return Average(n, density, sums, n * mean, period);
  }

  // All posterior means, from densities in T.
  Numbers Average(int n, const std::vector<Complex> &density,
                  const std::vector<std::vector<Complex>> &sums, double middle,
                  double period) const {
    const int points = 2 * (int)density.size() + 41;
    const size_t n_L = y.size();
    double Z = 0, own = 0, kappa = 0, kappa2 = 0, spread = 0, total[kKinds] = {}, T1 = 0;
    for (int i = 0; i < points; i++) {
      const double T = middle + period * ((double)i / points - 0.5);
      if (T <= 0) continue;
      const auto at = [&](const std::vector<Complex> &f) {
        double sum = 0.5 * f[0].real();
        for (size_t k = 1; k < f.size(); k++)
          sum += (f[k] * std::exp(Complex(0, -2 * M_PI * (double)k / period * T))).real();
        return sum * 2 / points;
      };
      const double K = C_b + C_W * T / n, S = K + noise;
      double w = 1;
      for (double target : y) w *= std::exp(-0.5 * target * target / S) / std::sqrt(2 * M_PI * S);
      const double p = w * at(density), b = w * at(sums[kS12]),
                   bb = w * (at(sums[kS1122]) + at(sums[kKinds]));
      Z += p;
      T1 += p * K;
      own += p * K / S;
      kappa += (C_b * p + C_W * b / n) / S;
      // (C_b + C_W B/n)^2
      const double cross = C_b * C_b * p + 2 * C_b * C_W * b / n + C_W * C_W * bb / n / n;
      kappa2 += cross / S / S;
      spread += cross / S;
      for (int kind = 0; kind < kKinds; kind++) total[kind] += w * at(sums[(size_t)kind]) / n;
    }
    Numbers out;
    out["log"] = std::log(Z);
    for (size_t i = 0; i < n_L; i++) {
      const std::string name = std::to_string(i);
      out["z" + name + "0"] = y[i] * own / Z;
      out["z" + name + "1"] = y[i] * kappa / Z;
    }
    const double K22hat = C_b + C_W * total[kS22] / Z, scatter = (kappa2 - kappa * kappa / Z) / Z;
    out["cov0101"] = K22hat - spread / Z + y[0] * y[0] * scatter;
    if (n_L > 1) out["cov0111"] = y[0] * y[1] * scatter;
    out["K00"] = T1 / Z;
    out["K01"] = C_b + C_W * total[kS12] / Z;
    out["K11"] = K22hat;
    out["q00"] = total[kQ11] / Z;
    out["q01"] = total[kQ12] / Z;
    out["q11"] = total[kQ22] / Z;
    out["mean0"] = total[kZ1] / Z;
    out["mean1"] = total[kZ2] / Z;
    return out;
  }
};

// The same numbers of theory: order "lo" or "nlo".
Numbers Theory(const NamedCase &c, const std::string &order) {
  Numbers out;
  const List z = c.Get("post_z_" + order), cov = c.Get("post_cov_" + order);
  const List K = c.Get(order == "lo" ? "K" : "post_kernel_nlo"), q = c.Get("post_q_" + order);
  const List mean = order == "lo" ? List(2, 0) : c.Get("post_mean_nlo");
  const size_t n_L = z.size() / 2;
  out["log"] = c.Get("log_evidence_" + order)[0];
  for (size_t i = 0; i < n_L; i++)
    for (size_t a = 0; a < 2; a++) out["z" + std::to_string(i) + std::to_string(a)] = z[i * 2 + a];
  out["cov0101"] = cov[(1 * n_L + 0) * 2 + 1];
  if (n_L > 1) out["cov0111"] = cov[(1 * n_L + 1) * 2 + 1];
  out["K00"] = K[0], out["K01"] = K[1], out["K11"] = K[3];
  out["q00"] = q[0], out["q01"] = q[1], out["q11"] = q[3];
  out["mean0"] = mean[0], out["mean1"] = mean[1];
  return out;
}

void CheckTwoLayers(const std::string &activation, const std::function<double(double)> &sigma,
                    const std::string &outputs, const std::string &noise) {
  const std::string text =
      "network: {activation: " + activation + ", depth: 2, widths: [16], outputs: " + outputs +
      ", C_b: [0.1, 0.2], C_W: [1.1, 1.3]}\n"
      "data: {source: gaussian, inputs: 3, train: 1, test: 1, seed: 4, scale: 1}\n"
      "measure: [posterior]\nposterior: {noise: " +
      noise + "}\n";
  NamedCase c(text.c_str(), {});
  c.Predict();
  const auto K1 = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t i = 0; i < 3; i++) sum += c.data.x[a * 3 + i] * c.data.x[b * 3 + i];
    return 0.1 + 1.1 * sum / 3;
  };
  TwoLayers exact = {K1(0, 0), K1(0, 1), K1(1, 1), 0.2, 1.3, std::stod(noise), {}, sigma};
  for (int i = 0; i < std::stoi(outputs); i++) exact.y.push_back(c.data.y[i]);
  const Numbers lo = Theory(c, "lo"), nlo = Theory(c, "nlo");
  List h;
  std::map<std::string, List> x;
  const auto nodes = exact.Nodes();
  for (int n : {64, 96, 128, 192, 256, 384}) {
    h.push_back(1.0 / n);
    for (const auto &[name, value] : exact.At(n, nodes)) x[name].push_back(value);
  }
  EXPECT_EQ(x.size(), lo.size());
  for (const auto &[name, values] : x) {
    const double measured = Coefficient(h, values, lo.at(name));
    EXPECT_NEAR(measured, nlo.at(name), 3e-5 * (1 + std::fabs(nlo.at(name))))
        << activation << " " << name;
  }
}

}  // namespace

TEST(PosteriorExact, TwoLayersOneTrainingSample) {
  CheckTwoLayers(
      "tanh", [](double z) { return std::tanh(z); }, "1", "0");
  CheckTwoLayers(
      "gelu", [](double z) { return 0.5 * z * std::erfc(-z / std::sqrt(2.0)); }, "2", "0.3");
  CheckTwoLayers(
      "relu", [](double z) { return z > 0 ? z : 0; }, "2", "0.2");
}

// Linear networks of three layers, one sample: preactivations are products of independent chi-squares, widths
// 2 n and 3 n, so that every width counts by itself.
TEST(PosteriorExact, ThreeLinearLayersOfUnequalWidths) {
  const std::string text =
      "network: {activation: linear, depth: 3, widths: [16], width_ratios: [2, 3], outputs: 1,\n"
      "          C_b: 0, C_W: [1.1, 0.8, 1.3]}\n"
      "data: {source: gaussian, inputs: 3, train: 1, seed: 4, scale: 1}\n"
      "measure: [posterior]\nposterior: {noise: 0.2}\n";
  NamedCase c(text.c_str(), {});
  c.Predict();
  const double K1 = c.Get("post_q_lo")[0], y = c.data.y[0];
  const std::vector<std::string> names = {"log", "q1", "K2", "q2", "K3"};
  const List lo = {c.Get("log_evidence_lo")[0], K1, 0.8 * K1, 0.8 * K1, 1.3 * 0.8 * K1};
  const List q = c.Get("post_q_nlo");
  std::map<std::string, double> nlo = {{"log", c.Get("log_evidence_nlo")[0]},
                                       {"q1", q[0]},
                                       {"q2", q[1]},
                                       {"K3", c.Get("post_kernel_nlo")[0]}};
  NamedCase layers(text.c_str(), {});
  ASSERT_EQ(static_cast<PredictCase &>(layers).Predict(1, 1), PDLT_OK);
  nlo["K2"] = layers.Get("layer2/post_kernel_nlo")[0];
  EXPECT_EQ(layers.Get("layer3/post_kernel_nlo"), c.Get("post_kernel_nlo"));
  EXPECT_EQ(layers.Get("layer1/post_kernel_nlo")[0], 0);
  EXPECT_EQ(layers.Get("layer2/post_q_nlo")[0], q[1]);
  List h;
  std::vector<List> x(names.size());
  for (int n : {24, 32, 48, 64, 96, 128}) {
    // log a of a = chi^2/m, m degrees of freedom
    const auto nodes = [](int m, List *a, List *weight) {
      const double sd = std::sqrt(2.0 / m);
      double sum = 0;
      for (int i = -60; i <= 60; i++) {
        const double t = i * sd / 5;
        a->push_back(std::exp(t));
        weight->push_back(std::exp(0.5 * m * (t - a->back() + 1)));
        sum += weight->back();
      }
      for (double &w : *weight) w /= sum;
    };
    List a, wa, b, wb;
    nodes(2 * n, &a, &wa);
    nodes(3 * n, &b, &wb);
    double Z = 0, total[4] = {};
    for (size_t i = 0; i < a.size(); i++)
      for (size_t j = 0; j < b.size(); j++) {
        const double q1 = K1 * a[i], K2 = 0.8 * q1, q2 = K2 * b[j], K3 = 1.3 * q2, S = K3 + 0.2;
        const double w = wa[i] * wb[j] * std::exp(-0.5 * y * y / S) / std::sqrt(2 * M_PI * S);
        Z += w;
        total[0] += w * q1, total[1] += w * K2, total[2] += w * q2, total[3] += w * K3;
      }
    h.push_back(1.0 / (3 * n));
    x[0].push_back(std::log(Z));
    for (size_t k = 0; k < 4; k++) x[k + 1].push_back(total[k] / Z);
  }
  for (size_t k = 0; k < names.size(); k++)
    EXPECT_NEAR(Coefficient(h, x[k], lo[k]), nlo[names[k]], 1e-5) << names[k];
}

// Gradient descent on the last layer alone, from its prior and without noise, samples the posterior of a kernel
// that is drawn from the prior: the end of training of such networks is the same by quite another way.
TEST(PosteriorExact, LastLayerAloneIsTheEndOfItsTraining) {
  NamedCase c(
      "network: {activation: gelu, depth: 3, widths: [16], width_ratios: [2, 1], outputs: 2,\n"
      "          C_b: [0.1, 0.2, 0.3], C_W: [1.2, 0.9, 1.4], lambda_b: [0, 0, 0.3],\n"
      "          lambda_W: [0, 0, 1.4]}\n"
      "data: {source: gaussian, inputs: 3, train: 3, test: 2, seed: 4}\n"
      "training: {eta: 0.1, steps: 0}\n"
      "posterior: {noise: 0}\n",
      {});
  c.Predict();
  for (const char *order : {"lo", "nlo"}) {
    const std::string z = std::string(order) == "lo" ? "post_z_lo" : "last_layer_z_nlo";
    const std::string cov = std::string(order) == "lo" ? "post_cov_lo" : "last_layer_cov_nlo";
    const List ours = c.Get(z), theirs = c.Get(std::string("z_end_") + order);
    const List our_cov = c.Get(cov), their_cov = c.Get(std::string("cov_end_") + order);
    double largest = 0;
    for (double v : theirs) largest = std::fmax(largest, std::fabs(v));
    EXPECT_GT(largest, 0.1);
    ASSERT_EQ(ours.size(), theirs.size());
    for (size_t k = 0; k < ours.size(); k++) EXPECT_NEAR(ours[k], theirs[k], 1e-9 * largest) << k;
    ASSERT_EQ(our_cov.size(), their_cov.size());
    for (size_t k = 0; k < our_cov.size(); k++)
      EXPECT_NEAR(our_cov[k], their_cov[k], 1e-9 * largest) << k;
  }
}
