/* kmseg run: from files of orders or customers to segments and all that is made of them. */
#include "clustering.h"
#include "run.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, output),
     .metavar = "FOLDER",
     .help = "where everything goes; made where it is not there, files in it are replaced",
     .short_flag = 'o'},
    {.name = "n_clusters",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, n_clusters),
     .default_text = "2:10",
     .metavar = "K|FROM:TO",
     .help = "number of segments, or a range that it is chosen from",
     .short_flag = 'k'},
    {.name = "skip",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, skip),
     .metavar = "LIST",
     .help = "steps to leave out, separated by commas: rfm, lifecycle, tier, clv, report"},
    {.name = "export",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, exports),
     .default_text = "generic",
     .metavar = "LIST",
     .help = "formats of files for a CRM, separated by commas, see kmseg list crm_formats; \"\" "
             "for none"},
    {.name = "table",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, table),
     .metavar = "NAME",
     .help = "write the assignments into this table of the database of --odbc too, in one "
             "transaction, as kmseg export --table does"},
    {.name = "labels",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, labels),
     .metavar = "FILE",
     .help = "what the business calls its segments and does with them, as kmseg profile "
             "--write-labels shows it"},
    {.name = "config",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, config),
     .metavar = "FILE",
     .help = "read options from a file; flags go over it"},
    {.name = "write_config",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_run_files, write_config),
     .metavar = "FILE",
     .help = "write the options as they are to a new file, to edit for --config (- for standard "
             "output), and do nothing else"},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(cli_run_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    cli_run_options *o = options;
    kmseg_options_init(&file_table, &o->files);
    cli_joins_init(&o->joins);
    kmseg_run_options_init(&o->run);
    kmseg_report_options_init(&o->report);
}

static const cli_argument arguments[] = {
    {.name = "ORDERS|CUSTOMERS",
     .is_table = 1,
     .help =
         "an order log, or a table of one row per customer: .csv, .csv.gz, .parquet, .json or HDF5",
     .optional = 1}};

/* Options of more than one step have the meaning of the first. */
static const cli_group groups[] = {
    {"What goes where", files, offsetof(cli_run_options, files)},
    {"More columns of customers", cli_join_table, offsetof(cli_run_options, joins)},
    {"An order log", kmseg_features_option_table, offsetof(cli_run_options, run.features)},
    {"Clustering", kmseg_fit_option_table, offsetof(cli_run_options, run.segment.fit)},
    {"Which columns, and how", kmseg_prepare_option_table,
     offsetof(cli_run_options, run.segment.prepare)},
    {"Describing segments", kmseg_profile_option_table,
     offsetof(cli_run_options, run.segment.profile)},
    {"Weights, scores and tiles", cli_described_table, offsetof(cli_run_options, run.segment)},
    {"Evidence for the number of segments", kmseg_choose_option_table,
     offsetof(cli_run_options, run.choose)},
    {"Report", kmseg_report_option_table, offsetof(cli_run_options, report)},
    {"RFM scores", kmseg_rfm_option_table, offsetof(cli_run_options, run.rfm)},
    {"Lifecycle", kmseg_lifecycle_option_table, offsetof(cli_run_options, run.lifecycle)},
    {"Tiers", kmseg_tier_option_table, offsetof(cli_run_options, run.tier)},
    {"Lifetime value", kmseg_clv_option_table, offsetof(cli_run_options, run.clv)},
    {"A table of customers", kmseg_value_columns_option_table,
     offsetof(cli_run_options, run.columns)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(cli_run_options, run.csv)},
};

static int write_config(const cli_run *run, const char *path) {
    static const char *const passed_over[] = {"config", "write_config", NULL};
    char shown[300];
    if (strcmp(path, "-") == 0) {
        cli_config_write(stdout, run, passed_over);
        return CLI_OK;
    }
    cli_clean(path, shown, sizeof shown);
    FILE *file = fopen(path, "wx"); /* an edited one is never lost */
    if (file == NULL) {
        return errno == EEXIST ? cli_failed("%s is there already; name a new file", shown)
                               : cli_failed("cannot write %s: %s", shown, strerror(errno));
    }
    cli_config_write(file, run, passed_over);
    int failed = ferror(file);
    failed |= fclose(file) != 0;
    return failed ? cli_failed("cannot write %s: %s", shown, strerror(errno)) : CLI_OK;
}

/* The folder is there, and can be written to. */
static int make_folder(const char *path) {
    char shown[300], inside[4200];
    cli_clean(path, shown, sizeof shown);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return cli_failed("cannot make the folder %s: %s", shown, strerror(errno));
    }
    int n = snprintf(inside, sizeof inside, "%s/segments.h5", path);
    return n < (int)sizeof inside ? cli_folder_check(inside, shown)
                                  : cli_failed("%s: the path is too long", shown);
}

