// png: pixels, texts and resolution come back through libpng's reader; same bytes each time.
#include "compare/plot/png.h"

#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "base/file/file.h"
#include "tests/base/temporary.h"

namespace {

std::string path_of(const char *name) {
  return ::testing::TempDir() + "pdlt_png_" + std::to_string(getpid()) + "_" + name;
}

std::string slurp(const std::string &path) {
  char *bytes = nullptr;
  size_t size = 0;
  if (pdlt_file_read(path.c_str(), SIZE_MAX, &bytes, &size, nullptr) != PDLT_OK) return "";
  std::string out(bytes, size);
  pdlt_free(bytes);
  return out;
}

struct Image {
  unsigned width = 0, height = 0, channels = 0, per_metre = 0;
  std::vector<unsigned char> pixels;
  std::map<std::string, std::string> texts;
};

// A damaged file would abort the test here, which is what should happen.
Image load(const std::string &path) {
  Image out;
  FILE *stream = fopen(path.c_str(), "rb");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, stream);
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  out.width = png_get_image_width(png, info);
  out.height = png_get_image_height(png, info);
  out.channels = png_get_channels(png, info);
  out.per_metre = png_get_pixels_per_meter(png, info);
  for (unsigned y = 0; y < out.height; y++) {
    png_bytep row = png_get_rows(png, info)[y];
    out.pixels.insert(out.pixels.end(), row, row + out.width * out.channels);
  }
  png_textp text;
  int count = png_get_text(png, info, &text, nullptr);
  for (int k = 0; k < count; k++) out.texts[text[k].key] = text[k].text;
  png_destroy_read_struct(&png, &info, nullptr);
  fclose(stream);
  return out;
}

const char *const kKeys[] = {"commit", "experiment"}, *const kValues[] = {"0123456789ab", ""};

TEST(Png, RgbComesBack) {
  std::string path = path_of("rgb.png");
  for (int width : {1, 2, 17, 64})
    for (int height : {1, 3, 31}) {
      std::vector<unsigned char> rgb(3u * (unsigned)(width * height));
      for (size_t i = 0; i < rgb.size(); i++) rgb[i] = (unsigned char)(i * i + 13 * i);
      ASSERT_EQ(
          pdlt_png_write_rgb(path.c_str(), width, height, rgb.data(), 2, kKeys, kValues, nullptr),
          PDLT_OK);
      std::string first = slurp(path);
      Image image = load(path);
      EXPECT_EQ(image.width, (unsigned)width);
      EXPECT_EQ(image.height, (unsigned)height);
      EXPECT_EQ(image.channels, 3u);
      EXPECT_EQ(image.pixels, rgb);
      EXPECT_EQ(image.texts["commit"], kValues[0]);
      EXPECT_EQ(image.texts["experiment"], "");
      EXPECT_EQ(image.texts.size(), 2u);
      ASSERT_EQ(
          pdlt_png_write_rgb(path.c_str(), width, height, rgb.data(), 2, kKeys, kValues, nullptr),
          PDLT_OK);
      EXPECT_EQ(slurp(path), first);
    }
  unlink(path.c_str());
}

TEST(Png, ArgbIsStraightened) {
  std::string path = path_of("argb.png");
  const uint32_t words[2][3] = {{0xff102030, 0x80402010, 0}, {0x00000000, 0x01010101, 77}};
  ASSERT_EQ(pdlt_png_write_argb(path.c_str(), 2, 2, sizeof words[0], (const unsigned char *)words,
                                300, 0, nullptr, nullptr, nullptr),
            PDLT_OK);
  Image image = load(path);
  const std::vector<unsigned char> expected = {0x10, 0x20, 0x30, 0xff, 128, 64,  32,  128,
                                               0,    0,    0,    0,    255, 255, 255, 1};
  EXPECT_EQ(image.channels, 4u);
  EXPECT_EQ(image.pixels, expected);
  EXPECT_EQ(image.per_metre, 11811u);  // 300 dots per inch
  unlink(path.c_str());
}

