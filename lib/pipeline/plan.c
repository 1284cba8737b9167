/* Files of labels: what the business calls its segments and does with them. */
#include "base/text.h"
#include "pipeline/pipeline.h"
#include "source/csv_output.h"

#include <kmseg/plan.h>

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LARGEST_FILE = 1 << 20, N_KEYS = 4 };

static const char *const keys[N_KEYS] = {"name", "action", "budget", "colour"};

/* Where each value was given, for messages; 0: it was not. */
typedef struct given {
    int section;
    int keys[N_KEYS];
} given;

typedef struct reading {
    kmseg_context *ctx;
    const char *path;
    int line;
    int32_t n_segments;
    km_arena *arena;
    kmseg_plan *plans;
    given *given;
    int32_t at; /* the segment of this section, -1: none yet */
} reading;

__attribute__((format(printf, 2, 3))) static kmseg_status refuse(const reading *r,
                                                                 const char *format, ...) {
    char message[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return km_fail(r->ctx, KMSEG_E_FORMAT, "%s, line %d: %s", r->path, r->line, message);
}

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t')) {
        n--;
    }
    text[n] = '\0';
    return text;
}

/* "[segment 3]" */
static kmseg_status read_section(reading *r, char *text) {
    static const char begin[] = "[segment";
    size_t n = strlen(text);
    int64_t number = 0;
    int whole = n > sizeof begin && strncmp(text, begin, sizeof begin - 1) == 0 &&
                text[n - 1] == ']' &&
                (text[sizeof begin - 1] == ' ' || text[sizeof begin - 1] == '\t');
    if (whole) {
        text[n - 1] = '\0';
        whole = km_parse_int64(trim(text + sizeof begin - 1), &number);
    }
    if (!whole) {
        return refuse(r, "a section needs to be like [segment 1]");
    }
    if (number < 1 || number > r->n_segments) {
        return refuse(r, "there is no segment %lld; they are 1 to %d", (long long)number,
                      r->n_segments);
    }
    r->at = (int32_t)number - 1;
    if (r->given[r->at].section > 0) {
        return refuse(r, "segment %lld has a section already, in line %d", (long long)number,
                      r->given[r->at].section);
    }
    r->given[r->at].section = r->line;
    return KMSEG_OK;
}

static kmseg_status read_budget(const reading *r, char *text, double *out) {
    size_t n = strlen(text);
    double percent;
    int whole = n > 1 && text[n - 1] == '%';
    if (whole) {
        text[n - 1] = '\0';
        whole = km_parse_double(trim(text), &percent) && percent >= 0 && percent <= 100;
    }
    if (!whole) {
        return refuse(r, "a budget needs to be a percentage from 0 %% to 100 %%, such as 40 %%");
    }
    *out = percent / 100;
    return KMSEG_OK;
}

static kmseg_status read_colour(const reading *r, const char *text) {
    size_t n = strlen(text);
    int whole =
        text[0] == '#' && (n == 4 || n == 7) && strspn(text + 1, "0123456789abcdefABCDEF") == n - 1;
    return whole ? KMSEG_OK
                 : refuse(r, "a colour needs to be # and three or six hexadecimal digits, such as "
                             "#c0392b");
}

static kmseg_status read_value(reading *r, int key, char *value) {
    kmseg_plan *plan = &r->plans[r->at];
    int *line = &r->given[r->at].keys[key];
    if (*line > 0) {
        return refuse(r, "segment %d has its %s already, in line %d", r->at + 1, keys[key], *line);
    }
    *line = r->line;
    if (value[0] == '\0') {
        return KMSEG_OK;
    }
    if (key == 2) {
        return read_budget(r, value, &plan->budget_share);
    }
    if (key == 3) {
        KM_TRY(read_colour(r, value));
    }
    const char **to = key == 0 ? &plan->name : key == 1 ? &plan->action : &plan->colour;
    *to = km_arena_text(r->arena, value);
    return *to != NULL ? KMSEG_OK : km_fail_memory(r->ctx, "the labels of segments");
}

