/* classes.h - names of the classes that samples and outputs stand for, where the data have some.
 *
 * Is: data.classes of the experiment, and which of them a target means. Is not: any single figure. */
#ifndef PDLT_COMPARE_FIGURE_CLASSES_H
#define PDLT_COMPARE_FIGURE_CLASSES_H

#include <stddef.h>

#include "compare/figure/figure.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The class of a sample, and of output i, one for each class, as markup; 0, and out untouched, where
 * the data have no classes. */
int pdlt_figure_class_of_sample(char *out, size_t size, const pdlt_figure_input *in, size_t sample);
int pdlt_figure_class_of_output(char *out, size_t size, const pdlt_archive *measured,
                                size_t outputs, size_t i);

#ifdef __cplusplus
}
#endif
#endif
