#include "crm/crm.h"
#include "pipeline/customers.h"
#include "support/failing.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static kmseg_context *ctx;
static kmseg_table *table, *classes;
static kmseg_result *result;
static kmseg_crm_options options;
static kmseg_crm_report report;

/* The 100 customers c0 to c99 in four groups; classes of 98 of them in another order, and of one who is
 * not among them. */
static void setup(void) {
    ctx = test_context(2, NULL);
    table = test_customers(ctx, 0);
    kmseg_segment_options fit = test_options(TEST_GROUPS);
    OK(ctx, kmseg_segment(ctx, table, &fit, &result));
    enum { N = 99 };
    static char ids[N][16];
    const char *id[N], *tier[N];
    double clv[N], risk[N];
    for (int i = 0; i < N; i++) {
        snprintf(ids[i], sizeof ids[i], "c%d", i == 0 ? 1000 : i * 37 % 100);
        id[i] = ids[i];
        tier[i] = i % 10 == 0 ? NULL : i % 2 == 0 ? "A" : "=B";
        clv[i] = i % 7 == 0 ? (double)NAN : -i / 3.0;
        risk[i] = 1.0 / (i + 1);
    }
    OK(ctx, kmseg_table_new(ctx, N, &classes));
    OK(ctx, kmseg_table_add_numbers(ctx, classes, "clv", clv));
    OK(ctx, kmseg_table_add_texts(ctx, classes, "customer_id", id));
    OK(ctx, kmseg_table_add_texts(ctx, classes, "tier", tier));
    OK(ctx, kmseg_table_add_numbers(ctx, classes, "churn_risk", risk));
    kmseg_crm_options_init(&options);
}

static void teardown(void) {
    kmseg_table_free(classes);
    kmseg_table_free(table);
    kmseg_result_free(result);
    kmseg_context_free(ctx);
}

TestSuite(crm, .init = setup, .fini = teardown);

/* The content of a file of the test's folder, terminated; *length may be NULL. */
static const char *content(const char *name, size_t *length) {
    static char texts[4][1 << 16];
    static int next;
    char *text = texts[next++ % 4];
    FILE *file = fopen(test_path(name), "rb");
    cr_assert_not_null(file, "no %s", name);
    size_t n = fread(text, 1, sizeof texts[0] - 1, file);
    fclose(file);
    text[n] = '\0';
    if (length != NULL) {
        *length = n;
    }
    return text;
}

static int exists(const char *name) { return access(test_path(name), F_OK) == 0; }

static kmseg_table *read_back(const char *name) {
    kmseg_table *back;
    OK(ctx, kmseg_csv_read(ctx, test_path(name), NULL, &back, NULL));
    return back;
}

static const char *text_at(const kmseg_table *from, const char *name, int64_t row) {
    const kmseg_column *column = kmseg_table_column(from, kmseg_table_find(from, name));
    cr_assert_eq(column->type, KMSEG_COLUMN_TEXT);
    return column->codes[row] >= 0 ? column->levels[column->codes[row]] : NULL;
}

static double number_at(const kmseg_table *from, const char *name, int64_t row) {
    return kmseg_table_column(from, kmseg_table_find(from, name))->numbers[row];
}

static void expect_columns(const char *expected) {
    const char *names[KMSEG_N_CRM_FIELDS];
    char text[200] = "";
    int32_t n = kmseg_crm_columns(classes, &options, names);
    for (int32_t i = 0; i < n; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
                 names[i]);
    }
    cr_assert_str_eq(text, expected);
}

Test(crm, columns_that_are_read_are_the_id_and_those_that_are_written)
{
    double more[99] = {0};
    OK(ctx, kmseg_table_add_numbers(ctx, classes, "monetary", more));
    OK(ctx, kmseg_table_add_numbers(ctx, classes, "stage", more));
    expect_columns("customer_id tier stage clv churn_risk");
    options.risk = "monetary";
    options.tier = "not there"; /* the reader says so */
    options.id = "clv";
    expect_columns("clv not there stage clv monetary");
}

