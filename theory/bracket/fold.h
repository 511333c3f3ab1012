/* fold.h - four-slot brackets by parity: the same sums over a quarter, or a half, of the products.
 *
 * Is: a trapezoid grid folded at 0, and the brackets of one 4 x 4 kernel on it (docs/tensors.md, "Brackets").
 * Is not: public; pdlt_bracket_quads_new_many chooses it. */
#ifndef PDLT_THEORY_BRACKET_FOLD_H
#define PDLT_THEORY_BRACKET_FOLD_H

#include "theory/bracket/bracket.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Canonical variables of a 4 x 4 kernel: z_i = load[i] . (those of its pair of slots), and their
 * correlations (quad.c). */
void pdlt_bracket_canonical(const double *K, double load[4][2], double rho[2]);

/* Which pair of slots of a column Mehler's operators act on (quad.c). */
int pdlt_bracket_moved_side(const int order[4]);

/* work (rows, levels) = left (rows, levels) rho^N; returns the number of columns that are not negligible, the
 * only ones written (grid.c). */
size_t pdlt_bracket_powers(size_t rows, size_t levels, const double *number, const double *left,
                           double rho, double *work);

/* The nodes x > 0 of a grid of an even number of them, and the modes by their parity: even [0], odd [1]; a mode
 * that is neither, far out, is in both. */
typedef struct pdlt_bracket_fold {
  size_t half;      /* m = n/2 */
  double *x;        /* (m); owned, with all below */
  size_t levels[2]; /* modes of each parity */
  double *left[2];  /* (m, levels) mode times root_w */
  double *right[2]; /* (levels, m) the same at x and at -x, added or subtracted */
  double *number[2];
  int parity; /* of the activation: +1 even, -1 odd, 0 neither */
} pdlt_bracket_fold;

/* grid: of new_trapezoid, n even. Owned by the caller. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_bracket_fold_new(pdlt_bracket_fold *out, const pdlt_bracket_grid *grid,
                                  const pdlt_activation *activation, pdlt_error *err);
void pdlt_bracket_fold_free(pdlt_bracket_fold *fold);

/* Doubles that pdlt_bracket_fold_quad works in. */
size_t pdlt_bracket_fold_room(const pdlt_bracket_fold *fold);

/* Brackets of one 4 x 4 kernel into out (columns of layout). */
void pdlt_bracket_fold_quad(const pdlt_bracket_fold *fold, const pdlt_bracket_quads *layout,
                            const pdlt_activation *activation, const double *K, double *work,
                            double *out);

#ifdef __cplusplus
}
#endif
#endif
