/* effective.c - how many draws from the prior will count for a posterior, before any is made.
 *
 * Is: theory's exp(-h post_ess_exponent) of each width (docs/posterior.md, "Effective sample size"), told, and a
 * run that cannot give numbers refused.
 * Is not: the measured share, post_ess (trainer/posterior/estimate.h). */
#include <math.h>

#include "base/experiment/layer.h"
#include "cli/study/study.h"

/* Below the first share chains need fewer likelihoods for each independent draw than weights do; above the
 * second there is nothing to say beyond the number. */
static const double too_few = 0.02, few = 0.37;

/* The exponent at width n; NAN: theory has none. */
static double exponent_at(const pdlt_archive *theory, int n) {
  const pdlt_array *x = pdlt_archive_getf(theory, "n%d/post_ess_exponent", n);
  if (x == NULL) x = pdlt_archive_get(theory, "post_ess_exponent");
  return x != NULL ? x->data[0] : NAN;
}

static pdlt_status judge(pdlt_study *study, const pdlt_archive *theory, pdlt_error *err) {
  const pdlt_experiment *ex = &study->resolved.experiment;
  for (size_t w = 0; w < ex->network.num_widths; w++) {
    const int n = ex->network.widths[w];
    const double exponent = exponent_at(theory, n);
    const pdlt_layer top =
        pdlt_experiment_layer(ex, ex->network.depth, n, study->resolved.data.inputs);
    const double share = exp(-exponent / (double)top.in), draws = (double)ex->ensemble.members;
    if (isnan(share)) return PDLT_OK;
    if (share < too_few)
      return pdlt_experiment_fail(
          ex, "ensemble.estimator", err,
          "at n = %d about one draw from the prior in %.2g would count (exp(%.3g/%zu)): the "
          "targets "
          "are not what it expects; write slice, wider networks or more posterior.noise",
          n, 1 / share, exponent, top.in);
    pdlt_progress_note(&study->progress, "posterior, n = %d: about %.3g of %.0f draws will count%s",
                       n, share * draws, draws,
                       share < few ? "; the targets are not what the prior expects" : "");
  }
  return PDLT_OK;
}

pdlt_status pdlt_study_check_draws(pdlt_study *study, pdlt_error *err) {
  const pdlt_experiment *ex = &study->resolved.experiment;
  pdlt_archive own = {0};
  if (!(ex->measure & PDLT_MEASURE_POSTERIOR) || ex->ensemble.estimator == PDLT_ESTIMATOR_SLICE)
    return PDLT_OK;
  if (study->results[PDLT_THEORY].made)
    return judge(study, &study->results[PDLT_THEORY].archive, err);
  pdlt_status status = pdlt_study_theory(&own, study, 0, err);
  if (status == PDLT_OK) status = judge(study, &own, err);
  pdlt_archive_free(&own);
  return status;
}
