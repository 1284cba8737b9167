"""kmseg sweep: a line for every number of segments, with the scores of kmseg fit."""

import csv
import io
import json
import re

import pytest
from command import ok, refused, run

NUMBERS = range(2, 7)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    ok("generate", "orders", "--n-customers", 1200, "--n-segments", 4, "--seed", 11,
       "-o", folder / "orders.csv")
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5")
    return folder / "customers.h5"


def test_every_number_has_the_scores_of_a_fit(customers):
    same = [customers, "--n-init", 4, "--seed", 5, "--silhouette-samples", 300, "--json"]
    report = json.loads(ok("sweep", "-k", "2:6", *same))
    assert [row["n_clusters"] for row in report["sweep"]] == list(NUMBERS)
    for row in report["sweep"]:
        fit = json.loads(ok("fit", "-k", row["n_clusters"], *same))
        scores = fit["scores"]
        assert row["inertia"] == scores["inertia"], "to the last bit"
        for name in ("explained", "silhouette", "silhouette_error", "silhouette_samples",
                     "silhouette_simplified", "calinski_harabasz", "davies_bouldin"):
            assert row[name] == pytest.approx(scores[name], rel=1e-11), name
        sizes = [segment["customers"] for segment in fit["segments"]]
        assert (row["smallest"], row["largest"]) == (min(sizes), max(sizes))
        assert row["smallest_share"] == min(sizes) / sum(sizes)
        assert row["n_iter"] == fit["fit"]["n_iter"]
        assert row["stop_reason"] in ("labels", "tol", "max_iter")
    inertias = [row["inertia"] for row in report["sweep"]]
    assert inertias == sorted(inertias, reverse=True)


def test_it_says_when_restarts_began_on_a_coreset(customers):
    # 140 are less than an eighth of the customers, and 64 for each of two segments but not of three.
    def sweep(numbers, *more):
        return ok("sweep", customers, "-k", numbers, "--coreset-size", 140, *more)

    two, three = json.loads(sweep("2:3", "--json"))["sweep"]
    assert 100 < two["n_coreset"] < 250
    assert (three["n_coreset"], three["n_given_up"]) == (0, 0)
    began = f"Restarts began on {two['n_coreset']} customers that stand for all"
    assert f"{began}, up to 2 segments" in sweep("2:3")
    assert f"{began}\n" in sweep("2:2") or f"{began}; " in sweep("2:2")
    assert "Restarts began" not in ok("sweep", customers, "-k", "2:3")


def test_it_says_when_equal_customers_were_counted_together(tmp_path):
    # 9,000 answers to two questions, of which at most 9 differ; a fit of each number says the same.
    answers = tmp_path / "answers.csv"
    answers.write_text("id,taste,price\n" + "".join(
        f"{i},{1 + i % 3},{1 + i * i % 7 % 3}\n" for i in range(9000)))
    different = len({line.split(",", 1)[1] for line in answers.read_text().split()[1:]})
    report = json.loads(ok("sweep", answers, "-k", "2:11", "--json"))["sweep"]
    assert [row["n_distinct"] for row in report] == \
        [different if row["n_clusters"] <= different else 0 for row in report]
    said = f"Equal customers were counted together, {different} that differ"
    text = ok("sweep", answers, "-k", "2:11")
    assert f"{said}, up to {different} segments\n" in text
    assert re.search(rf"^ {different} +0\.0000 +100\.0 % .* (infinite|\d\.\d\de\+\d\d) ", text, re.M), \
        "no digits are cut off where the inertia is but rounding"
    assert f"{said}\n" in ok("sweep", answers, "-k", "2:3")
    fit = json.loads(ok("fit", answers, "-k", 3, "--json"))
    assert fit["fit"]["n_distinct"] == different
    assert fit["scores"]["inertia"] == report[1]["inertia"], "to the last bit"
    words = " ".join(ok("fit", answers, "-k", 3).split())
    assert f"equal customers counted together, {different} that differ" in words
    alone = ok("fit", answers, "-k", 3, "--coreset-size", 0)
    assert "counted together" not in alone


def test_threads_and_kernels_change_no_byte(customers, tmp_path):
    kernels = [row["name"] for row in json.loads(ok("list", "kernels", "--json"))["items"]]
    tables, texts = set(), set()
    for threads, name in [(1, "auto"), (2, "auto"), (3, "auto"), *((2, k) for k in kernels)]:
        if run("list", "--kernels", name).returncode != 0:
            continue  # this CPU cannot run them
        texts.add(ok("sweep", customers, "-k", "2:6", "--n-init", 3, "-o", tmp_path / "s.csv",
                     "--threads", threads, "--kernels", name))
        tables.add((tmp_path / "s.csv").read_bytes())
    assert len(tables) == len(texts) == 1


