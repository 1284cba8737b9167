"""kmseg clv: text, JSON and files agree, and the published numbers of CDNOW come out."""

import csv
import io
import json

import h5py
import pytest
from command import DATASETS, ok, refused, run

SUMMARY = DATASETS / "cdnow" / "cdnow_customers_summary_with_transactions.csv"
LOG = DATASETS / "cdnow" / "CDNOW_sample.txt"


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """A generated order log, for what does not need real customers."""
    path = tmp_path_factory.mktemp("clv") / "orders.csv"
    ok("generate", "orders", "--n-customers", 1500, "--seed", 3, "-o", path)
    return path


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory):
    if not LOG.exists():
        pytest.skip(f"{LOG.name} is not here: set KMSEG_DATASETS")
    path = tmp_path_factory.mktemp("cdnow") / "cdnow.csv"
    lines = [line.split() for line in LOG.read_text().splitlines()]
    path.write_text("customer,date,quantity,amount\n" +
                    "".join(",".join(line[1:]) + "\n" for line in lines))
    return path


def values(model):
    return {name: row["value"] for name, row in model["parameters"].items()}


def test_json_has_the_published_numbers_and_says_every_choice():
    if not SUMMARY.exists():
        pytest.skip("CDNOW is not here: set KMSEG_DATASETS")
    report = json.loads(ok("clv", SUMMARY, "--horizon", 39, "--json"))
    assert values(report["purchases"]) == pytest.approx(
        {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}, abs=1e-3)
    assert values(report["spend"]) == pytest.approx(
        {"p": 6.249, "q": 3.745, "gamma": 15.448}, abs=1e-3)
    assert report["purchases"]["log_likelihood"] == pytest.approx(-9582.43, abs=0.01)
    assert report["spend"]["log_likelihood"] == pytest.approx(-4055.92, abs=0.01)
    assert report["spend"]["n_customers"] == 946
    assert report["spend"]["mean_spend"] == pytest.approx(35.171, abs=1e-3)
    assert report["spend"]["correlated"] is False
    assert (report["unit"], report["horizon"], report["months"]) == ("weeks", 39, 12)
    assert report["discount_rate"] == 0.01 and report["holdout"] is None
    assert all(row["standard_error"] > 0 for row in report["purchases"]["parameters"].values())
    months = [row["months"] for row in report["new_customer"]]
    assert months == sorted(months)


def test_text_and_json_say_the_same(cdnow):
    words = ["clv", cdnow, "--zero-price", "keep", "--holdout", "1997-10-01"]
    text, report = ok(*words), json.loads(ok(*words, "--json"))
    assert "still customers" in text and "not to be relied on" not in text
    assert all(len(line) <= 100 for line in text.splitlines() if not line.startswith(("Read", "customer_id")))
    legend = text.split("\nx  ")[2]
    assert "weeks from the first purchase to the end of the observation" in legend
    assert all(f"\n{name} " in legend for name in ("t_x", "T", "mean_spend", "p_alive", "clv"))
    assert "2,357, of whom 946 bought again, 2,457 times in all" in text
    assert "Observed          1997-01-01 to 1997-09-30" in text
    rows = text.split("repeat purchases before")[1].splitlines()[1:9]
    for line, row in zip(rows, report["holdout"]["by_x"], strict=True):
        x, n, actual, predicted = line.replace(",", "").split()
        assert x == f"{row['x']}{'+' if row['and_more'] else ''}"
        assert int(n) == row["n_customers"]
        assert float(actual) == pytest.approx(row["actual"], abs=5e-4)
        assert float(predicted) == pytest.approx(row["predicted"], abs=5e-4)
    assert report["holdout"]["length"] == 39
    assert f"{report['holdout']['correlation']:.3f}" in text
    assert report["orders"]["observation_end"] == "1997-09-30"


def test_files_have_a_row_per_customer_and_can_be_clustered(cdnow, tmp_path):
    words = ["clv", cdnow, "--until", "1997-10-01"]
    ok(*words, "-o", tmp_path / "clv.h5", "-q")
    ok(*words, "-o", tmp_path / "clv.csv", "-q")
    piped = run(*words, "-o", "-")
    assert piped.stdout == (tmp_path / "clv.csv").read_text()
    assert "BG/NBD" in piped.stderr
    rows = list(csv.DictReader(io.StringIO(piped.stdout)))
    with h5py.File(tmp_path / "clv.h5") as f:
        for name in ("x", "t_x", "T", "p_alive", "churn_risk", "expected_purchases",
                     "expected_spend", "clv"):
            assert f["columns"][name][:].tolist() == [float(row[name]) for row in rows], name
        params = json.loads(f["params"].asstr()[()])
        roles = {name: f["columns"][name].attrs["role"].decode() for name in f["columns"]}
    report = json.loads(ok(*words, "--json"))
    assert params == report
    assert roles["customer_id"] == "id" and roles["churn_risk"] == "feature"
    assert report["total_clv"] == pytest.approx(sum(float(row["clv"]) for row in rows))
    assert all(0 <= float(row["churn_risk"]) <= 1 for row in rows)
    # What was written is a summary itself, and gives the same.
    again = json.loads(ok("clv", tmp_path / "clv.csv", "--json"))
    assert values(again["purchases"]) == values(report["purchases"])
    fit = json.loads(ok("fit", tmp_path / "clv.h5", "-k", 3, "--json"))
    assert len(fit["segments"]) == 3


