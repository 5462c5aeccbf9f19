//! Where a command's report goes: standard output, a pipe, or a file that is whole or as it was. Knows no row.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a report is not there.
#[derive(Debug, thiserror::Error)]
#[error("{}: the report cannot be written: {source}", .path.display())]
pub struct NotWritten {
    path: PathBuf,
    source: io::Error,
}

pub enum Output {
    Stdout,
    /// A device or a pipe: written as it is.
    Device(PathBuf, File),
    /// Written beside its place and moved there when it is whole.
    Part {
        path: PathBuf,
        part: PathBuf,
        file: File,
    },
}

impl Output {
    /// Opened before anything is read, so that a wrong path is told at once.
    pub fn open(path: &Path) -> Result<Output, NotWritten> {
        let failed = |source| NotWritten { path: path.to_owned(), source };
        if path == Path::new("-") {
            return Ok(Output::Stdout);
        }
        if path.metadata().is_ok_and(|about| !about.is_file()) {
            let file = File::options().write(true).open(path).map_err(failed)?;
            return Ok(Output::Device(path.to_owned(), file));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(failed)?;
        Ok(Output::Part { path: path.to_owned(), part, file })
    }

    /// Leaves what stood there before as it was.
    pub fn discard(self) {
        if let Output::Part { part, .. } = self {
            // A part that stays behind does no harm; the failure that led here is the one to tell.
            let _ = fs::remove_file(part);
        }
    }

    pub fn write(self, rows: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), NotWritten> {
        let (path, result) = match self {
            Output::Stdout => ("standard output".into(), write_to(io::stdout().lock(), rows)),
            Output::Device(path, file) => (path, write_to(file, rows)),
            Output::Part { path, part, file } => {
                let result = write_to(file, rows).and_then(|()| fs::rename(&part, &path));
                (path, result)
            }
        };
        result.map_err(|source| NotWritten { path, source })
    }
}

fn write_to(file: impl Write, rows: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    rows(&mut out)?;
    out.flush()
}
