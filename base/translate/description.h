/* description.h - a network as a framework's user describes it: sizes, initialization, loss, SGD.
 *
 * Is: the description file: its keys, and what they mean layer by layer (docs/my-network.md).
 * Is not: an experiment (translate.h); what has no counterpart there is refused here, with what to do.
 *
 * Shapes: L = number of sizes - 1 layers with weights; entry l - 1 of a list belongs to layer l. */
#ifndef PDLT_BASE_TRANSLATE_DESCRIPTION_H
#define PDLT_BASE_TRANSLATE_DESCRIPTION_H

#include "base/activation/activation.h"
#include "base/experiment/experiment.h"
#include "base/file/yaml.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pdlt_framework {
  PDLT_FRAMEWORK_PYTORCH,
  PDLT_FRAMEWORK_JAX,
  PDLT_FRAMEWORK_NTK,
  PDLT_FRAMEWORK_STANDARD,
  PDLT_FRAMEWORK_MUP
} pdlt_framework;

typedef enum pdlt_loss_kind {
  PDLT_LOSS_MSE_MEAN,    /* mean of (z - y)^2 over training samples and outputs */
  PDLT_LOSS_MSE_SUM,     /* sum of (z - y)^2 */
  PDLT_LOSS_HALF_MSE_SUM /* half of it */
} pdlt_loss_kind;

extern const char *const pdlt_framework_words[]; /* both end with NULL */
extern const char *const pdlt_loss_words[];

/* init: a rule by name, or lists. */
typedef struct pdlt_init_rule {
  const char *name; /* "default", "kaiming_normal", ...; "lists": from weight_std and bias_std */
  pdlt_init draw;   /* distribution of the framework, as the trainer can draw it */
  int truncated;    /* 1: the framework's normal numbers end at two standard deviations */
} pdlt_init_rule;

typedef struct pdlt_description {
  pdlt_framework framework;
  int depth;       /* L */
  int *sizes;      /* (L + 1) n_0 .. n_L */
  int *base_sizes; /* (L + 1) mup: where all is as in standard parameterization */
  pdlt_activation activation;
  pdlt_init_rule init;
  double *weight_std, *bias_std; /* (L) of init lists; NULL: a rule */
  int bias;                      /* 0: the layers have no biases */
  pdlt_loss_kind loss;
  double lr;                   /* of sgd; 1 with lists */
  double *weight_lr, *bias_lr; /* (L) factors of lr, 1 unless there are lists */
  long steps;
  const pdlt_node *data; /* of root; as in an experiment */
  pdlt_node *root;       /* owned */
  char *name;            /* of the file, for messages; owned */
} pdlt_description;

/* Reads the text of a description; name: of its file, for messages. Owned by the caller
 * (pdlt_description_free). Errors: PDLT_ERR_INPUT `NAME:LINE: key: what is wrong and what would be right`,
 * PDLT_ERR_MEMORY. */
pdlt_status pdlt_description_read(pdlt_description *out, const char *text, size_t size,
                                  const char *name, pdlt_error *err);
void pdlt_description_free(pdlt_description *description);

/* Line of a key of the root; 1 where it is not there. */
int pdlt_description_line(const pdlt_description *description, const char *key);

/* What layer l = 1..L is in the experiment's terms (docs/my-network.md, "Parameterizations"). */
typedef struct pdlt_translated_layer {
  double C_b, C_W, lambda_b, lambda_W;
} pdlt_translated_layer;
pdlt_translated_layer pdlt_description_layer(const pdlt_description *description, int l);

/* eta of a learning rate: the gradient of the loss is 2/(N n_L), 2 or 1 times that of half the summed square,
 * with N samples. */
double pdlt_loss_eta(pdlt_loss_kind loss, double lr, int samples, int outputs);

#ifdef __cplusplus
}
#endif
#endif
