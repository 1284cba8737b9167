/* Rules: what they say of rows, what is refused and where, and text that means harm. */
#include "support/failing.h"
#include "value/customers.h"

static kmseg_status parse(kmseg_context *ctx, const char *text, kmseg_rules **out) {
    kmseg_status status = kmseg_rules_parse(ctx, text, strlen(text), "rules.txt", out);
    cr_assert((*out != NULL) == (status == KMSEG_OK));
    return status;
}

/* Six customers: numbers with one missing, texts with one missing, times with one missing. */
static kmseg_table *people(kmseg_context *ctx) {
    const double age[] = {10, 20, 30, 40, 50, NAN}, spend[] = {5, 0, -1, 5, NAN, 7};
    const char *channel[] = {"web", "shop", "web", "phone order", NULL, "in"};
    int64_t joined[6];
    const char *dates[] = {"2024-01-01", "2024-06-30", "2024-06-30 12:00",
                           "2025-01-01", "1999-12-31", NULL};
    kmseg_table *table;
    for (int i = 0; i < 6; i++) {
        joined[i] = KMSEG_TIME_MISSING;
        if (dates[i] != NULL) {
            OK(ctx, kmseg_time_parse(ctx, dates[i], 0, &joined[i]));
        }
    }
    OK(ctx, kmseg_table_new(ctx, 6, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "Total Spend", spend));
    OK(ctx, kmseg_table_add_texts(ctx, table, "channel", channel));
    OK(ctx, kmseg_table_add_times(ctx, table, "joined", joined));
    return table;
}

/* For whom a condition is true, as a row of y and n. */
static void holds(const char *condition, const char *expect) {
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = people(ctx);
    char text[4000], got[7] = "nnnnnn";
    snprintf(text, sizeof text, "[c]\nyes: %s\n", condition);
    kmseg_rules *rules;
    kmseg_classings *classings;
    OK(ctx, parse(ctx, text, &rules));
    OK(ctx, kmseg_rules_apply(ctx, rules, table, NULL, &classings));
    for (int64_t r = 0; r < 6; r++) {
        got[r] = text_of(table, "c", r)[0] != '\0' ? 'y' : 'n';
    }
    cr_assert_str_eq(got, expect, "%s: %s, not %s", condition, got, expect);
    kmseg_classings_free(classings);
    kmseg_rules_free(rules);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(conditions, compare_numbers)
{
    holds("age < 30", "yynnnn");
    holds("age <= 30", "yyynnn");
    holds("age > 30", "nnnyyn");
    holds("age >= 30", "nnyyyn");
    holds("age = 30", "nnynnn");
    holds("age == 3e1", "nnynnn");
    holds("age != 30", "yynyyn");
    holds("age <> +30.0", "yynyyn");
    holds("age in (10, 50,99)", "ynnnyn");
    holds("age not in (10)", "nyyyyn");
    holds("`Total Spend` >= -1", "yyyyny");
    holds("`Total Spend`=-1", "nnynnn");
    holds("age<30 and`Total Spend`>.5", "ynnnnn");
}

Test(conditions, compare_texts)
{
    holds("channel = web", "ynynnn");
    holds("channel = 'web'", "ynynnn");
    holds("channel != \"web\"", "nynyny");
    holds("channel in (web, 'phone order')", "ynyynn");
    holds("channel not in (web, shop)", "nnnyny");
    holds("channel = \"in\"", "nnnnny");
    holds("channel in ('in', shop)", "nynnny");
    holds("channel = Web", "nnnnnn");
    holds("channel = 'it''s'", "nnnnnn");
}

Test(conditions, compare_dates)
{
    holds("joined < 2024-06-30", "ynnnyn");
    holds("joined = '2024-06-30'", "nynnnn");
    holds("joined >= 2024-06-30", "nyyynn");
    holds("joined > 2024-06-30T11:00:00", "nnyynn");
    holds("joined in (2024-01-01, 2025-01-01)", "ynnynn");
}

/* not before and before or; a missing value is unknown, which not does not turn into true. */
Test(conditions, combine_as_usual_and_unknown_stays_unknown)
{
    holds("age < 20 or age > 40 and channel = web", "ynnnnn");
    holds("(age < 20 or age > 20) and channel = web", "ynynnn");
    holds("not age < 30 and age < 50", "nnyynn");
    holds("not (age < 30 and age < 50)", "nnyyyn");
    holds("not not age < 30", "yynnnn");
    holds("not channel = web", "nynyny");
    holds("age < 30 or channel = 'in'", "yynnny");
    holds("not (age < 30 or channel = 'in')", "nnyynn");
    holds("age is missing", "nnnnny");
    holds("age is not missing", "yyyyyn");
    holds("not age is missing", "yyyyyn");
    holds("channel is missing or joined is missing", "nnnnyy");
}

Test(conditions, keywords_have_no_case)
{
    holds("age IS NOT Missing AND NOT age In (10)", "nyyyyn");
    holds("age < 20 # and a comment", "ynnnnn");
    holds("channel = 'a # b' or age < 20", "ynnnnn");
}

Test(rules, the_first_that_holds_gives_the_class_and_is_kept)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = people(ctx);
    kmseg_rules *rules;
    kmseg_classings *classings;
    OK(ctx, parse(ctx,
                  "# classes\r\n\n [ band ] # of age\n"
                  "young: age <= 20\n  old: age > 40 # or so\nyoung:age<=10\n"
                  "who knows?: age is missing\ndefault: in between\n"
                  "[next]\nboth: band = young and channel = web\n",
                  &rules));
    OK(ctx, kmseg_rules_apply(ctx, rules, table, NULL, &classings));
    const char *bands[] = {"young", "young", "in between", "in between", "old", "who knows?"};
    const char *fired[] = {"1: age <= 20", "1: age <= 20", "default",
                           "default",      "2: age > 40",  "4: age is missing"};
    const char *next[] = {"both", "", "", "", "", ""};
    texts_are(table, "band", bands);
    texts_are(table, "band_rule", fired);
    texts_are(table, "next", next);
    cr_assert_eq(classings->n, 2);
    const kmseg_classing *band = &classings->classings[0];
    cr_assert_eq(band->n_classes, 4, "young once");
    cr_assert_eq(band->n_rules, 5);
    const int64_t counts[] = {2, 1, 0, 1, 2};
    const int32_t lines[] = {4, 5, 6, 7, 8};
    for (int r = 0; r < 5; r++) {
        cr_assert_eq(band->rules[r].n_fired, counts[r]);
        cr_assert_eq(band->rules[r].line, lines[r]);
    }
    cr_assert_str_eq(band->rules[4].text, "");
    cr_assert_str_eq(band->classes[0].name, "young");
    cr_assert_eq(band->classes[0].n_customers, 2);
    cr_assert(isnan(band->classes[0].revenue), "there is no such column");
    cr_assert_eq(classings->classings[1].n_unclassed, 5);
    cr_assert(says(&classings->notes, "Line 6: this rule of band gives nobody the class young"));
    cr_assert(says(&classings->notes, "[next] has no class for 5 customers"));
    cr_assert_eq(column_of(table, "band")->role, KMSEG_ROLE_DESCRIBE);
    kmseg_classings_free(classings);

    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_rules_apply(ctx, rules, table, NULL, &classings),
          "column band already");
    cr_assert_eq(kmseg_table_n_columns(table), 8);
    kmseg_rules_free(rules);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static void refused(const char *text, const char *where, const char *what) {
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_rules *rules;
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, text, &rules), "rules.txt", where, what);
    kmseg_context_free(ctx);
}

