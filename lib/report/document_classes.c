/* Classes by rule beside the segments: RFM, tiers of value, lifecycle; and lifetime value. */
#include "report/document_parts.h"

#include <math.h>
#include <string.h>

/* ---- groups as rfm, tier and lifecycle report them ---- */

static const struct {
    const char *key;
    km_word word;
    enum { COUNT, SHARE, AMOUNT, MEAN } form;
} measures[] = {
    {"customers", KM_W_CUSTOMERS, COUNT},
    {"share", KM_W_SHARE_OF_CUSTOMERS, SHARE},
    {"revenue", KM_W_REVENUE, AMOUNT},
    {"revenue_share", KM_W_REVENUE_SHARE, SHARE},
    {"mean_recency", KM_W_MEAN_RECENCY, MEAN},
    {"mean_frequency", KM_W_MEAN_FREQUENCY, MEAN},
    {"mean_monetary", KM_W_MEAN_MONETARY, AMOUNT},
};

enum { N_MEASURES = sizeof measures / sizeof *measures };

static const char *measure_text(km_document *document, int m, double value) {
    switch (measures[m].form) {
    case SHARE: return km_percent_text(document, value);
    case MEAN: return km_number_text(document, value, fabs(value) < 100 ? 1 : 0);
    case COUNT:
    case AMOUNT: break;
    }
    return km_number_text(document, value, 0);
}

static void add_groups(km_document *document, const char *title, const json_t *groups) {
    const char *heads[N_MEASURES + 1] = {title};
    char numbers[N_MEASURES + 1] = {0};
    for (int m = 0; m < N_MEASURES; m++) {
        heads[m + 1] = km_word_of(document, measures[m].word);
        numbers[m + 1] = 1;
    }
    size_t n = json_array_size(groups), i;
    if (n == 0 || n > 1000) {
        return;
    }
    int64_t *counts = km_arena_array(&document->arena, (int64_t)n, sizeof *counts);
    km_hiding *hidden = km_arena_array(&document->arena, (int64_t)n, sizeof *hidden);
    km_document_table *table =
        km_table_new(document, km_said(document, KM_W_GROUPS_TABLE, title, NULL), N_MEASURES + 1,
                     heads, numbers);
    if (counts == NULL || hidden == NULL) {
        document->failed = 1;
        return;
    }
    json_t *group;
    json_array_foreach(groups, i, group) {
        counts[i] = json_integer_value(json_object_get(group, "customers"));
    }
    km_hide_counts(document, counts, (int32_t)n, hidden);
    json_array_foreach(groups, i, group) {
        const char *name = km_json_string(document, group, "name");
        km_table_row(document, table);
        km_cell_text(document, table, km_level_label(document->language, name));
        for (int m = 0; m < N_MEASURES; m++) {
            double value = km_json_double(group, measures[m].key);
            if (hidden[i] != KM_SHOWN) {
                km_cell_hidden(document, table, hidden[i]);
            } else {
                km_cell_number(document, table, value, measure_text(document, m, value));
            }
        }
    }
    km_document_table_add(document, table);
}

/* ---- classes in each segment, from the profile ---- */

enum { MOST_CLASSES = 12 };

typedef struct class_grid {
    const kmseg_profile_column *column;
    km_document_table *table;
    km_json *json;
    int32_t order[MOST_CLASSES]; /* levels in their usual order */
} class_grid;

static void put_in_order(class_grid *grid) {
    const kmseg_profile_column *column = grid->column;
    for (int32_t l = 0; l < column->n_levels; l++) {
        int32_t at = l, place = km_level_place(column->levels[l]);
        for (; at > 0 && km_level_place(column->levels[grid->order[at - 1]]) > place; at--) {
            grid->order[at] = grid->order[at - 1];
        }
        grid->order[at] = l;
    }
}

/* A share that would give away a hidden one, and is the only such of its row, is said as what it is at least:
 * what the shown ones leave, less the most that the few may be. Nothing new follows from that. */
static void add_share(km_document *document, class_grid *grid, double share, double least,
                      km_hiding why) {
    if (why == KM_FEW || (why == KM_WITHHELD && !(least > 0))) {
        km_cell_hidden(document, grid->table, why);
        km_json_number(grid->json, NULL, NAN);
        return;
    }
    const char *text = km_percent_text(document, why == KM_WITHHELD ? least : share);
    if (why == KM_WITHHELD) {
        km_cell_text(document, grid->table, km_said(document, KM_W_AT_LEAST, text, NULL));
    } else {
        km_cell_number(document, grid->table, share, text);
    }
    km_json_number(grid->json, NULL, why == KM_WITHHELD ? least : share);
}