static kmseg_status read_key(reading *r, char *text) {
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        return refuse(r,
                      "a line needs to be a section [segment 1], a comment that begins with #, or "
                      "key = value with a key of name, action, budget, colour");
    }
    *equals = '\0';
    const char *key = trim(text);
    if (r->at < 0) {
        return refuse(r, "a section such as [segment 1] needs to come before the first value");
    }
    for (int k = 0; k < N_KEYS; k++) {
        if (strcmp(key, keys[k]) == 0 || (k == 3 && strcmp(key, "color") == 0)) {
            return read_value(r, k, trim(equals + 1));
        }
    }
    return refuse(r, "there is no key %.40s; the keys are name, action, budget, colour", key);
}

/* Bytes of the character at text, 0 where it is not UTF-8 or a control character. */
static int character_length(const unsigned char *text) {
    static const unsigned char least[] = {0, 0, 0xc2, 0xe0, 0xf0};
    int n = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (n == 1) {
        return text[0] >= 0x20 && text[0] != 0x7f ? 1 : text[0] == '\t';
    }
    if (text[0] < least[n] || text[0] > 0xf4 || (text[0] == 0xe0 && text[1] < 0xa0) ||
        (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf0 && text[1] < 0x90) ||
        (text[0] == 0xf4 && text[1] > 0x8f) || (text[0] == 0xc2 && text[1] < 0xa0)) {
        return 0;
    }
    for (int i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return n;
}

static kmseg_status read_line(reading *r, char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0';) {
        int n = character_length(c);
        if (n == 0) {
            return refuse(r,
                          "byte 0x%02x is no text; the file needs to be UTF-8 without control "
                          "characters",
                          *c);
        }
        c += n;
    }
    text = trim(text);
    if (text[0] == '\0' || text[0] == '#') {
        return KMSEG_OK;
    }
    return text[0] == '[' ? read_section(r, text) : read_key(r, text);
}

static kmseg_status read_lines(reading *r, char *text, size_t n) {
    char *end = text + n;
    text += n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (text < end) {
        char *next = memchr(text, '\n', (size_t)(end - text));
        char *stop = next != NULL ? next : end;
        r->line++;
        if (memchr(text, '\0', (size_t)(stop - text)) != NULL) {
            return refuse(r, "byte 0x00 is no text; the file needs to be UTF-8 without control "
                             "characters");
        }
        *stop = '\0';
        if (stop > text && stop[-1] == '\r') {
            stop[-1] = '\0';
        }
        KM_TRY(read_line(r, text));
        text = stop + 1;
    }
    return KMSEG_OK;
}

static int name_line(const reading *r, int32_t segment) {
    return r->plans[segment].name[0] != '\0' ? r->given[segment].keys[0] : 0;
}

static const char *name_of(const reading *r, const kmseg_result *result, int32_t segment) {
    const char *own = r->plans[segment].name;
    return own[0] != '\0' ? own : result->profile->names[segment];
}

/* What only the whole file tells. */
static kmseg_status check_together(reading *r, const kmseg_result *result) {
    double budget = 0;
    for (int32_t s = 0; s < r->n_segments; s++) {
        double share = r->plans[s].budget_share;
        if (!isnan(share)) {
            budget += share;
        }
    }
    if (budget > 1 + 1e-9) {
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: the budgets add up to %g %%; they need to be at most 100 %% together",
                       r->path, 100 * budget);
    }
    for (int32_t s = 1; s < r->n_segments; s++) {
        for (int32_t t = 0; t < s; t++) {
            if (strcmp(name_of(r, result, s), name_of(r, result, t)) == 0) {
                int a = name_line(r, s), b = name_line(r, t);
                r->line = a > b ? a : b;
                return refuse(r, "segments %d and %d have the same name; give each its own", t + 1,
                              s + 1);
            }
        }
    }
    return KMSEG_OK;
}

