// The dNTK during training against finite differences of explicit gradients, of networks trained
// in plain loops, and against the movement of the NTK that it causes.
#include "trainer/measure/training_dntk.h"

#include <gtest/gtest.h>

#include "base/file/json.h"
#include "tests/trainer/support.h"
#include "trainer/draw/member.h"
#include "trainer/record/plan.h"

using namespace trainer_test;

namespace {

using Vector = std::vector<double>;

struct Case {
  Case(const Settings &settings, size_t inputs, unsigned seed, size_t samples)
      : S(samples),
        s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_training_dntk_new(&dntk, &net, &problem, S, &err), PDLT_OK);
    theta.resize(net.num_params);
    lambda.resize(net.num_params);
    pdlt_reference_lambda(&net, lambda.data());
    rows = problem.outputs * S;
  }
  ~Case() {
    pdlt_training_dntk_free(&dntk);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  // dz_i;a/dtheta of row i S + a.
  Vector gradient(const Vector &at, size_t row) const {
    Vector g(net.num_params);
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_gradient(&net, at.data(), data.x.data() + row % S * data.c.inputs,
                                      net.depth, row / S, g.data(), &err),
              PDLT_OK);
    return g;
  }
  // dTh_IJK at `at`: the gradient of I along lambda times that of J, times lambda times that of K.
  Vector literal(const Vector &at) const {
    const double step = 1e-5;
    Vector out(rows * rows * rows);
    std::vector<Vector> direction;
    for (size_t J = 0; J < rows; J++) {
      direction.push_back(gradient(at, J));
      for (size_t mu = 0; mu < lambda.size(); mu++) direction[J][mu] *= lambda[mu];
    }
    for (size_t J = 0; J < rows; J++) {
      Vector up = at, down = at;
      for (size_t mu = 0; mu < at.size(); mu++) {
        up[mu] += step * direction[J][mu];
        down[mu] -= step * direction[J][mu];
      }
      for (size_t I = 0; I < rows; I++) {
        const Vector more = gradient(up, I), less = gradient(down, I);
        for (size_t K = 0; K < rows; K++)
          for (size_t mu = 0; mu < at.size(); mu++)
            out[(I * rows + J) * rows + K] += (more[mu] - less[mu]) / (2 * step) * direction[K][mu];
      }
    }
    return out;
  }
  // The NTK of the rows at `at`.
  Vector ntk(const Vector &at) const {
    Vector out;
    for (size_t I = 0; I < rows; I++)
      for (size_t J = 0; J < rows; J++) {
        const Vector g = gradient(at, I), h = gradient(at, J);
        double sum = 0;
        for (size_t mu = 0; mu < g.size(); mu++) sum += lambda[mu] * g[mu] * h[mu];
        out.push_back(sum);
      }
    return out;
  }
  Vector literal_during_training() const {
    Vector at = theta, out;
    pdlt_error err = {};
    long step = 0;
    for (size_t t = 0; t < ex.c.training.num_record; t++) {
      for (; (double)step < ex.c.training.record[t]; step++)
        EXPECT_EQ(pdlt_reference_step(&net, &problem, ex.c.training.eta, at.data(), &err), PDLT_OK);
      const Vector now = literal(at);
      out.insert(out.end(), now.begin(), now.end());
    }
    return out;
  }
  // The fast road at the recorded times of the network that starts at theta.
  Vector fast(pdlt_first_layer first) {
    pdlt_stepper stepper = {};
    pdlt_error err = {};
    const pdlt_step_settings settings = {ex.c.training.eta, first, 0, nullptr};
    EXPECT_EQ(pdlt_stepper_new(&stepper, &net, &problem, &settings, &err), PDLT_OK);
    std::copy(theta.begin(), theta.end(), stepper.theta);
    const pdlt_schedule schedule = pdlt_schedule_make(&ex.c, &problem);
    Vector z(schedule.num_times * problem.outputs * problem.samples),
        out(schedule.num_times * rows * rows * rows);
    pdlt_member_probe probe = {};
    probe.dntk = &dntk;
    probe.dtheta_t = out.data();
    EXPECT_EQ(pdlt_member_train_probed(&stepper, &schedule, nullptr, z.data(), &probe, nullptr),
              PDLT_MEMBER_DONE);
    pdlt_stepper_free(&stepper);
    return out;
  }
  size_t S, rows;
  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_training_dntk dntk = {};
  Vector theta, lambda;
};

