"""Tables in HDF5 files that kmseg did not write, and files that lie about what is in them."""

import json
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

TOOL = os.path.join(os.environ["KMSEG_TOOLS"], "tool_store")
FORMAT = "4: "  # KMSEG_E_FORMAT, as the tool says it


def show(path):
    return subprocess.run([TOOL, "show", str(path)], capture_output=True, text=True, timeout=120)


def load(path):
    done = show(path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(path, *fragments):
    """The library says KMSEG_E_FORMAT, one line that names the file and every fragment."""
    done = show(path)
    assert done.returncode == 1, done.returncode
    assert done.stderr.startswith(FORMAT), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    for fragment in (os.path.basename(str(path)),) + fragments:
        assert fragment in done.stderr, done.stderr


def values(table):
    return {c["name"]: c["values"] if c["type"] == 1 else
            [c["levels"][i] if i >= 0 else None for i in c["codes"]] for c in table["columns"]}


def written(path, **datasets):
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            file[name] = data
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.h5"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    for kind in ("table", "result"):
        subprocess.run([TOOL, kind, str(folder / f"{kind}.h5")], check=True)
    return folder


# Other people's files


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i4", "u4", "i8", "u8", "f2", "<f4", ">f4",
                                   "f8", ">f8"])
def test_numbers_of_any_type_are_columns(path, dtype):
    data = np.array([3, 0, 100], dtype=dtype)
    assert values(load(written(path, x=data))) == {"x": [3, 0, 100]}


def test_booleans_are_numbers(path):
    assert values(load(written(path, x=np.array([True, False])))) == {"x": [1, 0]}


def test_columns_are_named_after_their_datasets_in_order_of_name(path):
    table = load(written(path, b=np.arange(3.0), a=np.arange(3), c=np.array([b"x", b"", b"yy"])))
    assert [c["name"] for c in table["columns"]] == ["a", "b", "c"]
    assert values(table)["c"] == ["x", None, "yy"]


def test_strings_of_any_kind_are_texts(path):
    with h5py.File(path, "w") as file:
        file["variable"] = np.array(["é", "", "a" * 300], dtype=h5py.string_dtype())
        file["ascii"] = np.array([b"x", b"y", b"x"])
        spaces = h5py.h5t.C_S1.copy()
        spaces.set_size(4)
        spaces.set_strpad(h5py.h5t.STR_SPACEPAD)
        space = h5py.h5s.create_simple((3,))
        made = h5py.h5d.create(file.id, b"padded", spaces, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"ab  ", b"c   ", b"    "], dtype="S4"),
                   mtype=spaces)
    table = values(load(path))
    assert table == {"variable": ["é", None, "a" * 300], "ascii": ["x", "y", "x"],
                     "padded": ["ab", "c", None]}


def test_nan_is_missing_and_infinity_is_refused_by_column_and_row(path):
    table = load(written(path, x=np.array([1, np.nan, 3])))
    assert values(table) == {"x": [1, None, 3]} and table["columns"][0]["n_missing"] == 1
    refused(written(path, x=np.array([1, np.nan, -np.inf])), "column x", "row 3")
    refused(written(path, m=np.array([[1, 2], [3, np.inf]])), "column c2", "row 2")


def test_whole_numbers_that_float64_cannot_hold_become_text(path):
    ids = np.array([2**53, 2**53 + 1, -5], dtype="i8")
    assert values(load(written(path, id=ids))) == {"id": [str(i) for i in ids]}
    ids = np.array([2**64 - 1, 1], dtype="u8")
    assert values(load(written(path, id=ids))) == {"id": [str(i) for i in ids]}
    assert values(load(written(path, id=np.array([2**53, 1])))) == {"id": [2**53, 1]}


@pytest.mark.parametrize("options", [{}, {"chunks": (7, 2)}, {"compression": "gzip"},
                                     {"shuffle": True}, {"fletcher32": True}])
