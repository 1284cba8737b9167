/* Centre and spread of a column's transformed values. */
#include "prepare/fit.h"

#include <math.h>

kmseg_status km_fit_scale(km_fit *fit, const km_scale *scale, int64_t n, const km_moments *moments,
                          kmseg_prepare_column *out) {
    scale->fit(moments, fit->transformed, n, &out->centre, &out->spread);
    if (out->spread == 0) {
        out->spread = moments->deviation;
        km_note(&fit->notes,
                "%s: scaled by its standard deviation, because the middle half of its values are "
                "equal",
                out->name);
    }
    if (!(out->spread > 0) || !isfinite(out->spread) || !isfinite(1 / out->spread)) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "column %s cannot be scaled: its values differ by less than 1e-300 or more "
                       "than 1e300",
                       out->name);
    }
    return KMSEG_OK;
}
