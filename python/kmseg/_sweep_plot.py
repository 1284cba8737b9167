"""The curves of a sweep, drawn with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# (column, its index, its error, heading)
_PANELS = (
    ("inertia", "knee", None, "Inertia (log scales): the knee"),
    ("silhouette", "silhouette", "silhouette_error", "Silhouette: higher is better"),
    ("calinski_harabasz", "calinski_harabasz", None, "Calinski-Harabasz: higher is better"),
    ("davies_bouldin", "davies_bouldin", None, "Davies-Bouldin: lower is better"),
    ("gap", "gap", "gap_error", "Gap: the first that the next does not beat"),
    ("stability", None, None, "Stability of the least stable cluster"),
)
_LINE, _FAVOURED = "#1f5fa8", "#c4472b"
_VALID = 0.75  # from where on Hennig calls a cluster valid


def draw(scores: dict[str, NDArray[Any]], favoured: dict[str, int], figure: Figure | None = None) -> Figure:
    """One panel per score over the number of clusters. Returns the figure, made where none is given."""
    panels = [panel for panel in _PANELS if panel[0] in scores]
    n_rows = (len(panels) + 1) // 2
    if figure is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError as missing:
            raise ImportError("plots need matplotlib: pip install 'kmseg[plot]'") from missing
        figure = plt.figure(figsize=(10, 2.8 * n_rows), layout="constrained")
    for i, (column, index, error, heading) in enumerate(panels):
        axes = figure.add_subplot(n_rows, 2, i + 1)
        _curve(axes, scores["n_clusters"], scores[column], scores[error] if error else None)
        _mark(axes, scores, column, favoured.get(index, 0) if index else 0)
        axes.set_title(heading, fontsize=10, loc="left")
        if column == "inertia":
            _logarithmic(axes, scores["n_clusters"])
        elif column == "stability":
            axes.axhline(_VALID, color="0.6", linewidth=1, linestyle="--")
            axes.annotate("valid", (1, _VALID), xycoords=("axes fraction", "data"), xytext=(-2, 3),
                          textcoords="offset points", ha="right", color="0.4", fontsize=8)
            axes.set_ylim(0, 1.05)
        if i >= len(panels) - 2:
            axes.set_xlabel("number of clusters")
    return figure


def _curve(axes: Axes, k: NDArray[Any], y: NDArray[Any], error: NDArray[Any] | None) -> None:
    axes.errorbar(k, y, _bars(error), color=_LINE, marker="o", markersize=4, linewidth=1.5, capsize=2)
    axes.set_xticks(k if len(k) <= 20 else k[:: len(k) // 10])
    axes.grid(axis="y", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)


def _bars(error: NDArray[Any] | None) -> NDArray[Any] | None:
    """Bars of no length would be drawn as caps."""
    return None if error is None or not (error > 0).any() else error


def _mark(axes: Axes, scores: dict[str, NDArray[Any]], column: str, k: int) -> None:
    at = scores["n_clusters"] == k
    if at.any():
        axes.plot(k, scores[column][at], "o", color=_FAVOURED, markersize=9, zorder=3)
        axes.annotate(str(k), (k, scores[column][at][0]), xytext=(0, 9), textcoords="offset points", ha="center",
                      color=_FAVOURED, fontweight="bold")
        axes.margins(y=0.2)


def _logarithmic(axes: Axes, k: NDArray[Any]) -> None:
    """Both axes, on which samples without groups give a straight line."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.minorticks_off()
    ticks = [n for n in k if len(k) <= 8 or n in (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)]
    axes.set_xticks(ticks, [str(n) for n in ticks])
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}" if y >= 10 else f"{y:g}"))
