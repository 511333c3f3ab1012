// One draw's part in V, D, F, A, B against literal sums over explicit gradients.
#include "trainer/measure/ntk_fluctuation.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

struct Case {
  Case(const Settings &settings, size_t inputs, size_t first, unsigned seed)
      : s(settings),
        S(first),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], inputs, &err), PDLT_OK);
    EXPECT_EQ(pdlt_fluctuation_new(&f, &net, &problem, S, 1, &err), PDLT_OK);
    theta.resize(net.num_params);
    pdlt_network_draw(&net, seed, 1, theta.data());
    pdlt_fluctuation_forward(&f, theta.data());
  }
  ~Case() {
    pdlt_fluctuation_free(&f);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  const double *x(size_t a) const { return data.x.data() + a * data.c.inputs; }
  size_t flat(size_t a, size_t b, size_t c, size_t d) const {
    return ((a * S + b) * S + c) * S + d;
  }
  std::vector<double> gradient(int l, size_t i, size_t a, const std::vector<double> &at) const {
    std::vector<double> g(net.num_params);
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_gradient(&net, at.data(), x(a), l, i, g.data(), &err), PDLT_OK);
    return g;
  }
  std::vector<double> preactivations(size_t a, int l, const std::vector<double> &at) const {
    size_t total = 0, below = 0;
    for (int k = 0; k < net.depth; k++) total += net.layer[k].out;
    for (int k = 0; k + 1 < l; k++) below += net.layer[k].out;
    std::vector<double> z(total);
    pdlt_reference_forward(&net, at.data(), x(a), z.data());
    return std::vector<double>(z.begin() + (long)below,
                               z.begin() + (long)(below + net.layer[l - 1].out));
  }
  double contract(const std::vector<double> &g, const std::vector<double> &h) const {
    std::vector<double> lambda(net.num_params);
    pdlt_reference_lambda(&net, lambda.data());
    double sum = 0;
    for (size_t mu = 0; mu < net.num_params; mu++) sum += lambda[mu] * g[mu] * h[mu];
    return sum;
  }
  Settings s;
  size_t S;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_fluctuation f = {};
  std::vector<double> theta;
};

// What layer l sees of the layer below: s, s' and the whole NTK, from gradients of single
// parameters.
struct Below {
  Below(const Case &c, int l) : n(c.net.layer[l - 1].in), S(c.S) {
    for (size_t a = 0; a < S; a++) {
      const std::vector<double> z = c.preactivations(a, l - 1, c.theta);
      for (size_t k = 0; k < n; k++) {
        s.push_back(pdlt_activation_eval(&c.net.activation, 0, z[k]));
        ds.push_back(pdlt_activation_eval(&c.net.activation, 1, z[k]));
        gradient.push_back(c.gradient(l - 1, k, a, c.theta));
      }
    }
    for (size_t a = 0; a < S; a++)
      for (size_t k = 0; k < n; k++)
        for (size_t b = 0; b < S; b++)
          for (size_t m = 0; m < n; m++)
            ntk.push_back(c.contract(gradient[a * n + k], gradient[b * n + m]));
  }
  double H(size_t k, size_t m, size_t a, size_t b) const {
    return ntk[((a * n + k) * S + b) * n + m];
  }
  size_t n, S;
  std::vector<double> s, ds, ntk;  // [a * n + k]
  std::vector<std::vector<double>> gradient;
};

struct Naive {
  std::vector<double> K, M, F, B;
};

Naive naive(const Case &c, int l) {
  const Below w(c, l);
  const pdlt_layer &layer = c.net.layer[l - 1];
  const size_t S = c.S, n = w.n;
  const double N = (double)n, C = layer.C_W;
  Naive out;
  for (size_t a = 0; a < S; a++)
    for (size_t b = 0; b < S; b++) {
      double ss = 0, slopes = 0;
      for (size_t k = 0; k < n; k++) {
        ss += w.s[a * n + k] * w.s[b * n + k];
        slopes += w.ds[a * n + k] * w.ds[b * n + k] * w.H(k, k, a, b);
      }
      out.K.push_back(layer.C_b + C / N * ss);
      out.M.push_back(layer.lambda_b + layer.lambda_W / N * ss + C / N * slopes);
    }
  for (size_t i1 = 0; i1 < S; i1++)
    for (size_t i3 = 0; i3 < S; i3++)
      for (size_t i2 = 0; i2 < S; i2++)
        for (size_t i4 = 0; i4 < S; i4++) {
          double F = 0, B = 0;
          for (size_t k = 0; k < n; k++)
            for (size_t m = 0; m < n; m++) {
              F += w.s[i1 * n + k] * w.ds[i3 * n + k] * w.s[i2 * n + m] * w.ds[i4 * n + m] *
                   w.H(k, m, i3, i4);
              B += w.ds[i1 * n + k] * w.ds[i3 * n + k] * w.ds[i2 * n + m] * w.ds[i4 * n + m] *
                   w.H(k, m, i1, i2) * w.H(k, m, i3, i4);
            }
          out.F.push_back(C * C / N * F);  // in the order 1 3 2 4 of the loops
          out.B.push_back(C * C / N * B);
        }
  return out;
}

