/* RFM: recency, frequency and monetary scores, and the segments that they name. */
#include "value/rfm.h"

#include <math.h>
#include <string.h>

#define OFFSET(field) offsetof(kmseg_rfm_options, field)

static const kmseg_option rows[] = {
    {.name = "scoring",
     .type = KMSEG_OPTION_CHOICE,
     .offset = OFFSET(scoring),
     .default_text = "edges",
     .choices = "edges|ntile|nested|cuts",
     .metavar = "HOW",
     .help = "edges: quantiles, equal values share a score; ntile: parts of equal size; nested: "
             "frequency within recency, monetary within both; cuts: limits of your own"},
    {.name = "bins",
     .type = KMSEG_OPTION_INT32,
     .offset = OFFSET(bins),
     .minimum = KMSEG_RFM_LEAST_BINS,
     .maximum = KMSEG_RFM_MOST_BINS,
     .default_number = 5,
     .metavar = "N",
     .help = "scores run from 1 to N; the built-in grid is for 5"},
    {.name = "monetary_as",
     .type = KMSEG_OPTION_CHOICE,
     .offset = OFFSET(monetary_as),
     .default_text = "total",
     .choices = "total|mean",
     .metavar = "WHAT",
     .help = "score the total spend, or the mean per order"},
    {.name = "recency_cuts",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(recency_cuts),
     .metavar = "DAYS",
     .help = "with cuts: ascending limits between scores, such as 30,60,90,180; a value at a limit "
             "is below it"},
    {.name = "frequency_cuts",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(frequency_cuts),
     .metavar = "ORDERS",
     .help = "with cuts: likewise, such as 1,2,4,8"},
    {.name = "monetary_cuts",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(monetary_cuts),
     .metavar = "AMOUNTS",
     .help = "with cuts: likewise, such as 100,250,500,1000"},
};

