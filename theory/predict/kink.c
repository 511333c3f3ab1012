/* kink.c - the trained network whose activation has a kink: coefficients of h^(1/2), as arrays. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "theory/infinite/steps.h"
#include "theory/kink/kink.h"
#include "theory/predict/internal.h"

/* Three standard errors of the mean output, relative to its largest entry, where theory.tolerance is finer. */
static const double finest = 1e-3;

/* Each sample needs covariances of all others, of which roots are taken: D^4 in all. */
enum { MOST_SAMPLES = 192 };

static const char *const names[] = {"z_half",         "cov_half",   "Theta_t_half",
                                    "crossings_half", "z_end_half", "cov_end_half"};

static pdlt_status all_absent(const pdlt_prediction *p, const char *reason, pdlt_error *err) {
  return pdlt_predict_all_absent(p->out, names, sizeof names / sizeof *names, reason, err);
}

/* name/part and name/layer<l>: their sums are the mean output called name. step: between parts. */
static pdlt_status put_parts(const pdlt_prediction *p, const pdlt_kink *k, const char *name,
                             int ndim, const size_t *dim, size_t offset, pdlt_error *err) {
  const size_t step = k->times * k->outputs * k->D;
  pdlt_status status = PDLT_OK;
  char full[64];
  for (int i = 0; i < PDLT_KINK_PART_COUNT; i++) {
    snprintf(full, sizeof full, "%s/%s", name,
             pdlt_kink_part_name((pdlt_kink_part)i) + strlen("half."));
    PDLT_TRY(pdlt_predict_put(p->out, full, ndim, dim, k->part + (size_t)i * step + offset, err));
  }
  for (size_t l = 0; l < k->hidden; l++) {
    snprintf(full, sizeof full, "%s/layer%zu", name, l + 1);
    PDLT_TRY(pdlt_predict_put(p->out, full, ndim, dim, k->layer + l * step + offset, err));
  }
cleanup:
  return status;
}

/* The end of training is the last time of steps: end. */
static pdlt_status put_end(const pdlt_prediction *p, const pdlt_kink *k, pdlt_error *err) {
  static const char *const reason =
      "kinks: the end of training is followed with training.steps: end only";
  const size_t n = k->outputs, D = k->D, last = (k->times - 1) * n * D;
  const pdlt_experiment *ex = p->ex;
  pdlt_status status = PDLT_OK;
  if (k->times == 0 || !isinf(ex->training.record[k->times - 1])) {
    PDLT_TRY(pdlt_predict_absent(p->out, "z_end_half", reason, err));
    return pdlt_predict_absent(p->out, "cov_end_half", reason, err);
  }
  PDLT_TRY(pdlt_predict_put(p->out, "z_end_half", 2, (size_t[]){n, D}, k->z + last, err));
  PDLT_TRY(put_parts(p, k, "z_end_half", 2, (size_t[]){n, D}, last, err));
  PDLT_TRY(pdlt_predict_put(p->out, "cov_end_half", 4, (size_t[]){n, D, n, D},
                            k->cov + last * n * D, err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_end_half", k->err_z, err));
  PDLT_TRY(pdlt_predict_error(p->out, "cov_end_half", k->err_cov, err));
cleanup:
  return status;
}

static pdlt_status put_all(const pdlt_prediction *p, const pdlt_kink *k, pdlt_error *err) {
  const size_t T = k->times, n = k->outputs, D = k->D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_predict_put(p->out, "z_half", 3, (size_t[]){T, n, D}, k->z, err));
  PDLT_TRY(put_parts(p, k, "z_half", 3, (size_t[]){T, n, D}, 0, err));
  PDLT_TRY(pdlt_predict_put(p->out, "cov_half", 5, (size_t[]){T, n, D, n, D}, k->cov, err));
  PDLT_TRY(pdlt_predict_put(p->out, "Theta_t_half", 5, (size_t[]){T, n, D, n, D}, k->theta, err));
  PDLT_TRY(pdlt_predict_put(p->out, "crossings_half", 3, (size_t[]){T, k->hidden, D}, k->crossings,
                            err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_half", k->err_z, err));
  PDLT_TRY(pdlt_predict_error(p->out, "cov_half", k->err_cov, err));
  PDLT_TRY(pdlt_predict_error(p->out, "Theta_t_half", k->err_theta, err));
  PDLT_TRY(pdlt_predict_error(p->out, "crossings_half", k->err_crossings, err));
  PDLT_TRY(put_end(p, k, err));
cleanup:
  return status;
}

static pdlt_status too_many(const pdlt_prediction *p, size_t D, pdlt_error *err) {
  char reason[160];
  snprintf(reason, sizeof reason,
           "%zu samples are more than %d, for which the first correction of a kink is computed; "
           "use fewer",
           D, MOST_SAMPLES);
  return all_absent(p, reason, err);
}

pdlt_status pdlt_predict_kink(const pdlt_prediction *p, pdlt_error *err) {
  const pdlt_activation_traits traits = pdlt_activation_get_traits(&p->ex->network.activation);
  const pdlt_training_input lo = pdlt_predict_training_input(p);
  pdlt_training training = {0};
  pdlt_kink kink = {0};
  pdlt_error why = {0};
  const char *untrained = pdlt_predict_why_absent(p->out, "z_lo");
  const int positions = p->ex->network.layers != NULL;
  pdlt_status status = PDLT_OK;
  if (untrained != NULL) return all_absent(p, untrained, err);
  if (positions)
    return all_absent(p, "the first correction of a kink is not derived for layers with positions",
                      err);
  if (pdlt_experiment_has_skips(p->ex))
    return all_absent(p, "the first correction of a kink is not derived for skip connections", err);
  if (lo.centered)
    return all_absent(p, "the first correction of a kink is not derived for centered targets", err);
  if (!pdlt_steps_are_plain(&lo))
    return all_absent(p,
                      "the first correction of a kink is derived for gradient descent on all "
                      "samples alone",
                      err);
  if (lo.D > MOST_SAMPLES) return too_many(p, lo.D, err);
  PDLT_TRY(pdlt_training_new(&training, &lo, err));
  const pdlt_kink_input input = {.a_plus = traits.a_plus,
                                 .a_minus = traits.a_minus,
                                 .layer = p->layer,
                                 .kernel = p->kernel,
                                 .training = &training,
                                 .num_times = p->ex->training.num_record,
                                 .times = p->ex->training.record,
                                 .factors = &p->mask->kink,
                                 .tolerance = fmax(finest, p->ex->theory.tolerance),
                                 .threads = p->options->threads,
                                 .progress = p->options->progress};
  status = pdlt_kink_new(&kink, &input, &why);
  if (status == PDLT_ERR_UNSUPPORTED) {
    status = all_absent(p, why.message, err);
    goto cleanup;
  }
  if (status != PDLT_OK) PDLT_TRY(pdlt_fail(err, status, "%s", why.message));
  PDLT_TRY(put_all(p, &kink, err));
cleanup:
  pdlt_training_free(&training);
  pdlt_kink_free(&kink);
  return status;
}
