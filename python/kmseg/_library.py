"""Finds libkmseg, loads it, and refuses one that these declarations do not fit."""

from __future__ import annotations

import ctypes
import os
import pathlib
import sys
from types import SimpleNamespace

from . import _abi

_NAMES = ("libkmseg.dylib",) if sys.platform == "darwin" else ("libkmseg.so", "libkmseg.so.0")


def _path() -> str:
    """$KMSEG_LIBRARY, else the library beside this file, else the one that the system finds."""
    named = os.environ.get("KMSEG_LIBRARY")
    if named:
        if not os.path.isfile(named):
            raise ImportError(f"KMSEG_LIBRARY is {named!r}, and there is no such file; it needs to be the "
                              "path of libkmseg.so")
        return named
    for name in _NAMES:
        beside = pathlib.Path(__file__).with_name(name)
        if beside.exists():
            return str(beside)
    return _NAMES[-1]


def _load() -> SimpleNamespace:
    path = _path()
    try:
        library = ctypes.CDLL(path)  # which releases the GIL while a function runs
    except OSError as error:
        raise ImportError(f"libkmseg cannot be loaded ({error}); install the package with pip, or let "
                          "KMSEG_LIBRARY be the path of libkmseg.so") from error
    functions = {}
    for name, (result, arguments) in _abi.FUNCTIONS.items():
        try:
            function = getattr(library, f"kmseg_{name}")
        except AttributeError as error:
            raise ImportError(f"{path} has no kmseg_{name}; it is of another version than this "
                              "package") from error
        function.restype = result
        function.argtypes = arguments
        functions[name] = function
    for name in _abi.FUNCTIONS:
        if name.endswith("_option_table"):
            of = name.removesuffix("_option_table")
            options = getattr(_abi, f"{of}_options", None) or getattr(_abi, of)
            there, here = functions[name]().contents.struct_size, ctypes.sizeof(options)
            if there != here:
                raise ImportError(f"{path} is of another version than this package: its {options.__name__} have "
                                  f"{there} bytes, here they have {here}")
    return SimpleNamespace(path=path, **functions)


lib = _load()
