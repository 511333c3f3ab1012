// archive: names, ownership, growth, and what a failed allocation leaves behind: nothing.
#include "base/file/archive.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/core/memory.h"

namespace {

TEST(Archive, FindsWhatWasPut) {
  pdlt_archive a = {};
  const size_t dim[1] = {2};
  for (int i = 0; i < 100; i++) {  // grows several times
    pdlt_array *t = nullptr;
    ASSERT_EQ(pdlt_archive_new(&a, ("n" + std::to_string(i) + "/z").c_str(), 1, dim, &t, nullptr),
              PDLT_OK);
    t->data[1] = i;
  }
  ASSERT_EQ(a.count, 100u);
  for (int i = 0; i < 100; i++) {
    ASSERT_NE(pdlt_archive_getf(&a, "n%d/%s", i, "z"), nullptr);
    EXPECT_EQ(pdlt_archive_getf(&a, "n%d/%s", i, "z")->data[1], i);
  }
  EXPECT_EQ(pdlt_archive_get(&a, "n1"), nullptr);
  pdlt_archive_free(&a);
  EXPECT_EQ(a.count, 0u);
  pdlt_archive_free(&a);
}

TEST(Archive, NamesAreUnique) {
  pdlt_archive a = {};
  pdlt_array t = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_archive_put_scalar(&a, "eta", 0.5, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_archive_put_scalar(&a, "eta", 0.7, &err), PDLT_ERR_INTERNAL);
  EXPECT_NE(strstr(err.message, "eta"), nullptr);
  EXPECT_EQ(pdlt_archive_get(&a, "eta")->data[0], 0.5);
  ASSERT_EQ(pdlt_array_new(&t, 0, nullptr, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_archive_put(&a, "eta", &t, nullptr), PDLT_ERR_INTERNAL);
  EXPECT_NE(t.data, nullptr);  // the caller keeps it
  EXPECT_EQ(pdlt_archive_put(&a, "theta", &t, nullptr), PDLT_OK);
  EXPECT_EQ(t.data, nullptr);  // the archive owns it
  pdlt_archive_free(&a);
}

TEST(Archive, WhatIsRemovedLeavesTheOthers) {
  pdlt_archive a = {};
  for (const char *name : {"one", "two", "three"})
    ASSERT_EQ(pdlt_archive_put_scalar(&a, name, double(strlen(name)), nullptr), PDLT_OK);
  pdlt_archive_remove(&a, "four");
  EXPECT_EQ(a.count, 3u);
  pdlt_archive_remove(&a, "one");
  ASSERT_EQ(a.count, 2u);
  EXPECT_STREQ(a.entries[0].name, "two");
  EXPECT_EQ(pdlt_archive_get(&a, "one"), nullptr);
  EXPECT_EQ(pdlt_archive_get(&a, "three")->data[0], 5);
  pdlt_archive_remove(&a, "three");
  pdlt_archive_remove(&a, "two");
  EXPECT_EQ(a.count, 0u);
  pdlt_archive_free(&a);
}

TEST(Archive, ALongNameIsNotItsPrefix) {
  pdlt_archive a = {};
  std::string prefix(255, 'x');
  ASSERT_EQ(pdlt_archive_put_scalar(&a, prefix.c_str(), 1, nullptr), PDLT_OK);
  EXPECT_NE(pdlt_archive_getf(&a, "%s", prefix.c_str()), nullptr);
  EXPECT_EQ(pdlt_archive_getf(&a, "%sy", prefix.c_str()), nullptr);
  pdlt_archive_free(&a);
}

TEST(Archive, EveryFailedAllocationLeavesItAsItWas) {
  for (size_t before : {0, 16}) {  // at both, the list of entries must grow
    pdlt_archive a = {};
    for (size_t i = 0; i < before; i++)
      ASSERT_EQ(pdlt_archive_put_scalar(&a, std::to_string(i).c_str(), 1, nullptr), PDLT_OK);
    long failures = 0;
    for (;; failures++) {
      pdlt_array *t = nullptr;
      pdlt_memory_fail_after(failures);
      pdlt_status status = pdlt_archive_new(&a, "new", 0, nullptr, &t, nullptr);
      pdlt_memory_fail_after(-1);
      if (status == PDLT_OK) break;
      ASSERT_EQ(status, PDLT_ERR_MEMORY);
      ASSERT_EQ(t, nullptr);
      ASSERT_EQ(a.count, before);
      ASSERT_EQ(pdlt_archive_get(&a, "new"), nullptr);
    }
    EXPECT_GE(failures, 2);
    EXPECT_EQ(a.count, before + 1);
    pdlt_archive_free(&a);
  }
}

TEST(Archive, MetaIsMadeOnce) {
  pdlt_archive a = {};
  json_t *meta = pdlt_archive_meta(&a);
  ASSERT_TRUE(json_is_object(meta));
  EXPECT_EQ(pdlt_archive_meta(&a), meta);
  pdlt_archive_free(&a);
  EXPECT_EQ(a.meta, nullptr);
}

}  // namespace
