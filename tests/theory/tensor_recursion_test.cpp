// tensor_recursion_test.cpp - every tensor of tensors.h against the literal recursion of
// literal_recursion.h, for layers without positions.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/theory/layers.h"
#include "tests/theory/literal_recursion.h"
#include "theory/infinite/kernel.h"
#include "theory/tensors/tensors.h"

using literal::List;
using literal::Reference;
using literal::Step;
using literal::Wick;

TEST(TensorRecursion, PolynomialsByWick) {
  const std::vector<std::pair<std::string, List>> cases = {
      {"polynomial(0.1,0.9,0.3,-0.05)", {0.1, 0.9, 0.3, -0.05}},
      {"quadratic(0.3)", {0.0, 1.0, 0.3}},
      {"linear", {0.0, 1.0}},
      {"polynomial(0.7)", {0.7}}};
  const List C_b = {0.1, 0.2, 0.05, 0.3}, C_W = {0.9, 0.8, 1.2, 0.7};
  const List lambda_b = {0.3, 0.2, 0.6, 0.1}, lambda_W = {0.8, 1.2, 0.7, 1.4};
  const std::vector<int> ratios = {1, 3, 2};
  const auto layers = theory_test::Layers(C_b, C_W, lambda_b, lambda_W, 2, ratios);
  const List inputs[] = {{1.0, -0.4, 0.3, 0.9}, {0.5, 0.2, 0.5, 0.2}, {0.8, 0.1, 0.0, 0.0}};
  for (const auto &[name, coefficients] : cases) {
    for (const List &x : inputs) {
      pdlt_tensor_settings s = {};
      pdlt_kernel_layers kernels = {};
      pdlt_tensor_set set = {};
      ASSERT_EQ(pdlt_activation_parse(&s.activation, name.c_str(), nullptr), PDLT_OK);
      const pdlt_kernel_settings k = {s.activation, 4, layers.data(), 1e-13, 1, nullptr};
      ASSERT_EQ(pdlt_kernel_layers_new(&kernels, &k, 2, x.data(), nullptr), PDLT_OK);
      s.layer = layers.data();
      s.tolerance = 1e-10;
      s.threads = 1;
      s.dntk = 1;
      ASSERT_EQ(pdlt_tensors_new(&set, &kernels, &s, nullptr), PDLT_OK);
      Reference now(2);
      for (int l = 1; l < 4; ++l) {
        const size_t at = static_cast<size_t>(l);
        double r = l == 1 ? 1.0 : double(ratios[at - 1]) / double(ratios[at - 2]);
        Step step{C_W[at],
                  lambda_W[at],
                  r,
                  kernels.theta + 4 * (l - 1),
                  Wick(coefficients, 2, kernels.K + 4 * (l - 1)),
                  now};
        Reference next = step.All();
        now = next;
        for (int n = 0; n < PDLT_TENSOR_COUNT; ++n) {
          const double *data = pdlt_tensors_get(&set, l + 1, static_cast<pdlt_tensor_name>(n));
          double largest = 1e-3;
          for (double v : now.t[n]) largest = std::fmax(largest, std::fabs(v));
          for (size_t i = 0; i < now.t[n].size(); ++i) {
            EXPECT_NEAR(data[i], now.t[n][i], 1e-11 * largest)
                << name << " layer " << l + 1 << " "
                << pdlt_tensor_text(static_cast<pdlt_tensor_name>(n)) << " " << i;
          }
        }
      }
      pdlt_tensors_free(&set);
      pdlt_kernel_layers_free(&kernels);
    }
  }
}
