"""Samples and starts of the cells, float32, the same for the same cell on every machine; kept
in a folder between runs."""

import math
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KMSEG_BUILD", ROOT / "build" / "release"))
SCRATCH = ROOT / "build" / "versus"

# Distance between the centres of two groups, in standard deviations of a group: they overlap, as
# customers do, so that labels still change when the iterations of a cell are over.
SEPARATION = 3.0
BLOCK_ROWS = 1 << 18


def mixture(rng, out, groups, offset=0.0):
    n, d = out.shape
    centres = rng.standard_normal((groups, d)) * (SEPARATION / math.sqrt(2 * d)) + offset
    for first in range(0, n, BLOCK_ROWS):
        rows = out[first:first + BLOCK_ROWS]
        rng.standard_normal(out=rows, dtype=np.float32)
        rows += centres[rng.integers(groups, size=len(rows))].astype(np.float32)


def mixture_at_1e4(rng, out, groups):
    mixture(rng, out, groups, offset=1e4)


def uniform(rng, out, groups):
    del groups
    rng.random(out=out, dtype=np.float32)


def answers(rng, out, groups):
    """From 1 to 5, to questions that two moods of a customer lie behind: few rows differ."""
    del groups
    n, d = out.shape
    behind = rng.standard_normal((2, d), dtype=np.float32)
    for first in range(0, n, BLOCK_ROWS):
        rows = out[first:first + BLOCK_ROWS]
        moods = rng.standard_normal((len(rows), 2), dtype=np.float32)
        rows[:] = 3 + moods @ behind + 0.7 * rng.standard_normal(rows.shape, dtype=np.float32)
        np.clip(np.rint(rows, out=rows), 1, 5, out=rows)


KINDS = {"mixture": mixture, "mixture at 1e4": mixture_at_1e4, "uniform": uniform,
         "answers": answers}


def samples(cell):
    out = np.empty((cell.n, cell.d), dtype=np.float32)
    KINDS[cell.data](np.random.default_rng((1, cell.n, cell.d, cell.k)), out, cell.k)
    return out


def start(cell, x):
    """k different rows."""
    rows = np.random.default_rng((2, cell.k)).choice(cell.n, size=cell.k, replace=False)
    return np.ascontiguousarray(x[np.sort(rows)])


def _write(path, array):
    part = path.with_suffix(f".{os.getpid()}.part")
    with open(part, "wb") as file:
        np.save(file, array)
    part.rename(path)


def files(cell, folder):
    """(path of the samples, path of the start), made when they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{cell.data.replace(' ', '-')}-{cell.n}-{cell.d}-{cell.k}"
    x_path, start_path = folder / f"{stem}.npy", folder / f"{stem}-start.npy"
    if not x_path.exists() or not start_path.exists():
        x = samples(cell)
        _write(x_path, x)
        _write(start_path, start(cell, x))
    return x_path, start_path
