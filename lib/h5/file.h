/* HDF5 files of ours: opened for reading, or written so that they appear whole or not at all.
 *
 * HDF5 is not safe for threads in every build: between km_h5_open() or km_h5_create() and the end
 * of the file this thread holds one lock of the process. HDF5's own printing of errors is off
 * meanwhile; what it would have printed becomes part of our message. */
#ifndef KM_H5_FILE_H
#define KM_H5_FILE_H

#include "base/context.h"
#include "h5/driver.h"

#include <kmseg/store.h>

typedef struct km_h5_file {
    kmseg_context *ctx;
    const char *path; /* as the caller gave it; borrowed */
    km_h5_io io;
    hid_t id;
    int64_t size;        /* reading: bytes of the file */
    int64_t version;     /* reading: format_version, once km_h5_check_format() was there */
    int writing;         /* 1: this is the temporary file */
    kmseg_status status; /* writing: the first failure; every later write does nothing */
    int folder;          /* writing: descriptor of the folder */
    const char *name;    /* writing: of the file in its folder; part of path */
    char temporary[32];  /* writing: name of the temporary file in the folder */
    H5E_auto2_t old_printer;
    void *old_printer_data;
} km_h5_file;

/* Opens a file for reading. KMSEG_E_IO when the system refuses, KMSEG_E_FORMAT when it is no HDF5
 * file or a damaged one. On success km_h5_close() must follow. */
kmseg_status km_h5_open(kmseg_context *ctx, const char *path, km_h5_file *file);

void km_h5_close(km_h5_file *file);

/* Makes a temporary file beside path and writes the root attributes that every file of ours has;
 * format is "kmseg-table" or "kmseg-result". On success km_h5_commit() must follow. */
kmseg_status km_h5_create(kmseg_context *ctx, const char *path, const char *format,
                          km_h5_file *file);

/* Ends the writing: marks the file complete, closes, reopens and verifies it, syncs it and renames
 * it to its path. When anything failed, here, before, or in status, it removes the temporary file
 * instead and returns the failure. */
kmseg_status km_h5_commit(km_h5_file *file, kmseg_status status);

/* Reading: checks the root attributes of a file of ours: format, format_version, complete. */
kmseg_status km_h5_check_format(km_h5_file *file, const char *format);

/* What kind of file an open file is; KMSEG_E_FORMAT when it is too damaged to tell. */
kmseg_status km_h5_kind(km_h5_file *file, kmseg_file_kind *out);

/* The message is "PATH: what: why", why being what HDF5 or the system said last; so call it before
 * any other function of HDF5. KMSEG_E_IO when the system failed, or when writing; else
 * KMSEG_E_FORMAT. While writing, the first failure stays. */
kmseg_status km_h5_fail(km_h5_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a fault that we found ourselves, with a status of its own: "PATH: what". */
kmseg_status km_h5_fault(km_h5_file *file, kmseg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* as in base/context.h */
#define km_h5_fail(file, ...)          (km_h5_fail(file, __VA_ARGS__), KMSEG_E_IO)
#define km_h5_fault(file, status, ...) (km_h5_fault(file, status, __VA_ARGS__), (status))
#endif

/* 1 when the first bytes of the file are those of HDF5 (at 0, 512, 1024, ...). */
int km_h5_has_signature(int fd);

#endif
