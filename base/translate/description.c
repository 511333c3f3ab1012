/* description.c - see description.h: what a description means, layer by layer. */
#include "base/translate/description.h"

#include <string.h>

#include "base/core/memory.h"

const char *const pdlt_framework_words[] = {"pytorch", "jax", "ntk", "standard", "mup", NULL};
const char *const pdlt_loss_words[] = {"mse_mean", "mse_sum", "half_mse_sum", NULL};

void pdlt_description_free(pdlt_description *description) {
  pdlt_free(description->sizes);
  pdlt_free(description->base_sizes);
  pdlt_free(description->weight_std);
  pdlt_free(description->bias_std);
  pdlt_free(description->weight_lr);
  pdlt_free(description->bias_lr);
  pdlt_free(description->name);
  pdlt_node_free(description->root);
  memset(description, 0, sizeof *description);
}

int pdlt_description_line(const pdlt_description *description, const char *key) {
  size_t place = 0;
  const pdlt_node *root = description->root;
  return pdlt_node_find(root, key, strlen(key), &place) != NULL ? root->key_lines[place] : 1;
}

double pdlt_loss_eta(pdlt_loss_kind loss, double lr, int samples, int outputs) {
  switch (loss) {
    case PDLT_LOSS_MSE_MEAN:
      return 2 * lr / ((double)samples * outputs);
    case PDLT_LOSS_MSE_SUM:
      return 2 * lr;
    case PDLT_LOSS_HALF_MSE_SUM:
      break;
  }
  return lr;
}

/* m_l: how many times wider layer l is than in the base of mup; 1 of inputs and outputs, and elsewhere. */
static double multiple(const pdlt_description *d, int l) {
  if (d->framework != PDLT_FRAMEWORK_MUP || l == 0 || l == d->depth) return 1;
  return (double)d->sizes[l] / d->base_sizes[l];
}

/* C_W of a rule; C_b of the uniform default, whose bias has the bound of its weights. */
static double rule_weight(const pdlt_init_rule *rule, double in, double out) {
  if (strncmp(rule->name, "kaiming", 7) == 0) return 2;
  if (strncmp(rule->name, "xavier", 6) == 0) return 2 * in / (in + out);
  if (strcmp(rule->name, "default") == 0 && rule->draw == PDLT_INIT_UNIFORM) return 1.0 / 3;
  return 1; /* lecun; the defaults of jax and ntk */
}

static double rule_bias(const pdlt_init_rule *rule, double in) {
  return strcmp(rule->name, "default") == 0 && rule->draw == PDLT_INIT_UNIFORM ? 1 / (3 * in) : 0;
}

/* C_b and C_W. In mup rules speak of the base, from where the readout's variance falls as 1/m more. */
static pdlt_translated_layer initial(const pdlt_description *d, int l) {
  const int ntk = d->framework == PDLT_FRAMEWORK_NTK, mup = d->framework == PDLT_FRAMEWORK_MUP;
  const int *sizes = mup ? d->base_sizes : d->sizes;
  const double in = sizes[l - 1], out = sizes[l];
  pdlt_translated_layer layer = {0};
  if (d->weight_std == NULL) {
    layer.C_W = rule_weight(&d->init, in, out) / (l == d->depth ? multiple(d, l - 1) : 1);
    layer.C_b = rule_bias(&d->init, in);
  } else {
    const double w = d->weight_std[l - 1], b = d->bias_std[l - 1];
    layer.C_W = w * w * (ntk ? 1 : d->sizes[l - 1]);
    layer.C_b = b * b;
  }
  if (!d->bias) layer.C_b = 0;
  return layer;
}

pdlt_translated_layer pdlt_description_layer(const pdlt_description *d, int l) {
  pdlt_translated_layer layer = initial(d, l);
  double rate_w = d->weight_lr[l - 1], rate_b = d->bias ? d->bias_lr[l - 1] : 0;
  if (d->framework == PDLT_FRAMEWORK_NTK) { /* of factors sqrt(C_W/n) and sqrt(C_b) */
    rate_w *= layer.C_W;
    rate_b *= layer.C_b;
  } else { /* of the weights themselves */
    rate_w *= d->sizes[l - 1] * multiple(d, l) / multiple(d, l - 1);
    rate_b *= multiple(d, l);
  }
  layer.lambda_W = rate_w;
  layer.lambda_b = rate_b;
  return layer;
}
