/* decide.c - which estimator takes the least work: see pilot.h. */
#include <math.h>

#include "trainer/network/draws.h"
#include "trainer/pilot/pilot.h"

enum { MIN_SURVIVORS = 8 };
#define MOST 4.0 /* work of further draws over that of the trained pair */
#define LEAST \
  0x1p-20 /* variances that chance makes smaller than this, of pairs, are not believed */

/* --- one option --- */

double pdlt_pilot_level_variance(const pdlt_pilot_table *t, const pdlt_pilot_option *o, size_t k) {
  const size_t above = o->level[k], below = k == 0 ? 0 : o->level[k - 1];
  const double v =
      t->covariance[above][above] + t->covariance[below][below] - 2 * t->covariance[above][below];
  return v > 0 ? v : 0;
}

double pdlt_pilot_level_flops(const pdlt_pilot_table *t, const pdlt_pilot_option *o, size_t k) {
  const size_t below = k == 0 ? 0 : o->level[k - 1];
  return t->flops_level + t->flops[o->level[k]] + t->flops[below] - t->flops[0];
}

static size_t top_of(const pdlt_pilot_option *o) {
  return o->levels == 0 ? 0 : o->level[o->levels - 1];
}

double pdlt_pilot_variance(const pdlt_pilot_table *t, const pdlt_pilot_option *o) {
  const size_t top = top_of(o);
  double value = t->antithetic;
  if (o->samples == 0) return value;
  double x = t->covariance[top][top] + t->further / (double)o->samples;
  for (size_t k = 0; k < o->levels; k++)
    x += pdlt_pilot_level_variance(t, o, k) / (double)o->draws[k];
  const double mx = -t->with_mean[top];
  if (!o->fitted)
    value += 2 * mx + x;
  else if (x > 0)
    value -= mx * mx / x;
  return value < LEAST * t->antithetic ? LEAST * t->antithetic : value;
}

/* That times the flops, over those of plain. */
static double work(const pdlt_pilot_table *t, const pdlt_pilot_option *o) {
  double flops = t->flops_draw + 2 * t->flops_train;
  if (o->samples > 0) flops += t->flops[top_of(o)] + (double)o->samples * t->flops_further;
  for (size_t k = 0; k < o->levels; k++)
    flops += (double)o->draws[k] * pdlt_pilot_level_flops(t, o, k);
  return pdlt_pilot_variance(t, o) * flops / (t->plain * (t->flops_draw + t->flops_train));
}

double pdlt_pilot_work(const pdlt_pilot_table table[2], const pdlt_pilot_option *option) {
  return 0.5 * (work(&table[0], option) + work(&table[1], option));
}

/* --- the best numbers of draws, the best levels --- */

/* number (1 + levels) = samples and draws ~ sqrt(V/B) at one width, by their flops B at most MOST
 * times those of what is trained. */
static void ideal(const pdlt_pilot_table *t, const pdlt_pilot_option *o, double *number) {
  const size_t top = top_of(o);
  const double square = t->covariance[top][top], cross = t->with_mean[top];
  const double trained = t->flops_draw + 2 * t->flops_train + t->flops[top];
  double beta = 1, sum = 0;
  if (o->fitted) beta = square > 0 ? cross / square : 0;
  double left = t->antithetic - 2 * beta * cross + beta * beta * square;
  if (!(left > LEAST * t->antithetic)) left = LEAST * t->antithetic;
  for (size_t k = 0; k <= o->levels; k++) {
    const double v = k == 0 ? t->further : pdlt_pilot_level_variance(t, o, k - 1);
    const double b = k == 0 ? t->flops_further : pdlt_pilot_level_flops(t, o, k - 1);
    number[k] = fabs(beta) * sqrt(v / b * trained / left);
    sum += number[k] * b;
  }
  for (size_t k = 0; k <= o->levels && sum > MOST * trained; k++) number[k] *= MOST * trained / sum;
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

/* Tries the levels in o and all that go on from there. */
static void search(const pdlt_pilot_table table[2], pdlt_pilot_option *o, double *least,
                   pdlt_pilot_option *out) {
  const size_t first = top_of(o) + 1;
  allocate(table, o);
  const double x = pdlt_pilot_work(table, o);
  if (x < *least) {
    *least = x;
    *out = *o;
  }
  if (o->levels == PDLT_MAX_LEVELS) return;
  o->levels++;
  for (size_t k = first; k < table[0].candidates && k < table[1].candidates; k++) {
    o->level[o->levels - 1] = k;
    search(table, o, least, out);
  }
  o->levels--;
}

static int enough(const pdlt_pilot_table table[2]) {
  for (int k = 0; k < 2; k++)
    if (table[k].survivors < MIN_SURVIVORS || !(table[k].plain > 0)) return 0;
  return 1;
}

int pdlt_pilot_decide(const pdlt_pilot_table table[2], pdlt_estimator estimator,
                      pdlt_pilot_option *out) {
  const double better = 0.9;
  const int known = enough(table), choose = estimator == PDLT_ESTIMATOR_AUTO;
  pdlt_pilot_option option[2] = {{.samples = 1}, {.samples = 1, .fitted = 1}};
  double least = 1, with[2] = {INFINITY, INFINITY};
  int antithetic = 0;
  *out = (pdlt_pilot_option){.samples = 0};
  if (known && choose) {
    const double pairs = pdlt_pilot_work(table, out);
    antithetic = pairs < 1;
    if (pairs < least) least = pairs;
  }
  for (int fitted = 0; fitted < 2 && known && table[0].candidates > 0; fitted++) {
    pdlt_pilot_option o = {.samples = 1, .fitted = fitted};
    search(table, &o, &with[fitted], &option[fitted]);
  }
  if (choose && !(with[0] < better * least || with[1] < better * least)) return antithetic;
  *out = option[choose ? with[1] < better * with[0] : estimator == PDLT_ESTIMATOR_CONTROL];
  return 1;
}
