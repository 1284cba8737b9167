/* The report that people read: a table of segments, what sets each apart, how good they are. */
#include "report/display.h"
#include "report/formats.h"
#include "report/grid.h"
#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_WIDTH = 34,    /* a longer segment name is cut in the table, not below it */
    FEATURE_WIDTH = 26, /* likewise the name of a feature */
    HEADER_ROWS = 2,
    BAR_WIDTH = 12,
    FEW = 30,        /* customers of a segment, below which a warning stands */
    LABEL_WIDTH = 21 /* of the sentences below the tables */
};

/* A space at which km_add_wrapped() does not break. */
#define KEEP "\u00a0"

void km_page_heading(const km_page *page, const char *text) {
    km_string_format(page->out, page->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static int has_value(const km_page *page) { return page->profile->value_column[0] != '\0'; }

/* The i-th clustered column. */
static const kmseg_profile_column *feature(const km_page *page, int32_t i) {
    for (int32_t c = 0; c < page->profile->n_columns; c++) {
        if (page->profile->columns[c].clustered && i-- == 0) {
            return &page->profile->columns[c];
        }
    }
    return NULL;
}

void km_page_title(const km_page *page) {
    const kmseg_result *result = page->result;
    km_string *out = page->out;
    if (page->colour) {
        km_string_add(out, "\033[1m");
    }
    km_string_format(out, "%d segment%s of ", result->n_segments,
                     result->n_segments == 1 ? "" : "s");
    km_add_number(out, (double)result->n_samples, 0);
    km_string_format(out, " customer%s\n", result->n_samples == 1 ? "" : "s");
    if (page->colour) {
        km_string_add(out, "\033[0m");
    }
    if (result->n_segments < result->n_requested && result->n_merges == 0) {
        char text[200];
        snprintf(text, sizeof text,
                 "Asked for %d segments; the data have only %d distinct rows, so there are %d.",
                 result->n_requested, result->n_segments, result->n_segments);
        km_add_wrapped(out, text, 0, 0, page->width);
    }
}

/* Decimals of a number column: those that its largest segment mean needs. */
static int feature_decimals(const km_page *page, const kmseg_profile_column *column) {
    double largest = fabs(column->mean);
    for (int32_t s = 0; s < page->profile->n_segments; s++) {
        double mean = fabs(column->segment_means[s]);
        largest = mean > largest ? mean : largest;
    }
    return km_decimals(largest);
}

/* "France 62 %": the most frequent level. */
static void add_top_level(km_string *out, const kmseg_profile_column *column,
                          const double *shares) {
    int32_t top = -1;
    for (int32_t l = 0; l < column->n_levels; l++) {
        if (shares[l] > 0 && (top < 0 || shares[l] > shares[top])) {
            top = l;
        }
    }
    if (top < 0) {
        km_string_add(out, "-");
        return;
    }
    km_add_clean(out, column->levels[top], 14);
    km_string_add(out, " ");
    km_add_number(out, 100 * shares[top], 0);
    km_string_add(out, " %");
}

static int is_share(const kmseg_profile_column *column) {
    return column->type == KMSEG_COLUMN_NUMBER &&
           (column->is_flag || strcmp(column->unit, "share") == 0);
}

/* A mean with the digits of its column; a column of shares or flags in percent. */
static void add_mean(const km_page *page, km_string *out, const kmseg_profile_column *column,
                     double mean) {
    if (is_share(column) && !isnan(mean)) {
        km_add_number(out, 100 * mean, 0);
        km_string_add(out, KEEP "%");
    } else {
        km_add_number(out, mean, feature_decimals(page, column));
    }
}

/* A feature in a segment, or over all customers when segment is n_segments. */
static void set_feature(const km_page *page, km_grid *grid, int row, int column,
                        const kmseg_profile_column *from, int32_t segment) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    int all = segment == page->profile->n_segments;
    if (from->type == KMSEG_COLUMN_TEXT) {
        add_top_level(&text, from,
                      all ? from->level_shares
                          : from->segment_shares + (int64_t)segment * from->n_levels);
    } else {
        add_mean(page, &text, from, all ? from->mean : from->segment_means[segment]);
    }
    km_grid_take(grid, row, column, &text);
}

static const char *feature_unit(const kmseg_profile_column *column) {
    return column->type == KMSEG_COLUMN_TEXT ? "most often" : column->unit;
}

static void set_number(const km_page *page, km_grid *grid, int row, int column, double value,
                       int decimals) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_add_number(&text, value, decimals);
    km_grid_take(grid, row, column, &text);
}

