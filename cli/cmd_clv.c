/* kmseg clv: who is still a customer, how often they will buy, what they are worth. */
#include "value.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct clv_files {
    size_t struct_size;
    const char *output;
} clv_files;

typedef struct clv_command {
    kmseg_clv_options clv;
    kmseg_features_options cleaning;
    clv_files files;
} clv_command;

static const kmseg_option file_rows[] = {
    {.name = "output",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(clv_files, output),
     .metavar = "FILE",
     .help = "where one row per customer goes: .h5, .csv, or - for CSV on standard output; without "
             "it only the summary is printed",
     .short_flag = 'o'},
};

static const kmseg_option_table file_table = {
    .name = "files",
    .struct_size = sizeof(clv_files),
    .n_options = sizeof file_rows / sizeof *file_rows,
    .options = file_rows,
};

static const kmseg_option_table *files(void) { return &file_table; }

static void init(void *options) {
    clv_command *command = options;
    kmseg_clv_options_init(&command->clv);
    kmseg_features_options_init(&command->cleaning);
    kmseg_options_init(&file_table, &command->files);
}

/* Of the options of cleaning those that matter here: no products, no features. */
static const kmseg_option_table *cleaning(void) {
    static const char *const names[] = {
        "customer",        "date",           "order",      "amount",     "quantity",
        "price",           "reference_date", "since",      "until",      "returns",
        "drop_duplicates", "max_amount",     "zero_price", "date_order", "join"};
    enum { N_NAMES = sizeof names / sizeof *names };
    static kmseg_option rows[N_NAMES];
    static kmseg_option_table table;
    const kmseg_option_table *all = kmseg_features_option_table();
    table = (kmseg_option_table){"cleaning", all->struct_size, N_NAMES, rows};
    for (int i = 0; i < N_NAMES; i++) {
        rows[i] = *kmseg_options_find(all, names[i]);
    }
    return &table;
}

static const cli_argument arguments[] = {{.name = "ORDERS",
                                          .is_table = 1,
                                          .help = "an order log, or a summary with columns x, t_x, "
                                                  "T: .csv, .csv.gz, .parquet, .json or HDF5"}};

static const cli_group groups[] = {
    {"Output", files, offsetof(clv_command, files)},
    {"Models", kmseg_clv_option_table, offsetof(clv_command, clv)},
    {"Columns and cleaning of an order log", cleaning, offsetof(clv_command, cleaning)},
};

static const char *model_name(const kmseg_bgnbd *m) { return m->nobody_leaves ? "NBD" : "BG/NBD"; }

enum { N_AGES = 5 };
/* Months after which a new customer is looked at. */
static const double ages[N_AGES] = {1, 3, 6, 12, 24};

static const char *day(int64_t seconds, char *out, size_t capacity) {
    kmseg_time_format(seconds, out, capacity);
    return out;
}

static void print_input(FILE *out, const clv_command *command, const kmseg_clv_report *report,
                        const char *input) {
    char a[64], b[64], clean[300];
    cli_clean(input, clean, sizeof clean);
    if (report->orders.n_lines > 0) {
        fprintf(out, "%-18s%s lines from %s, %s of them kept\n", "Read",
                cli_count(report->orders.n_lines, a, sizeof a), clean,
                cli_count(report->orders.n_kept, b, sizeof b));
        cli_print_rejected(out, &report->orders, 16);
        cli_print_order_joins(out, &report->orders, 18);
        fprintf(out, "%-18s%s to %s\n", "Observed", day(report->observation_start, a, sizeof a),
                day(report->observation_end, b, sizeof b));
    } else {
        fprintf(out, "%-18s%s, times in %s\n", "Read", clean, command->clv.unit);
    }
    const kmseg_bgnbd *m = &report->purchases;
    fprintf(out, "%-18s%s, of whom %s bought again,", "Customers",
            cli_count(m->n_customers, a, sizeof a), cli_count(m->n_repeaters, b, sizeof b));
    fprintf(out, " %s times in all\n", cli_count(m->n_purchases, a, sizeof a));
}

