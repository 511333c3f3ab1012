/* features_internal.h - pieces of features.html. Users include features.h. */
#ifndef PDLT_COMPARE_PAGE_FEATURES_INTERNAL_H
#define PDLT_COMPARE_PAGE_FEATURES_INTERNAL_H

#include "compare/page/features.h"
#include "compare/page/features_scores.h"
#include "compare/page/internal.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the page is made from. */
typedef struct pdlt_features_page {
  const pdlt_features_input *in;
  size_t structures;
  pdlt_feature_scores *scores; /* (structures) */
  pdlt_figure_list figures;
  char *answer; /* plain text */
} pdlt_features_page;

/* --- features_answer.c --- */

/* What was learned, in two or three sentences with numbers, plain text, owned by the caller (pdlt_free). */
pdlt_status pdlt_features_answer(char **out, const pdlt_features_page *page, pdlt_error *err);

/* A number of the archive without indices; NaN: there is none. */
double pdlt_features_scalar(const pdlt_archive *features, const char *name);

/* Size of the change of the kernel over its size before, roots of sums of squares. */
double pdlt_features_moved(const pdlt_archive *features);

/* --- features_sections.c --- */

void pdlt_features_write_scores(FILE *out, const pdlt_features_page *page);
void pdlt_features_write_layers(FILE *out, const pdlt_features_page *page);

/* --- features_images.c --- */

/* Leading functions as images: where they are largest and smallest, and the samples there; nothing where
 * samples are no images. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_features_write_images(FILE *out, const pdlt_features_page *page, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
