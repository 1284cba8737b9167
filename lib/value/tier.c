/* Value tiers: customers ranked by a column or a score, and cut into classes. */
#include "value/tier.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OFFSET(field) offsetof(kmseg_tier_options, field)

static const kmseg_option rows[] = {
    {.name = "value",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(value),
     .default_text = "monetary",
     .metavar = "COLUMN",
     .help = "column that customers are ranked by; high is good"},
    {.name = "weights",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(weights),
     .metavar = "LIST",
     .help = "rank by a score of several columns instead: "
             "monetary=0.5,frequency=0.3,recency=-0.2; below 0: low is good"},
    {.name = "normalise",
     .type = KMSEG_OPTION_CHOICE,
     .offset = OFFSET(normalise),
     .default_text = "rank",
     .choices = "rank|minmax|zscore",
     .metavar = "HOW",
     .help =
         "how the columns of a score compare: percent of customers that one is better than, 0 to "
         "100 from worst to best value, or standard deviations"},
    {.name = "method",
     .type = KMSEG_OPTION_CHOICE,
     .offset = OFFSET(method),
     .default_text = "auto",
     .choices = "auto|abc|percentile|thresholds",
     .metavar = "HOW",
     .help =
         "abc: by cumulative share of the value; percentile: by share of customers; thresholds: "
         "by limits of your own; auto: thresholds where given, percentile for a score, else abc"},
    {.name = "shares",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(shares),
     .default_text = "80,95",
     .metavar = "PERCENT",
     .help = "abc: percent of the value at which tiers end, best first"},
    {.name = "percentiles",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(percentiles),
     .default_text = "50,80",
     .metavar = "PERCENT",
     .help = "percentile: percent of customers below each limit, ascending"},
    {.name = "thresholds",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(thresholds),
     .metavar = "VALUES",
     .help = "thresholds: ascending limits, such as 200,1000"},
    {.name = "names",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(names),
     .metavar = "LIST",
     .help = "names of the tiers, best first: gold,silver,bronze"},
    {.name = "column",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(column),
     .default_text = "tier",
     .metavar = "NAME",
     .help = "name of the new column; the names of the others begin with it"},
};

