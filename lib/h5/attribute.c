#include "base/arena.h"
#include "h5/dataset.h"

#include <stdio.h>
#include <string.h>

void km_h5_put_group(km_h5_file *file, const char *path) {
    if (file->status != KMSEG_OK) {
        return;
    }
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hid_t group = H5Gcreate2(file->id, path, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (group < 0) {
        km_h5_fail(file, "cannot write group %s", path);
    } else {
        H5Gclose(group);
    }
    H5Pclose(creation);
}

static void put_attribute(km_h5_file *file, const char *path, const char *name, hid_t type,
                          hid_t memory_type, const void *value) {
    if (file->status != KMSEG_OK) {
        return;
    }
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute =
        H5Acreate_by_name(file->id, path, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, memory_type, value) < 0) {
        km_h5_fail(file, "cannot write attribute %s of %s", name, path);
    }
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    H5Sclose(space);
}

/* Fixed length: texts of variable length go to HDF5's global heap, which has no checksum, and in
 * which HDF5 1.10 reads wild where a byte is damaged. */
void km_h5_put_text(km_h5_file *file, const char *path, const char *name, const char *value) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, value[0] != '\0' ? strlen(value) : 1);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_cset(type, H5T_CSET_UTF8);
    put_attribute(file, path, name, type, type, value);
    H5Tclose(type);
}

void km_h5_put_int(km_h5_file *file, const char *path, const char *name, int64_t value) {
    put_attribute(file, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void km_h5_put_double(km_h5_file *file, const char *path, const char *name, double value) {
    put_attribute(file, path, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

int km_h5_exists(km_h5_file *file, const char *path) {
    if (strcmp(path, "/") == 0) {
        return 1;
    }
    char part[512];
    for (const char *end = strchr(path + 1, '/');; end = strchr(end + 1, '/')) {
        size_t length = end != NULL ? (size_t)(end - path) : strlen(path);
        H5L_info_t info;
        if (length >= sizeof part) {
            return 0;
        }
        memcpy(part, path, length);
        part[length] = '\0';
        htri_t there = H5Lexists(file->id, part, H5P_DEFAULT);
        if (there < 0) {
            return 1; /* damaged: whoever opens it gets the reason */
        }
        if (there == 0 || H5Lget_info(file->id, part, &info, H5P_DEFAULT) < 0 ||
            info.type != H5L_TYPE_HARD) {
            return 0;
        }
        if (end == NULL) {
            return 1;
        }
    }
}

int km_h5_has(km_h5_file *file, const char *path, const char *name) {
    return km_h5_exists(file, path) && H5Aexists_by_name(file->id, path, name, H5P_DEFAULT) > 0;
}

/* Opens a scalar attribute (or one of one element) of that class. */
static kmseg_status open_attribute(km_h5_file *file, const char *path, const char *name,
                                   H5T_class_t class, const char *class_name, hid_t *out) {
    *out = -1;
    if (!km_h5_exists(file, path) || H5Aexists_by_name(file->id, path, name, H5P_DEFAULT) == 0) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "attribute %s of %s is missing", name, path);
    }
    hid_t attribute = H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) {
        return km_h5_fail(file, "cannot read attribute %s of %s", name, path);
    }
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    int good = H5Tget_class(type) == class && H5Sget_simple_extent_npoints(space) == 1;
    H5Sclose(space);
    H5Tclose(type);
    if (!good) {
        H5Aclose(attribute);
        return km_h5_fault(file, KMSEG_E_FORMAT, "attribute %s of %s needs to be one %s", name,
                           path, class_name);
    }
    *out = attribute;
    return KMSEG_OK;
}

static kmseg_status get_number(km_h5_file *file, const char *path, const char *name,
                               H5T_class_t class, const char *class_name, hid_t type, void *out) {
    hid_t attribute;
    KM_TRY(open_attribute(file, path, name, class, class_name, &attribute));
    kmseg_status status = KMSEG_OK;
    if (H5Aread(attribute, type, out) < 0) {
        status = km_h5_fail(file, "cannot read attribute %s of %s", name, path);
    }
    H5Aclose(attribute);
    return status;
}

kmseg_status km_h5_get_int(km_h5_file *file, const char *path, const char *name, int64_t minimum,
                           int64_t maximum, int64_t *out) {
    int64_t value = 0;
    KM_TRY(get_number(file, path, name, H5T_INTEGER, "whole number", H5T_NATIVE_INT64, &value));
    if (value < minimum || value > maximum) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "attribute %s of %s is %lld; it needs to be between %lld and %lld", name,
                           path, (long long)value, (long long)minimum, (long long)maximum);
    }
    *out = value;
    return KMSEG_OK;
}

kmseg_status km_h5_get_double(km_h5_file *file, const char *path, const char *name, double *out) {
    return get_number(file, path, name, H5T_FLOAT, "number", H5T_NATIVE_DOUBLE, out);
}

