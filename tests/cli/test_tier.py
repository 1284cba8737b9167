"""kmseg tier and kmseg lifecycle: classes of value and of time, as text, JSON, CSV and HDF5."""

import csv
import io
import json

import h5py
import pytest
from command import ok, refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tier")
    ok("generate", "orders", "--n-customers", 700, "--seed", 8, "-o", folder / "orders.csv")
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5")
    ok("features", folder / "orders.csv", "-o", folder / "customers.csv")
    return folder


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_tiers_are_the_same_from_orders_and_from_customers(folder):
    tables = [rows(ok("tier", folder / name, "-o", "-"))
              for name in ("orders.csv", "customers.h5", "customers.csv")]
    tiers = [[(row["customer_id"], row["tier"], row["tier_rank"]) for row in t] for t in tables]
    assert tiers[0] == tiers[1] == tiers[2] and {t for _, t, _ in tiers[0]} == {"A", "B", "C"}
    ranked = sorted(tables[0], key=lambda row: float(row["tier_rank"]))
    total, before = sum(float(row["monetary"]) for row in ranked), 0.0
    for row in ranked:
        assert float(row["tier_share_before"]) == pytest.approx(100 * before / total, abs=1e-9)
        before += float(row["monetary"])


def test_the_tier_file_has_the_columns_and_the_conventions(folder):
    out = folder / "tiers.h5"
    report = json.loads(ok("tier", folder / "customers.h5", "-o", out, "--json", "--weights",
                           "monetary=0.6,recency=-0.4", "--column", "core"))
    with h5py.File(out) as file:
        assert json.loads(file["params"][()]) == report
        levels = [name.decode() for name in file["levels/core"][:]]
        codes = file["columns/core"][:]
        for tier in report["tiers"]:
            assert (codes == levels.index(tier["name"])).sum() == tier["customers"]
        assert {"core_rank", "core_score", "tenure"} <= set(file["columns"])
    assert report["method"] == "percentile" and report["score"][1]["weight"] == -0.4


def test_tiers_add_up_in_a_chain_of_commands(folder):
    ok("rfm", folder / "customers.h5", "-o", folder / "a.h5")
    ok("tier", folder / "a.h5", "-o", folder / "b.h5")
    ok("tier", folder / "b.h5", "--value", "frequency", "--thresholds", "2,5", "--names",
       "often,some,once", "--column", "visits", "-o", folder / "c.h5")
    table = rows(ok("lifecycle", folder / "c.h5", "-o", "-"))
    direct = rows(ok("lifecycle", folder / "orders.csv", "-o", "-"))
    assert [row["lifecycle"] for row in table] == [row["lifecycle"] for row in direct]
    assert {"rfm_code", "tier", "visits", "lifecycle", "lifecycle_reason"} <= set(table[0])
    refused(1, "tier", folder / "b.h5", says=["column tier already"])


def test_a_table_without_single_gaps_has_estimated_thresholds(folder):
    """A CSV keeps each customer's mean days between orders, and not the days themselves."""
    exact = json.loads(ok("lifecycle", folder / "customers.h5", "--json"))
    found = json.loads(ok("lifecycle", folder / "customers.csv", "--json"))
    assert exact["estimated_from"] is None and found["estimated_from"] == "gap_mean"
    assert found["n_gaps"] == exact["n_gaps"]
    for name in ("warn_days", "lost_days"):
        assert found[name] == pytest.approx(exact[name], rel=0.25)
    text = " ".join(ok("lifecycle", folder / "customers.csv").split())
    assert "estimated, see the notes" in text and "estimated from gap_mean" in text
    table = rows((folder / "customers.csv").read_text())
    (folder / "plain.csv").write_text("customer_id,recency,frequency,monetary\n" + "".join(
        f"{row['customer_id']},{row['recency']},{row['frequency']},{row['monetary']}\n"
        for row in table))
    refused(1, "lifecycle", folder / "plain.csv", says=[
        "plain.csv", "three ways", "order log", "gap_mean", "--warn-days and --lost-days"])
    refused(1, "lifecycle", folder / "plain.csv", "--warn-days", 30, says=["--lost-days"])
    ok("lifecycle", folder / "plain.csv", "--warn-days", 30, "--lost-days", 90)


