// Centered targets, y + z(0) of each network: at infinite width, at order 1/width against naive sums, in
// the archive.
#include <cstring>

#include "datasets/dataset.h"
#include "tests/theory/dynamics_cov_naive.h"
#include "theory/predict/predict.h"

namespace {

using namespace dynamics_support;

CovProblem RandomCentered(std::mt19937_64 &gen, size_t D, size_t A, size_t n) {
  CovProblem x = RandomCov(gen, D, A, n);
  x.centered = 1;
  return x;
}

void ExpectAllNear(const double *fast, const Array &slow, const char *what, size_t t) {
  for (size_t i = 0; i < slow.size(); i++)
    EXPECT_NEAR(fast[i], slow[i], 1e-12 * std::max(1.0, Largest(slow))) << what << " t = " << t;
}

void ExpectNaive(const CovProblem &x, int steps, const pdlt_dynamics_factors &factors) {
  const NaiveCov naive(x, steps, factors);
  Array times;
  for (int t = 0; t <= steps; t++) times.push_back(t);
  const Result mean = Predict(x, times, &factors), cov = Covariance(x, times, &factors);
  ASSERT_EQ(mean.status, PDLT_OK) << mean.message;
  ASSERT_EQ(cov.status, PDLT_OK) << cov.message;
  const size_t row = x.n * x.D, T = times.size();
  for (size_t t = 0; t < T; t++) {
    for (size_t part = 0; part < PDLT_DYNAMICS_PART_COUNT; part++)
      ExpectAllNear(&mean.parts[(part * T + t) * row], naive.Z((int)t, (int)part), "part", t);
    ExpectAllNear(mean.theta_t.data() + t * row * row, naive.Theta((int)t), "NTK", t);
    ExpectAllNear(cov.z.data() + t * row * row, naive.Covariance((int)t), "covariance", t);
    const Array change = naive.Change((int)t);
    Array variance(row);
    for (size_t i = 0; i < row; i++) variance[i] = change[i * row + i];
    ExpectAllNear(cov.parts.data() + t * row, variance, "change", t);
  }
}

TEST(Centered, AgreesWithNaiveSums) {
  std::mt19937_64 gen(1);
  const size_t shapes[][3] = {{1, 1, 1}, {3, 2, 1}, {3, 2, 2}, {3, 3, 1}, {2, 0, 2}, {2, 2, 2}};
  for (const auto &s : shapes) {
    SCOPED_TRACE(std::to_string(s[0]) + std::to_string(s[1]) + std::to_string(s[2]));
    const CovProblem x = RandomCentered(gen, s[0], s[1], s[2]);
    ExpectNaive(x, 4, Ones());
    ExpectNaive(x, 3, RandomFactors(gen));
  }
}

TEST(Centered, EndIsTheLimitOfLateTimesAndKeepsTheStart) {
  std::mt19937_64 gen(2);
  for (const size_t n : {1, 2}) {
    CovProblem x = RandomCentered(gen, 4, 2, n);
    MakeUnit(x, 0.9);
    x.theta[0] = 0.6;
    x.eta = 0.7;
    for (const int flow : {0, 1}) {
      x.flow = flow;
      const Result end = Covariance(x, {}), late = Covariance(x, {flow ? 80.0 : 120.0});
      ASSERT_EQ(end.status, PDLT_OK) << end.message;
      EXPECT_LE(Distance(late.z, end.z), 1e-10);
      EXPECT_LE(Distance(late.parts, end.parts), 1e-10);
      EXPECT_LE(Distance(Predict(x, {flow ? 80.0 : 120.0}).theta_t, Predict(x, {}).theta_t), 1e-10);
      for (size_t i = 0; i < n; i++)  // training outputs are y + z(0)
        for (size_t a = 0; a < 2; a++) {
          EXPECT_NEAR(end.parts[i * 4 + a], 0, 1e-13);
          for (size_t b = 0; b < 2; b++)
            EXPECT_NEAR(end.z[((i * 4 + a) * n + i) * 4 + b], x.g1[a * 4 + b], 1e-12);
        }
    }
  }
}

TEST(Centered, InfiniteWidthKeepsTheKernel) {
  std::mt19937_64 gen(3);
  Problem x = Random(gen, 4, 3, 2);
  x.eta = 0.4 * SafeEta(x);
  pdlt_training_input in = Input(x, nullptr).lo;
  pdlt_training fixed = {}, centered = {};
  ASSERT_EQ(pdlt_training_new(&fixed, &in, nullptr), PDLT_OK);
  in.centered = 1;
  ASSERT_EQ(pdlt_training_new(&centered, &in, nullptr), PDLT_OK);
  Array mean(8), other(8), cov(16), none(16);
  pdlt_training_errors errors;
  for (const double t : Array{0, 1, 7, INFINITY}) {
    const auto at = [&](const pdlt_training *tr, Array &z, Array &k) {
      return std::isinf(t) ? pdlt_training_end(tr, z.data(), k.data(), &errors, nullptr)
                           : pdlt_training_at(tr, t, z.data(), k.data(), &errors, nullptr);
    };
    ASSERT_EQ(at(&fixed, other, none), PDLT_OK);
    ASSERT_EQ(at(&centered, mean, cov), PDLT_OK);
    EXPECT_EQ(mean, other);
    EXPECT_EQ(cov, x.K);
    EXPECT_EQ(errors.cov, 0);
  }
  ASSERT_EQ(pdlt_training_at(&centered, 7, mean.data(), nullptr, nullptr, nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_training_steps(&in, 7, other.data(), cov.data(), nullptr), PDLT_OK);
  for (size_t i = 0; i < 8; i++) EXPECT_NEAR(mean[i], other[i], 1e-12);
  EXPECT_EQ(cov, x.K);
  pdlt_training_free(&fixed);
  pdlt_training_free(&centered);
}

struct Case {
  pdlt_experiment ex = {};
  pdlt_dataset data = {};
  pdlt_archive out = {};
  explicit Case(const char *set) {
    const char *const text =
        "network: {activation: tanh, depth: 3, widths: [16], outputs: 2, C_b: 0.1, C_W: 1.2}\n"
        "data: {source: gaussian, inputs: 3, train: 3, test: 2}\n"
        "training: {eta: 0.1, steps: end, targets: centered}\n";
    const char *const sets[] = {set};
    pdlt_error err = {};
    EXPECT_EQ(pdlt_experiment_parse(&ex, text, "t.yaml", set ? 1 : 0, sets, &err), PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_dataset_load(&data, &ex, &err), PDLT_OK) << err.message;
    const pdlt_predict_options options = {1, 0, nullptr};
    EXPECT_EQ(pdlt_predict(&out, &ex, &data, &options, &err), PDLT_OK) << err.message;
  }
  ~Case() {
    pdlt_archive_free(&out);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex);
  }
  double At(const char *name, size_t i) const {
    const pdlt_array *array = pdlt_archive_get(&out, name);
    return array == nullptr || i >= pdlt_array_count(array) ? NAN : array->data[i];
  }
};

// Losses are those of z(t) - z(0) - y: all variance is of order 1/width, and none is left at the end.
TEST(Centered, LossesOfTheArchive) {
  const Case c(nullptr);
  for (size_t t = 0; t < 2; t++) {
    double train = 0, test = 0, loss = 0;
    for (size_t i = 0; i < 2; i++)
      for (size_t a = 0; a < 5; a++) {
        const size_t k = (t * 2 + i) * 5 + a;
        (a < 3 ? train : test) += 0.5 * c.At("change_variance_nlo", k);
        const double residual = c.At("z_lo", k) - c.data.y[a * 2 + i];
        if (a >= 3) loss += 0.5 * residual * residual;
      }
    EXPECT_NEAR(c.At("loss_train_nlo_variance", t), train, 1e-12);
    EXPECT_NEAR(c.At("loss_test_nlo_variance", t), test, 1e-12);
    EXPECT_EQ(c.At("loss_test_lo_variance", t), 0);
    EXPECT_NEAR(c.At("loss_test_lo", t), loss, 1e-12);
    EXPECT_EQ(test > 1e-3, t == 1);
    EXPECT_NEAR(train, 0, 1e-12);
  }
  EXPECT_EQ(c.At("loss_test_end_nlo_variance", 0), c.At("loss_test_nlo_variance", 1));
  for (size_t i = 0; i < 25; i++) EXPECT_EQ(c.At("cov_lo", 100 + i % 5 + i / 5 * 10), c.At("K", i));
  EXPECT_EQ(c.At("z_end_nlo/dntk", 4), 0);
  EXPECT_NE(c.At("z_end_nlo/ddntk_cubic", 4), 0);
}

TEST(Centered, KinksHaveNoCorrectionAndSaySo) {
  Case c("network.activation=relu");
  const json_t *absent = json_object_get(pdlt_archive_meta(&c.out), "absent");
  for (const char *name : {"z_half", "cov_half", "loss_test_half"}) {
    const char *why = json_string_value(json_object_get(absent, name));
    ASSERT_NE(why, nullptr) << name;
    EXPECT_NE(std::strstr(why, "centered"), nullptr) << why;
  }
  EXPECT_EQ(c.At("loss_test_lo_variance", 1), 0);
}

}  // namespace
