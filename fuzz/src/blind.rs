//! `blind SECONDS TARGET FOLDER`: mutates blindly for so long, and writes a mutant that breaks the target into the
//! folder. `blind --seeds FOLDER`: the seeds as files, a folder a target, for a fuzzer that starts from files.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::time::{Duration, Instant};
use wagewatch_fuzz::{TARGETS, Target, mutate, run, seeds, target};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, folder] if flag == "--seeds" => write_seeds(Path::new(folder)),
        [seconds, name, folder] => fuzz(target(name).expect("a target's name"), seconds, Path::new(folder)),
        _ => panic!("usage: blind SECONDS TARGET FOLDER | blind --seeds FOLDER"),
    }
}

fn write_seeds(folder: &Path) {
    for one in &TARGETS {
        let into = folder.join(one.name);
        std::fs::create_dir_all(&into).expect("a folder");
        for (at, seed) in seeds::of(one.name).iter().enumerate() {
            std::fs::write(into.join(format!("seed-{at:03}")), seed).expect("a file");
        }
    }
}

fn fuzz(one: &Target, seconds: &str, folder: &Path) {
    let seconds: u64 = seconds.parse().expect("whole seconds");
    let seeds = seeds::of(one.name);
    let begun = Instant::now();
    let mut runs = 0u64;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let bytes = mutate::mutant(&seeds, &mut ChaCha8Rng::seed_from_u64(runs));
        if std::panic::catch_unwind(|| run(one.name, &bytes)).is_err() {
            let file = folder.join(format!("{}-{runs}", one.name));
            std::fs::write(&file, &bytes).expect("a file");
            panic!("{}: broke at mutant {runs}, kept in {}", one.name, file.display());
        }
        runs += 1;
    }
    println!("{}: {runs} mutants in {seconds} s, none broke it", one.name);
}
