/* decide.c - which estimator takes the least work: see pilot.h. */
#include <math.h>

#include "trainer/network/draws.h"
#include "trainer/pilot/pilot.h"

enum { TURNS = 8 }; /* of the weights of parts */
#define MOST 4.0    /* work of further draws over that of the trained pair */
#define LEAST \
  0x1p-20 /* variances that chance makes smaller than this, of pairs, are not believed */

/* --- one option --- */

double pdlt_pilot_level_variance(const pdlt_pilot_part *p, const pdlt_pilot_option *o, size_t k) {
  const size_t above = o->level[k], below = k == 0 ? 0 : o->level[k - 1];
  const double v =
      p->covariance[above][above] + p->covariance[below][below] - 2 * p->covariance[above][below];
  return v > 0 ? v : 0;
}

double pdlt_pilot_level_flops(const pdlt_pilot_table *t, const pdlt_pilot_option *o, size_t k) {
  const size_t below = k == 0 ? 0 : o->level[k - 1];
  return t->flops_level + t->flops[o->level[k]] + t->flops[below] - t->flops[0];
}

static size_t top_of(const pdlt_pilot_option *o) {
  return o->levels == 0 ? 0 : o->level[o->levels - 1];
}

/* number (1 + levels): samples and draws, whole or not. */
static double variance_at(const pdlt_pilot_part *p, const pdlt_pilot_option *o,
                          const double *number) {
  const size_t top = top_of(o);
  double value = p->antithetic, x = p->covariance[top][top] + p->further / number[0];
  for (size_t k = 0; k < o->levels; k++) x += pdlt_pilot_level_variance(p, o, k) / number[k + 1];
  const double mx = -p->with_mean[top];
  if (!o->fitted && !p->fitted)
    value += 2 * mx + x;
  else if (x > 0)
    value -= mx * mx / x;
  return value < LEAST * p->antithetic ? LEAST * p->antithetic : value;
}

double pdlt_pilot_variance(const pdlt_pilot_part *p, const pdlt_pilot_option *o) {
  double number[1 + PDLT_MAX_LEVELS] = {(double)o->samples};
  if (o->samples == 0 || !p->controlled) return p->antithetic;
  for (size_t k = 0; k < o->levels; k++) number[k + 1] = (double)o->draws[k];
  return variance_at(p, o, number);
}

/* That times the flops, over those of plain. */
static double work(const pdlt_pilot_table *t, const pdlt_pilot_option *o, size_t part) {
  const pdlt_pilot_part *p = &t->part[part];
  double flops = t->flops_draw + 2 * t->flops_train;
  if (o->samples > 0) flops += t->flops[top_of(o)] + (double)o->samples * t->flops_further;
  for (size_t k = 0; k < o->levels; k++)
    flops += (double)o->draws[k] * pdlt_pilot_level_flops(t, o, k);
  return pdlt_pilot_variance(p, o) * flops / (p->plain * (t->flops_draw + t->flops_train));
}

double pdlt_pilot_work(const pdlt_pilot_table table[2], const pdlt_pilot_option *option,
                       size_t part) {
  return 0.5 * (work(&table[0], option, part) + work(&table[1], option, part));
}

double pdlt_pilot_together(const pdlt_pilot_table table[2], const pdlt_pilot_option *option) {
  double sum = 0;
  for (int w = 0; w < 2; w++) {
    double product = 1;
    for (size_t g = 0; g < table[w].parts; g++) product *= work(&table[w], option, g);
    sum += pow(product, 1.0 / (double)table[w].parts);
  }
  return 0.5 * sum;
}

/* --- the best numbers of draws, the best levels --- */

/* What further draws do to the parts at one width, part by part: coefficient beta of x, and
 * variance = left + beta^2 (further/M + sum V_k/R_k). */
typedef struct shares {
  double beta, left, v[1 + PDLT_MAX_LEVELS];
} shares;

static shares shares_of(const pdlt_pilot_part *p, const pdlt_pilot_option *o) {
  const size_t top = top_of(o);
  const double square = p->covariance[top][top], cross = p->with_mean[top];
  shares s = {.beta = 1};
  if (!p->controlled) return (shares){.left = p->antithetic};
  if (o->fitted || p->fitted) s.beta = square > 0 ? cross / square : 0;
  s.left = p->antithetic - 2 * s.beta * cross + s.beta * s.beta * square;
  if (!(s.left > LEAST * p->antithetic)) s.left = LEAST * p->antithetic;
  for (size_t k = 0; k <= o->levels; k++)
    s.v[k] = s.beta * s.beta * (k == 0 ? p->further : pdlt_pilot_level_variance(p, o, k - 1));
  return s;
}

/* number (1 + levels) = samples and draws ~ sqrt(V/B) at one width, by their flops B at most MOST
 * times those of what is trained. V, and what they leave, are sums over parts in units of the variance
 * that a part has with the numbers before. */
