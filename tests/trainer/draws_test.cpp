/* Tests of trainer/network/draws.h: no two draws of the largest run that an experiment can ask for
 * share a member, and members are those that older archives were made with. */
#include "trainer/network/draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

/* Members first .. first + count - 1. */
struct Range {
  std::string what;
  uint64_t first, count;
};

const uint64_t most = PDLT_MAX_MEMBERS;

std::vector<Range> with_weights() {
  std::vector<Range> ranges = {{"trained", 0, most},
                               {"stability", PDLT_STABILITY_MEMBER, PDLT_STABILITY_DRAWS},
                               {"pilot", PDLT_PILOT_MEMBER, PDLT_PILOT_DRAWS},
                               {"rounding", PDLT_ROUNDING_MEMBER, PDLT_ROUNDING_DRAWS}};
  for (uint64_t k = 0; k < PDLT_MAX_LEVELS; k++)
    ranges.push_back(
        {"level " + std::to_string(k), PDLT_FURTHER_MEMBER(k), most * PDLT_MAX_FURTHER});
  return ranges;
}

std::vector<Range> without_weights() {
  return {{"run", PDLT_WEIGHTLESS_MEMBER, most * PDLT_MAX_SAMPLES},
          {"pilot", PDLT_WEIGHTLESS_PILOT, 1 << 20}};
}

void expect_disjoint(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range &a, const Range &b) { return a.first < b.first; });
  for (size_t i = 0; i + 1 < ranges.size(); i++)
    EXPECT_LE(ranges[i].count, ranges[i + 1].first - ranges[i].first)
        << ranges[i].what << " reaches into " << ranges[i + 1].what;
  EXPECT_LE(ranges.back().count, UINT64_MAX - ranges.back().first) << ranges.back().what;
}

TEST(Draws, NoMemberTwice) {
  expect_disjoint(with_weights());
  expect_disjoint(without_weights());
}

TEST(Draws, StreamsOfTheDeepestNetworkAreDifferent) {
  std::vector<int> streams = {PDLT_STREAM_PREACTIVATION, PDLT_STREAM_PRIOR, PDLT_STREAM_ASCENT,
                              PDLT_STREAM_ROTATION, PDLT_STREAM_FEATURES};
  for (int l = 1; l <= PDLT_MAX_DEPTH; l++)
    for (int first :
         {PDLT_STREAM_WEIGHT, PDLT_STREAM_BIAS, PDLT_STREAM_PROBE_WEIGHT, PDLT_STREAM_LAYER})
      streams.push_back(first + l);
  std::sort(streams.begin(), streams.end());
  EXPECT_EQ(std::adjacent_find(streams.begin(), streams.end()), streams.end());
}

/* Another number here is another draw: all measured numbers would move. */
TEST(Draws, AreThoseOfOlderArchives) {
  EXPECT_EQ(PDLT_FURTHER_MEMBER(0), 1125899906842624u);
  EXPECT_EQ(PDLT_FURTHER_MEMBER(2), 3377699720527872u);
  EXPECT_EQ(PDLT_STABILITY_MEMBER, 2305843009213693952u);
  EXPECT_EQ(PDLT_PILOT_MEMBER, 4611686018427387904u);
  EXPECT_EQ(PDLT_ROUNDING_MEMBER, 4611686022722355200u);
  EXPECT_EQ(PDLT_WEIGHTLESS_MEMBER, 1099511627776u);
  EXPECT_EQ(PDLT_WEIGHTLESS_PILOT, 2305843009213693952u);
  EXPECT_EQ(PDLT_STREAM_WEIGHT, 1000);
  EXPECT_EQ(PDLT_STREAM_BIAS, 2000);
  EXPECT_EQ(PDLT_STREAM_PROBE_WEIGHT, 3000);
  EXPECT_EQ(PDLT_STREAM_PREACTIVATION, 5000);
}

}  // namespace
