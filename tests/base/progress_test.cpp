// progress: what is printed in each mode, without looking at the clock: the time of the last
// print is moved by hand.
#include "base/core/progress.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(Progress, QuietPrintsNothing) {
  pdlt_progress p = {};
  p.mode = PDLT_PROGRESS_QUIET;
  CaptureStderr();
  pdlt_progress_start(&p, "theory", 10, 0);
  p.printed -= 100;
  pdlt_progress_update(&p, 5);
  pdlt_progress_finish(&p);
  pdlt_progress_start(nullptr, "theory", 10, 0);
  pdlt_progress_update(nullptr, 5);
  pdlt_progress_finish(nullptr);
  EXPECT_EQ(GetCapturedStderr(), "");
  EXPECT_EQ(p.done, 5);
}

TEST(Progress, LinesCarryPercentRateAndTimeLeft) {
  pdlt_progress p = {};
  p.mode = PDLT_PROGRESS_LINES;
  CaptureStderr();
  pdlt_progress_start(&p, "training", 200, 100);
  pdlt_progress_update(&p, 101);  // too early for a line
  p.started -= 1e6;               // one unit of work in a million seconds, 50 done before
  p.printed -= 11;                // lines have become rare
  pdlt_progress_update(&p, 140);
  p.printed -= 600;
  pdlt_progress_update(&p, 150);
  pdlt_progress_later(&p, 100);
  p.printed -= 601;
  pdlt_progress_update(&p, 150);
  pdlt_progress_update(&p, 200);
  pdlt_progress_finish(&p);
  std::string out = GetCapturedStderr();
  EXPECT_EQ(out.find("training: started, 50 % done before\ntraining: 75 %, 5e-05/s, 277 h 46 min "
                     "left\ntraining: 75 %, 5e-05/s, 277 h 46 min left, about 833 h 20 min in "
                     "all\ntraining: done in 277 h 46 min\n"),
            0u)
      << out;
}

TEST(Progress, TheBarFillsInOneLine) {
  pdlt_progress p = {};
  p.mode = PDLT_PROGRESS_BAR;
  CaptureStderr();
  pdlt_progress_start(&p, "w", 4, 0);
  p.printed -= 1;
  pdlt_progress_update(&p, 2);
  p.printed -= 1;
  pdlt_progress_update(&p, 9);  // more than announced
  std::string out = GetCapturedStderr();
  EXPECT_EQ(out.find('\n'), std::string::npos);
  EXPECT_NE(out.find("\rw [" + std::string(30, '.') + "]   0 %"), std::string::npos) << out;
  EXPECT_NE(out.find("\rw [" + std::string(15, '#') + std::string(15, '.') + "]  50 %"),
            std::string::npos);
  EXPECT_NE(out.find("\rw [" + std::string(30, '#') + "] 100 %"), std::string::npos);
  CaptureStderr();
  pdlt_progress_finish(&p);
  EXPECT_EQ(GetCapturedStderr().find("\rw: done in "), 0u);
}

TEST(Progress, NothingToDoIsDone) {
  pdlt_progress p = {};
  p.mode = PDLT_PROGRESS_BAR;
  CaptureStderr();
  pdlt_progress_start(&p, std::string(200, 'l').c_str(), 0, 0);
  std::string out = GetCapturedStderr();
  EXPECT_NE(out.find("100 %"), std::string::npos);
  EXPECT_EQ(out.find(std::string(64, 'l')), std::string::npos);  // labels are cut
}

TEST(Progress, NotesAreLinesOfTheirOwn) {
  pdlt_progress p = {};
  for (pdlt_progress_mode mode : {PDLT_PROGRESS_QUIET, PDLT_PROGRESS_LINES, PDLT_PROGRESS_BAR}) {
    p.mode = mode;
    CaptureStderr();
    pdlt_progress_note(&p, "found %d of %s", 3, "them");
    pdlt_progress_note(nullptr, "nobody listens");
    EXPECT_EQ(GetCapturedStderr(), mode == PDLT_PROGRESS_QUIET ? "" : "found 3 of them\n");
  }
}

