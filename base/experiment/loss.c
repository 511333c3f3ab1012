/* loss.c - see loss.h; the keys that training.loss goes with. */
#include "base/experiment/loss.h"

#include <math.h>

#include "base/experiment/internal.h"

const char *const pdlt_trained_loss_words[] = {"mse", "cross_entropy", NULL};

static int is_entropy(const pdlt_experiment *ex) {
  return ex->training.loss == PDLT_LOSS_CROSS_ENTROPY;
}

pdlt_status pdlt_loss_check(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const pdlt_estimator estimator = ex->ensemble.estimator;
  const struct {
    int refused;
    const char *key, *why;
  } rules[] = {
      {ex->network.outputs < 2, "network.outputs",
       "1; training.loss: cross_entropy needs an output for each class, at least 2"},
      {ex->training.eta_kind == PDLT_ETA_FLOW, "training.eta",
       "flow; training.loss: cross_entropy is predicted step by step: give a number"},
      {ex->training.to_end, "training.steps",
       "end; training.loss: cross_entropy has none: outputs of separable data grow without bound; "
       "give a number of steps"},
      {ex->training.centered, "training.targets",
       "centered; training.loss: cross_entropy needs probabilities as targets, and y + z(0) are "
       "none: "
       "write fixed"},
      {ex->training.newton, "training.method",
       "newton; Newton's method goes with training.loss: mse, of which one step reaches the "
       "minimum: "
       "write gd"},
      {(ex->measure & PDLT_MEASURE_FEATURES) != 0, "measure",
       "features; regression with kernels goes with training.loss: mse: leave features out"},
      {estimator == PDLT_ESTIMATOR_CONTROL || estimator == PDLT_ESTIMATOR_TWO_LEVEL,
       "ensemble.estimator",
       "a network's own linearization follows training.loss: mse; with cross_entropy write "
       "antithetic, "
       "plain or auto"},
  };
  if (!is_entropy(ex)) return PDLT_OK;
  for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
    if (rules[k].refused)
      return pdlt_experiment_fail(ex, rules[k].key, reader->err, "%s", rules[k].why);
  return PDLT_OK;
}

double pdlt_experiment_largest_step(const pdlt_experiment *ex) { return is_entropy(ex) ? 4 : 2; }

pdlt_drawn pdlt_experiment_drawn(const pdlt_experiment *ex, int k) {
  const pdlt_drawn drawn = pdlt_quantities[k].drawn;
  return is_entropy(ex) && drawn == PDLT_DRAWN_LOSS ? PDLT_DRAWN_TRAINED : drawn;
}

const char *pdlt_experiment_loss_lacks(const pdlt_experiment *ex, int k) {
  if (!is_entropy(ex)) return NULL;
  switch (k) {
    case PDLT_QUANTITY_LOSS_TRAIN_BIAS:
    case PDLT_QUANTITY_LOSS_TRAIN_VARIANCE:
    case PDLT_QUANTITY_LOSS_TEST_BIAS:
    case PDLT_QUANTITY_LOSS_TEST_VARIANCE:
      return "a cross-entropy is no sum of squared bias and variance";
    case PDLT_QUANTITY_UNSTABLE:
      return "training on cross-entropy does not diverge: its residual is at most 1";
    default:
      return NULL;
  }
}

pdlt_status pdlt_experiment_check_targets(const pdlt_experiment *ex, size_t samples,
                                          const double *y, pdlt_error *err) {
  const double rounding = 1e-12;
  const size_t n = (size_t)ex->network.outputs;
  for (size_t a = 0; a < samples && is_entropy(ex); a++) {
    double sum = 0, least = INFINITY;
    for (size_t i = 0; i < n; i++) {
      sum += y[a * n + i];
      least = fmin(least, y[a * n + i]);
    }
    if (!(least >= 0) || !(fabs(sum - 1) <= rounding))
      return pdlt_experiment_fail(ex, "training.loss", err,
                                  "cross_entropy needs probabilities as targets, and those of "
                                  "sample %zu have sum %.6g, the "
                                  "smallest is %.6g; use classes with targets: one_hot, or mse",
                                  a + 1, sum, least);
  }
  return PDLT_OK;
}
