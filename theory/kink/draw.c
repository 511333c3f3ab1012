/* draw.c - see draw.h; equations: docs/kinks.md. */
#include "theory/kink/draw.h"

#include <math.h>
#include <string.h>

#include "base/core/gamma.h"
#include "base/core/memory.h"
#include "theory/kink/tilt.h"

struct pdlt_kink_drawer {
  const pdlt_kink_model *model;
  pdlt_kink_tracker tracker;
  size_t n, D, A, C, G;
  double *z0;            /* (n, D) outputs at the start, less their mean */
  double *error;         /* (n, A) modes of z(0) - y */
  double *gain;          /* (A) of the modes, over the whole time */
  double *held;          /* (n, A) eta times the sum of errors over it */
  double *normal, *axis; /* (2 n D) behind omega and Y; where they count most */
  double *omega;         /* (n, D) of the ray at hand */
  double *slope;         /* (D) of the ray at hand; 0 for its own samples */
  double *lower;         /* (n, D) Y_ab */
  double *push;          /* (n, D) omega_b s'_b Theta_ab + Y_ab */
  double *mode;          /* (2, A) of d+ and d- */
  double *own;           /* (D, A) of the error on each sample of the ray */
  double *plus, *minus, *rate_plus, *rate_minus; /* (C), (C), (G), (G) */
  double *kick;              /* (D, C) -eta sum of error omega: of each sample of the ray */
  double *path;              /* (2, 4, G) both signs */
  double *change;            /* (G) c of the reference */
  double *source;            /* (L-1, parts, G, n, D) of this draw */
  double *total;             /* (G, n, D) */
  double *shift, *deviation; /* (T, n, D) */
  double *work;              /* (4 A) */
  double *storage;
};

enum { NET, CHANGED, ABOVE, BELOW, INTEGRALS };

enum { OUTPUT, OMEGA, LOWER, SLOPE };

/* Coordinates of a draw that belong to one direction of everything. */
static size_t coordinates(const pdlt_kink_model *m) { return 3 * m->training->outputs + 1; }

/* Coordinates of a draw, the largest directions of everything first. */
static size_t coordinate(const pdlt_kink_model *m, size_t kind, size_t k, size_t j) {
  return j * coordinates(m) + (kind == SLOPE ? 0 : 1 + kind * m->training->outputs + k);
}

size_t pdlt_kink_dimensions(const pdlt_kink_model *m) { return m->training->D * coordinates(m); }

static size_t grid_size(const pdlt_kink_model *m) {
  return (m->response.grid->cells + 1) * m->training->outputs * m->training->D;
}

static size_t source_size(const pdlt_kink_model *m) {
  return (size_t)m->rays->hidden * PDLT_KINK_PART_COUNT * grid_size(m);
}

size_t pdlt_kink_sums_size(const pdlt_kink_model *m) {
  const size_t row = m->training->outputs * m->training->D, T = m->response.num_times;
  return source_size(m) + 2 * T * row * row + T * (size_t)m->rays->hidden * m->training->D;
}

pdlt_kink_sums pdlt_kink_sums_view(const pdlt_kink_model *m, double *block) {
  const size_t row = m->training->outputs * m->training->D, T = m->response.num_times;
  pdlt_kink_sums sums;
  sums.source = pdlt_take(&block, source_size(m));
  sums.cov = pdlt_take(&block, T * row * row);
  sums.theta = pdlt_take(&block, T * row * row);
  sums.crossings = block;
  return sums;
}

