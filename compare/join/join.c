/* join.c - see join.h. Which quantity is which array, and reading them. */
#include "compare/join/join.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "compare/join/internal.h"

/* Rows of the table that are compared: every one that theory predicts, in its order. */
static const pdlt_quantity *kind_at(size_t k) {
  for (int i = 0; i < PDLT_QUANTITIES; i++)
    if (!(pdlt_quantities[i].flags & PDLT_QUANTITY_SHOWN) && k-- == 0) return &pdlt_quantities[i];
  return NULL;
}

size_t pdlt_join_kinds(void) {
  size_t count = 0;
  for (int i = 0; i < PDLT_QUANTITIES; i++)
    count += !(pdlt_quantities[i].flags & PDLT_QUANTITY_SHOWN);
  return count;
}
const char *pdlt_join_name(size_t k) { return kind_at(k)->name; }
int pdlt_join_is_trained(size_t k) { return pdlt_quantity_is_trained(kind_at(k)); }
int pdlt_join_is_derived(const pdlt_archive *theory, const char *name) {
  const json_t *experiment = json_object_get(theory->meta, "experiment");
  const json_t *training = json_object_get(experiment, "training");
  const int row = pdlt_quantity_find(name);
  return row >= 0 && pdlt_quantities[row].drawn == PDLT_DRAWN_LOSS &&
         json_object_get(training, "loss") == NULL;
}

void pdlt_join_free(pdlt_join *join) {
  void *owned[] = {join->index,           join->time,      join->lo,       join->nlo,
                   join->lo_at,           join->nlo_at,    join->x,        join->se,
                   join->floor,           join->used,      join->distinct, (void *)join->blocks,
                   (void *)join->weights, join->num_blocks};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
  memset(join, 0, sizeof *join);
}

static int has_end(const pdlt_array *times) {
  for (size_t t = 0; times != NULL && t < pdlt_array_count(times); t++)
    if (isinf(times->data[t])) return 1;
  return 0;
}

/* The measured array of the quantity at the first width that has it. */
static const pdlt_array *measured_shape(const pdlt_quantity *kind, const pdlt_join_setup *setup,
                                        const pdlt_archive *measured) {
  for (size_t w = 0; w < setup->num_widths; w++) {
    const pdlt_array *x = pdlt_archive_getf(measured, "n%.0f/%s", setup->widths[w], kind->name);
    if (x != NULL) return x;
  }
  return NULL;
}

static pdlt_status allocate(pdlt_join *join, int follows, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t n = join->count, w = join->num_widths;
  PDLT_TRY(pdlt_alloc(&join->index, n * (size_t)join->ndim, sizeof *join->index, err));
  PDLT_TRY(pdlt_alloc(&join->time, n, sizeof *join->time, err));
  PDLT_TRY(pdlt_alloc(&join->lo, n, sizeof *join->lo, err));
  PDLT_TRY(pdlt_alloc(&join->nlo, n, sizeof *join->nlo, err));
  if (follows) PDLT_TRY(pdlt_alloc(&join->lo_at, n * w, sizeof *join->lo_at, err));
  if (follows) PDLT_TRY(pdlt_alloc(&join->nlo_at, n * w, sizeof *join->nlo_at, err));
  PDLT_TRY(pdlt_alloc(&join->x, n * w, sizeof *join->x, err));
  PDLT_TRY(pdlt_alloc(&join->se, n * w, sizeof *join->se, err));
  PDLT_TRY(pdlt_alloc(&join->floor, n, sizeof *join->floor, err));
  PDLT_TRY(pdlt_alloc(&join->used, w, sizeof *join->used, err));
  PDLT_TRY(pdlt_alloc(&join->distinct, n, sizeof *join->distinct, err));
  PDLT_TRY(pdlt_alloc((void *)&join->blocks, w, sizeof *join->blocks, err));
  PDLT_TRY(pdlt_alloc((void *)&join->weights, w, sizeof *join->weights, err));
  PDLT_TRY(pdlt_alloc(&join->num_blocks, w, sizeof *join->num_blocks, err));
cleanup:
  return status;
}

/* Index and time of each number; array is the measured shape, time first when timed. */
static void fill_index(pdlt_join *join, const pdlt_quantity *kind, const pdlt_array *array,
                       const pdlt_array *times) {
  size_t skip = pdlt_quantity_has_times(kind) ? 1 : 0;
  for (size_t k = 0; k < join->count; k++) {
    size_t rest = k;
    for (size_t d = (size_t)array->ndim; d-- > skip;) {
      join->index[k * (size_t)join->ndim + d - skip] = rest % array->dim[d];
      rest /= array->dim[d];
    }
    join->time[k] = pdlt_quantity_has_times(kind)   ? times->data[rest]
                    : kind->drawn == PDLT_DRAWN_END ? INFINITY
                                                    : NAN;
  }
}

