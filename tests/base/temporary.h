/* temporary.h - which temporary files of a path are there, for tests of what writes files. */
#ifndef PDLT_TESTS_BASE_TEMPORARY_H
#define PDLT_TESTS_BASE_TEMPORARY_H

#include <filesystem>
#include <string>
#include <vector>

/* Names PATH.*.tmp and PATH.tmp in the folder of path. */
inline std::vector<std::string> temporaries(const std::filesystem::path &path) {
  std::vector<std::string> found;
  const std::string begin = path.filename().string() + ".";
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(begin, 0) == 0 && entry.path().extension() == ".tmp") found.push_back(name);
  }
  return found;
}

#endif
