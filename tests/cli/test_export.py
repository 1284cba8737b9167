"""kmseg export: files for the bulk import of a CRM, read back, opened in LibreOffice."""

import csv
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import xml.etree.ElementTree as xml

import h5py
import pytest
from command import DATASETS, ok, refused, run

HOSTILE = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "＝1+1", "'=x", "'quoted",
           'a "b", c', " space", "ünï", "=HYPERLINK(\"http://x\",\"y\")", "line\nend", "\rback",
           "plain"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    ok("generate", "orders", "--n-customers", 400, "--n-orders", 5000, "--seed", 9, "-o",
       folder / "orders.csv")
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5")
    ok("tier", folder / "customers.h5", "-o", folder / "tiers.h5")
    ok("lifecycle", folder / "tiers.h5", "-o", folder / "stages.h5")
    ok("clv", folder / "orders.csv", "--no-spend", "-o", folder / "clv.h5")
    ok("fit", folder / "customers.h5", "-k", 4, "-o", folder / "segments.h5")
    (folder / "labels.txt").write_text(
        "[segment 1]\nname = =Best, \"of all\"\naction = @call\n[segment 3]\nname = 老客户\n")
    ok("profile", folder / "segments.h5", "--labels", folder / "labels.txt", "-o",
       folder / "segments.h5")
    return folder


def with_classes(folder):
    return ["--with", folder / "stages.h5", "--join", f"{folder / 'clv.h5'}:customer_id"]


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def assignments(path):
    with h5py.File(path) as file:
        return {i: int(s) + 1 for i, s in zip(file["ids"].asstr()[:], file["labels"][:])}


def formats():
    return [row["name"] for row in json.loads(ok("list", "crm_formats", "--json"))["items"]]


def back(text):
    """What was neutralised, as it was."""
    return text[1:] if re.match("''*[=+@\t\r\n＝＋－＠-]", text) else text


@pytest.mark.parametrize("name", formats())
def test_every_format_imported_back_gives_the_same_assignments(folder, tmp_path, name):
    out = tmp_path / "out.csv"
    report = json.loads(ok("export", folder / "segments.h5", *with_classes(folder), "--format",
                           name, "-o", out, "--json"))
    expected = assignments(folder / "segments.h5")
    mapping = {row["field"]: row["column"] for row in rows(tmp_path / "out.mapping.csv")}
    assert list(mapping) == report["fields"] == ["id", "segment", "name", "tier", "stage", "risk",
                                                 "action"]
    got = rows(out)
    assert {row[mapping["id"]]: int(row[mapping["segment"]]) for row in got} == expected
    assert len(got) == len(expected) == report["rows"]
    classes = {row["customer_id"]: row for row in csv.DictReader(io.StringIO(
        ok("rules", folder / "stages.h5", "--rules", rules(tmp_path), "-o", "-", "-q")))}
    risks = {row["customer_id"]: row["churn_risk"] for row in csv.DictReader(io.StringIO(
        ok("tier", folder / "clv.h5", "--value", "churn_risk", "-o", "-", "-q")))}
    for row in got:
        who = row[mapping["id"]]
        assert row[mapping["tier"]] == classes[who]["tier"]
        assert row[mapping["stage"]] == classes[who]["lifecycle"]
        assert float(row[mapping["risk"]]) == float(risks[who])
        assert back(row[mapping["action"]]) == ("@call" if expected[who] == 1 else "")
    names = {int(row[mapping["segment"]]): back(row[mapping["name"]]) for row in got}
    assert names[1] == '=Best, "of all"' and names[3] == "老客户"
    # and through our own reader
    info = json.loads(ok("info", out, "--json"))
    assert info["n_rows"] == len(expected)


def rules(folder):
    path = folder / "rules.txt"
    path.write_text("[x]\ndefault: y\n")
    return path


