/* A text file that appears whole or not at all: a temporary file in the same folder (mode 0600),
 * synced, then renamed. */
#ifndef KM_SOURCE_CSV_OUTPUT_H
#define KM_SOURCE_CSV_OUTPUT_H

#include "base/context.h"

enum { KM_OUTPUT_NAME = 32 }; /* of a temporary file in its folder */

typedef struct km_output {
    kmseg_context *ctx;
    const char *path; /* borrowed */
    int file;
    int folder;                     /* -1: path is written directly: "-", a pipe or a device */
    const char *name;               /* of the file in its folder; part of path */
    char temporary[KM_OUTPUT_NAME]; /* name of the temporary file in the folder */
} km_output;

/* path "-" is standard output. On success km_output_commit() must follow. */
kmseg_status km_output_open(kmseg_context *ctx, const char *path, km_output *output);

kmseg_status km_output_write(km_output *output, const char *text, size_t n);

/* Publishes the file when status is KMSEG_OK, else removes what was written; returns status, or
 * the failure of publishing. */
kmseg_status km_output_commit(km_output *output, kmseg_status status);

/* For several files that appear together. Ends the one that is written, whose temporary name goes to
 * kept, and begins another in the same folder. Not for "-", a pipe or a device. */
kmseg_status km_output_next(km_output *output, char kept[KM_OUTPUT_NAME]);

/* In place of km_output_commit(): the n kept files get the first n of names, in their folder, and the
 * one that is written the last; or all are removed. Where nothing was kept it is the same as
 * km_output_commit(), but that the name is the first of names. names is not looked at when status is a
 * failure. */
kmseg_status km_output_commit_all(km_output *output, kmseg_status status,
                                  char (*kept)[KM_OUTPUT_NAME], const char *const *names,
                                  int32_t n);

#endif