double largest(const Vector &x) {
  double most = 0;
  for (const double v : x) most = std::max(most, std::fabs(v));
  return most;
}

Settings small() {
  Settings s;
  s.widths = "[4]";
  s.ratios = "[1, 2]";
  s.outputs = 2;
  s.C_W = "[0.8, 1.4, 0.7]";
  s.lambda_W = "[1.3, 0.6, 1.7]";
  s.lambda_b = "[0.3, 0, 0.8]";
  s.measure = "[output, dntk]";
  return s;
}

}  // namespace

TEST(TrainerTrainingDntk, IsTheSecondDerivativeAtEveryTime) {
  std::mt19937_64 gen(71);
  static const char *const activations[] = {"tanh", "gelu", "quadratic(0.4)"};
  for (int trial = 0; trial < 36; trial++) {
    Settings s;
    s.activation = activations[trial % 3];
    s.depth = 2 + trial / 3 % 3;
    s.widths = "[" + std::to_string(1 + gen() % 4) + "]";
    s.outputs = 1 + (int)(gen() % 2);
    s.C_b = random_list(gen, s.depth, true);
    s.C_W = random_list(gen, s.depth, false);
    s.lambda_b = random_list(gen, s.depth, true);
    s.lambda_W = random_list(gen, s.depth, false);
    s.train = 1 + (int)(gen() % 2);
    s.test = (int)(gen() % 2);
    if (trial >= 18) s = skipped(s, (unsigned)trial);
    if (trial >= 18 && trial % 3 == 2) s.activation = "sin"; /* stays finite */
    const size_t samples = 1 + gen() % (size_t)(s.train + s.test);
    Case c(s, 1 + gen() % 4, (unsigned)gen(), samples);
    pdlt_network_draw(&c.net, 1, (uint64_t)trial, c.theta.data());
    const Vector slow = c.literal_during_training();
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
      const Vector fast = c.fast(first);
      ASSERT_EQ(fast.size(), slow.size());
      for (size_t i = 0; i < slow.size(); i++)
        ASSERT_NEAR(fast[i], slow[i], 2e-8 * (1 + largest(slow))) << trial << " " << i;
    }
  }
}

// A small step of gradient descent moves the NTK by -eta (dTh_IJK + dTh_JIK) eps_K.
TEST(TrainerTrainingDntk, MovesTheNtk) {
  Settings s = small();
  s.train = 2;
  s.test = 1;
  s.record = "[0]";
  s.steps = "0";
  Case c(s, 3, 5, 3);
  pdlt_error err = {};
  pdlt_network_draw(&c.net, 3, 11, c.theta.data());
  const Vector dntk = c.fast(PDLT_FIRST_WEIGHTS);
  Vector z(c.problem.outputs * c.problem.samples), up = c.theta, down = c.theta;
  ASSERT_EQ(pdlt_reference_output(&c.net, &c.problem, c.theta.data(), z.data(), &err), PDLT_OK);
  const double eta = 1e-5;
  ASSERT_EQ(pdlt_reference_step(&c.net, &c.problem, eta, up.data(), &err), PDLT_OK);
  ASSERT_EQ(pdlt_reference_step(&c.net, &c.problem, -eta, down.data(), &err), PDLT_OK);
  const Vector more = c.ntk(up), less = c.ntk(down);
  const size_t rows = c.rows;
  for (size_t I = 0; I < rows; I++)
    for (size_t J = 0; J < rows; J++) {
      double rate = 0;
      for (size_t k = 0; k < 2; k++)
        for (size_t d = 0; d < 2; d++) {
          const size_t K = k * 3 + d;
          const double eps = z[k * 3 + d] - c.problem.y_train[k * 2 + d];
          rate -= (dntk[(I * rows + J) * rows + K] + dntk[(J * rows + I) * rows + K]) * eps;
        }
      EXPECT_NEAR((more[I * rows + J] - less[I * rows + J]) / (2 * eta), rate, 1e-7);
    }
}

