// comparison.csv and verdict.json, read back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <tuple>

#include "compare/verdict/compare.h"
#include "tests/compare/support.h"

namespace {

using Record = std::map<std::string, std::string>;

std::vector<Record> read_csv(const std::string &path) {
  std::ifstream in(path);
  std::string line;
  std::vector<std::string> names;
  std::vector<Record> records;
  while (std::getline(in, line)) {
    std::vector<std::string> cells(1);
    for (char c : line) {
      if (c == ',')
        cells.emplace_back();
      else
        cells.back() += c;
    }
    if (names.empty()) {
      names = cells;
      continue;
    }
    EXPECT_EQ(cells.size(), names.size()) << line;
    Record r;
    for (size_t i = 0; i < names.size() && i < cells.size(); i++) r[names[i]] = cells[i];
    records.push_back(r);
  }
  return records;
}

class CompareWrite : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/pdlt-compare-XXXXXX";
    folder = mkdtemp(name);
    support::Setting s;
    s.widths = {16, 32, 64, 128};
    std::mt19937_64 rng(2);
    support::Truth t = support::random_truth("z", {2, 1, 2}, 0.01, rng);
    support::start_measured(&pair.measured, s);
    support::add_measured(&pair.measured, s, t, rng);
    support::add_values(&pair.measured, "times", {2}, {0, INFINITY});
    support::put_meta(&pair.theory, "theory", s);
    support::add_values(&pair.theory, "z_lo", t.dims, t.c0);
    support::add_values(&pair.theory, "z_nlo", t.dims, t.c1);
    pdlt_archive_get(&pair.measured, "n16/diverged")->data[0] = 2;
    pdlt_error err{};
    ASSERT_EQ(pdlt_compare(&c, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK)
        << err.message;
  }
  void TearDown() override {
    pdlt_comparison_free(&c);
    unlink((folder + "/a").c_str());
    rmdir(folder.c_str());
  }
  std::string folder;
  support::Pair pair;
  pdlt_comparison c{};
};

TEST_F(CompareWrite, Csv) {
  pdlt_error err{};
  std::string path = folder + "/a";
  ASSERT_EQ(pdlt_comparison_write_csv(&c, 0, path.c_str(), &err), PDLT_OK) << err.message;
  auto records = read_csv(path);
  ASSERT_EQ(records.size(), 4 * (1 + 4u));
  for (size_t k = 0; k < 4; k++) {
    Record &number = records[5 * k];
    EXPECT_EQ(number["quantity"], "z");
    EXPECT_EQ(number["index"], k % 2 ? "0 1" : "0 0");
    EXPECT_EQ(number["time"], k < 2 ? "0" : "inf");
    EXPECT_EQ(number["width"], "");
    EXPECT_EQ(number["verdict"], pdlt_verdict_text(c.rows[k].verdict));
    for (size_t w = 0; w < 4; w++) {
      Record &at = records[5 * k + 1 + w];
      EXPECT_EQ(std::stod(at["width"]), c.widths[w]);
      EXPECT_EQ(std::stod(at["measured"]), c.rows[k].measured[w]);
      EXPECT_EQ(std::stod(at["se"]), c.rows[k].se[w]);
      EXPECT_EQ(std::stod(at["lo"]), c.rows[k].lo);
      EXPECT_EQ(std::stod(at["lo_plus_h_nlo"]), c.rows[k].lo + c.h[w] * c.rows[k].nlo);
      EXPECT_EQ(at["used"], w == 0 ? "0" : "1");
      EXPECT_EQ(at["verdict"], "");
      EXPECT_EQ(at["fit"], "");
    }
  }
}

TEST_F(CompareWrite, SummaryHasTheRowsWithoutWidth) {
  pdlt_error err{};
  std::string path = folder + "/a";
  ASSERT_EQ(pdlt_comparison_write_csv(&c, 0, path.c_str(), &err), PDLT_OK) << err.message;
  auto full = read_csv(path);
  EXPECT_EQ(full.size(), pdlt_comparison_csv_rows(&c));
  ASSERT_EQ(pdlt_comparison_write_csv(&c, 1, path.c_str(), &err), PDLT_OK) << err.message;
  auto summary = read_csv(path);
  ASSERT_EQ(summary.size(), 4u);
  for (size_t k = 0; k < 4; k++) EXPECT_EQ(summary[k], full[5 * k]) << k;
}

