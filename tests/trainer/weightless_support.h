/* weightless_support.h - a plan with draws without weights, its pilot and memory for one thread. */
#ifndef PDLT_TESTS_TRAINER_WEIGHTLESS_SUPPORT_H
#define PDLT_TESTS_TRAINER_WEIGHTLESS_SUPPORT_H

#include "tests/trainer/support.h"
#include "trainer/control/weightless.h"

namespace trainer_test {

inline Data data_of(const Settings &s, size_t inputs = 3, unsigned seed = 2) {
  return Data((size_t)s.train, (size_t)s.test, inputs, (size_t)s.outputs, seed);
}

struct Weightless {
  Weightless(const Settings &s, const Data &data, int width, int layers, bool linear)
      : ex(yaml(s)) {
    pdlt_error err = {};
    if (pdlt_samples_new(&problem, &ex.c, &data.c, &err) != PDLT_OK ||
        pdlt_plan_make(&plan, &ex.c, &problem, layers, &err) != PDLT_OK ||
        pdlt_network_new(&net, &ex.c, width, problem.inputs, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
    pdlt_plan_estimator(&plan, 0);
    const pdlt_levels none = {};
    if (linear) pdlt_plan_linearize(&plan, 1, 0, &none);
    if (pdlt_weightless_fit_new(&fit, &plan, &net, &err) != PDLT_OK ||
        pdlt_weightless_new(&weightless, &plan, &net, &fit, &err) != PDLT_OK)
      throw std::runtime_error(err.message);
  }
  ~Weightless() {
    pdlt_weightless_free(&weightless);
    pdlt_weightless_fit_free(&fit);
    pdlt_network_free(&net);
    pdlt_samples_free(&problem);
  }
  Weightless(const Weightless &) = delete;
  Experiment ex;
  pdlt_samples problem = {};
  pdlt_plan plan = {};
  pdlt_network net = {};
  pdlt_weightless_fit fit = {};
  pdlt_weightless weightless = {};
};

}  // namespace trainer_test

#endif
