"""The cases on arrays: each gives rows. Runs are interleaved, A B C A B C, so that what else the
machine does meets all alike, and a ratio is of two runs that were neighbours."""

import math
import sys
import tempfile

import numpy as np

import cases
import data
import peers
import truth
from aims import ALGORITHMS, WHOLE
from records import Row, fill, geometric_mean

OWN = "kmseg"
ALWAYS = "scikit-learn"  # its aims are its own, so it is always run as often as kmseg
LONG_SECONDS = 2


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """What the cases share: the pool, the peers that take part, the threads."""

    def __init__(self, pool, names, threads, folder):
        self.pool, self.names, self.threads, self.folder = pool, names, threads, folder
        self.notes = {}

    def taking_part(self, method, case, cell=None):
        """Peers with that method, kmseg first, that take part in such a cell of the case."""
        out = [name for name in self.names
               if getattr(peers.PEERS[name], method, None) is not None
               and peers.PEERS[name].takes_part(case, cell)]
        return sorted(out, key=lambda name: name != OWN)

    def load(self, names, threads, cell):
        """Those that could take the cell's data."""
        x_path, start_path = data.files(cell, self.folder)
        return [name for name in names if self.pool.ask(
            name, threads, "load", samples=str(x_path), start=str(start_path)) is not None]

    def drop(self, names, threads):
        for name in names:
            self.pool.ask(name, threads, "drop")

    def version(self, name, threads):
        return self.pool.worker(name, threads).version

    def interleave(self, names, threads, runs, do, request):
        """Answers per peer, one a run; request(name) is what it is asked with. The one that begins
        changes from run to run. Peers that one long run has shown to be far behind the best peer
        are not run again."""
        answers = {name: [] for name in names}
        going = list(names)
        for run in range(runs):
            shift = run % max(1, len(going))
            for name in going[shift:] + going[:shift]:
                answer = self.pool.ask(name, threads, do, **request(name))
                if answer is None:
                    del answers[name]
                    going.remove(name)
                else:
                    answers[name].append(answer)
            if run == 0:
                going = [name for name in going if name not in far_behind(answers)]
        return answers

    def row(self, case, cell, name, threads, unit):
        return Row(case=case, cell=cell.name, n=cell.n, d=cell.d, k=cell.k, data=cell.data,
                   peer=name, version=self.version(name, threads), threads=threads, unit=unit)


def far_behind(answers):
    """Peers whose first run was long, and long beside that of the fastest peer."""
    seconds = {name: given[0]["seconds"] for name, given in answers.items()
               if name not in (OWN, ALWAYS) and "seconds" in given[0]}
    fastest = min(seconds.values(), default=0)
    return {name for name, taken in seconds.items() if taken > LONG_SECONDS and taken > 1.5 * fastest}


def choose_binding(bench):
    """Whether a peer's threads are faster when OpenMP binds them: each gets what suits it. Its second
    worker, with the other choice, ends here."""
    cell = cases.Cell(200_000, 16, 16, iterations=10)
    for threads in bench.threads:
        if threads == 1:
            continue
        for name in bench.taking_part("fit", "iterations"):
            seconds = {}
            for bound in (True, False):
                bench.pool.bound[name, threads] = bound
                if not bench.load([name], threads, cell):
                    break
                given = bench.interleave([name], threads, 3, "fit",
                                         lambda _: {"iterations": cell.iterations})
                bench.pool.stop(name, threads)
                if name in given:
                    seconds[bound] = min(answer["seconds"] for answer in given[name])
            if seconds:
                bench.pool.bound[name, threads] = min(seconds, key=seconds.get)
                bench.notes[name, threads] = ("bound" if bench.pool.bound[name, threads]
                                              else "not bound")
        say(f"  threads bound to CPUs, {threads} threads: " + ", ".join(
            f"{name} {'yes' if bench.pool.bound.get((name, threads)) else 'no'}"
            for name in bench.taking_part("fit", "iterations")))


def _fits(bench, case, cell, threads, names, per_iteration, request, warm):
    """Rows of one cell: time, iterations run, inertia in float64."""
    names = bench.load(names, threads, cell)
    for name in names:
        bench.pool.ask(name, threads, "fit", iterations=warm)
    given = bench.interleave(names, threads, cell.runs, "fit", request)
    seconds = {name: [answer["seconds"] / (answer["n_iter"] if per_iteration else 1)
                      for answer in answers] for name, answers in given.items()}
    rows = []
    for name, values in seconds.items():
        row = bench.row(case, cell, name, threads,
                        "ms per iteration" if per_iteration else "ms")
        fill(row, [1e3 * value for value in values],
             [1e3 * value for value in seconds.get(OWN, [])])
        row.iterations = given[name][-1]["n_iter"]
        reached = bench.pool.ask(name, threads, "inertia")
        row.inertia = reached["inertia"] if reached else math.nan
        parts = given[name][-1]["parts"]
        row.note = "; ".join(f"{part} {value:.4g}" for part, value in parts.items())
        rows.append(row)
    bench.drop(names, threads)
    return rows


