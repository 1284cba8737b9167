"""Options of the library's steps, by the names that the command has them by."""

from __future__ import annotations

import ctypes
import difflib
import os
from typing import Any, Iterable, Mapping

from . import _abi
from ._library import lib
from ._session import Session


def _rows(table: Any) -> list[_abi.option]:
    return [table.contents.options[i] for i in range(table.contents.n_options)]


def run_rows() -> dict[str, _abi.option]:
    """Every option of a run, by name, but those that Segmenter has parameters for."""
    rows: dict[str, _abi.option] = {}
    while (row := lib.run_option(len(rows))):
        rows[row.contents.name.decode()] = row.contents
    return {name: row for name, row in rows.items() if name not in ("k_min", "k_max", "skip", "join", "join_type")}


def as_text(row: _abi.option, value: Any) -> bytes:
    """A value as the command line would have it: True is 1, a list is joined by what its option takes."""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, Mapping):
        value = [f"{name}={each}" for name, each in value.items()]
    if not isinstance(value, (str, bytes)) and isinstance(value, Iterable):
        between = row.choices.decode() if row.type == _abi.OPTION_TEXT and row.choices else ","
        value = between.join(map(str, value))
    return value if isinstance(value, bytes) else str(value).encode()


def unknown(name: str, known: Iterable[str]) -> TypeError:
    similar = difflib.get_close_matches(name, list(known), 1)
    return TypeError(f"there is no option {name!r}" + (f"; did you mean {similar[0]!r}?" if similar else ""))


class Options:
    """Structs of options that are set by name; the first that has a name is set. Texts are kept with it."""

    def __init__(self, *structs: tuple[ctypes.Structure, str]) -> None:
        self._texts: list[bytes] = []
        self._parts = []
        for struct, name in structs:
            rows = getattr(lib, f"{name}_option_table")()
            lib.options_init(rows, ctypes.byref(struct))
            self._parts.append((struct, rows, {row.name.decode(): row for row in _rows(rows)}))

    def names(self) -> list[str]:
        return [name for _, _, rows in self._parts for name in rows]

    def set(self, session: Session, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if value is None:
                continue
            for struct, table, rows in self._parts:
                if name in rows:
                    self._texts.append(as_text(rows[name], value))
                    session.call(lib.options_set, table, ctypes.byref(struct), name.encode(), self._texts[-1])
                    break
            else:
                raise unknown(name, self.names())


class RunOptions:
    """The options of a run, set by name."""

    def __init__(self, session: Session, values: Mapping[str, Any]) -> None:
        self.struct = _abi.run_options()
        self._texts: list[bytes] = []
        lib.run_options_init(ctypes.byref(self.struct))
        rows = run_rows()
        for name, value in values.items():
            if name not in rows:
                raise unknown(name, rows)
            if value is not None:
                self._texts.append(as_text(rows[name], value))
                session.call(lib.run_set, ctypes.byref(self.struct), name.encode(), self._texts[-1])

    def text(self, field: str, value: str | None) -> None:
        if value is not None:
            self._texts.append(value.encode())
            setattr(self.struct, field, self._texts[-1])
