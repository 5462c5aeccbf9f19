//! What a webhook keeps on disk: how far it has come, and what could not be delivered. Small files that are replaced whole, and
//! one that only grows, up to a limit.

use crate::serve::cursor::Cursor;
use crate::serve::seal::Seal;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A folder of its own in the data folder.
#[derive(Clone, Debug)]
pub struct Keep {
    folder: PathBuf,
    dead_bytes_most: u64,
    /// One dead letter is written at a time.
    burying: Arc<Mutex<()>>,
}

const CURSOR: &str = "cursor";
const DEAD: &str = "dead.ndjson";
const DEAD_BEFORE: &str = "dead.before.ndjson";

impl Keep {
    /// `dead_bytes_most`: two files of dead letters of this size are kept.
    pub fn open(folder: PathBuf, dead_bytes_most: u64) -> io::Result<Keep> {
        fs::create_dir_all(&folder)?;
        Ok(Keep { folder, dead_bytes_most, burying: Arc::default() })
    }

    /// `None` in the beginning, and when what is there is none: then everything that stands is delivered again.
    pub(super) fn cursor(&self, seal: &Seal) -> Option<Cursor> {
        let text = fs::read_to_string(self.folder.join(CURSOR)).ok()?;
        Cursor::decode(text.trim_end(), seal).ok()
    }

    pub(super) fn set_cursor(&self, cursor: &str) -> io::Result<()> {
        let new = self.folder.join("cursor.new");
        let mut file = File::create(&new)?;
        file.write_all(cursor.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, self.folder.join(CURSOR))?;
        File::open(&self.folder)?.sync_all()
    }

    /// One line more, durable before what follows is delivered.
    pub(super) fn bury(&self, line: &str) -> io::Result<()> {
        let _one = self.burying.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.folder.join(DEAD);
        if fs::metadata(&path).is_ok_and(|file| file.len() >= self.dead_bytes_most) {
            fs::rename(&path, self.folder.join(DEAD_BEFORE))?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::PUBLIC_ID_KEY;

    #[test]
    fn cursors_are_replaced_and_dead_letters_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let keep = Keep::open(dir.path().join("webhook"), 20).unwrap();
        let seal = Seal::new(&PUBLIC_ID_KEY, "delivery");
        assert_eq!(keep.cursor(&seal), None);
        let cursor = Cursor::begin(7, &[1, 2]);
        keep.set_cursor(&cursor.encode(&seal)).unwrap();
        assert_eq!(keep.cursor(&seal), Some(cursor));
        keep.set_cursor("nonsense").unwrap();
        assert_eq!(keep.cursor(&seal), None);
        for line in ["first and long enough to be all", "second", "third"] {
            keep.bury(line).unwrap();
        }
        let read = |name: &str| fs::read_to_string(dir.path().join("webhook").join(name)).unwrap();
        assert_eq!((read(DEAD).as_str(), read(DEAD_BEFORE).lines().count()), ("second\nthird\n", 1));
    }
}
