"""Calls of the library that signals and callbacks can stop, and its errors as exceptions.

A call that may take long is made on a thread of its own while Python's main thread waits: signal
handlers run only there, so that Ctrl-C is seen at once, however long the library needs for its next
progress report.
"""

from __future__ import annotations

import _thread
import ctypes
import queue
import re
import threading
from typing import Any, Callable, Optional

import numpy as np

from . import _abi
from ._library import lib

Callback = Callable[[str, int, int], Optional[bool]]

LONG_WORK = 2e8
"""Multiplications from which a call counts as long; fewer take some tenths of a second at most."""

CHUNK_ROWS = 4096
"""Rows of the units that threads share out: of no more there is nothing to share."""


class Cancelled(RuntimeError):
    """A callback asked to stop before there was a result."""


_EXCEPTIONS: dict[int, type[Exception]] = {
    _abi.E_ARGUMENT: ValueError,
    _abi.E_MEMORY: MemoryError,
    _abi.E_IO: OSError,
    _abi.E_FORMAT: ValueError,
    _abi.E_DATA: ValueError,
    _abi.E_NOT_FOUND: ValueError,
    _abi.E_CANCELLED: Cancelled,
    _abi.E_UNSUPPORTED: NotImplementedError,
}


def matrix_of(x: np.ndarray) -> _abi.matrix:
    """A view of a float32 or float64 array of two dimensions, whatever its strides; x has to outlive it.

    Only an array whose values do not lie at multiples of their size has no such view: ValueError.
    """
    size = x.itemsize
    if not x.flags.aligned or x.strides[0] % size or x.strides[1] % size:
        raise ValueError("the array is not aligned")
    dtype = _abi.FLOAT32 if x.dtype == np.float32 else _abi.FLOAT64
    return _abi.matrix(x.ctypes.data, dtype, x.shape[0], x.shape[1], x.strides[0] // size, x.strides[1] // size)


def _parameters(message: str) -> str:
    """Messages name options as the command has them: --date-order is date_order= here."""
    message = re.sub(r"(?<![\w-])--no-([a-z]+(?:-[a-z]+)*)", lambda flag: flag[1].replace("-", "_") + "=False", message)
    return re.sub(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)", lambda flag: flag[1].replace("-", "_") + "=", message)


class Session:
    """A context of the library for the calls of one method; a `with` block frees it.

    n_threads  None: as many as suit (CPUs allowed, OMP_NUM_THREADS, threadpoolctl)
    callback   called with (stage, done, total); True, or an exception, stops the call
    """

    def __init__(self, n_threads: int | None = None, callback: Callback | None = None) -> None:
        self.kept: list[object] = []  # what the context borrows
        self._context = ctypes.c_void_p()
        self._callback = callback
        self._error: BaseException | None = None
        self._stopping = False
        self._ask: Callback | None = callback
        options = _abi.context_options()
        lib.context_options_init(ctypes.byref(options))
        options.n_threads = 0 if n_threads is None else n_threads
        status = lib.context_new(ctypes.byref(options), ctypes.byref(self._context))
        if status != _abi.OK:
            what = lib.status_text(status).decode()
            raise _EXCEPTIONS.get(status, RuntimeError)(
                f"libkmseg makes no context of {options.n_threads} threads: {what}")
        self._progress = _abi.progress_fn(self._on_progress)
        if callback is not None:
            lib.context_set_progress(self._context, self._progress, None)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        lib.context_free(self._context)
        self._context = ctypes.c_void_p()
        self.kept.clear()

    @property
    def n_threads(self) -> int:
        return lib.context_threads(self._context)

    def call(self, function: Callable[..., int], *arguments: Any, work: float = 0) -> None:
        """function(context, *arguments), its failure as an exception; work is about how many
        multiplications it takes."""
        if work > LONG_WORK and threading.current_thread() is threading.main_thread():
            status = self._call_on_thread(function, arguments)
        else:
            status = function(self._context, *arguments)
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if status != _abi.OK:
            message = lib.last_error(self._context).decode(errors="replace")
            raise _EXCEPTIONS.get(status, RuntimeError)(_parameters(message) or lib.status_text(status).decode())

    def _stop(self, error: BaseException | None = None) -> None:
        self._stopping = True
        if error is not None and self._error is None:
            self._error = error
        lib.cancel(self._context)

    def _on_progress(self, _user: int | None, stage: bytes, done: int, total: int) -> None:
        if self._stopping or self._ask is None:
            return
        try:
            if self._ask(stage.decode(), done, total) is True:
                self._stop()
        except BaseException as error:  # noqa: BLE001 - nothing may pass through C
            self._stop(error)

    def _call_on_thread(self, function: Callable[..., int], arguments: tuple[Any, ...]) -> int:
        mail: queue.SimpleQueue[Any] = queue.SimpleQueue()  # from the thread
        answers: queue.SimpleQueue[Optional[bool]] = queue.SimpleQueue()
        statuses: list[int] = []

        finished = threading.Event()

        def work() -> None:
            try:
                statuses.append(function(self._context, *arguments))
            except BaseException as error:  # noqa: BLE001 - is raised by the thread that waits
                self._error = self._error or error
                statuses.append(_abi.E_INTERNAL)
            finally:
                finished.set()
                mail.put(None)

        def ask(stage: str, done: int, total: int) -> Optional[bool]:
            mail.put((stage, done, total))
            return answers.get()

        self._ask = ask  # callbacks run on the thread of the caller all the same
        try:
            self._start(work, finished)
            while (report := mail.get()) is not None:
                answers.put(self._callback(*report) if self._callback is not None else None)
        except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt, or of the callback
            self._error = error
        while not finished.is_set():  # a second Ctrl-C must not free what the thread still reads
            try:
                self._stop()
                answers.put(None)
                finished.wait()
            except BaseException as error:  # noqa: BLE001
                self._error = error
        self._ask = self._callback
        return statuses[0] if statuses else _abi.E_INTERNAL

    @staticmethod
    def _start(work: Callable[[], None], finished: threading.Event) -> None:
        """Not a threading.Thread, whose start() can be interrupted when the thread runs already."""
        try:
            _thread.start_new_thread(work, ())
        except RuntimeError:
            finished.set()
            raise


def threads_for(n_threads: int | None, n_rows: int, work: float) -> int | None:
    """n_threads, but 1 where none is given and starting more takes longer than they save."""
    return 1 if n_threads is None and n_rows <= CHUNK_ROWS and work <= LONG_WORK else n_threads


def n_threads() -> int:
    """How many threads a call uses now where none is given: CPUs that the process may use, less what
    OMP_NUM_THREADS or threadpoolctl allow; 1 in the child of a fork."""
    with Session() as session:
        return session.n_threads
