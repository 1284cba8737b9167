/* A report as one page that needs nothing else. All text is there without the script, which draws the
 * charts from one block of data. Nothing of a name reaches the page but as text: it is cleaned and
 * escaped here, and the security policy lets only our own script and style run, by their hashes. */
#include "base/sha256.h"
#include "report/display.h"
#include "report/document.h"
#include "report/page_assets.h"

#include <kmseg/version.h>
#include <string.h>

typedef struct page {
    const km_document *document;
    km_string *out;
    int depth; /* sections that are open */
    int has_script;
} page;

static void add(const page *p, const char *text) { km_string_add(p->out, text); }

/* Text, and attributes in double quotes. */
static void add_text(const page *p, const char *text) {
    km_string clean;
    km_string_init(&clean, &p->out->allocator);
    km_add_clean(&clean, text, 0);
    for (const char *c = clean.length > 0 ? clean.data : ""; *c != '\0'; c++) {
        switch (*c) {
        case '&': add(p, "&amp;"); break;
        case '<': add(p, "&lt;"); break;
        case '>': add(p, "&gt;"); break;
        case '"': add(p, "&quot;"); break;
        case '\'': add(p, "&#39;"); break;
        default: km_string_add_n(p->out, c, 1);
        }
    }
    p->out->failed |= clean.failed;
    km_string_free(&clean);
}

static void add_word(const page *p, km_word word) {
    add_text(p, km_words(p->document->language, word));
}

/* The mark of a segment's colour; its number stands beside it. */
static void add_chip(const page *p, int32_t segment) {
    if (segment >= 0) {
        km_string_format(p->out, "<span class=\"chip s%d\" aria-hidden=\"true\"></span>",
                         segment + 1);
    }
}

/* ---- tables and lists ---- */

static void add_cell(const page *p, const km_document_table *table, const km_cell *cell,
                     int32_t c) {
    const char *class = table->is_number[c] ? " class=\"number\"" : "";
    if (cell->kind == KM_CELL_HIDDEN) {
        class = table->is_number[c] ? " class=\"number hidden\"" : " class=\"hidden\"";
    }
    km_string_format(p->out, c == 0 ? "<th scope=\"row\"%s>" : "<td%s>", class);
    add_chip(p, cell->segment);
    add_text(p, cell->text);
    add(p, c == 0 ? "</th>" : "</td>");
}

