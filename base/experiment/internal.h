/* internal.h - what the parts of the experiment reader share.
 *
 * Is: the schema table, readers of values, error text; the tree of values is yaml.h.
 * Is not: public; only base/experiment includes it. */
#ifndef PDLT_BASE_EXPERIMENT_INTERNAL_H
#define PDLT_BASE_EXPERIMENT_INTERNAL_H

#include "base/experiment/experiment.h"
#include "base/file/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_QUOTE_LENGTH = 96, PDLT_EXPECT_LENGTH = 256 };

/* What all reading functions pass along. */
typedef struct pdlt_reader {
  const char *name; /* of the file, for messages */
  pdlt_experiment *ex;
  pdlt_error *err;
} pdlt_reader;

typedef enum pdlt_value_type {
  PDLT_VALUE_SECTION,
  PDLT_VALUE_TEXT,   /* char * */
  PDLT_VALUE_INT,    /* int */
  PDLT_VALUE_LONG,   /* long */
  PDLT_VALUE_SEED,   /* uint64_t */
  PDLT_VALUE_REAL,   /* double */
  PDLT_VALUE_BOOL,   /* int */
  PDLT_VALUE_WORD,   /* int: place in words */
  PDLT_VALUE_CUSTOM, /* read() does it all */
} pdlt_value_type;

/* One key of the file. */
typedef struct pdlt_schema_key {
  const char *path; /* "network.depth" */
  pdlt_value_type type;
  size_t offset;            /* of the member of pdlt_experiment */
  double min, max;          /* of numbers, inclusive */
  int min_open;             /* 1: min itself is refused */
  int required;             /* 1: always; PDLT_REQUIRED_TO_TRAIN */
  const char *const *words; /* ends with NULL; after expect, for CUSTOM */
  const char *expect;       /* what would be right, for CUSTOM and TEXT */
  const char *form;         /* JSON Schema of the value, ' for "; for CUSTOM without words */
  pdlt_status (*read)(pdlt_reader *reader, const pdlt_node *value,
                      const struct pdlt_schema_key *key);
} pdlt_schema_key;

/* Required, but where posterior.noise is given: posterior_keys.c says whether anything is trained then. */
enum { PDLT_REQUIRED_TO_TRAIN = 2 };

enum { PDLT_SCHEMA_MAX_KEYS = 128 };
extern const pdlt_schema_key pdlt_schema[];
extern const size_t pdlt_schema_count;
extern const char *const pdlt_source_words[];
extern const char *const pdlt_targets_words[];
extern const char *const pdlt_estimator_words[];
extern const char *const pdlt_csv_words[];
extern const char *const pdlt_theory_keep_words[]; /* by bit */

/* Where each key was written: 0 absent, PDLT_LINE_SET, PDLT_LINE_POINT, or the line. */
struct pdlt_experiment_origin {
  int line[PDLT_SCHEMA_MAX_KEYS]; /* as pdlt_schema */
};

/* --- json.c: new references, or NULL --- */

json_t *pdlt_reals_json(const double *values, size_t count);
json_t *pdlt_ints_json(const int *values, size_t count);
/* The words whose bits are set. */
json_t *pdlt_words_json(const char *const *words, unsigned bits);

/* --- override.c --- */

/* Puts `key=value` into the tree, sections made as needed; ` key=value`, with a blank: as the file
 * itself says, in a sweep. */
pdlt_status pdlt_experiment_override(pdlt_reader *reader, pdlt_node *root, const char *setting);

/* --- schema.c --- */

/* Index of a key path, or -1. */
int pdlt_schema_find(const char *path);
/* 1 for a value that is not written, ~ or null: as good as no key where a section is meant. */
int pdlt_value_is_empty(const pdlt_node *node);
/* Every key of the tree is known, none is repeated, sections are maps; fills
 * ex->origin. */
pdlt_status pdlt_schema_check_keys(pdlt_reader *reader, const pdlt_node *root);
/* Reads all values in the order of the table. */
pdlt_status pdlt_schema_read(pdlt_reader *reader, const pdlt_node *root);
/* "a whole number from 2 to 1000", ... */
void pdlt_schema_expect(const pdlt_schema_key *key, char out[PDLT_EXPECT_LENGTH]);

/* --- unknown_key.c --- */

/* `KEY: unknown key; ...`, with the key that is meant. section: "" at the top level. */
pdlt_status pdlt_schema_unknown_key(pdlt_reader *reader, int line, const char *section,
                                    const char *path);

/* --- values.c: readers of single values --- */

/* A whole number in [min, max]; max at most 2^53. */
int pdlt_value_is_whole(const pdlt_node *value, double min, double max, double *out);
pdlt_status pdlt_value_read(pdlt_reader *reader, const pdlt_node *value,
                            const pdlt_schema_key *key);
/* 1 when the node is this word, with or without quotes (JSON has them). */
int pdlt_value_is_word(const pdlt_node *value, const char *word);
/* `KEY: expected EXPECT, found ...` at the line of value. */
pdlt_status pdlt_value_wrong(pdlt_reader *reader, const pdlt_node *value,
                             const pdlt_schema_key *key);

/* A list of whole numbers in [min, max] into a new block, the old one freed; wrong entries are named. */
pdlt_status pdlt_value_read_ints(pdlt_reader *reader, const pdlt_node *value,
                                 const pdlt_schema_key *key, double min, double max, int **out);