static void set_percent(const km_page *page, km_grid *grid, int row, int column, double share) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_add_percent(&text, share);
    km_grid_take(grid, row, column, &text);
}

/* Number, name, customers and value of each segment, and a last row for all. */
static void fill_base(const km_page *page, km_grid *grid) {
    const kmseg_profile *profile = page->profile;
    km_grid_set(grid, 1, 0, "#", 0);
    km_grid_set(grid, 1, 1, "segment", 0);
    km_grid_set(grid, 0, 2, "customers", 0);
    km_grid_set(grid, 1, 2, "number", 0);
    km_grid_set(grid, 1, 3, "share", 0);
    grid->left[1] = 1;
    double total = 0, largest = 0;
    for (int32_t s = 0; s < profile->n_segments; s++) {
        total += profile->values[s];
        largest = fabs(profile->values[s]) > largest ? fabs(profile->values[s]) : largest;
    }
    if (has_value(page)) {
        char header[FEATURE_WIDTH * 4 + 16];
        snprintf(header, sizeof header, "%.*s", FEATURE_WIDTH * 4, profile->value_column);
        km_grid_set(grid, 0, 4, header, FEATURE_WIDTH);
        km_grid_set(grid, 1, 4, "sum", 0);
        km_grid_set(grid, 1, 5, "share", 0);
    }
    for (int32_t s = 0; s <= profile->n_segments; s++) {
        int row = HEADER_ROWS + s, all = s == profile->n_segments;
        if (!all) {
            set_number(page, grid, row, 0, s + 1, 0);
        }
        set_number(page, grid, row, 2, (double)(all ? profile->n_rows : profile->sizes[s]), 0);
        set_percent(page, grid, row, 3, all ? 1 : profile->size_shares[s]);
        if (has_value(page)) {
            set_number(page, grid, row, 4, all ? total : profile->values[s], km_decimals(largest));
            set_percent(page, grid, row, 5, all ? 1 : profile->value_shares[s]);
        }
    }
}

/* The names of the segments, cut at most columns. */
static void fill_names(const km_page *page, km_grid *grid, int most) {
    for (int32_t s = 0; s < page->profile->n_segments; s++) {
        km_grid_set(grid, HEADER_ROWS + s, 1, kmseg_segment_name(page->result, s), most);
    }
    km_grid_set(grid, HEADER_ROWS + page->profile->n_segments, 1, "all", 0);
}

/* "monetary, GBP" */
static void set_feature_name(const km_page *page, km_grid *grid, int row,
                             const kmseg_profile_column *column) {
    km_string name;
    km_string_init(&name, &page->out->allocator);
    km_add_clean(&name, column->name, FEATURE_WIDTH);
    if (feature_unit(column)[0] != '\0') {
        km_string_add(&name, ", ");
        km_add_clean(&name, feature_unit(column), FEATURE_WIDTH);
    }
    km_grid_take(grid, row, 0, &name);
}

/* The column behind those from from on that fit in room, most at a time and at least one. */
static int fitting(const km_grid *grid, int from, int room, int most) {
    int to = from + 1;
    while (to < grid->n_columns && to - from < most && km_grid_width(grid, from, to + 1) <= room) {
        to++;
    }
    return to;
}

/* How many columns at a time, so that the last block is about as wide as the others. */
static int even_columns(const km_grid *grid, int from, int room) {
    int blocks = 0, n = grid->n_columns - from;
    for (int at = from; at < grid->n_columns; blocks++) {
        at = fitting(grid, at, room, n);
    }
    return blocks > 0 ? (n + blocks - 1) / blocks : 1;
}

