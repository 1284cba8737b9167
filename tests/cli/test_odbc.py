"""Tables from a real PostgreSQL server through ODBC."""

import json
import pathlib
import subprocess

import postgres
import pytest
from command import ok, refused, run
from test_sources import column_of

pytestmark = postgres.needed

TYPES = {
    "boolean": ("true", "false", 1, 0),
    "smallint": ("-32768", "7", -32768, 7),
    "integer": ("-2147483648", "8", -2147483648, 8),
    "bigint": ("9007199254740992", "-5", 2.0**53, -5),
    "bigint /* ids */": ("9007199254740993", "-5", "9007199254740993", "-5"),
    "real": ("0.5", "-1", 0.5, -1),
    "double precision": ("0.1", "1e300", 0.1, 1e300),
    "numeric(12,2)": ("-1234567.89", "0.01", -1234567.89, 0.01),
    "numeric(20,0)": ("12345678901234567890", "7", "12345678901234567890", "7"),
    "date": ("1969-12-31", "2024-02-29", -86400, 1709164800),
    "timestamp": ("1969-12-31 23:59:59.5", "2011-12-09 12:50:00", -1, 1323435000),
    "timestamptz": ("2011-12-09 12:50:00+02", "2011-12-09 12:50:00Z", 1323427800, 1323435000),
    "text": ("", "中文 und 😀", "", "中文 und 😀"),
    "varchar(20)": ("a", "b", "a", "b"),
    "char(5)": ("ab", "abcde", "ab", "abcde"),
    "uuid": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002",
             "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
}


@pytest.fixture(scope="module")
def database():
    with postgres.server() as folder:
        yield folder


@pytest.fixture()
def env(database):
    # The driver leaks what it knows of a statement that is described and not run.
    return {"SHOP": postgres.connection(database), "ASAN_OPTIONS": "detect_leaks=0"}


def test_every_type_crosses(tmp_path, database, env):
    cells = ", ".join(f"c{i} {t}" for i, t in enumerate(TYPES))
    rows = ", ".join(
        "(" + ", ".join("NULL" if row is None else f"'{v[row]}'" for v in TYPES.values()) + ")"
        for row in (0, None, 1)
    )
    postgres.psql(database, f"create table types ({cells}); insert into types values {rows}")
    (tmp_path / "rules.txt").write_text("[everyone]\ndefault: yes\n")
    ok("rules", "--sql", "select * from types", "--odbc", "env:SHOP", "--rules",
       tmp_path / "rules.txt", "-o", tmp_path / "t.h5", "-q", env=env)
    for i, (name, (_, _, first, third)) in enumerate(TYPES.items()):
        assert column_of(tmp_path / "t.h5", f"c{i}") == [first, None, third], name


def test_a_table_of_the_database_gives_what_its_csv_gives(tmp_path, database, env):
    ok("generate", "customers", "--n-customers", "5000", "--seed", "3", "-o", tmp_path / "c.csv")
    text = ok("info", tmp_path / "c.csv", "--json")
    kinds = {"number": "double precision", "text": "text", "time": "timestamp"}
    columns = ", ".join(f'"{c["name"]}" {kinds[c["type"]]}' for c in json.loads(text)["columns"])
    postgres.psql(database, f"create table customers ({columns})")
    subprocess.run(
        [f"{postgres.PROGRAMS[0]}/psql", "-h", database, "-U", "shop", "-d", "postgres", "-q", "-c",
         "copy customers from stdin csv header"],
        stdin=(tmp_path / "c.csv").open(), check=True, env={"PGPASSWORD": postgres.PASSWORD},
    )
    csv = ok("fit", tmp_path / "c.csv", "-k", "4", "--json")
    sql = ok("fit", "--sql", "select * from customers", "--odbc", "env:SHOP", "-k", "4", "--json",
             env=env)
    a, b = json.loads(csv), json.loads(sql)
    assert a["segments"] == b["segments"]


def test_long_texts_are_whole(tmp_path, env):
    (tmp_path / "rules.txt").write_text("[everyone]\ndefault: yes\n")
    ok("rules", "--sql", "select i, repeat('ö', i * 1000) as t from generate_series(0, 5) i",
       "--odbc", "env:SHOP", "--rules", tmp_path / "rules.txt", "-o", tmp_path / "t.h5", "-q",
       env=env)
    assert column_of(tmp_path / "t.h5", "t") == ["ö" * (1000 * i) for i in range(6)]


def test_what_cannot_be_read_says_so(env):
    for query, says in (
        ("select 'inf'::float8 as a", "infinite"),
        ("select 1 as a, 2 as a", "two columns are named a"),
        ("select 'a'::bytea as a", "binary"),
        ("select 1 as a where false", "no rows"),
        ("select * from nowhere", "nowhere"),
        ("create table made (a int)", "SELECT"),
    ):
        refused(1, "info", "--sql", query, "--odbc", "env:SHOP", env=env, says=[says])
    refused(2, "info", "--odbc", "env:SHOP", env=env)
    refused(1, "info", "--sql", "select 1", "--odbc", "env:NOTHING", says=["NOTHING"])
    refused(2, "info", "--sql", "select 1", "--odbc", "DSN=a;PWD=x", says=["env:NAME"])


def test_no_password_goes_anywhere(tmp_path, database):
    right, wrong = postgres.PASSWORD, "falsch-" + postgres.PASSWORD
    secret = tmp_path / "connection"
    secret.touch(0o600)
    out = tmp_path / "out"
    out.mkdir()
    query = ("select i as customer_id, i % 7 as x, i * i % 11 as monetary "
             "from generate_series(1, 99) i")
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    for password, code in ((right, 0), (wrong, 1)):
        secret.write_text(postgres.connection(database, password) + "\n")
        done = run("fit", "--sql", query, "--odbc", f"@{secret}", "-k", "3", "-o", out / "s.h5",
                   cwd=out, env=quiet)
        assert done.returncode == code, done.stderr
        assert right not in done.stdout + done.stderr
        done = run("info", "--sql", "select 1 as a, 2 as " + right.replace("-", "_"), "--odbc",
                   f"@{secret}", "--json", cwd=out, env=quiet)
        assert right not in done.stderr
    secret.write_text("DSN=none-such;PWD=" + right)
    assert right not in refused(1, "info", "--sql", "select 1", "--odbc", f"@{secret}",
                                env=quiet)
    secret.write_text(right)  # no connection string at all: the driver manager may repeat it
    refused(1, "info", "--sql", "select 1", "--odbc", f"@{secret}", env=quiet)
    files = [p for p in out.rglob("*") if p.is_file()]
    assert files
    for path in files:
        assert right.encode() not in pathlib.Path(path).read_bytes(), path
