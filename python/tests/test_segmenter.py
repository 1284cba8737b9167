"""kmseg.Segmenter: all of kmseg run on a DataFrame."""

import html
import os
import pathlib
import pickle
import re
import subprocess

import kmseg
import numpy as np
import pytest

pd = pytest.importorskip("pandas")

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATASETS = pathlib.Path(os.environ.get("KMSEG_DATASETS", ROOT.parent / "shared" / "datasets"))
COMMAND = pathlib.Path(os.environ.get("KMSEG_BUILD", ROOT / "build" / "dev")) / "bin" / "kmseg"


@pytest.fixture(scope="module")
def orders():
    return kmseg.generate("orders", n_customers=400, seed=5)


@pytest.fixture(scope="module")
def fitted(orders):
    return kmseg.Segmenter(n_clusters=4).fit(orders)


def command(*arguments):
    if not COMMAND.exists():
        pytest.skip(f"{COMMAND} is not built")
    return subprocess.run([COMMAND, *map(str, arguments)], check=True, capture_output=True, encoding="utf-8").stdout


def agrees(segmenter, folder):
    """Assignments of the command's, by customer."""
    theirs = pd.read_csv(folder / "assignments.csv", dtype={"id": str}).set_index("id")["segment"]
    ours = segmenter.customers.set_index("customer_id")["segment"]
    assert len(ours) == len(theirs)
    assert (ours == theirs.loc[ours.index]).all()


def test_segments_are_those_of_the_command(orders, tmp_path):
    orders.to_csv(tmp_path / "orders.csv", index=False)
    command("run", tmp_path / "orders.csv", "-k", "2:5", "-o", tmp_path / "out", "--seed", "3", "--quiet")
    made = kmseg.Segmenter(n_clusters=range(2, 6), seed=3).fit(orders)
    agrees(made, tmp_path / "out")
    made.save(tmp_path / "ours.h5", customers=tmp_path / "customers.h5")
    stored = kmseg.Segmenter.load(tmp_path / "out" / "segments.h5", customers=tmp_path / "out" / "customers.h5")
    pd.testing.assert_frame_equal(stored.customers, made.customers)
    pd.testing.assert_frame_equal(stored.profile(), made.profile())
    assert command("profile", tmp_path / "ours.h5") == command("profile", tmp_path / "out" / "segments.h5")


def test_segments_can_be_had_without_a_profile(orders, fitted):
    bare = kmseg.Segmenter(n_clusters=4, profile=False).fit(orders)
    assert (bare.labels_ == fitted.labels_).all()
    assert bare.scores_["inertia"] == fitted.scores_["inertia"]
    assert np.isnan(bare.scores_["silhouette"])
    assert bare.segments["name"].tolist() == [f"Segment {i}" for i in range(1, 5)]
    assigned = bare.assign(orders)
    assert assigned["segment"].tolist() == fitted.assign(orders)["segment"].tolist()
    with pytest.raises(ValueError, match="profile=False"):
        bare.profile()


@pytest.mark.parametrize("kind", ["pandas", "parsed", "polars", "path"])
def test_online_retail_is_segmented_as_by_the_command(kind, tmp_path):
    path = DATASETS / "online_retail" / "online_retail.csv.gz"
    if not path.exists():
        pytest.skip("Online Retail is not here")
    if kind == "polars":
        data = pytest.importorskip("polars").read_csv(path, infer_schema_length=None)
    elif kind == "path":
        data = path
    else:
        data = pd.read_csv(path, parse_dates=["InvoiceDate"] if kind == "parsed" else None)
    made = kmseg.Segmenter(n_clusters=4).fit(data)
    command("run", path, "-k", 4, "-o", tmp_path, "--quiet", "--skip", "report")
    theirs = pd.read_csv(tmp_path / "assignments.csv", dtype={"id": str}).set_index("id")
    customers = made.customers if kind != "polars" else made.customers.to_pandas()
    customers = customers.set_index("customer_id").loc[theirs.index]
    assert len(customers) == 4338
    assert (customers["segment"] == theirs["segment"]).all()
    np.testing.assert_allclose(customers["clv"], theirs["clv"], rtol=1e-14)


