/* What a manager reads first: how many segments, who they are, what they are worth, what to do. */
#include "report/document_parts.h"

#include <math.h>
#include <string.h>

static int has_value(const km_document *document) {
    return document->result->profile->value_column[0] != '\0';
}

/* The segment of the largest share of value, or of customers. */
static int32_t foremost(const km_document *document) {
    const kmseg_profile *profile = document->result->profile;
    const double *shares = has_value(document) ? profile->value_shares : profile->size_shares;
    int32_t best = 0;
    for (int32_t s = 1; s < profile->n_segments; s++) {
        best = shares[s] > shares[best] ? s : best;
    }
    return best;
}

static km_word quality_of(double silhouette) {
    return silhouette > 0.7    ? KM_W_QUALITY_STRONG
           : silhouette > 0.5  ? KM_W_QUALITY_REASONABLE
           : silhouette > 0.25 ? KM_W_QUALITY_WEAK
                               : KM_W_QUALITY_NONE;
}

static void lead(km_document *document) {
    const kmseg_result *result = document->result;
    const kmseg_profile *profile = result->profile;
    int32_t first = foremost(document);
    const char *text = km_said(document, KM_W_LEAD, km_count_text(document, result->n_samples),
                               km_count_text(document, result->n_segments), NULL);
    if (result->n_segments > 1 && km_is_shown(document, first)) {
        const char *number = km_count_text(document, first + 1);
        const char *customers = km_percent_text(document, profile->size_shares[first]);
        const char *more =
            has_value(document)
                ? km_said(document, KM_W_LEAD_VALUE, number, document->names[first], customers,
                          km_percent_text(document, profile->value_shares[first]),
                          km_value_words(document), NULL)
                : km_said(document, KM_W_LEAD_LARGEST, number, document->names[first], customers,
                          NULL);
        text = km_print(document, "%s%s%s", text, km_word_of(document, KM_W_SPACE), more);
    }
    km_paragraph(document, KM_LEAD, text);
    double silhouette = result->scores.silhouette;
    if (isfinite(silhouette)) {
        km_paragraph(document, KM_PLAIN,
                     km_said(document, quality_of(silhouette),
                             km_number_text(document, silhouette, 2), NULL));
    }
}

/* What differs most, in one sentence. */
static const char *apart_by(km_document *document, int32_t segment) {
    enum { FIRST = 3 };
    km_item *traits = km_trait_list(document, segment, FIRST);
    const char *text = "";
    for (const km_item *item = traits; item != NULL; item = item->next) {
        text = km_print(document, "%s%s%s", text,
                        item != traits ? km_word_of(document, KM_W_COMMA) : "", item->text);
    }
    return text[0] != '\0' ? text : km_word_of(document, KM_W_NOT_APART);
}

/* Returns 1 for a suggestion, which is no one's decision. */
static int say_action(km_document *document, int32_t segment) {
    const kmseg_plan *plans = document->result->plans;
    if (plans != NULL && plans[segment].action[0] != '\0') {
        km_card_sentence(document, km_word_of(document, KM_W_ACTION), plans[segment].action);
        return 0;
    }
    const char *text = km_suggestion(document, segment);
    km_card_sentence(document, km_word_of(document, KM_W_SUGGESTED), text);
    return text[0] != '\0';
}

static int add_card(km_document *document, int32_t s) {
    const kmseg_profile *profile = document->result->profile;
    km_card_new(document, s, document->names[s]);
    if (!km_is_shown(document, s)) {
        km_card_sentence(document, NULL,
                         km_said(document, KM_W_HIDDEN_SEGMENT,
                                 km_count_text(document, km_least(document)), NULL));
        return 0;
    }
    km_card_fact(document, km_word_of(document, KM_W_CUSTOMERS),
                 km_said(document, KM_W_COUNT_AND_SHARE, km_count_text(document, profile->sizes[s]),
                         km_percent_text(document, profile->size_shares[s]), NULL));
    if (has_value(document)) {
        double each = profile->values[s] / (double)profile->sizes[s];
        km_card_fact(document, km_capital(document, km_value_words(document)),
                     km_said(document, KM_W_COUNT_AND_SHARE,
                             km_amount_text(document, profile->values[s]),
                             km_percent_text(document, profile->value_shares[s]), NULL));
        km_card_fact(document, km_word_of(document, KM_W_PER_CUSTOMER),
                     km_amount_text(document, each));
    }
    const kmseg_plan *plans = document->result->plans;
    if (plans != NULL && !isnan(plans[s].budget_share)) {
        km_card_fact(document, km_word_of(document, KM_W_BUDGET),
                     km_percent_text(document, plans[s].budget_share));
    }
    km_card_sentence(document, km_word_of(document, KM_W_APART_BY), apart_by(document, s));
    return say_action(document, s);
}

