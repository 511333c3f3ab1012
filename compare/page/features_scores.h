/* features_scores.h - scores of candidates over several networks: means, errors, and who holds more.
 *
 * Is: what scores/NAME of features.npz says, with standard errors over networks, and the paired differences of
 * the NTK after training against every other list.
 * Is not: the scores (trainer/features/scores.h), or text of the page. */
#ifndef PDLT_COMPARE_PAGE_FEATURES_SCORES_H
#define PDLT_COMPARE_PAGE_FEATURES_SCORES_H

#include <jansson.h>

#include "base/core/status.h"
#include "base/file/archive.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_FEATURE_SCORES = 3 }; /* A, B, P */
extern const char *const pdlt_feature_score_names[PDLT_FEATURE_SCORES];

/* A difference decides where it is beyond so many standard errors. */
#define PDLT_FEATURE_DECIDES 4.0

/* Over networks; se: NaN of fewer than two. */
typedef struct pdlt_feature_mean {
  double mean, se;
} pdlt_feature_mean;

typedef enum { PDLT_HOLDS_MORE, PDLT_HOLDS_LESS, PDLT_HOLDS_NO_ANSWER } pdlt_holds;
extern const char *const pdlt_holds_words[]; /* "more", "less", "no answer" */

/* One list of candidates. */
typedef struct pdlt_feature_row {
  const char *name, *text; /* borrowed from the metadata */
  pdlt_feature_mean score[PDLT_FEATURE_SCORES];
  pdlt_feature_mean less[PDLT_FEATURE_SCORES]; /* k_E less this list, network by network */
  pdlt_holds holds[PDLT_FEATURE_SCORES];       /* of k_E against this list */
} pdlt_feature_row;

typedef struct pdlt_feature_scores {
  const char *name, *text; /* of the structure, borrowed */
  const json_t *blocks;    /* labels, borrowed */
  size_t budget, members;  /* members: networks that did not diverge */
  size_t count;
  pdlt_feature_row *row; /* (count), owned */
} pdlt_feature_scores;

/* Of structure number k of the archive, whose metadata name it. Errors: PDLT_ERR_INPUT (arrays that do not fit
 * the metadata), PDLT_ERR_MEMORY. */
pdlt_status pdlt_feature_scores_make(pdlt_feature_scores *out, const pdlt_archive *features,
                                     size_t k, pdlt_error *err);
void pdlt_feature_scores_free(pdlt_feature_scores *scores);

/* The row of that name, or NULL. */
const pdlt_feature_row *pdlt_feature_scores_find(const pdlt_feature_scores *scores,
                                                 const char *name);

/* As in features.json: {name, text, blocks, budget, members, candidates: [{name, text, A, B, P}], differences:
 * [{against, A, B, P}]}, A, B, P {mean, se}, of differences {mean, se, k_E}; NULL when out of memory. */
json_t *pdlt_feature_scores_json(const pdlt_feature_scores *scores);

#ifdef __cplusplus
}
#endif
#endif
