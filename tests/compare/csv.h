// csv.h - the rows of a CSV of a figure, for tests.
#ifndef PDLT_TESTS_COMPARE_CSV_H
#define PDLT_TESTS_COMPARE_CSV_H

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// One point of a curve; numbers that are not given are NaN.
struct CsvRow {
  int panel;
  std::string title, x_axis, y_axis, curve;
  double x, y, low, high, value;
};

inline std::vector<std::string> CsvFields(const std::string &line) {
  std::vector<std::string> fields{""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

inline std::vector<CsvRow> ReadCsv(const std::string &path) {
  std::ifstream in(path);
  std::vector<CsvRow> rows;
  std::string line;
  if (!std::getline(in, line) || line != "panel,title,x_axis,y_axis,curve,x,y,low,high,value")
    return {};
  const auto number = [](const std::string &text) {
    return text.empty() ? NAN : std::strtod(text.c_str(), nullptr);
  };
  while (std::getline(in, line)) {
    const auto f = CsvFields(line);
    if (f.size() != 10) return {};
    rows.push_back({std::atoi(f[0].c_str()), f[1], f[2], f[3], f[4], number(f[5]), number(f[6]),
                    number(f[7]), number(f[8]), number(f[9])});
  }
  return rows;
}

// Those of one curve of one panel.
inline std::vector<CsvRow> CurveOf(const std::vector<CsvRow> &rows, int panel,
                                   const std::string &curve) {
  std::vector<CsvRow> found;
  for (const CsvRow &row : rows)
    if (row.panel == panel && row.curve == curve) found.push_back(row);
  return found;
}

#endif
