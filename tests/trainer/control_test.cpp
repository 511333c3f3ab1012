// The three calls of the control: what they add to a record against loops over the parts that
// stand behind them, line by line of docs/trainer/estimators.md.
#include "trainer/control/control.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/control/flops.h"
#include "trainer/control/level.h"
#include "trainer/control/weightless.h"
#include "trainer/measure/stability.h"
#include "trainer/network/draws.h"

using namespace trainer_test;

namespace {

const pdlt_level own = {0, 0, 0};

Settings settings() {
  Settings s;
  s.depth = 4;
  s.outputs = 2;
  s.train = 2;
  s.test = 1;
  s.eta = "0.03";
  s.steps = "9";
  s.record = "[0, 2, 4, 9]";
  s.estimator = "two_level";
  s.measure = "[output, kernel, ntk, vertex]";
  return s;
}

// The three calls, and the parts by themselves.
struct Fixture {
  Fixture(const Settings &s, const pdlt_levels *levels, size_t samples)
      : data((size_t)s.train, (size_t)s.test, 3, (size_t)s.outputs, 8), ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, 8, problem.inputs, &err) != PDLT_OK ||
        pdlt_plan_make(&plan, &ex.c, &problem, 1, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    if (levels != nullptr) pdlt_plan_linearize(&plan, samples, 0, levels);
    const pdlt_level_settings parts = {&net, &problem, &plan.schedule, ex.c.training.eta, 1, 4,
                                       1,    1};
    if (pdlt_control_width_new(&width, &plan, &net, &err) != PDLT_OK ||
        pdlt_control_new(&control, width, &err) != PDLT_OK ||
        pdlt_level_draws_new(&level_draws, &parts, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    theta = draw(3);
    values = plan.times * plan.p;
  }
  ~Fixture() {
    pdlt_level_draws_free(&level_draws);
    pdlt_control_free(control);
    pdlt_control_width_free(width);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  std::vector<double> draw(uint64_t member) const {
    std::vector<double> out(net.num_params);
    pdlt_network_draw(&net, ex.c.ensemble.seed, member, out.data());
    return out;
  }
  // c of a level of a draw, half the difference of its pair, and c - r.
  std::vector<double> level(const std::vector<double> &of, const pdlt_level &which) {
    std::vector<double> out(values);
    odd.resize(values);
    kernels.resize(plan.times * plan.p * (plan.p + 1) / 2);
    const pdlt_level_numbers numbers = {out.data(), odd.data(), kernels.data()};
    EXPECT_EQ(pdlt_level_draws_begin(&level_draws, of.data(), 1, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_level_draws_output(&level_draws, &which, &numbers, nullptr), PDLT_OK);
    even = out;
    for (size_t i = 0; i < values; i++) even[i] -= pdlt_control_width_middle(width)[i];
    return out;
  }
  // The record of the draw `of`, called `member`.
  std::vector<double> record(const std::vector<double> &of, uint64_t member) {
    std::vector<double> out(plan.at.size);
    pdlt_accumulator tensors = {};
    int unstable = -1;
    EXPECT_EQ(pdlt_accumulator_new(&tensors, &plan, &net, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_control_draw(control, of.data(), &unstable), PDLT_OK);
    EXPECT_EQ(pdlt_control_further(control, member, &tensors, out.data()), PDLT_OK);
    pdlt_accumulator_flush(&tensors, out.data());
    pdlt_accumulator_free(&tensors);
    return out;
  }
  Data data;
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_plan plan = {};
  pdlt_control_width *width = nullptr;
  pdlt_control *control = nullptr;
  pdlt_level_draws level_draws = {};
  std::vector<double> theta, odd, even, kernels;
  size_t values = 0;
};

void add(std::vector<double> *sum, double factor, const double *x) {
  for (size_t i = 0; i < sum->size(); i++) (*sum)[i] += factor * x[i];
}

// sum (T, p (p + 1)/2) += factor (odd odd^T + (c - r)(c - r)^T).
void add_products(std::vector<double> *sum, double factor, const Fixture &f) {
  const size_t p = f.plan.p;
  for (const auto *x : {&f.odd, &f.even}) {
    double *to = sum->data();
    for (size_t t = 0; t < f.plan.times; t++)
      for (size_t i = 0; i < p; i++)
        for (size_t j = i; j < p; j++) *to++ += factor * (*x)[t * p + i] * (*x)[t * p + j];
  }
}

// The R_k further networks of one level, hidden layers in turn for PDLT_FURTHER_LAST of them.
void add_networks(Fixture *f, size_t k, uint64_t member, std::vector<double> *x,
                  std::vector<double> *products, std::vector<double> *changes) {
  const pdlt_levels &levels = f->plan.control.levels;
  const size_t last = f->net.layer[f->net.depth - 1].weight;
  std::vector<double> theta;
  for (uint64_t d = 0; d < levels.draws[k]; d++) {
    const std::vector<double> fresh =
        f->draw(PDLT_FURTHER_MEMBER(k) + member * levels.draws[k] + d);
    if (d % PDLT_FURTHER_LAST == 0) theta = fresh;
    std::copy(fresh.begin() + (long)last, fresh.end(), theta.begin() + (long)last);
    const double share = 1 / (double)levels.draws[k];
    add(x, share, f->level(theta, levels.level[k]).data());
    add_products(products, share, *f);
    add(changes, share, f->kernels.data());
    add(x, -share, f->level(theta, k == 0 ? own : levels.level[k - 1]).data());
    add_products(products, -share, *f);
    add(changes, -share, f->kernels.data());
  }
}

}  // namespace

// Every line of the picture: - c_K of the draw, R_k networks of each level, M draws without
// weights; K, Theta and V of the latter.
TEST(TrainerControl, FurtherDrawsAddUpLineByLine) {
  const uint64_t member = 5;
  const size_t M = 3;
  const pdlt_levels levels = {2, {{4, 1, 0}, {2, 2, 1}}, {PDLT_FURTHER_LAST + 3, 1}};
  Fixture f(settings(), &levels, M);
  ASSERT_EQ(f.plan.control.weightless, 1);
  const std::vector<double> record = f.record(f.theta, member);

  pdlt_weightless_fit fit = {};
  pdlt_weightless weightless = {};
  ASSERT_EQ(pdlt_weightless_fit_new(&fit, &f.plan, &f.net, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_weightless_new(&weightless, &f.plan, &f.net, &fit, nullptr), PDLT_OK);
  const size_t p = f.plan.p;
  std::vector<double> x(f.values), numbers(fit.linear), kernels(f.plan.readouts * 6);
  std::vector<double> products(fit.values - fit.spread), changes(products.size());
  for (uint64_t draw = 0; draw < M; draw++) {
    pdlt_weightless_begin(&weightless);
    ASSERT_EQ(pdlt_weightless_add(&weightless, PDLT_WEIGHTLESS_MEMBER + member * M + draw),
              PDLT_OK);
    pdlt_weightless_mean(&weightless, 1);
    add(&numbers, 1.0 / M, weightless.value);
    add(&x, 1.0 / M, weightless.value + fit.linear);
    add(&kernels, 1.0 / M, weightless.kernel);
    add(&products, 1.0 / M, weightless.value + fit.spread);
  }
  pdlt_weightless_free(&weightless);
  pdlt_weightless_fit_free(&fit);
  for (size_t k = 0; k < levels.count; k++) add_networks(&f, k, member, &x, &products, &changes);
  add(&x, -1, f.level(f.theta, levels.level[1]).data());
  add_products(&products, -1, f);
  add(&changes, -1, f.kernels.data());
  for (size_t i = 0; i < products.size(); i++) {
    EXPECT_NEAR(record[f.plan.at.odd_shift + i], products[i], 1e-13) << i;
    EXPECT_NEAR(record[f.plan.at.kernel_shift + i], changes[i], 1e-13) << i;
  }
  const double *theta = &numbers[numbers.size() - 6], *ntk = f.level_draws.bundle->draw.ntk;
  for (size_t i = 0, at = f.plan.at.start_shift; i < p; i++)
    for (size_t j = i; j < p; j++, at++) {
      const double mean = i / 3 == j / 3 ? theta[pdlt_pair(3, i % 3, j % 3)] : 0;
      EXPECT_NEAR(record[at], mean - ntk[i * p + j], 1e-13) << i << " " << j;
    }

  double size = 0;
  for (size_t i = 0; i < f.values; i++) {
    EXPECT_NEAR(record[f.plan.at.shift + i], x[i], 1e-14) << i;
    size = std::fmax(size, std::fabs(x[i]));
  }
  EXPECT_GT(size, 1e-3);
  const double *number = numbers.data();
  for (size_t at : {f.plan.at.sum[PDLT_QUANTITY_K], f.plan.at.sum[PDLT_QUANTITY_THETA]})
    for (size_t r = 0; r < f.plan.readouts; r++, at += 9)
      for (size_t a = 0; a < 3; a++)
        for (size_t b = a; b < 3; b++, number++) {
          EXPECT_NEAR(record[at + a * 3 + b], *number, 1e-14 * (1 + *number));
          EXPECT_EQ(record[at + b * 3 + a], record[at + a * 3 + b]);
        }
  EXPECT_EQ(record[f.plan.at.u_count], (double)M);
  for (size_t i = 6; i < kernels.size(); i++) /* at layer 1 nothing is random */
    EXPECT_NEAR(record[f.plan.at.u_mean + i], kernels[i], 1e-14 * (1 + kernels[i])) << i;
}

// A draw's control is kept for its own further draws, whatever was done before.
TEST(TrainerControl, DrawsDoNotSeeEachOther) {
  const pdlt_levels levels = {1, {{3, 2, 0}}, {2}};
  Fixture f(settings(), &levels, 1), g(settings(), &levels, 1);
  const std::vector<double> first = f.record(f.theta, 5), second = f.record(f.draw(4), 6);
  EXPECT_EQ(g.record(g.draw(4), 6), second);
  EXPECT_EQ(g.record(g.theta, 5), first);
  EXPECT_NE(first, second);
  EXPECT_NE(g.record(g.theta, 6), first);
}

// Without levels in the plan nothing is added but the flag, which is that of stability.h.
TEST(TrainerControl, PlainDrawsHaveOnlyTheirStability) {
  Settings s = settings();
  s.estimator = "plain";
  s.measure = "[output, vertex]";
  int seen[2] = {0, 0};
  for (const char *eta : {"0.3", "0.5", "0.8"}) {
    s.eta = eta;
    Fixture f(s, nullptr, 0);
    pdlt_stability stability = {};
    ASSERT_EQ(pdlt_stability_new(&stability, &f.net, &f.problem, f.ex.c.training.eta, nullptr),
              PDLT_OK);
    for (uint64_t member = 0; member < 20; member++) {
      const std::vector<double> theta = f.draw(member);
      int unstable = -1;
      ASSERT_EQ(pdlt_control_draw(f.control, theta.data(), &unstable), PDLT_OK);
      EXPECT_EQ(unstable, pdlt_stability_check(&stability, theta.data()));
      seen[unstable]++;
      EXPECT_EQ(f.record(theta, member), std::vector<double>(f.plan.at.size));
    }
    pdlt_stability_free(&stability);
  }
  EXPECT_GT(seen[0], 0);
  EXPECT_GT(seen[1], 0);
}

TEST(TrainerControl, UnstableDrawsAreThoseOfTheirLinearization) {
  Settings s = settings();
  int seen[2] = {0, 0};
  const pdlt_levels none = {};
  s.eta = "0.5";
  Fixture f(s, &none, 1);
  for (uint64_t member = 0; member < 20; member++) {
    const std::vector<double> theta = f.draw(member);
    int unstable = -1;
    ASSERT_EQ(pdlt_control_draw(f.control, theta.data(), &unstable), PDLT_OK);
    f.level(theta, own);
    EXPECT_EQ(unstable, f.level_draws.unstable[0]);
    seen[unstable]++;
  }
  EXPECT_GT(seen[0], 0);
  EXPECT_GT(seen[1], 0);
}

TEST(TrainerControl, SetupSurvivesFailingAllocations) {
  const pdlt_levels levels = {1, {{3, 2, 0}}, {2}};
  Settings s = settings();
  s.depth = 3;
  s.outputs = s.train = s.test = 1;
  const Fixture f(s, &levels, 1);
  int failures = 0;
  for (long calls = 0;; calls++) {
    pdlt_control_width *width = nullptr;
    pdlt_control *control = nullptr;
    pdlt_error err = {};
    pdlt_memory_fail_after(calls);
    pdlt_status status = pdlt_control_width_new(&width, &f.plan, &f.net, &err);
    if (status == PDLT_OK) status = pdlt_control_new(&control, width, &err);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(control != nullptr, status == PDLT_OK);
    pdlt_control_free(control);
    pdlt_control_width_free(width);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    failures++;
    ASSERT_LT(failures, 10000);
  }
  EXPECT_GT(failures, 10);
}

// What the pilot asks: any level of a draw, the variance of what comes without weights, flops.
TEST(TrainerControl, PilotSeesLevelsVariancesAndFlops) {
  const pdlt_levels none = {};
  Fixture f(settings(), &none, 1);
  ASSERT_EQ(pdlt_control_look(f.control, f.theta.data()), PDLT_OK);
  for (const pdlt_level &level : {own, pdlt_level{3, 2, 0}, pdlt_level{4, 1, 1}}) {
    std::vector<double> out(f.values);
    ASSERT_EQ(pdlt_control_level(f.control, &level, out.data(), nullptr), PDLT_OK);
    const std::vector<double> expected = f.level(f.theta, level);
    for (size_t i = 0; i < f.values; i++) EXPECT_NEAR(out[i], expected[i], 1e-14);
  }
  pdlt_weightless_fit fit = {};
  ASSERT_EQ(pdlt_weightless_fit_new(&fit, &f.plan, &f.net, nullptr), PDLT_OK);
  for (size_t stride : {1u, 5u}) {
    double sum = 0;
    for (size_t i = 0; i < f.values; i += stride) sum += fit.left[fit.linear + i];
    EXPECT_GT(sum, 0);
    EXPECT_EQ(pdlt_control_width_variance(f.width, stride), sum);
  }
  pdlt_weightless_fit_free(&fit);
  // 8 last layers (2, 8), biases included, share hidden layers of 3, 8, 8, 8 neurons.
  EXPECT_EQ(pdlt_flops_level_draw(&f.net), PDLT_FLOPS_NORMAL * (18 + (32 + 72 + 72) / 8.0));
}
