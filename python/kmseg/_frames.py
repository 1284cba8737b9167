"""DataFrames to tables of the library, and tables to DataFrames of the same kind.

pandas goes through NumPy, so that it needs no pyarrow; Polars, PyArrow, DuckDB and whatever else has
`__arrow_c_stream__` hand their columns over as a stream of Arrow.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
import weakref
from typing import Any, Callable, Iterator, Mapping, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from . import _abi
from ._arrow import ArrowArrayStream, Column, Stream, address_of, capsule_of
from ._library import lib
from ._session import Session

Source = Union[Any, str, "os.PathLike[str]"]
"""A DataFrame, or the path of a file that `kmseg` reads."""

NAME = "DataFrame"
"""What messages call a table that is no file."""

_LETTERS = {"i1": "c", "u1": "C", "i2": "s", "u2": "S", "i4": "i", "u4": "I", "i8": "l", "u8": "L", "f2": "e", "f4": "f",
            "f8": "g"}
_UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}


class Table:
    """A table of the library. Any DataFrame library takes it through `__arrow_c_stream__`.

    Numbers are float64, times have whole seconds and no time zone, texts are strings; missing values
    are null.
    """

    def __init__(self, address: int) -> None:
        self._address = address
        self._free = weakref.finalize(self, lib.table_free, address)

    @property
    def columns(self) -> list[str]:
        return [column.name.decode() for column in self._columns()]

    def __len__(self) -> int:
        n: int = lib.table_n_rows(self._address)
        return n

    def __contains__(self, name: str) -> bool:
        return bool(lib.table_find(self._address, name.encode()) >= 0)

    def __repr__(self) -> str:
        return f"kmseg.Table of {len(self)} rows: {', '.join(self.columns)}"

    def _columns(self) -> Iterator[_abi.column]:
        for i in range(lib.table_n_columns(self._address)):
            yield lib.table_column(self._address, i).contents

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        stream = ArrowArrayStream()
        with Session(1) as session:
            session.call(lib.table_to_arrow, self._address, ctypes.byref(stream))
        return capsule_of(stream)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The columns as NumPy arrays: float64, datetime64[s], and objects of str and None."""
        return {column.name.decode(): _values(column) for column in self._columns()}

    def to_pandas(self) -> Any:
        """A pandas DataFrame; needs no pyarrow, but with it texts come faster."""
        import pandas

        try:
            import pyarrow
        except ImportError:
            return pandas.DataFrame(self.arrays())
        of_arrow = pyarrow.table(self)
        return pandas.DataFrame({
            name: of_arrow.column(name).to_pandas() if column.type == _abi.COLUMN_TEXT else _values(column)
            for name, column in zip(self.columns, self._columns())})


def _values(column: _abi.column) -> NDArray[Any]:
    n = column.n_rows
    if n == 0:
        kind = {_abi.COLUMN_NUMBER: "f8", _abi.COLUMN_TIME: "M8[s]"}.get(column.type, "O")
        return np.empty(0, kind)
    if column.type == _abi.COLUMN_NUMBER:
        return np.ctypeslib.as_array(column.numbers, (n,)).copy()
    if column.type == _abi.COLUMN_TIME:
        return np.ctypeslib.as_array(column.times, (n,)).copy().view("M8[s]")  # the least integer is NaT
    levels = np.empty(column.n_levels + 1, object)
    levels[:-1] = [column.levels[i].decode() for i in range(column.n_levels)]
    taken: NDArray[Any] = levels[np.ctypeslib.as_array(column.codes, (n,))]  # -1 is the last, None
    return taken


# ---- in ----


def is_frame(data: Any) -> bool:
    """Whether it is no path."""
    return not isinstance(data, (str, os.PathLike))


def table_of(session: Session, data: Any, name: str = NAME) -> Table:
    """Reads a DataFrame, or another table by Arrow. Rows stay in their order."""
    out = ctypes.c_void_p()
    stream: Stream | None = None
    capsule: object = None
    if _is_pandas(data):
        stream = _pandas_stream(data)
        address = stream.address
    elif hasattr(data, "__arrow_c_stream__"):
        capsule = data.__arrow_c_stream__()
        address = address_of(capsule)
    elif hasattr(data, "collect"):
        raise TypeError(f"{type(data).__name__} has no rows yet; collect() it first")
    else:
        raise TypeError(f"{type(data).__name__} is no DataFrame; give one of pandas, Polars or PyArrow, a relation of "
                        "DuckDB, anything with __arrow_c_stream__, or the path of a file")
    session.call(lib.table_from_arrow, address, name.encode(), None, ctypes.byref(out), work=float("inf"))
    del stream, capsule  # until here they hold what was read
    assert out.value is not None
    return Table(out.value)


