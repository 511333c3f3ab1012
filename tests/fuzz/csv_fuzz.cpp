/* csv_fuzz.cpp - any text as a CSV file, read in one of several ways. */
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const ways[] = {"",
                                     ", header: false, columns: {x: [1, 2], y: [3]}",
                                     ", columns: {y: [y1]}",
                                     ", label: y1, classes: [0, 1]",
                                     ", label: 3, classes: [a, b], header: false",
                                     ", columns: {x: [1..2], y: [3]}, skip: 1",
                                     ", label: y1, classes: [0, 1], balance: true, shuffle: 3",
                                     ", shuffle: 2, center: true, scale: 1",
                                     ", columns: {x: [x1..x2], y: [y1]}"};
  fuzz::Input in = {data, size};
  const std::string way = ways[in.Byte() % (sizeof ways / sizeof *ways)];
  const std::string path = fuzz::Write("in.csv", in.Rest());
  fuzz::LoadData("source: csv, file: " + path + way);
  return 0;
}
