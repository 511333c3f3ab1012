// Plain NTKs of draws without weights: given the preactivations their mean is Theta and that of their
// controls 0; over draws the controls have mean 0 and leave little variance; ensembles with and without
// weights agree.
#include "trainer/control/pairwise.h"

#include <gtest/gtest.h>

#include "tests/trainer/agree.h"
#include "trainer/network/draws.h"

using namespace trainer_test;

namespace {

struct Fixture {
  Fixture(const Settings &s, size_t inputs, int layers)
      : data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, 3), ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_plan_make(&plan, &ex.c, &problem, layers, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], problem.inputs, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    pdlt_plan_estimator(&plan, 0);
  }
  ~Fixture() {
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  Data data;
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_plan plan = {};
  pdlt_network net = {};
};

Settings many(const char *activation, int width, int samples) {
  Settings s;
  s.activation = activation;
  s.depth = 4;
  s.widths = "[" + std::to_string(width) + "]";
  s.train = samples - 1;
  s.test = 1;
  s.estimator = "auto";
  s.measure = "[kernel, ntk]";
  return s;
}

// Each number is 0 within five deviations of its mean.
void expect_zero(const Moments &m, const char *what) {
  double square = 0;
  for (size_t i = 0; i < m.mean.size(); i++) {
    const double se = std::sqrt(m.variance(i) / m.count);
    EXPECT_LE(std::fabs(m.mean[i]), 5 * se + 1e-13) << what << " " << i;
    square += se > 1e-12 ? std::pow(m.mean[i] / se, 2) / (double)m.mean.size() : 0;
  }
  EXPECT_LT(square, 4) << what;
}

}  // namespace

