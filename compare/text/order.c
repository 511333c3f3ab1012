/* order.c - see order.h. */
#include "compare/text/order.h"

#define MINUS "\xe2\x88\x92"

const pdlt_order_words *pdlt_order_of(double power) {
  static const pdlt_order_words whole = {"1/n", "1/<i>n</i>", "<i>h</i>"};
  static const pdlt_order_words half = {"1/sqrt(n)", "<i>n</i><sup>" MINUS "1/2</sup>",
                                        "<i>h</i><sup>1/2</sup>"};
  return power < 1 ? &half : &whole;
}
