// residual_test.cpp - criticality with skips: lines of critical points, kernels and vertices on them.
#include "theory/infinite/residual.h"
#include "tests/theory/skip_support.h"

using skip_support::List;
using skip_support::Network;
using skip_support::Options;
using skip_support::Tensors;

namespace {

struct Point {
  explicit Point(const char *name) {
    EXPECT_EQ(pdlt_activation_parse(&act, name, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_critical_find(&plain, &act, nullptr), PDLT_OK);
  }
  double Nu(double gamma) const {
    double nu = 0;
    EXPECT_EQ(pdlt_critical_vertex(&nu, &act, &plain, gamma, nullptr), PDLT_OK);
    return nu;
  }
  pdlt_activation act;
  pdlt_critical_point plain;
};

// `hidden` layers at the critical point of gamma, K^(1) = K, one sample.
Network Critical(const Point &point, const char *name, int hidden, double gamma) {
  const pdlt_critical_point at = pdlt_critical_with_skip(&point.plain, gamma);
  const size_t L = (size_t)hidden + 1;
  Network net = {tensor_support::Plain(name, hidden + 1, at.C_W, 1), List(L, gamma)};
  net.plain.C_b.assign(L, at.C_b);
  net.skip.front() = net.skip.back() = 0;
  return net;
}

// The first layer gives K, whatever the others are.
Network From(Network net) {
  net.plain.C_b[0] = 0;
  net.plain.C_W[0] = 1;
  return net;
}

// Kernels of one sample.
class Kernels {
 public:
  Kernels(const Network &net, double K) {
    const auto layers = skip_support::Layers(net, 1);
    const double x = std::sqrt(K);
    pdlt_activation act;
    EXPECT_EQ(pdlt_activation_parse(&act, net.plain.activation.c_str(), nullptr), PDLT_OK);
    const pdlt_kernel_settings s = {act, net.plain.depth, layers.data(), 1e-13, 1, nullptr};
    EXPECT_EQ(pdlt_kernel_layers_new(&k_, &s, 1, &x, nullptr), PDLT_OK);
  }
  ~Kernels() { pdlt_kernel_layers_free(&k_); }
  Kernels(const Kernels &) = delete;
  double K(int layer) const { return k_.K[layer - 1]; }
  double Theta(int layer) const { return k_.theta[layer - 1]; }

 private:
  pdlt_kernel_layers k_ = {};
};

TEST(Residual, KernelsStayAtTheirFixedPoint) {
  for (const char *name : {"gelu", "swish", "relu", "leaky_relu(0.3)", "linear"}) {
    const Point point(name);
    const double K = point.plain.K > 0 ? point.plain.K : 1.7;
    for (double gamma : {0.5, -0.9}) {
      const Kernels t(From(Critical(point, name, 4, gamma)), K);
      for (int l = 1; l <= 4; l++) EXPECT_NEAR(t.K(l), K, 1e-9 * K) << name << gamma;
      // chi_perp = 1: the NTK of a layer adds lambda <s s>, and carries all of what was there.
      const double step = t.Theta(3) - t.Theta(2);
      EXPECT_NEAR(t.Theta(4) - t.Theta(3), step, 1e-9 * step) << name << gamma;
    }
  }
}

TEST(Residual, OddActivationsDecayMoreSlowly) {
  const Point point("tanh");
  for (double gamma : {0.0, 0.5, 0.9}) {
    const Kernels t(From(Critical(point, "tanh", 4, gamma)), 1e-3);
    const pdlt_critical_point at = pdlt_critical_with_skip(&point.plain, gamma);
    EXPECT_NEAR(at.a1, -2 * (1 - gamma * gamma), 1e-14);
    EXPECT_NEAR(t.K(2), 1e-3 + at.a1 * 1e-6, 2e-8);
  }
}

TEST(Residual, PublishedNumbers) {
  const double relu[][2] = {{0, 5}, {0.5, 6.50}, {0.7, 5.51}, {0.9, 2.54}, {0.99, 0.29}};
  for (const auto &one : relu) EXPECT_NEAR(Point("relu").Nu(one[0]), one[1], 0.006);
  EXPECT_NEAR(Point("relu").Nu(0.9999) / (1 - 0.9999 * 0.9999), 14.77, 0.01);
  for (double gamma : {0.0, 0.4, 0.8, -0.8}) {
    const double left = 1 - std::pow(gamma, 4);
    EXPECT_NEAR(Point("linear").Nu(gamma), 2 * left, 1e-12);
    EXPECT_NEAR(Point("sin").Nu(gamma), 2 * left / 3, 1e-12);
  }
  EXPECT_TRUE(std::isnan(Point("relu").Nu(1)));
  EXPECT_NEAR(pdlt_critical_ratio(5, 1), 4.0 / 115, 1e-15);
  const Point point("relu");
  const pdlt_critical_point none = pdlt_critical_with_skip(&point.plain, -1);
  EXPECT_EQ(none.kind, PDLT_CRITICAL_NONE);
  EXPECT_NE(std::string(none.reason).find("gamma^2 < 1"), std::string::npos);
}

// What a layer more adds to V/K^2, once there are so many that gamma^l is small.
TEST(Residual, VertexGrowsByNu) {
  for (const char *name : {"gelu", "swish", "relu", "leaky_relu(0.3)"}) {
    const Point point(name);
    const double K = point.plain.K > 0 ? point.plain.K : 1.0, gamma = 0.3;
    const int hidden = 6;
    double V[2];
    for (int more : {0, 1}) {
      Options o;
      o.dntk = 0;
      o.last_only = 1;
      o.tolerance = 1e-6;
      const Tensors t(From(Critical(point, name, hidden + more, gamma)), 1, {std::sqrt(K)}, o);
      V[more] = t.Readout(PDLT_TENSOR_V)[0];
    }
    // The readout's C_W is (1 - gamma^2) C: a plain one has V/(n K^2) of the layers below.
    const double lost = 1 - gamma * gamma, step = (V[1] - V[0]) / (lost * lost * K * K);
    EXPECT_NEAR(step, point.Nu(gamma), 5e-3 * step) << name;
  }
}

}  // namespace
