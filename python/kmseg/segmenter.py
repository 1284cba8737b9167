"""From orders or customers in a DataFrame to segments: all of `kmseg run`."""

from __future__ import annotations

import ctypes
import html
import json
import os
import pathlib
import tempfile
import weakref
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from . import _abi
from ._frames import Source, Table, kind_of, maker_named, maker_of, table_from, whole
from ._joins import Joins, Named
from ._library import lib
from ._options import RunOptions, run_rows, unknown
from ._progress import following
from ._session import Callback, Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = Union[int, "tuple[int, int]", range]

_LONG = float("inf")
_STEPS = ("rfm", "lifecycle", "tier", "clv")
_FORMATS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "document"}


class Segmenter:
    """Customer segments from orders or a table of customers: all of `kmseg run` on a DataFrame.

    `fit` cleans an order log and makes one row per customer of it (a table of customers is taken as it
    is), adds RFM, lifecycle, tiers and lifetime value where the data have them, joins what else is known,
    chooses how many segments, makes them and describes them. The same data, options and seed give the
    same segments as the command, to the bit.

    Parameters
    ----------
    n_clusters : int, (int, int) or range, default=(2, 10)
        Number of segments, or the least and the largest (of a tuple, both included) that it is chosen
        from.
    skip : iterable of str, default=()
        Steps to leave out: 'rfm', 'lifecycle', 'tier', 'clv'.
    n_threads : int, default=None
        Threads of the library; None: as many as suit. No result depends on it.
    callback, progress
        As for `kmseg.KMeans`.
    **options
        Options of every step by the names that `kmseg run --help` has: `customer="CustomerID"`,
        `returns="net"`, `transform="log1p"`, `months=24`, `seed=7`, ... A list is joined as its option
        takes it. `Segmenter.options()` has them with what they mean.

    Attributes
    ----------
    n_segments_ : int
    labels_ : ndarray of int32
        Segment of each customer that has one, from 0.
    ids_ : list of str
        The customers that these are of; row numbers from 1 where the data have no ids.
    scores_ : dict
        Inertia, share of variance explained, silhouette, ...
    steps_ : list of Step
        What each step of the fit did, and how long it took; `left_out` says that the data cannot give it.
    reports_ : dict
        What the steps said of themselves, as their commands print it with --json.

    Notes
    -----
    DataFrames are those of pandas (also without pyarrow), Polars and PyArrow, relations of DuckDB, and
    whatever has `__arrow_c_stream__`; or a path of a file that `kmseg` reads. What comes back is of the
    kind that `fit` was given: pandas for a path, PyArrow for what has no kind of its own here.

    Methods run with the GIL released; Ctrl-C stops them. One object serves one thread at a time.

    Examples
    --------
    >>> import kmseg
    >>> orders = kmseg.generate("orders", n_customers=300, seed=1)
    >>> segmenter = kmseg.Segmenter(n_clusters=4).fit(orders)
    >>> segmenter.segments[["segment", "customers"]].shape
    (4, 2)
    """

    def __init__(self, n_clusters: Numbers = (2, 10), *, skip: Iterable[str] = (), n_threads: int | None = None,
                 callback: Callback | None = None, progress: bool = False, **options: Any) -> None:
        self.n_clusters, self.skip, self.options_ = n_clusters, tuple(skip), options
        self.n_threads, self.callback, self.progress = n_threads, callback, progress
        _range(n_clusters)
        for step in self.skip:
            if step not in _STEPS:
                raise ValueError(f"skip has {step!r}; the steps are {', '.join(_STEPS)}")
        rows = run_rows()
        for name in options:
            if name not in rows:
                raise unknown(name, rows)
        with Session(1) as session:  # so that what cannot be is said here
            RunOptions(session, options)
        self._result: Any = None
        self._free: Any = None
        self._customers: Table | None = None
        self._kind, self._make = "pandas", maker_named("pandas")
        self.steps_: list[Step] = []

    @staticmethod
    def options() -> dict[str, str]:
        """Names of the options that the constructor takes, and what each means."""
        return {name: row.help.decode() for name, row in run_rows().items()}

    # ---- fit ----

    def fit(self, data: Source, *, join: Joins = None, join_type: str = "left") -> Segmenter:
        """Makes segments of the customers of data.

        Parameters
        ----------
        data : DataFrame or path
            An order log, one row per order line; else a table with one row per customer.
        join : mapping of str to DataFrame or path, or pairs of these
            What else is known of customers, by its column that names them: {'customer_id': members}.
        join_type : 'left' or 'inner'
            Customers that a joined table lacks: 'left' keeps them, 'inner' leaves them out.

        Returns
        -------
        Segmenter
            itself
        """
        out = ctypes.POINTER(_abi.run_result)()
        with following(self.progress, self.callback) as follow, Session(self.n_threads, follow) as session:
            named = Named(session)
            run = self._run_options(session)
            source = named.name(data)
            run.text("join", named.requests(join))
            run.text("join_type", join_type)
            session.call(lib.run, source.encode(), ctypes.byref(run.struct), _abi.run_step_fn(), None,
                         ctypes.byref(out), work=_LONG)
        made = out.contents
        self.steps_ = [Step(made.steps[i]) for i in range(made.n_steps)]
        self._params = made.params
        self._take(made.result, Table(made.customers), kind_of(data))
        made.result, made.customers = None, None  # they are this object's now
        lib.run_free(out)
        return self

    def _run_options(self, session: Session) -> RunOptions:
        run = RunOptions(session, self.options_)
        run.struct.k_min, run.struct.k_max = _range(self.n_clusters)
        run.text("skip", ",".join(self.skip) or None)
        return run

    def _take(self, result: Any, customers: Table | None, kind: str) -> None:
        copy = ctypes.POINTER(_abi.result).from_buffer_copy(result)
        if self._free is not None:
            self._free()
        self._result, self._customers = copy, customers
        self._kind, self._make = kind, maker_named(kind)
        self._free = weakref.finalize(self, lib.result_free, copy)
        self._cache: dict[str, Any] = {}

    def _fitted(self) -> _abi.result:
        if self._result is None:
            raise ValueError("this Segmenter has no segments yet; call fit() or load() first")
        contents: _abi.result = self._result.contents
        return contents

    # ---- what came of it ----

    @property
    def n_segments_(self) -> int:
        return int(self._fitted().n_segments)

    @property
    def labels_(self) -> NDArray[np.int32]:
        result = self._fitted()
        return np.ctypeslib.as_array(result.labels, (result.n_samples,)).copy()

    @property
    def ids_(self) -> list[str]:
        result = self._fitted()
        return [result.ids[i].decode() for i in range(result.n_samples)]

    @property
    def scores_(self) -> dict[str, float]:
        scores = self._fitted().scores
        return {name: getattr(scores, name) for name, _ in scores._fields_}

    @property
    def reports_(self) -> dict[str, Any]:
        result = self._fitted()
        reports = [result.reports[i] for i in range(result.n_reports)]
        return {report.name.decode(): json.loads(report.json) for report in reports}

    @property
    def segments(self) -> Any:
        """A DataFrame with one row per segment, most valuable first: `segment` (from 1), `name`,
        `customers`, `share`, `value` and `value_share` (of the value column, usually monetary), the mean of
        each number that segments were made from, and `traits`, what sets it apart in words."""
        document = self._document()
        clustered = [c["name"] for c in document["columns"] if c["clustered"] and c["type"] == "number"]
        rows = document["segments"]
        means = [{column["name"]: column.get("mean") for column in row["columns"]} for row in rows]
        table = {
            "segment": [float(row["segment"]) for row in rows],
            "name": [row["name"] for row in rows],
            "customers": [float(row["customers"]) for row in rows],
            "share": [row["customer_share"] for row in rows],
            "value": [_number(row.get("value")) for row in rows],
            "value_share": [_number(row.get("value_share")) for row in rows],
            **{f"mean_{name}": [_number(mean.get(name)) for mean in means] for name in clustered},
            "traits": ["; ".join(trait["text"] for trait in row["traits"]) for row in rows],
        }
        return self._frame(table, "segment", "customers")

    @property
    def customers(self) -> Any:
        """The customers of the fit with every column that the steps made or joined, their `segment` (from 1)
        and `segment_name`; missing where somebody was left out."""
        self._fitted()
        if self._customers is None:
            raise ValueError("a file of segments holds no columns of customers; load(path, customers=...)")
        if "customers" not in self._cache:
            with Session(self.n_threads) as session:
                table = self._labelled(session, self._customers)
            self._cache["customers"] = whole(self._make(table), "segment")
        return self._cache["customers"]

    def profile(self) -> Any:
        """Everything the profile says, one row per number: `segment`, `name`, `column`, `level`, `measure`
        (mean, median, share, ...), `value`, `all` (of everyone), `lift` (value / all), `text`."""
        out = ctypes.c_void_p()
        self._fitted()
        with Session(self.n_threads) as session:
            session.call(lib.profile_table, self._result, ctypes.byref(out))
        return whole(self._make(Table(_address(out))), "segment")

    def rules(self) -> Any:
        """Conditions that tell segments, best first: `segment`, `name`, `rule`, `precision` (of those it is
        true of, the share in the segment), `coverage` (the share of the segment that it finds)."""
        rows = [(segment, rule) for segment in self._document()["segments"] for rule in segment.get("rules", [])]
        return self._frame({
            "segment": [float(segment["segment"]) for segment, _ in rows],
            "name": [segment["name"] for segment, _ in rows],
            "rule": [rule["text"] for _, rule in rows],
            "precision": [rule["precision"] for _, rule in rows],
            "coverage": [rule["coverage"] for _, rule in rows],
        }, "segment")

    def summary(self) -> str:
        """What `kmseg run` prints at its end."""
        return self._text("text")

    # ---- customers, new and old ----

    def assign(self, data: Source, *, join: Joins = None, join_type: str = "left") -> Any:
        """The segment of each customer of data, by the same prepare step and centroids.

        Parameters
        ----------
        data : DataFrame or path
            Customers with the columns of the fit; or, where the fit was on orders, orders, which become
            customers as they did there (set `reference_date` to look at them on a day).
        join, join_type
            As for `fit`, where the fit joined columns that segments were made from.

        Returns
        -------
        DataFrame, of the kind of data
            One row per customer: the id, `segment` (from 1; missing where something needed is missing),
            `segment_name`, `distance` to its centre, `runner_up` (the second nearest segment), `margin`
            (how much farther that is), `outlying` (1: farther than 99 % of the segment's own were).
        """
        out = ctypes.POINTER(_abi.assignment)()
        self._fitted()
        with following(self.progress, self.callback) as follow, Session(self.n_threads, follow) as session:
            customers = self._read(session, data, join, join_type)
            session.call(lib.assign, self._result, customers._address, ctypes.byref(out), work=_LONG)
            try:
                table = self._assigned(session, out.contents)
            finally:
                lib.assignment_free(out)
        return whole(maker_of(data)(table), "segment", "runner_up", "outlying")

    def explain(self, customer: Any, data: Source | None = None, *, join: Joins = None,
                join_type: str = "left") -> Explanation:
        """Why a customer is in its segment and not in the next.

        customer  id; data, join, join_type as for `assign`, for customers that were not in the fit
        """
        out = ctypes.POINTER(_abi.explanation)()
        self._fitted()
        texts = []
        with Session(self.n_threads) as session:
            table = self._customers if data is None else self._read(session, data, join, join_type)
            session.call(lib.explain, self._result, None if table is None else table._address, str(customer).encode(),
                         ctypes.byref(out))
            try:
                for form in (b"json", b"text"):
                    text = ctypes.c_void_p()
                    session.call(lib.report_explanation, self._result, out, form, None, ctypes.byref(text))
                    texts.append(_take_text(text))
            finally:
                lib.explanation_free(out)
        return Explanation(json.loads(texts[0]), texts[1])

    def _read(self, session: Session, data: Source, join: Joins, join_type: str) -> Table:
        """Customers of data: as they are where they have the columns of the fit, else from orders."""
        named = Named(session)
        run = self._run_options(session)
        source = named.name(data).encode()
        out, columns = ctypes.c_void_p(), ctypes.c_void_p()
        known_as = None
        session.call(lib.source_columns, source, None, ctypes.byref(columns))
        has = Table(_address(columns))
        prepare = self._fitted().prepare.contents
        needed = {prepare.columns[i].name.decode() for i in range(prepare.n_columns)}
        if "features" in self.reports_ and not needed & set(has.columns):
            report = _abi.features_report()
            session.call(lib.features_from_file, source, ctypes.byref(run.struct.features), None, ctypes.byref(out),
                         ctypes.byref(report), work=_LONG)
            known_as = report.customer
        else:
            session.call(lib.source_read, source, ctypes.byref(run.struct.csv), ctypes.byref(out), work=_LONG)
        requests = named.requests(join)
        try:
            session.call(lib.joins_add, ctypes.byref(out), None if requests is None else requests.encode(),
                         join_type == "inner", known_as, ctypes.byref(run.struct.csv), _abi.joined_fn(), None,
                         work=_LONG)
        except BaseException:
            lib.table_free(out)
            raise
        return Table(_address(out))

    def _assigned(self, session: Session, made: _abi.assignment) -> Table:
        out = ctypes.c_void_p()
        n = made.n_rows
        session.call(lib.table_new, n, ctypes.byref(out))
        table = Table(_address(out))
        id_name = self._fitted().prepare.contents.id
        session.call(lib.table_add_texts, table._address, id_name or b"row", made.ids)
        labels = _array(made.labels, n)
        self._add_segments(session, table, labels)
        runner_up = _array(made.runner_up, n).astype(float)
        for name, values in (("distance", _array(made.distances, n)),
                             ("runner_up", np.where(runner_up < 0, np.nan, runner_up + 1)),
                             ("margin", _array(made.margins, n)),
                             ("outlying", np.where(labels < 0, np.nan, _array(made.outlying, n)))):
            _add_numbers(session, table, name, values)
        return table

    def _labelled(self, session: Session, customers: Table) -> Table:
        rows = np.arange(len(customers))
        made, out = ctypes.POINTER(_abi.assignment)(), ctypes.c_void_p()
        session.call(lib.assign, self._result, customers._address, ctypes.byref(made), work=_LONG)
        try:
            session.call(lib.table_take, customers._address, rows.ctypes.data, len(rows), ctypes.byref(out))
            table = Table(_address(out))
            self._add_segments(session, table, _array(made.contents.labels, len(rows)))
        finally:
            lib.assignment_free(made)
        return table

    def _add_segments(self, session: Session, table: Table, labels: NDArray[Any]) -> None:
        names = [name.encode() for name in self._names()]
        levels = list(dict.fromkeys(names))  # two segments may have one name
        codes = np.array([levels.index(name) for name in names] + [-1], np.int32)[labels]
        _add_numbers(session, table, "segment", np.where(labels < 0, np.nan, labels + 1.0))
        session.call(lib.table_add_codes, table._address, b"segment_name", codes.ctypes.data, len(levels),
                     (ctypes.c_char_p * len(levels))(*levels))

    def _names(self) -> list[str]:
        return [lib.segment_name(self._result, i).decode() for i in range(self.n_segments_)]

    # ---- files ----

    def report(self, path: str | os.PathLike[str] | None = None, *, format: str | None = None, language: str = "en",
               min_cell: int | None = None, drop_ids: bool = False) -> str | None:
        """Writes a report for people who have no kmseg, or returns it where no path is given.

        format    'html' (one page that needs nothing else), 'markdown' or 'document' (the same as JSON);
                  None: as the ending of path says (.html, .md, .json), else 'html'
        language  'en' or 'zh'
        min_cell  counts of fewer customers are hidden; None: the library's default
        drop_ids  no customer is named
        """
        options = _abi.report_options()
        lib.report_options_init(ctypes.byref(options))
        texts = [language.encode()]
        options.language, options.drop_ids = texts[0], drop_ids
        if min_cell is not None:
            options.min_cell = min_cell
        if format is None:
            ending = os.path.splitext(os.fspath(path))[1].lower() if path is not None else ".html"
            if ending not in _FORMATS:
                raise ValueError(f"{os.fspath(path or '')!r} needs to end in .html, .md or .json, or format has to be "
                                 "given")
            format = _FORMATS[ending]
        text = self._text(format, options)
        if path is None:
            return text
        with Session(1) as session:
            session.call(lib.text_write, text.encode(), os.fspath(path).encode())
        return None

    def save(self, path: str | os.PathLike[str], customers: str | os.PathLike[str] | None = None) -> None:
        """Writes the HDF5 file that `kmseg run` calls segments.h5, whole or not at all; and, where a path for
        them is given, the customers with every column (customers.h5), which that file does not hold."""
        self._fitted()
        with Session(1) as session:
            session.call(lib.result_save, self._result, os.fspath(path).encode(), work=_LONG)
            if customers is not None:
                if self._customers is None:
                    raise ValueError("there are no columns of customers to save; load(path, customers=...)")
                session.call(lib.table_save, self._customers._address, self._params, os.fspath(customers).encode(),
                             work=_LONG)

    @classmethod
    def load(cls, path: str | os.PathLike[str], customers: Source | None = None, **parameters: Any) -> Segmenter:
        """Segments from a file that `save` or `kmseg` wrote.

        customers   their columns, for `customers` and `explain`: the file beside it, or a DataFrame
        parameters  of the constructor; options of the order log matter to `assign`
        """
        self = cls(**parameters)
        result, table = ctypes.POINTER(_abi.result)(), None
        with Session(self.n_threads) as session:
            session.call(lib.result_load, os.fspath(path).encode(), ctypes.byref(result), work=_LONG)
            try:
                if customers is not None:
                    out = ctypes.c_void_p()
                    session.call(lib.source_read, Named(session).name(customers).encode(), None, ctypes.byref(out),
                                 work=_LONG)
                    table = Table(_address(out))
            except BaseException:
                lib.result_free(result)
                raise
        self._params = lib.table_params(table._address) if table is not None else None
        self._take(result, table, "pandas" if customers is None else kind_of(customers))
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Parameters, and the files that save() writes as bytes: for joblib and pickle."""
        state = {name: value for name, value in vars(self).items()
                 if name not in ("_result", "_free", "_customers", "_cache", "_kind", "_make", "_params")}
        state["files"] = {}
        if self._result is not None:
            with tempfile.TemporaryDirectory() as folder:
                self.save(f"{folder}/segments", f"{folder}/customers" if self._customers is not None else None)
                state["files"] = {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}
        state["gives"] = self._kind
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        files, gives = state.pop("files"), state.pop("gives")
        vars(self).update(state, _result=None, _free=None, _customers=None)
        if files:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in files.items():
                    (pathlib.Path(folder) / name).write_bytes(content)
                there = Segmenter.load(f"{folder}/segments", f"{folder}/customers" if "customers" in files else None)
            self._result, self._free, self._customers = there._result, there._free.detach(), there._customers
            self._free = weakref.finalize(self, lib.result_free, self._result)
            self._params, self._cache = there._params, {}
        self._kind, self._make = gives, maker_named(gives)

    # ---- pictures and pages ----

    def plot(self, what: str = "map", figure: Figure | None = None) -> Figure:
        """Draws with matplotlib; returns the figure, a new one where none is given.

        what  'map' (segments and customers on the two axes along which they are spread most), 'profile' (where
              the median of each segment lies among all customers), 'silhouette', 'k' (the evidence for the
              number of segments, where it was chosen) or 'rfm' (customers by recency and frequency)
        """
        from . import _segment_plot

        return _segment_plot.draw(self, what, figure)

    def __repr__(self) -> str:
        if self._result is None:
            return f"Segmenter(n_clusters={self.n_clusters!r}), not fitted"
        rows = [(str(row["segment"]), row["name"], f"{row['customers']:,}", f"{row['customer_share']:.1%}")
                for row in self._document()["segments"]]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = [f"{a:>{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}" for a, b, c, d in rows]
        return "\n".join([f"{self.n_segments_} segments of {self._fitted().n_samples:,} customers", *lines])

    def _repr_html_(self) -> str:
        if self._result is None:
            return f"<p>{html.escape(repr(self))}</p>"
        document = self._document()
        value = document.get("value_column")
        head = ["#", "segment", "customers", "share"]
        head += [value, f"share of {value}", "what sets it apart"] if value else ["what sets it apart"]
        body = []
        for row in document["segments"]:
            numbers = [f"{row['customers']:,}", f"{row['customer_share']:.1%}"]
            if value:
                numbers += [f"{row['value']:,.0f}", f"{row['value_share']:.1%}"]
            traits = "<br>".join(html.escape(trait["text"]) for trait in row["traits"][:3])
            cells = "".join(f'<td style="text-align:right">{cell}</td>' for cell in numbers)
            name = f'<td style="text-align:left"><b>{html.escape(row["name"])}</b></td>'
            body.append(f'<tr><td>{row["segment"]}</td>{name}{cells}<td style="text-align:left">{traits}</td></tr>')
        names = "".join(f'<th style="text-align:{"left" if name in ("segment", head[-1]) else "right"}">'
                        f"{html.escape(name)}</th>" for name in head)
        silhouette = _number(document["scores"].get("silhouette"))
        return (f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(body)}</tbody></table>"
                f"<p>{self._fitted().n_samples:,} customers; silhouette {silhouette:.2f}</p>")

    # ---- inside ----

    def _document(self) -> dict[str, Any]:
        """The result as `kmseg profile --json` prints it."""
        self._fitted()
        if "document" not in self._cache:
            self._cache["document"] = json.loads(self._text("json"))
        document: dict[str, Any] = self._cache["document"]
        return document

    def _text(self, format: str, options: _abi.report_options | None = None) -> str:
        out = ctypes.c_void_p()
        self._fitted()
        with Session(self.n_threads) as session:
            session.call(lib.report, self._result, format.encode(), None if options is None else ctypes.byref(options),
                         ctypes.byref(out), work=_LONG)
        return _take_text(out)

    def _frame(self, columns: Mapping[str, Sequence[Any]], *names: str) -> Any:
        with Session(1) as session:
            return whole(self._make(table_from(session, columns)), *names)


class Step:
    """What a step of a fit did: `name`, `text`, `seconds`, `left_out`."""

    def __init__(self, step: _abi.run_step) -> None:
        self.name: str = step.name.decode()
        self.text: str = step.text.decode(errors="replace")
        self.seconds: float = step.seconds
        self.left_out = bool(step.is_left_out)

    def __repr__(self) -> str:
        return f"{self.name:<12}{self.seconds:6.2f} s  {self.text}"


class Explanation(dict):  # type: ignore[type-arg]
    """Why a customer is in a segment: a dictionary, as `kmseg explain --json` prints it, and text for people."""

    def __init__(self, values: dict[str, Any], text: str) -> None:
        super().__init__(values)
        self.text = text

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


def _range(n_clusters: Numbers) -> tuple[int, int]:
    """Least and largest number of segments."""
    if isinstance(n_clusters, range) and len(n_clusters) > 0 and n_clusters.step == 1:
        least, most = n_clusters[0], n_clusters[-1]
    elif isinstance(n_clusters, tuple) and len(n_clusters) == 2:
        least, most = n_clusters
    else:
        least = most = n_clusters  # type: ignore[assignment]
    are_numbers = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in (least, most))
    if not are_numbers or not 1 <= least <= most:
        raise ValueError(f"n_clusters is {n_clusters!r}; it needs to be a number of segments, or the least and the "
                         "largest, such as (2, 10)")
    return int(least), int(most)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _array(pointer: Any, n: int) -> NDArray[Any]:
    return np.ctypeslib.as_array(pointer, (n,)) if n else np.empty(0)


def _address(pointer: ctypes.c_void_p) -> int:
    assert pointer.value is not None
    return pointer.value


def _add_numbers(session: Session, table: Table, name: str, values: NDArray[Any]) -> None:
    values = np.ascontiguousarray(values, np.float64)
    session.call(lib.table_add_numbers, table._address, name.encode(), values.ctypes.data)


def _take_text(text: ctypes.c_void_p) -> str:
    try:
        return ctypes.string_at(_address(text)).decode()
    finally:
        lib.string_free(text)
