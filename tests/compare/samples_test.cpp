// The section of the page that shows samples: pictures, labels, and when there is none.
#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/core/memory.h"
#include "compare/page/internal.h"
#include "tests/compare/fake.h"

namespace {

// A page of samples that are images of rows x columns.
struct Images : Fake {
  double *x = nullptr, *y = nullptr;

  Images(size_t high, size_t wide, size_t count, int train, size_t outputs = 1) {
    FillMeta();
    x = New(&measured, "x", {count, high * wide});
    y = New(&measured, "y", {count, outputs});
    json_object_set_new(&Data(), "train", json_integer(train));
    SetImage((int)high, (int)wide);
  }
  json_t &Data() { return *json_object_get(json_object_get(measured.meta, "experiment"), "data"); }
  void SetImage(int high, int wide) {
    json_object_set_new(measured.meta, "image",
                        json_pack("{s:i, s:i}", "rows", high, "columns", wide));
  }
  void SetClasses(json_t *classes, size_t outputs) {
    json_object_set_new(&Data(), "classes", classes);
    const size_t count = pdlt_archive_get(&measured, "y")->dim[0];
    std::memcpy(New(&theory, "y", {count, outputs}), y, count * outputs * sizeof *y);
  }
  std::string Section() const {
    const pdlt_report_input in{&comparison, &theory, &measured, nullptr};
    char *text = nullptr;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    pdlt_error err;
    EXPECT_EQ(pdlt_report_samples(out, &in, &err), PDLT_OK) << err.message;
    std::fclose(out);
    std::string section(text, size);
    std::free(text);
    return section;
  }
};

size_t Count(const std::string &text, const std::string &what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) count++;
  return count;
}

// The PNG behind the n-th "base64," of the text, decoded by libpng's own reader.
std::vector<unsigned> Picture(const std::string &text, size_t n, unsigned *width) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t at = 0;
  for (size_t k = 0; k <= n; k++) at = text.find("base64,", at) + 7;
  std::string bytes;
  unsigned bits = 0, count = 0;
  for (; alphabet.find(text[at]) != std::string::npos; at++) {
    bits = bits << 6 | (unsigned)alphabet.find(text[at]);
    count += 6;
    if (count >= 8) bytes += (char)(bits >> (count -= 8) & 0xff);
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()));
  EXPECT_EQ(image.format, (png_uint_32)PNG_FORMAT_GRAY);
  std::vector<unsigned char> grey(PNG_IMAGE_SIZE(image));
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, grey.data(), 0, nullptr));
  *width = image.width;
  return {grey.begin(), grey.end()};
}

TEST(Samples, PictureIsTheSampleFromItsSmallestNumberToItsLargest) {
  Images page(2, 3, 3, 2);
  const double first[] = {-1, 0, 1, 0.5, -0.5, 1}, second[] = {7, 7, 7, 7, 7, 7};
  std::copy(first, first + 6, page.x);
  std::copy(second, second + 6, page.x + 6);
  std::copy(first, first + 6, page.x + 12);
  page.y[0] = page.y[2] = 0.25;
  const std::string section = page.Section();
  unsigned width = 0;
  EXPECT_EQ(Picture(section, 0, &width), (std::vector<unsigned>{0, 128, 255, 191, 64, 255}));
  EXPECT_EQ(width, 3u);
  EXPECT_EQ(Picture(section, 1, &width), (std::vector<unsigned>(6, 128)));  // all the same: grey
  EXPECT_EQ(Picture(section, 2, &width), Picture(section, 0, &width));
  EXPECT_EQ(Count(section, "<li>"), 3u);
  EXPECT_TRUE(Has(section, ">training 2<br>target 0</li>")) << section;
  EXPECT_TRUE(Has(section, "alt=\"test sample 1\""));
  EXPECT_TRUE(Has(section, ">test 1<br>target 0.25</li>")) << section;
  EXPECT_TRUE(Has(section, "2 \xc3\x97 3 pixels"));
  EXPECT_FALSE(Has(section, "The first"));
}

