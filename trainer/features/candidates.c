/* candidates.c - see candidates.h. */
#include "trainer/features/candidates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/features/leading.h"
#include "trainer/features/scores.h"
#include "trainer/network/draws.h"

static const struct {
  const char *name, *text;
} kinds[PDLT_CANDIDATES_COUNT] = {
#define PDLT_CANDIDATES_ROW(id, name, text) {name, text},
    PDLT_CANDIDATES_LIST(PDLT_CANDIDATES_ROW)
#undef PDLT_CANDIDATES_ROW
};
enum { OF_A_LAYER = PDLT_CANDIDATES_COUNT - PDLT_CANDIDATES_OF_LAYERS };

size_t pdlt_candidates_lists(int depth) {
  return PDLT_CANDIDATES_OF_LAYERS + (size_t)(depth - 1) * OF_A_LAYER;
}

pdlt_candidates pdlt_candidates_of(size_t list) {
  pdlt_candidates c = {.kind = (pdlt_candidates_kind)list};
  if (list >= PDLT_CANDIDATES_OF_LAYERS) {
    const size_t in = list - PDLT_CANDIDATES_OF_LAYERS;
    c.kind = (pdlt_candidates_kind)(PDLT_CANDIDATES_OF_LAYERS + in % OF_A_LAYER);
    c.layer = (int)(in / OF_A_LAYER) + 1;
  }
  c.text = kinds[c.kind].text;
  if (c.layer > 0)
    snprintf(c.name, sizeof c.name, "%s/layer%d", kinds[c.kind].name, c.layer);
  else
    snprintf(c.name, sizeof c.name, "%s", kinds[c.kind].name);
  return c;
}

/* A list in the making. */
typedef struct making {
  pdlt_learned *t;
  size_t D, most, count;
  double *u; /* (most, D) */
} making;

static pdlt_rng stream(const making *m, uint64_t number) {
  return (pdlt_rng){.seed = m->t->ex->ensemble.seed,
                    .width = m->t->net->width,
                    .member = m->t->member,
                    .stream = number};
}

static size_t fewer(size_t a, size_t b) { return a < b ? a : b; }

/* --- Orders --- */

/* A number and what it belongs to. */
typedef struct ranked {
  double size;
  size_t of;
} ranked;

static int by_size(const void *first, const void *second) {
  const ranked *a = first, *b = second;
  if (a->size > b->size || a->size < b->size) return a->size > b->size ? -1 : 1;
  return a->of < b->of ? -1 : 1; /* no two are equal: the order is one */
}

static double deviation(size_t D, const double *x) {
  double mean = 0, sum = 0;
  for (size_t a = 0; a < D; a++) mean += x[a] / (double)D;
  for (size_t a = 0; a < D; a++) sum += (x[a] - mean) * (x[a] - mean) / (double)D;
  return sqrt(sum);
}

/* --- Kinds --- */

/* Leading eigenfunctions of a kernel of the network. */
static void eigenfunctions(making *m, pdlt_functions k) {
  m->count = fewer(m->most, pdlt_leading_rank(m->D, m->t->values[k]));
  memcpy(m->u, m->t->functions[k], m->count * m->D * sizeof *m->u);
}

static pdlt_status rotated(making *m, pdlt_error *err) {
  const pdlt_rng rng = stream(m, PDLT_STREAM_ROTATION);
  m->count = fewer(m->most, pdlt_leading_rank(m->D, m->t->values[PDLT_FUNCTIONS_K_E]));
  return pdlt_functions_rotate(&rng, m->count, m->D, m->t->functions[PDLT_FUNCTIONS_K_E], m->u,
                               err);
}

/* sum_a sqrt(theta_a) g_a u_a with normal g: w.phi^E for a normal w. */
static pdlt_status random_features(making *m, pdlt_error *err) {
  const double *values = m->t->values[PDLT_FUNCTIONS_K_E];
  const pdlt_rng rng = stream(m, PDLT_STREAM_FEATURES);
  double *g = NULL;
  const pdlt_status status = pdlt_alloc(&g, m->most * m->D, sizeof *g, err);
  if (status != PDLT_OK) return status;
  m->count = m->most;
  pdlt_rng_normal(&rng, m->count * m->D, g);
  for (size_t i = 0; i < m->count * m->D; i++) g[i] *= sqrt(fmax(values[i % m->D], 0));
  pdlt_gemm(0, 0, m->count, m->D, m->D, 1.0, g, m->D, m->t->functions[PDLT_FUNCTIONS_K_E], m->D,
            0.0, m->u, m->D);
  pdlt_free(g);
  return PDLT_OK;
}

/* Principal components of rows (n, D). */
static pdlt_status principal(making *m, size_t n, const double *rows, pdlt_error *err) {
  const size_t D = m->D;
  double *work = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&work, 2 * D * D + D, sizeof *work, err));
  double *gram = work, *functions = gram + D * D, *values = functions + D * D;
  pdlt_syrk(1, D, n, 1.0, rows, D, 0.0, gram, D);
  PDLT_TRY(pdlt_leading(D, gram, values, functions, err));
  m->count = fewer(m->most, pdlt_leading_rank(D, values));
  memcpy(m->u, functions, m->count * D * sizeof *m->u);
cleanup:
  pdlt_free(work);
  return status;
}

/* The parameters with the largest |theta_mu(t) - theta_mu(0)| std(dz_i/dtheta_mu), each with the output i
 * whose derivative varies most. */
