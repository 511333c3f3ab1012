/* options.c - the command line of a subcommand. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

enum {
  OPTION_SET = 256,
  OPTION_THREADS,
  OPTION_SHARD,
  OPTION_CHECKPOINT,
  OPTION_LAYERS,
  OPTION_FORCE,
  OPTION_QUIET,
  OPTION_JSON,
  OPTION_QUICK,
  OPTION_FULL,
  OPTION_CLAIMS,
  OPTION_BACK,
  OPTION_MEMBER,
  OPTION_SKIP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"set", required_argument, NULL, OPTION_SET},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"checkpoint", required_argument, NULL, OPTION_CHECKPOINT},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"layers", no_argument, NULL, OPTION_LAYERS},
    {"force", no_argument, NULL, OPTION_FORCE},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"full", no_argument, NULL, OPTION_FULL},
    {"claims", required_argument, NULL, OPTION_CLAIMS},
    {"back", no_argument, NULL, OPTION_BACK},
    {"member", required_argument, NULL, OPTION_MEMBER},
    {"skip", required_argument, NULL, OPTION_SKIP},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void pdlt_options_free(pdlt_options *options) {
  free((void *)options->sets);
  options->sets = NULL;
}

static pdlt_status read_threads(int *out, const char *text, pdlt_error *err) {
  char *end = NULL;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != 0 || value < 1 || value > PDLT_SETTINGS_MAX_THREADS)
    return pdlt_fail(err, PDLT_ERR_INPUT, "--threads: \"%s\" is not a whole number from 1 to %d",
                     text, (int)PDLT_SETTINGS_MAX_THREADS);
  *out = (int)value;
  return PDLT_OK;
}

/* Finished work reaches the disk at least every 30 s, whatever is asked for. */
static pdlt_status read_seconds(double *out, const char *text, pdlt_error *err) {
  const double most = 30;
  char *end = NULL;
  errno = 0;
  const double value = strtod(text, &end);
  if (errno != 0 || end == text || *end != 0 || !(value >= 0 && value <= most))
    return pdlt_fail(err, PDLT_ERR_INPUT, "--checkpoint: \"%s\" is not a number from 0 to %g", text,
                     most);
  *out = value;
  return PDLT_OK;
}

static pdlt_status read_member(pdlt_options *options, const char *text, pdlt_error *err) {
  char *end = NULL;
  errno = 0;
  const long member = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != 0 || member < 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "--member: \"%s\" is not a whole number from 0, the number of a network",
                     text);
  options->member = member;
  options->picked = 1;
  return PDLT_OK;
}

static pdlt_status read_skip(pdlt_options *options, const char *text, pdlt_error *err) {
  char *end = NULL;
  options->skip = strtod(text, &end) + 0.0; /* never -0 */
  options->skips = 1;
  if (end == text || *end != 0 || !isfinite(options->skip))
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "--skip: \"%s\" is not a number, the strength gamma of skip connections",
                     text);
  return PDLT_OK;
}

/* k/K with 1 <= k <= K. */
static pdlt_status read_shard(pdlt_options *options, const char *text, pdlt_error *err) {
  enum { MOST = 1000000 };
  char *end = NULL;
  errno = 0;
  const long shard = strtol(text, &end, 10);
  const int slash = end != text && *end == '/';
  const char *rest = slash ? end + 1 : text;
  const long shards = slash ? strtol(rest, &end, 10) : 0;
  if (errno != 0 || !slash || end == rest || *end != 0 || shard < 1 || shards < shard ||
      shards > MOST)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "--shard: \"%s\" is not k/K with 1 <= k <= K <= %d, as in 3/8", text,
                     (int)MOST);
  options->settings.shard = (int)shard;
  options->settings.shards = (int)shards;
  return PDLT_OK;
}

static void add_set(pdlt_options *options, const char *set) {
  size_t count = 0;
  while (options->sets[count] != NULL) count++;
  options->sets[count] = set;
}

