/* plot_test.cpp - a figure that is drawn while one allocation fails, of the plot toolkit or of a library
 * below it: it is the figure that it is without, to the last byte, or it is refused.
 *
 * Is: in this process, in a child for each allocation, so that thousands take seconds. Is not: the commands
 * of the program (faults_test.cpp). PDLT_FAULTS=all: every allocation; =N: at most N.
 *
 * Libraries may end the child by a signal, of which the program makes exit status 3 (cli/start.c). */
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/core/memory.h"
#include "compare/plot/plot.h"

/* --- memory, in place of libc's own, for all libraries --- */

extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
}

namespace {

std::atomic<long> counted, failing; /* the number of allocations; of the one that fails, 0: none */

bool has_none() {
  if (++counted != failing) return false;
  errno = ENOMEM;
  return true;
}

}  // namespace

extern "C" {
void *malloc(size_t size) noexcept { return has_none() ? nullptr : __libc_malloc(size); }

void *calloc(size_t count, size_t size) noexcept {
  return has_none() ? nullptr : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) noexcept {
  return has_none() ? nullptr : __libc_realloc(block, size);
}
}

namespace {

/* A line with an italic label, a power, a legend, axes with numbers. */
pdlt_plot *new_plot() {
  const double x[] = {1, 10, 100}, y[] = {0.5, 0.05, 0.004};
  pdlt_plot *plot = nullptr;
  EXPECT_EQ(pdlt_plot_new(&plot, 1, 1, 200, 150, nullptr), PDLT_OK);
  pdlt_panel *panel = pdlt_plot_panel(plot, 0);
  pdlt_panel_title(panel, "AVATAR, Ty and <b>fifi</b>");
  pdlt_panel_x(panel)->kind = PDLT_AXIS_LOG;
  std::strcpy(pdlt_panel_x(panel)->label, "width <i>n</i>");
  std::strcpy(pdlt_panel_y(panel)->label, "|<i>z</i> \u2212 <i>z</i><sub>0</sub>|<sup>2</sup>");
  pdlt_series s{};
  s.kind = PDLT_SERIES_LINE, s.n = 3, s.x = x, s.y = y, s.label = "slope \u22121";
  EXPECT_EQ(pdlt_panel_add(panel, &s, nullptr), PDLT_OK);
  return plot;
}

/* The bytes of its SVG, PDF and PNG, one after the other. */
pdlt_status draw(pdlt_plot *plot, const std::string &png, std::string *bytes) {
  const pdlt_provenance nothing{};
  char *text = nullptr;
  size_t size = 0;
  pdlt_status status = pdlt_plot_svg(plot, &text, &size, nullptr);
  if (status != PDLT_OK) return status;
  bytes->assign(text, size);
  pdlt_free(text);
  status = pdlt_plot_pdf(plot, "title", &text, &size, nullptr);
  if (status != PDLT_OK) return status;
  bytes->append(text, size);
  pdlt_free(text);
  status = pdlt_plot_write_png(plot, &nothing, png.c_str(), nullptr);
  if (status != PDLT_OK) return status;
  std::ifstream in(png, std::ios::binary);
  bytes->append(std::istreambuf_iterator<char>(in), {});
  return PDLT_OK;
}

enum Ending { SAME, REFUSED, OTHER_BYTES, OTHER_STATUS };

/* In a child; its status as of wait. */
int draw_with(pdlt_plot *plot, long fault, const std::string &png, const std::string &whole) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    std::string bytes; /* what libraries say in the end is of no interest */
    if (freopen("/dev/null", "w", stdout) == nullptr ||
        freopen("/dev/null", "w", stderr) == nullptr)
      _exit(OTHER_STATUS);
    bytes.reserve(2 * whole.size());
    counted = 0;
    failing = fault;
    const pdlt_status status = draw(plot, png, &bytes);
    failing = 0;
    if (status == PDLT_OK) _exit(bytes == whole ? SAME : OTHER_BYTES);
    _exit(status == PDLT_ERR_MEMORY || status == PDLT_ERR_IO ? REFUSED : OTHER_STATUS);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

/* Of `count` allocations at most `most`, evenly between the first and the last. */
void test_faults(pdlt_plot *plot, long count, long most, const std::string &png,
                 const std::string &whole) {
  const char *wanted = std::getenv("PDLT_FAULTS");
  if (wanted != nullptr) most = std::strcmp(wanted, "all") == 0 ? count : std::atol(wanted);
  most = std::min(most, count);
  long seen[] = {0, 0, 0, 0}, signals = 0;
  for (long k = 0; k < most; k++) {
    const long fault = 1 + k * (count - 1) / std::max(most - 1, 1L);
    const int status = draw_with(plot, fault, png, whole);
    if (!WIFEXITED(status)) {
      signals++;
      continue;
    }
    seen[WEXITSTATUS(status)]++;
    EXPECT_LE(WEXITSTATUS(status), REFUSED) << "allocation " << fault << " of " << count;
  }
  printf("%ld allocations, %ld fail: %ld refused, %ld ended by a library, %ld without effect\n",
         count, most, seen[REFUSED], signals, seen[SAME]);
  EXPECT_GT(seen[REFUSED], 0);
}

/* First as a program draws its first figure, which reads the fonts; then as it draws its next. */
TEST(PlotFaults, FigureIsWholeOrRefused) {
  pdlt_text_keep_lines(); /* as the program does */
  char name[] = "/tmp/pdlt_faults_XXXXXX";
  const std::string folder = mkdtemp(name), png = folder + "/a.png";
  pdlt_plot *plot = new_plot();
  std::string whole, again;
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  /* What a first drawing takes and gives, told by a child: this process is to stay without fonts. */
  const pid_t child = fork();
  if (child == 0) {
    counted = 0;
    const bool good = draw(plot, png, &whole) == PDLT_OK;
    const long count = counted;
    std::ofstream(folder + "/whole", std::ios::binary) << whole;
    _exit(good && write(pipes[1], &count, sizeof count) == sizeof count ? 0 : 1);
  }
  int status = 1;
  long count = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(read(pipes[0], &count, sizeof count), (ssize_t)sizeof count);
  std::ifstream in(folder + "/whole", std::ios::binary);
  whole.assign(std::istreambuf_iterator<char>(in), {});
  test_faults(plot, count, 40, png, whole);

  ASSERT_EQ(draw(plot, png, &again), PDLT_OK);
  EXPECT_EQ(again, whole);
  counted = 0;
  ASSERT_EQ(draw(plot, png, &again), PDLT_OK);
  test_faults(plot, counted, 120, png, whole);
  pdlt_plot_free(plot);
  std::filesystem::remove_all(folder);
}

}  // namespace
