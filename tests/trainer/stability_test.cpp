// theta_max of a draw's own NTK, the count in the run, and the tail that the pilot fits.
#include "trainer/measure/stability.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/pilot/stability_tail.h"

using namespace trainer_test;

namespace {

struct Case {
  Case(const Settings &s, size_t inputs, unsigned seed)
      : ex(yaml(s)), data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_plan_make(&plan, &ex.c, &problem, 0, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_stability_new(&stability, &net, &problem, ex.c.training.eta, &err), PDLT_OK);
    theta.resize(net.num_params);
  }
  ~Case() {
    pdlt_stability_free(&stability);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  double largest(uint64_t member) {
    pdlt_network_draw(&net, ex.c.ensemble.seed, member, theta.data());
    return pdlt_stability_largest(&stability, theta.data());
  }
  // By power iteration on sums over explicit gradients of the training samples.
  double literal() {
    const size_t n = problem.outputs * problem.train;
    std::vector<double> lambda(net.num_params), v(n, 1), theta_matrix(n * n);
    std::vector<std::vector<double>> g(n, std::vector<double>(net.num_params));
    pdlt_reference_lambda(&net, lambda.data());
    for (size_t i = 0; i < n; i++)
      EXPECT_EQ(pdlt_reference_gradient(&net, theta.data(),
                                        data.x.data() + i % problem.train * data.c.inputs,
                                        net.depth, i / problem.train, g[i].data(), nullptr),
                PDLT_OK);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < n; j++)
        for (size_t mu = 0; mu < lambda.size(); mu++)
          theta_matrix[i * n + j] += lambda[mu] * g[i][mu] * g[j][mu];
    double size = 0;
    for (size_t i = 0; i < n; i++) v[i] += 0.1 * (double)i;
    for (int k = 0; k < 3000; k++) {
      std::vector<double> next(n);
      size = 0;
      for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) next[i] += theta_matrix[i * n + j] * v[j];
      for (const double x : next) size += x * x;
      size = std::sqrt(size);
      for (size_t i = 0; i < n; i++) v[i] = next[i] / size;
    }
    return size;
  }
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_plan plan = {};
  pdlt_network net = {};
  pdlt_stability stability = {};
  std::vector<double> theta;
};

Settings wild() {
  Settings s;
  s.widths = "[8]";
  s.eta = "0.25";
  s.steps = "1";
  s.record = "[0, 1]";
  s.measure = "[output]";
  return s;
}

}  // namespace

TEST(TrainerStability, LargestEigenvalueOfTheTrainingSamples) {
  std::mt19937_64 gen(3);
  for (int trial = 0; trial < 8; trial++) {
    Settings s;
    s.depth = 2 + trial % 3;
    s.widths = "[5]";
    s.outputs = 1 + trial % 2;
    s.train = 1 + trial % 3;
    s.C_b = random_list(gen, s.depth, true);
    s.C_W = random_list(gen, s.depth, false);
    s.lambda_b = random_list(gen, s.depth, true);
    s.lambda_W = random_list(gen, s.depth, false);
    Case c(s, 3, (unsigned)gen());
    const double value = c.largest((uint64_t)trial);
    EXPECT_NEAR(value, c.literal(), 1e-6 * value);
  }
}

// The bound and the factorization decide as the eigenvalue does; not finite is unstable.
TEST(TrainerStability, CheckAgreesWithTheEigenvalue) {
  Case c(wild(), 3, 6);
  int found = 0;
  for (uint64_t member = 0; member < 400; member++) {
    const double x = c.ex.c.training.eta * c.largest(member);
    const int unstable = pdlt_stability_check(&c.stability, c.theta.data());
    EXPECT_EQ(unstable, x > 2) << x;
    found += unstable;
  }
  EXPECT_GT(found, 5);
  EXPECT_LT(found, 395);
  c.theta[0] = NAN;
  EXPECT_EQ(pdlt_stability_check(&c.stability, c.theta.data()), 1);
  EXPECT_TRUE(std::isinf(pdlt_stability_largest(&c.stability, c.theta.data())));
}

// Counted in the run by every estimator, the same draws.
TEST(TrainerStability, EveryEstimatorCounts) {
  Settings s = wild();
  s.members = 150;
  Case c(s, 3, 6);
  double expected = 0;
  for (uint64_t member = 0; member < 150; member++)
    expected += c.ex.c.training.eta * c.largest(member) > 2;
  for (const char *estimator : {"plain", "antithetic", "two_level", "control"}) {
    s.estimator = estimator;
    Experiment ex(yaml(s));
    Archive out;
    pdlt_error err = {};
    const pdlt_ensemble_options o = options(2);
    ASSERT_EQ(pdlt_ensemble_run(&out.c, &ex.c, &c.data.c, &o, &err), PDLT_OK) << err.message;
    EXPECT_NEAR(out.at("n8/unstable"), expected / 150, 1e-15) << estimator;
    const json_t *pilot = json_array_get(json_object_get(out.c.meta, "stability"), 0);
    EXPECT_EQ(json_integer_value(json_object_get(pilot, "width")), 8);
    EXPECT_NEAR(json_number_value(json_object_get(pilot, "share")), expected / 150, 0.1);
  }
}

