"""k-means for every number of clusters in a range, with the scores that help to choose one."""

from __future__ import annotations

import ctypes
import html
import itertools
import operator
import warnings
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import _check_sample_weight, validate_data

from . import _abi
from ._library import lib
from ._progress import following
from ._session import Callback, Cancelled, Session, matrix_of, threads_for
from .kmeans import KMeans, attributes_of, viewed

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

SCORES = {
    "inertia": "weighted sum of squared distances to the own centroid; falls with every cluster more",
    "silhouette": "how much nearer samples are to their own cluster than to the next, -1 to 1; higher is better",
    "silhouette_error": "standard error of the silhouette; 0 where it is of all samples",
    "calinski_harabasz": "dispersion between clusters over that within; higher is better",
    "davies_bouldin": "mean over clusters of the worst spread-to-distance ratio; lower is better",
    "gap": "how much tighter than uniform samples, as a difference of logarithms of inertia",
    "gap_error": "the standard error that the gap of one cluster more is reduced by before they are compared",
    "stability": "least mean Jaccard similarity of a cluster with those of bootstraps; from 0.75 it is valid",
    "smallest": "samples in the smallest cluster",
    "n_iter": "iterations of the restart that was kept",
}
"""What each column of a sweep says."""

FAVOURED_BY = {"inertia": "knee"}
"""Index that reads a column, where it has another name."""


class Sweep(Mapping[int, KMeans]):
    """Fitted models by number of clusters, and their scores: what `kmseg.sweep` returns.

    `sweep[5]` is a fitted `kmseg.KMeans` of 5 clusters, the same as one fitted alone; `len`, iteration,
    `in` and `.items()` are those of a dictionary by number of clusters.

    Attributes
    ----------
    scores : dict of ndarray
        Columns of equal length by number of clusters: 'n_clusters', 'inertia', 'silhouette' (with
        'silhouette_error'), 'calinski_harabasz', 'davies_bouldin', 'smallest', 'n_iter'; 'gap' and
        'gap_error', 'stability' where they were asked for. NaN where a score is not defined, as for one
        cluster.
    favoured : dict of int
        The number of clusters that each index favours: the highest 'silhouette' and
        'calinski_harabasz', the lowest 'davies_bouldin', the 'knee' of log inertia over log k, the
        first 'gap' that the next does not beat by its error. 0 for none. They often disagree, and then
        the data have no clear number of clusters.
    """

    def __init__(self, models: Mapping[int, KMeans], scores: dict[str, NDArray[Any]], favoured: dict[str, int]) -> None:
        self._models = dict(models)
        self.scores = scores
        self.favoured = favoured

    def __getitem__(self, n_clusters: int) -> KMeans:
        return self._models[n_clusters]

    def __iter__(self) -> Iterator[int]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def to_frame(self) -> pandas.DataFrame:
        """The scores as a pandas DataFrame, one row per number of clusters, which is the index."""
        import pandas as pd

        return pd.DataFrame(self.scores).set_index("n_clusters")

    def plot(self, figure: Figure | None = None) -> Figure:
        """Draws each score over the number of clusters, with what it favours marked; needs matplotlib.

        Returns the matplotlib figure, a new one where none is given.
        """
        from ._sweep_plot import draw

        return draw(self.scores, self.favoured, figure)

    def __repr__(self) -> str:
        names, rows = self._table()
        widths = [max(map(len, column)) for column in zip(names, *rows)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in [names, *rows])

    def _repr_html_(self) -> str:
        names, rows = self._table()
        lines = [
            f'<th title="{html.escape(SCORES.get(name, ""), quote=True)}">{html.escape(name.replace("_", " "))}</th>'
            for name in names]
        body = []
        for k, row in zip(self._models, rows):
            cells = [f"<td><b>{cell}</b></td>" if self.favoured.get(FAVOURED_BY.get(name, name)) == k else f"<td>{cell}</td>"
                     for name, cell in zip(names, row)]
            body.append(f"<tr>{''.join(cells)}</tr>")
        notes = ", ".join(f"{name.replace('_', ' ')} {k or 'none'}" for name, k in self.favoured.items())
        return (f"<table><thead><tr>{''.join(lines)}</tr></thead><tbody>{''.join(body)}</tbody></table>"
                f"<p>Number of clusters that each index favours (bold): {notes}</p>")

    def _table(self) -> tuple[list[str], list[list[str]]]:
        names = [name for name in self.scores if name not in ("silhouette_error", "gap_error")]
        return names, [[_cell(self.scores[name][i]) for name in names] for i in range(len(self))]


