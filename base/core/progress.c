/* progress.c - see progress.h. */
#include "base/core/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };
static const double pause_of_bar = 0.1; /* seconds; of calls too */
static const double short_stage = 2;    /* seconds */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void format_time(char *out, size_t size, double seconds) {
  if (!(seconds < 1e9)) {
    snprintf(out, size, "unknown");
  } else if (seconds < 60) {
    snprintf(out, size, "%.0f s", seconds);
  } else {
    long whole = (long)(seconds + 0.5);
    if (whole < 3600)
      snprintf(out, size, "%ld min %02ld s", whole / 60, whole % 60);
    else
      snprintf(out, size, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
  }
}

pdlt_progress_mode pdlt_progress_choose(int quiet) {
  if (quiet) return PDLT_PROGRESS_QUIET;
  return isatty(STDERR_FILENO) ? PDLT_PROGRESS_BAR : PDLT_PROGRESS_LINES;
}

static double fraction(const pdlt_progress *progress) {
  if (!(progress->total > 0)) return 1;
  double part = progress->done / progress->total;
  return part < 0 ? 0 : part > 1 ? 1 : part;
}

/* Whole percent; 100 only when all is done. */
static double percent(const pdlt_progress *progress) {
  return floor(100 * fraction(progress) + 1e-9);
}

static void print_state(pdlt_progress *progress, double time) {
  double elapsed = time - progress->started, part = fraction(progress);
  double rate = elapsed > 0 ? (progress->done - progress->resumed) / elapsed : 0;
  char left[32] = "unknown";
  double rest = progress->total > progress->done ? progress->total - progress->done : 0;
  char all[48] = "";
  if (rate > 0) format_time(left, sizeof left, rest / rate);
  if (rate > 0 && progress->later > 0) {
    char text[32];
    format_time(text, sizeof text, (rest + progress->later) / rate);
    snprintf(all, sizeof all, ", about %s in all", text);
  }
  progress->printed = time;
  if (progress->mode == PDLT_PROGRESS_BAR) {
    char bar[BAR_WIDTH + 1];
    int filled = (int)(part * BAR_WIDTH);
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = 0;
    fprintf(stderr, "\r%s [%s] %3.0f %%  %.3g/s  %s left%s\033[K", progress->label, bar,
            percent(progress), rate, left, all);
    progress->open = 1;
  } else {
    fprintf(stderr, "%s: %.0f %%, %.3g/s, %s left%s\n", progress->label, percent(progress), rate,
            left, all);
  }
  (void)fflush(stderr);
}

static void call(pdlt_progress *progress, double time) {
  progress->called = time;
  if (progress->call != NULL)
    progress->call(progress->context, PDLT_EVENT_PROGRESS, progress->label, progress->done,
                   progress->total);
}

static void begin(pdlt_progress *progress, const char *label, double total, double already) {
  snprintf(progress->label, sizeof progress->label, "%s", label);
  progress->total = total;
  progress->done = progress->resumed = already;
  progress->later = 0;
  progress->waits = 0;
  progress->started = progress->printed = now();
}

void pdlt_progress_start(pdlt_progress *progress, const char *label, double total, double already) {
  if (progress == NULL) return;
  begin(progress, label, total, already);
  call(progress, progress->started);
  if (progress->mode == PDLT_PROGRESS_QUIET) return;
  if (progress->mode == PDLT_PROGRESS_BAR) {
    print_state(progress, progress->started);
  } else {
    fprintf(stderr, "%s: started", progress->label);
    if (already > 0) fprintf(stderr, ", %.0f %% done before", percent(progress));
    fprintf(stderr, "\n");
  }
}

void pdlt_progress_start_short(pdlt_progress *progress, const char *label, double total) {
  if (progress == NULL) return;
  begin(progress, label, total, 0);
  progress->waits = 1;
}

void pdlt_progress_later(pdlt_progress *progress, double units) {
  if (progress != NULL) progress->later = units;
}

void pdlt_progress_update(pdlt_progress *progress, double done) {
  if (progress == NULL) return;
  progress->done = done;
  if (progress->mode == PDLT_PROGRESS_QUIET && progress->call == NULL) return;
  const double time = now();
  const int begins = progress->waits && time - progress->started >= short_stage;
  if (progress->waits && !begins) return;
  progress->waits = 0;
  if (time - progress->called >= pause_of_bar) call(progress, time);
  if (progress->mode == PDLT_PROGRESS_QUIET) return;
  double pause = (time - progress->started) / 30;
  pause = pause < 10 ? 10 : pause > 600 ? 600 : pause;
  if (progress->mode == PDLT_PROGRESS_BAR) pause = pause_of_bar;
  if (begins || time - progress->printed >= pause) print_state(progress, time);
}

void pdlt_progress_add(pdlt_progress *progress, double more) {
  if (progress == NULL) return;
#pragma omp critical(pdlt_progress)
  pdlt_progress_update(progress, progress->done + more);
}

pdlt_status pdlt_progress_check(const pdlt_progress *progress, pdlt_error *err) {
  if (progress == NULL || progress->stop == NULL || *progress->stop == 0) return PDLT_OK;
  return pdlt_fail(err, PDLT_ERR_INTERRUPTED, "interrupted during %s", progress->label);
}

pdlt_progress pdlt_progress_silent(const pdlt_progress *progress) {
  pdlt_progress silent = {.mode = PDLT_PROGRESS_QUIET};
  if (progress == NULL) return silent;
  memcpy(silent.label, progress->label, sizeof silent.label);
  silent.stop = progress->stop;
  return silent;
}

void pdlt_progress_finish(pdlt_progress *progress) {
  if (progress == NULL || progress->waits) return;
  call(progress, now());
  if (progress->mode == PDLT_PROGRESS_QUIET) return;
  char elapsed[32], state[48] = "done";
  if (percent(progress) < 100)
    snprintf(state, sizeof state, "stopped at %.0f %%", percent(progress));
  format_time(elapsed, sizeof elapsed, now() - progress->started);
  const char *first = progress->mode == PDLT_PROGRESS_BAR ? "\r" : "";
  const char *end = progress->mode == PDLT_PROGRESS_BAR ? "\033[K" : "";
  fprintf(stderr, "%s%s: %s in %s%s\n", first, progress->label, state, elapsed, end);
  (void)fflush(stderr);
  progress->open = 0;
}

void pdlt_progress_break(pdlt_progress *progress) {
  if (progress == NULL || !progress->open) return;
  fprintf(stderr, "\n");
  progress->open = 0;
}

void pdlt_progress_note(pdlt_progress *progress, const char *format, ...) {
  char text[PDLT_ERROR_LENGTH];
  va_list args;
  if (progress == NULL) return;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  pdlt_progress_event(progress, PDLT_EVENT_NOTE, text);
  if (progress->mode == PDLT_PROGRESS_QUIET) return;
  fprintf(stderr, "%s\n", text);
  (void)fflush(stderr);
}

void pdlt_progress_event(const pdlt_progress *progress, pdlt_event event, const char *text) {
  if (progress != NULL && progress->call != NULL)
    progress->call(progress->context, (int)event, text, 0, 0);
}
