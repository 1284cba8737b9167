/* Numbers as people read them, and those that nobody is to read because too few customers made them. */
#include "report/display.h"
#include "report/document.h"

#include <math.h>
#include <string.h>

const char *km_number_text(km_document *document, double value, int decimals) {
    char text[64];
    km_format_number(value, decimals, text, sizeof text);
    return isfinite(value) ? km_print(document, "%s", text) : "\u2013";
}

const char *km_count_text(km_document *document, int64_t n) {
    return km_number_text(document, (double)n, 0);
}

const char *km_amount_text(km_document *document, double value) {
    return km_number_text(document, value, km_decimals(value));
}

const char *km_percent_text(km_document *document, double share) {
    if (!isfinite(share)) {
        return "\u2013";
    }
    km_string text;
    km_string_init(&text, &document->arena.allocator);
    km_add_percent(&text, share);
    const char *kept = km_keep(document, &text);
    km_string_free(&text);
    return kept;
}

int64_t km_least(const km_document *document) { return document->options->min_cell; }

int km_is_shown(const km_document *document, int32_t segment) {
    return document->result->profile->sizes[segment] >= km_least(document);
}

void km_hide_counts(const km_document *document, const int64_t *counts, int32_t n,
                    km_hiding *hidden) {
    int32_t n_hidden = 0, smallest = -1;
    for (int32_t i = 0; i < n; i++) {
        int is_few = counts[i] > 0 && counts[i] < km_least(document);
        hidden[i] = is_few ? KM_FEW : KM_SHOWN;
        n_hidden += is_few;
        if (!is_few && counts[i] > 0 && (smallest < 0 || counts[i] < counts[smallest])) {
            smallest = i;
        }
    }
    if (n_hidden == 1 && smallest >= 0) {
        hidden[smallest] = KM_WITHHELD;
    }
}