static kmseg_status read_file(kmseg_context *ctx, const char *path, char *text, size_t *out_n) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return km_fail(ctx, KMSEG_E_IO, "cannot read %s: %s", path, strerror(errno));
    }
    errno = 0;
    *out_n = fread(text, 1, LARGEST_FILE + 1, file);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error != 0) {
        return km_fail(ctx, KMSEG_E_IO, "cannot read %s: %s", path, strerror(error));
    }
    return *out_n <= LARGEST_FILE ? KMSEG_OK
                                  : km_fail(ctx, KMSEG_E_FORMAT,
                                            "%s is larger than 1 MiB; it needs to be a file of "
                                            "labels, as kmseg profile --write-labels writes it",
                                            path);
}

static kmseg_status read_plans(reading *r, const kmseg_result *result, char *text) {
    size_t n = 0;
    KM_TRY(read_file(r->ctx, r->path, text, &n));
    for (int32_t s = 0; s < r->n_segments; s++) {
        r->plans[s] = (kmseg_plan){"", "", "", NAN};
    }
    KM_TRY(read_lines(r, text, n));
    return check_together(r, result);
}

kmseg_status kmseg_plans_read(kmseg_context *ctx, kmseg_result *result, const char *path) {
    km_arena *arena = &((km_result *)(void *)result)->arena;
    char *text = km_allocate(&ctx->allocator, LARGEST_FILE + 2);
    reading r = {.ctx = ctx,
                 .path = path,
                 .n_segments = result->n_segments,
                 .arena = arena,
                 .plans = km_arena_array(arena, result->n_segments, sizeof *r.plans),
                 .given = km_arena_array(arena, result->n_segments, sizeof *r.given),
                 .at = -1};
    kmseg_status status = text != NULL && r.plans != NULL && r.given != NULL
                              ? read_plans(&r, result, text)
                              : km_fail_memory(ctx, "the labels of segments");
    km_release(&ctx->allocator, text);
    if (status == KMSEG_OK) {
        result->plans = r.plans;
    }
    return status;
}

/* A suggested name may hold what a line cannot: a level from a file that has line ends in it. */
static void add_line(km_string *text, const char *key, const char *value) {
    km_string_format(text, "%-6s =%s", key, value[0] != '\0' ? " " : "");
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0';) {
        int n = character_length(c);
        if (n == 0) {
            km_string_add(text, " ");
        }
        km_string_add_n(text, (const char *)c, (size_t)n);
        c += n > 0 ? n : 1;
    }
    km_string_add(text, "\n");
}

static void add_plan(km_string *text, const kmseg_result *result, int32_t s) {
    const kmseg_plan none = {"", "", "", NAN};
    const kmseg_plan *plan = result->plans != NULL ? &result->plans[s] : &none;
    char budget[64] = "";
    if (!isnan(plan->budget_share)) {
        size_t n = km_format_rounded(100 * plan->budget_share, 12, budget, sizeof budget - 2);
        memcpy(budget + n, " %", 3);
    }
    km_string_format(text, "\n[segment %d]\n", s + 1);
    add_line(text, keys[0], kmseg_segment_name(result, s));
    add_line(text, keys[1], plan->action);
    add_line(text, keys[2], budget);
    add_line(text, keys[3], plan->colour);
}

kmseg_status kmseg_plans_write(kmseg_context *ctx, const kmseg_result *result, const char *path) {
    km_string text;
    km_string_init(&text, &ctx->allocator);
    km_string_add(&text,
                  "# What we call our segments, and what we do with each.\n"
                  "# budget is a share such as 40 %, colour is such as #c0392b; both can stay "
                  "empty.\n"
                  "# kmseg profile SEGMENTS.h5 --labels THIS_FILE -o SEGMENTS.h5 keeps it.\n");
    for (int32_t s = 0; s < result->n_segments; s++) {
        add_plan(&text, result, s);
    }
    km_output output;
    kmseg_status status = text.failed ? km_fail_memory(ctx, "the labels of segments")
                                      : km_output_open(ctx, path, &output);
    if (status == KMSEG_OK) {
        status = km_output_commit(&output, km_output_write(&output, text.data, text.length));
    }
    km_string_free(&text);
    return status;
}
