"""kmseg.KMeans takes the place of scikit-learn's."""

import inspect
import pickle
import warnings

import kmseg
import numpy as np
import pytest
import sklearn.cluster
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

TWO = np.array([[0.0, 0], [0, 2], [10, 0], [10, 2]])


def blobs(n=300, d=4, k=5, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-10, 10, (k, d))
    return (centres[rng.integers(k, size=n)] + rng.normal(size=(n, d))).astype(dtype)


# scikit-learn lists it as failing for its own KMeans. Here it fails for random starts alone, which are
# drawn by row: a row that is there twice and one of weight 2 are different draws.
BY_ROW = {"check_sample_weight_equivalence_on_dense_data": "random starts are drawn by row"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("parameters, known", [
    ({}, {}), ({"n_clusters": 2}, {}), ({"n_clusters": 3, "init": "random", "n_init": 2}, BY_ROW)])
def test_check_estimator_passes(parameters, known):
    results = check_estimator(kmseg.KMeans(random_state=0, **parameters), expected_failed_checks=known,
                              on_skip=None, on_fail=None)
    assert len(results) > 40
    assert [r["check_name"] for r in results if r["status"] == "failed"] == []


def test_restarts_of_many_samples_begin_on_a_coreset_and_end_as_well():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(20_000, 3)) + 4 * rng.integers(3, size=(20_000, 1))
    whole = kmseg.KMeans(5, n_init=10, random_state=0, coreset_size=0).fit(X)
    begun = kmseg.KMeans(5, n_init=10, random_state=0, coreset_size=2000).fit(X)
    assert begun.inertia_ == pytest.approx(whole.inertia_, rel=0.01)
    swept = kmseg.sweep(X, [5], random_state=0, coreset_size=2000)[5]
    np.testing.assert_array_equal(swept.labels_, begun.labels_)
    given = [kmseg.KMeans(5, init=X[:5], coreset_size=size).fit(X).labels_ for size in (0, 2000)]
    np.testing.assert_array_equal(*given)
    with pytest.raises(ValueError, match="coreset_size"):
        kmseg.KMeans(coreset_size=-1).fit(X)


@pytest.mark.parametrize("weighted", [False, True])
def test_equal_samples_are_clustered_as_one_and_as_well_as_scikit_learn_does(weighted):
    rng = np.random.default_rng(5)
    mood = rng.normal(size=(20_000, 1))
    X = np.clip(np.rint(3 + mood + rng.normal(size=(20_000, 3))), 1, 5) / 1.7
    weights = rng.integers(0, 4, size=len(X)).astype(float) if weighted else None
    ours = kmseg.KMeans(6, n_init=10, random_state=0).fit(X, sample_weight=weights)
    theirs = sklearn.cluster.KMeans(6, n_init=10, random_state=0).fit(X, sample_weight=weights)
    assert ours.inertia_ <= theirs.inertia_ * 1.01
    distances = ((X[:, None] - ours.cluster_centers_) ** 2).sum(axis=2)
    np.testing.assert_array_equal(ours.labels_, distances.argmin(axis=1))
    counted = distances.min(axis=1) @ (weights if weighted else np.ones(len(X)))
    assert ours.inertia_ == pytest.approx(counted, rel=1e-12)
    for c, centre in enumerate(ours.cluster_centers_):
        some = ours.labels_ == c
        mean = np.average(X[some], axis=0, weights=None if weights is None else weights[some])
        np.testing.assert_allclose(centre, mean, atol=2e-3)  # stopped at tol


def test_parameters_are_those_of_scikit_learn_and_four_more():
    def parameters(cls):
        return {p.name: p.default for p in inspect.signature(cls).parameters.values()}

    ours, theirs = parameters(kmseg.KMeans), parameters(sklearn.cluster.KMeans)
    assert list(ours)[: len(theirs)] == list(theirs)
    assert set(ours) - set(theirs) == {"coreset_size", "n_threads", "callback", "progress"}
    assert {name for name in theirs if ours[name] != theirs[name]} == {"algorithm"}


def test_a_fit_by_hand():
    # The means are (0, 1) and (10, 1); each of the four samples is 1 from its own.
    km = kmseg.KMeans(2, init=TWO[[0, 2]]).fit(TWO)
    assert km.labels_.tolist() == [0, 0, 1, 1] and km.labels_.dtype == np.int32
    assert km.cluster_centers_.tolist() == [[0, 1], [10, 1]]
    assert km.inertia_ == 4 and km.score(TWO) == -4
    assert km.inertia_history_[-1] == 4 and len(km.inertia_history_) == km.n_iter_
    assert km.stop_reason_ == "strict convergence"
    assert km.predict([[6, 0], [4, 9]]).tolist() == [1, 0]
    assert km.transform([[0, 1], [3, 5]]).tolist() == [[0, 10], [5, np.sqrt(65)]]
    assert kmseg.KMeans(2, init=TWO[[0, 2]]).fit_transform(TWO).shape == (4, 2)
    assert kmseg.KMeans(2, init=TWO[[0, 2]]).fit_predict(TWO).tolist() == [0, 0, 1, 1]


