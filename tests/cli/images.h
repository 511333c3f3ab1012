/* images.h - small IDX files in the format of MNIST. */
#ifndef PDLT_TESTS_CLI_IMAGES_H
#define PDLT_TESTS_CLI_IMAGES_H

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

inline std::string big_endian(uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

/* Images of noisy bars, upright for 3 and level for 8, as .gz files. */
inline void write_images(const std::filesystem::path &images_path,
                         const std::filesystem::path &labels_path) {
  std::string images = big_endian(0x803) + big_endian(20) + big_endian(8) + big_endian(8);
  std::string labels = big_endian(0x801) + big_endian(20);
  uint32_t noise = 1;
  for (uint32_t i = 0; i < 20; i++) {
    labels += static_cast<char>(i % 2 ? 8 : 3);
    for (uint32_t p = 0; p < 64; p++) {
      noise = noise * 1664525u + 1013904223u;
      const uint32_t along = i % 2 ? p / 8 : p % 8;
      images += static_cast<char>((along == 3 + i % 3 ? 180 : 20) + (noise >> 24) % 60);
    }
  }
  for (const auto &[path, bytes] :
       {std::pair{images_path, images}, std::pair{labels_path, labels}}) {
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
  }
}

#endif
