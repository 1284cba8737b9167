/* Whether ids like C536379 mark cancelled orders: they do where more than half of the different ids of
 * the log are digits alone. Of a log in pieces the different ids are not all there to be counted, but
 * both kinds can be bounded: a piece knows its own, and bits that ids of all pieces set by their hash
 * are not more than there are ids. */
#ifndef KM_CUSTOMER_CANCELLED_H
#define KM_CUSTOMER_CANCELLED_H

#include "customer/orders.h"
#include "data/pieces.h"

enum { KM_ID_DIGITS, KM_ID_OTHER, KM_ID_KINDS };

typedef struct km_id_counts {
    kmseg_allocator allocator;
    uint64_t *bits[KM_ID_KINDS];
    int64_t n_words;
    int64_t most[KM_ID_KINDS]; /* no more are different */
} km_id_counts;

/* Room for the ids of a text of so many bytes; 0 when out of memory. km_id_counts_free() after that
 * too. */
int km_id_counts_init(km_id_counts *counts, const kmseg_allocator *allocator, int64_t bytes);
void km_id_counts_free(km_id_counts *counts);

/* Counts the ids of a piece, and says which are like cancellations: n_levels verdicts. */
void km_id_counts_add(km_id_counts *counts, const km_piece_column *ids, uint8_t *cancelled);

void km_id_counts_join(km_id_counts *to, const km_id_counts *from);

/* 1: most ids are digits; 0: they are not; -1: the bounds do not say. */
int km_most_are_digits(const km_id_counts *counts);

#endif
