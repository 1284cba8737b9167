/* What the commands that class customers share: reading either kind of file, tables of groups,
 * sentences. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include "cli.h"

/* Where the customers come from and go to. */
typedef struct cli_value_files {
    size_t struct_size;
    const char *output;
} cli_value_files;

const kmseg_option_table *cli_value_files_table(void);

/* What was read. */
typedef struct cli_customers {
    kmseg_table *table;
    int is_log;
    kmseg_features_report report; /* of an order log */
} cli_customers;

int cli_customers_read(cli_run *run, const char *path, const char *const *needs, int32_t n_needs,
                       const kmseg_features_options *options, cli_customers *out);

/* Any table, as it is. */
int cli_table_read(cli_run *run, const char *path, const kmseg_csv_options *options,
                   cli_customers *out);
void cli_customers_free(cli_customers *customers);

/* Where they come from, for what a step says of itself. */
kmseg_origin cli_origin(const cli_customers *customers, const char *path);
/* What a step said of itself, and status, as JSON; NULL after the message of a failure. Frees text. */
json_t *cli_said(const cli_run *run, kmseg_status status, char *text);

/* "Customers   4,338 from orders.csv ...". */
void cli_print_customers(FILE *out, const cli_customers *customers, const char *path);

/* What was joined to the lines of a log: a line for each, behind a label of so many columns; nothing
 * for none. */
void cli_print_order_joins(FILE *out, const kmseg_features_report *report, int indent);

/* A table of groups: what they are called, size, orders, revenue and means that are known. */
void cli_print_groups(FILE *out, const char *title, const kmseg_value_group *groups, int32_t n,
                      const kmseg_value_group *all);

/* Wrapped, each beginning a line; nothing for none. */
void cli_print_sentences(FILE *out, const char *title, const kmseg_sentences *sentences);

/* Cells of n_rows x n_columns in aligned columns, two spaces between; the first n_left columns are
 * aligned left. NULL is empty. */
void cli_print_cells(FILE *out, const char *const *cells, int n_rows, int n_columns, int n_left);

/* What cleaning left out: a line for each rule, its name in so many columns. */
void cli_print_rejected(FILE *out, const kmseg_features_report *report, int width);

/* The columns of a table, between empty lines. CLI_OK or the exit status. */
int cli_print_columns(FILE *out, cli_run *run, const kmseg_table *table);

/* Where the customers went and what comes next ("choose-k"; NULL: nothing is said), or that they were
 * not kept and how they are. */
void cli_print_kept(FILE *out, const char *output, const char *example, const char *next);

/* Writes a table with root as /params (to output, where there is one), then prints root as JSON or
 * calls print; releases root. CLI_OK or the exit status. */
int cli_table_finish(cli_run *run, const kmseg_table *table, cli_format format, const char *output,
                     json_t *root, int (*print)(FILE *out, cli_run *run, const void *what),
                     const void *what);

/* The same, and where the customers went. Writes the customers with their new columns and root as /params (to output, where there is one),
 * then prints root as JSON or calls print; releases root. */
int cli_value_finish(cli_run *run, const kmseg_table *table, cli_format format, const char *output,
                     json_t *root, void (*print)(FILE *out, cli_run *run, const void *what),
                     const void *what);

#endif
