"""Pictures of segments, drawn with matplotlib."""

from __future__ import annotations

import ctypes
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _abi, _sweep_plot
from ._library import lib
from ._session import Session, matrix_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .segmenter import Segmenter

# Okabe and Ito's colours, which people who see fewer colours tell apart as well; then darker ones of the same.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f", "#b8a500",
            "#004a75", "#99690a", "#00614a", "#8a4a70", "#2b6e94", "#8a3d00", "#4d4d4d", "#6e6300")
_MOST_COLUMNS = 12
_MOST_SILHOUETTES = 5000
_RANKS = ("r_score", "f_score", "m_score", "rfm_code", "tier_rank", "tier_share_before", "tier_score")
"""Columns that say again what recency, frequency and monetary say."""
_QUANTILES = ("q00", "q05", "q25", "q50", "q75", "q95", "q100")


def draw(segmenter: Segmenter, what: str, figure: Figure | None) -> Figure:
    parts = {"map": _map, "profile": _profile, "silhouette": _silhouette, "k": _numbers, "rfm": _rfm}
    if what not in parts:
        raise ValueError(f"there is no plot {what!r}; there are {', '.join(parts)}")
    segmenter._fitted()
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'kmseg[plot]'") from error
    return parts[what](segmenter, figure, plt)


def _new(plt: Any, figure: Figure | None, width: float, height: float) -> Figure:
    return plt.figure(figsize=(width, height), layout="constrained") if figure is None else figure


def _colours(segmenter: Segmenter) -> list[str]:
    """Of the segments: those that the business gave, else ours in turn."""
    result = segmenter._fitted()
    given = [result.plans[i].colour.decode() if result.plans else "" for i in range(result.n_segments)]
    return [colour or _COLOURS[i % len(_COLOURS)] for i, colour in enumerate(given)]


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=11)


def _labels(segmenter: Segmenter) -> list[str]:
    return [f"{i + 1}  {_plain(name)}" for i, name in enumerate(segmenter._names())]


def _plain(text: str) -> str:
    """Names are text, whatever they hold: between dollar signs matplotlib would read mathematics."""
    return text.replace("$", r"\$")


# ---- map ----


def _map(segmenter: Segmenter, figure: Figure | None, plt: Any) -> Figure:
    result = segmenter._fitted()
    if not result.map:
        raise ValueError("this result has no map: it is of more than 256 outputs, or of an older file")
    seen = result.map.contents
    points = np.ctypeslib.as_array(seen.points, (seen.n_points, seen.n_axes))
    centres = np.ctypeslib.as_array(seen.centroids, (result.n_segments, seen.n_axes))
    labels = np.ctypeslib.as_array(seen.labels, (seen.n_points,))
    if seen.n_axes == 1:  # spread sideways, at places that do not change from one drawing to the next
        height = (np.arange(len(points)) * 0.618034) % 1
        points, centres = np.c_[points, height], np.c_[centres, np.full(len(centres), 0.5)]
    figure = _new(plt, figure, 10, 5.6)
    axes = figure.add_subplot()
    order = (np.arange(len(points)) * 7919) % len(points) if len(points) % 7919 else np.arange(len(points))
    colours, names = np.array(_colours(segmenter)), _labels(segmenter)
    axes.scatter(points[order, 0], points[order, 1], c=colours[labels[order]], s=9, alpha=0.45, linewidths=0)
    for i, (x, y) in enumerate(centres):
        axes.scatter(x, y, s=260, color=colours[i], edgecolor="white", linewidth=2, zorder=3,
                     label=_wrapped(names[i], 36))
        axes.annotate(str(i + 1), (x, y), ha="center", va="center_baseline", color="white", fontweight="bold", zorder=4)
    axes.set_xlabel(f"axis 1: {seen.explained[0]:.0%} of how customers differ")
    if seen.n_axes > 1:
        axes.set_ylabel(f"axis 2: {seen.explained[1]:.0%}")
    else:
        axes.set_yticks([])
    n = f"{seen.n_points:,}"
    _title(axes, f"{n} customers" + (f", drawn from {result.n_samples:,}" if seen.n_points < result.n_samples else ""))
    axes.spines[["top", "right"]].set_visible(False)
    _legend(axes)
    return figure


