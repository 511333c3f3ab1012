// theory/infinite/training.h: eigenbasis against plain steps, limits, edge cases, error bars.
#include "theory/infinite/training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace {

struct Problem {
  size_t D, A, outputs;
  std::vector<double> K, theta, y;
};

std::vector<double> RandomGram(std::mt19937_64 &gen, size_t D, size_t rank) {
  std::normal_distribution<double> normal;
  std::vector<double> f(D * rank), gram(D * D);
  for (double &v : f) v = normal(gen);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < D; j++) {
      double sum = 0;
      for (size_t r = 0; r < rank; r++) sum += f[i * rank + r] * f[j * rank + r];
      gram[i * D + j] = sum / (double)rank;
    }
  return gram;
}

Problem Random(std::mt19937_64 &gen, size_t D, size_t A, size_t outputs) {
  std::normal_distribution<double> normal;
  Problem p = {D, A, outputs, RandomGram(gen, D, D + 2), RandomGram(gen, D, D + 2), {}};
  p.y.resize(D * outputs);
  for (double &v : p.y) v = normal(gen);
  return p;
}

struct Result {
  std::vector<double> mean, cov;
  pdlt_training_errors errors = {};
  pdlt_status status = PDLT_OK;
  std::string message;
};

double LargestEta(const Problem &p) {
  double top = 0;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_ntk_largest_eigenvalue(&top, p.D, p.A, p.theta.data(), &err), PDLT_OK);
  return top > 0 ? 2 / top : 1;
}

pdlt_training_input Input(const Problem &p, double eta) {
  return {p.D,     p.A,     p.outputs, p.K.data(), p.theta.data(), p.y.data(), eta, 0, 0,
          nullptr, nullptr, 0,         0};
}

void Run(Result *r, pdlt_training *training, const pdlt_training_input &in, double t,
         pdlt_error *err) {
  r->status = pdlt_training_new(training, &in, err);
  if (r->status == PDLT_OK)
    r->status = std::isinf(t)
                    ? pdlt_training_end(training, r->mean.data(), r->cov.data(), &r->errors, err)
                    : pdlt_training_at(training, t, r->mean.data(), r->cov.data(), &r->errors, err);
  r->message = err->message;
  pdlt_training_free(training);
}

Result At(const Problem &p, double eta, double t, bool flow = false, double err_K = 0,
          double err_theta = 0) {
  Result r;
  r.mean.resize(p.D * p.outputs);
  r.cov.resize(p.D * p.D);
  pdlt_training training = {};
  pdlt_error err = {};
  pdlt_training_input in = Input(p, eta);
  in.flow = flow;
  const std::vector<double> all_K(p.D * p.D, err_K), all_theta(p.D * p.D, err_theta);
  in.err_K = all_K.data();
  in.err_theta = all_theta.data();
  Run(&r, &training, in, t, &err);
  return r;
}

// The same errors of K and Theta, entry by entry.
Result At(const Problem &p, double eta, double t, const std::vector<double> &error) {
  Result r;
  r.mean.resize(p.D * p.outputs);
  r.cov.resize(p.D * p.D);
  pdlt_training training = {};
  pdlt_error err = {};
  pdlt_training_input in = Input(p, eta);
  in.err_K = in.err_theta = error.data();
  Run(&r, &training, in, t, &err);
  return r;
}

Result Steps(const Problem &p, double eta, long steps) {
  Result r;
  r.mean.resize(p.D * p.outputs);
  r.cov.resize(p.D * p.D);
  pdlt_error err = {};
  const pdlt_training_input in = Input(p, eta);
  r.status = pdlt_training_steps(&in, steps, r.mean.data(), r.cov.data(), &err);
  return r;
}

double Distance(const std::vector<double> &a, const std::vector<double> &b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); i++) worst = std::max(worst, std::fabs(a[i] - b[i]));
  return worst;
}

