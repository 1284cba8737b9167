#include "prepare/tables.h"

static kmseg_context *ctx;
static kmseg_table *table;
static kmseg_prepare *prepare;

static void setup(void) {
    ctx = test_context(1, NULL);
    table = table_of(ctx, 8);
    NUMBERS(ctx, table, "tail", 1, 2, 2, 3, NAN, 4, 9, 1000);
    TEXTS(ctx, table, "t", "a", "b", "a", "b", "a", "b", "a", NULL);
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
}

static void teardown(void) {
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

TestSuite(prepare_copy, .init = setup, .fini = teardown);

Test(prepare_copy, gives_the_same_values_after_the_original_is_gone)
{
    kmseg_prepared *before, *after;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, table, &before));
    kmseg_prepare *copy;
    OK(ctx, kmseg_prepare_copy(ctx, prepare, &copy));
    cr_assert_eq(copy->n_notes, prepare->n_notes);
    cr_assert_str_eq(copy->output_names[1], "t=a");
    kmseg_prepare_free(prepare);
    prepare = copy;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, table, &after));
    cr_assert_arr_eq(before->matrix.values, after->matrix.values, 8 * 3 * sizeof(double));
    kmseg_prepared_free(before);
    kmseg_prepared_free(after);
}

/* The copy of a struct with one thing wrong is refused. */
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        kmseg_prepare p = *prepare;                                                                \
        kmseg_prepare_column c[2] = {prepare->columns[0], prepare->columns[1]};                    \
        const char *levels[2] = {c[1].levels[0], c[1].levels[1]};                                  \
        double shares[2] = {0.5, 0.5};                                                             \
        p.columns = c;                                                                             \
        c[1].levels = levels;                                                                      \
        c[1].level_shares = shares;                                                                \
        change;                                                                                    \
        kmseg_prepare *copy;                                                                       \
        kmseg_status status = kmseg_prepare_copy(ctx, &p, &copy);                                  \
        cr_assert(status == KMSEG_E_FORMAT, "%s: %d %s", #change, (int)status,                     \
                  kmseg_last_error(ctx));                                                          \
        cr_assert_null(copy);                                                                      \
    } while (0)

Test(prepare_copy, refuses_what_no_fit_could_have_made)
{
    REFUSED(p.n_columns = 0);
    REFUSED(p.n_columns = -1);
    REFUSED(p.columns = NULL);
    REFUSED(p.n_outputs = 4);
    REFUSED(p.n_outputs = -1);
    REFUSED(p.impute = NULL);
    REFUSED(p.impute = "guess");
    REFUSED(p.dtype = (kmseg_dtype)7);
    REFUSED(p.n_notes = -1);
    REFUSED(p.notes = NULL);
    REFUSED(c[0].name = NULL);
    REFUSED(c[0].name = "");
    REFUSED(c[0].name = "t");
    REFUSED(c[0].type = KMSEG_COLUMN_TIME);
    REFUSED(c[0].type = (kmseg_column_type)99);
    REFUSED(c[0].transform = NULL);
    REFUSED(c[0].transform = "sqrt");
    REFUSED(c[0].scale = NULL);
    REFUSED(c[0].scale = "onehot");
    REFUSED(c[0].spread = 0);
    REFUSED(c[0].spread = (double)NAN);
    REFUSED(c[0].spread = INFINITY);
    REFUSED(c[0].centre = (double)NAN);
    REFUSED(c[0].fill = INFINITY);
    REFUSED(c[0].weight = 0);
    REFUSED(c[0].weight = -1);
    REFUSED(c[0].weight = (double)NAN);
    REFUSED(c[0].first_output = 1);
    REFUSED(c[0].n_outputs = 2);
    REFUSED(c[1].first_output = -1);
    REFUSED(c[1].n_outputs = INT32_MAX);
    REFUSED(c[1].n_levels = 0);
    REFUSED(c[1].n_levels = c[1].n_outputs = INT32_MAX; c[1].levels = NULL);
    REFUSED(c[1].levels = NULL);
    REFUSED(c[1].level_shares = NULL);
    REFUSED(levels[1] = NULL);
    REFUSED(levels[1] = "a");
    REFUSED(shares[0] = (double)NAN);
    REFUSED(shares[0] = 2);
    REFUSED(c[1].scale = NULL);
    REFUSED(c[1].scale = "target");
    REFUSED(c[1].level_scale = 0);
    REFUSED(c[1].level_scale = (double)NAN);
    REFUSED(c[1].fill_level = 2);
    REFUSED(c[1].fill_level = -2);
    REFUSED(c[1].other_level = 2);
    REFUSED(c[1].other_level = -2);
}

Test(prepare_copy, refuses_another_version_of_the_struct)
{
    kmseg_prepare p = *prepare;
    p.struct_size = 8;
    kmseg_prepare *copy;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_copy(ctx, &p, &copy), "struct_size");
}
