/* answer.c - the answer to the user's question, in two sentences; see answer.h.
 *
 * Is not: markup; pages set n in italics themselves. */
#include "compare/verdict/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/experiment/quantity.h"
#include "base/file/stream.h"
#include "compare/join/join.h"
#include "compare/text/order.h"
#include "compare/verdict/rows.h"
#include "compare/verdict/slope.h"

enum { NAMED = 4, SHORT_NAMES = 8, ITEMS = 2, REASON = 64 };

/* --- Words --- */

static const pdlt_quantity *row_of(const char *quantity) {
  const int k = pdlt_quantity_find(quantity);
  return k < 0 ? NULL : &pdlt_quantities[k];
}

/* "mean output", "NTK", "tensor V". */
static void write_quantity(FILE *out, const char *quantity) {
  const pdlt_quantity *q = row_of(quantity);
  const int tensor = strlen(quantity) == 1 && strchr("VABDFPQRSTU", quantity[0]) != NULL;
  if (tensor || q == NULL)
    fprintf(out, "%s%s", tensor ? "tensor " : "", quantity);
  else
    fputs(q->what, out);
}

/* "1/n", or what takes its place where the quantity goes in powers of h^(1/2). */
static const char *order_of(const pdlt_comparison *c, const char *quantity) {
  return pdlt_order_of(pdlt_comparison_power(c, quantity))->plain;
}

/* "2048 networks per width", "2048 to 8192 networks per width". */
static void write_members(FILE *out, const pdlt_comparison *c, const pdlt_archive *measured) {
  double least = INFINITY, most = 0.0;
  for (size_t w = 0; w < c->num_widths; w++) {
    const pdlt_array *t = pdlt_measured_get(measured, c->widths[w], "members");
    if (t == NULL || pdlt_array_count(t) != 1) continue;
    least = fmin(least, t->data[0]);
    most = fmax(most, t->data[0]);
  }
  if (most > least)
    fprintf(out, "%.0f to %.0f networks per width", least, most);
  else if (most > 0.0)
    fprintf(out, "%.0f networks per width", most);
  else
    fputs("measurement", out);
}

/* --- The first sentence: what the tests say --- */

/* The two tests of a quantity, NULL where there is none. */
typedef struct pair {
  const char *quantity;
  const pdlt_compare_test *test[2]; /* c0, c1 */
} pair;

/* Losses follow from z and cov; they are named only where they disagree. */
static int listed(const pdlt_compare_test *test, pdlt_verdict verdict) {
  return test->verdict == verdict && (verdict == PDLT_DISAGREE || !test->derived);
}

/* How early a quantity is named. */
static int rank_of(const char *quantity) {
  static const char *const first[] = {"z", "cov", "Theta", "K"};
  for (int k = 0; k < (int)(sizeof first / sizeof *first); k++)
    if (strcmp(first[k], quantity) == 0) return k;
  return NAMED;
}

/* What a reason begins with: up to its first ':' or ';'. */
static void shorten(char out[REASON], const char *reason) {
  snprintf(out, REASON, "%.*s", (int)strcspn(reason, ":;"), reason);
}

static int same_reason(const pdlt_compare_test *test, const char *reason) {
  char own[REASON];
  shorten(own, test->reason);
  return strcmp(own, reason) == 0;
}

/* Tests with that verdict and that short reason (NULL: any), by quantity, those that matter most
 * first. Returns how many quantities. */
static size_t gather(const pdlt_comparison *c, pdlt_verdict verdict, const char *reason,
                     pair pairs[PDLT_QUANTITIES_MAX]) {
  size_t count = 0;
  for (int rank = 0; rank <= NAMED; rank++)
    for (size_t i = 0; i < c->num_tests; i++) {
      const pdlt_compare_test *test = &c->tests[i];
      size_t k = 0;
      if (!listed(test, verdict) || rank_of(test->quantity) != rank) continue;
      if (reason != NULL && !same_reason(test, reason)) continue;
      while (k < count && strcmp(pairs[k].quantity, test->quantity) != 0) k++;
      if (k == PDLT_QUANTITIES_MAX) continue;
      if (k == count) pairs[count++] = (pair){.quantity = test->quantity};
      pairs[k].test[pdlt_test_is_limit(test) ? 0 : 1] = test;
    }
  return count;
}

