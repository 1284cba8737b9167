#include "support/failing.h"

#include <errno.h>
#include <kmseg/arrow.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A stream over arrays of the test's own. Every release is counted. */
enum { MOST = 4 };

typedef struct made {
    struct ArrowArrayStream stream;
    struct ArrowSchema rows, columns[MOST], dictionaries[MOST], *children[MOST];
    struct ArrowArray batch, arrays[MOST], dictionary_arrays[MOST], *array_children[MOST];
    const void *buffers[MOST][6], *dictionary_buffers[MOST][3], *none[1];
    int n_columns, n_batches; /* the same batch so many times */
    int error;                /* of get_next behind them */
    int n_stream_released, n_schema_released, n_batches_given, n_batches_released;
} made;

static void release_stream(struct ArrowArrayStream *stream) {
    ((made *)stream->private_data)->n_stream_released++;
    stream->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
    ((made *)schema->private_data)->n_schema_released++;
    schema->release = NULL;
}

static void release_batch(struct ArrowArray *array) {
    ((made *)array->private_data)->n_batches_released++;
    array->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    *out = ((made *)stream->private_data)->rows;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    made *m = stream->private_data;
    *out = (struct ArrowArray){0};
    if (m->n_batches_given == m->n_batches) {
        return m->error;
    }
    m->n_batches_given++;
    *out = m->batch;
    return 0;
}

static const char *last_error(struct ArrowArrayStream *stream) {
    return ((made *)stream->private_data)->error == EPIPE ? "the wire was cut" : NULL;
}

static void begin(made *m, int64_t n_rows) {
    memset(m, 0, sizeof *m);
    m->n_batches = 1;
    m->stream = (struct ArrowArrayStream){get_schema, get_next, last_error, release_stream, m};
    m->rows = (struct ArrowSchema){
        .format = "+s", .children = m->children, .release = release_schema, .private_data = m};
    m->batch = (struct ArrowArray){.length = n_rows,
                                   .n_buffers = 1,
                                   .buffers = m->none,
                                   .children = m->array_children,
                                   .release = release_batch,
                                   .private_data = m};
}

static int add(made *m, const char *name, const char *format, const void *present,
               const void *values, const void *bytes) {
    int i = m->n_columns++;
    m->columns[i] = (struct ArrowSchema){.name = name, .format = format};
    m->buffers[i][0] = present;
    m->buffers[i][1] = values;
    m->buffers[i][2] = bytes;
    m->arrays[i] = (struct ArrowArray){.length = m->batch.length,
                                       .null_count = present != NULL ? -1 : 0,
                                       .n_buffers = bytes != NULL ? 3 : 2,
                                       .buffers = m->buffers[i]};
    m->children[i] = &m->columns[i];
    m->array_children[i] = &m->arrays[i];
    m->rows.n_children = m->batch.n_children = m->n_columns;
    return i;
}

static void add_dictionary(made *m, int i, const char *format, int64_t n, const void *present,
                           const void *values, const void *bytes) {
    m->dictionaries[i] = (struct ArrowSchema){.format = format};
    m->columns[i].dictionary = &m->dictionaries[i];
    m->dictionary_buffers[i][0] = present;
    m->dictionary_buffers[i][1] = values;
    m->dictionary_buffers[i][2] = bytes;
    m->dictionary_arrays[i] = (struct ArrowArray){.length = n,
                                                  .null_count = present != NULL ? 1 : 0,
                                                  .n_buffers = bytes != NULL ? 3 : 2,
                                                  .buffers = m->dictionary_buffers[i]};
    m->arrays[i].dictionary = &m->dictionary_arrays[i];
}

/* Everything was released once, whatever came of it. */
static void check_released(const made *m) {
    cr_assert_eq(m->n_stream_released, 1);
    cr_assert_eq(m->n_schema_released, 1);
    cr_assert_eq(m->n_batches_released, m->n_batches_given);
    cr_assert_null(m->stream.release);
}

static kmseg_table *read_made(kmseg_context *ctx, made *m) {
    kmseg_table *table;
    OK(ctx, kmseg_table_from_arrow(ctx, &m->stream, "frame", NULL, &table));
    check_released(m);
    return table;
}

