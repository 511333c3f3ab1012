// threads: the default follows the affinity mask; bounds.
#include "base/core/threads.h"

#include <gtest/gtest.h>
#include <sched.h>

namespace {

TEST(Threads, DefaultFollowsTheAffinityMask) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  EXPECT_EQ(pdlt_threads_default(), CPU_COUNT(&all));
  int first = 0;
  while (!CPU_ISSET(first, &all)) first++;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(pdlt_threads_default(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
}

TEST(Threads, Bounds) {
  EXPECT_EQ(pdlt_threads_check(1, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_threads_check(PDLT_MAX_THREADS, nullptr), PDLT_OK);
  for (long bad : {0L, -1L, PDLT_MAX_THREADS + 1L}) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_threads_check(bad, &err), PDLT_ERR_INPUT);
    EXPECT_STRNE(err.message, "");
  }
}

}  // namespace
