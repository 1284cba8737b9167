"""libduckdb from Python, to make the Parquet files that tests read."""

import ctypes
import os
import pathlib
import platform

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "@duckdb/node-bindings-linux-" + {"aarch64": "arm64"}.get(platform.machine(), "x64")
LIBRARY = pathlib.Path(
    os.environ.get("KMSEG_DUCKDB")
    or ROOT / "build" / "duckdb" / "node_modules" / PACKAGE / "libduckdb.so"
)
ENV = {"KMSEG_DUCKDB": str(LIBRARY)}

needed = pytest.mark.skipif(
    not LIBRARY.exists(), reason=f"{LIBRARY} is not there: ./run setup installs DuckDB"
)


class Result(ctypes.Structure):
    _fields_ = [("words", ctypes.c_void_p * 6)]


def run(*statements):
    """Runs statements of SQL in a database of their own."""
    library = ctypes.CDLL(str(LIBRARY))
    library.duckdb_result_error.restype = ctypes.c_char_p
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    assert library.duckdb_open(None, ctypes.byref(database)) == 0
    assert library.duckdb_connect(database, ctypes.byref(connection)) == 0
    for statement in statements:
        result = Result()
        state = library.duckdb_query(connection, statement.encode(), ctypes.byref(result))
        assert state == 0, library.duckdb_result_error(ctypes.byref(result)).decode()
        library.duckdb_destroy_result(ctypes.byref(result))
    library.duckdb_disconnect(ctypes.byref(connection))
    library.duckdb_close(ctypes.byref(database))


def parquet(path, query, how="format parquet"):
    run(f"copy ({query}) to '{path}' ({how})")
