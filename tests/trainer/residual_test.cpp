// What goes back through the network with training.method: newton and training.batch, against plain loops.
#include <algorithm>

#include "base/experiment/batch.h"
#include "base/vector/kernels.h"
#include "tests/trainer/positions.h"
#include "trainer/control/level.h"
#include "trainer/measure/cross_entropy.h"
#include "trainer/network/residual.h"

using namespace trainer_test;

namespace {

using Array = std::vector<double>;

// Samples of step s, one by one in file order, round and round.
std::vector<char> BatchOf(const pdlt_samples &p, int step) {
  std::vector<char> in(p.train, 0);
  size_t next = 0;
  for (int s = 0; s <= step; s++)
    for (size_t j = 0; j < p.batch; j++, next = (next + 1) % p.train)
      if (s == step) in[next] = 1;
  return in;
}

// Outputs (n_L, D) before each step and after the last: theta <- theta - eta lambda J^T K_s (z - y), the
// gradient of every output with respect to every parameter written out.
std::vector<Array> Loop(const WiredNet &x, double eta, int steps) {
  const pdlt_samples &p = x.samples;
  const size_t A = p.train, D = p.samples, n = p.outputs;
  Array theta = x.theta, z(n * D), start, back(n * A);
  std::vector<Array> all;
  for (int step = 0; step <= steps; step++) {
    EXPECT_EQ(pdlt_reference_output(&x.net, &p, theta.data(), z.data(), nullptr), PDLT_OK);
    if (step == 0) start = z;
    all.push_back(z);
    const auto eps = [&](size_t i, size_t a) {
      return z[i * D + a] - p.y_train[i * A + a] - (p.centered ? start[i * D + a] : 0);
    };
    const std::vector<char> in = BatchOf(p, step);
    for (size_t i = 0; i < n; i++)
      for (size_t a = 0; a < A; a++) {
        double sum = p.newton || !in[a] ? 0 : eps(i, a);
        if (p.cross_entropy && in[a]) {
          double total = 0;
          for (size_t j = 0; j < n; j++) total += exp(z[j * D + a]);
          sum = exp(z[i * D + a]) / total - p.y_train[i * A + a];
        }
        for (size_t b = 0; b < A && p.newton; b++) sum += p.kappa[a * A + b] * eps(i, b);
        back[i * A + a] = sum;
      }
    EXPECT_EQ(pdlt_reference_move(&x.net, &p, eta, back.data(), theta.data(), nullptr), PDLT_OK);
  }
  return all;
}

// A symmetric positive kappa.
Array RandomKappa(size_t A, std::mt19937_64 &gen) {
  std::normal_distribution<double> normal;
  Array g(A * A), k(A * A);
  for (double &v : g) v = normal(gen);
  for (size_t a = 0; a < A; a++)
    for (size_t b = 0; b < A; b++) {
      k[a * A + b] = a == b ? 0.5 : 0;
      for (size_t c = 0; c < A; c++) k[a * A + b] += 0.3 * g[a * A + c] * g[b * A + c] / (double)A;
    }
  return k;
}

void ExpectLoop(WiredNet &x) {
  const double eta = 0.04;
  const std::vector<Array> slow = Loop(x, eta, 6);
  for (int set = 0; pdlt_simd_get(set) != nullptr; set++)
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES})
      for (const int single : {0, 1}) {
        const pdlt_step_settings settings = {eta, first, single, pdlt_simd_get(set)};
        pdlt_stepper st = {};
        Array fast(slow[0].size());
        ASSERT_EQ(pdlt_stepper_new(&st, &x.net, &x.samples, &settings, nullptr), PDLT_OK);
        for (int again = 0; again < 2; again++) {  // batches begin anew with each network
          std::copy(x.theta.begin(), x.theta.end(), st.theta);
          pdlt_stepper_begin(&st);
          for (size_t step = 0; step < slow.size(); step++) {
            pdlt_stepper_forward(&st);
            pdlt_stepper_output(&st, fast.data());
            for (size_t i = 0; i < fast.size(); i++)
              ASSERT_NEAR(fast[i], slow[step][i], (single ? 1e-4 : 1e-11) * (1 + fabs(fast[i])))
                  << step << yaml(x.wired.s);
            pdlt_stepper_update(&st);
          }
        }
        pdlt_stepper_free(&st);
      }
}

}  // namespace

