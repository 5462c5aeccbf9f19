//! Record files, opened and cut into chunks of whole lines: `.ndjson`, `.jsonl`, `.csv`, each also
//! `.gz` or `.zst`, and `-` for standard input (NDJSON). Streams: what is packed is never unpacked
//! whole, and a line without an end is passed over, not held. Knows nothing of what lines mean.

use super::rejection::MAX_LINE_BYTES;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is read at once. A chunk is decoded within a core's cache, its records too.
pub const CHUNK_BYTES: usize = 1 << 20;
/// The longest line that is held; a longer one than a record may be is only counted.
const HELD_BYTES: usize = CHUNK_BYTES + MAX_LINE_BYTES;

/// What is packed may become so many times longer; records become ten to fifty times longer.
const UNPACKED_RATIO_MOST: u64 = 500;
/// Up to here nobody minds.
const UNPACKED_FREE_BYTES: u64 = 64 << 20;
/// zstd looks back so far, as a power of two: a file asks for no more memory than that.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// What a file's lines are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// A header row, then one row a record (`docs/csv.md`).
    Csv,
}

/// Why a file cannot be read: which one, and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error(
        "{0}: unknown kind of file; expected .ndjson, .jsonl or .csv, each also with .gz or .zst, or - for standard input"
    )]
    UnknownKind(String),
    #[error("{0}: is a folder; expected a file")]
    Folder(String),
    #[error("{file}: cannot be read: {source}")]
    Io { file: String, source: std::io::Error },
}

/// Whole lines of one file.
#[derive(Debug)]
pub struct Chunk {
    /// As it was named on the command line.
    pub file: Arc<str>,
    pub format: Format,
    /// Lines end with LF or CRLF; the file's last one perhaps with neither. No byte order mark.
    pub bytes: Vec<u8>,
    /// The chunk is the head of one line that was this long, and too long to be held.
    pub cut_from: Option<u64>,
    /// The file's first chunk, and its last.
    pub first: bool,
    pub last: bool,
}

/// Files in the order in which they were named.
pub struct Files {
    waiting: VecDeque<(Arc<str>, Format, Box<dyn Read + Send>)>,
    current: Option<Current>,
    position: Arc<AtomicU64>,
}

/// Counts what is read of a file as it stands on disk.
struct Counted<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let got = self.inner.read(into)?;
        self.position.fetch_add(got as u64, Ordering::Relaxed);
        Ok(got)
    }
}

/// What comes out of a packed file. A few bytes that would fill the machine end in an error.
struct Unpacked<R> {
    inner: R,
    /// Bytes read of the file as it stands.
    packed: Arc<AtomicU64>,
    unpacked: u64,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let got = self.inner.read(into)?;
        self.unpacked += got as u64;
        let may = (self.packed.load(Ordering::Relaxed) * UNPACKED_RATIO_MOST).max(UNPACKED_FREE_BYTES);
        if self.unpacked > may {
            let what =
                format!("unpacks to more than {UNPACKED_RATIO_MOST} times its length: refused as a bomb");
            return Err(std::io::Error::other(what));
        }
        Ok(got)
    }
}

struct Current {
    file: Arc<str>,
    format: Format,
    input: Box<dyn Read + Send>,
    /// The beginning of the next line.
    carry: Vec<u8>,
    first: bool,
}

impl Files {
    /// Opens every file, so that a wrong name is told before anything is read.
    pub fn open(paths: &[PathBuf]) -> Result<Files, FileError> {
        let position = Arc::new(AtomicU64::new(0));
        let waiting = paths.iter().map(|path| open(path, &position)).collect::<Result<_, _>>()?;
        Ok(Files { waiting, current: None, position })
    }

    /// Bytes read so far, of what the files hold as they are.
    pub fn position(&self) -> Arc<AtomicU64> {
        self.position.clone()
    }

    /// The bytes that the files hold as they are (packed or not); `None` if one of them is a stream.
    pub fn total_bytes(paths: &[PathBuf]) -> Option<u64> {
        paths.iter().map(|path| path.metadata().ok().filter(|m| m.is_file()).map(|m| m.len())).sum()
    }

    /// The next chunk, read into `spare`; `None` at the end of the last file.
    pub fn next(&mut self, spare: Vec<u8>) -> Result<Option<Chunk>, FileError> {
        if self.current.is_none() {
            let Some((file, format, input)) = self.waiting.pop_front() else { return Ok(None) };
            self.current = Some(Current { file, format, input, carry: Vec::new(), first: true });
        }
        let Some(current) = &mut self.current else { return Ok(None) };
        let chunk = current
            .chunk(spare)
            .map_err(|source| FileError::Io { file: current.file.to_string(), source })?;
        if chunk.last {
            self.current = None;
        }
        Ok(Some(chunk))
    }
}

