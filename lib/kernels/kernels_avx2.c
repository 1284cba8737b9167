/* AVX2 and FMA. */
#include "base/sums.h"
#include "kernels/assign_i16.h"
#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <math.h>

#define NAME assign_f32_avx2
#include "kernels/simd_avx2_f32.h"

#include "kernels/assign_template.h"

#define NAME assign_f64_avx2
#include "kernels/simd_avx2_f64.h"

#include "kernels/assign_template.h"

#define SET          avx2
#define VECTOR_BYTES 32
#include "kernels/exact_template.h"
#include "kernels/simd_avx2_seed.h"
#include "kernels/simd_plain_seed.h"

#include "kernels/sample_template.h"
#include "kernels/seed_template.h"

static int available(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const km_kernels km_kernels_avx2 =
    KERNELS_OF_SET("avx2", "x86-64 with AVX2 and FMA", available, 4, km_assign_i16_avx2,
                   km_near_i16_avx2, 4, NULL, seed_avx2);
#endif
