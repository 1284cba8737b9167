/* One loop over fixed chunks. What a chunk is never depends on the number of threads, so whatever
 * is computed per chunk and merged in chunk order, or by an associative operation, does not
 * either. */
#ifndef KM_BASE_PARALLEL_H
#define KM_BASE_PARALLEL_H

#include "base/context.h"
#include "base/team.h"

/* Rows of a chunk in loops over samples: 64 tiles of 64. */
#define KM_CHUNK_ROWS 4096

static inline int64_t km_chunks(int64_t n, int64_t chunk) { return (n + chunk - 1) / chunk; }

/* Calls fn for every chunk in [0, n_chunks), each once, on the context's threads; thread is in
 * [0, kmseg_context_threads(ctx)). Chunks that have not begun when the context is cancelled are
 * skipped, and KMSEG_E_CANCELLED is returned. */
kmseg_status km_parallel(kmseg_context *ctx, int64_t n_chunks, km_chunk_fn fn, void *argument);

#endif