static const char *text_of(const kmseg_column *column, int64_t row) {
    return column->codes[row] >= 0 ? column->levels[column->codes[row]] : NULL;
}

static void check_numbers(const char *format, const void *values, double first, double second) {
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    begin(&m, 2);
    add(&m, "x", format, NULL, values, NULL);
    kmseg_table *table = read_made(ctx, &m);
    const kmseg_column *x = kmseg_table_column(table, 0);
    cr_assert_eq(x->type, KMSEG_COLUMN_NUMBER, "%s", format);
    cr_assert(x->numbers[0] == first, "%s: %.17g", format, x->numbers[0]);
    cr_assert(x->numbers[1] == second, "%s: %.17g", format, x->numbers[1]);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(arrow, every_type_of_number_is_the_nearest_double)
{
    check_numbers("b", (uint8_t[]){0x02}, 0, 1);
    check_numbers("c", (int8_t[]){-128, 127}, -128, 127);
    check_numbers("C", (uint8_t[]){0, 255}, 0, 255);
    check_numbers("s", (int16_t[]){-32768, 5}, -32768, 5);
    check_numbers("S", (uint16_t[]){65535, 5}, 65535, 5);
    check_numbers("i", (int32_t[]){INT32_MIN, 5}, -2147483648.0, 5);
    check_numbers("I", (uint32_t[]){UINT32_MAX, 5}, 4294967295.0, 5);
    check_numbers("l", (int64_t[]){-(INT64_C(1) << 53), 5}, -9007199254740992.0, 5);
    check_numbers("L", (uint64_t[]){UINT64_C(1) << 53, 5}, 9007199254740992.0, 5);
    check_numbers("f", (float[]){0.1F, -2}, (double)0.1F, -2);
    check_numbers("g", (double[]){0.1, -2}, 0.1, -2);
    /* IEEE 754 binary16: 0x3555 is 2^-2 (1 + 341/1024), 0x8001 is -2^-24 */
    check_numbers("e", (uint16_t[]){0x3555, 0x8001}, 0.25 * (1 + 341 / 1024.0), -0x1p-24);
    check_numbers("d:9,2,32", (int32_t[]){-1999, 1}, -19.99, 0.01);
    check_numbers("d:18,1,64", (int64_t[]){15, -1}, 1.5, -0.1);
    check_numbers("d:38,3", (int64_t[]){-1, -1, 1, 0}, -0.001, 0.001);
    check_numbers("d:38,0", (int64_t[]){12, 0, -7, -1}, 12, -7);
    check_numbers("d:5,-2", (int64_t[]){12, 0, -7, -1}, 1200, -700);
    check_numbers("d:40,0,256", (int64_t[]){9, 0, 0, 0, -9, -1, -1, -1}, 9, -9);
    /* 2^64 / 100, past what one division of doubles gives exactly */
    check_numbers("d:38,2", (int64_t[]){0, 1, 1, 0}, 184467440737095516.16, 0.01);
}

Test(arrow, whole_numbers_past_2_to_the_53_are_ids_and_text)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    const int64_t ids[] = {7, (INT64_C(1) << 53) + 1, -3};
    const uint64_t large[] = {1, UINT64_MAX, 2};
    begin(&m, 3);
    add(&m, "id", "l", (uint8_t[]){0x3}, ids, NULL);
    add(&m, "u", "L", NULL, large, NULL);
    kmseg_table *table = read_made(ctx, &m);
    const kmseg_column *id = kmseg_table_column(table, 0), *u = kmseg_table_column(table, 1);
    cr_assert_eq(id->type, KMSEG_COLUMN_TEXT);
    cr_assert_str_eq(text_of(id, 0), "7");
    cr_assert_str_eq(text_of(id, 1), "9007199254740993");
    cr_assert_null(text_of(id, 2));
    cr_assert_str_eq(text_of(u, 1), "18446744073709551615");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static const char names[] = "Annähello";

Test(arrow, texts_of_every_layout_are_the_same_and_an_empty_one_is_not_missing)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    const int32_t small[] = {0, 5, 5, 5, 10};
    const int64_t large[] = {0, 5, 5, 5, 10};
    const uint8_t present[] = {0xb}; /* the third is missing */
    struct view {
        int32_t size;
        char text[12];
    } views[4] = {{5, "Annä"}, {0, ""}, {77, ""}, {14, ""}};
    const char far[] = "xxfourteen signs";
    memcpy(views[3].text, "four", 4);
    memcpy(views[3].text + 8, (int32_t[]){2}, 4);
    begin(&m, 4);
    add(&m, "small", "u", present, small, names);
    add(&m, "large", "U", present, large, names);
    int i = add(&m, "view", "vu", present, views, far);
    m.buffers[i][3] = (int64_t[]){sizeof far - 1};
    m.arrays[i].n_buffers = 4;
    kmseg_table *table = read_made(ctx, &m);
    for (int c = 0; c < 3; c++) {
        const kmseg_column *column = kmseg_table_column(table, c);
        cr_assert_eq(column->type, KMSEG_COLUMN_TEXT);
        cr_assert_str_eq(text_of(column, 0), "Annä");
        cr_assert_str_eq(text_of(column, 1), "");
        cr_assert_null(text_of(column, 2));
        cr_assert_eq(column->n_missing, 1);
        cr_assert_str_eq(text_of(column, 3), c < 2 ? "hello" : "fourteen signs");
    }
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(arrow, codes_are_what_they_stand_for)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    const int32_t offsets[] = {0, 5, 10, 10};
    const int8_t codes[] = {1, 0, 2, 1};
    const uint16_t days[] = {0, 1, 1, 0};
    begin(&m, 4);
    m.n_batches = 2;
    add_dictionary(&m, add(&m, "town", "c", NULL, codes, NULL), "u", 3, (uint8_t[]){0x3}, offsets,
                   names);
    add_dictionary(&m, add(&m, "day", "S", NULL, days, NULL), "tdD", 2, NULL, (int32_t[]){0, -1},
                   NULL);
    kmseg_table *table = read_made(ctx, &m);
    const kmseg_column *town = kmseg_table_column(table, 0), *day = kmseg_table_column(table, 1);
    cr_assert_eq(kmseg_table_n_rows(table), 8);
    cr_assert_eq(town->n_levels, 2);
    cr_assert_str_eq(text_of(town, 0), "hello");
    cr_assert_str_eq(text_of(town, 5), "Annä");
    cr_assert_null(text_of(town, 6)); /* its entry of the dictionary is missing */
    cr_assert_eq(day->type, KMSEG_COLUMN_TIME);
    cr_assert_eq(day->times[1], -86400);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(arrow, times_are_cut_to_whole_seconds_and_nat_is_missing)
{
    static const struct {
        const char *format;
        int64_t value, seconds;
    } cases[] = {
        {"tss:", 1323435000, 1323435000},
        {"tsm:UTC", 1323435000999, 1323435000},
        {"tsu:Europe/London", -1, -1}, /* a microsecond before 1970 is in its last second */
        {"tsn:", -1000000001, -2},
        {"tdm", 86400000, 86400},
        {"tsn:", INT64_MIN, KMSEG_TIME_MISSING},
    };
    kmseg_context *ctx = test_context(1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m;
        begin(&m, 1);
        add(&m, "t", cases[i].format, NULL, &cases[i].value, NULL);
        kmseg_table *table = read_made(ctx, &m);
        cr_assert_eq(kmseg_table_column(table, 0)->times[0], cases[i].seconds, "%s",
                     cases[i].format);
        kmseg_table_free(table);
    }
    made m;
    begin(&m, 1);
    add(&m, "when", "tss:", NULL, (int64_t[]){INT64_C(253402300800)}, NULL);
    kmseg_table *table;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_table_from_arrow(ctx, &m.stream, "frame", NULL, &table),
          "when", "9999");
    check_released(&m);
    kmseg_context_free(ctx);
}

