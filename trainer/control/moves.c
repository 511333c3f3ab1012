/* moves.c - see moves.h. */
#include "trainer/control/moves.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/rows.h"
#include "base/vector/small.h"
#include "trainer/control/bundle_internal.h"

/* --- memory --- */

static size_t take_all(pdlt_moves *m, double *block) {
  const pdlt_network *net = m->bundle->net;
  const size_t D = m->bundle->data->samples, A = m->bundle->data->train;
  pdlt_bundle_memory memory = {.block = block};
  for (int k = 1; k + 1 < net->depth; k++) {
    const size_t out = net->layer[k].out, in = net->layer[k].in;
    const size_t wide = pdlt_bundle_padded(in), high = pdlt_bundle_padded(out);
    m->own[k] = pdlt_bundle_take(&memory, out * wide);
    m->own_across[k] = pdlt_bundle_take(&memory, in * high);
    m->signal[k] = pdlt_bundle_take(&memory, m->moving * m->rank * wide);
    m->push[k] = pdlt_bundle_take(&memory, m->moving * (1 + m->rank) * high);
  }
  m->now.bodies = m->now.heads = m->moving;
  pdlt_bundle_take_point(m->bundle, &m->now, m->rank, &memory);
  for (int i = 0; i < 2; i++) {
    m->z1_state[i] =
        pdlt_bundle_take(&memory, m->moving * D * pdlt_bundle_padded(net->layer[0].out));
    m->last_state[i] = pdlt_bundle_take(&memory, m->moving * pdlt_bundle_last(net));
  }
  m->minus_h = pdlt_bundle_take(&memory, D * A);
  m->gathered = pdlt_bundle_take(&memory, A * pdlt_bundle_padded(net->max_width));
  return memory.total;
}

enum { LISTS = 8 };

static void take_lists(pdlt_moves *m) {
  const size_t L = (size_t)m->bundle->net->depth;
  double ***const list[LISTS] = {&m->own,   &m->own_across, &m->signal,    &m->push,
                                 &m->now.s, &m->now.ds,     &m->now.delta, &m->now.h};
  for (size_t i = 0; i < LISTS; i++) *list[i] = m->lists + i * L;
}

/* Rows of a product that fill the registers and leave the caches to the weights. */
enum { ROWS = 64 };

pdlt_status pdlt_moves_new(pdlt_moves *out, const pdlt_bundle *bundle, size_t nodes,
                           pdlt_error *err) {
  pdlt_moves m = {.bundle = bundle, .nodes = nodes};
  const size_t D = bundle->data->samples, A = bundle->data->train, most = ROWS / D;
  pdlt_status status = PDLT_OK;
  m.moving = 2 * bundle->heads < most ? 2 * bundle->heads : most > 0 ? most : 1;
  while (m.nodes > 0 && pdlt_moves_own(&m, m.nodes, 0)) m.nodes--;
  m.rank = (m.nodes > 0 ? m.nodes : 1) * A;
  PDLT_TRY(pdlt_alloc(&m.lists, LISTS * (size_t)bundle->net->depth, sizeof *m.lists, err));
  take_lists(&m);
  PDLT_TRY(pdlt_alloc(&m.storage, take_all(&m, NULL), sizeof *m.storage, err));
  take_all(&m, m.storage);
  for (size_t i = 0; i < D * D; i++)
    if (i % D < A) m.minus_h[i / D * A + i % D] = -bundle->h1[i];
  *out = m;
  return PDLT_OK;
cleanup:
  pdlt_moves_free(&m);
  return status;
}

void pdlt_moves_free(pdlt_moves *moves) {
  pdlt_free(moves->storage);
  pdlt_free(moves->lists);
  *moves = (pdlt_moves){0};
}

/* --- moves or weights --- */

