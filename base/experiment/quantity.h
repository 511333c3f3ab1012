/* quantity.h - THE table of quantities: what can be measured, and what theory says about it.
 *
 * Is: one row for each array n<n>/NAME of measured.npz that has an error bar: its indices, the
 * words of `measure` that ask for it, how it comes from the draws of a block, its arrays in
 * theory.npz and how it is shown. The reader of `measure` and `until`, plan, record and output of
 * the trainer, the join of two archives, markup and `pdlt list` read it. A new quantity is a row
 * here, the code that measures it (trainer/measure, trainer/draw/block.c) and the code that
 * predicts it (theory/predict); docs: NOTATION.md, which a test holds against this table.
 * Is not: a list of counts (members, diverged) or of theory's tensors and terms
 * (theory/terms/term.h). */
#ifndef PDLT_BASE_EXPERIMENT_QUANTITY_H
#define PDLT_BASE_EXPERIMENT_QUANTITY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(ID, WORD, WHAT): the words of `measure`, each a bit, PDLT_MEASURE_ followed by its ID. */
#define PDLT_MEASURE_LIST(X)                                                                 \
  X(OUTPUT, "output", "networks in training: mean, covariance and losses of the outputs")    \
  X(KERNEL, "kernel", "kernel at initialization, last layer integrated out")                 \
  X(NTK, "ntk", "NTK at initialization, last layer integrated out")                          \
  X(VERTEX, "vertex", "four-point vertex at initialization")                                 \
  X(NTK_FLUCTUATIONS, "ntk_fluctuations", "fluctuations of the NTK and with the outputs")    \
  X(DNTK, "dntk", "dNTK with the outputs at initialization")                                 \
  X(DDNTK, "ddntk", "ddNTKs at initialization")                                              \
  X(CROSSINGS, "crossings", "neurons that training moves across the kink")                   \
  X(HIDDEN, "hidden", "mean square preactivations of hidden layers, before and in training") \
  X(FEATURES, "features", "kernels of effective features and regression with them")          \
  X(POSTERIOR, "posterior",                                                                  \
    "Bayesian inference: outputs, kernels and hidden layers given the data")                 \
  X(LOG_HIDDEN, "log_hidden", "logarithm of the mean square preactivations, before training")

#define PDLT_MEASURE_BIT(id, word, what) PDLT_MEASURE_BIT_##id,
enum { PDLT_MEASURE_LIST(PDLT_MEASURE_BIT) PDLT_MEASURE_WORDS };
#undef PDLT_MEASURE_BIT
#define PDLT_MEASURE_MASK(id, word, what) PDLT_MEASURE_##id = 1 << PDLT_MEASURE_BIT_##id,
enum { PDLT_MEASURE_LIST(PDLT_MEASURE_MASK) PDLT_MEASURE_ALL = (1 << PDLT_MEASURE_WORDS) - 1 };
#undef PDLT_MEASURE_MASK

/* How a quantity comes from the draws of a block, and with it how two records become one
 * (trainer/record/record.h). */
typedef enum pdlt_drawn {
  PDLT_DRAWN_MEAN,     /* mean of the outputs of survivors */
  PDLT_DRAWN_SCATTER,  /* their covariance */
  PDLT_DRAWN_PRODUCTS, /* covariance of K and the NTK of all draws, layer by layer */
  PDLT_DRAWN_LAYERS,   /* mean of a number over all draws, layer by layer: sums add */
  PDLT_DRAWN_TRAINED,  /* mean of a number over survivors, at each time: sums add */
  PDLT_DRAWN_ROOT,     /* root of the mean over survivors of a square, at each time: sums add */
  PDLT_DRAWN_ALL,      /* mean of a number over all draws: sums add */
  PDLT_DRAWN_VARIANCE, /* variance over all draws of the number in the row above: sums of squares add */
  PDLT_DRAWN_SHARE, /* share of all draws: counts add */
  PDLT_DRAWN_WEIGHTED, /* ratio of weighted means over all draws of preactivations, by jackknife over blocks */
  PDLT_DRAWN_END, /* last time of the quantity whose name stands before _end */
  PDLT_DRAWN_LOSS /* made of mean and covariance */
} pdlt_drawn;

