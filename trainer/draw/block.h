/* block.h - a block of independent draws, reduced to one record.
 *
 * Is: the unit of work: everything a block contributes, a pure function of (experiment,
 * data, width, block).
 * Is not: aware of other blocks, threads or files. */
#ifndef PDLT_TRAINER_DRAW_BLOCK_H
#define PDLT_TRAINER_DRAW_BLOCK_H

#include "trainer/control/control.h"
#include "trainer/draw/member.h"
#include "trainer/measure/crossings.h"
#include "trainer/measure/ddntk.h"
#include "trainer/measure/hidden.h"
#include "trainer/measure/ntk.h"
#include "trainer/posterior/sums.h"
#include "trainer/record/accumulate.h"
#include "trainer/record/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory of one thread for blocks of one width. */
typedef struct pdlt_worker {
  const pdlt_plan *plan;   /* borrowed */
  const pdlt_network *net; /* borrowed */
  pdlt_stepper stepper;
  pdlt_ntk ntk;
  pdlt_accumulator tensors;
  pdlt_ddntk ddntk;
  pdlt_training_ntk training_ntk;
  pdlt_training_dntk training_dntk;
  pdlt_crossings crossings;
  pdlt_hidden hidden;
  pdlt_network_features features;
  pdlt_posterior_sums posterior; /* where it is measured, instead of all else */
  double *
      moving; /* of a draw's networks, one after the other, what is measured of them in training, in the
                     order of the table of quantities */
  size_t moving_at[PDLT_QUANTITIES +
                   1];   /* where each lies in one network's part; last: how long that is */
  pdlt_control *control; /* of the draw, with its further draws */
  pdlt_status status;    /* what ended a block other than *stop */
  long steps;            /* of all networks so far */
  double *theta;         /* (num_params) the draw */
  double *even, *odd;    /* (64, T, p) m and d of the surviving draws */
  double *start[2];      /* (64, p) m and d of z(0), with centered targets */
  double *begun;         /* (2, p) z(0) of a draw's networks */
  double *changed;       /* (p) work; with centered targets */
  double *shift;         /* (p) of the record at the last time, before a draw */
  double *last;          /* (64, 1 or 2, p) m, and shift, at the last time of surviving draws */
  double *middle;        /* (1 or 2, p) work for last */
  double *numbers;       /* (64) their numbers, from 1 */
  double *pair;          /* (T, p) outputs of the second network of a pair */
  double *mean;          /* (T, p) */
  double *matrix;        /* (D, D) */
  double *layers;        /* (L-1, D) */
  double *agop;          /* (n_0, n_0) of the start, where the samples are a cube */
  double *storage;
} pdlt_worker;

/* width: of the same plan and network, borrowed; NULL for pdlt_worker_train alone. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_worker_new(pdlt_worker *out, const pdlt_plan *plan, const pdlt_network *net,
                            const pdlt_control_width *width, pdlt_error *err);
void pdlt_worker_free(pdlt_worker *worker);

/* Trains draw `member`: z (T, p) of the network and, unless NULL, minus (T, p) of the
 * same draw with the last layer negated. Leaves the draw in worker->theta. A pair
 * diverges or fails to converge when one of the two does. */
pdlt_member_outcome pdlt_worker_train(pdlt_worker *worker, uint64_t member,
                                      const volatile sig_atomic_t *stop, double *z, double *minus);

/* Runs a block: record (layout.size) and, for draws below plan->keep, samples
 * (keep, T, p) of the whole width (NaN where diverged). Returns 0 when *stop, or
 * worker->status, ended it early; the record is then of no use. */
int pdlt_block_run(pdlt_worker *worker, size_t block, const volatile sig_atomic_t *stop,
                   double *record, double *samples);

#ifdef __cplusplus
}
#endif
#endif
