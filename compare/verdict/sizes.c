/* sizes.c - vectors over all numbers in units of the noise; see joint.h. */
#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "compare/verdict/joint_internal.h"

/* The numbers that count, as functions of the unit's width, and what else is needed. */
typedef struct sizes {
  const pdlt_sizes_input *in;
  pdlt_functions f;
  size_t *number;    /* (R) */
  double *scale;     /* (R) error at the width of the unit */
  double *factor;    /* (R) */
  uint64_t *tag;     /* (R) */
  double *unit;      /* (d) */
  double *projected; /* (d) of a vector */
  pdlt_joint_work ws;
} sizes;

static void free_sizes(sizes *s) {
  pdlt_joint_work_free(&s->ws);
  pdlt_free(s->number);
  pdlt_free(s->scale);
  pdlt_free(s->factor);
  pdlt_free(s->tag);
  pdlt_free(s->unit);
  pdlt_free(s->projected);
}

/* The distinct numbers that have noise at the width of the unit. */
static pdlt_status list_numbers(sizes *s, pdlt_error *err) {
  const pdlt_join *join = s->in->join;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&s->number, join->count, sizeof *s->number, err));
  PDLT_TRY(pdlt_alloc(&s->scale, join->count, sizeof *s->scale, err));
  PDLT_TRY(pdlt_alloc(&s->factor, join->count, sizeof *s->factor, err));
  PDLT_TRY(pdlt_alloc(&s->tag, join->count, sizeof *s->tag, err));
  for (size_t k = 0; k < join->count; k++) {
    const double se = join->se[k * join->num_widths + s->in->width];
    if (!join->distinct[k] || !(se > join->floor[k])) continue;
    s->number[s->f.count] = k;
    s->scale[s->f.count] = se;
    s->tag[s->f.count++] = s->in->tag[k];
  }
  s->f.number = s->number;
  s->f.scale = s->scale;
  s->f.tag = s->tag;
cleanup:
  return status;
}

/* The noise of the unit: eigenvectors of its correlation, standard deviations into unit. */
static pdlt_status measure_unit(sizes *s, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_joint_work_new(&s->ws, s->in->join, &s->f, err));
  PDLT_TRY(pdlt_alloc(&s->unit, s->ws.d, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&s->projected, s->ws.d, sizeof(double), err));
  for (size_t r = 0; r < s->f.count; r++) s->factor[r] = 1.0;
  pdlt_joint_add_width(&s->ws, s->in->join, &s->f, s->in->width, s->factor, 1);
  pdlt_joint_correlate(&s->ws);
  memcpy(s->unit, s->ws.mean, s->ws.d * sizeof(double));
  PDLT_TRY(pdlt_symmetric_eigen(s->ws.d, s->ws.c, s->ws.values, s->ws.vectors, err));
cleanup:
  return status;
}

/* Vector v in units of the scales, along the directions. */
static void project(sizes *s, size_t v) {
  const pdlt_joint_work *ws = &s->ws;
  memset(s->projected, 0, ws->d * sizeof(double));
  for (size_t r = 0; r < s->f.count; r++) {
    const double value = s->in->vector[v * s->in->join->count + s->number[r]] / s->scale[r];
    if (!ws->projected) s->projected[r] = value;
    for (size_t m = 0; m < ws->d && ws->projected; m++)
      s->projected[m] += ws->u[r * ws->d + m] * value;
  }
}

/* The noise of vector v into c. */
static void fill_noise(sizes *s, size_t v) {
  const pdlt_join *join = s->in->join;
  memset(s->ws.c, 0, s->ws.d * s->ws.d * sizeof(double));
  for (size_t w = 0; w < join->num_widths; w++) {
    if (!join->used[w]) continue;
    for (size_t r = 0; r < s->f.count; r++)
      s->factor[r] = s->in->coefficient[(v * join->count + s->number[r]) * join->num_widths + w];
    pdlt_joint_add_width(&s->ws, join, &s->f, w, s->factor, 1);
  }
}

/* Component m of eigenvector a, over the unit. */
static double component(const sizes *s, size_t a, size_t m) {
  return s->unit[m] > 0.0 ? s->ws.vectors[a * s->ws.d + m] / s->unit[m] : 0.0;
}

/* Means over resolved directions of the square and of the noise; returns how many. */
static double average(const sizes *s, double *square, double *noise) {
  const size_t d = s->ws.d;
  double directions = 0.0;
  *square = *noise = 0.0;
  for (size_t a = 0; a < d; a++) {
    double along = 0.0, variance = 0.0;
    if (s->ws.values[a] <= PDLT_JOINT_RESOLVED) continue;
    for (size_t m = 0; m < d; m++) {
      along += component(s, a, m) * s->projected[m];
      for (size_t k = 0; k < d; k++)
        variance += component(s, a, m) * s->ws.c[m * d + k] * component(s, a, k);
    }
    *square += along * along / s->ws.values[a];
    *noise += variance / s->ws.values[a];
    directions += 1.0;
  }
  *square /= directions;
  *noise /= directions;
  return directions;
}

pdlt_status pdlt_joint_sizes(double *square, double *noise, double *directions,
                             const pdlt_sizes_input *input, pdlt_error *err) {
  sizes s = {.in = input};
  pdlt_status status = PDLT_OK;
  *directions = 0.0;
  for (size_t v = 0; v < input->num; v++) square[v] = noise[v] = NAN;
  PDLT_TRY(list_numbers(&s, err));
  if (s.f.count == 0) goto cleanup;
  PDLT_TRY(measure_unit(&s, err));
  for (size_t v = 0; v < input->num; v++) {
    project(&s, v);
    fill_noise(&s, v);
    *directions = average(&s, &square[v], &noise[v]);
  }
cleanup:
  free_sizes(&s);
  return status;
}
