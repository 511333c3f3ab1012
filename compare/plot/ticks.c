/* ticks.c - where ticks go.
 *
 * Linear ticks stand at 1, 2, 5 times a power of ten; log ticks at powers of ten (every k-th when
 * there are many; 1, 2, 5 when there are few).
 * Is not: drawing, or how numbers are written (compare/text/number.h). */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare/plot/internal.h"
#include "compare/text/number.h"

enum { TICKS_FEWEST = 3, TICKS_MOST = 9 };

/* Numbers that count ticks from 0 are exact up to here. */
static const double EXACT = 0x1p53;

/* Smallest step 1, 2, 5 * 10^k with at most `most` ticks in [lo, hi]; *count: how many. */
static double step_with_at_most(double lo, double hi, int most, double *count) {
  static const double factor[] = {1, 2, 5};
  int k = (int)floor(log10(hi - lo)) - 1;
  double step = 0;
  for (int i = 0; i < 9; i++) {
    const int decade = k + i / 3;
    step = factor[i % 3] * pow(10, decade);
    *count = floor(hi / step + 1e-9) - ceil(lo / step - 1e-9) + 1;
    if (*count <= most) break;
  }
  return step;
}

/* Seven ticks or fewer look best; where that leaves too few, up to TICKS_MOST. */
static double nice_step(double lo, double hi) {
  double count = 0;
  double step = step_with_at_most(lo, hi, TICKS_MOST - 2, &count);
  return count >= TICKS_FEWEST ? step : step_with_at_most(lo, hi, TICKS_MOST, &count);
}

/* Power of ten to factor out of the labels, 0 when they are readable as they are. */
static int common_exponent(double largest, double step) {
  if (largest >= 1e4 || largest < 1e-2) return (int)floor(log10(largest) + 1e-9);
  return step < 1e-5 ? (int)floor(log10(largest) + 1e-9) : 0;
}

/* How many multiples of step lie in [lo, hi], from number *first on; 0 where there are more than `most`,
 * or none that can be told apart. */
static int multiples(double lo, double hi, double step, int most, double *first) {
  const double last = floor(hi / step + 1e-9);
  *first = ceil(lo / step - 1e-9);
  if (!(fabs(*first) < EXACT && fabs(last) < EXACT && last - *first < most)) return 0;
  return last < *first ? 0 : (int)(last - *first) + 1;
}

static void add_linear_minor(pdlt_ticks *out, double lo, double hi, double step) {
  double lead = step / pow(10, floor(log10(step) + 1e-9)), first;
  int parts = fabs(lead - 2) < 0.1 ? 4 : 5;
  double minor = step / parts;
  const int count = multiples(lo, hi, minor, PDLT_MINOR_TICKS_MAX, &first);
  for (int k = 0; k < count; k++) {
    const double i = first + k;
    if (fmod(fabs(i), parts) != 0) out->minor[out->minor_count++] = i * minor;
  }
}

static void make_linear(pdlt_ticks *out, double lo, double hi) {
  double step = nice_step(lo, hi), first;
  const int count = multiples(lo, hi, step, PDLT_TICKS_MAX, &first);
  if (count == 0) return;
  double largest = fmax(fabs(first), fabs(first + count - 1)) * step;
  out->exponent = common_exponent(largest, step);
  double unit = pow(10, out->exponent);
  int decimals = (int)-floor(log10(step / unit) + 1e-9);
  if (decimals < 0) decimals = 0;
  if (decimals > 15) decimals = 15;
  for (int k = 0; k < count; k++) {
    const double i = first + k;
    out->at[out->count] = fmin(fmax(i * step, lo), hi);
    if (i == 0) out->at[out->count] = 0;
    pdlt_plot_decimals(out->label[out->count], PDLT_TICK_LABEL, i * step / unit, decimals);
    out->count++;
  }
  add_linear_minor(out, lo, hi, step);
}