def test_text_is_narrow_and_says_how_to_read_it(folder):
    for words in (["tier", folder / "customers.h5"],
                  ["tier", folder / "customers.h5", "--weights", "monetary=1,frequency=1"],
                  ["lifecycle", folder / "orders.csv"]):
        text = ok(*words)
        assert "How to read it" in text and "Nothing was written" in text
        assert all(len(line) <= 100 for line in text.splitlines() if str(folder) not in line)


def test_what_tier_cannot_do_says_why(folder):
    customers = folder / "customers.csv"
    refused(1, "tier", customers, "--value", "monetry", says=["monetry"])
    refused(1, "tier", customers, "--shares", "95,80", says=["shares", "larger"])
    refused(2, "tier", customers, "--method", "best", says=["abc|percentile|thresholds"])
    refused(2, "tier", customers, "--weights", "monetary", says=["--weights", "monetary=0.5"])
    refused(1, "tier", customers, "--weights", "monetary=x", says=["weights"])
    refused(1, "tier", customers, "--names", "a,b", says=["3 different names"])


def test_lifecycle_fits_its_thresholds_to_the_data(folder):
    report = json.loads(ok("lifecycle", folder / "orders.csv", "--json"))
    gaps = report["days_between_orders"]
    assert report["warn_days"] == gaps["percentiles"][80]
    assert report["lost_days"] == gaps["percentiles"][95] and report["n_gaps"] == gaps["n"] > 100
    assert report["stages"][0] == {**report["stages"][0], "name": "potential", "customers": 0}
    again = json.loads(ok("lifecycle", folder / "customers.h5", "--json"))
    assert again["stages"] == report["stages"], "kmseg features keeps the gaps in its file"
    other = json.loads(ok("lifecycle", folder / "customers.h5", "--warn", 50, "--lost", 99, "--json"))
    assert other["warn_days"] == gaps["percentiles"][50]
    ok("lifecycle", folder / "customers.csv", "--warn-days", 30, "--lost-days", 90)


def test_nobody_is_shown_as_potential_without_a_list(folder):
    assert "potential  " not in ok("lifecycle", folder / "customers.h5")


def test_customers_of_a_list_without_an_order_are_potential(folder, tmp_path):
    known = rows(ok("lifecycle", folder / "orders.csv", "-o", "-"))
    members = tmp_path / "members.csv"
    lines = [row["customer_id"] for row in known[:5]] + ["zz-new", "zz-new", "aa-new", ""]
    members.write_text("who,since\n" + "".join(f"{m},2020-01-01\n" for m in lines))
    out = folder / "listed.h5"
    report = json.loads(ok("lifecycle", folder / "orders.csv", "--customers", f"{members}:who",
                           "-o", out, "--json"))
    assert report["list"] == {"rows": 9, "without_id": 1, "with_orders": 5, "without_orders": 2,
                              "customers_not_listed": len(known) - 5}
    assert report["stages"][0]["customers"] == 2
    table = rows(ok("lifecycle", folder / "customers.h5", "--customers", f"{members}:who", "-o", "-"))
    assert [row["customer_id"] for row in table[-2:]] == ["aa-new", "zz-new"]
    assert table[-1]["lifecycle"] == "potential" and table[-1]["recency"] == ""
    assert table[-1]["frequency"] == "0"
    assert [row["lifecycle"] for row in table[:-2]] == [row["lifecycle"] for row in known]
    refused(1, "lifecycle", folder / "orders.csv", "--customers", f"{members}:whom",
            says=["members.csv", "did you mean who?"])
    refused(1, "lifecycle", folder / "orders.csv", "--customers", tmp_path / "none.csv",
            says=["none.csv"])
