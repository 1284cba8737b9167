/* The page, Markdown and JSON of a result: words in every language, what is hidden, what is escaped. */
#include "base/rng.h"
#include "report/document_parts.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

/* Which of {0} to {7} a text has, as bits. */
static unsigned holes(const char *text) {
    unsigned found = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] == '{' && c[1] >= '0' && c[1] <= '7' && c[2] == '}') {
            found |= 1u << (c[1] - '0');
        }
    }
    return found;
}

Test(document, every_sentence_has_both_languages_with_the_same_holes)
{
    for (int w = 0; w < KM_N_WORDS; w++) {
        const char *english = km_words(KM_ENGLISH_LANGUAGE, (km_word)w);
        const char *chinese = km_words(KM_CHINESE, (km_word)w);
        cr_assert(english[0] != '\0', "%s has no English", km_word_name((km_word)w));
        cr_assert(chinese[0] != '\0' || w == KM_W_SPACE, "%s has no Chinese",
                  km_word_name((km_word)w));
        cr_assert_eq(holes(english), holes(chinese), "%s differs", km_word_name((km_word)w));
        unsigned all = holes(english);
        cr_assert_eq(all & (all + 1), 0, "%s leaves out a number", km_word_name((km_word)w));
    }
}

/* text with name0, name1, ... in place of {0}, {1}, ... */
static void put_names(const char *text, char out[2000]) {
    size_t n = 0;
    for (const char *c = text; *c != '\0' && n < 1900; c++) {
        if (c[0] == '{' && c[2] == '}') {
            n += (size_t)sprintf(out + n, "name%c", c[1]);
            c += 2;
        } else {
            out[n++] = *c;
        }
    }
    out[n] = '\0';
}

Test(document, every_sentence_of_another_command_is_found_and_translated_whole)
{
    kmseg_allocator allocator = km_default_allocator();
    int n = 0;
    for (; km_page_sentence(n, KM_ENGLISH_LANGUAGE) != NULL; n++) {
        const char *english = km_page_sentence(n, KM_ENGLISH_LANGUAGE);
        const char *chinese = km_page_sentence(n, KM_CHINESE);
        char said[2000], expected[2000], next = '0';
        for (const char *c = english; *c != '\0'; c++) { /* numbered as they come */
            cr_assert(c[0] != '{' || c[1] == next++, "%s", english);
        }
        cr_assert_eq(holes(english), holes(chinese), "%s", english);
        put_names(english, said);
        put_names(chinese, expected);
        km_document document = {.language = KM_CHINESE};
        km_arena_init(&document.arena, &allocator);
        const char *found = km_translate(&document, said);
        cr_assert(found != NULL && strcmp(found, expected) == 0, "%s: %s", said,
                  found != NULL ? found : "not found");
        document.language = KM_ENGLISH_LANGUAGE;
        cr_assert_null(km_translate(&document, said));
        km_arena_free(&document.arena);
    }
    cr_assert(n > 50);
}

/* Every value that a hidden count can have, by its row alone or by its column alone, tried one by one. */
static int can_be(const int64_t *counts, const km_hiding *hidden, int n, int step, int at,
                  int64_t value, int64_t least) {
    int64_t sum = 0, low = value, high = value;
    for (int i = 0; i < n; i++) {
        int64_t count = counts[i * step];
        sum += hidden[i * step] != KM_SHOWN ? count : 0;
        if (i != at && hidden[i * step] != KM_SHOWN) {
            low += hidden[i * step] == KM_FEW ? 1 : least;
            high += hidden[i * step] == KM_FEW ? least - 1 : 1000000;
        }
    }
    return low <= sum && sum <= high;
}

