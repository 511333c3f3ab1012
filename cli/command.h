/* command.h - the subcommands of pdlt and what they share.
 *
 * Is: options common to all subcommands, what listens to the library, one entry point per
 * subcommand.
 * Is not: physics or statistics; a subcommand calls the front door (study/pdlt.h) and prints. */
#ifndef PDLT_CLI_COMMAND_H
#define PDLT_CLI_COMMAND_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/study/pdlt.h"
#include "cli/study/pdlt_tools.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PDLT_COMMAND_PATH = 4096 };

/* The command line of one subcommand, taken apart. Strings are borrowed from argv. */
typedef struct pdlt_options {
  int quiet, json, help, quick, full, back, picked, skips;
  long member;        /* --member, of features */
  double skip;        /* --skip, of critical */
  const char *output; /* -o */
  const char *claims; /* --claims: folder of claims; NULL: as pdlt_verify finds them */
  const char **sets;  /* key=value, ..., NULL; owned */
  int num_args;
  char **args;            /* (num_args) what is no option */
  pdlt_settings settings; /* sets, threads, force, layers, ...: for the library */
  int reused;             /* 1: the last result was there already */
  int tacit;              /* 1: and nothing is said about it */
} pdlt_options;

/* One subcommand: name, arguments and one line of help for the lists, function.
 * The function returns the exit status of the program when *status is PDLT_OK. */
typedef struct pdlt_command {
  const char *name, *usage, *summary;
  int min_args, max_args;   /* max_args < 0: any number */
  const char *needs_output; /* what -o names ("DIR", "FILE.npz"), NULL: no -o */
  pdlt_status (*run)(pdlt_options *options, int *exit_status, pdlt_error *err);
  int trains;     /* 1: other ranks help, args[0] is the experiment */
  int takes_sets; /* 1: keys can be set */
  int may_print;  /* 1: without -o the result is printed */
} pdlt_command;

pdlt_status pdlt_command_run(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_theory(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_train(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_merge(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_compare(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_figure(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_explain(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_translate(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_list(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_critical(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_features(pdlt_options *options, int *exit_status, pdlt_error *err);
pdlt_status pdlt_command_verify(pdlt_options *options, int *exit_status, pdlt_error *err);

/* Fills options from argv[1..] of a subcommand. Errors: PDLT_ERR_INPUT. */
pdlt_status pdlt_options_parse(pdlt_options *out, const pdlt_command *command, int argc,
                               char **argv, pdlt_error *err);
void pdlt_options_free(pdlt_options *options);

/* --- help.c --- */

/* The commands in a line each and the options that most take; all options of one command, with examples. */
void pdlt_help_print(FILE *to, const pdlt_command *commands, size_t count);
void pdlt_help_print_command(const pdlt_command *command);

/* One option: which commands take it, as " name name " (NULL: all), its form, and what it does. The table
 * that help, manual and completion are made of; the last one has no form. */
typedef struct pdlt_option_help {
  const char *commands, *form, *text;
} pdlt_option_help;
extern const pdlt_option_help pdlt_option_helps[];
extern const char *const pdlt_exit_statuses; /* in lines */

int pdlt_option_is_of(const pdlt_option_help *option, const char *command);
/* Lines as users type them, two blanks before all but the first. */
const char *pdlt_command_examples(const char *command);
const char *pdlt_command_about(const char *command); /* a paragraph */

/* --- manual.c, completion.c --- */

/* A page of the manual as text of man(7): of the program (name NULL) or of a command. 0: there is none. */
int pdlt_manual_print(const char *name, const pdlt_command *commands, size_t count);
/* What shell ("bash", "zsh") completes, as it reads it. 0: it is another one. */
int pdlt_completion_print(const char *shell, const pdlt_command *commands, size_t count);

/* --- start.c --- */

/* First of all: descriptors 0 to 2 are open, and BLAS has no threads of its own where memory is
 * limited, for which the program may start anew. 0: not even an error can be told. */
int pdlt_command_begin(char **argv);

/* Last of all: closes standard output. The exit status of the program: exit_status, or, with one line,
 * 3 when something that was printed has not arrived. */
int pdlt_command_end(int exit_status);

/* --- stacks.c --- */

/* Gives the calling thread a stack for signals; threads that are started later get one by themselves. */
void pdlt_command_set_signal_stack(void);

/* --- json.c --- */

/* Text of the library as a value, owned by the caller; printed with a newline, keys sorted (NULL: the
 * memory ran out before). Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_json_of(json_t **out, const char *text, pdlt_error *err);
pdlt_status pdlt_print_json(const json_t *value, pdlt_error *err);
pdlt_status pdlt_json_add(json_t *list, json_t *item,
                          pdlt_error *err); /* item stays the caller's */

/* --- print.c --- */

/* The value, or 0 where it rounds to 0 in this unit: printed, a negative one would be -0. */
double pdlt_command_number(double value, double unit);

/* Prints `head`, then text broken at blanks into lines of at most 110 characters; further lines
 * begin with `indent` blanks. */
void pdlt_print_wrapped(const char *head, int indent, const char *text);
/* The verdict on a study whose report lies in folder: table of tests, reasons, warnings, answer; as
 * JSON with options->json. Errors: PDLT_ERR_MEMORY. */
pdlt_status pdlt_print_verdict(const pdlt_study *study, const char *folder,
                               const pdlt_options *options, pdlt_error *err);

/* --- listen.c --- */

/* Lets the options' settings call back here: results that are there already are named on stderr;
 * SIGINT and SIGTERM stop training, and at any other time end the program with one line. */
void pdlt_command_listen(pdlt_options *options);
/* From here on a signal sets settings.stop, until the work ends. */
void pdlt_command_hear_signals(void);
void pdlt_command_ignore_signals(void);

#ifdef __cplusplus
}
#endif
#endif
