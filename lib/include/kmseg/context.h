/* The caller's context: allocator, threads, kernels, progress, cancellation, last message. */
#ifndef KMSEG_CONTEXT_H
#define KMSEG_CONTEXT_H

#include <kmseg/export.h>
#include <kmseg/status.h>
#include <stddef.h>
#include <stdint.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_context kmseg_context;

/** Where every byte of the library comes from. Both functions must be callable from any thread. */
typedef struct kmseg_allocator {
    void *(*allocate)(void *user, size_t size, size_t alignment); /* NULL when there is none */
    void (*release)(void *user, void *block);                     /* block is never NULL */
    void *user;
} kmseg_allocator;

/** Called on the thread that called the library. done and total are in units of the stage. */
typedef void (*kmseg_progress_fn)(void *user, const char *stage, int64_t done, int64_t total);

typedef struct kmseg_context_options {
    size_t struct_size;         /* sizeof(kmseg_context_options) */
    kmseg_allocator allocator;  /* all zero: the C library's */
    int32_t n_threads;          /* at most 4096; 0: as many as suit, see below */
    const char *kernels;        /* "auto", or a name that kmseg_kernels_name() gives; NULL: the
                                   environment variable KMSEG_KERNELS, else "auto" */
    kmseg_progress_fn progress; /* NULL: none */
    void *progress_user;
} kmseg_context_options;

/** Fills options with the defaults. */
KMSEG_API void kmseg_context_options_init(kmseg_context_options *options);

/**
 * Makes a context. One context serves one caller thread at a time; make one per thread.
 *
 * With n_threads 0 a call uses the CPUs that the process may use: those of its affinity mask, no more
 * than its control groups pay for, no more than OpenMP has been told to use (OMP_NUM_THREADS,
 * omp_set_num_threads()), and no more than other calls of the process leave. Inside a parallel region
 * of OpenMP, and in the child of a fork, that is one. Any other number is used as given.
 *
 * A context keeps threads of its own, asleep between calls; they end with it. The caller's thread is
 * never bound to a CPU. The others are where OMP_PLACES or OMP_PROC_BIND says so, or, one to a CPU,
 * where the environment variable KMSEG_PIN is 1; KMSEG_PIN=0 binds none.
 *
 * options  NULL for the defaults
 * out      the new context, NULL on failure; free it with kmseg_context_free()
 *
 * KMSEG_E_NOT_FOUND for unknown kernels, KMSEG_E_UNSUPPORTED for kernels this CPU cannot run.
 */
KMSEG_API kmseg_status kmseg_context_new(const kmseg_context_options *options, kmseg_context **out);

/** Frees a context; objects made with it stay valid. NULL is fine. */
KMSEG_API void kmseg_context_free(kmseg_context *ctx);

/** The message of the last failure in this context, one line; "" when there was none. */
KMSEG_API const char *kmseg_last_error(const kmseg_context *ctx);

/** Number of threads that calls use at most. */
KMSEG_API int32_t kmseg_context_threads(const kmseg_context *ctx);

/** Name of the kernels in use: "baseline", "avx2", "avx512", "avx512vnni", "amx", "neon", or "blas" in
 * a build with OpenBLAS. */
KMSEG_API const char *kmseg_context_kernels(const kmseg_context *ctx);

/** Replaces the progress function; NULL for none. */
KMSEG_API void kmseg_context_set_progress(kmseg_context *ctx, kmseg_progress_fn progress,
                                          void *user);

/**
 * Asks the running call to stop; it returns KMSEG_E_CANCELLED, or for a fit the model so far.
 * Safe from a signal handler and from other threads. The request stays until it is cleared.
 */
KMSEG_API void kmseg_cancel(kmseg_context *ctx);

/** Withdraws a request to stop. */
KMSEG_API void kmseg_cancel_clear(kmseg_context *ctx);

/**
 * How many bytes of large blocks (1.5 MiB and more) that the library has given back the process keeps
 * for what the library does next, instead of giving them to the system: memory that is new costs 0.2 to
 * 4 s/GB to touch. Of the whole process; 256 MiB by default, 0 keeps nothing, SIZE_MAX everything.
 * What is kept above the new figure is given to the system at once. Allocators of the caller's own
 * are not concerned; nor are systems other than Linux, where nothing is kept.
 */
KMSEG_API void kmseg_memory_keep(size_t most);

/** Names of the compiled kernels, i = 0, 1, ...; NULL behind the last. */
KMSEG_API const char *kmseg_kernels_name(int32_t i);

/** 1 when this CPU can run the kernels of that name, else 0. */
KMSEG_API int kmseg_kernels_available(const char *name);

KMSEG_END_DECLS

#endif