def iterations(bench, cells=cases.ITERATIONS):
    for cell in cells:
        for threads in bench.threads:
            rows = _fits(bench, "iterations", cell, threads, bench.taking_part("fit", "iterations", cell), True,
                         lambda _, cell=cell: {"iterations": cell.iterations}, 2)
            for row in rows:
                if row.iterations != cell.iterations:
                    row.note += f"; ended after {row.iterations} iterations"
            tell(rows)
            yield from rows


def convergence(bench, cells=cases.CONVERGENCE, most=cases.CONVERGENCE_ITERATIONS):
    """To the end, on all threads. Who cannot stop is told when Lloyd does."""
    threads = bench.threads[-1]
    for cell in cells:
        names = bench.taking_part("fit", "convergence", cell)
        first = names[0]
        if not bench.load([first], threads, cell):
            continue
        n_iter = bench.pool.ask(first, threads, "fit", iterations=most)["n_iter"]
        rows = _fits(bench, "convergence", cell, threads, names, False,
                     lambda name, n_iter=n_iter:
                     {"iterations": most if peers.PEERS[name].stops else n_iter}, 5)
        tell(rows)
        yield from rows


def algorithms(bench, cells=cases.CONVERGENCE):
    """What kmseg takes by itself beside each of its exact algorithms, in a short fit and to the end; all in one
    process, where they have the same memory."""
    threads = bench.threads[-1]
    for cell in cells:
        if OWN not in bench.names or not bench.load([OWN], threads, cell):
            continue
        rows = []
        for most, how_long in ((cell.iterations, f"{cell.iterations} iterations"),
                               (cases.CONVERGENCE_ITERATIONS, "to the end")):
            rows += _fits_by(bench, cell, threads, most, how_long)
        bench.drop([OWN], threads)
        tell(rows)
        yield from rows


def _fits_by(bench, cell, threads, most, how_long):
    given = {name: [] for name in ("auto", *ALGORITHMS)}
    for run in range(cell.runs + 1):  # the first is not counted
        for name, answers in given.items():
            answer = bench.pool.ask(OWN, threads, "fit_by", algorithm=name, iterations=most)
            answers += [answer] if run > 0 else []
    seconds = {name: [1e3 * answer["seconds"] for answer in answers]
               for name, answers in given.items()}
    rows = []
    for name, values in seconds.items():
        row = fill(bench.row("algorithms", cell, OWN, threads, "ms"), values, seconds["auto"])
        row.peer = OWN if name == "auto" else name
        row.cell = f"{cell.name}, {how_long}"
        row.iterations = given[name][-1]["n_iter"]
        rows.append(row)
    return rows


def seeding(bench, cells=cases.SEEDING):
    for cell in cells:
        for threads in bench.threads:
            names = bench.load(bench.taking_part("seeding", "seeding", cell), threads, cell)
            for name in names:
                bench.pool.ask(name, threads, "seeding", k=2, seed=0)
            seeds = iter(range(1, 10**6))
            given = bench.interleave(names, threads, cell.runs, "seeding",
                                     lambda _, seeds=seeds, cell=cell:
                                     {"k": cell.k, "seed": next(seeds)})
            own = [1e3 * answer["seconds"] for answer in given.get(OWN, [])]
            rows = []
            for name, answers in given.items():
                row = fill(bench.row("seeding", cell, name, threads, "ms"),
                           [1e3 * answer["seconds"] for answer in answers], own)
                row.inertia = sum(answer["inertia"] for answer in answers) / len(answers)
                rows.append(row)
            bench.drop(names, threads)
            tell(rows)
            yield from rows


def sweep(bench, cells=cases.SWEEP):
    yield from _sweep(bench, cells, "sweep")


def answers(bench, cells=cases.ANSWERS):
    yield from _sweep(bench, cells, "answers")


def _sweep(bench, cells, case):
    """Peers run fewer restarts, each of which takes them as long as any other; their time is scaled."""
    threads = bench.threads[-1]
    ks = cases.SWEEP_KS
    for cell in cells:
        names = bench.taking_part("sweep", case, cell)
        if OWN in names:
            names.insert(1, WHOLE)
        names = bench.load(names, threads, cell)
        for name in names:
            bench.pool.ask(name, threads, "fit", iterations=2)
        restarts = {name: cases.SWEEP_RESTARTS if name in (OWN, WHOLE) else cases.SWEEP_PEER_RESTARTS
                    for name in names}
        given = bench.interleave(
            names, threads, cell.runs, "sweep",
            lambda name, restarts=restarts: {
                "first_k": ks[0], "last_k": ks[-1], "restarts": restarts[name],
                "iterations": cases.SWEEP_ITERATIONS, "tol": cases.SWEEP_TOL, "seed": 1})
        seconds = {name: [answer["seconds"] * cases.SWEEP_RESTARTS / restarts[name]
                          for answer in answers] for name, answers in given.items()}
        rows = []
        for name, values in seconds.items():
            row = fill(bench.row(case, cell, name, threads, "s"), values,
                       seconds.get(OWN, []))
            row.k = ks[-1]
            row.cell = f"{cases.short(cell.n)} x {cell.d}, k {ks[0]} to {ks[-1]}, 10 restarts"
            row.inertia = geometric_mean(given[name][-1]["inertias"])
            if restarts[name] != cases.SWEEP_RESTARTS:
                row.note = f"{restarts[name]} restart measured, scaled"
            rows.append(row)
        bench.drop(names, threads)
        tell(rows)
        yield from rows


