/* width.c - theory of an experiment whose parameters follow the width: that of each width.
 *
 * Is not: aware of what such a parameter is (base/experiment/at_width.h). */
#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/experiment/meta.h"
#include "base/file/json.h"
#include "cli/study/keep.h"
#include "cli/study/study.h"
#include "theory/predict/predict.h"

static pdlt_status predict_plain(pdlt_archive *out, const pdlt_experiment *ex, pdlt_study *study,
                                 int layers, pdlt_error *err) {
  const pdlt_predict_options options = {
      .threads = study->settings.threads, .layers = layers, .progress = &study->progress};
  pdlt_status status = pdlt_predict(out, ex, &study->resolved.data, &options, err);
  if (status != PDLT_OK) return status;
  status = pdlt_theory_keep(out, ex, &study->progress, err);
  if (status != PDLT_OK) pdlt_archive_free(out);
  return status;
}

/* Adds theory of width n to all. */
static pdlt_status add_width(pdlt_archive *all, pdlt_study *study, int n, int layers,
                             pdlt_error *err) {
  const pdlt_resolved *r = &study->resolved;
  pdlt_experiment plain = {0};
  pdlt_archive one = {0};
  pdlt_status status = pdlt_experiment_at_width(&plain, &r->experiment, n, r->data.inputs, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(predict_plain(&one, &plain, study, layers, err));
  PDLT_TRY(pdlt_theory_add_width(all, &one, n, err));
  PDLT_TRY(pdlt_json_update(pdlt_archive_meta(all), one.meta, err));
cleanup:
  pdlt_archive_free(&one);
  pdlt_experiment_at_width_free(&plain);
  return status;
}

pdlt_status pdlt_study_theory(pdlt_archive *out, pdlt_study *study, int layers, pdlt_error *err) {
  const pdlt_experiment *ex = &study->resolved.experiment;
  pdlt_archive all = {0};
  pdlt_status status = PDLT_OK;
  if (pdlt_experiment_follows(ex) == NULL) return predict_plain(out, ex, study, layers, err);
  for (size_t w = 0; w < ex->network.num_widths; w++)
    PDLT_TRY(add_width(&all, study, ex->network.widths[w], layers, err));
  PDLT_TRY(pdlt_meta_fill(pdlt_archive_meta(&all), "theory", ex, study->resolved.data.hash, layers,
                          err));
  *out = all;
  return PDLT_OK;
cleanup:
  pdlt_archive_free(&all);
  return status;
}
