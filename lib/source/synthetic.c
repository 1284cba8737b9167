/* Options of the generators, and what the two kinds of data share. */
#include "source/synthetic.h"

#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OFFSET(field) offsetof(kmseg_generate_options, field)

static const kmseg_option rows[] = {
    {"what", KMSEG_OPTION_CHOICE, OFFSET(what), 0, 0, 0, "orders", "orders|customers", NULL, NULL,
     "WHAT", "what to make: an order log, or one row per customer", 0},
    {"n_customers", KMSEG_OPTION_INT64, OFFSET(n_customers), 1, 1e8, 5000, NULL, NULL, NULL, NULL,
     "N", "customers", 'n'},
    {"n_orders", KMSEG_OPTION_INT64, OFFSET(n_orders), 0, 1e9, 0, NULL, NULL, NULL, NULL, "N",
     "orders: at least this many; 0: as the customers' rates give", 0},
    {"n_segments", KMSEG_OPTION_INT32, OFFSET(n_segments), 1, 64, 5, NULL, NULL, NULL, NULL, "N",
     "groups that are really there", 'k'},
    {"noise", KMSEG_OPTION_DOUBLE, OFFSET(noise), 0, 10, 1, NULL, NULL, NULL, NULL, "X",
     "spread inside groups: 0 is far apart, 1 overlapping as in practice, more is harder", 0},
    {"missing_rate", KMSEG_OPTION_DOUBLE, OFFSET(missing_rate), 0, 0.9, 0.02, NULL, NULL, NULL,
     NULL, "SHARE", "share of optional cells left empty", 0},
    {"defect_rate", KMSEG_OPTION_DOUBLE, OFFSET(defect_rate), 0, 0.5, 0.02, NULL, NULL, NULL, NULL,
     "SHARE",
     "orders: share of lines that are returns, duplicates, without an id, a price or a date", 0},
    {"seed", KMSEG_OPTION_UINT64, OFFSET(seed), 0, 18446744073709551615.0, 1, NULL, NULL, NULL,
     NULL, "N", "the same seed gives the same data", 0},
};

static const kmseg_option_table table_of_options = {"generate", sizeof(kmseg_generate_options),
                                                    sizeof rows / sizeof *rows, rows};

const kmseg_option_table *kmseg_generate_option_table(void) { return &table_of_options; }

void kmseg_generate_options_init(kmseg_generate_options *options) {
    kmseg_options_init(&table_of_options, options);
}

double km_portable_exp(double x) {
    double k = floor(x * 1.4426950408889634 + 0.5);
    double r = x - k * 0.6931471805599453; /* within +-0.35 */
    double sum = 1;
    for (int i = 13; i >= 1; i--) { /* the next term is below 1e-17 */
        sum = 1 + r / i * sum;
    }
    return ldexp(sum, (int)k);
}

int32_t km_pick(const double *shares, int32_t n, double u) {
    double total = 0;
    for (int32_t i = 0; i < n; i++) {
        total += shares[i];
    }
    double left = u * total;
    for (int32_t i = 0; i < n - 1; i++) {
        left -= shares[i];
        if (left < 0) {
            return i;
        }
    }
    return n - 1;
}

int32_t km_planted_segment(const kmseg_generate_options *options, int64_t customer) {
    if (customer < options->n_segments) {
        return (int32_t)customer;
    }
    double shares[64] = {0};
    for (int32_t s = 0; s < options->n_segments; s++) {
        shares[s] = 1.0 / (1.0 + 0.2 * ((s * 3) % options->n_segments));
    }
    return km_pick(shares, options->n_segments,
                   km_unit(km_draw(options->seed, customer, 0, 0).word[0]));
}

const char **km_customer_ids(km_arena *arena, int64_t n) {
    enum { BYTES = 12 }; /* ten digits at most */
    char *texts = km_arena_array(arena, n, BYTES);
    const char **ids = km_arena_array(arena, n, sizeof *ids);
    if (texts == NULL || ids == NULL) {
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        ids[i] = texts + i * BYTES;
        snprintf(texts + i * BYTES, BYTES, "%d", (int)(i + 100001));
    }
    return ids;
}

