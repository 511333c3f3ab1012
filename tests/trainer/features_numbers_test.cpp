// What the features of one network say at one time, against features with all their parameters.
#include <numeric>

#include "tests/trainer/features_support.h"
#include "trainer/measure/features.h"

using namespace trainer_test;

namespace {

const pdlt_feature all[] = {PDLT_FEATURE_K, PDLT_FEATURE_K_E, PDLT_FEATURE_K_SHARP,
                            PDLT_FEATURE_SECANT, PDLT_FEATURE_MIDPOINT};

// Room for all numbers, and the struct that points to it.
struct Numbers {
  Numbers(size_t p, size_t blocks) : weight(blocks, 7) {
    for (const pdlt_feature i : all) {
      kernel[i].assign(p * p, i == PDLT_FEATURE_K ? 0 : 7);
      deviation[i].assign(p, 7);
      square[i].assign(p, 7);
      eigenvalues[i].assign(p, 7);
      c.kernel[i] = i == PDLT_FEATURE_K ? nullptr : kernel[i].data();
      c.deviation[i] = deviation[i].data();
      c.square[i] = square[i].data();
      c.eigenvalues[i] = eigenvalues[i].data();
    }
    c.rho2 = &rho2;
    c.alignment = &alignment;
    c.weight = blocks > 0 ? weight.data() : nullptr;
  }
  Numbers(const Numbers &) = delete;
  Vector kernel[PDLT_FEATURE_COUNT], deviation[PDLT_FEATURE_COUNT], square[PDLT_FEATURE_COUNT],
      eigenvalues[PDLT_FEATURE_COUNT], weight;
  double rho2 = 7, alignment = 7;
  pdlt_features_numbers c = {};
};

struct Features {
  explicit Features(const Moved &m) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_network_features_new(&c, &m.net, &m.samples, &err), PDLT_OK) << err.message;
  }
  ~Features() { pdlt_network_features_free(&c); }
  Features(const Features &) = delete;
  pdlt_network_features c = {};
};

// x with a x = b, by elimination with pivots; a (n, n).
Vector eliminate(size_t n, Vector a, Vector b) {
  for (size_t k = 0; k < n; k++) {
    size_t pivot = k;
    for (size_t i = k; i < n; i++)
      if (std::fabs(a[i * n + k]) > std::fabs(a[pivot * n + k])) pivot = i;
    for (size_t j = 0; j < n; j++) std::swap(a[k * n + j], a[pivot * n + j]);
    std::swap(b[k], b[pivot]);
    for (size_t i = k + 1; i < n; i++) {
      const double factor = a[i * n + k] / a[k * n + k];
      for (size_t j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; j++) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

// Rows of the training samples among all rows.
std::vector<size_t> train_rows(const Moved &m) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < m.samples.outputs; i++)
    for (size_t a = 0; a < m.samples.train; a++) rows.push_back(i * m.samples.samples + a);
  return rows;
}

template <class T>
std::vector<T> pick(const std::vector<T> &of, const std::vector<size_t> &rows) {
  std::vector<T> out;
  for (size_t r : rows) out.push_back(of[r]);
  return out;
}

// w = sum of the rows of phi with phi_A . w = c_A and the least length.
Vector fit(const Rows &phi, const Vector &c) {
  const Vector x = eliminate(phi.size(), products(phi, phi), c);
  Vector w(phi[0].size());
  for (size_t r = 0; r < phi.size(); r++)
    for (size_t mu = 0; mu < w.size(); mu++) w[mu] += x[r] * phi[r][mu];
  return w;
}

double align(const Vector &kernel, const Vector &y) {
  double along = 0, k2 = 0;
  for (size_t i = 0; i < y.size(); i++)
    for (size_t j = 0; j < y.size(); j++) {
      along += y[i] * kernel[i * y.size() + j] * y[j];
      k2 += kernel[i * y.size() + j] * kernel[i * y.size() + j];
    }
  return along / (dot(y, y) * std::sqrt(k2));
}

// Not so small that the kernel of the training samples is near singular, and no step so large that it
// explodes.
Settings wide_network(std::mt19937_64 &gen) {
  Settings s = moving_network(gen);
  s.widths = "[6]";
  s.eta = "0.005";
  s.test = 1 + (int)(gen() % 2);
  s.lambda_b = random_list(gen, s.depth, false);
  return s;
}

}  // namespace

