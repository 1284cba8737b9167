/* Numbers and names as people read them. */
#include "cli.h"

#include <math.h>
#include <string.h>

/* Escape sequences would reach the terminal; U+0080 to U+009F are control characters too. */
static int is_control(const unsigned char *c) {
    return *c < 0x20 || *c == 0x7f || (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

const char *cli_clean(const char *text, char *out, size_t capacity) {
    size_t used = 0;
    const unsigned char *c = (const unsigned char *)text;
    while (*c != '\0' && used + 1 < capacity) {
        int control = is_control(c);
        out[used++] = control ? '?' : (char)*c;
        c += control && *c == 0xc2 ? 2 : 1;
    }
    if (*c != '\0') { /* cut: not inside a character */
        while (used > 0 && ((unsigned char)out[used - 1] & 0xc0) == 0x80) {
            used--;
        }
        used -= used > 0 && (unsigned char)out[used - 1] >= 0xc0;
    }
    out[used] = '\0';
    return out;
}

const char *cli_number(double value, int digits, char *out, size_t capacity) {
    char plain[400];
    snprintf(plain, sizeof plain, "%.*f", digits, fabs(value));
    size_t whole = strcspn(plain, ".");
    size_t used = 0;
    if (value < 0 && strspn(plain, "0.") < strlen(plain)) {
        out[used++] = '-';
    }
    for (size_t i = 0; plain[i] != '\0' && used + 2 < capacity; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = plain[i];
    }
    out[used] = '\0';
    return out;
}

const char *cli_count(int64_t value, char *out, size_t capacity) {
    return cli_number((double)value, 0, out, capacity);
}
