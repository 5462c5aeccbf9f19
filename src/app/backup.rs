//! A backup of a data folder: its log, copied while a service may be writing to it, and checked block by block.
//! The log alone is a whole backup as long as it reaches back to its first block, since the store is made of it. Once
//! retention has cut it, the store belongs to the backup too, and that can only be copied when nobody writes to it.
//!
//! A backup is a folder with `MANIFEST.json`, which names every file with its length and its hash. Taken again into
//! the same folder, only what is new is copied. A file of the log only ever grows, so what an older manifest says of
//! it stays true: whatever interrupts a backup, the one before is still good. The audit trail comes along.
//!
//! What is encrypted is copied as it is: no key is needed for a backup, none is in it, and the manifest says which will be.

use super::trail_copy;
use crate::log::{Picture, Piece, Sound, hold};
use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What a backup consists of.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// The version that took it.
    pub taken_by: String,
    pub taken_at: String,
    /// Which log it is of.
    pub log: String,
    pub oldest_block: u64,
    /// 0: the backup was never finished.
    pub last_block: u64,
    /// The names of the keys that its log is encrypted with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    pub files: Vec<Kept>,
}

/// One file: its first `bytes` bytes have this hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Below the folder, with `/`.
    pub name: String,
    pub bytes: u64,
    pub blake3: String,
    /// Of a segment of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
}

/// Where a segment ends.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    pub last_block: u64,
    pub chain: u32,
}

pub const MANIFEST: &str = "MANIFEST.json";
pub(super) const FORMAT: u32 = 2;
pub(super) const FACTS: &str = "FORMAT";
const CHUNK: usize = 1 << 20;

/// Backs the data folder up into `out`, which is made, or is an older backup of the same log; with the audit trail in
/// `trail`, if there is one.
///
/// # Errors
/// What cannot be read or does not fit, with what to do. An older backup in `out` is then as good as before.
pub fn backup(data: &Path, trail: &Path, out: &Path) -> anyhow::Result<Manifest> {
    let picture = Picture::take(&data.join("log"))?;
    let whole = picture.oldest.0 == 1;
    // Held to the end, so that nobody begins to write into the store.
    let held = if whole { None } else { hold(data)? };
    ensure!(
        whole || held.is_some(),
        "the log of {} begins at block {}: what was before is in the store alone, and that cannot be copied while a service works on it. Stop the service and take the backup then; without retention (log.retain_bytes, log.retain_days) a backup needs no stop",
        data.display(),
        picture.oldest.0
    );
    let identity = format!("{:016x}", picture.identity);
    let before = open(out, &identity)?;
    let mut files = Vec::new();
    for piece in &picture.pieces {
        files.push(take_piece(piece, &before, out)?);
    }
    let last_block = files.last().and_then(|file| file.segment).map_or(0, |segment| segment.last_block);
    ensure!(
        last_block >= before.last_block,
        "{} reaches to block {}, the log of {} only to block {last_block}: it went back since. Take the backup into another folder",
        out.display(),
        before.last_block,
        data.display()
    );
    files.push(take(&data.join(FACTS), FACTS, out)?);
    if !whole {
        let mut names = Vec::new();
        walk(&data.join("store"), "store", &mut names)?;
        for (path, name) in names {
            files.push(take(&path, &name, out)?);
        }
    }
    drop(held);
    // Behind the log: whatever the log has that somebody saw, the trail has who did.
    files.extend(trail_copy::take(trail, &before.files, out)?);
    let keys = picture.keys().into_iter().map(|key| key.to_string()).collect();
    let manifest = Manifest { oldest_block: picture.oldest.0, last_block, keys, files, ..fresh(identity) };
    write_manifest(out, &manifest)?;
    Ok(manifest)
}

fn fresh(log: String) -> Manifest {
    Manifest {
        format: FORMAT,
        taken_by: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: jiff::Timestamp::now().to_string(),
        log,
        oldest_block: 0,
        last_block: 0,
        keys: Vec::new(),
        files: Vec::new(),
    }
}

/// The manifest of the backup that is there, or of a new one.
fn open(out: &Path, identity: &str) -> anyhow::Result<Manifest> {
    make_dir(out)?;
    if out.join(MANIFEST).exists() {
        let before = read_manifest(out)?;
        ensure!(
            before.log == identity,
            "{} is a backup of another log: take this one into a folder of its own",
            out.display()
        );
        return Ok(before);
    }
    let empty = fs::read_dir(out)?.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lost+found"));
    ensure!(empty, "{} is not empty and is no backup", out.display());
    // So that what is left of an interrupted first backup is known for what it is.
    let none = fresh(identity.to_owned());
    write_manifest(out, &none)?;
    Ok(none)
}

