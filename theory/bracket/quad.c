/* quad.c - four-slot brackets of smooth activations; see bracket.h.
 *
 * One 4 x 4 kernel: root K = R R^T, z_i = r_i . g; the slots 1 2 span one plane of
 * directions, 3 4 another; a singular value decomposition of the planes' overlap gives
 * canonical variables x of 1 2 and y of 3 4 with E[x_m y_m'] = rho_m delta_mm', and
 *   <f1 f2 f3 f4> = sum F12(x) (M_rho1 F34 M_rho2^T)(x),  two products of (n, n)
 * matrices, on either side. Duplicate or dependent samples give rho = 1, where M is diagonal:
 * nothing is inverted anywhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/small.h"
#include "theory/bracket/fold.h"

enum { MAX_ORDER = 3, ORDER_PAIRS = 16, CHUNK = 16 };

void pdlt_bracket_quads_free(pdlt_bracket_quads *quads) {
  pdlt_free(quads->value);
  memset(quads, 0, sizeof *quads);
}

/* 00 in one pair of slots beside 02, 13, 22 or their mirror images in the other. */
static int wanted_of_skips(const int order[4]) {
  const int *rest = order[0] == 0 && order[1] == 0 ? order + 2 : order;
  const int *zero = rest == order ? order + 2 : order;
  const int sum = rest[0] + rest[1], difference = abs(rest[0] - rest[1]);
  return zero[0] == 0 && zero[1] == 0 && (sum == 4 || (sum == 2 && difference == 2));
}

/* 1 when the orders are a permutation of one of the brackets that exist. */
static int wanted(const int order[4], pdlt_quad_orders orders) {
  int count[MAX_ORDER + 1] = {0};
  for (int i = 0; i < 4; i++) count[order[i]]++;
  int zeros = count[0], ones = count[1], twos = count[2], threes = count[3];
  if (twos + threes == 0 && (zeros == 4 || ones == 4 || (zeros == 2 && ones == 2))) return 1;
  if (orders == PDLT_QUAD_NTK) return 0;
  if (orders == PDLT_QUAD_SKIP && wanted_of_skips(order)) return 1;
  return (twos == 1 && ones == 2 && zeros == 1) || (threes == 1 && ones == 3) ||
         (twos == 2 && ones == 2);
}

void pdlt_bracket_quads_layout(pdlt_bracket_quads *quads, pdlt_quad_orders orders) {
  memset(quads, 0, sizeof *quads);
  for (int code = 0; code < 256; code++) {
    int order[4] = {code & 3, (code >> 2) & 3, (code >> 4) & 3, code >> 6};
    quads->column[code] = -1;
    if (!wanted(order, orders)) continue;
    memcpy(quads->order[quads->columns], order, sizeof order);
    quads->column[code] = quads->columns++;
  }
}

/* key: 4 slot + order of the four slots; blocks: pairs (key0, key1), (key2, key3) are there. */
static double block_value(const pdlt_bracket_quads *quads, const size_t key[4]) {
  const pdlt_bracket_blocks *blocks = quads->blocks;
  const size_t D = quads->D;
  size_t order[2], number[2];
  for (size_t side = 0; side < 2; side++) {
    size_t low = key[2 * side], high = key[2 * side + 1];
    if (low >> 2 > high >> 2) {
      low = key[2 * side + 1];
      high = key[2 * side];
    }
    order[side] = (low & 3) + 4 * (high & 3);
    number[side] = blocks->place[(low >> 2) * D + (high >> 2)];
  }
  const int swap = number[0] < number[1];
  const size_t u = number[swap], v = number[1 - swap];
  const size_t code = order[swap] + 16 * order[1 - swap];
  const size_t at = u * (u + 1) / 2 + v;
  return quads->value[at * (size_t)quads->columns + (size_t)quads->column[code]];
}

