/* A synthetic order log: customers of planted groups who order at their own rate, in baskets of
 * their own size, from categories and channels that they prefer, over two years.
 *
 * Customers are counted first, then their orders are drawn, sorted by time as a shop's log is, and
 * their lines written. Every number is a function of (seed, customer, order, line), so the log does
 * not depend on threads. */
#include "source/synthetic.h"

#include "base/parallel.h"
#include "data/table.h"

#include <string.h>

enum { N_CATEGORIES = 8, N_CHANNELS = 4, PRODUCTS = 40, MAX_LINES = 200 };

static const char *const categories[N_CATEGORIES] = {"Grocery", "Household",   "Beauty",  "Home",
                                                     "Garden",  "Electronics", "Fashion", "Toys"};
static const double category_price[N_CATEGORIES] = {2.2, 4.5, 9, 12, 11, 45, 22, 12};
static const char *const channels[N_CHANNELS] = {"web", "app", "shop", "phone"};

#define FIRST_DAY INT64_C(19358) /* 2023-01-01 */
#define N_DAYS    INT64_C(731)   /* to 2024-12-31 */
#define DAY       INT64_C(86400)

/* How the customers of one group buy. */
typedef struct persona {
    double orders_per_year, lines, quantity;
    double price;                   /* 0 the cheapest products of a category, 1 the dearest */
    double start_low, start_high;   /* first order, as a share of the two years */
    double end_low, end_high;       /* last order */
    double weekend, hour, discount; /* share on weekends; usual hour; share of lines reduced */
    double category[N_CATEGORIES];  /* preferences, any scale */
    double channel[N_CHANNELS];
} persona;

static const persona personas[] = {
    /* loyal households */
    {26, 4, 2, 0.5, 0, 0.3, 0.96, 1, 0.3, 18, 0.1, {8, 4, 2, 1, 1, 0, 1, 1}, {2, 7, 2, 0}},
    /* resellers */
    {12, 14, 10, 0.4, 0, 0.3, 0.92, 1, 0.02, 10, 0.2, {0, 3, 1, 8, 3, 0, 1, 4}, {6, 0, 1, 4}},
    /* gift buyers */
    {3, 2, 1.3, 0.7, 0, 0.4, 0.9, 1, 0.6, 15, 0.1, {0, 0, 4, 3, 1, 1, 3, 8}, {4, 1, 6, 0}},
    /* lapsed */
    {9, 3, 2, 0.45, 0, 0.15, 0.35, 0.5, 0.3, 20, 0.1, {3, 3, 3, 3, 2, 1, 2, 1}, {7, 1, 2, 1}},
    /* new */
    {16, 2.5, 1.5, 0.5, 0.86, 0.94, 0.98, 1, 0.4, 21, 0.2, {1, 1, 5, 1, 0, 2, 6, 1}, {1, 9, 0, 0}},
    /* bargain hunters */
    {20, 6, 2.5, 0.1, 0, 0.3, 0.9, 1, 0.5, 12, 0.7, {6, 6, 2, 2, 1, 0, 3, 2}, {5, 3, 3, 0}},
    /* once only */
    {0.4, 1.5, 1, 0.5, 0, 0.9, 0.9, 1, 0.3, 14, 0.1, {1, 1, 1, 2, 3, 2, 2, 1}, {6, 1, 3, 1}},
    /* electronics at a high price */
    {5, 1.6, 1.2, 0.95, 0, 0.4, 0.85, 1, 0.2, 19, 0.05, {0, 0, 0, 1, 0, 9, 1, 0}, {8, 2, 1, 1}},
};
enum { N_PERSONAS = sizeof personas / sizeof *personas };

/* What a number is drawn for; customer items stand beside order 0, so they come first. */
enum {
    ITEM_SEGMENT = 0, /* in km_planted_segment() */
    ITEM_RATE,
    ITEM_BASKET,
    ITEM_PRICE,
    ITEM_LIFE,
    ITEM_WHEN = 16,
    ITEM_HOUR,
    ITEM_ORDER,
    ITEM_SIZE,
    ITEM_CHANNEL,
    ITEM_LINE = 32 /* two for each line */
};

