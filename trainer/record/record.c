/* record.c - see record.h. */
#include "trainer/record/record.h"

#include <math.h>
#include <stddef.h>

#include "base/experiment/loss.h"
#include "base/vector/packed.h"
#include "trainer/statistics/moments.h"

static size_t one(const pdlt_plan *plan) {
  (void)plan;
  return 1;
}
static size_t outputs(const pdlt_plan *plan) {
  return plan->has[PDLT_QUANTITY_Z] ? plan->times * plan->p : 0;
}
static size_t products(const pdlt_plan *plan) { return outputs(plan) * plan->columns; }
static size_t odd(const pdlt_plan *plan) { return plan->antithetic ? products(plan) : 0; }
static size_t change(const pdlt_plan *plan) { return plan->data->centered ? outputs(plan) : 0; }
static size_t change_odd(const pdlt_plan *plan) { return plan->antithetic ? change(plan) : 0; }
static size_t change_count(const pdlt_plan *plan) { return change(plan) > 0; }
static size_t u_mean(const pdlt_plan *plan) { return plan->readouts * plan->moments; }
static size_t u_products(const pdlt_plan *plan) { return u_mean(plan) * plan->moments; }
static size_t packed(const pdlt_plan *plan) { return pdlt_packed_size(plan->p); }
static size_t odd_shift(const pdlt_plan *plan) {
  if (!plan->control.spread) return 0;
  return plan->columns == 1 ? odd(plan) : plan->times * packed(plan);
}
static size_t start_shift(const pdlt_plan *plan) { return plan->control.start ? packed(plan) : 0; }
static size_t kernel_shift(const pdlt_plan *plan) {
  return plan->control.kernels ? plan->times * packed(plan) : 0;
}
static size_t shift(const pdlt_plan *plan) { return plan->control.linear ? outputs(plan) : 0; }
static size_t posterior(const pdlt_plan *plan) { return plan->posterior.size; }
static size_t top(const pdlt_plan *plan) {
  return plan->has[PDLT_QUANTITY_Z] ? pdlt_top_size(&plan->top) : 0;
}

/* A part with a name in the layout; or, without size, the sums of all quantities that are drawn so,
 * in the order of their table. */
static const struct row {
  size_t name;
  size_t (*size)(const pdlt_plan *plan);
  pdlt_merge_rule merge;
  pdlt_drawn drawn;
} rows[] = {
#define PART(name, size, merge) \
  { offsetof(pdlt_record_layout, name), size, merge, 0 }
#define SUMS(drawn) \
  { 0, NULL, PDLT_MERGE_ADD, drawn }
    PART(members, one, PDLT_MERGE_ADD),
    PART(diverged, one, PDLT_MERGE_ADD),
    PART(unconverged, one, PDLT_MERGE_ADD),
    PART(survivors, one, PDLT_MERGE_LATER),
    PART(mean, outputs, PDLT_MERGE_LATER),
    PART(scatter, products, PDLT_MERGE_SCATTER),
    PART(odd, odd, PDLT_MERGE_ADD),
    PART(change_count, change_count, PDLT_MERGE_LATER),
    PART(change_mean, change, PDLT_MERGE_LATER),
    PART(change_scatter, change, PDLT_MERGE_SCATTER),
    PART(change_odd, change_odd, PDLT_MERGE_ADD),
    SUMS(PDLT_DRAWN_LAYERS),
    PART(u_count, one, PDLT_MERGE_LATER),
    PART(u_mean, u_mean, PDLT_MERGE_LATER),
    PART(u_scatter, u_products, PDLT_MERGE_SCATTER),
    SUMS(PDLT_DRAWN_TRAINED),
    SUMS(PDLT_DRAWN_ROOT),
    SUMS(PDLT_DRAWN_ALL),
    SUMS(PDLT_DRAWN_VARIANCE),
    SUMS(PDLT_DRAWN_SHARE),
    PART(odd_shift, odd_shift, PDLT_MERGE_ADD),
    PART(start_shift, start_shift, PDLT_MERGE_ADD),
    PART(kernel_shift, kernel_shift, PDLT_MERGE_ADD),
    PART(shift, shift, PDLT_MERGE_ADD),
    PART(top, top, PDLT_MERGE_TOP),
    PART(posterior, posterior, PDLT_MERGE_ADD),
};

_Static_assert(sizeof rows / sizeof *rows + PDLT_QUANTITIES <= PDLT_RECORD_PARTS,
               "a layout holds all parts");

/* Puts a part at the end; returns where it begins. */
static size_t append(pdlt_record_layout *at, size_t size, pdlt_merge_rule merge) {
  const size_t begin = at->size;
  at->part[at->parts++] = (pdlt_record_part){begin, size, merge};
  at->size += size;
  return begin;
}