pdlt_moves_flops pdlt_moves_count(const pdlt_network *net, const pdlt_samples *data, size_t nodes,
                                  int middle) {
  const double A = (double)data->train, J = (double)nodes, more = middle ? 1 : 0;
  const double rows = (double)data->samples * (1 + (double)data->outputs);
  double kept = 0, updated = 0; /* of one move, in one evaluation; of one move that stays */
  for (int k = 1; k + 1 < net->depth; k++) {
    const double in = (double)net->layer[k].in, out = (double)net->layer[k].out;
    kept += 2 * A * rows * (in + out);
    updated += 4 * A * in * out;
  }
  pdlt_moves_flops flops = {.kept = (1 + more) * J * (J + 1) / 2 * kept,
                            .owned = J * (updated + more * kept)};
  flops.own = flops.kept > flops.owned;
  return flops;
}

int pdlt_moves_own(const pdlt_moves *m, size_t nodes, int middle) {
  return nodes > m->nodes || pdlt_moves_count(m->bundle->net, m->bundle->data, nodes, middle).own;
}

/* --- the networks --- */

/* Biases, and own weights, of layer index k as drawn. */
static void start_layer(pdlt_moves *m, int k) {
  const pdlt_bundle *b = m->bundle;
  const pdlt_layer *layer = &b->net->layer[k];
  const size_t wide = pdlt_bundle_padded(layer->in), high = pdlt_bundle_padded(layer->out);
  for (size_t r = 0; r < m->count; r++)
    memcpy(m->push[k] + r * (1 + m->rank) * high, b->bias[k], high * sizeof *b->bias[k]);
  if (!m->owned) return;
  memcpy(m->own[k], b->weight[k], layer->out * wide * sizeof *m->own[k]);
  memcpy(m->own_across[k], b->across[k], layer->in * high * sizeof *m->own_across[k]);
}

void pdlt_moves_start(pdlt_moves *m, size_t first, size_t count, int owned) {
  const pdlt_bundle *b = m->bundle;
  const size_t n_1 = b->data->samples * pdlt_bundle_padded(b->net->layer[0].out);
  const size_t last = pdlt_bundle_last(b->net);
  m->at = &b->draw;
  m->first = first;
  m->count = count;
  m->owned = owned;
  m->stayed = m->held = 0;
  for (size_t r = 0; r < count; r++) {
    const double sign = (first + r) % 2 == 0 ? 1 : -1, *from = b->last + (first + r) / 2 * last;
    memcpy(m->z1_state[0] + r * n_1, b->z1, n_1 * sizeof *b->z1);
    for (size_t i = 0; i < last; i++) m->last_state[0][r * last + i] = sign * from[i];
  }
  for (int k = 1; k + 1 < b->net->depth; k++) start_layer(m, k);
}

/* --- a move --- */

/* Row of s of layer index k, of delta of output i, of network r at sample a. */
static const double *signal_of(const pdlt_moves *m, int k, size_t r, size_t a) {
  const size_t body = m->at->bodies == 1 ? 0 : r;
  const size_t n = pdlt_bundle_padded(m->bundle->net->layer[k].out);
  return m->at->s[k] + (body * m->at->samples + a) * n;
}

static const double *delta_of(const pdlt_moves *m, int k, size_t r, size_t i, size_t a) {
  const size_t head = m->at == &m->bundle->draw ? (m->first + r) / 2 : r;
  const size_t n = pdlt_bundle_padded(m->bundle->net->layer[k].out);
  return m->at->delta[k] + ((head * m->bundle->data->outputs + i) * m->at->samples + a) * n;
}

/* to (N_A, n) = sum_i delta_ia push_ia of layer index k below the last. */
static void gather(const pdlt_moves *m, int k, size_t r, const double *push, double *to) {
  const size_t A = m->bundle->data->train, n_L = m->bundle->data->outputs;
  const size_t n = pdlt_bundle_padded(m->bundle->net->layer[k].out);
  const double sign = m->at == &m->bundle->draw && (m->first + r) % 2 == 1 ? -1 : 1;
  for (size_t a = 0; a < A; a++) {
    for (size_t i = 0; i < n_L; i++) m->now.coefficient[i] = sign * push[i * A + a];
    pdlt_small_best()->product(1, n, n_L, m->now.coefficient, n_L, delta_of(m, k, r, 0, a),
                               m->at->samples * n, to + a * n, n);
  }
}