def _is_pandas(data: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def _pandas_stream(frame: Any) -> Stream:
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()  # an index with a name is a column, such as the customer of a groupby
    columns = [_pandas_column(str(name), frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    return Stream(columns, len(frame))


def _pandas_column(name: str, series: Any) -> Column:
    """A column by its dtype; of objects, by what they are."""
    from pandas.api import types

    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf" and dtype.itemsize <= 8:  # most are, and nothing is asked
        values = series.to_numpy().astype(dtype.newbyteorder("="), copy=False)
        values = values.view(np.uint8) if dtype.kind == "b" else values
        return Column(name, _LETTERS[values.dtype.str[1:]], len(values), [values])
    if isinstance(dtype, types.CategoricalDtype):
        if _is_text(dtype.categories):
            return _coded(name, series.cat.codes.to_numpy(), [str(c) for c in dtype.categories])
        return _pandas_column(name, series.astype(dtype.categories.dtype))
    if types.is_bool_dtype(dtype):
        return _numbers(name, series, np.dtype("u1"))
    if types.is_integer_dtype(dtype):
        kind = getattr(dtype, "numpy_dtype", dtype)  # Int64, int64[pyarrow]
        return _numbers(name, series, np.dtype(kind).newbyteorder("="))
    if types.is_float_dtype(dtype):
        kind = np.dtype(getattr(dtype, "numpy_dtype", dtype))
        return _floats(name, series, kind if kind.itemsize <= 8 else np.dtype("f8"))
    if types.is_datetime64_any_dtype(dtype):
        return _times(name, series)
    if types.is_timedelta64_dtype(dtype):
        raise TypeError(f"column {name} has durations; give them as numbers, such as series.dt.days")
    return _objects(name, series)


def _is_text(values: Any) -> bool:
    from pandas.api import types

    return types.infer_dtype(values, skipna=True) in ("string", "empty")


def _numbers(name: str, series: Any, dtype: np.dtype[Any]) -> Column:
    present = series.notna().to_numpy()
    values = series.to_numpy() if isinstance(series.dtype, np.dtype) else series.to_numpy(dtype=dtype, na_value=0)
    return Column(name, _LETTERS[dtype.str[1:]], len(values), [values.astype(dtype, copy=False)], present)


def _floats(name: str, series: Any, dtype: np.dtype[Any]) -> Column:
    values = series.to_numpy(dtype=dtype.newbyteorder("="), na_value=np.nan)
    return Column(name, _LETTERS[values.dtype.str[1:]], len(values), [values])


def _times(name: str, series: Any) -> Column:
    """What has a time zone in UTC."""
    if _is_of_arrow(series.dtype):
        values = _of_arrow(series, "timestamp").to_numpy(zero_copy_only=False)
    elif series.dt.tz is not None:
        values = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    else:
        values = series.to_numpy()
    unit = np.datetime_data(values.dtype)[0]
    return Column(name, f"ts{_UNITS[unit]}:", len(values), [values.view("i8")])


def _coded(name: str, codes: NDArray[Any], levels: list[str]) -> Column:
    """Texts by codes; -1 is missing."""
    together = "".join(levels)
    each = levels if together.isascii() else [level.encode() for level in levels]
    offsets = np.zeros(len(levels) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, each), np.int64, len(levels)), out=offsets[1:])
    data = np.frombuffer(together.encode() or b"\0", np.uint8)
    texts = Column("", "U", len(levels), [offsets, data])
    codes = codes.astype(np.int32, copy=False)
    return Column(name, "i", len(codes), [codes], codes >= 0, texts)


def _texts(name: str, series: Any, are_strings: bool) -> Column:
    import pandas

    if _is_of_arrow(series.dtype):
        return _arrow_texts(name, series)
    codes, levels = pandas.factorize(series)
    texts = list(levels) if are_strings else [str(level) for level in levels]
    if not are_strings and len(set(texts)) < len(texts):  # 7 and "7" are one
        codes_of = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        codes = np.array([codes_of[text] for text in texts] + [-1])[codes]
        texts = list(codes_of)
    return _coded(name, codes, texts)


def _is_of_arrow(dtype: Any) -> bool:
    import pandas

    return getattr(dtype, "storage", "") == "pyarrow" or isinstance(dtype, getattr(pandas, "ArrowDtype", ()))


def _of_arrow(series: Any, what: str) -> Any:
    """pyarrow's values of a column, in one array."""
    import pyarrow

    array = pyarrow.array(series.array)
    array = array.combine_chunks() if isinstance(array, pyarrow.ChunkedArray) else array
    if what == "text":
        return array.cast(pyarrow.large_string())
    return array.cast(pyarrow.timestamp("us", array.type.tz), safe=False)


def _arrow_texts(name: str, series: Any) -> Column:
    """Of pyarrow's strings, which are where they are."""
    array = _of_arrow(series, "text")
    present, offsets, data = array.buffers()
    column = Column(name, "U", len(array), [
        np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1],
        np.frombuffer(data or b"\0", np.uint8),
    ], None if present is None or array.null_count == 0 else ~array.is_null().to_numpy(zero_copy_only=False))
    column.kept.append(array)
    return column


