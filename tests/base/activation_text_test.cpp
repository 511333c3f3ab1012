/* activation_text_test.cpp - what is no activation is refused, with the name that is meant. */
#include <gtest/gtest.h>

#include <string>

#include "base/activation/activation.h"

namespace {

/* Names of other frameworks are answered with the name to use. */
TEST(ActivationText, NamesOfOthers) {
  const struct {
    const char *text, *here;
  } cases[] = {{"Tanh", "tanh"},
               {"ReLU", "relu"},
               {"GELU", "gelu"},
               {"silu", "swish"},
               {"SiLU", "swish"},
               {"identity", "linear"},
               {"LeakyReLU(0.2)", "leaky_relu(0.01)"},
               {"Quadratic(1)", "quadratic"}};
  for (const auto &c : cases) {
    pdlt_activation act;
    pdlt_error err{};
    EXPECT_EQ(pdlt_activation_parse(&act, c.text, &err), PDLT_ERR_INPUT) << c.text;
    EXPECT_EQ(std::string(err.message),
              std::string("unknown activation \"") + c.text + "\"; did you mean " + c.here + "?");
  }
}

TEST(ActivationText, RefusesBadText) {
  for (const char *text :
       {"", "tanhh", "tan", "tanh(1)", "tanh()", "leaky_relu", "leaky_relu(1,2)", "leaky_relu(x)",
        "leaky_relu(0.1", "leaky_relu(0.1) x", "polynomial", "polynomial()", "polynomial(1,)",
        "polynomial(nan)", "polynomial(inf)", "polynomial(1,2,3,4,5,6,7,8,9,10,11,12,13)",
        "quadratic", "quadratic(1,2)", "relu,"}) {
    pdlt_activation act = {};
    act.num_params = 77;
    pdlt_error err;
    EXPECT_EQ(pdlt_activation_parse(&act, text, &err), PDLT_ERR_INPUT) << text;
    EXPECT_EQ(act.num_params, 77) << text;
  }
  pdlt_error err;
  pdlt_activation act;
  pdlt_activation_parse(&act, "tahn", &err);
  for (const char *name : {"tanh", "leaky_relu", "polynomial", "quadratic"})
    EXPECT_NE(std::string(err.message).find(name), std::string::npos) << err.message;
}

}  // namespace
