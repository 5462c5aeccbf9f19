//! What strangers, damaged disks and clumsy hands may put before the decoders: each decoder as a target that takes any
//! bytes. A target ends as a record or a rejection, never in a panic; takes no more memory than so many times what it
//! was given; and what it has decoded comes back when it is encoded. Run by libFuzzer (`fuzz_targets/`), by the blind
//! mutator (`blind`), and with the regressions by `tests/hostile.rs`.

pub mod inner;
pub mod mutate;
pub mod outer;
pub mod seeds;

/// One decoder, or those that take the same kind of bytes.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// How many bytes may be allocated for each byte that was given, all allocations counted as if none were given
    /// back; and [`FLOOR`] beside it.
    pub factor: u64,
}

/// Bytes that any target may allocate, whatever it is given: tables, first buffers, errors in words.
pub const FLOOR: u64 = 1 << 20;

pub const TARGETS: [Target; 13] = [
    Target { name: "json", run: outer::json, factor: 200 },
    Target { name: "protobuf", run: outer::protobuf, factor: 400 },
    Target { name: "csv", run: outer::csv, factor: 400 },
    // LZ4 makes 255 bytes of one at most, and an entry in memory is a hundred times the two bytes that it may take.
    Target { name: "block", run: inner::block, factor: 255 * 200 },
    Target { name: "codec", run: inner::codec, factor: 2000 },
    Target { name: "page", run: inner::page, factor: 255 * 200 },
    Target { name: "value", run: inner::value, factor: 300 },
    Target { name: "cursor", run: inner::cursor, factor: 200 },
    Target { name: "config", run: outer::config, factor: 2000 },
    Target { name: "console", run: outer::console, factor: 2000 },
    Target { name: "act", run: outer::act, factor: 400 },
    Target { name: "phrase", run: outer::phrase, factor: 200 },
    Target { name: "credential", run: outer::credential, factor: 400 },
];

pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs one target on these bytes, within its memory.
///
/// # Panics
/// When the target does not keep what it promises; that is what a fuzzer looks for.
pub fn run(name: &str, bytes: &[u8]) {
    let target = target(name).unwrap_or_else(|| panic!("there is no target {name}"));
    outer::warm();
    let before = allocated();
    (target.run)(bytes);
    let took = allocated() - before;
    let may = FLOOR + target.factor * bytes.len() as u64;
    assert!(took <= may, "{name}: {took} bytes were allocated for {} that came; at most {may}", bytes.len());
}

/// Bytes that this thread has ever asked the allocator for.
fn allocated() -> u64 {
    tikv_jemalloc_ctl::thread::allocatedp::read().map_or(0, |counter| counter.get())
}