def _objects(name: str, series: Any) -> Column:
    import pandas
    from pandas.api import types

    if series.dtype != object and not types.is_string_dtype(series.dtype):
        series = series.astype(object)  # dates and decimals of Arrow
    kind = types.infer_dtype(series, skipna=True)
    if kind in ("string", "mixed-integer", "time"):
        return _texts(name, series, kind == "string")
    if kind == "integer":
        present = series.notna().to_numpy()
        try:
            return Column(name, "l", len(series), [series.where(present, 0).to_numpy().astype(np.int64)], present)
        except OverflowError:
            return _texts(name, series, False)
    if kind in ("floating", "mixed-integer-float", "decimal"):
        return _floats(name, series.astype("float64"), np.dtype("f8"))
    if kind == "boolean":
        present = series.notna().to_numpy()
        return Column(name, "C", len(series), [series.where(present, False).to_numpy().astype(np.uint8)], present)
    if kind in ("datetime", "datetime64", "date"):
        return _times(name, pandas.to_datetime(series))
    if kind == "empty":
        return Column(name, "n", len(series), [])
    raise TypeError(f"column {name} has {kind} values; give it as numbers, texts or dates, or leave it out")


# ---- out ----


def kind_of(data: Any) -> str:
    """What DataFrames of the kind of data are called: 'pandas' (also of a path), 'polars', 'pyarrow', 'arrow'."""
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if not is_frame(data) or _is_pandas(data):
        return "pandas"
    if polars is not None and isinstance(data, polars.DataFrame):
        return "polars"
    return "pyarrow" if arrow is not None else "arrow"


def maker_named(kind: str) -> Callable[[Table], Any]:
    """What makes a DataFrame of that kind from a table."""
    if kind == "pandas":
        return _to_pandas
    if kind == "arrow":
        return _itself
    module = importlib.import_module(kind)
    make: Callable[[Table], Any] = module.DataFrame if kind == "polars" else module.table
    return make


def maker_of(data: Any) -> Callable[[Table], Any]:
    """What makes a DataFrame of the kind of data from a table."""
    return maker_named(kind_of(data))


def _itself(table: Table) -> Table:
    return table


def _to_pandas(table: Table) -> Any:
    """pandas where it is installed: a path may have been given without it."""
    try:
        return table.to_pandas()
    except ImportError:
        return table


def table_from(session: Session, columns: Mapping[str, Sequence[Any]]) -> Table:
    """Of lists of numbers, or of texts and None."""
    out = ctypes.c_void_p()
    n = len(next(iter(columns.values())))
    session.call(lib.table_new, n, ctypes.byref(out))
    assert out.value is not None
    table = Table(out.value)
    for name, values in columns.items():
        if any(isinstance(value, str) for value in values):
            texts = [None if value is None else value.encode() for value in values]
            session.call(lib.table_add_texts, table._address, name.encode(), (ctypes.c_char_p * n)(*texts))
        else:
            numbers = np.array(values, np.float64)
            session.call(lib.table_add_numbers, table._address, name.encode(), numbers.ctypes.data)
    return table


def whole(frame: Any, *names: str) -> Any:
    """The same with whole numbers in these columns: int64, in pandas Int64 where some are missing."""
    if _is_pandas(frame):
        return frame.astype({name: "Int64" if frame[name].isna().any() else "int64" for name in names})
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if polars is not None and isinstance(frame, polars.DataFrame):
        return frame.with_columns(polars.col(name).cast(polars.Int64) for name in names)
    if arrow is not None and isinstance(frame, arrow.Table):
        for name in names:
            i = frame.schema.get_field_index(name)
            frame = frame.set_column(i, name, frame.column(i).cast(arrow.int64()))
    return frame
