/* The customers that a command works on: a file of them, and files joined to it by a key. */
#include "cli.h"

#include <stddef.h>
#include <string.h>

static const kmseg_option rows[] = {
    {.name = "join",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_joins, join),
     .choices = "\n",
     .metavar = "FILE:KEY",
     .help =
         "add the columns of a second file, by the column that says which customer a row is "
         "about; FILE:A=B where it is A among the customers and B in the file; can be repeated"},
    {.name = "join_type",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(cli_joins, join_type),
     .default_text = "left",
     .choices = "left|inner",
     .metavar = "HOW",
     .help = "customers that a joined file does not have: left keeps them, with its columns "
             "missing; inner leaves them out"},
};

static const kmseg_option_table table = {
    .name = "joins",
    .struct_size = sizeof(cli_joins),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *cli_join_table(void) { return &table; }

void cli_joins_init(cli_joins *joins) { kmseg_options_init(&table, joins); }

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static int read_table(cli_run *run, const char *path, const kmseg_csv_options *csv,
                      kmseg_table **out) {
    kmseg_file_kind kind;
    int code = cli_status(run, kmseg_file_kind_of(run->ctx, path, &kind));
    if (code == CLI_OK && kind == KMSEG_FILE_RESULT) {
        char clean[300];
        return cli_failed("%s holds segments; %s needs a table of customers",
                          cli_clean(path, clean, sizeof clean), run->command->name);
    }
    return code == CLI_OK ? cli_status(run, kmseg_source_read(run->ctx, path, csv, out)) : code;
}

/* What is said of a join: in the file of segments (without counts), in JSON, and to people. */
static int remember(cli_joined *customers, const char *name, const kmseg_join_counts *counts,
                    int inner) {
    char note[800];
    kmseg_join_note(name, counts, inner, note, sizeof note);
    size_t old = customers->joined != NULL ? strlen(customers->joined) : 0;
    size_t size = old + strlen(note) + 3;
    char *text = realloc(customers->joined, size);
    if (text == NULL) {
        return cli_failed("out of memory");
    }
    snprintf(text + old, size - old, "%s%s", old > 0 ? ", " : "", note);
    customers->joined = text;
    json_t *join = json_object();
    json_object_set_new(join, "file", cli_json_text(name));
    json_object_set_new(join, "key", cli_json_text(counts->key));
    json_object_set_new(join, "file_key", cli_json_text(counts->from_key));
    json_object_set_new(join, "type", cli_json_text(inner ? "inner" : "left"));
    json_object_set_new(join, "customers", json_integer(counts->n_rows));
    json_object_set_new(join, "customers_without",
                        json_integer(counts->n_rows - counts->n_matched));
    json_object_set_new(join, "rows", json_integer(counts->n_from));
    json_object_set_new(join, "rows_without", json_integer(counts->n_from_unmatched));
    json_object_set_new(join, "columns", json_integer(counts->n_columns));
    if (customers->joins == NULL) {
        customers->joins = json_array();
    }
    return json_array_append_new(customers->joins, join) == 0 ? CLI_OK
                                                              : cli_failed("out of memory");
}

/* What note_join() needs. */
typedef struct joining {
    cli_joined *customers;
    int inner, code;
} joining;

static void note_join(void *user, const char *file, const kmseg_join_counts *counts) {
    joining *j = user;
    j->code = j->code == CLI_OK ? remember(j->customers, file, counts, j->inner) : j->code;
}

int cli_joins_check(const cli_joins *joins) {
    for (const char *at = joins->join; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        kmseg_join_request asked;
        if (!kmseg_join_request_read(at, length, &asked)) {
            return cli_misused(
                "--join needs a file and its key, such as demographics.csv:customer_id");
        }
        at += length + (at[length] == '\n');
    }
    return CLI_OK;
}

static int add_joins(cli_run *run, const kmseg_csv_options *csv, const cli_joins *joins,
                     cli_joined *customers) {
    joining j = {customers, strcmp(joins->join_type, "inner") == 0, CLI_OK};
    int code = cli_joins_check(joins);
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_joins_add(run->ctx, &customers->table, joins->join, j.inner,
                                               NULL, csv, note_join, &j));
    }
    return code == CLI_OK ? j.code : code;
}

/* Columns that were matched, and what the profile did with them. */
static int describe_by(cli_run *run, const kmseg_join_request *asked, const kmseg_csv_options *csv,
                       kmseg_result *result, cli_joined *customers) {
    kmseg_table *from = NULL;
    kmseg_description said;
    kmseg_join_options options;
    kmseg_join_options_init(&options);
    options.from_key = asked->from_key[0] != '\0' ? asked->from_key : NULL;
    options.from_name = base_name(asked->path);
    int code = read_table(run, asked->path, csv, &from);
    if (code == CLI_OK) {
        code = cli_status(run, kmseg_result_describe(run->ctx, result, from, &options, &said));
    }
    if (code == CLI_OK) {
        code = remember(customers, options.from_name, &said.join, 0);
    }
    if (code == CLI_OK) {
        json_t *join = json_array_get(customers->joins, json_array_size(customers->joins) - 1);
        json_object_set_new(join, "profiled", json_integer(said.n_profiled));
        json_object_set_new(join, "profiled_before", json_integer(said.n_known));
        json_object_set_new(join, "not_profiled", json_integer(said.n_left_out));
    }
    kmseg_table_free(from);
    return code;
}