static km_document_table *shares_table(km_document *document) {
    const kmseg_profile *profile = document->result->profile;
    int value = has_value(document);
    const char *heads[] = {km_word_of(document, KM_W_SEGMENT),
                           km_word_of(document, KM_W_CUSTOMERS),
                           km_word_of(document, KM_W_SHARE_OF_CUSTOMERS),
                           km_capital(document, km_value_words(document)),
                           km_said(document, KM_W_SHARE_OF_VALUE, km_value_words(document), NULL),
                           km_word_of(document, KM_W_PER_CUSTOMER)};
    const char numbers[] = {0, 1, 1, 1, 1, 1};
    km_document_table *table = km_table_new(document, km_word_of(document, KM_W_SHARES_CHART),
                                            value ? 6 : 3, heads, numbers);
    km_hiding *hidden = km_arena_array(&document->arena, profile->n_segments, sizeof *hidden);
    if (hidden == NULL) {
        document->failed = 1;
        return table;
    }
    km_hide_counts(document, profile->sizes, profile->n_segments, hidden);
    for (int32_t s = 0; s < profile->n_segments; s++) {
        double each = profile->values[s] / (double)profile->sizes[s];
        km_table_row(document, table);
        km_cell_segment(document, table, s);
        for (int c = 0; hidden[s] != KM_SHOWN && c < (value ? 5 : 2); c++) {
            km_cell_hidden(document, table, hidden[s]);
        }
        if (hidden[s] != KM_SHOWN) {
            continue;
        }
        km_cell_number(document, table, (double)profile->sizes[s],
                       km_count_text(document, profile->sizes[s]));
        km_cell_number(document, table, profile->size_shares[s],
                       km_percent_text(document, profile->size_shares[s]));
        km_cell_number(document, table, profile->values[s],
                       km_amount_text(document, profile->values[s]));
        km_cell_number(document, table, profile->value_shares[s],
                       km_percent_text(document, profile->value_shares[s]));
        km_cell_number(document, table, each, km_amount_text(document, each));
    }
    return table;
}

static void shares_chart(km_document *document) {
    const kmseg_profile *profile = document->result->profile;
    km_string data;
    km_string_init(&data, &document->arena.allocator);
    km_json json = {.out = &data};
    km_json_open(&json, NULL, '{');
    km_json_open(&json, "segments", '[');
    for (int32_t s = 0; s < profile->n_segments; s++) {
        km_json_integer(&json, NULL, s);
    }
    km_json_close(&json, ']');
    km_json_boolean(&json, "percent", 1);
    km_json_open(&json, "series", '[');
    for (int i = 0; i < (has_value(document) ? 2 : 1); i++) {
        km_json_open(&json, NULL, '{');
        km_json_text(&json, "name",
                     i == 0
                         ? km_word_of(document, KM_W_SHARE_OF_CUSTOMERS)
                         : km_said(document, KM_W_SHARE_OF_VALUE, km_value_words(document), NULL));
        km_json_open(&json, "values", '[');
        for (int32_t s = 0; s < profile->n_segments; s++) {
            const double *shares = i == 0 ? profile->size_shares : profile->value_shares;
            km_json_number(&json, NULL, km_is_shown(document, s) ? shares[s] : (double)NAN);
        }
        km_json_close(&json, ']');
        km_json_close(&json, '}');
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    const char *label =
        km_said(document, KM_W_SHARES_LABEL, km_count_text(document, profile->n_segments), NULL);
    km_document_chart(document, "chart-shares", "bars", label, &data, shares_table(document), 0);
}

void km_part_summary(km_document *document) {
    int suggested = 0;
    km_section(document, 2, "summary", km_word_of(document, KM_W_SUMMARY), -1);
    lead(document);
    km_cards(document);
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        suggested |= add_card(document, s);
    }
    if (suggested) {
        km_paragraph(document, KM_NOTE, km_word_of(document, KM_W_SUGGESTIONS_NOTE));
    }
    shares_chart(document);
}
