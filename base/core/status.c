/* status.c - see status.h. */
#include "base/core/status.h"

#include <stdio.h>

const char *pdlt_status_text(pdlt_status status) {
  switch (status) {
#define PDLT_STATUS_CASE(code, exit_status, text) \
  case code:                                      \
    return text;
    PDLT_STATUS_LIST(PDLT_STATUS_CASE)
#undef PDLT_STATUS_CASE
  }
  return "unknown status";
}

int pdlt_status_exit(pdlt_status status) {
#define PDLT_STATUS_CASE(code, exit_status, text) \
  if (status == (code)) return exit_status;
  PDLT_STATUS_LIST(PDLT_STATUS_CASE)
#undef PDLT_STATUS_CASE
  return 3;
}

#undef pdlt_fail /* of the analyzer */
#undef pdlt_vfail

pdlt_status pdlt_vfail(pdlt_error *err, pdlt_status status, const char *format, va_list args) {
  if (err != NULL) {
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, args);
  }
  return status;
}

pdlt_status pdlt_fail(pdlt_error *err, pdlt_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  pdlt_vfail(err, status, format, args);
  va_end(args);
  return status;
}
