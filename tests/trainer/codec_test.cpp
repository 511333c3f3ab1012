// codec: a block that was written and read is the same block, as bytes and as rows; what is too
// short or names no block changes nothing.
#include "trainer/record/codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

// Two widths of three blocks of four draws, of which seven are kept, and other numbers in each.
struct Blocks {
  explicit Blocks(double scale, size_t keep = 7) : done(6), records(6 * 5), samples(2 * keep * 3) {
    for (size_t i = 0; i < records.size(); i++) records[i] = scale * (1 + (double)i);
    for (size_t i = 0; i < samples.size(); i++) samples[i] = -scale * (1 + (double)i);
    c.widths = 2;
    c.per_width = 3;
    c.units = 6;
    c.record = 5;
    c.sample = 3;
    c.block_members = 4;
    c.keep = keep;
    c.done = done.data();
    c.records = records.data();
    c.samples = samples.data();
  }
  std::vector<unsigned char> done;
  std::vector<double> records, samples;
  pdlt_records c = {};
};

void expect_equal(const Blocks &a, const Blocks &b) {
  EXPECT_EQ(a.records, b.records);
  EXPECT_EQ(a.samples, b.samples);
}

}  // namespace

TEST(Codec, BytesComeBackFromAnyAddress) {
  for (size_t keep : {0u, 7u, 12u}) {
    const Blocks from(1, keep);
    Blocks to(0, keep);
    for (size_t k = 0; k < 6; k++) {
      const size_t size = pdlt_block_bytes(&from.c, k);
      EXPECT_LE(size, pdlt_block_bytes_most(&from.c));
      std::vector<char> bytes(size + 3);
      pdlt_block_write(&from.c, k, bytes.data() + 3);
      size_t u = 99;
      EXPECT_EQ(pdlt_block_read(&to.c, bytes.data() + 3, size, &u), size);
      EXPECT_EQ(u, k);
    }
    expect_equal(from, to);
  }
}

TEST(Codec, PlaceRecordSamples) {
  const Blocks from(1);
  std::vector<char> bytes(pdlt_block_bytes(&from.c, 4));
  ASSERT_EQ(bytes.size(), 16 + (5 + 3 * 3) * sizeof(double));  // draws 4 to 6 are kept
  pdlt_block_write(&from.c, 4, bytes.data());
  uint64_t place[2];
  double number[14];
  memcpy(place, bytes.data(), sizeof place);
  memcpy(number, bytes.data() + sizeof place, sizeof number);
  EXPECT_EQ(place[0], 1u);
  EXPECT_EQ(place[1], 1u);
  EXPECT_EQ(number[0], from.records[4 * 5]);
  EXPECT_EQ(number[5], from.samples[(7 + 4) * 3]);
  EXPECT_EQ(number[13], from.samples.back());
}

TEST(Codec, WhatIsShortOrElsewhereChangesNothing) {
  const Blocks from(1), before(0);
  Blocks to(0);
  std::vector<char> bytes(pdlt_block_bytes(&from.c, 4));
  pdlt_block_write(&from.c, 4, bytes.data());
  size_t u;
  for (size_t size : {size_t{0}, size_t{15}, size_t{16}, bytes.size() - 1})
    EXPECT_EQ(pdlt_block_read(&to.c, bytes.data(), size, &u), 0u);
  for (size_t which : {0u, 1u}) {
    std::vector<char> wrong = bytes;
    const uint64_t place = which == 0 ? 2 : 3;
    memcpy(wrong.data() + which * sizeof place, &place, sizeof place);
    EXPECT_EQ(pdlt_block_read(&to.c, wrong.data(), wrong.size(), &u), 0u);
  }
  expect_equal(to, before);
}

TEST(Codec, RowsComeBack) {
  const Blocks from(1);
  Blocks to(0);
  std::vector<double> place(12), record(30), samples(from.samples.size());
  pdlt_block_rows rows = {place.data(), record.data(), samples.data(), 0};
  for (size_t k : {5u, 0u, 1u, 2u, 3u, 4u}) pdlt_block_put(&from.c, k, &rows);
  rows = {place.data(), record.data(), samples.data(), samples.size()};
  for (size_t k : {5u, 0u, 1u, 2u, 3u, 4u}) {
    size_t u = 99;
    ASSERT_EQ(pdlt_block_take(&to.c, &rows, &u), PDLT_BLOCK_TAKEN);
    EXPECT_EQ(u, k);
  }
  EXPECT_EQ(rows.left, 0u);
  expect_equal(from, to);
}

TEST(Codec, RowsThatAreWrongChangeNothing) {
  const Blocks from(1), before(0);
  Blocks to(0);
  double place[2], record[5], samples[12];
  pdlt_block_rows rows = {place, record, samples, 0};
  pdlt_block_put(&from.c, 0, &rows);
  size_t u;
  rows = {place, record, samples, 11};
  EXPECT_EQ(pdlt_block_take(&to.c, &rows, &u), PDLT_BLOCK_SHORT);
  for (double width : {-1.0, 0.5, 2.0, (double)NAN}) {
    double elsewhere[2] = {width, 0};
    rows = {elsewhere, record, samples, 12};
    EXPECT_EQ(pdlt_block_take(&to.c, &rows, &u), PDLT_BLOCK_UNKNOWN) << width;
  }
  expect_equal(to, before);
}