Test(faults, have_line_column_and_what_was_expected)
{
    refused("", "rules.txt has no rules", "[name]");
    refused("\n# only\n", "no rules", "[name]");
    refused("a: b < 1\n", "line 1, column 1", "[name]");
    refused("[c]\n", "line 1, column 1", "expected classes behind [c]");
    refused("[c]\n[d]\nx: a = 1\n", "line 1", "expected classes behind [c]");
    refused("[c\n", "line 1, column 3", "expected ]");
    refused("[]\n", "line 1, column 2", "name of a classing");
    refused("[c] d\n", "line 1, column 5", "end of the line");
    refused("[c]\nx: a = 1\n[c]\n", "line 3, column 2", "on line 1 already");
    refused("[c]\nx a = 1\n", "line 2, column 8", "colon");
    refused("[c]\n : a = 1\n", "line 2, column 2", "a class before the colon");
    refused("[c]\ndefault:\n", "line 2, column 9", "class behind default");
    refused("[c]\ndefault: a\nx: b = 1\n", "line 3, column 1", "default of line 2");
    refused("[c]\nx:\n", "line 2, column 3", "name of a column, not or (");
    refused("[c]\nx: a\n", "line 2, column 5", "one of < <= > >= = !=");
    refused("[c]\nx: a < \n", "line 2, column 7", "a number, a text or a date");
    refused("[c]\nx: a < , 5\n", "line 2, column 8", "found \",\"");
    refused("[c]\nx: a < and\n", "line 2, column 8", "found \"and\"");
    refused("[c]\nx: a < 5 b > 6\n", "line 2, column 10", "and, or or the end");
    refused("[c]\nx: (a < 5\n", "line 2, column 10", "and, or or )");
    refused("[c]\nx: a < 5)\n", "line 2, column 9", "found \")\"");
    refused("[c]\nx: a in 5\n", "line 2, column 9", "( behind in");
    refused("[c]\nx: a in ()\n", "line 2, column 10", "a number, a text");
    refused("[c]\nx: a in (1 2)\n", "line 2, column 12", ", or )");
    refused("[c]\nx: a not 5\n", "line 2, column 10", "in behind not");
    refused("[c]\nx: a is 5\n", "line 2, column 9", "missing or not missing");
    refused("[c]\nx: and\n", "line 2, column 4", "name of a column");
    refused("[c]\nx: 5 < a\n", "line 2, column 4", "name of a column");
    refused("[c]\nx: a = 'b\n", "line 2, column 8", "closing '");
    refused("[c]\nx: `` = b\n", "line 2, column 4", "between backquotes");
    refused("[c]\nx: a = 5b\n", "line 2, column 8", "\"5b\" is no number");
    refused("[c]\nx: a ~ 5\n", "line 2, column 6", "\"~\" is no part");
    refused("[c]\nx: a = 1e999\n", "line 2, column 8", "is no number");
    refused("[c]\nGrün: ü < 5 ;\n", "line 2, column 13", "\";\"");
}

