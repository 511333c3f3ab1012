/* experiment.h - the experiment file: schema, reader, resolved form.
 *
 * Is: every setting of a run in one struct, read from YAML (libyaml, document API)
 * by one table-driven reader; each value remembers the line it came from.
 * Is not: data (datasets/) or physics (theory/): `critical` and relative eta are
 * resolved by cli/study into plain numbers before theory or trainer see the struct. */
#ifndef PDLT_BASE_EXPERIMENT_EXPERIMENT_H
#define PDLT_BASE_EXPERIMENT_EXPERIMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/activation/activation.h"
#include "base/core/status.h"
#include "base/experiment/quantity.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  PDLT_SOURCE_CSV,
  PDLT_SOURCE_IDX,
  PDLT_SOURCE_NPY,
  PDLT_SOURCE_CIRCLE,
  PDLT_SOURCE_GAUSSIAN,
  PDLT_SOURCE_TEACHER,
  PDLT_SOURCE_PARITY,
  PDLT_SOURCE_MODULAR_ADDITION,
  PDLT_SOURCE_SUPERPOSITION,
  PDLT_SOURCE_ARRAYS /* given in memory by the program that uses the library */
} pdlt_source;
/* How weights and biases are drawn; the variances are C_W/n_{l-1} and C_b either way. */
typedef enum { PDLT_INIT_NORMAL, PDLT_INIT_UNIFORM } pdlt_init;
extern const char *const pdlt_init_words[]; /* of network.init */
typedef enum { PDLT_SCALE_NONE, PDLT_SCALE_NUMBER, PDLT_SCALE_CRITICAL } pdlt_scale_kind;
typedef enum { PDLT_TARGETS_SIGN, PDLT_TARGETS_ONE_HOT } pdlt_targets;
/* training.loss: (1/2) sum (z - y)^2, or - sum y log softmax(z). */
typedef enum { PDLT_LOSS_MSE, PDLT_LOSS_CROSS_ENTROPY } pdlt_trained_loss;
extern const char *const pdlt_trained_loss_words[]; /* of training.loss */
typedef enum { PDLT_ETA_NUMBER, PDLT_ETA_RELATIVE, PDLT_ETA_FLOW } pdlt_eta_kind;
typedef enum {
  PDLT_ESTIMATOR_PLAIN,
  PDLT_ESTIMATOR_ANTITHETIC,
  PDLT_ESTIMATOR_CONTROL,
  PDLT_ESTIMATOR_TWO_LEVEL,
  PDLT_ESTIMATOR_AUTO,
  PDLT_ESTIMATOR_SLICE /* of posteriors alone: chains instead of weights */
} pdlt_estimator;

/* What each layer has a value of, in the order of network.C_b, C_W, lambda_b, lambda_W. */
typedef enum {
  PDLT_PARAMETER_C_B,
  PDLT_PARAMETER_C_W,
  PDLT_PARAMETER_LAMBDA_B,
  PDLT_PARAMETER_LAMBDA_W,
  PDLT_PARAMETERS
} pdlt_parameter;

/* What comparison.csv holds: every row; those without a width; every row up to
 * PDLT_CSV_FULL_ROWS. */
typedef enum { PDLT_CSV_AUTO, PDLT_CSV_FULL, PDLT_CSV_SUMMARY } pdlt_csv;
enum { PDLT_CSV_FULL_ROWS = 100000 };

/* What is known beforehand of the functions that networks should learn: features.truth
 * (docs/features.md). */
typedef enum {
  PDLT_TRUTH_NONE,
  PDLT_TRUTH_PARITY,
  PDLT_TRUTH_MODULAR_ADDITION,
  PDLT_TRUTH_INPUTS
} pdlt_truth_kind;
extern const char *const pdlt_truth_words[]; /* of features.truth */

/* Kernels whose leading functions are looked at, by bit of features.of. */
typedef enum { PDLT_FUNCTIONS_K, PDLT_FUNCTIONS_K_E, PDLT_FUNCTIONS_CHANGE } pdlt_functions;

