// Keys of figures: read, refused, written as JSON and set for results that are there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/experiment/experiment.h"

namespace {

const char small[] =
    "network: {activation: tanh, depth: 2, widths: [8, 16], C_b: 0, C_W: 1}\n"
    "data: {source: circle, train: 4, test: 2}\n"
    "training: {eta: 0.1, steps: 10, record: [0, 5, 10]}\n";

// Keys of the experiment with a section of figures; the message where it is refused.
std::string Read(const std::string &figures, pdlt_figure_keys *keys, std::string *json = nullptr,
                 std::string *hash = nullptr) {
  pdlt_experiment ex{};
  pdlt_error err{};
  const std::string text = small + (figures.empty() ? "" : "figures: " + figures + "\n");
  const pdlt_status status = pdlt_experiment_parse(&ex, text.c_str(), "e", 0, nullptr, &err);
  if (status != PDLT_OK) return err.message;
  *keys = ex.compare.figures;
  json_t *object = nullptr;
  EXPECT_EQ(pdlt_experiment_to_json(&ex, &object, &err), PDLT_OK);
  char *dump = json_dumps(json_object_get(object, "figures"), JSON_SORT_KEYS | JSON_COMPACT);
  if (json != nullptr) *json = dump != nullptr ? dump : "";
  free(dump);
  pdlt_compare_keys again;
  pdlt_compare_keys_from_json(&again, object);
  EXPECT_EQ(std::string(keys->title), again.figures.title);
  EXPECT_EQ(keys->font_size, again.figures.font_size);
  EXPECT_EQ(keys->width_mm, again.figures.width_mm);
  EXPECT_EQ(keys->grey, again.figures.grey);
  EXPECT_EQ(keys->num_quantities, again.figures.num_quantities);
  EXPECT_TRUE(
      std::equal(keys->quantities, keys->quantities + PDLT_QUANTITIES, again.figures.quantities));
  EXPECT_EQ(std::vector<unsigned>(keys->color, keys->color + PDLT_FIGURE_COLORS),
            std::vector<unsigned>(again.figures.color, again.figures.color + PDLT_FIGURE_COLORS));
  EXPECT_EQ(
      std::vector<double>(keys->times, keys->times + keys->num_times),
      std::vector<double>(again.figures.times, again.figures.times + again.figures.num_times));
  EXPECT_EQ(
      std::vector<int>(keys->samples, keys->samples + keys->num_samples),
      std::vector<int>(again.figures.samples, again.figures.samples + again.figures.num_samples));
  json_decref(object);
  char digest[17] = "";
  EXPECT_EQ(pdlt_experiment_hash(&ex, "d", 0, digest, &err), PDLT_OK);
  if (hash != nullptr) *hash = digest;
  pdlt_experiment_free(&ex);
  return "";
}

TEST(FigureKeys, AreRead) {
  pdlt_figure_keys keys{};
  ASSERT_EQ(
      Read("{title: a title, font_size: 8, width_mm: 85.5, colors: {blue: \"#00fF10\", black: "
           "\"#000000\"}, quantities: [cov, K], times: [0, 10], samples: [6, 1]}",
           &keys),
      "");
  EXPECT_STREQ(keys.title, "a title");
  EXPECT_EQ(keys.font_size, 8);
  EXPECT_EQ(keys.width_mm, 85.5);
  EXPECT_EQ(keys.grey, 0);
  EXPECT_EQ(keys.color[1], PDLT_FIGURE_OWN_COLOR + 0x00ff10u);
  EXPECT_EQ(keys.color[0], unsigned(PDLT_FIGURE_OWN_COLOR));
  EXPECT_EQ(keys.color[2], 0u);
  EXPECT_EQ(keys.num_quantities, 2u);
  EXPECT_TRUE(keys.quantities[PDLT_QUANTITY_K] && keys.quantities[PDLT_QUANTITY_COV]);
  ASSERT_EQ(keys.num_times, 2u);
  EXPECT_EQ(keys.times[1], 10);
  ASSERT_EQ(keys.num_samples, 2u);
  EXPECT_EQ(keys.samples[0], 6);
  ASSERT_EQ(Read("{colors: grey}", &keys), "");
  EXPECT_EQ(keys.grey, 1);
}

// Nothing where nothing is set; in the words of the file; no digest of a run knows of it.
TEST(FigureKeys, JsonAndHash) {
  pdlt_figure_keys keys{};
  std::string json, hash, plain;
  ASSERT_EQ(Read("", &keys, &json, &plain), "");
  EXPECT_EQ(json, "");
  ASSERT_EQ(Read("{}", &keys, &json, &hash), "");
  EXPECT_EQ(json, "");
  EXPECT_EQ(hash, plain);
  ASSERT_EQ(Read("{title: \"\", quantities: [], times: [], samples: [], colors: {}}", &keys, &json,
                 &hash),
            "");
  EXPECT_EQ(json, "");
  const std::string all =
      R"({"colors":{"sky":"#0a0b0c"},"font_size":8.0,"quantities":["K","z"],"samples":[3,1],)"
      R"("times":[0.0,5.0],"title":"t","width_mm":85.0})";
  ASSERT_EQ(Read(all, &keys, &json, &hash), "");
  EXPECT_EQ(json, all);
  EXPECT_EQ(hash, plain);
}

TEST(FigureKeys, Refusals) {
  pdlt_figure_keys keys{};
  const struct {
    const char *figures, *message;
  } cases[] = {
      {"{font_size: 3}", "font_size: 3; expected a number >= 4 and <= 14"},
      {"{width_mm: 59}", "width_mm: 59; expected a number >= 60 and <= 500"},
      {"{title: [a]}", "title: a list of 1; expected text of less than 200 bytes"},
      {"{colors: blue}", "colors: blue; expected grey, or {NAME: \"#rrggbb\", ...} with names of "},
      {"{colors: {red: \"#ff0000\"}}", "colors: red is no colour; grey, or {NAME: "},
      {"{colors: {blue: \"#ff000\"}}", "colors: \"#ff000\"; expected grey, or {NAME: "},
      {"{colors: {blue: [1]}}", "colors: a list of 1; expected grey, or {NAME: "},
      {"{quantities: z}",
       "quantities: z; expected a list of quantities, as NOTATION.md names them"},
      {"{quantities: [z, zz]}", "quantities: zz; expected a list of quantities"},
      {"{times: [5, 0]}", "times: 0; expected a list of at most 64 recorded steps, increasing"},
      {"{times: [-1]}", "times: -1; expected a list of at most 64 recorded steps"},
      {"{times: [7]}", "times: 7 is not recorded; recorded are 0, 5, 10"},
      {"{times: [0, end]}", "times: end is not recorded; recorded are 0, 5, 10"},
      {"{samples: [1, 1]}",
       "samples: 1; expected a list of at most 64 different numbers of samples"},
      {"{samples: [0]}", "samples: 0; expected a list of at most 64 different numbers"},
      {"{samples: [7]}", "samples: 7, but there are 6 samples"},
      {"{size: 3}", "size: unknown key; "},
      {"3", ": 3; expected a mapping of keys"},
  };
  for (const auto &c : cases) {
    const std::string message = Read(c.figures, &keys);
    EXPECT_EQ(message.rfind("e:4: figures", 0), 0u) << c.figures << "\n" << message;
    EXPECT_NE(message.find(c.message), message.npos) << c.figures << "\n" << message;
  }
  std::string many = "{samples: [1";
  for (int k = 2; k <= 65; k++) many += ", " + std::to_string(k);
  EXPECT_NE(Read(many + "]}", &keys).find("samples: a list of 65; expected "), std::string::npos);
  EXPECT_NE(Read("{title: \"" + std::string(200, 'x') + "\"}", &keys).find("less than 200 bytes"),
            std::string::npos);
  EXPECT_EQ(Read("{title: \"" + std::string(199, 'x') + "\"}", &keys), "");
}

// Text that is no experiment of this program: what is not there is as if not set.
TEST(FigureKeys, OfAnyJson) {
  for (const char *text :
       {"{}", "{\"figures\":3}", "{\"figures\":{\"title\":3,\"font_size\":\"x\",\"width_mm\":1e9}}",
        "{\"figures\":{\"colors\":[1],\"quantities\":\"z\",\"times\":[-3,\"x\",\"y\"]}}",
        "{\"figures\":{\"colors\":{\"blue\":3,\"red\":\"#ffffff\"},\"samples\":[0,-1,\"2\",1e30]}"
        "}"}) {
    json_t *json = json_loads(text, 0, nullptr);
    ASSERT_NE(json, nullptr) << text;
    pdlt_compare_keys keys;
    pdlt_compare_keys_from_json(&keys, json);
    json_decref(json);
    const pdlt_figure_keys &f = keys.figures;
    EXPECT_EQ(f.title[0], 0);
    EXPECT_EQ(f.font_size + f.width_mm, 0);
    EXPECT_EQ(f.num_quantities, 0u);
    EXPECT_LE(f.num_times, 1u);
    EXPECT_EQ(f.num_samples, 0u);
    for (const unsigned color : f.color) EXPECT_EQ(color, 0u) << text;
  }
}

TEST(FigureKeys, AreSetForResults) {
  pdlt_compare_keys keys{};
  pdlt_error err{};
  const char *sets[] = {"figures.samples=[2]", "compare.degree=3", "figures={width_mm: 90}",
                        "figures.colors=grey"};
  ASSERT_EQ(pdlt_compare_keys_set(&keys, 4, sets, &err), PDLT_OK) << err.message;
  EXPECT_EQ(keys.degree, 3);
  EXPECT_EQ(keys.figures.width_mm, 90);
  EXPECT_EQ(keys.figures.grey, 1);
  EXPECT_EQ(keys.figures.num_samples, 0u); /* the whole section was set anew */
  const char *wrong[] = {"figures.width_mm=9"};
  EXPECT_EQ(pdlt_compare_keys_set(&keys, 1, wrong, &err), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "--set: figures.width_mm: 9; expected a number >= 60 and <= 500");
  EXPECT_EQ(keys.figures.width_mm, 90);
}

}  // namespace
