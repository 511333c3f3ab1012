/* study.h - what a study holds, and what the files of this room do for each other.
 *
 * Is: private to cli/study; users include pdlt.h. */
#ifndef PDLT_CLI_STUDY_STUDY_H
#define PDLT_CLI_STUDY_STUDY_H

#include <locale.h>

#include "base/core/progress.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "base/file/lock.h"
#include "cli/study/pdlt.h"
#include "cli/study/pdlt_tools.h"
#include "compare/claim/result.h"
#include "compare/verdict/compare.h"
#include "datasets/dataset.h"
#include "trainer/run/ensemble.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PATH_LENGTH = 4096 };

/* Where an experiment comes from. In a study all of it is owned. */
typedef struct pdlt_origin {
  char *path;                      /* a file, or NULL */
  char *text;                      /* YAML, or NULL */
  size_t samples, inputs, outputs; /* of the arrays that were given; 0: none */
  double *x, *y;                   /* (samples, inputs), (samples, outputs) */
} pdlt_origin;

/* An experiment ready for theory and trainer: read, data loaded, `critical`, critical scale and
 * relative eta replaced by numbers, eta checked against its limit. */
typedef struct pdlt_resolved {
  pdlt_experiment experiment;
  pdlt_dataset data;
} pdlt_resolved;

typedef struct pdlt_result {
  int made;
  pdlt_archive archive;
  char *meta; /* JSON, owned */
} pdlt_result;

struct pdlt_study {
  char *name; /* of a point of a sweep; "" */
  pdlt_origin origin;
  pdlt_settings settings; /* sets owned, its progress in `progress` */
  pdlt_progress progress;
  int explains; /* 1: training begins with what will come of it */
  int is_resolved;
  pdlt_resolved resolved;
  pdlt_result results[2]; /* by pdlt_part */
  int compared;
  pdlt_comparison comparison;
  char *verdict; /* text of verdict.json, owned */
  pdlt_sweep sweep;
  pdlt_study **points; /* (sweep.count) owned, NULL where not made yet */
  pdlt_lock lock;      /* of the folder that is being written to */
};

/* --- numbers.c --- */

/* In this thread, from here to the end of the block, numbers are written and read with a point;
 * every other category of the locale stays. First in each function of the front door that reads or
 * writes text with numbers. Without memory for a locale nothing changes. */
#define PDLT_NUMBERS_WITH_POINT \
  __attribute__((cleanup(pdlt_numbers_end), unused)) pdlt_numbers numbers = pdlt_numbers_begin()

typedef struct pdlt_numbers {
  locale_t before, with_point; /* with_point: owned; 0: none */
} pdlt_numbers;
pdlt_numbers pdlt_numbers_begin(void);
void pdlt_numbers_end(pdlt_numbers *numbers);

/* --- settings.c --- */

/* A copy with defaults filled in and `more` sets behind its own; in may be NULL. Freed by
 * pdlt_settings_clear. Errors: PDLT_ERR_INPUT, PDLT_ERR_MEMORY. */
pdlt_status pdlt_settings_copy(pdlt_settings *out, const pdlt_settings *in, size_t more,
                               char *const *sets, pdlt_error *err);
void pdlt_settings_clear(pdlt_settings *settings);
size_t pdlt_settings_count(const pdlt_settings *settings); /* sets */

/* --- study.c --- */

/* A study of the same experiment with further sets (borrowed). */
pdlt_status pdlt_study_derive(pdlt_study **out, const pdlt_study *from, size_t more,
                              char *const *sets, pdlt_error *err);
void pdlt_study_drop_result(pdlt_study *study, pdlt_part part); /* and the comparison */

/* --- run.c --- */

/* For one call: pdlt_study_hold, and *own = 1 when it was not held before; release gives it back
 * then. */
pdlt_status pdlt_study_hold_now(pdlt_study *study, const char *folder, int *own, pdlt_error *err);
void pdlt_study_release(pdlt_study *study, int own);

/* --- resolve.c --- */

/* Fills study->resolved when it is not there. Errors: PDLT_ERR_INPUT `FILE:LINE: key: ...`. */
pdlt_status pdlt_study_resolve(pdlt_study *study, pdlt_error *err);

/* PDLT_ERR_INPUT for what only theory can do (eta: flow). */
pdlt_status pdlt_study_check_trainable(const pdlt_study *study, pdlt_error *err);

