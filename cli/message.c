/* What goes to stderr when something is wrong: one line that says what to do. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#undef cli_misused /* see __clang_analyzer__ in cli.h */
#undef cli_failed

static void say(const char *format, va_list arguments) {
    cli_progress_erase();
    fflush(stdout);
    fprintf(stderr, "%skmseg:%s ", cli_styled(stderr, CLI_RED), cli_styled(stderr, CLI_PLAIN));
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int cli_misused(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return CLI_MISUSED;
}

int cli_failed(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return CLI_FAILED;
}

void cli_wrote(cli_run *run, const char *name) {
    char clean[100];
    size_t used = strlen(run->written);
    snprintf(run->written + used, sizeof run->written - used, "%s%s", used > 0 ? ", " : "",
             cli_clean(name, clean, sizeof clean));
}

int cli_status_of(const cli_run *run, kmseg_status status, const char *path) {
    if (status == KMSEG_OK) {
        return CLI_OK;
    }
    if (status == KMSEG_E_CANCELLED && cli_signal_caught() != 0) {
        if (run->written[0] != '\0') {
            (void)cli_failed("interrupted; whole and new is %s, nothing else was written",
                             run->written);
        } else {
            (void)cli_failed("interrupted; nothing was written");
        }
        return CLI_INTERRUPTED + cli_signal_caught();
    }
    const char *message = kmseg_last_error(run->ctx);
    message = message[0] != '\0' ? message : kmseg_status_text(status);
    int about_values =
        status == KMSEG_E_DATA || status == KMSEG_E_NOT_FOUND || status == KMSEG_E_FORMAT;
    char clean[300];
    return path != NULL && about_values
               ? cli_failed("%s: %s", cli_clean(path, clean, sizeof clean), message)
               : cli_failed("%s", message);
}

int cli_status(const cli_run *run, kmseg_status status) { return cli_status_of(run, status, NULL); }

/* Levenshtein distance, one row at a time; far when a name is too long to be a slip. */
static size_t edit_distance(const char *a, const char *b) {
    enum { LONGEST = 48 };
    size_t n = strlen(a), m = strlen(b), row[LONGEST + 1];
    if (n > LONGEST || m > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t least = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            least = row[j] + 1 < least ? row[j] + 1 : least;
            row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
        }
    }
    return row[m];
}

const char *cli_similar(const char *name, const char *const *names, int n) {
    const char *best = NULL;
    size_t length = strlen(name), best_distance = 0;
    for (int i = 0; i < n; i++) {
        size_t distance = edit_distance(name, names[i]);
        size_t longest = strlen(names[i]) > length ? strlen(names[i]) : length;
        /* A third of the letters may be wrong; the start of a longer name is a good guess too. */
        int close =
            distance * 3 <= longest || (length >= 3 && strncmp(name, names[i], length) == 0);
        if (close && (best == NULL || distance < best_distance)) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
