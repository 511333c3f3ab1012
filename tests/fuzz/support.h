/* support.h - what the fuzz targets share: bytes to take numbers from, files to read, archives to
 * change.
 *
 * Is: for tests/fuzz alone. Is not: a check; a target aborts where a promise is broken, and the
 * sanitizers do where memory is. */
#ifndef PDLT_TESTS_FUZZ_SUPPORT_H
#define PDLT_TESTS_FUZZ_SUPPORT_H

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/file/archive.h"
#include "trainer/run/ensemble.h"

namespace fuzz {

/* Ends the process where what must hold does not. */
inline void Require(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

/* A refusal is one line. */
inline void RequireOneLine(const pdlt_error &err) {
  Require(err.message[0] != 0, "an error has a message");
  Require(std::strchr(err.message, '\n') == nullptr, "a message is one line");
}

/* The input, taken from the front; zeros behind its end. */
struct Input {
  const uint8_t *at;
  size_t left;
  uint8_t Byte() {
    if (left == 0) return 0;
    left--;
    return *at++;
  }
  size_t Below(size_t bound) {
    size_t value = Byte();
    value = value << 8 | Byte();
    return bound == 0 ? 0 : value % bound;
  }
  std::string Text(size_t most) {
    const size_t size = most < left ? most : left;
    const std::string text((const char *)at, size);
    at += size;
    left -= size;
    return text;
  }
  std::string Rest() { return Text(left); }
  double Number() {
    static const double known[] = {0,     1,      -1,  0.5,      64,       1e-300,
                                   1e300, 0x1p53, NAN, INFINITY, -INFINITY};
    const size_t k = Below(sizeof known / sizeof *known + 1);
    double value = 0;
    if (k < sizeof known / sizeof *known) return known[k];
    const std::string bytes = Text(sizeof value);
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
};

/* A folder of the process. */
inline const std::string &Folder() {
  static struct Owned {
    Owned() {
      std::string pattern = (std::filesystem::temp_directory_path() / "pdlt-fuzz-XXXXXX").string();
      if (mkdtemp(pattern.data()) == nullptr) std::abort();
      path = pattern;
    }
    ~Owned() { std::filesystem::remove_all(path); }
    std::string path;
  } owned;
  return owned.path;
}

/* Writes a file of that folder; returns its path. */
inline std::string Write(const std::string &name, const std::string &bytes) {
  const std::string path = Folder() + "/" + name;
  FILE *file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) std::abort();
  if (!bytes.empty()) std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
  return path;
}

/* Changes arrays and metadata of an archive as the input says. */
void Edit(pdlt_archive *archive, Input *in);

pdlt_archive Copy(const pdlt_archive &from);

/* A tiny experiment with its samples, as YAML and read; made once. */
extern const char *const kTiny;
struct Tiny {
  pdlt_experiment experiment;
  pdlt_dataset data;
};
const Tiny &TinyExperiment();
pdlt_ensemble_options TinyOptions();

/* The samples of an experiment whose section `data` is {train: 2, test: 1, rest} are loaded, or refused in one
 * line; the experiment itself is sound. */
void LoadData(const std::string &rest);

}  // namespace fuzz

#endif
