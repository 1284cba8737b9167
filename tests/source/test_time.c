#include "source/time.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t parsed(kmseg_context *ctx, const char *text, int day_first) {
    int64_t seconds;
    OK(ctx, kmseg_time_parse(ctx, text, day_first, &seconds));
    return seconds;
}

/* date -u -d "2011-12-09 12:50" +%s says 1323435000; midnight is 46200 seconds before. */
enum { DAY = 1323388800, TEN_TO_ONE = 1323435000 };

Test(time, every_form_of_one_day_is_the_same_second)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *days[] = {"2011-12-09", "20111209",  "2011/12/09",  "09.12.2011",
                          "9.12.2011",  "2011-12-9", " 2011-12-09 "};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        cr_assert_eq(parsed(ctx, days[i], 0), DAY, "%s", days[i]);
        cr_assert_eq(parsed(ctx, days[i], 1), DAY, "%s", days[i]);
    }
    const char *times[] = {
        "2011-12-09 12:50",         "2011-12-09T12:50",       "2011-12-09 12:50:00",
        "2011-12-09 12:50:00.999",  "2011-12-09T12:50:00Z",   "2011-12-09T13:50:00+01:00",
        "2011-12-09T13:50:00+0100", "2011-12-09T13:50:00+01", "2011-12-09T07:20:00-05:30",
        "20111209 12:50",           "9.12.2011 12:50",        "2011/12/09 12:50 PM",
        "2011/12/09 12:50pm"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        cr_assert_eq(parsed(ctx, times[i], 0), TEN_TO_ONE, "%s", times[i]);
    }
    cr_assert_eq(parsed(ctx, "12/9/2011", 0), DAY);
    cr_assert_eq(parsed(ctx, "9/12/2011", 1), DAY);
    cr_assert_eq(parsed(ctx, "12/9/2011 12:50", 0), TEN_TO_ONE);
    cr_assert_eq(parsed(ctx, "09-12-2011", 1), DAY);
    cr_assert_eq(parsed(ctx, "12/9/2011 12:50:00 AM", 0), DAY + 50 * 60);
    kmseg_context_free(ctx);
}

Test(time, what_is_no_date_is_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *bad[] = {"",
                         " ",
                         "abc",
                         "2011",
                         "2011-13-01",
                         "2011-02-29",
                         "1900-02-29",
                         "2011-00-10",
                         "2011-01-00",
                         "2011-1",
                         "2011-12-09 ",
                         "2011-12-09x",
                         "2011-12-09 25:00",
                         "2011-12-09 12:60",
                         "2011-12-09 12:50:60",
                         "2011-12-09 12",
                         "2011-12-09T",
                         "2011-12-09 12:50:",
                         "2011-12-09 12:50:00.",
                         "2011-12-09 12:50+1",
                         "2011-12-09 12:50+24:00",
                         "2011-12-09 13:50 PM",
                         "2011-12/09",
                         "2011.12.09",
                         "0000-01-01",
                         "12/9/11",
                         "13.13.2011",
                         "201112090",
                         "2011120",
                         "9//2011",
                         "+2011-12-09",
                         "2011-12-09 -1:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (strcmp(bad[i], "2011-12-09 ") == 0) {
            continue; /* spaces around a date are fine */
        }
        int64_t seconds;
        FAILS(ctx, KMSEG_E_FORMAT, kmseg_time_parse(ctx, bad[i], 0, &seconds), "is not a date");
        cr_assert_eq(seconds, KMSEG_TIME_MISSING);
    }
    int64_t seconds;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_time_parse(ctx, "13/12/2011", 0, &seconds), "13/12/2011");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_time_parse(ctx, "12/13/2011", 1, &seconds), "12/13/2011");
    kmseg_context_free(ctx);
}

