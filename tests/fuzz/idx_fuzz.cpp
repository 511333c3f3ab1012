/* idx_fuzz.cpp - any bytes as images and labels: two bytes say how many of them are images. */
#include "tests/fuzz/support.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const ways[] = {"", ", pool: 2", ", balance: true, shuffle: 1",
                                     ", skip: 1, empty_classes: true", ", center: true, scale: 1"};
  fuzz::Input in = {data, size};
  const std::string way = ways[in.Byte() % (sizeof ways / sizeof *ways)];
  const size_t images = in.Below((size_t)1 << 16);
  const std::string x = fuzz::Write("images", in.Text(images)),
                    y = fuzz::Write("labels", in.Rest());
  fuzz::LoadData("source: idx, classes: [0, 1], images: " + x + ", labels: " + y + way);
  return 0;
}
