/* A text file that appears whole or not at all: a temporary file in the same folder (mode 0600),
 * synced, then renamed. */
#ifndef KM_SOURCE_CSV_OUTPUT_H
#define KM_SOURCE_CSV_OUTPUT_H

#include "base/context.h"

typedef struct km_output {
    kmseg_context *ctx;
    const char *path; /* borrowed */
    int file;
    int folder;         /* -1: path is written directly: "-", a pipe or a device */
    const char *name;   /* of the file in its folder; part of path */
    char temporary[32]; /* name of the temporary file in the folder */
} km_output;

/* path "-" is standard output. On success km_output_commit() must follow. */
kmseg_status km_output_open(kmseg_context *ctx, const char *path, km_output *output);

kmseg_status km_output_write(km_output *output, const char *text, size_t n);

/* Publishes the file when status is KMSEG_OK, else removes what was written; returns status, or
 * the failure of publishing. */
kmseg_status km_output_commit(km_output *output, kmseg_status status);

#endif
