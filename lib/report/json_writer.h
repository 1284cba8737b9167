/* Writes JSON into a string: memory from the context, keys in the order they are written, numbers
 * in the fewest digits that give the same double. */
#ifndef KM_REPORT_JSON_WRITER_H
#define KM_REPORT_JSON_WRITER_H

#include "base/text.h"

#include <kmseg/pipeline.h>

typedef struct km_json {
    km_string *out;
    int depth;
    int has_items; /* in the innermost object or array */
} km_json;

/* key is NULL inside an array and at the top. bracket is '{' or '['; close with '}' or ']'. */
void km_json_open(km_json *json, const char *key, char bracket);
void km_json_close(km_json *json, char bracket);
void km_json_text(km_json *json, const char *key, const char *value); /* NULL: null */
void km_json_number(km_json *json, const char *key, double value);    /* not finite: null */
void km_json_integer(km_json *json, const char *key, int64_t value);
void km_json_boolean(km_json *json, const char *key, int value);
/* value is JSON already. */
void km_json_raw(km_json *json, const char *key, const char *value);
/* An array of n numbers on one line. */
void km_json_numbers(km_json *json, const char *key, const double *values, int64_t n);

/* An array of strings. */
void km_json_texts(km_json *json, const char *key, const char *const *texts, int64_t n);

/* The members that scores are, into the object that is open. */
void km_json_scores(km_json *json, const kmseg_scores *scores);

#endif
