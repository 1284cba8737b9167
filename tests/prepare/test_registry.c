#include "prepare/encoder.h"
#include "prepare/tables.h"

Test(prepare_registry, every_transform_is_undone_by_its_inverse_and_keeps_order)
{
    const kmseg_prepare_column column = {0};
    for (int32_t i = 0; km_transforms.get(i) != NULL; i++) {
        const km_transform *transform = km_transform_find(km_transforms.get(i)->name);
        double last = -INFINITY;
        for (double x = -1e6; x <= 1e6; x = x < -0.1 ? x / 3 : x < 0 ? 0 : x == 0 ? 0.1 : x * 3) {
            double y = transform->forward(&column, x);
            cr_assert_gt(y, last, "%s of %g", transform->named.name, x);
            cr_assert_float_eq(transform->inverse(&column, y), x, 1e-12 * fabs(x) + 1e-300);
            last = y;
        }
        cr_assert(strlen(transform->named.help) > 0);
    }
}

Test(prepare_registry, every_scale_leaves_a_positive_spread_and_is_fitted_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    for (int32_t i = 0; km_scales.get(i) != NULL; i++) {
        const km_scale *scale = km_scale_find(km_scales.get(i)->name);
        double values[] = {1, 2, 4, 8}, centre, spread;
        km_moments moments;
        OK(ctx, km_moments_of(ctx, values, 4, &moments));
        scale->fit(&moments, values, 4, &centre, &spread);
        cr_assert(isfinite(centre) && spread > 0);
        cr_assert(strlen(scale->named.help) > 0);
    }
    cr_assert_null(km_scale_find("nothing"));
    kmseg_context_free(ctx);
}

Test(prepare_registry, every_option_has_a_default_within_its_bounds)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_prepare_options options = prepare_options();
    OK(ctx, kmseg_options_check(ctx, kmseg_prepare_option_table(), &options));
    kmseg_context_free(ctx);
}
