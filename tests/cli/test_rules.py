"""kmseg rules: classes from a text file, as text, JSON, CSV and HDF5; and what is refused."""

import csv
import io
import json
import re

import h5py
import pytest
from command import ROOT, ok, refused

CUSTOMERS = """id,age,city,since,spend,frequency,monetary
1,20,Rome,2024-01-05,10,1,10
2,40,Oslo,2023-05-01,,2,30
3,,Rome,2022-01-01,30,3,60
4,70,,,5,1,5
"""
RULES = """# two classings
[band]
young: age < 30
old:   age >= 60 or since < 2023-01-01
default: middle

[care]
visit: band = old and city is not missing
call:  spend is missing or not city = Rome   # 4 has no city: unknown
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "rules.txt").write_text(RULES)
    return tmp_path


def classed(folder, *more):
    text = ok("rules", folder / "customers.csv", "--rules", folder / "rules.txt", "-o", "-", *more)
    return list(csv.DictReader(io.StringIO(text)))


def test_each_customer_gets_the_class_of_the_first_rule_that_is_true(folder):
    table = classed(folder)
    assert [row["band"] for row in table] == ["young", "middle", "old", "old"]
    assert [row["care"] for row in table] == ["", "call", "visit", ""]
    assert [row["band_rule"] for row in table] == [
        "1: age < 30", "default", "2: age >= 60 or since < 2023-01-01",
        "2: age >= 60 or since < 2023-01-01"]
    assert table == classed(folder, "--threads", 1)


def test_the_file_and_json_have_classes_and_rules(folder):
    out = folder / "classed.h5"
    report = json.loads(ok("rules", folder / "customers.csv", "-r", folder / "rules.txt", "-o", out,
                           "--json"))
    band, care = report["classings"]
    assert [(c["name"], c["customers"], c["revenue"]) for c in band["classes"]] == [
        ("young", 1, 10), ("old", 2, 65), ("middle", 1, 30)]
    assert [r["customers"] for r in band["rules"]] == [1, 2, 1]
    assert band["rules"][1]["line"] == 4 and band["rules"][2]["when"] is None
    assert care["n_unclassed"] == 2
    with h5py.File(out) as file:
        assert json.loads(file["params"][()]) == report
        assert {"band", "band_rule", "care", "care_rule", "age"} <= set(file["columns"])


def test_text_shows_classes_rules_and_notes(folder):
    text = ok("rules", folder / "customers.csv", "--rules", folder / "rules.txt")
    for part in ("none of the above", "age >= 60 or since < 2023-01-01", "How to read it",
                 "[care] has no class for 2 customers", "Nothing was written"):
        assert part in text


@pytest.mark.parametrize("rules, says", [
    ("[a]\nx: age <\n", "line 2, column 9: expected a number, a text or a date"),
    ("[a]\nx: age = and\n", 'expected a number, a text or a date, found "and"'),
    ("[a]\nx: sped < 5\n", "line 2, column 4: no column sped; did you mean spend?"),
    ("[a]\nx: city > 5\n", "line 2, column 9: column city holds text"),
    ("x: age < 5\n", "expected [name]"),
    ("", "has no rules"),
    ("[a]\nx: \x1b[31m < 5\n", "line 2, column 4"),
])
def test_rules_that_cannot_be_read_are_refused_with_their_place(folder, rules, says):
    (folder / "rules.txt").write_text(rules)
    message = refused(1, "rules", folder / "customers.csv", "--rules", folder / "rules.txt",
                      says=["rules.txt", says])
    assert "\x1b" not in message


def test_misuse_says_what_is_needed(folder):
    customers = folder / "customers.csv"
    refused(2, "rules", customers, says=["--rules FILE"])
    refused(1, "rules", customers, "--rules", folder / "none.txt", says=["none.txt"])
    refused(1, "rules", customers, "--rules", folder, says=["cannot read"])
    refused(2, "rules", customers, "--rules", customers, "-o", customers, says=["input itself"])


def test_the_examples_of_the_page_can_be_read(folder):
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    example = re.search(r"```\n(# needs.txt.*?)```", page, re.DOTALL).group(1)
    (folder / "needs.txt").write_text(example)
    (folder / "all.csv").write_text("recency,discount_share,mean_order_value,channel\n"
                                    "10,0.01,900,web\n100,0.5,20,outlet\n400,0.1,20,web\n")
    text = ok("rules", folder / "all.csv", "--rules", folder / "needs.txt", "-o", "-")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [(row["interaction"], row["risk"], row["action"]) for row in table] == [
        ("active", "bold", ""), ("silent", "careful", ""), ("lost", "neutral", "win back")]