void expect_close(const std::vector<double> &x, const std::vector<double> &y, const char *what) {
  double scale = 0;
  ASSERT_EQ(x.size(), y.size());
  for (double v : y) scale = std::max(scale, std::fabs(v));
  for (size_t i = 0; i < x.size(); i++) ASSERT_NEAR(x[i], y[i], 1e-11 * (1 + scale)) << what << i;
}

Settings random_case(std::mt19937_64 &gen) {
  static const char *const activations[] = {"tanh", "gelu", "relu", "quadratic(0.3)"};
  Settings s;
  s.activation = activations[gen() % 4];
  s.depth = 2 + (int)(gen() % 3);
  s.widths = "[" + std::to_string(1 + gen() % 4) + "]";
  s.ratios = "[";
  for (int l = 1; l < s.depth; l++) s.ratios += (l > 1 ? ", " : "") + std::to_string(1 + gen() % 3);
  s.ratios += "]";
  s.C_b = random_list(gen, s.depth, true);
  s.C_W = random_list(gen, s.depth, false);
  s.lambda_b = random_list(gen, s.depth, true);
  s.lambda_W = random_list(gen, s.depth, false);
  s.train = 1 + (int)(gen() % 3);
  s.test = (int)(gen() % 2);
  return s;
}

struct Fast {
  Fast(Case &c, int l) : K(c.S * c.S), M(K), F(K.size() * K.size()), B(F) {
    pdlt_fluctuation_kernel(&c.f, l, K.data());
    pdlt_fluctuation_ntk(&c.f, c.theta.data(), l, M.data(), B.data());
    pdlt_fluctuation_cross(&c.f, c.theta.data(), l, F.data());
  }
  std::vector<double> K, M, F, B;
};

}  // namespace

// All tiles: of one neuron, not dividing n, and larger than n.
TEST(TrainerFluctuation, IsTheLiteralSumOverNeurons) {
  std::mt19937_64 gen(31);
  for (int trial = 0; trial < 25; trial++) {
    const Settings s = random_case(gen);
    const size_t S = 1 + gen() % (size_t)(s.train + s.test);
    Case c(s, 1 + gen() % 4, S, (unsigned)gen());
    const size_t whole = c.f.tile;
    for (int l = 2; l <= c.net.depth; l++) {
      const Naive slow = naive(c, l);
      for (size_t tile : {whole, (size_t)1, (size_t)2, (size_t)3}) {
        if (tile > whole) continue;
        c.f.tile = tile;
        const Fast fast(c, l);
        expect_close(fast.K, slow.K, "K ");
        expect_close(fast.M, slow.M, "M ");
        expect_close(fast.F, slow.F, "F ");
        expect_close(fast.B, slow.B, "B ");
      }
      c.f.tile = whole;
    }
  }
}

// With skips, at the readout.
TEST(TrainerFluctuation, WithSkipsItIsTheLiteralSumOverNeurons) {
  std::mt19937_64 gen(33);
  for (int trial = 0; trial < 25; trial++) {
    const Settings s = skipped(random_case(gen), (unsigned)trial);
    const size_t S = 1 + gen() % (size_t)(s.train + s.test);
    Case c(s, 1 + gen() % 4, S, (unsigned)gen());
    const size_t whole = c.f.tile;
    const Naive slow = naive(c, c.net.depth);
    for (size_t tile : {whole, (size_t)1, (size_t)2, (size_t)3}) {
      if (tile > whole) continue;
      c.f.tile = tile;
      const Fast fast(c, c.net.depth);
      expect_close(fast.K, slow.K, "K ");
      expect_close(fast.M, slow.M, "M ");
      expect_close(fast.F, slow.F, "F ");
      expect_close(fast.B, slow.B, "B ");
    }
  }
}

// At layer 1 there is nothing below: M is the NTK itself, F and B vanish.
TEST(TrainerFluctuation, FirstLayerDoesNotFluctuate) {
  Settings s;
  Case c(s, 3, 4, 3);
  const Fast fast(c, 1);
  for (double v : fast.F) EXPECT_EQ(v, 0);
  for (double v : fast.B) EXPECT_EQ(v, 0);
  const pdlt_layer &layer = c.net.layer[0];
  for (size_t a = 0; a < 4; a++)
    for (size_t b = 0; b < 4; b++) {
      double xx = 0;
      for (size_t j = 0; j < 3; j++) xx += c.x(a)[j] * c.x(b)[j];
      EXPECT_NEAR(fast.K[a * 4 + b], layer.C_b + layer.C_W * xx / 3, 1e-13);
      EXPECT_NEAR(fast.M[a * 4 + b], layer.lambda_b + layer.lambda_W * xx / 3, 1e-13);
    }
}