/* The first of the three ways to make two pairs of four slots that is there. */
static double block_bracket(const pdlt_bracket_quads *quads, const size_t key[4]) {
  static const int ways[3][4] = {{0, 1, 2, 3}, {0, 2, 1, 3}, {0, 3, 1, 2}};
  const unsigned *place = quads->blocks->place;
  const size_t D = quads->D;
  int way = 0;
  for (; way < 2; way++) {
    const int *at = ways[way];
    if (place[(key[at[0]] >> 2) * D + (key[at[1]] >> 2)] != PDLT_NO_BLOCK &&
        place[(key[at[2]] >> 2) * D + (key[at[3]] >> 2)] != PDLT_NO_BLOCK)
      break;
  }
  const int *at = ways[way];
  const size_t paired[4] = {key[at[0]], key[at[1]], key[at[2]], key[at[3]]};
  return block_value(quads, paired);
}

double pdlt_bracket_quad(const pdlt_bracket_quads *quads, size_t a, int i, size_t b, int j,
                         size_t c, int k, size_t d, int l) {
  size_t key[4] = {4 * a + (size_t)i, 4 * b + (size_t)j, 4 * c + (size_t)k, 4 * d + (size_t)l};
  static const int network[5][2] = {{0, 1}, {2, 3}, {0, 2}, {1, 3}, {1, 2}};
  if (quads->blocks != NULL) return block_bracket(quads, key);
  for (int m = 0; m < 5; m++) {
    size_t low = key[network[m][0]], high = key[network[m][1]];
    key[network[m][0]] = low < high ? low : high;
    key[network[m][1]] = low < high ? high : low;
  }
  size_t code = (key[0] & 3) + 4 * (key[1] & 3) + 16 * (key[2] & 3) + 64 * (key[3] & 3);
  size_t at = pdlt_multiset_index(key[0] >> 2, key[1] >> 2, key[2] >> 2, key[3] >> 2);
  return quads->value[at * (size_t)quads->columns + (size_t)quads->column[code]];
}

