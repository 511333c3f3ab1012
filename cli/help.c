/* help.c - what the program and each of its commands say about themselves. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

const pdlt_option_help pdlt_option_helps[] = {
    {" run translate theory train merge compare figure features verify ", "-o, --output PATH",
     "where the result goes"},
    {" run explain theory train features ", "--set KEY=VALUE",
     "change a key of the experiment file (repeatable)"},
    {" translate ", "--back", "from an experiment of one width to a description of its network"},
    {" translate ", "--set KEY=VALUE", "with --back: change a key of the experiment (repeatable)"},
    {" compare ", "--set KEY=VALUE",
     "change a key of compare or figures; the networks stay as they are"},
    {" figure ", "--set KEY=VALUE", "change a key of figures or compare, as figures.width_mm=85"},
    {" verify ", "--set KEY=VALUE", "change a key of every experiment (repeatable)"},
    {" run explain translate theory train merge compare figure features verify ", "--threads N",
     "default: all cores; results do not depend on it"},
    {" features ", "--member K", "which network is shown, from 0; default 0"},
    {" critical ", "--skip GAMMA", "of layers with skip connections of this strength; default 0"},
    {" train ", "--shard k/K", "the k-th of K parts, for pdlt merge"},
    {" run train verify ", "--checkpoint S",
     "finished work reaches the disk every S seconds, 0 to 30, default 20"},
    {" verify ", "--quick, --full", "fewer members; all of them (default)"},
    {" verify list ", "--claims DIR", "where the claims are (default: reports)"},
    {" run explain theory train ", "--layers",
     "tensors of every layer, not of the output layer only"},
    {" run theory train merge compare features verify ", "--force",
     "overwrite the result of another experiment"},
    {" translate ", "--force", "overwrite a file that holds something else"},
    {" run explain translate theory train merge compare figure features verify ", "--quiet",
     "no progress"},
    {NULL, "--json", "print the result as JSON"},
    {NULL, "--help", "options and examples"},
    {NULL, NULL, NULL},
};

/* An experiment that every checkout has, as users type it. */
#define DEMO "reports/demo/experiment.yaml"

static const struct {
  const char *command, *text;
} examples[] = {
    {"run", "pdlt run " DEMO " -o out/demo\n"
            "  pdlt run " DEMO " -o out/try --set ensemble.members=640 --set training.steps=5"},
    {"explain", "pdlt explain " DEMO "\n  pdlt explain " DEMO " --set network.depth=6 --json"},
    {"translate",
     "pdlt translate reports/my-network/pytorch.yaml -o out/pytorch.yaml\n"
     "  pdlt translate --back " DEMO " --set network.widths=[64]"},
    {"theory", "pdlt theory " DEMO " -o theory.npz --layers"},
    {"train", "pdlt train " DEMO " -o measured.npz\n"
              "  pdlt train " DEMO " -o part-3.npz --shard 3/8"},
    {"merge", "pdlt merge part-*.npz -o measured.npz"},
    {"compare",
     "pdlt compare theory.npz measured.npz -o out\n"
     "  pdlt compare theory.npz measured.npz -o out --set compare.degree=3"},
    {"figure",
     "pdlt figure width_scaling theory.npz measured.npz -o scaling.pdf\n"
     "  pdlt figure kernels theory.npz measured.npz -o kernels.svg --set figures.width_mm=85\n"
     "  pdlt list figures"},
    {"features", "pdlt features " DEMO " -o out/features\n"
                 "  pdlt features " DEMO " -o out/features --member 3 --set network.widths=[256]"},
    {"verify", "pdlt verify --quick -o out/verify\n  pdlt verify 5 inf -o out/verify"},
    {"list", "pdlt list activations\n  pdlt list claims --json"},
    {"critical", "pdlt critical gelu\n  pdlt critical 'leaky_relu(0.2)' --skip 0.7"},
};