/* A bound that two digits show as 100 %. */
#define ALL_OF_IT 0.995

/* A bound beyond the largest number itself: many numbers together show the agreement. */
static void write_bound(FILE *out, double bound) {
  if (!isfinite(bound))
    fputs("0", out);
  else if (bound >= ALL_OF_IT)
    fputs("only jointly", out);
  else
    fprintf(out, "within %.2g %%", 100.0 * bound);
}

/* The bound of a test as a percentage, where it is one. */
static int is_percentage(const pdlt_compare_test *test) {
  return test != NULL && test->bound < ALL_OF_IT;
}

/* "within 0.4 % at infinite width and 6 % in its 1/n correction"; short where that was said. */
static void write_known(FILE *out, const pdlt_comparison *c, const pair *p, int *said) {
  const pdlt_compare_test *c0 = p->test[0], *c1 = p->test[1];
  const int both = is_percentage(c0) && is_percentage(c1);
  write_quantity(out, p->quantity);
  fputc(' ', out);
  if (both && *said) {
    fprintf(out, "within %.2g %% and %.2g %%", 100.0 * c0->bound, 100.0 * c1->bound);
    return;
  }
  *said |= both;
  if (c0 != NULL) {
    write_bound(out, c0->bound);
    fputs(" at infinite width", out);
  }
  if (c0 != NULL && c1 != NULL) fputs(" and ", out);
  if (c1 == NULL) return;
  if (both)
    fprintf(out, "%.2g %%", 100.0 * c1->bound);
  else
    write_bound(out, c1->bound);
  fprintf(out, " in its %s correction", order_of(c, p->quantity));
}

/* ", 7 more (V, A, B, ...) within 12 %" */
static void write_rest(FILE *out, const pair *pairs, size_t count) {
  double bound = 0.0;
  fprintf(out, ", %zu more (", count);
  for (size_t k = 0; k < count; k++) {
    if (k < SHORT_NAMES) fprintf(out, "%s%s", k > 0 ? ", " : "", pairs[k].quantity);
    for (int t = 0; t < 2; t++)
      if (pairs[k].test[t] != NULL && isfinite(pairs[k].test[t]->bound))
        bound = fmax(bound, pairs[k].test[t]->bound);
  }
  fputs(count > SHORT_NAMES ? ", ...) " : ") ", out);
  write_bound(out, bound > 0.0 ? bound : NAN);
}

/* What agrees, and within how much. */
static void write_agreement(FILE *out, const pdlt_comparison *c, const pair *pairs, size_t count) {
  const size_t named = count > NAMED + 1 ? NAMED : count;
  int said = 0;
  for (size_t k = 0; k < named; k++) {
    if (k > 0) fputs(", ", out);
    write_known(out, c, &pairs[k], &said);
  }
  if (count > named) write_rest(out, pairs + named, count - named);
}

/* 1 when the quantity has a test of its first correction, whatever it says. */
static int is_corrected(const pdlt_comparison *c, const char *quantity) {
  for (size_t i = 0; i < c->num_tests; i++)
    if (strcmp(c->tests[i].quantity, quantity) == 0 && !pdlt_test_is_limit(&c->tests[i])) return 1;
  return 0;
}

/* "mean output", "NTK at infinite width": which of its coefficients, where it has others. */
static void write_part(FILE *out, const pdlt_comparison *c, const pair *p) {
  write_quantity(out, p->quantity);
  if (p->test[0] == NULL)
    fprintf(out, " in its %s correction", order_of(c, p->quantity));
  else if (p->test[1] == NULL && is_corrected(c, p->quantity))
    fputs(" at infinite width", out);
}

/* Names of the pairs, few of many. */
static void write_parts(FILE *out, const pdlt_comparison *c, const pair *pairs, size_t count) {
  const size_t named = count > NAMED + 1 ? NAMED : count;
  for (size_t k = 0; k < named; k++) {
    if (k > 0) fputs(", ", out);
    write_part(out, c, &pairs[k]);
  }
  if (count > named) fprintf(out, " and %zu more", count - named);
}

