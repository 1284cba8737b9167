/* What parts look up: columns of the profile, stored reports, options. */
#include "report/document_parts.h"

#include <math.h>
#include <string.h>

const kmseg_profile_column *km_profile_find(const km_document *document, const char *name) {
    const kmseg_profile *profile = document->result->profile;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        if (strcmp(profile->columns[c].name, name) == 0) {
            return &profile->columns[c];
        }
    }
    return NULL;
}

int64_t km_present(const km_document *document, const kmseg_profile_column *column,
                   int32_t segment) {
    return document->result->profile->sizes[segment] - column->segment_missing[segment];
}

static int64_t bin_total(const km_document *document, const kmseg_profile_column *column,
                         int32_t bin) {
    int64_t total = 0;
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        total += column->segment_bins[(int64_t)s * column->n_bins + bin];
    }
    return total;
}

double km_rank_of(const km_document *document, const kmseg_profile_column *column, double value) {
    int64_t total = 0, before = 0;
    for (int32_t b = 0; b < column->n_bins; b++) {
        total += bin_total(document, column, b);
    }
    if (column->n_bins == 0 || total == 0 || isnan(value)) {
        return NAN;
    }
    /* Within the last tenth, which may reach far, the 95th percentile is known too. */
    const double *edges = column->bin_edges, near_top = column->quantiles[5];
    for (int32_t b = 0; b < column->n_bins; b++) {
        int64_t here = bin_total(document, column, b);
        double low = edges[b], high = edges[b + 1];
        if (value > high) {
            before += here;
            continue;
        }
        double from = (double)before / (double)total, to = (double)(before + here) / (double)total;
        if (b == column->n_bins - 1 && near_top > low && near_top < high && from < 0.95) {
            from = value > near_top ? 0.95 : from;
            to = value > near_top ? to : 0.95;
            low = value > near_top ? near_top : low;
            high = value > near_top ? high : near_top;
        }
        double part = high > low ? (value - low) / (high - low) : 1;
        return from + (to - from) * (part < 0 ? 0 : part > 1 ? 1 : part);
    }
    return 1;
}

int km_quantile_is_shown(const km_document *document, const kmseg_profile_column *column,
                         int32_t segment, int32_t q) {
    double p = kmseg_profile_probability(q), n = (double)km_present(document, column, segment);
    double least = (double)km_least(document);
    return n * p >= least - 1e-9 && n * (1 - p) >= least - 1e-9;
}

json_t *km_stored(const km_document *document, const char *name) {
    const char *text = kmseg_result_report(document->result, name);
    return text != NULL ? json_loads(text, 0, NULL) : NULL;
}

json_t *km_stored_orders(const km_document *document) {
    static const char *const names[] = {"features", "input"};
    for (int i = 0; i < 2; i++) {
        json_t *report = km_stored(document, names[i]);
        if (json_is_object(json_object_get(report, "rejected"))) {
            return report;
        }
        json_decref(report);
    }
    return NULL;
}

double km_json_double(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *km_json_string(km_document *document, const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    const char *copy = km_arena_text(&document->arena, text != NULL ? text : "");
    document->failed |= copy == NULL;
    return copy != NULL ? copy : "";
}

/* The items of a list: those that are known in the language, or those that are not. */
static void add_sentences(km_document *document, const char *title, const json_t *array,
                          int are_known) {
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        const char *known = text != NULL ? km_translate(document, text) : NULL;
        if (text == NULL || (known != NULL) != are_known) {
            continue;
        }
        if (n++ == 0) {
            km_paragraph(document, KM_NOTE, title);
            km_list(document, are_known ? KM_SENTENCES : KM_ENGLISH);
        }
        km_list_item(document, NULL, known != NULL ? known : km_print(document, "%s", text));
    }
}

void km_stored_sentences(km_document *document, const char *title, const json_t *array) {
    const char *english = title;
    if (document->language != KM_ENGLISH_LANGUAGE) {
        add_sentences(document, title, array, 1);
        english = km_print(document, "%s%s%s", title, km_word_of(document, KM_W_COMMA),
                           km_word_of(document, KM_W_ENGLISH_FOLLOWS));
    }
    add_sentences(document, english, array, 0);
}

const char *km_param_text(km_document *document, const char *name) {
    json_t *params = json_loads(document->result->params, 0, NULL);
    const char *text = km_json_string(document, params, name);
    json_decref(params);
    return text;
}

double km_param_number(const km_document *document, const char *name) {
    json_t *params = json_loads(document->result->params, 0, NULL);
    double value = km_json_double(params, name);
    json_decref(params);
    return value;
}

int km_names_customers(km_document *document) {
    return !document->options->drop_ids && strcmp(km_param_text(document, "ids"), "left out") != 0;
}