def test_options_are_all_of_those_of_the_command():
    """What `kmseg run --write-config` lists, but what is about files and what fit and report have."""
    listed = set(re.findall(r"^#? ?([a-z-]+) =", command("run", "--write-config", "-"), re.MULTILINE))
    listed = {name.replace("-", "_") for name in listed}
    elsewhere = {"input", "output", "n_clusters", "skip", "export", "table", "join", "join_type", "language", "lang",
                 "min_cell", "sql", "odbc", "threads", "kernels", "json", "quiet", "pseudonymise", "key_file",
                 "drop_ids"}
    assert listed - elsewhere <= set(kmseg.Segmenter.options())
    assert len(listed - elsewhere) > 80
    assert all(kmseg.Segmenter.options().values())


def test_what_came_of_it(fitted, orders):
    assert fitted.n_segments_ == 4 and len(fitted.labels_) == len(fitted.ids_) == 400
    segments = fitted.segments
    assert segments["segment"].tolist() == [1, 2, 3, 4] and segments["segment"].dtype == np.int64
    assert segments["customers"].sum() == 400 and segments["share"].sum() == pytest.approx(1)
    customers = fitted.customers
    assert customers["customer_id"].tolist() == fitted.ids_
    assert customers["segment"].tolist() == (fitted.labels_ + 1).tolist()
    means = customers.groupby("segment")["monetary"].mean()
    assert means.is_monotonic_decreasing  # the first is the most valuable
    np.testing.assert_allclose(segments["mean_monetary"], means)
    np.testing.assert_allclose(segments["value"], customers.groupby("segment")["monetary"].sum())
    names = segments.set_index("segment")["name"]
    assert customers["segment_name"].tolist() == names.loc[customers["segment"]].tolist()
    assert [step.name for step in fitted.steps_] == ["features", "rfm", "lifecycle", "tier", "clv", "fit"]
    assert not any(step.left_out for step in fitted.steps_)
    assert set(fitted.reports_) >= {"features", "rfm", "lifecycle", "tier", "clv"}
    assert -1 <= fitted.scores_["silhouette"] <= 1
    assert fitted.rules()["precision"].between(0, 1).all()
    assert {"mean", "customers"} <= set(fitted.profile()["measure"])
    assert "What sets each segment apart" in fitted.summary()


def test_new_customers_are_assigned_as_those_of_the_fit_were(fitted, orders):
    again = fitted.assign(fitted.customers)
    assert again["segment"].tolist() == fitted.customers["segment"].tolist()
    assert list(again)[:3] == ["customer_id", "segment", "segment_name"]
    assert (again["margin"] >= 0).all() and set(again["outlying"]) <= {0, 1}
    from_orders = fitted.assign(orders)
    assert from_orders["segment"].tolist() == again["segment"].tolist()
    one = fitted.customers.head(1).assign(monetary=1e6, frequency=300.0, recency=1.0)
    assert fitted.assign(one)["segment"].tolist() == [1] and fitted.assign(one)["outlying"].tolist() == [1]


def test_assign_gives_back_the_kind_it_was_given(fitted):
    pl = pytest.importorskip("polars")
    made = fitted.assign(pl.DataFrame(fitted.customers))
    assert isinstance(made, pl.DataFrame) and made["segment"].to_list() == fitted.customers["segment"].tolist()


def test_explanations_add_up(fitted):
    who = fitted.ids_[7]
    told = fitted.explain(who)
    assert told["segment"]["segment"] == fitted.labels_[7] + 1
    assert sum(part["contribution"] for part in told["contributions"]) == pytest.approx(told["margin"])
    assert str(told).startswith("customer") and "<pre>" in told._repr_html_()
    new = fitted.customers.head(2).assign(customer_id=["x", "y"])
    assert fitted.explain("y", new)["segment"]["segment"] == fitted.labels_[1] + 1
    with pytest.raises(ValueError, match="nobody"):
        fitted.explain("nobody")


def test_a_table_of_customers_and_what_is_joined_to_it():
    rng = np.random.default_rng(0)
    spend = np.r_[rng.normal(100, 5, 50), rng.normal(900, 5, 50)]
    members = pd.DataFrame({"member": [f"m{i}" for i in range(100)], "spend": spend, "visits": spend / 10})
    towns = pd.DataFrame({"who": members["member"][:90], "town": ["A", "B"] * 45})
    made = kmseg.Segmenter(2, exclude="town").fit(members, join={"member=who": towns})
    assert made.customers["segment"].tolist() == [2] * 50 + [1] * 50
    assert made.customers["town"].isna().sum() == 10
    assert [step.name for step in made.steps_ if step.left_out] == ["rfm", "lifecycle", "tier", "clv"]
    assert "90 of 100" in made.steps_[-2].text
    inner = kmseg.Segmenter(2, exclude="town").fit(members, join=[("member=who", towns)], join_type="inner")
    assert len(inner.customers) == 90


