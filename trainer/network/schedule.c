/* schedule.c - see schedule.h. */
#include "trainer/network/schedule.h"

pdlt_schedule pdlt_schedule_make(const pdlt_experiment *ex, const pdlt_samples *data) {
  return (pdlt_schedule){.num_times = ex->training.num_record,
                         .times = ex->training.record,
                         .to_end = ex->training.to_end,
                         .max_steps = ex->training.max_steps,
                         .converged = PDLT_CONVERGED * (1 + data->max_target),
                         .limit = PDLT_LIMIT * (1 + data->max_target)};
}
