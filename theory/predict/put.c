/* put.c - one array, one error, one reason why a number is absent, into the archive. */
#include <stdio.h>
#include <string.h>

#include "base/file/json.h"
#include "theory/predict/internal.h"

pdlt_status pdlt_predict_absent(pdlt_archive *out, const char *name, const char *reason,
                                pdlt_error *err) {
  json_t *meta = pdlt_archive_meta(out);
  json_t *absent = meta ? json_object_get(meta, "absent") : NULL;
  if (!absent) {
    const pdlt_status status = pdlt_json_set(meta, "absent", json_object(), err);
    if (status != PDLT_OK) return status;
    absent = json_object_get(meta, "absent");
  }
  return pdlt_json_set(absent, name, json_string(reason), err);
}

pdlt_status pdlt_predict_all_absent(pdlt_archive *out, const char *const *names, size_t count,
                                    const char *reason, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < count && status == PDLT_OK; i++)
    status = pdlt_predict_absent(out, names[i], reason, err);
  return status;
}

const char *pdlt_predict_why_absent(pdlt_archive *out, const char *name) {
  const json_t *absent = json_object_get(pdlt_archive_meta(out), "absent");
  return json_string_value(json_object_get(absent, name));
}

void pdlt_predict_needs(pdlt_archive *out, const char *missing, char reason[PDLT_ERROR_LENGTH]) {
  const char *why = pdlt_predict_why_absent(out, missing);
  snprintf(reason, PDLT_ERROR_LENGTH, "it needs the tensor %s, which is absent: %s", missing,
           why == NULL ? "no reason given" : why);
}

pdlt_status pdlt_predict_put(pdlt_archive *out, const char *name, int ndim, const size_t *dim,
                             const double *data, pdlt_error *err) {
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(out, name, ndim, dim, &array, err);
  const size_t count = status == PDLT_OK ? pdlt_array_count(array) : 0;
  if (count > 0) memcpy(array->data, data, count * sizeof *data);
  return status;
}

pdlt_status pdlt_predict_error(pdlt_archive *out, const char *name, double value, pdlt_error *err) {
  char full[64];
  snprintf(full, sizeof full, "err/%s", name);
  return pdlt_archive_put_scalar(out, full, value, err);
}

pdlt_status pdlt_predict_array(pdlt_archive *out, const char *name, int rank, size_t D,
                               const double *from, pdlt_error *err) {
  return pdlt_predict_put(out, name, rank, (size_t[]){D, D, D, D}, from, err);
}
