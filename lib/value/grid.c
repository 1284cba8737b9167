/* The grid that names RFM codes: read from text, and checked to have every code once. */
#include "value/grid.h"

#include "value/value.h"

#include <stdio.h>
#include <string.h>

/* What reading keeps track of. */
typedef struct reader {
    kmseg_context *ctx;
    const char *name; /* of the file */
    kmseg_rfm_grid *grid;
    const char *line; /* that is being read */
    size_t length;
    int number;                    /* of the line, from 1 */
    int first_line[KM_MOST_CODES]; /* of each code; 0: not there yet */
    char twice[12 * 40];           /* codes that are there twice, as text */
    int n_twice;
} reader;

enum { MOST_NAMED = 12 }; /* codes that a message names */

const char *kmseg_rfm_grid_text(void) {
    return "# The segment of every RFM code: recency, frequency and monetary score, 5 is best.\n"
           "# A line is a name, a colon and codes; * stands for every score. A further line of "
           "the\n"
           "# same name goes on with its codes. Every code needs to be there once.\n"
           "\n"
           "Champions: 555 554 544 545 454 455 445\n"
           "Loyal: 543 444 435 355 354 345 344 335\n"
           "Potential Loyalist: 553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 "
           "423\n"
           "Potential Loyalist: 353 352 351 342 341 333 323\n"
           "New: 512 511 422 421 412 411 311\n"
           "Promising: 525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313\n"
           "Need Attention: 535 534 443 434 343 334 325 324\n"
           "About To Sleep: 331 321 312 221 213 231 241 251\n"
           "At Risk: 255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134\n"
           "At Risk: 133 125 124\n"
           "Cannot Lose: 155 154 144 214 215 115 114 113\n"
           "Hibernating: 332 322 233 232 223 222 132 123 122 212 211\n"
           "Lost: 111 112 121 131 141 151\n";
}

static kmseg_status fail_at(const reader *r, size_t column, const char *what) {
    return km_fail(r->ctx, KMSEG_E_FORMAT, "%s: line %d, column %zu: %s", r->name, r->number,
                   column + 1, what);
}

/* The segment of that name, made when it is new; -1 when out of memory. */
static int32_t segment_named(kmseg_rfm_grid *grid, const char *name, size_t length) {
    for (int32_t s = 0; s < grid->n_segments; s++) {
        if (strlen(grid->names[s]) == length && memcmp(grid->names[s], name, length) == 0) {
            return s;
        }
    }
    const char *copy =
        grid->n_segments < KM_MOST_CODES ? km_arena_text_n(&grid->arena, name, length) : NULL;
    if (copy == NULL) {
        return -1;
    }
    grid->names[grid->n_segments] = copy;
    return grid->n_segments++;
}

static void take_code(reader *r, int32_t code, int32_t segment) {
    if (r->first_line[code] == 0) {
        r->first_line[code] = r->number;
        r->grid->segment[code] = (int16_t)segment;
        return;
    }
    if (r->n_twice++ < MOST_NAMED) {
        char text[4];
        km_rfm_code_text(r->grid->bins, code, text);
        size_t used = strlen(r->twice);
        snprintf(r->twice + used, sizeof r->twice - used, "%s%s (lines %d and %d)",
                 used > 0 ? ", " : "", text, r->first_line[code], r->number);
    }
}

/* One code or pattern of three characters at column at. */
static kmseg_status read_code(reader *r, size_t at, size_t length, int32_t segment) {
    int32_t low[3], high[3], bins = r->grid->bins;
    char what[160];
    for (size_t i = 0; i < 3 && length == 3; i++) {
        char c = r->line[at + i];
        int star = c == '*', digit = c >= '1' && c <= '0' + bins;
        low[i] = star ? 1 : c - '0';
        high[i] = star ? bins : c - '0';
        length = star || digit ? length : 0;
    }
    if (length != 3) {
        snprintf(what, sizeof what,
                 "expected a code of three scores from 1 to %d (or *), such as %d1%d", bins, bins,
                 bins);
        return fail_at(r, at, what);
    }
    for (int32_t a = low[0]; a <= high[0]; a++) {
        for (int32_t b = low[1]; b <= high[1]; b++) {
            for (int32_t c = low[2]; c <= high[2]; c++) {
                take_code(r, km_rfm_code(bins, a, b, c), segment);
            }
        }
    }
    return KMSEG_OK;
}

static size_t skip_spaces(const reader *r, size_t at) {
    while (at < r->length && (r->line[at] == ' ' || r->line[at] == '\t' || r->line[at] == ',')) {
        at++;
    }
    return at;
}

static kmseg_status check_name(const reader *r, size_t at, size_t length) {
    if (length == 0) {
        return fail_at(r, at, "expected the name of a segment before the colon");
    }
    for (size_t i = at; i < at + length; i++) {
        if ((unsigned char)r->line[i] < ' ') {
            return fail_at(r, i, "a control character is no part of a name");
        }
    }
    return length <= 60 ? KMSEG_OK : fail_at(r, at, "a name needs to be at most 60 bytes long");
}

