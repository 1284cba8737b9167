/* Ordered levels, tags, missing cells and groups of columns. */
#include "prepare/tables.h"

static kmseg_context *ctx;
static kmseg_table *table;
static kmseg_prepare *prepare;
static kmseg_prepare_options options;

static void setup(void) {
    ctx = test_context(1, NULL);
    options = prepare_options();
    prepare = NULL;
    table = NULL;
}

static void teardown(void) {
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

TestSuite(prepare_text, .init = setup, .fini = teardown);

#define FIT() OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare))
#define REFUSES(...)                                                                               \
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), __VA_ARGS__)

static kmseg_prepared *applied(const kmseg_table *to) {
    kmseg_prepared *prepared;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, to, &prepared));
    return prepared;
}

Test(prepare_text, bands_become_one_output_of_their_place)
{
    table = table_of(ctx, 6);
    TEXTS(ctx, table, "age", "65+", "19-24", "25-34", "19-24", NULL, "25-34");
    NUMBERS(ctx, table, "x", 1, 2, 3, 4, 5, 7);
    FIT();
    const kmseg_prepare_column *age = &prepare->columns[0];
    cr_assert_str_eq(age->scale, "ordinal");
    cr_assert_str_eq(age->levels[0], "19-24");
    cr_assert_str_eq(age->levels[2], "65+");
    cr_assert_eq(prepare->n_outputs, 2);
    cr_assert_str_eq(prepare->output_names[0], "age");
    cr_assert(noted(prepare, "age: ordered", "19-24 < 25-34 < 65+"));
    /* Places 3 1 2 1 2: mean 1.8, variance (1.44 + 0.64 + 0.04 + 0.64 + 0.04) / 5 = 0.56. The
     * level at which half are at it or below is 25-34. */
    cr_assert_float_eq(age->centre, 1.8, 1e-15);
    cr_assert_float_eq(age->spread, sqrt(0.56), 1e-15);
    cr_assert_str_eq(age->levels[age->fill_level], "25-34");
    kmseg_prepared *prepared = applied(table);
    cr_assert_float_eq(value_at(prepared, 0, 0), 1.2 / sqrt(0.56), 1e-14);
    cr_assert_eq(value_at(prepared, 4, 0), value_at(prepared, 2, 0));
    double raw[2];
    OK(ctx,
       kmseg_prepare_invert(ctx, prepare, (const double[]){value_at(prepared, 0, 0), 0}, 1, raw));
    cr_assert_float_eq(raw[0], 3, 1e-12);
    kmseg_prepared_free(prepared);

    /* A band that the fit did not see is filled as a missing one, and counted. */
    kmseg_table *later = table_of(ctx, 2);
    TEXTS(ctx, later, "age", "35-44", "65+");
    NUMBERS(ctx, later, "x", 1, 1);
    prepared = applied(later);
    cr_assert_eq(prepared->n_unseen, 1);
    cr_assert_float_eq(value_at(prepared, 0, 0), 0.2 / sqrt(0.56), 1e-14);
    kmseg_prepared_free(prepared);
    kmseg_table_free(later);
}

Test(prepare_text, an_order_is_given_by_the_user_or_turned_off)
{
    table = table_of(ctx, 6);
    TEXTS(ctx, table, "ring", "outer", "inner", "middle", "outer", "inner", "outer");
    TEXTS(ctx, table, "size", "small", "large", "medium", "small", "large", "small");
    NUMBERS(ctx, table, "x", 1, 2, 3, 4, 5, 7);
    options.order = "ring=inner<middle < outer";
    options.encode = "size=onehot";
    FIT();
    cr_assert_str_eq(prepare->columns[0].scale, "ordinal");
    cr_assert_str_eq(prepare->columns[0].levels[2], "outer");
    cr_assert_str_eq(prepare->columns[1].scale, "onehot");
    cr_assert(noted(prepare, "ring: ordered as given", "inner < middle < outer"));
    kmseg_prepare_free(prepare);
    prepare = NULL;
    options.order = "ring=inner<outer";
    REFUSES("ring", "\"middle\"", "row 3");
    options.order = "ring=inner<inner<middle<outer";
    REFUSES("\"inner\"", "twice");
    options.order = "ring=outer";
    REFUSES("two levels");
    options.order = "ring";
    REFUSES("lowest first");
    options.order = "x=1<2";
    REFUSES("x is a column of numbers", "text");
    options.order = "ring=inner<middle<outer;ring=inner<middle<outer";
    REFUSES("twice");
    options.order = "rong=a<b";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "rong",
          "ring");
    options.order = NULL;
    options.encode = "ring=ordinal";
    REFUSES("the order of the levels of ring is not known", "--order");
    options.encode = "ordinal";
    REFUSES("by name");
    options.encode = "hash";
    REFUSES("multihot");
}

