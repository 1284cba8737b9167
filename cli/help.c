/* --help, written from the same tables that parse. */
#include "cli.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { FLAG_COLUMN = 30 };

static int help_width(FILE *out) {
    int width = cli_width(out);
    return width > 100 ? 100 : width;
}

static void describe_number(const kmseg_option *option, char *out, size_t capacity) {
    int low = isfinite(option->minimum);
    /* A bound that is only the end of the type says nothing. */
    int high = isfinite(option->maximum) && option->maximum < 2147483647.0;
    if (low && high) {
        snprintf(out, capacity, ", %.10g to %.10g", option->minimum, option->maximum);
    } else if (low) {
        snprintf(out, capacity, ", at least %.10g", option->minimum);
    } else if (high) {
        snprintf(out, capacity, ", at most %.10g", option->maximum);
    }
}

static void describe_choices(const kmseg_option *option, char *out, size_t capacity) {
    size_t used = (size_t)snprintf(out, capacity, "; one of ");
    if (option->choices != NULL) {
        for (const char *c = option->choices; *c != '\0' && used + 3 < capacity; c++) {
            used += (size_t)snprintf(out + used, capacity - used, *c == '|' ? ", " : "%c", *c);
        }
        return;
    }
    for (int32_t i = 0; option->choice_name(i) != NULL && used < capacity; i++) {
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", i > 0 ? ", " : "",
                                 option->choice_name(i));
    }
}

void cli_describe(const kmseg_option *option, const void *options, char *out, size_t capacity) {
    char more[200] = "", choices[400] = "", value[64];
    if (option->type == KMSEG_OPTION_CHOICE) {
        describe_choices(option, choices, sizeof choices);
    }
    kmseg_options_format(option, options, value, sizeof value);
    if (value[0] != '\0' && !cli_is_off(option, options)) {
        snprintf(more, sizeof more, ", default %s", value);
    }
    size_t used = strlen(more);
    if (option->type < KMSEG_OPTION_BOOL) {
        describe_number(option, more + used, sizeof more - used);
    } else if (option->list_kind != NULL) {
        snprintf(more + used, sizeof more - used, ", see kmseg list %s", option->list_kind);
    }
    if (more[0] != '\0') {
        snprintf(out, capacity, "%s%s (%s)", option->help, choices, more + 2);
    } else {
        snprintf(out, capacity, "%s%s", option->help, choices);
    }
}

static void print_option(FILE *out, const kmseg_option *option, const void *options) {
    char flag[128], text[1024];
    int n = option->short_flag != 0 ? snprintf(flag, sizeof flag, "-%c, ", option->short_flag)
                                    : snprintf(flag, sizeof flag, "    ");
    int on = option->type == KMSEG_OPTION_BOOL && !cli_is_off(option, options);
    n += snprintf(flag + n, sizeof flag - (size_t)n, "--%s%s", on ? "[no-]" : "", option->name);
    for (char *c = flag; *c != '\0'; c++) {
        *c = *c == '_' ? '-' : *c;
    }
    if (option->type != KMSEG_OPTION_BOOL) {
        snprintf(flag + n, sizeof flag - (size_t)n, " %s",
                 option->metavar != NULL ? option->metavar : "VALUE");
    }
    cli_describe(option, options, text, sizeof text);
    int used = fprintf(out, "  %s", flag);
    if (used > FLAG_COLUMN - 2) {
        fputc('\n', out);
        used = 0;
    }
    fprintf(out, "%*s", FLAG_COLUMN - used, "");
    cli_wrap(out, text, FLAG_COLUMN, FLAG_COLUMN, help_width(out));
}

static void print_usage(FILE *out, const cli_command *command) {
    fprintf(out, "usage: kmseg %s", command->name);
    for (int i = 0; i < command->n_arguments; i++) {
        const cli_argument *argument = &command->arguments[i];
        fprintf(out, argument->optional ? " [%s]" : " %s", argument->name);
    }
    fputs(" [options]\n", out);
}

static void print_heading(FILE *out, const char *title) {
    fprintf(out, "\n%s%s%s\n", cli_styled(out, CLI_BOLD), title, cli_styled(out, CLI_PLAIN));
}

static void visit_option(void *user, const char *title, const kmseg_option *option,
                         const void *values) {
    if (title != NULL) {
        print_heading(user, title);
    }
    print_option(user, option, values);
}

