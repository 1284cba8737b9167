/* One section per segment: what it is worth, what sets it apart, rules, typical customers, how its
 * values are spread; and what the business wants with it. */
#include "report/display.h"
#include "report/formats.h"
#include "report/grid.h"
#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LABEL_WIDTH = 11,
    NAME_WIDTH = 30,
    ID_WIDTH = 36,   /* a pseudonym is whole */
    MOST_LEVELS = 4, /* of a text column, in a line */
    FIRST_RULES = 3  /* that are printed of a segment */
};

static void sentence(const km_page *page, const char *label, km_string *text) {
    km_string_format(page->out, "   %-*s", LABEL_WIDTH, label);
    if (text->data != NULL) {
        km_add_wrapped(page->out, text->data, 3 + LABEL_WIDTH, 3 + LABEL_WIDTH, page->width);
    }
    page->out->failed |= text->failed;
    km_string_free(text);
}

static void plain(const km_page *page, const char *label, const char *text) {
    km_string line;
    if (text[0] != '\0') {
        km_string_init(&line, &page->out->allocator);
        km_string_add(&line, text);
        sentence(page, label, &line);
    }
}

static void print_title(const km_page *page, int32_t s) {
    char title[24];
    snprintf(title, sizeof title, "%d  ", s + 1);
    km_string_add(page->out, page->colour ? "\n\033[1m" : "\n");
    km_string_add(page->out, title);
    km_add_clean(page->out, kmseg_segment_name(page->result, s), page->width - 8);
    km_string_add(page->out, page->colour ? "\033[0m\n" : "\n");
}

static void print_size(const km_page *page, int32_t s) {
    const kmseg_profile *profile = page->profile;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_add_number(&text, (double)profile->sizes[s], 0);
    km_string_add(&text, profile->sizes[s] == 1 ? " customer (" : " customers (");
    km_add_percent(&text, profile->size_shares[s]);
    km_string_add(&text, ")");
    sentence(page, "size", &text);
    if (profile->value_column[0] != '\0' && profile->sizes[s] > 0) {
        double each = profile->values[s] / (double)profile->sizes[s];
        km_string_init(&text, &page->out->allocator);
        km_string_add(&text, profile->value_column);
        km_string_add(&text, " ");
        km_add_number(&text, profile->values[s], km_decimals(profile->values[s]));
        km_string_add(&text, " (");
        km_add_percent(&text, profile->value_shares[s]);
        km_string_add(&text, "), ");
        km_add_number(&text, each, km_decimals(each));
        km_string_add(&text, " a customer");
        sentence(page, "value", &text);
    }
}

static void print_plan(const km_page *page, int32_t s) {
    if (page->result->plans == NULL) {
        return;
    }
    const kmseg_plan *plan = &page->result->plans[s];
    km_string text;
    plain(page, "action", plan->action);
    if (!isnan(plan->budget_share)) {
        km_string_init(&text, &page->out->allocator);
        km_add_percent(&text, plan->budget_share);
        sentence(page, "budget", &text);
    }
    plain(page, "colour", plan->colour);
    if (plan->name[0] != '\0' && strcmp(plan->name, page->profile->names[s]) != 0) {
        plain(page, "suggested", page->profile->names[s]);
    }
}

static void print_traits(const km_page *page, int32_t s) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    for (int32_t t = 0; t < page->profile->n_traits[s]; t++) {
        km_string_add(&text, t > 0 ? ", " : "");
        km_page_trait(page, &text, s, t);
    }
    if (page->profile->n_traits[s] == 0) {
        km_string_add(&text, "nothing: its customers are much like all the others");
    }
    sentence(page, "apart by", &text);
}

