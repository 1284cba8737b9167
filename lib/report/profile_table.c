/* A profile as a table of numbers, for spreadsheets. */
#include "base/text.h"
#include "data/result.h"
#include "report/formats.h"

#include <math.h>
#include <string.h>

/* One row; NULL and NaN are missing. */
typedef struct line {
    int32_t segment;
    const char *column, *level, *measure, *text;
    double value, all;
} line;

typedef struct lines {
    kmseg_context *ctx;
    const kmseg_result *result;
    km_arena arena;
    line *rows;
    int64_t n, capacity;
    int failed;
} lines;

static void add(lines *to, line row) {
    if (to->n == to->capacity) {
        int64_t capacity = to->capacity > 0 ? 2 * to->capacity : 256;
        line *larger = km_arena_array(&to->arena, capacity, sizeof *larger);
        if (larger == NULL) {
            to->failed = 1;
            return;
        }
        if (to->n > 0) {
            memcpy(larger, to->rows, (size_t)to->n * sizeof *larger);
        }
        to->rows = larger;
        to->capacity = capacity;
    }
    to->rows[to->n++] = row;
}

static void add_number(lines *to, int32_t s, const char *column, const char *level,
                       const char *measure, double value, double all) {
    add(to, (line){s, column, level, measure, NULL, value, all});
}

static void add_text(lines *to, int32_t s, const char *measure, const char *text) {
    if (text[0] != '\0') {
        add(to, (line){s, NULL, NULL, measure, text, NAN, NAN});
    }
}

/* "0 to 10", "above 10 to 25" */
static const char *range_text(lines *to, const double *edges, int32_t bin) {
    char low[32], high[32];
    km_format_double(edges[bin], low, sizeof low);
    km_format_double(edges[bin + 1], high, sizeof high);
    const char *text =
        km_arena_format(&to->arena, "%s%s to %s", bin > 0 ? "above " : "", low, high);
    to->failed |= text == NULL;
    return text;
}

static const char *quantile_text(lines *to, int32_t q) {
    const char *text = km_arena_format(&to->arena, "q%02.0f", 100 * kmseg_profile_probability(q));
    to->failed |= text == NULL;
    return text;
}

static void add_number_column(lines *to, int32_t s, const kmseg_profile_column *c) {
    add_number(to, s, c->name, NULL, "mean", c->segment_means[s], c->mean);
    for (int32_t q = 0; q < KMSEG_N_QUANTILES && c->n_bins > 0; q++) {
        add_number(to, s, c->name, NULL, quantile_text(to, q),
                   c->segment_quantiles[(int64_t)s * KMSEG_N_QUANTILES + q], c->quantiles[q]);
    }
    double n = 0, n_all = 0;
    for (int32_t b = 0; b < c->n_bins; b++) {
        for (int32_t i = 0; i < to->result->n_segments; i++) {
            double count = (double)c->segment_bins[(int64_t)i * c->n_bins + b];
            n += i == s ? count : 0;
            n_all += count;
        }
    }
    for (int32_t b = 0; b < c->n_bins; b++) {
        double all = 0;
        for (int32_t i = 0; i < to->result->n_segments; i++) {
            all += (double)c->segment_bins[(int64_t)i * c->n_bins + b];
        }
        double own = (double)c->segment_bins[(int64_t)s * c->n_bins + b];
        add_number(to, s, c->name, range_text(to, c->bin_edges, b), "share",
                   n > 0 ? own / n : (double)NAN, all / n_all);
    }
}

static void add_column(lines *to, int32_t s, const kmseg_profile_column *c) {
    if (c->type == KMSEG_COLUMN_NUMBER) {
        add_number_column(to, s, c);
    }
    for (int32_t l = 0; c->type == KMSEG_COLUMN_TEXT && l < c->n_levels; l++) {
        add_number(to, s, c->name, c->levels[l], "share",
                   c->segment_shares[(int64_t)s * c->n_levels + l], c->level_shares[l]);
    }
    int64_t missing = 0;
    for (int32_t i = 0; i < to->result->n_segments; i++) {
        missing += c->segment_missing[i];
    }
    if (missing > 0) {
        add_number(to, s, c->name, NULL, "missing", (double)c->segment_missing[s], (double)missing);
    }
}

static void add_traits(lines *to, int32_t s) {
    const kmseg_profile *profile = to->result->profile;
    for (int32_t t = 0; t < profile->n_traits[s]; t++) {
        const kmseg_trait *trait = &profile->traits[(int64_t)s * profile->max_traits + t];
        const kmseg_profile_column *c = &profile->columns[trait->column];
        char text[256];
        kmseg_trait_text(profile, s, t, text, sizeof text);
        const char *copy = km_arena_text(&to->arena, text);
        to->failed |= copy == NULL;
        add(to, (line){s, c->name, trait->level >= 0 ? c->levels[trait->level] : NULL, "difference",
                       copy, trait->difference, NAN});
    }
}