pdlt_record_layout pdlt_record_lay_out(const pdlt_plan *plan) {
  pdlt_record_layout at = {.size = 0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    if (row->size != NULL)
      *(size_t *)((char *)&at + row->name) = append(&at, row->size(plan), row->merge);
    for (int k = 0; k < PDLT_QUANTITIES && row->size == NULL; k++)
      if (pdlt_experiment_drawn(plan->ex, k) == row->drawn)
        at.sum[k] = append(&at, pdlt_plan_sum_size(plan, k), row->merge);
  }
  return at;
}

static void add(size_t count, double *into, const double *from) {
  for (size_t i = 0; i < count; i++) into[i] += from[i];
}

/* Count, mean and scatter, whose sums were added; a count without a mean adds. */
static void merge_moments(const pdlt_record_part *scatter, double *into, const double *from) {
  const pdlt_record_part *count = scatter - 2, *mean = scatter - 1;
  if (mean->size == 0) {
    add(count->size, into + count->at, from + count->at);
    return;
  }
  /* A mean has times * columns numbers, a scatter times * columns^2. */
  const size_t columns = scatter->size / mean->size;
  const size_t times = mean->size * mean->size / scatter->size;
  pdlt_moments_merge(times, columns, &into[count->at], into + mean->at, into + scatter->at,
                     from[count->at], from + mean->at);
}

void pdlt_record_merge(const pdlt_plan *plan, double *into, const double *from) {
  for (size_t k = 0; k < plan->at.parts; k++) {
    const pdlt_record_part *part = &plan->at.part[k];
    switch (part->merge) {
      case PDLT_MERGE_ADD:
        add(part->size, into + part->at, from + part->at);
        break;
      case PDLT_MERGE_SCATTER:
        add(part->size, into + part->at, from + part->at);
        merge_moments(part, into, from);
        break;
      case PDLT_MERGE_TOP:
        if (part->size > 0) pdlt_top_merge(&plan->top, into + part->at, from + part->at);
        break;
      case PDLT_MERGE_LATER:
        break;
    }
  }
}

/* --- records from files --- */

static int is_count(double x, double most) { return x >= 0 && x <= most && x == floor(x); }

/* Draws that the block covers. */
static double draws_of(const pdlt_plan *plan, size_t block) {
  const size_t first = block * plan->block_members;
  if (first >= plan->members) return 0;
  const size_t left = plan->members - first;
  return (double)(left < plan->block_members ? left : plan->block_members);
}

static int are_counts(const pdlt_plan *plan, double draws, const double *record) {
  const double diverged = record[plan->at.diverged];
  const double survivors = plan->has[PDLT_QUANTITY_Z] ? draws - diverged : draws;
  if (plan->has[PDLT_QUANTITY_Z] && record[plan->at.top] != survivors)
    return 0; /* its first number */
  if (change_count(plan) > 0 && record[plan->at.change_count] != survivors) return 0;
  return record[plan->at.members] == draws && is_count(diverged, draws) &&
         is_count(record[plan->at.unconverged], draws - diverged) &&
         record[plan->at.survivors] == survivors && is_count(record[plan->at.u_count], 1e15);
}

/* The diagonals of times matrices (columns, columns), or with columns = 1 all numbers. */
static int are_squares(size_t size, size_t columns, const double *x) {
  const size_t square = columns * columns;
  for (size_t start = 0; square > 0 && start + square <= size; start += square)
    for (size_t i = 0; i < columns; i++)
      if (x[start + i * columns + i] < 0) return 0;
  return 1;
}

/* Whether numbers of the record may be anything: training, or a linearization, went to infinity. */
static int is_open(const pdlt_plan *plan, const double *record) {
  if (record[plan->at.diverged] > 0) return 1;
  if (!plan->has[PDLT_QUANTITY_UNSTABLE]) return plan->control.linear;
  return record[plan->at.sum[PDLT_QUANTITY_UNSTABLE]] > 0;
}

const char *pdlt_record_wrong(const pdlt_plan *plan, size_t block, const double *record) {
  const pdlt_record_layout *at = &plan->at;
  const double draws = draws_of(plan, block);
  const int open = is_open(plan, record);
  if (draws == 0 || !are_counts(plan, draws, record))
    return "its numbers of draws are not those of the block";
  if (plan->has[PDLT_QUANTITY_UNSTABLE] &&
      !is_count(record[at->sum[PDLT_QUANTITY_UNSTABLE]], draws))
    return "its number of unstable draws is none";
  for (size_t i = 0; i < at->size && !open; i++)
    if (!isfinite(record[i])) return "it holds a number that is not finite";
  if (!are_squares(products(plan), plan->columns, record + at->scatter) ||
      !are_squares(odd(plan), plan->columns, record + at->odd) ||
      !are_squares(change(plan), 1, record + at->change_scatter) ||
      !are_squares(change_odd(plan), 1, record + at->change_odd) ||
      !are_squares(u_products(plan), plan->moments, record + at->u_scatter))
    return "it holds a negative sum of squares";
  return NULL;
}