/* Element of theory's array for number k: the same index in a possibly larger array. */
static double theory_at(const pdlt_join *join, const pdlt_array *from, size_t k, size_t per_time) {
  size_t offset = 0;
  int lead = from->ndim - join->ndim;
  if (lead == 1) offset = k / per_time;
  for (int d = 0; d < join->ndim; d++)
    offset = offset * from->dim[lead + d] + join->index[k * (size_t)join->ndim + (size_t)d];
  return from->data[offset];
}

/* As Theta at all times: theory's array between equal outputs and 0 between others. */
static double equal_at(const pdlt_join *join, const pdlt_array *theta, size_t k) {
  const size_t *i = join->index + 4 * k;
  return i[0] == i[2] ? theta->data[i[1] * theta->dim[1] + i[3]] : 0.0;
}

/* skip: 1 where the array of theory has no time and the measured one has. */
static pdlt_status check_shape(const pdlt_quantity *kind, const char *name,
                               const pdlt_array *theory, const pdlt_array *measured, int skip,
                               pdlt_error *err) {
  if (theory->ndim != measured->ndim - skip)
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s has %d indices in theory and %d where measured", name,
                     theory->ndim, measured->ndim);
  for (int d = 0; d < theory->ndim; d++) {
    int must_match = pdlt_quantity_has_times(kind) && d + skip == 0;
    size_t length = measured->dim[d + skip];
    if (length > theory->dim[d] || (must_match && length != theory->dim[d]))
      return pdlt_fail(err, PDLT_ERR_INPUT, "%s: index %d has length %zu in theory, %zu measured",
                       name, d, theory->dim[d], length);
  }
  return PDLT_OK;
}

static double scalar(const pdlt_archive *archive, const char *name) {
  const pdlt_array *value = pdlt_archive_getf(archive, "err/%s", name);
  return value == NULL ? 0.0 : fabs(value->data[0]);
}

/* 1 when the coefficients of h^power are 0 to within their error. */
static int is_zero(const pdlt_join *join) {
  for (size_t k = 0; k < join->count; k++)
    if (fabs(join->nlo[k]) > join->err_nlo) return 0;
  return 1;
}

static pdlt_status fill_theory(pdlt_join *join, const pdlt_quantity *kind,
                               const pdlt_archive *theory, const pdlt_array *array,
                               pdlt_error *err) {
  const char *first = pdlt_quantity_first(kind, join->power);
  const pdlt_array *lo = kind->lo == NULL ? NULL : pdlt_archive_get(theory, kind->lo);
  const pdlt_array *nlo = first == NULL ? NULL : pdlt_archive_get(theory, first);
  const int equal = (kind->flags & PDLT_QUANTITY_EQUAL) != 0;
  const int still = (kind->flags & PDLT_QUANTITY_STILL) != 0;
  size_t per_time = join->count;
  if (pdlt_quantity_has_times(kind)) per_time = join->count / array->dim[0];
  pdlt_status status = PDLT_OK;
  if (!equal && lo != NULL) status = check_shape(kind, kind->lo, lo, array, still, err);
  if (status == PDLT_OK && nlo != NULL) status = check_shape(kind, first, nlo, array, 0, err);
  if (status != PDLT_OK) return status;
  join->second = nlo != NULL;
  join->vanishes = lo == NULL;
  join->err_lo = fmax(join->err_lo, lo == NULL ? 0.0 : scalar(theory, kind->lo));
  join->err_nlo = fmax(join->err_nlo, nlo == NULL ? 0.0 : scalar(theory, first));
  for (size_t k = 0; k < join->count; k++) {
    join->lo[k] = lo == NULL ? 0.0
                  : equal    ? equal_at(join, lo, k)
                             : theory_at(join, lo, k, per_time);
    join->nlo[k] = nlo == NULL ? NAN : theory_at(join, nlo, k, per_time);
    if (!isfinite(join->lo[k]) || (nlo != NULL && !isfinite(join->nlo[k])))
      return pdlt_fail(err, PDLT_ERR_INPUT, "%s of theory holds a value that is not finite",
                       isfinite(join->lo[k]) ? first : kind->lo);
  }
  return PDLT_OK;
}

/* Theory, the same at all widths or at each of them. */
static pdlt_status fill_theories(pdlt_join *join, const pdlt_quantity *kind,
                                 const pdlt_join_setup *setup, const pdlt_archive *theory,
                                 const pdlt_array *array, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  int vanishes = 0, second = 0;
  if (setup->theory == NULL) status = fill_theory(join, kind, theory, array, err);
  for (size_t w = 0; setup->theory != NULL && w < setup->num_widths && status == PDLT_OK; w++) {
    status = fill_theory(join, kind, &setup->theory[w], array, err);
    if (status != PDLT_OK) return status;
    if (w == 0) vanishes = join->vanishes, second = join->second;
    if (vanishes != join->vanishes || second != join->second)
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "%s: theory has other arrays at n = %.0f than at n = %.0f", kind->name,
                       setup->widths[w], setup->widths[0]);
    pdlt_join_take_width(join, w);
  }
  if (status != PDLT_OK) return status;
  if (setup->theory != NULL) pdlt_join_take_largest(join);
  /* A loss is made of z and cov: where it cannot move there is nothing to test beyond them. */
  if (pdlt_join_is_derived(theory, kind->name) && is_zero(join)) join->second = 0;
  return PDLT_OK;
}