Test(crm, what_is_read_back_gives_the_same_assignments_and_classes)
{
    OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report));
    kmseg_table *back = read_back("out.csv");
    cr_assert_eq(kmseg_table_n_rows(back), TEST_ROWS);
    cr_assert_eq(kmseg_table_n_columns(back), 6);
    for (int64_t i = 0; i < TEST_ROWS; i++) {
        cr_assert_str_eq(text_at(back, "id", i), result->ids[i]);
        cr_assert_eq(number_at(back, "segment", i), result->labels[i] + 1);
        cr_assert_str_eq(text_at(back, "name", i), kmseg_segment_name(result, result->labels[i]));
        int64_t row = 0;
        while (row < 99 && strcmp(text_at(classes, "customer_id", row), result->ids[i]) != 0) {
            row++;
        }
        double clv = row < 99 ? number_at(classes, "clv", row) : (double)NAN;
        double risk = row < 99 ? number_at(classes, "churn_risk", row) : (double)NAN;
        const char *tier = row < 99 ? text_at(classes, "tier", row) : NULL;
        const char *got = text_at(back, "tier", i);
        cr_assert(isnan(clv) ? isnan(number_at(back, "clv", i)) : number_at(back, "clv", i) == clv);
        cr_assert(isnan(risk) ? isnan(number_at(back, "risk", i))
                              : number_at(back, "risk", i) == risk);
        cr_assert(tier == NULL ? got == NULL : strcmp(got + (tier[0] == '='), tier) == 0);
    }
    kmseg_table_free(back);
}

Test(crm, counts_say_what_did_not_match_and_what_was_neutralised)
{
    OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report));
    size_t length;
    content("out.csv", &length);
    cr_assert_eq(report.n_rows, 100);
    cr_assert_eq(report.n_files, 1);
    cr_assert_eq(report.n_bytes, (int64_t)length);
    cr_assert_eq(report.n_matched, 98);
    cr_assert_eq(report.n_customers, 99);
    cr_assert_eq(report.n_customers_unmatched, 1);
    cr_assert_eq(report.n_neutralised,
                 49); /* "=B": odd i below 99, none of them a multiple of 10 */
    static const kmseg_crm_field fields[] = {KMSEG_CRM_ID,   KMSEG_CRM_SEGMENT, KMSEG_CRM_NAME,
                                             KMSEG_CRM_TIER, KMSEG_CRM_CLV,     KMSEG_CRM_RISK};
    cr_assert_eq(report.n_columns, 6);
    cr_assert_eq(memcmp(report.fields, fields, sizeof fields), 0);
}

Test(crm, every_format_has_headers_marks_line_ends_and_limits_as_its_row_says)
{
    for (int32_t f = 0; km_crm_formats.get(f) != NULL; f++) {
        const km_crm_format *format = km_crm_format_find(km_crm_formats.get(f)->name);
        options.format = format->named.name;
        OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("f.csv"), &report));
        const char *text = content("f.csv", NULL);
        int has_mark = strncmp(text, "\xef\xbb\xbf", 3) == 0;
        cr_assert_eq(has_mark, format->bom, "%s", options.format);
        char head[600] = "";
        for (int32_t i = 0; i < report.n_columns; i++) {
            size_t used = strlen(head);
            snprintf(head + used, sizeof head - used, "%s%s", i > 0 ? "," : "",
                     kmseg_crm_header(options.format, report.fields[i]));
        }
        cr_assert_eq(strncmp(text + 3 * has_mark, head, strlen(head)), 0, "%s", options.format);
        cr_assert_eq(
            strncmp(text + 3 * has_mark + strlen(head), format->line_end, strlen(format->line_end)),
            0);
        cr_assert_eq(kmseg_crm_max_rows(options.format), format->max_rows);
        cr_assert_eq(kmseg_crm_max_size(options.format), format->max_size);
        cr_assert_eq(exists("f.sdl"), format->is_sdl);
        cr_assert(exists("f.mapping.csv"));
        const char *mapping = content("f.mapping.csv", NULL);
        for (int32_t i = 0; i < report.n_columns; i++) {
            cr_assert_not_null(strstr(mapping, kmseg_crm_header(options.format, report.fields[i])));
        }
        kmseg_table *back = read_back("f.csv"); /* BOM, CRLF and all */
        cr_assert_eq(kmseg_table_n_rows(back), TEST_ROWS);
        cr_assert_str_eq(kmseg_table_column(back, 0)->name,
                         kmseg_crm_header(options.format, KMSEG_CRM_ID));
        kmseg_table_free(back);
        unlink(test_path("f.sdl"));
        unlink(test_path("f.mapping.csv"));
    }
}