/* What a run did not store for its size is named; what it could not measure has its reason there. */
TEST_F(CompareWrite, NamesWhatWasNotKept) {
  json_object_set_new(
      pair.measured.meta, "absent",
      json_pack("{s:s, s:s}", "cov", "not kept: 90 MB at each width; ensemble.keep: [cov] keeps it",
                "Theta_t", "it is as large as cov"));
  pdlt_comparison out{};
  pdlt_error err{};
  ASSERT_EQ(pdlt_compare(&out, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK);
  size_t named = 0;
  for (size_t k = 0; k < out.num_warnings; k++) {
    named += out.warnings[k] == std::string(
                                    "cov was not kept: 90 MB at each width; ensemble.keep: "
                                    "[cov] keeps it");
    EXPECT_EQ(strstr(out.warnings[k], "Theta_t"), nullptr) << out.warnings[k];
  }
  EXPECT_EQ(named, 1u);
  EXPECT_EQ(out.verdict, c.verdict);
  pdlt_comparison_free(&out);
}

/* Degree and level of the caller go before those of the archive; what is negative does not. */
TEST_F(CompareWrite, OptionsReplaceWhatTheArchiveSays) {
  pdlt_archive_get(&pair.measured, "n16/diverged")->data[0] = 0; /* widths enough for a fit */
  auto compared = [&](int degree, double level) {
    const pdlt_compare_options options = {degree, level, nullptr};
    pdlt_comparison out{};
    pdlt_error err{};
    EXPECT_EQ(pdlt_compare(&out, &pair.theory, &pair.measured, &options, &err), PDLT_OK)
        << err.message;
    const auto found = std::make_tuple(out.degree, out.level, out.rows[0].c0.value);
    pdlt_comparison_free(&out);
    return found;
  };
  const auto [degree, level, fit] = compared(-1, -1);
  EXPECT_EQ(degree, c.degree);
  EXPECT_EQ(level, c.level);
  EXPECT_TRUE(std::isfinite(fit));
  const auto [other_degree, other_level, other_fit] = compared(c.degree - 1, 0.25);
  EXPECT_EQ(other_degree, c.degree - 1);
  EXPECT_EQ(other_level, 0.25);
  EXPECT_NE(other_fit, fit);
  pdlt_comparison out{};
  pdlt_error err{};
  const pdlt_compare_options wrong = {9, -1, nullptr};
  EXPECT_EQ(pdlt_compare(&out, &pair.theory, &pair.measured, &wrong, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(out.storage, nullptr);
}

/* What progress is told adds up to what it was announced: fits that are made and fits that are not. */
TEST_F(CompareWrite, ProgressOfTheFitsEndsAtTheWhole) {
  for (const double diverged : {1.0, 0.0}) {
    pdlt_archive_get(&pair.measured, "n16/diverged")->data[0] = diverged;
    pdlt_progress progress = {};
    const pdlt_compare_options options = {-1, -1, &progress};
    pdlt_comparison out{};
    pdlt_error err{};
    ASSERT_EQ(pdlt_compare(&out, &pair.theory, &pair.measured, &options, &err), PDLT_OK)
        << err.message;
    pdlt_comparison_free(&out);
    EXPECT_STREQ(progress.label, "fits and tests");
    EXPECT_GT(progress.total, 10);
    EXPECT_EQ(progress.done, progress.total);
  }
}

TEST_F(CompareWrite, CsvHoldsBothCoefficients) {
  pdlt_archive_get(&pair.measured, "n16/diverged")->data[0] = 0;
  pdlt_comparison all{};
  pdlt_error err{};
  std::string path = folder + "/a";
  ASSERT_EQ(pdlt_compare(&all, &pair.theory, &pair.measured, nullptr, &err), PDLT_OK);
  ASSERT_EQ(pdlt_comparison_write_csv(&all, 0, path.c_str(), &err), PDLT_OK);
  auto records = read_csv(path);
  for (size_t k = 0; k < 4; k++) {
    Record &number = records[5 * k];
    EXPECT_EQ(std::stod(number["fit"]), all.rows[k].c0.value);
    EXPECT_EQ(std::stod(number["fit_se"]), all.rows[k].c0.se);
    EXPECT_EQ(std::stod(number["theory"]), all.rows[k].c0.theory);
    EXPECT_EQ(std::stod(number["null"]), all.rows[k].c0.null);
    EXPECT_EQ(std::stod(number["z"]), all.rows[k].c0.z);
    EXPECT_EQ(std::stod(number["c1_fit"]), all.rows[k].c1.value);
    EXPECT_EQ(std::stod(number["c1_theory"]), all.rows[k].c1.theory);
    EXPECT_EQ(std::stod(number["c1_z"]), all.rows[k].c1.z);
    EXPECT_EQ(std::stod(number["fit_p"]), all.rows[k].fit_p);
  }
  pdlt_comparison_free(&all);
}

TEST_F(CompareWrite, Json) {
  pdlt_error err{};
  std::string path = folder + "/a";
  ASSERT_EQ(pdlt_comparison_write_json(&c, path.c_str(), &err), PDLT_OK) << err.message;
  json_error_t where;
  json_t *object = json_load_file(path.c_str(), 0, &where);
  ASSERT_NE(object, nullptr) << where.text;
  EXPECT_STREQ(json_string_value(json_object_get(object, "verdict")), "undecided");
  json_t *tests = json_object_get(object, "tests");
  ASSERT_EQ(json_array_size(tests), 2u);
  for (size_t i = 0; i < 2; i++) {
    json_t *test = json_array_get(tests, i);
    EXPECT_STREQ(json_string_value(json_object_get(test, "quantity")), "z");
    EXPECT_STREQ(json_string_value(json_object_get(test, "coefficient")), i == 0 ? "c0" : "c1");
    EXPECT_STREQ(json_string_value(json_object_get(test, "verdict")), "undecided");
    EXPECT_EQ(json_integer_value(json_object_get(test, "numbers")), 4);
    for (const char *key : {"p", "worst_z", "fit_p", "null_z", "members_needed"}) {
      EXPECT_NE(json_object_get(test, key), nullptr) << key;
      EXPECT_TRUE(json_is_null(json_object_get(test, key))) << key;
    }
  }
  EXPECT_EQ(json_array_size(json_object_get(object, "warnings")), 1u);
  json_decref(object);
}

TEST_F(CompareWrite, JsonHoldsSlopesAndKurtosis) {
  double exponent = -1.5, error = 0.25;
  pdlt_compare_slope slopes[2] = {{"z", 0, nullptr, exponent, error}, {"z", 1, nullptr, NAN, NAN}};
  pdlt_comparison shown = c;
  pdlt_error err{};
  std::string path = folder + "/a";
  shown.slopes = slopes;
  shown.num_slopes = 2;
  shown.kurtosis.sample = 3;
  shown.kurtosis.num = 2;
  shown.kurtosis.c1 = 2.5;
  shown.kurtosis.c1_se = 0.5;
  shown.kurtosis.theory = 2;
  shown.kurtosis.verdict = PDLT_AGREE;
  for (const bool measured : {true, false}) {
    if (!measured) shown.kurtosis.num = 0;
    ASSERT_EQ(pdlt_comparison_write_json(&shown, path.c_str(), &err), PDLT_OK) << err.message;
    json_t *object = json_load_file(path.c_str(), 0, nullptr);
    json_t *list = json_object_get(object, "slopes");
    ASSERT_EQ(json_array_size(list), 2u);
    EXPECT_STREQ(json_string_value(json_object_get(json_array_get(list, 0), "quantity")), "z");
    EXPECT_EQ(json_real_value(json_object_get(json_array_get(list, 0), "slope")), exponent);
    EXPECT_EQ(json_real_value(json_object_get(json_array_get(list, 0), "se")), error);
    EXPECT_EQ(json_integer_value(json_object_get(json_array_get(list, 1), "order")), 1);
    EXPECT_TRUE(json_is_null(json_object_get(json_array_get(list, 1), "slope")));
    json_t *kurtosis = json_object_get(object, "kurtosis");
    EXPECT_EQ(json_is_null(kurtosis), !measured);
    if (measured) {
      EXPECT_EQ(json_integer_value(json_object_get(kurtosis, "sample")), 3);
      EXPECT_EQ(json_real_value(json_object_get(kurtosis, "coefficient")), 2.5);
      EXPECT_EQ(json_real_value(json_object_get(kurtosis, "se")), 0.5);
      EXPECT_EQ(json_real_value(json_object_get(kurtosis, "theory")), 2);
      EXPECT_STREQ(json_string_value(json_object_get(kurtosis, "verdict")), "agree");
    }
    json_decref(object);
  }
}

// Every key of verdict.json, of its lists and objects too, stands in its paragraph of NOTATION.md.
void ExpectKeysIn(const std::string &text, json_t *value) {
  const char *key;
  json_t *item;
  size_t i;
  json_object_foreach(value, key, item) {
    EXPECT_NE(text.find("`" + std::string(key) + "`"), std::string::npos) << key;
    ExpectKeysIn(text, item);
  }
  json_array_foreach(value, i, item) ExpectKeysIn(text, item);
}

TEST_F(CompareWrite, NotationNamesEveryKey) {
  pdlt_error err{};
  std::string path = folder + "/a";
  pdlt_compare_slope slope{"z", 0, nullptr, -1, 0.1};
  pdlt_comparison shown = c;
  shown.slopes = &slope;
  shown.num_slopes = shown.kurtosis.num = 1;
  ASSERT_EQ(pdlt_comparison_write_json(&shown, path.c_str(), &err), PDLT_OK) << err.message;
  std::ifstream in(PDLT_SOURCE_DIR "/NOTATION.md");
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  const size_t at = all.find("\nverdict.json: ");
  ASSERT_NE(at, std::string::npos);
  json_t *object = json_load_file(path.c_str(), 0, nullptr);
  ExpectKeysIn(all.substr(at, all.find("\n\n", at) - at), object);
  json_decref(object);
}

TEST_F(CompareWrite, FailureLeavesNoFile) {
  pdlt_error err{};
  std::string path = folder + "/missing/a";
  EXPECT_EQ(pdlt_comparison_write_csv(&c, 0, path.c_str(), &err), PDLT_ERR_IO);
  EXPECT_EQ(pdlt_comparison_write_json(&c, path.c_str(), &err), PDLT_ERR_IO);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

}  // namespace
