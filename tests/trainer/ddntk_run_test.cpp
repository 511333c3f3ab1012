// Measured P, Q, R, S, T, U of whole ensembles: exact statements, threads, names.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/file/json.h"
#include "base/file/npz.h"
#include "tests/trainer/support.h"
#include "trainer/measure/ddntk.h"

using namespace trainer_test;

namespace {

const std::vector<std::string> names = {"P", "Q", "R", "S", "T", "U"};

Data data_of(const Settings &s, size_t inputs, unsigned seed = 2) {
  return Data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed);
}

Settings tensors_only() {
  Settings s;
  s.measure = "[dntk, ddntk]";
  s.train = 1;
  s.test = 1;
  return s;
}

double worst(const Archive &a, const std::string &name, const std::vector<double> &expected) {
  double z = 0;
  EXPECT_EQ(a.count(name), expected.size()) << name;
  for (size_t i = 0; i < expected.size(); i++) {
    const double difference = std::fabs(a.at(name, i) - expected[i]);
    EXPECT_TRUE(std::isfinite(difference)) << name;
    if (difference > 1e-12) z = std::max(z, difference / a.at(name + "_se", i));
  }
  return z;
}

std::string npz_bytes(const Archive &archive) {
  const std::string path = testing::TempDir() + "pdlt_ddntk_" + std::to_string(getpid()) + ".npz";
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_write(&archive.c, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  unlink(path.c_str());
  EXPECT_GT(bytes.size(), 100u);
  return bytes;
}

// The tensors of layer 2 on two samples, which have no further order in 1/n: neurons below
// are independent, their NTK is diagonal (PDLT ch. 11 and infinity). Brackets by the
// trapezoid rule on a plane, which converges exponentially.
struct LayerTwo {
  LayerTwo(const Experiment &ex, const Data &data) {
    const auto &net = ex.c.network;
    double K[2][2];
    for (size_t a = 0; a < 2; a++)
      for (size_t b = 0; b < 2; b++) {
        double xx = 0;
        for (size_t j = 0; j < data.c.inputs; j++)
          xx += data.x[a * data.c.inputs + j] * data.x[b * data.c.inputs + j];
        xx /= (double)data.c.inputs;
        K[a][b] = net.C_b[0] + net.C_W[0] * xx;
        h[a][b] = net.lambda_b[0] + net.lambda_W[0] * xx;
      }
    fill_nodes(K, net.activation);
    for (size_t i = 0; i < 16; i++)
      add(i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1, net.C_W[1], net.lambda_W[1]);
  }
  void fill_nodes(const double K[2][2], const pdlt_activation &activation) {
    const double l00 = std::sqrt(K[0][0]), l10 = K[0][1] / l00,
                 l11 = std::sqrt(K[1][1] - l10 * l10), step = 0.125;
    for (double u = -9; u <= 9; u += step)
      for (double v = -9; v <= 9; v += step) {
        const double z[2] = {l00 * u, l10 * u + l11 * v};
        weight.push_back(step * step * std::exp(-0.5 * (u * u + v * v)) / (2 * M_PI));
        for (int a = 0; a < 2; a++)
          for (int k = 0; k < 4; k++) s[a][k].push_back(pdlt_activation_eval(&activation, k, z[a]));
      }
  }
  // < s^(i)_a s^(j)_b s^(k)_c s^(l)_d >
  double mean(size_t a, int i, size_t b, int j, size_t c, int k, size_t d, int l) const {
    double sum = 0;
    for (size_t m = 0; m < weight.size(); m++)
      sum += weight[m] * s[a][i][m] * s[b][j][m] * s[c][k][m] * s[d][l][m];
    return sum;
  }
  // The entry [a][b][c][d] of each: 0123 of P, Q, R; 1234 of S; 1324 of T; 1423 of U.
  void add(size_t a, size_t b, size_t c, size_t d, double C, double lambda) {
    const double CC = C * C, Cl = C * lambda, ll = lambda * lambda;
    const double p = CC * mean(a, 2, b, 1, c, 1, d, 0) * h[a][b] * h[a][c];
    tensor[0].push_back(p);
    tensor[1].push_back(Cl * mean(a, 1, b, 0, c, 1, d, 0) * h[a][c] + p);
    tensor[2].push_back(Cl * mean(a, 2, b, 0, c, 1, d, 1) * h[a][c] * h[a][d] +
                        CC * mean(a, 3, b, 1, c, 1, d, 1) * h[a][b] * h[a][c] * h[a][d]);
    tensor[3].push_back(Cl * mean(a, 1, b, 1, c, 1, d, 1) * h[a][c] * h[b][d] +
                        CC * mean(a, 2, b, 2, c, 1, d, 1) * h[a][b] * h[a][c] * h[b][d]);
    // 1 = a, 3 = b, 2 = c, 4 = d
    tensor[4].push_back(ll * mean(a, 1, b, 0, c, 1, d, 0) * h[a][c] +
                        Cl * mean(a, 1, b, 0, c, 2, d, 1) * h[c][d] * h[a][c] +
                        Cl * mean(a, 2, b, 1, c, 1, d, 0) * h[a][b] * h[a][c] +
                        CC * mean(a, 2, b, 1, c, 2, d, 1) * h[a][c] * h[a][b] * h[c][d]);
    // 1 = a, 4 = b, 2 = c, 3 = d
    tensor[5].push_back(CC * mean(a, 2, b, 1, c, 2, d, 1) * h[a][c] * h[a][d] * h[c][b]);
  }
  double h[2][2];
  std::vector<double> weight, s[2][4], tensor[6];
};

size_t flat(size_t a, size_t b, size_t c, size_t d) { return ((a * 3 + b) * 3 + c) * 3 + d; }

}  // namespace

