/* reach.c - what a run adds to the reach of its widths; see reach.h. */
#include "compare/reach/reach.h"

#include <math.h>

#include "compare/statistics/distribution.h"

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

/* The width that would do, where the share is too large. */
static double stable_width(const json_t *pilot, double n, double share) {
  const json_t *width = json_object_get(pilot, "stable_width");
  if (!(share > PDLT_UNSTABLE_SHARE)) return NAN;
  if (pilot != NULL && !json_is_number(width)) return INFINITY;
  if (json_number_value(width) > n) return json_number_value(width);
  return pdlt_reach_stable_width(n, share);
}

pdlt_status pdlt_reach_of_width(pdlt_reach *out, const pdlt_reach_theory *theory,
                                const pdlt_archive *measured, double n, double h, pdlt_error *err) {
  const json_t *pilot = pilot_of(measured, n);
  double share = scalar(measured, n, "unstable");
  if (pilot != NULL) share = fmax(share, json_number_value(json_object_get(pilot, "share")));
  const pdlt_status status = pdlt_reach_at(out, theory, h, share, err);
  if (status != PDLT_OK) return status;
  out->stable_width = stable_width(pilot, n, share);
  out->top_share = scalar(measured, n, "top_share");
  return PDLT_OK;
}

double pdlt_reach_stable_width(double n, double share) {
  const double here = pdlt_normal_upper_quantile(share);
  const double wanted = pdlt_normal_upper_quantile(PDLT_UNSTABLE_SHARE);
  return here > 0.0 ? n * (wanted / here) * (wanted / here) : INFINITY;
}
