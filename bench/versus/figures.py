"""Charts of results, and the tables and charts that docs/performance.md and the README show."""

import math
import pathlib
import re

import aims
import peers
import records
import svg
from aims import OWN, SCIKIT

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
FOLDER = ROOT / "docs" / "figures"

SHOWN = (OWN, SCIKIT, "scikit-learn-intelex", "faiss")
COLOUR = dict(zip((*SHOWN, "faiss super", "superkmeans", "superkmeans blas", "R"), svg.COLOURS))
COLOUR |= {"pandas + scikit-learn + h5py": COLOUR[SCIKIT], "duckdb": svg.COLOURS[3],
           "polars + scikit-learn-intelex + h5py": COLOUR["scikit-learn-intelex"],
           "polars": svg.COLOURS[2]}
AXES = {"n": ("rows", 10), "d": ("features", 2), "k": ("clusters", 2)}
TITLES = {"n": "Time against rows: d 8, k 8, one thread",
          "d": "Time against features: 2e5 rows, k 16, one thread",
          "k": "Time against clusters: 2e5 rows, d 16, one thread"}


def scaling(rows):
    """{file name: chart} of time against n, d and k."""
    out = {}
    for axis, (label, base) in AXES.items():
        of = [row for row in rows if row.case == f"scaling {axis}"]
        series = [svg.Series(name, sorted((getattr(row, axis), row.median) for row in of
                                          if row.peer == name), COLOUR[name]) for name in SHOWN]
        if any(each.points for each in series):
            out[f"time-{axis}.svg"] = svg.lines(TITLES[axis], label, "ms per iteration", series,
                                                x_base=base)
    return out


def threads(rows):
    """Speed of all threads over one, per peer."""
    by_cell = {}
    for row in rows:
        if row.case == "iterations" and row.peer in SHOWN:
            by_cell.setdefault(row.cell, {}).setdefault(row.peer, {})[row.threads] = row.median
    groups, most = [], 1
    for cell, of in by_cell.items():
        group = []
        for name, times in of.items():
            if 1 in times and len(times) > 1:
                most = max(most, max(times))
                speed = times[1] / times[max(times)]
                group.append((name, speed, speed, speed))
        if group:
            groups.append((cell, group))
    if not groups:
        return {}
    return {"threads.svg": svg.bars(f"Speed of {most} threads over one", groups, COLOUR)}


def roofline(rows):
    """Throughput of a pass against its flops per byte, under the peaks of one core."""
    peaks = {row.cell: row.median for row in rows if row.case == "peaks"}
    passes = [row for row in rows if row.case == "roofline"]
    if len(peaks) < 2 or not passes:
        return {}
    flops, stream = peaks["float32 multiply-adds"], peaks["reading memory"]
    passes.sort(key=_intensity)
    points = [(_intensity(row), 2e-6 * row.n * row.d * row.k / _milliseconds(row))
              for row in passes]
    low, high = points[0][0] / 2, points[-1][0] * 2
    knee = flops / stream
    roof = [(low, low * stream), (knee, flops), (high, flops)] if low < knee < high else [
        (low, min(flops, low * stream)), (high, min(flops, high * stream))]
    series = [svg.Series("float32 roofline", roof, "#64748b", dashed=True),
              svg.Series("kmseg, one pass", points, COLOUR[OWN],
                         labels=tuple(f"{row.d} x {row.k}" for row in passes))]
    return {"roofline.svg": svg.lines("Roofline of one core: Lloyd passes of float32 samples",
                                      "flops per byte of float32 samples and labels", "GFLOP/s",
                                      series, x_base=2, y_base=2)}


def _intensity(row):
    return 2.0 * row.d * row.k / (4.0 * row.d + 4.0)


def _milliseconds(row):
    """A roofline row is a multiple of the bound; its note has the time."""
    return float(re.findall(r"(\S+) ms", row.note)[0])


