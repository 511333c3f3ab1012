// posterior_predict_test.cpp - what theory.npz says of Bayesian inference: names and shapes, what is absent and
// why, errors, masks, refusals.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/experiment/quantity.h"
#include "tests/theory/predict_case.h"

namespace {

using List = std::vector<double>;

const char *const text =
    "network: {activation: 'polynomial(0,0.9,0,-0.05)', depth: 3, widths: [16], width_ratios: [2, "
    "1], outputs: 2,\n"
    "          C_b: [0.1, 0.2, 0.3], C_W: [1.2, 0.9, 1.4]}\n"
    "data: {source: gaussian, inputs: 3, train: 2, test: 1, seed: 4}\n"
    "measure: [posterior]\n"
    "posterior: {noise: 0.2}\n";
const char *const plain = "network.width_ratios=[1, 1]";  // which skips need

std::vector<size_t> Shape(const char *indices) {
  std::vector<size_t> dim;
  for (const char *c = indices; *c != 0; c++) dim.push_back(*c == 'a' ? 3 : 2);  // L - 1 = n_L = 2
  return dim;
}

const char *const parts[] = {"post_z_nlo/kernel", "post_z_nlo/vertex", "post_z_nlo/learning"};

}  // namespace

TEST(PosteriorPredict, ArraysAreThoseOfTheTable) {
  NamedCase c(text, {"network.activation=polynomial(0.1,0.9,0.3,-0.05)"});
  ASSERT_EQ(static_cast<PredictCase &>(c).Predict(1, 1), PDLT_OK) << c.err.message;
  for (const pdlt_quantity &q : pdlt_quantities) {
    if (!(q.words & PDLT_MEASURE_POSTERIOR)) continue;
    for (const char *name : {q.lo, q.nlo}) {
      if (name == nullptr) continue;
      EXPECT_EQ(c.Shape(name), Shape(q.indices)) << name;
      EXPECT_EQ(c.Get(std::string("err/") + name).size(), 1u) << name;
    }
  }
  const List all = c.Get("post_q_nlo"), mean = c.Get("post_mean_nlo");
  for (size_t l = 1; l <= 2; l++) {
    const std::string layer = "layer" + std::to_string(l) + "/";
    const List q = c.Get(layer + "post_q_nlo"), m = c.Get(layer + "post_mean_nlo");
    EXPECT_EQ(q, List(all.begin() + (long)(9 * (l - 1)), all.begin() + (long)(9 * l)));
    EXPECT_EQ(m, List(mean.begin() + (long)(3 * (l - 1)), mean.begin() + (long)(3 * l)));
    EXPECT_EQ(c.Get(layer + "post_q_lo"), c.Get(layer + "K"));
  }
  EXPECT_EQ(c.Get("layer3/post_kernel_nlo"), c.Get("post_kernel_nlo"));
  const List z = c.Get("post_z_nlo"), last = c.Get("last_layer_z_nlo");
  List sum(z.size(), 0);
  for (const char *part : parts)
    for (size_t k = 0; k < z.size(); k++) sum[k] += c.Get(part)[k];
  const List learning = c.Get("post_z_nlo/learning");
  for (size_t k = 0; k < z.size(); k++) {
    EXPECT_NEAR(z[k], sum[k], 1e-13);
    EXPECT_NEAR(z[k] - last[k], learning[k], 1e-13);
  }
}

TEST(PosteriorPredict, OnlyInfiniteWidthAtOrderZero) {
  NamedCase c(text, {"theory.order=0"}), full(text, {});
  c.Predict();
  full.Predict();
  for (const char *name : {"log_evidence_lo", "post_z_lo", "post_cov_lo", "post_q_lo"})
    EXPECT_EQ(c.Get(name), full.Get(name)) << name;
  EXPECT_EQ(c.Find("post_z_nlo"), nullptr);
  EXPECT_EQ(c.Find("post_ess_exponent"), nullptr);
  EXPECT_EQ(c.Absent("post_z_nlo"), "");
}

TEST(PosteriorPredict, NothingWithoutTheSection) {
  NamedCase c(
      "network: {activation: linear, depth: 2, widths: [16], C_b: 0, C_W: 1}\n"
      "data: {source: gaussian, inputs: 3, train: 2, seed: 4}\n"
      "training: {eta: 0.1, steps: 0}\n",
      {});
  c.Predict();
  for (size_t i = 0; i < c.out.count; i++) {
    const std::string name = c.out.entries[i].name;
    EXPECT_EQ(name.find("post_"), name.npos) << name;
    EXPECT_EQ(name.find("evidence"), name.npos) << name;
  }
}

