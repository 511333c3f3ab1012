/* convolution_test.cpp - ensembles of networks with positions from end to end: linear ones have the kernel
 * and NTK of infinite width at every width, and their vertex; of others the limit is that of theory. What
 * is not there for positions says so. */
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/cli/archive.h"
#include "tests/cli/study_support.h"

namespace {

/* Samples (3, inputs) with two positions and channels at least; layers of which the last is `readout`. */
std::string experiment(const std::string &activation, const std::string &widths,
                       const std::string &network, int inputs, const std::string &more) {
  return "network: {activation: " + activation + ", widths: " + widths + ", C_b: 0.2, C_W: 1.3,\n" +
         "  lambda_b: 0.6, lambda_W: 1.1, " + network + "}\n" +
         "data: {source: gaussian, inputs: " + std::to_string(inputs) +
         ", train: 2, test: 1, scale: 1}\n" + "theory: {order: 0}\n" + more;
}

const char *const kFlatten =
    "depth: 3, width_ratios: [1, 2], input: {shape: [6], channels: 2},\n"
    "  layers: [{conv: 3, padding: circular}, {conv: 2, padding: zero, stride: 2}, dense]";
const char *const kAverage =
    "depth: 3, input: {shape: [3, 4], channels: 1},\n"
    "  layers: [{conv: [2, 3], padding: zero}, {conv: 1, pool: 1, stride: 2}, average]";

/* Largest distance of `name` at width n from theory, in standard errors. */
double distance(const Archive &theory, const Archive &measured, int n, const std::string &name) {
  const std::string at = "n" + std::to_string(n) + "/" + name;
  const auto expected = theory[name], found = measured[at], se = measured[at + "_se"];
  double worst = 0;
  for (size_t i = 0; i < expected.size() && i < found.size(); i++)
    worst = std::fmax(worst, std::fabs(found[i] - expected[i]) / se[i]);
  return worst;
}

TEST(Convolution, LinearNetworksHaveTheirKernelAndNtkAtEveryWidth) {
  const struct {
    const char *network, *wrong;
    int inputs;
  } cases[] = {
      {kFlatten, "[{conv: 3, padding: zero}, {conv: 2, padding: zero, stride: 2}, dense]", 12},
      {kAverage, "[{conv: [2, 3], padding: circular}, {conv: 1, pool: 1, stride: 2}, average]",
       12}};
  for (const auto &c : cases) {
    TempFolder folder;
    write_text(folder / "e.yaml",
               experiment("linear", "[2, 5]", c.network, c.inputs,
                          "training: {eta: 0.01, steps: 0}\nmeasure: [kernel, ntk]\n"
                          "ensemble: {members: 8192, seed: 5}\n"));
    Outcome run = run_pdlt("theory e.yaml -o t.npz --quiet", folder.path());
    ASSERT_EQ(run.status, 0) << run.err;
    run = run_pdlt(
        std::string("theory e.yaml -o wrong.npz --quiet --set 'network.layers=") + c.wrong + "'",
        folder.path());
    ASSERT_EQ(run.status, 0) << run.err;
    run = run_pdlt("train e.yaml -o m.npz --quiet", folder.path());
    ASSERT_EQ(run.status, 0) << run.err;
    const Archive theory(folder / "t.npz"), wrong(folder / "wrong.npz"), measured(folder / "m.npz");
    for (int n : {2, 5})
      for (const char *name : {"K", "Theta"}) {
        EXPECT_LT(distance(theory, measured, n, name), 4) << name << " " << n;
        EXPECT_GT(distance(wrong, measured, n, name), 6) << name << " " << n;
      }
  }
}

/* Two layers: the activations below the readout are Gaussian, with a kernel that theory need not know.
 * V_1234 = (C_W/P)^2 sum_pq (k_1p3q k_2p4q + k_1p4q k_2p3q) at every width. */
TEST(Convolution, TheVertexOfATwoLayerLinearNetwork) {
  constexpr int P = 3, D = 3;
  TempFolder folder;
  write_text(folder / "e.yaml",
             experiment("linear", "[3, 6]",
                        "depth: 2, input: {shape: [3], channels: 2},\n"
                        "  layers: [{conv: 2, padding: circular}, dense]",
                        2 * P,
                        "training: {eta: 0.01, steps: 0}\nmeasure: [vertex]\nmeasure_samples: 3\n"
                        "ensemble: {members: 16384, seed: 6}\n"));
  const Outcome run = run_pdlt("train e.yaml -o m.npz --quiet", folder.path());
  ASSERT_EQ(run.status, 0) << run.err;
  const Archive measured(folder / "m.npz");
  const auto x = measured["x"];
  double k[D][P][D][P];
  for (int a = 0; a < D; a++)
    for (int p = 0; p < P; p++)
      for (int b = 0; b < D; b++)
        for (int q = 0; q < P; q++) {
          double sum = 0; /* tap t of a kernel of 2 reads p + t */
          for (int t = 0; t < 2; t++)
            for (int c = 0; c < 2; c++)
              sum += x[a * 2 * P + c * P + (p + t) % P] * x[b * 2 * P + c * P + (q + t) % P];
          k[a][p][b][q] = 0.2 + 1.3 / 4 * sum;
        }
  for (int n : {3, 6}) {
    const std::string at = "n" + std::to_string(n) + "/V";
    const auto found = measured[at], se = measured[at + "_se"];
    ASSERT_EQ(found.size(), 81u);
    for (size_t i = 0; i < found.size(); i++) {
      const size_t a = i / 27, b = i / 9 % 3, c = i / 3 % 3, d = i % 3;
      double expected = 0;
      for (int p = 0; p < P; p++)
        for (int q = 0; q < P; q++)
          expected += k[a][p][c][q] * k[b][p][d][q] + k[a][p][d][q] * k[b][p][c][q];
      expected *= 1.3 * 1.3 / (P * P);
      EXPECT_NEAR(found[i], expected, 4.5 * se[i]) << n << " " << i;
      EXPECT_LT(se[i], 0.1 * std::fabs(expected) + 0.05);
    }
  }
}

/* The verdict on the limit of `names` of a run at four widths. */
void expect_limits(const char *network, const std::string &rest,
                   const std::vector<const char *> &names) {
  TempFolder folder;
  write_text(folder / "e.yaml", experiment("sin", "[4, 8, 16, 32]", network, 12, rest));
  const Outcome run = run_pdlt("run e.yaml -o out --quiet", folder.path());
  ASSERT_EQ(run.status, 0) << run.err;
  for (const char *name : names)
    EXPECT_EQ(verdict_of(folder / "out", name, "c0"), "agree") << name << "\n" << run.out;
}

TEST(Convolution, TheLimitIsThatOfTheory) {
  for (const char *network : {kFlatten, kAverage}) {
    expect_limits(network,
                  "training: {eta: 0.1, steps: 0}\nmeasure: [kernel, ntk]\n"
                  "ensemble: {members: 2112, seed: 7}\n",
                  {"K", "Theta"});
    expect_limits(network,
                  "training: {eta: 0.1, steps: 6, record: [0, 2, 6]}\nmeasure: [output]\n"
                  "ensemble: {members: 2112, seed: 7, estimator: antithetic}\n",
                  {"z"});
  }
}

TEST(Convolution, TheNumberOfThreadsChangesNothing) {
  TempFolder folder;
  write_text(
      folder / "e.yaml",
      experiment("tanh", "[3]", kFlatten, 12,
                 "training: {eta: 0.1, steps: 3, record: [0, 3]}\n"
                 "measure: [output, kernel, ntk, vertex, ntk_fluctuations, dntk, ddntk, hidden]\n"
                 "measure_samples: 2\nensemble: {members: 200, seed: 8}\n"));
  for (const char *threads : {"1", "2"}) {
    const Outcome run = run_pdlt(
        std::string("train e.yaml --quiet --threads ") + threads + " -o " + threads + ".npz",
        folder.path());
    ASSERT_EQ(run.status, 0) << run.err;
  }
  const Archive one(folder / "1.npz"), two(folder / "2.npz");
  ASSERT_EQ(one.all.count, two.all.count);
  for (const char *name : {"A", "B", "D", "F", "P", "Q", "R", "S", "T", "U", "V", "K", "Theta",
                           "Theta_t", "dTheta_t", "q_t", "z", "cov"})
    EXPECT_EQ(one[std::string("n3/") + name], two[std::string("n3/") + name]) << name;
}

/* The mean output of every estimator is the same; further networks, which cost no training, make its error
 * bars smaller. */
TEST(Convolution, LinearizationsChangeErrorBarsAlone) {
  TempFolder folder;
  write_text(folder / "e.yaml",
             experiment("tanh", "[8]", kFlatten, 12,
                        "training: {eta: 0.1, steps: 12, record: [4, 12]}\nmeasure: [output]\n"
                        "ensemble: {members: 2112, seed: 9}\n"));
  for (const char *estimator : {"antithetic", "two_level", "control", "auto"}) {
    const Outcome run = run_pdlt(std::string("train e.yaml --quiet -o ") + estimator +
                                     ".npz --set ensemble.estimator=" + estimator +
                                     " --set ensemble.seed=" + (estimator[0] == 'a' ? "9" : "10"),
                                 folder.path());
    ASSERT_EQ(run.status, 0) << run.err;
  }
  const Archive pairs(folder / "antithetic.npz");
  const auto z = pairs["n8/z"], se = pairs["n8/z_se"];
  for (const char *estimator : {"two_level", "control"}) {
    const Archive linear(folder / (std::string(estimator) + ".npz"));
    const auto other = linear["n8/z"], other_se = linear["n8/z_se"];
    for (size_t i = 0; i < z.size(); i++) {
      EXPECT_NEAR(other[i], z[i], 4 * std::hypot(se[i], other_se[i])) << estimator << " " << i;
      EXPECT_LT(other_se[i], 0.7 * se[i]) << estimator << " " << i;
    }
  }
  const Archive choice(folder / "auto.npz");
  const char *used =
      json_string_value(json_object_get(json_object_get(choice.all.meta, "estimator"), "used"));
  EXPECT_STRNE(used, "plain");
}

TEST(Convolution, WhatPositionsLackSaysSo) {
  TempFolder folder;
  write_text(folder / "e.yaml",
             experiment("tanh", "[3]", kAverage, 12,
                        "training: {eta: 0.1, steps: 2}\nmeasure: [output, kernel]\n"
                        "ensemble: {members: 64, estimator: plain}\n"));
  const Outcome layers = run_pdlt("train e.yaml -o m.npz --quiet --layers", folder.path());
  EXPECT_EQ(layers.status, 2);
  EXPECT_NE(layers.err.find("network.layers: layers with positions are measured at the readout"),
            std::string::npos)
      << layers.err;
  write_text(
      folder / "wide.yaml",
      experiment("tanh", "[40]",
                 "depth: 2, input: {shape: [64], channels: 1}, layers: [{conv: 1}, dense]", 64,
                 "training: {eta: 0.1, steps: 0}\nmeasure: [kernel, ntk_fluctuations]\n"
                 "measure_samples: 2\nensemble: {members: 64, estimator: plain}\n"));
  const Outcome run = run_pdlt("train wide.yaml -o m.npz --quiet", folder.path());
  ASSERT_EQ(run.status, 0) << run.err;
  const Archive measured(folder / "m.npz");
  EXPECT_EQ(pdlt_archive_get(&measured.all, "n40/A"), nullptr);
  EXPECT_NE(pdlt_archive_get(&measured.all, "n40/K"), nullptr);
  const char *reason =
      json_string_value(json_object_get(json_object_get(measured.all.meta, "absent"), "A"));
  EXPECT_STREQ(reason,
               "taps times channels below the readout times measure_samples are more than 4096");
}

}  // namespace
