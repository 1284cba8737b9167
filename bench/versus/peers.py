"""The peers: how each is asked for the same work. A worker process (worker.py) makes one of them.

Every fit gets the same row-major float32 array and gives labels and centroids that belong together:
a peer whose fit ends without labels is asked for them, and that time counts.
"""

import dataclasses
import hashlib
import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import warnings

import numpy as np

import truth

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Fit:
    seconds: float
    labels: np.ndarray
    centroids: np.ndarray
    n_iter: int
    inertia: float  # as the peer reports it; NaN where it does not
    parts: dict = dataclasses.field(default_factory=dict)


class Peer:
    """What every peer has; those who lack a method of the cases do not take part in them."""

    name = ""
    package = ""
    exact = True  # Lloyd's labels but for rounding
    takes_start = True
    stops = True  # ends by itself when no label changes

    def __init__(self, threads):
        self.threads = threads

    def version(self):
        return importlib.metadata.version(self.package)

    @classmethod
    def installed(cls):
        try:
            importlib.metadata.version(cls.package)
        except importlib.metadata.PackageNotFoundError:
            return False
        return True

    @classmethod
    def takes_part(cls, case, cell):
        """Whether it is measured in a cell of a case; cell may be None."""
        del case, cell
        return True


class Numpy(Peer):
    """The truth, as a peer: slow, and nothing but numpy is needed."""

    name = "numpy"
    package = "numpy"

    def fit(self, x, k, start, iterations, tol=0.0):
        del k, tol
        begin = time.perf_counter()
        labels, centroids, n_iter = truth.lloyd(x, start, iterations)
        seconds = time.perf_counter() - begin
        return Fit(seconds, labels, centroids, n_iter, truth.inertia(x, labels, centroids))


class Kmseg(Peer):
    name = "kmseg"
    tile_dtype = 0
    algorithm = None
    coreset_size = None

    def __init__(self, threads):
        super().__init__(threads)
        import kmseg_ctypes
        self.kmseg = kmseg_ctypes.Kmseg(threads)

    @classmethod
    def installed(cls):
        import kmseg_ctypes
        return kmseg_ctypes.LIBRARY.exists()

    def version(self):
        return self.kmseg.version()

    def fit(self, x, k, start, iterations, tol=0.0):
        labels, centroids, info = self.kmseg.fit(
            x, k, start, max_iter=iterations, tol=tol, tile_dtype=self.tile_dtype,
            algorithm=self.algorithm)
        parts = {"tiles": info.seconds_tiles, "iterate": info.seconds_iterate,
                 "finish": info.seconds_finish, "rechecked": info.n_rechecked}
        return Fit(info.seconds, labels, centroids, info.n_iter, info.inertia, parts)

    def seeding(self, x, k, seed):
        """Tiles and first centroids, as a fit of one iteration clocks them; the rest is not counted."""
        _, _, info = self.kmseg.fit(x, k, n_init=1, max_iter=1, seed=seed, coreset_size=0)
        return info.seconds_tiles + info.seconds_init, info.first_inertia

    def sweep(self, x, ks, restarts, iterations, tol, seed):
        inertias, info = self.kmseg.sweep(x, ks[0], ks[-1], restarts, iterations, tol, seed,
                                          self.coreset_size)
        return info.seconds, inertias.tolist()

    def same_bytes(self, x, start, iterations):
        import kmseg_ctypes
        seen = []
        for kernels in self.kmseg.all_kernels():
            for threads in (1, 2, 3, 7):
                other = kmseg_ctypes.Kmseg(threads, kernels)
                labels, centroids, _ = other.fit(x, len(start), start, max_iter=iterations)
                other.close()
                seen.append(hashlib.sha256(labels.tobytes() + centroids.tobytes()).digest())
        return {"different": sum(each != seen[0] for each in seen),
                "kernels": self.kmseg.all_kernels()}

    def peaks(self):
        return {"flops": self.kmseg.lib.versus_peak_flops(),
                "bytes": self.kmseg.lib.versus_peak_bytes()}