Test(prepare_text, tags_are_outputs_of_their_own)
{
    /* music in 3 of 5 cells, sport in 3, travel in 2. */
    table = table_of(ctx, 6);
    TEXTS(ctx, table, "tags", "music;sport", "music", " sport | travel ", NULL,
          "music;;sport;music", "travel");
    NUMBERS(ctx, table, "x", 1, 2, 3, 4, 5, 7);
    options.encode = "tags=multihot";
    FIT();
    const kmseg_prepare_column *tags = &prepare->columns[0];
    cr_assert_eq(tags->n_levels, 3);
    cr_assert_str_eq(prepare->output_names[1], "tags=sport");
    cr_assert_float_eq(tags->level_shares[0], 0.6, 1e-15);
    cr_assert_float_eq(tags->level_shares[1], 0.6, 1e-15);
    cr_assert_float_eq(tags->level_shares[2], 0.4, 1e-15);
    /* The sum of p (1 - p), 0.24 three times, is below 1: to trade one tag for another costs one
     * standard deviation. */
    cr_assert_float_eq(tags->level_scale, sqrt(0.5), 1e-15);
    kmseg_prepared *prepared = applied(table);
    double on = tags->level_scale;
    const double expected[6][3] = {{on, on, 0}, {on, 0, 0},  {0, on, on},
                                   {0, 0, 0},   {on, on, 0}, {0, 0, on}};
    for (int r = 0; r < 6; r++) {
        for (int t = 0; t < 3; t++) {
            cr_assert_eq(value_at(prepared, r, t), expected[r][t], "%d %d", r, t);
        }
    }
    kmseg_prepared_free(prepared);
    kmseg_table *later = table_of(ctx, 3);
    TEXTS(ctx, later, "tags", "cooking;music", "cooking", ";");
    NUMBERS(ctx, later, "x", 1, 1, 1);
    prepared = applied(later);
    cr_assert_eq(prepared->n_unseen, 2);
    cr_assert_eq(value_at(prepared, 0, 0), on);
    cr_assert_eq(value_at(prepared, 1, 0), 0);
    kmseg_prepared_free(prepared);
    kmseg_table_free(later);
}

Test(prepare_text, many_tags_count_no_more_than_the_levels_of_one_column)
{
    enum { N = 400, TAGS = 12 };
    char text[N][TAGS * 4];
    const char *cells[N];
    double x[N];
    for (int r = 0; r < N; r++) {
        text[r][0] = '\0';
        for (int t = 0; t < TAGS; t++) { /* half of the tags each */
            if (((unsigned)r * 2654435761u >> (t + 5)) % 2 == 0) {
                snprintf(text[r] + strlen(text[r]), 5, "t%02d;", t);
            }
        }
        cells[r] = text[r][0] != '\0' ? text[r] : NULL;
        x[r] = r;
    }
    table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_texts(ctx, table, "tags", cells));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    FIT(); /* recognised */
    const kmseg_prepare_column *tags = &prepare->columns[0];
    cr_assert_str_eq(tags->scale, "multihot");
    double variance = 0;
    for (int t = 0; t < tags->n_levels; t++) {
        variance += tags->level_scale * tags->level_scale * tags->level_shares[t] *
                    (1 - tags->level_shares[t]);
    }
    cr_assert_float_eq(variance, 0.5, 1e-12);
}

Test(prepare_text, categories_with_a_semicolon_that_never_combine_are_no_tags)
{
    table = table_of(ctx, 6);
    TEXTS(ctx, table, "kind", "Food; drinks", "Home; garden", "Toys", "Toys", "Food; drinks",
          "Home; garden");
    NUMBERS(ctx, table, "x", 1, 2, 3, 4, 5, 7);
    FIT();
    cr_assert_str_eq(prepare->columns[0].scale, "onehot");
    cr_assert_eq(prepare->columns[0].n_levels, 3);
}

Test(prepare_text, missing_values_follow_the_policy_of_their_column)
{
    table = table_of(ctx, 8);
    NUMBERS(ctx, table, "a", 1, 1, 1, 5, 9, 9, 4, NAN);
    NUMBERS(ctx, table, "b", 1, 2, 3, 4, 5, 6, 9, NAN);
    NUMBERS(ctx, table, "c", NAN, 2, 3, 4, 5, 6, 7, 9);
    TEXTS(ctx, table, "t", "u", "v", "u", "v", "u", NULL, "u", "v");
    options.impute = "a=mode,b=constant:-1+indicator,c=drop,t=constant";
    FIT();
    /* Row 1 goes for c. Then a has 1 and 9 twice each, of which 1 is less. */
    cr_assert_eq(prepare->columns[fitted(prepare, "a")].fill, 1);
    cr_assert_eq(prepare->columns[fitted(prepare, "b")].fill, -1);
    const kmseg_prepare_column *t = &prepare->columns[fitted(prepare, "t")];
    cr_assert_eq(t->n_levels, 3);
    cr_assert_str_eq(t->levels[t->fill_level], "missing");
    cr_assert_float_eq(t->level_shares[2], 1 / 7.0, 1e-15);
    cr_assert_str_eq(prepare->output_names[2], "b=missing");
    cr_assert_eq(prepare->n_outputs, 1 + 2 + 1 + 3);
    kmseg_prepared *prepared = applied(table);
    cr_assert_eq(prepared->matrix.n_rows, 7);
    cr_assert_eq(prepared->rows[0], 1);
    cr_assert_eq(prepared->n_missing_rows, 3);
    for (int r = 0; r < 7; r++) { /* the last row lacks b: one standard deviation away */
        cr_assert_float_eq(value_at(prepared, r, 2), r == 6 ? 1 : 0, 1e-12);
    }
    double raw[7];
    const double *last = (const double *)prepared->matrix.values + 6 * prepared->matrix.n_cols;
    OK(ctx, kmseg_prepare_invert(ctx, prepare, last, 1, raw));
    cr_assert_float_eq(raw[1], -1, 1e-12);
    cr_assert_float_eq(raw[2], 1, 1e-12);
    kmseg_prepared_free(prepared);
}

