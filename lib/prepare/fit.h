/* What the steps of a fit share: settings by column, notes, scratch memory. */
#ifndef KM_PREPARE_FIT_H
#define KM_PREPARE_FIT_H

#include "base/context.h"
#include "data/moments.h"
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

struct km_encoder;

/* What becomes of missing cells. */
typedef struct km_impute {
    const char *how;   /* "median", "mode", "constant" or "drop" */
    const char *value; /* of "constant", or NULL: 0, and a level "missing" of text */
    int indicator;     /* an output says where something was missing */
} km_impute;

/* The name of a policy as it is kept, or NULL; and all of them, for messages. */
const char *km_impute_find(const char *name);
extern const char km_impute_names[];

/* Reads "median", "constant:0+indicator", ...: KMSEG_E_ARGUMENT when text is none. */
struct km_fit;
kmseg_status km_impute_read(struct km_fit *fit, const char *text, km_impute *out);

/* What the options say about one column of the table. */
typedef struct km_settings {
    int included, excluded;
    int has_weight, has_transform, has_winsorise, has_encoder, has_impute;
    double weight;
    double winsorise;
    const km_transform *transform;    /* NULL: auto */
    const struct km_encoder *encoder; /* TEXT; NULL until it is chosen */
    km_impute impute;
    const char *const *order; /* TEXT: levels, lowest first, given or recognised; NULL: neither */
    int32_t n_order;
    int is_order_given;
    int32_t group; /* position in fit->groups, or -1 */
} km_settings;

/* Columns that count together. */
typedef struct km_group {
    const char *name;
    double weight;
    int has_weight;
} km_group;

typedef struct km_fit {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_prepare_options *options;
    km_known_moments *known; /* to be filled; or NULL */
    km_arena *arena;         /* of the kmseg_prepare that is being made */
    km_arena scratch;        /* freed when the fit ends */
    km_notes notes;
    int32_t id;            /* column that names the customer, or -1 */
    km_settings *settings; /* one per column of the table */
    int32_t n_chosen;
    int32_t *chosen;     /* columns of the table that are clustered on */
    const int64_t *rows; /* kept by impute "drop"; NULL: all */
    int64_t n_rows;      /* of the table, or of those kept */
    double *values;      /* room for n_rows numbers, twice */
    double *transformed;
    double *deviations; /* by column of the table: of its transformed values */
    km_group *groups;
    int32_t n_groups;
    km_impute impute; /* of columns that none was given for */
} km_fit;

/* kmseg_prepare_fit() that leaves the moments of the columns that it clusters on in known, which knows
 * none; NULL: they are not wanted. */
kmseg_status km_prepare_fit(kmseg_context *ctx, const kmseg_table *table,
                            const kmseg_prepare_options *options, km_known_moments *known,
                            kmseg_prepare **out);

/* Row i of the fit as a row of the table. */
static inline int64_t km_fit_row(const km_fit *fit, int64_t i) {
    return fit->rows != NULL ? fit->rows[i] : i;
}

/* Reads the options that name columns into fit->settings and fit->groups. */
kmseg_status km_read_settings(km_fit *fit);

/* Decides how each text column is encoded that the options say nothing about. */
kmseg_status km_choose_encoders(km_fit *fit);

/* Sets *out where the levels have a known order: bands of numbers ("19-24", "Under 15K", "65+") that
 * do not overlap, or a rating scale ("disagree", "neutral", "agree"). out_order has room for n and
 * gets their positions, lowest first. */
kmseg_status km_recognise_order(kmseg_context *ctx, const char *const *levels, int32_t n,
                                int32_t *out_order, int *out);

/* Rows of the fit by level of a text column, and how many of them have one; NULL when out of
 * memory. */
int64_t *km_count_levels(km_fit *fit, const kmseg_column *column, int64_t *out_present);

/* Sets centre and spread from n transformed values, which are in fit->transformed where the scale
 * looks at values. */
kmseg_status km_fit_scale(km_fit *fit, const km_scale *scale, int64_t n, const km_moments *moments,
                          kmseg_prepare_column *out);

/* Makes the columns of each group count together as one column of its weight. */
kmseg_status km_weigh_groups(km_fit *fit, kmseg_prepare_column *columns);

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

/* The same of the tags in its cells; a tag that a cell repeats counts once. */
kmseg_status km_fit_tags(km_fit *fit, const kmseg_column *column, km_levels *out);

#endif