pdlt_status pdlt_kink_drawer_new(pdlt_kink_drawer **out, const pdlt_kink_model *m,
                                 pdlt_error *err) {
  const pdlt_training *w = m->training;
  const size_t n = w->outputs, D = w->D, A = w->A, C = m->response.grid->cells, G = C + 1;
  const size_t row = n * D, T = m->response.num_times;
  pdlt_kink_drawer *d = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&d, 1, sizeof *d, err));
  d->model = m;
  d->n = n, d->D = D, d->A = A, d->C = C, d->G = G;
  const size_t size = 8 * row + 2 * n * A + A + D + 2 * A + D * A + 2 * C + 2 * G + D * C +
                      G * 2 * INTEGRALS + G + source_size(m) + G * row + 2 * T * row + 4 * A;
  PDLT_TRY(pdlt_alloc(&d->storage, size, sizeof(double), err));
  double *next = d->storage;
  d->z0 = pdlt_take(&next, row);
  d->omega = pdlt_take(&next, row);
  d->lower = pdlt_take(&next, row);
  d->push = pdlt_take(&next, row);
  d->error = pdlt_take(&next, n * A);
  d->gain = pdlt_take(&next, A);
  d->held = pdlt_take(&next, n * A);
  d->normal = pdlt_take(&next, 2 * row);
  d->axis = pdlt_take(&next, 2 * row);
  d->slope = pdlt_take(&next, D);
  d->mode = pdlt_take(&next, 2 * A);
  d->own = pdlt_take(&next, D * A);
  d->plus = pdlt_take(&next, C);
  d->minus = pdlt_take(&next, C);
  d->rate_plus = pdlt_take(&next, G);
  d->rate_minus = pdlt_take(&next, G);
  d->kick = pdlt_take(&next, D * C);
  d->path = pdlt_take(&next, G * 2 * INTEGRALS);
  d->change = pdlt_take(&next, G);
  d->source = pdlt_take(&next, source_size(m));
  d->total = pdlt_take(&next, G * row);
  d->shift = pdlt_take(&next, T * row);
  d->deviation = pdlt_take(&next, T * row);
  d->work = next;
  for (size_t a = 0; a < A; a++) {
    double power;
    d->gain[a] = pdlt_training_phi(w->value[a], w->eta, w->flow, m->response.grid->time[C], &power);
  }
  *out = d;
cleanup:
  if (status != PDLT_OK) pdlt_kink_drawer_free(d);
  return status;
}

void pdlt_kink_drawer_free(pdlt_kink_drawer *d) {
  if (d == NULL) return;
  pdlt_kink_tracker_free(&d->tracker);
  pdlt_free(d->storage);
  pdlt_free(d);
}

static double dot(size_t count, const double *x, const double *y) {
  double sum = 0.0;
  for (size_t k = 0; k < count; k++) sum += x[k] * y[k];
  return sum;
}

/* out (D) = root times normal, every `stride`-th number of it */
static void spread(size_t D, const pdlt_kink_root *root, const double *normal, size_t stride,
                   double *out) {
  for (size_t b = 0; b < D; b++) {
    double sum = 0.0;
    for (size_t j = 0; j < root->rank; j++)
      sum += root->value[b * root->rank + j] * normal[j * stride];
    out[b] = sum;
  }
}

/* Outputs at the start, the modes of their errors, and errors summed over the whole time. */
static void start(pdlt_kink_drawer *d, const double *normal) {
  const pdlt_training *w = d->model->training;
  const size_t A = d->A;
  for (size_t k = 0; k < d->n; k++) {
    spread(d->D, &d->model->rays->output, normal + coordinate(d->model, OUTPUT, k, 0),
           coordinates(d->model), d->z0 + k * d->D);
    double *error = d->error + k * A, *held = d->held + k * A;
    memset(held, 0, A * sizeof *held);
    for (size_t a = 0; a < A; a++) {
      const double *vector = w->vector + a * A;
      error[a] = dot(A, vector, d->z0 + k * d->D) - w->target[a * d->n + k];
      for (size_t b = 0; b < A; b++) held[b] += vector[b] * d->gain[a] * error[a];
    }
  }
}

/* Slopes of the other samples, all exchanged with mirror = -1. */
static void surround(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, const double *normal,
                     int mirror) {
  const pdlt_kink_slopes s = d->model->slopes;
  spread(d->D, &ray->slope, normal + coordinate(d->model, SLOPE, 0, 0), coordinates(d->model),
         d->slope);
  for (size_t b = 0; b < d->D; b++)
    d->slope[b] = ray->ratio[b] != 0.0 ? 0.0
                  : d->slope[b] == 0.0 ? s.mean
                                       : s.mean + mirror * copysign(s.half, d->slope[b]);
}

/* How far all errors together move the neuron per unit of the normal numbers behind omega and Y of output k, with
 * the mean slope in place of its own. */
