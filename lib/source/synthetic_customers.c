/* A synthetic customer table: planted groups that differ in skewed amounts, counts and categories,
 * with missing cells. */
#include "source/synthetic.h"

#include "base/parallel.h"
#include "data/table.h"

#include <math.h>

enum {
    N_NUMBERS = 7,
    MAX_LEVELS = 4,
    N_TEXTS = 4,
    N_ARCHETYPES = 8,
    ITEM_NUMBERS = 1000,
    ITEM_TEXTS = 1100,
    ITEM_MISSING = 1200
};

typedef struct number_field {
    const char *name, *unit;
    double spread;  /* of a customer inside a group at noise 1: of the logarithm where skewed */
    int skewed;     /* lognormal around typical; else normal */
    double decimal; /* values are multiples of 1 / decimal */
    double lowest, highest;
    double typical[N_ARCHETYPES];
} number_field;

static const number_field number_fields[N_NUMBERS] = {
    {"age", "years", 9, 0, 1, 18, 95, {38, 47, 58, 33, 24, 41, 66, 35}},
    {"annual_spend", "", 0.5, 1, 100, 1, 1e7, {2400, 9500, 420, 650, 310, 900, 120, 3600}},
    {"orders_per_year", "orders", 0.35, 1, 1, 1, 365, {30, 14, 4, 7, 9, 22, 2, 6}},
    {"tenure_months", "months", 0.4, 1, 1, 1, 240, {48, 60, 30, 36, 3, 28, 14, 26}},
    {"days_since_order", "days", 0.6, 1, 1, 1, 1500, {9, 18, 70, 330, 14, 12, 500, 45}},
    {"support_tickets", "tickets", 1.2, 0, 1, 0, 60, {2, 5, 1, 4, 3, 2, 0, 2}},
    {"satisfaction", "points of 10", 1.2, 0, 1, 0, 10, {9, 7, 8, 4, 7, 6, 5, 8}},
};

typedef struct text_field {
    const char *name;
    int32_t n_levels;
    const char *levels[MAX_LEVELS];
    double shares[N_ARCHETYPES][MAX_LEVELS];
} text_field;

static const text_field text_fields[N_TEXTS] = {
    {"plan",
     3,
     {"basic", "plus", "premium"},
     {{1, 6, 3}, {0, 2, 8}, {7, 3, 0}, {6, 3, 1}, {5, 5, 0}, {8, 2, 0}, {9, 1, 0}, {0, 3, 7}}},
    {"contract",
     3,
     {"monthly", "yearly", "two years"},
     {{2, 6, 2}, {1, 3, 6}, {6, 3, 1}, {8, 2, 0}, {9, 1, 0}, {6, 4, 0}, {9, 1, 0}, {3, 5, 2}}},
    {"channel",
     4,
     {"web", "app", "shop", "phone"},
     {{2, 7, 1, 0},
      {5, 0, 2, 3},
      {2, 1, 7, 0},
      {6, 1, 2, 1},
      {1, 9, 0, 0},
      {6, 3, 1, 0},
      {2, 0, 5, 3},
      {7, 2, 1, 0}}},
    {"region",
     4,
     {"north", "south", "east", "west"},
     {{3, 3, 2, 2},
      {4, 2, 2, 2},
      {2, 4, 2, 2},
      {3, 2, 3, 2},
      {2, 2, 2, 4},
      {2, 3, 3, 2},
      {3, 3, 2, 2},
      {2, 2, 3, 3}}},
};

typedef struct filling {
    const kmseg_generate_options *options;
    double *numbers[N_NUMBERS];
    int32_t *codes[N_TEXTS];
} filling;

enum { CUSTOMERS_PER_CHUNK = 4096 };

static double draw_number(const kmseg_generate_options *o, int64_t customer, int32_t segment,
                          int f) {
    const number_field *field = &number_fields[f];
    double typical = field->typical[segment % N_ARCHETYPES];
    /* Past the archetypes, groups repeat them with skewed amounts scaled. */
    int32_t round = segment / N_ARCHETYPES;
    double scale = field->skewed ? 1 + 1.5 * round : 1;
    double z = km_bell(km_draw(o->seed, customer, 0, ITEM_NUMBERS + (uint32_t)f));
    double value = field->skewed ? typical * scale * km_portable_exp(o->noise * field->spread * z)
                                 : typical + o->noise * field->spread * z;
    value = value < field->lowest ? field->lowest : value;
    value = value > field->highest ? field->highest : value;
    return floor(value * field->decimal + 0.5) / field->decimal;
}

static void fill_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const filling *g = argument;
    const kmseg_generate_options *o = g->options;
    int64_t end = (chunk + 1) * CUSTOMERS_PER_CHUNK;
    end = end < o->n_customers ? end : o->n_customers;
    for (int64_t c = chunk * CUSTOMERS_PER_CHUNK; c < end; c++) {
        int32_t segment = km_planted_segment(o, c);
        for (int f = 0; f < N_NUMBERS + N_TEXTS; f++) {
            double miss = km_unit(km_draw(o->seed, c, 0, ITEM_MISSING + (uint32_t)f).word[0]);
            int missing = miss < o->missing_rate;
            if (f < N_NUMBERS) {
                g->numbers[f][c] = missing ? NAN : draw_number(o, c, segment, f);
                continue;
            }
            const text_field *field = &text_fields[f - N_NUMBERS];
            km_random4 r = km_draw(o->seed, c, 0, ITEM_TEXTS + (uint32_t)f);
            /* Noise also blurs preferences: some customers choose like anybody. */
            int anybody = km_unit(r.word[1]) < 0.15 * o->noise;
            int32_t level = anybody ? (int32_t)(km_unit(r.word[0]) * field->n_levels)
                                    : km_pick(field->shares[segment % N_ARCHETYPES],
                                              field->n_levels, km_unit(r.word[0]));
            g->codes[f - N_NUMBERS][c] = missing ? -1 : level;
        }
    }
}

static kmseg_status fill_table(kmseg_context *ctx, const kmseg_generate_options *options,
                               kmseg_table *table) {
    filling g = {.options = options};
    KM_TRY(km_generate_ids(ctx, table));
    for (int f = 0; f < N_NUMBERS; f++) {
        KM_TRY(km_table_add_number_column(ctx, table, number_fields[f].name, &g.numbers[f]));
    }
    for (int f = 0; f < N_TEXTS; f++) {
        KM_TRY(km_table_add_code_column(ctx, table, text_fields[f].name, &g.codes[f]));
    }
    KM_TRY(km_parallel(ctx, km_chunks(options->n_customers, CUSTOMERS_PER_CHUNK), fill_chunk, &g));
    for (int f = 0; f < N_NUMBERS + N_TEXTS; f++) {
        int32_t column = 1 + f;
        const char *unit = f < N_NUMBERS ? number_fields[f].unit : "";
        if (f >= N_NUMBERS) {
            const text_field *field = &text_fields[f - N_NUMBERS];
            KM_TRY(km_generate_levels(ctx, table, column, g.codes[f - N_NUMBERS], field->n_levels,
                                      field->levels));
        }
        km_table_count_missing(table, column);
        KM_TRY(kmseg_table_describe(ctx, table, column, KMSEG_ROLE_FEATURE, unit));
    }
    return KMSEG_OK;
}

kmseg_status km_generate_customers(kmseg_context *ctx, const kmseg_generate_options *options,
                                   kmseg_table **out) {
    *out = NULL;
    kmseg_table *table;
    KM_TRY(kmseg_table_new(ctx, options->n_customers, &table));
    kmseg_status status = fill_table(ctx, options, table);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    return KMSEG_OK;
}
