#include "report/choice.h"

#include "base/context.h"
#include "report/formats.h"

#include <string.h>

static double explained(const kmseg_choice_row *row) { return row->sweep.scores.explained; }
static double silhouette(const kmseg_choice_row *row) { return row->sweep.scores.silhouette; }
static double silhouette_error(const kmseg_choice_row *row) {
    return row->sweep.scores.silhouette_error;
}
static double calinski(const kmseg_choice_row *row) { return row->sweep.scores.calinski_harabasz; }
static double davies(const kmseg_choice_row *row) { return row->sweep.scores.davies_bouldin; }
static double gap(const kmseg_choice_row *row) { return row->gap; }
static double gap_error(const kmseg_choice_row *row) { return row->gap_error; }
static double stability(const kmseg_choice_row *row) { return row->stability; }

static const km_curve curves[KM_CURVES] = {
    {"explained variance", "look for a knee", "knee", explained, NULL},
    {"silhouette", "higher is better", "silhouette", silhouette, silhouette_error},
    {"gap statistic", "first k that the next does not beat by its error", "gap", gap, gap_error},
    {"Calinski-Harabasz", "higher is better", "calinski_harabasz", calinski, NULL},
    {"Davies-Bouldin", "lower is better", "davies_bouldin", davies, NULL},
    {"least stable segment", "0.75 and more is valid", NULL, stability, NULL},
};

const km_curve *km_curve_at(int32_t i) { return i >= 0 && i < KM_CURVES ? &curves[i] : NULL; }

const kmseg_vote *km_vote_of(const kmseg_choice *choice, const char *index) {
    for (int i = 0; i < KMSEG_VOTES && index != NULL; i++) {
        if (strcmp(choice->votes[i].index, index) == 0) {
            return &choice->votes[i];
        }
    }
    return NULL;
}

kmseg_status kmseg_report_choice(kmseg_context *ctx, const kmseg_choice *choice, const char *format,
                                 const kmseg_report_options *options, char **out) {
    static const struct {
        const char *name;
        void (*write)(const kmseg_choice *, const kmseg_report_options *, km_string *);
    } formats[] = {{"text", km_choice_text}, {"json", km_choice_json}, {"svg", km_choice_svg}};
    *out = NULL;
    kmseg_report_options defaults;
    kmseg_report_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    if (options->struct_size != sizeof defaults || options->width < 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "report options: struct_size is %zu and width %d; they need to be %zu and "
                       "at least 0",
                       options->struct_size, options->width, sizeof defaults);
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].name, format) == 0) {
            km_string text;
            km_string_init(&text, &ctx->allocator);
            formats[i].write(choice, options, &text);
            return km_report_own(ctx, &text, out);
        }
    }
    return km_fail(ctx, KMSEG_E_NOT_FOUND, "no format %s of a choice; there are text, json, svg",
                   format);
}
