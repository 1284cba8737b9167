/* Options that name columns, read into settings by column and groups. */
#include "base/text.h"
#include "data/table.h"
#include "prepare/encoder.h"

#include <math.h>
#include <string.h>

/* A list "a,b=2,c": one item after the other, spaces around it cut off, empty ones skipped. */
typedef struct item {
    const char *name;  /* all of it when there is no '=' */
    const char *value; /* behind the '=', or NULL */
} item;

/* How a list is written. */
typedef enum list_form {
    PLAIN,  /* "a,b,c" */
    VALUES, /* "a=2,b=3": the last '=' of an item counts, so that names may have one */
    LISTS   /* "a=x,y;b=z": the first '=' counts, values may have anything but ';' */
} list_form;

static const char *trimmed(km_arena *arena, const char *start, const char *end) {
    while (start < end && (*start == ' ' || *start == '\t')) {
        start++;
    }
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return km_arena_text_n(arena, start, (size_t)(end - start));
}

/* The next piece of a list up to a separator, and *at behind that. */
static const char *next_piece(const char **at, char separator, const char **out_end) {
    const char *start = *at, *end = strchr(start, separator);
    *out_end = end != NULL ? end : start + strlen(start);
    *at = end != NULL ? end + 1 : *out_end;
    return start;
}

/* 1 with the next item, 0 at the end, -1 when out of memory. */
static int next_item(km_arena *arena, const char **at, list_form form, item *out) {
    while (**at != '\0') {
        const char *end, *start = next_piece(at, form == LISTS ? ';' : ',', &end);
        const char *equals = form == PLAIN    ? NULL
                             : form == VALUES ? memrchr(start, '=', (size_t)(end - start))
                                              : memchr(start, '=', (size_t)(end - start));
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

static int32_t find_group(const km_fit *fit, const char *name) {
    for (int32_t g = 0; g < fit->n_groups; g++) {
        if (strcmp(fit->groups[g].name, name) == 0) {
            return g;
        }
    }
    return -1;
}

/* Weights of nothing are those of columns that are left out. */
static void leave_group_out(km_fit *fit, int32_t g) {
    for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
        if (fit->settings[i].group == g) {
            fit->settings[i].has_weight = 1;
            fit->settings[i].weight = 0;
        }
    }
}

static kmseg_status read_weight(km_fit *fit, const item *entry) {
    if (entry->value == NULL) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "weights: \"%s\" needs to be a column and its weight, as in %s=2",
                       entry->name, entry->name);
    }
    int32_t i = -1, g = find_group(fit, entry->name);
    if (g < 0) {
        KM_TRY(find_column(fit, "weights", entry->name, &i));
    }
    if (g >= 0 ? fit->groups[g].has_weight : fit->settings[i].has_weight) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "weights: %s is given twice", entry->name);
    }
    double weight;
    if (!km_parse_double(entry->value, &weight) || !(weight >= 0) || isinf(weight)) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "weights: the weight of %s is \"%s\"; it needs to be a number of at least 0",
                       entry->name, entry->value);
    }
    if (g >= 0) {
        fit->groups[g].has_weight = 1;
        fit->groups[g].weight = weight;
        if (weight == 0) {
            leave_group_out(fit, g);
        }
        return KMSEG_OK;
    }
    fit->settings[i].has_weight = 1;
    fit->settings[i].weight = weight;
    return KMSEG_OK;
}

static kmseg_status add_to_group(km_fit *fit, int32_t g, const char *name) {
    int32_t i;
    KM_TRY(find_column(fit, "group", name, &i));
    int32_t other = fit->settings[i].group;
    if (other >= 0) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "group: column %s is in %s already; a column is in one group at most", name,
                       other == g ? "it" : fit->groups[other].name);
    }
    fit->settings[i].group = g;
    return KMSEG_OK;
}

