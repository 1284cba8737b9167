"""Groups that are known to be there are found better with the defaults than with z-scores and one-hot
columns made by hand: a small version of ./run bench --planted."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KMSEG", ROOT / "build" / "dev" / "bin" / "kmseg")).parents[1]


PROGRAM = BUILD / "bench" / "bench_planted"


def results():
    """{what the tables have in common: (number, defaults, by hand, worst difference)}."""
    done = subprocess.run([PROGRAM, "--small"], check=True,
                          capture_output=True, encoding="utf-8", timeout=300)
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in done.stdout.splitlines()[2:]]
    return {row[0]: (int(row[1]), float(row[2]), float(row[3]), float(row[5])) for row in rows}


@pytest.mark.skipif(not PROGRAM.exists(), reason="this build has no benchmarks (KMSEG_BENCH)")
def test_defaults_win_on_average_and_never_lose_badly():
    found = results()
    number, defaults, by_hand, worst = found.pop("all")
    assert number == 24
    assert defaults > by_hand + 0.2
    assert worst > -0.1
    assert {what.split(":")[0] for what in found} == {"skew", "columns", "missing", "groups",
                                                      "customers"}
    for what, (_, defaults, by_hand, _) in found.items():
        assert defaults > by_hand, what