Test(arrow, times_of_day_are_text)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    begin(&m, 2);
    add(&m, "ms", "ttm", NULL, (int32_t[]){34200250, 0}, NULL);
    add(&m, "ns", "ttn", NULL, (int64_t[]){1, 86399000000000}, NULL);
    kmseg_table *table = read_made(ctx, &m);
    cr_assert_str_eq(text_of(kmseg_table_column(table, 0), 0), "09:30:00.25");
    cr_assert_str_eq(text_of(kmseg_table_column(table, 0), 1), "00:00:00");
    cr_assert_str_eq(text_of(kmseg_table_column(table, 1), 0), "00:00:00.000000001");
    cr_assert_str_eq(text_of(kmseg_table_column(table, 1), 1), "23:59:59");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(arrow, offsets_of_batches_and_of_columns_add_up)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    const double values[] = {9, 8, 7, 6, 5, 4};
    begin(&m, 2);
    int i = add(&m, "x", "g", (uint8_t[]){0x17}, values, NULL); /* the fourth and sixth missing */
    m.batch.offset = 1;
    m.arrays[i].offset = 2;
    m.arrays[i].length = 3;
    kmseg_table *table = read_made(ctx, &m);
    const kmseg_column *x = kmseg_table_column(table, 0);
    cr_assert_eq(x->n_rows, 2);
    cr_assert(isnan(x->numbers[0]));
    cr_assert_eq(x->numbers[1], 5);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(arrow, columns_without_a_name_or_a_value_are_columns)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    begin(&m, 2);
    int i = add(&m, NULL, "n", NULL, NULL, NULL);
    m.arrays[i].n_buffers = 0;
    m.arrays[i].null_count = 2;
    kmseg_table *table = read_made(ctx, &m);
    cr_assert_str_eq(kmseg_table_column(table, 0)->name, "c1");
    cr_assert_eq(kmseg_table_column(table, 0)->n_missing, 2);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* The reading fails with the fragments in its message, and everything is released. */
