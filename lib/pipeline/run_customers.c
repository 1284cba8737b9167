/* The customers of a run: read, classed, and joined with what else is known of them. */
#include "base/text.h"
#include "pipeline/run.h"

#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static const char *count(int64_t value, char out[64]) {
    km_format_number((double)value, 0, out, 64);
    return out;
}

static kmseg_status say_log(km_run *run) {
    const kmseg_features_report *report = &run->orders;
    char customers[64], kept[64], lines[64], *json;
    KM_TRY(kmseg_features_json(run->ctx, report, run->input, &json));
    km_run_keep(run, "features", json);
    return km_run_did(run, "features", 0, "%s customers from %s of %s order lines",
                      count(report->n_customers, customers), count(report->n_kept, kept),
                      count(report->n_lines, lines));
}

static kmseg_status read_customers(km_run *run) {
    char why[KM_RUN_TEXT], n[64];
    km_run_reason(run, why);
    KM_TRY(kmseg_source_read(run->ctx, run->input, &run->options.csv, &run->made->shown.customers));
    return km_run_did(run, "customers", 0, "%s customers, one a row (it is no order log: %s)",
                      count(kmseg_table_n_rows(run->made->shown.customers), n), why);
}

/* An order log where its columns are found, else a table of customers. */
static kmseg_status read_input(km_run *run) {
    const kmseg_features_options *features = &run->options.features;
    kmseg_file_kind kind;
    KM_TRY(kmseg_file_kind_of(run->ctx, run->input, &kind));
    if (kind == KMSEG_FILE_RESULT) {
        return km_fail(run->ctx, KMSEG_E_FORMAT,
                       "%s holds segments; run needs orders or a table of customers", run->input);
    }
    kmseg_status status = kmseg_features_from_file(run->ctx, run->input, features, NULL,
                                                   &run->made->shown.customers, &run->orders);
    if (status == KMSEG_OK) {
        run->made->shown.is_log = 1;
        return say_log(run);
    }
    int is_named = features->date != NULL || features->amount != NULL || features->customer != NULL;
    return status == KMSEG_E_NOT_FOUND && !is_named ? read_customers(run) : status;
}

static kmseg_origin origin_of(const km_run *run) {
    return (kmseg_origin){run->input, run->made->shown.is_log ? &run->orders : NULL,
                          run->made->shown.customers};
}

/* ---- classes ---- */

/* "A 1,133, B 1,469, C 1,736": groups that have customers. */
static void list_groups(const kmseg_value_group *groups, int32_t n, char out[KM_RUN_TEXT]) {
    out[0] = '\0';
    for (int32_t i = 0; i < n; i++) {
        char size[64];
        size_t used = strlen(out);
        if (groups[i].n_customers > 0) {
            snprintf(out + used, KM_RUN_TEXT - used, "%s%.70s %s", used > 0 ? ", " : "",
                     groups[i].name, count(groups[i].n_customers, size));
        }
    }
}

static kmseg_status add_rfm(km_run *run, char text[KM_RUN_TEXT], char **json) {
    const kmseg_origin origin = origin_of(run);
    kmseg_rfm *rfm;
    KM_TRY(kmseg_rfm_new(run->ctx, run->made->shown.customers, &run->options.columns,
                         &run->options.rfm, NULL, &rfm));
    list_groups(rfm->segments, rfm->n_segments, text);
    kmseg_status status = kmseg_rfm_json(run->ctx, rfm, &origin, json);
    kmseg_rfm_free(rfm);
    return status;
}

static kmseg_status add_lifecycle(km_run *run, char text[KM_RUN_TEXT], char **json) {
    const kmseg_origin origin = origin_of(run);
    double percentiles[KMSEG_N_GAP_PERCENTILES];
    int64_t n_gaps = kmseg_origin_gaps(&origin, percentiles);
    int known = n_gaps > 0 || run->made->shown.is_log;
    kmseg_lifecycle *lifecycle;
    KM_TRY(kmseg_lifecycle_new(run->ctx, run->made->shown.customers, &run->options.columns,
                               known ? percentiles : NULL, n_gaps, &run->options.lifecycle,
                               &lifecycle));
    list_groups(lifecycle->stages, KMSEG_N_STAGES, text);
    kmseg_status status =
        kmseg_lifecycle_json(run->ctx, lifecycle, &run->options.lifecycle, NULL, &origin, json);
    kmseg_lifecycle_free(lifecycle);
    return status;
}