/* parity: samples differ in the first so many inputs, which bounds how many there are. */
enum { PDLT_PARITY_BITS = 20 };

/* Most layers and most draws per width: random numbers have places for so many
 * (trainer/network/draws.h). */
enum { PDLT_MAX_DEPTH = 1000 };
#define PDLT_MAX_MEMBERS 1000000000000LL

/* ensemble.until: as many members as it takes to know the coefficient of 1/n. */
enum { PDLT_UNTIL_FIRST = 2048, PDLT_UNTIL_MAX_MEMBERS = 10000000 };
typedef struct pdlt_until {
  int quantity;     /* PDLT_QUANTITY_*, one with the flag UNTIL */
  double relative;  /* error of the coefficient wanted, relative to it or to scale */
  double scale;     /* 0: the largest entry of the coefficient */
  long max_members; /* where to stop in any case; >= PDLT_UNTIL_FIRST */
} pdlt_until;

/* ensemble.keep: quantities (samples by samples at each time) that are stored up to so many bytes per
 * width, blocks included, and larger ones when they are named. theory.keep: the same of theory.npz, for
 * each tensor, which is cut to its first samples, and for Theta_t_nlo. */
enum { PDLT_KEEP_COV = 1, PDLT_KEEP_THETA_T = 2, PDLT_KEEP_DTHETA_T = 4, PDLT_KEEP_FEATURES = 8 };
enum { PDLT_KEEP_TENSORS = 1, PDLT_KEEP_THETA_T_NLO = 2 };
#define PDLT_KEPT_BYTES 4e6
extern const char *const pdlt_keep_words[]; /* of ensemble.keep, by bit */

typedef struct pdlt_name_list {
  size_t count;
  char **name; /* (count) */
} pdlt_name_list;

/* How figures are drawn, and of what (docs/figures.md). All 0: as they are without any of these keys. */
enum { PDLT_FIGURE_TITLE = 200, PDLT_FIGURE_LIST = 64, PDLT_FIGURE_COLORS = 9 };
enum { PDLT_FIGURE_OWN_COLOR = 1 << 24 };
typedef struct pdlt_figure_keys {
  char title[PDLT_FIGURE_TITLE];      /* above the figure; empty: none */
  double font_size;                   /* of the labels of axes, points */
  double width_mm;                    /* of the figure; 0: what its panels take */
  int grey;                           /* 1: greys in place of colours */
  unsigned color[PDLT_FIGURE_COLORS]; /* OWN_COLOR + 0xrrggbb in place of a colour, as named */
  size_t num_quantities;              /* that are shown; 0: all */
  unsigned char quantities[PDLT_QUANTITIES]; /* 1: shown, where some are named */
  size_t num_times, num_samples;             /* 0: all */
  double times[PDLT_FIGURE_LIST];            /* increasing; INFINITY: the end */
  int samples[PDLT_FIGURE_LIST];             /* from 1, training samples first; different */
} pdlt_figure_keys;
extern const char *const pdlt_figure_color_words[]; /* names of the colours */

/* How theory and measurement are compared and shown; theory and networks do not depend on it. */
typedef struct pdlt_compare_keys {
  int degree;   /* of the fit in h */
  double level; /* family-wise */
  pdlt_csv csv;
  pdlt_figure_keys figures;
} pdlt_compare_keys;

/* A layer as network.layers writes it. */
typedef enum { PDLT_READS_DENSE, PDLT_READS_AVERAGE, PDLT_READS_CONV } pdlt_reads;
typedef struct pdlt_layer_keys {
  pdlt_reads reads;
  int square;       /* conv: one number for all dimensions of kernel */
  int kernel[2];    /* conv: rows, columns; one number: columns */
  int stride, pool; /* conv: in every dimension */
  int circular;     /* conv: padding */
  double skip;      /* gamma; 0: none */
  int line;         /* where it stands */
} pdlt_layer_keys;