enum {
  PDLT_QUANTITY_UNTIL = 1,  /* ensemble.until may name it */
  PDLT_QUANTITY_EQUAL = 2,  /* lo is (sample, sample), the same for equal outputs, 0 for others */
  PDLT_QUANTITY_SHOWN = 4,  /* measured, and not compared with theory */
  PDLT_QUANTITY_STILL = 8,  /* lo is that of another row, without the time: the same at all times */
  PDLT_QUANTITY_ALONE = 16, /* theory has nothing about it, and reports say so */
  PDLT_QUANTITY_LAYERED =
      32, /* of a weighted one: layer<l>/NAME of every layer too, with --layers */
  PDLT_QUANTITY_KERNEL =
      64 /* a kernel of outputs at each time: as large as cov, and absent with it */
};

/* X(ID, NAME, INDICES, WORDS, DRAWN, LO, NLO, HALF, MARKUP, FLAGS, WHAT), in the order of a
 * comparison. INDICES: t recorded time, l hidden layer, i output, a sample, s one of the first S =
 * measure_samples samples, e eigenvalue, b block of the ground truth, x input. WORDS: bits of `measure`, all needed. LO, NLO, HALF: arrays of theory.npz
 * at infinite width, of the coefficient of h, and of that of h^(1/2) where the activation has a
 * kink; NULL: 0 at infinite width, not predicted. MARKUP NULL: the name in italics. */
