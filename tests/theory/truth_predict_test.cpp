// Weights along ground truth and gradient products on the cube, in the archive of an experiment: published
// numbers, symmetries, differences, networks whose gradients are known, and what is absent.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "datasets/cube.h"
#include "datasets/truth.h"
#include "tests/theory/predict_case.h"
#include "theory/infinite/training.h"

namespace {

const char *const kText = R"(network: {activation: tanh, depth: 2, widths: [16], C_b: 0.1, C_W: 1,
  lambda_b: 0.1, lambda_W: 1}
data: {source: parity, inputs: 3, bits: [0, 1], cube: true, train: 8}
training: {eta: 0.1, steps: 5, record: [0, 2, 5]}
measure: [features]
features: {truth: parity}
)";
const char *const kWeights[] = {"weight_lo", "weight_nlo", "weight_end_nlo"};
const char *const kAgops[] = {"agop_lo", "agop_change_lo", "agop_change_end_lo", "agop_nlo",
                              "agop_end_nlo"};

// Where it is asked what there is, not which numbers.
const char *const kSmall = "data={source: parity, inputs: 2, bits: [0, 1], cube: true, train: 4}";
const char *const kCoarse = "theory.tolerance=1e-4";

struct Case : NamedCase {
  explicit Case(std::vector<const char *> set) : NamedCase(kText, set) {}
  void CheckErrors(const std::string &name) const {
    double most = 0;
    for (const double x : Get(name)) most = std::fmax(most, std::fabs(x));
    EXPECT_GT(Get("err/" + name)[0], 0) << name;
    EXPECT_LT(Get("err/" + name)[0], 1e-6 * (1 + most)) << name;
  }
};

// Predicted once more with eta theta_max = 1/2, to the end.
void PredictAtHalf(Case *c) {
  double largest = 0;
  const size_t D = c->data.train;
  c->ex.theory.order = 0;
  c->Predict();
  ASSERT_EQ(pdlt_ntk_largest_eigenvalue(&largest, D, D, c->Get("Theta").data(), nullptr), PDLT_OK);
  c->ex.training.eta = 0.5 / largest;
  c->ex.theory.order = 1;
  pdlt_archive_free(&c->out);
  c->out = {};
  c->Predict();
}

// W of the naive kind: every function v of block j, kernel (D, D).
double Weight(const pdlt_truth &truth, size_t j, const std::vector<double> &k) {
  const size_t D = truth.samples;
  size_t first = 0;
  double along = 0, total = 0;
  for (size_t i = 0; i < j; i++) first += truth.size[i];
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++) {
      total += ((a == b) - 1.0 / double(D)) * k[a * D + b];
      for (size_t f = first; f < first + truth.size[j]; f++)
        along += truth.v[f * D + a] * k[a * D + b] * truth.v[f * D + b];
    }
  return along / total;
}

}  // namespace

// Eigenvalues of Theta and kappa_E of {1}, {3}, {1, 2}, {1, 3}, {1, 2, 3}, as computed by other means, y = x1 x2:
// W_1 and W_2 are shares of their sums over all sets but the empty one.
TEST(TruthPredict, WeightsOfTheCube) {
  const struct {
    const char *activation;
    double theta[5], kernel[5];
  } all[] = {
      {"tanh", {2.0627, 2.0627, 0.0701, 0.0701, 0.1878}, {86.596, -6.527, 40.448, 2.839, 31.631}},
      {"gelu", {1.4901, 1.4901, 0.4962, 0.4962, 0.0218}, {16.143, 4.272, 17.383, 2.371, 0.698}}};
  for (const auto &x : all) {
    const std::string activation = std::string("network.activation=") + x.activation;
    Case c({activation.c_str(), "training={eta: 0.01, steps: end}"});
    PredictAtHalf(&c);
    const double theta = 2 * x.theta[0] + x.theta[1] + x.theta[2] + 2 * x.theta[3] + x.theta[4];
    const double kernel =
        2 * x.kernel[0] + x.kernel[1] + x.kernel[2] + 2 * x.kernel[3] + x.kernel[4];
    const double weight = x.theta[0] / theta, change = (x.kernel[0] - weight * kernel) / theta;
    for (size_t j = 0; j < 2; j++) {
      EXPECT_NEAR(c.Get("weight_lo")[j], weight, 3e-5) << x.activation;
      EXPECT_NEAR(c.Get("weight_end_nlo")[j], change, 5e-4 * std::fabs(change)) << x.activation;
      EXPECT_EQ(c.Get("weight_nlo")[2 + j], c.Get("weight_end_nlo")[j]); /* times 0, inf */
      EXPECT_EQ(c.Get("weight_nlo")[j], 0);
    }
  }
}

