/* status.h - status codes and the error object every fallible function fills.
 *
 * Is: the one list of codes, the check macro, the error text.
 * Is not: logging; nothing here prints.
 *
 * Convention: a function that can fail returns pdlt_status and takes
 * `pdlt_error *err` as its last argument (NULL allowed). On failure it sets a
 * one-line message, frees what it made and leaves its outputs untouched. */
#ifndef PDLT_BASE_CORE_STATUS_H
#define PDLT_BASE_CORE_STATUS_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(code, exit status of the program, short description) */
#define PDLT_STATUS_LIST(X)                                   \
  X(PDLT_OK, 0, "success")                                    \
  X(PDLT_ERR_INPUT, 2, "bad usage or input")                  \
  X(PDLT_ERR_UNSUPPORTED, 2, "not defined for this input")    \
  X(PDLT_ERR_NUMERIC, 3, "numerical method did not converge") \
  X(PDLT_ERR_MEMORY, 3, "out of memory")                      \
  X(PDLT_ERR_IO, 3, "input/output failed")                    \
  X(PDLT_ERR_INTERNAL, 3, "internal error")                   \
  X(PDLT_ERR_INTERRUPTED, 130, "interrupted")

typedef enum pdlt_status {
#define PDLT_STATUS_ENUM(code, exit_status, text) code,
  PDLT_STATUS_LIST(PDLT_STATUS_ENUM)
#undef PDLT_STATUS_ENUM
} pdlt_status;

enum { PDLT_ERROR_LENGTH = 1024 };

/* What went wrong: code and one line of text (no newline at the end). */
typedef struct pdlt_error {
  pdlt_status status;
  char message[PDLT_ERROR_LENGTH];
} pdlt_error;

/* What libpdlt.so shows; everything else in it is hidden (cli/study/pdlt.h). */
#if defined(__GNUC__)
#define PDLT_API __attribute__((visibility("default")))
#else
#define PDLT_API
#endif

/* A result that must be looked at. */
#if defined(__GNUC__)
#define PDLT_CHECKED __attribute__((warn_unused_result))
#else
#define PDLT_CHECKED
#endif

#if defined(__GNUC__)
#define PDLT_PRINTF(format_index, first_index) \
  __attribute__((format(printf, format_index, first_index)))
#else
#define PDLT_PRINTF(format_index, first_index)
#endif

/* Short description of a code; never NULL. */
PDLT_API const char *pdlt_status_text(pdlt_status status);

/* Exit status of the program for a code, as in the list. */
PDLT_API int pdlt_status_exit(pdlt_status status);

/* Fills err (may be NULL) with code and formatted text, control characters
 * replaced by question marks; returns the code, so that
 * `return pdlt_fail(err, PDLT_ERR_INPUT, "...")` reads well. */
PDLT_API pdlt_status pdlt_fail(pdlt_error *err, pdlt_status status, const char *format, ...)
    PDLT_PRINTF(3, 4);

/* The same with a va_list. */
pdlt_status pdlt_vfail(pdlt_error *err, pdlt_status status, const char *format, va_list args);

#ifdef __clang_analyzer__ /* would otherwise follow paths on which a failure returns PDLT_OK */
static inline pdlt_status pdlt_code(pdlt_status code, pdlt_status returned) {
  (void)returned;
  return code;
}
#define pdlt_fail(err, code, ...) pdlt_code(code, pdlt_fail(err, code, __VA_ARGS__))
#define pdlt_vfail(err, code, ...) pdlt_code(code, pdlt_vfail(err, code, __VA_ARGS__))
#endif

/* Evaluates call; on failure keeps its code in the local `status` and jumps to
 * the local label `cleanup`. */
#define PDLT_TRY(call)                   \
  do {                                   \
    status = (call);                     \
    if (status != PDLT_OK) goto cleanup; \
  } while (0)

#ifdef __cplusplus
}
#endif
#endif
