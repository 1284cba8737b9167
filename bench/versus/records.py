"""Rows of results: what was measured, by whom, and how often; as CSV with the machine at its head."""

import csv
import dataclasses
import math
import statistics

FIELDS = ("case", "cell", "n", "d", "k", "data", "threads", "peer", "version", "unit", "runs", "min",
          "q1", "median", "q3", "ratio", "ratio_q1", "ratio_q3", "iterations", "inertia", "note")
TEXTS = {"case", "cell", "data", "peer", "version", "unit", "note"}
WHOLE = {"n", "d", "k", "threads", "runs", "iterations"}


@dataclasses.dataclass
class Row:
    """Figures of one peer in one cell. ratio is the peer's time (or whatever unit is) over kmseg's,
    run by run, so that more than 1 is kmseg's advantage."""

    case: str
    cell: str
    peer: str
    unit: str
    n: int = 0
    d: int = 0
    k: int = 0
    data: str = ""
    threads: int = 0
    version: str = ""
    runs: int = 0
    min: float = math.nan
    q1: float = math.nan
    median: float = math.nan
    q3: float = math.nan
    ratio: float = math.nan
    ratio_q1: float = math.nan
    ratio_q3: float = math.nan
    iterations: int = 0
    inertia: float = math.nan
    note: str = ""


def quartiles(values):
    """(q1, median, q3), between the values where they fall between."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    q1, median, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return q1, median, q3


def fill(row, values, own=None):
    """Puts the spread of values into row; own are kmseg's of the same runs, in order."""
    row.runs, row.min = len(values), min(values)
    row.q1, row.median, row.q3 = quartiles(values)
    if own:
        ratios = [theirs / ours for theirs, ours in zip(values, own)]
        row.ratio_q1, row.ratio, row.ratio_q3 = quartiles(ratios)
    return row


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def _text(name, value):
    if name in TEXTS:
        return value
    if name in WHOLE:
        return str(value) if value else ""
    if math.isnan(value):
        return ""
    return f"{value:.12g}" if name == "inertia" else f"{value:.5g}"


def write(path, machine, rows):
    """machine: names and texts, as comment lines above the table."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        for name, value in machine.items():
            file.write(f"# {name}: {value}\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(FIELDS)
        for row in rows:
            table.writerow([_text(name, getattr(row, name)) for name in FIELDS])


def _value(name, text):
    if name in TEXTS:
        return text
    if name in WHOLE:
        return int(text) if text else 0
    return float(text) if text else math.nan


def read(path):
    """(machine, rows) of a file that write() made."""
    machine, lines = {}, []
    with open(path, encoding="utf-8", newline="") as file:
        for line in file:
            if line.startswith("# ") and not lines:
                name, _, value = line[2:].rstrip("\n").partition(": ")
                machine[name] = value
            else:
                lines.append(line)
    rows = [Row(**{name: _value(name, text) for name, text in entry.items()})
            for entry in csv.DictReader(lines)]
    return machine, rows