TEST(TruthPredict, WeightsChangeAsThoseOfTheMovedKernel) {
  for (const char *data : {"data={source: gaussian, inputs: 3, train: 3, test: 2}",
                           "data={source: modular_addition, modulus: 3, train: 7, test: 2}"}) {
    const bool gaussian = std::strstr(data, "gaussian") != nullptr;
    Case c({data, gaussian ? "network.outputs=2" : "network.outputs=3",
            gaussian ? "features.truth=inputs" : "features.truth=modular_addition",
            "training.eta=0.02"});
    c.Predict();
    const size_t n = c.data.outputs, D = c.data.train + c.data.test, B = gaussian ? 3 : 2;
    pdlt_truth truth = {};
    ASSERT_EQ(pdlt_truth_make(&truth, &c.ex, D, c.data.inputs, c.data.x, nullptr), PDLT_OK);
    ASSERT_EQ(truth.blocks, B);
    const std::vector<double> theta = c.Get("Theta"), kernel = c.Get("k_E_nlo"),
                              end = c.Get("k_E_end_nlo"), found = c.Get("weight_nlo");
    EXPECT_EQ(c.Shape("weight_nlo"), (std::vector<size_t>{3, B}));
    const auto moved = [&](const double *kappa, double x, size_t j) {
      std::vector<double> k(D * D);
      for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < D; a++)
          for (size_t b = 0; b < D; b++)
            k[a * D + b] += theta[a * D + b] + x * kappa[((i * D + a) * n + i) * D + b];
      return Weight(truth, j, k);
    };
    const double x = 1e-4;
    const auto slope = [&](const double *k, size_t j) {
      return (moved(k, x, j) - moved(k, -x, j)) / (2 * x);
    };
    for (size_t j = 0; j < B; j++) {
      EXPECT_NEAR(c.Get("weight_lo")[j], moved(end.data(), 0, j), 1e-14);
      for (size_t t = 0; t < 3; t++) {
        const double expected = slope(kernel.data() + t * n * D * n * D, j);
        EXPECT_NEAR(found[t * B + j], expected, 1e-6 * (1e-3 + std::fabs(expected))) << t << j;
      }
      EXPECT_NEAR(c.Get("weight_end_nlo")[j], slope(end.data(), j),
                  1e-6 * (1e-3 + std::fabs(slope(end.data(), j))));
    }
    for (const char *name : kWeights) c.CheckErrors(name);
    pdlt_truth_free(&truth);
  }
}

TEST(TruthPredict, WeightsThatDoNotExistAreListed) {
  Case none({kSmall, kCoarse, "features.truth=none"});
  Case kink({kSmall, kCoarse, "network.activation=relu"});
  Case one({"data={source: gaussian, inputs: 3, train: 1}", "features.truth=inputs", kCoarse});
  Case twins(
      {"data={source: gaussian, inputs: 3, train: 3, test: 1}", "features.truth=inputs", kCoarse});
  std::memcpy(twins.data.x, twins.data.x + 3, 3 * sizeof(double));
  for (Case *c : {&none, &kink, &one, &twins}) c->Predict();
  for (const char *name : kWeights) {
    EXPECT_EQ(none.Absent(name), "no ground truth is given: features.truth is none");
    EXPECT_NE(kink.Absent(name).find("kink"), std::string::npos);
    EXPECT_NE(one.Absent(name).find("the same for all samples"), std::string::npos);
    for (Case *c : {&none, &kink, &one}) EXPECT_EQ(c->Find(name), nullptr);
  }
  EXPECT_NE(twins.Find("weight_nlo"), nullptr);
  EXPECT_NE(twins.Absent("weight_end_nlo").find("singular"), std::string::npos);
  Case unasked({kSmall, kCoarse, "measure=[output]"});
  unasked.Predict();
  EXPECT_EQ(unasked.Absent("weight_lo") + unasked.Absent("agop_lo"), "");
  EXPECT_EQ(unasked.Find("agop_lo"), nullptr);
}

TEST(TruthPredict, SamplesThatAreNoPairsAreRefused) {
  Case c({"data={source: modular_addition, modulus: 3, train: 1, test: 2, center: true}",
          "network.outputs=3", "features.truth=modular_addition"});
  EXPECT_EQ(c.PredictCase::Predict(), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(c.err.message).rfind("--set: features.truth: sample 1", 0), 0u)
      << c.err.message;
}

