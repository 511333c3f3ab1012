/* pdlt.h - the front door: from an experiment to a verdict, for C, C++ and whatever calls C.
 *
 * Is: everything a program needs to put theory beside trained networks (docs/c-api.md).
 * Is not: tools around it (pdlt_tools.h) or the parts behind it.
 *
 * Nothing here prints (unless `verbose`), ends the program or touches its signals. A function
 * that can fail returns a pdlt_status and fills err (may be NULL) with one line; its outputs are
 * then untouched. One study is for one thread at a time; different studies may be worked on at
 * once. Letters: D = data.train + data.test samples, n_0 inputs, n_L outputs. */
#ifndef PDLT_CLI_STUDY_PDLT_H
#define PDLT_CLI_STUDY_PDLT_H

#include <signal.h>
#include <stddef.h>

#include "base/core/event.h"
#include "base/core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdlt_study pdlt_study;

enum { PDLT_SETTINGS_MAX_THREADS = 4096 };

/* How to work; what to work on is the experiment. Begin with pdlt_settings_default. */
typedef struct pdlt_settings {
  int threads;                       /* 0: all cores; the results do not depend on it */
  int layers;                        /* 1: arrays of every layer too */
  int force;                         /* 1: overwrite files that hold other results */
  int verbose;                       /* 1: progress on stderr */
  const char *const *sets;           /* "network.depth=4", ..., NULL; NULL: none. Copied. Paths
                                      * of data files: relative to the working folder */
  pdlt_event_call call;              /* told of progress (base/core/event.h); NULL: nobody */
  void *context;                     /* its first argument */
  const volatile sig_atomic_t *stop; /* work ends soon after it is not 0; NULL: never */
  double checkpoint_seconds;         /* longest wait for the disk, 0 to 1e9; 20 */
  int shard, shards;                 /* train only part `shard` = 1..shards; 0: all */
  int team;                          /* 1: other processes help (pdlt_tools.h) */
} pdlt_settings;

PDLT_API void pdlt_settings_default(pdlt_settings *out);

/* --- Open, set, free --- */

/* A study of an experiment: of a file; of YAML text; of text and the samples themselves, x (D, n_0)
 * and y (D, n_L), C order, training samples first, copied. They take the place of `data`, of which
 * train, test, center and scale stay: without data.train all samples train but those of data.test,
 * without data.test the rest are test samples. settings may be NULL: defaults. *out is owned by the
 * caller (pdlt_study_free). Errors: PDLT_ERR_INPUT `FILE:LINE: key: ...` (text: `experiment:LINE:
 * ...`), PDLT_ERR_MEMORY. */
PDLT_API pdlt_status pdlt_study_open(pdlt_study **out, const char *path,
                                     const pdlt_settings *settings, pdlt_error *err);
PDLT_API pdlt_status pdlt_study_open_text(pdlt_study **out, const char *text,
                                          const pdlt_settings *settings, pdlt_error *err);
PDLT_API pdlt_status pdlt_study_open_arrays(pdlt_study **out, const char *text, size_t samples,
                                            size_t inputs, const double *x, size_t outputs,
                                            const double *y, const pdlt_settings *settings,
                                            pdlt_error *err);

/* A study of results in files; it can only be compared. Of the keys only compare.degree,
 * compare.level, compare.csv and those of figures can be set; others belong to the run:
 * PDLT_ERR_INPUT. */
PDLT_API pdlt_status pdlt_study_open_results(pdlt_study **out, const char *theory,
                                             const char *measured, const pdlt_settings *settings,
                                             pdlt_error *err);

/* Sets a key ("training.steps", "20"; value: YAML); all results are dropped, by a key of compare
 * or figures the verdict alone (with a sweep or `until`: all). A wrong key or value
 * is PDLT_ERR_INPUT `KEY: ...` and not kept; keys that do not fit each other are found
 * when the study is worked on. */
PDLT_API pdlt_status pdlt_study_set(pdlt_study *study, const char *key, const char *value,
                                    pdlt_error *err);

PDLT_API void pdlt_study_free(pdlt_study *study); /* NULL is allowed */

/* --- Work --- */

/* What theory says; what an ensemble of networks does. path: file for the result, which is read
 * when it is there already; NULL: in memory only. Unfinished training stays in PATH.partial and
 * goes on with the next call. Errors: PDLT_ERR_INPUT, PDLT_ERR_NUMERIC, PDLT_ERR_MEMORY,
 * PDLT_ERR_IO, PDLT_ERR_INTERRUPTED (*stop). */
PDLT_API pdlt_status pdlt_study_predict(pdlt_study *study, const char *path, pdlt_error *err);
PDLT_API pdlt_status pdlt_study_train(pdlt_study *study, const char *path, pdlt_error *err);

/* Keeps other processes from writing to a folder, which is made when it is not there, until the study
 * is freed or holds another one: for several calls that write there. Every call that writes keeps
 * others from its own file or folder while it lasts. Errors: PDLT_ERR_INPUT names the process that
 * works on it; PDLT_ERR_IO, PDLT_ERR_MEMORY (docs/reliability.md). */
PDLT_API pdlt_status pdlt_study_hold(pdlt_study *study, const char *folder, pdlt_error *err);

/* The verdict on both; figures, tables and report.html into folder (NULL: none). */
PDLT_API pdlt_status pdlt_study_compare(pdlt_study *study, const char *folder, pdlt_error *err);

