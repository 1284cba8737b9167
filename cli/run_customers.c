/* The customers of kmseg run: read, classed, and joined with what else is known of them. */
#include "run.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_run_did(cli_run_state *state, const char *name, int is_left_out, const char *format, ...) {
    cli_run_step *step = &state->steps[state->n_steps];
    double time = now();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(step->text, sizeof step->text, format, arguments);
    va_end(arguments);
    step->name = name;
    step->is_left_out = is_left_out;
    step->seconds = time - state->clock;
    state->n_steps += state->n_steps + 1 < CLI_RUN_STEPS;
    state->clock = time;
    if (state->run->common.quiet || state->run->common.json) {
        return;
    }
    cli_progress_erase();
    printf("%-12s%6.2f s  ", name, step->seconds);
    cli_wrap(stdout, step->text, 22, 22, cli_width(stdout));
    fflush(stdout);
}

void cli_run_keep(cli_run_state *state, const char *name, json_t *json) {
    if (json == NULL || state->n_reports == CLI_RUN_REPORTS) {
        json_decref(json);
        return;
    }
    state->reports[state->n_reports].name = name;
    state->reports[state->n_reports++].json = json;
}

int cli_run_path(const cli_run_state *state, const char *name, char *out, size_t capacity) {
    int n = snprintf(out, capacity, "%s/%s", state->options->files.output, name);
    return n >= 0 && n < (int)capacity ? CLI_OK
                                       : cli_failed("the path of the output folder is too long");
}

void cli_run_free(cli_run_state *state) {
    for (int i = 0; i < state->n_reports; i++) {
        json_decref(state->reports[i].json);
    }
    kmseg_choice_free(state->choice);
    kmseg_result_free(state->result);
    cli_joined_free(&state->joined);
    cli_customers_free(&state->customers);
}

/* ---- reading ---- */

/* Why a step could not be done: the message of the context without the file, which is known, and what
 * is to be done about it, which need not be. */
static const char *reason(const cli_run_state *state, char *out, size_t capacity) {
    const char *message = kmseg_last_error(state->run->ctx);
    size_t length = strlen(state->input);
    if (strncmp(message, state->input, length) == 0 && message[length] == ':') {
        message += length + 1 + strspn(message + length + 1, " ");
    }
    cli_clean(message, out, capacity);
    out[strcspn(out, ";")] = '\0';
    return out;
}

static void say_log(cli_run_state *state) {
    const kmseg_features_report *report = &state->customers.report;
    char customers[32], kept[32], lines[32];
    cli_run_did(state, "features", 0, "%s customers from %s of %s order lines",
                cli_count(report->n_customers, customers, sizeof customers),
                cli_count(report->n_kept, kept, sizeof kept),
                cli_count(report->n_lines, lines, sizeof lines));
}

/* An order log where its columns are found, else a table of customers. */
static int read_input(cli_run_state *state) {
    const cli_run_options *options = state->options;
    const kmseg_features_options *features = &options->features;
    kmseg_status status;
    int code = cli_log_read(state->run, state->input, features, &status, &state->customers);
    if (code != CLI_OK) {
        return code;
    }
    if (status == KMSEG_OK) {
        cli_run_keep(state, "features", cli_features_json(&state->customers.report, state->input));
        say_log(state);
        return CLI_OK;
    }
    if (status != KMSEG_E_NOT_FOUND || features->date != NULL || features->amount != NULL ||
        features->customer != NULL) {
        return cli_status(state->run, status);
    }
    char why[300], count[32];
    reason(state, why, sizeof why);
    code = cli_table_read(state->run, state->input, &options->csv, &state->customers);
    if (code == CLI_OK) {
        cli_run_did(state, "customers", 0, "%s customers, one a row (it is no order log: %s)",
                    cli_count(kmseg_table_n_rows(state->customers.table), count, sizeof count),
                    why);
    }
    return code;
}

/* ---- classes ---- */

typedef struct class_step {
    const char *name;
    kmseg_status (*add)(cli_run_state *state, json_t **out);
    const char *groups; /* in its JSON */
} class_step;

