/* record.c - see record.h. */
#include "trainer/record/record.h"

#include "trainer/statistics/moments.h"

/* Means, and the counts behind them, do not add; all other numbers do. */
static int adds(const pdlt_record_layout *at, size_t i) {
  return !(i == at->survivors || (i >= at->mean && i < at->scatter) || i == at->u_count ||
           (i >= at->u_mean && i < at->u_scatter) || i >= at->top);
}

void pdlt_record_merge(const pdlt_plan *plan, double *into, const double *from) {
  const pdlt_record_layout *at = &plan->at;
  for (size_t i = 0; i < at->size; i++)
    if (adds(at, i)) into[i] += from[i];
  if (!plan->with_output) {
    into[at->survivors] += from[at->survivors];
  } else {
    const size_t rows = plan->times * plan->p / plan->columns;
    pdlt_moments_merge(rows, plan->columns, &into[at->survivors], into + at->mean,
                       into + at->scatter, from[at->survivors], from + at->mean);
    pdlt_top_merge(&plan->top, into + at->top, from + at->top);
  }
  if (plan->moments > 0)
    pdlt_moments_merge(plan->readouts, plan->moments, &into[at->u_count], into + at->u_mean,
                       into + at->u_scatter, from[at->u_count], from + at->u_mean);
}