// The same with the moments at width 1/h written out: the mean's part by the functional that networks are
// measured with.
TEST(TruthPredict, AgopIsTheSlopeOfThatOfTheMoments) {
  Case c({"data.train=5", "data.bits=[0, 2]", "data.amplitudes=[1, 0.5]", "network.outputs=2"});
  c.Predict();
  const size_t n = 2, D = 8, n0 = 3, T = 3;
  pdlt_cube cube = {};
  ASSERT_EQ(pdlt_cube_find(&cube, D, n0, c.data.x, nullptr), PDLT_OK);
  const auto moved = [&](const std::string &end, size_t t, double h) {
    std::vector<double> z = c.Get("z" + end + "_lo"), cov = c.Get("cov" + end + "_lo"), m(n0 * n0);
    const std::vector<double> z1 = c.Get("z" + end + "_nlo"), cov1 = c.Get("cov" + end + "_nlo");
    for (size_t i = 0; i < z.size(); i++) z[i] += h * z1[i];
    for (size_t i = 0; i < cov.size(); i++) cov[i] += h * cov1[i];
    pdlt_cube_agop(&cube, n, z.data() + t * n * D, m.data());
    for (size_t i = 0; i < n; i++)
      pdlt_cube_add_moment(&cube, cov.data() + (t * n * D + i * D) * n * D + i * D, n * D,
                           m.data());
    return m;
  };
  const std::vector<double> start = c.Get("agop_lo");
  EXPECT_EQ(start, moved("", 0, 0));
  for (const std::string end : {"", "_end"})
    for (size_t t = 0; t < (end.empty() ? T : 1); t++) {
      const std::vector<double> lo = c.Get("agop_change" + end + "_lo"),
                                nlo = c.Get("agop" + end + "_nlo"), at = moved(end, t, 0),
                                above = moved(end, t, 0.5), below = moved(end, t, -0.5),
                                above0 = moved("", 0, 0.5), below0 = moved("", 0, -0.5);
      for (size_t k = 0; k < n0 * n0; k++) {
        EXPECT_NEAR(lo[t * 9 + k], at[k] - start[k], 1e-13);
        EXPECT_NEAR(nlo[t * 9 + k], above[k] - below[k] - (above0[k] - below0[k]), 1e-11);
      }
    }
  EXPECT_GT(std::fabs(c.Get("agop_nlo")[18 + 2]), 1e-3); /* M_02 at the last time */
  EXPECT_EQ(c.Shape("agop_lo"), (std::vector<size_t>{3, 3}));
  EXPECT_EQ(c.Shape("agop_nlo"), (std::vector<size_t>{3, 3, 3}));
  EXPECT_EQ(c.Shape("agop_change_end_lo"), (std::vector<size_t>{3, 3}));
  for (const char *name : kAgops) c.CheckErrors(name);
  pdlt_cube_free(&cube);
}

// The outputs of linear networks are linear in the inputs: differences at one corner are those at all. At the
// start D_i z = sum_j W2_j W1_ji/..., of variance n_L C_W^2/n_0.
TEST(TruthPredict, LinearNetworksHaveOneGradient) {
  for (const char *depth : {"network.depth=2", "network.depth=3"}) {
    Case c({"network.activation=linear", "network.C_W=1.3", depth, "data.train=5", "data.bits=[1]",
            "data.seed=5"});
    c.Predict();
    const int L = c.ex.network.depth;
    for (size_t k = 0; k < 9; k++)
      EXPECT_NEAR(c.Get("agop_lo")[k], k % 4 == 0 ? std::pow(1.3, L) / 3 : 0, 1e-12);
    pdlt_cube cube = {};
    ASSERT_EQ(pdlt_cube_find(&cube, 8, 3, c.data.x, nullptr), PDLT_OK);
    const auto last = [&](const char *name) { /* at the last of three times */
                                              const std::vector<double> all = c.Get(name);
                                              return std::vector<double>(
                                                  all.end() - long(all.size() / 3), all.end());
    };
    const std::vector<double> z = last("z_lo"), z1 = last("z_nlo"), cov = last("cov_lo"),
                              cov1 = last("cov_nlo"), G1 = c.Get("G1"), lo = last("agop_change_lo"),
                              nlo = last("agop_nlo"), start = c.Get("agop_lo");
    const size_t corner = 5;
    for (size_t i = 0; i < 3; i++)
      for (size_t j = 0; j < 3; j++) {
        const size_t a[] = {cube.place[corner | size_t(1) << i],
                            cube.place[corner & ~(size_t(1) << i)]};
        const size_t b[] = {cube.place[corner | size_t(1) << j],
                            cube.place[corner & ~(size_t(1) << j)]};
        double m = 0, m1 = 0;
        for (size_t p = 0; p < 2; p++)
          for (size_t q = 0; q < 2; q++) {
            const size_t x = a[p], y = b[q], xy = x * 8 + y;
            const double sign = p == q ? 0.25 : -0.25;
            m += sign * (cov[xy] + z[x] * z[y]);
            m1 += sign * (cov1[xy] + z[x] * z1[y] + z1[x] * z[y] - G1[xy]);
          }
        EXPECT_NEAR(lo[i * 3 + j], m - start[i * 3 + j], 1e-12) << i << j;
        EXPECT_NEAR(nlo[i * 3 + j], m1, 1e-9 * (1 + std::fabs(m1))) << i << j;
      }
    EXPECT_GT(lo[4], 0.1); /* the input that matters */
    pdlt_cube_free(&cube);
  }
}