def test_files_are_numbered_whole_and_for_their_owner(folder, tmp_path):
    out = tmp_path / "crm.csv"
    old = os.umask(0)
    try:
        ok("export", folder / "segments.h5", "--format", "salesforce", "--max-rows", 150, "-o", out)
    finally:
        os.umask(old)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["crm-001.csv", "crm-002.csv", "crm-003.csv", "crm.mapping.csv", "crm.sdl"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())
    parts = [rows(tmp_path / f"crm-00{i}.csv") for i in (1, 2, 3)]
    assert [len(part) for part in parts] == [150, 150, 100]
    together = {r["Customer_Id__c"]: int(r["Segment__c"]) for part in parts for r in part}
    assert together == assignments(folder / "segments.h5")
    done = run("export", folder / "segments.h5", "--max-rows", 200, "-o", out)
    assert done.returncode == 0 and "crm-003.csv is there from an earlier export" in done.stderr


def test_standard_output_is_the_rows_alone(folder):
    done = run("export", folder / "segments.h5", "-o", "-")
    assert done.returncode == 0 and done.stderr == ""
    got = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {r["id"]: int(r["segment"]) for r in got} == assignments(folder / "segments.h5")
    refused(1, "export", folder / "segments.h5", "--max-rows", 10, "-o", "-", says=["one file"])


def test_what_cannot_be_is_refused_before_a_file_is_there(folder, tmp_path):
    segments, out = folder / "segments.h5", tmp_path / "o.csv"
    refused(2, "export", segments, says=["-o FILE.csv"])
    refused(2, "export", segments, "-o", tmp_path / "o.h5", says=[".csv"])
    refused(2, "export", segments, "-o", out, "--format", "sap", says=["sap", "salesforce"])
    refused(2, "export", segments, "-o", out, "--join", "x.csv:id", says=["--with"])
    refused(1, "export", folder / "customers.h5", "-o", out, says=["holds no segments"])
    refused(1, "export", segments, "-o", out, "--with", segments, says=["holds segments"])
    refused(1, "export", segments, "-o", out, "--headers", "colour=x", says=["fields are id"])
    refused(1, "export", segments, "-o", out, "--with", folder / "stages.h5", "--risk", "tier2",
            says=["no column tier2"])
    assert list(tmp_path.iterdir()) == []


