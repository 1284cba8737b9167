/* The segments of kmseg run: how many, which, and the files they go to. */
#include "run.h"

#include <math.h>
#include <string.h>

/* ---- how many ---- */

/* Without a clear number: what the gap statistic favours, where each of its segments comes back and none
 * is tiny, else what has most in its favour, else the least that was asked for. */
static int32_t settle(const kmseg_choice *choice, double min_share, int32_t least) {
    const double valid = 0.75; /* mean Jaccard similarity (Hennig 2007) */
    for (int v = 0; v < KMSEG_VOTES; v++) {
        for (int32_t i = 0; i < choice->n_rows && strcmp(choice->votes[v].index, "gap") == 0; i++) {
            const kmseg_choice_row *row = &choice->rows[i];
            double smallest = (double)row->sweep.smallest / (double)choice->n_samples;
            if (row->sweep.n_clusters == choice->votes[v].n_clusters && row->stability >= valid &&
                smallest >= min_share) {
                return row->sweep.n_clusters;
            }
        }
    }
    return choice->closest > 0 ? choice->closest : least;
}

/* The JSON of a choice, less the times, which differ from run to run. */
static json_t *choice_json(cli_run_state *state, int *code) {
    char *text = NULL;
    *code = cli_status(state->run,
                       kmseg_report_choice(state->run->ctx, state->choice, "json", NULL, &text));
    json_t *json = *code == CLI_OK ? json_loads(text, 0, NULL) : NULL;
    json_object_del(json, "seconds");
    kmseg_string_free(text);
    return json;
}

static int choose(cli_run_state *state) {
    cli_run_options *options = state->options;
    options->segment.fit.n_clusters = state->k_min;
    if (state->k_min == state->k_max) {
        return CLI_OK;
    }
    int code =
        cli_status_of(state->run,
                      kmseg_choose_k(state->run->ctx, state->joined.table, &options->segment,
                                     &options->choose, state->k_min, state->k_max, &state->choice),
                      state->input);
    if (code != CLI_OK) {
        return code;
    }
    const kmseg_choice *choice = state->choice;
    int32_t k = choice->recommended > 0 ? choice->recommended
                                        : settle(choice, options->choose.min_share, state->k_min);
    json_t *json = choice_json(state, &code);
    const char *because = choice->recommended > 0 ? "recommended"
                          : k == choice->closest  ? "closest"
                          : choice->closest > 0   ? "gap"
                                                  : "least";
    json_object_set_new(json, "taken", json_integer(k));
    json_object_set_new(json, "taken_because", json_string(because));
    cli_run_keep(state, "choice", json);
    if (choice->recommended > 0) {
        cli_run_did(state, "choose-k", 0, "%d segments, of %d to %d", k, state->k_min,
                    state->k_max);
    } else {
        cli_run_did(state, "choose-k", 0, "no clear number of segments from %d to %d; %d, %s",
                    state->k_min, state->k_max, k,
                    strcmp(because, "gap") == 0
                        ? "which the gap statistic favours and whose segments come back"
                    : choice->closest > 0 ? "which has most in its favour"
                                          : "as nothing speaks for any");
    }
    options->segment.fit.n_clusters = k;
    return code;
}

/* ---- which ---- */

static int keep_reports(cli_run_state *state) {
    int code = CLI_OK;
    for (int i = 0; i < state->n_reports && code == CLI_OK; i++) {
        char *text = json_dumps(state->reports[i].json, JSON_INDENT(2));
        code = text == NULL
                   ? cli_failed("out of memory")
                   : cli_status(state->run, kmseg_result_add_report(state->run->ctx, state->result,
                                                                    state->reports[i].name, text));
        free(text);
    }
    return code;
}

