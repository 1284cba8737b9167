#include "h5/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

kmseg_file_kind km_h5_kind(km_h5_file *file) {
    char format[64] = "";
    if (km_h5_has(file, "/", "format") &&
        km_h5_get_short_text(file, "/", "format", format, sizeof format) == KMSEG_OK) {
        if (strcmp(format, "kmseg-table") == 0) {
            return KMSEG_FILE_TABLE;
        }
        if (strcmp(format, "kmseg-result") == 0) {
            return KMSEG_FILE_RESULT;
        }
    }
    return KMSEG_FILE_HDF5;
}

kmseg_status kmseg_file_kind_of(kmseg_context *ctx, const char *path, kmseg_file_kind *out) {
    *out = KMSEG_FILE_OTHER;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0 || S_ISDIR(info.st_mode)) {
        kmseg_status status =
            km_fail(ctx, KMSEG_E_IO, "cannot read %s: %s", path,
                    fd >= 0 && S_ISDIR(info.st_mode) ? "it is a folder" : strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return status;
    }
    /* A pipe can be read only once: its content is left to the reader. */
    int is_hdf5 = S_ISREG(info.st_mode) && km_h5_has_signature(fd);
    close(fd);
    if (is_hdf5) {
        km_h5_file file;
        *out = KMSEG_FILE_HDF5;
        if (km_h5_open(ctx, path, &file) == KMSEG_OK) { /* a damaged one is for the reader to say */
            *out = km_h5_kind(&file);
            km_h5_close(&file);
        }
    }
    return KMSEG_OK;
}
