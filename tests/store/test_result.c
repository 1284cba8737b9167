/* kmseg_result_save() and kmseg_result_load(): a result comes back whole, to the bit. */
#include "support/support.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static kmseg_table *customers(kmseg_context *ctx, int64_t n, double missing) {
    kmseg_generate_options options;
    kmseg_generate_options_init(&options);
    options.what = "customers";
    options.n_customers = n;
    options.missing_rate = missing;
    options.seed = 5;
    kmseg_table *table;
    OK(ctx, kmseg_generate(ctx, &options, &table, NULL));
    return table;
}

static kmseg_result *segments(kmseg_context *ctx, const kmseg_table *table, const char *impute) {
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = 4;
    options.fit.n_init = 2;
    options.prepare.impute = impute;
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    return result;
}

static kmseg_result *saved_and_loaded(kmseg_context *ctx, const kmseg_result *result,
                                      const char *name) {
    kmseg_result *back;
    const char *path = test_path(name);
    OK(ctx, kmseg_result_save(ctx, result, path));
    OK(ctx, kmseg_result_load(ctx, path, &back));
    return back;
}

/* NaN equals itself here. */
static void same_bytes(const void *a, const void *b, int64_t n, size_t size, const char *what) {
    cr_assert(n == 0 || memcmp(a, b, (size_t)n * size) == 0, "%s differs", what);
}

static void same_texts(const char *const *a, const char *const *b, int64_t n, const char *what) {
    for (int64_t i = 0; i < n; i++) {
        cr_assert(strcmp(a[i], b[i]) == 0, "%s differs: %s and %s", what, a[i], b[i]);
    }
}

#define SAME(a, b, field)        cr_assert((a)->field == (b)->field, #field " differs")
#define SAME_NUMBER(a, b, field) same_bytes(&(a)->field, &(b)->field, 1, sizeof(double), #field)
#define SAME_TEXT(a, b, field)   cr_assert_str_eq((a)->field, (b)->field)

static void same_prepare(const kmseg_prepare *a, const kmseg_prepare *b) {
    SAME_TEXT(a, b, id);
    SAME_TEXT(a, b, impute);
    SAME(a, b, dtype);
    SAME(a, b, n_columns);
    SAME(a, b, n_outputs);
    SAME(a, b, n_notes);
    same_texts(a->notes, b->notes, a->n_notes, "notes");
    same_texts(a->output_names, b->output_names, a->n_outputs, "output_names");
    for (int32_t i = 0; i < a->n_columns; i++) {
        const kmseg_prepare_column *x = &a->columns[i], *y = &b->columns[i];
        SAME_TEXT(x, y, name);
        SAME_TEXT(x, y, unit);
        SAME_TEXT(x, y, transform);
        SAME_TEXT(x, y, scale);
        SAME(x, y, type);
        SAME(x, y, fill_level);
        SAME(x, y, n_levels);
        SAME(x, y, other_level);
        SAME(x, y, first_output);
        SAME(x, y, n_outputs);
        SAME(x, y, n_missing);
        SAME_TEXT(x, y, impute);
        SAME_TEXT(x, y, group);
        SAME(x, y, n_knots);
        SAME_NUMBER(x, y, lower);
        SAME_NUMBER(x, y, upper);
        SAME_NUMBER(x, y, parameter);
        SAME_NUMBER(x, y, indicator);
        same_bytes(x->knots, y->knots, x->n_knots, sizeof(double), "knots");
        SAME_NUMBER(x, y, fill);
        SAME_NUMBER(x, y, centre);
        SAME_NUMBER(x, y, spread);
        SAME_NUMBER(x, y, weight);
        SAME_NUMBER(x, y, level_scale);
        SAME_NUMBER(x, y, mean);
        SAME_NUMBER(x, y, median);
        SAME_NUMBER(x, y, minimum);
        SAME_NUMBER(x, y, maximum);
        SAME_NUMBER(x, y, skew);
        same_texts(x->levels, y->levels, x->n_levels, "levels");
        same_bytes(x->level_shares, y->level_shares, x->n_levels, sizeof(double), "level_shares");
    }
}

