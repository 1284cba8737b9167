/* What the steps of a fit share: settings by column, notes, scratch memory. */
#ifndef KM_PREPARE_FIT_H
#define KM_PREPARE_FIT_H

#include "base/context.h"
#include "prepare/scale.h"
#include "prepare/transform.h"

#include <kmseg/prepare.h>

/* A growing list of sentences; out of memory is remembered and told at the end. */
typedef struct km_notes {
    km_arena *arena;
    const char **items;
    int32_t n, capacity;
    int failed;
} km_notes;

void km_note(km_notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the options say about one column of the table. */
typedef struct km_settings {
    int included, excluded;
    int has_weight, has_transform;
    double weight;
    const km_transform *transform; /* NULL: auto */
} km_settings;

typedef struct km_fit {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_prepare_options *options;
    km_arena *arena;  /* of the kmseg_prepare that is being made */
    km_arena scratch; /* freed when the fit ends */
    km_notes notes;
    int32_t id;            /* column that names the customer, or -1 */
    km_settings *settings; /* one per column of the table */
    int32_t n_chosen;
    int32_t *chosen;     /* columns of the table that are clustered on */
    const int64_t *rows; /* kept by impute "drop"; NULL: all */
    int64_t n_rows;      /* of the table, or of those kept */
    double *values;      /* room for n_rows numbers, twice */
    double *transformed;
    double *deviations; /* by column of the table: of its scaled values; 0: not counted */
} km_fit;

/* Row i of the fit as a row of the table. */
static inline int64_t km_fit_row(const km_fit *fit, int64_t i) {
    return fit->rows != NULL ? fit->rows[i] : i;
}

/* Reads include, exclude, weights and transform into fit->settings. */
kmseg_status km_read_settings(km_fit *fit);

/* Finds the id column and checks that it names every row once. */
kmseg_status km_find_id(km_fit *fit);

/* Chooses the columns to cluster on, and the rows that impute "drop" keeps. */
kmseg_status km_choose_columns(km_fit *fit);

/* The levels of a text column that a fit keeps: most rows first decided by name, pooled ones last.
 * Memory is in fit->arena. */
typedef struct km_levels {
    int32_t n;
    const char **names; /* sorted by bytes; the pool "other" is last */
    double *shares;
    int32_t mode;  /* most frequent level, the first of them */
    int32_t other; /* position of the pool, or -1 */
    int32_t n_pooled;
    int64_t threshold; /* levels with fewer rows were pooled */
} km_levels;

kmseg_status km_fit_levels(km_fit *fit, const kmseg_column *column, km_levels *out);

#endif
