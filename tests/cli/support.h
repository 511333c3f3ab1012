/* support.h - runs the program in tests: command, captured output, exit status; a small experiment. */
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

/* Every command is done with it at once. */
inline const char *const small_experiment =
    "title: small\n"
    "network: {activation: tanh, depth: 2, widths: [4, 6, 8], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, inputs: 2, train: 2, test: 1}\n"
    "training: {eta: 0.1, steps: 2, record: [0, 2]}\n"
    "ensemble: {members: 128, seed: 1, estimator: antithetic}\n"
    "measure: [output, kernel]\n"
    "compare: {degree: 1}\n";

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
