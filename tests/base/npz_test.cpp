// npz: what is written is read back bit by bit and is what NumPy would write; no byte of a
// damaged file is believed; every failed allocation is an error without a trace.
#include "base/file/npz.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "base/file/json.h"
#include "base/file/zip.h"
#include "tests/base/temporary.h"

namespace {

std::string path_of(const char *name) {
  return ::testing::TempDir() + "pdlt_npz_" + std::to_string(getpid()) + "_" + name;
}

struct Archive : pdlt_archive {
  Archive() : pdlt_archive{} {}
  ~Archive() { pdlt_archive_free(this); }
  Archive(const Archive &) = delete;
  void add(const char *name, const std::vector<size_t> &dim) {
    static std::mt19937_64 rng(1);
    std::normal_distribution<double> normal;
    pdlt_array *tensor = nullptr;
    ASSERT_EQ(pdlt_archive_new(this, name, (int)dim.size(), dim.data(), &tensor, nullptr), PDLT_OK);
    for (size_t i = 0; i < pdlt_array_count(tensor); i++) tensor->data[i] = normal(rng);
  }
};

void fill_small(Archive &a) {
  a.add("z", {2, 3});
  a.add("n16/K", {});
  a.add("none", {0, 3});
  json_object_set_new(pdlt_archive_meta(&a), "seed", json_integer(7));
  json_object_set_new(pdlt_archive_meta(&a), "a", pdlt_json_real(0.1));
}

void expect_same(const pdlt_archive &a, const pdlt_archive &b) {
  ASSERT_EQ(a.count, b.count);
  for (size_t i = 0; i < a.count; i++) {
    EXPECT_STREQ(a.entries[i].name, b.entries[i].name);
    const pdlt_array *s = &a.entries[i].array, *t = &b.entries[i].array;
    ASSERT_TRUE(pdlt_array_same_shape(s, t)) << a.entries[i].name;
    EXPECT_EQ(std::memcmp(s->data, t->data, pdlt_array_count(s) * sizeof(double)), 0);
  }
  ASSERT_EQ(a.meta == nullptr, b.meta == nullptr);
  if (a.meta != nullptr) {
    EXPECT_TRUE(json_equal(a.meta, b.meta));
  }
}

std::string slurp(const std::string &path) {
  char *bytes = nullptr;
  size_t size = 0;
  EXPECT_EQ(pdlt_file_read(path.c_str(), SIZE_MAX, &bytes, &size, nullptr), PDLT_OK);
  std::string out(bytes, size);
  pdlt_free(bytes);
  return out;
}

void spill(const std::string &path, const std::string &bytes) {
  FILE *stream = fopen(path.c_str(), "wb");
  ASSERT_NE(stream, nullptr);
  ASSERT_EQ(fwrite(bytes.data(), 1, bytes.size(), stream), bytes.size());
  ASSERT_EQ(fclose(stream), 0);
}

struct Entry {
  std::string name, bytes;
};

void write_zip(const std::string &path, const std::vector<Entry> &entries, uint64_t zip64_from) {
  pdlt_zip_writer *zip = nullptr;
  ASSERT_EQ(pdlt_zip_writer_new(&zip, path.c_str(), zip64_from, nullptr), PDLT_OK);
  for (const Entry &e : entries) {
    ASSERT_EQ(pdlt_zip_entry_begin(zip, e.name.c_str(), e.bytes.size(), nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_zip_entry_write(zip, e.bytes.data(), e.bytes.size(), nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_zip_entry_end(zip, nullptr), PDLT_OK);
  }
  ASSERT_EQ(pdlt_zip_writer_commit(zip, nullptr), PDLT_OK);
  pdlt_zip_writer_free(zip);
}

template <class T>
std::string npy(const std::string &dictionary, const std::vector<T> &data) {
  std::string header = dictionary;
  header.resize((10 + header.size()) / 64 * 64 + 64 - 11, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += (char)(header.size() & 255);
  out += (char)(header.size() >> 8);
  out += header;
  out.append((const char *)data.data(), data.size() * sizeof(T));
  return out;
}

std::string dictionary(const char *type, const char *shape, const char *order = "False") {
  return std::string("{'descr': '") + type + "', 'fortran_order': " + order +
         ", 'shape': " + shape + ", }";
}

TEST(Npz, RoundTripIsExactAndReproducible) {
  Archive a, b;
  fill_small(a);
  a.add("large", {50, 7, 33});
  a.add("eight", {1, 2, 1, 2, 1, 2, 1, 2});
  a.add("vector", {1});
  double *z = a.entries[0].array.data;
  z[0] = NAN;
  z[1] = -std::numeric_limits<double>::infinity();
  z[2] = -0.0;
  z[3] = std::numeric_limits<double>::denorm_min();
  std::string path = path_of("round.npz"), again = path_of("again.npz");
  ASSERT_EQ(pdlt_npz_write(&a, path.c_str(), nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_npz_read(&b, path.c_str(), nullptr), PDLT_OK);
  expect_same(a, b);
  ASSERT_EQ(pdlt_npz_write(&b, again.c_str(), nullptr), PDLT_OK);
  EXPECT_EQ(slurp(path), slurp(again));
  EXPECT_TRUE(temporaries(path).empty());
  unlink(path.c_str());
  unlink(again.c_str());
}

TEST(Npz, EmptyArchive) {
  Archive a, b;
  std::string path = path_of("empty.npz");
  ASSERT_EQ(pdlt_npz_write(&a, path.c_str(), nullptr), PDLT_OK);
  ASSERT_EQ(pdlt_npz_read(&b, path.c_str(), nullptr), PDLT_OK);
  expect_same(a, b);
  unlink(path.c_str());
}

TEST(Npz, HeaderIsNumPysToTheByte) {
  const struct {
    std::vector<size_t> dim;
    const char *shape;
  } cases[] = {{{}, "()"}, {{3}, "(3,)"}, {{2, 3}, "(2, 3)"}, {{0, 3}, "(0, 3)"}};
  for (const auto &c : cases) {
    Archive a;
    a.add("x", c.dim);
    std::string path = path_of("header.npz");
    ASSERT_EQ(pdlt_npz_write(&a, path.c_str(), nullptr), PDLT_OK);
    pdlt_zip_reader *zip = nullptr;
    ASSERT_EQ(pdlt_zip_reader_new(&zip, path.c_str(), nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_zip_count(zip), 1u);
    EXPECT_STREQ(pdlt_zip_name(zip, 0), "x.npy");
    std::string bytes(pdlt_zip_size(zip, 0), 0);
    ASSERT_EQ(pdlt_zip_open(zip, 0, nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_zip_read(zip, &bytes[0], bytes.size(), nullptr), PDLT_OK);
    ASSERT_EQ(pdlt_zip_close(zip, nullptr), PDLT_OK);
    pdlt_zip_reader_free(zip);
    const pdlt_array &t = a.entries[0].array;
    std::vector<double> data(t.data, t.data + pdlt_array_count(&t));
    EXPECT_EQ(bytes, npy(dictionary("<f8", c.shape), data));
    EXPECT_EQ((bytes.size() - 8 * data.size()) % 64, 0u);
    unlink(path.c_str());
  }
}

TEST(Npz, OtherTypesBecomeDoubles) {
  std::string path = path_of("types.npz");
  std::vector<int64_t> longs(20000);
  for (size_t i = 0; i < longs.size(); i++) longs[i] = -(int64_t)i * 1000003;
  write_zip(path,
            {{"f4.npy", npy<float>(dictionary("<f4", "(2,)"), {0.5f, -3.25f})},
             {"i4.npy", npy<int32_t>(dictionary("<i4", "(1, 2)"), {-7, 1 << 30})},
             {"i8.npy", npy(dictionary("<i8", "(20000,)"), longs)},
             {"meta.npy",
              npy<char>(dictionary("|u1", "(8,)"), {'{', '"', 'a', '"', ':', ' ', '1', '}'})}},
            PDLT_ZIP64_FROM);
  Archive a;
  pdlt_error err = {};
  ASSERT_EQ(pdlt_npz_read(&a, path.c_str(), &err), PDLT_OK) << err.message;
  EXPECT_EQ(pdlt_archive_get(&a, "f4")->data[1], -3.25);
  for (size_t k = 0; k < a.count; k++) /* only float32 rounds */
    EXPECT_EQ(a.entries[k].array.single, a.entries[k].name == std::string("f4"))
        << a.entries[k].name;
  pdlt_array copy = {};
  ASSERT_EQ(pdlt_array_copy(&copy, pdlt_archive_get(&a, "f4"), nullptr), PDLT_OK);
  EXPECT_EQ(copy.single, 1);
  pdlt_array_free(&copy);
  EXPECT_EQ(pdlt_archive_get(&a, "i4")->data[1], 1 << 30);
  EXPECT_EQ(pdlt_archive_get(&a, "i4")->ndim, 2);
  for (size_t i = 0; i < longs.size(); i++)
    ASSERT_EQ(pdlt_archive_get(&a, "i8")->data[i], (double)longs[i]);
  EXPECT_EQ(json_integer_value(json_object_get(a.meta, "a")), 1);
  unlink(path.c_str());
}

TEST(Npz, WhatIsNotReadIsRefusedByName) {
  std::vector<double> six(6, 1.0);
  std::string good = npy(dictionary("<f8", "(2, 3)"), six);
  const std::vector<Entry> cases[] = {
      {{"c.npy", npy(dictionary("<c16", "(3,)"), six)}},
      {{"c.npy", npy(dictionary(">f8", "(6,)"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(2, 3)", "True"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(2, 4)"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(7,)"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(-6,)"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(6,"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(99999999999999999999,)"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(4294967296, 4294967296, 4294967296)"), six)}},
      {{"c.npy", npy(dictionary("<f8", "(1, 1, 1, 1, 1, 1, 1, 1, 6)"), six)}},
      {{"c.npy", npy<double>("{'descr': '<f8', 'shape': (6,), }", six)}},
      {{"c.npy", npy<int64_t>(dictionary("<i8", "(1,)"), {(1LL << 53) + 1})}},
      {{"c.npy", npy<char>(dictionary("|u1", "(1,)"), {1})}},
      {{"c.npy", "short"}},
      {{"c.npy", good.substr(0, 40)}},
      {{"c.npy", ""}},
      {{"c.txt", good}},
      {{"c.npy", good}, {"c.npy", good}},
  };
  std::string path = path_of("refused.npz");
  for (size_t i = 0; i < std::size(cases); i++) {
    write_zip(path, cases[i], PDLT_ZIP64_FROM);
    Archive a;
    pdlt_error err = {};
    EXPECT_EQ(pdlt_npz_read(&a, path.c_str(), &err), PDLT_ERR_INPUT) << i;
    EXPECT_EQ(std::string(err.message).find(path + ": c"), 0u) << err.message;
    EXPECT_EQ(a.count, 0u);
  }
  for (const char *meta : {"[1]", "{", "{\"a\":1,\"a\":2}", ""}) {
    std::vector<char> text(meta, meta + strlen(meta));
    std::string shape = "(" + std::to_string(text.size()) + ",)";
    write_zip(path, {{"meta.npy", npy(dictionary("|u1", shape.c_str()), text)}}, PDLT_ZIP64_FROM);
    Archive a;
    EXPECT_EQ(pdlt_npz_read(&a, path.c_str(), nullptr), PDLT_ERR_INPUT) << meta;
  }
  unlink(path.c_str());
}

TEST(Npz, Zip64RecordsAreReadAlike) {
  std::vector<double> data(1000, 0.25);
  std::vector<Entry> entries = {{"a.npy", npy(dictionary("<f8", "(1000,)"), data)},
                                {"b.npy", npy(dictionary("<f8", "(10, 100)"), data)}};
  std::string path = path_of("zip64.npz"), small = path_of("zip32.npz");
  write_zip(small, entries, PDLT_ZIP64_FROM);
  Archive expected;
  ASSERT_EQ(pdlt_npz_read(&expected, small.c_str(), nullptr), PDLT_OK);
  for (uint64_t from : {0, 100, 9000}) {
    write_zip(path, entries, from);
    EXPECT_GT(slurp(path).size(), slurp(small).size() - (from == 9000));
    Archive a;
    pdlt_error err = {};
    ASSERT_EQ(pdlt_npz_read(&a, path.c_str(), &err), PDLT_OK) << err.message;
    expect_same(expected, a);
  }
  unlink(path.c_str());
  unlink(small.c_str());
}

TEST(Npz, ManyEntriesNeedZip64) {
  const size_t count = 65540;
  std::string path = path_of("many.zip");
  write_zip(path, std::vector<Entry>(count, Entry{"x", ""}), PDLT_ZIP64_FROM);
  pdlt_zip_reader *zip = nullptr;
  ASSERT_EQ(pdlt_zip_reader_new(&zip, path.c_str(), nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_zip_count(zip), count);
  ASSERT_EQ(pdlt_zip_open(zip, count - 1, nullptr), PDLT_OK);
  EXPECT_EQ(pdlt_zip_close(zip, nullptr), PDLT_OK);
  pdlt_zip_reader_free(zip);
  unlink(path.c_str());
}

TEST(Npz, EveryTruncationIsRefused) {
  Archive a;
  fill_small(a);
  std::string path = path_of("cut.npz");
  ASSERT_EQ(pdlt_npz_write(&a, path.c_str(), nullptr), PDLT_OK);
  std::string whole = slurp(path);
  for (size_t size = 0; size < whole.size(); size++) {
    spill(path, whole.substr(0, size));
    Archive b;
    pdlt_error err = {};
    ASSERT_EQ(pdlt_npz_read(&b, path.c_str(), &err), PDLT_ERR_INPUT) << size;
    ASSERT_EQ(b.count, 0u);
    ASSERT_EQ(std::string(err.message).find(path + ": "), 0u);
  }
  spill(path, whole + "x");
  Archive b;
  EXPECT_EQ(pdlt_npz_read(&b, path.c_str(), nullptr), PDLT_ERR_INPUT);
  unlink(path.c_str());
}

// A flipped byte gives an error, or, in fields without meaning (dates, version), the data.
void flip_all(const std::string &path, size_t min_refused) {
  Archive a;
  ASSERT_EQ(pdlt_npz_read(&a, path.c_str(), nullptr), PDLT_OK);
  const std::string whole = slurp(path);
  size_t refused = 0;
  for (size_t i = 0; i < whole.size(); i++)
    for (unsigned char mask : {0x01, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[i] = (char)(bytes[i] ^ mask);
      spill(path, bytes);
      Archive b;
      pdlt_status status = pdlt_npz_read(&b, path.c_str(), nullptr);
      if (status == PDLT_OK) {
        expect_same(a, b);
      } else {
        ASSERT_EQ(status, PDLT_ERR_INPUT) << i;
        ASSERT_EQ(b.count, 0u);
        ASSERT_EQ(b.meta, nullptr);
        refused++;
      }
    }
  EXPECT_GT(refused, min_refused * whole.size() * 3 / 100);
}

TEST(Npz, EveryFlippedByteIsRefusedOrHarmless) {
  Archive a;
  fill_small(a);
  std::string path = path_of("flip.npz");
  ASSERT_EQ(pdlt_npz_write(&a, path.c_str(), nullptr), PDLT_OK);
  flip_all(path, 70);
  unlink(path.c_str());
}

TEST(Npz, EveryFlippedByteOfZip64) {
  std::string path = path_of("flip64.npz");
  write_zip(path, {{"a.npy", npy<double>(dictionary("<f8", "(2,)"), {1, 2})}}, 0);
  flip_all(path, 50);
  unlink(path.c_str());
}

TEST(Npz, EveryFailedAllocationIsAnErrorWithoutTrace) {
  Archive a;
  fill_small(a);
  std::string path = path_of("memory.npz");
  spill(path, "before");
  long writes = 0, reads = 0;
  for (;; writes++) {
    ASSERT_LT(writes, 1000);
    pdlt_memory_fail_after(writes);
    pdlt_status status = pdlt_npz_write(&a, path.c_str(), nullptr);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY);
    ASSERT_EQ(slurp(path), "before");
    ASSERT_TRUE(temporaries(path).empty());
  }
  for (;; reads++) {
    ASSERT_LT(reads, 1000);
    Archive b;
    pdlt_memory_fail_after(reads);
    pdlt_status status = pdlt_npz_read(&b, path.c_str(), nullptr);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) {
      expect_same(a, b);
      break;
    }
    ASSERT_EQ(status, PDLT_ERR_MEMORY);
    ASSERT_EQ(b.count, 0u);
    ASSERT_EQ(b.meta, nullptr);
  }
  EXPECT_GT(writes, 10);
  EXPECT_GT(reads, 10);
  unlink(path.c_str());
}

TEST(Npz, FailuresNameTheFile) {
  Archive a, b;
  fill_small(a);
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npz_write(&a, "/nowhere/x.npz", &err), PDLT_ERR_IO);
  EXPECT_NE(std::string(err.message).find("/nowhere/x.npz: "), std::string::npos);
  EXPECT_EQ(pdlt_npz_read(&b, "/nowhere/x.npz", &err), PDLT_ERR_INPUT);
  EXPECT_NE(std::string(err.message).find("/nowhere/x.npz: "), std::string::npos);
  EXPECT_EQ(pdlt_npz_read(&b, "/", &err), PDLT_ERR_INPUT);
  a.add("meta", {1});
  EXPECT_EQ(pdlt_npz_write(&a, path_of("meta.npz").c_str(), &err), PDLT_ERR_INTERNAL);
}

}  // namespace
