#include "source/time.h"

#include "base/context.h"

#include <kmseg/source.h>

#include <stdio.h>

int64_t km_days_from_date(int32_t year, int32_t month, int32_t day) {
    int64_t y = month <= 2 ? year - 1 : year; /* a year of the count begins in March */
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

int km_date_exists(int32_t year, int32_t month, int32_t day) {
    static const int8_t length[13] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > length[month]) {
        return 0;
    }
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month != 2 || day < 29 || leap;
}

/* What is left of the text. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static int take(cursor *c, char wanted) {
    if (c->at < c->end && *c->at == wanted) {
        c->at++;
        return 1;
    }
    return 0;
}

/* A number of least to most digits; how many there were, 0 when too few or too many. */
static int take_digits(cursor *c, int least, int most, int32_t *out) {
    int n = 0;
    *out = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && n <= most) {
        *out = *out * 10 + (*c->at++ - '0');
        n++;
    }
    return n >= least && n <= most ? n : 0;
}

/* 9/12/2011 and the like, from behind the first number on. */
static km_date_form take_short_date(cursor *c, int32_t first, int day_first, int64_t *days) {
    int32_t second, year;
    if (c->at == c->end) {
        return KM_DATE_NONE;
    }
    char separator = *c->at++;
    if ((separator != '/' && separator != '.' && separator != '-') ||
        !take_digits(c, 1, 2, &second) || !take(c, separator) || !take_digits(c, 4, 4, &year)) {
        return KM_DATE_NONE;
    }
    int as_day = km_date_exists(year, second, first);
    int as_month = separator != '.' && km_date_exists(year, first, second);
    if (!as_day && !as_month) {
        return KM_DATE_NONE;
    }
    int read_day_first = as_day && (day_first || !as_month);
    *days = read_day_first ? km_days_from_date(year, second, first)
                           : km_days_from_date(year, first, second);
    if (separator == '.' || first == second) {
        return KM_DATE_PLAIN;
    }
    return as_day && as_month ? KM_DATE_EITHER : as_day ? KM_DATE_DAY_FIRST : KM_DATE_MONTH_FIRST;
}

static km_date_form take_date(cursor *c, int day_first, int64_t *days) {
    int32_t first, month, day;
    switch (take_digits(c, 1, 8, &first)) {
    case 1:
    case 2: return take_short_date(c, first, day_first, days);
    case 4: {
        char separator = c->at < c->end ? *c->at : '\0';
        if ((separator != '-' && separator != '/') || !take(c, separator) ||
            !take_digits(c, 1, 2, &month) || !take(c, separator) || !take_digits(c, 1, 2, &day)) {
            return KM_DATE_NONE;
        }
        break;
    }
    case 8:
        month = first / 100 % 100;
        day = first % 100;
        first /= 10000;
        break;
    default: return KM_DATE_NONE;
    }
    if (!km_date_exists(first, month, day)) {
        return KM_DATE_NONE;
    }
    *days = km_days_from_date(first, month, day);
    return KM_DATE_PLAIN;
}

/* AM or PM behind a time, with or without a space before it. */
static int take_half_of_day(cursor *c, int32_t *hour) {
    const char *at = c->at;
    while (at < c->end && *at == ' ') {
        at++;
    }
    if (c->end - at < 2 || (at[1] | 0x20) != 'm') {
        return 1;
    }
    char half = (char)(at[0] | 0x20);
    if ((half != 'a' && half != 'p') || *hour < 1 || *hour > 12) {
        return 0;
    }
    *hour = *hour % 12 + (half == 'p' ? 12 : 0);
    c->at = at + 2;
    return 1;
}

/* Two digits, without a look at a third: in +0100 they are hours and minutes. */
static int take_pair(cursor *c, int32_t *out) {
    cursor pair = {c->at, c->end - c->at > 2 ? c->at + 2 : c->end};
    c->at = pair.end;
    return take_digits(&pair, 2, 2, out);
}

/* Z, +01, +0100 or +01:00. */
static int take_offset(cursor *c, int64_t *seconds) {
    if (c->at == c->end || take(c, 'Z')) {
        return 1;
    }
    int sign = *c->at == '+' ? 1 : *c->at == '-' ? -1 : 0;
    c->at++;
    int32_t hours, minutes = 0;
    if (sign == 0 || !take_pair(c, &hours)) {
        return 0;
    }
    if (c->at < c->end) {
        take(c, ':');
        if (!take_pair(c, &minutes)) {
            return 0;
        }
    }
    if (hours > 23 || minutes > 59) {
        return 0;
    }
    *seconds -= sign * (hours * 3600 + minutes * 60);
    return 1;
}

static int take_clock(cursor *c, int64_t *seconds) {
    int32_t hour, minute, second = 0;
    if (!take_digits(c, 1, 2, &hour) || !take(c, ':') || !take_digits(c, 2, 2, &minute)) {
        return 0;
    }
    if (take(c, ':')) {
        if (!take_digits(c, 2, 2, &second)) {
            return 0;
        }
        if (take(c, '.')) {
            const char *fraction = c->at;
            while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
                c->at++;
            }
            if (c->at == fraction) {
                return 0;
            }
        }
    }
    if (hour > 23 || minute > 59 || second > 59 || !take_half_of_day(c, &hour)) {
        return 0;
    }
    *seconds += hour * 3600 + minute * 60 + second;
    return take_offset(c, seconds);
}

km_date_form km_time_read(const char *text, size_t n, int day_first, int64_t *out) {
    cursor c = {text, text + n};
    while (take(&c, ' ')) {
    }
    while (c.end > c.at && c.end[-1] == ' ') {
        c.end--;
    }
    int64_t days = 0;
    km_date_form form = take_date(&c, day_first, &days);
    if (form == KM_DATE_NONE) {
        return KM_DATE_NONE;
    }
    int64_t seconds = days * 86400;
    if (c.at < c.end) {
        if (!take(&c, 'T') && !take(&c, ' ')) {
            return KM_DATE_NONE;
        }
        if (!take_clock(&c, &seconds) || c.at != c.end) {
            return KM_DATE_NONE;
        }
    }
    *out = seconds;
    return form;
}

kmseg_status kmseg_time_parse(kmseg_context *ctx, const char *text, int day_first,
                              int64_t *out_seconds) {
    int64_t seconds;
    km_date_form form = km_time_read(text, strlen(text), day_first, &seconds);
    if (form == KM_DATE_NONE || form == (day_first ? KM_DATE_MONTH_FIRST : KM_DATE_DAY_FIRST)) {
        *out_seconds = KMSEG_TIME_MISSING;
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "\"%.40s\" is not a date; it needs to be like 2011-12-09, 2011-12-09 12:50 "
                       "or %s",
                       text, day_first ? "9/12/2011" : "12/9/2011");
    }
    *out_seconds = seconds;
    return KMSEG_OK;
}

void kmseg_time_format(int64_t seconds, char *out, size_t capacity) {
    if (seconds == KMSEG_TIME_MISSING) {
        snprintf(out, capacity, "%s", "");
        return;
    }
    int64_t days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t year;
    int month, day;
    date_from_days(days, &year, &month, &day);
    if (rest == 0) {
        snprintf(out, capacity, "%04lld-%02d-%02d", (long long)year, month, day);
    } else {
        snprintf(out, capacity, "%04lld-%02d-%02d %02d:%02d:%02d", (long long)year, month, day,
                 (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    }
}
