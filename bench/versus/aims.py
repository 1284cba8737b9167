"""The aims, and what a measurement reached of them: one row each, of rows of results."""

import dataclasses
import math

import peers
from records import geometric_mean

OWN = "kmseg"
SCIKIT = "scikit-learn"
INEXACT = {peer.name for peer in peers.PEERS.values() if not peer.exact}
# Ours in another setting, or no peer to be measured against.
BARE = "kmseg, almost no silhouettes"
LABELS = "kmseg, labels and centroids alone"
WHOLE = "kmseg, all restarts on all rows"
ALGORITHMS = ("lloyd", "hamerly")
NOT_PEERS = {"kmseg float32 tiles", WHOLE, "numpy", BARE, LABELS, OWN, *ALGORITHMS}


@dataclasses.dataclass
class Aim:
    what: str
    aim: float
    reached: float = math.nan
    spread: str = ""
    at_least: bool = True  # else at most
    unit: str = "x"

    def held(self):
        return (self.reached >= self.aim) if self.at_least else (self.reached <= self.aim)

    def missed_by(self):
        """"" when it is held."""
        if math.isnan(self.reached):
            return "not measured"
        if self.held():
            return ""
        if self.at_least:
            return f"{100 * (1 - self.reached / self.aim):.0f} %"
        return f"{100 * (self.reached / self.aim - 1):.0f} %" if self.aim > 0 else "yes"


def cells_of(rows, case):
    """{(cell, threads): {peer: row}} of a case, in the order measured."""
    out = {}
    for row in rows:
        if row.case == case:
            out.setdefault((row.cell, row.threads), {})[row.peer] = row
    return {key: by_peer for key, by_peer in out.items() if OWN in by_peer}


def best_peer(by_peer):
    """The exact peer of least time, or None."""
    found = [row for name, row in by_peer.items() if name not in NOT_PEERS | INEXACT]
    return min(found, key=lambda row: row.median, default=None)


def ratios_to(cells, name):
    return [by_peer[name] for by_peer in cells.values() if name in by_peer]


def ratios_of(cells, own, name):
    """The same beside another form of kmseg than the one that rows have ratios to."""
    both = [(by_peer[own], by_peer[name]) for by_peer in cells.values()
            if own in by_peer and name in by_peer]
    return [dataclasses.replace(row, ratio=row.median / ours.median, ratio_q1=row.q1 / ours.median,
                                ratio_q3=row.q3 / ours.median) for ours, row in both]


def ratios_to_best(cells):
    return [best for best in map(best_peer, cells.values()) if best is not None]


def mean_ratio(rows):
    return geometric_mean(row.ratio for row in rows)


def _spread(rows):
    """Geometric means of the quartiles of the runs, and the range over the cells."""
    if not rows:
        return ""
    low = geometric_mean(row.ratio_q1 for row in rows)
    high = geometric_mean(row.ratio_q3 for row in rows)
    return (f"{low:.1f} to {high:.1f}; cells {min(row.ratio for row in rows):.1f} to "
            f"{max(row.ratio for row in rows):.1f}")


def _mean_of(what, aim, rows):
    return Aim(what, aim, mean_ratio(rows) if rows else math.nan, _spread(rows))


def _least_of(what, aim, rows):
    if not rows:
        return Aim(what, aim)
    worst = min(rows, key=lambda row: row.ratio)
    return Aim(what, aim, worst.ratio, f"{worst.cell}, {threads_text(worst.threads)}, {worst.peer}")


def _pair(rows, case, title, aims):
    cells = cells_of(rows, case)
    return [_mean_of(f"{title}, against scikit-learn", aims[0], ratios_to(cells, SCIKIT)),
            _mean_of(f"{title}, against the best peer of each cell", aims[1], ratios_to_best(cells))]


def _largest(what, aim, rows):
    if not rows:
        return Aim(what, aim, at_least=False)
    worst = max(rows, key=lambda row: row.median)
    return Aim(what, aim, worst.median, f"{worst.cell}", at_least=False)


