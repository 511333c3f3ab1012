// Networks of frameworks against what `pdlt translate` makes of their descriptions. The networks here are
// plain loops in the framework's own terms: layers y = c_w w x + c_b b with their initialization, the mean
// (or sum) of squared errors, and SGD with its learning rates.
#include <gtest/gtest.h>

#include <functional>

#include "base/translate/translate.h"
#include "tests/trainer/support.h"

using namespace trainer_test;

namespace {

using Vector = std::vector<double>;

// One linear layer of a framework.
struct Linear {
  size_t in, out;
  double c_w = 1, c_b = 1;    // multipliers of the weights and biases
  double lr_w = 0, lr_b = 0;  // learning rates
  Vector w = {}, b = {};      // (out, in), (out)
};

struct Module {
  std::vector<Linear> layers;
  double sigma(double z) const { return std::tanh(z); }
  double slope(double z) const { return 1 - std::tanh(z) * std::tanh(z); }

  // Inputs of every layer, then the output, of one sample; preactivations in z.
  std::vector<Vector> forward(const Vector &x, std::vector<Vector> *z) const {
    std::vector<Vector> s = {x};
    z->clear();
    for (size_t l = 0; l < layers.size(); l++) {
      const Linear &layer = layers[l];
      Vector y(layer.out);
      for (size_t i = 0; i < layer.out; i++) {
        y[i] = layer.c_b * layer.b[i];
        for (size_t j = 0; j < layer.in; j++)
          y[i] += layer.c_w * layer.w[i * layer.in + j] * s[l][j];
      }
      z->push_back(y);
      if (l + 1 < layers.size())
        for (double &v : y) v = sigma(v);
      s.push_back(y);
    }
    return s;
  }

  // loss.backward(); optimizer.step(), the loss being `factor` times half the summed square.
  void step(const std::vector<Vector> &x, const std::vector<Vector> &y, double factor) {
    std::vector<Linear> gradient = layers;
    for (Linear &g : gradient) {
      std::fill(g.w.begin(), g.w.end(), 0);
      std::fill(g.b.begin(), g.b.end(), 0);
    }
    for (size_t a = 0; a < x.size(); a++) {
      std::vector<Vector> z;
      const std::vector<Vector> s = forward(x[a], &z);
      Vector delta = s.back();
      for (size_t i = 0; i < delta.size(); i++) delta[i] = factor * (delta[i] - y[a][i]);
      for (size_t l = layers.size(); l-- > 0;) {
        const Linear &layer = layers[l];
        Vector below(layer.in, 0);
        for (size_t i = 0; i < layer.out; i++) {
          gradient[l].b[i] += layer.c_b * delta[i];
          for (size_t j = 0; j < layer.in; j++) {
            gradient[l].w[i * layer.in + j] += layer.c_w * delta[i] * s[l][j];
            below[j] += layer.c_w * layer.w[i * layer.in + j] * delta[i];
          }
        }
        for (size_t j = 0; l > 0 && j < layer.in; j++) below[j] *= slope(z[l - 1][j]);
        delta = below;
      }
    }
    for (size_t l = 0; l < layers.size(); l++) {
      for (size_t k = 0; k < layers[l].w.size(); k++)
        layers[l].w[k] -= layers[l].lr_w * gradient[l].w[k];
      for (size_t k = 0; k < layers[l].b.size(); k++)
        layers[l].b[k] -= layers[l].lr_b * gradient[l].b[k];
    }
  }
};

std::string description(const std::string &head, const std::string &loss, double lr, int steps,
                        int train, int test) {
  return head + "\nactivation: tanh\nloss: " + loss +
         "\noptimizer: {sgd: {lr: " + std::to_string(lr) + "}}\nsteps: " + std::to_string(steps) +
         "\ndata: {source: csv, file: none.csv, train: " + std::to_string(train) +
         ", test: " + std::to_string(test) + "}\n";
}

std::string translated(const std::string &text) {
  pdlt_description d = {};
  pdlt_error err = {};
  char *out = nullptr;
  if (pdlt_description_read(&d, text.c_str(), text.size(), "net.yaml", &err) != PDLT_OK ||
      pdlt_translate_description(&d, "", &out, nullptr, &err) != PDLT_OK)
    throw std::runtime_error(err.message);
  const std::string experiment = out;
  pdlt_free(out);
  pdlt_description_free(&d);
  return experiment;
}

std::vector<Vector> rows(const Vector &all, size_t columns, size_t first, size_t count) {
  std::vector<Vector> out;
  for (size_t a = first; a < first + count; a++)
    out.emplace_back(all.begin() + (long)(a * columns), all.begin() + (long)((a + 1) * columns));
  return out;
}

}  // namespace