static const kmseg_option_table table_of_options = {
    .name = "rfm",
    .struct_size = sizeof(kmseg_rfm_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_rfm_option_table(void) { return &table_of_options; }

void kmseg_rfm_options_init(kmseg_rfm_options *options) {
    kmseg_options_init(&table_of_options, options);
}

/* Spend, or spend per order, of a row. */
static double monetary_of(const kmseg_rfm_options *options, double frequency, double monetary) {
    return strcmp(options->monetary_as, "mean") == 0 ? monetary / frequency : monetary;
}

/* Gathers the rows that have all three values. */
static kmseg_status gather(km_scoring *s, const kmseg_table *table,
                           const kmseg_value_columns *columns, int32_t id) {
    int64_t n_rows = kmseg_table_n_rows(table);
    const double *recency, *frequency, *monetary;
    KM_TRY(km_number_column(s->ctx, table, columns->recency, &recency));
    KM_TRY(km_number_column(s->ctx, table, columns->frequency, &frequency));
    KM_TRY(km_number_column(s->ctx, table, columns->monetary, &monetary));
    s->rows = km_arena_array(s->scratch, n_rows, sizeof *s->rows);
    s->room = km_arena_array(s->scratch, n_rows, sizeof *s->room);
    int ok = s->rows != NULL && s->room != NULL;
    for (int d = 0; d < 3; d++) {
        s->values[d] = km_arena_array(s->scratch, n_rows, sizeof *s->values[d]);
        s->scores[d] = km_arena_array(s->scratch, n_rows, sizeof *s->scores[d]);
        ok = ok && s->values[d] != NULL && s->scores[d] != NULL;
    }
    if (!ok) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    KM_TRY(km_order_by_id(s->ctx, table, id, s->rows));
    for (int64_t i = 0; i < n_rows; i++) {
        int64_t r = s->rows[i];
        double spend = monetary_of(s->options, frequency[r], monetary[r]);
        if (isfinite(recency[r]) && isfinite(frequency[r]) && isfinite(spend)) {
            s->values[KM_RECENCY_AT][s->n] = recency[r];
            s->values[KM_FREQUENCY_AT][s->n] = frequency[r];
            s->values[KM_MONETARY_AT][s->n] = spend;
            s->rows[s->n++] = r;
        }
    }
    s->result->shown.n_customers = s->n;
    s->result->shown.n_missing = n_rows - s->n;
    return s->n > 0 ? KMSEG_OK
                    : km_fail(s->ctx, KMSEG_E_DATA,
                              "no customer has all of %s, %s and %s; there is nothing to score",
                              columns->recency, columns->frequency, columns->monetary);
}

static kmseg_status add_scores(const km_scoring *s, kmseg_table *table) {
    static const char *const names[3] = {"r_score", "f_score", "m_score"};
    int64_t n_rows = kmseg_table_n_rows(table);
    double *column = km_arena_array(s->scratch, n_rows, sizeof *column);
    if (column == NULL) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    for (int d = 0; d < 3; d++) {
        for (int64_t r = 0; r < n_rows; r++) {
            column[r] = NAN;
        }
        for (int64_t i = 0; i < s->n; i++) {
            column[s->rows[i]] = s->scores[d][i];
        }
        KM_TRY(km_add_numbers(s->ctx, table, names[d], column, "score"));
    }
    return KMSEG_OK;
}

/* Code of every row, -1 without scores. */
static int32_t *codes_of_rows(const km_scoring *s, const kmseg_table *table) {
    int64_t n_rows = kmseg_table_n_rows(table);
    int32_t *codes = km_arena_array(s->scratch, n_rows, sizeof *codes);
    for (int64_t r = 0; codes != NULL && r < n_rows; r++) {
        codes[r] = -1;
    }
    for (int64_t i = 0; codes != NULL && i < s->n; i++) {
        codes[s->rows[i]] = km_rfm_code(s->bins, s->scores[0][i], s->scores[1][i], s->scores[2][i]);
    }
    return codes;
}

static kmseg_status add_code(const km_scoring *s, kmseg_table *table, const int32_t *codes) {
    char texts[KM_MOST_CODES][4];
    const char *names[KM_MOST_CODES];
    int32_t n = s->bins * s->bins * s->bins;
    for (int32_t code = 0; code < n; code++) {
        km_rfm_code_text(s->bins, code, texts[code]);
        names[code] = texts[code];
    }
    return km_add_classes(s->ctx, table, "rfm_code", codes, n, names);
}

static kmseg_status copy_names(const km_scoring *s, const kmseg_rfm_grid *grid,
                               const char ***out_names) {
    const char **names = km_arena_array(&s->result->arena, grid->n_segments, sizeof *names);
    for (int32_t i = 0; names != NULL && i < grid->n_segments; i++) {
        names[i] = km_arena_text(&s->result->arena, grid->names[i]);
        names = names[i] != NULL ? names : NULL;
    }
    *out_names = names;
    return names != NULL ? KMSEG_OK : km_fail_memory(s->ctx, "RFM segments");
}

/* Codes become segments, which become a column and rows of the result; without a grid, all. */
static kmseg_status add_segments(km_scoring *s, kmseg_table *table,
                                 const kmseg_value_columns *columns, const kmseg_rfm_grid *grid,
                                 int32_t *codes) {
    kmseg_rfm *shown = &s->result->shown;
    int64_t n_rows = kmseg_table_n_rows(table);
    static const char *const everyone[] = {"all"};
    kmseg_value_group one;
    for (int64_t r = 0; r < n_rows; r++) {
        codes[r] = codes[r] < 0 ? -1 : grid != NULL ? grid->segment[codes[r]] : 0;
    }
    if (grid == NULL) {
        return km_value_groups(s->ctx, table, columns, codes, 1, everyone, &one, &shown->all);
    }
    const char **names;
    KM_TRY(copy_names(s, grid, &names));
    kmseg_value_group *groups = km_arena_array(&s->result->arena, grid->n_segments, sizeof *groups);
    if (groups == NULL) {
        return km_fail_memory(s->ctx, "RFM segments");
    }
    KM_TRY(km_add_classes(s->ctx, table, "rfm_segment", codes, grid->n_segments, names));
    shown->n_segments = grid->n_segments;
    shown->segments = groups;
    return km_value_groups(s->ctx, table, columns, codes, grid->n_segments, names, groups,
                           &shown->all);
}

static kmseg_status check_arguments(kmseg_context *ctx, const kmseg_table *table,
                                    const kmseg_rfm_options *options, const kmseg_rfm_grid *grid) {
    static const char *const added[] = {"r_score", "f_score", "m_score", "rfm_code", "rfm_segment"};
    KM_TRY(kmseg_options_check(ctx, &table_of_options, options));
    for (int i = 0; i < 5; i++) {
        KM_TRY(km_name_is_free(ctx, table, added[i]));
    }
    const char *cuts[] = {options->recency_cuts, options->frequency_cuts, options->monetary_cuts};
    for (int i = 0; i < 3; i++) {
        if (cuts[i] != NULL && strcmp(options->scoring, "cuts") != 0) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "limits are given, but scoring is %s; it needs to be cuts for them",
                           options->scoring);
        }
    }
    if (grid != NULL && grid->bins != options->bins) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "the grid is for %d scores, bins is %d", grid->bins,
                       options->bins);
    }
    return KMSEG_OK;
}

