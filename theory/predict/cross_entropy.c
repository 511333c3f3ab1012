/* cross_entropy.c - networks trained on cross-entropy at infinite width, as arrays. */
#include "theory/infinite/cross_entropy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "theory/predict/internal.h"

/* What the averages may take; bytes. Beyond it there is no covariance. */
static const double most_bytes = 512.0 * 1024 * 1024;

static const char *const end_reason =
    "training on cross-entropy has no end: outputs of separable data grow without bound";

/* Sum over samples of loss (T, D), and each of them, with their errors. */
static pdlt_status put_losses(const pdlt_prediction *p, const pdlt_cross_entropy_mean *mean,
                              pdlt_error *err) {
  const size_t T = mean->times, D = mean->D, A = p->data->train;
  static const char *const names[] = {"loss_train_lo", "loss_test_lo"};
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < (D > A ? 2 : 1); k++) {
    PDLT_TRY(pdlt_predict_put(p->out, names[k], 1, &T, mean->total + k * T, err));
    PDLT_TRY(pdlt_predict_error(p->out, names[k], mean->err_total[k], err));
  }
  PDLT_TRY(pdlt_predict_put(p->out, "loss_sample_lo", 2, (size_t[]){T, D}, mean->loss, err));
  PDLT_TRY(pdlt_predict_error(p->out, "loss_sample_lo", mean->err_loss, err));
cleanup:
  return status;
}

static pdlt_status put_all(const pdlt_prediction *p, const pdlt_cross_entropy_mean *mean,
                           pdlt_error *err) {
  const size_t T = mean->times, n = mean->outputs, D = mean->D;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_predict_put(p->out, "times", 1, &T, p->ex->training.record, err));
  PDLT_TRY(pdlt_predict_put(p->out, "z_lo", 3, (size_t[]){T, n, D}, mean->z, err));
  PDLT_TRY(pdlt_predict_error(p->out, "z_lo", mean->err_z, err));
  if (mean->cov != NULL) {
    PDLT_TRY(pdlt_predict_put(p->out, "cov_lo", 5, (size_t[]){T, n, D, n, D}, mean->cov, err));
    PDLT_TRY(pdlt_predict_error(p->out, "cov_lo", mean->err_cov, err));
  }
  PDLT_TRY(put_losses(p, mean, err));
cleanup:
  return status;
}

/* What goes with squares only, and why. */
static pdlt_status put_absent(const pdlt_prediction *p, pdlt_error *err) {
  static const char *const ends[] = {"z_end_lo", "cov_end_lo", "loss_train_end_lo",
                                     "loss_test_end_lo"};
  static const char *const parts[] = {"loss_train_lo_bias", "loss_train_lo_variance",
                                      "loss_test_lo_bias", "loss_test_lo_variance"};
  static const char *const losses[] = {"loss_train_nlo", "loss_test_nlo", "loss_sample_nlo"};
  const size_t test = p->data->test > 0 ? 0 : 1;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_predict_all_absent(p->out, ends, 4 - test, end_reason, err));
  PDLT_TRY(pdlt_predict_all_absent(p->out, parts, 4 - 2 * test,
                                   "a cross-entropy is no sum of squared bias and variance", err));
  if (p->ex->theory.order >= 1)
    PDLT_TRY(pdlt_predict_all_absent(p->out, losses, 3, PDLT_NO_ORDER_ONE_OF_ENTROPY, err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_cross_entropy(const pdlt_prediction *p, pdlt_error *err) {
  const pdlt_training_input training = pdlt_predict_training_input(p);
  pdlt_cross_entropy_input input = {.training = &training,
                                    .num_times = p->ex->training.num_record,
                                    .times = p->ex->training.record,
                                    .with_cov = 1,
                                    .threads = p->options->threads,
                                    .progress = p->options->progress};
  pdlt_cross_entropy_mean mean = {.times = 0};
  pdlt_status status = PDLT_OK;
  const double bytes = pdlt_cross_entropy_room(&input) * (double)sizeof(double);
  if (bytes > most_bytes) {
    char reason[160];
    snprintf(reason, sizeof reason,
             "its averages take %.3g GiB, more than 0.5; record fewer times or use fewer samples",
             bytes / (1024.0 * 1024 * 1024));
    input.with_cov = 0;
    PDLT_TRY(pdlt_predict_absent(p->out, "cov_lo", reason, err));
  }
  pdlt_progress_start_short(p->options->progress, "training on cross-entropy", 1);
  status = pdlt_cross_entropy_new(&mean, &input, err);
  if (status == PDLT_ERR_INPUT) {
    const pdlt_error inner = err ? *err : (pdlt_error){0};
    PDLT_TRY(pdlt_experiment_fail(p->ex, "training.eta", err, "%s", inner.message));
  }
  PDLT_TRY(status);
  pdlt_progress_add(p->options->progress, 1);
  pdlt_progress_finish(p->options->progress);
  PDLT_TRY(put_all(p, &mean, err));
  PDLT_TRY(put_absent(p, err));
cleanup:
  pdlt_cross_entropy_free(&mean);
  return status;
}
