"""Ids of customers in what leaves: pseudonyms, no ids, and who can read it. kmseg key and protect."""

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import stat

import h5py
import pytest
from command import ok, refused, run

KEY = bytes(range(7, 39))


def pseudonym(text, key=KEY):
    """The same by another BLAKE2b."""
    digest = hashlib.blake2b(str(text).encode(), digest_size=20, key=key,
                             person=b"kmseg-customer-1").digest()
    return "p-" + base64.b32encode(digest).decode().lower()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("privacy")
    plain = ok("generate", "orders", "--n-customers", 300, "--n-orders", 5000, "--seed", 5, "-o",
               "-", "-q")
    named = re.sub(r"^(\d+),(\d+),", r"\1,QX\2,", plain, flags=re.M) # nothing else looks like it
    (folder / "orders.csv").write_text(named)
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5")
    ok("features", folder / "orders.csv", "-o", folder / "customers.csv")
    ok("fit", folder / "customers.h5", "-k", 3, "-o", folder / "segments.h5")
    (folder / "secret.key").write_text(KEY.hex() + "\n")
    (folder / "secret.key").chmod(0o600)
    return folder


def hidden(folder):
    return ["--pseudonymise", "--key-file", folder / "secret.key"]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def ids(folder):
    return {row["customer_id"] for row in rows((folder / "customers.csv").read_text())}


# A command line of each command that writes ids, without -o.
WRITERS = {
    "features": ["features", "orders.csv"],
    "rfm": ["rfm", "customers.h5"],
    "tier": ["tier", "customers.csv"],
    "lifecycle": ["lifecycle", "orders.csv"],
    "clv": ["clv", "orders.csv", "--no-spend"],
    "rules": ["rules", "customers.h5", "--rules", "rules.txt"],
    "run": ["run", "orders.csv", "-k", "3"],
    "fit": ["fit", "customers.h5", "-k", "3"],
    "profile": ["profile", "segments.h5"],
    "report": ["report", "segments.h5"],
    "export": ["export", "segments.h5", "--with", "customers.csv"],
    "predict": ["predict", "segments.h5", "customers.csv"],
}


# Those that print ids, and write no file.
PRINTERS = {"info": [["info", "segments.h5"], ["info", "customers.h5"], ["info", "customers.csv"]]}


def commands_with_ids():
    listing = ok("--help").split("Commands\n", 1)[1].split("\n\n", 1)[0]
    names = re.findall(r"^  ([\w-]+)", listing, re.M)
    return [name for name in names if "--drop-ids" in ok(name, "--help")]


def test_the_commands_that_write_ids_are_all_here():
    assert sorted(commands_with_ids()) == sorted([*WRITERS, *PRINTERS])


@pytest.mark.parametrize("line", sum(PRINTERS.values(), []), ids=" ".join)
def test_no_id_is_in_what_a_command_prints(folder, line):
    line = [folder / word if (folder / word).exists() else word for word in line]
    assert re.search(r"QX\d{4}", ok(*line, "--json")), "ids are printed without the options"
    for how in (hidden(folder), ["--drop-ids"]):
        for more in ([], ["--json"]):
            text = ok(*line, *how, *more)
            assert text and not re.search(r"QX\d{4}", text) and KEY.hex() not in text


def words(folder, name):
    (folder / "rules.txt").write_text("[size]\nbig: monetary > 500\ndefault: small\n")
    return [folder / word if (folder / word).exists() else word for word in WRITERS[name]]


def endings(name):
    return {"run": [""], "fit": [".h5"], "profile": [".h5"], "export": [".csv"],
            "report": [".html", ".md", ".json"]}.get(name, [".csv", ".h5"])


def content(path):
    """All that can be read in a file, compressed or not, or in the files of a folder."""
    if path.is_dir():
        return b"".join(content(one) for one in path.iterdir())
    parts = [path.read_bytes()]
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            file.visititems(lambda _, item: parts.append(
                repr((dict(item.attrs), item[()].tolist() if hasattr(item[()], "tolist") else
                      item[()])).encode()) if isinstance(item, h5py.Dataset) else None)
            parts.append(repr(dict(file.attrs)).encode())
    return b"".join(parts)


