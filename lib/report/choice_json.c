#include "report/choice.h"
#include "report/json_writer.h"

static void write_segments(km_json *json, const kmseg_choice_row *row) {
    km_json_open(json, "segments", '[');
    for (int32_t s = 0; s < row->sweep.n_segments; s++) {
        km_json_open(json, NULL, '{');
        km_json_integer(json, "customers", row->segment_sizes[s]);
        km_json_number(json, "stability", row->segment_stabilities[s]);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
}

static void write_row(km_json *json, const kmseg_choice *choice, const kmseg_choice_row *row) {
    km_json_open(json, NULL, '{');
    km_json_integer(json, "n_clusters", row->sweep.n_clusters);
    km_json_integer(json, "n_segments", row->sweep.n_segments);
    km_json_integer(json, "n_votes", row->n_votes);
    km_json_scores(json, &row->sweep.scores);
    km_json_number(json, "gap", row->gap);
    km_json_number(json, "gap_error", row->gap_error);
    km_json_number(json, "stability", row->stability);
    km_json_number(json, "stability_mean", row->stability_mean);
    km_json_integer(json, "smallest", row->sweep.smallest);
    km_json_number(json, "smallest_share", (double)row->sweep.smallest / (double)choice->n_samples);
    write_segments(json, row);
    km_json_close(json, '}');
}

static void write_gaps(km_json *json, const kmseg_choice *choice) {
    km_json_open(json, "gap_statistic", '[');
    for (int32_t i = 0; i < choice->n_gaps; i++) {
        const kmseg_gap *gap = &choice->gaps[i];
        km_json_open(json, NULL, '{');
        km_json_integer(json, "n_clusters", gap->n_clusters);
        km_json_number(json, "log_inertia", gap->log_inertia);
        km_json_number(json, "expected", gap->expected);
        km_json_number(json, "gap", gap->gap);
        km_json_number(json, "error", gap->error);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
}

static void write_votes(km_json *json, const kmseg_choice *choice) {
    km_json_open(json, "votes", '[');
    for (int i = 0; i < KMSEG_VOTES; i++) {
        const kmseg_vote *vote = &choice->votes[i];
        km_json_open(json, NULL, '{');
        km_json_text(json, "index", vote->index);
        if (vote->n_clusters > 0) {
            km_json_integer(json, "n_clusters", vote->n_clusters);
        } else {
            km_json_raw(json, "n_clusters", "null");
        }
        km_json_text(json, "reason", vote->reason);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
}

static void write_number(km_json *json, const char *key, int32_t k) {
    if (k > 0) {
        km_json_integer(json, key, k);
    } else {
        km_json_raw(json, key, "null");
    }
}

void km_choice_json(const kmseg_choice *choice, const kmseg_report_options *options,
                    km_string *out) {
    (void)options;
    km_json json = {.out = out};
    km_json_open(&json, NULL, '{');
    write_number(&json, "recommended", choice->recommended);
    write_number(&json, "closest", choice->closest);
    km_json_texts(&json, "reasons", choice->reasons, choice->n_reasons);
    write_votes(&json, choice);
    km_json_integer(&json, "n_samples", choice->n_samples);
    km_json_integer(&json, "n_left_out", choice->n_table_rows - choice->n_samples);
    km_json_integer(&json, "n_looked_at", choice->n_looked_at);
    km_json_open(&json, "columns", '[');
    for (int32_t c = 0; c < choice->prepare->n_columns; c++) {
        km_json_text(&json, NULL, choice->prepare->columns[c].name);
    }
    km_json_close(&json, ']');
    km_json_open(&json, "rows", '[');
    for (int32_t i = 0; i < choice->n_rows; i++) {
        write_row(&json, choice, &choice->rows[i]);
    }
    km_json_close(&json, ']');
    write_gaps(&json, choice);
    km_json_open(&json, "seconds", '{');
    km_json_number(&json, "prepare", choice->seconds_prepare);
    km_json_number(&json, "fit", choice->seconds_fit);
    km_json_number(&json, "scores", choice->seconds_scores);
    km_json_number(&json, "gap", choice->seconds_gap);
    km_json_number(&json, "stability", choice->seconds_stability);
    km_json_close(&json, '}');
    km_json_close(&json, '}');
    km_string_add(out, "\n");
}
