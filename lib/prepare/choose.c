/* Which columns are clustered on, with a note for every decision; and which rows. */
#include "base/text.h"
#include "data/table.h"
#include "prepare/encoder.h"

#include <math.h>
#include <string.h>

static int ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* "order_id", "orderId", "orderID", "ID", but not "paid". */
static int is_named_id(const char *name) {
    size_t n = strlen(name);
    return km_same_name(name, "id") || km_same_name(name, "index") ||
           km_same_name(name, "row number") || strncmp(name, "Unnamed", 7) == 0 ||
           ends_with(name, "_id") || ends_with(name, "-id") || ends_with(name, " id") ||
           ends_with(name, "_ID") || ends_with(name, " ID") ||
           (n > 2 && (ends_with(name, "Id") || ends_with(name, "ID")) && name[n - 3] >= 'a' &&
            name[n - 3] <= 'z');
}

/* Digits that name a place or a line, not a quantity. */
static int is_named_code(const char *name) {
    static const char *const names[] = {"zip",         "zip_code", "postcode",  "post_code",
                                        "postal_code", "phone",    "telephone", "phone_number"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (km_same_name(name, names[i])) {
            return 1;
        }
    }
    return 0;
}

static int all_whole(const kmseg_column *column) {
    for (int64_t r = 0; r < column->n_rows; r++) {
        double x = column->numbers[r];
        if (!isnan(x) && x != floor(x)) {
            return 0;
        }
    }
    return 1;
}

/* Text that is nearly a number: most levels read as one. out_row: the first that does not. */
static int is_spoilt_number(const kmseg_column *column, int64_t *out_row) {
    int32_t numeric = 0;
    int32_t first_bad = -1;
    for (int32_t i = 0; i < column->n_levels; i++) {
        double number;
        if (km_parse_double(column->levels[i], &number)) {
            numeric++;
        } else if (first_bad < 0) {
            first_bad = i;
        }
    }
    if (first_bad < 0 || (double)numeric < 0.9 * column->n_levels) {
        return 0;
    }
    for (int64_t r = 0; r < column->n_rows; r++) {
        if (column->codes[r] == first_bad) {
            *out_row = r;
            return 1;
        }
    }
    return 0;
}

/* Levels of which most rows have their own: hardly categories. */
static int barely_repeats(const kmseg_column *column) {
    return 2 * (int64_t)column->n_levels > column->n_rows - column->n_missing &&
           column->n_levels > 2;
}

/* A slip in one cell turns a number into text; to go on without it would be a silent loss of what
 * may be the most telling column. */
static kmseg_status refuse_spoilt(km_fit *fit, const kmseg_column *column) {
    int64_t row;
    if (column->type == KMSEG_COLUMN_TEXT &&
        (column->n_levels > fit->options->max_levels || barely_repeats(column)) &&
        is_spoilt_number(column, &row)) {
        return km_fail(fit->ctx, KMSEG_E_FORMAT,
                       "column %s is \"%s\" in row %lld and a number in nearly every other; it "
                       "needs to be a number or empty there, or the column excluded",
                       column->name, column->levels[column->codes[row]], (long long)row + 1);
    }
    return KMSEG_OK;
}

/* Segments would be made of what is filled in rather than of what is there. Whoever says how to fill
 * or how to use the column has thought about it. */
static int is_mostly_missing(const km_fit *fit, int32_t i, const kmseg_column *column) {
    const km_settings *settings = &fit->settings[i];
    int is_set = settings->has_weight || settings->has_transform || settings->has_winsorise ||
                 settings->has_impute || settings->has_encoder || settings->group >= 0;
    return 2 * column->n_missing > column->n_rows && !is_set &&
           strcmp(settings->impute.how, "median") == 0 && !settings->impute.indicator;
}

static int judge_text(km_fit *fit, int32_t i, const kmseg_column *column) {
    if (fit->settings[i].encoder != &km_encode_onehot) {
        return 1;
    }
    if (column->n_levels > fit->options->max_levels) {
        km_note(&fit->notes,
                "%s: left out, %d levels exceed max_levels %d; include it by name to use it",
                column->name, column->n_levels, fit->options->max_levels);
        return 0;
    }
    if (barely_repeats(column)) {
        km_note(&fit->notes,
                "%s: left out, its %d levels barely repeat; include it by name to use it",
                column->name, column->n_levels);
        return 0;
    }
    return 1;
}

/* What one wants to know of segments beforehand: those made of it would only say it again. */
static void note_outcome(km_fit *fit, const kmseg_column *column) {
    static const char *const names[] = {"churn",     "churned",   "is_churn", "churn_label",
                                        "attrition", "exited",    "outcome",  "target",
                                        "response",  "responded", "converted"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (km_same_name(column->name, names[i])) {
            km_note(&fit->notes,
                    "%s: by its name an outcome; with --exclude %s segments are not made of it, "
                    "and are still described by it",
                    column->name, column->name);
        }
    }
}

