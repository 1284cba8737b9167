/* Seeding on AVX-512 with VNNI. */
#include "kernels/kernels.h"

#if defined(__x86_64__)
#define SET avx512vnni
#include "kernels/simd_avx512_seed.h"

#include "kernels/seed_template.h"

void km_seed_avx512vnni(const km_seed *seed) { seed_avx512vnni(seed); }
#endif
