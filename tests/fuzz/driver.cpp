/* driver.cpp - feeds files to a target, for builds without libFuzzer: the seeds are tests.
 *
 *   fuzz_TARGET_seeds FOLDER|FILE ...      exit status 0 unless the target aborts */
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (int k = 1; k < argc; k++) {
    if (!fs::is_directory(argv[k])) files.push_back(argv[k]);
    if (!fs::is_directory(argv[k])) continue;
    for (const auto &entry : fs::directory_iterator(argv[k]))
      files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  for (const auto &path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput((const uint8_t *)bytes.data(), bytes.size());
  }
  std::printf("%zu inputs\n", files.size());
  return files.empty() ? 1 : 0;
}
