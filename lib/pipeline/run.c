/* From orders or customers to segments, a step after the other. */
#include "pipeline/run.h"
#include "kernels/kernels.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- options ---- */

static const kmseg_option own_rows[] = {
    {.name = "k_min",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(kmseg_run_options, k_min),
     .minimum = 1,
     .maximum = KM_MOST_CLUSTERS,
     .default_number = 2,
     .metavar = "K",
     .help = "least number of segments that one is chosen from"},
    {.name = "k_max",
     .type = KMSEG_OPTION_INT32,
     .offset = offsetof(kmseg_run_options, k_max),
     .minimum = 1,
     .maximum = KM_MOST_CLUSTERS,
     .default_number = 10,
     .metavar = "K",
     .help = "largest number of segments that one is chosen from; that of k_min: none is chosen"},
    {.name = "skip",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_run_options, skip),
     .metavar = "LIST",
     .help = "steps to leave out, separated by commas: rfm, lifecycle, tier, clv"},
    {.name = "labels",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_run_options, labels),
     .metavar = "FILE",
     .help = "what the business calls its segments and does with them"},
    {.name = "join",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_run_options, join),
     .choices = "\n",
     .metavar = "FILE:KEY",
     .help = "tables whose columns are added to the customers, a request a line"},
    {.name = "join_type",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(kmseg_run_options, join_type),
     .default_text = "left",
     .choices = "left|inner",
     .metavar = "HOW",
     .help = "customers that a joined table does not have: left keeps them, inner leaves them out"},
};

static const kmseg_option_table own_table = {
    .name = "run",
    .struct_size = sizeof(kmseg_run_options),
    .n_options = sizeof own_rows / sizeof *own_rows,
    .options = own_rows,
};

/* The options of the steps; a name that an earlier one has belongs there. */
static const struct part {
    const kmseg_option_table *(*table)(void);
    size_t offset;
} parts[] = {
    {kmseg_run_option_table, 0},
    {kmseg_features_option_table, offsetof(kmseg_run_options, features)},
    {kmseg_fit_option_table, offsetof(kmseg_run_options, segment.fit)},
    {kmseg_prepare_option_table, offsetof(kmseg_run_options, segment.prepare)},
    {kmseg_profile_option_table, offsetof(kmseg_run_options, segment.profile)},
    {kmseg_segment_option_table, offsetof(kmseg_run_options, segment)},
    {kmseg_choose_option_table, offsetof(kmseg_run_options, choose)},
    {kmseg_rfm_option_table, offsetof(kmseg_run_options, rfm)},
    {kmseg_lifecycle_option_table, offsetof(kmseg_run_options, lifecycle)},
    {kmseg_tier_option_table, offsetof(kmseg_run_options, tier)},
    {kmseg_clv_option_table, offsetof(kmseg_run_options, clv)},
    {kmseg_value_columns_option_table, offsetof(kmseg_run_options, columns)},
    {kmseg_csv_option_table, offsetof(kmseg_run_options, csv)},
};

enum { N_PARTS = sizeof parts / sizeof *parts };

const kmseg_option_table *kmseg_run_option_table(void) { return &own_table; }

void kmseg_run_options_init(kmseg_run_options *options) {
    kmseg_options_init(&own_table, options);
    kmseg_features_options_init(&options->features);
    kmseg_csv_options_init(&options->csv);
    kmseg_value_columns_init(&options->columns);
    kmseg_rfm_options_init(&options->rfm);
    kmseg_lifecycle_options_init(&options->lifecycle);
    kmseg_tier_options_init(&options->tier);
    kmseg_clv_options_init(&options->clv);
    kmseg_choose_options_init(&options->choose);
    kmseg_segment_options_init(&options->segment);
}

/* The part that has the option of that name; k_min and k_max stand for n_clusters. */
static const struct part *part_of(const char *name) {
    for (size_t p = 0; p < N_PARTS && strcmp(name, "n_clusters") != 0; p++) {
        if (kmseg_options_find(parts[p].table(), name) != NULL) {
            return &parts[p];
        }
    }
    return NULL;
}

kmseg_status kmseg_run_set(kmseg_context *ctx, kmseg_run_options *options, const char *name,
                           const char *value) {
    const struct part *part = part_of(name);
    if (part == NULL) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "no step has an option %s; kmseg run --help has them all", name);
    }
    return kmseg_options_set(ctx, part->table(), (char *)options + part->offset, name, value);
}

const kmseg_option *kmseg_run_option(int32_t i) {
    for (size_t p = 0; p < N_PARTS && i >= 0; p++) {
        const kmseg_option_table *table = parts[p].table();
        for (int32_t o = 0; o < table->n_options; o++) {
            if (part_of(table->options[o].name) == &parts[p] && i-- == 0) {
                return &table->options[o];
            }
        }
    }
    return NULL;
}

/* Whether a list "a, b" has a name. */
static int is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *at = list; at != NULL && *at != '\0';) {
        at += strspn(at, ", ");
        size_t n = strcspn(at, ", ");
        if (n == length && n > 0 && strncmp(at, name, n) == 0) {
            return 1;
        }
        at += n;
    }
    return 0;
}

int km_run_skips(const km_run *run, const char *step) { return is_listed(run->options.skip, step); }

