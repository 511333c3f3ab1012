/* print.h - what `pdlt run` and `pdlt compare` print: the table of tests, reasons, warnings, answer.
 *
 * Is: the verdict as text of lines of at most 110 characters.
 * Is not: the report; all that is printed stands in verdict.json. */
#ifndef PDLT_CLI_PRINT_H
#define PDLT_CLI_PRINT_H

#include "cli/command.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prints `head`, then text broken at blanks; further lines begin with `indent` blanks. */
void pdlt_print_wrapped(const char *head, int indent, const char *text);

/* The verdict on a study whose report lies in folder: as JSON with options->json. */
void pdlt_print_verdict(const pdlt_study *study, const char *folder, const pdlt_options *options);

#ifdef __cplusplus
}
#endif
#endif
