/* support.h - runs the program in tests: command, captured output, exit status. */
#ifndef PDLT_TESTS_CLI_SUPPORT_H
#define PDLT_TESTS_CLI_SUPPORT_H

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

struct Outcome {
  int status; /* exit status, 128 + signal when killed */
  std::string out, err;
};

inline std::string read_text(const std::filesystem::path &path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void write_text(const std::filesystem::path &path, const std::string &text) {
  std::ofstream(path, std::ios::binary) << text;
}

/* A folder of its own per test, removed at the end. */
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pdlt-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder &) = delete;
  TempFolder &operator=(const TempFolder &) = delete;
  std::filesystem::path operator/(const std::string &name) const { return path_ / name; }
  const std::filesystem::path &path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/* Runs a shell command in folder. */
inline Outcome run_shell(const std::string &command, const std::filesystem::path &folder) {
  TempFolder capture;
  std::string line = "cd '" + folder.string() + "' && ( " + command + " ) >'" +
                     (capture / "out").string() + "' 2>'" + (capture / "err").string() + "'";
  int raw = std::system(line.c_str());
  int status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return {status, read_text(capture / "out"), read_text(capture / "err")};
}

/* Runs the program with arguments (already quoted for the shell). */
inline Outcome run_pdlt(const std::string &arguments, const std::filesystem::path &folder) {
  return run_shell(std::string("'") + PDLT_PROGRAM + "' " + arguments, folder);
}

#endif
