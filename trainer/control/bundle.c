/* bundle.c - see bundle.h. */
#include "trainer/control/bundle.h"

#include <string.h>

#include "base/core/memory.h"
#include "base/vector/linalg.h"
#include "base/vector/rows.h"
#include "base/vector/small.h"
#include "trainer/control/bundle_internal.h"

/* --- memory --- */

/* Pointers of all lists, in this order. */
enum { LISTS = 15 };

static void take_lists(pdlt_bundle *b, double **lists) {
  const size_t L = (size_t)b->net->depth;
  double ***const list[LISTS] = {&b->weight, &b->across, &b->own,       &b->own_across, &b->signal,
                                 &b->push,   &b->draw.s, &b->draw.ds,   &b->draw.delta, &b->draw.h,
                                 &b->now.s,  &b->now.ds, &b->now.delta, &b->now.h,      &b->bias};
  b->lists = lists;
  for (size_t i = 0; i < LISTS; i++) *list[i] = lists + i * L;
}

/* Views of one block, from *next on; only counted where *next is NULL. */
static double *view(double **next, size_t *total, size_t count) {
  double *from = *next == NULL ? NULL : *next + *total;
  *total += pdlt_bundle_padded(count);
  return from;
}

static void take_point(const pdlt_bundle *b, pdlt_bundle_point *p, size_t bodies, size_t heads,
                       double **next, size_t *total) {
  const size_t D = b->data->samples, n_L = b->data->outputs;
  for (int k = 0; k < b->net->depth; k++) {
    const size_t rows = k + 1 < b->net->depth ? pdlt_bundle_padded(b->net->layer[k].out) : 0;
    p->s[k] = view(next, total, bodies * D * rows);
    p->ds[k] = view(next, total, bodies * D * rows);
    p->delta[k] = view(next, total, heads * n_L * D * rows);
    p->h[k] = k == 0 ? b->draw.h[0] : view(next, total, bodies * D * D);
  }
  p->z = view(next, total, heads * n_L * D);
  p->ntk = view(next, total, heads * n_L * D * n_L * D);
}

static size_t take_all(pdlt_bundle *b, double *block) {
  const pdlt_network *net = b->net;
  const size_t D = b->data->samples, A = b->data->train, q = b->data->outputs * D;
  const size_t n_1 = pdlt_bundle_padded(net->layer[0].out), last = pdlt_bundle_last(net);
  double *base = block, **next = &base;
  size_t total = 0;
  for (int k = 1; k + 1 < net->depth; k++) {
    const size_t out = net->layer[k].out, in = net->layer[k].in;
    const size_t wide = pdlt_bundle_padded(in), high = pdlt_bundle_padded(out);
    b->weight[k] = view(next, &total, out * wide);
    b->across[k] = view(next, &total, in * high);
    b->own[k] = view(next, &total, out * wide);
    b->own_across[k] = view(next, &total, in * high);
    b->signal[k] = view(next, &total, b->moving * b->rank * wide);
    b->push[k] = view(next, &total, b->moving * (1 + b->rank) * high);
    b->bias[k] = view(next, &total, high);
  }
  b->draw.h[0] = view(next, &total, D * D);
  take_point(b, &b->draw, 1, b->heads, next, &total);
  take_point(b, &b->now, b->moving, b->moving, next, &total);
  b->last = view(next, &total, b->heads * last);
  b->z1 = view(next, &total, D * n_1);
  for (int i = 0; i < 2; i++) {
    b->z1_state[i] = view(next, &total, b->moving * D * n_1);
    b->last_state[i] = view(next, &total, b->moving * last);
  }
  b->coefficient = view(next, &total, q * (1 + b->rank));
  b->gram = view(next, &total, q * q);
  b->minus_h = view(next, &total, D * A);
  b->gathered = view(next, &total, A * pdlt_bundle_padded(net->max_width));
  return total;
}

/* Rows of a product that fill the registers and leave the caches to the weights. */
enum { ROWS = 64 };

