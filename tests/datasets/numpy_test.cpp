// numpy_test.cpp - samples from .npy and .npz files, and what is wrong with the others.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/file/zip.h"
#include "tests/datasets/support.h"

namespace {

using Numbers = std::vector<double>;

// A .npy file in format 1.0.
std::string Npy(const std::string &type, const std::string &shape, const std::string &bytes,
                bool fortran = false) {
  std::string header = "{'descr': '" + type +
                       "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  header += std::string(64 - (header.size() + 11) % 64, ' ') + "\n";
  return std::string("\x93NUMPY\x01\x00", 8) + char(header.size() & 255) +
         char(header.size() >> 8) + header + bytes;
}

template <class T>
std::string Bytes(const std::vector<T> &values) {
  std::string out(values.size() * sizeof(T), '\0');
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

void WriteNpz(const std::string &name,
              const std::vector<std::pair<std::string, std::string>> &arrays) {
  pdlt_zip_writer *zip = nullptr;
  ASSERT_EQ(pdlt_zip_writer_new(&zip, (Folder() + name).c_str(), PDLT_ZIP64_FROM, nullptr),
            PDLT_OK);
  for (const auto &[array, bytes] : arrays) {
    pdlt_zip_entry_begin(zip, (array + ".npy").c_str(), bytes.size(), nullptr);
    pdlt_zip_entry_write(zip, bytes.data(), bytes.size(), nullptr);
    pdlt_zip_entry_end(zip, nullptr);
  }
  ASSERT_EQ(pdlt_zip_writer_commit(zip, nullptr), PDLT_OK);
  pdlt_zip_writer_free(zip);
}

const Numbers kX = {0.5, -1, 1, 0.25, -0.75, 0.5};  // (3, 2)

TEST(Numpy, SameSamplesFromEveryForm) {
  const Numbers turned = {0.5, 1, -0.75, -1, 0.25, 0.5}, y = {1, -1, 0.5};
  const std::string x8 = Npy("<f8", "(3, 2)", Bytes(kX)), y8 = Npy("<f8", "(3, 1)", Bytes(y));
  const std::string x4 = Npy("<f4", "(3, 2)", Bytes(std::vector<float>(kX.begin(), kX.end())));
  /* float16: 0.5, -1, 1, 0.25, -0.75, 0.5 */
  const std::string x2 =
      Npy("<f2", "(3, 2)",
          Bytes(std::vector<uint16_t>{0x3800, 0xbc00, 0x3c00, 0x3400, 0xba00, 0x3800}));
  const std::string xf = Npy("<f8", "(3, 2)", Bytes(turned), true);
  const std::string y1 = Npy("<f4", "(3,)", Bytes(std::vector<float>(y.begin(), y.end())));
  WriteFile("a.csv", "x1,x2,y1\n0.5,-1,1\n1,0.25,-1\n-0.75,0.5,0.5\n");
  for (const std::string more : {"", ", center: true", ", scale: 2", ", shuffle: 3", ", skip: 1"}) {
    const std::string rest = std::string(", train: 1, test: 1") + more + "}";
    Loaded csv("{source: csv, file: a.csv" + rest);
    ASSERT_EQ(csv.status, PDLT_OK) << csv.message;
    for (const auto &x : {x8, x4, x2, xf})
      for (const auto &targets : {y8, y1}) {
        WriteFile("x.npy", x);
        WriteFile("y.npy", targets);
        WriteNpz("d.npz", {{"names", Npy("|O", "()", "")}, {"y", targets}, {"x", x}});
        WriteNpz("e.npz", {{"x_train", x}, {"y_train", targets}});
        for (const std::string from :
             {"x: x.npy, y: y.npy", "file: d.npz", "file: e.npz, x: x_train, y: y_train"}) {
          Loaded l("{source: npy, " + from + rest);
          ASSERT_EQ(l.status, PDLT_OK) << l.message;
          EXPECT_STREQ(l.d.hash, csv.d.hash) << from << more;
        }
      }
  }
}

TEST(Numpy, LabelsOfIntegersBecomeTargets) {
  WriteFile("x.npy", Npy("|u1", "(4, 1, 2)", std::string("\x00\xFF\x02\x03\x04\x05\x06\x07", 8)));
  const std::string text = "{source: npy, x: x.npy, y: y.npy, train: 3, ";
  const std::vector<std::pair<std::string, std::string>> labels = {
      {"<i8", Bytes(std::vector<long long>{8, 3, 5, 3})},
      {"<i4", Bytes(std::vector<int>{8, 3, 5, 3})},
      {"|u1", {8, 3, 5, 3}},
      {">i2", {0, 8, 0, 3, 0, 5, 0, 3}},
      {"<f8", Bytes(Numbers{8, 3, 5, 3})}};
  for (const auto &[type, bytes] : labels)
    for (const std::string shape : {"(4,)", "(4, 1)"}) {
      WriteFile("y.npy", Npy(type, shape, bytes));
      Loaded sign(text + "classes: [3, 8]}");
      ASSERT_EQ(sign.status, PDLT_OK) << sign.message;
      EXPECT_EQ(sign.y(), (Numbers{1, -1, -1}));
      EXPECT_EQ(sign.x(), (Numbers{0, 255, 2, 3, 6, 7}));  // bytes as they are
      EXPECT_EQ(sign.summary(), "data: 3 train (2 of class 3, 1 of class 8)");
      Loaded hot(text + "targets: one_hot, classes: [3, 8, 5]}", 3);
      ASSERT_EQ(hot.status, PDLT_OK) << hot.message;
      EXPECT_EQ(hot.y(), (Numbers{0, 1, 0, 1, 0, 0, 0, 0, 1}));
    }
}

TEST(Numpy, ImagesArePooledInBothOrders) {
  std::vector<short> c(2 * 2 * 4), f(c.size());
  for (size_t a = 0; a < 2; a++)
    for (size_t i = 0; i < 2; i++)
      for (size_t j = 0; j < 4; j++)
        c[a * 8 + i * 4 + j] = f[a + 2 * i + 4 * j] = short(100 * a + 10 * i + j);
  WriteFile("y.npy", Npy("<f8", "(2,)", Bytes(Numbers{1, 2})));
  for (const bool fortran : {false, true}) {
    WriteFile("x.npy", Npy("<i2", "(2, 2, 4)", Bytes(fortran ? f : c), fortran));
    Loaded whole("{source: npy, x: x.npy, y: y.npy, train: 2}");
    ASSERT_EQ(whole.status, PDLT_OK) << whole.message;
    EXPECT_EQ(whole.x(), Numbers(c.begin(), c.end()));
    Loaded l("{source: npy, x: x.npy, y: y.npy, pool: 2, train: 2}");
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    EXPECT_EQ(l.x(), (Numbers{5.5, 7.5, 105.5, 107.5}));
    EXPECT_EQ(l.y(), (Numbers{1, 2}));
  }
}

TEST(Numpy, FaultsNameFileArrayAndShape) {
  const std::string x = Npy("<f8", "(3, 2)", Bytes(kX)),
                    y = Npy("<f8", "(3,)", Bytes(Numbers{1, 2, 3}));
  const std::string five = Bytes(Numbers{1, 2, 3, 4, 5}), six = five + Bytes(Numbers{6});
  const std::string labels = Npy("<i8", "(3,)", Bytes(std::vector<long long>{1LL << 40, 1, 2}));
  const std::string far = Npy("<i8", "(3,)", Bytes(std::vector<long long>{1LL << 60, 1, 2}));
  const std::string nan = Npy("<f8", "(3, 2)", Bytes(Numbers{1, 2, 3, 4, 5, 0.0 / 0.0}));
  const struct {
    std::string x, y, more, message;
  } cases[] = {
      {Npy("<f8", "(6,)", six), y, "",
       "file: d.npz: x: shape (6,); expected (N, n_0), one row for each sample; one input: x[:, "
       "None]"},
      {Npy("<f8", "(3, 1, 2, 1)", six), y, "",
       "file: d.npz: x: shape (3, 1, 2, 1); expected (N, n_0) or (N, rows, columns), one sample or "
       "more"},
      {x, Npy("<f8", "(3, 1, 2)", six), "",
       "file: d.npz: y: shape (3, 1, 2); expected (N, n_L) or (N)"},
      {x, Npy("<f8", "(5,)", five), "", "file: d.npz: y has 5 samples, but d.npz: x has 3"},
      {x, Npy("<f8", "(3, 2)", six), "",
       "network.outputs: 1, but d.npz: y has 2 targets for each sample; use outputs: 2"},
      {x, Npy("<f8", "(3, 2)", six), ", classes: [1, 2]",
       "file: d.npz: y: shape (3, 2); expected (N), the label of each sample"},
      {x, Npy("<f8", "(3,)", Bytes(Numbers{1, 2.5, 3})), ", classes: [1, 2]",
       "file: d.npz: y: label 2 is 2.5, not a whole number of 32 bits"},
      {x, labels, ", classes: [1, 2]",
       "file: d.npz: y: label 1 is 1.09951e+12, not a whole number of 32 bits"},
      {x, far, "",
       "file: d.npz: y: sample 1, target 1 is an integer beyond 2^53, which has no exact double"},
      {nan, y, "", "file: d.npz: x: sample 3, input 2 is not a finite number"},
      {x, Npy("<f8", "(3,)", Bytes(Numbers{1, 2, 1.0 / 0.0})), "",
       "file: d.npz: y: sample 3, target 1 is not a finite number"},
      {x, Npy("<c16", "(3,)", six), "",
       "file: " + Folder() +
           "d.npz: y: elements of type <c16; only float16, float32, float64, integers and bool are "
           "read"},
      {Npy("<f8", "(3, 3)", six), y, "",
       "file: " + Folder() + "d.npz: x: the array has another length than its shape says"},
      {x, y, ", inputs: 3", "inputs: 3, but the samples give 2; leave it out"},
      {x, y, ", pool: 2",
       "pool: 2, but d.npz: x holds 2 numbers for each sample, which is no square image; leave "
       "pool "
       "out"},
      {x, y, ", test: 2", "train: train + test = 4, but d.npz: x has only 3 samples"},
      {x, y, ", y: target", "file: " + Folder() + "d.npz: no array target; it holds x, y"},
  };
  for (const auto &c : cases) {
    WriteNpz("d.npz", {{"x", c.x}, {"y", c.y}});
    Loaded l("{source: npy, file: d.npz, train: 2" + c.more + "}");
    EXPECT_EQ(l.status, PDLT_ERR_INPUT);
    EXPECT_NE(l.message.find(c.message), l.message.npos) << c.message << "\n" << l.message;
  }
  WriteFile("x.npy", x);
  EXPECT_EQ(Loaded("{source: npy, x: x.npy, y: d.npz, train: 2}").message,
            ":2: data.y: " + Folder() + "d.npz: a .npz archive of arrays, not one array");
  EXPECT_EQ(Loaded("{source: npy, x: x.npy, y: no.npy, train: 2}").message,
            ":2: data.y: " + Folder() +
                "no.npy: No such file or directory (a path relative to the folder of the "
                "experiment file)");
}

}  // namespace