/* Names of the table are looked up when rules are applied. */
static void not_bound(const char *condition, kmseg_status status, const char *where,
                      const char *what) {
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = people(ctx);
    char text[300];
    snprintf(text, sizeof text, "[before]\na: age < 5\n[c]\nyes: %s\n", condition);
    kmseg_rules *rules;
    kmseg_classings *classings;
    OK(ctx, parse(ctx, text, &rules));
    FAILS(ctx, status, kmseg_rules_apply(ctx, rules, table, NULL, &classings), "rules.txt", where,
          what);
    cr_assert_null(classings);
    cr_assert_eq(kmseg_table_n_columns(table), 4, "what earlier classings added is gone too");
    kmseg_rules_free(rules);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(faults, of_columns_and_types_are_found_before_anything_is_added)
{
    not_bound("agee < 5", KMSEG_E_NOT_FOUND, "line 4, column 6", "did you mean age?");
    not_bound("age < 5 or age = web", KMSEG_E_DATA, "line 4, column 23", "holds numbers");
    not_bound("age = '5'", KMSEG_E_DATA, "line 4, column 12", "found \"5\"");
    not_bound("age = 2024-01-01", KMSEG_E_DATA, "line 4, column 12", "2024-01-01");
    not_bound("channel < b", KMSEG_E_DATA, "line 4, column 14", "holds text");
    not_bound("joined < 5", KMSEG_E_DATA, "line 4, column 15", "a date such as");
    not_bound("joined < 2024-13-01", KMSEG_E_DATA, "line 4, column 15", "2024-13-01");
}

Test(notes, a_text_that_nobody_has_is_most_often_a_typing_error)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = people(ctx);
    kmseg_rules *rules;
    kmseg_classings *classings;
    OK(ctx, parse(ctx, "[c]\nx: channel in (shop, shopp, qqqqqq)\ndefault: y\n", &rules));
    OK(ctx, kmseg_rules_apply(ctx, rules, table, NULL, &classings));
    cr_assert(says(&classings->notes, "nobody") == 0);
    cr_assert(says(&classings->notes, "\"shopp\" in column channel; did you mean \"shop\"?"));
    cr_assert(says(&classings->notes, "\"qqqqqq\" in column channel."));
    cr_assert_eq(classings->notes.n, 2);
    kmseg_classings_free(classings);
    kmseg_rules_free(rules);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(order, of_the_rows_and_threads_change_nothing)
{
    enum { ROWS = 20000 };
    const char *text = "[value]\ngood: monetary > 60 and frequency >= 5\n"
                       "fair: monetary > 30 or not recency > 20\ndefault: low\n"
                       "[time]\nnow: recency in (1,2,3)\nlate: value = low and recency > 50\n";
    kmseg_context *one = test_context(1, NULL), *two = test_context(2, NULL);
    int64_t *order = shuffled(ROWS);
    kmseg_table *a = random_customers(one, ROWS, NULL), *b = random_customers(two, ROWS, order);
    kmseg_rules *rules;
    kmseg_classings *x, *y;
    OK(one, parse(one, text, &rules));
    OK(one, kmseg_rules_apply(one, rules, a, NULL, &x));
    OK(two, kmseg_rules_apply(two, rules, b, NULL, &y));
    const char *names[] = {"value", "value_rule", "time", "time_rule"};
    for (int i = 0; i < 4; i++) {
        same_column(a, b, order, names[i]);
    }
    for (int32_t i = 0; i < 2; i++) {
        same_groups(x->classings[i].classes, y->classings[i].classes, x->classings[i].n_classes);
    }
    kmseg_classings_free(x);
    kmseg_classings_free(y);
    kmseg_rules_free(rules);
    kmseg_table_free(a);
    kmseg_table_free(b);
    free(order);
    kmseg_context_free(one);
    kmseg_context_free(two);
}

/* As deep as it goes, and one deeper; many of everything. */
Test(limits, of_depth_lists_rules_and_size_hold)
{
    kmseg_context *ctx = test_context(1, NULL);
    char deep[1000] = "";
    for (int depth = 0; depth < 64; depth++) {
        strcat(deep, "age > 90 or (");
    }
    char *text = malloc((1 << 20) + 100);
    snprintf(text, 2000, "%sage < 30", deep);
    for (int depth = 0; depth < 64; depth++) {
        strcat(text, ")");
    }
    holds(text, "yynnnn");
    char nots[300] = "";
    for (int i = 0; i < 63; i++) {
        strcat(nots, "not ");
    }
    snprintf(text, 1000, "%s(age < 30)", nots);
    holds(text, "nnyyyn");
    snprintf(text, 1000, "[c]\nx: not not %s", nots);
    kmseg_rules *rules;
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, text, &rules), "line 2", "64 deep");

    size_t used = (size_t)snprintf(text, 100, "[c]\nx: age in (1");
    for (int i = 0; i < 999; i++) {
        used += (size_t)snprintf(text + used, 10, ",%d", i);
    }
    snprintf(text + used, 10, ")");
    OK(ctx, parse(ctx, text, &rules));
    kmseg_rules_free(rules);
    snprintf(text + used, 10, ",5)");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, text, &rules), "1000 values");

    used = (size_t)snprintf(text, 100, "[c]\n");
    for (int i = 0; i <= 10000; i++) {
        used += (size_t)snprintf(text + used, 10, "x:a<1\n");
    }
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, text, &rules), "line 10002", "10000 rules");
    memset(text, ' ', (1 << 20) + 1);
    text[(1 << 20) + 1] = '\0';
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, text, &rules), "1 MiB");
    free(text);
    kmseg_context_free(ctx);
}