/* A group that is named again gets more columns. */
static kmseg_status read_group(km_fit *fit, const item *entry) {
    if (entry->value == NULL || entry->name[0] == '\0') {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "group: \"%s\" needs to be a name and its columns, as in "
                       "demographic=age,income",
                       entry->name);
    }
    if (kmseg_table_find(fit->table, entry->name) >= 0) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "group: %s is the name of a column; a group needs another name",
                       entry->name);
    }
    int32_t g = find_group(fit, entry->name);
    if (g < 0) {
        km_group *groups =
            km_arena_array(&fit->scratch, (int64_t)fit->n_groups + 1, sizeof *groups);
        if (groups == NULL) {
            return km_fail_memory(fit->ctx, "the groups of columns");
        }
        if (fit->n_groups > 0) {
            memcpy(groups, fit->groups, (size_t)fit->n_groups * sizeof *groups);
        }
        g = fit->n_groups++;
        groups[g] = (km_group){entry->name, 1, 0};
        fit->groups = groups;
    }
    const char *at = entry->value;
    item name;
    int found;
    while ((found = next_item(&fit->scratch, &at, PLAIN, &name)) > 0) {
        KM_TRY(add_to_group(fit, g, name.name));
    }
    return found < 0 ? km_fail_memory(fit->ctx, "the groups of columns") : KMSEG_OK;
}

/* A column of a given type that an option names. */
static kmseg_status find_typed(km_fit *fit, const char *option, const char *name,
                               kmseg_column_type type, int32_t *out) {
    KM_TRY(find_column(fit, option, name, out));
    kmseg_column_type is = kmseg_table_column(fit->table, *out)->type;
    if (is != type) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "%s: %s is a column of %s; it is for columns of %s", option, name,
                       is == KMSEG_COLUMN_TEXT     ? "text"
                       : is == KMSEG_COLUMN_NUMBER ? "numbers"
                                                   : "dates",
                       type == KMSEG_COLUMN_TEXT ? "text" : "numbers");
    }
    return KMSEG_OK;
}

static kmseg_status fail_twice(km_fit *fit, const char *option, const char *name) {
    return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "%s: %s is given twice", option, name);
}

static kmseg_status find_encoder(km_fit *fit, const char *name, const km_encoder **out) {
    *out = km_encoder_find(name);
    if (strcmp(name, "auto") == 0 || (*out != NULL && (*out)->type == KMSEG_COLUMN_TEXT)) {
        return KMSEG_OK;
    }
    return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                   "encode is \"%s\"; it needs to be one of auto, onehot, ordinal, multihot", name);
}

static kmseg_status read_encoding(km_fit *fit, const item *entry) {
    const km_encoder *encoder;
    if (entry->value == NULL) {
        KM_TRY(find_encoder(fit, entry->name, &encoder));
        if (encoder == &km_encode_ordinal) {
            return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                           "encode: ordinal is for columns by name, as in size=ordinal");
        }
        for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
            if (!fit->settings[i].has_encoder &&
                kmseg_table_column(fit->table, i)->type == KMSEG_COLUMN_TEXT) {
                fit->settings[i].encoder = encoder;
            }
        }
        return KMSEG_OK;
    }
    int32_t i;
    KM_TRY(find_typed(fit, "encode", entry->name, KMSEG_COLUMN_TEXT, &i));
    KM_TRY(find_encoder(fit, entry->value, &encoder));
    km_settings *settings = &fit->settings[i];
    if (settings->has_encoder && !(settings->is_order_given && encoder == &km_encode_ordinal)) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "encode: %s is given twice, or has an order",
                       entry->name);
    }
    settings->has_encoder = encoder != NULL;
    settings->encoder = encoder;
    return KMSEG_OK;
}

/* "small<medium<large": the levels, each once. */
static kmseg_status read_order(km_fit *fit, const item *entry) {
    int32_t i, n = 1;
    if (entry->value == NULL) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "order: \"%s\" needs to be a column and its levels, lowest first, as in "
                       "size=small<medium<large",
                       entry->name);
    }
    KM_TRY(find_typed(fit, "order", entry->name, KMSEG_COLUMN_TEXT, &i));
    km_settings *settings = &fit->settings[i];
    if (settings->is_order_given) {
        return fail_twice(fit, "order", entry->name);
    }
    for (const char *c = entry->value; *c != '\0'; c++) {
        n += *c == '<';
    }
    const char **levels = km_arena_array(&fit->scratch, n, sizeof *levels);
    const char *at = entry->value;
    n = 0;
    while (levels != NULL && *at != '\0') {
        const char *end, *start = next_piece(&at, '<', &end);
        levels[n] = trimmed(&fit->scratch, start, end);
        if (levels[n] == NULL) {
            return km_fail_memory(fit->ctx, "the order of levels");
        }
        for (int32_t l = 0; l < n; l++) {
            if (strcmp(levels[l], levels[n]) == 0) {
                return km_fail(fit->ctx, KMSEG_E_ARGUMENT, "order: \"%s\" of %s is there twice",
                               levels[n], entry->name);
            }
        }
        n++;
    }
    if (levels == NULL) {
        return km_fail_memory(fit->ctx, "the order of levels");
    }
    if (n < 2) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "order: %s needs at least two levels, lowest first, as in "
                       "size=small<medium<large",
                       entry->name);
    }
    settings->order = levels;
    settings->n_order = n;
    settings->is_order_given = 1;
    settings->has_encoder = 1;
    settings->encoder = &km_encode_ordinal;
    return KMSEG_OK;
}

