"""The structs and functions of libkmseg as ctypes has to know them.

Each name stands for the one of the C headers with `kmseg_` in front. FUNCTIONS has every function of
the headers in HEADERS; python/tests/test_abi.py compares all of it with the headers.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_uint64, c_void_p

HEADERS = ("status.h", "version.h", "context.h", "option.h", "tiles.h", "cluster.h")

# kmseg_status
OK, E_ARGUMENT, E_MEMORY, E_IO, E_FORMAT, E_DATA, E_NOT_FOUND, E_CANCELLED, E_UNSUPPORTED, E_INTERNAL = range(10)
# kmseg_dtype
AUTO, FLOAT32, FLOAT64, INT16 = range(4)
# kmseg_stop_reason
STOP_LABELS, STOP_TOL, STOP_MAX_ITER, STOP_CANCELLED, STOP_STALLED = range(1, 6)

progress_fn = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, c_int64, c_int64)


class allocator(ctypes.Structure):
    _fields_ = [("allocate", c_void_p), ("release", c_void_p), ("user", c_void_p)]


class context_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("allocator", allocator),
        ("n_threads", c_int32),
        ("kernels", c_char_p),
        ("progress", progress_fn),
        ("progress_user", c_void_p),
    ]


class option(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("type", c_int),
        ("offset", c_size_t),
        ("minimum", c_double),
        ("maximum", c_double),
        ("default_number", c_double),
        ("default_text", c_char_p),
        ("choices", c_char_p),
        ("choice_name", c_void_p),
        ("list_kind", c_char_p),
        ("metavar", c_char_p),
        ("help", c_char_p),
        ("short_flag", ctypes.c_char),
    ]


class option_table(ctypes.Structure):
    _fields_ = [
        ("name", c_char_p),
        ("struct_size", c_size_t),
        ("n_options", c_int32),
        ("options", POINTER(option)),
    ]


class matrix(ctypes.Structure):
    _fields_ = [
        ("values", c_void_p),
        ("dtype", c_int),
        ("n_rows", c_int64),
        ("n_cols", c_int64),
        ("row_stride", c_int64),
        ("col_stride", c_int64),
    ]


class tiles_options(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("dtype", c_int)]


class fit_options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("n_clusters", c_int32),
        ("n_init", c_int32),
        ("max_iter", c_int32),
        ("tol", c_double),
        ("seed", c_uint64),
        ("init", c_char_p),
        ("algorithm", c_char_p),
        ("init_centroids", c_void_p),
        ("batch_size", c_int32),
    ]


class model(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("n_clusters", c_int32),
        ("n_features", c_int32),
        ("n_samples", c_int64),
        ("centroids", POINTER(c_double)),
        ("labels", POINTER(c_int32)),
        ("cluster_weights", POINTER(c_double)),
        ("cluster_sizes", POINTER(c_int64)),
        ("inertia", c_double),
        ("n_iter", c_int32),
        ("n_nonempty", c_int32),
        ("best_init", c_int32),
        ("stop_reason", c_int),
        ("history", POINTER(c_double)),
        ("n_rechecked", c_int64),
        ("seconds_init", c_double),
        ("seconds_iterate", c_double),
        ("seconds_finish", c_double),
    ]


class sweep_result(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("n_models", c_int32),
        ("models", POINTER(POINTER(model))),
    ]


STRUCTS = (allocator, context_options, option, option_table, matrix, tiles_options, fit_options, model,
           sweep_result)

# name: (restype, argtypes). Contexts and tiles are opaque; arrays of numbers go by their address.
FUNCTIONS = {
    "status_text": (c_char_p, (c_int,)),
    "version": (c_char_p, ()),
    "context_options_init": (None, (POINTER(context_options),)),
    "context_new": (c_int, (POINTER(context_options), POINTER(c_void_p))),
    "context_free": (None, (c_void_p,)),
    "last_error": (c_char_p, (c_void_p,)),
    "context_threads": (c_int32, (c_void_p,)),
    "context_kernels": (c_char_p, (c_void_p,)),
    "context_set_progress": (None, (c_void_p, progress_fn, c_void_p)),
    "cancel": (None, (c_void_p,)),
    "cancel_clear": (None, (c_void_p,)),
    "memory_keep": (None, (c_size_t,)),
    "kernels_name": (c_char_p, (c_int32,)),
    "kernels_available": (c_int, (c_char_p,)),
    "options_init": (None, (POINTER(option_table), c_void_p)),
    "options_find": (POINTER(option), (POINTER(option_table), c_char_p)),
    "options_set": (c_int, (c_void_p, POINTER(option_table), c_void_p, c_char_p, c_char_p)),
    "options_check": (c_int, (c_void_p, POINTER(option_table), c_void_p)),
    "options_format": (None, (POINTER(option), c_void_p, c_void_p, c_size_t)),
    "list_name": (c_char_p, (c_char_p, c_int32)),
    "list_help": (c_char_p, (c_char_p, c_char_p)),
    "list_kind": (c_char_p, (c_int32,)),
    "dtype_name": (c_char_p, (c_int,)),
    "matrix_view": (matrix, (c_void_p, c_int, c_int64, c_int64)),
    "tiles_options_init": (None, (POINTER(tiles_options),)),
    "tiles_new": (c_int, (c_void_p, POINTER(matrix), c_void_p, POINTER(tiles_options), POINTER(c_void_p))),
    "tiles_free": (None, (c_void_p,)),
    "tiles_n_samples": (c_int64, (c_void_p,)),
    "tiles_n_features": (c_int32, (c_void_p,)),
    "tiles_dtype": (c_int, (c_void_p,)),
    "fit_option_table": (POINTER(option_table), ()),
    "fit_options_init": (None, (POINTER(fit_options),)),
    "stop_reason_text": (c_char_p, (c_int,)),
    "fit": (c_int, (c_void_p, c_void_p, POINTER(fit_options), POINTER(POINTER(model)))),
    "model_free": (None, (POINTER(model),)),
    "sweep": (c_int, (c_void_p, c_void_p, c_int32, c_int32, POINTER(fit_options), POINTER(POINTER(sweep_result)))),
    "sweep_free": (None, (POINTER(sweep_result),)),
    "predict": (c_int, (c_void_p, POINTER(matrix), c_void_p, c_int32, c_void_p, c_void_p, c_void_p, c_void_p)),
}
