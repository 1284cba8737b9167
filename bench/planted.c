#include "planted.h"

#include "base/context.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const planted_skews[PLANTED_N_SKEWS] = {"even", "long tails", "very long tails",
                                                    "one group far out"};
const char *const planted_mixes[PLANTED_N_MIXES] = {"numbers", "balanced", "mostly text"};

enum { N_LEVELS = 5, N_BANDS = 6, N_TAGS = 6, MOST_GROUPS = 16, TEXT = 96 };

static const char *const bands[N_BANDS] = {"Under 15K", "15-24K",   "25-49K",
                                           "50-99K",    "100-199K", "200K+"};

typedef struct maker {
    kmseg_context *ctx;
    const planted_options *options;
    const int32_t *truth;
    kmseg_table *table;
    uint32_t column;
} maker;

/* Numbers of a column: by row, or by group where position is a group. */
static double uniform(const maker *m, uint64_t position, uint32_t what) {
    return km_random_uniform(m->options->seed, KM_STAGE_TEST, position, 64 * m->column + what);
}

static double normal(const maker *m, uint64_t position, uint32_t what) {
    return km_random_normal(m->options->seed, KM_STAGE_TEST, position, 64 * m->column + what);
}

static int is_missing(const maker *m, int64_t r) {
    return uniform(m, (uint64_t)r, 1) < m->options->missing;
}

/* Where a row lies within a column that tells groups apart, but for every fourth, which is noise. */
static double latent(const maker *m, int64_t r) {
    double centre = m->column % 4 == 3 ? 0 : 1.6 * normal(m, (uint64_t)m->truth[r], 2);
    return centre + normal(m, (uint64_t)r, 3);
}

static double shaped(const maker *m, int64_t r) {
    double z = latent(m, r);
    switch (m->options->skew) {
    case PLANTED_TAIL: return 100 * exp(z);
    case PLANTED_HEAVY: return m->column % 3 == 1 ? -100 * exp(z) : 100 * exp(2 * z);
    case PLANTED_FAR: return z + (m->truth[r] == 0 && m->column % 2 == 0 ? 12 : 0);
    default: return z;
    }
}

static kmseg_status add_numbers(maker *m) {
    double *values = malloc((size_t)m->options->n * sizeof *values);
    char name[32];
    snprintf(name, sizeof name, "number_%u", m->column);
    for (int64_t r = 0; r < m->options->n; r++) {
        values[r] = is_missing(m, r) ? (double)NAN : shaped(m, r);
    }
    kmseg_status status = kmseg_table_add_numbers(m->ctx, m->table, name, values);
    free(values);
    m->column++;
    return status;
}

/* Each group has a level that 60 % of it have; one row in a hundred has a level of its own kind. */
static void write_level(const maker *m, int64_t r, char out[TEXT]) {
    double u = uniform(m, (uint64_t)r, 4);
    int own = (int)(uniform(m, (uint64_t)m->truth[r], 5) * N_LEVELS);
    int level = u < 0.6 ? own : (int)(uniform(m, (uint64_t)r, 6) * N_LEVELS);
    if (u > 0.99) {
        snprintf(out, TEXT, "rare %d", (int)(u * 1e6) % 7);
    } else {
        snprintf(out, TEXT, "level %c", 'a' + level);
    }
}

static void write_band(const maker *m, int64_t r, char out[TEXT]) {
    double place = latent(m, r) / 1.9; /* about standard normal over all groups */
    int band = (int)floor(N_BANDS * 0.5 * erfc(-place * sqrt(0.5)));
    snprintf(out, TEXT, "%s", bands[band < N_BANDS ? band : N_BANDS - 1]);
}

/* Each group likes some of the tags: six in ten of its rows have such a tag, one in ten another. */
static void write_tags(const maker *m, int64_t r, char out[TEXT]) {
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t t = 0; t < N_TAGS; t++) {
        int liked = uniform(m, (uint64_t)m->truth[r], 10 + t) < 0.4;
        if (uniform(m, (uint64_t)r, 20 + t) < (liked ? 0.6 : 0.1)) {
            used += (size_t)snprintf(out + used, TEXT - used, "%stag %u", used > 0 ? ";" : "", t);
        }
    }
}

