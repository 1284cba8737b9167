"""The same start gives the labels and inertia of scikit-learn."""

import warnings

import kmseg
import numpy as np
import pytest
import sklearn.cluster
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

EXACT = {np.float32: 1e-5, np.float64: 1e-10}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads of scikit-learn's that wait for each other are slow where tests run beside each other."""
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("dtype", EXACT)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(n=st.integers(20, 400), d=st.integers(1, 12), k=st.integers(1, 12), seed=st.integers(0, 2**32 - 1),
       spread=st.sampled_from([0.05, 1.0, 5.0]), offset=st.sampled_from([0.0, 100.0]), weighted=st.booleans(),
       max_iter=st.sampled_from([1, 3, 300]), fortran=st.booleans())
def test_the_same_start_gives_the_same_labels_and_inertia(dtype, n, d, k, seed, spread, offset, weighted, max_iter,
                                                          fortran):
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-5, 5, (k, d)) + offset
    X = (centres[rng.integers(k, size=n)] + spread * rng.normal(size=(n, d))).astype(dtype)
    weights = rng.uniform(0.5, 3, n) if weighted else None
    start = X[rng.choice(n, k, replace=False)].copy()
    if fortran:
        X = np.asfortranarray(X)
    parameters = {"n_clusters": k, "init": start, "n_init": 1, "max_iter": max_iter, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of one iteration, both warn
        theirs = sklearn.cluster.KMeans(**parameters).fit(X, sample_weight=weights)
        ours = kmseg.KMeans(**parameters).fit(X, sample_weight=weights)
    assert ours.labels_.tolist() == theirs.labels_.tolist()
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=EXACT[dtype], abs=1e-12)
    assert ours.n_iter_ == theirs.n_iter_
    rounding = 1e-4 if dtype is np.float32 else 1e-10
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=rounding, atol=rounding)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-3 if dtype is np.float32 else 1e-7,
                               atol=0.2 if dtype is np.float32 else 1e-5)
    assert ours.predict(X).tolist() == ours.labels_.tolist()
    if dtype is np.float64:  # far from 0 scikit-learn's predict, which does not centre, errs in float32
        assert ours.predict(X).tolist() == theirs.predict(X).tolist()


@pytest.mark.parametrize("dtype", EXACT)
def test_the_tolerance_stops_at_the_same_iteration(dtype):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(500, 3)).astype(dtype)
        parameters = {"n_clusters": 6, "init": X[:6].copy(), "tol": 1e-2}
        theirs = sklearn.cluster.KMeans(**parameters).fit(X)
        ours = kmseg.KMeans(**parameters).fit(X)
        assert ours.n_iter_ == theirs.n_iter_
        assert ours.labels_.tolist() == theirs.labels_.tolist()
        assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=EXACT[dtype])


def test_seedings_are_as_good():
    rng = np.random.default_rng(3)
    X = rng.uniform(0, 10, (30, 2)).repeat(20, axis=0) + rng.normal(0, 0.05, (600, 2))
    for init in ("k-means++", "k-means||"):
        ours = [kmseg.KMeans(30, init=init, random_state=s).fit(X).inertia_ for s in range(10)]
        theirs = [sklearn.cluster.KMeans(30, n_init=1, random_state=s).fit(X).inertia_ for s in range(10)]
        assert np.median(ours) <= 1.5 * np.median(theirs), init
