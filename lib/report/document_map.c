/* The map: customers and centres on two principal components. */
#include "report/document_parts.h"

#include <math.h>

/* Rounded, so that a dot is a place and not a record. */
static double rounded(double value) { return nearbyint(value * 100) / 100 + 0.0; }

static void write_points(const km_document *document, const kmseg_map *map, km_json *json) {
    static const char *const keys[] = {"x", "y"};
    for (int32_t a = 0; a < 2; a++) {
        km_json_open(json, keys[a], '[');
        for (int64_t i = 0; i < map->n_points; i++) {
            if (km_is_shown(document, map->labels[i])) {
                double at = a < map->n_axes ? map->points[i * map->n_axes + a] : 0;
                km_json_number(json, NULL, rounded(at));
            }
        }
        km_json_close(json, ']');
    }
    km_json_open(json, "segment", '[');
    for (int64_t i = 0; i < map->n_points; i++) {
        if (km_is_shown(document, map->labels[i])) {
            km_json_integer(json, NULL, map->labels[i]);
        }
    }
    km_json_close(json, ']');
}

static void write_centres(const km_document *document, const kmseg_map *map, km_json *json) {
    km_json_open(json, "centres", '[');
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        if (km_is_shown(document, s)) {
            const double *at = map->centroids + (int64_t)s * map->n_axes;
            double row[3] = {rounded(at[0]), map->n_axes > 1 ? rounded(at[1]) : 0, s};
            km_json_numbers(json, NULL, row, 3);
        }
    }
    km_json_close(json, ']');
}

static const char *axis_title(km_document *document, const kmseg_map *map, int32_t a) {
    return a < map->n_axes ? km_said(document, KM_W_MAP_AXIS, km_count_text(document, a + 1),
                                     km_percent_text(document, map->explained[a]), NULL)
                           : "";
}

static km_document_table *centres_table(km_document *document, const kmseg_map *map) {
    const char *heads[3] = {km_word_of(document, KM_W_SEGMENT), axis_title(document, map, 0),
                            axis_title(document, map, 1)};
    const char numbers[] = {0, 1, 1};
    km_document_table *table = km_table_new(document, km_word_of(document, KM_W_MAP_CENTRES),
                                            1 + map->n_axes, heads, numbers);
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        km_table_row(document, table);
        km_cell_segment(document, table, s);
        for (int32_t a = 0; a < map->n_axes; a++) {
            double at = map->centroids[(int64_t)s * map->n_axes + a];
            if (km_is_shown(document, s)) {
                km_cell_number(document, table, at, km_number_text(document, at, 2));
            } else {
                km_cell_hidden(document, table, KM_FEW);
            }
        }
    }
    return table;
}

static double largest_loading(const kmseg_map *map, int32_t output) {
    double largest = 0;
    for (int32_t a = 0; a < map->n_axes; a++) {
        largest = fmax(largest, fabs(map->loadings[output * map->n_axes + a]));
    }
    return largest;
}

/* Features that an axis is made of, in their order; of many only those that matter. */
static void loadings_table(km_document *document, const kmseg_map *map) {
    enum { FEW = 12 };
    const kmseg_prepare *prepare = document->result->prepare;
    const char *heads[3] = {km_word_of(document, KM_W_COLUMN),
                            km_said(document, KM_W_AXIS_SHORT, "1", NULL),
                            km_said(document, KM_W_AXIS_SHORT, "2", NULL)};
    const char numbers[] = {0, 1, 1};
    km_document_table *table = km_table_new(document, km_word_of(document, KM_W_MAP_LOADINGS),
                                            1 + map->n_axes, heads, numbers);
    for (int32_t o = 0; o < prepare->n_outputs; o++) {
        if (prepare->n_outputs > FEW && largest_loading(map, o) < 0.2) {
            continue;
        }
        km_table_row(document, table);
        km_cell_text(document, table, km_column_words_of(document, prepare->output_names[o]));
        for (int32_t a = 0; a < map->n_axes; a++) {
            double loading = map->loadings[o * map->n_axes + a];
            km_cell_number(document, table, loading, km_number_text(document, loading, 2));
        }
    }
    km_document_table_add(document, table);
    km_paragraph(document, KM_NOTE, km_word_of(document, KM_W_MAP_LOADINGS_NOTE));
}

void km_part_map(km_document *document) {
    const kmseg_map *map = document->result->map;
    km_section(document, 2, "map", km_word_of(document, KM_W_MAP), -1);
    if (map == NULL) {
        km_paragraph(document, KM_PLAIN, km_word_of(document, KM_W_MAP_NONE));
        return;
    }
    double both = map->explained[0] + (map->n_axes > 1 ? map->explained[1] : 0);
    const char *points = km_count_text(document, map->n_points);
    const char *centres = km_count_text(document, document->result->n_segments);
    km_paragraph(document, KM_PLAIN,
                 map->n_axes > 1 ? km_said(document, KM_W_MAP_SAYS, km_percent_text(document, both),
                                           km_percent_text(document, fmax(0, 1 - both)), NULL)
                                 : km_word_of(document, KM_W_MAP_ONE));
    km_paragraph(document, KM_NOTE, km_said(document, KM_W_MAP_POINTS, points, NULL));
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    km_json_open(&json, NULL, '{');
    km_json_text(&json, "xTitle", axis_title(document, map, 0));
    km_json_text(&json, "yTitle", axis_title(document, map, 1));
    write_points(document, map, &json);
    write_centres(document, map, &json);
    km_json_close(&json, '}');
    km_document_chart(document, "chart-map", "map",
                      km_said(document, KM_W_MAP_LABEL, points, centres, NULL), &data,
                      centres_table(document, map), 0);
    km_chart_title(document, km_word_of(document, KM_W_MAP));
    loadings_table(document, map);
}
