"""The cases on files: whole programs, each run a process of its own on all threads. Importing
libraries is not counted for the peers; everything is for kmseg."""

import csv
import datetime
import importlib.metadata
import itertools
import json
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np

import cases
import data
import pool
from aims import BARE, LABELS
from measure import OWN, say, tell
from records import Row, fill

HERE = pathlib.Path(__file__).resolve().parent
COMMAND = data.BUILD / "bin" / "kmseg"
FIT_PEERS = {"pandas + scikit-learn + h5py": "pandas",
             "polars + scikit-learn-intelex + h5py": "polars"}
LOG_PEERS = ("duckdb", "polars")
LINES_PER_CUSTOMER = 125  # of what kmseg generate makes by default
CHECKED_CUSTOMERS = 1000


class Failed(Exception):
    """A program that did not do it; the message is the end of what it said."""


def run(words, threads):
    """(seconds from start to end, CPU seconds, what it printed)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          env=pool.environment(threads, True), preexec_fn=pool.on_cpus(threads))
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise Failed(f"status {done.returncode}: {(done.stderr or done.stdout)[-400:].strip()}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, done.stdout


def interleave(calls, runs):
    """calls: name -> function that gives (seconds, note). Seconds and last note per name; one that
    fails is left out."""
    given = {name: [] for name in calls}
    for name in itertools.chain.from_iterable([list(calls)] * runs):
        if name not in given:
            continue
        try:
            given[name].append(calls[name]())
        except Failed as failure:
            say(f"  {name} left out: {failure}")
            del given[name]
    return given


def rows_of(case, cell_name, cell, threads, given, versions):
    own = [seconds for seconds, _ in given.get(OWN, [])]
    rows = []
    for name, runs in given.items():
        row = Row(case=case, cell=cell_name, peer=name, unit="s", n=cell["n"], d=cell.get("d", 0),
                  k=cell.get("k", 0), threads=threads, version=versions.get(name, ""),
                  iterations=cell.get("iterations", 0), note=runs[-1][1])
        rows.append(fill(row, [seconds for seconds, _ in runs], own))
    tell(rows)
    return rows


def _versions(*packages):
    return " ".join(importlib.metadata.version(package) for package in packages)


def _own_version():
    return run([COMMAND, "--version"], 1)[2].split()[-1]


def _read_whole(path):
    """Brings a file into the page cache, for all alike."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


# A customer table in CSV to labels in HDF5.

def _numbers(cell, folder):
    """A CSV of the cell's samples, seven digits each."""
    import polars as pl

    path = folder / f"{cell.n}-{cell.d}-{cell.k}.csv"
    if not path.exists():
        x = np.load(data.files(cell, folder)[0])
        table = pl.DataFrame({f"f{j + 1}": x[:, j] for j in range(cell.d)})
        part = path.with_suffix(".part")
        table.write_csv(part, float_precision=6)
        part.rename(path)
    return path


def _fit_command(more, made, source, target, cell, threads):
    words = [COMMAND, "fit", source, "-k", cell.k, "--n-init", 1, "--max-iter", cell.iterations,
             "--tol", 0, "--transform", "none", "--scale", "zscore", "--precision", "float32",
             "--threads", threads, "--seed", 1, "-o", target, "--json", *more]
    seconds, used, printed = run(words, threads)
    answer = json.loads(printed)
    fitted = answer.get("fit", answer)
    return seconds, (f"CPU {used:.1f} s; {made}; "
                     f"{fitted.get('n_iter', '?')} iterations, inertia {fitted.get('inertia', 0):.6g}")


def _fit_script(library, source, target, cell, threads):
    words = [sys.executable, HERE / "pipeline_fit.py", library, source, target, cell.k,
             cell.iterations]
    whole, used, printed = run(words, threads)
    answer = json.loads(printed.splitlines()[-1])
    parts = ", ".join(f"{part} {answer[part]:.1f}" for part in ("read", "scale", "fit", "write"))
    return answer["seconds"], (f"CPU {used:.1f} s; {parts}; imports {whole - answer['seconds']:.1f} "
                               f"not counted; {answer['n_iter']} iterations, "
                               f"inertia {answer['inertia']:.6g}")


