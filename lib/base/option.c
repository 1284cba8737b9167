/* Option tables: defaults, parsing, checks and printing, from the rows alone. */
#include "base/context.h"
#include "base/text.h"

#include <kmseg/option.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static void *field(const kmseg_option *option, void *options) {
    return (char *)options + option->offset;
}

static const void *field_const(const kmseg_option *option, const void *options) {
    return (const char *)options + option->offset;
}

static void store_number(const kmseg_option *option, void *options, double value) {
    switch (option->type) {
    case KMSEG_OPTION_INT32:
    case KMSEG_OPTION_BOOL: *(int32_t *)field(option, options) = (int32_t)value; break;
    case KMSEG_OPTION_INT64: *(int64_t *)field(option, options) = (int64_t)value; break;
    case KMSEG_OPTION_UINT64: *(uint64_t *)field(option, options) = (uint64_t)value; break;
    case KMSEG_OPTION_DOUBLE: *(double *)field(option, options) = value; break;
    case KMSEG_OPTION_TEXT:
    case KMSEG_OPTION_CHOICE: break;
    }
}

static double load_number(const kmseg_option *option, const void *options) {
    switch (option->type) {
    case KMSEG_OPTION_INT32:
    case KMSEG_OPTION_BOOL: return *(const int32_t *)field_const(option, options);
    case KMSEG_OPTION_INT64: return (double)*(const int64_t *)field_const(option, options);
    case KMSEG_OPTION_UINT64: return (double)*(const uint64_t *)field_const(option, options);
    case KMSEG_OPTION_DOUBLE: return *(const double *)field_const(option, options);
    case KMSEG_OPTION_TEXT:
    case KMSEG_OPTION_CHOICE: break;
    }
    return 0;
}

static int is_text(const kmseg_option *option) {
    return option->type == KMSEG_OPTION_TEXT || option->type == KMSEG_OPTION_CHOICE;
}

void kmseg_options_init(const kmseg_option_table *table, void *options) {
    memset(options, 0, table->struct_size);
    memcpy(options, &table->struct_size, sizeof table->struct_size);
    for (int32_t i = 0; i < table->n_options; i++) {
        const kmseg_option *option = &table->options[i];
        if (is_text(option)) {
            *(const char **)field(option, options) = option->default_text;
        } else {
            store_number(option, options, option->default_number);
        }
    }
}

static int same_flag(const char *a, const char *b) {
    for (; *a != '\0' || *b != '\0'; a++, b++) {
        char x = *a == '-' ? '_' : *a;
        char y = *b == '-' ? '_' : *b;
        if (x != y) {
            return 0;
        }
    }
    return 1;
}

const kmseg_option *kmseg_options_find(const kmseg_option_table *table, const char *name) {
    for (int32_t i = 0; i < table->n_options; i++) {
        if (same_flag(table->options[i].name, name)) {
            return &table->options[i];
        }
    }
    return NULL;
}

static int in_list(const char *list, const char *value) {
    size_t length = strlen(value);
    for (const char *item = list; length > 0; item++) {
        const char *end = strchr(item, '|');
        size_t n = end != NULL ? (size_t)(end - item) : strlen(item);
        if (n == length && memcmp(item, value, n) == 0) {
            return 1;
        }
        if (end == NULL) {
            break;
        }
        item = end;
    }
    return 0;
}

static int is_choice(const kmseg_option *option, const char *value) {
    if (option->choices != NULL) {
        return in_list(option->choices, value);
    }
    for (int32_t i = 0; option->choice_name(i) != NULL; i++) {
        if (strcmp(option->choice_name(i), value) == 0) {
            return 1;
        }
    }
    return 0;
}

static void join_choices(const kmseg_option *option, char *out, size_t capacity) {
    out[0] = '\0';
    if (option->choices != NULL) {
        snprintf(out, capacity, "%s", option->choices);
    } else {
        size_t used = 0;
        for (int32_t i = 0; option->choice_name(i) != NULL && used < capacity; i++) {
            int n = snprintf(out + used, capacity - used, "%s%s", i > 0 ? "|" : "",
                             option->choice_name(i));
            used += n > 0 ? (size_t)n : 0;
        }
    }
}

static kmseg_status fail_bounds(kmseg_context *ctx, const kmseg_option *option, const char *value) {
    char low[32], high[32];
    km_format_double(option->minimum, low, sizeof low);
    km_format_double(option->maximum, high, sizeof high);
    if (isinf(option->maximum) || option->maximum >= 2147483647.0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "%s is %s; it needs to be at least %s", option->name,
                       value, low);
    }
    return km_fail(ctx, KMSEG_E_ARGUMENT, "%s is %s; it needs to be between %s and %s",
                   option->name, value, low, high);
}

static kmseg_status fail_choice(kmseg_context *ctx, const kmseg_option *option, const char *value) {
    char choices[256];
    join_choices(option, choices, sizeof choices);
    return km_fail(ctx, KMSEG_E_ARGUMENT, "%s is \"%s\"; it needs to be one of %s", option->name,
                   value, choices);
}

