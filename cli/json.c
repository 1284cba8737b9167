/* JSON on standard output. */
#include "cli.h"

#include <jansson.h>
#include <math.h>

int cli_print_json(json_t *root) {
    int failed = root == NULL || json_dumpf(root, stdout, JSON_INDENT(2)) != 0;
    json_decref(root);
    putchar('\n');
    return failed && !ferror(stdout) ? cli_failed("out of memory for JSON") : CLI_OK;
}

json_t *cli_json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *cli_json_text(const char *text) {
    json_t *json = json_string(text);
    if (json == NULL) { /* not UTF-8 */
        char clean[300];
        size_t used = 0;
        for (const char *c = text; *c != '\0' && used + 1 < sizeof clean; c++) {
            clean[used++] = (unsigned char)*c < 0x80 ? *c : '?';
        }
        clean[used] = '\0';
        json = json_string(clean);
    }
    return json;
}