def assert_private(path):
    for one in path.iterdir() if path.is_dir() else [path]:
        assert stat.S_IMODE(one.stat().st_mode) == 0o600, one


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_the_search_for_ids_finds_them_where_they_are(folder):
    for name in ("customers.h5", "customers.csv", "segments.h5"):
        assert re.search(rb"QX\d{4}", content(folder / name))


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_no_id_and_no_key_is_in_what_a_command_writes_or_prints(folder, tmp_path, name):
    raw = ids(folder)
    key = re.compile(KEY.hex().encode() + b"|" + re.escape(KEY), re.I)
    assert len(raw) > 250 and all(re.match(r"QX\d+$", i) for i in raw)
    for how in (hidden(folder), ["--drop-ids"]):
        for ending in endings(name):
            out = tmp_path / ("out" + ending)
            for more in ([], ["--json"]):
                done = run(*words(folder, name), *how, "-o", out,
                           *(more if name != "profile" else []))
                assert done.returncode == 0, done.stderr
                for text in (content(out), done.stdout.encode(), done.stderr.encode()):
                    assert not re.search(rb"QX\d{4}", text) and not key.search(text)
            assert_private(out)
            remove(out)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_file_is_read_by_its_owner_alone_whatever_the_umask(folder, tmp_path, name):
    old = os.umask(0)
    try:
        for ending in endings(name):
            out = tmp_path / ("out" + ending)
            ok(*words(folder, name), "-o", out)
            assert_private(out)
    finally:
        os.umask(old)


def test_pseudonyms_match_in_every_file_of_one_key_and_in_none_of_another(folder, tmp_path):
    expected = {pseudonym(i) for i in ids(folder)}
    found = {}
    for name in ("features", "rfm", "tier", "lifecycle", "clv", "rules", "predict", "export"):
        table = rows(ok(*words(folder, name), *hidden(folder), "-o", "-", "-q"))
        column = "id" if name in ("predict", "export") else "customer_id"
        found[name] = {row[column] for row in table}
        assert found[name] == expected, name
        assert [row[column] for row in table] == sorted(expected)
    ok("fit", folder / "customers.h5", "-k", 3, "-o", tmp_path / "s.h5", *hidden(folder))
    with h5py.File(tmp_path / "s.h5") as file:
        assert set(file["ids"].asstr()[:]) == expected
        assert json.loads(file["params"][()])["ids"] == "pseudonyms"
    ok("key", "--write", tmp_path / "other.key")
    other = rows(ok("tier", folder / "customers.csv", "--pseudonymise", "--key-file",
                    tmp_path / "other.key", "-o", "-", "-q"))
    assert not {row["customer_id"] for row in other} & expected


