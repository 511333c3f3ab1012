/* doubt.h - arrays moved by their numerical errors: what that does to a result is the error of the result.
 *
 * Is: what is known of the errors of K, Theta or a tensor, and one possible error of it.
 * Is not: how these errors are found (errors.h). */
#ifndef PDLT_THEORY_TENSORS_DOUBT_H
#define PDLT_THEORY_TENSORS_DOUBT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of the numerical errors of one tensor: `each` of an entry, of any sign, or, where it
 * is not NULL, `entry` (D, D), alike for equal entries but for rounding; a relative change `all` of the
 * whole tensor; and, where moved[] are not NULL, such as moved less the tensor. Of the last two either
 * sign. Borrowed. */
typedef struct pdlt_doubt {
  double each, all;
  const double *entry, *moved[2];
} pdlt_doubt;

/* Moves of tensors whose errors have a shape: with one alone their responses may cancel. */
enum { PDLT_DOUBT_PASSES = 4 };

/* Which errors a copy of the tensors is moved by: doubts[tag] of tensor number tag, move number pass. */
typedef struct pdlt_doubt_pass {
  const pdlt_doubt *doubts; /* borrowed; NULL: no moves */
  uint64_t pass;
} pdlt_doubt_pass;

/* Entry `at` of a tensor of rank 4 so moved, as pdlt_doubt_move does it. */
double pdlt_doubt_entry(const double *from, size_t at, uint64_t tag, const pdlt_doubt_pass *pass);

/* to = from, of rank 2 or 4 over D samples, moved by its errors, up or down by a fixed hash of pass, tag (the
 * number of the tensor) and position, or, with `entry`, value; symmetric matrices stay symmetric. */
void pdlt_doubt_move(double *to, const double *from, int rank, size_t D, uint64_t pass,
                     uint64_t tag, const pdlt_doubt *doubt);

/* +1 or -1, a fixed hash of the position. */
double pdlt_doubt_sign(uint64_t position);

/* *most is at least twice the largest |a - b| of count numbers; NaN in a is left out. */
void pdlt_doubt_raise(double *most, size_t count, const double *a, const double *b);

#ifdef __cplusplus
}
#endif
#endif
