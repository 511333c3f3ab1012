// csv_test.cpp - CSV files as other programs write them, and what is wrong with the others.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/core/memory.h"
#include "tests/datasets/support.h"

namespace {

using Numbers = std::vector<double>;

const Numbers kX = {0.5, -1, 1, 0.25, -0.75, 0.5, 0.1, 0.2}, kY = {1, -1, 1, 0};

// The same four samples, x1, x2, y1; more: further keys.
void ExpectSamples(const std::string &text, const std::string &more = "") {
  WriteFile("a.csv", text);
  Loaded l("{source: csv, file: a.csv, train: 3, test: 1" + more + "}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message << "\n" << text;
  EXPECT_EQ(l.x(), kX) << text;
  EXPECT_EQ(l.y(), kY) << text;
}

// What is said about `text`; the line of the experiment file is that of `data`.
std::string Fault(const std::string &text, const std::string &more = "") {
  WriteFile("a.csv", text);
  Loaded l("{source: csv, file: a.csv, train: 2" + more + "}");
  EXPECT_EQ(l.status, PDLT_ERR_INPUT) << text;
  return l.message;
}

const std::string kRows = "0.5,-1,1\n1,0.25,-1\n-0.75,0.5,1\n0.1,0.2,0\n";

std::string With(char separator, std::string text) {
  for (char &c : text)
    if (c == ',') c = separator;
  return text;
}

TEST(Csv, IsReadInOrder) {
  WriteFile("a.csv", "\xEF\xBB\xBFx1, x2 ,y1\r\n1,2,3\r\n-4.5e-1,\t5 ,6\n7,8,9");
  Loaded l("{source: csv, file: a.csv, train: 2, test: 1}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  EXPECT_EQ(l.d.inputs, 2u);
  EXPECT_EQ(l.d.outputs, 1u);
  EXPECT_EQ(l.x(), (Numbers{1, 2, -0.45, 5, 7, 8}));
  EXPECT_EQ(l.y(), (Numbers{3, 6, 9}));
  EXPECT_EQ(l.summary(), "");
}

TEST(Csv, QuotesCommentsAndEmptyLinesAreRead) {
  ExpectSamples("x1,x2,y1\n" + kRows);
  ExpectSamples("\"x1\",\"x2\",\"y1\"\n" + kRows);
  ExpectSamples(
      "\"x1\" , \"x2\",\"y1\"\r\n\"0.5\",\"-1\",\"1\"\r\n\"1\", \"0.25\" ,\"-1\"\r\n"
      "\"-0.75\",\"0.5\",\"1\"\r\n\"0.1\",\"0.2\",\"0\"");
  ExpectSamples("# x1,x2,y1\n" + kRows);
  ExpectSamples("#x1,x2,y1\n" + kRows);
  ExpectSamples("# made by hand\n# x1,x2,y1\n" + kRows);
  ExpectSamples("# made by hand\nx1,x2,y1\n" + kRows);
  ExpectSamples("\n \nx1,x2,y1\n0.5,-1,1\n\n1,0.25,-1\n \r\n-0.75,0.5,1\n# almost\n0.1,0.2,0\n\n");
  ExpectSamples("x1,x2,y1,\n0.5,-1,1,\n1,0.25,-1, \n-0.75,0.5,1,\n0.1,0.2,0,\n");
}

TEST(Csv, SeparatorIsThatOfTheHeader) {
  for (char separator : {';', '\t', ' '}) ExpectSamples(With(separator, "x1,x2,y1\n" + kRows));
  ExpectSamples("# x1,x2,y1\n" + With(' ', kRows));  // numpy.savetxt(header="x1,x2,y1")
  ExpectSamples("  x1   x2  y1\n  0.5 -1  1\n 1\t0.25 -1 \n-0.75  0.5 1\n0.1 0.2 0\n");
  EXPECT_EQ(
      Fault("x1;x2;y1\n0,5;-1;1\n1;2;3\n"),
      ":2: data.file: a.csv:2: column x1: \"0,5\" is not a finite number; write decimals with "
      "a point");
}

TEST(Csv, GzipIsUnpacked) {
  WriteGzip("a.csv.gz", "x1,x2,y1\n" + kRows);
  Loaded l("{source: csv, file: a.csv.gz, train: 3, test: 1}");
  ASSERT_EQ(l.status, PDLT_OK) << l.message;
  EXPECT_EQ(l.x(), kX);
}

TEST(Csv, ColumnsAreNamedOrCounted) {
  const std::string index = ",x1,x2,y1\n0,0.5,-1,1\n1,1,0.25,-1\n2,-0.75,0.5,1\n3,0.1,0.2,0\n";
  ExpectSamples(index, ", columns: {x: [x1, x2], y: [y1]}");
  ExpectSamples(index, ", columns: {x: [x1..x2], y: y1}");
  ExpectSamples(index, ", columns: {x: [2, x2], y: [4]}");
  ExpectSamples(index, ", columns: {x: 2..3, y: 4}");
  const std::string front =
      "y,a,b..c\n1,0.5,-1\n-1,1,0.25\n1,-0.75,0.5\n0,0.1,0.2\n";  // targets first
  ExpectSamples(front, ", columns: {y: [y]}");
  ExpectSamples(front, ", columns: {x: [a, b..c], y: [y]}");
  const std::string more =
      "b,note,a,c\n-1,good,0.5,1\n0.25,,1,-1\n0.5,\"a, b\",-0.75,1\n0.2,nan,0.1,0\n";
  ExpectSamples(more, ", columns: {x: [a, b], y: [c]}");  // columns that are not used may be text
  ExpectSamples(kRows, ", header: false, columns: {x: [1..2], y: [3]}");
  ExpectSamples("# no header\n" + kRows, ", header: false, columns: {y: [3]}");
  ExpectSamples("0,1,2\n" + kRows, ", header: true, columns: {x: [1, 2], y: [3]}");
}

TEST(Csv, LabelsBecomeTargets) {
  WriteFile("a.csv", "label,p0,p1\n7,1,2\n-3,3,4\n5,9,9\n7,5,6\n-3.0,7,8\n");
  Loaded sign("{source: csv, file: a.csv, label: label, classes: [-3, 7], train: 3, test: 1}");
  ASSERT_EQ(sign.status, PDLT_OK) << sign.message;
  EXPECT_EQ(sign.x(), (Numbers{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(sign.y(), (Numbers{1, -1, 1, -1}));
  EXPECT_EQ(sign.summary(),
            "data: 3 train (1 of class -3, 2 of class 7), 1 test (1 of class -3, 0 of class 7)");
  Loaded hot(
      "{source: csv, file: a.csv, label: 1, columns: {x: [p1]}, classes: [5, 7, -3], train: 5}", 3);
  ASSERT_EQ(hot.status, PDLT_OK) << hot.message;
  EXPECT_EQ(hot.x(), (Numbers{2, 4, 9, 6, 8}));
  EXPECT_EQ(hot.y(), (Numbers{0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1}));
}

const std::string kRemedy =
    "; say what the columns are: data.columns: {x: [...], y: [...]}, or data.label and classes";

TEST(Csv, FaultsNameFileAndLine) {
  const struct {
    std::string text, message;
  } cases[] = {
      {"", "1: empty file; it must begin with the header x1,...,y1,..."},
      {"# x1,y1\n\n", "1: nothing but comments; it must begin with the header x1,...,y1,..."},
      {"x1,x3,y1\n", "1: header: column 2 is \"x3\"; expected x2 or y1" + kRemedy},
      {"label,p0\n", "1: header: column 1 is \"label\"; expected x1" + kRemedy},
      {",x1,y1\n",
       "1: header: column 1 has no name (row numbers? write the file without them)" + kRemedy},
      {"# by hand\n1,2\n", "1: header: column 1 is \"by\"; expected x1" + kRemedy},
      {"1,2,3\n",
       "1: header: there are only numbers in this line; if it is the first sample, give "
       "data.header: false and data.columns by numbers, as in {x: [1..4], y: [5]}; if it is the "
       "header, data.header: true"},
      {"x1,x2\n1,2\n", "1: header: no targets; columns y1, ... must follow x1, ..." + kRemedy},
      {"x1,y1,x2\n", "1: header: column 3 is \"x2\"; expected y2" + kRemedy},
      {"x1,y1\n1,2\n1,2,3\n", "3: 3 columns, but the header has 2"},
      {"x1,y1\n1,2\n1\n", "3: 1 columns, but the header has 2"},
      {"x1,y1\n1,nan\n1,2\n", "2: column y1: \"nan\" is not a finite number"},
      {"x1,y1\n1,2\n1e999,2\n", "3: column x1: \"1e999\" is not a finite number"},
      {"x1,y1\n1,2\n,2\n", "3: column x1: \"\" is not a finite number"},
      {"x1,y1\n1,2\n1,\"2\n", "3: a quote that is not closed in its line"},
      {"x1,y1\n1,2\n1,\"2\"0\n", "3: text behind a closing quote"},
      {"x1,y1\n1,2\n1," + std::string(512, '1') + "\n", "3: a field of more than 511 characters"},
      {"x1,y1,\n1,2,\n1,2,3\n",
       "3: column 3: \"3\" in a column without a name; give it one or empty it"},
      {"x1,y1,\n1,2,\n1,2\n", "3: 2 columns, but the header has 3"},
      /* behind the samples that are used, too */
      {"x1,y1\n1,2\n1,2\n\n#\n1,inf\n", "6: column y1: \"inf\" is not a finite number"},
      {"x1,y1\n1,2\n1,2\n1,2\n1,2,\n", "5: 3 columns, but the header has 2"},
  };
  for (const auto &c : cases) EXPECT_EQ(Fault(c.text), ":2: data.file: a.csv:" + c.message);
  EXPECT_EQ(Fault("x1,y1\n1,2\n"),
            ":2: data.train: train + test = 2, but a.csv has only 1 samples");
  EXPECT_EQ(Fault("x1,y1,y2\n1,2,3\n"),
            "--set: network.outputs: 1, but a.csv has 2 target columns; use outputs: 2");
  EXPECT_EQ(Fault("x1,y1\n1,2\n1,2\n", ", inputs: 3"),
            ":2: data.inputs: 3, but a.csv has 1 input columns; use inputs: 1 or leave it out");
  EXPECT_EQ(Fault(std::string("x1,y1\n1,2\n1\0,2\n", 16)),
            ":2: data.file: a.csv: a zero byte at 11; not a CSV file");
}

TEST(Csv, FaultsOfColumnsNameTheKey) {
  const std::string text = "a,b,b,,c\n1,2,3,4,5\n1,2,3,4,7\n";
  const struct {
    std::string more, message;
  } cases[] = {
      {"columns: {x: [a], y: [d]}", "columns: no column d; the header of a.csv has a, b, b, , c"},
      {"columns: {x: [b], y: [c]}",
       "columns: column b stands 2 times in the header of a.csv; give its number"},
      {"columns: {x: [0], y: [c]}", "columns: column 0; a.csv has the columns 1 to 5"},
      {"columns: {x: [6], y: [c]}", "columns: column 6; a.csv has the columns 1 to 5"},
      {"columns: {x: [a, 1], y: [c]}", "columns: column 1, a is used twice"},
      {"columns: {x: [1..5], y: [c]}", "columns: column 5, c is used twice"},
      {"columns: {x: [3..a], y: [c]}",
       "columns: 3..a: the first is column 3 and the last 1; turn them round"},
      {"columns: {x: [1..], y: [c]}", "columns: a name is missing; write COLUMN or FIRST..LAST"},
      {"columns: {y: [c]}",
       "file: a.csv:1: header: column 4 has no name (row numbers?); say which are inputs: "
       "data.columns: {x: [...]}"},
      {"columns: {y: [1..5]}", "file: a.csv:1: header: no column is left for the inputs"},
      {"label: c, classes: [5, 6]", "file: a.csv:1: header: column 4 has no name"},
      {"label: c, columns: {x: a}, classes: [5, 6]",
       "classes: no sample of class 6 in a.csv; its labels are 5 7"},
      {"label: 1..2, columns: {x: 3}, classes: [5, 6]", "label: 1..2 are 2 columns; give one"},
      {"header: false, columns: {x: a, y: 5}",
       "columns: a; without header (data.header: false) columns have numbers only, from 1 to 5"},
  };
  for (const auto &c : cases) {
    const std::string message = Fault(text, ", " + c.more);
    EXPECT_NE(message.find(c.message), message.npos) << c.more << "\n" << message;
  }
  EXPECT_EQ(Fault("a,c\n1,2\n1,2.5\n", ", label: c, classes: [2, 3]"),
            ":2: data.file: a.csv:3: column c: \"2.5\" is not a whole number; for words: "
            "classes: [cat, dog]");
  EXPECT_EQ(Fault("a,c\n1,red\n", ", label: c, classes: [2, 3]"),
            ":2: data.file: a.csv:2: column c: \"red\" is not a whole number; for words: "
            "classes: [cat, dog]");
  EXPECT_EQ(Fault("1,2\n1,2,3\n", ", header: false, columns: {y: 2}"),
            ":2: data.file: a.csv:2: 3 columns, but the first line has 2");
}

/* In the order of data.classes, whatever the order of the file; others are left out. */
TEST(Csv, LabelsMayBeWords) {
  WriteFile("a.csv", "p0,animal,p1\n1,dog,2\n3,cat,4\n9,\"a, b\",9\n5, dog ,6\n7,cat,8\n0,3,0\n");
  Loaded sign("{source: csv, file: a.csv, label: animal, classes: [cat, dog], train: 3, test: 1}");
  ASSERT_EQ(sign.status, PDLT_OK) << sign.message;
  EXPECT_EQ(sign.x(), (Numbers{1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(sign.y(), (Numbers{1, -1, 1, -1}));
  EXPECT_EQ(sign.summary(),
            "data: 3 train (1 of class cat, 2 of class dog), 1 test (1 of class "
            "cat, 0 of class dog)");
  Loaded hot(
      "{source: csv, file: a.csv, label: 2, classes: ['a, b', dog, 3], balance: true, train: 3}",
      3);
  ASSERT_EQ(hot.status, PDLT_OK) << hot.message;
  EXPECT_EQ(hot.x(), (Numbers{1, 2, 9, 9, 0, 0}));
  EXPECT_EQ(hot.y(), (Numbers{0, 1, 0, 1, 0, 0, 0, 0, 1}));
}

TEST(Csv, WrongWordsAreNamed) {
  const std::string text = "a,c\n1,dog\n2,cat\n3,cow\n4,dog\n5,dog\n";
  EXPECT_EQ(Fault(text, ", label: c, classes: [cat, fox]"),
            ":2: data.classes: no sample of class fox in a.csv; its labels are cat dog cow");
  const std::string behind = Fault(text, ", label: c, classes: [cow, dog], skip: 3");
  EXPECT_NE(behind.find("is of class cow, whose first sample is number 3 of 5 in a.csv"),
            behind.npos)
      << behind;
  EXPECT_EQ(Fault("a,c\n1,dog\n2,\n", ", label: c, classes: [cat, dog]"),
            ":2: data.file: a.csv:3: column c: no label");
  std::string many = "a,c\n";
  for (int k = 0; k < 5000; k++) many += "1,word" + std::to_string(k) + "\n";
  EXPECT_EQ(Fault(many, ", label: c, classes: [word0, word1]"),
            ":2: data.file: a.csv:4098: column c: more than 4096 different labels");
}

TEST(Csv, MissingFileSaysWherePathsStart) {
  Loaded missing("{source: csv, file: no.csv, train: 2}");
  EXPECT_EQ(missing.message, ":2: data.file: " + Folder() +
                                 "no.csv: No such file or directory (a path relative to the "
                                 "folder of the experiment file)");
}

TEST(Csv, EveryFailedAllocationIsReported) {
  WriteFile("a.csv", "label,p0,p1\nox,1,2\ncat,3,4\ncow,0,0\nox,5,6\n");
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [8], C_b: 0, C_W: 1}\n"
      "data: {source: csv, file: a.csv, label: label, columns: {x: [p0..p1]}, classes: [cat, ox], "
      "shuffle: 1, balance: true, train: 2}\ntraining: {eta: 0.1, steps: 1}\n";
  const std::string name = Folder() + "e.yaml";
  for (long n = 0;; n++) {
    ASSERT_LT(n, 200);
    pdlt_experiment ex = {};
    pdlt_dataset data = {};
    pdlt_error err = {};
    pdlt_memory_fail_after(n);
    pdlt_status status = pdlt_experiment_parse(&ex, text.c_str(), name.c_str(), 0, nullptr, &err);
    if (status == PDLT_OK) status = pdlt_dataset_load(&data, &ex, &err);
    pdlt_memory_fail_after(-1);
    EXPECT_EQ(data.x == nullptr, status != PDLT_OK);
    pdlt_dataset_free(&data);
    pdlt_experiment_free(&ex);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY) << err.message;
  }
}

}  // namespace