static pdlt_status weights(making *m, pdlt_error *err) {
  pdlt_learned *t = m->t;
  const size_t params = t->net->num_params, outputs = t->data->outputs;
  double *spread = NULL;
  ranked *order = NULL;
  size_t *output = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&spread, params, sizeof *spread, err));
  PDLT_TRY(pdlt_alloc(&order, params, sizeof *order, err));
  PDLT_TRY(pdlt_alloc(&output, params, sizeof *output, err));
  for (size_t mu = 0; mu < params; mu++) order[mu] = (ranked){0, mu};
  for (size_t i = 0; i < outputs; i++) {
    pdlt_gradient_output(&t->gradient, i);
    pdlt_gradient_spread(&t->gradient, spread);
    for (size_t mu = 0; mu < params; mu++) {
      const double size = fabs(t->theta[1][mu] - t->theta[0][mu]) * spread[mu];
      if (size <= order[mu].size) continue;
      order[mu].size = size;
      output[mu] = i;
    }
  }
  qsort(order, params, sizeof *order, by_size);
  m->count = fewer(m->most, params);
  for (size_t i = 0; i < outputs; i++) {
    pdlt_gradient_output(&t->gradient, i);
    for (size_t k = 0; k < m->count; k++)
      if (output[order[k].of] == i)
        pdlt_gradient_parameter(&t->gradient, order[k].of, m->u + k * m->D);
  }
cleanup:
  pdlt_free(output);
  pdlt_free(order);
  pdlt_free(spread);
  return status;
}

/* |weights to the layer above| of neuron j of hidden layer l. */
static double outgoing(const pdlt_learned *t, int l, size_t j) {
  const pdlt_layer *above = &t->net->layer[l];
  double sum = 0;
  for (size_t m = 0; m < above->out; m++) {
    const double w = t->theta[1][above->weight + m * above->in + j];
    sum += w * w;
  }
  return sqrt(sum);
}

/* Of the neurons of hidden layer l by |outgoing weights| std(activation), the rows of `rows` (n_l, D). */
static pdlt_status neurons(making *m, int l, const double *rows, pdlt_error *err) {
  const size_t n = m->t->net->layer[l].in;
  const double *s = m->t->gradient.s[l];
  ranked *order = NULL;
  const pdlt_status status = pdlt_alloc(&order, n, sizeof *order, err);
  if (status != PDLT_OK) return status;
  for (size_t j = 0; j < n; j++)
    order[j] = (ranked){outgoing(m->t, l, j) * deviation(m->D, s + j * m->D), j};
  qsort(order, n, sizeof *order, by_size);
  m->count = fewer(m->most, n);
  for (size_t k = 0; k < m->count; k++)
    memcpy(m->u + k * m->D, rows + order[k].of * m->D, m->D * sizeof *m->u);
  pdlt_free(order);
  return PDLT_OK;
}

/* Normal combinations of the activations of hidden layer l. */
static pdlt_status directions(making *m, int l, pdlt_error *err) {
  const size_t n = m->t->net->layer[l].in;
  const pdlt_rng rng = stream(m, PDLT_STREAM_LAYER + (uint64_t)l);
  double *g = NULL;
  const pdlt_status status = pdlt_alloc(&g, m->most * n, sizeof *g, err);
  if (status != PDLT_OK) return status;
  m->count = m->most;
  pdlt_rng_normal(&rng, m->count * n, g);
  pdlt_gemm(0, 0, m->count, m->D, n, 1.0, g, n, m->t->gradient.s[l], m->D, 0.0, m->u, m->D);
  pdlt_free(g);
  return PDLT_OK;
}

static pdlt_status fill(making *m, const pdlt_candidates *c, pdlt_error *err) {
  const pdlt_learned *t = m->t;
  switch (c->kind) {
    case PDLT_CANDIDATES_K:
      eigenfunctions(m, PDLT_FUNCTIONS_K);
      return PDLT_OK;
    case PDLT_CANDIDATES_K_E:
      eigenfunctions(m, PDLT_FUNCTIONS_K_E);
      return PDLT_OK;
    case PDLT_CANDIDATES_CHANGE:
      eigenfunctions(m, PDLT_FUNCTIONS_CHANGE);
      return PDLT_OK;
    case PDLT_CANDIDATES_ROTATED:
      return rotated(m, err);
    case PDLT_CANDIDATES_FEATURES:
      return random_features(m, err);
    case PDLT_CANDIDATES_WEIGHTS:
      return weights(m, err);
    case PDLT_CANDIDATES_INPUTS:
      return principal(m, t->data->inputs, t->data->x_all, err);
    case PDLT_CANDIDATES_OUTPUTS:
      return principal(m, t->data->outputs, t->z[1], err);
    case PDLT_CANDIDATES_NEURONS:
      return neurons(m, c->layer, t->gradient.s[c->layer], err);
    case PDLT_CANDIDATES_PREACTIVATIONS:
      return neurons(m, c->layer, t->gradient.z[c->layer - 1], err);
    case PDLT_CANDIDATES_PCA:
      return principal(m, t->net->layer[c->layer].in, t->gradient.s[c->layer], err);
    case PDLT_CANDIDATES_DIRECTIONS:
      return directions(m, c->layer, err);
    case PDLT_CANDIDATES_COUNT:
      break;
  }
  return PDLT_OK;
}

pdlt_status pdlt_candidates_make(pdlt_learned *t, size_t list, size_t most, double *u,
                                 size_t *count, pdlt_error *err) {
  making m = {.t = t, .D = t->data->samples, .most = most, .u = u};
  const pdlt_candidates c = pdlt_candidates_of(list);
  const pdlt_status status = fill(&m, &c, err);
  if (status != PDLT_OK) return status;
  pdlt_functions_normalize(m.count, m.D, u);
  *count = m.count;
  return PDLT_OK;
}