/* "Name: 555 554". */
static kmseg_status read_line(reader *r) {
    const char *comment = memchr(r->line, '#', r->length);
    r->length = comment != NULL ? km_config_trim(r->line, (size_t)(comment - r->line)) : r->length;
    size_t at = 0;
    while (at < r->length && (r->line[at] == ' ' || r->line[at] == '\t')) {
        at++;
    }
    if (at == r->length) {
        return KMSEG_OK;
    }
    const char *colon = memchr(r->line + at, ':', r->length - at);
    if (colon == NULL) {
        return fail_at(r, r->length, "expected a colon behind the name of a segment");
    }
    size_t end = (size_t)(colon - r->line), length = km_config_trim(r->line + at, end - at);
    KM_TRY(check_name(r, at, length));
    int32_t segment = segment_named(r->grid, r->line + at, length);
    if (segment < 0) {
        return r->grid->n_segments == KM_MOST_CODES
                   ? fail_at(r, at, "there are more segments than codes")
                   : km_fail_memory(r->ctx, "a grid of RFM codes");
    }
    for (at = skip_spaces(r, end + 1); at < r->length;) {
        size_t stop = at;
        while (stop < r->length && strchr(" \t,", r->line[stop]) == NULL) {
            stop++;
        }
        stop = stop == at ? at + 1 : stop; /* a zero byte, which strchr() finds */
        KM_TRY(read_code(r, at, stop - at, segment));
        at = skip_spaces(r, stop);
    }
    return KMSEG_OK;
}

static kmseg_status check_codes(const reader *r) {
    int32_t bins = r->grid->bins;
    char missing[8 * MOST_NAMED + 32] = "", more[48] = "";
    int n_missing = 0;
    for (int32_t code = 0; code < bins * bins * bins; code++) {
        if (r->first_line[code] == 0 && n_missing++ < MOST_NAMED) {
            char text[4];
            km_rfm_code_text(bins, code, text);
            size_t used = strlen(missing);
            snprintf(missing + used, sizeof missing - used, "%s%s", used > 0 ? ", " : "", text);
        }
    }
    if (r->n_twice > 0) {
        if (r->n_twice > MOST_NAMED) {
            snprintf(more, sizeof more, " and %d more", r->n_twice - MOST_NAMED);
        }
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: each code needs to be there once; there twice: %s%s%s%s", r->name,
                       r->twice, more, n_missing > 0 ? "; missing: " : "", missing);
    }
    if (n_missing > MOST_NAMED) {
        snprintf(more, sizeof more, " and %d more", n_missing - MOST_NAMED);
    }
    return n_missing == 0 ? KMSEG_OK
                          : km_fail(r->ctx, KMSEG_E_FORMAT,
                                    "%s: each code needs to be there once; missing: %s%s", r->name,
                                    missing, more);
}

static kmseg_status read_grid(reader *r, const char *text, size_t length) {
    for (size_t at = 0; at < length;) {
        r->line = text + at;
        r->length = km_config_line(text, length, &at);
        r->number++;
        KM_TRY(read_line(r));
    }
    return check_codes(r);
}

kmseg_status kmseg_rfm_grid_parse(kmseg_context *ctx, const char *text, size_t length,
                                  const char *name, int32_t bins, kmseg_rfm_grid **out) {
    *out = NULL;
    if (bins < KMSEG_RFM_LEAST_BINS || bins > KMSEG_RFM_MOST_BINS) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "bins is %d; it needs to be between %d and %d", bins,
                       KMSEG_RFM_LEAST_BINS, KMSEG_RFM_MOST_BINS);
    }
    kmseg_rfm_grid *grid = km_allocate(&ctx->allocator, sizeof *grid);
    reader *r = km_allocate(&ctx->allocator, sizeof *r);
    kmseg_status status = KMSEG_OK;
    if (grid == NULL || r == NULL) {
        status = km_fail_memory(ctx, "a grid of RFM codes");
    } else {
        memset(grid, 0, sizeof *grid);
        memset(r, 0, sizeof *r);
        km_arena_init(&grid->arena, &ctx->allocator);
        grid->bins = bins;
        r->ctx = ctx;
        r->name = name;
        r->grid = grid;
        status = read_grid(r, text, length);
        if (status != KMSEG_OK) {
            km_arena_free(&grid->arena);
        }
    }
    km_release(&ctx->allocator, r);
    if (status != KMSEG_OK) {
        km_release(&ctx->allocator, grid);
        return status;
    }
    *out = grid;
    return KMSEG_OK;
}

kmseg_status kmseg_rfm_grid_read(kmseg_context *ctx, const char *path, int32_t bins,
                                 kmseg_rfm_grid **out) {
    *out = NULL;
    char *text;
    size_t length;
    KM_TRY(km_read_config(ctx, path, &text, &length));
    kmseg_status status = kmseg_rfm_grid_parse(ctx, text, length, path, bins, out);
    km_release(&ctx->allocator, text);
    return status;
}

void kmseg_rfm_grid_free(kmseg_rfm_grid *grid) {
    if (grid != NULL) {
        kmseg_allocator allocator = grid->arena.allocator;
        km_arena_free(&grid->arena);
        km_release(&allocator, grid);
    }
}
