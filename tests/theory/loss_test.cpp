// theory/order_one/loss.h and the losses of the archive: brute force over combined indices, closed
// forms, omissions, errors.
#include "theory/order_one/loss.h"

#include <cstring>
#include <string>

#include "base/core/memory.h"
#include "tests/theory/dynamics_cov_naive.h"
#include "theory/infinite/training.h"
#include "theory/predict/predict.h"

namespace {

using namespace dynamics_support;

// (1/2) sum over samples and outputs of E[(z - y)^2] to second order in h, from mean and
// covariance with all indices written out.
double Expected(const Problem &x, const Array &y, const Array &mean, const Array &cov,
                const Array &mean1, const Array &cov1, double h, size_t first, size_t last) {
  const size_t M = x.n * x.D;
  double sum = 0;
  for (size_t I = 0; I < M; I++)
    for (size_t J = 0; J < M; J++) {
      if (I != J || I % x.D < first || I % x.D >= last) continue;
      const double target = y[I % x.D * x.n + I / x.D];
      sum += ((mean[I] + h * mean1[I] - target) * (mean[J] + h * mean1[J] - target) +
              cov[I * M + J] + h * cov1[I * M + J]) /
             2;
    }
  return sum;
}

// The covariance (D, D) of one output spread over all.
Array Spread(const Problem &x, const Array &cov) {
  const size_t D = x.D, M = x.n * D;
  Array out(M * M);
  for (size_t I = 0; I < M; I++)
    for (size_t J = 0; J < M; J++)
      if (I / D == J / D) out[I * M + J] = cov[I % D * D + J % D];
  return out;
}

TEST(Loss, AgreesWithBruteForceOverCombinedIndices) {
  std::mt19937_64 gen(1);
  std::normal_distribution<double> normal;
  const size_t shapes[][3] = {{1, 1, 1}, {3, 2, 1}, {3, 2, 2}, {2, 1, 3}, {2, 2, 2}};
  for (const auto &s : shapes) {
    const CovProblem x = RandomCov(gen, s[0], s[1], s[2]);
    const size_t D = x.D, M = x.n * D;
    const int steps = 3;
    Array y = x.y, mean(M), cov(D * D);
    y.resize(D * x.n);
    for (size_t i = x.y.size(); i < y.size(); i++) y[i] = normal(gen);
    pdlt_error err = {};
    pdlt_training_input lo = Input(x, nullptr).lo;
    lo.y = y.data();
    ASSERT_EQ(pdlt_training_steps(&lo, steps, mean.data(), cov.data(), &err), PDLT_OK);
    const NaiveCov naive(x, steps, Ones());
    const Array spread = Spread(x, cov), cov1 = naive.Covariance(steps);
    Array mean1(M);
    for (int part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++) {
      const Array one = naive.Z(steps, part);
      for (size_t i = 0; i < M; i++) mean1[i] += one[i];
    }
    const Array fast1 = Predict(x, {(double)steps}).z, fast2 = Covariance(x, {(double)steps}).z;
    pdlt_loss_input in = {};
    in.D = D;
    in.outputs = x.n;
    in.y = y.data();
    in.mean = mean.data();
    in.cov = spread.data();
    in.mean1 = fast1.data();
    in.cov1 = fast2.data();
    const size_t sets[][2] = {{0, x.A}, {x.A, D}, {0, D}, {0, 0}};
    for (const auto &set : sets) {
      const pdlt_loss loss = pdlt_loss_expected(&in, set[0], set[1]);
      const auto at = [&](double h) {
        return Expected(x, y, mean, spread, mean1, cov1, h, set[0], set[1]);
      };
      const double scale = std::max(1.0, std::fabs(at(0)) + std::fabs(at(1)));
      EXPECT_NEAR(loss.bias + loss.variance, at(0), 1e-12 * scale);
      // a quadratic in h: the symmetric difference is its first coefficient
      EXPECT_NEAR(loss.bias1 + loss.variance1, (at(1) - at(-1)) / 2, 1e-11 * scale);
      EXPECT_EQ(loss.err_bias, 0);
    }
    in.mean1 = in.cov1 = nullptr;
    EXPECT_EQ(pdlt_loss_expected(&in, 0, D).bias1, 0);
  }
}

// Errors of the entries at their worst signs: what they do to the losses. Samples that are known exactly add
// none, and their losses all the same.
TEST(Loss, ErrorsAreThoseOfTheWorstSigns) {
  const size_t D = 3, n = 2;
  const Array y = {0.4, -1, 2, 0.3, -0.2, 0.9}, mean = {0.1, 1.5, -0.3, -1.1, 0.2, 0.7};
  const Array mean1 = {0.3, -0.8, 0.5, 1.2, -0.4, 0.6};
  Array cov(36), cov1(36);
  for (size_t k = 0; k < 6; k++)
    cov[k * 7] = 0.5 + 0.1 * (double)k, cov1[k * 7] = 0.2 - 0.3 * (double)k;
  pdlt_loss_input in = {};
  in.D = D, in.outputs = n, in.y = y.data();
  in.mean = mean.data(), in.mean1 = mean1.data(), in.cov = cov.data(), in.cov1 = cov1.data();
  in.err_mean = 1e-3, in.err_cov = 2e-3, in.err_mean1 = 3e-3, in.err_cov1 = 5e-3;
  const pdlt_loss plain = pdlt_loss_expected(&in, 0, D);
  for (const size_t exact : {0, 1, 3}) {
    in.exact = exact;
    const pdlt_loss loss = pdlt_loss_expected(&in, 0, D);
    Array worst = mean, worst1 = mean1, wide = cov, wide1 = cov1;
    double first_order = 0;
    for (size_t i = 0; i < n; i++)
      for (size_t a = exact; a < D; a++) {
        const size_t k = i * D + a;
        const double residual = mean[k] - y[a * n + i];
        worst[k] += std::copysign(in.err_mean, residual);
        worst1[k] += std::copysign(in.err_mean1, residual);
        wide[k * 7] += in.err_cov, wide1[k * 7] += in.err_cov1;
        first_order += std::fabs(mean1[k]) * in.err_mean;
      }
    pdlt_loss_input moved = in;
    moved.mean = worst.data(), moved.cov = wide.data(), moved.cov1 = wide1.data();
    const pdlt_loss far = pdlt_loss_expected(&moved, 0, D);
    EXPECT_NEAR(loss.err_bias, far.bias - plain.bias, 1e-15);
    EXPECT_NEAR(loss.err_variance, far.variance - plain.variance, 1e-15);
    EXPECT_NEAR(loss.err_variance1, far.variance1 - plain.variance1, 1e-15);
    moved = in, moved.mean1 = worst1.data();
    EXPECT_NEAR(loss.err_bias1, pdlt_loss_expected(&moved, 0, D).bias1 - plain.bias1 + first_order,
                1e-15);
    EXPECT_EQ(loss.bias, plain.bias);
    EXPECT_EQ(loss.variance, plain.variance);
    EXPECT_EQ(loss.bias1, plain.bias1);
    EXPECT_EQ(loss.variance1, plain.variance1);
  }
}

const char *const text =
    "network: {activation: tanh, depth: 3, widths: [16], outputs: 2, C_b: 0.1, C_W: 1.2}\n"
    "data: {source: gaussian, inputs: 3, seed: 1, train: 2, test: 2}\n"
    "training: {eta: 0.2, steps: 20, record: [0, 5, 20]}\n"
    "theory: {tolerance: 1e-8}\n";

struct Case {
  pdlt_experiment ex = {};
  pdlt_dataset data = {};
  pdlt_archive out = {};
  pdlt_error err = {};
  pdlt_status status;