TEST(Progress, WorkIsAskedToEnd) {
  volatile sig_atomic_t stop = 0;
  pdlt_error err = {};
  pdlt_progress p = {};
  EXPECT_EQ(pdlt_progress_check(nullptr, &err), PDLT_OK);
  EXPECT_EQ(pdlt_progress_check(&p, &err), PDLT_OK);
  p.stop = &stop;
  pdlt_progress_start(&p, "kernels", 2, 0);
  EXPECT_EQ(pdlt_progress_check(&p, &err), PDLT_OK);
  pdlt_progress silent = pdlt_progress_silent(&p);
  stop = 1;
  EXPECT_EQ(pdlt_progress_check(&p, nullptr), PDLT_ERR_INTERRUPTED);
  EXPECT_EQ(pdlt_progress_check(&silent, &err), PDLT_ERR_INTERRUPTED);
  EXPECT_STREQ(err.message, "interrupted during kernels");
  const pdlt_progress none = pdlt_progress_silent(nullptr);
  EXPECT_EQ(pdlt_progress_check(&none, nullptr), PDLT_OK);
}

// What was left off is not done.
TEST(Progress, OnlyWhatIsDoneIsCalledDone) {
  pdlt_progress p = {};
  p.mode = PDLT_PROGRESS_LINES;
  CaptureStderr();
  pdlt_progress_start(&p, "training", 1000, 0);
  pdlt_progress_update(&p, 999.5);
  pdlt_progress_finish(&p);
  EXPECT_EQ(GetCapturedStderr(), "training: started\ntraining: stopped at 99 % in 0 s\n");
}

struct Told {
  std::vector<std::string> lines;
};

void tell(void *context, int event, const char *text, double done, double total) {
  char line[128];
  snprintf(line, sizeof line, "%d %s %g/%g", event, text, done, total);
  static_cast<Told *>(context)->lines.push_back(line);
}

// Nothing of a stage that was short, all of one that was not.
TEST(Progress, ShortStagesAreSilent) {
  for (pdlt_progress_mode mode : {PDLT_PROGRESS_LINES, PDLT_PROGRESS_BAR}) {
    pdlt_progress p = {};
    p.mode = mode;
    CaptureStderr();
    pdlt_progress_start_short(&p, "figures", 4);
    pdlt_progress_add(&p, 1);
    pdlt_progress_add(&p, 3);
    pdlt_progress_finish(&p);
    EXPECT_EQ(GetCapturedStderr(), "");
    CaptureStderr();
    pdlt_progress_start_short(&p, "figures", 4);
    p.started = p.printed -= 3;
    pdlt_progress_add(&p, 1);
    pdlt_progress_add(&p, 3);
    pdlt_progress_finish(&p);
    const std::string out = GetCapturedStderr();
    EXPECT_NE(out.find(mode == PDLT_PROGRESS_BAR ? " 25 %" : "figures: 25 %,"), std::string::npos);
    EXPECT_NE(out.find("figures: done in 3 s"), std::string::npos) << out;
    EXPECT_EQ(p.done, 4);
  }
  Told told;
  pdlt_progress p = {};
  p.call = tell;
  p.context = &told;
  pdlt_progress_start_short(&p, "figures", 4);
  pdlt_progress_add(&p, 4);
  pdlt_progress_finish(&p);
  EXPECT_TRUE(told.lines.empty());
  pdlt_progress_start_short(&p, "figures", 4);
  p.started -= 3;
  p.called -= 3;
  pdlt_progress_add(&p, 4);
  EXPECT_EQ(told.lines, std::vector<std::string>{"1 figures 4/4"});
  pdlt_progress_start_short(nullptr, "figures", 4);
  pdlt_progress_add(nullptr, 1);
}

TEST(Progress, ChoosesByTerminal) {
  EXPECT_EQ(pdlt_progress_choose(1), PDLT_PROGRESS_QUIET);
  CaptureStderr();  // a file
  EXPECT_EQ(pdlt_progress_choose(0), PDLT_PROGRESS_LINES);
  GetCapturedStderr();
}

TEST(Progress, CallsWhoeverAskedAlsoWhenQuiet) {
  Told told;
  pdlt_progress p = {};
  p.call = tell;
  p.context = &told;
  pdlt_progress_start(&p, "training", 10, 2);
  p.called -= 1;  // as if a second had passed
  pdlt_progress_update(&p, 5);
  pdlt_progress_update(&p, 6);  // too early
  pdlt_progress_finish(&p);
  pdlt_progress_note(&p, "found %d", 3);
  pdlt_progress_event(&p, PDLT_EVENT_END, "training");
  pdlt_progress_event(nullptr, PDLT_EVENT_END, "training");
  EXPECT_EQ(told.lines,
            (std::vector<std::string>{"1 training 2/10", "1 training 5/10", "1 training 6/10",
                                      "2 found 3 0/0", "4 training 0/0"}));
}

}  // namespace
