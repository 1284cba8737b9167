"""progress=True: a bar of tqdm where that is installed, else plain text on sys.stderr."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Iterator, Optional

from ._session import Callback

_SHAPE = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


@contextlib.contextmanager
def following(progress: bool, callback: Callback | None) -> Iterator[Callback | None]:
    """What a Session is to call: the callback, and before it a bar if progress says so."""
    if not progress:
        yield callback
        return
    bar = _bar()

    def follow(stage: str, done: int, total: int) -> Optional[bool]:
        bar.reach(stage, done, total)
        return None if callback is None else callback(stage, done, total)

    try:
        yield follow
    finally:
        bar.close()


def _bar() -> _Text | _Tqdm:
    try:
        import tqdm.auto
    except ImportError:
        return _Text()
    return _Tqdm(tqdm.auto.tqdm)


class _Tqdm:
    """One bar per stage; in a notebook tqdm makes it a widget."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm, self._stage = tqdm, ""
        self._bar: Any = None

    def reach(self, stage: str, done: int, total: int) -> None:
        if self._bar is None or self._stage != stage or self._bar.total != total or done < self._bar.n:
            self.close()
            self._stage = stage
            self._bar = self._tqdm(desc=stage, total=total, bar_format=_SHAPE)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Text:
    """A line for each stage, written anew on a terminal; elsewhere a line for each quarter of it."""

    def __init__(self) -> None:
        self._shown: tuple[str, int] | None = None

    def reach(self, stage: str, done: int, total: int) -> None:
        terminal = sys.stderr.isatty()
        percent = 100 * done // max(total, 1)
        percent -= percent % (1 if terminal else 25)
        if self._shown == (stage, percent):
            return
        if terminal and self._shown is not None and self._shown[0] != stage:
            print(file=sys.stderr)
        print(f"\r{stage}: {percent:3d}%" if terminal else f"{stage}: {percent}%", end="" if terminal else "\n",
              file=sys.stderr, flush=True)
        self._shown = (stage, percent)

    def close(self) -> None:
        if self._shown is not None and sys.stderr.isatty():
            print(file=sys.stderr)
