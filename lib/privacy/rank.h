/* Numbers for texts that say nothing but how they compare. */
#ifndef KM_PRIVACY_RANK_H
#define KM_PRIVACY_RANK_H

#include "base/context.h"

/* n different texts in byte order, borrowed, and rank[i], the place of text i among them; both in the
 * arena. */
kmseg_status km_rank_texts(kmseg_context *ctx, km_arena *arena, const char *const *texts, int32_t n,
                           const char ***sorted, int32_t **rank);

#endif
