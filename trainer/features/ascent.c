/* ascent.c - see ascent.h. */
#include "trainer/features/ascent.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"

enum { MOST_STEPS = 400 };
#define FIRST_ANGLE 0.2
#define LARGEST_ANGLE 1.0
#define SMALLEST_ANGLE 1e-6

/* All starts side by side; arrays (n_0, starts) like inputs. */
typedef struct climb {
  pdlt_function *f;
  size_t inputs, starts;
  double sign, radius;
  double *x, *du, *u;           /* where each is, (starts) u */
  double *next, *dnext, *unext; /* where it may go */
  double *angle;                /* (starts) */
} climb;

/* Column b of a at length `length`; 0 where it is 0. Returns the length that it had. */
static double rescale(const climb *c, double *a, size_t b, double length) {
  double sum = 0;
  for (size_t k = 0; k < c->inputs; k++) sum += a[k * c->starts + b] * a[k * c->starts + b];
  const double before = sqrt(sum), factor = before > 0 ? length / before : 0;
  for (size_t k = 0; k < c->inputs; k++) a[k * c->starts + b] *= factor;
  return before;
}

static double product(const climb *c, const double *a, const double *b, size_t at, size_t bt) {
  double sum = 0;
  for (size_t k = 0; k < c->inputs; k++) sum += a[k * c->starts + at] * b[k * c->starts + bt];
  return sum;
}

/* Proposal of start b: along the great circle through x in the direction of the gradient. */
static void propose(climb *c, size_t b) {
  const double radial = product(c, c->x, c->du, b, b) / (c->radius * c->radius);
  for (size_t k = 0; k < c->inputs; k++) {
    const size_t i = k * c->starts + b;
    c->next[i] = c->sign * (c->du[i] - radial * c->x[i]);
  }
  rescale(c, c->next, b, c->radius);
  for (size_t k = 0; k < c->inputs; k++) {
    const size_t i = k * c->starts + b;
    c->next[i] = cos(c->angle[b]) * c->x[i] + sin(c->angle[b]) * c->next[i];
  }
  rescale(c, c->next, b, c->radius);
}

static void accept(climb *c, size_t b) {
  for (size_t k = 0; k < c->inputs; k++) {
    const size_t i = k * c->starts + b;
    c->x[i] = c->next[i];
    c->du[i] = c->dnext[i];
  }
  c->u[b] = c->unext[b];
}

/* One step of all starts; 0 when none has an angle left. */
static int step(climb *c) {
  int moving = 0;
  for (size_t b = 0; b < c->starts; b++) propose(c, b);
  pdlt_function_evaluate(c->f, c->starts, c->next, c->unext, c->dnext);
  for (size_t b = 0; b < c->starts; b++) {
    if (c->sign * c->unext[b] > c->sign * c->u[b]) {
      accept(c, b);
      c->angle[b] = fmin(2 * c->angle[b], LARGEST_ANGLE);
    } else {
      c->angle[b] *= 0.25;
    }
    moving |= c->angle[b] > SMALLEST_ANGLE;
  }
  return moving;
}

static void begin(climb *c, const pdlt_rng *rng) {
  pdlt_rng_normal(rng, c->inputs * c->starts, c->x);
  for (size_t b = 0; b < c->starts; b++) {
    if (rescale(c, c->x, b, c->radius) <= 0) c->x[b] = c->radius;
    c->angle[b] = FIRST_ANGLE;
  }
  pdlt_function_evaluate(c->f, c->starts, c->x, c->u, c->du);
}

static void finish(const climb *c, double *x, pdlt_ascent_result *out) {
  size_t best = 0, agree = 0;
  for (size_t b = 1; b < c->starts; b++)
    if (c->sign * c->u[b] > c->sign * c->u[best]) best = b;
  for (size_t b = 0; b < c->starts; b++)
    agree += product(c, c->x, c->x, b, best) >= PDLT_ASCENT_AGREE * c->radius * c->radius;
  for (size_t k = 0; k < c->inputs; k++) x[k] = c->x[k * c->starts + best];
  out->value = c->u[best];
  out->agree = (double)agree / (double)c->starts;
}

pdlt_status pdlt_ascent(pdlt_function *f, const pdlt_ascent_settings *settings, double sign,
                        double *x, pdlt_ascent_result *out, pdlt_error *err) {
  climb c = {.f = f,
             .inputs = f->net->layer[0].in,
             .starts = settings->starts,
             .sign = sign,
             .radius = settings->radius};
  const size_t count = c.inputs * c.starts;
  double *storage = NULL;
  const pdlt_status status = pdlt_alloc(&storage, 4 * count + 3 * c.starts, sizeof *storage, err);
  if (status != PDLT_OK) return status;
  double *next = storage;
  c.x = pdlt_take(&next, count);
  c.du = pdlt_take(&next, count);
  c.next = pdlt_take(&next, count);
  c.dnext = pdlt_take(&next, count);
  c.u = pdlt_take(&next, c.starts);
  c.unext = pdlt_take(&next, c.starts);
  c.angle = pdlt_take(&next, c.starts);
  begin(&c, &settings->rng);
  for (int k = 0; k < MOST_STEPS && step(&c); k++) continue;
  finish(&c, x, out);
  pdlt_free(storage);
  return PDLT_OK;
}
