#include "value/rules_lex.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int32_t km_lexer_character(const km_lexer *lexer, size_t byte) {
    int32_t n = 1;
    for (size_t i = 0; i < byte && i < lexer->length; i++) {
        n += ((unsigned char)lexer->line[i] & 0xc0) != 0x80;
    }
    return n;
}

#undef km_lexer_fail
kmseg_status km_lexer_fail(const km_lexer *lexer, int32_t at, const char *format, ...) {
    char what[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    for (char *c = what; *c != '\0'; c++) { /* a message is one line, whatever the file has */
        *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    return km_fail(lexer->ctx, KMSEG_E_FORMAT, "%s: line %d, column %d: %s", lexer->file,
                   lexer->number, at, what);
}

int km_is_word(const km_token *token, const char *word) {
    return token->kind == KM_TOKEN_WORD && strcasecmp(token->text, word) == 0;
}

int km_is_sign(const km_token *token, const char *sign) {
    return token->kind == KM_TOKEN_SIGN && strcmp(token->text, sign) == 0;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int begins_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static int goes_on(char c) { return begins_word(c) || is_digit(c) || c == '.' || c == '-'; }

static char peek(const km_lexer *lexer, size_t ahead) {
    return lexer->at + ahead < lexer->length ? lexer->line[lexer->at + ahead] : '\0';
}

/* The text of a token, copied. */
static kmseg_status keep(km_lexer *lexer, const char *text, size_t length, km_token *out) {
    char *copy = km_arena_text_n(lexer->arena, text, length);
    out->text = copy;
    return copy != NULL ? KMSEG_OK : km_fail_memory(lexer->ctx, "rules");
}

/* Between two equal quotes; a doubled one stands for itself. */
static kmseg_status quoted(km_lexer *lexer, km_token *out) {
    char quote = lexer->line[lexer->at];
    size_t start = ++lexer->at;
    char *copy = km_arena_take(lexer->arena, lexer->length - start + 1);
    size_t n = 0;
    if (copy == NULL) {
        return km_fail_memory(lexer->ctx, "rules");
    }
    for (;; lexer->at++) {
        if (lexer->at >= lexer->length) {
            return km_lexer_fail(lexer, out->at, "expected a closing %c on this line", quote);
        }
        char c = lexer->line[lexer->at];
        if (c == quote && peek(lexer, 1) != quote) {
            break;
        }
        if (c == '\0') {
            return km_lexer_fail(lexer, km_lexer_character(lexer, lexer->at),
                                 "a zero byte is no text");
        }
        copy[n++] = c;
        lexer->at += c == quote; /* the second of two */
    }
    lexer->at++;
    copy[n] = '\0';
    out->text = copy;
    out->kind = quote == '`' ? KM_TOKEN_NAME : KM_TOKEN_TEXT;
    return out->kind == KM_TOKEN_TEXT || n > 0
               ? KMSEG_OK
               : km_lexer_fail(lexer, out->at, "expected the name of a column between backquotes");
}

static kmseg_status number_or_date(km_lexer *lexer, km_token *out) {
    size_t start = lexer->at++;
    for (char c = peek(lexer, 0); goes_on(c) || c == ':' || c == '+'; c = peek(lexer, 0)) {
        if (c == '+' && strchr("eE", lexer->line[lexer->at - 1]) == NULL) {
            break;
        }
        lexer->at++;
    }
    out->kind = KM_TOKEN_NUMBER;
    KM_TRY(keep(lexer, lexer->line + start, lexer->at - start, out));
    if (km_parse_double(out->text, &out->number) && isfinite(out->number)) {
        return KMSEG_OK;
    }
    out->number = NAN;
    size_t n = strspn(out->text, "0123456789");
    int date = n == 4 && out->text[4] == '-';
    return date ? KMSEG_OK
                : km_lexer_fail(lexer, out->at,
                                "\"%.40s\" is no number; a text that begins with a digit needs "
                                "quotes",
                                out->text);
}

static kmseg_status sign(km_lexer *lexer, km_token *out) {
    static const struct {
        const char *written, *meant;
    } signs[] = {{"<=", "<="}, {">=", ">="}, {"!=", "!="}, {"<>", "!="}, {"==", "="}, {"<", "<"},
                 {">", ">"},   {"=", "="},   {"(", "("},   {")", ")"},   {",", ","}};
    out->kind = KM_TOKEN_SIGN;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t n = strlen(signs[i].written);
        if (lexer->length - lexer->at >= n &&
            memcmp(lexer->line + lexer->at, signs[i].written, n) == 0) {
            lexer->at += n;
            out->text = signs[i].meant;
            return KMSEG_OK;
        }
    }
    return km_lexer_fail(lexer, out->at, "\"%c\" is no part of a condition",
                         lexer->line[lexer->at]);
}

kmseg_status km_lexer_next(km_lexer *lexer, km_token *out) {
    while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t') {
        lexer->at++;
    }
    *out = (km_token){.kind = KM_TOKEN_END,
                      .text = "",
                      .number = NAN,
                      .at = km_lexer_character(lexer, lexer->at)};
    if (lexer->at >= lexer->length || lexer->line[lexer->at] == '#') {
        return KMSEG_OK;
    }
    char c = peek(lexer, 0), next = peek(lexer, 1);
    if (c == '\'' || c == '"' || c == '`') {
        return quoted(lexer, out);
    }
    if (begins_word(c)) {
        size_t start = lexer->at;
        while (goes_on(peek(lexer, 0))) {
            lexer->at++;
        }
        out->kind = KM_TOKEN_WORD;
        return keep(lexer, lexer->line + start, lexer->at - start, out);
    }
    if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && (is_digit(next) || next == '.'))) {
        return number_or_date(lexer, out);
    }
    return sign(lexer, out);
}
