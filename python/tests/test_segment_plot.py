"""Pictures of segments show what the segments are."""

import warnings

import kmseg
import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def fitted():
    return kmseg.Segmenter(n_clusters=(2, 5)).fit(kmseg.generate("orders", n_customers=400, seed=5))


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("what", ["map", "profile", "silhouette", "k", "rfm"])
def test_every_picture_can_be_drawn_into_a_figure_of_the_callers(fitted, what, tmp_path):
    figure = plt.figure()
    assert fitted.plot(what, figure) is figure
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.plot(what).savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 5000


def test_a_map_has_every_customer_and_every_segment(fitted):
    axes = fitted.plot("map").axes[0]
    points, *centres = axes.collections
    assert len(points.get_offsets()) == 400 and len(centres) == fitted.n_segments_
    colours, counts = np.unique(points.get_facecolors(), axis=0, return_counts=True)
    assert sorted(counts) == sorted(fitted.segments["customers"])
    assert texts(axes) == [str(i + 1) for i in range(fitted.n_segments_)]
    assert len(axes.get_legend().get_texts()) == fitted.n_segments_


def test_a_profile_places_medians_among_all_customers():
    """Of 100 who spend 1 to 100, the 50 below have the median 25.5: a quarter of all is below."""
    members = pd.DataFrame({"member": [f"m{i}" for i in range(100)], "spend": np.r_[1.0:101]})
    made = kmseg.Segmenter(2, transform="none").fit(members)
    assert made.segments["customers"].tolist() == [50, 50]
    axes = made.plot("profile").axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75], [0.25]], atol=0.01)
    assert texts(axes) == ["75.5", "25.5"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["spend *"]


def test_silhouettes_are_those_of_scikit_learn(fitted):
    from kmseg._segment_plot import _silhouettes

    values, labels, n = _silhouettes(fitted)
    assert n == 400 and (labels == fitted.labels_).all()
    assert values.mean() == pytest.approx(fitted.scores_["silhouette"], abs=1e-12)
    members = pd.DataFrame({"member": [f"m{i}" for i in range(100)], "spend": np.r_[1.0:101]})
    made = kmseg.Segmenter(2, transform="none").fit(members)
    theirs = silhouette_samples(members[["spend"]], made.labels_)
    np.testing.assert_allclose(_silhouettes(made)[0], theirs, atol=1e-9)


def test_rfm_counts_are_those_of_the_customers(fitted):
    scores = fitted.customers
    counts = texts(fitted.plot("rfm").axes[0])
    expected = [((scores["r_score"] == r) & (scores["f_score"] == f)).sum() for r in range(1, 6) for f in range(1, 6)]
    assert counts == [f"{n:,}" for n in expected]


def test_curves_are_those_of_the_choice(fitted):
    figure = fitted.plot("k")
    assert f"{fitted.n_segments_} segments taken" in figure._suptitle.get_text()
    silhouette = next(axes for axes in figure.axes if "Silhouette" in axes.get_title(loc="left"))
    rows = fitted.reports_["choice"]["rows"]
    assert silhouette.lines[0].get_ydata().tolist() == [row["silhouette"] for row in rows]


def test_names_are_text_whatever_they_hold(tmp_path):
    (tmp_path / "names.txt").write_text("[segment 1]\nname = $\\frac$ & _x_\ncolour = #123456\n")
    members = pd.DataFrame({"member": [f"m{i}" for i in range(60)], "$a$": [1.0, 500.0] * 30})
    made = kmseg.Segmenter(2, labels=tmp_path / "names.txt").fit(members)
    for what in ("map", "profile", "silhouette"):
        made.plot(what).savefig(tmp_path / "picture.png")
    centre = made.plot("map").axes[0].collections[1]
    assert matplotlib.colors.to_hex(centre.get_facecolor()[0]) == "#123456"


def test_what_is_not_there_is_said(tmp_path):
    members = pd.DataFrame({"member": [f"m{i}" for i in range(60)], "spend": [1.0, 500.0] * 30})
    made = kmseg.Segmenter(2).fit(members)
    for what, says in (("rfm", "recency"), ("k", "range"), ("pie", "map, profile")):
        with pytest.raises(ValueError, match=says):
            made.plot(what)
    made.save(tmp_path / "s.h5")
    with pytest.raises(ValueError, match="customers="):
        kmseg.Segmenter.load(tmp_path / "s.h5").plot("silhouette")
    with pytest.raises(ValueError, match="these are others"):
        kmseg.Segmenter.load(tmp_path / "s.h5", customers=members.head(10)).plot("silhouette")
