/* How HDF5 reaches the bytes of our files: a driver over one open file descriptor.
 *
 * HDF5's own driver may lose the news of a failed write (its cache swallows it, and flush and close
 * report success), and it takes file locks, which some network file systems refuse. This driver
 * keeps the first failure of the operating system for us, drops every later write, and tells HDF5
 * that all is well, so that HDF5 can close its objects; the caller looks at error afterwards. */
#ifndef KM_H5_DRIVER_H
#define KM_H5_DRIVER_H

#include <hdf5.h>

struct km_h5_handle;

typedef struct km_h5_io {
    int fd;                      /* borrowed; read and written by position only */
    int error;                   /* errno of the first failure, 0 when there was none */
    struct km_h5_handle *handle; /* HDF5's side, while HDF5 has the file open */
} km_h5_io;

/* A file access property list that opens any name as io->fd; negative on failure. */
hid_t km_h5_driver_access(km_h5_io *io);

/* Call when HDF5 should be done with the file: cuts off whatever it failed to close. */
void km_h5_driver_detach(km_h5_io *io);

#endif