TEST(TrainerFeaturesNumbers, KernelsAndDeviationsAreThoseOfFullFeatures) {
  std::mt19937_64 gen(21);
  for (int trial = 0; trial < 16; trial++) {
    Moved m(wide_network(gen), 4, (unsigned)gen(), 15);
    Features f(m);
    Numbers out(m.p, 0);
    pdlt_network_features_begin_at(&f.c, m.start.data());
    pdlt_network_features_of(&f.c, m.end.data(), &out.c);
    const std::vector<size_t> train = train_rows(m);
    const Vector change = m.change();
    const Rows start = m.features(PDLT_FEATURE_K);
    const Vector before = products(start, start);
    for (const pdlt_feature i : all) {
      const Rows phi = m.features(i);
      Vector moved = products(phi, phi), deviation, square;
      for (size_t k = 0; k < moved.size(); k++) moved[k] -= before[k];
      if (i != PDLT_FEATURE_K) expect_near(out.kernel[i], moved, 1e-8, "kernel");
      const Vector w = fit(pick(phi, train), pick(change, train));
      for (size_t r = 0; r < m.p; r++) deviation.push_back(change[r] - dot(phi[r], w));
      for (double x : out.deviation[i]) square.push_back(x * x);
      expect_near(out.deviation[i], deviation, 1e-8, pdlt_feature_definitions[i].name);
      EXPECT_EQ(out.square[i], square);
      for (size_t r : train) EXPECT_EQ(out.deviation[i][r], 0);
    }
  }
}

// E2 and E3: with rho the part of d that no feature of a training sample sees, the secant misses phi_B . rho.
TEST(TrainerFeaturesNumbers, RhoIsWhatNoTrainingSampleSees) {
  std::mt19937_64 gen(22);
  double most = 0;
  for (int trial = 0; trial < 16; trial++) {
    Moved m(wide_network(gen), 4, (unsigned)gen(), 15);
    Features f(m);
    Numbers out(m.p, 0);
    pdlt_network_features_begin_at(&f.c, m.start.data());
    pdlt_network_features_of(&f.c, m.end.data(), &out.c);
    const Rows phi = m.features(PDLT_FEATURE_SECANT), seen = pick(phi, train_rows(m));
    Vector rho = m.d(), along;
    for (const Vector &row : seen) along.push_back(dot(row, rho));
    const Vector w = fit(seen, along);
    for (size_t mu = 0; mu < rho.size(); mu++) rho[mu] -= w[mu];
    for (const Vector &row : seen) EXPECT_NEAR(dot(row, rho), 0, 1e-9);
    EXPECT_NEAR(out.rho2, dot(rho, rho) / dot(m.d(), m.d()), 1e-9) << trial;
    Vector missed;
    for (const Vector &row : phi) missed.push_back(dot(row, rho));
    expect_near(out.deviation[PDLT_FEATURE_SECANT], missed, 1e-8, "secant");
    most = std::max(most, out.rho2);
  }
  EXPECT_GT(most, 1e-4);
}