static pdlt_status read_one(pdlt_options *options, int code, const char *command, char **argv,
                            pdlt_error *err) {
  switch (code) {
    case 'o':
      options->output = optarg;
      return PDLT_OK;
    case 'h':
      options->help = 1;
      return PDLT_OK;
    case OPTION_SET:
      add_set(options, optarg);
      return PDLT_OK;
    case OPTION_THREADS:
      return read_threads(&options->settings.threads, optarg, err);
    case OPTION_CHECKPOINT:
      return read_seconds(&options->settings.checkpoint_seconds, optarg, err);
    case OPTION_SHARD:
      return read_shard(options, optarg, err);
    case OPTION_LAYERS:
      options->settings.layers = 1;
      return PDLT_OK;
    case OPTION_FORCE:
      options->settings.force = 1;
      return PDLT_OK;
    case OPTION_QUIET:
      options->quiet = 1;
      return PDLT_OK;
    case OPTION_JSON:
      options->json = 1;
      return PDLT_OK;
    case OPTION_QUICK:
      options->quick = 1;
      return PDLT_OK;
    case OPTION_FULL:
      options->full = 1;
      return PDLT_OK;
    case OPTION_CLAIMS:
      options->claims = optarg;
      return PDLT_OK;
    case OPTION_BACK:
      options->back = 1;
      return PDLT_OK;
    case OPTION_MEMBER:
      return read_member(options, optarg, err);
    case OPTION_SKIP:
      return read_skip(options, optarg, err);
    case ':':
      return pdlt_fail(err, PDLT_ERR_INPUT, "pdlt %s: %s needs a value", command, argv[optind - 1]);
    default:
      return pdlt_fail(err, PDLT_ERR_INPUT,
                       "pdlt %s: unknown option \"%s\"; pdlt --help lists them", command,
                       argv[optind - 1]);
  }
}

static pdlt_status check(const pdlt_options *options, const pdlt_command *command,
                         pdlt_error *err) {
  if (options->num_args < command->min_args ||
      (command->max_args >= 0 && options->num_args > command->max_args))
    return pdlt_fail(err, PDLT_ERR_INPUT, "usage: pdlt %s %s (%d arguments were given)",
                     command->name, command->usage, options->num_args);
  if (options->quick && options->full)
    return pdlt_fail(err, PDLT_ERR_INPUT, "pdlt %s: --quick and --full exclude each other",
                     command->name);
  if (command->needs_output != NULL && options->output == NULL && !command->may_print)
    return pdlt_fail(err, PDLT_ERR_INPUT, "usage: pdlt %s %s (-o %s is missing)", command->name,
                     command->usage, command->needs_output);
  if (command->needs_output == NULL && options->output != NULL)
    return pdlt_fail(err, PDLT_ERR_INPUT, "pdlt %s: -o: this command writes no file",
                     command->name);
  if (options->sets[0] != NULL && !command->takes_sets)
    return pdlt_fail(err, PDLT_ERR_INPUT, "pdlt %s: --set: this command has no keys",
                     command->name);
  if (options->back && strcmp(command->name, "translate") != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "pdlt %s: --back: only pdlt translate goes back",
                     command->name);
  if (options->picked && strcmp(command->name, "features") != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "pdlt %s: --member: only pdlt features looks at one network", command->name);
  if (options->skips && strcmp(command->name, "critical") != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT,
                     "pdlt %s: --skip: only pdlt critical has it; experiments have network.skip",
                     command->name);
  if (options->settings.shards > 0 && strcmp(command->name, "train") != 0)
    return pdlt_fail(err, PDLT_ERR_INPUT, "pdlt %s: --shard: only pdlt train makes shards",
                     command->name);
  return PDLT_OK;
}

pdlt_status pdlt_options_parse(pdlt_options *out, const pdlt_command *command, int argc,
                               char **argv, pdlt_error *err) {
  pdlt_options options = {0};
  pdlt_status status = PDLT_OK;
  pdlt_settings_default(&options.settings);
  options.sets = calloc((size_t)argc + 1, sizeof *options.sets);
  if (options.sets == NULL) return pdlt_fail(err, PDLT_ERR_MEMORY, "out of memory");
  optind = 0; /* glibc: start anew, and permute */
  opterr = 0;
  for (int code; (code = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1;)
    PDLT_TRY(read_one(&options, code, command->name, argv, err));
  options.num_args = argc - optind;
  options.args = argv + optind;
  if (!options.help) PDLT_TRY(check(&options, command, err));
  options.settings.verbose = !options.quiet;
  options.settings.team = command->trains;
  options.settings.sets = options.sets;
  *out = options;
  return PDLT_OK;
cleanup:
  pdlt_options_free(&options);
  return status;
}
