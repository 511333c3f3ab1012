/* archive.h - an archive that a test reads back. */
#ifndef PDLT_TESTS_CLI_ARCHIVE_H
#define PDLT_TESTS_CLI_ARCHIVE_H

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file/archive.h"
#include "base/file/npz.h"

struct Archive {
  explicit Archive(const std::filesystem::path &path) {
    pdlt_error err = {};
    EXPECT_EQ(pdlt_npz_read(&all, path.c_str(), &err), PDLT_OK) << err.message;
  }
  Archive(const Archive &) = delete;
  Archive &operator=(const Archive &) = delete;
  ~Archive() { pdlt_archive_free(&all); }
  std::vector<double> operator[](const std::string &name) const {
    const pdlt_array *a = pdlt_archive_get(&all, name.c_str());
    EXPECT_NE(a, nullptr) << name;
    return a == nullptr ? std::vector<double>()
                        : std::vector<double>(a->data, a->data + pdlt_array_count(a));
  }
  pdlt_archive all = {};
};

#endif
