/* What kmseg run does besides kmseg_run(): files, and what it says. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli.h"

typedef struct cli_run_files {
    size_t struct_size;
    const char *output, *n_clusters, *skip, *exports, *table, *labels, *config, *write_config;
} cli_run_files;

typedef struct cli_run_options {
    cli_run_files files;
    cli_joins joins;
    kmseg_run_options run;
    kmseg_report_options report;
} cli_run_options;

enum { CLI_RUN_STEPS = 64 };

/* What a step said of itself. */
typedef struct cli_run_step {
    char name[24], text[300];
    double seconds;
    int is_left_out;
} cli_run_step;

typedef struct cli_run_state {
    cli_run *run;
    cli_run_options *options;
    const char *input;
    kmseg_run_result *made;
    cli_run_step steps[CLI_RUN_STEPS];
    int n_steps;
    double clock;
} cli_run_state;

int cli_run_skips(const cli_run_options *options, const char *step);

/* Says to people what a step did, and notes it for --json. */
void cli_run_say(void *state, const kmseg_run_step *step);

/* Writes the files and says what is in them. CLI_OK or the exit status. */
int cli_run_finish(cli_run_state *state);

#endif
