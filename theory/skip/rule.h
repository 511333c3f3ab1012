/* rule.h - the functionals of two neurons and how those of a layer come from the layer below.
 *
 * Is: names of the functionals, their operators and terms as tables, with the names of the terms in
 * theory.omit.
 * Is not: numbers of a layer (field.h). Equations: docs/skips.md, "One step". */
#ifndef PDLT_THEORY_SKIP_RULE_H
#define PDLT_THEORY_SKIP_RULE_H

#include "theory/skip/net.h"
#include "theory/terms/term.h"

#ifdef __cplusplus
extern "C" {
#endif

/* f of neuron i on slots (x, y), g of neuron k on (u, v). Those from EP on have f alone. */
typedef enum pdlt_skip_functional {
  PDLT_SKIP_VV, /* Cov(f, g) */
  PDLT_SKIP_DD, /* Cov(f, g DTh_kk;uv) */
  PDLT_SKIP_AA, /* E[f DTh_ii;xy g DTh_kk;uv] */
  PDLT_SKIP_FF, /* E[f g Th_ik;yv] */
  PDLT_SKIP_BB, /* E[f g Th_ik;xu Th_ik;yv], or Th_ik;yu Th_ik;yv of twice */
  PDLT_SKIP_PP, /* E[f g dTh_ikk;yuv] */
  PDLT_SKIP_QQ, /* E[f g dTh_iik;xyv] */
  PDLT_SKIP_RR, /* E[f g ddI_iikk;xyuv] */
  PDLT_SKIP_SS, /* E[f g ddII_iikk;xyuv] */
  PDLT_SKIP_TT, /* E[f g ddII_ikik;xuyv] */
  PDLT_SKIP_UU, /* E[f g ddII_ikki;xuvy] */
  PDLT_SKIP_NN, /* E[f g Th_ik;xv dTh_kii;uxy] */
  PDLT_SKIP_TWO,
  PDLT_SKIP_EP = PDLT_SKIP_TWO, /* E f - <f> */
  PDLT_SKIP_EG,                 /* the same where G1 is read */
  PDLT_SKIP_TA,                 /* E[f DTh_ii;xy] */
  PDLT_SKIP_FUNCTIONALS
} pdlt_skip_functional;

/* What becomes of a function at the layer below: docs/skips.md, "Operators". */
typedef enum pdlt_skip_operator {
  PDLT_SKIP_OP_T,  /* T f: no leg */
  PDLT_SKIP_OP_T3, /* T_y f: a leg on y */
  PDLT_SKIP_OP_W,  /* w_xy f: a leg on x and one on y, or both on y */
  PDLT_SKIP_OP_O,  /* <f> O_xy */
  PDLT_SKIP_OP_U,  /* u_xy f */
  PDLT_SKIP_OP_X,  /* x_xy f */
  PDLT_SKIP_OP_V,  /* v_xy f */
  PDLT_SKIP_OP_Y,  /* y_y f */
  PDLT_SKIP_OP_N,  /* C <f> s_x'' s_y' */
  PDLT_SKIP_OP_L   /* gamma^3 P f: legs x, x, y */
} pdlt_skip_operator;

/* A pair of slots below, out of slots (x, y). */
typedef enum pdlt_skip_choice {
  PDLT_SKIP_X_Y,
  PDLT_SKIP_Y_X,
  PDLT_SKIP_X_X,
  PDLT_SKIP_Y_Y
} pdlt_skip_choice;

/* factor <d_x^p d_y^r f> times the label on those slots; constant: factor alone. */
typedef struct pdlt_skip_weight {
  pdlt_skip_choice choice;
  int constant, p, r;
  double factor;
} pdlt_skip_weight;

enum { PDLT_SKIP_WEIGHTS = 4, PDLT_SKIP_PIECES = 3 };

/* A label of the layer below, on up to four pairs of slots. */
typedef struct pdlt_skip_piece {
  pdlt_skip_label label;
  int skip;      /* carried by the skip, else by the weights: through Mm */
  int theta;     /* times Th of its pair of slots, before Mm */
  int by_lambda; /* its factor has lambda, not C */
  int count;
  pdlt_skip_weight weight[PDLT_SKIP_WEIGHTS];
} pdlt_skip_piece;

/* The operator on f, of layer l + 1, at layer l: returns their number, written to out (PDLT_SKIP_PIECES). */
int pdlt_skip_apply(const pdlt_skip_net *net, pdlt_skip_operator op, int l,
                    const pdlt_skip_label *f, pdlt_skip_piece *out);

/* gamma^legs times P of d_x^p d_y^r f: what the skip carries with legs 0, 1 (on y), 2 (on x and y, or twice). */
int pdlt_skip_carried(const pdlt_skip_net *net, int l, const pdlt_skip_label *f, int p, int r,
                      int legs, pdlt_skip_piece *out);

/* A term: functional `from` of opF f and opG g, in the other order when swapped; with what it is at coinciding
 * neurons where one of the two is carried by weights. Names in theory.omit of that and of the rest, by whether
 * f's and g's factors have C or lambda: [2 lambda_f + lambda_g]. */
typedef struct pdlt_skip_rule {
  pdlt_skip_functional to, from;
  pdlt_skip_operator op_f, op_g;
  int swapped, inherits;
  pdlt_skip_coincidence fresh;
  pdlt_term fresh_term[4], term[4];
} pdlt_skip_rule;

/* Terms of all functionals of two labels, those of one after another. */
const pdlt_skip_rule *pdlt_skip_rules(size_t *count);

#ifdef __cplusplus
}
#endif
#endif
