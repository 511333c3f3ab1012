// json: numbers that JSON cannot say, sorted and reproducible text, all 17 digits.
#include "base/file/json.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <string>

#include "base/core/memory.h"
#include "base/file/file.h"

namespace {

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