/* Rows are segments, columns classes; a row adds up to 100 %, and what a column adds up to is in the table of
 * the classes. */
static void fill_row(km_document *document, class_grid *grid, int32_t s, const int64_t *counts,
                     const km_hiding *hidden) {
    const kmseg_profile_column *column = grid->column;
    double n = (double)km_present(document, column, s), rest = n;
    int n_withheld = 0, n_few = 0;
    for (int32_t l = 0; l < column->n_levels; l++) {
        rest -= hidden[l] == KM_SHOWN ? (double)counts[l] : 0;
        n_withheld += hidden[l] == KM_WITHHELD;
        n_few += hidden[l] == KM_FEW;
    }
    double most_few = (double)n_few * (double)(km_least(document) - 1);
    double least = n_withheld == 1 ? floor(1000 * (rest - most_few) / n) / 1000 : (double)NAN;
    for (int32_t i = 0; i < column->n_levels; i++) {
        int32_t l = grid->order[i];
        double share = column->segment_shares[(int64_t)s * column->n_levels + l];
        add_share(document, grid, share, least, km_is_shown(document, s) ? hidden[l] : KM_FEW);
    }
}

/* How many customers of each segment are in each class; counts and what is hidden of them. */
static int count_classes(km_document *document, const kmseg_profile_column *column,
                         int64_t **out_counts, km_hiding **out_hidden) {
    int32_t n_rows = document->result->n_segments, n = column->n_levels;
    int64_t *counts = km_arena_array(&document->arena, (int64_t)n_rows * n, sizeof *counts);
    km_hiding *hidden = km_arena_array(&document->arena, (int64_t)n_rows * n, sizeof *hidden);
    if (counts == NULL || hidden == NULL) {
        document->failed = 1;
        return 0;
    }
    for (int32_t s = 0; s < n_rows; s++) {
        double present = (double)km_present(document, column, s);
        for (int32_t l = 0; l < n; l++) {
            double share = column->segment_shares[(int64_t)s * n + l];
            counts[s * n + l] = share > 0 ? llround(present * share) : 0;
        }
    }
    km_hide_grid(document, counts, n_rows, n, hidden);
    *out_counts = counts;
    *out_hidden = hidden;
    return 1;
}

static void class_chart(km_document *document, const char *id, const kmseg_profile_column *column) {
    if (column == NULL || column->type != KMSEG_COLUMN_TEXT || column->n_levels < 1 ||
        column->n_levels > MOST_CLASSES) {
        return;
    }
    int64_t *counts;
    km_hiding *hidden;
    if (!count_classes(document, column, &counts, &hidden)) {
        return;
    }
    const char *heads[MOST_CLASSES + 1] = {km_word_of(document, KM_W_SEGMENT)};
    char numbers[MOST_CLASSES + 1] = {0};
    class_grid grid = {.column = column};
    put_in_order(&grid);
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    grid.json = &json;
    km_json_open(&json, NULL, '{');
    km_json_open(&json, "parts", '[');
    for (int32_t i = 0; i < column->n_levels; i++) {
        heads[i + 1] = km_level_label(document->language, column->levels[grid.order[i]]);
        numbers[i + 1] = 1;
        km_json_text(&json, NULL, heads[i + 1]);
    }
    km_json_close(&json, ']');
    const char *title = km_capital(document, km_column_words_of(document, column->name));
    const char *caption = km_said(document, KM_W_CLASS_CHART, title, NULL);
    grid.table = km_table_new(document, caption, column->n_levels + 1, heads, numbers);
    km_json_open(&json, "values", '[');
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        km_table_row(document, grid.table);
        km_cell_segment(document, grid.table, s);
        km_json_open(&json, NULL, '[');
        fill_row(document, &grid, s, counts + (int64_t)s * column->n_levels,
                 hidden + (int64_t)s * column->n_levels);
        km_json_close(&json, ']');
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    km_document_chart(document, id, "stack",
                      km_print(document, "%s%s%s%s", caption, km_word_of(document, KM_W_STOP),
                               km_word_of(document, KM_W_SPACE),
                               km_word_of(document, KM_W_CLASS_LABEL)),
                      &data, grid.table, 0);
}