// A second road to the means over squares: an image that is constant on them.
TEST(Samples, LargeImagesAreMeansOverSquares) {
  Images page(130, 100, 1, 1);
  for (size_t r = 0; r < 130; r++)
    for (size_t c = 0; c < 100; c++)
      page.x[r * 100 + c] = (double)((r / 3 + 2 * (c / 3)) % 5) + (r % 3 == 1 ? 0.1 : -0.05);
  unsigned width = 0;
  const std::vector<unsigned> picture = Picture(page.Section(), 0, &width);
  EXPECT_EQ(width, 34u);  // 100 / 3, rounded up
  ASSERT_EQ(picture.size(), 34u * 44u);
  // the last row of squares has one row of pixels, lower by 0.05 than the mean of three
  for (size_t p = 0; p < picture.size(); p++) {
    const double low = -0.05,
                 mean = (double)((p / 34 + 2 * (p % 34)) % 5) + (p / 34 == 43 ? low : 0);
    EXPECT_NEAR(picture[p], 255 * (mean - low) / (4 - low), 0.51) << p;
  }
}

TEST(Samples, LabelsAreClassesAndTargets) {
  Images page(1, 2, 2, 1);
  page.y[0] = -1;
  page.y[1] = 1;
  page.SetClasses(json_pack("[s,s]", "cat & dog", "eel"), 1);
  std::string section = page.Section();
  EXPECT_TRUE(Has(section,
                  ">training 1<br>class cat &amp; dog<br>target \xe2\x88\x92"
                  "1</li>"))
      << section;
  EXPECT_TRUE(Has(section, ">test 1<br>class eel<br>target 1</li>")) << section;
  Images hot(1, 2, 1, 1, 4);
  hot.y[2] = 1;
  hot.SetClasses(json_pack("[i,i,i,i]", 3, 5, 7, 9), 4);
  section = hot.Section();
  EXPECT_TRUE(Has(section, ">training 1<br>class 7</li>")) << section;  // which says the target
  Images many(1, 2, 1, 1, 4);
  EXPECT_TRUE(Has(many.Section(), ">training 1<br>target 0, 0, 0, ...</li>"));
}

TEST(Samples, ManyAreCounted) {
  Images page(1, 2, 100, 30);
  const std::string section = page.Section();
  EXPECT_EQ(Count(section, "alt=\"training"), 24u);
  EXPECT_EQ(Count(section, "alt=\"test"), 24u);
  EXPECT_TRUE(
      Has(section, "The first 24 of 30 training samples. The first 24 of 70 test samples."));
}

TEST(Samples, OnlyImagesAreShown) {
  Fake plain;
  plain.FillMeta();
  const pdlt_report_input in{&plain.comparison, &plain.theory, &plain.measured, nullptr};
  EXPECT_EQ(pdlt_report_samples(stdout, &in, nullptr), PDLT_OK);  // no x at all
  Images page(2, 3, 3, 2);
  EXPECT_NE(page.Section(), "");
  for (const auto &[high, wide] : {std::pair{2, 2}, {4, 3}, {0, 6}, {-2, -3}, {2, 0}}) {
    page.SetImage(high, wide);
    EXPECT_EQ(page.Section(), "") << high;
  }
  json_object_del(page.measured.meta, "image");
  EXPECT_EQ(page.Section(), "");
  Images few(2, 3, 3, 4);  // more for training than there are
  EXPECT_EQ(few.Section(), "");
}

TEST(Samples, EveryFailedAllocationIsAnError) {
  Images page(2, 3, 3, 2);
  const pdlt_report_input in{&page.comparison, &page.theory, &page.measured, nullptr};
  const std::string path = ::testing::TempDir() + "pdlt_samples_" + std::to_string(getpid());
  long failures = 0;
  for (;; failures++) {
    ASSERT_LT(failures, 100);
    pdlt_memory_fail_after(failures);
    const pdlt_status status = pdlt_report_write(&in, path.c_str(), nullptr);
    pdlt_memory_fail_after(-1);
    if (status == PDLT_OK) break;
    ASSERT_EQ(status, PDLT_ERR_MEMORY);
    ASSERT_FALSE(std::ifstream(path).good());
  }
  EXPECT_GT(failures, 5);
  std::remove(path.c_str());
}

}  // namespace