static void same_profile_column(const kmseg_profile_column *x, const kmseg_profile_column *y,
                                int64_t k) {
    SAME_TEXT(x, y, name);
    SAME_TEXT(x, y, unit);
    SAME(x, y, type);
    SAME(x, y, clustered);
    SAME(x, y, n_levels);
    SAME_NUMBER(x, y, mean);
    SAME_NUMBER(x, y, median);
    SAME_NUMBER(x, y, deviation);
    same_texts(x->levels, y->levels, x->n_levels, "levels");
    same_bytes(x->segment_missing, y->segment_missing, k, sizeof(int64_t), "segment_missing");
    if (x->type == KMSEG_COLUMN_NUMBER) {
        same_bytes(x->segment_means, y->segment_means, k, sizeof(double), "segment_means");
        same_bytes(x->segment_medians, y->segment_medians, k, sizeof(double), "segment_medians");
    } else {
        same_bytes(x->level_shares, y->level_shares, x->n_levels, sizeof(double), "level_shares");
        same_bytes(x->segment_shares, y->segment_shares, k * x->n_levels, sizeof(double),
                   "segment_shares");
    }
}

static void same_profile(const kmseg_profile *a, const kmseg_profile *b) {
    int64_t k = a->n_segments;
    SAME(a, b, n_rows);
    SAME(a, b, n_segments);
    SAME(a, b, n_columns);
    SAME(a, b, max_traits);
    SAME_TEXT(a, b, value_column);
    same_bytes(a->sizes, b->sizes, k, sizeof(int64_t), "sizes");
    same_bytes(a->size_shares, b->size_shares, k, sizeof(double), "size_shares");
    same_bytes(a->values, b->values, k, sizeof(double), "values");
    same_bytes(a->value_shares, b->value_shares, k, sizeof(double), "value_shares");
    same_texts(a->names, b->names, k, "names");
    same_bytes(a->n_traits, b->n_traits, k, sizeof(int32_t), "n_traits");
    for (int64_t s = 0; s < k; s++) {
        for (int64_t t = s * a->max_traits; t < s * a->max_traits + a->n_traits[s]; t++) {
            SAME(&a->traits[t], &b->traits[t], column);
            SAME(&a->traits[t], &b->traits[t], level);
            SAME_NUMBER(&a->traits[t], &b->traits[t], difference);
            SAME_NUMBER(&a->traits[t], &b->traits[t], lift);
        }
    }
    for (int32_t i = 0; i < a->n_columns; i++) {
        same_profile_column(&a->columns[i], &b->columns[i], k);
    }
}

static void same_scores(const kmseg_scores *a, const kmseg_scores *b) {
    SAME_NUMBER(a, b, inertia);
    SAME_NUMBER(a, b, explained);
    SAME_NUMBER(a, b, silhouette);
    SAME_NUMBER(a, b, silhouette_error);
    SAME(a, b, silhouette_samples);
    SAME_NUMBER(a, b, silhouette_simplified);
    SAME_NUMBER(a, b, calinski_harabasz);
    SAME_NUMBER(a, b, davies_bouldin);
}

static void same_map(const kmseg_result *a, const kmseg_result *b) {
    int64_t n_axes = a->map->n_axes;
    SAME(a->map, b->map, n_axes);
    SAME(a->map, b->map, n_points);
    same_bytes(a->map->explained, b->map->explained, n_axes, sizeof(double), "explained");
    same_bytes(a->map->centre, b->map->centre, a->n_outputs, sizeof(double), "centre");
    same_bytes(a->map->loadings, b->map->loadings, a->n_outputs * n_axes, sizeof(double),
               "loadings");
    same_bytes(a->map->centroids, b->map->centroids, a->n_segments * n_axes, sizeof(double),
               "centroids on the map");
    same_bytes(a->map->points, b->map->points, a->map->n_points * n_axes, sizeof(double), "points");
    same_bytes(a->map->labels, b->map->labels, a->map->n_points, sizeof(int32_t), "map labels");
}

