// Levels between linearization and training: against explicit gradients and linear recursions
// step by step, and against gradient descent.
#include "trainer/control/level.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

struct Fixture {
  // nodes: levels with at most so many may do without own weights.
  Fixture(const Settings &s, const Data &data, int width, size_t nodes = 4) : ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, width, problem.inputs, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    eta = ex.c.training.eta;
    schedule = pdlt_schedule_make(&ex.c, &problem);
    const pdlt_level_settings settings = {&net, &problem, &schedule, eta, 1, nodes, 1, 1};
    if (pdlt_level_draws_new(&level_draws, &settings, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    theta.resize(net.num_params);
    q = problem.outputs * problem.samples;
    pdlt_network_draw(&net, 7, 3, theta.data());
  }
  ~Fixture() {
    pdlt_level_draws_free(&level_draws);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  std::vector<double> output(const std::vector<double> &of, const pdlt_level &level) {
    std::vector<double> out(schedule.num_times * q);
    EXPECT_EQ(pdlt_level_draws_begin(&level_draws, of.data(), 1, nullptr), PDLT_OK);
    const pdlt_level_numbers numbers = {out.data(), nullptr, nullptr};
    EXPECT_EQ(pdlt_level_draws_output(&level_draws, &level, &numbers, nullptr), PDLT_OK);
    return out;
  }
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_schedule schedule = {};
  pdlt_level_draws level_draws = {};
  std::vector<double> theta;
  double eta = 0;
  size_t q = 0;
};

// Outputs, and gradients of every output, of the network theta.
std::vector<double> outputs_of(const Fixture &f, const std::vector<double> &theta) {
  std::vector<double> z(f.q);
  EXPECT_EQ(pdlt_reference_output(&f.net, &f.problem, theta.data(), z.data(), nullptr), PDLT_OK);
  return z;
}

std::vector<std::vector<double>> gradients_of(const Fixture &f, const Data &data,
                                              const std::vector<double> &theta) {
  std::vector<std::vector<double>> grad(f.q, std::vector<double>(f.net.num_params));
  for (size_t r = 0; r < f.q; r++)
    EXPECT_EQ(pdlt_reference_gradient(&f.net, theta.data(),
                                      &data.x[r % f.problem.samples * f.problem.inputs],
                                      f.net.depth, r / f.problem.samples, grad[r].data(), nullptr),
              PDLT_OK);
  return grad;
}

// `steps` steps of gradient descent of the linear network z + grad.(theta - theta'), of which
// theta is moved and z is followed; each z is handed to see.
template <typename See>
void linear_steps(const Fixture &f, const Data &data, const std::vector<std::vector<double>> &grad,
                  long steps, std::vector<double> z, std::vector<double> *theta, See see) {
  const size_t D = f.problem.samples, A = f.problem.train, N = f.net.num_params;
  std::vector<double> lambda(N);
  pdlt_reference_lambda(&f.net, lambda.data());
  for (long step = 0; step < steps; step++) {
    see(step, z);
    std::vector<double> moved(N);
    for (size_t i = 0; i < f.problem.outputs; i++)
      for (size_t a = 0; a < A; a++)
        for (size_t mu = 0; mu < N; mu++)
          moved[mu] -= f.eta * lambda[mu] * grad[i * D + a][mu] *
                       (z[i * D + a] - data.y[a * f.problem.outputs + i]);
    for (size_t mu = 0; mu < N; mu++) (*theta)[mu] += moved[mu];
    for (size_t r = 0; r < f.q; r++)
      for (size_t mu = 0; mu < N; mu++) z[r] += grad[r][mu] * moved[mu];
  }
}

// z (T, q) of one network at a level, whose middles are whole steps.
std::vector<double> naive(const Fixture &f, const Data &data, std::vector<double> theta,
                          const pdlt_level &level) {
  std::vector<double> out(f.schedule.num_times * f.q);
  const long length = (long)level.step, end = 1 + (long)f.schedule.times[f.schedule.num_times - 1];
  for (int node = 0; node <= level.nodes; node++) {
    const long start = node * length;
    const bool last = node == level.nodes;
    const std::vector<double> z = outputs_of(f, theta);
    auto grad = gradients_of(f, data, theta);
    if (level.middle && !last) {
      std::vector<double> half = theta;
      linear_steps(f, data, grad, length / 2, z, &half, [](long, const std::vector<double> &) {});
      grad = gradients_of(f, data, half);
    }
    linear_steps(f, data, grad, last ? std::max(end - start, 0L) : length, z, &theta,
                 [&](long step, const std::vector<double> &now) {
                   for (size_t t = 0; t < f.schedule.num_times; t++)
                     if (f.schedule.times[t] == (double)(start + step))
                       std::copy(now.begin(), now.end(), out.begin() + (long)(t * f.q));
                 });
  }
  return out;
}

// The NTK, upper triangle row by row.
std::vector<double> naive_ntk(const Fixture &f, const Data &data,
                              const std::vector<double> &theta) {
  const auto grad = gradients_of(f, data, theta);
  std::vector<double> lambda(f.net.num_params), out;
  pdlt_reference_lambda(&f.net, lambda.data());
  for (size_t r = 0; r < f.q; r++)
    for (size_t s = r; s < f.q; s++) {
      out.push_back(0);
      for (size_t mu = 0; mu < lambda.size(); mu++)
        out.back() += lambda[mu] * grad[r][mu] * grad[s][mu];
    }
  return out;
}

// (T, P): how the NTK of one network has changed at a level.
std::vector<double> naive_change(const Fixture &f, const Data &data, std::vector<double> theta,
                                 const pdlt_level &level) {
  const size_t T = f.schedule.num_times;
  const std::vector<double> start = naive_ntk(f, data, theta);
  std::vector<double> before = start, out;
  std::vector<std::vector<double>> at(T);
  for (int node = 0; node <= level.nodes; node++) {
    std::vector<double> next = before;
    if (node < level.nodes) {
      auto grad = gradients_of(f, data, theta);
      const std::vector<double> z = outputs_of(f, theta);
      const auto ignore = [](long, const std::vector<double> &) {};
      if (level.middle) {
        std::vector<double> half = theta;
        linear_steps(f, data, grad, (long)level.step / 2, z, &half, ignore);
        grad = gradients_of(f, data, half);
      }
      linear_steps(f, data, grad, (long)level.step, z, &theta, ignore);
      next = naive_ntk(f, data, theta);
    }
    for (size_t t = 0; t < T; t++) {
      const double share = f.schedule.times[t] / level.step - node;
      if (share < 0 || (share >= 1 && node < level.nodes)) continue;
      at[t] = before;
      for (size_t i = 0; i < next.size() && node < level.nodes; i++)
        at[t][i] += share * (next[i] - before[i]);
    }
    before = next;
  }
  for (const auto &x : at)
    for (size_t i = 0; i < x.size(); i++) out.push_back(x[i] - start[i]);
  return out;
}

// The mean over a pair.
std::vector<double> naive_pair(const Fixture &f, const Data &data, std::vector<double> theta,
                               const pdlt_level &level) {
  std::vector<double> plus = naive(f, data, theta, level);
  pdlt_network_negate_last(&f.net, theta.data());
  const std::vector<double> minus = naive(f, data, theta, level);
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

TEST(TrainerLevel, FollowsItsLinearizationsStepByStep) {
  const struct {
    const char *activation;
    int depth, outputs;
  } cases[] = {{"tanh", 3, 1}, {"sin", 4, 2}, {"gelu", 2, 1}};
  for (const auto &x : cases) {
    const Settings s = settings(x.activation, x.depth, x.outputs);
    Data data(3, 2, 3, (size_t)x.outputs, 8);
    Fixture f(s, data, 20), g(s, data, 20, 0);
    const std::vector<double> own = f.output(f.theta, {0, 0, 0});
    for (const pdlt_level &level :
         {pdlt_level{0, 0, 0}, {1, 3, 0}, {3, 1, 0}, {2, 4, 0}, {2, 1, 1}, {2, 4, 1}, {4, 2, 1}}) {
      const std::vector<double> expected = naive_pair(f, data, f.theta, level);
      const std::vector<double> out = f.output(f.theta, level),
                                explicitly = g.output(g.theta, level);
      double moved = 0;
      for (size_t i = 0; i < out.size(); i++) {
        EXPECT_NEAR(out[i], expected[i], 1e-12) << x.activation << level.step << level.nodes;
        EXPECT_NEAR(explicitly[i], expected[i], 1e-12) << x.activation << level.step << level.nodes;
        moved = std::fmax(moved, std::fabs(out[i] - own[i]));
      }
      if (level.nodes > 0) {
        EXPECT_GT(moved, 1e-6);
      }
    }
  }
}

// The NTK at the nodes, from explicit gradients, and in proportion to the time between them.
TEST(TrainerLevel, FollowsTheNtk) {
  for (int outputs : {1, 2}) {
    const Settings s = settings("tanh", 3 + outputs % 2, outputs);
    Data data(3, 2, 3, (size_t)outputs, 8);
    Fixture f(s, data, 12), g(s, data, 12, 0);
    std::vector<double> minus = f.theta;
    pdlt_network_negate_last(&f.net, minus.data());
    for (const pdlt_level &level : {pdlt_level{0, 0, 0}, {3, 1, 0}, {2, 4, 0}, {4, 2, 1}}) {
      std::vector<double> expected(f.schedule.num_times * f.q * (f.q + 1) / 2);
      if (level.nodes > 0) {
        expected = naive_change(f, data, f.theta, level);
        const std::vector<double> other = naive_change(f, data, minus, level);
        for (size_t i = 0; i < expected.size(); i++) expected[i] = 0.5 * (expected[i] + other[i]);
      }
      double moved = 0;
      for (Fixture *x : {&f, &g}) {
        std::vector<double> out(x->schedule.num_times * x->q), kernels(expected.size());
        const pdlt_level_numbers numbers = {out.data(), nullptr, kernels.data()};
        ASSERT_EQ(pdlt_level_draws_begin(&x->level_draws, x->theta.data(), 1, nullptr), PDLT_OK);
        ASSERT_EQ(pdlt_level_draws_output(&x->level_draws, &level, &numbers, nullptr), PDLT_OK);
        for (size_t i = 0; i < expected.size(); i++) {
          EXPECT_NEAR(kernels[i], expected[i], 1e-11) << level.step << level.nodes << " " << i;
          moved = std::fmax(moved, std::fabs(kernels[i]));
        }
      }
      EXPECT_EQ(moved > 1e-3, level.nodes > 0);
    }
  }
}

// A node at every step is gradient descent, up to the last recorded time: few and many samples,
// small and large layers.
TEST(TrainerLevel, EveryStepIsGradientDescent) {
  const struct {
    int width, train, test;
  } cases[] = {{6, 3, 2}, {6, 5, 4}, {192, 3, 2}, {192, 5, 4}};
  for (const auto &x : cases) {
    const Settings s = settings("tanh", 4, 2);
    Data data((size_t)x.train, (size_t)x.test, 3, 2, 8);
    Fixture f(s, data, x.width);
    const std::vector<double> out = f.output(f.theta, {1, 9, 0});
    std::vector<double> mean(out.size());
    for (int negate = 0; negate < 2; negate++) {
      std::vector<double> theta = f.theta;
      if (negate) pdlt_network_negate_last(&f.net, theta.data());
      for (long step = 0; step <= 9; step++) {
        const std::vector<double> z = outputs_of(f, theta);
        for (size_t t = 0; t < f.schedule.num_times; t++)
          for (size_t i = 0; i < f.q && f.schedule.times[t] == (double)step; i++)
            mean[t * f.q + i] += 0.5 * z[i];
        ASSERT_EQ(pdlt_reference_step(&f.net, &f.problem, f.eta, theta.data(), nullptr), PDLT_OK);
      }
    }
    for (size_t i = 0; i < out.size(); i++)
      EXPECT_NEAR(out[i], mean[i], 1e-12) << x.width << " " << x.train;
  }
}

// Middles are of second order: half the step leaves a quarter of the error, not a half.
TEST(TrainerLevel, MiddlesAreOfSecondOrder) {
  Settings s = settings("tanh", 3, 1);
  s.eta = "0.0005";
  s.steps = "512";
  s.record = "[512]";
  Data data(3, 2, 3, 1, 8);
  Fixture f(s, data, 6);
  const std::vector<double> exact = f.output(f.theta, {1, 512, 0});
  double error[2][2];
  for (int middle = 0; middle < 2; middle++)
    for (int fine = 0; fine < 2; fine++) {
      const std::vector<double> out =
          f.output(f.theta, {fine ? 64.0 : 128.0, fine ? 8 : 4, middle});
      error[middle][fine] = 0;
      for (size_t i = 0; i < out.size(); i++) error[middle][fine] += std::pow(out[i] - exact[i], 2);
    }
  EXPECT_NEAR(std::sqrt(error[0][0] / error[0][1]), 2, 0.4);
  EXPECT_NEAR(std::sqrt(error[1][0] / error[1][1]), 4, 1);
  EXPECT_LT(error[1][1], error[0][1]);
}

TEST(TrainerLevel, IsTheOwnLinearizationWhereTheDrawIsUnstable) {
  Settings s = settings("tanh", 3, 1);
  s.eta = "5";
  Data data(3, 2, 3, 1, 8);
  Fixture f(s, data, 6);
  const std::vector<double> own = f.output(f.theta, {0, 0, 0});
  EXPECT_EQ(f.level_draws.unstable[0], 1);
  EXPECT_EQ(f.output(f.theta, {2, 2, 0}), own);
}

// Stable at the draw, but a single linearization to the end overshoots.
TEST(TrainerLevel, IsTheOwnLinearizationWhereTheResidualGrows) {
  Settings s = settings("linear", 3, 1);
  s.C_W = "0.2";
  s.eta = "0.4";
  s.steps = "200";
  s.record = "[200]";
  Data data(3, 2, 3, 1, 8);
  for (double &y : data.y) y *= 20;
  Fixture f(s, data, 6);
  int fell_back = 0;
  for (uint64_t member = 0; member < 20; member++) {
    pdlt_network_draw(&f.net, 7, member, f.theta.data());
    const std::vector<double> own = f.output(f.theta, {0, 0, 0});
    if (f.level_draws.unstable[0]) continue;
    const std::vector<double> out = f.output(f.theta, {100, 1, 0});
    fell_back += out == own;
    for (double x : out) EXPECT_TRUE(std::isfinite(x));
  }
  EXPECT_GT(fell_back, 0);
}