impl Current {
    fn chunk(&mut self, mut bytes: Vec<u8>) -> std::io::Result<Chunk> {
        bytes.clear();
        bytes.append(&mut self.carry);
        let mut last = self.read(&mut bytes, CHUNK_BYTES)?;
        if self.first && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        let mut cut_from = None;
        // No line ends here: read on, up to the longest line that is held.
        while !last && !bytes.contains(&b'\n') && bytes.len() < HELD_BYTES {
            last = self.read(&mut bytes, CHUNK_BYTES)?;
        }
        match bytes.iter().rposition(|b| *b == b'\n') {
            _ if last => {}
            Some(end) => {
                self.carry.extend_from_slice(&bytes[end + 1..]);
                bytes.truncate(end + 1);
            }
            None => {
                let (length, ended) = self.pass_over()?;
                cut_from = Some(bytes.len() as u64 + length);
                last = ended;
            }
        }
        let first = std::mem::replace(&mut self.first, false);
        Ok(Chunk { file: self.file.clone(), format: self.format, bytes, cut_from, first, last })
    }

    // Reads about `count` bytes more; true at the end of the file.
    fn read(&mut self, bytes: &mut Vec<u8>, count: usize) -> std::io::Result<bool> {
        bytes.reserve(count);
        let got = self.input.by_ref().take(count as u64).read_to_end(bytes)?;
        Ok(got < count)
    }

    // Passes over what is left of a line; its length, and whether the file ends with it.
    fn pass_over(&mut self) -> std::io::Result<(u64, bool)> {
        let mut length = 0;
        let mut piece = Vec::with_capacity(CHUNK_BYTES);
        loop {
            piece.clear();
            let ended = self.read(&mut piece, CHUNK_BYTES)?;
            if let Some(end) = piece.iter().position(|b| *b == b'\n') {
                self.carry.extend_from_slice(&piece[end + 1..]);
                // What follows the line is the next chunk's, be it empty.
                return Ok((length + end as u64, ended && self.carry.is_empty()));
            }
            length += piece.len() as u64;
            if ended {
                return Ok((length, true));
            }
        }
    }
}

type Opened = (Arc<str>, Format, Box<dyn Read + Send>);

