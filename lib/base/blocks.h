/* Large blocks of memory, kept by the process when they are given back. The first touch of memory
 * that comes from the system costs more than most things that are done with it (0.2 s/GB on a bare
 * machine, 1 to 4 s/GB on virtual ones), and a run takes and gives back several times the size of
 * its table. */
#ifndef KM_BASE_BLOCKS_H
#define KM_BASE_BLOCKS_H

#include <stddef.h>

/* Requests from this size on are for km_block_take(): labels of a million samples are. A block is whole huge
 * pages, so that of a smaller one more would be lost than is won. */
#define KM_BLOCK_LEAST ((size_t)3 << 19)

/* size > 0 bytes, aligned to a huge page, not cleared; NULL when there is none, or where the system
 * cannot do it. From any thread. */
void *km_block_take(size_t size);

/* Gives back what km_block_take() gave; 0, and nothing done, when block is not from there. */
int km_block_give(void *block);

/* Bytes of blocks that were given back and are kept. */
size_t km_blocks_kept(void);

#endif
