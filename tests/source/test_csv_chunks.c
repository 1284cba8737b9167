/* Chunks and threads must not show in the table: random files with borders everywhere, against a
 * reader that goes byte by byte. */
#include "base/rng.h"
#include "source/csv.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CELLS = 4096, MOST_BYTES = 65536 };

/* What a plain reader makes of a text: cells in row-major order, NULL where they are missing. */
typedef struct plain {
    char *cells[MOST_CELLS];
    int n_cells, n_columns;
} plain;

static void plain_add(plain *table, const char *text, size_t n, int quoted) {
    size_t spaces = 0;
    while (spaces < n && text[spaces] == ' ') {
        spaces++;
    }
    cr_assert_lt(table->n_cells, MOST_CELLS);
    table->cells[table->n_cells++] = !quoted && spaces == n ? NULL : strndup(text, n);
}

static void plain_read(const char *p, plain *table) {
    int column = 0;
    *table = (plain){0};
    while (*p != '\0' || column > 0) {
        if (column == 0 && table->n_columns != 1 && (*p == '\n' || *p == '\r')) {
            p++;
            continue;
        }
        char cell[4096];
        size_t n = 0;
        int quoted = *p == '"';
        if (quoted) {
            for (p++; *p != '"' || p[1] == '"'; p++) {
                cell[n++] = *p;
                p += *p == '"';
            }
            p++;
        } else {
            while (*p != '\0' && *p != ',' && *p != '\n' && *p != '\r') {
                cell[n++] = *p++;
            }
        }
        plain_add(table, cell, n, quoted);
        column++;
        if (*p == ',') {
            p++;
            continue;
        }
        table->n_columns = table->n_columns == 0 ? column : table->n_columns;
        column = 0;
        if (*p == '\r' && p[1] == '\n') {
            p++;
        }
        p += *p != '\0';
    }
}

static void plain_free(plain *table) {
    for (int i = 0; i < table->n_cells; i++) {
        free(table->cells[i]);
    }
}

static void add_cell(km_random *random, char **p) {
    static const char *const pieces[] = {"a", "bc", "12", "7.5", "\xc3\xa4", "long text indeed, ",
                                         " "};
    static const char *const plains[] = {"x",        "12",  "-7.5", "\xe2\x82\xac",
                                         "5\" pipe", " y ", "\t"};
    if (km_next_below(random, 3) != 0) {
        for (uint64_t n = km_next_below(random, 4); n > 0; n--) {
            *p = stpcpy(*p, plains[km_next_below(random, 7)]);
        }
        return;
    }
    static const char *const inner[] = {"\n", "\r\n", "\r", ",", "\"\"", "\n\n"};
    *(*p)++ = '"';
    for (uint64_t n = km_next_below(random, 6); n > 0; n--) {
        *p = km_next_below(random, 2) == 0 ? stpcpy(*p, inner[km_next_below(random, 6)])
                                           : stpcpy(*p, pieces[km_next_below(random, 7)]);
    }
    *(*p)++ = '"';
}

/* A header of columns a, b, c ... and some rows. */
static void random_file(km_random *random, char *text) {
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    int n_columns = 1 + (int)km_next_below(random, 4);
    int n_rows = 1 + (int)km_next_below(random, 60);
    uint64_t mixed = km_next_below(random, 4), usual = km_next_below(random, 3);
    char *p = text;
    for (int c = 0; c < n_columns; c++) {
        p += sprintf(p, "%s%c", c > 0 ? "," : "", 'a' + c);
    }
    for (int r = 0; r < n_rows; r++) {
        p = stpcpy(p, line_ends[mixed == 0 ? km_next_below(random, 3) : usual]);
        if (n_columns > 1 && km_next_below(random, 10) == 0) {
            p = stpcpy(p, line_ends[usual]); /* an empty line */
        }
        for (int c = 0; c < n_columns; c++) {
            if (c > 0) {
                *p++ = ',';
            }
            char *start = p;
            add_cell(random, &p);
            if (n_columns == 1 && p == start) {
                *p++ = 'z';
            }
        }
    }
    if (km_next_below(random, 2) == 0) {
        p = stpcpy(p, line_ends[usual]);
    }
    *p = '\0';
}