def ratios(rows):
    """How many times as long each peer takes, by case."""
    out = {}
    for case, title in (("iterations", "Equal iterations"), ("convergence", "Fits to the end"),
                        ("seeding", "Greedy k-means++"), ("sweep", "Sweeps")):
        cells = aims.cells_of(rows, case)
        if not cells:
            continue
        last = max(threads for _, threads in cells)
        groups = []
        for (cell, threads), by_peer in cells.items():
            if threads == last:
                groups.append((cell.replace(", 10 restarts", ""), [
                    (name, row.ratio, row.ratio_q1, row.ratio_q3) for name, row in by_peer.items()
                    if name in COLOUR and name != OWN]))
        out[f"ratio-{case}.svg"] = svg.bars(
            f"{title}: time of each peer over kmseg's, {last} threads", groups, COLOUR, "x")
    cells = aims.cells_of(rows, "end to end") | aims.cells_of(rows, "order log")
    if cells:
        groups = [(cell, [(name, row.ratio, row.ratio_q1, row.ratio_q3)
                          for name, row in by_peer.items() if name not in aims.NOT_PEERS])
                  for (cell, _), by_peer in cells.items()]
        out["ratio-files.svg"] = svg.bars("Files: time of each peer over kmseg's", groups, COLOUR, "x")
    return out


def charts(rows):
    return scaling(rows) | threads(rows) | roofline(rows) | ratios(rows)


