"""What is measured: every cell of every case, in one table each."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Cell:
    """One clustering problem. data is a row of data.KINDS; iterations are those every peer runs."""

    n: int
    d: int
    k: int
    data: str = "mixture"
    iterations: int = 20
    runs: int = 5

    @property
    def name(self):
        kind = "" if self.data == "mixture" else f" {self.data}"
        return f"{short(self.n)} x {self.d}, k {self.k}{kind}"

    def smaller(self, factor):
        n = max(self.n // factor, 20 * self.k, 1000)
        return dataclasses.replace(self, n=n, runs=3)


def short(n):
    """1e6 for 1000000, 200000 as 2e5."""
    mantissa, exponent = f"{n:.3e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


# Equal iterations from the same start: the grid of the aims, and one shape of recency, frequency,
# monetary. Runs are fewer where an iteration of the slowest peer takes a second.
ITERATIONS = (
    Cell(1_000_000, 8, 8),
    Cell(1_000_000, 16, 16),
    Cell(1_000_000, 32, 64, runs=3),
    Cell(10_000_000, 8, 8, runs=3),
    Cell(1_000_000, 64, 256, iterations=10, runs=2),
    Cell(200_000, 128, 1000, iterations=10, runs=2),
    Cell(1_000_000, 16, 64, data="uniform", runs=3),
    Cell(100_000, 16, 8, runs=15),
    Cell(1_000_000, 3, 8),
)

# To the end: no label changes, or this many iterations.
CONVERGENCE_ITERATIONS = 300
CONVERGENCE = (
    Cell(1_000_000, 8, 8, runs=3),
    Cell(1_000_000, 16, 16, runs=3),
    Cell(200_000, 32, 64, runs=3),
    Cell(200_000, 16, 64, data="uniform", runs=3),
    Cell(100_000, 16, 8, runs=5),
    Cell(1_000_000, 3, 8, runs=3),
)

# Greedy k-means++ alone.
SEEDING = (
    Cell(1_000_000, 8, 8, runs=5),
    Cell(1_000_000, 16, 16, runs=5),
    Cell(1_000_000, 16, 64, runs=3),
    Cell(1_000_000, 32, 64, runs=3),
)

# All of SWEEP_KS with SWEEP_RESTARTS restarts each, at the tolerance that scikit-learn has by
# default. Peers run PEER_RESTARTS of them, and their time is scaled up.
SWEEP_KS = range(2, 16)
SWEEP_RESTARTS = 10
SWEEP_PEER_RESTARTS = 1
SWEEP_TOL = 1e-4
SWEEP_ITERATIONS = 300
SWEEP = (
    Cell(1_000_000, 8, 8, runs=3),
    Cell(1_000_000, 16, 8, runs=3),
)

# The same of data in which few rows differ; no aim speaks of it.
ANSWERS = (Cell(1_000_000, 6, 8, data="answers", runs=3),)

# Peak memory of a fit beyond the caller's array.
MEMORY = (
    Cell(10_000_000, 8, 8, iterations=3),
    Cell(1_000_000, 64, 64, iterations=3),
)

# Labels and inertia beside Lloyd in float64, the data far from the origin and near it.
EXACTNESS = (
    Cell(200_000, 16, 16, data="mixture at 1e4"),
    Cell(200_000, 16, 16),
    Cell(200_000, 8, 8, data="mixture at 1e4"),
)

# One thing varied at a time, for the plots.
_BASE = Cell(200_000, 8, 8, iterations=10, runs=3)


def _varied(field, values, base=_BASE):
    return tuple(dataclasses.replace(base, **{field: value}) for value in values)


SCALING = {
    "n": _varied("n", (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)),
    "d": _varied("d", (2, 3, 4, 8, 16, 32, 64, 128), Cell(200_000, 8, 16, iterations=10, runs=3)),
    "k": _varied("k", (2, 4, 8, 16, 32, 64, 128, 256, 512),
                 Cell(200_000, 16, 8, iterations=10, runs=3)),
}

# Files: rows of the customer table, lines of the order log.
END_TO_END = Cell(10_000_000, 8, 8, iterations=20, runs=3)
ORDER_LINES = 50_000_000
ORDER_RUNS = 2

QUICK_FACTOR = 10
# What the rows of a case on the command line are called.
ROWS_OF = {"roofline": ("peaks", "roofline", "roofline iteration", "roofline float32 tiles"),
           "scaling": ("scaling n", "scaling d", "scaling k"),
           "exactness": ("exactness", "same bytes"), "end-to-end": ("end to end",),
           "order-log": ("order log",)}

TOY = (Cell(3000, 4, 3, iterations=5, runs=2), Cell(2000, 3, 5, data="uniform", iterations=4, runs=2))