  explicit Case(std::vector<const char *> set, bool twin = false) {
    EXPECT_EQ(pdlt_experiment_parse(&ex, text, "e.yaml", set.size(), set.data(), &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_dataset_load(&data, &ex, &err), PDLT_OK) << err.message;
    if (twin) std::memcpy(data.x + 3, data.x, 3 * sizeof(double));
    const pdlt_predict_options options = {1, 0, nullptr};
    status = pdlt_predict(&out, &ex, &data, &options, &err);
    EXPECT_EQ(status, PDLT_OK) << err.message;
  }
  ~Case() {
    pdlt_archive_free(&out);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex);
  }
  const pdlt_array *Get(const std::string &name) { return pdlt_archive_get(&out, name.c_str()); }
  Array Values(const std::string &name) {
    const pdlt_array *t = Get(name);
    EXPECT_NE(t, nullptr) << name;
    return t == nullptr ? Array() : Array(t->data, t->data + pdlt_array_count(t));
  }
  const char *Absent(const char *name) {
    return json_string_value(json_object_get(json_object_get(out.meta, "absent"), name));
  }
  // Sums of the archive's own mean and covariance: {bias, variance} of an order and time.
  std::array<double, 2> Sum(int order, size_t t, size_t first, size_t last) {
    const Array z = Values("z_lo"), z1 = Values("z_nlo"), c = Values("cov_lo"),
                c1 = Values("cov_nlo");
    const size_t D = data.train + data.test, n = data.outputs, p = n * D;
    std::array<double, 2> sum = {0, 0};
    for (size_t a = first; a < last; a++)
      for (size_t i = 0; i < n; i++) {
        const size_t at = t * p + i * D + a, diagonal = at * p + i * D + a;
        const double residual = z[at] - data.y[a * n + i];
        sum[0] += order ? residual * z1[at] : residual * residual / 2;
        sum[1] += (order ? c1[diagonal] : c[diagonal]) / 2;
      }
    return sum;
  }
};

TEST(PredictLoss, SumsOfMeanAndCovariance) {
  Case c({});
  for (const int order : {0, 1}) {
    const std::string end = order ? "_nlo" : "_lo";
    const Array sample = c.Values("loss_sample" + end);
    ASSERT_EQ(sample.size(), 3u * 4);
    for (const bool train : {true, false}) {
      const std::string name = (train ? "loss_train" : "loss_test") + end;
      const Array total = c.Values(name), bias = c.Values(name + "_bias"),
                  variance = c.Values(name + "_variance");
      ASSERT_EQ(c.Get(name)->ndim, 1);
      ASSERT_EQ(total.size(), 3u);
      for (size_t t = 0; t < 3; t++) {
        const auto sum = c.Sum(order, t, train ? 0 : 2, train ? 2 : 4);
        EXPECT_NEAR(bias[t], sum[0], 1e-13) << name;
        EXPECT_NEAR(variance[t], sum[1], 1e-13) << name;
        EXPECT_NEAR(total[t], sum[0] + sum[1], 1e-13) << name;
        const size_t a = t * 4 + (train ? 0 : 2);
        EXPECT_NEAR(sample[a] + sample[a + 1], total[t], 1e-13);
      }
      EXPECT_GT(std::fabs(total[1]), 1e-3);
    }
  }
  // step 0: no bias beyond the targets, the variance is the kernel's
  const Array K = c.Values("K"), G1 = c.Values("G1");
  EXPECT_NEAR(c.Values("loss_train_lo_variance")[0], K[0] + K[5], 1e-12);
  EXPECT_NEAR(c.Values("loss_train_nlo")[0], G1[0] + G1[5], 1e-12);
  EXPECT_EQ(c.Values("loss_train_nlo_bias")[0], 0);
}

// One training sample: the loss decays as mu^2t, from half of y^2 + K for each output.
TEST(PredictLoss, OneTrainingSampleInClosedForm) {
  Case c({"data.train=1"});
  const double y2 = std::pow(c.data.y[0], 2) + std::pow(c.data.y[1], 2);
  const double theta = c.Values("Theta")[0], K = c.Values("K")[0];
  const Array train = c.Values("loss_train_lo");
  for (size_t t = 0; t < 3; t++)
    EXPECT_NEAR(train[t], 0.5 * std::pow(1 - 0.2 * theta, 2 * c.Values("times")[t]) * (y2 + 2 * K),
                1e-12);
}

TEST(PredictLoss, TheEndIsTheLastTimeAndTheLimitOfLateSteps) {
  Case c({"training={eta: 0.2, steps: end}"}),
      late({"training={eta: 0.2, steps: 4000, record: [4000]}"});
  for (const std::string order : {"lo", "nlo", "lo_bias", "nlo_bias", "lo_variance"}) {
    EXPECT_EQ(c.Values("loss_train_end_" + order)[0], 0);
    EXPECT_EQ(c.Values("loss_train_" + order)[1], 0);
    const double end = c.Values("loss_test_end_" + order)[0];
    EXPECT_EQ(c.Get("loss_test_end_" + order)->ndim, 0);
    EXPECT_NEAR(c.Values("loss_test_" + order)[1], end, 1e-14);
    EXPECT_NEAR(late.Values("loss_test_" + order)[0], end, 1e-8);
    EXPECT_EQ(late.Values("loss_test_end_" + order)[0], end);
  }
  EXPECT_EQ(c.Get("loss_sample_end_nlo")->ndim, 1);
}

TEST(PredictLoss, OmissionsReachTheLosses) {
  Case whole({});
  const Array bias = whole.Values("loss_test_nlo_bias"),
              variance = whole.Values("loss_test_nlo_variance");
  const struct {
    const char *set;
    bool bias, variance;
  } cases[] = {{"theory.omit=[dntk]", true, false},
               {"theory.omit=[cov.ntk_ntk]", false, true},
               {"theory.omit=[cov.ntk_output]", false, true},
               {"theory.omit=[z.dntk_us]", true, true}};
  for (const auto &omit : cases) {
    Case c({omit.set});
    EXPECT_EQ(std::fabs(c.Values("loss_test_nlo_bias")[2] - bias[2]) > 1e-3, omit.bias) << omit.set;
    EXPECT_EQ(std::fabs(c.Values("loss_test_nlo_variance")[2] - variance[2]) > 1e-3, omit.variance)
        << omit.set;
    const auto sum = c.Sum(1, 2, 2, 4);
    EXPECT_NEAR(c.Values("loss_test_nlo")[2], sum[0] + sum[1], 1e-12) << omit.set;
  }
}

TEST(PredictLoss, ReportedErrorsCoverTheActualOnes) {
  Case rough({"theory.tolerance=1e-4"}), fine({"theory.tolerance=1e-11"});
  for (const std::string set : {"train", "test"})
    for (const std::string order : {"lo", "nlo", "end_lo", "end_nlo"})
      for (const std::string part : {"", "_bias", "_variance"}) {
        const std::string name = "loss_" + set + "_" + order + part;
        const Array a = rough.Values(name), b = fine.Values(name);
        double actual = 0;
        for (size_t i = 0; i < a.size(); i++) actual = std::max(actual, std::fabs(a[i] - b[i]));
        EXPECT_LE(actual, rough.Values("err/" + name)[0] + 1e-13) << name;
        EXPECT_LT(fine.Values("err/" + name)[0], 1e-5) << name;
      }
}

TEST(PredictLoss, WhatDoesNotExistIsListed) {
  Case relu({"network.activation=relu", "network.depth=2", "training.record=[1]"});
  Case zero({"theory.order=0"}), none({"data.test=0"}), twin({}, true);
  EXPECT_NE(relu.Get("loss_test_lo"), nullptr);
  EXPECT_EQ(relu.Get("loss_test_nlo"), nullptr);
  EXPECT_STREQ(relu.Absent("loss_test_nlo"), relu.Absent("z_nlo"));
  EXPECT_NE(zero.Get("loss_train_lo_bias"), nullptr);
  EXPECT_EQ(zero.Get("loss_train_nlo"), nullptr);
  EXPECT_EQ(zero.Absent("loss_train_nlo"), nullptr);
  EXPECT_NE(none.Get("loss_train_nlo"), nullptr);
  EXPECT_EQ(none.Get("loss_test_lo"), nullptr);
  EXPECT_EQ(none.Absent("loss_test_lo"), nullptr);
  EXPECT_EQ(twin.Get("loss_test_end_lo"), nullptr);
  EXPECT_NE(std::string(twin.Absent("loss_test_end_lo")).find("singular"), std::string::npos);
}

}  // namespace
