/* Evidence for the number of segments, and how good the segments of it are. */
#include "report/document_parts.h"

#include <math.h>
#include <string.h>

/* Indices of a choice: key of the JSON, vote, and how they are read. */
static const struct {
    const char *key, *error, *vote;
    km_word name, better;
    int decimals, is_share;
} indices[] = {
    {"silhouette", "silhouette_error", "silhouette", KM_W_SILHOUETTE, KM_W_HIGHER_BETTER, 3, 0},
    {"calinski_harabasz", NULL, "calinski_harabasz", KM_W_CALINSKI, KM_W_HIGHER_BETTER, 0, 0},
    {"davies_bouldin", NULL, "davies_bouldin", KM_W_DAVIES, KM_W_LOWER_BETTER, 3, 0},
    {"gap", "gap_error", "gap", KM_W_GAP, KM_W_HIGHER_BETTER, 3, 0},
    {"stability", NULL, "", KM_W_STABILITY, KM_W_HIGHER_BETTER, 2, 0},
    {"explained", NULL, "knee", KM_W_EXPLAINED, KM_W_HIGHER_BETTER, 3, 1},
};

enum { N_INDICES = sizeof indices / sizeof *indices };

static const char *favours(km_document *document, const json_t *choice, double k) {
    const char *text = "";
    size_t i;
    json_t *vote;
    json_array_foreach(json_object_get(choice, "votes"), i, vote) {
        const char *index = km_json_string(document, vote, "index");
        if (km_json_double(vote, "n_clusters") == k) {
            for (int32_t j = 0; j < N_INDICES; j++) {
                if (strcmp(indices[j].vote, index) == 0) {
                    index = km_word_of(document, indices[j].name);
                }
            }
            text = km_print(document, "%s%s%s", text,
                            text[0] != '\0' ? km_word_of(document, KM_W_COMMA) : "", index);
        }
    }
    return text;
}

static km_document_table *choice_table(km_document *document, const json_t *choice) {
    enum { COLUMNS = N_INDICES + 3 };
    const char *heads[COLUMNS];
    char numbers[COLUMNS] = {1, 1, 1, 1, 1, 1, 1, 1, 0};
    heads[0] = km_word_of(document, KM_W_N_SEGMENTS);
    for (int32_t j = 0; j < N_INDICES; j++) {
        heads[j + 1] = km_word_of(document, indices[j].name);
    }
    heads[N_INDICES + 1] = km_word_of(document, KM_W_SMALLEST);
    heads[N_INDICES + 2] = km_word_of(document, KM_W_FAVOURED_BY);
    km_document_table *table =
        km_table_new(document, km_word_of(document, KM_W_CHOICE_CHART), COLUMNS, heads, numbers);
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(choice, "rows"), i, row) {
        double k = km_json_double(row, "n_clusters");
        double smallest = km_json_double(row, "smallest_share");
        km_table_row(document, table);
        km_cell_number(document, table, k, km_number_text(document, k, 0));
        for (int32_t j = 0; j < N_INDICES; j++) {
            double value = km_json_double(row, indices[j].key);
            double error =
                indices[j].error != NULL ? km_json_double(row, indices[j].error) : (double)NAN;
            const char *text = indices[j].is_share
                                   ? km_percent_text(document, value)
                                   : km_number_text(document, value, indices[j].decimals);
            if (error > 0) {
                text = km_said(document, KM_W_WITH_ERROR, text,
                               km_number_text(document, error, indices[j].decimals), NULL);
            }
            km_cell_number(document, table, value, text);
        }
        km_cell_number(document, table, smallest, km_percent_text(document, smallest));
        km_cell_text(document, table, favours(document, choice, k));
    }
    return table;
}

static void write_values(km_json *json, const char *key, const json_t *rows, const char *field) {
    size_t i;
    json_t *row;
    km_json_open(json, key, '[');
    json_array_foreach(rows, i, row) { km_json_number(json, NULL, km_json_double(row, field)); }
    km_json_close(json, ']');
}

