"""Worker processes, one per peer and number of threads, each on the same CPUs with as many threads."""

import json
import os
import pathlib
import select
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ANSWER_SECONDS = 900

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                    "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")


class PeerFailed(Exception):
    """A peer could not do it; the message says why."""


def cpus(threads):
    """The first so many of the CPUs that this process may use."""
    return sorted(os.sched_getaffinity(0))[:threads]


def environment(threads, bound):
    """bound: OpenMP keeps each thread on a CPU of its own."""
    out = {name: value for name, value in os.environ.items()
           if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    out.update({name: str(threads) for name in THREAD_VARIABLES})
    if bound:
        out.update(OMP_PROC_BIND="true", OMP_PLACES="cores")
    return out


def on_cpus(threads):
    """What a child does before it becomes the program."""
    chosen = cpus(threads)
    return lambda: os.sched_setaffinity(0, chosen)


class Worker:
    def __init__(self, peer, threads, bound, log):
        self.peer, self.threads, self.bound = peer, threads, bound
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), peer, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            env=environment(threads, bound), preexec_fn=on_cpus(threads))
        self.version = self.ask("hello")["version"]

    def ask(self, do, **request):
        process = self.process
        try:
            process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(f"{self.peer} ended with status {process.wait()}") from None
        if not select.select([process.stdout], [], [], ANSWER_SECONDS)[0]:
            process.kill()
            raise PeerFailed(f"{self.peer} did not answer within {ANSWER_SECONDS} s")
        line = process.stdout.readline()
        if not line:
            raise PeerFailed(f"{self.peer} ended with status {process.wait()}")
        answer = json.loads(line)
        if "failed" in answer:
            raise PeerFailed(f"{self.peer}: {answer['failed']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Pool:
    """Starts a worker when it is first asked for, and keeps it. A peer that fails is left out from
    then on for that number of threads, and failures says why."""

    def __init__(self, log):
        self.log = log
        self.workers = {}
        self.failures = {}
        self.bound = {}  # (peer, threads): whether its OpenMP threads are bound

    def worker(self, peer, threads):
        key = (peer, threads)
        if key not in self.workers:
            self.workers[key] = Worker(peer, threads, self.bound.get(key, True), self.log)
        return self.workers[key]

    def ask(self, peer, threads, do, **request):
        """None from a peer that has failed, now or before."""
        if (peer, threads) in self.failures:
            return None
        try:
            return self.worker(peer, threads).ask(do, **request)
        except PeerFailed as failure:
            self.failures[peer, threads] = str(failure)
            print(f"  left out from here on: {failure}", file=sys.stderr)
            return None

    def stop(self, peer, threads):
        worker = self.workers.pop((peer, threads), None)
        if worker is not None:
            worker.close()

    def close(self):
        for worker in self.workers.values():
            worker.close()
        self.workers = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
