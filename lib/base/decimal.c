/* The shortest decimal of a double by the method of Giulietti (The Schubfach way to render doubles,
 * 2020).
 *
 * A double c 2^q is what reads back from every decimal between its neighbours' midpoints. With k such
 * that 10^k is at most the width of that interval, it holds one or more multiples of 10^k and at most
 * one of 10^(k+1); the one of 10^(k+1) is shortest when it is there, else of the multiples of 10^k the
 * nearest is. So three products tell all: the interval's ends and the double itself, times 10^-k. They
 * are taken with 128 bits of 10^-k, rounded up, and rounded to odd, which keeps every comparison
 * right (theorem of section 9.9 there). */
#include "base/decimal.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* The upper 128 bits of 10^k, first bit set, rounded up; of k from FIRST to LAST. */
enum { FIRST = -292, LAST = 324, N_POWERS = LAST - FIRST + 1, WORDS = 40 };

typedef struct power {
    uint64_t high, low;
} power;

static power powers[N_POWERS];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

/* Whole numbers of WORDS 32-bit words, lowest first. */
static void multiply_by_10(uint32_t *words) {
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)words[i] * 10;
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static void divide_by_10(uint32_t *words) {
    uint64_t rest = 0;
    for (int i = WORDS - 1; i >= 0; i--) {
        rest = rest << 32 | words[i];
        words[i] = (uint32_t)(rest / 10);
        rest %= 10;
    }
}

static unsigned bit(const uint32_t *words, int i) {
    return i >= 0 ? words[i / 32] >> (i % 32) & 1 : 0;
}

/* The first 128 bits, one more in the last when the rest is not zero. */
static power leading_bits(const uint32_t *words, unsigned is_rest) {
    int top = WORDS * 32 - 1;
    while (!bit(words, top)) {
        top--;
    }
    uint128 bits = 0;
    for (int i = 0; i < 128; i++) {
        bits = bits << 1 | bit(words, top - i);
    }
    for (int i = 0; i <= top - 128; i++) {
        is_rest |= bit(words, i);
    }
    bits += is_rest; /* 10^k is never all ones in front, so this carries no further */
    return (power){(uint64_t)(bits >> 64), (uint64_t)bits};
}

