/* joint.c - see joint.h. */
#include "compare/verdict/joint.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/random/rng.h"
#include "base/vector/linalg.h"
#include "compare/statistics/distribution.h"
#include "compare/verdict/joint_internal.h"

uint64_t pdlt_joint_tag(const pdlt_join *join, size_t k, size_t m) {
  size_t dims = (size_t)join->ndim;
  unsigned long long hash = PDLT_HASH_START;
  hash = pdlt_hash_bytes(hash, join->index + k * dims, dims * sizeof *join->index);
  hash = pdlt_hash_bytes(hash, &join->time[k], sizeof join->time[k]);
  return pdlt_hash_bytes(hash, &m, sizeof m);
}

void pdlt_joint_work_free(pdlt_joint_work *ws) {
  double *owned[] = {ws->u,         ws->mean,  ws->gathered, ws->part,   ws->c,
                     ws->deviation, ws->shift, ws->values,   ws->vectors};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) pdlt_free(owned[i]);
}

/* Blocks gathered at a time: few where they are long and soon projected, whole tiles of a matrix
 * product, so that its sums are the same. */
static size_t gathered_rows(const pdlt_joint_work *ws) {
  const size_t tile = 8, tiles = PDLT_JOINT_GATHERED / (tile * ws->count + 1);
  if (!ws->projected || tile * tiles >= PDLT_JOINT_CHUNK) return PDLT_JOINT_CHUNK;
  return tiles > 1 ? tile * tiles : tile;
}

static pdlt_status allocate(pdlt_joint_work *ws, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  size_t d = ws->d, count = ws->count;
  PDLT_TRY(pdlt_alloc(&ws->mean, count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->gathered, gathered_rows(ws) * count, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->c, d * d, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->deviation, d, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->shift, d, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->values, d, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&ws->vectors, d * d, sizeof(double), err));
  if (ws->projected) {
    PDLT_TRY(pdlt_alloc(&ws->part, PDLT_JOINT_CHUNK * d, sizeof(double), err));
    PDLT_TRY(pdlt_alloc(&ws->u, count * d, sizeof(double), err));
  }
cleanup:
  return status;
}

/* Direction 0 leads from theory to the null hypothesis, when there is one; the others
 * are random signs, a function of the tag alone. Columns of u have length 1. */
static void fill_directions(pdlt_joint_work *ws, const pdlt_functions *f) {
  double length = 0.0;
  for (size_t r = 0; f->shift != NULL && r < f->count; r++)
    length = hypot(length, f->shift[r] / f->scale[r]);
  for (size_t r = 0; r < f->count; r++) {
    for (size_t m = 0; m < ws->d; m++) {
      double sign = pdlt_mix64(pdlt_mix64(f->tag[r]) + m) >> 63 ? 1.0 : -1.0;
      ws->u[r * ws->d + m] = sign / sqrt((double)f->count);
    }
    if (f->shift != NULL && length > 0.0) ws->u[r * ws->d] = f->shift[r] / f->scale[r] / length;
  }
}

/* Mean over blocks of each scaled function at width w. */
static void block_means(pdlt_joint_work *ws, const pdlt_join *join, const pdlt_functions *f,
                        size_t w) {
  double total = 0.0;
  memset(ws->mean, 0, f->count * sizeof(double));
  for (size_t b = 0; b < join->num_blocks[w]; b++) {
    double weight = join->weights[w][b];
    const double *y = join->blocks[w] + b * join->count;
    total += weight;
    for (size_t r = 0; r < f->count; r++) ws->mean[r] += weight * y[f->number[r]];
  }
  for (size_t r = 0; r < f->count; r++) ws->mean[r] /= total;
}

/* The functions of one block y, as they add to the covariance. */
static void gather_block(const pdlt_joint_work *ws, const pdlt_functions *f, const double *y,
                         double unit, const double *factor, size_t stride, double *row) {
  for (size_t r = 0; r < f->count; r++)
    row[r] = unit * (y[f->number[r]] - ws->mean[r]) * factor[r * stride] *
             (f->inflation == NULL ? 1.0 : f->inflation[r]) / f->scale[r];
}

