/* read.c - the description file: its keys, and what is refused with a reason.
 *
 * Is not: what the values mean (description.c). */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/translate/description.h"

enum { QUOTED = 64, MAX_SIZE = 1000000 };

#define DESCENT                                                                                   \
  "has no counterpart: theory and networks are of plain gradient descent; train your network by " \
  "SGD without it to compare"
#define BATCHES                                                                                \
  "minibatches have no counterpart: each step takes all training samples (data.train); train " \
  "your "                                                                                      \
  "network on the whole set to compare, and leave this out"
#define LAYERS                                                                                    \
  "has no counterpart: networks are linear maps with biases and one activation; leave it out of " \
  "both"

/* Keys that a user may look for here, and what to do. */
static const struct {
  const char *name, *answer;
} foreign[] = {{"batch", BATCHES},
               {"batch_size", BATCHES},
               {"minibatch", BATCHES},
               {"momentum", DESCENT},
               {"weight_decay", DESCENT},
               {"scheduler", DESCENT},
               {"lr_scheduler", DESCENT},
               {"clip_grad_norm", DESCENT},
               {"gradient_clipping", DESCENT},
               {"dropout", LAYERS},
               {"batch_norm", LAYERS},
               {"layer_norm", LAYERS},
               {"normalization", LAYERS},
               {"norm", LAYERS},
               {"residual", LAYERS},
               {"skip", LAYERS},
               {"lr", "belongs to the optimizer; write optimizer: {sgd: {lr: NUMBER}}"},
               {"learning_rate", "belongs to the optimizer; write optimizer: {sgd: {lr: NUMBER}}"},
               {"epochs", "use steps: with all training samples in a step an epoch is one step"},
               {"depth", "the network has as many layers as sizes has gaps; leave it out"},
               {"widths", "use sizes: inputs, hidden widths, outputs"},
               {"width", "use sizes: inputs, hidden widths, outputs"}};

static const char *const keys[] = {"framework", "sizes",      "activation", "init",
                                   "bias",      "base_sizes", "loss",       "optimizer",
                                   "steps",     "data",       NULL};
#define KEYS "framework, sizes, activation, init, bias, base_sizes, loss, optimizer, steps, data"

static const pdlt_init_rule rules[] = {
    {"default", PDLT_INIT_UNIFORM, 0},         {"kaiming_normal", PDLT_INIT_NORMAL, 0},
    {"kaiming_uniform", PDLT_INIT_UNIFORM, 0}, {"xavier_normal", PDLT_INIT_NORMAL, 0},
    {"xavier_uniform", PDLT_INIT_UNIFORM, 0},  {"lecun_normal", PDLT_INIT_NORMAL, 0},
    {"lecun_uniform", PDLT_INIT_UNIFORM, 0}};
#define RULES                                                                        \
  "one of default, kaiming_normal, kaiming_uniform, xavier_normal, xavier_uniform, " \
  "lecun_normal, lecun_uniform, or {weight_std: [NUMBER, ...], bias_std: [NUMBER, ...]}"

/* --- messages --- */

/* What a value looks like, short enough for a line. */
static const char *look(const pdlt_node *value, char out[QUOTED]) {
  if (value->kind == PDLT_NODE_SCALAR)
    snprintf(out, QUOTED, "\"%.*s\"", QUOTED - 8, value->text);
  else
    snprintf(out, QUOTED, "a %s", value->kind == PDLT_NODE_LIST ? "list" : "mapping");
  return out;
}

static pdlt_status wrong(const pdlt_description *d, const pdlt_node *value, const char *key,
                         const char *expected, pdlt_error *err) {
  char found[QUOTED];
  return pdlt_yaml_fail(d->name, value->line, key, err, "expected %s, found %s", expected,
                        look(value, found));
}

static pdlt_status missing(const pdlt_description *d, const char *key, const char *expected,
                           pdlt_error *err) {
  return pdlt_yaml_fail(d->name, 1, key, err, "missing; give %s", expected);
}

static const pdlt_node *find(const pdlt_node *map, const char *key) {
  return pdlt_node_find(map, key, strlen(key), NULL);
}

/* --- values --- */

static int is_word(const pdlt_node *value, const char *word) {
  return value->kind == PDLT_NODE_SCALAR && strcmp(value->text, word) == 0;
}

static int is_false_or_0(const pdlt_node *value) {
  double number = 1;
  return is_word(value, "false") || (pdlt_node_number(value, &number) && number == 0);
}

static pdlt_status read_word(const pdlt_description *d, const char *key, const char *const *words,
                             const char *expected, int *out, pdlt_error *err) {
  const pdlt_node *value = find(d->root, key);
  if (value == NULL) return missing(d, key, expected, err);
  for (int k = 0; words[k] != NULL; k++)
    if (is_word(value, words[k])) {
      *out = k;
      return PDLT_OK;
    }
  return wrong(d, value, key, expected, err);
}

