/* back.c - an experiment as a description; see translate.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/core/memory.h"
#include "base/core/number.h"
#include "base/experiment/layer.h"
#include "base/file/json.h"
#include "base/file/stream.h"
#include "base/translate/translate.h"

static const pdlt_loss_kind loss = PDLT_LOSS_MSE_MEAN; /* what frameworks have by themselves */

/* Why a description cannot say it. */
static pdlt_status check(const pdlt_experiment *ex, pdlt_error *err) {
  if (ex->network.layers != NULL)
    return pdlt_experiment_fail(
        ex, "network.layers", err,
        "a description is of a fully connected network, and has no words for "
        "positions; leave them out");
  if (pdlt_experiment_has_skips(ex))
    return pdlt_experiment_fail(ex, "network.skip", err,
                                "a description has no words for skip connections; leave it out");
  if (ex->network.num_widths != 1)
    return pdlt_experiment_fail(
        ex, "network.widths", err,
        "%zu widths, and a description is of one network; choose one, as by "
        "--set network.widths=[%d]",
        ex->network.num_widths, ex->network.widths[ex->network.num_widths - 1]);
  if (ex->training.eta_kind != PDLT_ETA_NUMBER)
    return pdlt_experiment_fail(ex, "training.eta", err,
                                "flow has no learning rate; give a number, as by --set "
                                "training.eta=0.1");
  if (ex->training.loss != PDLT_LOSS_MSE)
    return pdlt_experiment_fail(ex, "training.loss", err,
                                "cross_entropy; the losses of a description are squares: use mse");
  if (ex->training.centered)
    return pdlt_experiment_fail(ex, "training.targets", err,
                                "centered; a description has targets that are the same for every "
                                "network: use fixed");
  if (ex->training.newton || ex->training.batch > 0)
    return pdlt_experiment_fail(ex, ex->training.newton ? "training.method" : "training.batch", err,
                                "a description has plain gradient descent on all samples: leave it "
                                "out");
  if (ex->training.to_end)
    return pdlt_experiment_fail(ex, "training.steps", err,
                                "end is no number of steps; give one, as by --set "
                                "training.steps=1000");
  return PDLT_OK;
}

static void print_list(FILE *out, const char *before, const double *x, int count,
                       const char *after) {
  char number[PDLT_NUMBER_LENGTH];
  fputs(before, out);
  for (int l = 0; l < count; l++)
    fprintf(out, "%s%s", l == 0 ? "[" : ", ", pdlt_number_text(number, x[l]));
  fprintf(out, "]%s", after);
}

/* Equal up to rounding. */
static int same(const double *x, int count, double value) {
  for (int l = 0; l < count; l++)
    if (!(fabs(x[l] - value) <= 1e-14 * fabs(value))) return 0;
  return 1;
}

/* Standard deviations and learning rates of the layers, one list after the other. */
typedef struct lists {
  int depth, bias; /* bias: some layer has one */
  double *weight_std, *bias_std, *weight_lr, *bias_lr;
} lists;

static void fill(lists *x, const pdlt_experiment *ex, int inputs) {
  const double unit = pdlt_loss_eta(loss, 1, ex->data.train, ex->network.outputs);
  for (int l = 1; l <= x->depth; l++) {
    const pdlt_layer layer = pdlt_experiment_layer(ex, l, ex->network.widths[0], (size_t)inputs);
    const double lr = ex->training.eta / unit;
    x->bias |= layer.has_bias;
    x->weight_std[l - 1] = sqrt(pdlt_layer_variance(&layer));
    x->bias_std[l - 1] = sqrt(layer.C_b);
    x->weight_lr[l - 1] = lr * pdlt_layer_rate(&layer);
    x->bias_lr[l - 1] = lr * layer.lambda_b;
  }
}

static void print_lr(FILE *out, const lists *x) {
  char number[PDLT_NUMBER_LENGTH];
  const double lr = x->weight_lr[0];
  fputs("optimizer: {sgd: {lr: ", out);
  if (lr > 0 && same(x->weight_lr, x->depth, lr) && (!x->bias || same(x->bias_lr, x->depth, lr))) {
    fprintf(out, "%s}}\n", pdlt_number_text(number, lr));
  } else {
    print_list(out, "{weight: ", x->weight_lr, x->depth, ", ");
    print_list(out, "bias: ", x->bias_lr, x->depth, "}}}\n");
  }
}

