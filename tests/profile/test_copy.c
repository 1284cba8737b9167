#include "prepare/tables.h"

static kmseg_context *ctx;
static kmseg_table *table;
static kmseg_profile *profile;

static void setup(void) {
    ctx = test_context(1, NULL);
    table = table_of(ctx, 6);
    NUMBERS(ctx, table, "spend", 9, 8, 9, 1, 2, NAN);
    TEXTS(ctx, table, "t", "a", "a", "b", "b", "b", NULL);
    const int32_t labels[6] = {0, 0, 0, 1, 1, 1};
    OK(ctx, kmseg_profile_new(ctx, table, NULL, 6, labels, 3, NULL, NULL, &profile));
}

static void teardown(void) {
    kmseg_profile_free(profile);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

TestSuite(profile_copy, .init = setup, .fini = teardown);

Test(profile_copy, says_the_same_after_the_original_is_gone)
{
    char before[80], after[80];
    kmseg_trait_text(profile, 0, 0, before, sizeof before);
    kmseg_profile *copy;
    OK(ctx, kmseg_profile_copy(ctx, profile, &copy));
    cr_assert_str_eq(copy->names[1], profile->names[1]);
    kmseg_profile_free(profile);
    profile = copy;
    kmseg_trait_text(profile, 0, 0, after, sizeof after);
    cr_assert_str_eq(after, before);
    cr_assert_eq(profile->sizes[2], 0);
    cr_assert_eq(profile->columns[1].segment_shares[3], 1); /* b in segment 1 */
}

/* The copy of a struct with one thing wrong is refused. */
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        kmseg_profile p = *profile;                                                                \
        kmseg_profile_column c[2] = {profile->columns[0], profile->columns[1]};                    \
        const char *levels[2] = {"a", "b"}, *names[3] = {"x", "y", "z"};                           \
        int64_t sizes[3] = {3, 3, 0};                                                              \
        int32_t n_traits[3] = {1, 0, 0};                                                           \
        double shares[3] = {0.5, 0.5, 0};                                                          \
        kmseg_trait traits[15] = {{0, -1, 1, 1}};                                                  \
        p.columns = c;                                                                             \
        p.names = names;                                                                           \
        p.sizes = sizes;                                                                           \
        p.n_traits = n_traits;                                                                     \
        p.traits = traits;                                                                         \
        p.value_shares = shares;                                                                   \
        c[1].levels = levels;                                                                      \
        kmseg_profile *copy;                                                                       \
        OK(ctx, kmseg_profile_copy(ctx, &p, &copy));                                               \
        kmseg_profile_free(copy);                                                                  \
        change;                                                                                    \
        kmseg_status status = kmseg_profile_copy(ctx, &p, &copy);                                  \
        cr_assert(status == KMSEG_E_FORMAT, "%s: %d %s", #change, (int)status,                     \
                  kmseg_last_error(ctx));                                                          \
        cr_assert_null(copy);                                                                      \
    } while (0)

Test(profile_copy, refuses_what_no_profile_could_be)
{
    REFUSED(p.n_segments = 0);
    REFUSED(p.n_segments = -3);
    REFUSED(p.n_rows = -1);
    REFUSED(p.n_rows = 7);
    REFUSED(p.n_columns = -1);
    REFUSED(p.columns = NULL);
    REFUSED(p.max_traits = -1);
    REFUSED(p.max_traits = 0);
    REFUSED(p.traits = NULL);
    REFUSED(p.n_traits = NULL);
    REFUSED(p.sizes = NULL);
    REFUSED(p.size_shares = NULL);
    REFUSED(p.values = NULL);
    REFUSED(p.value_shares = NULL);
    REFUSED(p.value_column = NULL);
    REFUSED(p.names = NULL);
    REFUSED(names[2] = NULL);
    REFUSED(sizes[0] = -1);
    REFUSED(sizes[0] = INT64_MAX);
    REFUSED(sizes[0] = 2);
    REFUSED(shares[1] = (double)NAN);
    REFUSED(n_traits[0] = -1);
    REFUSED(n_traits[0] = 6);
    REFUSED(traits[0].column = 2);
    REFUSED(traits[0].column = -1);
    REFUSED(traits[0].level = 0);
    REFUSED(traits[0].column = 1);
    REFUSED(traits[0].column = 1; traits[0].level = 2);
    REFUSED(c[0].name = NULL);
    REFUSED(c[0].name = "");
    REFUSED(c[0].segment_missing = NULL);
    REFUSED(c[0].segment_means = NULL);
    REFUSED(c[0].segment_medians = NULL);
    REFUSED(c[0].type = KMSEG_COLUMN_TIME);
    REFUSED(c[0].type = (kmseg_column_type)77);
    REFUSED(c[1].n_levels = 0);
    REFUSED(c[1].n_levels = -1);
    REFUSED(c[1].levels = NULL);
    REFUSED(levels[1] = NULL);
    REFUSED(c[1].level_shares = NULL);
    REFUSED(c[1].segment_shares = NULL);
}

Test(profile_copy, refuses_another_version_of_the_struct)
{
    kmseg_profile p = *profile;
    p.struct_size = 1;
    kmseg_profile *copy;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_profile_copy(ctx, &p, &copy), "struct_size");
}
