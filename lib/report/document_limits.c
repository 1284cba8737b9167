/* What the page does not show, what was not computed, and what it gives away. */
#include "report/document_parts.h"

#include <string.h>

static void add_missing(km_document *document, const char **text, int is_there, km_word word) {
    if (!is_there) {
        *text = km_print(document, "%s%s%s", *text,
                         (*text)[0] != '\0' ? km_word_of(document, KM_W_COMMA) : "",
                         km_word_of(document, word));
    }
}

static int is_stored(const km_document *document, const char *name) {
    return kmseg_result_report(document->result, name) != NULL;
}

static void say_missing(km_document *document) {
    const char *text = "";
    add_missing(document, &text,
                is_stored(document, "rfm") || km_profile_find(document, "rfm_segment") != NULL,
                KM_W_NOT_RFM);
    add_missing(document, &text,
                is_stored(document, "tier") || km_profile_find(document, "tier") != NULL,
                KM_W_NOT_TIERS);
    add_missing(document, &text,
                is_stored(document, "lifecycle") || km_profile_find(document, "lifecycle") != NULL,
                KM_W_NOT_LIFECYCLE);
    add_missing(document, &text,
                is_stored(document, "clv") || km_profile_find(document, "clv") != NULL,
                KM_W_NOT_CLV);
    add_missing(document, &text, is_stored(document, "choice"), KM_W_NOT_CHOICE);
    if (text[0] != '\0') {
        km_section(document, 3, "not-computed", km_word_of(document, KM_W_NOT_COMPUTED), -1);
        km_paragraph(document, KM_PLAIN, km_said(document, KM_W_NOT_COMPUTED_SAYS, text, NULL));
    }
}

/* Customers that the page names. */
static int64_t count_named(km_document *document) {
    const kmseg_result *result = document->result;
    int64_t n = 0;
    for (int32_t s = 0; s < result->n_segments && km_names_customers(document); s++) {
        for (int32_t t = 0; km_is_shown(document, s) && t < result->n_typical; t++) {
            int64_t sample = result->typical[(int64_t)s * result->n_typical + t];
            n += sample >= 0 && result->ids[sample][0] != '\0';
        }
    }
    return n;
}

void km_part_limits(km_document *document) {
    const kmseg_result *result = document->result;
    km_section(document, 2, "limits", km_word_of(document, KM_W_LIMITS), -1);
    km_section(document, 3, "limits-of", km_word_of(document, KM_W_LIMITS_TITLE), -1);
    km_list(document, KM_PLAIN);
    km_list_item(document, NULL, km_word_of(document, KM_W_LIMIT_ALWAYS));
    km_list_item(document, NULL, km_word_of(document, KM_W_LIMIT_COLUMNS));
    km_list_item(document, NULL, km_word_of(document, KM_W_LIMIT_PAST));
    if (result->rules != NULL) {
        km_list_item(document, NULL,
                     km_said(document, KM_W_LIMIT_RULES,
                             km_percent_text(document, result->rules->fidelity), NULL));
    }
    km_list_item(document, NULL, km_word_of(document, KM_W_LIMIT_MEAN));
    say_missing(document);
    km_section(document, 3, "privacy", km_word_of(document, KM_W_PRIVACY_TITLE), -1);
    km_list(document, KM_PLAIN);
    int64_t named = count_named(document), least = km_least(document);
    km_list_item(
        document, NULL,
        least > 1 ? km_said(document, KM_W_PRIVACY_CELLS, km_count_text(document, least - 1), NULL)
                  : km_word_of(document, KM_W_PRIVACY_ALL_CELLS));
    km_list_item(document, NULL,
                 named > 0
                     ? km_said(document, KM_W_PRIVACY_IDS, km_count_text(document, named), NULL)
                     : km_word_of(document, KM_W_PRIVACY_NO_IDS));
    if (strcmp(km_param_text(document, "ids"), "pseudonyms") == 0 && named > 0) {
        km_list_item(document, NULL, km_word_of(document, KM_W_PSEUDONYMS));
    }
    if (result->map != NULL) {
        km_list_item(document, NULL, km_word_of(document, KM_W_PRIVACY_POINTS));
    }
    km_list_item(document, NULL, km_word_of(document, KM_W_PRIVACY_NOT));
    km_list_item(document, NULL, km_word_of(document, KM_W_PRIVACY_OFFLINE));
}
