/* Packed datasets: the chunks that our threads make are those of HDF5's own filters. */
#include "h5/dataset.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chunks of 1 MiB are 262,144 numbers of 4 bytes or 116,508 texts of 9: the last one of each is begun. */
enum { N = 800001 };

static int32_t labels[N];
static const char *texts[N];
static char room[N][10];

static void make_values(void) {
    for (int64_t i = 0; i < N; i++) {
        labels[i] = (int32_t)((i * 2654435761u >> 7) % 9 - 1);
        snprintf(room[i], sizeof room[i], "%lld", (long long)(i * 1237 % 999999937));
        texts[i] = room[i];
    }
}

static void write_file(const char *path, int32_t threads) {
    kmseg_context *ctx = test_context(threads, NULL);
    km_h5_file file;
    OK(ctx, km_h5_create(ctx, path, "kmseg-table", &file));
    km_h5_put(&file, "/labels", KM_H5_INT32, KM_H5_PACKED, N, 0, labels);
    km_h5_put(&file, "/rows", KM_H5_INT32, KM_H5_PACKED, N / 7, 7, labels);
    km_h5_put_texts(&file, "/texts", N, texts);
    OK(ctx, km_h5_commit(&file, KMSEG_OK));
    kmseg_context_free(ctx);
}

/* The same values in datasets of the same properties, written by HDF5. */
static void write_by_hdf5(const char *like, const char *path) {
    hid_t from = H5Fopen(like, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t to = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const char *const names[] = {"/labels", "/rows", "/texts"};
    for (int i = 0; i < 3; i++) {
        hid_t set = H5Dopen2(from, names[i], H5P_DEFAULT), type = H5Dget_type(set);
        hid_t space = H5Dget_space(set), creation = H5Dget_create_plist(set);
        cr_assert_eq(H5Pget_layout(creation), H5D_CHUNKED);
        char *values = malloc((size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type));
        cr_assert_geq(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
        if (i < 2) {
            cr_assert_arr_eq(values, labels, (size_t)(i == 0 ? N : N / 7 * 7) * sizeof *labels);
        } else {
            for (int64_t t = 0; t < N; t++) {
                cr_assert_eq(strncmp(values + t * 9, texts[t], 9), 0);
            }
        }
        hid_t copy = H5Dcreate2(to, names[i], type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        cr_assert_geq(H5Dwrite(copy, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
        free(values);
        H5Dclose(copy);
        H5Pclose(creation);
        H5Sclose(space);
        H5Tclose(type);
        H5Dclose(set);
    }
    H5Fclose(to);
    H5Fclose(from);
}

static void same_chunks(const char *a, const char *b, const char *name) {
    hid_t files[2] = {H5Fopen(a, H5F_ACC_RDONLY, H5P_DEFAULT),
                      H5Fopen(b, H5F_ACC_RDONLY, H5P_DEFAULT)};
    hid_t sets[2] = {H5Dopen2(files[0], name, H5P_DEFAULT), H5Dopen2(files[1], name, H5P_DEFAULT)};
    hsize_t n[2], offset[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        hid_t space = H5Dget_space(sets[i]);
        H5Dget_num_chunks(sets[i], space, &n[i]);
        H5Sclose(space);
    }
    cr_assert_gt(n[0], 1);
    cr_assert_eq(n[0], n[1]);
    for (hsize_t c = 0; c < n[0]; c++) {
        hsize_t sizes[2];
        char *chunks[2];
        for (int i = 0; i < 2; i++) {
            hid_t space = H5Dget_space(sets[i]);
            unsigned mask;
            haddr_t address;
            H5Dget_chunk_info(sets[i], space, c, offset, &mask, &address, &sizes[i]);
            H5Sclose(space);
            uint32_t filters;
            chunks[i] = malloc(sizes[i]);
            cr_assert_geq(H5Dread_chunk(sets[i], H5P_DEFAULT, offset, &filters, chunks[i]), 0);
            cr_assert_eq(filters, 0);
        }
        cr_assert_eq(sizes[0], sizes[1]);
        cr_assert(memcmp(chunks[0], chunks[1], sizes[0]) == 0, "%s: chunk %d", name, (int)c);
        free(chunks[0]);
        free(chunks[1]);
    }
    for (int i = 0; i < 2; i++) {
        H5Dclose(sets[i]);
        H5Fclose(files[i]);
    }
}

Test(pack, chunks_are_those_that_hdf5_makes, .timeout = 120)
{
    make_values();
    const char *ours = test_path("ours.h5");
    char *path = strdup(ours);
    write_file(path, 1);
    char *theirs = strdup(test_path("theirs.h5"));
    write_by_hdf5(path, theirs);
    same_chunks(path, theirs, "/labels");
    same_chunks(path, theirs, "/rows");
    same_chunks(path, theirs, "/texts");
    char *more = strdup(test_path("three.h5"));
    write_file(more, 3);
    same_chunks(path, more, "/labels");
    same_chunks(path, more, "/texts");
    free(more);
    free(theirs);
    free(path);
}
