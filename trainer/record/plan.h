/* plan.h - what a run measures and how its work is cut into blocks.
 *
 * Is: the decisions that follow from experiment and data alone: estimator, quantities,
 * block size, and where each sum lies in a block's record.
 * Is not: work; block.h fills records. */
#ifndef PDLT_TRAINER_RECORD_PLAN_H
#define PDLT_TRAINER_RECORD_PLAN_H

#include "base/experiment/quantity.h"
#include "base/file/array.h"
#include "trainer/network/draws.h"
#include "trainer/network/schedule.h"
#include "trainer/posterior/sums.h"
#include "trainer/statistics/top_share.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_BLOCK_MEMBERS = 64 }; /* draws per block, unless there are too many blocks */

/* Draws of a posterior cost little, and their error bars need blocks, not draws: at least so many draws per
 * block, and so many that there are at most so many blocks. */
enum { PDLT_WEIGHTED_MEMBERS = 8, PDLT_WEIGHTED_BLOCKS = 2048 };

/* A level between own linearization and training (trainer/control/level.h): a draw linearized anew
 * at t_j = j step, j = 1..nodes; nodes = 0: own linearization. */
typedef struct pdlt_level {
  double step;
  int nodes;
  int middle; /* 1: gradients from half-way up to the last node, at second order in step */
} pdlt_level;

enum { PDLT_MAX_NODES = 4 };

/* Levels from bottom to top, and further draws of each per trained one. */
typedef struct pdlt_levels {
  size_t count;
  pdlt_level level[PDLT_MAX_LEVELS];
  size_t draws[PDLT_MAX_LEVELS];
} pdlt_levels;

/* How the variance of a draw is reduced (trainer/control/control.h): what the experiment or the
 * pilot has decided. */
typedef struct pdlt_plan_control {
  int linear;         /* outputs have a control: the last level, or the own linearization */
  int fitted;         /* its coefficient is that of the other blocks, not 1 */
  pdlt_levels levels; /* above the own linearization */
  int spread;         /* products of odd outputs have one too (trainer/control/spread.h) */
  int start;          /* the NTK of draws has one, with which that in training and the dNTK vary */
  int kernels;        /* its change has one too, of levels (trainer/control/level.h) */
  size_t
      samples; /* draws without weights, or with positions or skips further networks, per draw, or 0 */
  int weightless; /* K, Theta and, without D, F, A, B, V come from these */
  int pairwise;   /* and these are plain, with controls pair by pair (trainer/control/pairwise.h) */
} pdlt_plan_control;

/* How a part of two records becomes that of both. */
typedef enum pdlt_merge_rule {
  PDLT_MERGE_ADD,     /* sums: numbers add */
  PDLT_MERGE_LATER,   /* a count or a mean: by the scatter that follows */
  PDLT_MERGE_SCATTER, /* sums of products about the mean; count and mean are the two parts before */
  PDLT_MERGE_TOP      /* largest numbers, top_share.h */
} pdlt_merge_rule;

typedef struct pdlt_record_part {
  size_t at, size;
  pdlt_merge_rule merge;
} pdlt_record_part;

enum { PDLT_RECORD_PARTS = 26 + PDLT_QUANTITIES }; /* at most: rows of record.c, and sums */

/* Positions in a record (doubles); the record of a block is a pure function of
 * (experiment, data, width, block). record.c holds the table of its parts. Sizes: p = n_L D, R
 * layers measured (1: the output layer; with --layers: all L). c = p, or 1 without covariance: only
 * diagonals. q: of the plan. */
