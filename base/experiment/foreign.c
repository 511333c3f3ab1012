/* foreign.c - see foreign.h. */
#include "base/experiment/foreign.h"

#include <ctype.h>
#include <stddef.h>

/* What several names mean. */
#define ETA \
  "use training.eta; of a loss that is a mean over N samples and n_L outputs, eta = 2 lr/(N n_L)"
#define STEPS "use training.steps: each step takes all training samples"
#define DESCENT                                                             \
  "there is none to choose: training is full-batch gradient descent, with " \
  "training.eta and training.steps"
#define BATCH "there is no key for it: each step takes all training samples (data.train)"
#define LOSS "use training.loss: mse, half the summed square of the errors, or cross_entropy"
#define PLAIN "there is no key for it: networks and gradient descent are as in the book"
#define WIDTHS \
  "use network.widths, one number for each width of the ensemble, as in [32, 48, 64, 96]"
#define DEPTH "use network.depth: layers with weights, the readout included"
#define WEIGHT "use network.C_W: the variance of a weight times its fan-in"
#define BIAS "use network.C_b: the variance of a bias"
#define INPUTS "use data.inputs for data that are made; files know their own"
#define SEED "use ensemble.seed, and data.seed for data that are made"

/* Names of PyTorch, JAX, Keras and papers. */
static const struct {
  const char *name, *answer;
} foreign[] = {
    {"lr", ETA},
    {"learning_rate", ETA},
    {"step_size", ETA},
    {"epochs", STEPS},
    {"num_epochs", STEPS},
    {"iterations", STEPS},
    {"num_steps", STEPS},
    {"optimizer", DESCENT},
    {"sgd", DESCENT},
    {"adam", DESCENT},
    {"adamw", DESCENT},
    {"batch_size", BATCH},
    {"minibatch", BATCH},
    {"batch", BATCH},
    {"momentum", PLAIN},
    {"weight_decay", PLAIN},
    {"scheduler", PLAIN},
    {"lr_scheduler", PLAIN},
    {"dropout", PLAIN},
    {"batch_norm", PLAIN},
    {"layer_norm", PLAIN},
    {"normalization", PLAIN},
    {"residual", PLAIN},
    {"loss", LOSS},
    {"criterion", LOSS},
    {"loss_fn", LOSS},
    {"hidden_size", WIDTHS},
    {"hidden_sizes", WIDTHS},
    {"hidden_dim", WIDTHS},
    {"hidden_units", WIDTHS},
    {"hidden", WIDTHS},
    {"width", WIDTHS},
    {"num_layers", DEPTH},
    {"n_layers", DEPTH},
    {"hidden_layers", DEPTH},
    {"num_hidden_layers", DEPTH},
    {"weight_std", WEIGHT},
    {"weight_var", WEIGHT},
    {"w_std", WEIGHT},
    {"bias_std", BIAS},
    {"bias_var", BIAS},
    {"b_std", BIAS},
    {"input_size", INPUTS},
    {"input_dim", INPUTS},
    {"in_features", INPUTS},
    {"n_train", "use data.train"},
    {"num_train", "use data.train"},
    {"train_size", "use data.train"},
    {"n_test", "use data.test"},
    {"num_test", "use data.test"},
    {"test_size", "use data.test"},
    {"num_seeds", "use ensemble.members"},
    {"num_models", "use ensemble.members"},
    {"ensemble_size", "use ensemble.members"},
    {"num_networks", "use ensemble.members"},
    {"random_state", SEED},
    {"random_seed", SEED},
    {"nonlinearity", "use network.activation"},
    {"act", "use network.activation"},
    {"sigma_w", "use network.C_W, which is sigma_w squared"},
    {"sigma_b", "use network.C_b, which is sigma_b squared"},
    {"bias", "use network.C_b and network.lambda_b; both 0: no biases"},
    {"out_features", "use network.outputs"},
    {"output_size", "use network.outputs"},
    {"num_classes", "use data.classes and data.targets"},
    {"dataset", "use data.source"},
    {"device", "there is no key for it: the program works on processors; see the option --threads"},
    {"dtype", "use ensemble.arithmetic"},
    {"num_workers", "use the option --threads"},
};

static int same(const char *a, const char *b) {
  for (; *a != 0 && *b != 0; a++, b++) {
    const char c = (char)(*a == '-' ? '_' : tolower((unsigned char)*a));
    if (c != *b) return 0;
  }
  return *a == *b;
}

const char *pdlt_foreign_key(const char *name) {
  for (size_t k = 0; k < sizeof foreign / sizeof *foreign; k++)
    if (same(name, foreign[k].name)) return foreign[k].answer;
  return NULL;
}