Test(document, a_hidden_count_of_a_grid_can_be_any_few_by_its_row_and_by_its_column)
{
    enum { R = 5, C = 4 };
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.min_cell = 5;
    km_document document = {.options = &options};
    km_random stream = {.seed = 5, .stage = KM_STAGE_TEST};
    int n_few = 0, n_whole = 0;
    for (int run = 0; run < 3000; run++) {
        int64_t counts[R * C];
        km_hiding hidden[R * C];
        for (int i = 0; i < R * C; i++) {
            counts[i] = (int64_t)km_next_below(&stream, 3) > 0
                            ? (int64_t)km_next_below(&stream, run % 2 == 0 ? 200 : 12)
                            : 0;
        }
        km_hide_grid(&document, counts, R, C, hidden);
        for (int i = 0; i < R * C; i++) {
            cr_assert_eq(hidden[i] == KM_FEW, counts[i] > 0 && counts[i] < 5);
            cr_assert(counts[i] > 0 || hidden[i] == KM_SHOWN);
            const int64_t *row = counts + i / C * C, *column = counts + i % C;
            const km_hiding *of_row = hidden + i / C * C, *of_column = hidden + i % C;
            int row_is_hidden = 1, column_is_hidden = 1;
            for (int k = 0; k < C; k++) {
                row_is_hidden &= of_row[k] != KM_SHOWN || row[k] == 0;
            }
            for (int k = 0; k < R; k++) {
                column_is_hidden &= of_column[k * C] != KM_SHOWN || column[k * C] == 0;
            }
            n_few += hidden[i] == KM_FEW;
            n_whole += hidden[i] == KM_FEW && (row_is_hidden || column_is_hidden);
            for (int64_t value = 1; value < 5 && hidden[i] == KM_FEW; value++) {
                cr_assert(row_is_hidden || can_be(row, of_row, C, 1, i % C, value, 5));
                cr_assert(column_is_hidden || can_be(column, of_column, R, C, i / C, value, 5));
            }
            if (hidden[i] == KM_WITHHELD) {
                cr_assert(row_is_hidden || can_be(row, of_row, C, 1, i % C, counts[i] + 1, 5) ||
                          can_be(row, of_row, C, 1, i % C, counts[i] - 1, 5));
            }
        }
    }
    cr_assert(n_few > 1000 && n_whole < n_few); /* lines that are hidden whole can be no safer */
}

static void expect_translation(const char *english, const char *chinese) {
    kmseg_allocator allocator = km_default_allocator();
    km_document document = {.language = KM_CHINESE};
    km_arena_init(&document.arena, &allocator);
    const char *found = km_translate(&document, english);
    cr_assert(chinese == NULL ? found == NULL : found != NULL && strcmp(found, chinese) == 0,
              "%s: %s", english, found != NULL ? found : "not found");
    km_arena_free(&document.arena);
}

Test(document, holes_hold_names_numbers_and_words)
{
    expect_translation("recency: log1p, which takes its skew from 1.2 to -0.33",
                       "距上次购买：取 log(1 + x)，偏度由 1.2 变为 -0.33");
    expect_translation("my: column: left out, its weight is 0", "my: column：未使用，权重为 0");
    expect_translation(
        "The lost threshold is 51 days, the 93rd percentile (type 7) of the 43,010 gaps "
        "between customers' successive order days.",
        "流失阈值为 51 天：客户相邻下单日的 43,010 个间隔的第 93 百分位数（第 7 型）。");
    expect_translation("against it: Davies-Bouldin is best, 0.9, for 2",
                       "反对的理由：Davies-Bouldin 在 2 个时最好（0.9）");
    expect_translation("3 of 5 indices favour 4: the gap statistic, silhouette and Davies-Bouldin",
                       "5 项指标中有 3 项支持 4 个：Gap 统计量、轮廓系数、Davies-Bouldin");
    expect_translation(": left out, its weight is 0", NULL);
    expect_translation("", NULL);
    expect_translation("{0}", NULL);
    expect_translation("nobody has said this", NULL);
}

Test(document, every_language_is_a_choice_and_has_a_tag)
{
    int n = 0;
    for (; km_report_languages.get(n) != NULL; n++) {
        cr_assert(km_language_tag((km_language)n)[0] != '\0');
        cr_assert(km_column_label((km_language)n, "recency") != NULL);
        cr_assert_str_eq(km_unit_label((km_language)n, "furlongs"), "furlongs");
        cr_assert_str_eq(km_level_label((km_language)n, "<b>"), "<b>");
    }
    cr_assert_eq(n, KM_N_LANGUAGES);
    cr_assert_null(km_column_label(KM_CHINESE, "shoe size"));
}

