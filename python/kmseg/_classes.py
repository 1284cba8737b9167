"""The steps of `kmseg run` one by one, as functions of DataFrames."""

from __future__ import annotations

import ctypes
import json
from typing import Any, Callable

from . import _abi
from ._frames import Source, Table, maker_of
from ._joins import Named
from ._library import lib
from ._options import Options
from ._session import Session

_LONG = float("inf")


def _made(table: Table, data: Source, said: ctypes.c_void_p | None) -> Any:
    """A DataFrame of the kind of data; in pandas `.attrs["kmseg"]` is what the step says of itself."""
    frame = maker_of(data)(table)
    if said is not None and said.value is not None:
        text = ctypes.string_at(said.value).decode()
        lib.string_free(said)
        if hasattr(frame, "attrs"):
            frame.attrs["kmseg"] = json.loads(text)
    return frame


def _address(pointer: ctypes.c_void_p) -> int:
    assert pointer.value is not None
    return pointer.value


def features(data: Source, *, n_threads: int | None = None, **options: Any) -> Any:
    """One row per customer from an order log: recency, frequency, monetary, tenure, days between orders, trend,
    basket and more, as `kmseg features` makes them.

    Parameters
    ----------
    data : DataFrame or path
        One row per order line. Columns are found by their usual names; `customer`, `date`, `order`,
        `amount`, `quantity`, `price`, ... say otherwise.
    n_threads : int, default=None
    **options
        Those of `kmseg features --help`: `reference_date`, `since`, `until`, `returns`, `only`, ...

    Returns
    -------
    DataFrame of the kind of data
        In ascending order of customer. In pandas `.attrs["kmseg"]` has what cleaning left out and more.

    Raises
    ------
    ValueError
        When columns are not found or no line is left, with what to do.
    """
    log = _abi.features_options()
    chosen = Options((log, "features"))
    out, said, report = ctypes.c_void_p(), ctypes.c_void_p(), _abi.features_report()
    with Session(n_threads) as session:
        chosen.set(session, options)
        name = Named(session).name(data).encode()
        session.call(lib.features_from_file, name, ctypes.byref(log), None, ctypes.byref(out), ctypes.byref(report),
                     work=_LONG)
        table = Table(_address(out))
        session.call(lib.features_json, ctypes.byref(report), name, ctypes.byref(said))
    return _made(table, data, said)


def _classed(data: Source, n_threads: int | None, options: dict[str, Any], own: ctypes.Structure, name: str,
             needs: Callable[[_abi.value_columns], list[bytes]], only: bytes | None,
             add: Callable[[Session, Table, Any, Any, ctypes.c_void_p], None]) -> Any:
    """Customers, made from orders where data are those, with the columns that add() gives them."""
    columns, log = _abi.value_columns(), _abi.features_options()
    chosen = Options((own, name), (columns, "value_columns"), (log, "features"))
    out, said = ctypes.c_void_p(), ctypes.c_void_p()
    is_log, report = ctypes.c_int(), _abi.features_report()
    with Session(n_threads) as session:
        log.only = only
        chosen.set(session, options)
        given = Named(session)
        source = given.name(data).encode()
        names = needs(columns)
        session.call(lib.customers_from_file, source, (ctypes.c_char_p * len(names))(*names), len(names),
                     ctypes.byref(log), ctypes.byref(out), ctypes.byref(is_log), ctypes.byref(report), work=_LONG)
        table = Table(_address(out))
        origin = _abi.origin(source, ctypes.pointer(report) if is_log.value else None, table._address)
        add(session, table, columns, origin, said)
    return _made(table, data, said)


def rfm(data: Source, *, n_threads: int | None = None, **options: Any) -> Any:
    """Scores of recency, frequency and monetary, and the segments that they name, as `kmseg rfm` gives them.

    Parameters
    ----------
    data : DataFrame or path
        An order log, or customers with `recency`, `frequency` and `monetary` (or columns that options of
        these names say).
    n_threads : int, default=None
    **options
        Those of `kmseg rfm --help`: `scoring`, `bins`, `recency_cuts`, ...; and of the order log.

    Returns
    -------
    DataFrame of the kind of data
        The customers with `r_score`, `f_score`, `m_score` (5 is best), `rfm_code`, `rfm_segment`. In
        pandas `.attrs["kmseg"]` has limits, groups, and every convention in words.
    """
    own = _abi.rfm_options()

    def add(session: Session, table: Table, columns: Any, origin: Any, said: ctypes.c_void_p) -> None:
        made = ctypes.POINTER(_abi.rfm)()
        session.call(lib.rfm_new, table._address, ctypes.byref(columns), ctypes.byref(own), None, ctypes.byref(made))
        try:
            session.call(lib.rfm_json, made, ctypes.byref(origin), ctypes.byref(said))
        finally:
            lib.rfm_free(made)

    return _classed(data, n_threads, options, own, "rfm", lambda c: [c.recency, c.frequency, c.monetary],
                    b"recency,frequency,monetary", add)