class KmsegFloat32(Kmseg):
    """The same on float32 tiles."""

    name = "kmseg float32 tiles"
    tile_dtype = 1


class KmsegWhole(Kmseg):
    """The same without a coreset, and with no equal rows taken as one: every restart from its first
    centroids to its end, on all rows."""

    name = "kmseg, all restarts on all rows"
    coreset_size = 0


class _Estimator(Peer):
    """Estimators of the form that scikit-learn gave them."""

    algorithm = "lloyd"
    kmeans = None

    def _new(self, k, init, iterations, tol, n_init=1, seed=None):
        return self.kmeans(n_clusters=k, init=init, n_init=n_init, max_iter=iterations, tol=tol,
                           random_state=seed, algorithm=self.algorithm)

    def fit(self, x, k, start, iterations, tol=0.0):
        estimator = self._new(k, start, iterations, tol)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is meant
            begin = time.perf_counter()
            estimator.fit(x)
            labels, centroids = estimator.labels_, estimator.cluster_centers_
            seconds = time.perf_counter() - begin
        return Fit(seconds, labels, centroids, estimator.n_iter_, float(estimator.inertia_))

    def sweep(self, x, ks, restarts, iterations, tol, seed):
        inertias = []
        begin = time.perf_counter()
        for k in ks:
            estimator = self._new(k, "k-means++", iterations, tol, restarts, seed).fit(x)
            inertias.append(float(estimator.inertia_))
        return time.perf_counter() - begin, inertias


class ScikitLearn(_Estimator):
    name = "scikit-learn"
    package = "scikit-learn"

    def __init__(self, threads):
        super().__init__(threads)
        import sklearn.cluster
        self.kmeans = sklearn.cluster.KMeans
        self.plus_plus = sklearn.cluster.kmeans_plusplus

    def seeding(self, x, k, seed):
        begin = time.perf_counter()
        centroids, _ = self.plus_plus(x, k, random_state=seed)
        seconds = time.perf_counter() - begin
        return seconds, first_inertia(x, centroids)


class ScikitLearnElkan(ScikitLearn):
    """Its bounds pay in long fits, if anywhere."""

    name = "scikit-learn elkan"
    algorithm = "elkan"
    seeding = None
    sweep = None

    @classmethod
    def takes_part(cls, case, cell):
        return case == "convergence"


class OneDal(_Estimator):
    name = "scikit-learn-intelex"
    package = "scikit-learn-intelex"

    def __init__(self, threads):
        super().__init__(threads)
        import sklearnex.cluster
        from onedal.cluster.kmeans_init import KMeansInit
        self.kmeans = sklearnex.cluster.KMeans
        self.kmeans_init = KMeansInit

    def seeding(self, x, k, seed):
        """Its own initialiser, with the number of trials that its estimator uses."""
        begin = time.perf_counter()
        centroids = self.kmeans_init(k, seed=seed).compute(x)
        seconds = time.perf_counter() - begin
        return seconds, first_inertia(x, np.asarray(centroids))


class Faiss(Peer):
    """No row is left out: its default samples 256 rows per cluster. It does not look whether labels
    change, so where others stop by themselves it is told how many iterations they took."""

    name = "faiss"
    package = "faiss-cpu"
    stops = False
    super_kmeans = False

    def __init__(self, threads):
        super().__init__(threads)
        import faiss
        faiss.omp_set_num_threads(threads)
        self.faiss = faiss

    def fit(self, x, k, start, iterations, tol=0.0):
        del tol
        begin = time.perf_counter()
        kmeans = self.faiss.Kmeans(
            x.shape[1], k, niter=iterations, max_points_per_centroid=len(x),
            min_points_per_centroid=1, use_super_kmeans=self.super_kmeans)
        kmeans.train(x, init_centroids=start)
        distances, labels = kmeans.assign(x)
        seconds = time.perf_counter() - begin
        return Fit(seconds, labels, kmeans.centroids, len(kmeans.obj),
                   float(distances.sum(dtype=np.float64)))


class FaissSuper(Faiss):
    """FAISS with the pruning that it took from SuperKMeans."""

    name = "faiss super"
    super_kmeans = True

    @classmethod
    def takes_part(cls, case, cell):
        return case != "scaling" and (cell is None or cell.d >= 32)


