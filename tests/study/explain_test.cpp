/* explain_test.cpp - pdlt_study_explain: text and JSON of studies, and that nothing else moves. */
#include <jansson.h>

#include <cmath>

#include "base/core/memory.h"
#include "cli/study/explain.h"
#include "cli/study/study.h"
#include "tests/study/support.h"

using namespace study_test;

namespace {

/* What a study explains, or what went wrong. */
std::string explain(Study *s, int json, pdlt_status expected = PDLT_OK) {
  char *text = nullptr;
  EXPECT_EQ(pdlt_study_explain(s->c, json, &text, &s->err), expected) << s->err.message;
  const std::string all = text == nullptr ? s->err.message : text;
  pdlt_text_free(text);
  return all;
}

TEST(StudyExplain, OfArraysAsOfAFile) {
  TempFolder folder;
  write_text(folder / "in.csv", csv);
  write_text(folder / "e.yaml", yaml("{source: csv, file: in.csv, train: 2, test: 1}", 2048));
  Study arrays, file;
  ASSERT_EQ(arrays.open_arrays(arrays_yaml(2048)), PDLT_OK);
  ASSERT_EQ(pdlt_study_open(&file.c, (folder / "e.yaml").c_str(), &file.settings, &file.err),
            PDLT_OK);
  json_t *one = json_loads(explain(&arrays, 1).c_str(), 0, nullptr);
  json_t *other = json_loads(explain(&file, 1).c_str(), 0, nullptr);
  ASSERT_TRUE(one != nullptr && other != nullptr);
  EXPECT_EQ(json_object_size(one), 13u);
  for (const char *key : {"layers", "theta_max", "widths", "width_in_reach", "width_10_percent",
                          "verdict_possible", "reasons", "bytes", "r_star"})
    EXPECT_EQ(json_equal(json_object_get(one, key), json_object_get(other, key)), 1) << key;
  json_decref(one);
  json_decref(other);
}

TEST(StudyExplain, LeavesTheStudyAsItWas) {
  Study explained, plain;
  ASSERT_EQ(explained.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(plain.open_arrays(arrays_yaml()), PDLT_OK);
  const std::string text = explain(&explained, 0);
  EXPECT_EQ(text.rfind("layer ", 0), 0u) << text;
  EXPECT_GT(pdlt_study_num_arrays(explained.c, PDLT_THEORY), 0u);
  EXPECT_EQ(pdlt_study_num_arrays(explained.c, PDLT_MEASURED), 0u);
  EXPECT_EQ(pdlt_study_verdict(explained.c), nullptr);
  ASSERT_EQ(pdlt_study_run(explained.c, nullptr, &explained.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_run(plain.c, nullptr, &plain.err), PDLT_OK);
  for (pdlt_part part : {PDLT_THEORY, PDLT_MEASURED}) expect_same(explained.c, plain.c, part);
  EXPECT_STREQ(pdlt_study_verdict_json(explained.c), pdlt_study_verdict_json(plain.c));
}

/* With its members set right, what was foretold as impossible is foretold as possible. */
TEST(StudyExplain, FollowsTheKeys) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml()), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(s.c, "network.widths", "[32, 40, 48, 64]", &s.err), PDLT_OK);
  EXPECT_NE(explain(&s, 0).find("verdict: not possible: ensemble.members: 640 are 10 blocks"),
            std::string::npos);
  ASSERT_EQ(pdlt_study_set(s.c, "ensemble.members", "2048", &s.err), PDLT_OK);
  EXPECT_NE(explain(&s, 0).find("here 4 and 2048\nverdict: possible\n"), std::string::npos);
}

/* The first line that the verdict gives as its reason is what was said before. */
TEST(StudyExplain, ForetellsWhatTheVerdictSays) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml(2048)), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(s.c, "training", "{eta: {relative: 1.7}, steps: 40}", &s.err), PDLT_OK)
      << s.err.message;
  const std::string text = explain(&s, 0);
  EXPECT_NE(text.find("verdict: not possible: widths out of reach of order 1/n: 4 of 4; a fit of "
                      "degree 2 needs 4 within"),
            std::string::npos)
      << text;
  ASSERT_EQ(pdlt_study_run(s.c, nullptr, &s.err), PDLT_OK);
  EXPECT_STREQ(pdlt_study_verdict(s.c), "undecided");
  pdlt_test test;
  ASSERT_TRUE(pdlt_study_test(s.c, 0, &test));
  EXPECT_NE(std::string(test.reason).find("widths out of reach of order 1/n: 4"), std::string::npos)
      << test.reason;
}

/* Puts factor times `like` into an array of theory, whether it is there or not. */
void put_theory(pdlt_study *study, const char *name, const char *like, double factor) {
  pdlt_archive *theory = &study->results[PDLT_THEORY].archive;
  const pdlt_array *from = pdlt_archive_get(theory, like);
  ASSERT_NE(from, nullptr) << like;
  double *to = nullptr;
  if (const pdlt_array *there = pdlt_archive_get(theory, name)) {
    to = there->data;
  } else {
    pdlt_array *made = nullptr;
    const pdlt_array copy = *from;
    ASSERT_EQ(pdlt_archive_new(theory, name, copy.ndim, copy.dim, &made, nullptr), PDLT_OK);
    to = made->data;
    from = pdlt_archive_get(theory, like);
  }
  for (size_t i = 0; i < pdlt_array_count(from); i++) to[i] = factor * from->data[i];
}

