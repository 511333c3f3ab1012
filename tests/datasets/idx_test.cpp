// idx_test.cpp - IDX files of every element type, labels, pooling, and what is wrong with the others.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/datasets/support.h"

namespace {

using Numbers = std::vector<double>;

const char kIdx[] = "source: idx, images: i.idx, labels: l.idx";

TEST(Idx, KeepsClassesPoolsAndMakesTargets) {
  const std::string labels = {3, 8, 5, 3, 8};
  const std::string images = Idx({5, 4, 2}, Pixels(40));
  for (bool gzip : {false, true}) {
    (gzip ? WriteGzip : WriteFile)("i.idx", images);
    (gzip ? WriteGzip : WriteFile)("l.idx", Idx({5}, labels));
    for (size_t pool : {1u, 2u}) {
      Loaded l(std::string("{") + kIdx +
               ", classes: [8, 3], train: 3, test: 1, pool: " + std::to_string(pool) + "}");
      ASSERT_EQ(l.status, PDLT_OK) << l.message;
      ASSERT_EQ(l.d.inputs, 8 / pool / pool);
      EXPECT_EQ(l.d.rows, 4 / pool);
      EXPECT_EQ(l.d.columns, 2 / pool);
      EXPECT_EQ(std::vector<double>(l.d.y, l.d.y + 4), (std::vector<double>{1, -1, 1, -1}));
      const size_t from[] = {0, 1, 3, 4};
      for (size_t a = 0; a < 4; a++) {
        for (size_t k = 0; k < l.d.inputs; k++) {
          double sum = 0;
          for (size_t r = 0; r < 4; r++) {
            for (size_t c = 0; c < 2; c++) {
              if (r / pool * (2 / pool) + c / pool != k) continue;
              sum += double((from[a] * 8 + r * 2 + c) * 37 % 256);
            }
          }
          EXPECT_NEAR(l.d.x[a * l.d.inputs + k], sum / 255 / double(pool * pool), 1e-15);
        }
      }
    }
    Loaded hot(std::string("{") + kIdx + ", classes: [3, 8, 5], train: 5}", 3);
    ASSERT_EQ(hot.status, PDLT_OK) << hot.message;
    const size_t place[] = {0, 1, 2, 0, 1};
    for (size_t k = 0; k < 15; k++) EXPECT_EQ(hot.d.y[k], k % 3 == place[k / 3] ? 1.0 : 0.0);
  }
}

TEST(Idx, Faults) {
  const std::string images = Idx({2, 2, 3}, Pixels(12)), labels = Idx({2}, {3, 8});
  const std::string huge = Idx({4294967295u, 4294967295u, 4294967295u}, "x");
  const struct {
    std::string images, labels, more, message;
  } cases[] = {
      {"\x01" + images, labels, "",
       ":2: data.images: i.idx: wrong magic number: not an IDX file (it must begin with two zero "
       "bytes)"},
      {"", labels, "",
       ":2: data.images: i.idx: wrong magic number: not an IDX file (it must begin with two zero "
       "bytes)"},
      {labels, labels, "",
       ":2: data.images: i.idx: wrong magic number: 1 dimensions; images need 3 (are images and "
       "labels swapped?)"},
      {images, images, "",
       ":2: data.labels: l.idx: wrong magic number: 3 dimensions; labels need 1 (are images and "
       "labels swapped?)"},
      {Idx({2, 2, 3}, Pixels(12), 10), labels, "",
       ":2: data.images: i.idx: wrong magic number: element type 10; there are 8, 9, 11, 12, 13 "
       "and 14"},
      {Idx({2, 2, 3}, Pixels(12), 13), labels, "",
       ":2: data.images: i.idx: the header promises 48 bytes of data, the file has 12"},
      {Idx({2, 1, 2, 3}, Pixels(12)), labels, "",
       ":2: data.images: i.idx: wrong magic number: 4 dimensions; images need 3"},
      {Idx({2, 2, 3}, std::string(44, '\0') + "\x7F\xC0" + std::string(2, '\0'), 13), labels, "",
       ":2: data.images: i.idx: sample 2, input 6 is not a finite number"},
      {Idx({2, 6}, Pixels(12)), labels, ", pool: 2",
       ":2: data.pool: 2, but i.idx holds 6 numbers for each sample, which is no square image; "
       "leave "
       "pool out"},
      {images, Idx({2, 8}, Pixels(16)), "",
       ":2: data.labels: l.idx: 2 x 8 labels; expected one for each image, or the N x 8 integers "
       "of "
       "32 bits of QMNIST, whose first is the class"},
      {images, Idx({2}, {0x40, 0x40, 0, 0, 0x40, 0x20, 0, 0}, 13), "",
       ":2: data.labels: l.idx: label 2 is 2.5, not a whole number"},
      {images.substr(0, 10), labels, "", ":2: data.images: i.idx: truncated in the header"},
      {images.substr(0, 20), labels, "",
       ":2: data.images: i.idx: the header promises 12 bytes of data, the file has 4"},
      {images + "x", labels, "",
       ":2: data.images: i.idx: the header promises 12 bytes of data, the file has 13"},
      {huge, labels, "",
       ":2: data.images: i.idx: the header promises no data, or more than any memory"},
      {images, Idx({3}, {3, 8, 3}), "",
       ":2: data.labels: 3 labels, but 2 images; give the two files of one set"},
      {images, labels, ", pool: 2", ":2: data.pool: 2 does not divide the sides of 2 x 3 images"},
      {images, labels, ", inputs: 5", ":2: data.inputs: 5, but the images give 6; leave it out"},
      {images, labels, ", test: 1",
       ":2: data.train: train + test = 3, but i.idx has only 2 images of these classes"},
  };
  for (const auto &c : cases) {
    WriteFile("i.idx", c.images);
    WriteFile("l.idx", c.labels);
    Loaded l(std::string("{") + kIdx + ", classes: [3, 8], train: 2" + c.more + "}");
    EXPECT_EQ(l.status, PDLT_ERR_INPUT);
    EXPECT_EQ(l.message, c.message);
  }
}

// With PDLT_TEST_DATA the folder with mnist/ is read, else a small file of the same format.
TEST(Idx, ReadsMnistOrItsLikes) {
  const char *folder = std::getenv("PDLT_TEST_DATA");
  std::string images = "i.idx", labels = "l.idx";
  size_t train = 2, inputs = 49;
  if (folder != nullptr) {
    images = std::string(folder) + "/mnist/t10k-images-idx3-ubyte.gz";
    labels = std::string(folder) + "/mnist/t10k-labels-idx1-ubyte.gz";
    train = 1984; /* 1010 threes and 974 eights */
  } else {
    WriteGzip(images, Idx({3, 28, 28}, Pixels(3 * 784)));
    WriteGzip(labels, Idx({3}, {3, 1, 8}));
  }
  std::string text = "{source: idx, images: \"" + images + "\", labels: \"" + labels +
                     "\", classes: [3, 8], pool: 4, scale: 1, train: ";
  Loaded l(text + std::to_string(train) + "}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  EXPECT_EQ(l.d.inputs, inputs);
  double sum = 0;
  for (size_t a = 0; a < train; a++) sum += l.d.y[a];
  EXPECT_EQ(sum, folder != nullptr ? 974.0 - 1010.0 : 0.0);
  for (size_t a = 0; a < train; a++) EXPECT_NEAR(l.norm(a), 1.0, 1e-12);
  EXPECT_EQ(Loaded(text + std::to_string(train + 1) + "}").status, PDLT_ERR_INPUT);
}

// Numbers as big-endian bytes of an element type.
std::string Big(int type, const Numbers &values) {
  std::string out;
  for (double value : values) {
    uint64_t word = 0;
    size_t size = 8;
    if (type == 0x0E) {
      std::memcpy(&word, &value, 8);
    } else if (type == 0x0D) {
      const float narrow = float(value);
      uint32_t half = 0;
      std::memcpy(&half, &narrow, size = 4);
      word = half;
    } else {
      size = type == 0x0C ? 4 : type == 0x0B ? 2 : 1;
      word = uint64_t(int64_t(value));
    }
    for (size_t i = size; i-- > 0;) out += char(word >> 8 * i & 255);
  }
  return out;
}

struct Type {
  int code;
  double factor;   // of a value of the file
  Numbers values;  // three images of 1 x 4
};

const Type kTypes[] = {{0x08, 255, {0, 255, 128, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
                       {0x09, 1, {0, -128, 127, -1, 2, 3, 4, 5, 6, 7, 8, 9}},
                       {0x0B, 1, {0, -32768, 32767, 258, 2, 3, 4, 5, 6, 7, 8, 9}},
                       {0x0C, 1, {0, -2147483648.0, 2147483647, -16909060, 2, 3, 4, 5, 6, 7, 8, 9}},
                       {0x0D, 1, {0, -0.15625, 1e-3f, 3e38f, 2, 3, 4, 5, 6, 7, 8, 9}},
                       {0x0E, 1, {0, -0.1, 1e-300, 1e300, 2, 3, 4, 5, 6, 7, 8, 9}}};

TEST(Idx, ElementTypesOfImages) {
  WriteFile("l.idx", Idx({3}, {3, 8, 3}));
  for (const Type &type : kTypes) {
    for (const bool flat : {false, true}) {
      const std::vector<unsigned> dims =
          flat ? std::vector<unsigned>{3, 4} : std::vector<unsigned>{3, 1, 4};
      WriteFile("i.idx", Idx(dims, Big(type.code, type.values), type.code));
      Loaded l(std::string("{") + kIdx + ", classes: [3, 8], train: 2, test: 1}");
      ASSERT_EQ(l.status, PDLT_OK) << l.message;
      ASSERT_EQ(l.d.inputs, 4u);
      for (size_t k = 0; k < 12; k++)
        EXPECT_EQ(l.d.x[k], type.values[k] / type.factor) << type.code << " " << k;
    }
  }
}

TEST(Idx, ElementTypesOfLabels) {
  WriteFile("i.idx", Idx({4, 1, 2}, Pixels(8)));
  for (int code : {0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E})
    for (const bool column : {false, true}) {
      const std::vector<unsigned> dims =
          column ? std::vector<unsigned>{4, 1} : std::vector<unsigned>{4};
      WriteFile("l.idx", Idx(dims, Big(code, {8, 3, 5, 3}), code));
      Loaded l(std::string("{") + kIdx + ", classes: [3, 8], train: 3}");
      ASSERT_EQ(l.status, PDLT_OK) << code << " " << l.message;
      EXPECT_EQ(l.y(), (Numbers{1, -1, -1})) << code;
      EXPECT_EQ(l.d.x[4], 6 * 37 / 255.0);  // of the fourth image
    }
  WriteFile("l.idx", Idx({4}, Big(0x0C, {70000, -3, 5, -3}), 0x0C));
  Loaded far(std::string("{") + kIdx + ", classes: [-3, 70000], train: 3}");
  ASSERT_EQ(far.status, PDLT_OK) << far.message;
  EXPECT_EQ(far.y(), (Numbers{1, -1, -1}));
}

// QMNIST: eight numbers for each image, of which the first is the class.
TEST(Idx, LabelsOfQmnist) {
  WriteFile("i.idx", Idx({3, 1, 2}, Pixels(6)));
  Numbers rows;
  for (double label : {8, 3, 8})
    for (double number : {label, 3.0, 8.0, 3.0, 51.0, 8.0, 0.0, 0.0}) rows.push_back(number);
  WriteFile("l.idx", Idx({3, 8}, Big(0x0C, rows), 0x0C));
  Loaded l(std::string("{") + kIdx + ", classes: [3, 8], train: 3}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  EXPECT_EQ(l.y(), (Numbers{1, -1, 1}));
}

TEST(Idx, FlatSquareImagesArePooledAsImages) {
  WriteFile("l.idx", Idx({2}, {3, 8}));
  const std::string text = std::string("{") + kIdx + ", classes: [3, 8], train: 2, pool: 2}";
  WriteFile("i.idx", Idx({2, 4, 4}, Pixels(32)));
  Loaded image(text);
  ASSERT_EQ(image.status, PDLT_OK) << image.message;
  WriteFile("i.idx", Idx({2, 16}, Pixels(32)));
  Loaded flat(text);
  ASSERT_EQ(flat.status, PDLT_OK) << flat.message;
  EXPECT_STREQ(flat.d.hash, image.d.hash);
  for (const Loaded *l : {&image, &flat}) {
    EXPECT_EQ(l->d.rows, 2u);
    EXPECT_EQ(l->d.columns, 2u);
  }
  EXPECT_EQ(image.d.x[0], (0 + 37 + 4 * 37 + 5 * 37) / 1020.0);
}

// The shape of images goes where x goes; flat samples that are not pooled have none.
TEST(Idx, ShapeOfImagesIsInTheArchive) {
  WriteFile("l.idx", Idx({2}, {3, 8}));
  for (const bool flat : {false, true}) {
    WriteFile("i.idx", flat ? Idx({2, 6}, Pixels(12)) : Idx({2, 3, 2}, Pixels(12)));
    Loaded l(std::string("{") + kIdx + ", classes: [3, 8], train: 2}");
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    pdlt_archive archive = {};
    ASSERT_EQ(pdlt_dataset_put(&l.d, &archive, nullptr), PDLT_OK);
    const json_t *image = json_object_get(pdlt_archive_meta(&archive), "image");
    EXPECT_EQ(image == nullptr, flat);
    EXPECT_EQ(json_integer_value(json_object_get(image, "rows")), flat ? 0 : 3);
    EXPECT_EQ(json_integer_value(json_object_get(image, "columns")), flat ? 0 : 2);
    pdlt_archive_free(&archive);
  }
}

TEST(Idx, GzipMembersAndPadding) {
  const std::string images = Idx({2, 1, 2}, Pixels(4));
  WriteFile("l.idx", Idx({2}, {3, 8}));
  WriteFile("i.idx", images);
  const std::string text = std::string("{") + kIdx + ", classes: [3, 8], train: 2}";
  Loaded plain(text);
  ASSERT_EQ(plain.status, PDLT_OK) << plain.message;
  WriteGzip("i.idx", images.substr(0, 7));
  {
    std::ofstream more(Folder() + "i.idx", std::ios::binary | std::ios::app);
    WriteGzip("rest", images.substr(7));
    more << std::ifstream(Folder() + "rest", std::ios::binary).rdbuf() << std::string(1000, '\0');
  }
  Loaded packed(text);
  ASSERT_EQ(packed.status, PDLT_OK) << packed.message;
  EXPECT_STREQ(packed.d.hash, plain.d.hash);
}

}  // namespace
