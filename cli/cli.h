/* The frame of the command: a subcommand is one file with one cli_command; its tables declare what
 * is parsed and what --help says. Nothing here knows what any subcommand does. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <kmseg/kmseg.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CLI_OK = 0,
    CLI_FAILED = 1,       /* understood, and it could not be done */
    CLI_MISUSED = 2,      /* the command line could not be understood */
    CLI_NOT_SO = 3,       /* what was to be checked does not hold */
    CLI_INTERRUPTED = 128 /* plus the signal: 130 for Ctrl-C */
};

/* A positional argument. */
typedef struct cli_argument {
    const char *name;   /* as the usage line shows it: "ORDERS" */
    const char *help;   /* one line */
    const char *option; /* the option that it sets in place of a flag, or NULL */
    int optional;
    int is_table; /* a table to read: --sql can take its place */
} cli_argument;

/* Options under one heading, from one table. A name that an earlier group has belongs there. */
typedef struct cli_group {
    const char *title;
    const kmseg_option_table *(*table)(void);
    size_t offset; /* of the table's struct in the options of the command */
} cli_group;

enum { CLI_MAX_ARGUMENTS = 4 };

struct cli_command;

/* Options that every subcommand has. */
typedef struct cli_common {
    size_t struct_size;
    int32_t threads;
    const char *kernels;
    int32_t json;
    int32_t quiet;
} cli_common;

/* What becomes of the ids of customers, where a subcommand writes them. */
typedef struct cli_privacy {
    size_t struct_size;
    int32_t pseudonymise;
    const char *key_file;
    int32_t drop_ids;
} cli_privacy;

/* What is read in place of the file of a table. */
typedef struct cli_source {
    size_t struct_size;
    const char *sql, *odbc;
} cli_source;

/* One call of a subcommand, parsed. */
typedef struct cli_run {
    const struct cli_command *command;
    kmseg_context *ctx;
    cli_common common;
    cli_source source;
    cli_privacy privacy;
    kmseg_key *key;                           /* of privacy.key_file, while the subcommand runs */
    const char *arguments[CLI_MAX_ARGUMENTS]; /* NULL where not given */
    void *options;                            /* the command's own struct */
    char written[400]; /* names of files and tables that are there by now, of several */
    char **texts;      /* values of repeated flags, joined; owned */
    int n_texts;
} cli_run;

typedef struct cli_command {
    const char *name;
    const char *help;        /* one line, no full stop */
    const char *description; /* paragraphs, wrapped to the terminal; "" for none */
    const char *examples;    /* lines, printed as they are */
    const cli_argument *arguments;
    int n_arguments;
    const cli_group *groups;
    int n_groups;
    int writes_ids; /* 1: ids of customers go out, so it has the options of cli_privacy */
    size_t options_size;
    void (*init)(void *options); /* fills the defaults */
    int (*run)(cli_run *run);    /* returns an exit status */
} cli_command;

/* Rows in the order of a run; NULL behind the last. */
const cli_command *cli_command_at(int i);
const cli_command *cli_command_find(const char *name);

/* parse.c. Returns CLI_OK, or the exit status after its message; *out_help is 1 when help was asked
 * for. */
int cli_parse(cli_run *run, int argc, char **argv, int *out_help);
/* Options that no group of the command has: on ids, where it writes any, and those of every command. */
typedef struct cli_shared {
    const char *title;
    const kmseg_option_table *(*table)(void);
    size_t offset; /* in a cli_run */
} cli_shared;

const cli_shared *cli_shared_at(const cli_command *command, int i); /* NULL behind the last */
/* Row i of a group that belongs to it: NULL when an earlier group or an argument has the name. */
const kmseg_option *cli_group_option(const cli_command *command, int group, int32_t i);

/* config.c: a file of options that a command with an option `config` reads before its flags. */
enum { CLI_MOST_CONFIG = 512 };
typedef struct cli_config_line {
    const char *name, *value; /* kept with the run; name NULL: an empty line */
    int line;
} cli_config_line;

/* At most CLI_MOST_CONFIG - 1 lines. CLI_OK or the exit status. */
int cli_config_read(cli_run *run, const char *path, cli_config_line *lines, int *out_n);
/* Every option but those named, with its help; those with their default value as comments. */
void cli_config_write(FILE *out, const cli_run *run, const char *const *passed_over);

