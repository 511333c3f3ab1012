// stream: text in memory is whole, or an error.
#include "base/file/stream.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/core/memory.h"

namespace {

TEST(Stream, WhatIsPrintedIsThere) {
  pdlt_stream stream = {};
  pdlt_error err = {};
  char *text = nullptr;
  size_t size = 9;
  pdlt_stream_free(&stream);
  ASSERT_EQ(pdlt_stream_open(&stream, "a text", &err), PDLT_OK);
  ASSERT_EQ(pdlt_stream_look(&stream, "a text", &err), PDLT_OK);
  EXPECT_STREQ(stream.text, "");
  fprintf(stream.out, "%d", 17);
  ASSERT_EQ(pdlt_stream_look(&stream, "a text", &err), PDLT_OK);
  EXPECT_STREQ(stream.text, "17");
  fputs(" and more", stream.out);
  ASSERT_EQ(pdlt_stream_take(&stream, "a text", &text, &size, &err), PDLT_OK);
  EXPECT_STREQ(text, "17 and more");
  EXPECT_EQ(size, 11u);
  EXPECT_EQ(stream.out, nullptr);
  pdlt_free(text);
}

TEST(Stream, GoesIntoAFile) {
  const std::string path = ::testing::TempDir() + "pdlt_stream_" + std::to_string(getpid());
  pdlt_stream stream = {};
  pdlt_error err = {};
  ASSERT_EQ(pdlt_stream_open(&stream, path.c_str(), &err), PDLT_OK);
  fputs("text", stream.out);
  ASSERT_EQ(pdlt_stream_write(&stream, path.c_str(), &err), PDLT_OK) << err.message;
  std::string back;
  std::ifstream(path) >> back;
  EXPECT_EQ(back, "text");
  unlink(path.c_str());
}

#if !defined(PDLT_SANITIZED)
/* With 64 MB more than there are now; what no longer fits is missing in the middle. */
TEST(Stream, WithoutMemoryItIsAnError) {
  rlimit old = {}, small = {};
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &old), 0);
  small = old;
  small.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + (64 << 20);
  for (int take : {0, 1}) {
    pdlt_stream stream = {};
    pdlt_error err = {};
    char *text = nullptr;
    const std::string piece(1 << 16, 'x');
    ASSERT_EQ(pdlt_stream_open(&stream, "a text", &err), PDLT_OK);
    ASSERT_EQ(setrlimit(RLIMIT_AS, &small), 0);
    for (int k = 0; k < 2000; k++) fputs(piece.c_str(), stream.out);
    ASSERT_EQ(setrlimit(RLIMIT_AS, &old), 0);
    fputs("the end", stream.out); /* which fits again */
    const pdlt_status status = take ? pdlt_stream_take(&stream, "a text", &text, nullptr, &err)
                                    : pdlt_stream_look(&stream, "a text", &err);
    EXPECT_EQ(status, PDLT_ERR_MEMORY);
    EXPECT_STREQ(err.message, "a text: out of memory");
    EXPECT_EQ(text, nullptr);
    pdlt_stream_free(&stream);
  }
}
#endif

}  // namespace