def test_columns_that_were_joined_at_the_fit_are_joined_to_assign():
    members = pd.DataFrame({"member": [f"m{i}" for i in range(40)], "spend": [1.0, 100.0] * 20})
    more = pd.DataFrame({"member": members["member"], "visits": [1.0, 30.0] * 20})
    made = kmseg.Segmenter(2).fit(members, join={"member": more})
    assert made.assign(members, join={"member": more})["segment"].tolist() == [2, 1] * 20
    with pytest.raises(ValueError, match="visits"):
        made.assign(members)


def test_a_number_is_chosen_where_there_is_a_range(orders):
    made = kmseg.Segmenter(n_clusters=(2, 4), skip=["clv", "rfm"]).fit(orders)
    assert [step.name for step in made.steps_] == ["features", "lifecycle", "tier", "choose-k", "fit"]
    assert made.reports_["choice"]["taken"] == made.n_segments_ and 2 <= made.n_segments_ <= 4


def test_files_have_the_same_segments(fitted, tmp_path):
    fitted.save(tmp_path / "s.h5", customers=tmp_path / "c.h5")
    back = kmseg.Segmenter.load(tmp_path / "s.h5", customers=tmp_path / "c.h5")
    pd.testing.assert_frame_equal(back.segments, fitted.segments)
    pd.testing.assert_frame_equal(back.customers, fitted.customers)
    assert back.explain(fitted.ids_[0]) == fitted.explain(fitted.ids_[0])
    alone = kmseg.Segmenter.load(tmp_path / "s.h5")
    assert alone.assign(fitted.customers)["segment"].tolist() == fitted.customers["segment"].tolist()
    with pytest.raises(ValueError, match="customers="):
        alone.customers
    with pytest.raises(OSError, match="none.h5"):
        kmseg.Segmenter.load(tmp_path / "none.h5")
    (tmp_path / "no.h5").write_text("not HDF5")
    with pytest.raises(ValueError):
        kmseg.Segmenter.load(tmp_path / "no.h5")


def test_pickles_have_the_same_segments(fitted, orders):
    back = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(back.segments, fitted.segments)
    pd.testing.assert_frame_equal(back.customers, fitted.customers)
    assert [repr(step) for step in back.steps_] == [repr(step) for step in fitted.steps_]
    assert back.assign(orders).equals(fitted.assign(orders))
    pl = pytest.importorskip("polars")
    in_polars = pickle.loads(pickle.dumps(kmseg.Segmenter(3, months=6).fit(pl.DataFrame(orders))))
    assert isinstance(in_polars.segments, pl.DataFrame) and in_polars.options_ == {"months": 6}
    unfitted = pickle.loads(pickle.dumps(kmseg.Segmenter(3)))
    assert unfitted.fit(orders).n_segments_ == 3


def test_who_is_left_out_has_no_segment():
    members = pd.DataFrame({"customer_id": [f"m{i}" for i in range(100)], "a": [1.0, 100.0] * 50,
                            "b": [1.0, np.nan] * 25 + [2.0, 3.0] * 25})
    made = kmseg.Segmenter(2, impute="drop").fit(members)
    assert len(made.ids_) == 75 and made.customers["segment"].isna().sum() == 25
    there = made.customers.dropna(subset="b")
    assert there["customer_id"].tolist() == made.ids_ and there["segment"].tolist() == (made.labels_ + 1).tolist()
    told = made.assign(members.head(2))
    assert told["segment"].isna().tolist() == [False, True] and told["runner_up"].isna().tolist() == [False, True]
    assert told["segment_name"].isna().tolist() == [False, True]


