/* A query in place of a file, for every command that reads a table. */
#include "cli.h"

#include <stddef.h>

static const kmseg_option rows[] = {
    {.name = "sql",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(cli_source, sql),
     .metavar = "QUERY",
     .help = "read the rows of this SELECT in place of a file; DuckDB runs it, so it reads "
             "'orders/*.parquet', .json and .csv by name"},
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

int cli_source_begin(cli_run *run) {
    const cli_source *source = &run->source;
    return source->sql != NULL
               ? cli_status(run, kmseg_source_define(run->ctx, cli_query_name, source->sql))
               : CLI_OK;
}
