/* positions_jet.c - see positions_jet.h. */
#include "trainer/measure/positions_jet.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "trainer/network/layer.h"

static size_t larger(size_t x, size_t y) { return x > y ? x : y; }

/* --- memory --- */

static size_t size_of(const pdlt_positions_jet *j, int k) {
  return pdlt_layer_units(&j->net->layer[k]) * j->samples;
}

/* Lends views of the storage, or only counts when it is NULL. Returns the length. */
static size_t lend(pdlt_positions_jet *j, double *storage) {
  const pdlt_network *net = j->net;
  size_t seen = 0, rows = 0, used = 0;
  for (int k = 0; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    seen = larger(seen, pdlt_layer_here(layer) * pdlt_layer_fan(layer) * j->samples);
    rows = larger(rows, pdlt_layer_units(layer) * j->rows);
  }
  const struct {
    double **view;
    size_t count;
  } all[] = {{&j->x, pdlt_layer_units_below(&net->layer[0]) * j->samples},
             {&j->order[0], j->units},
             {&j->order[1], j->units},
             {&j->order[2], j->units},
             {&j->order[3], j->units},
             {&j->work, j->units},
             {&j->more, j->units},
             {&j->seen, seen},
             {&j->dseen, seen},
             {&j->g, rows},
             {&j->dg, rows},
             {&j->delta, rows},
             {&j->ddelta, rows}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (storage != NULL) *all[i].view = storage + used;
    used += all[i].count;
  }
  j->start = j->g;
  return used;
}

pdlt_status pdlt_positions_jet_new(pdlt_positions_jet *out, const pdlt_network *net,
                                   const pdlt_samples *data, size_t samples, size_t rows,
                                   pdlt_error *err) {
  pdlt_positions_jet j = {.net = net, .samples = samples, .rows = rows};
  const size_t channels = net->layer[0].in, P = pdlt_layer_below(&net->layer[0]);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_alloc(&j.at, (size_t)net->depth, sizeof *j.at, err));
  for (int k = 0; k + 1 < net->depth; k++) {
    j.at[k] = j.units;
    j.units += size_of(&j, k);
  }
  PDLT_TRY(pdlt_alloc(&j.storage, lend(&j, NULL), sizeof *j.storage, err));
  lend(&j, j.storage);
  for (size_t p = 0; p < P; p++)
    for (size_t a = 0; a < samples; a++)
      for (size_t i = 0; i < channels; i++)
        j.x[(p * samples + a) * channels + i] = data->x_all[(i * P + p) * data->samples + a];
  *out = j;
  return PDLT_OK;
cleanup:
  pdlt_positions_jet_free(&j);
  return status;
}

void pdlt_positions_jet_free(pdlt_positions_jet *jet) {
  pdlt_free(jet->storage);
  pdlt_free(jet->at);
  *jet = (pdlt_positions_jet){.net = NULL};
}

/* --- forward --- */

/* Layer index k - 1 of an array (U), or the inputs, of which derivatives are none. */
static const double *below(const pdlt_positions_jet *j, const double *array, int k) {
  return k == 0 ? j->x : array + j->at[k - 1];
}

/* z (U) of layer index k += gamma z of the layer below it. */
static void add_skip(const pdlt_positions_jet *j, int k, double *z) {
  if (k > 0) pdlt_layer_add_skip(&j->net->layer[k], j->samples, z + j->at[k - 1], z + j->at[k]);
}

void pdlt_positions_jet_forward(pdlt_positions_jet *j, const double *theta) {
  for (int k = 0; k + 1 < j->net->depth; k++) {
    double *orders[4], *z = j->more + j->at[k];
    for (int o = 0; o < 4; o++) orders[o] = j->order[o] + j->at[k];
    pdlt_layer_forward(&j->net->layer[k], theta, PDLT_BY_SAMPLE, j->samples,
                       below(j, j->order[0], k), z);
    add_skip(j, k, j->more);
    pdlt_activation_jet(&j->net->activation, 3, size_of(j, k), z, orders);
  }
}

/* z += W s below of layer index k > 0, by the weights of an array like theta. */
static void add_product(pdlt_positions_jet *j, int k, const double *weights, const double *s,
                        double *z) {
  pdlt_layer_forward_tangent(&j->net->layer[k], weights, PDLT_BY_SAMPLE, j->samples,
                             s + j->at[k - 1], j->work);
  for (size_t i = 0; i < size_of(j, k); i++) z[i] += j->work[i];
}

void pdlt_positions_jet_first(pdlt_positions_jet *j, const double *theta, const double *v,
                              const pdlt_tangent *out) {
  for (int k = 0; k + 1 < j->net->depth; k++) {
    const size_t at = j->at[k];
    pdlt_layer_forward(&j->net->layer[k], v, PDLT_BY_SAMPLE, j->samples, below(j, j->order[0], k),
                       out->z + at);
    if (k > 0) add_product(j, k, theta, out->s, out->z + at);
    add_skip(j, k, out->z);
    for (size_t i = at; i < at + size_of(j, k); i++) out->s[i] = j->order[1][i] * out->z[i];
  }
}

void pdlt_positions_jet_second(pdlt_positions_jet *j, const double *theta, const double *const v[2],
                               const pdlt_tangent d[2], const pdlt_tangent *out) {
  for (int k = 0; k + 1 < j->net->depth; k++) {
    const size_t at = j->at[k], size = size_of(j, k);
    memset(out->z + at, 0, size * sizeof *out->z);
    if (k > 0) {
      add_product(j, k, theta, out->s, out->z + at);
      add_product(j, k, v[0], d[1].s, out->z + at);
      add_product(j, k, v[1], d[0].s, out->z + at);
    }
    add_skip(j, k, out->z);
    for (size_t i = at; i < at + size; i++)
      out->s[i] = j->order[2][i] * d[0].z[i] * d[1].z[i] + j->order[1][i] * out->z[i];
  }
}

