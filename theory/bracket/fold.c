/* fold.c - see fold.h.
 *
 * A function of two variables on a grid that is symmetric about 0 is a sum of four, even or odd in each, that
 * Mehler's operators do not mix; each is known from its values at x, y > 0. Of an even or odd activation all
 * functions have a parity under (x, y) -> (-x, -y), and two of the four are 0. */
#include "theory/bracket/fold.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/vector/small.h"

enum { MAX_ORDER = 3, ORDER_PAIRS = 16, SIDES = 2 };

/* ---- grid ---- */

/* Of s: +1, -1, or 0 where s(-z) is neither s(z) nor - s(z). */
static int parity_of(const pdlt_activation *activation) {
  enum { POINTS = 16 };
  double z[2 * POINTS], s[2 * POINTS], *out[1] = {s}, even = 0, odd = 0, largest = 0;
  for (size_t k = 0; k < POINTS; k++) {
    z[k] = 0.11 + 0.37 * (double)k;
    z[POINTS + k] = -z[k];
  }
  pdlt_activation_jet(activation, 0, 2 * POINTS, z, out);
  for (size_t k = 0; k < POINTS; k++) {
    largest = fmax(largest, fabs(s[k]) + fabs(s[POINTS + k]));
    even = fmax(even, fabs(s[k] - s[POINTS + k]));
    odd = fmax(odd, fabs(s[k] + s[POINTS + k]));
  }
  if (odd <= 1e-15 * largest) return -1;
  return even <= 1e-15 * largest ? 1 : 0;
}

/* What a mode has of a parity, at its largest. */
static double share(const pdlt_bracket_grid *grid, size_t level, double sign) {
  const double *mode = grid->mode + level * grid->n;
  double largest = 0;
  for (size_t p = 0; p < grid->n / 2; p++)
    largest = fmax(largest, fabs(mode[p] + sign * mode[grid->n - 1 - p]));
  return largest;
}

void pdlt_bracket_fold_free(pdlt_bracket_fold *fold) {
  pdlt_free(fold->x);
  *fold = (pdlt_bracket_fold){.half = 0};
}

static void fill_parity(pdlt_bracket_fold *fold, const pdlt_bracket_grid *grid, int odd) {
  const size_t m = fold->half, n = grid->n;
  const double sign = odd ? -1 : 1;
  size_t row = 0;
  for (size_t level = 0; level < grid->levels; level++) {
    const double *mode = grid->right + level * n;
    if (share(grid, level, sign) <= 1e-14) continue;
    for (size_t p = 0; p < m; p++) {
      fold->left[odd][p * fold->levels[odd] + row] = mode[m + p];
      fold->right[odd][row * m + p] = mode[m + p] + sign * mode[m - 1 - p];
    }
    fold->number[odd][row++] = grid->number[level];
  }
}

pdlt_status pdlt_bracket_fold_new(pdlt_bracket_fold *out, const pdlt_bracket_grid *grid,
                                  const pdlt_activation *activation, pdlt_error *err) {
  const size_t m = grid->n / 2;
  pdlt_bracket_fold fold = {.half = m, .parity = parity_of(activation)};
  for (size_t level = 0; level < grid->levels; level++)
    for (int odd = 0; odd < 2; odd++) fold.levels[odd] += share(grid, level, odd ? -1 : 1) > 1e-14;
  const size_t numbers = (2 * m + 1) * (fold.levels[0] + fold.levels[1]);
  const pdlt_status status = pdlt_alloc(&fold.x, m + numbers, sizeof *fold.x, err);
  if (status != PDLT_OK) return status;
  double *next = fold.x + m;
  for (int odd = 0; odd < 2; odd++) {
    fold.left[odd] = next;
    fold.right[odd] = fold.left[odd] + m * fold.levels[odd];
    fold.number[odd] = fold.right[odd] + m * fold.levels[odd];
    next = fold.number[odd] + fold.levels[odd];
    fill_parity(&fold, grid, odd);
  }
  for (size_t p = 0; p < m; p++) fold.x[p] = grid->x[m + p];
  *out = fold;
  return PDLT_OK;
}

/* ---- brackets of one kernel ---- */

/* Quadrants of values, (x, y), (x, -y) and, without parity, (-x, y), (-x, -y); as many parts of a parity. All
 * of (m, m), one after the other. */
typedef struct fold_work {
  const pdlt_bracket_fold *fold;
  const pdlt_small_set *small;
  size_t parts, size; /* 2 or 4; parts m^2 */
  double *z;          /* (parts, m, m) */
  double *s;          /* (4 slots, 4 orders, parts, m, m) */
  double *mehler;     /* (2 variables, 2 parities, m, m) */
  double *half;       /* (m, m) */
  double
      *pair; /* (2 sides, 16, parts, m, m) products of the side's slots, of each pair of orders */
  double *moved; /* the same after the operators */
  double *modes; /* (m, levels) */
  int have_pair[SIDES * ORDER_PAIRS], have_moved[SIDES * ORDER_PAIRS];
} fold_work;

static size_t most_levels(const pdlt_bracket_fold *fold) {
  return fold->levels[0] > fold->levels[1] ? fold->levels[0] : fold->levels[1];
}

static size_t parts_of(const pdlt_bracket_fold *fold) { return fold->parity == 0 ? 4 : 2; }