static void print_rules(const km_page *page, int32_t s) {
    const kmseg_tree *rules = page->result->rules;
    int32_t n = 0, more = 0;
    for (int32_t r = 0; rules != NULL && r < rules->n_rules; r++) {
        if (rules->rules[r].segment == s && n < FIRST_RULES) {
            km_string_format(page->out, "   %-*s", LABEL_WIDTH, n == 0 ? "rule" : "or");
            km_page_rule(page, &rules->rules[r], 3 + LABEL_WIDTH);
            n++;
        } else {
            more += rules->rules[r].segment == s;
        }
    }
    if (more > 0) {
        km_string_format(page->out, "   %-*s%d more, which find fewer\n", LABEL_WIDTH, "", more);
    } else if (rules != NULL && n == 0) {
        plain(page, "rule", "none that is short: its customers are too much like others");
    }
}

static void print_typical(const km_page *page, int32_t s) {
    const kmseg_result *result = page->result;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    for (int32_t t = 0; t < result->n_typical; t++) {
        int64_t sample = result->typical[(int64_t)s * result->n_typical + t];
        if (sample >= 0) {
            km_string_add(&text, t > 0 ? ", " : "");
            km_add_clean(&text, result->ids[sample], ID_WIDTH);
        }
    }
    if (text.length > 0) {
        km_string_add(&text, " (the real ones nearest to the centre)");
        sentence(page, "typical", &text);
    } else {
        km_string_free(&text);
    }
}

/* ---- how values are spread ---- */

/* Of the histogram: one block per bin, as high as the bin is full against one in which all bins are
 * as full as those of all customers. */
static void add_blocks(km_string *out, const kmseg_profile *profile,
                       const kmseg_profile_column *column, int32_t s) {
    enum { LOWEST = 0x2581, N_BLOCKS = 8, NONE = 0xb7 };
    double n = 0;
    for (int32_t b = 0; b < column->n_bins; b++) {
        n += (double)column->segment_bins[s * column->n_bins + b];
    }
    for (int32_t b = 0; b < column->n_bins && n > 0; b++) {
        double count = (double)column->segment_bins[s * column->n_bins + b], all = 0, total = 0;
        for (int32_t i = 0; i < profile->n_segments; i++) {
            all += (double)column->segment_bins[i * column->n_bins + b];
            for (int32_t c = 0; c < column->n_bins; c++) {
                total += (double)column->segment_bins[i * column->n_bins + c];
            }
        }
        double lift = count / n / (all / total); /* 1 is half high */
        int height = (int)(lift * N_BLOCKS / 2 + 0.5) - 1;
        height = height < 0 ? 0 : height >= N_BLOCKS ? N_BLOCKS - 1 : height;
        km_utf8_add(out, count > 0 ? (uint32_t)(LOWEST + height) : NONE);
    }
}

static void set_text(const km_page *page, km_grid *grid, int row, int at, const char *text) {
    (void)page;
    km_grid_set(grid, row, at, text, NAME_WIDTH);
}

static int is_share(const kmseg_profile_column *column) {
    return column->is_flag || strcmp(column->unit, "share") == 0;
}

static void set_value(const km_page *page, km_grid *grid, int row, int at, double value,
                      const kmseg_profile_column *column) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    double largest = 0;
    for (int32_t q = 0; q < KMSEG_N_QUANTILES; q++) {
        /* of what is shown: the largest customer would take the decimals of all others */
        largest = q < KMSEG_N_QUANTILES - 1 ? fmax(largest, fabs(column->quantiles[q])) : largest;
    }
    if (is_share(column) && !isnan(value)) {
        km_add_percent(&text, value);
    } else {
        int whole = value == rint(value);
        km_add_number(&text, value, whole ? 0 : km_decimals(largest));
    }
    km_grid_take(grid, row, at, &text);
}

/* The column of number k whose quantiles say something, clustered ones first: not a flag's. */
static const kmseg_profile_column *number_column(const kmseg_profile *profile, int32_t k) {
    for (int clustered = 1; clustered >= 0; clustered--) {
        for (int32_t c = 0; c < profile->n_columns; c++) {
            const kmseg_profile_column *column = &profile->columns[c];
            if (column->type == KMSEG_COLUMN_NUMBER && column->n_bins > 0 && !column->is_flag &&
                (column->clustered != 0) == clustered && k-- == 0) {
                return column;
            }
        }
    }
    return NULL;
}

