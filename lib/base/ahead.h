/* Asking for memory before it is read. A CPU does so by itself inside a page; where nobody has read the
 * pages for long, each costs a walk through tables that are not in any cache, and a pass over them takes
 * up to three times as long when it does not ask. */
#ifndef KM_BASE_AHEAD_H
#define KM_BASE_AHEAD_H

#include <stddef.h>

/* How far ahead, in bytes, of whoever reads one array from end to end. */
#define KM_AHEAD 2048

/* Asks for bytes from an address on, which may lie behind an array. */
static inline void km_ask_ahead(const void *from, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) {
        __builtin_prefetch((const char *)from + at);
    }
}

#endif
