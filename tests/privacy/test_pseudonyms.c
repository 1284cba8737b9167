#include "pipeline/customers.h"
#include "support/failing.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static kmseg_context *ctx;
static kmseg_key *key;

/* 00 01 02 ... 1f */
static const char counting[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static const char *write_key(const char *name, const char *text, mode_t mode) {
    const char *path = test_write(name, text);
    cr_assert_eq(chmod(path, mode), 0);
    return path;
}

static void setup(void) {
    ctx = test_context(2, NULL);
    OK(ctx, kmseg_key_read(ctx, write_key("counting.key", counting, 0600), &key));
}

static void teardown(void) {
    kmseg_key_free(key);
    kmseg_context_free(ctx);
}

TestSuite(pseudonyms, .init = setup, .fini = teardown);

/* By Python: "p-" + base64.b32encode(hashlib.blake2b(id, digest_size=20, key=bytes(range(32)),
 * person=b"kmseg-customer-1").digest()).decode().lower() */
Test(pseudonyms, are_what_another_blake2b_gives)
{
    static const char *const expected[][2] = {{"12347", "p-l5htaofxtfvkscpil7corlchlbc7fghn"},
                                              {"", "p-rs4x444z6mfkigwcdcqwu5nnx4vnq2ry"},
                                              {"Jürgen", "p-x2o5yvabnuq5eqnc25zcwtvgo6o4rrxp"}};
    for (int i = 0; i < 3; i++) {
        char text[KMSEG_PSEUDONYM_SIZE];
        kmseg_pseudonym(key, expected[i][0], text);
        cr_assert_str_eq(text, expected[i][1]);
        cr_assert(kmseg_is_pseudonym(text));
    }
    cr_assert_not(kmseg_is_pseudonym("12347"));
    cr_assert_not(kmseg_is_pseudonym(""));
    cr_assert_not(kmseg_is_pseudonym("p-22uhncxpkd35nto27r3mqhrxw74m2gd1")); /* 1 is no base32 */
}

Test(pseudonyms, keys_are_refused_that_others_can_read_or_that_are_no_keys)
{
    kmseg_key *none;
    for (mode_t bit = 1; bit < 0100; bit <<= 1) {
        char mode[16];
        snprintf(mode, sizeof mode, "mode %04o", 0600u | bit);
        FAILS(ctx, KMSEG_E_IO,
              kmseg_key_read(ctx, write_key("open.key", counting, 0600 | bit), &none), mode,
              "chmod 600");
    }
    OK(ctx, kmseg_key_read(ctx, write_key("read.key", counting, 0400), &none));
    kmseg_key_free(none);
    static const char *const bad[] = {
        "",
        "0001020304\n",
        "not hexadecimal digits at all, though there are as many as needed!\n",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fff\n",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fx",
        "abababababababababababababababababababababababababababababababab\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        FAILS(ctx, KMSEG_E_FORMAT, kmseg_key_read(ctx, write_key("bad.key", bad[i], 0600), &none),
              "key", "bad.key", "kmseg key --write");
        cr_assert_null(none);
    }
    FAILS(ctx, KMSEG_E_IO, kmseg_key_read(ctx, test_path("none.key"), &none), "cannot read");
    FAILS(ctx, KMSEG_E_IO, kmseg_key_read(ctx, test_folder(), &none), "not a regular file");
    FAILS(ctx, KMSEG_E_IO, kmseg_key_read(ctx, "/dev/null", &none), "not a regular file");
}

Test(pseudonyms, messages_hold_nothing_of_a_key_that_is_refused)
{
    kmseg_key *none;
    const char *path = write_key("bad.key", "5ecre7", 0600);
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_key_read(ctx, path, &none), "6 bytes");
    cr_assert_null(strstr(kmseg_last_error(ctx), "5ecre7"));
}