/* One row per feature; beside it all customers, then as many segments as fit the width. */
static void print_features_down(const km_page *page) {
    enum { FIXED = 2 };
    int32_t n_segments = page->profile->n_segments;
    km_grid grid;
    km_grid_init(&grid, &page->out->allocator, 1 + page->n_features, FIXED + n_segments);
    if (!grid.failed) {
        grid.left[0] = 1;
        km_grid_set(&grid, 0, 0, "segment", 0);
        km_grid_set(&grid, 0, 1, "all", 0);
    }
    for (int32_t s = 0; s < n_segments && !grid.failed; s++) {
        set_number(page, &grid, 0, FIXED + s, s + 1, 0);
    }
    for (int32_t f = 0; f < page->n_features && !grid.failed; f++) {
        set_feature_name(page, &grid, 1 + f, feature(page, f));
        set_feature(page, &grid, 1 + f, 1, feature(page, f), n_segments);
        for (int32_t s = 0; s < n_segments; s++) {
            set_feature(page, &grid, 1 + f, FIXED + s, feature(page, f), s);
        }
    }
    km_page_heading(page, "Mean of each feature");
    int room = page->width - km_grid_width(&grid, 0, FIXED) - 2;
    int most = even_columns(&grid, FIXED, room);
    for (int from = FIXED; from < grid.n_columns && !grid.failed;) {
        int to = fitting(&grid, from, room, most);
        km_string_add(page->out, from > FIXED ? "\n" : "");
        km_grid_print(&grid, page->out, 0, grid.n_rows, FIXED, from, to);
        from = to;
    }
    page->out->failed |= grid.failed;
    km_grid_free(&grid);
}

/* A bar beside each segment, as long as its share of the customers; the largest is BAR_WIDTH. */
static void fill_bars(const km_page *page, km_grid *grid, int column) {
    const kmseg_profile *profile = page->profile;
    double most = 0;
    for (int32_t s = 0; s < profile->n_segments; s++) {
        most = profile->size_shares[s] > most ? profile->size_shares[s] : most;
    }
    grid->left[column] = 1;
    km_grid_set(grid, 1, column, "customers", 0);
    for (int32_t s = 0; s < profile->n_segments && most > 0; s++) {
        km_string bar;
        km_string_init(&bar, &page->out->allocator);
        km_add_bar(&bar, profile->size_shares[s] / most, BAR_WIDTH);
        km_grid_take(grid, HEADER_ROWS + s, column, &bar);
    }
}

/* The table of segments with their features behind column base; the last before it are bars. */
static void fill_segments(const km_page *page, km_grid *grid, int base, int bars) {
    const kmseg_profile *profile = page->profile;
    km_grid_init(grid, &page->out->allocator, HEADER_ROWS + profile->n_segments + 1,
                 base + page->n_features);
    if (!grid->failed) {
        fill_base(page, grid);
        fill_names(page, grid, NAME_WIDTH);
    }
    if (!grid->failed && bars) {
        fill_bars(page, grid, base - 1);
    }
    for (int32_t f = 0; f < page->n_features && !grid->failed; f++) {
        const kmseg_profile_column *column = feature(page, f);
        km_grid_set(grid, 0, base + f, column->name, FEATURE_WIDTH);
        km_grid_set(grid, 1, base + f, column->type == KMSEG_COLUMN_TEXT ? "most often" : "mean",
                    0);
        if (column->type != KMSEG_COLUMN_TEXT && column->unit[0] != '\0') {
            km_grid_set(grid, 1, base + f, column->unit, FEATURE_WIDTH);
        }
        for (int32_t s = 0; s <= profile->n_segments; s++) {
            set_feature(page, grid, HEADER_ROWS + s, base + f, column, s);
        }
    }
}

/* The room that names have where features are not beside them. */
static int room_of_names(const km_page *page, const km_grid *grid, int base) {
    return page->width - km_grid_width(grid, 0, 1) - km_grid_width(grid, 2, base) - 4;
}

/* Features stand beside the segments where the terminal is wide enough, else in their own table. On a
 * terminal there are bars too, where they take the room of neither features nor names. */
void km_page_segments(const km_page *page) {
    int bars = page->colour, base = (has_value(page) ? 6 : 4) + bars, beside;
    km_grid grid;
    for (;;) {
        fill_segments(page, &grid, base, bars);
        int width = km_grid_width(&grid, 0, grid.n_columns);
        beside = width <= page->width;
        int is_beside_alone = width - BAR_WIDTH - 2 <= page->width;
        if (!bars || beside ||
            (!is_beside_alone && room_of_names(page, &grid, base) >= NAME_WIDTH)) {
            break;
        }
        km_grid_free(&grid);
        bars = 0;
        base--;
    }
    if (!grid.failed) {
        km_string_add(page->out, "\n");
        if (!beside) { /* the names have the room that the features do not take */
            int room = room_of_names(page, &grid, base);
            fill_names(page, &grid, room > 12 ? room : 12);
        } else if (page->n_features > 0) {
            int before = km_grid_width(&grid, 0, base) + 2;
            km_string_format(page->out, "%*s%s\n", before, "", "mean per customer");
        }
        km_grid_print(&grid, page->out, 0, grid.n_rows, base, base, beside ? grid.n_columns : base);
    }
    page->out->failed |= grid.failed;
    km_grid_free(&grid);
    if (!beside) {
        print_features_down(page);
    }
}

