// Names of the terms of training and of the parts of z_nlo.
#include "theory/terms/training_term.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

TEST(TrainingTerm, NamesAreDistinctAndHaveEquations) {
  std::set<std::string> names;
  for (int t = 0; t < PDLT_DYNAMICS_TERM_COUNT; t++) {
    const auto term = static_cast<pdlt_dynamics_term>(t);
    EXPECT_TRUE(names.insert(pdlt_dynamics_term_name(term)).second);
    EXPECT_GT(std::string(pdlt_dynamics_term_equation(term)).size(), 3u);
  }
  for (int p = 0; p < PDLT_DYNAMICS_PART_COUNT; p++)
    EXPECT_TRUE(names.insert(pdlt_dynamics_part_name(static_cast<pdlt_dynamics_part>(p))).second);
  EXPECT_STREQ(pdlt_dynamics_term_name(PDLT_DYNAMICS_DDNTK_USV), "z.ddntk_usv");
  EXPECT_STREQ(pdlt_dynamics_part_name(PDLT_DYNAMICS_PART_DDNTK_CUBIC), "ddntk_cubic");
}
