/* Files that are joined to customers, one after the other. */
#include "pipeline/pipeline.h"

#include <stdio.h>
#include <string.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static kmseg_status read_file(kmseg_context *ctx, const char *path, const kmseg_csv_options *csv,
                              kmseg_table **out) {
    kmseg_file_kind kind;
    KM_TRY(kmseg_file_kind_of(ctx, path, &kind));
    if (kind == KMSEG_FILE_RESULT) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s holds segments; a join needs a table of customers",
                       path);
    }
    return kmseg_source_read(ctx, path, csv, out);
}

static kmseg_status join_one(kmseg_context *ctx, kmseg_table **table,
                             const kmseg_join_request *asked, int inner, const char *known_as,
                             const kmseg_csv_options *csv, kmseg_joined_fn joined, void *user) {
    kmseg_table *from = NULL, *both = NULL;
    kmseg_join_counts counts;
    kmseg_join_options options;
    kmseg_join_options_init(&options);
    options.key = asked->key[0] != '\0' ? asked->key : NULL;
    options.from_key = asked->from_key[0] != '\0' ? asked->from_key : NULL;
    options.from_name = base_name(asked->path);
    options.inner = inner;
    KM_TRY(read_file(ctx, asked->path, csv, &from));
    if (options.key == NULL && options.from_key == NULL && known_as != NULL &&
        kmseg_table_find(from, known_as) >= 0) {
        options.from_key = known_as;
    }
    kmseg_status status = kmseg_table_join(ctx, *table, from, &options, &both, &counts);
    if (status == KMSEG_OK) {
        if (joined != NULL) {
            joined(user, options.from_name, &counts);
        }
        kmseg_table_free(*table);
        *table = both;
    }
    kmseg_table_free(from);
    return status;
}

kmseg_status kmseg_joins_add(kmseg_context *ctx, kmseg_table **table, const char *requests,
                             int inner, const char *known_as, const kmseg_csv_options *csv,
                             kmseg_joined_fn joined, void *user) {
    for (const char *at = requests; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        kmseg_join_request asked;
        if (!kmseg_join_request_read(at, length, &asked)) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "a join needs a file and its key, such as demographics.csv:customer_id");
        }
        KM_TRY(join_one(ctx, table, &asked, inner, known_as, csv, joined, user));
        at += length + (at[length] == '\n');
    }
    return KMSEG_OK;
}

void kmseg_join_note(const char *file, const kmseg_join_counts *counts, int inner, char *out,
                     size_t capacity) {
    int same = strcmp(counts->key, counts->from_key) == 0;
    snprintf(out, capacity, "%s:%s%s%s (%s)", file, same ? "" : counts->key, same ? "" : "=",
             counts->from_key, inner ? "inner" : "left");
}
