/* The loop over cells has one form per instruction set: all give the same table or the same message,
 * and numbers that they parse side by side are what strtod gives. */
#include "base/rng.h"
#include "source/csv.h"
#include "source/csv_number.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONTEXTS = 8, MOST_BYTES = 1 << 16 };

/* One context for every kernel set that this CPU has, the portable one first. */
static int contexts_of_all_kernels(kmseg_context **out) {
    int n = 0;
    out[n++] = test_context(1, "baseline");
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        const char *name = kmseg_kernels_name(i);
        if (kmseg_kernels_available(name) && strcmp(name, "baseline") != 0) {
            cr_assert_lt(n, MOST_CONTEXTS);
            out[n++] = test_context(1, name);
        }
    }
    return n;
}

static kmseg_table *try_text(kmseg_context *ctx, const char *text, int64_t chunk_bytes,
                             const kmseg_csv_options *options) {
    size_t n = strlen(text);
    char *copy = calloc(1, n + KM_INPUT_PADDING);
    memcpy(copy, text, n);
    km_input input = {.text = copy, .size = (int64_t)n};
    kmseg_table *table;
    kmseg_status status = km_csv_read_input(ctx, "f", &input, options, chunk_bytes, &table, NULL);
    cr_assert((status == KMSEG_OK) == (table != NULL));
    free(copy);
    return table;
}

/* A plain decimal of 1 to 16 characters, more often than not. */
static char *plain_number(km_random *random, char *p) {
    int n = 1 + (int)km_next_below(random, km_next_below(random, 6) == 0 ? 19 : 9);
    int point =
        (int)km_next_below(random, 2) == 0 ? n : (int)km_next_below(random, (uint64_t)n + 1);
    if (km_next_below(random, 3) == 0) {
        *p++ = '-';
    }
    for (int i = 0; i < n; i++) {
        if (i == point) {
            *p++ = '.';
        }
        *p++ = (char)('0' + km_next_below(random, i == 0 ? 10 : 12) % 10);
    }
    if (point == n && km_next_below(random, 8) == 0) {
        *p++ = '.';
    }
    *p = '\0';
    return p;
}

/* oddity: one cell in so many is no plain number. */
static char *cell(km_random *random, uint64_t oddity, char *p) {
    static const char *const odd[] = {
        "",
        "NA",
        " 7 ",
        "-",
        ".",
        "-.",
        "1.2.3",
        "1..2",
        "..",
        "--5",
        "5-",
        "1e3",
        "-2.5E-3",
        "+4",
        "007",
        "-00",
        "0",
        "-0",
        "\"1.5\"",
        "\"a,b\"",
        "\"1\n2\"",
        "word",
        "1\t2",
        "\x01",
        "5\x01",
        "1:2",
        "1/2",
        "12a",
        "2011-12-09",
        "inf",
        "-nan",
        "\"\"\"\"",
        "1234567890123456",
        "123456789012345.6",
        "-12345678901234.5",
        "0.00000000000001",
        "00000000000000000000001",
        "12345678901234567890.5",
        "\xc3\xa4",
        "5\" pipe",
    };
    if (km_next_below(random, oddity) == 0) {
        return stpcpy(p, odd[km_next_below(random, sizeof odd / sizeof *odd)]);
    }
    return plain_number(random, p);
}

static void random_text(km_random *random, char *text) {
    int n_columns = 1 + (int)km_next_below(random, 19), n_rows = (int)km_next_below(random, 40);
    uint64_t oddity = km_next_below(random, 2) == 0 ? 1000 : 4 + km_next_below(random, 60);
    const char *line_end = km_next_below(random, 4) == 0 ? "\r\n" : "\n";
    char *p = text;
    for (int r = 0; r <= n_rows; r++) {
        int ragged = km_next_below(random, 2000) == 0;
        for (int c = 0; c < n_columns + ragged; c++) {
            p = stpcpy(p, c > 0 ? "," : "");
            p = r == 0 ? p + sprintf(p, "c%d", c) : cell(random, oddity, p);
        }
        p = stpcpy(p, r < n_rows || km_next_below(random, 2) == 0 ? line_end : "");
    }
}

Test(csv_loops, every_form_gives_the_same_table_or_the_same_message)
{
    kmseg_context *contexts[MOST_CONTEXTS];
    int n_contexts = contexts_of_all_kernels(contexts), n_tables = 0;
    char *text = malloc(MOST_BYTES);
    km_random random = {.seed = 11, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 1500; i++) {
        random_text(&random, text);
        kmseg_csv_options options;
        kmseg_csv_options_init(&options);
        options.delimiter = ",";
        options.lenient = i % 5 == 0;
        kmseg_table *expected = try_text(contexts[0], text, 0, &options);
        n_tables += expected != NULL;
        for (int k = 0; k < n_contexts; k++) {
            int64_t chunk = k == 0 ? 37 : (int64_t)km_next_below(&random, 300);
            kmseg_table *table = try_text(contexts[k], text, chunk, &options);
            cr_assert((expected == NULL) == (table == NULL), "%s, %s\n%s",
                      kmseg_last_error(contexts[0]), kmseg_last_error(contexts[k]), text);
            if (expected != NULL) {
                cr_assert_null(test_table_difference(expected, table, 1), "%s", text);
            } else {
                cr_assert_str_eq(kmseg_last_error(contexts[k]), kmseg_last_error(contexts[0]));
            }
            kmseg_table_free(table);
        }
        kmseg_table_free(expected);
    }
    cr_assert_gt(n_tables, 750);
    free(text);
    for (int k = 0; k < n_contexts; k++) {
        kmseg_context_free(contexts[k]);
    }
}

