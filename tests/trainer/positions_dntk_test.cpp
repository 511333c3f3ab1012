// positions_dntk_test.cpp - derivatives of the NTK of networks with positions against finite differences of
// gradients of plain loops, as they are defined, all weights of the readout included.
#include "trainer/measure/positions_dntk.h"

#include <gtest/gtest.h>

#include "tests/trainer/positions.h"
#include "trainer/measure/ddntk.h"
#include "trainer/measure/training_dntk.h"
#include "trainer/network/layer.h"

using namespace trainer_test;

namespace {

using Array = std::vector<double>;

struct Net : WiredNet {
  using WiredNet::WiredNet;
  // dz_i(a)/dtheta.
  Array gradient(const Array &at, size_t i, size_t a) const {
    Array g(net.num_params);
    EXPECT_EQ(pdlt_reference_gradient(&net, at.data(), x(a), net.depth, i, g.data(), nullptr),
              PDLT_OK);
    return g;
  }
  // lambda times that.
  Array direction(size_t i, size_t a) const {
    Array g = gradient(theta, i, a);
    for (size_t mu = 0; mu < g.size(); mu++) g[mu] *= lambda[mu];
    return g;
  }
  Array moved(const Array &at, double step, const Array &along) const {
    Array out = at;
    for (size_t mu = 0; mu < at.size(); mu++) out[mu] += step * along[mu];
    return out;
  }
  // d2z_i(a)[., v], by central differences of fourth order.
  Array mixed(const Array &at, size_t i, size_t a, const Array &v) const {
    const double step = 2e-3;
    Array out(net.num_params);
    for (const auto &[factor, weight] :
         {std::pair{1.0, 8.0}, {-1.0, -8.0}, {2.0, -1.0}, {-2.0, 1.0}}) {
      const Array g = gradient(moved(at, factor * step, v), i, a);
      for (size_t mu = 0; mu < g.size(); mu++) out[mu] += weight * g[mu] / (12 * step);
    }
    return out;
  }
  double z(size_t i, size_t a) const {
    size_t total = 0;
    for (int k = 0; k < net.depth; k++) total += pdlt_layer_units(&net.layer[k]);
    Array all(total);
    pdlt_reference_forward(&net, theta.data(), x(a), all.data());
    return all[total - top().out + i];
  }
};

double dot(const Array &x, const Array &y) {
  double sum = 0;
  for (size_t mu = 0; mu < x.size(); mu++) sum += x[mu] * y[mu];
  return sum;
}

// P .. U of neurons i = 0, j = 1 of the readout at theta, times n: literally as they are defined.
struct Literal {
  explicit Literal(const Net &c, size_t samples) : S(samples) {
    const double n = (double)c.top().in;
    std::vector<Array> V[2], mixed[2][2];
    for (size_t i = 0; i < 2; i++)
      for (size_t a = 0; a < S; a++) V[i].push_back(c.direction(i, a));
    for (size_t i = 0; i < 2; i++)
      for (size_t j = 0; j < 2; j++)
        for (size_t a = 0; a < S; a++)
          for (size_t b = 0; b < S; b++) mixed[i][j].push_back(c.mixed(c.theta, i, a, V[j][b]));
    const auto contract = [&](const Array &x, const Array &y) {
      double sum = 0;
      for (size_t mu = 0; mu < x.size(); mu++) sum += c.lambda[mu] * x[mu] * y[mu];
      return sum;
    };
    for (Array &t : tensor) t.resize(S * S * S * S);
    const double step = 2e-3;
    for (size_t at = 0; at < S * S * S * S; at++) {
      const size_t a = at / (S * S * S), b = at / (S * S) % S, k = at / S % S, d = at % S;
      tensor[PDLT_DDNTK_P][at] = n * dot(mixed[0][1][a * S + b], V[1][k]) * c.z(0, d);
      tensor[PDLT_DDNTK_Q][at] = n * dot(mixed[0][0][a * S + b], V[1][k]) * c.z(1, d);
      double third = 0;
      for (const auto &[factor, weight] :
           {std::pair{1.0, 8.0}, {-1.0, -8.0}, {2.0, -1.0}, {-2.0, 1.0}})
        third += weight / (12 * step) *
                 dot(c.mixed(c.moved(c.theta, factor * step, V[1][d]), 0, a, V[0][b]), V[1][k]);
      tensor[PDLT_DDNTK_R][at] = n * third;
      tensor[PDLT_DDNTK_S][at] = n * contract(mixed[0][1][a * S + k], mixed[0][1][b * S + d]);
      tensor[PDLT_DDNTK_T][at] = n * contract(mixed[0][0][a * S + b], mixed[1][1][k * S + d]);
      tensor[PDLT_DDNTK_U][at] = n * contract(mixed[0][1][a * S + d], mixed[1][0][k * S + b]);
    }
  }
  size_t S;
  Array tensor[PDLT_DDNTK_COUNT];
};

void expect_near(const Array &found, const Array &expected, double tolerance, const char *what,
                 const Net &n) {
  double size = 0;
  for (double v : expected) size = std::fmax(size, std::fabs(v));
  EXPECT_GT(size, 1e-6) << what;
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); i++)
    ASSERT_NEAR(found[i], expected[i], tolerance * size) << what << " " << i << "\n"
                                                         << yaml(n.wired.s);
}

}  // namespace