static kmseg_status read_winsorise(km_fit *fit, const item *entry) {
    const char *text = entry->value != NULL ? entry->value : entry->name;
    double share;
    if (!km_parse_double(text, &share) || !(share >= 0) || share > 0.25) {
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "winsorise is \"%s\"; it needs to be a share from 0 to 0.25, such as 0.01",
                       text);
    }
    if (entry->value == NULL) {
        for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
            if (!fit->settings[i].has_winsorise) {
                fit->settings[i].winsorise = share;
            }
        }
        return KMSEG_OK;
    }
    int32_t i;
    KM_TRY(find_typed(fit, "winsorise", entry->name, KMSEG_COLUMN_NUMBER, &i));
    if (fit->settings[i].has_winsorise) {
        return fail_twice(fit, "winsorise", entry->name);
    }
    fit->settings[i].has_winsorise = 1;
    fit->settings[i].winsorise = share;
    return KMSEG_OK;
}

static kmseg_status read_impute(km_fit *fit, const item *entry) {
    km_impute impute;
    KM_TRY(km_impute_read(fit, entry->value != NULL ? entry->value : entry->name, &impute));
    if (entry->value == NULL) {
        fit->impute = impute;
        for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
            if (!fit->settings[i].has_impute) {
                fit->settings[i].impute = impute;
            }
        }
        return KMSEG_OK;
    }
    int32_t i;
    KM_TRY(find_column(fit, "impute", entry->name, &i));
    if (fit->settings[i].has_impute) {
        return fail_twice(fit, "impute", entry->name);
    }
    fit->settings[i].has_impute = 1;
    fit->settings[i].impute = impute;
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
    KM_TRY(find_typed(fit, "transform", entry->name, KMSEG_COLUMN_NUMBER, &i));
    KM_TRY(find_transform(fit, entry->value, &transform));
    if (fit->settings[i].has_transform) {
        return fail_twice(fit, "transform", entry->name);
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

static kmseg_status read_list(km_fit *fit, const char *list, list_form form,
                              kmseg_status (*read)(km_fit *fit, const item *entry)) {
    item entry;
    int found = 0;
    while (list != NULL && (found = next_item(&fit->scratch, &list, form, &entry)) > 0) {
        KM_TRY(read(fit, &entry));
    }
    return found < 0 ? km_fail_memory(fit->ctx, "the options of columns") : KMSEG_OK;
}

kmseg_status km_read_settings(km_fit *fit) {
    int32_t n = kmseg_table_n_columns(fit->table);
    const kmseg_prepare_options *options = fit->options;
    fit->settings = km_arena_array(&fit->scratch, n, sizeof *fit->settings);
    if (fit->settings == NULL) {
        return km_fail_memory(fit->ctx, "the options of columns");
    }
    fit->impute = (km_impute){.how = km_impute_find("median")};
    for (int32_t i = 0; i < n; i++) {
        fit->settings[i].weight = 1;
        fit->settings[i].group = -1;
        fit->settings[i].impute = fit->impute;
    }
    KM_TRY(read_list(fit, options->include, PLAIN, read_include));
    KM_TRY(read_list(fit, options->exclude, PLAIN, read_exclude));
    KM_TRY(read_list(fit, options->group, LISTS, read_group));
    KM_TRY(read_list(fit, options->weights, VALUES, read_weight));
    KM_TRY(read_list(fit, options->order, LISTS, read_order));
    KM_TRY(read_list(fit, options->encode, VALUES, read_encoding));
    KM_TRY(read_list(fit, options->transform, VALUES, read_transform));
    KM_TRY(read_list(fit, options->winsorise, VALUES, read_winsorise));
    return read_list(fit, options->impute, VALUES, read_impute);
}
