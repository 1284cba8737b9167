/* Options that name columns: include, exclude, weights, transform. */
#include "base/text.h"
#include "data/table.h"
#include "prepare/fit.h"

#include <math.h>
#include <string.h>

/* A list "a,b=2,c": one item after the other, spaces around it cut off, empty ones skipped. */
typedef struct item {
    const char *name;  /* all of it when there is no '=' */
    const char *value; /* behind the last '=', or NULL */
} item;

static const char *trimmed(km_arena *arena, const char *start, const char *end) {
    while (start < end && (*start == ' ' || *start == '\t')) {
        start++;
    }
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return km_arena_text_n(arena, start, (size_t)(end - start));
}

/* 1 with the next item, 0 at the end, -1 when out of memory. */
static int next_item(km_arena *arena, const char **at, int has_values, item *out) {
    while (**at != '\0') {
        const char *start = *at, *end = strchr(start, ',');
        end = end != NULL ? end : start + strlen(start);
        *at = *end == ',' ? end + 1 : end;
        const char *equals = has_values ? memrchr(start, '=', (size_t)(end - start)) : NULL;
        out->name = trimmed(arena, start, equals != NULL ? equals : end);
        out->value = equals != NULL ? trimmed(arena, equals + 1, end) : NULL;
        if (out->name == NULL || (equals != NULL && out->value == NULL)) {
            return -1;
        }
        if (out->name[0] != '\0' || out->value != NULL) {
            return 1;
        }
    }
    return 0;
}

static kmseg_status find_column(km_fit *fit, const char *option, const char *name, int32_t *out) {
    *out = kmseg_table_find(fit->table, name);
    if (*out < 0) {
        kmseg_status status = km_table_fail_no_column(fit->ctx, fit->table, name);
        return km_fail_prefix(fit->ctx, status, "%s", option);
    }
    return KMSEG_OK;
}

static kmseg_status read_weight(km_fit *fit, const item *entry) {
    if (entry->value == NULL) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "weights: \"%s\" needs to be a column and its weight, as in %s=2",
                       entry->name, entry->name);
    }
    int32_t i;
    KM_TRY(find_column(fit, "weights", entry->name, &i));
    km_settings *settings = &fit->settings[i];
    if (settings->has_weight) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "weights: %s is given twice", entry->name);
    }
    double weight;
    if (!km_parse_double(entry->value, &weight) || !(weight >= 0) || isinf(weight)) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "weights: the weight of %s is \"%s\"; it needs to be a number of at least 0",
                       entry->name, entry->value);
    }
    settings->has_weight = 1;
    settings->weight = weight;
    return KMSEG_OK;
}

static kmseg_status find_transform(km_fit *fit, const char *name, const km_transform **out) {
    *out = km_transform_find(name);
    if (*out == NULL && strcmp(name, "auto") != 0) {
        km_string names;
        km_string_init(&names, &fit->ctx->allocator);
        for (int32_t i = 0; km_transforms.get(i) != NULL; i++) {
            km_string_format(&names, ", %s", km_transforms.get(i)->name);
        }
        kmseg_status status =
            km_fail(fit->ctx, KMSEG_E_ARGUMENT, "transform is \"%s\"; it needs to be one of auto%s",
                    name, names.data != NULL ? names.data : "");
        km_string_free(&names);
        return status;
    }
    return KMSEG_OK;
}

static kmseg_status read_transform(km_fit *fit, const item *entry) {
    const km_transform *transform;
    if (entry->value == NULL) {
        KM_TRY(find_transform(fit, entry->name, &transform));
        for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
            if (!fit->settings[i].has_transform) {
                fit->settings[i].transform = transform;
            }
        }
        return KMSEG_OK;
    }
    int32_t i;
    KM_TRY(find_column(fit, "transform", entry->name, &i));
    KM_TRY(find_transform(fit, entry->value, &transform));
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    if (column->type != KMSEG_COLUMN_NUMBER) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "transform: %s is a column of %s; only numbers are transformed", entry->name,
                       column->type == KMSEG_COLUMN_TEXT ? "text" : "dates");
    }
    if (fit->settings[i].has_transform) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "transform: %s is given twice", entry->name);
    }
    fit->settings[i].has_transform = 1;
    fit->settings[i].transform = transform;
    return KMSEG_OK;
}

static kmseg_status read_include(km_fit *fit, const item *entry) {
    int32_t i;
    KM_TRY(find_column(fit, "include", entry->name, &i));
    fit->settings[i].included = 1;
    return KMSEG_OK;
}

static kmseg_status read_exclude(km_fit *fit, const item *entry) {
    int32_t i;
    KM_TRY(find_column(fit, "exclude", entry->name, &i));
    fit->settings[i].excluded = 1;
    if (fit->settings[i].included) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "%s is both included and excluded", entry->name);
    }
    return KMSEG_OK;
}

static kmseg_status read_list(km_fit *fit, const char *list, int has_values,
                              kmseg_status (*read)(km_fit *fit, const item *entry)) {
    item entry;
    int found = 0;
    while (list != NULL && (found = next_item(&fit->scratch, &list, has_values, &entry)) > 0) {
        KM_TRY(read(fit, &entry));
    }
    return found < 0 ? km_fail_memory(fit->ctx, "the options of columns") : KMSEG_OK;
}

kmseg_status km_read_settings(km_fit *fit) {
    int32_t n = kmseg_table_n_columns(fit->table);
    fit->settings = km_arena_array(&fit->scratch, n, sizeof *fit->settings);
    if (fit->settings == NULL) {
        return km_fail_memory(fit->ctx, "the options of columns");
    }
    for (int32_t i = 0; i < n; i++) {
        fit->settings[i].weight = 1;
    }
    KM_TRY(read_list(fit, fit->options->include, 0, read_include));
    KM_TRY(read_list(fit, fit->options->exclude, 0, read_exclude));
    KM_TRY(read_list(fit, fit->options->weights, 1, read_weight));
    return read_list(fit, fit->options->transform, 1, read_transform);
}
