"""The whole way: orders, customers, segments, labels."""

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest
from command import DATASETS, KMSEG, ok, refused, run


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Orders with four planted segments, their customers, and a fit."""
    folder = tmp_path_factory.mktemp("shop")
    ok("generate", "orders", "--n-customers", 1500, "--n-segments", 4, "--seed", 7,
       "-o", folder / "orders.csv", "--truth", folder / "truth.csv")
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5",
       "--rejected", folder / "rejected.csv")
    ok("fit", folder / "customers.h5", "-k", 4, "-o", folder / "segments.h5")
    return folder


def test_predict_on_the_customers_of_the_fit_gives_the_segments_of_the_fit(shop):
    import h5py

    ok("predict", shop / "segments.h5", shop / "customers.h5", "-o", shop / "labels.csv")
    labels = rows((shop / "labels.csv").read_text())
    with h5py.File(shop / "segments.h5") as file:
        assert [int(row["segment"]) for row in labels] == [x + 1 for x in file["labels"]]
        assert [row["id"] for row in labels] == [x.decode() for x in file["ids"]]
        assert [float(row["distance"]) for row in labels] == list(file["distances"])
    assert list(labels[0]) == [
        "id", "segment", "name", "distance", "margin", "runner_up", "outlying",
    ]
    assert len({row["name"] for row in labels}) == 4
    assert 0 < sum(int(row["outlying"]) for row in labels) <= 0.011 * len(labels) + 4


def test_customers_pass_through_csv_unchanged(shop):
    """The same features from CSV as from HDF5, so the same segments."""
    ok("features", shop / "orders.csv", "-o", shop / "customers.csv")
    ok("predict", shop / "segments.h5", shop / "customers.csv", "-o", shop / "again.csv")
    ok("predict", shop / "segments.h5", shop / "customers.h5", "-o", shop / "labels.csv")
    assert (shop / "again.csv").read_bytes() == (shop / "labels.csv").read_bytes()


def test_labels_go_to_hdf5_and_to_standard_output_too(shop):
    import h5py

    text = ok("predict", shop / "segments.h5", shop / "customers.h5", "-o", "-")
    ok("predict", shop / "segments.h5", shop / "customers.h5", "-o", shop / "labels.h5")
    segments = [int(row["segment"]) for row in rows(text)]
    info = json.loads(ok("info", shop / "labels.h5", "--json"))
    assert info["n_rows"] == len(segments)
    column = next(c for c in info["columns"] if c["name"] == "segment")
    assert column["minimum"] == 1 and column["maximum"] == 4
    assert h5py.is_hdf5(shop / "labels.h5")


def test_every_line_is_kept_or_rejected_once(shop):
    report = json.loads(ok("features", shop / "orders.csv", "--json"))
    n_lines = len(rows((shop / "orders.csv").read_text()))
    n_rejected = len(rows((shop / "rejected.csv").read_text()))
    assert report["n_lines"] == n_lines
    assert sum(report["rejected"].values()) == n_rejected == n_lines - report["n_kept"]


def test_threads_and_kernels_change_no_byte(shop, tmp_path):
    kernels = [row["name"] for row in json.loads(ok("list", "kernels", "--json"))["items"]]
    labels, tables, results = set(), set(), set()
    for threads, name in [(1, "auto"), (2, "auto"), (7, "auto"), *((2, k) for k in kernels)]:
        done = run("list", "--kernels", name)
        if done.returncode != 0:
            continue  # this CPU cannot run them
        same = ["--threads", threads, "--kernels", name]
        ok("features", shop / "orders.csv", "-o", tmp_path / "c.csv", *same)
        ok("fit", tmp_path / "c.csv", "-k", 5, "-o", tmp_path / "s.h5", "-q", *same)
        ok("predict", tmp_path / "s.h5", tmp_path / "c.csv", "-o", tmp_path / "l.csv", *same)
        labels.add((tmp_path / "l.csv").read_bytes())
        tables.add((tmp_path / "c.csv").read_bytes())
        results.add((tmp_path / "s.h5").read_bytes())
    assert len(labels) == len(tables) == len(results) == 1


def test_fit_prints_the_same_text_whatever_the_threads(shop):
    assert ok("fit", shop / "customers.h5", "-k", 3, "--threads", 1) == ok(
        "fit", shop / "customers.h5", "-k", 3, "--threads", 2
    )


def test_tiles_are_what_was_asked_for_and_change_no_result(shop):
    def fit(tiles):
        report = json.loads(ok("fit", shop / "customers.h5", "-k", 4, "--json", "--tiles", tiles))
        fit = report["fit"]
        assert fit.pop("tiles") == tiles
        del fit["seconds"], fit["n_rechecked"]  # they belong to one run
        return report

    assert fit("float32") == fit("float64")


def test_json_says_what_the_text_says(shop):
    report = json.loads(ok("fit", shop / "customers.h5", "-k", 4, "--json"))
    assert report == {**json.loads(ok("info", shop / "segments.h5", "--json")),
                      "fit": report["fit"]}
    assert [s["segment"] for s in report["segments"]] == [1, 2, 3, 4]
    assert sum(s["customers"] for s in report["segments"]) == report["n_samples"]
    assert sum(s["value_share"] for s in report["segments"]) == pytest.approx(1)
    means = [s["value"] / s["customers"] for s in report["segments"]]
    assert means == sorted(means, reverse=True), "segment 1 has the highest mean value"
    assert report["params"]["n_clusters"] == 4 and report["params"]["seed"] == 0
    text = ok("fit", shop / "customers.h5", "-k", 4)
    for segment in report["segments"]:
        assert segment["name"] in text
        assert f"{segment['customers']:,}" in text


def test_planted_segments_are_found(shop):
    """Not all of them, by three features; but far more than chance."""
    truth = {r["customer_id"]: r["segment"] for r in rows((shop / "truth.csv").read_text())}
    ok("predict", shop / "segments.h5", shop / "customers.h5", "-o", shop / "labels.csv")
    pairs = {}
    for row in rows((shop / "labels.csv").read_text()):
        key = row["segment"], truth[row["id"]]
        pairs[key] = pairs.get(key, 0) + 1
    pure = sum(max(n for (s, _), n in pairs.items() if s == segment)
               for segment in {s for s, _ in pairs})
    assert pure / sum(pairs.values()) > 0.6, pairs


def test_quiet_prints_nothing_and_without_output_it_says_so(shop, tmp_path):
    out = tmp_path / "s.h5"
    assert ok("fit", shop / "customers.h5", "-k", 3, "-o", out, "-q") == ""
    assert ok("features", shop / "orders.csv", "-o", tmp_path / "c.csv", "-q") == ""
    for words in (["fit", shop / "customers.h5", "-k", 3], ["features", shop / "orders.csv"],
                  ["predict", out, shop / "customers.h5"]):
        assert "Nothing was written" in ok(*words)


def test_no_progress_and_no_colour_in_a_pipe(shop):
    done = run("fit", shop / "customers.h5", "-k", 3)
    assert done.stderr == "" and "\x1b" not in done.stdout and "\r" not in done.stdout


def test_lines_fit_the_terminal(shop):
    """A pseudo-terminal of 60 columns."""
    import fcntl
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = subprocess.Popen([KMSEG, "fit", str(shop / "customers.h5"), "-k", "4"],
                               stdout=follower, stderr=follower, stdin=subprocess.DEVNULL)
    os.close(follower)
    text = b""
    try:
        while chunk := os.read(leader, 65536):
            text += chunk
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0
    lines = re.sub(r"\x1b\[\d*[mK]", "", text.decode()).replace("\r", "").splitlines()
    body = [line for line in lines if not line.startswith("Next:")]
    assert max(map(len, body)) <= 60, max(body, key=len)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_130_and_leaves_nothing(tmp_path, sent):
    source = tmp_path / "customers.csv"
    ok("generate", "customers", "--n-customers", 60000, "--seed", 3, "-o", source)
    words = ["fit", source, "-k", "40", "--n-init", "100000", "--tol", "0", "-o",
             tmp_path / "out.h5"]
    process = subprocess.Popen([KMSEG, *map(str, words)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(1.5)
    assert process.poll() is None, "it ended before it could be interrupted"
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + sent
    assert out == "" and err == "kmseg: interrupted; nothing was written\n"
    assert [p.name for p in tmp_path.iterdir()] == ["customers.csv"]


def test_features_refuses_orders_it_cannot_read(tmp_path):
    orders = tmp_path / "orders.csv"
    orders.write_text("customer_id,order_date,amount\n1,2024-01-01,5\n")
    ok("features", orders)
    refused(1, "features", orders, "--date", "day", says=["day", "order_date"])
    refused(1, "features", orders, "--reference-date", "soon", says=["soon"])
    orders.write_text("who,order_date,amount\n1,2024-01-01,5\n")
    refused(1, "features", orders, says=["customer", "who"])
    orders.write_text("customer_id,order_date,amount\n1,yesterday,5\n2,today,7\n")
    refused(1, "features", orders, "-o", tmp_path / "c.csv",
            says=["orders.csv", "2 unparsable"])
    assert [p.name for p in tmp_path.iterdir()] == ["orders.csv"]


needs_online_retail = pytest.mark.skipif(
    not (DATASETS / "online_retail" / "online_retail.csv.gz").exists(),
    reason="data set online_retail is not here; set KMSEG_DATASETS to its folder",
)


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory):
    folder = tmp_path_factory.mktemp("online_retail")
    report = json.loads(
        ok("features", DATASETS / "online_retail" / "online_retail.csv.gz", "--reference-date",
           "2011-12-10", "-o", folder / "customers.h5", "--json")
    )
    return folder / "customers.h5", report


@needs_online_retail
def test_online_retail_has_the_published_counts_and_means(online_retail):
    path, report = online_retail
    assert (report["n_kept"], report["n_customers"]) == (397884, 4338)
    assert round(report["total_amount"], 2) == 8911407.90
    columns = {c["name"]: c for c in json.loads(ok("info", path, "--json"))["columns"]}
    assert round(columns["recency"]["mean"], 3) == 93.059
    assert round(columns["frequency"]["mean"], 3) == 4.272
    assert round(columns["monetary"]["mean"], 3) == 2054.266


@needs_online_retail
@pytest.mark.parametrize("k", [4, 5, 6])
def test_online_retail_segments_make_sense(online_retail, k, tmp_path):
    """log1p and z-score of recency, frequency and monetary: the best segment is small, recent and
    frequent and brings far more than its share; the worst has long been away."""
    path, _ = online_retail
    report = json.loads(ok("fit", path, "-k", k, "-o", tmp_path / "s.h5", "--json"))
    assert [(c["name"], c["transform"], c["scale"]) for c in report["prepare"]["columns"]] == [
        (name, "log1p", "zscore") for name in ("recency", "frequency", "monetary")
    ]
    overall = {c["name"]: c["mean"] for c in report["columns"] if c["clustered"]}
    means = [{c["name"]: c["mean"] for c in s["columns"] if "mean" in c}
             for s in report["segments"]]
    first, last = report["segments"][0], means[-1]
    assert first["customer_share"] < 0.25 and first["value_share"] > 2 * first["customer_share"]
    assert means[0]["recency"] < overall["recency"] / 2
    assert means[0]["frequency"] > 2 * overall["frequency"]
    assert last["monetary"] < overall["monetary"] / 2
    assert max(m["recency"] for m in means) > 1.5 * overall["recency"]
    assert min(s["customer_share"] for s in report["segments"]) > 0.02
    assert len({s["name"] for s in report["segments"]}) == k
    labels = ok("predict", tmp_path / "s.h5", path, "-o", "-")
    sizes = [s["customers"] for s in report["segments"]]
    assert [sum(r["segment"] == str(i + 1) for r in rows(labels)) for i in range(k)] == sizes