/* With a kink corrections fall as n^(-1/2): nine times the width for a third. */
TEST(StudyExplain, KinksFallWithTheRootOfTheWidth) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml(2048)), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(s.c, "network",
                           "{activation: relu, depth: 2, widths: [4, 6, 8, 16], "
                           "C_b: 0.1, C_W: 1.2}",
                           &s.err),
            PDLT_OK)
      << s.err.message;
  ASSERT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
  put_theory(s.c, "z_half", "z_lo", 0);
  put_theory(s.c, "Theta_t_half", "cov_lo", 0);
  put_theory(s.c, "loss_test_half", "loss_test_lo", 0.5);
  const std::string text = explain(&s, 0);
  EXPECT_NE(text.find("the activation has a kink: first correction of order n^(-1/2)\n"
                      "corrections of order 1/sqrt(n) in %; g; share of unstable draws\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("order 1/n"), std::string::npos) << text;
  EXPECT_EQ(text.find("no correction"), std::string::npos) << text;
  json_t *all = json_loads(explain(&s, 1).c_str(), 0, nullptr);
  ASSERT_NE(all, nullptr);
  for (size_t w = 0; w < 4; w++) {
    const double n = std::vector<double>{4, 6, 8, 16}[w];
    const json_t *at = json_array_get(json_object_get(all, "widths"), w);
    EXPECT_NEAR(json_real_value(json_object_get(at, "correction_loss_test")), 0.5 / std::sqrt(n),
                1e-12);
    EXPECT_EQ(json_real_value(json_object_get(at, "correction_z")), 0);
  }
  const double narrow = (double)json_integer_value(json_object_get(all, "width_30_percent"));
  const double wide = (double)json_integer_value(json_object_get(all, "width_10_percent"));
  EXPECT_EQ(wide, 25);
  EXPECT_EQ(narrow, 3);
  json_decref(all);
}

/* Layers joined by skips: brackets of all pairs of pairs of slots, and what they take. */
TEST(StudyExplain, SaysWhatSkipsTake) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml(2048)), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(s.c, "network.depth", "4", &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_study_set(s.c, "network.activation", "relu", &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_study_set(s.c, "network.skip", "0.6", &s.err), PDLT_OK) << s.err.message;
  const double averages = 18 * 19 / 2; /* three layers of six pairs */
  pdlt_explanation e = {};
  char *text = nullptr;
  json_t *all = nullptr;
  ASSERT_EQ(pdlt_explanation_make(&e, s.c, 0, &s.err), PDLT_OK) << s.err.message;
  ASSERT_EQ(pdlt_explanation_text(&e, &text, &s.err), PDLT_OK);
  ASSERT_EQ(pdlt_explanation_json(&e, &all, &s.err), PDLT_OK);
  EXPECT_NE(
      std::string(text).find("order 1/n in layers joined by skips: 171 averages over four slots, "),
      std::string::npos)
      << text;
  EXPECT_EQ(json_number_value(json_object_get(all, "averages")), averages);
  EXPECT_GT(json_number_value(json_object_get(all, "tensor_bytes")), 2 * 40 * 8 * averages);
  EXPECT_EQ(json_object_get(all, "pairs"), nullptr);
  json_decref(all);
  pdlt_free(text);
  pdlt_explanation_free(&e);
  ASSERT_EQ(pdlt_study_set(s.c, "theory.order", "0", &s.err), PDLT_OK) << s.err.message;
  EXPECT_EQ(explain(&s, 0).find("skips"), std::string::npos);
}

/* Every allocation fails once; nothing is left behind (sanitizers). */
TEST(StudyExplain, MemoryMayRunOut) {
  Study s;
  ASSERT_EQ(s.open_arrays(arrays_yaml(2048)), PDLT_OK);
  ASSERT_EQ(pdlt_study_set(s.c, "theory.order", "0", &s.err), PDLT_OK);
  ASSERT_EQ(pdlt_study_predict(s.c, nullptr, &s.err), PDLT_OK) << s.err.message;
  int failures = 0;
  for (long n = 0;; n++) {
    char *text = nullptr;
    pdlt_memory_fail_after(n);
    const pdlt_status status = pdlt_study_explain(s.c, 1, &text, &s.err);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(text != nullptr, status == PDLT_OK);
    pdlt_text_free(text);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY) << s.err.message;
    failures++;
  }
  EXPECT_GT(failures, 30);
}

TEST(StudyExplain, ResultsInFilesHaveNothingToExplain) {
  TempFolder folder;
  write_text(folder / "in.csv", csv);
  write_text(folder / "e.yaml", yaml("{source: csv, file: in.csv, train: 2, test: 1}"));
  ASSERT_LE(run_pdlt("run e.yaml -o out --quiet", folder.path()).status, 1);
  Study s;
  ASSERT_EQ(pdlt_study_open_results(&s.c, (folder / "out/theory.npz").c_str(),
                                    (folder / "out/measured.npz").c_str(), nullptr, &s.err),
            PDLT_OK);
  EXPECT_EQ(explain(&s, 1, PDLT_ERR_INPUT), "a study of results in files can only be compared");
}

}  // namespace