/* Text of fixed length, into a new block. */
static kmseg_status read_fixed(km_h5_file *file, const char *path, const char *name,
                               hid_t attribute, hid_t type, char **out) {
    size_t size = H5Tget_size(type);
    if (size > (size_t)file->size) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "attribute %s of %s has %zu bytes, the file %lld",
                           name, path, size, (long long)file->size);
    }
    char *text = km_allocate(&file->ctx->allocator, size + 1);
    if (text == NULL) {
        return km_fail_memory(file->ctx, "a text");
    }
    text[size] = '\0';
    if (H5Aread(attribute, type, text) < 0) {
        km_release(&file->ctx->allocator, text);
        return km_h5_fail(file, "cannot read attribute %s of %s", name, path);
    }
    *out = text;
    return KMSEG_OK;
}

/* Text of variable length, which HDF5 allocates; copied, so that all texts are freed alike. */
static kmseg_status read_variable(km_h5_file *file, const char *path, const char *name,
                                  hid_t attribute, hid_t type, char **out) {
    char *text = NULL;
    if (H5Aread(attribute, type, &text) < 0) {
        return km_h5_fail(file, "cannot read attribute %s of %s", name, path);
    }
    size_t size = text != NULL ? strlen(text) : 0;
    char *copy = km_allocate(&file->ctx->allocator, size + 1);
    if (copy != NULL) {
        memcpy(copy, text != NULL ? text : "", size);
        copy[size] = '\0';
    }
    H5free_memory(text);
    *out = copy;
    return copy != NULL ? KMSEG_OK : km_fail_memory(file->ctx, "a text");
}

/* out is freed with km_release(). */
static kmseg_status read_text(km_h5_file *file, const char *path, const char *name, char **out) {
    hid_t attribute;
    KM_TRY(open_attribute(file, path, name, H5T_STRING, "text", &attribute));
    hid_t type = H5Aget_type(attribute);
    kmseg_status status = H5Tis_variable_str(type) > 0
                              ? read_variable(file, path, name, attribute, type, out)
                              : read_fixed(file, path, name, attribute, type, out);
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}

kmseg_status km_h5_get_short_text(km_h5_file *file, const char *path, const char *name, char *out,
                                  size_t capacity) {
    char *text = NULL;
    KM_TRY(read_text(file, path, name, &text));
    snprintf(out, capacity, "%s", text);
    km_release(&file->ctx->allocator, text);
    return KMSEG_OK;
}

kmseg_status km_h5_get_text(km_h5_file *file, const char *path, const char *name, km_arena *arena,
                            const char **out) {
    char *text = NULL;
    KM_TRY(read_text(file, path, name, &text));
    *out = km_arena_text(arena, text);
    km_release(&file->ctx->allocator, text);
    return *out != NULL ? KMSEG_OK : km_fail_memory(file->ctx, "a text");
}

static kmseg_status read_list(km_h5_file *file, hid_t attribute, hid_t type, int64_t n,
                              km_arena *arena, const char **out) {
    size_t size = H5Tget_size(type);
    int variable = H5Tis_variable_str(type) > 0;
    char *block = km_allocate_array(&file->ctx->allocator, n, size);
    if (block == NULL) {
        return km_fail_memory(file->ctx, "names");
    }
    kmseg_status status = KMSEG_OK;
    if (H5Aread(attribute, type, block) < 0) {
        status = km_h5_fail(file, "cannot read a list of names");
    } else {
        for (int64_t i = 0; i < n && status == KMSEG_OK; i++) {
            const char *text = block + (size_t)i * size;
            if (variable) {
                memcpy(&text, text, sizeof text);
            }
            size_t length = text == NULL ? 0 : variable ? strlen(text) : strnlen(text, size);
            out[i] = km_arena_text_n(arena, length > 0 ? text : "", length);
            status = out[i] == NULL ? km_fail_memory(file->ctx, "names") : KMSEG_OK;
        }
        if (variable) {
            hid_t space = H5Aget_space(attribute);
            H5Dvlen_reclaim(type, space, H5P_DEFAULT, block);
            H5Sclose(space);
        }
    }
    km_release(&file->ctx->allocator, block);
    return status;
}

kmseg_status km_h5_get_text_list(km_h5_file *file, const char *path, const char *name, int64_t n,
                                 km_arena *arena, const char **out) {
    hid_t attribute = H5Aopen_by_name(file->id, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) {
        return km_h5_fail(file, "cannot read attribute %s of %s", name, path);
    }
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    kmseg_status status;
    if (H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != n ||
        H5Tget_size(type) > (size_t)file->size) {
        status = km_h5_fault(file, KMSEG_E_FORMAT, "attribute %s of %s needs to be %lld strings",
                             name, path, (long long)n);
    } else {
        status = read_list(file, attribute, type, n, arena, out);
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return status;
}
