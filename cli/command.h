/* command.h - the subcommands of pdlt and what they share.
 *
 * Is: options common to all subcommands, and one entry point per subcommand.
 * Is not: physics; a subcommand only joins the libraries. */
#ifndef PDLT_CLI_COMMAND_H
#define PDLT_CLI_COMMAND_H

#include <stddef.h>

#include "base/core/progress.h"
#include "base/core/status.h"
#include "base/experiment/experiment.h"
#include "base/file/archive.h"
#include "compare/claim/result.h"
#include "datasets/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_PATH_LENGTH = 4096 };
enum { PDLT_CHECKPOINT_SECONDS = 20 }; /* unless --checkpoint says otherwise */

/* The command line of one subcommand, taken apart. Strings are borrowed from argv. */
typedef struct pdlt_options {
  int threads, quiet, json, force, layers, help, quick, full;
  int tacit;                 /* 1: nothing is said about results that are there already */
  int team;                  /* 1: other ranks wait to help (base/core/team.h) */
  int shard, shards;         /* --shard k/K; 0: all */
  double checkpoint_seconds; /* --checkpoint */
  const char *output;        /* -o */
  const char *claims;        /* --claims: folder of claims; NULL: pdlt_claims_folder */
  size_t num_sets;
  const char **sets; /* (num_sets) key=value, owned */
  int num_args;
  char **args; /* (num_args) what is no option */
  pdlt_progress progress;
} pdlt_options;

/* One subcommand: name, arguments and one line of help for the lists, function.
 * The function returns the exit status of the program when *status is PDLT_OK. */
typedef struct pdlt_command {
  const char *name, *usage, *summary;
  int min_args, max_args;   /* max_args < 0: any number */
  const char *needs_output; /* what -o names ("DIR", "FILE.npz"), NULL: no -o */
  pdlt_status (*run)(pdlt_options *options, int *exit_status, pdlt_error *err);
  int trains; /* 1: other ranks help, args[0] is the experiment */
} pdlt_command;

