// memory: alignment, zeroes, overflow, and the hook that makes the n-th allocation fail.
#include "base/core/memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace {

TEST(Memory, BlocksAreAlignedAndZeroed) {
  for (size_t size : {0, 1, 63, 64, 65, 1000, 100000}) {
    unsigned char *block = nullptr;
    ASSERT_EQ(pdlt_alloc(&block, size, 1, nullptr), PDLT_OK);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ((uintptr_t)block % PDLT_ALIGNMENT, 0u);
    for (size_t i = 0; i < size; i++) ASSERT_EQ(block[i], 0);
    std::memset(block, 0xee, size);  // so that the next block is not zero by chance
    pdlt_free(block);
  }
  pdlt_free(nullptr);
}

TEST(Memory, OverflowIsRefused) {
  for (size_t count : {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 8, SIZE_MAX / 8 - 1}) {
    int dummy = 0;
    void *block = &dummy;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_alloc(&block, count, 8, &err), PDLT_ERR_MEMORY);
    EXPECT_EQ(block, nullptr);
    EXPECT_NE(strstr(err.message, "bytes"), nullptr);
  }
  void *block = nullptr;
  EXPECT_EQ(pdlt_alloc(&block, SIZE_MAX, 0, nullptr), PDLT_OK);
  pdlt_free(block);
}

TEST(Memory, TheNthCallFailsOnce) {
  for (int n = 0; n < 4; n++) {
    pdlt_memory_fail_after(n);
    for (int i = 0; i < 6; i++) {
      void *block = nullptr;
      pdlt_error err = {};
      EXPECT_EQ(pdlt_alloc(&block, 3, 5, &err), i == n ? PDLT_ERR_MEMORY : PDLT_OK) << n << i;
      EXPECT_EQ(block == nullptr, i == n);
      if (i == n) {
        EXPECT_STREQ(err.message, "out of memory: 15 bytes were asked for");
      }
      pdlt_free(block);
    }
  }
  pdlt_memory_fail_after(-1);
}

TEST(Memory, StringsAreCopied) {
  char text[] = "a string", *copy = nullptr;
  ASSERT_EQ(pdlt_strdup(&copy, text, nullptr), PDLT_OK);
  text[0] = 'b';
  EXPECT_STREQ(copy, "a string");
  pdlt_free(copy);
  ASSERT_EQ(pdlt_strdup(&copy, "", nullptr), PDLT_OK);
  EXPECT_STREQ(copy, "");
  pdlt_free(copy);
}

}  // namespace
