/* Levels or tags of a fitted column, found again in another table. */
#ifndef KM_PREPARE_KNOWN_LEVELS_H
#define KM_PREPARE_KNOWN_LEVELS_H

#include "data/dictionary.h"
#include "prepare/encoder.h"

/* The levels of a column by name. 1, or 0 when out of memory; freed by km_dictionary_free(). */
int km_known_levels(km_arena *scratch, const kmseg_prepare_column *column, km_dictionary *out);

/* Sets codes and position: which fitted level each row of a column has. */
kmseg_status km_match_levels(kmseg_context *ctx, km_arena *scratch,
                             const kmseg_prepare_column *column, const kmseg_column *from,
                             km_source *out);

/* KMSEG_E_FORMAT unless the levels of a column from a file have names and shares, and fill_level
 * and other_level are positions of them. */
kmseg_status km_check_levels(kmseg_context *ctx, const kmseg_prepare_column *column);

/* Position of a name among n, or -1. */
int32_t km_level_at(const char *const *levels, int32_t n, const char *name);

/* Sets fill_level by the policy of the column, from the counts of its levels in order; a note says
 * which. The level needs to be there already where the policy is a constant. */
kmseg_status km_fit_fill_level(km_fit *fit, int32_t i, int is_ordered, kmseg_prepare_column *out);

#endif