/* Bayesian inference with the network at initialization as the prior (docs/posterior.md): targets are
 * z + noise, noise ~ N(0, noise), independent. */
typedef struct pdlt_posterior {
  int on;       /* 1: the section is there */
  double noise; /* s2, variance of the noise; 0: the network passes through the targets */
} pdlt_posterior;

typedef struct pdlt_experiment_origin pdlt_experiment_origin; /* lines of the keys */

typedef struct pdlt_experiment {
  char *title;
  struct {
    pdlt_activation activation;
    int depth; /* L: layers with parameters, >= 2 */
    size_t num_widths;
    int *widths;                 /* (num_widths) the sweep, increasing, no repeats */
    int *width_ratios;           /* (L-1) layer l has n * width_ratios[l-1] neurons */
    int outputs;                 /* n_L */
    int dimensions;              /* of the positions of a sample: 1, 2; 0: not given */
    int shape[2];                /* rows, columns; one dimension: 1, positions */
    int channels;                /* of a sample: n_0; 0: not given */
    pdlt_layer_keys *layers;     /* (L), or NULL: dense everywhere */
    double *skip;                /* (L) gamma of each layer, or NULL: none; without layers only */
    int critical;                /* 1: C_b and C_W are `critical` and not resolved yet */
    double *C_b, *C_W;           /* (L) entry l-1 belongs to layer l */
    double *lambda_b, *lambda_W; /* (L) */
    pdlt_init init;              /* of the networks; theory is that of normal ones */
    unsigned follows;            /* bits 1 << PDLT_PARAMETER_*: {scale, width}; the list holds the
                                    scale, at_width.h makes numbers of it */
    double width_power[PDLT_PARAMETERS]; /* of n_{l-1}, where it follows */
  } network;
  struct {
    pdlt_source source;
    char *file;            /* csv, npy: as written in the file; NULL otherwise */
    char *images, *labels; /* idx: as written; NULL otherwise */
    char *x, *y;           /* npy: arrays of file, or files without it; NULL: not given */
    pdlt_name_list columns_x, columns_y; /* csv: names, numbers and FIRST..LAST; may be empty */
    char *label;                         /* csv: column of the labels; NULL: none */
    int header;                          /* csv: 1 or 0 as given, -1: not said */
    int num_classes;                     /* 0: targets are numbers */
    int *classes;                        /* (num_classes) idx, csv, npy */
    pdlt_name_list class_names; /* csv: labels that are words, and classes 0, 1, ...; or empty */
    pdlt_targets targets;       /* with classes */
    int pool;                   /* idx, npy: 1, 2 or 4 */
    long skip;                  /* files: samples left out at the start */
    uint64_t shuffle;           /* files: seed of the order; 0: that of the file */
    int balance;                /* files: 1: equal numbers of each class */
    int empty_classes;          /* files: 1: a class may have no training sample */
    int inputs;                 /* n_0 as given; 0: whatever the file has */
    int modulus;                /* modular_addition: p (2 p inputs, one-hot pairs) */
    size_t num_bits;            /* parity: 0: the targets are the product of all inputs */
    int *bits;                  /* (num_bits) parity: the inputs that matter, from 0, increasing */
    size_t num_amplitudes;      /* parity, modular_addition: 0: 1; 1: of all outputs; n_L */
    double *amplitudes;         /* (num_amplitudes) */
    int cube;                   /* parity: 1: all 2^n_0 inputs are samples */
    int features;               /* superposition: inputs, as many outputs */
    double probability;         /* superposition: that a feature is on */
    size_t num_importance;      /* superposition: 0: 1; 1: of all features; features */
    double *importance;         /* (num_importance) */
    uint64_t seed;
    int center;         /* 1: the mean of the training inputs is subtracted */
    int center_targets; /* parity, modular_addition: 1: the mean over all inputs is subtracted */
    pdlt_scale_kind scale_kind;
    double scale;    /* |x|^2/n_0, when scale_kind == PDLT_SCALE_NUMBER */
    int train, test; /* N_A, N_B */
  } data;
  struct {
    pdlt_eta_kind eta_kind;
    double eta; /* learning rate, or the factor of {relative: } */
    pdlt_trained_loss loss;
    int centered;     /* targets: 1: y + the network's own z(0), 0: y */
    int newton;       /* method: 1: Newton's, with the NTK of infinite width, 0: gradient descent */
    int batch;        /* samples of a step, in file order round and round; 0: all */
    int to_end;       /* steps: end */
    long steps;       /* 0 when to_end, or with flow */
    double flow_time; /* with flow: the last value of eta t */
    long max_steps;
    size_t num_record;
    double *record; /* (num_record) steps (whole numbers), increasing; with flow,
                       values of eta t; with to_end: {0, INFINITY} */
  } training;
  struct {
    long members;     /* independent draws per width; 0: as many as until needs */
    pdlt_until until; /* when members is 0 */
    uint64_t seed;
    pdlt_estimator estimator;
    int single_precision; /* arithmetic: single */
    long keep_members;
    unsigned keep; /* PDLT_KEEP_COV, ...: arrays that are stored whatever their size */
  } ensemble;
  unsigned measure;    /* PDLT_MEASURE_* */
  int measure_samples; /* default min(D, 6) */
  struct {
    int order; /* 0 or 1 */
    double tolerance;
    pdlt_name_list omit; /* parts, tensors or terms with factor 0 */
    pdlt_name_list flip; /* with factor -1 */
    int pair_only;       /* variant: pair_only, the naive rule of skips (docs/skips.md) */
    unsigned keep;       /* PDLT_KEEP_TENSORS, PDLT_KEEP_THETA_T_NLO */
    int only_z;          /* only: z, of order 1/n the mean output and the squared bias alone */
  } theory;
  struct {
    pdlt_truth_kind truth;
    int members;      /* networks that are looked at one by one */
    unsigned kernels; /* 1 << PDLT_FEATURE_*: those that are measured */
    unsigned of;      /* 1 << PDLT_FUNCTIONS_*: kernels whose leading functions are shown */
    int directions;   /* how many of them */
    int starts;       /* of the ascent to the inputs that activate them most */
    double norm;      /* |x|^2/n_0 of these inputs; 0: the mean over the samples */
    int budget;       /* functions that each candidate may name; 0: as many as the truth has */
  } features;
  pdlt_posterior posterior;
  pdlt_compare_keys compare;
  int swept;       /* 1: the file holds a sweep; this is its base, without it */
  char *path;      /* file it was read from, as given, or the name of a text */
  char *directory; /* relative data paths start here */
  pdlt_experiment_origin *origin;
} pdlt_experiment;