TEST(TrainerDdntkRun, LayerTwoIsExactAtEveryWidth) {
  for (const char *activation : {"polynomial(0.1,1,0.3,0.2)", "tanh", "sin", "gelu"}) {
    Settings s = tensors_only();
    s.activation = activation;
    s.depth = 2;
    s.widths = "[2, 5]";
    s.ratios = "[3]";
    s.C_b = "[0.2, 0.3]";
    s.C_W = "[0.7, 1.4]";
    s.lambda_b = "[0.5, 0.4]";
    s.lambda_W = "[1.3, 0.6]";
    s.members = 20000;
    const Data data = data_of(s, 3);
    const LayerTwo exact(Experiment(yaml(s)), data);
    Archive out;
    run(s, data, 2, 0, &out);
    for (const std::string n : {"n2/", "n5/"})
      for (size_t t = 0; t < 6; t++) {
        EXPECT_LT(worst(out, n + names[t], exact.tensor[t]), 4.5) << activation << names[t];
        double size = 0, se = 0;
        for (size_t i = 0; i < 16; i++) {
          size = std::max(size, std::fabs(exact.tensor[t][i]));
          se = std::max(se, out.at(n + names[t] + "_se", i));
        }
        EXPECT_LT(se, 0.1 * size) << activation << names[t] << " has no power";
      }
  }
}

// In a linear network d2z couples different layers only: nothing at layer 2 but what C and
// lambda leave, and P, R vanish there.
TEST(TrainerDdntkRun, LinearNetworkOfTwoLayersHasNoCurvatureBelow) {
  Settings s = tensors_only();
  s.activation = "linear";
  s.depth = 2;
  s.members = 64;
  const Data data = data_of(s, 3);
  Archive out;
  run(s, data, 1, 0, &out);
  for (size_t i = 0; i < 16; i++) {
    EXPECT_EQ(out.at("n8/P", i), 0);
    EXPECT_EQ(out.at("n8/R", i), 0);
    EXPECT_EQ(out.at("n8/U", i), 0);
    EXPECT_NE(out.at("n8/Q", i), 0);
    EXPECT_NE(out.at("n8/S", i), 0);
    EXPECT_NE(out.at("n8/T", i), 0);
  }
}

