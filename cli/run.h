/* The steps of kmseg run. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "steps.h"

typedef struct cli_run_files {
    size_t struct_size;
    const char *output, *n_clusters, *skip, *exports, *table, *labels, *config, *write_config;
} cli_run_files;

typedef struct cli_run_options {
    cli_run_files files;
    cli_joins joins;
    kmseg_features_options features;
    kmseg_csv_options csv;
    kmseg_value_columns columns;
    kmseg_rfm_options rfm;
    kmseg_lifecycle_options lifecycle;
    kmseg_tier_options tier;
    kmseg_clv_options clv;
    kmseg_choose_options choose;
    kmseg_segment_options segment;
    kmseg_report_options report;
} cli_run_options;

enum { CLI_RUN_REPORTS = 8, CLI_RUN_STEPS = 16 };

/* What a step said of itself. */
typedef struct cli_run_step {
    const char *name;
    char text[300];
    double seconds;
    int is_left_out;
} cli_run_step;

typedef struct cli_run_state {
    cli_run *run;
    cli_run_options *options;
    const char *input;
    int32_t k_min, k_max;
    cli_customers customers;
    cli_joined joined; /* has the customers once cli_run_customers() is done */
    kmseg_choice *choice;
    kmseg_result *result;
    struct {
        const char *name;
        json_t *json;
    } reports[CLI_RUN_REPORTS];
    int n_reports;
    cli_run_step steps[CLI_RUN_STEPS];
    int n_steps;
    double clock;
} cli_run_state;

int cli_run_skips(const cli_run_options *options, const char *step);

/* Notes what a step did, and says so to people. */
void cli_run_did(cli_run_state *state, const char *name, int is_left_out, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Keeps what a step would print with --json; takes over json. */
void cli_run_keep(cli_run_state *state, const char *name, json_t *json);
/* FOLDER/name */
int cli_run_path(const cli_run_state *state, const char *name, char *out, size_t capacity);

/* Each returns CLI_OK or the exit status. */
int cli_run_customers(cli_run_state *state); /* customers with their classes */
int cli_run_segments(cli_run_state *state);  /* how many, and which */
int cli_run_finish(cli_run_state *state);    /* files, and the summary */
void cli_run_free(cli_run_state *state);

#endif
