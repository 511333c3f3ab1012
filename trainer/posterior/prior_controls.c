/* prior_controls.c - see prior_controls.h. */
#include "trainer/posterior/prior_controls.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/small.h"

/* Multi-indices 0 < |k| <= degree of a layer are walked in one order, the last sample fastest. */
typedef struct walk {
  size_t samples;
  int degree, left; /* what may still be added to |k| */
  int index[64];    /* k */
} walk;

enum { MAX_SAMPLES = 64 };

/* The next multi-index after w->index; 0: there is none. From all 0 on. */
static int walk_on(walk *w) {
  for (size_t a = w->samples; a-- > 0;) {
    if (w->left > 0) {
      w->index[a]++;
      w->left--;
      return 1;
    }
    w->left += w->index[a];
    w->index[a] = 0;
  }
  return 0;
}

static walk walk_begin(const pdlt_prior_controls_shape *shape) {
  return (walk){.samples = shape->samples, .degree = shape->degree, .left = shape->degree};
}

/* |k|. */
static int walk_degree(const walk *w) { return w->degree - w->left; }

/* C(D + degree, degree) - 1, in doubles where it may be anything. */
static double averages(size_t samples, int degree) {
  double count = 1;
  for (int k = 1; k <= degree; k++) count *= (double)(samples + (size_t)k) / k;
  return count - 1;
}

/* Averages that are multiplied: |k| = 2, and 1 unless odd. */
static int is_factor(const pdlt_prior_controls_shape *shape, int degree) {
  return degree == 2 || (degree == 1 && !shape->odd);
}

pdlt_prior_controls_shape pdlt_prior_controls_shape_make(const pdlt_experiment *ex,
                                                         size_t samples) {
  pdlt_prior_controls_shape shape = {.samples = samples,
                                     .layers = (size_t)ex->network.depth - 1,
                                     .degree = PDLT_PRIOR_CONTROL_DEGREE,
                                     .odd = pdlt_activation_is_odd(&ex->network.activation)};
  const double layers = (double)shape.layers, most = (double)PDLT_MAX_PRIOR_CONTROLS;
  if (layers * averages(samples, shape.degree) > most) shape.degree = 2;
  if (shape.layers == 0 || samples > MAX_SAMPLES || layers * averages(samples, shape.degree) > most)
    return shape;
  shape.each = (size_t)(averages(samples, shape.degree) + 0.5);
  shape.count = shape.layers * shape.each;
  for (; shape.factors == 0; shape.odd = 1) { /* products of |k| = 2 alone where all are too many */
    const size_t factors = samples * (samples + 1) / 2 + (shape.odd ? 0 : samples);
    const size_t all = factors * shape.layers, products = all * (all + 1) / 2;
    if (shape.count + products <= PDLT_MAX_PRIOR_CONTROLS) {
      shape.factors = factors;
      shape.count += products;
      break;
    }
    if (shape.odd) break;
  }
  return shape;
}

void pdlt_prior_controls_rank(const pdlt_prior_controls_shape *shape, unsigned char *rank) {
  unsigned char degree[PDLT_MAX_PRIOR_CONTROLS];
  size_t next = 0, factors = 0;
  if (shape->count == 0) return;
  for (size_t k = 0; k < shape->layers; k++)
    for (walk w = walk_begin(shape); walk_on(&w);) {
      const int d = walk_degree(&w);
      rank[next++] = d == 2 ? PDLT_PRIOR_CONTROL_SQUARES : PDLT_PRIOR_CONTROL_HIGHER;
      if (shape->factors > 0 && is_factor(shape, d)) degree[factors++] = (unsigned char)d;
    }
  for (size_t i = 0; i < factors; i++)
    for (size_t j = i; j < factors; j++)
      rank[next++] = degree[i] == 2 && degree[j] == 2 ? PDLT_PRIOR_CONTROL_PRODUCTS
                                                      : PDLT_PRIOR_CONTROL_OTHERS;
}

/* Which averages are multiplied. */
static void find_factors(pdlt_prior_controls *c) {
  size_t place = 0, factors = 0;
  for (walk w = walk_begin(&c->shape); factors < c->shape.factors && walk_on(&w); place++)
    if (is_factor(&c->shape, walk_degree(&w))) c->factor[factors++] = place;
}

