/* Silhouette and gap over the numbers of segments, as columns of blocks: a picture for a terminal. */
#include "report/choice.h"
#include "report/display.h"

#include <math.h>
#include <stdio.h>

enum {
    BAR_ROWS = 5,
    ROWS = BAR_ROWS + 3, /* title, bars, axis, numbers */
    LABEL = 7,           /* columns of the scale at the left: "-0.123 " */
    APART = 4,
    WIDE = 3, /* columns per number of segments; where they do not fit, 1 */
    N_SHOWN = 2
};

/* One picture. */
typedef struct plot {
    const kmseg_choice *choice;
    const km_curve *curve;
    double low, high; /* of the scale */
    double least;     /* what stands at its lower end */
    int pitch, width;
} plot;

/* Which of km_curve_at() are drawn, and whether their scale starts at 0. */
static const struct {
    int32_t curve;
    int from_zero;
} drawn[N_SHOWN] = {{1, 1}, {2, 0}};

/* The scale of a picture; 0 when there is nothing to draw. */
static int find_scale(plot *p, int from_zero) {
    double least = INFINITY, most = -INFINITY;
    for (int32_t i = 0; i < p->choice->n_rows; i++) {
        double value = p->curve->value(&p->choice->rows[i]);
        if (isfinite(value)) {
            least = fmin(least, value);
            most = fmax(most, value);
        }
    }
    /* The lowest of a curve that has no zero of its own is an eighth of a row above the axis. */
    p->low = from_zero ? 0 : least - (most - least) / (8 * BAR_ROWS - 1);
    p->least = from_zero ? 0 : least;
    p->high = most;
    return p->high > p->low;
}

static void add_spaces(km_string *out, int n) {
    for (; n > 0; n--) {
        km_string_add(out, " ");
    }
}

/* Eighths of a row that a value fills of row from the top; 8 is all of it. */
static int eighths_in(const plot *p, double value, int row) {
    if (!isfinite(value) || !(value > p->low)) {
        return 0;
    }
    int eighths = (int)lrint((value - p->low) / (p->high - p->low) * 8 * BAR_ROWS);
    eighths = eighths > 0 ? eighths : 1;
    int below = 8 * (BAR_ROWS - 1 - row);
    return eighths <= below ? 0 : eighths - below < 8 ? eighths - below : 8;
}

static void add_bars(const plot *p, int row, km_string *out) {
    char label[32] = "";
    if (row == 0) {
        snprintf(label, sizeof label, "%.3f", p->high);
    } else if (row == BAR_ROWS - 1) {
        snprintf(label, sizeof label, "%.3f", p->least);
    }
    km_string_format(out, "%*s ", LABEL - 1, label);
    km_utf8_add(out, 0x2502); /* an axis */
    for (int32_t i = 0; i < p->choice->n_rows; i++) {
        int eighths = eighths_in(p, p->curve->value(&p->choice->rows[i]), row);
        uint32_t block = eighths > 0 ? 0x2580 + (uint32_t)eighths : ' ';
        km_utf8_add(out, block);
        if (p->pitch == WIDE) {
            km_utf8_add(out, block);
            km_string_add(out, " ");
        }
    }
}

static void add_axis(const plot *p, km_string *out) {
    add_spaces(out, LABEL);
    km_utf8_add(out, 0x2514);
    for (int i = LABEL + 1; i < p->width; i++) {
        km_utf8_add(out, 0x2500);
    }
}

/* The number under each bar, or under each fifth where they are narrow. */
static void add_numbers(const plot *p, km_string *out) {
    add_spaces(out, LABEL - 2);
    km_string_add(out, "k");
    add_spaces(out, 2);
    int at = 0;
    for (int32_t i = 0; i < p->choice->n_rows; i++) {
        int32_t k = p->choice->rows[i].sweep.n_clusters;
        char text[16];
        int length = snprintf(text, sizeof text, "%d", k);
        int start = p->pitch == WIDE ? WIDE * i + 2 - length : i + 1 - length;
        if ((p->pitch == WIDE || k % 5 == 0) && start >= at) {
            add_spaces(out, start - at);
            km_string_add(out, text);
            at = start + length;
        }
    }
}

static void add_title(const plot *p, km_string *out) {
    const kmseg_vote *vote = km_vote_of(p->choice, p->curve->index);
    add_spaces(out, LABEL + 1);
    km_string_add(out, p->curve->name);
    if (vote != NULL && vote->n_clusters > 0) {
        km_string_format(out, ": %d", vote->n_clusters);
    }
}

static void add_line(const plot *p, int row, km_string *out) {
    if (row == 0) {
        add_title(p, out);
    } else if (row <= BAR_ROWS) {
        add_bars(p, row - 1, out);
    } else if (row == BAR_ROWS + 1) {
        add_axis(p, out);
    } else {
        add_numbers(p, out);
    }
}

/* Pictures side by side. */
static void print_plots(const plot *plots, int n, km_string *out) {
    km_string_add(out, "\n");
    for (int row = 0; row < ROWS; row++) {
        int column = 0;
        for (int i = 0; i < n; i++) {
            km_string line;
            km_string_init(&line, &out->allocator);
            add_line(&plots[i], row, &line);
            while (line.length > 0 && line.data[line.length - 1] == ' ') {
                line.data[--line.length] = '\0';
            }
            if (line.length > 0) {
                int start = i > 0 ? plots[0].width + APART : 0;
                add_spaces(out, start - column);
                km_string_add(out, line.data);
                column = start + km_text_width(line.data);
            }
            out->failed |= line.failed;
            km_string_free(&line);
        }
        km_string_add(out, "\n");
    }
}

int km_choice_plot(const kmseg_choice *choice, int width, km_string *out) {
    plot plots[N_SHOWN];
    int n = 0;
    if (choice->n_rows < 3) {
        return 0; /* two bars are no curve */
    }
    for (int i = 0; i < N_SHOWN; i++) {
        plot *p = &plots[n];
        *p = (plot){.choice = choice, .curve = km_curve_at(drawn[i].curve)};
        p->pitch = LABEL + WIDE * choice->n_rows <= width ? WIDE : 1;
        p->width = LABEL + 1 + (p->pitch == WIDE ? WIDE * choice->n_rows - 1 : choice->n_rows);
        n += p->width <= width && find_scale(p, drawn[i].from_zero);
    }
    if (n == N_SHOWN && plots[0].width + APART + plots[1].width <= width) {
        print_plots(plots, n, out);
        return n;
    }
    for (int i = 0; i < n; i++) {
        print_plots(&plots[i], 1, out);
    }
    return n;
}
