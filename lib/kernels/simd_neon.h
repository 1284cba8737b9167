/* What both element types share on NEON, which every 64-bit Arm CPU has. */
#ifndef KM_KERNELS_SIMD_NEON_H
#define KM_KERNELS_SIMD_NEON_H

#include "kernels/kernels.h"

#include <arm_neon.h>
#include <math.h>

/* One bit a byte: NEON has no way to take the top bits of lanes, so each byte keeps the bit of its
 * place among eight, and neighbours are added three times. */
static inline uint64_t km_bits_neon(const uint8x16_t bytes[4]) {
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t place = vld1q_u8(places);
    uint8x16_t low = vpaddq_u8(vandq_u8(bytes[0], place), vandq_u8(bytes[1], place));
    uint8x16_t high = vpaddq_u8(vandq_u8(bytes[2], place), vandq_u8(bytes[3], place));
    uint8x16_t sum = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}

/* Bit r: label r is the same in both. */
static inline uint64_t km_same_labels_neon(const km_label *a, const km_label *b) {
    uint8x16_t bytes[4];
    for (int i = 0; i < 4; i++) {
        const km_label *x = a + (ptrdiff_t)16 * i, *y = b + (ptrdiff_t)16 * i;
        bytes[i] = vcombine_u8(vmovn_u16(vceqq_u16(vld1q_u16(x), vld1q_u16(y))),
                               vmovn_u16(vceqq_u16(vld1q_u16(x + 8), vld1q_u16(y + 8))));
    }
    return km_bits_neon(bytes);
}

static inline uint64_t km_bits_neon_u32(uint32x4_t mask) {
    static const uint32_t places[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(mask, vld1q_u32(places)));
}

static inline uint64_t km_bits_neon_u64(uint64x2_t mask) {
    return (vgetq_lane_u64(mask, 0) & 1) | (vgetq_lane_u64(mask, 1) & 2);
}

/* Whole numbers as labels. */
static inline void km_store_labels_neon_f32(km_label *to, float32x4_t v) {
    vst1_u16(to, vmovn_u32(vcvtq_u32_f32(v)));
}

static inline void km_store_labels_neon_f64(km_label *to, float64x2_t v) {
    to[0] = (km_label)vgetq_lane_f64(v, 0);
    to[1] = (km_label)vgetq_lane_f64(v, 1);
}

#endif
