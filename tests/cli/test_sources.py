"""Parquet, JSON and SQL in place of CSV."""

import gzip
import json

import duck
import h5py
import numpy as np
import pytest
from command import ok, refused, run

ENV = duck.ENV

# One column of each type that DuckDB has; the values in the first row, then NULL, then a third row.
TYPES = {
    "boolean": ("true", "false", 1, 0),
    "tinyint": ("-128", "127", -128, 127),
    "smallint": ("-32768", "7", -32768, 7),
    "integer": ("-2147483648", "8", -2147483648, 8),
    "bigint": ("9007199254740992", "-5", 2.0**53, -5),
    "utinyint": ("255", "1", 255, 1),
    "usmallint": ("65535", "1", 65535, 1),
    "uinteger": ("4294967295", "1", 4294967295, 1),
    "ubigint": ("9007199254740992", "1", 2.0**53, 1),
    "hugeint": ("-9007199254740992", "1", -(2.0**53), 1),
    "float": ("0.1", "-1", float(np.float32(0.1)), -1),
    "double": ("0.1", "1e300", 0.1, 1e300),
    "decimal(9,2)": ("-1234567.89", "0.01", -1234567.89, 0.01),
    "decimal(18,3)": ("123456789012.345", "0.1", 123456789012.345, 0.1),
    "decimal(38,10)": ("12345.6789", "1", 12345.6789, 1),
    "decimal(12,0)": ("123456789012", "1", 123456789012, 1),
    "date": ("1969-12-31", "2024-02-29", -86400, 1709164800),
    "timestamp": ("1969-12-31 23:59:59.5", "2011-12-09 12:50:00", -1, 1323435000),
    "timestamp_s": ("1969-12-31 23:59:59", "2011-12-09 12:50:00", -1, 1323435000),
    "timestamp_ms": ("1969-12-31 23:59:59.5", "2011-12-09 12:50:00", -1, 1323435000),
    "timestamp_ns": ("1969-12-31 23:59:59.5", "2011-12-09 12:50:00", -1, 1323435000),
    "timestamptz": ("2011-12-09 12:50:00+02", "2011-12-09 12:50:00Z", 1323427800, 1323435000),
    "varchar": ("short", "a text of more than twelve bytes, 中文", "short",
                "a text of more than twelve bytes, 中文"),
    "enum('a', 'b')": ("b", "a", "b", "a"),
    "uuid": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002",
             "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
    "time": ("12:50:00", "00:00:01", "12:50:00", "00:00:01"),
    "interval": ("3 days", "1 month", "3 days", "1 month"),
    "bit": ("101", "0", "101", "0"),
    # Whole numbers beyond 2^53 are ids, all of the column.
    "bigint /* ids */": ("9007199254740993", "-5", "9007199254740993", "-5"),
    "ubigint /* ids */": ("18446744073709551615", "1", "18446744073709551615", "1"),
    "hugeint /* ids */": ("-170141183460469231731687303715884105728", "1",
                          "-170141183460469231731687303715884105728", "1"),
    "uhugeint": ("340282366920938463463374607431768211455", "1",
                 "340282366920938463463374607431768211455", "1"),
    "decimal(20,0)": ("12345678901234567890", "7", "12345678901234567890", "7"),
}


def column_of(path, name):
    """The values of a column of a table of kmseg; None is missing."""
    with h5py.File(path) as file:
        for dataset in file["columns"].values():
            if dataset.attrs["name"].decode() == name:
                kind = dataset.attrs["type"].decode()
                values = dataset[:]
                if kind == "text":
                    levels = file["levels"][dataset.name.split("/")[-1]].asstr()[:]
                    return [levels[v] if v >= 0 else None for v in values]
                missing = np.isnan(values) if kind == "number" else values == -(2**63)
                return [None if m else v for v, m in zip(values, missing)]
    raise AssertionError(f"no column {name}")


def table(tmp_path, *words):
    """Any table as HDF5: a rule that is true of everyone keeps all columns."""
    rules = tmp_path / "rules.txt"
    rules.write_text("[everyone]\ndefault: yes\n")
    out = tmp_path / "table.h5"
    ok("rules", *words, "--rules", rules, "-o", out, "-q", env=ENV)
    return out


