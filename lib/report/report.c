#include "base/context.h"
#include "report/formats.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const km_report_format formats[] = {
    {{"text", "tables and sentences for people"}, km_report_text},
    {{"profile", "one section per segment, for people"}, km_report_profile},
    {{"json", "everything but the labels, for programs"}, km_report_json},
};

enum { N_FORMATS = sizeof formats / sizeof *formats };

static const km_named *format_at(int32_t i) {
    return i >= 0 && i < N_FORMATS ? &formats[i].named : NULL;
}

const km_registry km_report_formats = {"report_formats", format_at};

void kmseg_report_options_init(kmseg_report_options *options) {
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/* A string carries its allocator before its text, because it is freed without a context. */
typedef struct owned_text {
    kmseg_allocator allocator;
    char text[];
} owned_text;

kmseg_status km_report_own(kmseg_context *ctx, km_string *text, char **out) {
    owned_text *owned = NULL;
    if (!text->failed && text->length > 0) {
        owned = km_allocate(&ctx->allocator, sizeof *owned + text->length + 1);
    }
    if (owned != NULL) {
        owned->allocator = ctx->allocator;
        memcpy(owned->text, text->data, text->length + 1);
    }
    km_string_free(text);
    *out = owned != NULL ? owned->text : NULL;
    return owned != NULL ? KMSEG_OK : km_fail_memory(ctx, "a report");
}

void kmseg_string_free(char *text) {
    if (text != NULL) {
        owned_text *owned = (owned_text *)(void *)(text - offsetof(owned_text, text));
        kmseg_allocator allocator = owned->allocator;
        km_release(&allocator, owned);
    }
}

static const km_report_format *find(const char *name) {
    for (int32_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i].named.name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

kmseg_status km_report_fail_format(kmseg_context *ctx, const char *format) {
    char names[200];
    size_t used = 0;
    for (int32_t i = 0; i < N_FORMATS && used < sizeof names; i++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 formats[i].named.name);
    }
    return km_fail(ctx, KMSEG_E_NOT_FOUND, "no report format %s; there are %s", format, names);
}

kmseg_status kmseg_report(kmseg_context *ctx, const kmseg_result *result, const char *format,
                          const kmseg_report_options *options, char **out) {
    *out = NULL;
    kmseg_report_options defaults;
    kmseg_report_options_init(&defaults);
    if (options == NULL) {
        options = &defaults;
    }
    if (options->struct_size != sizeof defaults || options->width < 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "report options: struct_size is %zu and width %d; they need to be %zu and "
                       "at least 0",
                       options->struct_size, options->width, sizeof defaults);
    }
    const km_report_format *row = find(format);
    if (row == NULL) {
        return km_report_fail_format(ctx, format);
    }
    km_string text;
    km_string_init(&text, &ctx->allocator);
    row->write(result, options, &text);
    return km_report_own(ctx, &text, out);
}
