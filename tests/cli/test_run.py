"""kmseg run: everything from one command, and the file of its options."""

import csv
import hashlib
import json
import pathlib

import h5py
import pytest
from command import DATASETS, ok, refused, run

REPORTS = {"features", "rfm", "lifecycle", "tier", "clv", "choice", "input"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    ok("generate", "orders", "--n-customers", 900, "--seed", 4, "-o", folder / "orders.csv")
    return folder


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in pathlib.Path(folder).iterdir()}


def reports(path):
    with h5py.File(path) as file:
        return {name: json.loads(text[()]) for name, text in file["reports"].items()}


def test_orders_become_files_that_agree_with_the_single_commands(folder, tmp_path):
    printed = ok("run", folder / "orders.csv", "-o", tmp_path / "out", "-k", "2:5")
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir()} >= {"customers.h5", "segments.h5", "assignments.csv",
                                               "assignments.mapping.csv", "report.html",
                                               "report.md", "report.json"}
    ok("report", out / "segments.h5", "-o", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (out / "report.html").read_bytes()
    for step in ("features", "rfm", "lifecycle", "tier", "clv", "choose-k", "fit", "save", "report"):
        assert any(line.startswith(step + " ") for line in printed.splitlines()), step
    kept = reports(out / "segments.h5")
    assert REPORTS - {"input"} <= set(kept)
    for command in ("rfm", "lifecycle", "tier"):
        alone = json.loads(ok(command, folder / "orders.csv", "--json"))
        assert kept[command] == alone, command
    assert kept["features"] == json.loads(ok("features", folder / "orders.csv", "--json"))
    alone = json.loads(ok("clv", folder / "orders.csv", "--json"))
    assert kept["clv"]["total_clv"] == alone["total_clv"]
    with h5py.File(out / "segments.h5") as file:
        names = [n.decode() for n in file["profile/columns/name"]]
        assert {"rfm_segment", "tier", "lifecycle", "clv", "churn_risk"} <= set(names)
        clustered = {n for n, c in zip(names, file["profile/columns/clustered"]) if c}
        assert clustered == {"recency", "frequency", "monetary"} # classes and forecasts make none
        ids = file["ids"].asstr()[:]
        labels = file["labels"][:]
        assert kept["choice"]["taken"] == file.attrs["n_segments"]
    with open(out / "assignments.csv", encoding="utf-8") as rows:
        exported = {row["id"]: row for row in csv.DictReader(rows)}
    assert {i: str(s + 1) for i, s in zip(ids, labels)} == \
        {i: row["segment"] for i, row in exported.items()}
    assert all(row["tier"] in "ABC" for row in exported.values())
    # and the fit is that of the customers on their own
    ok("features", folder / "orders.csv", "-o", tmp_path / "c.h5")
    ok("fit", tmp_path / "c.h5", "-k", len(set(labels)), "-o", tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5") as file:
        assert (file["labels"][:] == labels).all()


def test_without_a_model_of_spend_purchases_are_foretold_all_the_same(tmp_path):
    ok("generate", "orders", "--n-customers", 40000, "--n-orders", 200000, "--seed", 1, "-o",
       tmp_path / "o.csv") # whose spend has no mean by the Gamma-Gamma model
    refused(1, "clv", tmp_path / "o.csv", says=["Gamma-Gamma"])
    done = json.loads(ok("run", tmp_path / "o.csv", "-k", "4", "--json", "-o", tmp_path / "out"))
    clv = next(step for step in done["steps"] if step["name"] == "clv")
    assert not clv["left_out"] and "no spend: the Gamma-Gamma model does not suit" in clv["text"]
    assert reports(tmp_path / "out" / "segments.h5")["clv"]["spend"] is None
    with open(tmp_path / "out" / "assignments.csv", encoding="utf-8") as rows:
        first = next(csv.DictReader(rows))
    assert 0 <= float(first["risk"]) <= 1 and "clv" not in first


def test_the_same_files_and_seed_give_the_same_bytes(folder, tmp_path):
    words = ["run", folder / "orders.csv", "-q", "-k", "3:4", "-o", tmp_path / "out"]
    assert ok(*words) == ""
    first = digests(tmp_path / "out")
    ok(*words, "--threads", "1")
    assert digests(tmp_path / "out") == first


def test_a_number_is_not_chosen_and_steps_are_left_out_as_asked(folder, tmp_path):
    out = tmp_path / "out"
    printed = ok("run", folder / "orders.csv", "-k", "4", "--skip", "clv, tier,report", "--export", "",
                 "-o", out)
    assert not {"choose-k", "clv", "tier"} & {line.split(" ")[0] for line in printed.splitlines()}
    assert {"choice", "clv", "tier"}.isdisjoint(reports(out / "segments.h5"))
    assert not list(out.glob("*.csv")) and not list(out.glob("report.*"))
    with h5py.File(out / "segments.h5") as file:
        assert file.attrs["n_segments"] == 4


def test_json_has_steps_with_their_times_and_the_segments(folder, tmp_path):
    done = json.loads(ok("run", folder / "orders.csv", "-k", "3", "--json", "-o", tmp_path / "out"))
    assert [s["name"] for s in done["steps"]][:2] == ["features", "rfm"]
    assert all(s["seconds"] >= 0 for s in done["steps"])
    assert len(done["segments"]["segments"]) == 3


def test_a_table_of_customers_says_what_it_cannot_give(tmp_path):
    ok("generate", "customers", "--n-customers", 500, "-o", tmp_path / "c.csv")
    done = json.loads(ok("run", tmp_path / "c.csv", "-k", "3", "--json", "-o", tmp_path / "out"))
    left_out = {s["name"] for s in done["steps"] if s["left_out"]}
    assert "clv" in left_out and done["steps"][0]["name"] == "customers"
    assert (tmp_path / "out" / "segments.h5").exists()


def test_labels_and_formats_go_into_the_export(folder, tmp_path):
    out = tmp_path / "out"
    ok("run", folder / "orders.csv", "-k", "3", "-q", "-o", out)
    ok("profile", out / "segments.h5", "--write-labels", tmp_path / "labels.txt")
    text = (tmp_path / "labels.txt").read_text()
    assert "action" in text
    ok("run", folder / "orders.csv", "-k", "3", "-q", "-o", out, "--labels", tmp_path / "labels.txt",
       "--export", "hubspot,zoho")
    assert {"hubspot.csv", "zoho.csv"} <= {p.name for p in out.iterdir()}


def test_options_from_a_file_are_those_of_the_flags(folder, tmp_path):
    flags = ["-k", "3", "--seed", "11", "--skip", "clv", "--until", "2024-06-01", "--no-spend"]
    config = tmp_path / "run.conf"
    ok("run", folder / "orders.csv", *flags, "-o", tmp_path / "a", "--write-config", config)
    assert not (tmp_path / "a").exists() # it only writes the options
    active = [line for line in config.read_text().splitlines() if line[:1] not in ("", "#")]
    assert f"input = {folder / 'orders.csv'}" in active and "n-clusters = 3" in active
    assert "spend = no" in active
    ok("run", folder / "orders.csv", *flags, "-q", "-o", tmp_path / "b")
    ok("run", "--config", config, "-q")
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    ok("run", "--config", config, "-k", "4", "-q", "-o", tmp_path / "c") # a flag goes over it
    with h5py.File(tmp_path / "c" / "segments.h5") as file:
        assert file.attrs["n_segments"] == 4
    refused(1, "run", "--write-config", config, says=["run.conf", "already"])
    assert ok("run", "--write-config", "-").startswith("# ")


@pytest.mark.parametrize("line, says", [
    ("n-clusterz = 3", ["line 2", "n-clusterz"]),
    ("just words", ["line 2", "name = value"]),
    ("= 3", ["line 2"]),
    ("n-clusters = many", ["n-clusters", "many"]),
    ("x" * 5000, ["line 2"]),
])
def test_a_file_of_options_that_cannot_be_read_is_refused_by_line(tmp_path, line, says):
    (tmp_path / "c.conf").write_text("# a comment\n" + line + "\n")
    refused(2, "run", "x.csv", "-o", tmp_path / "out", "--config", tmp_path / "c.conf", says=says)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_done_is_refused_before_any_work(folder, tmp_path):
    orders = folder / "orders.csv"
    refused(2, "run", says=["needs a file"])
    refused(2, "run", orders, says=["-o FOLDER"])
    refused(2, "run", orders, "-o", tmp_path / "o", "--skip", "fits", says=["fits", "lifecycle"])
    refused(2, "run", orders, "-o", tmp_path / "o", "--export", "sap", says=["sap", "crm_formats"])
    refused(2, "run", orders, "-o", tmp_path / "o", "-k", "some", says=["some"])
    refused(1, "run", orders, "-o", tmp_path / "no" / "o", says=["folder"])
    refused(1, "run", tmp_path / "absent.csv", "-o", tmp_path / "o", says=["absent.csv"])
    refused(1, "run", orders, "-o", orders, says=["orders.csv"])
    refused(1, "run", orders, "--config", tmp_path / "absent.conf", says=["absent.conf"])
    refused(1, "run", orders, "--date", "when", "-o", tmp_path / "o", says=["when"])


def real(*names):
    path = DATASETS.joinpath(*names)
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def test_online_retail_from_its_lines_to_segments(tmp_path):
    out = tmp_path / "out"
    ok("run", real("online_retail", "online_retail.csv.gz"), "-q", "-o", out)
    kept = reports(out / "segments.h5")
    assert kept["features"]["n_customers"] == 4338
    assert {t["name"]: t["customers"] for t in kept["tier"]["tiers"]} == {"A": 1133, "B": 1469, "C": 1736}
    assert kept["choice"]["recommended"] in (None, 0) and kept["choice"]["taken"] == 5
    with h5py.File(out / "segments.h5") as file:
        assert len(file["ids"]) == 4338
    page = (out / "report.md").read_text()
    assert "taken by a rule" in page and "a decision of the user" not in page
    assert "Champions" in page and "declining" in page and "8,911,408" in page


def test_complete_journey_finds_its_households_in_the_demographics(tmp_path):
    done = json.loads(ok("run", real("complete_journey", "transactions_sample.csv"), "--join",
                         real("complete_journey", "demographics.csv"), "-k", "3", "--json",
                         "-o", tmp_path / "out"))
    join = next(s for s in done["steps"] if s["name"] == "join")
    assert "801 of 2,373" in join["text"]


def test_telco_needs_no_option(tmp_path):
    done = json.loads(ok("run", real("telco", "Telco-Customer-Churn.csv"), "-k", "3", "--json",
                         "-o", tmp_path / "out"))
    assert done["segments"]["n_samples"] == 7043


@pytest.mark.parametrize("more", [
    ["-k", "2:4"],
    ["-k", "3", "--scoring", "ntile", "--bins", "4", "--method", "percentile"],
    ["-k", "2:3", "--scoring", "nested", "--n-references", "0", "--monetary-as", "mean"],
    ["-k", "3", "--method", "thresholds", "--thresholds", "100,1000", "--warn-days", "20", "--lost-days", "60",
     "--trend-margin", "0.1"],
    ["-k", "3", "--weights", "monetary=2,frequency=1", "--winsorise", "monetary=0.02"],
])
def test_a_chinese_report_has_no_sentence_in_english(folder, tmp_path, more):
    ok("run", folder / "orders.csv", "-o", tmp_path / "out", "--lang", "zh", *more)
    text = (tmp_path / "out" / "report.md").read_text()
    assert "口径" in text and "处理过程中的决定" in text
    assert "英文原文" not in text


def test_a_chinese_report_of_customers_has_no_sentence_in_english(tmp_path):
    ok("generate", "customers", "--n-customers", 800, "--missing-rate", "0.1", "-o", tmp_path / "c.csv")
    ok("run", tmp_path / "c.csv", "-o", tmp_path / "out", "--lang", "zh", "-k", "2:4", "--impute",
       "median+indicator", "--scale", "robust")
    text = (tmp_path / "out" / "report.md").read_text()
    assert "处理过程中的决定" in text and "英文原文" not in text
