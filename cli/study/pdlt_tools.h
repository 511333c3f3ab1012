/* pdlt_tools.h - beside the front door: claims one by one, shards, lists, several processes.
 *
 * Is: what the program pdlt offers beyond pdlt.h, by the same rules.
 * Texts (char **) are owned by the caller and freed with pdlt_text_free (pdlt.h). */
#ifndef PDLT_CLI_STUDY_PDLT_TOOLS_H
#define PDLT_CLI_STUDY_PDLT_TOOLS_H

#include "pdlt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0"; and version, commit, compiler and BLAS, a line each. Static storage. */
PDLT_API const char *pdlt_library_version(void);
PDLT_API pdlt_status pdlt_about(char **out, pdlt_error *err);

/* --- Claims, one by one --- */

typedef struct pdlt_claims pdlt_claims;

/* claims, names, quick: as pdlt_verify. *out is owned by the caller (pdlt_claims_free). */
PDLT_API pdlt_status pdlt_claims_open(pdlt_claims **out, const char *claims,
                                      const char *const *names, int quick,
                                      const pdlt_settings *settings, pdlt_error *err);
PDLT_API void pdlt_claims_free(pdlt_claims *claims);
PDLT_API size_t pdlt_claims_count(const pdlt_claims *claims);
PDLT_API const char *pdlt_claims_name(const pdlt_claims *claims, size_t k);

/* Tests claim k into FOLDER/NAME; what is there and complete is reused. */
PDLT_API pdlt_status pdlt_claims_test(pdlt_claims *claims, size_t k, const char *folder,
                                      pdlt_error *err);

/* What was found, as in verdicts.json of one claim. */
PDLT_API pdlt_status pdlt_claims_json(const pdlt_claims *claims, size_t k, char **out,
                                      pdlt_error *err);

/* FOLDER/index.html and FOLDER/verdicts.json over all claims, which must have been tested. */
PDLT_API pdlt_status pdlt_claims_write(const pdlt_claims *claims, const char *folder,
                                       pdlt_error *err);

/* The worst verdict of the claims tested so far. */
PDLT_API const char *pdlt_claims_verdict(const pdlt_claims *claims);

/* --- Single networks --- */

/* What network number `member` of the ensemble, at the smallest width, has learned, into
 * FOLDER/features.npz and the page FOLDER/features.html; where features.truth is given, the scores of several
 * networks, FOLDER/features.json (docs/features.md, "One network"). theory.npz and measured.npz of the same
 * experiment that lie in the folder are shown too. *json (may be NULL): the text of features.json, owned by the
 * caller (pdlt_text_free). Errors: PDLT_ERR_INPUT (layers with positions, a member that diverged, files of
 * another experiment unless force), PDLT_ERR_NUMERIC, PDLT_ERR_IO, PDLT_ERR_INTERRUPTED, PDLT_ERR_MEMORY. Cost:
 * training of features.members + 1 networks, and kernels and eigenfunctions of each. */
PDLT_API pdlt_status pdlt_study_features(pdlt_study *study, const char *folder,
                                         unsigned long member, char **json, pdlt_error *err);

/* --- Shards --- */

/* All shards of a run (settings.shard) as one result into the file `path`, which is read when
 * it is there already. *meta (may be NULL): its metadata as JSON. */
PDLT_API pdlt_status pdlt_shards_merge(size_t count, const char *const *files, const char *path,
                                       const pdlt_settings *settings, char **meta, pdlt_error *err);

/* --- What the library knows --- */

/* JSON {LIST: [{name, text}, ...], ...} of what = "activations", "claims", "datasets",
 * "figures", "observables", "parts" or "terms"; NULL: all of them, claims only where there are some.
 * Of "schema": the JSON Schema of experiment files (docs/experiment.md, "In an editor"). */
PDLT_API pdlt_status pdlt_list(const char *what, const char *claims, char **out, pdlt_error *err);

/* Criticality of an activation (PDLT chapter 5; docs/kernels.md): initialization at which
 * signals neither grow nor vanish with depth. kind: "none" (see reason; all numbers NaN or 0),
 * "scale-invariant" (K is NaN: any), "K* = 0", "half-stable". */
typedef struct pdlt_criticality {
  const char *kind;
  char activation[256], reason[200];
  double C_b, C_W, K, error_K, error_C;
  double a1, b1, p_0, p_perp;
  double nu; /* V/(n K^2) = nu l/n of one input at large depth l; NaN: unknown */
  double
      r_star; /* 4/((20 + 3 n_L) nu) for one output, the best ratio of depth to width (PDLT appendix A) */
} pdlt_criticality;
PDLT_API pdlt_status pdlt_critical(const char *activation, pdlt_criticality *out, pdlt_error *err);

/* The same of layers with skip connections of strength gamma (docs/skips.md, "Criticality"): kind "none" where
 * gamma^2 >= 1. Errors: PDLT_ERR_INPUT where gamma is not finite. */
PDLT_API pdlt_status pdlt_critical_residual(const char *activation, double gamma,
                                            pdlt_criticality *out, pdlt_error *err);

/* --- Several processes (mpirun; a library built with PDLT_MPI) --- */

/* First and last call of such a program. Rank 0 opens, trains (settings.team = 1) and reports;
 * the others call pdlt_processes_help with the same file and settings, which returns when rank
 * 0 calls pdlt_processes_end. Without mpirun there is rank 0 alone. What libraries for figures say on
 * stderr is not said from here on. */
PDLT_API void pdlt_processes_begin(int *argc, char ***argv);
PDLT_API void pdlt_processes_end(void);
PDLT_API int pdlt_processes_rank(void);
PDLT_API void pdlt_processes_help(const char *path, const pdlt_settings *settings);

#ifdef __cplusplus
}
#endif
#endif