typedef struct pdlt_record_layout {
  size_t members, diverged, unconverged; /* counts of draws */
  size_t survivors;                      /* draws behind mean, scatter, odd */
  size_t mean;           /* (T, p) mean over survivors of m, a draw's output (pair: its average) */
  size_t scatter;        /* (T, p, c) sum of (m - mean)(m - mean)^T */
  size_t odd;            /* (T, p, c) sum of d d^T, d half the difference of a pair */
  size_t change_count;   /* with centered targets, of z(t) - z(0): survivors */
  size_t change_mean;    /* (T, p) */
  size_t change_scatter; /* (T, p) sum of squares about the mean */
  size_t change_odd;     /* (T, p) sum of squares of half the difference of a pair */
  size_t u_count;        /* draws behind the next two: all */
  size_t u_mean;         /* (R, q) mean over draws of u, accumulate.h */
  size_t u_scatter;      /* (R, q, q) sum of (u - mean)(u - mean)^T */
  size_t odd_shift;    /* (T, p (p + 1)/2 or p) sum over all draws of the same for d d^T, i <= j */
  size_t start_shift;  /* (p (p + 1)/2) the same for the NTK at the start, i <= j */
  size_t kernel_shift; /* (T, p (p + 1)/2) the same for its change since */
  size_t shift; /* (T, p) sum over all draws of x: what further draws say less its own control */
  size_t top;   /* of the last time, top_share.h */
  size_t posterior;            /* trainer/posterior/sums.h */
  size_t sum[PDLT_QUANTITIES]; /* of each quantity that is a mean or a share: pdlt_plan_sum_size */
  size_t size;
  size_t parts;
  pdlt_record_part part[PDLT_RECORD_PARTS]; /* (parts) one after the other */
} pdlt_record_layout;

typedef struct pdlt_plan {
  const pdlt_experiment *ex; /* borrowed */
  const pdlt_samples *data;  /* borrowed */
  pdlt_schedule schedule;
  int single; /* networks are trained in float */
  int antithetic;
  int on_networks; /* K, Theta and V at the start are measured on networks whatever else might be */
  pdlt_plan_control control;
  int has[PDLT_QUANTITIES];            /* whether it is measured */
  const char *absent[PDLT_QUANTITIES]; /* why not, where it was asked for; else NULL */
  size_t times, p;                     /* T, n_L D */
  size_t columns;                      /* c */
  size_t readouts;                     /* R */
  size_t first;                        /* S: samples of the tensors */
  int positions;                       /* layers have positions */
  int networks;   /* layers have positions or skips: further draws are networks, without levels */
  int features;   /* some of them are measured */
  size_t moments; /* q: numbers of u per readout, S(S+1)/2 or twice that, or 0 */
  size_t members, keep;           /* draws per width; of which z is stored */
  size_t block_members;           /* 64 g, g a power of two; of a posterior 8 g */
  size_t blocks;                  /* per width */
  pdlt_top_shape top;             /* of the last time's outputs */
  pdlt_posterior_shape posterior; /* size 0: not measured; where it is, nothing else is */
  pdlt_record_layout at;
} pdlt_plan;

/* Bytes: the largest covariance sums in a record; those of all records at the fewest
 * blocks that give error bars; all records, from which on blocks are doubled. Covariances
 * beyond the first two are not measured. */
#define PDLT_MAX_COVARIANCE ((size_t)64 << 20)
#define PDLT_MAX_COVARIANCES ((size_t)1 << 30)
#define PDLT_MAX_RECORDS ((size_t)256 << 20)

/* Numbers of products of odd outputs, or of NTKs, T n_L D (n_L D + 1)/2, up to which they have a control. */
#define PDLT_MAX_SPREAD ((size_t)1 << 14)

/* Rows of the NTK of one draw, n_L D, up to which linearizations are made; of
 * its training samples, n_L N_A, up to which it is known whether a draw is unstable. */
#define PDLT_MAX_LINEARIZED ((size_t)1024)

/* Largest array over the samples of the tensors, (S, S, S, S): S <= 32. */
#define PDLT_MAX_TENSOR ((size_t)8 << 20)

/* Rows of what the readout's weights see, kappa n_{L-1} S at the largest width, up to which D, F, A, B
 * are measured where layers have positions: 128 MiB. */
#define PDLT_MAX_SEEN ((size_t)4096)

/* Numbers of the arrays like theta that derivatives of the NTK take there at the largest width, up to which
 * they are measured: 512 MiB. */