/* Whether a column that nobody named is worth clustering on; a note where it is not. */
static int judge(km_fit *fit, int32_t i, const kmseg_column *column) {
    if (column->type == KMSEG_COLUMN_TIME) {
        km_note(&fit->notes,
                "%s: left out, it is a date; to use it, make a number of it, such as the days "
                "since then",
                column->name);
        return 0;
    }
    if (column->n_missing == column->n_rows) {
        km_note(&fit->notes, "%s: left out, it has no value in any row", column->name);
        return 0;
    }
    if (is_mostly_missing(fit, i, column)) {
        char missing[64], rows[64];
        km_format_number((double)column->n_missing, 0, missing, sizeof missing);
        km_format_number((double)column->n_rows, 0, rows, sizeof rows);
        km_note(
            &fit->notes,
            "%s: missing for %s of %s; describes segments, makes none (--impute %s=mode uses it)",
            column->name, missing, rows, column->name);
        return 0;
    }
    if (column->type == KMSEG_COLUMN_TEXT) {
        return judge_text(fit, i, column);
    }
    if (is_named_code(column->name) || (is_named_id(column->name) && all_whole(column))) {
        km_note(&fit->notes,
                "%s: left out, by its name it is a label and not a quantity; include it by name "
                "to use it",
                column->name);
        return 0;
    }
    return 1;
}

static kmseg_status judge_included(km_fit *fit, const kmseg_column *column) {
    if (column->type == KMSEG_COLUMN_TIME) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "%s is a column of dates and cannot be clustered on; make a number of it, "
                       "such as the days since then",
                       column->name);
    }
    if (column->n_missing == column->n_rows) {
        return km_fail(fit->ctx, KMSEG_E_DATA, "column %s has no value in any row", column->name);
    }
    return KMSEG_OK;
}

static int has_several_values(const km_fit *fit, const kmseg_column *column) {
    double first = NAN;
    for (int64_t i = 0; i < fit->n_rows; i++) {
        double x = column->numbers[km_fit_row(fit, i)];
        if (isnan(first)) {
            first = x;
        } else if (!isnan(x) && x != first) {
            return 1;
        }
    }
    return 0;
}

static kmseg_status has_several_levels(km_fit *fit, const kmseg_column *column, int *out) {
    int64_t present;
    const int64_t *counts = km_count_levels(fit, column, &present);
    if (counts == NULL) {
        return km_fail_memory(fit->ctx, "the levels of a column");
    }
    int32_t n = 0;
    for (int32_t l = 0; l < column->n_levels; l++) {
        n += counts[l] > 0;
    }
    *out = n > 1;
    return KMSEG_OK;
}

/* Sets *out to 0 and notes it where a chosen column has only one value in the rows of the fit. */
static kmseg_status check_varies(km_fit *fit, int32_t i, int *out) {
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    int32_t n_pooled = 0;
    if (column->type == KMSEG_COLUMN_NUMBER) {
        *out = has_several_values(fit, column);
    } else if (fit->settings[i].encoder == &km_encode_onehot) {
        km_levels levels;
        KM_TRY(km_fit_levels(fit, column, &levels));
        *out = levels.n > 1;
        n_pooled = levels.n_pooled;
    } else {
        KM_TRY(has_several_levels(fit, column, out));
    }
    if (*out) {
        return KMSEG_OK;
    }
    const char *why =
        n_pooled > 1 ? "every level of it is rare" : "it has the same value in every row";
    if (fit->settings[i].included) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "column %s is constant: %s; it cannot tell customers apart", column->name,
                       why);
    }
    km_note(&fit->notes, "%s: left out, %s", column->name, why);
    return KMSEG_OK;
}

static kmseg_status keep_varying(km_fit *fit) {
    int32_t n = 0;
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        int varies = 0;
        KM_TRY(check_varies(fit, fit->chosen[c], &varies));
        if (varies) {
            fit->chosen[n++] = fit->chosen[c];
        }
    }
    fit->n_chosen = n;
    return KMSEG_OK;
}

static int is_missing(const kmseg_column *column, int64_t r) {
    return column->type == KMSEG_COLUMN_NUMBER ? isnan(column->numbers[r]) : column->codes[r] < 0;
}

static int is_dropped(const km_fit *fit, int32_t i) {
    return strcmp(fit->settings[i].impute.how, "drop") == 0;
}