static kmseg_status build(km_scoring *s, kmseg_table *table, const kmseg_value_columns *columns,
                          const kmseg_rfm_grid *grid) {
    int32_t id;
    KM_TRY(km_id_column(s->ctx, table, columns->id, &id));
    if (id < 0 && strcmp(s->options->scoring, "ntile") == 0) {
        return km_fail(s->ctx, KMSEG_E_NOT_FOUND,
                       "ntile tells equal customers apart by id, and there is no column that looks "
                       "like one; name it with --id-column");
    }
    int ranked = strcmp(s->options->scoring, "ntile") == 0;
    KM_TRY(gather(s, table, columns, ranked ? id : -1));
    KM_TRY(km_rfm_score(s));
    int32_t *codes = codes_of_rows(s, table);
    if (codes == NULL) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    KM_TRY(add_scores(s, table));
    KM_TRY(add_code(s, table, codes));
    KM_TRY(add_segments(s, table, columns, grid, codes));
    return km_rfm_describe(s);
}

static void name_all(km_rfm *result, const kmseg_rfm_options *options) {
    static const char *const scorings[] = {"edges", "ntile", "nested", "cuts"};
    kmseg_rfm *shown = &result->shown;
    for (int i = 0; i < 4; i++) { /* not the caller's pointer, which may end before the result */
        if (strcmp(options->scoring, scorings[i]) == 0) {
            shown->scoring = scorings[i];
        }
    }
    shown->monetary_as = strcmp(options->monetary_as, "mean") == 0 ? "mean" : "total";
    shown->bins = options->bins;
    shown->dimensions[KM_RECENCY_AT].name = "recency";
    shown->dimensions[KM_FREQUENCY_AT].name = "frequency";
    shown->dimensions[KM_MONETARY_AT].name = "monetary";
}

static kmseg_status build_or_undo(kmseg_context *ctx, kmseg_table *table,
                                  const kmseg_value_columns *columns,
                                  const kmseg_rfm_options *options, const kmseg_rfm_grid *grid,
                                  km_rfm *result) {
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_scoring s = {.ctx = ctx,
                    .options = options,
                    .scratch = &scratch,
                    .result = result,
                    .bins = options->bins};
    int32_t n_columns = table->n_columns;
    name_all(result, options);
    kmseg_status status = build(&s, table, columns, grid);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        table->n_columns = n_columns;
    }
    return status;
}

kmseg_status kmseg_rfm_new(kmseg_context *ctx, kmseg_table *customers,
                           const kmseg_value_columns *columns, const kmseg_rfm_options *options,
                           const kmseg_rfm_grid *grid, kmseg_rfm **out) {
    *out = NULL;
    kmseg_value_columns default_columns;
    kmseg_rfm_options default_options;
    kmseg_value_columns_init(&default_columns);
    kmseg_rfm_options_init(&default_options);
    columns = columns != NULL ? columns : &default_columns;
    options = options != NULL ? options : &default_options;
    KM_TRY(check_arguments(ctx, customers, options, grid));
    kmseg_rfm_grid *built_in = NULL;
    if (grid == NULL && options->bins == 5) {
        const char *text = kmseg_rfm_grid_text();
        KM_TRY(kmseg_rfm_grid_parse(ctx, text, strlen(text), "the built-in grid", 5, &built_in));
        grid = built_in;
    }
    km_rfm *result = km_value_new(ctx, sizeof *result, offsetof(km_rfm, arena), "RFM scores");
    if (result == NULL) {
        kmseg_rfm_grid_free(built_in);
        return KMSEG_E_MEMORY;
    }
    result->shown.struct_size = sizeof result->shown;
    kmseg_status status = build_or_undo(ctx, customers, columns, options, grid, result);
    kmseg_rfm_grid_free(built_in);
    if (status != KMSEG_OK) {
        kmseg_rfm_free(&result->shown);
        return status;
    }
    *out = &result->shown;
    return KMSEG_OK;
}

void kmseg_rfm_free(kmseg_rfm *rfm) { /* the first field of its km_rfm */
    km_value_free(rfm, offsetof(km_rfm, arena));
}
