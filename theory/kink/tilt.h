/* tilt.h - normal numbers whose direction favours one axis.
 *
 * Is: importance sampling of a direction. What a draw adds grows with how far its neurons move, nearly all of it
 * comes from directions along which they move far, and those are drawn more often, with the weight that undoes it.
 * Is not: which axis (draw.c).
 *
 * Derivation: docs/kinks.md, "Directions". */
#ifndef PDLT_THEORY_KINK_TILT_H
#define PDLT_THEORY_KINK_TILT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Share of draws that know no axis: no weight is larger than 1 over it. */
#define PDLT_KINK_TILT_SHARE 0.3

/* normal (count): independent normal numbers, turned so that the first lies along axis (count, of any length), and
 * that one drawn anew, monotone in what it was, from the density (s + (1 - s) x^2) phi(x) with s = the share above.
 * Returns the weight of the direction, uniform over what it is drawn from: 1/(s + (1 - s) count x^2/r^2), r the
 * new length. An axis of length 0, or a count below 2: nothing changes and the weight is 1. */
double pdlt_kink_tilt(size_t count, const double *axis, double *normal);

#ifdef __cplusplus
}
#endif
#endif