TEST(Training, EigenbasisAgreesWithSteps) {
  std::mt19937_64 gen(1);
  const size_t shapes[][3] = {{1, 1, 1}, {2, 1, 1}, {5, 3, 2}, {4, 4, 1},
                              {3, 0, 2}, {9, 6, 3}, {0, 0, 1}, {13, 5, 1}};
  for (const auto &s : shapes)
    for (const double fraction : {0.05, 0.5, 0.93})
      for (const long t : {0L, 1L, 2L, 17L, 300L}) {
        const Problem p = Random(gen, s[0], s[1], s[2]);
        const double eta = fraction * LargestEta(p);
        const Result a = At(p, eta, (double)t), b = Steps(p, eta, t);
        ASSERT_EQ(a.status, PDLT_OK) << a.message;
        ASSERT_EQ(b.status, PDLT_OK);
        EXPECT_LE(Distance(a.mean, b.mean), 1e-11) << s[0] << s[1] << " t = " << t;
        EXPECT_LE(Distance(a.cov, b.cov), 1e-10) << s[0] << s[1] << " t = " << t;
        for (size_t i = 0; i < p.D; i++)
          for (size_t j = 0; j < p.D; j++) EXPECT_EQ(a.cov[i * p.D + j], a.cov[j * p.D + i]);
      }
}

TEST(Training, StartIsTheInitialization) {
  std::mt19937_64 gen(2);
  const Problem p = Random(gen, 6, 4, 2);
  const Result r = At(p, 0.1 * LargestEta(p), 0);
  EXPECT_EQ(Distance(r.mean, std::vector<double>(12, 0.0)), 0);
  EXPECT_EQ(Distance(r.cov, p.K), 0);
}

TEST(Training, EndIsTheLimitAndSolvesTheKernelEquations) {
  std::mt19937_64 gen(3);
  for (int draw = 0; draw < 5; draw++) {
    const Problem p = Random(gen, 7, 3, 2);
    const double eta = 0.7 * LargestEta(p);
    const Result end = At(p, eta, INFINITY), late = At(p, eta, 4e6),
                 flow = At(p, 0, INFINITY, true);
    ASSERT_EQ(end.status, PDLT_OK) << end.message;
    EXPECT_LE(Distance(end.mean, late.mean), 1e-10);
    EXPECT_LE(Distance(end.cov, late.cov), 1e-9);
    EXPECT_LE(Distance(end.mean, flow.mean), 1e-10);  // whatever eta
    for (size_t i = 0; i < p.outputs; i++)
      for (size_t a = 0; a < p.A; a++) {
        EXPECT_EQ(end.mean[i * p.D + a], p.y[a * p.outputs + i]);
        for (size_t d = 0; d < p.D; d++) EXPECT_EQ(end.cov[a * p.D + d], 0);
      }
    // zbar_B = Theta_BA c with Theta_AA c = y: the same c solves the training rows.
    for (size_t i = 0; i < p.outputs; i++) {
      // Cramer's rule on the 3 x 3 block, no library.
      const double *th = p.theta.data();
      auto det = [](const double m[3][3]) {
        return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
               m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
               m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
      };
      double m[3][3], c[3];
      for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 3; b++) m[a][b] = th[a * p.D + b];
      const double whole = det(m);
      for (size_t a = 0; a < 3; a++) {
        double replaced[3][3];
        std::copy(&m[0][0], &m[0][0] + 9, &replaced[0][0]);
        for (size_t b = 0; b < 3; b++) replaced[b][a] = p.y[b * p.outputs + i];
        c[a] = det(replaced) / whole;
      }
      for (size_t d = 3; d < p.D; d++) {
        double z = 0;
        for (size_t a = 0; a < 3; a++) z += th[d * p.D + a] * c[a];
        EXPECT_NEAR(end.mean[i * p.D + d], z, 1e-9);
      }
    }
  }
}

TEST(Training, FlowIsTheLimitOfSmallSteps) {
  std::mt19937_64 gen(4);
  const Problem p = Random(gen, 6, 4, 1);
  const double tau = 1.7;
  const Result flow = At(p, 0, tau, true);
  double before = 0;
  for (const double steps : {1e3, 1e4, 1e5}) {
    const double distance = Distance(At(p, tau / steps, steps).mean, flow.mean);
    if (before > 0) {
      EXPECT_NEAR(distance / before, 0.1, 0.02);  // first order in eta
    }
    before = distance;
  }
  EXPECT_LT(before, 1e-4);
}