/* Values and error bars at width w; 1 when it may enter fits. */
static int fill_values(pdlt_join *join, size_t w, const pdlt_array *x, const pdlt_array *se) {
  int usable = 1;
  for (size_t k = 0; k < join->count; k++) {
    double value = x == NULL ? NAN : x->data[k], error = se == NULL ? NAN : se->data[k];
    join->x[k * join->num_widths + w] = value;
    join->se[k * join->num_widths + w] = error;
    if (!isfinite(value) || !isfinite(error)) usable = 0;
  }
  return usable;
}

static pdlt_status fill_width(pdlt_join *join, size_t w, const pdlt_quantity *kind,
                              const pdlt_join_setup *setup, const pdlt_archive *measured,
                              const pdlt_array *shape, pdlt_error *err) {
  double n = setup->widths[w];
  const pdlt_array *x = pdlt_archive_getf(measured, "n%.0f/%s", n, kind->name);
  const pdlt_array *se = pdlt_archive_getf(measured, "n%.0f/%s_se", n, kind->name);
  const pdlt_array *blocks = pdlt_archive_getf(measured, "n%.0f/blocks/%s", n, kind->name);
  const pdlt_array *weights = pdlt_archive_getf(measured, "n%.0f/blocks/members", n);
  if ((x != NULL && !pdlt_array_same_shape(x, shape)) ||
      (se != NULL && !pdlt_array_same_shape(se, shape)))
    return pdlt_fail(err, PDLT_ERR_INPUT, "n%.0f/%s: its shape differs from that of other widths",
                     n, kind->name);
  int usable = fill_values(join, w, x, se);
  if (blocks == NULL || weights == NULL) usable = 0;
  if (usable) {
    size_t num = pdlt_array_count(weights);
    if (pdlt_array_count(blocks) != num * join->count)
      return pdlt_fail(err, PDLT_ERR_INPUT, "n%.0f/blocks/%s does not fit n%.0f/blocks/members", n,
                       kind->name, n);
    join->blocks[w] = blocks->data;
    join->weights[w] = weights->data;
    join->num_blocks[w] = num;
    if (num < 2) usable = 0;
  }
  if (join->trained &&
      (setup->diverged[w] > 0.0 || setup->unconverged[w] > 0.0 || !setup->reach[w].in_reach))
    usable = 0;
  join->used[w] = usable;
  return PDLT_OK;
}

pdlt_status pdlt_join_read(pdlt_join *out, size_t k, const pdlt_join_setup *setup,
                           const pdlt_archive *theory, const pdlt_archive *measured,
                           pdlt_error *err) {
  const pdlt_quantity *kind = kind_at(k);
  const int timed = pdlt_quantity_has_times(kind);
  const pdlt_array *shape = measured_shape(kind, setup, measured);
  const pdlt_array *times = pdlt_archive_get(measured, "times");
  const pdlt_archive *first = setup->theory != NULL ? &setup->theory[0] : theory;
  pdlt_status status = PDLT_OK;
  pdlt_join join = {.name = kind->name,
                    .trained = pdlt_quantity_is_trained(kind),
                    .power = pdlt_quantity_is_trained(kind) ? setup->trained_power : 1.0,
                    .ndim = pdlt_quantity_ndim(kind) - timed};
  memset(out, 0, sizeof *out);
  out->name = kind->name;
  const char *needed = kind->lo != NULL ? kind->lo : pdlt_quantity_first(kind, join.power);
  if (shape == NULL || needed == NULL || pdlt_archive_get(first, needed) == NULL) return PDLT_OK;
  if (kind->drawn == PDLT_DRAWN_END && has_end(times)) return PDLT_OK; /* repeats the last time */
  /* docs/width.md: where learning rates follow the width training may move it by as much as it is */
  if (setup->theory != NULL && (kind->flags & PDLT_QUANTITY_STILL)) return PDLT_OK;
  if (shape->ndim != pdlt_quantity_ndim(kind) ||
      (timed && (times == NULL || pdlt_array_count(times) != shape->dim[0])))
    return pdlt_fail(err, PDLT_ERR_INPUT, "measured %s does not have the shape it should have",
                     kind->name);
  join.count = pdlt_array_count(shape);
  join.num_widths = setup->num_widths;
  if (join.count == 0) return PDLT_OK;
  PDLT_TRY(allocate(&join, setup->theory != NULL, err));
  fill_index(&join, kind, shape, times);
  PDLT_TRY(fill_theories(&join, kind, setup, theory, shape, err));
  for (size_t w = 0; w < join.num_widths; w++)
    PDLT_TRY(fill_width(&join, w, kind, setup, measured, shape, err));
  pdlt_join_fill_floor(&join, setup, first);
  PDLT_TRY(pdlt_join_find_distinct(&join, err));
  *out = join;
  memset(&join, 0, sizeof join);
cleanup:
  pdlt_join_free(&join);
  return status;
}