static const kmseg_option_table table_of_options = {
    .name = "tier",
    .struct_size = sizeof(kmseg_tier_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_tier_option_table(void) { return &table_of_options; }

void kmseg_tier_options_init(kmseg_tier_options *options) {
    kmseg_options_init(&table_of_options, options);
}

/* Rows with a value, highest first. */
static kmseg_status rank(km_tiering *t) {
    int32_t id;
    t->order = km_arena_array(t->scratch, t->n_rows, sizeof *t->order);
    t->codes = km_arena_array(t->scratch, t->n_rows, sizeof *t->codes);
    double *finite = km_arena_array(t->scratch, t->n_rows, sizeof *finite);
    if (t->order == NULL || t->codes == NULL || finite == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    km_signed_sum total = {0};
    for (int64_t r = 0; r < t->n_rows; r++) {
        finite[r] = isfinite(t->values[r]) ? t->values[r] : NAN;
        t->codes[r] = -1;
        km_signed_add(&total, finite[r]);
    }
    t->values = finite;
    KM_TRY(km_id_column(t->ctx, t->table, t->columns->id, &id));
    KM_TRY(km_order_by_id(t->ctx, t->table, id, t->order));
    KM_TRY(km_order_by_value(t->ctx, t->values, 1, t->order, t->n_rows, &t->n));
    kmseg_tier *shown = &t->result->shown;
    shown->n_customers = t->n;
    shown->n_missing = t->n_rows - t->n;
    shown->total = km_signed_value(&total);
    return t->n > 0
               ? KMSEG_OK
               : km_fail(t->ctx, KMSEG_E_DATA,
                         "no customer has a value of %s; there is nothing to rank", shown->value);
}

/* Names that were given, one for each tier. */
static kmseg_status read_names(const km_tiering *t, const char **names) {
    const char *list = t->options->names;
    int32_t n = 0, n_tiers = t->result->shown.n_tiers;
    for (const char *at = list;; at++) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ","), trimmed = length;
        while (trimmed > 0 && at[trimmed - 1] == ' ') {
            trimmed--;
        }
        const char *name = km_arena_text_n(&t->result->arena, at, trimmed);
        if (name == NULL) {
            return km_fail_memory(t->ctx, "value tiers");
        }
        int fits = n < n_tiers && trimmed > 0;
        for (int32_t i = 0; i < n && fits; i++) {
            fits = strcmp(names[i], name) != 0;
        }
        if (fits) {
            names[n] = name;
        }
        n = fits ? n + 1 : -1;
        at += length;
        if (n < 0 || *at == '\0') {
            break;
        }
    }
    return n == n_tiers ? KMSEG_OK
                        : km_fail(t->ctx, KMSEG_E_ARGUMENT,
                                  "names is \"%s\"; it needs to be %d different names, best first, "
                                  "with commas between them",
                                  list, n_tiers);
}

static kmseg_status name_tiers(const km_tiering *t, const char ***out) {
    static const char *const two[] = {"high", "low"}, *const three[] = {"high", "mid", "low"};
    int32_t n = t->result->shown.n_tiers;
    int abc = strcmp(t->result->shown.method, "abc") == 0;
    const char **names = km_arena_array(&t->result->arena, n, sizeof *names);
    *out = names;
    if (names == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    if (t->options->names != NULL) {
        return read_names(t, names);
    }
    for (int32_t i = 0; i < n; i++) {
        names[i] = abc      ? km_arena_format(&t->result->arena, "%c", 'A' + i)
                   : n == 2 ? two[i]
                   : n == 3 ? three[i]
                            : km_arena_format(&t->result->arena, "tier %d", i + 1);
        if (names[i] == NULL) {
            return km_fail_memory(t->ctx, "value tiers");
        }
    }
    return KMSEG_OK;
}

/* Sums, shares and ranges of the ranked value. */
static kmseg_status sum_values(const km_tiering *t) {
    kmseg_tier *shown = &t->result->shown;
    km_arena *arena = &t->result->arena;
    int32_t n = shown->n_tiers;
    double *sums = km_arena_array(arena, n, sizeof *sums);
    double *shares = km_arena_array(arena, n, sizeof *shares);
    double *lowest = km_arena_array(arena, n, sizeof *lowest);
    double *highest = km_arena_array(arena, n, sizeof *highest);
    km_signed_sum *exact = km_arena_array(t->scratch, n, sizeof *exact);
    if (sums == NULL || shares == NULL || lowest == NULL || highest == NULL || exact == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    for (int32_t g = 0; g < n; g++) {
        lowest[g] = highest[g] = NAN;
    }
    for (int64_t i = 0; i < t->n; i++) { /* from the highest value down */
        int32_t g = t->codes[t->order[i]];
        double value = t->values[t->order[i]] + 0.0;
        km_signed_add(&exact[g], value);
        highest[g] = isnan(highest[g]) ? value : highest[g];
        lowest[g] = value;
    }
    for (int32_t g = 0; g < n; g++) {
        sums[g] = km_signed_value(&exact[g]);
        shares[g] = shown->total > 0 ? sums[g] / shown->total : NAN;
    }
    shown->value_sums = sums;
    shown->value_shares = shares;
    shown->value_lowest = lowest;
    shown->value_highest = highest;
    return KMSEG_OK;
}

static void say_notes(km_tiering *t) {
    kmseg_tier *shown = &t->result->shown;
    char number[64];
    for (int32_t g = 0; g < shown->n_tiers; g++) {
        if (isnan(shown->value_lowest[g])) {
            km_say(&t->notes, "No customer is in tier %s.", shown->tiers[g].name);
        } else if (g > 0 && shown->value_highest[g] == shown->value_lowest[g - 1]) {
            km_say(&t->notes,
                   "Customers of value %s are in tiers %s and %s: only their ids decided.",
                   km_shown(shown->value_highest[g], 2, number), shown->tiers[g - 1].name,
                   shown->tiers[g].name);
        }
    }
    int64_t n_negative = 0;
    while (n_negative < t->n && t->values[t->order[t->n - 1 - n_negative]] < 0) {
        n_negative++;
    }
    if (n_negative > 0 && strcmp(shown->method, "abc") == 0) {
        km_say(&t->notes, "%s below 0: the others have more than 100 %% of the total.",
               km_customers(n_negative, number));
    }
    if (shown->n_missing > 0) {
        km_say(&t->notes, "%s without a value: no tier.", km_customers(shown->n_missing, number));
    }
}

/* The columns beside the tier: rank, share before, score. */
static kmseg_status add_numbers(const km_tiering *t, kmseg_table *table) {
    const char *name = t->options->column;
    char rank_name[160], share_name[160], score_name[160];
    snprintf(rank_name, sizeof rank_name, "%s_rank", name);
    snprintf(share_name, sizeof share_name, "%s_share_before", name);
    snprintf(score_name, sizeof score_name, "%s_score", name);
    double *column = km_arena_array(t->scratch, t->n_rows, sizeof *column);
    if (column == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    for (int64_t r = 0; r < t->n_rows; r++) {
        column[r] = NAN;
    }
    for (int64_t i = 0; i < t->n; i++) {
        int tied = i > 0 && t->values[t->order[i]] == t->values[t->order[i - 1]];
        column[t->order[i]] = tied ? column[t->order[i - 1]] : (double)(i + 1);
    }
    KM_TRY(km_add_numbers(t->ctx, table, rank_name, column, "rank"));
    if (strcmp(t->result->shown.method, "abc") == 0) {
        double sum = 0;
        for (int64_t i = 0; i < t->n; i++) {
            column[t->order[i]] = 100 * sum / t->result->shown.total;
            sum += t->values[t->order[i]];
        }
        KM_TRY(km_add_numbers(t->ctx, table, share_name, column, "percent"));
    }
    return t->options->weights != NULL
               ? km_add_numbers(t->ctx, table, score_name, t->values, "score")
               : KMSEG_OK;
}

static kmseg_status add_tiers(km_tiering *t, kmseg_table *table) {
    kmseg_tier *shown = &t->result->shown;
    const char **names;
    KM_TRY(name_tiers(t, &names));
    kmseg_value_group *tiers = km_arena_array(&t->result->arena, shown->n_tiers, sizeof *tiers);
    if (tiers == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    KM_TRY(km_value_groups(t->ctx, table, t->columns, t->codes, shown->n_tiers, names, tiers,
                           &shown->all));
    shown->tiers = tiers;
    KM_TRY(sum_values(t));
    say_notes(t);
    KM_TRY(km_add_classes(t->ctx, table, t->options->column, t->codes, shown->n_tiers, names));
    KM_TRY(add_numbers(t, table));
    KM_TRY(km_sentences_take(t->ctx, &t->conventions, &shown->conventions));
    return km_sentences_take(t->ctx, &t->notes, &shown->notes);
}

static kmseg_status build(km_tiering *t, kmseg_table *table) {
    kmseg_tier *shown = &t->result->shown;
    const char *value = t->options->weights != NULL ? "score" : t->options->value;
    shown->method = km_tier_method(t->options);
    shown->value = value != NULL ? km_arena_text(&t->result->arena, value) : "";
    if (shown->value == NULL) {
        return km_fail_memory(t->ctx, "value tiers");
    }
    if (t->options->weights != NULL) {
        KM_TRY(km_tier_score(t));
    } else {
        KM_TRY(km_number_column(t->ctx, t->table, t->options->value, &t->values));
    }
    KM_TRY(rank(t));
    KM_TRY(km_tier_cut(t));
    return add_tiers(t, table);
}

static kmseg_status check_arguments(kmseg_context *ctx, const kmseg_table *table,
                                    const kmseg_tier_options *options) {
    static const char *const endings[] = {"", "_rank", "_share_before", "_score"};
    KM_TRY(kmseg_options_check(ctx, &table_of_options, options));
    size_t length = options->column != NULL ? strlen(options->column) : 0;
    if (length == 0 || length > 100) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "column is \"%s\"; it needs to be a name of 1 to 100 bytes",
                       length == 0 ? "" : options->column);
    }
    for (int i = 0; i < 4; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s%s", options->column, endings[i]);
        KM_TRY(km_name_is_free(ctx, table, name));
    }
    return options->shares != NULL && options->percentiles != NULL
               ? KMSEG_OK
               : km_fail(ctx, KMSEG_E_ARGUMENT, "shares and percentiles need to be lists");
}

static kmseg_status build_or_undo(kmseg_context *ctx, kmseg_table *table,
                                  const kmseg_value_columns *columns,
                                  const kmseg_tier_options *options, km_tier *result) {
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_tiering t = {.ctx = ctx,
                    .table = table,
                    .columns = columns,
                    .options = options,
                    .scratch = &scratch,
                    .result = result,
                    .conventions = {.arena = &result->arena},
                    .notes = {.arena = &result->arena},
                    .n_rows = kmseg_table_n_rows(table)};
    int32_t n_columns = table->n_columns;
    kmseg_status status = build(&t, table);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        table->n_columns = n_columns;
    }
    return status;
}

kmseg_status kmseg_tier_new(kmseg_context *ctx, kmseg_table *customers,
                            const kmseg_value_columns *columns, const kmseg_tier_options *options,
                            kmseg_tier **out) {
    *out = NULL;
    kmseg_value_columns default_columns;
    kmseg_tier_options default_options;
    kmseg_value_columns_init(&default_columns);
    kmseg_tier_options_init(&default_options);
    columns = columns != NULL ? columns : &default_columns;
    options = options != NULL ? options : &default_options;
    KM_TRY(check_arguments(ctx, customers, options));
    km_tier *result = km_value_new(ctx, sizeof *result, offsetof(km_tier, arena), "value tiers");
    if (result == NULL) {
        return KMSEG_E_MEMORY;
    }
    result->shown.struct_size = sizeof result->shown;
    kmseg_status status = build_or_undo(ctx, customers, columns, options, result);
    if (status != KMSEG_OK) {
        kmseg_tier_free(&result->shown);
        return status;
    }
    *out = &result->shown;
    return KMSEG_OK;
}

void kmseg_tier_free(kmseg_tier *tier) { /* the first field of its km_tier */
    km_value_free(tier, offsetof(km_tier, arena));
}
