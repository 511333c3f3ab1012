/* completion.c - what bash and zsh complete, made of the tables of commands and options.
 *
 * Is: a function for each shell: commands, options of a command, and by the words of its usage names that
 * pdlt list knows (claims, figures, activations), the words of [a|b], files by their ends, and folders.
 * Is not: a list of names, which a shell asks the program for. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* The next word of a usage or form into out; what remains, or NULL. Blanks, brackets, commas, bars and points
 * at the end stand between words. */
static const char *next_word(const char *text, char out[64]) {
  text += strspn(text, " []|,.");
  size_t length = strcspn(text, " []|,");
  while (length > 0 && text[length - 1] == '.') length--;
  if (length == 0) return NULL;
  snprintf(out, 64, "%.*s", (int)(length < 63 ? length : 63), text);
  return text + length;
}

static int ends_with(const char *word, const char *end) {
  const size_t length = strlen(word), last = strlen(end);
  return length >= last && strcmp(word + length - last, end) == 0;
}

static int is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/* The list of pdlt list whose names a word of a usage stands for, or NULL. */
static const char *list_of(const char *word) {
  static const struct {
    const char *word, *list;
  } lists[] = {{"CLAIM", "claims"}, {"NAME", "figures"}, {"ACTIVATION", "activations"}};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
    if (strcmp(lists[k].word, word) == 0) return lists[k].list;
  return NULL;
}

/* The end of the files that a word stands for: ".yaml", ".npz", "" of any; NULL: it is no file. */
static const char *files_of(const char *word) {
  if (strcmp(word, "PATH") == 0) return "";
  if (!is_capital(word[0])) return NULL;
  return ends_with(word, ".yaml") ? ".yaml" : ends_with(word, ".npz") ? ".npz" : NULL;
}

/* 1: the arguments are words of the usage itself, as [activations|claims]. */
static int takes_words(const pdlt_command *command) {
  return command->usage[0] == '[' && !is_capital(command->usage[1]);
}

static void print_words(const pdlt_command *command) {
  char word[64];
  for (const char *rest = command->usage; (rest = next_word(rest, word)) != NULL;)
    printf("%s%s", rest - strlen(word) - 1 > command->usage ? " " : "", word);
}

typedef void (*on_option)(const char *option, const char *value, const char *text);

/* The options of a row of the table, with the word that stands for their value ("": they have none). */
static void each_form(const pdlt_option_help *help, on_option told) {
  char word[64], value[64] = "";
  for (const char *rest = help->form; (rest = next_word(rest, word)) != NULL;)
    if (word[0] != '-') snprintf(value, sizeof value, "%s", word);
  for (const char *rest = help->form; (rest = next_word(rest, word)) != NULL;)
    if (word[0] == '-') told(word, value, help->text);
}

static void each_option(const char *command, on_option told) {
  for (const pdlt_option_help *help = pdlt_option_helps; help->form != NULL; help++)
    if (pdlt_option_is_of(help, command)) each_form(help, told);
}

/* The next argument of a usage, without options and their values. */
static const char *next_argument(const char *usage, char word[64]) {
  int of_option = 0;
  while ((usage = next_word(usage, word)) != NULL) {
    const int is_option = word[0] == '-', is_value = of_option && is_capital(word[0]);
    if (!is_option && !is_value) break;
    of_option = is_option;
  }
  return usage;
}

/* --- bash --- */

static void bash_option(const char *option, const char *value, const char *text) {
  (void)value, (void)text;
  printf(" %s", option);
}

static void bash_value(const char *option, const char *value, const char *text) {
  (void)text;
  if (value[0] == 0) return;
  const int is_folder = strcmp(value, "DIR") == 0, is_file = files_of(value) != NULL;
  printf("    %s)%s return ;;\n", option,
         is_folder ? " _pdlt_folders;" : (is_file ? " _pdlt_files '';" : ""));
}

/* The values of options, each form once. */
static void bash_values(void) {
  for (const pdlt_option_help *help = pdlt_option_helps; help->form != NULL; help++) {
    const pdlt_option_help *first = pdlt_option_helps;
    while (strcmp(first->form, help->form) != 0) first++;
    if (first == help) each_form(help, bash_value);
  }
}

/* Any argument at any place, each kind once. */
static void bash_arguments(const pdlt_command *command) {
  char word[64];
  const char *last = NULL;
  if (takes_words(command)) {
    printf(" _pdlt_words '");
    print_words(command);
    printf("';");
    return;
  }
  for (const char *rest = command->usage; (rest = next_argument(rest, word)) != NULL;) {
    if (list_of(word) != NULL) printf(" _pdlt_names %s;", list_of(word));
    if (files_of(word) != NULL && files_of(word) != last)
      printf(" _pdlt_files '%s';", files_of(word));
    last = files_of(word);
  }
}

static void bash_command(const pdlt_command *command) {
  printf("    %s)\n      options='", command->name);
  each_option(command->name, bash_option);
  printf("'\n      [[ $word == -* ]] || {");
  bash_arguments(command);
  printf(" }\n      ;;\n");
}