static void choice_chart(km_document *document, const json_t *choice) {
    const json_t *rows = json_object_get(choice, "rows");
    size_t n = json_array_size(rows);
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    km_json_open(&json, NULL, '{');
    write_values(&json, "k", rows, "n_clusters");
    km_json_integer(&json, "chosen", document->result->n_segments);
    km_json_open(&json, "panels", '[');
    for (int32_t j = 0; j < N_INDICES; j++) {
        km_json_open(&json, NULL, '{');
        km_json_text(&json, "name", km_word_of(document, indices[j].name));
        km_json_text(&json, "note", km_word_of(document, indices[j].better));
        km_json_boolean(&json, "percent", indices[j].is_share);
        write_values(&json, "values", rows, indices[j].key);
        if (indices[j].error != NULL) {
            write_values(&json, "errors", rows, indices[j].error);
        }
        km_json_close(&json, '}');
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    double first = km_json_double(json_array_get(rows, 0), "n_clusters");
    double last = km_json_double(json_array_get(rows, n - 1), "n_clusters");
    const char *label = km_said(document, KM_W_CHOICE_LABEL, km_number_text(document, first, 0),
                                km_number_text(document, last, 0),
                                km_count_text(document, document->result->n_segments), NULL);
    km_document_chart(document, "chart-choice", "panels", label, &data,
                      choice_table(document, choice), 0);
}

static void measure(km_document *document, km_document_table *table, const char *name, double value,
                    const char *text, const char *meaning) {
    if (isfinite(value)) {
        km_table_row(document, table);
        km_cell_text(document, table, name);
        km_cell_number(document, table, value, text);
        km_cell_text(document, table, meaning);
    }
}

static void quality_table(km_document *document) {
    const kmseg_result *result = document->result;
    const kmseg_scores *scores = &result->scores;
    const char *heads[] = {km_word_of(document, KM_W_MEASURE), km_word_of(document, KM_W_VALUE),
                           km_word_of(document, KM_W_MEANING)};
    const char numbers[] = {0, 1, 0};
    km_document_table *table = km_table_of(
        document,
        km_said(document, KM_W_QUALITY_TABLE, km_count_text(document, result->n_segments), NULL),
        heads, numbers);
    const char *silhouette = km_number_text(document, scores->silhouette, 3);
    if (scores->silhouette_error > 0) {
        silhouette = km_said(document, KM_W_WITH_ERROR, silhouette,
                             km_number_text(document, scores->silhouette_error, 3), NULL);
    }
    measure(document, table, km_word_of(document, KM_W_SILHOUETTE), scores->silhouette, silhouette,
            km_said(document, KM_W_MEANS_SILHOUETTE,
                    km_count_text(document, scores->silhouette_samples), NULL));
    measure(document, table, km_word_of(document, KM_W_EXPLAINED), scores->explained,
            km_percent_text(document, scores->explained),
            km_word_of(document, KM_W_MEANS_EXPLAINED));
    if (result->rules != NULL) {
        measure(document, table, km_word_of(document, KM_W_FIDELITY), result->rules->fidelity,
                km_percent_text(document, result->rules->fidelity),
                km_said(document, KM_W_MEANS_FIDELITY,
                        km_percent_text(document, result->rules->guess), NULL));
    }
    measure(document, table, km_word_of(document, KM_W_CALINSKI), scores->calinski_harabasz,
            km_number_text(document, scores->calinski_harabasz, 0),
            km_word_of(document, KM_W_MEANS_CALINSKI));
    measure(document, table, km_word_of(document, KM_W_DAVIES), scores->davies_bouldin,
            km_number_text(document, scores->davies_bouldin, 2),
            km_word_of(document, KM_W_MEANS_DAVIES));
    km_document_table_add(document, table);
}

/* The row of the choice for the number of segments on this page, where its segments are ours: each of
 * another size, and of the sizes that ours have. */
static const json_t *own_segments(const km_document *document, const json_t *choice) {
    const kmseg_profile *profile = document->result->profile;
    size_t i, n = (size_t)profile->n_segments;
    json_t *row;
    json_array_foreach(json_object_get(choice, "rows"), i, row) {
        const json_t *segments = json_object_get(row, "segments");
        if (km_json_double(row, "n_clusters") != (double)n || json_array_size(segments) != n) {
            continue;
        }
        int32_t found = 0;
        for (size_t s = 0; s < n; s++) {
            double size = km_json_double(json_array_get(segments, s), "customers");
            int32_t like = 0;
            for (int32_t t = 0; t < profile->n_segments; t++) {
                like += (double)profile->sizes[t] == size;
            }
            found += like == 1;
        }
        return found == profile->n_segments ? segments : NULL;
    }
    return NULL;
}

static km_word stability_word(double stability) {
    return stability >= 0.85   ? KM_W_STABILITY_STABLE
           : stability >= 0.75 ? KM_W_STABILITY_VALID
           : stability >= 0.6  ? KM_W_STABILITY_PATTERN
                               : KM_W_STABILITY_NOT;
}

static void stability_table(km_document *document, const json_t *choice) {
    const json_t *segments = own_segments(document, choice);
    if (segments == NULL) {
        return;
    }
    const kmseg_profile *profile = document->result->profile;
    const char *heads[] = {km_word_of(document, KM_W_SEGMENT),
                           km_word_of(document, KM_W_STABILITY_ONE),
                           km_word_of(document, KM_W_MEANING)};
    const char numbers[] = {0, 1, 0};
    km_document_table *table =
        km_table_of(document, km_word_of(document, KM_W_STABILITY_TABLE), heads, numbers);
    for (int32_t s = 0; s < profile->n_segments; s++) {
        size_t i;
        json_t *segment;
        json_array_foreach(segments, i, segment) {
            double stability = km_json_double(segment, "stability");
            if (km_json_double(segment, "customers") == (double)profile->sizes[s] &&
                isfinite(stability)) {
                km_table_row(document, table);
                km_cell_segment(document, table, s);
                km_cell_number(document, table, stability, km_number_text(document, stability, 2));
                km_cell_text(document, table, km_word_of(document, stability_word(stability)));
            }
        }
    }
    if (table != NULL && table->first != NULL) {
        km_document_table_add(document, table);
        km_paragraph(document, KM_NOTE, km_word_of(document, KM_W_STABILITY_NOTE));
    }
}

/* Why a number is shown that is not recommended: a rule of kmseg run, or the user. */
static km_word why_shown(const km_document *document, const json_t *choice) {
    const char *because = json_string_value(json_object_get(choice, "taken_because"));
    if (km_json_double(choice, "taken") != (double)document->result->n_segments ||
        because == NULL) {
        return KM_W_CHOICE_OTHER;
    }
    return strcmp(because, "gap") == 0 ? KM_W_CHOICE_TAKEN_GAP : KM_W_CHOICE_TAKEN;
}

static void say_choice(km_document *document, const json_t *choice, const char *shown) {
    double recommended = km_json_double(choice, "recommended");
    double closest = km_json_double(choice, "closest");
    const char *text =
        isfinite(recommended)
            ? km_said(document, KM_W_CHOICE_RECOMMENDED, km_number_text(document, recommended, 0),
                      NULL)
            : km_said(document, KM_W_CHOICE_NONE, km_number_text(document, closest, 0), NULL);
    if (recommended != (double)document->result->n_segments) {
        text = km_print(document, "%s%s%s", text, km_word_of(document, KM_W_SPACE),
                        km_said(document, why_shown(document, choice), shown, NULL));
    }
    km_paragraph(document, KM_PLAIN, text);
}

void km_part_choice(km_document *document) {
    const char *shown = km_count_text(document, document->result->n_segments);
    json_t *choice = km_stored(document, "choice");
    km_section(document, 2, "choice", km_said(document, KM_W_CHOICE, shown, NULL), -1);
    if (json_array_size(json_object_get(choice, "rows")) > 0) {
        say_choice(document, choice, shown);
        choice_chart(document, choice);
        km_stored_sentences(document, km_word_of(document, KM_W_CHOICE_REASONS),
                            json_object_get(choice, "reasons"));
        stability_table(document, choice);
    } else {
        km_paragraph(document, KM_PLAIN, km_said(document, KM_W_CHOICE_GIVEN, shown, NULL));
    }
    quality_table(document);
    json_decref(choice);
}