def lifecycle(data: Source, *, n_threads: int | None = None, **options: Any) -> Any:
    """Where each customer stands: potential, new, growing, mature, declining, lost; as `kmseg lifecycle`.

    Parameters
    ----------
    data : DataFrame or path
        An order log, or customers with `recency` and `frequency`. Of customers the thresholds are estimated
        from their mean days between orders; of orders they are percentiles of all days between orders.
    n_threads : int, default=None
    **options
        Those of `kmseg lifecycle --help`: `warn`, `lost`, `warn_days`, `lost_days`, ...

    Returns
    -------
    DataFrame of the kind of data
        The customers with `lifecycle` and `lifecycle_reason`. In pandas `.attrs["kmseg"]` has the
        thresholds, in days, and what they come from.
    """
    own = _abi.lifecycle_options()

    def add(session: Session, table: Table, columns: Any, origin: Any, said: ctypes.c_void_p) -> None:
        made = ctypes.POINTER(_abi.lifecycle)()
        days = (ctypes.c_double * _abi.N_GAP_PERCENTILES)()
        n_gaps = lib.origin_gaps(ctypes.byref(origin), days)
        known = n_gaps > 0 or bool(origin.orders)
        session.call(lib.lifecycle_new, table._address, ctypes.byref(columns), days if known else None, n_gaps,
                     ctypes.byref(own), ctypes.byref(made))
        try:
            session.call(lib.lifecycle_json, made, ctypes.byref(own), None, ctypes.byref(origin), ctypes.byref(said))
        finally:
            lib.lifecycle_free(made)

    return _classed(data, n_threads, options, own, "lifecycle", lambda c: [c.recency, c.frequency], None, add)


def tier(data: Source, *, n_threads: int | None = None, **options: Any) -> Any:
    """Tiers of value: ABC, percentiles, thresholds, or of a score of several columns; as `kmseg tier`.

    Parameters
    ----------
    data : DataFrame or path
        An order log, or customers with the column that `value` names (`monetary`), or those of `weights`.
    n_threads : int, default=None
    **options
        Those of `kmseg tier --help`: `value`, `weights` (also as a dictionary), `shares`, `thresholds`, ...

    Returns
    -------
    DataFrame of the kind of data
        The customers with `tier`, `tier_rank` and more. In pandas `.attrs["kmseg"]` has limits and sums.
    """
    own = _abi.tier_options()

    def needs(_: Any) -> list[bytes]:
        weights: bytes | None = own.weights
        return [each.partition(b"=")[0].strip() for each in weights.split(b",")] if weights else [own.value]

    def add(session: Session, table: Table, columns: Any, origin: Any, said: ctypes.c_void_p) -> None:
        made = ctypes.POINTER(_abi.tier)()
        session.call(lib.tier_new, table._address, ctypes.byref(columns), ctypes.byref(own), ctypes.byref(made))
        try:
            session.call(lib.tier_json, made, ctypes.byref(own), ctypes.byref(origin), ctypes.byref(said))
        finally:
            lib.tier_free(made)

    return _classed(data, n_threads, options, own, "tier", needs, None, add)


def clv(data: Source, *, n_threads: int | None = None, **options: Any) -> Any:
    """Lifetime value by BG/NBD and Gamma-Gamma models: who is still a customer, what they will buy and spend.

    Parameters
    ----------
    data : DataFrame or path
        An order log, or a summary with `x`, `t_x` and `T` (`input` says which).
    n_threads : int, default=None
    **options
        Those of `kmseg clv --help`: `months`, `discount_rate`, `unit`, `holdout`, `spend=False`, ...

    Returns
    -------
    DataFrame of the kind of data
        Each customer with x, t_x, T, mean spend, `p_alive`, `churn_risk`, `expected_purchases`,
        `expected_spend`, `clv`. In pandas `.attrs["kmseg"]` has the parameters with standard errors.

    Raises
    ------
    ValueError
        When the data do not determine the models, with the reason.
    """
    own, log = _abi.clv_options(), _abi.features_options()
    chosen = Options((own, "clv"), (log, "features"))
    out, said, report = ctypes.c_void_p(), ctypes.c_void_p(), _abi.clv_report()
    with Session(n_threads) as session:
        chosen.set(session, options)
        name = Named(session).name(data).encode()
        session.call(lib.clv_from_file, name, ctypes.byref(log), ctypes.byref(own), ctypes.byref(out),
                     ctypes.byref(report), work=_LONG)
        table = Table(_address(out))
        session.call(lib.clv_json, ctypes.byref(own), ctypes.byref(report), name, ctypes.byref(said))
    return _made(table, data, said)


def generate(what: str = "orders", **options: Any) -> Any:
    """Made-up orders or customers with groups that are really there, the same for the same options everywhere.

    what     'orders' or 'customers'
    options  those of `kmseg generate --help`: `n_customers`, `n_segments`, `noise`, `seed`, ...

    Returns a pandas DataFrame, or, without pandas, what `kmseg.Segmenter` and Arrow's readers take.
    """
    own = _abi.generate_options()
    chosen = Options((own, "generate"))
    out = ctypes.c_void_p()
    with Session(1) as session:
        chosen.set(session, {"what": what, **options})
        session.call(lib.generate, ctypes.byref(own), ctypes.byref(out), None, work=_LONG)
    return maker_of("")(Table(_address(out)))
