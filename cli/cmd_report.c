/* kmseg report: segments for those who have no kmseg, as one page, Markdown or JSON. */
#include "cli.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct report_files {
    size_t struct_size;
    const char *output;
    const char *format;
} report_files;

typedef struct report_command {
    kmseg_report_options report;
    report_files files;
} report_command;

/* Formats as the command names them, as the library does, and endings that say which. */
static const struct {
    const char *name, *format, *endings[2];
} formats[] = {
    {"html", "html", {".html", ".htm"}},
    {"json", "document", {".json", ".json"}},
    {"markdown", "markdown", {".md", ".markdown"}},
};

enum { N_FORMATS = sizeof formats / sizeof *formats };

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(report_files, output),
     .metavar = "FILE",
     .help =
         "where the report goes: its ending says the format, .html, .md or .json; - is standard "
         "output",
     .short_flag = 'o'},
    {.name = "format",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(report_files, format),
     .choices = "html|json|markdown",
     .metavar = "FORMAT",
     .help = "format of the report, where the ending of -o does not say it"},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(report_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    report_command *command = options;
    kmseg_options_init(&file_table, &command->files);
    kmseg_report_options_init(&command->report);
}

static const cli_argument arguments[] = {
    {.name = "SEGMENTS", .help = "what kmseg fit wrote: segments.h5"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(report_command, files)},
    {"Report", kmseg_report_option_table, offsetof(report_command, report)},
};

static int ends_in(const char *path, const char *ending) {
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

static int is_file(const char *path) { return path != NULL && strcmp(path, "-") != 0; }

/* The row of formats that the options mean: by --format, then by the ending. --json is what goes to
 * standard output, beside a file that -o names. */
static int choose_format(const cli_run *run, int *out) {
    const report_files *wanted = &((const report_command *)run->options)->files;
    const char *output = wanted->output;
    const char *named = wanted->format != NULL                 ? wanted->format
                        : run->common.json && !is_file(output) ? "json"
                                                               : NULL;
    for (int f = 0; f < N_FORMATS; f++) {
        int by_name = named != NULL && strcmp(named, formats[f].name) == 0;
        int by_ending =
            named == NULL && output != NULL &&
            (ends_in(output, formats[f].endings[0]) || ends_in(output, formats[f].endings[1]));
        if (by_name || by_ending) {
            *out = f;
            return CLI_OK;
        }
    }
    if (output == NULL) {
        return cli_misused("give -o report.html, or -o - with --format");
    }
    char shown[300];
    return cli_misused("-o %s: the name needs to end in .html, .md or .json; or give --format",
                       cli_clean(output, shown, sizeof shown));
}

static int check_output(const char *path) {
    char shown[300];
    return is_file(path) ? cli_folder_check(path, cli_clean(path, shown, sizeof shown)) : CLI_OK;
}

static int write_report(cli_run *run, const kmseg_result *result, const char *format,
                        const char *path) {
    const report_command *command = run->options;
    char *report;
    int code = cli_status(run, kmseg_report(run->ctx, result, format, &command->report, &report));
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_text_write(run->ctx, report, path));
        kmseg_string_free(report);
    }
    if (code == CLI_OK && strcmp(format, "html") == 0 && !kmseg_report_has_charts()) {
        fputs("kmseg: ", stderr);
        cli_wrap(
            stderr,
            "this build has no charts, so the page has tables alone; build again with node and "
            "npm (Debian: apt-get install nodejs npm) for both.",
            7, 7, cli_width(stderr));
    }
    return code;
}

static int write_all(cli_run *run, kmseg_result *result, const char *format) {
    report_command *command = run->options;
    const char *output = command->files.output;
    char shown[300];
    int code = cli_protect_result(run, result);
    command->report.drop_ids = run->privacy.drop_ids;
    if (code == CLI_OK) {
        code = write_report(run, result, format, output != NULL ? output : "-");
    }
    if (code == CLI_OK && run->common.json && is_file(output)) {
        code = write_report(run, result, "document", "-");
    } else if (code == CLI_OK && !run->common.quiet && is_file(output)) {
        printf("Report: %s\n", cli_clean(output, shown, sizeof shown));
    }
    return code;
}

static int run_report(cli_run *run) {
    const report_command *command = run->options;
    const char *output = command->files.output;
    int format = 0;
    int code = choose_format(run, &format);
    if (code == CLI_OK) {
        code = check_output(output);
    }
    if (code == CLI_OK) {
        code = cli_check_segments(run, run->arguments[0]);
    }
    kmseg_result *result = NULL;
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_result_load(run->ctx, run->arguments[0], &result));
    }
    if (code == CLI_OK) {
        code = write_all(run, result, formats[format].format);
        kmseg_result_free(result);
    }
    return code;
}

const cli_command cli_cmd_report = {
    .name = "report",
    .help = "a page about the segments, for those who have no kmseg",
    .description =
        "Writes one page that opens without a network and can be mailed: who the segments are, "
        "what they are worth and what to do with each; where each one's customers stand among all, "
        "with rules; a map; RFM, tiers, lifecycle and lifetime value where the file holds them; "
        "why "
        "this number of segments, and how good they are; what was left out of the data; the method "
        "in words; limits and privacy. The same as Markdown or JSON. Counts of few customers are "
        "hidden (--min-cell).",
    .examples = "  kmseg report segments.h5 -o report.html\n"
                "  kmseg report segments.h5 -o report.html --lang zh --drop-ids\n"
                "  kmseg report segments.h5 -o report.md\n"
                "  kmseg report segments.h5 --json | jq .sections[].title\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .options_size = sizeof(report_command),
    .writes_ids = 1,
    .init = init,
    .run = run_report,
};
