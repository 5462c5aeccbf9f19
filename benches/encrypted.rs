//! What encryption on disk costs on the main path: two whole services, one plain and one under a key, are given the same
//! batches by `Submit`, in turns, each answered when it is durable. Clients run in the same process and count in.
//! `cargo bench --bench encrypted [-- --suite aes-256-gcm-siv --turns 8 --batches 1500 --size 500]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "ratios for people to read")]

mod house;

use house::crowd::{self, Call};
use house::drive::{self, Driven};
use house::{House, row, setting, text_setting};
use std::path::Path;
use wagewatch::app::config::KeysFile;
use wagewatch::app::data_keys;
use wagewatch::cipher::Suite;
use wagewatch::domain::{Day, Entry};

const WORKERS: u64 = 100_000;

fn main() {
    let suite = text_setting("suite").map_or(Suite::Aes256GcmSiv, |name| Suite::parse(&name).unwrap());
    let (turns, batches, size) = (setting("turns", 8), setting("batches", 1500), setting("size", 500));
    let dir = tempfile::tempdir().unwrap();
    let first = crowd::day("2026-03-01");
    let plain = filled(&dir.path().join("plain"), None, first);
    let encrypted = filled(&dir.path().join("encrypted"), Some((suite, dir.path())), first);
    let mut ratios: Vec<(f64, f64)> = Vec::new();
    let mut machine = String::new();
    for turn in 0..turns {
        let begin = first.period().unwrap().plus(u16::try_from(turn).unwrap()).first_day();
        let mut of = |house: &House| {
            let requests = crowd::requests(WORKERS, begin, batches, size, Call::Submit);
            let driven = house.runtime.block_on(drive::unary(house.grpc, 4, 4, requests));
            machine = driven.cost.machine();
            times(&driven)
        };
        // Each goes first in every other turn.
        let (bare, sealed) = match turn % 2 {
            0 => (of(&plain), of(&encrypted)),
            _ => {
                let sealed = of(&encrypted);
                (of(&plain), sealed)
            }
        };
        ratios.push((sealed.0 / bare.0, sealed.1 / bare.1));
    }
    plain.end();
    encrypted.end();
    let shown = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        let (least, median, most) = (all[0], all[all.len() / 2], all[all.len() - 1]);
        format!("{median:.3} ({least:.2} to {most:.2})")
    };
    let (clock, own) = ratios.iter().copied().unzip();
    house::table(
        &format!("{} against plain, {turns} turns of {} records; {machine}", suite.as_str(), batches * size),
        &[
            row("time by the clock, median (range)", "1.05", shown(clock)),
            row("processor time, clients included", "1.05", shown(own)),
        ],
    );
}

/// A service that knows the workers; under a new key of that suite, whose file stands in that folder.
fn filled(folder: &Path, keys: Option<(Suite, &Path)>, first: Day) -> House {
    let mut config = house::config(folder);
    config.security.keys = keys.map(|(suite, beside)| {
        let path = beside.join("data.keys");
        let ring = data_keys::create(&path, suite).unwrap();
        KeysFile { path, ring }
    });
    let house = House::start(config);
    crowd::load(&house.engine, std::iter::once(Entry::Date(first)));
    crowd::load(&house.engine, crowd::papers(0..WORKERS, first));
    house
}

/// By the clock, and of processors.
fn times(driven: &Driven) -> (f64, f64) {
    (driven.cost.seconds, driven.cost.own)
}
