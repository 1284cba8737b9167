/* Cells of several tags: "music; sport | travel". */
#ifndef KM_DATA_TAGS_H
#define KM_DATA_TAGS_H

#include "base/context.h"

/* Distinct tags of distinct cells, in order of first appearance; a cell has each of its tags once. */
typedef struct km_tags {
    int32_t n_cells, n_names;
    const char *const *names;
    const int64_t *starts; /* n_cells + 1: cell i has tags[starts[i]] up to tags[starts[i + 1]] */
    const int32_t *tags;   /* positions in names */
} km_tags;

/* Splits cells at ';' and '|', with the spaces around tags cut off and empty tags skipped. All in
 * arena. 1, or 0 when out of memory. */
int km_tags_split(km_arena *arena, const char *const *cells, int32_t n_cells, km_tags *out);

/* Whether text has a sign that splits it. */
int km_has_tags(const char *text);

#endif