#define REFUSED(ctx, m, status, ...)                                                               \
    do {                                                                                           \
        kmseg_table *refused;                                                                      \
        FAILS(ctx, status, kmseg_table_from_arrow(ctx, &(m).stream, "frame", NULL, &refused),      \
              __VA_ARGS__);                                                                        \
        cr_assert_null(refused);                                                                   \
        check_released(&(m));                                                                      \
    } while (0)

Test(arrow, types_that_no_table_has_are_refused_by_name_with_what_to_do)
{
    static const struct {
        const char *format, *advice;
    } cases[] = {
        {"+l", "nested"},      {"+s", "nested"},   {"+r", "decode"},  {"z", "binary"},
        {"vz", "binary"},      {"w:16", "binary"}, {"tDs", "number"}, {"tiM", "number"},
        {"", "type"},          {"q", "leave"},     {"ll", "leave"},   {"d:x", "leave"},
        {"d:5,2,77", "leave"}, {"tsx:", "number"}, {"ts", "number"},  {NULL, "type"},
    };
    kmseg_context *ctx = test_context(1, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m;
        begin(&m, 1);
        add(&m, "basket", cases[i].format, NULL, (int64_t[]){0, 0}, NULL);
        REFUSED(ctx, m, KMSEG_E_FORMAT, "frame", "basket", cases[i].advice);
    }
    kmseg_context_free(ctx);
}

Test(arrow, arrays_that_contradict_themselves_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double values[] = {1, 2};
    const int32_t backwards[] = {0, 3, 1}, beyond[] = {0, 99, 3}, below[] = {-1, 1, 2};
    const int32_t *offsets[] = {backwards, beyond, below};
    made m;
    for (int i = 0; i < 3; i++) {
        begin(&m, 2);
        add(&m, "name", "u", NULL, offsets[i], "abc");
        REFUSED(ctx, m, KMSEG_E_FORMAT, "name", "offset");
    }
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.arrays[0].length = 1;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "fewer values");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.arrays[0].offset = INT64_MAX - 1;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "fewer values");
    begin(&m, 2);
    add(&m, "x", "g", NULL, NULL, NULL);
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "no values");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.arrays[0].null_count = 1;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "which values are missing");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.arrays[0].n_buffers = 1;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "lacks buffers");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.batch.n_children = 2;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "schema");
    begin(&m, -1);
    add(&m, "x", "g", NULL, values, NULL);
    REFUSED(ctx, m, KMSEG_E_FORMAT, "schema");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.batch.null_count = 1;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "rows are missing");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.array_children[0] = NULL;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "no Arrow array");
    begin(&m, 2);
    m.rows.n_children = INT64_MAX;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "columns");
    begin(&m, 2);
    m.rows.format = "l";
    REFUSED(ctx, m, KMSEG_E_FORMAT, "one column");
    kmseg_context_free(ctx);
}

