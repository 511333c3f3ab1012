// features.html and features.json of made-up archives: means and verdicts by hand, what the page holds.
#include "compare/page/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/file/json.h"
#include "compare/page/features_scores.h"

namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "pdlt-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  std::string Read(const std::string &name) const {
    std::ifstream in(path / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  fs::path path;
};

struct Archive {
  ~Archive() { pdlt_archive_free(&c); }
  Archive() = default;
  Archive(const Archive &) = delete;
  void Put(const std::string &name, const std::vector<size_t> &dim, std::vector<double> data) {
    pdlt_array *array = nullptr;
    ASSERT_EQ(pdlt_archive_new(&c, name.c_str(), (int)dim.size(), dim.data(), &array, nullptr),
              PDLT_OK);
    ASSERT_EQ(pdlt_array_count(array), data.size()) << name;
    for (size_t i = 0; i < data.size(); i++) array->data[i] = data[i];
  }
  void Meta(const char *text) {
    json_t *meta = json_loads(text, 0, nullptr);
    ASSERT_NE(meta, nullptr) << text;
    json_object_update(pdlt_archive_meta(&c), meta);
    json_decref(meta);
  }
  pdlt_archive c = {};
};

const char *const meta_text =
    "{\"experiment\": {\"title\": \"a < b\", \"data\": {\"train\": 2}}, \"hash\": \"h\","
    " \"commit\": \"c\", \"width\": 8, \"member\": 3,"
    " \"lists\": [\"k\", \"k_E\", \"k_E_rotated\", \"neurons/layer1\"],"
    " \"list_texts\": [\"at the start\", \"at the end\", \"turned\", \"neurons\"],"
    " \"structures\": [{\"name\": \"first\", \"text\": \"inputs\","
    "   \"blocks\": [\"x_0\", \"<x_1>\"], \"budget\": 2}]}";

// Scores of four members, the third diverged; [member][list] of A; B = A/2, P = 1.
const double A[4][4] = {
    {0.2, 0.8, 0.5, 0.9}, {0.3, 0.9, 0.5, 1.0}, {NAN, NAN, NAN, NAN}, {0.1, 0.7, 0.9, 0.8}};

void Fill(Archive *a) {
  std::vector<double> scores;
  for (const auto &member : A)
    for (const double x : member) {
      scores.push_back(x);
      scores.push_back(x / 2);
      scores.push_back(std::isfinite(x) ? 1 : NAN);
    }
  a->Meta(meta_text);
  a->Put("x", {3, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1});
  a->Put("scores/first", {4, 4, 3}, scores);
  a->Put("kernel/k", {2, 2}, {3, 0, 0, 4});
  a->Put("kernel/k_E", {2, 2}, {3, 1, 1, 6});
  a->Put("kernel/change", {2, 2}, {0, 1, 1, 2});
  for (const std::string name : {"k", "k_E", "change"}) {
    a->Put("eigenvalues/" + name, {2}, {2, 0.5});
    a->Put("ascent/" + name + "/x", {1, 2, 3}, {1, 2, 3, -1, -2, -3});
    a->Put("ascent/" + name + "/value", {1, 2}, {1, -1});
    a->Put("ascent/" + name + "/agree", {1, 2}, {1, 0.5});
    a->Put("shares/first/" + name, {2, 2}, {0.5, 0.25, 0, 1});
  }
  a->Put("layers", {2, 2}, {1, 3, 2, 2});
  a->Put("fan", {2}, {3, 8});
  a->Put("weights/kept", {3}, {1, 2, 4});
  a->Put("weights/reached", {3}, {0.3, 0.95, 1});
  a->Put("weights/few", {}, {2});
  a->Put("weights/count", {}, {4});
  a->Put("weights/residual", {}, {1e-10});
  a->Put("weights/layers", {2}, {0.25, 0.75});
  a->Put("weights/strongest", {2, 4}, {1, 4, 3, 0.5, 2, 0, 7, 0.25});
}