int cli_run_segments(cli_run_state *state) {
    cli_run_options *options = state->options;
    cli_run *run = state->run;
    char a[32], b[32];
    int code = choose(state);
    if (code == CLI_OK) {
        options->segment.joined = state->joined.joined;
        code = cli_status_of(
            run, kmseg_segment(run->ctx, state->joined.table, &options->segment, &state->result),
            state->input);
    }
    if (code == CLI_OK && options->files.labels != NULL) {
        code = cli_status(run, kmseg_plans_read(run->ctx, state->result, options->files.labels));
    }
    if (code == CLI_OK) {
        code = keep_reports(state);
    }
    if (code == CLI_OK) {
        const kmseg_result *result = state->result;
        cli_run_did(state, "fit", 0, "%d segments of %s customers, on %d columns; silhouette %s",
                    result->n_segments, cli_count(result->n_samples, a, sizeof a),
                    result->prepare->n_columns,
                    cli_number(result->scores.silhouette, 2, b, sizeof b));
    }
    return code;
}

/* ---- files ---- */

/* A file for each format, while ids are still those of the customers, which rows are matched by. */
static int write_exports(cli_run_state *state) {
    const char *at = state->options->files.exports;
    cli_run *run = state->run;
    int code = CLI_OK;
    while (code == CLI_OK && at != NULL && *(at += strspn(at, ", ")) != '\0') {
        char format[64], file[100], path[4200], shown[300], rows[32];
        size_t n = strcspn(at, ", ");
        snprintf(format, sizeof format, "%.*s", (int)n, at);
        snprintf(file, sizeof file, "%s.csv",
                 strcmp(format, "generic") == 0 ? "assignments" : format);
        kmseg_crm_options crm;
        kmseg_crm_options_init(&crm);
        kmseg_crm_report report;
        crm.format = format;
        crm.key = run->key;
        crm.drop_ids = run->privacy.drop_ids;
        code = cli_run_path(state, file, path, sizeof path);
        if (code == CLI_OK) {
            code = cli_status(run, kmseg_crm_write(run->ctx, state->result, state->joined.table,
                                                   &crm, path, &report));
        }
        if (code == CLI_OK) {
            cli_run_did(state, "export", 0, "%s: %s rows for %s",
                        cli_clean(file, shown, sizeof shown),
                        cli_count(report.n_rows, rows, sizeof rows), format);
        }
        at += n;
    }
    return code;
}

/* The same rows into a database. */
static int write_table(cli_run_state *state) {
    cli_run *run = state->run;
    const char *name = state->options->files.table;
    if (name == NULL) {
        return CLI_OK;
    }
    kmseg_crm_options crm;
    kmseg_crm_options_init(&crm);
    crm.key = run->key;
    crm.drop_ids = run->privacy.drop_ids;
    kmseg_crm_table table = {.struct_size = sizeof table, .name = name};
    kmseg_crm_report report;
    int code = cli_database_write(run, state->result, state->joined.table, &crm, run->source.odbc,
                                  &table, &report);
    if (code == CLI_OK) {
        char shown[200], rows[32], old[32];
        cli_run_did(state, "export", 0, "table %s: %s rows%s%s",
                    cli_clean(name, shown, sizeof shown),
                    cli_count(report.n_rows, rows, sizeof rows),
                    report.was_there ? ", in place of " : ", a new table",
                    report.was_there ? cli_count(report.n_replaced, old, sizeof old) : "");
    }
    return code;
}

/* What the table of customers keeps of how it came about: what its last classes printed. */
static char *table_params(const cli_run_state *state) {
    json_t *root = json_object();
    for (int i = 0; i < state->n_reports; i++) {
        if (strcmp(state->reports[i].name, "features") == 0) {
            json_object_update(root, state->reports[i].json);
        } else if (strcmp(state->reports[i].name, "choice") != 0) {
            json_object_set(root, state->reports[i].name, state->reports[i].json);
        }
    }
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}