/* Rows of the files out-001.csv and on, joined; checks that each has the header. */
static int64_t joined_rows(int32_t n_files, int64_t most_rows, int64_t most_bytes) {
    int64_t at = 0;
    for (int32_t f = 0; f < n_files; f++) {
        char name[64];
        size_t length;
        cr_assert(kmseg_crm_file_name("out.csv", f, n_files, name, sizeof name));
        content(name, &length);
        kmseg_table *back = read_back(name);
        int64_t n = kmseg_table_n_rows(back);
        cr_assert(n <= most_rows && (int64_t)length <= most_bytes);
        cr_assert_str_eq(kmseg_table_column(back, 0)->name, "id");
        for (int64_t i = 0; i < n; i++, at++) {
            cr_assert_str_eq(text_at(back, "id", i), result->ids[at]);
        }
        kmseg_table_free(back);
    }
    return at;
}

Test(crm, files_are_numbered_and_hold_no_more_than_they_may)
{
    options.max_rows = 30;
    OK(ctx, kmseg_crm_write(ctx, result, NULL, &options, test_path("out.csv"), &report));
    cr_assert_eq(report.n_files, 4); /* 30 30 30 10 */
    cr_assert_eq(joined_rows(4, 30, 1 << 16), TEST_ROWS);
    cr_assert_not(exists("out.csv"));
    cr_assert_not(exists("out-005.csv"));
    options.max_rows = 50;
    OK(ctx, kmseg_crm_write(ctx, result, NULL, &options, test_path("out.csv"), &report));
    cr_assert_eq(report.n_files, 2); /* no third, empty one */
    options.max_rows = 100;
    OK(ctx, kmseg_crm_write(ctx, result, NULL, &options, test_path("out.csv"), &report));
    cr_assert_eq(report.n_files, 1);
    options.max_size = 400;
    OK(ctx, kmseg_crm_write(ctx, result, NULL, &options, test_path("out.csv"), &report));
    cr_assert(report.n_files > 4);
    cr_assert_eq(joined_rows(report.n_files, 100, 400), TEST_ROWS);
    struct stat info;
    cr_assert_eq(stat(test_path("out-002.csv"), &info), 0);
    cr_assert_eq(info.st_mode & 07777, 0600);
}

Test(crm, a_limit_below_one_row_is_refused_and_leaves_nothing)
{
    options.max_size = 25;
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_crm_write(ctx, result, NULL, &options, test_path("out.csv"), &report), "max_size",
          "25");
    cr_assert_not(exists("out.csv"));
    cr_assert_not(exists("out-001.csv"));
    cr_assert_not(exists("out.mapping.csv"));
}

/* Text and what its cell is. */
static const struct {
    const char *text, *cell;
} cells[] = {
    {"plain", "plain"},
    {"=1+1", "'=1+1"},
    {"+49 30", "'+49 30"},
    {"-5 %", "'-5 %"},
    {"@x", "'@x"},
    {"\tx", "'\tx"},
    {"\rx", "\"'\rx\""},
    {"\nx", "\"'\nx\""},
    {"\xef\xbc\x9dx", "'\xef\xbc\x9dx"}, /* wide = */
    {"'=x", "''=x"},
    {"'x", "'x"},
    {"a=1", "a=1"},
    {"=a,\"b\"", "\"'=a,\"\"b\"\"\""},
    {"a,b", "\"a,b\""},
    {" x", "\" x\""},
    {"", ""},
};