size_t pdlt_bracket_fold_room(const pdlt_bracket_fold *fold) {
  const size_t square = fold->half * fold->half, size = parts_of(fold) * square;
  return (1 + 16 + 2 * SIDES * ORDER_PAIRS) * size + 5 * square + fold->half * most_levels(fold);
}

static fold_work view(const pdlt_bracket_fold *fold, double *data) {
  const size_t square = fold->half * fold->half;
  fold_work w = {.fold = fold, .small = pdlt_small_best(), .parts = parts_of(fold)};
  w.size = w.parts * square;
  w.z = data;
  w.s = w.z + w.size;
  w.mehler = w.s + 16 * w.size;
  w.half = w.mehler + 4 * square;
  w.pair = w.half + square;
  w.moved = w.pair + SIDES * ORDER_PAIRS * w.size;
  w.modes = w.moved + SIDES * ORDER_PAIRS * w.size;
  return w;
}

/* s^(order) of the four slots in the quadrants. */
static void tabulate(fold_work *w, const pdlt_activation *activation, int max_order,
                     double load[4][2]) {
  const size_t m = w->fold->half;
  const double *x = w->fold->x;
  for (size_t i = 0; i < 4; i++) {
    for (size_t part = 0; part < w->parts; part++) {
      const double first = part < 2 ? load[i][0] : -load[i][0];
      const double second = part % 2 == 0 ? load[i][1] : -load[i][1];
      double *z = w->z + part * m * m;
      for (size_t p = 0; p < m; p++)
        for (size_t q = 0; q < m; q++) z[p * m + q] = first * x[p] + second * x[q];
    }
    double *s[MAX_ORDER + 1];
    for (size_t order = 0; order <= MAX_ORDER; order++) s[order] = w->s + (4 * i + order) * w->size;
    pdlt_activation_jet(activation, max_order, w->size, w->z, s);
  }
}

/* a, b <- a + b, a - b. */
static void butterfly(size_t count, double *a, double *b) {
  for (size_t k = 0; k < count; k++) {
    const double sum = a[k] + b[k], difference = a[k] - b[k];
    a[k] = sum;
    b[k] = difference;
  }
}

/* s_i^(k) s_j^(l) of the two slots of a side, its parts even and odd in y (and, without parity, in x): twice them,
 * or four times. */
static const double *pair_product(fold_work *w, int side, int orders) {
  const size_t square = w->fold->half * w->fold->half;
  const int at = side * ORDER_PAIRS + orders;
  double *out = w->pair + (size_t)at * w->size;
  if (w->have_pair[at]) return out;
  w->small->multiply(w->size, w->s + (size_t)(8 * side + orders / 4) * w->size,
                     w->s + (size_t)(8 * side + 4 + orders % 4) * w->size, out);
  butterfly(square, out, out + square);
  if (w->parts == 4) {
    butterfly(square, out + 2 * square, out + 3 * square);
    butterfly(2 * square, out, out + 2 * square);
  }
  w->have_pair[at] = 1;
  return out;
}

/* Whether a part is odd in x: without parity by its place, else by the whole's parity and that in y. */
static int odd_in_x(const fold_work *w, size_t part, int orders) {
  if (w->parts == 4) return part >= 2;
  const int derivatives = orders / 4 + orders % 4; /* s s has the parity +1 */
  return (derivatives + (int)part) % 2;
}

/* M_rho1 (s_i^(k) s_j^(l)) M_rho2 of a side, in the same parts. */
static const double *moved_product(fold_work *w, int side, int orders) {
  const size_t m = w->fold->half, square = m * m;
  const int at = side * ORDER_PAIRS + orders;
  double *out = w->moved + (size_t)at * w->size;
  if (w->have_moved[at]) return out;
  const double *from = pair_product(w, side, orders);
  for (size_t part = 0; part < w->parts; part++) {
    const double *first = w->mehler + (size_t)odd_in_x(w, part, orders) * square;
    const double *second = w->mehler + (2 + part % 2) * square;
    w->small->product(m, m, m, first, m, from + part * square, m, w->half, m);
    w->small->product(m, m, m, w->half, m, second, m, out + part * square, m);
  }
  w->have_moved[at] = 1;
  return out;
}

void pdlt_bracket_fold_quad(const pdlt_bracket_fold *fold, const pdlt_bracket_quads *layout,
                            const pdlt_activation *activation, const double *K, double *work,
                            double *out) {
  const size_t m = fold->half;
  const int max_order = layout->columns > 8 ? MAX_ORDER : 1;
  fold_work w = view(fold, work);
  double load[4][2], rho[2];
  pdlt_bracket_canonical(K, load, rho);
  tabulate(&w, activation, max_order, load);
  for (size_t k = 0; k < 4; k++) {
    const size_t odd = k % 2, levels = fold->levels[odd];
    const size_t used =
        pdlt_bracket_powers(m, levels, fold->number[odd], fold->left[odd], rho[k / 2], w.modes);
    w.small->product(m, m, used, w.modes, levels, fold->right[odd], m, w.mehler + k * m * m, m);
  }
  const double scale = w.parts == 4 ? 0.25 : 1.0;
  for (int c = 0; c < layout->columns; c++) {
    const int *order = layout->order[c];
    const int side = pdlt_bracket_moved_side(order);
    const int pair[2] = {4 * order[0] + order[1], 4 * order[2] + order[3]};
    out[c] = scale * w.small->dot(w.size, pair_product(&w, 1 - side, pair[1 - side]),
                                  moved_product(&w, side, pair[side]));
  }
}
