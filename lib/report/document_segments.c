/* A section per segment: what it is worth, what sets it apart, how to tell it, who is typical, what to
 * do, and where its customers stand among all. */
#include "report/display.h"
#include "report/document_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 12, MOST_LEVELS = 10, FIRST_RULES = 3, MOST_SHOWN_ID = 60, ENOUGH_KNOWN = 50 };

/* Shown of every segment in the same order: what was clustered on, then what is a trait of any. */
typedef struct chosen {
    const kmseg_profile_column *columns[MOST_ROWS];
    int32_t n;
} chosen;

static void choose(const kmseg_profile_column *column, chosen *to) {
    for (int32_t i = 0; i < to->n; i++) {
        if (to->columns[i] == column) {
            return;
        }
    }
    if (to->n < MOST_ROWS && column->type == KMSEG_COLUMN_NUMBER && !column->is_flag &&
        column->n_bins > 0 && (column->clustered || !km_is_helper(column))) {
        to->columns[to->n++] = column;
    }
}

static chosen choose_columns(const km_document *document) {
    const kmseg_profile *profile = document->result->profile;
    chosen to = {.n = 0};
    for (int32_t c = 0; c < profile->n_columns; c++) {
        if (profile->columns[c].clustered) {
            choose(&profile->columns[c], &to);
        }
    }
    for (int32_t s = 0; s < profile->n_segments; s++) {
        for (int32_t t = 0; t < profile->n_traits[s]; t++) {
            choose(&profile->columns[profile->traits[s * profile->max_traits + t].column], &to);
        }
    }
    return to;
}

/* ---- where numbers stand ---- */

static const char *quantile_text(km_document *document, const kmseg_profile_column *column,
                                 int32_t s, int32_t q) {
    double value = column->segment_quantiles[(int64_t)s * KMSEG_N_QUANTILES + q];
    return km_quantile_is_shown(document, column, s, q) ? km_value_text(document, column, value, 0)
                                                        : km_word_of(document, KM_W_HIDDEN);
}

static const char *range_text(km_document *document, const kmseg_profile_column *column, int32_t s,
                              int32_t from, int32_t to) {
    if (!km_quantile_is_shown(document, column, s, from)) {
        return km_word_of(document, KM_W_HIDDEN);
    }
    return km_said(document, KM_W_RANGE, quantile_text(document, column, s, from),
                   quantile_text(document, column, s, to), NULL);
}

static const char *with_unit(km_document *document, const kmseg_profile_column *column) {
    const char *label = km_column_words_of(document, column->name);
    const char *unit = km_unit_label(document->language, column->unit);
    int says = unit[0] != '\0' && strcmp(column->unit, "share") != 0 &&
               strcmp(column->unit, "-1 to 1") != 0 && strstr(label, unit) == NULL;
    return says ? km_said(document, KM_W_COUNT_AND_SHARE, label, unit, NULL) : label;
}

static km_document_table *rank_table(km_document *document, const chosen *to, int32_t s) {
    const char *heads[] = {
        km_word_of(document, KM_W_COLUMN),     km_word_of(document, KM_W_MEDIAN),
        km_word_of(document, KM_W_MEDIAN_ALL), km_word_of(document, KM_W_MEAN),
        km_word_of(document, KM_W_MEAN_ALL),   km_word_of(document, KM_W_MIDDLE_HALF),
        km_word_of(document, KM_W_MOST)};
    const char numbers[] = {0, 1, 1, 1, 1, 1, 1};
    enum { P05 = 1, P25 = 2, P50 = 3, P75 = 4, P95 = 5 };
    km_document_table *table =
        km_table_of(document, km_word_of(document, KM_W_RANK_CHART), heads, numbers);
    for (int32_t i = 0; i < to->n; i++) {
        const kmseg_profile_column *column = to->columns[i];
        km_table_row(document, table);
        km_cell_text(document, table, with_unit(document, column));
        if (km_present(document, column, s) < km_least(document)) {
            for (int c = 0; c < 6; c++) {
                km_cell_hidden(document, table, KM_FEW);
            }
            continue;
        }
        double median = column->segment_medians[s], mean = column->segment_means[s];
        km_cell_number(document, table, median, quantile_text(document, column, s, P50));
        km_cell_number(document, table, column->median,
                       km_value_text(document, column, column->median, 0));
        km_cell_number(document, table, mean, km_value_text(document, column, mean, 0));
        km_cell_number(document, table, column->mean,
                       km_value_text(document, column, column->mean, 0));
        km_cell_text(document, table, range_text(document, column, s, P25, P75));
        km_cell_text(document, table, range_text(document, column, s, P05, P95));
    }
    return table;
}

