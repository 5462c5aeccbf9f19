//! Puts a backup into an empty data folder, after every file was held against the manifest; then reads every block of
//! the log again where it now stands. `FORMAT` is written last: a folder that was put back by halves is no data folder
//! and is refused by the service.

use super::backup::{FACTS, Kept, Manifest, copy, hash, make_dir, read_manifest, sync_dir, write};
use super::data::RESTORED_AT;
use super::trail_copy::{self, AUDIT, TrailBack, is_of_trail};
use crate::domain::Position;
use crate::log::{Picture, mark_acknowledged};
use anyhow::{Context, ensure};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Holds every file of a backup against its manifest.
///
/// # Errors
/// The first file that is missing, too short, or is not what was backed up.
pub fn verify(from: &Path) -> anyhow::Result<Manifest> {
    let manifest = read_manifest(from)?;
    ensure!(
        manifest.last_block > 0 && manifest.files.iter().any(|file| file.name == FACTS),
        "the backup in {} was never finished; take it again",
        from.display()
    );
    for file in &manifest.files {
        let path = place(from, file)?;
        let bytes = fs::metadata(&path).with_context(|| format!("look at {}", path.display()))?.len();
        ensure!(
            bytes >= file.bytes && hash(&path, file.bytes)? == file.blake3,
            "{} is not what was backed up: use another backup, or take one again",
            path.display()
        );
    }
    Ok(manifest)
}

/// The audit trail in a backup.
pub fn verify_trail(from: &Path, manifest: &Manifest) -> anyhow::Result<TrailBack> {
    match manifest.files.iter().any(is_of_trail) {
        true => trail_copy::judge(&from.join(AUDIT)),
        false => Ok(TrailBack::None),
    }
}

/// Puts a backup that was found right into `data`, which must be empty or not there; the audit trail into `trail`, where
/// none stands.
///
/// # Errors
/// As [`verify`]; and if `data` is not empty: nothing is ever written over.
pub fn restore(from: &Path, data: &Path, trail: &Path) -> anyhow::Result<(Manifest, TrailBack)> {
    if let Ok(mut entries) = fs::read_dir(data) {
        let empty = entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lost+found"));
        ensure!(empty, "{} is not empty; a backup is only put into an empty folder", data.display());
    }
    let manifest = verify(from)?;
    make_dir(&data.join("log"))?;
    let (of_trail, own): (Vec<&Kept>, Vec<&Kept>) = manifest.files.iter().partition(|file| is_of_trail(file));
    let (facts, rest): (Vec<&Kept>, Vec<&Kept>) = own.into_iter().partition(|file| file.name == FACTS);
    for file in rest {
        put(from, data, file)?;
    }
    let log = data.join("log");
    let mut head = 0;
    for piece in Picture::take(&log)?.pieces {
        head = piece.check()?.last.0;
    }
    ensure!(
        head == manifest.last_block,
        "the log that was put back ends with block {head}, not {}",
        manifest.last_block
    );
    mark_acknowledged(&log, Position(head))?;
    let trail = trail_copy::put_back(from, &of_trail, trail)?;
    for file in facts {
        put_facts(&place(from, file)?, &place(data, file)?)?;
    }
    sync_dir(data)?;
    if let Some(above) = data.parent().filter(|above| !above.as_os_str().is_empty()) {
        sync_dir(above)?;
    }
    Ok((manifest, trail))
}

fn put(from: &Path, data: &Path, file: &Kept) -> anyhow::Result<()> {
    let (_, blake3) = copy(&place(from, file)?, &place(data, file)?, file.bytes)?;
    ensure!(blake3 == file.blake3, "{} changed while it was copied", file.name);
    Ok(())
}

/// What followed the backup is gone, and other things will follow now: cursors of subscribers must not mix the two.
fn put_facts(from: &Path, to: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(from).with_context(|| format!("read {}", from.display()))?;
    let own = |line: &&str| !line.starts_with(RESTORED_AT);
    let mut lines: Vec<&str> = text.lines().filter(own).collect();
    let life = format!("{RESTORED_AT} = {}", jiff::Timestamp::now());
    lines.push(&life);
    write(to, &(lines.join("\n") + "\n"))
}

/// Below the folder, whatever the manifest says.
fn place(folder: &Path, file: &Kept) -> anyhow::Result<PathBuf> {
    let name = Path::new(&file.name);
    let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    ensure!(plain && !file.name.is_empty(), "the manifest names {:?}, which lies elsewhere", file.name);
    Ok(folder.join(name))
}