struct Page {
  explicit Page(const Archive &features, const Archive *theory = nullptr,
                const Archive *measured = nullptr) {
    const Archive none;
    const pdlt_features_input in = {&features.c, theory == nullptr ? &none.c : &theory->c,
                                    measured == nullptr ? &none.c : &measured->c};
    pdlt_error err = {};
    char *json = nullptr;
    EXPECT_EQ(pdlt_features_page_write(&in, folder.path.c_str(), &json, &err), PDLT_OK)
        << err.message;
    html = folder.Read("features.html");
    text = json == nullptr ? "" : json;
    pdlt_free(json);
  }
  bool Has(const std::string &what) const { return html.find(what) != html.npos; }
  Folder folder;
  std::string html, text;
};

TEST(FeaturesScores, MeansErrorsAndVerdictsByHand) {
  Archive a;
  Fill(&a);
  pdlt_feature_scores s = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_feature_scores_make(&s, &a.c, 0, &err), PDLT_OK) << err.message;
  EXPECT_EQ(s.members, 3u);
  EXPECT_EQ(s.budget, 2u);
  const pdlt_feature_row *start = pdlt_feature_scores_find(&s, "k");
  ASSERT_NE(start, nullptr);
  EXPECT_NEAR(start->score[0].mean, 0.2, 1e-14);
  EXPECT_NEAR(start->score[0].se, 0.1 / std::sqrt(3), 1e-14);
  EXPECT_NEAR(start->score[1].mean, 0.1, 1e-14);
  // k_E - k is 0.6 for every member: the errors of both are common.
  EXPECT_NEAR(start->less[0].mean, 0.6, 1e-14);
  EXPECT_NEAR(start->less[0].se, 0, 1e-14);
  EXPECT_EQ(start->holds[0], PDLT_HOLDS_MORE);
  EXPECT_EQ(start->holds[2], PDLT_HOLDS_NO_ANSWER); /* purities are equal */
  const pdlt_feature_row *turned = pdlt_feature_scores_find(&s, "k_E_rotated");
  EXPECT_NEAR(turned->less[0].mean, (0.3 + 0.4 - 0.2) / 3, 1e-14);
  EXPECT_EQ(turned->holds[0], PDLT_HOLDS_NO_ANSWER);
  EXPECT_EQ(pdlt_feature_scores_find(&s, "neurons/layer1")->holds[0], PDLT_HOLDS_LESS);
  EXPECT_EQ(pdlt_feature_scores_find(&s, "none"), nullptr);
  pdlt_feature_scores_free(&s);
}

// Just below and just above four standard errors; of one member there is no answer.
TEST(FeaturesScores, FourStandardErrorsDecide) {
  for (const double mean : {3.99, 4.01, -3.99, -4.01}) {
    Archive a;
    a.Meta(meta_text);
    std::vector<double> scores;
    for (const double sign : {-1.0, 1.0}) /* differences mean -+ 1: standard error 1 */
      for (int list = 0; list < 4; list++)
        for (int k = 0; k < 3; k++) scores.push_back(list == 1 ? mean + sign : 0);
    a.Put("scores/first", {2, 4, 3}, scores);
    pdlt_feature_scores s = {};
    ASSERT_EQ(pdlt_feature_scores_make(&s, &a.c, 0, nullptr), PDLT_OK);
    EXPECT_NEAR(s.row[0].less[0].se, 1, 1e-14);
    EXPECT_EQ(s.row[0].holds[0], std::fabs(mean) < 4 ? PDLT_HOLDS_NO_ANSWER
                                 : mean > 0          ? PDLT_HOLDS_MORE
                                                     : PDLT_HOLDS_LESS);
    pdlt_feature_scores_free(&s);
  }
  Archive one;
  one.Meta(meta_text);
  one.Put("scores/first", {1, 4, 3}, {0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0});
  pdlt_feature_scores s = {};
  ASSERT_EQ(pdlt_feature_scores_make(&s, &one.c, 0, nullptr), PDLT_OK);
  EXPECT_EQ(s.row[0].holds[0], PDLT_HOLDS_NO_ANSWER);
  EXPECT_TRUE(std::isnan(s.row[0].score[0].se));
  pdlt_feature_scores_free(&s);
}

