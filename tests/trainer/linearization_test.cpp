// Own linearizations: NTK against gradients sample by sample, c against gradient descent of
// the linearized pair.
#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/control/flops.h"
#include "trainer/control/level.h"

using namespace trainer_test;

namespace {

// One network of an experiment with its control, by way of level.h.
struct Fixture {
  Fixture(const Settings &s, const Data &data, int width) : ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, width, problem.inputs, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    schedule = pdlt_schedule_make(&ex.c, &problem);
    const pdlt_level_settings settings = {&net, &problem, &schedule, ex.c.training.eta, 1, 4, 0, 0};
    if (pdlt_level_draws_new(&level_draws, &settings, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    theta.resize(net.num_params);
    q = problem.outputs * problem.samples;
    c.resize(schedule.num_times * q);
  }
  ~Fixture() {
    pdlt_level_draws_free(&level_draws);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  void draw(uint64_t member) { pdlt_network_draw(&net, 7, member, theta.data()); }
  int output() {
    EXPECT_EQ(pdlt_level_draws_begin(&level_draws, theta.data(), 1, nullptr), PDLT_OK);
    c.assign(level_draws.linear, level_draws.linear + c.size());
    return level_draws.unstable[0];
  }
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_schedule schedule = {};
  pdlt_level_draws level_draws = {};
  std::vector<double> theta, c;
  size_t q = 0;
};

Settings random_settings(std::mt19937_64 &gen) {
  static const char *const activations[] = {"tanh", "relu", "sin", "gelu", "linear"};
  Settings s;
  s.activation = activations[gen() % 5];
  s.depth = 2 + (int)(gen() % 4);
  s.outputs = 1 + (int)(gen() % 3);
  s.train = 1 + (int)(gen() % 4);
  s.test = (int)(gen() % 3);
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = "0.3";
  s.lambda_W = random_list(gen, s.depth, false);
  s.eta = "0.02";
  s.ratios = "[1";
  for (int l = 2; l < s.depth; l++) s.ratios += gen() % 2 ? ", 2" : ", 1";
  s.ratios += "]";
  return s;
}

// Row (i, sample): gradient of z_i with respect to all parameters.
std::vector<std::vector<double>> gradients(const Fixture &f, const Data &data) {
  std::vector<std::vector<double>> rows;
  for (size_t i = 0; i < f.problem.outputs; i++)
    for (size_t a = 0; a < f.problem.samples; a++) {
      rows.emplace_back(f.net.num_params);
      EXPECT_EQ(pdlt_reference_gradient(&f.net, f.theta.data(), &data.x[a * f.problem.inputs],
                                        f.net.depth, i, rows.back().data(), nullptr),
                PDLT_OK);
    }
  return rows;
}

}  // namespace

TEST(TrainerLinearization, NtkIsThatOfTheGradients) {
  std::mt19937_64 gen(31);
  for (int trial = 0; trial < 20; trial++) {
    const Settings s = random_settings(gen);
    Data data((size_t)s.train, (size_t)s.test, 1 + gen() % 4, (size_t)s.outputs, (unsigned)trial);
    Fixture f(s, data, 1 + (int)(gen() % 9));
    f.draw(3);
    f.output();
    const auto grad = gradients(f, data);
    std::vector<double> lambda(f.net.num_params);
    pdlt_reference_lambda(&f.net, lambda.data());
    for (size_t r = 0; r < f.q; r++)
      for (size_t k = 0; k < f.q; k++) {
        double sum = 0, size = 0;
        for (size_t mu = 0; mu < lambda.size(); mu++) {
          sum += lambda[mu] * grad[r][mu] * grad[k][mu];
          size += std::fabs(lambda[mu] * grad[r][mu] * grad[k][mu]);
        }
        EXPECT_NEAR(f.level_draws.bundle->draw.ntk[r * f.q + k], sum, 1e-13 * (size + 1)) << trial;
      }
  }
}

// Newton's method: z <- z - eta Th_.A kappa (z_A - y) of the linearized pair, step by step.
TEST(TrainerLinearization, FollowsNewtonsMethod) {
  std::mt19937_64 gen(35);
  for (int trial = 0; trial < 10; trial++) {
    Settings s = random_settings(gen);
    s.activation = "tanh";
    s.more_training = "  method: newton\n";
    s.eta = "0.3";
    Data data((size_t)s.train, (size_t)s.test, 2 + gen() % 3, (size_t)s.outputs, (unsigned)trial);
    const size_t A = data.c.train, D = A + data.c.test, n = data.c.outputs;
    std::vector<double> root(A * A), kappa(A * A);
    std::normal_distribution<double> normal;
    for (double &v : root) v = 0.15 * normal(gen);
    for (size_t a = 0; a < A; a++)
      for (size_t b = 0; b < A; b++) {
        kappa[a * A + b] = a == b ? 0.05 : 0;
        for (size_t c = 0; c < A; c++) kappa[a * A + b] += root[a * A + c] * root[b * A + c];
      }
    data.c.kappa = kappa.data();
    Fixture f(s, data, 20);
    f.draw(5);
    if (f.output()) continue;  // unstable: bounded instead
    const double *ntk = f.level_draws.bundle->draw.ntk;
    std::vector<double> z(f.q);
    for (size_t step = 0, t = 0; t < f.schedule.num_times; step++) {
      if ((double)step == f.schedule.times[t]) {
        for (size_t i = 0; i < f.q; i++) EXPECT_NEAR(f.c[t * f.q + i], z[i], 1e-10) << trial;
        t++;
      }
      std::vector<double> next = z;
      for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < A; a++) {
          double back = 0;
          for (size_t b = 0; b < A; b++)
            back += kappa[a * A + b] * (z[i * D + b] - data.y[b * n + i]);
          for (size_t r = 0; r < f.q; r++) next[r] -= 0.3 * ntk[r * f.q + i * D + a] * back;
        }
      z = next;
    }
  }
}

// Parameters move by explicit gradients of the network linearized about its draw, for
// z(0) and for -z(0), step by step.
TEST(TrainerLinearization, IsGradientDescentOfTheLinearizedPair) {
  std::mt19937_64 gen(32);
  int compared = 0;
  for (int trial = 0; trial < 20; trial++) {
    const Settings s = random_settings(gen);
    Data data((size_t)s.train, (size_t)s.test, 3, (size_t)s.outputs, 40 + (unsigned)trial);
    Fixture f(s, data, 2 + (int)(gen() % 7));
    f.draw(5);
    if (f.output()) continue;  // explodes; psi is then another function, tested below
    compared++;
    const size_t N = f.net.num_params, D = f.problem.samples;
    std::vector<double> lambda(N), start(f.q);
    pdlt_reference_lambda(&f.net, lambda.data());
    ASSERT_EQ(pdlt_reference_output(&f.net, &f.problem, f.theta.data(), start.data(), nullptr),
              PDLT_OK);
    const auto grad = gradients(f, data);
    std::vector<double> mean(f.c.size());
    for (double sign : {1.0, -1.0}) {
      std::vector<double> moved(N), z(f.q);
      size_t next = 0;
      for (int step = 0; step <= 10; step++) {
        for (size_t r = 0; r < f.q; r++) {
          z[r] = sign * start[r];
          for (size_t mu = 0; mu < N; mu++) z[r] += grad[r][mu] * moved[mu];
        }
        if (step == f.schedule.times[next]) {
          for (size_t r = 0; r < f.q; r++) mean[next * f.q + r] += 0.5 * z[r];
          next++;
        }
        for (size_t i = 0; i < f.problem.outputs; i++)
          for (size_t a = 0; a < f.problem.train; a++) {
            const double eps = z[i * D + a] - data.y[a * f.problem.outputs + i];
            for (size_t mu = 0; mu < N; mu++)
              moved[mu] -= f.level_draws.linearization.eta * lambda[mu] * eps * grad[i * D + a][mu];
          }
      }
    }
    for (size_t i = 0; i < mean.size(); i++) EXPECT_NEAR(f.c[i], mean[i], 1e-11) << trial;
  }
  EXPECT_GT(compared, 15);
}

TEST(TrainerLinearization, ResponseIsTheSumOfItsSteps) {
  for (double eta : {1e-3, 0.3, 2.0})
    for (double x : {0.0, 1e-17, 1e-9, 0.2, 0.999, 1.0, 1.3, 1.999, 2.0, 2.5, 40.0})
      for (int t : {0, 1, 2, 7, 300}) {
        const double theta = x / eta, mu = x > 2 ? 1 / (1 - x) : 1 - x;
        double sum = 0, power = 1;
        for (int s = 0; s < t; s++, power *= mu) sum += power;
        // (1 - mu) times the sum, over theta; below -1 the factor is another one.
        const double expected = x > 2 ? (1 - power) / theta : eta * sum;
        EXPECT_NEAR(pdlt_linearization_response(eta, theta, t), expected, 1e-12 * eta * (1 + t))
            << x << " " << t;
        EXPECT_GE(pdlt_linearization_response(eta, theta, t), 0);
        EXPECT_LE(pdlt_linearization_response(eta, theta, t), eta * t);
      }
  EXPECT_EQ(pdlt_linearization_response(0.5, 3.0, INFINITY), 1 / 3.0);
  EXPECT_EQ(pdlt_linearization_response(0.5, 300.0, INFINITY), 1 / 300.0);
  EXPECT_EQ(pdlt_linearization_response(0.5, 1e-3, INFINITY), 1e3);
  EXPECT_EQ(pdlt_linearization_response(0.5, 0, INFINITY), 0);
  EXPECT_EQ(pdlt_linearization_response(0.5, -1e-18, 4), 2);
  EXPECT_NEAR(pdlt_linearization_response(0.5, 3.0, 1.5), 1 / 3.0,
              1e-15);  // half-way: mu^t has no real part
  EXPECT_NEAR(pdlt_linearization_response(0.5, 1.0, 1.5), 1 - std::pow(0.5, 1.5), 1e-15);
}

TEST(TrainerLinearization, StaysBoundedWhereTheLinearizedNetworkExplodes) {
  Settings s;
  s.eta = "3";
  s.steps = "1000";
  s.record = "[0, 999, 1000]";
  Data data(3, 2, 3, 1, 4);
  Fixture f(s, data, 4);
  for (uint64_t member = 0; member < 20; member++) {
    f.draw(member);
    EXPECT_EQ(f.output(), 1);
    for (size_t a = 0; a < 5; a++) EXPECT_EQ(f.c[a], 0);
    for (double c : f.c) EXPECT_LT(std::fabs(c), 50);
    for (size_t a = 0; a < 3; a++) EXPECT_NEAR(f.c[5 + a], data.y[a], 1.5);
  }
}

TEST(TrainerLinearization, FlopsCountWhatTheySay) {
  Settings s;
  s.outputs = 2;
  Data data(3, 2, 4, 2, 1);
  Fixture f(s, data, 8);  // 4 - 8 - 8 - 2
  const double products = 32 + 64 + 16;
  EXPECT_EQ(pdlt_flops_draw(&f.net, 1, 3), PDLT_FLOPS_NORMAL * (products + 18));
  EXPECT_EQ(pdlt_flops_draw(&f.net, 2, 2), PDLT_FLOPS_NORMAL * 72);
  const double step = 2 * 3 * (2 * 32 + 3 * (64 + 16)), sigma = PDLT_FLOPS_SIGMA * 16;
  EXPECT_EQ(pdlt_flops_step(&f.net, 3), step);
  EXPECT_EQ(pdlt_flops_train(&f.net, 3, 5, 7, 2),
            7 * (2 * step + 3 * sigma) + 2 * (2 * 8 * products + 5 * sigma));  // 1 + 3/N_A = 2
  EXPECT_EQ(pdlt_flops_linear(&f.net, 3, 5),
            2 * 15 * products + 5 * sigma + 2 * 100 * 16 + pdlt_flops_eigen(6));
  EXPECT_EQ(pdlt_flops_eigen(6), 4000 * 36 + 9 * 216);
}