static kmseg_status add_rfm(cli_run_state *state, json_t **out) {
    const cli_run_options *o = state->options;
    return cli_rfm_step(state->run, &state->customers, &o->columns, &o->rfm, state->input, out);
}

static kmseg_status add_lifecycle(cli_run_state *state, json_t **out) {
    const cli_run_options *o = state->options;
    return cli_lifecycle_step(state->run, &state->customers, &o->columns, &o->lifecycle,
                              state->input, out);
}

static kmseg_status add_tier(cli_run_state *state, json_t **out) {
    const cli_run_options *o = state->options;
    return cli_tier_step(state->run, &state->customers, &o->columns, &o->tier, state->input, out);
}

static const class_step class_steps[] = {{"rfm", add_rfm, "segments"},
                                         {"lifecycle", add_lifecycle, "stages"},
                                         {"tier", add_tier, "tiers"}};

/* "A 1,133, B 1,469, C 1,736": groups that have customers. */
static void list_groups(json_t *groups, char *out, size_t capacity) {
    out[0] = '\0';
    size_t n = json_array_size(groups), shown = 0;
    for (size_t i = 0; i < n; i++) {
        json_t *group = json_array_get(groups, i);
        int64_t size = json_integer_value(json_object_get(group, "customers"));
        char name[80], count[32];
        size_t used = strlen(out);
        if (size > 0 && used < capacity) {
            cli_clean(json_string_value(json_object_get(group, "name")), name, sizeof name);
            snprintf(out + used, capacity - used, "%s%s %s", shown++ > 0 ? ", " : "", name,
                     cli_count(size, count, sizeof count));
        }
    }
}

