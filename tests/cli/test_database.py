"""kmseg export --odbc --table: assignments into a real PostgreSQL server, in one transaction."""

import csv
import glob
import io
import json
import os
import pathlib
import signal
import subprocess
import time
from random import Random

import postgres
import pytest
from command import KMSEG, ok, refused, run
from test_export import assignments, rows

pytestmark = postgres.needed

HOSTILE = ['x"; drop table precious; --', "precious'; drop table precious; --", "select", "Größe 客户",
           "a b", "$1", "?", "{fn now()}", "%s", "back\\slash", "tick`", "[x]", "/* x", "a\tb"]


@pytest.fixture(scope="module")
def database():
    with postgres.server() as folder:
        yield folder


@pytest.fixture()
def env(database):
    # The driver leaks what it knows of a statement that is described and not run.
    return {"SHOP": postgres.connection(database), "ASAN_OPTIONS": "detect_leaks=0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("database")
    ok("generate", "orders", "--n-customers", 1500, "--seed", 5, "-o", folder / "orders.csv")
    ok("features", folder / "orders.csv", "-o", folder / "customers.h5")
    ok("tier", folder / "customers.h5", "-o", folder / "tiers.h5")
    ok("lifecycle", folder / "tiers.h5", "-o", folder / "stages.h5")
    ok("fit", folder / "customers.h5", "-k", 4, "-o", folder / "segments.h5")
    random = Random(3)
    with open(folder / "clv.csv", "w") as file:  # numbers of all digits; some customers have none
        file.write("customer_id,clv,churn_risk\n")
        for i in list(assignments(folder / "segments.h5"))[::2]:
            file.write(f"{i},{random.random() * 10 ** random.randint(-300, 300)},{random.random()}\n")
    (folder / "labels.txt").write_text(
        "[segment 1]\nname = =Best, \"of all\"\naction = 'call'; --\n[segment 3]\nname = 老客户 😀\n")
    ok("profile", folder / "segments.h5", "--labels", folder / "labels.txt", "-o",
       folder / "segments.h5")
    return folder


def to(table):
    return "--odbc", "env:SHOP", "--table", table


def table_rows(database, name, order="id"):
    text = postgres.psql(
        database, f"copy (select * from {name} order by {order}) to stdout csv header null '<none>'")
    return list(csv.DictReader(io.StringIO(text)))


def state_of(database, name):
    return postgres.psql(database, f"select count(*), md5(string_agg(t::text, '|' order by t::text)) "
                                   f"from {name} t")


def test_the_table_has_what_the_csv_has(folder, tmp_path, database, env):
    more = ["--with", folder / "stages.h5", "--join", f"{folder / 'clv.csv'}:customer_id"]
    ok("export", folder / "segments.h5", *more, "-o", tmp_path / "e.csv")
    said = json.loads(ok("export", folder / "segments.h5", *more, *to("all_of_it"), "--json", env=env))
    wanted = sorted(rows(tmp_path / "e.csv"), key=lambda r: r["id"])
    assert said["rows"] == len(wanted) and not said["table_was_there"] and said["table"] == "all_of_it"
    found = sorted(table_rows(database, "all_of_it"), key=lambda r: r["id"])
    assert list(found[0]) == list(wanted[0]) and len(found) == len(wanted)
    for a, b in zip(found, wanted):
        for field in b:
            if field in ("clv", "risk") and b[field]:
                assert float(a[field]) == float(b[field])  # every digit
            elif b[field].startswith("'=") or b[field].startswith("''"):
                assert a[field] == b[field][1:]  # in a CSV it is neutralised
            else:
                assert a[field] == (b[field] if b[field] else "<none>")
    types = postgres.psql(database, "select column_name || ' ' || data_type from "
                                    "information_schema.columns where table_name = 'all_of_it' "
                                    "order by ordinal_position")
    assert types.split("\n")[:-1] == [
        "id bigint", "segment bigint", "name text", "tier text", "stage text", "clv double precision",
        "risk double precision", "action text"]


def test_reading_it_back_gives_the_assignments(folder, tmp_path, env):
    ok("export", folder / "segments.h5", *to("back"), env=env)
    ok("rules", "--sql", "select * from back", "--odbc", "env:SHOP", "--rules",
       _rules(tmp_path), "-o", tmp_path / "t.csv", "-q", env=env)
    assert {r["id"]: int(float(r["segment"])) for r in rows(tmp_path / "t.csv")} == assignments(
        folder / "segments.h5")


def _rules(tmp_path):
    (tmp_path / "rules.txt").write_text("[everyone]\ndefault: yes\n")
    return tmp_path / "rules.txt"


def test_rows_are_replaced_and_the_table_stays_itself(folder, database, env):
    postgres.psql(database, "create table kept (name text, id varchar(40) primary key, segment "
                            "integer not null); insert into kept values ('old', 'nobody', 9); "
                            "create index kept_segment on kept (segment)")
    said = json.loads(ok("export", folder / "segments.h5", *to("kept"), "--headers", "action=", "--json",
                         env=env))
    assert said["table_was_there"] and said["rows_replaced"] == 1
    first = state_of(database, "kept")
    out = ok("export", folder / "segments.h5", *to("kept"), "--headers", "action=", env=env)
    n = len(assignments(folder / "segments.h5"))
    assert f"{n:,} rows into table kept, in place of the {n:,} that were in it" in out
    assert state_of(database, "kept") == first
    assert {r["id"]: int(r["segment"]) for r in table_rows(database, "kept")} == assignments(
        folder / "segments.h5")
    assert "kept_segment" in postgres.psql(database, "select indexname from pg_indexes where tablename "
                                                     "= 'kept'")


def test_whole_ids_are_numbers_and_a_table_of_texts_may_have_them(tmp_path, database, env):
    (tmp_path / "c.csv").write_text("customer_id,x\n" + "".join(f"{i},{i % 5}\n" for i in range(60)))
    ok("fit", tmp_path / "c.csv", "-k", 3, "-o", tmp_path / "s.h5", "-q")
    ok("export", tmp_path / "s.h5", *to("numbers"), env=env)
    assert sorted(r["id"] for r in table_rows(database, "numbers")) == sorted(
        assignments(tmp_path / "s.h5"))
    assert "bigint" in postgres.psql(database, "select data_type from information_schema.columns where "
                                               "table_name = 'numbers' and column_name = 'id'")
    postgres.psql(database, "create table texts (id text, segment int, name text)")
    ok("export", tmp_path / "s.h5", *to("texts"), env=env)
    assert table_rows(database, "texts", "id::int")[59]["id"] == "59"
    (tmp_path / "z.csv").write_text("customer_id,x\n" + "".join(f"0{i},{i % 5}\n" for i in range(60)))
    ok("fit", tmp_path / "z.csv", "-k", 3, "-o", tmp_path / "z.h5", "-q")
    ok("export", tmp_path / "z.h5", *to("zeros"), env=env)
    assert table_rows(database, "zeros")[1]["id"] == "01"
    refused(1, "export", tmp_path / "z.h5", *to("numbers"), env=env, says=["column id", "text"])


def test_a_failure_half_way_leaves_the_table_as_it_was(folder, database, env):
    n = len(assignments(folder / "segments.h5"))
    postgres.psql(database, f"""
        create table careful (id text, segment int, name text, action text);
        insert into careful values ('old', 1, 'x', null), ('older', 2, 'y', 'z');
        create sequence seen;
        create function stop() returns trigger language plpgsql as $$ begin
          if nextval('seen') > {n - 100} then raise exception 'enough of it'; end if;
          return new; end $$;
        create trigger stop before insert on careful for each row execute function stop()""")
    before = state_of(database, "careful")
    refused(1, "export", folder / "segments.h5", *to("careful"), env=env, says=["enough of it"])
    assert int(postgres.psql(database, "select last_value from seen")) > n // 2  # it was half way
    assert state_of(database, "careful") == before
    postgres.psql(database, "drop trigger stop on careful; create rule less as on insert to careful "
                            "where new.segment = 2 do instead nothing")
    refused(1, "export", folder / "segments.h5", *to("careful"), env=env, says=["rows were sent"])
    assert state_of(database, "careful") == before
    postgres.psql(database, "create table short (id text, segment int, name varchar(3), action text); "
                            "insert into short values ('old', 1, 'x', null)")
    refused(1, "export", folder / "segments.h5", *to("short"), env=env, says=["too long"])
    assert len(table_rows(database, "short")) == 1


def wait_for_insert(database, table, process):
    busy = f"select count(*) from pg_stat_activity where query like '%INSERT INTO%{table}%' and pid <> " \
           "pg_backend_pid()"
    for _ in range(400):
        if postgres.psql(database, busy) != "0\n":
            return
        time.sleep(0.05)
    process.kill()
    raise AssertionError("nothing was inserted")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_end_half_way_leaves_the_table_as_it_was(folder, database, env, end):
    postgres.psql(database, """
        drop table if exists slow;
        create table slow (id text, segment int, name text, action text);
        insert into slow values ('old', 1, 'x', null);
        create or replace function wait() returns trigger language plpgsql as $$ begin
          perform pg_sleep(0.4); return null; end $$;
        create trigger wait after insert on slow for each statement execute function wait()""")
    before = state_of(database, "slow")
    process = subprocess.Popen([KMSEG, "export", folder / "segments.h5", *to("slow")],
                               env={**os.environ, **env}, stderr=subprocess.PIPE, encoding="utf-8",
                               stdout=subprocess.DEVNULL)
    wait_for_insert(database, "slow", process)
    process.send_signal(end)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == (-9 if end == signal.SIGKILL else 128 + end), stderr
    assert end == signal.SIGKILL or "interrupted" in stderr
    assert state_of(database, "slow") == before


def test_names_are_nothing_but_names(folder, database, env):
    postgres.psql(database, "create table precious (id int); insert into precious values (7)")
    for name in HOSTILE:
        quoted = '"' + name.replace('"', '""') + '"'
        ok("export", folder / "segments.h5", *to(name), "--headers", f"name={name}", "--headers",
           "action=", "-q", env=env)
        found = table_rows(database, quoted)
        assert list(found[0]) == ["id", "segment", name] and len(found) > 1000, name
        postgres.psql(database, f"drop table {quoted}")
    assert postgres.psql(database, "select id from precious") == "7\n"
    postgres.psql(database, 'create schema crm; create schema "c.r.m"')
    for name, quoted in (("crm.segments", "crm.segments"), ('"c.r.m"."a.b"', '"c.r.m"."a.b"'),
                         ('crm."x""y"', 'crm."x""y"')):
        ok("export", folder / "segments.h5", *to(name), "-q", env=env)
        assert len(table_rows(database, quoted)) > 1000
    for name in ("", ".", "a.", ".a", '"a', '"a"b', "a.b.c.d", "a..b"):
        refused(1, "export", folder / "segments.h5", *to(name), env=env, says=["name of a table"])
    refused(1, "export", folder / "segments.h5", *to("x" * 64), env=env, says=["63 bytes"])
    refused(1, "export", folder / "segments.h5", *to("nowhere.segments"), env=env, says=["nowhere"])
    refused(1, "export", folder / "segments.h5", *to("nowhere.segments"), "--dry-run", env=env,
            says=["nowhere"])


def test_another_table_is_refused_and_untouched(folder, database, env):
    postgres.psql(database, "create table people (id text, segment int, name text, action text, "
                            "email text); insert into people values ('1', 1, 'a', 'b', 'c'); "
                            "create table wrong (id text, segment text, name int, action text)")
    for more in ([], ["--dry-run"]):
        refused(1, "export", folder / "segments.h5", *to("people"), *more, env=env,
                says=["id, segment, name, action, email", "drop"])
        refused(1, "export", folder / "segments.h5", *to("wrong"), *more, env=env, says=["column"])
    assert len(table_rows(database, "people")) == 1


def test_a_dry_run_says_what_would_be_and_changes_nothing(folder, database, env):
    n = len(assignments(folder / "segments.h5"))
    said = json.loads(ok("export", folder / "segments.h5", *to("dry"), "--dry-run", "--json", env=env))
    assert (said["rows"], said["table_was_there"], said["rows_replaced"], said["dry_run"]) == (
        n, False, 0, True)
    assert postgres.psql(database, "select to_regclass('dry') is null") == "t\n"
    postgres.psql(database, "create table dry (id text, segment int, name text, action text); "
                            "insert into dry values ('old', 1, 'x', null)")
    out = ok("export", folder / "segments.h5", *to("dry"), "--dry-run", env=env)
    assert "Would write" in out and "the 1 in it" in out
    assert len(table_rows(database, "dry")) == 1


def test_two_at_a_time_do_not_mix(folder, database, env):
    ok("export", folder / "segments.h5", *to("shared"), "-q", env=env)
    words = [KMSEG, "export", folder / "segments.h5", *to("shared"), "-q"]
    running = [subprocess.Popen(words, env={**os.environ, **env}, stderr=subprocess.PIPE,
                                encoding="utf-8") for _ in range(4)]
    ends = [(p.communicate(timeout=120)[1], p.returncode) for p in running]
    assert any(code == 0 for _, code in ends), ends
    assert all(code == 0 or "serialize" in text or "deadlock" in text for text, code in ends), ends
    assert len(table_rows(database, "shared")) == len(assignments(folder / "segments.h5"))


def test_ids_are_hidden_as_in_files(folder, tmp_path, database, env):
    ok("key", "--write", tmp_path / "k")
    ok("export", folder / "segments.h5", "--pseudonymise", "--key-file", tmp_path / "k",
       *to("hidden"), env=env)
    ok("export", folder / "segments.h5", "--pseudonymise", "--key-file", tmp_path / "k", "-o",
       tmp_path / "h.csv")
    assert {r["id"]: r["segment"] for r in table_rows(database, "hidden")} == {
        r["id"]: r["segment"] for r in rows(tmp_path / "h.csv")}
    ok("export", folder / "segments.h5", "--drop-ids", *to("no_ids"), env=env)
    assert list(table_rows(database, "no_ids", "segment")[0]) == ["segment", "name", "action"]


def test_run_writes_it_too(folder, tmp_path, database, env):
    out = ok("run", folder / "orders.csv", "-k", 4, "-o", tmp_path / "out", "--odbc", "env:SHOP",
             "--table", "of_run", env=env)
    assert "table of_run:" in out and "a new table" in out
    found = {r["id"]: r["segment"] for r in table_rows(database, "of_run")}
    assert found == {r["id"]: r["segment"] for r in rows(tmp_path / "out" / "assignments.csv")}
    refused(2, "run", folder / "orders.csv", "-o", tmp_path / "out", "--table", "x", says=["--odbc"])
    refused(2, "run", folder / "orders.csv", "-o", tmp_path / "out", "--odbc", "DSN=x",
            says=["--table"])


def test_an_interrupted_run_says_which_files_are_there(folder, tmp_path, database, env):
    postgres.psql(database, """
        create table slow_run (id bigint, segment int, name text, tier text, stage text, clv float8,
                               risk float8);
        create or replace function wait() returns trigger language plpgsql as $$ begin
          perform pg_sleep(0.4); return null; end $$;
        create trigger wait after insert on slow_run for each statement execute function wait()""")
    words = [KMSEG, "run", folder / "orders.csv", "-k", "4", "-o", tmp_path / "out", "--odbc", "env:SHOP",
             "--table", "slow_run", "-q"]
    process = subprocess.Popen(words, env={**os.environ, **env}, stderr=subprocess.PIPE, encoding="utf-8")
    wait_for_insert(database, "slow_run", process)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert stderr == "kmseg: interrupted; whole and new is assignments.csv, nothing else was written\n"
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"assignments.csv", "assignments.mapping.csv"}
    assert len(rows(tmp_path / "out" / "assignments.csv")) == 1500
    assert table_rows(database, "slow_run") == []