static void write_row(km_document *document, const kmseg_profile_column *column, int32_t s,
                      km_json *json) {
    km_json_open(json, NULL, '{');
    km_json_text(json, "name", with_unit(document, column));
    km_json_text(json, "median", quantile_text(document, column, s, 3));
    km_json_text(json, "all", km_value_text(document, column, column->median, 0));
    km_json_text(json, "half", range_text(document, column, s, 2, 4));
    km_json_text(json, "most", range_text(document, column, s, 1, 5));
    double ranks[5];
    for (int32_t q = 1; q <= 5; q++) {
        double value = column->segment_quantiles[(int64_t)s * KMSEG_N_QUANTILES + q];
        ranks[q - 1] = km_quantile_is_shown(document, column, s, q)
                           ? nearbyint(1e4 * km_rank_of(document, column, value)) / 1e4
                           : (double)NAN;
    }
    km_json_numbers(json, "ranks", ranks, 5);
    km_json_close(json, '}');
}

static void rank_chart(km_document *document, const chosen *to, int32_t s) {
    if (to->n == 0) {
        return;
    }
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    km_json_open(&json, NULL, '{');
    km_json_integer(&json, "segment", s);
    km_json_text(&json, "axis", km_word_of(document, KM_W_RANK_AXIS));
    km_json_text(&json, "medianWord", km_word_of(document, KM_W_MEDIAN));
    km_json_text(&json, "allWord", km_word_of(document, KM_W_MEDIAN_ALL));
    km_json_text(&json, "halfWord", km_word_of(document, KM_W_MIDDLE_HALF));
    km_json_text(&json, "mostWord", km_word_of(document, KM_W_MOST));
    km_json_open(&json, "rows", '[');
    for (int32_t i = 0; i < to->n; i++) {
        write_row(document, to->columns[i], s, &json);
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    km_document_chart(document, km_print(document, "chart-rank-%d", s + 1), "ranks",
                      km_said(document, KM_W_RANK_LABEL, km_count_text(document, s + 1), NULL),
                      &data, rank_table(document, to, s), 1);
}

/* ---- levels that are more or less frequent ---- */

typedef struct level {
    const kmseg_profile_column *column;
    int32_t at; /* -1: a flag */
    double own, all, difference, known;
    int32_t order, is_class;
} level;

/* A class that has a part of its own on the page, where it is shown for every segment. */
static int is_class(const kmseg_profile_column *column) {
    static const char *const names[] = {"rfm_segment", "tier", "lifecycle"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(column->name, names[i]) == 0) {
            return !column->clustered;
        }
    }
    return 0;
}

