"""One Lloyd pass of kmseg beside what one core could do in float32: from bench_iteration, which
measures both in one process."""

import json
import re
import subprocess
import tempfile

import cases
import data
import pool
from measure import OWN, tell
from records import Row

PROGRAM = data.BUILD / "bench" / "bench_iteration"
PASS = "pass, no label changes"
ITERATION = "iteration, mean of the first 10"
SHAPE = re.compile(r"(\d+) x (\d+), k (\d+), (float32|int16)")
# The tiles that a fit takes by itself have the plain name.
CASES = {("int16", PASS): "roofline", ("int16", ITERATION): "roofline iteration",
         ("float32", PASS): "roofline float32 tiles"}


def measure(bench, quick=False):
    del bench
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run([str(PROGRAM), "--json", file.name, *(["--quick"] if quick else [])],
                       check=True, stdout=subprocess.DEVNULL, env=pool.environment(1, True))
        with open(file.name, encoding="utf-8") as lines:
            rows = list(rows_of(map(json.loads, lines)))
    tell(rows)
    yield from rows


def rows_of(lines):
    """Of the program's JSON lines: the peaks, and each pass as a multiple of its bound."""
    bound = None
    version = ""
    for line in lines:
        version = line.get("version", version)
        name, shape = line.get("name"), SHAPE.match(line.get("case", ""))
        if line.get("case", "").startswith("peaks"):
            yield _row("peaks", name, line["value"], line["unit"], version, ())
        elif shape and name and name.startswith("bound"):
            bound = line["value"]
        elif shape and (shape[4], name) in CASES and bound:
            n, d, k = map(int, shape.groups()[:3])
            row = _row(CASES[shape[4], name], f"{cases.short(n)} x {d}, k {k}",
                       1e3 * line["median_s"] / bound, "of the bound", version, (n, d, k))
            row.min, row.runs = 1e3 * line["min_s"] / bound, line["runs"]
            row.note = f"{1e3 * line['median_s']:.4g} ms, bound {bound:.4g} ms"
            yield row


def _row(case, cell, value, unit, version, shape):
    row = Row(case=case, cell=cell, peer=OWN, unit=unit, version=version, threads=1, runs=1,
              min=value, q1=value, median=value, q3=value)
    if shape:
        row.n, row.d, row.k = shape
    return row
