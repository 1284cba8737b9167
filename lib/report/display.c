#include "report/display.h"

#include <math.h>
#include <string.h>

enum { NO_BREAK_SPACE = 0xa0, REPLACEMENT = 0xfffd, ELLIPSIS = 0x2026 };

/* Length of the sequence that a lead byte begins, its smallest code point, and its payload. */
static int lead(unsigned char byte, uint32_t *least, uint32_t *code) {
    if (byte < 0xc2 || byte > 0xf4) {
        return 0;
    }
    int length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    *least = length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u;
    *code = byte & (0x7fu >> length);
    return length;
}

uint32_t km_utf8_next(const char **text) {
    const unsigned char *c = (const unsigned char *)*text;
    if (*c < 0x80) {
        *text += *c != 0;
        return *c;
    }
    uint32_t least = 0, code = 0;
    int length = lead(*c, &least, &code);
    for (int i = 1; i < length; i++) {
        if ((c[i] & 0xc0) != 0x80) {
            length = 0;
            break;
        }
        code = code << 6 | (c[i] & 0x3fu);
    }
    if (length == 0 || code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        *text += 1;
        return REPLACEMENT;
    }
    *text += length;
    return code;
}

void km_utf8_add(km_string *out, uint32_t code) {
    char bytes[4];
    size_t n = 0;
    if (code < 0x80) {
        bytes[n++] = (char)code;
    } else {
        int length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        uint32_t mark = length == 2 ? 0xc0u : length == 3 ? 0xe0u : 0xf0u;
        bytes[n++] = (char)(mark | code >> (6 * (length - 1)));
        for (int i = length - 2; i >= 0; i--) {
            bytes[n++] = (char)(0x80u | (code >> (6 * i) & 0x3fu));
        }
    }
    km_string_add_n(out, bytes, n);
}

typedef struct range {
    uint32_t first, last;
} range;

/* Unicode 15: marks that stand on the character before them (categories Mn and Me), and joiners. */
static const range combining[] = {
    {0x300, 0x36f},     {0x483, 0x489},     {0x591, 0x5bd},   {0x5bf, 0x5bf},   {0x5c1, 0x5c2},
    {0x5c4, 0x5c5},     {0x5c7, 0x5c7},     {0x610, 0x61a},   {0x64b, 0x65f},   {0x670, 0x670},
    {0x6d6, 0x6dc},     {0x6df, 0x6e4},     {0x6e7, 0x6e8},   {0x6ea, 0x6ed},   {0x711, 0x711},
    {0x730, 0x74a},     {0x7a6, 0x7b0},     {0x7eb, 0x7f3},   {0x816, 0x82d},   {0x8d3, 0x902},
    {0x93a, 0x93a},     {0x93c, 0x93c},     {0x941, 0x948},   {0x94d, 0x94d},   {0x951, 0x957},
    {0x962, 0x963},     {0x981, 0x981},     {0x9bc, 0x9bc},   {0x9c1, 0x9c4},   {0x9cd, 0x9cd},
    {0xa01, 0xa02},     {0xa3c, 0xa51},     {0xe31, 0xe31},   {0xe34, 0xe3a},   {0xe47, 0xe4e},
    {0xeb1, 0xeb1},     {0xeb4, 0xebc},     {0xec8, 0xecd},   {0xf35, 0xf39},   {0xf71, 0xf84},
    {0x102d, 0x1037},   {0x1039, 0x103a},   {0x135d, 0x135f}, {0x17b4, 0x17d3}, {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},   {0x200b, 0x200d},   {0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a},
    {0xa66f, 0xa67d},   {0xfb1e, 0xfb1e},   {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0x1d167, 0x1d169},
    {0x1f3fb, 0x1f3ff}, {0xe0100, 0xe01ef},
};

/* East Asian Width W and F, and emoji that terminals show in two columns. */
static const range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x2705, 0x2705},
    {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf},
    {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335},
    {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3e0, 0x1f3f0},
    {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d},
    {0x1f550, 0x1f567}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6d0, 0x1f6d2},
    {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

static int in_ranges(const range *ranges, size_t n, uint32_t code) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < n && code >= ranges[low].first;
}

int km_code_width(uint32_t code) {
    if (code < 0x300) {
        return 1;
    }
    if (in_ranges(combining, sizeof combining / sizeof *combining, code)) {
        return 0;
    }
    return in_ranges(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

/* A plain space for one that only forbids a line break; U+FFFD for C0 and C1 controls, DEL, line and paragraph separators, direction marks and overrides. */
static uint32_t clean(uint32_t code) {
    int bad = code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
              (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
              (code >= 0x2066 && code <= 0x2069) || code == 0xfeff || (code >> 8) == 0xfff ||
              (code >= 0xe0000 && code < 0xe0100);
    return bad ? REPLACEMENT : code == NO_BREAK_SPACE ? ' ' : code;
}

int km_text_width(const char *text) {
    int width = 0;
    for (uint32_t code; (code = km_utf8_next(&text)) != 0;) {
        width += km_code_width(clean(code));
    }
    return width;
}

void km_add_clean(km_string *out, const char *text, int most) {
    int cut = most > 0 && km_text_width(text) > most;
    int room = cut ? most - 1 : 0; /* a column for the ellipsis */
    for (uint32_t code; (code = km_utf8_next(&text)) != 0;) {
        code = clean(code);
        if (cut && km_code_width(code) > room) {
            km_utf8_add(out, ELLIPSIS);
            return;
        }
        room -= km_code_width(code);
        km_utf8_add(out, code);
    }
}

void km_add_number(km_string *out, double value, int decimals) {
    char text[64];
    km_format_number(value, decimals, text, sizeof text);
    km_string_add(out, text);
}

void km_add_percent(km_string *out, double share) {
    if (share > 0 && share < 0.001) {
        km_string_add(out, "<0.1 %");
        return;
    }
    km_add_number(out, 100 * share, 1);
    km_string_add(out, isnan(share) ? "" : " %");
}

void km_add_wrapped(km_string *out, const char *text, int indent, int first, int width) {
    int column = first;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        km_string word;
        km_string_init(&word, &out->allocator);
        km_string_add_n(&word, text, length);
        const char *shown = word.data != NULL ? word.data : "";
        int columns = km_text_width(shown);
        if (column > indent && column + 1 + columns > width) {
            km_string_format(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            km_string_add(out, " ");
            column++;
        }
        km_add_clean(out, shown, 0);
        column += columns;
        text += length;
        text += strspn(text, " ");
        out->failed |= word.failed;
        km_string_free(&word);
    }
    km_string_add(out, "\n");
}

void km_add_bar(km_string *out, double share, int cells) {
    int eighths = share > 0 ? (int)(share * 8 * cells + 0.5) : 0;
    eighths = share > 0 && eighths == 0 ? 1 : eighths;
    for (; eighths >= 8; eighths -= 8) {
        km_utf8_add(out, 0x2588); /* a full block; those of fewer eighths follow it */
    }
    if (eighths > 0) {
        km_utf8_add(out, (uint32_t)(0x2588 + 8 - eighths));
    }
}
