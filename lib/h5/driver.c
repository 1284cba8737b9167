#include "h5/driver.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Begins with what HDF5 needs; it casts between the two. Made by malloc and not by a context's
 * allocator, because HDF5 may hold it until the process ends. */
typedef struct km_h5_handle {
    H5FD_t base;
    haddr_t end_of_allocation;
    km_h5_io *io; /* NULL once detached */
} km_h5_handle;

static void keep_error(km_h5_io *io, int error) {
    if (io->error == 0) {
        io->error = error != 0 ? error : EIO;
    }
}

static H5FD_t *open_handle(const char *name, unsigned flags, hid_t access, haddr_t maxaddr) {
    (void)name;
    (void)flags;
    (void)maxaddr;
    km_h5_io *const *io = H5Pget_driver_info(access);
    km_h5_handle *handle = io != NULL ? calloc(1, sizeof *handle) : NULL;
    if (handle == NULL) {
        return NULL;
    }
    handle->io = *io;
    handle->io->handle = handle;
    return &handle->base;
}

static herr_t close_handle(H5FD_t *file) {
    km_h5_handle *handle = (km_h5_handle *)file;
    if (handle->io != NULL && handle->io->handle == handle) {
        handle->io->handle = NULL;
    }
    free(handle);
    return 0;
}

static herr_t query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t get_end_of_allocation(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const km_h5_handle *)file)->end_of_allocation;
}

static herr_t set_end_of_allocation(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
    (void)type;
    ((km_h5_handle *)file)->end_of_allocation = address;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    const km_h5_io *io = ((const km_h5_handle *)file)->io;
    struct stat info;
    return io != NULL && fstat(io->fd, &info) == 0 ? (haddr_t)info.st_size : 0;
}

/* Behind the end of the file there are zeros, as HDF5's own driver has it. */
static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, void *to) {
    (void)type;
    (void)transfer;
    km_h5_io *io = ((km_h5_handle *)file)->io;
    if (io == NULL || address > (haddr_t)INT64_MAX - size) {
        return -1;
    }
    char *next = to;
    while (size > 0) {
        ssize_t done = pread(io->fd, next, size, (off_t)address);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            keep_error(io, errno);
            return -1;
        }
        if (done == 0) {
            memset(next, 0, size);
            return 0;
        }
        next += done;
        address += (haddr_t)done;
        size -= (size_t)done;
    }
    return 0;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, const void *from) {
    (void)type;
    (void)transfer;
    km_h5_io *io = ((km_h5_handle *)file)->io;
    if (io == NULL) {
        return 0;
    }
    if (address > (haddr_t)INT64_MAX - size) {
        keep_error(io, EFBIG);
    }
    const char *next = from;
    while (size > 0 && io->error == 0) {
        ssize_t done = pwrite(io->fd, next, size, (off_t)address);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            keep_error(io, done < 0 ? errno : ENOSPC);
            break;
        }
        next += done;
        address += (haddr_t)done;
        size -= (size_t)done;
    }
    return 0;
}

/* HDF5 may have allocated space at the end that it never wrote. */
static herr_t set_size(H5FD_t *file, hid_t transfer, hbool_t closing) {
    (void)transfer;
    (void)closing;
    km_h5_handle *handle = (km_h5_handle *)file;
    if (handle->io != NULL && handle->io->error == 0 &&
        get_end_of_file(file, H5FD_MEM_DEFAULT) != handle->end_of_allocation &&
        ftruncate(handle->io->fd, (off_t)handle->end_of_allocation) != 0) {
        keep_error(handle->io, errno);
    }
    return 0;
}

static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)(H5_VFD_RESERVED + 107), /* in the range for private use */
#endif
    .name = "kmseg",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(km_h5_io *),
    .open = open_handle,
    .close = close_handle,
    .query = query,
    .get_eoa = get_end_of_allocation,
    .set_eoa = set_end_of_allocation,
    .get_eof = get_end_of_file,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = set_size,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

hid_t km_h5_driver_access(km_h5_io *io) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t id = H5FDregister(&driver);
    if (access < 0 || id < 0 || H5Pset_driver(access, id, &io) < 0) {
        if (access >= 0) {
            H5Pclose(access);
        }
        access = -1;
    }
    if (id >= 0) {
        H5FDunregister(id); /* the property list keeps it as long as it is needed */
    }
    return access;
}

void km_h5_driver_detach(km_h5_io *io) {
    if (io->handle != NULL) {
        io->handle->io = NULL;
        io->handle = NULL;
    }
}