static void print_description(FILE *out, const pdlt_experiment *ex, int inputs, const lists *x,
                              const char *data) {
  char activation[256];
  pdlt_activation_format(&ex->network.activation, activation, sizeof activation);
  fputs(
      "# Made by pdlt translate --back; docs/my-network.md has the equations.\n"
      "#\n# The standard deviations and learning rates are those of the weights and biases "
      "themselves, at\n"
      "# this width. Where lr has lists, each layer's weights and biases are a parameter group of "
      "their own.\n"
      "# Training is by all training samples in each step; data.center and data.scale change the "
      "inputs\n"
      "# before training; theory, ensemble, measure and compare have no place here.\n",
      out);
  fprintf(out, "framework: pytorch\nsizes: [%d", inputs);
  for (int l = 1; l <= x->depth; l++)
    fprintf(out, ", %d", pdlt_experiment_layer_width(ex, l, ex->network.widths[0], inputs));
  fprintf(out, "]\nactivation: %s\n", activation);
  if (!x->bias) fputs("bias: false\n", out);
  print_list(out, "init: {weight_std: ", x->weight_std, x->depth, "");
  if (x->bias) print_list(out, ", bias_std: ", x->bias_std, x->depth, "");
  fputs(ex->network.init == PDLT_INIT_UNIFORM ? ", distribution: uniform}\n" : "}\n", out);
  fprintf(out, "loss: %s\n", pdlt_loss_words[loss]);
  print_lr(out, x);
  fprintf(out, "steps: %ld\ndata: %s\n", ex->training.steps, data);
}

/* --- data --- */

/* Path of a data file as the new file has to say it. */
static pdlt_status put_path(json_t *data, const pdlt_experiment *ex, const char *name,
                            const char *path, const pdlt_places *places, pdlt_error *err) {
  char key[32], *whole = NULL;
  if (path == NULL) return PDLT_OK;
  snprintf(key, sizeof key, "data.%s", name);
  const char *folder = pdlt_experiment_is_set(ex, key) ? places->working : places->file;
  const int as_is = path[0] == '/' || folder[0] == 0;
  const size_t size = strlen(folder) + strlen(path) + 2;
  pdlt_status status = pdlt_alloc(&whole, size, 1, err);
  if (status != PDLT_OK) return status;
  snprintf(whole, size, "%s%s%s", as_is ? "" : folder, as_is ? "" : "/", path);
  status = pdlt_json_set(data, name, json_string(whole), err);
  pdlt_free(whole);
  return status;
}

static pdlt_status data_text(char **out, const pdlt_experiment *ex, const pdlt_places *places,
                             pdlt_error *err) {
  const pdlt_places nowhere = {"", ""}; /* of names of arrays in a file */
  json_t *whole = NULL;
  pdlt_status status = pdlt_experiment_to_json(ex, &whole, err);
  if (status != PDLT_OK) return status;
  json_t *data = json_object_get(whole, "data");
  const pdlt_places *of_arrays = ex->data.file != NULL ? &nowhere : places;
  PDLT_TRY(put_path(data, ex, "file", ex->data.file, places, err));
  PDLT_TRY(put_path(data, ex, "images", ex->data.images, places, err));
  PDLT_TRY(put_path(data, ex, "labels", ex->data.labels, places, err));
  PDLT_TRY(put_path(data, ex, "x", ex->data.x, of_arrays, err));
  PDLT_TRY(put_path(data, ex, "y", ex->data.y, of_arrays, err));
  PDLT_TRY(pdlt_json_format(data, JSON_REAL_PRECISION(17) | JSON_ENSURE_ASCII, out, err));
cleanup:
  json_decref(whole);
  return status;
}

pdlt_status pdlt_translate_experiment(const pdlt_experiment *ex, int inputs,
                                      const pdlt_places *places, char **out, pdlt_error *err) {
  const char *const what = "the description";
  const int L = ex->network.depth;
  pdlt_stream stream = {0};
  double *memory = NULL;
  char *data = NULL;
  pdlt_status status = check(ex, err);
  if (status != PDLT_OK) return status;
  PDLT_TRY(pdlt_alloc(&memory, 4 * (size_t)L, sizeof *memory, err));
  lists x = {L, 0, memory, memory + L, memory + 2 * (size_t)L, memory + 3 * (size_t)L};
  fill(&x, ex, inputs);
  PDLT_TRY(data_text(&data, ex, places, err));
  PDLT_TRY(pdlt_stream_open(&stream, what, err));
  print_description(stream.out, ex, inputs, &x, data);
  status = pdlt_stream_take(&stream, what, out, NULL, err);
cleanup:
  pdlt_free(memory);
  pdlt_free(data);
  return status;
}
