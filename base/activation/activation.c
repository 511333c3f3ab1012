/* activation.c - see activation.h: the table of activations, their text form and traits. */
#include "base/activation/activation.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/activation/activation_internal.h"
#include "base/core/number.h"

typedef struct activation_entry {
  const char *name, *formula;
  int min_params, max_params;
  pdlt_activation_scalar *scalar;
  int smooth;
} activation_entry;

/* The one table: a new activation is a new entry (and, for speed, a kernel). */
static const activation_entry table[PDLT_ACTIVATION_COUNT] = {
    [PDLT_LINEAR] = {"linear", "z", 0, 0, pdlt_scalar_linear, 1},
    [PDLT_RELU] = {"relu", "max(0, z)", 0, 0, pdlt_scalar_relu, 0},
    [PDLT_LEAKY_RELU] = {"leaky_relu", "leaky_relu(a): z for z > 0, else a z", 1, 1,
                         pdlt_scalar_leaky_relu, 0},
    [PDLT_TANH] = {"tanh", "tanh(z)", 0, 0, pdlt_scalar_tanh, 1},
    [PDLT_SIN] = {"sin", "sin(z)", 0, 0, pdlt_scalar_sin, 1},
    [PDLT_ERF] = {"erf", "(2/sqrt(pi)) int_0^z exp(-t^2) dt", 0, 0, pdlt_scalar_erf, 1},
    [PDLT_GELU] = {"gelu", "z Phi(z) = z (1 + erf(z/sqrt(2)))/2", 0, 0, pdlt_scalar_gelu, 1},
    [PDLT_SWISH] = {"swish", "z/(1 + exp(-z))", 0, 0, pdlt_scalar_swish, 1},
    [PDLT_SOFTPLUS] = {"softplus", "log(1 + exp(z))", 0, 0, pdlt_scalar_softplus, 1},
    [PDLT_SIGMOID] = {"sigmoid", "1/(1 + exp(-z))", 0, 0, pdlt_scalar_sigmoid, 1},
    [PDLT_POLYNOMIAL] = {"polynomial",
                         "polynomial(c0,c1,...): c0 + c1 z + ...; quadratic(a) = polynomial(0,1,a)",
                         1, PDLT_ACTIVATION_MAX_PARAMS, pdlt_scalar_polynomial, 1},
};

const char *pdlt_activation_name(pdlt_activation_kind kind) { return table[kind].name; }
const char *pdlt_activation_formula(pdlt_activation_kind kind) { return table[kind].formula; }

/* Names that others give to activations of the table. */
static const struct {
  const char *name, *here;
} aliases[] = {
    {"silu", "swish"},
    {"identity", "linear"},
    {"leakyrelu", "leaky_relu(0.01)"},
    {"lrelu", "leaky_relu(0.01)"},
    {"abs", "leaky_relu(-1)"},
    {"sine", "sin"},
    {"logistic", "sigmoid"},
    {"square", "polynomial(0,0,1)"},
};

/* Length of the name at the beginning of text. */
static size_t name_length(const char *text) {
  size_t length = 0;
  while (isalnum((unsigned char)text[length]) || text[length] == '_') length++;
  return length;
}

static int is_name(const char *name, const char *text, size_t length) {
  return strlen(name) == length && strncasecmp(name, text, length) == 0;
}

/* What somebody who writes this name means, or NULL. */
static const char *meant(const char *text, size_t length) {
  for (int k = 0; k < PDLT_ACTIVATION_COUNT; k++)
    if (is_name(table[k].name, text, length)) return table[k].name;
  for (size_t k = 0; k < sizeof aliases / sizeof *aliases; k++)
    if (is_name(aliases[k].name, text, length)) return aliases[k].here;
  return is_name("quadratic", text, length) ? "quadratic" : NULL;
}

static pdlt_status fail_name(const char *text, size_t length, pdlt_error *err) {
  char names[256] = "";
  size_t used = 0;
  const char *near = meant(text, length);
  if (near != NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "unknown activation \"%.80s\"; did you mean %s?", text,
                     near);
  for (int k = 0; k < PDLT_ACTIVATION_COUNT; k++)
    used += (size_t)snprintf(names + used, sizeof names - used, "%s, ", table[k].name);
  return pdlt_fail(err, PDLT_ERR_INPUT, "unknown activation \"%.80s\"; there are: %squadratic",
                   text, names);
}

static const char *skip_space(const char *text) {
  while (isspace((unsigned char)*text)) text++;
  return text;
}