def test_numbers_and_texts_of_one_id_get_one_pseudonym(folder, tmp_path):
    lines = ["customer_id,recency,frequency,monetary"]
    lines += [f"{i},{i % 7},{1 + i % 5},{i * 3.5}" for i in range(1, 40)]
    (tmp_path / "n.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "t.csv").write_text("\n".join(lines + ["A1,1,1,1"]) + "\n")
    tables = [rows(ok("tier", tmp_path / f"{n}.csv", *hidden(folder), "-o", "-", "-q"))
              for n in "nt"]
    assert {row["customer_id"] for row in tables[0]} == {pseudonym(i) for i in range(1, 40)}
    assert {row["customer_id"] for row in tables[1]} >= {pseudonym(i) for i in range(1, 40)}


def test_segments_and_classes_are_the_same_with_and_without_ids(folder, tmp_path):
    plain = rows(ok(*words(folder, "predict"), "-o", "-", "-q"))
    safe = rows(ok(*words(folder, "predict"), *hidden(folder), "-o", "-", "-q"))
    assert {(pseudonym(r["id"]), r["segment"], r["distance"]) for r in plain} == {
        (r["id"], r["segment"], r["distance"]) for r in safe}
    bare = rows(ok(*words(folder, "predict"), "--drop-ids", "-o", "-", "-q"))
    assert "id" not in bare[0]
    assert sorted((r["segment"], r["distance"]) for r in plain) == sorted(
        (r["segment"], r["distance"]) for r in bare)
    ok("fit", folder / "customers.h5", "-k", 3, "-o", tmp_path / "s.h5", "--drop-ids")
    with h5py.File(folder / "segments.h5") as a, h5py.File(tmp_path / "s.h5") as b:
        assert (a["centroids"][:] == b["centroids"][:]).all()
        assert sorted(a["distances"][:]) == sorted(b["distances"][:])
        assert list(b["ids"].asstr()[:3]) == ["1", "2", "3"]


def test_segments_of_pseudonyms_are_used_as_any_others(folder, tmp_path):
    ok("features", folder / "orders.csv", *hidden(folder), "-o", tmp_path / "c.h5")
    ok("fit", tmp_path / "c.h5", "-k", 3, "-o", tmp_path / "s.h5")
    who = sorted(ids(folder))[0]
    name = ok("key", "--key-file", folder / "secret.key", who).strip()
    assert name == pseudonym(who)
    assert name in ok("explain", tmp_path / "s.h5", tmp_path / "c.h5", name)
    refused(1, "tier", tmp_path / "c.h5", *hidden(folder), "-o", tmp_path / "t.h5",
            says=["pseudonyms already"])
    assert "p-" in ok("profile", tmp_path / "s.h5")


def test_keys_are_made_once_with_mode_0600(tmp_path):
    path = tmp_path / "a.key"
    old = os.umask(0)
    try:
        assert "keep a copy" in ok("key", "--write", path).replace("\n", " ")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(r"[0-9a-f]{64}\n", path.read_text())
    refused(1, "key", "--write", path, says=["there already"])
    refused(2, "key", says=["--write"])
    refused(2, "key", "17", says=["--key-file"])
    refused(2, "key", "--write", path, "17", says=["alone"])


def test_what_makes_no_sense_is_refused_before_any_work(folder, tmp_path):
    customers, out = folder / "customers.h5", tmp_path / "o.csv"
    refused(2, "tier", customers, "--pseudonymise", "-o", out, says=["--key-file", "kmseg key"])
    refused(2, "tier", customers, "--key-file", "x", "-o", out, says=["--pseudonymise"])
    refused(2, "tier", customers, *hidden(folder), "--drop-ids", "-o", out, says=["one"])
    refused(2, "features", folder / "orders.csv", "--drop-ids", "--rejected", tmp_path / "r.csv",
            says=["--rejected"])
    open_key = tmp_path / "open.key"
    open_key.write_text(KEY.hex())
    open_key.chmod(0o640)
    refused(1, "tier", "absent.csv", "--pseudonymise", "--key-file", open_key, "-o", out,
            says=["0640", "chmod 600"])
    assert not out.exists()


PEOPLE = ("age,city,plan\n30,Bonn,a\n30,Bonn,b\n30,Bonn,a\n30,Köln,b\n40,Bonn,c\n40,Bonn,c\n"
          ",Bonn,a\n,Bonn,b\n40,,a\n")


def test_protect_says_whether_it_holds_by_its_exit_status(tmp_path):
    (tmp_path / "p.csv").write_text(PEOPLE)
    done = run("protect", tmp_path / "p.csv", "--quasi", "age,city", "-k", 2)
    assert done.returncode == 3 and done.stderr == ""
    for text in ("k-anonymity     1", "2 classes have fewer than 2 rows", "Köln", "(missing)"):
        assert text in done.stdout
    done = run("protect", tmp_path / "p.csv", "--quasi", "age", "-k", 2)
    assert done.returncode == 0 and "k-anonymity     2" in done.stdout
    assert "Fails" not in done.stdout
    done = run("protect", tmp_path / "p.csv", "--quasi", "age", "-k", 2, "--sensitive", "plan",
               "--l", 3)
    assert done.returncode == 3 and "l-diversity     2" in done.stdout
    quiet = run("protect", tmp_path / "p.csv", "--quasi", "age,city", "-q")
    assert quiet.returncode == 3 and quiet.stdout == quiet.stderr == ""
    refused(2, "protect", tmp_path / "p.csv", says=["--quasi"])
    refused(1, "protect", tmp_path / "p.csv", "--quasi", "town", says=["no column town"])


def test_protect_counts_as_hand_work_does(folder, tmp_path):
    (tmp_path / "p.csv").write_text(PEOPLE)
    done = run("protect", tmp_path / "p.csv", "--quasi", "age,city", "-k", 3, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 3 and report["holds"] is False
    assert (report["k"], report["classes"], report["failing_classes"], report["failing_rows"],
            report["rows_alone"]) == (1, 5, 4, 6, 2)
    assert [c["rows"] for c in report["smallest_classes"]] == [1, 1, 2, 2, 3]
    assert report["smallest_classes"][0]["values"] == ["30", "Köln"]
    # and as grouping a real table in Python does
    ok("tier", folder / "customers.csv", "-o", tmp_path / "t.csv")
    groups = {}
    for row in rows((tmp_path / "t.csv").read_text()):
        pair = (row["tier"], row["frequency"])
        groups[pair] = groups.get(pair, 0) + 1
    report = json.loads(run("protect", tmp_path / "t.csv", "--quasi", "tier,frequency",
                            "--json").stdout)
    assert report["k"] == min(groups.values()) and report["classes"] == len(groups)
    assert report["failing_rows"] == sum(n for n in groups.values() if n < 5)
