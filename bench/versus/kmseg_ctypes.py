"""libkmseg_versus.so, which bench/versus/shim.c makes of libkmseg, as Python functions."""

import ctypes
import weakref

import numpy as np

import data

LIBRARY = data.BUILD / "bench" / "libkmseg_versus.so"


class Job(ctypes.Structure):
    _fields_ = [
        ("values", ctypes.c_void_p),
        ("n_samples", ctypes.c_int64),
        ("n_features", ctypes.c_int32),
        ("n_clusters", ctypes.c_int32),
        ("start", ctypes.c_void_p),
        ("n_init", ctypes.c_int32),
        ("max_iter", ctypes.c_int32),
        ("tol", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("tile_dtype", ctypes.c_int32),
        ("algorithm", ctypes.c_char_p),
        ("coreset_size", ctypes.c_int32),
    ]


class Info(ctypes.Structure):
    _fields_ = [
        ("seconds", ctypes.c_double),
        ("seconds_tiles", ctypes.c_double),
        ("seconds_init", ctypes.c_double),
        ("seconds_iterate", ctypes.c_double),
        ("seconds_finish", ctypes.c_double),
        ("n_iter", ctypes.c_int32),
        ("stop_reason", ctypes.c_int32),
        ("inertia", ctypes.c_double),
        ("first_inertia", ctypes.c_double),
        ("n_rechecked", ctypes.c_int64),
    ]


def load(path=LIBRARY):
    lib = ctypes.CDLL(str(path))
    pointer, text, integer = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
    for name, result, arguments in (
        ("context", pointer, (integer, text)),
        ("context_free", None, (pointer,)),
        ("error", text, (pointer,)),
        ("kernels", text, (pointer,)),
        ("version", text, ()),
        ("kernels_name", text, (integer,)),
        ("kernels_available", integer, (text,)),
        ("peak_flops", ctypes.c_double, ()),
        ("peak_bytes", ctypes.c_double, ()),
        ("fit", integer, (pointer, pointer, pointer, pointer)),
        ("sweep", integer, (pointer, pointer, integer, pointer, pointer)),
        ("labels", ctypes.POINTER(ctypes.c_int32), (pointer,)),
        ("centroids", ctypes.POINTER(ctypes.c_double), (pointer,)),
        ("model_free", None, (pointer,)),
    ):
        function = getattr(lib, f"versus_{name}")
        function.restype = result
        function.argtypes = arguments
    return lib


def _lasting(lib, model, n):
    """The n labels of a model, not copied, as a copy is no memory of the fit; with them the model ends."""
    memory = (ctypes.c_int32 * n).from_address(
        ctypes.addressof(lib.versus_labels(model).contents))
    weakref.finalize(memory, lib.versus_model_free, model)
    return np.frombuffer(memory, dtype=np.int32)


class Kmseg:
    """A context of so many threads; its calls raise RuntimeError with the library's message."""

    def __init__(self, threads, kernels=None, path=LIBRARY):
        self.lib = load(path)
        self.context = self.lib.versus_context(threads, kernels.encode() if kernels else None)
        if not self.context:
            raise RuntimeError(f"no kmseg context of {threads} threads and kernels {kernels}")

    def close(self):
        self.lib.versus_context_free(self.context)
        self.context = None

    def version(self):
        return self.lib.versus_version().decode()

    def kernels(self):
        return self.lib.versus_kernels(self.context).decode()

    def all_kernels(self):
        """Names of the kernels that this CPU runs."""
        names, i = [], 0
        while (name := self.lib.versus_kernels_name(i)) is not None:
            if self.lib.versus_kernels_available(name):
                names.append(name.decode())
            i += 1
        return names

    def _check(self, status):
        if status != 0:
            raise RuntimeError(self.lib.versus_error(self.context).decode())

    def _job(self, x, k, start, n_init, max_iter, tol, seed, tile_dtype, algorithm,
             coreset_size):
        if x.dtype != np.float32 or not x.flags.c_contiguous:
            raise ValueError("x needs to be row-major float32")
        self.start = None if start is None else np.ascontiguousarray(start, dtype=np.float64)
        return Job(x.ctypes.data, x.shape[0], x.shape[1], k,
                   None if start is None else self.start.ctypes.data, n_init, max_iter, tol, seed,
                   tile_dtype, algorithm.encode() if algorithm else None,
                   -1 if coreset_size is None else coreset_size)

    def fit(self, x, k, start=None, n_init=1, max_iter=300, tol=0.0, seed=0, tile_dtype=0,
            algorithm=None, coreset_size=None):
        """(labels, centroids, info) of one fit; the labels are the model's, which lives as long."""
        job = self._job(x, k, start, n_init, max_iter, tol, seed, tile_dtype, algorithm,
                        coreset_size)
        info, model = Info(), ctypes.c_void_p()
        self._check(self.lib.versus_fit(self.context, ctypes.byref(job), ctypes.byref(info),
                                        ctypes.byref(model)))
        labels = _lasting(self.lib, model, x.shape[0])
        centroids = np.ctypeslib.as_array(self.lib.versus_centroids(model), (k, x.shape[1])).copy()
        return labels, centroids, info

    def sweep(self, x, first_k, last_k, n_init, max_iter, tol, seed=0, coreset_size=None):
        """(inertia per k, info)."""
        job = self._job(x, first_k, None, n_init, max_iter, tol, seed, 0, None, coreset_size)
        info, inertias = Info(), np.zeros(last_k - first_k + 1)
        self._check(self.lib.versus_sweep(self.context, ctypes.byref(job), last_k,
                                          inertias.ctypes.data, ctypes.byref(info)))
        return inertias, info
