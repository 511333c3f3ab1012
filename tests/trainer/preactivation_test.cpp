// Draws without weights: the network behind a draw written out, its NTK by gradients, the mean
// NTK by dense matrices, and the distribution against networks drawn weight by weight.
#include "trainer/control/preactivation.h"

#include <gtest/gtest.h>

#include "tests/trainer/support.h"
#include "trainer/measure/training_ntk.h"

using namespace trainer_test;

namespace {

struct Fixture {
  Fixture(const Settings &s, const Data &data, int width) : ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, width, problem.inputs, &err) != PDLT_OK ||
        pdlt_preactivation_new(&pre, &net, &problem, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    D = problem.samples;
    q = problem.outputs * D;
  }
  ~Fixture() {
    pdlt_preactivation_free(&pre);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Fixture(const Fixture &) = delete;
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_network net = {};
  pdlt_preactivation pre = {};
  size_t D = 0, q = 0;
};

const std::vector<const char *> kActivations = {"tanh", "relu", "sin", "gelu", "linear"};

// Inputs e_a: any z^(1) is then that of the weights W_ka = z_ka without biases.
Data unit_inputs(const Settings &s, unsigned seed) {
  const size_t D = (size_t)(s.train + s.test);
  Data data((size_t)s.train, (size_t)s.test, D, (size_t)s.outputs, seed);
  for (size_t a = 0; a < D; a++)
    for (size_t b = 0; b < D; b++) data.x[a * D + b] = a == b;
  return data;
}

using Matrix = std::vector<std::vector<double>>;
Matrix zeros(size_t rows, size_t columns) { return Matrix(rows, std::vector<double>(columns)); }

// W^ = xi U + omega (1 - U^T U) of layer index k + 1, omega given (empty: 0).
Matrix unit_weights(const Fixture &f, int k, const Matrix &omega) {
  const size_t n = f.net.layer[k].out, above = f.net.layer[k + 1].out;
  Matrix w = zeros(above, n + 1);
  for (size_t i = 0; i < above; i++) {
    if (!omega.empty()) w[i] = omega[i];
    for (size_t r = 0; r < f.D; r++) {
      const double *u = f.pre.basis[k] + r * (n + 1);
      double x = f.pre.xi[k + 1][r * above + i];
      for (size_t j = 0; j <= n && !omega.empty(); j++) x -= u[j] * omega[i][j];
      for (size_t j = 0; j <= n; j++) w[i][j] += x * u[j];
    }
  }
  return w;
}

// The parameters of a network with this draw's preactivations and NTK.
std::vector<double> parameters(const Fixture &f) {
  const int depth = f.net.depth;
  std::vector<double> theta(f.net.num_params);
  const pdlt_layer *first = &f.net.layer[0], *top = &f.net.layer[depth - 1];
  const double *normal = f.pre.normal;
  for (size_t i = 0; i < first->out; i++)
    for (size_t a = 0; a < f.D; a++)
      for (size_t r = 0; r < f.D; r++)
        theta[first->weight + i * f.D + a] +=
            f.pre.root[0][a * f.D + r] * f.pre.xi[0][r * first->out + i];
  for (int k = 0; k + 1 < depth; k++) normal += f.D * f.net.layer[k].out;
  for (size_t i = 0; i < top->out * top->in; i++)
    theta[top->weight + i] = std::sqrt(top->C_W / (double)top->in) * normal[i];
  normal += top->out * top->in;
  Matrix delta = zeros(f.q, top->in);
  for (size_t i = 0; i < f.q; i++)
    for (size_t j = 0; j < top->in; j++)
      delta[i][j] =
          theta[top->weight + i / f.D * top->in + j] * f.pre.ds[depth - 2][i % f.D * top->in + j];
  for (int k = depth - 3; k >= 0; k--) {
    const pdlt_layer *layer = &f.net.layer[k + 1];
    const size_t n = layer->in;
    std::vector<double> rows(f.q * layer->out), factor(f.q * f.q), scratch(f.q);
    for (size_t i = 0; i < f.q; i++)
      std::copy_n(delta[i].data(), layer->out, &rows[i * layer->out]);
    pdlt_orthonormal_rows(f.q, layer->out, rows.data(), factor.data(), scratch.data());
    Matrix omega = zeros(layer->out, n + 1);
    for (size_t i = 0; i < layer->out; i++)
      for (size_t j = 0; j <= n; j++)
        for (size_t r = 0; r < f.q; r++)
          omega[i][j] += rows[r * layer->out + i] * normal[r * (n + 1) + j];
    normal += f.q * (n + 1);
    const Matrix w = unit_weights(f, k, omega);
    Matrix next = zeros(f.q, n);
    for (size_t i = 0; i < layer->out; i++) {
      theta[layer->bias + i] = std::sqrt(layer->C_b) * w[i][n];
      for (size_t j = 0; j < n; j++) {
        const double weight = std::sqrt(layer->C_W / (double)n) * w[i][j];
        theta[layer->weight + i * n + j] = weight;
        for (size_t r = 0; r < f.q; r++)
          next[r][j] += weight * delta[r][i] * f.pre.ds[k][r % f.D * n + j];
      }
    }
    delta = next;
  }
  return theta;
}

}  // namespace

