/* The terminal: its width, colours, wrapped text and the progress bar. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_WIDTH = 100, MIN_WIDTH = 40 };

int cli_width(FILE *stream) {
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col < MIN_WIDTH ? MIN_WIDTH : size.ws_col;
    }
    return DEFAULT_WIDTH;
}

static int is_plain_terminal(void) {
    const char *term = getenv("TERM");
    return term == NULL || strcmp(term, "dumb") == 0;
}

int cli_colour(FILE *stream) {
    const char *no_colour = getenv("NO_COLOR"); /* https://no-color.org */
    return isatty(fileno(stream)) && !is_plain_terminal() &&
           (no_colour == NULL || no_colour[0] == '\0');
}

const char *cli_styled(FILE *stream, cli_style style) {
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[1;31m", "\033[1;32m"};
    return cli_colour(stream) ? codes[style] : "";
}

const char *cli_bar(double share, int cells, char *out, size_t capacity) {
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = share > 0 ? (int)(share * 8 * cells + 0.5) : 0;
    eighths = share > 0 && eighths == 0 ? 1 : eighths;
    size_t used = 0;
    out[0] = '\0';
    for (; eighths >= 8 && used + 4 < capacity; eighths -= 8) {
        used += (size_t)snprintf(out + used, capacity - used, "█");
    }
    snprintf(out + used, capacity - used, "%s", parts[eighths % 8]);
    return out;
}

/* text from column first on, further lines indented, broken at spaces and at its own newlines. */
void cli_wrap(FILE *out, const char *text, int indent, int first, int width) {
    int column = first;
    while (*text != '\0') {
        size_t length = strcspn(text, " \n");
        if (column > indent && column + (int)length + 1 > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)length, text);
        column += (int)length;
        text += length;
        while (*text == ' ') {
            text++;
        }
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
            text++;
        }
    }
    fputc('\n', out);
}

static struct {
    char stage[64];
    double started, drawn;
    int shown;
} bar;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_erase(void) {
    if (bar.shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        bar.shown = 0;
    }
}

static void draw(double share, double elapsed) {
    enum { CELLS = 24 };
    char cells[CELLS + 1];
    int full = (int)(share * CELLS);
    for (int i = 0; i < CELLS; i++) {
        cells[i] = i < full ? '#' : '-';
    }
    cells[CELLS] = '\0';
    char left[32] = "";
    if (share > 0.01) {
        double seconds = elapsed / share - elapsed;
        if (seconds < 60) {
            snprintf(left, sizeof left, "%.0f s left", seconds);
        } else {
            snprintf(left, sizeof left, "%.0f min left", seconds / 60);
        }
    }
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %s", bar.stage, cells, 100 * share, left);
    fflush(stderr);
    bar.shown = 1;
}

/* Only on a terminal, only for a stage of more than a second, ten times a second at most. */
void cli_progress(void *user, const char *stage, int64_t done, int64_t total) {
    (void)user;
    if (!isatty(STDERR_FILENO) || is_plain_terminal()) {
        return;
    }
    double now = seconds_now();
    if (done >= total || strncmp(bar.stage, stage, sizeof bar.stage - 1) != 0) {
        cli_progress_erase();
    }
    if (done == 0 || strncmp(bar.stage, stage, sizeof bar.stage - 1) != 0) {
        snprintf(bar.stage, sizeof bar.stage, "%s", stage);
        bar.started = now;
        bar.drawn = 0;
    }
    if (done < total && now - bar.started > 1 && now - bar.drawn > 0.1) {
        bar.drawn = now;
        draw((double)done / (double)total, now - bar.started);
    }
}
