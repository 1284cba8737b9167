/* Every index over the numbers of segments, as small drawings side by side. */
#include "report/choice.h"
#include "report/display.h"

#include <math.h>
#include <stdio.h>

enum {
    PANEL_WIDTH = 300,
    PANEL_HEIGHT = 210,
    ACROSS = 3,
    LEFT = 52, /* around the curve in its panel */
    RIGHT = 14,
    TOP = 44,
    BOTTOM = 30,
    TITLE = 56,
    TICKS = 3
};

#define INK    "#333333"
#define CURVE  "#1f5fa8"
#define CHOSEN "#c8501e"
#define FAINT  "#d5d5d5"

typedef struct panel {
    const kmseg_choice *choice;
    const km_curve *curve;
    km_string *out;
    double left, top;
    double low, high; /* of the values */
} panel;

static double x_of(const panel *p, int32_t k) {
    const kmseg_choice_row *rows = p->choice->rows;
    double first = rows[0].sweep.n_clusters, last = rows[p->choice->n_rows - 1].sweep.n_clusters;
    double at = last > first ? (k - first) / (last - first) : 0.5;
    return p->left + LEFT + at * (PANEL_WIDTH - LEFT - RIGHT);
}

static double y_of(const panel *p, double value) {
    double at = (value - p->low) / (p->high - p->low);
    return p->top + PANEL_HEIGHT - BOTTOM - at * (PANEL_HEIGHT - TOP - BOTTOM);
}

/* Numbers with one decimal: a tenth of a pixel. */
static void add(km_string *out, const char *before, double value) {
    char text[64];
    km_format_rounded(round(value * 10) / 10, 6, text, sizeof text);
    km_string_format(out, "%s%s", before, text);
}

static void add_line(const panel *p, double x1, double y1, double x2, double y2,
                     const char *style) {
    add(p->out, "<line x1=\"", x1);
    add(p->out, "\" y1=\"", y1);
    add(p->out, "\" x2=\"", x2);
    add(p->out, "\" y2=\"", y2);
    km_string_format(p->out, "\" %s/>\n", style);
}

static void add_text(const panel *p, double x, double y, const char *style, const char *text) {
    add(p->out, "<text x=\"", x);
    add(p->out, "\" y=\"", y);
    km_string_format(p->out, "\" %s>%s</text>\n", style, text);
}

static double error_of(const panel *p, const kmseg_choice_row *row) {
    double error = p->curve->error != NULL ? p->curve->error(row) : 0;
    return isfinite(error) ? error : 0;
}

/* Range of the finite values with their errors. Returns 0 where there is none. */
static int find_range(panel *p) {
    p->low = INFINITY;
    p->high = -INFINITY;
    for (int32_t i = 0; i < p->choice->n_rows; i++) {
        double value = p->curve->value(&p->choice->rows[i]);
        if (isfinite(value)) {
            double error = error_of(p, &p->choice->rows[i]);
            p->low = fmin(p->low, value - error);
            p->high = fmax(p->high, value + error);
        }
    }
    if (!(p->high >= p->low)) {
        return 0;
    }
    if (p->high == p->low) {
        p->low -= fabs(p->low) > 0 ? fabs(p->low) / 2 : 1;
        p->high += fabs(p->high) > 0 ? fabs(p->high) / 2 : 1;
    }
    return 1;
}

static void draw_frame(const panel *p) {
    add_text(p, p->left + LEFT, p->top + 18, "font-weight=\"bold\"", p->curve->name);
    add_text(p, p->left + LEFT, p->top + 33, "font-size=\"10\" fill=\"#777777\"",
             p->curve->reading);
    for (int t = 0; t < TICKS; t++) {
        double value = p->low + (p->high - p->low) * t / (TICKS - 1);
        char text[64];
        km_format_number(value, km_decimals(fmax(fabs(p->low), fabs(p->high))), text, sizeof text);
        add_line(p, p->left + LEFT, y_of(p, value), p->left + PANEL_WIDTH - RIGHT, y_of(p, value),
                 "stroke=\"" FAINT "\"");
        add_text(p, p->left + LEFT - 6, y_of(p, value) + 4, "text-anchor=\"end\" font-size=\"10\"",
                 text);
    }
    int32_t n = p->choice->n_rows, step = n > 16 ? n / 8 : n > 8 ? 2 : 1;
    for (int32_t i = 0; i < n; i += step) {
        char text[16];
        int32_t k = p->choice->rows[i].sweep.n_clusters;
        snprintf(text, sizeof text, "%d", k);
        add_text(p, x_of(p, k), p->top + PANEL_HEIGHT - BOTTOM + 16,
                 "text-anchor=\"middle\" font-size=\"10\"", text);
    }
}

