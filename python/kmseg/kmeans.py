"""k-means as a scikit-learn estimator."""

from __future__ import annotations

import ctypes
import numbers
import warnings
from typing import Any, Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from . import _abi
from ._library import lib
from ._progress import following
from ._session import Callback, Cancelled, Session, matrix_of, threads_for

_INITIALISERS = ("k-means++", "k-means||", "random")
_ALGORITHMS = {"auto": b"auto", "lloyd": b"lloyd", "elkan": b"auto", "hamerly": b"hamerly"}
_MOST_THREADS = 4096
_STOP = {
    _abi.STOP_LABELS: "strict convergence",
    _abi.STOP_TOL: "center shift within tolerance",
    _abi.STOP_MAX_ITER: "max_iter reached",
    _abi.STOP_CANCELLED: "cancelled",
}


def _whole(name: str, value: Any, least: int, most: int = 2**31 - 1) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral) or not least <= int(value) <= most:
        raise ValueError(f"{name} is {value!r}; it needs to be a whole number from {least} to {most}")
    return int(value)


def _choice(name: str, value: Any, choices: Any) -> None:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {value!r}; it needs to be one of {', '.join(map(repr, choices))}")


def viewed(x: NDArray[Any]) -> tuple[NDArray[Any], _abi.matrix]:
    """x, copied only where the library cannot read it as it lies, and its view."""
    try:
        return x, matrix_of(x)
    except ValueError:
        x = np.ascontiguousarray(x)
        return x, matrix_of(x)


def attributes_of(m: _abi.model, dtype: Any) -> dict[str, Any]:
    """Copies of what a model holds, under the names that a fitted estimator has for it; and n_nonempty."""
    centroids = np.ctypeslib.as_array(m.centroids, (m.n_clusters, m.n_features)).copy()
    return {
        "_exact_centers": centroids,
        "cluster_centers_": centroids.astype(dtype),
        "labels_": np.ctypeslib.as_array(m.labels, (m.n_samples,)).copy(),
        "inertia_": m.inertia,
        "n_iter_": m.n_iter,
        "inertia_history_": np.array(m.history[: m.n_iter]),
        "stop_reason_": _STOP[m.stop_reason],
        "n_nonempty": m.n_nonempty,
    }


class KMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):
    """k-means clustering; takes the place of sklearn.cluster.KMeans.

    The labels are those of Lloyd's algorithm in float64. The same data and seed give the same bytes for
    any number of threads and on any CPU.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {'k-means++', 'k-means||', 'random'}, array of shape (n_clusters, n_features) or callable, \
default='k-means++'
        How the first centroids are chosen. 'k-means++' is the greedy form, as in scikit-learn;
        'k-means||' draws in a few rounds, for very many samples. A callable gets X, n_clusters and
        random_state, and returns an array.
    n_init : 'auto' or int, default='auto'
        Restarts; the one of lowest inertia is kept. 'auto' is 10 for 'random' and a callable, else 1.
    max_iter : int, default=300
        Iterations of one restart at most.
    tol : float, default=1e-4
        A restart stops when the squared shift of all centroids together is at most tol times the mean
        variance of the features. The variance is weighted by sample_weight (scikit-learn's is not).
    verbose : int, default=0
        1 and more: prints the inertia of each iteration of the restart that is kept to sys.stdout, when
        the fit is done.
    random_state : int, RandomState or None, default=None
        An int is the seed itself, the same that `kmseg fit --seed` takes; from a RandomState, or for None
        from numpy's global one, a seed is drawn at each fit.
    copy_x : bool, default=True
        Has no effect: X is never changed.
    algorithm : {'auto', 'lloyd', 'elkan', 'hamerly'}, default='auto'
        All give the same labels. 'auto' spares samples that bounds show to stay where they are, from when
        that pays; 'elkan' is taken for 'auto'; 'lloyd' never does, 'hamerly' always.
    coreset_size : int, default=65536
        Of at least 8 times as many samples, about so many that stand for all are clustered first; each
        restart begins on all samples where it ended there, and one that falls behind another is given up.
        Equal samples are clustered as one with the sum of their weights, where few differ (answers of a
        survey, scores, counts). 0: every restart begins and ends on all samples, each by itself. With
        centroids given, it has no effect.
    n_threads : int or None, default=None
        Threads. None: CPUs that the process may use, no more than OMP_NUM_THREADS or threadpoolctl allow.
    callback : callable or None, default=None
        Called during a fit with (stage, done, total): the name of what is going on, and how far it is.
        When it returns True the fit stops; of several restarts the best that is done is the result, with
        a ConvergenceWarning, and without one `kmseg.Cancelled` is raised. An exception of the callback
        stops the fit and is passed on.
    progress : bool, default=False
        Shows a bar while a fit goes on: tqdm's, or, where that is not installed, plain text on sys.stderr.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        Centroids, in the units and of the dtype of X.
    labels_ : ndarray of shape (n_samples,), int32
        Cluster of each sample.
    inertia_ : float
        Sum of squared distances of the samples to their centroids, weighted by sample_weight.
    n_iter_ : int
        Iterations of the restart that was kept.
    n_features_in_ : int
        Features of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where X has names that are all text.
    inertia_history_ : ndarray of shape (n_iter_,)
        Inertia of each iteration's labels with their own means.
    stop_reason_ : str
        'strict convergence', 'center shift within tolerance', 'max_iter reached' or 'cancelled'.

    Notes
    -----
    X is an array or a data frame of numbers, n_samples x n_features, finite. float32 and float64 arrays
    are read where they lie when the values of a row are next to each other; other layouts (Fortran order)
    are copied once by the library. Other types become float64. Sparse matrices are refused with a
    TypeError.

    Ctrl-C stops a fit within a second; the estimator is then as it was before. ValueError when
    parameters or data are not as they need to be, with a message that says how.

    Examples
    --------
    >>> import numpy as np
    >>> from kmseg import KMeans
    >>> X = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    >>> km = KMeans(n_clusters=2, random_state=0).fit(X)
    >>> sorted(km.cluster_centers_.tolist())
    [[1.0, 2.0], [10.0, 2.0]]
    >>> km.inertia_
    16.0
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: str | ArrayLike | Callable[..., ArrayLike] = "k-means++",
        n_init: str | int = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
        copy_x: bool = True,
        algorithm: str = "auto",
        coreset_size: int = 1 << 16,
        n_threads: int | None = None,
        callback: Callback | None = None,
        progress: bool = False,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm
        self.coreset_size = coreset_size
        self.n_threads = n_threads
        self.callback = callback
        self.progress = progress

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.sparse = False
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.cluster_centers_.shape[0]

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> KMeans:
        """Clusters the samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            How much each sample counts, at least 0. A sample of weight 0 gets a label and moves nothing.

        Returns
        -------
        self
        """
        self._check_parameters()
        x = validate_data(self, X, accept_sparse=False, dtype=[np.float64, np.float32], order=None)
        weights = None
        if sample_weight is not None:
            weights = np.ascontiguousarray(_check_sample_weight(sample_weight, x, dtype=np.float64))
        if x.shape[0] < self.n_clusters:
            raise ValueError(f"n_samples={x.shape[0]} should be >= n_clusters={self.n_clusters}.")
        starts = self._starts(x)
        best: dict[str, Any] | None = None
        work = float(x.size) * self.n_clusters * self.max_iter * self._restarts()
        x, view = viewed(x)
        with following(self.progress, self.callback) as callback, \
                Session(threads_for(self.n_threads, x.shape[0], work), callback) as session:
            tiles = ctypes.c_void_p()
            try:
                session.call(lib.tiles_new, ctypes.byref(view), None if weights is None else weights.ctypes.data,
                             None, ctypes.byref(tiles), work=work)
                for start in starts:
                    try:
                        fitted = self._fit_once(session, tiles, self._options(start), x.dtype, work)
                    except Cancelled:
                        if best is None:
                            raise
                        best["stop_reason_"] = _STOP[_abi.STOP_CANCELLED]
                        break
                    if best is None or fitted["inertia_"] < best["inertia_"]:
                        best = fitted
            finally:
                lib.tiles_free(tiles)
        assert best is not None
        self._keep(best)
        return self

    def fit_predict(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> NDArray[np.int32]:
        """Clusters the samples and returns their labels, (n_samples,)."""
        return self.fit(X, sample_weight=sample_weight).labels_

    def fit_transform(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> NDArray[Any]:
        """Clusters the samples and returns their distances to all centroids, (n_samples, n_clusters)."""
        return self.fit(X, sample_weight=sample_weight)._transform(X)

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """The nearest centroid of each sample, (n_samples,); the lowest of equally near ones."""
        check_is_fitted(self)
        return self._nearest(self._check_new(X), self._centroids())[0]

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Distances of each sample to all centroids, (n_samples, n_clusters), of the dtype of X."""
        check_is_fitted(self)
        return self._transform(X)

    def score(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """The negative inertia of X: minus its weighted sum of squared distances to the nearest centroid."""
        check_is_fitted(self)
        x = self._check_new(X)
        squares = self._nearest(x, self._centroids())[1] ** 2
        if sample_weight is not None:
            squares *= _check_sample_weight(sample_weight, x, dtype=np.float64)
        return -float(squares.sum())

    def _check_parameters(self) -> None:
        _whole("n_clusters", self.n_clusters, 1)
        _whole("max_iter", self.max_iter, 1, 1 << 24)
        if not isinstance(self.tol, numbers.Real) or not 0 <= self.tol < np.inf:
            raise ValueError(f"tol is {self.tol!r}; it needs to be a number of at least 0")
        if self.n_init != "auto":
            _whole("n_init", self.n_init, 1, 1 << 20)
        if isinstance(self.init, str):
            _choice("init", self.init, _INITIALISERS)
        _choice("algorithm", self.algorithm, _ALGORITHMS)
        _whole("coreset_size", self.coreset_size, 0, 1 << 24)
        if self.n_threads is not None:
            _whole("n_threads", self.n_threads, 1, _MOST_THREADS)
        if self.callback is not None and not callable(self.callback):
            raise ValueError(f"callback is {self.callback!r}; it needs to be callable or None")

    def _restarts(self) -> int:
        if not isinstance(self.init, str) and not callable(self.init):
            return 1
        if self.n_init == "auto":
            return 10 if self.init == "random" or callable(self.init) else 1
        return int(self.n_init)

    def _starts(self, x: NDArray[Any]) -> Iterator[NDArray[np.float64] | None]:
        """What the calls of kmseg_fit() start from: None once, or given centroids."""
        if isinstance(self.init, str):
            return iter([None])
        if callable(self.init):
            init, n, random_state = self.init, self._restarts(), check_random_state(self.random_state)
            return (self._given(init(x, self.n_clusters, random_state=random_state), x) for _ in range(n))
        if self.n_init not in ("auto", 1):
            warnings.warn("Explicit initial center position passed: performing only one init in KMeans "
                          f"instead of n_init={self.n_init}.", RuntimeWarning, stacklevel=3)
        return iter([self._given(self.init, x)])

    def _given(self, centroids: ArrayLike, x: NDArray[Any]) -> NDArray[np.float64]:
        # Rounded as the samples are: what scikit-learn starts from.
        given = check_array(centroids, dtype=x.dtype, order="C", input_name="init").astype(np.float64)
        if given.shape != (self.n_clusters, x.shape[1]):
            raise ValueError(f"The shape of the initial centers {given.shape} does not match the number of "
                             f"clusters {self.n_clusters} and of features {x.shape[1]}.")
        return given

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            check_random_state(self.random_state)
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _options(self, start: NDArray[np.float64] | None) -> _abi.fit_options:
        options = _abi.fit_options()
        lib.fit_options_init(ctypes.byref(options))
        options.n_clusters = self.n_clusters
        options.max_iter = self.max_iter
        options.tol = float(self.tol)
        options.algorithm = _ALGORITHMS[self.algorithm]
        options.coreset_size = self.coreset_size
        options.n_init = 1
        if start is None:
            options.init = str(self.init).encode()
            options.n_init = self._restarts()
            options.seed = self._seed()
        else:
            options.init = b"given"
            options.init_centroids = ctypes.cast(start.ctypes.data, ctypes.POINTER(ctypes.c_double))
            options._start = start  # which has to live as long
        return options

    def _fit_once(self, session: Session, tiles: ctypes.c_void_p, options: _abi.fit_options, dtype: Any,
                  work: float) -> dict[str, Any]:
        model = ctypes.POINTER(_abi.model)()
        try:
            session.call(lib.fit, tiles, ctypes.byref(options), ctypes.byref(model), work=work)
            return attributes_of(model.contents, dtype)
        finally:
            if model:
                lib.model_free(model)

    def _keep(self, fitted: dict[str, Any]) -> None:
        n_nonempty = fitted.pop("n_nonempty")
        for name, value in fitted.items():
            setattr(self, name, value)
        if self.verbose:
            print("Initialization complete")
            for i, inertia in enumerate(self.inertia_history_):
                print(f"Iteration {i}, inertia {inertia}.")
            print(f"Stopped at iteration {self.n_iter_ - 1}: {self.stop_reason_}.")
        if self.stop_reason_ == _STOP[_abi.STOP_CANCELLED]:
            warnings.warn("The callback stopped the fit: this is the best of the restarts that were done.",
                          ConvergenceWarning, stacklevel=3)
        if n_nonempty < self.n_clusters:
            warnings.warn(f"Number of distinct clusters ({n_nonempty}) found smaller than n_clusters "
                          f"({self.n_clusters}). Possibly due to duplicate points in X.",
                          ConvergenceWarning, stacklevel=3)

    def _check_new(self, X: ArrayLike) -> NDArray[Any]:
        return validate_data(self, X, accept_sparse=False, reset=False, dtype=[np.float64, np.float32], order=None)

    def _centroids(self) -> NDArray[np.float64]:
        """The centroids before they were rounded to the dtype of X, so that the samples of the fit get
        the labels of the fit; those of cluster_centers_ where somebody has changed these."""
        exact = getattr(self, "_exact_centers", None)
        if exact is not None and np.array_equal(exact.astype(self.cluster_centers_.dtype), self.cluster_centers_):
            return exact
        return np.ascontiguousarray(self.cluster_centers_, dtype=np.float64)

    def _nearest(self, x: NDArray[Any], centroids: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[Any]]:
        x, view = viewed(x)
        labels, distances = np.empty(x.shape[0], np.int32), np.empty(x.shape[0])
        work = float(x.size) * len(centroids)
        with Session(threads_for(self.n_threads, x.shape[0], work)) as session:
            session.call(lib.predict, ctypes.byref(view), centroids.ctypes.data, len(centroids), labels.ctypes.data,
                         distances.ctypes.data, None, None, work=work)
        return labels, distances

    def _transform(self, X: ArrayLike) -> NDArray[Any]:
        x, view = viewed(self._check_new(X))
        centroids = self._centroids()
        labels, distances = np.empty(x.shape[0], np.int32), np.empty(x.shape[0])
        out = np.empty((x.shape[0], len(centroids)), x.dtype)
        with Session(threads_for(self.n_threads, x.shape[0], float(x.size))) as session:
            for c, centroid in enumerate(centroids):
                session.call(lib.predict, ctypes.byref(view), centroid.ctypes.data, 1, labels.ctypes.data,
                             distances.ctypes.data, None, None, work=float(x.size))
                out[:, c] = distances
        return out