TEST(TrainerPreactivation, OrthonormalRows) {
  std::mt19937_64 gen(5);
  std::normal_distribution<double> normal;
  for (size_t count = 1; count <= 7; count++) {
    const size_t length = 4;
    std::vector<double> rows(count * length), factor(count * count, 9), scratch(count);
    for (double &x : rows) x = normal(gen);
    if (count > 2)  // one row again, another one as good as 0
      for (size_t i = 0; i < length; i++) {
        rows[length + i] = 3 * rows[i];
        rows[2 * length + i] *= 1e-100;
      }
    const std::vector<double> before = rows;
    pdlt_orthonormal_rows(count, length, rows.data(), factor.data(), scratch.data());
    size_t directions = 0;
    for (size_t a = 0; a < count; a++) {
      for (size_t i = 0; i < length; i++) {
        double x = 0;
        for (size_t r = 0; r < count; r++) x += factor[a * count + r] * rows[r * length + i];
        EXPECT_NEAR(x, before[a * length + i], 1e-14 + 1e-14 * std::fabs(before[a * length + i]));
      }
      for (size_t b = 0; b < count; b++) {
        double x = 0;
        for (size_t i = 0; i < length; i++) x += rows[a * length + i] * rows[b * length + i];
        if (b > a) {
          EXPECT_EQ(factor[a * count + b], 0);
        }
        EXPECT_NEAR(x, a == b && x > 0.5 ? 1 : 0, 1e-14);
        directions += a == b && x > 0.5;
      }
    }
    EXPECT_EQ(directions, count > 2 ? std::min(count - 1, length) : count);
  }
}

TEST(TrainerPreactivation, IsANetworkWithThisNtk) {
  std::mt19937_64 gen(71);
  for (int trial = 0; trial < 40; trial++) {
    const Settings s = random_network(gen, kActivations);
    const Data data = unit_inputs(s, (unsigned)trial);
    Fixture f(s, data, 1 + (int)(gen() % 9));
    pdlt_preactivation_draw(&f.pre, 3, (uint64_t)trial, 1);
    std::vector<double> ntk(f.q * f.q), lambda(f.net.num_params), z;
    pdlt_preactivation_ntk(&f.pre, ntk.data());
    const std::vector<double> theta = parameters(f);
    pdlt_reference_lambda(&f.net, lambda.data());
    std::vector<std::vector<double>> grad;
    size_t neurons = 0;
    for (int k = 0; k < f.net.depth; k++) neurons += f.net.layer[k].out;
    z.resize(neurons);
    for (size_t a = 0; a < f.D; a++) {
      pdlt_reference_forward(&f.net, theta.data(), &data.x[a * f.D], z.data());
      size_t at = 0;
      for (int k = 0; k + 1 < f.net.depth; at += f.net.layer[k++].out)
        for (size_t i = 0; i < f.net.layer[k].out; i++) {
          double sigma = 0, slope = 0;
          pdlt_activation_forward(&f.net.activation, 1, &z[at + i], &sigma, &slope);
          const size_t there = a * f.net.layer[k].out + i;
          EXPECT_NEAR(f.pre.s[k][there], sigma, 1e-12) << trial;
        }
    }
    for (size_t i = 0; i < f.problem.outputs; i++)
      for (size_t a = 0; a < f.D; a++) {
        grad.emplace_back(f.net.num_params);
        ASSERT_EQ(pdlt_reference_gradient(&f.net, theta.data(), &data.x[a * f.D], f.net.depth, i,
                                          grad.back().data(), nullptr),
                  PDLT_OK);
      }
    for (size_t r = 0; r < f.q; r++)
      for (size_t k = 0; k < f.q; k++) {
        double sum = 0, size = 0;
        for (size_t mu = 0; mu < lambda.size(); mu++) {
          sum += lambda[mu] * grad[r][mu] * grad[k][mu];
          size += std::fabs(lambda[mu] * grad[r][mu] * grad[k][mu]);
        }
        EXPECT_NEAR(ntk[r * f.q + k], sum, 1e-12 * (size + 1)) << trial;
      }
  }
}

