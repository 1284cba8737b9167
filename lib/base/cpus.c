#include "base/cpus.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t pid_at_load;

__attribute__((constructor)) static void note_load(void) { pid_at_load = getpid(); }

int32_t km_cpus_allowed(km_cpu_set *out) {
    if (sched_getaffinity(0, sizeof *out, out->parts) != 0) {
        CPU_ZERO_S(sizeof *out, out->parts);
    }
    return CPU_COUNT_S(sizeof *out, out->parts);
}

/* Reads up to two whole numbers from the first line of root/folder/name; returns how many. */
static int read_numbers(const char *root, const char *folder, const char *name, long long out[2]) {
    char path[PATH_MAX], line[128];
    int length = snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
    FILE *file = length < (int)sizeof path ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return 0;
    }
    char *at = fgets(line, sizeof line, file);
    fclose(file);
    int n = 0;
    for (char *end; at != NULL && n < 2; at = end) {
        out[n] = strtoll(at, &end, 10);
        if (end == at) {
            break;
        }
        n++;
    }
    return n;
}

/* CPUs' worth of time of one control group; infinity: no limit of its own. */
static double quota_of(const char *root, const char *folder) {
    long long numbers[2] = {0, 0}; /* quota and period */
    long long period[2];
    if (read_numbers(root, folder, "cpu.max", numbers) < 2 && /* version 2 */
        read_numbers(root, folder, "cpu.cfs_quota_us", numbers) > 0 &&
        read_numbers(root, folder, "cpu.cfs_period_us", period) > 0) {
        numbers[1] = period[0];
    }
    return numbers[0] > 0 && numbers[1] > 0 ? (double)numbers[0] / (double)numbers[1] : INFINITY;
}

/* The least of a group and those above it. A container may see its own group as the root of the
 * file system while /proc names it as the host does; folders that do not exist set no limit. */
static double least_quota(const char *root, const char *mount, const char *group) {
    char folder[PATH_MAX];
    double least = INFINITY;
    int length = snprintf(folder, sizeof folder, "%s%s", mount, group);
    if (length >= (int)sizeof folder) {
        return least;
    }
    size_t top = strlen(mount);
    for (;;) {
        least = fmin(least, quota_of(root, folder));
        char *slash = strrchr(folder, '/');
        if (slash == NULL || strlen(folder) <= top) {
            return least;
        }
        *slash = '\0';
    }
}

int32_t km_cpus_quota(const char *root) {
    char path[PATH_MAX], line[PATH_MAX + 64];
    int length = snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = length < (int)sizeof path ? fopen(path, "re") : NULL;
    double least = INFINITY;
    /* Lines are number:controllers:group; version 2 has no controllers. */
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (group == NULL) {
            continue;
        }
        *group++ = '\0';
        controllers++;
        if (controllers[0] == '\0') {
            least = fmin(least, least_quota(root, "/sys/fs/cgroup", group));
            least = fmin(least, least_quota(root, "/sys/fs/cgroup/unified", group));
        } else if (strcmp(controllers, "cpu") == 0 || strcmp(controllers, "cpu,cpuacct") == 0 ||
                   strcmp(controllers, "cpuacct,cpu") == 0) {
            least = fmin(least, least_quota(root, "/sys/fs/cgroup/cpu", group));
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return least < INT32_MAX ? (int32_t)ceil(least) : INT32_MAX;
}

static int32_t lesser(int32_t a, int32_t b) { return a < b ? a : b; }

int32_t km_cpus_default_threads(void) {
    if (omp_in_parallel() || getpid() != pid_at_load) {
        return 1;
    }
    /* Where OpenMP binds threads, its start has bound this one to its first place. */
    km_cpu_set allowed;
    int32_t cpus = omp_get_num_places() > 0 ? omp_get_num_procs() : km_cpus_allowed(&allowed);
    int32_t threads = lesser(lesser(cpus, omp_get_max_threads()), km_cpus_quota(""));
    return threads > 1 ? threads : 1;
}

static void add_cpu(km_cpu_set *set, int cpu) {
    if (cpu >= 0 && (size_t)cpu < 8 * sizeof *set) {
        CPU_SET_S((size_t)cpu, sizeof *set, set->parts);
    }
}

static int32_t places_of_openmp(km_cpu_set *out, int32_t capacity) {
    int32_t n = lesser(omp_get_num_places(), capacity);
    for (int32_t i = 0; i < n; i++) {
        int32_t n_cpus = omp_get_place_num_procs(i);
        int *cpus = calloc((size_t)n_cpus + 1, sizeof *cpus);
        if (cpus == NULL) {
            return 0;
        }
        omp_get_place_proc_ids(i, cpus);
        memset(&out[i], 0, sizeof out[i]);
        for (int32_t c = 0; c < n_cpus; c++) {
            add_cpu(&out[i], cpus[c]);
        }
        free(cpus);
    }
    return n;
}

/* Says the variable so? */
static int is_set_to(const char *variable, const char *value) {
    const char *text = getenv(variable);
    return text != NULL && strcmp(text, value) == 0;
}

int32_t km_cpus_places(km_cpu_set *out, int32_t capacity) {
    if (is_set_to("KMSEG_PIN", "0")) {
        return 0;
    }
    if (omp_get_num_places() > 0) {
        return places_of_openmp(out, capacity);
    }
    if (!is_set_to("KMSEG_PIN", "1")) {
        return 0;
    }
    km_cpu_set allowed;
    int32_t n = lesser(km_cpus_allowed(&allowed), capacity), at = 0;
    for (int cpu = 0; at < n; cpu++) {
        if (CPU_ISSET_S((size_t)cpu, sizeof allowed, allowed.parts)) {
            memset(&out[at], 0, sizeof out[at]);
            add_cpu(&out[at++], cpu);
        }
    }
    return n;
}