def _legend(axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    legend = axes.legend(handles, labels, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_sizes([60])  # type: ignore[union-attr]


# ---- profile ----


def _profile(segmenter: Segmenter, figure: Figure | None, plt: Any) -> Figure:
    """Where the median of each segment lies among all customers."""
    document = segmenter._document()
    columns = [c for c in document["columns"] if c["type"] == "number" and _varies(c) and c["name"] not in _RANKS]
    if not columns:
        raise ValueError("the profile has no column of numbers")
    places = np.array([[_place(segment, column) for column in columns] for segment in document["segments"]])
    told = np.nanmax(np.abs(places - 0.5), axis=0, initial=0, where=~np.isnan(places))
    order = sorted(range(len(columns)), key=lambda i: (not columns[i]["clustered"], -told[i], i))[:_MOST_COLUMNS]
    columns, places = [columns[i] for i in order], places[:, order]
    figure = _new(plt, figure, max(7.5, 3.1 + 0.85 * len(columns)), 1.9 + 0.62 * len(places))
    axes = figure.add_subplot()
    image = axes.imshow(places, cmap="RdBu_r", vmin=0, vmax=1, aspect="auto")
    for i, segment in enumerate(document["segments"]):
        for j, column in enumerate(columns):
            value = _of(segment, column["name"]).get("median")
            shade = abs(places[i, j] - 0.5) > 0.33
            text = "" if value is None else _percent(value) if column.get("unit") == "share" else _short(value)
            axes.text(j, i, text, ha="center", va="center", fontsize=9, color="white" if shade else "black")
    axes.set_yticks(range(len(places)), [_wrapped(name, 34) for name in _labels(segmenter)], fontsize=9)
    axes.set_xticks(range(len(columns)), [_column_label(column) for column in columns], rotation=35, ha="left",
                    rotation_mode="anchor", fontsize=9)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, ticks=[0, 0.5, 1], shrink=0.9, pad=0.02)
    bar.ax.set_yticklabels(["lowest", "as most", "highest"], fontsize=8)
    bar.outline.set_visible(False)
    axes.set_xlabel("Numbers are medians; colours say where they lie among all customers.\n"
                    "* Segments were made from these.", fontsize=8, loc="left")
    return figure


def _varies(column: dict[str, Any]) -> bool:
    quantiles = column.get("quantiles") or {}
    return quantiles.get("q00") is not None and quantiles["q00"] < quantiles["q100"]


def _of(segment: dict[str, Any], name: str) -> dict[str, Any]:
    return next((column for column in segment["columns"] if column["name"] == name), {})


def _place(segment: dict[str, Any], column: dict[str, Any]) -> float:
    """The share of all customers that are below the segment's median; ties count half."""
    value = _of(segment, column["name"]).get("median")
    if value is None:
        return float("nan")
    edges = [column["quantiles"][q] for q in _QUANTILES]
    shares = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]
    low = float(np.interp(value, edges, shares))
    equal = [share for edge, share in zip(edges, shares) if edge == value]
    return (min(equal) + max(equal)) / 2 if len(equal) > 1 else low


def _column_label(column: dict[str, Any]) -> str:
    unit = column.get("unit") or ""
    unit = "" if unit in column["name"] or unit == "share" else f", {unit}"
    return _plain(column["name"].replace("_", " ") + unit) + (" *" if column["clustered"] else "")


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or share == 0 else f"{share:.1%}"


