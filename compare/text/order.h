/* order.h - how the first correction to infinite width is written.
 *
 * Is: words for the power of 1/n that corrects first, plain and as markup.
 * Is not: which power that is (compare/reach/power.h). */
#ifndef PDLT_COMPARE_TEXT_ORDER_H
#define PDLT_COMPARE_TEXT_ORDER_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_order_words {
  const char *plain;  /* "1/n" or "1/sqrt(n)" */
  const char *markup; /* 1/<i>n</i> or <i>n</i><sup>-1/2</sup> */
  const char *unit;   /* what its coefficient multiplies: <i>h</i> or <i>h</i><sup>1/2</sup> */
} pdlt_order_words;

/* Those of powers of h^power: 1, or 1/2 with a kink. */
const pdlt_order_words *pdlt_order_of(double power);

#ifdef __cplusplus
}
#endif
#endif