def _cell(value: Any) -> str:
    if isinstance(value, np.integer):
        return str(value)
    if np.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def sweep(
    X: ArrayLike,
    k: Iterable[int] = range(2, 16),
    *,
    n_init: int = 10,
    init: str = "k-means++",
    max_iter: int = 300,
    tol: float = 1e-4,
    random_state: int | np.random.RandomState | None = None,
    algorithm: str = "auto",
    coreset_size: int = 1 << 16,
    sample_weight: ArrayLike | None = None,
    silhouette_samples: int | None = None,
    n_references: int = 0,
    n_bootstraps: int = 0,
    n_threads: int | None = None,
    callback: Callback | None = None,
    progress: bool = False,
) -> Sweep:
    """Fits every number of clusters, all at once, and scores each.

    The samples are read once for all fits that are still running, so that a sweep takes less time than its
    fits one by one. Each model is, to the byte, what `KMeans(n_clusters, n_init=n_init, ...)` gives.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        As for `kmseg.KMeans`.
    k : iterable of int, default=range(2, 16)
        Numbers of clusters.
    n_init : int, default=10
        Restarts of each; the one of lowest inertia is kept.
    init, max_iter, tol, random_state, algorithm, coreset_size, n_threads, callback, progress
        As for `kmseg.KMeans`; init by name only.
    sample_weight : array-like of shape (n_samples,), default=None
        How much each sample counts, at least 0. Silhouettes do not heed it.
    silhouette_samples : int, default=None
        Samples whose silhouette is computed, at most. None: as many as 10^8 distances allow, but 5,000 to
        10,000.
    n_references : int, default=0
        Uniform data sets that the gap statistic compares with; 0: no gap statistic. 20 is usual.
    n_bootstraps : int, default=0
        Resamples that the stability of clusters is the mean of; 0: no stability. 50 is usual.

    Returns
    -------
    Sweep
        Models by number of clusters, `.scores`, `.favoured`, `.to_frame()`, `.plot()`.

    Notes
    -----
    Gap statistic and stability look at a sample of at most 10,000 rows, with 3 restarts of each fit, and
    cost n_references + n_bootstraps sweeps of it. Beyond the labels of the models, memory is 2 bytes per
    sample and running restart, at most as much as the samples take.

    No index decides alone. `kmseg choose-k` and docs/choosing-k.md say what each can and cannot see.

    Raises
    ------
    ValueError
        When parameters or data are not as they need to be, with a message that says how.
    Cancelled
        When the callback stops it.

    Examples
    --------
    >>> import numpy as np, kmseg
    >>> X = np.repeat([[0.0, 0], [0, 9], [9, 0]], 20, axis=0) + np.random.default_rng(0).normal(size=(60, 2))
    >>> fits = kmseg.sweep(X, range(2, 7), random_state=0)
    >>> fits.favoured["silhouette"], fits[3].cluster_centers_.shape
    (3, (3, 2))
    """
    numbers = _numbers(k)
    template = KMeans(n_init=n_init, init=init, max_iter=max_iter, tol=tol, random_state=random_state,
                      algorithm=algorithm, coreset_size=coreset_size, n_threads=n_threads, callback=callback,
                      progress=progress)
    models = [KMeans(**{**template.get_params(), "n_clusters": n}) for n in numbers]
    for model in models:
        model._check_parameters()
    if not isinstance(init, str):
        raise ValueError(f"init is a {type(init).__name__}; for a sweep it needs to be the name of an initialiser")
    for name, value in (("n_references", n_references), ("n_bootstraps", n_bootstraps)):
        if operator.index(value) < 0:
            raise ValueError(f"{name} is {value}; it needs to be a whole number from 0")
    if n_references and numbers != list(range(numbers[0], numbers[-1] + 1)):
        raise ValueError(f"the gap statistic compares consecutive numbers of clusters, and k is {numbers}; "
                         "give a range, or n_references=0")
    x = validate_data(models[0], X, accept_sparse=False, dtype=[np.float64, np.float32], order=None)
    if x.shape[0] < numbers[-1]:
        raise ValueError(f"n_samples={x.shape[0]} should be >= n_clusters={numbers[-1]}.")
    weights = None
    if sample_weight is not None:
        weights = np.ascontiguousarray(_check_sample_weight(sample_weight, x, dtype=np.float64))
    x, view = viewed(x)
    options = models[0]._options(None)
    work = float(x.size) * sum(numbers) * max_iter * n_init
    with following(progress, callback) as follow, Session(threads_for(n_threads, x.shape[0], work), follow) as session:
        tiles = ctypes.c_void_p()
        try:
            session.call(lib.tiles_new, ctypes.byref(view), None if weights is None else weights.ctypes.data, None,
                         ctypes.byref(tiles), work=work)
            of = _Tiles(session, tiles, options, work)
            fitted = list(itertools.chain.from_iterable(of.fit(run, x.dtype) for run in _runs(numbers)))
            scores, favoured = of.scores(numbers, fitted, silhouette_samples, n_references, n_bootstraps)
        finally:
            lib.tiles_free(tiles)
    _keep(models, fitted)
    return Sweep(dict(zip(numbers, models)), scores, favoured)