/* Whether a list "a, b" has a name, and whether every name in it is known. */
static int is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    for (const char *at = list; at != NULL && *at != '\0';) {
        at += strspn(at, ", ");
        size_t n = strcspn(at, ", ");
        if (n == length && strncmp(at, name, n) == 0) {
            return 1;
        }
        at += n;
    }
    return 0;
}

int cli_run_skips(const cli_run_options *options, const char *step) {
    return is_listed(options->files.skip, step);
}

/* The steps of a list that the library leaves out; the command writes the report itself. */
static void without(const char *list, const char *name, char *out, size_t capacity) {
    out[0] = '\0';
    for (const char *at = list; at != NULL && *(at += strspn(at, ", ")) != '\0';) {
        size_t n = strcspn(at, ", "), used = strlen(out);
        if (n != strlen(name) || strncmp(at, name, n) != 0) {
            snprintf(out + used, capacity - used, "%s%.*s", used > 0 ? "," : "", (int)n, at);
        }
        at += n;
    }
}

static int check_lists(const cli_run_options *options) {
    static const char *const steps[] = {"rfm", "lifecycle", "tier", "clv", "report"};
    char name[80], clean[80];
    for (int list = 0; list < 2; list++) {
        const char *at = list == 0 ? options->files.skip : options->files.exports;
        while (at != NULL && *(at += strspn(at, ", ")) != '\0') {
            size_t n = strcspn(at, ", ");
            int known = 0;
            snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), at);
            for (size_t s = 0; list == 0 && s < sizeof steps / sizeof *steps; s++) {
                known |= strcmp(steps[s], name) == 0;
            }
            for (int32_t i = 0; list == 1 && kmseg_list_name("crm_formats", i) != NULL; i++) {
                known |= strcmp(kmseg_list_name("crm_formats", i), name) == 0;
            }
            if (!known) {
                cli_clean(name, clean, sizeof clean);
                return list == 0 ? cli_misused("--skip %s: there is no such step; they are rfm, "
                                               "lifecycle, tier, clv, report",
                                               clean)
                                 : cli_misused("--export %s: there is no such format; kmseg list "
                                               "crm_formats has them",
                                               clean);
            }
            at += n;
        }
    }
    return CLI_OK;
}

static int run_run(cli_run *run) {
    cli_run_options *options = run->options;
    cli_run_state state = {.run = run, .options = options, .input = run->arguments[0]};
    if (options->files.write_config != NULL) {
        return write_config(run, options->files.write_config);
    }
    if (state.input == NULL) {
        return cli_misused("run needs a file of orders or customers; see kmseg run --help");
    }
    if (options->files.output == NULL) {
        return cli_misused("run needs -o FOLDER, where everything goes; see kmseg run --help");
    }
    if (options->files.table != NULL && run->source.odbc == NULL) {
        return cli_misused("--table is in a database; name it with --odbc");
    }
    if (options->files.table == NULL && run->source.odbc != NULL && run->source.sql == NULL) {
        return cli_misused(
            "--odbc is where --sql QUERY runs, and --table NAME is; give one of them");
    }
    int code = cli_range(options->files.n_clusters, &options->run.k_min, &options->run.k_max);
    if (code == CLI_OK) {
        code = check_lists(options);
    }
    if (code == CLI_OK) {
        code = cli_joins_check(&options->joins);
    }
    if (code == CLI_OK) {
        code = make_folder(options->files.output);
    }
    if (code == CLI_OK) {
        char skip[200];
        without(options->files.skip, "report", skip, sizeof skip);
        options->run.skip = skip;
        options->run.labels = options->files.labels;
        options->run.join = options->joins.join;
        options->run.join_type = options->joins.join_type;
        code = cli_status(
            run, kmseg_run(run->ctx, state.input, &options->run, cli_run_say, &state, &state.made));
    }
    if (code == CLI_OK) {
        code = cli_run_finish(&state);
    }
    kmseg_run_free(state.made);
    return code;
}

const cli_command cli_cmd_run = {
    .name = "run",
    .help = "all of it: from orders or customers to segments, a report and files for the CRM",
    .description =
        "Does one after the other what the other commands do, with what each needs taken from the "
        "files: features of the customers, RFM, lifecycle, tiers and lifetime value, the number of "
        "segments, the segments and their profile, a file for the CRM, and a report. What the data "
        "cannot give, such as lifetime value without orders, is left out and said.\n\n"
        "Where there is no clear number of segments, the one that the gap statistic favours is "
        "taken if each of its segments comes back when customers are drawn anew, else the one that "
        "has most in its favour; the line says which. -k 5 decides.\n\n"
        "The same files, options and seed give the same bytes.",
    .examples = "  kmseg run orders.csv -o out\n"
                "  kmseg run orders.csv.gz --join members.csv:customer_id -k 5 -o out\n"
                "  kmseg run customers.csv --export salesforce,generic -o out\n"
                "  kmseg run orders.csv -k 5 -o out --write-config run.conf\n"
                "  kmseg run --config run.conf\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(cli_run_options),
    .init = init,
    .run = run_run,
};
