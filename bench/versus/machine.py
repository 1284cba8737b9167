"""What a measurement was made on."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _first_line(*words):
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.splitlines()[0].strip() if done.stdout else ""


def _value_of(path, name):
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(name) and ":" in line:
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def _commit():
    changed = _first_line("git", "status", "--porcelain", "--untracked-files=no", "--",
                          "lib", "cli", "bench")
    return _first_line("git", "rev-parse", "--short=12", "HEAD") + ("" if changed == "" else ", changed")


def _sets():
    flags = set(_value_of("/proc/cpuinfo", "flags").split())
    known = ("avx2", "avx512f", "avx512_vnni", "amx_int8")
    return " ".join(flag for flag in known if flag in flags) or "none listed"


def describe():
    memory = _value_of("/proc/meminfo", "MemTotal").split()
    gigabytes = f"{int(memory[0]) / 2**20:.0f} GiB" if memory[0].isdigit() else "unknown"
    cpu = _value_of("/proc/cpuinfo", "model name")
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": cpu if cpu != "unknown" else platform.machine(),
        "cpu family, model, stepping": ", ".join(_value_of("/proc/cpuinfo", name) for name in
                                                 ("cpu family", "model\t", "stepping")),
        "instruction sets": _sets(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": gigabytes,
        "kernel": platform.release().split("-")[0],
        "compiler": _first_line(os.environ.get("CC", "cc"), "--version"),
        "load at the start": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "commit": _commit(),
    }


def slug(machine):
    """Part of a file name: what the CPU is called, and its cores."""
    name = re.sub(r"\(r\)|\(tm\)|processor|cpu|@.*", " ", machine["cpu"].lower())
    name = re.sub(r"[^a-z0-9]+", "-", name).strip("-")
    return f"{name}-{machine['cores']}-cores"
