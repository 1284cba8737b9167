/* The parts of a report in their order. */
#include "report/document_parts.h"

#include <string.h>

typedef void (*part_fn)(km_document *document);

/* First what everyone reads, then what those ask for who doubt it. */
static const part_fn parts[] = {
    km_part_summary, km_part_segments,  km_part_map,    km_part_rfm,
    km_part_tiers,   km_part_lifecycle, km_part_clv,    km_part_choice,
    km_part_data,    km_part_method,    km_part_limits,
};

void km_document_make(km_document *document, const kmseg_result *result,
                      const kmseg_report_options *options, const kmseg_allocator *allocator) {
    *document = (km_document){.result = result, .options = options};
    km_arena_init(&document->arena, allocator);
    document->language = strcmp(options->language, "zh") == 0 ? KM_CHINESE : KM_ENGLISH_LANGUAGE;
    document->title = km_words(document->language, KM_W_TITLE);
    km_document_names(document);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !document->failed; i++) {
        parts[i](document);
    }
}

void km_document_free(km_document *document) { km_arena_free(&document->arena); }