def test_ctrl_c_stops_a_fit_and_leaves_the_last_one(run_python):
    printed = run_python("""
import os, signal, threading, time, kmseg
orders = kmseg.generate("orders", n_customers=3000, seed=1)
made = kmseg.Segmenter(3).fit(orders)
before = made.labels_.tobytes()
made.options_ = {"n_init": 100000, "max_iter": 100000, "tol": 0}
made.n_clusters = 60
when = []
def interrupt():
    when.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(4, interrupt).start()
try:
    made.fit(orders)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - when[0] < 1)
print(made.labels_.tobytes() == before, threading.active_count())
""")
    assert printed.split() == ["interrupted", "True", "True", "1"]


def test_reports_are_those_of_the_command(fitted, tmp_path):
    fitted.save(tmp_path / "s.h5")
    for name, option in (("report.html", ()), ("report.md", ("--lang", "zh")), ("report.json", ("--min-cell", "30"))):
        fitted.report(tmp_path / name, language="zh" if name == "report.md" else "en",
                      min_cell=30 if name == "report.json" else None)
        command("report", tmp_path / "s.h5", "-o", tmp_path / f"theirs-{name}", *option)
        assert (tmp_path / name).read_bytes() == (tmp_path / f"theirs-{name}").read_bytes()
    assert fitted.report(format="markdown").startswith("#")
    with pytest.raises(ValueError, match=r"\.html, \.md or \.json"):
        fitted.report(tmp_path / "report.pdf")


def test_pages_escape_what_the_data_hold(tmp_path):
    evil = "<script>alert(1)</script>"
    members = pd.DataFrame({"member": [f"m{i}" for i in range(60)], "spend": [1.0, 500.0] * 30,
                            "group": [evil, "x"] * 30})
    (tmp_path / "names.txt").write_text("[segment 1]\nname = <b>&\"\n")
    made = kmseg.Segmenter(2, labels=tmp_path / "names.txt").fit(members)
    page = made._repr_html_()
    assert evil not in page and "<b>&\"" not in page and html.escape("<b>&\"") in page
    assert page.count("<tr>") == 3
    assert "not fitted" in kmseg.Segmenter()._repr_html_()
    assert made.segments["name"][0] == '<b>&"'


@pytest.mark.parametrize(("parameters", "error", "says"), [
    ({"n_clusters": 0}, ValueError, "n_clusters"),
    ({"n_clusters": (5, 2)}, ValueError, "n_clusters"),
    ({"n_clusters": "4"}, ValueError, "n_clusters"),
    ({"skip": ["report"]}, ValueError, "report"),
    ({"moths": 3}, TypeError, "did you mean 'months'"),
    ({"months": 0}, ValueError, "months is 0"),
    ({"algorithm": "loid"}, ValueError, "algorithm"),
])
def test_what_cannot_be_is_refused_at_once(parameters, error, says):
    with pytest.raises(error, match=says):
        kmseg.Segmenter(**parameters)


def test_data_that_make_no_segments_are_refused_with_what_to_do(orders):
    with pytest.raises(ValueError, match="call fit"):
        kmseg.Segmenter().segments
    with pytest.raises(ValueError, match="DataFrame"):
        kmseg.Segmenter(4).fit(pd.DataFrame({"name": ["a", "b"]}))
    with pytest.raises(TypeError, match="join needs"):
        kmseg.Segmenter(4).fit(orders, join=["x"])
    with pytest.raises(ValueError, match="nobody"):
        kmseg.Segmenter(4, customer="nobody").fit(orders)
    made = kmseg.Segmenter(3).fit(orders)
    before = made.labels_
    with pytest.raises(ValueError):
        made.fit(pd.DataFrame({"name": ["a", "b"]}))
    np.testing.assert_array_equal(made.labels_, before)  # as it was


def test_a_callback_stops_a_fit(orders):
    with pytest.raises(kmseg.Cancelled):
        kmseg.Segmenter((2, 8), callback=lambda stage, done, total: True).fit(orders)


def test_results_do_not_depend_on_threads_or_the_order_of_rows(orders, fitted):
    shuffled = orders.sample(frac=1, random_state=0)
    made = kmseg.Segmenter(4, n_threads=1).fit(shuffled)
    assert made.customers["segment"].tolist() == fitted.customers["segment"].tolist()


def test_nothing_is_held_when_it_is_gone(orders):
    import gc
    import weakref

    made = kmseg.Segmenter(3).fit(orders)
    gone = weakref.ref(made)
    del made
    gc.collect()
    assert gone() is None
