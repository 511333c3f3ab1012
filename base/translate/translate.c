/* translate.c - a description as an experiment; see translate.h. */
#include "base/translate/translate.h"

#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/number.h"
#include "base/file/stream.h"

/* Widths stay below so many weights; the family of one network is n, 3n/2, 2n, 3n, 4n. */
static const double most_weights = 1e8;
static const double family[] = {1, 1.5, 2, 3, 4};
enum { FAMILY = sizeof family / sizeof *family };

static int common_divisor(int a, int b) { return b == 0 ? a : common_divisor(b, a % b); }

/* n of the sweep: the largest number of which all hidden widths are multiples. */
static int width_of(const pdlt_description *d) {
  int n = d->sizes[1];
  for (int l = 2; l < d->depth; l++) n = common_divisor(n, d->sizes[l]);
  return n;
}

static double weights_at(const pdlt_description *d, double factor) {
  double weights = 0;
  for (int l = 1; l <= d->depth; l++) {
    const double in = d->sizes[l - 1] * (l == 1 ? 1 : factor);
    weights += in * d->sizes[l] * (l == d->depth ? 1 : factor);
  }
  return weights;
}

/* --- comments --- */

static void print_sizes(FILE *out, const int *sizes, int depth) {
  for (int l = 0; l <= depth; l++) fprintf(out, "%s%d", l == 0 ? "[" : ", ", sizes[l]);
  fputs("]", out);
}

/* How the numbers of the framework are distributed, where they are not normal. */
static void print_init(FILE *out, const pdlt_description *d) {
  if (d->init.truncated)
    fputs(
        "#\n# Initialization: the framework draws normal numbers that end at two standard "
        "deviations, pdlt\n"
        "# normal ones with the same variances. The two differ at order 1/n, and at order 1 "
        "through\n"
        "# preactivations that few numbers make: those of the first layer when there are few "
        "inputs.\n",
        out);
  if (d->init.draw != PDLT_INIT_UNIFORM) return;
  fprintf(out,
          "#\n# Initialization: uniform, as in the framework (network.init). Theory is that of "
          "normal numbers\n"
          "# with the same variances. The two differ at order 1/n, and at order 1 through "
          "preactivations that\n"
          "# few numbers make: here %d weights%s in the first layer. network.init: normal shows "
          "how much.\n",
          d->sizes[0], d->bias ? " and a bias" : "");
}

/* What the framework's own networks of other widths have. */
static const char *own_family(const pdlt_description *d) {
  switch (d->framework) {
    case PDLT_FRAMEWORK_NTK:
      return "as those of the framework have";
    case PDLT_FRAMEWORK_MUP:
      return "and not muP's own at their widths: there m_l, and with it C_W of the readout, "
             "lambda_b and\n"
             "# lambda_W, follow the width";
    default:
      return "and not the framework's own at their widths: there lambda_W = n_{l-1} lr_W/lr grows "
             "with n,\n"
             "# and a variance of biases that follows their fan-in falls as 1/n";
  }
}

static void print_family(FILE *out, const pdlt_description *d) {
  fprintf(out,
          "#\n# Widths: n = %d is your network. The others have the same C_b, C_W, lambda_b and "
          "lambda_W,\n"
          "# %s.\n",
          width_of(d), own_family(d));
}

static void print_rules(FILE *out, const pdlt_description *d) {
  if (d->framework == PDLT_FRAMEWORK_MUP) {
    fputs("#\n# muP for SGD (Tensor Programs V, arXiv:2203.03466, Table 3), base sizes ", out);
    print_sizes(out, d->base_sizes, d->depth);
    fputs(
        ":\n# weights learn at lr m_l/m_{l-1}, biases at lr m_l, m_l = width/base width, 1 of "
        "inputs and\n"
        "# outputs; the readout's variance is divided by m_{L-1} once more.\n",
        out);
  }
  if (d->framework == PDLT_FRAMEWORK_NTK)
    fputs(
        "#\n# NTK parameterization, W = sigma_w w/sqrt(n_{l-1}), b = sigma_b b', w and b' of "
        "variance 1 are\n"
        "# trained: C_W = lambda_W = sigma_w^2, C_b = lambda_b = sigma_b^2.\n",
        out);
  if (d->bias && d->init.draw == PDLT_INIT_NORMAL && strcmp(d->init.name, "lists") != 0)
    fputs("#\n# Biases begin at 0.\n", out);
}