// Sigma_ab as full matrices over neurons, W~ = xi U + omega (1 - U^T U) integrated over omega.
TEST(TrainerPreactivation, ThetaIsTheMeanOverWhatWeightsLeaveOpen) {
  std::mt19937_64 gen(72);
  for (int trial = 0; trial < 40; trial++) {
    const Settings s = random_network(gen, kActivations);
    Data data((size_t)s.train, (size_t)s.test, 1 + gen() % 3, (size_t)s.outputs, (unsigned)trial);
    Fixture f(s, data, 1 + (int)(gen() % 9));
    pdlt_preactivation_draw(&f.pre, 4, (uint64_t)trial, 0);
    for (int l = 1; l <= f.net.depth; l++) {
      std::vector<double> theta(f.pre.pairs), kernel(f.pre.pairs);
      pdlt_preactivation_theta(&f.pre, l, theta.data());
      pdlt_preactivation_kernel(&f.pre, l, kernel.data());
      auto gram = [&](int k, size_t a, size_t b) {
        double x = 0;
        for (size_t i = 0; i < f.net.layer[k].in; i++)
          x += k == 0 ? data.x[a * f.problem.inputs + i] * data.x[b * f.problem.inputs + i]
                      : f.pre.s[k - 1][a * f.net.layer[k].in + i] *
                            f.pre.s[k - 1][b * f.net.layer[k].in + i];
        return x / (double)f.net.layer[k].in;
      };
      for (size_t a = 0; a < f.D; a++)
        for (size_t b = a; b < f.D; b++) {
          const pdlt_layer *top = &f.net.layer[l - 1];
          double expected = top->lambda_b + top->lambda_W * gram(l - 1, a, b);
          Matrix inner;
          for (int k = l - 2; k >= 0; k--) {
            const pdlt_layer *above = &f.net.layer[k + 1];
            const size_t n = above->in;
            const double scale = above->C_W / (double)n;
            Matrix below = zeros(n, n);
            double trace = 0, kappa = 0;
            if (k == l - 2) {
              for (size_t i = 0; i < n; i++) below[i][i] = scale;
            } else {
              const Matrix w = unit_weights(f, k, {});
              for (size_t i = 0; i < inner.size(); i++) kappa += inner[i][i];
              for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < n; j++) {
                  double x = kappa * (double)(i == j);
                  for (size_t r = 0; r < f.D; r++)
                    x -= kappa * f.pre.basis[k][r * (n + 1) + i] * f.pre.basis[k][r * (n + 1) + j];
                  for (size_t u = 0; u < inner.size(); u++)
                    for (size_t v = 0; v < inner.size(); v++) x += w[u][i] * inner[u][v] * w[v][j];
                  below[i][j] = scale * x;
                }
            }
            for (size_t i = 0; i < n; i++)
              for (size_t j = 0; j < n; j++)
                below[i][j] *= f.pre.ds[k][a * n + i] * f.pre.ds[k][b * n + j];
            for (size_t i = 0; i < n; i++) trace += below[i][i];
            const pdlt_layer *layer = &f.net.layer[k];
            expected += trace * (layer->lambda_b + layer->lambda_W * gram(k, a, b));
            inner = below;
          }
          const size_t p = pdlt_pair(f.D, a, b);
          EXPECT_NEAR(theta[p], expected, 1e-12 * (1 + std::fabs(expected))) << trial << " " << l;
          EXPECT_NEAR(kernel[p], top->C_b + top->C_W * gram(l - 1, a, b), 1e-13);
        }
    }
  }
}

