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

/* Whether it writes into a database, too. */
static int writes_table(const cli_command *command) {
    int has = 0;
    for (int g = 0; g < command->n_groups; g++) {
        has |= kmseg_options_find(command->groups[g].table(), "table") != NULL;
    }
    return has;
}

int cli_source_begin(cli_run *run) {
    const cli_source *source = &run->source;
    if (source->sql == NULL) {
        return source->odbc == NULL || writes_table(run->command)
                   ? CLI_OK
                   : cli_misused("--odbc says where --sql QUERY runs; give both");
    }
    if (source->odbc == NULL) {
        return cli_status(run, kmseg_source_define(run->ctx, cli_query_name, source->sql));
    }
    char connection[CLI_CONNECTION] = "";
    int code = cli_connection(source->odbc, connection, sizeof connection);
    if (code == CLI_OK) {
        code = cli_status(
            run, kmseg_source_define_odbc(run->ctx, cli_query_name, source->sql, connection));
    }
    explicit_bzero(connection, sizeof connection);
    return code;
}
