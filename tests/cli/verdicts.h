// verdicts.h - what a run's verdict.json says of each test.
#ifndef PDLT_TESTS_CLI_VERDICTS_H
#define PDLT_TESTS_CLI_VERDICTS_H

#include <jansson.h>

#include <map>
#include <string>

#include "tests/cli/support.h"

// By quantity and coefficient, "z c1", of the folder `of`; empty without a verdict.json.
inline std::map<std::string, std::string> verdicts(const TempFolder &folder,
                                                   const std::string &of) {
  json_t *root = json_load_file((folder / of / "verdict.json").c_str(), 0, nullptr);
  std::map<std::string, std::string> out;
  json_t *test = nullptr;
  size_t i = 0;
  json_array_foreach(json_object_get(root, "tests"), i, test) {
    const std::string name = json_string_value(json_object_get(test, "quantity"));
    out[name + " " + json_string_value(json_object_get(test, "coefficient"))] =
        json_string_value(json_object_get(test, "verdict"));
  }
  json_decref(root);
  return out;
}

#endif
