/* Independent pieces of work that are too small to be worth sharing out each: one thread does one
 * piece from beginning to end. */
#ifndef KM_BASE_EACH_H
#define KM_BASE_EACH_H

#include "base/context.h"

/* Piece i, in a context of its own that has one thread, no progress, and the caller's allocator and
 * kernels. */
typedef kmseg_status (*km_each_fn)(kmseg_context *own, void *argument, int64_t i);

/* Calls fn for every i in [0, n), each once, on the context's threads, and steps the progress by one
 * for each. Of several failures the one of the lowest i is reported, with its message. */
kmseg_status km_each(kmseg_context *ctx, int64_t n, km_each_fn fn, void *argument);

#endif