static kmseg_status add_tier(km_run *run, char text[KM_RUN_TEXT], char **json) {
    const kmseg_origin origin = origin_of(run);
    kmseg_tier *tier;
    KM_TRY(kmseg_tier_new(run->ctx, run->made->shown.customers, &run->options.columns,
                          &run->options.tier, &tier));
    list_groups(tier->tiers, tier->n_tiers, text);
    kmseg_status status = kmseg_tier_json(run->ctx, tier, &run->options.tier, &origin, json);
    kmseg_tier_free(tier);
    return status;
}

static const struct {
    const char *name;
    kmseg_status (*add)(km_run *run, char text[KM_RUN_TEXT], char **json);
} class_steps[] = {{"rfm", add_rfm}, {"lifecycle", add_lifecycle}, {"tier", add_tier}};

/* What the data cannot give is left out, and why is said. */
static kmseg_status add_classes(km_run *run) {
    for (size_t i = 0; i < sizeof class_steps / sizeof *class_steps; i++) {
        const char *name = class_steps[i].name;
        char text[KM_RUN_TEXT], *json = NULL;
        if (km_run_skips(run, name)) {
            continue;
        }
        kmseg_status status = class_steps[i].add(run, text, &json);
        if (status == KMSEG_OK) {
            km_run_keep(run, name, json);
            KM_TRY(km_run_did(run, name, 0, "%s", text));
        } else if (status == KMSEG_E_NOT_FOUND || status == KMSEG_E_DATA) {
            KM_TRY(km_run_did(run, name, 1, "left out: %s", km_run_reason(run, text)));
        } else {
            return status;
        }
    }
    return KMSEG_OK;
}

/* ---- lifetime value ---- */

static const char *const clv_columns[] = {"p_alive", "churn_risk", "expected_purchases",
                                          "expected_spend", "clv"};

