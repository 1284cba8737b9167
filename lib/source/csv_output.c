#include "source/csv_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static kmseg_status fail_write(const km_output *output, int error) {
    return km_fail(output->ctx, KMSEG_E_IO, "cannot write %s: %s", output->path,
                   error == ENOSPC || error == EDQUOT ? "the disk is full" : strerror(error));
}

static kmseg_status open_folder(km_output *output) {
    const char *path = output->path, *slash = strrchr(path, '/');
    size_t length = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    char *folder = km_allocate(&output->ctx->allocator, length + 1);
    if (folder == NULL) {
        return km_fail_memory(output->ctx, "a path");
    }
    memcpy(folder, slash == NULL ? "." : path, length);
    folder[length] = '\0';
    output->name = slash != NULL ? slash + 1 : path;
    output->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kmseg_status status = KMSEG_OK;
    if (output->folder < 0) {
        const char *why = errno == ENOENT    ? "does not exist"
                          : errno == ENOTDIR ? "is not a folder"
                                             : strerror(errno);
        status =
            km_fail(output->ctx, KMSEG_E_IO, "cannot write %s: folder %s %s", path, folder, why);
    }
    km_release(&output->ctx->allocator, folder);
    return status;
}

static kmseg_status make_temporary(km_output *output) {
    for (int attempt = 0; attempt < 100 && output->file < 0; attempt++) {
        uint64_t random;
        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
            break;
        }
        snprintf(output->temporary, sizeof output->temporary, ".kmseg-%016llx",
                 (unsigned long long)random);
        output->file = openat(output->folder, output->temporary,
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (output->file < 0 && errno != EEXIST) {
            break;
        }
    }
    return output->file >= 0 ? KMSEG_OK : fail_write(output, errno);
}

kmseg_status km_output_open(kmseg_context *ctx, const char *path, km_output *output) {
    *output = (km_output){.ctx = ctx, .path = path, .file = -1, .folder = -1};
    struct stat info;
    if (path == NULL || path[0] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "the path of the file to write is empty");
    }
    if (strcmp(path, "-") == 0) {
        output->path = "standard output";
        fflush(stdout); /* what the caller printed comes first */
        output->file = dup(STDOUT_FILENO);
        return output->file >= 0 ? KMSEG_OK : fail_write(output, errno);
    }
    int there = stat(path, &info) == 0;
    if (path[strlen(path) - 1] == '/' || (there && S_ISDIR(info.st_mode))) {
        return km_fail(ctx, KMSEG_E_IO, "cannot write %s: it is a folder", path);
    }
    if (there && !S_ISREG(info.st_mode)) {
        output->file = open(path, O_WRONLY | O_CLOEXEC);
        return output->file >= 0 ? KMSEG_OK : fail_write(output, errno);
    }
    KM_TRY(open_folder(output));
    kmseg_status status = make_temporary(output);
    if (status != KMSEG_OK) {
        close(output->folder);
    }
    return status;
}

kmseg_status km_output_write(km_output *output, const char *text, size_t n) {
    while (n > 0) {
        ssize_t written = write(output->file, text, n);
        if (written < 0 && errno == EINTR && !km_cancelled(output->ctx)) {
            continue;
        }
        if (km_cancelled(output->ctx)) {
            return km_fail_cancelled(output->ctx);
        }
        if (written < 0) {
            return fail_write(output, errno);
        }
        text += written;
        n -= (size_t)written;
    }
    return KMSEG_OK;
}

/* Syncs and closes the temporary file. */
static kmseg_status finish(km_output *output, kmseg_status status) {
    if (status == KMSEG_OK && fsync(output->file) != 0) {
        status = fail_write(output, errno);
    }
    if (close(output->file) != 0 && status == KMSEG_OK) {
        status = fail_write(output, errno);
    }
    output->file = -1;
    return status;
}

kmseg_status km_output_next(km_output *output, char kept[KM_OUTPUT_NAME]) {
    memcpy(kept, output->temporary, KM_OUTPUT_NAME);
    kmseg_status status = finish(output, KMSEG_OK);
    if (status == KMSEG_OK) {
        status = make_temporary(output);
    }
    if (status != KMSEG_OK) { /* this one is not kept, and none is written */
        unlinkat(output->folder, kept, 0);
        output->temporary[0] = '\0';
    }
    return status;
}

static kmseg_status publish(const km_output *output, const char *temporary, const char *name) {
    return renameat(output->folder, temporary, output->folder, name) == 0
               ? KMSEG_OK
               : fail_write(output, errno);
}

kmseg_status km_output_commit_all(km_output *output, kmseg_status status,
                                  char (*kept)[KM_OUTPUT_NAME], const char *const *names,
                                  int32_t n) {
    if (output->folder < 0) {
        if (close(output->file) != 0 && status == KMSEG_OK) {
            status = fail_write(output, errno);
        }
        return status;
    }
    if (output->file >= 0) {
        status = finish(output, status);
    }
    int32_t n_done = 0;
    for (; n_done < n && status == KMSEG_OK; n_done++) {
        status = publish(output, kept[n_done], names[n_done]);
    }
    if (status == KMSEG_OK) {
        status = publish(output, output->temporary, names[n]);
    }
    if (status != KMSEG_OK) { /* those that have their names already had replaced what was there */
        for (int32_t i = n_done > 0 ? n_done - 1 : 0; i < n; i++) {
            unlinkat(output->folder, kept[i], 0);
        }
        if (output->temporary[0] != '\0') {
            unlinkat(output->folder, output->temporary, 0);
        }
    } else if (fsync(output->folder) != 0 && errno != EINVAL) {
        status = fail_write(output, errno); /* EINVAL: this file system syncs no folders */
    }
    close(output->folder);
    return status;
}

kmseg_status km_output_commit(km_output *output, kmseg_status status) {
    return km_output_commit_all(output, status, NULL, &output->name, 0);
}
