"""Run by the Python of an environment that a wheel was installed in: does it work, and of itself?

Fits, sweeps, goes from orders to a file of segments and a report; then looks at what this process has loaded.
Beside the environment that may be the C library, and what Python itself is made of. Prints what came from where.
"""

import pathlib
import sys
import tempfile

import h5py
import kmseg
import numpy as np
from kmseg._library import lib
from threadpoolctl import threadpool_limits

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
    """Made-up orders to segments, lifetime value among the steps; written, read here and by h5py, whose own
    HDF5 is another, and made into a page with charts."""
    orders = kmseg.generate("orders", n_customers=2000, n_orders=10000, seed=1)
    segmenter = kmseg.Segmenter(n_clusters=3).fit(orders)
    assert "clv" in {step.name for step in segmenter.steps_}
    segmenter.save(folder / "segments.h5")
    with h5py.File(folder / "segments.h5") as file:
        assert file["centroids"].shape[0] == 3
    assert kmseg.Segmenter.load(folder / "segments.h5").segments.equals(segmenter.segments)
    segmenter.report(folder / "report.html")
    assert (folder / "report.html").stat().st_size > 500_000  # the script of the charts is most of it


def limits():
    """threadpoolctl finds the libgomp of the wheel, beside those of others."""
    with threadpool_limits(1):
        assert kmseg.n_threads() == 1


def loaded():
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return sorted({pathlib.Path(line.split(maxsplit=5)[5]) for line in maps if ".so" in line})


def main():
    fits()
    limits()
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
