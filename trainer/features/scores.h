/* scores.h - how well a list of functions holds a known structure.
 *
 * Is: algebra of functions on D samples: centred ones of length 1, and the scores A, B, P of
 * docs/features.md, "Scores".
 * Is not: aware of networks, or of where functions and structure come from.
 *
 * Shapes: functions lie row by row, (count, D). */
#ifndef PDLT_TRAINER_FEATURES_SCORES_H
#define PDLT_TRAINER_FEATURES_SCORES_H

#include <stddef.h>

#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The structure: blocks V_j of size[j] orthonormal, centred functions each. Everything is borrowed. */
typedef struct pdlt_structure {
  size_t blocks, samples; /* samples: D */
  const size_t *size;     /* (blocks) d_j */
  const double *v;        /* (sum of d_j, D) block after block */
} pdlt_structure;

/* Sum of d_j. */
size_t pdlt_structure_size(const pdlt_structure *structure);

/* u (count, D): each less its mean, at length 1; what is constant up to rounding becomes 0. */
void pdlt_functions_normalize(size_t count, size_t D, double *u);

/* share (count, blocks) = |P_j u|^2 = sum over the functions v of block j of (v.u)^2. Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_structure_shares(const pdlt_structure *structure, size_t count, const double *u,
                                  double *share, pdlt_error *err);

typedef enum { PDLT_SCORE_ONE, PDLT_SCORE_SPAN, PDLT_SCORE_PURITY, PDLT_SCORE_COUNT } pdlt_score;
extern const char *const pdlt_score_names[PDLT_SCORE_COUNT]; /* "A", "B", "P" */

/* Of candidates u (count, D), as pdlt_functions_normalize leaves them:
 *
 *   A  one by one   max over assignments of candidates to places, d_j of them in block j, of
 *                   sum |P_j u|^2, over sum d_j
 *   B  subspace     |P_span V|^2/sum d_j, the share of the structure inside the span of the candidates
 *   P  purity       mean over candidates of max_j |P_j u|^2
 *
 * out (PDLT_SCORE_COUNT), each from 0 to 1; no candidates: all 0. Directions that the candidates hold with
 * less than 1e-5 of the strongest do not count to their span. Errors: PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY.
 * Cost count D sum d_j + count^2 max(count, D, sum d_j). */
pdlt_status pdlt_scores(const pdlt_structure *structure, size_t count, const double *u, double *out,
                        pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
