/* pairs_plain.c - the loops of base/vector/pairs.inc for plain C; its compile options
 * are in base/CMakeLists.txt, the choice among the sets in base/vector/vector.c. */
#include "base/vector/sets.h"

#define PDLT_PAIRS_SET pdlt_pairs_plain
#define PDLT_PAIRS_NAME "plain"
#include "base/vector/pairs.inc"
