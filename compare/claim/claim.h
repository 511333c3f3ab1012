/* claim.h - a claim of the book: what is expected, and what must be refuted.
 *
 * Is: the contents of a folder with experiment.yaml and expect.yaml (docs/claims.md).
 * Is not: the test of it (expectation.h) or the running of experiments (cli/study). */
#ifndef PDLT_COMPARE_CLAIM_CLAIM_H
#define PDLT_COMPARE_CLAIM_CLAIM_H

#include <stddef.h>

#include "base/core/status.h"
#include "base/file/array.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_expect_kind {
  PDLT_EXPECT_LIMIT,   /* value at infinite width (c0 of the fit) */
  PDLT_EXPECT_SLOPE,   /* coefficient of 1/width (c1, c0 held) */
  PDLT_EXPECT_EXACT,   /* value at each finite width */
  PDLT_EXPECT_THEORY,  /* a formula over theory's arrays; no ensemble */
  PDLT_EXPECT_EXPONENT /* the power of 1/n with which the distance from infinite width falls */
} pdlt_expect_kind;

/* One formula, or one for each point of the sweep. */
typedef struct pdlt_formula_list {
  size_t count; /* 0: none */
  char **text;  /* (count) */
  char **place; /* (count) FILE:LINE: KEY, for messages */
} pdlt_formula_list;

typedef enum pdlt_sabotage_kind {
  PDLT_SABOTAGE_FACTOR,         /* the prediction times a number */
  PDLT_SABOTAGE_VALUE,          /* another formula */
  PDLT_SABOTAGE_QUANTITY,       /* theory's array of another quantity */
  PDLT_SABOTAGE_INFINITE_WIDTH, /* without the correction of order 1/n */
  PDLT_SABOTAGE_SET /* theory of an experiment with other settings (omit, flip: terms) */
} pdlt_sabotage_kind;

/* A wrong prediction. The claim has power when the same test refutes it. */
typedef struct pdlt_sabotage {
  pdlt_sabotage_kind kind;
  double factor;
  pdlt_formula_list value;
  char *quantity;
  size_t num_sets;
  char **sets; /* (num_sets) KEY=VALUE */
  char *text;  /* as shown: "without V.inherited", "times 1.05", ... */
} pdlt_sabotage;

typedef struct pdlt_expectation {
  pdlt_expect_kind kind;
  char *label;    /* as shown */
  char *quantity; /* measured name; NULL with THEORY */
  int has_at;     /* 1: only this index */
  int num_at;
  size_t at[PDLT_MAX_NDIM];
  double time;                 /* NaN: all times; INFINITY: the last; else this one */
  pdlt_formula_list predicted; /* count 0: theory's own array */
  pdlt_formula_list value;     /* THEORY: what is computed, one formula */
  char *variable;              /* THEORY: NULL, or its name in value and predicted */
  long first, last, step;      /* its values */
  double tolerance; /* THEORY: relative; absolute where the prediction is 0; EXPONENT: absolute */
  size_t num_sabotages;
  pdlt_sabotage *sabotages; /* (num_sabotages), at least one */
} pdlt_expectation;

typedef struct pdlt_claim {
  char *name;    /* of the folder */
  char *chapter; /* "3", "inf", "A" */
  char *claim;   /* in the book's terms, one sentence */
  char *equation;
  char *text;   /* why it matters, how it is tested */
  double sigma; /* a deviation counts from here on; for the whole claim */
  size_t num_quick;
  char **quick; /* (num_quick) KEY=VALUE of --quick */
  size_t num_expectations;
  pdlt_expectation *expectations; /* (num_expectations), at least one */
} pdlt_claim;

/* Reads FOLDER/expect.yaml; the folder's name is CHAPTER-NAME. *out is owned by the caller
 * (pdlt_claim_free). Errors: PDLT_ERR_INPUT `FILE:LINE: key: what is wrong and what would be
 * right`, PDLT_ERR_MEMORY. */
pdlt_status pdlt_claim_read(pdlt_claim *out, const char *folder, pdlt_error *err);
void pdlt_claim_free(pdlt_claim *claim);

/* 1 when some expectation needs an ensemble. */
int pdlt_claim_needs_ensemble(const pdlt_claim *claim);
/* 1 when some formula reads an array of a layer (NAME@layer). */
int pdlt_claim_needs_layers(const pdlt_claim *claim);

#ifdef __cplusplus
}
#endif
#endif
