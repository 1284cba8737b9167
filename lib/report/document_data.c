/* Where the customers come from, what was left out and why, what was missing. */
#include "report/document_parts.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *rule;
    km_word word;
} rules[] = {
    {"missing_id", KM_W_REJECTED_MISSING_ID},         {"unparsable", KM_W_REJECTED_UNPARSABLE},
    {"duplicate", KM_W_REJECTED_DUPLICATE},           {"return", KM_W_REJECTED_RETURN},
    {"zero_price", KM_W_REJECTED_ZERO_PRICE},         {"out_of_range", KM_W_REJECTED_OUT_OF_RANGE},
    {"outside_period", KM_W_REJECTED_OUTSIDE_PERIOD}, {"future_date", KM_W_REJECTED_FUTURE_DATE},
};

static const char *rule_words(const km_document *document, const char *rule) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rule, rules[i].rule) == 0) {
            return km_word_of(document, rules[i].word);
        }
    }
    return rule;
}

static const char *count_of(km_document *document, const json_t *report, const char *key) {
    return km_number_text(document, km_json_double(report, key), 0);
}

static void rejected_table(km_document *document, const json_t *report) {
    const char *heads[] = {km_word_of(document, KM_W_RULE), km_word_of(document, KM_W_LINES),
                           km_word_of(document, KM_W_SHARE)};
    const char numbers[] = {0, 1, 1};
    km_document_table *table =
        km_table_of(document, km_word_of(document, KM_W_REJECTED), heads, numbers);
    double lines = km_json_double(report, "n_lines");
    const char *rule;
    json_t *count;
    int n = 0;
    json_object_foreach(json_object_get(report, "rejected"), rule, count) {
        double left_out = json_number_value(count);
        if (left_out > 0) {
            km_table_row(document, table);
            km_cell_text(document, table, rule_words(document, km_print(document, "%s", rule)));
            km_cell_number(document, table, left_out, km_number_text(document, left_out, 0));
            km_cell_number(document, table, left_out / lines,
                           km_percent_text(document, left_out / lines));
            n++;
        }
    }
    if (n > 0) {
        km_document_table_add(document, table);
    }
}

/* The day of "2011-12-09 12:50:00". */
static const char *day_of(km_document *document, const json_t *report, const char *key) {
    return km_print(document, "%.10s", km_json_string(document, report, key));
}

/* Without the folder, which says where it was made. */
static const char *input_of(km_document *document, const json_t *report) {
    const char *input = km_json_string(document, report, "input");
    const char *slash = strrchr(input, '/');
    return slash != NULL ? slash + 1 : input;
}

static void say_orders(km_document *document, const json_t *report) {
    double share = km_json_double(report, "n_kept") / km_json_double(report, "n_lines");
    km_paragraph(document, KM_PLAIN,
                 km_said(document, KM_W_DATA_LINES, count_of(document, report, "n_lines"),
                         input_of(document, report), count_of(document, report, "n_kept"),
                         km_percent_text(document, share), day_of(document, report, "first_order"),
                         day_of(document, report, "last_order"), NULL));
    double total = km_json_double(report, "total_amount");
    km_paragraph(document, KM_PLAIN,
                 km_said(document, KM_W_DATA_ORDERS, count_of(document, report, "n_orders"),
                         count_of(document, report, "n_customers"),
                         km_number_text(document, total, 0), NULL));
    if (km_json_double(report, "n_returns_netted") > 0) {
        km_paragraph(document, KM_PLAIN,
                     km_said(document, KM_W_DATA_NETTED,
                             count_of(document, report, "n_returns_netted"), NULL));
    }
    rejected_table(document, report);
    km_paragraph(
        document, KM_PLAIN,
        km_said(document, KM_W_DATA_REFERENCE, day_of(document, report, "reference_date"), NULL));
}

static const char *filling(km_document *document, const kmseg_prepare_column *column) {
    if (strcmp(column->impute, "drop") == 0) {
        return km_word_of(document, KM_W_FILLED_DROP);
    }
    char number[32];
    km_format_rounded(column->fill, 4, number, sizeof number);
    const char *with = number;
    if (column->type == KMSEG_COLUMN_TEXT) {
        with = column->fill_level >= 0 ? column->levels[column->fill_level] : "\u2013";
    }
    km_word word = strcmp(column->impute, "mode") == 0     ? KM_W_FILLED_MODE
                   : strcmp(column->impute, "median") == 0 ? KM_W_FILLED_MEDIAN
                                                           : KM_W_FILLED_CONSTANT;
    if (column->type == KMSEG_COLUMN_TEXT && word == KM_W_FILLED_MEDIAN &&
        strcmp(column->scale, "ordinal") != 0) {
        word = KM_W_FILLED_MODE; /* the median of levels without an order */
    }
    return km_said(document, word, with, NULL);
}

static void missing_table(km_document *document) {
    const kmseg_prepare *prepare = document->result->prepare;
    const char *heads[] = {km_word_of(document, KM_W_COLUMN), km_word_of(document, KM_W_MISSING),
                           km_word_of(document, KM_W_SHARE),
                           km_word_of(document, KM_W_FILLED_WITH)};
    const char numbers[] = {0, 1, 1, 0};
    km_document_table *table =
        km_table_of(document, km_word_of(document, KM_W_MISSING_TABLE), heads, numbers);
    int n = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        if (column->n_missing == 0) {
            continue;
        }
        double share = (double)column->n_missing / (double)document->result->n_table_rows;
        km_table_row(document, table);
        km_cell_text(document, table, km_column_words_of(document, column->name));
        km_cell_number(document, table, (double)column->n_missing,
                       km_count_text(document, column->n_missing));
        km_cell_number(document, table, share, km_percent_text(document, share));
        km_cell_text(document, table, filling(document, column));
        n++;
    }
    if (n > 0) {
        km_document_table_add(document, table);
    } else {
        km_paragraph(document, KM_PLAIN, km_word_of(document, KM_W_NOTHING_MISSING));
    }
}

void km_part_data(km_document *document) {
    const kmseg_result *result = document->result;
    json_t *orders = km_stored_orders(document);
    const char *by = km_param_text(document, "by"), *joined = km_param_text(document, "joined");
    km_section(document, 2, "data", km_word_of(document, KM_W_DATA), -1);
    if (orders != NULL) {
        say_orders(document, orders);
    } else {
        km_paragraph(document, KM_PLAIN, km_word_of(document, KM_W_DATA_NO_ORDERS));
    }
    json_decref(orders);
    if (by[0] != '\0') {
        km_paragraph(document, KM_PLAIN, km_said(document, KM_W_DATA_LEVEL, by, NULL));
    }
    if (joined[0] != '\0') {
        km_paragraph(document, KM_PLAIN, km_said(document, KM_W_DATA_JOINED, joined, NULL));
    }
    double dropped = (double)result->n_dropped / (double)result->n_table_rows;
    const char *rows =
        km_said(document, KM_W_DATA_ROWS, km_count_text(document, result->n_table_rows),
                km_count_text(document, result->n_samples), NULL);
    const char *left_out =
        result->n_dropped > 0
            ? km_said(document, KM_W_DATA_DROPPED, km_count_text(document, result->n_dropped),
                      km_percent_text(document, dropped), NULL)
            : km_word_of(document, KM_W_DATA_NOT_DROPPED);
    km_paragraph(document, KM_PLAIN,
                 km_print(document, "%s%s%s", rows, km_word_of(document, KM_W_SPACE), left_out));
    missing_table(document);
}