@duck.needed
@pytest.mark.parametrize("source", ["sql", "parquet"])
def test_every_type_crosses(tmp_path, source):
    types = dict(TYPES)
    if source == "parquet":  # which has no such types
        for name in ("bit", "uhugeint", "hugeint", "hugeint /* ids */"):
            del types[name]
    rows = []
    for row in (0, None, 1):
        cells = [
            f"cast({'NULL' if row is None else repr(v[row])} as {t}) as c{i}"
            for i, (t, v) in enumerate(types.items())
        ]
        rows.append("select " + ", ".join(cells))
    query = " union all ".join(rows)
    if source == "parquet":
        duck.parquet(tmp_path / "types.parquet", query)
        path = table(tmp_path, tmp_path / "types.parquet")
    else:
        path = table(tmp_path, "--sql", query)
    for i, (name, (_, _, first, third)) in enumerate(types.items()):
        assert column_of(path, f"c{i}") == [first, None, third], name


@duck.needed
def test_what_is_nested_or_binary_is_refused_unless_it_is_left_out(tmp_path):
    for cell in ("[1, 2]", "{'a': 1}", "map {'a': 1}", "'ab'::blob"):
        refused(1, "info", "--sql", f"select 1 as a, {cell} as b", env=ENV,
                says=["column b is nested or binary"])
    path = tmp_path / "orders.parquet"
    duck.parquet(path, "select 'c' || i % 9 as customer_id, date '2024-01-01' + i::int as "
                       "order_date, 1.5 * i as amount, [i] as lines from range(100) t(i)")
    out = ok("features", path, "--json", env=ENV)
    assert json.loads(out)["n_customers"] == 9


@duck.needed
def test_infinite_values_are_refused_and_nan_is_missing(tmp_path):
    for cell in ("'inf'::double", "'-inf'::float"):
        refused(1, "info", "--sql", f"select 1 as a union all select {cell}", env=ENV,
                says=["column a is infinite in row 2"])
    for kind in ("date", "timestamp"):
        refused(1, "info", "--sql", f"select 'infinity'::{kind} as a", env=ENV, says=["a"])
    out = json.loads(ok("info", "--json", "--sql", "select 'nan'::double as a union all select 1",
                        env=ENV))
    assert out["columns"][0]["missing"] == 1


@duck.needed
def test_names_of_columns_and_files_are_data(tmp_path):
    names = ['"; drop table x; --', "it's", "a b", 'q"uote', "select", "中文",
             "--", "c1", "%s%n", "a,b"]
    cells = ", ".join('%d as "%s"' % (i, n.replace('"', '""')) for i, n in enumerate(names))
    for file in ("it's [1] *.parquet", "a?b.parquet", "no ending", "中文.csv"):
        path = tmp_path / file
        duck.parquet(str(path).replace("'", "''"), f"select {cells}, NULL as none")
        out = json.loads(ok("info", path, "--json", env=ENV))
        assert [c["name"] for c in out["columns"]] == names + ["none"]
    assert "Parquet, 1 row, 11 columns" in ok("info", path, env=ENV)


@duck.needed
def test_a_parquet_file_gives_what_its_csv_gives(tmp_path):
    ok("generate", "orders", "--n-customers", "300", "--n-orders", "3000", "--seed", "5", "-o",
       tmp_path / "orders.csv")
    duck.parquet(tmp_path / "orders.parquet", f"select * from '{tmp_path}/orders.csv'")
    duck.parquet(tmp_path / "orders.ndjson", f"select * from '{tmp_path}/orders.csv'",
                 "format json")
    duck.parquet(tmp_path / "orders.json", f"select * from '{tmp_path}/orders.csv'",
                 "format json, array true")
    for name in ("json", "ndjson"):
        text = (tmp_path / f"orders.{name}").read_bytes()
        (tmp_path / f"orders.{name}.gz").write_bytes(gzip.compress(text))
    customers = {}
    for name in ("csv", "parquet", "json", "ndjson", "json.gz", "ndjson.gz"):
        customers[name] = ok("features", tmp_path / f"orders.{name}", "-o", "-", "-q", env=ENV)
    customers["sql"] = ok("features", "--sql", f"select * from '{tmp_path}/orders.parquet'", "-o",
                          "-", "-q", env=ENV)
    assert len(customers["csv"].splitlines()) == 301
    for name, text in customers.items():
        assert text == customers["csv"], name
    ok("features", tmp_path / "orders.csv", "-o", tmp_path / "customers.csv")
    duck.parquet(tmp_path / "customers.parquet",
                 f"select * from read_csv('{tmp_path}/customers.csv')")
    labels = []
    for source in ("customers.csv", "customers.parquet"):
        ok("fit", tmp_path / source, "-k", "4", "-o", tmp_path / "s.h5", env=ENV)
        labels.append(h5py.File(tmp_path / "s.h5")["labels"][:].tolist())
    assert labels[0] == labels[1]