Test(crm, texts_that_begin_like_formulas_get_one_apostrophe_which_can_be_taken_away_again)
{
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        km_string line;
        int64_t marked = 0;
        km_string_init(&line, &ctx->allocator);
        km_crm_add_text(&line, cells[i].text, 0, &marked);
        cr_assert_str_eq(line.length > 0 ? line.data : "", cells[i].cell);
        cr_assert_eq(marked, km_crm_is_formula(cells[i].text));
        km_string_free(&line);
    }
}

static void export_ids(const char *const *ids, const char *path) {
    kmseg_table *people;
    kmseg_result *own;
    OK(ctx, kmseg_table_new(ctx, 6, &people));
    OK(ctx, kmseg_table_add_texts(ctx, people, "customer_id", ids));
    OK(ctx, kmseg_table_add_numbers(ctx, people, "spend", (const double[]){1, 2, 3, 91, 92, 93}));
    kmseg_segment_options fit = test_options(2);
    OK(ctx, kmseg_segment(ctx, people, &fit, &own));
    OK(ctx, kmseg_crm_write(ctx, own, NULL, &options, path, &report));
    kmseg_result_free(own);
    kmseg_table_free(people);
}

Test(crm, ids_are_neutralised_unless_all_of_them_are_numbers)
{
    options.headers = "segment=\nname=";
    export_ids((const char *const[]){"-1", "-20.5", "3", "4e2", "5", "-6"}, test_path("n.csv"));
    cr_assert_eq(report.n_neutralised, 0);
    cr_assert_str_eq(content("n.csv", NULL), "id\n-1\n-20.5\n3\n4e2\n5\n-6\n");
    export_ids((const char *const[]){"-1", "-2+cmd", "=3", "'=4", "5,6", "+7"}, test_path("t.csv"));
    cr_assert_eq(report.n_neutralised, 5);
    cr_assert_str_eq(content("t.csv", NULL), "id\n'-1\n'-2+cmd\n'=3\n''=4\n\"5,6\"\n'+7\n");
}

Test(crm, own_headers_replace_those_of_the_format_and_empty_ones_leave_columns_out)
{
    options.format = "salesforce";
    options.headers = "id=External Key__c\nname=\ntier=Klasse";
    OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report));
    const char *text = content("out.csv", NULL);
    static const char head[] = "External Key__c,Segment__c,Klasse,";
    cr_assert_eq(strncmp(text, head, strlen(head)), 0);
    cr_assert_not_null(strstr(content("out.sdl", NULL), "External\\ Key__c=External\\ Key__c\n"));
    static const char *const bad[][2] = {{"colour=x", "colour=x"},
                                         {"tier", "\"tier\""},
                                         {"tier=Segment__c", "both called Segment__c"}};
    for (size_t i = 0; i < 3; i++) {
        options.headers = bad[i][0];
        FAILS(ctx, KMSEG_E_ARGUMENT,
              kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report),
              bad[i][1]);
    }
}

Test(crm, the_bytes_are_the_same_for_any_number_of_threads)
{
    kmseg_context *one = test_context(1, NULL);
    OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("a.csv"), NULL));
    OK(one, kmseg_crm_write(one, result, classes, &options, test_path("b.csv"), NULL));
    cr_assert_str_eq(content("a.csv", NULL), content("b.csv", NULL));
    kmseg_context_free(one);
}

