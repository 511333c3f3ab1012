/* features.c - kernels of features and what regression with them misses, as arrays. */
#include <math.h>
#include <stdio.h>

#include "theory/predict/internal.h"

enum { NAME_LENGTH = 64 };

/* PREFIXk_E[_end]_nlo; the kernel at the start does not change, and has a deviation only. */
static void name_array(char name[NAME_LENGTH], const char *prefix, int feature, int end) {
  snprintf(name, NAME_LENGTH, "%s%s%s_nlo", prefix, pdlt_feature_definitions[feature].name,
           end ? "_end" : "");
}

static pdlt_status put(const pdlt_prediction *p, const char *prefix, int feature, int end, int ndim,
                       const size_t *dim, const double *data, double error, pdlt_error *err) {
  char name[NAME_LENGTH];
  name_array(name, prefix, feature, end);
  const pdlt_status status = pdlt_predict_put(p->out, name, ndim, dim + (end ? 1 : 0), data, err);
  return status == PDLT_OK ? pdlt_predict_error(p->out, name, error, err) : status;
}

static pdlt_status absent(const pdlt_prediction *p, const char *prefix, int feature, int end,
                          const char *reason, pdlt_error *err) {
  char name[NAME_LENGTH];
  name_array(name, prefix, feature, end);
  return pdlt_predict_absent(p->out, name, reason, err);
}

static int is_asked(const pdlt_prediction *p) {
  return (p->ex->measure & PDLT_MEASURE_FEATURES) != 0;
}

static const char *const alignments[] = {"alignment_lo", "alignment_nlo", "alignment_end_nlo"};

static pdlt_status no_alignment(const pdlt_prediction *p, int first, const char *reason,
                                pdlt_error *err) {
  return pdlt_predict_all_absent(p->out, alignments + first, (size_t)(3 - first), reason, err);
}

static pdlt_status put_alignment(const pdlt_prediction *p, const pdlt_trained *w,
                                 const pdlt_trained_errors *errors, pdlt_error *err) {
  const double *data[] = {&w->alignment_start, w->alignment, &w->alignment_end};
  const double error[] = {errors->alignment_start, errors->alignment, errors->alignment_end};
  const int count = w->have_end ? 3 : 2;
  pdlt_status status = PDLT_OK;
  if (isnan(w->alignment_start))
    return no_alignment(p, 0, "all training targets are 0: nothing to be aligned with", err);
  for (int k = 0; k < count; k++) {
    PDLT_TRY(pdlt_predict_put(p->out, alignments[k], k == 1, &w->times, data[k], err));
    PDLT_TRY(pdlt_predict_error(p->out, alignments[k], error[k], err));
  }
  if (!w->have_end) PDLT_TRY(no_alignment(p, 2, w->why, err));
cleanup:
  return status;
}

static const char *const weights[] = {"weight_lo", "weight_nlo", "weight_end_nlo"};

static pdlt_status no_weight(const pdlt_prediction *p, int first, const char *reason,
                             pdlt_error *err) {
  if (p->ex->features.truth == PDLT_TRUTH_NONE)
    reason = "no ground truth is given: features.truth is none";
  return pdlt_predict_all_absent(p->out, weights + first, (size_t)(3 - first), reason, err);
}

static pdlt_status put_weight(const pdlt_prediction *p, const pdlt_trained *w,
                              const pdlt_trained_errors *errors, pdlt_error *err) {
  const double *data[] = {w->weight_start, w->weight, w->weight_end};
  const double error[] = {errors->weight_start, errors->weight, errors->weight_end};
  const size_t dim[] = {w->times, w->blocks};
  const int count = w->have_end ? 3 : 2;
  pdlt_status status = PDLT_OK;
  if (w->blocks == 0 || isnan(w->weight_start[0]))
    return no_weight(p, 0, "the NTK is the same for all samples: nothing of it is left centred",
                     err);
  for (int k = 0; k < count; k++) {
    PDLT_TRY(
        pdlt_predict_put(p->out, weights[k], k == 1 ? 2 : 1, k == 1 ? dim : dim + 1, data[k], err));
    PDLT_TRY(pdlt_predict_error(p->out, weights[k], error[k], err));
  }
  if (!w->have_end) PDLT_TRY(no_weight(p, 2, w->why, err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_no_features(const pdlt_prediction *p, const char *reason,
                                     pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < PDLT_FEATURE_COUNT && is_asked(p); k++)
    for (int end = 0; end < 2; end++) {
      if (k != PDLT_FEATURE_K) PDLT_TRY(absent(p, "", k, end, reason, err));
      PDLT_TRY(absent(p, "deviation_", k, end, reason, err));
    }
  if (is_asked(p)) PDLT_TRY(no_alignment(p, 0, reason, err));
  if (is_asked(p)) PDLT_TRY(no_weight(p, 0, reason, err));
cleanup:
  return status;
}

/* Without a regular Theta_AA there is no regression, and no end. */
static pdlt_status put_singular(const pdlt_prediction *p, int k, const char *why, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (k != PDLT_FEATURE_K) PDLT_TRY(absent(p, "", k, 1, why, err));
  PDLT_TRY(absent(p, "deviation_", k, 0, why, err));
  PDLT_TRY(absent(p, "deviation_", k, 1, why, err));
cleanup:
  return status;
}

pdlt_status pdlt_predict_features(const pdlt_prediction *p, const pdlt_trained *w,
                                  const pdlt_trained_errors *errors, pdlt_error *err) {
  const size_t n = w->outputs, D = w->D, dim[5] = {w->times, n, D, n, D};
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < PDLT_FEATURE_COUNT && is_asked(p); k++) {
    const int moves = k != PDLT_FEATURE_K;
    if (moves) PDLT_TRY(put(p, "", k, 0, 5, dim, w->kernel[k], errors->kernel[k], err));
    if (!w->have_end) {
      PDLT_TRY(put_singular(p, k, w->why, err));
      continue;
    }
    if (moves) PDLT_TRY(put(p, "", k, 1, 4, dim, w->kernel_end[k], errors->kernel_end[k], err));
    PDLT_TRY(put(p, "deviation_", k, 0, 3, dim, w->deviation[k], errors->deviation[k], err));
    PDLT_TRY(
        put(p, "deviation_", k, 1, 2, dim, w->deviation_end[k], errors->deviation_end[k], err));
  }
  if (is_asked(p)) PDLT_TRY(put_alignment(p, w, errors, err));
  if (is_asked(p)) PDLT_TRY(put_weight(p, w, errors, err));
cleanup:
  return status;
}