pdlt_status pdlt_bundle_new(pdlt_bundle *out, const pdlt_network *net, const pdlt_samples *data,
                            size_t heads, size_t nodes, pdlt_error *err) {
  pdlt_bundle b = {.net = net, .data = data, .heads = heads};
  const size_t most = ROWS / data->samples;
  double **lists = NULL;
  pdlt_status status = PDLT_OK;
  b.moving = 2 * heads < most ? 2 * heads : most > 0 ? most : 1;
  b.nodes = nodes;
  while (b.nodes > 0 && pdlt_bundle_owns(&b, b.nodes, 0)) b.nodes--;
  b.rank = (b.nodes > 0 ? b.nodes : 1) * data->train;
  PDLT_TRY(pdlt_alloc(&lists, LISTS * (size_t)net->depth, sizeof *lists, err));
  take_lists(&b, lists);
  PDLT_TRY(pdlt_alloc(&b.storage, take_all(&b, NULL), sizeof *b.storage, err));
  take_all(&b, b.storage);
  const pdlt_layer *first = &net->layer[0];
  const size_t D = data->samples;
  pdlt_syrk(1, D, first->in, first->lambda_W / (double)first->in, data->x_all, D, 0.0, b.draw.h[0],
            D);
  for (size_t i = 0; i < D * D; i++) {
    b.draw.h[0][i] += first->lambda_b;
    if (i % D < data->train) b.minus_h[i / D * data->train + i % D] = -b.draw.h[0][i];
  }
  *out = b;
  return PDLT_OK;
cleanup:
  pdlt_free(lists);
  return status;
}

void pdlt_bundle_free(pdlt_bundle *bundle) {
  pdlt_free(bundle->storage);
  pdlt_free(bundle->lists);
  *bundle = (pdlt_bundle){0};
}

double pdlt_bundle_move_flops(const pdlt_network *net, const pdlt_samples *data, size_t nodes,
                              int middle, int owned) {
  const double A = (double)data->train, J = (double)nodes, more = middle ? 1 : 0;
  const double rows = (double)data->samples * (1 + (double)data->outputs);
  double kept = 0, updated = 0; /* of one move, in one evaluation; of one move that stays */
  for (int k = 1; k + 1 < net->depth; k++) {
    const double in = (double)net->layer[k].in, out = (double)net->layer[k].out;
    kept += 2 * A * rows * (in + out);
    updated += 4 * A * in * out;
  }
  return owned ? J * (updated + more * kept) : (1 + more) * J * (J + 1) / 2 * kept;
}

int pdlt_bundle_owns(const pdlt_bundle *b, size_t nodes, int middle) {
  return nodes > b->nodes || pdlt_bundle_move_flops(b->net, b->data, nodes, middle, 0) >
                                 pdlt_bundle_move_flops(b->net, b->data, nodes, middle, 1);
}

/* --- the draw --- */

/* to (columns, padded rows) = transpose of from (rows, columns), in blocks that stay in cache. */
static void transpose(size_t rows, size_t columns, const double *from, double *to) {
  enum { BLOCK = 8 };
  const size_t high = pdlt_bundle_padded(rows);
  for (size_t i = 0; i < rows; i += BLOCK)
    for (size_t j = 0; j < columns; j++)
      for (size_t r = i; r < i + BLOCK && r < rows; r++) to[j * high + r] = from[r * columns + j];
}

static void copy_rows(size_t rows, size_t columns, const double *from, double *to) {
  for (size_t i = 0; i < rows; i++)
    memcpy(to + i * pdlt_bundle_padded(columns), from + i * columns, columns * sizeof *to);
}