/* Reads "(1, 2.5, ...)" or nothing; *end is where it stopped. 0: malformed. */
static int read_params(const char *text, int *count, double *param, const char **end) {
  *count = 0;
  *end = skip_space(text);
  if (**end != '(') return 1;
  do {
    char *stop = NULL;
    const char *start = *end + 1;
    if (*count == PDLT_ACTIVATION_MAX_PARAMS) return 0;
    param[*count] = strtod(start, &stop);
    if (stop == start || !isfinite(param[*count])) return 0;
    ++*count;
    *end = skip_space(stop);
  } while (**end == ',');
  if (**end != ')') return 0;
  *end = skip_space(*end + 1);
  return 1;
}

static int find_name(const char *name, size_t length) {
  for (int k = 0; k < PDLT_ACTIVATION_COUNT; k++)
    if (strlen(table[k].name) == length && memcmp(table[k].name, name, length) == 0) return k;
  return -1;
}

pdlt_status pdlt_activation_parse(pdlt_activation *out, const char *text, pdlt_error *err) {
  const char *name = skip_space(text);
  const size_t length = name_length(name);
  const char *end = name + length;
  const int quadratic = length == strlen("quadratic") && memcmp(name, "quadratic", length) == 0;
  const int kind = quadratic ? PDLT_POLYNOMIAL : find_name(name, length);
  if (kind < 0) return fail_name(name, length, err);

  pdlt_activation act = {.kind = (pdlt_activation_kind)kind};
  if (!read_params(end, &act.num_params, act.param, &end) || *end != '\0')
    return pdlt_fail(
        err, PDLT_ERR_INPUT,
        "cannot read activation \"%.80s\"; the form is name or name(number,...) with at "
        "most %d finite numbers",
        text, PDLT_ACTIVATION_MAX_PARAMS);
  const int least = quadratic ? 1 : table[kind].min_params;
  const int most = quadratic ? 1 : table[kind].max_params;
  if (act.num_params < least || act.num_params > most)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "activation \"%.80s\" has %d parameters; it needs %d to %d", text,
                     act.num_params, least, most);
  if (quadratic) {
    const double a = act.param[0];
    act = (pdlt_activation){.kind = PDLT_POLYNOMIAL, .num_params = 3, .param = {0, 1, a}};
  }
  *out = act;
  return PDLT_OK;
}

void pdlt_activation_format(const pdlt_activation *act, char *out, size_t size) {
  char text[32 + 32 * PDLT_ACTIVATION_MAX_PARAMS], number[PDLT_NUMBER_LENGTH];
  size_t used = (size_t)snprintf(text, sizeof text, "%s", table[act->kind].name);
  for (int k = 0; k < act->num_params; k++) {
    pdlt_number_text(number, act->param[k]);
    used += (size_t)snprintf(text + used, sizeof text - used, "%c%s", k == 0 ? '(' : ',', number);
  }
  if (act->num_params > 0) snprintf(text + used, sizeof text - used, ")");
  snprintf(out, size, "%s", text);
}

static void polynomial_traits(const pdlt_activation *act, pdlt_activation_traits *traits) {
  int others = 0;
  for (int k = 0; k < act->num_params; k++) {
    if (act->param[k] == 0) continue;
    traits->degree = k;
    others += k != 1;
  }
  traits->polynomial = 1;
  if (others > 0 || traits->degree != 1) return;
  traits->scale_invariant = 1;
  traits->a_plus = traits->a_minus = act->param[1];
}

pdlt_activation_traits pdlt_activation_get_traits(const pdlt_activation *act) {
  pdlt_activation_traits traits = {.smooth = table[act->kind].smooth};
  const pdlt_activation line = {.kind = PDLT_POLYNOMIAL, .num_params = 2, .param = {0, 1}};
  const int leaky = act->kind == PDLT_LEAKY_RELU;
  if (act->kind == PDLT_POLYNOMIAL) {
    polynomial_traits(act, &traits);
  } else if (act->kind == PDLT_LINEAR || (leaky && act->param[0] == 1)) {
    traits.smooth = 1;
    polynomial_traits(&line, &traits);
  } else if (leaky || act->kind == PDLT_RELU) {
    traits.scale_invariant = 1;
    traits.a_plus = 1;
    traits.a_minus = leaky ? act->param[0] : 0;
  }
  return traits;
}

int pdlt_activation_is_odd(const pdlt_activation *act) {
  static const double points[] = {0, 0.3, 0.9, 1.7};
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    const double plus = pdlt_activation_eval(act, 0, points[i]);
    if (fabs(plus + pdlt_activation_eval(act, 0, -points[i])) > 1e-14 * fabs(plus)) return 0;
  }
  return 1;
}

double pdlt_activation_eval(const pdlt_activation *act, int order, double z) {
  return table[act->kind].scalar(act->param, act->num_params, order, z);
}