TEST(TrainerFeaturesNumbers, EigenvaluesAlignmentAndWeights) {
  std::mt19937_64 gen(23);
  for (int trial = 0; trial < 12; trial++) {
    Settings s = wide_network(gen);
    s.train = 3;
    s.test = 1;
    Moved m(s, 4, (unsigned)gen(), 15);
    Features f(m);
    Numbers out(m.p, 2);
    // Characters of two bits on four samples: orthonormal, and centred.
    const Vector v = {.5, .5, -.5, -.5, .5, -.5, .5, -.5, .5, -.5, -.5, .5};
    const size_t size[] = {1, 2};
    f.c.blocks.blocks = 2;
    f.c.blocks.size = size;
    f.c.blocks.v = v.data();
    pdlt_network_features_begin_at(&f.c, m.start.data());
    pdlt_network_features_of(&f.c, m.end.data(), &out.c);
    Vector share[2], y(m.samples.y_train, m.samples.y_train + m.samples.outputs * 3);
    double aligned[2] = {0, 0};
    for (const pdlt_feature i : all) {
      const Rows phi = m.features(i);
      const Vector kernel = products(phi, phi), &value = out.eigenvalues[i];
      double trace = 0, square = 0;
      for (size_t r = 0; r < m.p; r++) trace += kernel[r * m.p + r];
      for (double x : kernel) square += x * x;
      /* The rule of the secant ends at 1e-9 of the change. */
      const double exact = i == PDLT_FEATURE_SECANT ? 1e-8 : 1e-10;
      EXPECT_NEAR(std::accumulate(value.begin(), value.end(), 0.0), trace, exact * trace);
      EXPECT_NEAR(dot(value, value), square, exact * square);
      for (size_t r = 1; r < m.p; r++) EXPECT_GE(value[r - 1], value[r]);
      EXPECT_GE(value[m.p - 1], -1e-12 * value[0]);
      if (i != PDLT_FEATURE_K && i != PDLT_FEATURE_K_E) continue;
      const Rows seen = pick(phi, train_rows(m));
      aligned[i] = align(products(seen, seen), y);
      // The whole centred kernel is in the three characters.
      double weight[2] = {0, 0};
      for (size_t row = 0; row < 3; row++)
        for (size_t o = 0; o < m.samples.outputs; o++)
          for (size_t a = 0; a < 4; a++)
            for (size_t b = 0; b < 4; b++)
              weight[row > 0] +=
                  v[row * 4 + a] * v[row * 4 + b] * kernel[(o * 4 + a) * m.p + o * 4 + b];
      for (double w : weight) share[i].push_back(w / (weight[0] + weight[1]));
    }
    EXPECT_NEAR(out.alignment, aligned[1] - aligned[0], 1e-9);
    EXPECT_NE(out.alignment, 0);
    for (size_t j = 0; j < 2; j++) EXPECT_NEAR(out.weight[j], share[1][j] - share[0][j], 1e-9);
  }
}

// At the start everything but eigenvalues is 0 to the last bit, from a stepper too.
TEST(TrainerFeaturesNumbers, AreZeroAtTheStart) {
  std::mt19937_64 gen(24);
  const Vector v = {.5, .5, -.5, -.5, .5, -.5, .5, -.5};
  const size_t size[] = {2};
  for (const int single : {0, 1})
    for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
      Settings s = wide_network(gen);
      s.train = s.test = 2;
      Moved m(s, 4, (unsigned)gen(), 0);
      Features f(m);
      Numbers out(m.p, 1);
      f.c.blocks = {1, size, v.data()};
      pdlt_stepper stepper = {};
      pdlt_error err = {};
      const pdlt_step_settings settings = {0.02, first, single, nullptr};
      ASSERT_EQ(pdlt_stepper_new(&stepper, &m.net, &m.samples, &settings, &err), PDLT_OK);
      std::copy(m.start.begin(), m.start.end(), stepper.theta);
      pdlt_stepper_begin(&stepper);
      pdlt_stepper_forward(&stepper);
      pdlt_network_features_begin(&f.c, &stepper);
      pdlt_network_features_measure(&f.c, &stepper, &out.c);
      for (const pdlt_feature i : all) {
        EXPECT_EQ(largest(out.kernel[i]), 0);
        EXPECT_EQ(largest(out.deviation[i]), 0);
        EXPECT_EQ(largest(out.square[i]), 0);
        EXPECT_EQ(out.eigenvalues[i], out.eigenvalues[PDLT_FEATURE_K]);
      }
      EXPECT_EQ(out.rho2, 0);
      EXPECT_EQ(out.alignment, 0);
      EXPECT_EQ(out.weight[0], 0);
      pdlt_stepper_free(&stepper);
    }
}