static int write_files(cli_run_state *state) {
    cli_run *run = state->run;
    char path[4200];
    char *params = table_params(state);
    int code = params != NULL ? CLI_OK : cli_failed("out of memory");
    if (code == CLI_OK) {
        code = cli_run_path(state, "customers.h5", path, sizeof path);
    }
    if (code == CLI_OK) {
        code = cli_table_write(run, state->joined.table, CLI_HDF5, params, path);
    }
    free(params);
    if (code == CLI_OK) {
        code = cli_protect_result(run, state->result);
    }
    if (code == CLI_OK) {
        code = cli_run_path(state, "segments.h5", path, sizeof path);
    }
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_result_save(run->ctx, state->result, path));
    }
    if (code == CLI_OK) {
        cli_run_did(state, "save", 0, "segments.h5, customers.h5");
    }
    return code;
}

/* The page, and the same for those who write of it and for programs. */
static int write_reports(cli_run_state *state) {
    static const struct {
        const char *file, *format;
    } pages[] = {{"report.html", "html"}, {"report.md", "markdown"}, {"report.json", "document"}};
    cli_run *run = state->run;
    kmseg_report_options options = state->options->report;
    int code = CLI_OK;
    if (cli_run_skips(state->options, "report")) {
        return CLI_OK;
    }
    options.drop_ids = run->privacy.drop_ids;
    for (size_t i = 0; i < sizeof pages / sizeof *pages && code == CLI_OK; i++) {
        char path[4200], *text = NULL;
        code = cli_run_path(state, pages[i].file, path, sizeof path);
        if (code == CLI_OK) {
            code = cli_status(
                run, kmseg_report(run->ctx, state->result, pages[i].format, &options, &text));
        }
        if (code == CLI_OK) {
            code = cli_status(run, kmseg_text_write(run->ctx, text, path));
        }
        kmseg_string_free(text);
    }
    if (code == CLI_OK) {
        cli_run_did(state, "report", 0, "report.html%s, report.md, report.json",
                    kmseg_report_has_charts() ? "" : " (without charts: built without node)");
    }
    return code;
}

/* ---- what is said at the end ---- */

static int print_json(cli_run_state *state) {
    char *text = NULL;
    int code =
        cli_status(state->run, kmseg_report(state->run->ctx, state->result, "json", NULL, &text));
    if (code != CLI_OK) {
        return code;
    }
    json_t *root = json_object(), *steps = json_array();
    for (int i = 0; i < state->n_steps; i++) {
        json_t *step = json_object();
        json_object_set_new(step, "name", json_string(state->steps[i].name));
        json_object_set_new(step, "left_out", json_boolean(state->steps[i].is_left_out));
        json_object_set_new(step, "text", cli_json_text(state->steps[i].text));
        json_object_set_new(step, "seconds", cli_json_real(state->steps[i].seconds));
        json_array_append_new(steps, step);
    }
    json_object_set_new(root, "folder", cli_json_text(state->options->files.output));
    json_object_set_new(root, "steps", steps);
    json_object_set_new(root, "segments", json_loads(text, 0, NULL));
    kmseg_string_free(text);
    return cli_print_json(root);
}

static int print_text(cli_run_state *state) {
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = cli_width(stdout);
    options.colour = cli_colour(stdout);
    char *text = NULL, clean[300];
    int code = cli_status(state->run,
                          kmseg_report(state->run->ctx, state->result, "text", &options, &text));
    if (code == CLI_OK) {
        cli_clean(state->options->files.output, clean, sizeof clean);
        printf("\n%s\nEverything is in %s\n", text, clean);
        if (cli_run_skips(state->options, "report")) {
            printf("Next: kmseg profile %s/segments.h5\n", clean);
        } else {
            printf("Next: open %s/report.html\n", clean);
        }
    }
    kmseg_string_free(text);
    return code;
}

int cli_run_finish(cli_run_state *state) {
    int code = write_exports(state);
    if (code == CLI_OK) {
        code = write_table(state);
    }
    if (code == CLI_OK) {
        code = write_files(state);
    }
    if (code == CLI_OK) {
        code = write_reports(state);
    }
    if (code != CLI_OK) {
        return code;
    }
    return state->run->common.json    ? print_json(state)
           : state->run->common.quiet ? CLI_OK
                                      : print_text(state);
}
