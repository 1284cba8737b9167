"""What a data scientist's script does from a CSV of numbers to segments in HDF5; a process of its own.

pipeline_fit.py pandas|polars INPUT.csv OUTPUT.h5 K ITERATIONS prints a JSON object of seconds: read,
scale, fit, write, and all of them together. Importing the libraries is not counted."""

import json
import sys
import time
import warnings


def with_pandas():
    import numpy as np
    import pandas as pd
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    def read(path):
        return pd.read_csv(path, dtype=np.float32).to_numpy()

    return read, StandardScaler(copy=False).fit_transform, KMeans


def with_polars():
    import polars as pl
    from sklearnex.cluster import KMeans

    def read(path):
        names = pl.scan_csv(path).collect_schema().names()
        return pl.read_csv(path, schema={name: pl.Float32 for name in names})

    def scale(table):
        every = pl.all()
        scaled = table.select((every - every.mean()) / every.std(ddof=0))
        return scaled.to_numpy(order="c")

    return read, scale, KMeans


def main():
    library, source, target, k, iterations = sys.argv[1:]
    read, scale, kmeans = {"pandas": with_pandas, "polars": with_polars}[library]()
    import h5py

    warnings.simplefilter("ignore")
    clock = [time.perf_counter()]

    def lap():
        clock.append(time.perf_counter())

    table = read(source)
    lap()
    x = scale(table)
    del table
    lap()
    model = kmeans(n_clusters=int(k), init="k-means++", n_init=1, max_iter=int(iterations), tol=0,
                   random_state=1).fit(x)
    lap()
    with h5py.File(target, "w") as file:
        file["labels"], file["centroids"] = model.labels_, model.cluster_centers_
    lap()
    names = ("read", "scale", "fit", "write")
    out = {name: after - before for name, before, after in zip(names, clock, clock[1:])}
    out.update(seconds=clock[-1] - clock[0], n_iter=int(model.n_iter_),
               inertia=float(model.inertia_))
    print(json.dumps(out))


if __name__ == "__main__":
    main()