void pdlt_bundle_draw(pdlt_bundle *b, const double *theta, size_t heads) {
  const pdlt_network *net = b->net;
  const pdlt_layer *first = &net->layer[0], *top = &net->layer[net->depth - 1];
  const size_t D = b->data->samples, n_1 = pdlt_bundle_padded(first->out);
  for (int k = 1; k + 1 < net->depth; k++) {
    const pdlt_layer *layer = &net->layer[k];
    copy_rows(layer->out, layer->in, theta + layer->weight, b->weight[k]);
    transpose(layer->out, layer->in, theta + layer->weight, b->across[k]);
    memcpy(b->bias[k], theta + layer->bias, layer->out * sizeof *theta);
  }
  for (size_t r = 0; r < heads; r++, theta += (top->in + 1) * top->out) {
    double *last = b->last + r * pdlt_bundle_last(net);
    copy_rows(top->out, top->in, theta + top->weight, last);
    memcpy(last + pdlt_bundle_bias(net), theta + top->bias, top->out * sizeof *last);
    if (r > 0) continue;
    for (size_t a = 0; a < D; a++)
      memcpy(b->z1 + a * n_1, theta + first->bias, first->out * sizeof *theta);
    pdlt_gemm(1, 1, D, first->out, first->in, 1.0, b->data->x_all, D, theta + first->weight,
              first->in, 1.0, b->z1, n_1);
  }
  b->draw.bodies = 1;
  b->draw.heads = heads;
  b->draw.samples = D;
  pdlt_bundle_fill(b, &b->draw, b->z1, b->last);
}

void pdlt_bundle_start(pdlt_bundle *b, size_t first, size_t count, int owned) {
  const pdlt_network *net = b->net;
  const size_t n_1 = b->data->samples * pdlt_bundle_padded(net->layer[0].out);
  const size_t last = pdlt_bundle_last(net);
  b->at = &b->draw;
  b->first = first;
  b->count = count;
  b->owned = owned;
  b->moves = b->held = 0;
  for (size_t r = 0; r < count; r++) {
    const double sign = (first + r) % 2 == 0 ? 1 : -1, *from = b->last + (first + r) / 2 * last;
    memcpy(b->z1_state[0] + r * n_1, b->z1, n_1 * sizeof *b->z1);
    for (size_t i = 0; i < last; i++) b->last_state[0][r * last + i] = sign * from[i];
  }
  for (int k = 1; k + 1 < net->depth; k++) {
    const size_t wide = pdlt_bundle_padded(net->layer[k].in);
    const size_t high = pdlt_bundle_padded(net->layer[k].out);
    for (size_t r = 0; r < count; r++)
      memcpy(b->push[k] + r * (1 + b->rank) * high, b->bias[k], high * sizeof *b->bias[k]);
    if (!owned) continue;
    memcpy(b->own[k], b->weight[k], net->layer[k].out * wide * sizeof *b->own[k]);
    memcpy(b->own_across[k], b->across[k], net->layer[k].in * high * sizeof *b->own[k]);
  }
}

/* --- moves --- */

/* Row of s of layer index k, of delta of output i, of network r at sample a. */
static const double *signal_of(const pdlt_bundle *b, int k, size_t r, size_t a) {
  const size_t body = b->at->bodies == 1 ? 0 : r, n = pdlt_bundle_padded(b->net->layer[k].out);
  return b->at->s[k] + (body * b->at->samples + a) * n;
}

static const double *delta_of(const pdlt_bundle *b, int k, size_t r, size_t i, size_t a) {
  const size_t head = b->at == &b->draw ? (b->first + r) / 2 : r;
  const size_t n = pdlt_bundle_padded(b->net->layer[k].out);
  return b->at->delta[k] + ((head * b->data->outputs + i) * b->at->samples + a) * n;
}

/* to (N_A, n) = sum_i delta_ia push_ia of layer index k below the last. */
static void gather(const pdlt_bundle *b, int k, size_t r, const double *push, double *to) {
  const size_t A = b->data->train, n_L = b->data->outputs;
  const size_t n = pdlt_bundle_padded(b->net->layer[k].out);
  const double sign = b->at == &b->draw && (b->first + r) % 2 == 1 ? -1 : 1;
  for (size_t a = 0; a < A; a++) {
    for (size_t i = 0; i < n_L; i++) b->coefficient[i] = sign * push[i * A + a];
    pdlt_small_best()->product(1, n, n_L, b->coefficient, n_L, delta_of(b, k, r, 0, a),
                               b->at->samples * n, to + a * n, n);
  }
}