static void same_result(const kmseg_result *a, const kmseg_result *b) {
    int64_t n = a->n_samples, k = a->n_segments, d = a->n_outputs;
    SAME(a, b, struct_size);
    SAME(a, b, n_samples);
    SAME(a, b, n_segments);
    SAME(a, b, n_requested);
    SAME(a, b, n_outputs);
    SAME(a, b, n_iter);
    SAME(a, b, n_coreset);
    SAME(a, b, n_given_up);
    SAME(a, b, n_distinct);
    SAME(a, b, stop_reason);
    SAME(a, b, n_table_rows);
    SAME(a, b, n_dropped);
    SAME_NUMBER(a, b, inertia);
    SAME_TEXT(a, b, params);
    same_bytes(a->centroids, b->centroids, k * d, sizeof(double), "centroids");
    same_bytes(a->centroids_raw, b->centroids_raw, k * d, sizeof(double), "centroids_raw");
    same_bytes(a->labels, b->labels, n, sizeof(int32_t), "labels");
    same_bytes(a->distances, b->distances, n, sizeof(double), "distances");
    same_bytes(a->radii, b->radii, k, sizeof(double), "radii");
    same_bytes(a->history, b->history, a->n_iter, sizeof(double), "history");
    same_texts(a->ids, b->ids, n, "ids");
    same_scores(&a->scores, &b->scores);
    same_prepare(a->prepare, b->prepare);
    same_profile(a->profile, b->profile);
    same_map(a, b);
    SAME(a, b, n_reports);
    for (int32_t i = 0; i < a->n_reports; i++) {
        SAME_TEXT(&a->reports[i], &b->reports[i], name);
        SAME_TEXT(&a->reports[i], &b->reports[i], json);
    }
}

Test(result_file, a_result_comes_back_whole)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = customers(ctx, 3000, 0.05);
    kmseg_result *result = segments(ctx, table, "median");
    kmseg_result *back = saved_and_loaded(ctx, result, "segments.h5");
    same_result(result, back);
    kmseg_file_kind kind;
    OK(ctx, kmseg_file_kind_of(ctx, test_path("segments.h5"), &kind));
    cr_assert_eq(kind, KMSEG_FILE_RESULT);
    kmseg_result_free(back);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(result_file, reports_are_kept_by_name_replaced_and_taken_out)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = customers(ctx, 200, 0);
    kmseg_result *result = segments(ctx, table, "median");
    cr_assert_eq(result->n_reports, 0);
    cr_assert_null(kmseg_result_report(result, "rfm"));
    OK(ctx, kmseg_result_add_report(ctx, result, "tier", "{\"b\": 1}"));
    OK(ctx, kmseg_result_add_report(ctx, result, "clv", "{}"));
    OK(ctx, kmseg_result_add_report(ctx, result, "rfm", "{\"a\": [1, 2]}"));
    OK(ctx, kmseg_result_add_report(ctx, result, "tier", "{\"b\": 2}"));
    OK(ctx, kmseg_result_add_report(ctx, result, "clv", NULL));
    OK(ctx, kmseg_result_add_report(ctx, result, "clv", NULL)); /* nothing to take out */
    cr_assert_eq(result->n_reports, 2);
    cr_assert_str_eq(result->reports[0].name, "rfm");
    cr_assert_str_eq(kmseg_result_report(result, "tier"), "{\"b\": 2}");
    kmseg_result *back = saved_and_loaded(ctx, result, "segments.h5");
    same_result(result, back);
    const char *wrong[] = {"", "9a", "a b", "a/b", "Rfm", "..", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_assert_eq(kmseg_result_add_report(ctx, back, wrong[i], "{}"), KMSEG_E_ARGUMENT);
    }
    const char *texts[] = {"", "[]", "1", "{", "{} {}", "{\"a\": 1, \"a\": 2}", "{\"\xff\": 1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert_eq(kmseg_result_add_report(ctx, back, "rfm", texts[i]), KMSEG_E_FORMAT);
    }
    same_result(result, back);
    kmseg_result_free(back);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Long enough for labels and ids in several chunks. */