static void fill_axis(const pdlt_kink_drawer *d, const pdlt_kink_ray *ray,
                      const pdlt_kink_root *omega, size_t lower, size_t k, double *axis) {
  const double *theta = ray->theta + ray->reference * d->D, *held = d->held + k * d->A;
  memset(axis, 0, (omega->rank + lower) * sizeof *axis);
  for (size_t b = 0; b < d->A; b++) {
    const double slope = ray->ratio[b] == 0.0 ? d->slope[b] : d->model->slopes.mean;
    const double direct = held[b] * slope * theta[b];
    for (size_t j = 0; j < omega->rank; j++) axis[j] += direct * omega->value[b * omega->rank + j];
    for (size_t j = 0; j < lower; j++)
      axis[omega->rank + j] += held[b] * ray->lower.value[b * ray->lower.rank + j];
  }
}

/* The numbers behind omega and Y, omega and Y; the weight of their direction. with_lower: 0 for Y = 0, which draws
 * omega alone. count: how many numbers there are. */
static double aim(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, int with_lower,
                  const double *normal, size_t *count) {
  const pdlt_kink_root *omega = &d->model->rays->omega[ray->layer];
  const size_t lower = with_lower ? ray->lower.rank : 0, each = omega->rank + lower;
  for (size_t k = 0; k < d->n; k++) {
    double *x = d->normal + k * each;
    for (size_t j = 0; j < omega->rank; j++) x[j] = normal[coordinate(d->model, OMEGA, k, j)];
    for (size_t j = 0; j < lower; j++)
      x[omega->rank + j] = normal[coordinate(d->model, LOWER, k, j)];
    fill_axis(d, ray, omega, lower, k, d->axis + k * each);
  }
  *count = d->n * each;
  const double weight = pdlt_kink_tilt(*count, d->axis, d->normal);
  for (size_t k = 0; k < d->n; k++) {
    spread(d->D, omega, d->normal + k * each, 1, d->omega + k * d->D);
    if (lower > 0)
      spread(d->D, &ray->lower, d->normal + k * each + omega->rank, 1, d->lower + k * d->D);
  }
  return weight;
}

/* push = omega_b s'_b Theta_ab, with Y_ab when asked for. */
static void fill_push(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, int with_lower) {
  const double *theta = ray->theta + ray->reference * d->D;
  for (size_t k = 0; k < d->n; k++)
    for (size_t b = 0; b < d->D; b++) {
      const size_t at = k * d->D + b;
      d->push[at] = d->omega[at] * d->slope[b] * theta[b] + (with_lower ? d->lower[at] : 0.0);
    }
}

/* Slope of sample b of the ray where the reference is above (side 1) or below (-1). */
static double slope_of(const pdlt_kink_model *m, const pdlt_kink_ray *ray, size_t b, int side) {
  return m->slopes.mean + side * copysign(m->slopes.half, ray->ratio[b]);
}

/* Modes of the drive: sum_k error_k (v . push_k), and of each training sample of the ray its own. */
static void fill_modes(pdlt_kink_drawer *d, const pdlt_kink_ray *ray) {
  const pdlt_training *w = d->model->training;
  const size_t A = d->A, D = d->D;
  memset(d->mode, 0, 2 * A * sizeof *d->mode);
  for (size_t k = 0; k < d->n; k++)
    for (size_t a = 0; a < A; a++) {
      double sum = 0.0;
      for (size_t b = 0; b < A; b++) sum += w->vector[a * A + b] * d->push[k * D + b];
      d->mode[a] += sum * d->error[k * A + a];
    }
  memcpy(d->mode + A, d->mode, A * sizeof *d->mode);
  for (size_t b = 0; b < A; b++) {
    if (ray->ratio[b] == 0.0) continue;
    const double theta = ray->theta[ray->reference * D + b];
    for (size_t a = 0; a < A; a++) {
      double sum = 0.0;
      for (size_t k = 0; k < d->n; k++) sum += d->error[k * A + a] * d->omega[k * D + b];
      sum *= w->vector[a * A + b];
      d->own[b * A + a] = sum;
      d->mode[a] += slope_of(d->model, ray, b, 1) * theta * sum;
      d->mode[A + a] += slope_of(d->model, ray, b, -1) * theta * sum;
    }
  }
}

