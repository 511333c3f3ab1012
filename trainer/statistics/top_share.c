/* top_share.c - see top_share.h. */
#include "trainer/statistics/top_share.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "trainer/statistics/moments.h"

/* Where things lie in a record. */
enum { AT_COUNT = 0, AT_SQUARES = 1, AT_MEAN = 4 };
enum { AT_NUMBER = 0, AT_DISTANCE = 1, AT_VALUES = 2 }; /* in an entry */

pdlt_top_shape pdlt_top_shape_make(size_t p, int controlled, int fitted, size_t block_draws) {
  const double expected = PDLT_TOP_FRACTION * (double)block_draws;
  return (pdlt_top_shape){.p = p,
                          .parts = controlled ? 2 : 1,
                          .lists = controlled && fitted ? 2 : 1,
                          .kept = (size_t)ceil(expected + 8 * sqrt(expected)) + 8};
}

static size_t entry_size(const pdlt_top_shape *s) { return AT_VALUES + s->parts * s->p; }

size_t pdlt_top_size(const pdlt_top_shape *s) {
  return AT_MEAN + s->parts * s->p + s->lists * s->kept * entry_size(s);
}

/* |m + beta x|^2 of one draw (parts, p). */
static double distance(const pdlt_top_shape *s, const double *value, double beta) {
  double sum = 0;
  for (size_t i = 0; i < s->p; i++) {
    const double v = value[i] + (s->parts == 2 ? beta * value[s->p + i] : 0);
    sum += v * v;
  }
  return sum;
}

/* squares += |m|^2, m.x, |x|^2. */
static void add_squares(const pdlt_top_shape *s, const double *value, double factor,
                        double *squares) {
  for (size_t i = 0; i < s->p; i++) {
    const double m = value[i], x = s->parts == 2 ? value[s->p + i] : 0;
    squares[0] += factor * m * m;
    squares[1] += factor * m * x;
    squares[2] += factor * x * x;
  }
}

/* Makes room for a draw at this distance when it is among the farthest of a list (K, entry): the
 * entry to fill, or NULL. Lists are in falling order of distance, the earlier draw first among
 * equals. */
static double *make_room(const pdlt_top_shape *s, double far, double *list) {
  const size_t size = entry_size(s);
  size_t at = s->kept;
  while (at > 0 &&
         (list[(at - 1) * size + AT_NUMBER] == 0 || list[(at - 1) * size + AT_DISTANCE] < far))
    at--;
  if (at == s->kept) return NULL;
  double *entry = list + at * size;
  memmove(entry + size, entry, (s->kept - at - 1) * size * sizeof *list);
  return entry;
}

static void keep(const pdlt_top_shape *s, double number, double far, const double *value,
                 const double *mean, double *list) {
  double *entry = make_room(s, far, list);
  if (entry == NULL) return;
  entry[AT_NUMBER] = number;
  entry[AT_DISTANCE] = far;
  for (size_t i = 0; i < s->parts * s->p; i++) entry[AT_VALUES + i] = value[i] + mean[i];
}

void pdlt_top_add(const pdlt_top_shape *s, size_t rows, double *values, const double *numbers,
                  double *mean, double *record) {
  const size_t width = s->parts * s->p;
  if (rows == 0) return;
  pdlt_rows_center(rows, width, values, mean);
  const double before = record[AT_COUNT], all = before + (double)rows;
  double *squares = record + AT_SQUARES, *center = record + AT_MEAN, *lists = center + width;
  for (size_t r = 0; r < rows; r++) {
    const double *value = values + r * width;
    add_squares(s, value, 1, squares);
    for (size_t l = 0; l < s->lists; l++)
      keep(s, numbers[r], distance(s, value, l == 0 ? 1 : 0), value, mean,
           lists + l * s->kept * entry_size(s));
  }
  /* mean becomes its difference from the middle so far, for the squares between batches */
  for (size_t i = 0; i < width; i++) mean[i] -= before > 0 ? center[i] : 0;
  if (before > 0) add_squares(s, mean, before * (double)rows / all, squares);
  for (size_t i = 0; i < width; i++) center[i] += mean[i] * (before > 0 ? (double)rows / all : 1);
  record[AT_COUNT] = all;
}