void pdlt_joint_add_width(pdlt_joint_work *ws, const pdlt_join *join, const pdlt_functions *f,
                          size_t w, const double *factor, size_t stride) {
  size_t blocks = join->num_blocks[w], count = f->count, d = ws->d;
  double total = 0.0;
  for (size_t b = 0; b < blocks; b++) total += join->weights[w][b];
  block_means(ws, join, f, w);
  for (size_t start = 0; start < blocks; start += PDLT_JOINT_CHUNK) {
    const size_t rows = blocks - start < PDLT_JOINT_CHUNK ? blocks - start : PDLT_JOINT_CHUNK;
    const size_t most = gathered_rows(ws);
    for (size_t done = 0, now = 0; done < rows; done += now) {
      now = rows - done < most ? rows - done : most;
      for (size_t i = 0; i < now; i++) {
        const size_t b = start + done + i;
        const double unit = sqrt(join->weights[w][b] / (total * (double)(blocks - 1)));
        gather_block(ws, f, join->blocks[w] + b * join->count, unit, factor, stride,
                     ws->gathered + i * count);
      }
      if (ws->projected)
        pdlt_gemm(0, 0, now, d, count, 1.0, ws->gathered, count, ws->u, d, 0.0, ws->part + done * d,
                  d);
    }
    pdlt_syrk(1, d, rows, 1.0, ws->projected ? ws->part : ws->gathered, d, 1.0, ws->c, d);
  }
}

static double trace(const pdlt_joint_work *ws) {
  double sum = 0.0;
  for (size_t m = 0; m < ws->d; m++) sum += ws->c[m * ws->d + m];
  return sum;
}

/* Statistical covariance of all widths; returns its degrees of freedom after
 * Satterthwaite: 1 / sum_w share_w^2 / (B_w - 1). */
static double fill_covariance(pdlt_joint_work *ws, const pdlt_join *join, const pdlt_functions *f) {
  double before = 0.0, weighted = 0.0;
  for (size_t w = 0; w < join->num_widths; w++) {
    if (!join->used[w]) continue;
    pdlt_joint_add_width(ws, join, f, w, f->coefficient + w, join->num_widths);
    double after = trace(ws);
    weighted += (after - before) * (after - before) / (double)(join->num_blocks[w] - 1);
    before = after;
  }
  return weighted > 0.0 ? before * before / weighted : INFINITY;
}

/* Adds the covariance from powers of h beyond the fit: functions of one number share its two
 * unknowns, different numbers have their own. Along random signs what is off the diagonal averages
 * to 0 and is left out, like that of the numerical errors. */
static void add_truncation(pdlt_joint_work *ws, const pdlt_functions *f) {
  const size_t d = ws->d;
  if (f->truncation == NULL) return;
  for (size_t first = 0, end = 0; first < f->count; first = end) {
    while (end < f->count && f->number[end] == f->number[first]) end++;
    for (size_t j = 0; j < 2; j++)
      for (size_t m = 0; m < d && ws->projected; m++) {
        double along = 0.0;
        for (size_t r = first; r < end; r++)
          along += ws->u[r * d + m] * f->truncation[2 * r + j] / f->scale[r];
        ws->c[m * d + m] += along * along;
      }
    for (size_t r = first; r < end && !ws->projected; r++)
      for (size_t s = first; s < end; s++)
        ws->c[r * d + s] += (f->truncation[2 * r] * f->truncation[2 * s] +
                             f->truncation[2 * r + 1] * f->truncation[2 * s + 1]) /
                            (f->scale[r] * f->scale[s]);
  }
}

/* Adds the covariance from unknowns that all functions share, in proportions that are known. */
static void add_coherent(pdlt_joint_work *ws, const pdlt_functions *f) {
  const size_t d = ws->d;
  for (size_t j = 0; j < 2 && f->coherent != NULL; j++) {
    double *along = ws->mean;
    memset(along, 0, d * sizeof *along);
    for (size_t r = 0; r < f->count; r++)
      for (size_t m = ws->projected ? 0 : r; m < (ws->projected ? d : r + 1); m++)
        along[m] += (ws->projected ? ws->u[r * d + m] : 1.0) * f->coherent[2 * r + j] / f->scale[r];
    for (size_t m = 0; m < d; m++)
      for (size_t k = 0; k < d; k++) ws->c[m * d + k] += along[m] * along[k];
  }
}

void pdlt_joint_correlate(pdlt_joint_work *ws) {
  const size_t d = ws->d;
  for (size_t m = 0; m < d; m++) ws->mean[m] = sqrt(ws->c[m * d + m]);
  for (size_t m = 0; m < d; m++)
    for (size_t k = 0; k < d && ws->mean[m] > 0.0; k++)
      if (ws->mean[k] > 0.0) ws->c[m * d + k] /= ws->mean[m] * ws->mean[k];
}