TEST(TrainerDdntkRun, HasTheSymmetriesOfTheTensors) {
  Settings s = tensors_only();
  s.train = 3;
  s.test = 0;
  s.depth = 4;
  s.members = 128;
  const Data data = data_of(s, 3);
  Archive out;
  run(s, data, 1, 0, &out);
  const auto close = [&](const char *name, size_t i, size_t j) {
    const double x = out.at(std::string("n8/") + name, i);
    EXPECT_NEAR(x, out.at(std::string("n8/") + name, j), 1e-11 * (1 + std::fabs(x))) << name;
  };
  for (size_t a = 0; a < 3; a++)
    for (size_t b = 0; b < 3; b++)
      for (size_t c = 0; c < 3; c++)
        for (size_t d = 0; d < 3; d++) {
          const size_t here = flat(a, b, c, d);
          close("P", here, flat(a, c, b, d));
          close("R", here, flat(a, b, d, c));
          close("S", here, flat(b, a, d, c));
          close("T", here, flat(c, d, a, b));
          close("U", here, flat(c, d, a, b));
        }
  EXPECT_GT(std::fabs(out.at("n8/Q", flat(0, 1, 2, 0)) - out.at("n8/Q", flat(0, 2, 1, 0))), 1e-3);
}

TEST(TrainerDdntkRun, ThreadsLayersAndSubsets) {
  Settings s = tensors_only();
  s.depth = 3;
  s.widths = "[3, 6]";
  s.members = 64 * 5 + 3;
  const Data data = data_of(s, 2);
  Archive one, three, layers, first, second;
  run(s, data, 1, 0, &one);
  run(s, data, 3, 0, &three);
  EXPECT_EQ(npz_bytes(one), npz_bytes(three));
  run(s, data, 2, 1, &layers);
  s.measure = "[dntk]";
  run(s, data, 2, 0, &first);
  s.measure = "[ddntk]";
  run(s, data, 2, 0, &second);
  for (size_t t = 0; t < 6; t++) {
    const std::string name = "n6/" + names[t];
    EXPECT_EQ(first.count(name), t < 2 ? 16u : 0u);
    EXPECT_EQ(second.count(name), t < 2 ? 0u : 16u);
    for (size_t i = 0; i < 16; i++) {
      EXPECT_EQ(layers.at(name, i), one.at(name, i));
      EXPECT_EQ(layers.at("n6/layer3/" + names[t], i), one.at(name, i));
      EXPECT_EQ(layers.at("n6/layer1/" + names[t], i), 0);
      EXPECT_EQ((t < 2 ? first : second).at(name, i), one.at(name, i));
    }
  }
  // Layer 2 of the deep network is the output of a network of two layers.
  s.measure = "[dntk, ddntk]";
  s.depth = 2;
  const LayerTwo exact(Experiment(yaml(s)), data);
  for (size_t t = 0; t < 6; t++)
    EXPECT_LT(worst(layers, "n6/layer2/" + names[t], exact.tensor[t]), 5) << names[t];
}

TEST(TrainerDdntkRun, AbsentWhereDerivativesAreNotFunctions) {
  Settings s = tensors_only();
  s.activation = "relu";
  s.measure = "[kernel, dntk, ddntk]";
  const Data data = data_of(s, 2);
  Archive out;
  run(s, data, 1, 0, &out);
  EXPECT_EQ(out.count("n8/K"), 4u);
  const json_t *absent = json_object_get(pdlt_archive_meta(&out.c), "absent");
  for (const std::string &name : names) {
    EXPECT_EQ(out.count("n8/" + name), 0u);
    const char *reason = json_string_value(json_object_get(absent, name.c_str()));
    ASSERT_NE(reason, nullptr) << name;
    EXPECT_NE(std::string(reason).find("derivative"), std::string::npos);
  }
}

TEST(TrainerDdntkRun, MemoryFailuresAreReported) {
  Settings s = tensors_only();
  s.measure = "[output, ntk, dntk, ddntk]";
  s.members = 64;
  const Data data = data_of(s, 3);
  Experiment ex(yaml(s));
  const pdlt_ensemble_options o = options(1);
  long failures = 0;
  for (;; failures++) {
    Archive out;
    pdlt_error err = {};
    pdlt_memory_fail_after(failures);
    const pdlt_status status = pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY) << err.message;
  }
  EXPECT_GT(failures, 10);
}