static kmseg_table *read_text(kmseg_context *ctx, const char *text, int64_t chunk_bytes,
                              const kmseg_csv_options *options) {
    /* As km_input_open() leaves it: zero bytes behind the text. */
    size_t n = strlen(text);
    char *copy = calloc(1, n + KM_INPUT_PADDING);
    memcpy(copy, text, n);
    km_input input = {.text = copy, .size = (int64_t)n};
    kmseg_table *table;
    OK(ctx, km_csv_read_input(ctx, "text", &input, options, chunk_bytes, &table, NULL));
    free(copy);
    return table;
}

static void assert_plain(const kmseg_table *table, const plain *expected, const char *text,
                         int64_t chunk_bytes) {
    int64_t n_rows = kmseg_table_n_rows(table);
    cr_assert_eq((n_rows + 1) * expected->n_columns, expected->n_cells,
                 "%lld rows, chunks of %lld bytes:\n%s", (long long)n_rows, (long long)chunk_bytes,
                 text);
    for (int32_t c = 0; c < expected->n_columns; c++) {
        const kmseg_column *column = kmseg_table_column(table, c);
        int64_t n_missing = 0;
        int32_t seen = 0; /* levels are numbered as they appear */
        for (int64_t r = 0; r < n_rows; r++) {
            const char *cell = expected->cells[(r + 1) * expected->n_columns + c];
            int32_t code = column->codes[r];
            n_missing += cell == NULL;
            if (cell == NULL) {
                cr_assert_eq(code, -1);
                continue;
            }
            cr_assert(code >= 0 && code <= seen && code < column->n_levels);
            seen += code == seen;
            cr_assert_str_eq(column->levels[code], cell, "row %lld, chunks of %lld bytes:\n%s",
                             (long long)r, (long long)chunk_bytes, text);
        }
        cr_assert_eq(seen, column->n_levels);
        cr_assert_eq(n_missing, column->n_missing);
    }
}

Test(csv_chunks, random_files_cut_anywhere_give_the_cells_of_a_plain_reader)
{
    kmseg_column_request requests[4] = {{"a", KMSEG_COLUMN_TEXT},
                                        {"b", KMSEG_COLUMN_TEXT},
                                        {"c", KMSEG_COLUMN_TEXT},
                                        {"d", KMSEG_COLUMN_TEXT}};
    const int64_t sizes[] = {1, 2, 3, 5, 7, 16, 33, 64, 100, 1000, 0};
    kmseg_context *contexts[] = {test_context(1, NULL), test_context(3, NULL)};
    km_random random = {.seed = 4, .stage = KM_STAGE_TEST};
    char *text = malloc(MOST_BYTES);
    for (int i = 0; i < 400; i++) {
        random_file(&random, text);
        plain expected;
        plain_read(text, &expected);
        kmseg_csv_options options;
        kmseg_csv_options_init(&options);
        options.delimiter = ",";
        options.requests = requests;
        options.n_requests = expected.n_columns;
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            kmseg_table *table = read_text(contexts[(size_t)i % 2], text, sizes[s], &options);
            assert_plain(table, &expected, text, sizes[s]);
            kmseg_table_free(table);
        }
        plain_free(&expected);
    }
    free(text);
    kmseg_context_free(contexts[0]);
    kmseg_context_free(contexts[1]);
}

/* The table, or NULL and the message, of any bytes. */
static kmseg_table *try_bytes(kmseg_context *ctx, const char *bytes, size_t n,
                              int64_t chunk_bytes) {
    char *copy = calloc(1, n + KM_INPUT_PADDING);
    memcpy(copy, bytes, n);
    km_input input = {.text = copy, .size = (int64_t)n};
    kmseg_table *table;
    kmseg_status status = km_csv_read_input(ctx, "f", &input, NULL, chunk_bytes, &table, NULL);
    cr_assert((status == KMSEG_OK) == (table != NULL));
    cr_assert(status == KMSEG_OK || status == KMSEG_E_FORMAT || status == KMSEG_E_DATA, "%s",
              kmseg_last_error(ctx));
    free(copy);
    return table;
}

