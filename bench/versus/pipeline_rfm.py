"""What a data scientist's script does from an order log to a line per customer: day of the last order,
number of orders, sum of amounts; a process of its own.

pipeline_rfm.py duckdb|polars INPUT.csv OUTPUT.csv THREADS prints a JSON object of seconds. Importing
the libraries is not counted."""

import json
import sys
import time


def with_duckdb(source, target, threads):
    import duckdb

    def run():
        database = duckdb.connect(config={"threads": threads})
        columns = [name for name, *_ in database.execute(
            "SELECT * FROM read_csv(?) LIMIT 0", [source]).description]
        amount = "amount" if "amount" in columns else "quantity * unit_price"
        database.execute(
            f"""COPY (SELECT customer_id, max(order_date)::DATE AS last_day,
                             count(DISTINCT order_id) AS orders, sum({amount}) AS total
                      FROM read_csv('{source}', types={{'customer_id': 'VARCHAR'}})
                      GROUP BY customer_id) TO '{target}' (HEADER)""")

    return run


def with_polars(source, target, threads):
    del threads  # POLARS_MAX_THREADS says it
    import polars as pl

    def run():
        log = pl.scan_csv(source, try_parse_dates=True, schema_overrides={"customer_id": pl.String})
        names = log.collect_schema().names()
        amount = (pl.col("amount") if "amount" in names
                  else pl.col("quantity") * pl.col("unit_price"))
        (log.group_by("customer_id")
         .agg(pl.col("order_date").max().cast(pl.Date).alias("last_day"),
              pl.col("order_id").n_unique().alias("orders"), amount.sum().alias("total"))
         .collect(engine="streaming").write_csv(target))

    return run


def main():
    library, source, target, threads = sys.argv[1:]
    run = {"duckdb": with_duckdb, "polars": with_polars}[library](source, target, int(threads))
    begin = time.perf_counter()
    run()
    print(json.dumps({"seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
