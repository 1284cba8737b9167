"""DataFrames of every kind become the same table, and tables DataFrames of the kind that was given."""

import ctypes
import datetime as dt
import decimal
import pathlib
import re
import subprocess

import kmseg
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kmseg import _arrow
from kmseg._frames import table_of
from kmseg._session import Session

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arrays(frame):
    with Session(1) as session:
        return table_of(session, frame).arrays()


def same(a, b):
    assert list(a) == list(b)
    for name in a:
        assert a[name].dtype == b[name].dtype, name
        if a[name].dtype == object:
            assert a[name].tolist() == b[name].tolist(), name
        else:
            np.testing.assert_array_equal(a[name], b[name], name)


def test_structs_of_arrow_are_those_of_the_header(tmp_path):
    structs = (_arrow.ArrowSchema, _arrow.ArrowArray, _arrow.ArrowArrayStream)
    lines = ['#include <kmseg/arrow.h>', '#include <stdio.h>', 'int main(void) {']
    for struct in structs:
        name = struct.__name__
        lines.append(f'printf("%zu ", sizeof(struct {name}));')
        lines += [f'printf("%zu ", offsetof(struct {name}, {field}));' for field, _ in struct._fields_]
    (tmp_path / "sizes.c").write_text("\n".join([*lines, "return 0; }"]))
    header = (ROOT / "lib/include/kmseg/arrow.h").read_text()
    for struct in structs:  # nor is there another field
        body = re.search(rf"struct {struct.__name__} \{{(.*?)^\}};", header, re.S | re.M)[1]
        assert re.sub(r"/\*.*?\*/", "", body, flags=re.S).count(";") == len(struct._fields_)
    subprocess.run(["cc", "-I", ROOT / "lib/include", "-o", tmp_path / "sizes", tmp_path / "sizes.c"], check=True)
    printed = subprocess.run([tmp_path / "sizes"], capture_output=True, encoding="utf-8", check=True).stdout
    expected = []
    for struct in structs:
        expected += [ctypes.sizeof(struct), *(getattr(struct, field).offset for field, _ in struct._fields_)]
    assert [int(n) for n in printed.split()] == expected


def some_frame():
    return pd.DataFrame({
        "whole": np.array([1, -2, 3], np.int32),
        "id": np.array([2**60, 7, 2**53 + 1]),
        "float": np.array([0.1, np.nan, 2], np.float32),
        "flag": [True, False, True],
        "text": ["a", None, "süß"],
        "time": pd.to_datetime(["2011-01-01 10:00:00.9", "1969-12-31 23:59:59.5", None]),
        "zone": pd.to_datetime(["2011-01-01", "2011-06-01", "2012-01-01"]).tz_localize("Europe/London"),
        "coded": pd.Categorical(["y", None, "x"], categories=["x", "unused", "y"]),
        "none": [None, None, None],
    })


EXPECTED = {
    "whole": [1.0, -2.0, 3.0],
    "id": [str(2**60), "7", str(2**53 + 1)],
    "float": [float(np.float32(0.1)), None, 2.0],
    "flag": [1.0, 0.0, 1.0],
    "text": ["a", None, "süß"],
    "time": ["2011-01-01T10:00:00", "1969-12-31T23:59:59", "NaT"],
    "zone": ["2011-01-01T00:00:00", "2011-05-31T23:00:00", "2012-01-01T00:00:00"],
    "coded": ["y", None, "x"],
    "none": [None, None, None],
}


def plain(values):
    if values.dtype.kind == "M":
        return [str(value) for value in values]
    return [None if value is None or value != value else value for value in values.tolist()]


def test_a_frame_of_pandas_by_hand():
    assert {name: plain(values) for name, values in arrays(some_frame()).items()} == EXPECTED


def kinds():
    duckdb = pytest.importorskip("duckdb")
    frame = some_frame()
    table = pa.Table.from_pandas(frame)
    return {
        "pyarrow": table,
        "batches": pa.concat_tables([table.slice(0, 1), table.slice(1)]),
        "reader": pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
        "polars": pl.from_arrow(table),
        "duckdb": duckdb.from_arrow(table),
        "nullable": frame.convert_dtypes(),
        "arrow dtypes": frame.convert_dtypes(dtype_backend="pyarrow"),
    }


@pytest.mark.parametrize("kind", ["pyarrow", "batches", "reader", "polars", "duckdb", "nullable", "arrow dtypes"])
def test_every_kind_becomes_the_same_table(kind):
    same(arrays(kinds()[kind]), arrays(some_frame()))


def test_objects_are_what_they_hold():
    frame = pd.DataFrame({
        "decimal": [decimal.Decimal("1.10"), None, decimal.Decimal(2)],
        "date": [dt.date(2020, 1, 1), None, dt.date(2020, 2, 29)],
        "mixed": [7, "7", "C7"],
        "large": [2**70, 1, None],
        "whole": pd.Series([1, None, 3], dtype=object),
        "flag": pd.Series([True, None, False], dtype=object),
        "clock": [dt.time(9, 30), dt.time(9, 30, 1), None],
        "half": np.array([0.5, 1, 2], np.float16),
    })
    found = {name: plain(values) for name, values in arrays(frame).items()}
    assert found == {"decimal": [1.1, None, 2.0], "date": ["2020-01-01T00:00:00", "NaT", "2020-02-29T00:00:00"],
                     "mixed": ["7", "7", "C7"], "large": [str(2**70), "1", None], "whole": [1.0, None, 3.0],
                     "flag": [1.0, None, 0.0], "clock": ["09:30:00", "09:30:01", None], "half": [0.5, 1.0, 2.0]}