TEST(TrainerPositionsDntk, OfTheOutputsAgainstDifferencesOfGradients) {
  std::mt19937_64 gen(1);
  for (int done = 0; done < 24;) {
    const std::vector<const char *> smooth = {"tanh", "sin", "gelu"};
    const Net n(done < 12 ? random_wired(gen, smooth) : random_residual(gen, smooth),
                (unsigned)gen() % 1000);
    if (!n.net.has_positions) continue;
    done++;
    const size_t S = std::min<size_t>(2, n.samples.samples), p = n.samples.outputs * S;
    pdlt_training_dntk dntk = {};
    pdlt_stepper st = {};
    const pdlt_step_settings settings = {0.1, PDLT_FIRST_AUTO, 0, nullptr};
    ASSERT_EQ(pdlt_training_dntk_new(&dntk, &n.net, &n.samples, S, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_stepper_new(&st, &n.net, &n.samples, &settings, nullptr), PDLT_OK);
    std::copy(n.theta.begin(), n.theta.end(), st.theta);
    pdlt_stepper_begin(&st);
    pdlt_stepper_forward(&st);
    Array found(p * p * p), expected;
    pdlt_training_dntk_measure(&dntk, &st, found.data());
    for (size_t I = 0; I < p; I++)
      for (size_t J = 0; J < p; J++) {
        const Array row = n.mixed(n.theta, I / S, I % S, n.direction(J / S, J % S));
        for (size_t K = 0; K < p; K++) expected.push_back(dot(row, n.direction(K / S, K % S)));
      }
    expect_near(found, expected, 1e-7, "dTheta_t", n);
    pdlt_stepper_free(&st);
    pdlt_training_dntk_free(&dntk);
    if (HasFailure()) return;
  }
}

// Means over all signs of the weights of two outputs, which have the second moments of Gaussians.
TEST(TrainerPositionsDntk, TensorsAreTheirDefinitions) {
  const char *const networks[] = {
      "  input: {shape: [2], channels: 1}\n"
      "  layers:\n    - {conv: 2, padding: circular}\n    - {conv: 2, padding: zero}\n    - "
      "dense\n",
      "  input: {shape: [4], channels: 1}\n"
      "  layers:\n    - {conv: 3, padding: zero}\n    - {conv: 1, pool: 2}\n    - average\n",
      "  input: {shape: [2], channels: 1}\n"
      "  layers:\n    - {conv: 2, padding: circular}\n    - {conv: 2, padding: zero, skip: 0.8}\n"
      "    - dense\n"};
  for (const char *network : networks) {
    Wired w;
    w.s.activation = "sin";
    w.s.widths = "[2]";
    w.s.ratios = network == networks[0] ? "[2, 1]" : network == networks[1] ? "[1, 2]" : "[1, 1]";
    w.s.outputs = 2;
    w.s.train = 2;
    w.s.test = 0;
    w.s.more_network = network;
    w.inputs = network == networks[1] ? 4 : 2;
    Net c(w, 4);
    const size_t K = pdlt_layer_fan(&c.top()), S = 2, count = S * S * S * S;
    ASSERT_EQ(K, 4u);
    const double size = std::sqrt(c.top().C_W / (double)K), weight = std::ldexp(1, -2 * (int)K);
    pdlt_ddntk f = {};
    ASSERT_EQ(pdlt_ddntk_new(&f, &c.net, &c.samples, S, 1, nullptr), PDLT_OK);
    for (size_t i = 0; i < c.top().out; i++) c.theta[c.top().bias + i] = 0;
    Array literal[PDLT_DDNTK_COUNT], fast[PDLT_DDNTK_COUNT];
    for (int t = 0; t < PDLT_DDNTK_COUNT; t++) literal[t] = fast[t] = Array(count);
    for (size_t signs = 0; signs < (size_t)1 << (2 * K); signs++) {
      for (size_t i = 0; i < 2 * K; i++)
        f.heads[i] = c.theta[c.top().weight + i] = signs >> i & 1 ? size : -size;
      const Literal slow(c, S);
      pdlt_ddntk_tensors(&f, c.theta.data(), c.net.depth);
      for (size_t t = 0; t < PDLT_DDNTK_COUNT; t++)
        for (size_t i = 0; i < count; i++) {
          literal[t][i] += weight * slow.tensor[t][i];
          fast[t][i] += weight * f.out[t * count + i];
        }
    }
    for (int t = 0; t < PDLT_DDNTK_COUNT; t++) {
      const char name[] = {"PQRSTU"[t], 0};
      expect_near(fast[t], literal[t], t == PDLT_DDNTK_R ? 1e-5 : 1e-7, name, c);
    }
    pdlt_ddntk_free(&f);
  }
}