static void add_rules(lines *to, int32_t s) {
    const kmseg_tree *rules = to->result->rules;
    for (int32_t r = 0; rules != NULL && r < rules->n_rules; r++) {
        const kmseg_tree_rule *rule = &rules->rules[r];
        if (rule->segment == s) {
            add(to, (line){s, NULL, NULL, "rule precision", rule->text, rule->precision, NAN});
            add(to, (line){s, NULL, NULL, "rule coverage", rule->text, rule->coverage, NAN});
        }
    }
}

static void add_segment(lines *to, int32_t s) {
    const kmseg_result *result = to->result;
    const kmseg_profile *profile = result->profile;
    double value = 0;
    for (int32_t i = 0; i < result->n_segments; i++) {
        value += profile->values[i];
    }
    add_number(to, s, NULL, NULL, "customers", (double)profile->sizes[s], (double)profile->n_rows);
    if (profile->value_column[0] != '\0') {
        add_number(to, s, profile->value_column, NULL, "value", profile->values[s], value);
    }
    if (result->plans != NULL) {
        const kmseg_plan *plan = &result->plans[s];
        add_text(to, s, "suggested name", profile->names[s]);
        add_text(to, s, "action", plan->action);
        add_text(to, s, "colour", plan->colour);
        if (!isnan(plan->budget_share)) {
            add_number(to, s, NULL, NULL, "budget share", plan->budget_share, NAN);
        }
    }
    add_traits(to, s);
    add_rules(to, s);
    for (int32_t t = 0; t < result->n_typical; t++) {
        int64_t sample = result->typical[(int64_t)s * result->n_typical + t];
        add_text(to, s, "typical", sample >= 0 ? result->ids[sample] : "");
    }
    for (int32_t c = 0; c < profile->n_columns; c++) {
        add_column(to, s, &profile->columns[c]);
    }
}

/* The columns of the table, one after the other, through room for one of them. */
static kmseg_status fill(lines *from, kmseg_table *table) {
    kmseg_context *ctx = from->ctx;
    const char **texts = km_arena_array(&from->arena, from->n, sizeof *texts);
    double *numbers = km_arena_array(&from->arena, from->n, sizeof *numbers);
    if (texts == NULL || numbers == NULL) {
        return km_fail_memory(ctx, "a profile");
    }
#define NUMBERS(name, expression)                                                                  \
    for (int64_t i = 0; i < from->n; i++) {                                                        \
        const line *row = &from->rows[i];                                                          \
        numbers[i] = (expression);                                                                 \
    }                                                                                              \
    KM_TRY(kmseg_table_add_numbers(ctx, table, name, numbers))
#define TEXTS(name, expression)                                                                    \
    for (int64_t i = 0; i < from->n; i++) {                                                        \
        const line *row = &from->rows[i];                                                          \
        texts[i] = (expression);                                                                   \
    }                                                                                              \
    KM_TRY(kmseg_table_add_texts(ctx, table, name, texts))
    NUMBERS("segment", row->segment + 1);
    TEXTS("name", kmseg_segment_name(from->result, row->segment));
    TEXTS("column", row->column);
    TEXTS("level", row->level);
    TEXTS("measure", row->measure);
    NUMBERS("value", row->value);
    NUMBERS("all", row->all);
    NUMBERS("lift", row->all > 0 && row->value >= 0 ? row->value / row->all : (double)NAN);
    TEXTS("text", row->text);
#undef NUMBERS
#undef TEXTS
    return KMSEG_OK;
}

kmseg_status kmseg_profile_table(kmseg_context *ctx, const kmseg_result *result,
                                 kmseg_table **out) {
    *out = NULL;
    KM_TRY(km_need_profile(ctx, result, "a table of the profile"));
    lines all = {.ctx = ctx, .result = result};
    km_arena_init(&all.arena, &ctx->allocator);
    for (int32_t s = 0; s < result->n_segments; s++) {
        add_segment(&all, s);
    }
    kmseg_table *table = NULL;
    kmseg_status status =
        all.failed ? km_fail_memory(ctx, "a profile") : kmseg_table_new(ctx, all.n, &table);
    if (status == KMSEG_OK) {
        status = fill(&all, table);
    }
    km_arena_free(&all.arena);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    return KMSEG_OK;
}