pdlt_status pdlt_read_activation(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_widths(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_width_ratios(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_classes(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_per_layer(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_scale(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_eta(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_steps(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_record(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_members(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_until(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_words(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_measure(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_names(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_map(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);

/* --- arrays.c: samples are given in memory (pdlt_experiment_parse_arrays) --- */

/* Before --set: data.source becomes arrays; of another source only train, test, center, scale stay. */
pdlt_status pdlt_experiment_place_arrays(pdlt_reader *reader, pdlt_node *root);
/* After --set: data.train and data.test where they are not given: the rest of the samples. */
pdlt_status pdlt_experiment_count_arrays(pdlt_reader *reader, pdlt_node *root, size_t samples);

/* --- layer_keys.c --- */

pdlt_status pdlt_read_input(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_layers(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
/* New references, or NULL; only where the key is given. */
json_t *pdlt_input_json(const pdlt_experiment *ex);
json_t *pdlt_layers_json(const pdlt_experiment *ex);

/* --- skip_keys.c --- */

pdlt_status pdlt_read_skip(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
/* New reference, or NULL; only where the key is given. */
json_t *pdlt_skip_json(const pdlt_experiment *ex);

/* --- generated_keys.c: keys of sets that are made, not read --- */

pdlt_status pdlt_read_bits(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
/* A number, or a list of numbers: of amplitudes or importance. */
pdlt_status pdlt_read_factors(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_center(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
/* Of parity, modular_addition, superposition: against the other keys; fills data.inputs and, of a cube,
 * data.test. */
pdlt_status pdlt_check_generated(pdlt_reader *reader);
/* New reference, or NULL. */
json_t *pdlt_center_json(const pdlt_experiment *ex);
/* Puts into data what is given. */
void pdlt_put_generated_json(json_t **data, const pdlt_experiment *ex);

/* --- loss.c --- */

/* training.loss against the other keys. */
pdlt_status pdlt_loss_check(pdlt_reader *reader);

/* Refuses what theory.only: z leaves out or does not know (only.c). */
pdlt_status pdlt_only_check(pdlt_reader *reader);

/* --- feature_keys.c --- */

extern const char *const pdlt_feature_words[];  /* by pdlt_feature, ends with NULL */
extern const char *const pdlt_function_words[]; /* by pdlt_functions, ends with NULL */
void pdlt_feature_keys_default(pdlt_experiment *ex);
/* features against the data. */
pdlt_status pdlt_feature_keys_check(pdlt_reader *reader);
/* New reference, or NULL; an empty object where everything has its default. */
json_t *pdlt_feature_keys_json(const pdlt_experiment *ex);

/* --- posterior_keys.c --- */

/* posterior against the other keys; keys of training that were left out because nothing is trained. */
pdlt_status pdlt_posterior_keys_check(pdlt_reader *reader);
/* New reference, or NULL; an empty object where no posterior is asked for. */
json_t *pdlt_posterior_keys_json(const pdlt_experiment *ex);

/* --- columns.c --- */

pdlt_status pdlt_read_columns(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);

/* --- sweep.c --- */

pdlt_status pdlt_read_sweep(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);

/* --- until.c --- */

/* members: {until: ...} */
pdlt_status pdlt_read_members_until(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
/* until against the other keys. */
pdlt_status pdlt_until_check(pdlt_reader *reader);
/* New reference, or NULL. */
json_t *pdlt_until_json(const pdlt_until *until);

/* --- compare_keys.c --- */

void pdlt_compare_keys_default(pdlt_compare_keys *out);
/* New reference, or NULL. */
json_t *pdlt_compare_keys_json(const pdlt_compare_keys *keys);

/* --- figure_keys.c --- */

pdlt_status pdlt_read_figure_title(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_figure_colors(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_figure_quantities(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_figure_times(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
pdlt_status pdlt_read_figure_samples(pdlt_reader *, const pdlt_node *, const pdlt_schema_key *);
/* New reference, or NULL; an empty object where nothing is set. */
json_t *pdlt_figure_keys_json(const pdlt_figure_keys *keys);
void pdlt_figure_keys_from_json(pdlt_figure_keys *out, const json_t *experiment);

/* --- check.c --- */

/* Whether a source (place in pdlt_source_words) takes a key of data. */
typedef enum pdlt_source_use { PDLT_KEY_REFUSED, PDLT_KEY_TAKEN, PDLT_KEY_NEEDED } pdlt_source_use;
pdlt_source_use pdlt_source_takes(int source, const char *key);

/* network.outputs, data.inputs (filled when 0) and train + test against what a source needs. */
pdlt_status pdlt_check_outputs(pdlt_reader *reader, int expected, const char *why);
pdlt_status pdlt_check_inputs(pdlt_reader *reader, int expected, const char *why);
pdlt_status pdlt_check_count(pdlt_reader *reader, double available, const char *what);

/* Whether the file or --set has this key. */
int pdlt_experiment_is_given(const pdlt_experiment *ex, const char *key);

/* Values of all keys that may be left out; needs only the schema. */
void pdlt_experiment_set_defaults(pdlt_experiment *ex);
/* Fills what depends on other keys, and checks keys against each other. */
pdlt_status pdlt_experiment_check(pdlt_reader *reader);

/* --- read.c --- */

/* Text made safe for one line of a message: long text is cut. */
const char *pdlt_quote(char out[PDLT_QUOTE_LENGTH], const char *text);
/* `NAME:LINE: KEY: text` or `--set: KEY: text`. */
pdlt_status pdlt_reader_fail(pdlt_reader *reader, int line, const char *key, const char *format,
                             ...) PDLT_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif
#endif
