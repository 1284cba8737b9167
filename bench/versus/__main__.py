"""kmseg beside its peers: measures, prints, and with --write keeps. See docs/performance.md."""

import argparse
import dataclasses
import os
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import aims
import cases
import data
import figures
import files
import machine
import measure
import peers
import pool
import records
import roofline

RESULTS = data.ROOT / "bench" / "results"
ORDER = ("roofline", "iterations", "convergence", "algorithms", "seeding", "sweep", "answers", "scaling", "memory",
         "exactness", "end-to-end", "order-log")


def full():
    return {
        "roofline": roofline.measure,
        "iterations": measure.iterations,
        "convergence": measure.convergence,
        "algorithms": measure.algorithms,
        "seeding": measure.seeding,
        "sweep": measure.sweep,
        "answers": measure.answers,
        "scaling": measure.scaling,
        "memory": measure.memory,
        "exactness": measure.exactness,
        "end-to-end": files.end_to_end,
        "order-log": files.order_log,
    }


def quick(factor):
    """Every case, of so many times fewer rows."""
    def on(case, cells):
        return lambda bench: case(bench, measure.smaller(cells, factor))

    return {
        "roofline": lambda bench: roofline.measure(bench, quick=True),
        "iterations": on(measure.iterations, cases.ITERATIONS),
        "convergence": on(measure.convergence, cases.CONVERGENCE),
        "algorithms": on(measure.algorithms, cases.CONVERGENCE),
        "seeding": on(measure.seeding, cases.SEEDING),
        "sweep": on(measure.sweep, cases.SWEEP),
        "answers": on(measure.answers, cases.ANSWERS),
        "scaling": lambda bench: measure.scaling(bench, measure.quick_axes(factor)),
        "memory": on(measure.memory, cases.MEMORY),
        "exactness": on(measure.exactness, cases.EXACTNESS),
        "end-to-end": lambda bench: files.end_to_end(bench, cases.END_TO_END.smaller(factor)),
        "order-log": lambda bench: files.order_log(bench, cases.ORDER_LINES // factor),
    }


def toy():
    """Seconds, with nothing but numpy and the build: that all of it works."""
    small = tuple(dataclasses.replace(cell, runs=2) for cell in cases.TOY)
    return {
        "iterations": lambda bench: measure.iterations(bench, small),
        "convergence": lambda bench: measure.convergence(bench, small, 50),
        "algorithms": lambda bench: measure.algorithms(bench, small[:1]),
        "memory": lambda bench: measure.memory(bench, small[:1]),
        "exactness": lambda bench: measure.exactness(bench, small[:1]),
    }


def parse(words):
    parser = argparse.ArgumentParser(prog="./run bench --versus", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, minutes")
    parser.add_argument("--factor", type=int, default=cases.QUICK_FACTOR, metavar="N",
                        help="with --quick: how many times fewer rows (%(default)s)")
    parser.add_argument("--toy", action="store_true",
                        help="seconds: whether it works, on kmseg and numpy")
    parser.add_argument("--only", action="append", metavar="CASE", choices=ORDER,
                        help=f"only these cases; may be repeated: {', '.join(ORDER)}")
    parser.add_argument("--peers", metavar="NAMES", help="only these peers, separated by commas")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (%(default)s)")
    parser.add_argument("--scratch", type=pathlib.Path, metavar="FOLDER", default=data.SCRATCH,
                        help="where data is kept from run to run (build/versus)")
    parser.add_argument("--csv", type=pathlib.Path, metavar="FILE", help="where results go")
    parser.add_argument("--write", action="store_true",
                        help="results to bench/results, charts and tables to docs")
    parser.add_argument("--draw", type=pathlib.Path, metavar="FILE.csv",
                        help="measure nothing; charts and tables of these results to docs")
    return parser.parse_args(words)


def peer_names(options):
    wanted = options.peers.split(",") if options.peers else [
        name for name in peers.PEERS if name == aims.OWN or name not in aims.NOT_PEERS]
    if options.toy and not options.peers:
        wanted = ["kmseg", "numpy"]
    unknown = [name for name in wanted if name not in peers.PEERS]
    if unknown:
        sys.exit(f"there is no peer {unknown[0]}; there are {', '.join(peers.PEERS)}")
    here = [name for name in wanted if peers.PEERS[name].installed()]
    for name in wanted:
        if name not in here:
            measure.say(f"{name} is not installed and does not take part")
    return here


def thread_counts(text):
    cpus = len(os.sched_getaffinity(0))
    counts = sorted({int(word) for word in text.split(",")})
    for count in counts:
        if count > cpus:
            measure.say(f"{count} threads are left out: there are {cpus} CPUs")
    return [count for count in counts if count <= cpus]


def run(options, bench, keep):
    """(rows, names of the cases that broke off). keep(rows) is called after each case."""
    chosen = toy() if options.toy else quick(options.factor) if options.quick else full()
    rows, broken = [], []
    if not options.toy and len(bench.threads) > 1:
        measure.choose_binding(bench)
    for name in ORDER:
        if name not in chosen or (options.only and name not in options.only):
            continue
        measure.say(name)
        begin = time.perf_counter()
        try:
            for row in chosen[name](bench):
                rows.append(row)
        except Exception:  # what has been measured by then is kept, and the status says it
            traceback.print_exc()
            broken.append(name)
        measure.say(f"  {name} took {time.perf_counter() - begin:.0f} s")
        keep(rows)
    return rows, broken


def rows_to_keep(only, path, described):
    """With --only, what the file has of the other cases; its head then says from when they are."""
    if not only or not path or not path.exists():
        return []
    before, rows = records.read(path)
    renewed = {row for case in only for row in cases.ROWS_OF.get(case, (case,))}
    kept = [row for row in rows if row.case not in renewed]
    if kept and before.get("commit") != described["commit"]:
        described["other cases"] = f"measured {before.get('date')} at {before.get('commit')}"
    return kept


def main(words):
    options = parse(words)
    if options.draw:
        figures.write(options.draw)
        return
    described = machine.describe()
    if figures.load_matters(described):
        measure.say(f"the machine is busy (load {described['load at the start']}): peers that spin "
                    "while they wait for their threads suffer most from that; ratios on several "
                    "threads will be too high")
    folder = options.scratch / "data"
    folder.mkdir(parents=True, exist_ok=True)
    with (open(options.scratch / "peers.log", "w", encoding="utf-8") as log,
          pool.Pool(log) as workers):
        bench = measure.Bench(workers, peer_names(options), thread_counts(options.threads), folder)
        path = options.csv
        if options.write:
            RESULTS.mkdir(parents=True, exist_ok=True)
            path = RESULTS / f"{machine.slug(described)}-{described['date']}.csv"

        others = rows_to_keep(options.only, path, described)

        def keep(rows):
            described["threads bound to CPUs"] = ", ".join(
                f"{name} {how}" for (name, _), how in bench.notes.items()) or "all"
            described["left out"] = "; ".join(workers.failures.values()) or "none"
            if path:
                records.write(path, described, others + rows)

        rows, broken = run(options, bench, keep)
        rows = others + rows
    if path:
        measure.say(f"results: {path}")
    if options.write:
        figures.write(path)
        measure.say(f"charts and tables: {figures.FOLDER}, {figures.DOCUMENT}")
    print(aims.markdown(aims.table(rows)))
    if broken:
        sys.exit(f"broke off: {', '.join(broken)}")


if __name__ == "__main__":
    main(sys.argv[1:])
