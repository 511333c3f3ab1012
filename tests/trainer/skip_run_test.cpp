// skip_run_test.cpp - ensembles of networks with skip connections: exact linear ones, layers that are the
// identity, estimators, threads, refusals.
#include <gtest/gtest.h>

#include "base/file/json.h"
#include "tests/trainer/support.h"
#include "trainer/measure/ddntk.h"
#include "trainer/measure/ntk_fluctuation.h"
#include "trainer/measure/training_dntk.h"
#include "trainer/measure/training_ntk.h"

using namespace trainer_test;

namespace {

using Array = std::vector<double>;

Data data_of(const Settings &s, size_t inputs, unsigned seed) {
  return Data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed);
}

// --- layers that are the identity ---

struct Net {
  Net(const Settings &settings, const Data &given)
      : s(settings), ex(yaml(s)), data(given), rows((size_t)s.outputs * S) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], data.c.inputs, &err), PDLT_OK);
    theta.resize(net.num_params);
    pdlt_network_draw(&net, 5, 3, theta.data());
  }
  ~Net() {
    pdlt_network_free(&net);
    pdlt_samples_free(&samples);
  }
  Net(const Net &) = delete;
  const pdlt_layer &top() const { return net.layer[net.depth - 1]; }
  // Outputs after some steps, NTK and dNTK there.
  Array trained() {
    pdlt_stepper st = {};
    pdlt_training_ntk ntk = {};
    pdlt_training_dntk dntk = {};
    const pdlt_step_settings settings = {0.05, PDLT_FIRST_AUTO, 0, nullptr};
    const size_t p = samples.outputs * samples.samples;
    Array z(p), Theta(p * p), dTheta(rows * rows * rows);
    EXPECT_EQ(pdlt_stepper_new(&st, &net, &samples, &settings, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_training_ntk_new(&ntk, &net, &samples, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_training_dntk_new(&dntk, &net, &samples, S, nullptr), PDLT_OK);
    std::copy(theta.begin(), theta.end(), st.theta);
    pdlt_stepper_begin(&st);
    for (int step = 0; step < 6; step++) {
      pdlt_stepper_forward(&st);
      pdlt_stepper_update(&st);
    }
    pdlt_stepper_forward(&st);
    pdlt_stepper_output(&st, z.data());
    pdlt_training_ntk_measure(&ntk, &st, Theta.data());
    pdlt_training_dntk_measure(&dntk, &st, dTheta.data());
    pdlt_training_dntk_free(&dntk);
    pdlt_training_ntk_free(&ntk);
    pdlt_stepper_free(&st);
    z.insert(z.end(), Theta.begin(), Theta.end());
    z.insert(z.end(), dTheta.begin(), dTheta.end());
    return z;
  }
  // K, M, F, B and, with these heads, P to U.
  Array drawn(const Array &heads) {
    pdlt_fluctuation f = {};
    pdlt_ddntk d = {};
    const size_t count = S * S * S * S;
    Array K(S * S), M(S * S), F(count), B(count);
    EXPECT_EQ(pdlt_fluctuation_new(&f, &net, &samples, S, 1, nullptr), PDLT_OK);
    EXPECT_EQ(pdlt_ddntk_new(&d, &net, &samples, S, 1, nullptr), PDLT_OK);
    pdlt_fluctuation_forward(&f, theta.data());
    pdlt_fluctuation_kernel(&f, net.depth, K.data());
    pdlt_fluctuation_ntk(&f, theta.data(), net.depth, M.data(), B.data());
    pdlt_fluctuation_cross(&f, theta.data(), net.depth, F.data());
    pdlt_ddntk_forward(&d, theta.data());
    std::copy(heads.begin(), heads.end(), d.heads);
    pdlt_ddntk_tensors(&d, theta.data(), net.depth);
    for (const Array *x : {&M, &F, &B}) K.insert(K.end(), x->begin(), x->end());
    K.insert(K.end(), d.out, d.out + PDLT_DDNTK_COUNT * count);
    pdlt_ddntk_free(&d);
    pdlt_fluctuation_free(&f);
    return K;
  }
  const size_t S = 2;
  Settings s;
  Experiment ex;
  const Data &data;
  size_t rows;
  pdlt_samples samples = {};
  pdlt_network net = {};
  Array theta;
};

void expect_near(const Array &found, const Array &expected, const char *what) {
  double size = 0;
  for (double v : expected) size = std::fmax(size, std::fabs(v));
  ASSERT_EQ(found.size(), expected.size());
  EXPECT_GT(size, 1e-3) << what;
  for (size_t i = 0; i < found.size(); i++)
    EXPECT_NEAR(found[i], expected[i], 1e-12 * size) << what << " " << i;
}

// Differences in error bars: none larger than 5, and on average about 1.
void expect_same(const Archive &a, const Archive &b, const std::string &name) {
  double square = 0, used = 0;
  ASSERT_GT(a.count(name), 0u) << name;
  for (size_t i = 0; i < a.count(name); i++) {
    const double error = std::hypot(a.at(name + "_se", i), b.at(name + "_se", i));
    if (error == 0) continue;
    const double z = (a.at(name, i) - b.at(name, i)) / error;
    EXPECT_LT(std::fabs(z), 5) << name << " " << i;
    square += z * z;
    used++;
  }
  EXPECT_GT(used, 0);
  EXPECT_LT(square / used, 5) << name;
}

double sum_of_squares(const Archive &a, const std::string &name) {
  double sum = 0;
  for (size_t i = 0; i < a.count(name); i++) sum += std::pow(a.at(name, i), 2);
  return sum;
}

json_t *estimator_of(Archive &a) { return json_object_get(pdlt_archive_meta(&a.c), "estimator"); }

}  // namespace

