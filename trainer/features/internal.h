/* internal.h - what the files of this room do for each other. Users include features.h. */
#ifndef PDLT_TRAINER_FEATURES_INTERNAL_H
#define PDLT_TRAINER_FEATURES_INTERNAL_H

#include "datasets/truth.h"
#include "trainer/features/features.h"
#include "trainer/features/learned.h"
#include "trainer/features/scores.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A family of blocks that is scored by itself: its name in arrays, and in words. */
typedef struct pdlt_known {
  const char *name, *text;
  pdlt_structure structure;       /* borrowed from the truth */
  const pdlt_truth_label *labels; /* (blocks) likewise */
} pdlt_known;
enum { PDLT_KNOWN_MOST = 2 };

/* One call of pdlt_features_run. */
typedef struct pdlt_features_job {
  const pdlt_experiment *ex;
  const pdlt_network *net;
  const pdlt_samples *data;
  const pdlt_features_options *options;
  size_t structures; /* 0: nothing is known */
  pdlt_known known[PDLT_KNOWN_MOST];
  pdlt_archive *out;
} pdlt_features_job;

/* Functions that each list of candidates may name. */
size_t pdlt_features_budget(const pdlt_features_job *job, const pdlt_known *known);

/* --- shown.c: arrays of one network --- */

/* Everything of the network that is looked at. */
pdlt_status pdlt_features_show(const pdlt_features_job *job, pdlt_learned *t, pdlt_error *err);

/* --- activation.c: the inputs that activate functions most --- */

/* ascent/NAME and, of one or two inputs, map/NAME. */
pdlt_status pdlt_features_activate(const pdlt_features_job *job, const pdlt_learned *t,
                                   pdlt_error *err);

/* --- scored.c: scores of several networks --- */

/* structure/NAME and scores/NAME of every structure. */
pdlt_status pdlt_features_score(const pdlt_features_job *job, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