/* "mean output, NTK (too few members)", one bracket for each kind of reason. */
static void write_undecided(FILE *out, const pdlt_comparison *c) {
  size_t written = 0;
  for (size_t i = 0; i < c->num_tests; i++) {
    char reason[REASON];
    pair pairs[PDLT_QUANTITIES_MAX];
    size_t j = 0;
    if (!listed(&c->tests[i], PDLT_UNDECIDED)) continue;
    shorten(reason, c->tests[i].reason);
    while (j < i && !(listed(&c->tests[j], PDLT_UNDECIDED) && same_reason(&c->tests[j], reason)))
      j++;
    if (j < i) continue; /* written with that one */
    const size_t count = gather(c, PDLT_UNDECIDED, reason, pairs);
    if (written++ > 0) fputs(", ", out);
    write_parts(out, c, pairs, count);
    fprintf(out, " (%s)", reason);
  }
}

/* "NTK at infinite width (p = 3e-09, the worst number 7.4 total errors off)" */
static void write_disagreement(FILE *out, const pdlt_comparison *c, const pair *pairs,
                               size_t count) {
  for (size_t k = 0; k < count; k++) {
    const pdlt_compare_test *worst = pairs[k].test[0];
    if (worst == NULL || (pairs[k].test[1] != NULL && pairs[k].test[1]->p < worst->p))
      worst = pairs[k].test[1];
    if (k > 0) fputs(", ", out);
    write_part(out, c, &pairs[k]);
    fprintf(out, " (p = %.2g, the worst number %.2g total errors off)", worst->p,
            fabs(worst->worst_z));
  }
}

static void write_verdict(FILE *out, const pdlt_comparison *c, const pdlt_archive *measured) {
  pair agree[PDLT_QUANTITIES_MAX], disagree[PDLT_QUANTITIES_MAX], undecided[PDLT_QUANTITIES_MAX];
  const size_t agreed = gather(c, PDLT_AGREE, NULL, agree);
  const size_t refuted = gather(c, PDLT_DISAGREE, NULL, disagree);
  const size_t open = gather(c, PDLT_UNDECIDED, NULL, undecided);
  if (agreed + refuted == 0) {
    fputs("Nothing could be decided: ", out);
    if (open == 0) fputs("theory and measurement have no quantity in common that was tested", out);
    write_undecided(out, c);
    fputc('.', out);
    return;
  }
  fputs(refuted == 0 && open > 0 ? "As far as this run can decide, theory and " : "Theory and ",
        out);
  write_members(out, c, measured);
  fputs(refuted > 0 ? " disagree: " : " agree: ", out);
  write_disagreement(out, c, disagree, refuted);
  if (refuted > 0 && agreed > 0) fputs("; they agree: ", out);
  write_agreement(out, c, agree, agreed);
  if (open > 0) fputs("; undecided: ", out);
  write_undecided(out, c);
  fputc('.', out);
}

/* --- The second sentence: how far theory is from networks --- */

/* Numbers of which the distance is told. */
typedef struct item {
  pdlt_numbers numbers;
  const char *words; /* NULL: the quantity */
  double size;       /* root mean square at infinite width */
} item;

/* Sets time to the last one, and size; 0: there are no such numbers, or all are 0. */
static int find(item *out, const pdlt_comparison *c) {
  double last = NAN, square = 0.0, count = 0.0;
  out->numbers.time = NAN;
  for (size_t r = 0; r < c->num_rows; r++)
    if (pdlt_numbers_hold(&out->numbers, &c->rows[r])) last = fmax(last, c->rows[r].time);
  out->numbers.time = last;
  for (size_t r = 0; r < c->num_rows; r++) {
    if (!pdlt_numbers_hold(&out->numbers, &c->rows[r])) continue;
    square += c->rows[r].lo * c->rows[r].lo;
    count += 1.0;
  }
  out->size = count > 0.0 ? sqrt(square / count) : 0.0;
  return out->size > 0.0;
}

static size_t train_samples(const pdlt_archive *measured) {
  const json_t *data = json_object_get(json_object_get(measured->meta, "experiment"), "data");
  const json_int_t train = json_integer_value(json_object_get(data, "train"));
  return train > 0 ? (size_t)train : 0;
}

