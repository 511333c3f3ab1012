/* features.c - see features.h: the order of the work, refusals, metadata. */
#include "trainer/features/features.h"

#include "base/experiment/meta.h"
#include "base/file/json.h"
#include "trainer/features/candidates.h"
#include "trainer/features/internal.h"

size_t pdlt_features_budget(const pdlt_features_job *job, const pdlt_known *known) {
  const int budget = job->ex->features.budget;
  return budget > 0 ? (size_t)budget : pdlt_structure_size(&known->structure);
}

/* The families of the truth, one after the other. */
static void find_known(pdlt_features_job *job, const pdlt_truth *truth) {
  static const char *const names[PDLT_KNOWN_MOST] = {"first", "sum"};
  const int waves = job->ex->features.truth == PDLT_TRUTH_MODULAR_ADDITION;
  const double *v = truth->v;
  for (size_t j = 0; j < truth->blocks; j++) {
    const pdlt_truth_family family = truth->family[j];
    pdlt_known *known = &job->known[family == PDLT_FAMILY_FIRST ? 0 : 1];
    if (known->structure.blocks == 0) {
      *known =
          (pdlt_known){.name = names[family],
                       .text = !waves                        ? "inputs"
                               : family == PDLT_FAMILY_FIRST ? "waves of a and of b"
                                                             : "waves of a + b",
                       .structure = {.samples = truth->samples, .size = truth->size + j, .v = v},
                       .labels = truth->label + j};
      job->structures++;
    }
    known->structure.blocks++;
    v += truth->size[j] * truth->samples;
  }
}

static pdlt_status check(const pdlt_experiment *ex, const pdlt_network *net,
                         const pdlt_samples *data, pdlt_error *err) {
  if (net->has_positions)
    return pdlt_experiment_fail(
        ex, "network.layers", err,
        "features of single networks are there for dense layers only; leave "
        "layers out");
  if (data->samples > PDLT_FEATURES_SAMPLES)
    return pdlt_experiment_fail(ex, "data.test", err,
                                "features are there for at most %d samples, and these are %zu; use "
                                "fewer",
                                (int)PDLT_FEATURES_SAMPLES, data->samples);
  return PDLT_OK;
}

static pdlt_status show_member(const pdlt_features_job *job, pdlt_error *err) {
  const pdlt_features_options *o = job->options;
  pdlt_learned t = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_learned_new(&t, job->ex, job->net, job->data, err));
  PDLT_TRY(pdlt_learned_make(&t, o->member, o->stop, err));
  if (t.outcome == PDLT_MEMBER_DIVERGED)
    PDLT_TRY(
        pdlt_experiment_fail(job->ex, "training.eta", err,
                             "member %llu diverged at step %ld, n = %d; take another member or "
                             "a smaller eta",
                             (unsigned long long)o->member, t.steps, o->width));
  PDLT_TRY(pdlt_features_show(job, &t, err));
cleanup:
  pdlt_learned_free(&t);
  return status;
}

static json_t *names_of_lists(const pdlt_features_job *job, int text) {
  json_t *names = json_array();
  for (size_t k = 0; k < pdlt_candidates_lists(job->net->depth); k++) {
    const pdlt_candidates c = pdlt_candidates_of(k);
    pdlt_json_append(&names, json_string(text ? c.text : c.name));
  }
  return names;
}

/* {name, blocks: [labels], budget} of each structure. */
static json_t *structures(const pdlt_features_job *job) {
  json_t *list = json_array();
  for (size_t k = 0; k < job->structures; k++) {
    const pdlt_known *known = &job->known[k];
    json_t *blocks = json_array();
    for (size_t j = 0; j < known->structure.blocks; j++)
      pdlt_json_append(&blocks, json_string(known->labels[j].text));
    pdlt_json_append(
        &list, json_pack("{s:s, s:s, s:o, s:I}", "name", known->name, "text", known->text, "blocks",
                         blocks, "budget", (json_int_t)pdlt_features_budget(job, known)));
  }
  return list;
}

static pdlt_status add_meta(const pdlt_features_job *job, const pdlt_dataset *data,
                            pdlt_error *err) {
  json_t *meta = pdlt_archive_meta(job->out);
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_meta_fill(meta, "features", job->ex, data->hash, 0, err));
  PDLT_TRY(pdlt_json_set(meta, "width", json_integer(job->options->width), err));
  PDLT_TRY(pdlt_json_set(meta, "member", json_integer((json_int_t)job->options->member), err));
  PDLT_TRY(pdlt_json_set(meta, "lists", names_of_lists(job, 0), err));
  PDLT_TRY(pdlt_json_set(meta, "list_texts", names_of_lists(job, 1), err));
  PDLT_TRY(pdlt_json_set(meta, "structures", structures(job), err));
cleanup:
  return status;
}

static pdlt_status fill(const pdlt_features_job *job, const pdlt_dataset *data, pdlt_error *err) {
  pdlt_status status = PDLT_OK;
  PDLT_TRY(check(job->ex, job->net, job->data, err));
  PDLT_TRY(add_meta(job, data, err));
  PDLT_TRY(pdlt_dataset_put(data, job->out, err));
  PDLT_TRY(show_member(job, err));
  PDLT_TRY(pdlt_features_score(job, err));
cleanup:
  return status;
}

pdlt_status pdlt_features_run(pdlt_archive *out, const pdlt_experiment *ex,
                              const pdlt_dataset *data, const pdlt_features_options *options,
                              pdlt_error *err) {
  pdlt_network net = {.depth = 0};
  pdlt_samples samples = {.samples = 0};
  pdlt_archive archive = {0};
  pdlt_truth truth = {0};
  pdlt_status status = PDLT_OK;
  PDLT_TRY(pdlt_network_new(&net, ex, options->width, data->inputs, err));
  PDLT_TRY(pdlt_samples_new(&samples, ex, data, err));
  PDLT_TRY(pdlt_truth_make(&truth, ex, samples.samples, data->inputs, data->x, err));
  pdlt_features_job job = {
      .ex = ex, .net = &net, .data = &samples, .options = options, .out = &archive};
  find_known(&job, &truth);
  PDLT_TRY(fill(&job, data, err));
  *out = archive;
  archive = (pdlt_archive){0};
cleanup:
  pdlt_truth_free(&truth);
  pdlt_archive_free(&archive);
  pdlt_samples_free(&samples);
  pdlt_network_free(&net);
  return status;
}