static void print_parameter(FILE *out, const char *name, double value, double error,
                            const char *unit) {
    char a[64], b[64];
    int digits = value >= 1000 ? 0 : value >= 100 ? 2 : 4;
    fprintf(out, "  %-8s%12s  +/- %s%s\n", name, cli_number(value, digits, a, sizeof a),
            cli_number(error, digits, b, sizeof b), unit);
}

/* A parameter whose standard error is larger than itself. */
static void warn_vague(FILE *out, const kmseg_bgnbd *m) {
    static const char *const names[] = {"r", "alpha", "a", "b"};
    const double values[] = {m->r, m->alpha, m->a, m->b};
    char vague[32] = "", text[400];
    int leaving = 0;
    for (int i = 0; i < 4; i++) {
        if (m->standard_errors[i] > values[i]) {
            size_t used = strlen(vague);
            snprintf(vague + used, sizeof vague - used, "%s%s", used > 0 ? ", " : "", names[i]);
            leaving |= i >= 2;
        }
    }
    if (vague[0] == '\0') {
        return;
    }
    snprintf(text, sizeof text,
             "Warning: these customers hardly determine %s (standard error above the value)%s",
             vague,
             leaving ? ": who leaves, and how soon, does not show in their purchases, so p_alive "
                       "says little. Observe them for longer."
                     : ". Observe them for longer.");
    cli_wrap(out, text, 2, 0, cli_width(out));
}

static void print_models(FILE *out, const clv_command *command, const kmseg_clv_report *report) {
    char a[64], b[64], unit[16];
    const kmseg_bgnbd *m = &report->purchases;
    snprintf(unit, sizeof unit, " %s", command->clv.unit);
    fprintf(out, "\nHow they buy: %s, log-likelihood %s\n", model_name(m),
            cli_number(m->log_likelihood, 2, a, sizeof a));
    print_parameter(out, "r", m->r, m->standard_errors[0], "");
    print_parameter(out, "alpha", m->alpha, m->standard_errors[1], unit);
    if (m->nobody_leaves) {
        cli_wrap(
            out,
            "Warning: nobody seems to leave. The BG/NBD model has no best fit here, it only "
            "nears the model in which nobody does, NBD, which is used in its place: p_alive is "
            "1 for everybody, and how long ago the last purchase was makes no difference. "
            "Whoever left unnoticed is counted as a customer, so purchases and value may be too "
            "high: check with --holdout, and observe the customers for longer.",
            2, 0, cli_width(out));
    } else {
        print_parameter(out, "a", m->a, m->standard_errors[2], "");
        print_parameter(out, "b", m->b, m->standard_errors[3], "");
    }
    warn_vague(out, m);
    if (!report->has_spend) {
        return;
    }
    const kmseg_gamma_gamma *s = &report->spend;
    fprintf(out, "\nWhat they spend: Gamma-Gamma, log-likelihood %s, n = %s\n",
            cli_number(s->log_likelihood, 2, a, sizeof a), cli_count(s->n_customers, b, sizeof b));
    print_parameter(out, "p", s->p, s->standard_errors[0], "");
    print_parameter(out, "q", s->q, s->standard_errors[1], "");
    print_parameter(out, "gamma", s->gamma, s->standard_errors[2], "");
    if (report->n_left_out_spend > 0) {
        fprintf(out, "  %s repeat buyers without a mean spend above 0 are left out\n",
                cli_count(report->n_left_out_spend, a, sizeof a));
    }
    if (fabs(s->correlation) > KMSEG_CLV_CORRELATED) {
        char text[300];
        snprintf(
            text, sizeof text,
            "Warning: number of purchases and mean spend correlate (%.2f), and the model takes "
            "them to be independent: expected spend and CLV are off for those who buy %s.",
            s->correlation, "seldom or often");
        cli_wrap(out, text, 2, 0, cli_width(out));
    }
}

