/* json_schema.h - the JSON Schema of experiments, applied to texts as an editor does.
 *
 * Is: YAML 1.2 as JSON, the keywords that base/experiment/json_schema.c writes and no others, and what the
 * schema must say of a text that the reader accepts or refuses.
 * Is not: an implementation of JSON Schema. */
#ifndef PDLT_TESTS_BASE_JSON_SCHEMA_H
#define PDLT_TESTS_BASE_JSON_SCHEMA_H

#include <gtest/gtest.h>
#include <jansson.h>

#include <cmath>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/experiment/internal.h"

namespace schema {

struct Free {
  void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, Free>;

/* --- YAML as JSON --- */

/* A scalar by the core schema of YAML 1.2. */
inline json_t *ScalarOf(const pdlt_node *node) {
  static const std::regex whole("[-+]?[0-9]+"),
      real("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  const std::string text = node->text;
  if (!node->plain) return json_string(node->text);
  if (text.empty() || text == "~" || text == "null") return json_null();
  if (text == "true" || text == "false") return json_boolean(text == "true");
  if (std::regex_match(text, whole) && text.size() < 19) return json_integer(std::stoll(text));
  if (text == "9223372036854775807") return json_integer(INT64_MAX);
  if (!std::regex_match(text, real)) return json_string(node->text);
  const double number = std::strtod(node->text, nullptr);
  return std::isfinite(number) ? json_real(number) : json_string(node->text); /* of an infinity */
}

inline json_t *ValueOf(const pdlt_node *node) {
  if (node->kind == PDLT_NODE_SCALAR) return ScalarOf(node);
  json_t *out = node->kind == PDLT_NODE_LIST ? json_array() : json_object();
  for (size_t i = 0; i < node->count; i++)
    if (node->kind == PDLT_NODE_LIST)
      json_array_append_new(out, ValueOf(node->items[i]));
    else
      json_object_set_new(out, node->keys[i], ValueOf(node->items[i]));
  return out;
}

/* NULL: the text is no YAML. */
inline Json Read(const std::string &text, const std::vector<std::string> &settings = {}) {
  pdlt_node *root = nullptr;
  pdlt_experiment ex = {};
  pdlt_reader reader = {"text", &ex, nullptr};
  if (pdlt_node_parse(&root, "text", text.data(), text.size(), nullptr, nullptr) != PDLT_OK)
    return {};
  Json out;
  bool good = true;
  for (const auto &set : settings)
    good = good && root->kind == PDLT_NODE_MAP &&
           pdlt_experiment_override(&reader, root, set.c_str()) == PDLT_OK;
  if (good) out.reset(ValueOf(root));
  pdlt_node_free(root);
  return out;
}

/* --- the schema --- */

inline const json_t *Whole() {
  static const Json schema = [] {
    char *text = nullptr;
    EXPECT_EQ(pdlt_experiment_schema(&text, nullptr), PDLT_OK);
    json_t *value = json_loads(text, 0, nullptr);
    pdlt_free(text);
    return Json(value);
  }();
  return schema.get();
}

/* "#/a/b" */
inline const json_t *Resolve(const std::string &ref) {
  const json_t *at = Whole();
  for (size_t begin = 2; begin <= ref.size();) {
    const size_t end = std::min(ref.find('/', begin), ref.size());
    at = json_object_get(at, ref.substr(begin, end - begin).c_str());
    begin = end + 1;
  }
  EXPECT_NE(at, nullptr) << ref;
  return at;
}

inline long double NumberOf(const json_t *value) {
  return json_is_integer(value) ? static_cast<long double>(json_integer_value(value))
                                : static_cast<long double>(json_real_value(value));
}

inline bool Equal(const json_t *a, const json_t *b) {
  if (json_is_number(a) && json_is_number(b)) return NumberOf(a) == NumberOf(b);
  return json_equal(a, b) != 0;
}

inline bool HasType(const json_t *value, const std::string &type) {
  if (type == "object") return json_is_object(value);
  if (type == "array") return json_is_array(value);
  if (type == "string") return json_is_string(value);
  if (type == "boolean") return json_is_boolean(value);
  if (type == "null") return json_is_null(value);
  if (type == "number") return json_is_number(value);
  EXPECT_EQ(type, "integer");
  return json_is_number(value) && NumberOf(value) == std::floor(NumberOf(value));
}

inline const std::regex &Compiled(const std::string &pattern) {
  static std::map<std::string, std::regex> all;
  const auto at = all.find(pattern);
  return at != all.end() ? at->second : all.emplace(pattern, pattern).first->second;
}

inline std::string Complaint(const json_t *schema, const json_t *value);

inline bool Fits(const json_t *schema, const json_t *value) {
  return Complaint(schema, value).empty();
}

/* Of one keyword; "" where it is satisfied. */
inline std::string ComplaintOf(const std::string &word, const json_t *argument,
                               const json_t *schema, const json_t *value) {
  size_t k = 0, fits = 0;
  const char *name = nullptr;
  json_t *item = nullptr;
  static const std::set<std::string> notes = {"$schema", "$defs", "title", "description", "then"};
  if (notes.count(word)) return "";
  if (word == "$ref") return Complaint(Resolve(json_string_value(argument)), value);
  if (word == "const") return Equal(argument, value) ? "" : word;
  if (word == "not") return Fits(argument, value) ? word : "";
  if (word == "if")
    return Fits(argument, value) ? Complaint(json_object_get(schema, "then"), value) : "";
  if (word == "type" && json_is_string(argument))
    return HasType(value, json_string_value(argument)) ? "" : word;
  if (word == "type" || word == "enum" || word == "anyOf" || word == "allOf") {
    json_array_foreach(argument, k, item) fits +=
        word == "type" ? HasType(value, json_string_value(item))
                       : (word == "enum" ? Equal(item, value) : Fits(item, value));
    return fits > 0 && (word != "allOf" || fits == json_array_size(argument)) ? "" : word;
  }
  if (word == "minimum" || word == "maximum" || word == "exclusiveMinimum") {
    if (!json_is_number(value)) return "";
    const long double limit = NumberOf(argument), number = NumberOf(value);
    return (word == "minimum"   ? number >= limit
            : word == "maximum" ? number <= limit
                                : number > limit)
               ? ""
               : word;
  }
  if (word == "minLength" || word == "maxLength" || word == "pattern") {
    if (!json_is_string(value)) return "";
    const std::string text = json_string_value(value);
    if (word == "pattern")
      return std::regex_search(text, Compiled(json_string_value(argument))) ? "" : word;
    const auto limit = static_cast<size_t>(json_integer_value(argument));
    return (word == "minLength" ? text.size() >= limit : text.size() <= limit) ? "" : word;
  }
  if (word == "minItems" || word == "maxItems" || word == "minProperties") {
    const auto limit = static_cast<size_t>(json_integer_value(argument));
    if (word == "minProperties")
      return !json_is_object(value) || json_object_size(value) >= limit ? "" : word;
    if (!json_is_array(value)) return "";
    return (word == "minItems" ? json_array_size(value) >= limit : json_array_size(value) <= limit)
               ? ""
               : word;
  }
  if (word == "items" || word == "contains") {
    json_array_foreach(value, k, item) fits += Fits(argument, item);
    if (!json_is_array(value)) return "";
    return (word == "items" ? fits == json_array_size(value) : fits > 0) ? "" : word;
  }
  if (word == "uniqueItems") {
    for (size_t i = 0; i < json_array_size(value); i++)
      for (size_t j = 0; j < i; j++)
        if (Equal(json_array_get(value, i), json_array_get(value, j))) return word;
    return "";
  }
  if (word == "required") {
    json_array_foreach(argument, k,
                       item) if (json_is_object(value) &&
                                 !json_object_get(value, json_string_value(item))) return word +
        " " + json_string_value(item);
    return "";
  }
  if (word == "properties") {
    json_object_foreach(const_cast<json_t *>(argument), name, item) {
      const json_t *part = json_object_get(value, name);
      const std::string wrong = part != nullptr ? Complaint(item, part) : "";
      if (!wrong.empty()) return std::string(name) + ": " + wrong;
    }
    return "";
  }
  if (word == "additionalProperties") {
    EXPECT_TRUE(json_is_false(argument));
    json_object_foreach(
        const_cast<json_t *>(value), name,
        item) if (!json_object_get(json_object_get(schema, "properties"), name)) return word +
        " " + name;
    return "";
  }
  ADD_FAILURE() << "the schema has a keyword that this test does not know: " << word;
  return word;
}

/* What is wrong with a value; "" when nothing is. */
inline std::string Complaint(const json_t *schema, const json_t *value) {
  const char *word = nullptr;
  json_t *argument = nullptr;
  if (json_is_boolean(schema)) return json_is_true(schema) ? "" : "false";
  json_object_foreach(const_cast<json_t *>(schema), word, argument) {
    const std::string wrong = ComplaintOf(word, argument, schema, value);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

/* --- schema and reader --- */

/* What needs the numbers of other keys, data, theory or more than JSON can say; parts of messages. */
inline const std::vector<std::string> beyond = {
    /* numbers of other keys */
    "repeated key",
    "list the widths from small to large",
    "list the steps increasing",
    "; depth ",
    "lies beyond",
    "there are only ",
    "data.inputs: 4;",
    "network.outputs: ",
    "needs exactly 2",
    "beyond all numbers",
    "needs 47.7 GiB",
    "widths to know a coefficient",
    "with until at most",
    /* what goes with what is derived, or measured */
    "crossings: ",
    "Theta_t needs ntk",
    "which know no batches",
    "batches with",
    "follows the width",
};

/* message: of the reader, "" where it accepts the text. */
inline void ExpectAgreement(const std::string &text, const std::vector<std::string> &settings,
                            const std::string &message) {
  const Json value = Read(text, settings);
  if (value == nullptr) return;
  const std::string wrong = Complaint(Whole(), value.get());
  if (message.empty()) {
    EXPECT_EQ(wrong, "") << text;
    return;
  }
  for (const auto &part : beyond)
    if (message.find(part) != message.npos) return;
  EXPECT_NE(wrong, "") << message;
}

}  // namespace schema

#endif
