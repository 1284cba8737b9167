"""Signals, forks, threads and memory: each in a process of its own."""

import os
import sys

import pytest

DATA = "import numpy as np, kmseg\nX = np.random.default_rng(0).normal(size=(200000, 16)).astype(np.float32)\n"


@pytest.mark.parametrize("callback", ["None", "lambda *_: None"])
def test_ctrl_c_stops_a_fit_that_would_take_hours(run_python, callback):
    printed = run_python(DATA + f"""
import os, signal, threading
km = kmseg.KMeans(4, random_state=0).fit(X)
before = km.cluster_centers_.tobytes()
km.set_params(n_clusters=64, n_init=100000, tol=0, max_iter=100000, callback={callback})
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    km.fit(X)
except KeyboardInterrupt:
    print("interrupted")
print(km.cluster_centers_.tobytes() == before)
print(threading.active_count())
print(kmseg.KMeans(4, random_state=0).fit(X).cluster_centers_.tobytes() == before)
""")
    assert printed.split() == ["interrupted", "True", "1", "True"]


def test_ctrl_c_stops_a_sweep(run_python):
    printed = run_python(DATA + """
import os, signal, threading
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    kmseg.sweep(X, range(2, 40), n_init=1000, tol=0, max_iter=100000)
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
""")
    assert printed == "interrupted 1\n"


def test_other_signal_handlers_run_while_a_fit_goes_on(run_python):
    printed = run_python(DATA + """
import os, signal, threading
class Enough(Exception): pass
def alarm(*_): raise Enough
signal.signal(signal.SIGALRM, alarm)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    kmseg.KMeans(64, n_init=100000, tol=0, max_iter=100000).fit(X)
except Enough:
    print("enough")
""")
    assert printed == "enough\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("n_threads", ["None", "2"])
def test_a_fork_neither_hangs_nor_crashes(run_python, n_threads):
    printed = run_python(DATA + f"""
import os, sys, warnings
warnings.simplefilter("ignore")
km = kmseg.KMeans(8, random_state=0, n_threads={n_threads})
expected = km.fit(X).labels_.tobytes()
for _ in range(3):
    child = os.fork()
    if child == 0:
        same = km.fit(X).labels_.tobytes() == expected
        os._exit(0 if same else 1)
    print(os.waitpid(child, 0)[1])
print(km.fit(X).labels_.tobytes() == expected)
""")
    assert printed.split() == ["0", "0", "0", "True"]


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_runs_it(run_python, backend):
    printed = run_python(DATA + f"""
from joblib import Parallel, delayed
X = X[:5000]
def fit(k): return kmseg.KMeans(k, random_state=0).fit(X).labels_.tobytes()
if __name__ == "__main__":
    alone = [fit(k) for k in range(2, 8)]
    print(Parallel(n_jobs=2, backend="{backend}")(delayed(kmseg.KMeans(k, random_state=0).fit)(X)
          for k in range(2, 8))[0].labels_.tobytes() == alone[0])
""")
    assert printed == "True\n"


def test_threads_follow_limits_and_two_openmp_runtimes_live_together(run_python):
    printed = run_python("""
import numpy as np, sklearn.cluster, kmseg, warnings
warnings.simplefilter('ignore')
from threadpoolctl import threadpool_limits
X = np.random.default_rng(0).normal(size=(2000, 4))
free = kmseg.n_threads()
with threadpool_limits(1):
    print(kmseg.n_threads())
print(kmseg.n_threads() == free)
for _ in range(2):
    sklearn.cluster.KMeans(4, n_init=1, max_iter=3, tol=0).fit(X)
    kmseg.KMeans(4).fit(X)
print("both")
""")
    assert printed.split() == ["1", "True", "both"]
    assert run_python("import kmseg; print(kmseg.n_threads())", OMP_NUM_THREADS="1") == "1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_float32_array_is_not_copied_beyond_the_tiles(run_python):
    # Peak while fitting, the array itself counted; tiles are 2 or 4 bytes per value of 4.
    times = float(run_python("""
import numpy as np, kmseg
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024
kmseg.KMeans(2).fit(np.zeros((4, 2), np.float32) + [[1], [2], [3], [4]])
before = peak()
X = np.random.default_rng(0).standard_normal((500000, 16), np.float32)
kmseg.KMeans(4, init=X[:4], max_iter=2).fit(X)
print((peak() - before) / X.nbytes)
"""))
    assert 1 < times <= 2.2
