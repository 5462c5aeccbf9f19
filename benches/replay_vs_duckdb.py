"""10 M attendance records through `wagewatch replay`, and DuckDB grouping the same file by
(project, worker, day), in turns on the same machine: read the ratios, not the seconds.

    cargo build --release && pip install duckdb && python3 benches/replay_vs_duckdb.py

Makes the file once (deterministic, about 2.3 GB for 10 M records) in --dir.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import time

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_number(n):
    """A made-up identity with a right check character."""
    born = f"{1960 + n % 40}{1 + n // 40 % 12:02}{1 + n // 480 % 28:02}"
    digits = f"150621{born}{n // 13440 % 1000:03}"
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, WEIGHTS)) % 11]


def make(path, records, workers, projects):
    """Swipes as gates send them: day by day, project by project, two a worker; then shuffled within
    the day, as many gates send at once."""
    rng = random.Random(724)
    people = [(f"DLT-2026-{n % projects:04}", id_number(n), f"gate-{n % projects}-{n % 3}") for n in range(workers)]
    days = -(-records // (2 * workers))
    left, number = records, 0
    with open(path + ".part", "w", buffering=1 << 20) as out:
        for day in range(days):
            date = f"2026-{3 + day // 28:02}-{1 + day % 28:02}"
            swipes = [(w, side) for w in range(workers) for side in (0, 1)]
            rng.shuffle(swipes)
            for worker, side in swipes[:left]:
                project, person, gate = people[worker]
                at = f"{date}T{(7, 18)[side]:02}:{worker % 60:02}:{(worker * 7 + day) % 60:02}+08:00"
                out.write(
                    f'{{"type":"attendance","id":"{gate}-{number:09}","source":"{gate}","at":"{at}",'
                    f'"project_id":"{project}","id_number":"{person}","swiped_at":"{at}",'
                    f'"direction":"{("in", "out")[side]}"}}\n'
                )
                number += 1
            left -= len(swipes[:left])
    os.rename(path + ".part", path)


def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    took = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.returncode}\n{done.stdout}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, cpu


DUCKDB = """
import duckdb, sys
con = duckdb.connect(config={"threads": int(sys.argv[2])})
con.execute(f'''
    copy (
        select project_id, id_number, cast(left(swiped_at, 10) as date) as day,
               min(swiped_at) as first, max(swiped_at) as last
        from read_json('{sys.argv[1]}', format='newline_delimited', columns={{
            type: 'varchar', id: 'varchar', source: 'varchar', "at": 'varchar', project_id: 'varchar',
            id_number: 'varchar', swiped_at: 'varchar', direction: 'varchar'}})
        group by all
    ) to '/dev/null' (format csv)
''') if len(sys.argv) > 3 else con.execute(f'''
    create temp table days as
        select project_id, id_number, cast(left(swiped_at, 10) as date) as day,
               min(swiped_at) as first, max(swiped_at) as last
        from read_json('{sys.argv[1]}', format='newline_delimited', columns={{
            type: 'varchar', project_id: 'varchar', id_number: 'varchar', swiped_at: 'varchar'}})
        group by all
''')
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=100_000)
    parser.add_argument("--projects", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dir", default="out")
    parser.add_argument("--wagewatch", default="target/release/wagewatch")
    args = parser.parse_args()
    os.makedirs(args.dir, exist_ok=True)
    path = os.path.join(args.dir, f"swipes-{args.records}-{args.workers}.ndjson")
    if not os.path.exists(path):
        make(path, args.records, args.workers, args.projects)
    with open(path, "rb") as warm:
        while warm.read(1 << 24):
            pass
    report = os.path.join(args.dir, "report.ndjson")
    ours = [args.wagewatch, "replay", "--as-of", "2026-08-01", "--report", report, path]
    theirs = [sys.executable, "-c", DUCKDB, path, str(os.cpu_count())]
    best = {}
    for turn in range(args.rounds):
        for name, command in (("wagewatch", ours), ("duckdb", theirs)):
            took, cpu = timed(command)
            print(f"{turn + 1}  {name:<10} {took:7.2f} s  {cpu:7.2f} s of cpu  {args.records / took / 1e6:6.2f} M records/s")
            best[name] = min(best.get(name, took), took)
    print(f"duckdb / wagewatch, best of {args.rounds}: {best['duckdb'] / best['wagewatch']:.2f}")


if __name__ == "__main__":
    main()