/* The drive in every cell, and what each training sample of the ray contributes per unit of slope. */
static void fill_drive(pdlt_kink_drawer *d, const pdlt_kink_ray *ray) {
  const pdlt_kink_grid *grid = d->model->response.grid;
  const size_t A = d->A;
  for (size_t c = 0; c < d->C; c++) {
    d->plus[c] = -dot(A, grid->gain + c * A, d->mode);
    d->minus[c] = -dot(A, grid->gain + c * A, d->mode + A);
    for (size_t b = 0; b < A; b++)
      if (ray->ratio[b] != 0.0) d->kick[b * d->C + c] = -dot(A, grid->gain + c * A, d->own + b * A);
  }
  for (size_t c = 0; c < d->C; c++) {
    if (!grid->flow[c]) continue;
    d->rate_plus[c + 1] = -dot(A, grid->power + (c + 1) * A, d->mode);
    d->rate_minus[c + 1] = -dot(A, grid->power + (c + 1) * A, d->mode + A);
  }
}

/* Both signs; leaves in path[0] the even or the odd part that is used: net and changed are even under the
 * mirror, and so are the integrals of s times omega. */
static pdlt_status follow(pdlt_kink_drawer *d, pdlt_error *err) {
  const size_t G = d->G;
  const pdlt_kink_drive drive = {
      d->C, d->model->response.grid->flow, d->plus, d->minus, d->rate_plus, d->rate_minus};
  double *one = d->path, *two = d->path + INTEGRALS * G;
  pdlt_status status = PDLT_OK;
  for (int mirror = 0; mirror < 2; mirror++) {
    double *p = mirror ? two : one;
    const pdlt_kink_path path = {p + NET * G, p + CHANGED * G, p + ABOVE * G, p + BELOW * G};
    PDLT_TRY(pdlt_kink_follow(&d->tracker, &drive, mirror ? -1.0 : 1.0, &path, err));
  }
  for (size_t g = 0; g < (size_t)NET * G + 2 * G; g++) one[g] = (one[g] + two[g]) / 2;
  for (size_t g = ABOVE * G; g < INTEGRALS * G; g++) one[g] = (one[g] - two[g]) / 2;
cleanup:
  return status;
}

/* change[g] of the reference: sum over training samples b of the ray r_b c_b, where
 * c_b = -eta sum_{t' < t} error omega_b (s'(s(t')) - s'(s0)). */
static void fill_change(pdlt_kink_drawer *d, const pdlt_kink_ray *ray) {
  const double jump = 2.0 * d->model->slopes.half, *net = d->path + NET * d->G;
  const int *flow = d->model->response.grid->flow;
  double sum = 0.0;
  d->change[0] = 0.0;
  for (size_t c = 0; c < d->C; c++) {
    const double held = flow[c] ? (net[c] + net[c + 1]) / 2 : net[c];
    for (size_t b = 0; b < d->A; b++)
      if (ray->ratio[b] != 0.0) sum += fabs(ray->ratio[b]) * d->kick[b * d->C + c] * jump * held;
    d->change[c + 1] = sum;
  }
}

/* int sigma(s_b) - s'(s_b0) s_b,lin of sample b = r times a */
static double crossed(const pdlt_kink_drawer *d, const pdlt_kink_ray *ray, size_t b, size_t g) {
  return ray->ratio[b] * (slope_of(d->model, ray, b, 1) * d->path[ABOVE * d->G + g] +
                          slope_of(d->model, ray, b, -1) * d->path[BELOW * d->G + g]);
}

/* Adds factor times the two sources to crossing and pushed (G, n, D). */
static void add_sources(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, double factor,
                        double *crossing, double *pushed) {
  const size_t row = d->n * d->D;
  for (size_t g = 1; g < d->G; g++) {
    const double change = factor * ray->weight * d->change[g];
    for (size_t x = 0; x < row; x++) pushed[g * row + x] += change * d->push[x];
  }
  for (size_t b = 0; b < d->D; b++) {
    if (ray->ratio[b] == 0.0) continue;
    for (size_t g = 1; g < d->G; g++) {
      const double value = factor * ray->weight * crossed(d, ray, b, g);
      for (size_t k = 0; k < d->n; k++)
        crossing[g * row + k * d->D + b] += value * d->omega[k * d->D + b];
    }
  }
}

