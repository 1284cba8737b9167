/* The segments of a run: how many, and which. */
#include "base/text.h"
#include "pipeline/run.h"
#include "report/said.h"

#include <string.h>

/* Without a clear number: what the gap statistic favours, where each of its segments comes back and none
 * is tiny, else what has most in its favour, else the least that was asked for. */
static int32_t settle(const kmseg_choice *choice, double min_share, int32_t least) {
    const double valid = 0.75; /* mean Jaccard similarity (Hennig 2007) */
    for (int v = 0; v < KMSEG_VOTES; v++) {
        for (int32_t i = 0; i < choice->n_rows && strcmp(choice->votes[v].index, "gap") == 0; i++) {
            const kmseg_choice_row *row = &choice->rows[i];
            double smallest = (double)row->sweep.smallest / (double)choice->n_samples;
            if (row->sweep.n_clusters == choice->votes[v].n_clusters && row->stability >= valid &&
                smallest >= min_share) {
                return row->sweep.n_clusters;
            }
        }
    }
    return choice->closest > 0 ? choice->closest : least;
}

/* The same status, with the name of the input before a message about its values. */
static kmseg_status of_input(km_run *run, kmseg_status status) {
    int about_values =
        status == KMSEG_E_DATA || status == KMSEG_E_NOT_FOUND || status == KMSEG_E_FORMAT;
    return about_values ? km_fail_prefix(run->ctx, status, "%s", run->input) : status;
}

/* The JSON of a choice, less the times, which differ from run to run. */
static kmseg_status keep_choice(km_run *run, const kmseg_choice *choice, int32_t k,
                                const char *because) {
    char *text;
    KM_TRY(kmseg_report_choice(run->ctx, choice, "json", NULL, &text));
    json_t *json = json_loads(text, 0, NULL);
    kmseg_string_free(text);
    json_object_del(json, "seconds");
    json_object_set_new(json, "taken", json_integer(k));
    json_object_set_new(json, "taken_because", json_string(because));
    KM_TRY(km_said_give(run->ctx, json, &text));
    km_run_keep(run, "choice", text);
    return KMSEG_OK;
}

static kmseg_status choose(km_run *run, int32_t *out) {
    kmseg_run_options *options = &run->options;
    int32_t least = options->k_min, most = options->k_max;
    *out = least;
    options->segment.fit.n_clusters = least;
    if (least == most) {
        return KMSEG_OK;
    }
    KM_TRY(of_input(run, kmseg_choose_k(run->ctx, run->made->shown.customers, &options->segment,
                                        &options->choose, least, most, &run->made->shown.choice)));
    const kmseg_choice *choice = run->made->shown.choice;
    int32_t k = choice->recommended > 0 ? choice->recommended
                                        : settle(choice, options->choose.min_share, least);
    const char *because = choice->recommended > 0 ? "recommended"
                          : k == choice->closest  ? "closest"
                          : choice->closest > 0   ? "gap"
                                                  : "least";
    *out = k;
    KM_TRY(keep_choice(run, choice, k, because));
    if (choice->recommended > 0) {
        return km_run_did(run, "choose-k", 0, "%d segments, of %d to %d", k, least, most);
    }
    return km_run_did(
        run, "choose-k", 0, "no clear number of segments from %d to %d; %d, %s", least, most, k,
        strcmp(because, "gap") == 0 ? "which the gap statistic favours and whose segments come back"
        : choice->closest > 0       ? "which has most in its favour"
                                    : "as nothing speaks for any");
}

kmseg_status km_run_segments(km_run *run) {
    kmseg_segment_options *segment = &run->options.segment;
    kmseg_run_result *made = &run->made->shown;
    int32_t k;
    KM_TRY(choose(run, &k));
    segment->fit.n_clusters = k;
    segment->joined = run->joined;
    KM_TRY(of_input(run, kmseg_segment(run->ctx, made->customers, segment, &made->result)));
    if (run->options.labels != NULL) {
        KM_TRY(kmseg_plans_read(run->ctx, made->result, run->options.labels));
    }
    for (int i = 0; i < run->n_reports; i++) {
        KM_TRY(kmseg_result_add_report(run->ctx, made->result, run->reports[i].name,
                                       run->reports[i].json));
    }
    const kmseg_result *result = made->result;
    char customers[64], silhouette[64];
    km_format_number((double)result->n_samples, 0, customers, sizeof customers);
    km_format_number(result->scores.silhouette, 2, silhouette, sizeof silhouette);
    return km_run_did(run, "fit", 0, "%d segments of %s customers, on %d columns; silhouette %s",
                      result->n_segments, customers, result->prepare->n_columns, silhouette);
}