static kmseg_status drop_rows(km_fit *fit) {
    int64_t n_rows = kmseg_table_n_rows(fit->table);
    int64_t *rows = km_arena_array(&fit->scratch, n_rows, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(fit->ctx, "the rows that are kept");
    }
    fit->n_rows = 0;
    for (int64_t r = 0; r < n_rows; r++) {
        int missing = 0;
        for (int32_t c = 0; c < fit->n_chosen && !missing; c++) {
            missing = is_dropped(fit, fit->chosen[c]) &&
                      is_missing(kmseg_table_column(fit->table, fit->chosen[c]), r);
        }
        if (!missing) {
            rows[fit->n_rows++] = r;
        }
    }
    fit->rows = rows;
    if (fit->n_rows < 2) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "dropping rows with missing values leaves %lld of %lld rows; at least 2 are "
                       "needed (impute the median, or exclude columns)",
                       (long long)fit->n_rows, (long long)n_rows);
    }
    return KMSEG_OK;
}

/* Rows depend on columns and, where dropping rows makes a column constant, columns on rows. */
static kmseg_status settle_rows(km_fit *fit) {
    KM_TRY(keep_varying(fit));
    int drops = 0;
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        drops |= is_dropped(fit, fit->chosen[c]);
    }
    if (!drops) {
        return KMSEG_OK;
    }
    int32_t before;
    do {
        before = fit->n_chosen;
        KM_TRY(drop_rows(fit));
        KM_TRY(keep_varying(fit));
    } while (fit->n_chosen < before && fit->n_chosen > 0);
    int64_t dropped = kmseg_table_n_rows(fit->table) - fit->n_rows;
    if (dropped > 0) {
        km_note(&fit->notes, "%lld of %lld rows left out because a value is missing",
                (long long)dropped, (long long)kmseg_table_n_rows(fit->table));
    }
    return KMSEG_OK;
}

/* By role where a table has FEATURE columns, else by type and content. */
static kmseg_status choose_by_kind(km_fit *fit) {
    int32_t n = kmseg_table_n_columns(fit->table), n_included = 0, n_features = 0, n_passed = 0;
    for (int32_t i = 0; i < n; i++) {
        n_included += fit->settings[i].included;
        n_features += kmseg_table_column(fit->table, i)->role == KMSEG_ROLE_FEATURE;
    }
    for (int32_t i = 0; i < n; i++) {
        const kmseg_column *column = kmseg_table_column(fit->table, i);
        const km_settings *settings = &fit->settings[i];
        if (i == fit->id || settings->excluded || (n_included > 0 && !settings->included)) {
            continue;
        }
        if (!settings->included && n_features > 0 && column->role != KMSEG_ROLE_FEATURE) {
            n_passed++;
            continue;
        }
        KM_TRY(refuse_spoilt(fit, column));
        if (settings->included) {
            KM_TRY(judge_included(fit, column));
        } else if (!judge(fit, i, column)) {
            continue;
        } else {
            note_outcome(fit, column);
        }
        if (settings->weight == 0) {
            km_note(&fit->notes, "%s: left out, its weight is 0", column->name);
            continue;
        }
        fit->chosen[fit->n_chosen++] = i;
    }
    if (n_passed > 0) {
        km_note(&fit->notes,
                "%d other columns describe customers and are not clustered on; include them by "
                "name to use them",
                n_passed);
    }
    return KMSEG_OK;
}

static kmseg_status fail_nothing_left(km_fit *fit, int32_t n_before) {
    if (n_before > 0) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "all rows are equal: no column that could be clustered on has two values");
    }
    char names[600];
    km_table_names(fit->table, names, sizeof names);
    return km_fail(fit->ctx, KMSEG_E_DATA,
                   "no column to cluster on: a number, or text of at most %d levels is needed; the "
                   "columns are %s",
                   fit->options->max_levels, names);
}

/* Options about a column that is not clustered on would be ignored in silence. */
static kmseg_status check_settings_used(km_fit *fit) {
    for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
        const km_settings *settings = &fit->settings[i];
        int is_chosen = settings->has_weight && settings->weight == 0;
        for (int32_t c = 0; c < fit->n_chosen; c++) {
            is_chosen |= fit->chosen[c] == i;
        }
        const char *given = settings->has_weight      ? "a weight"
                            : settings->has_transform ? "a transform"
                            : settings->has_winsorise ? "a share to winsorise"
                            : settings->has_impute    ? "what to do where it is missing"
                            : settings->has_encoder   ? "an encoding or order"
                            : settings->group >= 0    ? "a group"
                                                      : NULL;
        if (!is_chosen && given != NULL) {
            return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                           "%s: %s is given for it, but it is not among the columns that are "
                           "clustered on; include it by name",
                           kmseg_table_column(fit->table, i)->name, given);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_choose_columns(km_fit *fit) {
    fit->chosen =
        km_arena_array(&fit->scratch, kmseg_table_n_columns(fit->table), sizeof *fit->chosen);
    if (fit->chosen == NULL) {
        return km_fail_memory(fit->ctx, "the columns of a table");
    }
    KM_TRY(choose_by_kind(fit));
    int32_t n_before = fit->n_chosen;
    KM_TRY(settle_rows(fit));
    if (fit->n_chosen == 0) {
        return fail_nothing_left(fit, n_before);
    }
    return check_settings_used(fit);
}