/* Reads and checks FILE, then applies overrides ("network.depth=4", the right side
 * is YAML flow text), in order. *out is complete or untouched; free it with
 * pdlt_experiment_free. Errors: PDLT_ERR_INPUT, message `FILE:LINE: key: what is
 * wrong and what would be right` (for --set: `--set: key: ...`). */
pdlt_status pdlt_experiment_read(pdlt_experiment *out, const char *path, size_t num_overrides,
                                 const char *const *overrides, pdlt_error *err);

/* The same from text in memory; name stands for the file in messages. */
pdlt_status pdlt_experiment_parse(pdlt_experiment *out, const char *text, const char *name,
                                  size_t num_overrides, const char *const *overrides,
                                  pdlt_error *err);

/* The same from a tree (base/file/yaml.h), whose lines messages name; it stays the caller's. */
struct pdlt_node;
pdlt_status pdlt_experiment_parse_tree(pdlt_experiment *out, const struct pdlt_node *root,
                                       const char *name, pdlt_error *err);

/* The same of an experiment whose samples are in memory: data.source is arrays, whatever the text
 * says; of the keys of another source train, test, center and scale stay. Without data.train all samples
 * train but those of data.test; without data.test the rest are test samples. samples >= 1. */
pdlt_status pdlt_experiment_parse_arrays(pdlt_experiment *out, const char *text, const char *name,
                                         size_t samples, size_t num_overrides,
                                         const char *const *overrides, pdlt_error *err);

