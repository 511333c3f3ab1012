// Posteriors as they are measured: against an exact integral, networks whose weights are drawn, and
// themselves with another estimator, other threads, other blocks.
#include "trainer/posterior/estimate.h"

#include "tests/trainer/posterior_support.h"
#include "trainer/network/network.h"

using namespace trainer_test;

namespace {

// Every array against right numbers; returns the deviations in error bars.
std::vector<double> all_deviations(const Archive &measured, const std::string &n, const Numbers &x,
                                   bool prior) {
  std::vector<double> out;
  const std::vector<std::pair<std::string, std::vector<double>>>
      posterior = {{"post_z", x.post_z},
                   {"post_cov", x.post_cov},
                   {"post_kernel", x.post_kernel},
                   {"post_q", x.post_q},
                   {"post_mean", x.post_mean}},
      unloaded = {{"log_evidence", {x.log_evidence}},
                  {"last_layer_z", x.last_layer_z},
                  {"last_layer_cov", x.last_layer_cov}};
  for (const auto &[name, right] : posterior)
    for (double z : deviations(measured, n + name, right)) out.push_back(z);
  for (const auto &[name, right] : unloaded)
    for (double z : prior ? deviations(measured, n + name, right) : std::vector<double>())
      out.push_back(z);
  return out;
}

double largest(const std::vector<double> &z) {
  double most = 0;
  for (double v : z) most = std::max(most, std::fabs(v));
  return most;
}

TEST(Posterior, OfOneTrainingSampleIsTheExactIntegral) {
  for (const char *activation : {"tanh", "gelu"})
    for (double noise : {0.0, 0.2}) {
      Settings s = posterior_settings(noise);
      s.activation = activation;
      s.outputs = 2;
      s.members = 20000;
      const Data data(1, 1, 2, 2, 3);
      Archive measured;
      run(s, data, 2, &measured);
      const Numbers right = integrate(Experiment(yaml(s)).c, data);
      const std::vector<double> z = all_deviations(measured, "n2/", right, true);
      EXPECT_GE(z.size(), noise > 0 ? 50u : 20u);
      EXPECT_LT(largest(z), 4) << activation << " " << noise;
      EXPECT_GT(measured.at("n2/post_ess"), 4000);
      EXPECT_LT(measured.at("n2/post_ess"), 20000);
    }
}

TEST(Posterior, ControlsTakeNoiseAndNotTruth) {
  Settings s = posterior_settings(0.2);
  s.widths = "[2, 40]";
  s.members = 4000;
  const Data data(1, 1, 2, 1, 5);
  Archive measured;
  run(s, data, 2, &measured);
  const double few = std::sqrt(4000.0);
  /* without controls the error of log Z is (draws/ESS - 1)^(1/2)/draws^(1/2) */
  for (const char *n : {"n2/", "n40/"}) {
    const std::string at = n;
    const double plain = std::sqrt(4000 / measured.at(at + "post_ess") - 1) / few;
    EXPECT_LT(measured.at(at + "log_evidence_se"), plain / (at == "n2/" ? 1.2 : 2.5)) << n;
  }
}

TEST(Posterior, DeviationsFromTheIntegralAreThoseOfTheErrorBars) {
  const Data data(1, 1, 2, 1, 4);
  Settings s = posterior_settings(0.1);
  s.members = 1600;
  const Numbers right = integrate(Experiment(yaml(s)).c, data);
  double z2 = 0;
  size_t count = 0;
  for (s.seed = 1; s.seed <= 40; s.seed++) {
    Archive measured;
    run(s, data, 1, &measured);
    for (double z : all_deviations(measured, "n2/", right, true)) {
      z2 += z * z;
      count++;
    }
  }
  EXPECT_NEAR(z2 / (double)count, 1, 0.25);
}

// log of a mean of few weights is off by -(draws/ESS - 1)/(2 draws).
TEST(Posterior, JackknifeTakesTheBiasOfRatiosAway) {
  Data data(1, 1, 2, 1, 4);
  data.y[0] = 3;
  Settings s = posterior_settings(0.01);
  const int seeds = 300, draws = 64;  // too few blocks for controls
  s.members = draws;
  Experiment ex(yaml(s));
  const double right = integrate(ex.c, data).log_evidence;
  double moved = 0, mean = 0, square = 0, bias = 0;
  pdlt_samples samples = {};
  pdlt_network net = {};
  ASSERT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_network_new(&net, &ex.c, 2, 2, nullptr), PDLT_OK);
  const pdlt_posterior_shape shape = pdlt_posterior_shape_make(&ex.c, &samples);
  for (s.seed = 1; s.seed <= seeds; s.seed++) {
    Experiment other(yaml(s));
    pdlt_posterior_sums sums = {};
    std::vector<double> all(shape.size);
    double plain = 0, share = 0;
    ASSERT_EQ(pdlt_posterior_sums_new(&sums, &shape, &other.c, &net, &samples, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_posterior_sums_add(&sums, 0, draws, nullptr, all.data()), PDLT_OK);
    pdlt_posterior_estimate(&shape, PDLT_QUANTITY_LOG_EVIDENCE, 0, all.data(), &plain);
    pdlt_posterior_estimate(&shape, PDLT_QUANTITY_POST_ESS, 0, all.data(), &share);
    pdlt_posterior_sums_free(&sums);
    Archive measured;
    run(s, data, 1, &measured);
    const double d = measured.at("n2/log_evidence") - right;
    bias -= (1 / share - 1) / (2 * draws) / seeds;
    moved += (plain - right - d) / seeds;
    mean += d / seeds;
    square += d * d / seeds;
  }
  pdlt_network_free(&net);
  pdlt_samples_free(&samples);
  EXPECT_LT(bias, -0.002);
  EXPECT_NEAR(moved, bias, 0.1 * std::fabs(bias));
  EXPECT_LT(std::fabs(mean), 3 * std::sqrt(square / seeds));
}

// Networks of two hidden layers with weights drawn one by one, by another generator.
TEST(Posterior, IsThatOfNetworksWhoseWeightsAreDrawn) {
  Settings s = posterior_settings(0.3);
  s.activation = "gelu";
  s.depth = 3;
  s.widths = "[3]";
  s.ratios = "[1, 2]";
  s.train = 2;
  s.members = 16384;
  const Data data(2, 1, 2, 1, 6);
  Experiment ex(yaml(s));
  Archive measured;
  run(s, data, 2, &measured);
  std::mt19937_64 gen(11);
  std::normal_distribution<double> normal;
  const int draws = 60000, D = 3;
  std::vector<double> s0(data.x), sum(3), square(3), cross(3);
  double Z = 0, Z2 = 0;
  for (int k = 0; k < draws; k++) {
    std::vector<double> below = data.x, above, q;
    size_t n = 2;
    double kernel[3][3] = {};
    for (int l = 1; l <= 3; l++) {
      const pdlt_layer layer = pdlt_experiment_layer(&ex.c, l, 3, 2);
      if (l == 3) {
        for (int a = 0; a < D; a++)
          for (int b = 0; b < D; b++) {
            for (size_t j = 0; j < n; j++)
              kernel[a][b] += below[(size_t)a * n + j] * below[(size_t)b * n + j];
            kernel[a][b] = layer.C_b + layer.C_W / (double)n * kernel[a][b];
          }
        break;
      }
      above.assign((size_t)D * layer.out, 0);
      for (size_t i = 0; i < layer.out; i++) {
        const double bias = std::sqrt(layer.C_b) * normal(gen);
        for (int a = 0; a < D; a++) above[(size_t)a * layer.out + i] = bias;
        for (size_t j = 0; j < n; j++) {
          const double w = std::sqrt(layer.C_W / (double)n) * normal(gen);
          for (int a = 0; a < D; a++)
            above[(size_t)a * layer.out + i] += w * below[(size_t)a * n + j];
        }
      }
      if (l == 2) {
        double all = 0;  // q^(2) of the first and the last sample
        for (size_t i = 0; i < layer.out; i++) all += above[i] * above[2 * layer.out + i];
        q.push_back(all / (double)layer.out);
      }
      below = above;
      for (double &v : below) v = pdlt_activation_eval(&ex.c.network.activation, 0, v);
      n = layer.out;
    }
    const double a = kernel[0][0] + 0.3, b = kernel[0][1], c = kernel[1][1] + 0.3,
                 det = a * c - b * b;
    const double u0 = (c * data.y[0] - b * data.y[1]) / det,
                 u1 = (a * data.y[1] - b * data.y[0]) / det;
    const double w =
        std::exp(-0.5 * (data.y[0] * u0 + data.y[1] * u1)) / (2 * M_PI * std::sqrt(det));
    const double f[3] = {kernel[2][0] * u0 + kernel[2][1] * u1, kernel[0][2], q[0]};
    Z += w;
    Z2 += w * w;
    for (size_t i = 0; i < 3; i++) {
      sum[i] += w * f[i];
      square[i] += w * w * f[i] * f[i];
      cross[i] += w * w * f[i];
    }
  }
  const double log_error = std::sqrt(Z2 / (Z * Z) - 1.0 / draws);
  EXPECT_NEAR(measured.at("n3/log_evidence"), std::log(Z / draws),
              4 * std::hypot(log_error, measured.at("n3/log_evidence_se")));
  const std::string names[3] = {"n3/post_z", "n3/post_kernel", "n3/layer2/post_q"};
  for (size_t i = 0; i < 3; i++) {
    const double mean = sum[i] / Z;
    const double error = std::sqrt(square[i] - 2 * mean * cross[i] + mean * mean * Z2) / Z;
    EXPECT_NEAR(measured.at(names[i], 2), mean,
                4 * std::hypot(error, measured.at(names[i] + "_se", 2)))
        << names[i];
  }
}

TEST(Posterior, ChainAgreesWithTheIntegral) {
  for (double noise : {0.0, 0.2}) {
    Settings s = posterior_settings(noise);
    s.estimator = "slice";
    s.outputs = 2;
    s.members = 4096;
    const Data data(1, 1, 2, 2, 3);
    Archive measured;
    run(s, data, 2, &measured);
    const Numbers right = integrate(Experiment(yaml(s)).c, data);
    EXPECT_LT(largest(all_deviations(measured, "n2/", right, false)), 4);
    EXPECT_EQ(measured.count("n2/log_evidence") + measured.count("n2/last_layer_z"), 0u);
    EXPECT_GT(measured.at("n2/post_ess"), 1000);
  }
}

TEST(Posterior, EqualSamplesGetEqualNumbers) {
  Settings s = posterior_settings(0.2);
  s.train = 2;
  s.members = 512;
  Data data(2, 2, 2, 1, 8);
  for (size_t j = 0; j < 2; j++)
    data.x[4 + j] = data.x[j];                       // the first test sample is a training one
  for (size_t j = 0; j < 2; j++) data.x[6 + j] = 0;  // with C_b = 0 its kernel is 0
  s.C_b = "0";
  Archive measured;
  run(s, data, 1, &measured);
  EXPECT_NEAR(measured.at("n2/post_z", 0), measured.at("n2/post_z", 2), 1e-7);
  EXPECT_NEAR(measured.at("n2/post_q", 0), measured.at("n2/post_q", 2), 1e-7);
  EXPECT_EQ(measured.at("n2/post_z", 3), 0);
  EXPECT_EQ(measured.at("n2/post_kernel", 15), 0);
}

TEST(Posterior, ThreadsAndBlocksOfOtherShapesGiveTheSame) {
  for (const char *estimator : {"auto", "slice"}) {
    Settings s = posterior_settings(0.1);
    s.estimator = estimator;
    s.widths = "[3, 5]";
    s.depth = 3;
    s.members = 300;  // the last block is smaller
    const Data data(1, 1, 2, 1, 4);
    Archive one, more;
    run(s, data, 1, 1, &one);
    run(s, data, 5, 1, &more);
    ASSERT_EQ(one.c.count, more.c.count);
    for (size_t i = 0; i < one.c.count; i++) {
      const pdlt_array *a = &one.c.entries[i].array, *b = &more.c.entries[i].array;
      ASSERT_EQ(pdlt_array_count(a), pdlt_array_count(b));
      EXPECT_EQ(0, memcmp(a->data, b->data, pdlt_array_count(a) * sizeof *a->data));
    }
    EXPECT_EQ(one.at("n3/layer3/post_kernel"), one.at("n3/post_kernel"));
    EXPECT_EQ(one.at("n3/layer2/post_q", 3), one.at("n3/post_q", 7));
  }
}

TEST(Posterior, SingularKernelsAreRefusedWithTheRemedy) {
  Settings s = posterior_settings(0);
  s.train = 2;
  s.members = 64;
  s.C_b = "0";
  const std::pair<const char *, const char *> cases[] = {{"equal", "with two equal"},
                                                         {"narrow", "at n = 1 a draw's kernel"}};
  for (const auto &[what, message] : cases) {
    Data data(2, 0, 2, 1, 8);
    s.test = 0;
    if (std::string(what) == "equal")
      data.x[2] = data.x[0], data.x[3] = data.x[1];
    else
      s.widths = "[1]";
    Experiment ex(yaml(s));
    Archive out;
    pdlt_error err = {};
    const pdlt_ensemble_options o = options(1);
    EXPECT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err), PDLT_ERR_INPUT);
    EXPECT_NE(std::string(err.message).find("posterior.noise"), std::string::npos) << err.message;
    EXPECT_NE(std::string(err.message).find(message), std::string::npos) << err.message;
  }
}

TEST(Posterior, EveryFailedAllocationIsReported) {
  for (const char *estimator : {"auto", "slice"}) {
    Settings s = posterior_settings(0.1);
    s.estimator = estimator;
    s.members = 320;
    const Data data(1, 1, 2, 1, 4);
    Experiment ex(yaml(s));
    pdlt_status status = PDLT_ERR_MEMORY;
    for (long calls = 0; calls < 1000 && status != PDLT_OK; calls++) {
      Archive out;
      pdlt_error err = {};
      const pdlt_ensemble_options o = options(1);
      pdlt_memory_fail_after(calls);
      status = pdlt_ensemble_run(&out.c, &ex.c, &data.c, &o, &err);
      pdlt_memory_fail_after(-1);
      ASSERT_TRUE(status == PDLT_OK || status == PDLT_ERR_MEMORY) << err.message;
    }
    EXPECT_EQ(status, PDLT_OK);
  }
}

}  // namespace