/* tables.c */
/* The flag of an option: "--n-clusters". */
void cli_flag(const kmseg_option *option, char *out, size_t capacity);
/* Choice i of an option of few values, in room where it has to be; NULL behind the last. */
const char *cli_choice(const kmseg_option *option, int32_t i, char *room, size_t capacity);
/* A switch that has to be turned on. */
int cli_is_off(const kmseg_option *option, const void *values);
/* Called for each option of a command in order: title where a group begins, else NULL; values, the
 * struct of the option with the command's defaults. */
typedef void (*cli_visit)(void *user, const char *title, const kmseg_option *option,
                          const void *values);
void cli_options_each(const cli_command *command, cli_visit visit, void *user);

/* help.c */
void cli_help_all(FILE *out);
void cli_help_command(FILE *out, const cli_command *command);
/* "number of segments (default 6, at least 1)". */
void cli_describe(const kmseg_option *option, const void *values, char *out, size_t capacity);

/* manual.c: pages for man. */
void cli_manual_all(FILE *out);
void cli_manual_command(FILE *out, const cli_command *command);
int cli_manual_write(const char *folder); /* all of them; CLI_OK or the exit status */

/* message.c: one line on stderr, "kmseg: ..."; returns the exit status. */
int cli_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
#ifdef __clang_analyzer__ /* which reads one file at a time: these never return CLI_OK */
#define cli_misused(...) (cli_misused(__VA_ARGS__), CLI_MISUSED)
#define cli_failed(...)  (cli_failed(__VA_ARGS__), CLI_FAILED)
#endif
/* Notes that one of several files or tables is there, for when the others are interrupted. */
void cli_wrote(cli_run *run, const char *name);
/* The library's message; CLI_INTERRUPTED + signal when it was cancelled. */
int cli_status(const cli_run *run, kmseg_status status);
/* The same, with the name of the file that the values came from before the message. */
int cli_status_of(const cli_run *run, kmseg_status status, const char *path);
/* The name most like name of n, or NULL. */
const char *cli_similar(const char *name, const char *const *names, int n);

/* terminal.c */
int cli_width(FILE *stream);  /* columns; 100 where it is not a terminal */
int cli_colour(FILE *stream); /* 1 when it wants ANSI colours */
typedef enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_RED, CLI_GREEN } cli_style;
/* What switches a terminal to a style; "" where it wants no colours. */
const char *cli_styled(FILE *stream, cli_style style);
/* A bar of blocks for a share of 0 to 1 of cells cells, in eighths of one; 64 bytes hold 20 cells. */
const char *cli_bar(double share, int cells, char *out, size_t capacity);
void cli_progress(void *user, const char *stage, int64_t done, int64_t total);
void cli_progress_erase(void);
void cli_wrap(FILE *out, const char *text, int indent, int first, int width);

/* signals.c */
void cli_signals_watch(kmseg_context *ctx); /* NULL: nothing to cancel */
int cli_signal_caught(void);                /* its number, or 0 */

/* files.c: files that a command writes. */
typedef enum cli_format { CLI_CSV = 1, CLI_HDF5 = 2 } cli_format;

/* Checks before any work that path can be written as a table or, when only_hdf5, a result: its
 * ending, its folder, and that it is none of the inputs. CLI_OK or the exit status. */
int cli_output_check(const char *path, int only_hdf5, const char *input, cli_format *out);
/* That a file can be made where path says; shown is path as messages show it. */
int cli_folder_check(const char *path, const char *shown);
/* Every table of customers goes out through this: it hides ids where that was asked for. */
int cli_table_write(cli_run *run, const kmseg_table *table, cli_format format,
                    const char *params_json, const char *path);
/* CLI_OK when path holds segments, else the exit status after its message. */
int cli_check_segments(const cli_run *run, const char *path);
/* stdout, or stderr when stdout carries the data itself (path "-"). */
FILE *cli_summary_stream(const char *path);

/* privacy.c */
const kmseg_option_table *cli_privacy_table(void);
/* Checks what was asked for and reads the key, before any work. CLI_OK or the exit status. */
int cli_privacy_begin(cli_run *run);
void cli_privacy_end(cli_run *run);
/* 1 when ids are not to go out as they are. */
int cli_hides_ids(const cli_run *run);
/* A result that is about to be written or printed: its ids become what was asked for. */
int cli_protect_result(cli_run *run, kmseg_result *result);
/* The same for a table that is about to be printed: another is put in its place. */
int cli_protect_table(cli_run *run, kmseg_table **shown);

/* source.c */
const kmseg_option_table *cli_source_table(void);
extern const char cli_query_name[];                 /* under which a query is read as a file is */
int cli_table_argument(const cli_command *command); /* position of the table it reads, or -1 */
/* Makes the query known to the library. CLI_OK or the exit status. */
int cli_source_begin(cli_run *run);