Test(pseudonyms, a_key_is_made_once_and_differs_each_time)
{
    char ids[2][KMSEG_PSEUDONYM_SIZE];
    for (int i = 0; i < 2; i++) {
        const char *path = test_path(i == 0 ? "a.key" : "b.key");
        kmseg_key *made;
        struct stat info;
        OK(ctx, kmseg_key_write(ctx, path));
        cr_assert_eq(stat(path, &info), 0);
        cr_assert_eq(info.st_mode & 07777, 0600);
        OK(ctx, kmseg_key_read(ctx, path, &made));
        kmseg_pseudonym(made, "12347", ids[i]);
        kmseg_key_free(made);
        FAILS(ctx, KMSEG_E_IO, kmseg_key_write(ctx, path), "there already");
    }
    cr_assert_str_neq(ids[0], ids[1]);
}

enum { MASK = 0x5a, KEY_BYTES = 32 };

/* What a key file holds, every byte masked so that this is no copy of it: digits, or the key. */
static void read_masked(const char *path, unsigned char digits[2 * KEY_BYTES],
                        unsigned char bytes[KEY_BYTES]) {
    int file = open(path, O_RDONLY);
    for (int i = 0; i < KEY_BYTES; i++) {
        unsigned char pair[2], value = 0;
        cr_assert_eq(read(file, pair, 2), 2);
        for (int j = 0; j < 2; j++) {
            digits[2 * i + j] = pair[j] ^ MASK;
            value = (unsigned char)(value << 4 | (pair[j] <= '9' ? pair[j] - '0' : pair[j] - 87));
        }
        bytes[i] = value ^ MASK;
        explicit_bzero(pair, sizeof pair);
        explicit_bzero(&value, sizeof value);
    }
    close(file);
}

__attribute__((no_sanitize("address"))) static int is_at(const unsigned char *memory,
                                                         const unsigned char *masked, size_t n) {
    size_t i = 0;
    while (i < n && memory[i] == (unsigned char)(masked[i] ^ MASK)) {
        i++;
    }
    return i == n;
}

/* How often n bytes are in the readable memory of this process, the masked copy excepted. */
__attribute__((no_sanitize("address"))) static int count_in_memory(const unsigned char *masked,
                                                                   size_t n) {
    static char line[8192];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t begin, end;
        char rights[8];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &begin, &end, rights) != 3 ||
            rights[0] != 'r' || strstr(line, "[v") != NULL || end - begin > (1u << 28)) {
            continue; /* what the kernel maps, and the shadow of a sanitizer */
        }
        for (const unsigned char *at = (const unsigned char *)begin;
             at + n <= (const unsigned char *)end; at++) {
            found += is_at(at, masked, n);
        }
    }
    fclose(maps);
    return found;
}

Test(pseudonyms, nothing_of_a_key_is_left_in_memory)
{
    const char *path = test_path("secret.key");
    unsigned char digits[2 * KEY_BYTES], bytes[KEY_BYTES];
    char text[KMSEG_PSEUDONYM_SIZE];
    kmseg_key *secret;
    OK(ctx, kmseg_key_write(ctx, path));
    read_masked(path, digits, bytes);
    cr_assert_eq(count_in_memory(digits, sizeof digits), 0); /* also of writing it */
    OK(ctx, kmseg_key_read(ctx, path, &secret));
    kmseg_pseudonym(secret, "12347", text);
    cr_assert_eq(count_in_memory(bytes, sizeof bytes), 1); /* which shows that it would be found */
    kmseg_key_free(secret);
    cr_assert_eq(count_in_memory(bytes, sizeof bytes), 0);
    cr_assert_eq(count_in_memory(digits, sizeof digits), 0);
}

static kmseg_table *people(int as_text) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 4, &table));
    OK(ctx, kmseg_table_add_texts(ctx, table, "city",
                                  (const char *const[]){"Ulm", "Bonn", NULL, "Ulm"}));
    if (as_text) {
        OK(ctx, kmseg_table_add_texts(ctx, table, "customer_id",
                                      (const char *const[]){"17", "4", NULL, "9"}));
    } else {
        OK(ctx,
           kmseg_table_add_numbers(ctx, table, "customer_id", (const double[]){17, 4, NAN, 9}));
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", (const double[]){1.5, 2.5, 3.5, 4.5}));
    return table;
}