fn take_piece(piece: &Piece, before: &Manifest, out: &Path) -> anyhow::Result<Kept> {
    let name = format!("log/{}", piece.name());
    let known = before.files.iter().find(|file| file.name == name);
    let is_there = |kept: &Kept| fs::metadata(out.join(&name)).is_ok_and(|file| file.len() >= kept.bytes);
    if let (Some(known), Some(sealed)) = (known, piece.sealed())
        && known.bytes == sealed.bytes
        && known.segment == Some(segment(sealed))
        && is_there(known)
    {
        return Ok(known.clone());
    }
    let sound = piece.check()?;
    if let Some(known) = known {
        let same = known.bytes <= sound.bytes && hash(&piece.path, known.bytes)? == known.blake3;
        ensure!(
            same,
            "{} holds other blocks than the log does now: the log was written anew under another key, or it went back since and went on. Take the backup into another folder",
            out.join(&name).display()
        );
    }
    let (bytes, blake3) = copy(&piece.path, &out.join(&name), sound.bytes)?;
    ensure!(bytes == sound.bytes, "{} became shorter while it was read", piece.path.display());
    Ok(Kept { name, bytes, blake3, segment: Some(segment(sound)) })
}

fn segment(sound: Sound) -> Segment {
    Segment { last_block: sound.last.0, chain: sound.chain }
}

fn take(path: &Path, name: &str, out: &Path) -> anyhow::Result<Kept> {
    let (bytes, blake3) = copy(path, &out.join(name), u64::MAX)?;
    Ok(Kept { name: name.to_owned(), bytes, blake3, segment: None })
}

/// Every file below the folder, with its name below the data folder.
fn walk(folder: &Path, name: &str, found: &mut Vec<(PathBuf, String)>) -> anyhow::Result<()> {
    let listed = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in listed {
        let entry = entry?;
        let Some(own) = entry.file_name().to_str().map(ToOwned::to_owned) else {
            bail!("{} has a name that is no text", entry.path().display());
        };
        let name = format!("{name}/{own}");
        match entry.file_type()?.is_dir() {
            true => walk(&entry.path(), &name, found)?,
            false => found.push((entry.path(), name)),
        }
    }
    found.sort();
    Ok(())
}

pub(super) fn read_manifest(folder: &Path) -> anyhow::Result<Manifest> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let format = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|v| v["format"].as_u64());
    match format {
        Some(format) if format <= u64::from(FORMAT) => {}
        Some(format) => bail!(
            "{} has format {format}, written by a newer version of wagewatch; this one knows up to format {FORMAT}",
            path.display()
        ),
        None => bail!("{} is no manifest of a backup", path.display()),
    }
    serde_json::from_str(&text).with_context(|| format!("{} is no manifest of a backup", path.display()))
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    write(&folder.join(MANIFEST), &(serde_json::to_string_pretty(manifest)? + "\n"))
}

/// Replaces a small file, whole or not at all, durable.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let new = beside(path);
    let mut file = create(&new)?;
    let done =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, path));
    done.with_context(|| format!("write {}", path.display()))?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// The hash of a file's first bytes; also of fewer, if it has no more.
pub(super) fn hash(path: &Path, bytes: u64) -> anyhow::Result<String> {
    Ok(pour(path, bytes, |_| Ok(()))?.1)
}

/// Copies a file's first bytes over `to`, whole or not at all, durable; how many they are, and their hash.
pub(super) fn copy(from: &Path, to: &Path, bytes: u64) -> anyhow::Result<(u64, String)> {
    let folder = to.parent().unwrap_or(Path::new("."));
    make_dir(folder)?;
    let new = beside(to);
    let mut file = create(&new)?;
    let poured = pour(from, bytes, |chunk| file.write_all(chunk))?;
    let done = file.sync_all().and_then(|()| fs::rename(&new, to));
    done.with_context(|| format!("write {}", to.display()))?;
    sync_dir(folder)?;
    Ok(poured)
}

fn pour(
    from: &Path,
    bytes: u64,
    mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> anyhow::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let mut all = 0;
    let mut flow = || {
        let mut file = File::open(from)?.take(bytes);
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                return std::io::Result::Ok(());
            }
            hasher.update(&chunk[..read]);
            each(&chunk[..read])?;
            all += read as u64;
        }
    };
    flow().with_context(|| format!("copy {}", from.display()))?;
    Ok((all, hasher.finalize().to_hex().to_string()))
}

// A backup holds wages: nobody but its owner reads it.
fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path).with_context(|| format!("create {}", path.display()))
}

pub(super) fn make_dir(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("create {}", path.display()))
}

pub(super) fn sync_dir(path: &Path) -> anyhow::Result<()> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("sync {}", path.display()))
}
