/* Megabytes of CSV that kmseg_crm_write() makes of 10 million customers per second: to nowhere, which
 * is what the formatting costs, and to a file that is synced to the disk, beside a plain write of as
 * many bytes. */
#include "base/decimal.h"
#include "base/rng.h"
#include "data/result.h"
#include "data/table.h"
#include "harness.h"

#include <kmseg/crm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_SEGMENTS = 6 };

static char path[64] = "/tmp/kmseg-bench-XXXXXX.csv";
static km_random stream = {.seed = 1, .stage = KM_STAGE_TEST};

typedef struct customers {
    int64_t n;
    const char **ids;
    kmseg_result *result;
    kmseg_table *table;
} customers;

/* A result of a fit of a few, with the labels and ids of many in place of its own. */
static void make_result(kmseg_context *ctx, customers *c) {
    kmseg_generate_options generate;
    kmseg_generate_options_init(&generate);
    generate.what = "customers";
    generate.n_customers = 2000;
    kmseg_table *few;
    bench_ok(ctx, kmseg_generate(ctx, &generate, &few, NULL));
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = N_SEGMENTS;
    bench_ok(ctx, kmseg_segment(ctx, few, &options, &c->result));
    kmseg_table_free(few);
    int32_t *labels = bench_memory((size_t)c->n * sizeof *labels);
    for (int64_t i = 0; i < c->n; i++) {
        labels[i] = (int32_t)km_next_below(&stream, (uint64_t)c->result->n_segments);
    }
    c->result->n_samples = c->n;
    c->result->labels = labels;
    c->result->ids = c->ids;
}

static void make_ids(customers *c) {
    enum { WIDTH = 16 };
    char *texts = bench_memory((size_t)c->n * WIDTH);
    c->ids = bench_memory((size_t)c->n * sizeof *c->ids);
    for (int64_t i = 0; i < c->n; i++) {
        c->ids[i] = texts + i * WIDTH;
        snprintf(texts + i * WIDTH, WIDTH, "C%09lld", (long long)(i * 7919 % 100000007));
    }
}

static void make_table(kmseg_context *ctx, customers *c) {
    static const char *const tiers[] = {"A", "B", "C"};
    static const char *const stages[] = {"new", "growing", "mature", "declining", "lost"};
    int32_t *ids, *tier, *stage;
    double *clv, *risk;
    bench_ok(ctx, kmseg_table_new(ctx, c->n, &c->table));
    bench_ok(ctx, km_table_add_code_column(ctx, c->table, "customer_id", &ids));
    bench_ok(ctx, km_table_set_levels(ctx, c->table, 0, (int32_t)c->n, c->ids));
    bench_ok(ctx, km_table_add_code_column(ctx, c->table, "tier", &tier));
    bench_ok(ctx, km_table_set_levels(ctx, c->table, 1, 3, tiers));
    bench_ok(ctx, km_table_add_code_column(ctx, c->table, "lifecycle", &stage));
    bench_ok(ctx, km_table_set_levels(ctx, c->table, 2, 5, stages));
    bench_ok(ctx, km_table_add_number_column(ctx, c->table, "clv", &clv));
    bench_ok(ctx, km_table_add_number_column(ctx, c->table, "churn_risk", &risk));
    for (int64_t i = 0; i < c->n; i++) {
        ids[i] = (int32_t)i;
        tier[i] = (int32_t)km_next_below(&stream, 3);
        stage[i] = (int32_t)km_next_below(&stream, 5);
        clv[i] = exp(8 * km_next_uniform(&stream)); /* all digits, as a model gives them */
        risk[i] = km_next_uniform(&stream);
    }
}

typedef struct job {
    kmseg_context *ctx;
    const customers *from;
    const kmseg_table *table;
    const char *to;
    kmseg_crm_report report;
} job;

static void export_once(void *argument) {
    job *j = argument;
    kmseg_crm_options options;
    kmseg_crm_options_init(&options);
    bench_ok(j->ctx,
             kmseg_crm_write(j->ctx, j->from->result, j->table, &options, j->to, &j->report));
}

static void write_plain(void *argument) {
    const job *j = argument;
    static char block[1 << 20];
    FILE *file = fopen(j->to, "wb");
    setvbuf(file, NULL, _IONBF, 0);
    for (int64_t left = j->report.n_bytes; left > 0; left -= (int64_t)sizeof block) {
        fwrite(block, 1, left < (int64_t)sizeof block ? (size_t)left : sizeof block, file);
    }
    fsync(fileno(file));
    fclose(file);
}

static void measure(const char *name, job *j) {
    bench_time time = bench_run(export_once, NULL, j, bench_quick() ? 3 : 5);
    bench_line(name, time, "%.0f MB/s, %.1f million rows/s",
               (double)j->report.n_bytes / time.median / 1e6,
               (double)j->report.n_rows / time.median / 1e6);
}

static double values[1 << 16];

static void print_numbers(void *argument) {
    char *text = argument;
    size_t n = 0;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        n += km_print_double(values[i], text + n % 1024);
    }
    text[0] = (char)n;
}

static void measure_numbers(void) {
    static char text[2048];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        values[i] = exp(8 * km_next_uniform(&stream));
    }
    bench_time time = bench_run(print_numbers, NULL, text, 9);
    bench_line("a double in its shortest form", time, "%.1f ns",
               time.median / (double)(sizeof values / sizeof *values) * 1e9);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "export", 0);
    int file = mkstemps(path, 4);
    if (file < 0) {
        perror(path);
        return 1;
    }
    close(file);
    kmseg_context *all = bench_context(0), *one = bench_context(1);
    customers c = {.n = bench_quick() ? 1000000 : 10000000};
    make_ids(&c);
    make_result(one, &c);
    make_table(one, &c);
    bench_heading("numbers");
    measure_numbers();
    bench_heading("%lld customers, id, segment, name", (long long)c.n);
    measure("one core, to nowhere", &(job){.ctx = one, .from = &c, .to = "/dev/null"});
    measure("all cores, to nowhere", &(job){.ctx = all, .from = &c, .to = "/dev/null"});
    measure("all cores, to a synced file", &(job){.ctx = all, .from = &c, .to = path});
    bench_heading("the same and tier, stage, clv, risk");
    measure("one core, to nowhere", &(job){one, &c, c.table, "/dev/null", {0}});
    measure("all cores, to nowhere", &(job){all, &c, c.table, "/dev/null", {0}});
    job last = {all, &c, c.table, path, {0}};
    measure("all cores, to a synced file", &last);
    bench_time plain = bench_run(write_plain, NULL, &last, 3);
    bench_line("a plain write of as many bytes, synced", plain, "%.0f MB/s",
               (double)last.report.n_bytes / plain.median / 1e6);
    unlink(path);
    char mapping[80];
    snprintf(mapping, sizeof mapping, "%.*s.mapping.csv", (int)strlen(path) - 4, path);
    unlink(mapping);
    kmseg_result_free(c.result);
    kmseg_table_free(c.table);
    kmseg_context_free(all);
    kmseg_context_free(one);
    bench_end();
    return 0;
}
