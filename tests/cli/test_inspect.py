"""kmseg inspect: what a person and a program see of a table."""

import json

import pytest

from command import DATASETS, ok, refused


def test_fit_does_what_inspect_suggests(tmp_path):
    rows = "".join(f"{i},{2 ** (i % 12)},{['19-24', '25-34', '35+'][i % 3]},"
                   f"{['a;b', 'b', 'a', 'c;a', 'b;c', 'c'][i % 6]},x\n" for i in range(1, 61))
    (tmp_path / "c.csv").write_text("customer_id,spend,age,tags,same\n" + rows)
    seen = json.loads(ok("inspect", "c.csv", "--json", cwd=tmp_path))
    used = {c["name"]: c for c in seen["columns"] if c["use"] == "feature"}
    assert list(used) == ["spend", "age", "tags"]
    assert seen["id"] == "customer_id"
    assert seen["columns"][4]["notes"] == ["left out, it has the same value in every row"]
    assert abs(sum(c["share"] for c in used.values()) - 1) < 1e-12
    fitted = json.loads(ok("fit", "c.csv", "-k", 3, "--json", cwd=tmp_path))["prepare"]
    assert [(c["name"], c["transform"], c["scale"]) for c in fitted["columns"]] == [
        (name, c["transform"], c["encoding"]) for name, c in used.items()]
    said = [f"{c['name']}: {note}" for c in seen["columns"] for note in c["notes"]]
    assert sorted(said) == sorted(note for note in fitted["notes"] if ": " in note)
    printed = ok("inspect", "c.csv", cwd=tmp_path)
    assert "age: ordered, 19-24 < 25-34 < 35+" in printed
    assert "The giant segment" in printed


def test_a_table_that_fit_refuses_is_shown_all_the_same(tmp_path):
    (tmp_path / "c.csv").write_text("customer_id,x\n1,2\n1,3\n2,4\n")
    printed = ok("inspect", "c.csv", cwd=tmp_path)
    assert "kmseg fit would stop here: customer_id 1 is in rows 1 and 2" in " ".join(printed.split())
    refused(1, "inspect", "nothing.csv", cwd=tmp_path, says=("nothing.csv",))
    refused(1, "inspect", "c.csv", "--transform", "boxcox", cwd=tmp_path, says=("boxcox", "log1p"))


def test_online_retail_shows_its_giant_segment(tmp_path):
    data = DATASETS / "online_retail" / "online_retail.csv.gz"
    if not data.exists():
        pytest.skip("data set online_retail is not here; set KMSEG_DATASETS to its folder")
    ok("features", data, "-o", "c.h5", cwd=tmp_path)
    trial = json.loads(ok("inspect", "c.h5", "--json", cwd=tmp_path))["trial"]
    assert trial["largest_share_raw"] > 0.6 > 0.35 > trial["largest_share_suggested"]


def test_telco_types_and_blanks_are_found_without_any_option(tmp_path):
    data = DATASETS / "telco" / "Telco-Customer-Churn.csv"
    if not data.exists():
        pytest.skip("data set telco is not here; set KMSEG_DATASETS to its folder")
    seen = json.loads(ok("inspect", data, "--json", cwd=tmp_path))
    assert (seen["n_rows"], seen["id"], len(seen["columns"])) == (7043, "customerID", 21)
    numbers = {c["name"] for c in seen["columns"] if c["type"] == "number"}
    assert numbers == {"SeniorCitizen", "tenure", "MonthlyCharges", "TotalCharges"}
    assert {c["name"]: c["missing"] for c in seen["columns"] if c["missing"]} == {"TotalCharges": 11}
