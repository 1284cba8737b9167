/* The portable kernels: vectors of 16 bytes in the compiler's own vector language, which every
 * 64-bit CPU has (SSE2, NEON). */
#include "base/sums.h"
#include "kernels/assign_i16.h"
#include "kernels/kernels.h"

#include <math.h>

#define NAME assign_f32_baseline
#include "kernels/simd_baseline_f32.h"

#include "kernels/assign_template.h"

#define NAME assign_f64_baseline
#include "kernels/simd_baseline_f64.h"

#include "kernels/assign_template.h"

#define SET          baseline
#define VECTOR_BYTES 16
#include "kernels/exact_template.h"
#include "kernels/simd_baseline_seed.h"
#include "kernels/simd_plain_seed.h"

#include "kernels/sample_template.h"
#include "kernels/seed_template.h"

static int available(void) { return 1; }

const km_kernels km_kernels_baseline =
    KERNELS_OF_SET("baseline", "portable vectors of 16 bytes (SSE2, NEON)", available, 4,
                   km_assign_i16_baseline, km_near_i16_baseline, 4, NULL, seed_baseline);