/* ---- RFM ---- */

static void rfm_grid(km_document *document, const json_t *rfm) {
    const json_t *cells = json_object_get(rfm, "recency_by_frequency");
    enum { MOST = 9 };
    int32_t bins = (int32_t)json_array_size(cells);
    if (bins < 1 || bins > MOST) {
        return;
    }
    int64_t counts[MOST * MOST];
    km_hiding hidden[MOST * MOST];
    char numbers[MOST + 1] = {0};
    const char *heads[MOST + 1] = {""};
    for (int32_t r = 0; r < bins; r++) {
        for (int32_t f = 0; f < bins; f++) {
            counts[r * bins + f] =
                json_integer_value(json_array_get(json_array_get(cells, (size_t)r), (size_t)f));
        }
    }
    km_hide_counts(document, counts, bins * bins, hidden);
    for (int32_t f = 0; f < bins; f++) {
        heads[f + 1] = km_said(document, KM_W_RFM_FREQUENCY, km_count_text(document, f + 1), NULL);
        numbers[f + 1] = 1;
    }
    const char *caption = km_word_of(document, KM_W_RFM_CHART);
    km_document_table *table = km_table_new(document, caption, bins + 1, heads, numbers);
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    km_json_open(&json, NULL, '{');
    km_json_integer(&json, "bins", bins);
    km_json_text(&json, "x", km_said(document, KM_W_RFM_FREQUENCY, "", NULL));
    km_json_text(&json, "y", km_said(document, KM_W_RFM_RECENCY, "", NULL));
    km_json_text(&json, "unit", km_word_of(document, KM_W_CUSTOMERS));
    km_json_open(&json, "cells", '[');
    for (int32_t r = bins - 1; r >= 0; r--) {
        km_table_row(document, table);
        km_cell_text(document, table,
                     km_said(document, KM_W_RFM_RECENCY, km_count_text(document, r + 1), NULL));
        for (int32_t f = 0; f < bins; f++) {
            int64_t count = counts[r * bins + f];
            double cell[3] = {f, r, hidden[r * bins + f] != KM_SHOWN ? (double)NAN : (double)count};
            km_json_numbers(&json, NULL, cell, 3);
            if (hidden[r * bins + f] != KM_SHOWN) {
                km_cell_hidden(document, table, hidden[r * bins + f]);
            } else {
                km_cell_number(document, table, (double)count, km_count_text(document, count));
            }
        }
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    const char *label = km_said(document, KM_W_RFM_LABEL, km_count_text(document, bins), NULL);
    km_document_chart(document, "chart-rfm", "grid", label, &data, table, 0);
}

void km_part_rfm(km_document *document) {
    json_t *rfm = km_stored(document, "rfm");
    const kmseg_profile_column *column = km_profile_find(document, "rfm_segment");
    if (rfm == NULL && column == NULL) {
        return;
    }
    const char *title = km_word_of(document, KM_W_RFM);
    km_section(document, 2, "rfm", title, -1);
    if (rfm != NULL) {
        km_paragraph(document, KM_PLAIN,
                     km_said(document, KM_W_RFM_SAYS,
                             km_number_text(document, km_json_double(rfm, "bins"), 0),
                             km_json_string(document, rfm, "scoring"), NULL));
        rfm_grid(document, rfm);
        add_groups(document, km_word_of(document, KM_W_RFM_SEGMENTS),
                   json_object_get(rfm, "segments"));
    }
    class_chart(document, "chart-rfm-segments", column);
    km_stored_sentences(document, km_word_of(document, KM_W_CONVENTIONS),
                        json_object_get(rfm, "conventions"));
    json_decref(rfm);
}

/* ---- tiers and lifecycle ---- */

void km_part_tiers(km_document *document) {
    json_t *tier = km_stored(document, "tier");
    const char *name = km_json_string(document, tier, "column");
    const kmseg_profile_column *column = km_profile_find(document, name[0] != '\0' ? name : "tier");
    if (tier == NULL && column == NULL) {
        return;
    }
    const char *title = km_word_of(document, KM_W_TIERS);
    km_section(document, 2, "tiers", title, -1);
    if (tier != NULL) {
        const char *value = km_json_string(document, tier, "value");
        km_paragraph(document, KM_PLAIN,
                     km_said(document, KM_W_TIERS_SAYS, km_column_words_of(document, value),
                             km_json_string(document, tier, "method"), NULL));
        add_groups(document, title, json_object_get(tier, "tiers"));
    }
    class_chart(document, "chart-tiers", column);
    km_stored_sentences(document, km_word_of(document, KM_W_CONVENTIONS),
                        json_object_get(tier, "conventions"));
    json_decref(tier);
}

void km_part_lifecycle(km_document *document) {
    json_t *lifecycle = km_stored(document, "lifecycle");
    const kmseg_profile_column *column = km_profile_find(document, "lifecycle");
    if (lifecycle == NULL && column == NULL) {
        return;
    }
    const char *title = km_word_of(document, KM_W_LIFECYCLE);
    km_section(document, 2, "lifecycle", title, -1);
    if (lifecycle != NULL) {
        km_paragraph(document, KM_PLAIN,
                     km_said(document, KM_W_LIFECYCLE_SAYS,
                             km_number_text(document, km_json_double(lifecycle, "warn_days"), 0),
                             km_number_text(document, km_json_double(lifecycle, "lost_days"), 0),
                             NULL));
        add_groups(document, title, json_object_get(lifecycle, "stages"));
    }
    class_chart(document, "chart-lifecycle", column);
    km_stored_sentences(document, km_word_of(document, KM_W_CONVENTIONS),
                        json_object_get(lifecycle, "conventions"));
    json_decref(lifecycle);
}

/* ---- lifetime value ---- */

static void say_clv(km_document *document, const json_t *clv) {
    const json_t *purchases = json_object_get(clv, "purchases");
    const json_t *spend = json_object_get(clv, "spend");
    km_paragraph(
        document, KM_PLAIN,
        km_said(document, KM_W_CLV_SAYS, km_number_text(document, km_json_double(clv, "months"), 0),
                km_percent_text(document, km_json_double(clv, "discount_rate")),
                km_number_text(document, km_json_double(clv, "total_expected_purchases"), 0),
                km_number_text(document, km_json_double(clv, "total_clv"), 0),
                km_json_string(document, purchases, "model"),
                km_json_string(document, spend, "model"), NULL));
    if (json_is_true(json_object_get(spend, "correlated"))) {
        double correlation = km_json_double(spend, "correlation");
        km_paragraph(
            document, KM_PLAIN,
            km_said(document, KM_W_CLV_CORRELATED, km_number_text(document, correlation, 2), NULL));
    }
}

static void clv_table(km_document *document) {
    static const char *const names[] = {"clv", "expected_purchases", "expected_spend", "p_alive",
                                        "churn_risk"};
    enum { MOST = sizeof names / sizeof *names };
    const kmseg_profile_column *columns[MOST];
    const char *heads[MOST + 1] = {km_word_of(document, KM_W_SEGMENT)};
    char numbers[MOST + 1] = {0};
    int32_t n = 0;
    for (int i = 0; i < MOST; i++) {
        const kmseg_profile_column *column = km_profile_find(document, names[i]);
        if (column != NULL && column->type == KMSEG_COLUMN_NUMBER) {
            columns[n++] = column;
            heads[n] = km_capital(document, km_column_words_of(document, column->name));
            numbers[n] = 1;
        }
    }
    km_document_table *table =
        n > 0 ? km_table_new(document, km_word_of(document, KM_W_CLV_TABLE), n + 1, heads, numbers)
              : NULL;
    for (int32_t s = 0; table != NULL && s < document->result->n_segments; s++) {
        km_table_row(document, table);
        km_cell_segment(document, table, s);
        for (int32_t i = 0; i < n; i++) {
            double mean = columns[i]->segment_means[s];
            if (km_present(document, columns[i], s) < km_least(document)) {
                km_cell_hidden(document, table, KM_FEW);
            } else if (km_is_shared(columns[i])) {
                km_cell_number(document, table, mean, km_percent_text(document, mean));
            } else {
                km_cell_number(document, table, mean, km_amount_text(document, mean));
            }
        }
    }
    km_document_table_add(document, table);
}

void km_part_clv(km_document *document) {
    json_t *clv = km_stored(document, "clv");
    if (clv == NULL && km_profile_find(document, "clv") == NULL) {
        return;
    }
    km_section(document, 2, "clv", km_word_of(document, KM_W_CLV), -1);
    if (clv != NULL) {
        say_clv(document, clv);
    }
    clv_table(document);
    json_decref(clv);
}
