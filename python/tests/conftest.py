import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def run_python():
    """Runs source in a Python of its own: (what it printed). Fails when it does, or hangs."""

    def run(source, timeout=120, **environment):
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, encoding="utf-8",
                              timeout=timeout, env={**os.environ, **environment})
        assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run