#define PDLT_MAX_DERIVATIVES ((size_t)1 << 26)

/* Plan of a resolved experiment; antithetic is set later by pdlt_plan_estimator.
 * Errors: PDLT_ERR_INPUT `FILE:LINE: key: ...` for what the trainer cannot do. */
pdlt_status pdlt_plan_make(pdlt_plan *out, const pdlt_experiment *ex, const pdlt_samples *data,
                           int layers, pdlt_error *err);

/* Measures the outputs and their products alone from now on; call pdlt_plan_estimator afterwards. */
void pdlt_plan_outputs_only(pdlt_plan *plan);

/* Shape of quantity k where it is measured; returns the number of indices. */
int pdlt_plan_shape(const pdlt_plan *plan, int k, size_t dim[PDLT_MAX_NDIM]);
size_t pdlt_plan_numbers(const pdlt_plan *plan, int k);

/* Numbers that are summed for quantity k in a record: with LAYERS for each layer measured, of a
 * share one; 0 where it is not measured or comes from other parts. */
size_t pdlt_plan_sum_size(const pdlt_plan *plan, int k);

/* From so many samples on Theta given the preactivations costs more than it is worth; rows of controls
 * squared, times pairs and layers, that a pilot may hold: 128 MiB. */
#define PDLT_PAIRWISE_SAMPLES ((size_t)11)
#define PDLT_MAX_PAIRWISE ((size_t)1 << 24)

/* Fixes the estimator and with it the records and the block size. Where the experiment asks
 * for auto, two_level or control, K, Theta and V are measured on draws without weights if these cost less
 * than networks: if D^3 <= 4 n^2 at the smallest width, unless on_networks, or, of PDLT_PAIRWISE_SAMPLES and
 * more where outputs have no control, with plain NTKs and controls pair by pair, D <= n. */
void pdlt_plan_estimator(pdlt_plan *plan, int antithetic);

/* Whether networks may be drawn without weights: preactivations of given layers below are Gaussian, and
 * projections of weights independent, for normal weights alone (docs/trainer/control.md, "Draws of
 * preactivations"), no positions and no skips. Where not, auto is plain or antithetic. */
int pdlt_plan_may_be_weightless(const pdlt_plan *plan);

/* Whether the mean of an own linearization can be had from further draws: without weights or, where layers
 * have positions or skips, of networks (trainer/control/positions_linear.h). */
int pdlt_plan_may_be_linearized(const pdlt_plan *plan);

/* Adds a control to antithetic pairs: `samples` >= 1 further draws of the own linearization for each, and
 * levels, none or some, with >= 1 further draws for each. */
void pdlt_plan_linearize(pdlt_plan *plan, size_t samples, int fitted, const pdlt_levels *levels);

/* Draws of the blocks for so many members, unless their records are too large. */
size_t pdlt_plan_smallest_block(const pdlt_plan *plan, size_t members);

/* So many draws per width from now on, at least as many as before: more blocks, or larger
 * ones where they would be too many. */
void pdlt_plan_grow(pdlt_plan *plan, size_t members);

/* Whether quantity k is measured and too large to be stored: one of those of ensemble.keep (cov with
 * cov_end, Theta_t, dTheta_t) that takes, error bars and blocks included, more than PDLT_KEPT_BYTES at
 * one width, as the plan stands, and is asked for neither by ensemble.keep nor by until. *bytes (unless
 * NULL): what it takes; *word: its name in ensemble.keep, NULL of other quantities. */
int pdlt_plan_drops(const pdlt_plan *plan, int k, double *bytes, const char **word);

/* Name of the estimator as in the experiment file: plain, antithetic, two_level, control, slice. */
const char *pdlt_plan_estimator_name(const pdlt_plan *plan);

/* Layer that readout r = 0..R-1 belongs to. */
int pdlt_plan_layer(const pdlt_plan *plan, size_t r);

#ifdef __cplusplus
}
#endif
#endif