void pdlt_experiment_free(pdlt_experiment *ex);

/* JSON Schema (draft 2020-12) of experiment files, for editors: types, limits, words, keys that are
 * needed, of data those of its source. It accepts all that the reader accepts, written as YAML 1.2, and
 * does not know what needs other keys' numbers, files or theory. Owned by the caller (pdlt_free). Errors:
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_experiment_schema(char **out, pdlt_error *err);

/* One choice of values of a sweep: the settings to read the experiment with. */
typedef struct pdlt_sweep_point {
  char *name; /* "depth=4": fit for a folder */
  char *
      *sets; /* (num_keys + 1) "network.depth=4", ..., "sweep={}"; data files that the sweep of the
                * file names begin with a blank, so that they stay relative to its folder */
} pdlt_sweep_point;

/* `sweep: {KEY: [values], zip: {KEY: [values], ...}, ...}`: every combination, the last fastest; the
 * lists of zip have one length and move together. */
typedef struct pdlt_sweep {
  size_t num_keys; /* 0: no sweep; then there is one point, called "" */
  char **keys;     /* (num_keys) */
  size_t axes;     /* of which the points are all combinations; the keys of a zip are one */
  size_t count;
  pdlt_sweep_point *points; /* (count) */
} pdlt_sweep;

enum { PDLT_SWEEP_MAX_POINTS = 256 };

/* The points of the sweep of a file after overrides; the experiments themselves are not
 * read. *out is owned by the caller (pdlt_sweep_free). Errors: PDLT_ERR_INPUT
 * `FILE:LINE: sweep: ...` (unknown key, empty list, equal values, too many points),
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_sweep_read(pdlt_sweep *out, const char *path, size_t num_overrides,
                            const char *const *overrides, pdlt_error *err);
/* The same from text in memory; name stands for the file in messages. */
pdlt_status pdlt_sweep_parse(pdlt_sweep *out, const char *text, const char *name,
                             size_t num_overrides, const char *const *overrides, pdlt_error *err);
void pdlt_sweep_free(pdlt_sweep *sweep);

/* The swept number of a point, that of the first key whose values are different numbers; its place when
 * there is none, or keys do not all move together. */
double pdlt_sweep_value(const pdlt_sweep *sweep, size_t p);
/* What these values are, for an axis: "depth"; "depth, with C_W" of a zip; "point of the sweep of lambda_W, from 0"; "" without
 * a sweep. */
enum { PDLT_SWEEP_AXIS_LENGTH = 160 };
void pdlt_sweep_axis(char out[PDLT_SWEEP_AXIS_LENGTH], const pdlt_sweep *sweep);

/* Samples S on which the dNTK during training (T, n_L, S, n_L, S, n_L, S) is predicted and
 * measured: measure_samples, or 0 when it would have more than 2^18 numbers. */
#define PDLT_DNTK_T_NUMBERS ((size_t)1 << 18)
#define PDLT_DNTK_T_TOO_LARGE "it would have more than 262144 numbers"
size_t pdlt_experiment_dntk_samples(const pdlt_experiment *ex);

/* Whether anything of training is asked for: outputs are measured, and a time after the start is
 * recorded. Where it is not, any eta will do. */
int pdlt_experiment_trains(const pdlt_experiment *ex);

/* Of D samples the first so many whose tensors theory.npz holds: all with theory.keep: [tensors], else
 * as many as PDLT_KEPT_BYTES per tensor hold (26), and at least those that are measured. */
size_t pdlt_experiment_kept_samples(const pdlt_experiment *ex, size_t D);

/* Whether theory.npz holds Theta_t_nlo of D samples: up to PDLT_KEPT_BYTES, named, or measured and
 * kept, by ensemble.keep or until. */
int pdlt_experiment_keeps_theta_t(const pdlt_experiment *ex, size_t D);

