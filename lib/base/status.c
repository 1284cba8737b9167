#include <kmseg/status.h>

const char *kmseg_status_text(kmseg_status status) {
    switch (status) {
    case KMSEG_OK: return "no error";
    case KMSEG_E_ARGUMENT: return "invalid argument";
    case KMSEG_E_MEMORY: return "out of memory";
    case KMSEG_E_IO: return "input or output failed";
    case KMSEG_E_FORMAT: return "malformed input";
    case KMSEG_E_DATA: return "unsuitable data";
    case KMSEG_E_NOT_FOUND: return "not found";
    case KMSEG_E_CANCELLED: return "cancelled";
    case KMSEG_E_UNSUPPORTED: return "not supported here";
    case KMSEG_E_INTERNAL: return "internal error";
    }
    return "unknown status";
}