/* One customer, drawn again wherever it is needed: cheaper than keeping it. */
typedef struct buyer {
    const persona *persona;
    double weight; /* orders that the rate and the lifetime give */
    double lines, price;
    int64_t first_day, last_day;
    double rounding;
} buyer;

typedef struct event {
    int64_t time;
    int32_t customer;
    int32_t order; /* of the customer, from 0 */
    int32_t n_lines;
    uint8_t is_return, has_duplicate;
} event;

typedef struct generation {
    const kmseg_generate_options *options;
    double scale;         /* of all customers' weights */
    double *weights;      /* n_customers */
    int64_t *event_start; /* n_customers + 1 */
    event *events;        /* n_events, by customer */
    uint32_t *sorted;     /* n_events positions, by time */
    int64_t *row_start;   /* n_events + 1, in sorted order */
    int32_t *order_code, *customer_code, *product_code, *category_code, *channel_code;
    int64_t *time;
    double *quantity, *price, *discount;
} generation;

enum { CUSTOMERS_PER_CHUNK = 1024, EVENTS_PER_CHUNK = 1024 };

static buyer draw_buyer(const kmseg_generate_options *options, int64_t customer) {
    buyer b;
    int32_t segment = km_planted_segment(options, customer);
    b.persona = &personas[segment % N_PERSONAS];
    double spread = 0.45 * options->noise;
    /* Past the personas, groups repeat them at another rate and basket. */
    int32_t round = segment / N_PERSONAS;
    double rate = b.persona->orders_per_year * (1 + 1.5 * (round % 3));
    int32_t scale = 1 + round / 3;
    double basket = b.persona->lines * (round % 2 == 1 ? 2.5 : 1) * scale;
    uint64_t seed = options->seed;
    rate *= km_portable_exp(spread * km_bell(km_draw(seed, customer, 0, ITEM_RATE)));
    b.lines =
        basket * km_portable_exp(0.7 * spread * km_bell(km_draw(seed, customer, 0, ITEM_BASKET)));
    b.price = b.persona->price + 0.3 * spread * km_bell(km_draw(seed, customer, 0, ITEM_PRICE));
    km_random4 life = km_draw(seed, customer, 0, ITEM_LIFE);
    double start = b.persona->start_low +
                   (b.persona->start_high - b.persona->start_low) * km_unit(life.word[0]);
    double end =
        b.persona->end_low + (b.persona->end_high - b.persona->end_low) * km_unit(life.word[1]);
    end = end > start ? end : start;
    b.first_day = (int64_t)(start * (double)(N_DAYS - 1));
    b.last_day = (int64_t)(end * (double)(N_DAYS - 1));
    b.weight = rate * (end - start) * ((double)N_DAYS / 365.25);
    b.rounding = km_unit(life.word[2]);
    return b;
}

static int64_t order_count(const buyer *b, double scale) {
    int64_t n = (int64_t)(scale * b->weight + b->rounding);
    return n > 1 ? n : 1;
}

/* Day of order j of n, spread over the lifetime with a jitter, moved to a day of the week that the
 * group prefers. */
static int64_t order_day(const buyer *b, int64_t j, int64_t n, km_random4 r) {
    int64_t life = b->last_day - b->first_day;
    double position = 0;
    if (n > 1) {
        double jitter = j > 0 && j < n - 1 ? km_unit(r.word[0]) - 0.5 : 0;
        position = ((double)j + jitter) / (double)(n - 1);
    }
    int64_t day = FIRST_DAY + b->first_day + (int64_t)(position * (double)life);
    int64_t weekday = (day + 3) % 7; /* Monday is 0: day 0 was a Thursday */
    int64_t wanted = km_unit(r.word[1]) < b->persona->weekend
                         ? 5 + (int64_t)(2 * km_unit(r.word[2]))
                         : (int64_t)(5 * km_unit(r.word[2]));
    day += wanted - weekday;
    day = day > FIRST_DAY ? day : FIRST_DAY;
    return day < FIRST_DAY + N_DAYS ? day : FIRST_DAY + N_DAYS - 1;
}

