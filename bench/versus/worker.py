"""One peer in a process of its own, with its own threads: reads a JSON request a line from standard
input, answers with a JSON line. worker.py PEER THREADS"""

import gc
import json
import os
import sys
import traceback

import numpy as np

import peers
import truth


def status_bytes(field):
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise KeyError(field)


class Worker:
    def __init__(self, peer, threads):
        self.peer = peers.PEERS[peer](threads)
        self.x = self.start = self.last = None

    def hello(self):
        return {"version": self.peer.version(), "cpus": len(os.sched_getaffinity(0))}

    def load(self, samples, start):
        self.drop()
        self.x, self.start = np.load(samples), np.load(start)
        return {}

    def drop(self):
        self.x = self.start = self.last = None
        gc.collect()
        return {}

    def fit(self, iterations, tol=0.0):
        self.last = None
        k = len(self.start)
        self.last = self.peer.fit(self.x, k, self.start, iterations, tol)
        return {"seconds": self.last.seconds, "n_iter": int(self.last.n_iter),
                "parts": self.last.parts}

    def fit_by(self, algorithm, iterations):
        """kmseg alone: the same by one of its algorithms."""
        self.peer.algorithm = algorithm
        answer = self.fit(iterations)
        self.peer.algorithm = None
        return answer

    def inertia(self):
        """Of the last fit, in float64."""
        return {"inertia": truth.inertia(self.x, self.last.labels, self.last.centroids),
                "reported": self.last.inertia}

    def save_labels(self, path):
        np.save(path, self.last.labels.astype(np.int32))
        return {}

    def seeding(self, k, seed):
        seconds, inertia = self.peer.seeding(self.x, k, seed)
        return {"seconds": seconds, "inertia": inertia}

    def sweep(self, first_k, last_k, restarts, iterations, tol, seed):
        seconds, inertias = self.peer.sweep(self.x, range(first_k, last_k + 1), restarts,
                                            iterations, tol, seed)
        return {"seconds": seconds, "inertias": inertias}

    def same_bytes(self, iterations):
        """kmseg alone: how many of all its threads and kernels give other bytes than the first."""
        return self.peer.same_bytes(self.x, self.start, iterations)

    def peaks(self):
        """Of one core: float32 flops and bytes read per second."""
        return self.peer.peaks()

    def memory(self, iterations):
        """Bytes beyond what the process had before the fit, at the peak; a fit of a few rows has
        set up threads and pools by then."""
        k = len(self.start)
        few = np.ascontiguousarray(self.x[:20 * k])
        self.peer.fit(few, k, self.start, 2)
        gc.collect()
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # the peak begins anew
        before = status_bytes("VmRSS")
        fitted = self.peer.fit(self.x, k, self.start, iterations)
        return {"bytes": status_bytes("VmHWM") - before, "array": self.x.nbytes,
                "n_iter": int(fitted.n_iter)}


def main():
    # Some libraries print; only answers go where answers are expected.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # the runner decides what a failure means
            traceback.print_exc()
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