def memory(bench, cells=cases.MEMORY):
    """Peak beyond the caller's array, as a multiple of it; each peer in a fresh process."""
    threads = bench.threads[-1]
    for cell in cells:
        names = bench.taking_part("fit", "memory", cell)
        if OWN in names:
            names.insert(1, peers.KmsegFloat32.name)
        rows = []
        for name in names:
            bench.pool.stop(name, threads)
            if not bench.load([name], threads, cell):
                continue
            answer = bench.pool.ask(name, threads, "memory", iterations=cell.iterations)
            if answer is not None:
                row = fill(bench.row("memory", cell, name, threads, "of the array"),
                           [answer["bytes"] / answer["array"]])
                row.iterations = answer["n_iter"]
                row.note = f"{answer['bytes'] / 2**20:.1f} MiB beyond {answer['array'] / 2**20:.1f}"
                rows.append(row)
            bench.pool.stop(name, threads)
        own = next((row.median for row in rows if row.peer == OWN), math.nan)
        for row in rows:
            row.ratio = row.median / own
        tell(rows)
        yield from rows


def exactness(bench, cells=cases.EXACTNESS):
    """Share of labels that differ from Lloyd's in float64 after as many iterations, ties apart; the
    reported inertia beside that of the labels in float64; and bytes that must be the same."""
    threads = bench.threads[-1]
    for cell in cells:
        paths = data.files(cell, bench.folder)
        x, start = (np.load(path) for path in paths)
        labels, centroids, _ = truth.lloyd(x, start, cell.iterations)
        _, margins = truth.nearest(x, centroids)
        spread = float(x.var(axis=0, dtype=np.float64).sum())
        tied = margins < 1e-9 * spread
        best = truth.inertia(x, labels, centroids)
        names = [name for name in bench.taking_part("fit", "exactness", cell)
                 if peers.PEERS[name].takes_start]
        rows = []
        for name in bench.load(names, threads, cell):
            if bench.pool.ask(name, threads, "fit", iterations=cell.iterations) is None:
                continue
            with tempfile.NamedTemporaryFile(suffix=".npy") as file:
                if bench.pool.ask(name, threads, "save_labels", path=file.name) is None:
                    continue
                given = np.load(file.name)
            reached = bench.pool.ask(name, threads, "inertia")
            row = fill(bench.row("exactness", cell, name, threads, "share of labels"),
                       [float(np.mean((given != labels) & ~tied))])
            row.inertia, row.iterations = reached["inertia"], cell.iterations
            row.note = (f"reported inertia off by {relative(reached['reported'], reached['inertia'])}"
                        f"; inertia against float64 Lloyd {relative(reached['inertia'], best)}")
            rows.append(row)
        if OWN in names:
            rows.append(_same_bytes(bench, cell, threads))
        bench.drop(names, threads)
        tell(rows)
        yield from (row for row in rows if row is not None)


def _same_bytes(bench, cell, threads):
    answer = bench.pool.ask(OWN, threads, "same_bytes", iterations=cell.iterations)
    if answer is None:
        return None
    row = fill(bench.row("same bytes", cell, OWN, threads, "different results"),
               [answer["different"]])
    row.threads = 0
    row.note = f"threads 1, 2, 3, 7; kernels {', '.join(answer['kernels'])}"
    return row


def relative(value, reference):
    return f"{(value - reference) / reference:+.1e}"


def scaling(bench, axes=None):
    """One thing varied at a time, one thread."""
    for axis, cells in (axes or cases.SCALING).items():
        for cell in cells:
            names = bench.taking_part("fit", "scaling", cell)
            rows = _fits(bench, f"scaling {axis}", cell, 1, names, True,
                         lambda _, cell=cell: {"iterations": cell.iterations}, 2)
            tell(rows)
            yield from rows


def tell(rows):
    """A line per row, for who is waiting."""
    for row in (row for row in rows if row is not None):
        ratio = "" if math.isnan(row.ratio) else f"{row.ratio:8.2f}x"
        say(f"  {row.case:12} {row.cell:28} {row.threads or '':>2} {row.peer:22}"
            f"{row.median:12.4g} {row.unit:18}{ratio}")


def smaller(cells, factor):
    return tuple(cell.smaller(factor) for cell in cells)


def quick_axes(factor):
    return {axis: smaller(cells[::2], factor) for axis, cells in cases.SCALING.items()}
