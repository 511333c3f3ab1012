/* feature.c - see feature.h. */
#include "base/experiment/feature.h"

#define PDLT_FEATURE_ROW(id, name, a, b) {name, a, b},
const pdlt_feature_definition pdlt_feature_definitions[PDLT_FEATURE_COUNT] = {
    PDLT_FEATURE_LIST(PDLT_FEATURE_ROW)};
#undef PDLT_FEATURE_ROW
