/* accumulate.h - the tensors of order 1/width in a block's record.
 *
 * Is: per draw u = (K, M) over pairs of samples a <= b, merged into mean and scatter, and
 * the sums of F and B, for every layer measured (trainer/measure/ntk_fluctuation.h;
 * docs/trainer/measurements.md). Is not: estimates (trainer/output/tensors.c). */
#ifndef PDLT_TRAINER_RECORD_ACCUMULATE_H
#define PDLT_TRAINER_RECORD_ACCUMULATE_H

#include "trainer/measure/ntk_fluctuation.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_accumulator {
  const pdlt_plan *plan; /* borrowed */
  pdlt_fluctuation fluctuation;
  size_t rows;    /* draws in u */
  double *u;      /* (64, R, q) */
  double *mean;   /* (R, q) */
  double *matrix; /* (S, S) */
  double *tensor; /* (S, S, S, S) */
  double *storage;
} pdlt_accumulator;

/* Of a plan with V, D or A. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_accumulator_new(pdlt_accumulator *out, const pdlt_plan *plan,
                                 const pdlt_network *net, pdlt_error *err);
void pdlt_accumulator_free(pdlt_accumulator *acc);

/* Adds a draw of which K alone is known, kernel (R, P) over pairs a <= b of all samples. */
void pdlt_accumulator_kernel(pdlt_accumulator *acc, const double *kernel, double *record);

/* Adds the draw theta to the record. */
void pdlt_accumulator_add(pdlt_accumulator *acc, const double *theta, double *record);

/* Merges what is still held into the record; call at the end of a block. */
void pdlt_accumulator_flush(pdlt_accumulator *acc, double *record);

#ifdef __cplusplus
}
#endif
#endif