static void make_powers(void) {
    uint32_t words[WORDS] = {1};
    for (int k = 0; k <= LAST; k++) {
        powers[k - FIRST] = leading_bits(words, 0);
        multiply_by_10(words);
    }
    memset(words, 0, sizeof words);
    words[WORDS - 1] = UINT32_C(1) << 31; /* 2^1279, and 10^292 is less than 2^971 */
    for (int k = -1; k >= FIRST; k--) {
        divide_by_10(words); /* floor of floor is floor; never exact: 5 divides no power of 2 */
        powers[k - FIRST] = leading_bits(words, 1);
    }
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

/* Eight digits, zeros in front. */
static void print_8(uint32_t value, char *out) {
    uint32_t high = value / 10000, low = value % 10000;
    memcpy(out, pairs + (size_t)(high / 100) * 2, 2);
    memcpy(out + 2, pairs + (size_t)(high % 100) * 2, 2);
    memcpy(out + 4, pairs + (size_t)(low / 100) * 2, 2);
    memcpy(out + 6, pairs + (size_t)(low % 100) * 2, 2);
}

/* The digits of value in the last of 24 bytes; where they begin. */
static size_t print_24(uint64_t value, char room[24]) {
    memset(room, '0', 8);
    uint64_t top = value / UINT64_C(10000000000000000);
    if (top > 0) {
        print_8((uint32_t)top, room);
        value %= UINT64_C(10000000000000000);
    }
    print_8((uint32_t)(value / 100000000), room + 8);
    print_8((uint32_t)(value % 100000000), room + 16);
    size_t begin = top > 0 ? 0 : 8;
    while (begin < 23 && room[begin] == '0') {
        begin++;
    }
    return begin;
}

size_t km_print_uint(uint64_t value, char *out) {
    char room[24];
    size_t begin = print_24(value, room);
    memcpy(out, room + begin, sizeof room - begin);
    return sizeof room - begin;
}

/* g cp / 2^128, its last bit set when anything is lost. */
static uint64_t round_to_odd(power g, uint64_t cp) {
    uint128 low = (uint128)g.low * cp;
    uint128 high = (uint128)g.high * cp + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The shortest digits d and exponent k with d 10^k the double of these bits, which is finite and
 * positive. */
static uint64_t shortest(uint64_t bits, int *exponent) {
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int biased = (int)(bits >> 52);
    uint64_t c = biased > 0 ? fraction | UINT64_C(1) << 52 : fraction;
    int q = (biased > 0 ? biased : 1) - 1075;
    int is_near = fraction == 0 && biased > 1; /* the neighbour below is half as far */
    int is_odd = (int)(c & 1);
    /* floor(log10(2^q)), or of 3/4 2^q; then the bits of 10^-k before its point. */
    int k = (int)(((int64_t)q * 1262611 - (is_near ? 524031 : 0)) >> 22);
    int h = q + (int)(((int64_t)-k * 1741647) >> 19) + 1;
    power g = powers[-k - FIRST];
    uint64_t low = round_to_odd(g, (4 * c - 2 + (uint64_t)is_near) << h) + (uint64_t)is_odd;
    uint64_t high = round_to_odd(g, (4 * c + 2) << h) - (uint64_t)is_odd;
    uint64_t middle = round_to_odd(g, (4 * c) << h);
    uint64_t s = middle / 4;
    *exponent = k;
    if (s >= 10) {
        uint64_t tens = s / 10;
        int below = low <= 40 * tens, above = 40 * tens + 40 <= high;
        if (below != above) {
            *exponent = k + 1;
            return tens + (uint64_t)above;
        }
    }
    int below = low <= 4 * s, above = 4 * s + 4 <= high;
    if (below != above) {
        return s + (uint64_t)above;
    }
    uint64_t half = 4 * s + 2;
    return s + (middle > half || (middle == half && (s & 1) != 0));
}

/* Digits with a point before the last point of them, zeros where there are too few. */
static size_t place_point(const char *digits, int n, int exponent, char *out) {
    int before = n + exponent; /* digits before the point */
    if (exponent >= 0) {
        memcpy(out, digits, (size_t)n);
        memset(out + n, '0', (size_t)exponent);
        return (size_t)before;
    }
    if (before > 0) {
        memcpy(out, digits, (size_t)before);
        out[before] = '.';
        memcpy(out + before + 1, digits + before, (size_t)(n - before));
        return (size_t)n + 1;
    }
    out[0] = '0';
    out[1] = '.';
    size_t zeros = (size_t)-before;
    memset(out + 2, '0', zeros);
    memcpy(out + 2 + zeros, digits, (size_t)n);
    return 2 + zeros + (size_t)n;
}

static size_t with_exponent(const char *digits, int n, int exponent, char *out) {
    int scale = n + exponent - 1; /* one digit before the point */
    size_t used = 0;
    out[used++] = digits[0];
    if (n > 1) {
        out[used++] = '.';
        memcpy(out + used, digits + 1, (size_t)(n - 1));
        used += (size_t)(n - 1);
    }
    out[used++] = 'e';
    if (scale < 0) {
        out[used++] = '-';
    }
    return used + km_print_uint((uint64_t)(scale < 0 ? -scale : scale), out + used);
}

size_t km_print_double(double value, char *out) {
    if (!isfinite(value)) {
        const char *text = isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        size_t n = 0;
        for (; text[n] != '\0'; n++) {
            out[n] = text[n];
        }
        return n;
    }
    size_t sign = signbit(value) && value != 0;
    double size = fabs(value);
    out[0] = '-';
    out += sign;
    if (size < 9007199254740992.0) { /* 2^53: whole numbers below are exact */
        uint64_t whole = (uint64_t)size;
        if ((double)whole == size) {
            return sign + km_print_uint(whole, out);
        }
    }
    pthread_once(&powers_once, make_powers);
    uint64_t bits;
    int exponent;
    memcpy(&bits, &size, sizeof bits);
    uint64_t decimal = shortest(bits, &exponent);
    char room[24];
    size_t begin = print_24(decimal, room), end = sizeof room;
    while (room[end - 1] == '0') {
        end--;
        exponent++;
    }
    int n = (int)(end - begin), scale = n + exponent;
    return sign + (scale > -20 && scale <= 21 ? place_point(room + begin, n, exponent, out)
                                              : with_exponent(room + begin, n, exponent, out));
}
