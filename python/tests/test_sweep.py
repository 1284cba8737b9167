"""kmseg.sweep: every number of clusters at once, with scores."""

import kmseg
import numpy as np
import pytest
from sklearn import metrics
from sklearn.exceptions import ConvergenceWarning

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


def blobs(n=400, k=4, d=3, seed=0, spread=1.0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    centres = 12 * np.eye(k, d) - 6 * np.eye(k, d, 1)
    return (centres[np.arange(n) % k] + spread * rng.normal(size=(n, d))).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
def test_models_are_those_of_fits_one_by_one(dtype, weighted):
    X = blobs(dtype=dtype)
    weights = np.random.default_rng(1).uniform(0, 2, len(X)) if weighted else None
    fits = kmseg.sweep(X, [2, 3, 5], n_init=4, random_state=7, sample_weight=weights)
    assert list(fits) == [2, 3, 5] and len(fits) == 3 and 4 not in fits
    for k, model in fits.items():
        alone = kmseg.KMeans(k, n_init=4, random_state=7).fit(X, sample_weight=weights)
        assert isinstance(model, kmseg.KMeans) and model.get_params() == alone.get_params()
        for name in ("labels_", "cluster_centers_", "inertia_history_"):
            assert getattr(model, name).tobytes() == getattr(alone, name).tobytes(), name
        assert (model.inertia_, model.n_iter_, model.n_features_in_) == (alone.inertia_, alone.n_iter_, 3)
        assert model.predict(X).tobytes() == alone.labels_.tobytes()
    assert fits.scores["inertia"].tolist() == [model.inertia_ for model in fits.values()]


def test_scores_are_those_of_scikit_learn():
    X = blobs(300)
    fits = kmseg.sweep(X, range(2, 7), n_init=2, random_state=0)
    for i, model in enumerate(fits.values()):
        assert fits.scores["silhouette"][i] == pytest.approx(metrics.silhouette_score(X, model.labels_), abs=1e-9)
        assert fits.scores["calinski_harabasz"][i] == pytest.approx(metrics.calinski_harabasz_score(X, model.labels_))
        assert fits.scores["davies_bouldin"][i] == pytest.approx(metrics.davies_bouldin_score(X, model.labels_))
        assert fits.scores["smallest"][i] == np.unique(model.labels_, return_counts=True)[1].min()
    assert not fits.scores["silhouette_error"].any()


def test_what_is_planted_is_favoured_and_stable():
    fits = kmseg.sweep(blobs(600, spread=0.7), range(1, 9), random_state=0, n_references=10, n_bootstraps=20)
    assert fits.favoured == dict.fromkeys(["silhouette", "calinski_harabasz", "davies_bouldin", "knee", "gap"], 4)
    stability = fits.scores["stability"]
    assert stability[3] > 0.99 and stability[4:].max() < 0.75
    assert np.isnan(fits.scores["silhouette"][0])  # of one cluster there is none
    assert (fits.scores["gap_error"] > 0).all()


def test_a_cloud_has_no_clear_number():
    X = np.random.default_rng(0).normal(size=(600, 3))
    assert kmseg.sweep(X, range(1, 7), random_state=0, n_references=10).favoured["gap"] == 1


def test_a_knee_by_hand():
    # Inertia of 3 pairs on a line, at 0 and 1, 100 and 101, 1000 and 1001: far lower from k = 3 on.
    X = np.array([[0.0], [1], [100], [101], [1000], [1001]])
    fits = kmseg.sweep(X, range(1, 6), random_state=0)
    assert fits.scores["inertia"][2:].tolist() == [1.5, 1, 0.5]
    assert fits.favoured["silhouette"] == 3
    assert kmseg.sweep(X, [2, 3], random_state=0).favoured["knee"] == 0  # of two points there is none


def test_shown_as_frame_text_page_and_plot(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(blobs(), columns=["a", "b", "<c>"])
    fits = kmseg.sweep(frame, range(2, 6), random_state=0, n_references=3, n_bootstraps=3)
    assert fits[3].feature_names_in_.tolist() == ["a", "b", "<c>"]
    scores = fits.to_frame()
    assert scores.index.tolist() == [2, 3, 4, 5] and scores.loc[4, "inertia"] == fits[4].inertia_
    assert len(repr(fits).splitlines()) == 5 and "silhouette" in repr(fits)
    page = fits._repr_html_()
    assert page.count("<tr>") == 5 and "<td><b>" in page and "silhouette 4" in page
    figure = fits.plot()
    drawn = {axes.get_title(loc="left").split(":")[0]: axes for axes in figure.axes}
    assert len(drawn) == 6
    line = drawn["Silhouette"].lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [2, 3, 4, 5])
    np.testing.assert_array_equal(line.get_ydata(), fits.scores["silhouette"])
    assert [text.get_text() for text in drawn["Silhouette"].texts] == ["4"]
    figure.savefig(tmp_path / "k.png")
    assert len(kmseg.sweep(frame, [2, 4]).plot().axes) == 4


@pytest.mark.parametrize("arguments, said", [
    ({"k": []}, "at least one number"), ({"k": [0, 1]}, "each from 1"), ({"k": 3}, "whole numbers of clusters"),
    ({"k": [2.5]}, "whole numbers of clusters"), ({"k": [9]}, "n_samples=6 should be >= n_clusters=9"),
    ({"init": np.zeros((2, 1))}, "name of an initialiser"), ({"init": "best"}, "init is 'best'"),
    ({"n_references": -1}, "n_references is -1"), ({"n_init": 0}, "n_init is 0"),
    ({"k": [2, 4], "n_references": 5}, "consecutive"), ({"sample_weight": [1, 1, 1, 1, 1, -1]}, "sample_weight"),
])
def test_what_cannot_be_is_refused_with_what_is_needed(arguments, said):
    with pytest.raises(ValueError, match=said):
        kmseg.sweep(np.arange(6.0)[:, None], **{"k": [2, 3], **arguments})


def test_a_callback_follows_and_stops_a_sweep():
    stages = []
    kmseg.sweep(blobs(), range(2, 5), n_references=2, n_bootstraps=2, callback=lambda *seen: stages.append(seen[0]))
    assert {"clustering", "gap statistic", "stability"} <= set(stages)
    for stop in ("clustering", "stability"):
        with pytest.raises(kmseg.Cancelled):
            kmseg.sweep(blobs(), range(2, 5), n_bootstraps=2, callback=lambda stage, *_: stage == stop)


def test_duplicates_are_said():
    with pytest.warns(ConvergenceWarning, match=r"k = \[3, 4\]"):
        fits = kmseg.sweep(np.repeat([[0.0], [1.0]], 5, axis=0), range(2, 5), random_state=0)
    assert fits.scores["inertia"].tolist() == [0, 0, 0]


def test_progress_has_a_bar_for_each_stage(capsys):
    fits = kmseg.sweep(blobs(), [2, 3], n_bootstraps=2, random_state=0, progress=True)
    shown = capsys.readouterr().err
    assert "clustering: 100%" in shown and "stability: 100%" in shown
    assert fits.scores["inertia"].tolist() == kmseg.sweep(blobs(), [2, 3], random_state=0).scores["inertia"].tolist()
