/* path.c - see path.h. */
#include "theory/kink/path.h"

#include <math.h>
#include <string.h>

#include "base/core/memory.h"

enum { BELOW, ABOVE };

/* Pieces on one side; what comes on top is joined to one of them. Few neurons that step to and fro over the kink
 * make that many: tests hold the result against all pieces kept. */
enum { MOST = 32 };

void pdlt_kink_tracker_free(pdlt_kink_tracker *t) {
  pdlt_free(t->side[BELOW].piece);
  pdlt_free(t->side[ABOVE].piece);
}

static pdlt_status grow(pdlt_kink_side *s, pdlt_error *err) {
  const size_t capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
  pdlt_kink_piece *larger = NULL;
  const pdlt_status status = pdlt_alloc(&larger, capacity, sizeof *larger, err);
  if (status != PDLT_OK) return status;
  if (s->count > 0) memcpy(larger, s->piece, s->count * sizeof *larger);
  pdlt_free(s->piece);
  s->piece = larger;
  s->capacity = capacity;
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
  return (pdlt_kink_piece){mean - half, mean + half, mass, a.start};
}

/* Joins the new piece to the one of the same start whose middle is nearest. */
static int join(pdlt_kink_side *s, pdlt_kink_piece one) {
  size_t best = s->count;
  double nearest = INFINITY;
  for (size_t i = 0; i < s->count; i++) {
    const pdlt_kink_piece *p = &s->piece[i];
    const double distance = fabs(p->low + p->high - one.low - one.high);
    if (p->start != one.start || distance >= nearest) continue;
    nearest = distance;
    best = i;
  }
  if (best == s->count) return 0;
  s->piece[best] = merged(s, s->piece[best], one);
  s->nearest = smaller(s->nearest, s->piece[best].low);
  return 1;
}

/* A piece at distances low .. high from now on. */
static pdlt_status push(pdlt_kink_side *s, double low, double high, double mass, int start,
                        pdlt_error *err) {
  s->mass[start] += mass;
  s->moment += mass * (low + high) / 2;
  if (s->count >= MOST && join(s, (pdlt_kink_piece){low - s->moved, high - s->moved, mass, start}))
    return PDLT_OK;
  const pdlt_status status = s->count < s->capacity ? PDLT_OK : grow(s, err);
  if (status != PDLT_OK) return status;
  s->piece[s->count++] = (pdlt_kink_piece){low - s->moved, high - s->moved, mass, start};
  s->nearest = smaller(s->nearest, low - s->moved);
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
  if (ratio > 0.0) return push(&t->side[!from], -high * ratio, -low * ratio, mass, start, err);
  t->stuck[start] += mass;
  return PDLT_OK;
}

/* What is left of the side when the pieces that passed the kink, or parts of them, have gone. */
static pdlt_status sift(pdlt_kink_tracker *t, int from, const move *m, pdlt_error *err) {
  pdlt_kink_side *s = &t->side[from];
  size_t kept = 0;
  pdlt_status status = PDLT_OK;
  s->nearest = INFINITY;
  for (size_t i = 0; i < s->count; i++) {
    pdlt_kink_piece one = s->piece[i];
    const double low = one.low + s->moved, high = one.high + s->moved;
    if (low < 0.0) {
      const double part = high <= 0.0 ? one.mass : one.mass * -low / (high - low);
      const double end = smaller(high, 0.0);
      s->mass[one.start] -= part;
      s->moment -= part * (low + end) / 2;
      PDLT_TRY(cross(t, from, low, end, part, one.start, m, err));
      if (high <= 0.0) continue;
      one.low = -s->moved;
      one.mass -= part;
    }
    s->nearest = smaller(s->nearest, one.low);
    s->piece[kept++] = one;
  }
  s->count = kept;
cleanup:
  return status;
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
  /* A piece crosses once in a cell: what has just come over is at a distance >= 0 and stays. */
  for (int k = 0; k < 2; k++)
    if (crosses[k]) PDLT_TRY(sift(t, k, m, err));
  for (int k = 0; k < 2; k++) PDLT_TRY(advance_edge(t, k, m, err));
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
    *s = (pdlt_kink_side){.piece = s->piece, .capacity = s->capacity, .nearest = INFINITY};
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
