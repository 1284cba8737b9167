/* The files of kmseg run, and what it says at the end. */
#include "run.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_run_say(void *user, const kmseg_run_step *step) {
    cli_run_state *state = user;
    cli_run_step *kept = &state->steps[state->n_steps];
    snprintf(kept->name, sizeof kept->name, "%s", step->name);
    cli_clean(step->text, kept->text, sizeof kept->text);
    kept->seconds = step->seconds;
    kept->is_left_out = step->is_left_out;
    state->n_steps += state->n_steps + 1 < CLI_RUN_STEPS;
    state->clock = now();
    if (state->run->common.quiet || state->run->common.json) {
        return;
    }
    cli_progress_erase();
    printf("%-12s%6.2f s  ", kept->name, kept->seconds);
    cli_wrap(stdout, kept->text, 22, 22, cli_width(stdout));
    fflush(stdout);
}

/* The same of what is done here. */
static void did(cli_run_state *state, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void did(cli_run_state *state, const char *name, const char *format, ...) {
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const kmseg_run_step step = {name, text, now() - state->clock, 0};
    cli_run_say(state, &step);
}

/* FOLDER/name */
static int run_path(const cli_run_state *state, const char *name, char *out, size_t capacity) {
    int n = snprintf(out, capacity, "%s/%s", state->options->files.output, name);
    return n >= 0 && n < (int)capacity ? CLI_OK
                                       : cli_failed("the path of the output folder is too long");
}

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
        code = run_path(state, file, path, sizeof path);
        if (code == CLI_OK) {
            code = cli_status(run, kmseg_crm_write(run->ctx, state->made->result,
                                                   state->made->customers, &crm, path, &report));
        }
        if (code == CLI_OK) {
            cli_wrote(run, file);
            did(state, "export", "%s: %s rows for %s", cli_clean(file, shown, sizeof shown),
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
    int code = cli_database_write(run, state->made->result, state->made->customers, &crm,
                                  run->source.odbc, &table, &report);
    if (code == CLI_OK) {
        char shown[200], rows[32], old[32];
        cli_wrote(run, name);
        did(state, "export", "table %s: %s rows%s%s", cli_clean(name, shown, sizeof shown),
            cli_count(report.n_rows, rows, sizeof rows),
            report.was_there ? ", in place of " : ", a new table",
            report.was_there ? cli_count(report.n_replaced, old, sizeof old) : "");
    }
    return code;
}

static int write_files(cli_run_state *state) {
    cli_run *run = state->run;
    char path[4200];
    int code = run_path(state, "customers.h5", path, sizeof path);
    if (code == CLI_OK) {
        code = cli_table_write(run, state->made->customers, CLI_HDF5, state->made->params, path);
    }
    if (code == CLI_OK) {
        cli_wrote(run, "customers.h5");
        code = cli_protect_result(run, state->made->result);
    }
    if (code == CLI_OK) {
        code = run_path(state, "segments.h5", path, sizeof path);
    }
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_result_save(run->ctx, state->made->result, path));
    }
    if (code == CLI_OK) {
        cli_wrote(run, "segments.h5");
        did(state, "save", "segments.h5, customers.h5");
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
        code = run_path(state, pages[i].file, path, sizeof path);
        if (code == CLI_OK) {
            code = cli_status(
                run, kmseg_report(run->ctx, state->made->result, pages[i].format, &options, &text));
        }
        if (code == CLI_OK) {
            code = cli_status(run, kmseg_text_write(run->ctx, text, path));
        }
        if (code == CLI_OK) {
            cli_wrote(run, pages[i].file);
        }
        kmseg_string_free(text);
    }
    if (code == CLI_OK) {
        did(state, "report", "report.html%s, report.md, report.json",
            kmseg_report_has_charts() ? "" : " (without charts: built without node)");
    }
    return code;
}

/* ---- what is said at the end ---- */

static int print_json(cli_run_state *state) {
    char *text = NULL;
    int code = cli_status(state->run,
                          kmseg_report(state->run->ctx, state->made->result, "json", NULL, &text));
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
    int code = cli_status(
        state->run, kmseg_report(state->run->ctx, state->made->result, "text", &options, &text));
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
