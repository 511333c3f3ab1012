/* only.c - the keys that theory.only: z goes with: of order 1/n the mean output alone, by gradient descent.
 *
 * Is not: what is computed (theory/order_one/trained.h, pdlt_trained_mean). */
#include "base/experiment/internal.h"

/* A quantity whose coefficient of 1/n is there. */
static int is_there(int quantity) {
  return quantity == PDLT_QUANTITY_Z || quantity == PDLT_QUANTITY_LOSS_TRAIN_BIAS ||
         quantity == PDLT_QUANTITY_LOSS_TEST_BIAS;
}

pdlt_status pdlt_only_check(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const char *until = pdlt_until_key(ex);
  const struct {
    int refused;
    const char *key, *why;
  } rules[] = {
      {ex->theory.order == 0, "theory.order",
       "0; theory.only: z is of order 1/n: use 1, or leave only out"},
      {ex->training.loss == PDLT_LOSS_CROSS_ENTROPY, "training.loss",
       "cross_entropy; it has no order 1/n, of which theory.only: z would be a part: leave only "
       "out"},
      {pdlt_activation_has_kink(&ex->network.activation), "network.activation",
       "has a kink, and trained networks no order 1/n, of which theory.only: z would be a part: "
       "leave "
       "only out"},
      {ex->training.newton, "training.method",
       "newton; theory.only: z follows gradient descent on all samples: leave only out"},
      {ex->training.batch > 0, "training.batch",
       "theory.only: z follows gradient descent on all samples: leave only out"},
      {ex->posterior.on, "posterior.noise",
       "the posterior needs tensors that theory.only: z does not keep: leave one of the two out"},
      {(ex->measure & PDLT_MEASURE_FEATURES) != 0, "measure",
       "features; theory.only: z predicts none: leave features or only out"},
      {until != NULL && !is_there(ex->ensemble.until.quantity), until == NULL ? "" : until,
       "theory.only: z leaves the coefficient of that quantity out: use z, or leave only out"},
  };
  if (!ex->theory.only_z) return PDLT_OK;
  for (size_t k = 0; k < sizeof rules / sizeof *rules; k++)
    if (rules[k].refused)
      return pdlt_experiment_fail(ex, rules[k].key, reader->err, "%s", rules[k].why);
  return PDLT_OK;
}
