/* internal.h - what the files of the order-1/n dynamics share.
 *
 * Is: rotation, sums over times, and the contraction of both into the source J.
 * Is not: public; programs use mean.h and end.h. */
#ifndef PDLT_THEORY_ORDER_ONE_INTERNAL_H
#define PDLT_THEORY_ORDER_ONE_INTERNAL_H

#include "theory/order_one/mean.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Replaces, in every slot of a tensor of `rank` indices, the A training samples
 * by the eigenmodes of vector (A, A). In place. Cost 2 rank A D^rank flops. */
pdlt_status pdlt_rotate(size_t D, size_t A, int rank, const double *vector, int threads,
                        double *tensor, pdlt_error *err);

/* ---- ddI and ddII contracted over outputs ---- */

enum { PDLT_DD_ROWS = 6, PDLT_DD_PATTERNS = 3 };

/* out[r][b][c] = sum over rows of weight[row] times the entry of R, S, T or U
 * of this row and pattern (docs/dynamics.md, table of rows) with letter `fixed`
 * ('a' or 'd') at index and the other of the two at r < count. out: (count, A,
 * A). */
void pdlt_dd_gather(const pdlt_dynamics *dyn, const double weight[PDLT_DD_ROWS], int pattern,
                    char fixed, size_t index, size_t count, double *out);

/* Tensor and slots of each row and pattern. */
extern const char *const pdlt_dd_slots[PDLT_DD_ROWS][PDLT_DD_PATTERNS];

/* Which rows the terms usv, suu, ssv, sss have. */
extern const double pdlt_dd_rows[4][PDLT_DD_ROWS];

/* A slice of a tensor whose slots are named by letters: one letter is fixed, one outer (below
 * count), two inner (below A). */
typedef struct pdlt_slice {
  const char *slots, *inner;
  char fixed, outer;
  size_t index, count; /* values of `fixed`, of `outer` */
} pdlt_slice;

/* out[r][x][y] += weight * entry of the tensor (D, D, D, D): r the value of the outer letter, x and
 * y of the inner ones. */
void pdlt_gather(size_t D, size_t A, const double *tensor, const pdlt_slice *slice, double weight,
                 double *out);

/* out[f][d][a] += weight * tensor entry at slots over f, d (below D), a twice
 * (below A). */
void pdlt_gather_trace(size_t D, size_t A, const double *tensor, const char *slots, double weight,
                       double *out);

/* ---- sums over times ---- */

/* Weights of every term at `points` times (or of the whole training). fill
 * writes the weights of a term: (A) for MEAN, (A, A) for FLUCTUATIONS [a][c]
 * and DNTK [a][b], and for DDNTK those of mode a, [b][c]. scale: sign, power of
 * eta and factor of the term. */
typedef struct pdlt_time_weights {
  size_t points;
  double scale[PDLT_DYNAMICS_TERM_COUNT];
  void (*fill)(const void *self, size_t point, pdlt_dynamics_term term, size_t a, double *out);
  const void *self;
  const double (*rows)[PDLT_DD_ROWS]; /* (4) those of DDNTK_USV to _SSS; NULL: pdlt_dd_rows */
  pdlt_progress *progress;            /* may be NULL */
  double unit;                        /* of progress, for each point */
} pdlt_time_weights;

/* Fills vectors (count, points, D), rotated. */
typedef pdlt_status pdlt_time_source(const void *self, const pdlt_time_weights *weights,
                                     double *out, pdlt_error *err);

/* source (5 parts, n_L, points, D) in the rotated basis. */
pdlt_time_source pdlt_dynamics_source; /* self: pdlt_dynamics */

/* Sums over the steps before step s; under flow, integrals up to that time. */
typedef struct pdlt_time_state {
  double *p;  /* (A) mu_a^s */
  double *g;  /* (A) sum_{u<s} mu_b^u */
  double *d;  /* (A, A) sum_{u<s} mu_b^u mu_c^u; unused under flow */
  double *g2; /* (A, A) sum_{v<u<s} mu_b^u mu_c^v */
  double *h;  /* (A, A) sum_{u<s} mu_a^(s-1-u) mu_c^u */
  double *l;  /* (A, A) sum of h over the steps before s */
} pdlt_time_state;

/* Doubles behind one state, and a view of them. */
size_t pdlt_time_state_size(size_t A);
pdlt_time_state pdlt_time_state_view(size_t A, double *data);

/* s = 0, in data that is zero. */
void pdlt_time_state_start(size_t A, double *data);

