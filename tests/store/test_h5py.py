"""h5py reads what kmseg writes: every object is as docs/file-format.md says, and holds what the
library itself loads."""

import json
import os
import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest

TOOL = os.path.join(os.environ["KMSEG_TOOLS"], "tool_store")
DOCUMENT = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "file-format.md")
DTYPES = {"int32": np.dtype("<i4"), "int64": np.dtype("<i8"), "float64": np.dtype("<f8")}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    paths = {kind: str(folder / f"{kind}.h5") for kind in ("table", "result")}
    for kind, path in paths.items():
        subprocess.run([TOOL, kind, path], check=True)
    return paths


def shown(path):
    return json.loads(subprocess.run([TOOL, "show", path], check=True, capture_output=True).stdout)


def document_rows():
    """Rows of the page's tables: {(path,): (type, shape)} and {(path, attribute): (type,)}."""
    rows = {}
    with open(DOCUMENT, encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if re.fullmatch(r"`/[^`]*`", cells[0]) and len(cells) == 4:
                if re.fullmatch(r"`\w+`", cells[1]):
                    rows[cells[0].strip("`"), cells[1].strip("`")] = (cells[2],)
                else:
                    rows[(cells[0].strip("`"),)] = (cells[1], cells[2])
    return rows


def generic(path):
    return re.sub(r"^/(columns|levels|reports)/.*", r"/\1/NAME", path)


def is_type(dtype, said):
    if said == "string":
        return dtype.kind == "S" and h5py.check_string_dtype(dtype).encoding == "utf-8"
    return any(dtype == DTYPES[name] for name in re.findall(r"\w*\d\d", said))


def lengths(file, path):
    """What the names of lengths in the page stand for, at a dataset of this file."""
    known = {name: int(file.attrs[name]) for name in file.attrs if name.startswith("n_")}
    part = "/" + path.split("/")[1]
    if part in ("/prepare", "/profile"):
        known["n_columns"] = len(file[part + "/columns/name"])
        known["n_levels"] = len(file[part + "/levels/name"])
    if part == "/prepare":
        known["n_notes"] = len(file["/prepare/notes"])
        known["n_knots"] = len(file["/prepare/knots/value"])
    if part == "/merges":
        known["n_merges"] = len(file["/merges/size"])
    if part == "/profile":
        known["n_traits"] = len(file["/profile/traits/segment"])
        known["n_bins"] = len(file["/profile/bins/column"])
        known["n_quantiles"] = len(file["/profile/quantiles/probability"])
    if part == "/rules":
        known["n_nodes"] = len(file["/rules/nodes/column"])
        known["n_leaves"] = len(file["/rules/leaves/node"])
    if part == "/map":
        known.update((name, int(file["map"].attrs[name])) for name in file["map"].attrs)
    if part == "/levels":
        known["number of levels"] = len(file[path])
    return known


@pytest.mark.parametrize("kind", ["table", "result"])
def test_everything_in_a_file_is_on_the_page_with_its_type_and_shape(files, kind):
    rows = document_rows()
    seen = []

    def visit(name, thing):
        path = "/" + name if name else "/"
        for attribute in thing.attrs:
            row = rows.get((generic(path), attribute))
            assert row is not None, f"attribute {attribute} of {path} is not on the page"
            dtype = thing.attrs.get_id(attribute).dtype
            assert is_type(dtype, row[0]), f"{attribute} of {path} is {dtype}, not {row[0]}"
            seen.append(path)
        if path == "/":
            return
        row = rows.get((generic(path),))
        assert row is not None, f"{path} is not on the page"
        if isinstance(thing, h5py.Group):
            assert row[0] == "group", path
            return
        assert is_type(thing.dtype, row[0]), f"{path} is {thing.dtype}, not {row[0]}"
        if row[1] != "scalar":
            known = lengths(file, path)
            assert thing.shape == tuple(known[name] for name in row[1].split(" x ")), path
        else:
            assert thing.shape == ()
        thing[()]  # and it can be read
        seen.append(path)

    with h5py.File(files[kind]) as file:
        visit("", file)
        file.visititems(visit)
    assert len(seen) > 20


def test_everything_on_the_page_is_in_a_file(files):
    there = set()

    def visit(name, thing):
        path = generic("/" + name) if name else "/"
        there.add((path,))
        there.update((path, attribute) for attribute in thing.attrs)

    for path in files.values():
        with h5py.File(path) as file:
            visit("", file)
            file.visititems(visit)
    assert set(document_rows()) - there == set()


def examples():
    with open(DOCUMENT, encoding="utf-8") as file:
        return re.findall(r"```python\n(.*?)```", file.read(), re.S)


def test_the_example_for_tables_runs(files):
    names = {}
    exec(examples()[0].replace("customers.h5", files["table"]), names)
    assert names["country"].tolist() == ["France", None, "France", "日本"]
    assert names["spend"][0] == 1.5


def test_the_example_for_results_runs(files):
    pytest.importorskip("pandas")
    names = {}
    exec(examples()[1].replace("segments.h5", files["result"]), names)
    assert len(names["customers"]) == 300
    assert len(names["segments"]) == 4


def test_a_table_read_by_h5py_is_the_table(files):
    loaded = shown(files["table"])
    with h5py.File(files["table"]) as file:
        columns = sorted(file["columns"].values(), key=lambda column: column.attrs["position"])
        assert file.attrs["n_columns"] == len(columns) == len(loaded["columns"])
        assert json.loads(file["params"][()]) == {"seed": 1}
        for column, expected in zip(columns, loaded["columns"]):
            assert column.attrs["name"].decode() == expected["name"]
            assert column.attrs["unit"].decode() == expected["unit"]
            kind = column.attrs["type"].decode()
            assert kind == {1: "number", 2: "text", 3: "time"}[expected["type"]]
            role = column.attrs["role"].decode()
            assert role == ("unknown", "id", "feature", "describe")[expected["role"]]
            if kind == "text":
                assert column[:].tolist() == expected["codes"]
                levels = file["levels/" + column.name.split("/")[-1]].asstr()[:]
                assert levels.tolist() == expected["levels"]
            else:
                values = [float("nan") if v is None else v for v in expected["values"]]
                assert np.array_equal(column[:], values, equal_nan=kind == "number")


def test_names_that_hdf5_cannot_have_are_in_attributes(files):
    with h5py.File(files["table"]) as file:
        names = {key: column.attrs["name"].decode() for key, column in file["columns"].items()}
    assert names == {"customer_id": "customer_id", "monetary": "monetary", "country": "country",
                     "column_4": "a/b", "column_5": "first order"}


def test_a_result_read_by_h5py_is_the_result(files):
    loaded = shown(files["result"])
    n, k, d = (loaded[name] for name in ("n_samples", "n_segments", "n_outputs"))
    with h5py.File(files["result"]) as file:
        for name in ("n_samples", "n_segments", "n_outputs", "n_iter"):
            assert file.attrs[name] == loaded[name]
        assert file["centroids"][:].reshape(k * d).tolist() == loaded["centroids"]
        assert file["centroids_raw"][:].reshape(k * d).tolist() == loaded["centroids_raw"]
        for name in ("labels", "distances", "radii", "history"):
            assert file[name][:].tolist() == loaded[name]
        assert file["ids"].asstr()[:].tolist() == loaded["ids"]
        assert json.loads(file["params"][()]) == loaded["params"]
        assert file["scores"].attrs["inertia"] == loaded["inertia"]
        assert file["scores"].attrs["silhouette"] == loaded["silhouette"]
        prepare, profile = loaded["prepare"], loaded["profile"]
        assert file["prepare"].attrs["id"].decode() == prepare["id"]
        assert file["prepare/notes"].asstr()[:].tolist() == prepare["notes"]
        assert file["features/name"].asstr()[:].tolist() == prepare["output_names"]
        for name in ("name", "transform", "scale"):
            assert file["prepare/columns/" + name].asstr()[:].tolist() == prepare[name]
        numbers = [i for i, scale in enumerate(prepare["scale"]) if scale != "onehot"]
        for name in ("impute", "group"):
            assert file["prepare/columns/" + name].asstr()[:].tolist() == prepare[name]
        for name in ("centre", "spread", "weight", "fill"):
            values = file["prepare/columns/" + name][:]
            assert [values[i] for i in numbers] == [prepare[name][i] for i in numbers]
        assert file["profile"].attrs["value_column"].decode() == profile["value_column"]
        assert file["profile/segments/name"].asstr()[:].tolist() == profile["names"]
        assert file["profile/segments/size"][:].tolist() == profile["sizes"]
        assert file["profile/segments/value"][:].tolist() == profile["values"]
        assert np.bincount(file["labels"][:]).tolist() == profile["sizes"]
        counts = np.bincount(file["profile/traits/segment"][:], minlength=k)
        assert counts.tolist() == profile["n_traits"]
        for row, expected in zip(file["profile/means"][:], profile["means"]):
            if "values" in expected:
                assert row.tolist() == expected["values"]
            else:
                assert np.isnan(row).all()
    assert len(loaded["labels"]) == n


NEW_IN_VERSION_2 = ("impute", "lower", "upper", "parameter", "n_knots", "group", "indicator")


def test_a_file_of_version_1_is_read_as_what_it_meant(files, tmp_path):
    path = str(tmp_path / "old.h5")
    shutil.copy(files["result"], path)
    with h5py.File(path, "r+") as file:
        for name in NEW_IN_VERSION_2:
            del file["prepare/columns/" + name]
        del file["prepare/knots"]
        file.attrs["format_version"] = np.int64(1)
    assert shown(path) == shown(files["result"])


def test_quantiles_that_do_not_belong_to_a_column_are_refused(files, tmp_path):
    path = str(tmp_path / "damaged.h5")
    shutil.copy(files["result"], path)
    with h5py.File(path, "r+") as file:
        file["prepare/columns/n_knots"][0] = 3
    done = subprocess.run([TOOL, "show", path], capture_output=True, text=True)
    assert done.returncode == 1
    assert "/prepare/knots" in done.stderr


def test_rules_plans_and_typical_customers_read_by_h5py_are_those_of_the_result(files):
    loaded = shown(files["result"])
    k = loaded["n_segments"]
    with h5py.File(files["result"]) as file:
        typical = file["typical"][:]
        assert typical.reshape(-1).tolist() == loaded["typical"]
        labels, distances = file["labels"][:], file["distances"][:]
        for s in range(k):  # the three smallest distances of the segment
            assert (labels[typical[s]] == s).all()
            assert distances[typical[s]].tolist() == sorted(distances[labels == s])[:3]
        assert file["plans/name"].asstr()[:].tolist() == ['<b>"Gold", é</b>', "", "日本", ""]
        assert file["plans/name"].asstr()[:].tolist() == loaded["plan_names"]
        assert file["plans/action"].asstr()[:].tolist() == ["call; $(ls)", "", "", ""]
        assert file["plans/colour"].asstr()[0] == "#C0392b"
        assert file["plans/budget_share"][0] == 0.125
        assert np.isnan(file["plans/budget_share"][1:]).all()
        assert file["rules"].attrs["fidelity"] == loaded["fidelity"]
        assert file["rules/leaves/text"].asstr()[:].tolist() == loaded["leaf_texts"]
        assert file["rules/leaves/coverage"][:].tolist() == loaded["coverages"]
        assert file["rules/nodes/yes"][:].tolist() == loaded["yes"]
        leaves = file["rules/leaves/node"][:]
        assert (file["rules/nodes/column"][:][leaves] == -1).all()
        told = (file["rules/nodes/share"][:] * file["rules/nodes/precision"][:])[leaves].sum()
        assert told == pytest.approx(loaded["fidelity"], abs=1e-12)


def test_distributions_read_by_h5py_are_those_of_the_result(files):
    loaded = shown(files["result"])
    k = loaded["n_segments"]
    with h5py.File(files["result"]) as file:
        at = 0
        probabilities = file["profile/quantiles/probability"][:]
        assert probabilities.tolist() == [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]
        names = [f"q{round(100 * p):02d}" for p in probabilities]
        for c, spread in enumerate(loaded["spreads"]):
            n = spread["n_bins"]
            here = slice(at, at + n)
            at += n
            assert (file["profile/bins/column"][here] == c).all()
            if n == 0:
                continue
            assert file["profile/bins/low"][here].tolist() == spread["edges"][:-1]
            assert file["profile/bins/high"][here].tolist() == spread["edges"][1:]
            counts = file["profile/bin_counts"][here]
            assert counts.T.reshape(-1).tolist() == spread["counts"]
            missing = file["profile/missing"][c]
            assert (counts.sum(0) + missing == file["profile/segments/size"][:]).all()
            assert file["profile/quantiles/all"][c].tolist() == spread["all"]
            own = np.array([file[f"profile/quantiles/{name}"][c] for name in names])
            assert own.T.reshape(-1).tolist() == spread["segments"]
            assert own[3].tolist() == file["profile/medians"][c].tolist()
        assert at == len(file["profile/bins/column"])


def test_the_map_read_by_h5py_is_the_principal_components_of_the_rows(files):
    loaded = shown(files["result"])
    k, d = loaded["n_segments"], loaded["n_outputs"]
    with h5py.File(files["result"]) as file:
        loadings, explained = file["map/loadings"][:], file["map/explained"][:]
        assert loadings.reshape(-1).tolist() == loaded["map_loadings"]
        assert file["map/points"][:].reshape(-1).tolist() == loaded["map_points"]
        assert file["map/labels"][:].tolist() == loaded["map_labels"]
        assert loadings.T @ loadings == pytest.approx(np.eye(2), abs=1e-12)
        assert 0 < explained[1] <= explained[0] <= 1
        for axis in loadings.T:  # the largest loading is positive
            assert axis[np.argmax(np.abs(axis))] > 0
        places = (file["centroids"][:] - file["map/centre"][:]) @ loadings
        assert file["map/centroids"][:] == pytest.approx(places, abs=1e-12)
        # The shares of the axes are the variances of the places: all 300 customers are on the map.
        assert file["map/points"].shape == (300, 2)
        variance = file["map/points"][:].var(0)
        assert variance[1] / variance[0] == pytest.approx(explained[1] / explained[0], rel=1e-9)
        assert file["map/centroids"].shape == (k, 2) and loadings.shape == (d, 2)
        counts = np.bincount(file["map/labels"][:], minlength=k)
        assert counts.tolist() == loaded["profile"]["sizes"]


def test_reports_read_by_h5py_are_those_of_the_result(files):
    with h5py.File(files["result"]) as file:
        stored = {name: json.loads(text[()]) for name, text in file["reports"].items()}
    assert stored == {"features": {"n_kept": 7, "input": "<é>"}, "rfm": {}}
    assert shown(files["result"])["reports"] == stored


@pytest.mark.parametrize("name, text", [("rfm", b"[1]"), ("Rfm", b"{}"), ("x", b'{"a": 1, "a"')])
def test_reports_that_are_no_json_objects_are_refused(files, tmp_path, name, text):
    path = str(tmp_path / "damaged.h5")
    shutil.copy(files["result"], path)
    with h5py.File(path, "r+") as file:
        file["reports"].pop("rfm")
        file.create_dataset("reports/" + name, data=np.bytes_(text))
    done = subprocess.run([TOOL, "show", path], capture_output=True, text=True)
    assert done.returncode == 1
    assert "/reports/" + name in done.stderr


def test_a_map_of_labels_that_are_no_segments_is_refused(files, tmp_path):
    path = str(tmp_path / "damaged.h5")
    shutil.copy(files["result"], path)
    with h5py.File(path, "r+") as file:
        file["map/labels"][5] = 4
    done = subprocess.run([TOOL, "show", path], capture_output=True, text=True)
    assert done.returncode == 1
    assert "/map/labels" in done.stderr
