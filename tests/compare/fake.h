// fake.h - a made-up comparison with known answers, for the tests of figures and
// report: outputs relax exponentially, finite width adds g1 h + g2 h^2, blocks carry
// Gaussian noise. Not physics; nothing of it is used outside the tests.
#ifndef PDLT_TESTS_COMPARE_FAKE_H
#define PDLT_TESTS_COMPARE_FAKE_H

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/file/archive.h"
#include "compare/figure/figure.h"
#include "compare/statistics/fit.h"
#include "compare/verdict/answer.h"
#include "compare/verdict/compare.h"
#include "compare/verdict/kurtosis.h"
#include "compare/verdict/slope.h"

// Whether a text holds a part, and the number behind words of it.
inline bool Has(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

inline double NumberAfter(const std::string &text, const std::string &before) {
  const size_t at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before << " in: " << text;
  return at == std::string::npos ? NAN : std::strtod(text.c_str() + at + before.size(), nullptr);
}

struct Fake {
  std::vector<double> widths{16, 32, 64, 128};
  size_t times = 20, samples = 6, blocks = 32, kept = 8;
  double noise = 2e-3;  // standard deviation of a block value
  double effect = 1;    // multiplies the finite-width terms
  bool nlo = false;     // z_nlo exists
  bool order1 = false;  // everything else of order 1/n, and layers, exist (MakeOrderOne)
  double power = 1;     // of h, in which trained quantities go; 1/2: theory has NAME_half
  const pdlt_figure_keys *keys = nullptr;  // of figures
  double beyond = 0;  // standard deviation of the next coefficient of their fits
  std::string title = "tanh, three layers: the trained output against theory";

  pdlt_archive theory{}, measured{};
  mutable pdlt_comparison comparison{};  // mutable: Input() measures slopes and kurtosis
  std::vector<double> h, row_storage;
  std::vector<pdlt_reach> reach;
  std::vector<int> used;
  std::vector<pdlt_compare_row> rows;
  std::vector<pdlt_compare_test> tests;
  std::vector<std::string> warning_text;
  std::vector<char *> warnings;
  std::mt19937_64 engine{12345};

  Fake() = default;
  Fake(const Fake &) = delete;
  Fake &operator=(const Fake &) = delete;
  ~Fake() {
    Forget();
    pdlt_archive_free(&theory);
    pdlt_archive_free(&measured);
  }

  double Normal() {
    const double u = (double)((engine() >> 11) + 1) / 9007199254740994.0;
    const double v = (double)(engine() >> 11) / 9007199254740992.0;
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::acos(-1.0) * v);
  }

  double *New(pdlt_archive *archive, const std::string &name, std::vector<size_t> dim) {
    pdlt_array *t = nullptr;
    pdlt_error err;
    pdlt_archive_new(archive, name.c_str(), (int)dim.size(), dim.data(), &t, &err);
    return t->data;
  }

  // NAME_nlo, or NAME_half.
  std::string First(std::string name) const {
    const size_t at = name.find("_nlo");
    return power < 1 ? name.replace(at, 4, "_half") : name;
  }
  double Unit(double n) const { return std::pow(1 / n, power); }

  double Time(size_t t) const {
    return t == 0 ? 0 : std::fmax((double)t, std::round(std::pow(400.0, (double)(t - 1) / 18)));
  }
  double Decay(size_t t, size_t a) const { return std::exp(-Time(t) * 0.01 * (1 + (double)a)); }
  double ZInfinite(size_t t, size_t a) const {
    return (a % 2 ? -1 : 1) * (1 - Decay(t, a)) * (1 - 0.1 * (double)a);
  }
  double ZSlope(size_t t, size_t a) const {
    return effect * 4 * (a % 2 ? 1 : -1) * (1 - Decay(t, a)) * Decay(t, a);
  }
  double Matrix(size_t a, size_t b, double scale) const {
    const double angle = (double)a - (double)b;
    return scale * (0.3 + std::cos(0.7 * angle));
  }

  // Adds NAME, NAME_se and blocks/NAME at one width around the exact values.
  void AddMeasured(double width, const std::string &name, std::vector<size_t> dim,
                   const std::vector<double> &exact, double sd) {
    char prefix[32];
    std::snprintf(prefix, sizeof prefix, "n%.0f/", width);
    double *mean = New(&measured, prefix + name, dim);
    double *se = New(&measured, prefix + name + "_se", dim);
    dim.insert(dim.begin(), blocks);
    double *block = New(&measured, prefix + ("blocks/" + name), dim);
    const double count = (double)blocks;
    for (size_t i = 0; i < exact.size(); i++) {
      double sum = 0, square = 0;
      for (size_t b = 0; b < blocks; b++) {
        double x = exact[i] + sd * Normal();
        block[b * exact.size() + i] = x;
        sum += x;
      }
      mean[i] = sum / count;
      for (size_t b = 0; b < blocks; b++)
        square += std::pow(block[b * exact.size() + i] - mean[i], 2);
      se[i] = std::sqrt(square / count / (count - 1));
    }
  }

  void MakeTheory() {
    double *t = New(&theory, "times", {times});
    double *z = New(&theory, "z_lo", {times, 1, samples});
    double *cov = New(&theory, "cov_lo", {times, 1, samples, 1, samples});
    double *z1 = nlo ? New(&theory, First("z_nlo"), {times, 1, samples}) : nullptr;
    for (size_t i = 0; i < times; i++) {
      t[i] = Time(i);
      for (size_t a = 0; a < samples; a++) {
        z[i * samples + a] = ZInfinite(i, a);
        if (z1) z1[i * samples + a] = ZSlope(i, a);
        for (size_t b = 0; b < samples; b++)
          cov[(i * samples + a) * samples + b] =
              Decay(i, a) * Decay(i, b) * Matrix(a, b, 0.3) + (a == b ? 0.01 : 0);
      }
    }
    double *k = New(&theory, "K", {samples, samples});
    double *theta = New(&theory, "Theta", {samples, samples});
    for (size_t a = 0; a < samples; a++)
      for (size_t b = 0; b < samples; b++) {
        k[a * samples + b] = Matrix(a, b, 0.6);
        theta[a * samples + b] = Matrix(a, b, 2.5);
      }
    json_t *meta = pdlt_archive_meta(&theory);
    json_object_set_new(meta, "absent",
                        json_pack("{s:s}", "V", "erf <kink> & co: order \"1\" is not defined"));
    json_object_set_new(meta, "commit", json_string("abc123def456"));
  }

  void MakeMeasured() {
    std::memcpy(New(&measured, "widths", {widths.size()}), widths.data(),
                widths.size() * sizeof(double));
    double *t = New(&measured, "times", {times});
    for (size_t i = 0; i < times; i++) t[i] = Time(i);
    for (double n : widths) {
      const double x = 1 / n, u = Unit(n);
      std::vector<double> z, k, theta;
      for (size_t i = 0; i < times; i++)
        for (size_t a = 0; a < samples; a++)
          z.push_back(ZInfinite(i, a) + ZSlope(i, a) * (u + 2 * u * u));
      for (size_t i = 0; i < samples * samples; i++) {
        const double m = Matrix(i / samples, i % samples, 1);
        k.push_back(0.6 * m + effect * (0.2 * m * x));
        theta.push_back(2.5 * m + effect * (1.5 * m * x - 3 * x * x));
      }
      AddMeasured(n, "z", {times, 1, samples}, z, noise);
      AddMeasured(n, "K", {samples, samples}, k, noise);
      AddMeasured(n, "Theta", {samples, samples}, theta, 4 * noise);
      char name[64];
      std::snprintf(name, sizeof name, "n%.0f/", n);
      const std::string prefix = name;
      double *members = New(&measured, prefix + "blocks/members", {blocks});
      for (size_t b = 0; b < blocks; b++) members[b] = 64;
      *New(&measured, prefix + "members", {}) = 64.0 * (double)blocks;
      *New(&measured, prefix + "diverged", {}) = 0;
      *New(&measured, prefix + "unconverged", {}) = n == 16 ? 3 : 0;
      if (n != widths[0] || kept == 0) continue;
      double *member = New(&measured, prefix + "samples/z", {kept, times, 1, samples});
      for (size_t m = 0; m < kept; m++) {
        std::vector<double> start(samples);
        for (double &s : start) s = 0.6 * Normal();
        for (size_t i = 0; i < times; i++)
          for (size_t a = 0; a < samples; a++)
            member[(m * times + i) * samples + a] = ZInfinite(i, a) + start[a] * Decay(i, a);
      }
    }
    FillMeta();
  }

  void FillMeta() {
    json_t *meta = pdlt_archive_meta(&measured);
    json_t *experiment =
        json_pack("{s:s, s:{s:s, s:i, s:[i,i,i,i], s:f}, s:{s:s, s:i, s:i}, s:{s:i, s:i}}", "title",
                  title.c_str(), "network", "activation", "tanh", "depth", 3, "widths", 16, 32, 64,
                  128, "C_b", 0.1, "data", "source", "circle", "train", 4, "test", 2, "ensemble",
                  "members", 100000, "seed", 7);
    json_object_set_new(meta, "experiment", experiment);
    json_object_set_new(meta, "hash", json_string("0123456789abcdef"));
    json_object_set_new(meta, "physics_hash", json_string("fedcba9876543210"));
    json_object_set_new(meta, "seed", json_integer(7));
    json_object_set_new(meta, "estimator", json_string("antithetic"));
    json_object_set_new(meta, "commit", json_string("abc123def456"));
    json_object_set_new(meta, "compiler", json_string("gcc 12.2.0"));
    json_object_set_new(meta, "blas", json_string("OpenBLAS 0.3.21"));
    json_object_set_new(
        meta, "conventions",
        json_pack("{s:s, s:s, s:s}", "loss",
                  "(1/2) sum over training samples and outputs of (z - y)^2; no mean", "step",
                  "theta <- theta - eta lambda dLoss/dtheta, full batch", "h", "1/n_{L-1}"));
  }

  static constexpr size_t kProbes = 4, kLayers = 5;
  static constexpr const char *kTensors[] = {"V", "F"};
  static constexpr const char *kParts[] = {"mean_ntk", "ntk_fluctuations", "dntk", "ddntk_linear",
                                           "ddntk_cubic"};
  static constexpr double kShare[] = {0.9, 0.4, -0.6, 0.2, 0.1};  // of z_nlo, sum 1
  static constexpr const char *kHalfParts[] = {"crossing", "pushed", "others"};
  static constexpr double kHalfShare[] = {1.5, -0.7, 0.2};  // of z_half

  // Symmetric under 12 <-> 34 as V and F are.
  double Tensor(const char *name, size_t flat) const {
    const size_t p = kProbes;
    const double a = (double)(flat / p / p), b = (double)(flat % (p * p));
    return (name[0] == 'V' ? 1 : 0.3) * (0.4 + 0.1 * a * b / 16 + 0.02 * (a + b));
  }
  double NtkChange(size_t t, size_t a, size_t b) const {
    return (1 - Decay(t, 0)) * Matrix(a, b, 3);
  }
  double Dntk(size_t i) const {  // entry of dTheta_t_nlo (T, 1, kProbes, 1, kProbes, 1, kProbes)
    const size_t p = kProbes, t = i / (p * p * p);
    return (1 - Decay(t, 0)) * (2 + (double)(i / p / p % p) - (double)((i / p % p) * (i % p)) / 4);
  }
  double Loss(size_t t, bool train) const { return 2 * Decay(t, 1) + (train ? 0.01 : 0.5); }
  double LossSlope(size_t t, bool train) const {
    return (train ? 0.1 : 3) * Decay(t, 0) + (train ? 0.05 : 1);
  }
  double Layer(const char *name, size_t l) const {  // of the first sample; ReLU at criticality
    return name[0] == 'K' ? 0.6 : name[0] == 'T' ? 2.5 * (double)l : 5.0 * 0.36 * (double)(l - 1);
  }

  void MakeOrderOne() {
    const size_t p = kProbes;
    const bool half = power < 1;
    for (size_t k = 0; k < (half ? 3 : 5) && nlo; k++) {
      const std::string name = half ? kHalfParts[k] : kParts[k];
      double *part = New(&theory, First("z_nlo") + "/" + name, {times, 1, samples});
      for (size_t i = 0; i < times * samples; i++)
        part[i] = (half ? kHalfShare : kShare)[k] * ZSlope(i / samples, i % samples);
    }
    for (const char *name : {"G1", "Theta1"}) {
      double *slope = New(&theory, name, {samples, samples});
      for (size_t i = 0; i < samples * samples; i++)
        slope[i] = Matrix(i / samples, i % samples, name[0] == 'G' ? 0.2 : 1.5);
    }
    double *move = New(&theory, First("Theta_t_nlo"), {times, 1, samples, 1, samples});
    for (size_t i = 0; i < times * samples * samples; i++)
      move[i] = 1 + NtkChange(i / samples / samples, i / samples % samples, i % samples);
    double *dntk = half ? nullptr : New(&theory, "dTheta_t_nlo", {times, 1, p, 1, p, 1, p});
    for (size_t i = 0; i < times * p * p * p && !half; i++) dntk[i] = Dntk(i);
    for (bool train : {true, false}) {
      const std::string name = train ? "loss_train" : "loss_test";
      double *lo = New(&theory, name + "_lo", {times}),
             *slope = New(&theory, First(name + "_nlo"), {times});
      for (size_t t = 0; t < times; t++) lo[t] = Loss(t, train), slope[t] = LossSlope(t, train);
    }
    for (const char *name : kTensors) {
      double *t = New(&theory, name, {p, p, p, p});
      for (size_t i = 0; i < p * p * p * p; i++) t[i] = Tensor(name, i);
    }
    for (size_t l = 1; l <= kLayers; l++)
      for (const char *name : {"K", "Theta", "V"}) {
        const std::string layer = "layer" + std::to_string(l) + "/" + name;
        if (l > 1 || name[0] != 'V')
          *New(&theory, layer,
               name[0] == 'V' ? std::vector<size_t>{1, 1, 1, 1} : std::vector<size_t>{1, 1}) =
              Layer(name, l);
      }
    for (double n : widths) MeasureOrderOne(n);
  }

  void MeasureOrderOne(double n) {
    const size_t p = kProbes;
    const double x = 1 / n, u = Unit(n);
    std::vector<double> values;
    for (size_t i = 0; i < times * samples * samples; i++) {
      const size_t a = i / samples % samples, b = i % samples;
      values.push_back(Matrix(a, b, 2.5) + u * (1 + NtkChange(i / samples / samples, a, b)));
    }
    AddMeasured(n, "Theta_t", {times, 1, samples, 1, samples}, values, noise);
    values.clear();
    for (size_t i = 0; i < times * p * p * p; i++) values.push_back(x * Dntk(i));
    if (!(power < 1)) AddMeasured(n, "dTheta_t", {times, 1, p, 1, p, 1, p}, values, noise);
    for (bool train : {true, false}) {
      values.clear();
      for (size_t t = 0; t < times; t++) values.push_back(Loss(t, train) + u * LossSlope(t, train));
      AddMeasured(n, train ? "loss_train" : "loss_test", {times}, values, noise);
    }
    for (const char *name : kTensors) {
      values.clear();
      for (size_t i = 0; i < p * p * p * p; i++) values.push_back(Tensor(name, i) * (1 + x));
      AddMeasured(n, name, {p, p, p, p}, values, 20 * noise);
    }
    for (size_t l = 1; l <= kLayers; l++)
      for (const char *name : {"K", "Theta", "V"})
        AddMeasured(n, "layer" + std::to_string(l) + "/" + name,
                    name[0] == 'V' ? std::vector<size_t>{1, 1, 1, 1} : std::vector<size_t>{1, 1},
                    {Layer(name, l) * (1 + x * (double)l)}, 5 * noise);
  }

  // A row for one number of NAME; flat is its place without time, t < 0: no time.
  void AddRow(const char *name, std::vector<size_t> index, size_t flat, int t, double lo,
              double slope) {
    pdlt_compare_row row{};
    row.quantity = name;
    row.ndim = (int)index.size();
    for (size_t i = 0; i < index.size(); i++) row.index[i] = index[i];
    row.time = t < 0 ? NAN : Time((size_t)t);
    row.lo = lo;
    row.nlo = slope;
    row.power = std::strcmp(name, "z") == 0 ? power : 1;
    row.beyond[0] = beyond;
    const size_t count = widths.size();
    double *x = &row_storage[rows.size() * 2 * count], *se = x + count;
    for (size_t w = 0; w < count; w++) {
      const pdlt_array *m = pdlt_archive_getf(&measured, "n%.0f/%s", widths[w], name);
      const pdlt_array *e = pdlt_archive_getf(&measured, "n%.0f/%s_se", widths[w], name);
      const size_t at = flat + (t < 0 ? 0 : (size_t)t * samples);
      x[w] = m->data[at];
      se[w] = e->data[at];
    }
    row.measured = x;
    row.se = se;
    row.used = used.data();
    row.c0 = row.c1 = pdlt_coefficient{0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    std::vector<double> map(3 * count), u(count);
    for (size_t w = 0; w < count; w++) u[w] = std::pow(h[w], row.power);
    if (!std::isnan(slope)) {  // c1 alone beside the exact c0, from all widths
      double up = 0, down = 0;
      for (size_t w = 0; w < count; w++) {
        up += u[w] * (x[w] - lo) / (se[w] * se[w]);
        down += u[w] * u[w] / (se[w] * se[w]);
      }
      const double value = up / down, error = 1 / std::sqrt(down);
      row.c1 = {1, value, error, slope, 0, (value - slope) / error, error, 0, 0};
    }
    if (count >= 3 && pdlt_fit_rows(count, u.data(), se, 0, 2, row.beyond, map.data(), nullptr,
                                    nullptr) == PDLT_OK) {
      double value = 0, variance = 0, truncation[PDLT_FIT_BEYOND];
      for (size_t w = 0; w < count; w++) {
        value += map[w] * x[w];
        variance += map[w] * map[w] * se[w] * se[w];
      }
      pdlt_fit fit{};
      EXPECT_EQ(pdlt_fit_new(&fit, count, u.data(), 0, 2, nullptr), PDLT_OK);
      pdlt_fit_truncation(&fit, row.beyond, map.data(), truncation);
      pdlt_fit_free(&fit);
      const double statistical = std::sqrt(variance),
                   total = std::hypot(statistical, truncation[0]);
      row.c0 = {1,           value, total,        lo, 1.02 * lo, (value - lo) / total,
                statistical, 0,     truncation[0]};
    }
    row.fit_p = 0.43;
    row.verdict = PDLT_AGREE;
    rows.push_back(row);
  }

  static pdlt_compare_test Test(const char *quantity, pdlt_verdict verdict, double p, double z,
                                size_t numbers, size_t directions, const char *reason) {
    pdlt_compare_test test{};
    test.quantity = quantity;
    test.coefficient = "c0";
    test.verdict = verdict;
    test.p = p;
    test.worst_z = z;
    test.numbers = numbers;
    test.directions = directions;
    test.fit_p = 0.4;
    test.null_z = test.members_needed = test.bound = NAN;
    test.statistical = test.numerical = test.truncation = NAN;
    std::snprintf(test.reason, sizeof test.reason, "%s", reason);
    return test;
  }

  // The narrowest width (h = 1/16) is out of reach.
  static pdlt_reach Reach(double at) {
    pdlt_reach reach{};
    reach.in_reach = at < 0.05;
    std::snprintf(reach.reason, sizeof reach.reason, "%s",
                  reach.in_reach ? "" : "g = 0.21 > 0.15 <so>");
    reach.g = 3.4 * at;
    reach.correction = 0.37 * at;
    reach.ntk_spread = 0.047 * std::sqrt(at);
    reach.correction_cov = reach.correction_loss = reach.correction_ntk = NAN;
    reach.negative = reach.unstable = reach.stable_width = NAN;
    reach.top_share = 0.019;
    return reach;
  }

  void MakeComparison() {
    for (double n : widths) h.push_back(1 / n);
    used.assign(widths.size(), 1);
    const size_t count =
        times * samples + 2 * samples * samples + 2 * kProbes * kProbes * kProbes * kProbes;
    row_storage.assign(count * 2 * widths.size(), 0);
    for (size_t t = 0; t < times; t++)
      for (size_t a = 0; a < samples; a++)
        AddRow("z", {0, a}, a, (int)t, ZInfinite(t, a), nlo ? ZSlope(t, a) : NAN);
    for (size_t i = 0; i < samples * samples; i++)
      AddRow("K", {i / samples, i % samples}, i, -1, Matrix(i / samples, i % samples, 0.6),
             order1 ? Matrix(i / samples, i % samples, 0.2) : NAN);
    for (size_t i = 0; i < samples * samples; i++)
      AddRow("Theta", {i / samples, i % samples}, i, -1, Matrix(i / samples, i % samples, 2.5),
             order1 ? Matrix(i / samples, i % samples, 1.5) : NAN);
    for (const char *name : kTensors)
      for (size_t i = 0; order1 && i < kProbes * kProbes * kProbes * kProbes; i++)
        AddRow(name,
               {i / (kProbes * kProbes * kProbes), i / (kProbes * kProbes) % kProbes,
                i / kProbes % kProbes, i % kProbes},
               i, -1, Tensor(name, i), NAN);
    tests = {Test("z", PDLT_AGREE, 0.31, -2.7, 120, 40, "no deviation (p = 0.31)"),
             Test("K", PDLT_UNDECIDED, 0.02, 2.9, 21, 21,
                  "too few members: theory and its null hypothesis are 3.1 total errors apart"),
             Test("Theta", PDLT_DISAGREE, 3e-9, 7.4, 21, 21,
                  "measured c0 is not that of theory: p = 3e-09")};
    tests[0].null_z = 85.2;
    tests[0].members_needed = 12.4;
    tests[0].bound = 0.004;
    tests[1].null_z = 3.1;
    tests[1].members_needed = 240000;
    tests[2].null_z = 44;
    warning_text = {"width 16: 3 members did not converge & were counted"};
    for (std::string &w : warning_text) warnings.push_back(&w[0]);
    comparison.verdict = PDLT_DISAGREE;
    comparison.num_widths = widths.size();
    comparison.widths = widths.data();
    comparison.h = h.data();
    for (size_t w = 0; w < h.size(); w++) reach.push_back(Reach(h[w]));
    comparison.reach = reach.data();
    comparison.num_rows = rows.size();
    comparison.rows = rows.data();
    comparison.num_tests = tests.size();
    comparison.tests = tests.data();
    comparison.num_warnings = warnings.size();
    comparison.warnings = warnings.data();
    comparison.degree = 2;
    comparison.level = 1e-4;
  }

  void Make() {
    MakeTheory();
    MakeMeasured();
    if (order1) MakeOrderOne();
    MakeComparison();
  }

  // Slopes, kurtosis and answer as pdlt_compare fills them in, of what the archives hold now.
  void Measure() const {
    pdlt_error err;
    Forget();
    EXPECT_EQ(pdlt_comparison_slopes(&comparison, &measured, &err), PDLT_OK) << err.message;
    EXPECT_EQ(pdlt_kurtosis_measure(&comparison.kurtosis, &comparison, &theory, &measured, &err),
              PDLT_OK)
        << err.message;
    EXPECT_EQ(pdlt_comparison_answer(&comparison, &measured, &err), PDLT_OK) << err.message;
  }
  void Forget() const {
    pdlt_free(comparison.slopes);
    pdlt_free(comparison.distances);
    comparison.slopes = nullptr;
    comparison.distances = nullptr;
    comparison.num_slopes = 0;
    pdlt_kurtosis_free(&comparison.kurtosis);
    for (char *&sentence : comparison.answer) {
      pdlt_free(sentence);
      sentence = nullptr;
    }
  }
  pdlt_figure_input Input() const {
    Measure();
    return {&comparison, &theory, &measured, keys};
  }
};

#endif
