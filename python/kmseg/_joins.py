"""DataFrames and files that are joined to customers, as the library takes them."""

from __future__ import annotations

import os
from typing import Any, Iterable, Mapping, Union

from ._frames import NAME, Table, is_frame, table_of
from ._library import lib
from ._session import Session

Joins = Union[Mapping[str, Any], Iterable["tuple[str, Any]"], None]
"""What is joined by which column: {"customer_id": members}, or pairs of these."""


def pairs_of(join: Joins) -> list[tuple[str, Any]]:
    if join is None:
        return []
    pairs = list(join.items()) if isinstance(join, Mapping) else list(join)
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):
            raise TypeError("join needs to be what is joined by its column of customers, such as "
                            "{'customer_id': members}")
    return pairs


class Named:
    """Gives tables names that the library reads them by, for as long as a session lasts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def name(self, data: Any) -> str:
        """Of a DataFrame; of a file its path."""
        if not is_frame(data):
            return str(os.fspath(data))
        name = NAME if not self._session.kept else f"{NAME} {len(self._session.kept) + 1}"
        table = data if isinstance(data, Table) else table_of(self._session, data, name)
        self._session.call(lib.source_define_table, name.encode(), table._address)
        self._session.kept.append(table)  # which frees it behind the context
        return name

    def requests(self, join: Joins) -> str | None:
        pairs = pairs_of(join)
        return "\n".join(f"{self.name(data)}:{key}" for key, data in pairs) or None