static int64_t time_of_day(const buyer *b, km_random4 bell, uint32_t minute) {
    double hour = b->persona->hour + 2.2 * km_bell(bell);
    hour = hour < 6 ? 6 : hour > 22 ? 22 : hour;
    return (int64_t)hour * 3600 + (int64_t)(60 * km_unit(minute)) * 60;
}

/* Draws order j; a return is a second event, of the order's first line. */
static int draw_events(const generation *g, const buyer *b, int64_t customer, int64_t j, int64_t n,
                       event out[2]) {
    uint64_t seed = g->options->seed;
    km_random4 when = km_draw(seed, customer, j, ITEM_WHEN);
    km_random4 what = km_draw(seed, customer, j, ITEM_ORDER);
    double size = b->lines * km_portable_exp(0.4 * km_bell(km_draw(seed, customer, j, ITEM_SIZE)));
    int64_t lines = (int64_t)(size + km_unit(what.word[0]));
    lines = lines < 1 ? 1 : lines > MAX_LINES ? MAX_LINES : lines;
    event *e = &out[0];
    memset(out, 0, 2 * sizeof *out);
    e->time = order_day(b, j, n, when) * DAY +
              time_of_day(b, km_draw(seed, customer, j, ITEM_HOUR), when.word[3]);
    e->customer = (int32_t)customer;
    e->order = (int32_t)j;
    e->n_lines = (int32_t)lines;
    /* A fifth of the defects each; per line, although drawn per order. */
    double chance = g->options->defect_rate / 5 * (double)lines;
    e->has_duplicate = km_unit(what.word[1]) < chance;
    if (km_unit(what.word[2]) >= chance) {
        return 1;
    }
    out[1] = *e;
    out[1].is_return = 1;
    out[1].has_duplicate = 0;
    out[1].n_lines = 1;
    out[1].time += DAY * (1 + (int64_t)(14 * km_unit(what.word[3])));
    int64_t last = (FIRST_DAY + N_DAYS) * DAY - 60;
    out[1].time = out[1].time < last ? out[1].time : last;
    return 2;
}

static void weigh_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    generation *g = argument;
    int64_t end = (chunk + 1) * CUSTOMERS_PER_CHUNK;
    end = end < g->options->n_customers ? end : g->options->n_customers;
    for (int64_t c = chunk * CUSTOMERS_PER_CHUNK; c < end; c++) {
        g->weights[c] = draw_buyer(g->options, c).weight;
    }
}

/* Writes events of the customers of a chunk behind event_start, or only counts them there. */
static void draw_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    generation *g = argument;
    int64_t end = (chunk + 1) * CUSTOMERS_PER_CHUNK;
    end = end < g->options->n_customers ? end : g->options->n_customers;
    for (int64_t c = chunk * CUSTOMERS_PER_CHUNK; c < end; c++) {
        buyer b = draw_buyer(g->options, c);
        int64_t n = order_count(&b, g->scale), count = 0;
        for (int64_t j = 0; j < n; j++) {
            event drawn[2];
            int made = draw_events(g, &b, c, j, n, drawn);
            if (g->events != NULL) {
                memcpy(&g->events[g->event_start[c] + count], drawn, (size_t)made * sizeof *drawn);
            }
            count += made;
        }
        if (g->events == NULL) {
            g->event_start[c + 1] = count;
        }
    }
}

/* Orders that a scale gives; a return is no order. */
static int64_t total_orders(const generation *g, double scale) {
    int64_t total = 0;
    for (int64_t c = 0; c < g->options->n_customers; c++) {
        km_random4 life = km_draw(g->options->seed, c, 0, ITEM_LIFE);
        buyer b = {.weight = g->weights[c], .rounding = km_unit(life.word[2])};
        total += order_count(&b, scale);
    }
    return total;
}