Test(prepare_text, policies_that_cannot_be_are_refused)
{
    table = table_of(ctx, 4);
    NUMBERS(ctx, table, "a", 1, 2, 3, NAN);
    TEXTS(ctx, table, "size", "small", "medium", "large", NULL);
    static const char *const wrong[][2] = {
        {"guess", "needs to be one of median"},   {"a=drop+indicator", "but for drop"},
        {"a=constant:x", "needs to be a number"}, {"a=constant:", "needs to be one of"},
        {"a=constant:nan", "be a number"},        {"size=constant", "no level \"missing\""},
        {"size=constant:huge", "no level"},       {"a=mode,a=drop", "twice"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.impute = wrong[i][0];
        REFUSES(wrong[i][1]);
    }
    options.impute = "size=median+indicator";
    FIT();
    cr_assert_str_eq(prepare->output_names[2], "size=missing");
}

/* Variance of all outputs from first to last - 1 together. */
static double spread_of(const kmseg_prepared *prepared, int64_t first, int64_t last) {
    double sum = 0;
    int64_t n = prepared->matrix.n_rows;
    for (int64_t o = first; o < last; o++) {
        double mean = 0;
        for (int64_t r = 0; r < n; r++) {
            mean += value_at(prepared, r, o) / (double)n;
        }
        for (int64_t r = 0; r < n; r++) {
            sum += pow(value_at(prepared, r, o) - mean, 2) / (double)n;
        }
    }
    return sum;
}

Test(prepare_text, a_group_counts_as_one_number_of_its_weight)
{
    enum { N = 120 };
    double spend[N], visits[N], flag[N];
    const char *home[N], *age[N], *region[N];
    static const char *const ages[] = {"19-24", "25-34", "35-44", "65+"};
    static const char *const regions[] = {"a", "b", "c", "d", "e", "f"};
    for (int r = 0; r < N; r++) {
        spend[r] = r;
        visits[r] = (r * 7) % 11;
        flag[r] = r % 3 == 0;
        home[r] = r % 2 ? "own" : "rent";
        age[r] = ages[(r / 3) % 4];
        region[r] = regions[(r * r) % 6];
    }
    table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "visits", visits));
    OK(ctx, kmseg_table_add_texts(ctx, table, "home", home));
    OK(ctx, kmseg_table_add_texts(ctx, table, "age", age));
    OK(ctx, kmseg_table_add_texts(ctx, table, "region", region));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "flag", flag));
    options.group = "demographic=home,age, region;behavioural=spend,visits";
    options.weights = "demographic=0.5,visits=2";
    FIT();
    cr_assert(noted(prepare, "group demographic: its 3 columns", "weight 0.5"));
    cr_assert(noted(prepare, "group behavioural: its 2 columns", "weight 1 (the default)"));
    cr_assert_str_eq(prepare->columns[0].group, "behavioural");
    cr_assert_str_eq(prepare->columns[5].group, "");
    kmseg_prepared *prepared = applied(table);
    cr_assert_float_eq(spread_of(prepared, 0, 2), 1, 1e-12);
    cr_assert_float_eq(spread_of(prepared, 2, prepare->columns[5].first_output), 0.25, 1e-12);
    /* Within its group visits still has twice the weight of spend. */
    cr_assert_float_eq(spread_of(prepared, 1, 2) / spread_of(prepared, 0, 1), 4, 1e-12);
    kmseg_prepared_free(prepared);
}

Test(prepare_text, groups_that_cannot_be_are_refused)
{
    table = table_of(ctx, 4);
    NUMBERS(ctx, table, "a", 1, 2, 3, 5);
    NUMBERS(ctx, table, "b", 1, 2, 3, 9);
    NUMBERS(ctx, table, "c", 1, 2, 4, 9);
    static const char *const wrong[][2] = {
        {"g", "needs to be a name and its columns"},
        {"=a", "needs to be a name"},
        {"a=b,c", "the name of a column"},
        {"g=a,b;h=b", "b is in g already"},
        {"g=a,a", "in it already"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.group = wrong[i][0];
        REFUSES(wrong[i][1]);
    }
    options.group = "g=a,nothing";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "nothing");
    options.group = "g=a,b";
    options.exclude = "b";
    REFUSES("b: a group is given for it");
    options.exclude = NULL;
    options.weights = "g=0";
    FIT(); /* all of the group is left out */
    cr_assert_eq(prepare->n_columns, 1);
    cr_assert_str_eq(prepare->columns[0].name, "c");
}