class SuperKMeans(Peer):
    """All rows, no early end, no hierarchy. It takes no start: it draws rows as its own."""

    name = "superkmeans"
    package = "superkmeans"
    exact = False  # prunes by probability
    takes_start = False
    stops = False
    blas_only = False

    @classmethod
    def takes_part(cls, case, cell):
        return case != "scaling" and (cell is None or cell.d >= 32)

    def __init__(self, threads):
        super().__init__(threads)
        import superkmeans
        self.superkmeans = superkmeans

    def fit(self, x, k, start, iterations, tol=0.0):
        del start, tol
        begin = time.perf_counter()
        model = self.superkmeans.SuperKMeans(
            k, x.shape[1], hierarchical=False, iters=iterations, sampling_fraction=1.0,
            max_points_per_cluster=len(x), n_threads=self.threads, tol=0.0,
            early_termination=False, use_blas_only=self.blas_only)
        centroids = model.train(x)
        labels = model.assign(x, centroids)
        seconds = time.perf_counter() - begin
        return Fit(seconds, labels.astype(np.int32), centroids, len(model.iteration_stats),
                   float("nan"))


class SuperKMeansBlas(SuperKMeans):
    """The same without pruning, as it is with few features anyway."""

    name = "superkmeans blas"
    exact = True
    blas_only = True

    @classmethod
    def takes_part(cls, case, cell):
        return case != "scaling"


class R(Peer):
    """kmeans of R, on one thread whatever there are; its numbers are doubles."""

    name = "R"
    slow_from = 3e8  # rows x features x clusters: an iteration then takes seconds

    def __init__(self, threads):
        super().__init__(threads)
        self.folder = tempfile.TemporaryDirectory(prefix="versus-")
        self.process = subprocess.Popen(["Rscript", str(HERE / "kmeans.R")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.loaded = None

    @classmethod
    def installed(cls):
        return shutil.which("Rscript") is not None

    @classmethod
    def takes_part(cls, case, cell):
        return case in ("iterations", "convergence", "exactness") and (
            cell is None or cell.n * cell.d * cell.k < cls.slow_from)

    def version(self):
        done = subprocess.run(["Rscript", "-e", "cat(paste(getRversion()))"], capture_output=True,
                              text=True, check=True)
        return done.stdout.strip()

    def _ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            words = line.split()
            if words[:1] == ["answer"]:
                return words[1:]
        raise RuntimeError(f"R ended with status {self.process.wait()}")

    def _path(self, name):
        return os.path.join(self.folder.name, name)

    def _load(self, x, start):
        if self.loaded is None or self.loaded[0] is not x or self.loaded[1] is not start:
            x.astype(np.float64).T.tofile(self._path("x"))
            start.astype(np.float64).T.tofile(self._path("start"))
            self._ask("load", self._path("x"), self._path("start"), *x.shape, len(start))
            self.loaded = x, start

    def fit(self, x, k, start, iterations, tol=0.0):
        del tol
        self._load(x, start)
        seconds, n_iter, inertia = self._ask("fit", iterations, self._path("labels"),
                                             self._path("centroids"))
        labels = np.fromfile(self._path("labels"), dtype=np.int32)
        centroids = np.fromfile(self._path("centroids")).reshape(x.shape[1], k).T
        # One more than the limit is its way to say that the limit was reached.
        return Fit(float(seconds), labels, centroids, min(int(n_iter), iterations), float(inertia))


def first_inertia(x, start):
    """Inertia of the labels that a start gives with their own means: how good the start is."""
    start = np.asarray(start, dtype=np.float64)
    labels, _ = truth.nearest(x, start)
    return truth.inertia(x, labels, truth.means(x, labels, len(start), start))


PEERS = {peer.name: peer for peer in (
    Numpy, Kmseg, KmsegFloat32, KmsegWhole, ScikitLearn, ScikitLearnElkan, OneDal, Faiss, FaissSuper,
    SuperKMeans, SuperKMeansBlas, R)}