def _short(value: float) -> str:
    """Three digits: 41,180 is 41.2k."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            divisor = 1e3 if letter == "k" else size
            return f"{value / divisor:.3g}{letter}"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.wrap(text, width))


# ---- silhouette ----


def _silhouette(segmenter: Segmenter, figure: Figure | None, plt: Any) -> Figure:
    values, labels, n = _silhouettes(segmenter)
    figure = _new(plt, figure, 8.5, max(4.5, 1.3 + 0.6 * segmenter.n_segments_))
    axes = figure.add_subplot()
    colours, names, at = _colours(segmenter), _labels(segmenter), 0
    gap = max(len(values) // 60, 1)
    for i, name in enumerate(names):
        own = np.sort(values[labels == i])
        if len(own) == 0:
            continue
        axes.fill_betweenx(np.arange(at, at + len(own)), 0, own, color=colours[i], linewidth=0)
        axes.annotate(_wrapped(name, 36), (0, at + len(own) / 2), xycoords=("axes fraction", "data"), xytext=(-8, 0),
                      textcoords="offset points", ha="right", va="center", fontsize=9)
        axes.annotate(f"{own.mean():.2f}", (1, at + len(own) / 2), xycoords=("axes fraction", "data"), xytext=(4, 0),
                      textcoords="offset points", va="center", fontsize=9, color="0.3")
        at += len(own) + gap
    mean = float(values.mean())
    axes.axvline(mean, color="0.3", linewidth=1, linestyle="--")
    axes.set_ylim(at, -gap)
    axes.set_yticks([])
    axes.set_xlim(min(-0.1, float(values.min()) - 0.02), max(0.5, float(values.max()) + 0.02))
    axes.set_xlabel("silhouette: 1 is deep inside the own segment, 0 between two, below 0 nearer to another")
    axes.spines[["top", "right", "left"]].set_visible(False)
    drawn = f", of {len(values):,} customers drawn from {n:,}" if len(values) < n else ""
    _title(axes, f"Silhouette: mean {mean:.2f}{drawn}")
    return figure


def _silhouettes(segmenter: Segmenter) -> tuple[NDArray[np.float64], NDArray[Any], int]:
    """Of at most 5,000 customers, their segments, and how many customers there are."""
    if segmenter._customers is None:
        raise ValueError("silhouettes need the columns of customers; load(path, customers=...)")
    result, customers = segmenter._fitted(), segmenter._customers
    made, tiles = ctypes.POINTER(_abi.prepared)(), ctypes.c_void_p()
    with Session(segmenter.n_threads) as session:
        session.call(lib.prepare_apply, result.prepare, customers._address, ctypes.byref(made))
        try:
            matrix = made.contents.matrix
            rows = np.ctypeslib.as_array(ctypes.cast(matrix.values, ctypes.POINTER(ctypes.c_double)),
                                         (matrix.n_rows, matrix.n_cols)).copy()
        finally:
            lib.prepared_free(made)
        labels = segmenter.labels_
        n = len(rows)
        if n != len(labels):
            raise ValueError(f"there are {n} customers, and the segments are of {len(labels)}: these are others")
        if n > _MOST_SILHOUETTES:
            drawn = np.sort(np.random.default_rng(0).choice(n, _MOST_SILHOUETTES, replace=False))
            rows, labels = rows[drawn], labels[drawn]
        view, values, mean = matrix_of(rows), np.empty(len(rows)), ctypes.c_double()
        labels = np.ascontiguousarray(labels, np.int32)
        try:
            session.call(lib.tiles_new, ctypes.byref(view), None, None, ctypes.byref(tiles))
            session.call(lib.silhouette, tiles, labels.ctypes.data, result.n_segments, ctypes.byref(mean),
                         values.ctypes.data, work=float(rows.size) * len(rows))
        finally:
            lib.tiles_free(tiles)
    return values, labels, n


# ---- how many, and RFM ----


def _numbers(segmenter: Segmenter, figure: Figure | None, plt: Any) -> Figure:
    choice = segmenter.reports_.get("choice")
    if choice is None:
        raise ValueError("the number of segments was given; it is chosen where n_clusters is a range, such as (2, 10)")
    rows = choice["rows"]
    scores: dict[str, NDArray[Any]] = {"n_clusters": np.array([row["n_clusters"] for row in rows])}
    for name in ("inertia", "silhouette", "silhouette_error", "calinski_harabasz", "davies_bouldin", "gap", "gap_error",
                 "stability"):
        column = np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)
        if not np.isnan(column).all():
            scores[name] = column
    favoured = {vote["index"]: vote["n_clusters"] or 0 for vote in choice["votes"]}
    drawn = _sweep_plot.draw(scores, favoured, figure)
    taken = {"recommended": "enough speaks for them",
             "closest": "no number is clear, this has most in its favour",
             "gap": "favoured by the gap statistic, and each comes back when customers are drawn anew",
             "least": "nothing speaks for any"}[choice["taken_because"]]
    drawn.suptitle(f"{choice['taken']} segments taken: {taken}", x=0.01, ha="left", fontsize=12)
    return drawn


def _rfm(segmenter: Segmenter, figure: Figure | None, plt: Any) -> Figure:
    report = segmenter.reports_.get("rfm")
    if report is None or "recency_by_frequency" not in report:
        raise ValueError("there are no RFM scores; they need recency, frequency and monetary, and skip without 'rfm'")
    counts = np.array(report["recency_by_frequency"], float)
    bins = len(counts)
    figure = _new(plt, figure, 6.2, 5.2)
    axes = figure.add_subplot()
    image = axes.imshow(counts, cmap="Blues", origin="lower", vmin=0)
    for r in range(bins):
        for f in range(bins):
            axes.text(f, r, f"{counts[r, f]:,.0f}", ha="center", va="center",
                      color="white" if counts[r, f] > 0.6 * counts.max() else "black")
    ranks = [str(i + 1) for i in range(bins)]
    axes.set_xticks(range(bins), ranks)
    axes.set_yticks(range(bins), ranks)
    axes.set_xlabel(f"frequency score ({bins}: the most orders)")
    axes.set_ylabel(f"recency score ({bins}: the latest orders)")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.85, pad=0.03)
    bar.outline.set_visible(False)
    bar.set_label("customers", fontsize=9)
    _title(axes, f"{counts.sum():,.0f} customers by how lately and how often they ordered")
    return figure