void km_page_trait(const km_page *page, km_string *out, int32_t segment, int32_t t) {
    char text[300];
    kmseg_trait_text(page->profile, segment, t, text, sizeof text);
    char *all = strstr(text, " (all: ");
    for (char *c = all; c != NULL; c = strstr(c + 1, " (all: ")) {
        all = c;
    }
    for (char *c = text; *c != '\0'; c++) {
        char one[2] = {*c, '\0'};
        int keep = *c == ' ' && ((all != NULL && c >= all) || c[1] == '%');
        km_string_add(out, keep ? KEEP : one);
    }
}

static void print_traits(const km_page *page) {
    const kmseg_profile *profile = page->profile;
    if (profile->n_segments < 2) {
        return;
    }
    km_page_heading(page, "What sets each segment apart (medians)");
    for (int32_t s = 0; s < profile->n_segments; s++) {
        km_string line;
        km_string_init(&line, &page->out->allocator);
        for (int32_t t = 0; t < profile->n_traits[s]; t++) {
            km_string_add(&line, t > 0 ? ", " : "");
            km_page_trait(page, &line, s, t);
        }
        if (profile->n_traits[s] == 0) {
            km_string_add(&line, "nothing: its customers are much like all the others");
        }
        km_string_format(page->out, "%2d  ", s + 1);
        km_add_wrapped(page->out, kmseg_segment_name(page->result, s), 4, 4, page->width);
        km_string_add(page->out, "    ");
        if (line.data != NULL) {
            km_add_wrapped(page->out, line.data, 4, 4, page->width);
        }
        page->out->failed |= line.failed;
        km_string_free(&line);
    }
}

/* A label and its sentence, wrapped beside it. Frees text. */
static void print_line(const km_page *page, const char *label, km_string *text) {
    km_string_format(page->out, "%-*s", LABEL_WIDTH, label);
    if (text->data != NULL) {
        km_add_wrapped(page->out, text->data, LABEL_WIDTH, LABEL_WIDTH, page->width);
    }
    page->out->failed |= text->failed;
    km_string_free(text);
}

static const char *structure(double silhouette) {
    return silhouette > 0.70   ? "strong structure"
           : silhouette > 0.50 ? "reasonable structure"
           : silhouette > 0.25 ? "weak structure"
                               : "no substantial structure";
}

static void print_silhouette(const km_page *page) {
    const kmseg_scores *scores = &page->result->scores;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    if (isnan(scores->silhouette)) {
        km_string_add(&text, "not defined for these segments: it compares two or more");
    } else {
        km_add_number(&text, scores->silhouette, 2);
        if (scores->silhouette_error > 0) {
            km_string_add(&text, " +- ");
            km_add_number(&text, scores->silhouette_error, 3);
            km_string_add(&text, " (from ");
            km_add_number(&text, (double)scores->silhouette_samples, 0);
            km_string_add(&text, " customers)");
        }
        km_string_format(&text,
                         ": %s. From -1 to 1; above 0.25 is weak, above 0.50 reasonable, above "
                         "0.70 strong (Kaufman & Rousseeuw 1990)",
                         structure(scores->silhouette));
    }
    print_line(page, "silhouette", &text);
}

static void print_explained(const km_page *page) {
    const kmseg_scores *scores = &page->result->scores;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    if (!isnan(scores->explained)) {
        km_add_percent(&text, scores->explained);
        km_string_add(&text, " of the variance of the prepared features lies between segments");
        print_line(page, "explained", &text);
    }
    if (!isnan(scores->calinski_harabasz) && !isnan(scores->davies_bouldin)) {
        km_string_init(&text, &page->out->allocator);
        km_string_add(&text, "Calinski-Harabasz ");
        km_add_number(&text, scores->calinski_harabasz, km_decimals(scores->calinski_harabasz));
        km_string_add(&text, " (higher is better), Davies-Bouldin ");
        km_add_number(&text, scores->davies_bouldin, 2);
        km_string_add(&text, " (lower is better)");
        print_line(page, "to compare fits", &text);
    }
}

