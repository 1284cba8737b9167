/* Texts as cells that no spreadsheet takes for a formula. */
#include "crm/crm.h"

#include <string.h>

/* Excel and LibreOffice begin a formula at = + - @; where Chinese or Japanese is set also at their wide
 * forms. A tab, return or line feed in front is passed over by some. */
int km_crm_is_formula(const char *text) {
    while (*text == '\'') { /* so that taking one away again is always right */
        text++;
    }
    switch (*text) {
    case '=':
    case '+':
    case '-':
    case '@':
    case '\t':
    case '\r':
    case '\n': return 1;
    case '\xef': /* U+FF1D, U+FF0B, U+FF0D, U+FF20 */
        return (text[1] == '\xbc' &&
                (text[2] == '\x9d' || text[2] == '\x8b' || text[2] == '\x8d' || text[2] == '\xa0'));
    default: return 0;
    }
}

void km_crm_add_text(km_string *line, const char *text, int is_number, int64_t *n_neutralised) {
    size_t n = strlen(text);
    int is_formula = !is_number && km_crm_is_formula(text);
    *n_neutralised += is_formula;
    if (n == 0 || (text[0] != ' ' && text[n - 1] != ' ' && strpbrk(text, ",\"\r\n") == NULL)) {
        km_string_add_n(line, "'", (size_t)is_formula);
        km_string_add_n(line, text, n);
        return;
    }
    km_string_add_n(line, "\"'", 1 + (size_t)is_formula);
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        km_string_add_n(line, text, (size_t)(quote + 1 - text));
        km_string_add_n(line, "\"", 1);
    }
    km_string_add(line, text);
    km_string_add_n(line, "\"", 1);
}