/* The scale at which there are n_orders at least, found from below in small steps. */
static kmseg_status choose_scale(kmseg_context *ctx, generation *g) {
    const kmseg_generate_options *o = g->options;
    g->scale = 1;
    if (o->n_orders == 0) {
        return KMSEG_OK;
    }
    KM_TRY(km_parallel(ctx, km_chunks(o->n_customers, CUSTOMERS_PER_CHUNK), weigh_chunk, g));
    double sum = 0;
    for (int64_t c = 0; c < o->n_customers; c++) {
        sum += g->weights[c];
    }
    if (sum <= 0) { /* every customer stayed for a day */
        return km_fail(ctx, KMSEG_E_DATA,
                       "%lld customers of these groups cannot make %lld orders; raise n_customers",
                       (long long)o->n_customers, (long long)o->n_orders);
    }
    g->scale = (double)o->n_orders / sum;
    while (total_orders(g, g->scale) < o->n_orders) {
        g->scale *= 1.002;
    }
    return KMSEG_OK;
}

/* Counting sort of the events by minute; equal minutes stay in order of customer. */
static kmseg_status sort_events(kmseg_context *ctx, generation *g, int64_t n_events,
                                km_arena *scratch) {
    int64_t minutes = N_DAYS * 1440;
    int64_t *first = km_arena_array(scratch, minutes + 1, sizeof *first);
    g->sorted = km_arena_take(scratch, (size_t)n_events * sizeof *g->sorted);
    g->row_start = km_arena_take(scratch, ((size_t)n_events + 1) * sizeof *g->row_start);
    if (first == NULL || g->sorted == NULL || g->row_start == NULL) {
        return km_fail_memory(ctx, "sorting synthetic orders");
    }
    for (int64_t e = 0; e < n_events; e++) {
        first[(g->events[e].time - FIRST_DAY * DAY) / 60 + 1]++;
    }
    for (int64_t m = 0; m < minutes; m++) {
        first[m + 1] += first[m];
    }
    for (int64_t e = 0; e < n_events; e++) {
        g->sorted[first[(g->events[e].time - FIRST_DAY * DAY) / 60]++] = (uint32_t)e;
    }
    g->row_start[0] = 0;
    for (int64_t e = 0; e < n_events; e++) {
        const event *v = &g->events[g->sorted[e]];
        g->row_start[e + 1] = g->row_start[e] + v->n_lines + v->has_duplicate;
    }
    return KMSEG_OK;
}

static void write_line(const generation *g, const buyer *b, const event *e, int32_t line,
                       int32_t channel, int64_t row) {
    const kmseg_generate_options *o = g->options;
    uint32_t item = ITEM_LINE + 2 * (uint32_t)line;
    km_random4 r = km_draw(o->seed, e->customer, e->order, item);
    km_random4 s = km_draw(o->seed, e->customer, e->order, item + 1);
    int32_t category = km_pick(b->persona->category, N_CATEGORIES, km_unit(r.word[0]));
    double level = b->price + 0.5 * (km_unit(r.word[1]) - 0.5);
    level = level < 0 ? 0 : level > 1 ? 1 : level;
    int32_t product = (int32_t)(level * (PRODUCTS - 1) + 0.5);
    double list_price =
        km_cents(category_price[category] * km_portable_exp(1.6 * product / PRODUCTS - 0.8));
    double quantity = b->persona->quantity * km_portable_exp(2 * km_unit(s.word[0]) - 1);
    quantity = quantity > 1 ? (double)(int64_t)(quantity + 0.5) : 1;
    double off = km_unit(r.word[2]) < b->persona->discount ? 0.1 * (1 + s.word[3] % 3) : 0;
    double price = km_cents(list_price * (1 - off));
    /* Three of the five kinds of defect; returns and duplicates are events and rows of their own. */
    int defect = 0;
    if (!e->is_return && o->defect_rate > 0) {
        double u = km_unit(r.word[3]) * 5 / o->defect_rate;
        defect = u < 3 ? 1 + (int)u : 0;
    }
    g->customer_code[row] = defect == 1 ? -1 : e->customer;
    g->time[row] = defect == 2 ? KMSEG_TIME_MISSING : e->time;
    g->price[row] = defect == 3 ? 0 : price;
    g->product_code[row] = category * PRODUCTS + product;
    g->category_code[row] = km_unit(s.word[1]) < o->missing_rate ? -1 : category;
    g->channel_code[row] = km_unit(s.word[2]) < o->missing_rate ? -1 : channel;
    g->quantity[row] = e->is_return ? -quantity : quantity;
    g->discount[row] = km_cents((list_price - price) * quantity);
}