// From the same weights, steps of the framework and of the experiment give the same outputs, to rounding:
// standard parameterization; NTK parameterization; muP as its Table 8 has it, with a multiplier 1/m at the
// readout (translate: Table 3, without one).
TEST(TrainerFramework, StepsAreThoseOfTheExperiment) {
  const double lr = 0.03, m = 4;
  const size_t n = 16;
  const struct {
    const char *head, *loss;
    double factor;  // of half the summed square, N = 3, n_L = 2
    std::function<void(std::vector<Linear> *)> prepare;
  } all[] = {
      {"framework: pytorch\nsizes: [3, 16, 16, 2]", "mse_mean", 2.0 / 6,
       [](std::vector<Linear> *) {}},
      {"framework: jax\nsizes: [3, 16, 16, 2]", "mse_sum", 2, [](std::vector<Linear> *) {}},
      {"framework: ntk\nsizes: [3, 16, 16, 2]\ninit: {weight_std: [1.5, 1.2, 1.1], bias_std: [0.3, "
       "0.2, 0.1]}",
       "half_mse_sum", 1,
       [](std::vector<Linear> *layers) {
         const double w[] = {1.5, 1.2, 1.1}, b[] = {0.3, 0.2, 0.1};
         for (size_t l = 0; l < 3; l++) {
           (*layers)[l].c_w = w[l] / std::sqrt((double)(*layers)[l].in);
           (*layers)[l].c_b = b[l];
         }
       }},
      {"framework: mup\nsizes: [3, 16, 16, 2]\nbase_sizes: [3, 4, 4, 2]", "mse_mean", 2.0 / 6,
       [&](std::vector<Linear> *layers) {
         (*layers)[0].lr_w *= m;
         (*layers)[0].lr_b *= m;
         (*layers)[1].lr_b *= m;
         (*layers)[2].c_w = 1 / m;
         (*layers)[2].lr_w *= m;
       }},
  };
  Data data(3, 1, 3, 2, 8);
  const std::vector<Vector> x = rows(data.x, 3, 0, 3), y = rows(data.y, 2, 0, 3);
  for (const auto &c : all) {
    Experiment ex(translated(description(c.head, c.loss, lr, 5, 3, 1)));
    pdlt_network net = {};
    pdlt_samples samples = {};
    ASSERT_EQ(pdlt_network_new(&net, &ex.c, (int)n, 3, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_samples_new(&samples, &ex.c, &data.c, nullptr), PDLT_OK);
    Module module;
    Vector theta(net.num_params), outputs(8);
    std::mt19937_64 gen(4);
    std::normal_distribution<double> normal;
    for (size_t l = 0; l < 3; l++) {
      const pdlt_layer &layer = net.layer[l];
      module.layers.push_back({layer.in, layer.out});
      module.layers[l].lr_w = module.layers[l].lr_b = lr;
    }
    c.prepare(&module.layers);
    for (size_t l = 0; l < 3; l++) {
      const pdlt_layer &layer = net.layer[l];
      Linear &mine = module.layers[l];
      for (size_t k = 0; k < layer.in * layer.out; k++) {
        mine.w.push_back(normal(gen) / (std::sqrt((double)layer.in) * mine.c_w));
        theta[layer.weight + k] = mine.c_w * mine.w.back();
      }
      for (size_t k = 0; k < layer.out; k++) {
        mine.b.push_back(normal(gen));
        theta[layer.bias + k] = mine.c_b * mine.b.back();
      }
    }
    for (int step = 0; step < 5; step++) {
      module.step(x, y, c.factor);
      ASSERT_EQ(pdlt_reference_step(&net, &samples, ex.c.training.eta, theta.data(), nullptr),
                PDLT_OK);
    }
    pdlt_reference_output(&net, &samples, theta.data(), outputs.data(), nullptr);
    std::vector<Vector> z;
    double moved = 0;
    for (size_t a = 0; a < 4; a++) {
      const Vector out = module.forward(rows(data.x, 3, a, 1)[0], &z).back();
      for (size_t i = 0; i < 2; i++) {
        EXPECT_NEAR(out[i], outputs[i * 4 + a], 1e-12 * (1 + std::fabs(out[i]))) << c.head;
        moved += std::fabs(out[i]);
      }
    }
    EXPECT_GT(moved, 0.1) << c.head;
    pdlt_samples_free(&samples);
    pdlt_network_free(&net);
  }
}

namespace {

const size_t times[] = {0, 1, 3, 7, 14, 20};
enum { TIMES = 6, TRAIN = 4, SAMPLES = 6, NUMBERS = TIMES * SAMPLES, BATCH = 64 };

// [2, 24, 24, 1], tanh, mean squared error, SGD: outputs of all samples at six times, network by network.
std::vector<Vector> literal_loop(const Data &data, bool uniform, double lr, int members) {
  const std::vector<Vector> x = rows(data.x, 2, 0, TRAIN), y = rows(data.y, 1, 0, TRAIN);
  const size_t sizes[] = {2, 24, 24, 1};
  std::mt19937_64 gen(uniform ? 21 : 22);
  std::vector<Vector> out;
  for (int member = 0; member < members; member++) {
    Module module;
    for (size_t l = 0; l < 3; l++) {
      Linear layer = {sizes[l], sizes[l + 1]};
      const double bound = 1 / std::sqrt((double)layer.in);  // torch.nn.Linear
      std::uniform_real_distribution<double> number(-bound, bound);
      std::normal_distribution<double> normal(0, bound);  // flax, without its truncation
      layer.lr_w = layer.lr_b = lr;
      for (size_t k = 0; k < layer.in * layer.out; k++)
        layer.w.push_back(uniform ? number(gen) : normal(gen));
      for (size_t k = 0; k < layer.out; k++) layer.b.push_back(uniform ? number(gen) : 0);
      module.layers.push_back(layer);
    }
    Vector numbers;
    size_t next = 0;
    for (size_t step = 0; next < TIMES; step++) {
      std::vector<Vector> z;
      if (step == times[next]) {
        for (size_t a = 0; a < SAMPLES; a++)
          numbers.push_back(module.forward(rows(data.x, 2, a, 1)[0], &z).back()[0]);
        next++;
      }
      if (next < TIMES) module.step(x, y, 2.0 / TRAIN);
    }
    out.push_back(numbers);
  }
  return out;
}

// Mean square of z of the means of so many networks, and its degrees of freedom: they are correlated.
struct Agreement {
  double square, freedom;
  // Quantiles of chi-square over its degrees of freedom (Wilson and Hilferty).
  double quantile(double normal) const {
    const double v = 2 / (9 * freedom);
    return std::pow(std::max(0.0, 1 - v + normal * std::sqrt(v)), 3);
  }
};

Agreement agreement(const std::vector<Vector> &networks, const Archive &ensemble, size_t batch) {
  const double N = (double)networks.size();
  Vector mean(NUMBERS, 0), correlation(NUMBERS * NUMBERS, 0);
  for (const Vector &z : networks)
    for (size_t k = 0; k < NUMBERS; k++) mean[k] += z[k] / N;
  for (const Vector &z : networks)
    for (size_t k = 0; k < NUMBERS; k++)
      for (size_t j = 0; j < NUMBERS; j++)
        correlation[k * NUMBERS + j] += (z[k] - mean[k]) * (z[j] - mean[j]) / (N - 1);
  double squares = 0, sum = 0;
  for (size_t k = 0; k < NUMBERS; k++)
    for (size_t j = 0; j < NUMBERS; j++)
      squares += std::pow(correlation[k * NUMBERS + j], 2) /
                 (correlation[k * NUMBERS + k] * correlation[j * NUMBERS + j]);
  const size_t batches = networks.size() / batch;
  for (size_t b = 0; b < batches; b++)
    for (size_t k = 0; k < NUMBERS; k++) {
      double value = 0;
      for (size_t i = b * batch; i < (b + 1) * batch; i++) value += networks[i][k] / (double)batch;
      const double variance = correlation[k * NUMBERS + k] / (double)batch;
      const double error = std::hypot(std::sqrt(variance), ensemble.at("n24/z_se", k));
      sum += std::pow((value - ensemble.at("n24/z", k)) / error, 2);
    }
  return {sum / (double)(batches * NUMBERS), (double)(batches * NUMBERS * NUMBERS) / squares};
}

}  // namespace

// Mean outputs of literal loops and of the ensemble of the translated experiment, uniform and normal: z
// scores have rms 1, of the mean of all networks and of batches of 64; half the learning rate would be noticed.
TEST(TrainerFramework, LiteralLoopAgreesWithTheTranslatedEnsemble) {
  const double tail = 3.72;  // probability 1e-4 on each side
  const Data data(TRAIN, SAMPLES - TRAIN, 2, 1, 3);
  for (const bool uniform : {true, false}) {
    const double lr = uniform ? 0.2 : 0.025;  // below 2/theta_max
    const std::string head =
        std::string("framework: ") + (uniform ? "pytorch" : "jax") + "\nsizes: [2, 24, 24, 1]";
    const std::vector<Vector> networks = literal_loop(data, uniform, lr, 1536);
    for (const double rate : {lr, lr / 2}) {
      std::string text =
          translated(description(head, "mse_mean", rate, 20, TRAIN, SAMPLES - TRAIN));
      const size_t widths = text.find("widths: [");
      text.replace(widths, text.find('\n', widths) - widths, "widths: [24]");
      text +=
          "  record: [0, 1, 3, 7, 14, 20]\nensemble: {members: 2048, seed: 5, estimator: "
          "antithetic}\n";
      Experiment ex(text);
      Archive ensemble;
      pdlt_error err = {};
      const pdlt_ensemble_options o = options(2);
      ASSERT_EQ(pdlt_ensemble_run(&ensemble.c, &ex.c, &data.c, &o, &err), PDLT_OK) << err.message;
      const Agreement whole = agreement(networks, ensemble, networks.size());
      const Agreement parts = agreement(networks, ensemble, BATCH);
      if (rate == lr) {
        EXPECT_LT(whole.square, whole.quantile(tail)) << head << " " << whole.freedom;
        EXPECT_LT(parts.square, parts.quantile(tail)) << head << " " << parts.freedom;
        EXPECT_GT(parts.square, parts.quantile(-tail)) << head << " " << parts.freedom;
        EXPECT_GT(parts.freedom, 30) << head;
      } else {
        EXPECT_GT(whole.square, 2 * whole.quantile(tail)) << head;
      }
    }
  }
}
