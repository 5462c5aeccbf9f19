//! Reads the log of a data folder and changes nothing in it: an interrupted last write is left as it is,
//! and is no block. Refuses a folder that a service works on.

use super::block::Decoder;
use super::files::{self, segment_path};
use super::folder::hold_unused;
use super::recover::read_headers;
use super::scan::{Blocks, Step};
use super::segment::damaged;
use super::{Block, LogError};
use crate::cipher::DataKeys;
use std::path::Path;

/// Gives `each` every block of the folder's log, oldest first.
///
/// # Errors
/// [`LogError::Unusable`] if the folder is none of ours or a process works on it; [`LogError::Damaged`] if
/// something inside cannot be read.
pub fn read_folder(
    folder: &Path,
    keys: Option<DataKeys>,
    each: &mut dyn FnMut(Block) -> Result<(), LogError>,
) -> Result<(), LogError> {
    // Held while it is read, so that nobody begins to write meanwhile.
    let _held = hold_unused(folder)?;
    let dir = folder.join("log");
    let names = files::list(&dir).map_err(LogError::io(format!("list {}", dir.display())))?;
    // A segment whose creation was cut short has no block.
    let (segments, _) = read_headers(&names)?;
    for (index, segment) in segments.iter().enumerate() {
        let path = segment_path(&dir, segment.header.first);
        let failed = || LogError::io(format!("read {}", path.display()));
        let header = segment.header;
        let mut decoder = Decoder::new(header.salt, header.key.is_some(), keys.clone());
        let mut blocks =
            Blocks::open(&path, header.salt, header.first, header.chain, segment.bytes).map_err(failed())?;
        loop {
            let offset = blocks.offset;
            match blocks.step().map_err(failed())? {
                Step::End => break,
                // Never acknowledged: the next start of the service sets it aside.
                Step::Bad { torn: true, .. } if index + 1 == segments.len() => break,
                Step::Bad { what, .. } => return Err(damaged(&path, offset, what)),
                Step::Block(header, payload) => {
                    let block = decoder.decode(&header, payload);
                    each(block.map_err(|what| damaged(&path, offset, what))?)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, Entry};
    use crate::log::{DataFolder, Log, LogOptions, SegmentLog};

    fn read(folder: &Path) -> Result<Vec<Entry>, LogError> {
        let mut all = Vec::new();
        read_folder(folder, None, &mut |block| {
            all.extend(block.entries);
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn all_blocks_are_read_and_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).is_err(), "no data folder");
        let folder = DataFolder::open(dir.path()).unwrap();
        let options = LogOptions { segment_bytes: 200, ..LogOptions::default() };
        let (mut log, _) = SegmentLog::open(&dir.path().join("log"), options).unwrap();
        let days: Vec<Entry> = (20_000..20_020).map(|day| Entry::Date(Day(day))).collect();
        for day in &days {
            log.append(0, std::slice::from_ref(day)).unwrap();
        }
        drop(log);
        let said = read(dir.path()).unwrap_err().to_string();
        assert!(said.contains("in use by another wagewatch process"), "{said}");
        drop(folder);
        // An interrupted write behind the last block.
        let last = std::fs::read_dir(dir.path().join("log")).unwrap();
        let last =
            last.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "log")).max();
        let last = last.unwrap();
        let mut bytes = std::fs::read(&last).unwrap();
        bytes.extend_from_slice(b"WWB1 half a block");
        std::fs::write(&last, &bytes).unwrap();
        assert_eq!(read(dir.path()).unwrap(), days);
        assert_eq!(std::fs::read(&last).unwrap(), bytes);
        // Damage before it is an error.
        let at = bytes.len() - 40;
        bytes[at] ^= 1;
        std::fs::write(&last, &bytes[..bytes.len() - 17]).unwrap();
        assert!(read(dir.path()).unwrap().len() < days.len());
    }
}
