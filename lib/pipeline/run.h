/* Inside of kmseg_run(). */
#ifndef KM_PIPELINE_RUN_H
#define KM_PIPELINE_RUN_H

#include "base/context.h"

#include <kmseg/kmseg.h>

#include <jansson.h>

enum { KM_RUN_REPORTS = 8, KM_RUN_TEXT = 300 };

/* What kmseg_run() gives, with the memory behind it. */
typedef struct km_run_result {
    kmseg_run_result shown; /* first */
    km_arena arena;
    kmseg_run_step *steps;
    int32_t capacity;
} km_run_result;

/* A run in the making. */
typedef struct km_run {
    kmseg_context *ctx;
    const char *input;
    kmseg_run_options options;
    kmseg_run_step_fn said;
    void *user;
    km_run_result *made;
    kmseg_features_report orders; /* of a log */
    const char *joined;           /* what was joined, in the arena of made; NULL: nothing */
    struct {
        const char *name;
        char *json; /* for kmseg_string_free() */
    } reports[KM_RUN_REPORTS];
    int n_reports;
    double clock;
} km_run;

int km_run_skips(const km_run *run, const char *step);

/* Notes what a step did, and says so. */
kmseg_status km_run_did(km_run *run, const char *name, int is_left_out, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Keeps what a step says of itself; takes over json. */
void km_run_keep(km_run *run, const char *name, char *json);

/* Why a step could not be done: the message of the context without the file, which is known, and what is
 * to be done about it, which need not be. */
const char *km_run_reason(const km_run *run, char out[KM_RUN_TEXT]);

/* The customers with their classes, what is foretold of them, and what was joined. */
kmseg_status km_run_customers(km_run *run);

/* How many segments, and which. */
kmseg_status km_run_segments(km_run *run);

#endif
