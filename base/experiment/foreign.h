/* foreign.h - keys of other frameworks, and what they are called here.
 *
 * Is: what to say to lr, batch_size, hidden_size, ... where they stand in an experiment.
 * Is not: the keys of an experiment (schema.c), or typing errors in them. */
#ifndef PDLT_BASE_EXPERIMENT_FOREIGN_H
#define PDLT_BASE_EXPERIMENT_FOREIGN_H

#ifdef __cplusplus
extern "C" {
#endif

/* One clause that begins with the key to use, or says that there is none; NULL: not a key we know from elsewhere.
 * name: the last part of the key; capitals and - for _ do not matter. Static. */
const char *pdlt_foreign_key(const char *name);

#ifdef __cplusplus
}
#endif
#endif
