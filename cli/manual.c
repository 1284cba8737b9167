/* Manual pages, in the macros of man(7), from the tables that parse. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Text that is printed as it stands: no request, no escape, hyphens that can be copied. */
static void put_n(FILE *out, const char *text, size_t n) {
    if (n > 0 && (text[0] == '.' || text[0] == '\'')) {
        fputs("\\&", out);
    }
    for (size_t i = 0; i < n; i++) {
        switch (text[i]) {
        case '\\': fputs("\\e", out); break;
        case '-': fputs("\\-", out); break;
        case '\'': fputs("\\(aq", out); break;
        case '`': fputs("\\(ga", out); break;
        case '^': fputs("\\(ha", out); break;
        case '~': fputs("\\(ti", out); break;
        default: fputc(text[i], out);
        }
    }
}

static void put(FILE *out, const char *text) { put_n(out, text, strlen(text)); }

static void put_paragraphs(FILE *out, const char *text) {
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        put_n(out, text, n);
        fputc('\n', out);
        text += n;
        if (strspn(text, "\n") > 1) {
            fputs(".PP\n", out);
        }
        text += strspn(text, "\n");
    }
}

static void put_title(FILE *out, const char *name) {
    fputs(".TH ", out);
    for (const char *c = name; *c != '\0'; c++) {
        fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
    }
    fprintf(out, " 1 \"\" \"kmseg %s\" \"Customer segmentation\"\n", kmseg_version());
}

static void put_option(void *user, const char *title, const kmseg_option *option,
                       const void *values) {
    FILE *out = user;
    char flag[128], text[1024];
    if (title != NULL) {
        fputs(".SS ", out);
        put(out, title);
        fputc('\n', out);
    }
    fputs(".TP\n", out);
    if (option->short_flag != 0) {
        fprintf(out, "\\fB\\-%c\\fR, ", option->short_flag);
    }
    cli_flag(option, flag, sizeof flag);
    int is_on = option->type == KMSEG_OPTION_BOOL && !cli_is_off(option, values);
    fputs("\\fB\\-\\-", out);
    fputs(is_on ? "[no\\-]" : "", out);
    put(out, flag + 2);
    fputs("\\fR", out);
    if (option->type != KMSEG_OPTION_BOOL) {
        fputs(" \\fI", out);
        put(out, option->metavar != NULL ? option->metavar : "VALUE");
        fputs("\\fR", out);
    }
    fputc('\n', out);
    cli_describe(option, values, text, sizeof text);
    put(out, text);
    fputc('\n', out);
}

static void put_synopsis(FILE *out, const cli_command *command) {
    fputs(".SH SYNOPSIS\n.B kmseg ", out);
    put(out, command->name);
    for (int i = 0; i < command->n_arguments; i++) {
        const cli_argument *argument = &command->arguments[i];
        fputs(argument->optional ? "\n.RI [ " : "\n.I ", out);
        put(out, argument->name);
        fputs(argument->optional ? " ]" : "", out);
    }
    fputs("\n.RI [ options ]\n", out);
}

static void put_example(FILE *out, const char *text) {
    fputs(".SH EXAMPLES\n.EX\n", out);
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        put_n(out, text, n);
        fputc('\n', out);
        text += n + (text[n] == '\n');
    }
    fputs(".EE\n", out);
}

static const char exit_status[] =
    ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nunderstood, and it could not be done\n.TP\n2\n"
    "the command line is wrong\n.TP\n3\nwhat was to be checked does not hold\n.TP\n130\n"
    "interrupted\n";

void cli_manual_command(FILE *out, const cli_command *command) {
    char name[80];
    snprintf(name, sizeof name, "kmseg-%s", command->name);
    put_title(out, name);
    fputs(".SH NAME\n", out);
    put(out, name);
    fputs(" \\- ", out);
    put(out, command->help);
    fputc('\n', out);
    put_synopsis(out, command);
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(out, command->description);
    if (command->n_arguments > 0) {
        fputs(".SH ARGUMENTS\n", out);
    }
    for (int i = 0; i < command->n_arguments; i++) {
        fputs(".TP\n.I ", out);
        put(out, command->arguments[i].name);
        fputc('\n', out);
        put(out, command->arguments[i].help);
        fputc('\n', out);
    }
    fputs(".SH OPTIONS\n", out);
    cli_options_each(command, put_option, out);
    fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint this in short\n", out);
    fputs(exit_status, out);
    if (command->examples != NULL) {
        put_example(out, command->examples);
    }
    fputs(".SH SEE ALSO\n.BR kmseg (1)\n", out);
}

void cli_manual_all(FILE *out) {
    put_title(out, "kmseg");
    fputs(".SH NAME\nkmseg \\- customer orders in, segments out\n"
          ".SH SYNOPSIS\n.B kmseg\n.I command\n.RI [ arguments ]\n.RI [ options ]\n"
          ".SH DESCRIPTION\n",
          out);
    put(out, "kmseg turns customer orders into segments: one row per customer from an order log, "
             "clustered by exact k-means, with a table that says who is in each segment. Each "
             "command has a page of its own.\n");
    fputs(".SH COMMANDS\n", out);
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        fputs(".TP\n.BR kmseg\\-", out);
        put(out, cli_command_at(i)->name);
        fputs(" (1)\n", out);
        put(out, cli_command_at(i)->help);
        fputc('\n', out);
    }
    fputs(exit_status, out);
    fputs(".SH ENVIRONMENT\n.TP\n.B KMSEG_KERNELS\ninstruction set to use, as \\-\\-kernels\n"
          ".TP\n.B KMSEG_PIN\n1 binds threads to CPUs, 0 does not\n"
          ".TP\n.B NO_COLOR\nwhen it is not empty: no colours and bars on a terminal; so does TERM "
          "when it is dumb\n",
          out);
    put_example(out, "  kmseg generate orders -o orders.csv\n"
                     "  kmseg features orders.csv -o customers.h5\n"
                     "  kmseg sweep customers.h5\n"
                     "  kmseg fit customers.h5 -k 6 -o segments.h5\n"
                     "  kmseg predict segments.h5 customers.h5 -o labels.csv\n");
}

static int write_page(const char *folder, const cli_command *command) {
    char path[4200], clean[300];
    snprintf(path, sizeof path, command != NULL ? "%s/kmseg-%s.1" : "%s/kmseg.1", folder,
             command != NULL ? command->name : "");
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        return cli_failed("cannot write %s: %s", cli_clean(path, clean, sizeof clean),
                          strerror(errno));
    }
    if (command != NULL) {
        cli_manual_command(out, command);
    } else {
        cli_manual_all(out);
    }
    int failed = ferror(out);
    failed |= fclose(out) != 0;
    return failed ? cli_failed("cannot write %s", cli_clean(path, clean, sizeof clean)) : CLI_OK;
}

int cli_manual_write(const char *folder) {
    int code = write_page(folder, NULL);
    for (int i = 0; cli_command_at(i) != NULL && code == CLI_OK; i++) {
        code = write_page(folder, cli_command_at(i));
    }
    return code;
}