TEST(PosteriorPredict, AloneNothingIsTrained) {
  NamedCase alone(text, {}), trained(text, {"measure=[output]", "training={eta: 0.1, steps: 2}"});
  alone.Predict();
  trained.Predict();
  for (const pdlt_quantity &q : pdlt_quantities)
    for (const char *name : {q.lo, q.nlo})
      if (name != nullptr && (q.words & PDLT_MEASURE_POSTERIOR) != 0) {
        EXPECT_EQ(alone.Get(name), trained.Get(name)) << name;
      }
  EXPECT_NE(trained.Find("z_lo"), nullptr);
  for (const char *name : {"z_lo", "cov_lo", "z_end_lo", "cov_end_lo", "z_nlo", "cov_nlo",
                           "Theta_t_nlo", "loss_test_lo"}) {
    EXPECT_EQ(alone.Find(name), nullptr) << name;
    EXPECT_EQ(alone.Absent(name).find("not asked for: measure: [posterior]"), 0u) << name;
  }
}

TEST(PosteriorPredict, HiddenLayersWithSkipsAreAbsent) {
  for (const char *set : {"network.skip=0.5", "network.skip=0.3"}) {
    NamedCase c(text, {plain, set, "measure=[kernel]", "training={eta: 0.1, steps: 0}"});
    c.Predict();
    EXPECT_NE(c.Find("post_z_nlo"), nullptr);
    EXPECT_NE(c.Find("post_kernel_nlo"), nullptr);
    EXPECT_EQ(c.Find("post_q_nlo"), nullptr);
    EXPECT_NE(c.Absent("post_q_nlo").find("without skip"), std::string::npos);
  }
  NamedCase kink(text, {plain, "network.skip=0.5", "network.activation=relu", "measure=[kernel]",
                        "training={eta: 0.1, steps: 0}"});
  kink.Predict();
  EXPECT_NE(kink.Find("post_z_lo"), nullptr);
  EXPECT_NE(kink.Absent("post_z_nlo").find("G1"), std::string::npos);
}

TEST(PosteriorPredict, WithPositionsTheReadoutIsPredicted) {
  NamedCase c(text,
              {plain, "network.input={shape: [3], channels: 1}",
               "network.layers=[{conv: 2, padding: circular}, {conv: 2, padding: zero}, dense]",
               "measure=[kernel]", "training={eta: 0.1, steps: 0}"});
  c.Predict();
  EXPECT_NE(c.Find("post_z_nlo"), nullptr);
  EXPECT_NE(c.Find("post_cov_nlo"), nullptr);
  EXPECT_NE(c.Absent("post_mean_nlo"), "");
}

TEST(PosteriorPredict, OddActivationsHaveNoMean) {
  NamedCase c(text, {});
  c.Predict();
  for (double m : c.Get("post_mean_nlo")) EXPECT_EQ(m, 0);
  EXPECT_EQ(c.Get("err/post_mean_nlo")[0], 0);
}

// A test sample equal to a training one gets the same numbers.
TEST(PosteriorPredict, SampleThatIsThereTwice) {
  for (const char *activation : {"polynomial(0.1,0.9,0.3,-0.05)", "relu"}) {
    const std::string set = std::string("network.activation=") + activation;
    NamedCase c(text, {set.c_str()});
    std::memcpy(c.data.x + 6, c.data.x, 3 * sizeof(double));
    c.Predict();
    for (const char *name : {"post_z_lo", "post_z_nlo", "last_layer_z_nlo"}) {
      const List z = c.Get(name);
      for (size_t i = 0; i < 2; i++) EXPECT_NEAR(z[i * 3], z[i * 3 + 2], 1e-11) << name;
    }
    const List cov = c.Get("post_cov_nlo"), q = c.Get("post_q_nlo"), m = c.Get("post_mean_nlo");
    for (size_t J = 0; J < 6; J++) EXPECT_NEAR(cov[J], cov[2 * 6 + J], 1e-11) << J;
    for (size_t l = 0; l < 2; l++) {
      for (size_t b = 0; b < 3; b++)
        EXPECT_NEAR(q[l * 9 + b], q[l * 9 + 6 + b], 1e-10) << activation;
      EXPECT_NEAR(m[l * 3], m[l * 3 + 2], 1e-10) << activation;
    }
  }
}

