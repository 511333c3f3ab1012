// json: numbers that JSON cannot say, sorted and reproducible text, all 17 digits.
#include "base/file/json.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/core/memory.h"
#include "base/file/file.h"

namespace {

/* --- memory: the n-th allocation of jansson refused --- */

long until_refusal = -1;

void *refusing_malloc(size_t size) { return until_refusal-- == 0 ? nullptr : std::malloc(size); }

/* Every allocation in turn; what `act` gives must be whole (1), or an error (0). */
template <typename Act>
long refuse_each(Act act) {
  long n = 0;
  json_set_alloc_funcs(refusing_malloc, std::free);
  for (bool refused = true; refused && n < 2000; n++) {
    until_refusal = n;
    const bool whole = act();
    refused = until_refusal < 0;
    until_refusal = -1;
    EXPECT_NE(whole, refused) << n;
  }
  return n;
}

/* Words and numbers longer than jansson's first buffers, of which its reader loses letters. First in
 * this file: the reader stands on the allocator that it finds. */
TEST(Json, WhatIsReadIsWholeOrAnError) {
  const std::string text =
      "{\"a key of more than sixteen letters\": [1234567890123456789, \"a text, a longer one, "
      "too\", "
      "-1.2345678901234567e-300, {\"b\": true}, null], \"z\": "
      "\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"}";
  json_t *expected = json_loads(text.c_str(), 0, nullptr);
  const long refused = refuse_each([&] {
    json_t *read = nullptr;
    const pdlt_status status = pdlt_json_parse(&read, text.c_str(), text.size(), nullptr);
    EXPECT_TRUE(status == PDLT_OK ? json_equal(read, expected) : status == PDLT_ERR_MEMORY);
    json_decref(read);
    return status == PDLT_OK;
  });
  EXPECT_GT(refused, 15);
  json_decref(expected);
  pdlt_error err = {};
  json_t *untouched = nullptr;
  EXPECT_EQ(pdlt_json_parse(&untouched, "{1}", 3, &err), PDLT_ERR_INPUT);
  EXPECT_EQ(std::string(err.message).find("not JSON: "), 0u) << err.message;
  EXPECT_EQ(untouched, nullptr);
}

TEST(Json, WhatIsMadeIsWholeOrMissing) {
  json_t *expected =
      json_loads("{\"list\": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], \"more\": null}", 0, nullptr);
  const long refused = refuse_each([&] {
    json_t *list = json_array(), *object = json_object();
    for (int k = 0; k < 10; k++) pdlt_json_append(&list, json_integer(k));
    pdlt_json_put(&object, "list", list);
    pdlt_json_put(&object, "more", json_null());
    const bool whole = object != nullptr;
    if (whole) {
      EXPECT_TRUE(json_equal(object, expected));
    }
    json_decref(object);
    return whole;
  });
  EXPECT_GT(refused, 12);
  const long copies = refuse_each([&] {
    json_t *copy = pdlt_json_copy(expected);
    const bool whole = copy != nullptr;
    if (whole) {
      EXPECT_TRUE(json_equal(copy, expected));
    }
    json_decref(copy);
    return whole;
  });
  EXPECT_GT(copies, 12);
  const long sets = refuse_each([&] {
    json_t *object = json_object(), *more = json_object();
    pdlt_status status = pdlt_json_set(object, "a", json_string("b"), nullptr);
    if (status == PDLT_OK) status = pdlt_json_update(object, expected, nullptr);
    if (status == PDLT_OK) {
      EXPECT_EQ(json_object_size(object), 3u);
    }
    json_decref(object);
    json_decref(more);
    return status == PDLT_OK && more != nullptr;
  });
  EXPECT_GT(sets, 5);
  json_decref(expected);
}

TEST(Json, WhatIsWrittenIsWholeOrAnError) {
  json_t *value = json_pack("{s:[i,i,f], s:s}", "b", 1, 2, 0.5, "a", "text");
  refuse_each([&] {
    char *text = nullptr;
    const pdlt_status status = pdlt_json_dump(value, &text, nullptr);
    if (status == PDLT_OK) {
      EXPECT_STREQ(text, "{\n \"a\": \"text\",\n \"b\": [\n  1,\n  2,\n  0.5\n ]\n}");
    }
    pdlt_free(text);
    return status == PDLT_OK;
  });
  json_decref(value);
  char *none = nullptr;
  EXPECT_EQ(pdlt_json_format(nullptr, 0, &none, nullptr), PDLT_ERR_MEMORY);
  EXPECT_EQ(none, nullptr);
}

TEST(Json, NotFiniteIsNullAndTheKeyStays) {
  json_t *object = json_object();
  json_object_set_new(object, "b", pdlt_json_real(NAN));
  json_object_set_new(object, "c", pdlt_json_real(-INFINITY));
  json_object_set_new(object, "a", pdlt_json_real(0.1));
  char *text = nullptr;
  ASSERT_EQ(pdlt_json_dump(object, &text, nullptr), PDLT_OK);
  EXPECT_STREQ(text, "{\n \"a\": 0.10000000000000001,\n \"b\": null,\n \"c\": null\n}");
  pdlt_free(text);
  json_decref(object);
}

TEST(Json, TheFileEndsInANewline) {
  std::string path = ::testing::TempDir() + "pdlt_json_" + std::to_string(getpid());
  json_t *list = json_pack("[i,s]", 1, "x");
  ASSERT_EQ(pdlt_json_write(list, path.c_str(), nullptr), PDLT_OK);
  char *text = nullptr;
  ASSERT_EQ(pdlt_file_read(path.c_str(), SIZE_MAX, &text, nullptr, nullptr), PDLT_OK);
  EXPECT_STREQ(text, "[\n 1,\n \"x\"\n]\n");
  pdlt_free(text);
  EXPECT_EQ(pdlt_json_write(list, "/nowhere/x.json", nullptr), PDLT_ERR_IO);
  text = nullptr;
  pdlt_memory_fail_after(0);
  EXPECT_EQ(pdlt_json_dump(list, &text, nullptr), PDLT_ERR_MEMORY);
  pdlt_memory_fail_after(-1);
  EXPECT_EQ(text, nullptr);
  json_decref(list);
  unlink(path.c_str());
}

}  // namespace