TEST(TrainerResidual, StepsArePlainLoops) {
  std::mt19937_64 gen(11);
  for (unsigned trial = 0; trial < 18; trial++) {
    Wired w = trial % 3 == 2 ? random_residual(gen, {"tanh", "sin"})
                             : random_wired(gen, {"tanh", "gelu"});
    if (trial % 3 == 0) w.s.more_network = "";
    if (trial % 3 == 0) w.s.train = 1 + (int)(gen() % 9);
    WiredNet x(w, trial);
    Array kappa = RandomKappa(x.samples.train, gen);
    x.samples.centered = trial % 5 == 0;
    if (trial % 2 == 0) {
      x.samples.newton = 1;
      x.samples.kappa = kappa.data();
    } else {
      x.samples.batch = 1 + gen() % x.samples.train;
    }
    EXPECT_EQ(pdlt_residual_is_plain(&x.samples),
              !x.samples.newton && x.samples.batch == x.samples.train);
    ExpectLoop(x);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// A level with a node at every step is Newton's method itself, on both networks of the pair.
TEST(TrainerResidual, LevelsFollowNewton) {
  Settings s;
  s.outputs = 2;
  s.record = "[0, 3, 6]";
  s.steps = "6";
  Wired w = {s, 3};
  WiredNet plus(w, 5), minus(w, 5);
  std::mt19937_64 gen(7);
  Array kappa = RandomKappa(3, gen), root(9), out(3 * 2 * 5);
  pdlt_network_negate_last(&minus.net, minus.theta.data());
  ASSERT_EQ(pdlt_symmetric_power(3, kappa.data(), 0.5, root.data(), nullptr), PDLT_OK);
  for (WiredNet *x : {&plus, &minus}) {
    x->samples.newton = 1;
    x->samples.kappa = kappa.data();
    x->samples.root = root.data();
  }
  const pdlt_schedule schedule = pdlt_schedule_make(&plus.ex.c, &plus.samples);
  const pdlt_level_settings settings = {&plus.net, &plus.samples, &schedule, 0.05, 1, 4, 0, 0};
  const pdlt_level level = {1, 6, 0};
  pdlt_level_draws draws = {};
  ASSERT_EQ(pdlt_level_draws_new(&draws, &settings, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_level_draws_begin(&draws, plus.theta.data(), 1, nullptr), PDLT_OK);
  const pdlt_level_numbers numbers = {out.data(), nullptr, nullptr};
  ASSERT_EQ(pdlt_level_draws_output(&draws, &level, &numbers, nullptr), PDLT_OK);
  EXPECT_EQ(draws.use[0], 1);
  const std::vector<Array> up = Loop(plus, 0.05, 6), down = Loop(minus, 0.05, 6);
  for (size_t t = 0; t < 3; t++)
    for (size_t i = 0; i < 10; i++)
      EXPECT_NEAR(out[t * 10 + i], (up[3 * t][i] + down[3 * t][i]) / 2, 1e-12);
  pdlt_level_draws_free(&draws);
}

TEST(TrainerResidual, BatchesGoRoundInFileOrder) {
  pdlt_samples p = {};
  for (p.train = 1; p.train <= 7; p.train++)
    for (p.batch = 1; p.batch <= p.train; p.batch++)
      for (int step = 0; step < 20; step++)
        for (size_t a = 0; a < p.train; a++)
          EXPECT_EQ(pdlt_in_batch(p.train, p.batch, (size_t)step, a), BatchOf(p, step)[a])
              << p.train << " " << p.batch << " " << step << " " << a;
}

TEST(TrainerResidual, NewtonWithoutKappaIsNoGradientDescent) {
  std::mt19937_64 gen(3);
  WiredNet x(random_wired(gen, {"tanh"}), 1);
  const pdlt_step_settings settings = {0.1, PDLT_FIRST_AUTO, 0, nullptr};
  pdlt_stepper st = {};
  pdlt_error err = {};
  x.samples.newton = 1;
  EXPECT_EQ(pdlt_stepper_new(&st, &x.net, &x.samples, &settings, &err), PDLT_ERR_INTERNAL);
  EXPECT_NE(std::string(err.message).find("kappa"), std::string::npos);
}

namespace {

// Probabilities as targets.
void MakeProbable(WiredNet &x, std::mt19937_64 &gen) {
  std::uniform_real_distribution<double> uniform;
  pdlt_samples &p = x.samples;
  p.cross_entropy = 1;
  for (size_t a = 0; a < p.samples; a++) {
    double sum = 0;
    for (size_t i = 0; i < p.outputs; i++) sum += p.y_all[i * p.samples + a] = uniform(gen);
    for (size_t i = 0; i < p.outputs; i++) p.y_all[i * p.samples + a] /= sum;
    for (size_t i = 0; i < p.outputs && a < p.train; i++)
      p.y_train[i * p.train + a] = p.y_all[i * p.samples + a];
  }
}

double LossAt(const WiredNet &x, const Array &theta) {
  Array z(x.samples.outputs * x.samples.samples);
  EXPECT_EQ(pdlt_reference_output(&x.net, &x.samples, theta.data(), z.data(), nullptr), PDLT_OK);
  return pdlt_cross_entropy_of(&x.samples, 0, x.samples.train, z.data());
}

}  // namespace

// A step on cross-entropy is - eta lambda times the slope of the loss, parameter by parameter.
TEST(TrainerResidual, CrossEntropyDescendsItsFiniteDifferences) {
  std::mt19937_64 gen(5);
  for (unsigned trial = 0; trial < 6; trial++) {
    Wired w = trial % 2 == 0 ? random_wired(gen, {"tanh"}) : random_residual(gen, {"sin"});
    w.s.outputs = 2 + (int)(trial % 3);
    WiredNet x(w, trial);
    MakeProbable(x, gen);
    EXPECT_FALSE(pdlt_residual_is_plain(&x.samples));
    const double eta = 1, h = 1e-5;
    const pdlt_step_settings settings = {eta, PDLT_FIRST_WEIGHTS, 0, nullptr};
    pdlt_stepper st = {};
    ASSERT_EQ(pdlt_stepper_new(&st, &x.net, &x.samples, &settings, nullptr), PDLT_OK);
    std::copy(x.theta.begin(), x.theta.end(), st.theta);
    pdlt_stepper_begin(&st);
    pdlt_stepper_forward(&st);
    pdlt_stepper_update(&st);
    pdlt_stepper_weights(&st);
    Array lambda(x.net.num_params), theta = x.theta;
    pdlt_reference_lambda(&x.net, lambda.data());
    for (size_t mu = 0; mu < x.net.num_params; mu += 1 + gen() % 7) {
      theta[mu] = x.theta[mu] + h;
      const double up = LossAt(x, theta);
      theta[mu] = x.theta[mu] - h;
      const double slope = (up - LossAt(x, theta)) / (2 * h);
      theta[mu] = x.theta[mu];
      EXPECT_NEAR(st.theta[mu] - x.theta[mu], -eta * lambda[mu] * slope, 1e-8 * (1 + lambda[mu]));
    }
    pdlt_stepper_free(&st);
  }
}

// Fast steps, both ways of layer 1, both precisions, with batches too, against loops over samples.
TEST(TrainerResidual, CrossEntropyStepsArePlainLoops) {
  std::mt19937_64 gen(17);
  for (unsigned trial = 0; trial < 6; trial++) {
    Wired w = random_wired(gen, {"tanh", "gelu"});
    if (trial % 2 == 0) w.s.more_network = "";
    w.s.outputs = 2 + (int)(trial % 2);
    WiredNet x(w, trial);
    MakeProbable(x, gen);
    if (trial % 3 == 0) x.samples.batch = 1 + gen() % x.samples.train;
    ExpectLoop(x);
    if (testing::Test::HasFatalFailure()) return;
  }
}