// Means and squares of K, Theta and Th (bounded by an arctangent) at widths where nothing is
// close to Gaussian, against networks with weights; more samples than neurons in one case.
TEST(TrainerPreactivation, IsDistributedLikeNetworks) {
  const struct {
    const char *activation;
    int width, train, outputs;
  } cases[] = {{"relu", 3, 2, 1}, {"tanh", 2, 4, 1}, {"sin", 2, 1, 2}};
  for (const auto &x : cases) {
    Settings s;
    s.activation = x.activation;
    s.depth = 4;
    s.C_b = "[0.1, 0.2, 0.3, 0.4]";
    s.train = x.train;
    s.test = 1;
    s.outputs = x.outputs;
    const Data data((size_t)s.train, 1, 2, (size_t)s.outputs, 12);
    Fixture f(s, data, x.width);
    pdlt_ntk ntk = {};
    pdlt_stepper stepper = {};
    pdlt_training_ntk moving = {};
    ASSERT_EQ(pdlt_ntk_new(&ntk, &f.net, &f.problem, nullptr), PDLT_OK);
    const pdlt_step_settings settings = {0.1, PDLT_FIRST_AUTO, 0, nullptr};
    ASSERT_EQ(pdlt_stepper_new(&stepper, &f.net, &f.problem, &settings, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_training_ntk_new(&moving, &f.net, &f.problem, nullptr), PDLT_OK);
    const size_t P = f.pre.pairs, D = f.D, count = 2 * P + f.q * f.q;
    const int N = 20000;
    std::vector<double> sum[2], square[2], value(count), matrix(D * D), theta(f.net.num_params);
    for (int which = 0; which < 2; which++) {
      sum[which].assign(2 * count, 0);
      square[which] = sum[which];
      for (uint64_t m = 0; m < N; m++) {
        if (which == 0) {
          pdlt_network_draw(&f.net, 5, m, stepper.theta);
          pdlt_ntk_forward(&ntk, stepper.theta);
          for (int k = 0; k < 2; k++) {
            if (k == 0) pdlt_ntk_kernel(&ntk, 4, matrix.data());
            if (k == 1) pdlt_ntk_theta(&ntk, stepper.theta, 4, matrix.data());
            for (size_t a = 0, p = 0; a < D; a++)
              for (size_t b = a; b < D; b++, p++) value[k * P + p] = matrix[a * D + b];
          }
          pdlt_stepper_begin(&stepper);
          pdlt_stepper_forward(&stepper);
          pdlt_training_ntk_measure(&moving, &stepper, value.data() + 2 * P);
        } else {
          pdlt_preactivation_draw(&f.pre, 6, m, 1);
          pdlt_preactivation_kernel(&f.pre, 4, value.data());
          pdlt_preactivation_theta(&f.pre, 4, value.data() + P);
          pdlt_preactivation_ntk(&f.pre, value.data() + 2 * P);
        }
        for (size_t i = 0; i < count; i++) {
          const double y = i < 2 * P ? value[i] : std::atan(value[i]);
          sum[which][2 * i] += y / N;
          square[which][2 * i] += y * y / N;
          sum[which][2 * i + 1] += y * y / N;
          square[which][2 * i + 1] += y * y * y * y / N;
        }
      }
    }
    // Theta given the preactivations has the mean of Theta, not its square.
    for (size_t i = 0; i < 2 * count; i++) {
      if (i % 2 == 1 && i / 2 >= P && i / 2 < 2 * P) continue;
      double variance = 0;
      for (int which = 0; which < 2; which++)
        variance += (square[which][i] - sum[which][i] * sum[which][i]) / N;
      EXPECT_LE(std::fabs(sum[0][i] - sum[1][i]), 5 * std::sqrt(variance) + 1e-15)
          << x.activation << " " << i;
    }
    pdlt_training_ntk_free(&moving);
    pdlt_stepper_free(&stepper);
    pdlt_ntk_free(&ntk);
  }
}