def _roofline(rows):
    passes = [row for row in rows if row.case == "roofline"]
    wide = [row for row in passes if (row.d, row.k) in ((64, 256), (128, 1000))]
    return [_largest("one Lloyd pass over the float32 bound, everywhere", 1.5, passes),
            _largest("the same from d 8 on", 1.0, [row for row in passes if row.d >= 8]),
            _largest("the same at 64 x 256 and 128 x 1000", 0.7, wide)]


def _memory(rows):
    of = {name: [row for row in rows if row.case == "memory" and row.peer == name]
          for name in (OWN, "kmseg float32 tiles")}
    return [_largest("peak memory beyond the array, as it comes", 0.65, of[OWN]),
            _largest("peak memory beyond the array, float32 tiles", 1.15, of["kmseg float32 tiles"])]


def _exactness(rows):
    own = [row for row in rows if row.case == "exactness" and row.peer == OWN]
    labels = _largest("labels that differ from float64 Lloyd, ties apart", 0, own)
    far = [row for row in own if "1e4" in row.data]
    off = Aim("inertia off float64 truth at an offset of 1e4", 1e-6, at_least=False)
    if far:
        off.reached = max(abs(inertia_error(row)) for row in far)
    same = _largest("results that differ over 1, 2, 3, 7 threads and all kernels", 0,
                    [row for row in rows if row.case == "same bytes"])
    for aim in (labels, off, same):
        aim.unit = ""
    return [labels, off, same]


def _end_to_end(cells):
    """Two forms of kmseg: with profile, rules and scores, which the peers do not make, and as they do."""
    pandas, polars = "pandas + scikit-learn + h5py", "polars + scikit-learn-intelex + h5py"
    more, same = "CSV to HDF5, with profile and scores", "CSV to HDF5, labels and centroids as the peers"
    return [_mean_of(f"{more}, against pandas + scikit-learn", 15, ratios_to(cells, pandas)),
            _mean_of(f"{more}, against polars + scikit-learn-intelex", 4, ratios_to(cells, polars)),
            _mean_of(f"{same}, against pandas + scikit-learn", 15, ratios_of(cells, LABELS, pandas)),
            _mean_of(f"{same}, against polars + scikit-learn-intelex", 4,
                     ratios_of(cells, LABELS, polars))]


def inertia_error(row):
    """Of what a fit reports, against its labels and centroids in float64: from the note."""
    return float(row.note.split("reported inertia off by ")[1].split(";")[0])


def table(rows):
    """All aims in order."""
    one = cells_of(rows, "iterations")
    least = _least_of("slowest cell at equal iterations, against every exact peer", 1.0,
                      ratios_to_best(one))
    sweep, end, log = (cells_of(rows, case) for case in ("sweep", "end to end", "order log"))
    return [
        *_pair(rows, "iterations", "equal iterations", (10, 6)), least,
        *_roofline(rows),
        *_pair(rows, "convergence", "fits to the end", (15, 8)),
        *_pair(rows, "seeding", "greedy k-means++", (10, 4)),
        _mean_of("sweep k 2 to 15, 10 restarts, against scikit-learn", 40,
                 ratios_to(sweep, SCIKIT)),
        _mean_of("sweep, against the best peer of each cell", 15, ratios_to_best(sweep)),
        *_end_to_end(end),
        _least_of("order log to RFM, against DuckDB and Polars", 2, ratios_to_best(log)),
        *_memory(rows), *_exactness(rows),
    ]


def threads_text(threads):
    return f"{threads} thread" if threads == 1 else f"{threads} threads"


def number(value, unit=""):
    if math.isnan(value):
        return ""
    if value != 0 and abs(value) < 1e-3:
        return f"{value:.1e}"
    return (f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}") + unit


def markdown(aims):
    lines = ["| what | aim | reached | spread or worst cell | missed by |", "|---|---|---|---|---|"]
    for aim in aims:
        sign = ">=" if aim.at_least else "<="
        lines.append(f"| {aim.what} | {sign} {aim.aim:g}{aim.unit} | "
                     f"{number(aim.reached, aim.unit)} | {aim.spread} | {aim.missed_by()} |")
    return "\n".join(lines)