Test(result_file, a_long_result_comes_back_whole)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = customers(ctx, 300000, 0.02);
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = 3;
    options.fit.n_init = 1;
    options.silhouette_samples = 100;
    options.prepare.impute = "drop";
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    kmseg_result *back = saved_and_loaded(ctx, result, "segments.h5");
    same_result(result, back);
    kmseg_result_free(back);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(result_file, a_loaded_result_assigns_the_same_labels_and_distances)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = customers(ctx, 2000, 0.1);
    kmseg_result *result = segments(ctx, table, "median");
    kmseg_result *back = saved_and_loaded(ctx, result, "segments.h5");
    kmseg_assignment *one, *two;
    OK(ctx, kmseg_assign(ctx, result, table, &one));
    OK(ctx, kmseg_assign(ctx, back, table, &two));
    same_bytes(one->labels, two->labels, one->n_rows, sizeof(int32_t), "labels");
    same_bytes(result->labels, two->labels, one->n_rows, sizeof(int32_t), "labels of the fit");
    same_bytes(one->distances, two->distances, one->n_rows, sizeof(double), "distances");
    same_bytes(one->margins, two->margins, one->n_rows, sizeof(double), "margins");
    same_bytes(one->outlying, two->outlying, one->n_rows, 1, "outlying");
    kmseg_assignment_free(one);
    kmseg_assignment_free(two);
    kmseg_result_free(back);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(result_file, the_same_result_gives_the_same_bytes)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = customers(ctx, 500, 0);
    kmseg_result *result = segments(ctx, table, "median");
    kmseg_result *back = saved_and_loaded(ctx, result, "one.h5");
    OK(ctx, kmseg_result_save(ctx, back, test_path("two.h5")));
    char command[512];
    snprintf(command, sizeof command, "cmp -s %s %s", test_path("one.h5"), test_path("two.h5"));
    cr_assert_eq(system(command), 0);
    kmseg_result_free(back);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(result_file, tables_and_results_are_not_mistaken_for_each_other)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = customers(ctx, 500, 0), *table_back;
    kmseg_result *result = segments(ctx, table, "median"), *result_back;
    OK(ctx, kmseg_table_save(ctx, table, NULL, test_path("table.h5")));
    OK(ctx, kmseg_result_save(ctx, result, test_path("result.h5")));
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_result_load(ctx, test_path("table.h5"), &result_back),
          "table.h5 is a kmseg-table file; it needs to be a kmseg-result file");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_table_load(ctx, test_path("result.h5"), &table_back),
          "result.h5 is a kmseg-result file; it needs to be a kmseg-table file");
    cr_assert_null(result_back);
    cr_assert_null(table_back);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(result_file, a_changed_byte_is_found_or_leaves_a_result_that_can_be_used)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = customers(ctx, 200, 0.1);
    kmseg_result *result = segments(ctx, table, "median"), *back;
    const char *path = test_path("segments.h5");
    OK(ctx, kmseg_result_save(ctx, result, path));
    struct stat info;
    cr_assert(stat(path, &info) == 0);
    int fd = open(path, O_RDWR), found = 0, tried = 0;
    for (off_t at = 0; at < info.st_size; at += 41, tried++) {
        unsigned char byte, changed;
        cr_assert(pread(fd, &byte, 1, at) == 1);
        changed = byte ^ 0x24;
        cr_assert(pwrite(fd, &changed, 1, at) == 1);
        kmseg_status status = kmseg_result_load(ctx, path, &back);
        cr_assert(pwrite(fd, &byte, 1, at) == 1);
        if (status == KMSEG_OK) {
            kmseg_assignment *assignment;
            OK(ctx, kmseg_assign(ctx, back, table, &assignment));
            kmseg_assignment_free(assignment);
            kmseg_result_free(back);
        } else {
            cr_assert_eq(status, KMSEG_E_FORMAT, "byte %lld: %s", (long long)at,
                         kmseg_last_error(ctx));
            cr_assert_null(back);
            cr_assert(strstr(kmseg_last_error(ctx), path) != NULL, "%s", kmseg_last_error(ctx));
            found++;
        }
    }
    close(fd);
    cr_assert(found * 4 > tried, "%d of %d", found, tried);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(result_file, out_of_memory_at_any_request_leaves_nothing_behind)
{
    test_memory memory = {0};
    kmseg_context *plain = test_context(1, NULL), *ctx;
    kmseg_table *table = customers(plain, 100, 0.1);
    kmseg_result *result = segments(plain, table, "median"), *back;
    const char *path = test_path("segments.h5"), *copy = test_path("copy.h5");
    OK(plain, kmseg_result_save(plain, result, path));
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.allocator = test_allocator(&memory);
    options.n_threads = 1;
    cr_assert_eq(kmseg_context_new(&options, &ctx), KMSEG_OK);
    int64_t held = memory.n_held;
    for (int64_t n = 1;; n++) {
        memory = (test_memory){.fail_at = n, .n_held = held};
        kmseg_status loaded = kmseg_result_load(ctx, path, &back);
        cr_assert(loaded == KMSEG_OK || loaded == KMSEG_E_MEMORY, "%s", kmseg_last_error(ctx));
        cr_assert((loaded == KMSEG_OK) == (back != NULL));
        kmseg_result_free(back);
        cr_assert_eq(memory.n_held, held, "load leaks when request %lld fails", (long long)n);
        memory = (test_memory){.fail_at = n, .n_held = held};
        kmseg_status saved = kmseg_result_save(ctx, result, copy);
        cr_assert(saved == KMSEG_OK || saved == KMSEG_E_MEMORY, "%s", kmseg_last_error(ctx));
        cr_assert((saved == KMSEG_OK) == (access(copy, F_OK) == 0));
        unlink(copy);
        cr_assert_eq(memory.n_held, held, "save leaks when request %lld fails", (long long)n);
        if (loaded == KMSEG_OK && saved == KMSEG_OK) {
            cr_assert(n > 50, "%lld", (long long)n);
            break;
        }
    }
    kmseg_context_free(ctx);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(plain);
}