static void add_table(const page *p, const km_document_table *table) {
    add(p, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    add_text(p, table->caption);
    add(p, "\"><table><caption>");
    add_text(p, table->caption);
    add(p, "</caption><thead><tr>");
    for (int32_t c = 0; c < table->n_columns; c++) {
        const char *class = table->is_number[c] ? " class=\"number\"" : "";
        int empty = table->heads[c][0] == '\0';
        km_string_format(p->out, empty ? "<td%s>" : "<th scope=\"col\"%s>", class);
        add_text(p, table->heads[c]);
        add(p, empty ? "</td>" : "</th>");
    }
    add(p, "</tr></thead><tbody>\n");
    for (const km_row *row = table->first; row != NULL; row = row->next) {
        add(p, "<tr>");
        for (int32_t c = 0; c < table->n_columns; c++) {
            add_cell(p, table, &row->cells[c], c);
        }
        add(p, "</tr>\n");
    }
    add(p, "</tbody></table></div>\n");
}

static const char *language_of(const page *p, km_style style) {
    int differs = style == KM_ENGLISH && p->document->language != KM_ENGLISH_LANGUAGE;
    return differs ? " lang=\"en\"" : "";
}

/* Items with labels are a list of terms; entries behind one without a label belong to it. */
static void add_terms(const page *p, const km_item *items, const char *class) {
    km_string_format(p->out, "<dl class=\"%s\">\n", class);
    for (const km_item *item = items; item != NULL; item = item->next) {
        int begins = item->label != NULL && item->label[0] != '\0';
        if (begins) {
            add(p, "<div><dt>");
            add_text(p, item->label);
            add(p, "</dt>");
        } else if (item == items) {
            add(p, "<div>");
        }
        add(p, "<dd>");
        add_text(p, item->text);
        add(p, "</dd>");
        const km_item *next = item->next;
        if (next == NULL || (next->label != NULL && next->label[0] != '\0')) {
            add(p, "</div>\n");
        }
    }
    add(p, "</dl>\n");
}

static void add_list(const page *p, const km_block *block) {
    if (block->items != NULL && block->items->label != NULL) {
        add_terms(p, block->items, "terms");
        return;
    }
    km_string_format(p->out, "<ul%s%s>\n",
                     block->style == KM_ENGLISH || block->style == KM_SENTENCES ? " class=\"said\""
                                                                                : "",
                     language_of(p, block->style));
    for (const km_item *item = block->items; item != NULL; item = item->next) {
        add(p, "<li>");
        add_text(p, item->text);
        add(p, "</li>\n");
    }
    add(p, "</ul>\n");
}

static void add_cards(const page *p, const km_card *cards) {
    add(p, "<ol class=\"cards\">\n");
    for (const km_card *card = cards; card != NULL; card = card->next) {
        km_string_format(p->out, "<li class=\"card s%d\"><h3><a href=\"#segment-%d\">",
                         card->segment + 1, card->segment + 1);
        km_string_format(p->out, "<span class=\"place\">%d</span> ", card->segment + 1);
        add_text(p, card->title);
        add(p, "</a></h3>\n");
        if (card->facts != NULL) {
            add_terms(p, card->facts, "facts");
        }
        for (const km_item *item = card->sentences; item != NULL; item = item->next) {
            add(p, "<p>");
            if (item->label != NULL) {
                add(p, "<b>");
                add_text(p, item->label);
                add(p, "</b> ");
            }
            add_text(p, item->text);
            add(p, "</p>\n");
        }
        add(p, "</li>\n");
    }
    add(p, "</ol>\n");
}

/* ---- charts ---- */

static void add_chart(const page *p, const km_chart *chart) {
    if (!p->has_script) {
        add_table(p, chart->table);
        return;
    }
    km_string_format(p->out, "<figure class=\"figure%s\">\n",
                     chart->is_long                ? " long"
                     : chart->table->n_columns > 6 ? " stacked"
                                                   : "");
    add(p, "<div class=\"drawing\"><p class=\"title\" aria-hidden=\"true\">");
    add_text(p, chart->title);
    km_string_format(p->out,
                     "</p><div class=\"chart\" id=\"%s\" role=\"img\" tabindex=\"0\" "
                     "aria-label=\"",
                     chart->id);
    add_text(p, chart->label);
    add(p, " ");
    add_word(p, KM_W_CHART_KEYS);
    add(p, "\"></div><p class=\"live\" aria-live=\"polite\"></p></div>\n");
    if (chart->is_long) {
        add(p, "<details open class=\"fold\"><summary>");
        add_word(p, KM_W_TABLE_OF_CHART);
        add(p, "</summary>\n");
    }
    add_table(p, chart->table);
    add(p, chart->is_long ? "</details></figure>\n" : "</figure>\n");
}

/* JSON without signs that turn a line's direction, and without '<', which could end its element. */
static void add_lines(const page *p, char *lines) {
    for (char *line = lines, *end; line != NULL; line = end) {
        km_string clean;
        km_string_init(&clean, &p->out->allocator);
        end = strchr(line, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        km_add_clean(&clean, line, 0);
        for (const char *c = clean.length > 0 ? clean.data : ""; *c != '\0'; c++) {
            if (*c == '<') {
                add(p, "\\u003c");
            } else {
                km_string_add_n(p->out, c, 1);
            }
        }
        add(p, end != NULL ? "\n" : "");
        p->out->failed |= clean.failed;
        km_string_free(&clean);
    }
}

/* What the script draws. */
static void add_data(const page *p) {
    const km_document *document = p->document;
    km_string data;
    km_string_init(&data, &p->out->allocator);
    km_json json = {.out = &data};
    km_json_open(&json, NULL, '{');
    km_json_open(&json, "segments", '[');
    for (int32_t s = 0; s < document->result->n_segments; s++) {
        km_json_open(&json, NULL, '{');
        km_json_text(&json, "name", document->names[s]);
        km_json_text(&json, "colour", document->colours[s]);
        km_json_close(&json, '}');
    }
    km_json_close(&json, ']');
    km_json_text(&json, "hidden", km_words(document->language, KM_W_HIDDEN));
    km_json_text(&json, "withheld", km_words(document->language, KM_W_WITHHELD));
    km_json_open(&json, "charts", '[');
    for (const km_block *block = document->first; block != NULL; block = block->next) {
        if (block->kind == KM_BLOCK_CHART) {
            km_json_open(&json, NULL, '{');
            km_json_text(&json, "id", block->chart->id);
            km_json_text(&json, "kind", block->chart->kind);
            km_json_raw(&json, "data", block->chart->data);
            km_json_close(&json, '}');
        }
    }
    km_json_close(&json, ']');
    km_json_close(&json, '}');
    add(p, "<script type=\"application/json\" id=\"kmseg-data\">");
    add_lines(p, data.failed ? (char[1]){""} : data.data);
    add(p, "</script>\n");
    p->out->failed |= data.failed;
    km_string_free(&data);
}

/* ---- the frame ---- */

static void close_sections(page *p, int depth) {
    for (; p->depth > depth; p->depth--) {
        add(p, "</section>\n");
    }
}

static void add_section(page *p, const km_block *block) {
    close_sections(p, block->level - 2);
    km_string_format(p->out, "<section id=\"%s\" aria-labelledby=\"h-%s\"", block->id, block->id);
    if (block->segment >= 0) {
        km_string_format(p->out, " class=\"segment s%d\"", block->segment + 1);
    }
    km_string_format(p->out, ">\n<h%d id=\"h-%s\">", block->level, block->id);
    add_text(p, block->text);
    km_string_format(p->out, "</h%d>\n", block->level);
    p->depth = block->level - 1;
}

static void add_block(page *p, const km_block *block) {
    static const char *const classes[] = {"", " class=\"lead\"", " class=\"note\"",
                                          " class=\"said\""};
    switch (block->kind) {
    case KM_BLOCK_SECTION: add_section(p, block); break;
    case KM_BLOCK_TEXT:
        km_string_format(p->out, "<p%s>", classes[block->style]);
        add_text(p, block->text);
        add(p, "</p>\n");
        break;
    case KM_BLOCK_LIST: add_list(p, block); break;
    case KM_BLOCK_TABLE: add_table(p, block->table); break;
    case KM_BLOCK_CHART: add_chart(p, block->chart); break;
    case KM_BLOCK_CARDS: add_cards(p, block->cards); break;
    }
}

static void add_contents(const page *p) {
    add(p, "<nav aria-label=\"");
    add_word(p, KM_W_CONTENTS);
    add(p, "\"><ol>\n");
    for (const km_block *block = p->document->first; block != NULL; block = block->next) {
        if (block->kind == KM_BLOCK_SECTION && block->level == 2) {
            km_string_format(p->out, "<li><a href=\"#%s\">", block->id);
            add_text(p, block->text);
            add(p, "</a></li>\n");
        }
    }
    add(p, "</ol></nav>\n");
}

static void hash_of(const void *bytes, size_t n, char out[KM_SHA256_BASE64]) {
    km_sha256 hash;
    unsigned char bits[32];
    km_sha256_init(&hash);
    km_sha256_add(&hash, bytes, n);
    km_sha256_end(&hash, bits);
    km_sha256_base64(bits, out);
}

/* Our style, and the colours of the segments. */
static void make_style(const page *p, km_string *style) {
    km_string_add_n(style, (const char *)km_page_style, km_page_style_length);
    for (int32_t s = 0; s < p->document->result->n_segments; s++) {
        km_string_format(style, ".s%d{--c:%s}\n", s + 1, p->document->colours[s]);
    }
}

static void add_head(const page *p) {
    km_string style;
    char style_hash[KM_SHA256_BASE64], script_hash[KM_SHA256_BASE64];
    km_string_init(&style, &p->out->allocator);
    make_style(p, &style);
    hash_of(style.failed ? "" : style.data, style.failed ? 0 : style.length, style_hash);
    hash_of(km_page_script, km_page_script_length, script_hash);
    km_string_format(p->out,
                     "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                     km_language_tag(p->document->language));
    add(p, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    if (p->has_script) {
        km_string_format(p->out, "script-src 'sha256-%s'; ", script_hash);
    }
    km_string_format(p->out, "style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n",
                     style_hash);
    add(p, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n"
           "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    add_text(p, p->document->title);
    add(p, "</title>\n<style>");
    km_string_add_n(p->out, style.failed ? "" : style.data, style.failed ? 0 : style.length);
    add(p, "</style>\n</head>\n");
    p->out->failed |= style.failed;
    km_string_free(&style);
}

void km_document_html(const km_document *document, km_string *out) {
    page p = {document, out, 0, km_page_script_length > 0};
    if (document->failed) {
        out->failed = 1;
        return;
    }
    add_head(&p);
    add(&p, "<body>\n<a class=\"skip\" href=\"#main\">");
    add_word(&p, KM_W_SKIP);
    add(&p, "</a>\n<header><h1>");
    add_text(&p, document->title);
    add(&p, "</h1></header>\n");
    add_contents(&p);
    add(&p, "<main id=\"main\">\n");
    if (!p.has_script) {
        add(&p, "<p class=\"note\">");
        add_word(&p, KM_W_NO_CHARTS);
        add(&p, "</p>\n");
    }
    for (const km_block *block = document->first; block != NULL; block = block->next) {
        add_block(&p, block);
    }
    close_sections(&p, 0);
    add(&p, "</main>\n<footer><p>");
    for (const char *c = km_words(document->language, KM_W_MADE_BY); *c != '\0'; c++) {
        if (strncmp(c, "{0}", 3) == 0) {
            add_text(&p, kmseg_version());
            c += 2;
        } else {
            km_string_add_n(out, c, 1);
        }
    }
    add(&p, "</p></footer>\n");
    if (p.has_script) {
        add_data(&p);
        add(&p, "<script>");
        km_string_add_n(out, (const char *)km_page_script, km_page_script_length);
        add(&p, "</script>\n");
    }
    add(&p, "</body>\n</html>\n");
}
