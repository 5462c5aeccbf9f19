//! A blind mutator: seeded, without coverage, the same mutants for the same seed. Knows no target.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// No mutant is longer.
const BYTES_MAX: usize = 8 << 10;
/// Numbers at whose edge decoders break: lengths, counts, signs.
const EDGES: [u64; 10] =
    [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, u64::MAX];

/// One of the seeds, changed at a few places.
pub fn mutant(seeds: &[Vec<u8>], dice: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seed(seeds, dice).to_vec();
    for _ in 0..dice.random_range(1..=6) {
        change(&mut bytes, seeds, dice);
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

fn seed<'s>(seeds: &'s [Vec<u8>], dice: &mut ChaCha8Rng) -> &'s [u8] {
    &seeds[dice.random_range(0..seeds.len())]
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut ChaCha8Rng) {
    let at = dice.random_range(0..=bytes.len());
    let end = (at + dice.random_range(1..=16)).min(bytes.len());
    match dice.random_range(0..10) {
        0 if at < end => bytes[at] ^= 1 << dice.random_range(0..8),
        1 if at < end => bytes[at] = dice.random(),
        2 if at < end => drop(bytes.drain(at..end)),
        3 => bytes.truncate(at),
        4 => {
            let again: Vec<u8> = bytes[at..end].repeat(dice.random_range(1..=32));
            bytes.splice(at..at, again);
        }
        5 => {
            let edge = EDGES[dice.random_range(0..EDGES.len())];
            bytes.splice(at..at, varint(edge));
        }
        6 => {
            let edge = EDGES[dice.random_range(0..EDGES.len())].to_le_bytes();
            let width = [1, 2, 4, 8][dice.random_range(0..4)];
            let end = (at + width).min(bytes.len());
            bytes[at..end].copy_from_slice(&edge[..end - at]);
        }
        7 => {
            let digits = EDGES[dice.random_range(0..EDGES.len())].to_string();
            bytes.splice(at..end, digits.into_bytes());
        }
        8 => {
            // The beginning of one and the end of another.
            let other = seed(seeds, dice);
            let from = dice.random_range(0..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ => {
            let signs = [&b"\""[..], b"{", b"[", b"]", b"}", b",", b"\n", b"\\u0000", b"\xff", b"-", b"."];
            let sign = signs[dice.random_range(0..signs.len())];
            bytes.splice(at..at, sign.iter().copied());
        }
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}