TEST(PosteriorPredict, ErrorsCoverTheActualOnes) {
  for (const char *set : {"posterior.noise=0", "posterior.noise=0.2"}) {
    NamedCase rough(text,
                    {"network.activation=gelu", "data.train=1", "theory.tolerance=1e-3", set}),
        fine(text, {"network.activation=gelu", "data.train=1", "theory.tolerance=1e-7", set});
    rough.Predict();
    fine.Predict();
    for (const char *name :
         {"log_evidence_lo", "log_evidence_nlo", "post_z_lo", "post_z_nlo", "post_cov_lo",
          "post_cov_nlo", "post_kernel_nlo", "post_q_lo", "post_q_nlo", "post_mean_nlo",
          "last_layer_z_nlo", "last_layer_cov_nlo", "post_ess_exponent"}) {
      const List a = rough.Get(name), b = fine.Get(name);
      const double error = rough.Get(std::string("err/") + name)[0];
      double most = 0, largest = 0;
      for (size_t k = 0; k < a.size(); k++) {
        most = std::fmax(most, std::fabs(a[k] - b[k]));
        largest = std::fmax(largest, std::fabs(b[k]));
      }
      EXPECT_LE(most, error + fine.Get(std::string("err/") + name)[0]) << name << " " << set;
      EXPECT_LT(error, 0.05 * largest) << name << " " << set;  // and says something
    }
  }
}

TEST(PosteriorPredict, MasksChangeWhatTheyName) {
  NamedCase full(text, {}), bare(text, {"theory.omit=[posterior.hidden, posterior.square]"});
  full.Predict();
  bare.Predict();
  const List G1 = full.Get("q_nlo"), q = bare.Get("post_q_nlo");  // q without data: rho G1
  for (size_t l = 0; l < 2; l++)
    for (size_t a = 0; a < 3; a++) EXPECT_NEAR(q[l * 9 + a * 4], G1[l * 3 + a], 1e-13);
  EXPECT_EQ(bare.Get("post_z_nlo"), full.Get("post_z_nlo"));
  NamedCase trace(text, {"theory.omit=[posterior.trace]"});
  trace.Predict();
  EXPECT_EQ(trace.Get("last_layer_z_nlo"), full.Get("last_layer_z_nlo"));
  EXPECT_NE(trace.Get("post_z_nlo"), full.Get("post_z_nlo"));
  EXPECT_NE(trace.Get("post_q_nlo"), full.Get("post_q_nlo"));
  NamedCase flipped(text, {"theory.flip=[posterior.learning]"});
  flipped.Predict();
  const List a = full.Get(parts[2]), b = flipped.Get(parts[2]);
  for (size_t k = 0; k < a.size(); k++) EXPECT_EQ(a[k], -b[k]);
}

TEST(PosteriorPredict, Refusals) {
  NamedCase twice(text, {"posterior.noise=0"});
  std::memcpy(twice.data.x + 3, twice.data.x, 3 * sizeof(double));
  EXPECT_EQ(static_cast<PredictCase &>(twice).Predict(), PDLT_ERR_INPUT);
  const std::string message = twice.err.message;
  EXPECT_EQ(message.rfind("--set: posterior.noise: 0; the kernel of the training samples", 0), 0u)
      << message;
  EXPECT_NE(message.find("leave samples out or give a larger noise"), std::string::npos);
  NamedCase noisy(text, {"posterior.noise=0.1"});
  std::memcpy(noisy.data.x + 3, noisy.data.x, 3 * sizeof(double));
  noisy.Predict();
  NamedCase other(
      "network: {activation: tanh, depth: 2, widths: [16], C_b: 0, C_W: 1}\n"
      "data: {source: gaussian, inputs: 3, train: 2, seed: 4}\n"
      "training: {eta: 0.1, steps: 0}\ntheory: {omit: [posterior.wiring]}\n",
      {});
  EXPECT_EQ(static_cast<PredictCase &>(other).Predict(), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(other.err.message).find("is of Bayesian inference"), std::string::npos);
}