static double dot4(const double *a, const double *b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

/* Adds to an orthonormal set (count vectors) the direction of v, if enough of it is
 * left after projection; returns the new count. */
static int basis_extend(double basis[2][4], int count, const double *v, double least) {
  double w[4], norm = sqrt(dot4(v, v));
  if (count == 2 || norm == 0.0) return count;
  for (int m = 0; m < 4; m++) w[m] = v[m] / norm;
  for (int pass = 0; pass < 2; pass++) {
    for (int q = 0; q < count; q++) {
      double overlap = dot4(w, basis[q]);
      for (int m = 0; m < 4; m++) w[m] -= overlap * basis[q][m];
    }
    norm = sqrt(dot4(w, w));
    if (norm < least) return count;
    for (int m = 0; m < 4; m++) w[m] /= norm;
  }
  memcpy(basis[count], w, sizeof w);
  return count + 1;
}

/* Orthonormal basis of a plane that contains a and b (any such plane when they are
 * dependent). */
static void plane_basis(const double *a, const double *b, double basis[2][4]) {
  int b_first = dot4(b, b) > dot4(a, a);
  int count = basis_extend(basis, 0, b_first ? b : a, 0.0);
  count = basis_extend(basis, count, b_first ? a : b, 1e-14);
  for (int m = 0; m < 4; m++) {
    double unit[4] = {0.0};
    unit[m] = 1.0;
    count = basis_extend(basis, count, unit, 0.5);
  }
}

/* C = P diag(rho) Q^T, P and Q orthogonal, rho >= 0. */
static void svd2(double C[2][2], double P[2][2], double rho[2], double Q[2][2]) {
  double sum = atan2(C[0][1] + C[1][0], C[0][0] - C[1][1]);
  double difference = atan2(C[1][0] - C[0][1], C[0][0] + C[1][1]);
  double alpha = 0.5 * (sum + difference), beta = 0.5 * (sum - difference);
  double half_a = 0.5 * hypot(C[0][0] + C[1][1], C[1][0] - C[0][1]);
  double half_b = 0.5 * hypot(C[0][0] - C[1][1], C[0][1] + C[1][0]);
  double flip = half_a < half_b ? -1.0 : 1.0;
  P[0][0] = P[1][1] = cos(alpha);
  P[1][0] = sin(alpha);
  P[0][1] = -P[1][0];
  Q[0][0] = cos(beta);
  Q[1][0] = sin(beta);
  Q[0][1] = -flip * sin(beta);
  Q[1][1] = flip * cos(beta);
  rho[0] = fmin(1.0, half_a + half_b);
  rho[1] = fmin(1.0, fabs(half_a - half_b));
}

/* Cholesky's root of K (4, 4) with the largest pivot first: what is left of dependent
 * samples is rounding, and dropped. z_i = root[i] . g. */
static void pivoted_root(const double *K, double root[4][4]) {
  double left[16], largest = 0.0;
  memcpy(left, K, sizeof left);
  memset(root, 0, 16 * sizeof(double));
  for (size_t i = 0; i < 4; i++) largest = fmax(largest, K[5 * i]);
  for (int m = 0; m < 4; m++) {
    size_t pivot = 0;
    for (size_t i = 1; i < 4; i++)
      if (left[5 * i] > left[5 * pivot]) pivot = i;
    if (!(left[5 * pivot] > 4e-16 * largest)) return;
    double inverse = 1.0 / sqrt(left[5 * pivot]);
    for (size_t i = 0; i < 4; i++) root[i][m] = left[4 * i + pivot] * inverse;
    for (size_t i = 0; i < 4; i++)
      for (size_t j = 0; j < 4; j++) left[4 * i + j] -= root[i][m] * root[j][m];
    for (size_t i = 0; i < 4; i++) left[4 * i + pivot] = left[4 * pivot + i] = 0.0;
  }
}

/* load[i] (2): z_i = load[i] . (canonical variables of its pair of slots). */
void pdlt_bracket_canonical(const double *K, double load[4][2], double rho[2]) {
  double root[4][4], plane[2][2][4], C[2][2], turn[2][2][2];
  pivoted_root(K, root);
  plane_basis(root[0], root[1], plane[0]);
  plane_basis(root[2], root[3], plane[1]);
  for (int m = 0; m < 2; m++)
    for (int q = 0; q < 2; q++) C[m][q] = dot4(plane[0][m], plane[1][q]);
  svd2(C, turn[0], rho, turn[1]);
  for (int i = 0; i < 4; i++) {
    int side = i / 2;
    double along[2] = {dot4(root[i], plane[side][0]), dot4(root[i], plane[side][1])};
    for (int m = 0; m < 2; m++)
      load[i][m] = along[0] * turn[side][0][m] + along[1] * turn[side][1][m];
  }
}

/* Views into one block, all in units of (n, n) but modes. */
typedef struct quad_work {
  const pdlt_small_set *small;
  double *block;
  double *z;      /* (n, n) */
  double *s;      /* (4 slots, 4 orders, n, n) */
  double *mehler; /* (2, n, n) */
  double *half;   /* (n, n) */
  double *pair;   /* (2 sides, 16, n, n) products of the side's slots, of each pair of orders */
  double *moved;  /* (2 sides, 16, n, n) the same after M_rho1 . M_rho2 */
  double *modes;  /* (n, levels) */
  int have_pair[2 * ORDER_PAIRS], have_moved[2 * ORDER_PAIRS];
} quad_work;

static pdlt_status work_new(quad_work *work, const pdlt_bracket_grid *grid, pdlt_error *err) {
  size_t nn = grid->n * grid->n;
  pdlt_status status =
      pdlt_alloc(&work->block, (1 + 16 + 2 + 1 + 4 * ORDER_PAIRS) * nn + grid->levels * grid->n,
                 sizeof(double), err);
  if (status != PDLT_OK) return status;
  work->small = pdlt_small_best();
  work->z = work->block;
  work->s = work->z + nn;
  work->mehler = work->s + 16 * nn;
  work->half = work->mehler + 2 * nn;
  work->pair = work->half + nn;
  work->moved = work->pair + nn * 2 * ORDER_PAIRS;
  work->modes = work->moved + nn * 2 * ORDER_PAIRS;
  return PDLT_OK;
}

/* s^(order) of the four slots on the grid of their canonical variables. */
static void tabulate(const pdlt_activation *activation, const pdlt_bracket_grid *grid,
                     int max_order, double load[4][2], quad_work *work) {
  size_t n = grid->n, nn = n * n;
  for (size_t i = 0; i < 4; i++) {
    for (size_t p = 0; p < n; p++)
      for (size_t q = 0; q < n; q++)
        work->z[p * n + q] = load[i][0] * grid->x[p] + load[i][1] * grid->x[q];
    double *s[MAX_ORDER + 1];
    for (size_t order = 0; order <= MAX_ORDER; order++) s[order] = work->s + (4 * i + order) * nn;
    pdlt_activation_jet(activation, max_order, nn, work->z, s);
  }
}

/* s_i^(k) s_j^(l) of the two slots of a side; borrowed from work. */
static const double *pair_product(quad_work *work, size_t nn, int side, int orders) {
  int at = side * ORDER_PAIRS + orders;
  double *out = work->pair + (size_t)at * nn;
  if (!work->have_pair[at]) {
    const double *f = work->s + (size_t)(8 * side + orders / 4) * nn;
    const double *g = work->s + (size_t)(8 * side + 4 + orders % 4) * nn;
    work->small->multiply(nn, f, g, out);
    work->have_pair[at] = 1;
  }
  return out;
}

/* M_rho1 (s_i^(k) s_j^(l)) M_rho2 of a side; borrowed from work. */
static const double *moved_product(quad_work *work, size_t n, int side, int orders) {
  int at = side * ORDER_PAIRS + orders;
  double *out = work->moved + (size_t)at * n * n;
  if (!work->have_moved[at]) {
    const double *from = pair_product(work, n * n, side, orders);
    work->small->product(n, n, n, work->mehler, n, from, n, work->half, n);
    work->small->product(n, n, n, work->half, n, work->mehler + n * n, n, out, n);
    work->have_moved[at] = 1;
  }
  return out;
}

/* Which side of a column is moved. The pairs 02, 13, 22 and their mirror images occur with
 * 11, of skips with 00 too, on the other side only: one product of 11 serves them all, and one of 00. */
int pdlt_bracket_moved_side(const int order[4]) {
  int sum = order[2] + order[3], difference = abs(order[2] - order[3]);
  return order[0] == order[1] && order[0] < 2 && (sum == 4 || difference == 2) ? 0 : 1;
}

static void quad_smooth(const pdlt_bracket_quads *layout, const pdlt_activation *activation,
                        const pdlt_bracket_grid *grid, const double *K, quad_work *work,
                        double *out) {
  double load[4][2], rho[2];
  int max_order = layout->columns > 8 ? MAX_ORDER : 1;
  size_t n = grid->n, nn = n * n;
  pdlt_bracket_canonical(K, load, rho);
  tabulate(activation, grid, max_order, load, work);
  for (size_t m = 0; m < 2; m++)
    pdlt_bracket_grid_mehler(grid, rho[m], work->modes, work->mehler + m * nn);
  memset(work->have_pair, 0, sizeof work->have_pair);
  memset(work->have_moved, 0, sizeof work->have_moved);
  for (int c = 0; c < layout->columns; c++) {
    const int *order = layout->order[c];
    int side = pdlt_bracket_moved_side(order),
        pair[2] = {4 * order[0] + order[1], 4 * order[2] + order[3]};
    out[c] = work->small->dot(nn, pair_product(work, nn, 1 - side, pair[1 - side]),
                              moved_product(work, n, side, pair[side]));
  }
}

pdlt_status pdlt_bracket_quad_one(const pdlt_bracket_quads *layout,
                                  const pdlt_activation *activation, const pdlt_bracket_grid *grid,
                                  const double *K, double *out, pdlt_error *err) {
  quad_work work = {0};
  pdlt_status status;
  if (!pdlt_activation_get_traits(activation).smooth) {
    for (int c = 0; c < layout->columns; c++)
      out[c] = pdlt_bracket_relu_quad(activation, K, layout->order[c]);
    return PDLT_OK;
  }
  PDLT_TRY(work_new(&work, grid, err));
  quad_smooth(layout, activation, grid, K, &work, out);
cleanup:
  pdlt_free(work.block);
  return status;
}

/* Multiset number m as samples; the inverse of pdlt_multiset_index. */
static void multiset_samples(size_t m, size_t sample[4]) {
  for (size_t slot = 4; slot-- > 0;) {
    size_t k = 0;
    for (;; k++) {
      size_t next = k + 1, below = next;
      if (slot == 1) below = next * (next + 1) / 2;
      if (slot == 2) below = next * (next + 1) * (next + 2) / 6;
      if (slot == 3) below = next * (next + 1) * (next + 2) * (next + 3) / 24;
      if (below > m) break;
    }
    sample[slot] = k;
    m -= slot == 3   ? k * (k + 1) * (k + 2) * (k + 3) / 24
         : slot == 2 ? k * (k + 1) * (k + 2) / 6
         : slot == 1 ? k * (k + 1) / 2
                     : k;
  }
}

/* Item m of blocks: the pairs u >= v with m = u (u + 1)/2 + v. */
static void block_slots(const pdlt_bracket_blocks *blocks, size_t m, size_t slot[4]) {
  size_t u = (size_t)(sqrt(2.0 * (double)m + 0.25) - 0.5);
  while (u * (u + 1) / 2 > m) u--;
  while ((u + 1) * (u + 2) / 2 <= m) u++;
  const size_t v = m - u * (u + 1) / 2;
  slot[0] = blocks->first[u];
  slot[1] = blocks->second[u];
  slot[2] = blocks->first[v];
  slot[3] = blocks->second[v];
}

void pdlt_bracket_quad_slots(const pdlt_bracket_quads *quads, size_t m, size_t slot[4]) {
  if (quads->blocks != NULL)
    block_slots(quads->blocks, m, slot);
  else
    multiset_samples(m, slot);
}

void pdlt_bracket_quad_kernel(const pdlt_bracket_quads *quads, const double *K, size_t m,
                              double sub[16]) {
  size_t slot[4];
  pdlt_bracket_quad_slots(quads, m, slot);
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++) sub[4 * i + j] = K[slot[i] * quads->D + slot[j]];
}