static int by_difference(const void *a, const void *b) {
    const level *x = a, *y = b;
    if (x->difference != y->difference) {
        return x->difference > y->difference ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_worth(const void *a, const void *b) {
    const level *x = a, *y = b;
    return x->is_class != y->is_class ? x->is_class - y->is_class : by_difference(a, b);
}

/* Levels of fewer customers than may be shown are no rows; nor is the other level of two, or one whose
 * share differs by less than two standard errors. */
static void add_level(const km_document *document, const kmseg_profile_column *column, int32_t at,
                      int32_t s, level *levels, int64_t *n) {
    double own = at < 0 ? column->segment_means[s]
                        : column->segment_shares[(int64_t)s * column->n_levels + at];
    double all = at < 0 ? column->mean : column->level_shares[at];
    double here = (double)km_present(document, column, s), total = 0;
    for (int32_t t = 0; t < document->result->n_segments; t++) {
        total += (double)km_present(document, column, t);
    }
    double least = (double)km_least(document) - 0.5;
    int hidden = (own > 0 && own * here < least) || (own < 1 && (1 - own) * here < least) ||
                 all * total < least;
    double size = (double)document->result->profile->sizes[s], difference = fabs(own - all);
    int is_known = 2 * here >= size || here >= ENOUGH_KNOWN;
    if (here >= least && is_known && !hidden &&
        difference * difference * here >= 4 * all * (1 - all)) {
        levels[*n] =
            (level){column, at, own, all, difference, here / size, (int32_t)*n, is_class(column)};
        ++*n;
    }
}

static int64_t gather(const km_document *document, int32_t s, level *levels) {
    const kmseg_profile *profile = document->result->profile;
    int64_t n = 0;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        const kmseg_profile_column *column = &profile->columns[c];
        if (km_is_helper(column) && !column->clustered) {
            continue;
        }
        if (column->type == KMSEG_COLUMN_TEXT) {
            int32_t first = 0;
            if (column->n_levels == 2) { /* one says the other: the more frequent in the segment */
                const double *shares = column->segment_shares + (int64_t)s * 2;
                first = shares[1] - column->level_shares[1] > 0;
            }
            int32_t end = column->n_levels == 2 ? first + 1 : column->n_levels;
            for (int32_t l = first; l < end; l++) {
                add_level(document, column, l, s, levels, &n);
            }
        } else if (column->is_flag) {
            add_level(document, column, -1, s, levels, &n);
        }
    }
    return n;
}

static const char *level_words(km_document *document, const level *l) {
    const char *column = km_column_words_of(document, l->column->name);
    return l->at < 0 ? column
                     : km_print(document, "%s: %s", column,
                                km_level_label(document->language, l->column->levels[l->at]));
}

static void write_levels(km_document *document, const level *levels, int64_t n, int32_t s,
                         km_json *json) {
    km_json_open(json, NULL, '{');
    km_json_integer(json, "segment", s);
    km_json_boolean(json, "percent", 1);
    km_json_open(json, "rows", '[');
    for (int64_t i = 0; i < n; i++) {
        km_json_text(json, NULL, level_words(document, &levels[i]));
    }
    km_json_close(json, ']');
    km_json_open(json, "series", '[');
    for (int of_all = 0; of_all < 2; of_all++) {
        km_json_open(json, NULL, '{');
        km_json_text(json, "name", km_word_of(document, of_all ? KM_W_OF_ALL : KM_W_IN_SEGMENT));
        km_json_open(json, "values", '[');
        for (int64_t i = 0; i < n; i++) {
            km_json_number(json, NULL, of_all ? levels[i].all : levels[i].own);
        }
        km_json_close(json, ']');
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
    km_json_close(json, '}');
}

/* Of how many the columns are known, where it is not everyone. */
static void say_known(km_document *document, const level *levels, int64_t n) {
    const char *said = "";
    for (int64_t i = 0; i < n; i++) {
        int is_new = levels[i].known < 0.995;
        for (int64_t j = 0; j < i; j++) {
            is_new &= levels[j].column != levels[i].column;
        }
        if (is_new) {
            const char *one = km_said(document, KM_W_KNOWN_OF,
                                      km_column_words_of(document, levels[i].column->name),
                                      km_percent_text(document, levels[i].known), NULL);
            said = km_print(document, "%s%s%s", said,
                            said[0] != '\0' ? km_word_of(document, KM_W_LIST_COMMA) : "", one);
        }
    }
    if (said[0] != '\0') {
        km_paragraph(document, KM_NOTE, km_said(document, KM_W_LEVELS_KNOWN, said, NULL));
    }
}

static void level_chart(km_document *document, int32_t s) {
    int64_t most = 0;
    const kmseg_profile *profile = document->result->profile;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        most += profile->columns[c].n_levels + 1;
    }
    level *levels = km_arena_array(&document->arena, most, sizeof *levels);
    if (levels == NULL) {
        document->failed = 1;
        return;
    }
    int64_t n = gather(document, s, levels);
    if (n == 0) {
        return;
    }
    qsort(levels, (size_t)n, sizeof *levels, by_worth);
    int64_t kept = 0; /* levels of several columns that say the same are one row */
    for (int64_t i = 0; i < n && kept < MOST_LEVELS; i++) {
        if (kept == 0 || levels[i].column == levels[kept - 1].column ||
            fabs(levels[i].own - levels[kept - 1].own) > 1e-9 ||
            fabs(levels[i].all - levels[kept - 1].all) > 1e-9) {
            levels[kept++] = levels[i];
        }
    }
    n = kept;
    qsort(levels, (size_t)n, sizeof *levels, by_difference);
    const char *heads[] = {km_word_of(document, KM_W_LEVEL), km_word_of(document, KM_W_IN_SEGMENT),
                           km_word_of(document, KM_W_OF_ALL)};
    const char numbers[] = {0, 1, 1};
    km_document_table *table =
        km_table_of(document, km_word_of(document, KM_W_LEVELS_CHART), heads, numbers);
    for (int64_t i = 0; i < n; i++) {
        km_table_row(document, table);
        km_cell_text(document, table, level_words(document, &levels[i]));
        km_cell_number(document, table, levels[i].own, km_percent_text(document, levels[i].own));
        km_cell_number(document, table, levels[i].all, km_percent_text(document, levels[i].all));
    }
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    write_levels(document, levels, n, s, &json);
    km_document_chart(document, km_print(document, "chart-levels-%d", s + 1), "bars",
                      km_said(document, KM_W_LEVELS_LABEL, km_count_text(document, s + 1), NULL),
                      &data, table, 1);
    say_known(document, levels, n);
}

/* ---- sentences ---- */

static void say_size(km_document *document, int32_t s) {
    const kmseg_profile *profile = document->result->profile;
    const char *text =
        km_said(document, KM_W_SEGMENT_SIZE, km_count_text(document, profile->sizes[s]),
                km_percent_text(document, profile->size_shares[s]), NULL);
    if (profile->value_column[0] != '\0') {
        double each = profile->values[s] / (double)profile->sizes[s];
        const char *value =
            km_said(document, KM_W_SEGMENT_VALUE, km_capital(document, km_value_words(document)),
                    km_amount_text(document, profile->values[s]),
                    km_percent_text(document, profile->value_shares[s]),
                    km_amount_text(document, each), NULL);
        text = km_print(document, "%s%s%s", text, km_word_of(document, KM_W_SPACE), value);
    }
    km_paragraph(document, KM_PLAIN, text);
}

static void say_traits(km_document *document, int32_t s) {
    enum { MOST_TRAITS = 6 };
    const km_item *traits = km_trait_list(document, s, MOST_TRAITS);
    const char *label = km_word_of(document, KM_W_APART_BY);
    for (const km_item *item = traits; item != NULL; item = item->next) {
        km_list_item(document, item == traits ? label : "", item->text);
    }
    if (traits == NULL) {
        km_list_item(document, label, km_word_of(document, KM_W_NOT_APART));
    }
}

static void say_rules(km_document *document, int32_t s) {
    const kmseg_tree *rules = document->result->rules;
    int32_t n = 0, more = 0;
    for (int32_t r = 0; rules != NULL && r < rules->n_rules; r++) {
        const kmseg_tree_rule *rule = &rules->rules[r];
        if (rule->segment == s && n < FIRST_RULES) {
            const char *text = km_said(document, KM_W_RULE_GOOD, km_rule_words(document, rule),
                                       km_percent_text(document, rule->precision),
                                       km_percent_text(document, rule->coverage), NULL);
            km_list_item(document, n == 0 ? km_word_of(document, KM_W_RULES) : "", text);
            n++;
        } else {
            more += rule->segment == s;
        }
    }
    if (more > 0) {
        km_list_item(document, "",
                     km_said(document, KM_W_RULE_MORE, km_count_text(document, more), NULL));
    } else if (rules != NULL && n == 0) {
        km_list_item(document, km_word_of(document, KM_W_RULES),
                     km_word_of(document, KM_W_RULE_NONE));
    }
}

static void say_typical(km_document *document, int32_t s) {
    const kmseg_result *result = document->result;
    km_string text;
    km_string_init(&text, &document->arena.allocator);
    for (int32_t t = 0; km_names_customers(document) && t < result->n_typical; t++) {
        int64_t sample = result->typical[(int64_t)s * result->n_typical + t];
        if (sample >= 0 && result->ids[sample][0] != '\0') {
            km_string_add(&text, text.length > 0 ? ", " : "");
            km_add_clean(&text, result->ids[sample], MOST_SHOWN_ID);
        }
    }
    if (text.length > 0) {
        km_list_item(document, km_word_of(document, KM_W_TYPICAL),
                     km_said(document, KM_W_TYPICAL_NOTE, km_keep(document, &text), NULL));
    }
    km_string_free(&text);
}

static void say_plan(km_document *document, int32_t s) {
    const kmseg_result *result = document->result;
    const kmseg_plan *plan = result->plans != NULL ? &result->plans[s] : NULL;
    const char *suggestion = km_suggestion(document, s);
    if (plan != NULL && plan->action[0] != '\0') {
        km_list_item(document, km_word_of(document, KM_W_ACTION), plan->action);
    } else if (suggestion[0] != '\0') {
        km_list_item(document, km_word_of(document, KM_W_SUGGESTED), suggestion);
    }
    if (plan != NULL && !isnan(plan->budget_share)) {
        km_list_item(document, km_word_of(document, KM_W_BUDGET),
                     km_percent_text(document, plan->budget_share));
    }
    if (plan != NULL && plan->name[0] != '\0' &&
        strcmp(plan->name, result->profile->names[s]) != 0) {
        km_list_item(document, km_word_of(document, KM_W_SUGGESTED_NAME),
                     result->profile->names[s]);
    }
}

static void add_segment(km_document *document, const chosen *columns, int32_t s) {
    const char *number = km_count_text(document, s + 1);
    km_section(document, 3, km_print(document, "segment-%d", s + 1),
               km_said(document, KM_W_SEGMENT_TITLE, number, document->names[s], NULL), s);
    if (!km_is_shown(document, s)) {
        km_paragraph(document, KM_PLAIN,
                     km_said(document, KM_W_HIDDEN_SEGMENT,
                             km_count_text(document, km_least(document)), NULL));
        return;
    }
    say_size(document, s);
    km_list(document, KM_PLAIN);
    say_traits(document, s);
    say_rules(document, s);
    say_typical(document, s);
    say_plan(document, s);
    rank_chart(document, columns, s);
    level_chart(document, s);
}

void km_part_segments(km_document *document) {
    chosen columns = choose_columns(document);
    km_section(document, 2, "segments", km_word_of(document, KM_W_SEGMENTS), -1);
    if (columns.n > 0) {
        km_paragraph(document, KM_NOTE, km_word_of(document, KM_W_RANK_NOTE));
    }
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        add_segment(document, &columns, s);
    }
}
