/* Rules from text: classings, classes, and conditions by recursive descent into postfix steps. */
#include "value/rules.h"
#include "value/rules_lex.h"

#include <math.h>
#include <string.h>

typedef struct parser {
    kmseg_context *ctx;
    kmseg_rules *rules;
    km_lexer lexer;
    km_token token; /* the one that is looked at */
    km_rule_step *steps;
    int32_t n_steps, capacity;
    int32_t depth;
} parser;

static const char *shown_token(const km_token *token) {
    return token->kind == KM_TOKEN_END ? "the end of the line" : token->text;
}

static kmseg_status next(parser *p) { return km_lexer_next(&p->lexer, &p->token); }

static kmseg_status fail_expected(const parser *p, const char *what) {
    const char *quote = p->token.kind == KM_TOKEN_END ? "" : "\"";
    return km_lexer_fail(&p->lexer, p->token.at, "expected %s, found %s%.60s%s", what, quote,
                         shown_token(&p->token), quote);
}

/* An array of the arena with room for one more. */
static void *grown(km_arena *arena, void *items, int32_t n, int32_t *capacity, size_t size) {
    if (n < *capacity) {
        return items;
    }
    int32_t more = *capacity > 0 ? 2 * *capacity : 8;
    void *copy = km_arena_array(arena, more, size);
    if (copy != NULL && n > 0) {
        memcpy(copy, items, (size_t)n * size);
    }
    *capacity = more;
    return copy;
}

static kmseg_status emit(parser *p, const km_rule_step *step) {
    p->steps = grown(&p->rules->arena, p->steps, p->n_steps, &p->capacity, sizeof *p->steps);
    if (p->steps == NULL) {
        return km_fail_memory(p->ctx, "rules");
    }
    p->steps[p->n_steps++] = *step;
    return KMSEG_OK;
}

static int is_keyword(const km_token *token) {
    static const char *const keywords[] = {"and", "or", "not", "in", "is", "missing"};
    for (int i = 0; i < 6; i++) {
        if (km_is_word(token, keywords[i])) {
            return 1;
        }
    }
    return 0;
}

/* A number, a text with or without quotes, or a date. */
static kmseg_status take_literal(parser *p, km_literal *out) {
    int bare = p->token.kind == KM_TOKEN_WORD && !is_keyword(&p->token);
    if (!bare && p->token.kind != KM_TOKEN_TEXT && p->token.kind != KM_TOKEN_NUMBER) {
        return fail_expected(p, "a number, a text or a date");
    }
    *out = (km_literal){p->token.text, p->token.number, p->token.at};
    return next(p);
}

static kmseg_status parse_list(parser *p, km_rule_step *step) {
    km_literal *literals = NULL;
    int32_t capacity = 0;
    if (!km_is_sign(&p->token, "(")) {
        return fail_expected(p, "( behind in");
    }
    do {
        if (step->n_literals == KM_RULES_MOST_LITERALS) {
            return km_lexer_fail(&p->lexer, p->token.at, "a list has at most %d values",
                                 KM_RULES_MOST_LITERALS);
        }
        literals = grown(&p->rules->arena, literals, step->n_literals, &capacity, sizeof *literals);
        if (literals == NULL) {
            return km_fail_memory(p->ctx, "rules");
        }
        KM_TRY(next(p)); /* behind ( or , */
        KM_TRY(take_literal(p, &literals[step->n_literals++]));
    } while (km_is_sign(&p->token, ","));
    step->literals = literals;
    return km_is_sign(&p->token, ")") ? next(p) : fail_expected(p, ", or )");
}

static kmseg_status parse_missing(parser *p, km_rule_step *step) {
    step->op = KM_RULE_MISSING;
    if (km_is_word(&p->token, "not")) {
        step->negated = 1;
        KM_TRY(next(p));
    }
    return km_is_word(&p->token, "missing") ? next(p)
                                            : fail_expected(p, "missing or not missing behind is");
}