/* What all items are computed with. */
typedef struct quad_way {
  const pdlt_activation *activation;
  const pdlt_bracket_grid *grid;
  const pdlt_bracket_fold *fold; /* NULL: on the whole grid */
  const double *K;
} quad_way;

static pdlt_status quad_item(const pdlt_bracket_quads *quads, const quad_way *way, size_t m,
                             quad_work *work, pdlt_error *err) {
  double sub[16], *out = quads->value + m * (size_t)quads->columns;
  const pdlt_activation *activation = way->activation;
  const pdlt_bracket_grid *grid = way->grid;
  pdlt_bracket_quad_kernel(quads, way->K, m, sub);
  if (way->fold != NULL) {
    pdlt_bracket_fold_quad(way->fold, quads, activation, sub, work->block, out);
    return PDLT_OK;
  }
  if (work->block == NULL) return pdlt_bracket_quad_one(quads, activation, grid, sub, out, err);
  quad_smooth(quads, activation, grid, sub, work, out);
  return PDLT_OK;
}

static pdlt_status room_new(quad_work *work, const quad_way *way, pdlt_error *err) {
  if (!pdlt_activation_get_traits(way->activation).smooth) return PDLT_OK;
  if (way->fold == NULL) return work_new(work, way->grid, err);
  return pdlt_alloc(&work->block, pdlt_bracket_fold_room(way->fold), sizeof *work->block, err);
}

