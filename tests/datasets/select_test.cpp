// select_test.cpp - which samples of a file train: data.skip, data.shuffle, classes, data.balance.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/random/rng.h"
#include "tests/datasets/support.h"

namespace {

using Numbers = std::vector<double>;

// A file of samples x = 0, 1, 2, ... of these classes.
void WriteClasses(const std::vector<int> &labels) {
  std::string text = "x,class\n";
  for (size_t k = 0; k < labels.size(); k++)
    text += std::to_string(k) + "," + std::to_string(labels[k]) + "\n";
  WriteFile("c.csv", text);
}

const std::string kFile = "{source: csv, file: c.csv, label: class, ";

// Which samples of the file were taken.
Numbers Taken(const std::string &more, int outputs = 1) {
  Loaded l(kFile + more + "}", outputs);
  EXPECT_EQ(l.status, PDLT_OK) << l.message;
  return l.status == PDLT_OK ? l.x() : Numbers{};
}

std::string Fault(const std::string &more, int outputs = 1) {
  Loaded l(kFile + more + "}", outputs);
  EXPECT_EQ(l.status, PDLT_ERR_INPUT);
  return l.message;
}

// The permutation as datasets/README.md defines it, from the words of Philox.
Numbers Shuffled(uint64_t seed, size_t first, size_t count) {
  const uint64_t key[2] = {seed, 0};
  Numbers order(count);
  std::iota(order.begin(), order.end(), double(first));
  for (size_t k = 0; k < count; k++) {
    const uint64_t counter[4] = {k / 4, PDLT_STREAM_DATA, 5, 0};
    uint64_t words[4];
    pdlt_philox4x64(counter, key, words);
    const double u = (double(words[k % 4] >> 12) + 0.5) * 0x1p-52;
    std::swap(order[k], order[k + size_t(u * double(count - k))]);
  }
  return order;
}

TEST(Select, FileOrderIsTheDefault) {
  WriteClasses({4, 7, 9, 7, 4, 9, 7, 4});
  EXPECT_EQ(Taken("classes: [7, 4], train: 3, test: 2"), (Numbers{0, 1, 3, 4, 6}));
  EXPECT_EQ(Taken("classes: [7, 4], train: 3, test: 2, skip: 0, shuffle: 0, balance: false"),
            (Numbers{0, 1, 3, 4, 6}));
}

TEST(Select, SkipCountsSamplesOfTheFile) {
  WriteClasses({4, 7, 9, 7, 4, 9, 7, 4});
  EXPECT_EQ(Taken("classes: [7, 4], train: 3, test: 1, skip: 3"), (Numbers{3, 4, 6, 7}));
  EXPECT_EQ(Fault("classes: [7, 4], train: 3, skip: 8"),
            ":2: data.skip: 8, but c.csv has only 8 samples");
  EXPECT_EQ(Fault("classes: [7, 4], train: 3, test: 2, skip: 3"),
            ":2: data.train: train + test = 5, but c.csv has only 4 samples of these classes after "
            "data.skip");
}

TEST(Select, ShuffleIsAPermutationOfTheSeed) {
  std::vector<int> labels(101);
  for (size_t k = 0; k < labels.size(); k++) labels[k] = k < 51 ? 0 : 1;  // sorted by class
  WriteClasses(labels);
  for (const uint64_t seed : {1u, 2u, 77u}) {
    const std::string shuffle = ", shuffle: " + std::to_string(seed);
    Numbers taken = Taken("classes: [0, 1], train: 71, test: 20, skip: 10" + shuffle);
    EXPECT_EQ(taken, Shuffled(seed, 10, 91));
    std::sort(taken.begin(), taken.end());
    for (size_t k = 0; k < 91; k++) EXPECT_EQ(taken[k], double(k + 10));
    EXPECT_NE(Taken("classes: [0, 1], train: 60, skip: 40"),
              Taken("classes: [0, 1], train: 60, skip: 40" + shuffle));
  }
  EXPECT_NE(Shuffled(1, 0, 50), Shuffled(2, 0, 50));
  /* classes are taken from the same permutation */
  Numbers zeros;
  for (double k : Shuffled(3, 0, 101))
    if (k < 51) zeros.push_back(k);
  zeros.resize(20);
  WriteFile("c.csv", [&] {
    std::string text = "x,class\n";
    for (int k = 0; k < 101; k++)
      text += std::to_string(k) + "," + std::to_string(k < 51 ? k % 2 : 5) + "\n";
    return text;
  }());
  EXPECT_EQ(Taken("classes: [0, 1], train: 20, shuffle: 3"), zeros);
}

TEST(Select, AllFilesAreShuffledAlike) {
  std::string rows = "x1,y1\n", images, labels;
  for (int k = 0; k < 20; k++) {
    rows += std::to_string(k) + "," + std::to_string(k % 2) + "\n";
    images += char(k);
    labels += char(k % 2);
  }
  WriteFile("a.csv", rows);
  WriteFile("i.idx", Idx({20, 1, 1}, images));
  WriteFile("l.idx", Idx({20}, labels));
  const std::string more = ", skip: 4, shuffle: 9, train: 12, test: 4}";
  Loaded csv("{source: csv, file: a.csv" + more);
  Loaded idx("{source: idx, images: i.idx, labels: l.idx, classes: [0, 1], targets: sign" + more);
  ASSERT_EQ(csv.status, PDLT_OK) << csv.message;
  ASSERT_EQ(idx.status, PDLT_OK) << idx.message;
  EXPECT_EQ(csv.x(), Shuffled(9, 4, 16));
  for (size_t a = 0; a < 16; a++) {
    EXPECT_EQ(idx.d.x[a], csv.d.x[a] / 255);
    EXPECT_EQ(idx.d.y[a], csv.d.y[a] == 0 ? -1 : 1);
  }
}

TEST(Select, BalanceTakesTheSameOfEachClass) {
  WriteClasses({1, 1, 1, 1, 2, 1, 3, 2, 1, 2, 3, 3, 2, 3});
  const std::string more = "classes: [1, 2, 3], balance: true, train: 6, test: ";
  EXPECT_EQ(Taken(more + "3", 3), (Numbers{0, 1, 4, 6, 7, 10, 2, 9, 11}));
  EXPECT_EQ(Taken(more + "4", 3), (Numbers{0, 1, 4, 6, 7, 10, 2, 3, 9, 11}));
  Loaded all(kFile + more + "8}", 3);
  ASSERT_EQ(all.status, PDLT_OK) << all.message;
  EXPECT_EQ(all.summary(),
            "data: 6 train (2 of class 1, 2 of class 2, 2 of class 3), 8 test (4 of class 1, 2 of "
            "class 2, 2 of class 3); too few samples for equal numbers in test");
  Loaded some(kFile + more + "7}", 3);
  EXPECT_EQ(some.summary(),
            "data: 6 train (2 of class 1, 2 of class 2, 2 of class 3), 7 test (3 of class 1, 2 of "
            "class 2, 2 of class 3)");
  EXPECT_EQ(Fault(more + "9", 3),
            ":2: data.train: train + test = 15, but c.csv has only 14 samples of these classes");
  EXPECT_EQ(Fault("classes: [1, 2, 3], balance: true, train: 7", 3),
            ":2: data.train: 7 training samples cannot be shared equally by 3 classes "
            "(data.balance); use train: 6");
  EXPECT_EQ(
      Fault("classes: [1, 2], balance: true, train: 10"),
      ":2: data.balance: train: 10 needs 5 samples of each of 2 classes, but c.csv has only 4 "
      "of class 2");
}

// skip first, then shuffle, then balance.
TEST(Select, BalanceFollowsTheShuffledOrderOfWhatIsNotSkipped) {
  std::vector<int> labels(40);
  for (size_t k = 0; k < 40; k++) labels[k] = k < 30 ? 0 : 1;
  WriteClasses(labels);
  for (const size_t skip : {0, 7}) {
    Numbers train, test;
    size_t seen[2] = {0, 0};
    for (double k : Shuffled(5, skip, 40 - skip)) {
      const size_t before = seen[k < 30 ? 0 : 1]++;
      if (before < 4)
        train.push_back(k);
      else if (before < 6)
        test.push_back(k);
    }
    train.insert(train.end(), test.begin(), test.end());
    EXPECT_EQ(Taken("classes: [0, 1], balance: true, train: 8, test: 4, shuffle: 5, skip: " +
                    std::to_string(skip)),
              train);
  }
}

TEST(Select, EveryClassMustOccurAndTrain) {
  WriteClasses({1, 2, 1, 2, 1, 4, 3, 3, 2});
  EXPECT_EQ(Fault("classes: [0, 1, 2], train: 6", 3),
            ":2: data.classes: no sample of class 0 in c.csv; its labels are 1 2 3 4");
  EXPECT_EQ(
      Fault("classes: [1, 2, 3], train: 5", 3),
      ":2: data.train: none of the 5 training samples is of class 3, whose first sample is "
      "number 7 of 9 in c.csv; mix them with data.shuffle: 1, begin elsewhere with data.skip, "
      "train on more, or allow it with data.empty_classes: true; its labels are 1 2 3 4");
  EXPECT_EQ(Fault("classes: [1, 2, 3], train: 2", 3),
            ":2: data.train: 2 cannot hold a sample of each of 3 classes; use train: 3 or more, or "
            "allow it with data.empty_classes: true");
  Loaded allowed(kFile + "classes: [1, 2, 3], train: 2, test: 1, empty_classes: true}", 3);
  ASSERT_EQ(allowed.status, PDLT_OK) << allowed.message;
  EXPECT_EQ(allowed.summary(),
            "data: 2 train (1 of class 1, 1 of class 2, 0 of class 3), 1 test (1 of class 1, 0 of "
            "class 2, 0 of class 3)");
  EXPECT_EQ(Fault("classes: [0, 1], train: 2, empty_classes: true"),
            ":2: data.classes: no sample of class 0 in c.csv; its labels are 1 2 3 4");
  WriteFile("i.idx", Idx({3, 1, 2}, Pixels(6)));
  WriteFile("l.idx", Idx({3}, {3, 8, 3}));
  EXPECT_EQ(
      Loaded("{source: idx, images: i.idx, labels: l.idx, classes: [3, 5], train: 2}").message,
      ":2: data.classes: no image of class 5 in l.idx; its labels are 3 8");
}

TEST(Select, LongListsOfClassesAreCut) {
  std::vector<int> labels(300);
  std::iota(labels.begin(), labels.end(), 1000);
  WriteClasses(labels);
  std::string classes = "classes: [";
  for (int label : labels) classes += std::to_string(label) + ", ";
  Loaded l(kFile + classes.substr(0, classes.size() - 2) + "], train: 300}", 300);
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  const std::string summary = l.summary();
  EXPECT_EQ(summary.rfind("data: 300 train (1 of class 1000, 1 of class 1001, ", 0), 0u) << summary;
  EXPECT_EQ(summary.substr(summary.size() - 6), ", ...)") << summary;
  const std::string fault = Fault("classes: [0, 1000], train: 2");
  EXPECT_EQ(fault.substr(fault.size() - 4), " ...") << fault;
}

}  // namespace