// One forward pass, many ways back: the mean is Theta given the preactivations, and all rows have mean 0.
// More samples than neurons in one case, different widths and layers below the last in another.
TEST(TrainerPairwise, GivenThePreactivationsTheMeanIsTheta) {
  for (int trial = 0; trial < 3; trial++) {
    Settings s = many(trial == 1 ? "relu" : "gelu", trial == 2 ? 3 : 6, 4);
    s.depth = 5;
    if (trial == 0) s.ratios = "[1, 2, 1, 2]";
    s.C_b = trial == 1 ? "0" : "[0.1, 0.2, 0, 0.3, 0.1]";
    Fixture f(s, 3, 0);
    pdlt_preactivation pre = {};
    pdlt_head head = {};
    ASSERT_EQ(pdlt_preactivation_new(&pre, &f.net, &f.problem, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_head_new(&head, &f.net, &f.problem, nullptr), PDLT_OK);
    const int l = trial == 2 ? 4 : 5;
    const size_t P = pre.pairs, rows = pdlt_head_rows(l);
    std::vector<double> exact(P), theta(P), rest(rows * P);
    pdlt_preactivation_draw(&pre, 5, 77, 0);
    pdlt_preactivation_theta(&pre, l, exact.data());
    pdlt_head_draw(&head, 5, 77);
    std::mt19937_64 gen(8);
    std::normal_distribution<double> normal;
    Moments moments, zero;
    for (int draw = 0; draw < 4000; draw++) {
      for (size_t i = 0; i < head.pre.more; i++) head.signs[i] = normal(gen);
      pdlt_head_theta(&head, l, theta.data(), rest.data());
      for (size_t p = 0; p < P; p++) theta[p] -= exact[p];
      moments.add(theta.data(), P);
      zero.add(rest.data(), rows * P);
    }
    expect_zero(moments, "Th - Theta");
    expect_zero(zero, "rest");
    for (size_t i = 0; i < rows * P && trial != 1; i++) EXPECT_GT(zero.variance(i), 0) << i;
    pdlt_head_free(&head);
    pdlt_preactivation_free(&pre);
  }
}

TEST(TrainerPairwise, ControlsHaveMeanZeroAndLeaveLittleVariance) {
  const struct {
    const char *activation;
    double kernel, theta; /* least factors off the diagonal */
  } cases[] = {{"tanh", 100, 8}, {"relu", 100, 20}};
  for (const auto &x : cases) {
    SCOPED_TRACE(x.activation);
    Settings s = many(x.activation, 40, 11);
    Fixture f(s, 11, 0);
    ASSERT_EQ(f.plan.control.pairwise, 1);
    pdlt_pairwise_fit fit = {};
    pdlt_pairwise w = {};
    ASSERT_EQ(pdlt_pairwise_fit_new(&fit, &f.plan, &f.net, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_pairwise_new(&w, &f.plan, &f.net, &fit, nullptr), PDLT_OK);
    const size_t P = w.head.pre.pairs, X = pdlt_pairwise_controls(4);
    EXPECT_EQ(X, 16u);
    std::vector<double> controls(X * P), raw(2 * P), less(2 * P);
    Moments zero, before, after, apart;
    for (uint64_t draw = 0; draw < 800; draw++) {
      ASSERT_EQ(pdlt_pairwise_draw(&w, draw), PDLT_OK);
      for (size_t i = 0; i < X; i++)
        std::copy_n(pdlt_pairwise_control(&w, 0, i), P, &controls[i * P]);
      std::copy_n(w.kernel, P, &raw[0]);
      std::copy_n(w.theta, P, &raw[P]);
      zero.add(controls.data(), X * P);
      before.add(raw.data(), 2 * P);
      after.add(w.value, 2 * P);
      for (size_t i = 0; i < 2 * P; i++) less[i] = raw[i] - w.value[i];
      apart.add(less.data(), 2 * P);
    }
    expect_zero(zero, "controls");
    expect_zero(apart, "their combinations");
    double off[2][2] = {{0, 0}, {0, 0}};
    for (size_t a = 0; a < 11; a++)
      for (size_t b = a + 1; b < 11; b++)
        for (size_t k = 0; k < 2; k++) {
          off[k][0] += before.variance(k * P + pdlt_pair(11, a, b));
          off[k][1] += after.variance(k * P + pdlt_pair(11, a, b));
        }
    EXPECT_LT(x.kernel * off[0][1], off[0][0]);
    EXPECT_LT(x.theta * off[1][1], off[1][0]);
    pdlt_pairwise_free(&w);
    pdlt_pairwise_fit_free(&fit);
  }
}

TEST(TrainerPairwise, EnsemblesAgreeWithPlainNetworks) {
  for (const char *activation : {"sin", "relu"}) {
    Settings s = many(activation, 12, 11);
    s.depth = 3;
    s.measure = "[kernel, ntk, vertex]";
    s.measure_samples = 2;
    s.members = 2100;
    s.estimator = "plain";
    Data data((size_t)s.train, (size_t)s.test, 4, 1, 3);
    Archive plain, out;
    run(s, data, 2, 1, &plain);
    s.seed = 8;
    s.estimator = "auto";
    run(s, data, 2, 1, &out);
    const json_t *used = json_object_get(pdlt_archive_meta(&out.c), "estimator");
    EXPECT_TRUE(json_is_true(json_object_get(used, "weightless")));
    for (int l = 1; l <= s.depth; l++)
      for (const char *name : {"K", "Theta", "V"})
        expect_same(out, plain, "n12/layer" + std::to_string(l) + "/" + name);
    EXPECT_LT(30 * square_error(out, "n12/K"), square_error(plain, "n12/K")) << activation;
    EXPECT_LT(square_error(out, "n12/Theta"), square_error(plain, "n12/Theta")) << activation;
    EXPECT_GT(square_error(out, "n12/layer2/K"), 0);
  }
}

// Many samples, where outputs have no control and D <= n, whatever D^3 and 4 n^2.
TEST(TrainerPairwise, WhoMeasuresPairByPair) {
  const struct {
    const char *estimator, *measure;
    int width, samples, pairwise, weightless;
  } cases[] = {{"auto", "[kernel]", 64, 11, 1, 1},         {"auto", "[ntk]", 32, 32, 1, 1},
               {"auto", "[output, vertex]", 40, 16, 1, 1}, {"auto", "[kernel]", 64, 10, 0, 1},
               {"auto", "[kernel]", 31, 32, 0, 0},         {"plain", "[kernel]", 64, 16, 0, 0},
               {"antithetic", "[kernel]", 64, 16, 0, 0},   {"auto", "[output]", 64, 16, 0, 0}};
  for (const auto &x : cases) {
    Settings s = many("tanh", x.width, x.samples);
    s.estimator = x.estimator;
    s.measure = x.measure;
    Fixture f(s, 3, 0);
    EXPECT_EQ(f.plan.control.pairwise, x.pairwise) << x.measure << x.width << x.samples;
    EXPECT_EQ(f.plan.control.weightless, x.weightless) << x.measure << x.width << x.samples;
    EXPECT_EQ(f.plan.control.samples, (size_t)x.weightless);
    const pdlt_levels none = {};
    pdlt_plan_linearize(&f.plan, 1, 0, &none);
    EXPECT_EQ(f.plan.control.pairwise, 0);
  }
}

TEST(TrainerPairwise, ThreadsDoNotChangeABit) {
  Settings s = many("relu", 12, 12);
  s.depth = 3;
  s.measure = "[kernel, ntk, vertex]";
  s.measure_samples = 2;
  s.members = 2100;
  Data data((size_t)s.train, (size_t)s.test, 4, 1, 3);
  Archive one, two;
  run(s, data, 1, 1, &one);
  run(s, data, 3, 1, &two);
  for (const char *name : {"n12/K", "n12/Theta", "n12/Theta_se", "n12/V", "n12/layer2/K"})
    for (size_t i = 0; i < one.count(name); i++) EXPECT_EQ(one.at(name, i), two.at(name, i));
}

TEST(TrainerPairwise, SetupSurvivesFailingAllocations) {
  Settings s = many("relu", 11, 11);
  s.depth = 2;
  s.measure = "[kernel]";
  Fixture f(s, 3, 0);
  int failures = 0;
  for (long calls = 0;; calls += calls < 20 ? 1 : 17) {  // one for each pair
    pdlt_pairwise_fit fit = {};
    pdlt_pairwise w = {};
    pdlt_memory_fail_after(calls);
    pdlt_status status = pdlt_pairwise_fit_new(&fit, &f.plan, &f.net, nullptr);
    if (status == PDLT_OK) status = pdlt_pairwise_new(&w, &f.plan, &f.net, &fit, nullptr);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(w.storage != nullptr, status == PDLT_OK);
    pdlt_pairwise_free(&w);
    pdlt_pairwise_fit_free(&fit);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    ASSERT_LT(failures++, 1000);
  }
  EXPECT_GT(failures, 8);
}