// M and K are what the other module computes on all samples.
TEST(TrainerFluctuation, AgreesWithKernelAndNtkOfAllSamples) {
  std::mt19937_64 gen(32);
  Settings s;
  s.depth = 4;
  s.widths = "[9]";
  s.C_W = random_list(gen, 4, false);
  Case c(s, 3, 3, 4);
  pdlt_ntk ntk = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_ntk_new(&ntk, &c.net, &c.problem, &err), PDLT_OK);
  pdlt_ntk_forward(&ntk, c.theta.data());
  const size_t D = c.problem.samples;
  std::vector<double> K(D * D), Theta(D * D);
  for (int l = 1; l <= 4; l++) {
    const Fast fast(c, l);
    pdlt_ntk_kernel(&ntk, l, K.data());
    pdlt_ntk_theta(&ntk, c.theta.data(), l, Theta.data());
    for (size_t a = 0; a < 3; a++)
      for (size_t b = 0; b < 3; b++) {
        EXPECT_NEAR(fast.K[a * 3 + b], K[a * D + b], 1e-12);
        EXPECT_NEAR(fast.M[a * 3 + b], Theta[a * D + b], 1e-11);
      }
  }
  pdlt_ntk_free(&ntk);
}

TEST(TrainerFluctuation, HasTheSymmetriesOfTheTensors) {
  Settings s;
  s.depth = 4;
  s.widths = "[5]";
  Case c(s, 3, 3, 6);
  const Fast fast(c, 4);
  for (size_t a = 0; a < 3; a++)
    for (size_t b = 0; b < 3; b++)
      for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
          const size_t here = c.flat(a, b, i, j);
          EXPECT_NEAR(fast.F[here], fast.F[c.flat(i, j, a, b)], 1e-13);
          EXPECT_NEAR(fast.B[here], fast.B[c.flat(i, j, a, b)], 1e-13);
          EXPECT_NEAR(fast.B[here], fast.B[c.flat(b, a, j, i)], 1e-13);
        }
}

// The integrals over the top layer, by outputs drawn like it: with two outputs i != j,
// E[z_i1 z_j2 Th_ij;34] = F_1324/n, E[Th_ij;12 Th_ij;34] = B_1324/n, E[Th_jj;34] = M_34.
TEST(TrainerFluctuation, IsTheMeanOverProbeOutputs) {
  Settings s;
  s.widths = "[4]";
  s.ratios = "[1, 2]";
  s.outputs = 2;
  s.C_W = "[0.8, 1.4, 0.7]";
  s.lambda_W = "[1.3, 0.6, 1.7]";
  Case c(s, 3, 3, 9);
  const Fast fast(c, 3);
  const pdlt_layer &last = c.net.layer[2];
  std::vector<double> probe = c.theta;
  std::mt19937_64 gen(23);
  std::normal_distribution<double> normal;
  const size_t i1 = 0, i2 = 1, i3 = 2, i4 = 0;
  const double expected[] = {fast.F[c.flat(i1, i3, i2, i4)] / 8, fast.B[c.flat(i1, i3, i2, i4)] / 8,
                             fast.M[i3 * 3 + i4], fast.K[i1 * 3 + i2]};
  double sum[4] = {}, squares[4] = {};
  const int draws = 40000;
  for (int d = 0; d < draws; d++) {
    for (size_t mu = last.weight; mu < last.bias; mu++)
      probe[mu] = std::sqrt(last.C_W / (double)last.in) * normal(gen);
    for (size_t i = 0; i < 2; i++) probe[last.bias + i] = std::sqrt(last.C_b) * normal(gen);
    const auto theta_ij = [&](size_t i, size_t j, size_t a, size_t b) {
      return c.contract(c.gradient(3, i, a, probe), c.gradient(3, j, b, probe));
    };
    const std::vector<double> z1 = c.preactivations(i1, 3, probe),
                              z2 = c.preactivations(i2, 3, probe);
    const double cross = theta_ij(0, 1, i3, i4);
    const double value[] = {z1[0] * z2[1] * cross, theta_ij(0, 1, i1, i2) * cross,
                            theta_ij(1, 1, i3, i4), z1[0] * z2[0]};
    for (int k = 0; k < 4; k++) {
      sum[k] += value[k];
      squares[k] += value[k] * value[k];
    }
  }
  for (int k = 0; k < 4; k++) {
    const double mean = sum[k] / draws, se = std::sqrt((squares[k] / draws - mean * mean) / draws);
    EXPECT_GT(se, 0);
    EXPECT_LT(se, 0.2 * std::fabs(expected[k])) << k << " has no power";
    EXPECT_NEAR(mean, expected[k], 4.5 * se) << k;
  }
}

TEST(TrainerFluctuation, MemoryFailuresLeaveNothing) {
  Settings s;
  Case c(s, 3, 2, 1);
  pdlt_fluctuation f = {};
  pdlt_error err = {};
  long failures = 0;
  for (;; failures++) {
    pdlt_memory_fail_after(failures);
    const pdlt_status status = pdlt_fluctuation_new(&f, &c.net, &c.problem, 2, 1, &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    EXPECT_EQ(f.storage, nullptr);
  }
  EXPECT_GT(failures, 3);
  pdlt_fluctuation_free(&f);
}
