"""The ctypes declarations are those of the headers."""

import ctypes
import os
import pathlib
import re
import subprocess
import sys

import pytest
from kmseg import _abi
from kmseg._library import lib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("KMSEG_BUILD", ROOT / "build" / "dev"))
HEADERS = [ROOT / "lib/include/kmseg", BUILD / "lib/include/kmseg"]

WITHOUT_NAME = {"clv_holdout_rows": "__typeof__(((kmseg_clv_holdout *)0)->rows[0])"}


@pytest.fixture(scope="module")
def of_the_headers(tmp_path_factory):
    """What a C program that includes the headers prints: sizes, offsets, values of constants."""
    folder = tmp_path_factory.mktemp("abi")
    lines = ["#include <kmseg/kmseg.h>", "#include <stddef.h>", "#include <stdio.h>", "int main(void) {"]
    for struct in _abi.STRUCTS:
        name = WITHOUT_NAME.get(struct.__name__, f"kmseg_{struct.__name__}")
        lines.append(f'printf("{struct.__name__} %zu\\n", sizeof({name}));')
        for field, _ in struct._fields_:
            lines.append(f'printf("{struct.__name__}.{field} %zu %zu\\n", offsetof({name}, {field}), '
                         f"sizeof((({name} *)0)->{field}));")
    for constant in constants():
        lines.append(f'printf("{constant} %d\\n", (int)KMSEG_{constant});')
    (folder / "abi.c").write_text("\n".join([*lines, "return 0; }", ""]))
    includes = [f"-I{header.parent}" for header in HEADERS]
    subprocess.run(["cc", "-std=c17", *includes, "abi.c", "-o", "abi"], cwd=folder, check=True)
    printed = subprocess.run([folder / "abi"], capture_output=True, encoding="utf-8", check=True).stdout
    return {line.split()[0]: [int(n) for n in line.split()[1:]] for line in printed.splitlines()}


def constants():
    return [name for name, value in vars(_abi).items() if name.isupper() and isinstance(value, int)]


def header_text():
    """All public headers, without comments."""
    paths = sorted({path.name: path for folder in HEADERS for path in folder.glob("*.h")}.values())
    return re.sub(r"/\*.*?\*/", " ", "\n".join(path.read_text(encoding="utf-8") for path in paths), flags=re.DOTALL)


def header_functions():
    """name: (result, parameters) of every function of the headers."""
    found = re.findall(r"KMSEG_API\s+([\w\s*]+?)\bkmseg_(\w+)\s*\(([^;]*)\);", header_text())
    return {name: (" ".join(result.split()), [" ".join(p.split()) for p in parameters.split(",")])
            for result, name, parameters in found}


def test_the_declarations_are_what_the_tool_writes_now():
    tool = subprocess.run([sys.executable, ROOT / "tools/python_abi"], capture_output=True, encoding="utf-8", check=True)
    assert tool.stdout == pathlib.Path(_abi.__file__).read_text(encoding="utf-8"), \
        "the headers have changed: tools/python_abi > python/kmseg/_abi.py"


@pytest.mark.parametrize("struct", _abi.STRUCTS, ids=lambda s: s.__name__)
def test_a_struct_has_the_size_and_offsets_of_the_header(struct, of_the_headers):
    assert of_the_headers[struct.__name__] == [ctypes.sizeof(struct)]
    for field, _ in struct._fields_:
        here = getattr(struct, field)
        assert of_the_headers[f"{struct.__name__}.{field}"] == [here.offset, here.size], field


def test_structs_constants_and_functions_of_the_headers_are_all_there(of_the_headers):
    text = header_text()
    assert len(_abi.STRUCTS) > 70 and len(_abi.FUNCTIONS) > 200
    assert set(re.findall(r"^\} kmseg_(\w+);", text, re.MULTILINE)) - set(re.findall(r"typedef enum kmseg_(\w+)", text)) \
        == {struct.__name__ for struct in _abi.STRUCTS} - set(WITHOUT_NAME)
    for name in constants():
        assert of_the_headers[name] == [getattr(_abi, name)], name


def test_a_field_that_is_missing_would_be_seen(of_the_headers):
    """Sizes and offsets alone would not show a field in padding: fields fill a struct but for padding."""
    for struct in _abi.STRUCTS:
        end = 0
        for field, _ in struct._fields_:
            here = getattr(struct, field)
            assert here.offset - end < 8, (struct.__name__, field)
            end = here.offset + here.size
        assert ctypes.sizeof(struct) - end < 8, struct.__name__


def kind_of_c(declaration):
    if "*" in declaration or "_fn " in declaration or "[" in declaration:
        return "pointer"
    for word, kind in (("kmseg_matrix", "matrix"), ("int32_t", "i4"), ("int64_t", "i8"), ("uint64_t", "u8"),
                       ("size_t", "u8"), ("double", "f8"), ("int", "i4"), ("kmseg_", "i4"), ("void", "void")):
        if re.search(rf"\b{word}", declaration):
            return kind
    raise AssertionError(declaration)


def kind_of_ctypes(declared):
    if declared is None:
        return "void"
    if declared is _abi.matrix:
        return "matrix"
    letter = getattr(declared, "_type_", None)
    if isinstance(declared, type) and issubclass(declared, ctypes._CFuncPtr) or not isinstance(letter, str) or letter in "zP":
        return "pointer"
    return {"i": "i4", "l": "i8", "q": "i8", "L": "u8", "Q": "u8", "d": "f8"}[letter]


def test_every_function_of_the_headers_is_declared_with_its_types():
    seen = header_functions()
    assert sorted(seen) == sorted(_abi.FUNCTIONS)
    for name, (result, arguments) in _abi.FUNCTIONS.items():
        result_of_c, parameters = seen[name]
        kinds = [kind_of_c(p) for p in parameters if p != "void"]
        assert (kind_of_ctypes(result), [kind_of_ctypes(a) for a in arguments]) == (kind_of_c(result_of_c), kinds), name
        loaded = getattr(lib, name)
        assert loaded.restype is result and tuple(loaded.argtypes) == arguments


def test_a_library_of_another_version_is_refused(run_python, tmp_path):
    (tmp_path / "other.c").write_text("int nothing;\n")
    other = tmp_path / "libother.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", other, tmp_path / "other.c"], check=True)
    source = "try:\n    import kmseg\nexcept ImportError as error:\n    print(error)"
    assert "has no kmseg_" in run_python(source, KMSEG_LIBRARY=str(other))
    assert "there is no such file" in run_python(source, KMSEG_LIBRARY=str(tmp_path / "none.so"))