/* The recommended number, through every panel. */
static void draw_recommended(const panel *p) {
    if (p->choice->recommended > 0) {
        double x = x_of(p, p->choice->recommended);
        add_line(p, x, p->top + TOP, x, p->top + PANEL_HEIGHT - BOTTOM,
                 "stroke=\"" CHOSEN "\" stroke-dasharray=\"3 3\"");
    }
}

static void draw_curve(const panel *p) {
    int32_t n = p->choice->n_rows;
    int drawing = 0;
    km_string_add(p->out, "<path fill=\"none\" stroke=\"" CURVE "\" stroke-width=\"1.5\" d=\"");
    for (int32_t i = 0; i < n; i++) {
        double value = p->curve->value(&p->choice->rows[i]);
        if (isfinite(value)) {
            add(p->out, drawing ? " L" : "M", x_of(p, p->choice->rows[i].sweep.n_clusters));
            add(p->out, " ", y_of(p, value));
        }
        drawing = drawing || isfinite(value);
    }
    km_string_add(p->out, "\"/>\n");
    const kmseg_vote *vote = km_vote_of(p->choice, p->curve->index);
    for (int32_t i = 0; i < n; i++) {
        const kmseg_choice_row *row = &p->choice->rows[i];
        double value = p->curve->value(row), error = error_of(p, row);
        if (!isfinite(value)) {
            continue;
        }
        double x = x_of(p, row->sweep.n_clusters);
        if (error > 0) {
            add_line(p, x, y_of(p, value - error), x, y_of(p, value + error),
                     "stroke=\"" CURVE "\"");
        }
        int favoured = vote != NULL && vote->n_clusters == row->sweep.n_clusters;
        add(p->out, "<circle cx=\"", x);
        add(p->out, "\" cy=\"", y_of(p, value));
        km_string_format(p->out, "\" r=\"%s\" fill=\"%s\"><title>%d: ", favoured ? "5" : "2.5",
                         favoured ? CHOSEN : CURVE, row->sweep.n_clusters);
        km_add_number(p->out, value, km_decimals(fmax(fabs(p->low), fabs(p->high))));
        km_string_add(p->out, "</title></circle>\n");
    }
}

static void draw_title(const kmseg_choice *choice, km_string *out) {
    panel p = {.choice = choice, .out = out};
    char text[120];
    if (choice->recommended > 0) {
        snprintf(text, sizeof text, "Recommended: %d segments", choice->recommended);
    } else {
        snprintf(text, sizeof text, "No clear number of segments");
    }
    add_text(&p, LEFT, 24, "font-size=\"16\" font-weight=\"bold\"", text);
    add_text(&p, LEFT, 42, "font-size=\"11\" fill=\"#777777\"",
             "over the number of segments; a large dot is what an index favours");
}

void km_choice_svg(const kmseg_choice *choice, const kmseg_report_options *options,
                   km_string *out) {
    (void)options;
    int n = 0;
    km_string panels;
    km_string_init(&panels, &out->allocator);
    for (int32_t i = 0; i < KM_CURVES; i++) {
        panel p = {.choice = choice, .curve = km_curve_at(i), .out = &panels};
        int row = n / ACROSS, column = n % ACROSS;
        p.left = column * PANEL_WIDTH;
        p.top = TITLE + row * PANEL_HEIGHT;
        if (find_range(&p)) {
            draw_frame(&p);
            draw_recommended(&p);
            draw_curve(&p);
            n++;
        }
    }
    int down = n > 0 ? (n + ACROSS - 1) / ACROSS : 1, height = TITLE + down * PANEL_HEIGHT;
    km_string_format(out,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                     "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"" INK
                     "\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                     ACROSS * PANEL_WIDTH, height, ACROSS * PANEL_WIDTH, height);
    draw_title(choice, out);
    if (panels.data != NULL) {
        km_string_add_n(out, panels.data, panels.length);
    }
    out->failed |= panels.failed;
    km_string_free(&panels);
    km_string_add(out, "</svg>\n");
}
