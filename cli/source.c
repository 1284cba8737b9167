/* A query in place of a file, for every command that reads a table. */
#include "cli.h"

#include <stddef.h>
#include <string.h>

static const kmseg_option rows[] = {
    {.name = "sql",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_source, sql),
     .metavar = "QUERY",
     .help = "read the rows of this SELECT in place of a file; DuckDB runs it, so it reads "
             "'orders/*.parquet', .json and .csv by name"},
    {.name = "odbc",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_source, odbc),
     .metavar = "CONNECTION",
     .help =
         "the database that runs --sql, in place of DuckDB: DSN=shop, or Driver=...;Server=...; "
         "@FILE and env:NAME take the connection string from a file or an environment variable, "
         "where a password may be"},
};

static const kmseg_option_table table = {
    .name = "sources",
    .struct_size = sizeof(cli_source),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *cli_source_table(void) { return &table; }

const char cli_query_name[] = "SQL query";

int cli_table_argument(const cli_command *command) {
    for (int i = 0; i < command->n_arguments; i++) {
        if (command->arguments[i].is_table) {
            return i;
        }
    }
    return -1;
}

/* The first line of a file. */
static int read_line(const char *path, char *out, size_t capacity) {
    char clean[300];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return cli_failed("--odbc @%s: cannot read it: %m", cli_clean(path, clean, sizeof clean));
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays behind */
    char *line = fgets(out, (int)capacity, file);
    fclose(file);
    if (line == NULL) {
        return cli_failed("--odbc @%s: the file is empty", cli_clean(path, clean, sizeof clean));
    }
    out[strcspn(out, "\r\n")] = '\0';
    return CLI_OK;
}

static int find_connection(const char *odbc, char *out, size_t capacity) {
    char clean[100];
    if (odbc[0] == '@') {
        return read_line(odbc + 1, out, capacity);
    }
    const char *from = odbc;
    if (strncmp(odbc, "env:", 4) == 0) {
        from = getenv(odbc + 4);
        if (from == NULL || from[0] == '\0') {
            return cli_failed("--odbc env:%s: there is no such environment variable",
                              cli_clean(odbc + 4, clean, sizeof clean));
        }
    } else if (kmseg_odbc_has_secret(odbc)) {
        return cli_misused(
            "--odbc has a password, which others on this machine could see; put the "
            "connection string into a file of yours (--odbc @FILE) or an environment "
            "variable (--odbc env:NAME)");
    }
    if (snprintf(out, capacity, "%s", from) >= (int)capacity) {
        return cli_failed("--odbc: the connection string is longer than %zu bytes", capacity);
    }
    return CLI_OK;
}

int cli_source_begin(cli_run *run) {
    const cli_source *source = &run->source;
    if (source->sql == NULL) {
        return source->odbc == NULL ? CLI_OK
                                    : cli_misused("--odbc says where --sql QUERY runs; give both");
    }
    if (source->odbc == NULL) {
        return cli_status(run, kmseg_source_define(run->ctx, cli_query_name, source->sql));
    }
    char connection[4096] = "";
    int code = find_connection(source->odbc, connection, sizeof connection);
    if (code == CLI_OK) {
        code = cli_status(
            run, kmseg_source_define_odbc(run->ctx, cli_query_name, source->sql, connection));
    }
    explicit_bzero(connection, sizeof connection);
    return code;
}