// A stepper's state is that of its parameters.
TEST(TrainerFeaturesNumbers, FollowAStepper) {
  std::mt19937_64 gen(25);
  for (const pdlt_first_layer first : {PDLT_FIRST_WEIGHTS, PDLT_FIRST_SAMPLES}) {
    Settings s = wide_network(gen);
    Moved m(s, 4, (unsigned)gen(), 12);
    Features f(m);
    Numbers expected(m.p, 0), out(m.p, 0);
    pdlt_network_features_begin_at(&f.c, m.start.data());
    pdlt_network_features_of(&f.c, m.end.data(), &expected.c);
    pdlt_stepper stepper = {};
    pdlt_error err = {};
    const pdlt_step_settings settings = {m.ex.c.training.eta, first, 0, nullptr};
    ASSERT_EQ(pdlt_stepper_new(&stepper, &m.net, &m.samples, &settings, &err), PDLT_OK);
    std::copy(m.start.begin(), m.start.end(), stepper.theta);
    pdlt_stepper_begin(&stepper);
    pdlt_stepper_forward(&stepper);
    pdlt_network_features_begin(&f.c, &stepper);
    for (int t = 0; t < 12; t++) {
      pdlt_stepper_update(&stepper);
      pdlt_stepper_forward(&stepper);
    }
    pdlt_network_features_measure(&f.c, &stepper, &out.c);
    for (const pdlt_feature i : all) {
      if (i != PDLT_FEATURE_K) expect_near(out.kernel[i], expected.kernel[i], 1e-10, "kernel");
      expect_near(out.deviation[i], expected.deviation[i], 1e-10, "deviation");
    }
    EXPECT_NEAR(out.rho2, expected.rho2, 1e-9);
    EXPECT_NEAR(out.alignment, expected.alignment, 1e-11);
    pdlt_stepper_free(&stepper);
  }
}

// A training sample that is there twice makes k_AA singular and changes no regression.
TEST(TrainerFeaturesNumbers, SingularKernelsRegressWithWhatTheyHave) {
  Settings s;
  s.widths = "[6]";
  s.train = 2;
  s.test = 2;
  s.outputs = 2;
  Moved once(s, 3, 31, 12);
  s.train = 3;
  Moved twice(s, 3, 31, 0);
  const Vector x = once.data.x; /* samples 0, 1, test 2, 3 */
  std::copy(x.begin() + 3, x.begin() + 6, twice.data.x.begin());
  std::copy(x.begin(), x.begin() + 6, twice.data.x.begin() + 3);
  std::copy(x.begin() + 6, x.end(), twice.data.x.begin() + 9);
  pdlt_error err = {};
  pdlt_samples_free(&twice.samples);
  ASSERT_EQ(pdlt_samples_new(&twice.samples, &twice.ex.c, &twice.data.c, &err), PDLT_OK);
  Numbers a(once.p, 0), b(twice.p, 0);
  Features f(once), g(twice);
  pdlt_network_features_begin_at(&f.c, once.start.data());
  pdlt_network_features_of(&f.c, once.end.data(), &a.c);
  pdlt_network_features_begin_at(&g.c, once.start.data());
  pdlt_network_features_of(&g.c, once.end.data(), &b.c);
  for (const pdlt_feature i : all)
    for (size_t o = 0; o < 2; o++) {
      for (size_t t = 0; t < 2; t++)
        EXPECT_NEAR(b.deviation[i][o * 5 + 3 + t], a.deviation[i][o * 4 + 2 + t], 1e-10) << i;
      for (size_t t = 0; t < 3; t++) EXPECT_NEAR(b.deviation[i][o * 5 + t], 0, 1e-10) << i;
    }
  EXPECT_NEAR(b.rho2, a.rho2, 1e-10);
}