/* A little more than the summary, for the manual. */
static const struct {
  const char *command, *text;
} abouts[] = {
    {"run",
     "Predicts, trains the ensemble, compares both and writes DIR/report.html, with "
     "theory.npz, measured.npz, verdict.json and figures beside it. Parts that are there "
     "already are used again; a run that was stopped goes on where it was. With a sweep every "
     "point has a folder of its own."},
    {"explain",
     "Says what an experiment trains and predicts, what is exact and what is not, how much "
     "memory, disk and time it takes, and what in it is likely to go wrong. Trains nothing."},
    {"translate",
     "Makes an experiment of the description of a network in the words of a framework, and "
     "says what has no counterpart; --back goes the other way. Without -o the result is "
     "printed."},
    {"theory", "Writes the prediction, order by order in 1/width, as arrays of NumPy."},
    {"train",
     "Trains the ensemble and writes means and error bars as arrays of NumPy. Finished work is "
     "kept in FILE.npz.partial; the same command goes on from there."},
    {"merge",
     "All K shards of one experiment become the file that one run would have written, to the "
     "last byte."},
    {"compare",
     "Compares a prediction with measurements of the same experiment: verdict.json, figures "
     "and report.html in DIR."},
    {"figure", "Draws one figure of the report; the end of the file's name says in which format."},
    {"verify",
     "Tests what the book claims: each claim is an experiment and what must come of it, with "
     "wrong predictions that must be refused. Chapters (5, inf) and names of claims choose "
     "some."},
    {"list",
     "Names and what they mean; without an argument all lists. schema: the JSON Schema of "
     "experiment files, with which editors complete and check them."},
    {"features",
     "Trains single networks of the ensemble and shows what they have learned: directions, "
     "kernels and functions, in DIR/features.html."},
    {"critical",
     "The variances of weights and biases at which signals neither grow nor vanish with depth, "
     "and how they approach that."},
};

const char *const pdlt_exit_statuses =
    "exit status: 0 done, nothing disagrees; 1 something disagrees; 2 bad usage or input;\n"
    "3 the run failed; 4 verify: nothing disagrees, something is undecided or without power;\n"
    "130 interrupted\n";

int pdlt_option_is_of(const pdlt_option_help *option, const char *command) {
  char name[32];
  snprintf(name, sizeof name, " %s ", command);
  return option->commands == NULL || strstr(option->commands, name) != NULL;
}

const char *pdlt_command_examples(const char *command) {
  for (size_t k = 0; k < sizeof examples / sizeof *examples; k++)
    if (strcmp(examples[k].command, command) == 0) return examples[k].text;
  return "";
}

const char *pdlt_command_about(const char *command) {
  for (size_t k = 0; k < sizeof abouts / sizeof *abouts; k++)
    if (strcmp(abouts[k].command, command) == 0) return abouts[k].text;
  return "";
}

void pdlt_help_print(FILE *to, const pdlt_command *commands, size_t count) {
  fprintf(to,
          "pdlt - finite-width networks against The Principles of Deep Learning Theory\n\n"
          "usage: pdlt COMMAND [ARGUMENTS] [OPTIONS]\n\n");
  for (size_t k = 0; k < count; k++)
    fprintf(to, "  pdlt %-10s%-42s %s\n", commands[k].name, commands[k].usage, commands[k].summary);
  fprintf(to,
          "\noptions\n"
          "  -o, --output PATH   where the result goes\n"
          "  --set KEY=VALUE     change a key of the experiment file (repeatable)\n"
          "  --threads N         default: all cores; results do not depend on it\n"
          "  --quiet             no progress\n"
          "  --json              print the result as JSON\n"
          "  --help, --version\n"
          "  --manual [COMMAND]  a page of the manual, as text of man\n"
          "  --completion SHELL  what bash or zsh completes\n\n"
          "pdlt COMMAND --help shows all options of a command, and examples.\n\n%s",
          pdlt_exit_statuses);
}

void pdlt_help_print_command(const pdlt_command *command) {
  printf("usage: pdlt %s %s [OPTIONS]\n%s\n\noptions\n", command->name, command->usage,
         command->summary);
  for (const pdlt_option_help *option = pdlt_option_helps; option->form != NULL; option++)
    if (pdlt_option_is_of(option, command->name))
      printf("  %-19s %s\n", option->form, option->text);
  printf("\nexamples\n  %s\n\n%s", pdlt_command_examples(command->name), pdlt_exit_statuses);
}
