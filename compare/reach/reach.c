/* reach.c - see reach.h. */
#include "compare/reach/reach.h"

#include <math.h>

#include "compare/statistics/distribution.h"

/* Root mean square of the last `count` numbers; NaN when there are none or not finite. */
static double last_rms(const pdlt_array *array, size_t count) {
  if (array == NULL || count == 0) return NAN;
  const double *from = array->data + pdlt_array_count(array) - count;
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += from[i] * from[i];
  return sqrt(sum / (double)count);
}

static double ntk_spread(const pdlt_archive *theory, double h) {
  const pdlt_array *theta = pdlt_archive_get(theory, "Theta");
  const pdlt_array *a = pdlt_archive_get(theory, "A"), *b = pdlt_archive_get(theory, "B");
  if (theta == NULL || a == NULL || b == NULL) return NAN;
  const size_t D = theta->dim[0];
  double sum = 0.0;
  for (size_t i = 0; i < D; i++) {
    const size_t at = ((i * D + i) * D + i) * D + i;
    sum += sqrt(h * (a->data[at] + 2.0 * b->data[at])) / theta->data[i * D + i];
  }
  return sum / (double)D;
}

static double scalar(const pdlt_archive *measured, double n, const char *name) {
  const pdlt_array *x = pdlt_archive_getf(measured, "n%.0f/%s", n, name);
  return x == NULL ? NAN : x->data[0];
}

/* The pilot's entry for width n, or NULL. */
static const json_t *pilot_of(const pdlt_archive *measured, double n) {
  const json_t *list = json_object_get(measured->meta, "stability"), *entry;
  size_t i;
  json_array_foreach(
      list, i, entry) if (json_number_value(json_object_get(entry, "width")) == n) return entry;
  return NULL;
}

/* The larger share of run and pilot, and the width that would do. */
static void fill_stability(pdlt_reach *out, const pdlt_archive *measured, double n) {
  const json_t *pilot = pilot_of(measured, n);
  const json_t *width = json_object_get(pilot, "stable_width");
  out->unstable = scalar(measured, n, "unstable");
  if (pilot != NULL)
    out->unstable = fmax(out->unstable, json_number_value(json_object_get(pilot, "share")));
  out->stable_width = NAN;
  if (!(out->unstable > PDLT_UNSTABLE_SHARE)) return;
  out->stable_width = pdlt_reach_stable_width(n, out->unstable);
  if (pilot == NULL) return;
  if (!json_is_number(width))
    out->stable_width = INFINITY;
  else if (json_number_value(width) > n)
    out->stable_width = json_number_value(width);
}

pdlt_reach pdlt_reach_of_width(const pdlt_archive *theory, const pdlt_archive *measured, double n,
                               double h) {
  const pdlt_array *lo = pdlt_archive_get(theory, "z_lo"), *nlo = pdlt_archive_get(theory, "z_nlo");
  const size_t count = lo == NULL ? 0 : lo->dim[1] * lo->dim[2];
  pdlt_reach out = {.correction = h * last_rms(nlo, count) / last_rms(lo, count),
                    .ntk_spread = ntk_spread(theory, h),
                    .top_share = scalar(measured, n, "top_share")};
  fill_stability(&out, measured, n);
  return out;
}

double pdlt_reach_stable_width(double n, double share) {
  const double here = pdlt_normal_upper_quantile(share);
  const double wanted = pdlt_normal_upper_quantile(PDLT_UNSTABLE_SHARE);
  return here > 0.0 ? n * (wanted / here) * (wanted / here) : INFINITY;
}