def test_the_columns_join_those_of_features(orders, tmp_path):
    ok("features", orders, "-o", tmp_path / "customers.h5", "-q")
    ok("clv", orders, "-o", tmp_path / "clv.h5", "-q")
    fit = json.loads(ok("fit", tmp_path / "customers.h5", "-k", 3, "--json", "--join",
                        f"{tmp_path / 'clv.h5'}:customer_id"))
    assert sum(segment["customers"] for segment in fit["segments"]) == 1500
    assert "churn_risk" in json.dumps(fit)


def test_threads_and_the_order_of_lines_change_no_byte(orders, tmp_path):
    lines = orders.read_text().splitlines(keepends=True)
    shuffled = tmp_path / "orders.csv"
    shuffled.write_text(lines[0] + "".join(sorted(lines[1:], key=lambda line: hash(line) % 997)))
    tables = set()
    for source, threads in ((orders, 1), (orders, 3), (shuffled, 2)):
        ok("clv", source, "--threads", threads, "-o", tmp_path / "clv.csv", "-q")
        tables.add((tmp_path / "clv.csv").read_bytes())
    assert len(tables) == 1


def test_what_cannot_be_done_is_refused_with_the_file_and_what_to_do(orders, tmp_path):
    out = tmp_path / "out.csv"
    refused(1, "clv", orders, "--holdout", "1900-01-01", "-o", out, says=["orders.csv", "later"])
    refused(1, "clv", orders, "--holdout", "2999-01-01", says=["orders.csv", "earlier"])
    refused(1, "clv", orders, "--holdout", "soon", says=["--holdout", "soon"])
    refused(1, "clv", orders, "--min-customers", 10 ** 6, says=["orders.csv", "--min-customers"])
    refused(1, "clv", orders, "--discount-rate", 2, says=["discount-rate", "between 0 and 1"])
    refused(1, "clv", orders, "--input", "summary", says=["--x", "repeat purchases"])
    refused(1, "clv", tmp_path / "none.csv", says=["none.csv"])
    refused(2, "clv", orders, "-o", tmp_path / "out.txt", says=[".csv", ".h5"])
    refused(2, "clv", orders, "-o", orders, says=["the input itself"])
    refused(2, "clv", orders, "--unit", "years", says=["weeks", "days"])
    ok("features", orders, "-o", tmp_path / "customers.h5", "-q")
    refused(1, "clv", tmp_path / "customers.h5", says=["customers.h5", "order log itself"])
    assert not out.exists()


def test_where_nobody_seems_to_leave_it_says_so(tmp_path):
    """Everybody bought at the very end: BG/NBD has no best fit, and NBD takes its place."""
    path = tmp_path / "in.csv"
    path.write_text("customer_id,x,t_x,T\n" + "".join(
        f"{i},{x},{40 if x else 0},40\n" for i, x in enumerate([0, 0, 0, 1, 1, 2, 4, 9] * 50)))
    out = tmp_path / "out.h5"
    report = json.loads(ok("clv", path, "--horizon", 20, "-o", out, "--json"))
    model = report["purchases"]
    assert model["model"] == "NBD" and set(model["parameters"]) == {"r", "alpha"}
    assert report["mean_p_alive"] == 1
    r, alpha = (model["parameters"][name]["value"] for name in ("r", "alpha"))
    rows = list(csv.DictReader(io.StringIO(ok("clv", path, "--horizon", 20, "-o", "-"))))
    for row in rows[:50]:
        shape = r + float(row["x"])
        assert float(row["p_alive"]) == 1
        assert float(row["expected_purchases"]) == pytest.approx(shape * 20 / (alpha + 40))
        assert float(row["churn_risk"]) == pytest.approx(((alpha + 40) / (alpha + 60)) ** shape)
    with h5py.File(out) as file:
        assert b"NBD" in json.dumps(json.loads(file["params"].asstr()[()])).encode()
    text = " ".join(ok("clv", path).split())
    assert "How they buy: NBD" in text and "nobody seems to leave" in text
    assert "by assumption" in text and " a 0" not in text


def test_online_retail_before_september_is_foretold_without_anybody_leaving():
    log = DATASETS / "online_retail" / "online_retail.csv.gz"
    if not log.exists():
        pytest.skip("online_retail is not here: set KMSEG_DATASETS")
    report = json.loads(ok("clv", log, "--holdout", "2011-09-01", "--json"))
    assert report["purchases"]["model"] == "NBD"
    assert report["purchases"]["log_likelihood"] == pytest.approx(-21755.35, abs=0.01)
    assert report["holdout"]["actual"] == 4806
    assert report["holdout"]["predicted"] == pytest.approx(3633, abs=1)


@pytest.mark.parametrize("content, says", [
    ("", ["empty"]),
    ("x,t_x,T\n", ["no rows"]),
    ("x,t_x,T\n1,2,3\n", ["1 customers", "--min-customers"]),
    ("x,t_x,T\n" + "0,0,5\n" * 200, ["none of 200 customers"]),
    ("x,t_x,T\n" + "1,2,3\n" * 200 + "1,,3\n", ["row 201", "t_x"]),
    ("x,t_x,T\n" + "1,2,3\n" * 200 + "1,4,3\n", ["row 201", "between 0 and T"]),
    ("x,t_x,T\n" + "one,2,3\n" * 200, ["column x"]),
    ("x,t_x,T\n" + "2,3,4\n" * 200, ["BG/NBD", "cannot be fitted"]),
])
def test_hostile_summaries_are_refused(tmp_path, content, says):
    path = tmp_path / "in.csv"
    path.write_text(content)
    refused(1, "clv", path, "--input", "summary", says=says)
