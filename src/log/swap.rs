//! Puts a folder that was made beside another in its place, so that whatever interrupts it one of the two stands there whole.
//! Knows nothing of what is in them.
//!
//! `NAME.new` is made, and durable, before the swap begins. Then `NAME` becomes `NAME.old`, `NAME.new` becomes `NAME`, and
//! `NAME.old` goes. So a missing `NAME` means that `NAME.new` is whole; and where `NAME` stands, whatever stands beside it is
//! either not finished or not needed any more.

use super::LogError;
use super::files::sync_dir;
use std::io;
use std::path::{Path, PathBuf};

fn beside(folder: &Path, name: &str, what: &str) -> PathBuf {
    folder.join(format!("{name}.{what}"))
}

/// Where the new folder is to be made.
pub fn new_beside(folder: &Path, name: &str) -> PathBuf {
    beside(folder, name, "new")
}

/// Clears away what an interrupted swap has left, or brings it to its end; `true` if there was something to do.
pub fn settle(folder: &Path, name: &str) -> Result<bool, LogError> {
    let (place, new, old) = (folder.join(name), beside(folder, name, "new"), beside(folder, name, "old"));
    let done = || {
        let mut any = false;
        if !place.exists() && new.exists() {
            std::fs::rename(&new, &place)?;
            sync_dir(folder)?;
            any = true;
        }
        for left in [&new, &old] {
            if left.exists() {
                std::fs::remove_dir_all(left)?;
                sync_dir(folder)?;
                any = true;
            }
        }
        Ok(any)
    };
    done().map_err(LogError::io(format!("clear up beside {}", place.display())))
}

/// Puts `NAME.new` in the place of `NAME`.
pub fn swap(folder: &Path, name: &str) -> Result<(), LogError> {
    let (place, new, old) = (folder.join(name), beside(folder, name, "new"), beside(folder, name, "old"));
    let done = || -> io::Result<()> {
        std::fs::rename(&place, &old)?;
        sync_dir(folder)?;
        std::fs::rename(&new, &place)?;
        sync_dir(folder)?;
        std::fs::remove_dir_all(&old)?;
        sync_dir(folder)
    };
    done().map_err(LogError::io(format!("put {} in its place", new.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// Which of the folders are there, each with one file of that content.
    fn stage(there: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, content) in there {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("file"), content).unwrap();
        }
        dir
    }

    fn stands(dir: &tempfile::TempDir, content: &str) {
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["log"]);
        assert_eq!(fs::read_to_string(dir.path().join("log/file")).unwrap(), content);
    }

    #[test]
    fn whatever_interrupts_it_one_of_the_two_stands_whole() {
        for (there, want) in [
            (&[("log", "old")][..], "old"),
            (&[("log", "old"), ("log.new", "half")], "old"),
            (&[("log.old", "old"), ("log.new", "new")], "new"),
            (&[("log", "new"), ("log.old", "old")], "new"),
            (&[("log", "new"), ("log.old", "ol")], "new"),
        ] {
            let dir = stage(there);
            assert_eq!(settle(dir.path(), "log").unwrap(), there.len() > 1);
            stands(&dir, want);
        }
        let dir = stage(&[("log", "old"), ("log.new", "new")]);
        swap(dir.path(), "log").unwrap();
        stands(&dir, "new");
        assert!(!settle(dir.path(), "log").unwrap());
    }
}
