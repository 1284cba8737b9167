/* NEON. The baseline's vectors are NEON's as well; what it lacks is the fused multiply-subtract, which
 * exact code may not use and the compiler therefore does not, and minimum and maximum of lanes. */
#include "base/sums.h"
#include "kernels/assign_i16.h"
#include "kernels/kernels.h"

#if defined(__aarch64__)
#include <math.h>

#define NAME assign_f32_neon
#include "kernels/simd_neon_f32.h"

#include "kernels/assign_template.h"

#define NAME assign_f64_neon
#include "kernels/simd_neon_f64.h"

#include "kernels/assign_template.h"

#define SET          neon
#define VECTOR_BYTES 16
#include "kernels/exact_template.h"
#include "kernels/simd_baseline_seed.h"
#include "kernels/simd_plain_seed.h"

#include "kernels/sample_template.h"
#include "kernels/seed_template.h"

static int available(void) { return 1; }

const km_kernels km_kernels_neon =
    KERNELS_OF_SET("neon", "64-bit Arm", available, 4, km_assign_i16_baseline, km_near_i16_baseline,
                   4, NULL, seed_neon);
#endif
