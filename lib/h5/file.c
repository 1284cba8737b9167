#include "h5/file.h"

#include "h5/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <kmseg/version.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#undef km_h5_fail /* see __clang_analyzer__ in file.h */
#undef km_h5_fault

/* The one lock around HDF5. A progress function may load another file, so it is recursive. */
static pthread_mutex_t lock;
static pthread_once_t lock_once = PTHREAD_ONCE_INIT;

/* After a damaged file HDF5 1.10 finds at the end of the process that it lost memory of its own, and
 * says so on stderr unless its printing is off. */
static void quiet_at_exit(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

static void make_lock(void) {
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    H5open(); /* which registers HDF5's own end, so that ours comes before it */
    (void)atexit(quiet_at_exit);
}

static void enter(km_h5_file *file) {
    pthread_once(&lock_once, make_lock);
    pthread_mutex_lock(&lock);
    H5Eget_auto2(H5E_DEFAULT, &file->old_printer, &file->old_printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static void leave(km_h5_file *file) {
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, file->old_printer, file->old_printer_data);
    pthread_mutex_unlock(&lock);
}

static herr_t first_reason(unsigned n, const H5E_error2_t *entry, void *out) {
    if (n == 0 && entry->desc != NULL) {
        snprintf(out, KM_MESSAGE_CAPACITY / 4, "%s", entry->desc);
    }
    return 0;
}

static kmseg_status keep(km_h5_file *file, kmseg_status status) {
    if (file->writing && file->status == KMSEG_OK) {
        file->status = status;
    }
    return status;
}

kmseg_status km_h5_fail(km_h5_file *file, const char *format, ...) {
    if (file->writing && file->status != KMSEG_OK) {
        return file->status;
    }
    char reason[KM_MESSAGE_CAPACITY / 4] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_reason, reason);
    char what[KM_MESSAGE_CAPACITY / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (file->io.error != 0) {
        return keep(file, km_fail(file->ctx, KMSEG_E_IO, "%s: %s: %s", file->path, what,
                                  strerror(file->io.error)));
    }
    return keep(file, km_fail(file->ctx, file->writing ? KMSEG_E_IO : KMSEG_E_FORMAT, "%s: %s%s%s",
                              file->path, what, reason[0] != '\0' ? ": " : "", reason));
}

kmseg_status km_h5_fault(km_h5_file *file, kmseg_status status, const char *format, ...) {
    if (file->writing && file->status != KMSEG_OK) {
        return file->status;
    }
    char what[KM_MESSAGE_CAPACITY / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return keep(file, km_fail(file->ctx, status, "%s: %s", file->path, what));
}

int km_h5_has_signature(int fd) {
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return 0;
    }
    for (off_t at = 0; at + 8 <= info.st_size; at = at == 0 ? 512 : 2 * at) {
        unsigned char bytes[8];
        if (pread(fd, bytes, 8, at) == 8 && memcmp(bytes, signature, 8) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Makes file->id from file->io. */
static kmseg_status attach(km_h5_file *file) {
    hid_t access = km_h5_driver_access(&file->io);
    if (access < 0) {
        return km_h5_fail(file, "HDF5 gives no access");
    }
    if (file->writing) {
        /* The format of 1.10 has checksums in all metadata that it indexes. */
        hid_t creation = H5Pcreate(H5P_FILE_CREATE);
        H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_LATEST);
        H5Pset_obj_track_times(creation, 0); /* the same content is the same bytes */
        file->id = H5Fcreate(file->path, H5F_ACC_TRUNC, creation, access);
        H5Pclose(creation);
    } else {
        file->id = H5Fopen(file->path, H5F_ACC_RDONLY, access);
    }
    kmseg_status status = KMSEG_OK;
    if (file->id < 0) {
        status = km_h5_fail(file, file->writing ? "cannot write" : "damaged HDF5");
    }
    H5Pclose(access);
    return status;
}

/* Closes HDF5's side. All objects of the file go with it (H5F_CLOSE_STRONG). */
static kmseg_status detach(km_h5_file *file) {
    kmseg_status status = KMSEG_OK;
    if (file->id >= 0 && H5Fclose(file->id) < 0) {
        status = km_h5_fail(file, "cannot close");
    }
    km_h5_driver_detach(&file->io);
    file->id = -1;
    return status;
}

kmseg_status km_h5_open(kmseg_context *ctx, const char *path, km_h5_file *file) {
    *file = (km_h5_file){.ctx = ctx, .path = path, .id = -1, .folder = -1};
    file->io.fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file->io.fd < 0 || fstat(file->io.fd, &info) != 0) {
        kmseg_status status = km_fail(ctx, KMSEG_E_IO, "cannot read %s: %s", path, strerror(errno));
        if (file->io.fd >= 0) {
            close(file->io.fd);
        }
        return status;
    }
    if (!S_ISREG(info.st_mode) || !km_h5_has_signature(file->io.fd)) {
        close(file->io.fd);
        return km_fail(ctx, KMSEG_E_FORMAT, "%s is not an HDF5 file", path);
    }
    file->size = info.st_size;
    enter(file);
    kmseg_status status = attach(file);
    if (status != KMSEG_OK) {
        km_h5_close(file);
    }
    return status;
}

void km_h5_close(km_h5_file *file) {
    if (file->id >= 0) {
        H5Fclose(file->id);
    }
    km_h5_driver_detach(&file->io);
    leave(file);
    close(file->io.fd);
}

/* Opens the folder and refuses to replace what is not a plain file. */
static kmseg_status open_folder(kmseg_context *ctx, const char *path, km_h5_file *file) {
    struct stat info;
    const char *slash = strrchr(path, '/');
    file->name = slash != NULL ? slash + 1 : path;
    if (file->name[0] == '\0' || (stat(path, &info) == 0 && S_ISDIR(info.st_mode))) {
        return km_fail(ctx, KMSEG_E_IO, "cannot write %s: it is a folder", path);
    }
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return km_fail(ctx, KMSEG_E_IO, "cannot write %s: it is not a plain file", path);
    }
    size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    char *folder = km_allocate(&ctx->allocator, length + 1);
    if (folder == NULL) {
        return km_fail_memory(ctx, "a path");
    }
    memcpy(folder, slash == NULL ? "." : path, length);
    folder[length] = '\0';
    kmseg_status status = KMSEG_OK;
    file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->folder < 0) {
        status = km_fail(ctx, KMSEG_E_IO, "cannot write %s: folder %s %s", path, folder,
                         errno == ENOENT    ? "does not exist"
                         : errno == EACCES  ? "cannot be opened: permission denied"
                         : errno == ENOTDIR ? "is not a folder"
                                            : strerror(errno));
    }
    km_release(&ctx->allocator, folder);
    return status;
}

static kmseg_status make_temporary(kmseg_context *ctx, const char *path, km_h5_file *file) {
    for (int attempt = 0; attempt < 100; attempt++) {
        unsigned char random[8];
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
            break;
        }
        snprintf(file->temporary, sizeof file->temporary, ".kmseg-%02x%02x%02x%02x%02x%02x%02x%02x",
                 random[0], random[1], random[2], random[3], random[4], random[5], random[6],
                 random[7]);
        file->io.fd = openat(file->folder, file->temporary,
                             O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file->io.fd >= 0 || errno != EEXIST) {
            break;
        }
    }
    if (file->io.fd < 0) {
        return km_fail(ctx, KMSEG_E_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return KMSEG_OK;
}

static void put_format(km_h5_file *file, const char *format) {
    km_h5_put_text(file, "/", "format", format);
    km_h5_put_int(file, "/", "format_version", KMSEG_FORMAT_VERSION);
    km_h5_put_text(file, "/", "creator", "kmseg " KMSEG_VERSION);
}

kmseg_status km_h5_create(kmseg_context *ctx, const char *path, const char *format,
                          km_h5_file *file) {
    *file = (km_h5_file){
        .ctx = ctx, .path = path, .id = -1, .io = {.fd = -1}, .folder = -1, .writing = 1};
    kmseg_status status = open_folder(ctx, path, file);
    if (status == KMSEG_OK) {
        status = make_temporary(ctx, path, file);
    }
    if (status != KMSEG_OK) {
        if (file->folder >= 0) {
            close(file->folder);
        }
        return status;
    }
    enter(file);
    status = attach(file);
    if (status != KMSEG_OK) {
        return km_h5_commit(file, status);
    }
    put_format(file, format);
    return KMSEG_OK;
}

/* Opens the finished temporary file as a reader would and looks at all of its structure. */
static kmseg_status verify(km_h5_file *file) {
    km_h5_file reader = {.ctx = file->ctx, .path = file->path, .id = -1, .folder = -1};
    reader.io.fd = openat(file->folder, file->temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    if (reader.io.fd < 0 || fstat(reader.io.fd, &info) != 0) {
        reader.io.error = errno;
        km_h5_fail(&reader, "cannot read back what was written");
        if (reader.io.fd >= 0) {
            close(reader.io.fd);
        }
        return KMSEG_E_IO;
    }
    reader.size = info.st_size;
    kmseg_status status = attach(&reader);
    if (status == KMSEG_OK) {
        status = km_h5_check_format(&reader, NULL);
    }
    if (status == KMSEG_OK) {
        status = km_h5_check_all(&reader);
    }
    kmseg_status closed = detach(&reader);
    close(reader.io.fd);
    if (status == KMSEG_OK) {
        status = closed;
    }
    if (status == KMSEG_OK || status == KMSEG_E_MEMORY) {
        return status;
    }
    return km_fail_prefix(file->ctx, KMSEG_E_IO, "what was written did not pass its check");
}

/* From a closed temporary file to a file under its name that survives a power failure. */
static kmseg_status publish(km_h5_file *file) {
    KM_TRY(verify(file));
    if (km_cancelled(file->ctx)) {
        return km_fail_cancelled(file->ctx);
    }
    if (fsync(file->io.fd) != 0 ||
        renameat(file->folder, file->temporary, file->folder, file->name) != 0) {
        return km_fail(file->ctx, KMSEG_E_IO, "cannot write %s: %s", file->path, strerror(errno));
    }
    file->temporary[0] = '\0';
    /* Some file systems cannot sync a folder and say so with EINVAL. */
    if (fsync(file->folder) != 0 && errno != EINVAL) {
        return km_fail(file->ctx, KMSEG_E_IO, "cannot sync the folder of %s: %s", file->path,
                       strerror(errno));
    }
    return KMSEG_OK;
}

/* The last word on everything that was written: HDF5 may have been told that all is well. */
static kmseg_status written(km_h5_file *file) {
    if (file->io.error != 0) {
        int error = file->io.error;
        return km_fail(file->ctx, KMSEG_E_IO, "cannot write %s: %s", file->path,
                       error == ENOSPC || error == EDQUOT ? "the disk is full" : strerror(error));
    }
    return file->status;
}

kmseg_status km_h5_commit(km_h5_file *file, kmseg_status status) {
    if (file->status == KMSEG_OK) {
        file->status = status;
    }
    if (file->status == KMSEG_OK && file->io.error == 0) {
        /* All else is on its way to the disk before the mark is. */
        if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0) {
            km_h5_fail(file, "cannot write");
        }
        km_h5_put_int(file, "/", "complete", 1);
    }
    detach(file);
    status = written(file);
    if (status == KMSEG_OK) {
        status = publish(file);
    }
    if (file->temporary[0] != '\0') {
        unlinkat(file->folder, file->temporary, 0);
    }
    leave(file);
    close(file->io.fd); /* synced before, so that nothing is left to fail */
    close(file->folder);
    return status;
}

kmseg_status km_h5_check_format(km_h5_file *file, const char *format) {
    char found[64];
    int64_t version = 0, complete = 0;
    KM_TRY(km_h5_get_short_text(file, "/", "format", found, sizeof found));
    if (format != NULL && strcmp(found, format) != 0) {
        return km_fail(file->ctx, KMSEG_E_FORMAT, "%s is a %s file; it needs to be a %s file",
                       file->path, found, format);
    }
    KM_TRY(km_h5_get_int(file, "/", "format_version", 1, INT32_MAX, &version));
    if (version > KMSEG_FORMAT_VERSION) {
        return km_fail(file->ctx, KMSEG_E_FORMAT,
                       "%s has format_version %lld; this is kmseg " KMSEG_VERSION
                       ", which reads up to %d",
                       file->path, (long long)version, KMSEG_FORMAT_VERSION);
    }
    file->version = version;
    KM_TRY(km_h5_get_int(file, "/", "complete", 0, 1, &complete));
    if (complete != 1) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "attribute complete is 0: the writing never ended");
    }
    return KMSEG_OK;
}