/* Fills err with `FILE:LINE: key: text` (LINE of that key, or of its section when
 * the key was left to its default) and returns PDLT_ERR_INPUT. For checks that
 * need data or theory and so come after reading. */
pdlt_status pdlt_experiment_fail(const pdlt_experiment *ex, const char *key, pdlt_error *err,
                                 const char *format, ...) PDLT_PRINTF(4, 5);

/* 1 when the key came by an override, as --set, and not from the file, its sweep included. */
int pdlt_experiment_is_set(const pdlt_experiment *ex, const char *key);

/* Says of work that did not fit into memory which key asked for it: where status is
 * PDLT_ERR_MEMORY, err becomes `FILE:LINE: key: what it said; remedy`, unless a key was named
 * already. Returns status. */
pdlt_status pdlt_experiment_blame(const pdlt_experiment *ex, const char *key, pdlt_status status,
                                  pdlt_error *err, const char *remedy);

/* Key that until was written under, for messages; NULL: members is a number. */
const char *pdlt_until_key(const pdlt_experiment *ex);

/* Images are there, of so many rows and columns: their shape, where layers have positions and
 * network.input was not given. Errors: PDLT_ERR_INPUT `FILE:LINE: network.layers: ...` (they do not fit). */
pdlt_status pdlt_experiment_place_images(pdlt_experiment *ex, size_t rows, size_t columns,
                                         size_t inputs, pdlt_error *err);

/* Refuses (PDLT_ERR_INPUT, naming the memory) widths of which one network would not fit
 * into 8 GiB; inputs: n_0. The reader calls it with what the file says; callers again
 * once the data are known. */
pdlt_status pdlt_experiment_check_memory(const pdlt_experiment *ex, size_t inputs, pdlt_error *err);

/* The experiment as JSON with every default filled in and numbers as resolved:
 * same keys as the file, no paths but those written in it. New reference. */
pdlt_status pdlt_experiment_to_json(const pdlt_experiment *ex, json_t **out, pdlt_error *err);

/* Hex digest (out: 17 bytes with the zero) of the canonical JSON: of everything but compare and figures, or
 * (physics_only) of network (without widths), data and training, that theory and
 * measurement must share to be comparable. compare.degree counts with until, which asks for
 * members by it. data_hash: of the samples (datasets/dataset.h). */
pdlt_status pdlt_experiment_hash(const pdlt_experiment *ex, const char *data_hash, int physics_only,
                                 char *out, pdlt_error *err);

/* The digest of everything but compare and figures, of an experiment as JSON: as an archive holds it. */
pdlt_status pdlt_experiment_json_hash(const json_t *experiment, const char *data_hash, char *out,
                                      pdlt_error *err);

/* Sets the keys of compare and figures that the settings ("compare.degree=3") give, in order; others stay.
 * Errors: PDLT_ERR_INPUT `--set: KEY: ...` (unknown, no value it can have, a key of the run). */
pdlt_status pdlt_compare_keys_set(pdlt_compare_keys *keys, size_t num_settings,
                                  const char *const *settings, pdlt_error *err);

/* Those that stand in an experiment as JSON; what it lacks has its default. */
void pdlt_compare_keys_from_json(pdlt_compare_keys *out, const json_t *experiment);

/* The key of figures that names a sample or time that results of D samples at these times (n) do not
 * have, and why, in words; NULL: none. */
const char *pdlt_figure_keys_wrong(const pdlt_figure_keys *keys, size_t D, size_t n,
                                   const double *times, char *why, size_t size);

/* Neurons of layer l = 0..L at hidden width n (n_0 as given). */
static inline int pdlt_experiment_layer_width(const pdlt_experiment *ex, int layer, int n,
                                              int inputs) {
  if (layer == 0) return inputs;
  if (layer == ex->network.depth) return ex->network.outputs;
  return n * ex->network.width_ratios[layer - 1];
}

#ifdef __cplusplus
}
#endif
#endif