/* Over half a million numbers, in as many columns as there are at once and a few more. */
Test(csv_loops, numbers_side_by_side_are_what_strtod_gives)
{
    enum { COLUMNS = 11, ROWS = 60000 };
    kmseg_context *contexts[MOST_CONTEXTS];
    int n_contexts = contexts_of_all_kernels(contexts);
    kmseg_column_request requests[COLUMNS];
    char names[COLUMNS][8];
    char *text = malloc((size_t)COLUMNS * (ROWS + 1) * 24), *p = text;
    double *expected = malloc(sizeof(double) * COLUMNS * ROWS);
    for (int c = 0; c < COLUMNS; c++) {
        sprintf(names[c], "c%d", c);
        requests[c] = (kmseg_column_request){names[c], KMSEG_COLUMN_NUMBER};
        p += sprintf(p, "%s%s", c > 0 ? "," : "", names[c]);
    }
    p = stpcpy(p, "\n");
    km_random random = {.seed = 12, .stage = KM_STAGE_TEST};
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLUMNS; c++) {
            char *begin = p;
            p = plain_number(&random, p);
            expected[r * COLUMNS + c] = strtod(begin, NULL);
            *p++ = c + 1 < COLUMNS ? ',' : '\n';
        }
    }
    *p = '\0';
    kmseg_csv_options options;
    kmseg_csv_options_init(&options);
    options.requests = requests;
    options.n_requests = COLUMNS;
    for (int k = 0; k < n_contexts; k++) {
        kmseg_table *table = try_text(contexts[k], text, 0, &options);
        cr_assert_not_null(table, "%s", kmseg_last_error(contexts[k]));
        for (int c = 0; c < COLUMNS; c++) {
            const double *numbers = kmseg_table_column(table, c)->numbers;
            for (int r = 0; r < ROWS; r++) {
                cr_assert(memcmp(&numbers[r], &expected[r * COLUMNS + c], sizeof(double)) == 0,
                          "%s: row %d, column %d: %.17g, strtod says %.17g",
                          kmseg_context_kernels(contexts[k]), r, c, numbers[r],
                          expected[r * COLUMNS + c]);
            }
        }
        kmseg_table_free(table);
        kmseg_context_free(contexts[k]);
    }
    free(expected);
    free(text);
}

/* Rows of four cells that are often those of the row before, among them such as no column has mostly;
 * in one text a number that changes every row comes last, in the other first, so that no row begins
 * like the one before it. */
static void repeating_texts(km_random *random, char *first, char *last) {
    static const char *const texts[] = {"a7", "a8", "\"q,\"\"\"",     "",
                                        " x", "NA", "ein langer Text"};
    static const char *const dates[] = {
        "2021-02-03", "2021-02-03 10:11:12", "13/12/2011", "", "9/12/2011", "soon", "2021-02-04"};
    static const char *const numbers[] = {"1.5", "1.25", "", "inf", "1e3", "\"7\"", "x"};
    const char *row[4] = {texts[0], dates[0], numbers[0], texts[1]};
    first += sprintf(first, "a,b,c,d,e\n");
    last += sprintf(last, "e,a,b,c,d\n");
    for (int r = 0; r < 400; r++) {
        uint64_t limit = km_next_below(random, 10) == 0 ? 7 : 2; /* mostly plain ones */
        if (km_next_below(random, 4) == 0) {
            int i = (int)km_next_below(random, 4);
            const char *const *from = i == 1 ? dates : i == 2 ? numbers : texts;
            row[i] = from[km_next_below(random, limit)];
        }
        first += sprintf(first, "%s,%s,%s,%s,%d\n", row[0], row[1], row[2], row[3], 10 * r);
        last += sprintf(last, "%d,%s,%s,%s,%s\n", 10 * r, row[0], row[1], row[2], row[3]);
    }
}

Test(csv_loops, cells_that_repeat_are_read_like_others)
{
    kmseg_context *contexts[MOST_CONTEXTS];
    int n_contexts = contexts_of_all_kernels(contexts);
    const kmseg_column_request requests[] = {
        {"b", KMSEG_COLUMN_TIME}, {"c", KMSEG_COLUMN_NUMBER}, {"d", KMSEG_COLUMN_TEXT}};
    kmseg_csv_options options;
    kmseg_csv_options_init(&options);
    options.lenient = 1;
    options.n_requests = 3;
    options.requests = requests;
    int n_read = 0;
    char *first = malloc(MOST_BYTES), *last = malloc(MOST_BYTES);
    for (uint64_t seed = 0; seed < 60; seed++) {
        km_random random = {.seed = seed};
        repeating_texts(&random, first, last);
        for (int i = 0; i < n_contexts; i++) {
            kmseg_table *x = try_text(contexts[i], first, seed % 2 == 0 ? 0 : 700, &options);
            kmseg_table *y = try_text(contexts[i], last, 0, &options);
            cr_assert_eq(x == NULL, y == NULL, "%s", first); /* dates may be of either order */
            n_read += x != NULL;
            for (int32_t c = 0; c < 5 && x != NULL; c++) {
                const kmseg_column *one = kmseg_table_column(x, c);
                const kmseg_column *same = kmseg_table_column(y, (c + 1) % 5);
                cr_assert_null(test_column_difference(one, same, 1), "column %s of\n%s", one->name,
                               first);
            }
            kmseg_table_free(x);
            kmseg_table_free(y);
        }
    }
    cr_assert_gt(n_read, 30 * n_contexts);
    free(first);
    free(last);
    for (int i = 0; i < n_contexts; i++) {
        kmseg_context_free(contexts[i]);
    }
}
