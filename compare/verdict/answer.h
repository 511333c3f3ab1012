/* answer.h - the answer to the user's question, in two sentences with numbers.
 *
 * Is: what agrees within how much (or what does not, or why nothing could be decided); and by how
 * much infinite width and order 1/n miss the outputs and the loss at a width.
 * Is not: a test; it says in words what tests and distances found (verdict.h, slope.h). */
#ifndef PDLT_COMPARE_VERDICT_ANSWER_H
#define PDLT_COMPARE_VERDICT_ANSWER_H

#include "base/file/archive.h"
#include "compare/verdict/compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes comparison->answer, in plain text ("n = 16", "1/n", "3.1 +- 0.2 %"), of a comparison whose
 * rows, tests and verdict are there. The first sentence gives the bounds of the tests: 4 times the
 * largest total error of a number, relative to the largest predicted one; "only jointly" where that
 * is more than the number itself, so that only many numbers together show the agreement; "0" where
 * all predictions are 0. The second gives root mean square distances from theory at the last time,
 * relative to the root mean square at infinite width: of the mean output of the test samples and of
 * their loss (without test samples, of the training samples; without training, of what was measured
 * at initialization), at the narrowest width in reach and at the widest one. Noise is taken off in
 * quadrature; below twice the noise a bound stands in its place. Errors: PDLT_ERR_MEMORY; the
 * answer is then as before. Cost: O(rows), and block values of two widths. */
pdlt_status pdlt_comparison_answer(pdlt_comparison *comparison, const pdlt_archive *measured,
                                   pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
