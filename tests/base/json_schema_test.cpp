// json_schema_test.cpp - the JSON Schema of experiments: whole, strict, never stricter than the reader.
#include "tests/base/json_schema.h"

#include <filesystem>

#include "tests/cli/pages.h"

namespace {

namespace fs = std::filesystem;

const char *const kGood =
    "network: {activation: tanh, depth: 3, widths: [16, 32], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: gaussian, inputs: 4, train: 3, test: 2}\n"
    "training: {eta: 0.3, steps: 10}\n";

std::string Wrong(const std::string &text, const std::vector<std::string> &settings = {}) {
  const auto value = schema::Read(text, settings);
  EXPECT_NE(value, nullptr) << text;
  return schema::Complaint(schema::Whole(), value.get());
}

// The value of a key, wherever it stands.
const json_t *PropertyOf(const std::string &path) {
  const size_t dot = path.find('.');
  return schema::Resolve(dot == path.npos ? "#/properties/" + path
                                          : "#/properties/" + path.substr(0, dot) + "/properties/" +
                                                path.substr(dot + 1));
}

// Files that describe networks: not what is expected of claims, nor descriptions of frameworks.
bool IsExperiment(const std::string &text) {
  const auto value = schema::Read(text);
  const json_t *network = json_object_get(value.get(), "network");
  return json_object_get(network, "activation") != nullptr ||
         json_object_get(network, "depth") != nullptr;
}

TEST(JsonSchema, AcceptsEveryExperimentOfTheRepository) {
  size_t files = 0, blocks = 0;
  for (const char *folder : {"reports", "docs", "bench", "examples", "python", "datasets"})
    for (const auto &entry : fs::recursive_directory_iterator(fs::path(PDLT_SOURCE_DIR) / folder)) {
      const auto text = entry.path().extension() == ".yaml" ? read_text(entry.path()) : "";
      if (text.empty() || !IsExperiment(text)) continue;
      EXPECT_EQ(Wrong(text), "") << entry.path();
      files++;
    }
  for (const auto &entry : fs::directory_iterator(PDLT_SOURCE_DIR "/docs")) {
    if (entry.path().extension() != ".md") continue;
    for (const auto &fence : fences_of("docs/" + entry.path().filename().string())) {
      const std::string text = fence.text();
      if (fence.language != "yaml" || !IsExperiment(text)) continue;
      if (fence.file().empty()) continue; /* a part of a file */
      EXPECT_EQ(Wrong(text), "") << entry.path() << ": " << fence.file();
      blocks++;
    }
  }
  EXPECT_GE(files, 100u);
  EXPECT_GE(blocks, 15u);
}

TEST(JsonSchema, EveryKeyHasItsLimits) {
  EXPECT_EQ(Wrong(kGood), "");
  for (size_t i = 0; i < pdlt_schema_count; i++) {
    const pdlt_schema_key &key = pdlt_schema[i];
    const json_t *form = PropertyOf(key.path);
    const auto fits = [form](json_t *value) {
      return schema::Fits(form, schema::Json(value).get());
    };
    ASSERT_TRUE(json_is_object(form)) << key.path;
    EXPECT_FALSE(fits(json_pack("[[[]]]"))) << key.path;
    EXPECT_FALSE(fits(json_pack("{s:[]}", "no_such_key"))) << key.path;
    EXPECT_TRUE(key.type != PDLT_VALUE_CUSTOM || key.words != nullptr || key.form != nullptr)
        << key.path;
    if (key.type == PDLT_VALUE_INT || key.type == PDLT_VALUE_LONG || key.type == PDLT_VALUE_REAL) {
      EXPECT_NE(fits(json_real(key.min)), key.min_open != 0) << key.path;
      EXPECT_TRUE(fits(json_real(key.max))) << key.path;
      EXPECT_FALSE(fits(json_real(key.min - 1))) << key.path;
      EXPECT_FALSE(fits(json_real(key.max + 1))) << key.path;
      const bool real = key.type == PDLT_VALUE_REAL;
      EXPECT_EQ(fits(json_real((real ? 0 : 0.25) + (key.min + key.max) / 2)), real) << key.path;
    }
    for (size_t w = 0; key.words != nullptr && key.words[w] != nullptr; w++)
      EXPECT_TRUE(fits(key.type == PDLT_VALUE_WORD ? json_string(key.words[w])
                                                   : json_pack("[s]", key.words[w])))
          << key.path << key.words[w];
  }
}

// What stands behind $ref exists, and every keyword is one of those that the tests know.
void Walk(const json_t *part) {
  const char *name = nullptr;
  json_t *item = nullptr;
  size_t k = 0;
  const json_t *ref = json_object_get(part, "$ref");
  EXPECT_TRUE(!json_is_string(ref) || json_is_object(schema::Resolve(json_string_value(ref))));
  json_object_foreach(const_cast<json_t *>(part), name, item) Walk(item);
  json_array_foreach(part, k, item) Walk(item);
}

TEST(JsonSchema, RefersToWhatIsThere) { Walk(schema::Whole()); }

TEST(JsonSchema, KnowsWhatIsNeeded) {
  const std::vector<std::pair<std::string, std::string>> texts = {
      {"title: t\n", "required network"},
      {"network: {depth: 2}\ndata: {source: circle, train: 1}\n", "required"},
      {"network:\ndata:\n", "type"},
  };
  for (const auto &[text, wrong] : texts) EXPECT_NE(Wrong(text), "") << text << wrong;
  const std::string short_good = std::string(kGood).substr(0, std::string(kGood).find("training"));
  EXPECT_NE(Wrong(short_good), "");
  EXPECT_EQ(Wrong(short_good, {"measure=[posterior]"}), "");
  EXPECT_EQ(Wrong(short_good, {"posterior.noise=0.1"}), "");
  EXPECT_EQ(Wrong(short_good, {"sweep={training.eta: [0.1, 0.2]}"}), "");
  EXPECT_NE(Wrong(kGood, {"sweep={training.eta: [0.1, -0.2]}"}), "");
  EXPECT_NE(Wrong(kGood, {"sweep={eta: [0.1, 0.2]}"}), "");
  EXPECT_NE(Wrong(kGood, {"sweep={zip: {network.depth: 3}}"}), "");
  EXPECT_EQ(Wrong(kGood, {"sweep={zip: {network.depth: [3, 4], network.C_W: [critical, 2]}}"}), "");
  EXPECT_NE(Wrong(kGood, {"data.file=a.csv"}), "");
  EXPECT_NE(Wrong(kGood, {"data.source=csv"}), "");
}

// Whether the reader takes the good file with these settings.
bool IsRead(const std::vector<std::string> &settings) {
  std::vector<const char *> texts;
  for (const auto &set : settings) texts.push_back(set.c_str());
  pdlt_experiment ex = {};
  const pdlt_status status =
      pdlt_experiment_parse(&ex, kGood, "e.yaml", texts.size(), texts.data(), nullptr);
  pdlt_experiment_free(&ex);
  return status == PDLT_OK;
}

// Every key with values of all sorts: what the reader accepts, the schema accepts.
TEST(JsonSchema, IsNeverStricterThanTheReader) {
  const std::vector<std::string> values = {"-1",
                                           "0",
                                           "0.5",
                                           "1",
                                           "2",
                                           "3",
                                           "1e-4",
                                           "1e3",
                                           "1e9",
                                           "1e12",
                                           "true",
                                           "false",
                                           "end",
                                           "flow",
                                           "both",
                                           "critical",
                                           "word",
                                           "'3'",
                                           "[]",
                                           "[1]",
                                           "[0, 1]",
                                           "[1, 2]",
                                           "[0.5, 1, 2]",
                                           "[1, 2, 3]",
                                           "[0, 5, end]",
                                           "[a, b]",
                                           "[output]",
                                           "[output, kernel, ntk]",
                                           "[K, z]",
                                           "[V]",
                                           "[posterior]",
                                           "{scale: 1, power: -1}",
                                           "{scale: 1, width: -1}",
                                           "{relative: 0.5}",
                                           "{until: {quantity: z, relative: 0.1}}",
                                           "{quantity: z, relative: 0.1}",
                                           "{shape: [2, 2]}",
                                           "{shape: [4], channels: 1}",
                                           "{x: [a], y: b}",
                                           "[dense, dense, dense]",
                                           "[dense, {dense: true, skip: 0.5}, dense]",
                                           "[{conv: 3, padding: zero}, average, dense]",
                                           "relu",
                                           "' leaky_relu( 0.1 ) '",
                                           "polynomial(0,1,2)",
                                           "grey",
                                           "{blue: '#00ffAA'}",
                                           "{network.depth: [3, 4]}"};
  const std::vector<std::vector<std::string>> bases = {
      {},
      {"network.input={shape: [4]}"},
      {"data={source: csv, file: f.csv, train: 3, label: c, classes: [1, 2]}"},
      {"data={source: npy, file: f.npz, train: 3}"},
      {"data={source: parity, inputs: 4, train: 3}"},
      {"network.widths=[8, 16, 24, 32]", "measure=[output, kernel, ntk]", "training.eta=flow"}};
  size_t accepted = 0, refused = 0, both = 0;
  for (const auto &base : bases) {
    EXPECT_TRUE(IsRead(base)) << base[0];
    for (size_t i = 0; i < pdlt_schema_count; i++)
      for (const auto &value : values) {
        const std::string path = pdlt_schema[i].path;
        /* theory refuses the names that it does not know */
        if (path == "theory.omit" || path == "theory.flip") continue;
        if (!base.empty() && base[0].substr(0, 4) != path.substr(0, 4)) continue;
        auto settings = base;
        settings.push_back(std::string(pdlt_schema[i].path) + "=" + value);
        const bool good = IsRead(settings);
        if (!good && !base.empty()) continue; /* counted with the first base alone */
        const std::string wrong = Wrong(kGood, settings);
        EXPECT_TRUE(!good || wrong.empty()) << wrong << " " << settings.back();
        accepted += good;
        refused += !good;
        both += !good && !wrong.empty();
      }
  }
  EXPECT_GT(accepted, 500u);
  /* What it does not see needs numbers. */
  EXPECT_GT(10 * both, 9 * refused) << both << " of " << refused;
}

}  // namespace