static kmseg_table *mixed(kmseg_context *ctx, int shift) {
    enum { N = 90 };
    static const char *const sizes[] = {"small", "large", "medium"};
    static const char *const tags[] = {"a;b", "b", NULL, "a|c", "c;b;a", "c"};
    double left[N], right[N], gaps[N];
    const char *size[N], *tag[N], *home[N];
    for (int i = 0; i < N; i++) {
        int r = (i * 7 + shift) % N;
        left[i] = 50 - exp(r / 24.0);
        right[i] = r * r * r;
        gaps[i] = r % 9 == 0 ? (double)NAN : r % 13;
        size[i] = sizes[(r / 5) % 3];
        tag[i] = tags[(r * r) % 6];
        home[i] = r % 4 == 0 ? NULL : r % 3 == 0 ? "rent" : "own";
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, N, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "left", left));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "right", right));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "gaps", gaps));
    OK(ctx, kmseg_table_add_texts(ctx, table, "size", size));
    OK(ctx, kmseg_table_add_texts(ctx, table, "tag", tag));
    OK(ctx, kmseg_table_add_texts(ctx, table, "home", home));
    return table;
}

Test(store_result, every_encoding_gives_new_rows_the_same_values_after_loading)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = mixed(ctx, 0), *later = mixed(ctx, 31);
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = 3;
    options.prepare.transform = "left=yeo-johnson,right=quantile-normal";
    options.prepare.winsorise = "left=0.02";
    options.prepare.impute = "gaps=constant:-1+indicator,home=constant";
    options.prepare.group = "about=size,tag,home";
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    kmseg_result *back = saved_and_loaded(ctx, result, "mixed.h5");
    same_prepare(result->prepare, back->prepare);
    cr_assert_gt(back->prepare->columns[1].n_knots, 2);
    cr_assert_str_eq(back->prepare->columns[3].scale, "ordinal");
    cr_assert_str_eq(back->prepare->columns[4].scale, "multihot");
    cr_assert_gt(back->prepare->columns[2].indicator, 0);
    kmseg_prepared *a, *b;
    OK(ctx, kmseg_prepare_apply(ctx, result->prepare, later, &a));
    OK(ctx, kmseg_prepare_apply(ctx, back->prepare, later, &b));
    same_bytes(a->matrix.values, b->matrix.values, a->matrix.n_rows * a->matrix.n_cols,
               sizeof(double), "prepared values");
    kmseg_prepared_free(a);
    kmseg_prepared_free(b);
    kmseg_result_free(back);
    kmseg_result_free(result);
    kmseg_table_free(later);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
