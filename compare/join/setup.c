/* setup.c - what the comparison needs to know before the first number: widths,
 * members, degree, level, accuracy. See join.h. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/at_width.h"
#include "base/experiment/quantity.h"
#include "compare/join/internal.h"
#include "compare/reach/power.h"

void pdlt_join_setup_free(pdlt_join_setup *setup) {
  pdlt_free(setup->widths);
  pdlt_free(setup->h);
  pdlt_free(setup->members);
  pdlt_free(setup->diverged);
  pdlt_free(setup->unconverged);
  pdlt_free(setup->reach);
  for (size_t w = 0; setup->theory != NULL && w < setup->num_widths; w++)
    pdlt_theory_view_free(&setup->theory[w]);
  pdlt_free(setup->theory);
  memset(setup, 0, sizeof *setup);
}

static const char *text_of(const json_t *meta, const char *key) {
  const char *text = json_string_value(json_object_get(meta, key));
  return text == NULL ? "" : text;
}

/* Where both record some. */
static int same_times(const pdlt_array *a, const pdlt_array *b) {
  if (a == NULL || b == NULL) return 1;
  if (!pdlt_array_same_shape(a, b)) return 0;
  for (size_t t = 0; t < pdlt_array_count(a); t++)
    if (a->data[t] != b->data[t]) return 0;
  return 1;
}

static pdlt_status check_origin(const pdlt_archive *theory, const pdlt_archive *measured,
                                pdlt_error *err) {
  if (pdlt_archive_get(theory, "widths") != NULL ||
      strcmp(text_of(theory->meta, "kind"), "measured") == 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "the first archive holds measurements; theory belongs there");
  if (pdlt_archive_get(measured, "widths") == NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "the second archive holds no measurements (no widths)");
  const char *a = text_of(theory->meta, "physics_hash");
  const char *b = text_of(measured->meta, "physics_hash");
  if (a[0] == '\0' || b[0] == '\0')
    return pdlt_fail(err, PDLT_ERR_INPUT, "%s has no physics_hash in its meta",
                     a[0] == '\0' ? "theory" : "the measurement");
  if (strcmp(a, b) != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "theory (physics_hash %s) and measurement (%s) are of different networks, "
                     "data or training",
                     a, b);
  if (!same_times(pdlt_archive_get(theory, "times"), pdlt_archive_get(measured, "times")))
    return pdlt_fail(err, PDLT_ERR_INPUT, "theory and measurement record different times");
  return PDLT_OK;
}

/* Degree, level, ratio, powers and accuracy from the resolved experiment. */
static pdlt_status read_experiment(pdlt_join_setup *setup, const json_t *meta, pdlt_error *err) {
  const json_t *experiment = json_object_get(meta, "experiment");
  const json_t *compare = json_object_get(experiment, "compare");
  const json_t *degree = json_object_get(compare, "degree");
  const json_t *level = json_object_get(compare, "level");
  const json_t *ratios = json_object_get(json_object_get(experiment, "network"), "width_ratios");
  if (!json_is_object(experiment))
    return pdlt_fail(err, PDLT_ERR_INPUT, "the measurement has no experiment in its meta");
  setup->degree = json_is_integer(degree) ? (int)json_integer_value(degree) : 2;
  setup->level = json_is_number(level) ? json_number_value(level) : 1e-4;
  setup->truncation = PDLT_TRUNCATION_FACTOR;
  setup->ratio = 1.0;
  if (json_array_size(ratios) > 0)
    setup->ratio = json_number_value(json_array_get(ratios, json_array_size(ratios) - 1));
  if (setup->degree < 0 || setup->degree > 8 || !(setup->level > 0.0 && setup->level < 1.0) ||
      !(setup->ratio >= 1.0))
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "the measurement's experiment has a degree outside 0..8, a level outside "
                     "(0, 1) or width ratios below 1");
  setup->trained_power = pdlt_trained_power(setup->measured);
  const char *arithmetic = text_of(json_object_get(experiment, "ensemble"), "arithmetic");
  setup->rounding = strcmp(arithmetic, "single") == 0 ? 1e-5 : 1e-12;
  return PDLT_OK;
}

