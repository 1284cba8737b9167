/* Words of a condition. */
#ifndef KM_VALUE_RULES_LEX_H
#define KM_VALUE_RULES_LEX_H

#include "base/context.h"

typedef enum km_token_kind {
    KM_TOKEN_END,
    KM_TOKEN_WORD,   /* a name, a keyword or a text without quotes */
    KM_TOKEN_NAME,   /* in backquotes */
    KM_TOKEN_TEXT,   /* in quotes */
    KM_TOKEN_NUMBER, /* digits first: a number, or a date */
    KM_TOKEN_SIGN    /* < <= > >= = != ( ) , */
} km_token_kind;

typedef struct km_token {
    km_token_kind kind;
    const char *text; /* of a SIGN static, else in the arena; == is =, <> is != */
    double number;    /* NUMBER: NaN for a date */
    int32_t at;       /* character of the line, from 1 */
} km_token;

/* One line, and where in it we are. */
typedef struct km_lexer {
    kmseg_context *ctx;
    km_arena *arena;
    const char *file, *line;
    size_t length, at;
    int32_t number; /* of the line, from 1 */
} km_lexer;

/* The next token; KM_TOKEN_END at the end of the line and before a comment. */
kmseg_status km_lexer_next(km_lexer *lexer, km_token *out);

/* Position of a byte of the line in characters, from 1. */
int32_t km_lexer_character(const km_lexer *lexer, size_t byte);

/* KMSEG_E_FORMAT: "FILE: line 3, column 14: what". */
kmseg_status km_lexer_fail(const km_lexer *lexer, int32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__ /* as in base/context.h */
#define km_lexer_fail(lexer, at, ...) (km_lexer_fail(lexer, at, __VA_ARGS__), KMSEG_E_FORMAT)
#endif

/* Same word, whatever the case of its letters. */
int km_is_word(const km_token *token, const char *word);
int km_is_sign(const km_token *token, const char *sign);

#endif
