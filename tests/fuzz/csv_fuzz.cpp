/* csv_fuzz.cpp - any text as a CSV file, read in one of several ways. */
#include "datasets/dataset.h"
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
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [4], C_b: 0, C_W: 1}\n"
      "data: {source: csv, train: 2, test: 1, file: " +
      path + way + "}\ntraining: {eta: 0.1, steps: 1}\nensemble: {members: 64}\n";
  pdlt_experiment ex = {};
  pdlt_dataset samples = {};
  pdlt_error err = {};
  const pdlt_status read = pdlt_experiment_parse(&ex, text.c_str(), "in.yaml", 0, nullptr, &err);
  if (read != PDLT_OK) std::fprintf(stderr, "%s\n", err.message);
  fuzz::Require(read == PDLT_OK, "the experiment is sound");
  if (pdlt_dataset_load(&samples, &ex, &err) == PDLT_OK)
    pdlt_dataset_free(&samples);
  else
    fuzz::RequireOneLine(err);
  pdlt_experiment_free(&ex);
  return 0;
}