def test_weights_by_hand():
    # One cluster: mean of x is (3*0 + 1*10) / 4 = 2.5, inertia 3*2.5^2 + 7.5^2 = 75; a weight of 0 moves nothing.
    X = np.array([[0.0], [10], [1000]])
    km = kmseg.KMeans(1).fit(X, sample_weight=[3, 1, 0])
    assert km.cluster_centers_.tolist() == [[2.5]] and km.inertia_ == 75
    assert km.labels_.tolist() == [0, 0, 0]
    assert km.score(X, sample_weight=[3, 1, 0]) == -75


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_give_the_same_bytes(dtype, tmp_path):
    X = blobs(500, 4, dtype=dtype)
    wide = np.zeros((1000, 8), dtype)
    wide[::2, ::2] = X
    packed = np.zeros(500, [("pad", "i1"), ("x", dtype, 4)])
    packed["x"] = X
    read_only = X.copy()
    read_only.flags.writeable = False
    mapped = np.memmap(tmp_path / "x", dtype, "w+", shape=X.shape)
    mapped[:] = X
    mapped.flush()
    expected = kmseg.KMeans(5, random_state=3).fit(X)
    for layout in (np.asfortranarray(X), wide[::2, ::2], packed["x"], read_only, X[::-1].copy()[::-1],
                   np.memmap(tmp_path / "x", dtype, "r", shape=X.shape), X[:, ::-1].copy()[:, ::-1]):
        before = layout.tobytes()
        km = kmseg.KMeans(5, random_state=3).fit(layout)
        assert km.labels_.tobytes() == expected.labels_.tobytes()
        assert km.cluster_centers_.tobytes() == expected.cluster_centers_.tobytes()
        assert km.cluster_centers_.dtype == dtype and km.transform(layout).dtype == dtype
        assert km.predict(layout).tobytes() == expected.labels_.tobytes()
        assert km.transform(layout).tobytes() == expected.transform(X).tobytes()
        assert layout.tobytes() == before


def test_the_library_reads_arrays_where_they_lie(monkeypatch, tmp_path):
    X = blobs(64, 4, dtype=np.float32)
    mapped = np.memmap(tmp_path / "x", np.float32, "w+", shape=X.shape)
    mapped[:] = X
    seen = []
    view = kmseg.kmeans.matrix_of
    monkeypatch.setattr(kmseg.kmeans, "matrix_of", lambda x: seen.append(x.ctypes.data) or view(x))
    for layout in (X, np.asfortranarray(X), X[::2], X[:, 1:3], mapped, X.astype(np.float64)):
        kmseg.KMeans(2, random_state=0).fit(layout).predict(layout)
        assert seen == [layout.ctypes.data] * 2
        seen.clear()


def test_other_numbers_become_float64():
    for X in (TWO.astype(int), TWO.astype(np.float16), TWO.astype(">f8"), TWO.tolist()):
        assert kmseg.KMeans(2, random_state=0).fit(X).cluster_centers_.dtype == np.float64


def test_results_are_the_same_for_any_number_of_threads():
    X = blobs(20000, 6, 8)
    fits = [kmseg.KMeans(8, n_init=3, random_state=1, n_threads=n).fit(X) for n in (1, 2, 5, None)]
    for km in fits[1:]:
        assert km.labels_.tobytes() == fits[0].labels_.tobytes()
        assert km.cluster_centers_.tobytes() == fits[0].cluster_centers_.tobytes()
        assert km.inertia_ == fits[0].inertia_


@pytest.mark.parametrize("algorithm", ["lloyd", "elkan", "hamerly"])
def test_algorithms_give_the_same_labels(algorithm):
    X = blobs(2000, 3, 7)
    auto = kmseg.KMeans(7, random_state=5).fit(X)
    other = kmseg.KMeans(7, random_state=5, algorithm=algorithm).fit(X)
    assert other.labels_.tobytes() == auto.labels_.tobytes() and other.n_iter_ == auto.n_iter_


def test_random_state_is_a_seed_a_stream_or_the_global_stream():
    X = blobs(400, 2, 9)

    def fit(random_state):
        return kmseg.KMeans(9, max_iter=1, tol=0, random_state=random_state).fit(X).cluster_centers_.tobytes()

    assert fit(7) == fit(7) == fit(np.int64(7)) != fit(8)
    stream, same = np.random.RandomState(1), np.random.RandomState(1)
    first, second = fit(stream), fit(stream)
    assert first != second and [fit(same), fit(same)] == [first, second]
    np.random.seed(4)
    first = fit(None)
    np.random.seed(4)
    assert fit(None) == first
    with pytest.raises(ValueError, match="between 0 and 2"):
        fit(-1)


