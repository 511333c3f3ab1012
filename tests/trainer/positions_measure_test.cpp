// positions_measure_test.cpp - what is measured of networks with positions against sums over explicit
// gradients and plain loops: NTK of the outputs, K, Theta, M, F, B, hidden layers, crossings.
#include <gtest/gtest.h>

#include "tests/trainer/positions.h"
#include "trainer/draw/member.h"
#include "trainer/measure/crossings.h"
#include "trainer/measure/hidden.h"
#include "trainer/measure/ntk_fluctuation.h"
#include "trainer/measure/stability.h"
#include "trainer/measure/training_ntk.h"
#include "trainer/network/layer.h"

using namespace trainer_test;

namespace {

using Array = std::vector<double>;

const std::vector<const char *> smooth = {"tanh", "sin", "gelu", "quadratic(0.3)"};

struct Net : WiredNet {
  using WiredNet::WiredNet;
  Array gradient(int l, size_t unit, size_t a, const Array &at) const {
    Array g(net.num_params);
    EXPECT_EQ(pdlt_reference_gradient(&net, at.data(), x(a), l, unit, g.data(), nullptr), PDLT_OK);
    return g;
  }
  double product(const Array &g, const Array &h) const {
    double sum = 0;
    for (size_t mu = 0; mu < g.size(); mu++) sum += lambda[mu] * g[mu] * h[mu];
    return sum;
  }
  // Preactivations of layer l of sample a.
  Array z(int l, size_t a, const Array &at) const {
    size_t first = 0, total = 0;
    for (int k = 0; k < net.depth; k++) total += pdlt_layer_units(&net.layer[k]);
    for (int k = 0; k + 1 < l; k++) first += pdlt_layer_units(&net.layer[k]);
    Array all(total);
    pdlt_reference_forward(&net, at.data(), x(a), all.data());
    return Array(all.begin() + (long)first,
                 all.begin() + (long)(first + pdlt_layer_units(&net.layer[l - 1])));
  }
  double sigma(int order, double v) const {
    return pdlt_activation_eval(&net.activation, order, v);
  }
  // Unit j;q below the readout, q the m-th of the window of weight k = (t, j).
  size_t unit(size_t k, size_t m) const {
    const size_t below = pdlt_layer_below(&top()), j = k % top().in;
    if (top().kind == PDLT_LAYER_DENSE) return j;
    return j * below + pdlt_layer_pooled(&top(), pdlt_layer_window(&top(), k / top().in, 0), m);
  }
  size_t window() const { return pdlt_layer_below(&top()) / pdlt_layer_windows(&top()); }
  // What weight k of the readout sees, and its gradient.
  double seen(size_t k, size_t a) const {
    const Array below = z(net.depth - 1, a, theta);
    double sum = 0;
    for (size_t m = 0; m < window(); m++) sum += sigma(0, below[unit(k, m)]);
    return sum / (double)window();
  }
  Array seen_gradient(size_t k, size_t a) const {
    const Array below = z(net.depth - 1, a, theta);
    Array sum(net.num_params);
    for (size_t m = 0; m < window(); m++) {
      const Array g = gradient(net.depth - 1, unit(k, m), a, theta);
      for (size_t mu = 0; mu < g.size(); mu++)
        sum[mu] += sigma(1, below[unit(k, m)]) * g[mu] / (double)window();
    }
    return sum;
  }
};

void expect_near(const Array &found, const Array &expected, const char *what, const Net &n) {
  double size = 1;
  for (double v : expected) size = std::fmax(size, std::fabs(v));
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); i++)
    ASSERT_NEAR(found[i], expected[i], 1e-11 * size) << what << " " << i << "\n" << yaml(n.wired.s);
}

// Networks that have positions, as many with skips, at most so many weights into the readout's neurons.
template <class Check>
void for_networks(unsigned seed, int count, size_t most, const std::vector<const char *> &sigmas,
                  Check check) {
  std::mt19937_64 gen(seed);
  for (int done = 0; done < 2 * count;) {
    const Wired w = done < count ? random_wired(gen, sigmas) : random_residual(gen, {sigmas[1]});
    const Net n(w, (unsigned)gen() % 1000);
    if (!n.net.has_positions || pdlt_layer_fan(&n.top()) > most) continue;
    done++;
    check(n);
    if (testing::Test::HasFailure()) return;
  }
}

// Theta_ij;ab of the outputs at parameters `at`.
Array explicit_ntk(const Net &n, const Array &at) {
  const size_t D = n.samples.samples, p = n.samples.outputs * D;
  std::vector<Array> g;
  for (size_t r = 0; r < p; r++) g.push_back(n.gradient(n.net.depth, r / D, r % D, at));
  Array out(p * p);
  for (size_t r = 0; r < p; r++)
    for (size_t q = 0; q < p; q++) out[r * p + q] = n.product(g[r], g[q]);
  return out;
}

}  // namespace