// gamma = 1, C = lambda = 0 above layers 1 and 2 of a network with a skip of its own.
TEST(TrainerSkipRun, IdentityLayersChangeNothing) {
  Settings s;
  s.activation = "gelu";
  s.depth = 4;
  s.widths = "[5]";
  s.outputs = 2;
  s.C_b = "[0.1, 0.2, 0, 0.3]";
  s.C_W = "[1.2, 0.9, 1.1, 0.8]";
  s.lambda_b = "[0.5, 0, 0.7, 1]";
  s.lambda_W = "[1.3, 0.6, 0.9, 1.1]";
  s.more_network = "  skip: [0.6, 0]\n";
  const Data data = data_of(s, 3, 4);
  Net small(s, data);
  s.depth = 6;
  s.C_b = "[0.1, 0, 0.2, 0, 0, 0.3]";
  s.C_W = "[1.2, 0, 0.9, 0, 1.1, 0.8]";
  s.lambda_b = "[0.5, 0, 0, 0, 0.7, 1]";
  s.lambda_W = "[1.3, 0, 0.6, 0, 0.9, 1.1]";
  s.more_network = "  skip: [1, 0.6, 1, 0]\n";
  Net large(s, data);
  const int place[] = {0, 2, 4, 5};
  for (int k = 0; k < 4; k++) {
    const pdlt_layer &from = small.net.layer[k], &to = large.net.layer[place[k]];
    std::copy_n(small.theta.begin() + (long)from.weight, from.out * (from.in + 1),
                large.theta.begin() + (long)to.weight);
  }
  expect_near(large.trained(), small.trained(), "trained");
  Array heads;
  std::mt19937_64 gen(9);
  for (size_t i = 0; i < 2 * small.top().in; i++) heads.push_back(gen() % 2 ? 0.4 : -0.4);
  expect_near(large.drawn(heads), small.drawn(heads), "drawn");
}

// Deep linear networks at finite n, with q the mean square of a layer's preactivations: E q' = (gamma^2 + C) E q,
// E q'^2 = E q^2 {(gamma^2 + C)^2 + 4 gamma^2 C/n + 2 C^2/n}; K = C q of the readout, V = n var K.
TEST(TrainerSkipRun, LinearNetworksAreExactAtFiniteWidth) {
  Settings s;
  s.activation = "linear";
  s.depth = 4;
  s.widths = "[4]";
  s.train = 1;
  s.test = 0;
  s.C_b = "0";
  s.C_W = "[0.8, 0.5, 0.7, 1.5]";
  s.more_network = "  skip: [0.9, -0.6]\n";
  s.members = 40000;
  s.measure = "[kernel, vertex, hidden]";
  s.measure_samples = 1;
  Data data = data_of(s, 3, 4);
  Archive out;
  run(s, data, 2, &out);
  const double n = 4, C[] = {0.8, 0.5, 0.7, 1.5}, gamma[] = {0, 0.9, -0.6};
  double q = 0, q2 = 0;
  for (double x : data.x) q += C[0] * x * x / 3;
  q2 = q * q * (1 + 2 / n);
  EXPECT_NEAR(out.at("n4/q_0", 0), q, 1e-12);
  for (int l = 1; l < 3; l++) {
    const double g2 = gamma[l] * gamma[l];
    q2 *= std::pow(g2 + C[l], 2) + 4 * g2 * C[l] / n + 2 * C[l] * C[l] / n;
    q *= g2 + C[l];
    EXPECT_NEAR(out.at("n4/q_0", (size_t)l), q, 4 * out.at("n4/q_0_se", (size_t)l));
    EXPECT_LT(out.at("n4/q_0_se", (size_t)l), 0.01 * q);
  }
  EXPECT_NEAR(out.at("n4/K"), C[3] * q, 4 * out.at("n4/K_se"));
  EXPECT_LT(out.at("n4/K_se"), 0.01 * C[3] * q);
  const double V = n * C[3] * C[3] * (q2 - q * q);
  EXPECT_NEAR(out.at("n4/V"), V, 4 * out.at("n4/V_se"));
  EXPECT_LT(out.at("n4/V_se"), 0.06 * V);
}