TEST(Training, DuplicateInputs) {
  std::mt19937_64 gen(5);
  Problem p = Random(gen, 5, 3, 1);
  for (auto *m : {&p.K, &p.theta})
    for (size_t i = 0; i < 5; i++) (*m)[1 * 5 + i] = (*m)[0 * 5 + i];
  for (auto *m : {&p.K, &p.theta})
    for (size_t i = 0; i < 5; i++) (*m)[i * 5 + 1] = (*m)[i * 5 + 0];
  const double eta = 0.4 * LargestEta(p);
  // any finite time is fine, even long after everything else has converged
  const Result a = At(p, eta, 50), b = Steps(p, eta, 50);
  EXPECT_LE(Distance(a.mean, b.mean), 1e-12);
  EXPECT_LE(Distance(a.cov, b.cov), 1e-12);
  const Result late = At(p, eta, 1e6);
  EXPECT_NEAR(late.mean[0], (p.y[0] + p.y[1]) / 2, 1e-7);
  const Result end = At(p, eta, INFINITY);
  EXPECT_EQ(end.status, PDLT_ERR_INPUT);
  EXPECT_NE(end.message.find("singular"), std::string::npos) << end.message;
}

TEST(Training, EtaLimitIsNamed) {
  std::mt19937_64 gen(6);
  const Problem p = Random(gen, 4, 2, 1);
  const double limit = LargestEta(p);
  EXPECT_EQ(At(p, 0.999 * limit, 3).status, PDLT_OK);
  const Result r = At(p, 1.001 * limit, 3);
  EXPECT_EQ(r.status, PDLT_ERR_INPUT);
  char text[32];
  snprintf(text, sizeof text, "%.6g", limit);
  EXPECT_NE(r.message.find(text), std::string::npos) << r.message;
  EXPECT_EQ(At(p, 1.001 * limit, INFINITY).message, r.message);
  EXPECT_EQ(At(p, -1, 3).status, PDLT_ERR_INPUT);
  EXPECT_EQ(At(p, 0.5 * limit, 1.5).status, PDLT_ERR_INPUT);
  EXPECT_EQ(At(p, 0.5 * limit, -1).status, PDLT_ERR_INPUT);
}

// The start does not know eta.
TEST(Training, AnyEtaAtTheStart) {
  std::mt19937_64 gen(7);
  const Problem p = Random(gen, 4, 2, 1);
  const Result r = At(p, 50 * LargestEta(p), 0);
  ASSERT_EQ(r.status, PDLT_OK) << r.message;
  for (const double z : r.mean) EXPECT_EQ(z, 0);
  EXPECT_EQ(r.cov, p.K);
}

TEST(Training, PhiWithoutCancellation) {
  double power;
  EXPECT_EQ(pdlt_training_phi(0, 0.3, 0, 7, &power), 0.3 * 7);
  EXPECT_EQ(power, 1);
  EXPECT_EQ(pdlt_training_phi(0, 0, 1, 7, &power), 7);
  EXPECT_NEAR(pdlt_training_phi(1e-14, 0.5, 0, 10, &power), 5, 1e-12);
  EXPECT_NEAR(pdlt_training_phi(-1e-14, 0.5, 0, 10, &power), 5, 1e-12);
  for (const double theta : {0.1, 0.9, 1.5, 2.0, 3.0, 3.9})
    for (const int t : {0, 1, 2, 3, 10}) {
      double sum = 0, mu = 1;
      for (int s = 0; s < t; s++, mu *= 1 - 0.5 * theta) sum += 0.5 * mu;
      EXPECT_NEAR(pdlt_training_phi(theta, 0.5, 0, t, &power), sum, 1e-14) << theta << " " << t;
      EXPECT_NEAR(power, mu, 1e-14);
    }
}