/* Reads the experiment of the study as it is set. Owned by the caller. */
pdlt_status pdlt_study_read(const pdlt_study *study, pdlt_experiment *out, pdlt_error *err);

/* --- width.c --- */

/* Everything theory says of a resolved study, as far as it is kept; where parameters follow the width
 * that of each as n<n>/NAME. Errors: those of pdlt_predict. Cost: that of every width. */
pdlt_status pdlt_study_theory(pdlt_archive *out, pdlt_study *study, int layers, pdlt_error *err);

/* Says how many draws from the prior will count for a posterior, by theory; other experiments pass. Errors:
 * PDLT_ERR_INPUT with the remedy where hardly any would; those of theory. Cost: theory, unless made. */
pdlt_status pdlt_study_check_draws(pdlt_study *study, pdlt_error *err);

/* --- stage.c --- */

/* Theory or training of a resolved study into results[part] and, unless path is NULL, into that
 * file; layers: as in the settings. Another experiment's file is PDLT_ERR_INPUT unless `force`. */
pdlt_status pdlt_stage_make(pdlt_study *study, pdlt_part part, int layers, const char *path,
                            pdlt_error *err);

/* What a file must hold to be taken for the result. */
typedef struct pdlt_stage_key {
  const char *kind, *hash; /* kind: "theory", "measured", "shard" */
  int layers, shard, shards;
} pdlt_stage_key;

/* Reads path into out when it holds that result. Anything else that is there is PDLT_ERR_INPUT
 * unless force. */
pdlt_status pdlt_stage_reuse(const pdlt_stage_key *key, const char *path, int force,
                             pdlt_progress *progress, pdlt_archive *out, int *found,
                             pdlt_error *err);

/* The check of results that come from a file: of their arrays (base/experiment/results.h), and of x and y
 * against data_hash. Errors: PDLT_ERR_INPUT `FILE: ARRAY: ...`. */
pdlt_status pdlt_stage_check(const pdlt_archive *archive, const char *path, pdlt_error *err);

/* How the ensemble of a study is trained; partial: folder for unfinished work, or NULL. */
pdlt_ensemble_options pdlt_stage_training(pdlt_study *study, const pdlt_team *team,
                                          const char *partial);

/* folder/name into out. Errors: PDLT_ERR_INPUT when the path is too long. */
pdlt_status pdlt_path_join(char out[PDLT_PATH_LENGTH], const char *folder, const char *name,
                           pdlt_error *err);

/* --- sweep.c --- */

/* One page over all points. Errors: PDLT_ERR_INPUT when one has no verdict. */
pdlt_status pdlt_study_write_sweep(pdlt_study *study, const char *folder, pdlt_error *err);

/* --- claims.c, verify_claim.c, verify_function.c --- */

/* The folders in `claims` that hold an expect.yaml, in the order of the book; each path
 * owned (pdlt_claim_list_free). Errors: PDLT_ERR_INPUT. */
typedef struct pdlt_claim_list {
  size_t count;
  char **folders; /* (count) */
} pdlt_claim_list;
pdlt_status pdlt_claim_list_find(pdlt_claim_list *out, const char *claims, pdlt_error *err);
void pdlt_claim_list_free(pdlt_claim_list *list);

/* Where claims are when nobody says: ./reports, else the installed ones beside the program, else
 * beside the library. Errors: PDLT_ERR_INPUT. */
pdlt_status pdlt_claims_folder(char out[PDLT_PATH_LENGTH], const char *claims, pdlt_error *err);

/* Runs theory and ensembles of the claim in `folder` into TARGET/NAME (what is there and complete
 * is reused) and tests everything. */
pdlt_status pdlt_verify_claim(pdlt_claim_result *out, const char *folder, int quick,
                              const char *target, const pdlt_settings *settings, pdlt_error *err);

/* Functions of formulas that theory gives: chi_parallel(K), chi_perp(K), also as (K, layer) with the layer's
 * C_W and skip; critical_exists(), critical_K(), critical_C_W(), critical_C_b(), critical_a1(), critical_p_0(),
 * critical_p_perp(), critical_nu(), critical_ratio(), also as (gamma) with skips;
 * information_exact(width, layers, outputs), information_truncated(eps, outputs).
 * context: a pdlt_experiment; operands: as in compare/claim/formula.h. */
pdlt_status pdlt_verify_function(void *context, const char *name, size_t num_args,
                                 const double *args, double *out, size_t *operands,
                                 pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
