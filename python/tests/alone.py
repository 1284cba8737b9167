"""Run by the Python of an environment that a wheel was installed in: does it work, and of itself?

Fits, sweeps, and writes and reads a file of segments; then looks at what this process has loaded. Beside the
environment that may be the C library, and what Python itself is made of. Prints what came from where.
"""

import ctypes
import pathlib
import sys
import tempfile

import kmseg
import numpy as np
from kmseg import _abi
from kmseg._library import lib
from kmseg._session import Session

# The C library and the loader; the rest is what the standard library's own modules link.
SYSTEM = ("ld-linux", "libc.so", "libm.so", "libdl.so", "librt.so", "libpthread.so", "libutil.so", "libresolv.so",
          "libpython", "libexpat", "libz.so", "libffi", "libssl", "libcrypto", "libbz2", "liblzma", "libsqlite3",
          "libuuid", "libstdc++", "libgcc_s")


def fits():
    rng = np.random.default_rng(0)
    X = 20 * np.eye(4)[np.arange(2000) % 4] + rng.normal(size=(2000, 4))
    km = kmseg.KMeans(4, random_state=0).fit(X)
    assert sorted(np.bincount(km.labels_)) == [500] * 4
    assert kmseg.sweep(X, range(2, 7), random_state=0, n_references=3).favoured["gap"] == 4


def segments(folder):
    """Made-up customers, segmented, written to HDF5 and read."""
    with Session() as session:
        table, result, read = ctypes.c_void_p(), ctypes.POINTER(_abi.result)(), ctypes.POINTER(_abi.result)()
        making, options = _abi.generate_options(), _abi.segment_options()
        lib.generate_options_init(ctypes.byref(making))
        making.what, making.n_customers = b"customers", 500
        lib.segment_options_init(ctypes.byref(options))
        options.fit.n_clusters = 3
        path = str(folder / "segments.h5").encode()
        session.call(lib.generate, ctypes.byref(making), ctypes.byref(table), None)
        session.call(lib.segment, table, ctypes.byref(options), ctypes.byref(result))
        session.call(lib.result_save, result, path)
        session.call(lib.result_load, path, ctypes.byref(read))
        assert read.contents.n_samples == 500 and read.contents.inertia == result.contents.inertia > 0
        lib.result_free(result)
        lib.result_free(read)
        lib.table_free(table)


def loaded():
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return sorted({pathlib.Path(line.split(maxsplit=5)[5]) for line in maps if ".so" in line})


def main():
    fits()
    with tempfile.TemporaryDirectory() as folder:
        segments(pathlib.Path(folder))
    environment = pathlib.Path(sys.prefix)
    outside = [path for path in loaded() if environment not in path.parents and "lib-dynload" not in path.parts]
    foreign = [str(path) for path in outside if not path.name.startswith(SYSTEM)]
    assert not foreign, f"loaded from the system: {foreign}"
    assert environment in pathlib.Path(lib.path).parents, lib.path
    brought = [path for path in loaded() if "kmseg" in str(path.parent)]
    print(f"kmseg {kmseg.__version__} works; of its own it loads {', '.join(path.name for path in brought)}, "
          f"of the system {', '.join(path.name for path in outside)}")


main()