static kmseg_status add_texts(maker *m, const char *kind,
                              void (*write)(const maker *m, int64_t r, char out[TEXT])) {
    int64_t n = m->options->n;
    char(*texts)[TEXT] = malloc((size_t)n * sizeof *texts);
    const char **cells = malloc((size_t)n * sizeof *cells);
    char name[32];
    snprintf(name, sizeof name, "%s_%u", kind, m->column);
    for (int64_t r = 0; r < n; r++) {
        write(m, r, texts[r]);
        cells[r] = is_missing(m, r) || texts[r][0] == '\0' ? NULL : texts[r];
    }
    kmseg_status status = kmseg_table_add_texts(m->ctx, m->table, name, cells);
    free(cells);
    free(texts);
    m->column++;
    return status;
}

static void choose_groups(const planted_options *options, int32_t *truth) {
    int32_t total = options->k * (options->k + 1) / 2;
    for (int64_t r = 0; r < options->n; r++) {
        double u = km_random_uniform(options->seed, KM_STAGE_TEST, (uint64_t)r, 1u << 20);
        truth[r] = (int32_t)(u * options->k);
        int32_t place = (int32_t)(u * total);
        for (int32_t g = 0; options->uneven && place >= 0; g++) {
            truth[r] = g;
            place -= g + 1;
        }
    }
}

kmseg_status planted_make(kmseg_context *ctx, const planted_options *options, kmseg_table **out,
                          int32_t *out_truth) {
    static const int counts[PLANTED_N_MIXES][4] = {{6, 0, 0, 0}, {3, 2, 1, 1}, {2, 4, 2, 1}};
    const int *n = counts[options->mix];
    choose_groups(options, out_truth);
    maker m = {.ctx = ctx, .options = options, .truth = out_truth};
    kmseg_status status = kmseg_table_new(ctx, options->n, &m.table);
    for (int i = 0; i < n[0] && status == KMSEG_OK; i++) {
        status = add_numbers(&m);
    }
    for (int i = 0; i < n[1] && status == KMSEG_OK; i++) {
        status = add_texts(&m, "category", write_level);
    }
    for (int i = 0; i < n[2] && status == KMSEG_OK; i++) {
        status = add_texts(&m, "income", write_band);
    }
    for (int i = 0; i < n[3] && status == KMSEG_OK; i++) {
        status = add_texts(&m, "tags", write_tags);
    }
    *out = m.table;
    return status;
}

static kmseg_status agreement(kmseg_context *ctx, const kmseg_table *table,
                              const kmseg_prepare_options *options, const int32_t *truth, int32_t k,
                              double *out) {
    kmseg_prepare *prepare = NULL;
    kmseg_prepared *prepared = NULL;
    kmseg_tiles *tiles = NULL;
    kmseg_model *model = NULL;
    kmseg_fit_options fit;
    kmseg_fit_options_init(&fit);
    fit.n_clusters = k;
    kmseg_status status = kmseg_prepare_fit(ctx, table, options, &prepare);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_apply(ctx, prepare, table, &prepared);
    }
    if (status == KMSEG_OK) {
        status = kmseg_tiles_new(ctx, &prepared->matrix, NULL, NULL, &tiles);
    }
    if (status == KMSEG_OK) {
        status = kmseg_fit(ctx, tiles, &fit, &model);
    }
    if (status == KMSEG_OK) {
        status = kmseg_adjusted_rand(ctx, model->n_samples, model->labels, truth, out);
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);
    return status;
}

kmseg_status planted_compare(kmseg_context *ctx, const kmseg_table *table, const int32_t *truth,
                             int32_t k, double *out_default, double *out_plain) {
    kmseg_prepare_options options;
    kmseg_prepare_options_init(&options);
    KM_TRY(agreement(ctx, table, &options, truth, k, out_default));
    /* A level that is on is sqrt(1/2) with the defaults, so this weight makes it 1. */
    char weights[600] = "";
    size_t used = 0;
    for (int32_t i = 0; i < kmseg_table_n_columns(table); i++) {
        const kmseg_column *column = kmseg_table_column(table, i);
        if (column->type == KMSEG_COLUMN_TEXT) {
            used += (size_t)snprintf(weights + used, sizeof weights - used, "%s=%.17g,",
                                     column->name, sqrt(2));
        }
    }
    options.weights = weights;
    options.transform = "none";
    options.encode = "onehot";
    options.max_levels = 1000;
    options.min_level_count = 1;
    return agreement(ctx, table, &options, truth, k, out_plain);
}
