//! Power cuts and a full disk, on a real ext4: what was acknowledged is there afterwards.
//!
//! A file system in a file is mounted through a loop device. A child process writes log and store
//! on it and says through a pipe what was acknowledged; then the file system is shut down in full
//! flight without flushing its journal (`FS_IOC_SHUTDOWN`), mounted again, and read. What only the
//! kernel had is lost by that, as in a power cut; a control file that is never synced proves it.
//! Not simulated: a disk that loses what it has said to have flushed.
//!
//! This needs root, loop devices, ext4 and python3. Where they lack it says so, loudly:
//! `power cut NOT SIMULATED`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first thing amiss")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wagewatch::cipher::{DataKeys, Key, KeyRing, Suite};
use wagewatch::domain::{Day, Door, Entry, Position, Reason, Rejected};
use wagewatch::log::{self, DataFolder, Log, LogError, LogOptions, SegmentLog};
use wagewatch::store::{Changes, EncryptedStore, SledStore, Store};

const WRITER: &str = "WAGEWATCH_POWER_CUT_WRITER";
const WRITER_RESTS_AFTER: &str = "WAGEWATCH_POWER_CUT_RESTS_AFTER";
/// So many more pages in the store that it is emptied of half dead segments as it is written.
const WRITER_BALLAST: &str = "WAGEWATCH_POWER_CUT_BALLAST";
/// Set: log and store are encrypted.
const WRITER_KEYED: &str = "WAGEWATCH_POWER_CUT_KEYED";
const REWRITER: &str = "WAGEWATCH_POWER_CUT_REWRITER";
const PAGES: u64 = 48;
const CHECKPOINT_EVERY: u64 = 8;
const UNSYNCED_BYTES: u64 = 300_000;

/// A small ext4 in a file, mounted; taken down when dropped.
struct Disk {
    _dir: tempfile::TempDir,
    device: String,
    mounted: PathBuf,
}

impl Disk {
    fn new(megabytes: u64) -> Result<Disk, String> {
        if run("id", &["-u"])?.trim() != "0" {
            return Err("not root".into());
        }
        run("python3", &["-c", "import fcntl"])?;
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let image = dir.path().join("image");
        let file = std::fs::File::create(&image).map_err(|e| e.to_string())?;
        file.set_len(megabytes << 20).map_err(|e| e.to_string())?;
        let image = image.display().to_string();
        run("mkfs.ext4", &["-q", "-F", "-m", "0", &image])?;
        let mounted = dir.path().join("mounted");
        std::fs::create_dir(&mounted).map_err(|e| e.to_string())?;
        let device = run("losetup", &["--find", "--show", &image])?.trim().to_owned();
        let disk = Disk { _dir: dir, device, mounted };
        disk.mount()?;
        Ok(disk)
    }

    fn mount(&self) -> Result<(), String> {
        run("mount", &[&self.device, &self.mounted.display().to_string()]).map(|_| ())
    }

    /// Everything that is not on the disk yet is gone. Returns when it began, in Unix nanoseconds.
    fn cut_power(&self) -> u128 {
        // EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH.
        let code = "import fcntl, os, struct, sys, time\n\
                    disk, how = os.open(sys.argv[1], os.O_RDONLY), struct.pack('I', 2)\n\
                    began = time.time_ns()\n\
                    fcntl.ioctl(disk, 0x8004587D, how)\n\
                    print(began)";
        let began = run("python3", &["-c", code, &self.mounted.display().to_string()]).unwrap();
        began.trim().parse().unwrap()
    }

    fn remount(&self) {
        self.unmount().unwrap();
        self.mount().unwrap();
    }