@duck.needed
def test_sql_takes_the_place_of_the_file_in_every_command_that_reads_a_table(tmp_path):
    duck.parquet(tmp_path / "c.parquet",
                 "select 'c' || i as customer_id, (i * 37) % 101 + 1 as recency, (i * 13) % 17 + 1 "
                 "as frequency, (i * 7919) % 1009 + 0.5 as monetary from range(400) t(i)")
    sql = ["--sql", f"select * from '{tmp_path}/c.parquet' order by customer_id;"]
    (tmp_path / "rules.txt").write_text("[class]\nold: recency > 50\ndefault: young\n")
    segments = tmp_path / "segments.h5"
    ok("fit", *sql, "-k", "3", "-o", segments, env=ENV)
    for words in (["inspect"], ["sweep", "-k", "2:3"], ["choose-k", "-k", "2:3"], ["rfm"],
                  ["tier"], ["rules", "--rules", tmp_path / "rules.txt"], ["info"],
                  ["predict", segments], ["protect", "--quasi", "frequency"]):
        done = run(*words, *sql, env=ENV)
        assert done.returncode in (0, 3), (words, done.stderr)
        assert "select" not in done.stdout, words
    out = run("explain", segments, "c7", *sql, env=ENV)
    assert out.returncode == 0 and "c7" in out.stdout, out.stderr
    refused(2, "info", tmp_path / "c.parquet", *sql, env=ENV, says=["in place of FILE"])
    refused(2, "predict", *sql, env=ENV, says=["predict needs"])
    refused(2, "list", *sql, env=ENV, says=["no option --sql"])


@duck.needed
def test_a_query_that_groups_gives_the_same_bytes_again(tmp_path):
    duck.parquet(tmp_path / "o.parquet", "select (i * 7919) % 5003 as customer_id, 0.1 * i as x "
                                         "from range(300000) t(i)")
    query = (f"select customer_id, count(*) as n, sum(x) as total, max(x) as m from "
             f"'{tmp_path}/o.parquet' group by customer_id")
    files = []
    for i in range(2):
        ok("fit", "--sql", query, "-k", "3", "-o", tmp_path / f"{i}.h5", env=ENV)
        files.append((tmp_path / f"{i}.h5").read_bytes())
    assert files[0] == files[1]
    assert b"select" not in files[0] and b"group by" not in files[0]


@duck.needed
def test_what_is_broken_says_so(tmp_path):
    duck.parquet(tmp_path / "good.parquet", "select i from range(1000) t(i)")
    good = (tmp_path / "good.parquet").read_bytes()
    bad = tmp_path / "bad.parquet"
    for content in (good[:4], good[:-7], good[:4] + bytes(len(good) - 8) + good[-4:],
                    good[: len(good) // 2]):
        bad.write_bytes(content)
        refused(1, "info", bad, env=ENV, says=["bad.parquet"])
    for text in ('[{"a": 1}', '{"a": 1}\n{"a": ', '{"a": }'):
        bad.write_text(text)
        refused(1, "info", bad, env=ENV, says=["bad.parquet"])
    refused(1, "info", "--sql", "select 1 where false", env=ENV, says=["no rows"])
    refused(1, "info", "--sql", "selec 1", env=ENV, says=["SQL query: Parser Error"])
    refused(1, "info", "--sql", "select 1; select 2", env=ENV, says=["SQL query"])
    refused(1, "info", "--sql", " ; ", env=ENV)
    refused(1, "info", "--sql", f"select * from '{tmp_path}/none.parquet'", env=ENV,
            says=["none.parquet"])
    message = refused(1, "info", "--sql", "select * from none where password = 'geheim'", env=ENV)
    assert "geheim" not in message


def test_a_header_in_brackets_is_csv(tmp_path):
    path = tmp_path / "a.json"  # the name says nothing
    path.write_text("[id],[name]\n1,a\n")
    assert "CSV" in ok("info", path)
    path.write_text("{x},y\n1,2\n")
    assert "CSV" in ok("info", path)


def test_without_the_library_the_message_says_how_to_get_it(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1}]')
    library = tmp_path / "libduckdb.so"
    library.write_text("no library")
    says = ["KMSEG_DUCKDB", "npm install -g --prefix ~/.local @duckdb/node-bindings-linux-"]
    refused(1, "info", path, env={"KMSEG_DUCKDB": str(library)}, says=says)
    refused(1, "info", path, env={"KMSEG_DUCKDB": str(tmp_path / "none.so")}, says=says)
    refused(1, "info", "--sql", "select 1", env={"KMSEG_DUCKDB": "/proc/self/exe"}, says=["npm"])
