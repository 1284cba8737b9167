"""bench/versus with numpy alone as the peer: it measures, its results can be read, its tables say
what the rows say. No peer is installed for this, and no time is judged."""

import math
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSUS = ROOT / "bench" / "versus"
BUILD = pathlib.Path(os.environ.get("KMSEG", ROOT / "build" / "dev" / "bin" / "kmseg")).parents[1]
LIBRARY = BUILD / "bench" / "libkmseg_versus.so"

os.environ["KMSEG_BUILD"] = str(BUILD)
sys.path.insert(0, str(VERSUS))

import aims  # noqa: E402
import figures  # noqa: E402
import pool  # noqa: E402
import records  # noqa: E402
import roofline  # noqa: E402


def row(peer, median, ratio=math.nan, case="iterations", cell="a", **more):
    return records.Row(case=case, cell=cell, peer=peer, unit="ms per iteration", threads=1, runs=3,
                       min=median, q1=median, median=median, q3=median, ratio=ratio, ratio_q1=ratio,
                       ratio_q3=ratio, n=1000, d=8, k=8, **more)


def some_rows():
    return [row("kmseg", 1.0, 1.0), row("scikit-learn", 8.0, 8.0), row("faiss", 4.0, 4.0),
            row("superkmeans", 0.5, 0.5),
            row("kmseg", 2.0, 1.0, cell="b"), row("scikit-learn", 4.0, 2.0, cell="b")]


def by_what(rows):
    return {aim.what: aim for aim in aims.table(rows)}