/* Deviations and shifts along the directions; numerical errors on the diagonal. */
static void project(pdlt_joint_work *ws, const pdlt_functions *f) {
  size_t d = ws->d;
  for (size_t r = 0; r < f->count; r++) {
    size_t first = ws->projected ? 0 : r, last = ws->projected ? d : r + 1;
    double numeric = f->numeric[r] / f->scale[r];
    for (size_t m = first; m < last; m++) {
      double u = ws->projected ? ws->u[r * d + m] : 1.0;
      ws->deviation[m] += u * f->deviation[r] / f->scale[r];
      if (f->shift != NULL) ws->shift[m] += u * f->shift[r] / f->scale[r];
      ws->c[m * d + m] += u * u * numeric * numeric;
    }
  }
  pdlt_joint_correlate(ws);
  for (size_t m = 0; m < d; m++) {
    if (!(ws->mean[m] > 0.0)) continue;
    ws->deviation[m] /= ws->mean[m];
    ws->shift[m] /= ws->mean[m];
  }
}

/* T^2 and the distance to the null in the eigenbasis of the correlation matrix. */
static void decide(pdlt_joint *out, const pdlt_joint_work *ws, double freedom) {
  double t2 = 0.0, null2 = 0.0, both = 0.0;
  pdlt_joint joint = {.freedom = freedom};
  for (size_t a = 0; a < ws->d; a++) {
    double along = 0.0, away = 0.0;
    for (size_t m = 0; m < ws->d; m++) {
      along += ws->vectors[a * ws->d + m] * ws->deviation[m];
      away += ws->vectors[a * ws->d + m] * ws->shift[m];
    }
    if (ws->values[a] <= PDLT_JOINT_RESOLVED) continue;
    joint.directions++;
    t2 += along * along / ws->values[a];
    null2 += away * away / ws->values[a];
    both += along * away / ws->values[a];
  }
  double d = (double)joint.directions, rest = freedom - d + 1.0;
  joint.null_z = sqrt(null2);
  joint.toward = null2 > 0.0 ? both / null2 : NAN;
  joint.p = NAN;
  if (joint.directions > 0 && rest > 0.0)
    joint.p = isinf(freedom) ? pdlt_chi_square_tail(t2, d)
                             : pdlt_f_tail(t2 * rest / (freedom * d), d, rest);
  *out = joint;
}

static size_t choose_directions(const pdlt_join *join, size_t count) {
  size_t blocks = SIZE_MAX;
  for (size_t w = 0; w < join->num_widths; w++)
    if (join->used[w] && join->num_blocks[w] < blocks) blocks = join->num_blocks[w];
  size_t most = blocks / PDLT_JOINT_BLOCKS_PER_NUMBER;
  if (most < 1) most = 1;
  if (most > PDLT_JOINT_MAX_DIRECTIONS) most = PDLT_JOINT_MAX_DIRECTIONS;
  return count < most ? count : most;
}

pdlt_status pdlt_joint_work_new(pdlt_joint_work *out, const pdlt_join *join,
                                const pdlt_functions *functions, pdlt_error *err) {
  pdlt_joint_work ws = {.count = functions->count};
  ws.d = choose_directions(join, functions->count);
  ws.projected = ws.d < functions->count;
  const pdlt_status status = allocate(&ws, err);
  if (status == PDLT_OK && ws.projected) fill_directions(&ws, functions);
  *out = ws;
  return status;
}

pdlt_status pdlt_joint_test(pdlt_joint *out, const pdlt_join *join, const pdlt_functions *functions,
                            pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  pdlt_joint_work ws = {.count = 0};
  if (functions->count == 0) {
    *out = (pdlt_joint){.p = NAN, .toward = NAN};
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_joint_work_new(&ws, join, functions, err));
  double freedom = fill_covariance(&ws, join, functions);
  const double statistical = trace(&ws);
  add_truncation(&ws, functions);
  for (size_t j = 0; j < 2 && functions->shared != NULL; j++)
    pdlt_joint_add_width(&ws, join, functions, functions->shared_width, functions->shared + j, 2);
  add_coherent(&ws, functions);
  const double more = trace(&ws) / statistical; /* what is known without blocks adds freedom */
  if (more > 1.0) freedom *= more * more;
  project(&ws, functions);
  PDLT_TRY(pdlt_symmetric_eigen(ws.d, ws.c, ws.values, ws.vectors, err));
  decide(out, &ws, freedom);
cleanup:
  pdlt_joint_work_free(&ws);
  return status;
}
