// theory/infinite/averages.h: errors of the kernel move the averages by as much as the errors say.
#include "theory/infinite/averages.h"

#include <gtest/gtest.h>

#include <cmath>

namespace {

struct Pair {
  pdlt_value ss, dd;
};

// Averages at the kernel k = (K_11, K_12, K_22) with errors e.
Pair At(const char *activation, const double *k, const double *e) {
  pdlt_activation act;
  pdlt_averages averages = {};
  pdlt_error err = {};
  Pair out = {};
  EXPECT_EQ(pdlt_activation_parse(&act, activation, &err), PDLT_OK) << err.message;
  EXPECT_EQ(pdlt_averages_new(&averages, &act, 2, 1e-12, &err), PDLT_OK) << err.message;
  const double K[] = {k[0], k[1], k[1], k[2]};
  EXPECT_EQ(pdlt_averages_prepare(&averages, K, 1, &err), PDLT_OK) << err.message;
  const pdlt_pair_kernel pair = {0, 1, 0, k[0], k[1], k[2], e[0], e[1], e[2], {-1, 0}};
  EXPECT_EQ(pdlt_averages_pair(&averages, &pair, &out.ss, &out.dd, &err), PDLT_OK) << err.message;
  pdlt_averages_free(&averages);
  return out;
}

// Closed forms, series, a kink and a kernel beyond the series; each entry by itself.
TEST(Averages, ErrorsReactAsTheAveragesDo) {
  const struct {
    const char *activation;
    double k[3];
  } cases[] = {{"erf", {1.2, 0.5, 0.8}},    {"sin", {1.2, -0.5, 0.8}},
               {"tanh", {1.2, 0.5, 0.8}},   {"gelu", {0.7, 0.5, 1.4}},
               {"softplus", {1.2, 0.9, 1}}, {"polynomial(0,1,0.3)", {1.2, 0.5, 0.8}},
               {"relu", {1.2, 0.5, 0.8}},   {"tanh", {2e4, 1.1e4, 1.6e4}}};
  for (const auto &c : cases) {
    const bool kinked = c.activation[0] == 'r';
    const double none[3] = {0, 0, 0};
    const Pair plain = At(c.activation, c.k, none);
    for (int entry = 0; entry < 3; entry++) {
      double e[3] = {0, 0, 0}, up[3] = {c.k[0], c.k[1], c.k[2]}, down[3] = {c.k[0], c.k[1], c.k[2]};
      e[entry] = 1e-5 * c.k[0];
      up[entry] += e[entry], down[entry] -= e[entry];
      const Pair with = At(c.activation, c.k, e), high = At(c.activation, up, none);
      const Pair low = At(c.activation, down, none);
      const double moved[2] = {std::fabs(high.ss.value - low.ss.value) / 2,
                               std::fabs(high.dd.value - low.dd.value) / 2};
      const double said[2] = {with.ss.error - plain.ss.error, with.dd.error - plain.dd.error};
      for (int which = 0; which < 2; which++) {
        EXPECT_GE(said[which], 0.95 * moved[which] - 1e-13) << c.activation << entry << which;
        EXPECT_LE(said[which],
                  (kinked ? 4 : 1.1) * moved[which] + 1e-7 * e[entry] + (kinked ? e[entry] : 0))
            << c.activation << entry << which;
      }
    }
  }
}

}  // namespace
