/* idx_fuzz.cpp - any bytes as images and labels: two bytes say how many of them are images. */
#include "datasets/dataset.h"
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const ways[] = {"", ", pool: 2", ", balance: true, shuffle: 1",
                                     ", skip: 1, empty_classes: true", ", center: true, scale: 1"};
  fuzz::Input in = {data, size};
  const std::string way = ways[in.Byte() % (sizeof ways / sizeof *ways)];
  const size_t images = in.Below((size_t)1 << 16);
  const std::string x = fuzz::Write("images", in.Text(images)),
                    y = fuzz::Write("labels", in.Rest());
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [4], C_b: 0, C_W: 1}\n"
      "data: {source: idx, train: 2, test: 1, classes: [0, 1], images: " +
      x + ", labels: " + y + way + "}\ntraining: {eta: 0.1, steps: 1}\nensemble: {members: 64}\n";
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