static void fill_row(const km_page *page, km_grid *grid, int row, int32_t s,
                     const kmseg_profile_column *column) {
    static const int shown[] = {1, 2, 3, 4, 5};
    const double *quantiles = column->segment_quantiles + (int64_t)s * KMSEG_N_QUANTILES;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_add_clean(&text, column->name, NAME_WIDTH);
    if (column->unit[0] != '\0' && !is_share(column)) { /* percent signs say that */
        km_string_add(&text, ", ");
        km_add_clean(&text, column->unit, NAME_WIDTH / 2);
    }
    km_grid_take(grid, row, 0, &text);
    for (int i = 0; i < 5; i++) {
        set_value(page, grid, row, 1 + i, quantiles[shown[i]], column);
    }
    set_value(page, grid, row, 6, column->segment_means[s], column);
    set_value(page, grid, row, 7, column->median, column);
    km_string_init(&text, &page->out->allocator);
    add_blocks(&text, page->profile, column, s);
    km_grid_take(grid, row, 8, &text);
}

/* Quantiles of a few say little of a segment. */
static void print_hardly_known(const km_page *page, int32_t s) {
    const kmseg_profile *profile = page->profile;
    const kmseg_profile_column *column;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    for (int32_t k = 0; (column = number_column(profile, k)) != NULL; k++) {
        int64_t known = profile->sizes[s] - column->segment_missing[s];
        if (2 * known < profile->sizes[s]) {
            km_string_add(&text, text.length > 0 ? ", " : "Known of fewer than half of them: ");
            km_add_clean(&text, column->name, NAME_WIDTH);
            km_string_add(&text, "\u00a0(");
            km_add_number(&text, (double)known, 0);
            km_string_add(&text, ")");
        }
    }
    if (text.length > 0 && text.data != NULL) {
        km_add_wrapped(page->out, text.data, 3, 0, page->width);
    }
    page->out->failed |= text.failed;
    km_string_free(&text);
}

static void print_numbers(const km_page *page, int32_t s) {
    static const char *const heads[] = {"",     "5 %",  "25 %", "median", "75 %",
                                        "95 %", "mean", "all",  "spread"};
    enum { COLUMNS = sizeof heads / sizeof *heads };
    int32_t n = 0;
    while (number_column(page->profile, n) != NULL) {
        n++;
    }
    if (n == 0) {
        return;
    }
    km_grid grid;
    km_grid_init(&grid, &page->out->allocator, n + 1, COLUMNS);
    if (!grid.failed) {
        grid.left[0] = grid.left[COLUMNS - 1] = 1;
    }
    for (int i = 0; i < COLUMNS && !grid.failed; i++) {
        set_text(page, &grid, 0, i, heads[i]);
    }
    for (int32_t k = 0; k < n && !grid.failed; k++) {
        fill_row(page, &grid, k + 1, s, number_column(page->profile, k));
    }
    km_string_add(page->out, "\n");
    int room = page->width - km_grid_width(&grid, 0, 1) - 2, to = COLUMNS;
    while (to > 2 && !grid.failed && km_grid_width(&grid, 1, to) > room) {
        to--; /* a narrow terminal shows what fits */
    }
    km_grid_print(&grid, page->out, 0, grid.n_rows, 1, 1, to);
    page->out->failed |= grid.failed;
    km_grid_free(&grid);
    print_hardly_known(page, s);
}

/* " 40 % (1.3 x)": a share, and over that of all customers. */
static void add_share(km_string *text, double share, double of_all) {
    km_string_add(text, "\u00a0");
    km_add_number(text, 100 * share, share < 0.0995 ? 1 : 0);
    km_string_add(text, "\u00a0% (");
    km_add_number(text, share / of_all, 2);
    km_string_add(text, "\u00a0x)");
}

