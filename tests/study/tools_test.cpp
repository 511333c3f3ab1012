/* tools_test.cpp - claims, shards, lists and criticality behind the front door. */
#include <jansson.h>

#include <cmath>

#include "tests/study/support.h"

using namespace study_test;

namespace {

void add_claim(const TempFolder &folder, const std::string &name, const std::string &sabotage) {
  std::filesystem::create_directories(folder.path() / "claims" / name);
  write_text(folder.path() / "claims" / name / "experiment.yaml",
             "network: {activation: tanh, depth: 2, widths: [3, 5, 8, 12], C_b: 0.1, C_W: 1.5}\n"
             "data: {source: gaussian, inputs: 2, seed: 3, train: 2}\n"
             "training: {eta: {relative: 0.5}, steps: 1}\n"
             "ensemble: {members: 4096, seed: 5}\n"
             "measure: [kernel, vertex]\n"
             "compare: {degree: 1}\n");
  write_text(folder.path() / "claims" / name / "expect.yaml",
             "claim: V\nequation: e\ntext: t\nexpect:\n  - {quantity: V, test: exact, sabotage: [" +
                 sabotage + "]}\n");
}

TEST(Tools, ClaimsAreVerified) {
  TempFolder folder;
  add_claim(folder, "4-second", "{omit: V.fresh}");
  add_claim(folder, "4-weak", "{factor: 1.0001}");
  const std::string claims = folder / "claims", out = folder / "out";
  pdlt_error err = {};
  const char *verdict = nullptr, *second[] = {"second", nullptr}, *wrong[] = {"third", nullptr};
  ASSERT_EQ(pdlt_verify(claims.c_str(), second, 0, out.c_str(), nullptr, &verdict, &err), PDLT_OK)
      << err.message;
  EXPECT_STREQ(verdict, "agree");
  ASSERT_EQ(pdlt_verify(claims.c_str(), nullptr, 0, out.c_str(), nullptr, &verdict, &err), PDLT_OK)
      << err.message;
  EXPECT_STREQ(verdict, "no power");
  EXPECT_TRUE(std::filesystem::exists(folder / "out/index.html"));
  EXPECT_TRUE(std::filesystem::exists(folder / "out/verdicts.json"));
  EXPECT_EQ(pdlt_verify(claims.c_str(), wrong, 0, out.c_str(), nullptr, &verdict, &err),
            PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("\"third\""), std::string::npos);
  EXPECT_EQ(pdlt_verify(claims.c_str(), nullptr, 0, nullptr, nullptr, &verdict, &err),
            PDLT_ERR_INPUT);
}

TEST(Tools, ClaimsOneByOne) {
  TempFolder folder;
  add_claim(folder, "4-second", "{omit: V.fresh}");
  const std::string from = folder / "claims", out = folder / "out";
  pdlt_error err = {};
  pdlt_claims *claims = nullptr;
  char *text = nullptr;
  ASSERT_EQ(pdlt_claims_open(&claims, from.c_str(), nullptr, 0, nullptr, &err), PDLT_OK);
  ASSERT_EQ(pdlt_claims_count(claims), 1u);
  EXPECT_STREQ(pdlt_claims_name(claims, 0), "4-second");
  EXPECT_EQ(pdlt_claims_name(claims, 1), nullptr);
  EXPECT_EQ(pdlt_claims_json(claims, 0, &text, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "4-second: not tested yet");
  EXPECT_EQ(pdlt_claims_write(claims, out.c_str(), &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_claims_test(claims, 1, out.c_str(), &err), PDLT_ERR_INPUT);
  ASSERT_EQ(pdlt_claims_test(claims, 0, out.c_str(), &err), PDLT_OK) << err.message;
  ASSERT_EQ(pdlt_claims_test(claims, 0, out.c_str(), &err), PDLT_OK) << err.message; /* reused */
  ASSERT_EQ(pdlt_claims_json(claims, 0, &text, &err), PDLT_OK);
  json_t *found = json_loads(text, 0, nullptr);
  EXPECT_STREQ(json_string_value(json_object_get(found, "verdict")), "agree");
  json_decref(found);
  EXPECT_STREQ(pdlt_claims_verdict(claims), "agree");
  pdlt_text_free(text);
  pdlt_claims_free(claims);
}

TEST(Tools, ShardsMergeToTheWhole) {
  TempFolder folder;
  const std::string whole = folder / "whole.npz", merged = folder / "merged.npz";
  std::string parts[2];
  const char *files[2];
  const std::string text = arrays_yaml(2560);
  Study all;
  ASSERT_EQ(all.open_arrays(text), PDLT_OK);
  ASSERT_EQ(pdlt_study_train(all.c, whole.c_str(), &all.err), PDLT_OK) << all.err.message;
  for (int k = 0; k < 2; k++) {
    Study s;
    s.settings.shard = k + 1;
    s.settings.shards = 2;
    parts[k] = folder / ("part" + std::to_string(k) + ".npz");
    files[k] = parts[k].c_str();
    ASSERT_EQ(s.open_arrays(text), PDLT_OK);
    ASSERT_EQ(pdlt_study_train(s.c, files[k], &s.err), PDLT_OK) << s.err.message;
  }
  pdlt_error err = {};
  char *meta = nullptr;
  EXPECT_EQ(pdlt_shards_merge(0, files, files[0], nullptr, nullptr, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_shards_merge(1, files, merged.c_str(), nullptr, nullptr, &err), PDLT_ERR_INPUT);
  ASSERT_EQ(pdlt_shards_merge(2, files, merged.c_str(), nullptr, &meta, &err), PDLT_OK)
      << err.message;
  EXPECT_NE(std::string(meta).find("\"kind\": \"measured\""), std::string::npos) << meta;
  pdlt_text_free(meta);
  EXPECT_EQ(read_text(whole), read_text(merged));
}

TEST(Tools, ListsAndVersion) {
  pdlt_error err = {};
  char *text = nullptr;
  ASSERT_EQ(pdlt_list("datasets", nullptr, &text, &err), PDLT_OK);
  EXPECT_NE(std::string(text).find("\"arrays\""), std::string::npos) << text;
  pdlt_text_free(text);
  text = nullptr;
  EXPECT_EQ(pdlt_list("nothing", nullptr, &text, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(text, nullptr);
  ASSERT_EQ(pdlt_about(&text, &err), PDLT_OK);
  EXPECT_EQ(std::string(text).rfind(std::string("pdlt ") + pdlt_library_version() + " (commit ", 0),
            0u)
      << text;
  pdlt_text_free(text);
}

TEST(Tools, Criticality) {
  pdlt_error err = {};
  pdlt_criticality point;
  ASSERT_EQ(pdlt_critical("gelu", &point, &err), PDLT_OK);
  EXPECT_STREQ(point.kind, "half-stable");
  EXPECT_NEAR(point.K, (3 + std::sqrt(17.0)) / 2, 1e-8);
  ASSERT_EQ(pdlt_critical("relu", &point, &err), PDLT_OK);
  EXPECT_STREQ(point.kind, "scale-invariant");
  EXPECT_TRUE(std::isnan(point.K));
  ASSERT_EQ(pdlt_critical("softplus", &point, &err), PDLT_OK);
  EXPECT_STREQ(point.kind, "none");
  EXPECT_GT(std::strlen(point.reason), 0u);
  ASSERT_EQ(pdlt_critical_residual("relu", 0.7, &point, &err), PDLT_OK);
  EXPECT_NEAR(point.C_W, 1.02, 1e-12);
  EXPECT_NEAR(point.nu, 5.51, 0.006);
  EXPECT_NEAR(point.r_star, 4 / (23 * point.nu), 1e-14);
  ASSERT_EQ(pdlt_critical_residual("relu", -1, &point, &err), PDLT_OK);
  EXPECT_STREQ(point.kind, "none");
  EXPECT_TRUE(std::isnan(point.nu) && std::isnan(point.r_star));
  EXPECT_EQ(pdlt_critical_residual("relu", NAN, &point, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_critical("nothing", &point, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_critical(nullptr, &point, &err), PDLT_ERR_INPUT);
}

}  // namespace
