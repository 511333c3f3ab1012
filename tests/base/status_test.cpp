// status: codes, texts and exit statuses come from one list; messages are cut, never overrun.
#include "base/core/status.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

const pdlt_status kAll[] = {PDLT_OK,           PDLT_ERR_INPUT,      PDLT_ERR_UNSUPPORTED,
                            PDLT_ERR_NUMERIC,  PDLT_ERR_MEMORY,     PDLT_ERR_IO,
                            PDLT_ERR_INTERNAL, PDLT_ERR_INTERRUPTED};

TEST(Status, TextsDiffer) {
  std::set<std::string> texts;
  for (pdlt_status status : kAll) texts.insert(pdlt_status_text(status));
  EXPECT_EQ(texts.size(), std::size(kAll));
  EXPECT_STREQ(pdlt_status_text((pdlt_status)1000), "unknown status");
}

TEST(Status, ExitStatuses) {
  const int expected[] = {0, 2, 2, 3, 3, 3, 3, 130};
  for (size_t i = 0; i < std::size(kAll); i++) EXPECT_EQ(pdlt_status_exit(kAll[i]), expected[i]);
  EXPECT_EQ(pdlt_status_exit((pdlt_status)1000), 3);
}

TEST(Status, FailFillsTheError) {
  pdlt_error err = {};
  EXPECT_EQ(pdlt_fail(&err, PDLT_ERR_IO, "%s: %d", "file", 7), PDLT_ERR_IO);
  EXPECT_EQ(err.status, PDLT_ERR_IO);
  EXPECT_STREQ(err.message, "file: 7");
  EXPECT_EQ(pdlt_fail(nullptr, PDLT_ERR_INPUT, "nobody listens"), PDLT_ERR_INPUT);
}

TEST(Status, MessagesAreOneLine) {
  pdlt_error err = {};
  pdlt_fail(&err, PDLT_ERR_INPUT, "%s",
            "a\nb\x1b[2J\x7f\xc2\x9b"
            "c\xc3\xa9");
  EXPECT_STREQ(err.message,
               "a?b?[2J???"
               "c\xc3\xa9");
}

TEST(Status, LongMessagesAreCut) {
  pdlt_error err = {};
  std::string text(5000, 'x');
  pdlt_fail(&err, PDLT_ERR_INPUT, "%s", text.c_str());
  EXPECT_EQ(std::string(err.message), text.substr(0, PDLT_ERROR_LENGTH - 1));
}

pdlt_status chain(pdlt_status first, pdlt_status second, int *cleaned) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(first);
  PDLT_TRY(second);
cleanup:
  ++*cleaned;
  return status;
}

TEST(Status, TryJumpsToCleanup) {
  int cleaned = 0;
  EXPECT_EQ(chain(PDLT_OK, PDLT_OK, &cleaned), PDLT_OK);
  EXPECT_EQ(chain(PDLT_ERR_IO, PDLT_ERR_MEMORY, &cleaned), PDLT_ERR_IO);
  EXPECT_EQ(chain(PDLT_OK, PDLT_ERR_MEMORY, &cleaned), PDLT_ERR_MEMORY);
  EXPECT_EQ(cleaned, 3);
}

}  // namespace
