/* Options of a run: its own rows, then those of prepare, fit and profile, moved to where their
 * structs lie inside kmseg_segment_options. */
#include "pipeline/pipeline.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

static const kmseg_option own_rows[] = {
    {.name = "sample_weight",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_segment_options, sample_weight),
     .metavar = "COLUMN",
     .help = "number column with a weight of at least 0 per row: how much it moves its centroid; "
             "scaling and profiles count every row once"},
    {.name = "silhouette_samples",
     .type = KMSEG_OPTION_INT64,
     .offset = offsetof(kmseg_segment_options, silhouette_samples),
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .default_number = 0,
     .metavar = "N",
     .help = "customers whose silhouette is computed, drawn at random; 0: all of 10,000, fewer of "
             "more, at least 5,000"},
    {.name = "min_size",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_segment_options, min_size),
     .metavar = "N|P%",
     .help = "merge segments of fewer than N customers, or of less than P % of them, into others, "
             "where that costs the least inertia"},
    {.name = "min_size_by",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(kmseg_segment_options, min_size_by),
     .default_text = "customers",
     .choices = "customers|weight",
     .metavar = "WHAT",
     .help = "what --min-size counts: customers, or their --sample-weight"},
    {.name = "profile",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(kmseg_segment_options, has_profile),
     .default_number = 1,
     .help =
         "describe the segments: profile, names in words, rules, scores, typical customers and a "
         "map; without, only centroids, labels and what new customers are assigned by, in about "
         "half the time"},
    {.name = "tiles",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(kmseg_segment_options, tiles),
     .default_text = "auto",
     .choices = "auto|int16|float32|float64",
     .metavar = "TYPE",
     .help =
         "what the samples are copied to for the kernels, which takes memory and time but changes "
         "no result; auto: what the samples suit"},
};

/* The tables that are part of a run, and where. */
static const struct part {
    const kmseg_option_table *(*table)(void);
    size_t offset;
} parts[] = {
    {kmseg_prepare_option_table, offsetof(kmseg_segment_options, prepare)},
    {kmseg_fit_option_table, offsetof(kmseg_segment_options, fit)},
    {kmseg_profile_option_table, offsetof(kmseg_segment_options, profile)},
};

enum { N_OWN = sizeof own_rows / sizeof *own_rows, N_PARTS = sizeof parts / sizeof *parts };

/* The joined table, made once and kept, as constant from then on as one written out here. */
enum { MOST_ROWS = 128 };
static kmseg_option joined_rows[MOST_ROWS];
static kmseg_option_table joined = {
    .name = "segment", .struct_size = sizeof(kmseg_segment_options), .options = joined_rows};
static pthread_once_t joined_once = PTHREAD_ONCE_INIT;

static void join(void) {
    memcpy(joined_rows, own_rows, sizeof own_rows);
    int32_t n = N_OWN;
    for (int32_t p = 0; p < N_PARTS; p++) {
        const kmseg_option_table *table = parts[p].table();
        for (int32_t i = 0; i < table->n_options && n < MOST_ROWS; i++) {
            joined_rows[n] = table->options[i];
            joined_rows[n].offset += parts[p].offset;
            n++;
        }
    }
    joined.n_options = n;
}

const kmseg_option_table *kmseg_segment_option_table(void) {
    pthread_once(&joined_once, join);
    return &joined;
}

void kmseg_segment_options_init(kmseg_segment_options *options) {
    kmseg_options_init(kmseg_segment_option_table(), options);
    for (int32_t p = 0; p < N_PARTS; p++) {
        const kmseg_option_table *table = parts[p].table();
        memcpy((char *)options + parts[p].offset, &table->struct_size, sizeof table->struct_size);
    }
}

kmseg_status km_segment_options_check(kmseg_context *ctx, const kmseg_segment_options *options) {
    KM_TRY(kmseg_options_check(ctx, kmseg_segment_option_table(), options));
    for (int32_t p = 0; p < N_PARTS; p++) {
        KM_TRY(kmseg_options_check(ctx, parts[p].table(), (const char *)options + parts[p].offset));
    }
    return KMSEG_OK;
}

static void write_option(km_json *json, const kmseg_option *option, const void *options) {
    const char *field = (const char *)options + option->offset;
    if (option->type == KMSEG_OPTION_TEXT || option->type == KMSEG_OPTION_CHOICE) {
        km_json_text(json, option->name, *(const char *const *)(const void *)field);
    } else if (option->type == KMSEG_OPTION_BOOL) {
        km_json_boolean(json, option->name, *(const int32_t *)(const void *)field);
    } else if (option->type == KMSEG_OPTION_DOUBLE) {
        km_json_number(json, option->name, *(const double *)(const void *)field);
    } else {
        char value[32];
        kmseg_options_format(option, options, value, sizeof value);
        km_json_raw(json, option->name, value);
    }
}

/* Threads, kernels and tiles are not among them: no result depends on those. */
kmseg_status km_segment_params(kmseg_context *ctx, const kmseg_segment_options *options,
                               km_arena *arena, const char **out) {
    km_string text;
    km_string_init(&text, &ctx->allocator);
    km_json json = {.out = &text};
    km_json_open(&json, NULL, '{');
    km_json_text(&json, "kmseg_version", kmseg_version());
    const kmseg_option_table *table = kmseg_segment_option_table();
    for (int32_t i = 0; i < table->n_options; i++) {
        if (table->options[i].offset != offsetof(kmseg_segment_options, tiles)) {
            write_option(&json, &table->options[i], options);
        }
    }
    if (options->by != NULL) {
        km_json_text(&json, "by", options->by);
    }
    if (options->joined != NULL) {
        km_json_text(&json, "joined", options->joined);
    }
    km_json_close(&json, '}');
    *out = text.failed ? NULL : km_arena_text(arena, text.data);
    km_string_free(&text);
    return *out != NULL ? KMSEG_OK : km_fail_memory(ctx, "the parameters of a result");
}