Test(csv_chunks, any_bytes_give_the_same_table_or_the_same_message_however_they_are_cut)
{
    static const char letters[] = ",,,,\"\"\"\n\n\n\n\r;\t.-+e1234567890aN/: \xc3\xa4\xff";
    kmseg_context *ctx = test_context(1, NULL);
    km_random random = {.seed = 7, .stage = KM_STAGE_TEST};
    int n_tables = 0;
    for (int i = 0; i < 20000; i++) {
        static const char *const headers[] = {"a,b\n", "", "a\n"};
        char bytes[80];
        size_t n = (size_t)(stpcpy(bytes, headers[i % 3]) - bytes);
        size_t end = n + 1 + km_next_below(&random, 60);
        /* Every fourth file may have bytes that are no UTF-8, and zeros. */
        size_t n_letters = sizeof letters - (i % 4 == 0 ? 0 : 4);
        while (n < end) {
            bytes[n++] = letters[km_next_below(&random, n_letters)];
        }
        kmseg_table *whole = try_bytes(ctx, bytes, n, 0);
        n_tables += whole != NULL;
        char message[1024];
        strcpy(message, kmseg_last_error(ctx));
        for (int64_t chunk = 1; chunk < 32; chunk = 2 * chunk + 1) {
            kmseg_table *cut = try_bytes(ctx, bytes, n, chunk);
            cr_assert((whole == NULL) == (cut == NULL));
            if (whole != NULL) {
                cr_assert_null(test_table_difference(whole, cut, 1));
            } else {
                cr_assert_str_eq(kmseg_last_error(ctx), message);
            }
            kmseg_table_free(cut);
        }
        kmseg_table_free(whole);
    }
    cr_assert_gt(n_tables, 1000, "%d tables", n_tables);
    kmseg_context_free(ctx);
}

/* Every type, with late changes of mind: n turns into text in the last row, d into dates, t is a
 * date until a word comes, w has its first number late. */
static char *typed_file(int n_rows) {
    char *text = malloc((size_t)n_rows * 160 + 200), *p = text;
    p = stpcpy(p, "id,x,day,n,d,t,w,note\n");
    km_random random = {.seed = 5, .stage = KM_STAGE_TEST};
    for (int r = 0; r < n_rows; r++) {
        int last = r == n_rows - 1;
        p += sprintf(p, "c%d,%.3f,2011-%02d-%02d,", (int)km_next_below(&random, 50),
                     km_next_uniform(&random) * 1000, 1 + r % 12, 1 + r % 28);
        p += sprintf(p, "%s,%s,%s,%s,", last ? "end" : "5", last ? "2011-12-09" : "20111209",
                     last ? "later" : "2011-12-09", r < n_rows / 2 ? "NA" : "3");
        p += sprintf(p, "%s\n", r % 7 == 0 ? "\"two\nlines, and a \"\"quote\"\"\"" : "plain");
    }
    return text;
}

Test(csv_chunks, the_table_is_the_same_for_any_threads_and_chunks)
{
    char *text = typed_file(2000);
    kmseg_context *one = test_context(1, NULL);
    kmseg_table *expected = read_text(one, text, 0, NULL);
    const kmseg_column_type types[] = {KMSEG_COLUMN_TEXT,   KMSEG_COLUMN_NUMBER, KMSEG_COLUMN_TIME,
                                       KMSEG_COLUMN_TEXT,   KMSEG_COLUMN_TIME,   KMSEG_COLUMN_TEXT,
                                       KMSEG_COLUMN_NUMBER, KMSEG_COLUMN_TEXT};
    for (int32_t i = 0; i < 8; i++) {
        cr_assert_eq(kmseg_table_column(expected, i)->type, types[i], "column %d", i);
    }
    const int32_t threads[] = {1, 2, 3, 7};
    const int64_t sizes[] = {0, 37, 500, 4096, 50000};
    for (size_t t = 0; t < 4; t++) {
        kmseg_context *ctx = test_context(threads[t], NULL);
        for (size_t s = 0; s < 5; s++) {
            kmseg_table *table = read_text(ctx, text, sizes[s], NULL);
            cr_assert_null(test_table_difference(expected, table, 1));
            kmseg_table_free(table);
        }
        kmseg_context_free(ctx);
    }
    kmseg_table_free(expected);
    kmseg_context_free(one);
    free(text);
}