/* The last layer and the preactivations of layer 1 of network r, in the state `to`. */
static void move_ends(pdlt_moves *m, size_t r, const double *push, int to) {
  const pdlt_network *net = m->bundle->net;
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const pdlt_samples *data = m->bundle->data;
  const size_t D = data->samples, A = data->train, size = pdlt_bundle_last(net);
  const size_t n_1 = pdlt_bundle_padded(net->layer[0].out), n = pdlt_bundle_padded(top->in);
  const double rate = pdlt_layer_rate(top);
  double *last = m->last_state[to] + r * size, *z1 = m->z1_state[to] + r * D * n_1;
  if (to == 1) {
    memcpy(last, m->last_state[0] + r * size, size * sizeof *last);
    memcpy(z1, m->z1_state[0] + r * D * n_1, D * n_1 * sizeof *z1);
  }
  for (size_t i = 0; i < top->out * A; i++) {
    m->now.coefficient[i] = -rate * push[i];
    last[pdlt_bundle_bias(net) + i / A] -= top->lambda_b * push[i];
  }
  pdlt_small_best()->add_product(top->out, top->in, A, m->now.coefficient, A,
                                 signal_of(m, net->depth - 2, r, 0), n, last, n);
  gather(m, 0, r, push, m->gathered);
  pdlt_small_best()->add_product(D, n_1, A, m->minus_h, A, m->gathered, n_1, z1, n_1);
}

/* W, W^T and b of layer index k of the one network take the move behind the ones that stay. */
static void update(pdlt_moves *m, int k) {
  const pdlt_layer *layer = &m->bundle->net->layer[k];
  const size_t A = m->bundle->data->train, wide = pdlt_bundle_padded(layer->in);
  const size_t high = pdlt_bundle_padded(layer->out);
  const double rate = pdlt_layer_rate(layer);
  const double *signal = m->signal[k], *push = m->push[k] + high;
  pdlt_gemm(1, 0, layer->out, wide, A, -rate, push, high, signal, wide, 1.0, m->own[k], wide);
  pdlt_gemm(1, 0, layer->in, high, A, -rate, signal, wide, push, high, 1.0, m->own_across[k], high);
  for (size_t a = 0; a < A; a++) pdlt_row_add(high, -layer->lambda_b, push + a * high, m->push[k]);
}

void pdlt_moves_add(pdlt_moves *m, const double *push, int stay) {
  const pdlt_network *net = m->bundle->net;
  const size_t A = m->bundle->data->train, n_L = m->bundle->data->outputs;
  for (size_t r = 0; r < m->count; r++, push += n_L * A) {
    for (int k = 1; k + 1 < net->depth; k++) {
      const size_t in = net->layer[k].in, wide = pdlt_bundle_padded(in);
      const size_t high = pdlt_bundle_padded(net->layer[k].out);
      double *signal = m->signal[k] + (r * m->rank + m->stayed) * wide;
      for (size_t a = 0; a < A; a++)
        memcpy(signal + a * wide, signal_of(m, k - 1, r, a), in * sizeof *signal);
      gather(m, k, r, push, m->push[k] + (r * (1 + m->rank) + 1 + m->stayed) * high);
    }
    move_ends(m, r, push, !stay);
  }
  m->tried = !stay;
  m->held = m->stayed + A;
  if (!stay) return;
  if (m->owned) {
    for (int k = 1; k + 1 < net->depth; k++) update(m, k);
    m->held = 0;
  }
  m->stayed = m->held;
}

void pdlt_moves_evaluate(pdlt_moves *m, size_t samples) {
  const pdlt_bundle *b = m->bundle;
  const pdlt_bundle_source source = {.weight = m->owned ? m->own : b->weight,
                                     .across = m->owned ? m->own_across : b->across,
                                     .push = m->push,
                                     .signal = m->signal,
                                     .rank = m->rank,
                                     .held = m->held,
                                     .z1 = m->z1_state[m->tried],
                                     .last = m->last_state[m->tried]};
  m->now.bodies = m->now.heads = m->count;
  m->now.samples = samples;
  pdlt_bundle_evaluate(b, &source, &m->now);
  m->at = &m->now;
}