static pdlt_status quads_fill(const pdlt_bracket_quads *quads, const quad_way *way, int threads,
                              pdlt_progress *progress, double unit, pdlt_error *err) {
  pdlt_status result = PDLT_OK;
#pragma omp parallel num_threads(threads)
  {
    quad_work work = {0};
    pdlt_error own;
    pdlt_status status = room_new(&work, way, &own);
#pragma omp for schedule(dynamic, CHUNK)
    for (size_t m = 0; m < quads->items; m++) {
      if (status == PDLT_OK) status = pdlt_progress_check(progress, &own);
      if (status == PDLT_OK) status = quad_item(quads, way, m, &work, &own);
      if (m % CHUNK == CHUNK - 1) pdlt_progress_add(progress, unit * CHUNK);
    }
    if (status != PDLT_OK) {
#pragma omp critical(pdlt_quads_status)
      result = pdlt_fail(err, status, "%s", own.message);
    }
    pdlt_free(work.block);
  }
  return result;
}

pdlt_status pdlt_bracket_quads_new(pdlt_bracket_quads *out, const pdlt_activation *activation,
                                   const pdlt_bracket_grid *grid, pdlt_quad_orders orders, size_t D,
                                   const double *K, int threads, pdlt_error *err) {
  return pdlt_bracket_quads_new_of(out, activation, grid, orders, D, K, NULL, threads, NULL, 0,
                                   err);
}

