"""kmseg choose-k: the evidence on every number of segments, and what follows from it."""

import csv
import json
import random
import xml.etree.ElementTree as xml

import pytest
from command import ok, refused, run


RAW = ["--transform", "none"]


def write(path, rows):
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """Three groups of 200, 100 and 50 customers, ten deviations apart."""
    draw = random.Random(3)
    rows = [("x", "y")]
    for (x, y), n in (((0, 0), 200), ((10, 0), 100), ((5, 9), 50)):
        rows += [(round(draw.gauss(x, 1), 6), round(draw.gauss(y, 1), 6)) for _ in range(n)]
    return write(tmp_path_factory.mktemp("choose") / "groups.csv", rows)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    draw = random.Random(4)
    rows = [("x", "y", "z"), *([draw.gauss(0, 1) for _ in range(3)] for _ in range(600))]
    return write(tmp_path_factory.mktemp("cloud") / "cloud.csv", rows)


def test_groups_are_recommended_with_reasons(groups):
    text = ok("choose-k", groups, *RAW, "-k", "2:8")
    assert "Recommended: 3 segments" in text
    assert "of 5 indices favour 3" in " ".join(text.split())
    assert f"Next: kmseg fit {groups} -k 3" in text
    assert all(len(line) <= 100 for line in text.splitlines() if not line.startswith("Next"))
    assert "Seconds" not in text, "times go to a terminal alone"
    head = text.index("favoured by")
    table = [line.split() for line in text[head:].splitlines()[1:8]]
    assert [row[0] for row in table] == list("2345678")
    assert table[1][-3:] == ["C-H,", "D-B,", "knee"] or "gap" in table[1]


def test_a_cloud_has_no_clear_number(cloud):
    text = ok("choose-k", cloud, "-k", "2:8")
    assert "No clear number of segments" in text
    assert "cuts through one cloud" in " ".join(text.split())
    report = json.loads(ok("choose-k", cloud, "-k", "2:8", "--json"))
    assert report["recommended"] is None
    assert report["votes"][0] == {"index": "gap", "n_clusters": 1,
                                  "reason": report["votes"][0]["reason"]}


def test_json_files_and_text_say_the_same(groups, tmp_path):
    same = ["choose-k", groups, *RAW, "-k", "1:5", "--seed", 9]
    report = json.loads(ok(*same, "--json"))
    assert (report["recommended"], report["n_samples"], report["n_looked_at"]) == (3, 350, 350)
    assert [row["n_clusters"] for row in report["rows"]] == [1, 2, 3, 4, 5]
    assert [gap["n_clusters"] for gap in report["gap_statistic"]] == [1, 2, 3, 4, 5, 6]
    three = report["rows"][2]
    assert [segment["customers"] for segment in three["segments"]] == [200, 100, 50]
    assert min(segment["stability"] for segment in three["segments"]) == three["stability"] > 0.9
    ok(*same, "-o", tmp_path / "s.csv", "-q")
    ok(*same, "-o", tmp_path / "s.h5", "-q")
    written = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert [int(row["recommended"]) for row in written] == [0, 0, 1, 0, 0]
    for row, said in zip(written, report["rows"], strict=True):
        for name in ("inertia", "silhouette", "gap", "gap_error", "stability", "n_votes"):
            assert (float(row[name]) if row[name] else None) == said[name], name
    columns = json.loads(ok("info", tmp_path / "s.h5", "--json"))["columns"]
    assert [column["name"] for column in columns] == list(written[0])
    piped = run(*same, "-o", "-")
    assert piped.stdout == (tmp_path / "s.csv").read_text()
    assert "Recommended: 3 segments" in piped.stderr


def test_the_drawing_is_well_formed_and_whole(groups, tmp_path):
    plot = tmp_path / "choice.svg"
    text = ok("choose-k", groups, *RAW, "-k", "2:6", "--plot", plot)
    assert f"Plot: {plot}" in text
    root = xml.parse(plot).getroot()
    names = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert {"silhouette", "gap statistic", "Davies-Bouldin", "least stable segment",
            "Recommended: 3 segments"} <= names
    before = plot.read_bytes()
    ok("choose-k", groups, *RAW, "-k", "2:6", "--plot", plot, "--threads", 3)
    assert plot.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["choice.svg"]


def test_a_sample_is_said_and_does_not_depend_on_the_order_of_rows(groups, tmp_path):
    lines = groups.read_text().splitlines()
    body = lines[1:]
    random.Random(1).shuffle(body)
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([lines[0], *body]) + "\n")
    options = ["-k", "2:5", "--choose-samples", 150]
    assert "gap and stability look at 150 customers" in ok("choose-k", groups, *RAW, *options)
    one = json.loads(ok("choose-k", groups, *RAW, *options, "--json"))
    other = json.loads(ok("choose-k", turned, *RAW, *options, "--json"))
    assert one["gap_statistic"] == other["gap_statistic"]
    assert one["recommended"] == other["recommended"] == 3


def test_what_cannot_be_chosen_is_refused(groups, tmp_path):
    refused(2, "choose-k", groups, "-k", "six", says=["--n-clusters"])
    refused(2, "choose-k", groups, "-k", "5:2", says=["FROM <= TO"])
    refused(1, "choose-k", groups, "-k", "2:351", says=["groups.csv", "350"])
    refused(2, "choose-k", groups, "--plot", tmp_path / "p.png", says=[".svg"])
    refused(1, "choose-k", groups, "--plot", tmp_path / "no" / "p.svg", says=["does not exist"])
    refused(2, "choose-k", groups, "-o", groups, says=["the input itself"])
    refused(1, "choose-k", tmp_path / "no.csv", says=["no.csv"])
    ok("fit", groups, "-k", 2, "-o", tmp_path / "model.h5", "-q")
    refused(1, "choose-k", tmp_path / "model.h5", says=["choose-k needs a table"])
