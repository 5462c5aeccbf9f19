"""A file of swipes through `wagewatch replay`, and DuckDB grouping the same file by (project, worker,
day), in turns on the same machine: read the ratios, not the seconds.

    cargo bench --bench replay -- --make      # once: makes target/tmp/swipes-10000000.ndjson
    cargo build --release && pip install duckdb && python3 benches/replay_vs_duckdb.py

`replay` settles, judges and writes the report as well; DuckDB groups only.
"""

import argparse
import os
import resource
import subprocess
import sys
import time

DUCKDB = """
import duckdb, sys
con = duckdb.connect(config={"threads": int(sys.argv[2])})
con.execute(f'''
    create temp table days as
        select project_id, id_number, cast(left(swiped_at, 10) as date) as day,
               min(swiped_at) as first, max(swiped_at) as last
        from read_json('{sys.argv[1]}', format='newline_delimited', columns={{
            type: 'varchar', project_id: 'varchar', id_number: 'varchar', swiped_at: 'varchar'}})
        group by all
''')
"""


def timed(command):
    """Seconds on the clock, and of processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    took = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.returncode}\n{done.stdout}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wagewatch", default="target/release/wagewatch")
    args = parser.parse_args()
    path = f"target/tmp/swipes-{args.records}.ndjson"
    if not os.path.exists(path):
        sys.exit(f"{path} is not there: cargo bench --bench replay -- --make --records {args.records}")
    with open(path, "rb") as warm:
        while warm.read(1 << 24):
            pass
    replay = [args.wagewatch, "replay", "--as-of", "2026-08-01", "--report", "target/tmp/report.ndjson", path]
    duckdb = [sys.executable, "-c", DUCKDB, path, str(os.cpu_count())]
    best = {}
    for turn in range(args.rounds):
        for name, command in (("wagewatch", replay), ("duckdb", duckdb)):
            took, cpu = timed(command)
            rate = args.records / took / 1e6
            print(f"{turn + 1}  {name:<10}{took:8.2f} s {cpu:8.2f} s of processor {rate:6.2f} M records/s", flush=True)
            least = best.get(name, (took, cpu))
            best[name] = (min(least[0], took), min(least[1], cpu))
    clock, processor = (best["duckdb"][at] / best["wagewatch"][at] for at in (0, 1))
    print(f"duckdb / wagewatch, best of {args.rounds}: {clock:.2f} on the clock, {processor:.2f} of processor")


if __name__ == "__main__":
    main()