/* The last layer and the preactivations of layer 1 of network r, in the state `to`. */
static void move_ends(pdlt_bundle *b, size_t r, const double *push, int to) {
  const pdlt_network *net = b->net;
  const pdlt_layer *top = &net->layer[net->depth - 1];
  const size_t D = b->data->samples, A = b->data->train, size = pdlt_bundle_last(net);
  const size_t n_1 = pdlt_bundle_padded(net->layer[0].out), n = pdlt_bundle_padded(top->in);
  const double rate = top->lambda_W / (double)top->in;
  double *last = b->last_state[to] + r * size, *z1 = b->z1_state[to] + r * D * n_1;
  if (to == 1) {
    memcpy(last, b->last_state[0] + r * size, size * sizeof *last);
    memcpy(z1, b->z1_state[0] + r * D * n_1, D * n_1 * sizeof *z1);
  }
  for (size_t i = 0; i < top->out * A; i++) {
    b->coefficient[i] = -rate * push[i];
    last[pdlt_bundle_bias(net) + i / A] -= top->lambda_b * push[i];
  }
  pdlt_small_best()->add_product(top->out, top->in, A, b->coefficient, A,
                                 signal_of(b, net->depth - 2, r, 0), n, last, n);
  gather(b, 0, r, push, b->gathered);
  pdlt_small_best()->add_product(D, n_1, A, b->minus_h, A, b->gathered, n_1, z1, n_1);
}

/* W, W^T and b of layer index k of the one network take the move behind the ones that stay. */
static void update(pdlt_bundle *b, int k) {
  const pdlt_layer *layer = &b->net->layer[k];
  const size_t A = b->data->train, wide = pdlt_bundle_padded(layer->in);
  const size_t high = pdlt_bundle_padded(layer->out);
  const double rate = layer->lambda_W / (double)layer->in;
  const double *signal = b->signal[k], *push = b->push[k] + high;
  pdlt_gemm(1, 0, layer->out, wide, A, -rate, push, high, signal, wide, 1.0, b->own[k], wide);
  pdlt_gemm(1, 0, layer->in, high, A, -rate, signal, wide, push, high, 1.0, b->own_across[k], high);
  for (size_t a = 0; a < A; a++) pdlt_row_add(high, -layer->lambda_b, push + a * high, b->push[k]);
}

void pdlt_bundle_move(pdlt_bundle *b, const double *push, int stay) {
  const pdlt_network *net = b->net;
  const size_t A = b->data->train, n_L = b->data->outputs;
  for (size_t r = 0; r < b->count; r++, push += n_L * A) {
    for (int k = 1; k + 1 < net->depth; k++) {
      const size_t in = net->layer[k].in, wide = pdlt_bundle_padded(in);
      const size_t high = pdlt_bundle_padded(net->layer[k].out);
      double *signal = b->signal[k] + (r * b->rank + b->moves) * wide;
      for (size_t a = 0; a < A; a++)
        memcpy(signal + a * wide, signal_of(b, k - 1, r, a), in * sizeof *signal);
      gather(b, k, r, push, b->push[k] + (r * (1 + b->rank) + 1 + b->moves) * high);
    }
    move_ends(b, r, push, !stay);
  }
  b->tried = !stay;
  b->held = b->moves + A;
  if (!stay) return;
  if (b->owned) {
    for (int k = 1; k + 1 < net->depth; k++) update(b, k);
    b->held = 0;
  }
  b->moves = b->held;
}

void pdlt_bundle_evaluate(pdlt_bundle *b, size_t samples) {
  b->now.bodies = b->now.heads = b->count;
  b->now.samples = samples;
  pdlt_bundle_fill(b, &b->now, b->z1_state[b->tried], b->last_state[b->tried]);
  b->at = &b->now;
}