/* Output and loss of the test samples, else of all samples, else what there is. */
static size_t choose(item items[ITEMS], const pdlt_comparison *c, const pdlt_archive *measured) {
  const char *names[PDLT_QUANTITIES_MAX];
  const size_t train = train_samples(measured);
  size_t count = 0;
  items[count] = (item){{"z", NAN, train}, "the mean output of the test samples", 0.0};
  if (train > 0) count += (size_t)find(&items[count], c);
  items[count] = (item){{"loss_test", NAN, 0}, "the test loss", 0.0};
  count += (size_t)find(&items[count], c);
  if (count > 0) return count;
  items[count] = (item){{"z", NAN, 0}, "the mean output of the training samples", 0.0};
  count += (size_t)find(&items[count], c);
  items[count] = (item){{"loss_train", NAN, 0}, "the training loss", 0.0};
  count += (size_t)find(&items[count], c);
  if (count > 0) return count;
  const size_t num = pdlt_comparison_quantities(c, PDLT_QUANTITIES_MAX, names);
  for (size_t k = 0; k < num && count < ITEMS; k++) {
    items[count] = (item){{names[k], NAN, 0}, NULL, 0.0};
    count += (size_t)find(&items[count], c);
  }
  return count;
}

/* Distances of the items at a width. */
typedef struct miss {
  size_t width;
  pdlt_distance distance[2][ITEMS]; /* by order */
} miss;

/* *known: all items were measured at that width. */
static pdlt_status measure(miss *out, int *known, size_t width, const pdlt_comparison *c,
                           const pdlt_archive *measured, const item *items, size_t count,
                           pdlt_error *err) {
  out->width = width;
  *known = 1;
  for (int order = 0; order < 2; order++)
    for (size_t k = 0; k < count; k++) {
      pdlt_distance *d = &out->distance[order][k];
      const pdlt_status status =
          pdlt_comparison_distance(d, c, measured, &items[k].numbers, width, order, err);
      if (status != PDLT_OK) return status;
      *known &= order == 1 || d->numbers > 0;
    }
  return PDLT_OK;
}

static int in_reach(const pdlt_comparison *c, size_t w, const item *items) {
  const pdlt_quantity *q = row_of(items[0].numbers.quantity);
  return q == NULL || !pdlt_quantity_is_trained(q) || c->reach[w].in_reach;
}

/* The narrowest width in reach (of none: the narrowest) and the widest; returns how many. */
static pdlt_status choose_widths(miss out[2], size_t *num, const pdlt_comparison *c,
                                 const pdlt_archive *measured, const item *items, size_t count,
                                 pdlt_error *err) {
  size_t w = 0, v = c->num_widths;
  int known = 0, reached = 0;
  *num = 0;
  for (size_t i = 0; i < c->num_widths; i++) reached |= in_reach(c, i, items);
  for (; w < c->num_widths && !known; w++) {
    if (reached && !in_reach(c, w, items)) continue;
    const pdlt_status status = measure(&out[0], &known, w, c, measured, items, count, err);
    if (status != PDLT_OK) return status;
  }
  if (!known) return PDLT_OK;
  *num = 1;
  for (known = 0; v > w && !known; v--) {
    const pdlt_status status = measure(&out[1], &known, v - 1, c, measured, items, count, err);
    if (status != PDLT_OK) return status;
  }
  *num += known != 0;
  return PDLT_OK;
}

/* "3.12 +- 0.09 %", "less than 0.4 %", "12 times its size". */
static void write_miss(FILE *out, const pdlt_distance *d, double size) {
  if (!pdlt_distance_clear(d)) {
    fprintf(out, "less than %.2g %%", 100.0 * (d->value + 2.0 * d->floor) / size);
    return;
  }
  const double value = sqrt(d->value * d->value - d->floor * d->floor);
  const double percent = 100.0 * value / size, se = 100.0 * d->se * d->value / value / size;
  if (percent >= 1000.0) {
    fprintf(out, "%.2g times its size", percent / 100.0);
  } else if (se > 0.0 && isfinite(se)) {
    const int decimals = (int)fmin(fmax(-floor(log10(se)), 0.0), 9.0);
    fprintf(out, "%.*f +- %.*f %%", decimals, percent, decimals, se);
  } else {
    fprintf(out, "%.2g %%", percent);
  }
}