TEST(Png, GreyComesBack) {
  const std::string path = path_of("grey.png");
  for (int width : {1, 2, 17})
    for (int height : {1, 3, 31}) {
      std::vector<unsigned char> grey((unsigned)(width * height));
      for (size_t i = 0; i < grey.size(); i++) grey[i] = (unsigned char)(i * i + 13 * i);
      char *bytes = nullptr;
      size_t size = 0;
      ASSERT_EQ(pdlt_png_grey(&bytes, &size, width, height, grey.data(), nullptr), PDLT_OK);
      ASSERT_EQ(pdlt_file_write(path.c_str(), bytes, size, nullptr), PDLT_OK);
      pdlt_free(bytes);
      const Image image = load(path);
      EXPECT_EQ(image.width, (unsigned)width);
      EXPECT_EQ(image.height, (unsigned)height);
      EXPECT_EQ(image.channels, 1u);
      EXPECT_EQ(image.pixels, grey);
    }
  unlink(path.c_str());
  char *bytes = nullptr;
  size_t size = 0;
  const unsigned char pixel = 1;
  pdlt_error err = {};
  for (int width : {0, -1}) {
    EXPECT_EQ(pdlt_png_grey(&bytes, &size, width, 1, &pixel, &err), PDLT_ERR_INTERNAL);
    EXPECT_EQ(pdlt_png_grey(&bytes, &size, 1, width, &pixel, &err), PDLT_ERR_INTERNAL);
  }
  EXPECT_EQ(bytes, nullptr);
}

TEST(Png, FailuresLeaveNothing) {
  const unsigned char pixel[3] = {1, 2, 3};
  std::string path = path_of("failed.png"), key(80, 'k');
  const char *const empty[] = {""}, *const too_long[] = {key.c_str()};
  pdlt_error err = {};
  EXPECT_EQ(pdlt_png_write_rgb("/nowhere/x.png", 1, 1, pixel, 0, nullptr, nullptr, &err),
            PDLT_ERR_IO);
  EXPECT_STREQ(err.message, "/nowhere/x.png: No such file or directory");
  EXPECT_EQ(pdlt_png_write_rgb(path.c_str(), 0, 1, pixel, 0, nullptr, nullptr, &err),
            PDLT_ERR_INTERNAL);
  EXPECT_EQ(pdlt_png_write_rgb(path.c_str(), 1, -1, pixel, 0, nullptr, nullptr, &err),
            PDLT_ERR_INTERNAL);
  for (const char *const *keys : {empty, too_long})
    EXPECT_EQ(pdlt_png_write_rgb(path.c_str(), 1, 1, pixel, 1, keys, kValues, &err),
              PDLT_ERR_INTERNAL);
  // libpng itself refuses more than a million columns; its longjmp must end in an error.
  std::vector<unsigned char> wide(3 * 1000001);
  EXPECT_EQ(pdlt_png_write_rgb(path.c_str(), 1000001, 1, wide.data(), 1, kKeys, kValues, &err),
            PDLT_ERR_IO);
  EXPECT_NE(strstr(err.message, "IHDR"), nullptr) << err.message;
  EXPECT_NE(access(path.c_str(), F_OK), 0);
  EXPECT_TRUE(temporaries(path).empty());
}

TEST(Png, EveryFailedAllocationIsAnError) {
  const unsigned char pixel[3] = {1, 2, 3};
  std::string path = path_of("memory.png");
  long failures = 0;
  for (;; failures++) {
    ASSERT_LT(failures, 100);
    pdlt_memory_fail_after(failures);
    pdlt_status status = pdlt_png_write_rgb(path.c_str(), 1, 1, pixel, 2, kKeys, kValues, nullptr);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY);
    ASSERT_NE(access(path.c_str(), F_OK), 0);
    ASSERT_TRUE(temporaries(path).empty());
  }
  EXPECT_GT(failures, 5);
  unlink(path.c_str());
}

}  // namespace
