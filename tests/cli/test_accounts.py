"""Customers that are accounts of several buyers: --join, --customer and --buyer on order logs."""

import csv
import io
import json

import pytest

from command import ok, refused

# A: c1 10 + 20, c2 40; B: c3 5; c9 belongs to nobody, c4 never ordered.
ORDERS = """order_id,contact_id,date,product_id,amount
1,c1,2024-01-01,p1,10
2,c2,2024-01-05,p2,40
3,c1,2024-02-01,p1,20
4,c3,2024-01-10,p3,5
5,c9,2024-01-11,p1,7
"""
CONTACTS = """contact_id,account_id,date
c1,A,1999-01-01
c2,A,1999-01-01
c3,B,1999-01-01
c4,B,1999-01-01
"""
PRODUCTS = "sku,category\np1,tools\np2,paint\np3,paint\n"


@pytest.fixture
def folder(tmp_path):
    for name, text in (("orders", ORDERS), ("contacts", CONTACTS), ("products", PRODUCTS)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def accounts(folder, *words):
    printed = ok("features", "orders.csv", *words, "-o", "-", cwd=folder)
    return {row["customer_id"]: row for row in csv.DictReader(io.StringIO(printed))}


def test_buyers_roll_up_to_their_account_without_an_option_but_the_file(folder):
    refused(1, "features", "orders.csv", "--join", "contacts.csv", cwd=folder,
            says=("several columns", "contacts.csv:KEY"))
    found = accounts(folder, "--join", "contacts.csv:contact_id")
    assert list(found) == ["A", "B"]
    a, b = found["A"], found["B"]
    assert (a["frequency"], a["monetary"], a["recency"], a["tenure"]) == ("3", "70", "1", "32")
    assert (a["n_buyers"], b["n_buyers"]) == ("2", "1")
    assert float(a["main_buyer_share"]) == pytest.approx(40 / 70) and b["main_buyer_share"] == "1"
    assert (b["monetary"], b["recency"]) == ("5", "23")  # to 2024-02-02


def test_what_did_not_match_is_counted_on_either_side(folder):
    report = json.loads(ok("features", "orders.csv", "--join", "contacts.csv:contact_id", "--json",
                           cwd=folder))
    assert report["joins"] == [{"file": "contacts.csv", "key": "contact_id",
                                "file_key": "contact_id", "lines": 5, "lines_without": 1, "rows": 4,
                                "rows_without": 1}]
    assert report["rejected"]["missing_id"] == 1 and report["n_customers"] == 2
    assert report["columns"]["customer"] == "account_id"
    assert report["columns"]["buyer"] == "contact_id"
    text = " ".join(ok("features", "orders.csv", "--join", "contacts.csv:contact_id",
                       cwd=folder).split())
    assert ("Joined contacts.csv by contact_id: it has 4 of 5 lines; 1 of its 4 rows are about no "
            "line" in text)


def test_several_files_join_under_other_names_and_the_log_has_its_own_columns_first(folder):
    found = accounts(folder, "--join", "contacts.csv:contact_id", "--join",
                     "products.csv:product_id=sku")
    assert float(found["A"]["category_share_paint"]) == pytest.approx(40 / 70)
    assert found["B"]["category_share_paint"] == "1"
    assert found["A"]["first_order"].startswith("2024")  # and not the date of contacts.csv


def test_a_buyer_is_named_and_no_buyer_is_none(folder):
    (folder / "orders.csv").write_text(ORDERS.replace("contact_id", "who"))
    found = accounts(folder, "--join", "contacts.csv:who=contact_id", "--buyer", "who")
    assert found["A"]["n_buyers"] == "2"
    assert "n_buyers" not in accounts(folder, "--join", "contacts.csv:who=contact_id")["A"]


def test_every_command_that_reads_orders_joins(folder):
    (folder / "orders.csv").write_text(
        "order_id,contact_id,date,amount\n" + "".join(
            f"{i},c{1 + i % 7},2024-{1 + i % 11:02d}-{1 + i % 27:02d},{5 + i % 13}\n"
            for i in range(150)))
    (folder / "contacts.csv").write_text("contact_id,account_id\n" + "".join(
        f"c{i},A{i % 5}\n" for i in range(1, 8)))
    join = ("--join", "contacts.csv:contact_id")
    for command in ("rfm", "tier", "lifecycle"):
        printed = ok(command, "orders.csv", *join, cwd=folder)
        assert "Joined" in printed and "5 from orders.csv" in printed, printed
    ok("features", "orders.csv", *join, "-o", "c.h5", cwd=folder)
    refused(1, "rfm", "c.h5", *join, cwd=folder, says=("table of customers", "--join"))


def test_accounts_of_one_buyer_are_worth_what_the_buyers_are(tmp_path):
    ok("generate", "orders", "--n-customers", 800, "--seed", 3, "-o", "o.csv", "--truth", "t.csv",
       cwd=tmp_path)
    ids = [line.split(",")[0] for line in (tmp_path / "t.csv").read_text().splitlines()[1:]]
    (tmp_path / "a.csv").write_text("who,account_id\n" + "".join(f"{i},{i}\n" for i in ids))
    plain = json.loads(ok("clv", "o.csv", "--json", cwd=tmp_path))
    joined = json.loads(ok("clv", "o.csv", "--join", "a.csv:customer_id=who", "--customer",
                           "account_id", "--json", cwd=tmp_path))
    assert joined["orders"].pop("joins")[0]["rows_without"] == 0
    assert joined == plain


def test_rejected_lines_keep_the_columns_of_the_log(folder):
    ok("features", "orders.csv", "--join", "contacts.csv:contact_id", "--rejected", "rejected.csv", "-q",
       cwd=folder)
    (row,) = csv.DictReader(io.StringIO((folder / "rejected.csv").read_text()))
    assert (row["contact_id"], row["rule"], row["line"], row["product_id"]) == (
        "c9", "missing_id", "6", "p1")


def test_what_cannot_be_joined_says_why(folder):
    refused(1, "features", "orders.csv", "--join", "contacts.csv:nr", cwd=folder,
            says=("contacts.csv", "nr"))
    refused(1, "features", "orders.csv", "--join", "contacts.csv:x=contact_id", cwd=folder,
            says=("x",))
    refused(1, "features", "orders.csv", "--join", "nothing.csv:contact_id", cwd=folder,
            says=("nothing.csv",))
    refused(1, "features", "orders.csv", "--join", ":contact_id", cwd=folder,
            says=("--join", "contacts.csv:contact_id"))
    refused(1, "features", "orders.csv", "--join", "products.csv", cwd=folder,
            says=("products.csv", "name the key"))
    (folder / "size.csv").write_text("contact_id,employees\nc1,3\n")
    refused(1, "features", "orders.csv", "--join", "size.csv:contact_id", cwd=folder,
            says=("size.csv", "kmseg fit --join"))
    (folder / "twice.csv").write_text("contact_id,account_id\nc1,A\nc1,B\n")
    refused(1, "features", "orders.csv", "--join", "twice.csv:contact_id", cwd=folder,
            says=("twice.csv", "c1 in rows 1 and 2"))
    refused(1, "features", "orders.csv", *(["--join", "contacts.csv:contact_id"] * 5), cwd=folder,
            says=("at most 4",))