static kmseg_status fail_type(kmseg_context *ctx, const kmseg_option *option, const char *value,
                              const char *what) {
    return km_fail(ctx, KMSEG_E_ARGUMENT, "%s is \"%s\"; it needs to be %s", option->name, value,
                   what);
}

static int in_bounds(const kmseg_option *option, double value) {
    return value >= option->minimum && value <= option->maximum; /* NaN is outside */
}

static kmseg_status set_whole(kmseg_context *ctx, const kmseg_option *option, void *options,
                              const char *value) {
    uint64_t magnitude = 0;
    int64_t whole = 0;
    int ok = option->type == KMSEG_OPTION_UINT64 ? km_parse_uint64(value, &magnitude)
                                                 : km_parse_int64(value, &whole);
    if (!ok) {
        return fail_type(ctx, option, value,
                         option->type == KMSEG_OPTION_UINT64 ? "a whole number of at least 0"
                                                             : "a whole number");
    }
    if (option->type == KMSEG_OPTION_UINT64) {
        if (!in_bounds(option, (double)magnitude)) {
            return fail_bounds(ctx, option, value);
        }
        *(uint64_t *)field(option, options) = magnitude;
        return KMSEG_OK;
    }
    if (!in_bounds(option, (double)whole)) {
        return fail_bounds(ctx, option, value);
    }
    if (option->type == KMSEG_OPTION_INT32 && whole != (int32_t)whole) {
        return fail_type(ctx, option, value, "a whole number of at most 2147483647");
    }
    if (option->type == KMSEG_OPTION_INT32) {
        *(int32_t *)field(option, options) = (int32_t)whole;
    } else {
        *(int64_t *)field(option, options) = whole;
    }
    return KMSEG_OK;
}

kmseg_status kmseg_options_set(kmseg_context *ctx, const kmseg_option_table *table, void *options,
                               const char *name, const char *value) {
    const kmseg_option *option = kmseg_options_find(table, name);
    if (option == NULL) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND, "no option %s in %s", name, table->name);
    }
    switch (option->type) {
    case KMSEG_OPTION_INT32:
    case KMSEG_OPTION_INT64:
    case KMSEG_OPTION_UINT64: return set_whole(ctx, option, options, value);
    case KMSEG_OPTION_DOUBLE: {
        double number;
        if (!km_parse_double(value, &number)) {
            return fail_type(ctx, option, value, "a number");
        }
        if (!in_bounds(option, number)) {
            return fail_bounds(ctx, option, value);
        }
        store_number(option, options, number);
        return KMSEG_OK;
    }
    case KMSEG_OPTION_BOOL: {
        int on = in_list("1|true|yes|on", value);
        if (!on && !in_list("0|false|no|off", value)) {
            return fail_type(ctx, option, value, "yes or no");
        }
        store_number(option, options, on);
        return KMSEG_OK;
    }
    case KMSEG_OPTION_CHOICE:
        if (!is_choice(option, value)) {
            return fail_choice(ctx, option, value);
        }
        *(const char **)field(option, options) = value;
        return KMSEG_OK;
    case KMSEG_OPTION_TEXT: *(const char **)field(option, options) = value; return KMSEG_OK;
    }
    return km_fail(ctx, KMSEG_E_INTERNAL, "option %s has no type", name);
}

kmseg_status kmseg_options_check(kmseg_context *ctx, const kmseg_option_table *table,
                                 const void *options) {
    size_t size;
    memcpy(&size, options, sizeof size);
    if (size != table->struct_size) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "struct_size of the %s options is %zu; it needs to be %zu: call the init "
                       "function of this version",
                       table->name, size, table->struct_size);
    }
    for (int32_t i = 0; i < table->n_options; i++) {
        const kmseg_option *option = &table->options[i];
        if (option->type == KMSEG_OPTION_CHOICE) {
            const char *value = *(const char *const *)field_const(option, options);
            if (value == NULL || !is_choice(option, value)) {
                return fail_choice(ctx, option, value != NULL ? value : "(null)");
            }
        } else if (!is_text(option) && option->type != KMSEG_OPTION_BOOL) {
            double value = load_number(option, options);
            if (!in_bounds(option, value)) {
                char text[32];
                km_format_double(value, text, sizeof text);
                return fail_bounds(ctx, option, text);
            }
        }
    }
    return KMSEG_OK;
}

void kmseg_options_format(const kmseg_option *option, const void *options, char *out,
                          size_t capacity) {
    if (is_text(option)) {
        const char *value = *(const char *const *)field_const(option, options);
        snprintf(out, capacity, "%s", value != NULL ? value : "");
    } else if (option->type == KMSEG_OPTION_BOOL) {
        snprintf(out, capacity, "%s",
                 *(const int32_t *)field_const(option, options) != 0 ? "yes" : "no");
    } else if (option->type == KMSEG_OPTION_UINT64) {
        snprintf(out, capacity, "%llu",
                 (unsigned long long)*(const uint64_t *)field_const(option, options));
    } else if (option->type == KMSEG_OPTION_INT64) {
        snprintf(out, capacity, "%lld", (long long)*(const int64_t *)field_const(option, options));
    } else {
        km_format_double(load_number(option, options), out, capacity);
    }
}