static int find_row(const kmseg_table *table, double spend) {
    const kmseg_column *column = kmseg_table_column(table, 2);
    for (int r = 0; r < 4; r++) {
        if (column->numbers[r] == spend) {
            return r;
        }
    }
    return -1;
}

Test(pseudonyms, tables_keep_everything_but_the_ids_and_the_order)
{
    for (int as_text = 0; as_text < 2; as_text++) {
        kmseg_table *table = people(as_text), *safe;
        OK(ctx, kmseg_table_protect(ctx, table, NULL, key, &safe));
        const kmseg_column *id = kmseg_table_column(safe, 1), *city = kmseg_table_column(safe, 0);
        cr_assert_eq(id->type, KMSEG_COLUMN_TEXT);
        cr_assert_eq(id->role, KMSEG_ROLE_ID);
        cr_assert_eq(id->n_missing, 1);
        static const char *const ids[] = {"17", "4", NULL, "9"};
        static const char *const cities[] = {"Ulm", "Bonn", NULL, "Ulm"};
        for (int i = 0; i < 4; i++) {
            int r = find_row(safe, 1.5 + i);
            char expected[KMSEG_PSEUDONYM_SIZE];
            cr_assert(r >= 0);
            cr_assert_eq(id->codes[r] < 0, ids[i] == NULL);
            cr_assert_eq(city->codes[r] < 0, cities[i] == NULL);
            if (ids[i] != NULL) {
                kmseg_pseudonym(key, ids[i], expected);
                cr_assert_str_eq(id->levels[id->codes[r]], expected);
                cr_assert_str_eq(city->levels[city->codes[r]], cities[i]);
            }
            /* sorted by pseudonym, the one without last; texts numbered in byte order */
            cr_assert_eq(id->codes[i], i < 3 ? i : -1);
        }
        cr_assert(strcmp(id->levels[0], id->levels[1]) < 0 &&
                  strcmp(id->levels[1], id->levels[2]) < 0);
        cr_assert_str_eq(city->levels[0], "Bonn");
        kmseg_table_free(safe);
        kmseg_table_free(table);
    }
}

Test(pseudonyms, the_order_of_the_rows_leaves_no_trace)
{
    static const int64_t order[] = {3, 1, 0, 2};
    kmseg_table *table = people(1), *other, *safe[2];
    OK(ctx, kmseg_table_take(ctx, table, order, 4, &other));
    for (int with_key = 0; with_key < 2; with_key++) {
        OK(ctx, kmseg_table_protect(ctx, table, NULL, with_key ? key : NULL, &safe[0]));
        OK(ctx, kmseg_table_protect(ctx, other, NULL, with_key ? key : NULL, &safe[1]));
        const char *paths[] = {test_path("first.h5"), test_path("second.h5")};
        char bytes[2][1 << 16];
        size_t lengths[2];
        for (int i = 0; i < 2; i++) {
            OK(ctx, kmseg_table_save(ctx, safe[i], NULL, paths[i]));
            FILE *file = fopen(paths[i], "rb");
            lengths[i] = fread(bytes[i], 1, sizeof bytes[i], file);
            fclose(file);
            kmseg_table_free(safe[i]);
        }
        cr_assert_eq(lengths[0], lengths[1]);
        cr_assert(lengths[0] < sizeof bytes[0]);
        cr_assert_eq(memcmp(bytes[0], bytes[1], lengths[0]), 0);
    }
    kmseg_table_free(other);
    kmseg_table_free(table);
}

Test(pseudonyms, without_a_key_the_column_is_gone_and_rows_are_in_the_order_of_their_values)
{
    kmseg_table *table = people(1), *safe;
    OK(ctx, kmseg_table_protect(ctx, table, NULL, NULL, &safe));
    cr_assert_eq(kmseg_table_n_columns(safe), 2);
    cr_assert_eq(kmseg_table_find(safe, "customer_id"), -1);
    /* by city (Bonn, Ulm, Ulm, missing), then by spend */
    static const double spend[] = {2.5, 1.5, 4.5, 3.5};
    for (int r = 0; r < 4; r++) {
        cr_assert_eq(kmseg_table_column(safe, 1)->numbers[r], spend[r]);
    }
    kmseg_table_free(safe);
    kmseg_table_free(table);
}