/* Which segments were too small, and what became of them. */
static void print_merges(const km_page *page) {
    const kmseg_result *result = page->result;
    km_string text;
    if (result->n_merges == 0) {
        return;
    }
    km_string_init(&text, &page->out->allocator);
    km_string_format(&text, "%d of %d segments %s too small: ", result->n_merges,
                     result->n_requested, result->n_merges == 1 ? "was" : "were");
    for (int32_t i = 0; i < result->n_merges; i++) {
        const kmseg_merge *merge = &result->merges[i];
        km_string_add(&text, i > 0 ? ", " : "");
        km_add_number(&text, (double)merge->size, 0);
        km_string_format(&text, " customer%s", merge->size == 1 ? "" : "s");
        if (merge->segment >= 0) {
            km_string_format(&text, " into segment %d", merge->segment + 1);
        }
    }
    if (result->inertia_unmerged > 0) {
        km_string_add(&text, ". The inertia is ");
        km_add_percent(&text, result->inertia / result->inertia_unmerged - 1);
        km_string_add(&text, " higher for it");
    }
    print_line(page, "merged", &text);
}

static void print_rows(const km_page *page) {
    const kmseg_result *result = page->result;
    km_string text;
    if (result->n_dropped > 0) {
        km_string_init(&text, &page->out->allocator);
        km_add_number(&text, (double)result->n_dropped, 0);
        km_string_add(&text, " of ");
        km_add_number(&text, (double)result->n_table_rows, 0);
        km_string_add(&text, " customers, because a column that the segments are made from is "
                             "missing");
        print_line(page, "left out", &text);
    }
    int64_t n_filled = 0;
    int32_t n_columns = 0;
    for (int32_t c = 0; c < result->prepare->n_columns && result->n_dropped == 0; c++) {
        n_filled += result->prepare->columns[c].n_missing;
        n_columns += result->prepare->columns[c].n_missing > 0;
    }
    if (n_filled > 0) {
        km_string_init(&text, &page->out->allocator);
        km_add_number(&text, (double)n_filled, 0);
        km_string_format(&text, " missing value%s in %d column%s, by the rules below",
                         n_filled == 1 ? "" : "s", n_columns, n_columns == 1 ? "" : "s");
        print_line(page, "filled in", &text);
    }
}

/* A mean over a handful is an anecdote. */
static void print_small(const km_page *page) {
    const kmseg_profile *profile = page->profile;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    int32_t n = 0;
    for (int32_t s = 0; s < profile->n_segments && profile->n_segments > 1; s++) {
        if (profile->sizes[s] < FEW) {
            km_string_format(&text, "%s%d", n > 0 ? ", " : "", s + 1);
            n++;
        }
    }
    if (n > 0) {
        km_string_format(&text, ": fewer than %d customers%s, so the means say little", FEW,
                         n > 1 ? " each" : "");
        print_line(page, n > 1 ? "small segments" : "small segment", &text);
    } else {
        km_string_free(&text);
    }
}

static void print_fit(const km_page *page) {
    const kmseg_result *result = page->result;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_string_format(&text, "k-means, %d iteration%s, stopped because %s", result->n_iter,
                     result->n_iter == 1 ? "" : "s", kmseg_stop_reason_text(result->stop_reason));
    if (result->n_distinct > 0) {
        km_string_add(&text, "; equal customers counted together, ");
        km_add_number(&text, result->n_distinct, 0);
        km_string_add(&text, " that differ");
    }
    if (result->n_coreset > 0) {
        km_string_add(&text, "; begun on ");
        km_add_number(&text, result->n_coreset, 0);
        km_string_add(&text, " customers that stand for all");
    }
    if (result->n_given_up > 0) {
        km_string_format(&text, "; %d restart%s fell behind and %s given up", result->n_given_up,
                         result->n_given_up == 1 ? "" : "s",
                         result->n_given_up == 1 ? "was" : "were");
    }
    print_line(page, "fit", &text);
}