static pdlt_status read_sizes(const pdlt_description *d, const pdlt_node *value, const char *key,
                              int **out, int *depth, pdlt_error *err) {
  int *sizes = NULL;
  double number = 0;
  if (value->kind != PDLT_NODE_LIST)
    return wrong(d, value, key, "a list of whole numbers, as in [2, 64, 64, 1]", err);
  if (value->count < 3 || value->count > PDLT_MAX_DEPTH + 1)
    return pdlt_yaml_fail(
        d->name, value->line, key, err,
        "%zu numbers; inputs, at least one hidden width and outputs are at least 3, "
        "at most %d",
        value->count, PDLT_MAX_DEPTH + 1);
  const pdlt_status status = pdlt_alloc(&sizes, value->count, sizeof *sizes, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k < value->count; k++) {
    if (!pdlt_node_number(value->items[k], &number) || number != floor(number) || number < 1 ||
        number > MAX_SIZE) {
      pdlt_free(sizes);
      return wrong(d, value->items[k], key, "a whole number from 1 to 1000000", err);
    }
    sizes[k] = (int)number;
  }
  *out = sizes;
  *depth = (int)value->count - 1;
  return PDLT_OK;
}

/* L numbers >= 0. */
static pdlt_status read_list(const pdlt_description *d, const pdlt_node *value, const char *key,
                             double **out, pdlt_error *err) {
  const size_t L = (size_t)d->depth;
  pdlt_status status = PDLT_OK;
  if (value->kind != PDLT_NODE_LIST)
    return wrong(d, value, key, "a list of one number >= 0 for each layer", err);
  if (value->count != L)
    return pdlt_yaml_fail(d->name, value->line, key, err,
                          "%zu numbers; sizes make %zu layers, give one for each", value->count, L);
  PDLT_TRY(pdlt_alloc(out, L, sizeof **out, err));
  for (size_t k = 0; k < L; k++)
    if (!pdlt_node_number(value->items[k], &(*out)[k]) || (*out)[k] < 0)
      PDLT_TRY(wrong(d, value->items[k], key, "a number >= 0", err));
cleanup:
  return status;
}

/* --- init --- */

static pdlt_status read_lists(pdlt_description *d, const pdlt_node *value, pdlt_error *err) {
  const pdlt_node *weight = find(value, "weight_std"), *bias = find(value, "bias_std");
  const pdlt_node *draw = find(value, "distribution");
  pdlt_status status = PDLT_OK;
  const int known = (weight != NULL) + (bias != NULL) + (draw != NULL);
  if (weight == NULL || (bias == NULL && d->bias) || (size_t)known != value->count)
    return pdlt_yaml_fail(
        d->name, value->line, "init", err,
        "a mapping has weight_std and bias_std, a list each with a number for each "
        "layer, and, if need be, distribution: uniform");
  d->init = (pdlt_init_rule){"lists", PDLT_INIT_NORMAL, 0};
  if (draw != NULL && is_word(draw, "uniform"))
    d->init.draw = PDLT_INIT_UNIFORM;
  else if (draw != NULL && !is_word(draw, "normal"))
    return wrong(d, draw, "init.distribution", "one of normal, uniform", err);
  PDLT_TRY(read_list(d, weight, "init.weight_std", &d->weight_std, err));
  if (bias != NULL)
    PDLT_TRY(read_list(d, bias, "init.bias_std", &d->bias_std, err));
  else
    PDLT_TRY(pdlt_alloc(&d->bias_std, (size_t)d->depth, sizeof(double), err));
cleanup:
  return status;
}

static pdlt_status read_init(pdlt_description *d, pdlt_error *err) {
  const pdlt_node *value = find(d->root, "init");
  const int jax = d->framework == PDLT_FRAMEWORK_JAX, ntk = d->framework == PDLT_FRAMEWORK_NTK;
  size_t k = 0;
  if (value != NULL && value->kind == PDLT_NODE_MAP) return read_lists(d, value, err);
  if (value != NULL)
    while (k < sizeof rules / sizeof *rules && !is_word(value, rules[k].name)) k++;
  if (k == sizeof rules / sizeof *rules) return wrong(d, value, "init", RULES, err);
  d->init = rules[k];
  if (k == 0 && (jax || ntk)) d->init.draw = PDLT_INIT_NORMAL;
  d->init.truncated = jax && d->init.draw == PDLT_INIT_NORMAL;
  return PDLT_OK;
}

static pdlt_status read_bias(pdlt_description *d, pdlt_error *err) {
  const pdlt_node *value = find(d->root, "bias");
  d->bias = value == NULL || is_word(value, "true");
  if (d->bias || is_word(value, "false")) return PDLT_OK;
  return wrong(d, value, "bias", "true or false", err);
}

