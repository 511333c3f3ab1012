/* rule.c - see rule.h. */
#include "theory/skip/rule.h"

/* The same name whatever C or lambda; C or lambda in f's factor; in either. */
#define ONE(name) \
  { PDLT_TERM_##name, PDLT_TERM_##name, PDLT_TERM_##name, PDLT_TERM_##name }
#define TWO(c, lambda) \
  { PDLT_TERM_##c, PDLT_TERM_##c, PDLT_TERM_##lambda, PDLT_TERM_##lambda }
#define TWO_G(c, lambda) \
  { PDLT_TERM_##c, PDLT_TERM_##lambda, PDLT_TERM_##c, PDLT_TERM_##lambda }
#define FOUR(cc, c_lambda, lambda_c, lambda2) \
  { PDLT_TERM_##cc, PDLT_TERM_##c_lambda, PDLT_TERM_##lambda_c, PDLT_TERM_##lambda2 }
#define RULE(to, from, f, g, swapped, inherits, fresh, fresh_term, term)                     \
  {                                                                                          \
    PDLT_SKIP_##to, PDLT_SKIP_##from, PDLT_SKIP_OP_##f, PDLT_SKIP_OP_##g, swapped, inherits, \
        PDLT_SKIP_##fresh, fresh_term, term                                                  \
  }

static const pdlt_skip_rule rules[] = {
    RULE(VV, VV, T, T, 0, 1, COVARIANCE, ONE(V_FRESH), ONE(V_INHERITED)),
    RULE(DD, VV, T, O, 0, 1, COVARIANCE, ONE(D_FRESH), ONE(D_V)),
    RULE(DD, DD, T, W, 0, 1, NONE, ONE(D_D), ONE(D_D)),
    RULE(AA, VV, O, O, 0, 1, COVARIANCE, ONE(A_FRESH), ONE(A_V)),
    RULE(AA, DD, O, W, 0, 1, NONE, ONE(A_D34), ONE(A_D34)),
    RULE(AA, DD, W, O, 1, 1, NONE, ONE(A_D12), ONE(A_D12)),
    RULE(AA, AA, W, W, 0, 1, NONE, ONE(A_A), ONE(A_A)),
    RULE(FF, FF, T3, T3, 0, 1, ONE_NTK, ONE(F_FRESH), ONE(F_F)),
    RULE(BB, BB, W, W, 0, 1, TWO_NTKS, ONE(B_FRESH), ONE(B_B)),
    RULE(PP, PP, T3, W, 0, 1, NONE, ONE(P_P), ONE(P_P)),
    RULE(PP, BB, Y, W, 0, 1, TWO_NTKS, ONE(P_FRESH), ONE(P_B)),
    RULE(QQ, FF, U, T3, 0, 1, ONE_NTK, TWO(Q_FRESH_C, Q_FRESH_LAMBDA), TWO(Q_F_C, Q_F_LAMBDA)),
    RULE(QQ, QQ, W, T3, 0, 1, NONE, ONE(Q_Q), ONE(Q_Q)),
    RULE(RR, BB, X, W, 0, 1, TWO_NTKS, TWO(R_FRESH_C, R_FRESH_LAMBDA), TWO(R_B_C, R_B_LAMBDA)),
    RULE(RR, PP, U, W, 0, 1, NONE, TWO(R_P_C, R_P_LAMBDA), TWO(R_P_C, R_P_LAMBDA)),
    RULE(RR, RR, W, W, 0, 1, NONE, ONE(R_R), ONE(R_R)),
    RULE(SS, BB, V, W, 0, 1, TWO_NTKS, TWO(S_FRESH_C, S_FRESH_LAMBDA), TWO(S_B_C, S_B_LAMBDA)),
    RULE(SS, SS, W, W, 0, 1, NONE, ONE(S_S), ONE(S_S)),
    RULE(TT, FF, U, U, 0, 1, ONE_NTK, FOUR(T_FRESH_C, T_FRESH_13, T_FRESH_24, T_FRESH_LAMBDA2),
         FOUR(T_F_C, T_F_13, T_F_24, T_F_LAMBDA2)),
    RULE(TT, QQ, W, U, 0, 1, NONE, TWO_G(T_Q_C132, T_Q_13), TWO_G(T_Q_C132, T_Q_13)),
    RULE(TT, QQ, U, W, 1, 1, NONE, TWO(T_Q_C241, T_Q_24), TWO(T_Q_C241, T_Q_24)),
    RULE(TT, TT, W, W, 0, 1, NONE, ONE(T_T), ONE(T_T)),
    RULE(UU, UU, W, W, 0, 1, NONE, ONE(U_U), ONE(U_U)),
    RULE(UU, NN, N, N, 0, 0, THREE_NTKS, ONE(U_FRESH), ONE(U_FRESH)),
    RULE(UU, NN, N, W, 0, 1, NONE, ONE(U_U), ONE(U_U)),
    RULE(UU, NN, W, N, 1, 1, NONE, ONE(U_U), ONE(U_U)),
    RULE(NN, NN, L, W, 0, 1, NONE, ONE(U_U), ONE(U_U)),
    RULE(NN, NN, L, N, 0, 0, THREE_NTKS, ONE(U_FRESH), ONE(U_FRESH)),
};

const pdlt_skip_rule *pdlt_skip_rules(size_t *count) {
  *count = sizeof rules / sizeof *rules;
  return rules;
}

/* Adds a weight, unless it is 0 for any kernel. */
static void weigh(pdlt_skip_piece *piece, const pdlt_skip_label *f, pdlt_skip_choice choice,
                  double factor, int p, int r) {
  if (factor == 0 || pdlt_skip_vanishes(f, p, r)) return;
  piece->weight[piece->count++] =
      (pdlt_skip_weight){.choice = choice, .p = p, .r = r, .factor = factor};
}

/* s_x^(o0) s_y^(o1) of layer l. */
static pdlt_skip_label label_of(int l, int o0, int o1, int identity) {
  return (pdlt_skip_label){.layer = l, .order = {o0, o1}, .identity = identity};
}

/* Factors of pieces carried by weights: C of layer l + 1 for s, or for the identity gamma^2. */
typedef struct carrier {
  const pdlt_skip_label *f;
  int l, identity;
  double C;
} carrier;

/* (C/2) <d_a d_b f> s_a s_b */
static pdlt_skip_piece no_leg(const carrier *by) {
  pdlt_skip_piece piece = {.label = label_of(by->l, 0, 0, by->identity), .skip = by->identity};
  weigh(&piece, by->f, PDLT_SKIP_X_X, 0.5 * by->C, 2, 0);
  weigh(&piece, by->f, PDLT_SKIP_X_Y, by->C, 1, 1);
  weigh(&piece, by->f, PDLT_SKIP_Y_Y, 0.5 * by->C, 0, 2);
  return piece;
}

/* C <d_a f> s_a s_y^(order) */
static pdlt_skip_piece one_leg(const carrier *by, int order) {
  pdlt_skip_piece piece = {.label = label_of(by->l, 0, order, by->identity), .skip = by->identity};
  weigh(&piece, by->f, PDLT_SKIP_X_Y, by->C, 1, 0);
  weigh(&piece, by->f, PDLT_SKIP_Y_Y, by->C, 0, 1);
  return piece;
}

/* C <f> s_x' s_y', of both legs on y s_y' s_y' */
static pdlt_skip_piece two_legs(const carrier *by) {
  pdlt_skip_piece piece = {.label = label_of(by->l, 1, 1, by->identity), .skip = by->identity};
  weigh(&piece, by->f, by->f->twice ? PDLT_SKIP_Y_Y : PDLT_SKIP_X_Y, by->C, 0, 0);
  return piece;
}

/* The naive rule: instead of the function itself, its projection on z. */
static int projected(const pdlt_skip_net *net, int l, const pdlt_skip_label *f, int p, int r,
                     int legs, pdlt_skip_piece *out) {
  const double gamma = pdlt_skip_above(net, l);
  const carrier by = {.f = f, .l = l, .identity = 1, .C = gamma * gamma};
  if (legs > 2) return 0;
  *out = legs == 0 ? no_leg(&by) : legs == 1 ? one_leg(&by, 1) : two_legs(&by);
  for (int k = 0; k < out->count; k++) {
    out->weight[k].p += p;
    out->weight[k].r += r;
  }
  return out->count > 0;
}

int pdlt_skip_carried(const pdlt_skip_net *net, int l, const pdlt_skip_label *f, int p, int r,
                      int legs, pdlt_skip_piece *out) {
  const double gamma = pdlt_skip_above(net, l);
  double factor = 1;
  if (gamma == 0 || (f->identity && p + r > 0)) return 0;
  if (f->identity && legs == 0 && f->order[0] == 1 && f->order[1] == 1) return 0; /* a constant */
  if (net->pair_only) return projected(net, l, f, p, r, legs, out);
  for (int k = 0; k < legs; k++) factor *= gamma;
  for (int k = 0; k < p + r; k++) factor *= pdlt_skip_gain(net, f->layer, l + 1);
  *out = (pdlt_skip_piece){.label = *f,
                           .skip = 1,
                           .count = 1,
                           .weight = {{.choice = PDLT_SKIP_X_Y, .constant = 1, .factor = factor}}};
  out->label.order[0] += p;
  out->label.order[1] += r;
  return 1;
}

/* <f> {lambda s_x^(o0) s_y^(o1) + C Th s_x^(o0 + 1) s_y^(o1 + 1)}; turned: on (y, x), orders too. */
static int changed(const carrier *by, double lambda, int o0, int o1, int turned, int twice,
                   pdlt_skip_piece *out) {
  int count = 0;
  for (int k = 0; k < 2; k++) {
    pdlt_skip_piece piece = {
        .label = label_of(by->l, turned ? o1 + k : o0 + k, turned ? o0 + k : o1 + k, 0),
        .theta = k,
        .by_lambda = !k};
    piece.label.twice = twice;
    weigh(&piece, by->f, turned ? PDLT_SKIP_Y_X : PDLT_SKIP_X_Y, k ? by->C : lambda, 0, 0);
    if (piece.count > 0) out[count++] = piece;
  }
  return count;
}

/* What the weights carry, but for those with lambda. */
static pdlt_skip_piece weighted(const carrier *by, pdlt_skip_operator op) {
  pdlt_skip_piece piece = {0};
  if (op == PDLT_SKIP_OP_T) return no_leg(by);
  if (op == PDLT_SKIP_OP_T3) return one_leg(by, 1);
  if (op == PDLT_SKIP_OP_W) return two_legs(by);
  if (op == PDLT_SKIP_OP_Y) {
    piece = one_leg(by, 2);
    piece.label.twice = 1;
  }
  if (op == PDLT_SKIP_OP_N) {
    piece.label = label_of(by->l, 2, 1, 0);
    weigh(&piece, by->f, PDLT_SKIP_X_Y, by->C, 0, 0);
  }
  return piece;
}

int pdlt_skip_apply(const pdlt_skip_net *net, pdlt_skip_operator op, int l,
                    const pdlt_skip_label *f, pdlt_skip_piece *out) {
  const pdlt_layer *layer = &net->settings->layer[l];
  const carrier by = {.f = f, .l = l, .C = layer->C_W};
  int count = 0;
  switch (op) {
    case PDLT_SKIP_OP_O:
      return changed(&by, layer->lambda_W, 0, 0, 0, 0, out);
    case PDLT_SKIP_OP_U:
      return changed(&by, layer->lambda_W, 1, 0, 1, 0, out);
    case PDLT_SKIP_OP_X:
      return changed(&by, layer->lambda_W, 2, 0, 1, 1, out);
    case PDLT_SKIP_OP_V:
      return changed(&by, layer->lambda_W, 1, 1, 0, 0, out);
    case PDLT_SKIP_OP_T:
      count = pdlt_skip_carried(net, l, f, 0, 0, 0, out);
      break;
    case PDLT_SKIP_OP_T3:
      count = pdlt_skip_carried(net, l, f, 0, 0, 1, out);
      break;
    case PDLT_SKIP_OP_W:
      count = pdlt_skip_carried(net, l, f, 0, 0, 2, out);
      break;
    case PDLT_SKIP_OP_L:
      return net->pair_only ? 0 : pdlt_skip_carried(net, l, f, 0, 0, 3, out);
    default:
      break;
  }
  out[count] = weighted(&by, op);
  return count + (out[count].count > 0);
}
