// dataset_test.cpp - every source of samples, preprocessing, digest, bad files.
#include "datasets/dataset.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace {

const double kPi = 3.14159265358979323846;

// A folder of this process alone (tests run side by side), removed at its end.
struct Scratch {
  Scratch() : path(::testing::TempDir() + "/pdlt_datasets_" + std::to_string(getpid()) + "/") {
    std::filesystem::create_directories(path);
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path;
};

const std::string &Folder() {
  static const Scratch scratch;
  return scratch.path;
}

void WriteFile(const std::string &name, const std::string &bytes) {
  std::ofstream(Folder() + name, std::ios::binary) << bytes;
}

// Loads `data` (flow text); frees itself.
class Loaded {
 public:
  explicit Loaded(const std::string &data_text, int outputs = 1) {
    std::string text = "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n";
    text += "data: " + data_text + "\ntraining: {eta: 0.1, steps: 1}\n";
    std::string setting = "network.outputs=" + std::to_string(outputs), name = Folder() + "e.yaml";
    const char *overrides[] = {setting.c_str()};
    status = pdlt_experiment_parse(&ex, text.c_str(), name.c_str(), 1, overrides, &err);
    EXPECT_EQ(status, PDLT_OK) << err.message;
    if (status == PDLT_OK) status = pdlt_dataset_load(&d, &ex, &err);
    if (status != PDLT_OK) {
      EXPECT_EQ(d.x, nullptr);  // untouched
      message = err.message;
      if (message.rfind(name, 0) == 0) message = message.substr(name.size());
    }
  }
  ~Loaded() {
    pdlt_dataset_free(&d);
    pdlt_experiment_free(&ex);
  }
  Loaded(const Loaded &) = delete;
  Loaded &operator=(const Loaded &) = delete;
  size_t samples() const { return d.train + d.test; }
  double norm(size_t a) const {  // |x|^2/n_0
    double sum = 0;
    for (size_t i = 0; i < d.inputs; i++) sum += d.x[a * d.inputs + i] * d.x[a * d.inputs + i];
    return sum / double(d.inputs);
  }
  pdlt_experiment ex{};
  pdlt_dataset d{};
  pdlt_error err{};
  pdlt_status status = PDLT_OK;
  std::string message;
};

TEST(Dataset, CsvIsReadInOrder) {
  WriteFile("a.csv", "\xEF\xBB\xBFx1, x2 ,y1\r\n1,2,3\r\n-4.5e-1,\t5 ,6\n7,8,9");
  Loaded l("{source: csv, file: a.csv, train: 2, test: 1}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  EXPECT_EQ(l.d.inputs, 2u);
  EXPECT_EQ(l.d.outputs, 1u);
  EXPECT_EQ(std::vector<double>(l.d.x, l.d.x + 6), (std::vector<double>{1, 2, -0.45, 5, 7, 8}));
  EXPECT_EQ(std::vector<double>(l.d.y, l.d.y + 3), (std::vector<double>{3, 6, 9}));
}

TEST(Dataset, CsvFaultsNameFileAndLine) {
  const struct {
    const char *text;
    const char *message;
  } cases[] = {
      {"", ":2: data.file: a.csv:1: empty file; it must begin with the header x1,...,y1,..."},
      {"x1,x3,y1\n", ":2: data.file: a.csv:1: header: column 2 is \"x3\"; expected x2 or y1"},
      {"1,2,3\n", ":2: data.file: a.csv:1: header: column 1 is \"1\"; expected x1"},
      {"x1,x2\n1,2\n",
       ":2: data.file: a.csv:1: header: no targets; columns y1, ... must follow x1, ..."},
      {"x1,y1,x2\n", ":2: data.file: a.csv:1: header: column 3 is \"x2\"; expected y2"},
      {"x1,y1\n1,2\n1,2,3\n", ":2: data.file: a.csv:3: 3 columns, but the header has 2"},
      {"x1,y1\n1,2\n1\n", ":2: data.file: a.csv:3: 1 columns, but the header has 2"},
      {"x1,y1\n1,nan\n1,2\n", ":2: data.file: a.csv:2: column y1: \"nan\" is not a finite number"},
      {"x1,y1\n1,2\n1e999,2\n",
       ":2: data.file: a.csv:3: column x1: \"1e999\" is not a finite number"},
      {"x1,y1\n1,2\n,2\n", ":2: data.file: a.csv:3: column x1: \"\" is not a finite number"},
      {"x1,y1\n1,2\n", ":2: data.train: train + test = 2, but a.csv has only 1 samples"},
      {"x1,y1,y2\n1,2,3\n",
       ":1: network.outputs: 1, but a.csv has 2 target columns; use outputs: 2"},
  };
  for (const auto &c : cases) {
    WriteFile("a.csv", c.text);
    Loaded l("{source: csv, file: a.csv, train: 2}");
    EXPECT_EQ(l.status, PDLT_ERR_INPUT);
    std::string message = l.message;
    if (message.rfind("--set", 0) == 0) message = message.replace(0, 5, ":1");
    EXPECT_EQ(message, c.message);
  }
  WriteFile("a.csv", "x1,y1\n1,2\n1,2\n");
  Loaded inputs("{source: csv, file: a.csv, train: 2, inputs: 3}");
  EXPECT_EQ(inputs.message,
            ":2: data.inputs: 3, but a.csv has 1 input columns; use inputs: 1 or leave it out");
  Loaded missing("{source: csv, file: no.csv, train: 2}");
  EXPECT_EQ(missing.message.rfind(":2: data.file: ", 0), 0u) << missing.message;
  WriteFile("a.csv", std::string("x1,y1\n1,2\n1\0,2\n", 16));
  EXPECT_EQ(Loaded("{source: csv, file: a.csv, train: 2}").message,
            ":2: data.file: a.csv: a zero byte at 11; not a CSV file");
}

TEST(Dataset, DemoTargetsAreTheStatedFunction) {
  Loaded l("{source: csv, file: \"" PDLT_SOURCE_DIR "/datasets/demo.csv\", train: 8, test: 4}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  ASSERT_EQ(l.d.inputs, 4u);
  for (size_t a = 0; a < 12; a++) {
    const double *x = l.d.x + 4 * a;
    double y = 0.8 * std::sin(x[0] - 0.5 * x[1]) + 0.2 * x[2] * std::exp(-x[3] * x[3]);
    EXPECT_NEAR(l.d.y[a], y, 5.1e-5);
    EXPECT_GT(l.norm(a), 0.79);
    EXPECT_LT(l.norm(a), 1.21);
  }
}

// --- IDX ---

std::string Idx(std::vector<unsigned> dims, const std::string &data, int type = 8) {
  std::string out = {0, 0, char(type), char(dims.size())};
  for (unsigned n : dims) {
    for (int shift : {24, 16, 8, 0}) out += char(n >> shift & 255);
  }
  return out + data;
}

std::string Pixels(size_t count) {
  std::string out;
  for (size_t k = 0; k < count; k++) out += char(k * 37 % 256);
  return out;
}

void WriteGzip(const std::string &name, const std::string &bytes) {
  gzFile file = gzopen((Folder() + name).c_str(), "wb");
  gzwrite(file, bytes.data(), unsigned(bytes.size()));
  gzclose(file);
}

const char kIdx[] = "source: idx, images: i.idx, labels: l.idx";

TEST(Dataset, IdxKeepsClassesPoolsAndMakesTargets) {
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

TEST(Dataset, IdxFaults) {
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
      {Idx({2, 2, 3}, Pixels(12), 13), labels, "",
       ":2: data.images: i.idx: wrong magic number: element type 13; only unsigned bytes (8) are "
       "read"},
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
TEST(Dataset, IdxReadsMnistOrItsLikes) {
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

// --- generated ---

TEST(Dataset, CircleHasEqualAnglesAndTestSamplesBetween) {
  for (int train : {1, 4, 7}) {
    for (int test : {0, 2, 7, 9}) {
      Loaded l("{source: circle, train: " + std::to_string(train) +
                   ", test: " + std::to_string(test) + "}",
               2);
      ASSERT_EQ(l.status, PDLT_OK) << l.message;
      for (size_t a = 0; a < l.samples(); a++) {
        EXPECT_NEAR(l.norm(a), 1.0, 1e-14);
        double t = std::atan2(l.d.x[2 * a + 1], l.d.x[2 * a]);
        if (a < size_t(train)) {
          EXPECT_NEAR(std::remainder(t - 2 * kPi * double(a) / train, 2 * kPi), 0.0, 1e-13);
        }
        for (int i = 1; i <= 2; i++) {
          EXPECT_NEAR(l.d.y[2 * a + size_t(i) - 1],
                      0.7 * std::sin(i * t) + 0.3 * std::cos(2 * i * t), 1e-13);
        }
        for (size_t b = 0; b < a; b++) {
          EXPECT_GT(std::hypot(l.d.x[2 * a] - l.d.x[2 * b], l.d.x[2 * a + 1] - l.d.x[2 * b + 1]),
                    1e-3);
        }
      }
    }
  }
}

TEST(Dataset, GaussianAndTeacherHaveTheirMoments) {
  for (const char *source : {"gaussian", "teacher"}) {
    Loaded l(std::string("{source: ") + source + ", inputs: 5, train: 4000}", 3);
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    double x2 = 0, y2 = 0, xy = 0;
    for (size_t k = 0; k < 20000; k++) x2 += l.d.x[k] * l.d.x[k] / 20000;
    for (size_t k = 0; k < 12000; k++) y2 += l.d.y[k] * l.d.y[k] / 12000;
    for (size_t a = 0; a < 4000; a++) xy += l.d.x[5 * a] * l.d.y[3 * a] / 4000;
    EXPECT_NEAR(x2, 1.0, 0.06);
    if (source[0] == 'g') {
      EXPECT_NEAR(y2, 1.0, 0.08);
      EXPECT_NEAR(xy, 0.0, 0.08);
    } else {
      EXPECT_GT(y2, 0.1);
      EXPECT_LT(y2, 1.5);
    }
  }
}

TEST(Dataset, ParityIsTheProductOfDifferentSigns) {
  for (int inputs : {1, 3, 25}) {
    int train = inputs == 25 ? 300 : 1 << inputs;
    Loaded l("{source: parity, inputs: " + std::to_string(inputs) +
             ", train: " + std::to_string(train) + "}");
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    std::set<std::vector<double>> rows;
    for (size_t a = 0; a < l.samples(); a++) {
      double product = 1;
      for (size_t j = 0; j < l.d.inputs; j++) {
        EXPECT_EQ(std::fabs(l.d.x[a * l.d.inputs + j]), 1.0);
        product *= l.d.x[a * l.d.inputs + j];
      }
      EXPECT_EQ(l.d.y[a], product);
      rows.emplace(l.d.x + a * l.d.inputs, l.d.x + (a + 1) * l.d.inputs);
    }
    EXPECT_EQ(rows.size(), l.samples());
  }
}

TEST(Dataset, ModularAdditionHasEveryPairOnce) {
  const size_t p = 5;
  for (int outputs : {1, 5}) {
    Loaded l("{source: modular_addition, modulus: 5, train: 20, test: 5}", outputs);
    ASSERT_EQ(l.status, PDLT_OK) << l.message;
    std::set<size_t> pairs;
    for (size_t s = 0; s < 25; s++) {
      const double *x = l.d.x + s * 2 * p;
      size_t a = 0, b = 0;
      while (a < p && x[a] == 0) a++;
      while (b < p && x[p + b] == 0) b++;
      ASSERT_LT(a, p);
      ASSERT_LT(b, p);
      EXPECT_NEAR(l.norm(s), 1.0, 1e-15);
      pairs.insert(a * p + b);
      size_t c = (a + b) % p;
      for (size_t i = 0; i < p && outputs == 5; i++) EXPECT_EQ(l.d.y[s * p + i], i == c ? 1 : 0);
      if (outputs == 1) {
        EXPECT_NEAR(l.d.y[s], std::cos(2 * kPi * double(c) / 5), 1e-15);
      }
    }
    EXPECT_EQ(pairs.size(), 25u);
  }
}

// --- preprocessing, digest ---

TEST(Dataset, CenterUsesTrainingSamplesThenScale) {
  const std::string text = "{source: gaussian, inputs: 3, train: 4, test: 3";
  Loaded plain(text + "}"), centered(text + ", center: true}");
  Loaded both(text + ", center: true, scale: 2.5}");
  for (size_t i = 0; i < 3; i++) {
    double mean = 0;
    for (size_t a = 0; a < 4; a++) mean += plain.d.x[3 * a + i] / 4;
    for (size_t a = 0; a < 7; a++) {
      EXPECT_NEAR(centered.d.x[3 * a + i], plain.d.x[3 * a + i] - mean, 1e-15);
      double factor = std::sqrt(2.5 / centered.norm(a));
      EXPECT_NEAR(both.d.x[3 * a + i], factor * centered.d.x[3 * a + i], 1e-14);
    }
  }
}

TEST(Dataset, ScalingTheZeroVectorIsAnError) {
  WriteFile("a.csv", "x1,y1\n1,2\n0,2\n");
  EXPECT_EQ(Loaded("{source: csv, file: a.csv, train: 2, scale: 1}").message,
            ":2: data.scale: sample 2 is the zero vector and cannot be scaled; use scale: none or "
            "leave the sample out");
  Loaded tiny("{source: gaussian, inputs: 2, train: 1, scale: critical}");
  EXPECT_EQ(tiny.status, PDLT_ERR_INTERNAL);
}

TEST(Dataset, HashDependsOnEveryBitAndShape) {
  std::set<std::string> seen;
  for (const char *text :
       {"x1,y1\n1,2\n3,4\n", "x1,y1\n1,2\n3,5\n", "x1,y1\n1,2\n3.0000000000000004,4\n"}) {
    WriteFile("a.csv", text);
    Loaded all("{source: csv, file: a.csv, train: 2}"),
        split("{source: csv, file: a.csv, train: 1, test: 1}");
    EXPECT_EQ(std::string(all.d.hash).size(), 16u);
    seen.insert(all.d.hash);
    seen.insert(split.d.hash);
  }
  EXPECT_EQ(seen.size(), 6u);
  Loaded one("{source: teacher, inputs: 3, train: 5, seed: 9}");
  Loaded same("{source: teacher, inputs: 3, train: 5, seed: 9}");
  Loaded other("{source: teacher, inputs: 3, train: 5, seed: 10}");
  EXPECT_STREQ(one.d.hash, same.d.hash);
  EXPECT_STRNE(one.d.hash, other.d.hash);
}

// The status and message of arrays for `data` (flow text).
std::string FromArrays(const std::string &data, size_t samples, size_t inputs, const double *x,
                       size_t outputs, const double *y, pdlt_dataset *out) {
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n"
      "data: " +
      data + "\ntraining: {eta: 0.1, steps: 1}\n";
  pdlt_experiment ex = {};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_experiment_parse(&ex, text.c_str(), "e", 0, nullptr, &err), PDLT_OK)
      << err.message;
  const pdlt_status status =
      pdlt_dataset_from_arrays(out, &ex, samples, inputs, x, outputs, y, &err);
  pdlt_experiment_free(&ex);
  return status == PDLT_OK ? "" : err.message;
}

// The same samples from a file and from memory: the same numbers and the same digest.
TEST(Dataset, ArraysAreWhatTheSameFileGives) {
  const double x[] = {1, 0.5, 0.25, -2, 3, 0.125}, y[] = {1, -1, 0.5};
  WriteFile("same.csv", "x1,x2,y1\n1,0.5,1\n0.25,-2,-1\n3,0.125,0.5\n");
  for (const char *more : {"", ", center: true", ", scale: 2"}) {
    const std::string rest = std::string(", train: 2, test: 1") + more + "}";
    Loaded file("{source: csv, file: same.csv" + rest);
    ASSERT_EQ(file.status, PDLT_OK) << file.message;
    pdlt_dataset arrays = {};
    ASSERT_EQ(FromArrays("{source: arrays" + rest, 3, 2, x, 1, y, &arrays), "");
    EXPECT_STREQ(arrays.hash, file.d.hash) << more;
    for (int k = 0; k < 6; k++) EXPECT_EQ(arrays.x[k], file.d.x[k]) << more;
    pdlt_dataset_free(&arrays);
  }
}

TEST(Dataset, ArraysThatDoNotFitAreNamed) {
  double x[] = {1, 0.5, 0.25, -2, 3, 0.125}, y[] = {1, -1, 0.5};
  pdlt_dataset out = {};
  const std::string data = "{source: arrays, train: 2, test: 1}";
  EXPECT_EQ(FromArrays(data, 2, 2, x, 1, y, &out),
            "e:2: data.train: train + test = 3, but the arrays have 2 samples");
  EXPECT_EQ(FromArrays(data, 3, 2, x, 2, y, &out), "e:1: network.outputs: 1, but y has 2 outputs");
  EXPECT_EQ(FromArrays("{source: arrays, inputs: 3, train: 2, test: 1}", 3, 2, x, 1, y, &out),
            "e:2: data.inputs: 3, but x has 2 inputs");
  EXPECT_EQ(FromArrays("{source: circle, train: 2, test: 1}", 3, 2, x, 1, y, &out),
            "e:2: data.source: arrays of samples were given; expected arrays");
  x[3] = std::nan("");
  EXPECT_EQ(FromArrays(data, 3, 2, x, 1, y, &out), "e:2: data.source: x[1, 1] is not finite");
  EXPECT_EQ(out.x, nullptr);
  Loaded none("{source: arrays, train: 2, test: 1}");
  EXPECT_EQ(none.status, PDLT_ERR_INPUT);
  EXPECT_NE(none.message.find("pdlt.h"), std::string::npos) << none.message;
}

}  // namespace