static void print_no_profile(const km_page *page) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_string_add(&text,
                  "not made (--no-profile): without it there are no names in words, no rules, no "
                  "scores that measure distances and no page of kmseg report. kmseg predict and "
                  "kmseg export need none");
    print_line(page, "profile", &text);
}

static void print_quality(const km_page *page) {
    km_page_heading(page, "How good the segments are");
    if (kmseg_result_has_profile(page->result)) {
        print_silhouette(page);
    }
    print_explained(page);
    print_merges(page);
    print_small(page);
    print_rows(page);
    km_string text;
    if (!has_value(page)) {
        km_string_init(&text, &page->out->allocator);
        km_string_add(&text, "no column was recognised as revenue; --value COLUMN names one, and "
                             "adds its sum and share per segment");
        print_line(page, "value", &text);
    }
    print_fit(page);
    if (!kmseg_result_has_profile(page->result)) {
        print_no_profile(page);
    }
}

static void print_notes(const km_page *page) {
    const kmseg_prepare *prepare = page->result->prepare;
    if (prepare->n_notes == 0) {
        return;
    }
    km_page_heading(page, "How the columns were used");
    for (int32_t i = 0; i < prepare->n_notes; i++) {
        km_string_add(page->out, "- ");
        km_add_wrapped(page->out, prepare->notes[i], 2, 2, page->width);
    }
}

/* The widest rule of every segment; kmseg profile has the others. */
static void print_rules(const km_page *page) {
    const kmseg_tree *rules = page->result->rules;
    if (rules == NULL || page->profile->n_segments < 2) {
        return;
    }
    km_page_heading(page, "Rules to tell the segments by");
    for (int32_t s = 0, r = 0; s < page->profile->n_segments; s++) {
        while (r < rules->n_rules && rules->rules[r].segment < s) {
            r++;
        }
        km_string_format(page->out, "%2d  ", s + 1);
        if (r == rules->n_rules || rules->rules[r].segment != s) {
            km_add_wrapped(page->out, "no short rule: its customers are too much like others", 4, 4,
                           page->width);
            continue;
        }
        km_page_rule(page, &rules->rules[r], 4);
    }
    km_page_fidelity(page);
}

void km_page_rule(const km_page *page, const kmseg_tree_rule *rule, int indent) {
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_string_add(&text, rule->text);
    km_string_add(&text, " (right for ");
    km_add_number(&text, 100 * rule->precision, 0);
    km_string_add(&text, KEEP "% of them, finds ");
    km_add_number(&text, 100 * rule->coverage, 0);
    km_string_add(&text, KEEP "% of the segment)");
    if (text.data != NULL) {
        km_add_wrapped(page->out, text.data, indent, indent, page->width);
    }
    page->out->failed |= text.failed;
    km_string_free(&text);
}

void km_page_fidelity(const km_page *page) {
    const kmseg_tree *rules = page->result->rules;
    km_string text;
    km_string_init(&text, &page->out->allocator);
    km_string_add(&text, "All rules together give ");
    km_add_number(&text, 100 * rules->fidelity, 1);
    km_string_add(&text, KEEP "% of customers their segment; saying the largest of everyone would "
                              "be right for ");
    km_add_number(&text, 100 * rules->guess, 1);
    km_string_add(&text, KEEP "%.");
    if (text.data != NULL) {
        km_add_wrapped(page->out, text.data, 0, 0, page->width);
    }
    page->out->failed |= text.failed;
    km_string_free(&text);
}

km_page km_page_of(const kmseg_result *result, const kmseg_report_options *options,
                   km_string *out) {
    enum { DEFAULT_WIDTH = 100, MIN_WIDTH = 40 };
    km_page page = {
        .result = result, .profile = result->profile, .out = out, .colour = options->colour};
    page.width = options->width == 0          ? DEFAULT_WIDTH
                 : options->width < MIN_WIDTH ? MIN_WIDTH
                                              : options->width;
    for (int32_t c = 0; c < result->profile->n_columns; c++) {
        page.n_features += result->profile->columns[c].clustered != 0;
    }
    return page;
}

void km_report_text(const kmseg_result *result, const kmseg_report_options *options,
                    km_string *out) {
    km_page page = km_page_of(result, options, out);
    km_page_title(&page);
    km_page_segments(&page);
    if (kmseg_result_has_profile(result)) {
        print_traits(&page);
    }
    print_rules(&page);
    print_quality(&page);
    print_notes(&page);
}
