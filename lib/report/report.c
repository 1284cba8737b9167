#include "base/context.h"
#include "data/result.h"
#include "report/document.h"
#include "report/formats.h"
#include "report/page_assets.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const km_report_format formats[] = {
    {{"text", "tables and sentences for people"}, km_report_text, 0},
    {{"profile", "one section per segment, for people"}, km_report_profile, 1},
    {{"json", "everything but the labels, for programs"}, km_report_json, 0},
    {{"html", "a page of its own, with charts, for those who have no kmseg"}, km_report_html, 1},
    {{"markdown", "the same without charts"}, km_report_markdown, 1},
    {{"document", "the same as JSON"}, km_report_document, 1},
};

enum { N_FORMATS = sizeof formats / sizeof *formats };

static const km_named *format_at(int32_t i) {
    return i >= 0 && i < N_FORMATS ? &formats[i].named : NULL;
}

const km_registry km_report_formats = {"report_formats", format_at};

static const char *language_name(int32_t i) {
    const km_named *row = km_report_languages.get(i);
    return row != NULL ? row->name : NULL;
}

static const kmseg_option rows[] = {
    {.name = "lang",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(kmseg_report_options, language),
     .default_text = "en",
     .choice_name = language_name,
     .list_kind = "report_languages",
     .metavar = "LANGUAGE",
     .help = "language of the report"},
    {.name = "min_cell",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(kmseg_report_options, min_cell),
     .minimum = 1,
     .maximum = 1000000,
     .default_number = 5,
     .metavar = "N",
     .help = "hide counts of fewer than N customers, and what would be said of fewer; 1 hides "
             "nothing"},
};

static const kmseg_option_table table = {
    .name = "report",
    .struct_size = sizeof(kmseg_report_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_report_option_table(void) { return &table; }

void kmseg_report_options_init(kmseg_report_options *options) {
    kmseg_options_init(&table, options);
}

int32_t kmseg_report_has_charts(void) { return km_page_script_length > 0; }

typedef void (*write_fn)(const km_document *document, km_string *out);

static void write_document(const kmseg_result *result, const kmseg_report_options *options,
                           write_fn write, km_string *out) {
    km_document document;
    km_document_make(&document, result, options, &out->allocator);
    write(&document, out);
    km_document_free(&document);
}

void km_report_html(const kmseg_result *result, const kmseg_report_options *options,
                    km_string *out) {
    write_document(result, options, km_document_html, out);
}

void km_report_markdown(const kmseg_result *result, const kmseg_report_options *options,
                        km_string *out) {
    write_document(result, options, km_document_markdown, out);
}

void km_report_document(const kmseg_result *result, const kmseg_report_options *options,
                        km_string *out) {
    write_document(result, options, km_document_json, out);
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
    KM_TRY(kmseg_options_check(ctx, &table, options));
    const km_report_format *row = find(format);
    if (row == NULL) {
        return km_report_fail_format(ctx, format);
    }
    if (row->needs_profile) {
        char what[64];
        snprintf(what, sizeof what, "a report as %s", row->named.name);
        KM_TRY(km_need_profile(ctx, result, what));
    }
    km_string text;
    km_string_init(&text, &ctx->allocator);
    row->write(result, options, &text);
    return km_report_own(ctx, &text, out);
}