Test(csv_chunks, the_first_fault_of_the_file_is_reported_for_any_threads_and_chunks)
{
    char *text = typed_file(500), *p = text + strlen(text);
    stpcpy(p, "too,few\nc,1,2011-01-01,5,20111209,2011-12-09,3,x,too many\n\"open");
    const int32_t threads[] = {1, 3};
    for (size_t t = 0; t < 2; t++) {
        kmseg_context *ctx = test_context(threads[t], NULL);
        for (int64_t size = 11; size < 20000; size = size * 3) {
            size_t n = strlen(text);
            char *copy = calloc(1, n + KM_INPUT_PADDING);
            memcpy(copy, text, n);
            km_input input = {.text = copy, .size = (int64_t)n};
            kmseg_table *table;
            /* 501 lines, and one more for each of the 72 notes of two lines. */
            FAILS(ctx, KMSEG_E_FORMAT,
                  km_csv_read_input(ctx, "f.csv", &input, NULL, size, &table, NULL),
                  "f.csv, line 574", "2 cells", "needs 8");
            cr_assert_null(table);
            free(copy);
        }
        kmseg_context_free(ctx);
    }
    free(text);
}

/* Mostly new ids, so that none is looked up any more while parsing, and then ones that were there:
 * near by, in the same chunk, and far away. */
Test(csv_chunks, ids_that_come_back_have_the_number_that_they_had)
{
    enum { ROWS = 80000 };
    int32_t *expected = malloc(sizeof(int32_t) * ROWS), *codes = malloc(sizeof(int32_t) * ROWS);
    char *text = malloc((size_t)ROWS * 24), *p = stpcpy(text, "x,id\n");
    memset(codes, 0xff, sizeof(int32_t) * ROWS);
    km_random random = {.seed = 21, .stage = KM_STAGE_TEST};
    int32_t n_ids = 0;
    for (int32_t r = 0; r < ROWS; r++) {
        int far = km_next_below(&random, 40) == 0, near = km_next_below(&random, 20) == 0;
        int32_t id = far    ? (int32_t)km_next_below(&random, (uint64_t)r + 1)
                     : near ? r - r % 1000
                            : r;
        codes[id] = codes[id] < 0 ? n_ids++ : codes[id];
        expected[r] = codes[id];
        p += sprintf(p, id % 9 == 0 ? "1,\"id \"\"%d\"\"\"\n" : "1,C%06d\n", id);
    }
    kmseg_context *contexts[] = {test_context(1, NULL), test_context(3, NULL)};
    const int64_t sizes[] = {0, 3000, 40000};
    for (size_t s = 0; s < 6; s++) {
        kmseg_table *table = read_text(contexts[s % 2], text, sizes[s / 2], NULL);
        const kmseg_column *column = kmseg_table_column(table, 1);
        cr_assert_eq(kmseg_table_n_rows(table), ROWS);
        cr_assert_eq(column->n_levels, n_ids);
        cr_assert(memcmp(column->codes, expected, sizeof(int32_t) * ROWS) == 0);
        for (int32_t id = 0; id < ROWS; id++) {
            char name[32];
            sprintf(name, id % 9 == 0 ? "id \"%d\"" : "C%06d", id);
            cr_assert(codes[id] < 0 || strcmp(column->levels[codes[id]], name) == 0, "%s", name);
        }
        kmseg_table_free(table);
    }
    kmseg_context_free(contexts[0]);
    kmseg_context_free(contexts[1]);
    free(text);
    free(codes);
    free(expected);
}
