/* cube.c - see cube.h. */
#include "datasets/cube.h"

#include <math.h>

#include "base/core/memory.h"

void pdlt_cube_free(pdlt_cube *cube) {
  pdlt_free(cube->place);
  *cube = (pdlt_cube){0};
}

/* Smallest and largest value of input i. */
static void find_range(size_t D, size_t inputs, const double *x, size_t i, double *low,
                       double *high) {
  *low = *high = x[i];
  for (size_t a = 1; a < D; a++) {
    *low = fmin(*low, x[a * inputs + i]);
    *high = fmax(*high, x[a * inputs + i]);
  }
}

/* The corner of each sample; 0 where some input has not exactly two values. */
static int find_corners(size_t D, size_t inputs, const double *x, size_t *corner) {
  for (size_t i = 0; i < inputs; i++) {
    double low = 0, high = 0;
    find_range(D, inputs, x, i, &low, &high);
    for (size_t a = 0; a < D; a++) {
      const double value = x[a * inputs + i];
      if (low == high || (value != low && value != high)) return 0;
      corner[a] |= (size_t)(value == high) << i;
    }
  }
  return 1;
}

/* place (D) of the corners, D of them; 0 where one is there twice. */
static int find_places(size_t D, const size_t *corner, size_t *place) {
  for (size_t a = 0; a < D; a++) place[a] = D;
  for (size_t a = 0; a < D; a++) {
    if (place[corner[a]] != D) return 0;
    place[corner[a]] = a;
  }
  return 1;
}

pdlt_status pdlt_cube_find(pdlt_cube *out, size_t D, size_t inputs, const double *x,
                           pdlt_error *err) {
  size_t *corner = NULL, *place = NULL;
  pdlt_cube cube = {0};
  pdlt_status status = PDLT_OK;
  if (inputs == 0 || inputs >= 8 * sizeof D || D != (size_t)1 << inputs) goto done;
  PDLT_TRY(pdlt_alloc(&corner, D, sizeof *corner, err));
  PDLT_TRY(pdlt_alloc(&place, D, sizeof *place, err));
  if (find_corners(D, inputs, x, corner) && find_places(D, corner, place)) {
    cube = (pdlt_cube){.inputs = inputs, .place = place};
    place = NULL;
  }
done:
  *out = cube;
cleanup:
  pdlt_free(corner);
  pdlt_free(place);
  return status;
}

/* Samples at both ends of the edge along input i that goes through corner c. */
typedef struct edge {
  size_t high, low;
} edge;

static edge edge_of(const pdlt_cube *cube, size_t c, size_t i) {
  const size_t bit = (size_t)1 << i;
  return (edge){cube->place[c | bit], cube->place[c & ~bit]};
}

/* 1/(4 2^n_0): of the mean over corners, and of two halves of differences. */
static double quarter(const pdlt_cube *cube) { return ldexp(0.25, -(int)cube->inputs); }

void pdlt_cube_agop(const pdlt_cube *cube, size_t outputs, const double *z, double *m) {
  const size_t n0 = cube->inputs, D = (size_t)1 << n0;
  for (size_t i = 0; i < n0; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0;
      for (size_t o = 0; o < outputs; o++)
        for (size_t c = 0; c < D; c++) {
          const edge a = edge_of(cube, c, i), b = edge_of(cube, c, j);
          const double *f = z + o * D;
          sum += (f[a.high] - f[a.low]) * (f[b.high] - f[b.low]);
        }
      m[i * n0 + j] = m[j * n0 + i] = quarter(cube) * sum;
    }
}

void pdlt_cube_add_moment(const pdlt_cube *cube, const double *moment, size_t ld, double *m) {
  const size_t n0 = cube->inputs, D = (size_t)1 << n0;
  for (size_t i = 0; i < n0; i++)
    for (size_t j = 0; j < n0; j++) {
      double sum = 0;
      for (size_t c = 0; c < D; c++) {
        const edge a = edge_of(cube, c, i), b = edge_of(cube, c, j);
        sum += moment[a.high * ld + b.high] - moment[a.high * ld + b.low] -
               moment[a.low * ld + b.high] + moment[a.low * ld + b.low];
      }
      m[i * n0 + j] += quarter(cube) * sum;
    }
}
