/* formula_fuzz.cpp - any text as a formula: what passes the check of its syntax has a value or is refused,
 * within its operands. */
#include "compare/claim/formula.h"
#include "tests/fuzz/support.h"

namespace {

pdlt_status Function(void *, const char *name, size_t num_args, const double *args, double *out,
                     size_t *operands, pdlt_error *err) {
  if (std::strcmp(name, "f") != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "formula: no function %s", name);
  *out = num_args > 0 ? args[num_args - 1] : 1;
  *operands = 10;
  return PDLT_OK;
}

const pdlt_archive &Arrays() {
  static const pdlt_archive arrays = [] {
    pdlt_archive made = {};
    const size_t dim[2] = {2, 2};
    for (const char *name : {"K", "layer1/K", "layer2/K"})
      fuzz::Require(pdlt_archive_new(&made, name, 2, dim, nullptr, nullptr) == PDLT_OK,
                    "there is memory");
    return made;
  }();
  return arrays;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string text((const char *)data, size);
  const pdlt_formula_variable variables[] = {{"n", 4}, {"l", 1}};
  size_t left = 20000;
  pdlt_formula_scope scope = {};
  scope.num_variables = 2;
  scope.variables = variables;
  scope.archive = &Arrays();
  scope.function = Function;
  scope.left = &left;
  double value = 0;
  pdlt_error err = {};
  const pdlt_status syntax = pdlt_formula_check(text.c_str(), &err);
  if (syntax != PDLT_OK) fuzz::Require(err.message[0] != 0, "an error has a message");
  const pdlt_status status = pdlt_formula_value(&value, text.c_str(), &scope, &err);
  fuzz::Require(status != PDLT_OK || syntax == PDLT_OK, "what has a value has a syntax");
  return 0;
}