/* What the data cannot give is left out, and why is said. */
static int add_classes(cli_run_state *state) {
    for (size_t i = 0; i < sizeof class_steps / sizeof *class_steps; i++) {
        const class_step *step = &class_steps[i];
        json_t *json = NULL;
        char text[300];
        if (cli_run_skips(state->options, step->name)) {
            continue;
        }
        kmseg_status status = step->add(state, &json);
        if (status == KMSEG_OK) {
            list_groups(json_object_get(json, step->groups), text, sizeof text);
            cli_run_keep(state, step->name, json);
            cli_run_did(state, step->name, 0, "%s", text);
        } else if (status == KMSEG_E_NOT_FOUND || status == KMSEG_E_DATA) {
            cli_run_did(state, step->name, 1, "left out: %s", reason(state, text, sizeof text));
        } else {
            return cli_status(state->run, status);
        }
    }
    return CLI_OK;
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
static kmseg_status cut_clv(cli_run_state *state, const kmseg_table *made, kmseg_table **out) {
    kmseg_context *ctx = state->run->ctx;
    kmseg_status status = kmseg_table_new(ctx, kmseg_table_n_rows(made), out);
    for (int32_t i = 0; i < kmseg_table_n_columns(made) && status == KMSEG_OK; i++) {
        const kmseg_column *column = kmseg_table_column(made, i);
        if (column->role == KMSEG_ROLE_ID && column->type == KMSEG_COLUMN_TEXT) {
            status = kmseg_table_add_codes(ctx, *out, column->name, column->codes, column->n_levels,
                                           column->levels);
        } else if (is_foretold(column->name)) {
            status = kmseg_table_add_numbers(ctx, *out, column->name, column->numbers);
        } else {
            continue;
        }
        if (status == KMSEG_OK) { /* told of segments; they are not made from what is foretold */
            status = kmseg_table_describe(
                ctx, *out, kmseg_table_n_columns(*out) - 1,
                column->role == KMSEG_ROLE_ID ? KMSEG_ROLE_ID : KMSEG_ROLE_DESCRIBE, column->unit);
        }
    }
    return status;
}

static kmseg_status join_clv(cli_run_state *state, const kmseg_table *made) {
    kmseg_context *ctx = state->run->ctx;
    kmseg_table *cut = NULL, *joined = NULL;
    kmseg_status status = cut_clv(state, made, &cut);
    if (status == KMSEG_OK) {
        status = kmseg_table_join(ctx, state->customers.table, cut, NULL, &joined, NULL);
    }
    kmseg_table_free(cut);
    if (status != KMSEG_OK) {
        kmseg_table_free(joined);
        return status;
    }
    kmseg_table_free(state->customers.table);
    state->customers.table = joined;
    return KMSEG_OK;
}

static int add_clv(cli_run_state *state) {
    const cli_run_options *options = state->options;
    kmseg_table *made = NULL;
    kmseg_clv_report report;
    char text[300], value[64];
    if (cli_run_skips(options, "clv")) {
        return CLI_OK;
    }
    if (!state->customers.is_log) {
        cli_run_did(state, "clv", 1, "left out: lifetime value is foretold from orders");
        return CLI_OK;
    }
    kmseg_clv_options clv = options->clv;
    kmseg_status status = kmseg_clv_from_file(state->run->ctx, state->input, &options->features,
                                              &clv, &made, &report);
    char unfit[300] = "";
    if (status == KMSEG_E_DATA && clv.spend) { /* who buys again may be told where spend cannot */
        reason(state, unfit, sizeof unfit);
        clv.spend = 0;
        status = kmseg_clv_from_file(state->run->ctx, state->input, &options->features, &clv, &made,
                                     &report);
    }
    if (status == KMSEG_OK) {
        status = join_clv(state, made);
    }
    kmseg_table_free(made);
    if (status == KMSEG_E_DATA) {
        cli_run_did(state, "clv", 1, "left out: %s", reason(state, text, sizeof text));
        return CLI_OK;
    }
    if (status != KMSEG_OK) {
        return cli_status(state->run, status);
    }
    cli_run_keep(state, "clv", cli_clv_json(&clv, &report, state->input));
    const kmseg_bgnbd *m = &report.purchases;
    int is_vague = m->standard_errors[2] > m->a || m->standard_errors[3] > m->b;
    char alive[80] = "who leaves does not show in these orders";
    if (m->nobody_leaves) {
        snprintf(alive, sizeof alive, "nobody seems to leave");
    } else if (!is_vague) {
        snprintf(alive, sizeof alive, "%.0f %% are still customers", 100 * report.mean_alive);
    }
    if (report.has_spend) {
        cli_run_did(state, "clv", 0, "the next %d months are worth %s; %s", options->clv.months,
                    cli_number(report.total_clv, 0, value, sizeof value), alive);
    } else {
        cli_run_did(state, "clv", 0, "%s purchases to expect in the next %.0f %s; %s%s%s",
                    cli_number(report.total_purchases, 0, value, sizeof value), report.horizon,
                    clv.unit, alive, unfit[0] != '\0' ? "; no spend: " : "", unfit);
    }
    return CLI_OK;
}

/* ---- joins ---- */

static int add_joins(cli_run_state *state) {
    const cli_run_options *options = state->options;
    state->joined.table = state->customers.table;
    state->joined.known_as = state->customers.is_log ? state->customers.report.customer : NULL;
    state->customers.table = NULL;
    if (options->joins.join == NULL) {
        return CLI_OK;
    }
    int code = cli_joined_add(state->run, &options->csv, &options->joins, &state->joined);
    size_t n = json_array_size(state->joined.joins);
    for (size_t i = 0; i < n && code == CLI_OK; i++) {
        json_t *join = json_array_get(state->joined.joins, i);
        int64_t all = json_integer_value(json_object_get(join, "customers"));
        int64_t without = json_integer_value(json_object_get(join, "customers_without"));
        char file[200], a[32], b[32];
        cli_run_did(state, "join", 0, "%s has %s of %s customers",
                    cli_clean(json_string_value(json_object_get(join, "file")), file, sizeof file),
                    cli_count(all - without, a, sizeof a), cli_count(all, b, sizeof b));
    }
    return code;
}

int cli_run_customers(cli_run_state *state) {
    state->clock = now();
    int code = read_input(state);
    if (code == CLI_OK) {
        code = add_classes(state);
    }
    if (code == CLI_OK) {
        code = add_clv(state);
    }
    return code == CLI_OK ? add_joins(state) : code;
}