/* Half of the NTK's change between sample b of the ray and all others, at one time. */
static void add_theta_row(const pdlt_kink_drawer *d, const pdlt_kink_ray *ray, size_t b, size_t k,
                          double net, double *out) {
  const pdlt_kink_slopes s = d->model->slopes;
  const double side = copysign(1.0, ray->ratio[b]), omega = d->omega[k * d->D + b];
  for (size_t x = 0; x < d->n * d->D; x++)
    out[x] += net * 2.0 * s.half * side * omega * ray->ratio[b] * d->push[x];
  for (size_t j = 0; j < d->n; j++)
    for (size_t c = 0; c < d->D; c++)
      if (ray->ratio[c] * side > 0.0) /* s'_b s'_c: a_plus^2 - a_minus^2 = 4 mean half */
        out[j * d->D + c] += 0.5 * net * side * 4.0 * s.mean * s.half * omega *
                             d->omega[j * d->D + c] * ray->theta[b * d->D + c];
}

static void add_theta(const pdlt_kink_drawer *d, const pdlt_kink_ray *ray, double factor,
                      double *theta) {
  const size_t row = d->n * d->D;
  for (size_t t = 0; t < d->model->response.num_times; t++) {
    const double net =
        factor * ray->weight * d->path[NET * d->G + d->model->response.grid->record[t]];
    for (size_t b = 0; b < d->D; b++)
      for (size_t k = 0; k < d->n && ray->ratio[b] != 0.0; k++)
        add_theta_row(d, ray, b, k, net, theta + (t * row + k * d->D + b) * row);
  }
}

static void add_crossings(const pdlt_kink_drawer *d, const pdlt_kink_ray *ray, double factor,
                          double *crossings) {
  const size_t hidden = (size_t)d->model->rays->hidden;
  for (size_t t = 0; t < d->model->response.num_times; t++) {
    const double share =
        factor * ray->weight * d->path[CHANGED * d->G + d->model->response.grid->record[t]];
    for (size_t b = 0; b < d->D; b++)
      if (ray->ratio[b] != 0.0) crossings[(t * hidden + (size_t)ray->layer) * d->D + b] += share;
  }
}

/* A ray without training sample: all starts move alike, and what crossed is as long as the way. */
static void follow_test(pdlt_kink_drawer *d) {
  double way = 0.0, *changed = d->path + CHANGED * d->G;
  changed[0] = 0.0;
  for (size_t c = 0; c < d->C; c++) {
    way += d->plus[c];
    changed[c + 1] = fabs(way);
  }
}

/* E[r^power]/r^power of the length r of the `count` normal numbers behind omega and Y. The sources and the NTK are
 * of degree 3 in them, the crossings of degree 1: the length is integrated out. */
static double radial(size_t count, const double *normal, double power) {
  const double n = (double)count, square = dot(count, normal, normal);
  return exp(pdlt_log_gamma((n + power) / 2) - pdlt_log_gamma(n / 2)) *
         pow(2.0 / square, power / 2);
}

/* What one ray adds: its sources times weight, NTK and crossings times weight and factor. */
typedef struct share {
  int with_lower; /* Y as drawn, or 0 */
  double weight, factor;
} share;

/* The parts with Y = 0; what they take from the total, where Y is not 0, they give back. */
static void add_parts(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, double weight) {
  const size_t size = grid_size(d->model);
  double *part = d->source + (size_t)ray->layer * PDLT_KINK_PART_COUNT * size;
  double *others = part + PDLT_KINK_OTHERS * size;
  add_sources(d, ray, weight, part + PDLT_KINK_CROSSING * size, part + PDLT_KINK_PUSHED * size);
  if (ray->lower.rank > 0) add_sources(d, ray, -weight, others, others);
}

