//! The data folder: one process at a time, and the facts that were fixed when it was created.
//! Knows nothing of what stands in log and store.

use super::LogError;
use super::files;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The format of the folder as a whole; segments and pages have their own beside it.
const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "FORMAT";
const LOCK_FILE: &str = "LOCK";
const IN_USE: &str = "is in use by another wagewatch process";

/// A data folder, locked until this value is dropped (or the process ends, in whatever way).
pub struct DataFolder {
    pub path: PathBuf,
    /// What stands in `FORMAT`: `format`, `created_by`, and what [`DataFolder::put`] added.
    pub facts: BTreeMap<String, String>,
    // Held, never read: closing it gives the lock back.
    _lock: File,
}

impl DataFolder {
    /// Opens the folder, creating it if there is none.
    ///
    /// # Errors
    /// [`LogError::Unusable`] if another process holds it, a newer version wrote it, or it is
    /// another program's folder.
    pub fn open(path: &Path) -> Result<DataFolder, LogError> {
        files::create_dir(path).map_err(LogError::io(format!("create {}", path.display())))?;
        let lock = lock(path)?;
        let mut folder = DataFolder { path: path.to_owned(), facts: BTreeMap::new(), _lock: lock };
        match std::fs::read_to_string(path.join(FORMAT_FILE)) {
            Ok(text) => folder.facts = parse(path, &text)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                refuse_strangers(path)?;
                folder.facts.insert("format".into(), FORMAT.to_string());
                folder.put("created_by", env!("CARGO_PKG_VERSION"))?;
            }
            Err(source) => return Err(failed("read", path)(source)),
        }
        folder.check_format()?;
        Ok(folder)
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.facts.get(key).map(String::as_str)
    }

    /// Keeps a fact, durable before it returns. Key and value are one line each, the key without `=`.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), LogError> {
        if key.contains(['=', '\n', '#'])
            || value.contains('\n')
            || key.trim() != key
            || value.trim() != value
        {
            return Err(LogError::Unusable(format!("`{key}` and its value cannot be kept in {FORMAT_FILE}")));
        }
        self.facts.insert(key.to_owned(), value.to_owned());
        let mut text = String::from(
            "# What was fixed when this folder was created. Written by wagewatch; not to be edited.\n",
        );
        for (key, value) in &self.facts {
            text.push_str(&format!("{key} = {value}\n"));
        }
        files::replace(&self.path, FORMAT_FILE, &text).map_err(failed("write", &self.path))
    }

    fn check_format(&self) -> Result<(), LogError> {
        let path = self.path.join(FORMAT_FILE);
        match self.get("format").and_then(|f| f.parse::<u32>().ok()) {
            Some(format) if format <= FORMAT => Ok(()),
            Some(format) => Err(LogError::Unusable(format!(
                "{} says format {format}, created by a newer version of wagewatch ({}); this one knows up to format {FORMAT}",
                path.display(),
                self.get("created_by").unwrap_or("unknown")
            ))),
            None => Err(LogError::Unusable(format!("{} names no format", path.display()))),
        }
    }
}

/// Holds a data folder that nobody works on, for as long as the answer lives; writes nothing.
pub(super) fn hold_unused(path: &Path) -> Result<File, LogError> {
    let text = std::fs::read_to_string(path.join(FORMAT_FILE)).map_err(failed("read", path))?;
    let lock_file = path.join(LOCK_FILE);
    let file = File::open(&lock_file).map_err(LogError::io(format!("open {}", lock_file.display())))?;
    take(&file, path, &lock_file)?;
    let folder = DataFolder { path: path.to_owned(), facts: parse(path, &text)?, _lock: file };
    folder.check_format()?;
    Ok(folder._lock)
}

/// A data folder that nobody else can work on, until this value is dropped.
pub struct Held {
    // Held, never read.
    _lock: File,
}

/// Holds a data folder; `None` if a process works on it. Writes nothing.
///
/// # Errors
/// As [`DataFolder::open`]; also if there is no data folder.
pub fn hold(path: &Path) -> Result<Option<Held>, LogError> {
    match hold_unused(path) {
        Ok(lock) => Ok(Some(Held { _lock: lock })),
        Err(LogError::Unusable(why)) if why.contains(IN_USE) => Ok(None),
        Err(other) => Err(other),
    }
}

fn failed(verb: &str, folder: &Path) -> impl FnOnce(io::Error) -> LogError {
    LogError::io(format!("{verb} {}", folder.join(FORMAT_FILE).display()))
}

fn lock(folder: &Path) -> Result<File, LogError> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(LogError::io(format!("open {}", path.display())))?;
    take(&file, folder, &path)?;
    Ok(file)
}

fn take(file: &File, folder: &Path, path: &Path) -> Result<(), LogError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(LogError::Unusable(format!(
            "{} {IN_USE} (it holds the lock on {})",
            folder.display(),
            path.display()
        ))),
        Err(TryLockError::Error(source)) => Err(LogError::io(format!("lock {}", path.display()))(source)),
    }
}

/// A folder without `FORMAT` must be empty: state without it, or other people's files, are not ours
/// to write into.
fn refuse_strangers(folder: &Path) -> Result<(), LogError> {
    let failed = || LogError::io(format!("list {}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let name = entry.map_err(failed())?.file_name();
        let ours = ["LOCK", "FORMAT.new", "lost+found"].iter().any(|n| name == **n);
        if !ours {
            return Err(LogError::Unusable(format!(
                "{} is no data folder of wagewatch: it holds {} but no {FORMAT_FILE}",
                folder.display(),
                name.to_string_lossy()
            )));
        }
    }
    Ok(())
}

fn parse(folder: &Path, text: &str) -> Result<BTreeMap<String, String>, LogError> {
    let lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#'));
    lines
        .map(|line| match line.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
            None => Err(LogError::Unusable(format!(
                "{}: found `{line}`; expected key = value",
                folder.join(FORMAT_FILE).display()
            ))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_kept_and_a_second_opening_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = DataFolder::open(dir.path()).unwrap();
        folder.put("shards", "64").unwrap();
        assert!(folder.put("a=b", "c").is_err() && folder.put("a", "b\nc").is_err());
        let error = DataFolder::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("in use") && error.contains(&dir.path().display().to_string()), "{error}");
        drop(folder);
        let folder = DataFolder::open(dir.path()).unwrap();
        assert_eq!((folder.get("shards"), folder.get("format")), (Some("64"), Some("1")));
        assert_eq!(folder.get("created_by"), Some(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn a_newer_or_foreign_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let check = |text: &str, want: &str| {
            std::fs::write(dir.path().join(FORMAT_FILE), text).unwrap();
            let error = DataFolder::open(dir.path()).err().unwrap();
            assert!(matches!(&error, LogError::Unusable(why) if why.contains(want)), "{error}");
        };
        check("format = 2\ncreated_by = 9.0.0\n", "newer version of wagewatch (9.0.0)");
        check("created_by = 9.0.0\n", "names no format");
        check("what is this\n", "expected key = value");
        std::fs::remove_file(dir.path().join(FORMAT_FILE)).unwrap();
        std::fs::write(dir.path().join("thesis.doc"), "").unwrap();
        let error = DataFolder::open(dir.path()).err().unwrap().to_string();
        assert!(error.contains("thesis.doc"), "{error}");
    }
}
