/* network_support.h - a random network, half of them with skips, on random samples, with every derivative of
 * its outputs. */
#ifndef PDLT_TESTS_TRAINER_NETWORK_SUPPORT_H
#define PDLT_TESTS_TRAINER_NETWORK_SUPPORT_H

#include "tests/trainer/support.h"
#include "trainer/measure/training_ntk.h"
#include "trainer/network/reference.h"

namespace trainer_test {

struct Network {
  Network(std::mt19937_64 &gen, int trial)
      : Network(gen, trial, narrow(gen, {"tanh", "gelu", "sin", "quadratic(0.3)"}), 1 + gen() % 4) {
  }
  Network(std::mt19937_64 &gen, int trial, const Settings &settings, size_t inputs)
      : s(settings),
        ex(yaml(s)),
        data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, (unsigned)gen()) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_samples_new(&problem, &ex.c, &data.c, &err), PDLT_OK);
    EXPECT_EQ(pdlt_network_new(&net, &ex.c, ex.c.network.widths[0], data.c.inputs, &err), PDLT_OK);
    theta.resize(net.num_params);
    lambda.resize(net.num_params);
    pdlt_network_draw(&net, 3, (uint64_t)trial, theta.data());
    pdlt_reference_lambda(&net, lambda.data());
    for (size_t i = 0; i < problem.outputs; i++)
      for (size_t a = 0; a < problem.samples; a++)
        phi.push_back(gradient(i, data.x.data() + a * data.c.inputs));
  }
  ~Network() {
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Network(const Network &) = delete;
  static Settings narrow(std::mt19937_64 &gen, const std::vector<const char *> &activations) {
    Settings s = random_network(gen, activations);
    s.widths = "[" + std::to_string(2 + gen() % 4) + "]";
    return gen() % 2 ? skipped(s, (unsigned)gen()) : s;
  }
  // dz_i/dtheta (num_params) at x (n_0).
  std::vector<double> gradient(size_t i, const double *x) const {
    std::vector<double> g(net.num_params);
    pdlt_error err = {};
    EXPECT_EQ(pdlt_reference_gradient(&net, theta.data(), x, net.depth, i, g.data(), &err),
              PDLT_OK);
    return g;
  }
  Settings s;
  Experiment ex;
  Data data;
  pdlt_samples problem = {};
  pdlt_network net = {};
  std::vector<double> theta, lambda;
  std::vector<std::vector<double>> phi; /* (n_L D) of num_params */
};

}  // namespace trainer_test

#endif