static pdlt_status add_ray(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, const double *normal,
                           share s, const pdlt_kink_sums *sums, pdlt_error *err) {
  const size_t size = grid_size(d->model);
  size_t count;
  const double weight = s.weight * aim(d, ray, s.with_lower, normal, &count);
  const double one = weight * radial(count, d->normal, 1.0);
  const double three = weight * radial(count, d->normal, 3.0);
  double *others =
      d->source + ((size_t)ray->layer * PDLT_KINK_PART_COUNT + PDLT_KINK_OTHERS) * size;
  fill_push(d, ray, s.with_lower);
  fill_modes(d, ray);
  fill_drive(d, ray);
  if (!ray->trains) {
    follow_test(d);
    add_crossings(d, ray, s.factor * one, sums->crossings);
    return PDLT_OK;
  }
  const pdlt_status status = follow(d, err);
  if (status != PDLT_OK) return status;
  fill_change(d, ray);
  add_crossings(d, ray, s.factor * one, sums->crossings);
  add_theta(d, ray, s.factor * three, sums->theta);
  if (s.with_lower)
    add_sources(d, ray, three, others, others);
  else
    add_parts(d, ray, three);
  return PDLT_OK;
}

/* The sources of this draw with their factors, all layers and parts. */
static void sum_sources(pdlt_kink_drawer *d, double *sum) {
  const size_t size = grid_size(d->model);
  const pdlt_kink_factors *f = &d->model->factors;
  memset(d->total, 0, size * sizeof *d->total);
  for (int l = 0; l < d->model->rays->hidden; l++)
    for (size_t p = 0; p < PDLT_KINK_PART_COUNT; p++) {
      const size_t at = ((size_t)l * PDLT_KINK_PART_COUNT + p) * size;
      const double factor = f->part[p] * pdlt_kink_layer_factor(f, l);
      for (size_t k = 0; k < size; k++) {
        sum[at + k] += d->source[at + k];
        d->total[k] += factor * d->source[at + k];
      }
    }
}

/* Deviation of the outputs times the shift that the same draw has. */
static void add_cov(pdlt_kink_drawer *d, double *cov) {
  const size_t row = d->n * d->D;
  pdlt_kink_respond(&d->model->response, d->total, d->shift, d->work);
  pdlt_kink_deviate(&d->model->response, d->z0, d->deviation, d->work);
  for (size_t t = 0; t < d->model->response.num_times; t++)
    for (size_t x = 0; x < row; x++)
      for (size_t y = 0; y < row; y++)
        cov[(t * row + x) * row + y] += d->deviation[t * row + x] * d->shift[t * row + y];
}

/* Draws of which one gives the parts with Y = 0; 1 where they are not free. */
static size_t stride(const pdlt_kink_factors *f) {
  int whole = 1;
  for (int p = 0; p < PDLT_KINK_PART_COUNT; p++) whole &= f->part[p] == 1.0;
  return whole ? 4 : 1;
}

/* A ray with and without Y, weight 1/2 each way round. */
static pdlt_status add_both(pdlt_kink_drawer *d, const pdlt_kink_ray *ray, size_t index,
                            const double *normal, const pdlt_kink_sums *sums, pdlt_error *err) {
  const pdlt_kink_factors *f = &d->model->factors;
  const double factor = pdlt_kink_layer_factor(f, ray->layer), others = f->part[PDLT_KINK_OTHERS];
  const size_t every = stride(f);
  const share whole = {1, 0.5, factor * others};
  const share part = {0, 0.5 * (double)every, factor * (1.0 - others)}, only = {0, 0.5, factor};
  pdlt_status status = PDLT_OK;
  if (ray->lower.rank == 0) return add_ray(d, ray, normal, only, sums, err);
  PDLT_TRY(add_ray(d, ray, normal, whole, sums, err));
  if (index % every == 0) PDLT_TRY(add_ray(d, ray, normal, part, sums, err));
cleanup:
  return status;
}

pdlt_status pdlt_kink_draw(pdlt_kink_drawer *d, size_t index, const double *normal,
                           const pdlt_kink_sums *sums, pdlt_error *err) {
  const pdlt_kink_rays *rays = d->model->rays;
  pdlt_status status = PDLT_OK;
  memset(d->source, 0, source_size(d->model) * sizeof *d->source);
  start(d, normal);
  for (size_t k = 0; k < rays->count; k++) {
    const pdlt_kink_ray *ray = &rays->ray[k];
    for (int mirror = 1; mirror >= -1; mirror -= 2) {
      surround(d, ray, normal, mirror);
      PDLT_TRY(add_both(d, ray, index, normal, sums, err));
    }
  }
  sum_sources(d, sums->source);
  add_cov(d, sums->cov);
cleanup:
  return status;
}