// More training samples than parameters: k_AA is singular, no regression meets all changes, and the one with
// the least squares is taken; what it leaves on training samples is their deviation.
TEST(TrainerFeaturesNumbers, FewParametersFitWhatTheyCan) {
  std::mt19937_64 gen(26);
  double most = 0;
  int fits = 0;
  for (int trial = 0; trial < 40; trial++) {
    Settings s;
    s.depth = 2;
    s.widths = "[1]";
    s.train = 6;
    s.test = 1;
    s.eta = "0.02";
    Moved m(s, 1, (unsigned)gen(), 30);
    Features f(m);
    Numbers out(m.p, 0);
    pdlt_network_features_begin_at(&f.c, m.start.data());
    pdlt_network_features_of(&f.c, m.end.data(), &out.c);
    const Vector change = m.change();
    pdlt_error err = {};
    for (const pdlt_feature i : all) {
      const Rows phi = m.features(i);
      Rows columns(4, Vector(6));
      for (size_t r = 0; r < 6; r++)
        for (size_t mu = 0; mu < 4; mu++) columns[mu][r] = phi[r][mu];
      const Vector seen(change.begin(), change.begin() + 6), square = products(columns, columns);
      Vector value(4);
      ASSERT_EQ(pdlt_symmetric_eigen(4, square.data(), value.data(), nullptr, &err), PDLT_OK);
      if (value[0] < 1e-6 * value[3]) continue; /* the four can hardly be told apart */
      fits++;
      const Vector w = eliminate(4, square, products(columns, {seen}));
      for (size_t r = 0; r < 7; r++)
        EXPECT_NEAR(out.deviation[i][r], change[r] - dot(phi[r], w), 1e-7 * largest(change))
            << trial << " " << i << " " << r;
      for (size_t r = 0; r < 6; r++) most = std::max(most, std::fabs(out.deviation[i][r]));
    }
  }
  EXPECT_GT(fits, 20);
  EXPECT_GT(most, 1e-3);
}

// With the first of two layers fixed nothing is missed and nothing changes.
TEST(TrainerFeaturesNumbers, LinearInWhatMovesIsRegression) {
  Settings s;
  s.depth = 2;
  s.outputs = 2;
  s.lambda_b = "[0, 0.5]";
  s.lambda_W = "[0, 1.3]";
  Moved m(s, 3, 12, 30);
  Features f(m);
  Numbers out(m.p, 0);
  pdlt_network_features_begin_at(&f.c, m.start.data());
  pdlt_network_features_of(&f.c, m.end.data(), &out.c);
  for (const pdlt_feature i : all) {
    EXPECT_EQ(largest(out.kernel[i]), 0);
    EXPECT_LT(largest(out.deviation[i]), 1e-11 * largest(m.change()));
  }
  EXPECT_LT(out.rho2, 1e-11);
}

TEST(TrainerFeaturesNumbers, NothingAskedForNothingWritten) {
  Settings s;
  Moved m(s, 3, 4, 5);
  Features f(m);
  const pdlt_features_numbers none = {};
  pdlt_network_features_begin_at(&f.c, m.start.data());
  const Vector before(f.c.kernel, f.c.kernel + m.p * m.p);
  pdlt_network_features_of(&f.c, m.end.data(), &none);
  EXPECT_EQ(Vector(f.c.kernel, f.c.kernel + m.p * m.p), before);
  pdlt_network net = m.net;
  pdlt_network_features again = {};
  pdlt_error err = {};
  net.has_positions = 1;
  EXPECT_EQ(pdlt_network_features_new(&again, &net, &m.samples, &err), PDLT_ERR_INPUT);
  for (long failures = 0; failures < 5; failures++) {
    pdlt_memory_fail_after(failures);
    EXPECT_EQ(pdlt_network_features_new(&again, &m.net, &m.samples, &err), PDLT_ERR_MEMORY);
    EXPECT_EQ(again.storage, nullptr);
  }
  pdlt_memory_fail_after(-1);
}
