// yaml: text to tree and back, lines, numbers, what is refused, messages, failed allocations.
#include "base/file/yaml.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/core/memory.h"

namespace {

struct Tree {
  pdlt_node *root = nullptr;
  pdlt_error err = {};
  pdlt_status status;
  explicit Tree(const std::string &text, const char *set_key = nullptr) {
    status = pdlt_node_parse(&root, "f.yaml", text.data(), text.size(), set_key, &err);
  }
  ~Tree() { pdlt_node_free(root); }
  Tree(const Tree &) = delete;
  pdlt_node *at(const char *key) const { return pdlt_node_find(root, key, strlen(key), nullptr); }
};

TEST(Yaml, TreeKnowsKindsLinesAndQuotes) {
  const Tree tree("a: 1\nb: [x, 'it''s']\nc:\n  d: \"2\"\n");
  ASSERT_EQ(tree.status, PDLT_OK) << tree.err.message;
  ASSERT_EQ(tree.root->kind, PDLT_NODE_MAP);
  ASSERT_EQ(tree.root->count, 3u);
  EXPECT_EQ(tree.root->key_lines[2], 3);
  EXPECT_EQ(tree.at("b")->kind, PDLT_NODE_LIST);
  EXPECT_EQ(tree.at("b")->line, 2);
  EXPECT_TRUE(tree.at("b")->items[0]->plain);
  EXPECT_FALSE(tree.at("b")->items[1]->plain);
  EXPECT_STREQ(tree.at("b")->items[1]->text, "it's");
  EXPECT_EQ(tree.at("e"), nullptr);
  size_t place = 9;
  EXPECT_EQ(pdlt_node_find(tree.root, "c.d", 1, &place), tree.at("c"));
  EXPECT_EQ(place, 2u);
  char *text = nullptr;
  ASSERT_EQ(pdlt_node_text(&text, tree.root, nullptr), PDLT_OK);
  EXPECT_STREQ(text, "{a: 1, b: [x, 'it''s'], c: {d: '2'}}");
  pdlt_free(text);
}

TEST(Yaml, ItemsAreRemoved) {
  const Tree tree("a: 1\nb: [x, y, z]\nc: 3\n");
  pdlt_node_remove(tree.at("b"), 2);
  pdlt_node_remove(tree.root, 0);
  char *text = nullptr;
  ASSERT_EQ(pdlt_node_text(&text, tree.root, nullptr), PDLT_OK);
  EXPECT_STREQ(text, "{b: [x, y], c: 3}");
  EXPECT_EQ(tree.root->key_lines[1], 3);
  pdlt_free(text);
}

TEST(Yaml, NumbersAreWrittenPlain) {
  double value = 7.5;
  for (const char *text : {"'1'", "0x10", "nan", "1e999", "", "[1]", "1 2"}) {
    const Tree tree(text);
    EXPECT_EQ(pdlt_node_number(tree.root, &value), 0) << text;
  }
  EXPECT_EQ(value, 7.5);
  EXPECT_EQ(pdlt_node_number(Tree("-1.5e3").root, &value), 1);
  EXPECT_EQ(value, -1500);
}

TEST(Yaml, EmptyTextIsAnEmptyScalarAndSettingsHaveNoLine) {
  const Tree empty("# nothing\n"), setting("[1, 2]", "a.b"), none("", "a.b");
  ASSERT_EQ(empty.root->kind, PDLT_NODE_SCALAR);
  EXPECT_STREQ(empty.root->text, "");
  EXPECT_TRUE(empty.root->plain);
  EXPECT_EQ(empty.root->line, 1);
  EXPECT_EQ(setting.root->line, PDLT_LINE_SET);
  EXPECT_EQ(setting.root->items[1]->line, PDLT_LINE_SET);
  EXPECT_EQ(none.root->line, PDLT_LINE_SET);
}

TEST(Yaml, RefusesWithALine) {
  EXPECT_STREQ(Tree("a: 1\nb: *c\n").err.message,
               "f.yaml:2: yaml: aliases (*name) are not supported: write the value again");
  EXPECT_STREQ(Tree("a: !x 1").err.message,
               "f.yaml:1: yaml: tags (!name) are not supported: write the plain value");
  EXPECT_STREQ(Tree("a: 1\n---\nb: 1\n").err.message,
               "f.yaml:2: yaml: a second document; a file holds one");
  EXPECT_STREQ(Tree("*c", "a.b").err.message,
               "--set: a.b: yaml: aliases (*name) are not supported: write the value again");
  EXPECT_EQ(Tree(std::string(17, '[') + std::string(17, ']')).status, PDLT_ERR_INPUT);
  EXPECT_EQ(Tree(std::string(16, '[') + std::string(16, ']')).status, PDLT_OK);
}

TEST(Yaml, MessagesStayOneLine) {
  pdlt_error err = {};
  EXPECT_EQ(pdlt_yaml_fail("f", 3, "k", &err, "a\nb\x1b\x7f\xc2\x9b\xc3\xa9"), PDLT_ERR_INPUT);
  EXPECT_STREQ(err.message, "f:3: k: a?b????\xc3\xa9");
  EXPECT_EQ(pdlt_yaml_fail("f", 3, "k", nullptr, "a"), PDLT_ERR_INPUT);
}

TEST(Yaml, FailedAllocationsLeaveNothing) {
  long calls = 0;
  for (bool failed = true; failed; calls++) {
    pdlt_memory_fail_after(calls);
    const Tree tree("a: [1, 2, 3, 4, 5]\nb: {c: d}\n");
    pdlt_memory_fail_after(-1);
    failed = tree.status != PDLT_OK;
    EXPECT_EQ(tree.status, failed ? PDLT_ERR_MEMORY : PDLT_OK);
    EXPECT_EQ(tree.root == nullptr, failed);
  }
  EXPECT_GT(calls, 10);
}

}  // namespace
