/* Ranges of numbers of segments. */
#include "cli.h"

/* A whole number at *text, which moves behind it; far out of bounds where it has too many digits. */
static int read_whole(const char **text, long *out) {
    char *end;
    int digits = (**text >= '0' && **text <= '9') || **text == '-';
    *out = strtol(*text, &end, 10);
    int read = digits && end != *text;
    *text = end;
    return read;
}

int cli_range(const char *text, int32_t *k_min, int32_t *k_max) {
    const char *rest = text;
    long from = 0, to = 0;
    int read = read_whole(&rest, &from);
    to = from;
    if (read && *rest == ':') {
        rest++;
        read = read_whole(&rest, &to);
    }
    char clean[80];
    cli_clean(text, clean, sizeof clean);
    if (!read || *rest != '\0') {
        return cli_misused("--n-clusters is \"%s\"; it needs to be a range of whole numbers, "
                           "FROM:TO, such as 2:15",
                           clean);
    }
    const kmseg_option *bounds = kmseg_options_find(kmseg_fit_option_table(), "n_clusters");
    if ((double)from < bounds->minimum || to < from || (double)to > bounds->maximum) {
        return cli_misused("--n-clusters is %s; FROM:TO needs %.0f <= FROM <= TO <= %.0f", clean,
                           bounds->minimum, bounds->maximum);
    }
    *k_min = (int32_t)from;
    *k_max = (int32_t)to;
    return CLI_OK;
}
