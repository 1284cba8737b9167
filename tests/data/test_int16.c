/* Tiles of every dtype show their rows in 16 bits as int16 tiles hold them. */
#include "base/rng.h"
#include "data/tiles_int16.h"
#include "support/support.h"

/* Odd and even numbers of features, a last tile that is not full, some rows far out, samples of both
 * types. */
Test(int16, the_rows_of_float_tiles_in_16_bits_are_those_of_int16_tiles)
{
    enum { N = 5000, MOST = 7 };
    static float f32[N * MOST];
    static double f64[N * MOST];
    kmseg_context *ctx = test_context(2, NULL);
    for (int64_t d = 1; d <= MOST; d += 2) {
        for (int64_t i = 0; i < N * d; i++) {
            f64[i] = 10 + km_random_normal(3, KM_STAGE_TEST, (uint64_t)i, 0);
            f64[i] *= i / d % 2000 == 7 ? 9 : 1;
            f32[i] = (float)f64[i];
        }
        for (int type = KMSEG_FLOAT32; type <= KMSEG_FLOAT64; type++) {
            kmseg_matrix matrix = kmseg_matrix_view(type == KMSEG_FLOAT32 ? (void *)f32 : f64,
                                                    (kmseg_dtype)type, N, d);
            kmseg_tiles_options options;
            kmseg_tiles_options_init(&options);
            kmseg_tiles *tiles[4];
            for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_INT16; dtype++) {
                options.dtype = (kmseg_dtype)dtype;
                OK(ctx, kmseg_tiles_new(ctx, &matrix, NULL, &options, &tiles[dtype]));
            }
            const kmseg_tiles *truth = tiles[KMSEG_INT16];
            cr_assert_geq(truth->n_outside, 3);
            for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_FLOAT64; dtype++) {
                km_arena arena;
                km_arena_init(&arena, &ctx->allocator);
                km_int16_scratch scratch, none;
                OK(ctx, km_int16_scratch_init(ctx, tiles[dtype], &arena, &scratch));
                OK(ctx, km_int16_scratch_init(ctx, truth, &arena, &none));
                cr_assert_eq(tiles[dtype]->int16_scale, truth->scale);
                for (int64_t t = 0; t < truth->n_tiles; t++) {
                    uint64_t outside, expected;
                    const int16_t *a =
                        km_tiles_int16(ctx->kernels, tiles[dtype], t, &scratch, &outside);
                    const int16_t *b = km_tiles_int16(ctx->kernels, truth, t, &none, &expected);
                    cr_assert_eq(outside, expected);
                    for (int64_t i = 0; i < (d + 1) / 2 * 128; i++) {
                        int64_t row = i / 2 % 64;
                        int is_sample = t * 64 + row < N && (outside >> row & 1) == 0;
                        cr_assert(!is_sample || a[i] == b[i], "d %d, tile %d, value %d: %d, not %d",
                                  (int)d, (int)t, (int)i, a[i], b[i]);
                    }
                }
                km_arena_free(&arena);
            }
            for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_INT16; dtype++) {
                kmseg_tiles_free(tiles[dtype]);
            }
        }
    }
    kmseg_context_free(ctx);
}
