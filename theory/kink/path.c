/* path.c - see path.h. */
#include "theory/kink/path.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"

enum { BELOW, ABOVE };

/* Pieces of one start on one side. Neurons that step to and fro over the kink make more: two are joined then, and
 * tests hold the result against all pieces kept. */
enum { MOST = 8 };

void pdlt_kink_tracker_free(pdlt_kink_tracker *t) {
  for (int side = 0; side < 2; side++)
    for (int start = 0; start < 2; start++) {
      pdlt_free(t->side[side].from[start].piece);
      pdlt_free(t->passed[side][start].piece);
    }
}

static pdlt_status grow(pdlt_kink_pieces *p, pdlt_error *err) {
  const size_t capacity = p->capacity == 0 ? (size_t)2 * MOST : 2 * p->capacity;
  pdlt_kink_piece *larger = NULL;
  const pdlt_status status = pdlt_alloc(&larger, capacity, sizeof *larger, err);
  if (status != PDLT_OK) return status;
  if (p->count > 0) memcpy(larger, p->piece, p->count * sizeof *larger);
  pdlt_free(p->piece);
  p->piece = larger;
  p->capacity = capacity;
  return PDLT_OK;
}

static double smaller(double x, double y) { return x < y ? x : y; }

/* One piece in place of two: mass, mean and, but for what would reach over the kink, variance of both. */
static pdlt_kink_piece merged(const pdlt_kink_side *s, pdlt_kink_piece a, pdlt_kink_piece b) {
  const double mass = a.mass + b.mass, share = a.mass / mass;
  const double x = (a.low + a.high) / 2, y = (b.low + b.high) / 2;
  const double mean = share * x + (1.0 - share) * y;
  const double variance =
      share * ((a.high - a.low) * (a.high - a.low) / 12 + (x - mean) * (x - mean)) +
      (1.0 - share) * ((b.high - b.low) * (b.high - b.low) / 12 + (y - mean) * (y - mean));
  const double half = smaller(sqrt(3.0 * variance), mean + s->moved);
  return (pdlt_kink_piece){mean - half, mean + half, mass};
}

static double twice_middle(const pdlt_kink_piece *p) { return p->low + p->high; }

/* Puts a piece among the first `kept`, which are in order. */
static void place(pdlt_kink_pieces *p, size_t kept, pdlt_kink_piece one) {
  size_t at = kept;
  for (; at > 0 && twice_middle(&p->piece[at - 1]) > twice_middle(&one); at--)
    p->piece[at] = p->piece[at - 1];
  p->piece[at] = one;
}

static pdlt_status append(pdlt_kink_pieces *p, pdlt_error *err) {
  const pdlt_status status = p->count < p->capacity ? PDLT_OK : grow(p, err);
  if (status == PDLT_OK) p->count++;
  return status;
}

/* Joins the two neighbours whose join widens them least. */
static void join(pdlt_kink_side *s, pdlt_kink_pieces *p) {
  size_t best = 0;
  double least = INFINITY;
  for (size_t i = 0; i + 1 < p->count; i++) {
    const pdlt_kink_piece *a = &p->piece[i], *b = a + 1;
    const double way = twice_middle(b) - twice_middle(a);
    const double cost = a->mass * b->mass * way * way, mass = a->mass + b->mass;
    if (cost >= least * mass) continue;
    least = cost / mass;
    best = i;
  }
  p->piece[best] = merged(s, p->piece[best], p->piece[best + 1]);
  s->nearest = smaller(s->nearest, p->piece[best].low);
  memmove(p->piece + best + 1, p->piece + best + 2, (p->count - best - 2) * sizeof *p->piece);
  p->count--;
}

/* A piece at distances low .. high from now on. */
static pdlt_status push(pdlt_kink_side *s, double low, double high, double mass, int start,
                        pdlt_error *err) {
  const pdlt_kink_piece one = {low - s->moved, high - s->moved, mass};
  pdlt_kink_pieces *p = &s->from[start];
  s->mass[start] += mass;
  s->moment += mass * (low + high) / 2;
  s->nearest = smaller(s->nearest, one.low);
  const pdlt_status status = append(p, err);
  if (status != PDLT_OK) return status;
  place(p, p->count - 1, one);
  if (p->count > MOST) join(s, p);
  return PDLT_OK;
}

/* How far each side moves away from the kink in a cell. */
typedef struct move {
  double away[2];
  int flow;
} move;

/* Starts on side `from` that would be at distances low <= high <= 0 there have passed the kink: a step lands where
 * it lands; under flow the rest of the way is made with the other drift, and where that points back they stick. */
static pdlt_status cross(pdlt_kink_tracker *t, int from, double low, double high, double mass,
                         int start, const move *m, pdlt_error *err) {
  const double ratio = m->flow ? -m->away[!from] / m->away[from] : 1.0;
  pdlt_kink_pieces *passed = &t->passed[!from][start];
  if (!(ratio > 0.0)) {
    t->stuck[start] += mass;
    return PDLT_OK;
  }
  const pdlt_status status = append(passed, err);
  if (status == PDLT_OK)
    passed->piece[passed->count - 1] = (pdlt_kink_piece){-high * ratio, -low * ratio, mass};
  return status;
}

/* What has come over joins those of the other side, once these have been sifted: else it could be joined to a piece
 * that is about to leave. */
static pdlt_status arrive(pdlt_kink_tracker *t, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int to = 0; to < 2; to++)
    for (int start = 0; start < 2; start++) {
      pdlt_kink_pieces *passed = &t->passed[to][start];
      for (size_t i = 0; i < passed->count; i++) {
        const pdlt_kink_piece *one = &passed->piece[i];
        PDLT_TRY(push(&t->side[to], one->low, one->high, one->mass, start, err));
      }
      passed->count = 0;
    }
