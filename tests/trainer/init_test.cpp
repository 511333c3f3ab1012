// Networks with uniform weights (network.init): their numbers, ensembles of them against a plain loop that
// draws its own, and what estimators may be used.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file/json.h"
#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

const char *const uniform_line = "  init: uniform\n";

std::string uniform(const Settings &s) {
  std::string text = yaml(s);
  return text.insert(text.find("data:"), uniform_line);
}

struct Net {
  explicit Net(const std::string &text, size_t inputs) : ex(text) {
    pdlt_network_new(&c, &ex.c, ex.c.network.widths[0], inputs, nullptr);
  }
  ~Net() { pdlt_network_free(&c); }
  Experiment ex;
  pdlt_network c = {};
};

// Mean and its standard error.
struct Mean {
  double count = 0, sum = 0, squares = 0;
  void add(double x) {
    count++;
    sum += x;
    squares += x * x;
  }
  double value() const { return sum / count; }
  double se() const { return std::sqrt((squares / count - value() * value()) / (count - 1)); }
};

// The same of a covariance of two numbers, from products of what is left without their means.
struct Covariance {
  std::vector<double> x, y;
  Mean mean() const {
    double a = 0, b = 0;
    for (size_t k = 0; k < x.size(); k++) {
      a += x[k] / (double)x.size();
      b += y[k] / (double)x.size();
    }
    Mean m;
    for (size_t k = 0; k < x.size(); k++) m.add((x[k] - a) * (y[k] - b));
    return m;
  }
};

// A network of uniform weights from a generator of the standard library.
void draw(std::mt19937_64 &gen, const pdlt_network &net, double *theta) {
  const auto fill = [&](size_t first, size_t count, double variance) {
    const double edge = std::sqrt(3 * variance);
    std::uniform_real_distribution<double> number(-edge, edge);
    for (size_t k = first; k < first + count; k++) theta[k] = variance > 0 ? number(gen) : 0;
  };
  for (int l = 0; l < net.depth; l++) {
    const pdlt_layer &layer = net.layer[l];
    fill(layer.weight, layer.in * layer.out, layer.C_W / (double)layer.in);
    fill(layer.bias, layer.out, layer.C_b);
  }
}

void Agree(const Archive &got, const std::string &name, size_t i, double value, double se) {
  const double error = std::hypot(got.at(name + "_se", i), se);
  EXPECT_NEAR(got.at(name, i), value, 4.5 * error) << name << " " << i;
  EXPECT_GT(error, 0) << name << " " << i;
}

Settings small() {
  Settings s;
  s.activation = "tanh";
  s.widths = "[4]";
  s.outputs = 2;
  s.C_b = "[0.2, 0.1, 0.3]";
  s.C_W = "[1.5, 2.2, 1.4]";
  s.train = 1;
  s.test = 1;
  s.eta = "0.1";
  s.record = "[0, 3, 10]";
  s.members = 25600;
  s.estimator = "antithetic";
  s.measure = "[output, kernel, ntk, vertex, ntk_fluctuations]";
  return s;
}

}  // namespace