static int is_foretold(const char *name) {
    for (size_t c = 0; c < sizeof clv_columns / sizeof *clv_columns; c++) {
        if (strcmp(name, clv_columns[c]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Of the table that the models make, the customer and what is foretold of them. */
static kmseg_status cut_clv(km_run *run, const kmseg_table *made, kmseg_table **out) {
    kmseg_context *ctx = run->ctx;
    KM_TRY(kmseg_table_new(ctx, kmseg_table_n_rows(made), out));
    for (int32_t i = 0; i < kmseg_table_n_columns(made); i++) {
        const kmseg_column *column = kmseg_table_column(made, i);
        if (column->role == KMSEG_ROLE_ID && column->type == KMSEG_COLUMN_TEXT) {
            KM_TRY(kmseg_table_add_codes(ctx, *out, column->name, column->codes, column->n_levels,
                                         column->levels));
        } else if (is_foretold(column->name)) {
            KM_TRY(kmseg_table_add_numbers(ctx, *out, column->name, column->numbers));
        } else {
            continue;
        }
        /* told of segments; they are not made from what is foretold */
        KM_TRY(kmseg_table_describe(
            ctx, *out, kmseg_table_n_columns(*out) - 1,
            column->role == KMSEG_ROLE_ID ? KMSEG_ROLE_ID : KMSEG_ROLE_DESCRIBE, column->unit));
    }
    return KMSEG_OK;
}

static kmseg_status join_clv(km_run *run, const kmseg_table *made) {
    kmseg_table *cut = NULL, *joined = NULL;
    kmseg_status status = cut_clv(run, made, &cut);
    if (status == KMSEG_OK) {
        status = kmseg_table_join(run->ctx, run->made->shown.customers, cut, NULL, &joined, NULL);
    }
    kmseg_table_free(cut);
    if (status == KMSEG_OK) {
        kmseg_table_free(run->made->shown.customers);
        run->made->shown.customers = joined;
    }
    return status;
}

static kmseg_status say_clv(km_run *run, const kmseg_clv_options *options,
                            const kmseg_clv_report *report, const char *unfit) {
    char alive[80] = "who leaves does not show in these orders", value[64], *json;
    const kmseg_bgnbd *m = &report->purchases;
    int is_vague = m->standard_errors[2] > m->a || m->standard_errors[3] > m->b;
    KM_TRY(kmseg_clv_json(run->ctx, options, report, run->input, &json));
    km_run_keep(run, "clv", json);
    if (m->nobody_leaves) {
        snprintf(alive, sizeof alive, "nobody seems to leave");
    } else if (!is_vague) {
        snprintf(alive, sizeof alive, "%.0f %% are still customers", 100 * report->mean_alive);
    }
    if (report->has_spend) {
        km_format_number(report->total_clv, 0, value, sizeof value);
        return km_run_did(run, "clv", 0, "the next %d months are worth %s; %s", options->months,
                          value, alive);
    }
    km_format_number(report->total_purchases, 0, value, sizeof value);
    return km_run_did(run, "clv", 0, "%s purchases to expect in the next %.0f %s; %s%s%s", value,
                      report->horizon, options->unit, alive, unfit[0] != '\0' ? "; no spend: " : "",
                      unfit);
}

static kmseg_status add_clv(km_run *run) {
    const kmseg_features_options *features = &run->options.features;
    kmseg_table *made = NULL;
    kmseg_clv_report report;
    char text[KM_RUN_TEXT], unfit[KM_RUN_TEXT] = "";
    if (km_run_skips(run, "clv")) {
        return KMSEG_OK;
    }
    if (!run->made->shown.is_log) {
        return km_run_did(run, "clv", 1, "left out: lifetime value is foretold from orders");
    }
    kmseg_clv_options clv = run->options.clv;
    kmseg_status status = kmseg_clv_from_file(run->ctx, run->input, features, &clv, &made, &report);
    if (status == KMSEG_E_DATA && clv.spend) { /* who buys again may be told where spend cannot */
        km_run_reason(run, unfit);
        clv.spend = 0;
        status = kmseg_clv_from_file(run->ctx, run->input, features, &clv, &made, &report);
    }
    if (status == KMSEG_OK) {
        status = join_clv(run, made);
    }
    kmseg_table_free(made);
    if (status == KMSEG_E_DATA) {
        return km_run_did(run, "clv", 1, "left out: %s", km_run_reason(run, text));
    }
    return status == KMSEG_OK ? say_clv(run, &clv, &report, unfit) : status;
}

/* ---- joins ---- */

typedef struct joining {
    km_run *run;
    int inner;
    kmseg_status status;
} joining;

static void note_join(void *user, const char *file, const kmseg_join_counts *counts) {
    joining *j = user;
    km_arena *arena = &j->run->made->arena;
    char note[800], matched[64], all[64];
    kmseg_join_note(file, counts, j->inner, note, sizeof note);
    const char *before = j->run->joined;
    j->run->joined = before != NULL ? km_arena_format(arena, "%s, %s", before, note)
                                    : km_arena_text(arena, note);
    kmseg_status status = j->run->joined == NULL ? km_fail_memory(j->run->ctx, "a join") : KMSEG_OK;
    if (status == KMSEG_OK) {
        status = km_run_did(j->run, "join", 0, "%.180s has %s of %s customers", file,
                            count(counts->n_matched, matched), count(counts->n_rows, all));
    }
    j->status = j->status == KMSEG_OK ? status : j->status;
}

static kmseg_status add_joins(km_run *run) {
    joining j = {run, strcmp(run->options.join_type, "inner") == 0, KMSEG_OK};
    const char *known_as = run->made->shown.is_log ? run->orders.customer : NULL;
    KM_TRY(kmseg_joins_add(run->ctx, &run->made->shown.customers, run->options.join, j.inner,
                           known_as, &run->options.csv, note_join, &j));
    return j.status;
}

kmseg_status km_run_customers(km_run *run) {
    KM_TRY(read_input(run));
    KM_TRY(add_classes(run));
    KM_TRY(add_clv(run));
    return add_joins(run);
}