def _numbers(k: Iterable[int]) -> list[int]:
    try:
        numbers = sorted({operator.index(n) for n in k})
    except TypeError:
        raise ValueError(f"k is {k!r}; it needs to be whole numbers of clusters, such as range(2, 16)") from None
    if not numbers or numbers[0] < 1:
        raise ValueError(f"k is {k!r}; it needs to be at least one number of clusters, each from 1")
    return numbers


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive numbers."""
    for _, run in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [n for _, n in run]
        yield members[0], members[-1]


def _keep(models: list[KMeans], fitted: list[dict[str, Any]]) -> None:
    """Makes estimators of what the library found; the first of them knows the features of X."""
    known = {name: value for name, value in vars(models[0]).items() if name in ("n_features_in_", "feature_names_in_")}
    short = []
    for model, attributes in zip(models, fitted):
        if attributes.pop("n_nonempty") < model.n_clusters:
            short.append(model.n_clusters)
        for name, value in {**known, **attributes}.items():
            setattr(model, name, value)
    if short:
        warnings.warn(f"X has fewer distinct samples than clusters: some are empty for k = {short}.",
                      ConvergenceWarning, stacklevel=3)


class _Tiles:
    """The samples in the library, and what is asked of them."""

    def __init__(self, session: Session, tiles: ctypes.c_void_p, options: _abi.fit_options, work: float) -> None:
        self.session, self.tiles, self.options, self.work = session, tiles, options, work
        self.n_samples = lib.tiles_n_samples(tiles)

    def fit(self, run: tuple[int, int], dtype: Any) -> list[dict[str, Any]]:
        result = ctypes.POINTER(_abi.sweep_result)()
        try:
            self.session.call(lib.sweep, self.tiles, *run, ctypes.byref(self.options), ctypes.byref(result),
                              work=self.work)
            found = result.contents
            if any(found.models[i].contents.stop_reason == _abi.STOP_CANCELLED for i in range(found.n_models)):
                raise Cancelled("the callback stopped the sweep")
            return [attributes_of(found.models[i].contents, dtype) for i in range(found.n_models)]
        finally:
            if result:
                lib.sweep_free(result)

    def scores(self, numbers: list[int], fitted: list[dict[str, Any]], silhouette_samples: int | None,
               n_references: int, n_bootstraps: int) -> tuple[dict[str, NDArray[Any]], dict[str, int]]:
        labellings = (_abi.labelling * len(numbers))()
        for labelling, n, fit in zip(labellings, numbers, fitted):
            labelling.labels = fit["labels_"].ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
            labelling.n_clusters = n
        indices = self._indices(labellings, silhouette_samples)
        scores: dict[str, NDArray[Any]] = {"n_clusters": np.array(numbers), "inertia": _column(fitted, "inertia_")}
        for name in ("silhouette", "silhouette_error", "calinski_harabasz", "davies_bouldin"):
            scores[name] = np.array([getattr(found, name) for found in indices])
        choose = _abi.choose_options()
        lib.choose_options_init(ctypes.byref(choose))
        favoured = {"silhouette": _best(scores["silhouette"], numbers),
                    "calinski_harabasz": _best(scores["calinski_harabasz"], numbers),
                    "davies_bouldin": _best(-scores["davies_bouldin"], numbers),
                    "knee": self._knee(numbers, scores["inertia"])}
        if n_references:
            choose.n_references = n_references
            scores["gap"], scores["gap_error"], favoured["gap"] = self._gaps(numbers, choose)
        if n_bootstraps:
            choose.n_bootstraps = n_bootstraps
            scores["stability"] = self._stability(labellings, numbers, choose)
        scores["smallest"] = np.array([np.bincount(fit["labels_"], minlength=n).min() for n, fit in zip(numbers, fitted)])
        scores["n_iter"] = _column(fitted, "n_iter_")
        return scores, favoured

    def _indices(self, labellings: Any, silhouette_samples: int | None) -> Any:
        indices = (_abi.indices * len(labellings))()
        if silhouette_samples is None:
            silhouette_samples = int(np.clip(1e8 / self.n_samples, 5000, 10000))
        silhouette_samples = min(operator.index(silhouette_samples), self.n_samples)
        self.session.call(lib.evaluate, self.tiles, labellings, len(labellings), silhouette_samples,
                          self.options.seed, indices, work=self.work)
        return indices

    def _knee(self, numbers: list[int], inertia: NDArray[np.float64]) -> int:
        """Of log inertia over log k, on which data without groups give a straight line; 0 for none."""
        seen = inertia > 0
        x, y = np.log(np.array(numbers, float)[seen]), np.log(inertia[seen])
        position = ctypes.c_int32(-1)
        if len(x) >= 3:
            self.session.call(lib.knee, x.ctypes.data, y.ctypes.data, len(x), 1.0, ctypes.byref(position))
        return 0 if position.value < 0 else int(np.array(numbers)[seen][position.value])

    def _gaps(self, numbers: list[int], choose: _abi.choose_options) -> tuple[NDArray[Any], NDArray[Any], int]:
        k_max = min(numbers[-1] + 1, self.n_samples)
        gaps, n = (_abi.gap * k_max)(), ctypes.c_int32()
        self.session.call(lib.gap_statistic, self.tiles, k_max, ctypes.byref(self.options), ctypes.byref(choose), gaps,
                          ctypes.byref(n), work=self.work)
        found = {gaps[i].n_clusters: gaps[i] for i in range(n.value)}
        return (np.array([found[k].gap if k in found else np.nan for k in numbers]),
                np.array([found[k].error if k in found else np.nan for k in numbers]), lib.gap_choice(gaps, n))

    def _stability(self, labellings: Any, numbers: list[int], choose: _abi.choose_options) -> NDArray[Any]:
        out = np.empty(sum(numbers))
        self.session.call(lib.stability, self.tiles, labellings, len(labellings), ctypes.byref(self.options),
                          ctypes.byref(choose), out.ctypes.data, work=self.work)
        clusters = np.split(out, np.cumsum(numbers)[:-1])
        return np.array([np.nan if np.isnan(each).all() else np.nanmin(each) for each in clusters])


def _column(fitted: list[dict[str, Any]], name: str) -> NDArray[Any]:
    return np.array([fit[name] for fit in fitted])


def _best(score: NDArray[np.float64], numbers: list[int]) -> int:
    return 0 if np.isnan(score).all() else numbers[int(np.nanargmax(score))]
