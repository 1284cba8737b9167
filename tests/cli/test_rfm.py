"""kmseg rfm: from orders or customers to scores and segments, as text, JSON, CSV and HDF5."""

import csv
import io
import json

import h5py
import pytest
from command import ok, refused, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rfm")
    ok("generate", "orders", "--n-customers", 900, "--seed", 5, "-o", folder / "orders.csv")
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5")
    ok("features", folder / "orders.csv", "-o", folder / "customers.csv")
    return folder


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("scoring", ["edges", "ntile", "nested"])
def test_orders_and_customers_of_any_format_get_the_same_codes(folder, scoring):
    codes = []
    for name in ("orders.csv", "customers.h5", "customers.csv"):
        table = rows(ok("rfm", folder / name, "--scoring", scoring, "-o", "-"))
        codes.append([(row["customer_id"], row["rfm_code"], row["rfm_segment"]) for row in table])
    assert codes[0] == codes[1] == codes[2] and len(codes[0]) > 500
    assert {code for _, code, _ in codes[0]} >= {"111", "555"}


def test_the_file_has_the_columns_and_the_conventions(folder):
    out = folder / "rfm.h5"
    report = json.loads(ok("rfm", folder / "customers.h5", "-o", out, "--json"))
    with h5py.File(out) as file:
        assert json.loads(file["params"][()]) == report
        scores = file["columns/f_score"][:]
        for score, count in enumerate(report["frequency"]["counts"], 1):
            assert (scores == score).sum() == count
        cells = report["recency_by_frequency"]
        recency = file["columns/r_score"][:]
        assert cells[4][0] == ((recency == 5) & (scores == 1)).sum()
        assert [sum(row) for row in cells] == report["recency"]["counts"]
        assert [sum(column) for column in zip(*cells)] == report["frequency"]["counts"]
        edges = report["frequency"]["edges"]
        values = file["columns/frequency"][:]
        assert all(s == 1 + sum(e < v for e in edges) for s, v in zip(scores, values))
        assert "tenure" in file["columns"], "what was read stays"
    assert sum(s["customers"] for s in report["segments"]) == report["n_customers"]
    assert sum(s["revenue"] for s in report["segments"]) == pytest.approx(report["all"]["revenue"])
    assert any("type-7" in text for text in report["conventions"])


def test_any_number_of_threads_writes_the_same_bytes(folder):
    for threads in (1, 2):
        ok("rfm", folder / "orders.csv", "--threads", threads, "-o", folder / f"t{threads}.h5")
    assert (folder / "t1.h5").read_bytes() == (folder / "t2.h5").read_bytes()


def test_text_shows_scores_segments_and_how_to_read_them(folder):
    text = ok("rfm", folder / "customers.h5")
    for part in ("Scoring         edges, 5 scores", "Limits between scores", "Champions",
                 "How to read it", "Nothing was written"):
        assert part in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_the_grid_is_written_once_edited_and_checked(folder, tmp_path):
    grid = tmp_path / "grid.txt"
    ok("rfm", "--write-grid", grid)
    assert grid.read_text() == ok("rfm", "--write-grid", "-")
    refused(1, "rfm", "--write-grid", grid, says=["is there already"])
    refused(2, "rfm", folder / "customers.h5", "--write-grid", grid, says=["alone"])
    same = [folder / "customers.h5", "--json"]
    default, given = (json.loads(ok("rfm", *same, *more)) for more in ([], ["--grid", grid]))
    assert default["segments"] == given["segments"]
    grid.write_text(grid.read_text().replace(" 555 ", " ").replace("Lost: 111", "Lost: 111 112 211"))
    refused(1, "rfm", folder / "customers.h5", "--grid", grid,
            says=["grid.txt", "missing: 555", "211 (lines 16 and 17)"])
    grid.write_text("Good: 2** 122\nBad: 111 112 121\n")
    text = ok("rfm", folder / "customers.h5", "--bins", 2, "--grid", grid)
    assert "Good" in text and "Champions" not in text


def test_what_cannot_be_done_says_why(folder, tmp_path):
    customers = folder / "customers.csv"
    refused(2, "rfm", says=["needs a file"])
    refused(1, "rfm", customers, "--bins", "10", says=["--bins", "between 2 and 9"])
    refused(2, "rfm", customers, "--scoring", "edge", says=["edges|ntile|nested|cuts"])
    refused(1, "rfm", customers, "--recency-column", "recenci", says=["did you mean recency?"])
    refused(2, "rfm", customers, "-o", customers, says=["is the input itself"])
    refused(1, "rfm", customers, "--scoring", "cuts", says=["recency_cuts"])
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    refused(1, "rfm", other, says=["no customer table", "recency", "order log", "--customer"])
    ok("rfm", customers, "-o", tmp_path / "once.csv")
    refused(1, "rfm", tmp_path / "once.csv", says=["column r_score already"])
    assert run("rfm", customers, "--quiet").stdout == ""