/* --- the file --- */

static void print_values(FILE *out, const pdlt_description *d, const char *key, size_t offset) {
  char number[PDLT_NUMBER_LENGTH];
  fprintf(out, "  %s: [", key);
  for (int l = 1; l <= d->depth; l++) {
    const pdlt_translated_layer layer = pdlt_description_layer(d, l);
    double x = 0;
    memcpy(&x, (const char *)&layer + offset, sizeof x);
    fprintf(out, "%s%s", l == 1 ? "" : ", ", pdlt_number_text(number, x));
  }
  fputs("]\n", out);
}

static void print_widths(FILE *out, const pdlt_description *d) {
  const int n = width_of(d);
  int last = 0;
  fputs("  widths: [", out);
  for (int k = 0; k < FAMILY; k++) {
    const int width = (int)(n * family[k] + 0.5);
    if (width <= last || (k > 0 && weights_at(d, family[k]) > most_weights)) continue;
    fprintf(out, "%s%d", last == 0 ? "" : ", ", width);
    last = width;
  }
  fputs("]\n", out);
  if (d->depth == 2) return;
  fputs("  width_ratios: [", out);
  for (int l = 1; l < d->depth; l++) fprintf(out, "%s%d", l == 1 ? "" : ", ", d->sizes[l] / n);
  fputs("]\n", out);
}

static void print_experiment(FILE *out, const pdlt_description *d, const char *data, int samples) {
  char activation[256], number[PDLT_NUMBER_LENGTH];
  const int outputs = d->sizes[d->depth];
  pdlt_activation_format(&d->activation, activation, sizeof activation);
  fputs("# Made by pdlt translate; docs/my-network.md has the equations.\n", out);
  print_rules(out, d);
  print_init(out, d);
  print_family(out, d);
  fprintf(out, "title: \"%s network ", pdlt_framework_words[d->framework]);
  print_sizes(out, d->sizes, d->depth);
  fprintf(out, ", %s\"\nnetwork:\n  activation: %s\n  depth: %d\n", activation, activation,
          d->depth);
  print_widths(out, d);
  fprintf(out, "  outputs: %d\n", d->sizes[d->depth]);
  print_values(out, d, "C_b", offsetof(pdlt_translated_layer, C_b));
  print_values(out, d, "C_W", offsetof(pdlt_translated_layer, C_W));
  print_values(out, d, "lambda_b", offsetof(pdlt_translated_layer, lambda_b));
  print_values(out, d, "lambda_W", offsetof(pdlt_translated_layer, lambda_W));
  if (d->init.draw == PDLT_INIT_UNIFORM) fputs("  init: uniform\n", out);
  const double eta = pdlt_loss_eta(d->loss, d->lr, samples, outputs);
  fprintf(out, "data: %s\ntraining:\n  eta: %s", data, pdlt_number_text(number, eta));
  fprintf(out, " # %s lr", pdlt_number_text(number, pdlt_loss_eta(d->loss, 1, samples, outputs)));
  if (d->loss == PDLT_LOSS_MSE_MEAN)
    fprintf(out, ": 2 lr/(N n_L), N = %d, n_L = %d", samples, outputs);
  fprintf(out, "\n  steps: %ld\n", d->steps);
}

/* --- data --- */

/* Relative paths of data files begin with the folder. */
static pdlt_status move_paths(pdlt_node *data, const char *folder, pdlt_error *err) {
  static const char *const keys[] = {"file", "images", "labels", "x", "y"};
  const int arrays = pdlt_node_find(data, "file", 4, NULL) != NULL; /* x, y: names in it */
  for (size_t k = 0; folder[0] != 0 && k < (arrays ? 3 : sizeof keys / sizeof *keys); k++) {
    pdlt_node *value = pdlt_node_find(data, keys[k], strlen(keys[k]), NULL);
    char *path = NULL;
    if (value == NULL || value->kind != PDLT_NODE_SCALAR || value->text[0] == '/') continue;
    const size_t size = strlen(folder) + strlen(value->text) + 2;
    const pdlt_status status = pdlt_alloc(&path, size, 1, err);
    if (status != PDLT_OK) return status;
    snprintf(path, size, "%s/%s", folder, value->text);
    pdlt_free(value->text);
    value->text = path;
    value->plain = 0;
  }
  return PDLT_OK;
}

