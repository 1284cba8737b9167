"""A PostgreSQL server of the tests' own: a private folder, a socket in it, no port."""

import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
DRIVERS = glob.glob("/usr/lib/*/odbc/psqlodbcw.so")
PASSWORD = "geheim-Tr0ub4dor"

needed = pytest.mark.skipif(
    not PROGRAMS or not DRIVERS or not glob.glob("/usr/lib/*/libodbc.so.2"),
    reason="PostgreSQL, unixODBC or its driver is not here: ./run setup installs them",
)


def user():
    """Whom the server runs as: never root, who may not; "postgres" came with the package."""
    return "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def as_user(*words):
    words = [str(w) for w in words]
    if os.geteuid() == 0:
        words = ["runuser", "-u", user(), "--", *words]
    return subprocess.run(words, capture_output=True, encoding="utf-8", timeout=120, cwd="/",
                          env={**os.environ, "LC_ALL": "C"})


@contextlib.contextmanager
def server():
    """Starts a server, gives its folder, and stops it whatever happens."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kmseg-pg-", dir="/tmp"))
    binaries = pathlib.Path(PROGRAMS[0])
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user())
        secret = folder / "password"
        secret.write_text(PASSWORD + "\n")
        if os.geteuid() == 0:
            shutil.chown(secret, user())
        done = as_user(binaries / "initdb", "-D", folder / "data", "-U", "shop", "-E", "UTF8", "-A",
                       "scram-sha-256", f"--pwfile={secret}", "--no-sync")
        if done.returncode != 0:
            pytest.skip("initdb does not run here: " + done.stderr[-300:])
        done = as_user(binaries / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o",
                       f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off",
                       "start")
        if done.returncode != 0:
            pytest.skip("the server does not start here: " + done.stdout[-300:])
        yield folder
    finally:
        as_user(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def psql(folder, text):
    done = subprocess.run(
        [f"{PROGRAMS[0]}/psql", "-h", folder, "-U", "shop", "-d", "postgres", "-v",
         "ON_ERROR_STOP=1", "-At", "-c", text],
        capture_output=True, encoding="utf-8", timeout=120,
        env={**os.environ, "PGPASSWORD": PASSWORD},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def connection(folder, password=PASSWORD):
    return (f"Driver={DRIVERS[0]};Server={folder};Database=postgres;UID=shop;"
            f"PWD={password}")
