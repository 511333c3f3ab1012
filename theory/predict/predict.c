/* predict.c - see predict.h: kernels, tensors of order 1/n, training, into one archive. */
#include "theory/predict/predict.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/experiment/meta.h"
#include "base/file/json.h"
#include "theory/predict/internal.h"

static pdlt_status put_kernels(pdlt_archive *out, const pdlt_kernel_layers *kernel, int layers,
                               pdlt_error *err) {
  const size_t D = kernel->D, size = D * D, last = (size_t)(kernel->depth - 1) * size;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_predict_array(out, "K", 2, D, kernel->K + last, err));
  PDLT_TRY(pdlt_predict_array(out, "Theta", 2, D, kernel->theta + last, err));
  PDLT_TRY(pdlt_predict_error(out, "K", kernel->err_K, err));
  PDLT_TRY(pdlt_predict_error(out, "Theta", kernel->err_theta, err));
  for (int l = 1; layers && l <= kernel->depth; l++) {
    char name[64];
    snprintf(name, sizeof name, "layer%d/K", l);
    PDLT_TRY(pdlt_predict_array(out, name, 2, D, kernel->K + (size_t)(l - 1) * size, err));
    snprintf(name, sizeof name, "layer%d/Theta", l);
    PDLT_TRY(pdlt_predict_array(out, name, 2, D, kernel->theta + (size_t)(l - 1) * size, err));
  }
cleanup:
  return status;
}

static pdlt_status check_resolved(const pdlt_experiment *ex, pdlt_error *err) {
  if (ex->network.critical)
    return pdlt_experiment_fail(ex, "network.C_W", err, "critical is not resolved yet");
  if (ex->training.eta_kind == PDLT_ETA_RELATIVE)
    return pdlt_experiment_fail(ex, "training.eta", err, "relative eta is not resolved yet");
  if (pdlt_experiment_follows(ex) != NULL)
    return pdlt_experiment_fail(ex, pdlt_experiment_follows(ex), err,
                                "follows the width and is no number yet");
  if (ex->theory.pair_only && !pdlt_experiment_has_skips(ex))
    return pdlt_experiment_fail(ex, "theory.variant", err,
                                "pair_only is of layers with skips (network.skip), and this "
                                "network has none; leave it out");
  return PDLT_OK;
}

/* Kernels and tensors grow with the samples, training with the recorded times too. */
static pdlt_status blame(const pdlt_experiment *ex, const char *key, pdlt_status status,
                         pdlt_error *err) {
  return pdlt_experiment_blame(ex, key, status, err,
                               strcmp(key, "data.train") == 0
                                   ? "use fewer samples, or theory.order: 0"
                                   : "record fewer times, use fewer samples, or theory.order: 0");
}

pdlt_status pdlt_predict(pdlt_archive *out, const pdlt_experiment *ex, const pdlt_dataset *data,
                         const pdlt_predict_options *options, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_kernel_layers kernel = {0};
  pdlt_tensor_doubts doubts = {0};
  pdlt_mask mask;
  pdlt_layer *layer = NULL;
  PDLT_TRY(check_resolved(ex, err));
  PDLT_TRY(pdlt_mask_read(&mask, ex, err));
  PDLT_TRY(pdlt_layers_new(&layer, ex, 1, data->inputs, err));
  const pdlt_prediction p = {out, ex, data, options, layer, &kernel, &mask};
  const pdlt_kernel_settings settings =
      pdlt_kernel_settings_of(ex, layer, options->threads, options->progress);
  status = pdlt_kernel_layers_new(&kernel, &settings, data->train + data->test, data->x, err);
  PDLT_TRY(blame(ex, "data.train", status, err));
  PDLT_TRY(put_kernels(out, &kernel, options->layers, err));
  PDLT_TRY(pdlt_predict_hidden(&p, err));
  const int entropy = ex->training.loss == PDLT_LOSS_CROSS_ENTROPY;
  PDLT_TRY(blame(ex, "training.record",
                 entropy ? pdlt_predict_cross_entropy(&p, err) : pdlt_predict_training(&p, err),
                 err));
  if (ex->theory.order >= 1) {
    PDLT_TRY(pdlt_predict_tensors(&p, &doubts, err));
    PDLT_TRY(pdlt_predict_hidden_rest(&p, err));
    PDLT_TRY(blame(ex, "training.record", pdlt_predict_order_one(&p, &doubts, err), err));
    if (!entropy && !pdlt_activation_get_traits(&ex->network.activation).smooth)
      PDLT_TRY(blame(ex, "training.record", pdlt_predict_kink(&p, err), err));
  }
  if (ex->posterior.on && pdlt_archive_get(out, "post_z_lo") == NULL)
    PDLT_TRY(pdlt_predict_posterior(&p, NULL, NULL, err));
  if (!entropy) PDLT_TRY(blame(ex, "training.record", pdlt_predict_losses(&p, err), err));
  PDLT_TRY(blame(ex, "data.train", pdlt_predict_agop(&p, err), err));
  PDLT_TRY(pdlt_predict_check_finite(out, err));
  PDLT_TRY(pdlt_dataset_put(data, out, err));
  if (!json_object_get(pdlt_archive_meta(out), "absent"))
    PDLT_TRY(pdlt_json_set(pdlt_archive_meta(out), "absent", json_object(), err));
  PDLT_TRY(pdlt_meta_fill(pdlt_archive_meta(out), "theory", ex, data->hash, options->layers, err));
cleanup:
  status = blame(ex, "data.train", status, err);
  if (status != PDLT_OK) pdlt_archive_free(out);
  for (int t = 0; t < PDLT_TENSOR_COUNT; t++)
    for (int m = 0; m < PDLT_TENSOR_MOVES; m++) pdlt_free(doubts.moved[m][t]);
  pdlt_kernel_layers_free(&kernel);
  pdlt_free(layer);
  return status;
}
