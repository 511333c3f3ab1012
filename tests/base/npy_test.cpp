// npy_test.cpp - arrays of NumPy: versions, types, orders; damaged files are refused.
#include "base/file/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/file/zip.h"

namespace {

const std::string kPath = ::testing::TempDir() + "pdlt_npy_" + std::to_string(getpid());

std::string Header(const std::string &dictionary, char version = 1) {
  std::string out = std::string("\x93NUMPY", 6) + version + '\0';
  const std::string text = dictionary + std::string(20, ' ') + "\n";
  for (size_t i = 0; i < (version == 1 ? 2u : 4u); i++) out += char(text.size() >> 8 * i & 255);
  return out + text;
}

std::string Dictionary(const std::string &type, const std::string &shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

struct Array : pdlt_npy {
  Array() : pdlt_npy{} {}
  ~Array() { pdlt_npy_free(this); }
  Array(const Array &) = delete;
};

std::string Read(const std::string &bytes, Array *out) {
  std::ofstream(kPath, std::ios::binary) << bytes;
  pdlt_error err = {};
  const pdlt_status status = pdlt_npy_read(out, kPath.c_str(), &err);
  EXPECT_EQ(out->bytes == nullptr, status != PDLT_OK);
  unlink(kPath.c_str());
  const std::string message = status == PDLT_OK ? "" : err.message;
  return message.rfind(kPath + ": ", 0) == 0 ? message.substr(kPath.size() + 2) : message;
}

double At(const pdlt_npy &array, size_t i, size_t j) {
  double value = -1;
  const size_t index = i * array.stride[0] + j * array.stride[1];
  EXPECT_EQ(pdlt_element_value(&array.type, array.data + index * array.type.size, &value), 1);
  return value;
}

TEST(Npy, VersionsTypesAndOrders) {
  for (const char version : {1, 2, 3})
    for (const bool fortran : {false, true})
      for (const std::string type : {"<u2", ">u2", "|u1", "|b1", "<i4", "<f4"}) {
        std::string data;
        for (int k = 0; k < 6; k++) {
          const float number = float(k);
          if (type == ">u2") data += '\0';
          if (type == "<f4")
            data += std::string(reinterpret_cast<const char *>(&number), 4);
          else
            data += char(k);
          if (type == "<u2") data += '\0';
          if (type == "<i4") data += std::string(3, '\0');
        }
        Array array;
        ASSERT_EQ(Read(Header(Dictionary(type, "(2, 3)", fortran), version) + data, &array), "");
        ASSERT_EQ(array.ndim, 2);
        EXPECT_EQ(array.count, 6u);
        for (size_t i = 0; i < 2; i++)
          for (size_t j = 0; j < 3; j++)
            EXPECT_EQ(At(array, i, j), double(fortran ? i + 2 * j : 3 * i + j)) << type;
        char shape[PDLT_NPY_SHAPE_LENGTH];
        pdlt_npy_shape(&array, shape);
        EXPECT_STREQ(shape, "(2, 3)");
      }
}

TEST(Npy, ShapesOfAnyDimension) {
  const struct {
    const char *shape;
    size_t count;
  } cases[] = {{"()", 1}, {"(3,)", 3}, {"(0, 7)", 0}, {"(1, 1, 1, 1, 1, 1, 1, 2)", 2}};
  for (const auto &c : cases) {
    Array array;
    ASSERT_EQ(Read(Header(Dictionary("|u1", c.shape)) + std::string(c.count, 'x'), &array), "");
    char shape[PDLT_NPY_SHAPE_LENGTH];
    pdlt_npy_shape(&array, shape);
    EXPECT_STREQ(shape, c.shape);
    EXPECT_EQ(array.count, c.count);
  }
}

TEST(Npy, DamagedAndForeignFilesAreRefused) {
  const std::string good = Dictionary("<f8", "(2,)"), data(16, '\0');
  const std::string length = "the array has another length than its shape says";
  const std::string header = "the header of the array is not understood";
  const std::string type = "; only float16, float32, float64, integers and bool are read";
  const struct {
    std::string bytes, message;
  } cases[] = {
      {"", "not an array in NumPy's format"},
      {"1,2,3,4,5,6,7,8,9\n", "not an array in NumPy's format"},
      {"PK\x03\x04 and more of that", "a .npz archive of arrays, not one array"},
      {Header(good, 4) + data, "another version of NumPy's format than 1.0, 2.0, 3.0"},
      {Header(good) + data.substr(1), length},
      {Header(good) + data + "x", length},
      {Header(Dictionary("<f8", "(4294967296, 4294967296)")) + data, length},
      {Header(Dictionary("<f3", "(2,)")) + data, "elements of type <f3" + type},
      {Header(Dictionary("|O", "(2,)")) + data, "elements of type |O" + type},
      {Header(Dictionary("|f8", "(2,)")) + data, "elements of type |f8" + type},
      {Header(Dictionary("<f8", "(2, -1)")) + data, "the shape is not one of at most 8 dimensions"},
      {Header(Dictionary("<f8", "(1, 1, 1, 1, 1, 1, 1, 1, 2)")) + data,
       "the shape is not one of at most 8 dimensions"},
      {Header("{'descr': '<f8', 'shape': (2,), }") + data, header},
      {Header("{'descr': '<f8', 'fortran_order': 0, 'shape': (2,), }") + data, header},
      {Header(good + "x") + data, header},
      {Header("") + data, header},
      {Header(good).substr(0, 40), "the header of the array is too long, or the file is truncated"},
  };
  for (const auto &c : cases) {
    Array array;
    EXPECT_EQ(Read(c.bytes, &array), c.message);
  }
  const std::string whole = Header(good) + data;
  for (size_t size = 0; size < whole.size(); size++) {
    Array array;
    EXPECT_NE(Read(whole.substr(0, size), &array), "") << size;
  }
}

TEST(Npy, MembersOfArchives) {
  const std::string first = Header(Dictionary("|u1", "(2, 1)")) + "ab";
  const auto write = [&] {
    pdlt_zip_writer *zip = nullptr;
    ASSERT_EQ(pdlt_zip_writer_new(&zip, kPath.c_str(), PDLT_ZIP64_FROM, nullptr), PDLT_OK);
    for (const char *name : {"x.npy", "xy.npy", "note.txt"}) {
      pdlt_zip_entry_begin(zip, name, first.size(), nullptr);
      pdlt_zip_entry_write(zip, first.data(), first.size(), nullptr);
      pdlt_zip_entry_end(zip, nullptr);
    }
    ASSERT_EQ(pdlt_zip_writer_commit(zip, nullptr), PDLT_OK);
    pdlt_zip_writer_free(zip);
  };
  write();
  for (long n = 0;; n++) {
    ASSERT_LT(n, 100);
    Array array;
    pdlt_error err = {};
    pdlt_memory_fail_after(n);
    const pdlt_status status = pdlt_npy_read_member(&array, kPath.c_str(), "xy", &err);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) {
      EXPECT_EQ(At(array, 1, 0), double('b'));
      break;
    }
    ASSERT_EQ(status, PDLT_ERR_MEMORY) << err.message;
    EXPECT_EQ(array.bytes, nullptr);
  }
  Array none;
  pdlt_error err = {};
  EXPECT_EQ(pdlt_npy_read_member(&none, kPath.c_str(), "y", &err), PDLT_ERR_INPUT);
  EXPECT_EQ(err.message, kPath + ": no array y; it holds x, xy, note");
  std::fstream file(kPath, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(60); /* into the packed array x */
  file.put('\x55');
  file.close();
  EXPECT_EQ(pdlt_npy_read_member(&none, kPath.c_str(), "x", &err), PDLT_ERR_INPUT);
  EXPECT_EQ(none.bytes, nullptr);
  unlink(kPath.c_str());
}

}  // namespace