def test_a_matrix_is_read_whatever_its_layout(path, options):
    data = np.arange(3000.0).reshape(1000, 3)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=data, **options)
    table = values(load(path))
    assert [table[name] for name in ("c1", "c2", "c3")] == data.T.tolist()


def test_a_filter_that_needs_a_plugin_is_named(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(3000.0), compression="lzf")
    done = show(path)
    assert done.returncode == 1 and "lzf" in done.stderr and "gzip" in done.stderr


def test_an_attribute_names_the_columns_of_a_matrix(path):
    for names in (["a", "b/c"], np.array([b"a", b"b/c"])):
        with h5py.File(path, "w") as file:
            file["x"] = np.array([[1, 2], [3, 4]], dtype="i2")
            file["x"].attrs["columns"] = names
        assert values(load(path)) == {"a": [1, 3], "b/c": [2, 4]}
    with h5py.File(path, "a") as file:
        file["x"].attrs["columns"] = ["a"]
    refused(path, "columns", "2 strings")


def test_a_matrix_and_vectors_of_its_length_are_one_table(path):
    table = load(written(path, id=np.array([b"p", b"q"]), x=np.array([[1, 2], [3, 4]])))
    assert values(table) == {"id": ["p", "q"], "c1": [1, 3], "c2": [2, 4]}


def test_groups_scalars_and_cubes_are_passed_over(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(2)
        file["scalar"] = 5
        file["cube"] = np.zeros((2, 2, 2))
        file["group/y"] = np.arange(9)
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
        file["soft"] = h5py.SoftLink("/nowhere")
    assert values(load(path)) == {"x": [0, 1]}


def test_files_without_a_table_are_refused_with_what_they_need(path):
    with h5py.File(path, "w"):
        pass
    refused(path, "no table")
    refused(written(path, a=np.arange(3), b=np.arange(4)), "/a and /b", "3 and 4 rows")
    refused(written(path, a=np.zeros((2, 2)), b=np.zeros((2, 2))), "two dimensions")
    record = np.zeros(3, dtype=[("a", "f8"), ("b", "i4")])
    refused(written(path, record=record), "/record", "neither numbers nor strings")
    with h5py.File(path, "w") as file:
        file.attrs["PYTABLES_FORMAT_VERSION"] = "2.1"
    refused(path, "pandas", "CSV")


def test_values_in_other_files_are_not_read(path, tmp_path):
    (tmp_path / "outside").write_bytes(bytes(80))
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10,), dtype="f8", external=[("outside", 0, 80)])
    refused(path, "/x", "other files")
    layout = h5py.VirtualLayout(shape=(10,), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "y", shape=(10,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)
    refused(path, "/x", "other files")


def test_sizes_that_the_file_cannot_hold_are_refused_before_memory_is_asked_for(path):
    for options in ({"chunks": (1000,)}, {"chunks": (1000,), "compression": "gzip"}, {}):
        with h5py.File(path, "w") as file:
            file.create_dataset("x", (10**14,), dtype="f8", **options)
        refused(path, "/x", "claims 100000000000000 values")
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (10**9,), dtype="S100000", chunks=(10,))
    refused(path, "/x", "claims")


# Files of ours that lie