static void ideal(const pdlt_pilot_table *t, const pdlt_pilot_option *o, double *number) {
  const double trained = t->flops_draw + 2 * t->flops_train + t->flops[top_of(o)];
  shares part[PDLT_PILOT_PARTS];
  double unit[PDLT_PILOT_PARTS];
  for (size_t g = 0; g < t->parts; g++) {
    part[g] = shares_of(&t->part[g], o);
    unit[g] = part[g].left;
  }
  for (int turn = 0; turn < (t->parts > 1 ? TURNS : 1); turn++) {
    double left = 0, sum = 0, v[1 + PDLT_MAX_LEVELS] = {0};
    for (size_t g = 0; g < t->parts; g++) {
      left += part[g].left / unit[g];
      for (size_t k = 0; k <= o->levels; k++) v[k] += part[g].v[k] / unit[g];
    }
    for (size_t k = 0; k <= o->levels; k++) {
      const double b = k == 0 ? t->flops_further : pdlt_pilot_level_flops(t, o, k - 1);
      number[k] = sqrt(v[k] / b * trained / left);
      sum += number[k] * b;
    }
    for (size_t k = 0; k <= o->levels; k++) {
      if (sum > MOST * trained) number[k] *= MOST * trained / sum;
      for (size_t g = 0; g < t->parts && number[k] > 0; g++)
        unit[g] = (k == 0 ? part[g].left : unit[g]) + part[g].v[k] / number[k];
    }
  }
}

/* The mean of two numbers in their logarithm, whole, at least 1 and at most `most`. */
static size_t whole(double x, double y, size_t most) {
  const double mean = sqrt(x * y);
  if (!(mean > 1)) return 1;
  return mean > (double)most ? most : (size_t)(mean + 0.5);
}

static void allocate(const pdlt_pilot_table table[2], pdlt_pilot_option *o) {
  double x[1 + PDLT_MAX_LEVELS], y[1 + PDLT_MAX_LEVELS];
  ideal(&table[0], o, x);
  ideal(&table[1], o, y);
  o->samples = whole(x[0], y[0], PDLT_MAX_SAMPLES);
  for (size_t k = 0; k < o->levels; k++) o->draws[k] = whole(x[k + 1], y[k + 1], PDLT_MAX_FURTHER);
}

/* Whether a part that has a control takes longer than with plain. */
static int is_slower(const pdlt_pilot_table table[2], const pdlt_pilot_option *o) {
  for (size_t g = 0; g < table[0].parts; g++)
    if (table[0].part[g].controlled && pdlt_pilot_work(table, o, g) > 1) return 1;
  return 0;
}

/* What is looked for. */
typedef struct quest {
  const pdlt_pilot_table *table; /* (2) */
  int never_slower;              /* than plain: is_slower */
  double least;                  /* so far */
  pdlt_pilot_option best;
} quest;

/* Tries the levels in o and all that go on from there. */
static void search(quest *q, pdlt_pilot_option *o) {
  const pdlt_pilot_table *table = q->table;
  const size_t first = top_of(o) + 1;
  allocate(table, o);
  const double x = pdlt_pilot_together(table, o);
  if (x < q->least && !(q->never_slower && is_slower(table, o))) {
    q->least = x;
    q->best = *o;
  }
  if (o->levels == PDLT_MAX_LEVELS) return;
  o->levels++;
  for (size_t k = first; k < table[0].candidates && k < table[1].candidates; k++) {
    o->level[o->levels - 1] = k;
    search(q, o);
  }
  o->levels--;
}

static int enough(const pdlt_pilot_table table[2]) {
  for (int k = 0; k < 2; k++) {
    if (table[k].survivors < PDLT_PILOT_SURVIVORS) return 0;
    for (size_t g = 0; g < table[k].parts; g++)
      if (!(table[k].part[g].plain > 0)) return 0;
  }
  return 1;
}

int pdlt_pilot_decide(const pdlt_pilot_table table[2], pdlt_estimator estimator,
                      pdlt_pilot_option *out) {
  const double better = 0.9;
  const int known = enough(table), choose = estimator == PDLT_ESTIMATOR_AUTO;
  double least = 1;
  int antithetic = 0;
  *out = (pdlt_pilot_option){.samples = 0};
  if (known && choose && !is_slower(table, out)) {
    const double pairs = pdlt_pilot_together(table, out);
    antithetic = pairs < 1;
    if (antithetic) least = pairs;
  }
  quest with[2];
  for (int fitted = 0; fitted < 2; fitted++) {
    pdlt_pilot_option o = {.samples = 1, .fitted = fitted};
    with[fitted] = (quest){.table = table, .never_slower = choose, .least = INFINITY, .best = o};
    if (known && table[0].candidates > 0) search(&with[fitted], &o);
  }
  if (choose && !(with[0].least < better * least || with[1].least < better * least))
    return antithetic;
  *out = with[choose ? with[1].least < better * with[0].least : estimator == PDLT_ESTIMATOR_CONTROL]
             .best;
  return 1;
}
