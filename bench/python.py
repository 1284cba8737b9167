"""What the Python package adds to the library: time of a call that has next to nothing to do, and peak memory
while fitting, scikit-learn beside. Run by `./run bench --python`.

Time is of the whole method, scikit-learn's checks of its arguments included; the least of many calls. Memory
is the peak of a process of its own less what it had before the array was made, as a multiple of the array.
"""

import subprocess
import sys
import time

import kmseg
import numpy as np
import sklearn.cluster

CALLS = 300
PEAK = """
import numpy as np, {module} as module
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) * 1024
small = np.zeros((4, 2), np.float32) + [[1], [2], [3], [4]]
module.KMeans(2).fit(small)
before = peak()
X = np.random.default_rng(0).standard_normal((4_000_000, 16), np.float32)
module.KMeans(8, init=X[:8].copy(), n_init=1, max_iter=3, tol=0).fit(X)
print((peak() - before) / X.nbytes)
"""


def least(call):
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def main():
    X = np.random.default_rng(0).normal(size=(10, 2))
    print("ms of a call, 10 x 2, k 2         kmseg   scikit-learn")
    fitted = {module: module.KMeans(2, init=X[:2], n_init=1).fit(X) for module in (kmseg, sklearn.cluster)}
    for name in ("fit", "predict", "transform", "score"):
        print(f"{name:30}{least(lambda: getattr(fitted[kmseg], name)(X)):9.3f}"
              f"{least(lambda: getattr(fitted[sklearn.cluster], name)(X)):15.3f}")
    peaks = [float(subprocess.run([sys.executable, "-W", "ignore", "-c", PEAK.format(module=module)], check=True,
                                  capture_output=True, encoding="utf-8").stdout)
             for module in ("kmseg", "sklearn.cluster")]
    print(f"peak memory, 4e6 x 16 float32 {peaks[0]:9.2f}{peaks[1]:15.2f}")


if __name__ == "__main__":
    main()
