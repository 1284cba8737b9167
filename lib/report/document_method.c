/* How the segments were made, and by which conventions the numbers are meant. */
#include "report/document_parts.h"

#include <string.h>

static const char *stop_words(const km_document *document) {
    switch (document->result->stop_reason) {
    case KMSEG_STOP_LABELS: return km_word_of(document, KM_W_STOP_LABELS);
    case KMSEG_STOP_TOL: return km_word_of(document, KM_W_STOP_TOL);
    case KMSEG_STOP_MAX_ITER: return km_word_of(document, KM_W_STOP_MAX_ITER);
    case KMSEG_STOP_CANCELLED:
    case KMSEG_STOP_STALLED: break;
    }
    return kmseg_stop_reason_text(document->result->stop_reason);
}

static void prepared_table(km_document *document) {
    const kmseg_prepare *prepare = document->result->prepare;
    const char *heads[] = {
        km_word_of(document, KM_W_COLUMN), km_word_of(document, KM_W_NAME_IN_FILE),
        km_word_of(document, KM_W_UNIT),   km_word_of(document, KM_W_TRANSFORM),
        km_word_of(document, KM_W_SCALE),  km_word_of(document, KM_W_WEIGHT),
        km_word_of(document, KM_W_OUTPUTS)};
    const char numbers[] = {0, 0, 0, 0, 0, 1, 1};
    km_document_table *table =
        km_table_of(document, km_word_of(document, KM_W_PREPARED), heads, numbers);
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        char weight[32];
        km_format_rounded(column->weight, 4, weight, sizeof weight);
        km_table_row(document, table);
        km_cell_text(document, table, km_column_words_of(document, column->name));
        km_cell_text(document, table, column->name);
        km_cell_text(document, table, km_unit_label(document->language, column->unit));
        km_cell_text(document, table,
                     column->type == KMSEG_COLUMN_TEXT
                         ? "\u2013"
                         : km_level_label(document->language, column->transform));
        km_cell_text(document, table, km_level_label(document->language, column->scale));
        km_cell_number(document, table, column->weight, km_print(document, "%s", weight));
        km_cell_number(document, table, column->n_outputs,
                       km_count_text(document, column->n_outputs));
    }
    km_document_table_add(document, table);
}

void km_part_method(km_document *document) {
    const kmseg_result *result = document->result;
    const char *init = km_param_text(document, "init");
    const char *weight = km_param_text(document, "sample_weight");
    km_section(document, 2, "method", km_word_of(document, KM_W_METHOD), -1);
    km_paragraph(document, KM_PLAIN,
                 km_said(document, KM_W_METHOD_KMEANS,
                         km_number_text(document, km_param_number(document, "n_init"), 0), init,
                         km_count_text(document, result->n_iter), stop_words(document), NULL));
    km_paragraph(document, KM_PLAIN,
                 result->profile->value_column[0] != '\0'
                     ? km_said(document, KM_W_METHOD_ORDER, km_value_words(document), NULL)
                     : km_word_of(document, KM_W_METHOD_ORDER_SIZE));
    if (weight[0] != '\0') {
        km_paragraph(document, KM_PLAIN, km_said(document, KM_W_METHOD_WEIGHT, weight, NULL));
    }
    if (result->n_merges > 0) {
        km_paragraph(
            document, KM_PLAIN,
            km_said(document, KM_W_METHOD_MERGED, km_count_text(document, result->n_merges), NULL));
    }
    prepared_table(document);
    km_paragraph(document, KM_PLAIN, km_word_of(document, KM_W_METHOD_MEDIAN));
    km_paragraph(document, KM_PLAIN,
                 km_said(document, KM_W_METHOD_SAME,
                         km_number_text(document, km_param_number(document, "seed"), 0), NULL));
    json_t *notes = json_array();
    for (int32_t i = 0; i < result->prepare->n_notes; i++) {
        json_array_append_new(notes, json_string(result->prepare->notes[i]));
    }
    km_stored_sentences(document, km_word_of(document, KM_W_METHOD_NOTES), notes);
    json_decref(notes);
}