/* One figure of both, compared if they are not yet, drawn as the keys of figures say, into path, a name
 * that ends in .pdf, .svg or .png; its numbers beside it as .csv (docs/figures.md). *caption (may be
 * NULL): plain text, owned by the caller (pdlt_text_free). Errors: PDLT_ERR_INPUT (no such figure, which
 * names all; no numbers for it; a sample or time that is not there), PDLT_ERR_IO, PDLT_ERR_MEMORY. */
PDLT_API pdlt_status pdlt_study_figure(pdlt_study *study, const char *name, const char *path,
                                       char **caption, pdlt_error *err);

/* All three: FOLDER/theory.npz, FOLDER/measured.npz and the comparison, or (NULL) in memory.
 * With a sweep: each point into FOLDER/NAME, then one page; arrays stay in the files. */
PDLT_API pdlt_status pdlt_study_run(pdlt_study *study, const char *folder, pdlt_error *err);

/* What will come, without training any network: text, or JSON with the keys of NOTATION.md, of a
 * sweep for all points (docs/explain.md). Needs theory, which stays as the study's. *out is owned
 * by the caller (pdlt_text_free). Errors: as pdlt_study_predict. Cost: theory, and one or two
 * seconds for each width. */
PDLT_API pdlt_status pdlt_study_explain(pdlt_study *study, int json, char **out, pdlt_error *err);
PDLT_API void pdlt_text_free(char *text); /* NULL is allowed */

/* --- From frameworks and back --- */

/* A framework's description of a network (a file, or text) as an experiment; with `back` an experiment of
 * one width as a description (docs/my-network.md). file: where the text goes too (NULL: nowhere); relative
 * paths of data files are made to fit its folder. Of the settings, sets (with `back`), threads and force
 * count; NULL: defaults. *out (may be NULL) is owned by the caller (pdlt_text_free). Errors: PDLT_ERR_INPUT
 * `FILE:LINE: key: ...` for what has no counterpart and for a file that holds something else, PDLT_ERR_IO,
 * PDLT_ERR_MEMORY. Cost: reads the data. */
PDLT_API pdlt_status pdlt_translate(const char *path, int back, const char *file,
                                    const pdlt_settings *settings, char **out, pdlt_error *err);
PDLT_API pdlt_status pdlt_translate_text(const char *text, int back, const char *file,
                                         const pdlt_settings *settings, char **out,
                                         pdlt_error *err);

/* --- Results; borrowed until the study changes or is freed --- */

typedef enum pdlt_part { PDLT_THEORY, PDLT_MEASURED } pdlt_part;

/* A named array in C order; names, shapes and meaning: NOTATION.md. */
typedef struct pdlt_named_array {
  const char *name;
  size_t ndim;
  const size_t *shape; /* (ndim) */
  const double *data;
} pdlt_named_array;

PDLT_API size_t pdlt_study_num_arrays(const pdlt_study *study, pdlt_part part);
PDLT_API pdlt_status pdlt_study_array_at(const pdlt_study *study, pdlt_part part, size_t k,
                                         pdlt_named_array *out, pdlt_error *err);
PDLT_API pdlt_status pdlt_study_array(const pdlt_study *study, pdlt_part part, const char *name,
                                      pdlt_named_array *out, pdlt_error *err);

/* Metadata as JSON; NULL where there is no such result. */
PDLT_API const char *pdlt_study_meta(const pdlt_study *study, pdlt_part part);

/* "agree", "undecided", "disagree"; of a sweep the worst; NULL before the comparison. And the
 * whole of it as JSON (verdict.json in NOTATION.md; NULL for a sweep). */
PDLT_API const char *pdlt_study_verdict(const pdlt_study *study);
PDLT_API const char *pdlt_study_verdict_json(const pdlt_study *study);

/* One test of a quantity: its coefficient of order n^0 (c0) or 1/n (c1). */
typedef struct pdlt_test {
  const char *quantity, *coefficient, *verdict, *reason;
  double p, worst_z, null_z; /* joint p; largest deviation of a number; see verdict.json */
  size_t numbers;
} pdlt_test;

/* 1 and *out, or 0 when there are not so many; warning: NULL then. */
PDLT_API int pdlt_study_test(const pdlt_study *study, size_t k, pdlt_test *out);
PDLT_API const char *pdlt_study_warning(const pdlt_study *study, size_t k);

/* Frees all arrays; the verdict stays. */
PDLT_API void pdlt_study_forget_arrays(pdlt_study *study);

/* --- Sweeps --- */

/* Points of the sweep (0: none), each a study of its own, made at the first call, owned by the
 * first. pdlt_study_compare of the whole makes one page when all points have their verdict. */
PDLT_API size_t pdlt_study_num_points(const pdlt_study *study);
PDLT_API pdlt_status pdlt_study_point(pdlt_study *study, size_t k, pdlt_study **out,
                                      pdlt_error *err);
PDLT_API const char *pdlt_study_name(const pdlt_study *study); /* "depth=4"; "" of no point */

/* --- The book --- */

/* Tests claims into folder (index.html, verdicts.json; docs/claims.md). names: chapters or
 * claims, ..., NULL; NULL: all. claims: their folder; NULL: ./reports, else the installed ones.
 * quick: fewer members. *verdict: the worst of "agree", "no power", "undecided", "disagree". */
PDLT_API pdlt_status pdlt_verify(const char *claims, const char *const *names, int quick,
                                 const char *folder, const pdlt_settings *settings,
                                 const char **verdict, pdlt_error *err);

#ifdef __cplusplus
}
#endif
#endif