/* Shares are of the customers of whom the column is known, which may be few. */
static void add_known(km_string *text, const kmseg_profile *profile,
                      const kmseg_profile_column *column, int32_t s) {
    int64_t missing = column->segment_missing[s];
    if (missing > 0) {
        km_string_add(text, "; known of\u00a0");
        km_add_number(text, (double)(profile->sizes[s] - missing), 0);
    }
}

/* "SeniorCitizen: yes 20 % (1.3 x)" */
static void print_flag(const km_page *page, int32_t s, const kmseg_profile_column *column) {
    double share = column->segment_means[s];
    if (isnan(share) || !(column->mean > 0)) {
        return;
    }
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_add_clean(&text, column->name, NAME_WIDTH);
    km_string_add(&text, ": yes");
    add_share(&text, share, column->mean);
    add_known(&text, page->profile, column, s);
    if (text.data != NULL) {
        km_add_wrapped(page->out, text.data, 3, 0, page->width);
    }
    page->out->failed |= text.failed;
    km_string_free(&text);
}

/* "plan: Basic 40 % (x 1.3), Plus 35 % (x 0.9)": the levels with most customers of the segment. */
static void print_levels(const km_page *page, int32_t s, const kmseg_profile_column *column) {
    const double *shares = column->segment_shares + (int64_t)s * column->n_levels;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_add_clean(&text, column->name, NAME_WIDTH);
    km_string_add(&text, ": ");
    double before = INFINITY;
    int32_t at = -1;
    for (int32_t shown = 0; shown < MOST_LEVELS; shown++) {
        int32_t best = -1;
        for (int32_t l = 0; l < column->n_levels; l++) {
            int is_next = shares[l] < before || (shares[l] == before && l > at);
            best = shares[l] > 0 && is_next && (best < 0 || shares[l] > shares[best]) ? l : best;
        }
        if (best < 0) {
            break;
        }
        before = shares[best];
        at = best;
        km_string_add(&text, shown > 0 ? ", " : "");
        km_add_clean(&text, column->levels[best], NAME_WIDTH);
        add_share(&text, shares[best], column->level_shares[best]);
    }
    add_known(&text, page->profile, column, s);
    if (text.data != NULL && at >= 0) {
        km_add_wrapped(page->out, text.data, 3, 0, page->width);
    }
    page->out->failed |= text.failed;
    km_string_free(&text);
}

static void print_segment(const km_page *page, int32_t s) {
    print_title(page, s);
    print_size(page, s);
    print_plan(page, s);
    print_traits(page, s);
    print_rules(page, s);
    print_typical(page, s);
    print_numbers(page, s);
    for (int32_t c = 0; c < page->profile->n_columns; c++) {
        const kmseg_profile_column *column = &page->profile->columns[c];
        if (column->type == KMSEG_COLUMN_TEXT) {
            print_levels(page, s, column);
        } else if (column->is_flag) {
            print_flag(page, s, column);
        }
    }
}

void km_report_profile(const kmseg_result *result, const kmseg_report_options *options,
                       km_string *out) {
    km_page page = km_page_of(result, options, out);
    km_page_title(&page);
    km_page_segments(&page);
    if (number_column(result->profile, 0) != NULL) {
        km_string_add(out, "\n");
        km_add_wrapped(
            out,
            "5 %, 25 %, ...: so many of the segment are at or below this. all: the median of "
            "all customers. spread: where the segment stands among all customers, from their "
            "lowest to their highest tenth; a block half as high as the line is as many as "
            "usual, a full one twice as many or more, a dot none. (1.3 x) is how much more "
            "often than among all.",
            0, 0, page.width);
    }
    for (int32_t s = 0; s < result->n_segments; s++) {
        print_segment(&page, s);
    }
    if (result->rules != NULL && result->n_segments > 1) {
        km_string_add(out, "\n");
        km_page_fidelity(&page);
    }
}