TEST(TrainerPositionsMeasure, NtkInTrainingIsTheSumOverGradients) {
  for_networks(1, 25, 1000, smooth, [](const Net &n) {
    const size_t p = n.samples.outputs * n.samples.samples;
    pdlt_training_ntk ntk = {};
    pdlt_stepper st = {};
    const pdlt_step_settings settings = {0.02, PDLT_FIRST_AUTO, 0, nullptr};
    Array found(p * p), at = n.theta;
    ASSERT_EQ(pdlt_training_ntk_new(&ntk, &n.net, &n.samples, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_stepper_new(&st, &n.net, &n.samples, &settings, nullptr), PDLT_OK);
    std::copy(at.begin(), at.end(), st.theta);
    pdlt_stepper_begin(&st);
    for (int step = 0; step < 3; step++) {
      pdlt_stepper_forward(&st);
      pdlt_training_ntk_measure(&ntk, &st, found.data());
      expect_near(found, explicit_ntk(n, at), "Theta_t", n);
      pdlt_stepper_update(&st);
      ASSERT_EQ(pdlt_reference_step(&n.net, &n.samples, 0.02, at.data(), nullptr), PDLT_OK);
    }
    pdlt_stepper_free(&st);
    pdlt_training_ntk_free(&ntk);
  });
}

TEST(TrainerPositionsMeasure, KernelAndNtkOfADraw) {
  for_networks(2, 25, 30, smooth, [](const Net &n) {
    const size_t D = n.samples.samples, K = pdlt_layer_fan(&n.top());
    pdlt_ntk ntk = {};
    Array kernel(D * D), mean(D * D), expected(D * D, n.top().C_b), theta(D * D);
    ASSERT_EQ(pdlt_ntk_new(&ntk, &n.net, &n.samples, nullptr), PDLT_OK);
    pdlt_ntk_forward(&ntk, n.theta.data());
    pdlt_ntk_kernel(&ntk, n.net.depth, kernel.data());
    pdlt_ntk_draw(&ntk, 7, 11);
    pdlt_ntk_theta(&ntk, n.theta.data(), n.net.depth, mean.data());
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        for (size_t k = 0; k < K; k++)
          expected[a * D + b] += n.top().C_W / (double)K * n.seen(k, a) * n.seen(k, b);
    expect_near(kernel, expected, "K", n);
    // Of heads w: h + C_W/K mean of sum_kk' w_k w_k' X_kk', all k = k' exactly where they are few.
    const size_t H = std::min<size_t>(K, PDLT_NTK_HEADS);
    ASSERT_EQ(ntk.num_heads, H);
    for (size_t i = 0; i < D * D; i++)
      theta[i] = n.top().lambda_b + n.top().lambda_W / n.top().C_W * (kernel[i] - n.top().C_b);
    for (size_t h = 0; h < H; h++) {
      std::vector<Array> g(D, Array(n.net.num_params));
      double square = 0;
      for (size_t k = 0; k < K; k++) {
        const double w = ntk.heads[h * K + k];
        square += w * w;
        if (w == 0) continue;
        for (size_t a = 0; a < D; a++) {
          const Array one = n.seen_gradient(k, a);
          for (size_t mu = 0; mu < one.size(); mu++) g[a][mu] += w * one[mu];
        }
      }
      EXPECT_EQ(square, H == K ? 1 : (double)K);
      for (size_t i = 0; i < D * D; i++)
        theta[i] +=
            n.top().C_W / (double)K / (H == K ? 1 : (double)H) * n.product(g[i / D], g[i % D]);
    }
    expect_near(mean, theta, "Theta", n);
    pdlt_ntk_free(&ntk);
  });
}

TEST(TrainerPositionsMeasure, FluctuationsOfADraw) {
  for_networks(3, 20, 30, smooth, [](const Net &n) {
    const size_t S = std::min<size_t>(2, n.samples.samples), K = pdlt_layer_fan(&n.top());
    const size_t count = S * S * S * S;
    const double channels = (double)n.top().in, C = n.top().C_W / (double)K;
    pdlt_fluctuation f = {};
    Array kernel(S * S), mean(S * S), F(count), B(count), M(S * S), G(S * S, n.top().C_b);
    Array F_expected(count), B_expected(count);
    ASSERT_EQ(pdlt_fluctuation_new(&f, &n.net, &n.samples, S, 1, nullptr), PDLT_OK);
    pdlt_fluctuation_forward(&f, n.theta.data());
    pdlt_fluctuation_kernel(&f, n.net.depth, kernel.data());
    pdlt_fluctuation_cross(&f, n.theta.data(), n.net.depth, F.data());
    pdlt_fluctuation_ntk(&f, n.theta.data(), n.net.depth, mean.data(), B.data());
    std::vector<Array> g;
    Array s(K * S), X(K * S * K * S);
    for (size_t r = 0; r < K * S; r++) {
      g.push_back(n.seen_gradient(r / S, r % S));
      s[r] = n.seen(r / S, r % S);
    }
    for (size_t r = 0; r < K * S; r++)
      for (size_t q = 0; q < K * S; q++) X[r * K * S + q] = n.product(g[r], g[q]);
    const auto x = [&](size_t k, size_t a, size_t l, size_t b) {
      return X[(k * S + a) * K * S + l * S + b];
    };
    for (size_t a = 0; a < S; a++)
      for (size_t b = 0; b < S; b++) {
        M[a * S + b] = n.top().lambda_b;
        for (size_t k = 0; k < K; k++) {
          const double ss = s[k * S + a] * s[k * S + b];
          G[a * S + b] += C * ss;
          M[a * S + b] += n.top().lambda_W / (double)K * ss + C * x(k, a, k, b);
        }
        for (size_t c = 0; c < S; c++)
          for (size_t d = 0; d < S; d++)
            for (size_t k = 0; k < K; k++)
              for (size_t l = 0; l < K; l++) {
                const size_t at = ((a * S + b) * S + c) * S + d;
                F_expected[at] += channels * C * C * s[k * S + a] * s[l * S + c] * x(k, b, l, d);
                B_expected[at] += channels * C * C * x(k, a, l, c) * x(k, b, l, d);
              }
      }
    expect_near(kernel, G, "K", n);
    expect_near(mean, M, "M", n);
    expect_near(F, F_expected, "F", n);
    expect_near(B, B_expected, "B", n);
    pdlt_fluctuation_free(&f);
  });
}

TEST(TrainerPositionsMeasure, HiddenLayersAndCrossings) {
  for_networks(4, 25, 1000, {"relu", "leaky_relu(0.2)"}, [](const Net &n) {
    const size_t D = n.samples.samples, hidden = (size_t)n.net.depth - 1;
    pdlt_hidden h = {};
    pdlt_crossings c = {};
    pdlt_stepper st = {};
    const pdlt_step_settings settings = {0.05, PDLT_FIRST_AUTO, 0, nullptr};
    Array at = n.theta, q(hidden * D), change(q), moved(q), crossed(q), drawn(q);
    Array expected(q), expected_moved(q), expected_crossed(q), expected_drawn(q);
    ASSERT_EQ(pdlt_hidden_new(&h, &n.net, &n.samples, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_crossings_new(&c, &n.net, &n.samples, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_stepper_new(&st, &n.net, &n.samples, &settings, nullptr), PDLT_OK);
    std::copy(at.begin(), at.end(), st.theta);
    pdlt_stepper_begin(&st);
    pdlt_stepper_forward(&st);
    pdlt_hidden_begin(&h, &st);
    pdlt_crossings_begin(&c, &st);
    for (int step = 0; step < 3; step++) {
      pdlt_stepper_update(&st);
      pdlt_stepper_forward(&st);
      ASSERT_EQ(pdlt_reference_step(&n.net, &n.samples, 0.05, at.data(), nullptr), PDLT_OK);
    }
    const pdlt_hidden_numbers out = {q.data(), change.data(), moved.data()};
    pdlt_hidden_measure(&h, &st, &out);
    pdlt_crossings_measure(&c, &st, crossed.data());
    pdlt_hidden_draw(&h, n.theta.data(), drawn.data());
    for (size_t k = 0; k < hidden; k++)
      for (size_t a = 0; a < D; a++) {
        const pdlt_layer &layer = n.net.layer[k];
        const Array now = n.z((int)k + 1, a, at), before = n.z((int)k + 1, a, n.theta);
        const double units = (double)now.size();
        for (size_t i = 0; i < now.size(); i++) {
          expected[k * D + a] += now[i] * now[i] / units;
          expected_moved[k * D + a] += std::pow(now[i] - before[i], 2) / units;
          expected_crossed[k * D + a] += (now[i] > 0) != (before[i] > 0) ? 1 / units : 0;
        }
        // Mean over many draws of the layer's own parameters is C_b + C_W/(kappa n) |seen|^2, and gamma^2
        // z^2 below: here from the gradients of z in them.
        for (size_t u = 0; u < now.size(); u++) {
          const Array g = n.gradient((int)k + 1, u, a, n.theta);
          double sum = layer.C_b;
          if (layer.skip != 0) sum += std::pow(layer.skip * n.z((int)k, a, n.theta)[u], 2);
          for (size_t mu = layer.weight; mu < layer.bias; mu++)
            sum += pdlt_layer_variance(&layer) * g[mu] * g[mu];
          expected_drawn[k * D + a] += sum / units;
        }
      }
    expect_near(q, expected, "q", n);
    expect_near(moved, expected_moved, "q_moved", n);
    expect_near(crossed, expected_crossed, "crossings", n);
    expect_near(drawn, expected_drawn, "q_0", n);
    pdlt_stepper_free(&st);
    pdlt_crossings_free(&c);
    pdlt_hidden_free(&h);
  });
}

TEST(TrainerPositionsMeasure, StabilityIsOfTheTrainingSamples) {
  for_networks(5, 10, 1000, smooth, [](const Net &n) {
    const size_t A = n.samples.train, D = n.samples.samples, q = n.samples.outputs * A;
    pdlt_stability s = {};
    ASSERT_EQ(pdlt_stability_new(&s, &n.net, &n.samples, 0.1, nullptr), PDLT_OK);
    const Array all = explicit_ntk(n, n.theta);
    Array part(q * q), values(q);
    for (size_t r = 0; r < q; r++)
      for (size_t c = 0; c < q; c++)
        part[r * q + c] = all[(r / A * D + r % A) * n.samples.outputs * D + c / A * D + c % A];
    ASSERT_EQ(pdlt_symmetric_eigen(q, part.data(), values.data(), nullptr, nullptr), PDLT_OK);
    EXPECT_NEAR(pdlt_stability_largest(&s, n.theta.data()), values[q - 1], 1e-8 * values[q - 1]);
    pdlt_stability_free(&s);
  });
}

// Outputs, and their covariance over the readout: what its weights see, sample by sample.
TEST(TrainerPositionsMeasure, ReadoutOfTheNtk) {
  for_networks(9, 6, 30, smooth, [](const Net &n) {
    const size_t D = n.samples.samples, p = n.samples.outputs * D;
    const size_t K = pdlt_layer_fan(&n.top());
    pdlt_training_ntk ntk = {};
    ASSERT_EQ(pdlt_training_ntk_new(&ntk, &n.net, &n.samples, nullptr), PDLT_OK);
    Array matrix(p * p), z(p), kernel(D * D), expected(p), sums(D * D, n.top().C_b);
    pdlt_training_ntk_of(&ntk, n.theta.data(), matrix.data());
    pdlt_training_ntk_readout(&ntk, n.theta.data(), z.data(), kernel.data());
    ASSERT_EQ(pdlt_reference_output(&n.net, &n.samples, n.theta.data(), expected.data(), nullptr),
              PDLT_OK);
    for (size_t a = 0; a < D; a++)
      for (size_t b = 0; b < D; b++)
        for (size_t k = 0; k < K; k++)
          sums[a * D + b] += n.top().C_W / (double)K * n.seen(k, a) * n.seen(k, b);
    expect_near(z, expected, "z", n);
    expect_near(kernel, sums, "K", n);
    pdlt_training_ntk_free(&ntk);
  });
}

TEST(TrainerPositionsMeasure, FailingAllocationsLeaveNothing) {
  Wired w;
  w.s.more_network =
      "  input: {shape: [4], channels: 1}\n"
      "  layers:\n    - {conv: 3, padding: circular}\n    - dense\n    - dense\n";
  w.inputs = 4;
  const Net n(w, 1);
  int failures = 0;
  for (long calls = 0; calls < 20; calls++) {
    pdlt_fluctuation f = {};
    pdlt_stepper st = {};
    const pdlt_step_settings settings = {0.05, PDLT_FIRST_AUTO, 0, nullptr};
    pdlt_memory_fail_after(calls);
    const pdlt_status first = pdlt_fluctuation_new(&f, &n.net, &n.samples, 2, 1, nullptr);
    pdlt_memory_fail_after(calls);
    const pdlt_status second = pdlt_stepper_new(&st, &n.net, &n.samples, &settings, nullptr);
    pdlt_memory_fail_after(-1);
    failures += (first == PDLT_ERR_MEMORY) + (second == PDLT_ERR_MEMORY);
    EXPECT_EQ(first == PDLT_OK, f.storage != nullptr);
    EXPECT_EQ(second == PDLT_OK, st.storage != nullptr);
    pdlt_fluctuation_free(&f);
    pdlt_stepper_free(&st);
  }
  EXPECT_GT(failures, 8);
}