// Mean 0, the variances of the experiment, fourth moment 9/5, nothing beyond sqrt(3), no two alike.
TEST(TrainerInit, MomentsOfUniformParameters) {
  Settings s;
  s.widths = "[120]";
  s.C_b = "[0.4, 0, 0.9]";
  s.C_W = "[0.7, 1.9, 1.1]";
  Net net(uniform(s), 5);
  std::vector<double> theta(net.c.num_params);
  std::vector<double> all;
  for (int member = 0; member < 10; member++) {
    pdlt_network_draw(&net.c, 3, (uint64_t)member, theta.data());
    for (int l = 0; l < 3; l++) {
      const pdlt_layer &layer = net.c.layer[l];
      const double scale = std::sqrt(layer.C_W / (double)layer.in);
      for (size_t k = layer.weight; k < layer.bias; k++) all.push_back(theta[k] / scale);
      for (size_t k = layer.bias; k < layer.bias + layer.out; k++)
        if (layer.C_b > 0)
          all.push_back(theta[k] / std::sqrt(layer.C_b));
        else
          EXPECT_EQ(theta[k], 0);
    }
  }
  Mean first, second, fourth, neighbours;
  for (size_t k = 0; k < all.size(); k++) {
    first.add(all[k]);
    second.add(all[k] * all[k]);
    fourth.add(std::pow(all[k], 4));
    if (k > 0) neighbours.add(all[k] * all[k - 1]);
    ASSERT_LE(std::fabs(all[k]), std::sqrt(3.0) * (1 + 1e-15));
  }
  EXPECT_GT(all.size(), 150000u);
  EXPECT_NEAR(first.value(), 0, 4 / std::sqrt(first.count));
  EXPECT_NEAR(second.value(), 1, 4 * std::sqrt(0.8 / second.count));
  EXPECT_NEAR(fourth.value(), 1.8, 4 * std::sqrt(5.76 / fourth.count));
  EXPECT_NEAR(neighbours.value(), 0, 4 / std::sqrt(first.count));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

// A draw is a pure function of its place; layers can be drawn apart; seeds and members differ.
TEST(TrainerInit, UniformDrawsAreFunctionsOfTheirPlace) {
  Settings s;
  Net net(uniform(s), 3), normal(yaml(s), 3);
  std::vector<double> whole(net.c.num_params), parts(net.c.num_params), other(net.c.num_params);
  pdlt_network_draw(&net.c, 7, 2, whole.data());
  for (int l : {3, 1, 2}) pdlt_network_draw_layers(&net.c, 7, 2, l, l, parts.data());
  EXPECT_EQ(whole, parts);
  pdlt_network_draw(&net.c, 7, 3, other.data());
  EXPECT_NE(whole, other);
  pdlt_network_draw(&net.c, 8, 2, other.data());
  EXPECT_NE(whole, other);
  pdlt_network_draw(&normal.c, 7, 2, other.data());
  EXPECT_NE(whole, other);
}

// Outputs in training, their covariance, K, Theta and the tensors whose last layer is integrated out, against
// networks that a plain loop draws, trains and multiplies.
TEST(TrainerInit, EnsembleAgreesWithAPlainLoop) {
  const Settings s = small();
  Data data(1, 1, 2, 2, 5);
  Net net(uniform(s), 2);
  Archive got;
  pdlt_error err = {};
  const pdlt_ensemble_options o = options(2);
  ASSERT_EQ(pdlt_ensemble_run(&got.c, &net.ex.c, &data.c, &o, &err), PDLT_OK) << err.message;

  pdlt_samples samples = {};
  ASSERT_EQ(pdlt_samples_new(&samples, &net.ex.c, &data.c, nullptr), PDLT_OK);
  const int draws = 20000;
  const size_t P = net.c.num_params;
  std::vector<double> theta(P), lambda(P), grad[2], z(4);
  pdlt_reference_lambda(&net.c, lambda.data());
  std::mt19937_64 gen(11);
  Mean outputs[3][4], K[2][2], Theta[2][2], B, F;
  Covariance cov[3], V, D, A;
  for (int k = 0; k < draws; k++) {
    draw(gen, net.c, theta.data());
    double th[2][2][2][2];  // i, j, samples
    std::vector<double> gradients[2][2];
    for (size_t i = 0; i < 2; i++)
      for (size_t a = 0; a < 2; a++) {
        gradients[i][a].resize(P);
        pdlt_reference_gradient(&net.c, theta.data(), data.x.data() + 2 * a, 3, i,
                                gradients[i][a].data(), nullptr);
      }
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 2; j++)
        for (int a = 0; a < 2; a++)
          for (int b = 0; b < 2; b++) {
            th[i][j][a][b] = 0;
            for (size_t mu = 0; mu < P; mu++)
              th[i][j][a][b] += lambda[mu] * gradients[i][a][mu] * gradients[j][b][mu];
          }
    int record = 0;
    for (int step = 0; step <= 10; step++) {
      if (step == 0 || step == 3 || step == 10) {
        pdlt_reference_output(&net.c, &samples, theta.data(), z.data(), nullptr);
        for (int m = 0; m < 4; m++) outputs[record][m].add(z[m]);
        cov[record].x.push_back(z[0]);
        cov[record].y.push_back(z[1]);
        record++;
        if (step == 0) {  // z (n_L, D): z[2 i + a]
          for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++) {
              K[a][b].add(z[a] * z[b]);
              Theta[a][b].add(th[0][0][a][b]);
            }
          V.x.push_back(z[0] * z[1]);
          V.y.push_back(z[2] * z[3]);
          D.x.push_back(z[0] * z[1]);
          D.y.push_back(th[1][1][0][1]);
          A.x.push_back(th[0][0][0][1]);
          A.y.push_back(th[1][1][0][1]);
          B.add(th[0][1][0][1] * th[0][1][0][1]);
          F.add(z[0] * z[3] * th[0][1][0][1]);
        }
      }
      pdlt_reference_step(&net.c, &samples, net.ex.c.training.eta, theta.data(), nullptr);
    }
  }
  for (size_t t = 0; t < 3; t++)
    for (size_t m = 0; m < 4; m++)
      Agree(got, "n4/z", t * 4 + m, outputs[t][m].value(), outputs[t][m].se());
  for (size_t t = 0; t < 3; t++)
    Agree(got, "n4/cov", t * 16 + 1, cov[t].mean().value(), cov[t].mean().se());
  for (size_t a = 0; a < 2; a++)
    for (size_t b = 0; b < 2; b++) {
      Agree(got, "n4/K", 2 * a + b, K[a][b].value(), K[a][b].se());
      Agree(got, "n4/Theta", 2 * a + b, Theta[a][b].value(), Theta[a][b].se());
    }
  const double n =
      4;  // coefficients of h = 1/n; index 1010 of V, D, A, and 0101, 0011 of the others
  Agree(got, "n4/V", 5, n * V.mean().value(), n * V.mean().se());
  Agree(got, "n4/D", 5, n * D.mean().value(), n * D.mean().se());
  Agree(got, "n4/A", 5, n * A.mean().value(), n * A.mean().se());
  // E[Th_ij;12 Th_ij;34] is at [1][3][2][4], E[z_i1 z_j2 Th_ij;34] at [1][3][2][4]
  Agree(got, "n4/B", 3, n * B.value(), n * B.se());
  Agree(got, "n4/F", 3, n * F.value(), n * F.se());
  pdlt_samples_free(&samples);
}