def test_restarts_keep_the_lowest_inertia():
    X = blobs(300, 2, 12)
    inertias = [kmseg.KMeans(12, init="random", n_init=n, random_state=2).fit(X).inertia_ for n in (1, 4, 16)]
    assert inertias == sorted(inertias, reverse=True) and inertias[0] > inertias[2]
    auto = kmseg.KMeans(12, init="random", random_state=2).fit(X)
    ten = kmseg.KMeans(12, init="random", n_init=10, random_state=2).fit(X)
    assert auto.inertia_ == ten.inertia_ and auto.labels_.tobytes() == ten.labels_.tobytes()


def test_init_may_be_a_callable():
    calls = []

    def init(X, n_clusters, random_state):
        calls.append(n_clusters)
        return X[random_state.choice(len(X), n_clusters, replace=False)]

    X = blobs(200, 3, 4)
    km = kmseg.KMeans(4, init=init, n_init=6, random_state=0).fit(X)
    assert calls == [4] * 6
    rng = np.random.RandomState(0)
    starts = [X[rng.choice(len(X), 4, replace=False)] for _ in range(6)]
    assert km.inertia_ == min(kmseg.KMeans(4, init=start).fit(X).inertia_ for start in starts)


def test_an_array_as_init_needs_one_restart_and_the_right_shape():
    with pytest.warns(RuntimeWarning, match="performing only one init"):
        kmseg.KMeans(2, init=TWO[[0, 2]], n_init=5).fit(TWO)
    for wrong in (TWO[:3], TWO[:2, :1]):
        with pytest.raises(ValueError, match="shape of the initial centers"):
            kmseg.KMeans(2, init=wrong).fit(TWO)
    with pytest.raises(ValueError, match="NaN"):
        kmseg.KMeans(2, init=[[np.nan, 0], [0, 0]]).fit(TWO)
    start = TWO[[0, 2]].copy()
    kmseg.KMeans(2, init=start).fit(TWO)
    assert start.tolist() == TWO[[0, 2]].tolist()


def test_an_empty_cluster_takes_a_far_sample():
    # Nothing is near (99, 99); that cluster takes the sample farthest from its centroid, and all four
    # clusters end with one sample each.
    km = kmseg.KMeans(4, init=[[0, 0], [0, 2], [10, 1], [99, 99]]).fit(TWO)
    assert sorted(km.labels_) == [0, 1, 2, 3] and km.inertia_ == 0


def test_fewer_distinct_samples_than_clusters_warn():
    with pytest.warns(ConvergenceWarning, match=r"distinct clusters \(2\) found smaller than n_clusters \(3\)"):
        km = kmseg.KMeans(3, random_state=0).fit([[0.0], [0], [1], [1]])
    assert len(set(km.labels_)) == 2 and km.inertia_ == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples_of_the_fit_are_predicted_as_they_were_labelled(dtype):
    X = blobs(3000, 2, 30, seed=8, dtype=dtype)
    km = kmseg.KMeans(30, random_state=0, tol=0).fit(X)
    assert km.predict(X).tobytes() == km.labels_.tobytes()
    assert -km.score(X) == pytest.approx(km.inertia_, rel=1e-12)
    again = pickle.loads(pickle.dumps(km))
    assert again.predict(X).tobytes() == km.labels_.tobytes()
    km.cluster_centers_ = km.cluster_centers_[::-1].copy()  # whoever changes centroids gets them used
    assert km.predict(X).tolist() == (29 - again.labels_).tolist()


def test_verbose_goes_through_sys_stdout(capsys):
    km = kmseg.KMeans(2, random_state=0, verbose=1).fit(blobs())
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Initialization complete"
    assert printed[1] == f"Iteration 0, inertia {km.inertia_history_[0]}."
    assert len(printed) == km.n_iter_ + 2 and printed[-1].endswith(km.stop_reason_ + ".")
    kmseg.KMeans(2, random_state=0).fit(blobs())
    assert capsys.readouterr().out == ""


def test_clone_names_and_data_frames():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(TWO, columns=["a", "b"])
    km = kmseg.KMeans(2, random_state=0).set_output(transform="pandas")
    out = km.fit_transform(frame)
    assert list(out.columns) == ["kmeans0", "kmeans1"] == km.get_feature_names_out().tolist()
    assert km.feature_names_in_.tolist() == ["a", "b"] and km.n_features_in_ == 2
    with pytest.raises(ValueError, match="feature names"):
        km.predict(frame.rename(columns={"a": "x"}))
    copy = clone(kmseg.KMeans(3, init=TWO[:3], n_threads=2, callback=print))
    assert copy.n_clusters == 3 and copy.callback is print and not hasattr(copy, "labels_")