def test_an_index_with_a_name_is_a_column():
    frame = some_frame()[["text", "whole"]]
    assert list(arrays(frame)) == ["text", "whole"]
    assert list(arrays(frame.groupby("text").sum())) == ["text", "whole"]


@pytest.mark.parametrize(("bad", "error", "says"), [
    (7, TypeError, "no DataFrame"),
    (pl.DataFrame({"x": [1]}).lazy(), TypeError, "collect"),
    (pd.DataFrame({"basket": [{}]}), TypeError, "basket"),
    (pl.DataFrame({"basket": [[1]]}), ValueError, "basket.*nested"),
    (pa.table({"basket": [b"x"]}), ValueError, "basket.*binary"),
    (pd.DataFrame({"z": [1j]}), TypeError, "z has complex"),
    (pd.DataFrame({"wait": [dt.timedelta(1)]}), TypeError, "wait.*days"),
    (pl.DataFrame({"wait": [dt.timedelta(1)]}), ValueError, "wait.*days"),
    (pd.DataFrame({"x": [np.inf, 1]}), ValueError, "x is infinite"),
    (pd.DataFrame([[1, 2]], columns=["x", "x"]), ValueError, "two columns are named x"),
    (pd.DataFrame({"x": []}), ValueError, "no rows"),
])
def test_what_no_table_has_is_refused_by_name(bad, error, says):
    with pytest.raises(error, match=says):
        arrays(bad)


def test_an_error_of_the_stream_is_told():
    def batches():
        yield pa.RecordBatch.from_pydict({"x": [1]})
        raise OSError("the wire was cut")

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    with pytest.raises(OSError, match="the wire was cut"):
        arrays(reader)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.floats(allow_infinity=False, allow_nan=False)),
                          st.one_of(st.none(), st.text(st.characters(exclude_characters="\0",
                                                                     exclude_categories=["Cs"]))),
                          st.one_of(st.none(), st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)))),
                min_size=1, max_size=40))
def test_whatever_goes_in_comes_out(rows):
    numbers, texts, times = zip(*rows)
    times = [None if t is None else t.replace(microsecond=0) for t in times]
    table = pa.table({"n": pa.array(numbers, pa.float64()), "t": pa.array(texts, pa.string()),
                      "d": pa.array(times, pa.timestamp("s"))})
    with Session(1) as session:
        back = pa.table(table_of(session, table))
    assert back.column("n").to_pylist() == list(numbers)
    assert back.column("t").to_pylist() == list(texts)
    assert back.column("d").to_pylist() == table.column("d").to_pylist()


def test_capsules_that_nobody_takes_are_freed():
    before = len(_arrow._given)
    with Session(1) as session:
        table = table_of(session, some_frame())
    for _ in range(20):
        table.__arrow_c_stream__()
    capsule = table.__arrow_c_stream__()
    assert len(_arrow._given) == before + 1
    del capsule
    assert len(_arrow._given) == before


def test_functions_give_back_the_kind_that_they_were_given():
    orders = kmseg.generate("orders", n_customers=150, seed=3)
    for frame in (orders, pl.DataFrame(orders), pa.Table.from_pandas(orders)):
        for function in (kmseg.features, kmseg.rfm, kmseg.lifecycle, kmseg.tier, kmseg.clv):
            assert type(function(frame)) is type(frame)
    assert kmseg.rfm(orders).attrs["kmseg"]["bins"] == 5
    assert kmseg.lifecycle(orders, warn_days=30, lost_days=90).attrs["kmseg"]["lost_days"] == 90
    assert set(kmseg.tier(orders, weights={"monetary": 0.5, "recency": -0.5})["tier"]) == {"high", "mid", "low"}
    with pytest.raises(TypeError, match="did you mean 'bins'"):
        kmseg.rfm(orders, binz=3)
    with pytest.raises(ValueError, match="customer="):
        kmseg.features(orders.rename(columns={"customer_id": "whom"}))


def test_features_by_hand():
    """b bought twice, 3 and 1 days before the day after the last order; a once, 2 days before it."""
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])
    orders = pd.DataFrame({"customer": ["b", "a", "b"], "date": days, "amount": [10.0, 7.5, 2.5]})
    made = kmseg.features(orders).set_index("customer_id")
    assert made.loc["a", ["recency", "frequency", "monetary"]].tolist() == [2, 1, 7.5]
    assert made.loc["b", ["recency", "frequency", "monetary"]].tolist() == [1, 2, 12.5]
    assert made.attrs["kmseg"]["n_kept"] == 3


def test_pandas_needs_no_pyarrow(run_python):
    source = """
import sys
sys.modules["pyarrow"] = None  # as if it were not installed
import kmseg
orders = kmseg.generate("orders", n_customers=60, seed=3)
made = kmseg.Segmenter(3).fit(orders)
print(type(made.segments).__module__.split(".")[0], len(made.customers))
"""
    assert run_python(source).split() == ["pandas", "60"]