TEST(FeaturesScores, RefusesWhatDoesNotFit) {
  pdlt_feature_scores s = {};
  pdlt_error err = {};
  Archive none;
  none.Meta(meta_text);
  EXPECT_EQ(pdlt_feature_scores_make(&s, &none.c, 0, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(pdlt_feature_scores_make(&s, &none.c, 1, &err), PDLT_ERR_INPUT);
  none.Put("scores/first", {1, 3, 3}, std::vector<double>(9));
  EXPECT_EQ(pdlt_feature_scores_make(&s, &none.c, 0, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(s.row, nullptr);
}

TEST(FeaturesPage, HoldsScoresFiguresAndLayers) {
  Archive a;
  Fill(&a);
  const Page page(a);
  EXPECT_TRUE(page.Has("<h1>a &lt; b</h1>"));
  EXPECT_FALSE(page.Has("<x_1>"));
  EXPECT_TRUE(page.Has("x_0, &lt;x_1&gt;"));
  // |change|/|k| = sqrt(6)/5.
  EXPECT_TRUE(page.Has("network 3, n = 8, by 49 % of its size; 2 of its 4 parameters, 50 %"));
  EXPECT_TRUE(page.Has("the 2 leading functions of the NTK holds 40.0 \xc2\xb1 2.9 % after"));
  EXPECT_TRUE(page.Has("more than before it"));
  EXPECT_TRUE(page.Has("no more, within the error, than the same span turned at random"));
  EXPECT_TRUE(page.Has("neurons, layer 1"));
  EXPECT_TRUE(page.Has("0.800 \xc2\xb1 0.058<span class=\"track\"><span style=\"width:80.0%\">"));
  EXPECT_TRUE(
      page.Has("less<br>\xe2\x88\x92"
               "0.100"));
  for (const char *stem : {"sheet", "kernels", "spectrum", "weights"}) {
    EXPECT_TRUE(page.Has(std::string("<figure id=\"figure-features_") + stem)) << stem;
    for (const char *ending : {".svg", ".png", ".pdf", ".csv"})
      EXPECT_TRUE(
          fs::exists(page.folder.path / "figures" / (std::string("features_") + stem + ending)));
  }
  EXPECT_FALSE(page.Has("features_deviation"));
  // Layers: 25 and 75 % before, half after; the bias of neuron 5 is told from its weights.
  EXPECT_TRUE(page.Has("data-label=\"of k, %\">25<"));
  EXPECT_TRUE(page.Has("data-label=\"of kE, %\">50<"));
  EXPECT_TRUE(page.Has("data-label=\"from\">bias<"));
  EXPECT_TRUE(page.Has("data-label=\"from\">8<"));
  EXPECT_FALSE(page.Has("<script"));
  EXPECT_FALSE(page.Has("http"));
  const Page again(a);
  EXPECT_EQ(page.html, again.html);
}

TEST(FeaturesPage, JsonHoldsTheNumbers) {
  Archive a;
  Fill(&a);
  const Page page(a);
  json_t *root = json_loads(page.text.c_str(), 0, nullptr);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(json_integer_value(json_object_get(root, "member")), 3);
  EXPECT_NEAR(json_real_value(json_object_get(root, "kernel_change")), std::sqrt(6.0) / 5, 1e-14);
  const json_t *structure = json_array_get(json_object_get(root, "structures"), 0);
  EXPECT_EQ(json_array_size(json_object_get(structure, "candidates")), 4u);
  const json_t *differences = json_object_get(structure, "differences");
  ASSERT_EQ(json_array_size(differences), 3u);
  const json_t *first = json_object_get(json_array_get(differences, 0), "A");
  EXPECT_STREQ(json_string_value(json_object_get(first, "k_E")), "more");
  EXPECT_NEAR(json_real_value(json_object_get(first, "mean")), 0.6, 1e-14);
  EXPECT_EQ(page.folder.Read("features.json"), page.text + "\n");
  json_decref(root);
}

// Samples that are images have a gallery in place of the figure.
TEST(FeaturesPage, ImagesAreShown) {
  Archive a;
  Fill(&a);
  a.Meta("{\"image\": {\"rows\": 1, \"columns\": 3}}");
  for (const std::string name : {"k", "k_E", "change"})
    a.Put("functions/" + name, {1, 3}, {0.1, -1.3, 1.2});
  const Page page(a);
  EXPECT_FALSE(page.Has("figure-features_sheet"));
  EXPECT_TRUE(page.Has("alt=\"image where function 1 is largest\" src=\"data:image/png;base64,"));
  // Largest at samples 3 and 1, smallest at 2 and 1.
  const size_t at = page.html.find("function 1 is largest");
  const size_t three = page.html.find("alt=\"sample 3\"", at),
               one = page.html.find("alt=\"sample 1\"", at);
  const size_t small = page.html.find("function 1 is smallest", at);
  const size_t two = page.html.find("alt=\"sample 2\"", small);
  EXPECT_LT(three, one);
  EXPECT_LT(one, small);
  EXPECT_LT(small, two);
  EXPECT_LT(two, page.html.find("alt=\"sample 1\"", small));
  EXPECT_TRUE(page.Has("1: 1, 100 %"));
  EXPECT_TRUE(
      page.Has("\xe2\x88\x92"
               "1, 50 %"));
}

TEST(FeaturesPage, SaysWhyThereAreNoSingleWeights) {
  Archive a;
  Fill(&a);
  a.Meta("{\"absent\": {\"weights\": \"7 < 8 are too many\"}}");
  EXPECT_TRUE(Page(a).Has("Not split over single weights: 7 &lt; 8 are too many."));
}

// Regression beside theory, where both archives have it.
TEST(FeaturesPage, DeviationsAgainstWidth) {
  Archive a, theory, measured;
  Fill(&a);
  measured.Meta("{\"experiment\": {\"network\": {\"widths\": [4, 8], \"width_ratios\": [1, 2]}}}");
  theory.Meta("{}");
  for (const std::string name : {"k", "k_E"}) {
    const double sign = name == "k" ? 1 : -1;
    theory.Put("deviation_" + name + "_nlo", {2, 1, 3}, {0, 0, 0, 0, sign, -2 * sign});
    for (const int n : {4, 8}) {
      const std::string at = "n" + std::to_string(n) + "/deviation_" + name;
      const double h = 1.0 / (2 * n);
      measured.Put(at, {2, 1, 3}, {0, 0, 0, 0, sign * h, -2.2 * sign * h});
      measured.Put(at + "_se", {2, 1, 3}, {0, 0, 0, 0, 0.1 * h, 0.1 * h});
    }
  }
  const Page page(a, &theory, &measured);
  EXPECT_TRUE(page.Has("of output 1 on sample 3 at the last time"));
  EXPECT_TRUE(page.Has("dashed: predicted"));
  // n_{L-1} times the numbers, whatever the width, and the level of theory.
  const std::string csv = page.folder.Read("figures/features_deviation.csv");
  EXPECT_NE(csv.find("-2.2"), csv.npos) << csv;
  EXPECT_NE(csv.find("-2.1"), csv.npos) << csv;
  EXPECT_NE(csv.find(",-2,"), csv.npos) << csv;
  const Page without(a, nullptr, &measured);
  EXPECT_TRUE(without.Has("there is no prediction beside it"));
}

}  // namespace