/* Ticks at factor * 10^k for the given factors (ascending). */
static void add_decades(pdlt_ticks *out, double lo, double hi, int first, int last, int stride,
                        const int *factor, int num_factors) {
  for (int k = first; k <= last; k++)
    for (int f = 0; f < num_factors; f++) {
      double at = factor[f] * pow(10, k);
      if (((k % stride) + stride) % stride != 0 || out->count == PDLT_TICKS_MAX) continue;
      if (at < lo * (1 - 1e-12) || at > hi * (1 + 1e-12)) continue;
      out->at[out->count] = at;
      if (num_factors > 1)
        pdlt_plot_number(out->label[out->count], PDLT_TICK_LABEL, at, 1);
      else
        pdlt_plot_power(out->label[out->count], PDLT_TICK_LABEL, k);
      out->count++;
    }
}

static void add_log_minor(pdlt_ticks *out, double lo, double hi, int first, int last, int stride) {
  for (int k = first; k <= last; k++) {
    int steps = stride == 1 ? 9 : 1;
    for (int f = 1; f <= steps; f++) {
      double at = f * pow(10, k);
      int major = 0;
      for (size_t i = 0; i < out->count; i++) major |= fabs(out->at[i] / at - 1) < 1e-9;
      if (major || at < lo || at > hi || out->minor_count == PDLT_MINOR_TICKS_MAX) continue;
      out->minor[out->minor_count++] = at;
    }
  }
}

static void make_log(pdlt_ticks *out, double lo, double hi) {
  static const int one[] = {1}, few[] = {1, 2, 5}, all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  int first = (int)floor(log10(lo) - 1e-9), last = (int)ceil(log10(hi) + 1e-9);
  int decades = (int)(floor(log10(hi) + 1e-12) - ceil(log10(lo) - 1e-12)) + 1;
  int stride = 1;
  while (decades > (TICKS_MOST - 2) * stride) stride++;
  add_decades(out, lo, hi, first, last, stride, one, 1);
  for (int attempt = 0; attempt < 2 && out->count < TICKS_FEWEST; attempt++) {
    out->count = 0;
    if (attempt == 0)
      add_decades(out, lo, hi, first, last, 1, few, 3);
    else
      add_decades(out, lo, hi, first, last, 1, all, 9);
  }
  if (out->count < TICKS_FEWEST) {
    memset(out, 0, sizeof *out);
    make_linear(out, lo, hi);
    return;
  }
  add_log_minor(out, lo, hi, first, last, stride);
}

/* 0 and powers of ten not below the threshold, on either side. */
static void make_log1p(pdlt_ticks *out, double lo, double hi, double threshold) {
  double reach = fmax(fabs(lo), fabs(hi));
  int first = (int)ceil(log10(threshold) - 1e-9), last = (int)floor(log10(reach) + 1e-9);
  int stride = 1;
  int sides = (lo < 0) + (hi > 0);
  while (sides * ((last - first) / stride + 1) + 1 > TICKS_MOST) stride++;
  for (int k = last; lo < 0 && k >= first; k--)
    if ((k - first) % stride == 0 && -pow(10, k) >= lo && -pow(10, k) <= hi) {
      out->at[out->count] = -pow(10, k);
      pdlt_plot_number(out->label[out->count++], PDLT_TICK_LABEL, -pow(10, k), 1);
    }
  if (lo <= 0 && hi >= 0) snprintf(out->label[out->count++], PDLT_TICK_LABEL, "0");
  for (int k = first; hi > 0 && k <= last; k++)
    if ((k - first) % stride == 0 && pow(10, k) >= lo && pow(10, k) <= hi) {
      out->at[out->count] = pow(10, k);
      pdlt_plot_number(out->label[out->count++], PDLT_TICK_LABEL, pow(10, k), 1);
    }
  if (out->count < TICKS_FEWEST) {
    memset(out, 0, sizeof *out);
    make_linear(out, lo, hi);
    return;
  }
  if (lo >= 0) add_log_minor(out, fmax(lo, threshold), hi, first, last, stride);
}

void pdlt_ticks_make(pdlt_ticks *out, pdlt_axis_kind kind, double lo, double hi, double threshold) {
  memset(out, 0, sizeof *out);
  if (!(hi > lo) || !isfinite(hi - lo)) return;
  if (kind == PDLT_AXIS_LOG && lo > 0)
    make_log(out, lo, hi);
  else if (kind == PDLT_AXIS_LOG1P && threshold > 0)
    make_log1p(out, lo, hi, threshold);
  else
    make_linear(out, lo, hi);
}