void pdlt_top_merge(const pdlt_top_shape *s, double *into, const double *from) {
  const size_t width = s->parts * s->p, size = entry_size(s);
  const double before = into[AT_COUNT], rows = from[AT_COUNT], all = before + rows;
  double *center = into + AT_MEAN;
  const double *lists = from + AT_MEAN + width;
  if (rows == 0) return;
  for (int k = 0; k < 3; k++) into[AT_SQUARES + k] += from[AT_SQUARES + k];
  for (size_t i = 0; i < s->p; i++) {
    const double m = from[AT_MEAN + i] - center[i], factor = before * rows / all;
    const double x = s->parts == 2 ? from[AT_MEAN + s->p + i] - center[s->p + i] : 0;
    into[AT_SQUARES] += factor * m * m;
    into[AT_SQUARES + 1] += factor * m * x;
    into[AT_SQUARES + 2] += factor * x * x;
  }
  for (size_t i = 0; i < width; i++) center[i] += (from[AT_MEAN + i] - center[i]) * (rows / all);
  for (size_t k = 0; k < s->lists * s->kept; k++) {
    const double *entry = lists + k * size;
    double *list = center + width + k / s->kept * s->kept * size, *room = NULL;
    if (entry[AT_NUMBER] != 0) room = make_room(s, entry[AT_DISTANCE], list);
    if (room != NULL) memcpy(room, entry, size * sizeof *room);
  }
  into[AT_COUNT] = all;
}

/* Sums of all blocks. */
typedef struct total {
  double count, squares[3];
  double *mean, *delta; /* (parts p) */
} total;

static void merge(const pdlt_top_shape *s, const double *record, total *all) {
  const size_t width = s->parts * s->p;
  const double rows = record[AT_COUNT], sum = all->count + rows;
  if (rows == 0) return;
  for (int k = 0; k < 3; k++) all->squares[k] += record[AT_SQUARES + k];
  for (size_t i = 0; i < width; i++) all->delta[i] = record[AT_MEAN + i] - all->mean[i];
  if (all->count > 0) add_squares(s, all->delta, all->count * rows / sum, all->squares);
  for (size_t i = 0; i < width; i++) all->mean[i] += all->delta[i] * (rows / sum);
  all->count = sum;
}

static int falling(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? 1 : x > y ? -1 : 0;
}

/* 1 when the draw `number` is in the first list too. */
static int repeated(const pdlt_top_shape *s, const double *lists, double number) {
  for (size_t k = 0; k < s->kept; k++)
    if (lists[k * entry_size(s) + AT_NUMBER] == number) return 1;
  return 0;
}

/* |v - vbar|^2 of the draws a block kept, each once; returns how many. */
static size_t collect(const pdlt_top_shape *s, const double *record, const total *all, double beta,
                      double *out) {
  const size_t width = s->parts * s->p, size = entry_size(s);
  const double *lists = record + AT_MEAN + width;
  size_t count = 0;
  for (size_t k = 0; k < s->lists * s->kept; k++) {
    const double *entry = lists + k * size;
    if (entry[AT_NUMBER] == 0) continue;
    if (k >= s->kept && repeated(s, lists, entry[AT_NUMBER])) continue;
    for (size_t i = 0; i < width; i++) all->delta[i] = entry[AT_VALUES + i] - all->mean[i];
    out[count++] = distance(s, all->delta, beta);
  }
  return count;
}

pdlt_status pdlt_top_share(const pdlt_top_shape *s, size_t blocks, size_t stride,
                           const double *records, int fitted, double *share, pdlt_error *err) {
  const size_t width = s->parts * s->p, most = blocks * s->lists * s->kept;
  double *work = NULL;
  pdlt_status status = pdlt_alloc(&work, 2 * width + most, sizeof *work, err);
  if (status != PDLT_OK) return status;
  total all = {.mean = work, .delta = work + width};
  double *far = work + 2 * width, top = 0, beta = s->parts == 2;
  size_t kept = 0;
  for (size_t b = 0; b < blocks; b++) merge(s, records + b * stride, &all);
  if (fitted && all.squares[2] > 0) beta = -all.squares[1] / all.squares[2];
  for (size_t b = 0; b < blocks; b++)
    kept += collect(s, records + b * stride, &all, beta, far + kept);
  qsort(far, kept, sizeof *far, falling);
  const size_t wanted = (size_t)ceil(PDLT_TOP_FRACTION * all.count);
  for (size_t i = 0; i < wanted && i < kept; i++) top += far[i];
  const double sum = all.squares[0] + beta * (2 * all.squares[1] + beta * all.squares[2]);
  *share = sum > 0 ? top / sum : NAN;
  pdlt_free(work);
  return PDLT_OK;
}