static void print_outlook(FILE *out, const clv_command *command, const kmseg_clv_report *report) {
    char a[64];
    fprintf(out, "\nA new customer             ");
    for (int i = 0; i < N_AGES; i++) {
        fprintf(out, "%4.0f mo.", ages[i]);
    }
    fprintf(out, "\n  expected repeat purchases");
    for (int i = 0; i < N_AGES; i++) {
        fprintf(out, "%8.3f",
                kmseg_bgnbd_new_expected(&report->purchases, ages[i] * report->month));
    }
    fprintf(out, "\n  never buys again by then ");
    for (int i = 0; i < N_AGES; i++) {
        fprintf(out, "%6.1f %%",
                100 * kmseg_bgnbd_new_probability(&report->purchases, 0, ages[i] * report->month));
    }
    fputs("\n", out);
    if (report->has_spend) {
        fprintf(out, "  mean spend per purchase  %8s\n",
                cli_number(report->spend.mean_spend, 2, a, sizeof a));
    }
    fprintf(out, "\nThese customers\n");
    const kmseg_bgnbd *m = &report->purchases;
    int is_vague = m->standard_errors[2] > m->a || m->standard_errors[3] > m->b;
    fprintf(out, "  %-33s%14.1f %%%s\n", "still customers", 100 * report->mean_alive,
            m->nobody_leaves ? "   by assumption: see the warning"
            : is_vague       ? "   not to be relied on: see the warning"
                             : "");
    char label[80];
    snprintf(label, sizeof label, "purchases in the next %.0f %s", report->horizon,
             command->clv.unit);
    fprintf(out, "  %-33s%14s\n", label, cli_number(report->total_purchases, 0, a, sizeof a));
    if (report->has_spend) {
        snprintf(label, sizeof label, "value of the next %d months", command->clv.months);
        fprintf(out, "  %-33s%14s   at %g %% a month\n", label,
                cli_number(report->total_clv, 0, a, sizeof a), 100 * command->clv.discount_rate);
    }
}

static void print_mean(FILE *out, double value) {
    if (isnan(value)) {
        fprintf(out, "%12s", "-");
    } else {
        fprintf(out, "%12.3f", value);
    }
}

static void print_holdout(FILE *out, const clv_command *command, const kmseg_clv_report *report) {
    char a[64], b[64];
    const kmseg_clv_holdout *h = &report->holdout;
    fprintf(out, "\nHoldout from %s to %s, %.1f %s: purchases per customer\n",
            day(h->start, a, sizeof a), day(h->end, b, sizeof b), h->length, command->clv.unit);
    fprintf(out, "repeat purchases before  customers      actual   predicted\n");
    for (int i = 0; i < KMSEG_N_HOLDOUT_ROWS; i++) {
        fprintf(out, "%22d%c  %9s", i, i == KMSEG_N_HOLDOUT_ROWS - 1 ? '+' : ' ',
                cli_count(h->rows[i].n_customers, a, sizeof a));
        print_mean(out, h->rows[i].actual);
        print_mean(out, h->rows[i].predicted);
        fputc('\n', out);
    }
    double n = (double)report->purchases.n_customers;
    fprintf(out, "%22s   %9s%12.3f%12.3f\n", "all", cli_count((int64_t)n, a, sizeof a),
            h->actual / n, h->predicted / n);
    fprintf(out,
            "in all %s purchases, predicted %s; correlation %.3f, mean absolute error %.3f, "
            "bias %+.3f\n",
            cli_number(h->actual, 0, a, sizeof a), cli_number(h->predicted, 0, b, sizeof b),
            h->correlation, h->mean_absolute_error, h->bias);
}

static void print_meaning(FILE *out, const char *name, const char *meaning) {
    int used = fprintf(out, "%-20s", name);
    cli_wrap(out, meaning, used, used, cli_width(out));
}

/* What is printed. */
typedef struct shown {
    const kmseg_table *table;
    const kmseg_clv_report *report;
} shown;