void pdlt_positions_jet_third(pdlt_positions_jet *j, const double *theta, const double *const v[3],
                              const pdlt_tangent d[3], const pdlt_tangent second[3], double *out) {
  double *z = j->more;
  memset(z, 0, j->units * sizeof *z);
  for (int k = 0; k + 1 < j->net->depth; k++) {
    const size_t at = j->at[k];
    if (k > 0) {
      add_product(j, k, theta, out, z + at);
      for (int m = 0; m < 3; m++) add_product(j, k, v[m], second[m].s, z + at);
    }
    add_skip(j, k, z);
    for (size_t i = at; i < at + size_of(j, k); i++) {
      double two = 0;
      for (int m = 0; m < 3; m++) two += second[m].z[i] * d[m].z[i];
      out[i] = j->order[3][i] * d[0].z[i] * d[1].z[i] * d[2].z[i] + j->order[2][i] * two +
               j->order[1][i] * z[i];
    }
  }
}

void pdlt_positions_jet_top(const pdlt_positions_jet *j, const double *s, double *seen) {
  const int top = j->net->depth - 1;
  pdlt_layer_gather(&j->net->layer[top], PDLT_BY_SAMPLE, j->samples, s + j->at[top - 1], seen);
}

/* --- backward --- */

/* out of the parameters of layer index k += sum over positions of delta times what weights see; of the
 * biases when `biases`. */
static void add_gradient(pdlt_positions_jet *j, int k, size_t rows, const double *delta,
                         const double *seen, int biases, double *out) {
  const pdlt_layer *layer = &j->net->layer[k];
  const size_t n = layer->out, fan = pdlt_layer_fan(layer), here = pdlt_layer_here(layer);
  for (size_t r = 0; r < rows; r++) {
    double *row = out + r * j->net->num_params;
    pdlt_gemm(1, 0, n, fan, here, 1.0, delta + r * n, rows * n, seen + r % j->samples * fan,
              j->samples * fan, 1.0, row + layer->weight, fan);
    for (size_t p = 0; p < here && biases; p++)
      for (size_t i = 0; i < n; i++) row[layer->bias + i] += delta[(p * rows + r) * n + i];
  }
}

/* delta = s' g, ddelta = s' dg + s'' dz g of layer index k, and gamma times what they were of the layer
 * above; without d only delta. */
static void through_sigma(pdlt_positions_jet *j, int k, size_t rows, const pdlt_tangent *d) {
  const pdlt_layer *layer = &j->net->layer[k];
  const size_t n = layer->out, S = j->samples;
  const double gamma = layer[1].skip;
  for (size_t p = 0; p < pdlt_layer_here(layer); p++)
    for (size_t r = 0; r < rows; r++)
      for (size_t i = 0; i < n; i++) {
        const size_t at = (p * rows + r) * n + i, unit = j->at[k] + (p * S + r % S) * n + i;
        const double above = gamma * j->delta[at], dabove = gamma * j->ddelta[at];
        j->delta[at] = j->order[1][unit] * j->g[at];
        if (gamma != 0) j->delta[at] += above;
        if (d == NULL) continue;
        j->ddelta[at] = j->order[1][unit] * j->dg[at] + j->order[2][unit] * d->z[unit] * j->g[at];
        if (gamma != 0) j->ddelta[at] += dabove;
      }
}

/* g and dg of the layer below index k. */
static void pull_back(pdlt_positions_jet *j, const double *theta, int k, size_t rows,
                      const double *v) {
  const pdlt_layer *layer = &j->net->layer[k];
  const size_t size = pdlt_layer_units_below(layer) * rows;
  if (v != NULL) {
    pdlt_layer_pull_back(layer, theta, PDLT_BY_SAMPLE, rows, j->ddelta, j->dg);
    pdlt_layer_pull_back(layer, v, PDLT_BY_SAMPLE, rows, j->delta, j->g);
    for (size_t i = 0; i < size; i++) j->dg[i] += j->g[i];
  }
  pdlt_layer_pull_back(layer, theta, PDLT_BY_SAMPLE, rows, j->delta, j->g);
}

void pdlt_positions_jet_reverse(pdlt_positions_jet *j, const double *theta, size_t rows,
                                const double *v, const pdlt_tangent *d, double *out) {
  const int top = j->net->depth - 2;
  memset(out, 0, rows * j->net->num_params * sizeof *out);
  memset(j->dg, 0, pdlt_layer_units(&j->net->layer[top]) * rows * sizeof *j->dg);
  for (int k = top; k >= 0; k--) {
    const pdlt_layer *layer = &j->net->layer[k];
    through_sigma(j, k, rows, d);
    pdlt_layer_gather(layer, PDLT_BY_SAMPLE, j->samples, below(j, j->order[0], k), j->seen);
    add_gradient(j, k, rows, v == NULL ? j->delta : j->ddelta, j->seen, 1, out);
    if (k == 0) break;
    if (v != NULL) {
      pdlt_layer_gather(layer, PDLT_BY_SAMPLE, j->samples, below(j, d->s, k), j->dseen);
      add_gradient(j, k, rows, j->delta, j->dseen, 0, out);
    }
    pull_back(j, theta, k, rows, v);
  }
}
