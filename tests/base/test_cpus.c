#include "base/cpus.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Writes text to root/path, making the folders on the way. */
static void put(const char *root, const char *path, const char *text) {
    char whole[4096];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    cr_assert_not_null(file, "%s", whole);
    fputs(text, file);
    fclose(file);
}

static const char *new_root(const char *name) {
    const char *root = test_path(name);
    mkdir(root, 0700);
    return root;
}

Test(cpus, no_control_groups_set_no_limit)
{ cr_assert_eq(km_cpus_quota(new_root("bare")), INT32_MAX); }

Test(cpus, version_2_limits_by_the_least_of_a_group_and_those_above)
{
    const char *root = new_root("v2");
    put(root, "proc/self/cgroup", "0::/a/b\n");
    put(root, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    cr_assert_eq(km_cpus_quota(root), INT32_MAX);
    put(root, "sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
    cr_assert_eq(km_cpus_quota(root), 8);
    put(root, "sys/fs/cgroup/a/cpu.max", "250000 100000\n"); /* 2.5 CPUs */
    cr_assert_eq(km_cpus_quota(root), 3);
    put(root, "sys/fs/cgroup/cpu.max", "5000 100000\n");
    cr_assert_eq(km_cpus_quota(root), 1);
}

/* In a container /proc may name the group as the host does, while its own group is the root. */
Test(cpus, a_container_finds_its_group_at_the_root)
{
    const char *root = new_root("container");
    put(root, "proc/self/cgroup", "0::/kubepods/pod1/9af\n");
    put(root, "sys/fs/cgroup/cpu.max", "150000 100000\n");
    cr_assert_eq(km_cpus_quota(root), 2);
}

Test(cpus, version_1_limits_by_quota_and_period)
{
    const char *root = new_root("v1");
    put(root, "proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/docker/7\n1:name=systemd:/\n0::/\n");
    put(root, "sys/fs/cgroup/memory/x/cpu.cfs_quota_us", "1000\n"); /* not the group of CPUs */
    put(root, "sys/fs/cgroup/memory/x/cpu.cfs_period_us", "100000\n");
    put(root, "sys/fs/cgroup/cpu/docker/7/cpu.cfs_quota_us", "-1\n");
    put(root, "sys/fs/cgroup/cpu/docker/7/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(km_cpus_quota(root), INT32_MAX);
    put(root, "sys/fs/cgroup/cpu/docker/7/cpu.cfs_quota_us", "400000\n");
    cr_assert_eq(km_cpus_quota(root), 4);
}

Test(cpus, files_that_make_no_sense_set_no_limit)
{
    const char *root = new_root("odd");
    put(root, "proc/self/cgroup", "\n0\n0:\n0::/a\nx:cpu:/b");
    put(root, "sys/fs/cgroup/a/cpu.max", "many\n");
    put(root, "sys/fs/cgroup/cpu.max", "100000 0\n");
    put(root, "sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "");
    cr_assert_eq(km_cpus_quota(root), INT32_MAX);
}

Test(cpus, the_default_is_within_what_the_process_may_use)
{
    km_cpu_set allowed;
    int32_t n = km_cpus_allowed(&allowed);
    cr_assert_geq(n, 1);
    cr_assert_leq(km_cpus_default_threads(), n);
    for (size_t cpu = 0; cpu < 8 * sizeof allowed; cpu++) {
        if (CPU_ISSET_S(cpu, sizeof allowed, allowed.parts)) {
            km_cpu_set one;
            memset(&one, 0, sizeof one);
            CPU_SET_S(cpu, sizeof one, one.parts);
            sched_setaffinity(0, sizeof one, one.parts);
            break;
        }
    }
    cr_assert_eq(km_cpus_default_threads(), 1);
}