/* --- mup --- */

static pdlt_status read_base(pdlt_description *d, pdlt_error *err) {
  const pdlt_node *value = find(d->root, "base_sizes");
  int depth = d->depth;
  pdlt_status status = PDLT_OK;
  if (d->framework != PDLT_FRAMEWORK_MUP) {
    if (value == NULL) return PDLT_OK;
    return pdlt_yaml_fail(d->name, value->line, "base_sizes", err,
                          "framework %s has no base; leave it out, or write framework: mup",
                          pdlt_framework_words[d->framework]);
  }
  if (value == NULL) { /* the table as printed: widths themselves, base width 1 */
    status = pdlt_alloc(&d->base_sizes, (size_t)depth + 1, sizeof(int), err);
    for (int l = 0; status == PDLT_OK && l <= depth; l++)
      d->base_sizes[l] = l == 0 || l == depth ? d->sizes[l] : 1;
    return status;
  }
  status = read_sizes(d, value, "base_sizes", &d->base_sizes, &depth, err);
  if (status != PDLT_OK) return status;
  if (depth == d->depth && d->base_sizes[0] == d->sizes[0] &&
      d->base_sizes[depth] == d->sizes[depth])
    return PDLT_OK;
  return pdlt_yaml_fail(
      d->name, value->line, "base_sizes", err,
      "only hidden widths may differ from sizes; give as many numbers, with the same "
      "inputs and outputs");
}

/* --- optimizer --- */

/* lr: a number, or {weight: [..], bias: [..]}: parameter groups. */
static pdlt_status read_lr(pdlt_description *d, const pdlt_node *value, pdlt_error *err) {
  const size_t L = (size_t)d->depth;
  pdlt_status status = PDLT_OK;
  if (value->kind == PDLT_NODE_MAP) {
    const pdlt_node *weight = find(value, "weight"), *bias = find(value, "bias");
    if (weight == NULL || bias == NULL || value->count != 2)
      return pdlt_yaml_fail(
          d->name, value->line, "optimizer.sgd.lr", err,
          "a mapping has weight and bias, a list each with a number for each layer");
    d->lr = 1;
    PDLT_TRY(read_list(d, weight, "optimizer.sgd.lr.weight", &d->weight_lr, err));
    return read_list(d, bias, "optimizer.sgd.lr.bias", &d->bias_lr, err);
  }
  if (!pdlt_node_number(value, &d->lr) || !(d->lr > 0))
    return wrong(d, value, "optimizer.sgd.lr",
                 "a number > 0, or {weight: [NUMBER, ...], bias: [NUMBER, ...]}", err);
  PDLT_TRY(pdlt_alloc(&d->weight_lr, L, sizeof(double), err));
  PDLT_TRY(pdlt_alloc(&d->bias_lr, L, sizeof(double), err));
  for (size_t k = 0; k < L; k++) d->weight_lr[k] = d->bias_lr[k] = 1;
cleanup:
  return status;
}

static pdlt_status read_optimizer(pdlt_description *d, pdlt_error *err) {
  static const char *const off[] = {"momentum", "weight_decay", "nesterov", "dampening", NULL};
  const pdlt_node *value = find(d->root, "optimizer");
  const char *const expected = "{sgd: {lr: NUMBER}}";
  if (value == NULL) return missing(d, "optimizer", expected, err);
  const int named = value->kind == PDLT_NODE_MAP && value->count == 1;
  const char *name = named ? value->keys[0] : value->kind == PDLT_NODE_SCALAR ? value->text : "";
  if (name[0] != 0 && strcmp(name, "sgd") != 0)
    return pdlt_yaml_fail(d->name, value->line, "optimizer", err,
                          "%.40s " DESCENT "; write {sgd: {lr: NUMBER}}", name);
  if (!named || value->items[0]->kind != PDLT_NODE_MAP)
    return wrong(d, value, "optimizer", expected, err);
  const pdlt_node *sgd = value->items[0], *lr = find(sgd, "lr");
  for (size_t k = 0; k < sgd->count; k++) {
    char key[QUOTED];
    int switched = 0;
    for (int i = 0; off[i] != NULL; i++) switched |= strcmp(sgd->keys[k], off[i]) == 0;
    if (sgd->items[k] == lr || (switched && is_false_or_0(sgd->items[k]))) continue;
    snprintf(key, sizeof key, "optimizer.sgd.%.40s", sgd->keys[k]);
    return pdlt_yaml_fail(d->name, sgd->key_lines[k], key, err, "%s",
                          switched ? DESCENT "; write 0 or leave it out"
                          : strcmp(sgd->keys[k], "lr") == 0
                              ? "repeated key; keep one"
                              : "unknown key; known here: lr, and momentum, weight_decay, "
                                "nesterov, dampening when they are 0");
  }
  return lr == NULL ? wrong(d, value, "optimizer", expected, err) : read_lr(d, lr, err);
}