static double count_of(const pdlt_archive *measured, double n, const char *name) {
  const pdlt_array *value = pdlt_archive_getf(measured, "n%.0f/%s", n, name);
  return value == NULL ? 0.0 : value->data[0];
}

static pdlt_status read_widths(pdlt_join_setup *setup, const pdlt_archive *measured,
                               pdlt_error *err) {
  const pdlt_array *widths = pdlt_archive_get(measured, "widths");
  const size_t num = pdlt_array_count(widths);
  pdlt_status status = PDLT_OK;
  setup->num_widths = num;
  PDLT_TRY(pdlt_alloc(&setup->widths, num, sizeof *setup->widths, err));
  PDLT_TRY(pdlt_alloc(&setup->h, num, sizeof *setup->h, err));
  PDLT_TRY(pdlt_alloc(&setup->members, num, sizeof *setup->members, err));
  PDLT_TRY(pdlt_alloc(&setup->diverged, num, sizeof *setup->diverged, err));
  PDLT_TRY(pdlt_alloc(&setup->unconverged, num, sizeof *setup->unconverged, err));
  for (size_t w = 0; w < num; w++) {
    const double n = widths->data[w];
    if (!(n >= 1.0)) return pdlt_fail(err, PDLT_ERR_INPUT, "the measurement has a width below 1");
    setup->widths[w] = n;
    setup->h[w] = 1.0 / (n * setup->ratio);
    setup->members[w] = count_of(measured, n, "members");
    setup->diverged[w] = count_of(measured, n, "diverged");
    setup->unconverged[w] = count_of(measured, n, "unconverged");
  }
cleanup:
  return status;
}

/* Views of theory at each width, where it is another at each. */
static pdlt_status view_theory(pdlt_join_setup *setup, const pdlt_archive *theory,
                               pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  if (!pdlt_theory_follows(theory)) return PDLT_OK;
  PDLT_TRY(pdlt_alloc(&setup->theory, setup->num_widths, sizeof *setup->theory, err));
  for (size_t w = 0; w < setup->num_widths; w++)
    PDLT_TRY(pdlt_theory_view(&setup->theory[w], theory, setup->widths[w], err));
cleanup:
  return status;
}

/* How far each width is within reach; the width that would do is sought only when one is not, and with
 * theory of the widest. */
static pdlt_status read_reach(pdlt_join_setup *setup, const pdlt_archive *theory,
                              const pdlt_archive *measured, pdlt_error *err) {
  pdlt_reach_theory *reach = NULL;
  double largest_h = INFINITY;
  int lost = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&setup->reach, setup->num_widths, sizeof *setup->reach, err));
  pdlt_progress_start_short(
      setup->progress, "reach of order 1/n",
      (setup->theory != NULL ? (double)setup->num_widths : 1.0) + (double)setup->num_widths);
  for (size_t w = 0; w < setup->num_widths; w++) {
    const pdlt_archive *own = setup->theory != NULL ? &setup->theory[w] : theory;
    if (w == 0 || setup->theory != NULL) {
      pdlt_reach_theory_free(reach);
      reach = NULL;
      PDLT_TRY(pdlt_reach_theory_new(&reach, own, setup->progress, err));
    }
    PDLT_TRY(
        pdlt_reach_of_width(&setup->reach[w], reach, measured, setup->widths[w], setup->h[w], err));
    lost |= !setup->reach[w].in_reach;
  }
  pdlt_progress_finish(setup->progress);
  if (lost) {
    pdlt_progress_start_short(setup->progress, PDLT_REACH_SEARCH, PDLT_REACH_SEARCH_UNITS);
    PDLT_TRY(pdlt_reach_largest_h(reach, &largest_h, err));
    pdlt_progress_finish(setup->progress);
  }
  setup->width_within = ceil(1.0 / (largest_h * setup->ratio));