Test(pseudonyms, the_id_column_is_found_or_named)
{
    kmseg_table *table, *safe;
    OK(ctx, kmseg_table_new(ctx, 2, &table));
    OK(ctx, kmseg_table_add_texts(ctx, table, "who", (const char *const[]){"a", "b"}));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", (const double[]){1, 2}));
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_table_protect(ctx, table, NULL, key, &safe),
          "no column names the customer", "who, spend");
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_table_protect(ctx, table, "whom", key, &safe), "who");
    OK(ctx, kmseg_table_protect(ctx, table, "who", key, &safe));
    FAILS(ctx, KMSEG_E_DATA, kmseg_table_protect(ctx, safe, NULL, key, &table),
          "pseudonyms already");
    kmseg_table_free(safe);
}

Test(pseudonyms, dates_are_no_ids_and_ids_alone_are_no_table)
{
    kmseg_table *table, *safe;
    OK(ctx, kmseg_table_new(ctx, 1, &table));
    OK(ctx, kmseg_table_add_times(ctx, table, "id", (const int64_t[]){5}));
    FAILS(ctx, KMSEG_E_DATA, kmseg_table_protect(ctx, table, NULL, key, &safe), "dates");
    kmseg_table_free(table);
    OK(ctx, kmseg_table_new(ctx, 1, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "id", (const double[]){5}));
    FAILS(ctx, KMSEG_E_DATA, kmseg_table_protect(ctx, table, NULL, NULL, &safe), "nothing but ids");
    kmseg_table_free(table);
}

Test(pseudonyms, results_keep_segments_and_numbers_and_typical_customers)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(TEST_GROUPS);
    kmseg_result *result, *safe;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    for (int with_key = 0; with_key < 2; with_key++) {
        OK(ctx, kmseg_segment(ctx, table, &options, &safe));
        OK(ctx, kmseg_result_protect(ctx, safe, with_key ? key : NULL));
        cr_assert_not_null(
            strstr(safe->params, with_key ? "\"ids\": \"pseudonyms\"" : "\"ids\": \"left out\""));
        for (int64_t i = 0; i < result->n_samples && with_key; i++) {
            char expected[KMSEG_PSEUDONYM_SIZE];
            kmseg_pseudonym(key, result->ids[i], expected);
            int64_t at = 0;
            while (at < safe->n_samples && strcmp(safe->ids[at], expected) != 0) {
                at++;
            }
            cr_assert(at < safe->n_samples);
            cr_assert_eq(safe->labels[at], result->labels[i]);
            cr_assert_eq(safe->distances[at], result->distances[i]);
        }
        for (int64_t i = 0; i + 1 < safe->n_samples; i++) {
            cr_assert(with_key ? strcmp(safe->ids[i], safe->ids[i + 1]) < 0
                               : safe->labels[i] <= safe->labels[i + 1]);
        }
        for (int64_t i = 0; i < (int64_t)result->n_segments * result->n_typical; i++) {
            int64_t a = result->typical[i], b = safe->typical[i];
            cr_assert_eq(result->distances[a], safe->distances[b]);
            cr_assert_eq(result->labels[a], safe->labels[b]);
        }
        OK(ctx, kmseg_result_save(ctx, safe, test_path("safe.h5")));
        kmseg_result_free(safe);
        OK(ctx, kmseg_result_load(ctx, test_path("safe.h5"), &safe));
        if (with_key) {
            FAILS(ctx, KMSEG_E_DATA, kmseg_result_protect(ctx, safe, key), "pseudonyms already");
        }
        kmseg_result_free(safe);
    }
    kmseg_result_free(result);
    kmseg_table_free(table);
}

static kmseg_status protect_once(kmseg_context *own, void *argument) {
    kmseg_table *safe;
    kmseg_status status = kmseg_table_protect(own, argument, NULL, key, &safe);
    kmseg_table_free(safe);
    return status;
}

Test(pseudonyms, runs_out_of_memory_without_leaks)
{
    kmseg_table *table = people(0);
    fails_cleanly(protect_once, table);
    kmseg_table_free(table);
}