def damaged(saved, tmp_path, kind, change):
    path = tmp_path / f"{kind}.h5"
    shutil.copy(saved / f"{kind}.h5", path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def replaced(file, path, data):
    del file[path]
    file[path] = data


def every_path(saved, kind):
    paths = []
    with h5py.File(saved / f"{kind}.h5") as file:
        file.visit(paths.append)
    return paths


OPTIONAL = ("typical", "plans", "rules", "map", "reports")


def test_files_of_before_explanations_open_without_them(saved, tmp_path):
    def older(file):
        for name in OPTIONAL + ("profile/bins", "profile/bin_counts", "profile/quantiles"):
            del file[name]
        del file.attrs["n_typical"]

    now = load(saved / "result.h5")
    then = load(damaged(saved, tmp_path, "result", older))
    assert "fidelity" in now and "fidelity" not in then and "plan_names" not in then
    assert then["typical"] == [] and all(spread["n_bins"] == 0 for spread in then["spreads"])
    for name in ("labels", "centroids", "ids", "profile", "prepare"):
        assert then[name] == now[name]


@pytest.mark.parametrize("kind", ["table", "result"])
def test_any_missing_dataset_or_group_is_named(saved, tmp_path, kind):
    for name in every_path(saved, kind):
        if name == "params" and kind == "table" or name == "features" or name.startswith("features/"):
            continue  # for readers; the library does not need them
        if kind == "result" and (name in OPTIONAL or name.startswith("reports/")):
            continue  # as in a file of before them

        def change(file):
            del file[name]

        part = "/" + name if kind == "result" else "/" + name.split("/")[0]
        refused(damaged(saved, tmp_path, kind, change), part)


@pytest.mark.parametrize("kind", ["table", "result"])
def test_any_missing_attribute_is_named(saved, tmp_path, kind):
    attributes = []
    with h5py.File(saved / f"{kind}.h5") as file:
        file.visititems(lambda name, thing: attributes.extend((name, a) for a in thing.attrs))
        attributes += [("/", a) for a in file.attrs]
    for name, attribute in attributes:
        if attribute in ("missing", "epoch") or (name, attribute) == ("/", "creator"):
            continue  # for readers

        def change(file):
            del file[name].attrs[attribute]

        if (name, attribute) == ("/", "format"):  # then it is other people's
            refused(damaged(saved, tmp_path, kind, change))
        else:
            refused(damaged(saved, tmp_path, kind, change), attribute, "missing")


def test_datasets_of_another_shape_or_type_are_named(saved, tmp_path):
    for name in every_path(saved, "result"):
        with h5py.File(saved / "result.h5") as file:
            thing = file[name]
            if isinstance(thing, h5py.Group) or name.startswith("features"):
                continue
            data, text = thing[()], thing.dtype.kind == "S"
        for other in ([np.zeros(3)] if text else [data.astype("f4"), np.array([b"x"] * 4)]):
            refused(damaged(saved, tmp_path, "result", lambda f: replaced(f, name, other)), "/" + name)
        if not text:
            longer = np.concatenate([data, data[:1]]) if len(data) else np.zeros(1, data.dtype)
            done = show(damaged(saved, tmp_path, "result", lambda f: replaced(f, name, longer)))
            assert done.returncode == 1 and done.stderr.startswith(FORMAT), (name, done.stderr)


def test_a_newer_version_and_an_unfinished_file_are_refused(saved, tmp_path):
    for kind in ("table", "result"):
        def newer(file):
            file.attrs["format_version"] = 3

        def unfinished(file):
            file.attrs["complete"] = 0

        refused(damaged(saved, tmp_path, kind, newer), "format_version 3", "up to 2")
        refused(damaged(saved, tmp_path, kind, unfinished), "complete")


def set_one(path, index, value):
    def change(file):
        file[path][index] = value
    return change


@pytest.mark.parametrize("change, fragments", [
    (set_one("labels", 7, 4), ("label 4", "row 7")),
    (set_one("labels", 7, -1), ("label -1", "row 7")),
    (set_one("centroids", (0, 0), np.nan), ("/centroids",)),
    (set_one("distances", 3, -1.0), ("/distances",)),
    (set_one("distances", 3, np.inf), ("/distances",)),
    (set_one("radii", 0, np.nan), ("/radii",)),
    (set_one("prepare/columns/n_levels", slice(None), 2**31 - 1), ("/prepare",)),
    (set_one("prepare/columns/first_output", 1, 0), ("/prepare",)),
    (set_one("prepare/columns/n_outputs", 0, -5), ("/prepare",)),
    (set_one("prepare/columns/spread", 0, 0.0), ("/prepare",)),
    (set_one("prepare/columns/scale", 0, b"magic"), ("/prepare", "magic")),
    (set_one("prepare/columns/type", 0, b"blob"), ("type", "/prepare/columns", "blob")),
    (set_one("prepare/levels/column", 0, 99), ("/prepare/levels",)),
    (set_one("profile/levels/column", 0, -1), ("/profile/levels",)),
    (set_one("profile/columns/n_levels", slice(None), 2**31 - 1), ("/profile",)),
    (set_one("profile/segments/size", 0, 10**9), ("/profile",)),
    (set_one("profile/traits/segment", 0, 77), ("/profile/traits",)),
    (set_one("profile/traits/column", 0, 77), ("/profile", "trait")),
    (set_one("profile/traits/level", 0, 10**6), ("/profile", "trait")),
    (set_one("profile/bins/column", 0, 77), ("/profile/bins",)),
    (set_one("profile/bins/low", 3, 1e9), ("/profile/bins", "row 3")),
    (set_one("profile/bins/high", slice(None), 7.0), ("/profile",)),
    (set_one("profile/bin_counts", (0, 0), -1), ("/profile", "histogram")),
    (set_one("profile/quantiles/probability", 1, 0.1), ("/profile/quantiles/probability",)),
    (set_one("typical", (0, 0), 10**6), ("/typical",)),
    (set_one("plans/budget_share", 0, 7.0), ("/plans/budget_share",)),
    (set_one("rules/nodes/column", 0, 99), ("/rules", "tree")),
    (set_one("rules/nodes/yes", 0, 0), ("/rules", "tree")),
    (set_one("rules/nodes/no", 0, 2**31 - 1), ("/rules", "tree")),
    (set_one("rules/nodes/threshold", slice(None), np.nan), ("/rules", "tree")),
    (set_one("rules/nodes/level", slice(None), 10**6), ("/rules", "tree")),
    (set_one("rules/nodes/segment", 0, -1), ("/rules", "tree")),
    (set_one("rules/nodes/precision", 0, 1.5), ("/rules", "tree")),
])
def test_values_that_cannot_be_are_named(saved, tmp_path, change, fragments):
    refused(damaged(saved, tmp_path, "result", change), *fragments)


def test_counts_that_cannot_be_are_refused_at_once(saved, tmp_path):
    for name in ("n_samples", "n_segments", "n_outputs", "n_iter"):
        for value in (-1, 0, 2**31 - 1, 2**62):
            def change(file):
                file.attrs[name] = np.int64(value)
            refused(damaged(saved, tmp_path, "result", change))

    def traits(file):
        file["profile"].attrs["max_traits"] = np.int64(2**31 - 1)
    assert show(damaged(saved, tmp_path, "result", traits)).returncode == 0
    for value in (-1, 3, 2**62):
        def rows(file):
            file.attrs["n_rows"] = np.int64(value)
        refused(damaged(saved, tmp_path, "table", rows), "n_rows")


@pytest.mark.parametrize("change, fragments", [
    (set_one("columns/country", 1, 2), ("code 2", "row 2", "country")),
    (set_one("columns/country", 1, -2), ("code -2", "row 2", "country")),
    (set_one("columns/monetary", 2, np.inf), ("monetary", "row 3")),
    (lambda f: replaced(f, "levels/country", np.arange(2)), ("/levels/country",)),
    (lambda f: f["columns/country"].attrs.create("type", "blob"), ("country", "blob")),
    (lambda f: f["columns/country"].attrs.create("role", "king"), ("country", "king")),
    (lambda f: f["columns/country"].attrs.create("position", -1), ("position",)),
    (lambda f: f["columns/country"].attrs.create("name", "monetary"), ("two columns", "monetary")),
    (lambda f: f["columns/country"].attrs.create("name", ""), ("has no name",)),
])
def test_columns_that_cannot_be_are_named(saved, tmp_path, change, fragments):
    refused(damaged(saved, tmp_path, "table", change), *fragments)


def test_what_a_later_version_adds_is_passed_over(saved, tmp_path):
    def change(file):
        file["histograms/recency"] = np.arange(5)
        file.attrs["segment_ids"] = "x"
        file["profile/segments/colour"] = np.array([b"red"] * 4)

    assert load(damaged(saved, tmp_path, "result", change)) == load(saved / "result.h5")
