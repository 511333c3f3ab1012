/* pages.h - what a page of docs tells people to type: its fenced blocks, and a folder to type it in. */
#ifndef PDLT_TESTS_CLI_PAGES_H
#define PDLT_TESTS_CLI_PAGES_H

#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/support.h"

/* A block between ```LANGUAGE and ```, and the heading it stands under. */
struct Fence {
  std::string heading, language;
  std::vector<std::string> lines;
  std::string text() const {
    std::string all;
    for (const auto &line : lines) all += line + "\n";
    return all;
  }
  /* The file that its first line, "# NAME", names; "" where that names none. */
  std::string file() const {
    const bool named = !lines.empty() && lines[0].rfind("# ", 0) == 0 &&
                       lines[0].find(' ', 2) == std::string::npos;
    return named ? lines[0].substr(2) : "";
  }
};

inline std::vector<Fence> fences_of(const std::string &page) {
  std::istringstream in(read_text(PDLT_SOURCE_DIR "/" + page));
  std::vector<Fence> fences;
  std::string heading;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      if (inside) fences.push_back({heading, line.substr(3), {}});
    } else if (inside) {
      fences.back().lines.push_back(line);
    } else if (line.rfind("## ", 0) == 0) {
      heading = line.substr(3);
    }
  }
  return fences;
}

/* Lines of the ```sh blocks of a page. */
inline std::vector<std::string> commands_of(const std::string &page) {
  std::vector<std::string> commands;
  for (const auto &fence : fences_of(page))
    if (fence.language == "sh")
      commands.insert(commands.end(), fence.lines.begin(), fence.lines.end());
  return commands;
}

/* Stands for the project's folder; results stay in there. */
inline void make_project(const TempFolder &folder) {
  std::filesystem::create_directories(folder / "build/cli");
  std::filesystem::create_symlink(PDLT_PROGRAM, folder / "build/cli/pdlt");
  for (const char *name : {"reports", "datasets"})
    std::filesystem::create_directory_symlink(std::string(PDLT_SOURCE_DIR) + "/" + name,
                                              folder / name);
  std::filesystem::create_directory(folder / "out");
}

#endif