static void print_bash(const pdlt_command *commands, size_t count) {
  fputs(
      "# bash completion of pdlt; made by pdlt --completion bash.\n"
      "_pdlt_words() { COMPREPLY+=($(compgen -W \"$1\" -- \"$word\")); }\n"
      "_pdlt_names() {\n"
      "  _pdlt_words \"$(\"$program\" list \"$1\" 2>/dev/null | sed -n 's/^  \\([^ ]*\\) "
      ".*/\\1/p')\"\n"
      "}\n"
      "_pdlt_folders() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- \"$word\")\n"
      "}\n"
      "_pdlt_files() {\n"
      "  _pdlt_folders\n"
      "  mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(\n"
      "    compgen -f -X \"!*$1\" -- \"$word\" | while read -r path; do\n"
      "      [[ -d $path ]] || printf '%s\\n' \"$path\"\n"
      "    done)\n"
      "}\n"
      "_pdlt() {\n"
      "  local program=$1 word=$2 before=$3 options=\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    _pdlt_words '",
      stdout);
  for (size_t k = 0; k < count; k++) printf("%s ", commands[k].name);
  fputs(
      "--help --version --manual --completion'\n"
      "    return\n"
      "  fi\n"
      "  case $before in\n",
      stdout);
  bash_values();
  fputs(
      "    --completion) _pdlt_words 'bash zsh'; return ;;\n"
      "  esac\n"
      "  case ${COMP_WORDS[1]} in\n",
      stdout);
  for (size_t k = 0; k < count; k++) bash_command(&commands[k]);
  fputs(
      "  esac\n"
      "  [[ $word == -* ]] && _pdlt_words \"$options\"\n"
      "}\n"
      "complete -F _pdlt pdlt\n",
      stdout);
}

/* --- zsh --- */

/* Text of a specification of _arguments, within single quotes. */
static void zsh_text(const char *text) {
  for (; *text != 0; text++)
    if (*text == '\'')
      fputs("'\\''", stdout);
    else
      printf("%s%c", strchr("[]:\\", *text) != NULL ? "\\" : "", *text);
}

/* What completes a word of a usage or the value of an option. */
static void zsh_action(const char *word) {
  zsh_text(word);
  if (list_of(word) != NULL)
    printf(":_pdlt_names %s", list_of(word));
  else if (strcmp(word, "DIR") == 0)
    printf(":_files -/");
  else if (files_of(word) != NULL && files_of(word)[0] != 0)
    printf(":_files -g \"*%s\"", files_of(word));
  else if (files_of(word) != NULL)
    printf(":_files");
  else
    printf(": ");
}

static void zsh_option(const char *option, const char *value, const char *text) {
  printf(" \\\n        '%s%s[", strstr(text, "(repeatable)") != NULL ? "*" : "", option);
  zsh_text(text);
  fputc(']', stdout);
  if (value[0] != 0) {
    fputc(':', stdout);
    zsh_action(value);
  }
  fputc('\'', stdout);
}

/* Arguments one after the other; "..." stands behind the last one, of which there may be many. */
static void zsh_arguments(const pdlt_command *command) {
  char word[64];
  if (takes_words(command)) {
    printf(" \\\n        '1:what:(");
    print_words(command);
    printf(")'");
    return;
  }
  for (const char *rest = command->usage; (rest = next_argument(rest, word)) != NULL;) {
    printf(" \\\n        '%s:", strncmp(rest, "...", 3) == 0 ? "*" : "");
    zsh_action(word);
    fputc('\'', stdout);
  }
}

static void zsh_command(const pdlt_command *command) {
  printf("    %s)\n      _arguments -S", command->name);
  each_option(command->name, zsh_option);
  zsh_arguments(command);
  printf("\n      ;;\n");
}

static void print_zsh(const pdlt_command *commands, size_t count) {
  fputs(
      "#compdef pdlt\n"
      "# zsh completion of pdlt; made by pdlt --completion zsh.\n"
      "_pdlt_names() {\n"
      "  local -a names\n"
      "  names=(${(f)\"$(pdlt list $argv[-1] 2>/dev/null | sed -n 's/^  \\([^ ]*\\) "
      ".*/\\1/p')\"})\n"
      "  compadd \"${(@)argv[1,-2]}\" -a names\n"
      "}\n"
      "_pdlt() {\n"
      "  local -a commands\n"
      "  commands=(\n",
      stdout);
  for (size_t k = 0; k < count; k++) {
    printf("    '%s:", commands[k].name);
    zsh_text(commands[k].summary);
    printf("'\n");
  }
  fputs(
      "  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe -t commands command commands\n"
      "    compadd -- --help --version --manual --completion\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n",
      stdout);
  for (size_t k = 0; k < count; k++) zsh_command(&commands[k]);
  fputs(
      "  esac\n"
      "}\n"
      "_pdlt \"$@\"\n",
      stdout);
}

int pdlt_completion_print(const char *shell, const pdlt_command *commands, size_t count) {
  const int is_bash = strcmp(shell, "bash") == 0;
  if (!is_bash && strcmp(shell, "zsh") != 0) return 0;
  (is_bash ? print_bash : print_zsh)(commands, count);
  return 1;
}
