// gaussian_ntk_test.cpp - training with a frozen Gaussian NTK against closed forms.
#include "compare/reach/gaussian_ntk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>

namespace {

struct Free {
  void operator()(pdlt_gaussian_ntk *model) const { pdlt_gaussian_ntk_free(model); }
};
using Model = std::unique_ptr<pdlt_gaussian_ntk, Free>;

Model Make(const pdlt_gaussian_ntk_input &in) {
  pdlt_gaussian_ntk *model = nullptr;
  pdlt_error err;
  EXPECT_EQ(pdlt_gaussian_ntk_new(&model, &in, &err), PDLT_OK) << err.message;
  return Model(model);
}

std::vector<double> Shift(const Model &model, const pdlt_gaussian_ntk_input &in, double h) {
  std::vector<double> shift(in.num_times * in.outputs * in.D);
  EXPECT_EQ(pdlt_gaussian_ntk_shift(model.get(), h, shift.data(), nullptr), PDLT_OK);
  return shift;
}

double Miss(const Model &model, double h) {
  double g = -1;
  EXPECT_EQ(pdlt_gaussian_ntk_miss(model.get(), h, &g, nullptr), PDLT_OK);
  return g;
}

/* Mean of f(theta + sqrt(v) x), x normal and |x| < cut, by a fine sum. */
template <class F>
double Mean(F f, double theta, double v, double above = INFINITY) {
  double sum = 0, weight = 0;
  for (double x = -9; x <= 9; x += 1e-3) {
    const double value = theta + std::sqrt(v) * x, w = std::exp(-x * x / 2);
    if (value > above) continue;
    sum += w * f(value);
    weight += w;
  }
  return sum / weight;
}

/* One train sample: everything is an integral over one number. A + 2 B is its variance. */
TEST(GaussianNtk, OneNumber) {
  const double theta = 2, a = 0.8, b = 0.6, y = 1.5, eta = 0.4, times[] = {0, 1, 2, 7};
  const pdlt_gaussian_ntk_input in = {1, 1, 1, &theta, &a, &b, &y, eta, 0, 4, times, nullptr};
  const Model model = Make(in);
  const double h = 0.05, v = h * (a + 2 * b);
  const auto shift = Shift(model, in, h);
  for (size_t t = 0; t < 4; t++) {
    const auto z = [&](double x) { return y * (1 - std::pow(1 - eta * x, times[t])); };
    const double n = times[t];
    const double second =
        n < 2 ? 0 : -y * n * (n - 1) * eta * eta * std::pow(1 - eta * theta, n - 2);
    EXPECT_NEAR(pdlt_gaussian_ntk_first_order(model.get())[t], 0.5 * second * (a + 2 * b), 1e-12);
    EXPECT_NEAR(shift[t], Mean(z, theta, v, 2 / eta) - z(theta), 1e-4) << times[t];
  }
}

/* Draws beyond 2/eta are left out; without that 40 steps would explode. */
TEST(GaussianNtk, LeavesOutWhatExplodes) {
  const double theta = 2, a = 1, b = 0, y = 1, eta = 0.9, times[] = {40};
  const pdlt_gaussian_ntk_input in = {1, 1, 1, &theta, &a, &b, &y, eta, 0, 1, times, nullptr};
  const auto z = [&](double x) { return 1 - std::pow(1 - eta * x, 40); };
  const double exact = Mean(z, theta, 0.0225, 2 / eta) - z(theta);
  EXPECT_NEAR(Shift(Make(in), in, 0.0225)[0], exact, 0.01 * std::fabs(exact));
}

/* Flow, and the end of training: 1/Theta on a test sample. Without training there is no g. */
TEST(GaussianNtk, FlowAndEnd) {
  const double theta[] = {3, 1, 1, 2}, y[] = {1, 9}, times[] = {0, 0.5, INFINITY};
  double a[16] = {0}, b[16] = {0};
  a[0] = 0.2;  // Theta_00 alone fluctuates
  const pdlt_gaussian_ntk_input in = {2, 1, 1, theta, a, b, y, 0, 1, 3, times, nullptr};
  const Model model = Make(in);
  const double h = 0.5, v = h * a[0];
  const auto shift = Shift(model, in, h);
  const auto train = [](double x) { return 1 - std::exp(-x * 0.5); };
  EXPECT_EQ(shift[0], 0);
  EXPECT_NEAR(shift[2], Mean(train, 3, v) - train(3), 1e-5);
  EXPECT_NEAR(shift[3], Mean([&](double x) { return train(x) / x; }, 3, v) - train(3) / 3, 1e-5);
  EXPECT_NEAR(shift[4], 0, 1e-12);
  EXPECT_NEAR(shift[5], Mean([](double x) { return 1 / x; }, 3, v) - 1.0 / 3, 1e-5);
  const double *first = pdlt_gaussian_ntk_first_order(model.get());
  EXPECT_NEAR(first[2], -0.5 * 0.25 * std::exp(-1.5) * a[0], 1e-12);
  EXPECT_NEAR(first[5], a[0] / 27, 1e-12);
  const double one_step[] = {0, 1};
  const pdlt_gaussian_ntk_input linear = {2, 1, 1, theta, a, b, y, 0.1, 0, 2, one_step, nullptr};
  EXPECT_TRUE(std::isnan(Miss(Make(linear), 0.1)));
}

/* At the end a draw that is not positive has no limit and is left out. */
TEST(GaussianNtk, NoEnd) {
  const double theta[] = {1, 0.5, 0.5, 1}, y[] = {1, 0}, times[] = {INFINITY};
  double a[16] = {0}, b[16] = {0};
  a[0] = 1;
  const pdlt_gaussian_ntk_input in = {2, 1, 1, theta, a, b, y, 0.5, 0, 1, times, nullptr};
  EXPECT_TRUE(std::isfinite(Miss(Make(in), 1.0)));
  EXPECT_GT(Miss(Make(in), 0.2), 0.3);
  EXPECT_NEAR(Miss(Make(in), 1e-3), 3 * 1e-3, 1e-4);  // 1/x: x^-1 (1 + v + 3 v^2 + ..), v = h
}

/* Random covariances with all symmetries, two outputs, test samples: as h falls the mean goes to
 * its first order, and g falls like h. */
TEST(GaussianNtk, FirstOrderIsTheLimit) {
  std::mt19937_64 engine(7);
  std::normal_distribution<double> normal;
  const size_t D = 4, A = 3, n = 2;
  std::vector<double> theta(D * D), a(D * D * D * D), b(a.size()), y(D * n);
  const auto index = [&](size_t i, size_t j, size_t k, size_t l) {
    return ((i * D + j) * D + k) * D + l;
  };
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j <= i; j++)
      theta[i * D + j] = theta[j * D + i] = (i == j ? 2.0 : 0.0) + 0.3 * normal(engine);
  for (int draw = 0; draw < 12; draw++) {  // A: sum of u u^T of symmetric u; B: of x_a x_b x_c x_d
    std::vector<double> u(D * D), x(D * D);
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j <= i; j++) {
        u[i * D + j] = u[j * D + i] = 0.2 * normal(engine);
        x[i * D + j] = x[j * D + i] = 0.2 * normal(engine);
      }
    for (size_t i = 0; i < D; i++)
      for (size_t j = 0; j < D; j++)
        for (size_t k = 0; k < D; k++)
          for (size_t l = 0; l < D; l++) {
            a[index(i, j, k, l)] += u[i * D + j] * u[k * D + l];
            b[index(i, j, k, l)] += (i == j && k == l ? 0.05 : 0) + 0.01 * (i == j) * (k == l);
          }
  }
  for (double &value : y) value = normal(engine);
  const double times[] = {1, 3, 10};
  pdlt_progress progress = {};
  const pdlt_gaussian_ntk_input in = {D,   A, n, theta.data(), a.data(), b.data(), y.data(),
                                      0.3, 0, 3, times,        &progress};
  const Model model = Make(in);
  EXPECT_NEAR(progress.done, 1, 1e-12);  // the model is one unit, and each mean
  const double *first = pdlt_gaussian_ntk_first_order(model.get());
  const double h = 1e-4;
  const auto shift = Shift(model, in, h);
  double size = 0, miss = 0;
  for (size_t k = 0; k < shift.size(); k++) {
    size += first[k] * first[k];
    miss += std::pow(shift[k] / h - first[k], 2);
  }
  EXPECT_LT(std::sqrt(miss / size), 1e-3);
  EXPECT_LT(Miss(model, 1e-4), 1e-3);
  EXPECT_NEAR(Miss(model, 2e-3) / Miss(model, 1e-3), 2, 0.2);  // g falls as h
  EXPECT_NEAR(progress.done, 1 + 4, 1e-9);
}

}  // namespace