#define PDLT_QUANTITY_LIST(X)                                                                      \
  X(K, "K", "aa", PDLT_MEASURE_KERNEL, PDLT_DRAWN_LAYERS, "K", "G1", NULL, "<i>K</i>",             \
    PDLT_QUANTITY_UNTIL, "kernel")                                                                 \
  X(THETA, "Theta", "aa", PDLT_MEASURE_NTK, PDLT_DRAWN_LAYERS, "Theta", "Theta1", NULL,            \
    "<i>\xce\x98</i>", PDLT_QUANTITY_UNTIL, "NTK")                                                 \
  X(Z, "z", "tia", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_MEAN, "z_lo", "z_nlo", "z_half", "<i>z</i>",    \
    PDLT_QUANTITY_UNTIL, "mean output")                                                            \
  X(COV, "cov", "tiaia", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_SCATTER, "cov_lo", "cov_nlo", "cov_half", \
    "cov", PDLT_QUANTITY_UNTIL, "covariance of the outputs")                                       \
  X(Z_END, "z_end", "ia", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_END, "z_end_lo", "z_end_nlo",            \
    "z_end_half", "<i>z</i><sup>end</sup>", 0, "mean output at the end of training")               \
  X(COV_END, "cov_end", "iaia", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_END, "cov_end_lo", "cov_end_nlo",  \
    "cov_end_half", "cov<sup>end</sup>", 0, "covariance at the end of training")                   \
  X(THETA_T, "Theta_t", "tiaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_NTK, PDLT_DRAWN_TRAINED,       \
    "Theta", "Theta_t_nlo", "Theta_t_half", "<i>\xce\x98</i><sup>(<i>t</i>)</sup>",                \
    PDLT_QUANTITY_UNTIL | PDLT_QUANTITY_EQUAL | PDLT_QUANTITY_KERNEL, "NTK during training")       \
  X(DTHETA_T, "dTheta_t", "tisisis", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_DNTK, PDLT_DRAWN_TRAINED,  \
    NULL, "dTheta_t_nlo", NULL, "d<i>\xce\x98</i><sup>(<i>t</i>)</sup>", 0,                        \
    "dNTK during training")                                                                        \
  X(K_E, "k_E", "tiaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED, NULL,    \
    "k_E_nlo", NULL,                                                                               \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>E</sup>",                                                                        \
    PDLT_QUANTITY_KERNEL, "change of the NTK since the start")                                     \
  X(K_SHARP, "k_sharp", "tiaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED,  \
    NULL, "k_sharp_nlo", NULL,                                                                     \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>#</sup>",                                                                        \
    PDLT_QUANTITY_KERNEL, "change to the book's trained kernel")                                   \
  X(SECANT, "secant", "tiaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED,    \
    NULL, "secant_nlo", NULL,                                                                      \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>S</sup>",                                                                        \
    PDLT_QUANTITY_KERNEL, "change to the kernel of secant features")                               \
  X(MIDPOINT, "midpoint", "tiaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,                    \
    PDLT_DRAWN_TRAINED, NULL, "midpoint_nlo", NULL,                                                \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>M</sup>",                                                                        \
    PDLT_QUANTITY_KERNEL, "change to the NTK at the midpoint")                                     \
  X(DEVIATION_K, "deviation_k", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,                \
    PDLT_DRAWN_TRAINED, NULL, "deviation_k_nlo", NULL, "dev(<i>k</i>)", 0,                         \
    "what regression with the NTK at the start misses")                                            \
  X(DEVIATION_K_E, "deviation_k_E", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,            \
    PDLT_DRAWN_TRAINED, NULL, "deviation_k_E_nlo", NULL, "dev(<i>k</i><sup>E</sup>)", 0,           \
    "what regression with the NTK at t misses")                                                    \
  X(DEVIATION_K_SHARP, "deviation_k_sharp", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,    \
    PDLT_DRAWN_TRAINED, NULL, "deviation_k_sharp_nlo", NULL, "dev(<i>k</i><sup>#</sup>)", 0,       \
    "what regression with the trained kernel misses")                                              \
  X(DEVIATION_SECANT, "deviation_secant", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,      \
    PDLT_DRAWN_TRAINED, NULL, "deviation_secant_nlo", NULL, "dev(<i>k</i><sup>S</sup>)", 0,        \
    "what regression with the secant kernel misses")                                               \
  X(DEVIATION_MIDPOINT, "deviation_midpoint", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,  \
    PDLT_DRAWN_TRAINED, NULL, "deviation_midpoint_nlo", NULL, "dev(<i>k</i><sup>M</sup>)", 0,      \
    "what regression with the NTK at the midpoint misses")                                         \
  X(ALIGNMENT, "alignment", "t", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED,  \
    NULL, "alignment_nlo", NULL,                                                                   \
    "\xce\x94"                                                                                     \
    "<i>A</i>",                                                                                    \
    0, "change of the NTK's alignment with the targets")                                           \
  X(WEIGHT, "weight", "tb", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED, NULL, \
    "weight_nlo", NULL,                                                                            \
    "\xce\x94"                                                                                     \
    "<i>W</i>",                                                                                    \
    0, "change of the NTK's weight in the blocks of the truth")                                    \
  X(AGOP, "agop", "txx", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED,          \
    "agop_change_lo", "agop_nlo", NULL,                                                            \
    "\xce\x94"                                                                                     \
    "<i>M</i>",                                                                                    \
    0, "change of the average gradient outer product")                                             \
  X(K_E_END, "k_E_end", "iaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END, NULL, \
    "k_E_end_nlo", NULL,                                                                           \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>E</sup><sup>end</sup>",                                                          \
    0, "change of the NTK since the start, at the end")                                            \
  X(K_SHARP_END, "k_sharp_end", "iaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,               \
    PDLT_DRAWN_END, NULL, "k_sharp_end_nlo", NULL,                                                 \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>#</sup><sup>end</sup>",                                                          \
    0, "change to the book's trained kernel, at the end")                                          \
  X(SECANT_END, "secant_end", "iaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END, \
    NULL, "secant_end_nlo", NULL,                                                                  \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>S</sup><sup>end</sup>",                                                          \
    0, "change to the kernel of secant features, at the end")                                      \
  X(MIDPOINT_END, "midpoint_end", "iaia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,             \
    PDLT_DRAWN_END, NULL, "midpoint_end_nlo", NULL,                                                \
    "\xce\x94"                                                                                     \
    "<i>k</i><sup>M</sup><sup>end</sup>",                                                          \
    0, "change to the NTK at the midpoint, at the end")                                            \
  X(DEVIATION_K_END, "deviation_k_end", "ia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,         \
    PDLT_DRAWN_END, NULL, "deviation_k_end_nlo", NULL, "dev(<i>k</i>)<sup>end</sup>", 0,           \
    "the same at the end")                                                                         \
  X(DEVIATION_K_E_END, "deviation_k_E_end", "ia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,     \
    PDLT_DRAWN_END, NULL, "deviation_k_E_end_nlo", NULL,                                           \
    "dev(<i>k</i><sup>E</sup>)<sup>end</sup>", 0, "the same at the end")                           \
  X(DEVIATION_K_SHARP_END, "deviation_k_sharp_end", "ia",                                          \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END, NULL,                             \
    "deviation_k_sharp_end_nlo", NULL, "dev(<i>k</i><sup>#</sup>)<sup>end</sup>", 0,               \
    "the same at the end")                                                                         \
  X(DEVIATION_SECANT_END, "deviation_secant_end", "ia",                                            \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END, NULL, "deviation_secant_end_nlo", \
    NULL, "dev(<i>k</i><sup>S</sup>)<sup>end</sup>", 0, "the same at the end")                     \
  X(DEVIATION_MIDPOINT_END, "deviation_midpoint_end", "ia",                                        \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END, NULL,                             \
    "deviation_midpoint_end_nlo", NULL, "dev(<i>k</i><sup>M</sup>)<sup>end</sup>", 0,              \
    "the same at the end")                                                                         \
  X(ALIGNMENT_END, "alignment_end", "", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,               \
    PDLT_DRAWN_END, NULL, "alignment_end_nlo", NULL,                                               \
    "\xce\x94"                                                                                     \
    "<i>A</i><sup>end</sup>",                                                                      \
    0, "change of the alignment at the end")                                                       \
  X(WEIGHT_END, "weight_end", "b", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END,    \
    NULL, "weight_end_nlo", NULL,                                                                  \
    "\xce\x94"                                                                                     \
    "<i>W</i><sup>end</sup>",                                                                      \
    0, "change of the weight at the end")                                                          \
  X(AGOP_END, "agop_end", "xx", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_END,       \
    "agop_change_end_lo", "agop_end_nlo", NULL,                                                    \
    "\xce\x94"                                                                                     \
    "<i>M</i><sup>end</sup>",                                                                      \
    0, "change of the average gradient outer product at the end")                                  \
  X(DEVIATION_K_RMS, "deviation_k_rms", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,        \
    PDLT_DRAWN_ROOT, NULL, NULL, NULL, NULL, PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,            \
    "root mean square of what regression with the NTK at the start misses")                        \
  X(DEVIATION_K_E_RMS, "deviation_k_E_rms", "tia", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,    \
    PDLT_DRAWN_ROOT, NULL, NULL, NULL, NULL, PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,            \
    "root mean square of what regression with the NTK at t misses")                                \
  X(DEVIATION_K_SHARP_RMS, "deviation_k_sharp_rms", "tia",                                         \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_ROOT, NULL, NULL, NULL, NULL,          \
    PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                                                     \
    "root mean square of what regression with the trained kernel misses")                          \
  X(DEVIATION_SECANT_RMS, "deviation_secant_rms", "tia",                                           \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_ROOT, NULL, NULL, NULL, NULL,          \
    PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                                                     \
    "root mean square of what regression with the secant kernel misses")                           \
  X(DEVIATION_MIDPOINT_RMS, "deviation_midpoint_rms", "tia",                                       \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_ROOT, NULL, NULL, NULL, NULL,          \
    PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                                                     \
    "root mean square of what regression with the NTK at the midpoint misses")                     \
  X(RHO2, "rho2", "t", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED, NULL,      \
    NULL, NULL, "|\xcf\x81|<sup>2</sup>/|<i>d</i>|<sup>2</sup>",                                   \
    PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                                                     \
    "share of the way outside the secant features of the training samples")                        \
  X(EIGENVALUES_K, "eigenvalues_k", "te", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,             \
    PDLT_DRAWN_TRAINED, NULL, NULL, NULL, NULL, PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,         \
    "eigenvalues of the NTK at the start, largest first")                                          \
  X(EIGENVALUES_K_E, "eigenvalues_k_E", "te", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,         \
    PDLT_DRAWN_TRAINED, NULL, NULL, NULL, NULL, PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,         \
    "eigenvalues of the NTK at t, largest first")                                                  \
  X(EIGENVALUES_K_SHARP, "eigenvalues_k_sharp", "te", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, \
    PDLT_DRAWN_TRAINED, NULL, NULL, NULL, NULL, PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,         \
    "eigenvalues of the trained kernel, largest first")                                            \
  X(EIGENVALUES_SECANT, "eigenvalues_secant", "te", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES,   \
    PDLT_DRAWN_TRAINED, NULL, NULL, NULL, NULL, PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,         \
    "eigenvalues of the secant kernel, largest first")                                             \
  X(EIGENVALUES_MIDPOINT, "eigenvalues_midpoint", "te",                                            \
    PDLT_MEASURE_OUTPUT | PDLT_MEASURE_FEATURES, PDLT_DRAWN_TRAINED, NULL, NULL, NULL, NULL,       \
    PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                                                     \
    "eigenvalues of the NTK at the midpoint, largest first")                                       \
  X(CROSSINGS, "crossings", "tla", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_CROSSINGS,                   \
    PDLT_DRAWN_TRAINED, NULL, NULL, "crossings_half", "crossings", 0,                              \
    "share of neurons across the kink")                                                            \
  X(Q_0, "q_0", "la", PDLT_MEASURE_HIDDEN, PDLT_DRAWN_ALL, "q_lo", "q_nlo", NULL,                  \
    "<i>q</i><sub>0</sub>", 0, "mean square preactivation of hidden layers at initialization")     \
  X(LOG_Q, "log_q", "la", PDLT_MEASURE_LOG_HIDDEN, PDLT_DRAWN_ALL, "log_q_lo", "log_q_nlo", NULL,  \
    "log <i>q</i>", 0,                                                                             \
    "logarithm of the mean square preactivation of hidden layers at initialization")               \
  X(LOG_Q_VARIANCE, "log_q_variance", "la", PDLT_MEASURE_LOG_HIDDEN, PDLT_DRAWN_VARIANCE, NULL,    \
    "log_q_variance_nlo", NULL, "var(log <i>q</i>)", 0, "its variance over networks")              \
  X(Q_T, "q_t", "tla", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_HIDDEN, PDLT_DRAWN_TRAINED, "q_lo",      \
    NULL, NULL, "<i>q</i><sup>(<i>t</i>)</sup>", PDLT_QUANTITY_STILL,                              \
    "mean square preactivation of hidden layers during training")                                  \
  X(Q_CHANGE, "q_change", "tla", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_HIDDEN, PDLT_DRAWN_TRAINED,    \
    NULL, NULL, NULL, "\xce\x94<i>q</i>", PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,               \
    "change of the mean square preactivations since initialization")                               \
  X(Q_MOVED, "q_moved", "tla", PDLT_MEASURE_OUTPUT | PDLT_MEASURE_HIDDEN, PDLT_DRAWN_TRAINED,      \
    NULL, NULL, NULL, "(\xce\x94<i>z</i>)<sup>2</sup>", PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE, \
    "mean square change of the preactivations since initialization")                               \
  X(LOG_EVIDENCE, "log_evidence", "", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED,                 \
    "log_evidence_lo", "log_evidence_nlo", NULL, "log <i>Z</i>", 0, "log of the evidence")         \
  X(POST_Z, "post_z", "ia", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, "post_z_lo",              \
    "post_z_nlo", NULL, "<i>z</i><sup>post</sup>", 0, "mean output given the data")                \
  X(POST_COV, "post_cov", "iaia", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, "post_cov_lo",      \
    "post_cov_nlo", NULL, "cov<sup>post</sup>", 0, "covariance of the outputs given the data")     \
  X(POST_KERNEL, "post_kernel", "aa", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, "K",            \
    "post_kernel_nlo", NULL, "<i>K</i><sup>post</sup>", PDLT_QUANTITY_LAYERED,                     \
    "kernel given the data")                                                                       \
  X(POST_Q, "post_q", "laa", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, "post_q_lo",             \
    "post_q_nlo", NULL, "<i>q</i><sup>post</sup>", 0,                                              \
    "mean products of preactivations of hidden layers given the data")                             \
  X(POST_MEAN, "post_mean", "la", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, NULL,               \
    "post_mean_nlo", NULL, "mean<sup>post</sup>", 0,                                               \
    "mean preactivations of hidden layers given the data")                                         \
  X(LAST_LAYER_Z, "last_layer_z", "ia", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, "post_z_lo",  \
    "last_layer_z_nlo", NULL, "<i>z</i><sup>last</sup>", 0,                                        \
    "mean output where only the last layer learns")                                                \
  X(LAST_LAYER_COV, "last_layer_cov", "iaia", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED,         \
    "post_cov_lo", "last_layer_cov_nlo", NULL, "cov<sup>last</sup>", 0,                            \
    "covariance of the outputs where only the last layer learns")                                  \
  X(POST_ESS, "post_ess", "", PDLT_MEASURE_POSTERIOR, PDLT_DRAWN_WEIGHTED, NULL, NULL, NULL, NULL, \
    PDLT_QUANTITY_SHOWN, "effective number of draws")                                              \
  X(LOSS_TRAIN, "loss_train", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS, "loss_train_lo",          \
    "loss_train_nlo", "loss_train_half", "<i>L</i><sup>train</sup>", PDLT_QUANTITY_UNTIL,          \
    "expected loss of the training samples")                                                       \
  X(LOSS_TEST, "loss_test", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS, "loss_test_lo",             \
    "loss_test_nlo", "loss_test_half", "<i>L</i><sup>test</sup>", PDLT_QUANTITY_UNTIL,             \
    "expected loss of the test samples")                                                           \
  X(LOSS_TRAIN_BIAS, "loss_train_bias", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS,                 \
    "loss_train_lo_bias", "loss_train_nlo_bias", "loss_train_half_bias", "bias<sup>train</sup>",   \
    0, "squared bias of the outputs in loss_train")                                                \
  X(LOSS_TRAIN_VARIANCE, "loss_train_variance", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS,         \
    "loss_train_lo_variance", "loss_train_nlo_variance", "loss_train_half_variance",               \
    "variance<sup>train</sup>", 0, "variance of the outputs in loss_train")                        \
  X(LOSS_TEST_BIAS, "loss_test_bias", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS,                   \
    "loss_test_lo_bias", "loss_test_nlo_bias", "loss_test_half_bias", "bias<sup>test</sup>", 0,    \
    "squared bias of the outputs in loss_test")                                                    \
  X(LOSS_TEST_VARIANCE, "loss_test_variance", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS,           \
    "loss_test_lo_variance", "loss_test_nlo_variance", "loss_test_half_variance",                  \
    "variance<sup>test</sup>", 0, "variance of the outputs in loss_test")                          \
  X(LOSS_SAMPLE, "loss_sample", "ta", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_LOSS, "loss_sample_lo",      \
    "loss_sample_nlo", "loss_sample_half", NULL, PDLT_QUANTITY_SHOWN,                              \
    "expected loss of each sample")                                                                \
  X(ERROR_TRAIN, "error_train", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_TRAINED, NULL, NULL, NULL,    \
    "error<sup>train</sup>", PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                            \
    "share of training samples in a wrong class")                                                  \
  X(ERROR_TEST, "error_test", "t", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_TRAINED, NULL, NULL, NULL,      \
    "error<sup>test</sup>", PDLT_QUANTITY_SHOWN | PDLT_QUANTITY_ALONE,                             \
    "share of test samples in a wrong class")                                                      \
  X(V, "V", "ssss", PDLT_MEASURE_VERTEX, PDLT_DRAWN_PRODUCTS, "V", NULL, NULL, NULL, 0,            \
    "four-point vertex")                                                                           \
  X(A, "A", "ssss", PDLT_MEASURE_NTK_FLUCTUATIONS, PDLT_DRAWN_PRODUCTS, "A", NULL, NULL, NULL, 0,  \
    "NTK with itself, equal neurons in pairs")                                                     \
  X(B, "B", "ssss", PDLT_MEASURE_NTK_FLUCTUATIONS, PDLT_DRAWN_LAYERS, "B", NULL, NULL, NULL, 0,    \
    "NTK with itself, across neurons")                                                             \
  X(D, "D", "ssss", PDLT_MEASURE_NTK_FLUCTUATIONS, PDLT_DRAWN_PRODUCTS, "D", NULL, NULL, NULL, 0,  \
    "NTK with the outputs, equal neurons in pairs")                                                \
  X(F, "F", "ssss", PDLT_MEASURE_NTK_FLUCTUATIONS, PDLT_DRAWN_LAYERS, "F", NULL, NULL, NULL, 0,    \
    "NTK with the outputs, across neurons")                                                        \
  X(P, "P", "ssss", PDLT_MEASURE_DNTK, PDLT_DRAWN_LAYERS, "P", NULL, NULL, NULL, 0,                \
    "dNTK with the outputs")                                                                       \
  X(Q, "Q", "ssss", PDLT_MEASURE_DNTK, PDLT_DRAWN_LAYERS, "Q", NULL, NULL, NULL, 0,                \
    "dNTK with the outputs")                                                                       \
  X(R, "R", "ssss", PDLT_MEASURE_DDNTK, PDLT_DRAWN_LAYERS, "R", NULL, NULL, NULL, 0,               \
    "first ddNTK")                                                                                 \
  X(S, "S", "ssss", PDLT_MEASURE_DDNTK, PDLT_DRAWN_LAYERS, "S", NULL, NULL, NULL, 0,               \
    "second ddNTK")                                                                                \
  X(T, "T", "ssss", PDLT_MEASURE_DDNTK, PDLT_DRAWN_LAYERS, "T", NULL, NULL, NULL, 0,               \
    "second ddNTK")                                                                                \
  X(U, "U", "ssss", PDLT_MEASURE_DDNTK, PDLT_DRAWN_LAYERS, "U", NULL, NULL, NULL, 0,               \
    "second ddNTK")                                                                                \
  X(UNSTABLE, "unstable", "", PDLT_MEASURE_OUTPUT, PDLT_DRAWN_SHARE, NULL, NULL, NULL, NULL,       \
    PDLT_QUANTITY_SHOWN, "share of draws with eta theta_max > 2")

#define PDLT_QUANTITY_ID(id, ...) PDLT_QUANTITY_##id,
enum { PDLT_QUANTITY_LIST(PDLT_QUANTITY_ID) PDLT_QUANTITIES };
#undef PDLT_QUANTITY_ID

typedef struct pdlt_quantity {
  const char *name, *indices;
  unsigned words;
  pdlt_drawn drawn;
  const char *lo, *nlo, *half, *markup;
  unsigned flags;
  const char *what;
} pdlt_quantity;

/* The rows, in that order: PDLT_QUANTITY_K is the row of K. */
extern const pdlt_quantity pdlt_quantities[PDLT_QUANTITIES];

/* The words of `measure`, by bit, NULL at the end; what each stands for. */
extern const char *const pdlt_measure_words[PDLT_MEASURE_WORDS + 1];
extern const char *const pdlt_measure_texts[PDLT_MEASURE_WORDS];

/* Row of the quantity called `name`; -1: there is none. */
int pdlt_quantity_find(const char *name);

/* Row of the quantity whose last time row k, drawn as END, is. */
int pdlt_quantity_of_end(int k);

/* Whether it depends on training: draws that diverged matter. */
static inline int pdlt_quantity_is_trained(const pdlt_quantity *q) {
  return (q->words & PDLT_MEASURE_OUTPUT) != 0;
}

/* Whether its first index is the time. */
static inline int pdlt_quantity_has_times(const pdlt_quantity *q) { return q->indices[0] == 't'; }

/* Whether archives have it layer by layer too, as layer<l>/NAME without the index of the layer, with
 * --layers: hidden layers in training, where --layers asks for it, and given the data. */
static inline int pdlt_quantity_has_slices(const pdlt_quantity *q) {
  return ((q->words & PDLT_MEASURE_HIDDEN) != 0 && pdlt_quantity_has_times(q)) ||
         (q->drawn == PDLT_DRAWN_WEIGHTED && q->indices[0] == 'l');
}

/* Its array of theory.npz with the first coefficient beyond infinite width where trained quantities
 * go in powers of h^power: nlo at 1, half at 1/2. NULL: there is none. */
const char *pdlt_quantity_first(const pdlt_quantity *q, double power);

/* The number of its indices, time included. */
int pdlt_quantity_ndim(const pdlt_quantity *q);

/* Names of the quantities with a flag, "K, Theta, z", cut at size. */
void pdlt_quantity_names(unsigned flag, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