int cli_joined_describe(cli_run *run, const char *with, const kmseg_csv_options *csv,
                        kmseg_result *result, cli_joined *customers) {
    int code = CLI_OK;
    while (code == CLI_OK && with != NULL && *with != '\0') {
        size_t length = strcspn(with, "\n");
        kmseg_join_request asked;
        code = kmseg_join_request_read(with, length, &asked) && asked.key[0] == '\0'
                   ? describe_by(run, &asked, csv, result, customers)
                   : cli_misused("--with needs a file, and may name its column of customers, such "
                                 "as demographics.csv:customer_id");
        with += length + (with[length] == '\n');
    }
    return code;
}

int cli_joined_read(cli_run *run, const char *path, const kmseg_csv_options *csv,
                    const cli_joins *joins, cli_joined *out) {
    *out = (cli_joined){0};
    int code = read_table(run, path, csv, &out->table);
    if (code == CLI_OK) {
        code = add_joins(run, csv, joins, out);
    }
    if (code != CLI_OK) {
        cli_joined_free(out);
    }
    return code;
}

/* Which file that was is in the parameters. */
int cli_joined_check(const cli_joined *customers, const kmseg_result *result,
                     const cli_joins *joins) {
    const char *lacks = NULL;
    for (int32_t c = 0; c < result->prepare->n_columns && lacks == NULL; c++) {
        const char *name = result->prepare->columns[c].name;
        lacks = kmseg_table_find(customers->table, name) < 0 ? name : NULL;
    }
    if (lacks == NULL || joins->join != NULL) {
        return CLI_OK;
    }
    json_t *params = json_loads(result->params, 0, NULL);
    const char *joined = json_string_value(json_object_get(params, "joined"));
    int code = CLI_OK;
    if (joined != NULL) {
        char clean[300], name[120];
        code =
            cli_failed("the customers have no column %s; the fit joined %s: give that again with "
                       "--join FILE:KEY",
                       cli_clean(lacks, name, sizeof name), cli_clean(joined, clean, sizeof clean));
    }
    json_decref(params);
    return code;
}

void cli_joined_free(cli_joined *customers) {
    kmseg_table_free(customers->table);
    free(customers->joined);
    json_decref(customers->joins);
    *customers = (cli_joined){0};
}

static const char *counted(json_t *join, const char *name, char *room, size_t capacity) {
    return cli_count(json_integer_value(json_object_get(join, name)), room, capacity);
}

/* "Profiled by 5 more of its columns; 3 were profiled before, 1 is an id, dates or too varied." */
static void print_profiled(FILE *out, json_t *join) {
    char number[32], before[100] = "", without[120] = "", text[300];
    int64_t n_new = json_integer_value(json_object_get(join, "profiled"));
    int64_t n_before = json_integer_value(json_object_get(join, "profiled_before"));
    int64_t n_out = json_integer_value(json_object_get(join, "not_profiled"));
    if (n_before > 0) {
        snprintf(before, sizeof before, " %s %s there before and %s as at the fit.",
                 cli_count(n_before, number, sizeof number), n_before == 1 ? "was" : "were",
                 n_before == 1 ? "stays" : "stay");
    }
    if (n_out > 0) {
        snprintf(without, sizeof without,
                 " %s cannot be profiled: dates, more than 200 different texts, or no value.",
                 cli_count(n_out, number, sizeof number));
    }
    snprintf(text, sizeof text, "Of its columns %s %s new to the profile.%s%s",
             cli_count(n_new, number, sizeof number), n_new == 1 ? "is" : "are", before, without);
    cli_wrap(out, text, 0, 0, cli_width(out));
}

void cli_joined_print(FILE *out, const cli_joined *customers) {
    size_t n = json_array_size(customers->joins);
    for (size_t i = 0; i < n; i++) {
        json_t *join = json_array_get(customers->joins, i);
        const char *type = json_string_value(json_object_get(join, "type"));
        int64_t without = json_integer_value(json_object_get(join, "customers_without"));
        int64_t all = json_integer_value(json_object_get(join, "customers"));
        int64_t nobody = json_integer_value(json_object_get(join, "rows_without"));
        int inner = strcmp(type, "inner") == 0;
        /* a profile cannot leave customers out, and says which columns it has */
        int is_profile = json_object_get(join, "profiled") != NULL;
        char file[200], key[100], numbers[4][32], rest[100] = "", text[900];
        if (nobody > 0) {
            snprintf(rest, sizeof rest, " %s of its %s rows are about nobody among them.",
                     cli_count(nobody, numbers[2], sizeof numbers[2]),
                     counted(join, "rows", numbers[3], sizeof numbers[3]));
        }
        cli_clean(json_string_value(json_object_get(join, "file")), file, sizeof file);
        cli_clean(json_string_value(json_object_get(join, "file_key")), key, sizeof key);
        snprintf(text, sizeof text, "Joined %s by %s: it has %s of %s customers%s.%s", file, key,
                 cli_count(all - without, numbers[0], sizeof numbers[0]),
                 cli_count(all, numbers[1], sizeof numbers[1]),
                 without == 0 ? ""
                 : inner      ? "; the others are left out"
                 : 2 * without > all && !is_profile
                     ? "; for the others its columns are missing (--join-type inner "
                       "leaves those customers out)"
                     : "; for the others its columns are missing",
                 rest);
        cli_wrap(out, text, 0, 0, cli_width(out));
        if (is_profile) {
            print_profiled(out, join);
        }
    }
    if (n > 0) {
        fputc('\n', out);
    }
}

int cli_print_report(const char *report, const cli_joined *customers) {
    if (customers->joins == NULL) {
        fputs(report, stdout);
        return CLI_OK;
    }
    json_t *root = json_loads(report, 0, NULL);
    if (root == NULL) {
        return cli_failed("out of memory");
    }
    json_object_set(root, "joins", customers->joins);
    return cli_print_json(root);
}