def test_a_customer_who_is_not_in_the_table_keeps_empty_cells(folder, tmp_path):
    few = csv.DictReader(io.StringIO(ok("rules", folder / "tiers.h5", "--rules", rules(tmp_path),
                                        "-o", "-", "-q")))
    lines = [(row["customer_id"], row["tier"]) for row in few][:390]
    (tmp_path / "few.csv").write_text("customer_id,tier\n999,A\n" + "".join(
        f"{i},{t}\n" for i, t in lines))
    out = tmp_path / "out.csv"
    report = json.loads(ok("export", folder / "segments.h5", "--with", tmp_path / "few.csv", "-o",
                           out, "--json"))
    assert (report["matched"], report["without_customer"],
            report["customers_without_segment"]) == (390, 10, 1)
    assert sum(row["tier"] == "" for row in rows(out)) == 10
    text = ok("export", folder / "segments.h5", "--with", tmp_path / "few.csv", "-o", out)
    assert "lacks 10 of the customers" in text and "1 of its 391 rows" in text


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Segments whose ids, names and actions mean harm."""
    folder = tmp_path_factory.mktemp("hostile")
    with open(folder / "c.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", "spend", "tier"])
        for i, text in enumerate(HOSTILE):
            writer.writerow([text, i % 2 * 900 + i, HOSTILE[-1 - i]])
    ok("fit", folder / "c.csv", "-k", 2, "--include", "spend", "-o", folder / "s.h5")
    (folder / "labels.txt").write_text(
        "[segment 1]\nname = =1+2\naction = -1+cmd|' /C calc'!A0\n[segment 2]\nname = @x\n")
    ok("profile", folder / "s.h5", "--labels", folder / "labels.txt", "-o", folder / "s.h5")
    return folder


def test_texts_that_are_formulas_are_neutralised_and_can_be_had_back(hostile, tmp_path):
    out = tmp_path / "out.csv"
    ok("export", hostile / "s.h5", "--with", hostile / "c.csv", "-o", out)
    got = rows(out)
    assert [back(row["id"]) for row in got] == HOSTILE
    assert [back(row["tier"]) for row in got] == HOSTILE[::-1]
    for row in got:
        for cell in row.values():
            assert cell == "" or cell[0] not in "=+-@\t\r\n＝＋－＠", cell


def cells_of(fods):
    """Value and formula of each cell that LibreOffice made of a file, row by row."""
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    office = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
    text = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
    for row in xml.parse(fods).iter(table + "table-row"):
        yield [(cell.get(office + "value") or "\n".join("".join(p.itertext())
                                                        for p in cell.iter(text + "p")),
                cell.get(table + "formula"))
               for cell in row.iter(table + "table-cell")
               for _ in range(int(cell.get(table + "number-columns-repeated", "1"))
                              if int(cell.get(table + "number-columns-repeated", "1")) < 50 else 0)]


def test_libreoffice_makes_no_formula_of_an_export(hostile, folder, tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-calc")
    for name in ("generic", "salesforce", "jiandaoyun"):
        ok("export", hostile / "s.h5", "--with", hostile / "c.csv", "--format", name, "-o",
           tmp_path / f"{name}.csv")
    ok("export", folder / "segments.h5", *with_classes(folder), "-o", tmp_path / "numbers.csv")
    raw = (tmp_path / "generic.csv").read_text()
    (tmp_path / "control.csv").write_text(raw.replace("'=", "=")) # what would be without
    done = subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--norestore",
         "--infilter=CSV:44,34,76,1", "--convert-to", "fods", "--outdir", tmp_path / "out",
         *(tmp_path / f"{n}.csv" for n in ("generic", "salesforce", "jiandaoyun", "numbers",
                                           "control"))],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert any(f for row in cells_of(tmp_path / "out/control.fods") for _, f in row), \
        "LibreOffice makes formulas of what is not neutralised"
    for name in ("generic", "salesforce", "jiandaoyun", "numbers"):
        sheet = list(cells_of(tmp_path / f"out/{name}.fods"))
        assert not [v for row in sheet for v, formula in row if formula is not None], name
        expected = rows(tmp_path / f"{name}.csv")
        assert sum(any(v for v, _ in row) for row in sheet) == 1 + len(expected)
    sheet = list(cells_of(tmp_path / "out/numbers.fods"))
    risk = [v for v, _ in sheet[0]].index("risk")
    expected = rows(tmp_path / "numbers.csv")
    for row, cells in zip(expected, sheet[1:]):
        assert float(cells[risk][0]) == pytest.approx(float(row["risk"]), rel=1e-14)
        assert cells[0][0] == row["id"] and cells[1][0] == row["segment"]


def test_online_retail_is_exported_whole(tmp_path):
    orders = pathlib.Path(DATASETS) / "online_retail" / "online_retail.csv.gz"
    if not orders.exists():
        pytest.skip(f"no {orders}; set KMSEG_DATASETS to the folder of the data sets")
    ok("features", orders, "--only", "recency,frequency,monetary", "-o", tmp_path / "c.h5")
    ok("tier", tmp_path / "c.h5", "-o", tmp_path / "t.h5")
    ok("fit", tmp_path / "c.h5", "-k", 5, "-o", tmp_path / "s.h5")
    ok("export", tmp_path / "s.h5", "--with", tmp_path / "t.h5", "--format", "hubspot", "-o",
       tmp_path / "o.csv")
    got = rows(tmp_path / "o.csv")
    assert {r["Customer ID"]: int(r["Segment"]) for r in got} == assignments(tmp_path / "s.h5")
    tiers = [row["Value tier"] for row in got]
    assert [tiers.count(t) for t in "ABC"] == [1133, 1469, 1736] # docs/value.md
