#include "report/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *take(km_document *document, size_t size) {
    void *block = km_arena_array(&document->arena, 1, size);
    document->failed |= block == NULL;
    return block;
}

const char *km_keep(km_document *document, const km_string *text) {
    const char *copy =
        text->failed ? NULL : km_arena_text(&document->arena, text->length > 0 ? text->data : "");
    document->failed |= copy == NULL;
    return copy != NULL ? copy : "";
}

const char *km_print(km_document *document, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length >= 0 ? km_arena_take(&document->arena, (size_t)length + 1) : NULL;
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    va_end(arguments);
    document->failed |= text == NULL;
    return text != NULL ? text : "";
}

const char *km_said(km_document *document, km_word word, ...) {
    enum { MOST = 8 };
    const char *values[MOST];
    int n = 0;
    va_list arguments;
    va_start(arguments, word);
    for (const char *value; n < MOST && (value = va_arg(arguments, const char *)) != NULL;) {
        values[n++] = value;
    }
    va_end(arguments);
    km_string text;
    km_string_init(&text, &document->arena.allocator);
    for (const char *c = km_words(document->language, word); *c != '\0'; c++) {
        int at = c[0] == '{' && c[1] >= '0' && c[1] < '0' + n && c[2] == '}' ? c[1] - '0' : -1;
        if (at >= 0) {
            km_string_add(&text, values[at]);
            c += 2;
        } else {
            km_string_add_n(&text, c, 1);
        }
    }
    const char *copy = km_keep(document, &text);
    km_string_free(&text);
    return copy;
}

static km_block *add(km_document *document, km_block_kind kind) {
    km_block *block = take(document, sizeof *block);
    if (block == NULL) {
        return NULL;
    }
    block->kind = kind;
    block->segment = -1;
    if (document->last != NULL) {
        document->last->next = block;
    } else {
        document->first = block;
    }
    document->last = block;
    return block;
}

void km_section(km_document *document, int32_t level, const char *id, const char *title,
                int32_t segment) {
    km_block *block = add(document, KM_BLOCK_SECTION);
    if (block != NULL) {
        block->level = level;
        block->id = id;
        block->text = title;
        block->segment = segment;
    }
}

void km_paragraph(km_document *document, km_style style, const char *text) {
    km_block *block = text[0] != '\0' ? add(document, KM_BLOCK_TEXT) : NULL;
    if (block != NULL) {
        block->style = style;
        block->text = text;
    }
}

void km_list(km_document *document, km_style style) {
    km_block *block = add(document, KM_BLOCK_LIST);
    if (block != NULL) {
        block->style = style;
    }
}

static void add_item(km_document *document, km_item **first, const char *label, const char *text) {
    km_item *item = take(document, sizeof *item);
    if (item == NULL) {
        return;
    }
    item->label = label;
    item->text = text;
    while (*first != NULL) {
        first = &(*first)->next;
    }
    *first = item;
}

void km_list_item(km_document *document, const char *label, const char *text) {
    if (document->last != NULL && document->last->kind == KM_BLOCK_LIST) {
        add_item(document, &document->last->items, label, text);
    }
}

km_document_table *km_table_new(km_document *document, const char *caption, int32_t n_columns,
                                const char *const *heads, const char *is_number) {
    km_document_table *table = take(document, sizeof *table);
    const char **texts = km_arena_copy(&document->arena, heads, n_columns, sizeof *heads);
    char *numbers = km_arena_copy(&document->arena, is_number, n_columns, 1);
    if (table == NULL || texts == NULL || numbers == NULL) {
        document->failed = 1;
        return NULL;
    }
    table->caption = caption;
    table->n_columns = n_columns;
    table->heads = texts;
    table->is_number = numbers;
    return table;
}

void km_document_table_add(km_document *document, km_document_table *table) {
    km_block *block = table != NULL ? add(document, KM_BLOCK_TABLE) : NULL;
    if (block != NULL) {
        block->table = table;
    }
}

void km_table_row(km_document *document, km_document_table *table) {
    km_row *row = table != NULL ? take(document, sizeof *row) : NULL;
    km_cell *cells =
        row != NULL ? km_arena_array(&document->arena, table->n_columns, sizeof *cells) : NULL;
    if (cells == NULL) {
        document->failed = 1;
        return;
    }
    for (int32_t c = 0; c < table->n_columns; c++) {
        cells[c] = (km_cell){.kind = KM_CELL_TEXT, .text = "", .segment = -1};
    }
    row->cells = cells;
    if (table->last != NULL) {
        table->last->next = row;
    } else {
        table->first = row;
    }
    table->last = row;
    table->n_filled = 0;
}

static km_cell *next_cell(const km_document *document, km_document_table *table) {
    int there = table != NULL && table->last != NULL && table->n_filled < table->n_columns;
    return there && !document->failed ? &table->last->cells[table->n_filled++] : NULL;
}

void km_cell_text(km_document *document, km_document_table *table, const char *text) {
    km_cell *cell = next_cell(document, table);
    if (cell != NULL) {
        cell->text = text;
    }
}

void km_cell_number(km_document *document, km_document_table *table, double value,
                    const char *text) {
    km_cell *cell = next_cell(document, table);
    if (cell != NULL) {
        *cell = (km_cell){KM_CELL_NUMBER, text, value, -1};
    }
}

void km_cell_segment(km_document *document, km_document_table *table, int32_t segment) {
    km_cell *cell = next_cell(document, table);
    if (cell != NULL) {
        cell->text = km_print(document, "%d  %s", segment + 1, document->names[segment]);
        cell->segment = segment;
    }
}

void km_cell_hidden(km_document *document, km_document_table *table, km_hiding why) {
    km_cell *cell = next_cell(document, table);
    if (cell != NULL) {
        cell->kind = KM_CELL_HIDDEN;
        cell->text = km_words(document->language, why == KM_FEW ? KM_W_HIDDEN : KM_W_WITHHELD);
    }
}

void km_document_chart(km_document *document, const char *id, const char *kind, const char *label,
                       km_string *data, km_document_table *table, int is_long) {
    km_block *block = add(document, KM_BLOCK_CHART);
    km_chart *chart = block != NULL ? take(document, sizeof *chart) : NULL;
    if (chart != NULL) {
        const char *title = table != NULL ? table->caption : "";
        *chart = (km_chart){id, kind, title, label, km_keep(document, data), table, is_long};
        block->chart = chart;
    }
    km_string_free(data);
}

void km_chart_title(km_document *document, const char *title) {
    if (document->last != NULL && document->last->chart != NULL) {
        document->last->chart->title = title;
    }
}

void km_cards(km_document *document) { (void)add(document, KM_BLOCK_CARDS); }

static km_card *last_card(const km_document *document) {
    km_card *card = document->last != NULL ? document->last->cards : NULL;
    while (card != NULL && card->next != NULL) {
        card = card->next;
    }
    return card;
}

void km_card_new(km_document *document, int32_t segment, const char *title) {
    km_card *card = take(document, sizeof *card), *last = last_card(document);
    if (card == NULL || document->last == NULL) {
        return;
    }
    card->segment = segment;
    card->title = title;
    if (last != NULL) {
        last->next = card;
    } else {
        document->last->cards = card;
    }
}

void km_card_fact(km_document *document, const char *label, const char *text) {
    km_card *card = last_card(document);
    if (card != NULL) {
        add_item(document, &card->facts, label, text);
    }
}

void km_card_sentence(km_document *document, const char *label, const char *text) {
    km_card *card = last_card(document);
    if (card != NULL && text[0] != '\0') {
        add_item(document, &card->sentences, label, text);
    }
}
