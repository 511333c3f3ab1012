// The level between linearization and training: against plain gradient descent and an explicit
// linear recursion, and the sums over further last layers.
#include "trainer/stage.h"

#include <gtest/gtest.h>

#include "tests/trainer_support.h"

using namespace trainer_test;

namespace {

struct Fixture {
  Fixture(const Settings &s, const Data &data, int width) : ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_problem_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, width, problem.inputs, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    eta = ex.c.training.eta;
    schedule = pdlt_schedule_make(&ex.c, &problem);
    if (pdlt_stepper_new(&stepper, &net, &problem, eta, PDLT_FIRST_AUTO, 0, &err) != PDLT_OK ||
        pdlt_control_new(&control, &net, &problem, &schedule, eta, &err) != PDLT_OK ||
        pdlt_stage_new(&stage, &net, &problem, &schedule, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    theta.resize(net.num_params);
    q = problem.outputs * problem.samples;
    pdlt_network_draw(&net, 7, 3, theta.data());
  }
  ~Fixture() {
    pdlt_stage_free(&stage);
    pdlt_control_free(&control);
    pdlt_stepper_free(&stepper);
    pdlt_network_free(&net);
    pdlt_problem_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  std::vector<double> difference(const std::vector<double> &of, long steps) {
    std::vector<double> out(schedule.num_times * q);
    EXPECT_EQ(
        pdlt_stage_difference(&stage, &stepper, &control, of.data(), steps, out.data(), nullptr),
        PDLT_OK);
    return out;
  }
  Experiment ex;
  pdlt_problem problem = {};
  pdlt_network net = {};
  pdlt_schedule schedule = {};
  pdlt_stepper stepper = {};
  pdlt_control control = {};
  pdlt_stage stage = {};
  std::vector<double> theta;
  double eta = 0;
  size_t q = 0;
};

// z (T, q) of a network that makes `steps` steps of gradient descent and then moves by its NTK,
// which stays as it is; steps beyond the last time: no linearization.
std::vector<double> naive(const Fixture &f, const Data &data, std::vector<double> theta,
                          long steps) {
  const size_t D = f.problem.samples, A = f.problem.train, N = f.net.num_params;
  std::vector<double> z(f.q), ntk(f.q * f.q), out, lambda(N);
  pdlt_reference_lambda(&f.net, lambda.data());
  for (long step = 0;; step++) {
    if (step <= steps) {
      EXPECT_EQ(pdlt_reference_output(&f.net, &f.problem, theta.data(), z.data(), nullptr),
                PDLT_OK);
    }
    for (size_t t = 0; t < f.schedule.num_times; t++)
      if (f.schedule.times[t] == (double)step) out.insert(out.end(), z.begin(), z.end());
    if (out.size() == f.schedule.num_times * f.q) return out;
    if (step < steps) {
      EXPECT_EQ(pdlt_reference_step(&f.net, &f.problem, f.eta, theta.data(), nullptr), PDLT_OK);
      continue;
    }
    if (step == steps) {
      std::vector<std::vector<double>> grad;
      for (size_t r = 0; r < f.q; r++) {
        grad.emplace_back(N);
        EXPECT_EQ(pdlt_reference_gradient(&f.net, theta.data(), &data.x[r % D * f.problem.inputs],
                                          f.net.depth, r / D, grad.back().data(), nullptr),
                  PDLT_OK);
      }
      for (size_t r = 0; r < f.q; r++)
        for (size_t k = 0; k < f.q; k++)
          for (size_t mu = 0; mu < N; mu++)
            ntk[r * f.q + k] += lambda[mu] * grad[r][mu] * grad[k][mu];
    }
    std::vector<double> next = z;
    for (size_t r = 0; r < f.q; r++)
      for (size_t i = 0; i < f.problem.outputs; i++)
        for (size_t a = 0; a < A; a++)
          next[r] -=
              f.eta * ntk[r * f.q + i * D + a] * (z[i * D + a] - data.y[a * f.problem.outputs + i]);
    z = next;
  }
}

// The mean over a pair.
std::vector<double> naive_pair(const Fixture &f, const Data &data, std::vector<double> theta,
                               long steps) {
  std::vector<double> plus = naive(f, data, theta, steps);
  pdlt_network_negate_last(&f.net, theta.data());
  const std::vector<double> minus = naive(f, data, theta, steps);
  for (size_t i = 0; i < plus.size(); i++) plus[i] = 0.5 * (plus[i] + minus[i]);
  return plus;
}

Settings settings(const char *activation, int depth, int outputs) {
  Settings s;
  s.activation = activation;
  s.depth = depth;
  s.outputs = outputs;
  s.eta = "0.03";
  s.steps = "9";
  s.record = "[0, 2, 4, 9]";
  return s;
}

}  // namespace

TEST(TrainerStage, TrainsThenStaysLinear) {
  const struct {
    const char *activation;
    int depth, outputs;
  } cases[] = {{"tanh", 3, 1}, {"sin", 4, 2}, {"gelu", 2, 1}};
  for (const auto &x : cases) {
    const Settings s = settings(x.activation, x.depth, x.outputs);
    Data data(3, 2, 3, (size_t)x.outputs, 8);
    Fixture f(s, data, 6);
    const std::vector<double> linear = naive_pair(f, data, f.theta, 0);
    for (long steps : {1, 2, 3, 4, 7, 9}) {
      const std::vector<double> expected = naive_pair(f, data, f.theta, steps);
      const std::vector<double> difference = f.difference(f.theta, steps);
      double size = 0;
      for (size_t i = 0; i < expected.size(); i++) {
        EXPECT_NEAR(difference[i], expected[i] - linear[i], 1e-12) << x.activation << steps;
        size = std::fmax(size, std::fabs(difference[i]));
      }
      EXPECT_GT(size, 1e-5);
    }
  }
}

TEST(TrainerStage, SumsOverFurtherLastLayersHaveMeanZero) {
  const Settings s = settings("tanh", 4, 2);
  Data data(3, 2, 3, 2, 8);
  Fixture f(s, data, 6);
  const std::vector<double> before = f.theta, own = f.difference(f.theta, 3);
  std::vector<double> shift(own.size(), 0.25);
  ASSERT_EQ(pdlt_stage_add(&f.stage, &f.stepper, &f.control, f.theta.data(), 3, 2, 11, 5,
                           shift.data(), nullptr),
            PDLT_OK);
  EXPECT_EQ(f.theta, before);
  std::vector<double> expected(own.size());
  for (size_t i = 0; i < own.size(); i++) expected[i] = 0.25 - 2.0 / 3 * own[i];
  for (uint64_t k = 0; k < 2; k++) {
    std::vector<double> theta = before, fresh(before.size());
    pdlt_network_draw(&f.net, 11, PDLT_STAGE_MEMBER + 10 + k, fresh.data());
    for (size_t i = f.net.layer[3].weight; i < theta.size(); i++) theta[i] = fresh[i];
    const std::vector<double> further = f.difference(theta, 3);
    for (size_t i = 0; i < own.size(); i++) expected[i] += further[i] / 3;
  }
  for (size_t i = 0; i < own.size(); i++) EXPECT_NEAR(shift[i], expected[i], 1e-14);
}

TEST(TrainerStage, IsLeftOutWhereTheResidualGrows) {
  Settings s = settings("linear", 3, 1);
  s.eta = "5";
  Data data(3, 2, 3, 1, 8);
  Fixture f(s, data, 6);
  for (long steps : {1, 3, 9})
    for (double x : f.difference(f.theta, steps)) EXPECT_EQ(x, 0);
}
