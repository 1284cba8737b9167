/* An export from beginning to end. */
#include "crm/crm.h"

#include <stdio.h>
#include <string.h>

int kmseg_crm_file_name(const char *path, int32_t i, int32_t n, char *out, size_t capacity) {
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t stem = dot != NULL && dot > base ? (size_t)(dot - path) : strlen(path);
    int length = n == 1
                     ? snprintf(out, capacity, "%s", path)
                     : snprintf(out, capacity, "%.*s-%03d%s", (int)stem, path, i + 1, path + stem);
    return length > 0 && (size_t)length < capacity;
}

static kmseg_status run(km_crm *crm, const char *path, const kmseg_crm_table *table) {
    KM_TRY(km_crm_match(crm));
    KM_TRY(km_crm_find_columns(crm));
    KM_TRY(km_crm_hide_ids(crm));
    crm->report->n_columns = crm->n_columns;
    for (int32_t i = 0; i < crm->n_columns; i++) {
        crm->report->fields[i] = crm->columns[i].field;
    }
    return table != NULL ? km_crm_write_rows(crm, table) : km_crm_write_files(crm, path);
}

/* To a file or to a table. */
static kmseg_status write_to(kmseg_context *ctx, const kmseg_result *result,
                             const kmseg_table *customers, const kmseg_crm_options *options,
                             const char *path, const kmseg_crm_table *table,
                             kmseg_crm_report *out_report) {
    kmseg_crm_report report = {.struct_size = sizeof report};
    KM_TRY(kmseg_options_check(ctx, kmseg_crm_option_table(), options));
    if (options->key != NULL && options->drop_ids) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "a key for pseudonyms and drop_ids exclude each other");
    }
    km_crm crm = {.ctx = ctx,
                  .result = result,
                  .customers = customers,
                  .options = options,
                  .format = km_crm_format_find(options->format),
                  .report = &report};
    km_arena_init(&crm.arena, &ctx->allocator);
    kmseg_status status = run(&crm, path, table);
    km_arena_free(&crm.arena);
    if (out_report != NULL) {
        *out_report = report;
    }
    return status;
}

kmseg_status kmseg_crm_write(kmseg_context *ctx, const kmseg_result *result,
                             const kmseg_table *customers, const kmseg_crm_options *options,
                             const char *path, kmseg_crm_report *out_report) {
    return write_to(ctx, result, customers, options, path, NULL, out_report);
}

kmseg_status kmseg_crm_write_table(kmseg_context *ctx, const kmseg_result *result,
                                   const kmseg_table *customers, const kmseg_crm_options *options,
                                   const kmseg_crm_table *table, kmseg_crm_report *out_report) {
    return write_to(ctx, result, customers, options, NULL, table, out_report);
}
