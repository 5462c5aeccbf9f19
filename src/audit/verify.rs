//! Reads a trail and says whether it is whole: off line, from the files alone.

use super::chain::Hash;
use super::entry::{Entry, Line};
use super::trail::{RETENTION, TrailError, files};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A trail that is whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    pub first: u64,
    pub last: u64,
    /// Of the last entry: compare it with one that was kept elsewhere.
    pub head: Hash,
}

/// Where the chain is broken first.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct Broken {
    pub file: PathBuf,
    pub line: usize,
    pub what: String,
}

/// Walks the whole chain. `Ok(Err)`: it could be read, and is broken.
pub fn verify(folder: &Path) -> Result<Result<Report, Broken>, TrailError> {
    let mut walk = Walk::default();
    for file in files(folder)? {
        if let Err(broken) = walk.file(&file, |_| Ok(()))? {
            return Ok(Err(broken));
        }
    }
    Ok(walk.end(folder))
}

/// Every entry in order, until `each` answers an error; broken links are not looked at.
pub fn entries(folder: &Path, mut each: impl FnMut(&Line) -> std::io::Result<()>) -> Result<(), TrailError> {
    for file in files(folder)? {
        for line in BufReader::new(std::fs::File::open(&file)?).lines() {
            if let Some((line, _)) = Line::parse(&line?) {
                each(&line)?;
            }
        }
    }
    Ok(())
}

/// Entries behind `after` that are wanted, at most `max`. What is being written at the moment is left out.
pub fn page(
    folder: &Path,
    after: u64,
    max: usize,
    wanted: impl Fn(&Line) -> bool,
) -> Result<Vec<Line>, TrailError> {
    let files = files(folder)?;
    // The last file that begins before what is asked for, and those behind it.
    let mut from = 0;
    for (at, file) in files.iter().enumerate() {
        let first = BufReader::new(std::fs::File::open(file)?).lines().next().transpose()?;
        let seq = first.and_then(|line| Line::parse(&line).map(|(line, _)| line.entry.seq));
        if seq.is_some_and(|seq| seq <= after.saturating_add(1)) {
            from = at;
        }
    }
    let mut found = Vec::new();
    for file in files.iter().skip(from) {
        for line in BufReader::new(std::fs::File::open(file)?).lines() {
            let text = line?;
            let Some((line, _)) = Line::parse(&text) else { continue };
            if line.entry.seq > after && wanted(&line) {
                found.push(line);
                if found.len() == max {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

/// How far a walk has come.
#[derive(Default)]
pub(super) struct Walk {
    first: Option<(u64, Hash)>,
    last: Option<(u64, Hash)>,
    /// Up to which entry retention has erased, by what the trail itself says.
    erased: Option<(u64, String)>,
}

impl Walk {
    /// One file; `each` sees every good line's length.
    pub fn file(
        &mut self,
        file: &Path,
        mut each: impl FnMut(&str) -> std::io::Result<()>,
    ) -> Result<Result<(), Broken>, TrailError> {
        for (at, line) in BufReader::new(std::fs::File::open(file)?).lines().enumerate() {
            let broken = |what: String| Ok(Err(Broken { file: file.to_owned(), line: at + 1, what }));
            let Ok(line) = line else { return broken("bytes that are no text".into()) };
            let Some((read, text)) = Line::parse(&line) else {
                return broken("no entry with its hash".into());
            };
            if let Err(what) = self.link(&read, text) {
                return broken(what);
            }
            each(&line)?;
        }
        Ok(Ok(()))
    }

    fn link(&mut self, line: &Line, text: &str) -> Result<(), String> {
        let seq = line.entry.seq;
        match self.last {
            Some((last, _)) if seq != last + 1 => {
                return Err(format!("entry {seq} follows entry {last}: entries between are missing"));
            }
            Some((last, before)) if before.link(text) != line.hash => {
                return Err(format!(
                    "entry {seq} does not follow from entry {last}: one of them was changed"
                ));
            }
            Some(_) => {}
            None if seq == 1 => {
                if Hash::NONE.link(text) != line.hash {
                    return Err("entry 1 is not as it was written".into());
                }
                self.first = Some((seq, line.hash));
            }
            // The beginning was erased by retention, if the trail says so further on.
            None => self.first = Some((seq, line.hash)),
        }
        self.last = Some((seq, line.hash));
        if line.entry.call == RETENTION {
            self.note_erased(&line.entry);
        }
        Ok(())
    }

    fn note_erased(&mut self, entry: &Entry) {
        if let Some(up_to) = entry.rows.first().and_then(|row| row.parse().ok()) {
            self.erased = Some((up_to, entry.rows.get(1).cloned().unwrap_or_default()));
        }
    }

    pub fn last(&self) -> (u64, Hash) {
        self.last.unwrap_or((0, Hash::NONE))
    }

    fn end(self, folder: &Path) -> Result<Report, Broken> {
        let (last, head) = self.last();
        let first = self.first.map_or(0, |(seq, _)| seq);
        let expected = self.erased.map_or(1, |(up_to, _)| up_to + 1);
        if first > 1 && first != expected {
            let what = format!(
                "the trail begins with entry {first}; by what it says of retention it should with {expected}"
            );
            return Err(Broken { file: folder.to_owned(), line: 0, what });
        }
        Ok(Report { first, last, head })
    }
}