/* What the columns that are there mean. */
static void print_legend(FILE *out, const clv_command *command, const shown *s) {
    const char *unit = command->clv.unit;
    char texts[5][120];
    snprintf(texts[0], sizeof *texts, "%s from the first purchase to the last; 0 where x is 0",
             unit);
    snprintf(texts[1], sizeof *texts, "%s from the first purchase to the end of the observation",
             unit);
    snprintf(texts[2], sizeof *texts, "chance of no purchase in the next %.0f %s",
             s->report->horizon, unit);
    snprintf(texts[3], sizeof *texts, "purchases to expect in the next %.0f %s", s->report->horizon,
             unit);
    snprintf(texts[4], sizeof *texts, "what the next %d months are worth today, at %g %% a month",
             command->clv.months, 100 * command->clv.discount_rate);
    const struct {
        const char *column, *meaning;
    } rows[] = {
        {"x", "repeat purchases: days with an order after the first such day"},
        {"t_x", texts[0]},
        {"T", texts[1]},
        {"mean_spend", "mean amount of a repeat purchase"},
        {"p_alive", s->report->purchases.nobody_leaves
                        ? "chance that this is still a customer; 1: nobody seems to leave"
                        : "chance that this is still a customer; 1 until the second purchase"},
        {"churn_risk", texts[2]},
        {"expected_purchases", texts[3]},
        {"expected_spend", "amount to expect of each of them"},
        {"clv", texts[4]},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (kmseg_table_find(s->table, rows[i].column) >= 0) {
            print_meaning(out, rows[i].column, rows[i].meaning);
        }
    }
    fputc('\n', out);
}

static int print_text(FILE *out, cli_run *run, const void *what) {
    const clv_command *command = run->options;
    const shown *s = what;
    const kmseg_clv_report *report = s->report;
    print_input(out, command, report, run->arguments[0]);
    print_models(out, command, report);
    print_outlook(out, command, report);
    if (report->has_holdout) {
        print_holdout(out, command, report);
    }
    int code = cli_print_columns(out, run, s->table);
    if (code == CLI_OK) {
        print_legend(out, command, s);
        cli_print_kept(out, command->files.output, "clv.h5", "choose-k");
    }
    return code;
}

static int run_clv(cli_run *run) {
    const clv_command *command = run->options;
    const char *input = run->arguments[0];
    cli_format format = CLI_CSV;
    if (command->files.output != NULL) {
        int code = cli_output_check(command->files.output, 0, input, &format);
        if (code != CLI_OK) {
            return code;
        }
    }
    kmseg_table *table;
    kmseg_clv_report report;
    int code = cli_status(run, kmseg_clv_from_file(run->ctx, input, &command->cleaning,
                                                   &command->clv, &table, &report));
    if (code == CLI_OK) {
        const shown s = {table, &report};
        char *said = NULL;
        kmseg_status status = kmseg_clv_json(run->ctx, &command->clv, &report, input, &said);
        code = cli_table_finish(run, table, format, command->files.output,
                                cli_said(run, status, said), print_text, &s);
        kmseg_table_free(table);
    }
    return code;
}

const cli_command cli_cmd_clv = {
    .name = "clv",
    .help = "predict who will buy again, how often, and what each customer is worth",
    .description =
        "Fits how customers buy and leave (BG/NBD, or NBD where nobody seems to leave) and what "
        "they spend (Gamma-Gamma), and writes "
        "for each the probability that they are still a customer, the purchases and the spend to "
        "expect, the risk of no purchase, and the discounted value of the coming months. It is for "
        "shops whose customers come and go without notice, not for contracts.\n"
        "ORDERS is an order log, or a summary with one row per customer: x, repeat purchases "
        "(days with one after the first); t_x, time from the first to the last; T, time from the "
        "first to the end of the observation; mean spend per repeat purchase.",
    .examples = "  kmseg clv orders.csv.gz -o clv.h5\n"
                "  kmseg clv orders.csv --holdout 2011-09-01\n"
                "  kmseg clv orders.csv --until 2011-12-01 --unit days --horizon 90 -o clv.csv\n"
                "  kmseg clv summary.csv --x frequency --t-x recency --age T --mean-spend zbar\n",
    .arguments = arguments,
    .n_arguments = 1,
    .groups = groups,
    .n_groups = 3,
    .writes_ids = 1,
    .options_size = sizeof(clv_command),
    .init = init,
    .run = run_clv,
};
