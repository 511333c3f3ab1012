/* verify_function.c - functions in formulas of claims that only theory/ can answer. */
#include <math.h>
#include <string.h>

#include "base/experiment/layer.h"
#include "cli/study/study.h"
#include "theory/infinite/residual.h"
#include "theory/information/information.h"

/* With C_W of the last layer; with a second argument, with C_W and the skip of that layer. */
static pdlt_status susceptibility(const pdlt_experiment *ex, const char *name, size_t num_args,
                                  const double *args, double *out, pdlt_error *err) {
  const int L = ex->network.depth;
  const double l = num_args == 2 ? args[1] : L;
  pdlt_value value = {0};
  if (!(l >= 1 && l <= L) || l != floor(l))
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "formula: %s(K, layer): %g is no layer, give a whole number from 1 to %d",
                     name, l, L);
  const double C_W = ex->network.C_W[(int)l - 1];
  const double gamma = num_args == 2 ? pdlt_experiment_layer(ex, (int)l, 1, 1).skip : 0;
  pdlt_status status = strcmp(name, "chi_perp") == 0
                           ? pdlt_chi_perp(&value, &ex->network.activation, C_W, args[0], err)
                           : pdlt_chi_parallel(&value, &ex->network.activation, C_W, args[0], err);
  *out = value.value + gamma * gamma;
  return status;
}

/* Of layers with a skip of gamma. */
static pdlt_status critical(const pdlt_experiment *ex, const char *name, double gamma, double *out,
                            pdlt_error *err) {
  pdlt_critical_point plain = {0};
  double nu = NAN;
  pdlt_status status = pdlt_critical_find(&plain, &ex->network.activation, err);
  if (status != PDLT_OK) return status;
  if (strcmp(name, "critical_nu") == 0 || strcmp(name, "critical_ratio") == 0)
    status = pdlt_critical_vertex(&nu, &ex->network.activation, &plain, gamma, err);
  if (status != PDLT_OK) return status;
  const pdlt_critical_point point = pdlt_critical_with_skip(&plain, gamma);
  const struct {
    const char *name;
    double value;
  } known[] = {{"critical_exists", point.kind != PDLT_CRITICAL_NONE},
               {"critical_K", point.K},
               {"critical_C_W", point.C_W},
               {"critical_C_b", point.C_b},
               {"critical_a1", point.a1},
               {"critical_p_0", point.p_0},
               {"critical_p_perp", point.p_perp},
               {"critical_nu", nu},
               {"critical_ratio", pdlt_critical_ratio(nu, (double)ex->network.outputs)}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) != 0) continue;
    *out = known[i].value;
    return PDLT_OK;
  }
  return pdlt_fail(err, PDLT_ERR_INPUT, "formula: unknown function %s()", name);
}

/* What is found anew at each call. */
enum { CRITICAL_OPERANDS = 100000 };
/* Flops of theory in the time of an operand of a formula. */
static const double flops_per_operand = 10000;

/* Between two halves of the outputs of critical ReLU networks: width, hidden layers, outputs. */
static pdlt_status information(const double *args, double *out, size_t *operands, pdlt_error *err) {
  pdlt_kernel_distribution distribution = {0};
  for (int k = 0; k < 3; k++)
    if (!(args[k] >= 1 && args[k] <= 1e5) || args[k] != floor(args[k]))
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "formula: information_exact(width, layers, outputs) takes whole numbers");
  const double flops = pdlt_information_flops((int)args[0], (int)args[1]);
  if (flops > PDLT_INFORMATION_FLOPS)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "formula: information_exact(%g, %g, %g) would take %.2g flops, at most %.2g; "
                     "take fewer layers over width",
                     args[0], args[1], args[2], flops, PDLT_INFORMATION_FLOPS);
  *operands += (size_t)(flops / flops_per_operand);
  pdlt_status status =
      pdlt_kernel_distribution_relu(&distribution, (int)args[0], (int)args[1], err);
  if (status == PDLT_OK) status = pdlt_information_exact(out, &distribution, (int)args[2], err);
  pdlt_kernel_distribution_free(&distribution);
  return status;
}

pdlt_status pdlt_verify_function(void *context, const char *name, size_t num_args,
                                 const double *args, double *out, size_t *operands,
                                 pdlt_error *err) {
  const pdlt_experiment *ex = context;
  if ((num_args == 1 || num_args == 2) &&
      (strcmp(name, "chi_perp") == 0 || strcmp(name, "chi_parallel") == 0))
    return susceptibility(ex, name, num_args, args, out, err);
  if (num_args == 3 && strcmp(name, "information_exact") == 0)
    return information(args, out, operands, err);
  if (num_args == 2 && strcmp(name, "information_truncated") == 0) {
    if (!(fabs(args[1]) <= 1e9))
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "formula: information_truncated(eps, outputs) takes at most 1e9 outputs");
    *out = pdlt_information_truncated(args[0], (int)args[1]);
    return PDLT_OK;
  }
  if (num_args == 0 || (num_args == 1 && strncmp(name, "critical_", strlen("critical_")) == 0)) {
    *operands += CRITICAL_OPERANDS;
    return critical(ex, name, num_args == 1 ? args[0] : 0, out, err);
  }
  return pdlt_fail(err, PDLT_ERR_INPUT, "formula: no function %s with %zu arguments", name,
                   num_args);
}