/* The new quads of a way. */
static pdlt_status quads_new(pdlt_bracket_quads *out, const quad_way *way, pdlt_quad_orders orders,
                             size_t D, const pdlt_bracket_blocks *blocks, int threads,
                             pdlt_progress *progress, double unit, pdlt_error *err) {
  pdlt_status status;
  pdlt_bracket_quads quads;
  if (orders != PDLT_QUAD_NTK && !pdlt_activation_get_traits(way->activation).smooth)
    return pdlt_fail(err, PDLT_ERR_UNSUPPORTED,
                     "second derivatives of this activation are delta functions: brackets of "
                     "three or more of them over one sample do not exist");
  pdlt_bracket_quads_layout(&quads, orders);
  quads.D = D;
  quads.blocks = blocks;
  quads.items = blocks == NULL ? D * (D + 1) * (D + 2) * (D + 3) / 24
                               : blocks->count * (blocks->count + 1) / 2;
  PDLT_TRY(pdlt_alloc(&quads.value, quads.items * (size_t)quads.columns, sizeof(double), err));
  PDLT_TRY(quads_fill(&quads, way, threads, progress, unit, err));
  *out = quads;
cleanup:
  if (status != PDLT_OK) pdlt_bracket_quads_free(&quads);
  return status;
}

pdlt_status pdlt_bracket_quads_new_of(pdlt_bracket_quads *out, const pdlt_activation *activation,
                                      const pdlt_bracket_grid *grid, pdlt_quad_orders orders,
                                      size_t D, const double *K, const pdlt_bracket_blocks *blocks,
                                      int threads, pdlt_progress *progress, double unit,
                                      pdlt_error *err) {
  const quad_way way = {activation, grid, NULL, K};
  return quads_new(out, &way, orders, D, blocks, threads, progress, unit, err);
}

pdlt_status pdlt_bracket_quads_new_many(pdlt_bracket_quads *out, const pdlt_activation *activation,
                                        const pdlt_bracket_grid *grid, pdlt_quad_orders orders,
                                        size_t D, const double *K, int threads,
                                        pdlt_progress *progress, double unit, pdlt_error *err) {
  pdlt_bracket_fold fold;
  pdlt_status status = pdlt_bracket_fold_new(&fold, grid, activation, err);
  if (status != PDLT_OK) return status;
  const quad_way way = {activation, grid, &fold, K};
  status = quads_new(out, &way, orders, D, NULL, threads, progress, unit, err);
  pdlt_bracket_fold_free(&fold);
  return status;
}
