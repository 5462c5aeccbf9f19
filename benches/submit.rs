//! Records a second through `Submit` and `SubmitStream`: a whole service on a folder of its own, four
//! connections, batches of 500 attendance records of 100,000 enrolled workers, each answered when
//! it is durable. Clients run in the same process and count in.
//! `cargo bench --bench submit [-- --connections 4 --calls 4 --batches 4000 --rounds 2]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd::{self, Call};
use house::drive::{self, Driven};
use house::{House, percentile, row, setting};

const WORKERS: u64 = 100_000;

fn main() {
    let (connections, calls) = (setting("connections", 4), setting("calls", 4));
    let (batches, size, rounds) = (setting("batches", 4000), setting("size", 500), setting("rounds", 2));
    let dir = tempfile::tempdir().unwrap();
    let house = House::start(house::config(dir.path()));
    let first = crowd::day("2026-03-01");
    crowd::load(&house.engine, std::iter::once(wagewatch::domain::Entry::Date(first)));
    crowd::load(&house.engine, crowd::papers(0..WORKERS, first));
    let mut rows = Vec::new();
    for round in 0..rounds {
        for call in [Call::Submit, Call::Stream] {
            // Each drive brings days that are new.
            let month = u16::try_from(round * 2 + u64::from(call == Call::Stream)).unwrap();
            let begin = first.period().unwrap().plus(month).first_day();
            let requests = crowd::requests(WORKERS, begin, batches, size, call);
            let (name, driven) = match call {
                Call::Submit => {
                    ("Submit", house.runtime.block_on(drive::unary(house.grpc, connections, calls, requests)))
                }
                Call::Stream => (
                    "SubmitStream",
                    house.runtime.block_on(drive::streams(house.grpc, connections, requests)),
                ),
            };
            rows.extend(report(name, round, driven));
        }
    }
    house.end();
    let title = format!("{connections} connections, {calls} calls on each, batches of {size}, durable");
    house::table(&title, &rows);
}

fn report(name: &str, round: u64, mut driven: Driven) -> Vec<(String, String, String)> {
    let rate = driven.records as f64 / driven.cost.seconds;
    let by_processor = driven.cost.rate_on_two_cores(driven.records);
    let (p50, p99) = (percentile(&mut driven.batch_ms, 0.5), percentile(&mut driven.batch_ms, 0.99));
    vec![
        row(
            format!("{name}, round {}", round + 1),
            "300,000 records/s",
            format!("{rate:.0} records/s in {:.1} s; {}", driven.cost.seconds, driven.cost.machine()),
        ),
        row("  by processor time, on 2 cores", "", format!("{by_processor:.0} records/s")),
        row("  a batch, p50 / p99", "", format!("{p50:.1} / {p99:.1} ms")),
    ]
}
