// Names of the terms and the mask over them (theory/terms/term.h).
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "theory/tensors/tensors.h"
#include "theory/terms/term.h"

TEST(Term, NamesAreUniqueAndBelongToATensor) {
  std::set<std::string> names, tensors = {"positions", "skip"};  // of all tensors at once
  for (int t = 0; t < PDLT_TENSOR_COUNT; ++t) {
    tensors.insert(pdlt_tensor_text(static_cast<pdlt_tensor_name>(t)));
  }
  for (int t = 0; t < PDLT_TERM_COUNT; ++t) {
    std::string name = pdlt_term_name(static_cast<pdlt_term>(t));
    size_t dot = name.find('.');
    ASSERT_NE(dot, std::string::npos) << name;
    EXPECT_EQ(tensors.count(name.substr(0, dot)), 1u) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_NE(std::string(pdlt_term_equation(static_cast<pdlt_term>(t))), "");
  }
}

TEST(Term, MaskScalesOneTermOrAWholeTensor) {
  for (int t = 0; t < PDLT_TERM_COUNT; ++t) {
    pdlt_term_mask mask = pdlt_term_mask_all();
    ASSERT_EQ(pdlt_term_mask_scale(&mask, pdlt_term_name(static_cast<pdlt_term>(t)), -1.0, nullptr),
              PDLT_OK);
    for (int u = 0; u < PDLT_TERM_COUNT; ++u) {
      EXPECT_EQ(pdlt_term_factor(&mask, static_cast<pdlt_term>(u)), u == t ? -1.0 : 1.0);
    }
  }
  pdlt_term_mask mask = pdlt_term_mask_all();
  ASSERT_EQ(pdlt_term_mask_scale(&mask, "A", 0.0, nullptr), PDLT_OK);
  for (int u = 0; u < PDLT_TERM_COUNT; ++u) {
    bool of_a = std::string(pdlt_term_name(static_cast<pdlt_term>(u))).rfind("A.", 0) == 0;
    EXPECT_EQ(pdlt_term_factor(&mask, static_cast<pdlt_term>(u)), of_a ? 0.0 : 1.0);
  }
  EXPECT_EQ(pdlt_term_factor(nullptr, PDLT_TERM_V_FRESH), 1.0);
}

TEST(Term, UnknownNamesAreRefusedWithTheList) {
  for (const char *name : {"", "v", "V.", "V.fresh2", "The", ".fresh", "fresh"}) {
    pdlt_term_mask mask = pdlt_term_mask_all();
    pdlt_error err = {};
    EXPECT_EQ(pdlt_term_mask_scale(&mask, name, 0.0, &err), PDLT_ERR_INPUT) << name;
    EXPECT_NE(std::string(err.message).find("V.fresh"), std::string::npos);
    for (int t = 0; t < PDLT_TERM_COUNT; ++t) EXPECT_EQ(mask.factor[t], 1.0);
  }
}