/* --- the whole --- */

static pdlt_status check_keys(const pdlt_description *d, pdlt_error *err) {
  const pdlt_node *root = d->root;
  size_t place = 0;
  if (pdlt_node_find(root, "network", 7, &place) != NULL)
    return pdlt_yaml_fail(d->name, root->key_lines[place], "network", err,
                          "this is an experiment; pdlt translate --back makes a description of it");
  for (size_t i = 0; i < root->count; i++) {
    const char *key = root->keys[i];
    size_t k = 0;
    while (keys[k] != NULL && strcmp(keys[k], key) != 0) k++;
    for (size_t j = 0; j < i; j++)
      if (strcmp(root->keys[j], key) == 0)
        return pdlt_yaml_fail(d->name, root->key_lines[i], key, err,
                              "repeated key, first in line %d; keep one", root->key_lines[j]);
    if (keys[k] != NULL) continue;
    for (size_t j = 0; j < sizeof foreign / sizeof *foreign; j++)
      if (strcmp(foreign[j].name, key) == 0)
        return pdlt_yaml_fail(d->name, root->key_lines[i], key, err, "%s", foreign[j].answer);
    char quoted[QUOTED];
    snprintf(quoted, sizeof quoted, "%.*s", QUOTED - 8, key);
    return pdlt_yaml_fail(d->name, root->key_lines[i], quoted, err,
                          "unknown key; known here: " KEYS);
  }
  return PDLT_OK;
}

static pdlt_status read_activation(pdlt_description *d, pdlt_error *err) {
  const pdlt_node *value = find(d->root, "activation");
  pdlt_error why = {0};
  if (value == NULL) return missing(d, "activation", "the name of an activation, as tanh", err);
  if (value->kind != PDLT_NODE_SCALAR)
    return wrong(d, value, "activation", "the name of an activation, as tanh", err);
  const pdlt_status status = pdlt_activation_parse(&d->activation, value->text, &why);
  if (status == PDLT_OK) return PDLT_OK;
  pdlt_yaml_fail(d->name, value->line, "activation", err, "%s", why.message);
  return status;
}

static pdlt_status read_steps(pdlt_description *d, pdlt_error *err) {
  const pdlt_node *value = find(d->root, "steps");
  double number = 0;
  if (value == NULL) return missing(d, "steps", "a whole number from 0 to 1e9", err);
  if (!pdlt_node_number(value, &number) || number != floor(number) || number < 0 || number > 1e9)
    return wrong(d, value, "steps", "a whole number from 0 to 1e9", err);
  d->steps = (long)number;
  return PDLT_OK;
}

static pdlt_status read_all(pdlt_description *d, pdlt_error *err) {
  const pdlt_node *sizes = find(d->root, "sizes");
  int word = 0;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check_keys(d, err));
  PDLT_TRY(read_word(d, "framework", pdlt_framework_words,
                     "one of pytorch, jax, ntk, standard, mup", &word, err));
  d->framework = (pdlt_framework)word;
  PDLT_TRY(sizes == NULL
               ? missing(d, "sizes", "inputs, hidden widths and outputs, as in [2, 64, 64, 1]", err)
               : read_sizes(d, sizes, "sizes", &d->sizes, &d->depth, err));
  PDLT_TRY(read_activation(d, err));
  PDLT_TRY(read_bias(d, err));
  PDLT_TRY(read_base(d, err));
  PDLT_TRY(read_init(d, err));
  PDLT_TRY(
      read_word(d, "loss", pdlt_loss_words, "one of mse_mean, mse_sum, half_mse_sum", &word, err));
  d->loss = (pdlt_loss_kind)word;
  PDLT_TRY(read_optimizer(d, err));
  PDLT_TRY(read_steps(d, err));
  d->data = find(d->root, "data");
  if (d->data == NULL || d->data->kind != PDLT_NODE_MAP)
    PDLT_TRY(missing(d, "data", "a mapping as in an experiment file (docs/experiment.md)", err));
cleanup:
  return status;
}

pdlt_status pdlt_description_read(pdlt_description *out, const char *text, size_t size,
                                  const char *name, pdlt_error *err) {
  pdlt_description d = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_strdup(&d.name, name, err));
  PDLT_TRY(pdlt_node_parse(&d.root, name, text, size, NULL, err));
  if (d.root->kind != PDLT_NODE_MAP)
    PDLT_TRY(pdlt_yaml_fail(name, d.root->line, "yaml", err,
                            "the file must be a mapping: framework: ..., sizes: [...], ..."));
  PDLT_TRY(read_all(&d, err));
  *out = d;
  return PDLT_OK;
cleanup:
  pdlt_description_free(&d);
  return status;
}