def test_pipeline_and_grid_search():
    X = blobs()
    search = GridSearchCV(make_pipeline(StandardScaler(), kmseg.KMeans(random_state=0)),
                          {"kmeans__n_clusters": [2, 3, 4]}, cv=3).fit(X)
    assert search.best_params_ == {"kmeans__n_clusters": 4}  # more clusters score better, here as everywhere
    assert search.predict(X).max() == 3


@pytest.mark.parametrize("X", [sparse.csr_matrix(TWO), sparse.coo_array(TWO)])
def test_sparse_input_is_refused(X):
    with pytest.raises(TypeError, match="dense data is required"):
        kmseg.KMeans(2).fit(X)


@pytest.mark.parametrize("parameters, said", [
    ({"n_clusters": 0}, "n_clusters is 0; it needs to be a whole number from 1"),
    ({"n_clusters": 2.5}, "n_clusters"),
    ({"n_clusters": 5}, "n_samples=4 should be >= n_clusters=5"),
    ({"n_init": 0}, "n_init is 0"),
    ({"max_iter": 0}, "max_iter is 0"),
    ({"tol": -1}, "tol is -1"),
    ({"tol": np.nan}, "tol is nan"),
    ({"init": "best"}, "init is 'best'; it needs to be one of 'k-means\\+\\+'"),
    ({"algorithm": "minibatch"}, "algorithm is 'minibatch'"),
    ({"n_threads": 0}, "n_threads is 0"),
    ({"callback": 3}, "callback is 3"),
])
def test_bad_parameters_are_value_errors_that_say_what_is_needed(parameters, said):
    with pytest.raises(ValueError, match=said):
        kmseg.KMeans(**{"n_clusters": 2, **parameters}).fit(TWO)


def test_messages_of_the_library_come_through():
    with pytest.raises(ValueError, match=r"sample_weight of row 1 \(from 0\) is -1; it needs to be finite"):
        kmseg.KMeans(2).fit(TWO, sample_weight=[1, -1, 1, 1])
    with pytest.raises(ValueError, match="n_clusters is 3, but there are only 2 samples of positive weight"):
        kmseg.KMeans(3).fit(TWO, sample_weight=[1, 0, 1, 0])
    with pytest.raises(ValueError, match="every sample_weight is 0|at least one non-zero"):  # scikit-learn 1.8 looks first
        kmseg.KMeans(2).fit(TWO, sample_weight=np.zeros(4))
    with pytest.raises(NotFittedError):
        kmseg.KMeans().predict(TWO)
    with pytest.raises(ValueError, match=r"is 1e\+200; it needs to be finite and at most 1e150"):
        kmseg.KMeans(2).fit(np.array([[1e200], [0], [1]]))


def test_a_callback_follows_a_fit():
    seen = []
    kmseg.KMeans(4, n_init=3, random_state=0, callback=lambda *report: seen.append(report)).fit(blobs())
    assert {stage for stage, _, _ in seen} == {"clustering"}
    done = [done for _, done, _ in seen]
    assert done == sorted(done) and seen[-1][1] == seen[-1][2] and len(seen) > 3


@pytest.mark.parametrize("n", [300, 60000])  # a short call, and one on a thread of its own
def test_a_callback_stops_a_fit(n):
    X = blobs(n, 8)
    km = kmseg.KMeans(3, random_state=0, tol=0, n_init=2, callback=lambda *_: None).fit(X)
    before = km.cluster_centers_.tobytes()
    km.callback = lambda *_: True
    with pytest.raises(kmseg.Cancelled, match="cancelled"):
        km.fit(X)

    def fail(*_):
        raise OSError("no more room")

    km.callback = fail
    with pytest.raises(OSError, match="no more room"):
        km.fit(X)
    assert km.cluster_centers_.tobytes() == before and km.predict(X).tobytes() == km.labels_.tobytes()


def test_restarts_that_are_done_are_kept_when_a_callback_stops_the_others():
    X = blobs()
    starts = []

    def init(x, n_clusters, random_state):
        starts.append(x[len(starts) * 5 : len(starts) * 5 + n_clusters])
        return starts[-1]

    with pytest.warns(ConvergenceWarning, match="stopped"):
        km = kmseg.KMeans(3, init=init, n_init=9, callback=lambda *_: len(starts) == 3).fit(X)
    assert len(starts) == 3 and km.stop_reason_ == "cancelled"
    assert km.inertia_ == min(kmseg.KMeans(3, init=start).fit(X).inertia_ for start in starts[:2])


def test_nothing_warns_without_cause():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kmseg.KMeans(3, random_state=0).fit(blobs()).transform(blobs())
