/* stored.c - see stored.h. */
#include "compare/reach/stored.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "compare/reach/reach.h"

static pdlt_status put_list(pdlt_archive *theory, const char *name, size_t num,
                            const double *values, pdlt_error *err) {
  pdlt_array *array = NULL;
  const pdlt_status status = pdlt_archive_new(theory, name, 1, &num, &array, err);
  if (status == PDLT_OK) memcpy(array->data, values, num * sizeof *values);
  return status;
}

static double largest(size_t num, const double *h) {
  double value = 0.0;
  for (size_t k = 0; k < num; k++) value = fmax(value, h[k]);
  return value;
}

/* Of theory with its model: g (num) and *limit. */
static pdlt_status evaluate(const pdlt_reach_theory *reach, size_t num, const double *h, double *g,
                            double *limit, pdlt_progress *progress, pdlt_error *err) {
  pdlt_reach at;
  int lost = 0;
  pdlt_status status = PDLT_OK;
  for (size_t k = 0; k < num; k++) {
    PDLT_TRY(pdlt_reach_at(&at, reach, h[k], NAN, err));
    g[k] = at.g;
    lost |= g[k] > PDLT_REACH_G;
  }
  *limit = largest(num, h);
  if (lost) {
    pdlt_progress_finish(progress);
    pdlt_progress_start_short(progress, PDLT_REACH_SEARCH, PDLT_REACH_SEARCH_UNITS);
    PDLT_TRY(pdlt_reach_largest_h_of_g(reach, limit, err));
  }
cleanup:
  return status;
}

pdlt_status pdlt_reach_store(pdlt_archive *theory, size_t num, const double *h,
                             pdlt_progress *progress, pdlt_error *err) {
  pdlt_reach_theory *reach = NULL;
  double limit = INFINITY, *g = NULL;
  pdlt_status status = PDLT_OK;
  pdlt_progress_start_short(progress, "reach of order 1/n", 1.0 + (double)num);
  PDLT_TRY(pdlt_reach_theory_new(&reach, theory, progress, err));
  if (num == 0 || !pdlt_reach_has_g(reach)) goto cleanup;
  PDLT_TRY(pdlt_alloc(&g, num, sizeof *g, err));
  PDLT_TRY(evaluate(reach, num, h, g, &limit, progress, err));
  PDLT_TRY(put_list(theory, "reach/h", num, h, err));
  PDLT_TRY(put_list(theory, "reach/g", num, g, err));
  PDLT_TRY(pdlt_archive_put_scalar(theory, "reach/largest_h", limit, err));
  PDLT_TRY(pdlt_archive_put_scalar(theory, "reach/ntk", pdlt_reach_ntk(reach), err));
  PDLT_TRY(pdlt_archive_put_scalar(theory, "reach/spread", pdlt_reach_spread(reach), err));
  pdlt_progress_finish(progress);
cleanup:
  pdlt_reach_theory_free(reach);
  pdlt_free(g);
  return status;
}

pdlt_reach_stored pdlt_reach_stored_get(const pdlt_archive *theory) {
  const pdlt_array *h = pdlt_archive_get(theory, "reach/h");
  const pdlt_array *g = pdlt_archive_get(theory, "reach/g");
  const pdlt_array *limit = pdlt_archive_get(theory, "reach/largest_h");
  if (h == NULL || g == NULL || limit == NULL || !pdlt_array_same_shape(h, g))
    return (pdlt_reach_stored){0};
  return (pdlt_reach_stored){pdlt_array_count(h), h->data, g->data, limit->data[0]};
}

double pdlt_reach_stored_g(const pdlt_reach_stored *stored, double h) {
  size_t nearest = 0;
  for (size_t k = 1; k < stored->num; k++)
    if (fabs(log(stored->h[k] / h)) < fabs(log(stored->h[nearest] / h))) nearest = k;
  const double there = stored->h[nearest];
  return there == h ? stored->g[nearest] : stored->g[nearest] * (h / there);
}