def test_the_table_has_a_line_for_every_number_and_fits_the_page(customers):
    report = json.loads(ok("sweep", customers, "-k", "1:6", "--n-init", 3, "--json"))
    text = ok("sweep", customers, "-k", "1:6", "--n-init", 3)
    assert "1 to 6 segments of 1,200 customers, the best of 3 restarts each" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    lines = [line.split() for line in text.splitlines() if line[:1].isdigit()][1:]
    assert [line[0] for line in lines] == [str(row["n_clusters"]) for row in report["sweep"]]
    assert lines[0][4] == "-", "there is no silhouette of one segment"
    for line, row in zip(lines[1:], report["sweep"][1:]):
        assert float(line[2]) == pytest.approx(100 * row["explained"], abs=0.05)
        assert float(line[4]) == pytest.approx(row["silhouette"], abs=0.0005)
    assert "No score decides alone" in text


def test_the_rows_go_to_files_and_to_standard_output(customers, tmp_path):
    same = ["sweep", customers, "-k", "2:4", "--n-init", 2]
    ok(*same, "-o", tmp_path / "s.csv", "-q")
    ok(*same, "-o", tmp_path / "s.h5", "-q")
    piped = run(*same, "-o", "-")
    assert piped.stdout == (tmp_path / "s.csv").read_text()
    assert "2 to 4 segments" in piped.stderr
    report = json.loads(ok(*same, "--json"))
    for row, said in zip(rows(piped.stdout), report["sweep"], strict=True):
        assert row.pop("stop_reason") == said.pop("stop_reason")
        assert {name: float(value) for name, value in row.items()} == said
    columns = json.loads(ok("info", tmp_path / "s.h5", "--json"))["columns"]
    assert [column["name"] for column in columns] == list(rows(piped.stdout)[0])


def test_one_number_is_a_range_too(customers):
    assert [row["n_clusters"] for row in rows(ok("sweep", customers, "-k", 4, "-o", "-", "-q"))] == ["4"]


@pytest.mark.parametrize("words", ["six", "", ":", "2:", ":5", "2:5:7", "2-5", "2x", "2: 5", "1.5:3"])
def test_what_is_not_a_range_is_misuse(customers, words):
    refused(2, "sweep", customers, "-k", words, says=["--n-clusters", f'"{words}"', "FROM:TO"])


@pytest.mark.parametrize("words", ["0:3", "-1:3", "5:2", "2:65535", "2:99999999999999999999"])
def test_a_range_out_of_bounds_is_a_wrong_command_line(customers, words):
    refused(2, "sweep", customers, "-k", words, says=["--n-clusters", words, "1 <= FROM <= TO"])


def test_what_cannot_be_swept_is_refused_and_leaves_no_file(customers, tmp_path):
    out = tmp_path / "s.csv"
    refused(1, "sweep", customers, "-k", "2:1201", "-o", out, says=["customers.h5", "1201", "1200"])
    refused(1, "sweep", customers, "--init", "given", "-o", out, says=["given"])
    refused(1, "sweep", tmp_path / "no.csv", "-o", out, says=["no.csv"])
    refused(2, "sweep", customers, "-o", tmp_path / "s.txt", says=[".csv", ".h5"])
    refused(2, "sweep", customers, "-o", customers, says=["the input itself"])
    ok("fit", customers, "-k", 2, "-o", tmp_path / "model.h5", "-q")
    refused(1, "sweep", tmp_path / "model.h5", "-o", out, says=["model.h5 holds segments"])
    assert not out.exists()


def test_limits_and_few_distinct_rows_are_remarked_upon(customers, tmp_path):
    text = ok("sweep", customers, "-k", "5:6", "--n-init", 1, "--max-iter", 1)
    assert "2 of these fits stopped at the limit of iterations" in text
    source = tmp_path / "in.csv"
    source.write_text("a\n" + "1\n2\n3\n4\n" * 5)
    text = ok("sweep", source, "-k", "3:6")
    assert "2 of these fits have fewer segments than asked for" in text
    assert "only 4 distinct rows" in " ".join(text.split())
