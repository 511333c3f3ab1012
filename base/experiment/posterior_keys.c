/* posterior_keys.c - the section `posterior` of an experiment: Bayesian inference with the network at
 * initialization as the prior, and what cannot go with measuring it.
 *
 * Is not: the posterior (docs/posterior.md). */
#include "base/experiment/internal.h"
#include "base/experiment/layer.h"
#include "base/file/json.h"

/* The value of a key of training that nothing but training needs. */
static pdlt_status check_given(pdlt_reader *reader, const char *key) {
  char expect[PDLT_EXPECT_LENGTH];
  if (pdlt_experiment_is_given(reader->ex, key)) return PDLT_OK;
  pdlt_schema_expect(&pdlt_schema[pdlt_schema_find(key)], expect);
  return pdlt_experiment_fail(reader->ex, key, reader->err, "missing; give %s", expect);
}

/* Where only the posterior is measured nothing is trained, and any eta will do. */
static pdlt_status fill_training(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  pdlt_status status = PDLT_OK;
  if (ex->measure != PDLT_MEASURE_POSTERIOR) {
    PDLT_TRY(check_given(reader, "training.eta"));
    return check_given(reader, "training.steps");
  }
  if (!pdlt_experiment_is_given(ex, "training.eta")) ex->training.eta = 1;
cleanup:
  return status;
}

/* What cannot be measured together with it, or in this way. */
static pdlt_status check_measured(pdlt_reader *reader) {
  const pdlt_experiment *ex = reader->ex;
  const pdlt_estimator estimator = ex->ensemble.estimator;
  const char *why = pdlt_experiment_unmeasured(ex, PDLT_MEASURE_POSTERIOR);
  if (ex->measure != PDLT_MEASURE_POSTERIOR)
    return pdlt_experiment_fail(ex, "measure", reader->err,
                                "posterior is measured on draws of its own: write measure: "
                                "[posterior], and another file for the rest");
  if (why != NULL) return pdlt_experiment_fail(ex, "measure", reader->err, "posterior: %s", why);
  if (ex->network.init != PDLT_INIT_NORMAL)
    return pdlt_experiment_fail(ex, "network.init", reader->err,
                                "%s; the posterior is measured with normal preactivations, which "
                                "need normal weights: write normal",
                                pdlt_init_words[ex->network.init]);
  if (ex->ensemble.single_precision)
    return pdlt_experiment_fail(ex, "ensemble.arithmetic", reader->err,
                                "single; the posterior is measured in double: write double");
  if (ex->ensemble.keep_members > 0)
    return pdlt_experiment_fail(ex, "ensemble.keep_members", reader->err,
                                "%ld; a posterior is measured without networks, and none can be "
                                "kept: leave it out",
                                (long)ex->ensemble.keep_members);
  if (estimator == PDLT_ESTIMATOR_ANTITHETIC || estimator == PDLT_ESTIMATOR_CONTROL ||
      estimator == PDLT_ESTIMATOR_TWO_LEVEL)
    return pdlt_experiment_fail(ex, "ensemble.estimator", reader->err,
                                "%s is of networks that are trained; of the posterior write auto",
                                pdlt_estimator_words[estimator]);
  return PDLT_OK;
}

pdlt_status pdlt_posterior_keys_check(pdlt_reader *reader) {
  pdlt_experiment *ex = reader->ex;
  const int measured = (ex->measure & PDLT_MEASURE_POSTERIOR) != 0;
  ex->posterior.on = pdlt_experiment_is_given(ex, "posterior.noise");
  if (!ex->posterior.on && (measured || pdlt_experiment_is_given(ex, "posterior")))
    return pdlt_experiment_fail(ex, "posterior.noise", reader->err,
                                "missing; give the variance of the noise of the targets, a number "
                                ">= 0%s",
                                measured ? ", which measure: [posterior] needs" : "");
  if (!ex->posterior.on) return PDLT_OK;
  const pdlt_status status = measured ? check_measured(reader) : PDLT_OK;
  return status == PDLT_OK ? fill_training(reader) : status;
}

json_t *pdlt_posterior_keys_json(const pdlt_experiment *ex) {
  json_t *out = json_object();
  if (ex->posterior.on) pdlt_json_put(&out, "noise", json_real(ex->posterior.noise));
  return out;
}