kmseg_status km_generate_levels(kmseg_context *ctx, kmseg_table *table, int32_t column,
                                int32_t *codes, int64_t n_levels, const char *const *levels) {
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    int32_t *new_code = km_arena_take(&scratch, (size_t)n_levels * sizeof *new_code);
    const char **used = km_arena_take(&scratch, (size_t)n_levels * sizeof *used);
    if (levels == NULL || new_code == NULL || used == NULL) {
        km_arena_free(&scratch);
        return km_fail_memory(ctx, "the names in synthetic data");
    }
    memset(new_code, 0xff, (size_t)n_levels * sizeof *new_code);
    int32_t n_used = 0;
    for (int64_t r = 0; r < table->n_rows; r++) {
        int32_t code = codes[r];
        if (code >= 0) {
            if (new_code[code] < 0) {
                used[n_used] = levels[code];
                new_code[code] = n_used++;
            }
            codes[r] = new_code[code];
        }
    }
    kmseg_status status = km_table_set_levels(ctx, table, column, n_used, used);
    km_arena_free(&scratch);
    km_table_count_missing(table, column);
    return status;
}

kmseg_status km_generate_ids(kmseg_context *ctx, kmseg_table *table) {
    int32_t *codes;
    KM_TRY(km_table_add_code_column(ctx, table, "customer_id", &codes));
    int32_t column = table->n_columns - 1;
    const char **ids = km_customer_ids(&table->arena, table->n_rows);
    if (ids == NULL) {
        return km_fail_memory(ctx, "customer ids");
    }
    for (int64_t i = 0; i < table->n_rows; i++) {
        codes[i] = (int32_t)i;
    }
    KM_TRY(km_table_set_levels(ctx, table, column, (int32_t)table->n_rows, ids));
    km_table_count_missing(table, column);
    return kmseg_table_describe(ctx, table, column, KMSEG_ROLE_ID, NULL);
}

static kmseg_status fill_truth(kmseg_context *ctx, const kmseg_generate_options *options,
                               kmseg_table *truth) {
    KM_TRY(km_generate_ids(ctx, truth));
    double *segments;
    KM_TRY(km_table_add_number_column(ctx, truth, "segment", &segments));
    for (int64_t i = 0; i < truth->n_rows; i++) {
        segments[i] = km_planted_segment(options, i) + 1;
    }
    km_table_count_missing(truth, truth->n_columns - 1);
    return kmseg_table_describe(ctx, truth, truth->n_columns - 1, KMSEG_ROLE_DESCRIBE, NULL);
}

static kmseg_status make_truth(kmseg_context *ctx, const kmseg_generate_options *options,
                               kmseg_table **out) {
    kmseg_table *truth;
    KM_TRY(kmseg_table_new(ctx, options->n_customers, &truth));
    kmseg_status status = fill_truth(ctx, options, truth);
    if (status != KMSEG_OK) {
        kmseg_table_free(truth);
        return status;
    }
    *out = truth;
    return KMSEG_OK;
}

kmseg_status kmseg_generate(kmseg_context *ctx, const kmseg_generate_options *options,
                            kmseg_table **out_table, kmseg_table **out_truth) {
    *out_table = NULL;
    if (out_truth != NULL) {
        *out_truth = NULL;
    }
    KM_TRY(kmseg_options_check(ctx, &table_of_options, options));
    if (options->n_segments > options->n_customers) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "n_segments is %d; it needs to be at most n_customers, %lld",
                       options->n_segments, (long long)options->n_customers);
    }
    kmseg_table *truth = NULL, *table = NULL;
    if (out_truth != NULL) {
        KM_TRY(make_truth(ctx, options, &truth));
    }
    kmseg_status status = strcmp(options->what, "orders") == 0
                              ? km_generate_orders(ctx, options, &table)
                              : km_generate_customers(ctx, options, &table);
    if (status != KMSEG_OK) {
        kmseg_table_free(truth);
        return status;
    }
    *out_table = table;
    if (out_truth != NULL) {
        *out_truth = truth;
    }
    return KMSEG_OK;
}
