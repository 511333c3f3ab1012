// positions_test.cpp - layers with positions: products of a layer against plain loops over an explicit
// matrix, and the trainer in plain loops against finite differences.
#include "tests/trainer/positions.h"

#include <gtest/gtest.h>

#include "trainer/network/layer.h"

using namespace trainer_test;

namespace {

using Array = std::vector<double>;

const std::vector<const char *> smooth = {"tanh", "sin", "gelu", "quadratic(0.3)", "linear"};

struct Net {
  explicit Net(const Wired &w)
      : ex(yaml(w.s)), data((size_t)w.s.train, (size_t)w.s.test, w.inputs, (size_t)w.s.outputs, 3) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], w.inputs, &err), PDLT_OK)
        << err.message << yaml(w.s);
    theta.resize(net.num_params);
    pdlt_network_draw(&net, 5, 3, theta.data());
  }
  ~Net() { pdlt_network_free(&net); }
  Net(const Net &) = delete;
  Experiment ex;
  Data data;
  pdlt_network net = {};
  Array theta;
};

Array normals(std::mt19937_64 &gen, size_t count) {
  std::normal_distribution<double> normal;
  Array x(count);
  for (double &v : x) v = normal(gen);
  return x;
}

// Where tap t of position p reads in one direction, by the rule as it is written down; -1: nowhere.
long reads(const pdlt_wiring &w, int d, size_t p, size_t t) {
  const long windows = (long)(w.below[d] / w.pool[d]);
  const long at = (long)(p * w.stride[d] + t) - (long)w.offset[d];
  if (w.circular) return (at % windows + windows) % windows;
  return at < 0 || at >= windows ? -1 : at;
}

// M (kappa, P_l, P_{l-1}): the share of position q in what tap t reads at p.
Array sharing(const pdlt_layer &layer) {
  const pdlt_wiring &w = layer.wiring;
  const size_t below = w.below[0] * w.below[1], here = w.here[0] * w.here[1];
  const double share = 1.0 / (double)(w.pool[0] * w.pool[1]);
  Array m(layer.taps * here * below);
  for (size_t t = 0; t < layer.taps; t++)
    for (size_t p = 0; p < here; p++)
      for (size_t q = 0; q < below; q++) {
        const size_t row = q / w.below[1] / w.pool[0], column = q % w.below[1] / w.pool[1];
        if (reads(w, 0, p / w.here[1], t / w.taps[1]) == (long)row &&
            reads(w, 1, p % w.here[1], t % w.taps[1]) == (long)column)
          m[(t * here + p) * below + q] = share;
      }
  return m;
}

// Vectors (count; n, P) of a layer in either order.
struct Slots {
  size_t count, n, P;
  pdlt_order order;
  Array data;
  double &at(size_t a, size_t i, size_t p) {
    return data[order == PDLT_BY_SAMPLE ? (p * count + a) * n + i : (i * P + p) * count + a];
  }
};

void check_layer(const pdlt_layer &layer, const Array &theta, pdlt_order order, size_t count,
                 std::mt19937_64 &gen) {
  const size_t below = pdlt_layer_below(&layer), here = pdlt_layer_here(&layer), in = layer.in,
               out = layer.out, fan = layer.taps * in;
  const Array m = sharing(layer);
  Slots s = {count, in, below, order, normals(gen, count * in * below)};
  Slots delta = {count, out, here, order, normals(gen, count * out * here)};
  Slots z = delta, dz = delta, g = s;
  Array seen(here * count * fan, 7.5);
  pdlt_layer_forward(&layer, theta.data(), order, count, s.data.data(), z.data.data());
  pdlt_layer_forward_tangent(&layer, theta.data(), order, count, s.data.data(), dz.data.data());
  pdlt_layer_pull_back(&layer, theta.data(), order, count, delta.data.data(), g.data.data());
  pdlt_layer_gather(&layer, order, count, s.data.data(), seen.data());
  const auto weight = [&](size_t i, size_t t, size_t j) {
    return theta[layer.weight + (i * layer.taps + t) * in + j];
  };
  for (size_t a = 0; a < count; a++) {
    Array back(in * below);
    for (size_t p = 0; p < here; p++)
      for (size_t t = 0; t < layer.taps; t++)
        for (size_t j = 0; j < in; j++) {
          double sum = 0;
          for (size_t q = 0; q < below; q++) sum += m[(t * here + p) * below + q] * s.at(a, j, q);
          EXPECT_NEAR(seen[((p * count + a) * layer.taps + t) * in + j], sum, 1e-13);
        }
    for (size_t p = 0; p < here; p++)
      for (size_t i = 0; i < out; i++) {
        double sum = 0;
        for (size_t t = 0; t < layer.taps; t++)
          for (size_t j = 0; j < in; j++)
            for (size_t q = 0; q < below; q++) {
              const double w = weight(i, t, j) * m[(t * here + p) * below + q];
              sum += w * s.at(a, j, q);
              back[j * below + q] += w * delta.at(a, i, p);
            }
        EXPECT_NEAR(dz.at(a, i, p), sum, 1e-12);
        EXPECT_NEAR(z.at(a, i, p), sum + theta[layer.bias + i], 1e-12);
      }
    for (size_t j = 0; j < in; j++)
      for (size_t q = 0; q < below; q++) EXPECT_NEAR(g.at(a, j, q), back[j * below + q], 1e-12);
  }
}

}  // namespace

