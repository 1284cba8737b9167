/* Dates and times as text. */
#ifndef KM_SOURCE_TIME_H
#define KM_SOURCE_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How a date was written, as far as the order of day and month is concerned. */
typedef enum km_date_form {
    KM_DATE_NONE = 0,       /* not a date */
    KM_DATE_PLAIN = 1,      /* one reading only: 2011-12-09, 9.12.2011, 5/5/2011 */
    KM_DATE_EITHER = 2,     /* 9/12/2011: two readings; day_first decided */
    KM_DATE_DAY_FIRST = 3,  /* 13/12/2011: a date only with the day first */
    KM_DATE_MONTH_FIRST = 4 /* 12/13/2011: a date only with the month first */
} km_date_form;

/* Days since 1970-01-01 of a day that exists, year 1 to 9999, proleptic Gregorian calendar
 * (Hinnant, "chrono-compatible low-level date algorithms"). */
int64_t km_days_from_date(int32_t year, int32_t month, int32_t day);

/* 1 when the calendar has that day. */
int km_date_exists(int32_t year, int32_t month, int32_t day);

/* Reads the n characters of text as a date with or without a time; spaces around it are skipped.
 * *out is set unless the result is KM_DATE_NONE. A date that exists in one order only is read in
 * that order, whatever day_first says. Fractions of a second are cut off; an offset is applied.
 * Forms: see kmseg_time_parse(). */
km_date_form km_time_read(const char *text, size_t n, int day_first, int64_t *out);

/* The day read last, because neighbouring rows of a log share it. */
typedef struct km_date_cache {
    uint64_t head; /* "YYYY-MM-" */
    uint16_t tail; /* "DD" */
    int64_t seconds;
} km_date_cache;

static inline void km_date_cache_init(km_date_cache *cache) {
    memcpy(&cache->head, "1970-01-", sizeof cache->head);
    memcpy(&cache->tail, "01", sizeof cache->tail);
    cache->seconds = 0;
}

static inline uint64_t km_load64(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

#define KM_BYTES(x)  ((uint64_t)(x)*UINT64_C(0x0101010101010101))
#define KM_HIGH_BITS UINT64_C(0x8080808080808080)

/* 2011-12-09, 2011-12-09 12:50 and 2011-12-09 12:50:00 (or T), eight bytes at a time; 0 when text
 * is in another form, which is then for km_time_read(). Little-endian machines only. */
static inline int km_time_read_iso(const char *text, size_t n, km_date_cache *cache, int64_t *out) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (n != 10 && n != 19 && n != 16) {
        return 0;
    }
    uint64_t head = km_load64(text);
    uint16_t tail;
    memcpy(&tail, text + 8, sizeof tail);
    if (head != cache->head || tail != cache->tail) {
        /* After the exclusive or, digits are 0 to 9 and dashes 0; adding 0x76 or 0x7f sets the high
         * bit of every byte that is more. */
        uint64_t v = head ^ UINT64_C(0x2d30302d30303030);
        uint32_t w = (uint32_t)tail ^ 0x3030u;
        uint64_t bad = ((v & ~KM_HIGH_BITS) + UINT64_C(0x7f76767f76767676)) | v;
        uint32_t bad_day = ((w & 0x7f7fu) + 0x7676u) | w;
        if (((bad & KM_HIGH_BITS) | (bad_day & 0x8080u)) != 0) {
            return 0;
        }
        int32_t year = (int32_t)((v & 15) * 1000 + ((v >> 8) & 15) * 100 + ((v >> 16) & 15) * 10 +
                                 ((v >> 24) & 15));
        int32_t month = (int32_t)(((v >> 40) & 15) * 10 + ((v >> 48) & 15));
        int32_t day = (int32_t)((w & 15) * 10 + ((w >> 8) & 15));
        if (!km_date_exists(year, month, day)) {
            return 0;
        }
        cache->head = head;
        cache->tail = tail;
        cache->seconds = km_days_from_date(year, month, day) * 86400;
    }
    int64_t seconds = cache->seconds;
    if (n > 10) {
        char clock[8] = "00:00:00";
        memcpy(clock, text + 11, 5);
        if (n == 19) {
            memcpy(clock + 5, text + 16, 3);
        }
        uint64_t v = km_load64(clock) ^ UINT64_C(0x30303a30303a3030);
        uint64_t bad = ((v & ~KM_HIGH_BITS) + UINT64_C(0x76767f76767f7676)) | v;
        int32_t hour = (int32_t)((v & 15) * 10 + ((v >> 8) & 15));
        int32_t minute = (int32_t)(((v >> 24) & 15) * 10 + ((v >> 32) & 15));
        int32_t second = (int32_t)(((v >> 48) & 15) * 10 + ((v >> 56) & 15));
        if ((bad & KM_HIGH_BITS) != 0 || (text[10] != ' ' && text[10] != 'T') || hour > 23 ||
            minute > 59 || second > 59) {
            return 0;
        }
        seconds += hour * 3600 + minute * 60 + second;
    }
    *out = seconds;
    return 1;
#else
    (void)text, (void)n, (void)cache, (void)out;
    return 0;
#endif
}

#endif