// Normal networks of the same variances are others: the test above would notice.
TEST(TrainerInit, UniformNetworksAreNotNormalOnes) {
  Settings s = small();
  s.measure = "[kernel]";
  Data data(1, 1, 2, 2, 5);
  Archive got[2];
  pdlt_error err = {};
  const pdlt_ensemble_options o = options(2);
  for (int k = 0; k < 2; k++) {
    Experiment ex(k == 0 ? yaml(s) : uniform(s));
    ASSERT_EQ(pdlt_ensemble_run(&got[k].c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  }
  const double error = std::hypot(got[0].at("n4/K_se"), got[1].at("n4/K_se"));
  EXPECT_GT(std::fabs(got[0].at("n4/K") - got[1].at("n4/K")), 8 * error);
}

// auto stays with the networks themselves, K and Theta too, and gives the same bytes for any threads.
TEST(TrainerInit, AutoDrawsNoNetworkWithoutWeights) {
  Settings s = small();
  s.estimator = "auto";
  s.members = 640;
  s.measure = "[output, kernel, ntk]";
  Data data(1, 1, 2, 2, 5);
  Archive got[2], antithetic;
  pdlt_error err = {};
  for (int k = 0; k < 2; k++) {
    Experiment ex(uniform(s));
    const pdlt_ensemble_options o = options(1 + k);
    ASSERT_EQ(pdlt_ensemble_run(&got[k].c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  }
  const json_t *estimator = json_object_get(got[0].c.meta, "estimator");
  EXPECT_STREQ(json_string_value(json_object_get(estimator, "used")), "antithetic");
  EXPECT_TRUE(json_is_false(json_object_get(estimator, "weightless")));
  EXPECT_EQ(json_integer_value(json_object_get(estimator, "samples")), 0);
  s.estimator = "antithetic";
  Experiment ex(uniform(s));
  const pdlt_ensemble_options o = options(2);
  ASSERT_EQ(pdlt_ensemble_run(&antithetic.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
  for (const char *name : {"n4/z", "n4/K", "n4/Theta", "n4/blocks/K"}) {
    ASSERT_GT(got[0].count(name), 0u) << name;
    for (size_t i = 0; i < got[0].count(name); i++) {
      EXPECT_EQ(got[0].at(name, i), got[1].at(name, i)) << name;
      EXPECT_EQ(got[0].at(name, i), antithetic.at(name, i)) << name;
    }
  }
  EXPECT_STREQ(json_string_value(json_object_get(got[0].c.meta, "init")), "uniform");
}

// Estimators that draw networks without weights are refused by name, with what to write.
TEST(TrainerInit, EstimatorsThatNeedNormalWeightsAreRefused) {
  Settings s;
  for (const char *name : {"control", "two_level"}) {
    s.estimator = name;
    Experiment normal(yaml(s));
    try {
      Experiment ex(uniform(s));
      ADD_FAILURE() << name;
    } catch (const std::runtime_error &error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("ensemble.estimator: " + std::string(name)), text.npos) << text;
      EXPECT_NE(text.find("write antithetic, plain or auto"), text.npos) << text;
    }
  }
}