// Further draws of the own linearization are networks, without levels; nothing is biased.
TEST(TrainerSkipRun, EstimatorsAgree) {
  for (const bool positions : {false, true}) {
    Settings s;
    s.depth = 4;
    s.train = 2;
    s.test = 1;
    s.widths = "[6]";
    s.C_W = "[1.2, 0.6, 0.6, 1]";
    s.more_network =
        positions ? "  input: {shape: [4], channels: 1}\n  layers:\n    - {conv: 3, padding: "
                    "zero}\n    - {conv: 2, padding: circular, skip: 0.7}\n    - average\n"
                    "    - dense\n"
                  : "  skip: [0.7, 0.5]\n";
    s.measure = "[output, ntk]";
    s.members = 4096;
    Data data = data_of(s, 4, 3);
    Archive plain, pairs;
    run(s, data, 2, &plain);
    s.seed = 8;
    s.members = 2048;
    s.estimator = "antithetic";
    run(s, data, 2, &pairs);
    for (const char *estimator : {"two_level", "control"}) {
      Archive out;
      s.estimator = estimator;
      s.seed++;
      run(s, data, 2, &out);
      const json_t *used = estimator_of(out);
      EXPECT_STREQ(json_string_value(json_object_get(used, "used")), estimator);
      EXPECT_GE(json_integer_value(json_object_get(used, "samples")), 1);
      EXPECT_EQ(json_array_size(json_object_get(used, "levels")), 0u);
      EXPECT_FALSE(json_is_true(json_object_get(used, "weightless")));
      for (const char *name : {"n6/z", "n6/cov", "n6/Theta_t"}) {
        expect_same(out, plain, name);
        expect_same(out, pairs, name);
      }
      EXPECT_LT(sum_of_squares(out, "n6/z_se"), 0.6 * sum_of_squares(pairs, "n6/z_se"));
    }
  }
}

// Everything that is measured, to the last bit.
TEST(TrainerSkipRun, DoesNotDependOnTheThreads) {
  Settings s;
  s.activation = "gelu";
  s.depth = 4;
  s.widths = "[6]";
  s.outputs = 2;
  s.C_W = "[1.2, 0.6, 0.6, 1]";
  s.more_network = "  skip: [0.7, 0.5]\n";
  s.measure = "[output, kernel, ntk, ntk_fluctuations, dntk, ddntk, hidden, features]";
  s.measure_samples = 2;
  s.members = 200;
  s.estimator = "auto";
  Data data = data_of(s, 3, 3);
  Archive one, three;
  run(s, data, 1, &one);
  run(s, data, 3, &three);
  ASSERT_GT(one.c.count, 40u);
  ASSERT_EQ(one.c.count, three.c.count);
  for (const char *name : {"n6/z", "n6/Theta_t", "n6/dTheta_t", "n6/U", "n6/q_t", "n6/k_E"})
    EXPECT_GT(one.count(name), 0u) << name;
  for (size_t k = 0; k < one.c.count; k++) {
    const std::string name = one.c.entries[k].name;
    ASSERT_EQ(one.count(name), three.count(name)) << name;
    for (size_t i = 0; i < one.count(name); i++) {
      const double x = one.at(name, i), y = three.at(name, i);
      EXPECT_TRUE(x == y || (std::isnan(x) && std::isnan(y))) << name << i;
    }
  }
}

TEST(TrainerSkipRun, LayersAreMeasuredAtTheReadoutAlone) {
  Settings s;
  s.more_network = "  skip: 0.5\n";
  Data data = data_of(s, 3, 3);
  Experiment ex(yaml(s));
  pdlt_ensemble_options o = options(1);
  pdlt_archive out = {};
  pdlt_error err = {};
  o.layers = 1;
  EXPECT_EQ(pdlt_ensemble_run(&out, &ex.c, &data.c, &o, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message,
               "test.yaml:10: network.skip: layers with skips are measured at the readout alone; "
               "leave out --layers, and write measure: [output, hidden] for hidden ones");
}