Test(arrow, codes_and_views_that_point_outside_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const int32_t offsets[] = {0, 1, 2};
    made m;
    for (int i = 0; i < 2; i++) {
        const int8_t codes[] = {0, (int8_t)(i == 0 ? 2 : -1)};
        begin(&m, 2);
        add_dictionary(&m, add(&m, "town", "c", NULL, codes, NULL), "u", 2, NULL, offsets, "ab");
        REFUSED(ctx, m, KMSEG_E_FORMAT, "town", "code");
    }
    begin(&m, 2);
    add_dictionary(&m, add(&m, "town", "L", NULL, (uint64_t[]){0, UINT64_MAX}, NULL), "u", 2, NULL,
                   offsets, "ab");
    REFUSED(ctx, m, KMSEG_E_FORMAT, "town", "code");
    begin(&m, 2);
    add_dictionary(&m, add(&m, "town", "g", NULL, (double[]){0, 1}, NULL), "u", 2, NULL, offsets,
                   "ab");
    REFUSED(ctx, m, KMSEG_E_FORMAT, "town", "no integers");
    begin(&m, 2);
    add_dictionary(&m, add(&m, "town", "c", NULL, (int8_t[]){0, 1}, NULL), "u", 2, NULL, offsets,
                   "ab");
    m.arrays[0].dictionary = NULL;
    REFUSED(ctx, m, KMSEG_E_FORMAT, "town", "no dictionary");

    static const int32_t views[][4] = {
        {-1, 0, 0, 0}, {13, 0, 1, 0}, {13, 0, -1, 0}, {13, 0, 0, 5}, {13, 0, 0, -1}};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        begin(&m, 1);
        add(&m, "name", "vu", NULL, views[i], "fourteen signs");
        m.buffers[0][3] = (int64_t[]){14};
        m.arrays[0].n_buffers = 4;
        REFUSED(ctx, m, KMSEG_E_FORMAT, "name", "offset");
    }
    kmseg_context_free(ctx);
}

Test(arrow, texts_that_are_no_utf8_and_numbers_that_are_infinite_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    begin(&m, 1);
    add(&m, "name", "u", NULL, (int32_t[]){0, 2}, "\xc3(");
    REFUSED(ctx, m, KMSEG_E_FORMAT, "name", "row 1", "UTF-8");
    begin(&m, 1);
    add(&m, "name", "u", NULL, (int32_t[]){0, 3}, "a\0b");
    REFUSED(ctx, m, KMSEG_E_FORMAT, "name", "zero byte");
    begin(&m, 2);
    add(&m, "x", "f", NULL, (float[]){1, INFINITY}, NULL);
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "row 2", "finite");
    begin(&m, 1);
    add(&m, "x", "d:76,0,256", NULL, (int64_t[]){0, 0, 1, 0}, NULL);
    REFUSED(ctx, m, KMSEG_E_FORMAT, "x", "128 bits");
    begin(&m, 2);
    add(&m, "x", "g", NULL, (double[]){1, 2}, NULL);
    add(&m, "x", "g", NULL, (double[]){1, 2}, NULL);
    REFUSED(ctx, m, KMSEG_E_ARGUMENT, "two columns are named x");
    kmseg_context_free(ctx);
}

Test(arrow, a_stream_that_fails_says_why_and_is_released)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    const double values[] = {1, 2};
    static const int errors[] = {EPIPE, EIO, ENOMEM};
    static const char *const said[] = {"the wire was cut", "Input/output", "memory"};
    for (int i = 0; i < 3; i++) {
        begin(&m, 2);
        add(&m, "x", "g", NULL, values, NULL);
        m.error = errors[i];
        REFUSED(ctx, m, errors[i] == ENOMEM ? KMSEG_E_MEMORY : KMSEG_E_IO, "frame", said[i]);
    }
    kmseg_table *table;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_from_arrow(ctx, &m.stream, "frame", NULL, &table),
          "already");
    begin(&m, 2);
    add(&m, "x", "g", NULL, values, NULL);
    m.n_batches = 0;
    REFUSED(ctx, m, KMSEG_E_DATA, "no rows");
    kmseg_context_free(ctx);
}