static kmseg_status parse_comparison(parser *p, km_rule_step *step) {
    static const struct {
        const char *sign;
        km_rule_op op;
        int negated;
    } signs[] = {{"<", KM_RULE_LESS, 0},      {"<=", KM_RULE_AT_MOST, 0}, {">", KM_RULE_MORE, 0},
                 {">=", KM_RULE_AT_LEAST, 0}, {"=", KM_RULE_IN, 0},       {"!=", KM_RULE_IN, 1}};
    size_t i = 0;
    while (i < 6 && !km_is_sign(&p->token, signs[i].sign)) {
        i++;
    }
    if (i == 6) {
        return fail_expected(p, "one of < <= > >= = != in, not in, is missing");
    }
    step->op = signs[i].op;
    step->negated = signs[i].negated;
    KM_TRY(next(p));
    km_literal *literal = km_arena_array(&p->rules->arena, 1, sizeof *literal);
    if (literal == NULL) {
        return km_fail_memory(p->ctx, "rules");
    }
    step->literals = literal;
    step->n_literals = 1;
    return take_literal(p, literal);
}

/* column < 5, column in (a, b), column is missing. */
static kmseg_status parse_test(parser *p) {
    int named = p->token.kind == KM_TOKEN_NAME ||
                (p->token.kind == KM_TOKEN_WORD && !is_keyword(&p->token));
    if (!named) {
        return fail_expected(p, "the name of a column, not or (");
    }
    km_rule_step step = {.column = p->token.text, .at = p->token.at};
    KM_TRY(next(p));
    step.op_at = p->token.at;
    if (km_is_word(&p->token, "is")) {
        KM_TRY(next(p));
        KM_TRY(parse_missing(p, &step));
    } else if (km_is_word(&p->token, "in") || km_is_word(&p->token, "not")) {
        step.op = KM_RULE_IN;
        if (km_is_word(&p->token, "not")) {
            step.negated = 1;
            KM_TRY(next(p));
        }
        if (!km_is_word(&p->token, "in")) {
            return fail_expected(p, "in behind not");
        }
        KM_TRY(next(p));
        KM_TRY(parse_list(p, &step));
    } else {
        KM_TRY(parse_comparison(p, &step));
    }
    return emit(p, &step);
}

static kmseg_status parse_or(parser *p);

static kmseg_status parse_not(parser *p) {
    int is_not = km_is_word(&p->token, "not");
    if (!is_not && !km_is_sign(&p->token, "(")) {
        return parse_test(p);
    }
    if (++p->depth > KM_RULES_DEPTH) {
        return km_lexer_fail(&p->lexer, p->token.at, "conditions nest at most %d deep",
                             KM_RULES_DEPTH);
    }
    KM_TRY(next(p));
    if (is_not) {
        const km_rule_step step = {.op = KM_RULE_NOT};
        KM_TRY(parse_not(p));
        KM_TRY(emit(p, &step));
    } else {
        KM_TRY(parse_or(p));
        if (!km_is_sign(&p->token, ")")) {
            return fail_expected(p, "and, or or )");
        }
        KM_TRY(next(p));
    }
    p->depth--;
    return KMSEG_OK;
}

static kmseg_status parse_and(parser *p) {
    const km_rule_step step = {.op = KM_RULE_AND};
    KM_TRY(parse_not(p));
    while (km_is_word(&p->token, "and")) {
        KM_TRY(next(p));
        KM_TRY(parse_not(p));
        KM_TRY(emit(p, &step));
    }
    return KMSEG_OK;
}

static kmseg_status parse_or(parser *p) {
    const km_rule_step step = {.op = KM_RULE_OR};
    KM_TRY(parse_and(p));
    while (km_is_word(&p->token, "or")) {
        KM_TRY(next(p));
        KM_TRY(parse_and(p));
        KM_TRY(emit(p, &step));
    }
    return KMSEG_OK;
}

static km_rule_set *current_set(const parser *p) {
    return p->rules->n_sets > 0 ? &p->rules->sets[p->rules->n_sets - 1] : NULL;
}

static kmseg_status add_rule(parser *p, const km_rule *rule) {
    km_rule_set *set = current_set(p);
    if (p->rules->n_rules == KM_RULES_MOST) {
        return km_lexer_fail(&p->lexer, 1, "there are at most %d rules", KM_RULES_MOST);
    }
    set->rules =
        grown(&p->rules->arena, set->rules, set->n_rules, &set->capacity, sizeof *set->rules);
    if (set->rules == NULL) {
        return km_fail_memory(p->ctx, "rules");
    }
    set->rules[set->n_rules++] = *rule;
    p->rules->n_rules++;
    return KMSEG_OK;
}