def cells_table(rows, case):
    """Times of every peer in every cell of a case, with the ratio to kmseg's."""
    cells = aims.cells_of(rows, case)
    names = list(dict.fromkeys(name for by_peer in cells.values() for name in by_peer))
    if not cells:
        return "Not measured."
    unit = next(iter(next(iter(cells.values())).values())).unit
    lines = [f"| {unit} | threads | " + " | ".join(names) + " |",
             "|---|---|" + "---|" * len(names)]
    for (cell, threads), by_peer in cells.items():
        shown = []
        for name in names:
            row = by_peer.get(name)
            if row is None:
                shown.append("")
            elif name == OWN:
                shown.append(f"**{three_digits(row.median)}**")
            else:
                shown.append(f"{three_digits(row.median)} ({three_digits(row.ratio)}x)")
        lines.append(f"| {cell} | {threads} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def three_digits(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def work_done(rows):
    """That all did the same work: iterations, and inertia in float64, of those who took the start."""
    differences, short = [], []
    for by_peer in aims.cells_of(rows, "iterations").values():
        own = by_peer[OWN]
        for name, row in by_peer.items():
            if row.iterations != own.iterations:
                short.append(f"{name} ran {row.iterations} of {own.iterations} in {row.cell}")
            if name != OWN and peers.PEERS[name].takes_start and not math.isnan(row.inertia):
                differences.append((abs(row.inertia / own.inertia - 1), name, row.cell))
    if not differences:
        return ""
    most, name, cell = max(differences)
    ran = "; ".join(dict.fromkeys(short)) or "Every peer ran every iteration"
    return (f"{ran}. Inertia of the peers that took the start, in float64, differs from kmseg's by at "
            f"most {100 * most:.2g} % ({name}, {cell}).")


def load_matters(machine):
    """Whether other programs ran when the measurement began."""
    return float(machine.get("load at the start", 0)) > 0.5 * int(machine["cores"])


def seeds_compared(rows):
    """How good the centroids are that each chose: geometric mean over the cells."""
    ratios_of = {}
    for by_peer in aims.cells_of(rows, "seeding").values():
        for name, row in by_peer.items():
            if name != OWN and row.inertia > 0:
                ratios_of.setdefault(name, []).append(row.inertia / by_peer[OWN].inertia)
    shown = ", ".join(f"{name} {100 * (records.geometric_mean(ratios_) - 1):+.2g} %"
                      for name, ratios_ in ratios_of.items())
    return f"Inertia of the first labels beside kmseg's, mean of the cells: {shown}." if shown else ""


def sweeps_compared(rows, case):
    """Whether the segments are as good without every restart having run to its end on all rows."""
    shown = []
    for by_peer in aims.cells_of(rows, case).values():
        if aims.WHOLE in by_peer:
            more = 100 * (by_peer[OWN].inertia / by_peer[aims.WHOLE].inertia - 1)
            shown.append(f"{more:+.2g} % ({by_peer[OWN].cell})")
    return (f"Inertia of kmseg's segments beside those of all restarts on all rows, geometric mean over k: "
            f"{', '.join(shown)}.") if shown else ""


def roofline_table(rows):
    lines = ["| pass | tiles | ms | float32 bound, ms | of the bound |", "|---|---|---|---|---|"]
    for row in rows:
        if row.case in ("roofline", "roofline float32 tiles"):
            tiles = "16 bits" if row.case == "roofline" else "float32"
            taken, bound = re.findall(r"(\S+) ms", row.note)
            lines.append(f"| {row.cell} | {tiles} | {taken} | {bound} | {row.median:.2f} |")
    return "\n".join(lines) if len(lines) > 2 else "Not measured."


def joined(*paragraphs):
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def alt_text(chart):
    return chart.split('aria-label="', 1)[1].split('"', 1)[0]


def exactness_table(rows):
    lines = ["| cell | peer | labels that differ | inertia it reports, and reaches |", "|---|---|---|---|"]
    for row in rows:
        if row.case == "exactness":
            lines.append(f"| {row.cell} | {row.peer} | {100 * row.median:.3g} % | {row.note} |")
    return "\n".join(lines) if len(lines) > 2 else "Not measured."


def behind(rows):
    """A line per cell where some peer, exact or not, is faster, leaner or closer than kmseg."""
    out = []
    for row in rows:
        if row.peer in aims.NOT_PEERS or math.isnan(row.ratio) or row.ratio >= 1:
            continue
        what = "less memory" if row.case == "memory" else "faster"
        remark = " (not exact)" if row.peer in aims.INEXACT else ""
        out.append(f"- {row.case}, {row.cell}{f', {aims.threads_text(row.threads)}' if row.threads else ''}: "
                   f"{row.peer}{remark} is {what}, at {row.ratio:.2f} of kmseg's {row.unit}.")
    return "\n".join(out) if out else "In no cell that was measured."


def sections(machine, rows):
    """What stands between the markers of the documents."""
    versions = {}
    for row in rows:
        if row.peer in peers.PEERS and row.peer not in aims.NOT_PEERS:
            versions.setdefault(row.peer.split(" ")[0], row.version)
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    made = charts(rows)

    def shown(text, *names):
        """The text, and those of the charts that there are."""
        images = [f"![{alt_text(made[name])}](figures/{name})" for name in names if name in made]
        return "\n\n".join([text, *images] if text else images) or "Not measured."

    about = (f"Measured {machine['date']} on {machine['cpu']} ({machine['instruction sets']}), "
             f"{machine['cores']} cores, {machine['memory']}, Linux {machine['kernel']}, "
             f"{machine['compiler']}; kmseg at commit {machine['commit']}; {listed}.")
    if load_matters(machine):
        about += (f" The machine was busy with other work (load {machine['load at the start']}): that "
                  "harms those most who wait for their threads by spinning, so ratios on several "
                  "threads are too high.")
    if "other cases" in machine:
        about += f" The cases that were not renewed then: {machine['other cases']}."
    return {
        "machine": about,
        "aims": aims.markdown(aims.table(rows)),
        "behind": behind(rows),
        "iterations": shown(joined(cells_table(rows, "iterations"), work_done(rows)), "ratio-iterations.svg", "threads.svg"),
        "scaling": shown("", "time-n.svg", "time-d.svg", "time-k.svg"),
        "roofline": shown(roofline_table(rows), "roofline.svg"),
        "convergence": shown(cells_table(rows, "convergence"), "ratio-convergence.svg"),
        "algorithms": joined(cells_table(rows, "algorithms"), choice_compared(rows)),
        "seeding": shown(joined(cells_table(rows, "seeding"), seeds_compared(rows)), "ratio-seeding.svg"),
        "sweep": shown(joined(cells_table(rows, "sweep"), sweeps_compared(rows, "sweep")), "ratio-sweep.svg"),
        "answers": joined(cells_table(rows, "answers"), sweeps_compared(rows, "answers")),
        "files": shown(joined(cells_table(rows, "end to end"), end_to_end_compared(rows),
                              cells_table(rows, "order log")), "ratio-files.svg"),
        "memory": cells_table(rows, "memory"),
        "exactness": exactness_table(rows),
        "short": short_table(rows),
    }


def choice_compared(rows):
    """How much of a fit the choice of an algorithm takes beside the best one, had it been known."""
    behind_best = {f"{cell}": by_peer[OWN].median / min(row.median for row in by_peer.values())
                   for (cell, _), by_peer in aims.cells_of(rows, "algorithms").items()}
    if not behind_best:
        return ""
    worst = max(behind_best, key=behind_best.get)
    mean = records.geometric_mean(behind_best.values())
    return (f"What kmseg chooses takes {100 * (mean - 1):.1f} % more than the faster of the two in the mean, "
            f"{100 * (behind_best[worst] - 1):.1f} % at most ({worst}).")


def end_to_end_compared(rows):
    """What the forms of kmseg make beside what the peers make, and by how much each is ahead."""
    end = aims.cells_of(rows, "end to end")
    best = _mean(aims.ratios_to_best(end))
    bare = _mean(aims.ratios_of(end, aims.LABELS, "polars + scikit-learn-intelex + h5py"))
    if not best:
        return ""
    said = (f"The peers make labels and centroids. kmseg as usual ({best} ahead of the best of them) makes "
            "a profile, names, rules, scores and a map of the segments as well")
    return said + (f"; alone with what they make it is {bare} ahead of polars + scikit-learn-intelex."
                   if bare else ".")


def short_table(rows):
    """The table of the README."""
    lines = ["| times as fast as | scikit-learn | best peer |", "|---|---|---|"]
    for case, title in (("iterations", "equal iterations, 1 and 2 threads"),
                        ("convergence", "fits to the end"), ("seeding", "greedy k-means++"),
                        ("sweep", "k 2 to 15, 10 restarts each"),
                        ("answers", "the same of a survey, in which few rows differ")):
        cells = aims.cells_of(rows, case)
        if cells:
            lines.append(f"| {title} | {_mean(aims.ratios_to(cells, SCIKIT))} | "
                         f"{_mean(aims.ratios_to_best(cells))} |")
    end = aims.cells_of(rows, "end to end")
    if end:
        lines.append(f"| CSV to HDF5 | {_mean(aims.ratios_to(end, 'pandas + scikit-learn + h5py'))} | "
                     f"{_mean(aims.ratios_to_best(end))} |")
        bare = [_mean(aims.ratios_of(end, aims.LABELS, name)) for name in
                ("pandas + scikit-learn + h5py", "polars + scikit-learn-intelex + h5py")]
        if any(bare):
            lines.append(f"| CSV to HDF5, without profile and scores | {bare[0]} | {bare[1]} |")
    log = aims.cells_of(rows, "order log")
    if log:
        lines.append(f"| order log to recency, frequency, monetary | | "
                     f"{_mean(aims.ratios_to_best(log))} |")
    return "\n".join(lines)


def _mean(rows):
    return f"{aims.mean_ratio(rows):.1f}x" if rows else ""


def put(text, section, content):
    """text with what stands between the section's markers replaced; unchanged without markers."""
    begin, end = f"<!-- measured: {section} -->", f"<!-- end: {section} -->"
    if begin not in text or end not in text:
        return text
    head, rest = text.split(begin, 1)
    return f"{head}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"


def write(csv_path, documents=(DOCUMENT, README), folder=FOLDER):
    machine, rows = records.read(csv_path)
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in charts(rows).items():
        (folder / name).write_text(chart, encoding="utf-8")
    for path in documents:
        text = path.read_text(encoding="utf-8")
        for section, content in sections(machine, rows).items():
            text = put(text, section, content)
        path.write_text(text, encoding="utf-8")
