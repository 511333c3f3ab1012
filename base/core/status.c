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

/* Messages quote files, paths and words of the command line: control characters (C0, DEL and, in UTF-8,
 * C1) become question marks, so that a message stays one line and cannot steer a terminal. */
static void clean(char *message) {
  for (unsigned char *c = (unsigned char *)message; *c != '\0'; c++) {
    if (*c < 0x20 || *c == 0x7F) *c = '?';
    if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0) c[0] = c[1] = '?';
  }
}

pdlt_status pdlt_vfail(pdlt_error *err, pdlt_status status, const char *format, va_list args) {
  if (err != NULL) {
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, args);
    clean(err->message);
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