cleanup:
  return status;
}

/* What is left of the pieces of one start when those that passed the kink, or parts of them, have gone. */
static pdlt_status sift_start(pdlt_kink_tracker *t, int from, int start, const move *m,
                              pdlt_error *err) {
  pdlt_kink_side *s = &t->side[from];
  pdlt_kink_pieces *p = &s->from[start];
  size_t kept = 0;
  pdlt_status status = PDLT_OK;
  for (size_t i = 0; i < p->count; i++) {
    pdlt_kink_piece one = p->piece[i];
    const double low = one.low + s->moved, high = one.high + s->moved;
    if (low < 0.0) {
      const double part = high <= 0.0 ? one.mass : one.mass * -low / (high - low);
      const double end = smaller(high, 0.0);
      s->mass[start] -= part;
      s->moment -= part * (low + end) / 2;
      PDLT_TRY(cross(t, from, low, end, part, start, m, err));
      if (high <= 0.0) continue;
      one.low = -s->moved;
      one.mass -= part;
    }
    s->nearest = smaller(s->nearest, one.low);
    place(p, kept++, one);
  }
  p->count = kept;
cleanup:
  return status;
}

static pdlt_status sift(pdlt_kink_tracker *t, int from, const move *m, pdlt_error *err) {
  t->side[from].nearest = INFINITY;
  for (int start = 0; start < 2; start++) {
    const pdlt_status status = sift_start(t, from, start, m, err);
    if (status != PDLT_OK) return status;
  }
  return PDLT_OK;
}

/* The starts beyond the edge come nearer and those that pass the kink become a piece. */
static pdlt_status advance_edge(pdlt_kink_tracker *t, int from, const move *m, pdlt_error *err) {
  const double moved = t->side[from].moved, edge = t->edge[from];
  const double mass = -moved - edge;
  if (!(mass > 0.0)) return PDLT_OK;
  t->edge[from] = -moved;
  t->gone[from] += mass;
  t->linear[from] -= mass * mass / 2; /* distances -mass .. 0 */
  return cross(t, from, -mass, 0.0, mass, from, m, err);
}

/* What sticks leaves the kink together when one of the drifts points away from it. */
static pdlt_status release(pdlt_kink_tracker *t, const move *m, pdlt_error *err) {
  const int to = m->away[ABOVE] > m->away[BELOW];
  pdlt_status status = PDLT_OK;
  if (m->away[to] <= 0.0) return PDLT_OK;
  for (int start = 0; start < 2; start++) {
    if (t->stuck[start] > 0.0)
      PDLT_TRY(push(&t->side[to], m->away[to], m->away[to], t->stuck[start], start, err));
    t->stuck[start] = 0.0;
  }
cleanup:
  return status;
}

static pdlt_status advance(pdlt_kink_tracker *t, const move *m, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < 2; k++) {
    pdlt_kink_side *s = &t->side[k];
    s->moved += m->away[k];
    s->moment += m->away[k] * (s->mass[BELOW] + s->mass[ABOVE]);
    t->linear[k] += m->away[k] * t->gone[k];
  }
  const int crosses[2] = {t->side[BELOW].nearest + t->side[BELOW].moved < 0.0,
                          t->side[ABOVE].nearest + t->side[ABOVE].moved < 0.0};
  PDLT_TRY(release(t, m, err));
  for (int k = 0; k < 2; k++)
    if (crosses[k]) PDLT_TRY(sift(t, k, m, err));
  for (int k = 0; k < 2; k++) PDLT_TRY(advance_edge(t, k, m, err));
  PDLT_TRY(arrive(t, err));
cleanup:
  return status;
}

/* Share of time above 0 of a neuron that sticks: there the mean drift is 0. */
static double share_above(double plus, double minus) {
  if (plus >= 0.0) return 1.0;
  if (minus <= 0.0) return 0.0;
  return minus / (minus - plus);
}

static void put(const pdlt_kink_tracker *t, double share, const pdlt_kink_path *out, size_t g) {
  const double up = share * t->stuck[BELOW], down = (1.0 - share) * t->stuck[ABOVE];
  out->net[g] = t->side[ABOVE].mass[BELOW] - t->side[BELOW].mass[ABOVE] + up - down;
  out->changed[g] = t->side[ABOVE].mass[BELOW] + t->side[BELOW].mass[ABOVE] + up + down;
  out->above[g] = t->side[ABOVE].moment - t->linear[ABOVE];
  out->below[g] = t->linear[BELOW] - t->side[BELOW].moment;
}

static void reset(pdlt_kink_tracker *t) {
  for (int k = 0; k < 2; k++) {
    pdlt_kink_side *s = &t->side[k];
    s->from[BELOW].count = s->from[ABOVE].count = 0;
    *s = (pdlt_kink_side){.from = {s->from[BELOW], s->from[ABOVE]}, .nearest = INFINITY};
    t->passed[k][BELOW].count = t->passed[k][ABOVE].count = 0;
    t->edge[k] = t->stuck[k] = t->gone[k] = t->linear[k] = 0.0;
  }
}

pdlt_status pdlt_kink_follow(pdlt_kink_tracker *t, const pdlt_kink_drive *drive, double sign,
                             const pdlt_kink_path *out, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  reset(t);
  put(t, 0.0, out, 0);
  for (size_t c = 0; c < drive->cells; c++) {
    const move m = {{-sign * drive->minus[c], sign * drive->plus[c]}, drive->flow[c]};
    PDLT_TRY(advance(t, &m, err));
    const double share =
        m.flow ? share_above(sign * drive->rate_plus[c + 1], sign * drive->rate_minus[c + 1]) : 0.0;
    put(t, share, out, c + 1);
  }
cleanup:
  return status;
}
