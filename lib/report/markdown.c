/* A report as Markdown: what a wiki or a repository shows. Tables stand for charts. */
#include "report/display.h"
#include "report/document.h"

#include <string.h>

/* Text that means nothing to a reader of Markdown, on one line. */
static void add_text(km_string *out, const char *text) {
    km_string clean;
    km_string_init(&clean, &out->allocator);
    km_add_clean(&clean, text, 0);
    for (const char *c = clean.length > 0 ? clean.data : ""; *c != '\0'; c++) {
        if (*c == '<' || *c == '&') {
            km_string_add(out, *c == '<' ? "&lt;" : "&amp;");
        } else {
            km_string_add(out, strchr("\\`*_[]|#~", *c) != NULL ? "\\" : "");
            km_string_add_n(out, c, 1);
        }
    }
    out->failed |= clean.failed;
    km_string_free(&clean);
}

static void add_table(km_string *out, const km_document_table *table) {
    km_string_add(out, "\n**");
    add_text(out, table->caption);
    km_string_add(out, "**\n\n|");
    for (int32_t c = 0; c < table->n_columns; c++) {
        km_string_add(out, " ");
        add_text(out, table->heads[c]);
        km_string_add(out, " |");
    }
    km_string_add(out, "\n|");
    for (int32_t c = 0; c < table->n_columns; c++) {
        km_string_add(out, table->is_number[c] ? "---:|" : "---|");
    }
    for (const km_row *row = table->first; row != NULL; row = row->next) {
        km_string_add(out, "\n|");
        for (int32_t c = 0; c < table->n_columns; c++) {
            km_string_add(out, " ");
            add_text(out, row->cells[c].text);
            km_string_add(out, " |");
        }
    }
    km_string_add(out, "\n");
}

/* Items of one label are one entry. */
static void add_items(km_string *out, const km_item *items) {
    km_string_add(out, "\n");
    for (const km_item *item = items; item != NULL; item = item->next) {
        int continues = item->label != NULL && item->label[0] == '\0';
        km_string_add(out, continues ? "  - " : "- ");
        if (item->label != NULL && !continues) {
            km_string_add(out, "**");
            add_text(out, item->label);
            km_string_add(out, "**: ");
        }
        add_text(out, item->text);
        km_string_add(out, "\n");
    }
}

static void add_cards(km_string *out, const km_card *cards) {
    for (const km_card *card = cards; card != NULL; card = card->next) {
        km_string_format(out, "\n**%d  ", card->segment + 1);
        add_text(out, card->title);
        km_string_add(out, "**\n");
        if (card->facts != NULL) {
            add_items(out, card->facts);
        }
        if (card->sentences != NULL) {
            add_items(out, card->sentences);
        }
    }
}

void km_document_markdown(const km_document *document, km_string *out) {
    km_string_add(out, "# ");
    add_text(out, document->title);
    km_string_add(out, "\n");
    for (const km_block *block = document->first; block != NULL; block = block->next) {
        switch (block->kind) {
        case KM_BLOCK_SECTION:
            km_string_add(out, block->level == 2 ? "\n## " : "\n### ");
            add_text(out, block->text);
            km_string_add(out, "\n");
            break;
        case KM_BLOCK_TEXT:
            km_string_add(out, "\n");
            add_text(out, block->text);
            km_string_add(out, "\n");
            break;
        case KM_BLOCK_LIST: add_items(out, block->items); break;
        case KM_BLOCK_TABLE: add_table(out, block->table); break;
        case KM_BLOCK_CHART: add_table(out, block->chart->table); break;
        case KM_BLOCK_CARDS: add_cards(out, block->cards); break;
        }
    }
    out->failed |= document->failed;
}
