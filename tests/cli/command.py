"""Runs the command under test: $KMSEG, else the development build."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
KMSEG = os.environ.get("KMSEG", str(ROOT / "build" / "dev" / "bin" / "kmseg"))
DATASETS = pathlib.Path(os.environ.get("KMSEG_DATASETS", ROOT.parent / "shared" / "datasets"))


def run(*words, cwd=None, env=None, timeout=300):
    """The finished process; stdout and stderr are text."""
    environment = {**os.environ, **(env or {})}
    return subprocess.run(
        [KMSEG, *map(str, words)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )


def ok(*words, **more):
    """stdout of a call that must succeed."""
    done = run(*words, **more)
    assert done.returncode == 0, f"kmseg {words}: {done.returncode}\n{done.stderr}"
    return done.stdout


def refused(code, *words, says=(), **more):
    """A call must end with that exit status and one line on stderr that has every fragment."""
    done = run(*words, **more)
    assert done.returncode == code, f"kmseg {words}: {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.stderr.startswith("kmseg: "), done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
    for fragment in says:
        assert fragment in done.stderr, f"no {fragment!r} in {done.stderr!r}"
    return done.stderr