/* A name of length bytes at byte start of the line, copied. */
static kmseg_status take_name(parser *p, size_t start, size_t length, const char *what,
                              const char **out) {
    enum { LONGEST = 100 };
    int32_t at = km_lexer_character(&p->lexer, start);
    if (length == 0) {
        return km_lexer_fail(&p->lexer, at, "expected %s", what);
    }
    for (size_t i = start; i < start + length; i++) {
        if ((unsigned char)p->lexer.line[i] < ' ' || p->lexer.line[i] == 0x7f) {
            return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, i),
                                 "a control character is no part of a name");
        }
    }
    if (length > LONGEST) {
        return km_lexer_fail(&p->lexer, at, "a name has at most %d bytes", LONGEST);
    }
    *out = km_arena_text_n(&p->rules->arena, p->lexer.line + start, length);
    return *out != NULL ? KMSEG_OK : km_fail_memory(p->ctx, "rules");
}

/* Bytes of [start, end) without spaces at either side. */
static void trim(const parser *p, size_t *start, size_t *end) {
    while (*start < *end && (p->lexer.line[*start] == ' ' || p->lexer.line[*start] == '\t')) {
        ++*start;
    }
    *end = *start + km_config_trim(p->lexer.line + *start, *end - *start);
}

/* Where a comment begins at or behind start, outside of conditions. */
static size_t comment_at(const parser *p, size_t start) {
    const char *comment = memchr(p->lexer.line + start, '#', p->lexer.length - start);
    return comment != NULL ? (size_t)(comment - p->lexer.line) : p->lexer.length;
}

static kmseg_status check_set(const parser *p) {
    const km_rule_set *set = current_set(p);
    return set == NULL || set->n_rules > 0
               ? KMSEG_OK
               : km_fail(p->ctx, KMSEG_E_FORMAT,
                         "%s: line %d, column 1: expected classes behind [%s], such as \"active: "
                         "recency <= 70\"",
                         p->lexer.file, set->line, set->name);
}

/* [name] */
static kmseg_status parse_heading(parser *p, size_t start) {
    kmseg_rules *rules = p->rules;
    KM_TRY(check_set(p));
    const char *bracket = memchr(p->lexer.line + start, ']', p->lexer.length - start);
    if (bracket == NULL) {
        return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, p->lexer.length),
                             "expected ] behind the name of a classing");
    }
    size_t first = start + 1, end = (size_t)(bracket - p->lexer.line), rest = end + 1;
    trim(p, &first, &end);
    km_rule_set set = {.line = p->lexer.number};
    KM_TRY(take_name(p, first, end - first, "the name of a classing, which names its column",
                     &set.name));
    size_t stop = comment_at(p, rest);
    trim(p, &rest, &stop);
    if (rest < stop) {
        return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, rest),
                             "expected the end of the line behind ]");
    }
    for (int32_t i = 0; i < rules->n_sets; i++) {
        if (strcmp(rules->sets[i].name, set.name) == 0) {
            return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, first),
                                 "[%s] is on line %d already", set.name, rules->sets[i].line);
        }
    }
    rules->sets =
        grown(&rules->arena, rules->sets, rules->n_sets, &rules->capacity, sizeof *rules->sets);
    if (rules->sets == NULL) {
        return km_fail_memory(p->ctx, "rules");
    }
    rules->sets[rules->n_sets++] = set;
    return KMSEG_OK;
}

/* "default: other": everything behind the colon is the class. */
static kmseg_status parse_default(parser *p, size_t start) {
    size_t end = comment_at(p, start);
    km_rule rule = {.line = p->lexer.number, .text = ""};
    trim(p, &start, &end);
    KM_TRY(take_name(p, start, end - start, "a class behind default:", &rule.class_name));
    return add_rule(p, &rule);
}

