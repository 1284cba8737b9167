/* A report as JSON: the same blocks, with numbers unrounded, for those who lay it out themselves. */
#include "report/document.h"

#include <kmseg/version.h>

static void add_cell(km_json *json, const km_cell *cell) {
    if (cell->kind == KM_CELL_NUMBER) {
        km_json_number(json, NULL, cell->number);
    } else {
        km_json_text(json, NULL, cell->kind == KM_CELL_HIDDEN ? NULL : cell->text);
    }
}

static void add_table(km_json *json, const km_document_table *table) {
    km_json_open(json, "table", '{');
    km_json_text(json, "caption", table->caption);
    km_json_open(json, "columns", '[');
    for (int32_t c = 0; c < table->n_columns; c++) {
        km_json_text(json, NULL, table->heads[c]);
    }
    km_json_close(json, ']');
    km_json_open(json, "rows", '[');
    for (const km_row *row = table->first; row != NULL; row = row->next) {
        km_json_open(json, NULL, '[');
        for (int32_t c = 0; c < table->n_columns; c++) {
            add_cell(json, &row->cells[c]);
        }
        km_json_close(json, ']');
    }
    km_json_close(json, ']');
    km_json_close(json, '}');
}

static void add_items(km_json *json, const char *key, const km_item *items) {
    km_json_open(json, key, '[');
    for (const km_item *item = items; item != NULL; item = item->next) {
        km_json_open(json, NULL, '{');
        if (item->label != NULL && item->label[0] != '\0') {
            km_json_text(json, "label", item->label);
        }
        km_json_text(json, "text", item->text);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
}

static void add_cards(km_json *json, const km_card *cards) {
    km_json_open(json, "segments", '[');
    for (const km_card *card = cards; card != NULL; card = card->next) {
        km_json_open(json, NULL, '{');
        km_json_integer(json, "segment", card->segment + 1);
        km_json_text(json, "name", card->title);
        add_items(json, "facts", card->facts);
        add_items(json, "sentences", card->sentences);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
}

static void add_chart(km_json *json, const km_chart *chart) {
    km_json_text(json, "chart", chart->kind);
    km_json_text(json, "label", chart->label);
    km_json_raw(json, "data", chart->data);
    add_table(json, chart->table);
}

static void add_block(km_json *json, const km_block *block) {
    km_json_open(json, NULL, '{');
    switch (block->kind) {
    case KM_BLOCK_TEXT: km_json_text(json, "text", block->text); break;
    case KM_BLOCK_LIST: add_items(json, "list", block->items); break;
    case KM_BLOCK_TABLE: add_table(json, block->table); break;
    case KM_BLOCK_CHART: add_chart(json, block->chart); break;
    case KM_BLOCK_CARDS: add_cards(json, block->cards); break;
    case KM_BLOCK_SECTION: break;
    }
    km_json_close(json, '}');
}

static void open_section(km_json *json, const km_block *block) {
    km_json_open(json, NULL, '{');
    km_json_text(json, "id", block->id);
    km_json_integer(json, "level", block->level);
    km_json_text(json, "title", block->text);
    if (block->segment >= 0) {
        km_json_integer(json, "segment", block->segment + 1);
    }
    km_json_open(json, "blocks", '[');
}

void km_document_json(const km_document *document, km_string *out) {
    km_json json = {.out = out};
    int is_open = 0;
    km_json_open(&json, NULL, '{');
    km_json_text(&json, "kmseg_version", kmseg_version());
    km_json_text(&json, "language", km_language_tag(document->language));
    km_json_text(&json, "title", document->title);
    km_json_open(&json, "sections", '[');
    for (const km_block *block = document->first; block != NULL; block = block->next) {
        if (block->kind != KM_BLOCK_SECTION) {
            add_block(&json, block);
            continue;
        }
        if (is_open) {
            km_json_close(&json, ']');
            km_json_close(&json, '}');
        }
        open_section(&json, block);
        is_open = 1;
    }
    if (is_open) {
        km_json_close(&json, ']');
        km_json_close(&json, '}');
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    km_string_add(out, "\n");
    out->failed |= document->failed;
}