// The lognormal has the moments it is asked for; without skewness it is the normal distribution.
TEST(TrainerStability, TailOfTheShiftedLognormal) {
  for (const double skewness : {0.05, 0.5, 1.5, 4.0}) {
    double mean = 0, square = 0, cube = 0, before = 1;
    const double step = 1e-3;
    for (double x = -8; x < 400; x += step) { /* moments about 0 from the tail's decrements */
      const double after = pdlt_stability_tail_at(0, 1, skewness, x + step), mass = before - after;
      const double at = x + step / 2;
      mean += mass * at;
      square += mass * at * at;
      cube += mass * at * at * at;
      before = after;
    }
    EXPECT_NEAR(mean, 0, 1e-5) << skewness;
    EXPECT_NEAR(square, 1, 1e-4) << skewness;
    EXPECT_NEAR(cube, skewness, 2e-3 * (1 + skewness)) << skewness;
  }
  for (const double x : {-1.0, 0.0, 3.0, 5.0}) {
    EXPECT_NEAR(
        pdlt_stability_tail_at(1, 2, -0.3, 1 + 2 * x) / (0.5 * std::erfc(x / std::sqrt(2.0))), 1,
        1e-12);
    EXPECT_NEAR(
        pdlt_stability_tail_at(1, 2, 2e-6, 1 + 2 * x) / pdlt_stability_tail_at(1, 2, 0, 1 + 2 * x),
        1, 1e-3);
  }
  EXPECT_EQ(pdlt_stability_tail_at(1, 0, 0, 2), 0);
}

TEST(TrainerStability, WidthThatWouldDo) {
  for (const double skewness : {0.0, 1.0}) {
    const double n = pdlt_stability_width(16, 1.2, 0.3, skewness), root = std::sqrt(n / 16);
    EXPECT_GT(n, 16);
    EXPECT_NEAR(pdlt_stability_tail_at(1.2, 0.3 / root, skewness / root, 2) / PDLT_STABILITY_SHARE,
                1, 1e-6);
  }
  EXPECT_EQ(pdlt_stability_width(16, 0.5, 0.1, 1), 16);
  EXPECT_TRUE(std::isinf(pdlt_stability_width(16, 2.1, 0.1, 1)));
}

// Against 2^17 draws: the fit of their own moments, where a normal tail is wrong a hundredfold; and
// the pilot's 512 draws, whose estimates of the moments are rough.
TEST(TrainerStability, TailAgainstACount) {
  Settings s = wild();
  s.C_W = "1.5";
  s.train = 2;
  s.widths = "[16]";
  s.eta = "0.26"; /* about one draw in 4000 */
  Case c(s, 3, 5);
  const size_t draws = 1 << 17;
  std::vector<double> x(draws);
  for (size_t i = 0; i < draws; i++) x[i] = c.ex.c.training.eta * c.largest(i);
  pdlt_stability_tail all = {};
  all.width = 16;
  pdlt_stability_fit(&all, draws, x.data());
  ASSERT_GT(all.count, 10);
  const double share = all.count / (double)draws;
  EXPECT_LT(share, 3e-3);
  EXPECT_GT(all.tail / share, 0.5);
  EXPECT_LT(all.tail / share, 2);
  EXPECT_LT(pdlt_stability_tail_at(all.mean, all.sd, 0, 2), 0.02 * share);
  pdlt_stability_tail one = {}, two = {};
  ASSERT_EQ(pdlt_stability_pilot(&one, &c.plan, 1, nullptr, nullptr, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_stability_pilot(&two, &c.plan, 2, nullptr, nullptr, nullptr), PDLT_OK);
  EXPECT_EQ(one.tail, two.tail);
  EXPECT_EQ(one.mean, two.mean);
  EXPECT_NEAR(one.mean, all.mean, 5 * all.sd / std::sqrt(512.0));
  EXPECT_GT(one.tail / share, 0.05);
  EXPECT_LT(one.tail / share, 20);
}

// Few where the run is short and an eigenvalue dear, by a count of flops alone.
TEST(TrainerStability, DrawsOfThePilotFollowTheWorkOfTheRun) {
  Settings s = wild();
  s.train = 40;
  s.outputs = 10;
  s.members = 64;
  const auto draws = [&] {
    Case c(s, 5, 1);
    return pdlt_stability_draws(&c.plan, &c.net);
  };
  const int few = draws();
  EXPECT_GE(few, 32);
  EXPECT_LT(few, 512);
  s.train = 100;
  EXPECT_EQ(draws(), 32);
  s.members = 1 << 20;
  s.steps = "1000";
  s.record = "[0, 1000]";
  EXPECT_EQ(draws(), 512);
  s.members = 64;
  s.steps = "1";
  s.record = "[0, 1]";
  s.train = 8;
  EXPECT_EQ(draws(), 512);
}

void count_progress(void *context, int event, const char *text, double done, double total) {
  if (event == PDLT_EVENT_PROGRESS && std::string(text) == "stability of draws, n = 8" &&
      total == 512)
    *static_cast<double *>(context) = done;
}

TEST(TrainerStability, ThePilotShowsHowFarItIs) {
  Case c(wild(), 3, 6);
  double done = -1;
  pdlt_progress progress = {};
  progress.call = count_progress;
  progress.context = &done;
  pdlt_stability_tail tail = {};
  ASSERT_EQ(pdlt_stability_pilot(&tail, &c.plan, 2, nullptr, &progress, nullptr), PDLT_OK);
  EXPECT_EQ(done, 512);
  EXPECT_EQ(tail.draws, 512);
}

TEST(TrainerStability, MemoryFailuresLeaveNothing) {
  Case c(wild(), 3, 1);
  pdlt_error err = {};
  for (long failures = 0; failures < 4; failures++) {
    pdlt_stability stability = {};
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_stability_new(&stability, &c.net, &c.problem, 1, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(stability.theta, nullptr);
  }
}