static kmseg_status parse_condition(parser *p, km_rule *rule, size_t start) {
    p->lexer.at = start;
    p->steps = NULL;
    p->n_steps = p->capacity = p->depth = 0;
    KM_TRY(next(p));
    size_t first = start, end;
    KM_TRY(parse_or(p));
    if (p->token.kind != KM_TOKEN_END) {
        return fail_expected(p, "and, or or the end of the line");
    }
    end = p->lexer.at; /* before a comment */
    trim(p, &first, &end);
    rule->text = km_arena_text_n(&p->rules->arena, p->lexer.line + first, end - first);
    rule->steps = p->steps;
    rule->n_steps = p->n_steps;
    return rule->text != NULL ? KMSEG_OK : km_fail_memory(p->ctx, "rules");
}

/* "class: condition" */
static kmseg_status parse_rule(parser *p, size_t start) {
    const km_rule_set *set = current_set(p);
    size_t stop = comment_at(p, start);
    const char *colon = memchr(p->lexer.line + start, ':', stop - start);
    if (set == NULL) {
        return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, start),
                             "expected [name] of a classing before its first class");
    }
    if (colon == NULL) {
        return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, stop),
                             "expected a colon behind the class, as in \"active: recency <= 70\"");
    }
    if (set->n_rules > 0 && set->rules[set->n_rules - 1].n_steps == 0) {
        return km_lexer_fail(&p->lexer, km_lexer_character(&p->lexer, start),
                             "expected no class behind the default of line %d, which nobody "
                             "passes",
                             set->rules[set->n_rules - 1].line);
    }
    size_t end = (size_t)(colon - p->lexer.line), behind = end + 1;
    km_rule rule = {.line = p->lexer.number};
    trim(p, &start, &end);
    if (end - start == 7 && memcmp(p->lexer.line + start, "default", 7) == 0) {
        return parse_default(p, behind);
    }
    KM_TRY(take_name(p, start, end - start, "a class before the colon", &rule.class_name));
    KM_TRY(parse_condition(p, &rule, behind));
    return add_rule(p, &rule);
}

static kmseg_status parse_lines(parser *p, const char *text, size_t length) {
    for (size_t at = 0; at < length;) {
        p->lexer.line = text + at;
        p->lexer.length = km_config_line(text, length, &at);
        p->lexer.number++;
        size_t start = 0, end = p->lexer.length;
        trim(p, &start, &end);
        if (start < end && p->lexer.line[start] != '#') {
            KM_TRY(p->lexer.line[start] == '[' ? parse_heading(p, start) : parse_rule(p, start));
        }
    }
    KM_TRY(check_set(p));
    return p->rules->n_sets > 0
               ? KMSEG_OK
               : km_fail(p->ctx, KMSEG_E_FORMAT,
                         "%s has no rules; it needs a line [name] and classes below it, such as "
                         "\"active: recency <= 70\"",
                         p->lexer.file);
}

kmseg_status kmseg_rules_parse(kmseg_context *ctx, const char *text, size_t length,
                               const char *name, kmseg_rules **out) {
    *out = NULL;
    if (length > (1 << 20)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s is larger than 1 MiB; is it the right file?", name);
    }
    kmseg_rules *rules = km_allocate(&ctx->allocator, sizeof *rules);
    if (rules == NULL) {
        return km_fail_memory(ctx, "rules");
    }
    memset(rules, 0, sizeof *rules);
    km_arena_init(&rules->arena, &ctx->allocator);
    rules->file = km_arena_text(&rules->arena, name);
    parser p = {.ctx = ctx,
                .rules = rules,
                .lexer = {.ctx = ctx, .arena = &rules->arena, .file = rules->file}};
    kmseg_status status =
        rules->file != NULL ? parse_lines(&p, text, length) : km_fail_memory(ctx, "rules");
    if (status != KMSEG_OK) {
        kmseg_rules_free(rules);
        return status;
    }
    *out = rules;
    return KMSEG_OK;
}

kmseg_status kmseg_rules_read(kmseg_context *ctx, const char *path, kmseg_rules **out) {
    *out = NULL;
    char *text;
    size_t length;
    KM_TRY(km_read_config(ctx, path, &text, &length));
    kmseg_status status = kmseg_rules_parse(ctx, text, length, path, out);
    km_release(&ctx->allocator, text);
    return status;
}

void kmseg_rules_free(kmseg_rules *rules) {
    if (rules != NULL) {
        kmseg_allocator allocator = rules->arena.allocator;
        km_arena_free(&rules->arena);
        km_release(&allocator, rules);
    }
}