/* From s to s + 1. No division: equal eigenvalues do no harm. Cost O(A^2). */
void pdlt_time_state_step(size_t A, const double *mu, double *data);

/* Flow: the state at time x <= 2/theta_max after a start, by Gauss-Legendre
 * quadrature; and the state at tau + x from those at tau and at x. Cost O(A^2).
 */
enum { PDLT_FLOW_NODES = 16 };
void pdlt_legendre(double node[PDLT_FLOW_NODES], double weight[PDLT_FLOW_NODES]);
void pdlt_time_state_early(size_t A, const double *theta, double x, double *data);
void pdlt_time_state_advance(size_t A, const double *from, const double *early, double *to);

/* Weights at the given states (data: points states, one after the other). */
typedef struct pdlt_time_states {
  size_t A, points;
  double *data;
} pdlt_time_states;
pdlt_time_weights pdlt_time_states_weights(const pdlt_dynamics *dyn,
                                           const pdlt_time_states *states);

/* Vectors (count, D), rotated, that start from 0 and follow z <- N z + J, or
 * its flow. */
typedef struct pdlt_time_loop {
  size_t num_times;
  const double *times; /* (T) increasing, finite, whole unless flow */
  size_t count;
  pdlt_time_source *source;
  const void *self;
  double *recorded;  /* (T, count, D) written */
  double *snapshots; /* (T) states, written; or NULL */
  double units;      /* of the progress of the dynamics, in all */
} pdlt_time_loop;

/* Errors: PDLT_ERR_INPUT (times), PDLT_ERR_MEMORY, those of source. */
pdlt_status pdlt_time_loop_run(const pdlt_dynamics *dyn, const pdlt_time_loop *loop,
                               pdlt_error *err);

/* The limit of late times of source summed over times, (count, D), with the
 * pull of the training samples: 0 on modes, O_d - Theta_dA Theta_AA^-1 O_A on
 * tests. Errors: PDLT_ERR_INPUT (singular), PDLT_ERR_MEMORY. */
pdlt_status pdlt_end_vectors(const pdlt_dynamics *dyn, pdlt_time_source *source, const void *self,
                             size_t count, double *out, pdlt_error *err);

/* Refuses a singular Theta_AA in the words of the infinite-width end. */
pdlt_status pdlt_end_check(const pdlt_dynamics *dyn, pdlt_error *err);

/* The sums g, g2 and d at the end, in a state that is zero. Errors: as pdlt_end. */
pdlt_status pdlt_end_state(const pdlt_dynamics *dyn, double *data, pdlt_error *err);

/* The mean change of a kernel of features is half plus its transpose,
 *   half = mean Theta1/2 - dntk (dNTK, summed residual) + eta^2 sum_bc { rows[0] g2_bc + rows[1] second_bc } m_bc,
 * second the equal times d_bc/2, or with `pairs` of times all of them, g2_bc + g2_cb + d_bc. Factors of
 * the terms of Theta_t apply. */
typedef struct pdlt_kernel_terms {
  double mean, dntk;
  double rows[2][PDLT_DD_ROWS];
  int pairs;
} pdlt_kernel_terms;

/* out (points, n_L, D, n_L, D) at these states, in samples; of the NTK: theta_t. */
pdlt_status pdlt_dynamics_kernel(const pdlt_dynamics *dyn, const pdlt_time_states *states,
                                 const pdlt_kernel_terms *terms, double *out, pdlt_error *err);
pdlt_status pdlt_dynamics_ntk(const pdlt_dynamics *dyn, const pdlt_time_states *states,
                              double *theta_t, pdlt_error *err);

/* A rotated copy of from in out, both (D, ...) of that rank. */
pdlt_status pdlt_rotate_copy(const pdlt_dynamics *dyn, int rank, const double *from, double *out,
                             pdlt_error *err);

/* The same of a tensor of rank 4, number tag, moved as the input says. */
pdlt_status pdlt_rotate_moved(const pdlt_dynamics *dyn, const pdlt_doubt_pass *move, uint64_t tag,
                              const double *from, double *out, pdlt_error *err);

/* x (count, n_L, D, n_L, D) from the rotated basis to samples, in place; work as large. */
void pdlt_rotate_back_both(const pdlt_dynamics *dyn, size_t count, double *work, double *x);

/* out (count, D) in samples from (count, D) in the rotated basis. */
void pdlt_rotate_back(const pdlt_dynamics *dyn, size_t count, const double *rotated, double *out);

#ifdef __cplusplus
}
#endif
#endif