Test(time, the_order_of_day_and_month_is_told_apart_where_it_can_be)
{
    int64_t seconds;
    cr_assert_eq(km_time_read("13/12/2011", 10, 0, &seconds), KM_DATE_DAY_FIRST);
    cr_assert_eq(km_time_read("12/13/2011", 10, 1, &seconds), KM_DATE_MONTH_FIRST);
    cr_assert_eq(km_time_read("9/12/2011", 9, 1, &seconds), KM_DATE_EITHER);
    cr_assert_eq(seconds, DAY);
    cr_assert_eq(km_time_read("5/5/2011", 8, 1, &seconds), KM_DATE_PLAIN);
    cr_assert_eq(km_time_read("13/13/2011", 10, 1, &seconds), KM_DATE_NONE);
    /* 30 February is no day, so the 2nd of a month 30 it is not either. */
    cr_assert_eq(km_time_read("30/2/2011", 9, 1, &seconds), KM_DATE_NONE);
}

Test(time, days_agree_with_the_C_library_from_year_1_to_9999)
{
    for (int64_t day = -719162; day <= 2932896; day += 13) {
        time_t t = (time_t)(day * 86400);
        struct tm tm;
        gmtime_r(&t, &tm);
        cr_assert_eq(km_days_from_date(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), day);
        char ours[32], theirs[32];
        kmseg_time_format(day * 86400, ours, sizeof ours);
        snprintf(theirs, sizeof theirs, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday);
        cr_assert_str_eq(ours, theirs);
    }
}

Test(time, the_fast_reader_agrees_with_the_slow_one_on_every_single_byte_change)
{
    const char *whole = "2011-12-09 12:50:07";
    const size_t lengths[] = {10, 16, 19};
    for (size_t l = 0; l < 3; l++) {
        for (size_t at = 0; at < lengths[l]; at++) {
            for (int byte = 0; byte < 256; byte++) {
                char text[32] = "";
                memcpy(text, whole, lengths[l]);
                text[at] = (char)byte;
                km_date_cache cache;
                km_date_cache_init(&cache);
                int64_t fast = -1, slow = -1;
                if (km_time_read_iso(text, lengths[l], &cache, &fast)) {
                    cr_assert_eq(km_time_read(text, lengths[l], 0, &slow), KM_DATE_PLAIN, "%s",
                                 text);
                    cr_assert_eq(fast, slow, "%s", text);
                }
            }
        }
        km_date_cache cache;
        km_date_cache_init(&cache);
        int64_t seconds;
        cr_assert(km_time_read_iso(whole, lengths[l], &cache, &seconds));
    }
    /* The cache starts with a real day, not with zero bytes. */
    km_date_cache cache;
    km_date_cache_init(&cache);
    int64_t seconds;
    cr_assert_not(km_time_read_iso("\0\0\0\0\0\0\0\0\0\0", 10, &cache, &seconds));
    cr_assert(km_time_read_iso("1970-01-01", 10, &cache, &seconds));
    cr_assert_eq(seconds, 0);
}

Test(time, a_formatted_time_reads_back)
{
    kmseg_context *ctx = test_context(1, NULL);
    const int64_t times[] = {0,           -1, 1, DAY, TEN_TO_ONE, TEN_TO_ONE + 59, -62135596800,
                             253402300799};
    const char *texts[] = {"1970-01-01", "1969-12-31 23:59:59", "1970-01-01 00:00:01",
                           "2011-12-09", "2011-12-09 12:50:00", "2011-12-09 12:50:59",
                           "0001-01-01", "9999-12-31 23:59:59"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[32];
        kmseg_time_format(times[i], text, sizeof text);
        cr_assert_str_eq(text, texts[i]);
        cr_assert_eq(parsed(ctx, text, 0), times[i], "%s", text);
    }
    char text[32];
    kmseg_time_format(KMSEG_TIME_MISSING, text, sizeof text);
    cr_assert_str_eq(text, "");
    kmseg_time_format(INT64_MAX, text, sizeof text);
    cr_assert_str_eq(text, "292277026596-12-04 15:30:07");
    kmseg_context_free(ctx);
}
