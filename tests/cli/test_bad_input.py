"""Every bad input is refused with a line that says what is wrong and where, and leaves no file."""

import os
import pathlib
import subprocess

import pytest
from command import KMSEG, ok, refused, run

GOOD = "customer_id,monetary,visits\n" + "".join(
    f"{i},{100 * (i % 3 + 1) + i % 7},{5 * (i % 2 + 1) + i % 3}\n" for i in range(1, 31)
)


def fit_refused(folder, text, *words, code=1, says=()):
    """fit of a CSV of that text is refused, and nothing appears beside the input."""
    source = folder / "in.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = folder / "out.h5"
    message = refused(code, "fit", source, "-o", out, *words, says=says)
    assert sorted(p.name for p in folder.iterdir()) == ["in.csv"], "something was left behind"
    return message


def test_the_good_table_is_good(tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    ok("fit", tmp_path / "in.csv", "-k", 3, "-o", tmp_path / "out.h5")


def test_missing_file(tmp_path):
    refused(1, "fit", tmp_path / "no.csv", "-k", 3, says=["no.csv", "No such file"])
    refused(1, "predict", tmp_path / "no.h5", tmp_path / "no.csv", says=["no.h5", "No such file"])
    refused(1, "features", tmp_path / "no.csv", says=["no.csv", "No such file"])
    refused(1, "info", tmp_path / "no.csv", says=["no.csv", "No such file"])
    assert list(tmp_path.iterdir()) == []


def test_empty_file(tmp_path):
    fit_refused(tmp_path, "", says=["in.csv", "empty"])


def test_header_only(tmp_path):
    fit_refused(tmp_path, "customer_id,monetary\n", says=["in.csv", "rows"])


def test_ragged_row(tmp_path):
    fit_refused(tmp_path, "id,a,b\n1,2,3\n2,3\n", says=["in.csv", "line 3"])


def test_text_in_a_numeric_column(tmp_path):
    text = GOOD.replace("\n7,", "\n7,many", 1)
    fit_refused(tmp_path, text, "-k", 3, says=["column monetary", '"many', "row 7", "number"])
    fit_refused(tmp_path, text, "-k", 3, "--include", "monetary", says=["column monetary"])
    ok("fit", tmp_path / "in.csv", "-k", 3, "--exclude", "monetary")


def test_infinity(tmp_path):
    fit_refused(tmp_path, "id,a\n1,2\n2,inf\n3,4\n", "-k", 2, says=["in.csv", "line 3", "a"])


def test_not_a_number_is_a_missing_value(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(GOOD + "31,NaN,7\n")
    assert "1 missing value in 1 column" in ok("fit", source, "-k", 3)


def test_unknown_column(tmp_path):
    fit_refused(tmp_path, GOOD, "--include", "mony", says=["mony"])
    fit_refused(tmp_path, GOOD, "--exclude", "visit", says=["visit", "visits"])
    fit_refused(tmp_path, GOOD, "--id", "client", says=["client", "customer_id"])
    fit_refused(tmp_path, GOOD, "--value", "sales", says=["sales"])
    fit_refused(tmp_path, GOOD, "--sample-weight", "w", says=["w", "monetary"])


def test_bad_numbers_of_segments(tmp_path):
    fit_refused(tmp_path, GOOD, "-k", 0, says=["--n-clusters is 0", "1"])
    fit_refused(tmp_path, GOOD, "-k", -2, says=["--n-clusters is -2"])
    fit_refused(tmp_path, GOOD, "-k", 31, says=["31", "30"])
    fit_refused(tmp_path, GOOD, "-k", "six", code=2, says=["--n-clusters", "six", "whole number"])
    fit_refused(tmp_path, GOOD, "-k", "2.5", says=["--n-clusters", "2.5", "whole number"])


def test_more_segments_than_distinct_rows_gives_fewer_and_says_so(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("a\n" + "1\n2\n3\n4\n" * 5)
    text = ok("fit", source, "-k", 6)
    assert "4 segments of 20 customers" in text
    assert "Asked for 6 segments; the data have only 4 distinct rows, so there are 4." in text


def test_constant_column_is_left_out_and_that_is_said(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("a,b\n" + "".join(f"{i % 5},7\n" for i in range(40)))
    text = ok("fit", source, "-k", 3)
    assert any(line.startswith("- b") for line in text.splitlines()), text


def test_all_rows_equal(tmp_path):
    fit_refused(tmp_path, "a,b\n" + "1,2\n" * 9, "-k", 2, says=["equal"])


def test_one_row(tmp_path):
    fit_refused(tmp_path, "customer_id,a\n1,2\n", "-k", 1)
    fit_refused(tmp_path, "customer_id,a\n1,2\n", "-k", 2)


def test_duplicate_customer(tmp_path):
    fit_refused(tmp_path, GOOD + "7,1,1\n", "-k", 3, says=["customer_id", "7"])


def test_files_of_the_wrong_kind(tmp_path):
    source, model = tmp_path / "in.csv", tmp_path / "model.h5"
    source.write_text(GOOD)
    ok("fit", source, "-k", 3, "-o", model, "-q")
    refused(1, "predict", source, model, says=["in.csv holds no segments"])
    refused(1, "fit", model, says=["model.h5 holds segments"])
    model.write_bytes(model.read_bytes()[:3000])
    refused(1, "predict", model, source, says=["model.h5"])
    refused(1, "info", model, says=["model.h5"])


def test_new_customers_without_a_column_of_the_fit(tmp_path):
    source, model, new = tmp_path / "in.csv", tmp_path / "model.h5", tmp_path / "new.csv"
    source.write_text(GOOD)
    ok("fit", source, "-k", 3, "-o", model, "-q")
    new.write_text("customer_id,monetary\n1,100\n")
    refused(1, "predict", model, new, "-o", tmp_path / "l.csv", says=["visits", "monetary"])
    new.write_text("customer_id,monetary,visits\n1,100,often\n")
    refused(1, "predict", model, new, "-o", tmp_path / "l.csv", says=["visits"])
    assert not (tmp_path / "l.csv").exists()


def test_output_folder_missing(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(GOOD)
    for words in (
        ["fit", source, "-o", tmp_path / "no" / "out.h5"],
        ["generate", "orders", "-o", tmp_path / "no" / "out.csv"],
        ["features", source, "-o", tmp_path / "no" / "out.csv"],
    ):
        refused(1, *words, says=["no", "does not exist"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv"]


def test_output_that_is_a_folder_the_input_or_of_an_unknown_kind(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(GOOD)
    (tmp_path / "d.h5").mkdir()
    refused(1, "fit", source, "-o", tmp_path / "d.h5", says=["d.h5", "is a folder"])
    refused(2, "fit", source, "-o", tmp_path / "out.csv", says=["out.csv", ".h5"])
    refused(2, "features", source, "-o", source, says=["the input itself"])
    refused(2, "generate", "orders", "-o", tmp_path / "out.xlsx", says=["out.xlsx", ".csv"])
    refused(2, "generate", "orders", says=["-o"])
    refused(2, "generate", "shops", "-o", tmp_path / "o.csv", says=["shops", "orders"])
    assert source.read_text() == GOOD


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_output_folder_without_permission(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(GOOD)
    (tmp_path / "locked").mkdir(mode=0o555)
    refused(1, "fit", source, "-o", tmp_path / "locked" / "o.h5", says=["no permission"])


def test_full_disk_leaves_the_old_file_whole(tmp_path):
    """A limit on the size of files stands for a full disk."""
    source, out, model = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "out.h5"
    out.write_text("old\n")
    model.write_text("old\n")
    source.write_text(GOOD)
    for words in (
        ["generate", "customers", "--n-customers", "20000", "-o", out],
        ["fit", source, "-k", "3", "-o", model],
    ):
        done = subprocess.run(
            ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", KMSEG, *map(str, words)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1 and done.stderr.startswith("kmseg: "), done
        assert done.stderr.count("\n") == 1
    assert out.read_text() == model.read_text() == "old\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv", "out.csv", "out.h5"]


def test_hostile_names_do_not_reach_the_terminal(tmp_path):
    source = tmp_path / "in.csv"
    rows = "".join(f"{i},{i % 3 * 100},{'x' if i % 2 else chr(27) + '[31mred'}\n" for i in range(60))
    source.write_text("customer_id,mo\x1b]0;owned\x07ney,colo\u202eur\n" + rows)
    done = run("fit", source, "-k", 3)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout and "\u202e" not in done.stdout
    assert "\x1b" not in run("info", source).stdout
    refused(1, "fit", source, "--include", "\x1b[31m", says=["no column"])
    json_text = ok("fit", source, "-k", 3, "--json")
    assert "\x1b" not in json_text
    assert pathlib.Path(source).exists()


def test_what_is_wrong_with_the_values_names_their_file(tmp_path):
    good, segments = tmp_path / "good.csv", tmp_path / "s.h5"
    good.write_text(GOOD)
    ok("fit", good, "-k", 3, "-o", segments)
    source = tmp_path / "in.csv"
    (source).write_text(GOOD.replace("visits", "calls"))
    refused(1, "predict", segments, source, says=["in.csv: ", "no column visits"])
    (source).write_text("customer_id,monetary,visits\n1,many,2\n")
    refused(1, "predict", segments, source, says=["in.csv: ", "monetary", '"many"'])
    refused(1, "predict", segments, segments, says=["s.h5 holds segments"])
    (source).write_text(GOOD + "1,2,3\n")
    refused(1, "fit", source, "-k", 3, says=["in.csv: ", "id 1 is in rows 1 and 31"])
    refused(1, "fit", good, "-k", 31, says=["good.csv: ", "n_clusters is 31"])
    refused(1, "fit", good, "-k", 3, "--sample-weight", "w", says=["sample_weight: no column w"])