static void hide(int32_t least, const int64_t *counts, int32_t n, const km_hiding *expected) {
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.min_cell = least;
    km_document document = {.options = &options};
    km_hiding hidden[8];
    km_hide_counts(&document, counts, n, hidden);
    for (int32_t i = 0; i < n; i++) {
        cr_assert_eq(hidden[i], expected[i], "count %d of %d", i, n);
    }
}

/* Few are 1 to 4. Of 40, 3, 20, 0 the 3 is hidden; 63 less the others would give it, so the 20 is withheld
 * too. 3 and 4 are known to be 7 together, so none of them is below 3: the 20 is withheld, and each may be any of 1
 * to 4. 1 and 4 are 5 together, which 4 and 1, 2 and 3 are too. 3 and a withheld 5 are 8: as a withheld one is at least 5,
 * the few one is at most 3, so the 40 goes too. 1, 1 and 1 are 3: each is 1. */
Test(document, few_are_hidden_and_what_would_narrow_them_down)
{
    hide(5, (int64_t[]){40, 3, 20, 0}, 4, (km_hiding[]){KM_SHOWN, KM_FEW, KM_WITHHELD, KM_SHOWN});
    hide(5, (int64_t[]){40, 3, 20, 4}, 4, (km_hiding[]){KM_SHOWN, KM_FEW, KM_WITHHELD, KM_FEW});
    hide(5, (int64_t[]){40, 1, 20, 4}, 4, (km_hiding[]){KM_SHOWN, KM_FEW, KM_SHOWN, KM_FEW});
    hide(5, (int64_t[]){40, 3, 5}, 3, (km_hiding[]){KM_WITHHELD, KM_FEW, KM_WITHHELD});
    hide(5, (int64_t[]){1, 1, 1, 9}, 4, (km_hiding[]){KM_FEW, KM_FEW, KM_FEW, KM_WITHHELD});
    hide(5, (int64_t[]){2, 0}, 2, (km_hiding[]){KM_FEW, KM_SHOWN});
}

/* Customers 1 to 100 of spend 1 to 100: the deciles are the bin ends 10.9, 20.8, ..., and of all customers
 * 50 % spend at most 50.5, the median. */
Test(document, ranks_are_shares_of_all_customers)
{
    enum { N = 100 };
    kmseg_context *ctx = test_context(1, NULL);
    double spend[N];
    for (int i = 0; i < N; i++) {
        spend[i] = i + 1;
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, N, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    kmseg_segment_options segment;
    kmseg_segment_options_init(&segment);
    segment.fit.n_clusters = 2;
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &segment, &result));
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    km_document document = {.result = result, .options = &options};
    const kmseg_profile_column *column = km_profile_find(&document, "spend");
    cr_assert_not_null(column);
    cr_assert_float_eq(km_rank_of(&document, column, 0), 0, 1e-12);
    cr_assert_float_eq(km_rank_of(&document, column, 50.5), 0.5, 1e-12);
    cr_assert_float_eq(km_rank_of(&document, column, 20.8), 0.2, 1e-12);
    cr_assert_float_eq(km_rank_of(&document, column, (10.9 + 20.8) / 2), 0.15, 1e-12);
    cr_assert_float_eq(km_rank_of(&document, column, 95.05), 0.95, 1e-12);
    cr_assert_float_eq(km_rank_of(&document, column, 1000), 1, 1e-12);
    cr_assert(isnan(km_rank_of(&document, column, NAN)));
    /* 50 in each segment: a 20th of them are 2.5, fewer than 5; a quarter are 12.5. */
    cr_assert_eq(km_quantile_is_shown(&document, column, 0, 1), 0);
    cr_assert_eq(km_quantile_is_shown(&document, column, 0, 2), 1);
    cr_assert_eq(km_quantile_is_shown(&document, column, 0, 0), 0);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
