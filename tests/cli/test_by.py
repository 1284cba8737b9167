"""fit --by: segments inside each level of a column."""

import json

import pytest

from command import ok, refused, run

ROWS = "".join(f"{i},{10 + i % 9 * 20 * (1 + i % 2)},{1 + i % 4},{['A', 'B/C', 'tiny', ''][0 if i > 43 else 1 if i > 4 else 2 if i > 2 else 3]},{i % 2 + 1}\n"
               for i in range(1, 81))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "c.csv").write_text("id,spend,visits,tier,unit\n" + ROWS)
    return tmp_path


def test_each_level_has_a_file_that_predict_takes(folder):
    done = run("fit", "c.csv", "-k", 3, "--by", "tier", "-o", "s.h5", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "== tier=A: 37 customers" in done.stdout and "== tier=B/C: 39 customers" in done.stdout
    assert "tiny has 2 customers" in done.stderr and "2 customers have no tier" in done.stderr
    assert sorted(p.name for p in folder.glob("*.h5")) == ["s.A.h5", "s.B_C.h5"]
    ok("info", "s.A.h5", cwd=folder)
    done = run("predict", "s.A.h5", "c.csv", "-o", "-", cwd=folder)
    assert len(done.stdout.splitlines()) == 38
    assert "37 of 80 customers have tier=A" in done.stderr
    # The customers of a level have the segments that they have without the others.
    (folder / "a.csv").write_text("id,spend,visits,tier,unit\n" + "".join(
        line + "\n" for line in ROWS.splitlines() if ",A," in line))
    ok("fit", "a.csv", "-k", 3, "-o", "alone.h5", cwd=folder)
    assert ok("predict", "alone.h5", "a.csv", "-o", "-", cwd=folder) == done.stdout


def test_numbers_are_levels_too_and_json_has_every_fit(folder):
    told = json.loads(ok("fit", "c.csv", "-k", 2, "--by", "unit", "--exclude", "tier", "--json",
                         cwd=folder))
    assert [fit["level"] for fit in told["fits"]] == ["1", "2"]
    assert [fit["params"]["by"] for fit in told["fits"]] == ["unit=1", "unit=2"]
    assert told["n_without"] == 0


def test_columns_that_are_no_levels_are_refused(folder):
    refused(1, "fit", "c.csv", "--by", "nothing", cwd=folder, says=("nothing",))
    (folder / "many.csv").write_text("id,x,y\n" + "".join(f"{i},{i},{i % 3}\n" for i in range(200)))
    refused(1, "fit", "many.csv", "--by", "x", cwd=folder, says=("more than 100",))
    (folder / "same.csv").write_text("id,x,t\n" + "".join(
        f"{i},{i},{'a b' if i % 2 else 'a_b'}\n" for i in range(20)))
    refused(1, "fit", "same.csv", "--by", "t", "-o", "s.h5", cwd=folder, says=("a b", "s.a_b.h5"))
