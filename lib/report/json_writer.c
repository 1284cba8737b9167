#include "report/json_writer.h"

#include "report/display.h"

#include <math.h>

static void quoted(km_string *out, const char *text) {
    km_string_add(out, "\"");
    for (uint32_t code; (code = km_utf8_next(&text)) != 0;) {
        if (code == '"' || code == '\\') {
            km_string_format(out, "\\%c", (char)code);
        } else if (code == '\n') {
            km_string_add(out, "\\n");
        } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            km_string_format(out, "\\u%04x", (unsigned)code);
        } else {
            km_utf8_add(out, code);
        }
    }
    km_string_add(out, "\"");
}

static void new_line(km_json *json) { km_string_format(json->out, "\n%*s", 2 * json->depth, ""); }

static void begin(km_json *json, const char *key) {
    if (json->has_items) {
        km_string_add(json->out, ",");
    }
    if (json->depth > 0) {
        new_line(json);
    }
    json->has_items = 1;
    if (key != NULL) {
        quoted(json->out, key);
        km_string_add(json->out, ": ");
    }
}

void km_json_open(km_json *json, const char *key, char bracket) {
    begin(json, key);
    km_string_add_n(json->out, &bracket, 1);
    json->depth++;
    json->has_items = 0;
}

void km_json_close(km_json *json, char bracket) {
    json->depth--;
    if (json->has_items) {
        new_line(json);
    }
    km_string_add_n(json->out, &bracket, 1);
    json->has_items = 1;
}

void km_json_text(km_json *json, const char *key, const char *value) {
    begin(json, key);
    if (value == NULL) {
        km_string_add(json->out, "null");
    } else {
        quoted(json->out, value);
    }
}

static void number(km_string *out, double value) {
    char text[32] = "null";
    if (isfinite(value)) {
        km_format_double(value, text, sizeof text);
    }
    km_string_add(out, text);
}

void km_json_number(km_json *json, const char *key, double value) {
    begin(json, key);
    number(json->out, value);
}

void km_json_integer(km_json *json, const char *key, int64_t value) {
    begin(json, key);
    km_string_format(json->out, "%lld", (long long)value);
}

void km_json_boolean(km_json *json, const char *key, int value) {
    begin(json, key);
    km_string_add(json->out, value ? "true" : "false");
}

void km_json_raw(km_json *json, const char *key, const char *value) {
    begin(json, key);
    km_string_add(json->out, value);
}

void km_json_numbers(km_json *json, const char *key, const double *values, int64_t n) {
    begin(json, key);
    km_string_add(json->out, "[");
    for (int64_t i = 0; i < n; i++) {
        km_string_add(json->out, i > 0 ? ", " : "");
        number(json->out, values[i]);
    }
    km_string_add(json->out, "]");
}

void km_json_texts(km_json *json, const char *key, const char *const *texts, int64_t n) {
    km_json_open(json, key, '[');
    for (int64_t i = 0; i < n; i++) {
        km_json_text(json, NULL, texts[i]);
    }
    km_json_close(json, ']');
}

void km_json_scores(km_json *json, const kmseg_scores *scores) {
    km_json_number(json, "inertia", scores->inertia);
    km_json_number(json, "explained", scores->explained);
    km_json_number(json, "silhouette", scores->silhouette);
    km_json_number(json, "silhouette_error", scores->silhouette_error);
    km_json_integer(json, "silhouette_samples", scores->silhouette_samples);
    km_json_number(json, "silhouette_simplified", scores->silhouette_simplified);
    km_json_number(json, "calinski_harabasz", scores->calinski_harabasz);
    km_json_number(json, "davies_bouldin", scores->davies_bouldin);
}
