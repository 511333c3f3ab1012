/* manual.c - the pages of the manual, text of man(7), made of the tables of commands and options.
 *
 * Is not: a text of its own; what the program says in --help stands here in another form. Pages are the
 * same for the same version: there is no date in them. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* Characters that troff would take for something else. */
static const char *escaped(char c) {
  switch (c) {
    case '\\':
      return "\\e";
    case '-':
      return "\\-";
    case '\'':
      return "\\(aq";
    case '"':
      return "\\(dq";
    case '`':
      return "\\(ga";
    case '^':
      return "\\(ha";
    case '~':
      return "\\(ti";
    default:
      return NULL;
  }
}

/* Text within a line, up to its end or a newline, which it returns. */
static const char *put(const char *text) {
  for (; *text != 0 && *text != '\n'; text++)
    if (escaped(*text) != NULL)
      fputs(escaped(*text), stdout);
    else
      fputc(*text, stdout);
  return text;
}

/* The same as lines of their own; a point that begins one would be a request. */
static void put_lines(const char *text) {
  while (*text != 0) {
    text += strspn(text, " ");
    if (*text == '.') fputs("\\&", stdout);
    text = put(text);
    fputc('\n', stdout);
    if (*text == '\n') text++;
  }
}

/* NAME in capitals, and what stands in the name of its page. */
static void put_head(const char *name, const char *summary) {
  printf(".\\\" Made by pdlt --manual.\n.TH PDLT");
  for (const char *c = name; *c != 0; c++) {
    if (c == name) fputs("\\-", stdout);
    fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, stdout);
  }
  printf(" 1 \"\" \"pdlt %s\" \"User Commands\"\n.SH NAME\npdlt%s%s \\- ", PDLT_VERSION,
         name[0] != 0 ? "\\-" : "", name);
  put_lines(summary);
}

/* A term and what it means. */
static void put_item(const char *term, const char *text) {
  printf(".TP\n\\fB");
  put(term);
  printf("\\fR\n");
  put_lines(text);
}

static void put_options(const char *command) {
  printf(".SH OPTIONS\n");
  for (const pdlt_option_help *option = pdlt_option_helps; option->form != NULL; option++)
    if (command == NULL ? option->commands == NULL : pdlt_option_is_of(option, command))
      put_item(option->form, option->text);
}

/* "0 done; 1 something disagrees; ...", one by one. */
static void put_statuses(void) {
  const char *text = strchr(pdlt_exit_statuses, ':') + 1;
  printf(".SH EXIT STATUS\n");
  while (*text != 0) {
    text += strspn(text, " \n;");
    const size_t number = strcspn(text, " "), length = strcspn(text, ";\n");
    if (*text == 0) break;
    printf(".TP\n\\fB%.*s\\fR\n%.*s\n", (int)number, text, (int)(length - number - 1),
           text + number + 1);
    text += length;
  }
}

static void put_others(const pdlt_command *commands, size_t count) {
  printf(".SH SEE ALSO\n.BR pdlt (1)");
  for (size_t k = 0; k < count; k++) printf(",\n.BR pdlt\\-%s (1)", commands[k].name);
  fputc('\n', stdout);
}

static void put_program(const pdlt_command *commands, size_t count) {
  put_head("", "finite-width networks against The Principles of Deep Learning Theory");
  printf(".SH SYNOPSIS\n\\fBpdlt\\fR COMMAND [ARGUMENTS] [OPTIONS]\n.SH DESCRIPTION\n");
  put_lines(
      "Trains ensembles of neural networks of finite width, predicts their outputs, kernels and "
      "tensors\n"
      "order by order in 1/width, and compares both with error bars. An experiment is a YAML "
      "file;\n"
      "results are .npz files of NumPy and a report in HTML.");
  printf(".SH COMMANDS\n");
  for (size_t k = 0; k < count; k++) {
    printf(".TP\n\\fBpdlt %s\\fR ", commands[k].name);
    put(commands[k].usage);
    fputc('\n', stdout);
    put_lines(commands[k].summary);
  }
  put_options(NULL);
  put_item("--version", "version, commit, and what the build stands on");
  put_item("--manual [COMMAND]", "a page of this manual, as text of man");
  put_item("--completion SHELL", "what bash or zsh completes");
}

static void put_command(const pdlt_command *command) {
  put_head(command->name, command->summary);
  printf(".SH SYNOPSIS\n\\fBpdlt %s\\fR ", command->name);
  put(command->usage);
  printf(" [OPTIONS]\n.SH DESCRIPTION\n");
  put_lines(pdlt_command_about(command->name));
  put_options(command->name);
  printf(".SH EXAMPLES\n.nf\n");
  put_lines(pdlt_command_examples(command->name));
  printf(".fi\n");
}

int pdlt_manual_print(const char *name, const pdlt_command *commands, size_t count) {
  size_t k = 0;
  while (name != NULL && k < count && strcmp(commands[k].name, name) != 0) k++;
  if (k == count) return 0;
  if (name == NULL)
    put_program(commands, count);
  else
    put_command(&commands[k]);
  put_statuses();
  put_others(commands, count);
  return 1;
}
