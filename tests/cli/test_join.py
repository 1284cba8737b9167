"""--join: columns of a second file, in every command that reads customers."""

import json
import re

import pytest

from command import DATASETS, ok, refused, run

CUSTOMERS = "id,spend,visits\n" + "".join(
    f"{i},{10 + (i % 7) * 30},{1 + i % 5}\n" for i in range(1, 41))
HOMES = "id,home,income\n" + "".join(
    f"{i},{'own' if i % 3 else 'rent'},{['Under 15K', '15-24K', '25K+'][i % 3]}\n"
    for i in range(5, 46))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "homes.csv").write_text(HOMES)
    (tmp_path / "twice.csv").write_text("id,x\n1,2\n2,3\n1,4\n")
    return tmp_path


def test_joined_columns_are_clustered_on_remembered_and_asked_for_again(folder):
    report = json.loads(ok("fit", "customers.csv", "-k", 3, "--join", "homes.csv:id", "-o", "s.h5",
                           "--json", cwd=folder))
    names = [column["name"] for column in report["prepare"]["columns"]]
    assert names == ["spend", "visits", "home", "income"]
    assert report["params"]["joined"] == "homes.csv:id (left)"
    (join,) = report["joins"]
    assert (join["customers"], join["customers_without"]) == (40, 4)
    assert (join["rows"], join["rows_without"], join["columns"]) == (41, 5, 2)
    ok("predict", "s.h5", "customers.csv", "--join", "homes.csv:id", "-o", "labels.csv", cwd=folder)
    labels = (folder / "labels.csv").read_text().splitlines()
    assert len(labels) == 41
    refused(1, "predict", "s.h5", "customers.csv", cwd=folder,
            says=("home", "homes.csv:id (left)", "--join"))


def test_a_customer_is_explained_by_joined_columns_too(folder):
    ok("fit", "customers.csv", "-k", 3, "--join", "homes.csv:id", "-o", "s.h5", cwd=folder)
    found = json.loads(ok("explain", "s.h5", "customers.csv", 7, "--join", "homes.csv:id", "--json",
                          cwd=folder))
    assert {"home", "income"} < {part["column"] for part in found["contributions"]}
    refused(1, "explain", "s.h5", "customers.csv", 7, cwd=folder,
            says=("home", "homes.csv:id (left)", "--join"))


def test_inner_leaves_customers_out_and_the_report_says_how_many(folder):
    printed = ok("fit", "customers.csv", "-k", 2, "--join", "homes.csv:id", "--join-type", "inner",
                 cwd=folder)
    assert "Joined homes.csv by id: it has 36 of 40 customers; the others are left out." in printed
    assert "5 of its 41 rows are about nobody among them." in " ".join(printed.split())
    assert "36 customers" in printed
    assert "36 customers" in ok("sweep", "customers.csv", "-k", "2:3", "--join", "homes.csv",
                                "--join-type", "inner", cwd=folder)


def test_two_files_join_one_after_the_other(folder):
    (folder / "more.csv").write_text("nr,size\n" + "".join(
        f"{i},{['small', 'medium', 'large'][i % 3]}\n" for i in range(1, 41)))
    report = json.loads(ok("fit", "customers.csv", "-k", 2, "--join", "homes.csv:id", "--join",
                           "more.csv:id=nr", "--json", cwd=folder))
    assert report["params"]["joined"] == "homes.csv:id (left), more.csv:id=nr (left)"
    assert len(report["joins"]) == 2


def test_what_cannot_be_joined_is_refused(folder):
    refused(1, "fit", "customers.csv", "--join", "twice.csv:id", cwd=folder,
            says=("twice.csv", "1 in rows 1 and 3"))
    refused(1, "fit", "customers.csv", "--join", "homes.csv:nr", cwd=folder, says=("homes.csv", "nr"))
    refused(1, "fit", "customers.csv", "--join", "nothing.csv:id", cwd=folder, says=("nothing.csv",))
    refused(2, "fit", "customers.csv", "--join", ":id", cwd=folder, says=("--join",))
    refused(2, "fit", "customers.csv", "--join", "homes.csv:=id", cwd=folder, says=("--join",))
    ok("fit", "customers.csv", "-k", 2, "-o", "s.h5", cwd=folder)
    refused(1, "fit", "customers.csv", "--join", "s.h5:id", cwd=folder, says=("holds segments",))


def test_complete_journey_goes_from_files_to_profiles(tmp_path):
    data = DATASETS / "complete_journey"
    if not data.exists():
        pytest.skip("data set complete_journey is not here; set KMSEG_DATASETS to its folder")
    ok("features", data / "transactions_sample.csv", "-o", "cj.h5", cwd=tmp_path)
    report = json.loads(ok("fit", "cj.h5", "-k", 4, "--join", f"{data}/demographics.csv:household_id",
                           "-o", "s.h5", "--json", cwd=tmp_path))
    (join,) = report["joins"]
    assert (join["customers"] - join["customers_without"], join["rows_without"]) == (801, 0)
    used = [c["name"] for c in report["prepare"]["columns"]]
    assert used == ["recency", "frequency", "monetary"]  # most households have no demographics
    assert any(note.startswith("age: missing for 1,572 of 2,373;")
               for note in report["prepare"]["notes"])
    shown = ok("profile", "s.h5", cwd=tmp_path)
    known = [int(n) for n in re.findall(r"^age: .*; known of (\d+)$", " ".join(
        shown.split("\n   ")).replace("\u00a0", " "), re.MULTILINE)]
    assert len(known) == 4 and sum(known) == 801
    report = json.loads(ok("fit", "cj.h5", "-k", 4, "--join", f"{data}/demographics.csv:household_id",
                           "--join-type", "inner", "-o", "inner.h5", "--json", cwd=tmp_path))
    scales = {c["name"]: c["scale"] for c in report["prepare"]["columns"]}
    assert [name for name, scale in scales.items() if scale == "ordinal"] == [
        "age", "income", "household_size", "kids_count"]
    assert "Under 15K < 15-24K < 25-34K" in " ".join(report["prepare"]["notes"])
    assert "/" not in report["params"]["joined"]
    labels = ok("predict", "s.h5", "cj.h5", "--join", f"{data}/demographics.csv:household_id",
                "-o", "-", cwd=tmp_path).splitlines()
    assert len(labels) == 1 + join["customers"]


def test_telco_goes_from_file_to_profiles(tmp_path):
    data = DATASETS / "telco" / "Telco-Customer-Churn.csv"
    if not data.exists():
        pytest.skip("data set telco is not here; set KMSEG_DATASETS to its folder")
    done = run("fit", data, "-k", 4, cwd=tmp_path)
    assert done.returncode == 0
    assert "TotalCharges: 11 missing values replaced by the median 1397.48" in done.stdout
    assert "4 segments of 7,043 customers" in done.stdout