TEST(TrainerPositions, ProductsOfALayerAreThoseOfItsMatrix) {
  std::mt19937_64 gen(1);
  size_t wired = 0;
  for (int trial = 0; trial < 80; trial++) {
    const Net n(random_wired(gen, smooth));
    for (int k = 0; k < n.net.depth; k++) {
      if (n.net.layer[k].kind == PDLT_LAYER_DENSE) continue;
      wired++;
      for (pdlt_order order : {PDLT_BY_SAMPLE, PDLT_BY_NEURON})
        for (size_t count : {1, 3}) check_layer(n.net.layer[k], n.theta, order, count, gen);
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(wired, 100u);
}

TEST(TrainerPositions, GradientIsTheFiniteDifference) {
  std::mt19937_64 gen(2);
  for (int trial = 0; trial < 12; trial++) {
    const Wired w = random_wired(gen, smooth);
    const Net n(w);
    pdlt_error err = {};
    Array grad(n.net.num_params);
    const double *x = n.data.x.data();
    size_t first = 0, total = 0;
    for (int k = 0; k < n.net.depth; k++) total += pdlt_layer_units(&n.net.layer[k]);
    Array z(total);
    for (int l = 1; l <= n.net.depth; l++) {
      const size_t units = pdlt_layer_units(&n.net.layer[l - 1]), i = gen() % units;
      ASSERT_EQ(pdlt_reference_gradient(&n.net, n.theta.data(), x, l, i, grad.data(), &err),
                PDLT_OK);
      for (size_t mu = 0; mu < n.net.num_params; mu++) {
        Array theta = n.theta;
        const double h = 1e-5;
        theta[mu] += h;
        pdlt_reference_forward(&n.net, theta.data(), x, z.data());
        const double up = z[first + i];
        theta[mu] -= 2 * h;
        pdlt_reference_forward(&n.net, theta.data(), x, z.data());
        ASSERT_NEAR((up - z[first + i]) / (2 * h), grad[mu], 1e-7 * (1 + std::fabs(grad[mu])))
            << "layer " << l << " parameter " << mu << "\n"
            << yaml(w.s);
      }
      first += units;
    }
  }
}

TEST(TrainerPositions, PlainLoopsAreTheExplicitMatrices) {
  std::mt19937_64 gen(3);
  for (int trial = 0; trial < 30; trial++) {
    const Wired w = random_wired(gen, smooth);
    const Net n(w);
    size_t total = 0;
    for (int k = 0; k < n.net.depth; k++) total += pdlt_layer_units(&n.net.layer[k]);
    Array found(total), s(n.data.x.begin(), n.data.x.begin() + (long)w.inputs);
    pdlt_reference_forward(&n.net, n.theta.data(), s.data(), found.data());
    const double *z = found.data();
    for (int k = 0; k < n.net.depth; k++) {
      const pdlt_layer &layer = n.net.layer[k];
      const size_t units = pdlt_layer_units(&layer);
      Array expected(units);
      pdlt_layer_forward(&layer, n.theta.data(), PDLT_BY_NEURON, 1, s.data(), expected.data());
      for (size_t i = 0; i < units; i++) ASSERT_NEAR(z[i], expected[i], 1e-12) << yaml(w.s);
      s.assign(z, z + units);
      for (double &v : s) v = pdlt_activation_eval(&n.net.activation, 0, v);
      z += units;
    }
  }
}

TEST(TrainerPositions, DrawHasTheVariancesAskedFor) {
  Settings s;
  s.depth = 2;
  s.widths = "[60]";
  s.C_b = "[0.5, 0]";
  s.C_W = "[1.5, 0.7]";
  s.more_network =
      "  input: {shape: [4, 4], channels: 7}\n"
      "  layers:\n    - {conv: 3, padding: zero, stride: 2}\n    - dense\n";
  Experiment ex(yaml(s));
  pdlt_network net = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_network_new(&net, &ex.c, 60, 112, &err), PDLT_OK) << err.message;
  ASSERT_EQ(net.num_params, 60u * 63 + 60 + 240 + 1);
  EXPECT_EQ(net.max_width, 240u);
  Array theta(net.num_params);
  pdlt_network_draw(&net, 1, 2, theta.data());
  double sum = 0;
  for (size_t i = 0; i < 60 * 63; i++) sum += theta[i] * theta[i];
  EXPECT_NEAR(sum / 60 / 1.5, 1, 5 * std::sqrt(2.0 / (60 * 63)));
  sum = 0;
  for (size_t i = 0; i < 240; i++) sum += std::pow(theta[net.layer[1].weight + i], 2);
  EXPECT_NEAR(sum / 0.7, 1, 5 * std::sqrt(2.0 / 240));
  pdlt_network_free(&net);
}

// One position and one tap are a dense layer, and go its way.
TEST(TrainerPositions, OnePositionIsADenseLayer) {
  Settings s, wired;
  wired.more_network =
      "  input: {shape: [1], channels: 5}\n"
      "  layers:\n    - {conv: 1}\n    - dense\n    - average\n";
  const Net plain({s, 5}), one({wired, 5});
  EXPECT_EQ(one.net.has_positions, 0);
  EXPECT_EQ(one.theta, plain.theta);
  for (int k = 0; k < 3; k++) EXPECT_EQ(one.net.layer[k].kind, PDLT_LAYER_DENSE);
}
