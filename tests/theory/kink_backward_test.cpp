/* kink_backward_test.cpp - what a neuron near its kink sees: against one wide network, weight by weight, and who
 * crosses in it in one step. */
#include "theory/kink/backward.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <thread>

#include "base/vector/linalg.h"
#include "tests/theory/kink_literal.h"
#include "tests/theory/kink_support.h"

namespace {

using namespace kink_support;

constexpr size_t kBelow = 10000, kAbove = 20000, kSamples = 3, kTrain = 2, kRows = 50;

/* Three layers, the second hidden one twice as wide as the first; slopes 1 and 0.2, biases that learn. Targets so
 * large that the outputs at the start do not matter. */
Net WideNet() {
  Net net = Random(4,
                   {Layer(5, 1, 0.1, 1.3, 0.2, 1.1), Layer(1, 2, 0.2, 1.2, 0.3, 0.9),
                    Layer(2, 1, 0.1, 1.4, 0.2, 1.2)},
                   kSamples, kTrain, 1);
  net.minus = 0.2;
  net.y = {1e4, -0.8e4};
  FillKernels(net);
  net.eta = 12 / net.ThetaAt(2)[0] / 1e4;
  return net;
}

/* The biases of layer l. */
Array Biased(const Net &net, size_t l, size_t count, uint64_t seed) {
  Array b = Normals(seed, count);
  for (double &v : b) v *= std::sqrt(net.layer[l].C_b);
  return b;
}

/* One network. (neurons, samples) each: */
struct Wide {
  Array h1, h2;        /* preactivations */
  Array back1, omega2; /* n_1^(1/2) times dz/dsigma(h1); n_2^(1/2) W^(3) (neurons) */
  Array forward;       /* sum_j W_ij s'(h1_ja) dz_b/dh1_j, (neurons, samples a, samples b) */
  Array moved;         /* sum_j W_ij sigma(h1_ja after the step) */
};

/* For every block of kRows rows of W^(2), on two threads: f(first row, rows, thread). */
template <typename F>
void EveryBlock(const Net &net, const F &f) {
  std::vector<std::thread> team;
  for (size_t k = 0; k < 2; k++)
    team.emplace_back([&, k] {
      Array w(kRows * kBelow);
      for (size_t block = k; block < kAbove / kRows; block += 2) {
        const pdlt_rng rng = {77, block, 0, PDLT_STREAM_DATA};
        pdlt_rng_normal(&rng, w.size(), w.data());
        for (double &v : w) v *= std::sqrt(net.layer[1].C_W / (double)kBelow);
        f(block * kRows, w, k);
      }
    });
  for (std::thread &t : team) t.join();
}

/* out (rows, columns) = w x, x (kBelow, columns) */
void Times(const Array &w, const Array &x, size_t columns, double *out) {
  pdlt_gemm(0, 0, kRows, columns, kBelow, 1, w.data(), kBelow, x.data(), columns, 0, out, columns);
}

Array Apply(const Array &h, const std::function<double(double)> &f) {
  Array out(h.size());
  std::transform(h.begin(), h.end(), out.begin(), f);
  return out;
}

void FirstLayer(const Net &net, Wide *w) {
  const size_t inputs = 5;
  const Array b = Biased(net, 0, kBelow, 71), weight = Normals(72, kBelow * inputs);
  w->h1.resize(kBelow * kSamples);
  for (size_t j = 0; j < kBelow; j++)
    for (size_t a = 0; a < kSamples; a++) {
      double sum = b[j];
      for (size_t i = 0; i < inputs; i++)
        sum +=
            std::sqrt(net.layer[0].C_W / inputs) * weight[j * inputs + i] * net.x[a * inputs + i];
      w->h1[j * kSamples + a] = sum;
    }
}

/* Forward through W^(2) and back: a row is drawn once for both. */
void ThroughAndBack(const Net &net, Wide *w) {
  const Array sigma = Apply(w->h1, [&](double u) { return net.Sigma(u); });
  const Array b = Biased(net, 1, kAbove, 73);
  Array back[2] = {Array(kBelow * kSamples), Array(kBelow * kSamples)};
  w->h2.resize(kAbove * kSamples);
  w->omega2 = Normals(74, kAbove);
  for (double &v : w->omega2) v *= std::sqrt(net.layer[2].C_W);
  EveryBlock(net, [&](size_t first, const Array &rows, size_t k) {
    double *h = &w->h2[first * kSamples];
    Times(rows, sigma, kSamples, h);
    Array delta(kRows * kSamples);
    for (size_t i = 0; i < kRows; i++)
      for (size_t a = 0; a < kSamples; a++) {
        double &u = h[i * kSamples + a];
        u += b[first + i];
        delta[i * kSamples + a] =
            w->omega2[first + i] * net.Slope(u) * std::sqrt((double)kBelow / kAbove);
      }
    pdlt_gemm(1, 0, kBelow, kSamples, kRows, 1, rows.data(), kBelow, delta.data(), kSamples, 1,
              back[k].data(), kSamples);
  });
  w->back1 = back[0];
  for (size_t i = 0; i < back[1].size(); i++) w->back1[i] += back[1][i];
}

/* Preactivations of the first layer after one step on errors -y. */
Array AfterStep(const Net &net, const Wide &w) {
  Array h = w.h1;
  for (size_t j = 0; j < kBelow; j++)
    for (size_t a = 0; a < kSamples; a++)
      for (size_t b = 0; b < kTrain; b++)
        h[j * kSamples + a] += net.eta * net.y[b] * w.back1[j * kSamples + b] *
                               net.Slope(w.h1[j * kSamples + b]) *
                               net.ThetaAt(0)[a * kSamples + b] / std::sqrt((double)kBelow);
  return h;
}

/* The second time through W^(2): what needs all of what came back. */
void Again(const Net &net, Wide *w) {
  const size_t columns = kSamples * kSamples + kSamples;
  const Array later = AfterStep(net, *w);
  Array x(kBelow * columns), y(kAbove * columns);
  for (size_t j = 0; j < kBelow; j++)
    for (size_t a = 0; a < kSamples; a++) {
      const double *h = &w->h1[j * kSamples], *back = &w->back1[j * kSamples];
      for (size_t b = 0; b < kSamples; b++)
        x[j * columns + a * kSamples + b] =
            net.Slope(h[a]) * net.Slope(h[b]) * back[b] / std::sqrt((double)kBelow);
      x[j * columns + kSamples * kSamples + a] = net.Sigma(later[j * kSamples + a]);
    }
  EveryBlock(net, [&](size_t first, const Array &rows, size_t) {
    Times(rows, x, columns, &y[first * columns]);
  });
  for (size_t i = 0; i < kAbove; i++) {
    w->forward.insert(w->forward.end(), &y[i * columns], &y[i * columns] + 9);
    w->moved.insert(w->moved.end(), &y[i * columns] + 9, &y[i * columns] + 12);
  }
}

struct Backward {
  Array gamma, lower;
};

Backward Predicted(const Net &net) {
  Net copy = net;
  pdlt_kernel_layers kernel = {};
  kernel.depth = (int)net.L(), kernel.D = net.D;
  kernel.K = copy.K.data(), kernel.theta = copy.theta.data();
  pdlt_kink_backward w = {};
  pdlt_error err = {};
  const pdlt_kink_slopes slopes = {(net.plus + net.minus) / 2, (net.plus - net.minus) / 2};
  EXPECT_EQ(pdlt_kink_backward_new(&w, slopes, net.layer.data(), &kernel, &err), PDLT_OK);
  const size_t size = (net.L() - 1) * net.D * net.D;
  const Backward out = {Array(w.gamma, w.gamma + size), Array(w.lower, w.lower + size * net.D)};
  pdlt_kink_backward_free(&w);
  return out;
}

/* Mean of f over neurons, within four of its standard errors (and what one network adds, of relative order
 * n^(-1/2), as `more`) of `exact`. */
void ExpectMean(size_t neurons, const std::function<double(size_t)> &f, double exact, double more) {
  double mean = 0, square = 0;
  for (size_t i = 0; i < neurons; i++) {
    const double v = f(i);
    mean += v / (double)neurons;
    square += v * v / (double)neurons;
  }
  const double error = std::sqrt((square - mean * mean) / (double)neurons);
  EXPECT_NEAR(mean, exact, 4 * error + more);
  EXPECT_LT(error, 0.1 * std::fabs(exact) + 0.03 * std::sqrt(square));
}

void WeightsThatComeBack(const Net &net, const Wide &w) {
  const Backward theory = Predicted(net);
  for (size_t b = 0; b < kSamples; b++)
    for (size_t c = 0; c < kSamples; c++) {
      ExpectMean(
          kBelow, [&](size_t j) { return w.back1[j * 3 + b] * w.back1[j * 3 + c]; },
          theory.gamma[b * 3 + c], 0.02 * theory.gamma[b * 3 + c]);
      EXPECT_EQ(theory.gamma[9 + b * 3 + c], net.layer[2].C_W);
      for (size_t a = 0; a < kSamples; a++) EXPECT_EQ(theory.lower[(a * 3 + b) * 3 + c], 0);
    }
}

/* n^(1/2) dh_ia/dtheta Lambda dz_b/dtheta: of the neuron's own weights and bias, and of the layer below. */
double Moves(const Net &net, const Wide &w, const double own[9], size_t i, size_t a, size_t b) {
  return w.omega2[i] * net.Slope(w.h2[i * 3 + b]) * own[a * 3 + b] +
         std::sqrt((double)kAbove) * w.forward[i * 9 + a * 3 + b] * net.ThetaAt(0)[a * 3 + b];
}

/* lambda_b + lambda_W/n sum_j sigma(h1_ja) sigma(h1_jb) */
std::array<double, 9> OwnLayer(const Net &net, const Wide &w) {
  std::array<double, 9> own;
  for (size_t a = 0; a < 3; a++)
    for (size_t b = 0; b < 3; b++) {
      double sum = 0;
      for (size_t j = 0; j < kBelow; j++)
        sum += net.Sigma(w.h1[j * 3 + a]) * net.Sigma(w.h1[j * 3 + b]);
      own[a * 3 + b] = net.layer[1].lambda_b + net.layer[1].lambda_W * sum / (double)kBelow;
    }
  return own;
}

/* What moves neuron i at sample a other than Theta of infinite width times its own weight: Cov(Y). */
void MovesByWayOfTheOthers(const Net &net, const Wide &w) {
  const Array lower = Predicted(net).lower;
  const std::array<double, 9> own = OwnLayer(net, w);
  for (size_t a = 0; a < kSamples; a++) {
    Array y(kAbove * 3);
    for (size_t i = 0; i < kAbove; i++)
      for (size_t b = 0; b < 3; b++)
        y[i * 3 + b] = Moves(net, w, own.data(), i, a, b) -
                       w.omega2[i] * net.Slope(w.h2[i * 3 + b]) * net.ThetaAt(1)[a * 3 + b];
    for (size_t b = 0; b < kSamples; b++)
      for (size_t c = 0; c < kSamples; c++) {
        const double *cov = &lower[(9 + a * 3) * 3];
        const double size = std::sqrt(cov[b * 3 + b] * cov[c * 3 + c]);
        ExpectMean(
            kAbove, [&](size_t i) { return y[i * 3 + b] * y[i * 3 + c]; }, cov[b * 3 + c],
            0.02 * size);
      }
    /* independent of omega */
    for (size_t b = 0; b < kSamples; b++)
      ExpectMean(
          kAbove, [&](size_t i) { return y[i * 3 + b] * w.omega2[i]; }, 0, 0.02);
  }
}

/* Neurons of the second layer within 0.1 of their kink: the mean size of their move is the
 * share that crosses times (2 pi K_aa)^(1/2). Farther away it is smaller: 2 % are allowed for the distance. */
void MovesNearTheKink(const Net &net, const Wide &w, const Prediction &p) {
  const std::array<double, 9> own = OwnLayer(net, w);
  for (size_t a = 0; a < kSamples; a++) {
    double count = 0, mean = 0, square = 0;
    for (size_t i = 0; i < kAbove; i++) {
      if (std::fabs(w.h2[i * 3 + a]) > 0.1) continue;
      double move = 0;
      for (size_t c = 0; c < kTrain; c++)
        move += net.eta * net.y[c] * Moves(net, w, own.data(), i, a, c);
      count++;
      mean += std::fabs(move);
      square += move * move;
    }
    mean /= count;
    const double exact = p.crossings[3 + a] * std::sqrt(2 * M_PI * net.KAt(1)[a * 4]);
    EXPECT_NEAR(mean, exact, 4 * std::sqrt((square / count - mean * mean) / count) + 0.02 * exact);
  }
}

/* One step: neurons whose slope changes, against the share of order n^(-1/2): within four errors of Poisson, and 5 %
 * since the moves are a tenth of K_aa^(1/2). */
void NeuronsThatCross(const Net &net, const Wide &w, const Prediction &p) {
  const Array b = Biased(net, 1, kAbove, 73), later = AfterStep(net, w);
  double mixed[9] = {0}; /* sum_j sigma(h1_jb) sigma(h1_ja later)/n */
  for (size_t j = 0; j < kBelow; j++)
    for (size_t a = 0; a < 3; a++)
      for (size_t c = 0; c < 3; c++)
        mixed[a * 3 + c] += net.Sigma(later[j * 3 + a]) * net.Sigma(w.h1[j * 3 + c]) / kBelow;
  for (size_t a = 0; a < kSamples; a++) {
    double count1 = 0, count2 = 0;
    for (size_t j = 0; j < kBelow; j++) count1 += (later[j * 3 + a] > 0) != (w.h1[j * 3 + a] > 0);
    for (size_t i = 0; i < kAbove; i++) {
      double h = b[i] + w.moved[i * 3 + a];
      for (size_t c = 0; c < kTrain; c++)
        h += net.eta * net.y[c] * w.omega2[i] * net.Slope(w.h2[i * 3 + c]) /
             std::sqrt((double)kAbove) *
             (net.layer[1].lambda_b + net.layer[1].lambda_W * mixed[a * 3 + c]);
      count2 += (h > 0) != (w.h2[i * 3 + a] > 0);
    }
    const double want1 = p.crossings[a] * kBelow / std::sqrt((double)kAbove);
    const double want2 = p.crossings[3 + a] * std::sqrt((double)kAbove);
    EXPECT_NEAR(count1, want1, 4 * std::sqrt(want1) + 0.05 * want1);
    EXPECT_NEAR(count2, want2, 4 * std::sqrt(want2) + 0.05 * want2);
    EXPECT_GT(want1, 100);
    EXPECT_GT(want2, 300);
  }
}

TEST(KinkBackward, OneWideNetwork) {
  const Net net = WideNet();
  Wide wide;
  FirstLayer(net, &wide);
  ThroughAndBack(net, &wide);
  Again(net, &wide);
  WeightsThatComeBack(net, wide);
  MovesByWayOfTheOthers(net, wide);
  const Prediction p = Predict(net, {1}, {nullptr, 256, 2, 0});
  MovesNearTheKink(net, wide, p);
  NeuronsThatCross(net, wide, p);
}

/* The closed form of the mean of four slopes, with K of three layers below, against the chances of three signs; a
 * deeper network, where Y is carried on. */
TEST(KinkBackward, FourLayersByHand) {
  Net net = Random(9,
                   {Layer(4, 3, 0.1, 1.2, 0.1, 1), Layer(3, 2, 0.2, 1.3, 0.3, 1.1),
                    Layer(2, 5, 0.1, 1.1, 0.2, 0.7), Layer(5, 1, 0, 0.9, 0.1, 1)},
                   3, 2, 2);
  for (const double minus : {0.0, 0.3, -0.8, 1.0}) {
    net.minus = minus;
    FillKernels(net);
    const Backward theory = Predicted(net);
    EXPECT_LT(Distance(theory.gamma, Gamma(net)), 1e-14);
    EXPECT_LT(Distance(theory.lower, Lower(net)), 1e-13);
  }
}

}  // namespace
