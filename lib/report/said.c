#include "report/said.h"

#include "report/formats.h"

#include <math.h>
#include <string.h>

json_t *km_said_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *km_said_text(const char *text) {
    json_t *json = json_string(text);
    if (json == NULL) { /* not UTF-8 */
        char clean[300];
        size_t used = 0;
        for (const char *c = text; *c != '\0' && used + 1 < sizeof clean; c++) {
            clean[used++] = (unsigned char)*c < 0x80 ? *c : '?';
        }
        clean[used] = '\0';
        json = json_string(clean);
    }
    return json;
}

json_t *km_said_date(int64_t seconds) {
    char text[32];
    kmseg_time_format(seconds, text, sizeof text);
    return json_string(text);
}

const char *km_said_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

json_t *km_said_gaps(const kmseg_features_report *report) {
    json_t *gaps = json_object();
    json_object_set_new(gaps, "n", json_integer(report->n_gaps));
    json_object_set_new(gaps, "percentiles",
                        km_said_numbers(report->gap_percentiles, KMSEG_N_GAP_PERCENTILES));
    return gaps;
}

json_t *km_said_group(const kmseg_value_group *group) {
    json_t *json = json_object();
    json_object_set_new(json, "name", km_said_text(group->name));
    json_object_set_new(json, "customers", json_integer(group->n_customers));
    json_object_set_new(json, "share", km_said_real(group->share));
    json_object_set_new(json, "orders", km_said_real(group->orders));
    json_object_set_new(json, "revenue", km_said_real(group->revenue));
    json_object_set_new(json, "revenue_share", km_said_real(group->revenue_share));
    json_object_set_new(json, "mean_recency", km_said_real(group->mean_recency));
    json_object_set_new(json, "mean_frequency", km_said_real(group->mean_frequency));
    json_object_set_new(json, "mean_monetary", km_said_real(group->mean_monetary));
    return json;
}

json_t *km_said_groups(const kmseg_value_group *groups, int32_t n) {
    json_t *array = json_array();
    for (int32_t i = 0; i < n; i++) {
        json_array_append_new(array, km_said_group(&groups[i]));
    }
    return array;
}

json_t *km_said_sentences(const kmseg_sentences *sentences) {
    json_t *array = json_array();
    for (int32_t i = 0; i < sentences->n; i++) {
        json_array_append_new(array, km_said_text(sentences->texts[i]));
    }
    return array;
}

json_t *km_said_numbers(const double *values, int64_t n) {
    if (values == NULL) {
        return json_null();
    }
    json_t *array = json_array();
    for (int64_t i = 0; i < n; i++) {
        json_array_append_new(array, km_said_real(values[i]));
    }
    return array;
}

json_t *km_said_rejected(const kmseg_features_report *report) {
    json_t *rejected = json_object();
    for (int32_t r = 0; r < KMSEG_N_CLEAN_RULES; r++) {
        json_object_set_new(rejected, kmseg_clean_rule_name(r),
                            json_integer(report->n_rejected[r]));
    }
    return rejected;
}

void km_said_order_joins(json_t *root, const kmseg_features_report *report) {
    if (report->n_joins == 0) {
        return;
    }
    json_t *joins = json_array();
    for (int32_t i = 0; i < report->n_joins; i++) {
        const kmseg_order_join *join = &report->joins[i];
        json_t *one = json_object();
        json_object_set_new(one, "file", km_said_text(join->file));
        json_object_set_new(one, "key", km_said_text(join->key));
        json_object_set_new(one, "file_key", km_said_text(join->from_key));
        json_object_set_new(one, "lines", json_integer(join->n_lines));
        json_object_set_new(one, "lines_without", json_integer(join->n_lines - join->n_matched));
        json_object_set_new(one, "rows", json_integer(join->n_from));
        json_object_set_new(one, "rows_without", json_integer(join->n_from_unmatched));
        json_array_append_new(joins, one);
    }
    json_object_set_new(root, "joins", joins);
}

/* What is worth keeping of how a table was made. */
static json_t *facts_of(const kmseg_origin *origin) {
    json_t *facts = json_object();
    if (origin->orders != NULL) {
        json_object_set_new(facts, "n_lines", json_integer(origin->orders->n_lines));
        json_object_set_new(facts, "n_kept", json_integer(origin->orders->n_kept));
        json_object_set_new(facts, "reference_date", km_said_date(origin->orders->reference_date));
        json_object_set_new(facts, "days_between_orders", km_said_gaps(origin->orders));
        return facts;
    }
    static const char *const kept[] = {"reference_date", "days_between_orders"};
    const char *params = kmseg_table_params(origin->customers);
    json_t *all = params != NULL ? json_loads(params, 0, NULL) : NULL;
    for (int i = 0; i < 2; i++) {
        json_t *fact = json_object_get(all, kept[i]);
        if (fact != NULL) {
            json_object_set(facts, kept[i], fact);
        }
    }
    json_decref(all);
    return facts;
}

json_t *km_said_input(const kmseg_origin *origin) {
    json_t *root = json_object(), *facts = facts_of(origin);
    json_object_set_new(root, "kmseg_version", json_string(kmseg_version()));
    json_object_set_new(root, "input", km_said_text(km_said_name(origin->input)));
    json_object_update(root, facts);
    json_decref(facts);
    return root;
}

int64_t kmseg_origin_gaps(const kmseg_origin *origin, double *out) {
    json_t *facts = facts_of(origin);
    json_t *gaps = json_object_get(facts, "days_between_orders");
    json_t *percentiles = json_object_get(gaps, "percentiles");
    json_int_t n = json_integer_value(json_object_get(gaps, "n"));
    if (json_array_size(percentiles) != KMSEG_N_GAP_PERCENTILES) {
        n = 0;
    }
    for (size_t p = 0; p < KMSEG_N_GAP_PERCENTILES && n > 0; p++) {
        json_t *days = json_array_get(percentiles, p);
        n = json_is_number(days) ? n : 0;
        out[p] = json_number_value(days);
    }
    json_decref(facts);
    return n > 0 ? n : 0;
}

kmseg_status km_said_give(kmseg_context *ctx, json_t *root, char **out) {
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    km_string owned;
    km_string_init(&owned, &ctx->allocator);
    if (text != NULL) {
        km_string_add(&owned, text);
    }
    free(text);
    return km_report_own(ctx, &owned, out);
}
