/* The Telco customer table (7,043 customers, 21 columns) without any option. */
#include "prepare/tables.h"

Test(telco, is_prepared_and_profiled_without_options)
{
    const char *path = test_dataset("telco/Telco-Customer-Churn.csv");
    TEST_SKIP_WITHOUT(path, "telco");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_source_read(ctx, path, NULL, &table));
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    cr_assert_str_eq(prepare->id, "customerID");
    cr_assert_eq(prepare->n_columns, 20);
    /* 4 numbers, 6 columns of two levels, 9 of three, 1 of four: 4 + 12 + 27 + 4. */
    cr_assert_eq(prepare->n_outputs, 47);
    const kmseg_prepare_column *senior = &prepare->columns[fitted(prepare, "SeniorCitizen")];
    cr_assert_str_eq(senior->scale, "binary");
    cr_assert_eq(senior->centre, 0);
    cr_assert_eq(senior->spread, 1);
    const kmseg_prepare_column *charges = &prepare->columns[fitted(prepare, "TotalCharges")];
    cr_assert_eq(charges->n_missing, 11);
    cr_assert_float_eq(charges->fill, 1397.475, 1e-9); /* the published median */
    cr_assert(noted(prepare, "TotalCharges", "11 missing values"));
    /* Nothing is taken for an order or for tags that is none. */
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        if (prepare->columns[c].type == KMSEG_COLUMN_TEXT) {
            cr_assert_str_eq(prepare->columns[c].scale, "onehot", "%s", prepare->columns[c].name);
        }
        cr_assert_str_eq(prepare->columns[c].impute, "median");
        cr_assert_str_eq(prepare->columns[c].group, "");
    }

    kmseg_prepared *prepared;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, table, &prepared));
    cr_assert_eq(prepared->n_missing_rows, 11);
    cr_assert_eq(prepared->n_unseen, 0);

    /* By churn: 1,869 customers left; their mean tenure was 17.98 months against 37.57. */
    const kmseg_column *churn = kmseg_table_column(table, kmseg_table_find(table, "Churn"));
    int32_t *labels = malloc((size_t)churn->n_rows * sizeof *labels);
    for (int64_t r = 0; r < churn->n_rows; r++) {
        labels[r] = strcmp(churn->levels[churn->codes[r]], "Yes") == 0;
    }
    kmseg_profile *profile;
    OK(ctx, kmseg_profile_new(ctx, table, NULL, churn->n_rows, labels, 2, prepare, NULL, &profile));
    cr_assert_eq(profile->sizes[1], 1869);
    cr_assert_str_eq(profile->value_column, "TotalCharges");
    for (int32_t i = 0; i < profile->n_columns; i++) {
        if (strcmp(profile->columns[i].name, "tenure") == 0) {
            cr_assert_float_eq(profile->columns[i].segment_means[0], 37.57, 0.005);
            cr_assert_float_eq(profile->columns[i].segment_means[1], 17.98, 0.005);
        }
    }
    free(labels);
    kmseg_profile_free(profile);
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
