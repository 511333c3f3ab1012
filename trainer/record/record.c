/* record.c - see record.h. */
#include "trainer/record/record.h"

#include <stddef.h>

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
static size_t u_mean(const pdlt_plan *plan) { return plan->readouts * plan->moments; }
static size_t u_products(const pdlt_plan *plan) { return u_mean(plan) * plan->moments; }
static size_t shift(const pdlt_plan *plan) { return plan->control.linear ? outputs(plan) : 0; }
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
    SUMS(PDLT_DRAWN_LAYERS),
    PART(u_count, one, PDLT_MERGE_LATER),
    PART(u_mean, u_mean, PDLT_MERGE_LATER),
    PART(u_scatter, u_products, PDLT_MERGE_SCATTER),
    SUMS(PDLT_DRAWN_TRAINED),
    SUMS(PDLT_DRAWN_SHARE),
    PART(shift, shift, PDLT_MERGE_ADD),
    PART(top, top, PDLT_MERGE_TOP),
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
      if (pdlt_quantities[k].drawn == row->drawn)
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
    into[count->at] += from[count->at];
    return;
  }
  const size_t columns = scatter->size / mean->size;
  pdlt_moments_merge(mean->size / columns, columns, &into[count->at], into + mean->at,
                     into + scatter->at, from[count->at], from + mean->at);
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