static void copy_row(const generation *g, int64_t from, int64_t to) {
    g->customer_code[to] = g->customer_code[from];
    g->time[to] = g->time[from];
    g->price[to] = g->price[from];
    g->product_code[to] = g->product_code[from];
    g->category_code[to] = g->category_code[from];
    g->channel_code[to] = g->channel_code[from];
    g->quantity[to] = g->quantity[from];
    g->discount[to] = g->discount[from];
}

typedef struct writing {
    generation *g;
    int64_t n_events;
} writing;

static void write_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const writing *w = argument;
    const generation *g = w->g;
    int64_t end = (chunk + 1) * EVENTS_PER_CHUNK;
    end = end < w->n_events ? end : w->n_events;
    for (int64_t i = chunk * EVENTS_PER_CHUNK; i < end; i++) {
        const event *e = &g->events[g->sorted[i]];
        buyer b = draw_buyer(g->options, e->customer);
        int64_t row = g->row_start[i];
        km_random4 r = km_draw(g->options->seed, e->customer, e->order, ITEM_CHANNEL);
        int32_t channel = km_pick(b.persona->channel, N_CHANNELS, km_unit(r.word[0]));
        for (int32_t line = 0; line < e->n_lines; line++) {
            write_line(g, &b, e, line, channel, row + line);
        }
        if (e->has_duplicate) {
            copy_row(g, row + e->n_lines - 1, row + e->n_lines);
        }
        for (int64_t k = row; k < g->row_start[i + 1]; k++) {
            g->order_code[k] = (int32_t)i;
        }
    }
}

enum { ORDER_ID_BYTES = 16 };

/* Order ids count up through the log; those of returns begin with C. */
static const char **order_ids(const generation *g, int64_t n_events, km_arena *arena) {
    char *texts = km_arena_array(arena, n_events, ORDER_ID_BYTES);
    const char **levels = km_arena_array(arena, n_events, sizeof *levels);
    if (texts == NULL || levels == NULL) {
        return NULL;
    }
    for (int64_t i = 0; i < n_events; i++) {
        char digits[ORDER_ID_BYTES];
        int n = 0;
        for (int64_t number = 500001 + i; number > 0; number /= 10) {
            digits[n++] = (char)('0' + number % 10);
        }
        char *id = texts + i * ORDER_ID_BYTES;
        levels[i] = id;
        if (g->events[g->sorted[i]].is_return) {
            *id++ = 'C';
        }
        while (n > 0) {
            *id++ = digits[--n];
        }
    }
    return levels;
}

static const char **product_ids(km_arena *arena) {
    const char **levels = km_arena_array(arena, N_CATEGORIES * PRODUCTS, sizeof *levels);
    for (int32_t i = 0; levels != NULL && i < N_CATEGORIES * PRODUCTS; i++) {
        levels[i] = km_arena_format(arena, "P%04d", 100 * (i / PRODUCTS) + i % PRODUCTS + 100);
        levels = levels[i] != NULL ? levels : NULL;
    }
    return levels;
}