Test(crm, pseudonyms_are_those_of_other_files_and_rows_are_in_their_order)
{
    const char *path = test_path("the.key");
    kmseg_key *key;
    OK(ctx, kmseg_key_write(ctx, path));
    OK(ctx, kmseg_key_read(ctx, path, &key));
    options.key = key;
    OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report));
    cr_assert_eq(report.n_matched, 98); /* by the ids that there were */
    kmseg_table *back = read_back("out.csv");
    for (int64_t i = 0; i < TEST_ROWS; i++) {
        char expected[KMSEG_PSEUDONYM_SIZE];
        int64_t sample = 0;
        do {
            cr_assert(sample < TEST_ROWS);
            kmseg_pseudonym(key, result->ids[sample++], expected);
        } while (strcmp(text_at(back, "id", i), expected) != 0);
        cr_assert_eq(number_at(back, "segment", i), result->labels[sample - 1] + 1);
        cr_assert(i == 0 || strcmp(text_at(back, "id", i - 1), text_at(back, "id", i)) < 0);
    }
    kmseg_table_free(back);
    OK(ctx, kmseg_result_protect(ctx, result, key));
    FAILS(ctx, KMSEG_E_DATA,
          kmseg_crm_write(ctx, result, NULL, &options, test_path("out.csv"), &report),
          "pseudonyms already");
    options.key = NULL;
    FAILS(ctx, KMSEG_E_DATA,
          kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report),
          "the segments hold pseudonyms and the customers do not");
    kmseg_key_free(key);
}

Test(crm, without_ids_rows_are_in_the_order_of_their_values)
{
    options.drop_ids = 1;
    OK(ctx, kmseg_crm_write(ctx, result, classes, &options, test_path("out.csv"), &report));
    kmseg_table *back = read_back("out.csv");
    cr_assert_eq(kmseg_table_find(back, "id"), -1);
    for (int64_t i = 1; i < TEST_ROWS; i++) {
        cr_assert(number_at(back, "segment", i - 1) <= number_at(back, "segment", i));
    }
    kmseg_table_free(back);
}

Test(crm, customers_need_an_id_once_and_numbers_where_numbers_belong)
{
    const char *path = test_path("out.csv");
    options.clv = "tier";
    FAILS(ctx, KMSEG_E_DATA, kmseg_crm_write(ctx, result, classes, &options, path, &report),
          "column tier", "needs to hold numbers");
    options.clv = "worth";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_crm_write(ctx, result, classes, &options, path, &report),
          "no column worth");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_crm_write(ctx, result, NULL, &options, path, &report),
          "no table of customers");
    options.clv = NULL;
    options.id = "tier";
    FAILS(ctx, KMSEG_E_DATA, kmseg_crm_write(ctx, result, classes, &options, path, &report),
          "one row per customer");
    options.id = "churn_risk";
    FAILS(ctx, KMSEG_E_DATA, kmseg_crm_write(ctx, result, classes, &options, path, &report),
          "no customer of the segments");
    options.id = NULL;
    options.format = "excel";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_crm_write(ctx, result, classes, &options, path, &report),
          "format", "excel");
    cr_assert_not(exists("out.csv"));
}

Test(crm, a_folder_that_is_not_there_is_named)
{
    FAILS(ctx, KMSEG_E_IO,
          kmseg_crm_write(ctx, result, classes, &options, test_path("none/out.csv"), &report),
          "none", "does not exist");
}

Test(crm, file_names_have_their_number_before_the_ending)
{
    char name[64];
    cr_assert(kmseg_crm_file_name("a.b/c.csv", 0, 1, name, sizeof name));
    cr_assert_str_eq(name, "a.b/c.csv");
    cr_assert(kmseg_crm_file_name("a.b/c.csv", 11, 20, name, sizeof name));
    cr_assert_str_eq(name, "a.b/c-012.csv");
    cr_assert(kmseg_crm_file_name("a.b/c", 0, 2, name, sizeof name));
    cr_assert_str_eq(name, "a.b/c-001");
    cr_assert_not(kmseg_crm_file_name("a.b/c.csv", 0, 2, name, 8));
}

static kmseg_status write_once(kmseg_context *own, void *argument) {
    (void)argument;
    options.max_rows = 40;
    kmseg_status status =
        kmseg_crm_write(own, result, classes, &options, test_path("out.csv"), NULL);
    if (status != KMSEG_OK) {
        cr_assert_not(exists("out-001.csv"));
    }
    return status;
}

Test(crm, runs_out_of_memory_without_leaks_or_files)
{ fails_cleanly(write_once, NULL); }
