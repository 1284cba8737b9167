"""Streams of Arrow's C interface: what DataFrames hand over and take without a copy in between.

https://arrow.apache.org/docs/format/CStreamInterface.html, .../CDataInterface/PyCapsuleInterface.html
"""

from __future__ import annotations

import ctypes
from typing import Any, Sequence, TypeVar

import numpy as np
from numpy.typing import NDArray

_NAME = b"arrow_array_stream"
_Kept = TypeVar("_Kept")

_new = ctypes.pythonapi.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


_release_schema = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))
_release_array = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
_release_stream = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))
_get_schema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowSchema))
_get_next = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowArray))

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_char_p), ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)), ("release", _release_schema), ("private_data", ctypes.c_void_p)]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))), ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", _release_array), ("private_data", ctypes.c_void_p)]
ArrowArrayStream._fields_ = [
    ("get_schema", _get_schema), ("get_next", _get_next), ("get_last_error", ctypes.c_void_p),
    ("release", _release_stream), ("private_data", ctypes.c_void_p)]


def address_of(capsule: object) -> int:
    """Of the stream in a capsule; ValueError for a capsule of something else."""
    address: int = _pointer(capsule, _NAME)
    return address


_given: dict[int, ArrowArrayStream] = {}  # streams in capsules that are still there, by address


# A capsule that is being freed has no owner any more: it must not become a Python object again.
_pointer_of_freed = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _on_capsule_freed(capsule: int) -> None:
    stream = _given.pop(_pointer_of_freed(capsule, _NAME))
    if stream.release:
        stream.release(ctypes.byref(stream))


def capsule_of(stream: ArrowArrayStream) -> object:
    """A capsule that owns the stream; whoever takes it moves the stream out."""
    address = ctypes.addressof(stream)
    _given[address] = stream
    return _new(address, _NAME, ctypes.cast(_on_capsule_freed, ctypes.c_void_p))


class Column:
    """A column of NumPy's arrays, to be given out as Arrow's.

    format   of Arrow: "l", "g", "u", ...
    n        values
    buffers  values, or offsets and bytes
    present  which values are there, a bool or (uint8) a bit each; None: all
    coded    what values are codes of; None: they are not
    """

    def __init__(self, name: str, format: str, n: int, buffers: Sequence[NDArray[Any]],
                 present: NDArray[Any] | None = None, coded: Column | None = None) -> None:
        self.name, self.format, self.n, self.coded = name, format, n, coded
        self.kept: list[Any] = [np.ascontiguousarray(buffer) for buffer in buffers]
        bits = None
        if present is not None and (present.dtype == np.uint8 or not present.all()):
            bits = present if present.dtype == np.uint8 else np.packbits(present, bitorder="little")
            self.kept.append(bits)
        values = [each.ctypes.data for each in self.kept[: len(buffers)]]
        addresses = [None if bits is None else bits.ctypes.data, *values]
        if format == "n":
            addresses = []
        self.n_missing = 0 if bits is None else -1
        self.buffers = (ctypes.c_void_p * max(len(addresses), 1))(*addresses)
        self.n_buffers = len(addresses)


class Stream:
    """One batch of columns as a stream that the library reads; the object has to outlive the reading."""

    def __init__(self, columns: Sequence[Column], n_rows: int) -> None:
        self._columns, self._n_rows, self._given = columns, n_rows, False
        self._kept: list[Any] = []
        self._release = [_release_schema(_released), _release_array(_released), _release_stream(_released)]
        self._get_schema, self._get_next = _get_schema(self._schema), _get_next(self._next)
        self.stream = ArrowArrayStream(self._get_schema, self._get_next, None, self._release[2], None)

    @property
    def address(self) -> int:
        return ctypes.addressof(self.stream)

    def _keep(self, value: _Kept) -> _Kept:
        self._kept.append(value)
        return value

    def _schema_of(self, column: Column) -> ArrowSchema:
        schema = ArrowSchema(format=column.format.encode(), name=column.name.encode(), flags=2,
                             release=self._release[0])
        if column.coded is not None:
            schema.dictionary = ctypes.pointer(self._keep(self._schema_of(column.coded)))
        return self._keep(schema)

    def _array_of(self, column: Column) -> ArrowArray:
        array = ArrowArray(length=column.n, null_count=column.n_missing, n_buffers=column.n_buffers,
                           buffers=ctypes.cast(column.buffers, ctypes.POINTER(ctypes.c_void_p)),
                           release=self._release[1])
        if column.coded is not None:
            array.dictionary = ctypes.pointer(self._keep(self._array_of(column.coded)))
        return self._keep(array)

    def _schema(self, _: Any, out: Any) -> int:
        children = [ctypes.pointer(self._schema_of(column)) for column in self._columns]
        several = self._keep((ctypes.POINTER(ArrowSchema) * max(len(children), 1))(*children))
        out[0] = ArrowSchema(format=b"+s", name=b"", n_children=len(children), children=several,
                             release=self._release[0])
        return 0

    def _next(self, _: Any, out: Any) -> int:
        if self._given:
            out[0] = ArrowArray()
            return 0
        self._given = True
        children = [ctypes.pointer(self._array_of(column)) for column in self._columns]
        several = self._keep((ctypes.POINTER(ArrowArray) * max(len(children), 1))(*children))
        none = self._keep((ctypes.c_void_p * 1)(None))
        out[0] = ArrowArray(length=self._n_rows, n_buffers=1, n_children=len(children), buffers=none, children=several,
                            release=self._release[1])
        return 0


def _released(held: Any) -> None:
    """What it holds is NumPy's, and goes with the Stream."""
    ctypes.memset(ctypes.byref(held[0], type(held[0]).release.offset), 0, ctypes.sizeof(ctypes.c_void_p))