// Plain and in pairs, the mean over members; both networks of a pair count, and at the start they
// cancel. The number of threads does not matter.
TEST(TrainerTrainingDntk, IsAveragedOverNetworks) {
  for (const char *estimator : {"plain", "antithetic"}) {
    Settings s = small();
    s.estimator = estimator;
    s.members = 6;
    s.train = s.test = 1;
    s.measure_samples = 1;
    const bool pairs = s.estimator == "antithetic";
    Case c(s, 3, 8, 1);
    Vector mean(3 * 8);
    for (uint64_t member = 0; member < 6; member++) {
      pdlt_network_draw(&c.net, (uint64_t)s.seed, member, c.theta.data());
      for (int sign = 0; sign < (pairs ? 2 : 1); sign++) {
        if (sign == 1) pdlt_network_negate_last(&c.net, c.theta.data());
        const Vector one = c.literal_during_training();
        for (size_t i = 0; i < one.size(); i++) mean[i] += one[i] / (pairs ? 12 : 6);
      }
    }
    Archive out, again;
    run(s, c.data, 1, &out);
    run(s, c.data, 2, &again);
    ASSERT_EQ(out.count("n4/dTheta_t"), mean.size());
    for (size_t i = 0; i < mean.size(); i++) {
      EXPECT_NEAR(out.at("n4/dTheta_t", i), mean[i], 1e-8) << estimator << i;
      EXPECT_EQ(out.at("n4/blocks/dTheta_t", i), again.at("n4/blocks/dTheta_t", i));
      if (pairs && i < 8) {
        EXPECT_EQ(out.at("n4/dTheta_t", i), 0);
      }
    }
    EXPECT_GT(largest(mean), 1e-3);
  }
}

// Left out, with the reason, where nothing is trained, where sigma'' does not exist and where
// there would be too many numbers.
TEST(TrainerTrainingDntk, LeftOutWithAReason) {
  const struct {
    const char *activation, *measure;
    int outputs;
    const char *reason;
  } cases[] = {{"tanh", "[output, dntk]", 2, nullptr},
               {"tanh", "[dntk]", 2, nullptr},
               {"tanh", "[output]", 2, nullptr},
               {"relu", "[output, dntk]", 2, "not a function"},
               {"tanh", "[output, dntk]", 30, "262144"}};
  for (const auto &x : cases) {
    Settings s = small();
    s.activation = x.activation;
    s.measure = x.measure;
    s.outputs = x.outputs;
    s.members = 2;
    s.train = 2;
    s.test = 1;
    const Data data(2, 1, 3, (size_t)x.outputs, 4);
    Archive out;
    run(s, data, 1, &out);
    const bool there = s.measure == "[output, dntk]" && x.reason == nullptr;
    EXPECT_EQ(out.count("n4/dTheta_t"), there ? 3u * 6 * 6 * 6 : 0u);
    const char *reason =
        json_string_value(json_object_get(json_object_get(out.c.meta, "absent"), "dTheta_t"));
    EXPECT_EQ(reason != nullptr, x.reason != nullptr);
    if (reason != nullptr && x.reason != nullptr) {
      EXPECT_NE(std::string(reason).find(x.reason), std::string::npos) << reason;
    }
  }
}

TEST(TrainerTrainingDntk, MemoryFailuresLeaveNothing) {
  Settings s;
  Case c(s, 3, 1, 2);
  pdlt_training_dntk dntk = {};
  pdlt_error err = {};
  for (long failures = 0; failures < 2; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_training_dntk_new(&dntk, &c.net, &c.problem, 2, &err), PDLT_ERR_MEMORY);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(dntk.storage, nullptr);
  }
}
