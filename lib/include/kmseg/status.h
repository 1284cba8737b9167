/* What a fallible function returns. The numbers are fixed: they are part of the ABI. */
#ifndef KMSEG_STATUS_H
#define KMSEG_STATUS_H

#include <kmseg/export.h>

KMSEG_BEGIN_DECLS

typedef enum kmseg_status {
    KMSEG_OK = 0,
    KMSEG_E_ARGUMENT = 1,    /* a value outside its bounds, or a combination that makes no sense */
    KMSEG_E_MEMORY = 2,      /* the allocator returned nothing */
    KMSEG_E_IO = 3,          /* the operating system refused: missing file, permission, disk full */
    KMSEG_E_FORMAT = 4,      /* a file is not what it needs to be */
    KMSEG_E_DATA = 5,        /* readable input on which the method is not defined */
    KMSEG_E_NOT_FOUND = 6,   /* no column, option, algorithm or format of that name */
    KMSEG_E_CANCELLED = 7,   /* kmseg_cancel() was called */
    KMSEG_E_UNSUPPORTED = 8, /* valid, but not available in this build or on this machine */
    KMSEG_E_INTERNAL = 9     /* our own mistake; please report it */
} kmseg_status;

/** Short English description of a status, for any value; never NULL. */
KMSEG_API const char *kmseg_status_text(kmseg_status status);

KMSEG_END_DECLS

#endif
