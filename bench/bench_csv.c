/* Megabytes of text that kmseg_csv_read() turns into a table per second, from a warm page cache. */
#include "base/rng.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64] = "/tmp/kmseg-bench-XXXXXX";

static km_random stream = {.seed = 1, .stage = KM_STAGE_TEST};

static long below(uint64_t bound) { return (long)km_next_below(&stream, bound); }

static double cents(uint64_t bound, double unit) { return (double)below(bound) / unit; }

/* Numbers as customer tables have them: counts, amounts, shares. */
static void numeric_line(FILE *file) {
    fprintf(file, "%ld,%.2f,%.3f,%ld,%.1f,%.4f,%ld,%.2f\n", below(100), cents(10000000, 100),
            cents(1000000, 1000), below(100000) - 50000, cents(1000, 10), cents(100000000, 10000),
            below(2), cents(100000000, 100));
}

/* Doubles printed with all their digits. */
static void precise_line(FILE *file) {
    fprintf(file, "%.17g,%.16g,%.17g,%.15g\n", km_next_uniform(&stream),
            km_next_uniform(&stream) * 1000, -km_next_uniform(&stream) * 10,
            km_next_uniform(&stream));
}

/* A customer table: an id, words, quoted words, numbers, a date. */
static void mixed_line(FILE *file) {
    static const char *const cities[] = {"Berlin", "Paris", "\"Washington, D.C.\"", "Madrid"};
    fprintf(file, "C%06ld,%s,%s,%ld,%.2f,2023-%02ld-%02ld,%s\n", below(1000000), cities[below(4)],
            below(2) == 0 ? "yes" : "no", below(90), cents(1000000, 100), 1 + below(12),
            1 + below(28), below(10) == 0 ? "" : "\"a note with some words\"");
}

/* A customer table of numbers, every customer with an id of its own, in no order. */
static void id_line(FILE *file) {
    static uint64_t customer;
    customer = (customer + 7919) % 100000007;
    fprintf(file, "C%09ld,", (long)customer);
    numeric_line(file);
}

/* Answers to a survey: quoted, with commas, line ends and quotes in them. */
static void quoted_line(FILE *file) {
    static const char *const answers[] = {"\"yes, often\"", "\"no\"", "\"said \"\"maybe\"\"\"",
                                          "\"two\nlines\""};
    fprintf(file, "\"P%05ld\",%s,%s,\"%ld\",\"a longer answer, number %ld, in full sentences\"\n",
            below(50000), answers[below(4)], answers[below(4)], 1 + below(5), below(500));
}

typedef struct kind {
    const char *name, *header;
    void (*line)(FILE *file);
} kind;

static const kind kinds[] = {
    {"numeric", "a,b,c,d,e,f,g,h\n", numeric_line},
    {"precise", "a,b,c,d\n", precise_line},
    {"ids and numeric", "id,a,b,c,d,e,f,g,h\n", id_line},
    {"quoted", "person,often,rarely,score,answer\n", quoted_line},
    {"mixed", "id,city,member,age,spend,since,note\n", mixed_line},
};

static void write_lines(const kind *k, long bytes) {
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    fputs(k->header, file);
    while (ftell(file) < bytes) {
        k->line(file);
    }
    fclose(file);
}

static void write_orders(kmseg_context *ctx, long bytes) {
    kmseg_generate_options options;
    kmseg_generate_options_init(&options);
    options.n_customers = bytes / 3000;
    options.n_orders = bytes / 150;
    kmseg_table *orders;
    bench_ok(ctx, kmseg_generate(ctx, &options, &orders, NULL));
    bench_ok(ctx, kmseg_csv_write(ctx, orders, path));
    kmseg_table_free(orders);
}

typedef struct reading {
    kmseg_context *ctx;
    kmseg_csv_report report;
} reading;

static void read_once(void *argument) {
    reading *r = argument;
    kmseg_table *table;
    bench_ok(r->ctx, kmseg_csv_read(r->ctx, path, NULL, &table, &r->report));
    kmseg_table_free(table);
}

static void measure(const char *name, double bandwidth) {
    bench_heading("CSV of %s columns", name);
    reading r = {.ctx = bench_context(1)};
    bench_time time = bench_run(read_once, NULL, &r, 7);
    double rate = (double)r.report.n_bytes / time.median;
    bench_line("read into a table, one core", time,
               "%.0f MB/s, %.2f million rows/s, %.1f %% of the "
               "memory's rate",
               rate / 1e6, (double)r.report.n_rows / time.median / 1e6, 100 * rate / bandwidth);
    kmseg_context_free(r.ctx);
}

typedef struct plain {
    char *text;
    size_t size;
    double *values;
} plain;

/* What a loop does that knows everything beforehand: eight numbers a line, no quotes, no missing
 * cells, no checks, into memory that is there. */
static void plain_loop(void *argument) {
    plain *q = argument;
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    double *out = q->values;
    for (const char *p = strchr(q->text, '\n') + 1; *p != '\0';) {
        int negative = *p == '-';
        p += negative;
        int64_t digits = 0;
        while ((unsigned)(*p - '0') < 10) {
            digits = digits * 10 + (*p++ - '0');
        }
        int n_decimals = 0;
        if (*p == '.') {
            for (p++; (unsigned)(*p - '0') < 10; n_decimals++) {
                digits = digits * 10 + (*p++ - '0');
            }
        }
        p++;
        double value = (double)digits / powers[n_decimals];
        *out++ = negative ? -value : value;
    }
}

static void measure_plain(void) {
    FILE *file = fopen(path, "rb");
    fseek(file, 0, SEEK_END);
    plain q = {.size = (size_t)ftell(file)};
    rewind(file);
    q.text = calloc(1, q.size + 1);
    q.values = malloc(q.size / 2 * sizeof *q.values);
    if (q.text == NULL || q.values == NULL || fread(q.text, 1, q.size, file) != q.size) {
        exit(1);
    }
    bench_time time = bench_run(plain_loop, NULL, &q, 7);
    bench_line("a plain loop that knows the columns", time, "%.0f MB/s",
               (double)q.size / time.median / 1e6);
    free(q.text);
    free(q.values);
    fclose(file);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "csv", 1);
    long bytes = bench_quick() ? 20000000 : 100000000;
    int file = mkstemp(path);
    if (file < 0) {
        perror(path);
        return 1;
    }
    close(file);
    double bandwidth = bench_peak_bytes();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        write_lines(&kinds[i], bytes);
        measure(kinds[i].name, bandwidth);
        if (i == 0) {
            measure_plain();
        }
    }
    kmseg_context *ctx = bench_context(1);
    write_orders(ctx, bytes);
    kmseg_context_free(ctx);
    measure("order log", bandwidth);
    unlink(path);
    bench_end();
    return 0;
}