def test_no_secret_goes_anywhere(folder, tmp_path, database):
    secret = tmp_path / "connection"
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    for password, code in ((postgres.PASSWORD, 0), ("falsch-" + postgres.PASSWORD, 1)):
        secret.write_text(postgres.connection(database, password) + "\n")
        secret.chmod(0o600)
        done = run("export", folder / "segments.h5", "--odbc", f"@{secret}", "--table", "secret",
                   "--json", env=quiet)
        assert done.returncode == code, done.stderr
        assert postgres.PASSWORD not in done.stdout + done.stderr
    for mode, says in ((0o644, "read"), (0o640, "read"), (0o620, "change"), (0o602, "change")):
        secret.chmod(mode)
        refused(1, "export", folder / "segments.h5", "--odbc", f"@{secret}", "--table", "secret",
                says=[says, "chmod 600"], env=quiet)
    secret.write_text("DSN=none-such")  # nothing to read in it
    secret.chmod(0o644)
    assert "chmod" not in refused(1, "export", folder / "segments.h5", "--odbc", f"@{secret}",
                                  "--table", "secret", env=quiet)


def test_what_does_not_go_together_is_misuse(folder, tmp_path):
    segments = folder / "segments.h5"
    for words in (["--odbc", "DSN=a"], ["--table", "a"], ["--dry-run", "-o", tmp_path / "a.csv"], [],
                  ["--odbc", "DSN=a", "--table", "a", "-o", tmp_path / "a.csv"],
                  ["--odbc", "DSN=a;PWD=b", "--table", "a"]):
        refused(2, "export", segments, *words)


