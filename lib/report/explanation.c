/* One customer's segment, explained to people and to programs. */
#include "base/context.h"
#include "report/display.h"
#include "report/formats.h"
#include "report/grid.h"
#include "report/json_writer.h"

#include <kmseg/explain.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_WIDTH = 12, NAME_WIDTH = 30, VALUE_WIDTH = 18 };

/* One explanation in words. */
typedef struct card {
    const kmseg_result *result;
    const kmseg_explanation *of;
    km_string *out;
    int width;
} card;

static void sentence(const card *c, const char *label, km_string *text) {
    km_string_format(c->out, "%-*s", LABEL_WIDTH, label);
    if (text->data != NULL) {
        km_add_wrapped(c->out, text->data, LABEL_WIDTH, LABEL_WIDTH, c->width);
    }
    c->out->failed |= text->failed;
    km_string_free(text);
}

static void print_segment(const card *c, const char *label, int32_t segment) {
    km_string text;
    km_string_init(&text, &c->out->allocator);
    km_string_format(&text, "%d, %s", segment + 1, kmseg_segment_name(c->result, segment));
    sentence(c, label, &text);
}

static void print_distances(const card *c) {
    const kmseg_explanation *of = c->of;
    km_string text;
    km_string_init(&text, &c->out->allocator);
    km_add_number(&text, of->distance, 3);
    km_string_format(&text, " to the centre of segment %d", of->segment + 1);
    if (of->runner_up >= 0) {
        km_string_add(&text, ", ");
        km_add_number(&text, of->runner_up_distance, 3);
        km_string_format(&text, " to that of segment %d", of->runner_up + 1);
    }
    km_string_add(&text, of->is_outlying ? "; outlying: farther than the "
                                         : "; not outlying: nearer than the ");
    km_add_number(&text, of->radius, 3);
    km_string_add(&text, " within which 99 % of the segment were at the fit");
    sentence(c, "distance", &text);
}

static void take_value(const card *c, km_grid *grid, int row, int at,
                       const kmseg_contribution *part, double value) {
    km_string text;
    km_string_init(&text, &c->out->allocator);
    if (part->type == KMSEG_COLUMN_TEXT) {
        km_add_percent(&text, value);
    } else {
        double largest = fmax(fabs(part->value), fmax(fabs(part->own), fabs(part->runner_up)));
        km_add_number(&text, value, value == rint(value) ? 0 : km_decimals(largest));
    }
    km_grid_take(grid, row, at, &text);
}

static void take_signed(const card *c, km_grid *grid, int row, int at, double value, int decimals,
                        const char *behind) {
    km_string text;
    km_string_init(&text, &c->out->allocator);
    km_string_add(&text, value > 0 ? "+" : "");
    km_add_number(&text, value, decimals);
    km_string_add(&text, behind);
    km_grid_take(grid, row, at, &text);
}

static void fill_row(const card *c, km_grid *grid, int row, const kmseg_contribution *part) {
    km_string text;
    km_string_init(&text, &c->out->allocator);
    km_add_clean(&text, part->column, NAME_WIDTH);
    if (part->unit[0] != '\0') {
        km_string_add(&text, ", ");
        km_add_clean(&text, part->unit, NAME_WIDTH / 2);
    }
    km_grid_take(grid, row, 0, &text);
    if (part->type == KMSEG_COLUMN_TEXT) {
        km_string_init(&text, &c->out->allocator);
        km_add_clean(&text, part->level[0] != '\0' ? part->level : "new to the fit", VALUE_WIDTH);
        km_string_add(&text, part->is_filled ? " (filled in)" : "");
        km_grid_take(grid, row, 1, &text);
    } else {
        take_value(c, grid, row, 1, part, part->value);
    }
    take_value(c, grid, row, 2, part, part->own);
    take_value(c, grid, row, 3, part, part->runner_up);
    take_signed(c, grid, row, 4, part->contribution, 3, "");
    int32_t segment = part->contribution > 0 ? c->of->segment : c->of->runner_up;
    char name[32] = "neither";
    if (fabs(part->contribution) >= 0.0005) { /* what is shown as 0 */
        snprintf(name, sizeof name, "segment %d", segment + 1);
    }
    km_grid_set(grid, row, 5, name, 0);
    if (part->is_filled && part->type == KMSEG_COLUMN_NUMBER) {
        km_grid_set(grid, row, 6, "was missing, filled in", 0);
    }
}

static void print_contributions(const card *c) {
    const kmseg_explanation *of = c->of;
    int32_t n = of->n_contributions;
    km_grid grid;
    char own[32], other[32];
    snprintf(own, sizeof own, "segment %d", of->segment + 1);
    snprintf(other, sizeof other, "segment %d", of->runner_up + 1);
    km_grid_init(&grid, &c->out->allocator, n + 2, 7);
    if (!grid.failed) {
        grid.left[0] = grid.left[5] = grid.left[6] = 1;
        km_grid_set(&grid, 0, 0, "column", 0);
        km_grid_set(&grid, 0, 1, "customer", 0);
        km_grid_set(&grid, 0, 2, own, 0);
        km_grid_set(&grid, 0, 3, other, 0);
        km_grid_set(&grid, 0, 4, "adds", 0);
        km_grid_set(&grid, 0, 5, "speaks for", 0);
        km_grid_set(&grid, n + 1, 0, "margin", 0);
        take_signed(c, &grid, n + 1, 4, of->margin, 3, "");
        km_grid_set(&grid, n + 1, 5, own, 0);
    }
    for (int32_t i = 0; i < n && !grid.failed; i++) {
        fill_row(c, &grid, i + 1, &of->contributions[i]);
    }
    km_string text;
    km_string_init(&text, &c->out->allocator);
    km_string_format(
        &text,
        "The margin is how much farther segment %d is, in squared distance. Each column "
        "adds its part of it. Beside the customer's value are those at the two centres (for a "
        "category, the share that has it).",
        of->runner_up + 1);
    km_string_add(c->out, "\n");
    if (text.data != NULL) {
        km_add_wrapped(c->out, text.data, 0, 0, c->width);
    }
    km_string_add(c->out, "\n");
    km_grid_print(&grid, c->out, 0, grid.n_rows, 1, 1, 7);
    c->out->failed |= grid.failed || text.failed;
    km_string_free(&text);
    km_grid_free(&grid);
}