def test_the_toy_measures_and_its_peers_agree(tmp_path):
    path = tmp_path / "results.csv"
    done = subprocess.run([sys.executable, str(VERSUS), "--toy", "--scratch", str(tmp_path), "--csv",
                           str(path)], capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    machine, rows = records.read(path)
    assert machine["cores"] == str(len(os.sched_getaffinity(0)))
    assert machine["left out"] == "none"
    here = {"numpy"} | ({"kmseg"} if LIBRARY.exists() else set())
    cells = {}
    for each in rows:
        if each.case in ("iterations", "convergence"):
            cells.setdefault((each.case, each.cell, each.threads), []).append(each)
    assert {case for case, _, _ in cells} == {"iterations", "convergence"}
    for of_cell in cells.values():
        assert {each.peer for each in of_cell} == here
        assert len({each.iterations for each in of_cell}) == 1
        for each in of_cell:
            assert each.inertia == pytest.approx(of_cell[0].inertia, rel=1e-12)
            assert each.runs == 2 and 0 < each.min <= each.q1 <= each.median <= each.q3
    exact = [each for each in rows if each.case == "exactness"]
    assert {each.peer for each in exact} == here and all(each.median == 0 for each in exact)
    if not LIBRARY.exists():
        pytest.skip(f"numpy alone took part: {LIBRARY} is not built")
    assert [each.median for each in rows if each.case == "same bytes"] == [0]


def test_results_are_read_as_they_were_written(tmp_path):
    rows = some_rows() + [row("faiss", 3.0, cell="has, a comma", inertia=123456.789012,
                              note='says "so"', version="1.2", data="uniform")]
    records.write(tmp_path / "r.csv", {"cpu": "some: CPU", "cores": "2"}, rows)
    machine, again = records.read(tmp_path / "r.csv")
    assert machine == {"cpu": "some: CPU", "cores": "2"}
    assert str(again) == str(rows)


def test_quartiles_lie_between_the_runs():
    filled = records.fill(row("faiss", 0.0), [4.0, 1.0, 3.0, 2.0], [1.0, 1.0, 1.0, 2.0])
    assert (filled.min, filled.q1, filled.median, filled.q3) == (1.0, 1.75, 2.5, 3.25)
    assert filled.ratio == 2.0  # of 4, 1, 3, 1 run by run


def test_ratios_are_geometric_means_and_inexact_peers_are_no_best_peer():
    aim = by_what(some_rows())
    scikit = aim["equal iterations, against scikit-learn"]
    assert scikit.reached == pytest.approx(4.0)  # of 8 and 2
    assert scikit.missed_by() == "60 %"  # of 10
    best = aim["equal iterations, against the best peer of each cell"]
    assert best.reached == pytest.approx(math.sqrt(4 * 2))
    least = aim["slowest cell at equal iterations, against every exact peer"]
    assert (least.reached, least.missed_by()) == (2.0, "")
    assert aim["fits to the end, against scikit-learn"].missed_by() == "not measured"


def test_an_aim_from_above_is_missed_by_what_is_over_it():
    rows = [row("kmseg", 0.78, case="memory"), row("kmseg float32 tiles", 1.0, case="memory")]
    aim = by_what(rows)
    assert aim["peak memory beyond the array, as it comes"].missed_by() == "20 %"
    assert aim["peak memory beyond the array, float32 tiles"].missed_by() == ""


def test_where_peers_win_is_said():
    text = figures.behind(some_rows())
    assert text.count("\n") == 0 and "superkmeans (not exact) is faster, at 0.50" in text
    assert figures.behind(some_rows()[:3]) == "In no cell that was measured."


def test_charts_are_well_formed_and_have_every_peer():
    rows = some_rows()
    for n in (1000, 10000, 100000):
        rows += [row(peer, n / 1e3 * factor, case="scaling n", cell=str(n)) for peer, factor in
                 (("kmseg", 1.0), ("scikit-learn", 9.0))]
        rows[-1].n = rows[-2].n = n
    charts = figures.charts(rows)
    assert {"time-n.svg", "ratio-iterations.svg"} <= set(charts)
    for chart in charts.values():
        texts = [each.text for each in xml.etree.ElementTree.fromstring(chart).iter()
                 if each.tag.endswith("text")]
        assert "scikit-learn" in texts
        assert "nan" not in chart and "inf" not in chart


def test_only_what_stands_between_markers_is_replaced():
    text = "a\n<!-- measured: aims -->\nold\n<!-- end: aims -->\nb\n"
    new = figures.put(text, "aims", "| table |")
    assert new == "a\n<!-- measured: aims -->\n| table |\n<!-- end: aims -->\nb\n"
    assert figures.put(new, "aims", "| table |") == new
    assert figures.put(text, "other", "x") == text


def test_a_peer_that_fails_is_left_out_and_the_reason_kept(tmp_path):
    with open(tmp_path / "log", "w", encoding="utf-8") as log, pool.Pool(log) as workers:
        assert workers.ask("numpy", 1, "load", samples="/nowhere.npy", start="/nowhere.npy") is None
        assert "FileNotFoundError" in workers.failures["numpy", 1]
        assert workers.ask("numpy", 1, "hello") is None


def test_the_documents_show_the_newest_results():
    results = sorted((ROOT / "bench" / "results").glob("*.csv"), key=lambda path: path.stem[-10:])
    if not results:
        pytest.skip("no results are kept in bench/results")
    machine, rows = records.read(results[-1])
    for path in (figures.DOCUMENT, figures.README):
        text = path.read_text(encoding="utf-8")
        for section, content in figures.sections(machine, rows).items():
            assert figures.put(text, section, content) == text, f"{path.name}: {section}"
    for name, chart in figures.charts(rows).items():
        assert (figures.FOLDER / name).read_text(encoding="utf-8") == chart, name


def test_who_ran_fewer_iterations_or_reached_less_is_said():
    rows = some_rows()
    for each in rows:
        each.iterations, each.inertia = 20, 100.0
    rows[1].inertia, rows[2].iterations = 101.0, 7
    text = figures.work_done(rows)
    assert "faiss ran 7 of 20 in a" in text and "at most 1 % (scikit-learn, a)" in text


def test_the_bench_of_passes_is_read():
    lines = [{"bench": "iteration", "version": "1.2"},
             {"case": "peaks of one core", "name": "reading memory", "value": 8.0, "unit": "GB/s"},
             {"case": "4000000 x 3, k 8, float32 tiles, x kernels",
              "name": "bound: flops or bytes at peak", "value": 2.0, "unit": "ms"},
             {"case": "4000000 x 3, k 8, float32 tiles, x kernels", "name": "pass, no label changes",
              "median_s": 0.005, "min_s": 0.004, "max_s": 0.006, "runs": 11, "note": ""},
             {"case": "4000000 x 3, k 8, int16 tiles, x kernels",
              "name": "bound: flops or bytes at peak", "value": 2.0, "unit": "ms"},
             {"case": "4000000 x 3, k 8, int16 tiles, x kernels", "name": "pass, no label changes",
              "median_s": 0.003, "min_s": 0.002, "max_s": 0.004, "runs": 11, "note": ""}]
    peak, floats, one = roofline.rows_of(lines)
    assert floats.case == "roofline float32 tiles" and floats.median == pytest.approx(2.5)
    assert (peak.case, peak.median, peak.version) == ("peaks", 8.0, "1.2")
    assert (one.case, one.cell, one.n, one.d, one.k) == ("roofline", "4e6 x 3, k 8", 4000000, 3, 8)
    assert one.median == pytest.approx(1.5) and one.min == pytest.approx(1.0)
    assert "| 4e6 x 3, k 8 | 16 bits | 3 | 2 | 1.50 |" in figures.roofline_table([one])


def test_measuring_one_case_keeps_the_rows_of_the_others(tmp_path):
    path = tmp_path / "results.csv"
    records.write(path, {"date": "2001-02-03", "commit": "abc"},
                  some_rows() + [row("kmseg", 1.0, case="exactness"), row("kmseg", 0, case="same bytes")])
    done = subprocess.run([sys.executable, str(VERSUS), "--toy", "--scratch", str(tmp_path), "--csv",
                           str(path), "--peers", "numpy", "--only", "exactness"],
                          capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr
    machine, rows = records.read(path)
    assert machine["other cases"] == "measured 2001-02-03 at abc"
    assert [each.peer for each in rows if each.case == "exactness"] == ["numpy"]
    assert sum(each.case == "iterations" for each in rows) == len(some_rows())
    assert not [each for each in rows if each.case == "same bytes"]


def test_a_busy_machine_is_admitted():
    machine = dict.fromkeys(("date", "cpu", "instruction sets", "memory", "kernel", "compiler",
                             "commit"), "x") | {"cores": "2", "load at the start": "0.50"}
    assert "busy" not in figures.sections(machine, some_rows())["machine"]
    machine["load at the start"] = "7.00"
    assert "busy with other work (load 7.00)" in figures.sections(machine, some_rows())["machine"]