def end_to_end(bench, cell=cases.END_TO_END):
    threads = bench.threads[-1]
    source = _numbers(cell, bench.folder)
    _read_whole(source)
    target = bench.folder / "segments.h5"

    def call(function, *more):
        target.unlink(missing_ok=True)
        return function(*more, source, target, cell, threads)

    both = "with profile and scores"
    calls = {OWN: lambda: call(_fit_command, (), both),
             BARE: lambda: call(_fit_command, ("--silhouette-samples", 1), both),
             LABELS: lambda: call(_fit_command, ("--no-profile",), "labels and centroids alone")}
    for name, library in FIT_PEERS.items():
        calls[name] = lambda library=library: call(_fit_script, library)
    # Memory that another process has just used costs less: both forms of kmseg come behind a peer.
    first, second = FIT_PEERS
    turns = {name: calls[name] for name in (first, OWN, second, LABELS, BARE)}
    versions = {OWN: _own_version(), BARE: _own_version(),
                LABELS: _own_version(),
                "pandas + scikit-learn + h5py": _versions("pandas", "scikit-learn", "h5py"),
                "polars + scikit-learn-intelex + h5py":
                    _versions("polars", "scikit-learn-intelex", "h5py")}
    given = interleave(turns, cell.runs)
    given = {name: given[name] for name in calls if name in given}
    target.unlink(missing_ok=True)
    yield from rows_of("end to end", f"CSV {cases.short(cell.n)} x {cell.d} to HDF5, k {cell.k}",
                       {"n": cell.n, "d": cell.d, "k": cell.k, "iterations": cell.iterations},
                       threads, given, versions)


# An order log to recency, frequency, monetary.

def _logs(lines, folder):
    """{name: path} of two logs of the same lines: every column of what kmseg generate makes, and the
    four that recency, frequency and monetary come from."""
    import duckdb

    wide, narrow = folder / f"orders-{lines}.csv", folder / f"orders-{lines}-narrow.csv"
    if not wide.exists():
        part = folder / "part.csv"
        run([COMMAND, "generate", "orders", "-n", lines // LINES_PER_CUSTOMER, "--defect-rate", 0,
             "--missing-rate", 0, "-q", "-o", part], len(pool.cpus(None)))
        part.rename(wide)
    if not narrow.exists():
        part = folder / "part.csv"
        duckdb.sql(f"""COPY (SELECT customer_id, order_id, order_date,
                       round(quantity * unit_price, 2) AS amount FROM read_csv('{wide}'))
                       TO '{part}' (HEADER)""")
        part.rename(narrow)
    return {"4 columns": narrow, "9 columns": wide}


def _count_lines(path):
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 24), b"")) - 1


def _log_command(source, target, threads):
    seconds, used, _ = run([COMMAND, "features", source, "--only", "last_order,frequency,monetary",
                            "--threads", threads, "-q", "-o", target], threads)
    return seconds, f"CPU {used:.1f} s; with cleaning"


def _log_script(library, source, target, threads):
    whole, used, printed = run([sys.executable, HERE / "pipeline_rfm.py", library, source, target,
                                threads], threads)
    seconds = json.loads(printed.splitlines()[-1])["seconds"]
    return seconds, f"CPU {used:.1f} s; imports {whole - seconds:.1f} not counted"


def _own_customers(path):
    """{customer: (day of the last order, orders, total)} of some customers."""
    import h5py

    day = np.timedelta64(1, "D")
    with h5py.File(path) as file:
        columns = file["columns"]
        names = file["levels/customer_id"].asstr()[:]
        step = max(1, len(names) // CHECKED_CUSTOMERS)
        ids = names[columns["customer_id"][::step]]
        days = columns["last_order"][::step] // (day // np.timedelta64(1, "s"))
        return {name: (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(last)), int(orders),
                       float(total))
                for name, last, orders, total in zip(ids, days, columns["frequency"][::step],
                                                     columns["monetary"][::step])}


def _compare(own, path):
    """What a peer's file says of the same customers: "" when it is the same."""
    found = 0
    with open(path, encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["customer_id"] not in own:
                continue
            found += 1
            last, orders, total = own[line["customer_id"]]
            if (line["last_day"][:10] != last.isoformat() or int(line["orders"]) != orders
                    or abs(float(line["total"]) - total) > 1e-6 * abs(total) + 1e-6):
                return f"differs for customer {line['customer_id']}"
    return "" if found == len(own) else f"lacks {len(own) - found} customers"


def order_log(bench, lines=cases.ORDER_LINES, runs=cases.ORDER_RUNS):
    threads = bench.threads[-1]
    versions = {OWN: _own_version(), **{name: _versions(name) for name in LOG_PEERS}}
    for columns, source in _logs(lines, bench.folder).items():
        n = _count_lines(source)
        targets = {name: bench.folder / f"rfm-{name}.csv" for name in LOG_PEERS}
        targets[OWN] = bench.folder / "rfm.h5"
        calls = {OWN: lambda source=source: _log_command(source, targets[OWN], threads)}
        for name in LOG_PEERS:
            calls[name] = lambda name=name, source=source: _log_script(
                name, source, targets[name], threads)
        given = interleave(calls, runs)
        own = _own_customers(targets[OWN])
        for name in [name for name in LOG_PEERS if name in given]:
            difference = _compare(own, targets[name])
            given[name][-1] = (given[name][-1][0], given[name][-1][1] + "; " + (
                f"RESULT {difference}" if difference else f"same for {len(own)} customers checked"))
        for target in targets.values():
            target.unlink(missing_ok=True)
        yield from rows_of("order log", f"{cases.short(round(n, -5) or n)} lines of {columns} to RFM",
                           {"n": n}, threads, given, versions)