static kmseg_status check(kmseg_context *ctx, const kmseg_run_options *options) {
    KM_TRY(kmseg_options_check(ctx, &own_table, options));
    if (options->k_max < options->k_min) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "k_max is %d; it needs to be at least k_min, %d",
                       options->k_max, options->k_min);
    }
    for (const char *at = options->skip; at != NULL && *(at += strspn(at, ", ")) != '\0';) {
        char name[32];
        size_t n = strcspn(at, ", ");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), at);
        if (!is_listed("rfm,lifecycle,tier,clv", name)) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "skip has \"%s\"; the steps are rfm, lifecycle, tier, clv", name);
        }
        at += n;
    }
    return KMSEG_OK;
}

/* ---- what steps say ---- */

kmseg_status km_run_did(km_run *run, const char *name, int is_left_out, const char *format, ...) {
    km_run_result *made = run->made;
    char text[KM_RUN_TEXT];
    double time = km_clock();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (made->shown.n_steps == made->capacity) {
        int32_t capacity = made->capacity + 16;
        kmseg_run_step *steps = km_arena_array(&made->arena, capacity, sizeof *steps);
        if (steps == NULL) {
            return km_fail_memory(run->ctx, "the steps of a run");
        }
        if (made->shown.n_steps > 0) {
            memcpy(steps, made->steps, (size_t)made->shown.n_steps * sizeof *steps);
        }
        made->steps = steps;
        made->shown.steps = steps;
        made->capacity = capacity;
    }
    kmseg_run_step *step = &made->steps[made->shown.n_steps];
    *step = (kmseg_run_step){.name = name,
                             .text = km_arena_text(&made->arena, text),
                             .seconds = time - run->clock,
                             .is_left_out = is_left_out};
    if (step->text == NULL) {
        return km_fail_memory(run->ctx, "the steps of a run");
    }
    made->shown.n_steps++;
    run->clock = time;
    if (run->said != NULL) {
        run->said(run->user, step);
    }
    return KMSEG_OK;
}

void km_run_keep(km_run *run, const char *name, char *json) {
    if (json == NULL || run->n_reports == KM_RUN_REPORTS) {
        kmseg_string_free(json);
        return;
    }
    run->reports[run->n_reports].name = name;
    run->reports[run->n_reports++].json = json;
}

const char *km_run_reason(const km_run *run, char out[KM_RUN_TEXT]) {
    const char *message = kmseg_last_error(run->ctx);
    size_t length = strlen(run->input);
    if (strncmp(message, run->input, length) == 0 && message[length] == ':') {
        message += length + 1 + strspn(message + length + 1, " ");
    }
    snprintf(out, KM_RUN_TEXT, "%s", message);
    out[strcspn(out, ";")] = '\0';
    return out;
}

/* What the table of customers keeps of how it came about: what its last classes said. */
static kmseg_status make_params(km_run *run) {
    json_t *root = json_object();
    for (int i = 0; i < run->n_reports; i++) {
        json_t *json = json_loads(run->reports[i].json, 0, NULL);
        if (strcmp(run->reports[i].name, "features") == 0) {
            json_object_update(root, json);
        } else if (strcmp(run->reports[i].name, "choice") != 0) {
            json_object_set(root, run->reports[i].name, json);
        }
        json_decref(json);
    }
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    run->made->shown.params = text != NULL ? km_arena_text(&run->made->arena, text) : NULL;
    free(text);
    return run->made->shown.params != NULL ? KMSEG_OK : km_fail_memory(run->ctx, "what steps say");
}

/* ---- all of it ---- */

kmseg_status kmseg_run(kmseg_context *ctx, const char *input, const kmseg_run_options *options,
                       kmseg_run_step_fn said, void *user, kmseg_run_result **out) {
    *out = NULL;
    KM_TRY(check(ctx, options));
    km_run_result *made = km_allocate(&ctx->allocator, sizeof *made);
    if (made == NULL) {
        return km_fail_memory(ctx, "a run");
    }
    *made = (km_run_result){.shown.struct_size = sizeof made->shown};
    km_arena_init(&made->arena, &ctx->allocator);
    km_run run = {.ctx = ctx,
                  .input = input,
                  .options = *options,
                  .said = said,
                  .user = user,
                  .made = made,
                  .clock = km_clock()};
    kmseg_status status = km_run_customers(&run);
    if (status == KMSEG_OK) {
        status = km_run_segments(&run);
    }
    if (status == KMSEG_OK) {
        status = make_params(&run);
    }
    for (int i = 0; i < run.n_reports; i++) {
        kmseg_string_free(run.reports[i].json);
    }
    if (status != KMSEG_OK) {
        kmseg_run_free(&made->shown);
        return status;
    }
    *out = &made->shown;
    return KMSEG_OK;
}

void kmseg_run_free(kmseg_run_result *run) {
    if (run != NULL) {
        km_run_result *made = (km_run_result *)(void *)run;
        kmseg_allocator allocator = made->arena.allocator;
        kmseg_table_free(run->customers);
        kmseg_result_free(run->result);
        kmseg_choice_free(run->choice);
        km_arena_free(&made->arena);
        km_release(&allocator, made);
    }
}
