/* main.c - the program pdlt: picks the subcommand, prints errors, sets the exit status. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const pdlt_command commands[] = {
    {"run", "EXPERIMENT.yaml -o DIR", "theory, training, comparison and report in one go", 1, 1,
     "DIR", pdlt_command_run, 1, 1, 0},
    {"explain", "EXPERIMENT.yaml", "what will come of it, before any training", 1, 1, NULL,
     pdlt_command_explain, 0, 1, 0},
    {"translate", "NETWORK.yaml [-o EXPERIMENT.yaml]", "a PyTorch or JAX network as an experiment",
     1, 1, "EXPERIMENT.yaml", pdlt_command_translate, 0, 1, 1},
    {"theory", "EXPERIMENT.yaml -o FILE.npz", "what the theory predicts", 1, 1, "FILE.npz",
     pdlt_command_theory, 0, 1, 0},
    {"train", "EXPERIMENT.yaml -o FILE.npz", "what an ensemble of networks does; resumable", 1, 1,
     "FILE.npz", pdlt_command_train, 1, 1, 0},
    {"merge", "SHARD.npz... -o FILE.npz", "all shards of pdlt train --shard k/K into one result", 1,
     -1, "FILE.npz", pdlt_command_merge, 0, 0, 0},
    {"compare", "THEORY.npz MEASURED.npz -o DIR", "verdicts, figures and report", 2, 2, "DIR",
     pdlt_command_compare, 0, 1, 0},
    {"figure", "NAME THEORY.npz MEASURED.npz -o F.pdf", "one figure, as .pdf, .svg or .png", 3, 3,
     "F.pdf", pdlt_command_figure, 0, 1, 0},
    {"verify", "[CLAIM...] [--quick | --full] -o DIR",
     "the book, claim by claim: chapters or names", 0, -1, "DIR", pdlt_command_verify, 0, 1, 0},
    {"list", "[activations|claims|datasets|figures|observables|parts|schema|terms]",
     "what this build knows", 0, 1, NULL, pdlt_command_list, 0, 0, 0},
    {"features", "EXPERIMENT.yaml -o DIR [--member K]", "what single networks have learned", 1, 1,
     "DIR", pdlt_command_features, 0, 1, 0},
    {"critical", "ACTIVATION [--skip GAMMA]", "critical initialization and exponents", 1, 1, NULL,
     pdlt_command_critical, 0, 0, 0},
};
enum { NUM_COMMANDS = sizeof commands / sizeof commands[0] };

static int print_version(void) {
  pdlt_error err = {0};
  char *text = NULL;
  const pdlt_status status = pdlt_about(&text, &err);
  fprintf(status == PDLT_OK ? stdout : stderr, "%s\n", status == PDLT_OK ? text : err.message);
  pdlt_text_free(text);
  return pdlt_status_exit(status);
}

static const pdlt_command *find_command(const char *name) {
  for (int i = 0; i < NUM_COMMANDS; i++)
    if (strcmp(commands[i].name, name) == 0) return &commands[i];
  return NULL;
}

/* --manual [COMMAND], --completion SHELL. */
static int print_text(int argc, char **argv) {
  const char *name = argc > 2 ? argv[2] : NULL;
  const int is_manual = strcmp(argv[1], "--manual") == 0;
  if (argc <= 3 && is_manual && pdlt_manual_print(name, commands, NUM_COMMANDS)) return 0;
  if (argc == 3 && !is_manual && pdlt_completion_print(name, commands, NUM_COMMANDS)) return 0;
  fprintf(stderr, is_manual ? "pdlt --manual: give one command, or none; pdlt --help lists them\n"
                            : "pdlt --completion: give bash or zsh\n");
  return 2;
}

/* Ranks other than 0 say nothing and end well: what goes wrong there, rank 0 reports. */
static int help_leader(const pdlt_command *command, int argc, char **argv) {
  pdlt_options options = {0};
  const pdlt_status status =
      command == NULL ? PDLT_ERR_INPUT : pdlt_options_parse(&options, command, argc, argv, NULL);
  options.tacit = 1;
  options.settings.verbose = 0;
  pdlt_command_listen(&options);
  pdlt_command_hear_signals();
  if (status == PDLT_OK && command->trains && !options.help)
    pdlt_processes_help(options.args[0], &options.settings);
  pdlt_command_ignore_signals();
  pdlt_options_free(&options);
  return 0;
}

static int run_command(const pdlt_command *command, int argc, char **argv) {
  pdlt_options options = {0};
  pdlt_error err = {0};
  int exit_status = 0;
  pdlt_status status = pdlt_options_parse(&options, command, argc, argv, &err);
  if (status == PDLT_OK && options.help) {
    pdlt_help_print_command(command);
  } else if (status == PDLT_OK) {
    pdlt_command_listen(&options);
    status = command->run(&options, &exit_status, &err);
    pdlt_command_ignore_signals();
  }
  pdlt_options_free(&options);
  if (status == PDLT_OK) return exit_status;
  fprintf(stderr, "%s\n", err.message);
  return pdlt_status_exit(status);
}

static int run_program(int argc, char **argv) {
  (void)setlocale(LC_CTYPE, "C.UTF-8"); /* numbers stay in the C locale */
  (void)signal(SIGXFSZ, SIG_IGN);       /* a file beyond the limit is an error like a full disk */
  if (pdlt_processes_rank() > 0)
    return argc < 2 ? 0 : help_leader(find_command(argv[1]), argc - 1, argv + 1);
  if (argc < 2) {
    pdlt_help_print(stderr, commands, NUM_COMMANDS);
    return 2;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    pdlt_help_print(stdout, commands, NUM_COMMANDS);
    return 0;
  }
  if (strcmp(argv[1], "--version") == 0) return print_version();
  if (strcmp(argv[1], "--manual") == 0 || strcmp(argv[1], "--completion") == 0)
    return print_text(argc, argv);
  const pdlt_command *command = find_command(argv[1]);
  if (command == NULL) {
    fprintf(stderr, "pdlt: unknown command \"%s\"; pdlt --help lists them\n", argv[1]);
    return 2;
  }
  return run_command(command, argc - 1, argv + 1);
}

int main(int argc, char **argv) {
  if (!pdlt_command_begin(argv)) return pdlt_status_exit(PDLT_ERR_IO);
  pdlt_processes_begin(&argc, &argv);
  const int exit_status = run_program(argc, argv);
  pdlt_processes_end();
  return pdlt_command_end(exit_status);
}
