"""kmseg: customer segmentation over libkmseg. Segments of a DataFrame, and fast, exact and reproducible
k-means as scikit-learn estimators."""

from ._classes import clv, features, generate, lifecycle, rfm, tier
from ._frames import Table
from ._library import lib as _lib
from ._session import Cancelled, n_threads
from ._sweep import Sweep, sweep
from .kmeans import KMeans
from .segmenter import Explanation, Segmenter, Step

__version__: str = _lib.version().decode()
__all__ = ["Cancelled", "Explanation", "KMeans", "Segmenter", "Step", "Sweep", "Table", "clv", "features", "generate",
           "lifecycle", "n_threads", "rfm", "sweep", "tier"]