static void print_rule(const card *c) {
    const kmseg_explanation *of = c->of;
    km_string text;
    if (of->rule[0] == '\0') {
        return;
    }
    km_string_init(&text, &c->out->allocator);
    km_string_add(&text, of->rule);
    if (of->rule_segment == of->segment) {
        km_string_format(&text, ": agrees, segment %d", of->rule_segment + 1);
    } else {
        km_string_format(&text, ": disagrees, it says segment %d", of->rule_segment + 1);
    }
    km_string_add(&text, "; the rule is right for ");
    km_add_number(&text, 100 * of->rule_precision, 0);
    km_string_add(&text, "\u00a0% of whom it is true");
    km_string_add(c->out, "\n");
    sentence(c, "rule", &text);
}

static void write_text(const card *c) {
    const kmseg_explanation *of = c->of;
    km_string text;
    km_string_init(&text, &c->out->allocator);
    km_string_add(&text, of->id);
    sentence(c, "customer", &text);
    if (of->segment < 0) {
        km_string_init(&text, &c->out->allocator);
        km_string_add(&text, "none: a column that the segments are made from is missing, and the "
                             "fit left such customers out");
        sentence(c, "segment", &text);
        return;
    }
    print_segment(c, "segment", of->segment);
    if (of->runner_up >= 0) {
        print_segment(c, "runner-up", of->runner_up);
    }
    print_distances(c);
    if (of->n_contributions > 0) {
        print_contributions(c);
    }
    print_rule(c);
}

static void write_contribution(km_json *json, const kmseg_contribution *part, double margin) {
    km_json_open(json, NULL, '{');
    km_json_text(json, "column", part->column);
    km_json_text(json, "unit", part->unit);
    km_json_boolean(json, "filled", part->is_filled);
    if (part->type == KMSEG_COLUMN_TEXT) {
        km_json_text(json, "value", part->level[0] != '\0' ? part->level : NULL);
    } else {
        km_json_number(json, "value", part->value);
    }
    km_json_number(json, "segment", part->own);
    km_json_number(json, "runner_up", part->runner_up);
    km_json_number(json, "contribution", part->contribution);
    km_json_number(json, "share", part->contribution / margin);
    km_json_close(json, '}');
}

static void write_side(km_json *json, const char *key, const kmseg_result *result, int32_t segment,
                       double distance) {
    if (segment < 0) {
        km_json_text(json, key, NULL);
        return;
    }
    km_json_open(json, key, '{');
    km_json_integer(json, "segment", segment + 1);
    km_json_text(json, "name", kmseg_segment_name(result, segment));
    km_json_number(json, "distance", distance);
    km_json_close(json, '}');
}

static void write_json(const card *c) {
    const kmseg_explanation *of = c->of;
    km_json writer = {.out = c->out}, *json = &writer;
    km_json_open(json, NULL, '{');
    km_json_text(json, "kind", "explanation");
    km_json_text(json, "customer", of->id);
    write_side(json, "segment", c->result, of->segment, of->distance);
    write_side(json, "runner_up", c->result, of->runner_up, of->runner_up_distance);
    km_json_number(json, "margin", of->margin);
    km_json_number(json, "radius", of->radius);
    km_json_boolean(json, "outlying", of->is_outlying);
    km_json_open(json, "contributions", '[');
    for (int32_t i = 0; i < of->n_contributions; i++) {
        write_contribution(json, &of->contributions[i], of->margin);
    }
    km_json_close(json, ']');
    if (of->rule[0] != '\0') {
        km_json_open(json, "rule", '{');
        km_json_text(json, "text", of->rule);
        km_json_integer(json, "segment", of->rule_segment + 1);
        km_json_number(json, "precision", of->rule_precision);
        km_json_boolean(json, "agrees", of->rule_segment == of->segment);
        km_json_close(json, '}');
    } else {
        km_json_text(json, "rule", NULL);
    }
    km_json_close(json, '}');
    km_string_add(c->out, "\n");
}

kmseg_status kmseg_report_explanation(kmseg_context *ctx, const kmseg_result *result,
                                      const kmseg_explanation *explanation, const char *format,
                                      const kmseg_report_options *options, char **out) {
    *out = NULL;
    int is_json = strcmp(format, "json") == 0;
    if (!is_json && strcmp(format, "text") != 0) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "no format %s of an explanation; there are text, json", format);
    }
    km_string text;
    km_string_init(&text, &ctx->allocator);
    card c = {.result = result, .of = explanation, .out = &text};
    c.width = options != NULL && options->width >= 40 ? options->width : 100;
    if (is_json) {
        write_json(&c);
    } else {
        write_text(&c);
    }
    return km_report_own(ctx, &text, out);
}
