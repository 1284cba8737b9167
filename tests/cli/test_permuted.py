"""The order of the customers in a file changes nothing that is said about any of them."""

import csv
import json
import random

import pytest

from command import DATASETS, ok

RETAIL = DATASETS / "online_retail" / "online_retail.csv.gz"
TELCO = DATASETS / "telco" / "Telco-Customer-Churn.csv"


def permuted(path, out, seed):
    with open(path, encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    random.Random(seed).shuffle(rows)
    with open(out, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


# What takes time, and rows that a bound did not decide: nothing about customers.
ASIDE = ("seconds", "seconds_init", "seconds_iterate", "seconds_finish", "n_rechecked")

# Means over all customers as they come, whose last digits follow their order.
ROUNDED = ("silhouette", "silhouette_error", "silhouette_simplified", "davies_bouldin",
           "calinski_harabasz")


def comparable(value, key=""):
    """A JSON value without what is aside; indices to ten digits."""
    if isinstance(value, dict):
        return {k: comparable(v, k) for k, v in value.items()
                if k not in ASIDE and not k.startswith("seconds")}
    if isinstance(value, list):
        return [comparable(v, key) for v in value]
    return float(f"{value:.10g}") if key in ROUNDED and value is not None else value


def said(folder, name, k):
    """What is said of the customers of a file, and the row of each id."""
    fitted = ok("fit", name, "-k", k, "--json", "-o", "segments.h5", cwd=folder)
    ok("predict", "segments.h5", name, "-o", "labels.csv", cwd=folder)
    swept = ok("sweep", name, "-k", "2:7", "--json", cwd=folder)
    chosen = ok("choose-k", name, "-k", "2:4", "--n-references", 3, "--n-bootstraps", 5, "--json",
                cwd=folder)
    with open(folder / "labels.csv", encoding="utf-8") as file:
        rows = sorted(tuple(row.items()) for row in csv.DictReader(file))
    return [comparable(json.loads(text)) for text in (fitted, swept, chosen)], rows


def check(folder, name, k, orders=1):
    (before, rows) = said(folder, name, k)
    assert len(rows) > 1000 and len({s["name"] for s in before[0]["segments"]}) == k
    for seed in range(orders):
        permuted(folder / name, folder / "permuted.csv", seed)
        (after, again) = said(folder, "permuted.csv", k)
        assert again == rows
        assert after == before


@pytest.mark.skipif(not RETAIL.exists(), reason=f"no {RETAIL}")
def test_of_online_retail(tmp_path):
    ok("features", RETAIL, "-o", "customers.csv", cwd=tmp_path)
    check(tmp_path, "customers.csv", 6, orders=2)


@pytest.mark.skipif(not TELCO.exists(), reason=f"no {TELCO}")
def test_of_telco(tmp_path):
    (tmp_path / "telco.csv").write_bytes(TELCO.read_bytes())
    check(tmp_path, "telco.csv", 5)


def test_of_made_up_customers_with_missing_cells(tmp_path):
    ok("generate", "customers", "--n-customers", 12000, "--n-segments", 5, "--missing-rate", 0.05,
       "-o", "customers.csv", cwd=tmp_path)
    check(tmp_path, "customers.csv", 7)