static void write_item(FILE *out, const item *it) {
  if (it->words != NULL) {
    fputs(it->words, out);
    return;
  }
  fputs("the ", out);
  write_quantity(out, it->numbers.quantity);
}

/* "infinite width misses the NTK by 3 % and the kernel by 1 %, order 1/n by 0.2 % and 0.1 %" */
static void write_misses(FILE *out, const pdlt_comparison *c, const miss *m, const item *items,
                         size_t count, int brief) {
  size_t predicted = 0;
  fputs(brief ? "" : "infinite width misses ", out);
  for (size_t k = 0; k < count; k++) {
    if (k > 0) fputs(" and ", out);
    if (!brief) write_item(out, &items[k]);
    fputs(brief && k > 0 ? "" : brief ? "by " : " by ", out);
    write_miss(out, &m->distance[0][k], items[k].size);
    if (!brief && k == 0 && m->distance[0][k].numbers > 1) fputs(" (root mean square)", out);
    predicted += m->distance[1][k].numbers > 0;
  }
  if (predicted == 0) return;
  fprintf(out, ", order %s ", order_of(c, items[0].numbers.quantity));
  for (size_t k = 0, written = 0; k < count; k++) {
    if (m->distance[1][k].numbers == 0) continue;
    fputs(written > 0 ? " and " : "", out);
    if (predicted < count) write_item(out, &items[k]);
    fputs(predicted < count ? " by " : written > 0 ? "" : "by ", out);
    write_miss(out, &m->distance[1][k], items[k].size);
    written++;
  }
}

/* ", after 400 steps,"; nothing where there are no times. */
static void write_time(FILE *out, double time) {
  if (isinf(time))
    fputs(", at the end of training,", out);
  else if (time > 0.0)
    fprintf(out, ", after %.0f steps,", time);
  else if (!isnan(time))
    fputs(", before training,", out);
}

static pdlt_status write_distances(FILE *out, const pdlt_comparison *c,
                                   const pdlt_archive *measured, pdlt_error *err) {
  item items[ITEMS + 1];
  miss at[2];
  size_t num = 0;
  const size_t count = choose(items, c, measured);
  const pdlt_status status =
      count == 0 ? PDLT_OK : choose_widths(at, &num, c, measured, items, count, err);
  if (status != PDLT_OK) return status;
  if (num == 0) {
    fputs("No width measured numbers for which theory predicts a limit other than 0.", out);
    return PDLT_OK;
  }
  const size_t first = at[0].width;
  fprintf(out, "At n = %.0f", c->widths[first]);
  if (!in_reach(c, first, items))
    fprintf(out, ", out of reach of order %s as all widths are",
            order_of(c, items[0].numbers.quantity));
  else if (first > 0)
    fputs(", the narrowest width in reach", out);
  else if (num > 1)
    fputs(", the narrowest width", out);
  write_time(out, items[0].numbers.time);
  if (isnan(items[0].numbers.time)) fputs(num > 1 || first > 0 ? "," : "", out);
  fputc(' ', out);
  write_misses(out, c, &at[0], items, count, 0);
  if (num > 1) {
    fprintf(out, "; at n = %.0f ", c->widths[at[1].width]);
    write_misses(out, c, &at[1], items, count, 1);
  }
  fputc('.', out);
  return PDLT_OK;
}

pdlt_status pdlt_comparison_answer(pdlt_comparison *c, const pdlt_archive *measured,
                                   pdlt_error *err) {
  static const char what[] = "the answer";
  pdlt_stream text = {0};
  char *copy[2] = {NULL, NULL};
  pdlt_status status = PDLT_OK;
  for (int k = 0; k < 2; k++) {
    PDLT_TRY(pdlt_stream_open(&text, what, err));
    if (k == 0)
      write_verdict(text.out, c, measured);
    else
      PDLT_TRY(write_distances(text.out, c, measured, err));
    PDLT_TRY(pdlt_stream_take(&text, what, &copy[k], NULL, err));
  }
  for (int k = 0; k < 2; k++) {
    pdlt_free(c->answer[k]);
    c->answer[k] = copy[k];
    copy[k] = NULL;
  }
cleanup:
  pdlt_stream_free(&text);
  for (int k = 0; k < 2; k++) pdlt_free(copy[k]);
  return status;
}
