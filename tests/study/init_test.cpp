/* init_test.cpp - networks with uniform parameters: what the archives, the comparison and the explanation
 * say of them; theory is that of normal ones. */
#include <jansson.h>

#include "tests/study/support.h"

using namespace study_test;

namespace {

std::string with_init(const std::string &init) {
  std::string text = arrays_yaml(2560);
  return text.insert(text.find(", C_b"), ", init: " + init) + "theory: {order: 0}\n";
}

/* A key of the metadata themselves, not of the experiment in them. */
std::string key_of(const pdlt_study *study, pdlt_part part, const char *key) {
  json_t *meta = json_loads(pdlt_study_meta(study, part), 0, nullptr);
  const char *text = json_string_value(json_object_get(meta, key));
  const std::string copy = text == nullptr ? "" : text;
  json_decref(meta);
  return copy;
}

std::string warnings(const pdlt_study *study) {
  std::string all;
  for (size_t k = 0; pdlt_study_warning(study, k) != nullptr; k++)
    all += std::string(pdlt_study_warning(study, k)) + "\n";
  return all;
}

std::string explanation(Study *study) {
  char *text = nullptr;
  EXPECT_EQ(pdlt_study_explain(study->c, 0, &text, &study->err), PDLT_OK) << study->err.message;
  const std::string copy = text == nullptr ? "" : text;
  pdlt_text_free(text);
  return copy;
}

const char *const start =
    "the networks start from uniform parameters, theory speaks of normal ones";

}  // namespace

TEST(StudyInit, TheoryAndComparisonSayWhatTheySpeakOf) {
  Study study;
  ASSERT_EQ(study.open_arrays(with_init("uniform")), PDLT_OK) << study.err.message;
  ASSERT_EQ(pdlt_study_run(study.c, nullptr, &study.err), PDLT_OK) << study.err.message;
  EXPECT_EQ(key_of(study.c, PDLT_THEORY, "init"), "normal");
  EXPECT_EQ(key_of(study.c, PDLT_MEASURED, "init"), "uniform");
  EXPECT_EQ(meta_text(study.c, PDLT_THEORY, "initialization").find("b^(l) ~ N(0, C_b^(l))"), 0u);
  EXPECT_EQ(meta_text(study.c, PDLT_MEASURED, "initialization").find("b^(l) uniform in"), 0u);
  EXPECT_EQ(warnings(study.c).find(start), 0u) << warnings(study.c);
  EXPECT_NE(warnings(study.c).find("network.init: normal tests theory"), std::string::npos);
  EXPECT_NE(explanation(&study).find("network.init: uniform, and theory"), std::string::npos);
}

/* Normal networks: not a word of it, the same arrays and digest whether the key is written or not. */
TEST(StudyInit, NormalNetworksAreAsWithoutTheKey) {
  Study study, plain;
  ASSERT_EQ(study.open_arrays(with_init("normal")), PDLT_OK) << study.err.message;
  ASSERT_EQ(plain.open_arrays(arrays_yaml(2560) + "theory: {order: 0}\n"), PDLT_OK);
  for (Study *s : {&study, &plain})
    ASSERT_EQ(pdlt_study_run(s->c, nullptr, &s->err), PDLT_OK) << s->err.message;
  for (const pdlt_part part : {PDLT_THEORY, PDLT_MEASURED}) {
    EXPECT_STREQ(pdlt_study_meta(study.c, part), pdlt_study_meta(plain.c, part));
    EXPECT_EQ(key_of(study.c, part, "init"), "");
    expect_same(study.c, plain.c, part);
  }
  EXPECT_EQ(warnings(study.c).find(start), std::string::npos) << warnings(study.c);
  EXPECT_EQ(explanation(&study).find("network.init"), std::string::npos);
}

/* Theory of the one and networks of the other are of different physics. */
TEST(StudyInit, DigestsTellThemApart) {
  Study uniform, normal;
  ASSERT_EQ(uniform.open_arrays(with_init("uniform")), PDLT_OK);
  ASSERT_EQ(normal.open_arrays(with_init("normal")), PDLT_OK);
  for (Study *s : {&uniform, &normal})
    ASSERT_EQ(pdlt_study_predict(s->c, nullptr, &s->err), PDLT_OK) << s->err.message;
  EXPECT_NE(meta_text(uniform.c, PDLT_THEORY, "physics_hash"),
            meta_text(normal.c, PDLT_THEORY, "physics_hash"));
  expect_same(uniform.c, normal.c, PDLT_THEORY);
}
