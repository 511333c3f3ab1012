/* support.cpp - see support.h: archives that are changed, the experiment that they come from, data files. */
#include "tests/fuzz/support.h"

#include "datasets/dataset.h"

namespace fuzz {

const char *const kTiny =
    "network: {activation: tanh, depth: 2, widths: [3, 4, 5], C_b: 0.1, C_W: 1.2}\n"
    "data: {source: circle, train: 1, test: 1}\n"
    "training: {eta: 0.1, steps: 2, record: [0, 2]}\n"
    "ensemble: {members: 2112, seed: 1, estimator: antithetic, keep_members: 3}\n"
    "measure: [output, kernel, ntk, vertex]\n"
    "compare: {degree: 1}\n";

const Tiny &TinyExperiment() {
  static const Tiny tiny = [] {
    Tiny made = {};
    Require(
        pdlt_experiment_parse(&made.experiment, kTiny, "tiny", 0, nullptr, nullptr) == PDLT_OK &&
            pdlt_dataset_load(&made.data, &made.experiment, nullptr) == PDLT_OK,
        "the experiment is sound");
    return made;
  }();
  return tiny;
}

pdlt_ensemble_options TinyOptions() {
  pdlt_ensemble_options options = {};
  options.threads = 1;
  options.checkpoint_seconds = 1e9;
  return options;
}

pdlt_archive Copy(const pdlt_archive &from) {
  pdlt_archive to = {};
  for (size_t k = 0; k < from.count; k++) {
    pdlt_array array = {};
    Require(pdlt_array_copy(&array, &from.entries[k].array, nullptr) == PDLT_OK &&
                pdlt_archive_put(&to, from.entries[k].name, &array, nullptr) == PDLT_OK,
            "there is memory");
  }
  to.meta = json_deep_copy(from.meta);
  return to;
}

namespace {

/* A number of the metadata, or any key, gets another value. */
void EditMeta(json_t *meta, Input *in) {
  static const char *const sections[] = {"network", "data",   "training", "ensemble",
                                         "compare", "theory", "measure"};
  static const char *const keys[] = {
      "depth",   "outputs",      "widths",       "width_ratios", "train",           "test",
      "steps",   "record",       "degree",       "level",        "activation",      "eta",
      "members", "keep_members", "kind",         "kept_samples", "layers",          "shard",
      "shards",  "hash",         "physics_hash", "data_hash",    "measure_samples", "stability"};
  json_t *object = meta;
  const size_t section = in->Below(sizeof sections / sizeof *sections + 2);
  if (section > 0) object = json_object_get(meta, "experiment");
  if (section > 1) object = json_object_get(object, sections[section - 2]);
  const char *key = keys[in->Below(sizeof keys / sizeof *keys)];
  json_t *value = nullptr;
  switch (in->Byte() % 6) {
    case 0:
      value = json_integer((json_int_t)in->Byte() - 8);
      break;
    case 1:
      value = json_integer((json_int_t)1 << in->Byte() % 63);
      break;
    case 2:
      value = json_real(1.0 / (1.0 + in->Byte()));
      break;
    case 3:
      value = json_pack("[i, i, i]", (int)in->Byte(), (int)in->Byte(), (int)in->Byte());
      break;
    case 4:
      value = json_true();
      break;
    default:
      value = json_string("relu");
      break;
  }
  if (in->Byte() % 8 == 0)
    json_object_del(object, key);
  else
    json_object_set(object, key, value);
  json_decref(value);
}

/* One entry: a number, a length, its name. */
void EditEntry(pdlt_archive *archive, Input *in) {
  pdlt_archive_entry *entry = &archive->entries[in->Below(archive->count)];
  pdlt_array *array = &entry->array;
  const size_t count = pdlt_array_count(array), size = std::strlen(entry->name);
  pdlt_array other = {};
  size_t dim[PDLT_MAX_NDIM] = {};
  switch (in->Byte() % 5) {
    case 0:
    case 1:
      if (count > 0) array->data[in->Below(count)] = in->Number();
      return;
    case 2: /* another shape, with the numbers that it has room for */
      for (int d = 0; d < PDLT_MAX_NDIM; d++) dim[d] = d < array->ndim ? array->dim[d] : 1;
      dim[in->Below(4)] = in->Byte() % 8;
      if (pdlt_array_new(&other, in->Byte() % 4 ? array->ndim : in->Byte() % 6, dim, nullptr) !=
          PDLT_OK)
        return;
      for (size_t i = 0; i < pdlt_array_count(&other) && i < count; i++)
        other.data[i] = array->data[i];
      pdlt_array_free(array);
      *array = other;
      return;
    case 3:
      if (size > 0) entry->name[in->Below(size)] = (char)('0' + in->Byte() % 75);
      return;
    default:
      pdlt_archive_remove(archive, entry->name);
  }
}

}  // namespace

void Edit(pdlt_archive *archive, Input *in) {
  for (int edit = 0; edit < 16 && in->left > 0 && archive->count > 0; edit++)
    if (in->Byte() % 4 == 0)
      EditMeta(archive->meta, in);
    else
      EditEntry(archive, in);
}

void LoadData(const std::string &rest) {
  const std::string text =
      "network: {activation: tanh, depth: 2, widths: [4], C_b: 0, C_W: 1}\n"
      "data: {train: 2, test: 1, " +
      rest + "}\ntraining: {eta: 0.1, steps: 1}\nensemble: {members: 64}\n";
  pdlt_experiment ex = {};
  pdlt_dataset samples = {};
  pdlt_error err = {};
  const pdlt_status read = pdlt_experiment_parse(&ex, text.c_str(), "in.yaml", 0, nullptr, &err);
  if (read != PDLT_OK) std::fprintf(stderr, "%s\n", err.message);
  Require(read == PDLT_OK, "the experiment is sound");
  if (pdlt_dataset_load(&samples, &ex, &err) == PDLT_OK)
    pdlt_dataset_free(&samples);
  else
    RequireOneLine(err);
  pdlt_experiment_free(&ex);
}

}  // namespace fuzz