/* connection.c: what --odbc says, as a connection string; overwrite it after use. CLI_OK or the exit
 * status. */
enum { CLI_CONNECTION = 4096 };
int cli_connection(const char *odbc, char *out, size_t capacity);
/* kmseg_crm_write_table() with the connection that --odbc says. CLI_OK or the exit status. */
int cli_database_write(cli_run *run, const kmseg_result *result, const kmseg_table *customers,
                       const kmseg_crm_options *crm, const char *odbc, kmseg_crm_table *table,
                       kmseg_crm_report *out);

/* joined.c: the customers that a command works on, with what is joined to them. */
typedef struct cli_joins {
    size_t struct_size;
    const char *join; /* requests, one a line */
    const char *join_type;
} cli_joins;

typedef struct cli_joined {
    kmseg_table *table;
    char *joined;  /* what was joined, for the parameters of a result; NULL: nothing */
    json_t *joins; /* the same with counts; NULL: nothing */
} cli_joined;

const kmseg_option_table *cli_join_table(void);
void cli_joins_init(cli_joins *joins);
/* Reads and joins; on failure out holds nothing. CLI_OK or the exit status. */
int cli_joined_read(cli_run *run, const char *path, const kmseg_csv_options *csv,
                    const cli_joins *joins, cli_joined *out);
/* That every request can be read, before any work. CLI_OK or the exit status. */
int cli_joins_check(const cli_joins *joins);
/* Profiles a result by the columns of other tables as well: requests, one a line, of the flag --with.
 * customers gets what was matched, to print. CLI_OK or the exit status. */
int cli_joined_describe(cli_run *run, const char *with, const kmseg_csv_options *csv,
                        kmseg_result *result, cli_joined *customers);
/* That the columns of a file which a fit joined were joined again: CLI_OK, or the exit status. */
int cli_joined_check(const cli_joined *customers, const kmseg_result *result,
                     const cli_joins *joins);
void cli_joined_free(cli_joined *customers);
/* A line for each join, for people. */
void cli_joined_print(FILE *out, const cli_joined *customers);
/* A JSON report of the library, with the joins in it. */
int cli_print_report(const char *report, const cli_joined *customers);

/* by.c: customers of one level of a column at a time. */
typedef struct cli_level {
    const char *name; /* of the table, or in texts */
    int64_t n_rows;
    int64_t *rows;
} cli_level;

typedef struct cli_by {
    cli_level *levels; /* by name; numbers by size */
    int32_t n_levels;
    int64_t n_without; /* rows without a value */
    char (*texts)[32]; /* names of numbers */
    int64_t *rows;     /* of all levels */
} cli_by;

/* The rows of each level of a column; on failure out holds nothing. CLI_OK or the exit status. */
int cli_by_read(const cli_run *run, const kmseg_table *table, const char *column, cli_by *out);
void cli_by_free(cli_by *by);
/* segments.h5 and "A" as segments.A.h5; signs that file names had better not have become '_'. */
int cli_by_path(const char *path, const char *level, char *out, size_t capacity);

/* text.c: text for people. */
/* A copy with control characters replaced, for names that come from files; cut at capacity. */
const char *cli_clean(const char *text, char *out, size_t capacity);
/* 1234567.891 as "1,234,568" or with digits decimals. */
const char *cli_number(double value, int digits, char *out, size_t capacity);
const char *cli_count(int64_t value, char *out, size_t capacity);

/* range.c. Reads the value of --n-clusters where it is a range: "2:15", or "5" for that number alone.
 * CLI_OK or the exit status. */
int cli_range(const char *text, int32_t *k_min, int32_t *k_max);

/* json.c. Prints and releases root; returns the exit status. */
int cli_print_json(json_t *root);
json_t *cli_json_real(double value);     /* null unless finite */
json_t *cli_json_text(const char *text); /* any bytes */

extern const cli_command cli_cmd_run, cli_cmd_features, cli_cmd_rfm, cli_cmd_tier,
    cli_cmd_lifecycle, cli_cmd_clv, cli_cmd_rules, cli_cmd_inspect, cli_cmd_sweep, cli_cmd_choose_k,
    cli_cmd_fit, cli_cmd_profile, cli_cmd_report, cli_cmd_predict, cli_cmd_explain, cli_cmd_export,
    cli_cmd_info, cli_cmd_protect, cli_cmd_key, cli_cmd_generate, cli_cmd_list, cli_cmd_completion,
    cli_cmd_help;

#endif
