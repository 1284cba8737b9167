/* Text as a terminal shows it: width in columns, and nothing that would drive the terminal. */
#ifndef KM_REPORT_DISPLAY_H
#define KM_REPORT_DISPLAY_H

#include "base/text.h"

/* The next code point of UTF-8 text, moving *text behind it; U+FFFD for a byte that is not UTF-8;
 * 0 at the end. */
uint32_t km_utf8_next(const char **text);

/* Appends one code point as UTF-8. */
void km_utf8_add(km_string *out, uint32_t code);

/* Columns that a code point takes: 0 for combining marks, 2 for East Asian wide ones and emoji. */
int km_code_width(uint32_t code);

/* Columns that text takes once it is cleaned. */
int km_text_width(const char *text);

/* Appends text with control characters, direction marks and broken UTF-8 replaced by U+FFFD, so
 * that a name from a file cannot move the cursor, change colours or reorder a line. Text wider than
 * most columns is cut and ends in an ellipsis; most 0: not cut. */
void km_add_clean(km_string *out, const char *text, int most);

/* Appends a number rounded to digits decimals, with thousands separators: -1,234.5. "-" for NaN. */
void km_add_number(km_string *out, double value, int decimals);

/* Appends a share of 0 to 1 as "12.3 %"; "<0.1 %" rather than a zero that is none. */
void km_add_percent(km_string *out, double share);

/* Appends a bar of eighths of a cell, for a share of 0 to 1 of cells cells; at least an eighth when it is
 * more than none. */
void km_add_bar(km_string *out, double share, int cells);

/* Appends text and a line end, cleaned and broken at spaces so that no line is wider than width.
 * A no-break space is printed as a space. The cursor stands at column first; further lines begin behind indent spaces. */
void km_add_wrapped(km_string *out, const char *text, int indent, int first, int width);

#endif