@pytest.mark.skipif(not glob.glob("/usr/lib/*/odbc/libsqlite3odbc.so"),
                    reason="SQLite's ODBC driver is not here: ./run setup installs it")
def test_sqlite_takes_the_same_rows(folder, tmp_path):
    sqlite3 = pytest.importorskip("sqlite3")
    driver = glob.glob("/usr/lib/*/odbc/libsqlite3odbc.so")[0]
    path = tmp_path / "shop.db"
    more = ["--with", folder / "stages.h5", "--join", f"{folder / 'clv.csv'}:customer_id", "--odbc",
            f"Driver={driver};Database={path}", "--table", "segments"]
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    ok("export", folder / "segments.h5", *more, env=quiet)
    ok("export", folder / "segments.h5", *more, env=quiet)
    ok("export", folder / "segments.h5", *more[:4], "-o", tmp_path / "e.csv")
    wanted = {r["id"]: r for r in rows(tmp_path / "e.csv")}
    with sqlite3.connect(path) as shop:
        found = shop.execute("select id, segment, name, stage, risk from segments").fetchall()
    assert len(found) == len(wanted)
    for i, segment, name, stage, risk in found:
        row = wanted[str(i)]
        assert (str(segment), stage or "") == (row["segment"], row["stage"])
        assert name == row["name"].removeprefix("'")
        assert (risk is None) == (row["risk"] == "") and (risk is None or risk == float(row["risk"]))
    refused(1, "export", folder / "segments.h5", *more[:-1], "客户", says=["ASCII"], env=quiet)
    assert pathlib.Path(path).exists()
