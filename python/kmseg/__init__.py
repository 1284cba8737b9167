"""kmseg: fast, exact and reproducible k-means, as scikit-learn estimators over libkmseg."""

from ._library import lib as _lib
from ._session import Cancelled, n_threads
from ._sweep import Sweep, sweep
from .kmeans import KMeans

__version__: str = _lib.version().decode()
__all__ = ["Cancelled", "KMeans", "Sweep", "n_threads", "sweep"]