    fn unmount(&self) -> Result<(), String> {
        let mounted = self.mounted.display().to_string();
        let mut last = Ok(String::new());
        for _ in 0..50 {
            last = run("umount", &[&mounted]);
            if last.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        last.map(|_| ())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.unmount();
        let _ = run("losetup", &["--detach", &self.device]);
    }
}

fn run(program: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(args).output().map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn disk(megabytes: u64) -> Option<Disk> {
    match Disk::new(megabytes) {
        Ok(disk) => Some(disk),
        Err(why) => {
            // Past the capture of the test harness: this must be seen.
            let _ = writeln!(std::io::stderr(), "\n*** power cut NOT SIMULATED: {why}\n");
            None
        }
    }
}

/// Bytes that follow from `seed` alone and do not compress.
fn noise(seed: u64, length: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect()
}

fn batch(position: u64) -> Vec<Entry> {
    let entry = |line: u64| {
        let raw = noise(position * 10 + line, position * 7919 % 15_000).into();
        let reason = Reason::missing("record", "a record");
        let (file, raw_len) = ("f".into(), position);
        Entry::Rejected(Box::new(Rejected {
            door: Door::File,
            file,
            line,
            id: None,
            source: None,
            reason,
            raw,
            raw_len,
        }))
    };
    (1..=3).map(entry).collect()
}

// Every checkpoint writes some of the pages, so that a half-applied one would show.
fn page_written_at(page: u64, checkpoint: u64) -> u64 {
    (0..4)
        .map(|back| checkpoint.saturating_sub(back))
        .find(|c| (c + page).is_multiple_of(4) || *c == 0)
        .unwrap_or(0)
}

fn page(number: u64, checkpoint: u64) -> Vec<u8> {
    let length = if number == 0 { 200_000 } else { 500 + number * 131 };
    noise(checkpoint * 1000 + number, length)
}

/// One in twenty with every checkpoint; all with the first.
fn ballast_is_due(number: u64, checkpoint: u64) -> bool {
    checkpoint == 1
        || (number ^ checkpoint.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b) >> 7 & 0xff < 13
}

fn ballast_key(number: u64) -> Vec<u8> {
    [b"b".as_slice(), &number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()].concat()
}

fn ballast(number: u64, checkpoint: u64) -> Vec<u8> {
    [number, checkpoint].map(u64::to_le_bytes).concat().repeat(64)
}

/// The same two keys in every life, and a session of its own.
fn keys() -> DataKeys {
    let key = |n: u8, suite| Key::new(suite, Day(20_000), [n; 32]).unwrap();
    let mut ring = KeyRing::new(key(1, Suite::Sm4Gcm));
    ring.add(key(2, Suite::Aes256GcmSiv));
    DataKeys::new(ring, rand::random())
}

fn open_log(dir: &Path, keyed: bool) -> (SegmentLog, Position, Option<String>) {
    let options = LogOptions { segment_bytes: 300_000, ..LogOptions::default() };
    let (log, recovery) = SegmentLog::open_with(&dir.join("log"), options, keyed.then(keys)).unwrap();
    (log, recovery.head, recovery.torn.map(|t| t.what))
}

fn open_store(dir: &Path, keyed: bool) -> (Box<dyn Store>, u64) {
    let sled = SledStore::open(&dir.join("store"), 16 << 20).unwrap();
    let store: Box<dyn Store> = match keyed {
        false => Box::new(sled),
        true => Box::new(EncryptedStore::open(sled, keys(), <[u8]>::len, [7; 32]).unwrap()),
    };
    let checkpoint = store.get(b"checkpoint").unwrap();
    (store, checkpoint.map_or(0, |b| u64::from_le_bytes(b.try_into().unwrap())))
}

/// Not a test by itself: the child process of the test below, when the variable is set.
#[test]
fn writer() {
    let Some(dir) = std::env::var_os(WRITER).map(PathBuf::from) else { return };
    // A new name in each life: ext4 writes a file out at once that replaces another.
    let control = |checkpoint: u64| dir.join(format!("unsynced-{}-{checkpoint}", std::process::id()));
    let unsynced = noise(1, UNSYNCED_BYTES);
    let say = |word: &str, number: u64| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\nacknowledged {word} {number} {now}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let rests_after = std::env::var(WRITER_RESTS_AFTER).map_or(u64::MAX, |n| n.parse().unwrap());
    let ballasts = std::env::var(WRITER_BALLAST).map_or(0, |n| n.parse().unwrap());
    let _folder = DataFolder::open(&dir.join("data")).unwrap();
    let keyed = std::env::var_os(WRITER_KEYED).is_some();
    let (mut log, head, _) = open_log(&dir.join("data"), keyed);
    let (store, mut checkpoint) = open_store(&dir.join("data"), keyed);
    let rests_at = checkpoint.saturating_add(rests_after);
    std::fs::write(control(checkpoint), &unsynced).unwrap();
    for position in head.0 + 1.. {
        let at = log.append(0, &batch(position)).unwrap();
        say("block", at.0);
        if at.0.is_multiple_of(CHECKPOINT_EVERY) {
            checkpoint += 1;
            let due = (0..PAGES).filter(|n| page_written_at(*n, checkpoint) == checkpoint);
            let mut put: Vec<_> =
                due.map(|n| (vec![b'p', n.to_le_bytes()[0]], page(n, checkpoint))).collect();
            let due = (0..ballasts).filter(|n| ballast_is_due(*n, checkpoint));
            put.extend(due.map(|n| (ballast_key(n), ballast(n, checkpoint))));
            put.push((b"checkpoint".to_vec(), checkpoint.to_le_bytes().to_vec()));
            store.write(Changes { put, remove: vec![] }).unwrap();
            if ballasts > 0 {
                // The kernel writes by itself when much is written: the newest one is still only its own.
                std::fs::write(control(checkpoint), &unsynced).unwrap();
            }
            say("checkpoint", checkpoint);
            // Nothing after it syncs: the store must have done so itself.
            if checkpoint == rests_at {
                loop {
                    std::thread::park();
                }
            }
        }
    }
}

/// What the child said was durable: the last number before the power was cut, and the last one at all.
/// A sync that is under way when ext4 is shut down may return as if it had succeeded; a machine
/// without power returns from nothing. So only what was said before must be there.
#[derive(Default, Debug)]
struct Said {
    before: u64,
    ever: u64,
}

/// When the power is cut.
#[derive(Clone, Copy)]
enum Cut {
    /// In full flight, when so many blocks were written.
    WhileWriting(u64),
    /// When the writer rests, right after so many checkpoints.
    AtRest(u64),
}

/// Lets the child write, cuts the power, and says what was acknowledged: blocks, checkpoints.
fn write_until_the_power_is_cut(disk: &Disk, cut: Cut, ballasts: u64, keyed: bool) -> (Said, Said) {
    let (word, count, rests_after) = match cut {
        Cut::WhileWriting(blocks) => ("block", blocks, u64::MAX),
        Cut::AtRest(checkpoints) => ("checkpoint", checkpoints, checkpoints),
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    if keyed {
        command.env(WRITER_KEYED, "yes");
    }
    let mut child = command
        .args(["--exact", "writer", "--nocapture"])
        .env(WRITER, &disk.mounted)
        .env(WRITER_RESTS_AFTER, rests_after.to_string())
        .env(WRITER_BALLAST, ballasts.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut said, mut seen, mut cut_at) = (Vec::new(), 0, None);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let Ok(line) = line else { break };
        let ["acknowledged", what, number, at] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            continue;
        };
        said.push((what.to_owned(), number.parse::<u64>().unwrap(), at.parse::<u128>().unwrap()));
        seen += u64::from(what == word);
        if seen == count && cut_at.is_none() {
            cut_at = Some(disk.cut_power());
            if let Cut::AtRest(_) = cut {
                child.kill().unwrap();
            }
        }
    }
    let _ = child.kill();
    child.wait().unwrap();
    let cut_at = cut_at.expect("the writer ended by itself");
    let last = |word: &str| {
        let numbers =
            |before: u128| said.iter().filter(move |s| s.0 == word && s.2 < before).map(|s| s.1).max();
        Said { before: numbers(cut_at).unwrap_or(0), ever: numbers(u128::MAX).unwrap_or(0) }
    };
    (last("block"), last("checkpoint"))
}

fn check(
    disk: &Disk,
    block: &Said,
    checkpoint: &Said,
    ballasts: u64,
    keyed: bool,
) -> (u64, u64, Option<String>) {
    let newest = if ballasts > 0 { format!("-{}", checkpoint.ever) } else { String::new() };
    for entry in std::fs::read_dir(&disk.mounted).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let control = name.starts_with("unsynced") && name.ends_with(&newest);
        let whole = entry.metadata().unwrap().len() == UNSYNCED_BYTES;
        assert!(!(control && whole), "what was never synced is there: this was no power cut");
    }
    let data = disk.mounted.join("data");
    let _folder = DataFolder::open(&data).unwrap();
    let (log, head, torn) = open_log(&data, keyed);
    assert!(head.0 >= block.before, "{block:?} was acknowledged, the log ends with {}", head.0);
    assert!(head.0 <= block.ever + 1, "only one block is written at a time");
    let mut next = 1;
    log.read(Position(1), &mut |found| {
        assert_eq!((found.position.0, found.entries), (next, batch(next)));
        next += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(next, head.0 + 1);
    let (store, found) = open_store(&data, keyed);
    assert!(found >= checkpoint.before, "{checkpoint:?} was acknowledged, the store has {found}");
    for number in 0..PAGES {
        let at = page_written_at(number, found);
        let want = (at > 0).then(|| page(number, at));
        let have = store.get(&[b'p', number.to_le_bytes()[0]]).unwrap();
        assert!(have == want, "page {number} is not as of checkpoint {found}");
    }
    for number in 0..ballasts {
        let at = (1..=found).rev().find(|at| ballast_is_due(number, *at));
        let have = store.get(&ballast_key(number)).unwrap();
        assert!(have == at.map(|at| ballast(number, at)), "page {number} is not as of checkpoint {found}");
    }
    assert_eq!(std::fs::read_dir(data.join("store/blobs")).unwrap().count(), 0, "sled never syncs these");
    (head.0, found, torn)
}

/// One life after the other on the same disk: what a recovery leaves is recovered again.
fn lives(disk: &Disk, ballasts: u64, keyed: bool, cuts: &[Cut]) -> u64 {
    // A life must be shorter than the time after which the kernel writes by itself.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut head, mut store) = (0, 0);
    for cut in cuts {
        let (mut block, mut checkpoint) = write_until_the_power_is_cut(disk, *cut, ballasts, keyed);
        disk.remount();
        // What stood before this life stands still, even if it brought nothing new.
        for (said, stood) in [(&mut block, head), (&mut checkpoint, store)] {
            *said = Said { before: said.before.max(stood), ever: said.ever.max(stood) };
        }
        let torn;
        (head, store, torn) = check(disk, &block, &checkpoint, ballasts, keyed);
        println!("cut: blocks {block:?} -> {head}, checkpoints {checkpoint:?} -> {store}, torn: {torn:?}");
        // The check itself has opened and closed everything: on to the next life.
        disk.remount();
    }
    store
}

#[test]
fn what_was_acknowledged_survives_power_cuts() {
    let Some(disk) = disk(192) else { return };
    let cuts = [Cut::WhileWriting(3), Cut::AtRest(1), Cut::WhileWriting(97), Cut::AtRest(9)];
    assert!(lives(&disk, 0, false, &cuts) > 20);
}

#[test]
fn so_does_what_is_encrypted() {
    let Some(disk) = disk(192) else { return };
    let cuts = [Cut::WhileWriting(3), Cut::AtRest(1), Cut::WhileWriting(97), Cut::AtRest(9)];
    assert!(lives(&disk, 0, true, &cuts) > 20);
}

/// Not a test by itself: the child process of the test below, when the variable is set.
#[test]
fn rewriter() {
    let Some(data) = std::env::var_os(REWRITER).map(PathBuf::from) else { return };
    for number in 1_u64.. {
        log::settle(&data, "log").unwrap();
        log::rewrite(&data.join("log"), &log::new_beside(&data, "log"), &keys()).unwrap();
        log::swap(&data, "log").unwrap();
        let mut out = std::io::stdout().lock();
        out.write_all(format!("\nrewritten {number}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_log_that_is_written_anew_is_whole_whenever_the_power_is_cut() {
    const BLOCKS: u64 = 60;
    let Some(disk) = disk(192) else { return };
    let data = disk.mounted.join("data");
    std::fs::create_dir(&data).unwrap();
    let (mut log, ..) = open_log(&data, false);
    (1..=BLOCKS).for_each(|n| {
        log.append(0, &batch(n)).unwrap();
    });
    drop(log);
    for (life, pause_ms) in [0_u64, 1, 3, 7, 12, 20].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "rewriter", "--nocapture"])
            .env(REWRITER, &data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.is_ok_and(|line| line.starts_with("rewritten 2"))));
        std::thread::sleep(Duration::from_millis(pause_ms));
        disk.cut_power();
        let _ = child.kill();
        child.wait().unwrap();
        disk.remount();
        let interrupted = log::settle(&data, "log").unwrap();
        println!("life {life}: interrupted {interrupted}");
        let (log, head, torn) = open_log(&data, true);
        assert_eq!((head.0, torn), (BLOCKS, None));
        assert_eq!(log.keys_used().into_keys().collect::<Vec<_>>(), [Some(keys().current())]);
        let mut next = 1;
        log.read(Position(1), &mut |found| {
            assert_eq!((found.position.0, found.entries), (next, batch(next)));
            next += 1;
            Ok(())
        })
        .unwrap();
        assert_eq!(next, BLOCKS + 1);
    }
}

/// sled moves what lives in its file and writes over the places that it was moved away from.
#[test]
fn what_is_moved_in_a_large_store_survives_too() {
    let Some(disk) = disk(384) else { return };
    let cuts = [Cut::AtRest(6), Cut::WhileWriting(90), Cut::WhileWriting(75), Cut::AtRest(12)];
    assert!(lives(&disk, 12_000, false, &cuts) > 30);
    let file = disk.mounted.join("data/store/db").metadata().unwrap().len();
    assert!(file > 33 << 20, "{file} bytes: too few to be swept");
}

#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let Some(disk) = disk(24) else { return };
    let filler = disk.mounted.join("filler");
    std::fs::write(&filler, noise(1, 4 << 20)).unwrap();
    let data = disk.mounted.join("data");
    std::fs::create_dir(&data).unwrap();
    let (mut log, ..) = open_log(&data, false);
    let mut acknowledged = 0;
    let error = loop {
        match log.append(0, &batch(acknowledged + 1)) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&error, LogError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull),
        "{error}"
    );
    assert!(matches!(log.append(0, &batch(1)), Err(LogError::Unusable(_))));
    drop(log);
    // It opens on the full disk, to be read; and takes blocks again once there is room.
    let (log, head, _) = open_log(&data, false);
    assert_eq!(head.0, acknowledged);
    drop(log);
    std::fs::remove_file(filler).unwrap();
    let (mut log, head, torn) = open_log(&data, false);
    assert_eq!((head.0, torn), (acknowledged, None));
    log.append(0, &batch(acknowledged + 1)).unwrap();
    let mut next = 1;
    log.read(Position(1), &mut |found| {
        assert_eq!((found.position.0, found.entries), (next, batch(next)));
        next += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(next, acknowledged + 2);
}
