/* How many CPUs the process may use, and which. */
#ifndef KM_BASE_CPUS_H
#define KM_BASE_CPUS_H

#include <sched.h>
#include <stdint.h>

/* A set of CPUs on any machine that Linux runs on. */
typedef struct km_cpu_set {
    cpu_set_t parts[8];
} km_cpu_set;

/* CPUs that the calling thread may run on; 0 and an empty set when the system does not say. */
int32_t km_cpus_allowed(km_cpu_set *out);

/* CPUs' worth of time that control groups (version 1 or 2) leave the process, rounded up; INT32_MAX
 * when they set no limit. root is "" but in tests, which have a /proc and a /sys of their own. */
int32_t km_cpus_quota(const char *root);

/* Threads that a call uses when its caller does not say: the CPUs that the process may use, no more
 * than control groups pay for, no more than OpenMP has been told to use (OMP_NUM_THREADS,
 * omp_set_num_threads()); 1 inside a parallel region of OpenMP, and 1 in the child of a fork, which
 * is a worker among others. */
int32_t km_cpus_default_threads(void);

/* Sets of CPUs to bind the threads of a team to, one set a thread: the places of OpenMP where
 * OMP_PLACES or OMP_PROC_BIND gives it some; the allowed CPUs, one a set, where KMSEG_PIN is 1; none,
 * which leaves threads to the system, otherwise and where KMSEG_PIN is 0. Returns how many it wrote,
 * at most capacity. */
int32_t km_cpus_places(km_cpu_set *out, int32_t capacity);

#endif