/* Any bytes: rules that can be applied or refused, or a message of one line. */
Test(limits, text_that_means_harm_does_none)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *good =
        "[a]\nx: age < 5 and (channel in (web, 'shop') or not joined >= 2024-01-01)\n"
        "y: `Total Spend` is not missing or age != -1e3 # c\ndefault: z\n"
        "[b]\nw: a = x or a_rule = default\n";
    const char pieces[] = "()[]`'\"#:,<>=!-+.e0 \n\tand or not in is";
    size_t length = strlen(good);
    uint64_t state = 11;
    int n_parsed = 0;
    for (int round = 0; round < 4000; round++) {
        char *text = malloc(length);
        memcpy(text, good, length);
        for (int i = 0; i < round % 6; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[(state >> 20) % length] =
                round % 3 == 0 ? (char)(state >> 56) : pieces[(state >> 50) % (sizeof pieces - 1)];
        }
        kmseg_rules *rules;
        kmseg_status status = kmseg_rules_parse(
            ctx, text, length - (size_t)(round % 7 == 0 ? round % 90 : 0), "rules.txt", &rules);
        cr_assert((status == KMSEG_OK) == (rules != NULL));
        if (rules != NULL) {
            kmseg_table *table = people(ctx);
            kmseg_classings *classings;
            status = kmseg_rules_apply(ctx, rules, table, NULL, &classings);
            kmseg_classings_free(classings);
            kmseg_table_free(table);
            n_parsed++;
        }
        cr_assert(status == KMSEG_OK || (kmseg_last_error(ctx)[0] != '\0' &&
                                         strchr(kmseg_last_error(ctx), '\n') == NULL));
        kmseg_rules_free(rules);
        free(text);
    }
    cr_assert(n_parsed > 300 && n_parsed < 3700, "%d parsed", n_parsed);
    kmseg_context_free(ctx);
}

static kmseg_status class_some(kmseg_context *ctx, void *argument) {
    (void)argument;
    const double v[] = {1, 2, 3};
    const char *texts[] = {"a", NULL, "b"};
    const char *text = "[c]\nx: v < 2 and t in (a, c) or v in (5, 6)\ny: not t is missing\n"
                       "[d]\nz: c = x\ndefault: rest\n";
    kmseg_table *table = NULL;
    kmseg_rules *rules = NULL;
    kmseg_classings *classings = NULL;
    kmseg_status status = kmseg_table_new(ctx, 3, &table);
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "v", v);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_texts(ctx, table, "t", texts);
    }
    if (status == KMSEG_OK) {
        status = kmseg_rules_parse(ctx, text, strlen(text), "rules.txt", &rules);
    }
    if (status == KMSEG_OK) {
        status = kmseg_rules_apply(ctx, rules, table, NULL, &classings);
    }
    kmseg_classings_free(classings);
    kmseg_rules_free(rules);
    kmseg_table_free(table);
    return status;
}

Test(memory, any_request_may_be_refused)
{ fails_cleanly(class_some, NULL); }