pdlt_status pdlt_command_run(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_theory(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_train(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_merge(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_compare(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_list(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_critical(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_verify(pdlt_options *options, int *exit_status, pdlt_error *err);

/* Fills options from argv[1..] of a subcommand. Errors: PDLT_ERR_INPUT. */
pdlt_status pdlt_options_parse(pdlt_options *out, const pdlt_command *command, int argc,
                               char **argv, pdlt_error *err);
void pdlt_options_free(pdlt_options *options);

/* An experiment ready for theory and trainer: read, data loaded, `critical`, critical
 * scale and relative eta replaced by numbers, eta checked against its limit. */
typedef struct pdlt_study {
  pdlt_experiment experiment;
  pdlt_dataset data;
} pdlt_study;

/* Errors: PDLT_ERR_INPUT `FILE:LINE: key: ...`. Owned by the caller. */
pdlt_status pdlt_study_open(pdlt_study *out, const char *path, const pdlt_options *options,
                            pdlt_error *err);
void pdlt_study_free(pdlt_study *study);

/* PDLT_ERR_INPUT for what only theory can do (eta: flow). */
pdlt_status pdlt_study_check_trainable(const pdlt_study *study, pdlt_error *err);

typedef enum pdlt_stage_kind { PDLT_STAGE_THEORY, PDLT_STAGE_MEASURED } pdlt_stage_kind;

/* One stage: predicts or trains into the file `path`, or, when path holds the
 * complete result of the same experiment, reads it and says so (*reused = 1). The
 * archive is handed to the caller. Another experiment's file is PDLT_ERR_INPUT
 * unless --force. Training keeps unfinished work in the folder `path`.partial, and makes
 * only the blocks of --shard. */
pdlt_status pdlt_stage_make(pdlt_stage_kind kind, const pdlt_study *study, const char *path,
                            pdlt_options *options, pdlt_archive *out, int *reused, pdlt_error *err);

/* Whether path holds the complete result of that kind ("theory", "measured", "shard") and
 * experiment (hash), which is then read into out. Anything else that is there is
 * PDLT_ERR_INPUT unless --force. Says so on stderr when it is. */
pdlt_status pdlt_stage_reuse(const char *kind, const char *hash, int layers, const char *path,
                             const pdlt_options *options, pdlt_archive *out, int *found,
                             pdlt_error *err);

/* What ranks other than 0 do (base/core/team.h): the training of this experiment, as rank 0 says.
 */
void pdlt_stage_help(const char *experiment, pdlt_options *options);

/* With --json: output, hash, reused on stdout. */
pdlt_status pdlt_stage_print(const pdlt_options *options, const pdlt_archive *archive, int reused,
                             pdlt_error *err);

/* The folder of path must be there and writable: PDLT_ERR_INPUT before hours of work. */
pdlt_status pdlt_stage_check_writable(const char *path, pdlt_error *err);

/* Theory of the study in memory. */
pdlt_status pdlt_stage_predict(const pdlt_study *study, pdlt_options *options, pdlt_archive *out,
                               pdlt_error *err);

/* Compares two archives and writes comparison.csv, verdict.json, report.html and
 * figures/ into folder; prints the verdict. *exit_status: 0, or 1 on disagreement. The
 * comparison is handed over (owned) when out is not NULL. */
pdlt_status pdlt_compare_into(const char *folder, const pdlt_archive *theory,
                              const pdlt_archive *measured, pdlt_options *options,
                              pdlt_comparison *out, int *exit_status, pdlt_error *err);

/* pdlt run on an experiment with a sweep: every point into DIR/NAME, then one page. */
pdlt_status pdlt_run_sweep(const pdlt_sweep *sweep, pdlt_options *options, int *exit_status,
                           pdlt_error *err);
/* pdlt run on one experiment into folder; the comparison is handed over (owned) when out is
 * not NULL. */
pdlt_status pdlt_run_one(const char *folder, pdlt_options *options, pdlt_comparison *out,
                         int *exit_status, pdlt_error *err);
/* The options with further settings behind their own, for one point of a sweep or a
 * sabotage; owned by the caller (pdlt_options_free), the texts borrowed. */
pdlt_status pdlt_options_with(pdlt_options *out, const pdlt_options *options, size_t num_sets,
                              char *const *sets, pdlt_error *err);

/* --- verify --- */

/* The folders in `claims` that hold an expect.yaml, in the order of the book; each path
 * owned (pdlt_claim_list_free). Errors: PDLT_ERR_INPUT. */
typedef struct pdlt_claim_list {
  size_t count;
  char **folders; /* (count) */
} pdlt_claim_list;
pdlt_status pdlt_claim_list_find(pdlt_claim_list *out, const char *claims, pdlt_error *err);
void pdlt_claim_list_free(pdlt_claim_list *list);

/* Where claims are when --claims does not say: ./reports, else the installed ones beside the
 * program. Errors: PDLT_ERR_INPUT. */
pdlt_status pdlt_claims_folder(char out[PDLT_PATH_LENGTH], const pdlt_options *options,
                               pdlt_error *err);

/* Runs theory and ensembles of the claim in `folder` into DIR/NAME (what is there and complete
 * is reused) and tests everything. */
pdlt_status pdlt_verify_claim(pdlt_claim_result *out, const char *folder, pdlt_options *options,
                              pdlt_error *err);

/* Functions of formulas that theory gives: chi_parallel(K), chi_perp(K), critical_exists(),
 * critical_K(), critical_C_W(), critical_C_b(), critical_p_0(), critical_p_perp(),
 * information_exact(width, layers, outputs), information_truncated(eps, outputs).
 * context: a pdlt_study. */
pdlt_status pdlt_verify_function(void *context, const char *name, size_t num_args,
                                 const double *args, double *out, pdlt_error *err);

/* folder/name into out. Errors: PDLT_ERR_INPUT when the path is too long. */
pdlt_status pdlt_path_join(char out[PDLT_PATH_LENGTH], const char *folder, const char *name,
                           pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
