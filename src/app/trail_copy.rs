//! The audit trail in a backup, and back again. Its files are only appended to, so that whole lines up to one moment can be
//! copied while it is written; what an older backup has of a file must still be its beginning. Knows nothing of entries.

use super::backup::{Kept, copy, hash};
use crate::audit;
use anyhow::{Context, ensure};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The folder of the trail in a backup, and in a data folder that has it where it is by default.
pub(super) const AUDIT: &str = "audit";

/// What became of a trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TrailBack {
    /// The backup has none.
    None,
    /// It stands there, and its chain is whole.
    Whole { last: u64, head: String },
    /// It stands there as it was backed up, and its chain was broken before: where.
    Broken(String),
    /// Another one stood there, and was left as it is.
    Left(PathBuf),
}

/// Copies what is new of the trail in `folder` into the backup.
///
/// # Errors
/// If a file is not what an older backup has of it.
pub(super) fn take(folder: &Path, before: &[Kept], out: &Path) -> anyhow::Result<Vec<Kept>> {
    let mut files = Vec::new();
    for path in trail_files(folder)? {
        let Some(own) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let name = format!("{AUDIT}/{own}");
        let bytes = whole_lines(&path)?;
        let known = before.iter().find(|file| file.name == name);
        let to = out.join(&name);
        if let Some(known) = known {
            ensure!(
                known.bytes <= bytes && hash(&path, known.bytes)? == known.blake3,
                "{} does not begin with what the backup has of it: the audit trail was changed, or is another one. Look at it (wagewatch audit verify), and take the backup into another folder",
                path.display()
            );
            if known.bytes == bytes && fs::metadata(&to).is_ok_and(|file| file.len() >= bytes) {
                files.push(known.clone());
                continue;
            }
        }
        let (copied, blake3) = copy(&path, &to, bytes)?;
        ensure!(copied == bytes, "{} became shorter while it was read", path.display());
        files.push(Kept { name, bytes, blake3, segment: None });
    }
    Ok(files)
}

/// Whether a file of a backup belongs to the trail.
pub(super) fn is_of_trail(file: &Kept) -> bool {
    file.name.strip_prefix(AUDIT).is_some_and(|rest| rest.starts_with('/'))
}

/// Puts the trail of a backup into `folder`, unless one stands there.
pub(super) fn put_back(from: &Path, files: &[&Kept], folder: &Path) -> anyhow::Result<TrailBack> {
    if files.is_empty() {
        return Ok(TrailBack::None);
    }
    if folder.exists() && !trail_files(folder)?.is_empty() {
        return Ok(TrailBack::Left(folder.to_owned()));
    }
    for file in files {
        let own = file.name.strip_prefix("audit/").unwrap_or(&file.name);
        let (_, blake3) = copy(&from.join(&file.name), &folder.join(own), file.bytes)?;
        ensure!(blake3 == file.blake3, "{} changed while it was copied", file.name);
    }
    judge(folder)
}

/// Walks the chain of the trail in a folder.
pub(super) fn judge(folder: &Path) -> anyhow::Result<TrailBack> {
    Ok(match audit::verify(folder).with_context(|| format!("read {}", folder.display()))? {
        Ok(report) => TrailBack::Whole { last: report.last, head: report.head.to_string() },
        Err(broken) => TrailBack::Broken(broken.to_string()),
    })
}

fn trail_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "trail") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Up to where a file has whole lines: the last one may be on its way.
fn whole_lines(path: &Path) -> anyhow::Result<u64> {
    let look = || -> std::io::Result<u64> {
        let mut file = File::open(path)?;
        let mut end = file.metadata()?.len();
        let mut chunk = Vec::new();
        while end > 0 {
            let from = end.saturating_sub(64 << 10);
            file.seek(SeekFrom::Start(from))?;
            chunk.clear();
            (&mut file).take(end - from).read_to_end(&mut chunk)?;
            if let Some(at) = chunk.iter().rposition(|byte| *byte == b'\n') {
                return Ok(from + at as u64 + 1);
            }
            end = from;
        }
        Ok(0)
    };
    look().with_context(|| format!("read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Entry, Settings, Trail};

    fn write(folder: &Path, calls: u32) {
        let trail = Trail::open(&Settings { folder: folder.to_owned(), retain_days: 0 }).unwrap();
        for _ in 0..calls {
            trail.write(Entry { who: "hrss".into(), ..Entry::default() }, |done| done.unwrap());
        }
        trail.stop();
    }

    fn add(folder: &Path, text: &str) {
        let file = trail_files(folder).unwrap().pop().unwrap();
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(text.as_bytes());
        fs::write(file, bytes).unwrap();
    }

    #[test]
    fn a_trail_is_taken_by_whole_lines_again_and_again_and_put_back_once() {
        let dir = tempfile::tempdir().unwrap();
        let (trail, out, back) = (dir.path().join("t"), dir.path().join("out"), dir.path().join("back"));
        assert_eq!(take(&trail, &[], &out).unwrap(), []);
        write(&trail, 3);
        add(&trail, "{\"seq\":4 half a line");
        let first = take(&trail, &[], &out).unwrap();
        assert_eq!(judge(&out.join(AUDIT)).unwrap(), judge(&out.join(AUDIT)).unwrap());
        assert!(matches!(judge(&out.join(AUDIT)).unwrap(), TrailBack::Whole { last: 3, .. }));
        write(&trail, 2);
        let second = take(&trail, &first, &out).unwrap();
        assert!(second[0].bytes > first[0].bytes && is_of_trail(&second[0]));
        assert_eq!(take(&trail, &second, &out).unwrap(), second);
        let kept: Vec<&Kept> = second.iter().collect();
        assert!(matches!(put_back(&out, &kept, &back).unwrap(), TrailBack::Whole { last: 5, .. }));
        assert_eq!(put_back(&out, &kept, &back).unwrap(), TrailBack::Left(back.clone()));
        assert_eq!(put_back(&out, &[], &back).unwrap(), TrailBack::None);
        // Somebody changes what was backed up already.
        let file = trail_files(&trail).unwrap().pop().unwrap();
        let text = fs::read_to_string(&file).unwrap().replacen("hrss", "ndrc", 1);
        fs::write(&file, text).unwrap();
        assert!(take(&trail, &second, &out).unwrap_err().to_string().contains("does not begin with"));
        let fresh = take(&trail, &[], &dir.path().join("other")).unwrap();
        let kept: Vec<&Kept> = fresh.iter().collect();
        let told = put_back(&dir.path().join("other"), &kept, &dir.path().join("x")).unwrap();
        assert!(matches!(&told, TrailBack::Broken(what) if what.contains(":1: ")), "{told:?}");
    }
}
