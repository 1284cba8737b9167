#include "base/query.h"
#include "h5/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

kmseg_status km_h5_kind(km_h5_file *file, kmseg_file_kind *out) {
    *out = KMSEG_FILE_HDF5;
    htri_t has_format = H5Aexists(file->id, "format");
    if (has_format < 0) {
        return km_h5_fail(file, "cannot read attribute format of /");
    }
    char format[64];
    hid_t attribute = has_format > 0 ? H5Aopen(file->id, "format", H5P_DEFAULT) : -1;
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : -1;
    int is_text = type >= 0 && H5Tget_class(type) == H5T_STRING;
    if (type >= 0) {
        H5Tclose(type);
    }
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    if (is_text) {
        KM_TRY(km_h5_get_short_text(file, "/", "format", format, sizeof format));
        *out = strcmp(format, "kmseg-table") == 0    ? KMSEG_FILE_TABLE
               : strcmp(format, "kmseg-result") == 0 ? KMSEG_FILE_RESULT
                                                     : KMSEG_FILE_HDF5;
    }
    return KMSEG_OK;
}

kmseg_status kmseg_file_kind_of(kmseg_context *ctx, const char *path, kmseg_file_kind *out) {
    *out = KMSEG_FILE_OTHER;
    if (km_query_find(ctx, path) != NULL) {
        return KMSEG_OK;
    }
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
        if (km_h5_open(ctx, path, &file) == KMSEG_OK) { /* damage is for the reader to say */
            (void)km_h5_kind(&file, out);
            km_h5_close(&file);
        }
    }
    return KMSEG_OK;
}