Test(arrow, selection_requests_and_a_limit_apply)
{
    kmseg_context *ctx = test_context(1, NULL);
    made m;
    kmseg_csv_options options;
    kmseg_csv_options_init(&options);
    const char *select[] = {"id", "day"};
    const kmseg_column_request requests[] = {{"id", KMSEG_COLUMN_TEXT}, {"day", KMSEG_COLUMN_TIME}};
    options.select = select;
    options.n_select = 2;
    options.requests = requests;
    options.n_requests = 2;
    options.max_rows = 3;
    begin(&m, 2);
    m.n_batches = 5;
    add(&m, "basket", "+l", NULL, (int32_t[]){0, 0, 0}, NULL); /* not read, so not refused */
    add(&m, "id", "g", NULL, (double[]){17850, 13047}, NULL);
    add(&m, "day", "u", NULL, (int32_t[]){0, 10, 20}, "2011-12-091970-01-02");
    kmseg_table *table;
    OK(ctx, kmseg_table_from_arrow(ctx, &m.stream, "frame", &options, &table));
    check_released(&m);
    cr_assert_eq(m.n_batches_given, 2);
    cr_assert_eq(kmseg_table_n_rows(table), 3);
    cr_assert_eq(kmseg_table_n_columns(table), 2);
    cr_assert_str_eq(text_of(kmseg_table_column(table, 0), 2), "17850");
    cr_assert_eq(kmseg_table_column(table, 1)->times[1], 86400);
    kmseg_table_free(table);
    select[1] = "date";
    begin(&m, 1);
    add(&m, "id", "g", NULL, (double[]){1}, NULL);
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_table_from_arrow(ctx, &m.stream, "frame", &options, &table),
          "frame", "da");
    check_released(&m);
    kmseg_context_free(ctx);
}

/* ---- the other way ---- */

static kmseg_table *some_table(kmseg_context *ctx, int64_t n) {
    double *numbers = calloc((size_t)n + 1, sizeof *numbers);
    int64_t *times = calloc((size_t)n + 1, sizeof *times);
    const char **texts = calloc((size_t)n + 1, sizeof *texts);
    static const char *const levels[] = {"", "süß", "a,b", NULL};
    for (int64_t i = 0; i < n; i++) {
        numbers[i] = i % 5 == 3 ? (double)NAN : (double)i / 7;
        times[i] = i % 11 == 10 ? KMSEG_TIME_MISSING : i * 86399 - 5000;
        texts[i] = levels[i % 4];
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "number", numbers));
    OK(ctx, kmseg_table_add_times(ctx, table, "time", times));
    OK(ctx, kmseg_table_add_texts(ctx, table, "text", texts));
    free(numbers);
    free(times);
    free(texts);
    return table;
}

Test(arrow, a_table_that_goes_out_comes_back_the_same)
{
    kmseg_context *ctx = test_context(1, NULL);
    static const int64_t sizes[] = {1, 7, 8, 9, 70000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        kmseg_table *table = some_table(ctx, sizes[s]), *back;
        struct ArrowArrayStream stream;
        OK(ctx, kmseg_table_to_arrow(ctx, table, &stream));
        OK(ctx, kmseg_table_from_arrow(ctx, &stream, "frame", NULL, &back));
        cr_assert_null(stream.release);
        cr_assert_eq(kmseg_table_n_rows(back), sizes[s]);
        for (int c = 0; c < 3; c++) {
            const kmseg_column *a = kmseg_table_column(table, c), *b = kmseg_table_column(back, c);
            cr_assert_str_eq(a->name, b->name);
            cr_assert_eq(a->type, b->type);
            cr_assert_eq(a->n_missing, b->n_missing);
            for (int64_t r = 0; r < sizes[s]; r++) {
                if (a->codes != NULL) {
                    const char *x = text_of(a, r), *y = text_of(b, r);
                    cr_assert(x == NULL ? y == NULL : y != NULL && strcmp(x, y) == 0);
                } else if (a->times != NULL) {
                    cr_assert_eq(a->times[r], b->times[r]);
                } else {
                    cr_assert_eq(memcmp(&a->numbers[r], &b->numbers[r], 8), 0);
                }
            }
        }
        kmseg_table_free(back);
        kmseg_table_free(table);
    }
    kmseg_context_free(ctx);
}