pdlt_status pdlt_prior_controls_new(pdlt_prior_controls *out,
                                    const pdlt_prior_controls_shape *shape, size_t widest,
                                    pdlt_error *err) {
  const size_t D = shape->samples;
  pdlt_prior_controls c = {.shape = *shape};
  double *next;
  pdlt_status status = PDLT_OK;
  if (shape->count == 0) {
    *out = c;
    return PDLT_OK;
  }
  PDLT_TRY(pdlt_alloc(&c.factor, shape->factors, sizeof *c.factor, err));
  PDLT_TRY(pdlt_alloc(&c.storage,
                      (D * ((size_t)shape->degree + 1) + 1) * widest + shape->layers * shape->each,
                      sizeof *c.storage, err));
  next = c.storage;
  c.hermite = pdlt_take(&next, D * (size_t)shape->degree * widest);
  c.product = pdlt_take(&next, D * widest);
  c.ones = pdlt_take(&next, widest);
  c.value = pdlt_take(&next, shape->layers * shape->each);
  for (size_t j = 0; j < widest; j++) c.ones[j] = 1;
  find_factors(&c);
  *out = c;
  return PDLT_OK;
cleanup:
  pdlt_prior_controls_free(&c);
  return status;
}

void pdlt_prior_controls_free(pdlt_prior_controls *controls) {
  pdlt_free(controls->storage);
  pdlt_free(controls->factor);
  *controls = (pdlt_prior_controls){0};
}

/* He_k(t_a)/sqrt(k!), k = 1 .. degree, of n neurons. */
static void fill_hermite(pdlt_prior_controls *c, size_t n, const double *t) {
  const size_t degree = (size_t)c->shape.degree;
  for (size_t a = 0; a < c->shape.samples; a++) {
    const double *x = t + a * n;
    double *out = c->hermite + a * degree * n;
    memcpy(out, x, n * sizeof *out);
    for (size_t k = 2; k <= degree; k++) {
      const double *now = out + (k - 2) * n, *before = k > 2 ? now - n : c->ones;
      const double scale = 1 / sqrt((double)k), drop = sqrt((double)(k - 1)) * scale;
      for (size_t j = 0; j < n; j++)
        out[(k - 1) * n + j] = scale * x[j] * now[j] - drop * before[j];
    }
  }
}

/* Averages of all multi-indices whose k before sample a is that of `product` (n; NULL: all 0), from *value
 * on, in the order of walk_on: with k_a = 0, 1, .., and everything after it. `left` may be added. */
static double *average(pdlt_prior_controls *c, size_t a, int left, size_t n, const double *product,
                       double *value) {
  const pdlt_small_set *small = pdlt_small_best();
  const size_t D = c->shape.samples, degree = (size_t)c->shape.degree;
  double *mine = c->product + a * n;
  for (int k = 0; k <= left; k++) {
    const double *factor = c->hermite + (a * degree + (size_t)(k > 0 ? k - 1 : 0)) * n;
    const double *here = k == 0 ? product : product == NULL ? factor : mine;
    if (a + 1 == D) {
      if (here == NULL) continue; /* k = 0 everywhere */
      const double *other = k > 0 && product != NULL ? product : c->ones;
      *value++ = small->dot(n, k > 0 ? factor : product, other) / (double)n;
      continue;
    }
    if (k > 0 && product != NULL) small->multiply(n, product, factor, mine);
    value = average(c, a + 1, left - k, n, here, value);
  }
  return value;
}

void pdlt_prior_controls_layer(pdlt_prior_controls *c, size_t k, size_t n, const double *t) {
  fill_hermite(c, n, t);
  average(c, 0, c->shape.degree, n, NULL, c->value + k * c->shape.each);
}

void pdlt_prior_controls_add(const pdlt_prior_controls *c, const size_t *width, double *sum) {
  const pdlt_prior_controls_shape *shape = &c->shape;
  const size_t linear = shape->layers * shape->each, factors = shape->layers * shape->factors;
  for (size_t i = 0; i < linear; i++) sum[i] += c->value[i];
  sum += linear;
  for (size_t i = 0; i < factors; i++) {
    const size_t layer = i / shape->factors;
    const double x = c->value[layer * shape->each + c->factor[i % shape->factors]];
    for (size_t j = i; j < factors; j++) {
      const double *of = c->value + j / shape->factors * shape->each;
      *sum++ += x * of[c->factor[j % shape->factors]] - (i == j ? 1 / (double)width[layer] : 0);
    }
  }
}
