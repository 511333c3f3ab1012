/* finite.c - whether all that was predicted is a number. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/experiment/quantity.h"
#include "theory/predict/internal.h"

/* Behind "layer3/". */
static const char *behind_layer(const char *name) {
  const char *slash = strchr(name, '/');
  return strncmp(name, "layer", 5) == 0 && slash != NULL ? slash + 1 : name;
}

/* What an array of theory.npz, or err/ of it, is a coefficient of. */
static const char *order_of(const char *name) {
  if (strncmp(name, "err/", 4) == 0) name += 4;
  name = behind_layer(name);
  if (strstr(name, "_half") != NULL) return "order 1/sqrt(n)";
  if (strstr(name, "_nlo") != NULL) return "order 1/n";
  for (int k = 0; k < PDLT_QUANTITIES; k++) {
    const pdlt_quantity *q = &pdlt_quantities[k];
    const char *own = strcmp(q->indices, "ssss") == 0 ? q->lo : q->nlo;
    if (own != NULL && strcmp(own, name) == 0) return "order 1/n";
  }
  return "infinite width";
}

pdlt_status pdlt_predict_check_finite(const pdlt_archive *theory, pdlt_error *err) {
  for (size_t k = 0; k < theory->count; k++) {
    const char *name = theory->entries[k].name;
    const pdlt_array *array = &theory->entries[k].array;
    const int error = strncmp(name, "err/", 4) == 0; /* infinite: not known */
    const size_t count = pdlt_array_count(array);
    if (strcmp(name, "times") == 0) continue;
    for (size_t i = 0; i < count; i++) {
      const double x = array->data[i];
      if (error ? !isnan(x) : isfinite(x)) continue;
      const char *order = order_of(name);
      return pdlt_fail(err, PDLT_ERR_NUMERIC,
                       "theory: %s (%s): number %zu of %zu is %s; network.C_b, C_W, lambda_b, "
                       "lambda_W or the inputs lead beyond the range of numbers%s",
                       name, order, i + 1, count,
                       isnan(x) ? "nan"
                       : x > 0  ? "inf"
                                : "-inf",
                       strcmp(order, "infinite width") == 0
                           ? ""
                           : "; theory.order: 0 leaves the corrections out");
    }
  }
  return PDLT_OK;
}