Test(arrow, what_goes_out_outlives_its_table_and_may_be_released_in_any_order)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = some_table(ctx, 9);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch, end, moved;
    OK(ctx, kmseg_table_to_arrow(ctx, table, &stream));
    kmseg_table_free(table);
    kmseg_context_free(ctx);
    cr_assert_eq(stream.get_schema(&stream, &schema), 0);
    cr_assert_eq(stream.get_next(&stream, &batch), 0);
    cr_assert_eq(stream.get_next(&stream, &end), 0);
    cr_assert_null(end.release);
    stream.release(&stream);
    cr_assert_str_eq(schema.children[2]->format, "U");
    moved = *batch.children[0]; /* as the specification has it: copied, the original marked */
    batch.children[0]->release = NULL;
    schema.release(&schema);
    batch.release(&batch);
    cr_assert_eq(((const double *)moved.buffers[1])[7], 1);
    moved.release(&moved);
    cr_assert_null(moved.release);
}

static kmseg_status there_and_back(kmseg_context *ctx, void *argument) {
    (void)argument;
    kmseg_table *table = NULL, *back = NULL;
    const char *const texts[] = {"a", NULL, "b"};
    kmseg_status status = kmseg_table_new(ctx, 3, &table);
    if (status == KMSEG_OK) {
        status = kmseg_table_add_texts(ctx, table, "text", texts);
    }
    struct ArrowArrayStream stream = {0};
    if (status == KMSEG_OK) {
        status = kmseg_table_to_arrow(ctx, table, &stream);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_from_arrow(ctx, &stream, "frame", NULL, &back);
    }
    kmseg_table_free(table);
    kmseg_table_free(back);
    return status;
}

Test(arrow, nothing_leaks_when_memory_runs_out)
{ fails_cleanly(there_and_back, NULL); }

/* ---- tables that have a name ---- */

Test(arrow, a_table_with_a_name_is_read_as_a_file_is)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = some_table(ctx, 8), *read;
    const char *kind;
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_DESCRIBE, "days"));
    OK(ctx, kmseg_source_define_table(ctx, "frame", table));
    OK(ctx, kmseg_source_kind(ctx, "frame", &kind));
    cr_assert_str_eq(kind, "query");
    OK(ctx, kmseg_source_columns(ctx, "frame", NULL, &read));
    cr_assert_eq(kmseg_table_n_rows(read), 0);
    cr_assert_eq(kmseg_table_n_columns(read), 3);
    kmseg_table_free(read);

    kmseg_csv_options options;
    kmseg_csv_options_init(&options);
    const char *const select[] = {"number"};
    const kmseg_column_request request = {"number", KMSEG_COLUMN_TEXT};
    options.select = select;
    options.n_select = 1;
    options.requests = &request;
    options.n_requests = 1;
    options.max_rows = 2;
    OK(ctx, kmseg_source_read(ctx, "frame", &options, &read));
    cr_assert_eq(kmseg_table_n_rows(read), 2);
    cr_assert_eq(kmseg_table_n_columns(read), 1);
    cr_assert_str_eq(text_of(kmseg_table_column(read, 0), 0), "0");
    cr_assert_eq(kmseg_table_column(read, 0)->role, KMSEG_ROLE_DESCRIBE);
    cr_assert_str_eq(kmseg_table_column(read, 0)->unit, "days");
    kmseg_table_free(read);

    const char *const unknown[] = {"numbre"};
    options.select = unknown;
    options.n_requests = 0;
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_source_read(ctx, "frame", &options, &read), "frame",
          "number");
    kmseg_table *empty;
    OK(ctx, kmseg_table_new(ctx, 0, &empty));
    OK(ctx, kmseg_source_define_table(ctx, "frame", empty));
    FAILS(ctx, KMSEG_E_DATA, kmseg_source_read(ctx, "frame", NULL, &read), "frame", "no rows");
    OK(ctx, kmseg_source_define_table(ctx, "frame", NULL));
    FAILS(ctx, KMSEG_E_IO, kmseg_source_read(ctx, "frame", NULL, &read), "frame");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_source_define_table(ctx, "", table), "name");
    kmseg_table_free(empty);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
