/* kmseg rules: classes of a business by ordered rules over columns. */
#include "clustering.h"
#include "value.h"

#include <stddef.h>
#include <string.h>

typedef struct rules_files {
    size_t struct_size;
    const char *rules;
} rules_files;

typedef struct rules_command {
    kmseg_value_columns columns;
    kmseg_csv_options csv;
    cli_value_files files;
    rules_files rules;
} rules_command;

static const kmseg_option rules_rows[] = {
    {.name = "rules",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(rules_files, rules),
     .metavar = "FILE",
     .help = "the rules: [column] and below it lines like \"active: recency <= 70\"; required",
     .short_flag = 'r'},
};

static const kmseg_option_table rules_table = {
    .name = "rules",
    .struct_size = sizeof(rules_files),
    .n_options = sizeof rules_rows / sizeof *rules_rows,
    .options = rules_rows,
};

static const kmseg_option_table *rules(void) { return &rules_table; }

static void init(void *options) {
    rules_command *command = options;
    kmseg_value_columns_init(&command->columns);
    kmseg_csv_options_init(&command->csv);
    kmseg_options_init(cli_value_files_table(), &command->files);
    kmseg_options_init(&rules_table, &command->rules);
}

static const cli_group groups[] = {
    {"Rules", rules, offsetof(rules_command, rules)},
    {"Output", cli_value_files_table, offsetof(rules_command, files)},
    {"What classes are worth", kmseg_value_columns_option_table, offsetof(rules_command, columns)},
    {"Reading CSV", kmseg_csv_option_table, offsetof(rules_command, csv)},
};

/* What print() needs. */
typedef struct shown {
    const cli_customers *customers;
    const kmseg_classings *classings;
} shown;

/* The rules of a classing and how many customers each classed. */
static void print_rules(FILE *out, const kmseg_classing *classing) {
    enum { CELL = 64, COLUMNS = 4, LONGEST = 56 };
    int n_rows = classing->n_rules + 1;
    char(*texts)[CELL] = calloc((size_t)n_rows * COLUMNS, sizeof *texts);
    const char **cells = calloc((size_t)n_rows * COLUMNS, sizeof *cells);
    if (texts != NULL && cells != NULL) {
        static const char *const headers[COLUMNS] = {"rule", "class", "when", "customers"};
        memcpy(cells, headers, sizeof headers);
        for (int32_t r = 0; r < classing->n_rules; r++) {
            const kmseg_rule_count *rule = &classing->rules[r];
            char(*row)[CELL] = texts + (ptrdiff_t)(r + 1) * COLUMNS;
            const char **cell = cells + (ptrdiff_t)(r + 1) * COLUMNS;
            snprintf(row[0], CELL, "%d", r + 1);
            cell[0] = row[0];
            cell[1] = cli_clean(rule->class_name, row[1], 24);
            int cut = strlen(rule->text) >= LONGEST;
            cli_clean(rule->text, row[2], LONGEST);
            snprintf(row[2] + strlen(row[2]), 4, "%s", cut ? "..." : "");
            cell[2] = rule->text[0] != '\0' ? row[2] : "none of the above";
            cell[3] = cli_count(rule->n_fired, row[3], CELL);
        }
        cli_print_cells(out, cells, n_rows, COLUMNS, 3);
    }
    free(texts);
    free(cells);
}

static void print(FILE *out, cli_run *run, const void *what) {
    const shown *s = what;
    char clean[300];
    cli_print_customers(out, s->customers, run->arguments[0]);
    for (int32_t i = 0; i < s->classings->n; i++) {
        const kmseg_classing *classing = &s->classings->classings[i];
        fputc('\n', out);
        cli_print_groups(out, cli_clean(classing->name, clean, sizeof clean), classing->classes,
                         classing->n_classes, &s->classings->all);
        fputc('\n', out);
        print_rules(out, classing);
    }
    cli_print_sentences(out, "How to read it", &s->classings->conventions);
    cli_print_sentences(out, "Notes", &s->classings->notes);
}

static int apply(cli_run *run, const cli_customers *customers, const kmseg_rules *rules_read,
                 cli_format format) {
    const rules_command *command = run->options;
    kmseg_classings *classings = NULL;
    int code = cli_status(run, kmseg_rules_apply(run->ctx, rules_read, customers->table,
                                                 &command->columns, &classings));
    if (code == CLI_OK) {
        const shown s = {customers, classings};
        const kmseg_origin origin = cli_origin(customers, run->arguments[0]);
        char *said = NULL;
        kmseg_status status = kmseg_rules_json(run->ctx, classings, &origin, &said);
        code = cli_value_finish(run, customers->table, format, command->files.output,
                                cli_said(run, status, said), print, &s);
    }
    kmseg_classings_free(classings);
    return code;
}

static int run_rules(cli_run *run) {
    const rules_command *command = run->options;
    const char *input = run->arguments[0], *output = command->files.output;
    cli_format format = CLI_CSV;
    if (command->rules.rules == NULL) {
        return cli_misused("rules needs --rules FILE; see kmseg rules --help for what is in it");
    }
    int code = output != NULL ? cli_output_check(output, 0, input, &format) : CLI_OK;
    if (code == CLI_OK && output != NULL) {
        code = cli_output_check(output, 0, command->rules.rules, &format);
    }
    if (code != CLI_OK) {
        return code;
    }
    kmseg_rules *rules_read = NULL;
    cli_customers customers = {0};
    code = cli_status(run, kmseg_rules_read(run->ctx, command->rules.rules, &rules_read));
    if (code == CLI_OK) {
        code = cli_table_read(run, input, &command->csv, &customers);
    }
    if (code == CLI_OK) {
        code = apply(run, &customers, rules_read, format);
    }
    cli_customers_free(&customers);
    kmseg_rules_free(rules_read);
    return code;
}

const cli_command cli_cmd_rules = {
    .name = "rules",
    .help = "class customers by rules of your own: needs, interaction, risk, anything",
    .description =
        "Reads ordered rules from a text file and gives each customer the class of the first that "
        "is true. One file may have several classings, each a new column; NAME_rule keeps the rule "
        "that fired. Rules compare columns of the table with numbers, texts and dates:\n\n"
        "[interaction]\nactive: recency <= 70\nsilent: recency <= 155 and not lifecycle = lost\n"
        "default: lost\n\n"
        "There are < <= > >= = !=, in (a, b), not in, is missing, is not missing, and, or, not and "
        "parentheses. Texts of one word need no quotes; names of columns that are more than one go "
        "in `backquotes`; # begins a comment. docs/rules.md has it all.",
    .examples = "  kmseg rules customers.h5 --rules needs.txt -o classed.h5\n"
                "  kmseg rules members.csv --rules needs.txt --json\n",
    .arguments = cli_customers_argument,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = sizeof groups / sizeof *groups,
    .writes_ids = 1,
    .options_size = sizeof(rules_command),
    .init = init,
    .run = run_rules,
};