cleanup:
  pdlt_reach_theory_free(reach);
  return status;
}

pdlt_status pdlt_join_setup_read(pdlt_join_setup *out, const pdlt_archive *theory,
                                 const pdlt_archive *measured, pdlt_progress *progress,
                                 pdlt_error *err) {
  pdlt_join_setup setup = {.measured = measured, .progress = progress};
  pdlt_status status = check_origin(theory, measured, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(read_experiment(&setup, measured->meta, err));
  PDLT_TRY(read_widths(&setup, measured, err));
  PDLT_TRY(view_theory(&setup, theory, err));
  PDLT_TRY(read_reach(&setup, theory, measured, err));
  *out = setup;
  memset(&setup, 0, sizeof setup);
cleanup:
  pdlt_join_setup_free(&setup);
  return status;
}

static double largest(const pdlt_array *array) {
  double value = 0.0;
  for (size_t i = 0; array != NULL && i < pdlt_array_count(array); i++)
    if (isfinite(array->data[i])) value = fmax(value, fabs(array->data[i]));
  return value;
}

/* A floor for numbers that are 0 at every width; its inverse square is finite. */
static const double smallest_floor = 1e-100;

/* Half a unit in the last place of float32, relative; 0: none of the numbers were stored so. */
static const double single_rounding = 6e-8;

static double rounding_of(const pdlt_array *array) {
  return array != NULL && array->single ? single_rounding : 0.0;
}

/* Rounding of the measured numbers of a quantity, relative. */
static double measured_rounding(const char *name, const pdlt_join_setup *setup) {
  double rounding = setup->rounding;
  for (size_t w = 0; setup->measured != NULL && w < setup->num_widths; w++) {
    const double n = setup->widths[w];
    const pdlt_array *x = pdlt_archive_getf(setup->measured, "n%.0f/%s", n, name);
    const pdlt_array *blocks = pdlt_archive_getf(setup->measured, "n%.0f/blocks/%s", n, name);
    rounding = fmax(rounding, fmax(rounding_of(x), rounding_of(blocks)));
  }
  return rounding;
}

/* Rounding of theory's numbers at infinite width, relative; that of nlo goes into its error. */
static double theory_rounding(pdlt_join *join, const pdlt_archive *theory) {
  const int row = pdlt_quantity_find(join->name);
  if (row < 0) return 0.0;
  const char *lo = pdlt_quantities[row].lo;
  const char *nlo = pdlt_quantity_first(&pdlt_quantities[row], join->power);
  const pdlt_array *coefficient = nlo == NULL ? NULL : pdlt_archive_get(theory, nlo);
  join->err_nlo += rounding_of(coefficient) * largest(coefficient);
  return lo == NULL ? 0.0 : rounding_of(pdlt_archive_get(theory, lo));
}

/* Numbers of one time are contiguous: same scale for all of them. */
void pdlt_join_fill_floor(pdlt_join *join, const pdlt_join_setup *setup,
                          const pdlt_archive *theory) {
  const double rounding = measured_rounding(join->name, setup) + theory_rounding(join, theory);
  double targets = largest(pdlt_archive_get(theory, "z_lo"));
  double spread = sqrt(largest(pdlt_archive_get(theory, "cov_lo")));
  double converged = 1e-9 * (1.0 + targets) * (1.0 + targets + spread);
  size_t start = 0;
  while (start < join->count) {
    size_t stop = start;
    double scale = 0.0;
    while (stop < join->count &&
           (join->time[stop] == join->time[start] || isnan(join->time[stop]))) {
      scale = fmax(scale, fabs(join->lo[stop]));
      for (size_t w = 0; w < join->num_widths; w++) {
        double value = fabs(join->x[stop * join->num_widths + w]);
        if (isfinite(value)) scale = fmax(scale, value);
      }
      stop++;
    }
    double end = isinf(join->time[start]) ? converged : 0.0;
    for (size_t k = start; k < stop; k++)
      join->floor[k] = fmax(rounding * scale + end, smallest_floor);
    start = stop;
  }
}