// Sign flips of inputs, with one of the targets, are symmetries of the whole cube with y = x1 x2.
TEST(TruthPredict, AgopOfTheWholeCubeIsDiagonal) {
  Case c({"network.activation=gelu"});
  c.Predict();
  for (const char *name : {"agop_lo", "agop_change_lo", "agop_nlo", "agop_end_nlo"}) {
    const std::vector<double> m = c.Get(name);
    for (size_t t = 0; t < m.size() / 9; t++) {
      for (size_t k = 0; k < 9; k++)
        if (k % 4 != 0) {
          EXPECT_NEAR(m[t * 9 + k], 0, 1e-10) << name;
        }
      EXPECT_NEAR(m[t * 9], m[t * 9 + 4], 1e-10) << name; /* inputs 0 and 1 may change places */
    }
  }
  EXPECT_GT(c.Get("agop_change_lo")[2 * 9], 10 * c.Get("agop_change_lo")[2 * 9 + 8]);
  for (size_t k = 0; k < 9; k++) EXPECT_NEAR(c.Get("agop_nlo")[k], 0, 1e-12); /* time 0 */
}

// Six corners train, y = x1 x2: predicted by another program, and measured on ensembles of 5000 pairs at six
// widths from 16 to 96 as -0.227(28), -0.324(32), -0.330(28), -0.376(17), -0.001(12).
TEST(TruthPredict, AgopThatEnsemblesHave) {
  Case c({"network.activation=gelu", "data.train=6", "data.seed=12",
          "training={eta: 0.18, steps: 16, record: [16]}"});
  c.Predict();
  const std::vector<double> m = c.Get("agop_nlo");
  const double expected[] = {-0.244, 0, -0.376, 0, -0.340, 0, -0.376, 0, -0.341};
  for (size_t k = 0; k < 9; k++) EXPECT_NEAR(m[k], expected[k], 6e-4) << k;
}

TEST(TruthPredict, OutOfMemory) {
  Case c({"network.activation=polynomial(0,1)", "training={eta: 0.1, steps: 1, record: [1]}",
          "data={source: parity, inputs: 1, cube: true, train: 1}"});
  pdlt_status status = PDLT_ERR_MEMORY;
  long call = 0;
  for (; status != PDLT_OK && call < 3000; call++) {
    pdlt_memory_fail_after(call);
    status = c.PredictCase::Predict();
    pdlt_memory_fail_after(-1);
    ASSERT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY) << c.err.message;
  }
  EXPECT_GT(call, 100);
  EXPECT_EQ(c.Shape("weight_nlo"), (std::vector<size_t>{1, 1}));
  EXPECT_EQ(c.Shape("agop_nlo"), (std::vector<size_t>{1, 1, 1}));
}

TEST(TruthPredict, AgopsThatDoNotExistAreListed) {
  Case plain(
      {"data={source: gaussian, inputs: 3, train: 4, test: 1}", "features.truth=none", kCoarse});
  Case kink({kSmall, kCoarse, "network.activation=relu"}), order({kSmall, "theory.order=0"});
  for (Case *c : {&plain, &kink, &order}) c->Predict();
  for (const char *name : kAgops)
    EXPECT_EQ(plain.Absent(name),
              "the samples are not the corners of a cube, each once (data.cube)");
  for (Case *c : {&kink, &order}) EXPECT_NE(c->Find("agop_change_end_lo"), nullptr);
  EXPECT_NE(kink.Absent("agop_nlo").find("kink"), std::string::npos);
  EXPECT_NE(kink.Absent("agop_end_nlo").find("kink"), std::string::npos);
  EXPECT_EQ(order.Absent("agop_nlo"), "");
  EXPECT_EQ(order.Find("agop_nlo"), nullptr);
}