/* The data of the description as one line of YAML. */
static pdlt_status data_text(char **out, const pdlt_description *d, const char *folder,
                             pdlt_error *err) {
  char *text = NULL;
  pdlt_node *copy = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_node_text(&text, d->data, err));
  PDLT_TRY(pdlt_node_parse(&copy, d->name, text, strlen(text), NULL, err));
  PDLT_TRY(move_paths(copy, folder, err));
  PDLT_TRY(pdlt_node_text(out, copy, err));
cleanup:
  pdlt_node_free(copy);
  pdlt_free(text);
  return status;
}

static pdlt_status print_whole(char **out, const pdlt_description *d, const char *folder,
                               int samples, pdlt_error *err) {
  const char *const what = "the experiment";
  pdlt_stream stream = {0};
  char *data = NULL;
  pdlt_status status = data_text(&data, d, folder, err);
  if (status == PDLT_OK) status = pdlt_stream_open(&stream, what, err);
  if (status == PDLT_OK) {
    print_experiment(stream.out, d, data, samples);
    status = pdlt_stream_take(&stream, what, out, NULL, err);
  }
  pdlt_free(data);
  return status;
}

/* --- the check --- */

/* Every line of a value becomes that of the key it was made of. */
static void set_lines(pdlt_node *node, int line) {
  node->line = line;
  for (size_t k = 0; k < node->count; k++) {
    if (node->kind == PDLT_NODE_MAP) node->key_lines[k] = line;
    set_lines(node->items[k], line);
  }
}

/* The experiment as it is read, with the lines of the description in messages. */
static pdlt_status read_experiment(pdlt_experiment *out, const pdlt_description *d,
                                   const char *text, pdlt_error *err) {
  pdlt_node *root = NULL;
  size_t place = 0;
  pdlt_status status = pdlt_node_parse(&root, d->name, text, strlen(text), NULL, err);
  if (status != PDLT_OK) return status;
  for (size_t k = 0; k < root->count; k++) {
    const int training = strcmp(root->keys[k], "training") == 0;
    root->key_lines[k] = pdlt_description_line(d, training ? "optimizer" : "sizes");
    set_lines(root->items[k], root->key_lines[k]);
  }
  pdlt_node_find(root, "data", 4, &place);
  pdlt_node *made = root->items[place];
  root->items[place] = (pdlt_node *)d->data; /* lent for the time of reading */
  root->key_lines[place] = pdlt_description_line(d, "data");
  status = pdlt_experiment_parse_tree(out, root, d->name, err);
  root->items[place] = made;
  pdlt_node_free(root);
  return status;
}

pdlt_status pdlt_translate_description(const pdlt_description *d, const char *folder, char **out,
                                       pdlt_experiment *ex, pdlt_error *err) {
  pdlt_experiment read = {0};
  char *text = NULL;
  pdlt_status status = PDLT_OK;
  PDLT_TRY(print_whole(&text, d, "", 1, err)); /* data.train says N */
  PDLT_TRY(read_experiment(&read, d, text, err));
  pdlt_free(text);
  text = NULL;
  PDLT_TRY(print_whole(&text, d, folder, read.data.train, err));
  read.training.eta = pdlt_loss_eta(d->loss, d->lr, read.data.train, read.network.outputs);
  if (!(read.training.eta > 0))
    PDLT_TRY(pdlt_yaml_fail(
        d->name, pdlt_description_line(d, "optimizer"), "optimizer.sgd.lr", err,
        "%g over so many samples is 0 in double precision; give a larger number", d->lr));
  *out = text;
  text = NULL;
  if (ex != NULL) {
    *ex = read;
    read = (pdlt_experiment){0};
  }
cleanup:
  pdlt_free(text);
  pdlt_experiment_free(&read);
  return status;
}
