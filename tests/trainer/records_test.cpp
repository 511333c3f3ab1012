// records: shares cover every block once; kept samples lie where they belong.
#include "trainer/record/records.h"

#include <gtest/gtest.h>

#include <vector>

TEST(TrainerBlocks, SharesCoverEveryBlockOnce) {
  std::vector<unsigned char> done(2 * 11, 1);
  pdlt_records b = {};
  b.widths = 2;
  b.per_width = 11;
  b.units = 22;
  b.done = done.data();
  for (size_t parts : {1, 2, 3, 11, 12}) {
    std::vector<int> covered(11);
    size_t all = 0;
    for (size_t part = 0; part < parts; part++) {
      const pdlt_share share = {part, parts};
      for (size_t block = 0; block < 11; block++) covered[block] += pdlt_share_has(&share, block);
      all += pdlt_records_shared(&b, &share);
      EXPECT_EQ(pdlt_records_done(&b, &share), pdlt_records_shared(&b, &share));
    }
    EXPECT_EQ(all, 22u);
    for (int times : covered) EXPECT_EQ(times, 1);
  }
  done[12] = 0;
  const pdlt_share even = {0, 2}, odd = {1, 2};
  EXPECT_EQ(pdlt_records_done(&b, &even), 12u);
  EXPECT_EQ(pdlt_records_done(&b, &odd), 9u);
}

TEST(TrainerBlocks, SamplesOfTheDrawsThatAreKept) {
  std::vector<double> samples(2 * 10 * 3);
  pdlt_records b = {};
  b.widths = 2;
  b.per_width = 4;
  b.units = 8;
  b.block_members = 4;
  b.keep = 10;
  b.sample = 3;
  b.samples = samples.data();
  const size_t first[] = {0, 4, 8}, draws[] = {4, 4, 2};
  for (size_t w = 0; w < 2; w++) {
    size_t count = 1;
    for (size_t k = 0; k < 3; k++) {
      EXPECT_EQ(pdlt_records_kept(&b, 4 * w + k, &count), samples.data() + (w * 10 + first[k]) * 3);
      EXPECT_EQ(count, draws[k] * 3);
    }
    pdlt_records_kept(&b, 4 * w + 3, &count);
    EXPECT_EQ(count, 0u);
  }
}