// Samples of sizes 0.03 to 30 with errors in proportion: the largest entry's error is above the
// smallest eigenvalue and yet nothing is singular; with errors of every entry as large, it is.
TEST(Training, ErrorsOfOnePairStayThere) {
  std::mt19937_64 gen(8);
  std::uniform_real_distribution<double> uniform(-1, 1);
  Problem p = Random(gen, 5, 4, 1);
  const double size[5] = {0.03, 1, 5, 30, 0.3};
  std::vector<double> error(25), flat(25, 1e-2);
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 5; j++) {
      p.K[i * 5 + j] *= size[i] * size[j];
      p.theta[i * 5 + j] *= size[i] * size[j];
      error[i * 5 + j] = 1e-8 * size[i] * size[j];
    }
  Problem moved = p;
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j <= i; j++) {
      moved.K[i * 5 + j] = moved.K[j * 5 + i] += error[i * 5 + j] * uniform(gen);
      moved.theta[i * 5 + j] = moved.theta[j * 5 + i] += error[i * 5 + j] * uniform(gen);
    }
  const double eta = 0.3 * LargestEta(p);
  for (const double t : {1.0, 20.0, 1e4, (double)INFINITY}) {
    const Result a = At(p, eta, t, error), b = At(moved, eta, t, error);
    ASSERT_EQ(a.status, PDLT_OK) << t << a.message;
    const double mean = Distance(a.mean, b.mean), cov = Distance(a.cov, b.cov);
    EXPECT_LE(mean, a.errors.mean) << t;
    EXPECT_LE(cov, a.errors.cov) << t;
    EXPECT_GE(3000 * mean, a.errors.mean) << t;
    EXPECT_GE(3000 * cov, a.errors.cov) << t;
  }
  EXPECT_EQ(At(p, eta, INFINITY, flat).status, PDLT_ERR_INPUT);
}

// The error bars cover what perturbed kernels do.
TEST(Training, ErrorsCoverPerturbations) {
  std::mt19937_64 gen(7);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int draw = 0; draw < 20; draw++) {
    const Problem p = Random(gen, 6, 4, 2);
    const double size = 1e-7, eta = 0.6 * LargestEta(p);
    Problem moved = p;
    for (size_t i = 0; i < 6; i++)
      for (size_t j = 0; j <= i; j++) {
        moved.K[i * 6 + j] = moved.K[j * 6 + i] += size * uniform(gen);
        moved.theta[i * 6 + j] = moved.theta[j * 6 + i] += size * uniform(gen);
      }
    for (const double t : {1.0, 30.0, 1000.0, (double)INFINITY}) {
      const Result a = At(p, eta, t, false, size, size), b = At(moved, eta, t, false, size, size);
      EXPECT_LE(Distance(a.mean, b.mean), a.errors.mean) << t;
      EXPECT_LE(Distance(a.cov, b.cov), a.errors.cov) << t;
    }
  }
}

// One training sample, whose Theta may be smaller by a part r: the factor f = Theta_BA/Theta_AA of the other
// sample grows by f r/(1 - r), not by the f r of the first order. Mean f y, covariance K_BB - 2 f K_BA + f^2 K_AA.
TEST(Training, ErrorsOfTheEndAreThoseOfTheSmallestTheta) {
  for (const double part : {1e-3, 0.1, 0.5}) {
    const Problem p = {2, 1, 1, {1e4, 1e6, 1e6, 2e8}, {1, 0.5, 0.5, 3}, {2, 0}};
    Problem smaller = p;
    smaller.theta[0] -= part;
    const Result a = At(p, 0.1, INFINITY, {part, 0, 0, 0}), b = At(smaller, 0.1, INFINITY);
    ASSERT_EQ(a.status, PDLT_OK) << a.message;
    const double mean = Distance(a.mean, b.mean), cov = Distance(a.cov, b.cov);
    EXPECT_NEAR(mean, 2 * 0.5 * part / (1 - part), 1e-14);
    EXPECT_NEAR(a.errors.mean / mean, 1, 1e-9) << part;
    EXPECT_NEAR(a.errors.cov / cov, 1, 0.01) << part;
  }
}

}  // namespace