void cli_help_command(FILE *out, const cli_command *command) {
    print_usage(out, command);
    fputc('\n', out);
    cli_wrap(out, command->description, 0, 0, help_width(out));
    if (command->n_arguments > 0) {
        print_heading(out, "Arguments");
    }
    for (int i = 0; i < command->n_arguments; i++) {
        int used = fprintf(out, "  %s", command->arguments[i].name);
        fprintf(out, "%*s", used < FLAG_COLUMN ? FLAG_COLUMN - used : 1, "");
        cli_wrap(out, command->arguments[i].help, FLAG_COLUMN, FLAG_COLUMN, help_width(out));
    }
    cli_options_each(command, visit_option, out);
    fputs("  -h, --help                  print this\n", out);
    if (command->examples != NULL) {
        print_heading(out, "Examples");
        fputs(command->examples, out);
    }
}

void cli_help_all(FILE *out) {
    fputs("usage: kmseg COMMAND [arguments] [options]\n\n", out);
    cli_wrap(out,
             "kmseg turns customer orders into segments: one row per customer from an order log, "
             "clustered by k-means, with a table that says who is in each segment.",
             0, 0, help_width(out));
    print_heading(out, "Commands");
    for (int i = 0; cli_command_at(i) != NULL; i++) {
        fprintf(out, "  %-12s", cli_command_at(i)->name);
        cli_wrap(out, cli_command_at(i)->help, 14, 14, help_width(out));
    }
    fputs("\nkmseg COMMAND --help says more about one; kmseg --version prints the version.\n\n"
          "A first run\n"
          "  kmseg generate orders -o orders.csv\n"
          "  kmseg features orders.csv -o customers.h5\n"
          "  kmseg sweep customers.h5\n"
          "  kmseg fit customers.h5 -k 6 -o segments.h5\n"
          "  kmseg predict segments.h5 customers.h5 -o labels.csv\n\n"
          "Exit status: 0 done, 1 it could not be done, 2 the command line is wrong, 3 what was\n"
          "to be checked does not hold (protect), 130 interrupted.\n",
          out);
}

typedef struct help_command {
    size_t struct_size;
    int32_t man;
    const char *write_man;
} help_command;

static const kmseg_option help_rows[] = {
    {.name = "man",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(help_command, man),
     .help = "print a manual page, for man -l"},
    {.name = "write_man",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(help_command, write_man),
     .metavar = "FOLDER",
     .help = "write all manual pages: kmseg.1, kmseg-fit.1, ..."},
};

static const kmseg_option_table help_table = {
    .name = "help",
    .struct_size = sizeof(help_command),
    .n_options = sizeof help_rows / sizeof *help_rows,
    .options = help_rows,
};

static const kmseg_option_table *get_help_table(void) { return &help_table; }

static void help_init(void *options) { kmseg_options_init(&help_table, options); }

static const cli_group help_groups[] = {{"Manual pages", get_help_table, 0}};

static const cli_argument help_arguments[] = {
    {.name = "COMMAND", .help = "the command to explain; none: all of them", .optional = 1}};

static int run_help(cli_run *run) {
    const help_command *options = run->options;
    if (options->write_man != NULL) {
        return run->arguments[0] == NULL && !options->man
                   ? cli_manual_write(options->write_man)
                   : cli_misused("--write-man is used alone: it writes every page");
    }
    if (run->arguments[0] == NULL) {
        (options->man ? cli_manual_all : cli_help_all)(stdout);
        return CLI_OK;
    }
    const cli_command *command = cli_command_find(run->arguments[0]);
    if (command == NULL) {
        char clean[80];
        return cli_misused("there is no command %s; kmseg --help lists them",
                           cli_clean(run->arguments[0], clean, sizeof clean));
    }
    (options->man ? cli_manual_command : cli_help_command)(stdout, command);
    return CLI_OK;
}

const cli_command cli_cmd_help = {
    .name = "help",
    .help = "explain a command",
    .description = "Prints what kmseg COMMAND --help prints, or a manual page of the same.",
    .examples = "  kmseg help fit\n  kmseg help fit --man | man -l -\n",
    .arguments = help_arguments,
    .n_arguments = 1,
    .groups = help_groups,
    .n_groups = 1,
    .options_size = sizeof(help_command),
    .init = help_init,
    .run = run_help,
};