static kmseg_status add_columns(kmseg_context *ctx, generation *g, kmseg_table *table) {
    KM_TRY(km_table_add_code_column(ctx, table, "order_id", &g->order_code));
    KM_TRY(km_table_add_code_column(ctx, table, "customer_id", &g->customer_code));
    KM_TRY(km_table_add_time_column(ctx, table, "order_date", &g->time));
    KM_TRY(km_table_add_code_column(ctx, table, "product_id", &g->product_code));
    KM_TRY(km_table_add_code_column(ctx, table, "category", &g->category_code));
    KM_TRY(km_table_add_code_column(ctx, table, "channel", &g->channel_code));
    KM_TRY(km_table_add_number_column(ctx, table, "quantity", &g->quantity));
    KM_TRY(km_table_add_number_column(ctx, table, "unit_price", &g->price));
    return km_table_add_number_column(ctx, table, "discount", &g->discount);
}

static kmseg_status fill_table(kmseg_context *ctx, generation *g, int64_t n_events,
                               kmseg_table *table) {
    KM_TRY(add_columns(ctx, g, table));
    writing w = {g, n_events};
    KM_TRY(km_parallel(ctx, km_chunks(n_events, EVENTS_PER_CHUNK), write_chunk, &w));
    km_arena *arena = &table->arena;
    int64_t n_customers = g->options->n_customers;
    KM_TRY(
        km_generate_levels(ctx, table, 0, g->order_code, n_events, order_ids(g, n_events, arena)));
    KM_TRY(km_generate_levels(ctx, table, 1, g->customer_code, n_customers,
                              km_customer_ids(arena, n_customers)));
    KM_TRY(km_generate_levels(ctx, table, 3, g->product_code, N_CATEGORIES * PRODUCTS,
                              product_ids(arena)));
    KM_TRY(km_generate_levels(ctx, table, 4, g->category_code, N_CATEGORIES, categories));
    KM_TRY(km_generate_levels(ctx, table, 5, g->channel_code, N_CHANNELS, channels));
    for (int32_t i = 0; i < table->n_columns; i++) {
        km_table_count_missing(table, i);
    }
    return kmseg_table_describe(ctx, table, 1, KMSEG_ROLE_ID, NULL);
}

static kmseg_status draw_orders(kmseg_context *ctx, generation *g, km_arena *scratch,
                                int64_t *out_events) {
    int64_t n = g->options->n_customers;
    g->weights = km_arena_take(scratch, (size_t)n * sizeof *g->weights);
    g->event_start = km_arena_array(scratch, n + 1, sizeof *g->event_start);
    if (g->weights == NULL || g->event_start == NULL) {
        return km_fail_memory(ctx, "synthetic customers");
    }
    KM_TRY(choose_scale(ctx, g));
    KM_TRY(km_parallel(ctx, km_chunks(n, CUSTOMERS_PER_CHUNK), draw_chunk, g));
    for (int64_t c = 0; c < n; c++) {
        g->event_start[c + 1] += g->event_start[c];
    }
    int64_t n_events = g->event_start[n];
    if (n_events >= INT32_MAX) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "these options give %lld orders; it needs to be fewer than 2^31",
                       (long long)n_events);
    }
    event *events = km_arena_take(scratch, (size_t)n_events * sizeof *events);
    if (events == NULL) {
        return km_fail_memory(ctx, "synthetic orders");
    }
    g->events = events;
    KM_TRY(km_parallel(ctx, km_chunks(n, CUSTOMERS_PER_CHUNK), draw_chunk, g));
    KM_TRY(sort_events(ctx, g, n_events, scratch));
    *out_events = n_events;
    return KMSEG_OK;
}

kmseg_status km_generate_orders(kmseg_context *ctx, const kmseg_generate_options *options,
                                kmseg_table **out) {
    *out = NULL;
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    generation g = {.options = options};
    kmseg_table *table = NULL;
    int64_t n_events = 0;
    kmseg_status status = draw_orders(ctx, &g, &scratch, &n_events);
    if (status == KMSEG_OK) {
        status = kmseg_table_new(ctx, g.row_start[n_events], &table);
    }
    if (status == KMSEG_OK) {
        status = fill_table(ctx, &g, n_events, table);
    }
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    return KMSEG_OK;
}