fn open(path: &Path, position: &Arc<AtomicU64>) -> Result<Opened, FileError> {
    let name = path.display().to_string();
    if name == "-" {
        let input = Counted { inner: std::io::stdin(), position: position.clone() };
        return Ok((name.as_str().into(), Format::Ndjson, Box::new(input)));
    }
    let lower = name.to_ascii_lowercase();
    let (stem, packing) = match lower.rsplit_once('.') {
        Some((stem, packing @ ("gz" | "zst"))) => (stem, packing),
        _ => (lower.as_str(), ""),
    };
    let format = match stem.rsplit_once('.') {
        Some((_, "ndjson" | "jsonl")) => Format::Ndjson,
        Some((_, "csv")) => Format::Csv,
        _ => return Err(FileError::UnknownKind(name)),
    };
    let broken = |source| FileError::Io { file: name.clone(), source };
    let file = File::open(path).map_err(broken)?;
    if file.metadata().map_err(broken)?.is_dir() {
        return Err(FileError::Folder(name));
    }
    let packed = Arc::new(AtomicU64::new(0));
    let file = Counted { inner: file, position: position.clone() };
    let file = Counted { inner: file, position: packed.clone() };
    let input: Box<dyn Read + Send> = match packing {
        "gz" => {
            let inner = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file));
            Box::new(Unpacked { inner, packed, unpacked: 0 })
        }
        "zst" => {
            let mut inner = zstd::Decoder::new(file).map_err(broken)?;
            inner.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(broken)?;
            Box::new(Unpacked { inner, packed, unpacked: 0 })
        }
        _ => Box::new(file),
    };
    Ok((name.as_str().into(), format, input))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    // All chunks of one file: their bytes, and what was cut.
    fn read(name: &str, content: &[u8]) -> (Vec<Vec<u8>>, Vec<u64>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        let mut files = Files::open(&[path]).unwrap();
        let (mut chunks, mut cut) = (Vec::new(), Vec::new());
        while let Some(chunk) = files.next(Vec::new()).unwrap() {
            match chunk.cut_from {
                Some(length) => cut.push(length),
                None => chunks.push(chunk.bytes),
            }
        }
        (chunks, cut)
    }

    #[test]
    fn a_bomb_is_refused_before_it_goes_off() {
        let dir = tempfile::tempdir().unwrap();
        let zeros = vec![0; 1 << 20];
        let gz = dir.path().join("bomb.ndjson.gz");
        let mut packer =
            flate2::write::GzEncoder::new(std::fs::File::create(&gz).unwrap(), flate2::Compression::best());
        (0..100).for_each(|_| packer.write_all(&zeros).unwrap());
        packer.finish().unwrap();
        let zst = dir.path().join("bomb.csv.zst");
        let mut packer = zstd::Encoder::new(std::fs::File::create(&zst).unwrap(), 1).unwrap();
        (0..100).for_each(|_| packer.write_all(&zeros).unwrap());
        packer.finish().unwrap();
        // As much of the zeros as gzip can pack into a byte is a thousand and more: it is above the ratio.
        for bomb in [gz, zst] {
            let mut files = Files::open(&[bomb]).unwrap();
            let mut held = 0;
            let told = loop {
                match files.next(Vec::new()) {
                    Ok(Some(chunk)) => held = held.max(chunk.bytes.len()),
                    Ok(None) => panic!("it was read to its end"),
                    Err(told) => break told.to_string(),
                }
            };
            assert!(told.contains("refused as a bomb"), "{told}");
            assert!(held <= HELD_BYTES + CHUNK_BYTES);
        }
    }

    fn lines(count: usize) -> Vec<u8> {
        (0..count).flat_map(|n| format!("line {n} {}\n", "x".repeat(n % 97)).into_bytes()).collect()
    }

    #[test]
    fn chunks_are_whole_lines_and_nothing_is_lost() {
        for tail in ["", "the last without an end"] {
            let content = [lines(50_000), tail.into()].concat();
            let (chunks, cut) = read("a.ndjson", &content);
            assert!(chunks.len() > 2 && cut.is_empty());
            assert!(chunks[..chunks.len() - 1].iter().all(|chunk| chunk.ends_with(b"\n")));
            assert_eq!(chunks.concat(), content);
        }
        assert_eq!(read("e.jsonl", b"").0.concat(), b"");
        assert_eq!(read("b.CSV", b"\xEF\xBB\xBFa,b\r\n").0.concat(), b"a,b\r\n");
    }

    #[test]
    fn packed_files_read_as_plain_ones() {
        let content = lines(30_000);
        let (front, back) = content.split_at(1000);
        let gz = |part: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(part).unwrap();
            packer.finish().unwrap()
        };
        // Two members, as when packed files are put behind each other.
        assert_eq!(read("a.ndjson.gz", &[gz(front), gz(back)].concat()).0.concat(), content);
        let zst = [zstd::encode_all(front, 1).unwrap(), zstd::encode_all(back, 1).unwrap()].concat();
        assert_eq!(read("a.csv.zst", &zst).0.concat(), content);
    }

    #[test]
    fn an_endless_line_is_passed_over_and_counted() {
        for length in [10 << 20, (12 << 20) + 17] {
            let long = "y".repeat(length);
            let (chunks, cut) = read("a.ndjson", format!("before\n{long}\nafter\n").as_bytes());
            assert_eq!((chunks.concat(), cut), (b"before\nafter\n".to_vec(), vec![length as u64]));
            let (chunks, cut) = read("a.ndjson", format!("before\n{long}").as_bytes());
            assert_eq!((chunks.concat(), cut), (b"before\n".to_vec(), vec![length as u64]));
        }
    }

    #[test]
    fn wrong_names_are_told_before_anything_is_read() {
        let told = |name: &str| {
            Files::open(&[PathBuf::from(name)]).err().map(|why| why.to_string()).unwrap_or_default()
        };
        assert!(told("records.txt").contains("expected .ndjson"));
        assert!(told("records.gz").contains("expected .ndjson"));
        assert!(told("missing.ndjson").starts_with("missing.ndjson: cannot be read"));
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("x.csv");
        std::fs::create_dir(&folder).unwrap();
        assert!(told(folder.to_str().unwrap()).contains("is a folder"));
    }

    #[test]
    fn a_truncated_packed_file_is_an_error_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.ndjson.gz");
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&lines(1000)).unwrap();
        let whole = packer.finish().unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let mut files = Files::open(&[path]).unwrap();
        let why = files.next(Vec::new()).unwrap_err().to_string();
        assert!(why.contains("t.ndjson.gz: cannot be read"), "{why}");
    }
}
